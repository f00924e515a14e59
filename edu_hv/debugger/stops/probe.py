"""All stops at once, as a probe: which of them stop at a position, and what each has seen there."""

from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, SupportsIndex

from edu_hv.debugger.recording.accesses import observe
from edu_hv.debugger.recording.search import Done, Probe, Span
from edu_hv.debugger.stops.seeing import EVERYBODY, NOWHERE, Hit, Seer, Unit
from edu_hv.debugger.stops.stop import Breakpoint
from edu_hv.debugger.stops.what import is_true
from edu_hv.debugger.system import System
from edu_hv.engine.tiers import Engine
from edu_hv.isa.errors import UserError
from edu_hv.machine.cpu import CPU

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession


@dataclass
class Ignored:
    """The first times that a stop is met behind a position do not count."""

    since: int
    most: int
    known: list[int]
    """Positions behind `since` at which it was met: the first `most` of them."""

    def ignores(self, unit: int, new: bool) -> bool:
        """Whether a hit does not count; `new`: it is the next one behind those known."""
        if unit <= self.since:
            return False
        if len(self.known) < self.most and (not self.known or unit > self.known[-1]):
            if new:
                self.known.append(unit)
            return True
        return bool(self.known) and unit <= self.known[-1]


@dataclass
class Looked:
    """Who looks for something, and for which stop; None for what the run itself looks for."""

    seer: Seer
    stop: Breakpoint | None = None
    ignored: Ignored | None = None
    met: int = 0
    """How often, ignored or not."""


@dataclass(frozen=True, slots=True)
class Found:
    """Something that was seen at a position."""

    looked: Looked
    hit: Hit


class StopsProbe(Probe):
    """The stops of a session, and what a run looks for besides.

    With `forwards` it is executed once, from the present position on: what is ignored is counted in passing.
    """

    def __init__(self, session: "DebugSession", looked: Sequence[Looked], forwards: bool = False) -> None:
        self._session, self._forwards = session, forwards
        self._journal = session.journal
        seers = [each.seer for each in looked]
        self.engine = self.compiled = all(seer.compiled for seer in seers)
        self.wants_stores = any(seer.wants_stores for seer in seers)
        self.fetches = any(seer.fetches for seer in seers)
        self._wants_accesses = any(seer.wants_accesses for seer in seers)
        self._wants_registers = any(seer.wants_registers for seer in seers)
        self._seers = seers
        self._placed_in_storage = [seer for seer in seers if type(seer).spans is not Seer.spans]
        self._placed = [seer for seer in seers if type(seer).places is not Seer.places]
        self._left = _together([seer.left for seer in seers if seer.left is not None])
        self._addresses = frozenset(address for seer in seers for address in seer.addresses)
        self._at_addresses = [each for each in looked if each.seer.addresses]
        self._on_events = [each for each in looked if each.seer.wants_events]
        self._others = [each for each in looked if not each.seer.addresses and not each.seer.wants_events]
        self._unit = Unit(Done(0, 0))
        self.unit = -1
        """The last position at which something was found."""
        self.found: list[Found] = []
        """What was, there."""
        self.on_found: Callable[[System, Unit, list[Found]], None] | None = None
        """Told of everything that is found, while the machine stands there."""

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Inside, the probe may be used: the engine leaves alone what it has to."""
        system = self._session.system
        ready = self.engine and self._left is not None and system.start_engine(NOWHERE)
        engine = system.machine.engine
        if not ready or self._left is None or not isinstance(engine, Engine):
            yield
            return
        with engine.leaving(self._left):
            yield

    # ---- as the search asks ----------------------------------------------------------------------------------

    def places(self, system: System) -> Set[int]:
        """Where the engine must stop."""
        more = [seer.places(system) for seer in self._placed]
        return self._addresses.union(*more) if more else self._addresses

    def spans(self, system: System) -> Set[Span]:
        """Where the engine must not store."""
        if not self._placed_in_storage:
            return frozenset()
        return frozenset().union(*(seer.spans(system) for seer in self._placed_in_storage))

    def begin(self, system: System) -> None:
        """A stretch begins."""
        for seer in self._seers:
            seer.begin(system)

    def execute(self, system: System, unit: Callable[[], bool]) -> bool:
        """One unit, under watch where somebody wants to know what it reads or writes."""
        self._unit = Unit(Done(0, 0))
        if not (self._wants_registers or self._wants_accesses or self.on_found):
            return unit()
        self._unit.about = system.about_to_execute()
        if not self._wants_accesses:
            with _noting(system.machine.cpu) as noted:
                done = unit()
            self._unit.written = noted.written
            return done
        accesses = self._unit.accesses = observe(system, unit)
        if accesses is not None:
            self._unit.written = frozenset(accesses.written())
        return accesses is not None

    def saw(self, system: System, done: Done) -> bool:
        """Whether anything stops here."""
        candidates = self._candidates(system, done)
        if not candidates:
            return False
        unit = self._unit
        unit.done = done
        found = [Found(each, hit) for each in candidates if (hit := self._seen(system, each, unit)) is not None]
        if found and done.after > self.unit:
            self.unit, self.found = done.after, found
        if found and self.on_found is not None:
            self.on_found(system, unit, found)
        return bool(found)

    def _candidates(self, system: System, done: Done) -> list[Looked]:
        """Those that may see something here."""
        candidates = self._others
        if self._addresses and system.machine.cpu.psw.instruction_address in self._addresses:
            candidates = [*self._at_addresses, *candidates]
        if self._on_events and not done.compiled and self._happened(done.after):
            candidates = [*candidates, *self._on_events]
        return candidates

    def _happened(self, unit: int) -> bool:
        """Whether the journal has anything of a unit."""
        return self._journal.place_at(unit) != self._journal.place_at(unit + 1)

    def _seen(self, system: System, each: Looked, unit: Unit) -> Hit | None:
        """What one of them sees, if it counts."""
        hit = each.seer.saw(system, unit)
        if hit is None or not concerns(self._session, hit.guest, real=not each.seer.wants_events):
            return None
        stop = each.stop
        if stop is None:
            return hit
        if stop.condition is not None and not (hit := _conditioned(self._session, stop, hit)):
            return None
        each.met += 1
        ignored = each.ignored is not None and each.ignored.ignores(unit.done.after, self._forwards)
        return None if ignored else hit


def _together(tables: Sequence[bytes]) -> bytes | None:
    """What any of the tables has the engine leave alone."""
    if not tables:
        return None
    left = 0
    for table in tables:
        left |= int.from_bytes(table, "big")
    return left.to_bytes(len(tables[0]), "big")


def concerns(session: "DebugSession", guest: str, real: bool = True) -> bool:
    """Whether something about a guest stops a run: with one pinned only what concerns that one does.

    `real`: so does what is about the real machine, since that was asked for.
    """
    return session.follow or guest == session.pinned or (real and guest == EVERYBODY)


def _conditioned(session: "DebugSession", stop: Breakpoint, hit: Hit) -> Hit | None:
    """The hit if the stop's condition is true; one that has no value there stops, and says so."""
    assert stop.condition is not None
    try:
        return hit if is_true(session, stop.condition, hit.guest or stop.home) else None
    except UserError as error:
        return Hit(hit.guest, f"its condition has no value here: {error}", hit.old, hit.new)


class _Noted(list[int]):
    """General registers that note which of them are written."""

    def __init__(self, values: list[int]) -> None:
        super().__init__(values)
        self.written: set[int] = set()

    def __setitem__(self, index: SupportsIndex | slice, value: int | list[int]) -> None:  # type: ignore[override]
        written = range(16)[index] if isinstance(index, slice) else (index.__index__() % 16,)
        self.written.update(written)
        super().__setitem__(index, value)  # type: ignore[index, assignment]


@contextmanager
def _noting(cpu: CPU) -> Iterator[_Noted]:
    """Inside, the general registers note what is written."""
    registers = cpu.gr
    noted = _Noted(registers)
    cpu.gr = noted
    try:
        yield noted
    finally:
        registers[:] = noted
        cpu.gr = registers
