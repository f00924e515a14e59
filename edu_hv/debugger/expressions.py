"""Expressions over a session: what `print`, `set`, conditions of stops and `display` compute.

    $r5 + 4          R5, GR5, $r5 are register 5; CR0 control register 0; $fpr0 a floating-point register (64 bits)
    psw.cc == 2      fields of the PSW: cc key mask state wait ia pm dat ec mc psw; $cc is the same
    [2000] & FF      the word at 2000; [2000].b a byte, .h a halfword, .w a word, .g a doubleword, .3 three bytes
    *TABLE           the word at a label; real[28].g and real.psw.cc are of the real machine
    step > F'100'    numbers are hexadecimal; F'100' and 0n100 are decimal, C'AB' are EBCDIC characters
    guest == "KERNEL"

Operators, those that bind closest first: - ~ ! * (alone), * / %, + -, << >>, &, ^, |, == != < <= > >=, &&, ||.
Unlike C, & binds closer than ==.  A word is a label of a statement of the selected guest's program, else a register,
else any other symbol of the program, else a PSW field, else a hexadecimal number; with $ in front it is a register or
field whatever symbols there are.  True is 1, false 0.

`parse` needs no session, so that a mistake is found when an expression is typed; `value` looks and changes nothing.
"""

import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from edu_hv.debugger import expression_names as names
from edu_hv.isa.errors import UserError

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession

Value = int | str
SIZES = {"b": 1, "h": 2, "w": 4, "g": 8}
"""Bytes of a unit of storage, by its letter: as in the command x."""
_WORD = 4
_MOST_BYTES = 8
_MOST_SHIFT = 64
_MOST_BITS = 64
"""Of a number as it is written: no register and no unit of storage has more."""
_DEEPEST = 30
_MOST_TOKENS = 300


class ExpressionError(UserError):
    """An expression that cannot be read or computed; `column` is where in its text, from 0."""

    def __init__(self, sentence: str, column: int = 0, length: int = 1) -> None:
        super().__init__(sentence)
        self.column = column
        self.length = length
        self.within = ""
        """The whole expression, of a mistake that was found only when it was computed."""


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression that has been read."""

    text: str
    root: "Node"

    def value(self, session: "DebugSession") -> int:
        """What it is now, as a Python integer of any size and sign.  Raises ExpressionError where it has no value."""
        try:
            return self.root.number(session)
        except ExpressionError as error:
            error.within = self.text
            raise

    @property
    def width(self) -> int:
        """Bytes that show its value: 8 of a PSW, floating-point register or doubleword, else 4, 1 of a byte."""
        return self.root.width


def parse(text: str) -> Expression:
    """Read an expression.  Raises ExpressionError, with the column, for what is none."""
    reader = _Reader(text)
    root = reader.expression()
    reader.end()
    return Expression(text.strip(), root)


# ---- nodes -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Node:
    """A part of an expression, and where it stands."""

    column: int

    def value(self, session: "DebugSession") -> Value:
        """What it is now."""
        raise NotImplementedError

    @property
    def width(self) -> int:
        """Bytes that show its value."""
        return _WORD

    def number(self, session: "DebugSession") -> int:
        """The same, where only a number will do."""
        found = self.value(session)
        if isinstance(found, str):
            raise ExpressionError(f'"{found}" is a name: it can only be compared, with == or !=', self.column)
        return found


@dataclass(frozen=True, slots=True)
class Constant(Node):
    """A number, or a name in quotation marks."""

    constant: Value

    def value(self, session: "DebugSession") -> Value:
        """Itself."""
        return self.constant


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A register, a field, a label or a number: which one is found out when it is needed."""

    word: str

    def value(self, session: "DebugSession") -> Value:
        """What the word means in the selected guest."""
        try:
            return names.value_of(session, self.word)
        except UserError as error:
            raise ExpressionError(str(error), self.column, len(self.word)) from None

    @property
    def width(self) -> int:
        """8 of what has 64 bits."""
        return names.width_of(self.word)


@dataclass(frozen=True, slots=True)
class Stored(Node):
    """What is in storage at an address: of the guest, or of the real machine."""

    place: Node
    size: int = _WORD
    real: bool = False

    def value(self, session: "DebugSession") -> int:
        """Big-endian, unsigned."""
        address = self.place.number(session)
        try:
            if self.real:
                return int.from_bytes(names.real_bytes(session, address, self.size), "big")
            return int.from_bytes(session.guest_storage(address, self.size), "big")
        except UserError as error:
            raise ExpressionError(str(error), self.column) from None

    @property
    def width(self) -> int:
        """As many bytes as it has."""
        return self.size


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """An operator and what follows it."""

    sign: str
    operand: Node

    def value(self, session: "DebugSession") -> int:
        """The complement of ~ is that of a word."""
        found = self.operand.number(session)
        match self.sign:
            case "-":
                return -found
            case "~":
                return ~found & 0xFFFFFFFF
            case _:
                return int(not found)


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """Two parts and an operator between them."""

    sign: str
    left: Node
    right: Node

    def value(self, session: "DebugSession") -> int:
        """What follows && or || is not looked at where it does not matter."""
        sign = self.sign
        if sign in ("==", "!="):
            return int((self.left.value(session) == self.right.value(session)) == (sign == "=="))
        first = self.left.number(session)
        if sign in ("&&", "||"):
            return int(bool(first)) if bool(first) == (sign == "||") else int(bool(self.right.number(session)))
        second = self.right.number(session)
        if sign in ("/", "%") and not second:
            raise ExpressionError("this divides by zero", self.column)
        if sign in ("<<", ">>") and not 0 <= second <= _MOST_SHIFT:
            raise ExpressionError(f"only shifts by 0 to {_MOST_SHIFT} bits are possible", self.column)
        return int(_OPERATIONS[sign](first, second))

    @property
    def width(self) -> int:
        """Of the wider part; a comparison is a word."""
        return max(self.left.width, self.right.width, _WORD) if self.sign in "+-*/%&|^<<>>" else _WORD


_OPERATIONS: dict[str, Callable[[int, int], int]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.floordiv, "%": operator.mod,
    "<<": operator.lshift, ">>": operator.rshift, "&": operator.and_, "^": operator.xor, "|": operator.or_,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_LEVELS = (("||",), ("&&",), ("==", "!=", "<", "<=", ">", ">="), ("|",), ("^",), ("&",), ("<<", ">>"), ("+", "-"),
           ("*", "/", "%"))  # fmt: skip
"""Operators that bind least first."""


# ---- reading ---------------------------------------------------------------------------------------------------------


class _Token(NamedTuple):
    kind: str
    text: str
    column: int


_TOKEN = re.compile(r"""\s*(?:
    (?P<quoted>[XxFfCcBb]'[^']*') | (?P<text>"[^"]*")
  | (?P<number>0[xX][0-9A-Fa-f]+|0[nN][0-9][0-9,]*|[0-9][0-9A-Fa-f]*(?![A-Za-z0-9_$\#@]))
  | (?P<name>\$?[A-Za-z_\#@$][A-Za-z0-9_\#@$]*(?:\.[A-Za-z_$][A-Za-z0-9_$]*)*)
  | (?P<sign>\|\||&&|==|!=|<=|>=|<<|>>|[-+*/%&|^<>~!()\[\].=])
)""", re.VERBOSE)  # fmt: skip


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None:
            column = at + len(text[at:]) - len(text[at:].lstrip())
            word = text[column:].split()[0]
            raise ExpressionError(f'"{word[:40]}" is nothing that an expression can have', column, len(word))
        kind = found.lastgroup or ""
        yield _Token(kind, found[kind], found.start(kind))
        at = found.end()


class _Reader:
    """Recursive descent over the levels of operators."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        if len(self._tokens) > _MOST_TOKENS:
            raise ExpressionError(f"an expression has at most {_MOST_TOKENS} words and signs", 0)
        self._end = len(text)
        self._at = 0
        self._depth = 0

    def expression(self, level: int = 0) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        left = self.expression(level + 1)
        while (found := self._next()) and found.kind == "sign" and found.text in _LEVELS[level]:
            self._at += 1
            left = Binary(found.column, found.text, left, self.expression(level + 1))
        return left

    def end(self) -> None:
        """Nothing may follow."""
        found = self._next()
        if found is not None:
            hint = "; == compares" if found.text == "=" else ""
            raise ExpressionError(f'an operator is wanted before "{found.text}"{hint}', found.column, len(found.text))

    def _next(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _take(self, what: str) -> _Token:
        found = self._next()
        if found is None:
            raise ExpressionError(f"the expression ends where {what} is wanted", self._end)
        self._at += 1
        return found

    def _expect(self, sign: str) -> None:
        found = self._take(f'"{sign}"')
        if found.text != sign:
            raise ExpressionError(f'"{sign}" is wanted before "{found.text}"', found.column, len(found.text))

    def _unary(self) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ExpressionError("the expression is nested too deeply", 0)
        found = self._take("a value")
        node = self._after(found)
        self._depth -= 1
        return node

    def _after(self, found: _Token) -> Node:
        if found.kind == "sign":
            return self._signed(found)
        if found.kind == "name" and found.text.lower() == "real" and self._is("["):
            self._at += 1
            return self._stored(found.column, real=True)
        if found.kind == "name":
            return Name(found.column, found.text)
        constant = _constant(found)
        if isinstance(constant, int) and constant.bit_length() > _MOST_BITS:
            raise ExpressionError(f"a number here has at most {_MOST_BITS} bits", found.column, len(found.text))
        return Constant(found.column, constant)

    def _signed(self, found: _Token) -> Node:
        match found.text:
            case "(":
                inside = self.expression()
                self._expect(")")
                return inside
            case "[":
                return self._stored(found.column)
            case "*":
                return Stored(found.column, self._unary())
            case "-" | "~" | "!":
                return Unary(found.column, found.text, self._unary())
        raise ExpressionError(f'a value is wanted before "{found.text}"', found.column, len(found.text))

    def _is(self, sign: str) -> bool:
        found = self._next()
        return found is not None and found.text == sign

    def _stored(self, column: int, real: bool = False) -> Node:
        place = self.expression()
        self._expect("]")
        if not self._is("."):
            return Stored(column, place, _WORD, real)
        self._at += 1
        size = self._take("a size, b h w or g,")
        length = SIZES.get(size.text.lower()) or (int(size.text) if size.text.isdigit() else 0)
        if not 1 <= length <= _MOST_BYTES:
            sizes = "b, h, w or g, or a number of bytes up to 8"
            raise ExpressionError(f'"{size.text}" is no size: {sizes}', size.column, len(size.text))
        return Stored(column, place, length, real)


def _constant(found: _Token) -> Value:
    text = found.text
    if found.kind == "text":
        return text.strip('"')
    try:
        if found.kind == "number":
            return int(text[2:].replace(",", "")) if text[1:2] in ("n", "N") else int(text, 16)
        inside = text[2:-1]
        match text[0].upper():
            case "F":
                return int(inside.replace(",", ""))
            case "C":
                return int.from_bytes(inside.encode("cp037"), "big")
            case "B":
                return int(inside, 2)
        return int(inside, 16)
    except (ValueError, UnicodeError):
        raise ExpressionError(f"{text[:40]} is no number of that kind", found.column, len(text)) from None
