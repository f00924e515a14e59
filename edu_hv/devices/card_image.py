"""Files of cards: lines of text, or card images in EBCDIC, 80 bytes each.

Both are what Hercules reads and punches.  A text file is ASCII or UTF-8; a line is a card, blanks fill it up to column
80, and tabulators stand every 8 columns.  An image has nothing between the cards.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from edu_hv.devices.device import printable
from edu_hv.isa.errors import UserError

CARD = 80
"""Columns of a card, and bytes of its image."""
CODE_PAGE = "cp037"
BLANK = b"\x40"

_LAYOUT = "\t\r\n"
_END_OF_FILE = "\x1a"
"""What some systems put at the end of a text file; nothing behind it counts."""
_BYTE_ORDER_MARK = "\ufeff"


class CardForm(Enum):
    """How a file holds its cards."""

    TEXT = "lines of text"
    EBCDIC = "EBCDIC images of 80 bytes"


@dataclass(frozen=True)
class Deck:
    """The cards of a file, in order, each 80 bytes of EBCDIC."""

    name: str
    cards: tuple[bytes, ...]

    @classmethod
    def from_bytes(cls, data: bytes, name: str, form: CardForm | None = None) -> "Deck":
        """The deck in a file; its form is told by what is in it, unless it is given.

        Raises UserError for an empty file, a line or a character that no card can hold, and a card that is cut short.
        """
        text = (form or detect(data)) is CardForm.TEXT
        cards = tuple(_text_cards(data, name) if text else _image_cards(data, name, known=form is not None))
        if not cards:
            raise UserError(f"deck {name} is empty: expected {CardForm.TEXT.value} or {CardForm.EBCDIC.value}")
        return cls(name, cards)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.cards)

    def image(self) -> bytes:
        """The file of EBCDIC images."""
        return b"".join(self.cards)

    def text(self) -> bytes:
        """The file of text lines."""
        return text_file(self.cards)


def detect(data: bytes) -> CardForm:
    """Text if all of it is UTF-8 and no control character is in it but tabulators and the ends of lines.

    Object decks have X'02' in column 1, and EBCDIC letters are no UTF-8, so a deck of another sort does not pass.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return CardForm.EBCDIC
    readable = text.removeprefix(_BYTE_ORDER_MARK).partition(_END_OF_FILE)[0]
    plain = all(character.isprintable() or character in _LAYOUT for character in readable)
    return CardForm.TEXT if plain else CardForm.EBCDIC


def text_file(cards: Iterable[bytes]) -> bytes:
    """Cards as UTF-8 lines without the blanks at their ends; what has no graphic is a period."""
    return "".join(f"{printable(card).rstrip()}\n" for card in cards).encode()


def _text_cards(data: bytes, name: str) -> Iterator[bytes]:
    try:
        text = data.decode().removeprefix(_BYTE_ORDER_MARK).partition(_END_OF_FILE)[0]
    except UnicodeDecodeError as error:
        raise UserError(
            f"deck {name}: byte {error.start} is X'{data[error.start]:02X}', which is no UTF-8 text; "
            f"expected {CardForm.TEXT.value}"
        ) from None
    lines = text.replace("\r\n", "\n").split("\n")
    for number, line in enumerate(lines[:-1] if lines[-1] == "" else lines, 1):
        yield _text_card(line, name, number)


def _text_card(line: str, name: str, number: int) -> bytes:
    columns = line.expandtabs(8).rstrip(" ")
    if len(columns) > CARD:
        raise UserError(f"deck {name}: line {number} has {len(columns)} characters, but a card has {CARD} columns")
    try:
        return columns.encode(CODE_PAGE).ljust(CARD, BLANK)
    except UnicodeEncodeError as error:
        bad = columns[error.start]
        raise UserError(
            f"deck {name}: line {number}, column {error.start + 1}: {bad!r} is not in EBCDIC code page 037; replace it"
        ) from None


def _image_cards(data: bytes, name: str, known: bool) -> Iterator[bytes]:
    whole, rest = divmod(len(data), CARD)
    if rest and known:
        raise UserError(f"deck {name} is cut short in card {whole + 1}: {rest} of {CARD} bytes; punch it again")
    if rest:
        raise UserError(
            f"deck {name} is neither {CardForm.TEXT.value} nor {CardForm.EBCDIC.value}: "
            f"it has {len(data)} bytes, and card {whole + 1} would have {rest} of them"
        )
    return (data[at : at + CARD] for at in range(0, len(data), CARD))
