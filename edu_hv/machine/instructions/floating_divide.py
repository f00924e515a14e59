"""Floating-point quotients.  GA22-7000 "Divide" of the floating-point instructions, "Halve".  The CC stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edu_hv.isa.codes import PIC
from edu_hv.machine.instructions.floating_load import index
from edu_hv.machine.instructions.hfp import (
    LONG,
    SHORT,
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


@executes("DER")
def divide_short_register(cpu: CPU, r1: int, r2: int) -> None:
    """DIVIDE (RR, short).  GA22-7000 "Divide"."""
    first, second = in_register(cpu, r1, SHORT), in_register(cpu, r2, SHORT)
    set_result(cpu, r1, SHORT, representable(cpu, quotient(first, second, SHORT)))


@executes("DE")
def divide_short(cpu: CPU, r1: int, address: int) -> None:
    """DIVIDE (RX, short).  GA22-7000 "Divide"."""
    first, second = in_register(cpu, r1, SHORT), in_storage(cpu, address, SHORT)
    set_result(cpu, r1, SHORT, representable(cpu, quotient(first, second, SHORT)))


@executes("DDR")
def divide_long_register(cpu: CPU, r1: int, r2: int) -> None:
    """DIVIDE (RR, long).  GA22-7000 "Divide"."""
    first, second = in_register(cpu, r1, LONG), in_register(cpu, r2, LONG)
    set_result(cpu, r1, LONG, representable(cpu, quotient(first, second, LONG)))


@executes("DD")
def divide_long(cpu: CPU, r1: int, address: int) -> None:
    """DIVIDE (RX, long).  GA22-7000 "Divide"."""
    first, second = in_register(cpu, r1, LONG), in_storage(cpu, address, LONG)
    set_result(cpu, r1, LONG, representable(cpu, quotient(first, second, LONG)))


@executes("HER")
def halve_short(cpu: CPU, r1: int, r2: int) -> None:
    """HALVE (short).  GA22-7000 "Halve"."""
    index(r1)
    set_result(cpu, r1, SHORT, representable(cpu, half(in_register(cpu, r2, SHORT), SHORT)))


@executes("HDR")
def halve_long(cpu: CPU, r1: int, r2: int) -> None:
    """HALVE (long).  GA22-7000 "Halve"."""
    index(r1)
    set_result(cpu, r1, LONG, representable(cpu, half(in_register(cpu, r2, LONG), LONG)))


def quotient(first: Number, second: Number, digits: int) -> Number:
    """The normalized, truncated quotient.  FLOATING-POINT DIVIDE, suppressed, when the divisor's fraction is zero."""
    if second.fraction == 0:
        raise ProgramInterruption(PIC.FLOATING_POINT_DIVIDE, Ending.SUPPRESSION)
    first, second = normalized(first, digits, digits), normalized(second, digits, digits)
    # A quotient of normalized fractions is between 1/16 and 16: `digits` or one more digits of it are whole here.
    fraction = (first.fraction << 4 * digits) // second.fraction
    characteristic = first.characteristic - second.characteristic + 64
    result = normalized(Number(first.sign ^ second.sign, characteristic, fraction), digits, digits)
    return TRUE_ZERO if fraction == 0 else result


def half(number: Number, digits: int) -> Number:
    """Half of a number, normalized: the bit that leaves the fraction is the leftmost of the guard digit."""
    halved = normalized(Number(number.sign, number.characteristic, number.fraction << 3), digits + 1, digits)
    return TRUE_ZERO if number.fraction == 0 else halved
