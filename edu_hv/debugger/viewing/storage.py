"""Guest storage, with the real addresses behind it."""

from typing import TYPE_CHECKING

from edu_hv.debugger.views import StorageRow, StorageView
from edu_hv.hypervisor.control_program import FREE_STORAGE
from edu_hv.isa.errors import UserError
from edu_hv.machine.storage import FRAME

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession
    from edu_hv.hypervisor.vmblok import VMBLOK

ROW = 16
"""Bytes in a row of the storage view."""
MOST_ROWS = 4096

_LETTERS = "".join(c if c.isprintable() and c.isascii() else "." for c in bytes(range(256)).decode("cp037"))
"""The EBCDIC character of each byte, a full stop for those without one."""


def storage(session: "DebugSession", address: int | None, length: int) -> StorageView:
    """Rows of guest storage; without an address, around what the last step stored."""
    size = session.storage_size()
    if address is None:
        address = min(_last_stored(session), size - 1)
    places = _places(address, length, size, "the guest's storage")
    text = session.guest_storage(places.start, len(places) * ROW)
    changed = _changed(session)
    rows = tuple(
        _row(at, session.real_address(at), text[at - places.start : at - places.start + ROW], changed) for at in places
    )
    return StorageView(session.selected, rows, _key_words(session, places.start), _page_words(session, places))


REAL = "real"
"""What the owner of a view of real storage is called."""


def real_storage(session: "DebugSession", address: int, length: int) -> StorageView:
    """Rows of the real machine's storage, CP's own included.  Addresses are real."""
    machine = session.system.machine
    places = _places(address, length, machine.storage.size, "real storage")
    changed = _changed(session)
    rows = tuple(_row(at, at, machine.cpu.load_real(at, ROW), changed) for at in places)
    return StorageView(REAL, rows, words_of_key(machine.storage.key(places.start)))


def _places(address: int, length: int, size: int, what: str) -> range:
    """The addresses of the rows that show `length` bytes from `address`.  Raises UserError outside `size` bytes."""
    if not 0 <= address < size:
        raise UserError(f"{address:06X} is past the end of {what}; its last byte is at {size - 1:06X}")
    start = address & ~(ROW - 1)
    return range(start, min(address + max(length, 1), start + MOST_ROWS * ROW, size), ROW)


def _changed(session: "DebugSession") -> set[int]:
    """Real addresses of the bytes that the last step or stage stored."""
    return {byte for stored in session.stored for byte in range(stored.absolute, stored.absolute + len(stored.new))}


def _last_stored(session: "DebugSession") -> int:
    """The lowest address of the guest that the program's last step stored into; else that of the next instruction."""
    reals = {stored.absolute for stored in session.stored_by_program}
    if session.system.cp is not None:
        reals = {real for real in reals if real >= FREE_STORAGE[1]}  # Below is CP's own storage.
    if not reals:
        return session.guest_psw().instruction_address
    for page in range(0, session.storage_size(), FRAME):
        real = session.real_address(page)
        inside = [r for r in reals if real is not None and real <= r < real + FRAME]
        if inside and real is not None:
            return page + min(inside) - real
    return session.guest_psw().instruction_address


def _row(address: int, real: int | None, text: bytes, changed: set[int]) -> StorageRow:
    offsets = frozenset(n for n in range(ROW) if changed and real is not None and real + n in changed)
    words = text.hex(" ", -4).upper().split()
    return StorageRow(address, real, tuple(words), "".join(_LETTERS[byte] for byte in text), offsets)


def _page_words(session: "DebugSession", places: range) -> tuple[str, ...]:
    """Where each of the guest's pages is that the rows show."""
    vm = session.guest.vm
    if vm is None:
        return ()
    return tuple(place_of(vm, page) for page in range(places.start // FRAME, (places[-1]) // FRAME + 1))


def place_of(vm: "VMBLOK", page: int) -> str:
    """Where a page of a guest is.  Looks only: nothing is paged in."""
    owner, number = vm.storage.place(page)
    frame, slot = vm.storage.frame_of(page), owner.slot(number)
    shared = ", shared" if owner.protected else ""
    if frame is not None:
        copy = "" if slot is None else f"; its copy is in the paging area, slot {slot}"
        return f"page {page:03X} is in the frame at real {frame:06X}{shared}{copy}"
    requests = vm.storage.paging.queue.requests
    if any(who[0] is owner and who[1] == number for request in requests for who in request.wanted):
        return f"page {page:03X} is on its way in"
    if slot is not None:
        return f"page {page:03X} is in the paging area, slot {slot}{shared}: it has no frame"
    return f"page {page:03X} has no frame and no slot: it is all zeros, as nobody has stored into it"


def _key_words(session: "DebugSession", address: int) -> str:
    """Of the bare machine the real key; under CP the key as the guest has it, wherever its page is."""
    vm = session.guest.vm
    return words_of_key(session.system.machine.storage.key(address) if vm is None else vm.storage.peek_key(address))


def words_of_key(key: int) -> str:
    """A storage key in words: "key 0, referenced, changed"."""
    bits = [name for bit, name in ((8, "fetch protected"), (4, "referenced"), (2, "changed")) if key & bit]
    return ", ".join([f"key {key >> 4:X}", *bits])
