"""Calls between programs of different authority and address space.  GA22-7000 "PC-Number Translation"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edu_hv.isa.codes import PIC, SPACE_SWITCH_EVENT_CONTROL, SUBSYSTEM_LINKAGE_CONTROL
from edu_hv.machine.asn import INVALID, PRIMARY_AUTHORITY, AddressSpace, entry_at, translate_asn, word_at
from edu_hv.machine.instructions.authority import require_asn_translation, require_authority, require_controls
from edu_hv.machine.instructions.conditions import specification
from edu_hv.machine.instructions.dual_address_space import require_space_authority
from edu_hv.machine.instructions.registry import executes
from edu_hv.machine.interruptions import Ending, ProgramInterruption

if TYPE_CHECKING:
    from edu_hv.machine.cpu import CPU


ZERO_BITS = 0x7F000000
"""Bits 1-7 of a linkage-table entry."""


@dataclass(frozen=True)
class EntryTableEntry:
    """Where a PC number leads, and with what authority."""

    authorization_key_mask: int
    asn: int
    """0: the current primary address space."""
    instruction_address: int
    problem_state: bool
    parameter: int
    entry_key_mask: int


def translate_pc_number(cpu: CPU, number: int) -> EntryTableEntry:
    """Find the entry-table entry of a PC number: linkage index 12 bits, entry index 8 bits.

    Raises LX_TRANSLATION and EX_TRANSLATION, nullified; PC_TRANSLATION_SPECIFICATION and ADDRESSING, suppressed.
    """
    linkage_index, entry_index, designation = number >> 8, number & 0xFF, cpu.cr[5]
    if linkage_index >> 5 > designation & 0x7F:
        raise ProgramInterruption(PIC.LX_TRANSLATION, Ending.NULLIFICATION, address=number)
    linkage = word_at((designation & 0x00FFFF80) + linkage_index * 4, cpu.load_real)
    if linkage & INVALID:
        raise ProgramInterruption(PIC.LX_TRANSLATION, Ending.NULLIFICATION, address=number)
    if linkage & ZERO_BITS:
        raise ProgramInterruption(PIC.PC_TRANSLATION_SPECIFICATION)
    if entry_index >> 2 > linkage & 0x3F:
        raise ProgramInterruption(PIC.EX_TRANSLATION, Ending.NULLIFICATION, address=number)
    words = entry_at((linkage & 0x00FFFFC0) + entry_index * 16, cpu.load_real)
    if words[1] >> 24:
        raise ProgramInterruption(PIC.PC_TRANSLATION_SPECIFICATION)
    keys, address = words[0] >> 16, words[1] & 0xFFFFFE
    return EntryTableEntry(keys, words[0] & 0xFFFF, address, bool(words[1] & 1), words[2], words[3] >> 16)


def require_linkage(cpu: CPU) -> None:
    """Raise SPECIAL_OPERATION unless DAT is on, in primary-space mode, and CR5 bit 0 permits linkage."""
    require_controls(cpu.psw.dat, not cpu.psw.secondary_space, cpu.cr[5] & SUBSYSTEM_LINKAGE_CONTROL)


@executes("PC")
def program_call(cpu: CPU, address: int) -> None:
    """PROGRAM CALL.  GA22-7000 "Program Call".  The PC number is bits 12-31 of the address.

    The key mask and primary ASN go to GR3, the return address and problem-state bit to GR14, a parameter to GR4.  The
    caller's primary space becomes the secondary one; with an ASN in the entry, that one's space becomes the primary.
    """
    require_linkage(cpu)
    entry = translate_pc_number(cpu, address & 0xFFFFF)
    require_authority(cpu, entry.authorization_key_mask & cpu.cr[3] >> 16)
    space = switched_to(cpu, entry.asn) if entry.asn else None
    link(cpu, entry)
    go(cpu, entry.instruction_address, entry.problem_state)
    if space:
        enter(cpu, entry.asn, space)


def link(cpu: CPU, entry: EntryTableEntry) -> None:
    """Save what a call replaces, pass the parameter, and give the entry's keys to the called program."""
    primary = cpu.cr[4] & 0xFFFF
    cpu.gr[3] = cpu.cr[3] & 0xFFFF0000 | primary
    cpu.gr[14] = cpu.psw.instruction_address | cpu.psw.problem_state
    cpu.gr[4] = entry.parameter
    cpu.cr[3] = cpu.gr[3] | entry.entry_key_mask << 16
    cpu.cr[7] = cpu.cr[1]


@executes("PT")
def program_transfer(cpu: CPU, r1: int, r2: int) -> None:
    """PROGRAM TRANSFER.  GA22-7000 "Program Transfer".  R1: key mask and ASN; R2: address and problem-state bit.

    The space becomes primary and secondary; the key mask is ANDed to the one in CR3.  PRIMARY_AUTHORITY, nullified,
    when the authorization index in CR4 has none over another space than the current one.
    """
    require_linkage(cpu)
    asn, address, problem_state = cpu.gr[r1] & 0xFFFF, cpu.gr[r2] & 0xFFFFFE, bool(cpu.gr[r2] & 1)
    require_authority(cpu, problem_state)
    if cpu.gr[r2] >> 24:
        raise specification()
    space = transferred_to(cpu, asn) if asn != cpu.cr[4] & 0xFFFF else None
    cpu.cr[3] = cpu.cr[3] & cpu.gr[r1] & 0xFFFF0000 | asn
    cpu.cr[7] = space.segment_table if space else cpu.cr[1]
    go(cpu, address, problem_state)
    if space:
        enter(cpu, asn, space)


def switched_to(cpu: CPU, asn: int) -> AddressSpace:
    """The space that becomes the primary one.  Raises SPECIAL_OPERATION and the ASN-translation exceptions."""
    require_asn_translation(cpu)
    return translate_asn(asn, cpu.cr[14], cpu.load_real)


def transferred_to(cpu: CPU, asn: int) -> AddressSpace:
    """The same, if the program has primary authority over it."""
    space = switched_to(cpu, asn)
    require_space_authority(cpu, space, asn, PRIMARY_AUTHORITY, PIC.PRIMARY_AUTHORITY)
    return space


def go(cpu: CPU, address: int, problem_state: bool) -> None:
    """Continue at an address, in a state, with what logical addresses now mean."""
    cpu.psw.problem_state = problem_state
    cpu.branch(address)
    cpu.change_context()


def enter(cpu: CPU, asn: int, space: AddressSpace) -> None:
    """Make a space the primary one.  SPACE_SWITCH_EVENT, completed, when the old or the new one has its control on."""
    primary, designation = cpu.cr[4] & 0xFFFF, cpu.cr[1]
    cpu.cr[1], cpu.cr[5] = space.segment_table, space.linkage_table
    cpu.cr[4] = space.authorization_index << 16 | asn
    if (designation | cpu.cr[1]) & SPACE_SWITCH_EVENT_CONTROL:
        identification = (designation & SPACE_SWITCH_EVENT_CONTROL) << 31 | primary
        raise ProgramInterruption(PIC.SPACE_SWITCH_EVENT, Ending.COMPLETION, address=identification)
