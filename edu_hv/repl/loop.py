"""The prompt: reads a line, runs it, until Ctrl-D.  All that a command does and shows is in `runner` and `report`."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.filters import completion_is_selected
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.history import History
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output import ColorDepth

from edu_hv import __version__
from edu_hv.debugger.views import StatusView
from edu_hv.isa.errors import UserError
from edu_hv.repl.completion import CommandCompleter
from edu_hv.repl.files import log_defect
from edu_hv.repl.render import STYLE
from edu_hv.repl.runner import Outcome, Runner, name_of
from edu_hv.tutor.workbench import Workbench

PROMPT = "cp> "
WELCOME = f"edu-hv {__version__}: help lists the commands, Tab completes, Ctrl-C stops a running guest, Ctrl-D leaves."
REPEATED = {
    *("step", "back", "stage", "unstage", "trap", "untrap", "decision", "undecision"),
    *("run", "runback", "until", "output", "unoutput"),
}
"""An empty line does these again, as in gdb."""

ReadLine = Callable[[], str]


class Loop:
    """One sitting at the prompt."""

    def __init__(self, runner: Runner, read: ReadLine, repeats: bool = True) -> None:
        self._runner = runner
        self._read = read
        self._repeats = repeats
        self._last = ""

    def run(self) -> int:
        """Read and run lines until the end; the work is saved however it ends.  Exit code 0, or 1 if saving failed."""
        try:
            with ended_by_signals():
                while self._turn():
                    pass
        finally:
            saved = self._save()
        return 0 if saved else 1

    def welcome(self) -> None:
        """What is shown first: how to get help and to leave, and the lesson or where the machine stands."""
        screen, workbench = self._runner.screen, self._runner.workbench
        screen.say(WELCOME)
        lesson = workbench.lesson_view()
        try:
            screen.show_views([*workbench.take_messages(), lesson or workbench.session.status()])
        except UserError:
            screen.say("Nothing is loaded yet; load brings in a guest, lesson begins a lesson.")

    def _turn(self) -> bool:
        """One line.  False when the person leaves."""
        try:
            line = self._line()
            return not line or self._runs(line)
        except KeyboardInterrupt:  # Ctrl-C while typing drops the line; while a guest runs it never comes here
            return True
        except EOFError:
            return False

    def _line(self) -> str:
        line = self._read().strip()
        if line.startswith("#"):
            return ""
        return line or (self._last if self._repeats else "")

    def _runs(self, line: str) -> bool:
        outcome = self._runner.run(line)
        if outcome is Outcome.QUIT:
            return False
        if outcome is Outcome.FAILED:
            self._runner.screen.say(self._runner.error, "error")
            self._last = ""
        else:
            self._last = line if name_of(line) in REPEATED else ""
        return True

    def _save(self) -> bool:
        try:
            self._runner.workbench.save()
        except (UserError, OSError) as error:
            self._runner.screen.say(f"Your work could not be saved: {error}", "error")
            return False
        except Exception as error:  # noqa: BLE001  said in words, as for a command
            self._runner.screen.say(log_defect(error, "save"), "error")
            return False
        return True


def prompt_reader(workbench: Workbench, history: History) -> ReadLine:
    """Lines from prompt_toolkit: completion, suggestions and search (Ctrl-R) in the history, a bottom toolbar."""
    session: PromptSession[str] = PromptSession(
        history=history,
        completer=CommandCompleter(workbench),
        auto_suggest=AutoSuggestFromHistory(),
        key_bindings=_keys(),
        style=STYLE,
        include_default_pygments_style=False,
        color_depth=ColorDepth.DEPTH_1_BIT if os.environ.get("NO_COLOR") else None,
    )

    def read() -> str:
        parts = toolbar(workbench)  # once a line, not once a key
        return session.prompt(PROMPT, bottom_toolbar=lambda: fitted(parts, session.output.get_size().columns))

    return read


def linear_reader() -> str:
    """A line without any redrawing, for screen readers and dumb terminals.  Raises EOFError at the end."""
    return input(PROMPT)


def toolbar(workbench: Workbench) -> tuple[str, str]:
    """Where we are: guest, step, why it stopped; and the lesson's next goal, or "" outside a lesson."""
    try:
        status: StatusView | None = workbench.session.status()
    except UserError:
        status = None
    lesson = workbench.lesson_view()
    where = f"{status.guest} | step {status.step} of {status.total} | {status.stop}" if status else "nothing loaded"
    goal = next((goal for goal in lesson.goals if not goal.done), None) if lesson else None
    if goal is not None:
        return where, f"goal {goal.number}: {goal.text}"
    return where, f"lesson {lesson.number} is done" if lesson else ""


def fitted(parts: tuple[str, str], columns: int) -> FormattedText:
    """The toolbar in one row, or in two; three full stops say that there is more, which `status` and `goals` show."""
    row = " | ".join(part for part in parts if part)
    rows = [row] if len(row) <= columns else [part for part in parts if part]
    return FormattedText([("", "\n".join(r if len(r) <= columns else r[: columns - 3] + "..." for r in rows))])


def _keys() -> KeyBindings:
    """Enter on a chosen completion takes it; a second Enter runs the line."""
    keys = KeyBindings()

    @keys.add("enter", filter=completion_is_selected)
    def take(event: KeyPressEvent) -> None:
        event.current_buffer.complete_state = None

    return keys


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """A closed terminal or a `kill` ends the program in good order, so that the work is saved."""

    def leave(number: int, frame: FrameType | None) -> None:
        sys.exit(128 + number)

    names = [name for name in ("SIGHUP", "SIGTERM") if hasattr(signal, name)]
    try:
        before = {getattr(signal, name): signal.signal(getattr(signal, name), leave) for name in names}
    except ValueError:  # not in the main thread
        before = {}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
