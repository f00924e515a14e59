"""Each view as sentences to listen to: for screen readers, and for everybody who reads line by line.

Nothing is said by columns, marks or indentation; a line is a whole thought and is broken by the reader's own terminal.
A view without a function of its own here is read from its text, with its tables as sentences, one for each row.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import singledispatch
from itertools import groupby

from edu_hv.debugger.text.lines import AS_SENTENCES, lines_of, printable
from edu_hv.debugger.text.tracing import TIMELINE_MARKS
from edu_hv.debugger.views import (
    CodeLine,
    CodeView,
    ConsoleView,
    HelpView,
    LessonView,
    RegistersView,
    RegisterValue,
    StageState,
    StageView,
    StopView,
    StorageRow,
    StorageView,
    TimelineView,
    View,
    XrayView,
)

WIDE = 100_000
"""Columns of a line that nobody breaks."""
_LEGENDS = tuple(f"{mark} {meaning}" for mark, meaning in TIMELINE_MARKS.items())
_OWNERS = {"bare": "the bare machine", "real": "the real machine"}


def spoken(view: View) -> list[str]:
    """The view as sentences, none of them empty; a guest's control characters are full stops."""
    token = AS_SENTENCES.set(True)
    try:
        lines = said(view)
    finally:
        AS_SENTENCES.reset(token)
    return [clean for line in lines if (clean := plain(line))]


def plain(line: str) -> str:
    """A line without what is only there to be looked at: columns, boxes, heading marks."""
    line = re.sub(r"\s+", " ", printable(line.replace("\t", " "))).strip()
    line = re.sub(r"^#+ ", "", line)
    line = re.sub(r"^\[(x|done)\] ", "done: ", line)
    line = re.sub(r"^\[( |open)\] ", "open: ", line)
    line = line.replace("`", "").replace(" -> ", " to ").replace(" <- ", " from ")
    line = re.sub(r"^>(?=, )", "here", line)
    line = re.sub(r"(^| )> (?=[\w(])", r"\1selected ", line)
    return re.sub(r"(?<![\w*)])\*(?=\w)", "changed ", line)


@singledispatch
def said(view: View) -> list[str]:
    """The sentences of a view; what has no function of its own is read from its text."""
    return lines_of(view, WIDE)


@said.register
def _stop(view: StopView) -> list[str]:
    """One sentence."""
    return [f"{'; '.join(lines_of(view, WIDE))}."]


@said.register
def _code(view: CodeView) -> list[str]:
    return [f"code of {_owner(view.guest)}", *(_instruction(line) for line in view.lines)]


def _instruction(line: CodeLine) -> str:
    """Where, what, and what there is to say of it: "001004 SSM 16, next to be executed, breakpoint"."""
    statement = line.source.strip()
    label = f"{line.label} " if line.label and statement.split()[:1] != [line.label] else ""
    words = (
        ("next to be executed", line.current),
        ("breakpoint", line.breakpoint),
        ("trap taken here", line.trap),
        ("executed before", line.executed),
        (line.note, bool(line.note)),
    )
    return ", ".join([f"{line.address:06X} {label}{statement}", *(word for word, is_so in words if is_so)])


@said.register
def _registers(view: RegistersView) -> list[str]:
    lines = [f"general registers of {_owner(view.guest)}"]
    general = view.general
    lines += [", ".join(map(_register, general[at : at + 4])) for at in range(0, len(general), 4)]
    rest = lines_of(RegistersView(view.guest, (), view.condition_code, view.control), WIDE)
    return lines + rest[1:]


def _register(register: RegisterValue) -> str:
    words = [word for word, is_so in (("changed", register.changed), ("read", register.read)) if is_so]
    return " ".join([register.name, register.value, *words])


@said.register
def _xray(view: XrayView) -> list[str]:
    if not view.stages:
        return lines_of(view, WIDE)
    lines = [f"trap x-ray: {view.title}, {'in progress' if view.in_progress else 'finished'}"]
    fired = next((rule.rule for rule in view.rules if rule.fired), "")
    for stage in view.stages:
        brief = fired and stage.title == "rule"  # all the rules follow below
        lines.append(stage_said(replace(stage, lines=(f"{fired} fired",)) if brief else stage))
    for rule in view.rules:
        answer = f"yes, so {rule.then}" if rule.fired else f"no, else it would {rule.then}"
        lines.append(f"rule {rule.rule}: {rule.question} {answer}{f', {rule.source}' if rule.source else ''}")
    return lines + ([f"why: {view.why}"] if view.why else [])


def stage_said(stage: StageView) -> str:
    """A stage of a trap, and what was done in it, or that it is to come."""
    head = f"stage {stage.number} {stage.title}, {stage.state.value}"
    return f"{head}: {'; '.join(stage.lines)}" if stage.lines and stage.state is not StageState.TO_COME else head


@said.register
def _console(view: ConsoleView) -> list[str]:
    if not view.lines:
        return lines_of(view, WIDE)
    return [f"{_owner(view.guest)} types: {line or 'an empty line'}" for line in view.lines]


@said.register
def _storage(view: StorageView) -> list[str]:
    """Each 16 bytes: both addresses, the words, the characters, and what changed."""
    heading = lines_of(StorageView(view.guest, (), view.key), WIDE)[:1]
    return [*heading, *map(_storage_row, view.rows), *view.places]


def _storage_row(row: StorageRow) -> str:
    real = "absent" if row.real is None else f"real {row.real:06X}"
    changed = _ranges(row.address + offset for offset in sorted(row.changed))
    text = f", characters {row.text.strip('. ')}" if row.text.strip(". ") else ""
    return f"{row.address:06X}, {real}: {' '.join(row.words)}{text}{f', changed: {changed}' if changed else ''}"


def _ranges(addresses: Iterable[int]) -> str:
    """Addresses in ascending order as ranges: "012310 to 012313, 012318"."""
    runs = (list(run) for _, run in groupby(enumerate(addresses), key=lambda pair: pair[1] - pair[0]))
    ends = [(run[0][1], run[-1][1]) for run in runs]
    return ", ".join(f"{first:06X}" if first == last else f"{first:06X} to {last:06X}" for first, last in ends)


@said.register
def _timeline(view: TimelineView) -> list[str]:
    """Runs of the same mark are counted; the present one is said to be it."""
    heading, *rest = lines_of(view, WIDE)
    runs, at = [], 0
    for mark, run in groupby(view.marks):
        size = len(list(run))
        now = " (now here)" if at <= view.position < at + size else ""
        runs.append(f"{size} {TIMELINE_MARKS.get(mark, mark)}{now}")
        at += size
    drawn = 1 + len(view.rows) + (0 <= view.position < len(view.marks))  # the marks, those of each guest, "^ now"
    remarks = [line for line in rest[drawn if view.marks else 0 :] if not line.startswith(_LEGENDS)]
    return [heading, f"{', then '.join(runs)}", *remarks]


@said.register
def _lesson(view: LessonView) -> list[str]:
    """The page a paragraph a line, then the goals."""
    return lines_of(replace(view, page=tuple(paragraphs(view.page))), WIDE)


def paragraphs(lines: Iterable[str]) -> list[str]:
    """Lines of a page put together again: paragraphs and list items; lines that keep their form stay alone."""
    found: list[str] = []
    whole = True
    for line in lines:
        item = re.match(r"([-*]|\d+\.) ", line)
        goes_on = not whole and not item and (line[:1] != " " or re.match(r"([-*]|\d+\.) ", found[-1]))
        if not line.strip():
            whole = True
        elif goes_on:
            found[-1] += f" {line.strip()}"
        else:
            found.append(line)
            whole = line[:1] == " "
    return found


@said.register
def _help(view: HelpView) -> list[str]:
    lines = []
    for group in dict.fromkeys(entry.group for entry in view.entries):
        lines += [f"group {group}"] if len(view.entries) > 1 else []
        lines += [f"{entry.usage}: {entry.summary}" for entry in view.entries if entry.group == group]
    return [*lines, *view.text]


def _owner(guest: str) -> str:
    return _OWNERS.get(guest, guest)
