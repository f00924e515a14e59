"""Object decks: card images of 80 bytes in EBCDIC, as a card reader hands them to a loader.

ESD, TXT and END cards: GC33-4021 *OS/VS-VM/370 Assembler Programmer's Guide* "Object Deck Output".  RLD cards are not
needed because every program here is assembled for the addresses it is loaded at.
"""

from edu_hv.asm.assembly import Assembly, Section, Text
from edu_hv.isa.errors import UserError

CARD = 80
TEXT_BYTES = 56
"""Object code bytes on one TXT card."""

IPL_BYTES = 24
"""What the IPL read transfers from the first card: IPL PSW, CCW1, CCW2.  GA22-7000 "Initial Program Loading"."""

_BLANK = b"\x40"
_SECTIONS_ON_A_CARD = 3


def punch(assembly: Assembly) -> bytes:
    """The object deck of a program: ESD cards, TXT cards, END card, numbered in columns 73-80."""
    sections = [section for section in assembly.sections if not section.dummy]
    cards = _esd_cards(sections)
    for number, section in enumerate(sections, 1):
        for text in assembly.image:
            cards += _txt_cards(_part(text, section), number)
    cards.append(_end_card(assembly.entry, sections))
    name = sections[0].name if sections else ""
    return b"".join(_numbered(card, name, number) for number, card in enumerate(cards, 1))


def read_deck(data: bytes, name: str) -> list[bytes]:
    """The cards of a deck.  Raises `UserError` for a deck that is empty or cut short."""
    if not data:
        raise UserError(f"deck {name} is empty; expected cards of {CARD} bytes")
    whole, rest = divmod(len(data), CARD)
    if rest:
        raise UserError(f"deck {name} is cut short in card {whole + 1}: {rest} of {CARD} bytes; punch it again")
    return [data[at : at + CARD] for at in range(0, len(data), CARD)]


def bootable(loader: Assembly, program: Assembly) -> bytes:
    """A deck to IPL from: the loader's IPL card, its text from the label LOADER on in raw cards, the program's deck.

    The loader is assembled for address 0.  Bytes 0-79 are the first card, of which IPL reads 24.
    """
    if loader.origin != 0:
        raise UserError(f"{loader.name} begins at X'{loader.origin:X}'; a loader for IPL must begin at 0")
    start = loader.address_of("LOADER")
    end = max((text.end for text in loader.image), default=0)
    _check_loader(loader, start)
    first = _storage(loader, 0, min(CARD, start)).ljust(CARD, b"\x00")
    body = _storage(loader, start, end)
    body += bytes(-len(body) % CARD)
    return first + body + punch(program)


def check_apart(loader: Assembly, program: Assembly) -> None:
    """Raise UserError for a program that would overlay the loader, which then ends the load with a code of its own."""
    start, end = loader.address_of("LOADER"), max((text.end for text in loader.image), default=0)
    for text in program.image:
        if text.address < end and start < text.end:
            line = program.line_at(max(text.address, start))
            where = f"{program.name}:{line.number}" if line else program.name
            raise UserError(
                f"{where}: text at {max(text.address, start):06X} would overlay the loader, "
                f"which lies at {start:06X} to {end - 1:06X}; keep the program below it"
            )


def _check_loader(loader: Assembly, start: int) -> None:
    if start < IPL_BYTES:
        raise UserError(f"{loader.name} has LOADER at X'{start:X}', within the IPL PSW and CCWs; expected X'18' or up")
    if not any(text.address == 0 and text.end >= IPL_BYTES for text in loader.image):
        raise UserError(f"{loader.name} has no IPL PSW, CCW1 and CCW2 at 0; expected {IPL_BYTES} bytes there")
    for text in loader.image:
        lost = max(text.address, CARD)
        if lost < min(text.end, start):
            raise UserError(f"{loader.name} has code at X'{lost:X}' that no card holds; expected it after LOADER")


def _storage(assembly: Assembly, start: int, end: int) -> bytes:
    """Bytes `start` to `end` of the image, zero where nothing was generated."""
    storage = bytearray(max(end - start, 0))
    for text in assembly.image:
        first, last = max(text.address, start), min(text.end, end)
        if first < last:
            storage[first - start : last - start] = text.data[first - text.address : last - text.address]
    return bytes(storage)


def _card(kind: str, fields: dict[int, bytes]) -> bytes:
    """A card with X'02' and its kind in columns 1-4, and fields at their columns (from 1)."""
    card = bytearray(_BLANK * CARD)
    for column, data in {1: b"\x02" + kind.encode("cp037"), **fields}.items():
        card[column - 1 : column - 1 + len(data)] = data
    return bytes(card)


def _numbered(card: bytes, name: str, number: int) -> bytes:
    """The card with its identification in columns 73-80: four characters of the name, four digits."""
    return card[:72] + f"{name[:4]:<4}{number % 10000:04d}".encode("cp037")


def _esd_cards(sections: list[Section]) -> list[bytes]:
    """External symbol dictionary: name, type (SD, or PC without a name), address and length of each section."""
    cards = []
    for first in range(0, len(sections), _SECTIONS_ON_A_CARD):
        items = b"".join(_esd_item(section) for section in sections[first : first + _SECTIONS_ON_A_CARD])
        count, number = len(items).to_bytes(2, "big"), (first + 1).to_bytes(2, "big")
        cards.append(_card("ESD", {11: count, 15: number, 17: items}))
    return cards


def _esd_item(section: Section) -> bytes:
    kind = b"\x00" if section.name else b"\x04"
    name = f"{section.name:<8}".encode("cp037")
    return name + kind + section.origin.to_bytes(3, "big") + _BLANK + section.length.to_bytes(3, "big")


def _part(text: Text, section: Section) -> Text:
    """The part of a text that belongs to a section."""
    first = max(text.address, section.origin)
    last = min(text.end, section.origin + section.length)
    return Text(first, text.data[first - text.address : max(last - text.address, 0)] if first < last else b"")


def _end_card(entry: int, sections: list[Section]) -> bytes:
    """The entry point and the section it lies in."""
    inside = (number for number, part in enumerate(sections, 1) if part.origin <= entry < part.origin + part.length)
    return _card("END", {6: entry.to_bytes(3, "big"), 15: next(inside, 1).to_bytes(2, "big")})


def _txt_cards(text: Text, section_number: int) -> list[bytes]:
    cards = []
    for at in range(0, len(text.data), TEXT_BYTES):
        data = text.data[at : at + TEXT_BYTES]
        fields = {
            6: (text.address + at).to_bytes(3, "big"),
            11: len(data).to_bytes(2, "big"),
            15: section_number.to_bytes(2, "big"),
            17: data,
        }
        cards.append(_card("TXT", fields))
    return cards
