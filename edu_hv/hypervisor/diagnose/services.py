"""The table of DIAGNOSE codes, and what the functions of the codes share.

A service is a function of CP, the virtual machine, and the numbers Rx and Ry; it finds its operands in the guest's
registers, sets the condition code where the code has one, and raises ProgramInterruption for operands that CP refuses.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edu_hv.isa.codes import PIC
from edu_hv.machine.interruptions import Ending, ProgramInterruption

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.virtual_devices import VDEVBLOK
    from edu_hv.hypervisor.vmblok import VMBLOK

Function = Callable[["ControlProgram", "VMBLOK", int, int], None]


@dataclass(frozen=True)
class Service:
    """A DIAGNOSE code: the function, and the privilege classes that may use it ("" for everybody)."""

    function: Function
    classes: str


MOST_ADDRESS = 0xFFF
"""The highest device address."""

SERVICES: dict[int, Service] = {}
"""By code."""


def service(code: int, classes: str = "") -> Callable[[Function], Function]:
    """Define a code."""

    def define(function: Function) -> Function:
        SERVICES[code] = Service(function, classes)
        return function

    return define


def specification() -> ProgramInterruption:
    """The exception for operands that are not what the code wants."""
    return ProgramInterruption(PIC.SPECIFICATION, Ending.SUPPRESSION)


def require_storage(vm: "VMBLOK", address: int, length: int) -> None:
    """The whole area is in the guest's storage.  Raises ADDRESSING, before anything is done, if it is not."""
    if not vm.storage.contains(address, length):
        raise ProgramInterruption(PIC.ADDRESSING, Ending.SUPPRESSION)


def require_doubleword(address: int) -> None:
    """Raises SPECIFICATION for an address that is not on a doubleword."""
    if address % 8:
        raise specification()


def device_at(vm: "VMBLOK", address: int) -> "VDEVBLOK | None":
    """The virtual device that a register names; None when there is none."""
    return vm.devices.lookup(address) if address <= MOST_ADDRESS else None
