"""General, floating-point and control registers: in the real CPU, or where CP keeps them.  SY20-0884 "VMBLOK"."""

from typing import TYPE_CHECKING

from edu_hv.debugger import explain
from edu_hv.debugger.comparing.sides import SAME, Sides
from edu_hv.debugger.views import ComparedValue
from edu_hv.hypervisor.assist import assisted

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession

_FLOATING = (0, 2, 4, 6)


# ---- general and floating-point --------------------------------------------------------------------------------------


def general(session: "DebugSession") -> list[ComparedValue]:
    """The sixteen general registers."""
    sides = Sides.of(session)
    mine, there = session.guest_registers(), sides.cpu.gr
    before = session.before.get(session.selected)
    return [
        ComparedValue(
            f"R{n}",
            f"{mine[n]:08X}",
            f"{there[n]:08X}",
            _why(sides, mine[n] == there[n]),
            bool(before and before.gr[n] != mine[n]),
        )
        for n in range(16)
    ]


def floating(session: "DebugSession") -> list[ComparedValue]:
    """The four floating-point registers."""
    sides = Sides.of(session)
    there = sides.cpu.fpr
    mine = there if sides.vm is None or sides.in_cpu else sides.vm.vmfprs
    return [
        ComparedValue(f"F{number}", f"{own:016X}", f"{real:016X}", _why(sides, own == real))
        for number, own, real in zip(_FLOATING, mine, there, strict=True)
    ]


def _why(sides: Sides, equal: bool) -> str:
    return SAME if equal else sides.away or "not saved yet"


def where_general(session: "DebugSession") -> str:
    """Where the guest's general registers are."""
    return _where(Sides.of(session), "VMGPRS")


def where_floating(session: "DebugSession") -> str:
    """Where the guest's floating-point registers are."""
    return _where(Sides.of(session), "VMFPRS")


def _where(sides: Sides, block: str) -> str:
    if sides.cp is None or not sides.in_cpu:
        return f"{block} in its VMBLOK"
    if sides.cp.busy:
        return f"the real CPU still: CP has not saved them into {block} of its VMBLOK yet"
    return f"the real CPU while it runs; {block} of its VMBLOK is not up to date"


# ---- control ---------------------------------------------------------------------------------------------------------


def control(session: "DebugSession") -> list[ComparedValue]:
    """All sixteen control registers; a System/360 has none.  Without ECMODE a virtual machine has only number 0."""
    sides = Sides.of(session)
    if sides.system_360:
        return []
    mine, there = session.guest_control_registers(), sides.cpu.cr
    before = session.before.get(session.selected)
    return [
        ComparedValue(
            f"CR{n}",
            f"{mine[n]:08X}",
            f"{there[n]:08X}",
            explain.why_control_register(sides.system, sides.guest, n, mine[n], there[n]),
            bool(before and before.cr[n] != mine[n]),
            bool(before and before.real_cr[n] != there[n]),
            _real_control(sides, n) if sides.vm is not None else "",
        )
        for n in range(16)
    ]


_REAL: dict[int, str] = {
    2: "CP enables every channel, as it hears of every device",
    3: "no virtual machine has dual address spaces: the real one stays CP's",
    4: "no virtual machine has dual address spaces: the real one stays CP's",
    5: "no virtual machine has dual address spaces: the real one stays CP's",
    6: "it controls the VM assist; the topic assist has its bits",
    7: "no virtual machine has dual address spaces: the real one stays CP's",
    12: "it has no use on this machine, and CP does not load it",
    13: "it has no use on this machine, and CP does not load it",
    14: "machine checks and translation of ASNs are CP's",
    15: "machine-check extended logouts are CP's",
}


def where_control(session: "DebugSession") -> str:
    """Where the guest's control registers are.  SY20-0884 "VMBLOK", "ECBLOK"."""
    sides = Sides.of(session)
    vm, micblok = sides.vm, assisted(sides.cpu) if sides.in_cpu else None
    ecmode = vm is not None and vm.ecmode
    block = (
        "its ECBLOK"
        if ecmode
        else "VMVCR0 in its VMBLOK; without ECMODE it has no other, and they are as after a reset"
    )
    copy = f"the assist's copy at real {micblok.miccreg:06X}, to be saved in " if micblok is not None else ""
    return f"{copy}{block}"


def _real_control(sides: Sides, number: int) -> str:
    """Whose the real control register is, from the blocks themselves."""
    vm, real = sides.vm, sides.cpu.cr[number]
    assert vm is not None
    if number < 2:
        return _tables(sides, number)
    if number == 8:
        return _loaded(sides, "the monitor masks of a guest with ECMODE are loaded when it is dispatched")
    if 9 <= number <= 11:
        if vm.cp_per:
            return "CP records program events of this guest itself (TRACE, PER)"
        return _loaded(sides, "the PER controls of a guest with ECMODE are loaded when it is dispatched")
    if number == 2 and real != 0xFFFFFFFF:
        return "CP has not dispatched anybody yet"
    return _REAL[number]


def _loaded(sides: Sides, words: str) -> str:
    vm = sides.vm
    assert vm is not None
    has = "it has ECMODE" if vm.ecmode else "without ECMODE zeros are"
    return f"{words}; {has}"


def _tables(sides: Sides, number: int) -> str:
    """Control registers 0 and 1: whose tables the machine translates by."""
    cp, real = sides.cp, sides.cpu.cr[1]
    assert cp is not None
    for vm in cp.vms:
        if vm.shadow is not None and vm.shadow.exist and vm.shadow.cr1 == real:
            kind = "translation format of the" if number == 0 else "the"
            return f"the real one has {kind} shadow tables of {vm.vmuser}, which join its tables and CP's"
        if vm.vmseg == real:
            kind = "translation format and external masks, for the" if number == 0 else "CP's"
            whose = "CP's " if number == 0 else ""
            return f"the real one has {whose}{kind} tables of {vm.vmuser} from guest-real to real (VMSEG)"
    return "the real one is CP's; no guest that is logged on was dispatched last"
