"""A framed pane with a number.  It draws its own frame: a new title is one row to paint, not the whole pane."""

from collections.abc import Sequence
from typing import Generic, TypeVar

from textual import events
from textual.binding import Binding

from edu_hv_tui.text.frame import LINES, Boxes, framed
from edu_hv_tui.text.rows import Row
from edu_hv_tui.widgets.rows import Rows

V = TypeVar("V")


class Pane(Rows, Generic[V], can_focus=True):
    """Draws one view in a frame; scrolls when it has more rows than fit."""

    BINDINGS = [
        Binding("up", "move(-1)", "up", show=False),
        Binding("down", "move(1)", "down", show=False),
        Binding("pageup", "turn(-1)", "page up", show=False),
        Binding("pagedown,space", "turn(1)", "page down", show=False),
        Binding("home", "home", "to the top", show=False),
        Binding("end", "move(100000)", "to the end", show=False),
    ]
    boxes: Boxes = LINES
    number = ""
    name_shown = ""
    tail = False
    """Whether the newest rows are at the end, and are those to be seen."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.view: V | None = None
        self.scrolled = 0
        """Rows scrolled down from the top; with `tail`, up from the end."""

    def content(self, view: V, width: int, height: int) -> Sequence[Row]:
        """All rows of the view; those that fit are shown."""
        raise NotImplementedError

    def title(self) -> str:
        """In the frame above."""
        return f"{self.number} {self.name_shown}"

    def note(self) -> str:
        """In the frame below, before what is said about scrolling."""
        return ""

    def show(self, view: V | None) -> None:
        """A new view to draw.  An equal one costs nothing; None, for a pane not to be seen, keeps the old one."""
        if view is None or view is self.view or view == self.view:
            return
        self.view = view
        self.update_rows()

    def make_rows(self, width: int, height: int) -> Sequence[Row]:
        inside, room = max(1, width - 2), max(1, height - 2)
        rows = self.content(self.view, inside, room) if self.view is not None else []
        visible, where = self._window(rows, room)
        note = "  ".join(words for words in (self.note(), where) if words)
        return framed(visible, self.title(), note, width, height, self.has_focus, self.boxes)

    def _window(self, rows: Sequence[Row], room: int) -> tuple[Sequence[Row], str]:
        """The rows in sight, and words for the frame when there are more."""
        hidden = max(0, len(rows) - room)
        self.scrolled = max(0, min(self.scrolled, hidden))
        top = hidden - self.scrolled if self.tail else self.scrolled
        where = f"rows {top + 1}-{top + min(room, len(rows))} of {len(rows)}" if hidden else ""
        return rows[top : top + room], where

    def action_move(self, rows: int) -> None:
        self.scrolled = max(0, self.scrolled + (-rows if self.tail else rows))
        self.update_rows()

    def action_home(self) -> None:
        """To the first row."""
        self.action_move(-100000)

    def action_turn(self, pages: int) -> None:
        self.action_move(pages * max(1, self.size.height - 3))

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        self.update_rows()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_move(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_move(-3)
