"""Between binary, packed and zoned decimal.  GA22-7000 "General Instructions"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edu_hv.isa.codes import MASK_32, PIC
from edu_hv.machine.instructions.conditions import signed
from edu_hv.machine.instructions.fields import fetch_field, from_right, store_field
from edu_hv.machine.instructions.packed import packed_numbers, preferred_sign, preferred_zone
from edu_hv.machine.instructions.registry import executes
from edu_hv.machine.interruptions import Ending, ProgramInterruption

if TYPE_CHECKING:
    from edu_hv.machine.cpu import CPU


@executes("CVB")
def convert_to_binary(cpu: CPU, r1: int, address: int) -> None:
    """CONVERT TO BINARY.  GA22-7000 "Convert to Binary".  15 digits and a sign, 8 bytes.

    DATA for a bad digit or sign.  FIXED_POINT_DIVIDE, completed, when the number does not fit: the low bits are loaded.
    """
    (number,) = packed_numbers(cpu.load_bytes(address, 8))
    cpu.gr[r1] = number & MASK_32
    if not -0x80000000 <= number <= 0x7FFFFFFF:
        raise ProgramInterruption(PIC.FIXED_POINT_DIVIDE, Ending.COMPLETION)


@executes("CVD")
def convert_to_decimal(cpu: CPU, r1: int, address: int) -> None:
    """CONVERT TO DECIMAL.  GA22-7000 "Convert to Decimal".  Stores 15 digits and the preferred sign."""
    number = signed(cpu.gr[r1])
    cpu.store8(address, int(str(abs(number)), 16) << 4 | preferred_sign(cpu, number < 0))


@executes("PACK")
def pack(cpu: CPU, l1: int, first: int, l2: int, second: int) -> None:
    """PACK.  GA22-7000 "Pack".  Zoned to packed, digits not checked; the sign is the zone of the last byte.

    Byte by byte from the right, so that operands may overlap.
    """
    target, source = store_field(cpu, first, l1), fetch_field(cpu, second, l2)
    target.put(l1 - 1, swapped(source.get(l2 - 1)))
    for position in range(l1 - 1):
        right = from_right(source, l2, 2 * position + 1)
        left = from_right(source, l2, 2 * position + 2)
        target.put(l1 - 2 - position, left << 4 & 0xF0 | right & 0x0F)
    target.finish()


@executes("UNPK")
def unpack(cpu: CPU, l1: int, first: int, l2: int, second: int) -> None:
    """UNPACK.  GA22-7000 "Unpack".  Packed to zoned, digits not checked; the sign becomes the zone of the last byte.

    Byte by byte from the right, so that operands may overlap; one fetch serves two result bytes.
    """
    target, source = store_field(cpu, first, l1), fetch_field(cpu, second, l2)
    zone, digits = preferred_zone(cpu) << 4, 0
    target.put(l1 - 1, swapped(source.get(l2 - 1)))
    for position in range(l1 - 1):
        digits = digits >> 4 if position & 1 else from_right(source, l2, (position >> 1) + 1)
        target.put(l1 - 2 - position, zone | digits & 0x0F)
    target.finish()


def swapped(byte: int) -> int:
    """The byte with its halves exchanged."""
    return byte << 4 & 0xF0 | byte >> 4
