"""Between binary, packed and zoned decimal.  GA22-7000 "General Instructions"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edu_hv.isa.codes import MASK_32, PIC
from edu_hv.machine.instructions.conditions import signed
from edu_hv.machine.instructions.fields import RightToLeft
from edu_hv.machine.instructions.registry import executes
from edu_hv.machine.interruptions import Ending, ProgramInterruption

if TYPE_CHECKING:
    from edu_hv.machine.cpu import CPU


MINUS_SIGNS = "bd"
PLUS = 0xC
MINUS = 0xD


@executes("CVB")
def convert_to_binary(cpu: CPU, r1: int, address: int) -> None:
    """CONVERT TO BINARY.  GA22-7000 "Convert to Binary".  15 digits and a sign, 8 bytes.

    DATA for a bad digit or sign.  FIXED_POINT_DIVIDE, completed, when the number does not fit: the low bits are loaded.
    """
    number = packed_number(cpu.load_bytes(address, 8))
    cpu.gr[r1] = number & MASK_32
    if not -0x80000000 <= number <= 0x7FFFFFFF:
        raise ProgramInterruption(PIC.FIXED_POINT_DIVIDE, Ending.COMPLETION)


def packed_number(text: bytes) -> int:
    """The value of a packed decimal field.  DATA, terminated, for a bad digit or sign."""
    digits, sign = text.hex()[:-1], text.hex()[-1]
    if not digits.isdecimal() or sign.isdecimal():
        raise ProgramInterruption(PIC.DATA, Ending.TERMINATION)
    return -int(digits) if sign in MINUS_SIGNS else int(digits)


@executes("CVD")
def convert_to_decimal(cpu: CPU, r1: int, address: int) -> None:
    """CONVERT TO DECIMAL.  GA22-7000 "Convert to Decimal".  Stores 15 digits and a sign (X'C' or X'D')."""
    number = signed(cpu.gr[r1])
    cpu.store8(address, int(str(abs(number)), 16) << 4 | (MINUS if number < 0 else PLUS))


@executes("PACK")
def pack(cpu: CPU, l1: int, first: int, l2: int, second: int) -> None:
    """PACK.  GA22-7000 "Pack".  Zoned to packed, digits not checked; the sign is the zone of the last byte.

    Byte by byte from the right, so that operands may overlap.
    """
    fields = RightToLeft(cpu, l1, first, l2, second)
    fields.store(0, swapped(fields.fetch(0)))
    for position in range(1, l1):
        right = fields.fetch(2 * position - 1)
        fields.store(position, fields.fetch(2 * position) << 4 & 0xF0 | right & 0x0F)
    fields.finish()


@executes("UNPK")
def unpack(cpu: CPU, l1: int, first: int, l2: int, second: int) -> None:
    """UNPACK.  GA22-7000 "Unpack".  Packed to zoned, digits not checked; the sign becomes the zone of the last byte.

    Byte by byte from the right, so that operands may overlap; one fetch serves two result bytes.
    """
    fields = RightToLeft(cpu, l1, first, l2, second)
    fields.store(0, swapped(fields.fetch(0)))
    for position in range(1, l1, 2):
        digits = fields.fetch(position + 1 >> 1)
        fields.store(position, 0xF0 | digits & 0x0F)
        if position + 1 < l1:
            fields.store(position + 1, 0xF0 | digits >> 4)
    fields.finish()


def swapped(byte: int) -> int:
    """The byte with its halves exchanged."""
    return byte << 4 & 0xF0 | byte >> 4
