"""The rungs: guest-virtual to guest-real to real to absolute, and the shortcut that the machine takes.

GA22-7000 "Dynamic Address Translation"; SY20-0886 "Shadow Table Management", "Virtual Storage Management".
"""

from edu_hv.debugger.microscope.tables import Walked, entries, format_words, shortfall, walked
from edu_hv.debugger.microscope.target import Target
from edu_hv.debugger.microscope.views import EntryView, RungView
from edu_hv.debugger.viewing.storage import place_of
from edu_hv.hypervisor.dispatch import RUN_CR0
from edu_hv.hypervisor.virtual_storage import BACKUP, PAGE_SHIFT, SWAP_ENTRY, SWPFLAG, VirtualStorage
from edu_hv.isa.codes import CR0, MASK_24
from edu_hv.machine.dat import ANY_SPACE
from edu_hv.machine.storage import BLOCK, BLOCK_SHIFT, FRAME

Found = Walked | None


# ---- the walks -------------------------------------------------------------------------------------------------------


def own_walk(target: Target) -> Walked:
    """Through the tables that the program itself has made."""
    return walked(target.address, target.cr[0], target.designation, target.fetch_own)


def cp_walk(target: Target, guest_real: int) -> Walked:
    """Through CP's tables, from guest-real to real."""
    assert target.vm is not None
    return walked(guest_real, RUN_CR0, target.vm.vmseg, target.cpu.load_real)


def machine_walk(target: Target) -> Walked:
    """Through the tables that the machine itself uses while the guest runs, without the TLB."""
    cr0, designation = target.machine_tables
    return walked(target.address, cr0, designation, target.cpu.load_real)


def tlb_entries(target: Target) -> list[tuple[int, int]]:
    """The TLB's entries for the address in the format in use: designation (ANY_SPACE: a common segment), real block."""
    cr0, _ = target.machine_tables
    wanted = cr0 & CR0.TRANSLATION_FORMAT, target.address >> BLOCK_SHIFT
    found = target.cpu.tlb.entries.items()
    return sorted((space, real) for (layout, space, block), real in found if (layout, block) == wanted)


def tlb_hit(target: Target) -> int | None:
    """The real address that the TLB gives, which is used whatever the tables say; None when it has no entry."""
    if target.to_be_invalidated:
        return None
    known, designation = dict(tlb_entries(target)), target.machine_tables[1]
    block = known.get(designation, known.get(ANY_SPACE))
    return None if block is None else block | target.address & BLOCK - 1


def guest_real(target: Target) -> int | None:
    """The address in the storage that the program has; None when its own tables lead nowhere."""
    return own_walk(target).real if target.translated else target.address


# ---- rungs -----------------------------------------------------------------------------------------------------------


def rungs(target: Target) -> tuple[RungView, ...]:
    """All rungs, from the program's address downwards."""
    found: list[RungView] = []
    here: int | None = target.address
    if target.translated:
        found.append(_own_rung(target))
        here = found[-1].result
    if target.vm is not None and here is not None:
        found.append(_cp_rung(target, here))
        here = found[-1].result
    if target.vm is not None and target.translated and target.used_by_instructions:
        found.append(_shadow_rung(target))
        here = found[-1].result
    if here is not None:
        found.append(_prefix_rung(target, here))
    return tuple(found)


def _rung(title: str, found: Walked, rows: tuple[EntryView, ...], remarks: tuple[str, ...]) -> RungView:
    exception = found.code.words if found.code is not None else ""
    return RungView(title, found.address, found.real, exception, rows, (*remarks, *shortfall(found)))


def _own_rung(target: Target) -> RungView:
    """By the program's own tables."""
    found, bare = own_walk(target), target.vm is None
    number = 7 if target.secondary else 1
    table, size = target.designation & 0x00FFFFC0, ((target.designation >> 24) + 1) * 16
    kind = "real" if bare else "guest-real"
    remark = f"CR{number} {target.designation:08X}: segment table at {kind} {table:06X}, {size} entries"
    space = " (the secondary space)" if target.secondary else ""
    title = f"virtual to real{space}" if bare else "guest-virtual to guest-real, by the guest's own tables"
    rows = entries(found, lambda at: _where(target, at))
    if bare and target.used_by_instructions:
        rows += _tlb_rows(target, found)
    return _rung(f"{title}, {format_words(target.cr[0])}", found, rows, (remark,))


def _where(target: Target, at: int) -> str:
    """Where an entry of the program's own tables is."""
    if target.vm is None:
        return f"real {at:06X}"
    real = target.real_behind(at)
    behind = f"real {real:06X}" if real is not None else f"page {at >> PAGE_SHIFT:03X} is out"
    return f"guest-real {at:06X}, {behind}"


def _cp_rung(target: Target, at: int) -> RungView:
    """By CP's tables for the virtual machine."""
    vm = target.vm
    assert vm is not None
    found = cp_walk(target, at)
    rows = entries(found, lambda real: f"real {real:06X}")
    if vm.storage.addressable(at):
        rows += (_swap_row(vm.storage, at >> PAGE_SHIFT),)
    if not target.translated and target.used_by_instructions:
        rows += _tlb_rows(target, found)
    size = ((vm.vmseg >> 24) + 1) * 16
    remark = f"VMSEG {vm.vmseg:08X}: segment table at real {vm.vmseg & 0xFFFFC0:06X}, {size} entries"
    place = (place_of(vm, at >> PAGE_SHIFT),) if vm.storage.addressable(at) else (_beyond(vm.vmsize),)
    title = f"guest-real to real, by CP's tables for {target.guest.name}, {format_words(RUN_CR0)}"
    return _rung(title, found, rows, (remark, *place))


def _beyond(size: int) -> str:
    return f"the address is past the guest's storage, whose last byte is at {size - 1:06X}"


def _swap_row(storage: VirtualStorage, page: int) -> EntryView:
    """The swap-table entry of a page of the guest, or of the shared segment that is there."""
    owner, number = storage.place(page)
    at, entry = owner.swap_entry_address(number), owner.entry(number)
    slot = owner.slot(number)
    where = "no slot" if slot is None else f"slot {slot} of the paging area"
    shown = [f"keys {entry.keys[0]:02X} and {entry.keys[1]:02X}", where, *_flag_words(entry.flags)]
    text = storage.memory.read(at, SWAP_ENTRY).hex(" ", 4).upper()
    return EntryView(f"swap-table entry {number % 16:X}", f"real {at:06X}", text, ", ".join(shown), at)


def _flag_words(flags: int) -> list[str]:
    """SWPFLAG: CP's memory of real R and C bits that were reset, and whether the page is shared."""
    backed = " ".join(flag.name or "" for flag in SWPFLAG if flag & flags & BACKUP)
    words = [f"R and C bits that were reset: {backed}"] if backed else []
    return words + (["shared (SHR)"] if flags & SWPFLAG.SHR else [])


def _shadow_rung(target: Target) -> RungView:
    """By the shadow tables, which the machine really uses."""
    vm = target.vm
    assert vm is not None
    title = "guest-virtual to real, by the shadow tables, which the machine uses"
    if vm.shadow is None or not vm.shadow.exist:
        words = "there are none yet: CP builds them, all entries invalid, before the guest runs"
        return RungView(title, target.address, None, "page translation", (), (words,))
    found = machine_walk(target)
    rows = entries(found, lambda real: f"real {real:06X}") + _tlb_rows(target, found)
    cr0, cr1 = target.machine_tables
    size = ((cr1 >> 24) + 1) * 16
    remark = f"{'real CR1' if target.runs else 'shadow'} {cr1:08X}: segment table at real {cr1 & 0xFFFFC0:06X}"
    rung = _rung(f"{title}, {format_words(cr0)}", found, rows, (f"{remark}, {size} entries",))
    hit = tlb_hit(target)
    return rung if hit is None else RungView(rung.title, rung.address, hit, "", rung.entries, rung.remarks)


def _tlb_rows(target: Target, found: Walked) -> tuple[EntryView, ...]:
    """What the TLB has for the address."""
    _, designation = target.machine_tables
    rows = []
    for space, real in tlb_entries(target):
        used = space in (designation, ANY_SPACE)
        use = "used before any table is looked at" if used else "of another address space, so not used now"
        rows.append(EntryView("TLB entry", "", f"{real:06X}", f"by {_tables_of(target, space)}; {use}"))
    return tuple(rows) or (EntryView("TLB entry", "", "none", "so the tables are looked at"),)


def _tables_of(target: Target, designation: int) -> str:
    """Whose tables a designation in the TLB is, in words."""
    if designation == ANY_SPACE:
        return "the tables of a common segment"
    for vm in target.cp.vms if target.cp else ():
        if designation == vm.vmseg:
            return f"CP's tables for {vm.vmuser}"
        if vm.shadow is not None and vm.shadow.exist and designation == vm.shadow.cr1:
            return f"the shadow tables of {vm.vmuser}"
    return f"segment table {designation:08X}"


def _prefix_rung(target: Target, real: int) -> RungView:
    """By the real machine's prefix.  GA22-7000 "Prefixing"."""
    cpu = target.cpu
    absolute, prefix = cpu.absolute(real & MASK_24), cpu.prefix
    if not prefix:
        words = "the prefix is 000000: the same"
    elif absolute == real:
        words = f"the prefix is {prefix:06X}: only the first {FRAME} bytes and those at the prefix change places"
    else:
        words = f"the prefix is {prefix:06X}: the first {FRAME} bytes and those at the prefix change places"
    outside = absolute >= target.system.machine.storage.size
    result, exception = (None, "addressing") if outside else (absolute, "")
    return RungView("real to absolute, by the prefix", real, result, exception, (), (words,))
