"""The dispatcher: the one way from CP into a guest (DMKDSP).  SY20-0886 "Dispatching".

Who is next is asked of `scheduler`, what it must get first of the rules in `dispatch`; here is what is done then.
"""

from typing import TYPE_CHECKING

from edu_hv.hypervisor import dispatch
from edu_hv.hypervisor.carry_out import pages_arrived
from edu_hv.hypervisor.decisions import Dispatched, Run
from edu_hv.hypervisor.paging_area import PagingFailure
from edu_hv.hypervisor.scheduler import QUANTUM
from edu_hv.hypervisor.stages import RUNPSW, TRAP_MICROSECONDS, Stage
from edu_hv.hypervisor.vmblok import VMBLOK, DispatchStatus
from edu_hv.isa.codes import CR0, MASK_32
from edu_hv.machine.psw import PSW

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram


class Dispatcher:
    """The last stage of CP's work.  It keeps nothing of its own."""

    def __init__(self, cp: "ControlProgram") -> None:
        self.cp = cp

    def dispatch(self) -> None:
        """Find the guest that is next and run it, unless it must first get an interruption or be stopped."""
        if self.cp.abended:
            self._stand_still()
            return
        self.cp.paging.hold_none()
        pages_arrived(self.cp)
        self._go_on_with_channels()
        vm = self.cp.scheduler.next(self._wants_attention)
        if vm is None:
            self._idle()
            return
        self.cp.named_systems.switch_to(vm)
        self.cp.timers.end_wait(vm)
        if self._owes_timer(vm) and not self.cp.timers.interval_timer_ready(vm):
            return
        verdict = dispatch.before_running(dispatch.candidate(self.cp, vm))
        if isinstance(verdict.decision, Run):
            self._run(vm)
        else:
            self.cp.decided(vm, verdict, None)

    def _wants_attention(self, vm: VMBLOK) -> bool:
        vm.note_psw()
        if dispatch.wants_attention(self.cp, vm):
            return True
        self.cp.timers.begin_wait(vm)
        return not vm.cf and dispatch.external_pending(vm) != 0  # A timer may have run out in the wait.

    @staticmethod
    def _owes_timer(vm: VMBLOK) -> bool:
        """Whether units wait in VMTIMER that can be, or by now have to be, taken off the guest's interval timer."""
        return vm.vmtimer >= QUANTUM or (vm.vmtimer > 0 and vm.storage.frame_of(0) is not None)

    def _run(self, vm: VMBLOK) -> None:
        """Load the real timers, registers and PSW; the guest has the machine.  SY20-0886 "Dispatching"."""
        if not vm.quantum:
            vm.quantum = self.cp.scheduler.slice_of(vm)
        vm.vmdstat &= ~(DispatchStatus.TSEND | DispatchStatus.QSEND)
        self.cp.timers.set_slice(vm.quantum)
        if vm.translating and vm.shadow is not None and not self._shadow_tables_ready(vm):
            return
        dispatch.load_guest_registers(self.cp.real, vm)
        vm.vmgprs_before = tuple(vm.vmgprs) if self.cp.tracing.hears_all(vm) else ()
        self.cp.assist.load(vm)
        self.cp.real.store_real(RUNPSW, dispatch.real_psw_for(vm).to_bytes())
        self.cp.machine.pass_control_program_time(TRAP_MICROSECONDS)
        vm.vmttime += TRAP_MICROSECONDS
        self.cp.timers.keep(vm, 0)
        self.cp.timers.load_real_clocks(vm)
        self.cp.running_vm = vm
        vm.vmdstat |= DispatchStatus.DSP
        vm.external_loops = 0
        self._load_runpsw()
        self.cp.tell(Dispatched(vm.vmuser, self.cp.real.psw.to_bytes()))

    def _shadow_tables_ready(self, vm: VMBLOK) -> bool:
        """The guest can only be run with shadow tables; without room for them it is stopped."""
        assert vm.shadow is not None
        try:
            vm.shadow.prepare(vm)
        except PagingFailure as failure:
            self.cp.stop(vm, str(failure))
            return False
        return True

    def _go_on_with_channels(self) -> None:
        """A channel program too long to be interpreted in one go goes on, be its guest running or waiting."""
        for vm in self.cp.vio.unfinished_machines():
            self.cp.vio.advance(vm)

    def _stand_still(self) -> None:
        """CP has ended: the real machine is in a disabled wait."""
        self.cp.real.store_real(RUNPSW, dispatch.ABEND_PSW.to_bytes())
        self._load_runpsw()

    def _idle(self) -> None:
        """No guest can run: the real machine waits for an I/O interruption, a timer request or a person.

        While CP has a virtual device's channel program to go on with, the interval timer ends the wait.
        """
        unfinished = any(not vm.cf for vm in self.cp.vio.unfinished_machines())
        self.cp.timers.set_slice(QUANTUM if unfinished else dispatch.IDLE_TIMER)
        self.cp.real.cr[0] = dispatch.IDLE_CR0 | (CR0.INTERVAL_TIMER_MASK if unfinished else 0)
        self.cp.real.cr[2] = MASK_32
        self.cp.timers.load_real_clocks(None)
        self.cp.real.store_real(RUNPSW, dispatch.IDLE_PSW.to_bytes())
        self._load_runpsw()
        self.cp.tell(Dispatched("", self.cp.real.psw.to_bytes()))

    def _load_runpsw(self) -> None:
        self.cp.real.load_psw(PSW.from_bytes(self.cp.real.load_real(RUNPSW, 8)))
        self.cp.work.stage = Stage.NONE
