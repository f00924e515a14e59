"""Pane 4: the PSW, guest, real and why."""

from collections.abc import Sequence

from edu_hv.debugger.views import PswView
from edu_hv_tui.text import things
from edu_hv_tui.text.psw import psw_rows
from edu_hv_tui.text.rows import Row
from edu_hv_tui.text.things import Thing
from edu_hv_tui.widgets.pointing import PointingPane


class PswPane(PointingPane[PswView]):
    """Field by field; with `only_differing`, only the fields that differ."""

    number, name_shown = "4", "PSW"
    only_differing = False

    def title(self) -> str:
        return "4 PSW  guest | real | why" + ("  only what differs" if self.only_differing else "")

    def things(self, view: PswView) -> Sequence[Sequence[Thing]]:
        return things.psw_fields(view, self.only_differing)

    def content(self, view: PswView, width: int, height: int) -> Sequence[Row]:
        return psw_rows(view, width, height, self.only_differing, self.pointed)
