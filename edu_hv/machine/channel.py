"""Channels: CAW, CCW chain, CSW, and the I/O instructions' condition codes.  GA22-7000 "Input/Output Operations".

A `ChannelProgram` executes one chain of CCWs on one device, a CCW at a step; a control program can use it by itself to
interpret a guest's chain.  `Channels` are the machine's: they start programs, give each CCW its due time, and keep the
interruptions that are pending.  The devices are in `edu_hv.devices`.

Each device has a subchannel of its own, and data transfer never occupies a channel: an operation on one device does
not make another look busy.  Channel end and device end come together, at the end of the operation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol

from edu_hv.isa.codes import MASK_24, PSA, CCWFlag, ChannelStatus, Key, Sense, UnitStatus
from edu_hv.isa.errors import UserError
from edu_hv.machine.events import CCWExecuted, IOStarted, Observer
from edu_hv.machine.interruptions import LowStorage
from edu_hv.machine.psw import PSW
from edu_hv.machine.storage import BLOCK, BLOCK_SHIFT, Storage
from edu_hv.machine.timing import Clocks

ENDING = UnitStatus.CHANNEL_END | UnitStatus.DEVICE_END
"""What a device answers when all went well."""

LONGEST_RECORD = 65_535
"""Bytes a device takes in one write at most, however long the data chain is."""

_TRANSFER_IN_CHANNEL = 0x08
_READ_BACKWARD = 0x0C
_CONTROL = 0x03
_CSW_STATUS = PSA.CSW + 4
_IPL_CCW = bytes.fromhex("02000000 60000018")
_IPL_END = 24
_COMMON_SENSE = 0xFC
"""The bits of sense byte 0 that mean the same for every device."""
_IPL_LIMIT = 10_000
"""CCWs an initial program load may execute: a chain that has not ended by then is a loop."""

NO_STATUS = UnitStatus(0)
NO_CHANNEL_STATUS = ChannelStatus(0)


# ---- formats -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CCW:
    """A channel-command word taken apart.  GA22-7000 "Channel-Command Word"."""

    command: int
    address: int
    """Data address, 24 bits, absolute; of the first IDAW when the IDA flag is on."""
    flags: int
    """Bits 32-39 as they stand; see `CCWFlag`."""
    count: int

    @classmethod
    def from_bytes(cls, text: bytes) -> "CCW":
        """Take 8 bytes apart.  Any 8 bytes are accepted."""
        return cls(text[0], int.from_bytes(text[1:4], "big"), text[4], int.from_bytes(text[6:8], "big"))

    def to_bytes(self) -> bytes:
        """The 8 bytes, the ignored byte 5 being zero."""
        whole = self.command << 56 | self.address << 32 | self.flags << 24 | self.count
        return whole.to_bytes(8, "big")

    @property
    def transfer_in_channel(self) -> bool:
        """Whether this is a TIC: the low four bits of the command are 1000."""
        return self.command & 0x0F == _TRANSFER_IN_CHANNEL

    @property
    def chains_data(self) -> bool:
        """The next CCW continues the data area of this one."""
        return bool(self.flags & CCWFlag.CHAIN_DATA)

    @property
    def chains_command(self) -> bool:
        """The next CCW is another command.  The flag is ignored when data chaining is specified."""
        return self.flags & (CCWFlag.CHAIN_COMMAND | CCWFlag.CHAIN_DATA) == CCWFlag.CHAIN_COMMAND


@dataclass(frozen=True, slots=True)
class CSW:
    """A channel-status word.  GA22-7000 "Channel-Status Word"."""

    key: int = 0
    address: int = 0
    """Address of the last CCW used plus 8."""
    unit_status: UnitStatus = NO_STATUS
    channel_status: ChannelStatus = NO_CHANNEL_STATUS
    residual: int = 0
    deferred_cc: int = 0

    @classmethod
    def from_bytes(cls, text: bytes) -> "CSW":
        """Take 8 bytes apart."""
        return cls(
            key=text[0] >> 4,
            address=int.from_bytes(text[1:4], "big"),
            unit_status=UnitStatus(text[4]),
            channel_status=ChannelStatus(text[5]),
            residual=int.from_bytes(text[6:8], "big"),
            deferred_cc=text[0] & 3,
        )

    def to_bytes(self) -> bytes:
        """The 8 bytes as they are stored at real 64."""
        first = bytes([self.key << 4 | self.deferred_cc])
        return first + self.address.to_bytes(3, "big") + self.status_bytes() + self.residual.to_bytes(2, "big")

    def status_bytes(self) -> bytes:
        """The status portion, 2 bytes: all that START I/O and HALT I/O store."""
        return bytes([self.unit_status, self.channel_status])


def status_words(unit_status: UnitStatus, channel_status: ChannelStatus = NO_CHANNEL_STATUS) -> str:
    """Status bits in the manual's words: "channel end, device end, incorrect length"."""
    names = [flag.name or "" for status in (unit_status, channel_status) for flag in status]
    return ", ".join(name.lower().replace("_", " ") for name in names) or "no status"


# ---- what a channel works with -------------------------------------------------------------------------------------


class ChannelCheck(Exception):
    """A condition the channel finds in the program; `status` is how the CSW shows it."""

    status: ClassVar[ChannelStatus] = NO_CHANNEL_STATUS


class ChannelProgramCheck(ChannelCheck):
    """An address outside storage, or a CAW, CCW or IDAW that is not valid.  GA22-7000 "Program Check"."""

    status = ChannelStatus.PROGRAM_CHECK


class ChannelProtectionCheck(ChannelCheck):
    """The subchannel key does not match the storage key.  GA22-7000 "Protection Check"."""

    status = ChannelStatus.PROTECTION_CHECK


class ChannelStorage(Protocol):
    """The storage that CCWs, IDAWs and data are in.  An access lies within one 2K block; addresses are not negative.

    Both methods raise ChannelProgramCheck outside storage and ChannelProtectionCheck against the 4-bit key.
    """

    def fetch(self, address: int, length: int, key: int) -> bytes:
        """`length` bytes from `address`."""

    def store(self, address: int, data: bytes, key: int) -> None:
        """Store `data` at `address`."""


class AbsoluteStorage:
    """Main storage as the channel sees it: absolute addresses, storage keys, no translation and no prefix."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage

    def fetch(self, address: int, length: int, key: int) -> bytes:
        """Fetch, recording the reference."""
        self._check(address, length, key, store=False)
        return self.storage.read(address, length)

    def store(self, address: int, data: bytes, key: int) -> None:
        """Store, recording reference and change."""
        self._check(address, len(data), key, store=True)
        self.storage.write(address, data)

    def _check(self, address: int, length: int, key: int, store: bool) -> None:
        if address < 0 or address + length > self.storage.size:
            raise ChannelProgramCheck
        block = address >> BLOCK_SHIFT
        storage_key = self.storage.keys[block]
        if key and key != storage_key >> 4 and (store or storage_key & Key.FETCH_PROTECTION):
            raise ChannelProtectionCheck
        self.storage.keys[block] = storage_key | (Key.REFERENCE | Key.CHANGE if store else Key.REFERENCE)


class Device(Protocol):
    """What the channel needs of an I/O device with its control unit."""

    sense: bytes
    """What a sense command would transfer now."""

    def start(self, command: int) -> UnitStatus:
        """Accept a command: the initial status.

        No bits: go on with `execute`.  Channel end: an immediate command, carried out.  Unit check without channel
        end: the command was refused, and `sense` says why.
        """

    def execute(self, command: int, transfer: "Transfer") -> UnitStatus:
        """Carry out an accepted command, data and all; the ending status."""

    def duration(self, command: int, count: int) -> int:
        """Microseconds of machine time that an accepted command takes; `count` is the CCW's."""

    def waiting_for_input(self, command: int) -> bool:
        """Whether the command cannot end before somebody has done something at the device."""

    def state(self) -> Any:
        """A checkpoint: immutable plain values."""

    def restore(self, state: Any) -> None:
        """Go back to a checkpoint."""


# ---- one channel program -------------------------------------------------------------------------------------------


class _DataArea:
    """Where the next byte of one CCW's data area is.  GA22-7000 "Channel Indirect Data Addressing"."""

    def __init__(self, storage: ChannelStorage, key: int, ccw: CCW, backward: bool) -> None:
        self._storage, self._key, self._backward = storage, key, backward
        self._indirect = bool(ccw.flags & CCWFlag.INDIRECT_DATA_ADDRESS)
        self._list = ccw.address
        self._idaws = 0
        self._at: int | None = None if self._indirect else ccw.address
        """Address of the next byte; None when an IDAW has to be fetched for it."""

    def piece(self, most: int) -> tuple[int, int]:
        """Lowest address and length of what lies in one 2K block, at most `most` bytes."""
        if self._at is None:
            self._at = self._next_idaw()
        if not 0 <= self._at <= MASK_24:
            raise ChannelProgramCheck
        if self._backward:
            length = min(most, self._at % BLOCK + 1)
            return self._at - length + 1, length
        return self._at, min(most, BLOCK - self._at % BLOCK)

    def passed(self, length: int) -> None:
        """So many bytes, all of one piece, are done."""
        if self._at is not None:
            self._at += -length if self._backward else length
            if self._indirect and self._at % BLOCK == self._block_start:
                self._at = None

    @property
    def _block_start(self) -> int:
        return BLOCK - 1 if self._backward else 0

    def _next_idaw(self) -> int:
        """The list is on a word boundary; each word after the first names the first (backward: last) byte of 2K."""
        if self._list & 3:
            raise ChannelProgramCheck
        idaw = int.from_bytes(self._storage.fetch(self._list, 4, self._key), "big")
        if idaw > MASK_24 or (self._idaws and idaw % BLOCK != self._block_start):
            raise ChannelProgramCheck
        self._list += 4
        self._idaws += 1
        return idaw


class _Chain:
    """The channel's place in a chain of CCWs: the CCW in control and what is left of its count."""

    def __init__(self, storage: ChannelStorage) -> None:
        self.storage = storage
        self.key = 0
        self.address = 0
        """Address of the CCW in control, or of the one that was found invalid."""
        self.text = b""
        self.ccw = CCW(0, 0, 0, 0)
        self.remaining = 0
        self.interruption_requested = False
        """A CCW with the PCI flag has taken control since somebody asked last."""

    def first(self, key: int, address: int) -> None:
        """Fetch the CCW that the CAW names."""
        self.key, self.address = key, address
        if self._fetch(address).transfer_in_channel:
            raise ChannelProgramCheck
        self._take()

    def next(self, offset: int = 8, data_chaining: bool = False) -> None:
        """Fetch the CCW `offset` bytes further, through a TIC if there is one.  GA22-7000 "Chaining"."""
        self.address += offset
        ccw = self._fetch(self.address)
        if ccw.transfer_in_channel:
            target = ccw.address
            ccw = self._fetch(target)
            self.address = target
            if ccw.transfer_in_channel:
                raise ChannelProgramCheck
        self._take(data_chaining)

    def _fetch(self, address: int) -> CCW:
        if address & 7:
            raise ChannelProgramCheck
        self.text = b""
        self.text = self.storage.fetch(address, 8, self.key)
        return CCW.from_bytes(self.text)

    def _take(self, data_chaining: bool = False) -> None:
        """Check the CCW just fetched and give it control.  The command code is not looked at in data chaining."""
        ccw = CCW.from_bytes(self.text)
        if (not data_chaining and not ccw.command & 0x0F) or ccw.flags & 3 or not ccw.count:
            raise ChannelProgramCheck
        self.hold(ccw)
        if ccw.flags & CCWFlag.PROGRAM_CONTROLLED_INTERRUPTION:
            self.interruption_requested = True

    def hold(self, ccw: CCW) -> None:
        """Give a CCW control."""
        self.ccw, self.remaining = ccw, ccw.count


class Transfer:
    """The data of one command, as the device sees it: one record, however the program's storage is laid out.

    A condition the channel finds stops the transfer: no more bytes go to storage, none come from it, and
    `channel_status` keeps it for the CSW.  The device carries on as if the count were exhausted.
    """

    def __init__(self, chain: _Chain) -> None:
        self.command = chain.ccw.command
        self.channel_status = NO_CHANNEL_STATUS
        self._chain = chain
        self._backward = self.command & 0x0F == _READ_BACKWARD
        self._area = self._new_area()
        self._asked = False
        self._excess = False

    def to_storage(self, data: bytes) -> int:
        """Give bytes in the order in which the device reads them; how many went into the area or were skipped."""
        self._asked = True
        done = 0
        try:
            while done < len(data) and self._room():
                done += self._store(data[done : done + self._chain.remaining])
                self._chain_data()
        except ChannelCheck as check:
            self.channel_status |= check.status
        self._excess |= done < len(data)
        return done

    def from_storage(self, limit: int | None = None) -> bytes:
        """Take at most `limit` bytes, or all there are (LONGEST_RECORD at most)."""
        self._asked = True
        most = LONGEST_RECORD if limit is None else limit
        data = bytearray()
        try:
            while len(data) < most and self._room():
                data += self._fetch(min(most - len(data), self._chain.remaining))
                self._chain_data()
        except ChannelCheck as check:
            self.channel_status |= check.status
        return bytes(data)

    def incorrect_length(self) -> bool:
        """Whether the record and the area differ in length, and the program wants to know.

        GA22-7000 "Incorrect Length": data chaining overrules SLI; a control command that moves no data never counts.
        """
        if self.command & 0x03 == _CONTROL and not self._asked:
            return False
        ccw = self._chain.ccw
        if ccw.flags & CCWFlag.SUPPRESS_LENGTH_INDICATION and not ccw.chains_data:
            return False
        return self._excess or self._chain.remaining > 0

    def _room(self) -> bool:
        return self._chain.remaining > 0 and not self.channel_status

    def _store(self, data: bytes) -> int:
        chain = self._chain
        length = len(data)
        if not chain.ccw.flags & CCWFlag.SKIP:
            address, length = self._area.piece(length)
            piece = data[:length]
            chain.storage.store(address, piece[::-1] if self._backward else piece, chain.key)
            self._area.passed(length)
        chain.remaining -= length
        return length

    def _fetch(self, most: int) -> bytes:
        chain = self._chain
        address, length = self._area.piece(most)
        data = chain.storage.fetch(address, length, chain.key)
        self._area.passed(length)
        chain.remaining -= length
        return data

    def _chain_data(self) -> None:
        """Go on to the next CCW when the count is exhausted and CD is on."""
        if not self._chain.remaining and self._chain.ccw.chains_data:
            self._chain.next(data_chaining=True)
            self._area = self._new_area()

    def _new_area(self) -> _DataArea:
        return _DataArea(self._chain.storage, self._chain.key, self._chain.ccw, self._backward)


@dataclass(frozen=True, slots=True)
class ChannelProgramState:
    """A checkpoint of a channel program."""

    key: int
    address: int
    ccw: bytes
    initial_status: int | None
    interruption_requested: bool
    csw: bytes | None


class ChannelProgram:
    """One chain of CCWs on one device.  `start` it, then `step` until it ends; then `csw` is there.

    `number` is the device's address, for the events only.  A step is one command with all its data.
    """

    def __init__(self, device: Device, storage: ChannelStorage, number: int = 0) -> None:
        self.device = device
        self.number = number
        self.csw: CSW | None = None
        """None while the program runs."""
        self.observer: Observer | None = None
        self._chain = _Chain(storage)
        self._initial: UnitStatus | None = None
        """Initial status of the CCW in control; None before the device has been asked to start it."""

    def start(self, caw: bytes) -> bool:
        """Check the CAW and the first CCW and start the device; False when the program has already ended.

        It ends here for an invalid CAW or CCW, a refusal by the device, and an immediate command that is the last.
        `csw` then has the status that START I/O stores.
        """
        word = int.from_bytes(caw, "big")
        chain = self._chain
        try:
            if word >> 24 & 0x0F:
                raise ChannelProgramCheck
            chain.first(word >> 28, word & MASK_24)
        except ChannelCheck as check:
            return self._refuse(check)
        return self._start_command()

    def start_initial_program_load(self) -> bool:
        """Start with the implied READ of 24 bytes to 0; it chains to the CCW at 8."""
        self._chain.text = _IPL_CCW
        self._chain.hold(CCW.from_bytes(_IPL_CCW))
        return self._start_command()

    @property
    def ended(self) -> bool:
        """Whether `csw` is there."""
        return self.csw is not None

    @property
    def ccw(self) -> CCW:
        """The CCW in control: the next one to be stepped, or the last one."""
        return self._chain.ccw

    @property
    def ccw_address(self) -> int:
        """Where the CCW in control is."""
        return self._chain.address

    @property
    def key(self) -> int:
        """The subchannel key, from the CAW."""
        return self._chain.key

    @property
    def waiting(self) -> bool:
        """Whether the next step has to wait for somebody at the device."""
        return not self.ended and self.device.waiting_for_input(self.ccw.command)

    @property
    def duration(self) -> int:
        """Microseconds the next step takes, at least 1."""
        return max(1, self.device.duration(self.ccw.command, self.ccw.count))

    def step(self) -> bool:
        """Perform the CCW in control and fetch the next; False when the program has ended."""
        place = self._chain.address, self._chain.text
        status = self.device.start(self.ccw.command) if self._initial is None else self._initial
        self._initial = None
        channel_status = NO_CHANNEL_STATUS
        if not status:
            status, channel_status = self._execute()
        self._report(*place, status, channel_status)
        if not self._chains_on(status, channel_status):
            self.csw = self._status_word(status, channel_status)
            return False
        return self._chain_command(16 if status & UnitStatus.STATUS_MODIFIER else 8)

    def halt(self) -> None:
        """End the operation now, as if the device had transferred nothing."""
        self.csw = self._status_word(ENDING, NO_CHANNEL_STATUS)

    def take_interruption_request(self) -> CSW | None:
        """The CSW of a program-controlled interruption, once, when a CCW with the PCI flag has taken control."""
        if not self._chain.interruption_requested:
            return None
        self._chain.interruption_requested = False
        return self._status_word(NO_STATUS, ChannelStatus.PROGRAM_CONTROLLED_INTERRUPTION)

    def _start_command(self) -> bool:
        initial = self._initial = self.device.start(self.ccw.command)
        if not initial or self._chains_on(initial, NO_CHANNEL_STATUS):
            return True
        self._report(self._chain.address, self._chain.text, initial, NO_CHANNEL_STATUS)
        self.csw = self._status_word(initial, NO_CHANNEL_STATUS)
        return False

    def _execute(self) -> tuple[UnitStatus, ChannelStatus]:
        transfer = Transfer(self._chain)
        status = self.device.execute(self.ccw.command, transfer)
        channel_status = transfer.channel_status
        if not channel_status and transfer.incorrect_length():
            channel_status = ChannelStatus.INCORRECT_LENGTH
        return status, channel_status

    def _chains_on(self, status: UnitStatus, channel_status: ChannelStatus) -> bool:
        """Whether command chaining takes place.  GA22-7000 "Command Chaining"."""
        normal = status & ~UnitStatus.STATUS_MODIFIER == ENDING
        return normal and not channel_status and self.ccw.chains_command

    def _chain_command(self, offset: int) -> bool:
        try:
            self._chain.next(offset)
        except ChannelCheck as check:
            return self._refuse(check)
        return True

    def _refuse(self, check: ChannelCheck) -> bool:
        """End at a CCW that cannot take control; no device has anything to do with it."""
        self._report(self._chain.address, self._chain.text, NO_STATUS, check.status)
        self.csw = self._status_word(NO_STATUS, check.status)
        return False

    def _status_word(self, status: UnitStatus, channel_status: ChannelStatus) -> CSW:
        chain = self._chain
        return CSW(chain.key, chain.address + 8 & MASK_24, status, channel_status, chain.remaining)

    def _report(self, address: int, text: bytes, status: UnitStatus, channel_status: ChannelStatus) -> None:
        if self.observer:
            remaining = self._chain.remaining
            self.observer(CCWExecuted(self.number, address, text, status, channel_status, remaining))

    def state(self) -> ChannelProgramState:
        """A checkpoint, taken between steps."""
        chain = self._chain
        csw = self.csw.to_bytes() if self.csw else None
        requested = chain.interruption_requested
        return ChannelProgramState(chain.key, chain.address, chain.text, self._initial, requested, csw)

    def restore(self, state: ChannelProgramState) -> None:
        """Go back to a checkpoint.  The device has one of its own."""
        chain = self._chain
        chain.key, chain.address, chain.text = state.key, state.address, state.ccw
        chain.interruption_requested = state.interruption_requested
        chain.hold(CCW.from_bytes(state.ccw))
        self._initial = None if state.initial_status is None else UnitStatus(state.initial_status)
        self.csw = CSW.from_bytes(state.csw) if state.csw else None


# ---- the machine's channels ----------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Subchannel:
    """A device's place at its channel: what runs on it and what is pending for it."""

    number: int
    device: Device
    program: ChannelProgram | None = None
    due: int = 0
    """Machine time at which the CCW in control is to be performed."""
    requested: CSW | None = None
    """A program-controlled interruption, pending while the program runs."""
    ended: CSW | None = None
    """The end of a program, pending."""
    device_status: UnitStatus = NO_STATUS
    """What the device has to say by itself, pending; it waits for the end of a program that runs."""

    @property
    def interruption_pending(self) -> bool:
        """Whether there is something to interrupt for."""
        return bool(self.requested or self.ended or (self.device_status and not self.program))

    def take(self) -> CSW:
        """The CSW of the pending interruption, which is cleared."""
        csw = self.requested or self.ended
        if csw is None:
            csw, self.device_status = CSW(unit_status=self.device_status), NO_STATUS
        elif csw is self.requested:
            self.requested = None
        else:
            self.ended = None
        return csw

    def clear(self) -> None:
        """Forget the program and what is pending."""
        self.program = self.requested = self.ended = None
        self.device_status = NO_STATUS


@dataclass(frozen=True, slots=True)
class SubchannelState:
    """A checkpoint of one device and its subchannel."""

    number: int
    device: Any
    program: ChannelProgramState | None
    due: int
    requested: CSW | None
    ended: CSW | None
    device_status: int


class Channels:
    """The channels of one machine.  A device address is 12 bits: channel 4, control unit and device 8.

    The methods named after instructions return the condition code; `low` is where the CAW is and the CSW goes.
    GA22-7000 figure "Condition-Code Settings for I/O States and Functions".
    """

    def __init__(self, storage: Storage | ChannelStorage, clocks: Clocks) -> None:
        self.storage: ChannelStorage = AbsoluteStorage(storage) if isinstance(storage, Storage) else storage
        self.clocks = clocks
        self.observer: Observer | None = None
        self._subchannels: dict[int, _Subchannel] = {}
        self._active: set[int] = set()
        """Where a program runs."""
        self._interrupting: set[int] = set()
        """Where an interruption is pending."""

    # ---- devices ---------------------------------------------------------------------------------------------

    @property
    def devices(self) -> Mapping[int, Device]:
        """The attached devices by address."""
        return {number: subchannel.device for number, subchannel in sorted(self._subchannels.items())}

    def attach(self, address: int, device: Device) -> None:
        """Connect a device.  Raises UserError when the address is taken or not a device address."""
        if not 0 <= address <= 0xFFF:
            raise UserError(f"{address:X} is no device address: give three hexadecimal digits, such as 00C")
        if address in self._subchannels:
            raise UserError(f"device address {address:03X} is already taken: detach the device there first")
        self._subchannels[address] = _Subchannel(address, device)

    def detach(self, address: int) -> None:
        """Take a device away, with all that was going on there.  Raises UserError when there is none."""
        if address not in self._subchannels:
            raise UserError(f"there is no device {address:03X} to detach: {self._attached()}")
        del self._subchannels[address]
        self._active.discard(address)
        self._interrupting.discard(address)

    def present(self, address: int, status: UnitStatus) -> None:
        """The device has something to say by itself: attention, or device end when it has become ready."""
        subchannel = self._subchannels[address]
        subchannel.device_status |= status
        self._note(subchannel)

    def awaits_input(self, address: int) -> bool:
        """Whether a program on the device waits for somebody there, as a console read does."""
        subchannel = self._subchannels.get(address)
        return bool(subchannel and subchannel.program and subchannel.program.waiting)

    def reset(self) -> None:
        """I/O system reset: nothing runs, nothing is pending."""
        for subchannel in self._subchannels.values():
            subchannel.clear()
        self._active.clear()
        self._interrupting.clear()

    def _attached(self) -> str:
        numbers = ", ".join(f"{number:03X}" for number in sorted(self._subchannels))
        return f"attached are {numbers}" if numbers else "none is attached"

    def _note(self, subchannel: _Subchannel) -> None:
        """Bring the two sets up to date."""
        for numbers, member in (
            (self._active, subchannel.program is not None),
            (self._interrupting, subchannel.interruption_pending),
        ):
            (numbers.add if member else numbers.discard)(subchannel.number)

    # ---- the I/O instructions --------------------------------------------------------------------------------

    def start_io(self, low: LowStorage, address: int) -> int:
        """START I/O, and START I/O FAST RELEASE, which is executed the same way."""
        caw = low.load_real(PSA.CAW, 4)
        cc = self._start_io(low, address, caw)
        if self.observer:
            self.observer(IOStarted(address, caw, cc))
        return cc

    def _start_io(self, low: LowStorage, address: int, caw: bytes) -> int:
        subchannel = self._subchannels.get(address)
        if subchannel is None:
            return 3
        if subchannel.program or subchannel.ended:
            return 2
        if subchannel.device_status:
            csw = subchannel.take()
            self._note(subchannel)
            return _store_status(low, replace(csw, unit_status=csw.unit_status | UnitStatus.BUSY))
        program = ChannelProgram(subchannel.device, self.storage, address)
        program.observer = self.observer
        if program.start(caw):
            self._schedule(subchannel, program)
            return 0
        return _store_status(low, _with_request(program))

    def _schedule(self, subchannel: _Subchannel, program: ChannelProgram) -> None:
        subchannel.program = program
        subchannel.due = self.clocks.now + program.duration
        subchannel.requested = program.take_interruption_request() or subchannel.requested
        self._note(subchannel)

    def test_io(self, low: LowStorage, address: int) -> int:
        """TEST I/O."""
        subchannel = self._subchannels.get(address)
        if subchannel is None:
            return 3
        if subchannel.program:
            return 2
        if not subchannel.interruption_pending:
            return 0
        self.accept(low, address)
        return 1

    def clear_io(self, low: LowStorage, address: int) -> int:
        """CLEAR I/O: the operation is discontinued, and what it would have reported is lost."""
        subchannel = self._subchannels.get(address)
        if subchannel is None:
            return 3
        csw = subchannel.ended
        if subchannel.program:
            program = subchannel.program
            csw = CSW(program.key, program.ccw_address + 8 & MASK_24, residual=program.ccw.count)
        if csw is None:
            return 0
        subchannel.program = subchannel.requested = subchannel.ended = None
        self._note(subchannel)
        low.store_real(PSA.CSW, csw.to_bytes())
        return 1

    def halt_io(self, low: LowStorage, address: int) -> int:
        """HALT I/O: the operation ends early, with an interruption of its own."""
        subchannel = self._subchannels.get(address)
        if subchannel is None:
            return 3
        if subchannel.ended:
            return 0
        if subchannel.program:
            subchannel.program.halt()
            self._end(subchannel, subchannel.program)
        return _store_status(low, CSW())

    def halt_device(self, low: LowStorage, address: int) -> int:
        """HALT DEVICE: as HALT I/O, since no device here shares its subchannel."""
        return self.halt_io(low, address)

    def test_channel(self, address: int) -> int:
        """TEST CHANNEL.  A channel without devices is not operational."""
        channel = address >> 8
        if all(number >> 8 != channel for number in self._subchannels):
            return 3
        return int(any(number >> 8 == channel for number in self._interrupting))

    def store_channel_id(self, low: LowStorage, address: int) -> int:
        """STORE CHANNEL ID: channel 0 is a byte multiplexer, the others are block multiplexers; no model, no logout."""
        channel = address >> 8
        if all(number >> 8 != channel for number in self._subchannels):
            return 3
        low.store_real(PSA.CHANNEL_ID, bytes.fromhex("20000000" if channel else "10000000"))
        return 0

    # ---- time ------------------------------------------------------------------------------------------------

    @property
    def active(self) -> bool:
        """Whether any channel program runs, be it waiting for input."""
        return bool(self._active)

    @property
    def next_event(self) -> int | None:
        """Machine time at which the next CCW is due; None when nothing is, or only what waits for input."""
        return min((subchannel.due for subchannel in self._runnable()), default=None)

    def _runnable(self) -> list[_Subchannel]:
        running = [self._subchannels[number] for number in self._active]
        return [subchannel for subchannel in running if subchannel.program and not subchannel.program.waiting]

    def advance(self) -> bool:
        """Perform the CCWs that are due, the earliest first, then by device address; whether there was one."""
        if not self._active:
            return False
        now = self.clocks.now
        due = [subchannel for subchannel in self._runnable() if subchannel.due <= now]
        for subchannel in sorted(due, key=lambda subchannel: (subchannel.due, subchannel.number)):
            self._perform(subchannel)
        return bool(due)

    def _perform(self, subchannel: _Subchannel) -> None:
        program = subchannel.program
        if program is None:
            return
        program.observer = self.observer
        if program.step():
            self._schedule(subchannel, program)
        else:
            self._end(subchannel, program)

    def _end(self, subchannel: _Subchannel, program: ChannelProgram) -> None:
        """The program has ended; a program-controlled interruption still pending becomes part of its CSW."""
        csw = _with_request(program)
        if subchannel.requested:
            csw = replace(csw, channel_status=csw.channel_status | subchannel.requested.channel_status)
        subchannel.program = subchannel.requested = None
        subchannel.ended = csw
        self._note(subchannel)

    # ---- interruptions ---------------------------------------------------------------------------------------

    def pending(self, psw: PSW, channel_masks: int) -> int | None:
        """The device whose interruption is to be taken now; `channel_masks` is CR2.

        The lowest channel comes first, on it the lowest device address.
        """
        for number in sorted(self._interrupting):
            if psw.channel_enabled(number >> 8, channel_masks):
                return number
        return None

    def accept(self, low: LowStorage, address: int) -> None:
        """The interruption of a device is taken: its CSW is stored, and it is pending no longer."""
        subchannel = self._subchannels[address]
        low.store_real(PSA.CSW, subchannel.take().to_bytes())
        self._note(subchannel)

    # ---- initial program loading -----------------------------------------------------------------------------

    def initial_program_load(self, address: int) -> None:
        """Read 24 bytes to absolute 0, then execute the channel program at 8, all in no time.

        GA22-7000 "Initial Program Loading".  Raises UserError when there is no such device or the reading fails.
        """
        subchannel = self._subchannels.get(address)
        if subchannel is None:
            raise UserError(f"there is no device {address:03X} to load from: {self._attached()}")
        self.reset()
        program = ChannelProgram(subchannel.device, self.storage, address)
        program.observer = self.observer
        going = program.start_initial_program_load()
        steps = 0
        while going:
            if program.waiting or steps == _IPL_LIMIT:
                raise UserError(_never_ends(program))
            going = program.step()
            steps += 1
        csw = _with_request(program)
        if csw.unit_status != ENDING or csw.channel_status & ~ChannelStatus.PROGRAM_CONTROLLED_INTERRUPTION:
            raise UserError(_load_failed(program, csw))

    # ---- checkpoint ------------------------------------------------------------------------------------------

    def state(self) -> tuple[SubchannelState, ...]:
        """A checkpoint of the channels and the devices."""
        return tuple(
            SubchannelState(
                number,
                s.device.state(),
                s.program.state() if s.program else None,
                s.due,
                s.requested,
                s.ended,
                s.device_status,
            )
            for number, s in sorted(self._subchannels.items())
        )

    def restore(self, state: tuple[SubchannelState, ...]) -> None:
        """Go back to a checkpoint.  Raises ValueError when the devices attached are not those of the checkpoint."""
        if [saved.number for saved in state] != sorted(self._subchannels):
            raise ValueError("the checkpoint was taken with other devices attached")
        for saved in state:
            self._restore_subchannel(self._subchannels[saved.number], saved)

    def _restore_subchannel(self, subchannel: _Subchannel, saved: SubchannelState) -> None:
        subchannel.device.restore(saved.device)
        subchannel.due, subchannel.requested, subchannel.ended = saved.due, saved.requested, saved.ended
        subchannel.device_status = UnitStatus(saved.device_status)
        subchannel.program = None
        if saved.program is not None:
            subchannel.program = ChannelProgram(subchannel.device, self.storage, saved.number)
            subchannel.program.restore(saved.program)
        self._note(subchannel)


def _store_status(low: LowStorage, csw: CSW) -> int:
    """Store the status portion of the CSW and leave the rest as it is: condition code 1."""
    low.store_real(_CSW_STATUS, csw.status_bytes())
    return 1


def _with_request(program: ChannelProgram) -> CSW:
    """The CSW of a program that has ended, with the PCI bit when a CCW asked for one last."""
    csw = program.csw
    if csw is None:
        raise ValueError("the channel program has not ended")
    request = program.take_interruption_request()
    return replace(csw, channel_status=csw.channel_status | request.channel_status) if request else csw


def _never_ends(program: ChannelProgram) -> str:
    reason = "waits for input" if program.waiting else f"has executed {_IPL_LIMIT} CCWs and goes on"
    return f"loading from device {program.number:03X} does not end: its channel program {reason}"


def _load_failed(program: ChannelProgram, csw: CSW) -> str:
    words = status_words(csw.unit_status & ~ENDING, csw.channel_status)
    hint = ""
    if csw.unit_status & UnitStatus.UNIT_CHECK:
        sense = Sense(program.device.sense[0] & _COMMON_SENSE)
        hint = " (" + ", ".join((flag.name or "").lower().replace("_", " ") for flag in sense) + ")"
    elif csw.unit_status & UnitStatus.UNIT_EXCEPTION:
        hint = " (end of file)"
    elif csw.channel_status & ChannelStatus.PROGRAM_CHECK and program.ccw_address < _IPL_END:
        hint = " (the first record is not one to load from)"
    return f"loading from device {program.number:03X} failed: {words}{hint} at the CCW at {program.ccw_address:06X}"
