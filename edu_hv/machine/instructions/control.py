"""Privileged control instructions.  GA22-7000 "Control Instructions".

The CPU has checked the state before it calls: a privileged function runs in supervisor state only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edu_hv.isa.codes import CR0, MASK_24, PIC, Key
from edu_hv.machine.dat import walk
from edu_hv.machine.instructions.conditions import specification
from edu_hv.machine.instructions.load_store import registers_between
from edu_hv.machine.instructions.registry import executes
from edu_hv.machine.interruptions import Ending, ProgramInterruption
from edu_hv.machine.psw import PSW
from edu_hv.machine.storage import BLOCK_SHIFT, FRAME

if TYPE_CHECKING:
    from edu_hv.machine.cpu import CPU


CPU_ADDRESS = 0
"""STAP: the only CPU."""

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
    cpu.load_psw(PSW.from_bytes(cpu.load_bytes(address, 8)))


@executes("SPKA")
def set_psw_key_from_address(cpu: CPU, address: int) -> None:
    """SET PSW KEY FROM ADDRESS.  GA22-7000, same heading.  The key is bits 24-27 of the address."""
    cpu.psw.key = address >> 4 & 15
    cpu.forget_mappings()


@executes("IPK")
def insert_psw_key(cpu: CPU) -> None:
    """INSERT PSW KEY.  GA22-7000 "Insert PSW Key".  Into bits 24-27 of GR2; bits 28-31 become zeros."""
    cpu.gr[2] = cpu.gr[2] & 0xFFFFFF00 | cpu.psw.key << 4


# ---- storage keys --------------------------------------------------------------------------------------------------


def block_of(cpu: CPU, address: int) -> int:
    """The number of the 2K block at a real address.  ADDRESSING, suppressed, if there is none."""
    return cpu.checked_real(address & MASK_24, 1) >> BLOCK_SHIFT


def block_in_register(cpu: CPU, r2: int) -> int:
    """The block that R2 designates.  SPECIFICATION unless bits 28-31 are zeros."""
    if cpu.gr[r2] & 15:
        raise specification()
    return block_of(cpu, cpu.gr[r2])


@executes("SSK")
def set_storage_key(cpu: CPU, r1: int, r2: int) -> None:
    """SET STORAGE KEY.  GA22-7000 "Set Storage Key".  Bits 24-30 of R1: access control, F, R, C."""
    cpu.storage.set_key(block_in_register(cpu, r2), cpu.gr[r1] & 0xFE)


@executes("ISK")
def insert_storage_key(cpu: CPU, r1: int, r2: int) -> None:
    """INSERT STORAGE KEY.  GA22-7000 "Insert Storage Key".  Into bits 24-31 of R1; R and C in EC mode only."""
    key = cpu.storage.keys[block_in_register(cpu, r2)]
    if not cpu.psw.ec_mode:
        key &= Key.ACCESS_CONTROL | Key.FETCH_PROTECTION
    cpu.gr[r1] = cpu.gr[r1] & 0xFFFFFF00 | key


@executes("RRB")
def reset_reference_bit(cpu: CPU, address: int) -> None:
    """RESET REFERENCE BIT.  GA22-7000 "Reset Reference Bit".  CC: the reference and change bits before, as a number."""
    block = block_of(cpu, address)
    key = cpu.storage.keys[block]
    cpu.psw.cc = (key & (Key.REFERENCE | Key.CHANGE)) >> 1
    cpu.storage.set_key(block, key & ~Key.REFERENCE)


# ---- control registers and translation -----------------------------------------------------------------------------


@executes("LCTL")
def load_control(cpu: CPU, r1: int, r3: int, address: int) -> None:
    """LOAD CONTROL.  GA22-7000 "Load Control".  CRs R1 to R3 in ascending order, 0 after 15.  On a word boundary."""
    cpu.require_alignment(address, 4)
    text = cpu.load_bytes(address, 4 * len(registers_between(r1, r3)))
    for position, register in enumerate(registers_between(r1, r3)):
        cpu.cr[register] = int.from_bytes(text[4 * position : 4 * position + 4], "big")
    cpu.forget_mappings()


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
    found = walk(address, cpu.cr[0], cpu.cr[1], cpu.load_real)
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


@executes("STAP")
def store_cpu_address(cpu: CPU, address: int) -> None:
    """STORE CPU ADDRESS.  GA22-7000 "Store CPU Address".  A halfword."""
    cpu.require_alignment(address, 2)
    cpu.store2(address, CPU_ADDRESS)


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


def doubleword(cpu: CPU, address: int) -> int:
    """A doubleword operand that must be on its boundary."""
    cpu.require_alignment(address, 8)
    return cpu.load8(address)


def store_doubleword(cpu: CPU, address: int, value: int) -> None:
    """Store a doubleword operand that must be on its boundary."""
    cpu.require_alignment(address, 8)
    cpu.store8(address, value)


@executes("SCK")
def set_clock(cpu: CPU, address: int) -> None:
    """SET CLOCK.  GA22-7000 "Set Clock".  CC 0: the clock is set; its key is always turned to "enable set"."""
    cpu.clocks.set_tod(doubleword(cpu, address))
    cpu.psw.cc = 0


@executes("SCKC")
def set_clock_comparator(cpu: CPU, address: int) -> None:
    """SET CLOCK COMPARATOR.  GA22-7000 "Set Clock Comparator"."""
    cpu.clocks.clock_comparator = doubleword(cpu, address)


@executes("STCKC")
def store_clock_comparator(cpu: CPU, address: int) -> None:
    """STORE CLOCK COMPARATOR.  GA22-7000 "Store Clock Comparator"."""
    store_doubleword(cpu, address, cpu.clocks.clock_comparator)


@executes("SPT")
def set_cpu_timer(cpu: CPU, address: int) -> None:
    """SET CPU TIMER.  GA22-7000 "Set CPU Timer"."""
    cpu.clocks.cpu_timer = doubleword(cpu, address)


@executes("STPT")
def store_cpu_timer(cpu: CPU, address: int) -> None:
    """STORE CPU TIMER.  GA22-7000 "Store CPU Timer"."""
    store_doubleword(cpu, address, cpu.clocks.cpu_timer)
