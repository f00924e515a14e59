"""The other way round: what is at a real address, and who comes there by which tables.  And all pages at a glance."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from edu_hv.debugger.microscope.views import FrameView, PageRange, PagesView
from edu_hv.debugger.viewing.storage import words_of_key
from edu_hv.hypervisor.control_program import ENTRY_POINTS, FREE_STORAGE
from edu_hv.hypervisor.core_table import CORTABLE
from edu_hv.isa.codes import MASK_24, PIC
from edu_hv.isa.errors import UserError
from edu_hv.machine.dat import SEGMENT_INVALID, SEGMENT_ZERO_BITS, table_format, walk
from edu_hv.machine.interruptions import ProgramInterruption
from edu_hv.machine.storage import FRAME

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession
    from edu_hv.debugger.system import System
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK
    from edu_hv.machine.dat import FetchReal

MOST_VIRTUAL = 8
"""So many guest-virtual addresses of one frame are named."""


def frame(session: "DebugSession", real: int) -> FrameView:
    """What is at a real address.  Raises UserError outside the machine's storage."""
    system = session.system
    machine, absolute = system.machine, system.machine.cpu.absolute(real)
    if absolute >= machine.storage.size:
        last = machine.storage.size - 1
        raise UserError(f"{real:06X} is past the end of real storage; its last byte is at {last:06X}")
    lines = [f"storage key of its 2K block: {words_of_key(machine.storage.key(absolute))}"]
    if system.cp is None:
        lines += [f"virtual {at:06X} leads here, by the tables of CR1" for at in _own_virtual(system, absolute)]
        return FrameView(real, absolute, "the program's: the bare machine has no CP", tuple(lines))
    owner, more = _owner(system.cp, absolute)
    return FrameView(real, absolute, owner, (*more, *lines))


# ---- whose it is -----------------------------------------------------------------------------------------------------


def _owner(cp: "ControlProgram", absolute: int) -> tuple[str, list[str]]:
    core = cp.paging.core
    if absolute < core.first:
        return _of_cp(cp, absolute), _piece(cp, absolute)
    entry = core[absolute & -FRAME]
    if entry.free_storage:
        return "CP's free storage, in a frame that was taken for it", _piece(cp, absolute)
    if entry.owner is None:
        held = "nobody's any more, but still locked" if entry.locks else "nobody's: the frame is free"
        return held, []
    names = [f"page {page:03X} of {vm.vmuser}" for vm, page in _users(cp, entry)]
    return " and ".join(names) or f"page {entry.page:03X} of the saved segment {entry.owner.userid}", [
        f"core-table entry: {_core_words(entry)}",
        *(line for vm, page in _users(cp, entry) for line in _comes_here(cp, vm, page, absolute)),
    ]


def _of_cp(cp: "ControlProgram", absolute: int) -> str:
    if absolute < FRAME:
        return "CP's: the prefixed storage area, with the real old and new PSWs (PSA)"
    module = next((name for name, at in ENTRY_POINTS.values() if at == absolute & ~0xFF), "")
    if module:
        return f"CP's: the entry point {module}"
    return "CP's free storage" if FREE_STORAGE[0] <= absolute < FREE_STORAGE[1] else "CP's"


def _piece(cp: "ControlProgram", absolute: int) -> list[str]:
    """Which piece of free storage it is, and what is known to be there."""
    taken = cp.free_storage.taken
    found = next(((at, size) for at, size in sorted(taken.items()) if at <= absolute < at + size), None)
    if found is None:
        return []
    at, size = found
    return [f"a piece of {size} bytes from {at:06X}{_what(cp, at)}"]


def _what(cp: "ControlProgram", at: int) -> str:
    for vm in cp.vms:
        if at == vm.storage.segment_table:
            return f": the segment table of {vm.vmuser} (VMSEG)"
        if at in vm.storage.pieces:
            return f": page tables and swap tables of {vm.vmuser}"
        if vm.shadow is not None and vm.shadow.exist and at == vm.shadow.cr1 & MASK_24:
            return f": the shadow segment table of {vm.vmuser}"
        if at == cp.assist.settings(vm).block:
            return f": the MICBLOK of {vm.vmuser}, with its virtual PSW and control registers"
    return ""


def _users(cp: "ControlProgram", entry: CORTABLE) -> list[tuple["VMBLOK", int]]:
    """Who maps the page that is in a frame, and its number there."""
    assert entry.owner is not None
    mapped = [(storage, base + entry.page) for storage, base in entry.owner.users()]
    return [(vm, page) for vm in cp.vms for storage, page in mapped if vm.storage is storage]


def _core_words(entry: CORTABLE) -> str:
    words = [f"locked {entry.locks} time{'s' if entry.locks > 1 else ''}"] if entry.locks else []
    words += ["CP has stored into it"] if entry.changed else []
    words += ["just brought in"] if entry.referenced else []
    words += ["paging I/O is under way"] if entry.transit else []
    return ", ".join(words) or "nothing special: it may be stolen"


def _comes_here(cp: "ControlProgram", vm: "VMBLOK", page: int, absolute: int) -> Iterator[str]:
    """The addresses of a guest that lead here: guest-real, and guest-virtual while its DAT is on."""
    here = page * FRAME + absolute % FRAME
    yield f"guest-real {here:06X} of {vm.vmuser} leads here, by CP's tables"
    if not vm.translating:
        return
    wanted = _virtual(vm.cpu.cr[0], vm.cpu.cr[1], vm.peek_or_addressing, here)
    yield from _named(f"guest-virtual {{}} of {vm.vmuser} leads here, by its own tables", wanted)


def _own_virtual(system: "System", absolute: int) -> list[int]:
    """The virtual addresses of the bare machine's program that lead to an absolute one."""
    cpu = system.machine.cpu
    if not cpu.psw.dat:
        return []
    return _virtual(cpu.cr[0], cpu.segment_table_designation, cpu.load_real, cpu.absolute(absolute))[:MOST_VIRTUAL]


def _named(form: str, addresses: list[int]) -> Iterator[str]:
    for at in addresses[:MOST_VIRTUAL]:
        yield form.format(f"{at:06X}")
    if len(addresses) > MOST_VIRTUAL:
        yield f"and {len(addresses) - MOST_VIRTUAL:,} more addresses"


def _virtual(cr0: int, designation: int, fetch: "FetchReal", wanted: int) -> list[int]:
    """Every virtual address that the tables lead to a real one, of all pages that they have."""
    layout = table_format(cr0)
    if layout is None:
        return []
    size, found = 1 << layout.page_shift, []
    for segment in range(min(((designation >> 24) + 1) * 16, 1 << 24 - layout.segment_shift)):
        if not _valid_segment((designation & 0x00FFFFC0) + segment * 4 & MASK_24, fetch):
            continue
        first = segment << layout.segment_shift
        for page in range(first, first + (1 << layout.segment_shift), size):
            try:
                real = walk(page, cr0, designation, fetch).real
            except ProgramInterruption:
                continue
            if real is not None and real == wanted & -size:
                found.append(page | wanted % size)
    return found


def _valid_segment(at: int, fetch: "FetchReal") -> bool:
    try:
        return not int.from_bytes(fetch(at, 4), "big") & (SEGMENT_INVALID | SEGMENT_ZERO_BITS)
    except ProgramInterruption:
        return False


# ---- all pages -------------------------------------------------------------------------------------------------------


def pages(session: "DebugSession") -> PagesView:
    """The pages of the selected guest as ranges that are in the same state."""
    guest, system = session.guest, session.system
    vm = guest.vm
    if vm is None:
        return _bare_pages(session)
    storage = vm.storage
    numbers = [*range(storage.pages)]
    numbers += [16 * n + p for n in sorted(storage.shared) for p in range(16) if 16 * n + p >= storage.pages]
    ranges = tuple(_joined([PageRange(page, page, _state(vm, page)) for page in numbers]))
    core = system.cp.paging.core if system.cp else ()
    title = f"{storage.pages} pages, {storage.resident} in frames; {len(core)} frames in all"
    return PagesView(guest.name, title, ranges)


def _state(vm: "VMBLOK", page: int) -> str:
    owner, number = vm.storage.place(page)
    frame_at, slot = vm.storage.frame_of(page), owner.slot(number)
    shared = f"shared segment {owner.userid}, " if owner.protected else ""
    if frame_at is not None:
        return f"{shared}in the frame at real {frame_at:06X}"
    return f"{shared}out, slot {slot}" if slot is not None else f"{shared}never stored into: no frame, no slot"


def _joined(found: list[PageRange]) -> Iterator[PageRange]:
    """Neighbours in the same state as one range; of pages that are in frames each has its own."""
    for _, group in groupby(enumerate(found), key=lambda one: (one[1].state, one[1].first - one[0])):
        first, *others = (each for _, each in group)
        yield replace(first, last=others[-1].last) if others else first


def _bare_pages(session: "DebugSession") -> PagesView:
    """The pages of the program's own tables, when its DAT is on."""
    cpu = session.system.machine.cpu
    layout = table_format(cpu.cr[0])
    if not cpu.psw.dat or layout is None:
        raise UserError("the bare machine's program has DAT off: it has no pages; its addresses are real ones")
    size, designation = 1 << layout.page_shift, cpu.segment_table_designation
    end = min(((designation >> 24) + 1) * 16 << layout.segment_shift, 1 << 24)
    found = []
    for page in range(0, end, size):
        state = _translated(page, designation, session)
        found.append(PageRange(page // size, page // size, state))
    return PagesView(session.selected, f"pages of {size // 1024}K by the tables of CR1", tuple(_joined(found)))


def _translated(page: int, designation: int, session: "DebugSession") -> str:
    cpu = session.system.machine.cpu
    try:
        found = walk(page, cpu.cr[0], designation, cpu.load_real)
    except ProgramInterruption as condition:
        return f"{PIC(condition.code).words} exception"
    if found.real is not None:
        return f"at real {found.real:06X}"
    assert found.fault is not None
    return f"invalid: {found.fault.words} exception"
