"""One channel program: a chain of CCWs executed on one device, a CCW at a step.

GA22-7000 "Input/Output Operations".  The machine's channels run these; a control program can use one by itself, to
interpret a guest's chain over the guest's storage.  Read next: `channel`.
"""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol

from edu_hv.isa.codes import MASK_24, CCWFlag, ChannelStatus, Key, UnitStatus
from edu_hv.machine.ccw import CCW, CSW, ENDING, NO_CHANNEL_STATUS, NO_STATUS
from edu_hv.machine.events import Actor, CCWExecuted, Observer
from edu_hv.machine.storage import BLOCK, BLOCK_SHIFT, Storage

LONGEST_RECORD = 65_535
"""Bytes a device takes in one write at most, however long the data chain is."""

_AT_CHANNEL_END = (UnitStatus.CHANNEL_END,)
_AT_DEVICE_END = (UnitStatus.DEVICE_END, UnitStatus.DEVICE_END | UnitStatus.STATUS_MODIFIER)
_AT_BOTH = (ENDING, ENDING | UnitStatus.STATUS_MODIFIER)
"""The status bytes with which command chaining goes on.  GA22-7000 "Command Chaining"."""

_READ_BACKWARD = 0x0C
_CONTROL = 0x03
_IPL_CCW = bytes.fromhex("02000000 60000018")

_RESERVED_FLAGS = 0x03
"""CCW bits 38 and 39, which are zero in every valid CCW but a TIC."""
_RESERVED_FLAGS_360 = 0x07
"""System/360 has no indirect data addresses either.  GA22-6821 "Channel Command Word"."""


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
        before, self.storage.actor = self.storage.actor, Actor.CHANNEL
        self.storage.write(address, data)
        self.storage.actor = before

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
    area: int
    """Bytes of the data area of the command being started: the CCW's count, or more than any with data chaining."""
    burst: ClassVar[bool]
    """Whether the device holds a byte-multiplexer channel during data transfer."""
    control_unit_size: ClassVar[int]
    """Addresses of a control unit, a power of two: 1 when the device has one of its own."""

    def keeps_control_unit(self, command: int) -> bool:
        """Whether what follows the channel end of a command needs the control unit."""

    def begin(self) -> None:
        """A channel program begins: `start` with its first command follows."""

    def start(self, command: int) -> UnitStatus:
        """Accept a command: the initial status.

        No bits: go on with `execute`.  Channel end: an immediate command, carried out.  Unit check without channel
        end: the command was refused, and `sense` says why.
        """

    def execute(self, command: int, transfer: "Transfer") -> UnitStatus:
        """Carry out an accepted command, data and all; the ending status."""

    def duration(self, command: int, count: int) -> int:
        """Microseconds of machine time that an accepted command takes to channel end; `count` is the CCW's."""

    def working(self, command: int, count: int) -> int:
        """Microseconds from channel end to device end, when the command's status had the first without the second."""

    def finish(self, command: int) -> UnitStatus:
        """Called when that time has passed: the status, with device end."""

    def halt(self, command: int) -> UnitStatus:
        """Instead of `execute`: the operation was halted before any data moved; the ending status."""

    def reset(self) -> None:
        """System or selective reset: stop what was going on."""

    def test(self) -> UnitStatus:
        """What TEST I/O finds when nothing is pending; no bits when the device is ready."""

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

    def __init__(self, storage: ChannelStorage, reserved_flags: int = _RESERVED_FLAGS) -> None:
        self.storage = storage
        self.reserved_flags = reserved_flags
        self.key = 0
        self.address = 0
        """Address of the CCW in control, or of the one that was found invalid."""
        self.text = b""
        self.ccw = CCW(0, 0, 0, 0)
        self.command = 0
        """The command in force: that of a CCW reached by data chaining is not looked at."""
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
            ccw = self._fetch_target(ccw.address)
            if ccw.transfer_in_channel:
                raise ChannelProgramCheck
        self._take(data_chaining)

    def _fetch_target(self, target: int) -> CCW:
        """The CCW a TIC leads to.  The CSW names the TIC when there is none, and the CCW when it is protected.

        GA22-7000 "Contents of the CSW Command-Address Field".
        """
        tic = self.address
        self.address = target
        try:
            return self._fetch(target)
        except ChannelProgramCheck:
            self.address = tic
            raise

    def _fetch(self, address: int) -> CCW:
        if address & 7:
            raise ChannelProgramCheck
        self.text = b""
        self.text = self.storage.fetch(address, 8, self.key)
        return CCW.from_bytes(self.text)

    def _take(self, data_chaining: bool = False) -> None:
        """Check the CCW just fetched and give it control.  The command code is not looked at in data chaining."""
        ccw = CCW.from_bytes(self.text)
        if (not data_chaining and not ccw.command & 0x0F) or ccw.flags & self.reserved_flags or not ccw.count:
            raise ChannelProgramCheck
        self.hold(ccw)
        if not data_chaining:
            self.command = ccw.command
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

    @property
    def exhausted(self) -> bool:
        """Whether the whole area, through data chaining, has been moved."""
        return not self._chain.remaining

    def want_more(self) -> None:
        """The device asked for a byte behind the area: a long block on output.  GA22-7000 "Incorrect Length"."""
        self._excess = True

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
    command: int
    remaining: int
    interruption_requested: bool
    initial_status: int
    finishing: bool
    halted: bool
    csw: bytes | None


class ChannelProgram:
    """One chain of CCWs on one device.  `start` it, then `step` until it ends; then `csw` is there.

    `number` is the device's address, for the events only.  A step is one command with all its data, up to channel
    end; when the device gives channel end alone and command chaining is to follow, the wait for device end is a step
    more.  The first command of the chain is started by `start`, each other one when the one before it has ended.
    """

    def __init__(self, device: Device, storage: ChannelStorage, number: int = 0, system_360: bool = False) -> None:
        self.device = device
        self.number = number
        self.csw: CSW | None = None
        """None while the program runs."""
        self.observer: Observer | None = None
        self.halted = False
        """HALT I/O or HALT DEVICE was signalled: no data moves, nothing is chained."""
        self._chain = _Chain(storage, _RESERVED_FLAGS_360 if system_360 else _RESERVED_FLAGS)
        self._initial = NO_STATUS
        """Initial status of an immediate command, from which the chain goes on at the next step."""
        self._finishing = False
        """The device has given channel end; the chain goes on at device end."""

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
        self.device.begin()
        return self._start_command()

    def start_initial_program_load(self) -> bool:
        """Start with the implied READ of 24 bytes to 0; it chains to the CCW at 8."""
        self._chain.text = _IPL_CCW
        self._chain.hold(CCW.from_bytes(_IPL_CCW))
        self._chain.command = self.ccw.command
        self.device.begin()
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
    def moving_data(self) -> bool:
        """Whether the device is connected: a command was accepted, and channel end has not come."""
        return not (self.ended or self.halted or self._finishing or self._initial)

    @property
    def waiting(self) -> bool:
        """Whether the next step has to wait for somebody at the device."""
        return self.moving_data and self.device.waiting_for_input(self._chain.command)

    @property
    def duration(self) -> int:
        """Microseconds the next step takes, at least 1."""
        time = self.device.working if self._finishing else self.device.duration
        return max(1, time(self._chain.command, self.ccw.count))

    @property
    def device_working(self) -> int:
        """Microseconds the device goes on by itself, the program having ended with channel end alone; 0: it does not.

        GA22-7000 "Channel End" and "Device End".
        """
        if self.csw is None or self.csw.unit_status & ENDING != UnitStatus.CHANNEL_END:
            return 0
        return max(1, self.device.working(self._chain.command, self.ccw.count))

    @property
    def command(self) -> int:
        """The command in force."""
        return self._chain.command

    @property
    def progress(self) -> CSW:
        """Key, address and count as they are now, without any status."""
        return self._status_word(NO_STATUS, NO_CHANNEL_STATUS)

    def step(self) -> bool:
        """Go on to channel end of the CCW in control or to device end, and start the next; False when all has ended."""
        if self._finishing:
            self._finishing = False
            return self._finish(self.device.finish(self.command))
        place = self._chain.address, self._chain.text
        status, channel_status = self._initial, NO_CHANNEL_STATUS
        self._initial = NO_STATUS
        if not status:
            status, channel_status = self._halt() if self.halted else self._execute()
        return self._conclude(place, status, channel_status)

    def halt(self) -> None:
        """HALT I/O or HALT DEVICE: chaining is suppressed, and the next step moves no data.

        GA22-7000 "Halt I/O"; the extent of data transfer is that none took place.
        """
        self.halted = True

    def ending_csw(self) -> CSW:
        """The CSW of the program, which has ended, with the PCI bit when a CCW asked for one last."""
        if self.csw is None:
            raise ValueError("the channel program has not ended")
        request = self.take_interruption_request()
        status = self.csw.channel_status
        return replace(self.csw, channel_status=status | request.channel_status) if request else self.csw

    def take_interruption_request(self) -> CSW | None:
        """The CSW of a program-controlled interruption, once, when a CCW with the PCI flag has taken control."""
        if not self._chain.interruption_requested:
            return None
        self._chain.interruption_requested = False
        return self._status_word(NO_STATUS, ChannelStatus.PROGRAM_CONTROLLED_INTERRUPTION)

    def _start_command(self) -> bool:
        """Start the device with the CCW that has just taken control; False when this ends the program."""
        self.device.area = LONGEST_RECORD if self.ccw.chains_data else self.ccw.count
        initial = self.device.start(self.command)
        if not initial:
            return True
        if self._chains_on(initial, NO_CHANNEL_STATUS, _AT_BOTH):
            self._initial = initial
            return True
        return self._conclude((self._chain.address, self._chain.text), initial, NO_CHANNEL_STATUS)

    def _conclude(self, place: tuple[int, bytes], status: UnitStatus, channel_status: ChannelStatus) -> bool:
        """Channel end, or a refusal: wait for device end in order to chain, or go on at once.

        `place` is where the command was: data chaining may have led away from it.
        """
        if self._chains_on(status, channel_status, _AT_CHANNEL_END):
            self._finishing = True
            return True
        self._report(*place, status, channel_status)
        return self._go_on(status, channel_status, _AT_BOTH)

    def _finish(self, status: UnitStatus) -> bool:
        """Device end for which the chain has waited; together with channel end it is what observers are told."""
        self._report(self._chain.address, self._chain.text, UnitStatus.CHANNEL_END | status, NO_CHANNEL_STATUS)
        return self._go_on(status, NO_CHANNEL_STATUS, _AT_DEVICE_END)

    def _go_on(self, status: UnitStatus, channel_status: ChannelStatus, normal: tuple[UnitStatus, ...]) -> bool:
        """Chain or end.  `normal`: the status bytes with which the chain goes on here."""
        if self._chains_on(status, channel_status, normal):
            return self._chain_command(16 if status & UnitStatus.STATUS_MODIFIER else 8)
        self.csw = self._status_word(status, channel_status)
        return False

    def _execute(self) -> tuple[UnitStatus, ChannelStatus]:
        transfer = Transfer(self._chain)
        status = self.device.execute(self.command, transfer)
        channel_status = transfer.channel_status
        if not channel_status and transfer.incorrect_length():
            channel_status = ChannelStatus.INCORRECT_LENGTH
        return status, channel_status

    def _halt(self) -> tuple[UnitStatus, ChannelStatus]:
        """Incorrect length is indicated as for any ending.  GA22-7000 "Termination by HALT I/O or HALT DEVICE"."""
        incorrect = Transfer(self._chain).incorrect_length()
        status = self.device.halt(self.command)
        return status, ChannelStatus.INCORRECT_LENGTH if incorrect else NO_CHANNEL_STATUS

    def _chains_on(self, status: UnitStatus, channel_status: ChannelStatus, normal: tuple[UnitStatus, ...]) -> bool:
        """Whether command chaining takes place at this status."""
        return status in normal and not channel_status and self.ccw.chains_command and not self.halted

    def _chain_command(self, offset: int) -> bool:
        try:
            self._chain.next(offset)
        except ChannelCheck as check:
            return self._refuse(check)
        return self._start_command()

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
        return ChannelProgramState(
            chain.key,
            chain.address,
            chain.text,
            chain.command,
            chain.remaining,
            chain.interruption_requested,
            self._initial,
            self._finishing,
            self.halted,
            self.csw.to_bytes() if self.csw else None,
        )

    def restore(self, state: ChannelProgramState) -> None:
        """Go back to a checkpoint.  The device has one of its own."""
        chain = self._chain
        chain.key, chain.address, chain.text = state.key, state.address, state.ccw
        chain.interruption_requested = state.interruption_requested
        chain.hold(CCW.from_bytes(state.ccw))
        chain.command, chain.remaining = state.command, state.remaining
        self._initial = UnitStatus(state.initial_status)
        self._finishing, self.halted = state.finishing, state.halted
        self.csw = CSW.from_bytes(state.csw) if state.csw else None
