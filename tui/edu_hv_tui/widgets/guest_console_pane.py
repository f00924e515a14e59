"""Pane 9: what a guest printed on its console, and what CP wrote there."""

from collections.abc import Sequence

from edu_hv.debugger.views import ConsoleView
from edu_hv_tui.text.rows import Row, row, wrap
from edu_hv_tui.widgets.pane import Pane

BY_CP = "CP: "


class GuestConsolePane(Pane[ConsoleView]):
    """The lines of the guest's terminal, nothing else; those that CP wrote are marked with its name."""

    number, name_shown, tail = "9", "guest console", True

    def title(self) -> str:
        return f"9 console of {self.view.guest}" if self.view else "9 guest console"

    def content(self, view: ConsoleView, width: int, height: int) -> Sequence[Row]:
        rows: list[Row] = []
        for number, line in enumerate(view.lines):
            spans = [(f"{BY_CP}{line}", "quiet")] if number in view.by_cp else [(line, "text")]
            rows += wrap(spans, width, indent="  ") or [row()]
        return rows or [row(("nothing printed yet", "quiet"))]
