"""Looking for something in the recording: the stretches between checkpoints are executed again, latest first.

A *probe* says what is looked for.  The engine takes part wherever the probe lets it, so that a recording of ten million
instructions is searched in less than a second; what the probe has to see is executed one unit at a time.
"""

from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from edu_hv.debugger.recording.timetravel import AT_ONCE, Recording
from edu_hv.debugger.system import System
from edu_hv.machine.events import Event, StorageStored
from edu_hv.machine.storage import BYTES_FETCH_WATCHED, BYTES_STORE_WATCHED, LINE_SHIFT, Storage

_WINDOW = 1024
"""Units at the end of a stretch that are looked at first, where the engine cannot help; then eight times as many."""
_WIDER = 8


@dataclass(frozen=True, slots=True)
class Done:
    """What was executed between two positions: one unit, or, `compiled`, instructions the probe need not see."""

    before: int
    after: int
    compiled: bool = False
    stored: Sequence[StorageStored] = ()
    """Where the probe wants to hear of stores."""


Span = tuple[int, int]
"""Absolute address and length of some bytes."""


class Probe:
    """What is looked for.  `saw` decides, after each unit and after each run of compiled code.

    It must depend on positions only, not on how they were reached: a search begins anywhere.
    """

    compiled = True
    """Whether the engine may take part: then what is looked for happens only at `places`, in `spans`, or in a unit that
    the engine leaves alone in any case: an interruption, a stage of CP, a privileged instruction, an input."""
    wants_stores = False
    """Whether `Done.stored` is filled."""
    fetches = False
    """Whether the engine must not fetch from the `spans` either."""

    def places(self, system: System) -> Set[int]:
        """Logical addresses of instructions that the engine must leave alone; asked for before each of its runs."""
        return frozenset()

    def spans(self, system: System) -> Set[Span]:
        """Bytes of real storage into which it must not store; asked for after each unit."""
        return frozenset()

    def skips(self, start: Any, end: Any) -> bool:
        """Whether nothing can be found between two checkpoints."""
        return False

    def begin(self, system: System) -> None:
        """A stretch begins: the machine stands at its first position."""

    def execute(self, system: System, unit: Callable[[], bool]) -> bool:
        """Have one unit executed, by `unit`: to look at what is before it, or watch it.  Whether it was."""
        return unit()

    def saw(self, system: System, done: Done) -> bool:
        """Whether it is found at `done.after`, where the machine stands."""
        raise NotImplementedError


class Execution:
    """Executes units under the eyes of a probe, recorded ones or new ones."""

    def __init__(self, recording: Recording, probe: Probe) -> None:
        self._recording, self._probe = recording, probe
        self._system = recording.system
        self._stored: list[StorageStored] = []
        self._spans: Set[Span] = frozenset()
        self._watches = type(probe).spans is not Probe.spans
        self._set: dict[int, int] = {}
        """Flags that were given to lines."""

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Inside, `advance` may be called."""
        storage = self._system.machine.storage
        observer, watched = storage.observer, bytes(storage.watched)
        if self._probe.wants_stores:
            storage.observer = self._hear
        self._watch(storage)
        try:
            yield
        finally:
            storage.observer = observer
            self._take_flags(storage, set(self._set))
            storage.watched[:] = watched

    def _hear(self, event: Event) -> None:
        if isinstance(event, StorageStored):
            self._stored.append(event)

    def _watch(self, storage: Storage) -> None:
        """Have the engine leave the bytes alone where what the probe looks at is now."""
        spans = self._probe.spans(self._system)
        if spans == self._spans:
            return
        self._spans = spans
        lines = {line for at, size in spans for line in range(at >> LINE_SHIFT, (at + size - 1 >> LINE_SHIFT) + 1)}
        self._take_flags(storage, self._set.keys() - lines)
        flags = BYTES_STORE_WATCHED | (BYTES_FETCH_WATCHED if self._probe.fetches else 0)
        for line in sorted(lines - self._set.keys()):
            self._set[line] = flags & ~storage.line_flags[line]
            storage.set_flags(line, flags)
        if spans:
            storage.watch_bytes(min(at for at, _ in spans), max(at + size for at, size in spans))

    def _take_flags(self, storage: Storage, lines: Set[int]) -> None:
        """Take away those that were not there before."""
        for line in sorted(lines):
            storage.clear_flags(line, self._set.pop(line))

    def advance(self, limit: int, new: bool = False) -> Done | None:
        """One unit, or up to `limit` instructions by the engine; None when nothing can happen any more.

        `new`: what was not recorded yet is recorded.
        """
        recording, machine = self._recording, self._system.machine
        before = machine.units
        ready = self._probe.compiled and machine.at_boundary
        if ready and self._system.start_engine(self._probe.places(self._system)):
            at_once = min(limit, AT_ONCE)
            if recording.run_compiled(at_once) if new else recording.again_compiled(at_once):
                return Done(before, machine.units, compiled=True)
        self._stored = []
        if not self._probe.execute(self._system, recording.advance if new else recording.again):
            return None
        if self._watches:
            self._watch(machine.storage)
        return Done(before, machine.units, stored=self._stored)


def never() -> bool:
    """Nobody wants to stop."""
    return False


def positions(
    recording: Recording,
    probe: Probe,
    most: int = 1,
    end: int | None = None,
    start: int | None = None,
    stopped: Callable[[], bool] = never,
) -> list[int]:
    """The last `most` positions at which the probe saw something, in order: behind `start`, up to `end` at most.

    By default from the start of the recording to the present position.  The machine stands at the present position
    afterwards, whatever is found; what was found by then is returned when `stopped()`.
    """
    end = recording.unit if end is None else end
    start = recording.start if start is None else start
    found: list[int] = []
    with recording.searching():
        stretches = recording.checkpoints.stretches(end, start)
        following: Any = None
        for at, last, state in stretches:
            if following is None or not probe.skips(state, following):
                stretch = _Stretch(recording, probe, max(at, start), last, stopped)
                found = [*stretch.last(state, most - len(found)), *found]
            following = state
            if len(found) >= most or stopped():
                break
    return found


def execute(recording: Recording, probe: Probe, start: int, end: int, stopped: Callable[[], bool] = never) -> list[int]:
    """Execute again from one position to another, in order: every position at which the probe saw something.

    The machine stands at the present position afterwards.
    """
    with recording.searching():
        stretch = _Stretch(recording, probe, start, end, stopped)
        return stretch.all(recording.checkpoints.before(start)[1])


@dataclass
class _Stretch:
    """What lies between two positions, the first of them at or behind a checkpoint."""

    recording: Recording
    probe: Probe
    start: int
    end: int
    stopped: Callable[[], bool]

    def last(self, state: Any, most: int) -> list[int]:
        """The last `most` positions found."""
        if self.probe.compiled or self.end - self.start <= _WINDOW:
            return self.all(state)[-most:]
        found: list[int] = []
        for start, end, at in self._windows(state):
            self._restore(at, start)
            found = [*self._all(end), *found]
            if len(found) >= most or self.stopped():
                break
        return found[-most:]

    def all(self, state: Any) -> list[int]:
        """Every position found."""
        self._restore(state, self.start)
        return self._all(self.end)

    def _windows(self, state: Any) -> list[tuple[int, int, Any]]:
        """Parts of the stretch with the states at their beginnings, the last and shortest first."""
        starts = [self.start]
        size = _WINDOW
        while self.end - size > self.start:
            starts.insert(1, self.end - size)
            size *= _WIDER
        parts = []
        system = self.recording.system
        self._restore(state, self.start)
        for start, end in zip(starts, [*starts[1:], self.end], strict=True):
            self._go_to(start)
            if self.stopped():
                break
            parts.append((system.machine.units, end, system.state()))
        return parts[::-1]

    def _restore(self, state: Any, start: int) -> None:
        self.recording.system.restore(state)
        self._go_to(start)

    def _go_to(self, unit: int) -> None:
        """Execute up to a position."""
        recording, machine = self.recording, self.recording.system.machine
        recording.system.start_engine(frozenset())
        while machine.units < unit and not self.stopped():
            if not (recording.again_compiled(unit - machine.units) or recording.again()):
                break

    def _all(self, end: int) -> list[int]:
        """Every position up to `end` at which the probe sees something."""
        recording, machine = self.recording, self.recording.system.machine
        execution, found = Execution(recording, self.probe), list[int]()
        self.probe.begin(recording.system)
        with execution.watching():
            while machine.units < end and not self.stopped():
                done = execution.advance(end - machine.units)
                if done is None:
                    break
                if self.probe.saw(recording.system, done):
                    found.append(done.after)
        return found


@dataclass
class AtPlaces(Probe):
    """The next instruction is at one of some addresses, and `matches()` there."""

    addresses: Set[int]
    matches: Callable[[], bool]

    def places(self, system: System) -> Set[int]:
        """The addresses."""
        return self.addresses

    def saw(self, system: System, done: Done) -> bool:
        """Whether it is about to be executed."""
        return system.machine.cpu.psw.instruction_address in self.addresses and self.matches()
