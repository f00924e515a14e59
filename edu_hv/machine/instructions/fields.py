"""Storage operands processed byte by byte, so that overlapping ones give the architected result."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from edu_hv.isa.codes import MASK_24

if TYPE_CHECKING:
    from edu_hv.machine.cpu import CPU


def combine(cpu: CPU, length: int, first: int, second: int, function: Callable[[int, int], int]) -> bytes:
    """Replace each byte of the first operand by `function(first byte, second byte)`, left to right.

    The result of one byte is there when the next is fetched.  Both operands are checked before anything is stored.
    Returns the new first operand.
    """
    cpu.check_store(first, length)
    source = cpu.load_bytes(second, length)
    old = cpu.load_bytes(first, length)
    distance = first - second & MASK_24 or length
    result = bytearray()
    for position in range(length):
        byte = source[position] if position < distance else result[position - distance]
        result.append(function(old[position], byte))
    cpu.store_bytes(first, bytes(result))
    return bytes(result)


class RightToLeft:
    """Two operands of up to 16 bytes, processed from the right; positions count from the rightmost byte, 0.

    Both are checked when this is built.  A byte stored is there when it is fetched as part of the other operand.
    """

    def __init__(self, cpu: CPU, l1: int, first: int, l2: int, second: int) -> None:
        cpu.check_store(first, l1)
        self.source = cpu.load_bytes(second, l2)
        self.result = bytearray(l1)
        self.cpu, self.first, self.distance = cpu, first, (second + l2) - (first + l1) & MASK_24
        self.stored = 0

    def fetch(self, position: int) -> int:
        """A byte of the second operand; zero to the left of it."""
        if position >= len(self.source):
            return 0
        same = position - self.distance & MASK_24
        return self.result[-1 - same] if same < self.stored else self.source[-1 - position]

    def store(self, position: int, byte: int) -> None:
        """The next byte of the first operand."""
        self.result[-1 - position] = byte
        self.stored = position + 1

    def finish(self) -> None:
        """Put the first operand into storage."""
        self.cpu.store_bytes(self.first, bytes(self.result))
