"""Floating-point products.  GA22-7000 "Multiply" of the floating-point instructions.  The CC stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edu_hv.machine.instructions.hfp import (
    EXTENDED,
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

if TYPE_CHECKING:
    from edu_hv.machine.cpu import CPU

HALF = (1 << 28) - 1
"""The right half of a long fraction."""


@executes("MER")
def multiply_short_register(cpu: CPU, r1: int, r2: int) -> None:
    """MULTIPLY (RR, short, long product).  GA22-7000 "Multiply"."""
    first, second = in_register(cpu, r1, SHORT), in_register(cpu, r2, SHORT)
    set_result(cpu, r1, LONG, representable(cpu, product(first, second, SHORT, LONG)))


@executes("ME")
def multiply_short(cpu: CPU, r1: int, address: int) -> None:
    """MULTIPLY (RX, short, long product).  GA22-7000 "Multiply"."""
    first, second = in_register(cpu, r1, SHORT), in_storage(cpu, address, SHORT)
    set_result(cpu, r1, LONG, representable(cpu, product(first, second, SHORT, LONG)))


@executes("MDR")
def multiply_long_register(cpu: CPU, r1: int, r2: int) -> None:
    """MULTIPLY (RR, long).  GA22-7000 "Multiply"."""
    first, second = in_register(cpu, r1, LONG), in_register(cpu, r2, LONG)
    set_result(cpu, r1, LONG, representable(cpu, long_product(first, second)))


@executes("MD")
def multiply_long(cpu: CPU, r1: int, address: int) -> None:
    """MULTIPLY (RX, long).  GA22-7000 "Multiply"."""
    first, second = in_register(cpu, r1, LONG), in_storage(cpu, address, LONG)
    set_result(cpu, r1, LONG, representable(cpu, long_product(first, second)))


@executes("MXDR")
def multiply_long_to_extended_register(cpu: CPU, r1: int, r2: int) -> None:
    """MULTIPLY (RR, long, extended product).  GA22-7000 "Multiply"."""
    first, second = high_order_part(cpu, r1), in_register(cpu, r2, LONG)
    set_result(cpu, r1, EXTENDED, representable(cpu, product(first, second, LONG, EXTENDED)))


@executes("MXD")
def multiply_long_to_extended(cpu: CPU, r1: int, address: int) -> None:
    """MULTIPLY (RX, long, extended product).  GA22-7000 "Multiply"."""
    first, second = high_order_part(cpu, r1), in_storage(cpu, address, LONG)
    set_result(cpu, r1, EXTENDED, representable(cpu, product(first, second, LONG, EXTENDED)))


@executes("MXR")
def multiply_extended(cpu: CPU, r1: int, r2: int) -> None:
    """MULTIPLY (RR, extended).  GA22-7000 "Multiply"."""
    first, second = in_register(cpu, r1, EXTENDED), in_register(cpu, r2, EXTENDED)
    set_result(cpu, r1, EXTENDED, representable(cpu, product(first, second, EXTENDED, EXTENDED)))


def high_order_part(cpu: CPU, r1: int) -> Number:
    """The long multiplicand of an extended product, in the first of a pair.  SPECIFICATION unless R1 is 0 or 4."""
    sign, characteristic, fraction = in_register(cpu, r1, EXTENDED)
    return Number(sign, characteristic, fraction >> 4 * LONG)


def product(first: Number, second: Number, digits: int, length: int) -> Number:
    """The normalized product of fractions of `digits` digits, truncated to `length`.

    The fraction product is exact, so that normalizing it at the end does what prenormalization of the operands does.
    """
    exact = first.fraction * second.fraction
    number = Number(first.sign ^ second.sign, first.characteristic + second.characteristic - 64, exact)
    return TRUE_ZERO if exact == 0 else normalized(number, 2 * digits, length)


def long_product(first: Number, second: Number) -> Number:
    """The same for long numbers and a long product, in 64 bits: the operands are normalized first, as in the manual."""
    first, second = normalized(first, LONG, LONG), normalized(second, LONG, LONG)
    fraction = leading_digits(first.fraction, second.fraction)
    number = Number(first.sign ^ second.sign, first.characteristic + second.characteristic - 64, fraction)
    return TRUE_ZERO if fraction == 0 else normalized(number, LONG + 1, LONG)


def leading_digits(first: int, second: int) -> int:
    """The leftmost 15 of the 28 digits of a product of long fractions, from the products of their 28-bit halves.

    Normalizing shifts a product of normalized fractions left one digit at most, so that no others are needed.
    """
    left = (first >> 28) * (second >> 28)
    middle = (first >> 28) * (second & HALF) + (first & HALF) * (second >> 28)
    right = (first & HALF) * (second & HALF)
    return (left << 4) + (middle + (right >> 28) >> 24)
