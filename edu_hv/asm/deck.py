"""Object decks: card images of 80 bytes in EBCDIC, as a card reader hands them to a loader.

ESD, TXT, RLD and END cards: GC33-4021 *OS/VS-VM/370 Assembler Programmer's Guide* "Object Deck Output".  What a deck of
another assembler may hold is in `object_deck`.
"""

from collections.abc import Iterable, Iterator

from edu_hv.asm.assembly import Assembly, Relocation, Section, Text
from edu_hv.isa.errors import UserError

CARD = 80
TEXT_BYTES = 56
"""Object code bytes on one TXT card."""

IPL_BYTES = 24
"""What the IPL read transfers from the first card: IPL PSW, CCW1, CCW2.  GA22-7000 "Initial Program Loading"."""

RLD_BYTES = 56
"""Bytes of RLD items on one card."""

_BLANK = b"\x40"
_ITEMS_ON_A_CARD = 3


def punch(assembly: Assembly, relocatable: bool = True) -> bytes:
    """The object deck of a program: ESD, TXT, RLD and END cards, numbered in columns 73-80.

    Without RLD cards, and so for the addresses it is assembled for, when it is not to be `relocatable`.
    """
    sections = [section for section in assembly.sections if not section.dummy]
    cards = _esd_cards(assembly, sections)
    for number, section in enumerate(sections, 1):
        for text in assembly.image:
            cards += _txt_cards(_part(text, section), number)
    if relocatable:
        cards += _rld_cards(_rld_items(assembly, sections))
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
    """A deck to IPL from: the loader's cards, and the program's deck for the addresses it is assembled for.

    Raises UserError for a program that needs other modules: the loader joins none.
    """
    if program.externals:
        first = program.externals[0]
        raise UserError(
            f"{program.name}:{first.line}: {first.name} is not defined; expected every symbol of a program that is "
            "loaded alone in its source (object decks are joined when they are loaded together)"
        )
    return loader_cards(loader) + punch(program, relocatable=False)


def loader_cards(loader: Assembly) -> bytes:
    """The loader's IPL card, and its text from the label LOADER on in raw cards.

    The loader is assembled for address 0.  Bytes 0-79 are the first card, of which IPL reads 24.
    """
    if loader.origin != 0:
        raise UserError(f"{loader.name} begins at X'{loader.origin:X}'; a loader for IPL must begin at 0")
    start = loader.address_of("LOADER")
    end = max((text.end for text in loader.image), default=0)
    _check_loader(loader, start)
    first = _storage(loader, 0, min(CARD, start)).ljust(CARD, b"\x00")
    body = _storage(loader, start, end)
    return first + body + bytes(-len(body) % CARD)


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


def _esd_cards(assembly: Assembly, sections: list[Section]) -> list[bytes]:
    """External symbol dictionary: sections and external symbols, which have ESDIDs from 1 on, then entry points."""
    items = [_section_item(section) for section in sections]
    items += [_esd_item(external.name, 0x0A if external.weak else 0x02) for external in assembly.externals]
    entries = list(_entry_items(assembly, sections))
    cards = []
    for first in range(0, len(items), _ITEMS_ON_A_CARD):
        cards.append(_esd_card(items[first : first + _ITEMS_ON_A_CARD], (first + 1).to_bytes(2, "big")))
    for first in range(0, len(entries), _ITEMS_ON_A_CARD):
        cards.append(_esd_card(entries[first : first + _ITEMS_ON_A_CARD], _BLANK * 2))
    return cards


def _esd_card(items: list[bytes], number: bytes) -> bytes:
    return _card("ESD", {11: (16 * len(items)).to_bytes(2, "big"), 15: number, 17: b"".join(items)})


def _esd_item(name: str, kind: int, address: int = 0, last: bytes = _BLANK * 3) -> bytes:
    return f"{name:<8}".encode("cp037") + bytes([kind]) + address.to_bytes(3, "big") + _BLANK + last


def _section_item(section: Section) -> bytes:
    """SD, or PC for a section without a name, with its length."""
    return _esd_item(section.name, 0 if section.name else 4, section.origin, section.length.to_bytes(3, "big"))


def _entry_items(assembly: Assembly, sections: list[Section]) -> Iterator[bytes]:
    """LD items with the ESDID of their section; a section is an entry point already."""
    numbers = {section.name: number for number, section in enumerate(sections, 1)}
    for name in assembly.entries:
        symbol = assembly.symbols[name]
        if name not in numbers and symbol.section is not None:
            yield _esd_item(name, 1, symbol.value, numbers[symbol.section].to_bytes(3, "big"))


def _rld_items(assembly: Assembly, sections: list[Section]) -> Iterator[bytes]:
    """Relocation dictionary: ESDIDs of symbol and place, flags, address.  8 bytes each, no ESDIDs are left out."""
    names = [part.name for part in sections] + [external.name for external in assembly.externals]
    numbers = {name: number for number, name in enumerate(names, 1)}
    for constant in assembly.relocations:
        flags = constant.branch << 4 | (constant.length - 1) << 2 | (constant.times < 0) << 1
        symbol = numbers[constant.symbol].to_bytes(2, "big")
        place = _section_number(constant.address, sections).to_bytes(2, "big")
        for address in _addresses(constant):
            yield symbol + place + bytes([flags]) + address.to_bytes(3, "big")


def _addresses(constant: Relocation) -> Iterator[int]:
    """Where the constant stands: `count` times, and each as often as its symbol counts in it."""
    for repeat in range(constant.count):
        yield from [constant.address + repeat * constant.step] * abs(constant.times)


def _rld_cards(items: Iterable[bytes]) -> Iterator[bytes]:
    data = b"".join(items)
    for at in range(0, len(data), RLD_BYTES):
        part = data[at : at + RLD_BYTES]
        yield _card("RLD", {11: len(part).to_bytes(2, "big"), 17: part})


def _section_number(address: int, sections: list[Section]) -> int:
    """The ESDID of the section an address lies in, else of the first one."""
    inside = (number for number, part in enumerate(sections, 1) if part.origin <= address < part.origin + part.length)
    return next(inside, 1)


def _part(text: Text, section: Section) -> Text:
    """The part of a text that belongs to a section."""
    first = max(text.address, section.origin)
    last = min(text.end, section.origin + section.length)
    return Text(first, text.data[first - text.address : max(last - text.address, 0)] if first < last else b"")


def _end_card(entry: int, sections: list[Section]) -> bytes:
    """The entry point and the section it lies in."""
    return _card("END", {6: entry.to_bytes(3, "big"), 15: _section_number(entry, sections).to_bytes(2, "big")})


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
