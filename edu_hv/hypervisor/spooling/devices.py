"""Virtual card readers and punches: what a guest's channel program drives (DMKVSP).  SY20-0886 "Virtual Spooling".

CP interprets a whole channel program at once, so that a command ends with channel end and device end together, and
takes no time.  What a spooled device has not: punch feed read, column binary; the choice of a stacker has no effect.
Printers and consoles are in `printers`.
"""

from enum import Enum
from typing import Any, ClassVar

from edu_hv.devices.card import FEED, READ, READ_AND_FEED
from edu_hv.devices.card_image import BLANK, CARD
from edu_hv.devices.device import Commands, ImmediateCommands
from edu_hv.devices.punch import WRITE_AND_FEED
from edu_hv.devices.unit_record import UnitRecordDevice
from edu_hv.hypervisor.spooling.files import PUNCH, READER, SFBLOK, OutputFile, records
from edu_hv.hypervisor.spooling.options import OUTPUT_OPTIONS, READER_OPTIONS, SpoolOptions
from edu_hv.hypervisor.spooling.queues import Closed, Origin, SpoolFiles, readable
from edu_hv.hypervisor.spooling.rules import FULL_RULES, READER_RULES, Exhausted, ReaderState
from edu_hv.hypervisor.spooling.space import SpoolFull
from edu_hv.isa.codes import UnitStatus
from edu_hv.machine.ccw import ENDING, NO_STATUS
from edu_hv.machine.channel_program import Transfer


class SpooledDevice(UnitRecordDevice):
    """A virtual unit record device of a user, with the options that SPOOL sets.

    It is not ready only after NOTREADY.  Sense data are CP's own, kept from the unit check.
    """

    kind: ClassVar[str]
    """RDR, PRT, PUN: what commands call it."""
    defaults: ClassVar[SpoolOptions] = OUTPUT_OPTIONS

    def __init__(self, spool: SpoolFiles, userid: str, address: int, sfbclas: str = "") -> None:
        """`sfbclas` is the class of the directory's SPOOL statement, if it has one."""
        super().__init__()
        self.spool = spool
        self.userid = userid
        self.address = address
        self.options = SpoolOptions(sfbclas=sfbclas or self.defaults.sfbclas)

    def present_sense(self) -> bytes:
        """The sense bytes, as the last unit check left them."""
        return self.sense

    def duration(self, command: int, count: int) -> int:
        """No time: CP has interpreted the program before the guest goes on."""
        return 0


# ---- readers -------------------------------------------------------------------------------------------------------


class SpooledReader(SpooledDevice):
    """A virtual 3505.  It reads the user's reader files of its class, in the order in which they are queued.

    A file is in the reader from the first read until its end was told, or until CLOSE; then it is purged, or with HOLD
    kept.  A print file can be read as well: records of paper motion alone are passed over.
    """

    model: ClassVar[str] = "3505"
    kind: ClassVar[str] = READER
    sense_length: ClassVar[int] = 4
    defaults: ClassVar[SpoolOptions] = READER_OPTIONS

    def __init__(self, spool: SpoolFiles, userid: str, address: int, sfbclas: str = "") -> None:
        super().__init__(spool, userid, address, sfbclas)
        self._spoolid = 0
        """The file in the reader; 0 if there is none."""
        self._place = (0, 0)
        """Where the next record is: index of the page buffer, and of the record in it."""

    @property
    def active(self) -> SFBLOK | None:
        """The file that is being read, or None."""
        return self.spool.find(READER, self._spoolid) if self._spoolid else None

    def takes(self, sfblok: SFBLOK) -> bool:
        """Whether a file that has arrived makes device end pending: ready, nothing in the reader, its user, its class.

        SY20-0886 "DMKSPLCV": "a virtual reader with the proper class and in the ready state with no active file".
        """
        mine = sfblok.sfbuser == self.userid and readable(sfblok, self.options.sfbclas)
        return mine and self.ready and self.active is None

    def start(self, command: int) -> UnitStatus:
        """The initial status.  A read or feed with no card is told here that it finds none, but for the end of file."""
        status = super().start(command)
        if status or command not in self.commands:
            return status
        return self._find_card()

    def _find_card(self) -> UnitStatus:
        """See that there is a card, opening a file if need be; unit check if there is none."""
        if self._card() is not None:
            return NO_STATUS
        match self._decide():
            case Exhausted.NEXT_FILE:
                self._next_file()
                return self._find_card()
            case Exhausted.INTERVENTION:
                self.end_active()
                return self.intervention_required()
        return NO_STATUS

    def _decide(self) -> Enum:
        another = self.spool.next_for(self.userid, self.options.sfbclas) is not None
        state = ReaderState(self.active is not None, self.options.cont, self.options.eof, another)
        return self.spool.decide(self.userid, READER_RULES, state)

    def _next_file(self) -> None:
        self.end_active()
        opened = self.open_next()
        assert opened is not None, "the rule asked for it"

    def open_next(self) -> SFBLOK | None:
        """Take the next file of the reader's class, before its first record; None when there is none."""
        following = self.spool.next_for(self.userid, self.options.sfbclas)
        if following is not None:
            self.spool.begin_reading(following)
            self._spoolid, self._place = following.sfbfilid, (0, 1)
        return following

    def end_active(self) -> None:
        """The end of the file was told.  GC20-1820 "SPOOL HOLD": with CONT, too, it is kept in user hold status."""
        if self._spoolid:
            keep = self.options.hold
            self.spool.end_reading(self._spoolid, keep, hold=keep and self.options.cont)
        self._spoolid, self._place = 0, (0, 0)

    def _card(self) -> bytes | None:
        """The card that is next, or None at the end of the file; `_place` moves past what is no card."""
        sfblok = self.active
        if sfblok is None:
            return None
        page, index = self._place
        while page < len(sfblok.pages):
            here = records(self.spool.space.read(sfblok.pages[page]))
            for number in range(index, len(here)):
                data = here[number].data
                if data is not None:
                    self._place = (page, number)
                    return data.ljust(sfblok.sfbrecsz, BLANK)
            page, index = page + 1, 0
        self._place = (page, index)
        return None

    def _feed(self) -> None:
        page, index = self._place
        self._place = (page, index + 1)

    def read_and_feed(self, transfer: Transfer) -> UnitStatus:
        """READ, FEED AND SELECT STACKER, commands X'02', X'42', X'82': one record, then the next one is there."""
        return self._read(transfer, feed=True)

    def read(self, transfer: Transfer) -> UnitStatus:
        """READ ONLY, command X'C2': the card can be read again."""
        return self._read(transfer, feed=False)

    def feed(self, transfer: Transfer) -> UnitStatus:
        """FEED AND SELECT STACKER, commands X'23', X'63', X'A3'."""
        if self._card() is None:
            return self._tell_end_of_file()
        self._feed()
        return ENDING

    def _read(self, transfer: Transfer, feed: bool) -> UnitStatus:
        card = self._card()
        if card is None:
            return self._tell_end_of_file()
        transfer.to_storage(card)
        if feed:
            self._feed()
        return ENDING

    def _tell_end_of_file(self) -> UnitStatus:
        self.end_active()
        return ENDING | UnitStatus.UNIT_EXCEPTION

    def close(self, hold: bool | None = None) -> None:
        """CLOSE: the file in the reader is purged, or kept when HOLD says so; `hold` overrules the reader's option."""
        if self._spoolid:
            keep = self.options.hold if hold is None else hold
            self.spool.end_reading(self._spoolid, keep)
        self._spoolid, self._place = 0, (0, 0)

    def log_off(self) -> None:
        """DETACH or LOGOFF: a file that was not read to its end is not lost."""
        self.close(hold=True)

    def contents(self) -> Any:
        """The options, and the place in the file."""
        return self.options, self._spoolid, self._place, self.stopped

    def restore_contents(self, contents: Any) -> None:
        """The reverse of `contents`."""
        self.options, self._spoolid, self._place, self.stopped = contents

    commands: ClassVar[Commands] = (
        dict.fromkeys(READ_AND_FEED, read_and_feed) | {READ: read} | dict.fromkeys(FEED, feed)
    )


class SpooledReader2540(SpooledReader):
    """A virtual 2540 reader; the same but for the number of sense bytes."""

    model: ClassVar[str] = "2540R"
    sense_length: ClassVar[int] = 1


# ---- output --------------------------------------------------------------------------------------------------------


class OutputSide:
    """What punches, printers and consoles share: the file that is being made, and how it is closed.

    When the spool space is full the file is closed with what is in it.  GC20-1807 "DASD Space Exhausted".
    """

    kind: ClassVar[str]
    spool: SpoolFiles
    userid: str
    address: int
    options: SpoolOptions
    file: OutputFile | None

    def make_room(self) -> bool:
        """See that there is a file, and room for a record in it; if there is none, the user is told."""
        try:
            if self.file is None:
                self.file = OutputFile(self.spool.space)
            self.file.make_room()
        except SpoolFull:
            self.spool.decide(self.userid, FULL_RULES, self.file.records if self.file else 0)
            kept = self.close(final=True).sfblok
            what = f"FILE {kept.sfbfilid:04} CLOSED" if kept else "NO FILE OPENED"
            line = f"DMKVSP427I {self.kind} {self.address:03X} SYSTEM SPOOL SPACE FULL; {what}"
            self.spool.notify(self.userid, line)
            return False
        return True

    def put(self, command: int, data: bytes | None = None, width: int = 0) -> None:
        """Copy a command and its data into the file; `make_room` has opened it and seen to the room."""
        assert self.file is not None
        self.file.add(command, data, width)

    def close(self, options: SpoolOptions | None = None, purge: bool = False, final: bool = False) -> Closed:
        """CLOSE: the file goes where the options say, or where those of the device do."""
        if self.file is None:
            return Closed(None, "")
        origin = Origin(self.userid, self.kind)
        closed = self.spool.close_output(self.file, origin, options or self.options, purge, final)
        if not closed.still_open:
            self.file = None
        return closed

    def log_off(self) -> None:
        """DETACH or LOGOFF: what was written goes where it was to go."""
        closed = self.close(final=True)
        if closed.line:
            self.spool.notify(self.userid, closed.line)


class SpooledOutput(OutputSide, SpooledDevice):
    """A punch or printer.  The first command that writes opens a file.

    With no room in the spool space a command ends with unit check, intervention required, before it has moved anything;
    the next one tries to open another file.
    """

    def __init__(self, spool: SpoolFiles, userid: str, address: int, sfbclas: str = "") -> None:
        super().__init__(spool, userid, address, sfbclas)
        self.file = None

    def start(self, command: int) -> UnitStatus:
        """The initial status: unit check when there is no room for a record."""
        if self.records(command) and self.ready and not self.make_room():
            return self.intervention_required()
        return super().start(command)

    def records(self, command: int) -> bool:
        """Whether a command makes a record in the file."""
        return command in self.commands or command in self.immediate_commands

    def contents(self) -> Any:
        """The options, and the file that is being made."""
        return self.options, self.file.state() if self.file else None, self.stopped

    def restore_contents(self, contents: Any) -> None:
        """The reverse of `contents`."""
        self.options, file, self.stopped = contents
        self.file = OutputFile.from_state(self.spool.space, file) if file else None


class SpooledPunch(SpooledOutput):
    """A virtual 3525."""

    model: ClassVar[str] = "3525"
    kind: ClassVar[str] = PUNCH
    sense_length: ClassVar[int] = 4

    def write(self, transfer: Transfer) -> UnitStatus:
        """WRITE, FEED AND SELECT STACKER, commands X'01', X'41', X'81': a card of 80 columns."""
        self.put(transfer.command, self.take(transfer, CARD), CARD)
        return ENDING

    commands: ClassVar[Commands] = dict.fromkeys(WRITE_AND_FEED, write)
    immediate_commands: ClassVar[ImmediateCommands] = {}


class SpooledPunch2540(SpooledPunch):
    """A virtual 2540 punch; the same but for the number of sense bytes."""

    model: ClassVar[str] = "2540P"
    sense_length: ClassVar[int] = 1
