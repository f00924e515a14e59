"""Storage that is watched: written, read, or changed, by whoever does.

Under CP a page of a guest moves between frames and goes out: where the bytes are is asked for again after each unit.
What is counted is the guest's: CP's bringing the page in with what it had is no write of the guest's storage.
"""

from collections.abc import Iterator, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edu_hv.debugger import believed
from edu_hv.debugger.recording.search import Span
from edu_hv.debugger.stops.seeing import EVERYBODY, Hit, Seer, Unit
from edu_hv.debugger.stops.values import ChangeSeer, Source, Watched
from edu_hv.debugger.stops.what import WATCHPOINT, What
from edu_hv.debugger.system import BARE, System
from edu_hv.isa.codes import PSA
from edu_hv.isa.errors import UserError
from edu_hv.machine.interruptions import ProgramInterruption
from edu_hv.machine.storage import FRAME

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession

LONGEST = 4096
"""Bytes that one watchpoint watches at most."""
_SHOWN = 8
"""Bytes of which old and new contents are shown."""
_TIMER = range(PSA.INTERVAL_TIMER, PSA.INTERVAL_TIMER + 4)


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes that are together in real storage."""

    absolute: int
    length: int

    def overlaps(self, absolute: int, length: int) -> bool:
        """Whether any byte is among others."""
        return self.absolute < absolute + length and absolute < self.absolute + self.length


@dataclass(frozen=True)
class Bytes(Source):
    """Bytes of storage: at real addresses of a guest, or of the machine."""

    address: int
    length: int
    guest: str

    @property
    def compiled(self) -> bool:  # type: ignore[override]
        """The interval timer of the machine is counted while the engine runs."""
        real = not self.guest or self.guest == BARE
        return not (real and any(at in _TIMER for at in range(self.address, self.address + min(self.length, FRAME))))

    def read(self, system: System) -> int | None:
        """The bytes as one number, wherever the page is."""
        guest = system.find(self.guest) if self.guest else None
        try:
            if not self.guest:
                return int.from_bytes(system.machine.cpu.load_real(self.address, self.length), "big")
            if guest is None:
                return None
            return int.from_bytes(believed.storage(system, guest, self.address, self.length), "big")
        except (ProgramInterruption, UserError):
            return None

    def shown(self, value: int) -> str:
        """The first bytes of them."""
        data = value.to_bytes(self.length, "big")
        more = "..." if self.length > _SHOWN else ""
        return data[:_SHOWN].hex().upper() + more

    def seer(self, what: Watched) -> Seer:
        """Who recognizes that it changes."""
        return _StoreSeer(what, self)

    def pieces(self, system: System) -> tuple[Piece, ...]:
        """Where the bytes are now; those of a page that is out are nowhere."""
        return tuple(self._pieces(system))

    def _pieces(self, system: System) -> Iterator[Piece]:
        guest = system.find(self.guest) if self.guest else None
        if self.guest and guest is None:
            return
        at, end, cpu = self.address, self.address + self.length, system.machine.cpu
        while at < end:
            size = min(end - at, FRAME - at % FRAME)
            real: int | None = at
            if guest is not None:
                real = believed.real_address(system, guest, at)
            if real is not None:
                absolute = real if guest is not None and guest.vm is not None else cpu.absolute(real)
                yield Piece(absolute, size)
            at += size


def spans_of_pieces(pieces: tuple[Piece, ...]) -> Set[Span]:
    """The same as the search wants them."""
    return frozenset((piece.absolute, piece.length) for piece in pieces)


class _Placed:
    """Where bytes are, and where they were before the unit."""

    def __init__(self, source: Bytes) -> None:
        self._source = source
        self.before: tuple[Piece, ...] = ()
        self.now: tuple[Piece, ...] = ()

    def find(self, system: System) -> None:
        """Where they are; what was now is before."""
        self.before, found = self.now, self._source.pieces(system)
        if found != self.now:
            self.now = found

    @property
    def stayed(self) -> Iterator[Piece]:
        """Those that were not moved by the unit."""
        return (piece for piece in self.before if piece in self.now)


class _StoreSeer(ChangeSeer):
    """Stores are heard of; without one nothing has changed, unless the page has moved."""

    wants_stores = True

    def __init__(self, what: Watched, source: Bytes) -> None:
        super().__init__(what)
        self._placed = _Placed(source)

    def spans(self, system: System) -> Set[Span]:
        """Where the bytes are."""
        return spans_of_pieces(self._placed._source.pieces(system))

    def begin(self, system: System) -> None:
        """Where they are, and what is there."""
        self._placed.find(system)
        super().begin(system)

    def saw(self, system: System, unit: Unit) -> Hit | None:
        """A store or a change."""
        if unit.done.compiled:
            return super().saw(system, unit)
        self._placed.find(system)
        placed, stored = self._placed, unit.done.stored
        if placed.now == placed.before and placed.now and not stored:
            return None
        return super().saw(system, unit)

    def written(self, system: System, unit: Unit) -> bool:
        """Any of the bytes was stored into where it was and is."""
        stayed = tuple(self._placed.stayed)
        return any(
            piece.overlaps(one.absolute, len(one.new)) for one in unit.done.stored for piece in stayed if one.new
        )

    def said(self, unit: Unit) -> str:
        """Who stored."""
        for one in unit.done.stored:
            if any(piece.overlaps(one.absolute, len(one.new)) for piece in self._placed.before):
                return f"by the {one.actor.value}"
        return ""


# ---- reading ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Read(What):
    """An instruction fetches an operand from any of some bytes; with `writes`, or stores there (or anybody does)."""

    source: Bytes
    writes: bool = False

    kind = WATCHPOINT

    def seer(self, session: "DebugSession") -> Seer:
        """Who recognizes it."""
        return _ReadSeer(self)


class _ReadSeer(Seer):
    """The engine stays away from the bytes; what it leaves is executed under watch."""

    wants_accesses = fetches = True

    def __init__(self, what: Read) -> None:
        self.compiled = what.source.compiled
        self._source, self._placed = what.source, _Placed(what.source)
        both = Watched(what.words, what.line, what.guest, what.source)
        self._writes = _StoreSeer(both, what.source) if what.writes else None
        self.wants_stores = what.writes

    def spans(self, system: System) -> Set[Span]:
        """Where the bytes are."""
        return spans_of_pieces(self._source.pieces(system))

    def begin(self, system: System) -> None:
        """Where they are."""
        self._placed.find(system)
        if self._writes is not None:
            self._writes.begin(system)

    def saw(self, system: System, unit: Unit) -> Hit | None:
        """A fetch by an instruction, or a store."""
        written = self._writes.saw(system, unit) if self._writes is not None else None
        if unit.done.compiled:
            return written
        self._placed.find(system)
        return written or self._read(system, unit)

    def _read(self, system: System, unit: Unit) -> Hit | None:
        if unit.accesses is None:
            return None
        for one in unit.accesses.fetched:
            if any(piece.overlaps(one.absolute, max(len(one.data), 1)) for piece in self._placed.before):
                value = self._source.read(system)
                new = "" if value is None else self._source.shown(value)
                said = f"read by {unit.accesses.mnemonic} at {unit.accesses.address:06X}"
                return Hit(self._source.guest or EVERYBODY, said, "", new)
        return None
