"""Pane 6: a piece of storage."""

from collections.abc import Sequence

from edu_hv.debugger.views import StorageView
from edu_hv_tui.text import things
from edu_hv_tui.text.rows import Row
from edu_hv_tui.text.storage import storage_rows, storage_title
from edu_hv_tui.text.things import Thing
from edu_hv_tui.widgets.pointing import PointingPane


class StoragePane(PointingPane[StorageView]):
    """Follows what the last step stored; pinned, it stays at the address that was asked for."""

    number, name_shown = "6", "storage"
    pinned = False

    def title(self) -> str:
        return storage_title(self.view) if self.view else "6 storage"

    def note(self) -> str:
        pin = "pinned: 6 unpins" if self.pinned else ": storage ADDRESS pins"
        return f"{pin}  {super().note()}" if self.pointed else pin

    def things(self, view: StorageView) -> Sequence[Sequence[Thing]]:
        return things.storage(view)

    def content(self, view: StorageView, width: int, height: int) -> Sequence[Row]:
        return storage_rows(view, width, self.pointed)
