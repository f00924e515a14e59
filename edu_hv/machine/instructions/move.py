"""Moving bytes, numerics, zones and digits.  GA22-7000 "General Instructions".

MOVE LONG is in `interruptible`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edu_hv.isa.codes import MASK_24
from edu_hv.machine.instructions.fields import fetch_field, from_right, store_field
from edu_hv.machine.instructions.registry import executes

if TYPE_CHECKING:
    from edu_hv.machine.cpu import CPU


@executes("MVI")
def move_immediate(cpu: CPU, address: int, immediate: int) -> None:
    """MOVE (SI).  GA22-7000 "Move"."""
    cpu.store1(address, immediate)


@executes("MVC")
def move_characters(cpu: CPU, length: int, first: int, second: int) -> None:
    """MOVE (SS).  GA22-7000 "Move".  Byte by byte from the left.

    A first operand that starts within the second therefore repeats the bytes before it.
    """
    target, source = store_field(cpu, first, length), fetch_field(cpu, second, length)
    target.copy(source, length)
    target.finish()


@executes("MVN")
def move_numerics(cpu: CPU, length: int, first: int, second: int) -> None:
    """MOVE NUMERICS.  GA22-7000 "Move Numerics".  The right half of each byte, from the left."""
    target, source = store_field(cpu, first, length), fetch_field(cpu, second, length)
    for position in range(length):
        target.put(position, target.get(position) & 0xF0 | source.get(position) & 0x0F)
    target.finish()


@executes("MVZ")
def move_zones(cpu: CPU, length: int, first: int, second: int) -> None:
    """MOVE ZONES.  GA22-7000 "Move Zones".  The left half of each byte, from the left."""
    target, source = store_field(cpu, first, length), fetch_field(cpu, second, length)
    for position in range(length):
        target.put(position, target.get(position) & 0x0F | source.get(position) & 0xF0)
    target.finish()


@executes("MVCIN")
def move_inverse(cpu: CPU, length: int, first: int, second: int) -> None:
    """MOVE INVERSE.  GA22-7000 "Move Inverse".  The second operand is addressed by its last byte and read backwards.

    Operands that share more than one byte give an unpredictable result; here the old bytes are moved.
    """
    cpu.check_store(first, length)
    text = cpu.load_bytes(second - length + 1 & MASK_24, length)
    cpu.store_bytes(first, text[::-1])


@executes("MVO")
def move_with_offset(cpu: CPU, l1: int, first: int, l2: int, second: int) -> None:
    """MOVE WITH OFFSET.  GA22-7000 "Move with Offset".  The second operand goes to the left of the last four bits.

    Byte by byte from the right, so that operands may overlap; each byte is fetched once.
    """
    target, source = store_field(cpu, first, l1), fetch_field(cpu, second, l2)
    right = target.get(l1 - 1) << 4
    for position in range(l1):
        byte = from_right(source, l2, position)
        target.put(l1 - 1 - position, byte << 4 & 0xF0 | right >> 4 & 0x0F)
        right = byte
    target.finish()
