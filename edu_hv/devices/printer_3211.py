"""The 3211 line printer.  GA24-3543 *3211 Printer and 3811 Control Unit*."""

from typing import Any, ClassVar

from edu_hv.devices.carriage import CARRIAGE_TAPE, FORMS_LENGTH, forms_buffer, margin, tape
from edu_hv.devices.device import Commands, ImmediateCommands
from edu_hv.devices.printer import (
    ALLOW_DATA_CHECK,
    BLOCK_DATA_CHECK,
    CHECK_READ,
    CONTROLS,
    LOAD_BUFFER,
    POSITIONS,
    READ_BUFFER,
    WRITES,
    Printer,
    moving,
)
from edu_hv.isa.codes import Sense, UnitStatus
from edu_hv.machine.ccw import ENDING
from edu_hv.machine.channel_program import Transfer

LOAD_CHECK = 0x02
"""Sense byte 0 of a 3211: what was to be loaded is no forms control buffer, or too short."""
LINE_POSITION_CHECK = 0x10
"""Sense byte 1 of a 3211: there is no line with this channel."""

UNFOLD, FOLD = 0x23, 0x43
LOAD_FORMS = 0x63
"""LOAD FORMS CONTROL BUFFER."""
DIAGNOSTIC_GATE = 0x07
RAISE_COVER = 0x6B
SKIP_TO_NOTHING = 0x83
READ_CHARACTER_SET, READ_FORMS = 0x0A, 0x12
"""DIAGNOSTIC READ of the two buffers of a 3211."""
_DIAGNOSTIC_WRITE = 0x05


class Printer3211(Printer):
    """A 3211 behind a 3811.  A forms control buffer, which a program loads, takes the place of the carriage tape.

    It holds the standard tape until then.
    """

    model: ClassVar[str] = "3211"
    sense_length: ClassVar[int] = 6
    buffer_length: ClassVar[int] = 512
    gated: ClassVar[tuple[int, ...]] = (READ_CHARACTER_SET, READ_FORMS)

    def __init__(self) -> None:
        super().__init__()
        self.forms = forms_buffer(CARRIAGE_TAPE)
        """The forms control buffer as it was loaded."""
        self.margin = 0
        """Positions by which a line is printed further right, or left if negative."""

    def load_forms(self, transfer: Transfer) -> UnitStatus:
        """LOAD FORMS CONTROL BUFFER, command X'63'.  Unit check, load check, for what is none; it stays as it was."""
        data = transfer.from_storage()
        shift, rest = margin(data)
        lines = tape(rest)
        if lines is None:
            return ENDING | self.unit_check(LOAD_CHECK)
        self.forms, self.margin, self.tape, self.line = data, shift, lines, 1
        return UnitStatus.CHANNEL_END

    def load_character_set(self, transfer: Transfer) -> UnitStatus:
        """LOAD UNIVERSAL CHARACTER SET BUFFER, command X'FB': 512 bytes, or unit check, load check."""
        data = transfer.from_storage(self.buffer_length)
        if len(data) < self.buffer_length:
            return ENDING | self.unit_check(LOAD_CHECK)
        self.character_set, self.folding = data, False
        return UnitStatus.CHANNEL_END

    def check_read(self, transfer: Transfer) -> UnitStatus:
        """CHECK READ, command X'06'; behind DIAGNOSTIC GATE it is where the forms control buffer stands."""
        if not self._open:
            return super().check_read(transfer)
        transfer.to_storage(bytes([int(f"{self.line + 1:08b}"[::-1], 2)]))
        return ENDING

    def read_character_set(self, transfer: Transfer) -> UnitStatus:
        """DIAGNOSTIC READ of the universal character set buffer, command X'0A'."""
        transfer.to_storage(self.character_set)
        return ENDING

    def read_forms(self, transfer: Transfer) -> UnitStatus:
        """DIAGNOSTIC READ of the forms control buffer, command X'12'."""
        transfer.to_storage(self.forms.ljust(FORMS_LENGTH, b"\0")[:FORMS_LENGTH])
        return ENDING

    def fold(self) -> UnitStatus:
        """FOLD, command X'43': small letters print as capitals."""
        self.folding = True
        return ENDING

    def unfold(self) -> UnitStatus:
        """UNFOLD, command X'23'."""
        self.folding = False
        return ENDING

    def _graphics(self, data: bytes) -> str:
        text = super()._graphics(data)
        return (" " * self.margin + text if self.margin >= 0 else text[-self.margin :])[:POSITIONS]

    def _run_away(self) -> None:
        """The skip ends when line 1 comes for the second time: equipment check, data check, line position check."""
        self._next_form()
        self._next_form()
        self._end_with(UnitStatus.UNIT_CHECK, Sense.EQUIPMENT_CHECK | Sense.DATA_CHECK, LINE_POSITION_CHECK)

    def contents(self) -> Any:
        """The forms control buffer, too."""
        return self.forms, self.margin, super().contents()

    def restore_contents(self, contents: Any) -> None:
        """The reverse of `contents`."""
        self.forms, self.margin, rest = contents
        super().restore_contents(rest)

    commands: ClassVar[Commands] = dict.fromkeys(WRITES, Printer.write) | {
        _DIAGNOSTIC_WRITE: Printer.diagnostic_write,
        READ_BUFFER: Printer.read_buffer,
        CHECK_READ: check_read,
        READ_CHARACTER_SET: read_character_set,
        READ_FORMS: read_forms,
        LOAD_FORMS: load_forms,
        LOAD_BUFFER: load_character_set,
    }
    immediate_commands: ClassVar[ImmediateCommands] = {code: moving(code) for code in CONTROLS} | {
        UNFOLD: unfold,
        FOLD: fold,
        DIAGNOSTIC_GATE: Printer.open_gate,
        RAISE_COVER: Printer.accept,
        BLOCK_DATA_CHECK: Printer.accept,
        ALLOW_DATA_CHECK: Printer.accept,
        SKIP_TO_NOTHING: Printer.accept,
    }
