"""Fixed-point addition, subtraction, multiplication and division.  GA22-7000 "General Instructions"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edu_hv.isa.codes import MASK_32, PIC
from edu_hv.machine.instructions.conditions import require_even, set_signed_result, signed, signed_halfword, zero_code
from edu_hv.machine.instructions.registry import executes
from edu_hv.machine.interruptions import Ending, ProgramInterruption

if TYPE_CHECKING:
    from edu_hv.machine.cpu import CPU


@executes("AR")
def add_register(cpu: CPU, r1: int, r2: int) -> None:
    """ADD (RR).  GA22-7000 "Add".  CC 0 zero, 1 negative, 2 positive, 3 overflow."""
    set_signed_result(cpu, r1, signed(cpu.gr[r1]) + signed(cpu.gr[r2]))


@executes("A")
def add(cpu: CPU, r1: int, address: int) -> None:
    """ADD (RX).  GA22-7000 "Add".  CC 0 zero, 1 negative, 2 positive, 3 overflow."""
    set_signed_result(cpu, r1, signed(cpu.gr[r1]) + signed(cpu.load4(address)))


@executes("AH")
def add_halfword(cpu: CPU, r1: int, address: int) -> None:
    """ADD HALFWORD.  GA22-7000 "Add Halfword".  CC 0 zero, 1 negative, 2 positive, 3 overflow."""
    set_signed_result(cpu, r1, signed(cpu.gr[r1]) + signed_halfword(cpu.load2(address)))


@executes("SR")
def subtract_register(cpu: CPU, r1: int, r2: int) -> None:
    """SUBTRACT (RR).  GA22-7000 "Subtract".  CC 0 zero, 1 negative, 2 positive, 3 overflow."""
    set_signed_result(cpu, r1, signed(cpu.gr[r1]) - signed(cpu.gr[r2]))


@executes("S")
def subtract(cpu: CPU, r1: int, address: int) -> None:
    """SUBTRACT (RX).  GA22-7000 "Subtract".  CC 0 zero, 1 negative, 2 positive, 3 overflow."""
    set_signed_result(cpu, r1, signed(cpu.gr[r1]) - signed(cpu.load4(address)))


@executes("SH")
def subtract_halfword(cpu: CPU, r1: int, address: int) -> None:
    """SUBTRACT HALFWORD.  GA22-7000 "Subtract Halfword".  CC 0 zero, 1 negative, 2 positive, 3 overflow."""
    set_signed_result(cpu, r1, signed(cpu.gr[r1]) - signed_halfword(cpu.load2(address)))


@executes("ALR")
def add_logical_register(cpu: CPU, r1: int, r2: int) -> None:
    """ADD LOGICAL (RR).  GA22-7000 "Add Logical".  CC bit 0: carry, bit 1: not zero."""
    set_logical_sum(cpu, r1, cpu.gr[r1] + cpu.gr[r2])


@executes("AL")
def add_logical(cpu: CPU, r1: int, address: int) -> None:
    """ADD LOGICAL (RX).  GA22-7000 "Add Logical".  CC bit 0: carry, bit 1: not zero."""
    set_logical_sum(cpu, r1, cpu.gr[r1] + cpu.load4(address))


@executes("SLR")
def subtract_logical_register(cpu: CPU, r1: int, r2: int) -> None:
    """SUBTRACT LOGICAL (RR).  GA22-7000 "Subtract Logical".  CC 1 borrow, 2 zero, 3 neither."""
    set_logical_sum(cpu, r1, cpu.gr[r1] + (cpu.gr[r2] ^ MASK_32) + 1)


@executes("SL")
def subtract_logical(cpu: CPU, r1: int, address: int) -> None:
    """SUBTRACT LOGICAL (RX).  GA22-7000 "Subtract Logical".  CC 1 borrow, 2 zero, 3 neither."""
    set_logical_sum(cpu, r1, cpu.gr[r1] + (cpu.load4(address) ^ MASK_32) + 1)


def set_logical_sum(cpu: CPU, r1: int, total: int) -> None:
    """Put an unsigned sum into a register.  CC 0 zero, 1 not zero, 2 zero with carry, 3 not zero with carry."""
    cpu.gr[r1] = total & MASK_32
    cpu.psw.cc = total >> 32 << 1 | zero_code(total & MASK_32)


@executes("MR")
def multiply_register(cpu: CPU, r1: int, r2: int) -> None:
    """MULTIPLY (RR).  GA22-7000 "Multiply".  R1 must be even; the multiplicand is in R1+1, the product in both."""
    require_even(r1)
    set_pair(cpu, r1, signed(cpu.gr[r1 + 1]) * signed(cpu.gr[r2]))


@executes("M")
def multiply(cpu: CPU, r1: int, address: int) -> None:
    """MULTIPLY (RX).  GA22-7000 "Multiply".  R1 must be even; the multiplicand is in R1+1, the product in both."""
    require_even(r1)
    set_pair(cpu, r1, signed(cpu.gr[r1 + 1]) * signed(cpu.load4(address)))


@executes("MH")
def multiply_halfword(cpu: CPU, r1: int, address: int) -> None:
    """MULTIPLY HALFWORD.  GA22-7000 "Multiply Halfword".  The low 32 bits of the product; overflow is lost."""
    cpu.gr[r1] = signed(cpu.gr[r1]) * signed_halfword(cpu.load2(address)) & MASK_32


def set_pair(cpu: CPU, r1: int, product: int) -> None:
    """Put a signed 64-bit number into an even-odd pair of registers."""
    cpu.gr[r1], cpu.gr[r1 + 1] = product >> 32 & MASK_32, product & MASK_32


@executes("DR")
def divide_register(cpu: CPU, r1: int, r2: int) -> None:
    """DIVIDE (RR).  GA22-7000 "Divide".  R1 must be even; the remainder goes to R1, the quotient to R1+1."""
    require_even(r1)
    divide_pair(cpu, r1, signed(cpu.gr[r2]))


@executes("D")
def divide(cpu: CPU, r1: int, address: int) -> None:
    """DIVIDE (RX).  GA22-7000 "Divide".  R1 must be even; the remainder goes to R1, the quotient to R1+1."""
    require_even(r1)
    divide_pair(cpu, r1, signed(cpu.load4(address)))


def divide_pair(cpu: CPU, r1: int, divisor: int) -> None:
    """Divide a pair of registers; the remainder has the sign of the dividend.

    FIXED_POINT_DIVIDE, suppressed, when the divisor is zero or the quotient does not fit 32 bits.
    """
    if divisor == 0:
        raise ProgramInterruption(PIC.FIXED_POINT_DIVIDE, Ending.SUPPRESSION)
    dividend = signed(cpu.gr[r1]) << 32 | cpu.gr[r1 + 1]
    quotient, remainder = abs(dividend) // abs(divisor), abs(dividend) % abs(divisor)
    negative = (dividend < 0) != (divisor < 0)
    if quotient > (0x80000000 if negative else 0x7FFFFFFF):
        raise ProgramInterruption(PIC.FIXED_POINT_DIVIDE, Ending.SUPPRESSION)
    cpu.gr[r1] = (-remainder if dividend < 0 else remainder) & MASK_32
    cpu.gr[r1 + 1] = (-quotient if negative else quotient) & MASK_32
