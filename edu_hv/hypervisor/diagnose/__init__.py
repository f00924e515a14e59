"""DIAGNOSE: what CP offers a guest that knows it is one (DMKHVC).

GC20-1807 "DIAGNOSE Instruction in a Virtual Machine".  Format: 83 Rx Ry D2(B2); the effective address is the code.
Addresses in registers are guest-real.  Each code is a function of `services`; what they have in common is there too.
"""

from typing import TYPE_CHECKING

from edu_hv.hypervisor.diagnose import (  # noqa: F401 - they define services
    console_function,
    identification,
    named_segment,
    spool_input,
    storage,
    synchronous_io,
    vmcf_request,
)
from edu_hv.hypervisor.diagnose.services import SERVICES, specification
from edu_hv.hypervisor.io_blocks import DIAGNOSE
from edu_hv.hypervisor.vmblok import VMBLOK
from edu_hv.isa.codes import PIC, External
from edu_hv.machine.interruptions import Ending, ProgramInterruption

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram

NOT_BUILT = {
    0x1C: "F",
    0x2C: "CEF",
    0x30: "CEF",
    0x34: "CE",
    0x38: "CE",
    0x3C: "ABC",
    0x50: "ABC",
    0x74: "ABC",
    0x84: "B",
}
"""Privilege classes of codes that VM/370 has and this CP has not: to other users they are privileged all the same."""


def connect(cp: "ControlProgram") -> None:
    """Say who is told of what services have begun and what ends later."""
    cp.on_completion[DIAGNOSE] = synchronous_io.ended
    cp.on_external[External.VMCF] = lambda cp, vm, block: cp.vmcf.deliver(vm, block)


def diagnose(cp: "ControlProgram", vm: VMBLOK, code: int, text: bytes) -> None:
    """Perform a DIAGNOSE.  Raises ProgramInterruption, suppressed, for one that cannot be.

    SPECIFICATION for a code that is no multiple of 4 or does not exist; PRIVILEGED_OPERATION for the codes of a class
    that the user does not have.
    """
    if code % 4:
        raise specification()
    service = SERVICES.get(code)
    classes = service.classes if service else NOT_BUILT.get(code, "")
    if classes and not set(classes) & set(vm.vmcls):
        raise ProgramInterruption(PIC.PRIVILEGED_OPERATION, Ending.SUPPRESSION)
    if service is None:
        raise specification()
    service.function(cp, vm, text[1] >> 4, text[1] & 15)
