"""Which page is in which frame: giving a frame to a page, and stealing one (DMKPTR).  Nothing here does I/O.

SY20-0886 "Real Storage Management".  Read next: `paging_queue`.
"""

from collections.abc import Callable

from edu_hv.hypervisor.core_table import CORTABLE, CoreTable
from edu_hv.hypervisor.paging_area import PagingArea
from edu_hv.hypervisor.virtual_storage import BACKUP, PROTECTION, RECORDED, REFERENCED, VirtualStorage
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
        block = frame >> BLOCK_SHIFT
        for half, key in enumerate(storage.entry(page).keys):
            self.memory.keys[block + half] = key & PROTECTION
        storage.set_flags(page, storage.flags(page) & ~BACKUP)
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
        return (
            owner.slot(entry.page) is not None
            or not self.core.real_changed(frame)
            or not (self.area is None or self.area.full)
        )

    def _second_chance(self, frame: int, entry: CORTABLE) -> None:
        """Reset the frame's reference bits, and keep for the guest what they were."""
        assert entry.owner is not None
        self._keep_recorded(entry.owner, entry.page, frame)
        for block in (frame >> BLOCK_SHIFT, (frame >> BLOCK_SHIFT) + 1):
            self.memory.keys[block] &= ~Key.REFERENCE
        entry.owner.set_flags(entry.page, entry.owner.flags(entry.page) & ~REFERENCED)
        self.memory.forget_mappings()

    def _keep_recorded(self, owner: VirtualStorage, page: int, frame: int) -> None:
        """What the machine has recorded in the frame's keys is from now on in the SWPTABLE, for the guest."""
        for half, kept in enumerate(owner.entry(page).keys):
            owner.keep_key(page, half, kept | self.memory.keys[(frame >> BLOCK_SHIFT) + half] & RECORDED)

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
        self._keep_recorded(owner, page, frame)
        owner.set_frame(page, None)
        for user, _ in owner.users():
            user.frames_lost = True

    def purge(self) -> None:
        """No translation made before is valid any more, in the TLB and in what CPUs keep of accesses."""
        self.real.tlb.purge()
        self.memory.forget_mappings()

    def slot_for(self, owner: VirtualStorage, page: int) -> int:
        """The page's slot, a new one when it has none yet."""
        slot = owner.slot(page)
        if slot is None:
            assert self.area is not None
            slot = self.area.allocate()
            owner.set_slot(page, slot)
        return slot
