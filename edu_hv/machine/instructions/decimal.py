"""Arithmetic on packed decimal numbers in storage.  GA22-7000 "Decimal Instructions".

Operands are integers of 1 to 31 digits.  They may share their rightmost byte; in any other overlap the sign of one is
a digit of the other, which is a data exception.  Access exceptions of both operands, whole, come before what their
contents cause; nothing is stored before.  Fields and signs: `packed`.  EDIT: `edit`.  PACK, CVB and others: `convert`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edu_hv.isa.codes import MASK_24, PIC
from edu_hv.machine.instructions.conditions import compare_code, sign_code, specification
from edu_hv.machine.instructions.packed import data_exception, has_minus, packed_field, packed_numbers
from edu_hv.machine.instructions.registry import executes
from edu_hv.machine.interruptions import Ending, ProgramInterruption

if TYPE_CHECKING:
    from edu_hv.machine.cpu import CPU


DECIMAL_OVERFLOW_MASK = 0x4
"""Program-mask bit 37 of the BC PSW."""
LONGEST_FACTOR = 8
"""Bytes of a multiplier or divisor."""


@executes("AP")
def add_decimal(cpu: CPU, l1: int, first: int, l2: int, second: int) -> None:
    """ADD DECIMAL.  GA22-7000 "Add Decimal".  CC 0 zero, 1 negative, 2 positive, 3 overflow."""
    augend, addend = packed_numbers(*fetch_both(cpu, l1, first, l2, second))
    store_result(cpu, l1, first, augend + addend)


@executes("SP")
def subtract_decimal(cpu: CPU, l1: int, first: int, l2: int, second: int) -> None:
    """SUBTRACT DECIMAL.  GA22-7000 "Subtract Decimal".  CC 0 zero, 1 negative, 2 positive, 3 overflow."""
    minuend, subtrahend = packed_numbers(*fetch_both(cpu, l1, first, l2, second))
    store_result(cpu, l1, first, minuend - subtrahend)


@executes("ZAP")
def zero_and_add(cpu: CPU, l1: int, first: int, l2: int, second: int) -> None:
    """ZERO AND ADD.  GA22-7000 "Zero and Add".  CC 0 zero, 1 negative, 2 positive, 3 overflow.

    The old contents of the first operand are not looked at.  When it ends within the second one, left of its sign,
    the sign of the result is stored over a digit still to be fetched: DATA.
    """
    cpu.check_store(first, l1)
    (number,) = packed_numbers(cpu.load_bytes(second, l2))
    if 0 < (second + l2 - first - l1 & MASK_24) < l2:
        raise data_exception()
    store_result(cpu, l1, first, number)


@executes("CP")
def compare_decimal(cpu: CPU, l1: int, first: int, l2: int, second: int) -> None:
    """COMPARE DECIMAL.  GA22-7000 "Compare Decimal".  CC 0 equal, 1 first low, 2 first high; zeros are equal."""
    cpu.psw.cc = compare_code(*packed_numbers(cpu.load_bytes(first, l1), cpu.load_bytes(second, l2)))


@executes("MP")
def multiply_decimal(cpu: CPU, l1: int, first: int, l2: int, second: int) -> None:
    """MULTIPLY DECIMAL.  GA22-7000 "Multiply Decimal".  The signs make the sign of the product, even of a zero.

    DATA unless the multiplicand has as many bytes of zeros on the left as the multiplier is long.
    """
    require_short_factor(l1, l2)
    fields = fetch_both(cpu, l1, first, l2, second)
    multiplicand, multiplier = map(abs, packed_numbers(*fields))
    if any(fields[0][:l2]):
        raise data_exception()
    cpu.store_bytes(first, packed_field(cpu, l1, multiplicand * multiplier, signs_differ(*fields)))


@executes("DP")
def divide_decimal(cpu: CPU, l1: int, first: int, l2: int, second: int) -> None:
    """DIVIDE DECIMAL.  GA22-7000 "Divide Decimal".  Quotient, L1-L2 bytes, and remainder, L2 bytes, side by side.

    The remainder has the sign of the dividend.  DECIMAL_DIVIDE, suppressed, when the quotient has too many digits.
    """
    require_short_factor(l1, l2)
    fields = fetch_both(cpu, l1, first, l2, second)
    dividend, divisor = map(abs, packed_numbers(*fields))
    if not divisor or dividend // divisor >= limit(l1 - l2):
        raise ProgramInterruption(PIC.DECIMAL_DIVIDE, Ending.SUPPRESSION)
    quotient = packed_field(cpu, l1 - l2, dividend // divisor, signs_differ(*fields))
    cpu.store_bytes(first, quotient + packed_field(cpu, l2, dividend % divisor, has_minus(fields[0])))


@executes("SRP")
def shift_and_round_decimal(cpu: CPU, length: int, first: int, shift: int, rounding: int) -> None:
    """SHIFT AND ROUND DECIMAL.  GA22-7000 "Shift and Round Decimal".  CC 0 zero, 1 negative, 2 positive, 3 overflow.

    The low six bits of the second address are the digits to shift by, signed: positive to the left.
    """
    cpu.check_store(first, length)
    (number,) = packed_numbers(cpu.load_bytes(first, length))
    if rounding > 9:
        raise data_exception()
    store_result(cpu, length, first, shifted(number, (shift & 63 ^ 32) - 32, rounding))


# ---- what they share -----------------------------------------------------------------------------------------------


def fetch_both(cpu: CPU, l1: int, first: int, l2: int, second: int) -> tuple[bytes, bytes]:
    """Both fields, the first one checked for storing too."""
    cpu.check_store(first, l1)
    return cpu.load_bytes(first, l1), cpu.load_bytes(second, l2)


def store_result(cpu: CPU, length: int, address: int, number: int) -> None:
    """Store a number and set the CC; zero is positive.

    DECIMAL_OVERFLOW, completed, when digits are lost and the program mask allows it: the rest is stored, with the sign
    of the whole number, and the CC is 3.
    """
    cpu.store_bytes(address, packed_field(cpu, length, abs(number), number < 0))
    overflow = abs(number) >= limit(length)
    cpu.psw.cc = 3 if overflow else sign_code(number)
    if overflow and cpu.psw.program_mask & DECIMAL_OVERFLOW_MASK:
        raise ProgramInterruption(PIC.DECIMAL_OVERFLOW, Ending.COMPLETION)


def limit(length: int) -> int:
    """The least magnitude that does not fit into a field of `length` bytes."""
    return int(10 ** (2 * length - 1))


def require_short_factor(l1: int, l2: int) -> None:
    """Raise SPECIFICATION unless the multiplier or divisor has 8 bytes at most and fewer than the first operand."""
    if l2 > LONGEST_FACTOR or l2 >= l1:
        raise specification()


def signs_differ(first: bytes, second: bytes) -> bool:
    """Whether a product or quotient is negative: one sign is minus, zero or not."""
    return has_minus(first) != has_minus(second)


def shifted(number: int, places: int, rounding: int) -> int:
    """The number shifted left, or right when `places` is negative, with `rounding` added to the last digit lost."""
    if places >= 0:
        return int(number * 10**places)
    magnitude = int((abs(number) + rounding * 10 ** (-places - 1)) // 10**-places)
    return -magnitude if number < 0 else magnitude
