"""Real page frames, and the segment and page tables that map a guest's storage onto them (DMKPTR).

All of a guest's pages are resident; demand paging comes with another issue of this program.  SY20-0886 "Real Storage
Management".
"""

from dataclasses import dataclass

from edu_hv.hypervisor.free_storage import FreeStorage
from edu_hv.isa.codes import CR0
from edu_hv.isa.errors import UserError
from edu_hv.machine.cpu import CPU
from edu_hv.machine.dat import SEGMENT_INVALID
from edu_hv.machine.storage import FRAME

SEGMENT = 0x10000
PAGES_IN_SEGMENT = SEGMENT // FRAME
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

_ENTRIES_IN_LENGTH_UNIT = 16
_WHOLE_PAGE_TABLE = 0xF0000000


@dataclass
class FramePool:
    """Frames not yet given away, taken from the top of real storage downwards.

    Downwards, and in turn, so that a guest's address is seldom the real one: what a student sees translated is.
    """

    free: list[int]

    @classmethod
    def between(cls, start: int, end: int) -> "FramePool":
        """All whole frames from `start` up to `end`."""
        return cls(list(range(start, end, FRAME)))

    def take(self) -> int:
        """The real address of a frame."""
        return self.free.pop()


def build_tables(cpu: CPU, free_storage: FreeStorage, pool: FramePool, size: int) -> int:
    """Map guest-real 0 to `size` onto frames; return the VMSEG value: CR1 with the segment table's length and origin.

    Raises UserError when the size is not a multiple of 64K or does not fit into the frames that are left.
    """
    if size <= 0 or size % SEGMENT:
        raise UserError(f"a virtual machine of {size // 1024}K cannot be built: give a multiple of 64K")
    if size // FRAME > len(pool.free):
        left = len(pool.free) * FRAME // 1024
        raise UserError(f"a virtual machine of {size // 1024}K does not fit: {left}K of real storage are left")
    segments = size // SEGMENT
    units = -(-segments // _ENTRIES_IN_LENGTH_UNIT)
    table = free_storage.get(units * _ENTRIES_IN_LENGTH_UNIT * 4)
    for segment in range(units * _ENTRIES_IN_LENGTH_UNIT):
        entry = SEGMENT_INVALID
        if segment < segments:
            entry = _WHOLE_PAGE_TABLE | _build_page_table(cpu, free_storage, pool)
        cpu.store_real(table + segment * 4, entry.to_bytes(4, "big"))
    return units - 1 << 24 | table


def _build_page_table(cpu: CPU, free_storage: FreeStorage, pool: FramePool) -> int:
    """A page table with all pages of a segment valid; its real address."""
    table = free_storage.get(PAGES_IN_SEGMENT * 2)
    for page in range(PAGES_IN_SEGMENT):
        frame = pool.take()
        cpu.store_real(frame, bytes(FRAME))
        cpu.store_real(table + page * 2, (frame >> 8).to_bytes(2, "big"))
    return table
