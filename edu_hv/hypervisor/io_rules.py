"""What comes of an I/O instruction of a guest, as rules: the virtual blocks decide (DMKVSI).

SY20-0886 "Virtual I/O Requests"; the condition codes are those of GA22-7000 figure "Condition-Code Settings for I/O
States and Functions".  Nothing here depends on what the real channels and devices do: a guest never sees another
guest's I/O.  Read next: `vio`, which carries the decisions out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edu_hv.hypervisor.decisions import AnswerIO, IOAction, Rule, Verdict, decide
from edu_hv.hypervisor.virtual_devices import VCHBLOK, VDEVBLOK, VDEVFLAG
from edu_hv.isa.codes import CR0, MASK_24, PSA
from edu_hv.machine.ccw import CCW
from edu_hv.machine.subchannel import ChannelType

if TYPE_CHECKING:
    from edu_hv.hypervisor.vmblok import VMBLOK

AVAILABLE = STARTED = 0
CSW_STORED = 1
BUSY = 2
NOT_OPERATIONAL = 3
"""Condition codes."""

_SENSE = 0x04
_CAW_ZEROS = 0x0F000000
_LOGIC = 'SY20-0886 "Virtual I/O Requests"'


@dataclass(frozen=True)
class IORequest:
    """An I/O instruction of a guest and what it addresses."""

    vm: "VMBLOK"
    mnemonic: str
    address: int
    """16 bits: channel 8, device 8."""

    @property
    def vdev(self) -> VDEVBLOK | None:
        """The device, if there is one."""
        return self.vm.devices.lookup(self.address)

    @property
    def device(self) -> VDEVBLOK:
        """The device that there is."""
        return self.vm.devices[self.address]

    @property
    def channel(self) -> VCHBLOK | None:
        """The channel, if there is one."""
        return self.vm.devices.channel(self.address >> 8)

    @property
    def working(self) -> VDEVBLOK | None:
        """The device whose operation takes the whole channel."""
        return self.vm.devices.working(self.address >> 8)

    @property
    def holder(self) -> VDEVBLOK | None:
        """The device whose operation, or its end, is in the subchannel."""
        return self.vm.devices.in_subchannel(self.device) if self.vdev else None

    @property
    def multiplexing(self) -> bool:
        """Whether the guest's CR0 bit 0 allows block multiplexing."""
        return bool(self.vm.cpu.cr[0] & CR0.BLOCK_MULTIPLEXING)

    @property
    def independent(self) -> bool:
        """Whether SIOF does not wait for the device: on a block multiplexer that multiplexes."""
        channel = self.channel
        block = channel is not None and channel.type is ChannelType.BLOCK_MULTIPLEXER
        return self.mnemonic == "SIOF" and block and self.multiplexing

    @property
    def caw(self) -> int:
        """The guest's CAW, 32 bits."""
        return int.from_bytes(self.vm.peek(PSA.CAW, 4), "big")

    @property
    def caw_invalid(self) -> bool:
        """Whether bits 4-7 are not zero, or no CCW can be where the CAW says."""
        address = self.caw & MASK_24
        return bool(self.caw & _CAW_ZEROS) or address % 8 != 0 or address >= self.vm.vmsize

    @property
    def asks_for_sense(self) -> bool:
        """Whether the program is a SENSE alone and CP holds the sense bytes."""
        if not self.device.vdevflag & VDEVFLAG.SENSE:
            return False
        first = CCW.from_bytes(self.vm.peek(self.caw & MASK_24, 8))
        return first.command == _SENSE and not first.chains_command


IORule = Rule[IORequest]


def _rule(
    name: str, question: str, why: str, source: str, applies: Callable[[IORequest], bool], answer: AnswerIO
) -> IORule:
    """A rule whose decision is the same whenever it fires."""
    return Rule(name, question, str(answer), why, source, applies, lambda _request: answer)


def _no_device(id: str) -> IORule:
    """The question of every instruction that addresses a device."""
    answer = AnswerIO(IOAction.NOTHING, NOT_OPERATIONAL)
    question = "does the virtual machine lack the device?"
    return _rule(id, question, _NOT_THERE, _LOGIC, lambda request: request.vdev is None, answer)


def _no_channel(id: str) -> IORule:
    """The question of those that address a channel first."""
    answer = AnswerIO(IOAction.NOTHING, NOT_OPERATIONAL)
    question = "does the virtual machine have no device on the channel?"
    return _rule(id, question, _NOT_THERE, _LOGIC, lambda request: request.channel is None, answer)


def _always(_request: IORequest) -> bool:
    return True


def _taken(request: IORequest) -> bool:
    """The channel works for an operation, or the subchannel has one or its end."""
    return request.working is not None or request.holder is not None


def _taken_by_another(request: IORequest) -> bool:
    """As `_taken`, but for the end of the device's own operation."""
    holder = request.holder
    return request.working is not None or (holder is not None and (holder.running or holder is not request.vdev))


_NOT_THERE = "VMCHTBL, VCHBLOK or VCUBLOK have no index for it: on a machine without the device it is so too"

START: tuple[IORule, ...] = (
    _no_device("SIO-1"),
    _rule(
        "SIO-2",
        "does the virtual channel work, or has the subchannel an operation or its end?",
        "the blocks of this virtual machine say busy; what the real channel does is no matter: CP would queue",
        _LOGIC,
        _taken,
        AnswerIO(IOAction.NOTHING, BUSY),
    ),
    _rule(
        "SIO-3",
        "is status of the device itself pending?",
        "the guest gets the status now, with the busy bit, so that it knows it is not about the new program",
        'GA22-7000 "Indications of Busy in CSW"',
        lambda request: bool(request.device.vdevunit),
        AnswerIO(IOAction.STORE_BUSY, CSW_STORED),
    ),
    _rule(
        "SIO-4",
        "does the device still work by itself after channel end?",
        "its device end has not come; the subchannel is free, so the device answers, and not the channel",
        'GA22-7000 "Indications of Busy in CSW"',
        lambda request: request.device.working,
        AnswerIO(IOAction.STORE_BUSY, CSW_STORED),
    ),
    _rule(
        "SIO-5",
        "is the guest's CAW invalid?",
        "bits 4-7 are not zero, or the address is not that of a doubleword in the guest's storage",
        'GA22-7000 "Channel-Address Word"',
        lambda request: request.caw_invalid,
        AnswerIO(IOAction.STORE_PROGRAM_CHECK, CSW_STORED),
    ),
    _rule(
        "SIO-6",
        "does CP itself play the device?",
        "console, spooled unit record, channel-to-channel adapter: CP interprets the whole program, nothing is real",
        _LOGIC,
        lambda request: request.device.device is not None,
        AnswerIO(IOAction.INTERPRET),
    ),
    _rule(
        "SIO-7",
        "is it SENSE alone, and CP holds the sense bytes?",
        "CP has read them from the real device right after the unit check, before anybody else could use it",
        _LOGIC,
        lambda request: request.asks_for_sense,
        AnswerIO(IOAction.START),
    ),
    _rule(
        "SIO-8",
        "is it a real device, or a part of one?",
        "the guest's addresses mean nothing to a real channel, which must get a program that CP has made",
        'SY20-0886 "CCW Translation"',
        _always,
        AnswerIO(IOAction.START),
    ),
)
"""START I/O and START I/O FAST RELEASE."""

TEST: tuple[IORule, ...] = (
    _no_device("TIO-1"),
    _rule(
        "TIO-2",
        "does the virtual channel work, or has the subchannel an operation, or the end of another device's?",
        "the blocks of this virtual machine say busy",
        _LOGIC,
        _taken_by_another,
        AnswerIO(IOAction.NOTHING, BUSY),
    ),
    _rule(
        "TIO-3",
        "has the device an interruption pending, or does it work by itself?",
        "TEST I/O takes the status that an interruption would have brought",
        'GA22-7000 "Test I/O"',
        lambda request: request.device.vdevcsw is not None or request.device.working,
        AnswerIO(IOAction.GIVE_CSW, CSW_STORED),
    ),
    _rule(
        "TIO-4",
        "does CP itself play the device?",
        "it answers as a control unit would: available, unless it has something to say",
        _LOGIC,
        lambda request: request.device.device is not None,
        AnswerIO(IOAction.ASK_DEVICE),
    ),
    _rule(
        "TIO-5",
        "is the device dedicated, and free?",
        "it is the guest's own: what the real one says is said to the guest",
        _LOGIC,
        lambda request: request.device.dedicated,
        AnswerIO(IOAction.ASK_REAL_DEVICE),
    ),
    _rule(
        "TIO-6",
        "is it a minidisk?",
        "the volume is shared: what others do there is not for this guest to see",
        _LOGIC,
        _always,
        AnswerIO(IOAction.NOTHING, AVAILABLE),
    ),
)
"""TEST I/O, and CLEAR I/O while the guest's CR0 does not allow block multiplexing."""

CLEAR: tuple[IORule, ...] = (
    _no_device("CLR-1"),
    _rule(
        "CLR-2",
        "has the subchannel neither an operation of the device nor its end?",
        "there is nothing to clear",
        'GA22-7000 "Clear I/O"',
        lambda request: request.holder is not request.vdev,
        AnswerIO(IOAction.NOTHING, AVAILABLE),
    ),
    _rule(
        "CLR-3",
        "is there an operation, queued or started, or its end?",
        "a queued one is taken off the real device's queue, a started one is left to end by itself",
        'GA22-7000 "Clear I/O"',
        _always,
        AnswerIO(IOAction.DISCONTINUE, CSW_STORED),
    ),
)
"""CLEAR I/O."""

HALT_IO: tuple[IORule, ...] = (
    _no_channel("HIO-1"),
    _rule(
        "HIO-2",
        "does the virtual channel work?",
        "its operation is ended, whatever the device: the real one is told if it is really active for this guest",
        'GA22-7000 "Halt I/O"',
        lambda request: request.working is not None,
        AnswerIO(IOAction.HALT, BUSY),
    ),
    _no_device("HIO-3"),
    _rule(
        "HIO-4",
        "is an interruption pending in the subchannel?",
        "the operation has already ended",
        'GA22-7000 "Halt I/O"',
        lambda request: request.holder is not None and request.holder.ended,
        AnswerIO(IOAction.NOTHING, AVAILABLE),
    ),
    _rule(
        "HIO-5",
        "is the channel free, whatever the subchannel does?",
        "the device is told to stop; zeros stored as status say that it was; its end comes as an interruption",
        'GA22-7000 "Halt I/O"',
        _always,
        AnswerIO(IOAction.HALT, CSW_STORED),
    ),
)
"""HALT I/O."""

HALT_DEVICE: tuple[IORule, ...] = (
    _no_device("HDV-1"),
    _rule(
        "HDV-2",
        "is an interruption pending in the subchannel?",
        "the operation has already ended",
        'GA22-7000 "Halt Device"',
        lambda request: request.holder is not None and request.holder.ended,
        AnswerIO(IOAction.NOTHING, AVAILABLE),
    ),
    _rule(
        "HDV-3",
        "does the virtual channel work for another device?",
        "only an operation of the addressed device would be ended",
        'GA22-7000 "Halt Device"',
        lambda request: request.working not in (None, request.vdev),
        AnswerIO(IOAction.NOTHING, BUSY),
    ),
    _rule(
        "HDV-4",
        "does the virtual channel work for the device?",
        "its operation is ended: the real device is told if it is really active for this guest",
        'GA22-7000 "Halt Device"',
        lambda request: request.working is not None,
        AnswerIO(IOAction.HALT, BUSY),
    ),
    _rule(
        "HDV-5",
        "does the subchannel work for another device?",
        "only an operation of the addressed device would be ended",
        'GA22-7000 "Halt Device"',
        lambda request: request.holder not in (None, request.vdev),
        AnswerIO(IOAction.NOTHING, AVAILABLE),
    ),
    _rule(
        "HDV-6",
        "is the channel free, and the subchannel too or the device's?",
        "the device is told to stop; zeros stored as status say that it was; its end comes as an interruption",
        'GA22-7000 "Halt Device"',
        _always,
        AnswerIO(IOAction.HALT, CSW_STORED),
    ),
)
"""HALT DEVICE."""

TEST_CHANNEL: tuple[IORule, ...] = (
    _no_channel("TCH-1"),
    _rule(
        "TCH-2",
        "does the virtual channel work?",
        "VCHBLOK says so: a selector, or a block multiplexer that may not multiplex, with an operation",
        'GA22-7000 "Test Channel"',
        lambda request: request.working is not None,
        AnswerIO(IOAction.NOTHING, BUSY),
    ),
    _rule(
        "TCH-3",
        "has the channel an interruption pending?",
        "the channel's bit of VMIOINT is on: a device has something to say, or the channel that it is available",
        'GA22-7000 "Test Channel"',
        lambda request: bool(request.vm.devices.vmioint & 0x8000 >> (request.address >> 8)),
        AnswerIO(IOAction.NOTHING, CSW_STORED),
    ),
    _rule(
        "TCH-4",
        "is the channel available?",
        "nothing else applies",
        'GA22-7000 "Test Channel"',
        _always,
        AnswerIO(IOAction.NOTHING, AVAILABLE),
    ),
)
"""TEST CHANNEL."""

CHANNEL_ID: tuple[IORule, ...] = (
    _no_channel("IDC-1"),
    _rule(
        "IDC-2",
        "is there a VCHBLOK?",
        "its type is what the guest is told: no model, no logout",
        'GA22-7000 "Store Channel ID"',
        _always,
        AnswerIO(IOAction.STORE_CHANNEL_ID, AVAILABLE),
    ),
)
"""STORE CHANNEL ID."""

RULES: dict[str, tuple[IORule, ...]] = {
    "SIO": START,
    "SIOF": START,
    "TIO": TEST,
    "CLRIO": CLEAR,
    "HIO": HALT_IO,
    "HDV": HALT_DEVICE,
    "TCH": TEST_CHANNEL,
    "STIDC": CHANNEL_ID,
}
"""By instruction."""


def answer(request: IORequest) -> Verdict:
    """What comes of the instruction.  Decides; changes nothing."""
    if request.mnemonic == "CLRIO" and not request.multiplexing:
        return decide(TEST, request)
    return decide(RULES[request.mnemonic], request)
