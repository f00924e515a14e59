"""Pane 7: the journal in words."""

from collections.abc import Sequence

from edu_hv.debugger.views import LogView
from edu_hv_tui.text.log import log_rows
from edu_hv_tui.text.rows import Row
from edu_hv_tui.widgets.pane import Pane


class LogPane(Pane[LogView]):
    """The newest entry is the last row."""

    number, name_shown, tail = "7", "log", True

    def content(self, view: LogView, width: int, height: int) -> Sequence[Row]:
        return log_rows(view)
