"""The virtual machine that runs, as the VM assist sees it: through control register 6, in real storage.

Guest-real addresses lead through the real tables of MICRSEG.  Everything here raises Declined, or the addressing
exception of a block outside storage, before anything has changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edu_hv.isa.codes import MASK_24
from edu_hv.machine.dat import FORMATS, SEGMENT_INVALID, walk
from edu_hv.machine.micblok import CR6, MICBLOK, SWAP_ENTRY
from edu_hv.machine.psw import PSW
from edu_hv.machine.storage import BLOCK, BLOCK_SHIFT

if TYPE_CHECKING:
    from edu_hv.machine.cpu import CPU

_MASKS_EC = 0x03
_MODES_EC = 0x44
"""DAT and PER in the system mask of EC mode."""
_ADDRESS_OF_PAGE_TABLE = 0x00FFFFF8


class Declined(Exception):
    """The assist leaves an instruction to the control program; the text says why."""


def require(condition: object, why_not: str) -> None:
    """Raise Declined with a reason unless the condition holds."""
    if not condition:
        raise Declined(why_not)


@dataclass(frozen=True, slots=True)
class GuestBlock:
    """A 2K block of guest-real storage: where its keys are kept."""

    swap_entry: int
    """Real address of the page's swap-table entry."""
    half: int
    """0 for the first 2K of the page, 1 for the second."""
    block: int | None
    """The number of the block in real storage; None while the page is not there."""


class RunningGuest:
    """The guest that the real CPU runs."""

    def __init__(self, cpu: CPU) -> None:
        self.cpu = cpu
        self.micblok = MICBLOK.from_bytes(cpu.load_real(cpu.cr[6] & CR6.MICBLOK, MICBLOK.SIZE))

    # ---- the virtual PSW and control registers -----------------------------------------------------------------

    @property
    def vmpsw(self) -> bytes:
        """The virtual PSW as it stands in real storage."""
        return self.cpu.load_real(self.micblok.micvpsw, 8)

    @property
    def psw(self) -> PSW:
        """The virtual PSW; address, condition code, program mask and key are in the real one while the guest runs."""
        psw, real = PSW.from_bytes(self.vmpsw), self.cpu.psw
        psw.instruction_address, psw.cc = real.instruction_address, real.cc
        psw.program_mask, psw.key = real.program_mask, real.key
        psw.interruption_code = psw.ilc = 0  # As in a current PSW: they may have come with one that was loaded.
        return psw

    def store_vmpsw(self, at: int, data: bytes) -> None:
        """Replace bytes of the virtual PSW in real storage."""
        self.cpu.store_real(self.micblok.micvpsw + at, data)

    def load_psw(self, text: bytes) -> None:
        """Make 8 bytes the virtual PSW: masks and modes in real storage, the rest in the real PSW."""
        new, real = PSW.from_bytes(text), self.cpu.psw
        self.store_vmpsw(0, text)
        real.instruction_address, real.cc = new.instruction_address, new.cc
        real.program_mask, real.key = new.program_mask, new.key
        problem = CR6.VIRTUAL_PROBLEM_STATE
        self.cpu.cr[6] = self.cpu.cr[6] & ~problem | (problem if new.problem_state else 0)
        self.cpu.change_context()

    def control(self, number: int) -> int:
        """A virtual control register."""
        require(self.micblok.ecmode or number == 0, "a machine without ECMODE has control register 0 only")
        return int.from_bytes(self.cpu.load_real(self.micblok.miccreg + 4 * number, 4), "big")

    def set_control(self, number: int, value: int) -> None:
        """Replace a virtual control register."""
        self.cpu.store_real(self.micblok.miccreg + 4 * number, value.to_bytes(4, "big"))

    # ---- what may become of the virtual PSW --------------------------------------------------------------------

    def require_mask(self, mask: int) -> None:
        """Raise Declined unless the virtual system mask may become `mask` without the control program."""
        old = PSW.from_bytes(self.vmpsw)
        turned_on = mask & ~old.system_mask
        if old.ec_mode:
            require(not (mask ^ old.system_mask) & _MODES_EC, "DAT or PER of the virtual PSW would change")
            require(not mask & 0xB8, "bits would be on that EC mode reserves")
            turned_on &= _MASKS_EC
        require(not (self.micblok.micpend and turned_on), "a pending interruption may become allowed")

    def require_psw(self, text: bytes) -> None:
        """Raise Declined unless 8 bytes may become the virtual PSW without the control program."""
        old, new = PSW.from_bytes(self.vmpsw), PSW.from_bytes(text)
        require(not (old.per or new.per or self.cpu.psw.per), "PER is on")
        require(old.ec_mode == new.ec_mode, "the new PSW is of the other mode")
        require(not new.wait, "the new PSW waits")
        require(not (new.unassigned or new.secondary_space), "the new PSW has bits on that must be zero")
        require(not new.instruction_address & 1, "the new instruction address is odd")
        self.require_mask(new.system_mask)

    # ---- guest storage by guest-real address -------------------------------------------------------------------

    def real(self, address: int) -> int:
        """The real address behind a guest-real one."""
        found = walk(address, self.micblok.table_format, self.micblok.segment_table, self.cpu.load_real)
        if found.real is None:
            raise Declined(f"guest-real {address:06X} is not in real storage")
        return found.real

    def load_real(self, real: int, length: int) -> bytes:
        """Fetch by guest-real address within a page, without protection."""
        return self.cpu.load_real(self.real(real), length)

    def store_real(self, real: int, data: bytes) -> None:
        """Store by guest-real address within a page, without protection.  What is stored was found to be there."""
        self.cpu.store_real(self.real(real), data)

    def block(self, address: int) -> GuestBlock:
        """Where the key of a guest-real address is kept.  GA22-7074 "Set Storage Key", steps 2 to 10."""
        require(self.micblok.page_size == 2 * BLOCK, "the real tables have 2K pages, and no swap tables")
        layout = FORMATS[self.micblok.table_format >> 19]
        found = walk(address, self.micblok.table_format, self.micblok.segment_table, self.cpu.load_real)
        require(found.page_entry_address is not None and not found.length_exceeded, "there is no such guest storage")
        segment_entry = int.from_bytes(self.cpu.load_real(found.segment_entry_address, 4), "big")
        assert not segment_entry & SEGMENT_INVALID
        pagswp = int.from_bytes(self.cpu.load_real((segment_entry & _ADDRESS_OF_PAGE_TABLE) - 4 & MASK_24, 4), "big")
        entry = pagswp + SWAP_ENTRY * layout.page_index(address) & MASK_24
        block = None if found.real is None else self.cpu.checked_real(found.real, 1) >> BLOCK_SHIFT
        return GuestBlock(entry, address >> BLOCK_SHIFT & 1, block)
