"""WebAssembly in text form: expressions of which the range is known, and the code they stand in.

A `Value` is computed when the compiled code runs.  Its 64 bits hold the mathematical value modulo 2**64, and `low` and
`high` bound the mathematical value itself; an operation that needs more than the low 64 bits is refused here, when the
code is made.  So the compiled code computes what Python's unlimited integers do.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

I64_LOW, I64_HIGH, U64_HIGH = -(1 << 63), (1 << 63) - 1, (1 << 64) - 1


class NotCompilable(Exception):
    """An instruction's function leaves the subset of Python that can be compiled: our mistake, found when building."""


@dataclass(frozen=True, slots=True)
class Value:
    """An expression without side effects.  `flag`: it is an i32, 0 or 1; otherwise an i64."""

    text: str
    low: int = 0
    high: int = (1 << 32) - 1
    flag: bool = False

    @property
    def is_local(self) -> bool:
        """Whether it is the content of a local variable, which costs nothing to repeat."""
        return self.text.startswith("(local.get") and not self.text.endswith("))")


Operand = int | Value
"""Known now, or when the code runs."""


def bounds(operand: Operand) -> tuple[int, int]:
    """The range of an operand."""
    return (operand.low, operand.high) if isinstance(operand, Value) else (int(operand), int(operand))


def i64(operand: Operand) -> str:
    """An operand as an i64 expression: modulo 2**64."""
    if not isinstance(operand, Value):
        number = int(operand) & U64_HIGH
        return f"(i64.const {number - (1 << 64) if number > I64_HIGH else number})"
    return f"(i64.extend_i32_u {operand.text})" if operand.flag else operand.text


def i32(operand: Operand) -> str:
    """The low 32 bits of an operand as an i32 expression."""
    if not isinstance(operand, Value):
        number = int(operand) & 0xFFFFFFFF
        return f"(i32.const {number - (1 << 32) if number >> 31 else number})"
    return operand.text if operand.flag else f"(i32.wrap_i64 {operand.text})"


def condition(operand: Operand) -> str:
    """Whether an operand is not zero, as an i32 expression."""
    if not isinstance(operand, Value):
        return f"(i32.const {int(bool(operand))})"
    return operand.text if operand.flag else f"(i64.ne {exact(operand).text} (i64.const 0))"


def exact(value: Value) -> Value:
    """The value, if its 64 bits tell it: it fits either a signed or an unsigned number."""
    if (value.low >= I64_LOW and value.high <= I64_HIGH) or (value.low >= 0 and value.high <= U64_HIGH):
        return value
    raise NotCompilable(f"needs more than 64 bits ({value.low} to {value.high}): {value.text}")


def is_signed(*operands: Operand) -> bool:
    """Whether signed operations are right for the operands; otherwise unsigned ones must be."""
    ranges = [bounds(operand) for operand in operands]
    if all(low >= I64_LOW and high <= I64_HIGH for low, high in ranges):
        return True
    if all(low >= 0 and high <= U64_HIGH for low, high in ranges):
        return False
    raise NotCompilable(f"needs more than 64 bits: {ranges}")


KNOWN: dict[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "%": operator.mod,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "<<": operator.lshift,
    ">>": operator.rshift,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
"""What the operators do with numbers that are known."""


# ---- arithmetic ----------------------------------------------------------------------------------------------------


def _corners(a: Operand, b: Operand, function: str) -> tuple[int, int]:
    (a_low, a_high), (b_low, b_high) = bounds(a), bounds(b)
    pairs = [(x, y) for x in (a_low, a_high) for y in (b_low, b_high)]
    results = [x * y if function == "*" else x << y if function == "<<" else x >> y for x, y in pairs]
    return min(results), max(results)


def _bitwise_range(a: Operand, b: Operand) -> tuple[int, int]:
    ends = (*bounds(a), *bounds(b))
    bits = max((end if end >= 0 else ~end).bit_length() for end in ends)
    return (0 if min(ends) >= 0 else -(1 << bits)), (1 << bits) - 1


def _and_range(a: Operand, b: Operand) -> tuple[int, int]:
    masks = [high for low, high in (bounds(a), bounds(b)) if low >= 0]
    return (0, min(masks)) if masks else _bitwise_range(a, b)


def _shift_count(b: Operand) -> None:
    low, high = bounds(b)
    if low < 0 or high > 63:
        raise NotCompilable(f"shifts by {low} to {high} bits")


def binary(sign: str, a: Operand, b: Operand) -> Operand:
    """`a sign b` for + - * & | ^ << >> // %."""
    if not isinstance(a, Value) and not isinstance(b, Value):
        return KNOWN[sign](a, b)
    (a_low, a_high), (b_low, b_high) = bounds(a), bounds(b)
    match sign:
        case "+":
            return _made("add", a, b, (a_low + b_low, a_high + b_high)) if b != 0 else a
        case "-":
            return _made("sub", a, b, (a_low - b_high, a_high - b_low)) if b != 0 else a
        case "*":
            return _made("mul", a, b, _corners(a, b, "*"))
        case "&":
            if b_low == b_high and b_low >= 0 and b_low & b_low + 1 == 0 and a_low >= 0 and a_high <= b_low:
                return a  # The mask takes nothing away.
            return _made("and", a, b, _and_range(a, b))
        case "|" | "^":
            return _made("or" if sign == "|" else "xor", a, b, _bitwise_range(a, b)) if b != 0 else a
        case "<<":
            _shift_count(b)
            return _made("shl", a, b, _corners(a, b, "<<")) if b != 0 else a
        case ">>":
            _shift_count(b)
            name = "shr_s" if is_signed(a) else "shr_u"
            return _made(name, a, b, _corners(a, b, ">>")) if b != 0 else a
        case "//" if _natural(a, b):
            return _made("div_u", a, b, (a_low // max(b_high, 1), a_high // max(b_low, 1)))
        case "%" if _natural(a, b):
            return _made("rem_u", a, b, (0, min(a_high, max(b_high - 1, 0))))
        case _:
            raise NotCompilable(f"{sign} on {bounds(a)}, {bounds(b)}")


def _natural(*operands: Operand) -> bool:
    """Whether operands are unsigned numbers of 64 bits."""
    return all(low >= 0 and high <= U64_HIGH for low, high in map(bounds, operands))


def _made(name: str, a: Operand, b: Operand, range_: tuple[int, int]) -> Value:
    return Value(f"(i64.{name} {i64(a)} {i64(b)})", *range_)


def negated(a: Operand) -> Operand:
    """`-a`."""
    return binary("-", 0, a)


def inverted(a: Operand) -> Operand:
    """`~a`."""
    return binary("^", a, -1)


def sign_extended(a: Operand, bits: int) -> Value:
    """The low 8, 16 or 32 bits as a signed number."""
    return Value(f"(i64.extend{bits}_s {i64(a)})", -(1 << bits - 1), (1 << bits - 1) - 1)


def bit_count(a: Operand) -> Value:
    """The number of bits that are one."""
    return Value(f"(i64.popcnt {i64(a)})", 0, bounds(a)[1].bit_length())


def bit_length(a: Operand) -> Value:
    """The number of bits without leading zeros, of a natural number."""
    if not _natural(a):
        raise NotCompilable(f"bits of {bounds(a)}")
    low, high = bounds(a)
    return Value(f"(i64.sub (i64.const 64) (i64.clz {i64(a)}))", low.bit_length(), high.bit_length())


# ---- conditions ----------------------------------------------------------------------------------------------------

_COMPARISONS = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}


def compare(sign: str, a: Operand, b: Operand) -> Operand:
    """`a sign b` for == != < <= > >=; known now when the ranges tell."""
    if not isinstance(a, Value) and not isinstance(b, Value):
        return bool(KNOWN[sign](a, b))
    (a_low, a_high), (b_low, b_high) = bounds(a), bounds(b)
    if sign in ("==", "!=") and (a_high < b_low or b_high < a_low):
        return sign == "!="
    if sign in ("<", ">=") and (a_high < b_low or a_low >= b_high):
        return (a_high < b_low) == (sign == "<")
    if sign in (">", "<=") and (a_low > b_high or a_high <= b_low):
        return (a_low > b_high) == (sign == ">")
    if isinstance(a, Value) and a.flag and b == 0 and sign in ("==", "!="):
        return a if sign == "!=" else inverse(a)
    kind = "" if sign in ("==", "!=") else "_s" if is_signed(a, b) else "_u"
    return Value(f"(i64.{_COMPARISONS[sign]}{kind} {i64(a)} {i64(b)})", 0, 1, flag=True)


def both(a: Operand, b: Operand) -> Operand:
    """`a and b`, as a truth value."""
    if not isinstance(a, Value):
        return truth(b) if a else False
    if not isinstance(b, Value):
        return truth(a) if b else False
    return Value(f"(i32.and {condition(a)} {condition(b)})", 0, 1, flag=True)


def either(a: Operand, b: Operand) -> Operand:
    """`a or b`, as a truth value."""
    if not isinstance(a, Value):
        return True if a else truth(b)
    if not isinstance(b, Value):
        return True if b else truth(a)
    return Value(f"(i32.or {condition(a)} {condition(b)})", 0, 1, flag=True)


def inverse(a: Operand) -> Operand:
    """`not a`."""
    return Value(f"(i32.eqz {condition(a)})", 0, 1, flag=True) if isinstance(a, Value) else not a


def truth(a: Operand) -> Operand:
    """`bool(a)`."""
    return Value(condition(a), 0, 1, flag=True) if isinstance(a, Value) else bool(a)


def select(test: Operand, a: Operand, b: Operand) -> Operand:
    """`a if test else b`.  Storage is fetched only for the one that is chosen."""
    if not isinstance(test, Value):
        return a if test else b
    (a_low, a_high), (b_low, b_high) = bounds(a), bounds(b)
    range_ = min(a_low, b_low), max(a_high, b_high)
    if "load" in i64(a) or "load" in i64(b):
        return Value(f"(if (result i64) {condition(test)} (then {i64(a)}) (else {i64(b)}))", *range_)
    return Value(f"(select {i64(a)} {i64(b)} {condition(test)})", *range_)


# ---- code ----------------------------------------------------------------------------------------------------------

Mark = tuple[int, int]


class Code:
    """Instructions in the order in which they are executed, and the local variables they use."""

    def __init__(self, locals_: dict[str, str]) -> None:
        self.lines: list[str] = []
        self.locals = locals_
        """Name and type.  Shared by the parts of a function, which use the same names again."""
        self._names = 0

    def emit(self, text: str) -> None:
        """Append instructions."""
        self.lines.append(text)

    def label(self, what: str) -> str:
        """A name not used before."""
        self._names += 1
        return f"${what}{self._names}"

    def local(self, type_: str = "i64") -> str:
        """A new local variable."""
        name = self.label("v" if type_ == "i64" else "w")
        self.locals.setdefault(name, type_)
        return name

    def bind(self, operand: Operand) -> Operand:
        """Compute a value here, once."""
        if not isinstance(operand, Value) or operand.is_local:
            return operand
        return self.copied(operand)

    def copied(self, value: Value) -> Value:
        """A value in a local variable of its own."""
        name = self.local("i32" if value.flag else "i64")
        self.emit(f"(local.set {name} {value.text})")
        return Value(f"(local.get {name})", value.low, value.high, value.flag)

    def mark(self) -> Mark:
        """Where the code ends now."""
        return len(self.lines), self._names

    def reset(self, mark: Mark) -> None:
        """Drop what was appended since."""
        length, self._names = mark
        del self.lines[length:]

    @contextmanager
    def inside(self, opening: str, closing: str) -> Iterator[None]:
        """What is appended meanwhile stands between two texts."""
        self.emit(opening)
        yield
        self.emit(closing)
