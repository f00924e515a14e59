"""The program `edu-hv-tui`, and what `edu-hv` starts: themes, the terminal's abilities, and the main screen."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from textual.app import App

from edu_hv.isa.errors import UserError
from edu_hv_tui import failures, themes
from edu_hv_tui.screens.main import MainScreen
from edu_hv_tui.text.frame import ASCII, LINES
from edu_hv_tui.widgets.pane import Pane

if TYPE_CHECKING:
    from edu_hv.tutor.workbench import Workbench

WITHOUT_COLOUR = ("dumb", "vt52", "vt100", "vt102", "vt220", "vt320")
"""Terminals that show no colours."""

NOT_A_TERMINAL = "the full screen needs a terminal; run edu-hv repl"


class EduHvApp(App[None]):
    """One main screen over one workbench."""

    TITLE = "edu_hv"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, workbench: "Workbench") -> None:
        colourless = "NO_COLOR" in os.environ or os.environ.get("TERM", "") in WITHOUT_COLOUR
        if colourless:
            os.environ["NO_COLOR"] = "1"
        super().__init__(ansi_color=True if colourless else None)
        self.colourless = colourless
        self.animation_level = "none"
        self._workbench = workbench
        for theme in themes.THEMES:
            self.register_theme(theme)
        self.theme = themes.WITHOUT_COLOUR if colourless else themes.NAMES[0]

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our names, for the moment before the first theme is set."""
        return themes.variables(themes.DARK)

    def on_mount(self) -> None:
        screen = MainScreen(self._workbench)
        screen.set_class(self.colourless, "-colourless")
        self.push_screen(screen)
        if not self.is_headless:
            self._hear_signals()

    def _hear_signals(self) -> None:
        """A closed terminal or a `kill` ends the program in good order, so that terminal and work are left well."""
        for name in ("SIGHUP", "SIGTERM"):
            with suppress(AttributeError, NotImplementedError, ValueError):  # not on every system
                number = getattr(signal, name)
                asyncio.get_running_loop().add_signal_handler(number, self._leave, number)

    def _leave(self, number: int) -> None:
        self._workbench.session.interrupt()
        self.exit(return_code=128 + number)

    def action_next_theme(self) -> None:
        """Dark, light, high contrast.  A terminal without colours has only one."""
        if not self.colourless:
            at = themes.NAMES.index(self.theme) if self.theme in themes.NAMES else -1
            self.theme = themes.NAMES[(at + 1) % len(themes.NAMES)]

    def _handle_exception(self, error: Exception) -> None:
        """Textual would print a traceback over the screen.  Ours goes to a file, and the person gets a sentence."""
        if self.is_headless:
            super()._handle_exception(error)
            return
        self._return_code = 1
        self.exit(return_code=1, message=failures.report(error, "drawing the screen"))


def run(open_workbench: "Callable[[], Workbench] | None" = None) -> int:
    """Open a workbench and show it until the person quits.  The value is the exit status."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        sys.stderr.write(NOT_A_TERMINAL + "\n")
        return 2
    Pane.boxes = LINES if _draws_lines() else ASCII
    try:
        workbench = open_workbench() if open_workbench else _open()
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except Exception as error:  # noqa: BLE001 - our own mistake: written down, and told in a sentence
        sys.stderr.write(failures.report(error, "opening the lesson") + "\n")
        return 1
    app = EduHvApp(workbench)
    try:
        app.run()
    finally:
        workbench.save()
    return app.return_code or 0


def _open() -> "Workbench":
    """The lesson where the student left."""
    from edu_hv.tutor.workbench import Workbench

    return Workbench.open()


def _draws_lines() -> bool:
    """Whether the terminal can be trusted with characters for frames."""
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    return encoding == "utf8" and os.environ.get("TERM", "") not in WITHOUT_COLOUR


def main() -> int:
    """The command `edu-hv-tui`."""
    return run()


if __name__ == "__main__":
    sys.exit(main())
