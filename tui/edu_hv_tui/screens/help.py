"""Help: keys and commands, over the panes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.screen import ModalScreen

from edu_hv.debugger.views import HelpEntry, HelpView
from edu_hv.isa.errors import UserError
from edu_hv_tui.text.help import help_rows
from edu_hv_tui.text.rows import Row
from edu_hv_tui.widgets.pane import Pane

if TYPE_CHECKING:
    from edu_hv.tutor.workbench import Workbench


class HelpPane(Pane[tuple[HelpEntry, ...]]):
    """All keys and commands, to scroll through."""

    def title(self) -> str:
        return "help"

    def note(self) -> str:
        return "up, down, page up, page down scroll; esc closes"

    def content(self, view: tuple[HelpEntry, ...], width: int, height: int) -> Sequence[Row]:
        return help_rows(view, width)


class HelpScreen(ModalScreen[None]):
    """Closed by escape, `?` or `q`."""

    BINDINGS = [("escape,question_mark,q,f1", "dismiss", "close")]

    def __init__(self, workbench: "Workbench") -> None:
        super().__init__()
        self._pane = HelpPane(id="help")
        self._pane.view = _entries(workbench)

    def compose(self) -> ComposeResult:
        yield self._pane

    def on_mount(self) -> None:
        self._pane.focus()


def _entries(workbench: "Workbench") -> tuple[HelpEntry, ...]:
    """The registry, by way of its own help command."""
    try:
        views = workbench.execute("help")
    except UserError:
        return ()
    return tuple(entry for view in views if isinstance(view, HelpView) for entry in view.entries)
