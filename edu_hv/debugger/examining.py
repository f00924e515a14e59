"""Storage and values in the formats of gdb: x/8xw, x/4i, print/d.

A format is a count, a letter for how, a letter for the size of a unit: all may be left out, in any order.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from edu_hv.asm.disassembler import disassemble
from edu_hv.debugger.expressions import SIZES, Expression
from edu_hv.debugger.views import View
from edu_hv.isa.codes import MASK_24
from edu_hv.isa.errors import UserError

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession

HOW = {
    "x": "hexadecimal", "z": "hexadecimal", "d": "decimal, with sign", "u": "decimal, without sign", "t": "binary",
    "o": "octal", "c": "EBCDIC characters", "s": "EBCDIC text up to what cannot be printed", "i": "instructions",
    "a": "addresses, with the label before them",
}  # fmt: skip
"""What a format's letter means."""
UNITS = {"b": "bytes", "h": "halfwords", "w": "words", "g": "doublewords"}
_ROW = 16
_MOST = 4096
_LONGEST_TEXT = 120
_LONGEST_INSTRUCTION = 6


@dataclass(frozen=True, slots=True)
class Shape:
    """A format: how many units, shown how, and of what size."""

    count: int = 1
    how: str = "x"
    unit: str = "w"

    def __str__(self) -> str:
        unit = "" if self.how in "ics" else self.unit
        return f"/{self.count if self.count > 1 else ''}{self.how}{unit}"


def parse_shape(text: str, before: Shape = Shape()) -> Shape:
    """A format such as "/8xw" or "8xw"; what it does not say is as before.  Raises UserError for what is none."""
    letters = text.removeprefix("/").lower()
    if not re.fullmatch("[0-9]{0,4}[a-z]{0,2}|[a-z]{1,2}[0-9]{1,4}", letters):
        raise UserError(f'"{text[:20]}" is no format: a count, then one of {" ".join(HOW)}, then one of b h w g')
    shape, told = replace(before, count=1), [letter for letter in letters if letter in HOW]
    if len(told) > 1:
        raise UserError(f'"{text[:20]}" says twice how to show it: {" and ".join(told)}')
    for part in re.findall("[0-9]+|[a-z]", letters):
        if part.isdigit():
            shape = replace(shape, count=int(part))
        elif part in HOW:
            shape = replace(shape, how=part)
        elif part in UNITS:
            shape = replace(shape, unit=part)
        else:
            raise UserError(f'"{part}" is no format: there are {", ".join(f"{k} {v}" for k, v in HOW.items())}')
    if not 1 <= shape.count <= _MOST:
        raise UserError(f"{shape.count} is no count: 1 to {_MOST:,} units can be shown at a time")
    return replace(shape, unit="b") if shape.how == "c" else shape


# ---- storage ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ExaminedRow:
    """Some units behind each other: the address of the first, the label there, and the units in words."""

    address: int
    label: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExaminedView(View):
    """A piece of guest storage in a format; `after` is the address behind it."""

    guest: str
    shape: Shape
    rows: tuple[ExaminedRow, ...]
    after: int


def examine(session: "DebugSession", address: int, shape: Shape) -> ExaminedView:
    """Storage of the selected guest from an address on.  Raises UserError where not even one unit is inside it."""
    rows = tuple(_rows(session, address, shape))
    after = rows[-1].address + _length(session, rows[-1], shape)
    return ExaminedView(session.selected, shape, rows, after)


def _rows(session: "DebugSession", address: int, shape: Shape) -> Iterator[ExaminedRow]:
    if shape.how in "is":
        yield from _of_any_length(session, address, shape)
        return
    size, left = SIZES[shape.unit], shape.count
    a_row = max(_ROW // size // (2 if shape.how in "td" and size < 2 else 1) // (4 if shape.how == "t" else 1), 1)
    while left > 0:
        length = min(a_row, left) * size
        text = _fetched(session, address, length, size)
        units = [text[at : at + size] for at in range(0, len(text), size)]
        values = tuple(_unit(session, int.from_bytes(unit, "big"), shape) for unit in units)
        yield ExaminedRow(address, place_words(session, address), values)
        left -= len(units)
        address += len(text)
        if address >= session.storage_size():
            return


def _fetched(session: "DebugSession", address: int, length: int, least: int) -> bytes:
    """As much of a row as is inside the guest's storage.  Raises UserError for less than a unit."""
    inside = min(length, max(session.storage_size() - address, 0)) // least * least
    return session.guest_storage(address, inside or least)


def _of_any_length(session: "DebugSession", address: int, shape: Shape) -> Iterator[ExaminedRow]:
    for _ in range(shape.count):
        where = place_words(session, address)
        if shape.how == "i":
            text = _instruction(session, address)
            found = disassemble(text, address)
            words, length = f"{found.object_code.hex().upper():<12}  {found.text}", found.length
        else:
            words, length = _text(session, address)
        yield ExaminedRow(address, where, (words,))
        address += length
        if address >= session.storage_size():
            return


def _instruction(session: "DebugSession", address: int) -> bytes:
    least = min(2, max(session.storage_size() - address, 1))
    return _fetched(session, address, _LONGEST_INSTRUCTION, least)


def _text(session: "DebugSession", address: int) -> tuple[str, int]:
    """Characters up to one that cannot be printed, which counts as its end; and how many bytes that are."""
    text = _fetched(session, address, _LONGEST_TEXT, 1)
    letters = [character(byte) for byte in text]
    end = next((n for n, letter in enumerate(letters) if letter is None), len(letters))
    return f'"{"".join(letter or "" for letter in letters[:end])}"', end + (end < len(letters))


def _length(session: "DebugSession", row: ExaminedRow, shape: Shape) -> int:
    if shape.how == "i":
        return disassemble(_instruction(session, row.address), row.address).length
    return _text(session, row.address)[1] if shape.how == "s" else len(row.values) * SIZES[shape.unit]


def character(byte: int) -> str | None:
    """The EBCDIC character of a byte, or None where it has none that can be printed."""
    letter = bytes((byte,)).decode("cp037")
    return letter if letter.isprintable() and letter.isascii() else None


def place_words(session: "DebugSession", address: int) -> str:
    """The label at an address or before it: "TABLE", "TABLE+8"; "" where there is none."""
    assembly = session.guest.assembly
    near = assembly.nearest_label(address) if assembly is not None else None
    if near is None:
        return ""
    label, offset = near
    return f"{label}+{offset:X}" if offset else label


# ---- values ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ValueView(View):
    """An expression and what it is now."""

    expression: str
    value: int
    words: str
    """The value as it was asked for."""
    number: int = 0
    """Of an expression that is displayed at every stop: its number; else 0."""


def valued(session: "DebugSession", expression: Expression, how: str = "", number: int = 0) -> ValueView:
    """The value of an expression: hexadecimal and decimal, or as a format's letter says."""
    value = expression.value(session)
    if how:
        words = _unit(session, value, Shape(1, how, {8: "g"}.get(expression.width, "w")))
    else:
        words = value_words(value, expression.width)
    return ValueView(expression.text, value, words, number)


_DECIMAL_BITS = 128
"""Of a longer number only the hexadecimal digits are shown."""


def value_words(value: int, width: int) -> str:
    """A value in hexadecimal; then decimal, where that looks different."""
    digits = _hexadecimal(value, width)
    differs = not 0 <= value < 10 and width <= 4
    return f"{digits}, {value:,} decimal" if differs and value.bit_length() <= _DECIMAL_BITS else digits


def _hexadecimal(value: int, width: int) -> str:
    digits = f"{value & (1 << max(8 * width, value.bit_length(), 1)) - 1:0{2 * width}X}"
    return f"{digits[:8]} {digits[8:]}" if len(digits) == 16 else digits


def _unit(session: "DebugSession", value: int, shape: Shape) -> str:
    bits = SIZES[shape.unit] * 8
    inside = value & (1 << bits) - 1
    letters: dict[str, Callable[[], str]] = {
        "d": lambda: f"{inside - (inside >> bits - 1 << bits)}",
        "u": lambda: f"{inside}",
        "t": lambda: f"{inside:0{bits}b}",
        "o": lambda: f"{inside:0{-(-bits // 3)}o}",
        "c": lambda: "".join(character(byte) or "." for byte in inside.to_bytes(bits // 8, "big")),
        "a": lambda: _address(session, inside),
    }
    return letters[shape.how]() if shape.how in letters else f"{inside:0{bits // 4}X}"


def _address(session: "DebugSession", value: int) -> str:
    near = place_words(session, value & MASK_24)
    return f"{value & MASK_24:06X}{f' <{near}>' if near else ''}"
