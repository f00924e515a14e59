"""Floating-point sums.  GA22-7000 "Add Normalized", "Add Unnormalized", "Subtract Normalized", "Subtract Unnormalized".

All set CC 0 fraction zero, 1 negative, 2 positive; a subtraction is an addition with the second sign inverted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edu_hv.isa.codes import PIC
from edu_hv.machine.instructions.hfp import (
    EXTENDED,
    LONG,
    SHORT,
    SIGNIFICANCE_MASK,
    TRUE_ZERO,
    Number,
    in_register,
    in_storage,
    normalized,
    put,
    representable,
    set_result,
)
from edu_hv.machine.instructions.registry import executes
from edu_hv.machine.interruptions import Ending, ProgramInterruption

if TYPE_CHECKING:
    from edu_hv.machine.cpu import CPU


@executes("AER")
def add_short_register(cpu: CPU, r1: int, r2: int) -> None:
    """ADD NORMALIZED (RR, short).  GA22-7000 "Add Normalized"."""
    first, second = in_register(cpu, r1, SHORT), in_register(cpu, r2, SHORT)
    set_normalized_sum(cpu, r1, SHORT, first, second)


@executes("AE")
def add_short(cpu: CPU, r1: int, address: int) -> None:
    """ADD NORMALIZED (RX, short).  GA22-7000 "Add Normalized"."""
    first, second = in_register(cpu, r1, SHORT), in_storage(cpu, address, SHORT)
    set_normalized_sum(cpu, r1, SHORT, first, second)


@executes("ADR")
def add_long_register(cpu: CPU, r1: int, r2: int) -> None:
    """ADD NORMALIZED (RR, long).  GA22-7000 "Add Normalized"."""
    first, second = in_register(cpu, r1, LONG), in_register(cpu, r2, LONG)
    set_normalized_sum(cpu, r1, LONG, first, second)


@executes("AD")
def add_long(cpu: CPU, r1: int, address: int) -> None:
    """ADD NORMALIZED (RX, long).  GA22-7000 "Add Normalized"."""
    first, second = in_register(cpu, r1, LONG), in_storage(cpu, address, LONG)
    set_normalized_sum(cpu, r1, LONG, first, second)


@executes("AXR")
def add_extended(cpu: CPU, r1: int, r2: int) -> None:
    """ADD NORMALIZED (RR, extended).  GA22-7000 "Add Normalized"."""
    first, second = in_register(cpu, r1, EXTENDED), in_register(cpu, r2, EXTENDED)
    set_normalized_sum(cpu, r1, EXTENDED, first, second)


@executes("AUR")
def add_unnormalized_short_register(cpu: CPU, r1: int, r2: int) -> None:
    """ADD UNNORMALIZED (RR, short).  GA22-7000 "Add Unnormalized"."""
    first, second = in_register(cpu, r1, SHORT), in_register(cpu, r2, SHORT)
    set_unnormalized_sum(cpu, r1, SHORT, first, second)


@executes("AU")
def add_unnormalized_short(cpu: CPU, r1: int, address: int) -> None:
    """ADD UNNORMALIZED (RX, short).  GA22-7000 "Add Unnormalized"."""
    first, second = in_register(cpu, r1, SHORT), in_storage(cpu, address, SHORT)
    set_unnormalized_sum(cpu, r1, SHORT, first, second)


@executes("AWR")
def add_unnormalized_long_register(cpu: CPU, r1: int, r2: int) -> None:
    """ADD UNNORMALIZED (RR, long).  GA22-7000 "Add Unnormalized"."""
    first, second = in_register(cpu, r1, LONG), in_register(cpu, r2, LONG)
    set_unnormalized_sum(cpu, r1, LONG, first, second)


@executes("AW")
def add_unnormalized_long(cpu: CPU, r1: int, address: int) -> None:
    """ADD UNNORMALIZED (RX, long).  GA22-7000 "Add Unnormalized"."""
    first, second = in_register(cpu, r1, LONG), in_storage(cpu, address, LONG)
    set_unnormalized_sum(cpu, r1, LONG, first, second)


@executes("SER")
def subtract_short_register(cpu: CPU, r1: int, r2: int) -> None:
    """SUBTRACT NORMALIZED (RR, short).  GA22-7000 "Subtract Normalized"."""
    first, second = in_register(cpu, r1, SHORT), in_register(cpu, r2, SHORT)
    set_normalized_sum(cpu, r1, SHORT, first, negated(second))


@executes("SE")
def subtract_short(cpu: CPU, r1: int, address: int) -> None:
    """SUBTRACT NORMALIZED (RX, short).  GA22-7000 "Subtract Normalized"."""
    first, second = in_register(cpu, r1, SHORT), in_storage(cpu, address, SHORT)
    set_normalized_sum(cpu, r1, SHORT, first, negated(second))


@executes("SDR")
def subtract_long_register(cpu: CPU, r1: int, r2: int) -> None:
    """SUBTRACT NORMALIZED (RR, long).  GA22-7000 "Subtract Normalized"."""
    first, second = in_register(cpu, r1, LONG), in_register(cpu, r2, LONG)
    set_normalized_sum(cpu, r1, LONG, first, negated(second))


@executes("SD")
def subtract_long(cpu: CPU, r1: int, address: int) -> None:
    """SUBTRACT NORMALIZED (RX, long).  GA22-7000 "Subtract Normalized"."""
    first, second = in_register(cpu, r1, LONG), in_storage(cpu, address, LONG)
    set_normalized_sum(cpu, r1, LONG, first, negated(second))


@executes("SXR")
def subtract_extended(cpu: CPU, r1: int, r2: int) -> None:
    """SUBTRACT NORMALIZED (RR, extended).  GA22-7000 "Subtract Normalized"."""
    first, second = in_register(cpu, r1, EXTENDED), in_register(cpu, r2, EXTENDED)
    set_normalized_sum(cpu, r1, EXTENDED, first, negated(second))


@executes("SUR")
def subtract_unnormalized_short_register(cpu: CPU, r1: int, r2: int) -> None:
    """SUBTRACT UNNORMALIZED (RR, short).  GA22-7000 "Subtract Unnormalized"."""
    first, second = in_register(cpu, r1, SHORT), in_register(cpu, r2, SHORT)
    set_unnormalized_sum(cpu, r1, SHORT, first, negated(second))


@executes("SU")
def subtract_unnormalized_short(cpu: CPU, r1: int, address: int) -> None:
    """SUBTRACT UNNORMALIZED (RX, short).  GA22-7000 "Subtract Unnormalized"."""
    first, second = in_register(cpu, r1, SHORT), in_storage(cpu, address, SHORT)
    set_unnormalized_sum(cpu, r1, SHORT, first, negated(second))


@executes("SWR")
def subtract_unnormalized_long_register(cpu: CPU, r1: int, r2: int) -> None:
    """SUBTRACT UNNORMALIZED (RR, long).  GA22-7000 "Subtract Unnormalized"."""
    first, second = in_register(cpu, r1, LONG), in_register(cpu, r2, LONG)
    set_unnormalized_sum(cpu, r1, LONG, first, negated(second))


@executes("SW")
def subtract_unnormalized_long(cpu: CPU, r1: int, address: int) -> None:
    """SUBTRACT UNNORMALIZED (RX, long).  GA22-7000 "Subtract Unnormalized"."""
    first, second = in_register(cpu, r1, LONG), in_storage(cpu, address, LONG)
    set_unnormalized_sum(cpu, r1, LONG, first, negated(second))


def negated(number: Number) -> Number:
    """The number with its sign inverted, even of a zero."""
    return number._replace(sign=number.sign ^ 1)


def intermediate_sum(first: Number, second: Number) -> Number:
    """The sum before normalization: the larger characteristic, a fraction with a guard digit and perhaps a carry.

    The fraction of the smaller characteristic is shifted right; of the digits that leave it the guard digit, the last
    one, takes part in the sum.  A zero sum is plus.
    """
    if first.characteristic < second.characteristic:
        first, second = second, first
    shift = 4 * (first.characteristic - second.characteristic)
    total = algebraic(first.sign, first.fraction << 4) + algebraic(second.sign, second.fraction << 4 >> shift)
    return Number(int(total < 0), first.characteristic, abs(total))


def algebraic(sign: int, fraction: int) -> int:
    """A fraction with its sign."""
    return -fraction if sign else fraction


def set_normalized_sum(cpu: CPU, r1: int, digits: int, first: Number, second: Number) -> None:
    """Put the sum, normalized, into a register.  GA22-7000 "Add Normalized"."""
    total = intermediate_sum(first, second)
    if total.fraction == 0:
        set_zero_sum(cpu, r1, digits, total.characteristic)
    else:
        set_sum(cpu, r1, digits, normalized(total, digits + 1, digits))


def set_unnormalized_sum(cpu: CPU, r1: int, digits: int, first: Number, second: Number) -> None:
    """Put the sum into a register: a carry is shifted in, the guard digit is dropped.  GA22-7000 "Add Unnormalized"."""
    total = intermediate_sum(first, second)
    if total.fraction >> 4 == 0:
        set_zero_sum(cpu, r1, digits, total.characteristic)
    elif total.fraction >> 4 * digits + 4:
        set_sum(cpu, r1, digits, normalized(total, digits + 1, digits))
    else:
        set_sum(cpu, r1, digits, total._replace(fraction=total.fraction >> 4))


def set_sum(cpu: CPU, r1: int, digits: int, total: Number) -> None:
    """Put a sum that is not zero into a register and set the CC; a masked exponent underflow makes it a true zero."""
    total = representable(cpu, total)
    cpu.psw.cc = 0 if total is TRUE_ZERO else 1 if total.sign else 2
    set_result(cpu, r1, digits, total)


def set_zero_sum(cpu: CPU, r1: int, digits: int, characteristic: int) -> None:
    """A sum whose fraction is zero: SIGNIFICANCE with the characteristic kept, or a true zero, as the mask says."""
    cpu.psw.cc = 0
    if not cpu.psw.program_mask & SIGNIFICANCE_MASK:
        put(cpu, r1, digits, TRUE_ZERO)
        return
    put(cpu, r1, digits, Number(0, characteristic, 0))
    raise ProgramInterruption(PIC.SIGNIFICANCE, Ending.COMPLETION)
