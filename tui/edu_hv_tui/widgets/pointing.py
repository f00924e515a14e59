"""A pane with a cursor on one of the things in it; it is seen while the pane has the focus."""

from collections.abc import Sequence

from textual.binding import Binding

from edu_hv_tui.text import things
from edu_hv_tui.text.rows import Row
from edu_hv_tui.text.things import Thing
from edu_hv_tui.widgets.pane import Pane, V

KEYS = "w who  e explain"


class PointingPane(Pane[V]):
    """The arrows move the cursor, and the pane scrolls to keep it in sight."""

    BINDINGS = [
        Binding("left", "aside(-1)", "left", show=False),
        Binding("right", "aside(1)", "right", show=False),
    ]

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._line = self._column = 0
        self._follow = False
        """The cursor was moved: bring it into sight."""

    def things(self, view: V) -> Sequence[Sequence[Thing]]:
        """What the cursor can stand on, in rows from left to right."""
        raise NotImplementedError

    @property
    def thing(self) -> Thing | None:
        """What the cursor stands on."""
        rows = self.things(self.view) if self.view is not None else []
        if not rows:
            return None
        line, column = things.at(rows, self._line, self._column)
        return rows[line][column]

    @property
    def pointed(self) -> str:
        """What is marked: nothing while the pane has not the focus."""
        return self.thing.shown if self.has_focus and self.thing else ""

    def note(self) -> str:
        return f"{self.pointed}  {KEYS}" if self.pointed else ""

    def action_move(self, rows: int) -> None:
        self._go(rows, 0)

    def action_aside(self, columns: int) -> None:
        """To the left or to the right."""
        self._go(0, columns)

    def _go(self, rows: int, columns: int) -> None:
        found = self.things(self.view) if self.view is not None else []
        if not found:
            super().action_move(rows)
            return
        line, column = things.at(found, self._line, self._column)
        self._line, self._column = things.at(found, line + rows, column + columns)
        self._follow = True
        self.update_rows()

    def _window(self, rows: Sequence[Row], room: int) -> tuple[Sequence[Row], str]:
        if self._follow:
            self._follow = False
            self.scrolled = self._in_sight(rows, room)
        return super()._window(rows, room)

    def _in_sight(self, rows: Sequence[Row], room: int) -> int:
        """How far to scroll so that the cursor is seen; at the first and the last thing, as far as it goes."""
        if self._line == 0:
            return 0
        if self.view is not None and self._line >= len(self.things(self.view)) - 1:
            return len(rows)
        at = next((n for n, line in enumerate(rows) if any(role == "cursor" for _, role in line)), self.scrolled)
        return max(at - room + 1, min(self.scrolled, at))
