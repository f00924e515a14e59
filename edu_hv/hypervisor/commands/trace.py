"""TRACE, ADSTOP and PER (DMKTRA, DMKCFD).  CP Command Reference "TRACE", "ADSTOP"; CP HELP "PER"."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from edu_hv.hypervisor import tracing
from edu_hv.hypervisor.commands.registry import (
    Answer,
    CommandError,
    abbreviates,
    command,
    hexadecimal,
    is_decimal,
    operand,
)
from edu_hv.hypervisor.per_traces import Element, Kind, Options, PerState, merged, state_words
from edu_hv.hypervisor.tracing import Output
from edu_hv.isa.codes import MASK_24

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK

_EVENTS = {
    "SVC": tracing.SVC, "PROgram": tracing.PROGRAM, "EXTernal": tracing.EXTERNAL, "I/O": tracing.IO,
    "PRIV": tracing.PRIV, "SIO": tracing.SIO, "CCW": tracing.CCW, "BRanch": tracing.BRANCH,
    "INSTruct": tracing.INSTRUCT, "CSW": tracing.CSW,
}  # fmt: skip
_OUTPUT = {"PRINter": (False, True), "TERMinal": (True, False), "BOTH": (True, True)}


# ---- ADSTOP ----------------------------------------------------------------------------------------------------------


@command("ADSTOP")
def adstop(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """ADSTOP hexloc | OFF: stop the machine when it comes to the instruction at that guest-real address."""
    where = operand(words, 0, "CFD")
    if len(words) > 1:
        raise CommandError("CFD", 3, f"INVALID OPTION - {words[1]}")
    if where == "OFF":
        cp.tracing.remove_adstop(vm)
        return Answer()
    try:
        address = hexadecimal(where, 6)
    except ValueError:
        raise CommandError("CFD", 4, f"INVALID HEXLOC - {where}") from None
    if address % 2:
        raise CommandError("CFD", 4, f"INVALID HEXLOC - {where}")
    if address + 2 > vm.vmsize:
        raise CommandError("CFD", 160, f"HEXLOC {where} EXCEEDS STORAGE")
    cp.tracing.set_adstop(vm, address)
    return Answer()


# ---- TRACE -----------------------------------------------------------------------------------------------------------


@command("TRace")
def trace(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """TRace {event ... | ALL} [PRINter | {TERMinal | BOTH} [RUN | NORUN] | OFF] | END.

    Events: SVC PROgram EXTernal I/O PRIV SIO CCW BRanch INSTruct CSW.
    """
    if [operand(words, 0, "TRA")] == ["END"]:
        cp.tracing.end(vm)
        return Answer(["TRACE ENDED"])
    events: list[str] = []
    rest = list(words)
    while rest and (found := _events(rest[0])):
        events += found
        rest.pop(0)
    if not events:
        raise CommandError("TRA", 3, f"INVALID OPTION - {words[0]}")
    output = _output(rest)
    started = cp.tracing.set(vm, dict.fromkeys(events, output))
    if output is None and not cp.tracing.settings(vm).events:
        return Answer(["TRACE ENDED"])
    return Answer(["TRACE STARTED"] if started and output is not None else [])


def _events(word: str) -> tuple[str, ...]:
    if word == "ALL":
        return tracing.ALL_EVENTS
    return next(((event,) for name, event in _EVENTS.items() if abbreviates(word, name)), ())


def _output(words: list[str]) -> Output | None:
    """Where the lines go; None for OFF.  On the terminal the machine stops behind each, unless RUN says otherwise.

    With PRINTER the machine runs, and neither RUN nor NORUN can be given.
    """
    terminal, printer, run = True, False, None
    for word in words:
        chosen = next((places for name, places in _OUTPUT.items() if abbreviates(word, name)), None)
        if chosen is not None:
            terminal, printer = chosen
        elif word in ("RUN", "NORUN"):
            run = word == "RUN"
        elif word == "OFF":
            return None
        else:
            raise CommandError("TRA", 3, f"INVALID OPTION - {word}")
    if run is not None and not terminal:
        raise CommandError("TRA", 3, f"INVALID OPTION - {'RUN' if run else 'NORUN'}")
    return Output(terminal, printer, bool(run) or not terminal)


# ---- PER -------------------------------------------------------------------------------------------------------------


@command("PER")
def per(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """PER event [modifiers] [options] | Dump | SAve name | GET name | Clear [name] | Query [name | *] | ENd.

    Events: Branch [range], Greg[n] [hexword], Ifetch [hexdata], Mask hexloc hexmask, PAgetrace [size], STore range or
    hexloc hexdata.  Modifiers: Range range, Off.  Options: CMd line[;line], SKip n, STEp n, RUn, NORun, PRint,
    NOPrint, TErminal, NOTerminal.
    """
    what = operand(words, 0, "PER")
    for name, control in _CONTROLS.items():
        if abbreviates(what, name):
            return control(cp, vm, words[1:])
    parsed = _Parsed(words)
    if not parsed.elements:
        raise CommandError("PER", 26, "OPERAND MISSING OR INVALID")
    state = cp.tracing.per.state_of(vm)
    elements = state.elements
    if parsed.off:
        kinds = {element.kind for element in parsed.elements}
        elements = tuple(element for element in elements if element.kind not in kinds)
    else:
        for element in parsed.elements:
            elements = merged(elements, element)
    cp.tracing.per.put_state(vm, replace(state, elements=elements))
    return Answer()


class _Parsed:
    """The words of a PER command: elements that share modifiers and options."""

    def __init__(self, words: list[str]) -> None:
        self.words = list(words)
        self.off = False
        self.where: list[tuple[int, int]] = []
        self.options = Options()
        elements: list[Element] = []
        while self.words:
            word = self.words.pop(0)
            if not self._option(word):
                elements.append(self._element(word))
        self.elements = [replace(e, where=tuple(self.where), options=self.options) for e in elements]

    def _next(self) -> str:
        if not self.words:
            raise CommandError("PER", 26, "OPERAND MISSING OR INVALID")
        return self.words.pop(0)

    def _hexadecimal(self, text: str, most: int = 8) -> int:
        try:
            return hexadecimal(text, most)
        except ValueError:
            raise CommandError("PER", 4, f"INVALID HEXLOC - {text}") from None

    def _is_data(self) -> bool:
        return bool(self.words) and all(letter in "0123456789ABCDEF-.:" for letter in self.words[0])

    def _option(self, word: str) -> bool:
        """Take a modifier or an option."""
        options = self.options
        if abbreviates(word, "Off"):
            self.off = True
        elif abbreviates(word, "Range"):
            self.where.append(self._range(self._next()))
        elif abbreviates(word, "CMd"):
            self.options = replace(options, commands=tuple(part.strip() for part in " ".join(self.words).split(";")))
            self.words.clear()
        elif abbreviates(word, "SKip"):
            self.options = replace(options, skip=self._number())
        elif abbreviates(word, "STEp") and not abbreviates(word, "STore"):
            self.options = replace(options, step=self._number())
        else:
            return self._flag(word)
        return True

    def _flag(self, word: str) -> bool:
        flags: dict[str, dict[str, Any]] = {
            "RUn": {"step": 0}, "NORun": {"step": 1}, "PRint": {"printer": True}, "NOPrint": {"printer": False},
            "TErminal": {"terminal": True}, "NOTerminal": {"terminal": False},
        }  # fmt: skip
        found = next((change for name, change in flags.items() if abbreviates(word, name)), None)
        if found is not None:
            self.options = replace(self.options, **found)
        return found is not None

    def _number(self) -> int:
        word = self._next()
        if not is_decimal(word):
            raise CommandError("PER", 26, "OPERAND MISSING OR INVALID")
        return int(word)

    def _range(self, text: str) -> tuple[int, int]:
        """addr, a-b, a- (to the end), -b (from 0), a.length; one whose end is before its start wraps round."""
        first, dot, length = text.partition(".")
        if dot:
            start = self._hexadecimal(first, 6)
            return start, start + max(self._hexadecimal(length, 6), 1) - 1 & MASK_24
        first, dash, last = text.replace(":", "-").partition("-")
        start = self._hexadecimal(first, 6) if first else 0
        if not dash:
            return start, start
        return start, self._hexadecimal(last, 6) if last else MASK_24

    def _element(self, word: str) -> Element:
        if abbreviates(word.rstrip("0123456789"), "Greg"):
            return self._register(word)
        if abbreviates(word, "Branch"):
            return Element(Kind.BRANCH, self._range(self._next()) if self._is_data() else None)
        if abbreviates(word, "Ifetch"):
            return Element(Kind.IFETCH, data=self._bytes() if self._is_data() else b"")
        if abbreviates(word, "Mask"):
            start = self._hexadecimal(self._next(), 6)
            return Element(Kind.MASK, (start, start), data=self._bytes())
        if abbreviates(word, "PAgetrace"):
            return Element(Kind.PAGETRACE, block=self._block())
        if abbreviates(word, "STore"):
            area = self._range(self._next())
            data = self._bytes() if self._is_data() else b""
            return Element(Kind.STORE, (area[0], area[0] + len(data) - 1) if data else area, data=data)
        raise CommandError("PER", 3, f"INVALID OPTION - {word}")

    def _register(self, word: str) -> Element:
        digits = word[len(word.rstrip("0123456789")) :]
        number = int(digits) if digits else None
        if number is not None and number > 15:
            raise CommandError("PER", 10, f"INVALID REGISTER - {word}")
        value = self._hexadecimal(self._next()) if self._is_data() else None
        return Element(Kind.GREG, register=number, value=value)

    def _bytes(self) -> bytes:
        word = self._next()
        try:
            return bytes.fromhex(word)
        except ValueError:
            raise CommandError("PER", 5, f"INVALID HEXDATA - {word}") from None

    def _block(self) -> int:
        if not self._is_data() and not (self.words and self.words[0].endswith("K")):
            return 4096
        word = self._next()
        if not word.endswith("K"):
            return max(self._hexadecimal(word, 6), 2)
        if not is_decimal(word[:-1]) or not int(word[:-1]):
            raise CommandError("PER", 26, "OPERAND MISSING OR INVALID")
        return int(word[:-1]) * 1024


# ---- PER's controls --------------------------------------------------------------------------------------------------


def _dump(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """PER Dump: the last six taken branches; the same one several times in a row is one line."""
    lines: list[tuple[tuple[int, int], int]] = []
    for branch in cp.tracing.per.state_of(vm).branches:
        if lines and lines[-1][0] == branch:
            lines[-1] = branch, lines[-1][1] + 1
        else:
            lines.append((branch, 1))
    shown = [f"{at:06X} ==> {to:06X}{f' {times} TIMES' if times > 1 else ''}" for (at, to), times in lines]
    return Answer(shown or ["NO TRACEBACK"])


def _save(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    name, state = operand(words, 0, "PER"), cp.tracing.per.state_of(vm)
    saved = {**dict(state.saved), name: state.elements}
    cp.tracing.per.put_state(vm, replace(state, saved=tuple(saved.items())))
    return Answer()


def _get(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    name, state = operand(words, 0, "PER"), cp.tracing.per.state_of(vm)
    found = dict(state.saved).get(name)
    if found is None:
        return Answer(["TRACE SET DOES NOT EXIST"])
    elements = state.elements
    for element in found:
        elements = merged(elements, element)
    cp.tracing.per.put_state(vm, replace(state, elements=elements))
    return Answer()


def _clear(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    state = cp.tracing.per.state_of(vm)
    if not words:
        cp.tracing.per.put_state(vm, replace(state, elements=()))
        return Answer(["*PER TRAPS CLEARED*"])
    if words[0] not in dict(state.saved):
        return Answer(["TRACE SET DOES NOT EXIST"])
    kept = tuple((name, elements) for name, elements in state.saved if name != words[0])
    cp.tracing.per.put_state(vm, replace(state, saved=kept))
    return Answer()


def _query(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    state = cp.tracing.per.state_of(vm)
    if not words:
        return Answer([state_words(element) for element in state.elements] or ["NO TRACE ELEMENTS"])
    if words[0] == "*":
        return Answer([name for name, _ in state.saved] or ["TRACE SET DOES NOT EXIST"])
    found = dict(state.saved).get(words[0])
    return Answer(["TRACE SET DOES NOT EXIST"] if found is None else [state_words(element) for element in found])


def _end(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    cp.tracing.per.put_state(vm, PerState())
    return Answer(["*PER TRAPS CLEARED*"])


_CONTROLS = {"Dump": _dump, "SAve": _save, "GET": _get, "Clear": _clear, "Query": _query, "ENd": _end}
