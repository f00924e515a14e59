"""The code pane: instructions with marks.  It turns pages and does not scroll, so that a step changes two rows."""

import re

from edu_hv.debugger.views import CodeLine, CodeView
from edu_hv_tui.text.rows import Row, Span, between, fit, length, row

MARGIN = 2
"""The instruction to come is kept so many rows away from the edges of the page, where that is possible."""

WITH_LABELS = 58
"""Columns from which labels have a column of their own."""

NOTE_ROLES = {"trap": "trap", "privileged": "differs", "priv": "differs", "svc": "differs"}


def page(view: CodeView, height: int, top: int | None) -> int:
    """Index of the first line to show: the page that begins at address `top`, or a new one if it does not serve."""
    last = max(0, len(view.lines) - height)
    begin = next((i for i, line in enumerate(view.lines) if line.address == top), None)
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
    room -= len(statement(line, width, 0)) + 3
    label: Span = (f"{line.label}:" if line.label and width < WITH_LABELS else "", "heading")
    note: Span = (line.note, NOTE_ROLES.get(line.note.split(" ")[0].lower(), "quiet"))
    blank: Span = ("  " if label[0] and note[0] else "", "text")
    for spans in (row(label, blank, note), row(note), row(label)):
        if spans and length(spans) <= room:
            return row("  ", *spans, " ")
    return row("  ", *fit(row(note), room), " ") if note[0] and room >= 6 else row()


def statement(line: CodeLine, width: int, room: int) -> str:
    """The source statement in columns: label if there is a column for it, operation, operands, comment if it fits."""
    source = re.sub(r"\s+$", "", line.source)
    words = source.split(None, 1)
    if line.label and words and words[0] == line.label:
        words = words[1].split(None, 1) if len(words) > 1 else []
    operation = words[0] if words else ""
    rest = words[1].strip() if len(words) > 1 else ""
    operands, comment = operands_and_comment(rest)
    label = f"{line.label:<9}" if width >= WITH_LABELS else ""
    short = f"{label}{operation:<5} {operands}".rstrip()
    whole = f"{label}{operation:<5} {operands:<15} {comment}".rstrip()
    return whole if len(whole) <= room else short


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
