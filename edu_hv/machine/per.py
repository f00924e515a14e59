"""Program-event recording.  GA22-7000 "Program-Event Recording".

Instructions are watched from outside: they know nothing of PER, and cost nothing more while it is off.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntFlag
from typing import TYPE_CHECKING, SupportsIndex, overload

from edu_hv.isa.codes import MASK_24, MASK_32
from edu_hv.machine.events import Event, Observer, StorageStored
from edu_hv.machine.storage import BLOCK, BLOCK_SHIFT, UNRESOLVED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from edu_hv.machine.cpu import CPU


class PERCode(IntFlag):
    """The events: bits 0-3 of CR9, and of the byte stored at real 150."""

    SUCCESSFUL_BRANCHING = 0x80
    INSTRUCTION_FETCHING = 0x40
    STORAGE_ALTERATION = 0x20
    REGISTER_ALTERATION = 0x10


@dataclass(frozen=True, slots=True)
class PEREvent:
    """What one instruction caused: the events, and the address of the instruction (of EXECUTE, not of its target)."""

    code: PERCode
    address: int


class _RecordedRegisters(list[int]):
    """General registers that note which of them were replaced."""

    def __init__(self, values: Iterable[int]) -> None:
        super().__init__(values)
        self.altered = 0
        """One bit a register, the leftmost of 16 for register 0."""

    @overload
    def __setitem__(self, index: SupportsIndex, value: int) -> None: ...
    @overload
    def __setitem__(self, index: slice, value: Iterable[int]) -> None: ...
    def __setitem__(self, index: SupportsIndex | slice, value: int | Iterable[int]) -> None:
        super().__setitem__(index, value)  # type: ignore[index, assignment]
        for number in range(16)[index] if isinstance(index, slice) else (index,):
            self.altered |= 0x8000 >> number.__index__()


class Recorder:
    """Watches the instructions of one CPU while its PSW has PER on."""

    def __init__(self, cpu: CPU) -> None:
        self._cpu = cpu
        self._registers = _RecordedRegisters([])
        self._stored: list[StorageStored] = []
        self._address = 0
        self._invalid = False
        self._enabled = PERCode(0)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch the instruction executed inside; `event` then knows what it did."""
        cpu, storage = self._cpu, self._cpu.storage
        registers, observer = cpu.gr, storage.observer
        self._registers = cpu.gr = _RecordedRegisters(registers)
        self._stored, self._address = [], cpu.psw.instruction_address
        self._invalid = cpu.psw.unassigned != 0
        self._enabled = PERCode(cpu.cr[9] >> 24 & 0xF0)
        self._range, self._mask = (cpu.cr[10] & MASK_24, cpu.cr[11] & MASK_24), cpu.cr[9] & 0xFFFF
        cpu.branched, cpu.execute_target = False, None
        cpu.forget_mappings()  # So that the store maps tell what this instruction resolved, in whatever context.
        storage.observer = self._observer(observer)
        try:
            yield
        finally:
            storage.observer = observer
            for number, value in enumerate(self._registers):
                if self._registers.altered & 0x8000 >> number:
                    registers[number] = value
            cpu.gr = registers

    def _observer(self, other: Observer | None) -> Observer:
        def observe(event: Event) -> None:
            if isinstance(event, StorageStored):
                self._stored.append(event)
            if other:
                other(event)

        return observe

    def event(self, completed: bool) -> PEREvent | None:
        """What the instruction caused of what CR9 to CR11 ask for.

        One that did not complete has only been fetched; at an odd address, and by a PSW that is invalid, none is.
        """
        found = PERCode(0)
        if self._fetched():
            found |= PERCode.INSTRUCTION_FETCHING
        if completed:
            if self._cpu.branched:
                found |= PERCode.SUCCESSFUL_BRANCHING
            if self._registers.altered & self._mask:
                found |= PERCode.REGISTER_ALTERATION
            if self._stored and self._altered_storage():
                found |= PERCode.STORAGE_ALTERATION
        found &= self._enabled
        return PEREvent(found, self._address) if found else None

    def _fetched(self) -> bool:
        if self._invalid:
            return False
        addresses = (self._address, self._cpu.execute_target)
        return any(address is not None and not address & 1 and self._designates(address) for address in addresses)

    def _designates(self, address: int) -> bool:
        """Whether an address is in the range of CR10 and CR11, which may wrap around."""
        start, end = self._range
        return start <= address <= end if start <= end else address >= start or address <= end

    def _altered_storage(self) -> bool:
        maps = self._cpu.store_maps()
        self._resolved = {entry: block for map in maps for block, entry in enumerate(map) if entry != UNRESOLVED}
        return any(self._in_range(event) for event in self._stored)

    def _in_range(self, event: StorageStored) -> bool:
        logical = self._logical(event.absolute)
        return logical is not None and any(self._designates(logical + at & MASK_24) for at in range(len(event.new)))

    def _logical(self, absolute: int) -> int | None:
        """The logical address of what was stored, or None for what is not the instruction's own (a swapped PSW)."""
        block = absolute & ~(BLOCK - 1) & MASK_32
        for entry in (block, -2 - block):
            if entry in self._resolved:
                return self._resolved[entry] << BLOCK_SHIFT | absolute & BLOCK - 1
        return None
