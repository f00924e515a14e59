"""How a command line ended."""

from enum import Enum


class Outcome(Enum):
    """How a command line ended."""

    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    QUIT = "quit"


class Ended(Exception):
    """A command of the prompt's own, such as a script, ended in another way than by being done or by an error."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.value)
        self.outcome = outcome
