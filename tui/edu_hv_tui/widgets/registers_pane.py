"""Pane 2: general registers, condition code, control registers."""

from collections.abc import Sequence

from edu_hv.debugger.views import RegistersView
from edu_hv_tui.text import things
from edu_hv_tui.text.registers import LEGEND, registers_rows
from edu_hv_tui.text.rows import Row
from edu_hv_tui.text.things import Thing
from edu_hv_tui.widgets.pointing import PointingPane


class RegistersPane(PointingPane[RegistersView]):
    """With `only_differing`, of the control registers only those that differ."""

    number, name_shown = "2", "registers"
    only_differing = False
    _hidden = 0

    def title(self) -> str:
        if self._low:
            return f"2 regs {LEGEND}" + (f"  +{self._hidden}" if self._hidden else "")
        return "2 registers" + ("  only what differs" if self.only_differing else "")

    def note(self) -> str:
        if self.pointed:
            return super().note()
        return self.view.condition_code if self._low and self.view else LEGEND

    def things(self, view: RegistersView) -> Sequence[Sequence[Thing]]:
        return things.registers(view, self.only_differing)

    @property
    def _low(self) -> bool:
        """Whether the general registers leave no row for the condition code."""
        return self.view is not None and self.size.height - 2 <= len(self.view.general) // 2

    def content(self, view: RegistersView, width: int, height: int) -> Sequence[Row]:
        return registers_rows(view, width, height, self.only_differing, self.pointed)

    def _window(self, rows: Sequence[Row], room: int) -> tuple[Sequence[Row], str]:
        visible, where = super()._window(rows, room)
        self._hidden = len(rows) - len(visible)
        return visible, f"+{self._hidden}" if where and not self._low else ""
