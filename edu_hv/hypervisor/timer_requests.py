"""CP's timer-request queue: what is to happen at a certain time (TRQBLOK).  SY20-0886 "Timer Request Queue".

The real clock comparator is set to the first of them; its external interruption makes CP look at the queue.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any

_NEVER = (1 << 64) - 1


class Request(Enum):
    """What a request is for."""

    CLOCK_COMPARATOR = "the guest's clock comparator"
    INTERVAL_TIMER = "the guest's interval timer, which counts its wait"
    CPU_TIMER = "the guest's CPU timer, which counts its wait"
    SLEEP = "the end of SLEEP"
    FORCE = "the end of a disconnected machine that waits for its terminal"
    CHANNEL = "an interpreted channel program that is not finished"


@dataclass(frozen=True, order=True)
class TRQBLOK:
    """One request: machine time in microseconds, userid, and what for."""

    due: int
    userid: str
    what: str
    """The name of a `Request`."""


class TimerRequests:
    """The queue, in the order of time.  A machine has at most one request of each kind."""

    def __init__(self) -> None:
        self.queue: tuple[TRQBLOK, ...] = ()

    def set(self, due: int, userid: str, what: Request) -> None:
        """Ask for that at machine time `due`, in place of an earlier request of the kind."""
        others = [r for r in self.queue if (r.userid, r.what) != (userid, what.name)]
        self.queue = tuple(sorted([*others, TRQBLOK(due, userid, what.name)]))

    def cancel(self, userid: str, what: Request | None = None) -> None:
        """Forget a request, or all of the machine's."""
        kept = [r for r in self.queue if r.userid != userid or (what is not None and r.what != what.name)]
        self.queue = tuple(kept)

    def take_due(self, now: int) -> list[TRQBLOK]:
        """The requests whose time has come; they leave the queue."""
        due = [request for request in self.queue if request.due <= now]
        self.queue = self.queue[len(due) :]
        return due

    @property
    def next_due(self) -> int | None:
        """Machine time of the first request."""
        return self.queue[0].due if self.queue else None

    def comparator(self, tod_at_zero: int) -> int:
        """What the real clock comparator is set to: it interrupts when the TOD clock is greater."""
        due = self.next_due
        return _NEVER if due is None else tod_at_zero + (due << 12) - 1

    def state(self) -> Any:
        """A checkpoint."""
        return self.queue

    def restore(self, state: Any) -> None:
        """Go back to a checkpoint."""
        self.queue = state
