"""Time travel by checkpoint and exact re-execution.

A position is a number of units executed (`Machine.units`).  Checkpoints are taken every so many units; going back
restores one and runs forward.  There is no undo code anywhere.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from typing import Any

from edu_hv.debugger.journal import Journal
from edu_hv.debugger.system import Input, System
from edu_hv.isa.errors import UserError

CHECKPOINT_UNITS = 512
"""Units between checkpoints.  Unchanged frames of storage are shared, so a checkpoint is small."""
MOST_CHECKPOINTS = 400
"""When there are more, every second one of the older half goes: the distant past costs more units to reach."""


class Recording:
    """The past of one system, and, after going back, its known future.

    `boundaries[n]` is the position at which step n was complete; step 0 is the state that was loaded.
    """

    def __init__(self, system: System, journal: Journal) -> None:
        self.system = system
        self.journal = journal
        self.boundaries: list[int] = [system.machine.units]
        self._checkpoints: list[tuple[int, Any]] = []
        self._keep(system.machine.units)

    @property
    def unit(self) -> int:
        """The present position."""
        return self.system.machine.units

    @property
    def step(self) -> int:
        """Steps complete, the one under way counted."""
        completed = bisect_right(self.boundaries, self.unit) - 1
        return completed + (self.unit > self.boundaries[completed])

    @property
    def in_step(self) -> bool:
        """Whether a step is under way: a trap has been recognized and its last stage is still to come."""
        return not self.system.machine.at_boundary

    @property
    def total(self) -> int:
        """Steps recorded."""
        return len(self.boundaries) - 1

    def advance(self) -> bool:
        """Execute one unit, then give the inputs of the new position; False when nothing can happen any more."""
        machine = self.system.machine
        if not machine.advance():
            return False
        if machine.at_boundary and machine.units > self.boundaries[-1]:
            self.boundaries.append(machine.units)
        self.journal.reached(machine.units)
        for given in self.journal.inputs_at(machine.units):
            self.system.apply(given)
        if machine.units - self._checkpoints[-1][0] >= CHECKPOINT_UNITS:
            self._keep(machine.units)
        return True

    def _keep(self, unit: int) -> None:
        self._checkpoints.append((unit, self.system.state()))
        if len(self._checkpoints) > MOST_CHECKPOINTS:
            half = len(self._checkpoints) // 2
            self._checkpoints = self._checkpoints[:half:2] + self._checkpoints[half:]

    def give(self, given: Input) -> list[str]:
        """An input at the present position.  What was recorded after it did not happen; its answer comes back.

        Raises UserError, with nothing changed, when the input cannot be given.
        """
        answer = self.system.apply(given)
        self.journal.give(given)
        self.boundaries = self.boundaries[: bisect_right(self.boundaries, self.unit)]
        self._checkpoints = [kept for kept in self._checkpoints if kept[0] < self.unit]
        self._keep(self.unit)
        return answer

    def positions_back(self, matches: Callable[[], bool]) -> int | None:
        """The last position before the present one at which `matches()` is true, or None.

        Executes stretch after stretch between checkpoints again, latest first; the caller goes to where it wants next.
        """
        end = self.unit
        for at, state in reversed(self._checkpoints):
            if at >= end:
                continue
            self.system.restore(state)
            found = self._last_match(end, matches)
            if found is not None:
                return found
            end = at
        return None

    def _last_match(self, end: int, matches: Callable[[], bool]) -> int | None:
        found = None
        while self.unit < end:
            if matches():
                found = self.unit
            if not self.advance():
                break
        return found

    def goto(self, unit: int, before_last: Callable[[], None] | None = None, last_from: int | None = None) -> None:
        """Go to a position.  `before_last` is called at position `last_from`, before the rest is executed again."""
        machine = self.system.machine
        start = unit if last_from is None else last_from
        index = bisect_right(self._checkpoints, start, key=lambda kept: kept[0]) - 1
        at, state = self._checkpoints[index]
        if not at <= machine.units <= start:
            self.system.restore(state)
        observer = machine.observer
        machine.observe(None)
        self._run_to(start)
        machine.observe(observer)
        if before_last:
            before_last()
        self._run_to(unit)
        self.journal.present = machine.units

    def _run_to(self, unit: int) -> None:
        while self.unit < unit and self.advance():
            pass

    def position_of_step(self, step: int) -> int:
        """The position at which a step was complete.  Raises UserError for one that was not recorded."""
        if not 0 <= step <= self.total:
            raise UserError(f"step {step} is not in the recording, which goes from 0 to {self.total}")
        return self.boundaries[step]

    def start_of_step(self, unit: int) -> int:
        """The position at which the step that led to `unit` began."""
        return self.boundaries[max(bisect_left(self.boundaries, unit) - 1, 0)]
