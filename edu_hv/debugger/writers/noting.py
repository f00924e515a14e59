"""Registers and PSWs that note when they are written.  Reading them is as fast as ever."""

from collections.abc import Iterable
from typing import Any, ClassVar, SupportsIndex

from edu_hv.machine.psw import PSW


class NotingRegisters(list[int]):
    """Registers that note which of them are written, and whether all were at once: that is how they are copied."""

    def __init__(self, values: Iterable[int]) -> None:
        super().__init__(values)
        self.written: set[int] = set()
        self.copied = False

    def __setitem__(self, index: SupportsIndex | slice, value: Any) -> None:
        if not isinstance(index, slice):
            self.written.add(index.__index__() % len(self))
        elif index == slice(None):
            self.copied = True
        else:
            self.written.update(range(len(self))[index])
        super().__setitem__(index, value)

    def forget(self) -> None:
        """Nothing has been written from now on."""
        if self.written:
            self.written.clear()
        self.copied = False


class NotingPSW(PSW):
    """A PSW that notes when its condition code is set, be it to what it was.  It is equal to any other one."""

    __slots__ = ()
    noted: ClassVar[set[int]] = set()
    """Of those whose condition code was set, their ids."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "cc":
            NotingPSW.noted.add(id(self))
        object.__setattr__(self, name, value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PSW):
            return NotImplemented
        names = PSW.__slots__
        return all(getattr(self, name) == getattr(other, name) for name in names)

    __hash__ = None  # type: ignore[assignment]
