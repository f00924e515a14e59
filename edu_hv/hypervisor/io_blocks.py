"""The blocks of real operations: IOBLOK and RDEVBLOK.  SY20-0884 *Data Areas and Control Blocks*.

Read next: `real_io`, which queues and starts them.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar

from edu_hv.hypervisor.virtual_devices import VDEVBLOK
from edu_hv.machine.ccw import CSW

if TYPE_CHECKING:
    from edu_hv.hypervisor.ccw_translation import RCWTASK
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK

GUEST, DIAGNOSE, CP, SENSING, HALTED = "guest SIO", "diagnose", "CP", "sense", "halted"
"""What an operation is for."""


class Phase(Enum):
    """Where an operation is."""

    QUEUED = "waits for the device"
    STARTED = "runs on the real channel"
    WORKING = "the device goes on by itself"
    SENSING = "CP reads the sense bytes"
    DONE = "is over"


@dataclass(eq=False)
class IOBLOK:
    """An operation on a real device.

    `caw`: the real CAW.  For a guest's program `task` is CP's copy of it, `vm` and `vdev` are whose it is.
    """

    purpose: str
    device: int
    caw: int
    vm: "VMBLOK | None" = None
    vdev: VDEVBLOK | None = None
    task: "RCWTASK | None" = None
    cylinder: int | None = None
    """Real cylinder of its first seek."""
    data: Any = None
    """What the one who queued it wants to find again; an immutable plain value."""
    fast: bool = False
    """The guest's START I/O was one that does not wait for the device (SIOF)."""
    to_device_end: bool = False
    """Who queued it wants to hear of its end when the device has ended too."""
    deferred: bool = False
    """It was queued: whoever queued it was told that it was accepted."""
    phase: Phase = Phase.QUEUED
    csw: CSW | None = None
    """How it ended, in real addresses."""
    sense: bytes = b""
    """Sense bytes, after unit check."""
    told: bool = False
    """Who queued it knows of its end."""
    released: bool = False
    """The guest's frames are unlocked, and the copy of its program is freed."""

    PLAIN: ClassVar[tuple[str, ...]] = (
        "purpose", "vm", "vdev", "cylinder", "data", "deferred", "phase", "csw", "sense", "told", "released",
    )  # fmt: skip
    """Fields that change."""

    def release(self, cp: "ControlProgram") -> None:
        """Unlock the guest's frames and free the copy of its program; once."""
        if self.task is not None and not self.released:
            self.task.release(cp)
        self.released = True

    def state(self) -> Any:
        """A checkpoint, with the block itself."""
        return self, tuple(getattr(self, name) for name in self.PLAIN)

    @staticmethod
    def restored(state: Any) -> "IOBLOK":
        """The block as it was."""
        ioblok: IOBLOK
        ioblok, values = state
        for name, value in zip(IOBLOK.PLAIN, values, strict=True):
            setattr(ioblok, name, value)
        return ioblok


@dataclass(eq=False)
class RDEVBLOK:
    """A real device: the operation that has it, and those that wait."""

    rdevadd: int
    active: IOBLOK | None = None
    queue: list[IOBLOK] = field(default_factory=list)
    cylinder: int = 0
    """Where the last seek went."""
    upwards: bool = True
    """The arm is on its way to higher cylinders."""
    sensing: int = 0
    """Real address of the SENSE program in CP's free storage, 0 if there is none."""
    sense_started: bool = False

    def next(self) -> IOBLOK:
        """The operation to be started: ordered by cylinder in the arm's direction, as an elevator goes (ordered seek).

        One that does not seek is where the arm is; among equals the first queued is the first.
        """
        ahead = [ioblok for ioblok in self.queue if self._distance(ioblok) >= 0]
        if not ahead:
            self.upwards = not self.upwards
            ahead = self.queue
        return min(ahead, key=self._distance)

    def _distance(self, ioblok: IOBLOK) -> int:
        to = self.cylinder if ioblok.cylinder is None else ioblok.cylinder
        return to - self.cylinder if self.upwards else self.cylinder - to

    def state(self) -> Any:
        """A checkpoint, with the block itself."""
        active = self.active.state() if self.active else None
        queue = tuple(ioblok.state() for ioblok in self.queue)
        return self, active, queue, self.cylinder, self.upwards, self.sensing, self.sense_started

    @staticmethod
    def restored(state: Any) -> "RDEVBLOK":
        """The block as it was."""
        rdev: RDEVBLOK
        rdev, active, queue, rdev.cylinder, rdev.upwards, rdev.sensing, rdev.sense_started = state
        rdev.active = None if active is None else IOBLOK.restored(active)
        rdev.queue = [IOBLOK.restored(ioblok) for ioblok in queue]
        return rdev
