"""Walks through translation tables that note what was looked at.

The walk itself is the machine's own, `edu_hv.machine.dat.walk`; here its fetches are noted and put into words.
GA22-7000 "Translation Tables", "Translation Process".
"""

from collections.abc import Callable
from dataclasses import dataclass

from edu_hv.debugger.microscope.views import EntryView
from edu_hv.isa.codes import PIC
from edu_hv.machine.dat import (
    COMMON_SEGMENT,
    SEGMENT_INVALID,
    SEGMENT_ZERO_BITS,
    FetchReal,
    TableFormat,
    table_format,
    walk,
)
from edu_hv.machine.interruptions import ProgramInterruption

SEGMENT_ENTRY, PAGE_ENTRY = 4, 2
"""Bytes of the entries, by which one is told from the other."""


@dataclass(frozen=True, slots=True)
class Walked:
    """A walk through a segment table and a page table, and the entries that were fetched on it, in order."""

    address: int
    layout: TableFormat | None
    designation: int
    fetched: tuple[tuple[int, bytes], ...]
    """Address and bytes of each entry."""
    real: int | None
    """Where it leads; None with `code` saying why it leads nowhere."""
    code: PIC | None = None
    length_exceeded: bool = False

    @property
    def segment(self) -> int:
        """Number of the segment."""
        return self.address >> self.layout.segment_shift if self.layout else 0

    @property
    def page(self) -> int:
        """Number of the page within the segment."""
        return self.layout.page_index(self.address) if self.layout else 0


def walked(address: int, cr0: int, designation: int, fetch: FetchReal) -> Walked:
    """Translate by the format of a control register 0 and the segment table designated; nothing is raised."""
    fetched: list[tuple[int, bytes]] = []

    def noting(real: int, length: int) -> bytes:
        found = fetch(real, length)
        fetched.append((real, found))
        return found

    layout = table_format(cr0)
    try:
        found = walk(address, cr0, designation, noting)
    except ProgramInterruption as condition:
        return Walked(address, layout, designation, tuple(fetched), None, condition.code)
    return Walked(address, layout, designation, tuple(fetched), found.real, found.fault, found.length_exceeded)


def format_words(cr0: int) -> str:
    """The translation format of a control register 0."""
    layout = table_format(cr0)
    if layout is None:
        return "no valid translation format in CR0 bits 8-12"
    size = "64K" if layout.segment_shift == 16 else "1M"
    return f"{'4K' if layout.page_shift == 12 else '2K'} pages, {size} segments"


def entries(found: Walked, where: Callable[[int], str]) -> tuple[EntryView, ...]:
    """The entries that were looked at; `where` says where an address of theirs is."""
    return tuple(
        EntryView(_name(found, len(text)), where(at), text.hex().upper(), _words(found, text), at)
        for at, text in found.fetched
    )


def shortfall(found: Walked) -> tuple[str, ...]:
    """Why the walk ended without an entry being invalid; nothing when one was, or it led somewhere."""
    if found.layout is None:
        return ("bits 8-12 of control register 0 hold none of the four formats",)
    if found.length_exceeded and not found.fetched:
        entries_there = ((found.designation >> 24) + 1) * 16
        return (f"segment {found.segment:X} is past the end of the segment table, which has {entries_there} entries",)
    if found.length_exceeded:
        return (f"page {found.page:X} is past the end of the page table",)
    if found.code is PIC.ADDRESSING:
        return ("the next entry would be outside storage",)
    return ()


def _name(found: Walked, length: int) -> str:
    kind, number = ("segment", found.segment) if length == SEGMENT_ENTRY else ("page", found.page)
    return f"{kind}-table entry {number:X}"


def _words(found: Walked, text: bytes) -> str:
    value = int.from_bytes(text, "big")
    assert found.layout is not None
    return _segment_words(value, found.layout) if len(text) == SEGMENT_ENTRY else _page_words(value, found.layout)


def _segment_words(value: int, layout: TableFormat) -> str:
    if value & SEGMENT_INVALID:
        return "invalid (bit 31)"
    if value & SEGMENT_ZERO_BITS:
        return "not valid: bits 4-7 must be zero"
    pages = ((value >> 28) + 1) * layout.pages_in_segment // 16
    common = ", a common segment (bit 30)" if value & COMMON_SEGMENT else ""
    return f"valid: page table at {value & 0x00FFFFF8:06X} for {pages} pages{common}"


def _page_words(value: int, layout: TableFormat) -> str:
    if value & layout.invalid_bit:
        return f"invalid (bit {15 - layout.invalid_bit.bit_length() + 1})"
    if value & layout.zero_bits:
        return "not valid: bits that must be zero are on"
    return f"valid: frame {(value & layout.frame_mask) << 8:06X}"
