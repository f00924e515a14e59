"""Main storage by absolute address, with a storage key for each 2K block.  GA22-7000 "Storage"."""

import struct
from collections.abc import Callable
from itertools import count
from typing import Protocol
from weakref import WeakSet

from edu_hv.isa.errors import UserError
from edu_hv.machine.events import Actor, Observer, StorageStored

FRAME = 4096
"""Bytes in a page frame, the unit in which checkpoints share unchanged storage."""
BLOCK = 2048
"""Bytes under one storage key."""
BLOCK_SHIFT = 11
LINE_SHIFT = 5
"""Compiled code and watched storage are noted by lines of 32 bytes: most programs have code and data in one block."""
MAXIMUM = 16 * 1024 * 1024

UNRESOLVED = -1
"""In an access map: a block that has not been accessed yet since the map was made."""
CODE, STORE_WATCHED, FETCH_WATCHED, BYTES_STORE_WATCHED, BYTES_FETCH_WATCHED = 1, 2, 4, 8, 16
"""Flags of a line: instructions were compiled from it; compiled code may not store into it, or not fetch from it; the
same for those of its bytes only that are among the watched ones, see `Storage.watch_bytes`."""
ANY_FETCH_FLAG = FETCH_WATCHED | BYTES_FETCH_WATCHED
ANY_FLAG = CODE | STORE_WATCHED | BYTES_STORE_WATCHED | ANY_FETCH_FLAG

StorageState = tuple[tuple[bytes, ...], bytes]
_ZEROS = bytes(FRAME)
_WATCHED = struct.Struct("<2I")


class Mapped(Protocol):
    """Who keeps resolved accesses: a CPU."""

    def forget_mappings(self) -> None:
        """Drop them all."""


class Storage:
    """`size` bytes of zeros.  Addresses are absolute: neither translated nor prefixed, and within `size`.

    Raises UserError for a size that is not a multiple of 4K up to 16 MiB.
    """

    def __init__(self, size: int) -> None:
        if not 0 < size <= MAXIMUM or size % FRAME:
            raise UserError(f"storage of {size} bytes cannot be built: give a multiple of 4096 up to {MAXIMUM}")
        self.size = size
        self.data: bytearray | memoryview = bytearray(size)
        self.keys = bytearray(size // BLOCK)
        self.line_flags: bytearray | memoryview = bytearray(size >> LINE_SHIFT)
        self.block_flags = bytearray(size // BLOCK)
        """For each block, the flags that any of its lines has."""
        self.watched: bytearray | memoryview = bytearray(_WATCHED.size)
        """The first of the watched bytes, and the one behind the last: two words, low order first."""
        self.on_flagged_store: Callable[[int, int], None] = lambda absolute, length: None
        """Told of a store into lines with the flag CODE: absolute address and length."""
        self.observer: Observer | None = None
        self.actor = Actor.OPERATOR
        """Who stores now, for the observer; the machine keeps it up to date."""
        self.mapped: WeakSet[Mapped] = WeakSet()
        self._frames = [_ZEROS] * (size // FRAME)
        self._changed: set[int] = set()

    def adopt(self, data: memoryview, line_flags: memoryview, watched: memoryview) -> None:
        """Move the contents and the flags into memory that an engine owns: buffers of these sizes, all zeros."""
        for at in range(0, self.size, FRAME):
            frame = self.read(at, FRAME)
            if frame != _ZEROS:  # Memory that is never touched is never taken from the host.
                data[at : at + FRAME] = frame
        line_flags[:], watched[:] = self.line_flags, self.watched
        self.data, self.line_flags, self.watched = data, line_flags, watched
        self.forget_mappings()

    def read(self, absolute: int, length: int) -> bytes:
        """`length` bytes from `absolute`."""
        return bytes(self.data[absolute : absolute + length])

    def write(self, absolute: int, data: bytes) -> None:
        """Store `data` at `absolute`; the one way in which storage changes, but for compiled code."""
        end = absolute + len(data)
        if self.observer:
            self.observer(StorageStored(absolute, bytes(self.data[absolute:end]), data, self.actor))
        self.data[absolute:end] = data
        changed = self._changed
        for frame in range(absolute // FRAME, (end - 1) // FRAME + 1):
            changed.add(frame)
        if any(self.block_flags[absolute >> BLOCK_SHIFT : (end - 1 >> BLOCK_SHIFT) + 1]):
            self._tell_of_code(absolute, end)

    def _tell_of_code(self, absolute: int, end: int) -> None:
        for flags in self.line_flags[absolute >> LINE_SHIFT : (end - 1 >> LINE_SHIFT) + 1]:
            if flags & CODE:
                self.on_flagged_store(absolute, end - absolute)
                return

    def set_flags(self, line: int, flags: int) -> None:
        """Add flags to a line.  Accesses resolved before know nothing of the first in a block: they are dropped."""
        self.line_flags[line] |= flags
        block = line >> BLOCK_SHIFT - LINE_SHIFT
        if flags & ~self.block_flags[block]:
            self.block_flags[block] |= flags
            self.forget_mappings()

    def clear_flags(self, line: int, flags: int) -> None:
        """Take flags from a line; the block keeps them, which costs time and nothing else."""
        self.line_flags[line] &= ~flags

    def watch_bytes(self, first: int, end: int) -> None:
        """From now on the watched bytes are these, in lines that are flagged so."""
        _WATCHED.pack_into(self.watched, 0, first, end)

    # ---- keys ------------------------------------------------------------------------------------------------

    def key(self, absolute: int) -> int:
        """The storage key of the block: access control 4 bits, F, R, C, and a zero."""
        return self.keys[absolute >> BLOCK_SHIFT]

    def set_key(self, block: int, key: int) -> None:
        """Replace a block's key; what was permitted or recorded before has to be found out again, by every CPU."""
        self.keys[block] = key
        self.forget_mappings()

    def forget_mappings(self) -> None:
        """Tell everyone who keeps resolved accesses to drop them."""
        for cpu in self.mapped:
            cpu.forget_mappings()

    # ---- checkpoint ------------------------------------------------------------------------------------------

    def note_writable(self, absolute: int) -> None:
        """Stores into the block at `absolute` may follow which `write` does not see, up to the next checkpoint."""
        self._changed.add(absolute // FRAME)

    def state(self) -> StorageState:
        """A checkpoint: the contents frame by frame, and the keys.  Unchanged frames are shared with the last one.

        Resolved accesses are dropped, so that the first store into a block after a checkpoint is noted.
        """
        for frame in self._changed:
            self._frames[frame] = self.read(frame * FRAME, FRAME)
        self._changed.clear()
        self.forget_mappings()
        return tuple(self._frames), bytes(self.keys)

    def restore(self, state: StorageState) -> None:
        """Go back to a checkpoint."""
        frames, keys = state
        for number, old, new in zip(count(), self._frames, frames, strict=False):
            if old is not new or number in self._changed:
                self._restore_frame(number * FRAME, new)
        self.keys[:] = keys
        self._frames = list(frames)
        self._changed.clear()
        self.forget_mappings()

    def _restore_frame(self, absolute: int, frame: bytes) -> None:
        self.data[absolute : absolute + FRAME] = frame
        if self.block_flags[absolute >> BLOCK_SHIFT] | self.block_flags[(absolute >> BLOCK_SHIFT) + 1]:
            self._tell_of_code(absolute, absolute + FRAME)
