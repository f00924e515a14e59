"""A display station: a 3277 model 2 on a 3272 control unit, which is attached to a channel.

GA27-2749 *IBM 3270 Information Display System Component Description*, "Commands and Orders" and "Local Operations".
The device holds the whole screen, so that an earlier checkpoint is an earlier screen; the terminal somebody sits at
only shows it.  `key` takes what a terminal sends, `updates` and `refresh` give what it is to be sent: data streams as
in RFC 1576 (TN3270).  What was typed comes with the next key that gives attention, not before.
Data commands give channel end and device end together at their end; SELECT and ERASE ALL UNPROTECTED are immediate,
and give device end later.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, ClassVar

from edu_hv.devices.device import CONTROL_MICROSECONDS, NO_OP, Commands, ImmediateCommands, IODevice, printable
from edu_hv.devices.display_buffer import (
    COLUMNS,
    INTENSITY,
    MODIFIED,
    NONDISPLAY,
    NULL,
    ROWS,
    SIZE,
    Buffer,
    decode_address,
    encode_address,
)
from edu_hv.devices.display_orders import (
    GRAPHIC_ESCAPE,
    HYPHEN,
    INSERT_CURSOR,
    SET_ATTRIBUTE,
    SET_BUFFER_ADDRESS,
    START_FIELD,
    OperationCheck,
    Writer,
    is_character,
)
from edu_hv.isa.codes import Sense, UnitStatus
from edu_hv.machine.ccw import ENDING, NO_STATUS
from edu_hv.machine.channel_program import Transfer

WRITE = 0x01
READ_BUFFER = 0x02
ERASE_WRITE = 0x05
READ_MODIFIED = 0x06
SELECT = 0x0B
ERASE_WRITE_ALTERNATE = 0x0D
ERASE_ALL_UNPROTECTED = 0x0F

ALARM, RESTORE, RESET_MODIFIED = 0x04, 0x02, 0x01
"""Bits of a write control character: sound the alarm, restore the keyboard, reset modified data tags."""

OPERATION_CHECK = 0x01
"""Sense bit 7: an order that is not complete or not known, or a buffer address off the screen."""

NO_AID, ENTER, CLEAR, PEN = 0x60, 0x7D, 0x6D, 0x7E
PROGRAM_ACCESS_KEYS = (0x6C, 0x6E, 0x6B)
SHORT_READS = frozenset({CLEAR, *PROGRAM_ACCESS_KEYS})
"""Keys of which READ MODIFIED gives nothing but the identification."""
_FUNCTION_KEYS = (*range(0xF1, 0xFA), 0x7A, 0x7B, 0x7C, *range(0xC1, 0xCA), 0x4A, 0x4B, 0x4C)
KEY_NAMES = {
    ENTER: "ENTER",
    CLEAR: "CLEAR",
    PEN: "selector pen",
    0xE6: "card reader",
    0xE7: "card reader",
    0xF0: "TEST REQ",
    **{aid: f"PA{number}" for number, aid in enumerate(PROGRAM_ACCESS_KEYS, 1)},
    **{aid: f"PF{number}" for number, aid in enumerate(_FUNCTION_KEYS, 1)},
}
"""What gives attention, by its identification.  A 3277 has PF1 to PF12, later models PF13 to PF24 as well."""

TERMINAL_WRITE, TERMINAL_ERASE_WRITE, TERMINAL_ERASE_ALL_UNPROTECTED = 0xF1, 0xF5, 0x6F
"""The commands as a terminal that is not on a channel takes them."""
NORMAL_WCC = 0xC0
"""A write control character without functions."""

BYTES_A_MICROSECOND = 50
"""An invented figure: a hundred times as fast as some 500 characters a millisecond."""
MOST_UPDATES = 8
"""How many data streams of the program are kept, for terminals that have not shown them yet."""
WORTH_AN_ADDRESS = 4
"""Nulls that are passed over by an order in place of being sent."""


@dataclass(frozen=True, slots=True)
class Screen:
    """What the station holds, as values.  `characters` and `attributes` are `SIZE` bytes, as in `Buffer`."""

    characters: bytes = bytes(SIZE)
    attributes: bytes = bytes(SIZE)
    cursor: int = 0
    locked: bool = False
    """The keyboard is locked: since a key gave attention, until the program restores it."""
    aid: int = NO_AID


BLANK = Screen()


class Display(IODevice):
    """A display station: what it shows, and how the program and the operator change that."""

    model: ClassVar[str] = "3270"

    def __init__(self) -> None:
        super().__init__()
        self.connected = False
        """The power is on: there is a terminal."""
        self.screen = BLANK
        self.alarms = 0
        """How often the alarm sounded."""
        self.written = 0
        """How often the program changed something, or the power went on."""
        self._updates: tuple[bytes, ...] = ()
        """The last of those changes, as data streams."""
        self._address: int | None = None
        """The buffer address, when the next command of the chain goes on from there."""

    @property
    def ready(self) -> bool:
        """The power is on."""
        return self.connected

    # ---- the operator ----------------------------------------------------------------------------------------

    def connect(self) -> UnitStatus:
        """The power goes on, with an empty buffer: device end, which the caller presents.  Nothing when it was on."""
        if self.connected:
            return NO_STATUS
        self.connected, self.screen = True, BLANK
        self._changed(self.refresh())
        return UnitStatus.DEVICE_END

    def disconnect(self) -> UnitStatus:
        """The power goes off: the next command ends with unit check, intervention required."""
        self.connected, self.screen, self._address = False, BLANK, None
        return NO_STATUS

    make_ready, stop = connect, disconnect

    def key(self, data: bytes) -> UnitStatus:
        """The operator has pressed a key that gives attention, which the caller presents.

        `data` is the inbound data stream of the terminal: identification, cursor address, modified fields.  What is not
        valid in it is passed over, and what begins with no known identification is ignored.  The RESET key of a
        terminal lets somebody press a second key before the program has restored the keyboard; the last one counts.
        """
        if not self.connected or not data or data[0] not in KEY_NAMES:
            return NO_STATUS
        screen = self.screen
        if data[0] == CLEAR:
            screen = BLANK
        buffer = Buffer(screen.characters, screen.attributes)
        cursor = decode_address(data[1:3])
        if data[0] not in SHORT_READS and cursor is not None:
            _enter(buffer, data[3:], typed=data[0] != PEN)
        self.screen = Screen(*buffer.frozen(), screen.cursor if cursor is None else cursor, True, data[0])
        return UnitStatus.ATTENTION

    # ---- commands --------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """The first command of a chain takes its buffer address from the cursor, or begins at 0."""
        self._address = None

    def start(self, command: int) -> UnitStatus:
        """The initial status.  NO-OP, too, is refused while the power is off."""
        if command not in self.commands:
            self._address = None
        if command == NO_OP and not self.ready:
            return self.unit_check(Sense.INTERVENTION_REQUIRED)
        return super().start(command)

    def motion(self, command: int, count: int) -> int:
        """The time of the data."""
        return CONTROL_MICROSECONDS + min(count, 2 * SIZE) // BYTES_A_MICROSECOND

    def write(self, transfer: Transfer) -> UnitStatus:
        """WRITE, command X'01': from the cursor on; chained, from where the command before it ended."""
        screen = self.screen
        start = screen.cursor if self._address is None else self._address
        return self._write(transfer, TERMINAL_WRITE, Buffer(screen.characters, screen.attributes), start, screen.cursor)

    def erase_write(self, transfer: Transfer) -> UnitStatus:
        """ERASE/WRITE, command X'05', and ERASE/WRITE ALTERNATE, X'0D': from 0 on, in a buffer that is all nulls."""
        return self._write(transfer, TERMINAL_ERASE_WRITE, Buffer(), 0, 0)

    def _write(self, transfer: Transfer, command: int, buffer: Buffer, address: int, cursor: int) -> UnitStatus:
        """The write control character, then orders and characters; the keyboard is restored when all is well."""
        control = transfer.from_storage(1)
        wcc = control[0] & (ALARM | RESTORE | RESET_MODIFIED) if control else 0
        if wcc & RESET_MODIFIED:
            buffer.reset_modified()
        self.alarms += bool(wcc & ALARM)
        writer = Writer(buffer, address, cursor, transfer.from_storage)
        status = ENDING
        try:
            writer.run()
        except OperationCheck:
            status |= self.unit_check(OPERATION_CHECK)
            wcc &= ~RESTORE
        self._address = writer.address
        locked, aid = (False, NO_AID) if wcc & RESTORE else (self.screen.locked, self.screen.aid)
        self.screen = Screen(*buffer.frozen(), writer.cursor, locked, aid)
        self._changed(bytes([command, NORMAL_WCC | wcc]) + writer.done)
        return status

    def read_buffer(self, transfer: Transfer) -> UnitStatus:
        """READ BUFFER, command X'02': identification, cursor, and every position; an attribute behind START FIELD."""
        return self._read(transfer, self._every_position(self._address or 0))

    def read_modified(self, transfer: Transfer) -> UnitStatus:
        """READ MODIFIED, command X'06': identification, cursor and the fields that were modified, without nulls.

        Without fields, all that is not null.  After CLEAR and the PA keys, the identification alone.
        """
        if self.screen.aid in SHORT_READS:
            transfer.to_storage(bytes([self.screen.aid]))
            self._address = 0
            return ENDING
        return self._read(transfer, self._modified(self._address or 0))

    def _read(self, transfer: Transfer, pieces: Iterator[tuple[bytes, int]]) -> UnitStatus:
        """Give identification, cursor and pieces; each says which buffer address follows when it has been taken."""
        screen = self.screen
        given = [(bytes([screen.aid]) + encode_address(screen.cursor), self._address or 0), *pieces]
        taken = transfer.to_storage(b"".join(piece for piece, _ in given))
        self._address = 0
        for piece, address in given:
            if taken < len(piece):
                break
            taken, self._address = taken - len(piece), address
        return ENDING

    def _every_position(self, first: int) -> Iterator[tuple[bytes, int]]:
        screen = self.screen
        for position in range(first, SIZE):
            attribute = screen.attributes[position]
            piece = bytes([START_FIELD, attribute]) if attribute else screen.characters[position : position + 1]
            yield piece, (position + 1) % SIZE

    def _modified(self, first: int) -> Iterator[tuple[bytes, int]]:
        screen = self.screen
        buffer = Buffer(screen.characters, screen.attributes)
        if not buffer.formatted:
            for position in range(first, SIZE):
                yield screen.characters[position : position + 1].strip(b"\0"), (position + 1) % SIZE
        for field in buffer.fields():
            if field < first or not buffer.attributes[field] & MODIFIED:
                continue
            start = (field + 1) % SIZE
            yield bytes([SET_BUFFER_ADDRESS]) + encode_address(start), start
            for position in buffer.positions(field) if screen.aid != PEN else ():
                yield screen.characters[position : position + 1].strip(b"\0"), (position + 1) % SIZE

    def select(self) -> UnitStatus:
        """SELECT, command X'0B': the buffer is brought into the control unit, which a program does not notice."""
        return UnitStatus.CHANNEL_END

    def erase_all_unprotected(self) -> UnitStatus:
        """ERASE ALL UNPROTECTED, command X'0F': also resets their tags, restores the keyboard, and moves the cursor.

        The cursor goes to the first unprotected character; to 0 when there is none.
        """
        buffer = Buffer(self.screen.characters, self.screen.attributes)
        buffer.erase_unprotected(0, 0)
        buffer.reset_modified(unprotected_only=True)
        first = buffer.next_unprotected(0)
        self.screen = Screen(*buffer.frozen(), 0 if first is None else (first + 1) % SIZE)
        self._changed(bytes([TERMINAL_ERASE_ALL_UNPROTECTED]))
        return UnitStatus.CHANNEL_END

    def _changed(self, stream: bytes) -> None:
        self.written += 1
        self._updates = (*self._updates[1 - MOST_UPDATES :], stream)

    # ---- what it shows ---------------------------------------------------------------------------------------

    def updates(self, since: int) -> list[bytes]:
        """Data streams for a terminal that showed the screen when `written` was `since`.

        They are the program's own, so that what somebody is typing stays; a refresh when they are not known any more.
        """
        missing = self.written - since
        if missing < 0 or missing > len(self._updates):
            return [self.refresh()]
        return list(self._updates[len(self._updates) - missing :])

    def refresh(self) -> bytes:
        """An outbound data stream after which any terminal shows exactly what the buffer holds."""
        screen = self.screen
        stream = bytearray([TERMINAL_ERASE_WRITE, NORMAL_WCC if screen.locked else NORMAL_WCC | RESTORE])
        for empty, run in groupby(range(SIZE), lambda p: not screen.characters[p] and not screen.attributes[p]):
            positions = list(run)
            if empty and len(positions) >= WORTH_AN_ADDRESS:
                following = (positions[-1] + 1) % SIZE
                stream += bytes([SET_BUFFER_ADDRESS]) + encode_address(following)
                continue
            for position in positions:
                attribute = screen.attributes[position]
                stream += bytes([START_FIELD, attribute]) if attribute else bytes([screen.characters[position]])
        stream += bytes([SET_BUFFER_ADDRESS]) + encode_address(screen.cursor) + bytes([INSERT_CURSOR])
        return bytes(stream)

    def text(self) -> list[str]:
        """The 24 lines as somebody sees them: attributes, nulls and what is not displayed are blank."""
        buffer = Buffer(self.screen.characters, self.screen.attributes)
        for field in buffer.fields():
            if buffer.attributes[field] & INTENSITY == NONDISPLAY:
                for position in buffer.positions(field):
                    buffer.characters[position] = NULL
        shown = printable(bytes(buffer.characters).replace(b"\0", b"\x40"))
        return [shown[line * COLUMNS : (line + 1) * COLUMNS] for line in range(ROWS)]

    def image(self) -> bytes:
        """The screen as UTF-8 text."""
        return "".join(f"{line.rstrip()}\n" for line in self.text()).encode()

    # ---- checkpoint ------------------------------------------------------------------------------------------

    def contents(self) -> Any:
        """The screen, which is a value, and what goes with it."""
        return self.connected, self.screen, self.alarms, self.written, self._updates, self._address

    def restore_contents(self, contents: Any) -> None:
        """The reverse of `contents`."""
        self.connected, self.screen, self.alarms, self.written, self._updates, self._address = contents

    commands: ClassVar[Commands] = {
        WRITE: write,
        ERASE_WRITE: erase_write,
        ERASE_WRITE_ALTERNATE: erase_write,
        READ_BUFFER: read_buffer,
        READ_MODIFIED: read_modified,
    }
    immediate_commands: ClassVar[ImmediateCommands] = {SELECT: select, ERASE_ALL_UNPROTECTED: erase_all_unprotected}


# ---- what a terminal sends -----------------------------------------------------------------------------------------


_FIELD = re.compile(rb"\x11(..)([^\x11]*)", re.DOTALL)
"""SET BUFFER ADDRESS, and what follows up to the next one."""


def _enter(buffer: Buffer, data: bytes, typed: bool) -> None:
    """Modified fields into the buffer, each behind an address; all of it at once when there are no fields.

    Without `typed` the data stream has no characters, and only marks fields.
    """
    if not buffer.formatted:
        buffer.characters[:] = _characters(data)[:SIZE].ljust(SIZE, b"\0")
        return
    for position, characters in _modified_fields(data):
        if typed:
            buffer.enter(position, characters)
        else:
            _select(buffer, position)


def _select(buffer: Buffer, position: int) -> None:
    field = buffer.field_of((position - 1) % SIZE)
    if field is not None:
        buffer.mark(field, modified=True)


def _modified_fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Address and characters of each field; what has no valid address is left out."""
    for address, characters in _FIELD.findall(data):
        position = decode_address(address)
        if position is not None:
            yield position, _characters(characters)


def _characters(data: bytes) -> bytes:
    """The characters of inbound data, with the orders of later models taken out."""
    found = bytearray()
    codes = iter(data)
    for code in codes:
        if code == GRAPHIC_ESCAPE:
            next(codes, None)
            found.append(HYPHEN)
        elif code == SET_ATTRIBUTE:
            next(codes, None)
            next(codes, None)
        elif is_character(code):
            found.append(code)
    return bytes(found)
