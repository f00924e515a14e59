"""A checkpoint as values that can be compared: of two moments, of two recordings.

A checkpoint names objects, such as a virtual machine that may have logged off in between, beside their states.  Two
moments are the same when the states are, whichever objects stood for them.
"""

from collections.abc import Callable, Mapping, Set
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

_VALUES = (Enum, int, str, bytes, bytearray, type(None))
_AS_IT_IS = frozenset((int, bool, str, bytes, type(None)))


def plain(value: Any) -> Any:
    """The value with every object replaced by the name of its type, and by its userid if it has one."""
    kind = type(value)
    if kind in _AS_IT_IS:
        return value
    make = _MADE_OF.get(kind)
    if make is None:
        make = _MADE_OF[kind] = _of_kind(kind)
    return make(value)


def _sequence(value: Any) -> Any:
    return tuple([item if type(item) in _AS_IT_IS else plain(item) for item in value])


_MADE_OF: dict[type, Callable[[Any], Any]] = {}
"""What makes the values of a type plain, for the types met so far."""


def _of_kind(kind: type) -> Callable[[Any], Any]:
    """What makes the values of a type plain."""
    if issubclass(kind, _VALUES):
        return lambda value: value
    if issubclass(kind, tuple | list):
        return _sequence
    if issubclass(kind, Mapping):
        return lambda value: tuple((plain(key), plain(item)) for key, item in value.items())
    if issubclass(kind, Set):
        return lambda value: tuple(sorted(map(plain, value)))
    if is_dataclass(kind) and kind.__dataclass_params__.eq:  # type: ignore[attr-defined]
        names = [field.name for field in fields(kind)]  # Equal fields make it equal: then it is what its fields are.
        return lambda value: (kind.__name__, *(plain(getattr(value, name)) for name in names))
    return lambda value: (kind.__name__, getattr(value, "vmuser", ""), getattr(value, "address", ""))
