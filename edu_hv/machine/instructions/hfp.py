"""Hexadecimal floating-point numbers, as all arithmetic on them sees them.  GA22-7000 "Floating-Point Instructions".

A number is sign, characteristic and fraction; the fraction is an integer of 6, 14 or 28 hexadecimal digits (short,
long, extended).  A result may have a characteristic beyond 7 bits: `set_result` does what exponent overflow and
underflow ask for.  The instructions are in `floating_add`, `floating_compare`, `floating_multiply`,
`floating_divide` and `floating_round`; `floating_load` has those without arithmetic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from edu_hv.isa.codes import PIC
from edu_hv.machine.instructions.conditions import specification
from edu_hv.machine.instructions.floating_load import LONG_FRACTION, index, set_short
from edu_hv.machine.interruptions import Ending, ProgramInterruption

if TYPE_CHECKING:
    from edu_hv.machine.cpu import CPU

SHORT, LONG, EXTENDED = 6, 14, 28
"""Digits of a fraction; they name the three formats."""
EXPONENT_UNDERFLOW_MASK = 0x2
"""Program-mask bit 38 of the BC PSW."""
SIGNIFICANCE_MASK = 0x1
"""Program-mask bit 39 of the BC PSW."""


class Number(NamedTuple):
    """A floating-point number taken apart.  `sign` is 0 or 1; the characteristic is the exponent plus 64."""

    sign: int
    characteristic: int
    fraction: int


TRUE_ZERO = Number(0, 0, 0)
"""What a result is made when it may be no other zero."""


# ---- operands ------------------------------------------------------------------------------------------------------


def unpack(value: int, digits: int) -> Number:
    """Take apart 32, 64 or 120 bits: sign, 7 bits of characteristic, the digits."""
    bits = 4 * digits
    return Number(value >> bits + 7, value >> bits & 0x7F, value & (1 << bits) - 1)


def in_register(cpu: CPU, register: int, digits: int) -> Number:
    """An operand in a register, or in a pair of them.  SPECIFICATION unless 0, 2, 4, 6; extended: 0, 4."""
    if digits == EXTENDED:
        at = pair(register)
        return unpack(cpu.fpr[at] << 56 | cpu.fpr[at + 1] & LONG_FRACTION, EXTENDED)
    value = cpu.fpr[index(register)]
    return unpack(value >> 32 if digits == SHORT else value, digits)


def in_storage(cpu: CPU, address: int, digits: int) -> Number:
    """A short or long operand in storage, on any boundary."""
    return unpack(cpu.load4(address) if digits == SHORT else cpu.load8(address), digits)


def pair(register: int) -> int:
    """Where `cpu.fpr` keeps the high-order part of an extended number.  SPECIFICATION unless the register is 0 or 4."""
    if register not in (0, 4):
        raise specification()
    return register >> 1


# ---- results -------------------------------------------------------------------------------------------------------


def normalized(number: Number, digits: int, length: int) -> Number:
    """Shift a fraction until its leftmost digit is not zero; cut it, or extend it with zeros, to `length` digits.

    `digits` is where the radix point is: so many digits of the fraction are to the right of it.  Digits to the left,
    from a carry, are shifted right.  A fraction of zero stays, and its characteristic means nothing then.
    """
    significant = number.fraction.bit_length() + 3 >> 2
    left, right = 4 * max(length - significant, 0), 4 * max(significant - length, 0)
    # The AND takes nothing away: it tells the engine how many bits are left.
    fraction = number.fraction >> right << left & (1 << 4 * length) - 1
    return Number(number.sign, number.characteristic - digits + significant, fraction)


def representable(cpu: CPU, number: Number) -> Number:
    """The number, or a true zero for an exponent underflow when the program mask has that disabled."""
    lost = number.characteristic < 0 and not cpu.psw.program_mask & EXPONENT_UNDERFLOW_MASK
    return TRUE_ZERO if lost else number


def set_result(cpu: CPU, r1: int, digits: int, number: Number) -> None:
    """Put a result that is `representable` into a register or pair.

    A characteristic out of range is stored 128 less or greater, then the instruction completes with EXPONENT OVERFLOW
    or EXPONENT UNDERFLOW.
    """
    put(cpu, r1, digits, number)
    if number.characteristic > 0x7F:
        raise ProgramInterruption(PIC.EXPONENT_OVERFLOW, Ending.COMPLETION)
    if number.characteristic < 0:
        raise ProgramInterruption(PIC.EXPONENT_UNDERFLOW, Ending.COMPLETION)


def put(cpu: CPU, register: int, digits: int, number: Number) -> None:
    """Put a number into a register, or a pair; of the characteristic as much as 7 bits hold."""
    at, bits = register >> 1, 4 * digits
    value = (number.sign << 7 | number.characteristic & 0x7F) << bits | number.fraction
    if digits == SHORT:
        set_short(cpu, at, value << 32)
    elif digits == LONG:
        cpu.fpr[at] = value
    else:
        cpu.fpr[at] = value >> 56
        cpu.fpr[at + 1] = low_order_part(number)


def low_order_part(number: Number) -> int:
    """The right half of an extended result: sign of the left half, characteristic 14 less, which may wrap around.

    Both halves of a true zero are zeros.  The zero that SIGNIFICANCE leaves is not made one, whatever its
    characteristic: hence identity, not equality.
    """
    if number is TRUE_ZERO:
        return 0
    return (number.sign << 7 | number.characteristic - 14 & 0x7F) << 56 | number.fraction & LONG_FRACTION
