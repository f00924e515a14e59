"""DIAGNOSE: what CP offers a guest that knows it is one (DMKHVC).

GC20-1807 "DIAGNOSE Instruction in a Virtual Machine".  Format: 83 Rx Ry D2(B2); the effective address is the code.  Addresses in registers are guest-real.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from edu_hv.hypervisor.commands import run_command
from edu_hv.hypervisor.vmblok import VMBLOK
from edu_hv.isa.codes import MASK_24, MASK_32, PIC
from edu_hv.machine.interruptions import Ending, ProgramInterruption

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram

NAME = "VM/370  "
VERSION = bytes.fromhex("060000")
"""Version, level and program-level change as DIAGNOSE X'00' reports them: release 6."""
IDENTIFICATION_LENGTH = 32
_LONGEST_COMMAND = 132
_LONGEST_ANSWER = 8192
_RESPONSE_TO_BUFFER = 0x40
_CONSOLE = MASK_32


def diagnose(cp: "ControlProgram", vm: VMBLOK, code: int, text: bytes) -> None:
    """Perform a DIAGNOSE.  Raises ProgramInterruption for a code or operand that does not exist."""
    if code % 4:
        raise _specification()
    service = SERVICES.get(code)
    if service is None:
        raise _specification()
    service(cp, vm, text[1] >> 4, text[1] & 15)


def _specification() -> ProgramInterruption:
    return ProgramInterruption(PIC.SPECIFICATION, Ending.SUPPRESSION)


def store_identification(cp: "ControlProgram", vm: VMBLOK, rx: int, ry: int) -> None:
    """X'00': store up to 32 bytes of identification at the doubleword in Rx; Ry is the length, and comes back reduced.

    CC unchanged.  Specification: Rx not on a doubleword, or Ry not positive.  The bytes: name 8, version 3, STIDP
    version 1, MCEL length 2, CPU address 2, userid 8, program products 8.
    """
    address, length = vm.vmgprs[rx], vm.vmgprs[ry]
    if address % 8 or not 0 < length < 0x80000000:
        raise _specification()
    identification = (
        NAME.encode("cp037")
        + VERSION
        + vm.cpu.identification[:1]
        + vm.cpu.identification[6:8]
        + bytes(2)
        + vm.vmuser.ljust(8)[:8].encode("cp037")
        + bytes(8)
    )
    vm.cpu.store_real(address & MASK_24, identification[:length])
    vm.vmgprs[ry] = max(length - IDENTIFICATION_LENGTH, 0) & MASK_32


def virtual_console_function(cp: "ControlProgram", vm: VMBLOK, rx: int, ry: int) -> None:
    """X'08': give CP a command.  Rx: its address; Ry: flags in bits 0-7, length in bits 8-31, at most 132.

    Flag X'40': the answer goes to the buffer in Rx+1 with length in Ry+1; CC 1 when it does not fit, Ry+1 then being
    the bytes lost, else its length.  Ry comes back as CP's return code: 0, or the number of the error message.
    """
    flags, length = vm.vmgprs[ry] >> 24, vm.vmgprs[ry] & MASK_24
    buffered = bool(flags & _RESPONSE_TO_BUFFER)
    if length > _LONGEST_COMMAND or (buffered and not _pairs_usable(vm, rx, ry)):
        raise _specification()
    if not length:
        vm.cf = True  # A command of no length enters CP mode: the console function READ.
        return
    line = vm.cpu.load_real(vm.vmgprs[rx] & MASK_24, length).decode("cp037").strip()
    answer = run_command(cp, vm, line)
    if buffered:
        _answer_to_buffer(vm, rx, ry, answer.lines)
    else:
        for text in answer.lines:
            cp.write_terminal(vm, text)
        vm.vmpsw.cc = 0
    vm.vmgprs[ry] = answer.code


def _pairs_usable(vm: VMBLOK, rx: int, ry: int) -> bool:
    """With an answer buffer: the register pairs exist and do not overlap, and the buffer is not too long."""
    return 15 not in (rx, ry) and abs(rx - ry) > 1 and 0 < vm.vmgprs[ry + 1] <= _LONGEST_ANSWER


def _answer_to_buffer(vm: VMBLOK, rx: int, ry: int, lines: list[str]) -> None:
    answer = "".join(line + "\n" for line in lines).encode("cp037")
    room = vm.vmgprs[ry + 1]
    vm.cpu.store_real(vm.vmgprs[rx + 1] & MASK_24, answer.replace(b"\x25", b"\x15")[:room])
    fits = len(answer) <= room
    vm.vmgprs[ry + 1] = len(answer) if fits else len(answer) - room
    vm.vmpsw.cc = 0 if fits else 1


_CLASSES = {"TERM": 0x80, "URI": 0x20, "URO": 0x10, "TAPE": 0x08}
_TYPES = {"TERM": 0x00, "URI": 0x80, "URO": 0x40, "TAPE": 0x80}


def device_type(cp: "ControlProgram", vm: VMBLOK, rx: int, ry: int) -> None:
    """X'24': type and features of the device in Rx, or of the virtual console for -1.

    Ry: virtual class, type, status, flags.  Ry+1: real class, type, model, features.  CC 0, or 2 for a virtual device
    with no real one (Ry+1 unchanged), or 3 for no such device.  With -1, Rx comes back as the console's address.
    """
    address = vm.vmgprs[rx]
    if address == _CONSOLE:
        device = next((d for d in vm.vmdevs.values() if d.device_class == "TERM"), None)
    else:
        device = vm.vmdevs.get(address & 0xFFFF)
    if device is None:
        vm.vmpsw.cc = 3
        return
    if address == _CONSOLE:
        vm.vmgprs[rx] = device.address
    kind = _CLASSES[device.device_class] << 24 | _TYPES[device.device_class] << 16
    status = 0x20 if device.busy else 0
    vm.vmgprs[ry] = kind | (status | (0 if device.virtual else 0x01)) << 8
    if not device.virtual and ry != 15:
        vm.vmgprs[ry + 1] = kind
    vm.vmpsw.cc = 2 if device.virtual else 0


def storage_size(cp: "ControlProgram", vm: VMBLOK, rx: int, ry: int) -> None:
    """X'60': the size of the virtual machine's storage, in bytes, into Rx."""
    vm.vmgprs[rx] = vm.vmsize


Service = Callable[["ControlProgram", VMBLOK, int, int], None]
SERVICES: dict[int, Service] = {
    0x00: store_identification,
    0x08: virtual_console_function,
    0x24: device_type,
    0x60: storage_size,
}
"""By code."""
