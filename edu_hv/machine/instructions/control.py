"""Privileged control instructions: PSW, control registers, translation, clocks.  GA22-7000 "Control Instructions".

The CPU has checked the state before it calls: a privileged function runs in supervisor state only.  Keys are in
`keys`, address spaces in `dual_address_space`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edu_hv.isa.codes import CR0, MASK_24, MASK_64, PIC, Key
from edu_hv.machine.dat import table_format, walk
from edu_hv.machine.instructions.conditions import specification
from edu_hv.machine.instructions.load_store import registers_between
from edu_hv.machine.instructions.registry import executes
from edu_hv.machine.interruptions import Ending, ProgramInterruption
from edu_hv.machine.storage import BLOCK_SHIFT, FRAME

if TYPE_CHECKING:
    from edu_hv.machine.cpu import CPU


# ---- the PSW -------------------------------------------------------------------------------------------------------


@executes("SSM")
def set_system_mask(cpu: CPU, address: int) -> None:
    """SET SYSTEM MASK.  GA22-7000 "Set System Mask".  SPECIAL_OPERATION when CR0 bit 1 suppresses it."""
    if cpu.cr[0] & CR0.SSM_SUPPRESSION:
        raise ProgramInterruption(PIC.SPECIAL_OPERATION, Ending.SUPPRESSION)
    cpu.set_system_mask(cpu.load1(address))


@executes("STNSM")
def store_then_and_system_mask(cpu: CPU, address: int, immediate: int) -> None:
    """STORE THEN AND SYSTEM MASK.  GA22-7000, same heading.  The old mask is stored, then ANDed with the I field."""
    mask = cpu.psw.system_mask
    cpu.store1(address, mask)
    cpu.set_system_mask(mask & immediate)


@executes("STOSM")
def store_then_or_system_mask(cpu: CPU, address: int, immediate: int) -> None:
    """STORE THEN OR SYSTEM MASK.  GA22-7000, same heading.  The old mask is stored, then ORed with the I field."""
    mask = cpu.psw.system_mask
    cpu.store1(address, mask)
    cpu.set_system_mask(mask | immediate)


@executes("LPSW")
def load_psw(cpu: CPU, address: int) -> None:
    """LOAD PSW.  GA22-7000 "Load PSW".  An invalid new PSW is found when it is used, not here."""
    cpu.require_alignment(address, 8)
    cpu.load_psw(cpu.decode_psw(cpu.load_bytes(address, 8)))


# ---- control registers and translation -----------------------------------------------------------------------------


@executes("LCTL")
def load_control(cpu: CPU, r1: int, r3: int, address: int) -> None:
    """LOAD CONTROL.  GA22-7000 "Load Control".  CRs R1 to R3 in ascending order, 0 after 15.  On a word boundary."""
    cpu.require_alignment(address, 4)
    text = cpu.load_bytes(address, 4 * len(registers_between(r1, r3)))
    for position, register in enumerate(registers_between(r1, r3)):
        cpu.cr[register] = int.from_bytes(text[4 * position : 4 * position + 4], "big")
    cpu.change_context()


@executes("STCTL")
def store_control(cpu: CPU, r1: int, r3: int, address: int) -> None:
    """STORE CONTROL.  GA22-7000 "Store Control".  CRs R1 to R3 in ascending order, 0 after 15.  On a word boundary."""
    cpu.require_alignment(address, 4)
    cpu.store_bytes(address, b"".join(cpu.cr[r].to_bytes(4, "big") for r in registers_between(r1, r3)))


@executes("LRA")
def load_real_address(cpu: CPU, r1: int, address: int) -> None:
    """LOAD REAL ADDRESS.  GA22-7000 "Load Real Address".  CC 0: the real address is in R1, whether or not DAT is on.

    CC 1 segment-table entry invalid, 2 page-table entry invalid, 3 a table too short: R1 has the entry's real address.
    """
    found = walk(address, cpu.cr[0], cpu.segment_table_designation, cpu.load_real)
    if found.real is not None:
        cpu.gr[r1], cpu.psw.cc = found.real, 0
        return
    page_entry = found.page_entry_address
    cpu.gr[r1] = found.segment_entry_address if page_entry is None else page_entry
    cpu.psw.cc = 3 if found.length_exceeded else 1 if found.fault is PIC.SEGMENT_TRANSLATION else 2


@executes("PTLB")
def purge_tlb(cpu: CPU) -> None:
    """PURGE TLB.  GA22-7000 "Purge TLB"."""
    cpu.tlb.purge()
    cpu.forget_mappings()


@executes("IPTE")
def invalidate_page_table_entry(cpu: CPU, r1: int, r2: int) -> None:
    """INVALIDATE PAGE TABLE ENTRY.  GA22-7000, same heading.  R1: page-table origin; R2: a virtual address.

    The TLB loses every entry, more than it must.  TRANSLATION_SPECIFICATION for a format that CR0 cannot have;
    ADDRESSING and PROTECTION by the PSW key for the entry, a real address.
    """
    layout = table_format(cpu.cr[0])
    if layout is None:
        raise ProgramInterruption(PIC.TRANSLATION_SPECIFICATION, Ending.SUPPRESSION)
    set_bits_protected(cpu, layout.page_entry_address(cpu.gr[r1], cpu.gr[r2] & MASK_24), layout.invalid_bit)
    cpu.tlb.purge()
    cpu.forget_mappings()


def set_bits_protected(cpu: CPU, real: int, bits: int) -> None:
    """Turn on bits of a halfword at a real address, if the PSW key may store there.  ADDRESSING, PROTECTION."""
    value = int.from_bytes(cpu.load_real(real, 2), "big") | bits
    block = cpu.absolute(real) >> BLOCK_SHIFT
    if cpu.psw.key not in (0, cpu.storage.keys[block] >> 4):
        raise ProgramInterruption(PIC.PROTECTION, Ending.SUPPRESSION)
    cpu.storage.keys[block] |= Key.REFERENCE | Key.CHANGE
    cpu.store_real(real, value.to_bytes(2, "big"))


@executes("SPX")
def set_prefix(cpu: CPU, address: int) -> None:
    """SET PREFIX.  GA22-7000 "Set Prefix".  Bits 8-19 of a word; ADDRESSING when there is no such frame.

    The TLB is purged, because the tables' real addresses may mean other storage now.
    """
    cpu.require_alignment(address, 4)
    prefix = cpu.load4(address) & MASK_24 & -FRAME
    if prefix + FRAME > cpu.storage.size:
        raise ProgramInterruption(PIC.ADDRESSING, Ending.SUPPRESSION)
    cpu.prefix = prefix
    cpu.tlb.purge()
    cpu.forget_mappings()


@executes("STPX")
def store_prefix(cpu: CPU, address: int) -> None:
    """STORE PREFIX.  GA22-7000 "Store Prefix".  A word, with the prefix in bits 8-19."""
    cpu.require_alignment(address, 4)
    cpu.store4(address, cpu.prefix)


# ---- identification ------------------------------------------------------------------------------------------------


@executes("STIDP")
def store_cpu_id(cpu: CPU, address: int) -> None:
    """STORE CPU ID.  GA22-7000 "Store CPU ID".  Version, serial, model, length of the extended logout."""
    cpu.require_alignment(address, 8)
    cpu.store_bytes(address, cpu.identification)


@executes("DIAG")
def diagnose(cpu: CPU, r1: int, r3: int, address: int) -> None:
    """DIAGNOSE.  GA22-7000 "Diagnose".  Each model defines it; this one has no such functions: SPECIFICATION.

    For a guest, CP answers it before it comes here: that is how a guest calls CP.
    """
    raise specification()


# ---- clocks --------------------------------------------------------------------------------------------------------


CLOCK_BITS = MASK_64 & ~0xFFF
"""Bits 0-51, which the clocks have; bits to the right of them are ignored when one is set."""


def clock_operand(cpu: CPU, address: int) -> int:
    """A doubleword operand, on its boundary, that a clock is set from."""
    cpu.require_alignment(address, 8)
    return cpu.load8(address) & CLOCK_BITS


def store_doubleword(cpu: CPU, address: int, value: int) -> None:
    """Store a doubleword operand that must be on its boundary."""
    cpu.require_alignment(address, 8)
    cpu.store8(address, value)


@executes("SCK")
def set_clock(cpu: CPU, address: int) -> None:
    """SET CLOCK.  GA22-7000 "Set Clock".  CC 0: the clock is set; its key is always turned to "enable set"."""
    cpu.clocks.set_tod(clock_operand(cpu, address))
    cpu.psw.cc = 0


@executes("SCKC")
def set_clock_comparator(cpu: CPU, address: int) -> None:
    """SET CLOCK COMPARATOR.  GA22-7000 "Set Clock Comparator"."""
    cpu.clocks.clock_comparator = clock_operand(cpu, address)


@executes("STCKC")
def store_clock_comparator(cpu: CPU, address: int) -> None:
    """STORE CLOCK COMPARATOR.  GA22-7000 "Store Clock Comparator"."""
    store_doubleword(cpu, address, cpu.clocks.clock_comparator)


@executes("SPT")
def set_cpu_timer(cpu: CPU, address: int) -> None:
    """SET CPU TIMER.  GA22-7000 "Set CPU Timer"."""
    cpu.clocks.cpu_timer = clock_operand(cpu, address)


@executes("STPT")
def store_cpu_timer(cpu: CPU, address: int) -> None:
    """STORE CPU TIMER.  GA22-7000 "Store CPU Timer"."""
    store_doubleword(cpu, address, cpu.clocks.cpu_timer)
