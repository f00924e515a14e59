"""DIAGNOSE codes that tell a guest what it runs on: X'00', X'0C', X'24', X'60'.  GC20-1807."""

from typing import TYPE_CHECKING

from edu_hv.hypervisor.diagnose.services import device_at, require_doubleword, require_storage, service, specification
from edu_hv.hypervisor.time_of_day import time_of_day
from edu_hv.hypervisor.virtual_devices import VDEVBLOK, DeviceClass
from edu_hv.isa.codes import MASK_24, MASK_32

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK

NAME = "VM/370  "
VERSION = bytes.fromhex("060000")
"""Version, level and program-level change as DIAGNOSE X'00' reports them: release 6."""
IDENTIFICATION_LENGTH = 32
_PSEUDO_TIMER_LENGTH = 32
_CONSOLE = MASK_32
_TERMINAL_LINE_LENGTH = 80


@service(0x00)
def store_identification(cp: "ControlProgram", vm: "VMBLOK", rx: int, ry: int) -> None:
    """X'00': store up to 32 bytes of identification at the doubleword in Rx; Ry is the length, and comes back reduced.

    CC unchanged.  Specification: Rx not on a doubleword, or Ry not positive.  The bytes: name 8, version 3, STIDP
    version 1, MCEL length 2, CPU address 2, userid 8, program products 8.
    """
    address, length = vm.vmgprs[rx], vm.vmgprs[ry]
    if address % 8 or not 0 < length < 0x80000000:
        raise specification()
    identification = (
        NAME.encode("cp037")
        + VERSION
        + vm.cpu.identification[:1]
        + vm.cpu.identification[6:8]
        + bytes(2)
        + vm.vmuser.ljust(8)[:8].encode("cp037", errors="replace")
        + bytes(8)
    )
    vm.cpu.store_real(address & MASK_24, identification[:length])
    vm.vmgprs[ry] = max(length - IDENTIFICATION_LENGTH, 0) & MASK_32


@service(0x0C)
def pseudo_timer(cp: "ControlProgram", vm: "VMBLOK", rx: int, ry: int) -> None:
    """X'0C': date MM/DD/YY, time HH:MM:SS, virtual and total CPU time in microseconds, 8 bytes each, at Rx.

    CC unchanged.  Specification: Rx not on a doubleword.
    """
    address = vm.vmgprs[rx] & MASK_24
    require_doubleword(address)
    require_storage(vm, address, _PSEUDO_TIMER_LENGTH)
    now = time_of_day(cp.machine.clocks.tod)
    words = (now.date + now.time).encode("cp037")
    times = vm.vmvtime.to_bytes(8, "big") + vm.vmttime.to_bytes(8, "big")
    vm.cpu.store_real(address, words + times)


@service(0x24)
def device_type(cp: "ControlProgram", vm: "VMBLOK", rx: int, ry: int) -> None:
    """X'24': type and features of the device in Rx, or of the virtual console for -1.

    Ry: virtual class, type, status, flags.  Ry+1: real class, type, model, features; for the console, which the guest's
    terminal stands behind, the length of its line.  CC 0, or 2 for a virtual device with no real one (Ry+1 unchanged),
    or 3 for no such device.  With -1, Rx comes back as the console's address.
    """
    address = vm.vmgprs[rx]
    device = vm.devices.console() if address == _CONSOLE else device_at(vm, address)
    if device is None:
        vm.vmpsw.cc = 3
        return
    if address == _CONSOLE:
        vm.vmgprs[rx] = device.address
    _describe(vm, device, ry)


def _describe(vm: "VMBLOK", device: VDEVBLOK, ry: int) -> None:
    kind = int(device.vdevtypc) << 24 | device.vdevtype << 16
    vm.vmgprs[ry] = kind | int(device.vdevstat) << 8 | int(device.vdevflag)
    terminal = bool(device.vdevtypc & DeviceClass.TERM)
    spooled = device.real is None and not terminal
    if not spooled and ry != 15:
        vm.vmgprs[ry + 1] = kind | (_TERMINAL_LINE_LENGTH if terminal else 0)
    vm.vmpsw.cc = 2 if spooled else 0


@service(0x60)
def storage_size(cp: "ControlProgram", vm: "VMBLOK", rx: int, ry: int) -> None:
    """X'60': the size of the virtual machine's storage, in bytes, into Rx."""
    vm.vmgprs[rx] = vm.vmsize
