"""A checkpoint as values that can be compared: of two moments, of two recordings.

A checkpoint names objects, such as a virtual machine that may have logged off in between, beside their states.  Two
moments are the same when the states are, whichever objects stood for them.
"""

from collections.abc import Mapping, Set
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

_VALUES = (Enum, int, str, bytes, bytearray, type(None))


def plain(value: Any) -> Any:
    """The value with every object replaced by the name of its type, and by its userid if it has one."""
    if isinstance(value, _VALUES):
        return value
    if isinstance(value, tuple | list):
        return tuple(map(plain, value))
    if isinstance(value, Mapping):
        return tuple((plain(key), plain(item)) for key, item in value.items())
    if isinstance(value, Set):
        return tuple(sorted(map(plain, value)))
    if is_dataclass(value) and not isinstance(value, type) and _is_value(value):
        return type(value).__name__, *(plain(getattr(value, field.name)) for field in fields(value))
    return type(value).__name__, getattr(value, "vmuser", ""), getattr(value, "address", "")


def _is_value(value: Any) -> bool:
    """Whether equal fields make it equal: then it is what its fields are."""
    return bool(type(value).__dataclass_params__.eq)
