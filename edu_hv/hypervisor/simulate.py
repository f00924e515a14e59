"""Privileged instructions simulated on the virtual machine (DMKPRV).  SY20-0886 "Privileged Instruction Simulation".

Most do to the virtual CPU exactly what the machine's own definition says; those that CP answers differently from the
machine have a function here that says how and why.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from edu_hv.hypervisor import storage_keys
from edu_hv.hypervisor.timer_requests import Request
from edu_hv.hypervisor.vmblok import TimerLevel
from edu_hv.isa.codes import CR0, MASK_64
from edu_hv.machine.cpu import find_entry
from edu_hv.machine.timing import INSTRUCTION_MICROSECONDS

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK

Simulation = Callable[["ControlProgram", "VMBLOK", bytes], None]

_CONTROL_REGISTER_0 = 1
_SEGMENT_TABLE = 1


def as_the_machine_would(cp: "ControlProgram", vm: "VMBLOK", text: bytes) -> None:
    """Execute the instruction's definition on the virtual CPU; exceptions are the guest's."""
    entry = find_entry(text)
    assert entry is not None, "the table of simulations names installed instructions only"
    _, operands, execute = entry
    execute(vm.cpu, *operands(vm.cpu, text))


def on_storage_keys(cp: "ControlProgram", vm: "VMBLOK", text: bytes) -> None:
    """SSK, ISK, RRB: on the keys that the guest has, be its page in a frame or not."""
    storage_keys.simulate(vm.cpu, text)


def set_clock(cp: "ControlProgram", vm: "VMBLOK", text: bytes) -> None:
    """SCK: the TOD clock is shared by all, so a guest finds it secure: CC 1, nothing set."""
    operand = find_entry(text)
    assert operand is not None
    (address,) = operand[1](vm.cpu, text)
    vm.cpu.require_alignment(address, 8)
    vm.cpu.load8(address)
    vm.cpu.psw.cc = 1


def load_control(cp: "ControlProgram", vm: "VMBLOK", text: bytes) -> None:
    """LCTL: a virtual machine without ECMODE has control register 0 only; loads of the others do nothing.

    With ECMODE, another translation format makes new shadow tables necessary, and another segment table invalidates
    them.
    """
    before = list(vm.cpu.cr)
    as_the_machine_would(cp, vm, text)
    if not vm.ecmode:
        vm.cpu.cr[_CONTROL_REGISTER_0:] = before[_CONTROL_REGISTER_0:]
        vm.cpu.cr[0] &= ~CR0.TRANSLATION_FORMAT
        return
    control_registers_changed(vm, before)


def control_registers_changed(vm: "VMBLOK", before: list[int]) -> None:
    """What loads of virtual control registers 0 and 1 mean for the shadow tables.  SY20-0886 "DMKVAT"."""
    assert vm.shadow is not None
    if (before[0] ^ vm.cpu.cr[0]) & CR0.TRANSLATION_FORMAT:
        vm.shadow.free()
    elif before[_SEGMENT_TABLE] != vm.cpu.cr[_SEGMENT_TABLE]:
        vm.shadow.recopy_segments()


def store_control(cp: "ControlProgram", vm: "VMBLOK", text: bytes) -> None:
    """STCTL: the guest's values, never CP's; zeros for registers a machine without ECMODE lacks."""
    if vm.ecmode:
        as_the_machine_would(cp, vm, text)
        return
    kept = list(vm.cpu.cr)
    vm.cpu.cr[_CONTROL_REGISTER_0:] = [0] * 15
    try:
        as_the_machine_would(cp, vm, text)
    finally:
        vm.cpu.cr[:] = kept


def purge(cp: "ControlProgram", vm: "VMBLOK", text: bytes) -> None:
    """PTLB: the shadow tables are the guest's TLB: its segment table is copied anew, all page entries are invalid."""
    as_the_machine_would(cp, vm, text)
    if vm.shadow is not None:
        vm.shadow.recopy_segments()


def set_comparator(cp: "ControlProgram", vm: "VMBLOK", text: bytes) -> None:
    """SCKC: kept for the guest; a timer request makes it come true.  SY20-0886 "Clock Comparator Simulation"."""
    as_the_machine_would(cp, vm, text)
    vm.withdraw_external(CR0.CLOCK_COMPARATOR_MASK)
    comparator_set(cp, vm)


def comparator_set(cp: "ControlProgram", vm: "VMBLOK") -> None:
    """Ask for the time at which the guest's clock comparator will have been passed; pending if it has been."""
    due = vm.clocks.comparator_passed_at
    cp.requests.cancel(vm.vmuser, Request.CLOCK_COMPARATOR)
    if due is not None:
        cp.requests.set(due, vm.vmuser, Request.CLOCK_COMPARATOR)
    elif vm.clocks.clock_comparator != MASK_64 and vm.clocks.comparator_pending:
        cp.timers.comparator_passed(vm)


@contextmanager
def _when_it_began(vm: "VMBLOK") -> Iterator[None]:
    """With the CPU timer as the instruction found it: the time that it takes itself passes behind it."""
    vm.clocks.now -= INSTRUCTION_MICROSECONDS
    try:
        yield
    finally:
        vm.clocks.now += INSTRUCTION_MICROSECONDS


def store_timer(cp: "ControlProgram", vm: "VMBLOK", text: bytes) -> None:
    """STPT: the guest's CPU timer; CP's own time is not in it."""
    with _when_it_began(vm):
        as_the_machine_would(cp, vm, text)


def set_timer(cp: "ControlProgram", vm: "VMBLOK", text: bytes) -> None:
    """SPT: the guest's CPU timer, which counts while it runs; negative means an interruption at once."""
    with _when_it_began(vm):
        as_the_machine_would(cp, vm, text)
    vm.vmtlevel |= TimerLevel.CPU
    vm.withdraw_external(CR0.CPU_TIMER_MASK)
    cp.timers.cpu_timer_changed(vm)


SIMULATED: dict[str, Simulation] = {
    **dict.fromkeys(
        (
            "SSM", "LPSW", "STNSM", "STOSM", "LRA", "STIDP", "SPKA", "IPK", "STCKC",
        ),
        as_the_machine_would,
    ),
    **dict.fromkeys(("SSK", "ISK", "RRB"), on_storage_keys),
    "LCTL": load_control,
    "STCTL": store_control,
    "SCK": set_clock,
    "PTLB": purge,
    "SCKC": set_comparator,
    "SPT": set_timer,
    "STPT": store_timer,
}  # fmt: skip
"""By mnemonic: every privileged instruction CP simulates other than DIAGNOSE and I/O.

SPX, STPX, STAP and SIGP are not simulated in VM/370: a virtual machine has one CPU.
"""

WITH_ECMODE_ONLY = frozenset({"SPT", "STPT", "SCKC", "STCKC"})
"""Instructions of clocks that a machine without ECMODE does not have."""


def simulate(cp: "ControlProgram", vm: "VMBLOK", mnemonic: str, text: bytes) -> None:
    """Carry out a simulated instruction.  Raises ProgramInterruption for what the guest's operands deserve."""
    SIMULATED[mnemonic](cp, vm, text)
