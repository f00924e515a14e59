"""What all devices share: a table of commands, sense data, a checkpoint.  GA22-7000 "Input/Output Operations".

The times that commands take are invented, but in proportion: each device is a hundred times as fast as the original it
is named after, so that a program can be stepped until its input or output is done.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from edu_hv.isa.codes import Sense, UnitStatus
from edu_hv.machine.ccw import ENDING, NO_STATUS
from edu_hv.machine.channel_program import Transfer

NO_OP = 0x03
SENSE = 0x04

CONTROL_MICROSECONDS = 10
"""An invented figure for what moves nothing: no-op, sense."""

Commands = Mapping[int, Callable[[Any, Transfer], UnitStatus]]
ImmediateCommands = Mapping[int, Callable[[Any], UnitStatus]]


class IODevice:
    """A device with its control unit.  A subclass fills the two tables with its own methods, by command code.

    A method in `commands` moves data and answers with the ending status; one in `immediate_commands` is carried out
    while the channel starts the command, and answers with the initial status.

    Either status may hold channel end without device end: then the device goes on by itself for `working`
    microseconds, and `finish` gives the status with device end.  GA22-7000 "Channel End" and "Device End".
    """

    model: ClassVar[str] = ""
    """The machine type, for tables and messages: "3420"."""
    burst: ClassVar[bool] = False
    """Whether the device is so fast that it holds a byte-multiplexer channel during data transfer: tape, disk."""
    control_unit_size: ClassVar[int] = 1
    """Addresses of the control unit that the device shares, a power of two."""
    commands: ClassVar[Commands] = {}
    immediate_commands: ClassVar[ImmediateCommands] = {}
    sense_length: ClassVar[int] = 1

    def __init__(self) -> None:
        self.sense = bytes(self.sense_length)
        self.area = 0
        """Bytes of the data area of the command in force; LONGEST_RECORD with data chaining."""

    @property
    def ready(self) -> bool:
        """Whether the device can do anything but answer sense and no-op."""
        return True

    def start(self, command: int) -> UnitStatus:
        """The initial status of a command.  Any command but no-op and sense resets the sense data."""
        if command == SENSE:
            return NO_STATUS
        if command == NO_OP:
            return ENDING
        self.sense = bytes(self.sense_length)
        if command not in self.commands and command not in self.immediate_commands:
            return self.unit_check(Sense.COMMAND_REJECT)
        if not self.ready:
            return self.unit_check(Sense.INTERVENTION_REQUIRED)
        if command in self.immediate_commands:
            return self.immediate_commands[command](self)
        return NO_STATUS

    def execute(self, command: int, transfer: Transfer) -> UnitStatus:
        """Carry out a command that was started; the ending status."""
        if command == SENSE:
            return self.transfer_sense(transfer)
        return self.commands[command](self, transfer)

    def immediate(self, command: int) -> bool:
        """Whether the command ends while it is started."""
        return command == NO_OP or command in self.immediate_commands

    def duration(self, command: int, count: int) -> int:
        """Microseconds that a command with a CCW count of `count` takes."""
        if command == SENSE or self.immediate(command):
            return CONTROL_MICROSECONDS
        return self.motion(command, count)

    def motion(self, command: int, count: int) -> int:
        """Microseconds that a command takes which moves paper, cards or tape."""
        return CONTROL_MICROSECONDS

    def keeps_control_unit(self, command: int) -> bool:
        """Whether what follows the channel end of a command needs the control unit: others there find it busy."""
        return False

    def begin(self) -> None:
        """A channel program begins: its first command follows.  What lasts for one chain of commands starts anew."""

    def working(self, command: int, count: int) -> int:
        """Microseconds from channel end to device end of a command that gave channel end alone."""
        return CONTROL_MICROSECONDS

    def finish(self, command: int) -> UnitStatus:
        """The device has finished what it went on with after channel end: the status, with device end."""
        return UnitStatus.DEVICE_END

    def halt(self, command: int) -> UnitStatus:
        """HALT I/O or HALT DEVICE ended the command before any data moved: the ending status, instead of `execute`.

        It may be channel end alone, as `execute`'s may.  GA22-7000 "Halt I/O".
        """
        return ENDING

    def reset(self) -> None:
        """System reset or selective reset: whatever the device was doing has stopped.  The medium stays as it is.

        GA22-7000 "I/O-System Reset".
        """
        self.sense = bytes(self.sense_length)

    def test(self) -> UnitStatus:
        """What TEST I/O finds when nothing is pending: unit check, for some devices, while they are not ready."""
        return NO_STATUS

    def waiting_for_input(self, command: int) -> bool:
        """Whether the command cannot end before somebody has entered something."""
        return False

    def transfer_sense(self, transfer: Transfer) -> UnitStatus:
        """SENSE, command X'04': why the last unit check was."""
        transfer.to_storage(self.sense)
        return ENDING

    def unit_check(self, *sense: int) -> UnitStatus:
        """Keep the first sense bytes, as many as the device has, and say that there is something to sense."""
        self.sense = bytes(sense[: self.sense_length]).ljust(self.sense_length, b"\0")
        return UnitStatus.UNIT_CHECK

    def state(self) -> Any:
        """A checkpoint: the sense data, and what a subclass adds by `contents`."""
        return self.sense, self.contents()

    def restore(self, state: Any) -> None:
        """Go back to a checkpoint."""
        self.sense, contents = state
        self.restore_contents(contents)

    def contents(self) -> Any:
        """What the device holds, as immutable plain values."""
        return ()

    def restore_contents(self, contents: Any) -> None:
        """The reverse of `contents`."""


def printable(data: bytes) -> str:
    """EBCDIC (code page 037) as text; what has no graphic is a period."""
    return "".join(character if character.isprintable() else "." for character in data.decode("cp037"))
