"""Breakpoints, and the other things a run can stop at."""

from dataclasses import dataclass, field
from enum import Enum

from edu_hv.hypervisor.decisions import ConsoleLine, DecisionTaken
from edu_hv.isa.errors import UserError
from edu_hv.machine.events import Event, InterruptionRecognized


class StopAt(Enum):
    """Kinds of places a run goes to; the value is used in messages."""

    BREAKPOINT = "breakpoint"
    TRAP = "trap"
    DECISION = "decision of CP"
    OUTPUT = "console output"

    @property
    def plural(self) -> str:
        """For "no more traps"."""
        return {StopAt.OUTPUT: "console output", StopAt.DECISION: "decisions of CP"}.get(self, f"{self.value}s")

    def matches(self, event: Event) -> bool:
        """Whether an event is of this kind."""
        kind = _EVENTS.get(self)
        within = isinstance(event, DecisionTaken) and event.within
        return kind is not None and isinstance(event, kind) and not within


_EVENTS: dict[StopAt, type] = {
    StopAt.TRAP: InterruptionRecognized,
    StopAt.DECISION: DecisionTaken,
    StopAt.OUTPUT: ConsoleLine,
}


@dataclass
class Breakpoint:
    """An address; the run stops before the instruction there is executed, in any guest or in one."""

    number: int
    address: int
    label: str = ""
    hits: int = 0

    @property
    def words(self) -> str:
        """As a reason for a stop."""
        return f"breakpoint {self.number} at {self.label or f'{self.address:06X}'}"


@dataclass
class Breakpoints:
    """All breakpoints of a session, by number."""

    by_number: dict[int, Breakpoint] = field(default_factory=dict)
    _next: int = 1

    def add(self, address: int, label: str) -> Breakpoint:
        """A new breakpoint; the one already at that address if there is one."""
        old = self.at(address)
        if old is not None:
            return old
        new = Breakpoint(self._next, address, label)
        self.by_number[self._next] = new
        self._next += 1
        return new

    def delete(self, number: int) -> None:
        """Remove one.  Raises UserError when there is none of that number."""
        if number not in self.by_number:
            known = ", ".join(map(str, self.by_number))
            numbers = f"set are: {known}" if known else "none is set"
            raise UserError(f"there is no breakpoint {number}; {numbers}")
        del self.by_number[number]

    def at(self, address: int) -> Breakpoint | None:
        """The breakpoint at an address."""
        return next((b for b in self.by_number.values() if b.address == address), None)

    def addresses(self) -> set[int]:
        """Where the breakpoints are."""
        return {b.address for b in self.by_number.values()}
