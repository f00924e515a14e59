"""Address-space numbers: ASN translation and authorization.  GA22-7000 "ASN Translation", "ASN Authorization".

The tables are in real storage.  Who uses them: `instructions.dual_address_space` and `instructions.program_linkage`.
"""

from dataclasses import dataclass

from edu_hv.isa.codes import MASK_24, PIC
from edu_hv.machine.dat import FetchReal
from edu_hv.machine.interruptions import Ending, ProgramInterruption

INVALID = 0x80000000
"""Bit 0 of an entry of the ASN first table, the ASN second table or a linkage table."""
FIRST_TABLE_ZERO_BITS = 0x7F00000F
"""Bits 1-7 and 28-31 of an ASN-first-table entry."""
SECOND_TABLE_ZERO_BITS = (0x7F000003, 0x0000000F, 0, 0x7F000000)
"""Bits 1-7, 30, 31, 60-63 and 97-103 of an ASN-second-table entry, by word."""
PRIMARY_AUTHORITY, SECONDARY_AUTHORITY = 0x80, 0x40
"""The two bits of an authority-table entry, at the left end of the byte."""


@dataclass(frozen=True)
class AddressSpace:
    """What an ASN-second-table entry says about an address space."""

    authority_table: int
    """Real address."""
    authority_length: int
    """Length of the authority table in units of 4 bytes, less one."""
    authorization_index: int
    segment_table: int
    """Segment-table designation: goes to CR1, CR7 or both."""
    linkage_table: int
    """Linkage-table designation: goes to CR5."""


def translate_asn(asn: int, cr14: int, fetch: FetchReal) -> AddressSpace:
    """Find the address space of a 16-bit number by the two tables.

    Raises AFX_TRANSLATION or ASX_TRANSLATION for an invalid entry, nullified; ASN_TRANSLATION_SPECIFICATION for one
    with bits on that must be zeros and ADDRESSING for one outside storage, suppressed.
    """
    first = word_at((cr14 & 0xFFF) << 12 | asn >> 6 << 2, fetch)
    if first & INVALID:
        raise ProgramInterruption(PIC.AFX_TRANSLATION, Ending.NULLIFICATION, address=asn)
    if first & FIRST_TABLE_ZERO_BITS:
        raise ProgramInterruption(PIC.ASN_TRANSLATION_SPECIFICATION)
    words = entry_at((first & 0x00FFFFF0) + (asn & 0x3F) * 16, fetch)
    if words[0] & INVALID:
        raise ProgramInterruption(PIC.ASX_TRANSLATION, Ending.NULLIFICATION, address=asn)
    if any(word & zeros for word, zeros in zip(words, SECOND_TABLE_ZERO_BITS, strict=True)):
        raise ProgramInterruption(PIC.ASN_TRANSLATION_SPECIFICATION)
    return AddressSpace(words[0] & 0x00FFFFFC, words[1] >> 4 & 0xFFF, words[1] >> 16, words[2], words[3])


def authorized(space: AddressSpace, index: int, authority: int, fetch: FetchReal) -> bool:
    """Whether the authorization index (16 bits) has an authority, primary or secondary, over an address space.

    An index beyond the authority table has none.  ADDRESSING when the entry is outside storage.
    """
    if index >> 4 > space.authority_length:
        return False
    byte = fetch(space.authority_table + (index >> 2) & MASK_24, 1)[0]
    return bool(byte << 2 * (index & 3) & authority)


def word_at(real: int, fetch: FetchReal) -> int:
    """A word of a table; a table may wrap around from the end of 24-bit addresses to 0."""
    return int.from_bytes(fetch(real & MASK_24, 4), "big")


def entry_at(real: int, fetch: FetchReal) -> tuple[int, int, int, int]:
    """A table entry of four words."""
    text = fetch(real & MASK_24, 16)
    first, second, third, fourth = (int.from_bytes(text[at : at + 4], "big") for at in range(0, 16, 4))
    return first, second, third, fourth
