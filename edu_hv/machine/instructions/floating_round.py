"""Rounding to the next shorter format.  GA22-7000 "Load Rounded".  The CC stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edu_hv.machine.instructions.floating_load import index
from edu_hv.machine.instructions.hfp import EXTENDED, LONG, SHORT, Number, in_register, set_result
from edu_hv.machine.instructions.registry import executes

if TYPE_CHECKING:
    from edu_hv.machine.cpu import CPU


@executes("LRER")
def load_rounded_to_short(cpu: CPU, r1: int, r2: int) -> None:
    """LOAD ROUNDED (long to short).  GA22-7000 "Load Rounded"."""
    index(r1)
    set_result(cpu, r1, SHORT, rounded(in_register(cpu, r2, LONG), LONG, SHORT))


@executes("LRDR")
def load_rounded_to_long(cpu: CPU, r1: int, r2: int) -> None:
    """LOAD ROUNDED (extended to long).  GA22-7000 "Load Rounded"."""
    index(r1)
    set_result(cpu, r1, LONG, rounded(in_register(cpu, r2, EXTENDED), EXTENDED, LONG))


def rounded(number: Number, digits: int, length: int) -> Number:
    """The fraction of `digits` digits in `length`: one is added to the leftmost bit dropped.  Not normalized.

    Sign and characteristic stay, but for a carry: then the fraction is shifted right one digit.
    """
    dropped = 4 * (digits - length)
    fraction = number.fraction + (1 << dropped - 1) >> dropped
    if fraction >> 4 * length:
        return Number(number.sign, number.characteristic + 1, fraction >> 4)
    return number._replace(fraction=fraction)
