"""The journal: what happened at which position, and every input from outside.

Entries are kept for as long as the recording they belong to; going back moves a mark, it forgets nothing.  An input
given in the past cuts the future off, since from there on another one begins.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice, takewhile

from edu_hv.debugger.system import Input
from edu_hv.machine.events import Event, StorageStored


@dataclass(frozen=True, slots=True)
class Entry:
    """One event.  `unit` is the position at which it happened, `step` the step that was then under way."""

    unit: int
    step: int
    guest: str
    """The guest concerned, or "" for the machine."""
    event: Event


@dataclass(frozen=True, slots=True)
class InputGiven:
    """An input, and the position before which it was given."""

    unit: int
    input: Input


@dataclass
class Journal:
    """Events and inputs in order.  `present` is the position the session stands at."""

    present: int = 0
    seen: list[Entry] = field(default_factory=list)
    """Everything recorded, the future of the present position included."""
    inputs: list[InputGiven] = field(default_factory=list)
    _recorded_until: int = 0

    def record(self, unit: int, step: int, guest: str, event: Event) -> None:
        """Enter an event unless this position was recorded before.  Stores to storage are too many to keep."""
        if unit > self._recorded_until and not isinstance(event, StorageStored):
            self.seen.append(Entry(unit, step, guest, event))

    def reached(self, unit: int) -> None:
        """The session has executed up to this position."""
        self.present = unit
        self._recorded_until = max(self._recorded_until, unit)

    @property
    def entries(self) -> list[Entry]:
        """What had happened by the present position."""
        return self.seen[: bisect_right(self.seen, self.present, key=lambda entry: entry.unit)]

    def after(self, unit: int) -> list[Entry]:
        """The entries behind a position, up to the present one."""
        first = bisect_right(self.seen, unit, key=lambda entry: entry.unit)
        return self.seen[first : bisect_right(self.seen, self.present, key=lambda entry: entry.unit)]

    def of_step(self, step: int) -> list[Entry]:
        """The entries of one step up to the present position."""
        found = list(takewhile(lambda entry: entry.step >= step, self._backwards()))
        return [entry for entry in reversed(found) if entry.step == step]

    def of_step_and_after(self, first: Entry) -> list[Entry]:
        """The entries of a step from one of them on."""
        found = list(takewhile(lambda entry: entry.step >= first.step, self._backwards()))
        behind = [entry for entry in reversed(found) if entry.step == first.step]
        return behind[behind.index(first) :]

    def latest(self, count: int) -> list[Entry]:
        """The last `count` entries, oldest first."""
        return list(islice(self._backwards(), count))[::-1]

    def _backwards(self) -> Iterator[Entry]:
        """Entries from the present to the start."""
        for index in range(bisect_right(self.seen, self.present, key=lambda entry: entry.unit) - 1, -1, -1):
            yield self.seen[index]

    def last(self, count: int, kind: type) -> list[Entry]:
        """The last `count` entries of one type of event, oldest first."""
        found: list[Entry] = []
        for entry in self._backwards():
            if len(found) == count:
                break
            if isinstance(entry.event, kind):
                found.append(entry)
        return found[::-1]

    def before(self, unit: int, matches: Callable[[Event], bool]) -> int | None:
        """The last position before `unit` at which an event that matches happened, or None."""
        return next((e.unit for e in self._backwards() if e.unit < unit and matches(e.event)), None)

    def give(self, given: Input) -> None:
        """An input at the present position: what was recorded after it did not happen."""
        self.seen = self.entries
        self.inputs = [i for i in self.inputs if i.unit <= self.present]
        self.inputs.append(InputGiven(self.present, given))
        self._recorded_until = self.present

    def inputs_at(self, unit: int) -> list[Input]:
        """Inputs to be given before the unit at this position is executed."""
        return [given.input for given in self.inputs if given.unit == unit]
