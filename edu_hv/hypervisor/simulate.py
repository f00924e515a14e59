"""Privileged instructions simulated on the virtual machine (DMKPRV).  SY20-0886 "Privileged Instruction Simulation".

Most do to the virtual CPU exactly what the machine's own definition says; those that CP answers differently from the
machine have a function here that says how and why.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from edu_hv.isa.codes import CR0
from edu_hv.machine.cpu import find_entry

if TYPE_CHECKING:
    from edu_hv.hypervisor.vmblok import VMBLOK

Simulation = Callable[["VMBLOK", bytes], None]

_CONTROL_REGISTER_0 = 1


def as_the_machine_would(vm: "VMBLOK", text: bytes) -> None:
    """Execute the instruction's definition on the virtual CPU; exceptions are the guest's."""
    entry = find_entry(text)
    assert entry is not None, "the table of simulations names installed instructions only"
    _, operands, execute = entry
    execute(vm.cpu, *operands(vm.cpu, text))


def set_clock(vm: "VMBLOK", text: bytes) -> None:
    """SCK: the TOD clock is shared by all, so a guest finds it secure: CC 1, nothing set."""
    operand = find_entry(text)
    assert operand is not None
    (address,) = operand[1](vm.cpu, text)
    vm.cpu.require_alignment(address, 8)
    vm.cpu.load8(address)
    vm.cpu.psw.cc = 1


def load_control(vm: "VMBLOK", text: bytes) -> None:
    """LCTL: a virtual machine without ECMODE has control register 0 only; loads of the others do nothing."""
    before = list(vm.cpu.cr)
    as_the_machine_would(vm, text)
    if not vm.ecmode:
        vm.cpu.cr[_CONTROL_REGISTER_0:] = before[_CONTROL_REGISTER_0:]
        vm.cpu.cr[0] &= ~CR0.TRANSLATION_FORMAT


def store_control(vm: "VMBLOK", text: bytes) -> None:
    """STCTL: the guest's values, never CP's; zeros for registers a machine without ECMODE lacks."""
    if vm.ecmode:
        as_the_machine_would(vm, text)
        return
    kept = list(vm.cpu.cr)
    vm.cpu.cr[_CONTROL_REGISTER_0:] = [0] * 15
    try:
        as_the_machine_would(vm, text)
    finally:
        vm.cpu.cr[:] = kept


SIMULATED: dict[str, Simulation] = {
    **dict.fromkeys(
        (
            "SSK", "ISK", "SSM", "LPSW", "STNSM", "STOSM", "LRA", "STIDP", "SPKA", "IPK", "PTLB", "RRB",
        ),
        as_the_machine_would,
    ),
    "LCTL": load_control,
    "STCTL": store_control,
    "SCK": set_clock,
}  # fmt: skip
"""By mnemonic: every privileged instruction CP simulates other than DIAGNOSE and I/O.

Timer instructions (SCKC, STCKC, SPT, STPT) need a virtual machine with ECMODE's clocks, which this CP does not build;
SPX, STPX, STAP and SIGP are not simulated in VM/370 either: a virtual machine has one CPU.
"""


def simulate(vm: "VMBLOK", mnemonic: str, text: bytes) -> None:
    """Carry out a simulated instruction.  Raises ProgramInterruption for what the guest's operands deserve."""
    SIMULATED[mnemonic](vm, text)
