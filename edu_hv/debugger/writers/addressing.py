"""Storage locations: of addresses as a program uses them, and of absolute addresses as the machine did."""

from typing import TYPE_CHECKING

from edu_hv.debugger.microscope.ladder import own_walk
from edu_hv.debugger.microscope.target import LOGICAL, Target
from edu_hv.debugger.writers.locations import REAL, StorageLocation, vm_of
from edu_hv.isa.errors import UserError
from edu_hv.machine.storage import BLOCK, FRAME

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession
    from edu_hv.debugger.system import System

LONGEST = 4096
"""Bytes that can be asked about at once."""


def named(address: int, length: int) -> str:
    """As CP's DISPLAY writes it: "000600.4"; the length is hexadecimal, too."""
    return f"{address:06X}.{length:X}"


def storage_at(session: "DebugSession", address: int, length: int, guest: str) -> StorageLocation:
    """Storage of a guest, or of the bare machine's program, as its PSW takes the address now.

    Raises UserError outside its storage, and where its tables lead nowhere.
    """
    if not 1 <= length <= LONGEST:
        raise UserError(f"{length} bytes cannot be asked about at once; at most {LONGEST}")
    pieces = tuple(_piece(session, at, size, guest) for at, size in _within(address, length, BLOCK))
    return StorageLocation(guest, _joined(pieces), named(address, length))


def _within(address: int, length: int, size: int) -> list[tuple[int, int]]:
    """The area in parts that do not go over a multiple of `size`."""
    found, end = [], address + length
    while address < end:
        part = min(size - address % size, end - address)
        found.append((address, part))
        address += part
    return found


def _piece(session: "DebugSession", address: int, length: int, guest: str) -> tuple[int, int]:
    psw, cr = session.guest_psw(guest), tuple(session.guest_control_registers(guest))
    held = Target(session.system, session.system.guest(guest), address, LOGICAL, psw, cr)
    real = own_walk(held).real if held.translated else address
    if real is None:
        raise UserError(f"{address:06X} is mapped to nothing now: address {address:06X} shows why")
    vm = held.vm
    if vm is not None:
        if not vm.storage.addressable(real + length - 1):
            raise UserError(f"{real:06X} is outside the storage of {guest}, whose last byte is at {vm.vmsize - 1:06X}")
        return real, length
    absolute, size = held.cpu.absolute(real), session.system.machine.storage.size
    if absolute + length > size:
        raise UserError(f"{absolute:06X} is outside real storage, whose last byte is at {size - 1:06X}")
    return absolute, length


def _joined(pieces: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    """Neighbours within a page are one piece."""
    found: list[tuple[int, int]] = []
    for at, length in pieces:
        last = found[-1] if found else None
        if last and sum(last) == at and at % FRAME:
            found[-1] = last[0], last[1] + length
        else:
            found.append((at, length))
    return tuple(found)


def real_storage(session: "DebugSession", absolute: int, length: int) -> StorageLocation:
    """Storage of the real machine.  Raises UserError outside it."""
    size = session.system.machine.storage.size
    if not 1 <= length <= LONGEST:
        raise UserError(f"{length} bytes cannot be asked about at once; at most {LONGEST}")
    if absolute + length > size:
        raise UserError(f"{absolute:06X} is outside real storage, whose last byte is at {size - 1:06X}")
    return StorageLocation(REAL, tuple(_within(absolute, length, FRAME)), named(absolute, length))


def of_guest(system: "System", owner: str, address: int, length: int) -> StorageLocation:
    """Storage by guest-real address, or, where there is no virtual machine of that name, by absolute address."""
    return StorageLocation(owner, tuple(_within(address, max(length, 1), FRAME)), named(address, length))


def of_absolute(
    system: "System", owner: str, absolute: int, length: int, logical: int | None = None
) -> StorageLocation:
    """The same bytes as the storage of a guest; of the real machine when they are none of its.

    `logical`: how the guest calls it.
    """
    vm = vm_of(system, owner)
    if vm is None:
        return of_guest(system, owner if system.cp is None else REAL, absolute, length)
    frame = absolute & -FRAME
    page = next((page for page in range(vm.storage.pages) if vm.storage.frame_of(page) == frame), None)
    if page is None:
        return of_guest(system, REAL, absolute, length)
    found = of_guest(system, owner, page * FRAME + absolute % FRAME, length)
    if logical is None or logical == page * FRAME + absolute % FRAME:
        return found
    return StorageLocation(owner, found.pieces, named(logical, length))
