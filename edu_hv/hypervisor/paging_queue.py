"""The queue of pages that are wanted, and the paging I/O that serves it (DMKPAG).

Requests are served first come first: a page on its way out is asked for again behind its own write, so what is read is
what was written.  SY20-0886 "Paging I/O".
"""

from dataclasses import dataclass, replace

from edu_hv.hypervisor.core_table import CORTABLE
from edu_hv.hypervisor.page_frames import PageFrames
from edu_hv.hypervisor.paging_area import PagingAreaFull, PagingError, PagingFailure
from edu_hv.hypervisor.virtual_storage import VirtualStorage
from edu_hv.machine.ccw import CSW

MOST_TRIES = 6
"""So often in a row CP tries to move a page."""


@dataclass(frozen=True)
class PageRequest:
    """A page that is wanted.  Frame and slot are chosen when its turn comes."""

    storage: VirtualStorage | None
    """Whose page; None when nobody wants it any more."""
    page: int
    wanted: tuple[tuple[VirtualStorage, int], ...] = ()
    """The guests that wait for it, with the page's number there."""
    frame: int | None = None
    victim: tuple[VirtualStorage, int] | None = None
    """The page that was in the frame and is to be written; None when nobody wants that one any more."""
    slot: int | None = None
    """The slot to which the frame's contents are to be written first."""
    tries: int = 0
    lend: bool = False
    """No page, but the frame itself is wanted, for CP's free storage."""


@dataclass(frozen=True)
class QueueState:
    """A checkpoint."""

    requests: tuple[PageRequest, ...]
    active: bool
    owed: int
    finished: tuple[tuple[VirtualStorage, int], ...]
    failed: tuple[tuple[VirtualStorage, int, str], ...]


class PagingQueue:
    """The requests, the first of which is being served."""

    def __init__(self, frames: PageFrames) -> None:
        self.frames, self.core = frames, frames.core
        self.requests: list[PageRequest] = []
        self.active = False
        """Whether the I/O of the first request is under way."""
        self.owed = 0
        """Interruptions of the paging device that are still to be reported, although their CSW has been used."""
        self.finished: list[tuple[VirtualStorage, int]] = []
        """Pages of guests' faults that have come."""
        self.failed: list[tuple[VirtualStorage, int, str]] = []
        """Pages of guests' faults that cannot come, with CP's message."""
        self.problem: PagingFailure | None = None
        """Why the last request that failed did."""

    # ---- requests --------------------------------------------------------------------------------------------

    def request_of(self, storage: VirtualStorage, page: int) -> PageRequest | None:
        """The request for a page."""
        return next((r for r in self.requests if r.storage is storage and r.page == page), None)

    def want(self, storage: VirtualStorage, page: int, guest: tuple[VirtualStorage, int] | None = None) -> None:
        """Ask for a page, for CP itself or for a guest that waits, with the page's number there."""
        request = self.request_of(storage, page)
        if request is None:
            self.requests.append(PageRequest(storage, page, (guest,) if guest else ()))
        elif guest is not None and guest not in request.wanted:
            self.requests[self.requests.index(request)] = replace(request, wanted=(*request.wanted, guest))
        self.serve()

    def want_frame(self, frame: int, lend: bool) -> None:
        """Ask for a frame whose page was not stolen yet: written out if need be, it is free or CP's."""
        owner, page = self.frames.steal(frame)
        if self.core[frame].changed:
            slot = self.frames.slot_for(owner, page)
            self.requests.append(PageRequest(None, 0, frame=frame, victim=(owner, page), slot=slot, lend=lend))
        else:
            self.requests.append(PageRequest(None, 0, frame=frame, lend=lend))
        self.serve()

    def await_frame(self, frame: int) -> None:
        """Let machine time pass until no request is about the frame."""
        while self.active and any(request.frame == frame for request in self.requests):
            self.await_end()

    def await_page(self, storage: VirtualStorage, page: int) -> None:
        """Let machine time pass until the page is not asked for any more."""
        while self.active and self.request_of(storage, page) is not None:
            self.await_end()

    def cancel(self, storage: VirtualStorage, page: int) -> None:
        """Nobody wants the page any more, neither to have it nor to keep what is being written of it.

        A guest that waits for it goes on: it is a page of zeros from now on.
        """
        for index, request in enumerate(self.requests):
            if request.storage is storage and request.page == page:
                self.finished.extend(request.wanted)
                if index == 0 and self.active:
                    self.requests[0] = replace(request, storage=None, wanted=())
                else:
                    del self.requests[index]
                break
        self.requests[:] = [
            replace(request, victim=None) if request.victim == (storage, page) else request for request in self.requests
        ]

    def forget(self, storage: VirtualStorage) -> None:
        """A guest that is gone waits for nothing."""
        for index, request in enumerate(self.requests):
            left = tuple(who for who in request.wanted if who[0] is not storage)
            self.requests[index] = replace(request, wanted=left)
        self.finished = [entry for entry in self.finished if entry[0] is not storage]
        self.failed = [entry for entry in self.failed if entry[0] is not storage]

    def frame_being_written(self, storage: VirtualStorage, page: int) -> int | None:
        """The frame from which the page is being written, or is to be."""
        return next((request.frame for request in self.requests if request.victim == (storage, page)), None)

    # ---- serving ---------------------------------------------------------------------------------------------

    def serve(self) -> None:
        """Go on with the first request, and the next, until one has to wait for the device."""
        while self.requests and not self.active:
            try:
                self._go_on()
            except PagingFailure as problem:
                self._fail(problem)

    def _go_on(self) -> None:
        """The next thing the first request needs: a frame, the write of what is in it, the read, or nothing more."""
        request = self.requests[0]
        if request.frame is None:
            request = self.requests[0] = self._with_frame(request)
        assert request.frame is not None
        if request.slot is not None:
            self._start(request.slot, request.frame, write=True)
        elif request.storage is None or request.storage.frame_of(request.page) is not None:
            self._not_needed()
        elif (slot := request.storage.slot(request.page)) is not None:
            self._start(slot, request.frame, write=False)
        else:
            self._complete(contents=False)

    def _with_frame(self, request: PageRequest) -> PageRequest:
        """Choose a frame: a free one, or a stolen one, whose contents may have to be written first."""
        if self.core.free:
            frame = self.core.free.pop()
            self.core[frame] = CORTABLE(transit=True)
            return replace(request, frame=frame)
        frame = self.frames.victim()
        if frame < 0:
            raise self._no_frame()
        victim = self.frames.steal(frame)
        if not self.core[frame].changed:
            self.core[frame] = CORTABLE(transit=True)
            return replace(request, frame=frame)
        return replace(request, frame=frame, victim=victim, slot=self.frames.slot_for(*victim))

    def _no_frame(self) -> PagingFailure:
        if self.frames.area is None or self.frames.area.full:
            return PagingAreaFull("DMKPGT400I SYSTEM TEMP SPACE FULL")
        return PagingAreaFull("CP ENTERED; NO REAL STORAGE: ALL FRAMES ARE LOCKED")

    def _start(self, slot: int, frame: int, write: bool) -> None:
        assert self.frames.area is not None
        if not self.frames.area.start(slot, frame, write):
            raise self._error()
        self.active = True

    def _error(self) -> PagingError:
        device = f"{self.frames.area.device:03X}" if self.frames.area else "?"
        return PagingError(f"DMKPAG415E CONTINUOUS PAGING ERRORS FROM DASD {device}")

    # ---- the end of I/O --------------------------------------------------------------------------------------

    def ended(self, csw: CSW | None) -> None:
        """The I/O of the first request has ended.  After an error it is tried again."""
        assert self.frames.area is not None
        self.active = False
        request = self.requests[0]
        if not self.frames.area.succeeded(csw):
            self.requests[0] = replace(request, tries=request.tries + 1)
            if request.tries + 1 >= MOST_TRIES:
                self._fail(self._error())
        elif request.slot is not None:
            self._written(request)
        elif request.storage is None:
            self._not_needed()
        else:
            self._complete(contents=True)
        self.serve()

    def _written(self, request: PageRequest) -> None:
        """What was in the frame is in its slot."""
        assert request.frame is not None
        if request.victim is not None:
            request.victim[0].page_writes += 1
        self.core[request.frame] = CORTABLE(transit=True)
        self.requests[0] = replace(request, victim=None, slot=None, tries=0)

    def await_end(self) -> None:
        """Let machine time pass until the I/O under way has ended."""
        assert self.frames.area is not None
        csw, taken = self.frames.area.await_end()
        self.owed += taken
        self.ended(csw)

    def _complete(self, contents: bool) -> None:
        """The first request is served; `contents` says whether they have been read."""
        request = self.requests.pop(0)
        assert request.frame is not None
        assert request.storage is not None
        self.frames.fill(request.storage, request.page, request.frame, contents)
        request.storage.page_reads += contents
        self.finished += request.wanted

    def _not_needed(self) -> None:
        """The first request was for a page that nobody wants any more, or that has its frame back, or for a frame."""
        request = self.requests.pop(0)
        assert request.frame is not None
        if request.lend:
            self.core[request.frame] = CORTABLE(free_storage=True)
        else:
            self.core.give_back(request.frame)
        self.finished += request.wanted

    def _fail(self, problem: PagingFailure) -> None:
        """The first request cannot be served.  A page that could not be written out has its frame back."""
        request = self.requests.pop(0)
        self.problem = problem
        self.failed += [(*who, str(problem)) for who in request.wanted]
        if request.frame is None:
            return
        if request.victim is None:
            self.core.give_back(request.frame)
            return
        owner, page = request.victim
        self.frames.fill(owner, page, request.frame, contents=True)
        self.core.mark_changed(request.frame)

    # ---- checkpoint ------------------------------------------------------------------------------------------

    def state(self) -> QueueState:
        """A checkpoint."""
        return QueueState(tuple(self.requests), self.active, self.owed, tuple(self.finished), tuple(self.failed))

    def restore(self, state: QueueState) -> None:
        """Go back to a checkpoint."""
        self.requests, self.active, self.owed = list(state.requests), state.active, state.owed
        self.finished, self.failed = list(state.finished), list(state.failed)
