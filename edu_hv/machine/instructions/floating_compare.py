"""Comparing floating-point numbers.  GA22-7000 "Compare" of the floating-point instructions.

CC 0 equal, 1 first low, 2 first high: the sign of the intermediate difference, guard digit included.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edu_hv.machine.instructions.floating_add import intermediate_sum, negated
from edu_hv.machine.instructions.hfp import LONG, SHORT, Number, in_register, in_storage
from edu_hv.machine.instructions.registry import executes

if TYPE_CHECKING:
    from edu_hv.machine.cpu import CPU


@executes("CER")
def compare_short_register(cpu: CPU, r1: int, r2: int) -> None:
    """COMPARE (RR, short).  GA22-7000 "Compare"."""
    first, second = in_register(cpu, r1, SHORT), in_register(cpu, r2, SHORT)
    cpu.psw.cc = comparison(first, second, SHORT)


@executes("CE")
def compare_short(cpu: CPU, r1: int, address: int) -> None:
    """COMPARE (RX, short).  GA22-7000 "Compare"."""
    first, second = in_register(cpu, r1, SHORT), in_storage(cpu, address, SHORT)
    cpu.psw.cc = comparison(first, second, SHORT)


@executes("CDR")
def compare_long_register(cpu: CPU, r1: int, r2: int) -> None:
    """COMPARE (RR, long).  GA22-7000 "Compare"."""
    first, second = in_register(cpu, r1, LONG), in_register(cpu, r2, LONG)
    cpu.psw.cc = comparison(first, second, LONG)


@executes("CD")
def compare_long(cpu: CPU, r1: int, address: int) -> None:
    """COMPARE (RX, long).  GA22-7000 "Compare"."""
    first, second = in_register(cpu, r1, LONG), in_storage(cpu, address, LONG)
    cpu.psw.cc = comparison(first, second, LONG)


def comparison(first: Number, second: Number, digits: int) -> int:
    """CC 0 equal, 1 first low, 2 first high."""
    difference = intermediate_sum(first, negated(second), digits)
    return 0 if difference.fraction == 0 else 1 if difference.sign else 2
