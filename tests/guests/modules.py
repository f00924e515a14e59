"""Object modules for tests: cards field by field, and the ELF objects of GNU as turned into cards."""

import struct
import subprocess
from pathlib import Path

CARD = 80
SD, LD, ER, PC, CM, WX = 0, 1, 2, 4, 5, 10


def card(kind: str, **fields: bytes) -> bytes:
    """An object card with fields by column, as in c11=b"\\0\\x38"."""
    image = bytearray((b"\x02" + kind.encode("cp037")).ljust(CARD, b"\x40"))
    for column, data in fields.items():
        image[int(column[1:]) - 1 : int(column[1:]) - 1 + len(data)] = data
    return bytes(image)


def e(text: str) -> bytes:
    return text.encode("cp037")


def item(name: str, kind: int, address: int = 0, last: int = 0) -> bytes:
    """An ESD item: `last` is a length, or the ESDID of the section of an LD."""
    return e(f"{name:<8}") + bytes([kind]) + address.to_bytes(3, "big") + b"\x40" + last.to_bytes(3, "big")


def esd(esdid: int, *items: bytes) -> bytes:
    data = b"".join(items)
    return card("ESD", c11=len(data).to_bytes(2, "big"), c15=esdid.to_bytes(2, "big"), c17=data)


def txt(esdid: int, address: int, data: bytes) -> bytes:
    return card(
        "TXT", c6=address.to_bytes(3, "big"), c11=len(data).to_bytes(2, "big"), c15=esdid.to_bytes(2, "big"), c17=data
    )


def reference(symbol: int, place: int, flags: int, address: int) -> bytes:
    """An RLD item with its ESDIDs."""
    return struct.pack(">HHB", symbol, place, flags) + address.to_bytes(3, "big")


def again(flags: int, address: int) -> bytes:
    """An RLD item with the ESDIDs of the one before."""
    return bytes([flags]) + address.to_bytes(3, "big")


def rld(*items: bytes) -> bytes:
    data = b"".join(items)
    return card("RLD", c11=len(data).to_bytes(2, "big"), c17=data)


def end(esdid: int | None = None, address: int = 0, name: str = "", length: int | None = None) -> bytes:
    fields = {}
    if esdid is not None:
        fields |= {"c6": address.to_bytes(3, "big"), "c15": esdid.to_bytes(2, "big")}
    if name:
        fields["c17"] = e(f"{name:<8}")
    if length is not None:
        fields["c29"] = length.to_bytes(4, "big")
    return card("END", **fields)


def texts(esdid: int, address: int, data: bytes) -> list[bytes]:
    return [txt(esdid, address + at, data[at : at + 56]) for at in range(0, len(data), 56)]


# --- GNU as ---

AS = ("s390x-linux-gnu-as", "-m31", "-mesa")
LINKER = ("s390x-linux-gnu-ld", "-m", "elf_s390")
TOOLS = (AS[0], LINKER[0])

_NOBITS = 8
_ALLOCATED = 2
_UNDEFINED, _COMMON = 0, 0xFFF2
_GLOBAL, _WEAK, _SECTION = 1, 2, 3
_BYTES = {1: 1, 3: 2, 4: 4}
"""Bytes that R_390_8, R_390_16 and R_390_32 relocate."""


def gnu_object(source: str, path: Path) -> bytes:
    """The ELF object of a GNU source."""
    subprocess.run([*AS, "-o", path], input=source, encoding="ascii", check=True)
    return path.read_bytes()


class Elf:
    """A 32-bit big-endian ELF file: sections with their contents, symbols, relocations with addends."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        table, size, count, names = struct.unpack_from(">I", data, 32) + struct.unpack_from(">HHH", data, 46)
        self.headers = [struct.unpack_from(">10I", data, table + size * at) for at in range(count)]
        self.names = [self.text(names, header[0]) for header in self.headers]
        symbols = self.names.index(".symtab")
        strings = self.headers[symbols][6]
        self.symbols = [
            (self.text(strings, name), value, length, info >> 4, info & 15, section)
            for name, value, length, info, _, section in struct.iter_unpack(">IIIBBH", self.content(symbols))
        ]

    def text(self, section: int, at: int) -> str:
        start = self.headers[section][4] + at
        return self.data[start : self.data.index(b"\0", start)].decode("ascii")

    def content(self, section: int) -> bytes:
        _, kind, _, _, offset, size, *_ = self.headers[section]
        return bytes(size) if kind == _NOBITS else self.data[offset : offset + size]

    @property
    def allocated(self) -> list[int]:
        """Sections that have contents in storage."""
        return [at for at, header in enumerate(self.headers) if header[2] & _ALLOCATED and header[5]]

    def relocations(self, section: int) -> list[tuple[int, int, int, int]]:
        """Offset, type, symbol and addend."""
        name = ".rela" + self.names[section]
        if name not in self.names:
            return []
        entries = struct.iter_unpack(">IIi", self.content(self.names.index(name)))
        return [(offset, info & 0xFF, info >> 8, addend) for offset, info, addend in entries]


def module_of(data: bytes) -> bytes:
    """The object deck that says what an ELF object says: a PC for each section, LD, ER, WX and CM for the symbols.

    The addend of a relocation becomes the contents of the address constant.
    """
    elf = Elf(data)
    numbers = {section: number for number, section in enumerate(elf.allocated, 1)}
    items = [item("", PC, 0, elf.headers[section][5]) for section in numbers]
    outside: dict[int, int] = {}
    entries = []
    for at, (name, value, length, binding, _, section) in enumerate(elf.symbols):
        if section in numbers and binding in (_GLOBAL, _WEAK):
            entries.append(item(name, LD, value, numbers[section]))
        elif name and section == _COMMON:
            items.append(item(name, CM, 0, length))
            outside[at] = len(items)
        elif name and section == _UNDEFINED:
            items.append(item(name, WX if binding == _WEAK else ER))
            outside[at] = len(items)
    cards = [esd(first + 1, *items[first : first + 3]) for first in range(0, len(items), 3)]
    cards += [esd(0x4040, *entries[first : first + 3]) for first in range(0, len(entries), 3)]
    for section, number in numbers.items():
        content, references = bytearray(elf.content(section)), []
        for offset, kind, at, addend in elf.relocations(section):
            _, value, _, _, _, home = elf.symbols[at]
            size = _BYTES[kind]
            addend += value if at not in outside else 0
            content[offset : offset + size] = (addend & (1 << 8 * size) - 1).to_bytes(size, "big")
            references.append(reference(outside.get(at) or numbers[home], number, (size - 1) << 2, offset))
        cards += texts(number, 0, bytes(content))
        cards += [rld(*references[first : first + 7]) for first in range(0, len(references), 7)]
    return b"".join([*cards, end()])


def linked(paths: list[Path], output: Path, origin: int) -> tuple[bytes, dict[str, int]]:
    """What GNU ld makes of objects: storage from the origin on, and the symbols.

    Sections are one after the other on doubleword boundaries, as our loader puts them; common areas follow.
    """
    places = "\n".join(f". = ALIGN(8); {path}({name})" for path in paths for name in (".text", ".data", ".bss"))
    script = f"SECTIONS {{ . = {origin}; .all : {{ {places} . = ALIGN(8); *(COMMON) }} }}"
    output.with_suffix(".ld").write_text(script)
    subprocess.run([*LINKER, "-T", output.with_suffix(".ld"), "-o", output, *paths], check=True)
    elf = Elf(output.read_bytes())
    symbols = {name: value for name, value, *_ in elf.symbols if name}
    return elf.content(elf.names.index(".all")), symbols
