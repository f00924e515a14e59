"""The log pane: what happened, and whose doing it was."""

from edu_hv.debugger.views import Layer, LogEntry, LogView
from edu_hv_tui.text.rows import Row, row

ROLES = {
    Layer.GUEST: "guest",
    Layer.HARDWARE: "heading",
    Layer.CP: "real",
    Layer.CHANNEL: "read",
    Layer.USER: "echo",
}


def log_rows(view: LogView) -> list[Row]:
    """One row an entry, oldest first: step, layer, words."""
    width = max((len(str(entry.step)) for entry in view.entries), default=1)
    return [_row(entry, width) for entry in view.entries]


def _row(entry: LogEntry, width: int) -> Row:
    return row((f"{entry.step:>{width}} ", "quiet"), (f"{entry.layer.value:<9}", ROLES[entry.layer]), entry.text)
