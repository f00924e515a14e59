"""Who runs next, and the one place that builds the real PSW and control registers (DMKDSP).  SY20-0886 "Dispatching".

Before a guest runs, its pending interruptions are looked at: external first, then I/O, then the wait bit.

Message 452W, external interrupt loop, has no rule: it is about the clock comparator and the CPU timer, whose condition
lasts when it has interrupted, and this CP builds neither.
"""

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

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
from edu_hv.hypervisor.vio import pending_device
from edu_hv.hypervisor.vmblok import VMBLOK
from edu_hv.isa.codes import MASK_32, PIC, Class
from edu_hv.machine.interruptions import Ending, Interruption
from edu_hv.machine.psw import PSW

if TYPE_CHECKING:
    from edu_hv.machine.cpu import CPU

QUANTUM = 64
"""Interval-timer units in a time slice: 833 microseconds of machine time.  Invented: VM/370's were longer, and a
student would step for hours to see one end."""

IDLE_TIMER = 0x7FFFFF00
"""What the real interval timer holds while no guest runs."""

_REAL_MASK = 0x07
"""System mask of every dispatched guest: DAT, I/O and external on.  PER is off."""


def external_pending(vm: VMBLOK) -> int:
    """The code of the external interruption that the virtual PSW and CR0 allow now, 0 if none.

    Interval timer and interrupt key come together when both are pending and allowed.
    """
    if not vm.vmpsw.external_mask:
        return 0
    return reduce(or_, (block.code for block in vm.vmpxint if block.mask & vm.cpu.cr[0]), 0)


def _deliver_external(vm: VMBLOK) -> Decision:
    at = vm.vmpsw.instruction_address
    return Deliver(Interruption(Class.EXTERNAL, external_pending(vm), instruction_address=at))


def _deliver_io(vm: VMBLOK) -> Decision:
    device = pending_device(vm)
    assert device is not None
    at = vm.vmpsw.instruction_address
    return Deliver(Interruption(Class.INPUT_OUTPUT, device, instruction_address=at))


def _invalid_psw(vm: VMBLOK) -> bool:
    return vm.vmpsw.ec_mode and not vm.ecmode


def _reserved_bits(vm: VMBLOK) -> Decision:
    at = vm.vmpsw.instruction_address
    return Reflect(Interruption(Class.PROGRAM, PIC.SPECIFICATION, 0, at, b"", Ending.SUPPRESSION))


def _dead_wait(vm: VMBLOK) -> bool:
    """A wait that nothing can end: I/O is masked off, and an external one cannot come while the timer stands still.

    The virtual interval timer counts only while the guest runs (SET TIMER ON), so a wait for it would be for ever.
    """
    return vm.vmpsw.wait and not vm.vmpsw.io_enabled()


BEFORE_RUNNING: tuple[Rule[VMBLOK], ...] = (
    Rule(
        "DSP-1",
        "is the new PSW an EC-mode PSW in a machine without ECMODE?",
        "stop the guest with message 451W",
        "the virtual machine has no EC mode, so the PSW is not valid there",
        'GC20-1807 "DMKDSP451W"',
        _invalid_psw,
        lambda vm: EnterConsoleFunction("DMKDSP451W CP ENTERED; INVALID PSW"),
    ),
    Rule(
        "DSP-2",
        "has the first instruction of the guest's program-interruption routine failed twice in a row?",
        "stop the guest with message 453W",
        "that instruction causes the interruption it is to handle: a loop",
        'GC20-1807 "Program Interrupt Loop"',
        lambda vm: vm.program_loops > 1,
        lambda vm: EnterConsoleFunction("DMKPRG453W CP ENTERED; PROGRAM INTERRUPT LOOP"),
    ),
    Rule(
        "DSP-3",
        "does the new PSW have bits on that must be zero?",
        "reflect a specification exception",
        "the machine finds such a PSW when it is to be used: an early specification exception",
        'SY20-0886 "Dispatching"',
        lambda vm: bool(vm.vmpsw.unassigned),
        _reserved_bits,
    ),
    Rule(
        "DSP-4",
        "did the guest turn its own address translation on?",
        "stop the guest: shadow tables are not built by this CP",
        "this CP keeps no shadow tables, so a guest with DAT on cannot be run",
        "a limit of this program, not of VM/370",
        lambda vm: vm.vmpsw.dat,
        lambda vm: EnterConsoleFunction("CP ENTERED; VIRTUAL DAT IS NOT SUPPORTED"),
    ),
    Rule(
        "DSP-5",
        "is an external interruption pending that the virtual PSW and CR0 allow?",
        "deliver it",
        "the virtual PSW (bit 7) and control register 0 allow it now; external comes before I/O",
        'SY20-0886 "Dispatching"',
        lambda vm: external_pending(vm) != 0,
        _deliver_external,
    ),
    Rule(
        "DSP-6",
        "is an I/O interruption pending on a channel that the virtual PSW allows?",
        "deliver it",
        "the virtual PSW allows this channel now",
        'SY20-0886 "Dispatching"',
        lambda vm: pending_device(vm) is not None,
        _deliver_io,
    ),
    Rule(
        "DSP-7",
        "does the guest wait for what can never come?",
        "stop the guest with message 450W",
        "the wait bit is on and no interruption that could end the wait is allowed",
        'GC20-1807 "DMKDSP450W"',
        _dead_wait,
        lambda vm: EnterConsoleFunction("DMKDSP450W CP ENTERED; DISABLED WAIT PSW"),
    ),
    Rule(
        "DSP-8",
        "did its time slice run out while CP had something else to do for it?",
        "end the guest's time slice",
        "the real timer went below zero in the same instruction that trapped, so CP sees it here",
        'SY20-0886 "Dispatching"',
        lambda vm: vm.quantum < 0,
        lambda vm: EndTimeSlice(),
    ),
    Rule(
        "DSP-9",
        "can the guest simply run?",
        "build the real PSW and load it",
        "nothing is pending that the guest allows, and it does not wait",
        'SY20-0886 "Dispatching"',
        lambda vm: True,
        lambda vm: Run(vm.vmuser),
    ),
)
"""What the dispatcher asks of a guest before it runs it."""


def before_running(vm: VMBLOK) -> Verdict:
    """What is to be done with a guest that is next.  Decides; changes nothing."""
    return decide(BEFORE_RUNNING, vm)


def wants_attention(vm: VMBLOK) -> bool:
    """Whether the dispatcher has something to do for the guest: run it, or give it an interruption, or stop it."""
    if vm.cf:
        return False
    if not vm.vmpsw.wait or vm.vmpsw.unassigned or vm.vmpsw.dat or _invalid_psw(vm):
        return True
    return external_pending(vm) != 0 or pending_device(vm) is not None or _dead_wait(vm)


def real_psw_for(vm: VMBLOK) -> PSW:
    """RUNPSW: EC mode, DAT, I/O, external and machine check on, problem state; key, CC, program mask and address are
    the guest's."""
    guest = vm.vmpsw
    return PSW(
        system_mask=_REAL_MASK,
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


def load_guest_registers(real: "CPU", vm: VMBLOK) -> None:
    """GRs, FPRs and control registers of the guest that is to run into the real CPU.

    Its monitor masks (CR8) are effective there; without ECMODE it has none.
    """
    real.gr[:], real.fpr[:] = vm.vmgprs, vm.vmfprs
    real.cr[0], real.cr[1], real.cr[2] = CP_CR0, vm.vmseg, MASK_32
    real.cr[8] = vm.cpu.cr[8] if vm.ecmode else 0


def save_guest_registers(real: "CPU", vm: VMBLOK, old: PSW) -> None:
    """What the guest had in the real CPU back into the VMBLOK; `old` is the real old PSW of the interruption."""
    vm.vmgprs[:], vm.vmfprs[:] = real.gr, real.fpr
    psw = vm.vmpsw
    psw.instruction_address, psw.cc = old.instruction_address, old.cc
    psw.program_mask, psw.key = old.program_mask, old.key
    vm.cpu.forget_mappings()
