"""The virtual channel-to-channel adapter: COUPLE, and what CP answers for an end that is not coupled (DMKVCA, DMKDIA).

SY20-0886 "Virtual Channel-to-Channel Adapter".  No real I/O takes place: what one guest writes is copied to the
storage of the guest that reads it.  The adapter takes all sixteen addresses of its control unit.
"""

from enum import Enum
from typing import TYPE_CHECKING, Any

from edu_hv.devices.ctca import CTCAEnd
from edu_hv.hypervisor.virtual_devices import VDEVBLOK, DeviceClass
from edu_hv.isa.codes import UnitStatus
from edu_hv.isa.errors import UserError
from edu_hv.machine.channel_program import LONGEST_RECORD, Transfer

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK


class Side(Enum):
    """The two sides of an adapter; it works the same from either."""

    NONE = "not coupled"
    X = "X"
    Y = "Y"


class VirtualCTCA(CTCAEnd):
    """One side.  While it is not coupled, its other end is one that is attached, but where nobody does anything."""

    def __init__(self) -> None:
        super().__init__()
        self.side = Side.NONE
        self.idle_partner = CTCAEnd()
        self.other = self.idle_partner
        self.more = False
        """The other side had more to write than there was room for here."""

    @property
    def coupled(self) -> bool:
        """Whether there is somebody at the other end."""
        return self.side is not Side.NONE

    def attend(self) -> None:
        """A command waits at the other side: attention here."""
        self._say(UnitStatus.ATTENTION)

    def _write(self, transfer: Transfer) -> UnitStatus:
        """WRITE meets READ: the smaller count is moved; with unequal counts both sides find the length incorrect."""
        status = super()._write(transfer)
        other = self.other
        if isinstance(other, VirtualCTCA) and other.inbox is not None:
            other.more = not transfer.exhausted
            if len(other.inbox) < other.area != LONGEST_RECORD:
                transfer.want_more()
        return status

    def _read(self, transfer: Transfer) -> UnitStatus:
        """READ meets WRITE."""
        too_much = self.more and self.inbox is not None
        status = super()._read(transfer)
        if too_much:
            transfer.want_more()
        return status

    def contents(self) -> Any:
        """This side, and which one is the other."""
        return super().contents(), self.side, self.other, self.idle_partner.state(), self.more

    def restore_contents(self, contents: Any) -> None:
        """The reverse of `contents`."""
        end, self.side, self.other, idle, self.more = contents
        self.idle_partner.restore(idle)
        super().restore_contents(end)


class _Outlet:
    """Where a side has attention to present: the guest's VDEVBLOK."""

    def __init__(self, cp: "ControlProgram", vm: "VMBLOK") -> None:
        self.cp, self.vm = cp, vm

    def present(self, address: int, status: UnitStatus) -> None:
        """The device has something to say by itself."""
        self.cp.vio.present(self.vm, address, status)

    def withdraw(self, address: int, status: UnitStatus) -> None:
        """It no longer has."""
        self.cp.vio.withdraw(self.vm, address, status)


def define_ctca(cp: "ControlProgram", vm: "VMBLOK", address: int) -> VDEVBLOK:
    """DEFINE CTCA: an adapter that is not coupled.  Raises UserError when the control unit's addresses are taken."""
    end = VirtualCTCA()
    vdev = VDEVBLOK(address & ~0xF, DeviceClass.SPEC, model="CTCA", device=end)
    vm.devices.add(vdev)
    end.connect(_Outlet(cp, vm), vdev.address)
    return vdev


def end_of(vdev: VDEVBLOK) -> VirtualCTCA | None:
    """The side that a device is, if it is one."""
    return vdev.device if isinstance(vdev.device, VirtualCTCA) else None


def couple(cp: "ControlProgram", vm: "VMBLOK", address: int, other: "VMBLOK", other_address: int) -> None:
    """COUPLE: the first becomes the X side, the other the Y side.  A side that was coupled is uncoupled first.

    Raises UserError when one of the devices is no adapter, or both are the same.
    """
    ends = [_adapter(vm, address), _adapter(other, other_address)]
    if ends[0] is ends[1]:
        raise UserError(f"the adapter {address:03X} cannot be coupled to itself")
    for end in ends:
        uncouple(end)
    ends[0].other, ends[1].other = ends[1], ends[0]
    ends[0].side, ends[1].side = Side.X, Side.Y
    cp.vio.look_at_other_end(vm.devices[address])
    cp.vio.look_at_other_end(other.devices[other_address])
    for end, partner in (ends, reversed(ends)):
        if end.awaits is not None:
            partner.attend()


def _adapter(vm: "VMBLOK", address: int) -> VirtualCTCA:
    vdev = vm.devices.lookup(address)
    end = end_of(vdev) if vdev is not None else None
    if end is None:
        raise UserError(f"the device {address:03X} of {vm.vmuser} is no channel-to-channel adapter")
    return end


def uncouple(end: VirtualCTCA) -> None:
    """DETACH or LOGOFF of either side: both have an idle partner again; a command that waits goes on waiting."""
    if not end.coupled:
        return
    other = end.other
    assert isinstance(other, VirtualCTCA)
    for one in (end, other):
        one.side, one.other = Side.NONE, one.idle_partner
