"""The PSW key and the storage keys.  GA22-7000 "Protection", "Storage Key".

A key belongs to a block of 2K.  The extended instructions designate 4K, and so two keys: every block is what the
manual calls a double-key 4K-byte block.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edu_hv.isa.codes import MASK_24, PIC, Key
from edu_hv.machine.instructions.authority import require_controls, require_extraction_authority, require_key
from edu_hv.machine.instructions.conditions import specification
from edu_hv.machine.instructions.registry import executes
from edu_hv.machine.interruptions import Ending, ProgramInterruption
from edu_hv.machine.storage import BLOCK_SHIFT, FRAME

if TYPE_CHECKING:
    from edu_hv.machine.cpu import CPU


# ---- the PSW key ---------------------------------------------------------------------------------------------------


@executes("SPKA")
def set_psw_key_from_address(cpu: CPU, address: int) -> None:
    """SET PSW KEY FROM ADDRESS.  GA22-7000, same heading.  Bits 24-27 of the address.

    In the problem state the PSW-key mask must have that key.
    """
    key = address >> 4 & 15
    require_key(cpu, key)
    cpu.psw.key = key
    cpu.change_context()


@executes("IPK")
def insert_psw_key(cpu: CPU) -> None:
    """INSERT PSW KEY.  GA22-7000 "Insert PSW Key".  Into bits 24-27 of GR2; bits 28-31 become zeros."""
    require_extraction_authority(cpu)
    cpu.gr[2] = cpu.gr[2] & 0xFFFFFF00 | cpu.psw.key << 4


# ---- keys of 2K ----------------------------------------------------------------------------------------------------


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
        key &= int(Key.ACCESS_CONTROL | Key.FETCH_PROTECTION)
    cpu.gr[r1] = cpu.gr[r1] & 0xFFFFFF00 | key


@executes("RRB")
def reset_reference_bit(cpu: CPU, address: int) -> None:
    """RESET REFERENCE BIT.  GA22-7000 "Reset Reference Bit".  CC: the reference and change bits before, as a number."""
    reset_reference(cpu, block_of(cpu, address), 1)


def reset_reference(cpu: CPU, block: int, count: int) -> None:
    """Reset the reference bits of some blocks; CC: what reference and change were in any of them, as a number."""
    both = 0
    for number in range(block, block + count):
        key = cpu.storage.keys[number]
        both |= key & (Key.REFERENCE | Key.CHANGE)
        cpu.storage.set_key(number, key & ~Key.REFERENCE)
    cpu.psw.cc = both >> 1


# ---- keys of 4K ----------------------------------------------------------------------------------------------------


def frame_in_register(cpu: CPU, r2: int, ending: Ending = Ending.SUPPRESSION) -> int:
    """The absolute address of the 4K block that bits 1-19 of R2, a 31-bit real address, designate.  ADDRESSING."""
    absolute = cpu.absolute(cpu.gr[r2] & 0x7FFFF000)
    if absolute >= cpu.storage.size:
        raise ProgramInterruption(PIC.ADDRESSING, ending)
    return absolute


@executes("SSKE")
def set_storage_key_extended(cpu: CPU, r1: int, r2: int) -> None:
    """SET STORAGE KEY EXTENDED.  GA22-7000, same heading.  Bits 24-30 of R1 become both keys of the 4K block."""
    block = frame_in_register(cpu, r2) >> BLOCK_SHIFT
    for number in (block, block + 1):
        cpu.storage.set_key(number, cpu.gr[r1] & 0xFE)


@executes("ISKE")
def insert_storage_key_extended(cpu: CPU, r1: int, r2: int) -> None:
    """INSERT STORAGE KEY EXTENDED.  GA22-7000, same heading.  Seven bits in either mode.

    The two keys of the block are ORed: reference and change are those of either.  What is inserted for access control
    and F when they are not the same in both is unpredictable.
    """
    block = frame_in_register(cpu, r2) >> BLOCK_SHIFT
    cpu.gr[r1] = cpu.gr[r1] & 0xFFFFFF00 | cpu.storage.keys[block] | cpu.storage.keys[block + 1]


@executes("RRBE")
def reset_reference_bit_extended(cpu: CPU, r1: int, r2: int) -> None:
    """RESET REFERENCE BIT EXTENDED.  GA22-7000, same heading.  CC as of RRB, for the two keys together."""
    reset_reference(cpu, frame_in_register(cpu, r2) >> BLOCK_SHIFT, 2)


@executes("TB")
def test_block(cpu: CPU, r1: int, r2: int) -> None:
    """TEST BLOCK.  GA22-7000 "Test Block".  CC 0: the 4K block is usable, as all are here; it is cleared, and GR0."""
    cpu.storage.write(frame_in_register(cpu, r2, Ending.TERMINATION), bytes(FRAME))
    cpu.gr[0] = 0
    cpu.psw.cc = 0


# ---- by logical address --------------------------------------------------------------------------------------------


def key_of_logical(cpu: CPU, address: int, ending: Ending) -> int:
    """The storage key behind a logical address: no protection applies, but every other access exception."""
    absolute = cpu.absolute(cpu.to_real(address))
    if absolute >= cpu.storage.size:
        raise ProgramInterruption(PIC.ADDRESSING, ending)
    return cpu.storage.keys[absolute >> BLOCK_SHIFT]


@executes("IVSK")
def insert_virtual_storage_key(cpu: CPU, r1: int, r2: int) -> None:
    """INSERT VIRTUAL STORAGE KEY.  GA22-7000, same heading.  Five bits, and three zeros, into bits 24-31 of R1."""
    require_controls(cpu.psw.dat)
    require_extraction_authority(cpu)
    key = key_of_logical(cpu, cpu.gr[r2] & MASK_24, Ending.SUPPRESSION)
    cpu.gr[r1] = cpu.gr[r1] & 0xFFFFFF00 | key & int(Key.ACCESS_CONTROL | Key.FETCH_PROTECTION)


@executes("TPROT")
def test_protection(cpu: CPU, first: int, second: int) -> None:
    """TEST PROTECTION.  GA22-7000 "Test Protection".  With the access key in bits 24-27 of the second address.

    CC 0 fetching and storing permitted, 1 fetching only, 2 neither, 3 not translated.
    """
    try:
        key = key_of_logical(cpu, first, Ending.SUPPRESSION)
    except ProgramInterruption as condition:
        if condition.code not in (PIC.SEGMENT_TRANSLATION, PIC.PAGE_TRANSLATION):
            raise
        cpu.psw.cc = 3
        return
    access = second >> 4 & 15
    refused = access and access != key >> 4
    cpu.psw.cc = 0 if not refused else 2 if key & Key.FETCH_PROTECTION else 1
