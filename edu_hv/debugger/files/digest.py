"""A digest of a state: the same for equal states, whichever process, version of Python or order made them."""

from enum import Enum
from hashlib import sha256
from typing import Any

from edu_hv.debugger.system import System

LENGTH = 16
"""Letters of a digest."""


def digest_of(value: Any) -> str:
    """Of a value that consists of numbers, texts, bytes, members of enumerations and tuples of them."""
    hashed = sha256()
    _feed(hashed.update, value)
    return hashed.hexdigest()[:LENGTH]


def digest_of_seen(system: System) -> str:
    """Of what the architecture shows of a machine, and of the consoles: the same in every version of edu-hv.

    A digest of the whole state is the same only as long as nothing in the program itself is arranged otherwise.
    """
    machine = system.machine
    cpu, storage = machine.cpu, machine.storage
    consoles = tuple((guest.name, tuple(guest.console_lines())) for guest in system.guests)
    registers = tuple(cpu.gr), tuple(cpu.fpr), tuple(cpu.cr)
    return digest_of((cpu.psw.to_bytes(), registers, storage.data, storage.keys, machine.clocks.now, consoles))


def _feed(update: Any, value: Any) -> None:
    """Each value with its type and length before it, so that no two run into each other."""
    if isinstance(value, Enum):
        update(f"e{type(value).__name__}".encode())
        _feed(update, value.value)
    elif value is None or isinstance(value, int):
        update(f"i{value};".encode())
    elif isinstance(value, str):
        text = value.encode("utf-8", "surrogatepass")
        update(b"s%d;" % len(text) + text)
    elif isinstance(value, bytes | bytearray | memoryview):
        update(b"b%d;" % len(value))
        update(value)
    elif isinstance(value, tuple | list):
        update(b"t%d;" % len(value))
        for each in value:
            _feed(update, each)
    else:
        raise TypeError(f"a state has a {type(value).__name__}, of which there is no digest")
