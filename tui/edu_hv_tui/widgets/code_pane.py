"""Pane 1: the code, with a cursor that `b` and `u` use."""

from collections.abc import Sequence

from textual.message import Message

from edu_hv.debugger.views import CodeView
from edu_hv_tui.text import things
from edu_hv_tui.text.code import code_row, page, place
from edu_hv_tui.text.rows import Row
from edu_hv_tui.text.things import Thing
from edu_hv_tui.widgets.pane import Pane


class CodePane(Pane[CodeView]):
    """Turns pages; page and cursor follow the current instruction until the cursor is moved, and then the cursor."""

    number, name_shown = "1", "code"

    class More(Message):
        """The cursor has come to the end of the code in the view."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._top: int | None = None
        self._cursor: int | None = None
        """Address of the line that the user moved to; None follows the current one."""
        self._pages = 1
        """Pages of code wanted before and behind the current instruction; grows as the cursor goes there."""
        self._ends: set[int] = set()
        """Ends of the code, by address, at which more was asked for."""

    @property
    def cursor(self) -> int | None:
        """The address that `b` and `u` mean."""
        if self._cursor is not None or self.view is None or self.view.current is None:
            return self._cursor
        return self.view.lines[self.view.current].address

    @property
    def thing(self) -> Thing | None:
        """The instruction that `w` and `e` mean."""
        return things.code(self.view, self.cursor) if self.view else None

    @property
    def moved(self) -> bool:
        """Whether the cursor is the user's."""
        return self._cursor is not None

    @property
    def wanted_rows(self) -> int:
        """Rows that the next view should have."""
        return (2 * self._pages + 1) * max(8, self.size.height)

    def forget_cursor(self) -> None:
        """Follow the current instruction again."""
        self._cursor, self._pages = None, 1
        self._ends.clear()

    def show(self, view: CodeView | None) -> None:
        if view is not None and self.view is not None and _standing(view) != _standing(self.view):
            self.forget_cursor()
        super().show(view)

    def title(self) -> str:
        return "  ".join(["1 code", self.view.guest, place(self.view)]).rstrip() if self.view else "1 code"

    def note(self) -> str:
        marks = "! trap  > now  . executed  B break"
        return f"cursor {self._cursor:06X}  home: back" if self._cursor is not None else marks

    def content(self, view: CodeView, width: int, height: int) -> Sequence[Row]:
        first = page(view, height, self._top, self._cursor)
        lines = view.lines[first : first + height]
        self._top = lines[0].address if lines else None
        return [code_row(line, width, line.address == self._cursor) for line in lines]

    def action_home(self) -> None:
        """Back to the current instruction."""
        self.forget_cursor()
        self.update_rows()

    def action_move(self, rows: int) -> None:
        if self.view is None or not self.view.lines:
            return
        addresses = [line.address for line in self.view.lines]
        at = addresses.index(self.cursor) if self.cursor in addresses else 0
        at = at + rows
        end = addresses[0] if at < 0 else addresses[-1]
        if not 0 <= at < len(addresses) and end not in self._ends:
            self._ends.add(end)
            self._pages *= 2
            self.post_message(self.More())
        self._cursor = addresses[max(0, min(at, len(addresses) - 1))]
        self.update_rows()


def _standing(view: CodeView) -> tuple[str, int | None]:
    """Whose code it is, and the address of the instruction to come."""
    return view.guest, None if view.current is None else view.lines[view.current].address
