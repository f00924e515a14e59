"""Who recognizes something while units are executed: one for each stop, made anew for every run and search."""

from collections.abc import Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edu_hv.debugger.recording.accesses import Accesses
from edu_hv.debugger.recording.journal import Entry
from edu_hv.debugger.recording.search import Done, Span

if TYPE_CHECKING:
    from edu_hv.debugger.system import System

NOWHERE: frozenset[int] = frozenset()
EVERYBODY = ""
"""In the place of a guest's name: what is seen concerns the machine, so everybody."""


@dataclass(slots=True)
class Unit:
    """What was executed between two positions, and what is known of it."""

    done: Done
    about: tuple[str, int] | None = None
    """Guest and address of the instruction that was about to be executed, where somebody asks."""
    written: Set[int] = NOWHERE
    """General registers that the CPU wrote, be it with the same value, where somebody asks."""
    accesses: Accesses | None = None
    """All that it read and wrote, where somebody asks."""
    entries: list[Entry] = field(default_factory=list)
    """What the journal has of it."""


@dataclass(frozen=True, slots=True)
class Hit:
    """Something was seen: whom it concerns, and what there is to say besides what it is."""

    guest: str
    detail: str = ""
    old: str = ""
    new: str = ""


class Seer:
    """Recognizes one thing.  What it needs for that costs time, so it says so."""

    compiled = True
    """Whether the engine may take part: then it happens only at `places`, in `spans`, or where the engine is not."""
    wants_stores = False
    wants_accesses = False
    """What each unit reads, found by executing it under watch."""
    wants_registers = False
    wants_events = False
    fetches = False
    """Whether the engine must not fetch from `spans` either."""
    left: bytes | None = None
    """For each first halfword of an instruction, 1 where the engine must leave it alone."""
    addresses: Set[int] = NOWHERE
    """Addresses of instructions: it is asked only when one of them is next, if it has any."""

    def places(self, system: "System") -> Set[int]:
        """Addresses of instructions that the engine must leave alone."""
        return self.addresses

    def spans(self, system: "System") -> Set[Span]:
        """Bytes of real storage that the engine must leave alone."""
        return frozenset()

    def begin(self, system: "System") -> None:
        """The machine stands where nothing has been seen yet."""

    def saw(self, system: "System", unit: Unit) -> Hit | None:
        """What is seen at `unit.done.after`, where the machine stands."""
        raise NotImplementedError
