"""The law of time travel, checked unit by unit: what is at a position does not depend on the way that led there.

`violations` takes a way to build a system, and inputs.  It records it twice, goes back and forth in both recordings,
in one over many checkpoints and in the other from the very start each time, and says where anything differs:
registers, PSW, storage with keys, timers, what is pending, channels and devices, CP's blocks, consoles; and what the
recording says of the position.  `fuzz_law` makes systems by the thousand, tests/debugger some of each kind.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any

from edu_hv.debugger.recording import checkpoints
from edu_hv.debugger.recording.timetravel import Recording
from edu_hv.debugger.system import BARE, UNKNOWN, Guest, Input, System
from edu_hv.devices.console import Console
from edu_hv.isa.errors import UserError
from edu_hv.machine.machine import Machine

Make = Callable[[], System]
Inputs = Mapping[int, Sequence[Input]]
"""What is given, by the number of units executed before."""
OFTEN, NEVER = 5, 1 << 40
"""Units between checkpoints: many in the middle of a trap or of a channel program; none but that at the start."""
ENGINE_AT_ONCE = 40


def system_of(machine: Machine, console: Console | None = None) -> System:
    """A bare machine as the debugger knows it."""
    return System(machine, None, [Guest(BARE, UNKNOWN, None, console or Console())])


@contextmanager
def checkpoints_every(units: int) -> Iterator[None]:
    """Recordings take their checkpoints so many units apart."""
    usual, checkpoints.EVERY = checkpoints.EVERY, units
    try:
        yield
    finally:
        checkpoints.EVERY = usual


def seen(recording: Recording) -> dict[str, Any]:
    """What must be the same at a position."""
    step = recording.step
    return {
        "state": recording.system.comparable(),
        "step": (step, recording.in_step),
        "mark": recording.marks[step - 1] if step and not recording.in_step else None,
        "whose": recording.whose[step - 1] if step else None,
        "entries": recording.journal.count,
        "last entry": recording.journal.latest(1),
        "dead": recording.system.machine.dead,
    }


def violations(
    make: Make, units: int, random: Random, inputs: Inputs | None = None, jumps: int = 10, every: int = 1
) -> list[str]:
    """Where the law does not hold in the next so many units, fewer if it comes to an end; [] when it does.

    Of a longer stretch only one position in `every` is looked at.
    """
    walk = Walk(make, inputs or {}, every=every)
    with checkpoints_every(OFTEN):
        walk.forwards(units)
        walk.backwards()
        walk.forwards_again()
        walk.jump(random, jumps)
    with checkpoints_every(NEVER):
        other = Walk(make, inputs or {}, walk, every)
        other.forwards(units)
        other.jump(random, jumps)
    return walk.found


class Walk:
    """One recording, and what was at each of its positions when it was there for the first time."""

    def __init__(self, make: Make, inputs: Inputs, first: "Walk | None" = None, every: int = 1) -> None:
        self.recording = Recording(make())
        self.start = self.recording.unit
        self.inputs = inputs
        self.first = first
        self.every = every
        self.at: dict[int, dict[str, Any]] = first.at if first else {}
        self.found: list[str] = first.found if first else []
        self.looking = first is None
        self._look("the start")
        self._give()

    @classmethod
    def on(cls, recording: Recording, every: int) -> "Walk":
        """A walk from where a recording is."""
        walk = object.__new__(cls)
        walk.recording, walk.start, walk.inputs = recording, recording.unit, {}
        walk.first, walk.every, walk.at, walk.found, walk.looking = None, every, {}, [], True
        walk._look("the begin of a branch")
        return walk

    def _give(self) -> None:
        """What is to be given here, which is a unit each; what cannot be given is not."""
        for given in self.inputs.get(self.recording.unit - self.start, ()):
            try:
                self.recording.give(given)
            except UserError:
                continue
            if self.looking:
                self._look("recording")

    def _look(self, way: str) -> None:
        """Compare this position with what was there before, or note it."""
        unit, now = self.recording.unit, seen(self.recording)
        before = self.at.setdefault(unit, now)
        if before != now:
            names = [name for name in now if before[name] != now[name]]
            where = difference(before[names[0]], now[names[0]])
            self.found.append(f"unit {unit} (step {now['step'][0]}) by {way}: {', '.join(names)}: {where}")

    def _look_again(self, way: str) -> None:
        """Compare this position with what was there before, if it was looked at."""
        if self.recording.unit in self.at:
            self._look(way)

    @property
    def last(self) -> int:
        """The last position."""
        return max(self.at)

    def forwards(self, units: int) -> None:
        """Record so many units; that nobody looked the second time changes nothing, as the last position shows."""
        while self.recording.unit - self.start < units and self.recording.advance():
            if self.looking and (self.recording.unit - self.start) % self.every == 0:
                self._look("recording")
            self._give()
        self._look("recording")

    def backwards(self) -> None:
        """Unit by unit to the start."""
        for unit in sorted(self.at, reverse=True):
            self.recording.goto(unit)
            self._look("going back")

    def forwards_again(self) -> None:
        """Unit by unit to the end, as the past is executed again."""
        while self.recording.unit < self.last and self.recording.advance():
            self._look_again("going forwards again")

    def jump(self, random: Random, jumps: int) -> None:
        """To anywhere, and from there some units back or on."""
        positions = sorted(self.at)
        for _ in range(jumps):
            self.recording.goto(random.choice(positions))
            self._look("a jump")
            for _ in range(random.randrange(4)):
                if self.recording.unit < self.last and self.recording.advance():
                    self._look_again("a jump and some units")


def compiled_violations(make: Make, limit: int, random: Random, jumps: int = 10) -> list[str]:
    """The same of a stretch that the engine executes: at every position where it stops, and by going there alone."""
    walk, plain = Walk(make, {}), Walk(make, {})
    recording = walk.recording
    while recording.unit - walk.start < limit:
        recording.system.start_engine(set())
        if not recording.run_compiled(random.randrange(1, ENGINE_AT_ONCE)) and not recording.advance():
            break
        walk._look("the engine")
    walk.backwards()
    walk.jump(random, jumps)
    plain.at, plain.found = walk.at, walk.found
    while plain.recording.unit < walk.last and plain.recording.advance():
        plain._look_again("going without the engine")
    return walk.found


def branch_violations(make: Make, units: int, random: Random, given: Input, every: int = 1) -> list[str]:
    """The law on both branches, when an input in the past has begun another course of events.

    [] also when the input is none there: it changes nothing, or cannot be given.
    """
    with checkpoints_every(OFTEN):
        walk = Walk(make, {}, every=every)
        walk.forwards(units)
        recording, first = walk.recording, walk.recording.branch
        recording.goto(random.choice(sorted(walk.at)[:-1] or [walk.start]))
        try:
            recording.give(given)
        except UserError:
            return walk.found
        if recording.branch == first:
            return walk.found
        second, other = recording.branch, Walk.on(recording, every)
        other.forwards(units)
        for name, one in ((first, walk), (second, other), (first, walk)):
            recording.switch(name)
            one.backwards()
            one.forwards_again()
    return [*walk.found, *(f"{second}: {text}" for text in other.found)]


def difference(first: Any, second: Any, path: str = "") -> str:
    """Where two states differ first, and how."""
    if isinstance(first, tuple) and isinstance(second, tuple) and len(first) == len(second):
        for number, (one, other) in enumerate(zip(first, second, strict=True)):
            if one != other:
                return difference(one, other, f"{path}/{number}")
    if isinstance(first, bytes) and isinstance(second, bytes):
        at = next((n for n, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), -1)
        return f"{path} +{at:X}: {first[at : at + 8].hex()} {second[at : at + 8].hex()}"
    return f"{path}: {str(first)[:160]} | {str(second)[:160]}"
