"""The PSW field by field.  SY20-0886 "Dispatching"."""

from dataclasses import replace
from typing import TYPE_CHECKING

from edu_hv.debugger.comparing.sides import SAME, Sides
from edu_hv.debugger.viewing.registers import psw
from edu_hv.debugger.views import ComparedValue

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession
    from edu_hv.machine.psw import PSW

_MASK_BITS = ((0x40, "PER"), (0x04, "DAT"), (0x02, "I/O"), (0x01, "external"))


def values(session: "DebugSession") -> list[ComparedValue]:
    """The fields of the pane, and PER and the address space besides."""
    sides, real = Sides.of(session), session.real_psw()
    guest = session.guest_psw()
    fields = [*psw(session).fields, *_more(sides, guest, real)]
    if sides.cp is None:
        return fields
    return [replace(field, sentence=_sentence(sides, field, real)) for field in fields]


def where(session: "DebugSession") -> str:
    """Where the guest's PSW is now."""
    sides = Sides.of(session)
    cp, block = sides.cp, sides.psw_block
    if cp is None or not sides.in_cpu:
        return block
    if cp.busy and cp.work.interruption is not None:
        at = cp.work.interruption.kind.old_psw
        return f"{block}; address, key, CC and program mask are in the real old PSW at {at:06X} until CP has saved them"
    return f"{block}; but address, key, CC and program mask are in the real PSW while it runs"


def _more(sides: Sides, guest: "PSW", real: "PSW") -> list[ComparedValue]:
    pairs = (
        ("PER", "on" if guest.per else "off", "on" if real.per else "off"),
        ("address space", _space(guest), _space(real)),
    )
    return [ComparedValue(name, mine, there, _why(sides, mine == there)) for name, mine, there in pairs]


def _space(psw: "PSW") -> str:
    if not psw.dat:
        return "not translated"
    return "secondary" if psw.secondary_space else "primary"


def _why(sides: Sides, equal: bool) -> str:
    return sides.away or (SAME if equal else "as RUNPSW has it")


def _sentence(sides: Sides, field: ComparedValue, real: "PSW") -> str:
    """Why the real one is what it is."""
    vm = sides.vm
    if sides.away or not field.differs:
        return ""
    return {
        "mask": f"CP's RUNPSW has {_mask_words(real)}, whatever the guest masks",
        "state": "CP runs every guest in the problem state, so that privileged instructions trap (PRV-1, PRV-2)",
        "mode": "only an EC-mode PSW can have DAT on, and CP needs it on",
        "DAT": f"the machine translates by real CR1 {sides.cpu.cr[1]:08X}, {_tables(sides)}",
        "I/O": "CP hears of every real device, and keeps a guest's interruption until the guest allows it (IO-1)",
        "external": "CP hears of its own timers, be it for the end of a time slice (EXT-1)",
        "wait": "a guest that waits is not dispatched",
        "machine check": "machine checks are CP's",
        "PER": "TRACE or PER of the guest's operator" if vm is not None and vm.cp_per else "the guest does not run",
        "address space": f"the real PSW has DAT on, for {_tables(sides)}",
    }.get(field.name, "")


def _tables(sides: Sides) -> str:
    shadow = sides.vm is not None and sides.vm.translating
    return "the guest's shadow tables" if shadow else "CP's tables for the guest"


def _mask_words(real: "PSW") -> str:
    names = [name for bit, name in _MASK_BITS if real.system_mask & bit]
    return f"{', '.join(names)} on (mask {real.system_mask:02X})"
