"""Carrying decisions out: the one place where a verdict of CP changes a virtual machine.

Each kind of decision has a function here; what it changes beyond the VMBLOK belongs to the module it calls.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from edu_hv.hypervisor.commands.registry import edited
from edu_hv.hypervisor.decisions import (
    AbendCP,
    Decision,
    Deliver,
    EndTimeSlice,
    EnterConsoleFunction,
    FillShadow,
    Hypercall,
    KeepInterruption,
    PageIn,
    PagingDone,
    PseudoPageFault,
    QueueExternal,
    Reflect,
    ServeDevice,
    Simulate,
    SimulateIO,
    TimerRequestsDue,
    TraceStop,
    Verdict,
)
from edu_hv.hypervisor.diagnose import diagnose
from edu_hv.hypervisor.disconnected import terminal_needed
from edu_hv.hypervisor.dispatch import PAGE_ARRIVED, pseudo_page_fault
from edu_hv.hypervisor.paging import PagingFailure
from edu_hv.hypervisor.simulate import simulate
from edu_hv.hypervisor.simulated_events import event_of, watch
from edu_hv.hypervisor.timer_requests import TRQBLOK, Request
from edu_hv.hypervisor.virtual_storage import PAGE_SHIFT, VirtualStorage
from edu_hv.hypervisor.vmblok import VMBLOK, Pending, RunStatus
from edu_hv.isa.codes import CR0, MASK_24, PIC, PSA, Class, External
from edu_hv.machine.ccw import CSW
from edu_hv.machine.dat import walk
from edu_hv.machine.interruptions import Ending, Interruption, ProgramInterruption, swap_psws
from edu_hv.machine.machine import program_interruption

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram


def carry_out(cp: "ControlProgram", vm: VMBLOK, verdict: Verdict) -> None:
    """Change the virtual machine as decided."""
    loops, vm.program_loops = vm.program_loops, 0
    function = _FUNCTIONS.get(type(verdict.decision))
    try:
        if isinstance(verdict.decision, Reflect):
            reflect(cp, vm, verdict.decision.interruption, loops)
        elif isinstance(verdict.decision, Simulate | SimulateIO | Hypercall):
            _simulate(cp, vm, verdict.decision, loops)
        elif function is not None:
            function(cp, vm, verdict.decision)
    except PagingFailure as failure:
        _not_done(cp, vm, verdict.decision)
        stop(cp, vm, str(failure))


def _not_done(cp: "ControlProgram", vm: VMBLOK, decision: Decision) -> None:
    """A page that the decision needs cannot be had: BEGIN does the instruction again, or gives the interruption then.

    An instruction that was nullified is where the PSW points anyhow.
    """
    trap = cp.work.trap
    if trap is None or not isinstance(decision, Reflect | Simulate | SimulateIO | Hypercall):
        return
    real = trap.traced or trap.interruption
    if not isinstance(decision, Reflect) or real.kind is Class.SVC:
        vm.vmpsw.instruction_address = real.instruction_address
        vm.pending_program = None  # Of a supervisor call, which is recorded again.
        vm.vmpend &= ~Pending.PER
    elif real.ending is not Ending.NULLIFICATION:
        vm.pending_program = decision.interruption


# ---- instructions ----------------------------------------------------------------------------------------------------


def _simulate(cp: "ControlProgram", vm: VMBLOK, decision: Simulate | SimulateIO | Hypercall, loops: int) -> None:
    """Run a simulation; a program interruption it meets is the guest's, as if the instruction had caused it."""
    trap = cp.work.trap
    assert trap is not None
    real = trap.traced or trap.interruption
    at, before, old = real.instruction_address, watch(vm), vm.vmpsw.copy()
    resets = vm.resets
    try:
        match decision:
            case Simulate(mnemonic, text):
                simulate(cp, vm, mnemonic, text)
                cp.tracing.simulated(vm, mnemonic, text, at, old)
            case SimulateIO(mnemonic, _, device):
                cp.vio.simulate(vm, mnemonic, device)
                cp.tracing.io(vm, mnemonic, device, at)
            case Hypercall(code, text):
                diagnose(cp, vm, code, text)
                cp.tracing.simulated(vm, "DIAG", text, at, old)
    except ProgramInterruption as condition:
        if condition.ending is Ending.NULLIFICATION:
            vm.vmpsw.instruction_address = at
        if vm.resets != resets or vm not in cp.vms:
            return
        failed = program_interruption(condition, vm.cpu.ilc, at, vm.vminst)
        reflect(cp, vm, replace(failed, per=trap.interruption.per), loops)
    else:
        if vm in cp.vms and vm.resets == resets:
            _program_event(cp, vm, event_of(vm, before, real, vm.vminst))
    vm.note_psw()


def _program_event(cp: "ControlProgram", vm: VMBLOK, event: Interruption | None) -> None:
    """What the simulated instruction was recorded for: CP's own trace hears of it, or it is the guest's next one."""
    if event is None:
        return
    if vm.cp_per is not None:
        cp.tracing.program_event(vm, event)
    else:
        vm.pending_program = event
        vm.vmpend |= Pending.PER


# ---- interruptions ---------------------------------------------------------------------------------------------------


def reflect(cp: "ControlProgram", vm: VMBLOK, interruption: Interruption, loops: int = 0) -> None:
    """Do to the guest's low storage and PSW what the machine does to its own.

    `loops`: how often in a row it was the first instruction of the guest's program-interruption routine.
    """
    trap, psw = cp.work.trap, vm.vmpsw
    vm.cpu.load_real(interruption.kind.new_psw, 8)  # Its page 0 is in.
    nullified = trap is not None and trap.interruption.ending is Ending.NULLIFICATION
    if nullified and interruption.ending is not Ending.NULLIFICATION:
        # To the guest the instruction has ended: its old PSW points behind it.
        psw.instruction_address = psw.instruction_address + interruption.ilc * 2 & MASK_24
    _taken(vm, interruption)
    if trap is not None and trap.traced is not None and interruption.ending is not Ending.NULLIFICATION:
        resets = vm.resets
        cp.tracing.program_event(vm, trap.traced)
        if vm.resets != resets or vm not in cp.vms:
            return  # A command of PER has done that, and nothing is to be reflected any more.
    old = psw.copy()
    swap_psws(vm.cpu, interruption)
    vm.note_psw()
    if interruption.kind is Class.PROGRAM and interruption.instruction_address == vm.vmpsw.instruction_address:
        vm.program_loops = loops + 1
    cp.tracing.interrupted(vm, interruption, old)


def _taken(vm: VMBLOK, interruption: Interruption) -> None:
    """A program interruption that waited, if it is one, waits no more."""
    if interruption is vm.pending_program:
        vm.pending_program = None
        vm.vmpend &= ~Pending.PER
    elif interruption.code == PIC.PSEUDO_PAGE_FAULT and (interruption.translation_address or 0) & PAGE_ARRIVED:
        vm.pages_arrived = vm.pages_arrived[1:]
        if not vm.pages_arrived:
            vm.vmpend &= ~Pending.PSEUDO


def _deliver(cp: "ControlProgram", vm: VMBLOK, decision: Deliver) -> None:
    """A pending virtual interruption is taken by the guest and is pending no more."""
    interruption = decision.interruption
    old = vm.vmpsw.copy()
    vm.cpu.load_real(interruption.kind.new_psw, 8)  # Its page 0 is in.
    if interruption.kind is Class.EXTERNAL:
        _take_external(cp, vm, interruption.code)
    else:
        cp.vio.accept(vm, interruption.code)
    swap_psws(vm.cpu, interruption)
    vm.note_psw()
    if interruption.kind is Class.EXTERNAL:
        _look_for_loop(vm, interruption.code)
    cp.tracing.interrupted(vm, interruption, old)


def _take_external(cp: "ControlProgram", vm: VMBLOK, code: int) -> None:
    """The block is used up, unless its condition lasts: a clock comparator passed, a CPU timer negative."""
    if code in _LASTING:
        return
    taken = None
    kept = []
    for block in vm.vmpxint:
        together = code < 0x100 and not block.sort and not block.code & ~code
        if together or (taken is None and block.code == code):
            taken = block
        else:
            kept.append(block)
    vm.vmpxint = kept
    if not kept:
        vm.vmpend &= ~Pending.EXT
    if taken is not None and taken.parameter:
        cp.external_parameter(vm, taken)  # It may make the next one pending.


_LASTING = {External.CLOCK_COMPARATOR: CR0.CLOCK_COMPARATOR_MASK, External.CPU_TIMER: CR0.CPU_TIMER_MASK}


def _look_for_loop(vm: VMBLOK, code: int) -> None:
    """Whether the new PSW lets the same interruption in again.  GC20-1807 "External Interrupt Loop"."""
    mask = _LASTING.get(External(code)) if code in _LASTING else None
    if mask is not None and vm.vmpsw.external_mask and vm.cpu.cr[0] & mask:
        vm.external_loops += 1


def stop(cp: "ControlProgram", vm: VMBLOK, message: str) -> None:
    """Put the guest into CP mode, with a message and its PSW."""
    vm.cf = True
    terminal_needed(cp, vm)
    cp.scheduler.drop(vm)
    for line in edited(vm, f"{message} '{vm.vmpsw}'"):
        cp.write_terminal(vm, line)
    cp.write_terminal(vm, "CP")


def _abend(cp: "ControlProgram", vm: VMBLOK, decision: AbendCP) -> None:
    cp.abend(decision.code)


def _enter_console_function(cp: "ControlProgram", vm: VMBLOK, decision: EnterConsoleFunction) -> None:
    vm.program_loops = vm.external_loops = 0
    stop(cp, vm, decision.message)


def _trace_stop(cp: "ControlProgram", vm: VMBLOK, decision: TraceStop) -> None:
    assert cp.work.trap is not None
    if cp.work.trap.adstop:
        cp.tracing.adstop(vm)
    else:
        cp.tracing.program_event(vm, cp.work.trap.interruption)


# ---- storage ---------------------------------------------------------------------------------------------------------


def _page_in(cp: "ControlProgram", vm: VMBLOK, decision: PageIn) -> None:
    """The guest waits unless the page needs no I/O: one that was never stored into is a frame of zeros."""
    if cp.paging.start_page_in(vm.storage, decision.page):
        _page_arrived(cp, vm, decision.page)
    else:
        vm.begin_wait(RunStatus.PGWAIT)
        vm.pages_wanted = (decision.page,)
    _tell_page(cp, vm, decision.page)


def _tell_page(cp: "ControlProgram", vm: VMBLOK, page: int) -> None:
    """For those who look on: where a page is now that was out."""
    if cp.machine.observer:
        frame = vm.storage.frame_of(page)
        where = "on its way in" if frame is None else f"in the frame at {frame:06X}"
        cp.effect(f"page {page:03X} of {vm.vmuser}", "out", where)


def _pseudo_page_fault(cp: "ControlProgram", vm: VMBLOK, decision: PseudoPageFault) -> None:
    page = decision.address >> PAGE_SHIFT
    if cp.paging.start_page_in(vm.storage, page):
        _page_arrived(cp, vm, page)
        return
    if page not in vm.pages_told:
        vm.pages_told = (*vm.pages_told, page)
    assert cp.work.trap is not None
    real = cp.work.trap.interruption
    at = decision.address & ~0xFFF
    reflect(cp, vm, pseudo_page_fault(at, real.instruction_address, real.ilc))


def _fill_shadow(cp: "ControlProgram", vm: VMBLOK, decision: FillShadow) -> None:
    assert vm.shadow is not None
    if decision.segment:
        vm.shadow.fill_segment(decision.address)
    else:
        vm.shadow.fill_page(decision.address)
    if cp.machine.observer:
        found = walk(decision.address, vm.shadow.cr0, vm.shadow.cr1, cp.real.load_real)
        entry = "a page table, all invalid" if found.real is None else f"the frame at {found.real & ~0xFFF:06X}"
        cp.effect(f"shadow entry for {decision.address:06X}", "invalid", entry)


def _paging_done(cp: "ControlProgram", vm: VMBLOK, decision: PagingDone) -> None:
    """The pages that have arrived are looked for at the next dispatch, as are those that came in between."""
    for storage, page in cp.paging.interruption(CSW.from_bytes(cp.real.load_real(PSA.CSW, 8))):
        _page_arrived_for(cp, storage, page)
    cp.ios.start_waiting()


def pages_arrived(cp: "ControlProgram") -> None:
    """Guests go on whose pages arrived while CP itself waited for one; those whose page cannot come are stopped."""
    for storage, page in cp.paging.take_finished():
        _page_arrived_for(cp, storage, page)
    for storage, page, message in cp.paging.take_failed():
        vm = _owner_of(cp, storage)
        if vm is not None:
            vm.pages_told = _without(vm.pages_told, page)
            vm.pages_wanted = _without(vm.pages_wanted, page)
            vm.end_wait(RunStatus.PGWAIT)
            stop(cp, vm, message)


def _without(pages: tuple[int, ...], page: int) -> tuple[int, ...]:
    return tuple(other for other in pages if other != page)


def _owner_of(cp: "ControlProgram", storage: VirtualStorage) -> VMBLOK | None:
    return next((vm for vm in cp.vms if vm.storage is storage), None)


def _page_arrived_for(cp: "ControlProgram", storage: VirtualStorage, page: int) -> None:
    vm = _owner_of(cp, storage)
    if vm is not None:
        _page_arrived(cp, vm, page)
        _tell_page(cp, vm, page)


def _page_arrived(cp: "ControlProgram", vm: VMBLOK, page: int) -> None:
    """Whoever waits for the page goes on; a guest that was told of the fault is told again."""
    if page not in (*vm.pages_wanted, *vm.pages_told):
        return
    if page in vm.pages_wanted:
        vm.pages_wanted = ()
        vm.end_wait(RunStatus.PGWAIT)
    if page in vm.pages_told:
        vm.pages_told = _without(vm.pages_told, page)
        vm.pages_arrived = (*vm.pages_arrived, page)
        vm.vmpend |= Pending.PSEUDO
    cp.wake(vm)


# ---- timers, slices, I/O ---------------------------------------------------------------------------------------------


def _end_slice(cp: "ControlProgram", vm: VMBLOK, decision: EndTimeSlice) -> None:
    vm.quantum = 0
    cp.scheduler.end_slice(vm)


def _queue_external(cp: "ControlProgram", vm: VMBLOK, decision: QueueExternal) -> None:
    vm.queue_external(decision.code, decision.mask)


def _timer_requests(cp: "ControlProgram", vm: VMBLOK, decision: TimerRequestsDue) -> None:
    for request in cp.requests.take_due(cp.machine.clocks.now):
        subject = cp.logged_on(request.userid)
        if subject is not None:
            _due(cp, subject, request)


def _due(cp: "ControlProgram", vm: VMBLOK, request: TRQBLOK) -> None:
    """What a timer request asked for happens."""
    what = Request[request.what]
    if what is Request.CLOCK_COMPARATOR:
        cp.timers.comparator_passed(vm)
        cp.wake(vm)
    elif what in (Request.INTERVAL_TIMER, Request.CPU_TIMER):
        cp.timers.ran_out_in_wait(vm)
    else:
        cp.request_due(vm, what)


def _keep_interruption(cp: "ControlProgram", vm: VMBLOK, decision: KeepInterruption) -> None:
    assert cp.work.trap is not None
    _serve(cp, cp.work.trap.interruption.code)


def _serve_device(cp: "ControlProgram", vm: VMBLOK, decision: ServeDevice) -> None:
    _serve(cp, decision.device)


def _serve(cp: "ControlProgram", device: int) -> None:
    cp.ios.interruption(device, CSW.from_bytes(cp.real.load_real(PSA.CSW, 8)))


_Function = Callable[["ControlProgram", VMBLOK, Decision], None]
_FUNCTIONS: dict[type, _Function] = {
    kind: cast(_Function, function)
    for kind, function in (
        (Deliver, _deliver),
        (EnterConsoleFunction, _enter_console_function),
        (TraceStop, _trace_stop),
        (AbendCP, _abend),
        (PageIn, _page_in),
        (PseudoPageFault, _pseudo_page_fault),
        (FillShadow, _fill_shadow),
        (PagingDone, _paging_done),
        (EndTimeSlice, _end_slice),
        (QueueExternal, _queue_external),
        (TimerRequestsDue, _timer_requests),
        (KeepInterruption, _keep_interruption),
        (ServeDevice, _serve_device),
    )
}
"""By decision.  Run, Idle and Ignore change no virtual machine."""
