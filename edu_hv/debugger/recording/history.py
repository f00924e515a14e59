"""One course of events: what is kept of a recording besides the machine.  A fork keeps the old one under its name."""

from dataclasses import dataclass, field

from edu_hv.debugger.recording.checkpoints import Checkpoints, most_of
from edu_hv.debugger.recording.journal import Journal
from edu_hv.debugger.recording.runs import Boundaries, Runs
from edu_hv.debugger.system import System
from edu_hv.hypervisor.decisions import ConsoleLine

FIRST_BRANCH = "main"


@dataclass
class History:
    """What happened from the start to `end`.  `boundaries[n]` is the position at which step n was complete."""

    name: str
    journal: Journal
    boundaries: Boundaries
    checkpoints: Checkpoints
    end: int
    """The last position recorded."""
    marks: Runs = field(default_factory=Runs)
    """One character a step: what it was, for the timeline."""
    whose: Runs = field(default_factory=Runs)
    """Whose each step was: 0 for CP, a wait or an input, else the number of the guest, from 1."""
    visited: dict[tuple[str, int], int] = field(default_factory=dict)
    """Guest and address of each instruction executed, and the position at which it first had been."""
    numbers: dict[str, int] = field(default_factory=dict)
    """Of the guests, from 1, in the order in which they first ran."""
    named: dict[str, int] = field(default_factory=dict)
    """Positions that a person has given a name."""
    console_lines: int = 0
    """Of the bare machine's console, that events were made of."""
    parent: str = ""
    """The branch that it left."""
    fork: int = 0
    """The position at which it did."""
    because: str = ""
    """What was done otherwise there."""
    stood_at: int = 0
    """The position at which it was left for another branch."""

    @classmethod
    def begin(cls, system: System) -> "History":
        """Of a system that has just been made."""
        start = system.machine.units
        checkpoints = Checkpoints(most_of(system.machine.storage.size))
        checkpoints.keep(start, system.state())
        return cls(FIRST_BRANCH, Journal(start), Boundaries(start), checkpoints, start)

    @property
    def total(self) -> int:
        """Steps recorded, the last one perhaps not to its end."""
        return len(self.boundaries) - 1 + (self.end > self.boundaries[-1])

    def step_at(self, unit: int) -> int:
        """Steps complete at a position, one under way counted."""
        completed = self.boundaries.last_at(unit)
        return completed + (unit > self.boundaries[completed])

    def fork_at(self, unit: int, name: str, because: str) -> "History":
        """The same up to a position: the beginning of another course."""
        new = History(
            name,
            self.journal.copy(),
            self.boundaries.copy(),
            self.checkpoints.copy(),
            self.end,
            self.marks.copy(),
            self.whose.copy(),
            dict(self.visited),
            dict(self.numbers),
            dict(self.named),
            self.console_lines,
            self.name,
            unit,
            because,
        )
        new.cut(unit)
        return new

    def cut(self, unit: int) -> None:
        """Forget what is behind a position."""
        self.journal.went_to(unit)
        self.journal.cut()
        completed = self.boundaries.last_at(unit)
        in_step = self.boundaries[completed] != unit
        self.boundaries.cut(completed + 1)
        self.marks.cut(completed)
        self.whose.cut(completed + in_step)
        self.visited = {place: first for place, first in self.visited.items() if first <= unit}
        self.named = {name: at for name, at in self.named.items() if at <= unit}
        self.end = unit
        self.console_lines = self.journal.count_of(ConsoleLine)
        self.checkpoints.cut(unit + 1)
