"""Names in expressions: registers, fields of the PSW, labels, where the session stands."""

import re
from typing import TYPE_CHECKING

from edu_hv.debugger.psw_fields import FIELDS, field_named
from edu_hv.isa.codes import MASK_24
from edu_hv.isa.errors import UserError
from edu_hv.machine.interruptions import ProgramInterruption

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession

_NUMBER = "(1[0-5]|[0-9]|[A-F])"
_GENERAL = re.compile(f"(?:GPR|GR|R){_NUMBER}")
_G = re.compile(f"G{_NUMBER}")
_CONTROL = re.compile(f"(?:CR|X){_NUMBER}")
_FLOATING = re.compile("(?:FPR|FR|F|Y)([0246])")
_HEX = re.compile("[0-9A-F]{1,16}")

PLACES: dict[str, str] = {"step": "the number of the step", "guest": "the selected guest's name"}
"""Other words that have a value."""


def value_of(session: "DebugSession", word: str) -> int | str:
    """What a word means: see `expressions`.  Raises UserError for one that means nothing."""
    plain = word.lower()
    if plain.startswith("real."):
        return _real(session, word[5:])
    sure = plain.startswith("$")
    plain = plain.removeprefix("$").removeprefix("psw.")
    register = None if not sure and is_label(session, word) else _register(session, plain)
    if register is not None:
        return register
    if not sure and "." not in word and (found := label(session, word)) is not None:
        return found
    if (field := field_named(plain)) is not None:
        return FIELDS[field].of(session.guest_psw())
    if plain == "step":
        return session.step_number
    if plain == "guest":
        return session.selected
    if not sure and _HEX.fullmatch(word.upper()):
        return int(word, 16)
    kind = "register or PSW field" if sure or "." in word else "register, label, PSW field or hexadecimal number"
    raise UserError(f'"{word[:40]}" is no {kind}; help expressions')


def label(session: "DebugSession", word: str) -> int | None:
    """The address of a label of the selected guest's program."""
    assembly = session.guest.assembly
    symbol = assembly.symbols.get(word.upper()) if assembly else None
    return symbol.value & MASK_24 if symbol is not None else None


def is_label(session: "DebugSession", word: str) -> bool:
    """Whether a statement has that label; R5 is the register even where the program has equated it."""
    assembly = session.guest.assembly
    symbol = assembly.symbols.get(word.upper()) if assembly else None
    return symbol is not None and symbol.label


def register_number(word: str) -> tuple[str, int] | None:
    """ "gr", "cr" or "fpr" and the number of the register that a word names, $ in front or not; None if it is none."""
    text = word.removeprefix("$").upper()
    for kind, pattern in (("gr", _GENERAL), ("gr", _G), ("cr", _CONTROL), ("fpr", _FLOATING)):
        if (found := pattern.fullmatch(text)) and (kind != "fpr" or len(text) > 2 or word.startswith("$")):
            return kind, int(found[1]) if found[1].isdigit() else int(found[1], 16)
    return None


def _register(session: "DebugSession", word: str) -> int | None:
    found = register_number(word)
    if found is None:
        return None
    kind, number = found
    match kind:
        case "gr":
            return session.guest_gr(number)
        case "cr":
            return session.guest_control_registers()[number]
    return floating(session)[number >> 1]


def floating(session: "DebugSession") -> list[int]:
    """The selected guest's floating-point registers 0, 2, 4, 6: 64 bits each."""
    vm = session.guest.vm
    if vm is None or session.guest.name == session.system.running:
        return list(session.system.machine.cpu.fpr)
    return list(vm.vmfprs)


def _real(session: "DebugSession", word: str) -> int:
    cpu, plain = session.system.machine.cpu, word.lower().removeprefix("psw.")
    found = register_number(plain)
    if found is not None:
        kind, number = found
        return {"gr": cpu.gr, "cr": cpu.cr}[kind][number] if kind != "fpr" else cpu.fpr[number >> 1]
    if (field := field_named(plain)) is not None:
        return FIELDS[field].of(cpu.psw)
    raise UserError(f'"real.{word[:40]}" is nothing of the real machine: real.r5, real.cr0, real.psw, real.cc')


def real_bytes(session: "DebugSession", address: int, length: int) -> bytes:
    """Storage of the real machine.  Raises UserError outside it."""
    machine = session.system.machine
    try:
        return machine.cpu.load_real(address, length)
    except ProgramInterruption:
        raise UserError(f"{address:06X} is outside real storage of {machine.storage.size:X} bytes") from None


def width_of(word: str) -> int:
    """Bytes that show what a word means."""
    plain = word.lower().removeprefix("real.").removeprefix("$")
    found = register_number(word if word.startswith("$") else plain)
    return 8 if plain == "psw" or (found is not None and found[0] == "fpr") else 4


def offered(session: "DebugSession") -> list[str]:
    """Words that an expression can have, with what they are: not the labels."""
    registers = [f"$r{n}\tgeneral register {n}" for n in range(16)] + [
        f"$cr{n}\tcontrol register {n}" for n in range(16)
    ]
    fields = [f"${name}\t{field.described}" for name, field in FIELDS.items()]
    return [*fields, *registers, *(f"{name}\t{said}" for name, said in PLACES.items())]
