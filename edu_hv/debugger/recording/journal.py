"""The journal: what happened at which position, and every input from outside.

Entries are kept for as long as the recording they belong to; going back moves a mark, it forgets nothing.  An input
given in the past cuts the future off, since from there on another one begins.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar, overload

from edu_hv.debugger.system import Input
from edu_hv.hypervisor.ccw_translation import TranslatedCCW
from edu_hv.isa.codes import Class
from edu_hv.machine.events import Event

Recorded = TypeVar("Recorded")

NEVER = 1 << 62
"""A position that is never reached."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event.  `unit` is the position at which it had happened, `step` the step that was then under way."""

    unit: int
    step: int
    guest: str
    """The guest concerned, or "" for the machine."""
    event: Event


# ---- events that the recording itself adds, of what it finds in the machine at that moment ---------------------------


@dataclass(frozen=True, slots=True)
class InputGiven:
    """An input from outside, and what CP answered."""

    input: Input
    answer: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GuestPSWsSwapped:
    """CP did to a guest's low storage and PSW what the hardware does to the real ones.  Guest-real addresses."""

    kind: Class
    code: int
    old: bytes
    new: bytes


@dataclass(frozen=True, slots=True)
class StatusStored:
    """An I/O interruption stored a CSW (8 bytes) at real 40."""

    csw: bytes


@dataclass(frozen=True, slots=True)
class ProgramTranslated:
    """CP made a channel program for the real device of the guest's program for `device`."""

    device: int
    real_device: int
    ccws: tuple[TranslatedCCW, ...]


@dataclass(frozen=True, slots=True)
class StatusTranslated:
    """CP made the guest's CSW of the real one (8 bytes each)."""

    device: int
    real: bytes
    guest: bytes


class Past(Sequence[Entry]):
    """The entries up to the present position, made as they are looked at."""

    def __init__(self, journal: "Journal") -> None:
        self._journal = journal
        self._count = journal.count

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Entry: ...
    @overload
    def __getitem__(self, index: slice) -> list[Entry]: ...
    def __getitem__(self, index: int | slice) -> Entry | list[Entry]:
        if isinstance(index, slice):
            return [self._journal.entry(n) for n in range(*index.indices(self._count))]
        if not -self._count <= index < self._count:
            raise IndexError(index)
        return self._journal.entry(index % self._count)


class Journal:
    """Events and inputs in order.  `present` is the position the session stands at.

    What was recorded behind the present position stays; only `cut` forgets it.
    """

    def __init__(self, present: int = 0) -> None:
        self._present = present
        self._units, self._steps = array("Q"), array("Q")
        self._guests: list[str] = []
        self._events: list[Event] = []
        self._known: dict[Event, Event] = {}
        """Equal events are kept once: a loop that traps a million times has few different ones."""
        self.inputs: dict[int, Input] = {}
        """Inputs by the position at which they were given: each is a unit of its own."""
        self._input_units: list[int] = []
        """Those positions in order."""
        self.count = 0
        """Entries up to the present position."""

    @property
    def present(self) -> int:
        """The position the session stands at."""
        return self._present

    # ---- recording -------------------------------------------------------------------------------------------

    def record(self, unit: int, step: int, guest: str, event: Event) -> None:
        """Enter an event at the end."""
        self._units.append(unit)
        self._steps.append(step)
        self._guests.append(guest)
        self._events.append(self._known.setdefault(event, event))

    def reached(self, unit: int) -> int:
        """The session has executed forwards up to this position; how many entries there are by then."""
        self._present = unit
        units, count = self._units, self.count
        while count < len(units) and units[count] <= unit:
            count += 1
        self.count = count
        return count

    def went_to(self, unit: int) -> None:
        """The session stands at this position."""
        self._present = unit
        self.count = bisect_right(self._units, unit)

    def cut(self) -> None:
        """Forget what was recorded behind the present position."""
        del self._units[self.count :], self._steps[self.count :]
        del self._guests[self.count :], self._events[self.count :]
        self._known = {event: event for event in self._events}
        self._input_units = [unit for unit in self._input_units if unit < self._present]
        self.inputs = {unit: self.inputs[unit] for unit in self._input_units}

    def copy(self) -> "Journal":
        """Another one with the same entries and inputs."""
        new = Journal(self._present)
        new._units, new._steps, new.count = self._units[:], self._steps[:], self.count
        new._guests, new._events, new._known = self._guests[:], self._events[:], dict(self._known)
        new.inputs, new._input_units = dict(self.inputs), self._input_units[:]
        return new

    def give(self, unit: int, given: Input) -> None:
        """The unit that begins at this position is an input; it is behind all others."""
        self.inputs[unit] = given
        self._input_units.append(unit)

    def next_input(self, unit: int) -> int:
        """The first position from `unit` on at which an input was given, or one that is never reached."""
        index = bisect_left(self._input_units, unit)
        return self._input_units[index] if index < len(self._input_units) else NEVER

    # ---- reading ---------------------------------------------------------------------------------------------

    def entry(self, index: int) -> Entry:
        """One entry by its place in the journal."""
        return Entry(self._units[index], self._steps[index], self._guests[index], self._events[index])

    def between(self, first: int, end: int) -> list[Entry]:
        """Entries by their places in the journal."""
        return [self.entry(index) for index in range(first, end)]

    @property
    def known(self) -> int:
        """Entries of the whole recording, those of the known future too."""
        return len(self._events)

    def places(self, first: int, last: int) -> range:
        """The places of the entries of the steps from `first` to `last`, of the known future too."""
        return range(bisect_left(self._steps, first), bisect_right(self._steps, last))

    def place_at(self, unit: int) -> int:
        """The place of the first entry at a position or behind it."""
        return bisect_left(self._units, unit)

    def matching(self, places: range, matches: Callable[[Event, str], bool]) -> Iterator[int]:
        """Those of the places, in their order, whose event and guest match; asked once of each different pair."""
        events, guests = self._events, self._guests
        answers: dict[tuple[int, str], bool] = {}
        for place in places:
            key = id(events[place]), guests[place]
            answer = answers.get(key)
            if answer is None:
                answer = answers[key] = matches(events[place], guests[place])
            if answer:
                yield place

    def tally(self, places: range) -> list[tuple[Event, str, int]]:
        """Each different event and guest at the places, in the order of the first, and how often it is there."""
        events, guests = self._events[places.start : places.stop], self._guests[places.start : places.stop]
        known = {id(event): event for event in events}
        times = Counter(zip(map(id, events), guests, strict=True))
        return [(known[event], guest, number) for (event, guest), number in times.items()]

    def guest_names(self) -> list[str]:
        """Every guest that something in the recording concerns, by name."""
        return sorted(set(self._guests) - {""})

    @property
    def entries(self) -> Sequence[Entry]:
        """What had happened by the present position."""
        return Past(self)

    def after(self, unit: int) -> list[Entry]:
        """The entries behind a position, up to the present one."""
        return self.between(bisect_right(self._units, unit), self.count)

    def of_step(self, step: int) -> list[Entry]:
        """The entries of one step up to the present position."""
        first = bisect_left(self._steps, step, 0, self.count)
        return self.between(first, bisect_right(self._steps, step, first, self.count))

    def events_of_step(self, step: int) -> list[Event]:
        """The events of one step up to the present position."""
        first = bisect_left(self._steps, step, 0, self.count)
        return self._events[first : bisect_right(self._steps, step, first, self.count)]

    def of_step_and_after(self, first: Entry) -> list[Entry]:
        """The entries of a step from one of them on."""
        found = self.of_step(first.step)
        return found[found.index(first) :]

    def latest(self, count: int) -> list[Entry]:
        """The last `count` entries, oldest first."""
        return self.between(max(self.count - count, 0), self.count)

    def backwards(self, until: int | None = None) -> Iterator[Entry]:
        """Entries from the present (or from before position `until`) to the start."""
        end = self.count if until is None else min(bisect_left(self._units, until), self.count)
        for index in range(end - 1, -1, -1):
            yield self.entry(index)

    def last(self, count: int, kind: type[Any]) -> list[Entry]:
        """The last `count` entries of one type of event, oldest first."""
        found: list[Entry] = []
        for index in range(self.count - 1, -1, -1):
            if len(found) >= count:
                break
            if isinstance(self._events[index], kind):
                found.append(self.entry(index))
        return found[::-1]

    def different(self, kind: type[Recorded]) -> list[Recorded]:
        """The different events of one type in the whole recording, each once."""
        return [event for event in self._known if isinstance(event, kind)]

    def count_of(self, kind: type[Any]) -> int:
        """How many events of one type there were by the present position."""
        return sum(isinstance(event, kind) for event in islice(self._events, self.count))

    def last_where(self, matches: Callable[[Entry], bool], before: int | None = None) -> Entry | None:
        """The last entry that matches, up to the present or before a position; None if there is none."""
        return next((entry for entry in self.backwards(before) if matches(entry)), None)
