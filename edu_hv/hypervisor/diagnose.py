"""DIAGNOSE: what CP offers a guest that knows it is one (DMKHVC).

GC20-1807 "DIAGNOSE Instruction in a Virtual Machine".  Format: 83 Rx Ry D2(B2); the effective address is the code.
Addresses in registers are guest-real.
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
_END_OF_COMMAND = b"\x15"
_TERMINAL_LINE_LENGTH = 80


def diagnose(cp: "ControlProgram", vm: VMBLOK, code: int, text: bytes) -> None:
    """Perform a DIAGNOSE for a user of class G.  Raises ProgramInterruption, suppressed, for one that cannot be.

    SPECIFICATION for a code that is no multiple of 4 or does not exist; PRIVILEGED_OPERATION for other classes' codes.
    """
    if code % 4:
        raise _specification()
    if code in OTHER_CLASSES:
        raise ProgramInterruption(PIC.PRIVILEGED_OPERATION, Ending.SUPPRESSION)
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
        + vm.vmuser.ljust(8)[:8].encode("cp037", errors="replace")
        + bytes(8)
    )
    vm.cpu.store_real(address & MASK_24, identification[:length])
    vm.vmgprs[ry] = max(length - IDENTIFICATION_LENGTH, 0) & MASK_32


def virtual_console_function(cp: "ControlProgram", vm: VMBLOK, rx: int, ry: int) -> None:
    """X'08': give CP commands, X'15' between them.  Rx: address; Ry: flags in bits 0-7, length in 8-31, at most 132.

    Flag X'40': the answer goes to the buffer in Rx+1 with length in Ry+1; CC 1 when it does not fit, Ry+1 then being
    the bytes lost, else its length.  Ry comes back as CP's return code: 0, or the number of the error message; that of
    the last command.  Length 0 does nothing, as in release 6.
    """
    flags, length = vm.vmgprs[ry] >> 24, vm.vmgprs[ry] & MASK_24
    buffered = bool(flags & _RESPONSE_TO_BUFFER)
    if length > _LONGEST_COMMAND or (buffered and not _pairs_usable(vm, rx, ry)):
        raise _specification()
    if not length:
        return
    if buffered:
        _require_storage(vm, vm.vmgprs[rx + 1] & MASK_24, vm.vmgprs[ry + 1])
    commands = vm.cpu.load_real(vm.vmgprs[rx] & MASK_24, length)
    answers = [run_command(cp, vm, line.decode("cp037")) for line in commands.split(_END_OF_COMMAND)]
    lines = [text for answer in answers for text in answer.lines]
    vm.vmpsw.cc = 0
    if buffered:
        _answer_to_buffer(vm, rx, ry, lines)
    else:
        for text in lines:
            cp.write_terminal(vm, text)
    vm.vmgprs[ry] = answers[-1].code


def _require_storage(vm: VMBLOK, address: int, length: int) -> None:
    """The whole buffer is in the guest's storage; ADDRESSING, before anything is done, if it is not."""
    vm.cpu.absolute(address)
    vm.cpu.absolute(address + length - 1)


def _pairs_usable(vm: VMBLOK, rx: int, ry: int) -> bool:
    """With an answer buffer: the register pairs exist and do not overlap, and the buffer is not too long."""
    return 15 not in (rx, ry) and abs(rx - ry) > 1 and 0 < vm.vmgprs[ry + 1] <= _LONGEST_ANSWER


def _answer_to_buffer(vm: VMBLOK, rx: int, ry: int, lines: list[str]) -> None:
    answer = b"".join(line.encode("cp037", errors="replace") + _END_OF_COMMAND for line in lines)
    room = vm.vmgprs[ry + 1]
    vm.cpu.store_real(vm.vmgprs[rx + 1] & MASK_24, answer[:room])
    fits = len(answer) <= room
    vm.vmgprs[ry + 1] = len(answer) if fits else len(answer) - room
    vm.vmpsw.cc = 0 if fits else 1


_CLASSES = {"TERM": 0x80, "URI": 0x20, "URO": 0x10, "TAPE": 0x08}
_TYPES = {"TERM": 0x00, "URI": 0x80, "URO": 0x40, "TAPE": 0x80}


def device_type(cp: "ControlProgram", vm: VMBLOK, rx: int, ry: int) -> None:
    """X'24': type and features of the device in Rx, or of the virtual console for -1.

    Ry: virtual class, type, status, flags.  Ry+1: real class, type, model, features; for the console, which the guest's
    terminal stands behind, the length of its line.  CC 0, or 2 for a virtual device with no real one (Ry+1 unchanged),
    or 3 for no such device.  With -1, Rx comes back as the console's address.
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
    terminal = device.device_class == "TERM"
    spooled = device.virtual and not terminal
    if not spooled and ry != 15:
        vm.vmgprs[ry + 1] = kind | (_TERMINAL_LINE_LENGTH if terminal else 0)
    vm.vmpsw.cc = 2 if spooled else 0


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
OTHER_CLASSES = frozenset({0x04, 0x1C, 0x2C, 0x30, 0x34, 0x38, 0x3C, 0x50, 0x74, 0x84})
"""Codes that VM/370 has, but not for class G."""
