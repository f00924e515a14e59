"""Address-space control: which spaces are primary and secondary, and which one addresses mean.

GA22-7000 "Dual-Address-Space Control" and the instructions' own headings.  Calls between spaces are in
`program_linkage`, moves in `space_moves`, the tables in `edu_hv.machine.asn`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edu_hv.isa.codes import CR0, PIC, SPACE_SWITCH_EVENT_CONTROL
from edu_hv.machine.asn import SECONDARY_AUTHORITY, AddressSpace, authorized, translate_asn
from edu_hv.machine.instructions.authority import (
    require_asn_translation,
    require_controls,
    require_extraction_authority,
)
from edu_hv.machine.instructions.conditions import specification
from edu_hv.machine.instructions.registry import executes
from edu_hv.machine.interruptions import Ending, ProgramInterruption

if TYPE_CHECKING:
    from edu_hv.machine.cpu import CPU


# ---- which space ---------------------------------------------------------------------------------------------------


@executes("EPAR")
def extract_primary_asn(cpu: CPU, r1: int) -> None:
    """EXTRACT PRIMARY ASN.  GA22-7000, same heading.  CR4 bits 16-31, under 16 zeros."""
    require_controls(cpu.psw.dat)
    require_extraction_authority(cpu)
    cpu.gr[r1] = cpu.cr[4] & 0xFFFF


@executes("ESAR")
def extract_secondary_asn(cpu: CPU, r1: int) -> None:
    """EXTRACT SECONDARY ASN.  GA22-7000, same heading.  CR3 bits 16-31, under 16 zeros."""
    require_controls(cpu.psw.dat)
    require_extraction_authority(cpu)
    cpu.gr[r1] = cpu.cr[3] & 0xFFFF


@executes("IAC")
def insert_address_space_control(cpu: CPU, r1: int) -> None:
    """INSERT ADDRESS SPACE CONTROL.  GA22-7000, same heading.  Into bits 16-23 of R1 and CC: 0 primary, 1 secondary."""
    require_controls(cpu.psw.dat)
    require_extraction_authority(cpu)
    cpu.psw.cc = int(cpu.psw.secondary_space)
    cpu.gr[r1] = cpu.gr[r1] & 0xFFFF00FF | cpu.psw.cc << 8


@executes("SAC")
def set_address_space_control(cpu: CPU, address: int) -> None:
    """SET ADDRESS SPACE CONTROL.  GA22-7000, same heading.  Bits 20-23 of the address: 0 primary, 1 secondary."""
    require_controls(cpu.psw.dat, cpu.cr[0] & CR0.SECONDARY_SPACE)
    control = address >> 8 & 15
    if control > 1:
        raise specification()
    cpu.psw.secondary_space = bool(control)
    cpu.change_context()


@executes("SSAR")
def set_secondary_asn(cpu: CPU, r1: int) -> None:
    """SET SECONDARY ASN.  GA22-7000 "Set Secondary ASN".  Bits 16-31 of R1; with space switching if not the primary's.

    SECONDARY_AUTHORITY, nullified, when the authorization index in CR4 has none over that space.
    """
    require_controls(cpu.psw.dat)
    require_asn_translation(cpu)
    asn = cpu.gr[r1] & 0xFFFF
    designation = cpu.cr[1]
    if asn != cpu.cr[4] & 0xFFFF:
        space = translate_asn(asn, cpu.cr[14], cpu.load_real)
        require_space_authority(cpu, space, asn, SECONDARY_AUTHORITY, PIC.SECONDARY_AUTHORITY)
        designation = space.segment_table
    cpu.cr[3] = cpu.cr[3] & 0xFFFF0000 | asn
    cpu.cr[7] = designation
    cpu.change_context()


def require_space_authority(cpu: CPU, space: AddressSpace, asn: int, authority: int, exception: PIC) -> None:
    """Raise `exception`, nullified, unless the authorization index in CR4 has the authority over a space."""
    if not authorized(space, cpu.cr[4] >> 16, authority, cpu.load_real):
        raise ProgramInterruption(exception, Ending.NULLIFICATION, address=asn)


# ---- all parameters at once ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wanted:
    """The operands of LOAD ADDRESS SPACE PARAMETERS."""

    key_mask: int
    secondary: int
    authorization_index: int
    primary: int
    force_translation: bool
    use_index: bool
    """Take the authorization index from here, not from the primary space."""
    skip_authorization: bool

    @classmethod
    def of(cls, text: bytes, flags: int) -> Wanted:
        """From the doubleword and bits 29-31 of the second operand's address."""
        key_mask, secondary, index, primary = (int.from_bytes(text[at : at + 2], "big") for at in (0, 2, 4, 6))
        return cls(key_mask, secondary, index, primary, bool(flags & 4), bool(flags & 2), bool(flags & 1))


@executes("LASP")
def load_address_space_parameters(cpu: CPU, first: int, second: int) -> None:
    """LOAD ADDRESS SPACE PARAMETERS.  GA22-7000, same heading.

    CC 0 loaded, 1 primary ASN not available, 2 secondary not available or not authorized, 3 space-switch event; with
    CC 1 to 3 nothing is loaded.
    """
    require_asn_translation(cpu)
    cpu.require_alignment(first, 8)
    cpu.psw.cc = establish(cpu, Wanted.of(cpu.load_bytes(first, 8), second))


def establish(cpu: CPU, wanted: Wanted) -> int:
    """Load control registers 1, 3, 4, 5 and 7, or none of them; the condition code."""
    designation, index, linkage = cpu.cr[1], cpu.cr[4] >> 16, cpu.cr[5]
    if wanted.force_translation or wanted.primary != cpu.cr[4] & 0xFFFF:
        space = available(cpu, wanted.primary)
        if space is None:
            return 1
        if (designation | space.segment_table) & SPACE_SWITCH_EVENT_CONTROL:
            return 3
        designation, index, linkage = space.segment_table, space.authorization_index, space.linkage_table
    if wanted.use_index:
        index = wanted.authorization_index
    secondary = secondary_designation(cpu, wanted, designation, index)
    if secondary is None:
        return 2
    cpu.cr[1], cpu.cr[5], cpu.cr[7] = designation, linkage, secondary
    cpu.cr[3], cpu.cr[4] = wanted.key_mask << 16 | wanted.secondary, index << 16 | wanted.primary
    cpu.change_context()
    return 0


def secondary_designation(cpu: CPU, wanted: Wanted, primary_designation: int, index: int) -> int | None:
    """The secondary segment-table designation; None when the space is not available or not authorized."""
    if wanted.secondary == wanted.primary:
        return primary_designation
    same = wanted.secondary == cpu.cr[3] & 0xFFFF
    if same and wanted.skip_authorization and not wanted.force_translation:
        return cpu.cr[7]
    space = available(cpu, wanted.secondary)
    if space is None:
        return None
    if not wanted.skip_authorization and not authorized(space, index, SECONDARY_AUTHORITY, cpu.load_real):
        return None
    return space.segment_table


def available(cpu: CPU, asn: int) -> AddressSpace | None:
    """The address space of a number; None where its table entry is invalid, which LASP says by condition code."""
    try:
        return translate_asn(asn, cpu.cr[14], cpu.load_real)
    except ProgramInterruption as condition:
        if condition.code in (PIC.AFX_TRANSLATION, PIC.ASX_TRANSLATION):
            return None
        raise
