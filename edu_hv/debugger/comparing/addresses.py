"""Addresses: the next instruction at every level, page 0, the prefix, the translation format, the size of storage."""

from typing import TYPE_CHECKING

from edu_hv.debugger import microscope
from edu_hv.debugger.comparing.sides import NONE, SAME, Sides, same
from edu_hv.debugger.microscope.ladder import guest_real
from edu_hv.debugger.microscope.tables import format_words
from edu_hv.debugger.viewing.storage import place_of
from edu_hv.debugger.views import ComparedValue
from edu_hv.machine.storage import FRAME

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession

UNTRANSLATED = "not translated"


def values(session: "DebugSession") -> list[ComparedValue]:
    """What an address is to the guest, and what it is in the machine."""
    sides = Sides.of(session)
    at = session.guest_psw().instruction_address
    return [
        _location(sides, "next instruction", at, microscope.LOGICAL),
        _location(sides, "page 0", 0, "guest-real"),
        _prefix(sides),
        _format(sides),
        _size(sides),
    ]


def _location(sides: Sides, name: str, address: int, space: str) -> ComparedValue:
    """One address, and where it is in the end."""
    held = microscope.target(sides.session, address, space)
    here = guest_real(held)
    if sides.vm is None:
        absolute = f"{sides.cpu.absolute(here):06X}" if here is not None else NONE
        how = f"{address:06X}" if absolute == f"{address:06X}" else f"{address:06X} = absolute {absolute}"
        return same(name, how)
    real = None if here is None else held.real_behind(here)
    steps = f"guest-virtual {address:06X} is guest-real {here:06X}; " if held.translated and here is not None else ""
    if here is None:
        words = "the guest's own tables have no valid entry for it"
    elif not sides.vm.storage.addressable(here):
        words = f"{steps}that is past the end of the guest's storage"
    else:
        words = f"{steps}{place_of(sides.vm, here // FRAME)}"
    shown = f"{real:06X}" if real is not None else NONE
    return ComparedValue(name, f"{address:06X}", shown, _short(sides, real, here), sentence=words)


def _short(sides: Sides, real: int | None, here: int | None) -> str:
    if real is not None:
        return "CP's tables for the guest"
    return "no valid entry of its own" if here is None else "the page is not in storage"


def _prefix(sides: Sides) -> ComparedValue:
    real = f"{sides.cpu.prefix:06X}"
    words = "a virtual machine has one CPU and no prefix: SET PREFIX is an operation exception there (PRV-3)"
    return sides.compared("prefix", "000000", real, SAME if real == "000000" else "CP's own", words)


def _format(sides: Sides) -> ComparedValue:
    """The translation that each has on."""
    psw, cr0 = sides.session.guest_psw(), sides.session.guest_control_registers()[0]
    real_psw, real_cr0 = sides.cpu.psw, sides.cpu.cr[0]
    mine = format_words(cr0) if psw.dat else UNTRANSLATED
    there = format_words(real_cr0) if real_psw.dat else UNTRANSLATED
    why = SAME if mine == there else sides.away or "CP translates for the guest"
    words = "with the guest's DAT off CP's tables map guest-real to real; with it on shadow tables join both"
    return sides.compared("translation", mine, there, why, words)


def _size(sides: Sides) -> ComparedValue:
    mine, there = sides.session.storage_size(), sides.machine.storage.size
    words = f"the guest's storage is virtual (VMSIZE); {_resident(sides)}"
    return sides.compared("storage", _kilo(mine), _kilo(there), "VMSIZE is not the real one's", words)


def _kilo(size: int) -> str:
    return f"{size // 1024}K"


def _resident(sides: Sides) -> str:
    if sides.vm is None:
        return ""
    return f"{sides.vm.storage.resident} of its {sides.vm.storage.pages} pages are in frames"
