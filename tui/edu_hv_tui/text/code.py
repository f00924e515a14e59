"""The code pane: instructions with marks.  It turns pages and does not scroll, so that a step changes two rows."""

import re

from edu_hv.debugger.views import CodeLine, CodeView
from edu_hv_tui.text.rows import Row, Span, between, fit, length, row

MARGIN = 2
"""The instruction to come is kept so many rows away from the edges of the page, where that is possible."""

WITH_LABELS = 48
"""Columns from which labels have a column of their own."""
LABEL = 8
"""Columns of a label; a longer one is cut there."""

SHORT_NOTES = {
    "privileged": "priv",
    "will branch": "branches",
    "will not branch": "no branch",
    "branch taken": "branches",
}
"""Notes for rows without room for all their words."""

NOTE_ROLES = {"trap": "trap", "privileged": "differs", "priv": "differs", "svc": "differs"}


def page(view: CodeView, height: int, top: int | None, cursor: int | None = None) -> int:
    """Index of the first line to show: the page that begins at address `top`, or a new one if it does not serve.

    The page keeps the instruction to come in sight; while there is a cursor (an address), the cursor instead.
    """
    last = max(0, len(view.lines) - height)
    begin = next((i for i, line in enumerate(view.lines) if line.address == top), None)
    at = next((i for i, line in enumerate(view.lines) if line.address == cursor), None)
    if at is not None:
        first = min(begin, last) if begin is not None else at - height // 3
        return max(0, min(max(at - height + 1, min(first, at)), last))
    if begin is not None and begin <= last and _inside(view.current, begin, height, last):
        return begin
    if view.current is None:
        return min(begin or 0, last)
    return max(0, min(view.current - height // 3, last))


def _inside(current: int | None, begin: int, height: int, last: int) -> bool:
    if current is None:
        return True
    margin = min(MARGIN, (height - 1) // 2)
    above = begin if begin == 0 else begin + margin
    below = begin + height if begin == last else begin + height - margin
    return above <= current < below


def code_row(line: CodeLine, width: int, cursor: bool = False) -> Row:
    """One instruction: marks, address, object code, source, note."""
    first = "!" if line.trap else "B" if line.breakpoint else " "
    second = ">" if line.current else "." if line.executed else " "
    if line.trap and line.breakpoint and not line.current:
        second = "B"
    body = f" {line.address:06X}  {line.object_code:<8}  "
    room = width - 2 - len(body)
    note = _note(line, width, room)
    body += statement(line, width, room - length(note))
    role = "cursor" if cursor else "now" if line.current else "executed" if line.executed else "text"
    marks = row((first, "trap" if line.trap else "breakpoint"), (second, role))
    return between((*marks, (body, role)), note, width, "cursor" if cursor else "text")


def _note(line: CodeLine, width: int, room: int) -> Row:
    """At the right end: the label where it has no column of its own, then the note, as far as there is room."""
    room -= len(statement(line, width, 0))
    name = label_of(line)
    label: Span = (f"{name}:" if name and width < WITH_LABELS else "", "heading")
    role = NOTE_ROLES.get(line.note.split(" ")[0].lower(), "quiet")
    note, short = (line.note, role), (SHORT_NOTES.get(line.note, line.note), role)
    blank: Span = ("  " if label[0] and note[0] else "", "text")
    choices = row(label, blank, note), row(label, blank, short), row(note), row(short), row(label)
    for before, after in (("  ", " "), (" ", "")):
        for spans in choices:
            if spans and len(before) + length(spans) + len(after) <= room:
                return row(before, *spans, after)
    room -= 3
    return row("  ", *fit(row(note), room), " ") if note[0] and room >= 6 else row()


def statement(line: CodeLine, width: int, room: int) -> str:
    """The source statement in columns: label if there is a column for it, operation, operands, comment if it fits."""
    source = line.source.rstrip()
    words = source.split(None, 1)
    if source[:1].strip():
        words = words[1].split(None, 1) if len(words) > 1 else []
    operation = words[0] if words else ""
    rest = words[1].strip() if len(words) > 1 else ""
    operands, comment = operands_and_comment(rest)
    label = f"{label_of(line)[:LABEL]:<{LABEL + 1}}" if width >= WITH_LABELS else ""
    short = f"{label}{operation:<5} {operands}".rstrip()
    whole = f"{label}{operation:<5} {operands:<15} {comment}".rstrip()
    return whole if len(whole) <= room else short


def label_of(line: CodeLine) -> str:
    """What begins in the first column of a statement is its label."""
    return line.source.split()[0] if line.source[:1].strip() else line.label


def place(view: CodeView) -> str:
    """Where the instruction to come is: its label, or the label before it and the distance: "LOOP", "LOOP+4"."""
    if view.current is None:
        return ""
    here = view.lines[view.current]
    for line in reversed(view.lines[: view.current + 1]):
        if label_of(line):
            distance = here.address - line.address
            return label_of(line) + (f"+{distance:X}" if distance else "")
    return ""


def operands_and_comment(text: str) -> tuple[str, str]:
    """The operand field ends at the first blank outside quotes."""
    quoted = False
    for index, char in enumerate(text):
        if char == "'" and not _attribute(text, index):
            quoted = not quoted
        elif char == " " and not quoted:
            return text[:index], text[index:].strip()
    return text, ""


def _attribute(text: str, index: int) -> bool:
    """Whether the quote belongs to a length attribute such as L'FIELD."""
    before = text[max(0, index - 2) : index]
    return bool(re.fullmatch(r"(^|[^A-Z0-9'])L", before)) and text[index + 1 : index + 2].isalpha()
