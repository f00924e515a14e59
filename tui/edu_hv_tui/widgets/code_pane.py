"""Pane 1: the code, with a cursor that `b` and `u` use."""

from collections.abc import Sequence

from textual.message import Message

from edu_hv.debugger.views import CodeView
from edu_hv_tui.text.code import code_row, page
from edu_hv_tui.text.rows import Row
from edu_hv_tui.widgets.pane import Pane


class CodePane(Pane[CodeView]):
    """Turns pages; the cursor follows the current instruction until it is moved."""

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

    @property
    def cursor(self) -> int | None:
        """The address that `b` and `u` mean."""
        if self._cursor is not None or self.view is None or self.view.current is None:
            return self._cursor
        return self.view.lines[self.view.current].address

    @property
    def wanted_rows(self) -> int:
        """Rows that the next view should have."""
        return (2 * self._pages + 1) * max(8, self.size.height)

    def forget_cursor(self) -> None:
        """Follow the current instruction again."""
        self._cursor, self._pages = None, 1

    def title(self) -> str:
        return f"1 code  {self.view.guest}" if self.view else "1 code"

    def note(self) -> str:
        marks = "! trap  > now  . executed  B break"
        where = f"cursor {self._cursor:06X}" if self._cursor is not None else ""
        return where or marks

    def content(self, view: CodeView, width: int, height: int) -> Sequence[Row]:
        first = page(view, height, self._top)
        lines = view.lines[first : first + height]
        self._top = lines[0].address if lines else None
        return [code_row(line, width, line.address == self._cursor) for line in lines]

    def action_move(self, rows: int) -> None:
        if self.view is None or not self.view.lines:
            return
        addresses = [line.address for line in self.view.lines]
        at = addresses.index(self.cursor) if self.cursor in addresses else 0
        at = at + rows
        if not 0 <= at < len(addresses) and len(addresses) >= self.wanted_rows - 1:
            self._pages *= 2
            self.post_message(self.More())
        at = max(0, min(at, len(addresses) - 1))
        self._cursor = addresses[at]
        self._bring_into_sight(at, addresses)
        self.update_rows()

    def _bring_into_sight(self, at: int, addresses: Sequence[int]) -> None:
        """Scroll by as little as shows the cursor."""
        height = max(1, self.size.height - 2)
        first = addresses.index(self._top) if self._top in addresses else 0
        first = max(at - height + 1, min(first, at))
        self._top = addresses[max(0, min(first, len(addresses) - height))]
