"""The line one types on: completion, colours, history, the toolbar below, and what the keys do."""

import os
import sys
from collections.abc import Iterable
from contextlib import nullcontext

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.filters import Condition, completion_is_selected, has_completions
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.history import History
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.patch_stdout import patch_stdout

from edu_hv.debugger.commands.arguments import guest_names, labels
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.views import StatusView
from edu_hv.isa.errors import UserError
from edu_hv.repl.background import Background
from edu_hv.repl.completion import CommandCompleter
from edu_hv.repl.line_lexer import prompt_lexer
from edu_hv.repl.render import STYLE
from edu_hv.tutor.workbench import Workbench

PROMPT = "cp> "
REFRESH_SECONDS = 0.5
"""How often the toolbar is drawn anew while a guest runs in the background."""
ESCAPE_SECONDS = 0.1
"""Within which what follows an escape character is a key of the terminal and not a key of its own."""
LINES_OF_MENU = 6
"""Lines kept free below the prompt for the words that complete a line."""


class PromptReader:
    """Reads lines with prompt_toolkit.  While a guest runs in the background nothing of the machine is looked at."""

    def __init__(self, workbench: Workbench, history: History, background: Background | None = None) -> None:
        self._workbench = workbench
        self._background = background or Background(workbench, print)
        self._bar: tuple[str, str] = ("", "")
        self._words: list[str] = []
        self._looked_at_rest = False
        self._session: PromptSession[str] = PromptSession(
            history=history,
            completer=CommandCompleter(workbench, lambda: bool(self._background.line)),
            lexer=prompt_lexer(lambda: self._words),
            auto_suggest=AutoSuggestFromHistory(),
            key_bindings=self._keys(),
            style=STYLE,
            include_default_pygments_style=False,
            color_depth=ColorDepth.DEPTH_1_BIT if os.environ.get("NO_COLOR") else None,
            enable_suspend=True,
            reserve_space_for_menu=LINES_OF_MENU,
        )
        self._session.app.ttimeoutlen = ESCAPE_SECONDS
        self._background.over = self._session.app.invalidate

    def __call__(self) -> str:
        """A line.  Raises EOFError for Ctrl-D, KeyboardInterrupt for Ctrl-C."""
        self._look()
        # What a guest types while one types comes out above the line.
        above = patch_stdout(raw=True) if self._background.line else nullcontext()
        with above:
            refreshed = REFRESH_SECONDS if self._background.line else 0
            return self._session.prompt(PROMPT, bottom_toolbar=self._toolbar, refresh_interval=refreshed)

    def _look(self) -> None:
        """Look at the machine once a line, not once a key; while it runs, do not look."""
        self._looked_at_rest = not self._background.line
        if self._looked_at_rest:
            self._bar = toolbar(self._workbench)
            self._words = known_words(self._workbench.session)

    def _toolbar(self) -> FormattedText:
        columns, line = self._session.output.get_size().columns, self._background.line
        if line:
            where = f"running: {line}, {self._background.position}"
            return fitted((where, "Ctrl-C or stop stops it"), columns, "class:bottom-toolbar.running")
        if not self._looked_at_rest:
            self._look()
        return fitted(self._bar, columns)

    def _keys(self) -> KeyBindings:
        """Enter on a chosen completion takes it, and a second Enter runs the line; Escape closes the menu."""
        keys = KeyBindings()

        @keys.add("enter", filter=completion_is_selected)
        def take(event: KeyPressEvent) -> None:
            event.current_buffer.complete_state = None

        @keys.add("escape", filter=has_completions, eager=True)
        def close(event: KeyPressEvent) -> None:
            event.current_buffer.cancel_completion()

        @keys.add("c-c", filter=Condition(lambda: bool(self._background.line)))
        def stop(event: KeyPressEvent) -> None:
            self._background.interrupt()

        return keys


def known_words(session: DebugSession) -> list[str]:
    """Labels and guests, which have a colour of their own."""
    return [word.partition("\t")[0] for word in (*labels(session), *guest_names(session))]


def toolbar(workbench: Workbench) -> tuple[str, str]:
    """Where we are: guest, step, why it stopped; and the lesson's next goal, or "" outside a lesson."""
    try:
        status: StatusView | None = workbench.session.status()
    except UserError:
        status = None
    where = "nothing loaded"
    if status:
        # "step 7 of 1,204" is the position; the states are those of the status line of the screen
        place = f"step {status.step:,} of {status.total:,}{branch_words(workbench)}"
        where = " | ".join([status.guest or "nobody", place, status.stop, *_states(status)])
    lesson = workbench.lesson_view()
    goal = next((goal for goal in lesson.goals if not goal.done), None) if lesson else None
    if goal is not None:
        return where, f"goal {goal.number}: {goal.text}"
    return where, f"lesson {lesson.number} is done" if lesson else ""


def _states(status: StatusView) -> Iterable[str]:
    """The guest's state, and the real machine's where it is another."""
    if not status.guest:
        return []
    if status.guest_state == status.real_state:
        return [status.guest_state]
    return [f"guest {status.guest_state}, real {status.real_state}"]


def branch_words(workbench: Workbench) -> str:
    """The branch of history one is on, while there are several."""
    recording = workbench.session.recording
    return f" on {recording.branch}" if recording.branches else ""


def fitted(parts: tuple[str, str], columns: int, style: str = "") -> FormattedText:
    """The toolbar in one row, or in two; three full stops say that there is more, which `status` and `goals` show."""
    row = " | ".join(part for part in parts if part)
    rows = [row] if len(row) <= columns else [part for part in parts if part]
    return FormattedText([(style, "\n".join(r if len(r) <= columns else r[: columns - 3] + "..." for r in rows))])


def linear_reader() -> str:
    """A line without any redrawing, for screen readers and dumb terminals.  Raises EOFError at the end."""
    return input(PROMPT)


def is_dumb() -> bool:
    """Whether the terminal can redraw nothing: lines are then read plainly."""
    return os.name == "posix" and os.environ.get("TERM", "") in ("", "dumb", "unknown") and sys.stdin.isatty()
