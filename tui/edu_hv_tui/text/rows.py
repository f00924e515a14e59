"""Rows: one line of a pane, as spans of text with a role.  A role is a name as "written"; `app.tcss` gives it a style.

Rows are plain tuples, so that two of them can be compared and only those that changed are painted.
"""

import re
from collections.abc import Iterable, Sequence

from rich.cells import cell_len

Span = tuple[str, str]
"""Text and its role."""
Row = tuple[Span, ...]

CUT = ".."
"""Stands at the end of a row that was longer than its pane."""

ROLES = (
    "text",
    "quiet",
    "heading",
    "border",
    "focus",
    "now",
    "executed",
    "trap",
    "breakpoint",
    "written",
    "read",
    "differs",
    "fired",
    "refused",
    "done",
    "error",
    "echo",
    "key",
    "guest",
    "real",
    "cursor",
    "bar",
    "bar-trap",
    "bar-key",
)


def row(*spans: str | Span) -> Row:
    """A row of spans; a bare string has the role "text".  Empty spans are left out."""
    made = (span if isinstance(span, tuple) else (span, "text") for span in spans)
    return tuple(span for span in made if span[0])


def plain(line: Row) -> str:
    """The text of a row without its roles."""
    return "".join(text for text, _ in line)


def length(line: Row) -> int:
    """Columns a row takes."""
    return sum(len(text) for text, _ in line)


def printable(text: str) -> str:
    """The text with a "?" for each character that does not take exactly one column."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if char.isprintable() and cell_len(char) == 1 else "?" for char in text)


def fit(line: Row, width: int, role: str = "text") -> Row:
    """The row at exactly `width` columns: padded, or cut with a mark that says so."""
    line = tuple((printable(text), each) for text, each in line)
    missing = width - length(line)
    if missing < 0:
        line = (*cut(line, max(0, width - len(CUT))), (CUT[:width], "quiet" if role == "text" else role))
    elif missing:
        line = (*line, (" " * missing, role))
    return line


def cut(line: Row, width: int) -> Row:
    """The first `width` columns of a row."""
    kept: list[Span] = []
    for text, role in line:
        if width <= 0:
            break
        kept.append((text[:width], role))
        width -= len(text)
    return tuple(kept)


def between(left: Row, right: Row, width: int, role: str = "text") -> Row:
    """A row with `left` at the left and `right` at the right end; `left` gives way."""
    room = max(0, width - length(right))
    return fit((*fit(left, room, role), *right), width, role)


def wrap(spans: Sequence[Span], width: int, indent: str = "") -> list[Row]:
    """Spans as rows of at most `width` columns, broken at blanks; rows after the first begin with `indent`."""
    rows: list[Row] = []
    line: list[Span] = []
    used = 0
    for word, role in _words(spans, max(1, width - len(indent))):
        if used + len(word.rstrip()) > width and line:
            rows.append(tuple(line))
            line, used = ([(indent, "text")] if indent else []), len(indent)
            if not word.strip():
                continue
        line.append((word, role))
        used += len(word)
    if line:
        rows.append(tuple(line))
    return [_joined(each) for each in rows]


def _words(spans: Iterable[Span], width: int) -> Iterable[Span]:
    for text, role in spans:
        for word in re.findall(r"\S+\s*|\s+", printable(text)):
            for start in range(0, len(word), width):
                yield word[start : start + width], role


def _joined(line: Row) -> Row:
    """The row with neighbours of one role made one, and no blanks at its end."""
    joined: list[Span] = []
    for text, role in line:
        if joined and joined[-1][1] == role:
            joined[-1] = (joined[-1][0] + text, role)
        else:
            joined.append((text, role))
    if joined:
        joined[-1] = (joined[-1][0].rstrip(), joined[-1][1])
    return row(*joined)
