"""Probes that see each write of a location.

What counts: of a register and of storage each write, be it of the same value; of the condition code each time it is
set; of everything else a change.  Copying a guest's registers between its VMBLOK and the real CPU is no write of the
guest's, nor is paging a write of the guest's storage.
"""

from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from edu_hv.debugger.recording.search import Done, Probe, Span
from edu_hv.debugger.writers.locations import (
    Location,
    PswLocation,
    RegisterLocation,
    StorageLocation,
    files,
    vm_of,
)
from edu_hv.debugger.writers.may_write import CONDITION_CODE, PROGRAM_MASK, left_to_cpu
from edu_hv.debugger.writers.noting import NotingPSW, NotingRegisters
from edu_hv.hypervisor.stages import Stage
from edu_hv.isa.codes import MASK_24, PSA
from edu_hv.machine.events import Actor, StorageStored
from edu_hv.machine.psw import PSW
from edu_hv.machine.storage import FRAME

if TYPE_CHECKING:
    from edu_hv.debugger.recording.timetravel import Recording
    from edu_hv.debugger.system import System
    from edu_hv.machine.cpu import CPU


_PREFIX = 4
"""The place of the prefix in the state of a CPU."""


class WriteProbe(Probe):
    """Sees changes of any location.  Use it inside `installed`."""

    left: Sequence[int] | None = None
    """For each first halfword of an instruction: whether the engine must leave it alone."""

    def __init__(self, recording: "Recording", location: Location) -> None:
        self.recording, self.location = recording, location
        self.value: Any = None
        """Before the next unit."""

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Inside, the probe may be used."""
        yield

    def begin(self, system: "System") -> None:
        """Look at what is there."""
        self.value = self.location.value(system)

    def saw(self, system: "System", done: Done) -> bool:
        """Whether it is another one."""
        before, self.value = self.value, self.location.value(system)
        return bool(before != self.value)


class AddressProbe(WriteProbe):
    """Sees where the instruction address is another one than that behind the last instruction."""

    compiled = False

    def begin(self, system: "System") -> None:
        """Note where it is to go on."""
        super().begin(system)
        self._note(system)

    def _note(self, system: "System") -> None:
        cpu, about = system.machine.cpu, system.about_to_execute()
        cpu.branched = False
        self._psw = cpu.psw
        self._mine = about is not None and self.location.owner in (about[0], "")

    def saw(self, system: "System", done: Done) -> bool:
        """Whether it went anywhere else: a branch, a new PSW, CP."""
        before, changed, cpu = self.value, super().saw(system, done), system.machine.cpu
        instruction = self._mine and cpu.psw is self._psw and before is not None and self.value is not None
        went_on = instruction and not cpu.branched and self.value - before & MASK_24 in (0, 2, 4, 6)
        self._note(system)
        return changed and not went_on


class CodeProbe(WriteProbe):
    """Sees each setting of the condition code."""

    def __init__(self, recording: "Recording", location: Location) -> None:
        super().__init__(recording, location)
        self.left = left_to_cpu(CONDITION_CODE)

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Take the noting PSWs away in the end."""
        try:
            yield
        finally:
            system = self.recording.system
            for cpu in self._cpus(system):
                if type(cpu.psw) is NotingPSW:
                    object.__setattr__(cpu.psw, "__class__", PSW)
            NotingPSW.noted.clear()

    def _cpus(self, system: "System") -> list["CPU"]:
        """The CPUs whose PSWs count: the real one, the guest's one."""
        vm = vm_of(system, self.location.owner)
        return [system.machine.cpu] if vm is None else [system.machine.cpu, vm.cpu]

    def begin(self, system: "System") -> None:
        """Begin to note."""
        super().begin(system)
        self._arm(system)

    def _arm(self, system: "System") -> None:
        NotingPSW.noted.clear()
        self._cpu = self._counting(system)
        for cpu in self._cpus(system):
            if type(cpu.psw) is PSW:
                object.__setattr__(cpu.psw, "__class__", NotingPSW)
        self._psw = self._cpu.psw if self._cpu is not None else None

    def _counting(self, system: "System") -> "CPU | None":
        """The CPU whose PSW the next unit sets the code in, if it does; None when copies may be made."""
        cp, vm, cpu = system.cp, vm_of(system, self.location.owner), system.machine.cpu
        if cp is None or not self.location.owner:
            return cpu
        swapping = system.machine.recognized is not None or cp.work.stage is Stage.DECODE
        if vm is None or swapping or self.recording.input_next is not None:
            return None
        return cpu if cp.running_vm is vm and cp.work.stage is Stage.NONE else vm.cpu

    def saw(self, system: "System", done: Done) -> bool:
        """Whether it was set, or a PSW was loaded."""
        changed, written = super().saw(system, done), False
        if not done.compiled and self._cpu is not None:
            written = self._cpu.psw is not self._psw or id(self._psw) in NotingPSW.noted
        self._arm(system)
        return changed or written


class RegisterProbe(WriteProbe):
    """Sees each write of a register, and each change of it."""

    location: RegisterLocation

    def __init__(self, recording: "Recording", location: RegisterLocation) -> None:
        super().__init__(recording, location)
        self.left = left_to_cpu(location.file, location.number) if location.file != "CR" else None
        self._armed: list[CPU] = []

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Take the noting registers away in the end."""
        try:
            yield
        finally:
            for cpu in self._armed:
                found = files(cpu)[self.location.file]
                if isinstance(found, NotingRegisters):
                    setattr(cpu, self.location.file.lower(), list(found))
            self._armed = []

    def begin(self, system: "System") -> None:
        """Begin to note."""
        super().begin(system)
        self._arm(system)

    def _arm(self, system: "System") -> None:
        cp, vm = system.cp, vm_of(system, self.location.owner)
        self._guest_runs = (
            cp is None or not self.location.owner or (vm is not None and cp.running_vm is vm and not cp.busy)
        )
        self._real = self._noting(system.machine.cpu)
        self._virtual = self._noting(vm.cpu) if vm is not None else None

    def _noting(self, cpu: "CPU") -> NotingRegisters:
        name = self.location.file.lower()
        found = getattr(cpu, name)
        if not isinstance(found, NotingRegisters):
            found = NotingRegisters(found)
            setattr(cpu, name, found)
            self._armed.append(cpu)
        found.forget()
        return found

    def saw(self, system: "System", done: Done) -> bool:
        """Whether it was written."""
        changed = super().saw(system, done)
        number, written = self.location.index, False
        if not done.compiled and self._guest_runs:
            written = number in self._real.written
        if not done.compiled and not self._in_guest:
            written |= self._real.copied
        if self._virtual is not None:
            written |= number in self._virtual.written
        self._arm(system)
        return changed or written

    @property
    def _in_guest(self) -> bool:
        """Whether copying all registers of the real CPU is CP's bringing a guest's there."""
        return bool(self.location.owner) and self.recording.system.cp is not None


class StorageProbe(WriteProbe):
    """Sees each store into bytes of storage, wherever a guest's page is."""

    wants_stores = True
    location: StorageLocation

    def __init__(self, recording: "Recording", location: StorageLocation) -> None:
        super().__init__(recording, location)
        self._frames: list[int | None] = []
        self._found: list[int | None] = []
        """Where the bytes are since the last unit, and no later unit has been looked at."""
        self._spans: Set[Span] = frozenset()
        self.compiled = not self._is_interval_timer(recording.system)

    def _is_interval_timer(self, system: "System") -> bool:
        """Whether the real interval timer may be in it, which counts while compiled code works."""
        if self.location.owner and system.cp is not None:
            return False
        words = [prefix + PSA.INTERVAL_TIMER for prefix in (0, system.machine.cpu.prefix, *self._prefixes())]
        return any(at < word + 4 and word < at + length for at, length in self.location.pieces for word in words)

    def _prefixes(self) -> set[int]:
        """Those of the recording."""
        stretches = self.recording.checkpoints.stretches(self.recording.end, self.recording.start)
        return {state[0].cpu[_PREFIX] for _, _, state in stretches}

    def spans(self, system: "System") -> Set[Span]:
        """Where the bytes are now."""
        frames = self._frames_now(system)
        if frames != self._found:
            pairs = zip(self.location.pieces, frames, strict=True)
            self._found = frames
            self._spans = frozenset((frame + at % FRAME, length) for (at, length), frame in pairs if frame is not None)
        return self._spans

    def _frames_now(self, system: "System") -> list[int | None]:
        return [self.location.frame(system, at) for at, _ in self.location.pieces]

    def begin(self, system: "System") -> None:
        """Note where it is."""
        super().begin(system)
        self._frames = self._frames_now(system)

    def skips(self, start: Any, end: Any) -> bool:
        """Nothing has been stored into the frames where the bytes are at the end, so they were there all the time."""
        before, after = start[0].storage[0], end[0].storage[0]
        return bool(self._frames) and all(
            frame is not None and before[frame // FRAME] is after[frame // FRAME] for frame in self._frames
        )

    def saw(self, system: "System", done: Done) -> bool:
        """Whether it was stored into."""
        if done.compiled:
            return False
        before, self._frames = self._frames, self._found  # The search has just asked where they are.
        moved = before != self._frames or None in before
        stored = bool(done.stored) and self._stored_into(done.stored, before)
        if not moved and not stored:
            return False
        changed = super().saw(system, done)
        return changed or (stored and not self.location.changes)

    def _stored_into(self, stored: Sequence[StorageStored], before: list[int | None]) -> bool:
        """Whether one of the stores was into the bytes; a page that came was filled by paging first."""
        for (at, length), old, now in zip(self.location.pieces, before, self._frames, strict=True):
            if now is None:
                continue
            mine = list(stored) if old == now else _behind_paging(stored, now)
            place = now + at % FRAME
            if any(one.absolute < place + length and place < one.absolute + len(one.new) for one in mine):
                return True
        return False


def _behind_paging(stored: Sequence[StorageStored], frame: int) -> list[StorageStored]:
    """Stores by CP behind the last one that filled the frame."""
    found: list[StorageStored] = []
    for one in stored:
        if one.absolute == frame and len(one.new) == FRAME:
            found = []
        elif one.actor is Actor.CONTROL_PROGRAM:
            found.append(one)
    return found


def probe_for(recording: "Recording", location: Location) -> WriteProbe:
    """The probe that sees the writes of a location."""
    match location:
        case RegisterLocation():
            return RegisterProbe(recording, location)
        case StorageLocation():
            return StorageProbe(recording, location)
        case PswLocation(field="cc"):
            return CodeProbe(recording, location)
        case PswLocation(field="ia"):
            return AddressProbe(recording, location)
    probe = WriteProbe(recording, location)
    if isinstance(location, PswLocation) and location.field == "pm":
        probe.left = left_to_cpu(PROGRAM_MASK)
    return probe
