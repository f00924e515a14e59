"""The scheduler: who is in the queues, and in which order guests get the machine (DMKSCH).  SY20-0886 "Scheduling".

A machine that waits for a terminal or for I/O and then has something to do enters Q1, the interactive queue, which is
served first.  One that uses up its in-queue slice there goes on in Q2.  Machines that have nothing to do are in neither
queue, and cost nothing.  VM/370's states 3 and 7, eligible for a queue that is full, do not exist here: every machine
that can run is in a queue.
"""

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Any

from edu_hv.hypervisor.vmblok import DispatchStatus, QueueLevel, RunStatus

if TYPE_CHECKING:
    from edu_hv.hypervisor.vmblok import VMBLOK

QUANTUM = 64
"""Interval-timer units in a dispatch slice: 833 microseconds of machine time.  Invented: VM/370's were longer, and a
student would step for hours to see one end."""
COMPUTE_BOUND = 4
"""So many times the slice for a machine that has used up a whole slice of Q2.  SY20-0886 "Dispatching"."""
Q1_SLICE, Q2_SLICE = 3_000, 20_000
"""In-queue slices in microseconds: a hundredth of the 0.3 and 2 seconds on a Model 145.  GC20-1807 "Scheduling"."""


class State(Enum):
    """What the scheduler calls the condition of a machine.  GC20-1807 "Scheduling"; the number is the manual's."""

    Q1 = (1, "in Q1, dispatchable")
    Q1_WAIT = (2, "in Q1, waiting for a page or the start of I/O")
    Q2 = (5, "in Q2, dispatchable")
    Q2_WAIT = (6, "in Q2, waiting for a page or the start of I/O")
    IDLE = (8, "idle, waiting, or stopped")


class Scheduler:
    """The machines in the two queues, the next one first.

    Looking for the next machine costs as much as there are machines in the queues, however many are idle.
    """

    def __init__(self) -> None:
        self.q1: list[VMBLOK] = []
        self.q2: list[VMBLOK] = []

    @property
    def in_queue(self) -> "list[VMBLOK]":
        """The machines in queues, in the order in which they are looked at."""
        return [*self.q1, *self.q2]

    def add(self, vm: "VMBLOK") -> None:
        """The machine may have something to do: it enters Q1, unless it is in a queue already."""
        if vm.vmdstat & DispatchStatus.INQ:
            return
        vm.vmdstat |= DispatchStatus.INQ
        vm.vmrstat &= ~RunStatus.IDLE
        vm.vmqlevel = vm.vmqlevel & QueueLevel.HIPRI | QueueLevel.Q1
        vm.queue_left = Q1_SLICE
        self._enter(self.q1, vm)

    @staticmethod
    def _enter(queue: "list[VMBLOK]", vm: "VMBLOK") -> None:
        """Behind the others; a favored machine (SET FAVORED) before those that are not."""
        favored = sum(bool(other.vmqlevel & QueueLevel.HIPRI) for other in queue)
        queue.insert(favored if vm.vmqlevel & QueueLevel.HIPRI else len(queue), vm)

    def favor(self, vm: "VMBLOK", on: bool) -> None:
        """SET FAVORED: from now on the machine is looked at before the others of its queue, or no longer."""
        vm.vmqlevel = vm.vmqlevel | QueueLevel.HIPRI if on else vm.vmqlevel & ~QueueLevel.HIPRI
        if vm.vmdstat & DispatchStatus.INQ:
            queue = self._queue(vm)
            queue.remove(vm)
            self._enter(queue, vm)

    def drop(self, vm: "VMBLOK") -> None:
        """The machine has nothing to do."""
        if not vm.vmdstat & DispatchStatus.INQ:
            return
        self._queue(vm).remove(vm)
        vm.vmdstat &= ~(DispatchStatus.INQ | DispatchStatus.RUN)
        vm.vmqlevel &= ~QueueLevel.COMP
        vm.vmrstat |= RunStatus.IDLE

    def next(self, wants: "Callable[[VMBLOK], bool]") -> "VMBLOK | None":
        """The first machine that `wants` attention; those before it that only wait for an interruption are dropped."""
        for vm in self.in_queue:
            if vm.cf:
                self.drop(vm)
            elif vm.cp_wait:
                vm.vmdstat &= ~DispatchStatus.RUN
            elif wants(vm):
                vm.vmdstat |= DispatchStatus.RUN
                return vm
            else:
                self.drop(vm)
        return None

    def charge(self, vm: "VMBLOK", microseconds: int) -> None:
        """The machine has run so long: its in-queue slice may be over, and another queue be its place from now on."""
        vm.queue_left -= microseconds
        if vm.queue_left > 0 or not vm.vmdstat & DispatchStatus.INQ:
            return
        queue = self._queue(vm)
        if queue is self.q2:
            vm.vmqlevel |= QueueLevel.COMP
        queue.remove(vm)
        vm.vmdstat |= DispatchStatus.QSEND
        vm.vmqlevel &= ~QueueLevel.Q1
        vm.queue_left = Q2_SLICE
        self._enter(self.q2, vm)

    def end_slice(self, vm: "VMBLOK") -> None:
        """The dispatch slice is over: the others in the same queue come first."""
        vm.vmdstat |= DispatchStatus.TSEND
        if vm.vmdstat & DispatchStatus.INQ:
            queue = self._queue(vm)
            queue.remove(vm)
            self._enter(queue, vm)

    def slice_of(self, vm: "VMBLOK") -> int:
        """Interval-timer units of the machine's next dispatch slice."""
        return QUANTUM * (COMPUTE_BOUND if vm.vmqlevel & QueueLevel.COMP else 1)

    def _queue(self, vm: "VMBLOK") -> "list[VMBLOK]":
        return self.q1 if vm.vmqlevel & QueueLevel.Q1 else self.q2

    # ---- checkpoint ------------------------------------------------------------------------------------------

    def state(self) -> Any:
        """A checkpoint."""
        return tuple(self.q1), tuple(self.q2)

    def restore(self, state: Any) -> None:
        """Go back to a checkpoint."""
        self.q1[:], self.q2[:] = state


def state_of(vm: "VMBLOK") -> State:
    """The machine's state in the scheduler's terms."""
    if not vm.vmdstat & DispatchStatus.INQ:
        return State.IDLE
    if vm.vmqlevel & QueueLevel.Q1:
        return State.Q1_WAIT if vm.cp_wait else State.Q1
    return State.Q2_WAIT if vm.cp_wait else State.Q2
