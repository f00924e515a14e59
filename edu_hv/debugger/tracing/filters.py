"""Which events are meant: "svc 5", "program 2 KERNEL", "PRV-2", "ccw 009", 'console "HELLO"'.

Every word, with the operand it takes, is one criterion, and an event matches when it satisfies all of them.  What is
asked of an event depends on the event and the guest it concerns alone, so that equal events are asked once.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edu_hv.debugger import explain
from edu_hv.debugger.recording.journal import (
    Entry,
    GuestPSWsSwapped,
    InputGiven,
    ProgramTranslated,
    StatusStored,
    StatusTranslated,
)
from edu_hv.hypervisor.decisions import ConsoleLine, DecisionCarriedOut, DecisionTaken, Dispatched
from edu_hv.isa.codes import PIC, Class
from edu_hv.isa.errors import UserError
from edu_hv.isa.table import BY_MNEMONIC, operation
from edu_hv.machine.events import (
    AssistDeclined,
    AssistHandled,
    CCWExecuted,
    Event,
    InterruptionRecognized,
    IOStarted,
    PSWsSwapped,
    Waited,
)

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession

Matches = Callable[[Event, str], bool]

KEYWORDS = {
    "trap": "an interruption of any kind",
    "program": "a program interruption; program 2 is one of code 2 (hexadecimal)",
    "svc": "a supervisor call; svc 5 is that of number 5",
    "external": "an external interruption; external 80 is one of that code (hexadecimal)",
    "io": "anything of I/O; io 009 is what concerns one device",
    "ccw": "a channel command that was executed; ccw 009 is one of that device",
    "device": "what concerns one device: device 009, as io 009",
    "page": "page fault: a page or a segment that is not there",
    "decision": "a decision of CP",
    "rule": "a decision by one rule: rule PRV-2, or PRV-2 alone; rule PRV is any of PRV",
    "dispatch": "CP let a guest run, or waits",
    "console": "a line on a console; console HELLO is one with that text",
    "output": "the same as console",
    "input": "something given from outside",
    "assist": "something the VM assist did, or left to CP",
    "wait": "the machine waited",
    "psw": "PSWs were swapped",
    "guest": "about one guest: guest KERNEL, or KERNEL alone",
    "op": "an instruction that trapped, or that the assist did: op SSM, or SSM alone",
    "text": "what stands behind it is text of the log",
    "not": "not what stands behind it: svc not KERNEL",
}
"""The words of a filter, and what each means; any other word is text of the log, in any case."""

_RULE = re.compile(r"[A-Za-z]{2,4}-[0-9]{1,2}[A-Za-z]?")
_HEX = re.compile(r"[0-9A-Fa-f]{1,4}|[0-9][0-9A-Fa-f]{4,12}")
_TOKEN = re.compile(r'"([^"]*)"|(\S+)')
_IO = (IOStarted, CCWExecuted, StatusStored, ProgramTranslated, StatusTranslated)
_MOST_SVC = 255
_MOST_PROGRAM = 0xFF


@dataclass(frozen=True, slots=True)
class Filter:
    """What an event must be, and the words it was asked for by."""

    words: str
    criteria: tuple[Matches, ...] = ()

    def matches(self, event: Event, guest: str) -> bool:
        """Whether an event that concerns that guest is meant."""
        return all(criterion(event, guest) for criterion in self.criteria)


def parse_filter(session: "DebugSession", words: str) -> Filter:
    """The filter that a line of words describes.  Raises UserError for an operand that cannot be."""
    if words.count('"') % 2:
        raise UserError(f"a quotation mark is not closed in: {words}")
    return Filter(words.strip(), tuple(_Reader(session, words).criteria()))


class _Reader:
    """Reads words from the left: each criterion takes the operand behind its word, if there is one."""

    def __init__(self, session: "DebugSession", words: str) -> None:
        self.session = session
        self.left: list[tuple[str, bool]] = [(q or word, not word) for q, word in _TOKEN.findall(words)]
        """Words, and whether each was in quotation marks."""
        self.guests = {name.upper(): name for name in session.journal.guest_names()}
        self.guests |= {guest.name.upper(): guest.name for guest in session.system.guests}

    def criteria(self) -> Iterable[Matches]:
        while self.left:
            yield self._criterion()

    def _criterion(self) -> Matches:
        word, quoted = self.left.pop(0)
        make = None if quoted else _MAKE.get(word.lower())
        if make is not None:
            return make(self)
        if not quoted and word.upper() in self.guests:
            return _of_guest(self.guests[word.upper()])
        if not quoted and word.upper() in BY_MNEMONIC:
            return _of_instruction(word.upper())
        if not quoted and (_RULE.fullmatch(word) or word.upper() in self._rules()):
            return _by_rule(word.upper())
        return self._with_text(word)

    def _rules(self) -> set[str]:
        """The rules that have fired anywhere in the recording."""
        return {event.verdict.rule.id for event in self.session.journal.different(DecisionTaken)}

    def _operand(self, word: str) -> str:
        """The next word.  Raises UserError where there is none."""
        if not self.left:
            raise UserError(f"{word} needs something behind it: {KEYWORDS[word]}")
        return self.left.pop(0)[0]

    def _code(self, base: int, most: int, what: str) -> int | None:
        """The number behind a word, if the next word is one.  Raises UserError for one that cannot be."""
        if not self.left or self.left[0][1] or not _HEX.fullmatch(self.left[0][0]):
            return None
        word = self.left[0][0]
        if not word[0].isdigit() and (word.upper() in self.guests or word.upper() in BY_MNEMONIC):
            return None
        if base == 10 and not word.isdigit():
            return None
        number = int(self.left.pop(0)[0], base)
        if number > most:
            shown = f"{most}" if base == 10 else f"{most:X}"
            raise UserError(f'there is no {what} "{word}"; they go up to {shown}')
        return number

    # ---- a method for each word that takes something ---------------------------------------------------------

    def program(self) -> Matches:
        return _of_class(Class.PROGRAM, self._code(16, _MOST_PROGRAM, "program interruption code"))

    def svc(self) -> Matches:
        return _of_class(Class.SVC, self._code(10, _MOST_SVC, "SVC number"))

    def external(self) -> Matches:
        return _of_class(Class.EXTERNAL, self._code(16, 0xFFFF, "external interruption code"))

    def io(self) -> Matches:
        device = self._code(16, 0xFFF, "device")
        if device is None:
            return lambda event, guest: isinstance(event, _IO) or _is_interruption(event, Class.INPUT_OUTPUT)
        return lambda event, guest: device in _devices(event)

    def ccw(self) -> Matches:
        device = self._code(16, 0xFFF, "device")
        return lambda event, guest: isinstance(event, CCWExecuted) and device in (None, event.device)

    def device(self) -> Matches:
        device = self._code(16, 0xFFF, "device")
        return self._with_text("device") if device is None else lambda event, guest: device in _devices(event)

    def page(self) -> Matches:
        """ "page fault", as break takes it; page alone is text."""
        if not self.left or self.left[0][1] or self.left[0][0].lower() != "fault":
            return self._with_text("page")
        self.left.pop(0)
        return lambda event, guest: _is_interruption(event, Class.PROGRAM) and _code_of(event) in _NOT_THERE

    def rule(self) -> Matches:
        return _by_rule(self._operand("rule").upper())

    def console(self) -> Matches:
        text = ""
        if self.left and (self.left[0][1] or not self._means_something(self.left[0][0])):
            text = self.left.pop(0)[0].lower()
        return lambda event, guest: isinstance(event, ConsoleLine) and text in event.text.lower()

    def _means_something(self, word: str) -> bool:
        """Whether an unquoted word behind "console" is a criterion of its own."""
        return word.lower() in _MAKE or word.upper() in self.guests

    def guest(self) -> Matches:
        name = self._operand("guest")
        if name.upper() not in self.guests:
            known = ", ".join(self.guests.values()) or "nobody"
            raise UserError(f'no guest "{name}" is in the recording; there is {known}')
        return _of_guest(self.guests[name.upper()])

    def op(self) -> Matches:
        mnemonic = self._operand("op").upper()
        if mnemonic not in BY_MNEMONIC:
            raise UserError(f'"{mnemonic}" is no instruction; op SSM finds those that trapped')
        return _of_instruction(mnemonic)

    def text(self) -> Matches:
        return self._with_text(self._operand("text"))

    def negated(self) -> Matches:
        if not self.left:
            raise UserError(f"not needs something behind it: {KEYWORDS['not']}")
        criterion = self._criterion()
        return lambda event, guest: not criterion(event, guest)

    def _with_text(self, text: str) -> Matches:
        sought, session = text.lower(), self.session

        def matches(event: Event, guest: str) -> bool:
            return sought in explain.entry_words(Entry(0, 0, guest, event), session.assembly_of(guest)).lower()

        return matches


def _always(matches: Matches) -> Callable[[_Reader], Matches]:
    """A word that takes nothing."""
    return lambda reader: matches


_MAKE: dict[str, Callable[[_Reader], Matches]] = {
    "trap": _always(lambda event, guest: isinstance(event, InterruptionRecognized)),
    "program": _Reader.program,
    "svc": _Reader.svc,
    "external": _Reader.external,
    "io": _Reader.io,
    "ccw": _Reader.ccw,
    "device": _Reader.device,
    "page": _Reader.page,
    "decision": _always(lambda event, guest: isinstance(event, DecisionTaken)),
    "rule": _Reader.rule,
    "dispatch": _always(lambda event, guest: isinstance(event, Dispatched)),
    "console": _Reader.console,
    "output": _Reader.console,
    "input": _always(lambda event, guest: isinstance(event, InputGiven)),
    "assist": _always(lambda event, guest: isinstance(event, AssistHandled | AssistDeclined)),
    "wait": _always(lambda event, guest: isinstance(event, Waited)),
    "psw": _always(lambda event, guest: isinstance(event, PSWsSwapped | GuestPSWsSwapped)),
    "guest": _Reader.guest,
    "op": _Reader.op,
    "text": _Reader.text,
    "not": _Reader.negated,
}


# ---- criteria ------------------------------------------------------------------------------------------------------


def _is_interruption(event: Event, kind: Class) -> bool:
    return isinstance(event, InterruptionRecognized) and event.kind is kind


def _code_of(event: Event) -> int:
    """The code of an interruption, without a program event that came with it."""
    return event.code & 0x7F if isinstance(event, InterruptionRecognized) else 0


_NOT_THERE = (PIC.SEGMENT_TRANSLATION, PIC.PAGE_TRANSLATION)


def _of_class(kind: Class, code: int | None) -> Matches:
    """An interruption of that class, and of that code unless it is None."""

    def matches(event: Event, guest: str) -> bool:
        return isinstance(event, InterruptionRecognized) and event.kind is kind and code in (None, event.code)

    return matches


def _of_guest(name: str) -> Matches:
    return lambda event, guest: guest == name


def _by_rule(rule: str) -> Matches:
    """A decision by the rule, or by any of a family: "PRV" is PRV-1, PRV-2 and so on."""

    def matches(event: Event, guest: str) -> bool:
        if not isinstance(event, DecisionTaken):
            return False
        fired = event.verdict.rule.id
        return fired == rule or fired.startswith(f"{rule}-")

    return matches


def _of_instruction(mnemonic: str) -> Matches:
    """An interruption that such an instruction led to, or one that the assist did in place of an interruption."""

    def matches(event: Event, guest: str) -> bool:
        if isinstance(event, AssistHandled):
            return event.mnemonic == mnemonic
        if not isinstance(event, InterruptionRecognized) or not event.text:
            return False
        row = operation(event.text)
        return row is not None and row.mnemonic == mnemonic

    return matches


def _devices(event: Event) -> tuple[int, ...]:
    """The devices that an event is about, the guest's and the real ones."""
    match event:
        case InterruptionRecognized(Class.INPUT_OUTPUT, code) | GuestPSWsSwapped(Class.INPUT_OUTPUT, code):
            return (code,)
        case CCWExecuted() | IOStarted() | StatusTranslated():
            return (event.device,)
        case ProgramTranslated():
            return (event.device, event.real_device)
        case DecisionTaken() | DecisionCarriedOut():
            device: Any = getattr(event.verdict.decision, "device", None)
            return () if device is None else (device,)
        case InputGiven(given) if given.device:
            return (given.device,)
        case _:
            return ()
