"""Packed decimal fields: two digits a byte, the last half byte a sign.  GA22-7000 "Packed Format", "Decimal Codes".

A field is 1 to 16 bytes, that is 1 to 31 digits.  Signs A, C, E and F are plus, B and D are minus; zero may have
either.  This is the one place that knows which sign and zone the CPU makes itself.  Read next: `decimal`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edu_hv.isa.codes import PIC
from edu_hv.machine.interruptions import Ending, ProgramInterruption

if TYPE_CHECKING:
    from edu_hv.machine.cpu import CPU


MINUS_SIGNS = "bd"
PLUS, MINUS, ZONE = 0xC, 0xD, 0xF
ASCII_PLUS, ASCII_MINUS, ASCII_ZONE = 0xA, 0xB, 0x5
"""What a System/360 makes when PSW bit 12 is one.  GA22-6821 "Program Status Word"."""


def preferred_sign(cpu: CPU, negative: bool) -> int:
    """The sign, 4 bits, that the CPU puts into its results."""
    if cpu.ascii:
        return ASCII_MINUS if negative else ASCII_PLUS
    return MINUS if negative else PLUS


def preferred_zone(cpu: CPU) -> int:
    """The zone, 4 bits, that the CPU puts over digits."""
    return ASCII_ZONE if cpu.ascii else ZONE


def data_exception(ending: Ending = Ending.TERMINATION) -> ProgramInterruption:
    """A data exception.  GA22-7000 "Data Exception": it terminates, but suppresses when a sign is bad."""
    return ProgramInterruption(PIC.DATA, ending)


def packed_numbers(*fields: bytes) -> tuple[int, ...]:
    """The values of packed fields.  DATA: suppressed for a bad sign in any of them, terminated for a bad digit."""
    texts = [field.hex() for field in fields]
    if any(text[-1].isdecimal() for text in texts):
        raise data_exception(Ending.SUPPRESSION)
    if not all(text[:-1].isdecimal() for text in texts):
        raise data_exception()
    return tuple(-int(text[:-1]) if text[-1] in MINUS_SIGNS else int(text[:-1]) for text in texts)


def has_minus(field: bytes) -> bool:
    """Whether a packed field has a minus sign; a zero may have one."""
    return f"{field[-1] & 15:x}" in MINUS_SIGNS


def packed_field(cpu: CPU, length: int, magnitude: int, negative: bool) -> bytes:
    """A field of `length` bytes with the preferred sign; digits too many on the left are lost."""
    digits = 2 * length - 1
    return bytes.fromhex(f"{magnitude % 10**digits:0{digits}d}{preferred_sign(cpu, negative):x}")
