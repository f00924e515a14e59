"""`set`: registers, PSW fields, storage and keys are changed by hand: an input, which begins another future."""

import re
from collections.abc import Iterable
from dataclasses import replace
from itertools import chain

from edu_hv.debugger.commands.gdb import expression_words
from edu_hv.debugger.commands.registry import Argument, CommandError, command
from edu_hv.debugger.examining import valued
from edu_hv.debugger.expression_names import is_label, register_number
from edu_hv.debugger.expressions import Expression, ExpressionError, Node, Stored, parse
from edu_hv.debugger.psw_fields import FIELDS, field_named
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.views import TextView, View
from edu_hv.isa.errors import UserError
from edu_hv.machine.psw import PSW

_STORAGE = re.compile(r"(storage|key)\s+(\S.*)", re.IGNORECASE)
_DATA = re.compile("([0-9A-Fa-f]{2})+")
_MOST_DATA = 256
_SETTABLE = [name for name, field in FIELDS.items() if field.attribute or name in ("psw", "dat")]
"""The fields of the PSW that can be set alone, and all of it."""
_DAT = 0x04


def _parse_set(session: DebugSession, text: str) -> tuple[str, str, int]:
    """What is to be changed, the new value, and where in the text that begins."""
    found = re.search(r"(?<![=<>!])=(?!=)", text)
    if found is None:
        wanted = 'set needs "=": set $r5 = 1F, set storage 2000 = 0A05, set psw.cc = 2, set key 2000 = F0'
        raise CommandError(wanted, None)
    what, value = text[: found.start()].strip(), text[found.end() :].strip()
    if not what or not value:
        raise CommandError('something is wanted on both sides of "=": set $r5 = 1F', found.start())
    return what, value, text.index(value, found.end())


def _set_words(session: DebugSession, text: str) -> Iterable[str]:
    """What can be changed; behind "=", what an expression can have."""
    if "=" in text:
        return expression_words(session, text)
    places = ("storage\tbytes of storage: set storage 2000 = 0A05", "key\ta storage key: set key 2000 = F0")
    fixed = {f"${name}" for name in FIELDS if name not in _SETTABLE}
    words = [word for word in expression_words(session, text) if word.partition("\t")[0] not in fixed]
    return words if " " in text.lstrip() else chain(places, words)


@command(
    "set",
    Argument("PLACE = VALUE", _parse_set, rest=True, kind="expression", offer=_set_words),
    group="machine",
    examples=(
        "set $r5 = 1F : general register 5; $cr0 and $fpr0 likewise",
        "set psw.cc = 2 : a field of the PSW; set psw = 16 digits sets all of it",
        "set storage 2000 = 0A05 : bytes of storage, as they stand",
        "set [2000].h = 0A05 : a halfword, the value of an expression",
        "set key 2000 = F0 : a storage key",
    ),
)
def set_(session: DebugSession, given: tuple[str, str, int]) -> list[View]:
    """Change a register, a field of the PSW, storage or a storage key by hand: set $r5 = 1F.

    The bare machine is changed as by its operator; a guest is changed as by CP's STORE.  It is an outside input: it is
    part of the recording, and given in the past it begins another future.

    Numbers are hexadecimal.  Without "=", set is CP's: set ecmode on.
    """
    what, value, column = given
    if found := _STORAGE.fullmatch(what):
        kind, place = found[1].lower(), _address(session, parse(found[2]))
        text = _key(session, place, value, column) if kind == "key" else _bytes(session, place, value, column)
        return _done(session, text, f"[{place:X}].b" if kind == "storage" else "")
    target, new = parse(what), _value(session, value, column)
    if _is_there(session, target, new):
        return [valued(session, target)]
    return _done(session, _operands(session, what, target.root, new), what)


def operands_of_store(session: DebugSession, text: str) -> str:
    """The operands of STORE that change what `set` would change: "$r5 = 1F".  Raises UserError."""
    what, value, column = _parse_set(session, text)
    if found := _STORAGE.fullmatch(what):
        place = _address(session, parse(found[2]))
        return (_key if found[1].lower() == "key" else _bytes)(session, place, value, column)
    return _operands(session, what, parse(what).root, _value(session, value, column))


def _done(session: DebugSession, text: str, shown: str) -> list[View]:
    """Give the input; what there is now, and what the debugger has to say."""
    _, remarks = session.give_and_remark("alter", text)
    view: View = valued(session, parse(shown)) if shown and not shown.endswith("].b") else TextView((_said(text),))
    return [view, *([TextView(tuple(remarks))] if remarks else [])]


def _is_there(session: DebugSession, target: Expression, value: int) -> bool:
    """Whether a place has the value already, so that nothing is to be done; a place that is none is found out later."""
    try:
        return target.value(session) == value
    except ExpressionError:
        return False


def _said(text: str) -> str:
    """What was stored, in words."""
    place, _, data = text.partition(" ")
    if place == "KEY":
        address, _, key = data.partition(" ")
        return f"the storage key at {int(address, 16):06X} is {key}"
    return f"{data} is stored at {int(place[1:], 16):06X}"


def _value(session: DebugSession, text: str, column: int) -> int:
    plain = text.replace(" ", "")
    if re.fullmatch("[0-9A-Fa-f]{16}", plain):  # A PSW or a floating-point register as it is shown, in two groups.
        return int(plain, 16)
    try:
        return parse(text).value(session)
    except ExpressionError as error:
        raise ExpressionError(str(error), error.column + column, error.length) from None


def _address(session: DebugSession, place: Expression) -> int:
    address = place.value(session)
    if not 0 <= address < session.storage_size():
        last = session.storage_size() - 1
        raise UserError(f"{address:06X} is past the end of the guest's storage; its last byte is at {last:06X}")
    return address


def _bytes(session: DebugSession, at: int, text: str, column: int) -> str:
    data = text.replace(" ", "").removeprefix("X'").removeprefix("x'").removesuffix("'")
    if not _DATA.fullmatch(data) or len(data) > 2 * _MOST_DATA:
        sentence = f'"{text[:40]}" is no storage contents: pairs of hexadecimal digits, {_MOST_DATA} at most'
        raise CommandError(sentence, column, len(text))
    return f"S{at:X} {data.upper()}"


def _key(session: DebugSession, at: int, text: str, column: int) -> str:
    value = _value(session, text, column)
    if not 0 <= value <= 0xFE:
        raise UserError(f'"{text[:40]}" is no storage key: two digits, as set storage key shows them, such as F0')
    return f"KEY {at:X} {value & 0xFE:02X}"


def _operands(session: DebugSession, what: str, target: Node, value: int) -> str:
    """Operands of STORE that put a value into a register, a field or storage."""
    plain = what.lower().removeprefix("$").removeprefix("psw.")
    register = register_number(what.lower())
    if register is not None and is_label(session, what):
        raise UserError(f"{what} is a label here: set ${what.lower()} sets the register, set [{what}] the word there")
    if register is not None:
        return _register(register, value)
    field = field_named(plain)
    if field in _SETTABLE:
        return f"PSW {_words(int.from_bytes(_psw(session, field, value).to_bytes(), 'big'))}"
    if isinstance(target, Stored) and not target.real:
        at = _address(session, Expression("", target.place))
        _within(value, 8 * target.size)
        return f"S{at:X} {value & (1 << 8 * target.size) - 1:0{2 * target.size}X}"
    fields = " ".join(_SETTABLE)
    raise UserError(
        f'"{what[:40]}" cannot be set: $r5, $cr0, $fpr0, storage 2000, [2000].h, key 2000, or of the psw {fields}'
    )


def _register(register: tuple[str, int], value: int) -> str:
    kind, number = register
    if kind == "fpr":
        _within(value, 64)
        return f"Y{number} {_words(value & (1 << 64) - 1)}"
    _within(value, 32)
    return f"{'G' if kind == 'gr' else 'X'}{number} {value & 0xFFFFFFFF:08X}"


def _within(value: int, bits: int) -> None:
    if not -(1 << bits - 1) <= value < 1 << bits:
        raise UserError(f"{value:X} does not fit: there are {bits} bits")


def _words(value: int) -> str:
    return f"{value >> 32:08X} {value & 0xFFFFFFFF:08X}"


def _psw(session: DebugSession, field: str, value: int) -> PSW:
    """The guest's PSW with one field changed."""
    most = FIELDS[field].most
    if not 0 <= value <= most:
        raise UserError(f"{FIELDS[field].title} can be 0 to {most:X}, not {value:X}")
    psw = session.guest_psw()
    if field == "psw":
        return PSW.from_bytes(value.to_bytes(8, "big"))
    if field == "dat":
        if not psw.ec_mode:
            raise UserError("there is no address translation in BC mode: set psw.ec = 1 first")
        return replace(psw, system_mask=psw.system_mask & ~_DAT | _DAT * value)
    return _with(psw, FIELDS[field].attribute, bool(value) if most == 1 else value)


def _with(psw: PSW, attribute: str, value: int) -> PSW:
    changed = psw.copy()
    setattr(changed, attribute, value)
    return changed
