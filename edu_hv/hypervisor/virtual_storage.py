"""A guest's storage: SEGTABLE, PAGTABLEs and SWPTABLE.  SY20-0886 "Virtual Storage Management", SY20-0884 "SWPTABLE".

The tables are real ones, in CP's free storage: the machine itself translates with the segment and page tables, and the
VM assist finds storage keys in the SWPTABLE.  What is in them stands nowhere else.  What moves pages is in `paging`.

Tables of a segment, one behind the other: a word of zeros; the address of the SWPTABLE; the page table, 16 halfwords;
the SWPTABLE, 16 entries of 8 bytes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntFlag
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
PAGE_TABLE_AT, SWAP_TABLE_AT, SWAP_ENTRY = 8, 8 + PAGES_IN_SEGMENT * 2, 8
TABLES = SWAP_TABLE_AT + PAGES_IN_SEGMENT * SWAP_ENTRY
"""Bytes of the tables of a segment, and where the two begin in them."""

RECORDED = int(Key.REFERENCE | Key.CHANGE)
PROTECTION = int(Key.ACCESS_CONTROL | Key.FETCH_PROTECTION)


class SWPFLAG(IntFlag):
    """The first byte of a SWPTABLE entry."""

    SHR = 0x10
    """The page is shared by several guests."""
    REF1 = 0x08
    CHG1 = 0x04
    REF2 = 0x02
    CHG2 = 0x01
    """What reference and change of the two blocks were when a guest reset them: CP's backup, for page replacement."""


REFERENCED = SWPFLAG.REF1 | SWPFLAG.REF2
CHANGED = SWPFLAG.CHG1 | SWPFLAG.CHG2
BACKUP = REFERENCED | CHANGED


@dataclass(frozen=True, slots=True)
class SWPTABLE:
    """An entry of the SWPTABLE: what CP notes of one page of a guest.  8 bytes in real storage."""

    flags: int = 0
    """SWPFLAG."""
    keys: tuple[int, int] = (0, 0)
    """The storage keys of the two blocks as the guest knows them (SWPKEY1, SWPKEY2).  While the page has a frame,
    reference and change are on for the guest when they are on here or in real storage."""
    cylinder: int = 0
    """Of the page's slot (SWPCYL); 0 for a page without one, which has never been written out."""
    dpage: int = 0
    """The number of the slot on its cylinder, from 1 (SWPDPAGE)."""

    @classmethod
    def from_bytes(cls, text: bytes) -> "SWPTABLE":
        """Take an entry apart: flags, a zero, two keys, cylinder (2 bytes), page, a zero."""
        return cls(text[0], (text[2], text[3]), text[4] << 8 | text[5], text[6])

    def to_bytes(self) -> bytes:
        """The 8 bytes."""
        return bytes((self.flags, 0, *self.keys, self.cylinder >> 8, self.cylinder & 0xFF, self.dpage, 0))


@dataclass(frozen=True)
class VirtualStorageState:
    """A checkpoint."""

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
        lengths += [min(TABLES_IN_PIECE, segments - at) * TABLES for at in range(0, segments, TABLES_IN_PIECE)]
        self.pieces = take_all(free_storage, lengths)
        table, *groups = self.pieces
        self._place_segment_table(table, units)
        tables = [piece + at * TABLES + PAGE_TABLE_AT for piece in groups for at in range(TABLES_IN_PIECE)]
        self.page_tables = tables[:segments]
        for page_table in self.page_tables:
            self._clear_tables(page_table - PAGE_TABLE_AT)
        for segment in range(units * ENTRIES_IN_LENGTH_UNIT):
            self.set_segment_entry(segment, self._own_segment_entry(segment))

    def _clear_tables(self, at: int) -> None:
        """A segment without frames and slots."""
        pages = TABLE_FORMAT.invalid_bit.to_bytes(2, "big") * PAGES_IN_SEGMENT
        pointer = (at + SWAP_TABLE_AT).to_bytes(8, "big")
        self.memory.write(at, pointer + pages + SWPTABLE().to_bytes() * PAGES_IN_SEGMENT)

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
        return self.size // FRAME

    def swap_entry_address(self, page: int) -> int:
        """The real address of the SWPTABLE entry of a page of its own."""
        table = self.page_tables[page // PAGES_IN_SEGMENT] - PAGE_TABLE_AT + SWAP_TABLE_AT
        return table + page % PAGES_IN_SEGMENT * SWAP_ENTRY

    def entry(self, page: int) -> SWPTABLE:
        """The SWPTABLE entry of a page of its own."""
        return SWPTABLE.from_bytes(self.memory.read(self.swap_entry_address(page), SWAP_ENTRY))

    def set_entry(self, page: int, entry: SWPTABLE) -> None:
        """Replace it."""
        self.memory.write(self.swap_entry_address(page), entry.to_bytes())

    def slot(self, page: int) -> int | None:
        """The slot of a page of its own; None when it has none."""
        entry, area = self.entry(page), self.paging.area
        return area.slot_of(entry.cylinder, entry.dpage) if area is not None and entry.cylinder else None

    def set_slot(self, page: int, slot: int | None) -> None:
        """Note in which slot of the paging area a page of its own is."""
        area = self.paging.area
        cylinder, dpage = (0, 0) if area is None or slot is None else area.place_of(slot)
        self.set_entry(page, replace(self.entry(page), cylinder=cylinder, dpage=dpage))

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

    def contains(self, real: int, length: int) -> bool:
        """Whether the whole area is addressable."""
        if real + length <= self.size:
            return True
        if real + length > MAXIMUM:
            return False
        return all(self.addressable(at) for at, _ in blocks(real, max(length, 1), FRAME))

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
        slot, area = owner.slot(page), self.paging.area
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
        """The storage key of a guest-real address as the guest sees it."""
        owner, page = self.place(real >> PAGE_SHIFT)
        half = real >> BLOCK_SHIFT & 1
        kept, frame = owner.entry(page).keys[half], owner.frame_of(page)
        return kept if frame is None else kept | self.memory.keys[(frame >> BLOCK_SHIFT) + half] & RECORDED

    peek_key = key

    def set_key(self, real: int, key: int) -> None:
        """SSK: replace the key of a 2K block, be its page in a frame or not.  The key of a shared page stays.

        Real reference and change start from zero; what they were is noted for CP.
        """
        owner, page = self.place(real >> PAGE_SHIFT)
        if owner.protected:
            return
        frame, half = owner.frame_of(page), real >> BLOCK_SHIFT & 1
        if frame is not None:
            block = (frame >> BLOCK_SHIFT) + half
            owner.back_up(page, half, self.memory.keys[block])
            self.memory.set_key(block, key & PROTECTION)
        owner.keep_key(page, half, key & 0xFE)

    def reset_reference(self, real: int) -> int:
        """RRB: reset the reference bit that the guest sees; R and C before, as a number: the condition code."""
        before = self.key(real)
        self.set_key(real, before & ~Key.REFERENCE)
        return (before & RECORDED) >> 1

    def keep_key(self, page: int, half: int, key: int) -> None:
        """Replace what the SWPTABLE entry has for one block of a page of its own."""
        at = self.swap_entry_address(page) + 2 + half
        if self.memory.data[at] != key:
            self.memory.write(at, bytes((key,)))

    def back_up(self, page: int, half: int, key: int) -> None:
        """Reference and change of a real key are about to be reset for the guest: note them for CP (SWPFLAG)."""
        recorded = key & RECORDED
        self.set_flags(page, self.flags(page) | (recorded >> 1 if half else recorded << 1))

    def flags(self, page: int) -> int:
        """SWPFLAG of a page of its own."""
        return self.memory.data[self.swap_entry_address(page)]

    def set_flags(self, page: int, flags: int) -> None:
        """Replace it."""
        if self.flags(page) != flags:
            self.memory.write(self.swap_entry_address(page), bytes((flags,)))

    # ---- checkpoint ------------------------------------------------------------------------------------------

    def state(self) -> VirtualStorageState:
        """A checkpoint.  The tables are in real storage."""
        counters = self.page_reads, self.page_writes, self.steals, self.resident
        return VirtualStorageState(
            counters, tuple(self.shared.items()), tuple(self.pieces), self.vmseg, self.frames_lost
        )

    def restore(self, state: VirtualStorageState) -> None:
        """Go back to a checkpoint."""
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
