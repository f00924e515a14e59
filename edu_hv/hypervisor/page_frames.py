"""Which page is in which frame: giving a frame to a page, and stealing one (DMKPTR).  Nothing here does I/O.

SY20-0886 "Real Storage Management".  Read next: `paging_queue`.
"""

from collections.abc import Callable
from dataclasses import replace

from edu_hv.hypervisor.core_table import CORTABLE, CoreTable
from edu_hv.hypervisor.paging_area import PagingArea
from edu_hv.hypervisor.virtual_storage import PROTECTION, RECORDED, VirtualStorage
from edu_hv.isa.codes import Key
from edu_hv.machine.cpu import CPU
from edu_hv.machine.storage import BLOCK_SHIFT, FRAME


class PageFrames:
    """The frames and the pages in them."""

    def __init__(self, real: CPU, core: CoreTable) -> None:
        self.real, self.memory, self.core = real, real.storage, core
        self.area: PagingArea | None = None
        self.on_steal: Callable[[VirtualStorage, int], None] = lambda storage, page: None
        """Told of each page of a guest that has lost its frame."""

    def fill(self, storage: VirtualStorage, page: int, frame: int, contents: bool = False) -> None:
        """Give the page the frame: cleared, unless the contents are there already."""
        if not contents:
            self.memory.write(frame, bytes(FRAME))
        block, entry = frame >> BLOCK_SHIFT, storage.entry(page)
        for half, key in enumerate(entry.keys):
            self.memory.keys[block + half] = key & PROTECTION
            storage.keep_key(page, half, key & RECORDED)
        self.memory.forget_mappings()
        storage.set_frame(page, frame)
        self.core[frame] = CORTABLE(storage, page, referenced=True)

    def victim(self) -> int:
        """The frame to steal next, or -1."""
        return self.core.find_victim(self._second_chance, self.may_go)

    def may_go(self, entry: CORTABLE) -> bool:
        """Whether a page may lose its frame: what was changed must have a slot to go to."""
        owner = entry.owner
        assert owner is not None
        frame = owner.frame_of(entry.page)
        if frame is None or not owner.stealable(self.core.real_changed(frame)):
            return False
        slot = owner.entry(entry.page).slot
        return slot is not None or not self.core.real_changed(frame) or not (self.area is None or self.area.full)

    def _second_chance(self, frame: int, entry: CORTABLE) -> None:
        """Reset the frame's reference bits, and keep for the guest what they were."""
        assert entry.owner is not None
        for half in (0, 1):
            block = (frame >> BLOCK_SHIFT) + half
            key = self.memory.keys[block]
            kept = entry.owner.entry(entry.page).keys[half]
            entry.owner.keep_key(entry.page, half, kept | key & RECORDED)
            self.memory.keys[block] = key & ~Key.REFERENCE
        self.memory.forget_mappings()

    def must_be_written(self, frame: int) -> bool:
        """Whether the contents would be lost."""
        return self.core[frame].owner is not None and self.core.real_changed(frame)

    def steal(self, frame: int) -> tuple[VirtualStorage, int]:
        """Take the frame from its page, whose keys and contents' place are noted; whose it was."""
        entry = self.core[frame]
        owner, page = entry.owner, entry.page
        assert owner is not None
        changed = self.core.real_changed(frame)
        owner.steals += 1
        self.unmap(owner, page)
        self.purge()
        self.core[frame] = CORTABLE(owner, page, transit=True, changed=changed)
        for user, start in owner.users():
            self.on_steal(user, start + page)
        return owner, page

    def unmap(self, owner: VirtualStorage, page: int) -> None:
        """Make the page invalid, with its keys in the SWPTABLE."""
        frame = owner.frame_of(page)
        assert frame is not None
        kept, block = owner.entry(page).keys, frame >> BLOCK_SHIFT
        for half in (0, 1):
            owner.keep_key(page, half, self.memory.keys[block + half] & 0xFE | kept[half] & RECORDED)
        owner.set_frame(page, None)
        for user, _ in owner.users():
            user.frames_lost = True

    def purge(self) -> None:
        """No translation made before is valid any more, in the TLB and in what CPUs keep of accesses."""
        self.real.tlb.purge()
        self.memory.forget_mappings()

    def slot_for(self, owner: VirtualStorage, page: int) -> int:
        """The page's slot, a new one when it has none yet."""
        entry = owner.entry(page)
        if entry.slot is not None:
            return entry.slot
        assert self.area is not None
        slot = self.area.allocate()
        owner.set_entry(page, replace(entry, slot=slot))
        return slot
