"""Pane 9: what a guest printed on its console."""

from collections.abc import Sequence

from edu_hv.debugger.views import ConsoleView
from edu_hv_tui.text.rows import Row, row, wrap
from edu_hv_tui.widgets.pane import Pane


class GuestConsolePane(Pane[ConsoleView]):
    """The guest's own lines and nothing else."""

    number, name_shown, tail = "9", "guest console", True

    def title(self) -> str:
        return f"9 console of {self.view.guest}" if self.view else "9 guest console"

    def content(self, view: ConsoleView, width: int, height: int) -> Sequence[Row]:
        rows = [piece for line in view.lines for piece in wrap([(line, "text")], width, indent="  ") or [row()]]
        return rows or [row(("nothing printed yet", "quiet"))]
