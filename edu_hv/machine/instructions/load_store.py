"""Loading and storing the general registers.  GA22-7000 "General Instructions"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edu_hv.isa.codes import MASK_32
from edu_hv.machine.instructions.compare import masked_bytes
from edu_hv.machine.instructions.conditions import set_signed_result, sign_code, signed, signed_halfword
from edu_hv.machine.instructions.registry import executes

if TYPE_CHECKING:
    from edu_hv.machine.cpu import CPU


@executes("LR")
def load_register(cpu: CPU, r1: int, r2: int) -> None:
    """LOAD (RR).  GA22-7000 "Load"."""
    cpu.gr[r1] = cpu.gr[r2]


@executes("L")
def load(cpu: CPU, r1: int, address: int) -> None:
    """LOAD (RX).  GA22-7000 "Load"."""
    cpu.gr[r1] = cpu.load4(address)


@executes("LH")
def load_halfword(cpu: CPU, r1: int, address: int) -> None:
    """LOAD HALFWORD.  GA22-7000 "Load Halfword".  The sign is extended to the left."""
    cpu.gr[r1] = signed_halfword(cpu.load2(address)) & MASK_32


@executes("LA")
def load_address(cpu: CPU, r1: int, address: int) -> None:
    """LOAD ADDRESS.  GA22-7000 "Load Address".  The 24-bit address; storage is not touched."""
    cpu.gr[r1] = address


@executes("LTR")
def load_and_test(cpu: CPU, r1: int, r2: int) -> None:
    """LOAD AND TEST.  GA22-7000 "Load and Test".  CC 0 zero, 1 negative, 2 positive."""
    cpu.gr[r1] = cpu.gr[r2]
    cpu.psw.cc = sign_code(signed(cpu.gr[r1]))


@executes("LCR")
def load_complement(cpu: CPU, r1: int, r2: int) -> None:
    """LOAD COMPLEMENT.  GA22-7000 "Load Complement".  CC 0 zero, 1 negative, 2 positive, 3 overflow."""
    set_signed_result(cpu, r1, -signed(cpu.gr[r2]))


@executes("LPR")
def load_positive(cpu: CPU, r1: int, r2: int) -> None:
    """LOAD POSITIVE.  GA22-7000 "Load Positive".  CC 0 zero, 2 positive, 3 overflow."""
    set_signed_result(cpu, r1, abs(signed(cpu.gr[r2])))


@executes("LNR")
def load_negative(cpu: CPU, r1: int, r2: int) -> None:
    """LOAD NEGATIVE.  GA22-7000 "Load Negative".  CC 0 zero, 1 negative."""
    set_signed_result(cpu, r1, -abs(signed(cpu.gr[r2])))


@executes("LM")
def load_multiple(cpu: CPU, r1: int, r3: int, address: int) -> None:
    """LOAD MULTIPLE.  GA22-7000 "Load Multiple".  R1 to R3 in ascending order; 0 follows 15."""
    text = cpu.load_bytes(address, 4 * len(registers_between(r1, r3)))
    for position, register in enumerate(registers_between(r1, r3)):
        cpu.gr[register] = int.from_bytes(text[4 * position : 4 * position + 4], "big")


@executes("STM")
def store_multiple(cpu: CPU, r1: int, r3: int, address: int) -> None:
    """STORE MULTIPLE.  GA22-7000 "Store Multiple".  R1 to R3 in ascending order; 0 follows 15."""
    cpu.store_bytes(address, b"".join(cpu.gr[r].to_bytes(4, "big") for r in registers_between(r1, r3)))


def registers_between(r1: int, r3: int) -> list[int]:
    """The register numbers from R1 to R3, with wraparound from 15 to 0."""
    return [r1 + step & 15 for step in range((r3 - r1 & 15) + 1)]


@executes("ST")
def store(cpu: CPU, r1: int, address: int) -> None:
    """STORE.  GA22-7000 "Store"."""
    cpu.store4(address, cpu.gr[r1])


@executes("STH")
def store_halfword(cpu: CPU, r1: int, address: int) -> None:
    """STORE HALFWORD.  GA22-7000 "Store Halfword"."""
    cpu.store2(address, cpu.gr[r1])


@executes("STC")
def store_character(cpu: CPU, r1: int, address: int) -> None:
    """STORE CHARACTER.  GA22-7000 "Store Character"."""
    cpu.store1(address, cpu.gr[r1])


@executes("STCM")
def store_characters_under_mask(cpu: CPU, r1: int, m3: int, address: int) -> None:
    """STORE CHARACTERS UNDER MASK.  GA22-7000, same heading.  The selected bytes, side by side; mask 0 stores none."""
    if m3:
        cpu.store_bytes(address, masked_bytes(cpu.gr[r1], m3))


@executes("IC")
def insert_character(cpu: CPU, r1: int, address: int) -> None:
    """INSERT CHARACTER.  GA22-7000 "Insert Character".  Bits 0-23 stay."""
    cpu.gr[r1] = cpu.gr[r1] & 0xFFFFFF00 | cpu.load1(address)


@executes("ICM")
def insert_characters_under_mask(cpu: CPU, r1: int, m3: int, address: int) -> None:
    """INSERT CHARACTERS UNDER MASK.  GA22-7000, same heading.  CC 0 zeros or mask 0, 1 first bit one, 2 first bit zero.

    With mask 0 one byte is still checked for access.
    """
    text = cpu.load_bytes(address, m3.bit_count() or 1)
    shifts = [shift for bit, shift in ((8, 24), (4, 16), (2, 8), (1, 0)) if m3 & bit]
    inserted = text[: len(shifts)]
    for shift, byte in zip(shifts, inserted, strict=True):
        cpu.gr[r1] = cpu.gr[r1] & ~(0xFF << shift) | byte << shift
    cpu.psw.cc = 0 if not any(inserted) else 1 if inserted[0] & 0x80 else 2
