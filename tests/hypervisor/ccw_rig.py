"""Channel programs on a bare machine and, translated, on a real one, so that tests can compare what a program sees.

The second has only what CCW translation needs of CP: frames for guest storage in disorder, free storage, locks.  What
`vio` does with a translated program is done here in as few lines as can be; the tests with all of CP are elsewhere.
"""

from dataclasses import dataclass, field
from types import SimpleNamespace

from edu_hv.devices.ckd_image import DiskImage, blank_volume
from edu_hv.devices.ckd_track import Record, Track
from edu_hv.devices.device import IODevice
from edu_hv.hypervisor.ccw_translation import translate
from edu_hv.hypervisor.free_storage import FreeStorage
from edu_hv.isa.codes import PIC, PSA, ChannelStatus, UnitStatus
from edu_hv.machine.ccw import CSW
from edu_hv.machine.channel_program import AbsoluteStorage, ChannelProgram
from edu_hv.machine.interruptions import Ending, ProgramInterruption
from edu_hv.machine.machine import Machine
from edu_hv.machine.psw import PSW
from edu_hv.machine.storage import BLOCK, FRAME, Storage

SIZE = 0x10000
REAL_SIZE = 0x80000
FREE = (0x4000, 0x18000)
ADDRESS, REAL_ADDRESS = 0x181, 0x2C2
DASD, TAPE = 0x04, 0x08
PCI = ChannelStatus.PROGRAM_CONTROLLED_INTERRUPTION
ENABLED = PSW(0xFE)
MOST_EVENTS = 2000


@dataclass
class Program:
    """A channel program and what it finds: CCWs and other storage by address, the CAW, storage keys."""

    storage: dict[int, bytes]
    caw: int = 0x4000
    keys: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """All that a program sees of its I/O: CC, status that SIO stored, CSWs of interruptions, storage, keys."""

    cc: int
    status: str
    csws: tuple[str, ...]
    storage: bytes
    keys: bytes

    def difference(self, other: "Seen") -> list[str]:
        """The fields that differ, in words short enough for an assertion."""
        found = [
            f"{name}: {getattr(self, name)} / {getattr(other, name)}"
            for name in ("cc", "status", "csws")
            if getattr(self, name) != getattr(other, name)
        ]
        for at in range(0, len(self.storage), 8):
            mine, its = self.storage[at : at + 8], other.storage[at : at + 8]
            found += [f"storage {at:X}: {mine.hex()} / {its.hex()}"] if mine != its else []
        return found + ([] if self.keys == other.keys else [f"keys: {self.keys.hex()} / {other.keys.hex()}"])


class DoesNotEnd(Exception):
    """The program is an endless loop."""


def interruptions(machine):
    """The real CSWs as they come, until nothing goes on any more."""
    channels = machine.channels
    for _ in range(MOST_EVENTS):
        while (address := channels.pending(ENABLED, 0xFFFFFFFF)) is not None:
            channels.accept(machine.cpu, address)
            yield CSW.from_bytes(machine.storage.read(PSA.CSW, 8))
        if channels.next_event is None:
            return
        machine.clocks.now = max(machine.clocks.now, channels.next_event)
        channels.advance()
    raise DoesNotEnd


def start(machine, address, caw):
    """CC and the two status bytes."""
    machine.storage.write(PSA.CAW, caw.to_bytes(4, "big"))
    cc = machine.channels.start_io(machine.cpu, address, multiplexing=True)
    return cc, machine.storage.read(PSA.CSW + 4, 2) if cc == 1 else b""


def sense_of(device):
    """What a SENSE of CP's own finds."""
    storage = Storage(FRAME)
    storage.write(0x100, bytes.fromhex("04000200200000FF"))
    program = ChannelProgram(device, AbsoluteStorage(storage))
    program.start(b"\0\0\1\0")
    program.step()
    return storage.read(0x200, 0xFF - program.csw.residual)


class Bare:
    """A machine with one device."""

    def __init__(self, device: IODevice) -> None:
        self.machine = Machine(SIZE)
        self.device = device
        self.machine.channels.attach(ADDRESS, device)

    def run(self, program: Program) -> Seen:
        """SIO, and all interruptions that come of it."""
        storage = self.machine.storage
        for address, data in program.storage.items():
            storage.write(address, data)
        for block, key in program.keys.items():
            storage.keys[block] = key
        cc, status = start(self.machine, ADDRESS, program.caw)
        csws = tuple(csw.to_bytes().hex(" ", 4) for csw in interruptions(self.machine))
        return Seen(cc, status.hex(), csws, storage.read(0x100, SIZE - 0x100), _keys(storage.keys[: SIZE // BLOCK]))


def _keys(keys):
    """Without the reference bits: the real channel fetches copies of the CCWs."""
    return bytes(key & 0xFA for key in keys)


class Frames:
    """Stands for CP's paging: guest page n is in a frame of its own; counts the locks."""

    def __init__(self) -> None:
        self.frames = [REAL_SIZE - FRAME * (2 * (page % 8) + page // 8 + 1) for page in range(SIZE // FRAME)]
        self.locks: list[int] = []
        self.most: int | None = None
        """So many frames can be locked."""

    def lock(self, storage, page):
        if self.most is not None and len(self.locks) >= self.most:
            raise MemoryError("no frame can be locked")
        self.locks.append(self.frames[page])
        return self.frames[page]

    def unlock(self, frame):
        self.locks.remove(frame)


class GuestCPU:
    """Guest-real storage."""

    def __init__(self, machine, frames):
        self.machine, self.frames, self.storage = machine, frames, machine.storage

    def absolute(self, address):
        if not 0 <= address < SIZE:
            raise ProgramInterruption(PIC.ADDRESSING, Ending.SUPPRESSION)
        return self.frames.frames[address // FRAME] + address % FRAME

    def load_real(self, address, length):
        return b"".join(self.storage.read(self.absolute(at), size) for at, size in _pieces(address, length))

    def store_real(self, address, data):
        for at, size in _pieces(address, len(data)):
            self.storage.write(self.absolute(at), data[at - address : at - address + size])


def _pieces(address, length):
    while length > 0:
        size = min(length, FRAME - address % FRAME)
        yield address, size
        address, length = address + size, length - size


class Guest:
    """A virtual machine with one device, on a real machine where the device is at another address."""

    def __init__(self, device: IODevice, vdevtypc: int = DASD, **vdev: object) -> None:
        self.machine = Machine(REAL_SIZE)
        self.device = device
        self.machine.channels.attach(REAL_ADDRESS, device)
        self.frames = Frames()
        self.free_storage = FreeStorage(*FREE)
        self.cpu = GuestCPU(self.machine, self.frames)
        self.cp = SimpleNamespace(
            machine=self.machine, real=self.machine.cpu, free_storage=self.free_storage, paging=self.frames
        )
        storage = SimpleNamespace(
            key=lambda at: self.machine.storage.key(self.cpu.absolute(at)),
            addressable=lambda at: at < SIZE,
            place=lambda page: (storage, page),
            protected=False,
            shared={},
        )
        self.cpu.pages = storage
        self.vm = SimpleNamespace(vmsize=SIZE, cpu=self.cpu, storage=storage)
        fields = {"model": getattr(device, "model", ""), "vdevstat": 0x01, "vdevflag": 0, "reln": 0, "bnd": 0}
        self.vdev = SimpleNamespace(vdevtypc=vdevtypc, sense=b"", posn=0, **(fields | vdev))

    def prepare(self, program: Program) -> None:
        for address, data in program.storage.items():
            self.cpu.store_real(address, data)
        for block, key in program.keys.items():
            self.machine.storage.keys[self.cpu.absolute(block * BLOCK) // BLOCK] = key

    def translate(self, program: Program):
        self.prepare(program)
        return translate(self.cp, self.vm, self.vdev, program.caw)

    def run(self, program: Program) -> Seen:
        """What `vio` does: translate, start, make the interruptions the guest's, release."""
        self.task = task = self.translate(program)
        cc, status, csws = 0, b"", []
        if task.answered:
            csws = [task.answered]
        else:
            cc, status = start(self.machine, REAL_ADDRESS, task.caw)
            self.keep_sense(UnitStatus(status[0]) if status else UnitStatus(0), CSW(address=task.real_address + 8))
        if cc == 1:
            status = task.status(status)
        over = bool(task.answered) or cc != 0
        for csw in [] if task.answered else interruptions(self.machine):
            if over:
                csws.append(csw)
            elif csw.unit_status or csw.channel_status != PCI:
                over = True
                csws.append(task.ended(self.cp, self.vm, self.vdev, csw))
                self.keep_sense(csw.unit_status, csw)
            else:
                csws.append(task.untranslate(csw))
        task.release(self.cp)
        assert not self.frames.locks, "a frame stays locked"
        assert not self.free_storage.taken, "the copy was not given back"
        return Seen(cc, status.hex(), tuple(csw.to_bytes().hex(" ", 4) for csw in csws), *self.visible())

    def keep_sense(self, status, csw):
        """After a unit check CP reads the sense bytes (2.3-8)."""
        if self.task.resets_sense:
            self.vdev.vdevflag &= ~0x01
        if status & UnitStatus.UNIT_CHECK:
            self.vdev.sense = self.task.sense(self.vdev, csw, sense_of(self.device))
            self.vdev.vdevflag |= 0x01

    def visible(self):
        keys = [self.vm.storage.key(at) for at in range(0, SIZE, BLOCK)]
        return self.cpu.load_real(0x100, SIZE - 0x100), _keys(keys)


# ---- volumes -------------------------------------------------------------------------------------------------------


def shifted_track(track: Track, by: int) -> Track:
    """A track so many cylinders further: home address and record zero have real numbers, the others those written."""
    if not track.records:
        return Track(_shifted(track.home, 1, by), ())
    zero = track.records[0]
    zero = Record(_shifted(zero.count, 0, by), zero.key, zero.data)
    return Track(_shifted(track.home, 1, by), (zero, *track.records[1:]), track.unreadable)


def _shifted(data: bytes, at: int, by: int) -> bytes:
    number = int.from_bytes(data[at : at + 2], "big") + by
    return data[:at] + number.to_bytes(2, "big") + data[at + 2 :]


def minidisk_volume(small: DiskImage, reln: int, behind: int = 2) -> DiskImage:
    """A volume that has a small one in its cylinders from `reln` on, and other things around."""
    model, heads = small.model.name, small.model.heads
    volume = blank_volume(model, "REAL01", reln + small.cylinders + behind)
    for number in range(volume.tracks):
        cylinder, head = divmod(number, heads)
        if reln <= cylinder < reln + small.cylinders:
            volume = volume.with_track(number, shifted_track(small.track(number - reln * heads), reln))
        elif head < 2:
            address = cylinder.to_bytes(2, "big") + head.to_bytes(2, "big")
            other = Record(address + bytes([1, 0, 0, 20]), data=b"SOMEBODY ELSE'S DATA")
            volume = volume.with_track(number, Track(b"\0" + address, (volume.track(number).records[0], other)))
    return volume


def extent(volume: DiskImage, reln: int, cylinders: int) -> list[Track]:
    """The tracks of a minidisk as those of a volume of its own."""
    heads = volume.model.heads
    return [shifted_track(volume.track(number), -reln) for number in range(reln * heads, (reln + cylinders) * heads)]


def outside(volume: DiskImage, reln: int, cylinders: int) -> list[Track]:
    """All the others."""
    heads = volume.model.heads
    return [volume.track(n) for n in range(volume.tracks) if not reln <= n // heads < reln + cylinders]
