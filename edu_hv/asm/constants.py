"""Constants and areas: the operands of DC and DS, and literals.  GC33-4010 "DC -- Define Constant" and "Literals".

`read_constants` says how much storage operands take, `Constant.code` what is in it.  Read next: `first_pass`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from edu_hv.asm.diagnostics import Mistake
from edu_hv.asm.expressions import Reader, Scope, Value, absolute, check_digits, expression, to_ebcdic
from edu_hv.asm.source import SYMBOL, split_operands

STORAGE = 1 << 24
LARGEST_CONSTANT = 1 << 20
"""Bytes that one DC may generate."""

MOST_LOCATIONS = 4096
"""Repetitions of an address constant that refers to the location counter, and so differs each time."""

_DIGITS = re.compile(r"[0-9]+")
_INTEGER = re.compile(r"[+-]?[0-9]{1,20}")
_PACKED = re.compile(r"[+-]?[0-9]{0,31}\.?[0-9]{0,31}")
_FLOATING = re.compile(r"([+-]?[0-9]{0,40}\.?[0-9]{0,40})(?:[Ee]([+-]?[0-9]{1,2}))?")


class ConstantScope(Scope, Protocol):
    """What a constant may refer to: an S constant also needs the base registers."""

    def base_and_displacement(self, value: Value, at: int, written: str) -> tuple[int, int]:
        """Base register and displacement of a location."""

    def advanced(self, count: int) -> "ConstantScope":
        """The same with the location counter `count` bytes further."""

    def external(self, name: str) -> Value:
        """A symbol's value in a V constant, which makes an undefined one external."""


@dataclass(frozen=True)
class Kind:
    """One type of constant: its implicit length (0: as long as the value), alignment and greatest length in bytes."""

    name: str
    length: int
    alignment: int
    longest: int
    parenthesized: bool = False
    example: str = ""


KINDS = {
    "C": Kind("character", 0, 1, 256, example="C'TEXT'"),
    "X": Kind("hexadecimal", 0, 1, 256, example="X'0A'"),
    "B": Kind("binary", 0, 1, 256, example="B'1010'"),
    "F": Kind("fullword", 4, 4, 8, example="F'0'"),
    "H": Kind("halfword", 2, 2, 8, example="H'0'"),
    "E": Kind("short floating-point", 4, 4, 8, example="E'0'"),
    "D": Kind("long floating-point", 8, 8, 8, example="D'0'"),
    "L": Kind("extended floating-point", 16, 8, 16, example="L'0'"),
    "P": Kind("packed decimal", 0, 1, 16, example="P'0'"),
    "Z": Kind("zoned decimal", 0, 1, 16, example="Z'0'"),
    "A": Kind("address", 4, 4, 4, True, "A(0)"),
    "V": Kind("external address", 4, 4, 4, True, "V(NAME)"),
    "Y": Kind("halfword address", 2, 2, 2, True, "Y(0)"),
    "S": Kind("base and displacement", 2, 2, 2, True, "S(0)"),
}


@dataclass(frozen=True)
class Constant:
    """One operand of DC or DS, or a literal: `values` are offsets in `text`; without them only storage is reserved."""

    text: str
    kind: str
    count: int
    lengths: tuple[int, ...]
    explicit_length: bool
    values: tuple[tuple[int, int], ...]
    at: int

    @property
    def alignment(self) -> int:
        """Boundary in bytes; an explicit length suppresses alignment."""
        return 1 if self.explicit_length else KINDS[self.kind].alignment

    @property
    def size(self) -> int:
        """Bytes that the operand takes, without alignment."""
        return self.count * sum(self.lengths)

    @property
    def length(self) -> int:
        """The length attribute: that of the first value, whatever the duplication factor."""
        return self.lengths[0]

    def code(self, scope: ConstantScope) -> bytes:
        """The object code of the constant."""
        if not self.count:
            return b""
        counts_locations = KINDS[self.kind].parenthesized and "*" in self.text
        if not counts_locations:
            return self._once(scope) * self.count
        if self.count > MOST_LOCATIONS:
            message = f"found {self.count} address constants with *; expected at most {MOST_LOCATIONS} in one operand"
            raise Mistake(message, self.at)
        once = sum(self.lengths)
        return b"".join(self._once(scope.advanced(repeat * once)) for repeat in range(self.count))

    def addresses(self, scope: ConstantScope) -> list[tuple[int, int, Value]]:
        """Offset, length and value of each address constant in the operand's first repetition."""
        found: list[tuple[int, int, Value]] = []
        offset = 0
        for (start, end), length in zip(self.values, self.lengths, strict=True):
            if _ADDRESSES.get(self.kind) in (_address, _external_address):
                found.append((offset, length, _value(Reader(self.text, start, end), scope.advanced(offset), self.kind)))
            offset += length
        return found

    def _once(self, scope: ConstantScope) -> bytes:
        code = bytearray()
        for (start, end), length in zip(self.values, self.lengths, strict=True):
            if KINDS[self.kind].parenthesized:
                reader = Reader(self.text, start, end)
                code += _ADDRESSES[self.kind](reader, length, scope.advanced(len(code)))
            else:
                code += _ENCODERS[self.kind](self.text[start:end], length, start)
        return bytes(code)


def read_constants(text: str, start: int, scope: Scope, reserve: bool) -> list[Constant]:
    """The operands of a DC, or of a DS when `reserve` is set."""
    operands = split_operands(text, start)
    if not operands:
        raise Mistake(
            f"found no operand; expected a constant, as in {'0F or CL80' if reserve else KINDS['F'].example}", start
        )
    return [read_constant(Reader(text, first, end), scope, reserve) for first, end in operands]


def read_constant(reader: Reader, scope: Scope, reserve: bool) -> Constant:
    """One operand: duplication factor, type, modifiers, nominal value.  GC33-4010 "DC Operand Subfields"."""
    at = reader.at
    count = _duplication(reader, scope)
    kind = _kind(reader)
    explicit = _length_modifier(reader, scope, kind, reserve)
    values = _nominal_values(reader, kind)
    reader.finish("a comma or a blank after the constant")
    if not values and not reserve and count:
        raise Mistake(f"found no value; expected one, as in {KINDS[kind].example} (DS reserves storage)", at)
    if values and explicit is not None:
        lengths = (explicit,) * len(values)
    elif values:
        lengths = tuple(_implicit_length(reader.text[first:end], kind, first) for first, end in values)
    else:
        lengths = (explicit or KINDS[kind].length or 1,)
    constant = Constant(reader.text, kind, count, lengths, explicit is not None, values, at)
    _check_size(constant, reserve)
    return constant


def _check_size(constant: Constant, reserve: bool) -> None:
    most = STORAGE if reserve else LARGEST_CONSTANT
    if constant.size > most:
        raise Mistake(f"found {constant.size} bytes; expected at most {most} in one operand", constant.at)


def _duplication(reader: Reader, scope: Scope) -> int:
    at = reader.at
    count = _number(reader, scope, "a duplication factor")
    if count is not None and not 0 <= count <= STORAGE:
        raise Mistake(f"found the duplication factor {count}; expected 0 to {STORAGE}", at)
    return 1 if count is None else count


def _number(reader: Reader, scope: Scope, what: str) -> int | None:
    """A decimal number or an expression in parentheses, if one is here."""
    if digits := reader.match(_DIGITS):
        return int(digits[:12])
    if not reader.accept("("):
        return None
    number = absolute(reader, scope, what)
    reader.require(")", f"after {what}")
    return number


def _kind(reader: Reader) -> str:
    kind = reader.peek().upper()
    if kind not in KINDS:
        raise reader.expected(f"a type of constant, one of {' '.join(KINDS)}")
    reader.at += 1
    return kind


def _length_modifier(reader: Reader, scope: Scope, kind: str, reserve: bool) -> int | None:
    if reader.peek() in ("S", "s", "E", "e"):
        raise reader.expected("a value (scale and exponent modifiers are not supported)")
    if reader.peek() not in ("L", "l"):
        return None
    reader.at += 1
    at = reader.at
    length = _number(reader, scope, "a length modifier")
    if length is None:
        raise reader.expected("a length in bytes after L (bit lengths are not supported)")
    longest = 65535 if reserve and kind in "CX" else KINDS[kind].longest
    if not 1 <= length <= longest:
        raise Mistake(f"found the length {length}; expected 1 to {longest} for type {kind}", at)
    return length


def _nominal_values(reader: Reader, kind: str) -> tuple[tuple[int, int], ...]:
    """Where the values stand: between apostrophes or in parentheses, separated by commas (character: one value)."""
    wanted = "(" if KINDS[kind].parenthesized else "'"
    if reader.peek() == "":
        return ()
    if reader.peek() != wanted:
        raise reader.expected(f"a length or a value, as in {KINDS[kind].example}")
    opening = reader.at
    if wanted == "'":
        reader.quoted()
        return _quoted_values(reader.text, opening + 1, reader.at - 1, kind)
    closing = _closing(reader, opening)
    reader.at = closing + 1
    values = tuple(split_operands(reader.text, opening + 1, closing))
    if not values:
        raise Mistake(f"found no value; expected an expression, as in {KINDS[kind].example}", opening + 1)
    return values


def _quoted_values(text: str, first: int, end: int, kind: str) -> tuple[tuple[int, int], ...]:
    if first == end:
        raise Mistake(f"found an empty value; expected one, as in {KINDS[kind].example}", first)
    if kind == "C":
        return ((first, end),)
    values, start = [], first
    for at in (*(at for at in range(first, end) if text[at] == ","), end):
        values.append((start, at))
        start = at + 1
    return tuple(values)


def _closing(reader: Reader, opening: int) -> int:
    """The last character of the operand, which must be the closing parenthesis."""
    if reader.end - 1 == opening or reader.text[reader.end - 1] != ")":
        raise Mistake('found a "(" that is not closed; expected ")" at the end of the constant', opening)
    return reader.end - 1


def _implicit_length(value: str, kind: str, at: int) -> int:
    length = KINDS[kind].length or max(1, _SIZES[kind](value))
    if length > KINDS[kind].longest:
        raise Mistake(f"found {length} bytes; expected at most {KINDS[kind].longest} for type {kind}", at)
    return length


def _characters(value: str) -> str:
    return value.replace("''", "'").replace("&&", "&")


def _digit_count(value: str) -> int:
    return sum(character in "0123456789" for character in value)


_SIZES: dict[str, Callable[[str], int]] = {
    "C": lambda value: len(_characters(value)),
    "X": lambda value: (len(value) + 1) // 2,
    "B": lambda value: (len(value) + 7) // 8,
    "P": lambda value: _digit_count(value) // 2 + 1,
    "Z": _digit_count,
}


def _character(value: str, length: int, at: int) -> bytes:
    """Left-aligned, padded with blanks or cut at the right."""
    return to_ebcdic(_characters(value), at).ljust(length, b"\x40")[:length]


def _digit_string(kind: str, base: int) -> Callable[[str, int, int], bytes]:
    def encode(value: str, length: int, at: int) -> bytes:
        """Right-aligned, padded with zeros or cut at the left."""
        if not value:
            raise Mistake(f"found an empty value; expected one, as in {KINDS[kind].example}", at)
        check_digits(value, kind, at)
        return (int(value, base) & ((1 << length * 8) - 1)).to_bytes(length, "big")

    return encode


def _fixed_point(value: str, length: int, at: int) -> bytes:
    if not _INTEGER.fullmatch(value):
        raise Mistake(f'found "{value[:24]}"; expected a whole number of at most 20 digits', at)
    return signed(int(value), length, at)


def signed(number: int, length: int, at: int) -> bytes:
    """A number in two's complement."""
    most = (1 << (length * 8 - 1)) - 1
    if not -most - 1 <= number <= most:
        raise Mistake(f"found {number}; expected {-most - 1} to {most}, which is what {length} bytes hold", at)
    return (number & ((1 << length * 8) - 1)).to_bytes(length, "big")


def _decimal_digits(value: str, at: int) -> tuple[str, bool]:
    """The digits of a decimal constant without its point, and whether it is negative."""
    if not _digit_count(value) or not _PACKED.fullmatch(value) or _digit_count(value) > 31:
        raise Mistake(f'found "{value[:24]}"; expected a decimal number of at most 31 digits', at)
    return value.lstrip("+-").replace(".", ""), value.startswith("-")


def _packed(value: str, length: int, at: int) -> bytes:
    digits, negative = _decimal_digits(value, at)
    digits = _fitting(digits, length * 2 - 1, at)
    return bytes.fromhex(digits + ("D" if negative else "C"))


def _zoned(value: str, length: int, at: int) -> bytes:
    digits, negative = _decimal_digits(value, at)
    digits = _fitting(digits, length, at)
    zones = "F" * (length - 1) + ("D" if negative else "C")
    return bytes.fromhex("".join(zone + digit for zone, digit in zip(zones, digits, strict=True)))


def _fitting(digits: str, count: int, at: int) -> str:
    """`digits` with exactly `count` digits; significant ones are never lost (GC33-4010 cuts them)."""
    significant = digits.lstrip("0")
    if len(significant) > count:
        raise Mistake(f"found {len(significant)} digits; expected at most {count}, which is what the length holds", at)
    return significant.rjust(count, "0")


def _floating_point(value: str, length: int, at: int) -> bytes:
    """Hexadecimal floating point: sign, characteristic (excess 64), fraction of 6, 14 or 28 digits, rounded."""
    found = _FLOATING.fullmatch(value)
    if found is None or not _digit_count(found[1]):
        raise Mistake(f'found "{value[:24]}"; expected a number as in 1.5 or -2E10 (exponent of at most 2 digits)', at)
    number = Fraction(found[1]) * Fraction(10) ** int(found[2] or 0)
    digits = 28 if length == 16 else length * 2 - 2
    if digits < 1:
        raise Mistake(f"found the length {length}; expected at least 2 for floating point", at)
    exponent, fraction = _normalized(abs(number), digits)
    if not -64 <= exponent <= 63:
        raise Mistake(f'found "{value[:24]}"; expected a number between 16**-65 and 16**63', at)
    return _hexadecimal_floating(number < 0, exponent if fraction else -64, fraction, length)


def _normalized(number: Fraction, digits: int) -> tuple[int, int]:
    """The exponent of 16 and the fraction, `digits` hexadecimal digits, of a number that is not negative."""
    if not number:
        return 0, 0
    exponent = 0
    while number >= Fraction(16) ** exponent:
        exponent += 1
    while number < Fraction(16) ** (exponent - 1):
        exponent -= 1
    scaled = number * Fraction(16) ** (digits - exponent)
    fraction = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return (exponent + 1, fraction >> 4) if fraction >> (4 * digits) else (exponent, fraction)


def _hexadecimal_floating(negative: bool, exponent: int, fraction: int, length: int) -> bytes:
    first = negative << 7 | (exponent + 64) & 0x7F
    if length < 16:
        return bytes([first]) + fraction.to_bytes(length - 1, "big")
    low = (negative << 7 | (exponent + 64 - 14) & 0x7F) if fraction else 0
    high_fraction, low_fraction = fraction >> 56, fraction & ((1 << 56) - 1)
    return bytes([first]) + high_fraction.to_bytes(7, "big") + bytes([low]) + low_fraction.to_bytes(7, "big")


_ENCODERS: dict[str, Callable[[str, int, int], bytes]] = {
    "C": _character,
    "X": _digit_string("X", 16),
    "B": _digit_string("B", 2),
    "F": _fixed_point,
    "H": _fixed_point,
    "E": _floating_point,
    "D": _floating_point,
    "L": _floating_point,
    "P": _packed,
    "Z": _zoned,
}


def _address(reader: Reader, length: int, scope: ConstantScope) -> bytes:
    """The value of an expression; a negative number in two's complement."""
    at = reader.at
    return _in_bytes(_value(reader, scope, "A").number, length, at)


def _external_address(reader: Reader, length: int, scope: ConstantScope) -> bytes:
    """V(symbol): zero for an external one until it is loaded."""
    at = reader.at
    return _in_bytes(_value(reader, scope, "V").number, length, at)


def _value(reader: Reader, scope: ConstantScope, kind: str) -> Value:
    written = reader.text[reader.at : reader.end]
    if kind == "V" and SYMBOL.fullmatch(written):
        return scope.external(written.upper())
    value = expression(reader, scope)
    reader.finish("an operator, a comma or the end of the constant")
    return value


def _in_bytes(number: int, length: int, at: int) -> bytes:
    most = (1 << length * 8) - 1
    if not -(most // 2) - 1 <= number <= most:
        raise Mistake(f"found {number}; expected {-(most // 2) - 1} to {most}, which is what {length} bytes hold", at)
    return (number & most).to_bytes(length, "big")


def _base_and_displacement(reader: Reader, length: int, scope: ConstantScope) -> bytes:
    """S(location) or S(displacement(base)): base register, 4 bits, and displacement, 12 bits."""
    del length
    at = reader.at
    value = expression(reader, scope)
    written = reader.text[at : reader.at]
    if reader.accept("("):
        base = absolute(reader, scope, "a base register")
        reader.require(")", "after the base register")
        displacement = value.number
        if not (value.absolute and 0 <= displacement <= 4095 and 0 <= base <= 15):
            raise Mistake(f"found {written}({base}); expected a displacement 0 to 4095 and a register 0 to 15", at)
    else:
        base, displacement = scope.base_and_displacement(value, at, written)
    reader.finish("a comma or the end of the constant")
    return (base << 12 | displacement).to_bytes(2, "big")


_ADDRESSES: dict[str, Callable[[Reader, int, ConstantScope], bytes]] = {
    "A": _address,
    "V": _external_address,
    "Y": _address,
    "S": _base_and_displacement,
}
