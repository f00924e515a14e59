"""Virtual initial program loading: what the load button does, done by CP for a guest (DMKVMI).

SY20-0886 "Virtual IPL".  VM/370 puts a small program into the guest's storage that does it; here CP runs the loading
channel program itself, over the guest's storage, as the machine's load button does: the reading takes no machine time.
A load program reads its own CCWs, so it could not be translated beforehand.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from edu_hv.devices.ckd_image import DiskImage
from edu_hv.devices.ckd_track import Model, Track
from edu_hv.devices.disk_commands import Command
from edu_hv.devices.disk_unit import DiskUnit
from edu_hv.hypervisor.guest_storage import GuestStorage
from edu_hv.hypervisor.virtual_devices import VDEVBLOK
from edu_hv.isa.codes import PSA, UnitStatus
from edu_hv.isa.errors import UserError
from edu_hv.machine.channel_program import ChannelProgram, Device, Transfer
from edu_hv.machine.initial_program_load import execute

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK


def load(cp: "ControlProgram", vm: "VMBLOK", address: int, cylinder: int = 0) -> None:
    """Load from a device of any class, and set the guest's PSW; its I/O has been reset.

    `cylinder`: where a disk's first record is, if not on its cylinder 0.  Raises UserError when it cannot be.
    """
    vdev = vm.devices.lookup(address)
    if vdev is None:
        raise UserError(f"the virtual machine has no device {address:03X} to load from")
    program = ChannelProgram(_load_device(cp, vdev, cylinder), GuestStorage(vm.cpu), address)
    program.observer = vm.cpu.observer
    execute(program)
    psw = vm.cpu.decode_psw(vm.cpu.load_real(0, 8))
    vm.cpu.store_real(PSA.IO_ADDRESS if psw.ec_mode else 2, address.to_bytes(2, "big"))
    vm.cpu.load_psw(psw)


def _load_device(cp: "ControlProgram", vdev: VDEVBLOK, cylinder: int) -> Device:
    """What the program runs on: the device that CP plays, a dedicated device, or a disk that nobody else moves."""
    if vdev.device is not None:
        return vdev.device
    assert vdev.real is not None
    real = cp.machine.channels.devices.get(vdev.real)
    if real is None:
        raise UserError(f"there is no real device {vdev.real:03X} behind {vdev.address:03X}")
    if not isinstance(real, DiskUnit):
        return real
    drive = _drive_like(real, vdev)
    return cast(Device, _LoadFromCylinder(drive, cylinder)) if cylinder else drive


def _drive_like(real: DiskUnit, vdev: VDEVBLOK) -> DiskUnit:
    """A drive of its own with the guest's part of the volume: the real arm stays with whoever is using it."""
    drive = type(real)(address=real.address)
    drive.restore(real.state())
    drive.reset()
    if vdev.minidisk and drive.volume is not None:
        drive.volume = cast(DiskImage, _Extent(drive.volume, vdev.reln, vdev.bnd))
    return drive


@dataclass(frozen=True)
class _Extent:
    """Some cylinders of a volume, as a volume that is only read."""

    volume: DiskImage
    reln: int
    cylinders: int

    @property
    def name(self) -> str:
        """As the whole volume's."""
        return self.volume.name

    @property
    def model(self) -> Model:
        """As the whole volume's."""
        return self.volume.model

    @property
    def track_size(self) -> int:
        """As the whole volume's."""
        return self.volume.track_size

    def track(self, number: int) -> Track:
        """A track, counted from the first of the extent."""
        return self.volume.track(number + self.reln * self.model.heads)

    def with_track(self, number: int, track: Track) -> "_Extent":
        """A load program reads; what it wrote would be lost."""
        raise UserError(f"the load program on {self.name} writes: CP runs only what reads")


class _LoadFromCylinder:
    """A drive whose READ IPL reads on another cylinder than 0."""

    def __init__(self, drive: DiskUnit, cylinder: int) -> None:
        self._drive, self._cylinder = drive, cylinder

    def __getattr__(self, name: str) -> Any:
        return getattr(self._drive, name)

    def execute(self, command: int, transfer: Transfer) -> UnitStatus:
        """READ IPL is a READ DATA where the drive has been put."""
        volume = self._drive.volume
        if command != Command.READ_IPL or volume is None:
            return self._drive.execute(command, transfer)
        if self._cylinder >= volume.cylinders:
            raise UserError(f"there is no cylinder {self._cylinder} to load from: the disk has {volume.cylinders}")
        self._drive.cylinder, self._drive.head = self._cylinder, 0
        return self._drive.execute(Command.READ_DATA, transfer)
