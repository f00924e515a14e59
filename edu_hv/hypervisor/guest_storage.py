"""A guest's storage as its virtual channels see it, for the channel programs that CP interprets itself."""

from typing import TYPE_CHECKING

from edu_hv.hypervisor.paging_area import PagingFailure
from edu_hv.hypervisor.virtual_storage import SEGMENT
from edu_hv.isa.codes import ChannelStatus, Key
from edu_hv.machine.channel_program import ChannelCheck, ChannelProgramCheck, ChannelProtectionCheck
from edu_hv.machine.interruptions import ProgramInterruption
from edu_hv.machine.storage import BLOCK_SHIFT

if TYPE_CHECKING:
    from edu_hv.hypervisor.virtual_cpu import VirtualCPU


class PageLost(ChannelCheck):
    """CP cannot bring the page in: to the guest, its channel has found storage damaged."""

    status = ChannelStatus.CHANNEL_DATA_CHECK


class GuestStorage:
    """Guest-real addresses and the guest's keys.  A page that is out is brought in (`VirtualCPU.absolute`)."""

    def __init__(self, cpu: "VirtualCPU") -> None:
        self.cpu = cpu

    def fetch(self, address: int, length: int, key: int) -> bytes:
        """`length` bytes within a 2K block."""
        return self.cpu.storage.read(self._resolve(address, key, store=False), length)

    def store(self, address: int, data: bytes, key: int) -> None:
        """Store within a 2K block.  Into a shared segment no channel stores: it would store for everybody."""
        shared = self.cpu.pages.shared.get(address // SEGMENT)
        if shared is not None and shared.protected:
            raise ChannelProtectionCheck
        self.cpu.storage.write(self._resolve(address, key, store=True), data)

    def _resolve(self, address: int, key: int, store: bool) -> int:
        try:
            absolute = self.cpu.absolute(address)
        except ProgramInterruption:
            raise ChannelProgramCheck from None
        except PagingFailure:
            raise PageLost from None
        storage_key = self.cpu.storage.key(absolute)
        if key and key != storage_key >> 4 and (store or storage_key & Key.FETCH_PROTECTION):
            raise ChannelProtectionCheck
        recorded = Key.REFERENCE | Key.CHANGE if store else Key.REFERENCE
        self.cpu.storage.keys[absolute >> BLOCK_SHIFT] = storage_key | recorded
        return absolute
