"""Line printers: a 1403 behind a 2821 control unit; the 3211 is in `printer_3211`.

GA24-3312 *2821 Control Unit*, Y24-3503 *2821 Control Unit Maintenance Diagrams*.  The control unit takes a line
into its buffer (channel end), then the line is printed and the paper moves (device end).
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from edu_hv.devices.card_image import CODE_PAGE
from edu_hv.devices.carriage import CARRIAGE_TAPE, CHANNELS, FORM_LINES, carriage_tape
from edu_hv.devices.device import Commands, ImmediateCommands
from edu_hv.devices.stack import Stack
from edu_hv.devices.unit_record import BUFFER_MICROSECONDS, UnitRecordDevice
from edu_hv.isa.codes import Sense, UnitStatus
from edu_hv.machine.ccw import ENDING, NO_STATUS
from edu_hv.machine.channel_program import Transfer

POSITIONS = 132
FORM_FEED = "\f"
"""Stands in `lines` where a new form begins."""
OVERPRINT = "\r"
"""Stands in an image between what was printed on one line with space suppression."""

CHANNEL_9 = 0x01
"""Sense byte 0."""

READ_BUFFER = 0x02
CHECK_READ = 0x06
GATE_LOAD = 0xEB
LOAD_FOLDING = 0xF3
LOAD_BUFFER = 0xFB
"""LOAD UNIVERSAL CHARACTER SET BUFFER, with folding of small letters and without."""
BLOCK_DATA_CHECK, ALLOW_DATA_CHECK = 0x73, 0x7B

LINE_MICROSECONDS = 550
"""A hundredth of the time that a line takes at 1100 a minute."""
SPACE_MICROSECONDS = 50
"""The same for paper motion alone, whatever the distance."""


def write_command(space: int = 0, channel: int = 0) -> int:
    """The command code that writes and then spaces 0 to 3 lines, or skips to a channel."""
    return _motion(space, channel) | 0x01


def control_command(space: int = 0, channel: int = 0) -> int:
    """The command code that spaces 1 to 3 lines, or skips to a channel, without writing."""
    return _motion(space, channel) | 0x03


def _motion(space: int, channel: int) -> int:
    return 0x80 | channel << 3 if channel else space << 3


WRITES = (*(write_command(space=n) for n in range(4)), *(write_command(channel=n) for n in CHANNELS))
_DIAGNOSTIC_WRITES = tuple(code | 0x04 for code in WRITES)
"""The bit makes a write fill the buffer and print nothing."""
CONTROLS = (*(control_command(space=n) for n in range(1, 4)), *(control_command(channel=n) for n in CHANNELS))


def moving(command: int) -> "Callable[[Printer], UnitStatus]":
    """SPACE or SKIP by one command code."""
    return lambda printer: printer.control(command)


class Printer(UnitRecordDevice):
    """A 1403: paper under a carriage tape.

    `line` is the line of the form under the hammers.  What has no graphic, or is not on the print chain, leaves a
    blank.  The universal character set feature is installed; its buffer is kept and only folding depends on it.
    """

    model: ClassVar[str] = "1403"
    buffer_length: ClassVar[int] = 240
    """Bytes of the universal character set buffer."""
    gated: ClassVar[tuple[int, ...]] = (LOAD_FOLDING, LOAD_BUFFER)
    """Commands that are rejected unless the one before opened the gate: GATE LOAD."""

    def __init__(self) -> None:
        super().__init__()
        self._paper: Stack[str] = Stack()
        """The lines the paper has moved past, overprints behind OVERPRINT, and FORM_FEED."""
        self._struck: str | None = None
        """What was printed on the line under the hammers; None when nothing was."""
        self.line = 1
        self.tape = carriage_tape(CARRIAGE_TAPE)
        self.folding = False
        self.buffer = bytes(POSITIONS)
        """The print line buffer: the last line that was written."""
        self.character_set = bytes(self.buffer_length)
        """The universal character set buffer."""
        self._gate = self._open = False
        """The last command opened the gate, and it was open for this one."""
        self._ending = NO_STATUS
        """What device end will bring with it."""
        self._ending_sense = 0

    # ---- the paper -------------------------------------------------------------------------------------------

    @property
    def lines(self) -> list[str]:
        """The lines the paper has moved past, as one sees them, with a FORM_FEED where a form begins."""
        return [entry if entry == FORM_FEED else _seen(entry) for entry in self._paper]

    @property
    def current(self) -> str:
        """The line under the hammers."""
        return _seen(self._struck or "")

    def image(self) -> bytes:
        """The paper as UTF-8 text: a line feed ends a line, a form feed begins a form.

        An OVERPRINT stands between what was printed on the same line.
        """
        pieces = [entry if entry == FORM_FEED else f"{entry}\n" for entry in self._paper]
        return "".join([*pieces, self._struck or ""]).encode()

    def mount_tape(self, holes: Mapping[int, int], lines: int = FORM_LINES) -> None:
        """The operator puts a carriage tape in, and the first line of a form under the hammers."""
        self.tape, self.line = carriage_tape(holes, lines), 1

    # ---- time ------------------------------------------------------------------------------------------------

    def motion(self, command: int, count: int) -> int:
        """The buffer is filled or read."""
        return BUFFER_MICROSECONDS

    def working(self, command: int, count: int) -> int:
        """From channel end to device end: a line's time, or that of paper motion."""
        return LINE_MICROSECONDS if command in WRITES else SPACE_MICROSECONDS

    # ---- commands --------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """A gate is open for the rest of a chain at most."""
        self._gate = False

    def start(self, command: int) -> UnitStatus:
        """The initial status.  Some commands must come right behind the one that opens the gate for them."""
        self._open, self._gate = self._gate, False
        if command in self.gated and not self._open:
            return self.unit_check(Sense.COMMAND_REJECT)
        return super().start(command)

    def write(self, transfer: Transfer) -> UnitStatus:
        """WRITE: print at most 132 characters over what is on the line, then move the paper.  Channel end."""
        self.buffer = self.take(transfer, POSITIONS)
        self._print(self._graphics(self.buffer))
        self._move(transfer.command, written=True)
        return UnitStatus.CHANNEL_END

    def diagnostic_write(self, transfer: Transfer) -> UnitStatus:
        """DIAGNOSTIC WRITE: the buffer is filled, nothing is printed and nothing moves."""
        self.buffer = self.take(transfer, POSITIONS)
        return ENDING

    def control(self, command: int) -> UnitStatus:
        """SPACE and SKIP, immediate commands.  Channel end in the initial status."""
        self._move(command, written=False)
        return UnitStatus.CHANNEL_END

    def finish(self, command: int) -> UnitStatus:
        """Printed, and the paper stands: device end, and what was sensed on the way."""
        status, self._ending = self._ending, NO_STATUS
        if status & UnitStatus.UNIT_CHECK:
            self.unit_check(self._ending_sense >> 8, self._ending_sense & 0xFF)
        return UnitStatus.DEVICE_END | status

    def read_buffer(self, transfer: Transfer) -> UnitStatus:
        """DIAGNOSTIC READ, command X'02': the print line buffer."""
        transfer.to_storage(self.buffer)
        return ENDING

    def check_read(self, transfer: Transfer) -> UnitStatus:
        """CHECK READ, command X'06': for each position, that it was compared and printed without an error."""
        transfer.to_storage(bytes([0x04]) * POSITIONS)
        return ENDING

    def open_gate(self) -> UnitStatus:
        """UCS GATE LOAD, command X'EB'; DIAGNOSTIC GATE of a 3211, command X'07'."""
        self._gate = True
        return ENDING

    def load_character_set(self, transfer: Transfer) -> UnitStatus:
        """LOAD UNIVERSAL CHARACTER SET BUFFER, commands X'F3' (folding) and X'FB'."""
        self.character_set = self.take(transfer, self.buffer_length)
        self.folding = transfer.command == LOAD_FOLDING
        return UnitStatus.CHANNEL_END

    def accept(self) -> UnitStatus:
        """BLOCK DATA CHECK and its like: there is no data check here."""
        return ENDING

    # ---- printing and paper motion ---------------------------------------------------------------------------

    def _graphics(self, data: bytes) -> str:
        text = "".join(letter if letter.isprintable() else " " for letter in data.decode(CODE_PAGE))
        return (text.upper() if self.folding else text).rstrip()

    def _print(self, text: str) -> None:
        """Strike a line over what is there."""
        self._struck = text if self._struck is None else f"{self._struck}{OVERPRINT}{text}"

    def _move(self, command: int, written: bool) -> None:
        self._ending = NO_STATUS
        if command & 0x80:
            self._skip(command >> 3 & 0x0F, written)
            return
        for _ in range(command >> 3 & 0x03):
            self._next_line()
            self._sense_channels()

    def _sense_channels(self) -> None:
        """Channel 9 and 12 are sensed while the paper spaces: unit check, unit exception."""
        holes = self.tape[self.line - 1]
        if 9 in holes:
            self._end_with(UnitStatus.UNIT_CHECK, CHANNEL_9)
        if 12 in holes:
            self._end_with(UnitStatus.UNIT_EXCEPTION)

    def _end_with(self, status: UnitStatus, *sense: int) -> None:
        """Device end will bring a status, and the first two sense bytes if it is unit check."""
        self._ending |= status
        if sense:
            self._ending_sense = int.from_bytes(bytes(sense).ljust(2, b"\0"), "big")

    def _skip(self, channel: int, written: bool) -> None:
        """Move to the next line with the channel.

        An immediate skip to the channel where the paper stands moves nothing, but after a write without spacing.
        """
        if channel in self.tape[self.line - 1] and not written and self._struck is None:
            return
        lines = [number for number, holes in enumerate(self.tape, 1) if channel in holes]
        if not lines:
            self._run_away()
            return
        target = next((number for number in lines if number > self.line), None)
        if target is None:
            self._next_form()
            target = lines[0]
        while self.line < target:
            self._next_line()

    def _run_away(self) -> None:
        """No line has the channel: the paper runs until the operator presses STOP, here after two forms."""
        self._next_form()
        self._next_form()
        self.stop()
        self._end_with(UnitStatus.UNIT_CHECK, Sense.INTERVENTION_REQUIRED)

    def _next_form(self) -> None:
        """Eject the form; the lines that nothing stands on are not listed."""
        if self._struck is not None:
            self._paper = self._paper.with_item(self._struck)
        self._paper = self._paper.with_item(FORM_FEED)
        self._struck, self.line = None, 1

    def _next_line(self) -> None:
        self._paper = self._paper.with_item(self._struck or "")
        self._struck = None
        self.line += 1
        if self.line > len(self.tape):
            self._next_form()

    # ---- checkpoint ------------------------------------------------------------------------------------------

    def contents(self) -> Any:
        """The paper, which is shared, where it stands, and the buffers."""
        return (
            (self._paper, self._struck, self.line, self.tape, self.stopped),
            (self.folding, self.buffer, self.character_set, self._gate, self._open, self._ending, self._ending_sense),
        )

    def restore_contents(self, contents: Any) -> None:
        """The reverse of `contents`."""
        (self._paper, self._struck, self.line, self.tape, self.stopped), rest = contents
        self.folding, self.buffer, self.character_set, self._gate, self._open, self._ending, self._ending_sense = rest

    commands: ClassVar[Commands] = (
        dict.fromkeys(WRITES, write)
        | dict.fromkeys(_DIAGNOSTIC_WRITES, diagnostic_write)
        | {READ_BUFFER: read_buffer, CHECK_READ: check_read}
        | dict.fromkeys((LOAD_FOLDING, LOAD_BUFFER), load_character_set)
    )
    immediate_commands: ClassVar[ImmediateCommands] = {code: moving(code) for code in CONTROLS} | {
        GATE_LOAD: open_gate,
        BLOCK_DATA_CHECK: accept,
        ALLOW_DATA_CHECK: accept,
    }


def _seen(entry: str) -> str:
    """A line as one sees it: a later character stands over an earlier one, a blank leaves what is there."""
    seen = ""
    for text in entry.split(OVERPRINT):
        old, new = seen.ljust(len(text)), text.ljust(len(seen))
        seen = "".join(o if n == " " else n for o, n in zip(old, new, strict=True))
    return seen
