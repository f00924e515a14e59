"""The palette: every command of the registry and what the screen can do, to be searched and chosen from."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.screen import ModalScreen
from textual.widgets import Input

from edu_hv_tui.text.palette import Entry, entries, entry_row, found
from edu_hv_tui.text.rows import Row, row
from edu_hv_tui.widgets.label import Label
from edu_hv_tui.widgets.pane import Pane

NOTHING = "nothing is called so, or does that; backspace takes letters back"


class PalettePane(Pane[tuple[Entry, ...]], can_focus=False):
    """What was found; one of it is chosen."""

    chosen = 0

    def title(self) -> str:
        return f"commands  {len(self.view or ())}"

    def note(self) -> str:
        return self.view[self.chosen].words if self.view else "esc closes"

    def content(self, view: tuple[Entry, ...], width: int, height: int) -> Sequence[Row]:
        if not view:
            return [row((NOTHING, "quiet"))]
        self.scrolled = max(self.chosen - height + 1, min(self.scrolled, self.chosen))
        return [entry_row(each, at == self.chosen, width) for at, each in enumerate(view)]

    def choose(self, by: int) -> None:
        """Another one, so many further down."""
        self.chosen = max(0, min(self.chosen + by, len(self.view or ()) - 1))
        self.update_rows()

    def find(self, view: tuple[Entry, ...]) -> None:
        """What was found of what is typed now; the best is chosen."""
        self.chosen = self.scrolled = 0
        self.view = view
        self.update_rows()


class Palette(ModalScreen[Entry | None]):
    """Gives what was chosen, or nothing when it is closed."""

    BINDINGS = [
        Binding("escape,ctrl+p", "dismiss", "close", show=False, priority=True),
        Binding("up", "choose(-1)", "up", show=False),
        Binding("down", "choose(1)", "down", show=False),
        Binding("pageup", "turn(-1)", "page up", show=False),
        Binding("pagedown", "turn(1)", "page down", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._entries = entries()
        self._pane = PalettePane(id="palette")
        self._pane.view = tuple(self._entries)
        self._typed = Input(id="search", compact=True, select_on_focus=False)
        self._typed.cursor_blink = False

    def compose(self) -> ComposeResult:
        with Horizontal(id="search-line"):
            yield Label("search: ", id="search-label")
            yield self._typed
        yield self._pane

    def on_mount(self) -> None:
        self._typed.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        self._pane.find(tuple(found(self._entries, event.value)))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self._pane.view:
            self.dismiss(self._pane.view[self._pane.chosen])

    def action_choose(self, by: int) -> None:
        """Move the choice."""
        self._pane.choose(by)

    def action_turn(self, pages: int) -> None:
        """Move the choice by what can be seen."""
        self._pane.choose(pages * max(1, self._pane.size.height - 3))
