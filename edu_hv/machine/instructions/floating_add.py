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
    return Number(number.sign ^ 1, number.characteristic, number.fraction)


def intermediate_sum(first: Number, second: Number, digits: int) -> Number:
    """The sum before normalization: the larger characteristic, a fraction with a guard digit and perhaps a carry.

    A zero sum is plus.
    """
    characteristic = max(first.characteristic, second.characteristic)
    total = aligned(first, characteristic, digits) + aligned(second, characteristic, digits)
    return Number(int(total < 0), characteristic, abs(total))


def aligned(number: Number, characteristic: int, digits: int) -> int:
    """The fraction with its sign and a guard digit, shifted right to have a characteristic that is not smaller.

    Of the digits that leave it the guard digit, the last one, takes part in the sum.
    """
    # The AND takes nothing away: it tells the engine that the difference is not negative.
    places = min(characteristic - number.characteristic & 0x7F, digits + 1)
    fraction = number.fraction << 4 >> 4 * places
    return -fraction if number.sign else fraction


def set_normalized_sum(cpu: CPU, r1: int, digits: int, first: Number, second: Number) -> None:
    """Put the sum, normalized, into a register.  GA22-7000 "Add Normalized"."""
    total = intermediate_sum(first, second, digits)
    set_sum(cpu, r1, digits, total if total.fraction == 0 else normalized(total, digits + 1, digits))


def set_unnormalized_sum(cpu: CPU, r1: int, digits: int, first: Number, second: Number) -> None:
    """Put the sum into a register: a carry is shifted in, the guard digit is dropped.  GA22-7000 "Add Unnormalized"."""
    total = intermediate_sum(first, second, digits)
    carry = total.fraction >> 4 * digits + 4
    fraction = total.fraction >> 4 + 4 * carry
    set_sum(cpu, r1, digits, Number(total.sign, total.characteristic + carry, fraction))


def set_sum(cpu: CPU, r1: int, digits: int, total: Number) -> None:
    """Put a sum into a register and set the CC.  SIGNIFICANCE for a fraction of zero when the program mask allows."""
    result = zero_sum(cpu, total) if total.fraction == 0 else representable(cpu, total)
    cpu.psw.cc = 0 if result.fraction == 0 else 1 if result.sign else 2
    set_result(cpu, r1, digits, result)
    if total.fraction == 0 and cpu.psw.program_mask & SIGNIFICANCE_MASK:
        raise ProgramInterruption(PIC.SIGNIFICANCE, Ending.COMPLETION)


def zero_sum(cpu: CPU, total: Number) -> Number:
    """A sum whose fraction is zero: with the characteristic kept, or a true zero, as the significance mask says."""
    return Number(0, total.characteristic, 0) if cpu.psw.program_mask & SIGNIFICANCE_MASK else TRUE_ZERO
