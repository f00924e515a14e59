"""What happens and can be stopped at: each kind with its operands, as typed behind break."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edu_hv.debugger.forking.worlds import known_rules
from edu_hv.debugger.recording.journal import GuestPSWsSwapped, Journal
from edu_hv.debugger.stops.what import OnEvent
from edu_hv.debugger.system import System
from edu_hv.hypervisor.decisions import ConsoleLine, DecisionTaken, Dispatched, SimulateIO
from edu_hv.isa.codes import PIC, Class, External
from edu_hv.isa.errors import UserError
from edu_hv.isa.table import BY_MNEMONIC, operation
from edu_hv.machine.events import AssistHandled, CCWExecuted, Event, InterruptionRecognized, IOStarted, PSWsSwapped

Matches = Callable[[Event, str], bool]
_PAGE_FAULTS = (PIC.SEGMENT_TRANSLATION, PIC.PAGE_TRANSLATION)
_MOST_SVC = 255
_MOST_DEVICE = 0xFFF
_DEVICE_WORDS = ("start", "end", "ccw")
CLASSES = {
    "program": Class.PROGRAM,
    "svc": Class.SVC,
    "external": Class.EXTERNAL,
    "io": Class.INPUT_OUTPUT,
    "machine": Class.MACHINE_CHECK,
}
"""The words of classes of interruptions."""
CONDITIONS = {code.words: int(code) for code in PIC}
"""Program-interruption conditions in words."""
EXTERNALS = {code.name.lower().replace("_", " "): int(code) for code in External}
"""External conditions in words."""


@dataclass(frozen=True)
class Kind:
    """A kind of event: what it takes, what it is."""

    usage: str
    summary: str
    read: Callable[[System, Sequence[str]], tuple[str, Matches]]
    """The words that say it, from its operands, and what matches.  Raises UserError for wrong operands."""
    confirms: Callable[[Journal, int], bool] | None = None
    needs_cp: bool = False


def event_stop(system: System, line: str, kind: str, operands: Sequence[str], guest: str = "") -> OnEvent:
    """A stop on a kind of event.  Raises UserError for operands that the kind does not take."""
    found = KINDS[kind]
    if found.needs_cp and system.cp is None:
        raise UserError(f"this is the bare machine: break {kind} is about CP; try load cp kernel")
    words, matches = found.read(system, operands)
    return OnEvent(f"on {words}", line, guest, matches, found.confirms)


# ---- interruptions ---------------------------------------------------------------------------------------------------


def _trap(system: System, operands: Sequence[str]) -> tuple[str, Matches]:
    if not operands:
        return "trap", lambda event, guest: isinstance(event, InterruptionRecognized)
    word = _one_of(operands[0], (*CLASSES, "privileged"), "class of trap")
    rest = operands[1:]
    match word:
        case "program":
            return _program(rest)
        case "svc":
            return _svc(system, rest)
        case "external":
            return _external(rest)
        case "io":
            return _io(rest)
        case "privileged":
            return _privileged(rest)
    if rest not in ([], ["check"]):
        raise _not_taken("break trap machine check", rest[0])
    return "machine check", _of_class(Class.MACHINE_CHECK, None)


def _of_class(kind: Class, code: int | None) -> Matches:
    def matches(event: Event, guest: str) -> bool:
        return isinstance(event, InterruptionRecognized) and event.kind is kind and code in (None, event.code)

    return matches


def _program(operands: Sequence[str]) -> tuple[str, Matches]:
    if not operands:
        return "program interruption", _of_class(Class.PROGRAM, None)
    code = _condition(" ".join(operands), CONDITIONS, "program interruption")
    if code not in set(PIC):
        raise UserError(f'there is no program interruption "{operands[0][:40]}"; they are 1 to 40, and 80 for PER')
    return f"program interruption {code:X}, {PIC(code).words}", _of_class(Class.PROGRAM, code)


def _condition(text: str, known: dict[str, int], what: str) -> int:
    """A code, from hexadecimal digits or words, any beginning of them.  Raises UserError."""
    found = [code for words, code in known.items() if words.startswith(text.lower())]
    if text.lower() in known:
        return known[text.lower()]
    if len(found) == 1:
        return found[0]
    try:
        return int(text, 16)
    except ValueError:
        raise UserError(f'"{text[:40]}" is {"more than one" if found else "no"} {what}; give its code') from None


def _svc(system: System, operands: Sequence[str]) -> tuple[str, Matches]:
    """A supervisor call, also one that the assist does."""
    if len(operands) > 1:
        raise _not_taken("break svc", operands[1])
    code = number(operands[0], 10, _MOST_SVC, "SVC number") if operands else None

    def matches(event: Event, guest: str) -> bool:
        if isinstance(event, AssistHandled):
            return event.mnemonic == "SVC" and code in (None, event.text[1])
        return isinstance(event, InterruptionRecognized) and event.kind is Class.SVC and code in (None, event.code)

    return ("SVC" if code is None else f"SVC {code}"), matches


def _external(operands: Sequence[str]) -> tuple[str, Matches]:
    if not operands:
        return "external interruption", _of_class(Class.EXTERNAL, None)
    code = _condition(" ".join(operands), EXTERNALS, "external interruption")

    def matches(event: Event, guest: str) -> bool:
        if not isinstance(event, InterruptionRecognized) or event.kind is not Class.EXTERNAL:
            return False
        together = code < 0x100 and event.code < 0x100 and event.code & code == code != 0
        return event.code == code or together  # Timer and key may come in one.

    return f"external interruption {code:04X}", matches


def _io(operands: Sequence[str]) -> tuple[str, Matches]:
    if len(operands) > 1:
        raise _not_taken("break trap io", operands[1])
    if not operands:
        return "I/O interruption", _of_class(Class.INPUT_OUTPUT, None)
    device = number(operands[0], 16, _MOST_DEVICE, "device")
    return f"I/O interruption of {device:03X}", _of_class(Class.INPUT_OUTPUT, device)


def _privileged(operands: Sequence[str]) -> tuple[str, Matches]:
    """A privileged-operation exception."""
    mnemonic = read_mnemonic(operands)

    def matches(event: Event, guest: str) -> bool:
        if not isinstance(event, InterruptionRecognized) or (event.kind, event.code) != (
            Class.PROGRAM,
            PIC.PRIVILEGED_OPERATION,
        ):
            return False
        row = operation(event.text) if event.text else None
        return not mnemonic or (row is not None and row.mnemonic == mnemonic)

    return f"privileged-operation trap {mnemonic}".strip(), matches


def read_mnemonic(operands: Sequence[str]) -> str:
    """The mnemonic of a privileged instruction, or "" for any.  Raises UserError for another one."""
    if len(operands) > 1:
        raise _not_taken("break privileged", operands[1])
    if not operands:
        return ""
    row = BY_MNEMONIC.get(operands[0].upper())
    if row is None or not row.privileged:
        raise UserError(f'"{operands[0][:40]}" is no privileged instruction; SSM, LPSW, SIO and DIAG are')
    return row.mnemonic


def _page(system: System, operands: Sequence[str]) -> tuple[str, Matches]:
    """A page that is not there, or whose segment is not."""
    if list(operands) not in ([], ["fault"]):
        raise _not_taken("break page fault", operands[-1])

    def matches(event: Event, guest: str) -> bool:
        recognized = isinstance(event, InterruptionRecognized) and event.kind is Class.PROGRAM
        return recognized and isinstance(event, InterruptionRecognized) and event.code in _PAGE_FAULTS

    return "page fault", matches


# ---- CP --------------------------------------------------------------------------------------------------------------


def _rule(system: System, operands: Sequence[str]) -> tuple[str, Matches]:
    if len(operands) != 1:
        raise UserError("break rule takes one rule, or the beginning of one: break rule PRV-2, break rule PRV")
    rule = operands[0].upper()
    if not any(_of_family(known, rule) for known in known_rules()):
        families = dict.fromkeys(known.partition("-")[0] for known in known_rules())
        there = [known for known in known_rules() if known[:3] == rule[:3]] or list(families)
        raise UserError(f'CP has no rule "{operands[0][:40]}"; there are {", ".join(there)}')

    def matches(event: Event, guest: str) -> bool:
        if not isinstance(event, DecisionTaken):
            return False
        return _of_family(event.verdict.rule.id, rule)

    return f"rule {rule}", matches


def _of_family(fired: str, rule: str) -> bool:
    """Whether a rule is that one, or one of those that its name begins; PRV-1 does not begin PRV-12."""
    return fired == rule or (fired.startswith(rule) and not (rule[-1].isdigit() and fired[len(rule)].isdigit()))


def _decision(system: System, operands: Sequence[str]) -> tuple[str, Matches]:
    _nothing("break decision", operands)
    return "decision of CP", lambda event, guest: isinstance(event, DecisionTaken) and not event.within


def _cp(system: System, operands: Sequence[str]) -> tuple[str, Matches]:
    _nothing("break cp", operands)
    return "CP's getting the CPU", lambda event, guest: isinstance(event, PSWsSwapped) and guest != ""


def _guest(system: System, operands: Sequence[str]) -> tuple[str, Matches]:
    if len(operands) != 1:
        raise UserError("break guest takes the name of a guest: break guest KERNEL")
    name = system.guest(operands[0]).name
    return f"{name}'s getting the CPU", lambda event, guest: isinstance(event, Dispatched) and event.userid == name


def _was_another(journal: Journal, place: int) -> bool:
    """Whether the guest that is dispatched at a place is not the one that was dispatched before."""
    before = next(journal.matching(range(place - 1, -1, -1), _is_dispatch), None)
    return before is None or _dispatched(journal, before) != _dispatched(journal, place)


def _is_dispatch(event: Event, guest: str) -> bool:
    return isinstance(event, Dispatched)


def _dispatched(journal: Journal, place: int) -> str:
    event = journal.entry(place).event
    return event.userid if isinstance(event, Dispatched) else ""


# ---- I/O -------------------------------------------------------------------------------------------------------------


def _device(system: System, operands: Sequence[str]) -> tuple[str, Matches]:
    """What a device does: start, each CCW, end; of a guest's device what CP does for it."""
    if not operands:
        raise UserError("break device needs a device: break device 009, break device 009 start")
    device = number(operands[0], 16, _MOST_DEVICE, "device")
    if len(operands) > 2:
        raise _not_taken("break device", operands[2])
    part = _one_of(operands[1], _DEVICE_WORDS, "part of an operation") if len(operands) == 2 else ""

    def matches(event: Event, guest: str) -> bool:
        found = _part_of_operation(event, device)
        return found != "" and part in ("", found)

    return f"device {device:03X} {part}".strip(), matches


def _part_of_operation(event: Event, device: int) -> str:
    """Which part of an operation of a device an event is; "" for none."""
    match event:
        case IOStarted(address) if address == device:
            return "start"
        case DecisionTaken(verdict=verdict) if isinstance(verdict.decision, SimulateIO):
            decision = verdict.decision
            return "start" if decision.device == device and decision.mnemonic in ("SIO", "SIOF") else ""
        case CCWExecuted(address) if address == device:
            return "ccw"
        case InterruptionRecognized(Class.INPUT_OUTPUT, code) | GuestPSWsSwapped(Class.INPUT_OUTPUT, code):
            return "end" if code == device else ""
    return ""


def _output(system: System, operands: Sequence[str]) -> tuple[str, Matches]:
    """A line on a console that has a text in it, in any case."""
    text = " ".join(operands).lower()
    words = f'output "{text}"' if text else "output"
    return words, lambda event, guest: isinstance(event, ConsoleLine) and text in event.text.lower()


# ---- operands --------------------------------------------------------------------------------------------------------


def number(word: str, base: int, most: int, what: str) -> int:
    """A number, X'0A' in any base.  Raises UserError."""
    try:
        found = int(word[2:-1], 16) if word[:2].upper() == "X'" and word.endswith("'") else int(word, base)
    except ValueError:
        found = -1
    if not 0 <= found <= most:
        shown = f"{most}" if base == 10 else f"{most:X}"
        raise UserError(f'there is no {what} "{word[:40]}"; they go up to {shown}')
    return found


def _one_of(word: str, words: Sequence[str], what: str) -> str:
    found = [each for each in words if each.startswith(word.lower())]
    if len(found) != 1:
        raise UserError(f'"{word[:40]}" is no {what}; there are: {", ".join(words)}')
    return found[0]


def _not_taken(usage: str, word: str) -> UserError:
    return UserError(f'{usage} does not take "{word[:40]}"')


def _nothing(usage: str, operands: Sequence[str]) -> None:
    if operands:
        raise _not_taken(usage, operands[0])


def _of_one_class(word: str) -> Callable[[System, Sequence[str]], tuple[str, Matches]]:
    return lambda system, operands: _trap(system, [word, *operands])


KINDS: dict[str, Kind] = {
    "trap": Kind("trap [CLASS [CODE]]", "an interruption: trap program 4, trap svc 5, trap io 009", _trap),
    "program": Kind(
        "program [CODE]", "a program interruption: program 4, program protection", _of_one_class("program")
    ),
    "svc": Kind("svc [NUMBER]", "a supervisor call, whoever does it", _svc),
    "external": Kind("external [CODE]", "an external interruption: external 1004", _of_one_class("external")),
    "io": Kind("io [DEVICE]", "an I/O interruption", _of_one_class("io")),
    "machine": Kind("machine check", "a machine check", _of_one_class("machine")),
    "page": Kind("page fault", "a page or segment that is not there", _page),
    "rule": Kind("rule RULE", "a rule of CP decides: rule PRV-2, rule PRV", _rule, needs_cp=True),
    "decision": Kind("decision", "CP decides something", _decision, needs_cp=True),
    "cp": Kind("cp", "CP gets the CPU from a guest", _cp, needs_cp=True),
    "guest": Kind("guest GUEST", "a guest gets the CPU from another one", _guest, _was_another, needs_cp=True),
    "device": Kind("device DEVICE [start|ccw|end]", "a device begins, does or ends something", _device),
    "output": Kind("output [TEXT]", "a line on a console, with a text in it", _output),
}
"""The kinds of events by their words."""
