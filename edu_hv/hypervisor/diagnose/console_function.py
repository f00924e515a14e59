"""DIAGNOSE X'08': a guest gives CP commands.  GC20-1807 "Virtual Console Function"."""

from typing import TYPE_CHECKING

from edu_hv.hypervisor.commands import Answer, run_command
from edu_hv.hypervisor.diagnose.services import require_storage, service, specification
from edu_hv.hypervisor.disconnected import terminal_needed
from edu_hv.isa.codes import MASK_24

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK

_LONGEST_COMMAND = 132
_LONGEST_ANSWER = 8192
_RESPONSE_TO_BUFFER = 0x40
_END_OF_COMMAND = b"\x15"


@service(0x08)
def virtual_console_function(cp: "ControlProgram", vm: "VMBLOK", rx: int, ry: int) -> None:
    """X'08': give CP commands, X'15' between them.  Rx: address; Ry: flags in bits 0-7, length in 8-31, at most 132.

    Flag X'40': the answer goes to the buffer in Rx+1 with length in Ry+1; CC 1 when it does not fit, Ry+1 then being
    the bytes lost, else its length.  Ry comes back as CP's return code: 0, or the number of the error message; that of
    the last command.  Length 0 does nothing, as in release 6.
    """
    flags, length = vm.vmgprs[ry] >> 24, vm.vmgprs[ry] & MASK_24
    buffered = bool(flags & _RESPONSE_TO_BUFFER)
    if length > _LONGEST_COMMAND or (buffered and not _pairs_usable(vm, rx, ry)):
        raise specification()
    if not length:
        return
    if buffered:
        require_storage(vm, vm.vmgprs[rx + 1] & MASK_24, vm.vmgprs[ry + 1])
    commands = vm.cpu.load_real(vm.vmgprs[rx] & MASK_24, length)
    resets, answers = vm.resets, []
    for line in commands.split(_END_OF_COMMAND):
        answers.append(run_command(cp, vm, line.decode("cp037")))
        if vm.cf:
            terminal_needed(cp, vm)
        if vm.resets != resets or vm not in cp.vms:
            _tell_on_terminal(cp, vm, answers)
            return
    lines = [text for answer in answers for text in answer.lines]
    vm.vmpsw.cc = 0
    if buffered:
        _answer_to_buffer(vm, rx, ry, lines)
    else:
        for text in lines:
            cp.write_terminal(vm, text)
    vm.vmgprs[ry] = answers[-1].code


def _tell_on_terminal(cp: "ControlProgram", vm: "VMBLOK", answers: list[Answer]) -> None:
    """A command has reset the machine (IPL, SYSTEM) or logged it off: its registers are not the DIAGNOSE's any more."""
    for text in (text for answer in answers for text in answer.lines):
        cp.write_terminal(vm, text)


def _pairs_usable(vm: "VMBLOK", rx: int, ry: int) -> bool:
    """With an answer buffer: the register pairs exist and do not overlap, and the buffer is not too long."""
    return 15 not in (rx, ry) and abs(rx - ry) > 1 and 0 < vm.vmgprs[ry + 1] <= _LONGEST_ANSWER


def _answer_to_buffer(vm: "VMBLOK", rx: int, ry: int, lines: list[str]) -> None:
    answer = b"".join(line.encode("cp037", errors="replace") + _END_OF_COMMAND for line in lines)
    room = vm.vmgprs[ry + 1]
    vm.cpu.store_real(vm.vmgprs[rx + 1] & MASK_24, answer[:room])
    fits = len(answer) <= room
    vm.vmgprs[ry + 1] = len(answer) if fits else len(answer) - room
    vm.vmpsw.cc = 0 if fits else 1
