"""CP's paging by itself: a machine with few frames, a paging volume, and guests that are only storage and a CPU."""

from dataclasses import dataclass, field
from typing import Any

from edu_hv.devices.disk import DiskDrive
from edu_hv.hypervisor.free_storage import FreeStorage
from edu_hv.hypervisor.paging import Paging, VirtualStorage
from edu_hv.hypervisor.paging_area import make_paging_volume
from edu_hv.hypervisor.virtual_cpu import VirtualCPU
from edu_hv.isa.codes import PSA
from edu_hv.machine.ccw import CSW
from edu_hv.machine.machine import Machine
from edu_hv.machine.storage import FRAME
from edu_hv.machine.timing import Clocks

FREE = (0x2000, 0x10000)
DEVICE = 0x150
PAGES = 64


@dataclass
class Rig:
    """The machine, its paging, and the guests in the order in which they were made."""

    machine: Machine
    free: FreeStorage
    paging: Paging
    drive: DiskDrive
    guests: list[VirtualCPU] = field(default_factory=list)

    def guest(self, pages: int = PAGES) -> VirtualCPU:
        """One more guest."""
        storage = self.paging.build(pages * FRAME)
        storage.userid = f"GUEST{len(self.guests)}"
        self.guests.append(VirtualCPU(self.machine.cpu, Clocks(), storage, self.paging))
        return self.guests[-1]

    def touch(self, cpu: VirtualCPU, *pages: int, store: bool = False) -> None:
        """CP uses pages of a guest, and a guest is dispatched each time."""
        for page in pages:
            if store:
                cpu.store_real(page * FRAME, bytes([page + 1]))
            else:
                cpu.load_real(page * FRAME, 1)
            self.paging.hold_none()

    def first_bytes(self, cpu: VirtualCPU, pages: int) -> bytes:
        """The first byte of each page, loaded by CP one dispatch after the other."""
        found = bytearray()
        for page in range(pages):
            found += cpu.load_real(page * FRAME, 1)
            self.paging.hold_none()
        return bytes(found)

    def interruption(self) -> list[tuple[VirtualStorage, int]]:
        """Let time pass to the interruption of the paging device, take it, and tell the paging supervisor."""
        self.wait()
        self.machine.channels.accept(self.machine.cpu, DEVICE)
        return self.paging.interruption(self.csw())

    def csw(self) -> CSW:
        """The CSW in real storage."""
        return CSW.from_bytes(self.machine.cpu.load_real(PSA.CSW, 8))

    def wait(self) -> None:
        """Let time pass until the channels have nothing more to do."""
        channels, clocks = self.machine.channels, self.machine.clocks
        while channels.next_event is not None:
            clocks.now = max(clocks.now, channels.next_event)
            channels.advance()

    def piece(self, length: int) -> int | None:
        """A piece of CP's free storage, if there is one."""
        try:
            return self.free.get(length)
        except MemoryError:
            return None

    def state(self) -> tuple[Any, ...]:
        """A checkpoint of all of it."""
        machine = self.machine
        return (
            machine.storage.state(),
            machine.channels.state(),
            machine.clocks.state(),
            machine.cpu.state(),
            self.free.state(),
            self.paging.state(),
        )

    def restore(self, state: tuple[Any, ...]) -> None:
        """Go back to it."""
        machine = self.machine
        parts: tuple[Any, ...] = machine.storage, machine.channels, machine.clocks, machine.cpu, self.free, self.paging
        for part, saved in zip(parts, state, strict=True):
            part.restore(saved)

    def check(self) -> None:
        """What must always hold: every frame has one use, every valid page-table entry is the owner's."""
        core, seen = self.paging.core, {}
        for storage in self.paging.storages:
            own = [page for page in range(storage.pages) if storage.place(page)[0] is storage]
            frames = {page: frame for page in own if (frame := storage.frame_of(page)) is not None}
            assert storage.resident == len(frames)
            for page, frame in frames.items():
                assert frame not in seen, "a frame is mapped twice"
                seen[frame] = storage, page
                assert (core[frame].owner, core[frame].page) == (storage, page)
        owners = {core[core.frame(number)].owner for number in range(len(core))}
        assert owners <= {None, *self.paging.storages}, "a frame belongs to somebody who is gone"
        assert not seen.keys() & set(core.free), "a frame is free and mapped"
        assert len(core.free) == len(set(core.free))


def rig(frames: int = 10, cylinders: int = 4, model: str = "3330") -> Rig:
    """`frames` page frames above CP's free storage."""
    machine = Machine(FREE[1] + frames * FRAME)
    free = FreeStorage(*FREE)
    paging = Paging(machine.cpu, machine.channels, free, FREE[1], machine.storage.size)
    drive = make_paging_volume(cylinders, model)
    machine.channels.attach(DEVICE, drive)
    paging.attach_area(DEVICE)
    return Rig(machine, free, paging, drive)
