"""The line printer: a 1403; it also takes the buffer loads of a 3211.  GA24-3312 *2821 Control Unit*."""

from typing import Any, ClassVar

from edu_hv.devices.device import Commands, ImmediateCommands, IODevice, printable
from edu_hv.isa.codes import UnitStatus
from edu_hv.machine.ccw import ENDING
from edu_hv.machine.channel_program import Transfer

POSITIONS = 132
FORM_LINES = 66
FORM_FEED = "\f"
"""Stands in `lines` where a new form begins."""

CARRIAGE_TAPE = {1: 1, 2: 7, 3: 13, 4: 19, 5: 25, 6: 31, 7: 37, 8: 43, 9: 63, 10: 49, 11: 55, 12: 61}
"""The line of the form at which each channel of the carriage tape has its hole."""

LOAD_BUFFER = (0x63, 0xF3, 0xFB)
"""LOAD FORMS CONTROL BUFFER, LOAD UNIVERSAL CHARACTER SET BUFFER with and without folding: taken and not used."""
DATA_CHECKS = (0x73, 0x7B, 0xEB)
"""BLOCK DATA CHECK, ALLOW DATA CHECK, GATE LOAD: nothing here depends on them."""

LINE_MICROSECONDS = 550
"""A hundredth of the time that a line takes at 1100 a minute."""


def write_command(space: int = 0, channel: int = 0) -> int:
    """The command code that writes and then spaces 0 to 3 lines, or skips to a channel."""
    return _motion(space, channel) | 0x01


def control_command(space: int = 0, channel: int = 0) -> int:
    """The command code that spaces 1 to 3 lines, or skips to a channel, without writing."""
    return _motion(space, channel) | 0x03


def _motion(space: int, channel: int) -> int:
    return 0x80 | channel << 3 if channel else space << 3


WRITES = (*(write_command(space=n) for n in range(4)), *(write_command(channel=n) for n in CARRIAGE_TAPE))
CONTROLS = (*(control_command(space=n) for n in range(1, 4)), *(control_command(channel=n) for n in CARRIAGE_TAPE))


class Printer(IODevice):
    """Paper under a carriage tape.

    `lines` are the lines the paper has moved past, with a FORM_FEED where a form begins; `current` is the line under
    the hammers, `line` its number on the form.
    """

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.current = ""
        self.line = 1

    def motion(self, command: int, count: int) -> int:
        """One line's time, whatever the motion."""
        return LINE_MICROSECONDS

    def write(self, transfer: Transfer) -> UnitStatus:
        """WRITE: print at most 132 characters over what is on the line, then move the paper."""
        self._print(printable(transfer.from_storage(POSITIONS)))
        return self._move(transfer.command, printed=True)

    def control(self, transfer: Transfer) -> UnitStatus:
        """SPACE and SKIP: move the paper.  A skip to the line where the paper stands moves nothing."""
        return self._move(transfer.command, printed=False)

    def load_buffer(self, transfer: Transfer) -> UnitStatus:
        """LOAD UCSB and LOAD FCB: the data is taken and has no effect."""
        transfer.from_storage()
        return ENDING

    def accept(self) -> UnitStatus:
        """BLOCK DATA CHECK and its like: no effect."""
        return ENDING

    def _print(self, text: str) -> None:
        """Strike a line; a blank leaves what is there."""
        old, new = self.current.ljust(len(text)), text.ljust(len(self.current))
        self.current = "".join(o if n == " " else n for o, n in zip(old, new, strict=True))

    def _move(self, command: int, printed: bool) -> UnitStatus:
        if command & 0x80:
            self._skip(CARRIAGE_TAPE[command >> 3 & 0x0F], printed)
            return ENDING
        return self._space(command >> 3 & 0x03)

    def _space(self, lines: int) -> UnitStatus:
        """Space up to 3 lines; unit exception when that comes to the hole in channel 12, the last line to be used."""
        status = ENDING
        for _ in range(lines):
            self._leave_line()
            if self.line > FORM_LINES:
                self._new_form()
            if self.line == CARRIAGE_TAPE[12]:
                status |= UnitStatus.UNIT_EXCEPTION
        return status

    def _skip(self, target: int, printed: bool) -> None:
        if self.line == target and not printed:
            return
        if self.line >= target:
            if self.current:
                self._leave_line()
            self._new_form()
        while self.line < target:
            self._leave_line()

    def _leave_line(self) -> None:
        self.lines.append(self.current.rstrip())
        self.current = ""
        self.line += 1

    def _new_form(self) -> None:
        self.lines.append(FORM_FEED)
        self.line = 1

    def contents(self) -> Any:
        """The paper and where it stands."""
        return tuple(self.lines), self.current, self.line

    def restore_contents(self, contents: Any) -> None:
        """The reverse of `contents`."""
        lines, self.current, self.line = contents
        self.lines[:] = lines

    commands: ClassVar[Commands] = (
        dict.fromkeys(WRITES, write) | dict.fromkeys(CONTROLS, control) | dict.fromkeys(LOAD_BUFFER, load_buffer)
    )
    immediate_commands: ClassVar[ImmediateCommands] = dict.fromkeys(DATA_CHECKS, accept)
