"""Condition codes that are computed only when something asks for them, and branches that ask for less than the code."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from edu_hv.engine.wasm import (
    Code,
    Operand,
    Value,
    binary,
    both,
    bounds,
    compare,
    either,
    inverse,
    select,
    sign_extended,
)


class Kind(Enum):
    """What a condition code says; the functions of the same names are in `machine.instructions.conditions`."""

    VALUE = "the code itself"
    COMPARE = "0 equal, 1 first low, 2 first high"
    SUM = "0 zero, 1 negative, 2 positive, 3 overflow of 32 bits"
    ZERO = "0 zero, 1 not zero"


@dataclass(frozen=True, slots=True)
class LazyCode:
    """A condition code by what it was set from; `second` is for COMPARE only."""

    kind: Kind
    first: Operand
    second: Operand = 0

    def bound(self, code: Code) -> LazyCode:
        """The same, from values that are computed here."""
        return LazyCode(self.kind, code.bind(self.first), code.bind(self.second))

    def value(self) -> Operand:
        """The code, 0 to 3."""
        first, second = self.first, self.second
        match self.kind:
            case Kind.VALUE:
                return first
            case Kind.ZERO:
                return select(compare("!=", first, 0), 1, 0)
            case Kind.COMPARE:
                return _sign(first, second)
            case Kind.SUM:
                return select(overflows(first), 3, _sign(first, 0))

    def selected(self, mask: Operand) -> Operand:
        """Whether a branch mask selects the code; the leftmost of its four bits belongs to code 0."""
        if isinstance(mask, Value):
            return compare("!=", binary("&", _shifted(self.value()), mask), 0)
        if mask in (0, 15):
            return bool(mask)
        match self.kind:
            case Kind.VALUE:
                return _value_selected(self.first, mask)
            case Kind.ZERO:
                return self._zero_selected(mask)
            case Kind.COMPARE:
                return _ordered(mask & 14, self.first, self.second)
            case Kind.SUM:
                return self._sum_selected(mask)

    def _zero_selected(self, mask: int) -> Operand:
        if mask & 12 in (0, 12):
            return mask & 12 == 12
        return compare("==" if mask & 8 else "!=", self.first, 0)

    def _sum_selected(self, mask: int) -> Operand:
        ordered, overflow = _ordered(mask & 14, self.first, 0), overflows(self.first)
        return either(ordered, overflow) if mask & 1 else both(ordered, inverse(overflow))


def overflows(total: Operand) -> Operand:
    """Whether a sum does not fit a signed word."""
    low, high = bounds(total)
    if low >= -0x80000000 and high <= 0x7FFFFFFF:
        return False
    return compare("!=", total, sign_extended(total, 32) if isinstance(total, Value) else 0)


def _sign(first: Operand, second: Operand) -> Operand:
    return select(compare("==", first, second), 0, select(compare("<", first, second), 1, 2))


_ORDERS = {8: "==", 4: "<", 2: ">", 6: "!=", 12: "<=", 10: ">="}


def _ordered(mask: int, first: Operand, second: Operand) -> Operand:
    return compare(_ORDERS[mask], first, second) if mask in _ORDERS else mask == 14


def _shifted(code: Operand) -> Operand:
    return binary(">>", 8, code)


def _value_selected(code: Operand, mask: int) -> Operand:
    if not isinstance(code, Value):
        return bool(8 >> code & mask)
    for number in range(4):
        if mask == 8 >> number:
            return compare("==", code, number)
        if mask == 15 ^ 8 >> number:
            return compare("!=", code, number)
    return compare("!=", binary("&", _shifted(code), mask), 0)
