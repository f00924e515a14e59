"""A guest's storage: SEGTABLE, PAGTABLEs and SWPTABLE.  SY20-0886 "Virtual Storage Management", SY20-0884 "SWPTABLE".

The segment and page tables are real ones, in CP's free storage: the machine itself translates with them, and a page's
frame stands nowhere else.  Where a page is while it has no frame, and its keys, are in the SWPTABLE.  What moves pages
is in `paging`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from edu_hv.hypervisor.free_storage import FreeStorage
from edu_hv.isa.codes import PIC, Key
from edu_hv.isa.errors import UserError
from edu_hv.machine.dat import FORMATS, SEGMENT_INVALID
from edu_hv.machine.interruptions import Ending, ProgramInterruption
from edu_hv.machine.storage import BLOCK, BLOCK_SHIFT, FRAME, MAXIMUM

if TYPE_CHECKING:
    from edu_hv.hypervisor.paging import Paging
    from edu_hv.hypervisor.shared_segments import SharedSegment

SEGMENT = 0x10000
PAGES_IN_SEGMENT = SEGMENT // FRAME
PAGE_SHIFT = 12
TABLE_FORMAT = FORMATS[0b10000]
"""4K pages and 64K segments, which CP uses for its guests."""

ENTRIES_IN_LENGTH_UNIT = 16
"""Segment-table entries that one unit of the length in CR1 stands for."""
TABLES_IN_PIECE = 16
"""Page tables that are kept together in one piece of free storage."""
PAGE_TABLE = PAGES_IN_SEGMENT * 2
"""Bytes."""

RECORDED = int(Key.REFERENCE | Key.CHANGE)
PROTECTION = int(Key.ACCESS_CONTROL | Key.FETCH_PROTECTION)


@dataclass(frozen=True, slots=True)
class SWPTABLE:
    """What CP notes of one page of a guest."""

    slot: int | None = None
    """Its slot in the paging area; None for a page that has never been written out."""
    keys: tuple[int, int] = (0, 0)
    """The storage keys of its two blocks (SWPKEY1, SWPKEY2).  While the page has a frame only R and C count: what the
    guest is to see beside those in real storage, because CP has reset them there."""


@dataclass(frozen=True)
class VirtualStorageState:
    """A checkpoint."""

    entries: tuple[SWPTABLE, ...]
    counters: tuple[int, int, int, int]
    shared: "tuple[tuple[int, SharedSegment], ...]"
    pieces: tuple[int, ...]
    vmseg: int
    frames_lost: bool


class VirtualStorage:
    """The pages of one guest, from guest-real 0 to `size`.  Built by `Paging.build`."""

    def __init__(self, paging: "Paging", size: int, userid: str = "") -> None:
        check_size(size)
        self.paging = paging
        self.memory = paging.memory
        self.size = size
        self.userid = userid
        self.page_reads = self.page_writes = self.steals = 0
        self.resident = 0
        """Frames that the guest's own pages have."""
        self.frames_lost = False
        """A frame was stolen since shadow tables were last looked through (VMESTAT INVPAG)."""
        self.shared: dict[int, SharedSegment] = {}
        """Attached shared segments by segment number."""
        self._entries = [SWPTABLE()] * (size // FRAME)
        self._frozen: tuple[SWPTABLE, ...] | None = None
        self.pieces: list[int] = []
        """The tables' pieces of free storage."""
        self.page_tables: list[int] = []
        """Real address of each segment's own page table."""
        self._build_tables(paging.free_storage)

    def _build_tables(self, free_storage: FreeStorage) -> None:
        """All pages invalid.  Raises MemoryError, and takes nothing, when free storage does not suffice."""
        segments = -(-self.size // SEGMENT)
        units = -(-segments // ENTRIES_IN_LENGTH_UNIT)
        lengths = [units * ENTRIES_IN_LENGTH_UNIT * 4]
        lengths += [min(TABLES_IN_PIECE, segments - at) * PAGE_TABLE for at in range(0, segments, TABLES_IN_PIECE)]
        self.pieces = take_all(free_storage, lengths)
        table, *groups = self.pieces
        self._place_segment_table(table, units)
        tables = [piece + at * PAGE_TABLE for piece in groups for at in range(TABLES_IN_PIECE)]
        self.page_tables = tables[:segments]
        for table in self.page_tables:
            self.memory.write(table, TABLE_FORMAT.invalid_bit.to_bytes(2, "big") * PAGES_IN_SEGMENT)
        for segment in range(units * ENTRIES_IN_LENGTH_UNIT):
            self.set_segment_entry(segment, self._own_segment_entry(segment))

    def _own_segment_entry(self, segment: int) -> int:
        """The page table's length is that of the guest's storage, in pages less one."""
        pages = min(self.size // FRAME - segment * PAGES_IN_SEGMENT, PAGES_IN_SEGMENT)
        return pages - 1 << 28 | self.page_tables[segment] if pages > 0 else SEGMENT_INVALID

    def map_segment(self, segment: int, shared: "SharedSegment") -> None:
        """Let the segment-table entry lead to a shared segment's page table.  MemoryError beyond a longer table."""
        self._lengthen(segment + 1)
        self.shared[segment] = shared
        self.set_segment_entry(segment, 0xF0000000 | shared.page_tables[0])

    def unmap_segment(self, segment: int) -> None:
        """The segment has its own pages again, or none beyond the guest's storage."""
        del self.shared[segment]
        self.set_segment_entry(segment, self._own_segment_entry(segment))

    def _lengthen(self, segments: int) -> None:
        """Make the segment table longer, for a shared segment beyond the guest's storage: another VMSEG."""
        units = -(-segments // ENTRIES_IN_LENGTH_UNIT)
        old = (self.vmseg >> 24) + 1
        if units <= old:
            return
        table = self.paging.free_storage.get(units * ENTRIES_IN_LENGTH_UNIT * 4)
        entries = self.memory.read(self.segment_table, old * ENTRIES_IN_LENGTH_UNIT * 4)
        invalid = SEGMENT_INVALID.to_bytes(4, "big") * ((units - old) * ENTRIES_IN_LENGTH_UNIT)
        self.memory.write(table, entries + invalid)
        self.paging.free_storage.free(self.segment_table)
        self.pieces = [table, *self.pieces[1:]]
        self._place_segment_table(table, units)

    def _place_segment_table(self, table: int, units: int) -> None:
        self.segment_table = table
        self.vmseg = units - 1 << 24 | table

    def set_segment_entry(self, segment: int, entry: int) -> None:
        """Replace a segment-table entry."""
        self.memory.write(self.segment_table + segment * 4, entry.to_bytes(4, "big"))

    # ---- entries ---------------------------------------------------------------------------------------------

    @property
    def pages(self) -> int:
        """How many pages the guest has."""
        return len(self._entries)

    def entry(self, page: int) -> SWPTABLE:
        """The SWPTABLE entry of a page of its own."""
        return self._entries[page]

    def set_entry(self, page: int, entry: SWPTABLE) -> None:
        """Replace it."""
        self._entries[page] = entry
        self._frozen = None

    def place(self, page: int) -> "tuple[VirtualStorage, int]":
        """Whose page it really is: the guest's own, or one of a shared segment; and its number there."""
        if self.shared:
            segment = self.shared.get(page // PAGES_IN_SEGMENT)
            if segment is not None:
                return segment, page % PAGES_IN_SEGMENT
        return self, page

    def users(self) -> "Iterator[tuple[VirtualStorage, int]]":
        """Who maps these pages, and where page 0 of them is there."""
        yield self, 0

    @property
    def protected(self) -> bool:
        """Whether guests may not change it, nor its keys: it is shared."""
        return False

    def stealable(self, changed: bool) -> bool:
        """Whether a page that is changed, or is not, may lose its frame."""
        return True

    def addressable(self, real: int) -> bool:
        """Whether a guest-real address is within the guest's storage, or within a shared segment beyond it."""
        return real < self.size or real // SEGMENT in self.shared

    @property
    def locked(self) -> int:
        """How many of the guest's own pages are locked."""
        return sum(self.paging.core[frame].locks > 0 for frame in self.frames())

    def frames(self) -> list[int]:
        """The frames of the guest's own pages, in the order of the pages."""
        own = (page for page in range(self.pages) if self.place(page)[0] is self)
        return [frame for page in own if (frame := self.frame_of(page)) is not None]

    def peek(self, real: int, length: int) -> bytes:
        """What is at a guest-real address, in frames or slots; nothing is changed by looking.  ADDRESSING."""
        return b"".join(self._peek_within_page(at, size) for at, size in blocks(real, length, FRAME))

    def _peek_within_page(self, real: int, length: int) -> bytes:
        if not self.addressable(real):
            raise ProgramInterruption(PIC.ADDRESSING, Ending.SUPPRESSION)
        owner, page = self.place(real >> PAGE_SHIFT)
        frame, offset = self.paging.where(owner, page), real % FRAME
        if frame is not None:
            return self.memory.read(frame + offset, length)
        slot, area = owner._entries[page].slot, self.paging.area
        if slot is None or area is None:
            return bytes(length)
        return area.contents(slot)[offset : offset + length]

    def release_pages(self, first: int, last: int) -> None:
        """DIAGNOSE X'10': the pages `first` to `last` become pages of zeros without frames and slots."""
        self.paging.release_pages(self, first, last)

    def _page_entry_address(self, page: int) -> int:
        return self.page_tables[page // PAGES_IN_SEGMENT] + page % PAGES_IN_SEGMENT * 2

    def frame_of(self, page: int) -> int | None:
        """The absolute address of the page's frame; None when it has none.  `page` is within the guest's storage."""
        owner, number = self.place(page)
        at = owner._page_entry_address(number)
        data = owner.memory.data
        low = data[at + 1]
        return None if low & TABLE_FORMAT.invalid_bit else (data[at] << 8 | low & 0xF0) << 8

    def set_frame(self, page: int, frame: int | None) -> None:
        """Make a page of its own valid, with this frame, or invalid."""
        entry = TABLE_FORMAT.invalid_bit if frame is None else frame >> 8
        self.memory.write(self._page_entry_address(page), entry.to_bytes(2, "big"))
        self.resident += -1 if frame is None else 1

    # ---- storage keys ----------------------------------------------------------------------------------------

    def key(self, real: int) -> int:
        """The storage key of a guest-real address as the guest sees it: R and C of the frame, or those CP has kept."""
        owner, page = self.place(real >> PAGE_SHIFT)
        half = real >> BLOCK_SHIFT & 1
        kept = owner._entries[page].keys[half]
        frame = owner.frame_of(page)
        return kept if frame is None else self.memory.keys[(frame >> BLOCK_SHIFT) + half] | kept & RECORDED

    peek_key = key

    def set_key(self, real: int, key: int) -> None:
        """SSK: replace the key of a 2K block, be its page in a frame or not.  The key of a shared page stays."""
        owner, page = self.place(real >> PAGE_SHIFT)
        if owner.protected:
            return
        frame, half = owner.frame_of(page), real >> BLOCK_SHIFT & 1
        if frame is None:
            owner.keep_key(page, half, key & 0xFE)
            return
        block = (frame >> BLOCK_SHIFT) + half
        self.paging.core.keep_recorded(frame, self.memory.keys[block])
        self.memory.set_key(block, key & PROTECTION)
        owner.keep_key(page, half, key & RECORDED)

    def reset_reference(self, real: int) -> int:
        """RRB: reset the reference bit that the guest sees; R and C before, as a number: the condition code."""
        before = self.key(real)
        self.set_key(real, before & ~Key.REFERENCE)
        return (before & RECORDED) >> 1

    def keep_key(self, page: int, half: int, key: int) -> None:
        """Replace what the SWPTABLE entry has for one block of a page of its own."""
        entry = self._entries[page]
        keys = (key, entry.keys[1]) if half == 0 else (entry.keys[0], key)
        if keys != entry.keys:
            self.set_entry(page, replace(entry, keys=keys))

    # ---- checkpoint ------------------------------------------------------------------------------------------

    def state(self) -> VirtualStorageState:
        """A checkpoint; the entries are shared with the last one when none has changed.  The tables are in storage."""
        if self._frozen is None:
            self._frozen = tuple(self._entries)
        counters = self.page_reads, self.page_writes, self.steals, self.resident
        return VirtualStorageState(
            self._frozen, counters, tuple(self.shared.items()), tuple(self.pieces), self.vmseg, self.frames_lost
        )

    def restore(self, state: VirtualStorageState) -> None:
        """Go back to a checkpoint."""
        self._entries, self._frozen = list(state.entries), state.entries
        self.page_reads, self.page_writes, self.steals, self.resident = state.counters
        self.shared, self.pieces, self.vmseg = dict(state.shared), list(state.pieces), state.vmseg
        self.segment_table, self.frames_lost = self.pieces[0], state.frames_lost


def check_size(size: int) -> None:
    """Raise UserError unless a virtual machine can have so many bytes."""
    if not 0 < size <= MAXIMUM or size % FRAME:
        raise UserError(f"a virtual machine of {size / 1024:g}K cannot be built: give a multiple of 4K up to 16M")


def take_all(free_storage: FreeStorage, lengths: list[int]) -> list[int]:
    """A piece of free storage of each length, or MemoryError and none."""
    pieces: list[int] = []
    try:
        for length in lengths:
            pieces.append(free_storage.get(length))
    except MemoryError:
        for piece in pieces:
            free_storage.free(piece)
        raise
    return pieces


def blocks(address: int, length: int, unit: int = BLOCK) -> list[tuple[int, int]]:
    """Cut a piece of storage at boundaries of `unit` bytes: (address, length) of each part."""
    parts: list[tuple[int, int]] = []
    while length > 0:
        size = min(length, unit - address % unit)
        parts.append((address, size))
        address, length = address + size, length - size
    return parts
