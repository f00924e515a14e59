"""SSK, ISK and RRB of a guest: the instruction's own definition, over the keys that the guest has.

A guest's keys are where its pages are: in the real keys of frames, in the SWPTABLE while a page is out, and reference
and change in both, because CP resets them for its own purpose.  SY20-0886 "Storage Key Simulation"; GA22-7000 "Storage
Key".  No page is brought for an instruction about its key.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from edu_hv.hypervisor.virtual_storage import VirtualStorage
from edu_hv.isa.codes import PIC
from edu_hv.machine.cpu import find_entry
from edu_hv.machine.interruptions import Ending, ProgramInterruption
from edu_hv.machine.storage import BLOCK, BLOCK_SHIFT

if TYPE_CHECKING:
    from edu_hv.hypervisor.virtual_cpu import VirtualCPU
    from edu_hv.machine.cpu import CPU


class GuestKeys:
    """The keys of a guest by number of its 2K block, as `Storage` gives those of real storage."""

    def __init__(self, pages: VirtualStorage) -> None:
        self.pages = pages
        self.size = pages.size
        self.keys = self

    def __getitem__(self, block: int) -> int:
        return self.pages.key(block << BLOCK_SHIFT)

    def __iter__(self) -> Iterator[int]:
        return (self.pages.key(address) for address in range(0, self.size, BLOCK))

    def set_key(self, block: int, key: int) -> None:
        """Replace the key; when only its reference bit goes, as by RRB, CP keeps that for its page replacement."""
        self.pages.set_key(block << BLOCK_SHIFT, key)


class KeyView:
    """What an instruction about storage keys asks of a CPU: here guest-real addresses are the storage's own."""

    def __init__(self, cpu: "VirtualCPU") -> None:
        self.cpu = cpu
        self.gr, self.psw = cpu.gr, cpu.psw
        self.storage = GuestKeys(cpu.pages)

    def checked_real(self, real: int, length: int) -> int:
        """The address itself; ADDRESSING outside the guest's storage."""
        if not self.cpu.pages.addressable(real + length - 1):
            raise ProgramInterruption(PIC.ADDRESSING, Ending.SUPPRESSION)
        return real


def simulate(cpu: "VirtualCPU", text: bytes) -> None:
    """Execute SSK, ISK or RRB.  Raises ProgramInterruption as the machine would."""
    entry = find_entry(text)
    assert entry is not None, "CP simulates installed instructions only"
    _, operands, execute = entry
    execute(cast("CPU", KeyView(cpu)), *operands(cpu, text))
