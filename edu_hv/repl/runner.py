"""Runs one command line for the prompt and for scripts: what it shows, and what becomes of its errors."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from types import FrameType

from edu_hv.debugger.commands.registry import REGISTRY
from edu_hv.debugger.views import View
from edu_hv.isa.errors import UserError
from edu_hv.repl.files import log_defect
from edu_hv.repl.render import Screen
from edu_hv.repl.report import look, report
from edu_hv.repl.serve import face
from edu_hv.tutor.workbench import Workbench


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
                before = look(self.workbench)
                views: list[View] = self.workbench.execute(line)
                if interrupted:
                    self.screen.fresh_line()
                self.screen.show(report(self.workbench, before, views, self.screen.width))
        except UserError as error:
            self.error = str(error)
            return Outcome.FAILED
        except BrokenPipeError:
            raise
        except Exception as error:  # noqa: BLE001  a defect of ours must not cost the person the session
            self.error = log_defect(error, line)
            return Outcome.FAILED
        return Outcome.INTERRUPTED if interrupted else Outcome.DONE


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
