"""Kinds of operands: how each is read, and what can be offered to complete it."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from edu_hv.debugger.commands.registry import Argument
from edu_hv.debugger.session import DebugSession
from edu_hv.guests.catalog import GUESTS
from edu_hv.hypervisor.commands.query import QUESTIONS
from edu_hv.hypervisor.commands.registry import COMMANDS, CPCommand
from edu_hv.isa.codes import MASK_24
from edu_hv.isa.errors import UserError

MOST = 10**12
"""What a larger number is taken for."""
_MOST_DIGITS = 12
_DIGITS = re.compile(r"(?:[xX]'[0-9A-Fa-f]+'|0[xX][0-9A-Fa-f]+|[0-9][0-9A-Fa-f]*)")
_REGISTER = re.compile(r"[rR]([0-9]|1[0-5]|[a-fA-F])")
_HEX = re.compile(r"(?:[xX]'([0-9A-Fa-f]{1,6})'|0[xX]([0-9A-Fa-f]{1,6})|([0-9A-Fa-f]{1,6}))")


def parse_address(session: DebugSession, text: str) -> int:
    """An address: hexadecimal (12330, X'12330', 0x12330), a label, label+hex, R5 (its contents) or "." (here).

    A word that is both a label and a number is the label; R5 is the register even where the program has equated it.
    Raises UserError for an address past the guest's storage.
    """
    base, plus, offset = text.partition("+")
    value = _base_address(session, base)
    if plus:
        if not _HEX.fullmatch(offset):
            raise UserError(f'"{short(offset)}" in {short(text)} is not a hexadecimal number')
        value += _hex(offset)
    size = session.storage_size()
    if value >= size:
        raise UserError(f"{value:06X} is past the end of the guest's storage; its last byte is at {size - 1:06X}")
    return value


def parse_real_address(session: DebugSession, text: str) -> int:
    """A real address, hexadecimal.  Raises UserError for anything else; the machine says whether it has it."""
    if not _HEX.fullmatch(text):
        raise UserError(f'"{short(text)}" is not a hexadecimal address of at most 6 digits')
    return _hex(text)


def _base_address(session: DebugSession, text: str) -> int:
    if text == ".":
        return session.guest_psw().instruction_address
    assembly = session.guest.assembly
    symbol = assembly.symbols.get(text.upper()) if assembly else None
    register = _REGISTER.fullmatch(text)
    if register and not (symbol and symbol.label):
        return session.guest_gr(_register_number(register[1])) & MASK_24
    if symbol is None and _HEX.fullmatch(text):
        return _hex(text)
    if symbol is None and _DIGITS.fullmatch(text):
        raise UserError(f"{short(text)} is too long for an address; it has at most 6 hexadecimal digits")
    return session.address_of(text)


def _register_number(text: str) -> int:
    return int(text) if text.isdigit() else int(text, 16)


def _hex(text: str) -> int:
    found = _HEX.fullmatch(text)
    assert found is not None
    return int(next(group for group in found.groups() if group), 16)


def _decimal(text: str) -> int | None:
    """A decimal number from 0 on; thousands may be set off with commas.  None if it is not one."""
    digits = text.replace(",", "")
    if not digits.isdecimal() or not digits.isascii():
        return None
    return int(digits) if len(digits) <= _MOST_DIGITS else MOST


def parse_device(session: DebugSession, text: str) -> int:
    """A device address: one to three hexadecimal digits."""
    if not is_device(text):
        raise UserError(f'"{short(text)}" is not a device address of at most three hexadecimal digits, such as 00C')
    return int(text, 16)


def is_device(text: str) -> bool:
    """Whether a word can be a device address."""
    return bool(re.fullmatch("[0-9A-Fa-f]{1,3}", text))


def parse_size(session: DebugSession, text: str) -> int:
    """A storage size in bytes, decimal, with K or M behind it: 128K."""
    found = re.fullmatch("([0-9]{1,9})([KkMm]?)", text)
    if not found:
        raise UserError(f'"{short(text)}" is not a storage size, such as 128K or 1M')
    return int(found[1]) * {"": 1, "K": 1024, "M": 1024 * 1024}[found[2].upper()]


def parse_number(session: DebugSession, text: str) -> int:
    """A decimal number from 1 on."""
    number = _decimal(text)
    if not number:
        raise UserError(f'"{short(text)}" is not a number from 1 on')
    return number


def parse_step(session: DebugSession, text: str) -> int:
    """A step number from 0 on."""
    number = _decimal(text)
    if number is None:
        raise UserError(f'"{short(text)}" is not a step number')
    return number


def short(text: str) -> str:
    """A word of the command line as a message repeats it."""
    return text if len(text) <= 40 else f"{text[:37]}..."


def parse_word(session: DebugSession, text: str) -> str:
    """Any word."""
    return text


def choice(*words: str) -> Callable[[Any, str], str]:
    """One of the words."""

    def parse(session: DebugSession, text: str) -> str:
        matches = [word for word in words if word.startswith(text.lower())]
        if len(matches) != 1:
            raise UserError(f'"{short(text)}" is none of {", ".join(words)}')
        return matches[0]

    return parse


def labels(session: DebugSession) -> Iterable[str]:
    """Labels of the selected guest's program: names of statements, not of fields in a DSECT."""
    try:
        assembly = session.guest.assembly
    except UserError:
        return []
    if assembly is None:
        return []
    dummies = {section.name for section in assembly.sections if section.dummy}
    return sorted(name for name, symbol in assembly.symbols.items() if symbol.label and symbol.section not in dummies)


def guest_names(session: DebugSession) -> Iterable[str]:
    """Guests that are loaded."""
    try:
        return [guest.name for guest in session.system.guests]
    except UserError:
        return []


def rule_ids(session: DebugSession) -> Iterable[str]:
    """Rules of CP that have fired."""
    try:
        system = session.system
    except UserError:
        return []
    return sorted({rule for _, rule, _ in system.cp.counts}) if system.cp else []


def user_ids(session: DebugSession) -> Iterable[str]:
    """Users of CP's directory who may log on."""
    try:
        system = session.system
    except UserError:
        return []
    return [entry.userid for entry in system.cp.directory.users if entry.may_log_on] if system.cp else []


def cp_words(session: DebugSession) -> Iterable[str]:
    """CP's commands, each with its abbreviation and what it does; and questions to QUERY."""
    known: dict[str, str] = {}
    for each in COMMANDS:
        known.setdefault(each.name.lower(), f"{_abbreviation(each.name)}{summary_of(each)}")
    for name, _, answer in QUESTIONS:
        known.setdefault(f"query {name.lower()}", (answer.__doc__ or "a question to CP").strip().partition("\n")[0])
    known |= dict.fromkeys(("display psw", "display g"), "the virtual PSW, the general registers")
    return [f"{name}\t{description}" for name, description in sorted(known.items())]


def _abbreviation(name: str) -> str:
    """The shortest form of a command, in brackets: "(Q) "."""
    short_form = "".join(letter for letter in name if not letter.islower())
    return f"({short_form}) " if short_form != name.upper() else ""


def summary_of(cp_command: CPCommand) -> str:
    """The first line of a CP command's description."""
    return (cp_command.function.__doc__ or "").strip().partition("\n")[0]


def program_names(session: DebugSession) -> Iterable[str]:
    """Guests of the catalog."""
    return list(GUESTS)


def address(name: str = "ADDRESS", optional: bool = False) -> Argument:
    """An address operand."""
    return Argument(name, parse_address, labels, optional)


def count(name: str = "COUNT", default: int = 1) -> Argument:
    """An optional count."""
    return Argument(name, parse_number, None, True, default)
