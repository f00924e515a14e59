"""What one unit of execution reads and writes, found by executing it under watch: nothing is derived from tables.

`peek` does so without a trace: the machine is put back.  Registers are those of the real CPU; a guest's are in it while
the guest runs.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, SupportsIndex, overload

from edu_hv.debugger.system import System
from edu_hv.isa import formats
from edu_hv.isa.codes import MASK_24
from edu_hv.isa.formats import StorageOperand
from edu_hv.isa.table import operation
from edu_hv.machine.cpu import CPU
from edu_hv.machine.events import Event, StorageStored
from edu_hv.machine.psw import PSW


@dataclass(frozen=True, slots=True)
class RegisterAccess:
    """A register that was read, written, or both.  `old`, `new`: its values before and after the unit."""

    file: str
    """"GR", "FPR" or "CR"; floating-point registers 0, 2, 4, 6 are 64 bits wide."""
    number: int
    old: int
    new: int
    read: bool
    """Read before it was written, if it was."""
    written: bool

    @property
    def name(self) -> str:
        """ "GR5"."""
        return f"{self.file}{self.number}"


@dataclass(frozen=True, slots=True)
class Fetched:
    """An operand that was fetched from storage: not the instruction itself."""

    address: int
    """Logical."""
    absolute: int
    data: bytes
    """As it was before the unit."""


@dataclass(slots=True)
class Accesses:
    """What a unit did.  Empty lists where it did nothing of a kind."""

    guest: str
    """Whose instruction it was; "" for anything else."""
    address: int
    """The logical address of the instruction."""
    text: bytes
    """The instruction, of EXECUTE its target; b"" for anything else."""
    before: PSW
    after: PSW
    """The real PSW."""
    branched: bool = False
    registers: list[RegisterAccess] = field(default_factory=list)
    fetched: list[Fetched] = field(default_factory=list)
    stored: list[StorageStored] = field(default_factory=list)
    keys: list[tuple[int, int, int]] = field(default_factory=list)
    """Storage keys that were changed: number of the 2K block, old, new."""
    events: list[Event] = field(default_factory=list)
    """What the machine told meanwhile, without the stores."""

    @property
    def mnemonic(self) -> str:
        """Of the instruction; "" without one."""
        row = operation(self.text) if self.text else None
        return row.mnemonic if row else ""

    @property
    def tests_condition_code(self) -> bool:
        """Whether the instruction looked at the condition code."""
        return self.mnemonic in ("BC", "BCR")

    def read(self, file: str = "GR") -> list[int]:
        """Numbers of the registers that were read."""
        return [one.number for one in self.registers if one.file == file and one.read]

    def written(self, file: str = "GR") -> list[int]:
        """Numbers of the registers that were written, be it with the same value."""
        return [one.number for one in self.registers if one.file == file and one.written]


class _Watched(list[int]):
    """Registers that note which of them are read before they are written, and which are written."""

    def __init__(self, values: Iterable[int]) -> None:
        super().__init__(values)
        self.old = tuple(values)
        self.was_read: set[int] = set()
        self.was_written: set[int] = set()

    def _numbers(self, index: SupportsIndex | slice) -> Iterable[int]:
        return range(len(self.old))[index] if isinstance(index, slice) else (index.__index__() % len(self.old),)

    @overload
    def __getitem__(self, index: SupportsIndex) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> list[int]: ...
    def __getitem__(self, index: SupportsIndex | slice) -> int | list[int]:
        self.was_read.update(number for number in self._numbers(index) if number not in self.was_written)
        return super().__getitem__(index)

    @overload
    def __setitem__(self, index: SupportsIndex, value: int) -> None: ...
    @overload
    def __setitem__(self, index: slice, value: Iterable[int]) -> None: ...
    def __setitem__(self, index: SupportsIndex | slice, value: int | Iterable[int]) -> None:
        self.was_written.update(self._numbers(index))
        super().__setitem__(index, value)  # type: ignore[index, assignment]

    def accesses(self, file: str, now: list[int]) -> Iterator[RegisterAccess]:
        """What was done, in the order of the registers; `now`: their values."""
        for number in sorted(self.was_read | self.was_written):
            shown = number * 2 if file == "FPR" else number
            read, written = number in self.was_read, number in self.was_written
            yield RegisterAccess(file, shown, self.old[number], now[number], read, written)


class _Fetches:
    """Where operands were fetched, in order, and how long they were where that is known."""

    def __init__(self) -> None:
        self.found: dict[int, tuple[int, int]] = {}
        """Absolute address and length by logical address."""
        self.instructions: set[int] = set()
        self.working = True

    def note(self, address: int, absolute: int, length: int) -> None:
        """An access; the longest from an address counts."""
        if self.working and length > self.found.get(address, (0, 0))[1]:
            self.found[address] = absolute, length


def _watching_class(kind: type[CPU], fetches: _Fetches) -> type[CPU]:
    """A kind of CPU that notes what it fetches."""

    class Watching(kind):  # type: ignore[valid-type, misc]
        def fetchable(self, address: int) -> int:
            absolute: int = super().fetchable(address)
            fetches.note(address, absolute, 1)
            return absolute

        def load_bytes(self, address: int, length: int) -> bytes:
            data: bytes = super().load_bytes(address, length)
            if address in fetches.found:
                fetches.note(address, fetches.found[address][0], length)
            return data

        def fetch_instruction(self, address: int) -> bytes:
            fetches.working = False
            try:
                text: bytes = super().fetch_instruction(address)
            finally:
                fetches.working = True
            return text

    return Watching


@contextmanager
def _watching(cpu: CPU, fetches: _Fetches) -> Iterator[tuple[_Watched, _Watched, _Watched]]:
    """The CPU with registers and accesses that are noted."""
    kind, files = type(cpu), (cpu.gr, cpu.fpr, cpu.cr)
    watched = _Watched(cpu.gr), _Watched(cpu.fpr), _Watched(cpu.cr)
    cpu.gr, cpu.fpr, cpu.cr = watched
    cpu.__class__ = _watching_class(kind, fetches)
    try:
        yield watched
    finally:
        cpu.__class__ = kind
        for file, now in zip(files, watched, strict=True):
            file[:] = list(now)
        cpu.gr, cpu.fpr, cpu.cr = files


def observe(system: System, advance: Callable[[], bool]) -> Accesses | None:
    """Let `advance` do one unit, and note what it does; None when nothing can happen.

    Control registers that decide about interruptions and translation are read by every unit: only what an instruction
    wrote to them is kept.
    """
    machine = system.machine
    cpu, storage = machine.cpu, machine.storage
    about = system.about_to_execute()
    found = Accesses(about[0] if about else "", about[1] if about else 0, b"", cpu.psw.copy(), cpu.psw)
    fetches, keys, before = _Fetches(), bytes(storage.keys), bytes(storage.data) if about else b""
    observers = machine.observer, storage.observer
    _listen(system, found, observers)
    cpu.branched = False
    try:
        with _watching(cpu, fetches) as watched:
            done = advance()
    finally:
        machine.observe(observers[0])
        storage.observer = observers[1]
    if not done:
        return None
    found.after = cpu.psw.copy()
    _take_instruction(system, found)
    for file, one, now in zip(("GR", "FPR", "CR"), watched, (cpu.gr, cpu.fpr, cpu.cr), strict=True):
        found.registers.extend(a for a in one.accesses(file, now) if a.written or (file != "CR" and found.text))
    found.keys = [
        (block, old, new) for block, (old, new) in enumerate(zip(keys, storage.keys, strict=True)) if old != new
    ]
    if found.text:
        found.branched = cpu.branched
        found.fetched = list(_operands(found, fetches, before))
    return found


def peek(system: System) -> Accesses | None:
    """What the next unit would do; everything is as before.  None when nothing can happen."""
    state = system.state()
    try:
        return observe(system, system.machine.advance)
    finally:
        system.restore(state)


def _listen(system: System, found: Accesses, others: tuple[Any, Any]) -> None:
    """Note events and stores besides whoever listens already."""

    def hear(event: Event) -> None:
        if isinstance(event, StorageStored):
            found.stored.append(event)
            if others[1]:
                others[1](event)
            return
        found.events.append(event)
        if others[0]:
            others[0](event)

    system.machine.observe(hear)


def _take_instruction(system: System, found: Accesses) -> None:
    """Whether it was an instruction that the unit executed, or tried to, and which."""
    recognized = system.machine.recognized
    if not found.guest:
        return
    if recognized is None:
        found.text = system.machine.cpu.instruction_text
    elif recognized.text:
        found.text = recognized.text
    if not found.text:
        found.guest = ""


def _operands(found: Accesses, fetches: _Fetches, before: bytes) -> Iterator[Fetched]:
    """What was fetched, joined where it is in sequence."""
    places = [(address, absolute, max(length, 1)) for address, (absolute, length) in fetches.found.items()]
    lengths = _field_lengths(found)
    joined: list[tuple[int, int, int]] = []
    for address, absolute, length in places:
        length = max(length, lengths.get(address, 1)) if length == 1 else length
        last = joined[-1] if joined else None
        if last and last[0] + last[2] == address and last[1] + last[2] == absolute:
            joined[-1] = last[0], last[1], last[2] + length
        elif not (last and last[0] <= address < last[0] + last[2]):
            joined.append((address, absolute, length))
    for address, absolute, length in joined:
        yield Fetched(address, absolute, before[absolute : absolute + length])


def _field_lengths(found: Accesses) -> dict[int, int]:
    """Lengths of the operands of an SS instruction, by address: fields are fetched byte by byte, unseen."""
    text = found.text
    if len(text) != 6:
        return {}
    registers = {one.number: one.old for one in found.registers if one.file == "GR"}
    row = operation(text)
    operands = [each for each in row.format.value.operands if isinstance(each, StorageOperand)] if row else []
    places = {each.base_bit // 8: each for each in operands}
    return {_effective(text[at : at + 2], registers): _field_length(text, each) for at, each in places.items()}


def _field_length(text: bytes, operand: StorageOperand) -> int:
    """By the operand's own length field; one that has none is as long as the other."""
    if operand.length_bit is None:
        return text[1] + 1
    return formats.field(text, operand.length_bit, operand.length_width) + 1


def _effective(base_displacement: bytes, registers: dict[int, int]) -> int:
    base = base_displacement[0] >> 4
    displacement = int.from_bytes(base_displacement, "big") & 0xFFF
    return (registers.get(base, 0) if base else 0) + displacement & MASK_24
