"""What CP does about real START I/O and real interruptions, as rules (DMKIOS).  SY20-0886 "I/O Supervisor".

Read next: `real_io`, which carries the decisions out.
"""

from dataclasses import dataclass

from edu_hv.hypervisor.decisions import IOStep, OperationStep, Rule, Verdict, decide
from edu_hv.hypervisor.io_blocks import HALTED, RDEVBLOK, Phase
from edu_hv.hypervisor.virtual_devices import goes_on
from edu_hv.isa.codes import ChannelStatus, UnitStatus
from edu_hv.machine.ccw import CSW

_LOGIC = 'SY20-0886 "I/O Supervisor"'
_BUSY = UnitStatus.BUSY
_CONTROL_UNIT_BUSY = UnitStatus.BUSY | UnitStatus.STATUS_MODIFIER
NO_CSW = CSW()
_PCI = ChannelStatus.PROGRAM_CONTROLLED_INTERRUPTION


@dataclass(frozen=True)
class Started:
    """What the real START I/O answered."""

    cc: int
    status: CSW = NO_CSW
    """With CC 1: the status that it stored."""

    @property
    def only_busy(self) -> bool:
        """Whether device or control unit is busy and says nothing else."""
        unit = self.status.unit_status
        return unit & _CONTROL_UNIT_BUSY == _CONTROL_UNIT_BUSY or unit == _BUSY


@dataclass(frozen=True)
class Unstacked:
    """A real interruption of a device."""

    rdev: RDEVBLOK
    csw: CSW

    @property
    def phase(self) -> Phase | None:
        """Where the operation is that has the device."""
        return self.rdev.active.phase if self.rdev.active else None

    @property
    def abandoned(self) -> bool:
        """Whether the operation's guest is gone."""
        return self.rdev.active is not None and self.rdev.active.purpose == HALTED

    @property
    def unit_check(self) -> bool:
        """Whether there are sense bytes to be read."""
        return bool(self.csw.unit_status & UnitStatus.UNIT_CHECK)


AFTER_START: tuple[Rule[Started], ...] = (
    Rule(
        "IOS-1",
        "is the real channel busy?",
        "keep the operation in the queue",
        "another device has the channel; its guest was told that the operation is accepted, and sees no busy",
        _LOGIC,
        lambda started: started.cc == 2,
        lambda started: OperationStep(IOStep.QUEUE),
    ),
    Rule(
        "IOS-2",
        "is there no such real device?",
        "give up",
        "the real condition code is 3",
        _LOGIC,
        lambda started: started.cc == 3,
        lambda started: OperationStep(IOStep.GIVE_UP),
    ),
    Rule(
        "IOS-3",
        "does the device work by itself, or its control unit for another device?",
        "keep the operation in the queue",
        "its device end, or control-unit end, will come as an interruption",
        _LOGIC,
        lambda started: started.cc == 1 and started.only_busy,
        lambda started: OperationStep(IOStep.QUEUE),
    ),
    Rule(
        "IOS-4",
        "had the device something else to say, together with busy?",
        "tell that to whose device it is, and start again",
        "the status was pending, and the device is free now that it has been taken",
        _LOGIC,
        lambda started: started.cc == 1 and bool(started.status.unit_status & _BUSY),
        lambda started: OperationStep(IOStep.START_AGAIN),
    ),
    Rule(
        "IOS-5",
        "has the operation ended at once?",
        "treat the initial status as the ending status",
        "an immediate command, or a refusal: the real condition code is 1",
        _LOGIC,
        lambda started: started.cc == 1,
        lambda started: OperationStep(IOStep.END),
    ),
    Rule(
        "IOS-6",
        "does the operation run?",
        "wait for its interruption",
        "the real condition code is 0",
        _LOGIC,
        lambda started: True,
        lambda started: OperationStep(IOStep.WAIT),
    ),
)
"""Real START I/O has been issued."""

INTERRUPTION: tuple[Rule[Unstacked], ...] = (
    Rule(
        "IOS-11",
        "has no operation the device?",
        "tell the status to the guest that the device is dedicated to",
        "attention, or device end when it was made ready: the device speaks by itself",
        _LOGIC,
        lambda unstacked: unstacked.phase is None,
        lambda unstacked: OperationStep(IOStep.TELL_OWNER),
    ),
    Rule(
        "IOS-12",
        "does CP itself read the sense bytes?",
        "keep them with the virtual device",
        "CP's own SENSE has ended, or the device was not free for it yet",
        _LOGIC,
        lambda unstacked: unstacked.phase is Phase.SENSING,
        lambda unstacked: OperationStep(IOStep.KEEP_SENSE),
    ),
    Rule(
        "IOS-13",
        "has the channel program ended before, and the device goes on by itself?",
        "make the status pending as the virtual device's own",
        "it is the device end that follows a channel end",
        _LOGIC,
        lambda unstacked: unstacked.phase is Phase.WORKING,
        lambda unstacked: OperationStep(IOStep.DEVICE_END),
    ),
    Rule(
        "IOS-14",
        "is it a program-controlled interruption alone?",
        "pass it on; the operation goes on",
        "a CCW with the PCI flag has taken control",
        _LOGIC,
        lambda unstacked: not unstacked.csw.unit_status and unstacked.csw.channel_status == _PCI,
        lambda unstacked: OperationStep(IOStep.PASS_REQUEST),
    ),
    Rule(
        "IOS-15",
        "is the guest gone whose operation it was?",
        "forget it",
        "the operation was halted then; its pages are unlocked, its copy is freed, nobody waits",
        _LOGIC,
        lambda unstacked: unstacked.abandoned,
        lambda unstacked: OperationStep(IOStep.END),
    ),
    Rule(
        "IOS-16",
        "is there a unit check, but no device end yet?",
        "wait for device end",
        "the device could not be asked for its sense bytes now",
        _LOGIC,
        lambda unstacked: unstacked.unit_check and goes_on(unstacked.csw.unit_status),
        lambda unstacked: OperationStep(IOStep.AWAIT_DEVICE_END),
    ),
    Rule(
        "IOS-17",
        "is there a unit check?",
        "read the sense bytes first",
        "whoever uses the device next would change them; the guest's SENSE will be answered from the copy",
        _LOGIC,
        lambda unstacked: unstacked.unit_check,
        lambda unstacked: OperationStep(IOStep.READ_SENSE),
    ),
    Rule(
        "IOS-18",
        "has the operation ended?",
        "tell whoever started it",
        "channel end, or a check of the channel",
        _LOGIC,
        lambda unstacked: True,
        lambda unstacked: OperationStep(IOStep.END),
    ),
)
"""A real I/O interruption."""


def after_start(started: Started) -> Verdict:
    """What comes of the real START I/O.  Decides; changes nothing."""
    return decide(AFTER_START, started)


def on_real_interruption(unstacked: Unstacked) -> Verdict:
    """What a real interruption means for the operation that has the device.  Decides; changes nothing."""
    return decide(INTERRUPTION, unstacked)
