"""Shadow tables, for a guest whose own DAT is on (DMKVAT).  SY20-0886 "Shadow Table Management".

First level is real storage, second level what the guest takes for real, third level what the guest's own tables
translate.  The guest's tables map third to second level, VMSEG's second to first; shadow tables map third to first, and
are what the machine uses while the guest runs.  They are a large TLB, filled by software: they may lack entries, and
may have an entry that the guest has changed since without PTLB, but never one that names a frame the guest has not.

The bit for common segments is not copied: in the real TLB such an entry would serve every other guest too.
"""

from dataclasses import dataclass
from enum import Enum

from edu_hv.hypervisor.free_storage import FreeStorage
from edu_hv.hypervisor.paging import CP_CR0
from edu_hv.hypervisor.paging_area import PagingFailure
from edu_hv.hypervisor.virtual_cpu import VirtualCPU
from edu_hv.hypervisor.virtual_storage import ENTRIES_IN_LENGTH_UNIT, PAGE_SHIFT, TABLE_FORMAT, VirtualStorage
from edu_hv.hypervisor.vmblok import VMBLOK, ExtendedStatus
from edu_hv.isa.codes import CR0, MASK_24, PIC
from edu_hv.machine.cpu import CPU
from edu_hv.machine.dat import SEGMENT_INVALID, SEGMENT_ZERO_BITS, TableFormat, table_format, walk
from edu_hv.machine.interruptions import Ending, ProgramInterruption

_FORMAT = int(CR0.TRANSLATION_FORMAT)
_LENGTH_UNIT = ENTRIES_IN_LENGTH_UNIT * 4
_WHOLE_PAGE_TABLE = 0xF0000000


class Meaning(Enum):
    """What a translation exception of the real machine means for the guest."""

    GUEST_SEGMENT = "the guest's own segment-table entry is invalid, or its table too short"
    GUEST_PAGE = "the guest's own page-table entry is invalid, or its table too short"
    SPECIFICATION = "the guest's control register 0 or one of its entries has bits that are not valid"
    ADDRESSING = "the guest's tables lead outside its storage"
    PAGE_OUT = "a page of the guest that is needed, of its tables or its data, is not in real storage"
    FILL_SEGMENT = "the shadow segment-table entry is missing"
    FILL_PAGE = "the shadow page-table entry is missing"


@dataclass(frozen=True)
class ShadowFault:
    """A translation exception while the guest's own DAT is on, looked up in the guest's tables."""

    meaning: Meaning
    address: int
    """The guest-virtual address that was to be translated."""
    page: int = 0
    """PAGE_OUT and FILL_PAGE: the number of the guest-real page."""
    table: bool = False
    """PAGE_OUT: it is a page of the guest's tables."""


class _Found(Exception):
    """The lookup comes to an end before the guest's tables have been walked through."""

    def __init__(self, meaning: Meaning, page: int = 0) -> None:
        super().__init__(meaning)
        self.meaning, self.page = meaning, page


@dataclass(frozen=True)
class ShadowState:
    """A checkpoint; the tables' contents are in real storage."""

    cr0: int
    cr1: int
    format: int | None
    units: int
    tables: tuple[tuple[int, int], ...]


class ShadowTables:
    """One guest's shadow tables, in CP's free storage.  `cpu` is its virtual CPU."""

    def __init__(self, real: CPU, free_storage: FreeStorage, storage: VirtualStorage, cpu: VirtualCPU) -> None:
        self.real, self.free_storage, self.cpu = real, free_storage, cpu
        self.cr0 = CP_CR0
        """For the real machine: the guest's translation format, the rest CP's."""
        self.cr1 = 0
        """For the real machine: the shadow segment table; 0 while there is none."""
        self._format: int | None = None
        """The format bits of the virtual CR0 that the tables were built for; None while there are none."""
        self._units = 0
        """Length of the segment table in 64 bytes."""
        self._tables: dict[int, int] = {}
        """Real address of the shadow page tables by segment."""

    # ---- building --------------------------------------------------------------------------------------------

    @property
    def exist(self) -> bool:
        """Whether there are tables (SHADT)."""
        return self._format is not None

    @property
    def _layout(self) -> TableFormat:
        """The format of the tables: the guest's, or CP's when the guest's is none (BADCR0)."""
        return table_format(self._format or 0) or TABLE_FORMAT

    def prepare(self, vm: VMBLOK) -> None:
        """The guest is to be dispatched with its DAT on: tables exist, and name no frame that it has lost.

        Raises PagingFailure when there is no room for them.
        """
        if self._format != self.cpu.cr[0] & _FORMAT:
            self.free()
            self.build(self.cpu)
        if self.cpu.pages.frames_lost:
            self.invalidate_pages()
        bad = table_format(self.cpu.cr[0]) is None
        kept = vm.vmestat & ~(ExtendedStatus.INVPAG | ExtendedStatus.NEWCR0 | ExtendedStatus.BADCR0)
        vm.vmestat = kept | ExtendedStatus.SHADT | (ExtendedStatus.BADCR0 if bad else ExtendedStatus(0))

    def build(self, cpu: VirtualCPU) -> None:
        """A shadow segment table as long as the guest's, all entries invalid.  Raises PagingFailure without room."""
        self._format = cpu.cr[0] & _FORMAT
        valid = table_format(cpu.cr[0]) is not None
        self._units = self._units_needed() if valid else 1
        try:
            table = self.free_storage.get(self._units * _LENGTH_UNIT)
        except MemoryError:
            self._format = None
            raise PagingFailure("CP ENTERED; NO FREE STORAGE FOR SHADOW TABLES") from None
        entries = self._units * ENTRIES_IN_LENGTH_UNIT
        self.real.storage.write(table, SEGMENT_INVALID.to_bytes(4, "big") * entries)
        self.cr0 = CP_CR0 & ~_FORMAT | (self._format if valid else CP_CR0 & _FORMAT)
        self.cr1 = self._units - 1 << 24 | table

    def _units_needed(self) -> int:
        """The length in the guest's CR1, but not more than 24 bits of address can use."""
        most = -(-(1 << 24 - self._layout.segment_shift) // ENTRIES_IN_LENGTH_UNIT)
        return min((self.cpu.cr[1] >> 24) + 1, most)

    def free(self) -> None:
        """Give all tables back."""
        for table in self._tables.values():
            self.free_storage.free(table)
        self._tables.clear()
        if self.exist:
            self.free_storage.free(self.cr1 & MASK_24)
        self.cr0, self.cr1, self._format, self._units = CP_CR0, 0, None, 0
        self.cpu.paging.purge()

    # ---- invalidating ----------------------------------------------------------------------------------------

    def invalidate_pages(self) -> None:
        """Make every shadow page-table entry invalid: a frame of the guest was stolen (VMESTAT INVPAG)."""
        layout = self._layout
        for table in self._tables.values():
            self.real.storage.write(table, layout.invalid_bit.to_bytes(2, "big") * layout.pages_in_segment)
        self.cpu.pages.frames_lost = False
        self.cpu.paging.purge()

    def recopy_segments(self) -> None:
        """PTLB, LCTL of CR1: the shadow segment table is valid where the guest's is, all page entries are invalid.

        A shadow page table is kept for its segment.  Raises PagingFailure when a page of the guest's table cannot come.
        """
        if not self.exist or table_format(self._format or 0) is None:
            return
        if self._units != self._units_needed():
            self.free()
            self.build(self.cpu)
            return
        self.invalidate_pages()
        for segment, table in self._tables.items():
            self._set_segment_entry(segment, self._valid_in_guest(segment) and table)

    def _valid_in_guest(self, segment: int) -> bool:
        """Whether the guest's segment-table entry is one that CP may follow."""
        address = (self.cpu.cr[1] & 0x00FFFFC0) + segment * 4 & MASK_24
        try:
            entry = int.from_bytes(self.cpu.load_real(address, 4), "big")
        except ProgramInterruption:
            return False
        return not entry & (SEGMENT_INVALID | SEGMENT_ZERO_BITS)

    def _set_segment_entry(self, segment: int, table: int) -> None:
        """Make the entry lead to a page table, or, with 0, invalid."""
        entry = _WHOLE_PAGE_TABLE | table if table else SEGMENT_INVALID
        self.real.storage.write((self.cr1 & MASK_24) + segment * 4, entry.to_bytes(4, "big"))

    # ---- what an exception means -----------------------------------------------------------------------------

    def examine(self, address: int) -> ShadowFault:
        """What a translation exception at a guest-virtual address means.  Only looks: nothing is brought or changed.

        The guest's segment entry decides first; then the shadow segment entry; then the guest's page entry.
        """
        try:
            found = walk(address & MASK_24, self.cpu.cr[0], self.cpu.cr[1], self._fetcher(address & MASK_24))
        except _Found as found_already:
            table = found_already.meaning is Meaning.PAGE_OUT
            return ShadowFault(found_already.meaning, address, found_already.page, table)
        except ProgramInterruption as condition:
            bad = condition.code == PIC.TRANSLATION_SPECIFICATION
            return ShadowFault(Meaning.SPECIFICATION if bad else Meaning.ADDRESSING, address)
        if found.fault is PIC.SEGMENT_TRANSLATION:
            return ShadowFault(Meaning.GUEST_SEGMENT, address)
        if found.real is None:
            return ShadowFault(Meaning.GUEST_PAGE, address)
        return self._data_page(address, found.real)

    def _data_page(self, address: int, real: int) -> ShadowFault:
        pages, page = self.cpu.pages, real >> PAGE_SHIFT
        if not pages.addressable(real):
            return ShadowFault(Meaning.ADDRESSING, address)
        if pages.frame_of(page) is None:
            return ShadowFault(Meaning.PAGE_OUT, address, page)
        return ShadowFault(Meaning.FILL_PAGE, address, page)

    def _fetcher(self, address: int) -> "_Fetch":
        return _Fetch(self, address)

    def segment_filled(self, address: int) -> bool:
        """Whether the shadow segment entry for a guest-virtual address is valid."""
        segment = address >> self._layout.segment_shift
        if segment >= self._units * ENTRIES_IN_LENGTH_UNIT:
            return False
        entry = self.real.storage.read((self.cr1 & MASK_24) + segment * 4, 4)
        return not entry[3] & SEGMENT_INVALID

    # ---- filling ---------------------------------------------------------------------------------------------

    def fill_segment(self, address: int) -> None:
        """DMKVATSI: a shadow page table for the segment, all entries invalid.  Raises PagingFailure without room."""
        segment = address >> self._layout.segment_shift
        table = self._tables.get(segment) or self._new_page_table()
        self._tables[segment] = table
        self._set_segment_entry(segment, table)

    def _new_page_table(self) -> int:
        """A page table with all entries invalid; when there is no room, that of another segment."""
        layout = self._layout
        try:
            table = self.free_storage.get(layout.pages_in_segment * 2)
        except MemoryError:
            if not self._tables:
                raise PagingFailure("CP ENTERED; NO FREE STORAGE FOR SHADOW TABLES") from None
            segment = next(iter(self._tables))
            table = self._tables.pop(segment)
            self._set_segment_entry(segment, 0)
            self.cpu.paging.purge()
        self.real.storage.write(table, layout.invalid_bit.to_bytes(2, "big") * layout.pages_in_segment)
        return table

    def fill_page(self, address: int) -> None:
        """DMKVATPI: the shadow page entry names the frame of the guest's page.

        Nothing is done when the guest's tables do not lead to a page in real storage, or the segment entry is missing.
        """
        fault = self.examine(address)
        if fault.meaning is not Meaning.FILL_PAGE:
            return
        frame = self.cpu.pages.frame_of(fault.page)
        assert frame is not None
        layout = self._layout
        real = self._second_level(address)
        table = self._tables[address >> layout.segment_shift]
        entry = (frame | real & 0x800) >> 8 & layout.frame_mask
        self.real.storage.write(table + layout.page_index(address) * 2, entry.to_bytes(2, "big"))

    def _second_level(self, address: int) -> int:
        """The guest-real address behind a guest-virtual one that the guest's tables translate."""
        real = walk(address & MASK_24, self.cpu.cr[0], self.cpu.cr[1], self.cpu.pages.peek).real
        assert real is not None
        return real

    # ---- checkpoint ------------------------------------------------------------------------------------------

    def state(self) -> ShadowState:
        """A checkpoint."""
        return ShadowState(self.cr0, self.cr1, self._format, self._units, tuple(self._tables.items()))

    def restore(self, state: ShadowState) -> None:
        """Go back to a checkpoint."""
        self.cr0, self.cr1, self._format, self._units = state.cr0, state.cr1, state.format, state.units
        self._tables = dict(state.tables)


class _Fetch:
    """Fetch an entry of the guest's tables for `walk`, by looking."""

    def __init__(self, shadow: ShadowTables, address: int) -> None:
        self.shadow, self.address = shadow, address

    def __call__(self, real: int, length: int) -> bytes:
        """A segment-table entry (4 bytes), then a page-table entry (2 bytes).  Raises _Found, ADDRESSING."""
        pages = self.shadow.cpu.pages
        if length == 2 and not self.shadow.segment_filled(self.address):
            raise _Found(Meaning.FILL_SEGMENT)
        if not pages.addressable(real):
            raise ProgramInterruption(PIC.ADDRESSING, Ending.SUPPRESSION)
        if pages.frame_of(real >> PAGE_SHIFT) is None:
            raise _Found(Meaning.PAGE_OUT, real >> PAGE_SHIFT)
        return pages.peek(real, length)
