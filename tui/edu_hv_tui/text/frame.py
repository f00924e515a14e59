"""The frame around a pane: its title above, a note below, heavier lines when it has the focus."""

from collections.abc import Sequence
from dataclasses import dataclass

from edu_hv_tui.text.rows import Row, cut, fit, length, row


@dataclass(frozen=True)
class Box:
    """The characters of a frame: four corners, across, down."""

    top_left: str
    top_right: str
    bottom_left: str
    bottom_right: str
    across: str
    down: str


@dataclass(frozen=True)
class Boxes:
    """The frame of a pane, and that of the pane with the focus."""

    plain: Box
    focus: Box


LINES = Boxes(Box("┌", "┐", "└", "┘", "─", "│"), Box("╔", "╗", "╚", "╝", "═", "║"))
ASCII = Boxes(Box("+", "+", "+", "+", "-", "|"), Box("+", "+", "+", "+", "=", "|"))


def framed(
    content: Sequence[Row],
    title: str,
    note: str,
    width: int,
    height: int,
    focused: bool = False,
    boxes: Boxes = LINES,
) -> list[Row]:
    """`height` rows of `width` columns: the content in its frame, short content filled with blank rows."""
    if width < 4 or height < 2:
        return [fit((), width) for _ in range(height)]
    box, role = (boxes.focus, "focus") if focused else (boxes.plain, "border")
    side = (box.down, role)
    inside = [*content[: height - 2], *[row()] * (height - 2 - len(content))]
    return [
        _edge(box.top_left, box.top_right, box, role, title, width, "heading", left=True),
        *[(side, *fit(line, width - 2), side) for line in inside],
        _edge(box.bottom_left, box.bottom_right, box, role, note, width, "quiet", left=False),
    ]


def _edge(start: str, end: str, box: Box, role: str, words: str, width: int, words_role: str, left: bool) -> Row:
    room = width - 6
    if not words or room < 4:
        return row((start + box.across * (width - 2) + end, role))
    shown = row((words, words_role))
    if length(shown) > room:
        shown = (*cut(shown, room - 2), ("..", words_role))
    line = box.across * (width - 5 - length(shown))
    if left:
        return row((start + box.across + "[", role), *shown, ("]" + line + end, role))
    return row((start + line + "[", role), *shown, ("]" + box.across + end, role))
