"""Runs one command line for the prompt and for scripts: what it shows, and what becomes of its errors."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from enum import Enum
from types import FrameType

from edu_hv.debugger.commands.registry import REGISTRY
from edu_hv.debugger.views import View
from edu_hv.isa.errors import UserError
from edu_hv.repl.files import log_defect
from edu_hv.repl.render import Screen
from edu_hv.repl.report import Before, look, output, report
from edu_hv.repl.serve import face
from edu_hv.tutor.workbench import Workbench

LOOK_SECONDS = 0.3
"""How often one looks at the consoles while a command goes on."""


class Outcome(Enum):
    """How a command line ended."""

    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    QUIT = "quit"


class Runner:
    """Executes lines on a workbench and shows the outcome on a screen."""

    def __init__(self, workbench: Workbench, screen: Screen) -> None:
        self.workbench = workbench
        self.screen = screen
        self.error = ""
        """What the last failed line did wrong, in one sentence."""
        face(workbench, screen.say)

    def run(self, line: str) -> Outcome:
        """Execute a line and show what came of it; on failure `error` says why and nothing is shown."""
        try:
            if name_of(line) == "quit":
                return Outcome.QUIT
            with interruptible(self.workbench) as interrupted:
                with Onlooker(self.workbench, self.screen) as onlooker:
                    views: list[View] = self.workbench.execute(line)
                if interrupted:
                    self.screen.fresh_line()
                self.screen.show(report(self.workbench, onlooker.before, views, self.screen.width))
        except UserError as error:
            self.error = str(error)
            return Outcome.FAILED
        except BrokenPipeError:
            raise
        except Exception as error:  # noqa: BLE001  a defect of ours must not cost the person the session
            self.error = log_defect(error, line)
            return Outcome.FAILED
        return Outcome.INTERRUPTED if interrupted else Outcome.DONE


class Onlooker:
    """Shows what guests type while a command goes on, from a thread of its own, which changes nothing of the machine.

    Only when lines are shown depends on the clock; which, and in what order, does not.
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
        while not self._over.wait(LOOK_SECONDS):
            views, before = output(self._workbench, self.before, over=False)
            try:
                self._screen.show_views(views)
            except OSError:  # nobody reads any more: the report at the end will find that out too
                return
            self.before = before


def name_of(line: str) -> str:
    """The full name of a line's command.  Raises UserError when there is none."""
    return REGISTRY.find(line.split()[0]).name


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
