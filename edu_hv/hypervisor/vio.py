"""Virtual I/O: what an I/O instruction of a guest does (DMKVSI).  SY20-0886 "Virtual I/O Requests".

A console, reader or printer is virtual: CP interprets the whole channel program itself (DMKVCN, DMKVSP), with the
same channel that the machine has, over the guest's storage.  A tape is dedicated: its channel programs are translated
and started on the real device.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from edu_hv.hypervisor.ccw_translation import RCWTASK, translate
from edu_hv.hypervisor.free_storage import FreeStorage
from edu_hv.hypervisor.vmblok import VDEVBLOK, VMBLOK
from edu_hv.isa.codes import PSA, ChannelStatus, Key, UnitStatus
from edu_hv.machine.ccw import CSW
from edu_hv.machine.channel_program import ChannelProgramCheck, ChannelProtectionCheck
from edu_hv.machine.cpu import CPU
from edu_hv.machine.instructions.io import block_multiplexing
from edu_hv.machine.interruptions import ProgramInterruption
from edu_hv.machine.storage import BLOCK_SHIFT

if TYPE_CHECKING:
    from edu_hv.machine.channel import Channels

NOT_OPERATIONAL = 3
BUSY = 2
CSW_STORED = 1
STARTED = AVAILABLE = 0
"""Condition codes."""

MOST_CCWS = 256
"""CCWs of a virtual device that CP interprets in one go."""


class GuestStorage:
    """A guest's storage as its virtual channel sees it: guest-real addresses, the guest's keys."""

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


class VirtualIO:
    """CP's side of the I/O instructions.  `real` is the real CPU, `channels` the real channels."""

    def __init__(self, real: CPU, channels: "Channels", free_storage: FreeStorage) -> None:
        self.real = real
        self.channels = channels
        self.free_storage = free_storage
        self._dedicated: dict[str, Callable[[VMBLOK, VDEVBLOK], int]] = {
            "SIO": self._start,
            "SIOF": self._start,
            "TIO": self._test,
            "CLRIO": self._test,
            "HIO": self._halt,
            "HDV": self._halt,
        }

    def simulate(self, vm: VMBLOK, mnemonic: str, address: int) -> None:
        """Carry out an I/O instruction of a guest: its condition code is set, its CSW stored where there is one."""
        device = vm.vmdevs.get(address)
        if mnemonic == "TCH":
            vm.vmpsw.cc = _test_channel(vm, address >> 8)
        elif mnemonic == "STIDC":
            vm.vmpsw.cc = _store_channel_id(vm, address >> 8)
        elif device is None or mnemonic not in self._dedicated:
            vm.vmpsw.cc = NOT_OPERATIONAL
        elif device.virtual:
            vm.vmpsw.cc = self._virtual(vm, mnemonic, address)
        else:
            vm.vmpsw.cc = self._dedicated[mnemonic](vm, device)

    # ---- devices whose channel programs CP interprets --------------------------------------------------------

    def _virtual(self, vm: VMBLOK, mnemonic: str, address: int) -> int:
        channels = vm.channels
        multiplexing = block_multiplexing(vm.cpu)
        operations: dict[str, Callable[[CPU, int], int]] = {
            "SIO": partial(channels.start_io, multiplexing=multiplexing),
            "SIOF": partial(channels.start_io_fast_release, multiplexing=multiplexing),
            "TIO": channels.test_io,
            "CLRIO": partial(channels.clear_io, multiplexing=multiplexing),
            "HIO": channels.halt_io,
            "HDV": channels.halt_device,
        }
        cc = operations[mnemonic](vm.cpu, address)
        run_virtual_channels(vm)
        return cc

    # ---- dedicated devices -----------------------------------------------------------------------------------

    def _start(self, vm: VMBLOK, device: VDEVBLOK) -> int:
        """SIO.  Busy, pending, CAW, translation, real SIO: in this order."""
        if device.busy or _ended(device):
            return BUSY
        if device.pending:
            return self._give_busy(vm, device, device.pending)
        caw = int.from_bytes(vm.cpu.load_real(PSA.CAW, 4), "big")
        if caw & 0x0F000007 or not _fetchable(vm, caw & 0xFFFFFF):
            _store_status(vm, UnitStatus(0), ChannelStatus.PROGRAM_CHECK)
            return CSW_STORED
        try:
            task = translate(vm, self.real, self.free_storage, caw)
        except MemoryError:
            return BUSY  # There is no room for the copy until another program ends.
        cc = self._start_real(device, task)
        if cc == STARTED:
            device.busy, device.task = True, task
            return cc
        self.free_storage.free(task.piece)
        return self._pass_on(vm, cc)

    def _pass_on(self, vm: VMBLOK, cc: int) -> int:
        """Give the guest the condition code of the real device, and with CC 1 the status: two bytes of the CSW."""
        if cc == CSW_STORED:
            vm.cpu.store_real(PSA.CSW + 4, self.real.load_real(PSA.CSW + 4, 2))
        return cc

    def _start_real(self, device: VDEVBLOK, task: RCWTASK) -> int:
        assert device.real is not None
        self.real.store_real(PSA.CAW, (task.key << 28 | task.real_address).to_bytes(4, "big"))
        return self.channels.start_io(self.real, device.real, multiplexing=True)

    def _test(self, vm: VMBLOK, device: VDEVBLOK) -> int:
        """TIO, and CLRIO: CP queues no operation that could be cleared.  The real device may still work by itself."""
        if device.busy:
            return BUSY
        if device.pending:
            return self._give_csw(vm, device)
        assert device.real is not None
        cc = self.channels.test_io(self.real, device.real)
        if cc == CSW_STORED:
            vm.cpu.store_real(PSA.CSW, self.real.load_real(PSA.CSW, 8))
        return cc

    def _halt(self, vm: VMBLOK, device: VDEVBLOK) -> int:
        """HIO and HDV.  CC 0 while an interruption is pending; else the real device is told."""
        assert device.real is not None
        if device.pending and not device.busy:
            return AVAILABLE
        return self._pass_on(vm, self.channels.halt_device(self.real, device.real))

    def _give_csw(self, vm: VMBLOK, device: VDEVBLOK) -> int:
        """Store the pending CSW in the guest's storage and clear it."""
        assert device.pending is not None
        vm.cpu.store_real(PSA.CSW, device.pending.to_bytes())
        device.pending = None
        return CSW_STORED

    def _give_busy(self, vm: VMBLOK, device: VDEVBLOK, pending: CSW) -> int:
        """SIO while the device has something to say: the status with the busy bit.

        That is how the guest knows that its new program was not what the status is about.
        """
        _store_status(vm, pending.unit_status | UnitStatus.BUSY, pending.channel_status)
        device.pending = None
        return CSW_STORED

    def keep_interruption(self, device: VDEVBLOK) -> None:
        """The CSW of a real interruption is in real storage.  Make it the guest's, in the guest's addresses.

        A program-controlled interruption leaves the operation going on, and CP's copy of the program in its place.
        """
        csw = CSW.from_bytes(self.real.load_real(PSA.CSW, 8))
        if device.task is not None:
            csw = device.task.untranslate(csw)
            if csw.unit_status or csw.channel_status != ChannelStatus.PROGRAM_CONTROLLED_INTERRUPTION:
                self._release(device)
        device.pending = csw if device.pending is None else _merged(device.pending, csw)

    def _release(self, device: VDEVBLOK) -> None:
        """The operation is over: CP's copy of its program goes back to free storage."""
        if device.task is not None:
            self.free_storage.free(device.task.piece)
        device.busy, device.task = False, None

    def reset(self, vm: VMBLOK) -> None:
        """Virtual system reset, the dedicated devices' part: nothing runs and nothing is pending."""
        for device in vm.vmdevs.values():
            if device.real is not None:
                self.channels.reset_device(device.real)
            self._release(device)
            device.pending = None


def run_virtual_channels(vm: VMBLOK) -> None:
    """Interpret the virtual devices' channel programs to their end, or until one waits for input.

    A chain that never ends goes on at the next dispatch, MOST_CCWS at a time, so that it costs its guest and not CP.
    """
    for _ in range(MOST_CCWS):
        if vm.channels.next_event is None:
            return
        vm.clocks.now = max(vm.clocks.now, vm.channels.next_event)
        vm.channels.advance()


def pending_device(vm: VMBLOK) -> int | None:
    """The guest's device whose interruption its PSW allows now, lowest address first."""
    psw, masks = vm.vmpsw, vm.cpu.cr[2]
    found = [d.address for d in vm.vmdevs.values() if d.pending and psw.channel_enabled(d.address >> 8, masks)]
    virtual = vm.channels.pending(psw, masks)
    return min([*found, *([] if virtual is None else [virtual])], default=None)


def accept(vm: VMBLOK, address: int) -> None:
    """The guest takes the interruption of a device: its CSW goes to guest storage, the status is cleared."""
    device = vm.vmdevs.get(address)
    if device is not None and device.pending:
        vm.cpu.store_real(PSA.CSW, device.pending.to_bytes())
        device.pending = None
    else:
        vm.channels.accept(vm.cpu, address)


def _ended(device: VDEVBLOK) -> bool:
    """Whether the pending status is the end of a channel program: the virtual subchannel is not available."""
    return device.pending is not None and device.pending.address != 0


def _merged(old: CSW, new: CSW) -> CSW:
    """A second CSW comes before the guest has taken the first: one CSW with the status of both."""
    status = old.unit_status | new.unit_status
    return replace(
        new if new.address else old, unit_status=status, channel_status=old.channel_status | new.channel_status
    )


def _on_channel(vm: VMBLOK, channel: int) -> list[VDEVBLOK]:
    return [device for device in vm.vmdevs.values() if device.address >> 8 == channel]


def _test_channel(vm: VMBLOK, channel: int) -> int:
    """TCH, answered from the virtual blocks alone."""
    devices = _on_channel(vm, channel)
    if not devices:
        return NOT_OPERATIONAL
    if any(device.pending for device in devices):
        return CSW_STORED
    return vm.channels.test_channel(channel << 8) if any(device.virtual for device in devices) else AVAILABLE


def _store_channel_id(vm: VMBLOK, channel: int) -> int:
    """STIDC: as on the machine, channel 0 is a byte multiplexer and the others are block multiplexers."""
    if not _on_channel(vm, channel):
        return NOT_OPERATIONAL
    vm.cpu.store_real(PSA.CHANNEL_ID, bytes.fromhex("20000000" if channel else "10000000"))
    return AVAILABLE


def _fetchable(vm: VMBLOK, address: int) -> bool:
    try:
        vm.cpu.absolute(address)
    except ProgramInterruption:
        return False
    return True


def _store_status(vm: VMBLOK, unit_status: UnitStatus, channel_status: ChannelStatus) -> None:
    """All that SIO stores with CC 1: the status portion of the CSW."""
    vm.cpu.store_real(PSA.CSW + 4, bytes([unit_status, channel_status]))
