"""Pane 3: the stages of a trap."""

from collections.abc import Sequence

from edu_hv.debugger.views import XrayView
from edu_hv_tui.text.rows import Row, plain
from edu_hv_tui.text.xray import xray_rows, xray_title
from edu_hv_tui.widgets.pane import Pane


class XrayPane(Pane[XrayView]):
    """The trap in progress, or the last one."""

    number, name_shown = "3", "trap x-ray"
    _why_shown = False

    def title(self) -> str:
        return xray_title(self.view) if self.view else super().title()

    def note(self) -> str:
        return f"why: {self.view.why}" if self.view and self.view.why and not self._why_shown else ""

    def content(self, view: XrayView, width: int, height: int) -> Sequence[Row]:
        rows = xray_rows(view, width, height)
        self._why_shown = any(plain(line).startswith("why: ") for line in rows)
        return rows
