"""SENSE answered from the sense bytes that CP keeps (VDEVFLAG 01).  SY20-0886 "CCW Translation".

After a unit check CP reads the sense bytes at once, for another virtual machine may use the real device next.  The
guest's SENSE gets that copy, while its program is translated; what is chained to it goes to the real device.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from edu_hv.devices.device import NO_OP, SENSE, Commands, ImmediateCommands, IODevice
from edu_hv.hypervisor.ccw_scan import GuestArea, Refused
from edu_hv.hypervisor.guest_storage import GuestStorage
from edu_hv.isa.codes import UnitStatus
from edu_hv.machine.ccw import CSW
from edu_hv.machine.channel_program import ChannelProgram

if TYPE_CHECKING:
    from edu_hv.hypervisor.virtual_devices import VDEVBLOK
    from edu_hv.hypervisor.vmblok import VMBLOK

MOST_CCWS = 256
"""So many CCWs are answered; one that chains SENSE to itself for ever goes to the real device."""
_HELD = 0x01
"""VDEVFLAG: CP holds the sense bytes of the last unit check."""


@dataclass(frozen=True)
class Answer:
    """How far CP has got without the real device."""

    next: int
    """The guest's address of the first CCW that is the real device's."""
    csw: CSW | None = None
    """The end of the program, when there is no such CCW."""


class _KeptSense(IODevice):
    """A device that can only say why the last unit check was; anything else ends the program."""

    commands: ClassVar[Commands] = {}
    immediate_commands: ClassVar[ImmediateCommands] = {}

    def __init__(self, sense: bytes) -> None:
        super().__init__()
        self.sense = sense
        self.left = False
        """A command has come that is not for CP."""

    def start(self, command: int) -> UnitStatus:
        """NO-OP and SENSE are answered."""
        self.left = command not in (NO_OP, SENSE)
        return UnitStatus.UNIT_CHECK if self.left else super().start(command)


def answer_sense(vm: "VMBLOK", vdev: "VDEVBLOK", address: int, key: int) -> Answer:
    """Carry out the SENSE with which a program begins, when CP has the bytes, and any SENSE or NO-OP chained to it."""
    first = GuestArea(vm, key).ccw(address)
    if not vdev.vdevflag & _HELD or isinstance(first, Refused) or first.command != SENSE:
        return Answer(address)
    device = _KeptSense(vdev.sense)
    program = ChannelProgram(device, GuestStorage(vm.cpu))
    if not program.start((key << 28 | address).to_bytes(4, "big")):
        return Answer(address)
    for _ in range(MOST_CCWS):
        if not program.step():
            return Answer(program.ccw_address) if device.left else Answer(address, program.ending_csw())
    return Answer(program.ccw_address)
