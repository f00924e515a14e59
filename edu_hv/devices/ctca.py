"""The channel-to-channel adapter: two ends, each a device on a channel, and what one writes the other reads.

GA22-6983 *System/370 Special Feature: Channel-to-Channel Adapter*; the table of commands against the state of the
other end is that of SA22-7091 *Channel-to-Channel Adapter* for the basic mode.
"""

from collections.abc import Callable
from enum import Enum
from typing import Any, ClassVar, Protocol

from edu_hv.devices.device import IODevice
from edu_hv.isa.codes import Sense, UnitStatus
from edu_hv.machine.ccw import ENDING, NO_STATUS
from edu_hv.machine.channel_program import Transfer

BYTES_A_MICROSECOND = 100
"""An invented figure, in proportion to the other devices'."""
START_MICROSECONDS = 5

SET_EXTENDED_MODE, SET_BASIC_MODE = 0xC3, 0x43
_END_OF_FILE = 0x80
"""The bit of a WRITE that makes it WRITE END OF FILE in extended mode."""


class Kind(Enum):
    """What a command byte asks for; the other bits of most commands are modifiers that are only passed on."""

    WRITE = "write"
    READ = "read"
    CONTROL = "control"
    NO_OPERATION = "no-operation"
    SENSE = "sense"
    SENSE_COMMAND_BYTE = "sense command byte"
    SET_MODE = "set mode"
    INVALID = "invalid"


def kind(command: int) -> Kind:
    """The kind of a command byte."""
    match command & 0x0F:
        case 0x01 | 0x05 | 0x09 | 0x0D:
            return Kind.WRITE
        case 0x02 | 0x06 | 0x0A | 0x0E | 0x0C:
            return Kind.READ
        case 0x07 | 0x0F:
            return Kind.CONTROL
        case 0x04:
            return _sense_kind(command)
        case 0x03 | 0x0B:
            return Kind.SET_MODE if command in (SET_EXTENDED_MODE, SET_BASIC_MODE) else Kind.NO_OPERATION
        case _:
            return Kind.INVALID


def _sense_kind(command: int) -> Kind:
    if command == 0x04:
        return Kind.SENSE
    return Kind.SENSE_COMMAND_BYTE if command & 0x10 else Kind.INVALID


_MATCHES = {Kind.READ: Kind.WRITE, Kind.WRITE: Kind.READ}


class Attention(Protocol):
    """The channels, as an end sees them: `Channels`."""

    def present(self, address: int, status: UnitStatus) -> None:
        """The device has something to say by itself."""

    def withdraw(self, address: int, status: UnitStatus) -> None:
        """It no longer has."""


class CTCAEnd(IODevice):
    """One end.  CONTROL, READ and WRITE wait for the command of the other end that goes with them.

    CONTROL waits for SENSE COMMAND BYTE, a READ for a WRITE, a WRITE for a READ.  While one waits the other end has
    attention to tell of it, and whatever does not go with it is answered by busy and attention.
    """

    model: ClassVar[str] = "CTCA"
    burst: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__()
        self.other: CTCAEnd = self
        self._say: Callable[[UnitStatus], None] = _nothing
        self._take_back: Callable[[UnitStatus], None] = _nothing
        self.waits: int | None = None
        """The command of this end that waits or has just been matched."""
        self.inbox: bytes | None = None
        """What the other end has written for the READ of this end."""
        self.end_of_file = False
        """The other end has written an end of file, which the next READ is told."""
        self.extended = False
        """Extended mode, which the two ends share."""

    def connect(self, channels: Attention, address: int) -> None:
        """Say where the end is attached: it has attention to present there."""
        self._say = lambda status: channels.present(address, status)
        self._take_back = lambda status: channels.withdraw(address, status)

    # ---- starting a command ----------------------------------------------------------------------------------

    def start(self, command: int) -> UnitStatus:
        """The initial status, by the command and by what the other end waits for."""
        asked = kind(command)
        if asked in (Kind.SENSE, Kind.SENSE_COMMAND_BYTE):
            return NO_STATUS
        self.sense = bytes(self.sense_length)
        if asked is Kind.INVALID:
            return self.unit_check(Sense.COMMAND_REJECT)
        if asked is Kind.READ and self.end_of_file:
            self.end_of_file = False
            return ENDING | UnitStatus.UNIT_EXCEPTION
        if asked is Kind.WRITE and self.extended and command & _END_OF_FILE:
            return self._write_end_of_file()
        return self._wait(command, asked)

    def _wait(self, command: int, asked: Kind) -> UnitStatus:
        """Busy and attention when the other end waits for something else; otherwise wait for it, or meet it."""
        awaited = self.other.awaits
        if awaited is not None and _MATCHES.get(asked) is not awaited:
            return UnitStatus.BUSY | UnitStatus.ATTENTION
        if asked in (Kind.NO_OPERATION, Kind.SET_MODE):
            return self._set_mode(command, asked)
        self.waits = command
        if awaited is None:
            self.other._say(UnitStatus.ATTENTION)
        else:
            self._take_back(UnitStatus.ATTENTION)
        return NO_STATUS

    def _set_mode(self, command: int, asked: Kind) -> UnitStatus:
        if asked is Kind.SET_MODE:
            self.extended = self.other.extended = command == SET_EXTENDED_MODE
        return ENDING

    def _write_end_of_file(self) -> UnitStatus:
        """WRITE END OF FILE: a READ that waits ends with unit exception, or else the next one does."""
        if self.other.awaits not in (None, Kind.READ):
            return UnitStatus.BUSY | UnitStatus.ATTENTION
        self.other.end_of_file = True
        return ENDING

    @property
    def awaits(self) -> Kind | None:
        """What this end waits with; None for a READ whose data or end of file have come, too."""
        done = self.waits is None or self.inbox is not None or self.end_of_file
        return None if done or self.waits is None else kind(self.waits)

    def waiting_for_input(self, command: int) -> bool:
        """Whether the other end has to act before the command can be carried out."""
        match kind(command):
            case Kind.CONTROL:
                return self.waits is not None
            case Kind.READ:
                return self.inbox is None and not self.end_of_file
            case Kind.WRITE:
                return self.waits is not None and self.other.awaits is not Kind.READ
            case _:
                return False

    def immediate(self, command: int) -> bool:
        """Whether the command ends while it is started."""
        return kind(command) in (Kind.NO_OPERATION, Kind.SET_MODE)

    def motion(self, command: int, count: int) -> int:
        """The time of the data."""
        return START_MICROSECONDS + count // BYTES_A_MICROSECOND

    # ---- carrying it out -------------------------------------------------------------------------------------

    def execute(self, command: int, transfer: Transfer) -> UnitStatus:
        """Carry out a command that waits no longer; the ending status."""
        match kind(command):
            case Kind.SENSE:
                return self.transfer_sense(transfer)
            case Kind.SENSE_COMMAND_BYTE:
                return self._sense_command_byte(transfer)
            case Kind.READ:
                return self._read(transfer)
            case Kind.WRITE:
                return self._write(transfer)
            case _:
                return ENDING

    def _sense_command_byte(self, transfer: Transfer) -> UnitStatus:
        """SENSE COMMAND BYTE: the command the other end waits with, 0 if none.  It ends a CONTROL there."""
        other = self.other
        transfer.to_storage(bytes([other.waits or 0 if other.awaits else 0]))
        if other.awaits is Kind.CONTROL:
            other.waits = None
        return ENDING

    def _write(self, transfer: Transfer) -> UnitStatus:
        """WRITE: as many bytes as both ends have room for go across."""
        self.waits = None
        if self.other.awaits is Kind.READ:
            self.other.inbox = transfer.from_storage(self.other.area)
        return ENDING

    def _read(self, transfer: Transfer) -> UnitStatus:
        """READ and READ BACKWARD: what the other end has written."""
        self.waits = None
        if self.inbox is None:
            self.end_of_file = False
            return ENDING | UnitStatus.UNIT_EXCEPTION
        data, self.inbox = self.inbox, None
        transfer.to_storage(data)
        return ENDING

    def halt(self, command: int) -> UnitStatus:
        """HALT I/O: the end waits no longer."""
        self.waits = self.inbox = None
        return ENDING

    def reset(self) -> None:
        """Reset of this end alone: it waits for nothing, and has nothing to be read."""
        super().reset()
        self.waits = self.inbox = None
        self.end_of_file = False

    def contents(self) -> Any:
        """This end's half of the adapter."""
        return self.waits, self.area, self.inbox, self.end_of_file, self.extended

    def restore_contents(self, contents: Any) -> None:
        """The reverse of `contents`."""
        self.waits, self.area, self.inbox, self.end_of_file, self.extended = contents


class CTCAPair:
    """An adapter: two ends that know each other."""

    def __init__(self) -> None:
        self._ends = CTCAEnd(), CTCAEnd()
        self._ends[0].other, self._ends[1].other = self._ends[1], self._ends[0]

    def ends(self) -> tuple[CTCAEnd, CTCAEnd]:
        """The two devices, to be attached to two channels."""
        return self._ends


def _nothing(_status: UnitStatus) -> None:
    """Nobody listens at an end that is not attached."""
