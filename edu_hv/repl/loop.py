"""The conversation: reads a line, runs it, until Ctrl-D.  What a command does and shows is in `runner` and `report`."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from edu_hv import __version__
from edu_hv.debugger.commands.registry import Command
from edu_hv.isa.errors import UserError
from edu_hv.repl.choices import Choices
from edu_hv.repl.files import log_defect
from edu_hv.repl.prompt import PROMPT
from edu_hv.repl.runner import RUNS, Outcome, Runner, command_of

WELCOME = f"edu-hv {__version__}: help lists the commands, Tab completes, Ctrl-C stops a running guest, Ctrl-D leaves."
WELCOME_LINEAR = (
    f"edu-hv {__version__}, a line at a time: help lists the commands, a question mark behind a command lists what can "
    "follow, say repeats the last step, verbosity normal tells more, Ctrl-C stops a running guest, Ctrl-D leaves."
)

ReadLine = Callable[[], str]


class Loop:
    """One sitting at the prompt."""

    def __init__(self, runner: Runner, read: ReadLine, repeats: bool = True, choices: Choices | None = None) -> None:
        self._runner = runner
        self._read = read
        self._repeats = repeats
        self._choices = choices
        self._last = ""

    def run(self) -> int:
        """Read and run lines until the end; the work is saved however it ends.  Exit code 0, or 1 if saving failed."""
        try:
            with ended_by_signals():
                while self._turn():
                    pass
        finally:
            self._runner.background.stop()
            saved = self._save()
        return 0 if saved else 1

    def welcome(self, where: bool = True) -> None:
        """What is shown first: how to get help and to leave, and the lesson or `where` the machine stands."""
        screen, workbench = self._runner.screen, self._runner.workbench
        screen.say(WELCOME_LINEAR if self._choices else WELCOME)
        if not where:
            screen.show_views(workbench.take_messages())
            return
        lesson = workbench.lesson_view()
        try:
            screen.show_views([*workbench.take_messages(), lesson or workbench.session.status()])
        except UserError:
            screen.say("Nothing is loaded yet; load brings in a guest, lesson begins a lesson.")

    def _turn(self) -> bool:
        """One line, or several that were pasted.  False when the person leaves."""
        try:
            return all(self._runs(line) for line in self._lines())
        except KeyboardInterrupt:  # Ctrl-C while typing drops the line; while a guest runs it never comes here
            self._runner.background.interrupt()
            return True
        except EOFError:
            return False

    def _lines(self) -> Iterator[str]:
        """What is to be run: a line that is empty is the last one again."""
        typed = self._read()
        for line in typed.splitlines() or [""]:
            line = line.strip()
            if line.startswith("#") and not line.lower().startswith("#cp"):
                continue
            line = line or (self._last if self._repeats and not typed.strip() else "")
            if line and self._choices:
                line = self._choices.meant(line)
            if line:
                yield line

    def _runs(self, line: str) -> bool:
        try:
            outcome = self._run(line)
        except UserError as error:
            self._runner.error, self._runner.error_at = str(error), None
            outcome = Outcome.FAILED
        if outcome is Outcome.QUIT:
            return False
        self._last = ""
        if outcome is Outcome.FAILED:
            self._complain(line)
        elif line.endswith("&"):
            pass
        elif (command := command_of(line)).repeats:
            self._last = again(line, command)
        return True

    def _run(self, line: str) -> Outcome:
        """Run a line; one that ends in & goes on while the person types, if it runs the machine."""
        if line.endswith("&") and command_of(line).group == RUNS:
            self._runner.run_on(line[:-1].strip())
            return Outcome.DONE
        return self._runner.run(line)

    def _complain(self, line: str) -> None:
        """The error; below the line that was typed a mark stands under the wrong word, if it is not the first."""
        runner = self._runner
        if runner.error_at and self._choices is None and "\n" not in line:
            runner.screen.mark(len(PROMPT) + runner.error_at)
        runner.screen.say(runner.error, "error")

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


def again(line: str, command: Command) -> str:
    """The line that does it again: of what goes on behind what it showed the format stays, "x/8xw" for "x/8xw 2000"."""
    word = line.split()[0]
    return (word if "/" in word else command.again) if command.again else line


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
