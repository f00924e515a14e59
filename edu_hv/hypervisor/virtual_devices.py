"""A virtual machine's devices: VCHBLOK, VCUBLOK, VDEVBLOK.  SY20-0884 *Data Areas and Control Blocks*.

What the guest may find out about its channels and devices is answered from these blocks, whatever the real machine
does.  The names and bits are VM/370's.  Read next: `io_rules`, which asks them, and `vio`, which changes them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import IntFlag
from typing import TYPE_CHECKING, Any, ClassVar

from edu_hv.devices.device import IODevice
from edu_hv.isa.codes import UnitStatus
from edu_hv.isa.errors import UserError
from edu_hv.machine.ccw import CSW, NO_STATUS
from edu_hv.machine.channel_program import ChannelProgram
from edu_hv.machine.subchannel import ChannelType

if TYPE_CHECKING:
    from edu_hv.hypervisor.io_blocks import IOBLOK

NO_BLOCK = -1
"""An index that leads nowhere: there is no such channel, control unit or device."""
_SIXTEEN = 16


class DeviceClass(IntFlag):
    """VDEVTYPC."""

    TERM = 0x80
    GRAF = 0x40
    URI = 0x20
    """Unit record, input."""
    URO = 0x10
    """Unit record, output."""
    TAPE = 0x08
    DASD = 0x04
    SPEC = 0x02
    """Channel-to-channel adapter, timer, telecommunication control unit."""
    FBA = 0x01


class VDEVSTAT(IntFlag):
    """VDEVSTAT: what the device does and has to say."""

    SUBCHANNEL_BUSY = 0x80
    """A channel program runs."""
    CHANNEL_PENDING = 0x40
    """The end of one, or a program-controlled interruption, is pending in the subchannel."""
    BUSY = 0x20
    """The device works, be it only by itself after channel end."""
    PENDING = 0x10
    """Status of the device itself is pending: device end, attention."""
    CONTROL_UNIT_END = 0x08
    NOT_READY = 0x04
    ATTACHED = 0x02
    DEDICATED = 0x01


class VDEVFLAG(IntFlag):
    """VDEVFLAG."""

    READ_ONLY = 0x80
    TEMPORARY = 0x40
    """A temporary disk; of a console: its lines are spooled."""
    UPPER_2311 = 0x20
    LOWER_2311 = 0x10
    SEEK = 0x08
    """A stand-alone seek is under way."""
    RESERVE = 0x02
    """RESERVE and RELEASE are simulated."""
    SENSE = 0x01
    """CP holds the sense bytes of the last unit check."""


NO_STAT, NO_FLAG = VDEVSTAT(0), VDEVFLAG(0)


@dataclass(eq=False)
class VDEVBLOK:
    """One virtual device.

    CP interprets the channel programs of `device` itself (console, spooled unit record, channel-to-channel adapter,
    timer); or they are translated and started on the real device at `real` (dedicated, or the volume of a minidisk).
    """

    address: int
    vdevtypc: DeviceClass
    vdevtype: int = 0
    model: str = ""
    """The machine type: "3215", "2540R", "3330", "2401", "CTCA"."""
    device: IODevice | None = None
    real: int | None = None
    vdevstat: VDEVSTAT = NO_STAT
    vdevflag: VDEVFLAG = NO_FLAG
    channel_csw: CSW | None = None
    """Pending in the subchannel, in guest addresses."""
    vdevunit: UnitStatus = NO_STATUS
    """Status of the device itself that is pending."""
    sense: bytes = b""
    """Sense bytes that CP has read for the guest, when VDEVFLAG says so."""
    reln: int = 0
    """Minidisk: the real cylinder of its cylinder 0."""
    bnd: int = 0
    """Minidisk: its cylinders."""
    posn: int = 0
    """Virtual cylinder and head: 16 bits each."""
    multiplexing: bool = False
    """The operation was started with block multiplexing allowed (CR0 bit 0)."""
    halted: bool = False
    """The operation was halted: it does not take the channel any more, but its end is to come."""
    ioblok: "IOBLOK | ChannelProgram | None" = None
    """The operation in progress: on the real device, or the program that CP interprets."""
    user: str = ""
    """The owner of a minidisk that is linked."""
    extra: dict[str, Any] = field(default_factory=dict)
    """What other parts of CP keep with a device (spooling options, LINK mode), by name; plain values."""

    PLAIN: ClassVar[tuple[str, ...]] = (
        "vdevtypc", "vdevtype", "model", "real", "vdevstat", "vdevflag", "channel_csw", "vdevunit", "sense", "reln",
        "bnd", "posn", "multiplexing", "halted", "user",
    )  # fmt: skip

    # ---- questions -------------------------------------------------------------------------------------------

    @property
    def vdevcsw(self) -> CSW | None:
        """The CSW that the guest would be given now; None when nothing is pending."""
        if self.channel_csw is not None:
            return self.channel_csw
        return CSW(unit_status=self.vdevunit) if self.vdevunit else None

    @property
    def program(self) -> ChannelProgram | None:
        """The channel program that CP interprets and that has not ended."""
        return self.ioblok if isinstance(self.ioblok, ChannelProgram) else None

    @property
    def running(self) -> bool:
        """Whether a channel program runs."""
        return bool(self.vdevstat & VDEVSTAT.SUBCHANNEL_BUSY)

    @property
    def working(self) -> bool:
        """Whether the device goes on by itself, its channel program having ended with channel end."""
        return self.vdevstat & (VDEVSTAT.SUBCHANNEL_BUSY | VDEVSTAT.BUSY) == VDEVSTAT.BUSY

    @property
    def ended(self) -> bool:
        """Whether the end of a channel program is pending: the subchannel is not available."""
        return self.channel_csw is not None and not self.running

    @property
    def dedicated(self) -> bool:
        """Whether the guest has a whole real device."""
        return bool(self.vdevstat & VDEVSTAT.DEDICATED)

    @property
    def minidisk(self) -> bool:
        """Whether it is a part of a real volume."""
        return self.real is not None and not self.dedicated

    # ---- changes ---------------------------------------------------------------------------------------------

    def begin(self, operation: "IOBLOK | ChannelProgram", multiplexing: bool) -> None:
        """A channel program runs from now on."""
        self.ioblok, self.multiplexing, self.halted = operation, multiplexing, False
        self.vdevstat |= VDEVSTAT.SUBCHANNEL_BUSY | VDEVSTAT.BUSY

    def request(self, csw: CSW) -> None:
        """A program-controlled interruption: the program goes on."""
        self.channel_csw = csw
        self.vdevstat |= VDEVSTAT.CHANNEL_PENDING

    def end(self, csw: CSW | None) -> None:
        """The channel program has ended; None: nothing is left to say about it.

        A program-controlled interruption still pending becomes part of the CSW.  With channel end alone the device
        goes on by itself.
        """
        earlier, self.channel_csw, self.ioblok = self.channel_csw, csw, None
        self.vdevstat &= ~(VDEVSTAT.SUBCHANNEL_BUSY | VDEVSTAT.BUSY | VDEVSTAT.CHANNEL_PENDING)
        if csw is None:
            return
        if earlier is not None:
            self.channel_csw = replace(csw, channel_status=csw.channel_status | earlier.channel_status)
        self.vdevstat |= VDEVSTAT.CHANNEL_PENDING
        if goes_on(csw.unit_status):
            self.vdevstat |= VDEVSTAT.BUSY

    def present(self, status: UnitStatus) -> None:
        """The device has something to say by itself."""
        self.vdevunit |= status
        if self.vdevunit:
            self.vdevstat |= VDEVSTAT.PENDING
        if status & UnitStatus.DEVICE_END:
            self.vdevstat &= ~VDEVSTAT.NOT_READY
            if not self.running:
                self.vdevstat &= ~VDEVSTAT.BUSY

    def withdraw(self, status: UnitStatus) -> None:
        """What the device had to say no longer matters."""
        self.vdevunit &= ~status
        if not self.vdevunit:
            self.vdevstat &= ~VDEVSTAT.PENDING

    def take(self) -> CSW:
        """The CSW that is pending, which is cleared: that of the subchannel first."""
        csw = self.vdevcsw or CSW()
        if self.channel_csw is not None:
            self.channel_csw = None
            self.vdevstat &= ~VDEVSTAT.CHANNEL_PENDING
        else:
            self.withdraw(self.vdevunit)
        return csw

    def clear(self) -> None:
        """Nothing runs and nothing is pending."""
        self.channel_csw, self.ioblok, self.sense = None, None, b""
        self.withdraw(self.vdevunit)
        self.vdevstat &= VDEVSTAT.NOT_READY | VDEVSTAT.ATTACHED | VDEVSTAT.DEDICATED
        self.vdevflag &= ~(VDEVFLAG.SENSE | VDEVFLAG.SEEK)

    # ---- checkpoint ------------------------------------------------------------------------------------------

    def state(self) -> Any:
        """A checkpoint.  Objects are named with their own state: what is attached may change."""
        plain = tuple(getattr(self, name) for name in self.PLAIN)
        device = None if self.device is None else (self.device, self.device.state())
        program = self.program
        operation = None if self.ioblok is None else (self.ioblok, None if program is None else program.state())
        return plain, device, operation, tuple(self.extra.items())

    def restore(self, state: Any) -> None:
        """Go back to a checkpoint."""
        plain, device, operation, extra = state
        for name, value in zip(self.PLAIN, plain, strict=True):
            setattr(self, name, value)
        self.device = self.ioblok = None
        if device is not None:
            self.device = device[0]
            self.device.restore(device[1])
        if operation is not None:
            self.ioblok = operation[0]
            if isinstance(self.ioblok, ChannelProgram):
                self.ioblok.restore(operation[1])
        self.extra = dict(extra)


def goes_on(status: UnitStatus) -> bool:
    """Whether a device whose channel program ended with this status goes on by itself: channel end, no device end."""
    return status & (UnitStatus.CHANNEL_END | UnitStatus.DEVICE_END) == UnitStatus.CHANNEL_END


@dataclass(eq=False)
class VCUBLOK:
    """A virtual control unit: its address (channel and control unit) and its sixteen places for devices."""

    vcuadd: int
    vcudvint: int = 0
    """Which of its devices have an interruption pending: bit 0 of 16 is device 0."""
    vcudvtbl: list[int] = field(default_factory=lambda: [NO_BLOCK] * _SIXTEEN)
    """Index of the VDEVBLOK by the last digit of the address."""


@dataclass(eq=False)
class VCHBLOK:
    """A virtual channel and its sixteen places for control units."""

    vchadd: int
    """The channel's number."""
    type: ChannelType
    vchcuint: int = 0
    """Which of its control units have an interruption pending: bit 0 of 16 is control unit 0."""
    vchcutbl: list[int] = field(default_factory=lambda: [NO_BLOCK] * _SIXTEEN)
    """Index of the VCUBLOK by the middle digit of the address."""

    def holds(self, vdev: VDEVBLOK) -> bool:
        """Whether the operation on this device, one of the channel's, takes the whole channel.

        A selector channel, and a block multiplexer when the program does not allow it to multiplex.  No virtual
        channel is ever busy for a moment only, with the data of one block.
        """
        alone = self.type is ChannelType.SELECTOR
        alone |= self.type is ChannelType.BLOCK_MULTIPLEXER and not vdev.multiplexing
        return alone and vdev.running and not vdev.halted


class VirtualDevices(Mapping[int, VDEVBLOK]):
    """The devices of one virtual machine by address, and the blocks through which they are found.

    `channels`: how all channels but channel 0, a byte multiplexer, work (DEFINE CHANNELS AS SEL or BMX).
    """

    def __init__(self, channels: ChannelType = ChannelType.SELECTOR) -> None:
        self.channels = channels
        self.vmchtbl = [NO_BLOCK] * _SIXTEEN
        """Index of the VCHBLOK by channel number."""
        self.vmioint = 0
        """Which channels have an interruption pending: bit 0 of 16 is channel 0."""
        self.told_busy = 0
        """Block multiplexers that have answered busy and owe a channel-available interruption: bit 0 is channel 0."""
        self.vchbloks: list[VCHBLOK] = []
        self.vcubloks: list[VCUBLOK] = []
        self.vdevbloks: list[VDEVBLOK] = []
        """In the order of their addresses."""

    # ---- lookup ----------------------------------------------------------------------------------------------

    def lookup(self, address: int) -> VDEVBLOK | None:
        """The device at an address, by the indices in VMCHTBL, VCHBLOK and VCUBLOK (SCNVU); None if one is negative."""
        channel = self.channel(address >> 8)
        if channel is None:
            return None
        unit = channel.vchcutbl[address >> 4 & 0xF]
        at = NO_BLOCK if unit == NO_BLOCK else self.vcubloks[unit].vcudvtbl[address & 0xF]
        return None if at == NO_BLOCK else self.vdevbloks[at]

    def channel(self, number: int) -> VCHBLOK | None:
        """The channel of that number, if it has a device."""
        if not 0 <= number < _SIXTEEN or self.vmchtbl[number] == NO_BLOCK:
            return None
        return self.vchbloks[self.vmchtbl[number]]

    def __getitem__(self, address: int) -> VDEVBLOK:
        found = self.lookup(address)
        if found is None:
            raise KeyError(address)
        return found

    def __iter__(self) -> Iterator[int]:
        return (vdev.address for vdev in self.vdevbloks)

    def __len__(self) -> int:
        return len(self.vdevbloks)

    def on_channel(self, number: int) -> list[VDEVBLOK]:
        """The devices of a channel, in the order of their addresses."""
        return [vdev for vdev in self.vdevbloks if vdev.address >> 8 == number]

    def console(self) -> VDEVBLOK | None:
        """The virtual console device."""
        return next((vdev for vdev in self.vdevbloks if vdev.vdevtypc & DeviceClass.TERM), None)

    def channel_type(self, number: int) -> ChannelType:
        """How a channel works."""
        return self.channels if number else ChannelType.BYTE_MULTIPLEXER

    # ---- state of a channel ----------------------------------------------------------------------------------

    def working(self, number: int) -> VDEVBLOK | None:
        """The device whose operation takes the whole channel."""
        channel = self.channel(number)
        return next((v for v in self.on_channel(number) if channel and channel.holds(v)), None)

    def in_subchannel(self, vdev: VDEVBLOK) -> VDEVBLOK | None:
        """The device whose operation, or its end, the subchannel of this device has; None when it is available."""
        number = vdev.address >> 8
        subchannel = self.channel_type(number).subchannel
        mine = subchannel(vdev.address)
        others = (v for v in self.on_channel(number) if subchannel(v.address) == mine)
        return next((v for v in others if v.running or v.ended), None)

    @property
    def vmioactv(self) -> int:
        """Which channels have an operation in progress: bit 0 of 16 is channel 0."""
        active = (vdev for vdev in self.vdevbloks if vdev.vdevstat & (VDEVSTAT.SUBCHANNEL_BUSY | VDEVSTAT.BUSY))
        return _map_of(vdev.address >> 8 for vdev in active)

    def note(self, vdev: VDEVBLOK) -> None:
        """The device's state has changed: bring the maps of its channel up to date."""
        channel = self.channel(vdev.address >> 8)
        if channel is None:
            return
        interrupting = [v.address for v in self.on_channel(channel.vchadd) if self._interrupts(v)]
        for unit in self.vcubloks:
            if unit.vcuadd >> 4 == channel.vchadd:
                unit.vcudvint = _map_of(address & 0xF for address in interrupting if address >> 4 == unit.vcuadd)
        channel.vchcuint = _map_of(address >> 4 & 0xF for address in interrupting)
        bit = 0x8000 >> channel.vchadd
        owed = self.told_busy & bit and self.working(channel.vchadd) is None
        self.vmioint = self.vmioint | bit if interrupting or owed else self.vmioint & ~bit

    def tell_busy(self, number: int) -> None:
        """A block multiplexer has answered busy.  GA22-7000 "Channel-Available Interruption"."""
        if self.channel_type(number) is ChannelType.BLOCK_MULTIPLEXER:
            self.told_busy |= 0x8000 >> number

    def take(self, address: int) -> CSW:
        """The CSW of the interruption at an I/O address, which is cleared.

        Any but a program-controlled one tells the guest besides that the channel is available.
        """
        vdev = self.lookup(address)
        csw = vdev.take() if vdev is not None and vdev.vdevcsw is not None else CSW()
        if vdev is None or not vdev.running:
            self.told_busy &= ~(0x8000 >> (address >> 8))
        for other in self.on_channel(address >> 8)[:1]:
            self.note(other)
        return csw

    def _interrupts(self, vdev: VDEVBLOK) -> bool:
        """Whether an interruption of the device can be taken: status of a device needs its subchannel and channel."""
        if vdev.channel_csw is not None:
            return True
        free = self.in_subchannel(vdev) is None and self.working(vdev.address >> 8) is None
        return bool(vdev.vdevunit) and free

    def interrupting(self, channel: int) -> int | None:
        """The address of the first device of a channel with an interruption: by VCHCUINT, then VCUDVINT.

        The channel's own when it only says that it is available.
        """
        block = self.channel(channel)
        if block is None or not self.vmioint & 0x8000 >> channel:
            return None
        if not block.vchcuint:
            return channel << 8
        unit = self.vcubloks[block.vchcutbl[_first(block.vchcuint)]]
        return self.vdevbloks[unit.vcudvtbl[_first(unit.vcudvint)]].address

    # ---- configuration ---------------------------------------------------------------------------------------

    def add(self, vdev: VDEVBLOK) -> None:
        """Give the machine a device.  A channel-to-channel adapter takes all sixteen addresses of its control unit.

        Raises UserError when there is one at the address.
        """
        if not 0 <= vdev.address <= 0xFFF:
            raise UserError(f"{vdev.address:X} is no device address: give three hexadecimal digits, such as 00C")
        if any(address in self for address in _addresses(vdev)):
            raise UserError(f"the virtual machine has a device {vdev.address:03X} already")
        self._set([*self.vdevbloks, vdev])

    def remove(self, address: int) -> VDEVBLOK:
        """Take a device away.  Raises UserError when there is none."""
        vdev = self.lookup(address)
        if vdev is None:
            raise UserError(f"the virtual machine has no device {address:03X}")
        self._set([other for other in self.vdevbloks if other is not vdev])
        return vdev

    def define_channels(self, channels: ChannelType) -> None:
        """DEFINE CHANNELS AS SEL or BMX."""
        self.channels = channels
        self._set(self.vdevbloks)

    def _set(self, vdevs: list[VDEVBLOK]) -> None:
        """Build the tables for these devices."""
        self.vdevbloks = sorted(vdevs, key=lambda vdev: vdev.address)
        self.vmchtbl, self.vmioint = [NO_BLOCK] * _SIXTEEN, 0
        self.vchbloks.clear()
        self.vcubloks.clear()
        for index, vdev in enumerate(self.vdevbloks):
            table = self._unit(vdev.address).vcudvtbl
            for address in _addresses(vdev):
                table[address & 0xF] = index
        for vdev in self.vdevbloks:
            self.note(vdev)

    def _unit(self, address: int) -> VCUBLOK:
        """The control unit for an address; made, and its channel, when it is met first."""
        number, place = address >> 8, address >> 4 & 0xF
        if self.vmchtbl[number] == NO_BLOCK:
            self.vmchtbl[number] = len(self.vchbloks)
            self.vchbloks.append(VCHBLOK(number, self.channel_type(number)))
        table = self.vchbloks[self.vmchtbl[number]].vchcutbl
        if table[place] == NO_BLOCK:
            table[place] = len(self.vcubloks)
            self.vcubloks.append(VCUBLOK(address >> 4))
        return self.vcubloks[table[place]]

    # ---- checkpoint ------------------------------------------------------------------------------------------

    def state(self) -> Any:
        """A checkpoint: which devices there are, and the state of each."""
        return self.channels, self.told_busy, tuple((vdev, vdev.state()) for vdev in self.vdevbloks)

    def restore(self, state: Any) -> None:
        """Go back to a checkpoint."""
        self.channels, self.told_busy, vdevs = state
        for vdev, saved in vdevs:
            vdev.restore(saved)
        self._set([vdev for vdev, _ in vdevs])


def _addresses(vdev: VDEVBLOK) -> range:
    """The addresses of a device: one, or for a channel-to-channel adapter the control unit's sixteen."""
    if vdev.model == "CTCA":
        first = vdev.address & ~0xF
        return range(first, first + _SIXTEEN)
    return range(vdev.address, vdev.address + 1)


def _map_of(numbers: Iterator[int]) -> int:
    """A map of 16 bits with the bits of these numbers on."""
    found = 0
    for number in numbers:
        found |= 0x8000 >> number
    return found


def _first(bits: int) -> int:
    """The number of the leftmost bit that is on, of 16."""
    return _SIXTEEN - bits.bit_length()
