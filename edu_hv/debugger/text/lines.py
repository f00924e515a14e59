"""Each view as plain lines of text, for the REPL, scripts, screen readers and tests.  The values are in `views`.

Nothing here is said by layout or colour alone: a table has a heading, a mark has a legend, what differs says "differs".
"""

import re
import textwrap
from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from dataclasses import replace
from functools import singledispatch

from edu_hv.debugger.views import (
    BreakpointsView,
    BreakpointView,
    CodeLine,
    CodeView,
    ComparedValue,
    ConsoleView,
    DecisionView,
    GoalView,
    HelpEntry,
    HelpView,
    LessonView,
    LogView,
    PswView,
    RegistersView,
    RegisterValue,
    RuleView,
    StageState,
    StageView,
    StatusView,
    StopView,
    StorageRow,
    StorageView,
    TableView,
    TextView,
    View,
    XrayView,
)

NARROWEST = 20
"""Columns; a narrower width is treated as this one."""

CODE_MARKS = {"B": "breakpoint", "!": "trap taken here", ".": "executed", ">": "next to be executed"}
SAME = "same"
DIFFERS = "differs"

AS_SENTENCES: ContextVar[bool] = ContextVar("as_sentences", default=False)
"""Tables are sentences, one for each row, whatever the width: for listeners."""


def as_lines(view: View, width: int = 79) -> list[str]:
    """The view as lines of at most `width` characters.  What does not fit goes on below; nothing is cut off."""
    return [printable(line).rstrip() for line in lines_of(view, max(width, NARROWEST))]


def code_line(line: CodeLine, width: int = 79) -> list[str]:
    """One instruction: its marks, address and object code, then its statement, as in a source file; its note."""
    statement = line.source.lstrip()
    if line.label and statement.split()[:1] == [line.label]:
        statement = statement.removeprefix(line.label).lstrip()
    note = f"  ; {line.note}" if line.note else ""
    prefix = f"{_code_marks(line):<3} {line.address:06X}  {line.object_code:<12}  "
    text = f"{line.label:<8} {statement}{note}"
    if len(prefix) + len(text) > width:  # give up the column of the comment
        text = f"{line.label:<8} {_with_comment_near(statement)}{note}"
    return wrap(text, max(width, NARROWEST), prefix)


def compared(values: Iterable[ComparedValue], width: int = 79) -> list[str]:
    """A table of name, guest, real and why.  `*` stands before a value that the last step changed."""
    rows = [(v.name, _starred(v.guest, v.changed), _starred(v.real, v.real_changed), _why(v)) for v in values]
    return table(("", " guest", " real", "why"), rows, max(width, NARROWEST))


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Aligned columns, the last one wrapped; where even that is too wide, one sentence for each row."""
    widths = [max(len(row[i]) for row in (columns, *rows)) for i in range(len(columns) - 1)]
    indent = sum(widths) + 2 * len(widths)
    needed = max(len(row[-1]) for row in (columns, *rows))
    if AS_SENTENCES.get() or width - indent < min(needed, NARROWEST):
        return [line for row in rows for line in wrap(_sentence(columns, row), width, "", "  ")]
    lines: list[str] = []
    for row in (columns, *rows):
        prefix = "".join(f"{cell:<{size + 2}}" for cell, size in zip(row, widths, strict=False))
        lines += wrap(row[-1], width, prefix)
    return lines


def printable(line: str) -> str:
    """A guest's data must not command the terminal: a full stop for each control character, as in a dump."""
    return line if line.isprintable() else "".join(c if c.isprintable() else "." for c in line)


# --- a function for each view ------------------------------------------------------------------------------------


@singledispatch
def lines_of(view: View, width: int) -> list[str]:
    """The view as lines; a new kind of view registers its function here."""
    raise TypeError(f"no text for {type(view).__name__}")


@lines_of.register
def _status(view: StatusView, width: int) -> list[str]:
    others = f" (guests: {', '.join(view.guests)})" if len(view.guests) > 1 else ""
    stage = f", in a trap after stage {view.stage}" if view.stage else ""
    branch = "" if view.branch == "main" else f" on branch {view.branch}"
    owner = _owner(view.guest) or "nobody is logged on"
    return [
        *wrap(f"{owner}{others}: step {view.step} of {view.total}{branch}", width),
        *wrap(f"stopped: {view.stop}", width),
        *wrap(f"guest state {view.guest_state}, real state {view.real_state}, running {view.running}{stage}", width),
        *wrap(f"machine time {view.microseconds:,} microseconds", width),
    ]


@lines_of.register
def _code(view: CodeView, width: int) -> list[str]:
    lines = wrap(f"code of {_owner(view.guest)}", width)
    for line in view.lines:
        lines += code_line(line, width)
    used = {mark for line in view.lines for mark in _code_marks(line)}
    legend = ", ".join(f"{mark} {meaning}" for mark, meaning in CODE_MARKS.items() if mark in used)
    return lines + (wrap(legend, width) if legend else [])


@lines_of.register
def _registers(view: RegistersView, width: int) -> list[str]:
    cells = [_register(register) for register in view.general]
    cell = max((len(text) for text in cells), default=0) + 2
    columns = next((n for n in (4, 2) if n * cell - 2 <= width), 1)
    lines = wrap(f"general registers of {_owner(view.guest)}", width)
    for i in range(0, len(cells), columns):
        lines += wrap("".join(f"{text:<{cell}}" for text in cells[i : i + columns]), width)
    lines += wrap(_register_legend(view.general), width) if _register_legend(view.general) else []
    lines += wrap(f"condition code: {view.condition_code}", width)
    if view.control:
        lines += ["control registers", *compared(view.control, width)]
    return lines


@lines_of.register
def _psw(view: PswView, width: int) -> list[str]:
    heading = wrap(f"PSW of {_owner(view.guest)}", width)
    whole = [*wrap(f"guest {view.guest_psw}", width), *wrap(f"real  {view.real_psw}", width)]
    return heading + whole + compared(view.fields, width)


@lines_of.register
def _xray(view: XrayView, width: int) -> list[str]:
    if not view.stages:
        return wrap(f"trap x-ray: {view.title or 'no trap so far'}", width)
    state = "in progress" if view.in_progress else "finished"
    lines = wrap(f"trap x-ray: {view.title} ({state})", width)
    size = max(len(stage.title) for stage in view.stages)
    fired = next((f"{rule.rule} fired: {rule.then}" for rule in view.rules if rule.fired), "")
    for stage in view.stages:
        brief = fired and stage.title == "rule"  # all the rules follow below
        lines += _stage(replace(stage, lines=(fired,)) if brief else stage, size, width)
    lines += _rules(view.rules, width)
    return lines + (wrap(f"why: {view.why}", width, "", "     ") if view.why else [])


@lines_of.register
def _decision(view: DecisionView, width: int) -> list[str]:
    lines = wrap(f"step {view.step}, {_owner(view.guest)}: {view.trap}", width, "", "  ")
    lines += _rules(view.rules, width)
    lines += wrap(f"decision: {view.decision}", width, "", "  ")
    lines += wrap(f"why: {view.why}", width, "", "  ")
    for each in view.within:
        lines += _within(each, width)
    rows = [(effect.name, effect.before, effect.after, effect.real or "-") for effect in view.effects]
    return lines + (["effects", *table(("", "before", "after", "real"), rows, width)] if rows else [])


def _within(view: DecisionView, width: int) -> list[str]:
    """A decision that another one led to: its rule, and why."""
    rule = next(rule for rule in view.rules if rule.fired)
    source = f" ({rule.source})" if rule.source else ""
    lines = wrap(f"within it, {rule.rule}: {rule.question} yes: {view.decision}{source}", width, "", "  ")
    return lines + wrap(f"why: {view.why}", width, "  ", "    ")


@lines_of.register
def _console(view: ConsoleView, width: int) -> list[str]:
    if not view.lines:
        return wrap(f"the console of {_owner(view.guest)} is empty", width)
    return console_lines(view.guest, view.lines, width)


def console_lines(guest: str, lines: Iterable[str], width: int = 79) -> list[str]:
    """What a guest typed, as it is, each line marked with the guest's name: `|`, then `+` where a line goes on."""
    room = max(width, NARROWEST) - len(guest) - 2
    shown: list[str] = []
    for line in lines:
        pieces = [line[i : i + room] for i in range(0, len(line), room)] or [""]
        shown += [f"{guest}{'|' if not i else '+'} {piece}" for i, piece in enumerate(pieces)]
    return [printable(line) for line in shown]


@lines_of.register
def _storage(view: StorageView, width: int) -> list[str]:
    key = view.key if view.key.startswith("key") else f"key {view.key}"
    lines = wrap(f"storage of {_owner(view.guest)}, {key}", width)
    lines += wrap("guest = real address, 16 bytes in hexadecimal, the same in EBCDIC", width)
    for row in view.rows:
        lines += _storage_row(row, width)
    for place in view.places:
        lines += wrap(place, width, "", "  ")
    return lines


@lines_of.register
def _log(view: LogView, width: int) -> list[str]:
    if not view.entries:
        return ["the log is empty"]
    rows = [(str(entry.step), entry.layer.value, entry.guest, entry.text) for entry in view.entries]
    return table(("step", "who", "guest", "what"), rows, width)


@lines_of.register
def _breakpoints(view: BreakpointsView, width: int) -> list[str]:
    if not view.breakpoints:
        return ["no breakpoints"]
    rows = [_breakpoint(b) for b in view.breakpoints]
    return table(("number", "stops", "hits", "set at step", "what"), rows, width)


def _breakpoint(b: BreakpointView) -> tuple[str, ...]:
    """One stop; an address is said besides its label."""
    at = f"at {b.address:06X} {b.label}".rstrip() if b.address is not None else b.what
    condition = (f"if {b.condition}",) if b.condition else ()
    commands = (f"then {'; '.join(b.commands)}",) if b.commands else ()
    hits = "not counted" if b.hits is None else str(b.hits)
    what = ", ".join((f"{b.kind} {at}", *condition, *b.options, *commands))
    return str(b.number), "yes" if b.enabled else "no", hits, str(b.set_at), what


@lines_of.register
def _stop(view: StopView, width: int) -> list[str]:
    """The sentence; then the reason, if the sentence has not said it, and the position, if it is in the past."""
    words, _, stage = view.reason.removeprefix("trap: ").partition(" (stage ")
    said = words in ("step", "stage", "back") or words in view.sentence
    unsaid = f"stage {stage.removesuffix(')')}" if said and stage else "" if said else view.reason
    reason = [f"stopped: {unsaid}"] if unsaid else []
    position = [f"at step {view.step} of {view.total}"] if view.step != view.total else []
    lines = wrap(view.sentence, width, "", "  ")
    return lines + (wrap(", ".join(reason + position), width, "", "  ") if reason or position else [])


@lines_of.register
def _table(view: TableView, width: int) -> list[str]:
    if not view.rows:
        return wrap(f"{view.title}: none", width)
    return wrap(view.title, width) + table(view.columns, view.rows, width)


@lines_of.register
def _text(view: TextView, width: int) -> list[str]:
    if view.title and len(view.lines) == 1 and not view.lexer:
        return wrap(f"{view.title}: {view.lines[0]}", width, "", "  ")
    lines = wrap(view.title, width) if view.title else []
    for line in view.lines:
        lines += wrap(line, width, "", _indent(line))
    return lines


@lines_of.register
def _help(view: HelpView, width: int) -> list[str]:
    lines: list[str] = []
    for group in dict.fromkeys(entry.group for entry in view.entries):
        entries = [entry for entry in view.entries if entry.group == group]
        lines += wrap(group, width) if len(view.entries) > 1 else []
        size = max((len(entry.usage) for entry in entries if len(entry.usage) <= MOST_USAGE), default=0)
        for entry in entries:
            lines += _help_entry(entry, size, width)
    for line in view.text:
        lines += wrap(line, width, "", _indent(line))
    return lines


@lines_of.register
def _lesson(view: LessonView, width: int) -> list[str]:
    lines = wrap(f"lesson {view.number}: {view.title}", width)
    titled = view.page and view.page[0].lstrip("# ") == view.title
    for line in view.page[1:] if titled else view.page:
        lines += wrap(line, width, "", _indent(line))
    lines.append("goals")
    for goal in view.goals:
        lines += goal_lines(goal, width)
    for number, hint in enumerate(view.hints, 1):
        lines += wrap(f"hint {number}: {hint}", width, "", "  ")
    if view.hints_left:
        lines += wrap(f"hints left: {view.hints_left}", width)
    return lines + (wrap(f"lesson {view.number} is done", width) if view.done else [])


def goal_lines(goal: GoalView, width: int = 79) -> list[str]:
    """A goal; for one that is not reached also what was seen, what was expected and where to look."""
    state = "[done]" if goal.done else "[open]"
    lines = wrap(goal.text, width, f"{state} {goal.number}. ")
    details = (("seen", goal.seen), ("expected", goal.expected), ("look at", goal.look))
    for name, words in details if not goal.done else ():
        lines += wrap(f"{name}: {words}", width, " " * 7, " " * 9) if words else []
    return lines


# --- pieces ------------------------------------------------------------------------------------------------------


def wrap(text: str, width: int, first: str = "", rest: str | None = None) -> list[str]:
    """`first` and the text, broken between words; further lines begin with `rest`, as many blanks as `first` has."""
    rest = " " * len(first) if rest is None else rest
    if len(rest) > width - NARROWEST // 2:
        rest = "  "
    if len(first) > width - NARROWEST // 2:
        text, first = f"{first}{text}", ""
    wrapped = textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False, replace_whitespace=True
    )
    return wrapped or [first.rstrip()]


def _indent(line: str) -> str:
    return " " * (len(line) - len(line.lstrip(" ")))


def _owner(guest: str) -> str:
    return {"bare": "the bare machine", "real": "the real machine"}.get(guest, guest)


def _starred(value: str, changed: bool) -> str:
    return f"*{value}" if changed else f" {value}"


def _why(value: ComparedValue) -> str:
    word = DIFFERS if value.differs else SAME
    if not value.why or value.why.lower().startswith(word):
        return value.why or word
    return f"{word}: {value.why}"


def _sentence(columns: Sequence[str], row: Sequence[str]) -> str:
    return ", ".join(
        f"{column.strip()} {cell.strip()}".strip() for column, cell in zip(columns, row, strict=False) if cell.strip()
    )


def _code_marks(line: CodeLine) -> str:
    state = "!" if line.trap else "." if line.executed else " "
    return f"{'B' if line.breakpoint else ' '}{state}{'>' if line.current else ' '}"


def _with_comment_near(statement: str) -> str:
    """The statement with two blanks before its comment.  One with blanks between quotation marks stays as it is."""
    parts = re.match(r"(\S+ +[^ ']+) {2,}(.*)", statement)
    return f"{parts[1]}  {parts[2]}" if parts else statement


def _register(register: RegisterValue) -> str:
    marks = ("*" if register.changed else "") + ("<" if register.read else "")
    return f"{register.name:<3} {marks:>2}{register.value}"


def _register_legend(registers: Iterable[RegisterValue]) -> str:
    registers = tuple(registers)
    changed = ["* changed by the last step"] if any(r.changed for r in registers) else []
    read = ["< read by it"] if any(r.read for r in registers) else []
    return ", ".join(changed + read)


def _stage(stage: StageView, size: int, width: int) -> list[str]:
    mark = ">" if stage.state is StageState.NOW else " "
    prefix = f"{mark} {stage.number} {stage.title:<{size}}  {stage.state.value:<7}  "
    first, *others = *(stage.lines or ("",)), *stage.details
    lines = wrap(first, width, prefix)
    for line in others:
        lines += wrap(line, width, " " * len(prefix))
    return lines


def _rules(rules: Iterable[RuleView], width: int) -> list[str]:
    lines: list[str] = []
    for rule in rules:
        answer, then = ("yes", "then") if rule.fired else ("no ", "it would")
        source = f" ({rule.source})" if rule.source else ""
        lines += wrap(f"{rule.rule}: {rule.question} {then}: {rule.then}{source}", width, f"  {answer}  ")
    return ["rules tried", *lines] if lines else []


def _storage_row(row: StorageRow, width: int) -> list[str]:
    real = "absent" if row.real is None else f"{row.real:06X}"
    addresses, words, text = f"{row.address:06X} = {real}", " ".join(row.words), f"|{row.text}|"
    line = f"{addresses}  {words:<35}  {text}"
    lines = [line] if len(line) <= width else [*wrap(words, width, f"{addresses}  ", "  "), f"  {text}"]
    return lines + (wrap(f"* changed: {_ranges(row)}", width, " " * 7) if row.changed else [])


def _ranges(row: StorageRow) -> str:
    """The changed bytes as addresses: "012310 to 012313, 012318"."""
    starts = [offset for offset in sorted(row.changed) if offset - 1 not in row.changed]
    ends = [offset for offset in sorted(row.changed) if offset + 1 not in row.changed]
    pairs = [(row.address + start, row.address + end) for start, end in zip(starts, ends, strict=True)]
    return ", ".join(f"{start:06X}" if start == end else f"{start:06X} to {end:06X}" for start, end in pairs)


def _help_entry(entry: HelpEntry, size: int, width: int) -> list[str]:
    keys = f" (key {entry.keys})" if entry.keys else ""
    if len(entry.usage) > size:
        return [*wrap(f"  {entry.usage}", width), *wrap(f"{entry.summary}{keys}", width, " " * (size + 4))]
    return wrap(f"{entry.summary}{keys}", width, f"  {entry.usage:<{size}}  ")


MOST_USAGE = 30
"""Letters of what a command takes; what is longer stands on a line of its own."""
