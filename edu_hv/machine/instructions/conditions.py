"""Condition codes and sums that whole families share.  GA22-7000 appendix "Condition-Code Summary"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edu_hv.isa.codes import MASK_32, PIC
from edu_hv.machine.interruptions import Ending, ProgramInterruption

if TYPE_CHECKING:
    from edu_hv.machine.cpu import CPU

FIXED_POINT_OVERFLOW_MASK = 0x8
"""Program-mask bit 36 of the BC PSW."""


def signed(value: int) -> int:
    """A 32-bit value as a signed number."""
    return (value ^ 0x80000000) - 0x80000000


def signed_halfword(value: int) -> int:
    """A 16-bit value as a signed number."""
    return (value ^ 0x8000) - 0x8000


def sign_code(value: int) -> int:
    """CC 0 zero, 1 negative, 2 positive."""
    return 0 if value == 0 else 1 if value < 0 else 2


def compare_code(first: int, second: int) -> int:
    """CC 0 equal, 1 first low, 2 first high."""
    return 0 if first == second else 1 if first < second else 2


def zero_code(value: int) -> int:
    """CC 0 zero, 1 not zero."""
    return int(value != 0)


def overflows(total: int) -> bool:
    """Whether a sum does not fit a signed word."""
    return not -0x80000000 <= total <= 0x7FFFFFFF


def sum_code(total: int) -> int:
    """CC 0 zero, 1 negative, 2 positive, 3 overflow."""
    return 3 if overflows(total) else sign_code(total)


def selects(mask: int, cc: int) -> bool:
    """Whether a branch mask selects a condition code; the leftmost of its four bits belongs to CC 0."""
    return bool(mask & 8 >> cc)


def set_signed_result(cpu: CPU, r1: int, total: int) -> None:
    """Put a signed sum into a register: CC 3 on overflow, then fixed-point overflow if the program mask allows.

    The interruption comes after the result is stored: ending completion.
    """
    cpu.gr[r1] = total & MASK_32
    cpu.psw.cc = sum_code(total)
    if overflows(total):
        fixed_point_overflow(cpu)


def fixed_point_overflow(cpu: CPU) -> None:
    """Raise fixed-point overflow if the program mask has it enabled."""
    if cpu.psw.program_mask & FIXED_POINT_OVERFLOW_MASK:
        raise ProgramInterruption(PIC.FIXED_POINT_OVERFLOW, Ending.COMPLETION)


def specification() -> ProgramInterruption:
    """A specification exception, which suppresses the instruction."""
    return ProgramInterruption(PIC.SPECIFICATION, Ending.SUPPRESSION)


def require_even(register: int) -> None:
    """Raise SPECIFICATION unless the register number is even."""
    if register & 1:
        raise specification()
