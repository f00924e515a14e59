"""Who runs next, and the one place that builds the real PSW and control registers (DMKDSP).  SY20-0886 "Dispatching".

Before a guest runs, its pending interruptions are looked at: program first, then external, then I/O, then the wait bit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from edu_hv.hypervisor.assist import read_back
from edu_hv.hypervisor.decisions import (
    Decision,
    Deliver,
    EndTimeSlice,
    EnterConsoleFunction,
    Reflect,
    Rule,
    Run,
    Verdict,
    decide,
)
from edu_hv.hypervisor.paging import CP_CR0
from edu_hv.hypervisor.virtual_storage import PAGE_SHIFT
from edu_hv.hypervisor.vmblok import VMBLOK, TimerLevel
from edu_hv.isa.codes import CR0, MASK_32, PIC, Class
from edu_hv.machine.interruptions import Ending, Interruption
from edu_hv.machine.psw import PSW

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.machine.cpu import CPU

IDLE_TIMER = 0x7FFFFF00
"""What the real interval timer holds while no guest runs."""

RUN_CR0 = CP_CR0 | CR0.CLOCK_COMPARATOR_MASK | CR0.CPU_TIMER_MASK
"""Control register 0 while a guest runs with its own DAT off: CP hears of every external condition."""
IDLE_CR0 = RUN_CR0 & ~(CR0.INTERVAL_TIMER_MASK | CR0.CPU_TIMER_MASK)
"""The same while no guest runs, and none of their time is counted."""
_EXTERNAL_MASKS = RUN_CR0 & ~CR0.TRANSLATION_FORMAT

PAGE_ARRIVED = 0x80000000
"""High bit of the address with the second pseudo page fault: the page is in.  SY20-0886 "Pseudo Page Faults"."""
_REAL_MASK = 0x07
"""System mask of every dispatched guest: DAT, I/O and external on."""
_PER_MASK = 0x40
_PER_REGISTERS = slice(9, 12)


@dataclass(frozen=True)
class Candidate:
    """A guest that may be next, with what the dispatcher asks about."""

    vm: VMBLOK
    device: int | None
    """The device whose I/O interruption the virtual PSW allows now."""


def external_pending(vm: VMBLOK) -> int:
    """The code of the external interruption that the virtual PSW and CR0 allow now, 0 if none.

    Interval timer and interrupt key come together when both are pending and allowed; the others one by one.
    """
    if not vm.vmpsw.external_mask:
        return 0
    allowed = [block for block in vm.vmpxint if block.mask & vm.cpu.cr[0]]
    if not allowed or allowed[0].sort:
        return allowed[0].code if allowed else 0
    return reduce(or_, (block.code for block in allowed if not block.sort))


def _deliver_external(candidate: Candidate) -> Decision:
    vm = candidate.vm
    at = vm.vmpsw.instruction_address
    return Deliver(Interruption(Class.EXTERNAL, external_pending(vm), instruction_address=at))


def _deliver_io(candidate: Candidate) -> Decision:
    device = candidate.device
    assert device is not None
    at = candidate.vm.vmpsw.instruction_address
    return Deliver(Interruption(Class.INPUT_OUTPUT, device, instruction_address=at))


def _deliver_program(candidate: Candidate) -> Decision:
    pending = program_pending(candidate.vm)
    assert pending is not None
    return Reflect(pending)


def _invalid_psw(vm: VMBLOK) -> bool:
    return vm.vmpsw.ec_mode and not vm.ecmode


def _reserved_bits(candidate: Candidate) -> Decision:
    at = candidate.vm.vmpsw.instruction_address
    return Reflect(Interruption(Class.PROGRAM, PIC.SPECIFICATION, 0, at, b"", Ending.SUPPRESSION))


def _dead_wait(vm: VMBLOK) -> bool:
    """A wait that nothing can end: I/O is masked off, and no external interruption can come by itself.

    While the machine waits its interval timer stands still, unless SET TIMER REAL lets it count; with ECMODE the clock
    comparator or the CPU timer may end the wait.  With the mask of VMCF on, another machine may.
    """
    if not vm.vmpsw.wait or vm.vmpsw.io_enabled():
        return False
    return not vm.vmpsw.external_mask or not (timers_that_end_a_wait(vm) or vm.cpu.cr[0] & CR0.VMCF_MASK)


def timers_that_end_a_wait(vm: VMBLOK) -> int:
    """The CR0 masks of the machine's timers that will interrupt by themselves while it waits, 0 if none."""
    allowed = 0
    if vm.vmtlevel & TimerLevel.REAL:
        allowed |= CR0.INTERVAL_TIMER_MASK
        if vm.vmtlevel & TimerLevel.CPU:
            allowed |= CR0.CPU_TIMER_MASK
    if vm.ecmode and vm.clocks.comparator_passed_at is not None:
        allowed |= CR0.CLOCK_COMPARATOR_MASK
    return allowed & vm.cpu.cr[0]


def program_pending(vm: VMBLOK) -> Interruption | None:
    """The program interruption that the guest is to get now, if one waits.

    Program-event recording comes at once; the second pseudo page fault, of a page that has come, waits for a PSW that
    allows I/O.  SY20-0886 "Pseudo Page Faults".
    """
    if vm.pending_program is not None or not vm.pages_arrived or not vm.vmpsw.io_enabled():
        return vm.pending_program
    return pseudo_page_fault(vm.pages_arrived[0] << PAGE_SHIFT | PAGE_ARRIVED, vm.vmpsw.instruction_address)


def pseudo_page_fault(address: int, at: int, ilc: int = 0) -> Interruption:
    """Code 0014 with the page's address at guest X'90'.  SY20-0886 "Pseudo Page Faults"."""
    ending = Ending.NULLIFICATION
    return Interruption(Class.PROGRAM, PIC.PSEUDO_PAGE_FAULT, ilc, at, b"", ending, translation_address=address)


BEFORE_RUNNING: tuple[Rule[Candidate], ...] = (
    Rule(
        "DSP-1",
        "is the new PSW an EC-mode PSW in a machine without ECMODE?",
        "stop the guest with message 451W",
        "the virtual machine has no EC mode, so the PSW is not valid there",
        'GC20-1807 "DMKDSP451W"',
        lambda c: _invalid_psw(c.vm),
        lambda c: EnterConsoleFunction("DMKDSP451W CP ENTERED; INVALID PSW"),
    ),
    Rule(
        "DSP-2",
        "has the first instruction of the guest's program-interruption routine failed twice in a row?",
        "stop the guest with message 453W",
        "that instruction causes the interruption it is to handle: a loop",
        'GC20-1807 "Program Interrupt Loop"',
        lambda c: c.vm.program_loops > 1,
        lambda c: EnterConsoleFunction("DMKPRG453W CP ENTERED; PROGRAM INTERRUPT LOOP"),
    ),
    Rule(
        "DSP-3",
        "does the new PSW have bits on that must be zero?",
        "reflect a specification exception",
        "the machine finds such a PSW when it is to be used: an early specification exception",
        'SY20-0886 "Dispatching"',
        lambda c: bool(c.vm.vmpsw.unassigned),
        _reserved_bits,
    ),
    Rule(
        "DSP-4",
        "has an external interruption led to a PSW that allows the same one again, with its condition still there?",
        "stop the guest with message 452W",
        "the timer's condition lasts, and the new PSW lets it in again before anything is done about it: a loop",
        'GC20-1807 "External Interrupt Loop"',
        lambda c: c.vm.external_loops > 1,
        lambda c: EnterConsoleFunction("DMKDSP452W CP ENTERED; EXTERNAL INTERRUPT LOOP"),
    ),
    Rule(
        "DSP-10",
        "does a program interruption wait, of program-event recording or a pseudo page fault?",
        "reflect it",
        "it belongs to what the guest did before, and so comes before anything else",
        'SY20-0886 "Dispatching"',
        lambda c: program_pending(c.vm) is not None,
        _deliver_program,
    ),
    Rule(
        "DSP-5",
        "is an external interruption pending that the virtual PSW and CR0 allow?",
        "deliver it",
        "the virtual PSW (bit 7) and control register 0 allow it now; external comes before I/O",
        'SY20-0886 "Dispatching"',
        lambda c: external_pending(c.vm) != 0,
        _deliver_external,
    ),
    Rule(
        "DSP-6",
        "is an I/O interruption pending on a channel that the virtual PSW allows?",
        "deliver it",
        "the virtual PSW allows this channel now",
        'SY20-0886 "Dispatching"',
        lambda c: c.device is not None,
        _deliver_io,
    ),
    Rule(
        "DSP-7",
        "does the guest wait for what can never come?",
        "stop the guest with message 450W",
        "the wait bit is on and no interruption that could end the wait is allowed",
        'GC20-1807 "DMKDSP450W"',
        lambda c: _dead_wait(c.vm),
        lambda c: EnterConsoleFunction("DMKDSP450W CP ENTERED; DISABLED WAIT PSW"),
    ),
    Rule(
        "DSP-8",
        "did its time slice run out while CP had something else to do for it?",
        "end the guest's time slice",
        "the real timer went below zero in the same instruction that trapped, so CP sees it here",
        'SY20-0886 "Dispatching"',
        lambda c: c.vm.quantum < 0,
        lambda c: EndTimeSlice(),
    ),
    Rule(
        "DSP-9",
        "can the guest simply run?",
        "build the real PSW and load it",
        "nothing is pending that the guest allows, and it does not wait",
        'SY20-0886 "Dispatching"',
        lambda c: True,
        lambda c: Run(c.vm.vmuser),
    ),
)
"""What the dispatcher asks of a guest before it runs it."""


def candidate(cp: "ControlProgram", vm: VMBLOK) -> Candidate:
    """What the dispatcher has to know of a guest."""
    return Candidate(vm, cp.vio.pending(vm))


def before_running(candidate: Candidate, rules: Sequence[Rule[Candidate]] = BEFORE_RUNNING) -> Verdict:
    """What is to be done with a guest that is next.  Decides; changes nothing."""
    return decide(rules, candidate)


def wants_attention(cp: "ControlProgram", vm: VMBLOK) -> bool:
    """Whether the dispatcher has something to do for the guest: run it, or give it an interruption, or stop it."""
    if not vm.vmpsw.wait or vm.vmpsw.unassigned or _invalid_psw(vm) or program_pending(vm):
        return True
    return external_pending(vm) != 0 or cp.vio.pending(vm) is not None or _dead_wait(vm)


# ---- building the real state -----------------------------------------------------------------------------------------


def real_psw_for(vm: VMBLOK) -> PSW:
    """RUNPSW: EC mode, DAT, I/O, external and machine check on, problem state; key, CC, program mask and address are
    the guest's.  PER is on when the guest's own is, or CP records program events of it."""
    guest = vm.vmpsw
    per = guest.per or vm.cp_per is not None
    return PSW(
        system_mask=_REAL_MASK | (_PER_MASK if per else 0),
        key=guest.key,
        ec_mode=True,
        machine_check_mask=True,
        problem_state=True,
        cc=guest.cc,
        program_mask=guest.program_mask,
        instruction_address=guest.instruction_address,
    )


IDLE_PSW = PSW(system_mask=0x03, ec_mode=True, machine_check_mask=True, wait=True)
"""The real wait state: enabled for I/O and external."""
ABEND_PSW = PSW(ec_mode=True, wait=True, instruction_address=0x008)
"""The real wait state that CP ends in, disabled."""


def load_guest_registers(real: "CPU", vm: VMBLOK) -> None:
    """GRs, FPRs and control registers of the guest that is to run into the real CPU.

    While the guest's own DAT is on, control registers 0 and 1 are those of its shadow tables.  Its monitor masks (CR8)
    and, unless CP records events itself, its PER controls (CR9 to 11) are effective there; without ECMODE it has none.
    The registers of dual address spaces, which no virtual machine has, stay CP's.
    """
    real.gr[:], real.fpr[:] = vm.vmgprs, vm.vmfprs
    real.cr[0], real.cr[1] = _tables(vm)
    real.cr[2] = MASK_32
    real.cr[8] = vm.cpu.cr[8] if vm.ecmode else 0
    real.cr[_PER_REGISTERS] = vm.cp_per or (vm.cpu.cr[_PER_REGISTERS] if vm.ecmode else [0, 0, 0])


def _tables(vm: VMBLOK) -> tuple[int, int]:
    """Real control registers 0 and 1: SY20-0886 "Dispatching", the order of building, step 6."""
    if vm.translating and vm.shadow is not None:
        return vm.shadow.cr0 | _EXTERNAL_MASKS, vm.shadow.cr1
    return RUN_CR0, vm.vmseg


def save_guest_registers(real: "CPU", vm: VMBLOK, old: PSW) -> None:
    """What the guest had in the real CPU back into the VMBLOK; `old` is the real old PSW of the interruption."""
    read_back(real, vm)
    vm.vmgprs[:], vm.vmfprs[:] = real.gr, real.fpr
    psw = vm.vmpsw
    psw.instruction_address, psw.cc = old.instruction_address, old.cc
    psw.program_mask, psw.key = old.program_mask, old.key
    vm.cpu.tlb.purge()  # Its translations are looked up anew: the real machine's are in the shadow tables.
    vm.cpu.forget_mappings()
