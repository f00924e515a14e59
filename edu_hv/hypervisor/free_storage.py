"""CP's free storage: pieces of real storage for control blocks (DMKFRE).  SY20-0886 "Free Storage Management"."""

from dataclasses import dataclass, field


@dataclass
class FreeStorage:
    """First fit within real addresses `start` to `end`; every piece is a multiple of 64 bytes on such a boundary.

    The boundary is that of a segment table, the strictest of CP's tables.
    """

    start: int
    end: int
    taken: dict[int, int] = field(default_factory=dict)
    """Length by address."""

    def get(self, length: int) -> int:
        """The real address of a free piece of at least `length` bytes.  Raises MemoryError when there is none."""
        length = max(length + 63 & ~63, 64)
        at = self.start
        for address, size in sorted(self.taken.items()):
            if address - at >= length:
                break
            at = address + size
        if at + length > self.end:
            raise MemoryError("CP's free storage is used up")
        self.taken[at] = length
        return at

    def free(self, address: int) -> None:
        """Give a piece back."""
        del self.taken[address]
