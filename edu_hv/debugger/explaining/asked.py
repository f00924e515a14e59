"""The words of the machine that a person asks about, as they are: the guest's, and the real ones where they differ."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from edu_hv.debugger.explaining import bits, table_bits
from edu_hv.debugger.explaining.views import BitsView
from edu_hv.devices.device import IODevice
from edu_hv.hypervisor.dispatch import RUN_CR0
from edu_hv.isa.codes import PSA
from edu_hv.isa.errors import UserError
from edu_hv.machine.dat import SEGMENT_INVALID, TableFormat, table_format
from edu_hv.machine.events import CCWExecuted
from edu_hv.machine.interruptions import ProgramInterruption

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession
    from edu_hv.hypervisor.vmblok import VMBLOK


def _both(session: "DebugSession", mine: BitsView, real: BitsView) -> list[BitsView]:
    """The guest's, and the real machine's unless it is the same; on the bare machine there is one."""
    same = session.guest.vm is None or mine.value == real.value
    return [mine] if same else [mine, real]


def _titles(session: "DebugSession", what: str) -> tuple[str, str]:
    if session.guest.vm is None:
        return what, what
    return f"{what} of {session.selected}", f"{what} of the real machine"


def psws(session: "DebugSession") -> list[BitsView]:
    """The current PSW, the guest's and the real one."""
    mine, real = _titles(session, "PSW")
    guest, there = session.guest_psw().to_bytes(), session.real_psw().to_bytes()
    return _both(session, bits.psw(guest, mine), bits.psw(there, real))


def csws(session: "DebugSession") -> list[BitsView]:
    """The CSW at real 40, in the guest's storage and in real storage."""
    mine, real = _titles(session, "CSW at 000040")
    guest, there = session.guest_storage(PSA.CSW, 8), session.system.machine.cpu.load_real(PSA.CSW, 8)
    return _both(session, bits.csw(guest, mine), bits.csw(there, real))


def caws(session: "DebugSession") -> list[BitsView]:
    """The CAW at real 48."""
    mine, real = _titles(session, "CAW at 000048")
    guest, there = session.guest_storage(PSA.CAW, 4), session.system.machine.cpu.load_real(PSA.CAW, 4)
    return _both(session, bits.caw(guest, mine), bits.caw(there, real))


def ccw_at(session: "DebugSession", address: int, device: int | None) -> BitsView:
    """The CCW at an address of the guest, as a device takes it: the one named, or that which executed it last."""
    data = session.guest_storage(address, 8)
    number = _device_of(session, address) if device is None else device
    title = f"CCW at {address:06X}" + ("" if number is None else f" for device {number:03X}")
    return bits.ccw(data, None if number is None else device_at(session, number), title)


def _device_of(session: "DebugSession", address: int) -> int | None:
    last = session.journal.last_where(lambda e: isinstance(e.event, CCWExecuted) and e.event.address == address)
    return last.event.device if last is not None and isinstance(last.event, CCWExecuted) else None


def device_at(session: "DebugSession", number: int) -> IODevice | None:
    """The selected guest's device of that address; None for one that is no device with commands.

    Raises UserError when there is none.
    """
    channels = session.system.machine.channels.devices
    vm = session.guest.vm
    found: object = channels.get(number)
    if vm is not None:
        vdev = vm.devices.lookup(number)
        if vdev is None:
            raise UserError(f"{session.selected} has no device {number:03X}; devices lists those there are")
        found = vdev.device if vdev.device is not None else channels.get(vdev.real or -1)
    if found is None:
        raise UserError(f"there is no device {number:03X}; devices lists those there are")
    return found if isinstance(found, IODevice) else None


def control_registers(session: "DebugSession", number: int) -> list[BitsView]:
    """A control register, the guest's and the real one."""
    mine, real = _titles(session, f"control register {number}")
    guest, there = session.guest_control_registers()[number], session.system.machine.cpu.cr[number]
    return _both(
        session, table_bits.control_register(number, guest, mine), table_bits.control_register(number, there, real)
    )


def keys(session: "DebugSession", address: int) -> list[BitsView]:
    """The storage key of an address of the guest, and of the real frame it is in."""
    mine, real = _titles(session, f"storage key of {address:06X}")
    vm, storage = session.guest.vm, session.system.machine.storage
    if vm is None:
        return [bits.storage_key(storage.key(address), mine)]
    there = session.real_address(address)
    guest = bits.storage_key(vm.storage.peek_key(address), mine)
    if there is None:
        return [guest]
    return _both(session, guest, bits.storage_key(storage.key(there), f"{real}, at {there:06X}"))


def clocks(session: "DebugSession") -> BitsView:
    """The TOD clock, which all guests share."""
    return bits.clock(session.system.machine.clocks.tod)


# ---- tables ----------------------------------------------------------------------------------------------------------


TABLES = ("own", "shadow", "cp")
"""Whose tables can be asked for by name: the guest's, those that join both translations, CP's for the guest."""


def segment_entries(session: "DebugSession", address: int, tables: str = "") -> list[BitsView]:
    """The segment-table entries for an address of the guest: its own where it translates, and the machine's for it.

    `tables`: one of `TABLES` for those alone.  Raises UserError where there are none.
    """
    return _entries(session, address, tables, _segment_view)


def page_entries(session: "DebugSession", address: int, tables: str = "") -> list[BitsView]:
    """The page-table entries for an address of the guest, as `segment_entries` takes it."""
    return _entries(session, address, tables, _page_view)


def _entries(session: "DebugSession", address: int, tables: str, view: "_View") -> list[BitsView]:
    vm, dat = session.guest.vm, session.guest_psw().dat
    if vm is None and tables not in ("", "own"):
        raise UserError(f"this is the bare machine: it has no {tables} tables, only its own")
    found: list[BitsView] = []
    if vm is None or tables == "own" or (dat and not tables):
        own = view(address, session.guest_control_registers(), "", session.guest_storage)
        found.append(own if vm is None else _guest_real(own))
    if vm is not None and tables != "own":
        _add_real(session, vm, tables or ("shadow" if dat else "cp"), address, view, found)
    return found


def _guest_real(own: BitsView) -> BitsView:
    """What a guest takes for a real address is one of its own."""
    rows = [replace(row, meaning=_REAL.sub(r"\1guest-real", row.meaning)) for row in own.rows]
    return replace(own, rows=tuple(rows))


_REAL = re.compile(r"\b(at |^)real\b")


def _add_real(
    session: "DebugSession", vm: "VMBLOK", tables: str, address: int, view: "_View", found: list[BitsView]
) -> None:
    """The entry that the real machine uses for the guest; a remark where there is none, as of a shadow not yet made."""
    whose = {"shadow": "the shadow table, ", "cp": "CP's table, "}[tables]
    try:
        found.append(view(address, _designation(session, vm, tables), whose, session.system.machine.cpu.load_real))
    except UserError as error:
        if not found:
            raise
        found[-1] = replace(found[-1], remarks=(*found[-1].remarks, f"{whose}by which the machine translates: {error}"))


def _designation(session: "DebugSession", vm: "VMBLOK", tables: str) -> list[int]:
    """Control registers 0 and 1 with which the real machine takes the tables, whether the guest runs now or not."""
    if tables == "cp":
        return [RUN_CR0, vm.vmseg]
    if vm.shadow is None or not vm.shadow.exist:
        raise UserError(f"{session.selected} has no shadow tables now: CP makes them to run it with its DAT on")
    return [vm.shadow.cr0, vm.shadow.cr1]


_Fetch = Callable[[int, int], bytes]
_View = Callable[[int, list[int], str, _Fetch], BitsView]


def _layout(cr0: int) -> TableFormat:
    layout = table_format(cr0)
    if layout is None:
        raise UserError("control register 0 bits 8-12 name no table format: there are no tables to look at")
    return layout


def _segment(address: int, cr: list[int], fetch: _Fetch) -> tuple[int, int]:
    """Real address and contents of the segment-table entry.  Raises UserError where there is none."""
    layout = _layout(cr[0])
    number = address >> layout.segment_shift
    at = (cr[1] & 0x00FFFFC0) + number * 4 & 0xFFFFFF
    if number >> 4 > cr[1] >> 24:
        raise UserError(f"segment {number:X} of {address:06X} is past the end of the segment table that CR1 names")
    return at, int.from_bytes(_fetched(fetch, at, 4), "big")


def _fetched(fetch: _Fetch, at: int, length: int) -> bytes:
    try:
        return fetch(at, length)
    except ProgramInterruption:
        raise UserError(f"the table is at {at:06X}, outside storage") from None


def _segment_view(address: int, cr: list[int], whose: str, fetch: _Fetch) -> BitsView:
    at, entry = _segment(address, cr, fetch)
    return table_bits.segment_entry(entry, cr[0], f"{whose}segment-table entry for {address:06X}, at {at:06X}")


def _page_view(address: int, cr: list[int], whose: str, fetch: _Fetch) -> BitsView:
    layout = _layout(cr[0])
    segment_at, segment = _segment(address, cr, fetch)
    if segment & SEGMENT_INVALID:
        raise UserError(
            f"the segment-table entry for {address:06X}, at {segment_at:06X}, is invalid: it has no page table"
        )
    if layout.page_index(address) * 16 // layout.pages_in_segment > segment >> 28:
        raise UserError(f"{address:06X} is past the end of the page table of its segment")
    at = layout.page_entry_address(segment, address)
    entry = int.from_bytes(_fetched(fetch, at, 2), "big")
    return table_bits.page_entry(entry, cr[0], f"{whose}page-table entry for {address:06X}, at {at:06X}")
