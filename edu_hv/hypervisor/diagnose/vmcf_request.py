"""DIAGNOSE X'68': the Virtual Machine Communication Facility.  GC20-1807.  What is done is in `vmcf`."""

from typing import TYPE_CHECKING

from edu_hv.hypervisor.diagnose.services import require_doubleword, require_storage, service
from edu_hv.hypervisor.vmcf_blocks import LENGTH, VMCPARM
from edu_hv.isa.codes import MASK_24

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK


@service(0x68)
def vmcf_request(cp: "ControlProgram", vm: "VMBLOK", rx: int, ry: int) -> None:
    """X'68': Rx: VMCPARM, 40 bytes on a doubleword.  Ry: the return code.  CC unchanged.

    Specification: the list is not on a doubleword; addressing: it is beyond storage.
    """
    address = vm.vmgprs[rx] & MASK_24
    require_doubleword(address)
    require_storage(vm, address, LENGTH)
    vm.vmgprs[ry] = cp.vmcf.request(vm, VMCPARM.from_bytes(vm.cpu.load_real(address, LENGTH)))
