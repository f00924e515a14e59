"""Operands of break and watch: what to stop at, then its options in any order."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edu_hv.debugger.commands.arguments import guest_names, labels, parse_address, parse_number, rule_ids, short
from edu_hv.debugger.commands.registry import placed
from edu_hv.debugger.expression_names import register_number
from edu_hv.debugger.expressions import Expression, ExpressionError, parse
from edu_hv.debugger.psw_fields import FIELDS, field_named
from edu_hv.debugger.stops.events import CLASSES, CONDITIONS, EXTERNALS, KINDS, event_stop, read_mnemonic
from edu_hv.debugger.stops.storage import LONGEST, Bytes, Read
from edu_hv.debugger.stops.values import Field, Register, Source, StorageKey, Watched, value_of_field
from edu_hv.debugger.stops.what import AtAddress, BecomesTrue, Privileged, What
from edu_hv.isa.codes import MASK_24
from edu_hv.isa.errors import UserError
from edu_hv.isa.table import OPERATIONS

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession

OPTIONS = ("if", "count", "temporary", "of")
_SIZES = {"b": 1, "h": 2, "w": 4, "g": 8}
_WORD = 4
_EQUALS = re.compile(r"(?<![=!<>])=(?!=)")
_SIZED = re.compile(r"(.+)\.([0-9]{1,4}|[bhwgBHWG])")
_KEYWORDS = {
    **{word: kind.summary for word, kind in KINDS.items()},
    "privileged": "a privileged instruction is next, of any guest: privileged SSM",
    "privilege": "the guest goes from supervisor to problem state or back",
    "psw": "a field of the guest's PSW changes: psw mask, psw cc becomes 2",
    "real": "the same of the real machine: real psw, real privilege",
    "when": "something about the guest becomes true: when R5 = 1F",
    "if": "the same: if R5 == 1F",
}  # fmt: skip
"""Words that may stand behind break in the place of an address."""


@dataclass(frozen=True)
class Request:
    """What a line asks for."""

    what: What | None
    """None: the next instruction."""
    condition: Expression | None = None
    ignore: int = 0
    temporary: bool = False

    @property
    def plain(self) -> bool:
        """Whether it has no options."""
        return self.condition is None and not (self.ignore or self.temporary or (self.what and self.what.guest))


@dataclass
class _Options:
    condition: Expression | None = None
    ignore: int = 0
    temporary: bool = False
    guest: str = ""

    def request(self, what: What | None) -> Request:
        return Request(what, self.condition, self.ignore, self.temporary)


Words = list[tuple[int, str]]
"""Words of a line, each with its column."""


def parse_break(session: "DebugSession", text: str) -> Request:
    """The operands of break.  Raises UserError, with the place, for what cannot be."""
    words = placed(text)
    if words and words[0][1] in ("if", "when"):
        return _when(session, text, words)
    head, options = _parted(session, text, words)
    if not head:
        return options.request(None)
    return options.request(_what_of_break(session, text, head, options.guest))


def _what_of_break(session: "DebugSession", text: str, head: Words, guest: str) -> What:
    word = head[0][1]
    if word not in _KEYWORDS and not (word.lower() in _KEYWORDS and not _is_label(session, word)):
        return _address(session, text, head, guest)
    rest = [each for _, each in head[1:]]
    kind, line = word.lower(), "break " + " ".join(_quoted(each) for _, each in head)
    match kind:
        case "real" | "psw" | "privilege":
            return _field(session, kind, rest, guest)
        case "privileged":
            mnemonic = read_mnemonic(rest)
            return Privileged(f"on privileged instruction {mnemonic}".strip(), line, guest, mnemonic)
    session.system  # noqa: B018 - something has to be loaded.
    return event_stop(session.system, line, kind, rest, guest)


def _quoted(word: str) -> str:
    return f'"{word}"' if " " in word else word


def _is_label(session: "DebugSession", word: str) -> bool:
    assembly = session.guest.assembly
    symbol = assembly.symbols.get(word.upper()) if assembly else None
    return symbol is not None and symbol.label


def _address(session: "DebugSession", text: str, head: Words, guest: str) -> What:
    """An address, a label, or an expression whose value is one."""
    at = _value_of_address(session, text, head)
    if at % 2:
        raise UserError(f"{at:06X} is odd; an instruction is at an even address")
    assembly = session.guest.assembly
    return AtAddress.of(at, (assembly.label_at(at) or "") if assembly else "", guest)


def _value_of_address(session: "DebugSession", text: str, head: Words) -> int:
    column, word = head[0]
    if word.startswith("*") and len(word) > 1:  # As in gdb, where the star says that a location is an address.
        column, word = column + 1, word[1:]
    if len(head) == 1 and not re.search(r"[\[\]()*&|^<>$-]", word):
        return parse_address(session, word)
    written = text[column : head[-1][0] + len(head[-1][1])]
    at = _at_column(parse, written, column).value(session) & MASK_24
    if at >= session.storage_size():
        raise UserError(
            f"{at:06X} is past the end of the guest's storage; its last byte is at {session.storage_size() - 1:06X}"
        )
    return at


def _at_column(read: Callable[[str], Expression], written: str, column: int) -> Expression:
    """Read an expression; a mistake is placed in the whole text."""
    try:
        return read(written)
    except ExpressionError as error:
        raise ExpressionError(str(error), error.column + column, error.length) from None


# ---- options ---------------------------------------------------------------------------------------------------------


def _parted(session: "DebugSession", text: str, words: Words) -> tuple[Words, _Options]:
    """What stands before the options, and the options."""
    first = next((n for n, (_, word) in enumerate(words) if word in OPTIONS), len(words))
    options, left = _Options(), words[first:]
    while left:
        _, word = left.pop(0)
        match word:
            case "if":
                end = next((n for n in range(len(left)) if _ends_condition(left, n)), len(left))
                options.condition = _condition(text, left[:end])
                left = left[end:]
            case "count":
                options.ignore = parse_number(session, _operand(left, "count", "how often: count 3")) - 1
            case "temporary":
                options.temporary = True
            case "of":
                options.guest = session.system.guest(_operand(left, "of", "a guest: of KERNEL")).name
            case _:
                raise UserError(f'"{short(word)}" is not understood here; options are if, count, temporary, of')
    return words[:first], options


def _ends_condition(words: Words, at: int) -> bool:
    """Whether an option begins at a word behind if: "count" is one when a number follows."""
    word = words[at][1]
    return word in ("temporary", "of") or (word == "count" and at + 1 < len(words) and words[at + 1][1].isdigit())


def _operand(left: Words, word: str, wanted: str) -> str:
    if not left:
        raise UserError(f"{word} needs {wanted}")
    return left.pop(0)[1]


def _condition(text: str, words: Words) -> Expression:
    if not words:
        raise UserError("if needs an expression: if R5 == 1F")
    first, last = words[0], words[-1]
    written = text[first[0] : last[0] + len(last[1])]
    return _at_column(parse_condition, written.rstrip('"').lstrip('"') if " " in first[1] else written, first[0])


def parse_condition(text: str) -> Expression:
    """An expression in which = compares as == does."""
    return parse(_EQUALS.sub("==", text))


def _when(session: "DebugSession", text: str, words: Words) -> Request:
    """break if EXPRESSION, break when EXPRESSION."""
    first = ("count", "temporary", "of")
    end = next((n for n in range(1, len(words)) if _ends_condition(words, n)), len(words))
    expression = _condition(text, words[1:end])
    _, options = _parted(session, text, words[end:])
    assert end == len(words) or words[end][1] in first
    guest = options.guest or session.guest.name
    what = BecomesTrue(f"if {expression.text}", f"break if {expression.text}", guest, expression)
    return options.request(what)


# ---- watch -----------------------------------------------------------------------------------------------------------


def parse_watch(session: "DebugSession", text: str) -> Request:
    """The operands of watch."""
    head, options = _parted(session, text, placed(text))
    words = [word for _, word in head]
    source, name, changed = _source(session, words, options.guest)
    return options.request(_watched(session, source, name, changed, "watch"))


def parse_read(writes: bool) -> Callable[["DebugSession", str], Request]:
    """The operands of rwatch and awatch."""

    def read(session: "DebugSession", text: str) -> Request:
        head, options = _parted(session, text, placed(text))
        source, name, rest = _source(session, [word for _, word in head], options.guest)
        verb = "awatch" if writes else "rwatch"
        if not isinstance(source, Bytes) or rest:
            raise UserError(f"{verb} takes storage, by address and length: {verb} 2000.8, {verb} real 2000")
        line, words = f"{verb} {name}", f"on {'access to' if writes else 'reading'} {_whose(session, source, name)}"
        return options.request(Read(words, line, source.guest, source, writes))

    return read


def _source(session: "DebugSession", words: list[str], guest: str) -> tuple[Source, str, list[str]]:
    """Where the value is, what it is called, and the words behind."""
    real = bool(words) and words[0].lower() == "real"
    words = words[1:] if real else words
    if not words:
        raise UserError("watch needs something to watch: watch 2000.4, watch R5, watch psw mask, watch key 2000")
    if real and guest:
        raise UserError(f'"real" is the machine\'s, not that of "{guest}"; leave out one of the two')
    whose = "" if real else guest or session.guest.name
    prefix = "real " if real else ""
    word = words[0].lower()
    if word == "key" and len(words) > 1:
        at = _data_address(session, words[1], real)
        return StorageKey(at & ~0x7FF, whose), f"{prefix}key {at:X}", words[2:]
    if word.partition(".")[0] in ("psw", "$psw") and (register_number(words[0]) is None):
        names = [word.partition(".")[2], *words[1:]] if "." in word else words[1:]
        return Field(_field_name(names), whose), f"{prefix}psw {names[0]}", names[1:]
    register = register_number(words[0])
    if register is not None and (words[0].startswith("$") or not _is_label(session, words[0])):
        shown = f"{'R' if register[0] == 'gr' else register[0].upper()}{register[1]}"
        return Register(*register, whose), f"{prefix}{shown}", words[1:]
    return _bytes(session, words[0], whose, real), f"{prefix}{words[0]}", words[1:]


def _bytes(session: "DebugSession", word: str, whose: str, real: bool) -> Bytes:
    sized = _SIZED.fullmatch(word)
    place, size = (sized[1], sized[2]) if sized else (word, str(_WORD))
    length = _SIZES.get(size.lower()) or int(size)
    if not 1 <= length <= LONGEST:
        raise UserError(f'"{short(word)}" is {length:,} bytes; from 1 to {LONGEST:,} can be watched')
    at = _data_address(session, place, real)
    if not real and at + length > session.storage_size():
        raise UserError(f"{at:06X} and {length} bytes are past the end of the guest's storage")
    return Bytes(at, length, whose)


def _data_address(session: "DebugSession", word: str, real: bool) -> int:
    if not real:
        return parse_address(session, word)
    size = session.system.machine.storage.size
    at = parse_condition(word).value(session)
    if not 0 <= at < size:
        raise UserError(f"{at:06X} is outside real storage of {size:X} bytes")
    return at


def _field_name(names: list[str]) -> str:
    fields = ", ".join(FIELDS)
    if not names:
        raise UserError(f"psw needs a field: psw mask; there are: {fields}")
    name = field_named(names[0])
    if name is None:
        raise UserError(f'the PSW has no field "{short(names[0])}"; there are: {fields}')
    return name


def _field(session: "DebugSession", kind: str, rest: list[str], guest: str) -> What:
    """break psw FIELD, break privilege, and the same of the real machine."""
    real = kind == "real"
    if real:
        kind, rest = (rest[0].lower(), rest[1:]) if rest else ("", [])
    if kind not in ("psw", "privilege"):
        raise UserError("behind real, break takes psw and a field, or privilege: break real psw mask")
    words = ["psw", "state", *rest] if kind == "privilege" else ["psw", *rest]
    source, name, changed = _source(session, ["real", *words] if real else words, guest)
    return _watched(session, source, name, changed or ["changes"], "break")


def _watched(session: "DebugSession", source: Source, name: str, rest: list[str], verb: str) -> Watched:
    """The words behind what is watched: changes, mask HEX, becomes VALUE."""
    becomes: int | None = None
    mask: int | None = None
    changes, left = False, list(rest)
    while left:
        word = left.pop(0)
        if word == "changes":
            changes = True
        elif word in ("becomes", "mask") and left:
            value = _value(session, source, left.pop(0))
            becomes, mask = (value, mask) if word == "becomes" else (becomes, value)
        else:
            raise UserError(f'"{short(word)}" is not understood here; changes, becomes VALUE and mask HEX are')
    if becomes is not None and mask is not None and becomes & ~mask:
        raise UserError(f"{becomes:X} cannot be: it has bits that the mask {mask:X} has not")
    said = [f"mask {mask:X}"] if mask is not None else []
    said += [f"becomes {becomes:X}"] if becomes is not None else []
    tail = said or (["changes"] if changes and verb == "watch" else [])
    on = " ".join(["on", _whose(session, source, name), *tail])
    line = " ".join([verb, name, *tail])
    return Watched(on, line, source.guest, source, becomes, mask, changes, verb == "break")


def _whose(session: "DebugSession", source: Source, name: str) -> str:
    """What is watched, and of whom where there are several."""
    return f"{name} of {source.guest}" if source.guest and session.system.cp is not None else name


def _value(session: "DebugSession", source: Source, word: str) -> int:
    def number(text: str) -> int:
        return parse_condition(text).value(session)

    value = value_of_field(source.name, word, number) if isinstance(source, Field) else number(word)
    width = source.length * 8 if isinstance(source, Bytes) else 64
    if not 0 <= value < 1 << width:
        raise UserError(f'"{short(word)}" does not fit: it has more than {width} bits or is negative')
    return value


# ---- completion ------------------------------------------------------------------------------------------------------


def offer_break(session: "DebugSession", text: str) -> Iterable[str]:
    """What may stand at the end of the operands of break."""
    words = text.split()
    done = words if not text or text.endswith(" ") else words[:-1]
    if not done:
        return [*(f"{word}\t{said}" for word, said in _KEYWORDS.items()), *labels(session)]
    return [*_operands_of(session, done), *_options_offered(session, done)]


def _operands_of(session: "DebugSession", done: Sequence[str]) -> Iterable[str]:
    """Operands of a kind of event."""
    match [word.lower() for word in done]:
        case ["trap"]:
            return [*CLASSES, "privileged"]
        case ["trap", "program"] | ["program"]:
            return list(CONDITIONS)
        case ["trap", "external"] | ["external"]:
            return list(EXTERNALS)
        case ["privileged"] | ["trap", "privileged"]:
            return [row.mnemonic for row in OPERATIONS if row.privileged]
        case ["rule"]:
            return rule_ids(session)
        case ["guest"]:
            return guest_names(session)
        case ["psw"] | ["real", "psw"]:
            return [f"{name}\t{field.described}" for name, field in FIELDS.items()]
        case ["real"]:
            return ["psw", "privilege"]
        case ["psw", _] | ["real", "psw", _]:
            return ["becomes\tonly when it becomes a value", "changes\twhenever it changes"]
        case ["device", _]:
            return ["start", "ccw", "end"]
        case ["page"]:
            return ["fault"]
        case ["machine"]:
            return ["check"]
    return []


def _options_offered(session: "DebugSession", done: Sequence[str]) -> Iterable[str]:
    if done[-1] == "of":
        return guest_names(session)
    return ["if\tonly where something is true", "count\tstop at the third time: count 3",
            "temporary\tdelete it when it has stopped", "of\tonly of one guest"]  # fmt: skip


def offer_watch(session: "DebugSession", text: str) -> Iterable[str]:
    """What may stand at the end of the operands of watch."""
    words = text.split()
    done = words if not text or text.endswith(" ") else words[:-1]
    if not done or done == ["real"]:
        places = ("psw\ta field of the PSW: psw mask", "key\ta storage key: key 2000", "real\tof the real machine")
        registers = [f"R{n}\tgeneral register {n}" for n in range(16)] + [
            f"CR{n}\tcontrol register {n}" for n in range(16)
        ]
        return [*places, *registers, *labels(session)]
    if done[-1] == "psw":
        return [f"{name}\t{field.described}" for name, field in FIELDS.items()]
    return ["becomes\tonly when it becomes a value", "changes\tonly when it changes", "mask\tonly some bits",
            *_options_offered(session, done)]  # fmt: skip
