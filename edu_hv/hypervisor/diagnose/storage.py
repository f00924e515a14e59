"""DIAGNOSE codes about storage: X'04', X'10'.  GC20-1807."""

from typing import TYPE_CHECKING

from edu_hv.hypervisor.diagnose.services import require_storage, service, specification
from edu_hv.isa.codes import MASK_24, PIC
from edu_hv.machine.interruptions import Ending, ProgramInterruption
from edu_hv.machine.storage import FRAME

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK

_WORD = 4


@service(0x04, classes="CE")
def examine_real_storage(cp: "ControlProgram", vm: "VMBLOK", rx: int, ry: int) -> None:
    """X'04': fetch words of real storage.  Rx: list of real addresses; Ry: their count; Ry+1: where the words go.

    CC unchanged.  Specification: Ry is 15, the count is not positive, or a list is not within one page of the guest's;
    addressing: a list outside the guest's storage, or a real address outside real storage.
    """
    if ry == 15:
        raise specification()
    source, count, target = vm.vmgprs[rx] & MASK_24, vm.vmgprs[ry], vm.vmgprs[ry + 1] & MASK_24
    if not 0 < count <= FRAME // _WORD or not (_in_a_page(source, count) and _in_a_page(target, count)):
        raise specification()
    for area in (source, target):
        require_storage(vm, area, count * _WORD)
    text = vm.cpu.load_real(source, count * _WORD)
    addresses = [int.from_bytes(text[n : n + _WORD], "big") & MASK_24 for n in range(0, len(text), _WORD)]
    if any(address + _WORD > cp.machine.storage.size for address in addresses):
        raise ProgramInterruption(PIC.ADDRESSING, Ending.SUPPRESSION)
    vm.cpu.store_real(target, b"".join(cp.real.load_real(address, _WORD) for address in addresses))


def _in_a_page(address: int, words: int) -> bool:
    return address % _WORD == 0 and address // FRAME == (address + words * _WORD - 1) // FRAME


@service(0x10)
def release_pages(cp: "ControlProgram", vm: "VMBLOK", rx: int, ry: int) -> None:
    """X'10': give pages back, from that at Rx to that at Ry; they are zero when they are used again.

    CC unchanged.  Specification: an address is not on a page boundary, or the last page is before the first;
    addressing: a page outside the guest's storage.
    """
    first, last = vm.vmgprs[rx], vm.vmgprs[ry]
    if first % FRAME or last % FRAME or last < first:
        raise specification()
    if last >= vm.vmsize:
        raise ProgramInterruption(PIC.ADDRESSING, Ending.SUPPRESSION)
    cp.paging.release_pages(vm.storage, first // FRAME, last // FRAME)
