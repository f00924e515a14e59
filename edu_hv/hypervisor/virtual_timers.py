"""The timers of virtual machines: what they used is charged, what timers say becomes pending (DMKTMR).

The real interval timer holds the dispatch slice, the real CPU timer what is left of the guest's own, the real clock
comparator the first of CP's timer requests.  SY20-0886 "Timer Management"; GC20-1807 "Interval Timer".
"""

from typing import TYPE_CHECKING

from edu_hv.hypervisor import dispatch
from edu_hv.hypervisor.paging_area import PagingFailure
from edu_hv.hypervisor.timer_requests import Request
from edu_hv.hypervisor.vmblok import VMBLOK, TimerLevel
from edu_hv.isa.codes import CR0, MASK_32, PSA, External
from edu_hv.machine.timing import timer_units

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram

_FAR = 1 << 62
_MICROSECONDS_FOR_UNITS = 625, 48
"""So many microseconds are so many units of the interval timer."""


class VirtualTimers:
    """What CP does about time.  All of its state is in the VMBLOKs."""

    def __init__(self, cp: "ControlProgram") -> None:
        self.cp = cp

    # ---- a guest has run -------------------------------------------------------------------------------------

    def charge(self, vm: VMBLOK) -> None:
        """The guest no longer has the machine: take what it used off its timers and slices."""
        cp = self.cp
        used = cp.machine.clocks.now - cp.dispatched_at
        vm.vmvtime += used
        vm.vmttime += used
        self.keep(vm, used)
        cp.scheduler.charge(vm, used)
        left = int.from_bytes(cp.real.load_real(PSA.INTERVAL_TIMER, 4), "big", signed=True)
        units, vm.quantum, cp.slice = cp.slice - left, left, left
        if vm.vmtlevel & (TimerLevel.TIMER | TimerLevel.REAL):
            self.count_interval_timer(vm, units)
        if vm.ecmode and vm.vmtlevel & TimerLevel.CPU:
            self.cpu_timer_changed(vm)

    def keep(self, vm: VMBLOK, counted: int) -> None:
        """Bring the guest's clocks to the present; its CPU timer counts only `counted` of the time that has passed."""
        clocks, now = vm.clocks, self.cp.machine.clocks.now
        clocks.cpu_timer_zero += now - clocks.now - counted << 12
        clocks.now = now

    def count_interval_timer(self, vm: VMBLOK, units: int) -> None:
        """Take so many units off the guest's interval timer at guest X'50', or remember them while its page is out."""
        units, vm.vmtimer = units + vm.vmtimer, 0
        if not units:
            return
        if vm.storage.frame_of(0) is None:
            vm.vmtimer = units
            return
        before = int.from_bytes(vm.cpu.load_real(PSA.INTERVAL_TIMER, 4), "big", signed=True)
        after = before - units
        vm.cpu.store_real(PSA.INTERVAL_TIMER, (after & MASK_32).to_bytes(4, "big"))
        if before >= 0 > after:
            vm.queue_external(External.INTERVAL_TIMER, CR0.INTERVAL_TIMER_MASK)

    def interval_timer_ready(self, vm: VMBLOK) -> bool:
        """Page 0 has been out for a slice: bring it in, or a guest that never uses it never sees its timer run out.

        Nothing is brought for less: the units wait in VMTIMER until the page is in for another reason.
        """
        if vm.storage.frame_of(0) is None and not self._brought(vm):
            return False
        self.count_interval_timer(vm, 0)
        return True

    def _brought(self, vm: VMBLOK) -> bool:
        """Bring guest page 0; without it the guest is stopped."""
        try:
            vm.cpu.load_real(PSA.INTERVAL_TIMER, 4)
        except PagingFailure as failure:
            self.cp.stop(vm, str(failure))
            return False
        return True

    # ---- conditions that last --------------------------------------------------------------------------------

    def cpu_timer_changed(self, vm: VMBLOK) -> None:
        """The condition of the guest's CPU timer lasts while it is negative.  GA22-7000 "CPU Timer"."""
        if vm.clocks.cpu_timer_pending:
            vm.queue_external(External.CPU_TIMER, CR0.CPU_TIMER_MASK)
        else:
            vm.withdraw_external(CR0.CPU_TIMER_MASK)

    def comparator_passed(self, vm: VMBLOK) -> None:
        """The condition of the guest's clock comparator."""
        vm.queue_external(External.CLOCK_COMPARATOR, CR0.CLOCK_COMPARATOR_MASK)

    # ---- a guest waits ---------------------------------------------------------------------------------------

    def begin_wait(self, vm: VMBLOK) -> None:
        """The guest's PSW waits.  Timers that count the wait ask to be heard of when they run out.

        If it has waited already, and was only looked at, that time is accounted for first.
        """
        self.end_wait(vm)
        vm.waiting_since = self.cp.machine.clocks.now
        masks, now = dispatch.timers_that_end_a_wait(vm), self.cp.machine.clocks.now
        if masks & CR0.INTERVAL_TIMER_MASK and self._brought(vm):
            self.count_interval_timer(vm, 0)
            left = int.from_bytes(vm.cpu.load_real(PSA.INTERVAL_TIMER, 4), "big", signed=True)
            microseconds, units = _MICROSECONDS_FOR_UNITS
            if left >= 0:
                due = now + ((left + 1) * microseconds + units - 1) // units
                self.cp.requests.set(due, vm.vmuser, Request.INTERVAL_TIMER)
        if masks & CR0.CPU_TIMER_MASK and not vm.clocks.cpu_timer_pending:
            self.cp.requests.set((vm.clocks.cpu_timer_zero >> 12) + 1, vm.vmuser, Request.CPU_TIMER)

    def end_wait(self, vm: VMBLOK) -> None:
        """The guest may go on: with SET TIMER REAL its timers have counted the wait."""
        since, vm.waiting_since = vm.waiting_since, None
        elapsed = 0 if since is None else self.cp.machine.clocks.now - since
        counts = bool(vm.vmtlevel & TimerLevel.REAL)
        self.keep(vm, elapsed if counts else 0)
        if counts and elapsed:
            self.count_interval_timer(vm, timer_units(elapsed))
            self.cp.requests.cancel(vm.vmuser, Request.INTERVAL_TIMER)
            self.cp.requests.cancel(vm.vmuser, Request.CPU_TIMER)
            if vm.ecmode and vm.vmtlevel & TimerLevel.CPU:
                self.cpu_timer_changed(vm)

    def ran_out_in_wait(self, vm: VMBLOK) -> None:
        """A timer that counts the guest's wait (SET TIMER REAL) has run out: the wait is accounted for now."""
        self.end_wait(vm)
        self.cp.wake(vm)

    # ---- the real clocks -------------------------------------------------------------------------------------

    def load_real_clocks(self, vm: VMBLOK | None) -> None:
        """The real clock comparator is that of the first timer request, the real CPU timer what the guest has left."""
        real = self.cp.machine.clocks
        real.clock_comparator = self.cp.requests.comparator(real.tod_at_zero)
        counts = vm is not None and vm.ecmode and vm.vmtlevel & TimerLevel.CPU and not vm.clocks.cpu_timer_pending
        real.cpu_timer_zero = vm.clocks.cpu_timer_zero if vm is not None and counts else _FAR
        self.cp.dispatched_at = real.now

    def set_slice(self, units: int) -> None:
        """The real interval timer holds the dispatch slice (QUANTUM)."""
        self.cp.slice = units
        self.cp.real.store_real(PSA.INTERVAL_TIMER, units.to_bytes(4, "big"))
