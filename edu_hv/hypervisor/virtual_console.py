"""The virtual console: a 1052, 3210 or 3215 whose typing goes to the guest's terminal (DMKVCN).

SY20-0886 "Virtual Console Simulation".  Whatever the terminal is, the guest has a printer-keyboard.
"""

from collections.abc import Callable
from typing import Any, ClassVar

from edu_hv.devices.console import NEW_LINE, READ_INQUIRY, WRITE, WRITE_NEW_LINE, Console
from edu_hv.devices.device import Commands, printable
from edu_hv.isa.codes import ChannelStatus, UnitStatus
from edu_hv.isa.errors import UserError
from edu_hv.machine.ccw import ENDING
from edu_hv.machine.channel_program import LONGEST_RECORD, Transfer

MOST_CHAINED = 2032
"""Bytes of a data chain that CP interprets for a console.  *Planning and System Generation Guide*, restrictions."""

MODELS = ("1052", "3210", "3215")
_TOO_LONG = ChannelStatus.INCORRECT_LENGTH | ChannelStatus.PROGRAM_CHECK


class VirtualConsole(Console):
    """A console whose lines are handed to `write` as soon as they are complete, or a read begins behind them."""

    def __init__(self, write: Callable[[str], None], model: str = "3215") -> None:
        super().__init__()
        if model not in MODELS:
            raise UserError(f"{model} is no virtual console: there are {', '.join(MODELS)}")
        self.model = model  # type: ignore[misc]
        self.write_line = write
        self.shown = 0
        """Characters of the line being typed that are on the terminal already."""

    def start(self, command: int) -> UnitStatus:
        """A read prompts: what stands on the line being typed is shown."""
        if command == READ_INQUIRY and len(self.partial) > self.shown:
            self.write_line(self.partial[self.shown :])
            self.shown = len(self.partial)
        return super().start(command)

    def write(self, transfer: Transfer) -> UnitStatus:
        """WRITE, command X'01': no new line at the end."""
        return self._type(transfer, b"")

    def write_new_line(self, transfer: Transfer) -> UnitStatus:
        """WRITE WITH AUTOMATIC CARRIER RETURN, command X'09'."""
        return self._type(transfer, bytes([NEW_LINE]))

    def _type(self, transfer: Transfer, end: bytes) -> UnitStatus:
        """Data chaining beyond what CP's buffer takes ends with incorrect length and program check."""
        chained = self.area == LONGEST_RECORD
        data = transfer.from_storage(MOST_CHAINED + 1 if chained else None)
        if chained and len(data) > MOST_CHAINED:
            transfer.channel_status |= _TOO_LONG
        else:
            self._print(data + end)
        return ENDING

    def _print(self, data: bytes) -> None:
        *complete, rest = data.split(bytes([NEW_LINE]))
        for part in complete:
            line = self.partial + printable(part)
            super()._print(part + bytes([NEW_LINE]))
            if self.shown < len(line) or not self.shown:
                self.write_line(line[self.shown :])
            self.shown = 0
        super()._print(rest)

    def contents(self) -> Any:
        """Paper, keyboard, and how much of the line is on the terminal."""
        return super().contents(), self.shown

    def restore_contents(self, contents: Any) -> None:
        """The reverse of `contents`."""
        console, self.shown = contents
        super().restore_contents(console)

    commands: ClassVar[Commands] = {**Console.commands, WRITE: write, WRITE_NEW_LINE: write_new_line}
