"""The operator's console: a 3215 printer-keyboard.  GA24-3550 *IBM 3215 Console Printer-Keyboard*."""

from collections import deque
from typing import Any, ClassVar

from edu_hv.devices.device import Commands, ImmediateCommands, IODevice, printable
from edu_hv.isa.codes import UnitStatus
from edu_hv.machine.ccw import ENDING
from edu_hv.machine.channel_program import Transfer

WRITE = 0x01
WRITE_NEW_LINE = 0x09
READ_INQUIRY = 0x0A
ALARM = 0x0B

NEW_LINE = 0x15

CHARACTER_MICROSECONDS = 120
"""A hundredth of the time that a character takes at 85 a second."""


class Console(IODevice):
    """What was printed, line by line, and what was entered and not read yet.

    `lines` are the complete lines; `partial` is what stands on the line being printed.
    """

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.partial = ""
        self.entered: deque[str] = deque()
        self.alarms = 0
        """How often the alarm sounded."""

    def enter(self, line: str) -> None:
        """A line comes from the keyboard.

        When no program waits for it (`Channels.awaits_input`), the operator had to press REQUEST first: the caller
        presents attention.
        """
        self.entered.append(line)

    def waiting_for_input(self, command: int) -> bool:
        """A read waits until a line was entered."""
        return command == READ_INQUIRY and not self.entered

    def motion(self, command: int, count: int) -> int:
        """So much a character; somebody who types sets the pace of a read."""
        return CHARACTER_MICROSECONDS * (1 if command == READ_INQUIRY else count)

    def write(self, transfer: Transfer) -> UnitStatus:
        """WRITE, command X'01': no new line at the end."""
        self._print(transfer.from_storage())
        return ENDING

    def write_new_line(self, transfer: Transfer) -> UnitStatus:
        """WRITE WITH AUTOMATIC CARRIER RETURN, command X'09'."""
        self._print(transfer.from_storage() + bytes([NEW_LINE]))
        return ENDING

    def read_inquiry(self, transfer: Transfer) -> UnitStatus:
        """READ INQUIRY, command X'0A': one line, as it was typed."""
        transfer.to_storage(self.entered.popleft().encode("cp037", errors="replace"))
        return ENDING

    def alarm(self) -> UnitStatus:
        """SOUND ALARM, command X'0B'."""
        self.alarms += 1
        return ENDING

    def _print(self, data: bytes) -> None:
        """Type characters; X'15' is a new line."""
        *complete, rest = data.split(bytes([NEW_LINE]))
        for part in complete:
            self.lines.append(self.partial + printable(part))
            self.partial = ""
        self.partial += printable(rest)

    def contents(self) -> Any:
        """Paper and keyboard."""
        return tuple(self.lines), self.partial, tuple(self.entered), self.alarms

    def restore_contents(self, contents: Any) -> None:
        """The reverse of `contents`."""
        lines, self.partial, entered, self.alarms = contents
        self.lines[:] = lines
        self.entered = deque(entered)

    commands: ClassVar[Commands] = {WRITE: write, WRITE_NEW_LINE: write_new_line, READ_INQUIRY: read_inquiry}
    immediate_commands: ClassVar[ImmediateCommands] = {ALARM: alarm}
