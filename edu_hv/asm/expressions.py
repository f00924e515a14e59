"""Expressions: terms, operators and relocation, read and evaluated in one go.

GC33-4010 "Terms" and "Expressions".  A value is relocatable when it moves with a section: the difference of two
locations of one section is absolute.  Read next: `constants` and `encoder`, which read operands with a `Reader`.
"""

import re
from dataclasses import dataclass
from typing import Protocol

from edu_hv.asm.diagnostics import Mistake, shortened
from edu_hv.asm.source import SYMBOL

DEEPEST = 20
MOST = 0xFFFFFFFF
LEAST = -0x80000000
_DECIMAL = re.compile(r"[0-9]+")
_DIGITS = {"X": "0123456789ABCDEFabcdef", "B": "01"}
_SELF_DEFINING = {"X": (16, 8, "hexadecimal digits"), "B": (2, 32, "binary digits, 0 or 1")}


@dataclass(frozen=True)
class Value:
    """A number, the sections it moves with (name, how many times), and the length attribute of its leftmost term."""

    number: int
    relocation: tuple[tuple[str, int], ...] = ()
    length: int = 1

    @property
    def absolute(self) -> bool:
        """Whether the value is the same wherever the program is loaded."""
        return not self.relocation

    @property
    def section(self) -> str | None:
        """The one section the value is a location in, or None."""
        return self.relocation[0][0] if len(self.relocation) == 1 and self.relocation[0][1] == 1 else None


class Scope(Protocol):
    """What an expression may refer to."""

    def symbol(self, name: str, at: int) -> Value:
        """The value of a symbol; raises `UndefinedSymbol`."""

    def location(self, at: int) -> Value:
        """The location counter, `*`; its length attribute is that of the statement."""


class Reader:
    """A cursor over a part of the text of one statement."""

    def __init__(self, text: str, at: int, end: int | None = None) -> None:
        self.text = text
        self.at = at
        self.end = len(text) if end is None else end
        self.depth = 0

    def peek(self, offset: int = 0) -> str:
        """The character at the cursor, or nothing at the end."""
        at = self.at + offset
        return self.text[at] if at < self.end else ""

    def accept(self, character: str) -> bool:
        """Steps over `character` if it is next."""
        if self.peek() != character:
            return False
        self.at += 1
        return True

    def match(self, pattern: re.Pattern[str]) -> str:
        """Steps over what `pattern` matches here; nothing if it does not."""
        found = pattern.match(self.text, self.at, self.end)
        self.at = found.end() if found else self.at
        return found[0] if found else ""

    def expected(self, what: str) -> Mistake:
        """The mistake "found this, expected `what`" at the cursor."""
        rest = self.text[self.at : self.end]
        found = f'"{shortened(rest)}"' if rest else "the end of the operand"
        return Mistake(f"found {found}; expected {what}", self.at)

    def require(self, character: str, why: str) -> None:
        """Steps over `character`, which must be next."""
        if not self.accept(character):
            raise self.expected(f'"{character}" {why}')

    def finish(self, what: str) -> None:
        """The operand must end here."""
        if self.at < self.end:
            raise self.expected(what)

    def quoted(self) -> tuple[str, int]:
        """The characters between apostrophes, with two for one, and the offset of the first."""
        opening = self.at
        self.require("'", "before the characters")
        characters: list[str] = []
        while self.at < self.end:
            character = self.peek()
            self.at += 1
            if character == "'" and not self.accept("'"):
                return "".join(characters), opening + 1
            characters.append(character)
        raise Mistake("found a string that does not end; expected a closing apostrophe", opening)


def expression(reader: Reader, scope: Scope) -> Value:
    """The value of the expression at the cursor: terms with + - * / from left to right, products first."""
    total = _product(reader, scope)
    while reader.peek() in ("+", "-"):
        at, sign = reader.at, 1 if reader.peek() == "+" else -1
        reader.at += 1
        total = _sum(total, _product(reader, scope), sign, at)
    return total


def absolute(reader: Reader, scope: Scope, what: str) -> int:
    """The number of an expression that must be absolute; `what` names it in the message."""
    at = reader.at
    value = expression(reader, scope)
    if not value.absolute:
        written = shortened(reader.text[at : reader.at])
        raise Mistake(f"found {written}, a location in storage; expected an absolute number for {what}", at)
    return value.number


def evaluate(text: str, scope: Scope) -> Value:
    """The value of a whole text, which must be one expression."""
    reader = Reader(text, 0)
    value = expression(reader, scope)
    reader.finish("an operator or the end of the expression")
    return value


def _product(reader: Reader, scope: Scope) -> Value:
    total = _signed_term(reader, scope)
    while reader.peek() in ("*", "/"):
        at, operator = reader.at, reader.peek()
        reader.at += 1
        total = _multiply(total, _signed_term(reader, scope), operator, at)
    return total


def _signed_term(reader: Reader, scope: Scope) -> Value:
    """A term with any number of signs before it."""
    at, sign, signed = reader.at, 1, False
    while reader.peek() in ("+", "-"):
        sign, signed = (-sign if reader.peek() == "-" else sign), True
        reader.at += 1
    term = _term(reader, scope)
    return _sum(Value(0, length=term.length), term, sign, at) if signed else term


def _term(reader: Reader, scope: Scope) -> Value:
    at, character = reader.at, reader.peek()
    if character == "(":
        return _parenthesized(reader, scope)
    if reader.accept("*"):
        return scope.location(at)
    if digits := reader.match(_DECIMAL):
        return Value(_in_range(int(digits) if len(digits) < 20 else MOST + 1, at))
    if reader.peek(1) == "'" and character.upper() in ("X", "B", "C", "L"):
        reader.at += 1
        return _length_attribute(reader, scope) if character in "Ll" else _self_defining(reader, character.upper())
    if name := reader.match(SYMBOL):
        return scope.symbol(name.upper(), at)
    raise reader.expected("a number, a symbol, * or an expression in parentheses")


def _parenthesized(reader: Reader, scope: Scope) -> Value:
    reader.depth += 1
    if reader.depth > DEEPEST:
        raise Mistake(f"found more than {DEEPEST} nested parentheses; expected a simpler expression", reader.at)
    reader.at += 1
    value = expression(reader, scope)
    reader.require(")", "to close the expression")
    reader.depth -= 1
    return value


def _length_attribute(reader: Reader, scope: Scope) -> Value:
    """L'SYMBOL or L'*: the cursor stands on the apostrophe."""
    reader.at += 1
    at = reader.at
    if reader.accept("*"):
        return Value(scope.location(at).length)
    if name := reader.match(SYMBOL):
        return Value(scope.symbol(name.upper(), at).length)
    raise reader.expected("a symbol or * after L'")


def _self_defining(reader: Reader, kind: str) -> Value:
    """X'..', B'..' or C'..' of at most 32 bits.  GC33-4010 "Self-Defining Terms"."""
    text, at = reader.quoted()
    if kind == "C":
        code = to_ebcdic(text.replace("&&", "&"), at)
        if not 1 <= len(code) <= 4:
            raise Mistake(f"found {len(code)} characters; expected 1 to 4 in a character term", at)
        return Value(int.from_bytes(code, "big"))
    base, most, digits = _SELF_DEFINING[kind]
    check_digits(text, kind, at)
    if not 1 <= len(text) <= most:
        raise Mistake(f"found {len(text)} digits; expected 1 to {most} {digits}", at)
    return Value(int(text, base))


def check_digits(text: str, kind: str, at: int) -> None:
    """Every character must be a digit of the constant's kind, X or B."""
    for offset, character in enumerate(text):
        if character not in _DIGITS[kind]:
            raise Mistake(f"found \"{character}\" in {kind}'...'; expected {_SELF_DEFINING[kind][2]}", at + offset)


def to_ebcdic(text: str, at: int) -> bytes:
    """Characters in code page 037."""
    for offset, character in enumerate(text):
        try:
            character.encode("cp037")
        except UnicodeEncodeError:
            message = f'found "{character}", which EBCDIC (code page 037) does not have; expected another character'
            raise Mistake(message, at + offset) from None
    return text.encode("cp037")


def _in_range(number: int, at: int) -> int:
    if not LEAST <= number <= MOST:
        raise Mistake("found a number of more than 32 bits; expected -2147483648 to 4294967295", at)
    return number


def _sum(left: Value, right: Value, sign: int, at: int) -> Value:
    """left + right, or left - right for a negative sign."""
    counts = dict(left.relocation)
    for section, count in right.relocation:
        counts[section] = counts.get(section, 0) + sign * count
    relocation = tuple(sorted((section, count) for section, count in counts.items() if count))
    return Value(_in_range(left.number + sign * right.number, at), relocation, left.length)


def _multiply(left: Value, right: Value, operator: str, at: int) -> Value:
    """Product or quotient of absolute values; the quotient loses its fraction, and division by zero gives zero."""
    if not (left.absolute and right.absolute):
        raise Mistake(f"found {operator} beside a location in storage; expected absolute numbers on both sides", at)
    if operator == "*":
        return Value(_in_range(left.number * right.number, at), length=left.length)
    quotient = abs(left.number) // abs(right.number) if right.number else 0
    return Value(quotient if (left.number < 0) == (right.number < 0) else -quotient, length=left.length)
