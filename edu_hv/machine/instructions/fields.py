"""Storage operands processed byte by byte, so that overlapping ones give the architected result.

A field is checked for access as a whole when it is made; positions count from its leftmost byte, 0.  Bytes go straight
to storage, so that each is there when it is fetched as part of another operand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edu_hv.isa.codes import MASK_24
from edu_hv.machine.storage import BLOCK

if TYPE_CHECKING:
    from edu_hv.machine.cpu import CPU


class FetchField:
    """Bytes to be fetched."""

    def __init__(self, cpu: CPU, address: int, length: int) -> None:
        self.data = cpu.storage.data
        self.room = BLOCK - (address & BLOCK - 1)
        self.first = cpu.fetchable(address)
        self.second = cpu.fetchable(address + self.room & MASK_24) if length > self.room else 0

    def get(self, position: int) -> int:
        """The byte at a position."""
        beyond = position - self.room
        return self.data[self.first + position if beyond < 0 else self.second + beyond]

    def get4(self, position: int) -> int:
        """The word at a position."""
        if position + 4 <= self.room:
            return int.from_bytes(self.data[self.first + position : self.first + position + 4], "big")
        return int.from_bytes(bytes(self.get(position + at) for at in range(4)), "big")


class ScanField:
    """Bytes of which perhaps not all are needed: each is checked when it is fetched."""

    def __init__(self, cpu: CPU, address: int) -> None:
        self.cpu, self.address = cpu, address

    def get(self, position: int) -> int:
        """The byte at a position."""
        return self.cpu.load1(self.address + position & MASK_24)

    def check(self, position: int) -> None:
        """Raise what fetching the byte would raise."""
        self.get(position)


class StoreField:
    """Bytes to be stored.  Reference and change are recorded with the first access; `finish` ends the operand."""

    def __init__(self, cpu: CPU, address: int, length: int) -> None:
        cpu.check_store(address, length)
        self.cpu, self.address, self.length = cpu, address, length
        self.data = cpu.storage.data
        self.room = min(length, BLOCK - (address & BLOCK - 1))
        self.places: tuple[int, int] | None = None
        """Absolute addresses of the part in the first 2K block, and of the rest."""
        self.old = b"", b""

    def resolved(self) -> tuple[int, int]:
        """The places, recorded as referred to and changed."""
        if self.places is None:
            first = self.cpu.storable(self.address)
            second = self.cpu.storable(self.address + self.room & MASK_24) if self.length > self.room else 0
            self.places, self.old = (first, second), self._contents(first, second)
        return self.places

    def _contents(self, first: int, second: int) -> tuple[bytes, bytes]:
        return bytes(self.data[first : first + self.room]), bytes(self.data[second : second + self.length - self.room])

    def _place(self, position: int) -> int:
        first, second = self.resolved()
        return first + position if position < self.room else second + position - self.room

    def get(self, position: int) -> int:
        """The byte at a position."""
        return self.data[self._place(position)]

    def put(self, position: int, byte: int) -> None:
        """Replace the byte at a position."""
        self.data[self._place(position)] = byte

    def put4(self, position: int, word: int) -> None:
        """Replace the word at a position."""
        place = self._place(position)
        if position + 4 <= self.room:
            self.data[place : place + 4] = word.to_bytes(4, "big")
            return
        for at, byte in enumerate(word.to_bytes(4, "big")):
            self.put(position + at, byte)

    def copy(self, source: FetchField, length: int) -> None:
        """Replace bytes by those of another field, one by one from the left."""
        first, _ = self.resolved()
        if length <= min(self.room, source.room) and not 0 < first - source.first < length:
            self.data[first : first + length] = bytes(self.data[source.first : source.first + length])
            return
        for position in range(length):
            self.put(position, source.get(position))

    def finish(self) -> None:
        """Report the operand to storage as one store, or as two when it crosses into another 2K block."""
        places = self.resolved()
        for place, old, new in zip(places, self.old, self._contents(*places), strict=True):
            if old:
                self.data[place : place + len(old)] = old
                self.cpu.storage.write(place, new)


def fetch_field(cpu: CPU, address: int, length: int) -> FetchField:
    """An operand to be fetched."""
    return FetchField(cpu, address, length)


def scan_field(cpu: CPU, address: int, length: int) -> ScanField:
    """An operand or a table of which perhaps not every byte is needed."""
    return ScanField(cpu, address)


def store_field(cpu: CPU, address: int, length: int) -> StoreField:
    """An operand to be stored, after all others have been checked."""
    return StoreField(cpu, address, length)


def from_right(field: FetchField, length: int, position: int) -> int:
    """The byte at a position counted from the rightmost one; zero to the left of the field."""
    return field.get(length - 1 - position) if position < length else 0
