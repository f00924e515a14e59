"""Pane 6: a piece of storage."""

from collections.abc import Sequence

from edu_hv.debugger.views import StorageView
from edu_hv_tui.text.rows import Row
from edu_hv_tui.text.storage import storage_rows, storage_title
from edu_hv_tui.widgets.pane import Pane


class StoragePane(Pane[StorageView]):
    """Follows what the last step stored; pinned, it stays at the address that was asked for."""

    number, name_shown = "6", "storage"
    pinned = False

    def title(self) -> str:
        return storage_title(self.view) if self.view else "6 storage"

    def note(self) -> str:
        return "pinned: 6 unpins" if self.pinned else ": storage ADDRESS pins"

    def content(self, view: StorageView, width: int, height: int) -> Sequence[Row]:
        return storage_rows(view, width)
