"""The CPU that a guest believes it has.

It is a CPU like the real one whose "real" addresses are the guest's: what an instruction does to it is what the
instruction's one definition says.  A page that is out is brought when an access needs it.
"""

from edu_hv.hypervisor.paging import Paging
from edu_hv.hypervisor.virtual_storage import PAGE_SHIFT, VirtualStorage, blocks
from edu_hv.isa.codes import PIC, Key
from edu_hv.machine.cpu import CPU
from edu_hv.machine.dat import SECONDARY, walk
from edu_hv.machine.interruptions import Ending, ProgramInterruption
from edu_hv.machine.psw import ADDRESS_SPACE_CONTROL, PSW
from edu_hv.machine.storage import BLOCK_SHIFT, FRAME
from edu_hv.machine.timing import Clocks

VIRTUAL_CPU_ID = bytes.fromhex("FF 001370 0158 0000")
"""STIDP in a virtual machine: version X'FF' says "under VM".  SY20-0886 "Virtual CPU Identification"."""


class VirtualCPU(CPU):
    """A guest's CPU.  Any access may raise PagingFailure besides what it raises on the machine.

    It keeps no translations and no resolved accesses: a page may be stolen between two accesses, and the guest's
    tables may have changed.
    """

    def __init__(self, real: CPU, clocks: Clocks, pages: VirtualStorage, paging: Paging) -> None:
        super().__init__(real.storage, clocks)
        self.real = real
        self.pages, self.paging = pages, paging
        self.identification = VIRTUAL_CPU_ID

    @property
    def size(self) -> int:
        """Bytes of the guest's storage."""
        return self.pages.size

    @property
    def vmseg(self) -> int:
        """CR1 of the real machine while the guest's own DAT is off."""
        return self.pages.vmseg

    def decode_psw(self, text: bytes) -> PSW:
        """As on a machine without dual address spaces: bit 16 of an EC-mode PSW must be zero."""
        psw = super().decode_psw(text)
        if psw.secondary_space:
            psw.secondary_space = False
            psw.unassigned |= ADDRESS_SPACE_CONTROL
        return psw

    # ---- by logical address ----------------------------------------------------------------------------------

    def to_real(self, address: int) -> int:
        """As on the machine; an operand beyond the guest's storage ends the instruction as it does there."""
        real = self._translated(address) if self.psw.dat else address
        if not self.pages.addressable(real):
            raise ProgramInterruption(PIC.ADDRESSING, Ending.TERMINATION)
        return real

    def _translated(self, address: int) -> int:
        """Through the guest's own tables as they are now."""
        found = walk(address, self.cr[0], self.segment_table_designation, self.load_real)
        if found.fault is not None:
            space = SECONDARY if self.psw.secondary_space else 0
            raise ProgramInterruption(found.fault, Ending.NULLIFICATION, address=space | address)
        assert found.real is not None
        return found.real

    def _resolve(self, address: int, store: bool) -> int:
        """The absolute address of the 2K block, access checked and recorded in the reference and change bits."""
        absolute = self._accessible(address, store)
        self.storage.keys[absolute >> BLOCK_SHIFT] |= Key.REFERENCE | Key.CHANGE if store else Key.REFERENCE
        return absolute

    # ---- by guest-real address -------------------------------------------------------------------------------

    def absolute(self, real: int) -> int:
        """The address in the real machine of a guest-real address; ADDRESSING beyond the guest's storage.

        The page is brought, and its frame stays until the next dispatch.  Raises PagingFailure.
        """
        if not self.pages.addressable(real):
            raise ProgramInterruption(PIC.ADDRESSING, Ending.SUPPRESSION)
        return self.paging.bring(self.pages, real >> PAGE_SHIFT) + real % FRAME

    def load_real(self, real: int, length: int) -> bytes:
        """Fetch by guest-real address, without protection, page by page: neighbours need not be so in storage."""
        room = FRAME - real % FRAME
        if length <= room:
            return self.storage.read(self.absolute(real), length)
        return b"".join(self.storage.read(self.absolute(at), size) for at, size in blocks(real, length, FRAME))

    def store_real(self, real: int, data: bytes) -> None:
        """Store by guest-real address, without protection; nothing is stored when part of it lies outside.

        No change bit is turned on that the guest could see; CP notes by itself that the frame was changed.
        """
        if data and not self.pages.addressable(real + len(data) - 1):
            raise ProgramInterruption(PIC.ADDRESSING, Ending.SUPPRESSION)
        for at, size in blocks(real, len(data), FRAME):
            absolute = self.absolute(at)
            self.storage.write(absolute, data[at - real : at - real + size])
            self.paging.core.mark_changed(absolute & -FRAME)
