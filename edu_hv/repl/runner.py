"""Runs one command line for the prompt and for scripts: what it shows, and what becomes of its errors."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import copy_context
from types import FrameType

from edu_hv.debugger.commands.registry import REGISTRY, Command
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.views import View
from edu_hv.isa.errors import UserError
from edu_hv.repl import commands
from edu_hv.repl.background import Background
from edu_hv.repl.complaints import FULL, is_full
from edu_hv.repl.files import log_defect
from edu_hv.repl.outcome import Ended, Outcome
from edu_hv.repl.render import Screen
from edu_hv.repl.report import Before, Verbosity, look, output, report
from edu_hv.repl.script import Scripts
from edu_hv.repl.serve import face
from edu_hv.tutor.workbench import Workbench

__all__ = ["Outcome", "Runner", "command_of"]

LOOK_SECONDS = 0.3
"""How often one looks at the consoles while a command goes on."""
PROGRESS_SECONDS = 10.0
"""How often a listener is told how far a long command has come."""
RUNS = "run"
"""The group of the commands that can go on in the background."""
NOT_SHOWN = "You stopped it; the rest is not shown."


class Runner:
    """Executes lines on a workbench and shows the outcome on a screen."""

    def __init__(self, workbench: Workbench, screen: Screen) -> None:
        self.workbench = workbench
        self.screen = screen
        self.error = ""
        """What the last failed line did wrong, in one sentence."""
        self.error_at: int | None = None
        """Where in that line, from 0, the wrong word begins, if it is known."""
        self.background = Background(workbench, screen.say)
        self.scripts = Scripts(self.run, screen, lambda: self.error)
        face(workbench, screen.say)

    @property
    def session(self) -> DebugSession:
        """The session behind the workbench."""
        return self.workbench.session

    def run(self, line: str) -> Outcome:
        """Execute a line and show what came of it; on failure `error` says why and nothing is shown."""
        try:
            return self._run(line)
        except UserError as error:
            return self._failed(str(error), getattr(error, "column", None))
        except Ended as ended:
            return ended.outcome
        except BrokenPipeError:
            raise
        except Exception as error:  # noqa: BLE001  a defect of ours must not cost the person the session
            if is_full(error):
                return self._failed(FULL)
            return self._failed(log_defect(error, line))

    def _failed(self, sentence: str, column: int | None = None) -> Outcome:
        self.error, self.error_at = sentence, column
        return Outcome.FAILED

    def _run(self, line: str) -> Outcome:
        command = command_of(line)
        if command.name == "quit":
            return Outcome.QUIT
        self.background.allow(command)
        if line.endswith("&") and command.group == RUNS:
            raise UserError("a script waits for its commands; only at the prompt can one type on: leave out the &")
        if command.group == commands.GROUP:  # these are about the prompt, and may run lines themselves
            self.screen.show_views(REGISTRY.execute(self, line))
            return Outcome.DONE
        return self._on_the_machine(line)

    def _on_the_machine(self, line: str) -> Outcome:
        with interruptible(self.workbench) as interrupts:
            with Onlooker(self.workbench, self.screen) as onlooker:
                views: list[View] = self.workbench.execute(line)
            before = len(interrupts)
            if interrupts:
                self.screen.fresh_line()
            blocks = report(self.workbench, onlooker.before, views, self.screen.width, self.screen.verbosity)
            self.screen.show(blocks, enough=lambda: len(interrupts) > before)
            if len(interrupts) > before:
                self.screen.say(NOT_SHOWN)
        return Outcome.INTERRUPTED if interrupts else Outcome.DONE

    def run_on(self, line: str) -> None:
        """Execute a line of the group "run" while one types on.  Raises UserError for any other."""
        command = command_of(line)
        self.background.allow(command)
        if command.group != RUNS:
            raise UserError(f"only what runs the machine goes on while you type, run & for example; not {command.name}")
        apart = Runner.__new__(Runner)
        apart.__dict__.update(self.__dict__)

        def go_on() -> None:
            if apart.run(line) is Outcome.FAILED:
                self.screen.say(apart.error, "error")

        self.background.start(line, go_on)


class Onlooker:
    """Shows what guests type while a command goes on, from a thread of its own, which changes nothing of the machine.

    Only when lines are shown depends on the clock; which, and in what order, does not.  A listener is also told now
    and then how far the machine has come.
    """

    def __init__(self, workbench: Workbench, screen: Screen) -> None:
        self.before: Before = look(workbench)
        """What was there before the command, with the lines that have been shown."""
        self._workbench, self._screen = workbench, screen
        self._over = threading.Event()
        # In the same context, so that it prints to where the prompt does.
        self._thread = threading.Thread(target=copy_context().run, args=(self._look_on,), daemon=True)

    def __enter__(self) -> "Onlooker":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look_on(self) -> None:
        told = time.monotonic()
        while not self._over.wait(LOOK_SECONDS):
            views, before = output(self._workbench, self.before, over=False)
            try:
                self._screen.show_views(views)
                if self._screen.verbosity is Verbosity.SPOKEN and time.monotonic() - told > PROGRESS_SECONDS:
                    self._screen.say(progress(self._workbench))
                    told = time.monotonic()
            except OSError:  # nobody reads any more: the report at the end will find that out too
                return
            self.before = before


def progress(workbench: Workbench) -> str:
    """How far a command under way has come."""
    with suppress(UserError):
        return f"Still running, at step {workbench.session.step_number:,}; Ctrl-C stops it."
    return "Still at it."


def command_of(line: str) -> Command:
    """The command that a line means; "q virtual" is CP's.  Raises UserError when there is none."""
    return REGISTRY.of_line(line)


@contextmanager
def interruptible(workbench: Workbench) -> Iterator[list[int]]:
    """While inside, Ctrl-C stops the running guest at its next instruction and is noted in the list given.

    Python runs the handler between two of its own instructions, in this same thread, so the session needs no lock.
    """
    interrupts: list[int] = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        interrupts.append(number)
        workbench.session.interrupt()

    if threading.current_thread() is not threading.main_thread():
        yield interrupts
        return
    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield interrupts
    finally:
        signal.signal(signal.SIGINT, before)
