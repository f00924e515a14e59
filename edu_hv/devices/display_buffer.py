"""The buffer of a display station: 24 lines of 80 positions, each of which holds a character or a field attribute.

GA27-2749 *IBM 3270 Information Display System Component Description*, "Buffer" and "Display Image Formatting".
Positions are numbered from 0 through 1919, by lines.  Read next: `display_orders`.
"""

from collections.abc import Iterator

ROWS, COLUMNS = 24, 80
SIZE = ROWS * COLUMNS

NULL = 0x00

PROTECTED, NUMERIC, MODIFIED = 0x20, 0x10, 0x01
"""Bits of a field attribute; protected and numeric together make an automatic skip."""
INTENSITY, NONDISPLAY = 0x0C, 0x0C
"""Two bits: display, display and pen-detectable, intensified and pen-detectable, nondisplay."""

_SIX_BITS = bytes.fromhex(
    "40C1C2C3C4C5C6C7C8C94A4B4C4D4E4F50D1D2D3D4D5D6D7D8D95A5B5C5D5E5F"
    "6061E2E3E4E5E6E7E8E96A6B6C6D6E6FF0F1F2F3F4F5F6F7F8F97A7B7C7D7E7F"
)
"""Six bits as the graphic character that goes over the interface.  GA27-2749 "Buffer Address I/O Interface Codes"."""


def encode_address(position: int) -> bytes:
    """A buffer address as two graphic characters of six bits each."""
    return bytes((_SIX_BITS[position >> 6], _SIX_BITS[position & 0x3F]))


def decode_address(code: bytes) -> int | None:
    """The position a buffer address of two bytes names; None when it is not complete, not valid or off the screen.

    Bits 0 and 1 of the first byte tell 14 bits in binary (00, as later models have them) from six bits a byte.
    """
    if len(code) < 2 or code[0] & 0xC0 == 0x80:
        return None
    low = 6 if code[0] & 0xC0 else 8
    position = (code[0] & 0x3F) << low | code[1] & (1 << low) - 1
    return position if position < SIZE else None


def encode_attribute(attribute: int) -> int:
    """A field attribute as the graphic character its six bits make."""
    return _SIX_BITS[attribute & 0x3F]


class Buffer:
    """Characters and attributes that are being worked on; `frozen` gives them as values.

    Both are `SIZE` bytes: where `attributes` is not 0 there is an attribute, and the character there is null.
    """

    def __init__(self, characters: bytes = bytes(SIZE), attributes: bytes = bytes(SIZE)) -> None:
        self.characters = bytearray(characters)
        self.attributes = bytearray(attributes)

    def frozen(self) -> tuple[bytes, bytes]:
        """Characters and attributes."""
        return bytes(self.characters), bytes(self.attributes)

    @property
    def formatted(self) -> bool:
        """Whether there is any field."""
        return any(self.attributes)

    def put(self, position: int, character: int) -> None:
        """Store a character; an attribute that was there is gone, and its field with it."""
        self.characters[position] = character
        self.attributes[position] = 0

    def start_field(self, position: int, attribute: int) -> None:
        """Store an attribute."""
        self.characters[position] = NULL
        self.attributes[position] = encode_attribute(attribute)

    def fields(self) -> list[int]:
        """The positions of all attributes, in order."""
        return [position for position, attribute in enumerate(self.attributes) if attribute]

    def positions(self, attribute_at: int) -> Iterator[int]:
        """The positions of a field, from the first character on; it may go on from the last line to the first."""
        position = (attribute_at + 1) % SIZE
        while not self.attributes[position]:
            yield position
            position = (position + 1) % SIZE

    def field_of(self, position: int) -> int | None:
        """Where the attribute stands that governs a position; None in a buffer without fields."""
        for distance in range(SIZE):
            found = (position - distance) % SIZE
            if self.attributes[found]:
                return found
        return None

    def protected(self, position: int) -> bool:
        """Whether the operator cannot change what is there."""
        field = self.field_of(position)
        return field is not None and bool(self.attributes[field] & PROTECTED)

    def next_unprotected(self, position: int) -> int | None:
        """The first attribute of an unprotected field from a position on, not beyond the last line; None if none."""
        for found in range(position, SIZE):
            if self.attributes[found] and not self.attributes[found] & PROTECTED:
                return found
        return None

    def mark(self, attribute_at: int, modified: bool) -> None:
        """Set or reset the modified data tag of a field."""
        attribute = self.attributes[attribute_at] & ~MODIFIED
        self.attributes[attribute_at] = encode_attribute(attribute | modified)

    def reset_modified(self, unprotected_only: bool = False) -> None:
        """Reset modified data tags."""
        for field in self.fields():
            if not (unprotected_only and self.attributes[field] & PROTECTED):
                self.mark(field, modified=False)

    def erase_unprotected(self, first: int, stop: int) -> None:
        """Nulls in every unprotected character position from `first` up to `stop`; in all when they are equal."""
        protected = self.protected(first)
        for distance in range((stop - first) % SIZE or SIZE):
            position = (first + distance) % SIZE
            if self.attributes[position]:
                protected = bool(self.attributes[position] & PROTECTED)
            elif not protected:
                self.characters[position] = NULL

    def enter(self, position: int, data: bytes) -> None:
        """The operator has changed the field at `position` so that it holds `data`; nothing if it is protected.

        `position` may be that of the next attribute, when the field has no character position.
        """
        before = (position - 1) % SIZE
        field = before if self.attributes[before] else self.field_of(position)
        if field is None or self.attributes[field] & PROTECTED:
            return
        self.mark(field, modified=True)
        characters = iter(data)
        for place in self.positions(field):
            self.characters[place] = next(characters, NULL)
