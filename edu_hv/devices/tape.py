"""Magnetic tape drives with their control units: 3420 with 3803, 2401 and 2415 with 2803.

GA32-0020 and GA32-0021 *IBM 3803/3420 Magnetic Tape Subsystems*; GA22-6866 *IBM 2400-Series Magnetic Tape Units*;
System/360 Field Engineering handbook, "2803 Tape Control".

Data commands give channel end and device end together, at the end of the block.  Commands that only move the tape give
channel end at once, and device end when the motion is done; if that comes with unit check or unit exception, then with
control unit end as well.  The reels, and the files they are kept in, are in `tape_image`.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from edu_hv.devices.device import NO_OP, Commands, ImmediateCommands, IODevice
from edu_hv.devices.tape_aws import aws_image
from edu_hv.devices.tape_blocks import BadBlock, Block, Gap
from edu_hv.devices.tape_image import Tape
from edu_hv.isa.codes import Sense, UnitStatus
from edu_hv.isa.errors import UserError
from edu_hv.machine.ccw import ENDING, NO_STATUS
from edu_hv.machine.channel_program import Transfer

__all__ = ["Tape", "TapeDrive", "TapeDrive2401", "TapeDrive2415", "aws_image"]

WRITE = 0x01
READ = 0x02
READ_BACKWARD = 0x0C
REWIND = 0x07
REWIND_UNLOAD = 0x0F
DIAGNOSTIC_MODE_SET = 0x0B
ERASE_GAP = 0x17
REQUEST_TRACK_IN_ERROR = 0x1B
WRITE_TAPE_MARK = 0x1F
BACKSPACE_BLOCK = 0x27
BACKSPACE_FILE = 0x2F
FORWARD_SPACE_BLOCK = 0x37
FORWARD_SPACE_FILE = 0x3F
LOOP_WRITE_TO_READ = 0x8B
DATA_SECURITY_ERASE = 0x97
SENSE_RELEASE = 0xD4
SENSE_RESERVE = 0xF4

NINE_TRACK_MODE_SETS = {0xC3: 1600, 0xCB: 800, 0xD3: 6250}
"""Bytes per inch."""
DATA_CONVERTER_MODE_SETS = (0x13, 0x53, 0x93)
SEVEN_TRACK_MODE_SETS = (
    *DATA_CONVERTER_MODE_SETS,
    *(0x23, 0x2B, 0x33, 0x3B, 0x63, 0x6B, 0x73, 0x7B, 0xA3, 0xAB, 0xB3, 0xBB),
    0xEB,  # It sets nothing, but DOS/VS gives it.
)

WORD_COUNT_ZERO = 0x02
"""Sense byte 0: the channel stopped a write before its first byte."""
NOISE, UNIT_STATUS_A, UNIT_STATUS_B, SEVEN_TRACK = 0x80, 0x40, 0x20, 0x10
LOAD_POINT, WRITE_STATUS, FILE_PROTECT = 0x08, 0x04, 0x02
"""Sense byte 1.  Status A without B: ready; B without A: not ready.  Write status: the last motion was to write."""
NO_TRACK_IN_ERROR = 0x03
"""Sense byte 2 of a 2803: no track, or more than one, to be corrected."""
READ_WRITE_VRC, MULTIPLE_TRACK_ERROR, SET_TO_1600, BACKWARD = 0x80, 0x40, 0x04, 0x02
"""Sense byte 3."""
REJECT_TAPE_UNIT, TAPE_INDICATE, LOOP = 0x40, 0x20, 0x04
"""Sense byte 4: the drive became not ready while it moved; it is past the end-of-tape reflector; loop write to read."""
NEW_SUBSYSTEM = 0xC0
"""Sense byte 5: a 3803, not a 2803."""
SEVEN_TRACK_UNIT, NOT_SET_TO_1600, MODEL_7 = 0x80, 0x10, 0x03
"""Sense byte 6."""
TAPE_BOTTOM = 0x60
"""Sense byte 7: no tape in the left and the right vacuum column, as when it has run off its reel."""

INTERBLOCK_GAP = 960
"""Bytes of tape that a gap between two blocks takes: 0.6 inches at 1600 bytes per inch."""
ERASED = Gap(b"\xfe\xff\xff\xff" * 1400)
"""What ERASE GAP leaves: 3.5 inches."""
TRAILER = 25 * 12 * 1600
"""Bytes of tape behind the end-of-tape reflector: 25 feet.  Then the tape runs off its reel."""
SHORTEST_BLOCK = 12
"""A block with an error and fewer bytes than this may be noise."""

START_MICROSECONDS = 50
BYTES_A_MICROSECOND = 20
FILE_MICROSECONDS = 5_000
REWIND_MICROSECONDS = 10_000
"""Invented figures, a hundredth of what a drive with 200 inches a second at 1600 bytes per inch might take."""

Motions = Mapping[int, Callable[[Any], UnitStatus]]
"""For a command that only moves the tape, what it does; the answer is status besides device end."""


class TapeDrive(IODevice):
    """A 3420 Model 7 with a 3803, and the tape mounted on it, if any.

    `position` counts the blocks, tape marks and gaps between the load point and the head, `distance` the bytes of tape.
    The head may stand before the first block without being at the load point: backspacing stops just before a block.
    """

    model: ClassVar[str] = "3420"
    burst: ClassVar[bool] = True
    control_unit_size: ClassVar[int] = 8
    sense_length: ClassVar[int] = 24
    write_commands: ClassVar[tuple[int, ...]] = (WRITE, WRITE_TAPE_MARK, ERASE_GAP, DATA_SECURITY_ERASE)
    """Rejected without a write-enable ring."""
    commands_without_tape: ClassVar[tuple[int, ...]] = (
        DIAGNOSTIC_MODE_SET,
        LOOP_WRITE_TO_READ,
        SENSE_RESERVE,
        SENSE_RELEASE,
    )
    """Carried out by the control unit; the drive need not be ready."""

    def __init__(
        self,
        tape: Tape | None = None,
        *,
        seven_track: bool = False,
        data_converter: bool = True,
        two_channel_switch: bool = False,
    ) -> None:
        super().__init__()
        self.tape = tape
        """The reel as it is now."""
        self.taken_off: Tape | None = None
        """The reel that was mounted before, and was unloaded."""
        self.seven_track, self.data_converter, self.two_channel_switch = seven_track, data_converter, two_channel_switch
        self.stopped = False
        """Whether somebody has pressed Reset."""
        self.density = 1600
        self.position = self.distance = 0
        self._at_load_point()
        self.command = self.previous_command = 0
        """In this channel program; 0 for none."""

    # ---- what the operator sees and does ---------------------------------------------------------------------

    @property
    def ready(self) -> bool:
        """A tape is mounted, and the drive has not been stopped."""
        return self.tape is not None and not self.stopped

    @property
    def write_enabled(self) -> bool:
        """A tape is mounted, and the ring is in it."""
        return self.tape is not None and self.tape.write_enabled

    def mount(self, tape: Tape) -> UnitStatus:
        """Put a tape on, at its load point, and start.  Returns what the drive has to say (`Channels.present`)."""
        was_ready = self.ready
        self.tape, self.stopped = tape, False
        self._at_load_point()
        return NO_STATUS if was_ready else UnitStatus.DEVICE_END

    def unmount(self) -> Tape | None:
        """Take the tape off; it can be had again by `image` until another is mounted and taken off."""
        self.taken_off, self.tape = self.tape or self.taken_off, None
        self._at_load_point()
        return self.taken_off

    def stop(self) -> UnitStatus:
        """The Reset key: not ready, the tape stays where it is.  There is nothing to present."""
        self.stopped = True
        return NO_STATUS

    def make_ready(self) -> UnitStatus:
        """The Start key.  Returns what the drive has to say: device end if it has become ready."""
        was_ready = self.ready
        self.stopped = False
        return UnitStatus.DEVICE_END if self.ready and not was_ready else NO_STATUS

    def image(self) -> bytes:
        """The file of the tape that is mounted, or was last, as it is now.  Raises UserError if there was none."""
        tape = self.tape or self.taken_off
        if tape is None:
            raise UserError(f"there is no tape on the {self.model}, and none has been; mount one first")
        return tape.image()

    # ---- the channel's side ----------------------------------------------------------------------------------

    def begin(self) -> None:
        """A channel program begins."""
        self.command = self.previous_command = 0

    def start(self, command: int) -> UnitStatus:
        """The initial status.  Only sense, and what needs no drive, is accepted while the drive is not ready."""
        self.previous_command, self.command = self.command, command
        if command == NO_OP and not self.ready:
            return self.unit_check(Sense.INTERVENTION_REQUIRED)
        if command in self.commands_without_tape and not self.ready:
            self.sense = bytes(self.sense_length)
            status = ENDING if self.immediate(command) else NO_STATUS
        else:
            status = super().start(command)
        if not status & UnitStatus.UNIT_CHECK and self._refused(command):
            return self.unit_check(Sense.COMMAND_REJECT)
        return status

    def _refused(self, command: int) -> bool:
        """Whether it is a command to write on a protected tape, or one that is out of place in its chain."""
        if command in (SENSE_RESERVE, SENSE_RELEASE):
            return not self.two_channel_switch or self.previous_command != 0
        if command == DATA_SECURITY_ERASE and self.previous_command != ERASE_GAP:
            return True
        return command in self.write_commands and not self.write_enabled

    def test(self) -> UnitStatus:
        """What TEST I/O finds when nothing is pending: unit check while the drive is not ready."""
        return NO_STATUS if self.ready else self.unit_check(Sense.INTERVENTION_REQUIRED)

    def execute(self, command: int, transfer: Transfer) -> UnitStatus:
        """Carry out a command.  The tape may have been taken off since it was accepted."""
        if command in (READ, READ_BACKWARD, WRITE) and not self.ready:
            return ENDING | self._ran_off()
        return super().execute(command, transfer)

    def halt(self, command: int) -> UnitStatus:
        """Halted before any data moved: a block is passed all the same when reading, none is written."""
        if command in (READ, READ_BACKWARD) and self.ready:
            block = self._forward() if command == READ else self._backward()
            return ENDING | (UnitStatus.UNIT_EXCEPTION if block is None else NO_STATUS)
        return ENDING | self.unit_check(WORD_COUNT_ZERO) if command == WRITE else ENDING

    def reset(self) -> None:
        """System reset: sense and mode are as at the beginning.  The tape stops, but a drive that rewinds goes on."""
        if self.command in (REWIND, REWIND_UNLOAD) and self.ready:
            self.motions[self.command](self)
        super().reset()
        self.density = 1600
        self.command = self.previous_command = 0

    def motion(self, command: int, count: int) -> int:
        """Start time and data."""
        return START_MICROSECONDS + count // BYTES_A_MICROSECOND

    def keeps_control_unit(self, command: int) -> bool:
        """All motions but rewinding need the control unit to their end."""
        return command not in (REWIND, REWIND_UNLOAD)

    def working(self, command: int, count: int) -> int:
        """Start time, a file, or the whole tape.  To unload, the drive goes on without its control unit."""
        if command == REWIND and not self.at_load_point:
            return REWIND_MICROSECONDS
        if command in (BACKSPACE_FILE, FORWARD_SPACE_FILE):
            return FILE_MICROSECONDS
        return START_MICROSECONDS

    def finish(self, command: int) -> UnitStatus:
        """The motion is done: device end, and with a unit check or unit exception control unit end."""
        if command not in self.motions:
            return UnitStatus.DEVICE_END
        status = self.motions[command](self) if self.ready else self._ran_off()
        return UnitStatus.DEVICE_END | (status | UnitStatus.CONTROL_UNIT_END if status else NO_STATUS)

    def unit_check(self, *sense: int) -> UnitStatus:
        """Keep as many of the sense bytes as the control unit has."""
        return super().unit_check(*sense[: self.sense_length])

    # ---- data commands ---------------------------------------------------------------------------------------

    def read(self, transfer: Transfer) -> UnitStatus:
        """READ, command X'02': the next block.  Unit exception at a tape mark."""
        return self._deliver(self._forward(), transfer)

    def read_backward(self, transfer: Transfer) -> UnitStatus:
        """READ BACKWARD, command X'0C': the block before, last byte first.  Unit check when there is none."""
        return self._deliver(self._backward(), transfer)

    def write(self, transfer: Transfer) -> UnitStatus:
        """WRITE, command X'01': a block; whatever was behind it on the tape is lost.  Unit exception past the end."""
        data = transfer.from_storage()
        if not data:
            return ENDING | self.unit_check(WORD_COUNT_ZERO)
        return ENDING | self._record(data)

    def request_track_in_error(self, transfer: Transfer) -> UnitStatus:
        """REQUEST TRACK IN ERROR, command X'1B': a byte that says which track to correct; none ever is."""
        transfer.from_storage(1)
        return ENDING

    def loop_write_to_read(self, transfer: Transfer) -> UnitStatus:
        """LOOP WRITE TO READ, command X'8B': as WRITE, but the tape does not move."""
        if not transfer.from_storage():
            return ENDING | self.unit_check(WORD_COUNT_ZERO)
        self.sense = bytes([0, 0, 0, 0, LOOP]).ljust(self.sense_length, b"\0")
        return ENDING

    def transfer_sense(self, transfer: Transfer) -> UnitStatus:
        """SENSE, X'04': what the last command left, with the state of the drive now.

        SENSE RESERVE, X'F4', and SENSE RELEASE, X'D4', are the same here: there is no other channel to keep out.
        """
        state = self._drive_sense().ljust(self.sense_length, b"\0")
        transfer.to_storage(bytes(kept | now for kept, now in zip(self.sense, state, strict=True)))
        return ENDING

    # ---- commands without data -------------------------------------------------------------------------------

    def set_mode(self) -> UnitStatus:
        """MODE SET: density, or for seven tracks also parity, data converter and translator.  An image has none."""
        converter = self.command in DATA_CONVERTER_MODE_SETS
        if self.seven_track and converter and not self.data_converter:
            return ENDING | self.unit_check(Sense.COMMAND_REJECT)
        self.density = NINE_TRACK_MODE_SETS.get(self.command, self.density)
        return ENDING

    def accept(self) -> UnitStatus:
        """A command that only moves the tape: channel end, the rest is for `finish`."""
        return UnitStatus.CHANNEL_END

    def forward_space_block(self) -> UnitStatus:
        """FORWARD SPACE BLOCK, command X'37': as READ, without data and without checking it."""
        return self._spaced(self._forward())

    def backspace_block(self) -> UnitStatus:
        """BACKSPACE BLOCK, command X'27': as READ BACKWARD, without data and without checking it."""
        return self._spaced(self._backward())

    def forward_space_file(self) -> UnitStatus:
        """FORWARD SPACE FILE, command X'3F': until a tape mark has passed, which is no exception."""
        return self._space_file(self._forward)

    def backspace_file(self) -> UnitStatus:
        """BACKSPACE FILE, command X'2F': until a tape mark has passed the other way, or the load point is reached."""
        return self._space_file(self._backward)

    def write_tape_mark(self) -> UnitStatus:
        """WRITE TAPE MARK, command X'1F'."""
        return self._record(None)

    def erase_gap(self) -> UnitStatus:
        """ERASE GAP, command X'17': a stretch of blank tape.  In an image, nothing is kept of what was behind it."""
        return self._record(ERASED)

    def data_security_erase(self) -> UnitStatus:
        """DATA SECURITY ERASE, command X'97', only after ERASE GAP: all up to the end of the tape, where it stops."""
        assert self.tape is not None
        status = self._record(Gap())
        self.distance = max(self.distance, self.tape.capacity)
        return status & ~UnitStatus.UNIT_EXCEPTION

    def rewind(self) -> UnitStatus:
        """REWIND, command X'07': to the load point."""
        self._at_load_point()
        return NO_STATUS

    def rewind_unload(self) -> UnitStatus:
        """REWIND UNLOAD, command X'0F': the tape comes off, and the drive is not ready, as a unit check says."""
        self.unmount()
        return self.unit_check(Sense.INTERVENTION_REQUIRED)

    # ---- motion ----------------------------------------------------------------------------------------------

    def _at_load_point(self) -> None:
        self.position = self.distance = 0
        self.at_load_point, self.writing, self.backward = True, False, False

    def _forward(self) -> Block:
        """Pass the next block or tape mark, which is the answer; a gap if there is only blank tape."""
        assert self.tape is not None
        self.writing = self.backward = self.at_load_point = False
        while self.position < len(self.tape.blocks):
            block = self.tape.blocks[self.position]
            self.position += 1
            self.distance += _extent(block)
            if not isinstance(block, Gap):
                return block
        return Gap()

    def _backward(self) -> Block:
        """Pass the block or tape mark before, which is the answer; a gap if the load point came first."""
        assert self.tape is not None
        self.writing, self.backward = False, True
        while self.position:
            self.position -= 1
            block = self.tape.blocks[self.position]
            self.distance -= _extent(block)
            if not isinstance(block, Gap):
                return block
        self.at_load_point, self.distance = True, 0
        return Gap()

    def _record(self, block: Block) -> UnitStatus:
        """Write, and say when it is past the end.  The tape is 25 feet longer than that."""
        assert self.tape is not None
        if self.distance >= self.tape.capacity + TRAILER:
            return self._ran_off()
        self.tape = self.tape.recorded(self.position, block)
        self.position += 1
        self.distance += _extent(block)
        self.writing, self.backward, self.at_load_point = True, False, False
        return UnitStatus.UNIT_EXCEPTION if self._past_end else NO_STATUS

    def _deliver(self, block: Block, transfer: Transfer) -> UnitStatus:
        """Give a block to the channel, in the order in which it passed."""
        match block:
            case bytes():
                transfer.to_storage(block[::-1] if self.backward else block)
                return ENDING
            case BadBlock(data):
                transfer.to_storage(data[::-1] if self.backward else data)
                return ENDING | self._data_check(len(data))
        return ENDING | self._spaced(block)

    def _spaced(self, block: Block) -> UnitStatus:
        """Status besides the ends: unit exception for a tape mark, unit check if there was no block."""
        match block:
            case None:
                return UnitStatus.UNIT_EXCEPTION
            case Gap():
                return self.unit_check(0) if self.backward else self._ran_off()
        return NO_STATUS

    def _space_file(self, space: Callable[[], Block]) -> UnitStatus:
        block = space()
        while block is not None and not isinstance(block, Gap):
            block = space()
        return self._spaced(block) & ~UnitStatus.UNIT_EXCEPTION

    # ---- sense -----------------------------------------------------------------------------------------------

    @property
    def _past_end(self) -> bool:
        """Whether the head is behind the end-of-tape reflector."""
        return self.tape is not None and self.distance >= self.tape.capacity

    def _data_check(self, length: int) -> UnitStatus:
        noise = NOISE if length < SHORTEST_BLOCK else 0
        return self.unit_check(Sense.DATA_CHECK, noise, 0, READ_WRITE_VRC | MULTIPLE_TRACK_ERROR)

    def _ran_off(self) -> UnitStatus:
        """Nothing was found on the rest of the tape, or the drive stopped on the way: equipment check."""
        return self.unit_check(Sense.EQUIPMENT_CHECK, 0, 0, 0, REJECT_TAPE_UNIT, 0, 0, TAPE_BOTTOM)

    def _drive_status(self) -> int:
        """Sense byte 1, but for noise."""
        flags = SEVEN_TRACK if self.seven_track else 0
        if not self.ready:
            return flags | UNIT_STATUS_B | FILE_PROTECT
        flags |= UNIT_STATUS_A | (0 if self.write_enabled else FILE_PROTECT)
        return flags | (LOAD_POINT if self.at_load_point else 0) | (WRITE_STATUS if self.writing else 0)

    def _drive_sense(self) -> bytes:
        """The sense bytes that show how things stand; of 13 to 20, control unit and drive numbers, Hercules' values."""
        mode = SET_TO_1600 if self.density == 1600 else 0
        unit = (SEVEN_TRACK_UNIT if self.seven_track else 0) | (0 if mode else NOT_SET_TO_1600) | MODEL_7
        motion = mode | (BACKWARD if self.backward else 0)
        end = TAPE_INDICATE if self._past_end else 0
        numbers = bytes.fromhex("80 01 00 01 00 00 FF FF")
        return bytes([0, self._drive_status(), 0, motion, end, NEW_SUBSYSTEM, unit]).ljust(13, b"\0") + numbers

    # ---- checkpoint ------------------------------------------------------------------------------------------

    def contents(self) -> Any:
        """The reels, which share what did not change since the last checkpoint, and where everything stands."""
        head = self.position, self.distance, self.at_load_point, self.writing, self.backward
        return self.tape, self.taken_off, self.stopped, self.density, head, (self.command, self.previous_command)

    def restore_contents(self, contents: Any) -> None:
        """The reverse of `contents`."""
        self.tape, self.taken_off, self.stopped, self.density, head, commands = contents
        self.position, self.distance, self.at_load_point, self.writing, self.backward = head
        self.command, self.previous_command = commands

    commands: ClassVar[Commands] = {
        READ: read,
        READ_BACKWARD: read_backward,
        WRITE: write,
        REQUEST_TRACK_IN_ERROR: request_track_in_error,
        LOOP_WRITE_TO_READ: loop_write_to_read,
        SENSE_RESERVE: transfer_sense,
        SENSE_RELEASE: transfer_sense,
    }
    motions: ClassVar[Motions] = {
        REWIND: rewind,
        REWIND_UNLOAD: rewind_unload,
        ERASE_GAP: erase_gap,
        WRITE_TAPE_MARK: write_tape_mark,
        BACKSPACE_BLOCK: backspace_block,
        BACKSPACE_FILE: backspace_file,
        FORWARD_SPACE_BLOCK: forward_space_block,
        FORWARD_SPACE_FILE: forward_space_file,
        DATA_SECURITY_ERASE: data_security_erase,
    }
    immediate_commands: ClassVar[ImmediateCommands] = dict.fromkeys(motions, accept) | dict.fromkeys(
        (DIAGNOSTIC_MODE_SET, *SEVEN_TRACK_MODE_SETS, *NINE_TRACK_MODE_SETS), set_mode
    )


class TapeDrive2401(TapeDrive):
    """A 2401 with a 2803: 6 sense bytes, 800 bytes per inch, and none of the commands that came with the 3803."""

    model: ClassVar[str] = "2401"
    sense_length: ClassVar[int] = 6
    commands_without_tape: ClassVar[tuple[int, ...]] = ()

    def _drive_sense(self) -> bytes:
        return bytes([0, self._drive_status(), NO_TRACK_IN_ERROR, BACKWARD if self.backward else 0])

    commands: ClassVar[Commands] = {
        command: TapeDrive.commands[command] for command in (READ, READ_BACKWARD, WRITE, REQUEST_TRACK_IN_ERROR)
    }
    immediate_commands: ClassVar[ImmediateCommands] = {
        command: method
        for command, method in TapeDrive.immediate_commands.items()
        if command not in (DATA_SECURITY_ERASE, 0xD3)
    }


class TapeDrive2415(TapeDrive2401):
    """A drive of a 2415, which has its control unit built in and answers as a 2803."""

    model: ClassVar[str] = "2415"


def _extent(block: Block) -> int:
    """Bytes of tape that a block takes with the gap behind it, or a gap by itself."""
    match block:
        case None:
            return INTERBLOCK_GAP
        case Gap(text):
            return len(text)
        case BadBlock(data):
            return len(data) + INTERBLOCK_GAP
    return len(block) + INTERBLOCK_GAP
