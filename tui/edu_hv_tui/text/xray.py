"""The trap x-ray: the stages of a trap, what was done in each, the rule that fired and those that did not.

In a low pane the stage just done is shown whole, each other stage that is done in one row, those to come in one row together.
"""

from collections.abc import Sequence

from edu_hv.debugger.views import RuleView, StageState, StageView, XrayView
from edu_hv_tui.text.rows import CUT, Row, cut, plain, row, wrap

NONE_YET = "no trap yet: t runs to the first one"
MARKS = {StageState.DONE: ".", StageState.NOW: ">", StageState.TO_COME: " "}
ROLES = {StageState.DONE: "text", StageState.NOW: "now", StageState.TO_COME: "quiet"}
RULE_STAGE = "rule"
INDENT = 12


def xray_rows(view: XrayView, width: int, height: int) -> list[Row]:
    """All that fits in `height` rows, chosen by what matters now; more rows only when not even that fits."""
    if not view.stages:
        return wrap([(NONE_YET, "quiet")], width)
    whole = [_stage_rows(stage, view, width) for stage in view.stages]
    why = _why(view, width)
    if sum(map(len, whole)) + len(why) <= height:
        return [line for rows in whole for line in rows] + why
    return _chosen(view, whole, width, height, why)


def xray_title(view: XrayView) -> str:
    """The title with the stage: "stage 4 of 6"."""
    now = next((s for s in view.stages if s.state is StageState.NOW), None)
    where = f"  stage {now.number} of {len(view.stages)}" if now and view.in_progress else ""
    return f"3 trap x-ray{where}  {view.title}".rstrip()


def _chosen(view: XrayView, whole: list[list[Row]], width: int, height: int, why: list[Row]) -> list[Row]:
    """One row for each stage begun, then the spare rows to: the stage just done, the rule, the later stages."""
    begun = [i for i, stage in enumerate(view.stages) if stage.state is not StageState.TO_COME]
    coming = [stage for stage in view.stages if stage.state is StageState.TO_COME]
    each_to_come = len(begun) + len(coming) <= height
    tail = [_stage_row(s, width) for s in coming] if each_to_come else _to_come(coming)
    shown = dict.fromkeys(begun, 1)
    spare = height - len(begun) - len(tail)
    for index in _by_interest(view, begun):
        more = min(len(whole[index]) - 1, max(0, spare))
        shown[index] += more
        spare -= more
    rows = [line for index in begun for line in _first(whole[index], shown[index], width)] + tail
    return rows + (why if spare >= len(why) else [])


def _first(rows: list[Row], count: int, width: int) -> list[Row]:
    """The first rows of a stage; a mark in the last of them says that there are more."""
    if count == len(rows):
        return rows
    last, following = rows[count - 1], rows[count]
    line = row(*last, (" " + plain(following).strip(), last[-1][1]))
    return [*rows[: count - 1], row(*cut(line, width - len(CUT)), (CUT, "quiet"))]


def _by_interest(view: XrayView, begun: Sequence[int]) -> list[int]:
    def interest(index: int) -> tuple[bool, bool, int]:
        stage = view.stages[index]
        return stage.state is StageState.NOW, stage.title == RULE_STAGE, index

    return sorted(begun, key=interest, reverse=True)


def _stage_rows(stage: StageView, view: XrayView, width: int) -> list[Row]:
    if stage.state is StageState.TO_COME:
        return [_stage_row(stage, width)]
    role = ROLES[stage.state]
    rows: list[Row] = []
    for line in stage.lines or ("",):
        head = _head(stage) if not rows else " " * INDENT
        first, *more = wrap([(line, role)], max(12, width - INDENT)) or [row()]
        rows += [row((head, role), *first), *(row((" " * INDENT, role), *rest) for rest in more)]
    return rows


def rule_rows(rules: Sequence[RuleView]) -> list[Row]:
    """Each rule that was tried: its question, the answer, and what follows from it, or would have."""
    rows = []
    for rule in rules:
        answer, role = ("YES", "fired") if rule.fired else ("no ", "refused")
        rows.append(row((f"{answer} {rule.question} -> {rule.then}", role)))
    return rows


def _head(stage: StageView) -> str:
    return f"{MARKS[stage.state]}{stage.number} {stage.title:<{INDENT - 3}}"


def _stage_row(stage: StageView, width: int) -> Row:
    return row((_head(stage), ROLES[stage.state]), ("to come", "quiet"))


def _to_come(stages: Sequence[StageView]) -> list[Row]:
    if not stages:
        return []
    return [row(("   to come: " + ", ".join(f"{s.number} {s.title}" for s in stages), "quiet"))]


def _why(view: XrayView, width: int) -> list[Row]:
    if not view.why:
        return []
    return wrap([("why: ", "heading"), (view.why, "text")], width, indent="     ")
