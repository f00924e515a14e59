"""CP's free storage: pieces of real storage for control blocks (DMKFRE).  SY20-0886 "Free Storage Management"."""

from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass

from edu_hv.machine.storage import FRAME

UNIT = 64
"""Every piece is a multiple of so many bytes, on such a boundary: that of a segment table, the strictest of tables."""

Hole = tuple[int, int]
"""Address and length of storage that is free."""


@dataclass(frozen=True)
class FreeStorageState:
    """A checkpoint."""

    taken: tuple[tuple[int, int], ...]
    holes: tuple[Hole, ...]
    extents: tuple[tuple[int, int], ...]


class FreeStorage:
    """First fit within real addresses `start` to `end`, and within page frames that are added when that is used up.

    `extend` takes a number of bytes and gives the address of so many that are added, or None; `shrink` takes frames
    back of which nothing is used any more.  They are set by the paging supervisor.
    """

    def __init__(self, start: int, end: int) -> None:
        self.start, self.end = start, end
        self._taken: dict[int, int] = {}
        self._holes: list[Hole] = [(start, end - start)]
        self._extents: dict[int, int] = {}
        """Frames added: length by address."""
        self.extend: Callable[[int], int | None] = lambda length: None
        self.shrink: Callable[..., None] = lambda *frames: None
        self._frozen: FreeStorageState | None = None

    @property
    def taken(self) -> dict[int, int]:
        """Length of each piece that is in use, by address."""
        return self._taken

    def get(self, length: int) -> int:
        """The real address of a free piece of at least `length` bytes.  Raises MemoryError when there is none."""
        length = max(-(-length // UNIT) * UNIT, UNIT)
        at = next((at for at, size in self._holes if size >= length), None)
        if at is None:
            at = self._extend(length)
        hole = next(hole for hole in self._holes if hole[0] == at)
        self._holes.remove(hole)
        if hole[1] > length:
            insort(self._holes, (at + length, hole[1] - length))
        self._taken[at] = length
        self._frozen = None
        return at

    def _extend(self, length: int) -> int:
        """Add frames; where they begin."""
        size = -(-length // FRAME) * FRAME
        at = self.extend(size)
        if at is None:
            raise MemoryError("CP's free storage is used up")
        self._extents[at] = size
        insort(self._holes, (at, size))
        return at

    def free(self, address: int) -> None:
        """Give a piece back."""
        self._add_hole(address, self._taken.pop(address))
        self._frozen = None

    def _add_hole(self, address: int, length: int) -> None:
        """Join a hole with its neighbours, within the same extent; an extent that is one hole goes back."""
        first, size = self._extent_of(address)
        before = next((hole for hole in self._holes if sum(hole) == address and hole[0] >= first), None)
        after = next((hole for hole in self._holes if hole[0] == address + length and hole[0] < first + size), None)
        for hole in (before, after):
            if hole is not None:
                self._holes.remove(hole)
                address, length = min(address, hole[0]), length + hole[1]
        if address in self._extents and length == self._extents[address]:
            del self._extents[address]
            self.shrink(*range(address, address + length, FRAME))
        else:
            insort(self._holes, (address, length))

    def _extent_of(self, address: int) -> tuple[int, int]:
        """Where the extent begins in which an address is, and its length."""
        if self.start <= address < self.end:
            return self.start, self.end - self.start
        return next((at, size) for at, size in self._extents.items() if at <= address < at + size)

    # ---- checkpoint ------------------------------------------------------------------------------------------

    def state(self) -> FreeStorageState:
        """A checkpoint, shared with the last one when nothing has changed."""
        if self._frozen is None:
            taken = tuple(self._taken.items())
            self._frozen = FreeStorageState(taken, tuple(self._holes), tuple(self._extents.items()))
        return self._frozen

    def restore(self, state: FreeStorageState) -> None:
        """Go back to a checkpoint."""
        self._taken, self._holes, self._extents = dict(state.taken), list(state.holes), dict(state.extents)
        self._frozen = state
