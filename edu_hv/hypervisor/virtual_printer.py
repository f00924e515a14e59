"""Lines that CP itself puts on a guest's virtual printer: DUMP, and TRACE and PER with PRINTER."""

from typing import TYPE_CHECKING

from edu_hv.hypervisor.spooling.devices import SpooledOutput
from edu_hv.hypervisor.virtual_devices import DeviceClass

if TYPE_CHECKING:
    from edu_hv.hypervisor.vmblok import VMBLOK

_WRITE_AND_SPACE = 0x09
_LINE = 132
_PUNCHES = ("2540P", "3525")


def printer_of(vm: "VMBLOK") -> SpooledOutput | None:
    """The guest's first spooled printer."""
    for vdev in vm.devices.values():
        if vdev.vdevtypc & DeviceClass.URO and vdev.model not in _PUNCHES and isinstance(vdev.device, SpooledOutput):
            return vdev.device
    return None


def print_line(printer: SpooledOutput, text: str) -> bool:
    """Put a line into the printer's spool file; whether there was room.  When there was none the user has been told."""
    if not printer.make_room():
        return False
    printer.put(_WRITE_AND_SPACE, text.encode("cp037", errors="replace"), _LINE)
    return True
