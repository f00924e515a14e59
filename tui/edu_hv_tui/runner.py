"""Command lines, one at a time: what runs now, what waits, what is refused, and what came out."""

from collections import deque
from typing import TYPE_CHECKING

from edu_hv.debugger.commands.registry import Completion
from edu_hv.debugger.views import View
from edu_hv.isa.errors import UserError
from edu_hv_tui import failures

if TYPE_CHECKING:
    from edu_hv.tutor.workbench import Workbench

Outcome = list[View] | str
"""The views that a command returned, or the sentence that says why there are none."""

QUICK = frozenset(
    ("step", "back", "stage", "unstage", "differs", "select", "break", "delete", "why", "hint", "goals", "lesson")
)
"""Commands that are over before the next frame when they are given no operands: they need no thread."""

ELSEWHERE = {
    "serve": "serve is not in the full screen; it is in edu-hv repl: leave with q, begin edu-hv repl, and type it there"
}
"""Commands of the other face, and what is said of them here."""

QUEUED = 8
"""Keys kept while a command that has only just begun is going on."""


class Runner:
    """Knows the workbench and no widget.  `execute` may be called in a thread, all else only by the screen."""

    def __init__(self, workbench: "Workbench") -> None:
        self.workbench = workbench
        self.going = ""
        """The command line under way in a thread."""
        self.long = False
        """It takes so long that the screen says so; from then on keys are refused."""
        self._stopping = False
        self._waiting: deque[tuple[str, str]] = deque()

    def execute(self, line: str) -> Outcome:
        """Run a command line to its end."""
        if elsewhere(line):
            return elsewhere(line)
        try:
            return self.workbench.execute(line)
        except UserError as error:
            return str(error)
        except Exception as error:  # noqa: BLE001 - our own mistake: written down, told in a sentence, never a traceback
            return failures.report(error, line)

    def complete(self, line: str) -> list[Completion]:
        """Words that can stand at the end of the line; none while the machine runs."""
        if self.going:
            return []
        try:
            return self.workbench.complete(line)
        except UserError:
            return []

    def marks(self) -> dict[str, int]:
        """Moments with names, and their steps, in the order they were given; none before anything is loaded."""
        try:
            return self.workbench.session.named_steps()
        except UserError:
            return {}

    def wait(self, line: str, key: str) -> str:
        """Keep a command until the one under way is over; the sentence if it is refused instead."""
        if self.long or len(self._waiting) >= QUEUED:
            return f"{line}: not now, {self.going} is still running; esc stops it"
        self._waiting.append((line, key))
        return ""

    def over(self) -> None:
        """The command in the thread has ended."""
        self.going, self.long, self._stopping = "", False, False

    def next(self) -> tuple[str, str] | None:
        """The command that has waited longest, with its key."""
        return self._waiting.popleft() if self._waiting else None

    def forget(self) -> None:
        """Nothing that waits is to be run any more: what it was meant to follow did not happen."""
        self._waiting.clear()

    def stop(self) -> None:
        """Stop the machine, and forget what waits."""
        self.forget()
        self._stopping = True
        self.workbench.session.interrupt()

    def insist(self) -> None:
        """Stop the machine again if it was to stop: the first time its run may just not have begun."""
        if self._stopping:
            self.workbench.session.interrupt()


def elsewhere(line: str) -> str:
    """What is said of a command that this face does not have; "" for all others."""
    word = (line.strip().removeprefix(":").split() or [""])[0].lower()
    return next((said for name, said in ELSEWHERE.items() if len(word) > 2 and name.startswith(word)), "")
