"""Virtual printers, and the console's output as a print file (DMKVSP).  SY20-0886 "Virtual Spooling"."""

from collections.abc import Callable
from typing import Any, ClassVar

from edu_hv.devices.card_image import BLANK, CODE_PAGE
from edu_hv.devices.carriage import CarriageTape, margin, tape
from edu_hv.devices.device import Commands, ImmediateCommands
from edu_hv.devices.printer import (
    ALLOW_DATA_CHECK,
    BLOCK_DATA_CHECK,
    CHANNEL_9,
    CONTROLS,
    GATE_LOAD,
    LOAD_BUFFER,
    LOAD_FOLDING,
    POSITIONS,
    WRITES,
    control_command,
    write_command,
)
from edu_hv.devices.printer_3211 import DIAGNOSTIC_GATE, FOLD, LOAD_CHECK, LOAD_FORMS, RAISE_COVER, UNFOLD
from edu_hv.hypervisor.spooling.devices import OutputSide, SpooledOutput
from edu_hv.hypervisor.spooling.files import CONSOLE, PRINTER, OutputFile
from edu_hv.hypervisor.spooling.options import CONSOLE_OPTIONS
from edu_hv.hypervisor.spooling.queues import SpoolFiles
from edu_hv.isa.codes import UnitStatus
from edu_hv.machine.ccw import ENDING
from edu_hv.machine.channel_program import Transfer

CONSOLE_PAGE = 60
"""Lines of a page of console output."""


def _moving(command: int) -> "Callable[[SpooledPrinter], UnitStatus]":
    """SPACE or SKIP by one command code."""
    return lambda printer: printer.control(command)


class SpooledPrinter(SpooledOutput):
    """A virtual 1403.  What loads the character set is accepted and has no effect: the operator loads the real one.

    Channels 9 and 12 are sensed only under a virtual forms control buffer, which a 3211 has.
    """

    model: ClassVar[str] = "1403"
    kind: ClassVar[str] = PRINTER

    def write(self, transfer: Transfer) -> UnitStatus:
        """WRITE: at most 132 characters, then paper motion."""
        self.put(transfer.command, self.take(transfer, POSITIONS), POSITIONS)
        return ENDING | self.moved(transfer.command, written=True)

    def control(self, command: int) -> UnitStatus:
        """SPACE and SKIP, immediate commands."""
        self.put(command)
        return ENDING | self.moved(command, written=False)

    def moved(self, command: int, written: bool) -> UnitStatus:
        """What the paper motion of a command brings; a 1403 without a forms control buffer has nothing to say."""
        return UnitStatus(0)

    def records(self, command: int) -> bool:
        """Writes and paper motion make records."""
        return command in WRITES or command in CONTROLS

    def load_character_set(self, transfer: Transfer) -> UnitStatus:
        """LOAD UNIVERSAL CHARACTER SET BUFFER."""
        transfer.from_storage()
        return ENDING

    def accept(self) -> UnitStatus:
        """What sets up the printer: there is nothing to set up."""
        return ENDING

    commands: ClassVar[Commands] = dict.fromkeys(WRITES, write) | dict.fromkeys(
        (LOAD_FOLDING, LOAD_BUFFER), load_character_set
    )
    immediate_commands: ClassVar[ImmediateCommands] = {code: _moving(code) for code in CONTROLS} | {
        GATE_LOAD: accept,
        BLOCK_DATA_CHECK: accept,
        ALLOW_DATA_CHECK: accept,
    }


class SpooledPrinter3211(SpooledPrinter):
    """A virtual 3211.  Once the guest has loaded a forms control buffer, CP keeps track of the line.

    SY20-0886 "Virtual Spooling": the virtual FCB is the only way in which channels 9 and 12 are simulated.
    """

    model: ClassVar[str] = "3211"
    sense_length: ClassVar[int] = 6

    def __init__(self, spool: SpoolFiles, userid: str, address: int, sfbclas: str = "") -> None:
        super().__init__(spool, userid, address, sfbclas)
        self.forms: CarriageTape | None = None
        """The virtual forms control buffer: the channels at each line; None until one is loaded."""
        self.line = 1

    def load_forms(self, transfer: Transfer) -> UnitStatus:
        """LOAD FORMS CONTROL BUFFER, command X'63'.  Unit check, load check, for what is none."""
        lines = tape(margin(transfer.from_storage())[1])
        if lines is None:
            return ENDING | self.unit_check(LOAD_CHECK)
        self.forms, self.line = lines, 1
        return ENDING

    def moved(self, command: int, written: bool) -> UnitStatus:
        """Move the line; channel 9 (unit check) and channel 12 (unit exception) are sensed while the paper spaces."""
        if self.forms is None:
            return UnitStatus(0)
        if command & 0x80:
            self._skip(command >> 3 & 0x0F, written)
            return UnitStatus(0)
        passed: set[int] = set()
        for _ in range(command >> 3 & 0x03):
            self.line = self.line % len(self.forms) + 1
            passed |= self.forms[self.line - 1]
        return self._sensed(passed)

    def _sensed(self, passed: set[int]) -> UnitStatus:
        status = self.unit_check(CHANNEL_9) if 9 in passed else UnitStatus(0)
        return status | UnitStatus.UNIT_EXCEPTION if 12 in passed else status

    def _skip(self, channel: int, written: bool) -> None:
        assert self.forms is not None
        lines = [number for number, holes in enumerate(self.forms, 1) if channel in holes]
        if lines and (written or self.line not in lines):
            self.line = next((number for number in lines if number > self.line), lines[0])

    def contents(self) -> Any:
        """The virtual forms control buffer, too."""
        return self.forms, self.line, super().contents()

    def restore_contents(self, contents: Any) -> None:
        """The reverse of `contents`."""
        self.forms, self.line, rest = contents
        super().restore_contents(rest)

    commands: ClassVar[Commands] = dict.fromkeys(WRITES, SpooledPrinter.write) | {
        LOAD_FORMS: load_forms,
        LOAD_BUFFER: SpooledPrinter.load_character_set,
    }
    immediate_commands: ClassVar[ImmediateCommands] = {code: _moving(code) for code in CONTROLS} | dict.fromkeys(
        (BLOCK_DATA_CHECK, ALLOW_DATA_CHECK, UNFOLD, FOLD, DIAGNOSTIC_GATE, RAISE_COVER), SpooledPrinter.accept
    )


# ---- the console ---------------------------------------------------------------------------------------------------


class ConsoleSpool(OutputSide):
    """The lines on a user's console as a print file, while SPOOL CONSOLE START is in effect.

    GC20-1820 "SPOOL": whatever is typed and written, CP's lines too; class T; a new page every 60 lines.
    """

    kind: ClassVar[str] = CONSOLE

    def __init__(self, spool: SpoolFiles, userid: str, address: int) -> None:
        self.spool = spool
        self.userid = userid
        self.address = address
        self.options = CONSOLE_OPTIONS
        self.started = False
        self.on_terminal = True
        """TERM: the lines appear on the terminal, too."""
        self.file = None
        self._on_page = 0

    def line(self, text: str) -> None:
        """A line appears on the console.  When the spool space is full, spooling stops and the machine goes on."""
        if not self.started:
            return
        if self.file is None:
            self._on_page = 0
        if not self.make_room():  # Room for both: OutputFile.LONGEST is longer than a line.
            self.started = False
            return
        if self._on_page == CONSOLE_PAGE:
            self._on_page = 0
            self.put(control_command(channel=1))
        data = text.encode(CODE_PAGE, errors="replace")[:POSITIONS]
        self.put(write_command(space=1), data.ljust(POSITIONS, BLANK), POSITIONS)
        self._on_page += 1

    def log_off(self) -> None:
        """LOGOFF: spooling stops, too."""
        super().log_off()
        self.started = False

    def state(self) -> Any:
        """A checkpoint: plain values."""
        file = self.file.state() if self.file else None
        return self.options, self.started, self.on_terminal, file, self._on_page

    def restore(self, state: Any) -> None:
        """Go back to a checkpoint."""
        self.options, self.started, self.on_terminal, file, self._on_page = state
        self.file = OutputFile.from_state(self.spool.space, file) if file else None
