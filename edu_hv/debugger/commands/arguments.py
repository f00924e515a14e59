"""Kinds of operands: how each is read, and what can be offered to complete it."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from edu_hv.debugger.commands.registry import Argument
from edu_hv.debugger.session import DebugSession
from edu_hv.guests.catalog import GUESTS
from edu_hv.isa.codes import MASK_24
from edu_hv.isa.errors import UserError

_HEX = re.compile(r"(?:[xX]'([0-9A-Fa-f]{1,6})'|0[xX]([0-9A-Fa-f]{1,6})|([0-9A-Fa-f]{1,6}))")


def parse_address(session: DebugSession, text: str) -> int:
    """An address: hexadecimal (12330, X'12330', 0x12330), a label, label+hex, R5 (its contents) or "." (here).

    A word that is both a label and a number is the label.
    """
    base, plus, offset = text.partition("+")
    value = _base_address(session, base)
    if plus:
        if not _HEX.fullmatch(offset):
            raise UserError(f'"{offset}" in {text} is not a hexadecimal number')
        value += _hex(offset)
    return value & MASK_24


def _base_address(session: DebugSession, text: str) -> int:
    if text == ".":
        return session.guest_psw().instruction_address
    register = re.fullmatch(r"[rR]([0-9]|1[0-5]|[a-fA-F])", text)
    assembly = session.guest.assembly
    if assembly is not None and text.upper() in assembly.symbols:
        return session.address_of(text)
    if register:
        number = register.group(1)
        return session.guest_gr(int(number) if number.isdigit() else int(number, 16)) & MASK_24
    if _HEX.fullmatch(text):
        return _hex(text)
    return session.address_of(text)


def _hex(text: str) -> int:
    found = _HEX.fullmatch(text)
    assert found is not None
    return int(next(group for group in found.groups() if group), 16)


def parse_number(session: DebugSession, text: str) -> int:
    """A decimal number from 1 on; thousands may be set off with commas."""
    digits = text.replace(",", "")
    if not digits.isdigit() or int(digits) < 1:
        raise UserError(f'"{text}" is not a number from 1 on')
    return int(digits)


def parse_step(session: DebugSession, text: str) -> int:
    """A step number from 0 on."""
    digits = text.replace(",", "")
    if not digits.isdigit():
        raise UserError(f'"{text}" is not a step number')
    return int(digits)


def parse_word(session: DebugSession, text: str) -> str:
    """Any word."""
    return text


def choice(*words: str) -> Callable[[Any, str], str]:
    """One of the words."""

    def parse(session: DebugSession, text: str) -> str:
        matches = [word for word in words if word.startswith(text.lower())]
        if len(matches) != 1:
            raise UserError(f'"{text}" is none of {", ".join(words)}')
        return matches[0]

    return parse


def labels(session: DebugSession) -> Iterable[str]:
    """Labels of the selected guest's program."""
    try:
        assembly = session.guest.assembly
    except UserError:
        return []
    return sorted(assembly.symbols) if assembly else []


def guest_names(session: DebugSession) -> Iterable[str]:
    """Guests that are loaded."""
    try:
        return [guest.name for guest in session.system.guests]
    except UserError:
        return []


def program_names(session: DebugSession) -> Iterable[str]:
    """Guests of the catalog."""
    return list(GUESTS)


def address(name: str = "ADDRESS", optional: bool = False) -> Argument:
    """An address operand."""
    return Argument(name, parse_address, labels, optional)


def count(name: str = "COUNT", default: int = 1) -> Argument:
    """An optional count."""
    return Argument(name, parse_number, None, True, default)
