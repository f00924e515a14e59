"""What is out of step between the tables of the program, of CP and of the machine, and the storage keys at each level.

SY20-0886 "Shadow Table Management", "Storage Key Simulation".
"""

from edu_hv.debugger.microscope.ladder import cp_walk, guest_real, machine_walk, own_walk, tlb_hit
from edu_hv.debugger.microscope.target import Target
from edu_hv.debugger.viewing.storage import words_of_key
from edu_hv.hypervisor.virtual_storage import PAGE_SHIFT
from edu_hv.isa.codes import Key
from edu_hv.machine.storage import BLOCK_SHIFT


def flags(target: Target) -> tuple[str, ...]:
    """What is stale and what is missing, in words."""
    if not target.used_by_instructions:
        return ()
    return (*_invalidation(target), *_stale_tlb(target), *_shadow(target), *_shared(target))


def _shared(target: Target) -> tuple[str, ...]:
    """A page of a shared segment.  GC20-1807 "Shared Segment Protection"."""
    vm, here = target.vm, guest_real(target)
    if vm is None or here is None or not vm.storage.addressable(here):
        return ()
    owner, _ = vm.storage.place(here >> PAGE_SHIFT)
    if not owner.protected:
        return ()
    words = f"a page of the shared segment {owner.userid}: a store is made, but CP looks for altered pages"
    return (f"{words} when it switches to another guest",)


def _invalidation(target: Target) -> tuple[str, ...]:
    if not target.to_be_invalidated:
        return ()
    vm = target.vm
    assert vm is not None
    why = "a frame of the guest was stolen (VMESTAT INVPAG)" if vm.storage.frames_lost else "the format is another one"
    if vm.shadow is not None and not vm.shadow.exist:
        why = "there are no shadow tables yet"
    return (f"before the guest runs again CP makes all shadow entries invalid: {why}",)


def _stale_tlb(target: Target) -> tuple[str, ...]:
    """A TLB entry that is no longer what the tables say: the architecture allows it until PTLB."""
    hit = tlb_hit(target) if target.vm is not None or target.translated else None
    if hit is None:
        return ()
    now = machine_walk(target)
    if now.real == hit:
        return ()
    says = f"real {now.real:06X}" if now.real is not None else f"{now.code.words} exception" if now.code else "nothing"
    return (f"stale TLB entry: it says real {hit:06X}, the tables say {says}; it is used until PTLB",)


def _shadow(target: Target) -> tuple[str, ...]:
    """How the shadow entry compares with what the two translations that it joins give."""
    vm = target.vm
    if vm is None or not target.translated or vm.shadow is None or target.to_be_invalidated:
        return ()
    shadow, real = machine_walk(target).real, _joined(target)
    if shadow is None and real is not None:
        return ("missing shadow entry: the guest's page is valid and in real storage; it is filled at the first use",)
    if shadow is None or shadow == real:
        return ()
    code = own_walk(target).code
    says = f"real {real:06X}" if real is not None else f"{code.words} exception" if code else "a page that is out"
    return (
        f"stale shadow entry: it says real {shadow:06X}, the guest's own table now says {says}; "
        "the guest has changed its table without PTLB",
    )


def _joined(target: Target) -> int | None:
    """Where the guest's tables and CP's lead together."""
    here = guest_real(target)
    if here is None or target.vm is None or not target.vm.storage.addressable(here):
        return None
    return cp_walk(target, here).real


def keys(target: Target) -> tuple[str, ...]:
    """The storage key at each level."""
    here, vm, machine = guest_real(target), target.vm, target.system.machine
    if here is None:
        return ()
    if vm is None:
        absolute = machine.cpu.absolute(here)
        return (
            (f"of the block: {words_of_key(machine.storage.key(absolute))}",) if absolute < machine.storage.size else ()
        )
    if not vm.storage.addressable(here):
        return ()
    owner, page = vm.storage.place(here >> PAGE_SHIFT)
    half = here >> BLOCK_SHIFT & 1
    kept, frame = owner.entry(page).keys[half], owner.frame_of(page)
    said = f"the guest is told: {words_of_key(vm.storage.peek_key(here))}"
    table = f"swap table (SWPKEY{half + 1}): {kept:02X}, {words_of_key(kept)}"
    if frame is None:
        return said, table, "the page has no frame, so there is no real key"
    real = machine.storage.keys[(frame >> BLOCK_SHIFT) + half]
    joined = kept | real & (Key.REFERENCE | Key.CHANGE)
    return said, table, f"real: {real:02X}, {words_of_key(real)}; reference and change joined are {joined & 6:02X}"
