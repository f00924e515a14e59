"""Moving floating-point numbers without arithmetic.  GA22-7000 "Floating-Point Instructions".

A short number is the left half of a register; the right half stays as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edu_hv.isa.codes import MASK_32
from edu_hv.machine.instructions.conditions import specification
from edu_hv.machine.instructions.registry import executes

if TYPE_CHECKING:
    from edu_hv.machine.cpu import CPU


SIGN = 1 << 63
LONG_FRACTION = 0x00FFFFFFFFFFFFFF
SHORT = MASK_32 << 32
SHORT_FRACTION = 0x00FFFFFF << 32


def index(register: int) -> int:
    """Where `cpu.fpr` keeps a floating-point register.  SPECIFICATION unless it is 0, 2, 4 or 6."""
    if register & 9:
        raise specification()
    return register >> 1


@executes("LE")
def load_short(cpu: CPU, r1: int, address: int) -> None:
    """LOAD (RX, short).  GA22-7000 "Load"."""
    set_short(cpu, index(r1), cpu.load4(address) << 32)


@executes("LD")
def load_long(cpu: CPU, r1: int, address: int) -> None:
    """LOAD (RX, long).  GA22-7000 "Load"."""
    at = index(r1)
    cpu.fpr[at] = cpu.load8(address)


@executes("STE")
def store_short(cpu: CPU, r1: int, address: int) -> None:
    """STORE (short).  GA22-7000 "Store"."""
    cpu.store4(address, cpu.fpr[index(r1)] >> 32)


@executes("STD")
def store_long(cpu: CPU, r1: int, address: int) -> None:
    """STORE (long).  GA22-7000 "Store"."""
    cpu.store8(address, cpu.fpr[index(r1)])


@executes("LER")
def load_short_register(cpu: CPU, r1: int, r2: int) -> None:
    """LOAD (RR, short).  GA22-7000 "Load"."""
    set_short(cpu, index(r1), cpu.fpr[index(r2)])


@executes("LDR")
def load_long_register(cpu: CPU, r1: int, r2: int) -> None:
    """LOAD (RR, long).  GA22-7000 "Load"."""
    cpu.fpr[index(r1)] = cpu.fpr[index(r2)]


@executes("LTER")
def load_and_test_short(cpu: CPU, r1: int, r2: int) -> None:
    """LOAD AND TEST (short).  GA22-7000 "Load and Test".  CC 0 fraction zero, 1 negative, 2 positive."""
    set_tested_short(cpu, index(r1), cpu.fpr[index(r2)])


@executes("LTDR")
def load_and_test_long(cpu: CPU, r1: int, r2: int) -> None:
    """LOAD AND TEST (long).  GA22-7000 "Load and Test".  CC 0 fraction zero, 1 negative, 2 positive."""
    set_tested_long(cpu, index(r1), cpu.fpr[index(r2)])


@executes("LCER")
def load_complement_short(cpu: CPU, r1: int, r2: int) -> None:
    """LOAD COMPLEMENT (short).  GA22-7000 "Load Complement".  CC 0 fraction zero, 1 negative, 2 positive."""
    set_tested_short(cpu, index(r1), cpu.fpr[index(r2)] ^ SIGN)


@executes("LCDR")
def load_complement_long(cpu: CPU, r1: int, r2: int) -> None:
    """LOAD COMPLEMENT (long).  GA22-7000 "Load Complement".  CC 0 fraction zero, 1 negative, 2 positive."""
    set_tested_long(cpu, index(r1), cpu.fpr[index(r2)] ^ SIGN)


@executes("LNER")
def load_negative_short(cpu: CPU, r1: int, r2: int) -> None:
    """LOAD NEGATIVE (short).  GA22-7000 "Load Negative".  CC 0 fraction zero, 1 negative."""
    set_tested_short(cpu, index(r1), cpu.fpr[index(r2)] | SIGN)


@executes("LNDR")
def load_negative_long(cpu: CPU, r1: int, r2: int) -> None:
    """LOAD NEGATIVE (long).  GA22-7000 "Load Negative".  CC 0 fraction zero, 1 negative."""
    set_tested_long(cpu, index(r1), cpu.fpr[index(r2)] | SIGN)


@executes("LPER")
def load_positive_short(cpu: CPU, r1: int, r2: int) -> None:
    """LOAD POSITIVE (short).  GA22-7000 "Load Positive".  CC 0 fraction zero, 2 positive."""
    set_tested_short(cpu, index(r1), cpu.fpr[index(r2)] & ~SIGN)


@executes("LPDR")
def load_positive_long(cpu: CPU, r1: int, r2: int) -> None:
    """LOAD POSITIVE (long).  GA22-7000 "Load Positive".  CC 0 fraction zero, 2 positive."""
    set_tested_long(cpu, index(r1), cpu.fpr[index(r2)] & ~SIGN)


def set_short(cpu: CPU, at: int, value: int) -> None:
    """Put the left half of a 64-bit value into the left half of a register."""
    cpu.fpr[at] = value & SHORT | cpu.fpr[at] & MASK_32


def set_tested_short(cpu: CPU, at: int, value: int) -> None:
    """As `set_short`, and set the CC."""
    set_short(cpu, at, value)
    cpu.psw.cc = 0 if value & SHORT_FRACTION == 0 else 1 if value & SIGN else 2


def set_tested_long(cpu: CPU, at: int, value: int) -> None:
    """Put a value into a register and set the CC."""
    cpu.fpr[at] = value
    cpu.psw.cc = 0 if value & LONG_FRACTION == 0 else 1 if value & SIGN else 2
