"""Loading and storing the general registers.  GA22-7000 "General Instructions"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edu_hv.isa.codes import MASK_32
from edu_hv.machine.instructions.conditions import set_signed_result, sign_code, signed, signed_halfword
from edu_hv.machine.instructions.fields import fetch_field, store_field
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
    number = cpu.gr[r2]
    cpu.gr[r1] = number
    cpu.psw.cc = sign_code(signed(number))


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
    field = fetch_field(cpu, address, 4 * number_of_registers(r1, r3))
    for position in range(number_of_registers(r1, r3)):
        cpu.gr[r1 + position & 15] = field.get4(4 * position)


@executes("STM")
def store_multiple(cpu: CPU, r1: int, r3: int, address: int) -> None:
    """STORE MULTIPLE.  GA22-7000 "Store Multiple".  R1 to R3 in ascending order; 0 follows 15."""
    field = store_field(cpu, address, 4 * number_of_registers(r1, r3))
    for position in range(number_of_registers(r1, r3)):
        field.put4(4 * position, cpu.gr[r1 + position & 15])
    field.finish()


def number_of_registers(r1: int, r3: int) -> int:
    """How many registers there are from R1 to R3, with wraparound from 15 to 0."""
    return (r3 - r1 & 15) + 1


def registers_between(r1: int, r3: int) -> list[int]:
    """The register numbers from R1 to R3, with wraparound from 15 to 0."""
    return [r1 + step & 15 for step in range(number_of_registers(r1, r3))]


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
        field, position = store_field(cpu, address, m3.bit_count()), 0
        for shift in (24, 16, 8, 0):
            if m3 >> shift // 8 & 1:
                field.put(position, cpu.gr[r1] >> shift & 0xFF)
                position += 1
        field.finish()


@executes("IC")
def insert_character(cpu: CPU, r1: int, address: int) -> None:
    """INSERT CHARACTER.  GA22-7000 "Insert Character".  Bits 0-23 stay."""
    cpu.gr[r1] = cpu.gr[r1] & 0xFFFFFF00 | cpu.load1(address)


@executes("ICM")
def insert_characters_under_mask(cpu: CPU, r1: int, m3: int, address: int) -> None:
    """INSERT CHARACTERS UNDER MASK.  GA22-7000, same heading.  CC 0 zeros or mask 0, 1 first bit one, 2 first bit zero.

    With mask 0 one byte is still checked for access.
    """
    field = fetch_field(cpu, address, max(m3.bit_count(), 1))
    word, inserted, position = cpu.gr[r1], 0, 0
    for shift in (24, 16, 8, 0):
        if m3 >> shift // 8 & 1:
            word = word & ~(0xFF << shift) | field.get(position) << shift
            inserted |= field.get(position)
            position += 1
    cpu.gr[r1] = word
    cpu.psw.cc = 0 if inserted == 0 else 1 if field.get(0) & 0x80 else 2
