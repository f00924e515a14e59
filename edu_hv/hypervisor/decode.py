"""Save and decode: from a real interruption to a `Trap` that the rules can be asked about (DMKPRG, DMKPSA, DMKIOS).

SY20-0886 "CP Interruption Handling".  What an interruption says is put together here; nothing is decided.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from edu_hv.hypervisor.program import Trap
from edu_hv.hypervisor.vmblok import VMBLOK, Pending
from edu_hv.isa.codes import PIC, PSA, Class
from edu_hv.isa.table import BY_MNEMONIC
from edu_hv.machine.ccw import CSW
from edu_hv.machine.instructions.registry import indexed
from edu_hv.machine.interruptions import Ending, Interruption, ProgramInterruption
from edu_hv.machine.psw import PSW

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram

_EX = BY_MNEMONIC["EX"].code
_ADDRESS_STOP = 0xB3
_TRANSLATION_EXCEPTIONS = (PIC.SEGMENT_TRANSLATION, PIC.PAGE_TRANSLATION, PIC.TRANSLATION_SPECIFICATION)


def trap_of(cp: "ControlProgram", vm: VMBLOK | None, interruption: Interruption, text: bytes) -> Trap:
    """What there is to decide about; `vm` is the guest that ran, if one did."""
    owner, device, purpose = None, 0, ""
    fault = None
    if interruption.kind is Class.INPUT_OUTPUT:
        owner, device, purpose = _owner_of(cp, interruption.code)
    elif vm is not None and vm.translating and interruption.code in _TRANSLATION_EXCEPTIONS:
        assert vm.shadow is not None
        fault = vm.shadow.examine(interruption.translation_address or 0)
    adstop = vm is not None and at_address_stop(vm, interruption)
    subject = vm or owner or cp.vms[0]  # The last stands in, when the machine waited and it is nobody's.
    supervisor = not PSW.from_bytes(cp.real.load_real(interruption.kind.old_psw, 8)).problem_state
    return Trap(subject, interruption, text, owner, device, vm is None, purpose, fault, adstop, supervisor)


def at_address_stop(vm: VMBLOK, interruption: Interruption) -> bool:
    """Whether it is the SVC that ADSTOP put into guest-real storage where the guest's instruction is.

    Executed by EXECUTE it is the guest's own: its address is not the SVC's.
    """
    if vm.vmadstop is None or interruption.kind is not Class.SVC or interruption.code != _ADDRESS_STOP:
        return False
    return vm.guest_real(interruption.instruction_address) == vm.vmadstop[0]


def _owner_of(cp: "ControlProgram", device: int) -> tuple[VMBLOK | None, int, str]:
    """Whose operation a real interruption ends: a guest and its virtual device, or what CP started it for."""
    if device == cp.paging.device:
        return None, 0, "paging"
    return cp.ios.owner(device)


def for_nobody(cp: "ControlProgram", interruption: Interruption) -> None:
    """Nobody is logged on: it can only be the end of I/O of somebody who was."""
    if interruption.kind is not Class.INPUT_OUTPUT:
        return
    csw = CSW.from_bytes(cp.real.load_real(PSA.CSW, 8))
    if interruption.code == cp.paging.device:
        cp.paging.interruption(csw)
    else:
        cp.ios.interruption(interruption.code, csw)


def split_program_event(
    cp: "ControlProgram", vm: VMBLOK, interruption: Interruption
) -> tuple[Interruption, Interruption | None]:
    """A program event that CP itself asked for is told apart from what the guest did.

    The second value is what CP's own trace is to hear when the decision about the interruption is carried out.

    One that comes with a supervisor call follows it on the machine; it waits in the VMBLOK until the guest's PSW is
    that of its supervisor-call routine.  An instruction that was nullified has not been executed yet: CP's own trace
    hears of it when it is.
    """
    following = cp.machine.per_pending
    if interruption.kind is Class.SVC and following is not None:
        cp.machine.per_pending = None
        if vm.cp_per is not None:
            return interruption, None if at_address_stop(vm, interruption) else following
        vm.pending_program = following
        vm.vmpend |= Pending.PER
    if interruption.per is None or vm.cp_per is None or interruption.code == PIC.PER_EVENT:
        return interruption, None
    alone = replace(interruption, per=None)
    return alone, None if interruption.ending is Ending.NULLIFICATION else interruption


def instruction_of(vm: VMBLOK, interruption: Interruption) -> bytes:
    """The instruction that trapped; the target of an EXECUTE."""
    if interruption.kind not in (Class.PROGRAM, Class.SVC) or not interruption.ilc:
        return b""
    text = interruption.text
    vm.cpu.ilc = interruption.ilc
    if not text or text[0] != _EX:
        return text
    try:
        target = vm.cpu.fetch_instruction(indexed(vm.cpu, text))
    except ProgramInterruption:
        return b""
    register = text[1] >> 4
    modifier = vm.vmgprs[register] & 0xFF if register else 0
    return bytes([target[0], target[1] | modifier]) + target[2:]
