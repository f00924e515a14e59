"""The outbound data stream: orders and characters that a write command brings into a display's buffer.

GA27-2749 "Orders".  Of the orders of later models (GA23-0059 *3270 Data Stream Programmer's Reference*) START FIELD
EXTENDED and MODIFY FIELD set the field attribute and nothing else, SET ATTRIBUTE does nothing, and GRAPHIC ESCAPE
gives a hyphen, as on a display without extended attributes and alternate characters.  Read next: `display`.
"""

from collections.abc import Callable, Mapping
from typing import ClassVar

from edu_hv.devices.display_buffer import NULL, SIZE, Buffer, decode_address, encode_address

PROGRAM_TAB = 0x05
GRAPHIC_ESCAPE = 0x08
SET_BUFFER_ADDRESS = 0x11
ERASE_UNPROTECTED_TO_ADDRESS = 0x12
INSERT_CURSOR = 0x13
START_FIELD = 0x1D
SET_ATTRIBUTE = 0x28
START_FIELD_EXTENDED = 0x29
MODIFY_FIELD = 0x2C
REPEAT_TO_ADDRESS = 0x3C

FIELD_ATTRIBUTE = 0xC0
"""The type of the attribute pair that is a 3277's field attribute."""
HYPHEN = 0x60

FORMAT_CONTROLS = frozenset({NULL, 0x0C, 0x0D, 0x15, 0x19, 0x1C, 0x1E, 0x3F})
"""Codes below X'40' that are characters: null; form feed, carriage return, new line, end of message; DUP, field mark,
substitute."""


def is_character(code: int) -> bool:
    """Whether a code is a character that a position can hold."""
    return code >= 0x40 or code in FORMAT_CONTROLS


class OperationCheck(Exception):
    """An order that is not complete, not known, or has an address off the screen.  GA27-2749 "Operation Check"."""


class Writer:
    """Carries out one write command on a buffer.  `take(n)` gives the next n bytes of the program's data, or fewer.

    `address` is the buffer address, `cursor` the cursor's; `done` is what was carried out, without the order at fault.
    """

    def __init__(self, buffer: Buffer, address: int, cursor: int, take: Callable[[int], bytes]) -> None:
        self.buffer, self.address, self.cursor = buffer, address, cursor
        self.done = bytearray(bytes([SET_BUFFER_ADDRESS]) + encode_address(address))
        self._take = take
        self._current = b""
        self._after_data = False
        """The last thing was a character: PROGRAM TAB clears the rest of its field."""

    def run(self) -> None:
        """Carry out all there is.  Raises OperationCheck; what came before the order at fault is done."""
        while code := self._take(1):
            self._current = code
            self._step(code[0])
            self.done += self._current

    def _step(self, code: int) -> None:
        order = self.orders.get(code)
        if order is None:
            self._store(self._checked(code))
        else:
            order(self)
        self._after_data = order is None or (code == PROGRAM_TAB and self._after_data)

    # ---- what orders are made of -----------------------------------------------------------------------------

    def _next(self, length: int) -> bytes:
        """The next bytes of an order."""
        data = self._take(length)
        if len(data) < length:
            raise OperationCheck
        self._current += data
        return data

    def _next_address(self) -> int:
        position = decode_address(self._next(2))
        if position is None:
            raise OperationCheck
        return position

    def _next_character(self) -> int:
        code = self._next(1)[0]
        if code != GRAPHIC_ESCAPE:
            return self._checked(code)
        self._next(1)
        return HYPHEN

    def _checked(self, code: int) -> int:
        if not is_character(code):
            raise OperationCheck
        return code

    def _store(self, character: int) -> None:
        self.buffer.put(self.address, character)
        self._advance()

    def _advance(self) -> None:
        self.address = (self.address + 1) % SIZE

    def _next_attribute(self, default: int) -> int:
        """The field attribute among attribute pairs that a count comes before; the others are passed over."""
        pairs = self._next(2 * self._next(1)[0])
        found = dict(zip(pairs[::2], pairs[1::2], strict=True))
        return found.get(FIELD_ATTRIBUTE, default)

    # ---- the orders ------------------------------------------------------------------------------------------

    def set_buffer_address(self) -> None:
        """SET BUFFER ADDRESS, X'11'."""
        self.address = self._next_address()

    def start_field(self) -> None:
        """START FIELD, X'1D': the next byte is the attribute."""
        self.buffer.start_field(self.address, self._next(1)[0])
        self._advance()

    def insert_cursor(self) -> None:
        """INSERT CURSOR, X'13': the buffer address stays."""
        self.cursor = self.address

    def program_tab(self) -> None:
        """PROGRAM TAB, X'05': to the first character of the next unprotected field, or to 0 when none follows.

        Behind a character it writes nulls to the end of the field.  When it comes to the end of the screen that way,
        another PROGRAM TAB goes on so.
        """
        found = self.buffer.next_unprotected(self.address)
        if self._after_data:
            self._clear_to_field()
            self._after_data = found is None
        self.address = 0 if found is None else (found + 1) % SIZE

    def _clear_to_field(self) -> None:
        for position in range(self.address, SIZE):
            if self.buffer.attributes[position]:
                return
            self.buffer.characters[position] = NULL

    def repeat_to_address(self) -> None:
        """REPEAT TO ADDRESS, X'3C': one character up to the address, or everywhere when it is the buffer address."""
        stop = self._next_address()
        character = self._next_character()
        for _ in range((stop - self.address) % SIZE or SIZE):
            self._store(character)

    def erase_unprotected_to_address(self) -> None:
        """ERASE UNPROTECTED TO ADDRESS, X'12': nulls up to the address, or everywhere."""
        stop = self._next_address()
        self.buffer.erase_unprotected(self.address, stop)
        self.address = stop

    def start_field_extended(self) -> None:
        """START FIELD EXTENDED, X'29': a count, and as many pairs of type and value."""
        self.buffer.start_field(self.address, self._next_attribute(0))
        self._advance()

    def modify_field(self) -> None:
        """MODIFY FIELD, X'2C': the same for the attribute that is there already."""
        now = self.buffer.attributes[self.address]
        attribute = self._next_attribute(now)
        if not now:
            raise OperationCheck
        self.buffer.start_field(self.address, attribute)
        self._advance()

    def set_attribute(self) -> None:
        """SET ATTRIBUTE, X'28': a pair, which means nothing here."""
        self._next(2)

    def graphic_escape(self) -> None:
        """GRAPHIC ESCAPE, X'08': a character that is not there."""
        self._next(1)
        self._store(HYPHEN)

    orders: ClassVar[Mapping[int, Callable[["Writer"], None]]] = {
        PROGRAM_TAB: program_tab,
        GRAPHIC_ESCAPE: graphic_escape,
        SET_BUFFER_ADDRESS: set_buffer_address,
        ERASE_UNPROTECTED_TO_ADDRESS: erase_unprotected_to_address,
        INSERT_CURSOR: insert_cursor,
        START_FIELD: start_field,
        SET_ATTRIBUTE: set_attribute,
        START_FIELD_EXTENDED: start_field_extended,
        MODIFY_FIELD: modify_field,
        REPEAT_TO_ADDRESS: repeat_to_address,
    }
