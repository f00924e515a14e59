"""Machines that run without their terminal, and when they need it.  CP Command Reference "DISCONN".

A disconnected machine that reads from its console, or stops in CP mode, is logged off when nobody has come to its
terminal for 15 minutes.  `logon` does that.
"""

from typing import TYPE_CHECKING

from edu_hv.hypervisor.timer_requests import Request
from edu_hv.hypervisor.vmblok import OtherStatus

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK

GRACE = 15 * 60 * 1_000_000
"""Microseconds."""
TERMINAL = "terminal"
"""Where VMBLOK.extra has the name of the terminal: "GRAF 0C1"."""


def disconnected(vm: "VMBLOK") -> bool:
    """Whether the machine runs without a terminal."""
    return bool(vm.vmostat & OtherStatus.DISC)


def terminal_of(vm: "VMBLOK") -> str:
    """The name of the machine's terminal: DSC for none."""
    return "DSC" if disconnected(vm) else str(vm.extra.get(TERMINAL, ""))


def waits_for_terminal(vm: "VMBLOK") -> bool:
    """Whether only somebody at the terminal can make it go on: CP mode, or a console read.  SLEEP is wanted."""
    console = vm.devices.console()
    stopped = vm.cf and not vm.vmostat & OtherStatus.SLEEP
    return stopped or (console is not None and console.program is not None and console.program.waiting)


def terminal_needed(cp: "ControlProgram", vm: "VMBLOK") -> None:
    """The machine has stopped in CP mode, or reads from its console: if it is disconnected the 15 minutes begin."""
    if disconnected(vm) and waits_for_terminal(vm):
        cp.requests.set(cp.machine.clocks.now + GRACE, vm.vmuser, Request.FORCE)
