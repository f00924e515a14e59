"""The operator's console: a 3215 printer-keyboard, a 1052 on a System/360.

GA24-3550 *IBM 3215 Console Printer-Keyboard*; GA22-6877 *IBM 1052 Printer-Keyboard*, whose commands GX20-1703 lists.
Characters go to and from the channel as they are typed, so channel end and device end come together.
"""

from collections import deque
from typing import Any, ClassVar

from edu_hv.devices.device import Commands, ImmediateCommands, IODevice, printable
from edu_hv.devices.stack import Stack
from edu_hv.isa.codes import Sense, UnitStatus
from edu_hv.machine.ccw import ENDING, NO_STATUS
from edu_hv.machine.channel_program import Transfer

WRITE = 0x01
WRITE_NEW_LINE = 0x09
READ_INQUIRY = 0x0A
ALARM = 0x0B

NEW_LINE = 0x15

CHARACTER_MICROSECONDS = 120
"""A hundredth of the time that a character takes at 85 a second."""
SLOWER_CHARACTER_MICROSECONDS = 650
"""The same at 15.5 a second."""


class Console(IODevice):
    """What was printed, line by line, and what was entered and not read yet.

    `lines` are the complete lines; `partial` is what stands on the line being printed.  What is typed is sent as it
    is: to erase a character or a line is a matter between the operator and the program.
    """

    model: ClassVar[str] = "3215"
    character_microseconds: ClassVar[int] = CHARACTER_MICROSECONDS

    def __init__(self) -> None:
        super().__init__()
        self._paper: Stack[str] = Stack()
        self.partial = ""
        self.entered: deque[tuple[str, bool]] = deque()
        """Lines that wait to be read, and whether each was cancelled."""
        self.alarms = 0
        """How often the alarm sounded."""
        self.stopped = False

    @property
    def ready(self) -> bool:
        """The operator has not pressed NOT READY."""
        return not self.stopped

    @property
    def lines(self) -> list[str]:
        """The complete lines on the paper."""
        return list(self._paper)

    def image(self) -> bytes:
        """The paper as UTF-8 text."""
        return "".join([*(f"{line}\n" for line in self._paper), self.partial]).encode()

    # ---- the operator ----------------------------------------------------------------------------------------

    def enter(self, line: str) -> None:
        """A line comes from the keyboard, and END (EOB on a 1052) after it.

        When no program waits for it (`Channels.awaits_input`), the operator had to press REQUEST first: the caller
        presents attention.
        """
        self.entered.append((line, False))

    def cancel(self, typed: str = "") -> None:
        """CANCEL, after some typing: a read ends with unit exception."""
        self.entered.append((typed, True))

    def request(self) -> UnitStatus:
        """REQUEST: attention, which the caller presents.  A console that is not ready has nothing to say."""
        return UnitStatus.ATTENTION if self.ready else NO_STATUS

    def stop(self) -> UnitStatus:
        """NOT READY: the next command, or a read that waits, ends with unit check, intervention required."""
        self.stopped = True
        return NO_STATUS

    def make_ready(self) -> UnitStatus:
        """READY: device end, which the caller presents, when the console was not ready."""
        was_stopped, self.stopped = self.stopped, False
        return UnitStatus.DEVICE_END if was_stopped else NO_STATUS

    # ---- commands --------------------------------------------------------------------------------------------

    def waiting_for_input(self, command: int) -> bool:
        """A read waits until a line was entered or cancelled, or the console is not ready."""
        return command == READ_INQUIRY and not self.entered and self.ready

    def motion(self, command: int, count: int) -> int:
        """So much a character; somebody who types sets the pace of a read."""
        return self.character_microseconds * (1 if command == READ_INQUIRY else count)

    def write(self, transfer: Transfer) -> UnitStatus:
        """WRITE, command X'01': no new line at the end."""
        self._print(transfer.from_storage())
        return ENDING

    def write_new_line(self, transfer: Transfer) -> UnitStatus:
        """WRITE WITH AUTOMATIC CARRIER RETURN, command X'09'."""
        self._print(transfer.from_storage() + bytes([NEW_LINE]))
        return ENDING

    def read_inquiry(self, transfer: Transfer) -> UnitStatus:
        """READ INQUIRY, command X'0A': one line, as it was typed.  Unit exception when CANCEL ended it."""
        if not self.ready:
            return ENDING | self.unit_check(Sense.INTERVENTION_REQUIRED)
        line, cancelled = self.entered.popleft()
        transfer.to_storage(line.encode("cp037", errors="replace"))
        return ENDING | UnitStatus.UNIT_EXCEPTION if cancelled else ENDING

    def alarm(self) -> UnitStatus:
        """SOUND ALARM, command X'0B'."""
        self.alarms += 1
        return ENDING

    def _print(self, data: bytes) -> None:
        """Type characters; X'15' is a new line."""
        *complete, rest = data.split(bytes([NEW_LINE]))
        for part in complete:
            self._paper = self._paper.with_item(self.partial + printable(part))
            self.partial = ""
        self.partial += printable(rest)

    def contents(self) -> Any:
        """Paper, which is shared, and keyboard."""
        return self._paper, self.partial, tuple(self.entered), self.alarms, self.stopped

    def restore_contents(self, contents: Any) -> None:
        """The reverse of `contents`."""
        self._paper, self.partial, entered, self.alarms, self.stopped = contents
        self.entered = deque(entered)

    commands: ClassVar[Commands] = {WRITE: write, WRITE_NEW_LINE: write_new_line, READ_INQUIRY: read_inquiry}
    immediate_commands: ClassVar[ImmediateCommands] = {ALARM: alarm}


class Console1052(Console):
    """A 1052: the same commands, typed at the speed of a golf ball.  END is called EOB (alternate coding and 5)."""

    model: ClassVar[str] = "1052"
    character_microseconds: ClassVar[int] = SLOWER_CHARACTER_MICROSECONDS
