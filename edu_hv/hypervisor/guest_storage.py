"""A guest's storage as its virtual channels see it, for the channel programs that CP interprets itself."""

from edu_hv.isa.codes import Key
from edu_hv.machine.channel_program import ChannelProgramCheck, ChannelProtectionCheck
from edu_hv.machine.cpu import CPU
from edu_hv.machine.interruptions import ProgramInterruption
from edu_hv.machine.storage import BLOCK_SHIFT


class GuestStorage:
    """Guest-real addresses and the guest's keys.  A page that is out is brought in (`VirtualCPU.absolute`)."""

    def __init__(self, cpu: CPU) -> None:
        self.cpu = cpu

    def fetch(self, address: int, length: int, key: int) -> bytes:
        """`length` bytes within a 2K block."""
        return self.cpu.storage.read(self._resolve(address, key, store=False), length)

    def store(self, address: int, data: bytes, key: int) -> None:
        """Store within a 2K block."""
        self.cpu.storage.write(self._resolve(address, key, store=True), data)

    def _resolve(self, address: int, key: int, store: bool) -> int:
        try:
            absolute = self.cpu.absolute(address)
        except ProgramInterruption:
            raise ChannelProgramCheck from None
        storage_key = self.cpu.storage.key(absolute)
        if key and key != storage_key >> 4 and (store or storage_key & Key.FETCH_PROTECTION):
            raise ChannelProtectionCheck
        recorded = Key.REFERENCE | Key.CHANGE if store else Key.REFERENCE
        self.cpu.storage.keys[absolute >> BLOCK_SHIFT] = storage_key | recorded
        return absolute
