"""Real page frames and who has them: CORTABLE, the free list, locks, and the scan that finds a frame to steal.

SY20-0886 "Real Storage Management", SY20-0884 "CORTABLE".  Nothing here does I/O; read next: `paging`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from edu_hv.hypervisor.virtual_storage import CHANGED, REFERENCED, VirtualStorage
from edu_hv.isa.codes import Key
from edu_hv.machine.storage import BLOCK_SHIFT, FRAME, Storage

HELD_AT_LEAST = 8
"""So many frames that CP has touched last are never stolen: more than one access of one instruction needs.

An operand that crosses pages takes two data pages, and for each a page with the segment entry and one with the page
entry of a guest whose DAT is on."""


@dataclass(frozen=True, slots=True)
class CORTABLE:
    """What CP notes of one page frame."""

    owner: VirtualStorage | None = None
    """Whose page is in it; None for a free frame, and for one whose owner has logged off while it was in use."""
    page: int = 0
    locks: int = 0
    """How often it is locked: for channel programs, for DIAGNOSE."""
    changed: bool = False
    """To be written when stolen, whatever change bits say: CP has stored into it."""
    referenced: bool = False
    """Just brought in: the scan passes it over once."""
    transit: bool = False
    """Paging I/O is under way into it or from it."""
    free_storage: bool = False
    """It was added to CP's free storage."""


@dataclass(frozen=True)
class CoreTableState:
    """A checkpoint."""

    entries: tuple[CORTABLE, ...]
    free: tuple[int, ...]
    held: tuple[int, ...]
    hand: int


class CoreTable:
    """The frames from absolute address `first` up to `size`.  A frame is named by its absolute address."""

    def __init__(self, storage: Storage, first: int, size: int) -> None:
        self.storage = storage
        self.first = -(-first // FRAME) * FRAME
        self.free = list(range(self.first, size, FRAME))
        """Free frames; the last one is taken first.  From the top downwards, so that a guest's address is seldom the
        real one: what a student sees translated is."""
        self._entries = [CORTABLE()] * len(self.free)
        self._frozen: tuple[CORTABLE, ...] | None = None
        self._held: dict[int, None] = {}
        """Frames that CP has touched since the last dispatch, the one touched longest ago first."""
        self._hand = len(self._entries) - 1
        self._fixed = 0
        """How many frames are locked or CP's."""

    # ---- entries ---------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, frame: int) -> CORTABLE:
        return self._entries[(frame - self.first) // FRAME]

    def __setitem__(self, frame: int, entry: CORTABLE) -> None:
        number = (frame - self.first) // FRAME
        self._fixed += _fixed(entry) - _fixed(self._entries[number])
        self._entries[number] = entry
        self._frozen = None

    def frame(self, number: int) -> int:
        """The absolute address of a frame by its number in the table."""
        return self.first + number * FRAME

    def give_back(self, frame: int) -> None:
        """The frame is free again."""
        self[frame] = CORTABLE()
        self._held.pop(frame, None)
        self.free.append(frame)

    def mark_changed(self, frame: int) -> None:
        """CP has stored into the frame: it has to be written when it is stolen."""
        entry = self[frame]
        if not entry.changed:
            self[frame] = replace(entry, changed=True)

    @property
    def unlocked(self) -> int:
        """How many frames are left for pages that come and go."""
        return len(self._entries) - self._fixed

    # ---- locking and holding ---------------------------------------------------------------------------------

    def lock(self, frame: int) -> None:
        """Keep the frame until it is unlocked as often."""
        self[frame] = replace(self[frame], locks=self[frame].locks + 1)

    def unlock(self, frame: int) -> None:
        """Undo one `lock`.  A frame whose owner has logged off meanwhile is free when the last lock goes."""
        entry = self[frame]
        assert entry.locks, "only a locked frame is unlocked"
        if entry.locks == 1 and entry.owner is None:
            self.give_back(frame)
        else:
            self[frame] = replace(entry, locks=entry.locks - 1)

    def hold(self, frame: int) -> None:
        """CP has the frame's address in its hand: it stays until the next dispatch."""
        self._held.pop(frame, None)
        self._held[frame] = None

    def hold_none(self) -> None:
        """A guest is dispatched: CP remembers no address."""
        self._held.clear()

    # ---- finding a frame to steal ----------------------------------------------------------------------------

    def find_victim(self, keep_reference: Callable[[int, CORTABLE], None], may_go: Callable[[CORTABLE], bool]) -> int:
        """The frame to be stolen next, or -1.  A scan in a circle with a second chance (DMKPTR, SELECT).

        A frame that was referenced since the scan came by the last time is passed over, and `keep_reference` resets
        its reference bits, after it has noted them for the guest.  `may_go` refuses a frame for other reasons.
        """
        held = set(self._held)
        found = self._scan(held, keep_reference, may_go)
        if found < 0 and len(held) > HELD_AT_LEAST:
            # CP interprets something long, and could have as many frames as it likes: only the last ones are in use.
            found = self._scan(set(list(self._held)[-HELD_AT_LEAST:]), keep_reference, may_go)
        return found

    def _scan(
        self, held: set[int], keep_reference: Callable[[int, CORTABLE], None], may_go: Callable[[CORTABLE], bool]
    ) -> int:
        for _ in range(2 * len(self._entries)):
            frame, entry = self.frame(self._hand), self._entries[self._hand]
            if _movable(entry) and frame not in held and may_go(entry):
                if not self.referenced(frame):
                    return frame
                self[frame] = replace(entry, referenced=False)
                keep_reference(frame, entry)
            self._hand = (self._hand or len(self._entries)) - 1
        return -1

    def may_go(self, frame: int, may_go: Callable[[CORTABLE], bool]) -> bool:
        """Whether this frame could be stolen."""
        entry = self[frame]
        return _movable(entry) and frame not in self._held and may_go(entry)

    def referenced(self, frame: int) -> bool:
        """Whether the frame was used since the scan came by the last time."""
        block = frame >> BLOCK_SHIFT
        keys = self.storage.keys
        if self[frame].referenced or (keys[block] | keys[block + 1]) & Key.REFERENCE:
            return True
        return bool(self._flags(frame) & REFERENCED)

    def real_changed(self, frame: int) -> bool:
        """Whether the frame is not as it is on the paging device."""
        block = frame >> BLOCK_SHIFT
        keys = self.storage.keys
        if self[frame].changed or (keys[block] | keys[block + 1]) & Key.CHANGE:
            return True
        return bool(self._flags(frame) & CHANGED)

    def _flags(self, frame: int) -> int:
        """SWPFLAG of the page in the frame, 0 when there is none."""
        entry = self[frame]
        return entry.owner.flags(entry.page) if entry.owner is not None else 0

    # ---- checkpoint ------------------------------------------------------------------------------------------

    def state(self) -> CoreTableState:
        """A checkpoint; the entries are shared with the last one when none has changed."""
        if self._frozen is None:
            self._frozen = tuple(self._entries)
        return CoreTableState(self._frozen, tuple(self.free), tuple(self._held), self._hand)

    def restore(self, state: CoreTableState) -> None:
        """Go back to a checkpoint."""
        self._entries, self._frozen = list(state.entries), state.entries
        self.free[:] = state.free
        self._held, self._hand = dict.fromkeys(state.held), state.hand
        self._fixed = sum(map(_fixed, state.entries))


def _fixed(entry: CORTABLE) -> bool:
    """Whether the frame serves one purpose until somebody gives it back."""
    return entry.locks > 0 or entry.free_storage


def _movable(entry: CORTABLE) -> bool:
    """Whether there is a page in the frame, with nothing that keeps it there."""
    return entry.owner is not None and not entry.locks and not entry.transit
