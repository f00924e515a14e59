"""Comparing, and the instructions that compare and change at once.  GA22-7000 "General Instructions"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edu_hv.isa.codes import MASK_32
from edu_hv.machine.instructions.conditions import compare_code, require_even, signed, signed_halfword
from edu_hv.machine.instructions.fields import fetch_field
from edu_hv.machine.instructions.registry import executes

if TYPE_CHECKING:
    from edu_hv.machine.cpu import CPU


@executes("CR")
def compare_register(cpu: CPU, r1: int, r2: int) -> None:
    """COMPARE (RR).  GA22-7000 "Compare".  CC 0 equal, 1 first low, 2 first high."""
    cpu.psw.cc = compare_code(signed(cpu.gr[r1]), signed(cpu.gr[r2]))


@executes("C")
def compare(cpu: CPU, r1: int, address: int) -> None:
    """COMPARE (RX).  GA22-7000 "Compare".  CC 0 equal, 1 first low, 2 first high."""
    cpu.psw.cc = compare_code(signed(cpu.gr[r1]), signed(cpu.load4(address)))


@executes("CH")
def compare_halfword(cpu: CPU, r1: int, address: int) -> None:
    """COMPARE HALFWORD.  GA22-7000 "Compare Halfword".  CC 0 equal, 1 first low, 2 first high."""
    cpu.psw.cc = compare_code(signed(cpu.gr[r1]), signed_halfword(cpu.load2(address)))


@executes("CLR")
def compare_logical_register(cpu: CPU, r1: int, r2: int) -> None:
    """COMPARE LOGICAL (RR).  GA22-7000 "Compare Logical".  CC 0 equal, 1 first low, 2 first high."""
    cpu.psw.cc = compare_code(cpu.gr[r1], cpu.gr[r2])


@executes("CL")
def compare_logical(cpu: CPU, r1: int, address: int) -> None:
    """COMPARE LOGICAL (RX).  GA22-7000 "Compare Logical".  CC 0 equal, 1 first low, 2 first high."""
    cpu.psw.cc = compare_code(cpu.gr[r1], cpu.load4(address))


@executes("CLI")
def compare_logical_immediate(cpu: CPU, address: int, immediate: int) -> None:
    """COMPARE LOGICAL (SI).  GA22-7000 "Compare Logical".  CC 0 equal, 1 storage low, 2 storage high."""
    cpu.psw.cc = compare_code(cpu.load1(address), immediate)


@executes("CLC")
def compare_logical_characters(cpu: CPU, length: int, first: int, second: int) -> None:
    """COMPARE LOGICAL (SS).  GA22-7000 "Compare Logical".  CC 0 equal, 1 first low, 2 first high."""
    one, other = fetch_field(cpu, first, length), fetch_field(cpu, second, length)
    left, right = one.get(0), other.get(0)
    for position in range(length):
        left, right = one.get(position), other.get(position)
        if left != right:
            break
    cpu.psw.cc = compare_code(left, right)


@executes("CLM")
def compare_logical_under_mask(cpu: CPU, r1: int, m3: int, address: int) -> None:
    """COMPARE LOGICAL CHARACTERS UNDER MASK.  GA22-7000, same heading.  CC 0 equal or mask 0, 1 low, 2 high.

    With mask 0 one byte is still checked for access.
    """
    field = fetch_field(cpu, address, max(m3.bit_count(), 1))
    selected, other, position = 0, 0, 0
    for shift in (24, 16, 8, 0):
        if m3 >> shift // 8 & 1:
            selected = selected << 8 | cpu.gr[r1] >> shift & 0xFF
            other = other << 8 | field.get(position)
            position += 1
    cpu.psw.cc = compare_code(selected, other)


@executes("CS")
def compare_and_swap(cpu: CPU, r1: int, r3: int, address: int) -> None:
    """COMPARE AND SWAP.  GA22-7000 "Compare and Swap".  CC 0 equal, R3 stored; 1 unequal, storage loaded into R1.

    On a word boundary.  Storing must be permitted even when nothing is stored.
    """
    cpu.require_alignment(address, 4)
    cpu.check_store(address, 4)
    current = cpu.load4(address)
    unequal = current != cpu.gr[r1]
    cpu.psw.cc = int(unequal)
    if unequal:
        cpu.gr[r1] = current
    else:
        cpu.store4(address, cpu.gr[r3])


@executes("CDS")
def compare_double_and_swap(cpu: CPU, r1: int, r3: int, address: int) -> None:
    """COMPARE DOUBLE AND SWAP.  GA22-7000, same heading.  As COMPARE AND SWAP with even-odd pairs, on a doubleword."""
    require_even(r1 | r3)
    cpu.require_alignment(address, 8)
    cpu.check_store(address, 8)
    current = cpu.load8(address)
    unequal = current != cpu.gr[r1] << 32 | cpu.gr[r1 + 1]
    cpu.psw.cc = int(unequal)
    if unequal:
        cpu.gr[r1], cpu.gr[r1 + 1] = current >> 32, current & MASK_32
    else:
        cpu.store8(address, cpu.gr[r3] << 32 | cpu.gr[r3 + 1])


@executes("TS")
def test_and_set(cpu: CPU, address: int, immediate: int) -> None:
    """TEST AND SET.  GA22-7000 "Test and Set".  CC is the leftmost bit of the byte, which becomes all ones."""
    cpu.check_store(address, 1)
    cpu.psw.cc = cpu.load1(address) >> 7
    cpu.store1(address, 0xFF)
