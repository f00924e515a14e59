"""The trap x-ray: the stages of a trap, what was done in each, the rule that fired and those that did not.

In a low pane the stage just done is shown whole, each one before it in one row, those to come in one row together.
"""

from collections.abc import Sequence

from edu_hv.debugger.views import RuleView, StageState, StageView, XrayView
from edu_hv_tui.text.rows import CUT, Row, cut, fit, length, plain, row, wrap

NONE_YET = "no trap yet: t runs to the first one"
MARKS = {StageState.DONE: ".", StageState.NOW: ">", StageState.TO_COME: " "}
ROLES = {StageState.DONE: "text", StageState.NOW: "now", StageState.TO_COME: "quiet"}
RULE_STAGE, DO_STAGE = "rule", "do"
INDENT = 12
SHORTER = (
    (" interruption", " int."),
    (" bytes", ""),
    (", ", " "),
    ("the virtual machine", "the guest"),
    (" the ", " "),
)
"""Words that give way in a stage of one row."""


def xray_rows(view: XrayView, width: int, height: int) -> list[Row]:
    """All that fits in `height` rows, chosen by what matters now; more rows only when not even that fits."""
    if not view.stages:
        return wrap([(NONE_YET, "quiet")], width)
    whole = [_stage_rows(stage, view, width) for stage in view.stages]
    why = _why(view, width)
    if sum(map(len, whole)) + len(why) <= height:
        return [line for rows in whole for line in rows] + why
    return _chosen(view, whole, width, height)


def xray_title(view: XrayView) -> str:
    """The title with the stage: "stage 4 of 6"."""
    now = next((s for s in view.stages if s.state is StageState.NOW), None)
    where = f"  stage {now.number} of {len(view.stages)}" if now and view.in_progress else ""
    return f"3 trap x-ray{where}  {view.title}".rstrip()


def _chosen(view: XrayView, whole: list[list[Row]], width: int, height: int) -> list[Row]:
    """The stage in the middle in full, or else each of its lines in one row; the others in a row each, or together."""
    at = _middle(view)
    before, after = list(range(at)), view.stages[at + 1 :]
    each, together = _after(after, view, whole[at + 1 :], width), _to_come(after)
    for middle in (whole[at], _short_rows(view.stages[at], view, width)):
        for joined in (0, *range(2, at + 1)):
            for tail in (each, together):
                spare = height - len(middle) - len(tail) - at + max(0, joined - 1)
                if spare >= 0:
                    head = _done_together(view.stages[:joined])
                    return [*head, *_spend(view, whole, before[joined:], spare, width), *middle, *tail]
    return [*_done_together(view.stages[:at]), *_short_rows(view.stages[at], view, width), *together]


def _middle(view: XrayView) -> int:
    """Index of the stage that matters: the one just done, or, of a trap that is over, what was done to the guest."""
    for at, stage in enumerate(view.stages):
        if stage.state is StageState.NOW:
            return at
    return next((at for at, stage in enumerate(view.stages) if stage.title == DO_STAGE), len(view.stages) - 1)


def _after(stages: Sequence[StageView], view: XrayView, whole: Sequence[list[Row]], width: int) -> list[Row]:
    return [
        _stage_row(stage, width) if stage.state is StageState.TO_COME else _collapsed(stage, view, rows, width)
        for stage, rows in zip(stages, whole, strict=True)
    ]


def _spend(view: XrayView, whole: list[list[Row]], done: Sequence[int], spare: int, width: int) -> list[Row]:
    """A row for each stage that is done; the spare ones go to the rule, then to the later stages."""
    shown = dict.fromkeys(done, 1)
    for index in sorted(done, key=lambda i: (view.stages[i].title == RULE_STAGE, i), reverse=True):
        more = min(len(whole[index]) - 1, spare)
        shown[index] += more
        spare -= more
    return [
        line
        for index in done
        for line in (
            [_collapsed(view.stages[index], view, whole[index], width)]
            if shown[index] == 1
            else _some(view.stages[index], view, whole[index], shown[index], width)
        )
    ]


def _first(rows: list[Row], count: int, width: int) -> list[Row]:
    """The first rows of a stage; a mark in the last of them says that there are more."""
    if count == len(rows):
        return rows
    last = cut(rows[count - 1], width - len(CUT) - 1)
    return [*rows[: count - 1], row(*last, (" " + CUT, "quiet"))]


def _some(stage: StageView, view: XrayView, rows: list[Row], count: int, width: int) -> list[Row]:
    """A stage in fewer rows than it has: rules in a row each, unless the one that fired can be told to its end."""
    if stage.title != RULE_STAGE or not view.rules or count == len(rows):
        return _first(rows, count, width)
    fired = wrap(rule_rows(view.rules)[0], max(12, width - INDENT), indent="    ")
    if count >= len(fired):
        return _first(rows, count, width)
    lines = [_short(line, view, width - INDENT) for line in _lines(stage, view)][:count]
    role = ROLES[stage.state]
    return [fit(row((" " * INDENT if n else _head(stage), role), *line), width) for n, line in enumerate(lines)]


def _collapsed(stage: StageView, view: XrayView, rows: list[Row], width: int) -> Row:
    """A stage in one row: of the rules the one that fired and its decision; else the first line, in few words."""
    if len(rows) == 1:
        return rows[0]
    room = width - INDENT
    if stage.title == RULE_STAGE and view.rules:
        words, role = brief(_fired(view.rules), room), "fired" if any(r.fired for r in view.rules) else "refused"
    else:
        words, role = brief(stage.lines[0].strip(), room), ROLES[stage.state]
    more = row((" " + CUT, "quiet")) if len(words) + len(CUT) < room and len(stage.lines) > 1 else row()
    return fit(row((_head(stage), ROLES[stage.state]), (words, role), *more), width)


def _fired(rules: Sequence[RuleView]) -> str:
    return next((f"YES {rule.rule} -> {rule.then}" for rule in rules if rule.fired), "no rule fired")


def brief(text: str, room: int) -> str:
    """The text with fewer and shorter words, as few of them changed as will do."""
    for word, shorter in SHORTER:
        if len(text) <= room:
            break
        text = text.replace(word, shorter)
    return text


def _stage_rows(stage: StageView, view: XrayView, width: int) -> list[Row]:
    """Every line of a stage, wrapped."""
    if stage.state is StageState.TO_COME:
        return [_stage_row(stage, width)]
    role = ROLES[stage.state]
    rows: list[Row] = []
    for line in _lines(stage, view):
        pieces = wrap(line, max(12, width - INDENT), indent="    " if stage.title == RULE_STAGE else "") or [row()]
        rows += [row((_head(stage) if not rows else " " * INDENT, role), *piece) for piece in pieces[:1]]
        rows += [row((" " * INDENT, role), *piece) for piece in pieces[1:]]
    return rows


def _short_rows(stage: StageView, view: XrayView, width: int) -> list[Row]:
    """Every line of a stage in one row."""
    lines = [_short(line, view, width - INDENT) for line in _lines(stage, view)]
    rows = [row((" " * INDENT if n else _head(stage), "now"), *line) for n, line in enumerate(lines)]
    return [fit(line, width) for line in rows]


def _short(line: Row, view: XrayView, room: int) -> Row:
    """A line that is too long: of the rule that fired the decision, else fewer words."""
    if length(line) <= room or not line:
        return line
    fired = line[0][1] == "fired"
    return row((brief(_fired(view.rules) if fired else plain(line), room), line[0][1]))


def _lines(stage: StageView, view: XrayView) -> Sequence[Row]:
    if stage.title == RULE_STAGE and view.rules:
        return rule_rows(view.rules)
    return [row((line.strip(), ROLES[stage.state])) for line in stage.lines] or [row()]


def rule_rows(rules: Sequence[RuleView]) -> list[Row]:
    """Each rule that was tried, the one that fired first: the answer, its question, and what follows, or would have."""
    rows = []
    for rule in sorted(rules, key=lambda rule: not rule.fired):
        if rule.fired:
            rows.append(row((f"YES {rule.rule} {rule.question} -> {rule.then}", "fired")))
        else:
            rows.append(row((f"no  {rule.rule} {rule.question} if yes -> {rule.then}", "refused")))
    return rows


def _head(stage: StageView) -> str:
    return f"{MARKS[stage.state]}{stage.number} {stage.title:<{INDENT - 3}}"


def _stage_row(stage: StageView, width: int) -> Row:
    return row((_head(stage), ROLES[stage.state]), ("to come", "quiet"))


def _to_come(stages: Sequence[StageView]) -> list[Row]:
    words = "to come" if stages and stages[0].state is StageState.TO_COME else "then"
    return [row((f"   {words}: {_from_to(stages)}", "quiet"))] if stages else []


def _done_together(stages: Sequence[StageView]) -> list[Row]:
    return [row((f".  done: {_from_to(stages)}", "text"))] if stages else []


def _from_to(stages: Sequence[StageView]) -> str:
    first, last = stages[0], stages[-1]
    return f"{first.number} {first.title}" + (f" to {last.number} {last.title}" if last is not first else "")


def _why(view: XrayView, width: int) -> list[Row]:
    if not view.why:
        return []
    return wrap([("why: ", "heading"), (view.why, "text")], width, indent="     ")
