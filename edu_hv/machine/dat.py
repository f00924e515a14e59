"""Dynamic address translation: segment and page tables, and the TLB.  GA22-7000 "Dynamic Address Translation"."""

from collections.abc import Callable
from dataclasses import dataclass

from edu_hv.isa.codes import CR0, PIC
from edu_hv.machine.interruptions import Ending, ProgramInterruption
from edu_hv.machine.storage import BLOCK_SHIFT


@dataclass(frozen=True)
class TableFormat:
    """One of the four combinations that CR0 bits 8-12 select.  Sizes are shifts: 12 is a 4K page."""

    page_shift: int
    segment_shift: int

    @property
    def frame_mask(self) -> int:
        """The frame number within a page-table entry, in place."""
        return 0xFFF0 if self.page_shift == 12 else 0xFFF8

    @property
    def invalid_bit(self) -> int:
        """The page-invalid bit of a page-table entry."""
        return 0x0008 if self.page_shift == 12 else 0x0004

    @property
    def zero_bits(self) -> int:
        """Bits of a page-table entry that must be zero."""
        return 0x0006 if self.page_shift == 12 else 0x0002

    @property
    def pages_in_segment(self) -> int:
        """Page-table entries that cover a whole segment."""
        return 1 << self.segment_shift - self.page_shift

    def page_index(self, address: int) -> int:
        """The page number within its segment."""
        return address >> self.page_shift & self.pages_in_segment - 1

    def page_entry_address(self, segment_entry: int, address: int) -> int:
        """The real address of a page-table entry.  The table may wrap around from the end of 24-bit addresses to 0."""
        return (segment_entry & 0x00FFFFF8) + self.page_index(address) * 2 & 0xFFFFFF


FORMATS: dict[int, TableFormat] = {
    0b01000: TableFormat(11, 16),
    0b01010: TableFormat(11, 20),
    0b10000: TableFormat(12, 16),
    0b10010: TableFormat(12, 20),
}
"""By CR0 bits 8-12: 2K or 4K pages, 64K or 1M segments."""

SEGMENT_INVALID = 0x00000001
"""Bit 31 of a segment-table entry."""
SEGMENT_ZERO_BITS = 0x0F000000
"""Bits of a segment-table entry that must be zero: 4-7.  Bit 29 belongs to segment protection, which is not installed;
as on other models without it, it is ignored."""
COMMON_SEGMENT = 0x00000002
"""Bit 30 of a segment-table entry: the segment is the same in every address space that has it."""
SECONDARY = 0x80000000
"""Bit 0 of the translation-exception address: the segment table was the secondary one."""


def table_format(cr0: int) -> TableFormat | None:
    """The format CR0 selects, or None when bits 8-12 hold none of the four."""
    return FORMATS.get((cr0 & CR0.TRANSLATION_FORMAT) >> 19)


@dataclass(frozen=True)
class Walk:
    """One walk through the tables: what LRA, a debugger and the translation itself want to know.

    `real` is the result, or None with `fault` saying why; `entry` is the real address of the last entry looked at.
    """

    address: int
    segment_entry_address: int
    page_entry_address: int | None = None
    real: int | None = None
    fault: PIC | None = None
    length_exceeded: bool = False
    common: bool = False
    """The segment is a common one."""


FetchReal = Callable[[int, int], bytes]
"""Fetch `length` bytes at a real address, without protection; raises ADDRESSING outside storage."""


def walk(address: int, cr0: int, designation: int, fetch: FetchReal) -> Walk:
    """Translate a virtual address (24 bits) with the format in CR0 and the segment table of CR1 or CR7.

    Raises ProgramInterruption TRANSLATION_SPECIFICATION for a bad format, ADDRESSING for a table outside storage.
    GA22-7000 "Translation Process".
    """
    layout = table_format(cr0)
    if layout is None:
        raise ProgramInterruption(PIC.TRANSLATION_SPECIFICATION, Ending.SUPPRESSION)
    segment = address >> layout.segment_shift
    entry_address = (designation & 0x00FFFFC0) + segment * 4 & 0xFFFFFF
    # The length is in units of 64 bytes (16 entries), less one, whatever the segment size.
    if segment >> 4 > designation >> 24:
        return Walk(address, entry_address, fault=PIC.SEGMENT_TRANSLATION, length_exceeded=True)
    segment_entry = int.from_bytes(fetch(entry_address, 4), "big")
    if segment_entry & SEGMENT_INVALID:
        return Walk(address, entry_address, fault=PIC.SEGMENT_TRANSLATION)
    if segment_entry & SEGMENT_ZERO_BITS:
        raise ProgramInterruption(PIC.TRANSLATION_SPECIFICATION, Ending.SUPPRESSION)
    return _walk_page_table(address, layout, segment_entry, entry_address, fetch)


def _walk_page_table(
    address: int, layout: TableFormat, segment_entry: int, segment_entry_address: int, fetch: FetchReal
) -> Walk:
    entry_address = layout.page_entry_address(segment_entry, address)
    # The page-table length is in sixteenths of the longest table, less one.
    if layout.page_index(address) * 16 // layout.pages_in_segment > segment_entry >> 28:
        return Walk(address, segment_entry_address, entry_address, fault=PIC.PAGE_TRANSLATION, length_exceeded=True)
    entry = int.from_bytes(fetch(entry_address, 2), "big")
    if entry & layout.invalid_bit:
        return Walk(address, segment_entry_address, entry_address, fault=PIC.PAGE_TRANSLATION)
    if entry & layout.zero_bits:
        raise ProgramInterruption(PIC.TRANSLATION_SPECIFICATION, Ending.SUPPRESSION)
    offset = address & (1 << layout.page_shift) - 1
    real = (entry & layout.frame_mask) << 8 | offset
    common = bool(segment_entry & COMMON_SEGMENT)
    return Walk(address, segment_entry_address, entry_address, real=real, common=common)


ANY_SPACE = -1
"""In place of the segment-table designation in the TLB: the entry of a common segment."""


class TranslationLookasideBuffer:
    """Translations already made, kept until PTLB or IPTE: a stale one may be used, as the architecture allows.

    An entry belongs to the table designation and format it was made with, so a change of control registers 0, 1 and 7
    needs no purge; one of a common segment serves every designation.  GA22-7000 "Translation-Lookaside Buffer".
    """

    def __init__(self) -> None:
        self.entries: dict[tuple[int, int, int], int] = {}

    def translate(self, address: int, cr0: int, designation: int, fetch: FetchReal, space: int = 0) -> int:
        """The real address of a virtual address.  Raises the translation exceptions, with nullification.

        `space` is SECONDARY when the designation is that of CR7; the translation-exception address shows it.
        """
        layout, block = cr0 & CR0.TRANSLATION_FORMAT, address >> BLOCK_SHIFT
        real = self.entries.get((layout, designation, block))
        if real is None:
            real = self.entries.get((layout, ANY_SPACE, block))
        if real is None:
            found = walk(address, cr0, designation, fetch)
            if found.fault is not None:
                raise ProgramInterruption(found.fault, Ending.NULLIFICATION, address=space | address)
            assert found.real is not None
            real = found.real & ~0x7FF
            self.entries[layout, ANY_SPACE if found.common else designation, block] = real
        return real | address & 0x7FF

    def purge(self) -> None:
        """PTLB; IPTE too, which may make more entries invalid than it must."""
        self.entries.clear()
