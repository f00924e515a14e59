"""Main storage by absolute address, with a storage key for each 2K block.  GA22-7000 "Storage"."""

from edu_hv.isa.errors import UserError
from edu_hv.machine.events import Observer, StorageStored

FRAME = 4096
"""Bytes in a page frame, the unit in which checkpoints share unchanged storage."""
BLOCK = 2048
"""Bytes under one storage key."""
BLOCK_SHIFT = 11
MAXIMUM = 16 * 1024 * 1024

StorageState = tuple[tuple[bytes, ...], bytes]


class Storage:
    """`size` bytes of zeros.  Addresses are absolute: neither translated nor prefixed, and within `size`.

    Raises UserError for a size that is not a multiple of 4K up to 16 MiB.
    """

    def __init__(self, size: int) -> None:
        if not 0 < size <= MAXIMUM or size % FRAME:
            raise UserError(f"storage of {size} bytes cannot be built: give a multiple of 4096 up to {MAXIMUM}")
        self.size = size
        self.data = bytearray(size)
        self.keys = bytearray(size // BLOCK)
        self.observer: Observer | None = None
        self._frames = [bytes(FRAME)] * (size // FRAME)
        self._changed: set[int] = set()

    def read(self, absolute: int, length: int) -> bytes:
        """`length` bytes from `absolute`."""
        return bytes(self.data[absolute : absolute + length])

    def write(self, absolute: int, data: bytes) -> None:
        """Store `data` at `absolute`; the one way in which storage changes."""
        end = absolute + len(data)
        if self.observer:
            self.observer(StorageStored(absolute, bytes(self.data[absolute:end]), data))
        self.data[absolute:end] = data
        changed = self._changed
        for frame in range(absolute // FRAME, (end - 1) // FRAME + 1):
            changed.add(frame)

    def key(self, absolute: int) -> int:
        """The storage key of the block: access control 4 bits, F, R, C, and a zero."""
        return self.keys[absolute >> BLOCK_SHIFT]

    def state(self) -> StorageState:
        """A checkpoint: the contents frame by frame, and the keys.  Unchanged frames are shared with the last one."""
        for frame in self._changed:
            self._frames[frame] = bytes(self.data[frame * FRAME : (frame + 1) * FRAME])
        self._changed.clear()
        return tuple(self._frames), bytes(self.keys)

    def restore(self, state: StorageState) -> None:
        """Go back to a checkpoint."""
        frames, keys = state
        self.data[:] = b"".join(frames)
        self.keys[:] = keys
        self._frames = list(frames)
        self._changed.clear()
