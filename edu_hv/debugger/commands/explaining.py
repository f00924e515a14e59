"""Commands that explain: what comes next, what bits mean, why something trapped, what caused a failure."""

import re
from collections.abc import Callable, Iterable, Sequence

from edu_hv.debugger.commands.arguments import (
    device_addresses,
    parse_address,
    parse_device,
    parse_number,
    parse_word,
    places,
    short,
)
from edu_hv.debugger.commands.registry import Argument, command
from edu_hv.debugger.explaining import asked, bits, table_bits
from edu_hv.debugger.explaining.causes import cause as cause_of
from edu_hv.debugger.explaining.code_set_by import condition_code
from edu_hv.debugger.explaining.instruction import explain as explain_next
from edu_hv.debugger.explaining.traps import branch, trap
from edu_hv.debugger.explaining.views import BitsView, CauseView
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.views import View
from edu_hv.isa.codes import Class
from edu_hv.isa.errors import UserError

Views = Sequence[View]
_QUOTED = re.compile("[xX]'([0-9A-Fa-f]+)'")
CLASSES = {
    "program": Class.PROGRAM,
    "external": Class.EXTERNAL,
    "svc": Class.SVC,
    "io": Class.INPUT_OUTPUT,
}


def _hex(words: Sequence[str], length: int, what: str) -> bytes:
    """`length` bytes from hexadecimal words, which may be in quotes.  Raises UserError for anything else."""
    digits = "".join(found[1] if (found := _QUOTED.fullmatch(word)) else word for word in words)
    if not re.fullmatch("[0-9A-Fa-f]+", digits) or len(digits) != length * 2:
        raise UserError(f'"{short(" ".join(words))}" is not {what}: give {length * 2} hexadecimal digits')
    return bytes.fromhex(digits)


def _none(words: Sequence[str], topic: str) -> None:
    if words:
        raise UserError(f'explain {topic} takes no operand: "{short(words[0])}" is one too many')


def _one(words: Sequence[str], topic: str, what: str) -> str:
    if len(words) != 1:
        raise UserError(f"explain {topic} takes {what}, not {len(words)} words")
    return words[0]


def _psw(session: DebugSession, words: Sequence[str]) -> Views:
    return [bits.psw(_hex(words, 8, "a PSW"))] if words else asked.psws(session)


def _csw(session: DebugSession, words: Sequence[str]) -> Views:
    return [bits.csw(_hex(words, 8, "a CSW"))] if words else asked.csws(session)


def _caw(session: DebugSession, words: Sequence[str]) -> Views:
    return [bits.caw(_hex(words, 4, "a CAW"))] if words else asked.caws(session)


def _ccw(session: DebugSession, words: Sequence[str]) -> Views:
    """One word is an address, perhaps with a device behind it; 16 digits are a CCW."""
    if not words or len(words) > 3:
        raise UserError("explain ccw takes an address, perhaps with a device behind it, or the 16 digits of a CCW")
    value = words[:2] if len(words) > 1 and len(words[0]) == 8 else words[:1]
    if sum(map(len, value)) >= 16:
        device = _device(session, words[len(value) :])
        return [bits.ccw(_hex(value, 8, "a CCW"), None if device is None else asked.device_at(session, device))]
    at, rest = parse_address(session, words[0]), words[1:]
    if len(rest) > 1:
        raise UserError(f'"{short(rest[1])}" is one word too many for explain ccw')
    return [asked.ccw_at(session, at, _device(session, rest))]


def _device(session: DebugSession, words: Sequence[str]) -> int | None:
    return parse_device(session, words[0]) if words else None


def _table(
    length: int,
    what: tuple[str, str],
    view: Callable[[int, int], BitsView],
    at: Callable[[DebugSession, int, str], Views],
) -> Callable[[DebugSession, Sequence[str]], Views]:
    """An entry in quotes, X'0FF0', or the entry for an address, perhaps with a word before it for whose tables."""

    def explained(session: DebugSession, words: Sequence[str]) -> Views:
        tables = words[0].lower() if len(words) > 1 and words[0].lower() in asked.TABLES else ""
        wanted = f"an address, perhaps behind own, shadow or cp, or {what[1]} in quotes such as X'{'0' * length * 2}'"
        word = _one(words[1:] if tables else words, what[0], wanted)
        if _QUOTED.fullmatch(word) and len(word) == length * 2 + 3:
            cr0 = session.guest_control_registers()[0]
            return [view(int.from_bytes(_hex(words, length, what[1]), "big"), cr0)]
        return at(session, parse_address(session, word), tables)

    return explained


def _cr(session: DebugSession, words: Sequence[str]) -> Views:
    if not 1 <= len(words) <= 2:
        raise UserError(
            "explain cr takes the number of a control register, perhaps with 8 hexadecimal digits behind it"
        )
    number = re.fullmatch("(?:[cC][rR]?)?([0-9]|1[0-5])", words[0])
    if not number:
        raise UserError(f'"{short(words[0])}" is not the number of a control register, 0 to 15')
    if len(words) == 2:
        value = int.from_bytes(_hex(words[1:], 4, "a control register"), "big")
        return [table_bits.control_register(int(number[1]), value)]
    return asked.control_registers(session, int(number[1]))


def _key(session: DebugSession, words: Sequence[str]) -> Views:
    return asked.keys(session, parse_address(session, _one(words, "key", "an address")))


def _tod(session: DebugSession, words: Sequence[str]) -> Views:
    if words:
        return [bits.clock(int.from_bytes(_hex(words, 8, "a clock value"), "big"))]
    return [asked.clocks(session)]


def _code(session: DebugSession, words: Sequence[str]) -> Views:
    """The class may be left out: a program interruption.  SVC numbers are decimal, the others hexadecimal."""
    if not 1 <= len(words) <= 2:
        raise UserError("explain code takes a class (program, external, svc, io) and a code, such as program 5")
    kind = CLASSES.get(words[0].lower()) if len(words) == 2 else Class.PROGRAM
    if kind is None:
        raise UserError(f'"{short(words[0])}" is none of the classes {", ".join(CLASSES)}')
    return [bits.code(kind, _number(session, kind, words[-1]))]


def _number(session: DebugSession, kind: Class, word: str) -> int:
    if kind is Class.SVC:
        number = 0 if word == "0" else parse_number(session, word)
        if number > 255:
            raise UserError(f"{short(word)} is no SVC number: they go from 0 to 255")
        return number
    digits = found[1] if (found := _QUOTED.fullmatch(word)) else word
    if not re.fullmatch("[0-9A-Fa-f]{1,4}", digits):
        raise UserError(f'"{short(word)}" is not an interruption code: at most four hexadecimal digits')
    return int(digits, 16)


def _plain(topic: str, explained: Callable[[DebugSession], View]) -> Callable[[DebugSession, Sequence[str]], Views]:
    def without_operands(session: DebugSession, words: Sequence[str]) -> Views:
        _none(words, topic)
        return [explained(session)]

    return without_operands


_TOPICS: dict[str, tuple[str, Callable[[DebugSession, Sequence[str]], Views]]] = {
    "cc": ("the condition code, for the instruction that set it", _plain("cc", condition_code)),
    "branch": ("whether the branch is taken, and why", _plain("branch", branch)),
    "trap": ("why the instruction traps, or the last one did", _plain("trap", trap)),
    "psw": ("each bit of the PSW, or of 16 digits", _psw),
    "ccw": ("each bit of the CCW at an address, or of 16 digits", _ccw),
    "csw": ("each bit of the CSW, or of 16 digits", _csw),
    "caw": ("each bit of the CAW, or of 8 digits", _caw),
    "pte": ("each bit of the page-table entry of an address, or of X'0FF0'",
            _table(2, ("pte", "an entry"), table_bits.page_entry, asked.page_entries)),
    "ste": ("each bit of the segment-table entry of an address, or of X'F0001000'",
            _table(4, ("ste", "an entry"), table_bits.segment_entry, asked.segment_entries)),
    "cr": ("each bit of a control register, or of 8 digits for it", _cr),
    "key": ("each bit of the storage key of an address", _key),
    "code": ("an interruption code: program 5, external 1004, svc 8, io 00C", _code),
    "tod": ("the time-of-day clock, or 16 digits of one", _tod),
}  # fmt: skip


def _offer(session: DebugSession, text: str) -> Iterable[str]:
    """Topics; behind one that takes a place, places; behind code, the classes."""
    topic, blank, rest = text.partition(" ")
    if not blank:
        return [f"{name}\t{summary}" for name, (summary, _) in _TOPICS.items()]
    topic = topic.lower()
    if topic == "code" and " " not in rest:
        return [f"{name}\tinterruptions" for name in CLASSES]
    if topic == "cr" and " " not in rest:
        return [str(n) for n in range(16)]
    if topic in ("ccw", "pte", "ste", "key"):
        if topic in ("pte", "ste") and " " not in rest:
            return [*asked.TABLES, *places(session, rest)]
        at_device = topic == "ccw" and " " in rest
        return device_addresses(session) if at_device else places(session, rest)
    return []


@command(
    "explain",
    Argument("[TOPIC OPERANDS]", parse_word, many=True, optional=True, default=(), kind="topic", offer=_offer),
    group="look",
    aliases=("e",),
    keys="e",
    examples=(
        "explain : what the next instruction will do now, with its operands, and why",
        "explain cc : what the condition code means for the instruction that set it",
        "explain trap : why the instruction traps, or the last one did",
        "explain branch : whether the branch is taken",
        "explain psw : each bit of the PSW, the guest's and the real one",
        "explain psw 00020000 00000000 : each bit of that PSW",
        "explain ccw 300 009 : each bit of the CCW at 300, as device 009 takes it",
        "explain csw : each bit of the CSW",
        "explain pte 3000 : the page-table entry of virtual address 3000",
        "explain pte shadow 3000 : the one in the shadow tables; own in the guest's, cp in CP's",
        "explain pte X'0FF8' : an entry of that value",
        "explain cr 0 : each bit of control register 0",
        "explain key 3000 : the storage key there",
        "explain code program 5 : when program interruption 5 occurs",
    ),
)
def explain(session: DebugSession, words: Sequence[str]) -> Views:
    """What the next instruction will do now and why, or what a word of the machine means bit by bit.

    Alone it executes the next step and takes it back, so what it says is what will happen: each operand with its
    address as it is computed, its value before and after, whether a branch is taken and why, whether the instruction
    traps, what the hardware will see, what CP will decide, and what the guest will get.  Nothing is changed by it.

    With a topic: cc, branch, trap; psw, caw, ccw, csw, pte, ste, cr, key, tod bit by bit, as they are now or for
    hexadecimal digits that are given; code for an interruption code.  Under CP the guest's and the real one are shown
    where they differ.
    """
    if not words:
        return [explain_next(session)]
    topic = words[0].lower()
    if topic not in _TOPICS:
        raise UserError(f'explain knows nothing of "{short(words[0])}"; it knows {", ".join(_TOPICS)}')
    session.system  # noqa: B018 - says so when nothing is loaded
    return _TOPICS[topic][1](session, list(words[1:]))


@command(
    "cause",
    group="look",
    aliases=("because",),
    examples=("cause : which earlier step made the last failure inevitable, and how to go there",),
)
def cause(session: DebugSession) -> CauseView:
    """What made the last failure inevitable: the chain back to the step that did it, with the command that goes there.

    A failure is a program interruption, a disabled wait, a loop of interruptions, an I/O instruction that was refused,
    or a channel program that ended with an error.
    """
    return cause_of(session)
