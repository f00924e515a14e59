"""Kinds of operands: how each is read, and what can be offered to complete it.

What CP's commands take is in `cp_words`, file names are in `files`.
"""

import re
from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

from edu_hv.asm.assembly import Assembly
from edu_hv.debugger.commands.registry import Argument
from edu_hv.debugger.session import DebugSession
from edu_hv.guests.catalog import GUESTS
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

    gdb writes *0x200 where it takes a location: the star says nothing here.  A word that is both a label and a number
    is the label; R5 is the register even where the program has equated it.
    Raises UserError for an address past the guest's storage.
    """
    base, plus, offset = text.removeprefix("*").partition("+")
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
    """A step: its number, a name that it was given, "50%" of the recording, "start", "end", "here", "+100", "-100"."""
    word, named = text.lower(), session.named_steps()
    if text in named:
        return named[text]
    if word in _STEPS:
        return _STEPS[word](session)
    if word.endswith("%"):
        return _percent(session, text)
    sign, number = word[:1], _decimal(word.lstrip("+-") if word[:1] in ("+", "-") else word)
    if number is None or word[1:2] in ("+", "-"):
        raise UserError(f'"{short(text)}" is not a step number, nor the name of one, nor start, end, 50%, +100 or -100')
    if sign not in ("+", "-"):
        return number
    step = session.step_number + (number if sign == "+" else -number)
    if not 0 <= step <= session.total:
        raise UserError(f"{short(text)} from step {session.step_number} is not in the recording: 0 to {session.total}")
    return step


def _last_step(session: DebugSession) -> int:
    """The last step that is complete."""
    return len(session.recording.boundaries) - 1


_STEPS: dict[str, Callable[[DebugSession], int]] = {
    "start": lambda session: 0,
    "end": _last_step,
    "here": lambda session: session.step_number,
}
STEP_WORDS = ("start", "end", "here", "50%")


def _percent(session: DebugSession, text: str) -> int:
    number = _decimal(text[:-1])
    if number is None or number > 100:
        raise UserError(f'"{short(text)}" is not a part of the recording; 0% is its start, 100% its end')
    return _last_step(session) * number // 100


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
    """Labels of the selected guest's program, each with its address: names of statements, not of fields in a DSECT."""
    assembly = _assembly(session)
    return _labels(assembly) if assembly is not None else []


def _assembly(session: DebugSession) -> Assembly | None:
    try:
        return session.guest.assembly
    except UserError:
        return None


_KEPT = 16
"""Programs whose labels are kept: as many as there are guests, mostly."""
_known: dict[int, tuple[Assembly, list[str]]] = {}


def _labels(assembly: Assembly) -> list[str]:
    """Made once for each program: a key pressed at the prompt asks for them again."""
    found = _known.get(id(assembly))
    if found is None or found[0] is not assembly:
        dummies = {section.name for section in assembly.sections if section.dummy}
        named = sorted(
            (name, symbol)
            for name, symbol in assembly.symbols.items()
            if symbol.label and symbol.section not in dummies
        )
        words = [f"{name}\t{symbol.value & MASK_24:06X}, line {symbol.line}" for name, symbol in named]
        while len(_known) >= _KEPT:
            del _known[next(iter(_known))]
        found = _known[id(assembly)] = assembly, words
    return found[1]


def places(session: DebugSession, text: str) -> Iterable[str]:
    """What an address may be written as: a label, behind "label+" the offsets of the statements there, a register."""
    base, plus, _ = text.partition("+")
    if plus:
        return _offsets(session, base)
    registers = (f"R{n}\twhat register {n} points at" for n in range(16))
    return chain(labels(session), registers, (".\tthe next instruction",))


_STATEMENTS = 16
"""Statements behind a label that are offered."""


def _offsets(session: DebugSession, base: str) -> list[str]:
    assembly = _assembly(session)
    symbol = assembly.symbols.get(base.upper()) if assembly else None
    if symbol is None or not symbol.label:
        return []
    start, index = symbol.value & MASK_24, session.guest.index
    behind = [at for at in index.between(start + 1, start + 0x1000) if at in index.statements][:_STATEMENTS]
    return [f"{base}+{at - start:X}\t{' '.join(index.statements[at].source[:40].split())}" for at in behind]


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


def program_names(session: DebugSession) -> Iterable[str]:
    """Guests of the catalog."""
    return list(GUESTS)


def breakpoint_numbers(session: DebugSession) -> Iterable[str]:
    """Breakpoints and watchpoints, each with what it is set on."""
    stops = sorted(session.breakpoints.by_number.items())
    return [f"{number}\t{stop.what.kind} {stop.what.words}" for number, stop in stops]


def device_addresses(session: DebugSession) -> Iterable[str]:
    """Devices of the selected guest, or of the bare machine."""
    try:
        guest, machine = session.guest, session.system.machine
    except UserError:
        return []
    if guest.vm is not None:
        return [f"{address:03X}" for address in sorted(guest.vm.devices)]
    return [f"{address:03X}" for address in sorted(machine.channels.devices)]


def planned_addresses(session: DebugSession) -> Iterable[str]:
    """Devices of the machine of one's own."""
    found = sorted(session.configuration.attachments.items())
    return [f"{address:03X}\t{attachment.type.name}" for address, attachment in found]


def address(name: str = "ADDRESS", optional: bool = False) -> Argument:
    """An address operand."""
    return Argument(name, parse_address, labels, optional, kind="address", offer=places)


def count(name: str = "COUNT", default: int = 1) -> Argument:
    """An optional count."""
    return Argument(name, parse_number, None, True, default, kind="count")


def guest(name: str = "GUEST", optional: bool = False, default: str | None = None) -> Argument:
    """The name of a guest that is loaded."""
    return Argument(name, parse_word, guest_names, optional, default, kind="guest")
