"""The VM assist: what CP wants for the guest, and what control register 6 and the MICBLOK have.

SY20-0886 "Virtual Machine Assist", "Control Register 6"; GA22-7074 "Parameter List".
"""

from typing import TYPE_CHECKING

from edu_hv.debugger.comparing.sides import NONE, SAME, Sides, same
from edu_hv.debugger.views import ComparedValue
from edu_hv.hypervisor.assist import FLAGS, SUSPENDED
from edu_hv.machine.micblok import CR6, MICBLOK

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK

_NAMES = {
    CR6.VM_ASSIST: "on",
    CR6.VIRTUAL_PROBLEM_STATE: "virtual problem state",
    CR6.NO_STORAGE_KEYS: "no storage keys",
    CR6.NO_SVC: "no SVC",
    CR6.SHADOW_TABLES: "shadow tables",
}


def values(session: "DebugSession") -> list[ComparedValue]:
    """Bits 0-7 of control register 6 one by one, and the MICBLOK's fields beside those of the VMBLOK."""
    sides = Sides.of(session)
    vm, cp = sides.vm, sides.cp
    if sides.system_360:
        return []
    if vm is None or cp is None:
        fitted = "installed" if sides.machine.assist is not None else "not installed"
        return [same("VM assist", fitted), same("CR6", f"{sides.cpu.cr[6]:08X}")]
    wanted = _wanted(sides, cp, vm)
    rows = [_suspended(sides, cp, vm, wanted), *(_flag(sides, cp, vm, wanted, rule.flag) for rule in FLAGS)]
    return rows + _micblok(sides, cp, vm)


def _wanted(sides: Sides, cp: "ControlProgram", vm: "VMBLOK") -> CR6:
    """The bits as CP would set them now.  While an assisted guest runs, its state is not in the VMBLOK."""
    flags, problem = cp.assist.vmmicro(vm), CR6.VIRTUAL_PROBLEM_STATE
    if not flags:
        return flags
    return flags | problem if sides.session.guest_psw(sides.guest.name).problem_state else flags & ~problem


def _bit(on: bool) -> str:
    return "1" if on else "0"


def _suspended(sides: Sides, cp: "ControlProgram", vm: "VMBLOK", wanted: CR6) -> ComparedValue:
    """Bit 0, and by which rule it is off."""
    rule = next((rule for rule in SUSPENDED if rule.applies(cp, vm)), None)
    words = f"off, as {rule.why}: {rule.question} yes" if rule else "nothing suspends it, so CP turns it on"
    return _compared(sides, wanted, CR6.VM_ASSIST, words)


def _flag(sides: Sides, cp: "ControlProgram", vm: "VMBLOK", wanted: CR6, flag: CR6) -> ComparedValue:
    rule = next(rule for rule in FLAGS if rule.flag is flag)
    problem = flag is CR6.VIRTUAL_PROBLEM_STATE
    applies = sides.session.guest_psw(sides.guest.name).problem_state if problem else rule.applies(cp, vm)
    answer = "yes" if applies else "no"
    off = "" if wanted & CR6.VM_ASSIST else "; but the assist is off"
    return _compared(sides, wanted, flag, f"{rule.question} {answer}{': ' + rule.why if answer == 'yes' else ''}{off}")


def _compared(sides: Sides, wanted: CR6, flag: CR6, words: str) -> ComparedValue:
    mine, real = bool(wanted & flag), bool(sides.cpu.cr[6] & flag)
    why = SAME if mine == real else sides.away or "the assist has changed it"
    name = f"CR6 {_NAMES[flag]}"
    return ComparedValue(name, _bit(mine), _bit(real), why, sentence=words)


def _micblok(sides: Sides, cp: "ControlProgram", vm: "VMBLOK") -> list[ComparedValue]:
    """The block's fields, as long as the guest has one."""
    at = cp.assist.settings(vm).block
    if not at:
        words = "the guest was never dispatched with the assist on"
        return [ComparedValue("MICBLOK", NONE, NONE, SAME, sentence=words)]
    block = MICBLOK.from_bytes(cp.real.load_real(at, MICBLOK.SIZE))
    psw = str(vm.cpu.decode_psw(cp.real.load_real(block.micvpsw, 8)))
    cr0 = cp.real.load_real(block.miccreg, 4).hex().upper()
    pending = bool(vm.vmpxint) or vm.devices.vmioint != 0 or vm.pending_program is not None or bool(vm.pages_arrived)
    late = "the VMBLOK gets it back when CP gets control" if sides.in_cpu else "it is filled again at the next dispatch"
    rows = (
        ("MICRSEG", f"{vm.vmseg:08X}", f"{block.micrseg:08X}", f"VMSEG, in the MICBLOK at real {at:06X}"),
        ("MICVPSW", str(vm.vmpsw), psw, f"VMPSW, copied to real {block.micvpsw:06X}; {late}"),
        ("MICCREG", f"{vm.cpu.cr[0]:08X}", cr0, f"virtual CR0, copied to real {block.miccreg:06X}; {late}"),
        (
            "MICPEND",
            _bit(pending),
            _bit(block.micpend),
            "one if an interruption waits, which the assist may not unmask",
        ),
    )
    return [_field(sides, *row) for row in rows]


def _field(sides: Sides, name: str, mine: str, real: str, words: str) -> ComparedValue:
    return ComparedValue(name, mine, real, SAME if mine == real else _late(sides), sentence=words)


def _late(sides: Sides) -> str:
    return "VMBLOK is not up to date" if sides.in_cpu else "as of its last dispatch"
