"""Segments of 64K that several guests share (DMKVMA, DMKCFG): one set of pages and one page table for all.

GC20-1807 "Shared Segment Protection".  Every page of a segment has a slot that is never written again, so a page that a
guest has altered can be thrown away and comes back as it was.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from edu_hv.hypervisor.paging_area import PagingFailure
from edu_hv.hypervisor.virtual_storage import PAGES_IN_SEGMENT, PROTECTION, SEGMENT, SWPFLAG, VirtualStorage
from edu_hv.isa.errors import UserError
from edu_hv.machine.storage import BLOCK, FRAME

if TYPE_CHECKING:
    from edu_hv.hypervisor.paging import Paging


class SharedSegment(VirtualStorage):
    """The pages of a segment that is not part of a guest's storage: of a saved system, or a private copy of that.

    `exclusive`: one guest alone has it, and may change it.
    """

    def __init__(self, paging: "Paging", name: str) -> None:
        super().__init__(paging, SEGMENT, name)
        self.exclusive = True

    @property
    def protected(self) -> bool:
        """Whether guests may not change it, nor its keys."""
        return not self.exclusive

    def users(self) -> Iterator[tuple[VirtualStorage, int]]:
        """Who maps these pages, and where page 0 of them is there."""
        for storage in self.paging.storages:
            for segment, shared in storage.shared.items():
                if shared is self:
                    yield storage, segment * PAGES_IN_SEGMENT

    def stealable(self, changed: bool) -> bool:
        """An altered page is left alone until CP has seen who altered it."""
        return self.exclusive or not changed


def define(paging: "Paging", name: str, contents: bytes, keys: bytes) -> SharedSegment:
    """A segment with these contents, 64K, and these storage keys, 32.  Nobody shares it yet.

    Raises UserError without a paging area with room, PagingFailure, MemoryError.
    """
    area, used = paging.area, [page for page in range(PAGES_IN_SEGMENT) if any(_page(contents, page))]
    if area is None or area.slots - area.slots_in_use < len(used):
        raise UserError(f"segment {name} cannot be shared: there is no room for it in the paging area")
    segment = define_exclusive(paging, name, contents, keys)
    for page in used:
        frame = segment.frame_of(page)
        if frame is not None and paging.core.real_changed(frame) and not paging.write_out(frame):
            paging.release(segment)
            raise UserError(f"segment {name} cannot be written to the paging area")
    segment.exclusive = False
    for page in range(PAGES_IN_SEGMENT):
        segment.set_flags(page, segment.flags(page) | SWPFLAG.SHR)
    return segment


def define_exclusive(paging: "Paging", name: str, contents: bytes, keys: bytes) -> SharedSegment:
    """The same for one guest alone (LOADNSH).  Raises PagingFailure, MemoryError, and keeps nothing."""
    segment = SharedSegment(paging, name)
    paging.storages.append(segment)
    for block, key in enumerate(keys):
        segment.keep_key(block >> 1, block & 1, key & PROTECTION)
    try:
        for page in range(PAGES_IN_SEGMENT):
            if any(_page(contents, page)):
                frame = paging.bring(segment, page)
                paging.memory.write(frame, _page(contents, page))
                paging.core.mark_changed(frame)
    except PagingFailure:
        paging.release(segment)
        raise
    return segment


def _page(contents: bytes, page: int) -> bytes:
    return contents[page * FRAME : (page + 1) * FRAME]


def attach(paging: "Paging", storage: VirtualStorage, segment: int, shared: SharedSegment) -> None:
    """Map a shared segment at a segment number of the guest, whose own pages there are released.

    Raises UserError when one of them is locked, MemoryError when the segment table cannot become longer.
    """
    own = range(segment * PAGES_IN_SEGMENT, min((segment + 1) * PAGES_IN_SEGMENT, storage.pages))
    if segment in storage.shared:
        detach(paging, storage, segment)
    if any((frame := storage.frame_of(page)) is not None and paging.core[frame].locks for page in own):
        raise UserError(f"segment {segment:X} of {storage.userid} is in use by a channel program")
    if own:
        paging.release_pages(storage, own[0], own[-1])
    _map(paging, storage, segment, shared)


def _map(paging: "Paging", storage: VirtualStorage, segment: int, shared: SharedSegment) -> None:
    storage.map_segment(segment, shared)
    storage.frames_lost = True
    paging.purge()


def detach(paging: "Paging", storage: VirtualStorage, segment: int) -> None:
    """Undo `attach`.  A private copy is gone then."""
    shared = storage.shared[segment]
    storage.unmap_segment(segment)
    storage.frames_lost = True
    paging.purge()
    if shared.exclusive:
        paging.release(shared)


def altered(paging: "Paging", storage: VirtualStorage) -> list[int]:
    """The guest's pages, by number, that are pages of shared segments and not as they were saved.

    GC20-1807 "Shared Segment Protection": looked for when CP switches to another guest; whoever ran altered them.
    """
    found: list[int] = []
    for number, segment in sorted(storage.shared.items()):
        if segment.exclusive:
            continue
        for page in range(PAGES_IN_SEGMENT):
            frame = segment.frame_of(page)
            if frame is not None and paging.core.real_changed(frame):
                found.append(number * PAGES_IN_SEGMENT + page)
    return found


def refresh(paging: "Paging", storage: VirtualStorage, page: int) -> None:
    """Throw an altered page away: whoever uses it next gets it as it was saved."""
    owner, number = storage.place(page)
    if isinstance(owner, SharedSegment) and not owner.exclusive:
        paging.discard(owner, number)


def unshare(paging: "Paging", storage: VirtualStorage, segment: int) -> None:
    """Give the guest a private copy of a shared segment, as it is now; the others have it as it was saved.

    GC20-1807: for the commands STORE, ADSTOP and TRACE.  Raises PagingFailure, and leaves the segment shared.
    """
    shared, base = storage.shared[segment], segment * SEGMENT
    if shared.exclusive:
        return
    changed = [page for page in altered(paging, storage) if page // PAGES_IN_SEGMENT == segment]
    keys = bytes(storage.key(base + at) for at in range(0, SEGMENT, BLOCK))
    private = define_exclusive(paging, shared.userid, storage.peek(base, SEGMENT), keys)
    _map(paging, storage, segment, private)
    for page in changed:
        paging.discard(shared, page % PAGES_IN_SEGMENT)
