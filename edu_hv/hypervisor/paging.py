"""Demand paging: CP's real storage, and the pages of guests in it (DMKPTR).

A page is invalid until it is used.  The first time it is a frame of zeros; later it comes from its slot.  When no frame
is free one is stolen, and if it was changed it is first written to a slot of the paging area.  Guests' page faults wait
while the I/O runs (PGWAIT); CP itself, when it needs a guest's page, lets machine time pass.

The parts: `core_table` and `page_frames` (who has which frame), `paging_queue` and `paging_area` (I/O),
`virtual_storage` (a guest's tables), `shared_segments`.  SY20-0886 "Real Storage Management".
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from edu_hv.hypervisor import shared_segments
from edu_hv.hypervisor.core_table import CORTABLE, CoreTable, CoreTableState
from edu_hv.hypervisor.free_storage import FreeStorage
from edu_hv.hypervisor.page_frames import PageFrames
from edu_hv.hypervisor.paging_area import PagingArea, PagingAreaFull, PagingError, PagingFailure
from edu_hv.hypervisor.paging_queue import PagingQueue, QueueState
from edu_hv.hypervisor.shared_segments import SharedSegment
from edu_hv.hypervisor.virtual_storage import VirtualStorage, VirtualStorageState
from edu_hv.isa.codes import CR0
from edu_hv.isa.errors import UserError
from edu_hv.machine.ccw import CSW
from edu_hv.machine.channel import Channels
from edu_hv.machine.cpu import CPU
from edu_hv.machine.storage import FRAME

__all__ = ["CP_CR0", "Paging", "PagingAreaFull", "PagingError", "PagingFailure", "SharedSegment", "VirtualStorage"]

TRANSLATION_4K_64K = 0b10000 << 19
"""CR0 bits 8-12 for 4K pages and 64K segments, which CP uses for its guests."""

CP_CR0 = (
    CR0.BLOCK_MULTIPLEXING
    | TRANSLATION_4K_64K
    | CR0.INTERVAL_TIMER_MASK
    | CR0.INTERRUPT_KEY_MASK
    | CR0.EXTERNAL_SIGNAL_MASK
)
"""Control register 0 while a guest runs with its own DAT off."""

FRAMES_FOR_GUESTS = 10
"""So many, or half of them where there are few, are always left for pages that come and go: neither CP's free storage
nor locked pages take them, since then no guest could run."""


@dataclass(frozen=True)
class PagingState:
    """A checkpoint."""

    core: CoreTableState
    storages: tuple[tuple[VirtualStorage, VirtualStorageState], ...]
    queue: QueueState
    allocated: int


class Paging:
    """CP's real storage above `first`.  One for the whole CP: `cp.paging`."""

    def __init__(self, real: CPU, channels: Channels, free_storage: FreeStorage, first: int, size: int) -> None:
        self.real, self.channels, self.free_storage = real, channels, free_storage
        self.memory = real.storage
        self.core = CoreTable(self.memory, first, size)
        self.frames = PageFrames(real, self.core)
        self.queue = PagingQueue(self.frames)
        self.storages: list[VirtualStorage] = []
        """Every guest's storage, and the shared segments."""
        free_storage.extend, free_storage.shrink = self._lend, self._take_back

    def attach_area(self, address: int) -> None:
        """Page to the volume on a real disk.  Raises UserError when there is none with room."""
        if self.area is not None:
            raise UserError(f"pages are kept on {self.area.device:03X} already")
        self.frames.area = PagingArea(self.real, self.channels, self.free_storage, address)

    @property
    def area(self) -> PagingArea | None:
        """The paging area, if there is one."""
        return self.frames.area

    @property
    def device(self) -> int | None:
        """The address of the paging device."""
        return self.area.device if self.area else None

    @property
    def on_steal(self) -> Callable[[VirtualStorage, int], None]:
        """Told of each page of a guest that has lost its frame."""
        return self.frames.on_steal

    @on_steal.setter
    def on_steal(self, told: Callable[[VirtualStorage, int], None]) -> None:
        self.frames.on_steal = told

    @property
    def _reserve(self) -> int:
        return min(FRAMES_FOR_GUESTS, len(self.core) // 2)

    # ---- a guest's storage -----------------------------------------------------------------------------------

    def build(self, size: int) -> VirtualStorage:
        """Storage for a guest, all pages zero and without frames.  Raises UserError if it cannot be."""
        try:
            storage = VirtualStorage(self, size)
        except MemoryError:
            raise UserError(
                f"a virtual machine of {size // 1024}K does not fit: CP's free storage is used up"
            ) from None
        self.storages.append(storage)
        return storage

    def release(self, storage: VirtualStorage) -> None:
        """Logoff, DEFINE STORAGE: frames, slots and tables are free again.

        A locked frame is when its last lock goes: a channel may still be storing into it.
        """
        for segment in list(storage.shared):
            self.detach_segment(storage, segment)
        self.release_pages(storage, 0, storage.pages - 1)
        for number in range(len(self.core)):
            frame = self.core.frame(number)
            if self.core[frame].owner is storage:
                self.core[frame] = replace(self.core[frame], owner=None)
        self.storages.remove(storage)
        self.queue.forget(storage)
        for piece in storage.pieces:
            self.free_storage.free(piece)

    def release_pages(self, storage: VirtualStorage, first: int, last: int) -> None:
        """The pages `first` to `last` become pages of zeros without frames and slots (DIAGNOSE X'10').

        Their keys stay.  A page whose frame is locked keeps it, and is cleared.  Shared pages stay as they are.
        """
        for page in range(first, last + 1):
            if storage.place(page)[0] is storage:
                self._release_page(storage, page)
        self.purge()

    def _release_page(self, storage: VirtualStorage, page: int) -> None:
        self.queue.cancel(storage, page)
        frame, slot = storage.frame_of(page), storage.slot(page)
        if slot is not None and self.area is not None:
            self.area.release(slot)
            storage.set_slot(page, None)
        if frame is None:
            return
        if self.core[frame].locks:
            self.memory.write(frame, bytes(FRAME))
            self.core.mark_changed(frame)
            return
        self.frames.unmap(storage, page)
        self.core.give_back(frame)

    def purge(self) -> None:
        """No translation made before is valid any more."""
        self.frames.purge()

    # ---- getting a page --------------------------------------------------------------------------------------

    def bring(self, storage: VirtualStorage, page: int) -> int:
        """CP needs the page now: the absolute address of its frame, which is held until the next dispatch.

        Machine time passes while the page comes.  Raises PagingFailure.
        """
        frame = storage.frame_of(page)
        if frame is None:
            frame = self._bring(*storage.place(page))
        self.core.hold(frame)
        return frame

    def _bring(self, storage: VirtualStorage, page: int) -> int:
        if not self._zero_page(storage, page):
            self.queue.problem = None
            self.queue.want(storage, page)
            self.queue.await_page(storage, page)
        frame = storage.frame_of(page)
        if frame is None:
            raise self.queue.problem or PagingError("CP ENTERED; PAGING ERROR")
        return frame

    def start_page_in(self, storage: VirtualStorage, page: int) -> bool:
        """A guest's page fault.  True when the page has a frame now, False when paging I/O has to be waited for.

        Raises PagingFailure when the page cannot be had.
        """
        owner, number = storage.place(page)
        if storage.frame_of(page) is not None or self._zero_page(owner, number):
            return True
        guest = storage, page
        self.queue.want(owner, number, guest)
        failed = next((entry for entry in self.queue.failed if entry[:2] == guest), None)
        if failed is not None:
            self.queue.failed.remove(failed)
            raise self.queue.problem or PagingError(failed[2])
        if storage.frame_of(page) is None:
            return False
        self.queue.finished[:] = [entry for entry in self.queue.finished if entry != guest]
        return True

    def _zero_page(self, storage: VirtualStorage, page: int) -> bool:
        """A page without a slot needs no I/O when a frame can be had without any: whether it has one now."""
        if storage.slot(page) is not None or self.queue.request_of(storage, page):
            return False
        frame = self.core.free.pop() if self.core.free else self.frames.victim()
        if frame < 0 or self.frames.must_be_written(frame):
            return False
        if self.core[frame].owner is not None:
            self.frames.steal(frame)
        self.frames.fill(storage, page, frame)
        return True

    def waiting(self, storage: VirtualStorage) -> bool:
        """Whether a page that the guest waits for is on its way."""
        return any(who[0] is storage for request in self.queue.requests for who in request.wanted)

    def where(self, storage: VirtualStorage, page: int) -> int | None:
        """The frame that has the page's contents: its own, or the one it is being written from."""
        frame = storage.frame_of(page)
        return self.queue.frame_being_written(storage, page) if frame is None else frame

    # ---- interruptions of the paging device ------------------------------------------------------------------

    def interruption(self, csw: CSW) -> list[tuple[VirtualStorage, int]]:
        """A real I/O interruption of the paging device: the guests' pages that have come since the last call.

        One may be reported whose CSW has been used, because CP itself was waiting for a page: nothing more is due.
        """
        if self.area is not None and self.area.is_ours(csw):
            if self.queue.owed:
                self.queue.owed -= 1
            elif self.queue.active:
                self.queue.ended(csw)
        return self.take_finished()

    def take_finished(self) -> list[tuple[VirtualStorage, int]]:
        """The guests' pages that have come since the last call: (storage, page)."""
        finished, self.queue.finished = self.queue.finished, []
        return finished

    def take_failed(self) -> list[tuple[VirtualStorage, int, str]]:
        """The guests' page faults that cannot be answered: (storage, page, CP's message)."""
        failed, self.queue.failed = self.queue.failed, []
        return failed

    # ---- for CP's other parts --------------------------------------------------------------------------------

    def lock(self, storage: VirtualStorage, page: int) -> int:
        """Bring a page and keep it in its frame, whose absolute address this is.

        Raises PagingFailure, also when too few frames would be left for the other pages.
        """
        frame = self.bring(storage, page)
        if not self.core[frame].locks and self.core.unlocked <= self._reserve:
            raise PagingAreaFull("CP ENTERED; NO REAL STORAGE: TOO MANY PAGES ARE LOCKED")
        self.core.lock(frame)
        return frame

    def unlock(self, frame: int) -> None:
        """Undo one `lock`."""
        self.core.unlock(frame)

    def hold_none(self) -> None:
        """A guest is dispatched: the frames that CP has touched may be stolen again."""
        self.core.hold_none()

    def write_out(self, frame: int) -> bool:
        """Take the frame from its page, whose contents are in a slot then; False when that could not be written."""
        self.queue.want_frame(frame, lend=False)
        self.queue.await_frame(frame)
        return self.core[frame].owner is None

    def discard(self, owner: VirtualStorage, page: int) -> None:
        """Take the frame from a page without writing anything."""
        frame = owner.frame_of(page)
        if frame is None:
            return
        self.frames.unmap(owner, page)
        self.purge()
        if self.core[frame].locks:
            self.core[frame] = replace(self.core[frame], owner=None)
        else:
            self.core.give_back(frame)

    # ---- shared segments -------------------------------------------------------------------------------------

    def define_segment(self, name: str, contents: bytes, keys: bytes = bytes(32)) -> SharedSegment:
        """A segment of a saved system, to be shared.  Raises UserError, PagingFailure, MemoryError."""
        return shared_segments.define(self, name, contents, keys)

    def define_private_segment(self, name: str, contents: bytes, keys: bytes = bytes(32)) -> SharedSegment:
        """A copy of a segment for one guest alone.  Raises PagingFailure, MemoryError."""
        return shared_segments.define_exclusive(self, name, contents, keys)

    def attach_segment(self, storage: VirtualStorage, segment: int, shared: SharedSegment) -> None:
        """Map a segment at a segment number of the guest, whose own pages there are released.  Raises UserError."""
        shared_segments.attach(self, storage, segment, shared)

    def detach_segment(self, storage: VirtualStorage, segment: int) -> None:
        """Undo `attach_segment`; the guest has pages of zeros there, if the segment lies within its storage."""
        shared_segments.detach(self, storage, segment)

    def shared_changed(self, storage: VirtualStorage) -> list[int]:
        """The pages of shared segments, by number in the guest's storage, that somebody has altered."""
        return shared_segments.altered(self, storage) if storage.shared else []

    def refresh_shared(self, storage: VirtualStorage, page: int) -> None:
        """Throw an altered page of a shared segment away: whoever uses it next gets it as it was saved."""
        shared_segments.refresh(self, storage, page)

    def unshare(self, storage: VirtualStorage, segment: int) -> None:
        """Give the guest a private copy of a shared segment, as it is now; the others have it as it was saved."""
        shared_segments.unshare(self, storage, segment)

    # ---- CP's free storage -----------------------------------------------------------------------------------

    def _lend(self, length: int) -> int | None:
        """Frames next to each other for CP's free storage; None when guests would have too few."""
        count = length // FRAME
        frames = [self.core.frame(number) for number in range(len(self.core))]
        if self.core.unlocked - count < self._reserve:
            return None
        windows = [frames[at : at + count] for at in range(len(frames) - count, -1, -1)]
        free = set(self.core.free)
        movable = free | {frame for frame in frames if self.core.may_go(frame, self.frames.may_go)}
        window = next((w for usable in (free, movable) for w in windows if usable.issuperset(w)), None)
        if window is None:
            return None
        taken = [frame for frame in window if self._lend_frame(frame)]
        if len(taken) == count:
            return window[0]
        self._take_back(*taken)
        return None

    def _lend_frame(self, frame: int) -> bool:
        """Take a frame for free storage, from its page if need be; machine time passes while that is written."""
        if frame in self.core.free:
            self.core.free.remove(frame)
            self.core[frame] = CORTABLE(free_storage=True)
        elif self.core.may_go(frame, self.frames.may_go):
            self.queue.want_frame(frame, lend=True)
            self.queue.await_frame(frame)
        return self.core[frame].free_storage

    def _take_back(self, *frames: int) -> None:
        """Frames that free storage needs no longer."""
        for frame in frames:
            self.core.give_back(frame)

    # ---- checkpoint ------------------------------------------------------------------------------------------

    def state(self) -> PagingState:
        """A checkpoint."""
        storages = tuple((storage, storage.state()) for storage in self.storages)
        return PagingState(self.core.state(), storages, self.queue.state(), self.area.allocated if self.area else 0)

    def restore(self, state: PagingState) -> None:
        """Go back to a checkpoint."""
        self.core.restore(state.core)
        self.storages[:] = [storage for storage, _ in state.storages]
        for storage, saved in state.storages:
            storage.restore(saved)
        self.queue.restore(state.queue)
        if self.area:
            self.area.allocated = state.allocated
