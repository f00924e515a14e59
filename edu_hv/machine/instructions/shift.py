"""Shifting.  GA22-7000 "General Instructions".

The number of bits is the low six of the second-operand address, which designates no storage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edu_hv.isa.codes import MASK_32, MASK_64
from edu_hv.machine.instructions.arithmetic import set_pair
from edu_hv.machine.instructions.conditions import (
    fixed_point_overflow,
    require_even,
    sign_code,
    signed,
)
from edu_hv.machine.instructions.registry import executes

if TYPE_CHECKING:
    from edu_hv.machine.cpu import CPU


@executes("SLL")
def shift_left_single_logical(cpu: CPU, r1: int, amount: int) -> None:
    """SHIFT LEFT SINGLE LOGICAL.  GA22-7000 "Shift Left Single Logical"."""
    cpu.gr[r1] = cpu.gr[r1] << (amount & 63) & MASK_32


@executes("SRL")
def shift_right_single_logical(cpu: CPU, r1: int, amount: int) -> None:
    """SHIFT RIGHT SINGLE LOGICAL.  GA22-7000 "Shift Right Single Logical"."""
    cpu.gr[r1] = cpu.gr[r1] >> (amount & 63)


@executes("SLDL")
def shift_left_double_logical(cpu: CPU, r1: int, amount: int) -> None:
    """SHIFT LEFT DOUBLE LOGICAL.  GA22-7000 "Shift Left Double Logical".  R1 is even."""
    require_even(r1)
    set_pair(cpu, r1, pair(cpu, r1) << (amount & 63) & MASK_64)


@executes("SRDL")
def shift_right_double_logical(cpu: CPU, r1: int, amount: int) -> None:
    """SHIFT RIGHT DOUBLE LOGICAL.  GA22-7000 "Shift Right Double Logical".  R1 is even."""
    require_even(r1)
    set_pair(cpu, r1, pair(cpu, r1) >> (amount & 63))


@executes("SRA")
def shift_right_single(cpu: CPU, r1: int, amount: int) -> None:
    """SHIFT RIGHT SINGLE.  GA22-7000 "Shift Right Single".  CC 0 zero, 1 negative, 2 positive."""
    result = signed(cpu.gr[r1]) >> (amount & 63)
    cpu.gr[r1] = result & MASK_32
    cpu.psw.cc = sign_code(result)


@executes("SRDA")
def shift_right_double(cpu: CPU, r1: int, amount: int) -> None:
    """SHIFT RIGHT DOUBLE.  GA22-7000 "Shift Right Double".  R1 is even.  CC 0 zero, 1 negative, 2 positive."""
    require_even(r1)
    result = signed_pair(cpu, r1) >> (amount & 63)
    set_pair(cpu, r1, result)
    cpu.psw.cc = sign_code(result)


@executes("SLA")
def shift_left_single(cpu: CPU, r1: int, amount: int) -> None:
    """SHIFT LEFT SINGLE.  GA22-7000 "Shift Left Single".  CC 0 zero, 1 negative, 2 positive, 3 overflow.

    The sign stays.  Overflow: a bit unlike the sign was shifted out; FIXED_POINT_OVERFLOW, completed, if not masked.
    """
    number, places = signed(cpu.gr[r1]), min(amount & 63, 32)
    result = (number << places & 0x7FFFFFFF) - (0x80000000 if number < 0 else 0)
    cpu.gr[r1] = result & MASK_32
    set_shift_code(cpu, result, number << places != result)


@executes("SLDA")
def shift_left_double(cpu: CPU, r1: int, amount: int) -> None:
    """SHIFT LEFT DOUBLE.  GA22-7000 "Shift Left Double".  As SHIFT LEFT SINGLE, with an even-odd pair."""
    require_even(r1)
    number, places = signed_pair(cpu, r1), amount & 63
    result = (number << places & 0x7FFFFFFFFFFFFFFF) - (0x8000000000000000 if number < 0 else 0)
    set_pair(cpu, r1, result)
    set_shift_code(cpu, result, result >> places != number)


def set_shift_code(cpu: CPU, result: int, lost: bool) -> None:
    """CC of an arithmetic left shift: 3, and perhaps an interruption, when a bit unlike the sign was lost."""
    cpu.psw.cc = 3 if lost else sign_code(result)
    if lost:
        fixed_point_overflow(cpu)


def pair(cpu: CPU, r1: int) -> int:
    """An even-odd pair of registers as an unsigned 64-bit value."""
    return cpu.gr[r1] << 32 | cpu.gr[r1 + 1]


def signed_pair(cpu: CPU, r1: int) -> int:
    """An even-odd pair of registers as a signed number."""
    return signed(cpu.gr[r1]) << 32 | cpu.gr[r1 + 1]
