"""DIAGNOSE X'18' and X'20': may the operation be started, and what its end means.  GC20-1807, DMKDGD and DMKGIO."""

from dataclasses import dataclass

from edu_hv.hypervisor.decisions import AnswerDiagnose, AnswerIO, IOAction, Rule
from edu_hv.hypervisor.diagnose.disk_chain import MOST_RECORDS
from edu_hv.hypervisor.virtual_devices import VDEVBLOK, DeviceClass
from edu_hv.isa.codes import ChannelStatus, UnitStatus
from edu_hv.machine.ccw import CSW

SUPPORTED = DeviceClass.TAPE | DeviceClass.DASD | DeviceClass.URI | DeviceClass.URO | DeviceClass.TERM
"""What X'20' works with.  In release 6 tapes and disks; unit record as in VM/SP; the console besides."""
_DISK = "GC20-1807 \"DIAGNOSE Code X'18'\""
_GENERAL = "GC20-1807 \"DIAGNOSE Code X'20'\""


@dataclass(frozen=True)
class Wanted:
    """What the guest asks for."""

    vdev: VDEVBLOK | None
    address: int
    """Guest-real address of the first CCW."""
    records: int = 0
    """X'18': reads and writes, as register 15 says."""

    @property
    def device(self) -> VDEVBLOK:
        """The device; once it is known to exist."""
        assert self.vdev is not None
        return self.vdev

    @property
    def busy(self) -> bool:
        """Whether the device works, or has an interruption pending."""
        vdev = self.device
        return vdev.running or vdev.working or vdev.vdevcsw is not None

    @property
    def disk(self) -> bool:
        """Whether it is a disk with count, key and data."""
        return bool(self.device.vdevtypc & DeviceClass.DASD) and self.device.real is not None


DISK: tuple[Rule[Wanted], ...] = (
    Rule(
        "DGD-1",
        "has the guest no such device?",
        "condition code 1, return code 1",
        "there is no VDEVBLOK for that address",
        _DISK,
        lambda wanted: wanted.vdev is None,
        lambda wanted: AnswerDiagnose(1, 1),
    ),
    Rule(
        "DGD-2",
        "is it no disk?",
        "condition code 1, return code 2",
        "the standard form of chain is one for disks with count, key and data",
        _DISK,
        lambda wanted: not wanted.disk,
        lambda wanted: AnswerDiagnose(1, 2),
    ),
    Rule(
        "DGD-3",
        "is it busy, or has it an interruption pending?",
        "condition code 1, return code 5",
        "an operation that the guest has started otherwise must be over, and its interruption taken",
        _DISK,
        lambda wanted: wanted.busy,
        lambda wanted: AnswerDiagnose(1, 5),
    ),
    Rule(
        "DGD-4",
        "is the number of records in register 15 not 1 to 15?",
        "condition code 2, return code 11",
        "the guest says how many reads and writes there are, and CP takes no more than 15",
        _DISK,
        lambda wanted: not 1 <= wanted.records <= MOST_RECORDS,
        lambda wanted: AnswerDiagnose(2, 11),
    ),
    Rule(
        "DGD-5",
        "is the chain not on a doubleword boundary?",
        "condition code 2, return code 5",
        "CCWs stand on doubleword boundaries",
        _DISK,
        lambda wanted: wanted.address % 8 != 0,
        lambda wanted: AnswerDiagnose(2, 5),
    ),
    Rule(
        "DGD-6",
        "is nothing wrong so far?",
        "look through the chain",
        "the device is there and has nothing to do: next the form of the chain is looked at",
        _DISK,
        lambda wanted: True,
        lambda wanted: AnswerDiagnose(),
    ),
)
"""Before the chain of X'18' is looked at."""

GENERAL: tuple[Rule[Wanted], ...] = (
    Rule(
        "GIO-1",
        "has the guest no such device?",
        "condition code 1, return code 1",
        "there is no VDEVBLOK for that address",
        _GENERAL,
        lambda wanted: wanted.vdev is None,
        lambda wanted: AnswerDiagnose(1, 1),
    ),
    Rule(
        "GIO-2",
        "is it a device that this DIAGNOSE does not know?",
        "condition code 3, return code 13",
        "an adapter or a display would keep the guest waiting for somebody else",
        _GENERAL,
        lambda wanted: not wanted.device.vdevtypc & SUPPORTED,
        lambda wanted: AnswerDiagnose(3, 13),
    ),
    Rule(
        "GIO-3",
        "is it busy, or has it an interruption pending?",
        "condition code 1, return code 5",
        "an operation that the guest has started otherwise must be over, and its interruption taken",
        _GENERAL,
        lambda wanted: wanted.busy,
        lambda wanted: AnswerDiagnose(1, 5),
    ),
    Rule(
        "GIO-4",
        "does CP play the device?",
        "interpret the channel program; the guest waits",
        "console and spooled devices are CP's own: there is no real device to start",
        _GENERAL,
        lambda wanted: wanted.device.real is None,
        lambda wanted: AnswerIO(IOAction.INTERPRET),
    ),
    Rule(
        "GIO-5",
        "is there a real device?",
        "translate the channel program and start it; the guest waits",
        "the guest goes on when all is done: it gets no interruption and needs no CAW",
        _GENERAL,
        lambda wanted: True,
        lambda wanted: AnswerIO(IOAction.START),
    ),
)
"""Before a chain of X'20' is started."""


@dataclass(frozen=True)
class Ended:
    """How an operation has ended, for the guest that waits."""

    csw: CSW
    """In guest addresses."""
    general: bool
    """X'20', and not X'18'."""

    @property
    def failed(self) -> bool:
        """Whether device or channel found an error that CP has not corrected."""
        channel = self.csw.channel_status & ~_NO_ERROR
        return bool(self.csw.deferred_cc or self.csw.unit_status & UnitStatus.UNIT_CHECK or channel)

    @property
    def refused(self) -> bool:
        """X'18' knows no exceptions: whatever else the device or the channel says is an error."""
        return self.failed or (not self.general and (self.exception or self.wrong_length))

    @property
    def exception(self) -> bool:
        """Unit exception: tape mark, channel 9 or 12 of the carriage tape, end of cards, end of file of a disk."""
        return bool(self.csw.unit_status & UnitStatus.UNIT_EXCEPTION)

    @property
    def wrong_length(self) -> bool:
        """Incorrect length, which the CCW does not suppress."""
        return bool(self.csw.channel_status & ChannelStatus.INCORRECT_LENGTH)


_NO_ERROR = ChannelStatus.PROGRAM_CONTROLLED_INTERRUPTION | ChannelStatus.INCORRECT_LENGTH

END: tuple[Rule[Ended], ...] = (
    Rule(
        "GIO-6",
        "has it ended with an error?",
        "condition code 3, return code 13",
        "unit check, or the channel has found something wrong with program or data; CP has read the sense bytes",
        _GENERAL,
        lambda ended: ended.refused,
        lambda ended: AnswerDiagnose(3, 13),
    ),
    Rule(
        "GIO-7",
        "has it ended with unit exception?",
        "condition code 2, return code 2",
        "the device has come to something out of the ordinary: a tape mark, the end of the cards",
        _GENERAL,
        lambda ended: ended.exception,
        lambda ended: AnswerDiagnose(2, 2),
    ),
    Rule(
        "GIO-8",
        "was the record longer or shorter than the count?",
        "condition code 2, return code 3",
        "the CCW does not say that incorrect length is to be suppressed",
        _GENERAL,
        lambda ended: ended.wrong_length,
        lambda ended: AnswerDiagnose(2, 3),
    ),
    Rule(
        "GIO-9",
        "has it ended as it should?",
        "condition code 0",
        "the data are where the CCWs wanted them; the guest goes on",
        _GENERAL,
        lambda ended: True,
        lambda ended: AnswerDiagnose(0),
    ),
)
"""When the operation has ended."""
