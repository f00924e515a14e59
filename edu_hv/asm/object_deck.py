"""Object modules of any assembler: what their cards may hold, checked before a machine reads them.

GC33-4021 *OS/VS-VM/370 Assembler Programmer's Guide* "Object Deck Output"; GC20-1819 *VM/370: CMS Command and Macro
Reference* "Loader Control Statements" for SLC, REP and LDT.  Read next: `edu_hv/guests/object_loader.asm` loads them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from edu_hv.asm.assembly import Assembly
from edu_hv.asm.deck import CARD, RLD_BYTES, TEXT_BYTES, loader_cards, read_deck
from edu_hv.isa.errors import UserError

OBJECT_CARD = 0x02
"""Column 1 of each card of an object deck."""
MOST_SYMBOLS = 511
"""The highest ESDID that the loader takes."""

_SD, _LD, _ER, _PC, _CM, _WX = 0x00, 0x01, 0x02, 0x04, 0x05, 0x0A
_INSIDE = ("SYM", "ESD", "TXT", "RLD", "REP")
_CONTROL = ("SLC", "LDT")
_KINDS = (*_INSIDE, "END", *_CONTROL)
_TEXT_FILE_BYTES = frozenset(range(0x20, 0x7F)) | frozenset(b"\t\n\r\f")
_ELF = b"\x7fELF"
_MOST_ESD_BYTES = 48
_DIGITS = frozenset("0123456789ABCDEF")


class _Wrong(Exception):
    """What is wrong with a card."""


@dataclass
class _Module:
    """What the cards of one module have said so far: sections by ESDID (address as assembled, length), other ESDIDs."""

    sections: dict[int, tuple[int, int]] = field(default_factory=dict)
    others: set[int] = field(default_factory=set)
    open: int = 0
    """The last section, if its length is not known before the END card."""
    entries: list[tuple[int, int]] = field(default_factory=list)
    """The card and the section of each entry point."""


def loadable(loader: Assembly, data: bytes, name: str) -> bytes:
    """A deck to IPL from: the object loader, the modules, LDT, and the cards behind the last END card as they are.

    Raises `UserError` for a deck that is damaged, with the file, the card and what is wrong with it.
    """
    cards = read_deck(data, name)
    end = check_modules(cards, name)
    modules, rest = cards[:end], cards[end:]
    last = [] if modules and _kind(modules[-1]) == "LDT" else [_LDT]
    return loader_cards(loader) + b"".join([*modules, *last, *rest])


_LDT = (bytes([OBJECT_CARD]) + "LDT".encode("cp037")).ljust(CARD, b"\x40")


def refuse_other_files(data: bytes, name: str) -> None:
    """Raises `UserError` for a file that is no deck at all: text, or an object file of another system."""
    if data.startswith(_ELF):
        raise UserError(f"{name} is an ELF file; expected an object deck: cards of {CARD} bytes, ESD, TXT, RLD and END")
    if data and all(byte in _TEXT_FILE_BYTES for byte in data[: 4 * CARD]):
        raise UserError(
            f"{name} is a text file; expected a deck: cards of {CARD} bytes in EBCDIC (assembler source ends in .asm)"
        )


def check_last_card(cards: Sequence[bytes], name: str) -> None:
    """Raises `UserError` for a deck with a loader of its own whose last object card leaves a module without its END."""
    kinds = [kind for card in cards if (kind := _kind(card)) in _KINDS]
    if kinds and kinds[-1] in _INSIDE:
        raise UserError(_cut_short(name, len(cards)))


def _cut_short(name: str, number: int) -> str:
    return f"deck {name} is cut short: its last card, number {number}, is not the program's END card"


def check_modules(cards: Sequence[bytes], name: str) -> int:
    """The number of cards up to the last END card, or LDT; raises `UserError` for the first card that is wrong."""
    module: _Module | None = None
    number = 0
    for number, card in enumerate(cards, 1):
        kind = _kind(card)
        if module is None and kind is None:
            return number - 1
        try:
            module = _check_card(card, number, kind, module)
        except _Wrong as wrong:
            raise UserError(f"card {number} of {name} is damaged: {wrong}") from None
        if kind == "LDT":
            return number
    if module is not None:
        raise UserError(_cut_short(name, number))
    return number


def _kind(card: bytes) -> str | None:
    """The kind of an object card, None for another card."""
    return card[1:4].decode("cp037") if card[0] == OBJECT_CARD else None


def _check_card(card: bytes, number: int, kind: str | None, module: _Module | None) -> _Module | None:
    """The module that goes on after this card, None after its END card."""
    if kind is None:
        raise _Wrong(f"its first byte is X'{card[0]:02X}', expected X'02' within a module")
    if kind in _CONTROL:
        if module is not None:
            raise _Wrong(f"{kind} stands within a module, expected it before or behind one")
        if kind == "SLC":
            _hexadecimal(card, 7, 6, "the address")
        return None
    if kind == "SYM":
        return module
    if kind not in _KINDS:
        raise _Wrong(f'its kind is "{_printable(kind)}", expected one of {" ".join(_KINDS)}')
    if module is None:
        if kind != "ESD":
            raise _Wrong(f"{kind} is the first card of a module, expected ESD")
        module = _Module()
    if kind == "ESD":
        _check_esd(card, number, module)
    elif kind == "TXT":
        count = _count(card, 1, TEXT_BYTES)
        _check_place(_halfword(card, 15), _address(card, 6), count, module)
    elif kind == "RLD":
        _check_rld(card, module)
    elif kind == "REP":
        _check_rep(card, module)
    else:
        _check_end(card, module)
        return None
    return module


def _check_esd(card: bytes, number: int, module: _Module) -> None:
    count = _count(card, 16, _MOST_ESD_BYTES)
    if count % 16:
        raise _Wrong(f"columns 11-12 say {count} bytes of ESD items, expected a multiple of 16")
    esdid = _halfword(card, 15)
    for column in range(17, 17 + count, 16):
        kind = card[column + 7]
        if kind == _LD:
            module.entries.append((number, _halfword(card, column + 14)))
            continue
        if not 1 <= esdid <= MOST_SYMBOLS:
            raise _Wrong(f"the ESDID is {esdid}, expected 1 to {MOST_SYMBOLS}")
        if esdid in module.sections or esdid in module.others:
            raise _Wrong(f"the ESDID {esdid} is there already, expected another one for each item")
        if kind in (_SD, _PC):
            module.sections[esdid] = _address(card, column + 9), _address(card, column + 13)
            module.open = 0 if module.sections[esdid][1] else esdid
        elif kind in (_ER, _CM, _WX):
            module.others.add(esdid)
        else:
            raise _Wrong(f"the type of an ESD item is X'{kind:02X}', expected SD, LD, ER, PC, CM or WX")
        esdid += 1


def _check_rld(card: bytes, module: _Module) -> None:
    count = _count(card, 8, RLD_BYTES)
    column, end, same = 17, 17 + count, False
    position = 0
    while column < end:
        if not same:
            relocation, position = _halfword(card, column), _halfword(card, column + 2)
            if relocation not in module.sections and relocation not in module.others:
                raise _Wrong(f"an address constant moves with the ESDID {relocation}, which no ESD card has")
            column += 4
        if column + 4 > end:
            raise _Wrong(f"columns 11-12 say {count} bytes of RLD items, but the last item is not whole")
        flags = card[column - 1]
        if flags & 0x60:
            raise _Wrong(f"the flags of an address constant are X'{flags:02X}', expected type A or V, 1 to 4 bytes")
        _check_place(position, _address(card, column + 1), (flags >> 2 & 3) + 1, module)
        column, same = column + 4, bool(flags & 1)


def _check_rep(card: bytes, module: _Module) -> None:
    address = _hexadecimal(card, 7, 6, "the address")
    esdid = 1 if card[13:16] == b"\x40" * 3 else _hexadecimal(card, 14, 3, "the ESDID")
    column = 17
    while True:
        _hexadecimal(card, column, 4, "a halfword")
        _check_place(esdid, address, 2, module)
        address += 2
        after = card[column + 3 : column + 4].decode("cp037")
        if after == " ":
            return
        column += 5
        if after != "," or column > 67:
            raise _Wrong(f"column {column - 1} is not blank, expected up to 11 halfwords with commas between them")


def _check_end(card: bytes, module: _Module) -> None:
    if card[5:8] != b"\x40" * 3:
        esdid = 1 if card[14:16] == b"\x40" * 2 else _halfword(card, 15)
        if esdid not in module.sections and esdid not in module.others:
            raise _Wrong(f"the entry point is in the section with ESDID {esdid}, which no ESD card has")
    for number, esdid in module.entries:
        if esdid not in module.sections:
            raise _Wrong(f"it ends a module with an entry symbol, on card {number}, in a section that no ESD card has")


def _check_place(esdid: int, address: int, count: int, module: _Module) -> None:
    if esdid not in module.sections:
        raise _Wrong(f"it goes into the section with ESDID {esdid}, which no ESD card has")
    origin, length = module.sections[esdid]
    if address < origin or (esdid != module.open and address + count > origin + length):
        raise _Wrong(
            f"it has {count} bytes at {address:06X}, outside of its section, which has {length} at {origin:06X}"
        )


def _count(card: bytes, least: int, most: int) -> int:
    count = _halfword(card, 11)
    if not least <= count <= most:
        raise _Wrong(f"columns 11-12 say {count} bytes, expected {least} to {most}")
    return count


def _hexadecimal(card: bytes, column: int, digits: int, what: str) -> int:
    text = card[column - 1 : column - 1 + digits].decode("cp037")
    if not set(text) <= _DIGITS:
        where = f"columns {column}-{column + digits - 1}"
        raise _Wrong(f'{where} are "{_printable(text)}", expected {what} in {digits} hexadecimal digits')
    return int(text, 16)


def _printable(text: str) -> str:
    return "".join(character if character.isascii() and character.isprintable() else "?" for character in text)


def _halfword(card: bytes, column: int) -> int:
    return int.from_bytes(card[column - 1 : column + 1], "big")


def _address(card: bytes, column: int) -> int:
    return int.from_bytes(card[column - 1 : column + 2], "big")
