"""`info`: one word for everything that can be looked at, as in gdb."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from edu_hv.debugger.commands.arguments import parse_address, places
from edu_hv.debugger.commands.gdb import remembered
from edu_hv.debugger.commands.registry import REGISTRY, Argument, command
from edu_hv.debugger.examining import place_words, valued
from edu_hv.debugger.expression_names import register_number
from edu_hv.debugger.expressions import parse
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.views import TableView, TextView, View
from edu_hv.isa.codes import MASK_24, Class
from edu_hv.isa.errors import UserError

Answer = Callable[[DebugSession, list[str]], Sequence[View]]


@dataclass(frozen=True)
class Topic:
    """One thing to ask about; `line` is the command that shows it, where there is one."""

    summary: str
    answer: Answer
    line: str = ""


def _by(line: str) -> Answer:
    def answer(session: DebugSession, words: list[str]) -> Sequence[View]:
        return REGISTRY.execute(session, " ".join((line, *words)))

    return answer


def _registers(session: DebugSession, words: list[str]) -> Sequence[View]:
    """All of them, or those named."""
    for word in words:
        if register_number(word.lower()) is None:
            raise UserError(f'"{word[:40]}" is no register: info registers r5 cr0')
    return [valued(session, parse(f"${word.removeprefix('$')}")) for word in words] if words else [session.registers()]


def _symbols(session: DebugSession, words: list[str]) -> Sequence[View]:
    """Labels with their addresses; with a word, those that begin so."""
    assembly = session.guest.assembly
    if assembly is None:
        raise UserError(f"{session.guest.program.name} came on a deck without source: it has no symbols")
    begin = words[0].upper() if words else ""
    found = sorted((name, symbol) for name, symbol in assembly.symbols.items() if name.startswith(begin))
    if not found:
        raise UserError(f'no symbol begins with "{words[0][:40]}"')
    rows = tuple(
        (
            name,
            f"{symbol.value & MASK_24:06X}",
            f"{symbol.length}",
            f"{symbol.line}",
            "label" if symbol.label else "EQU",
        )
        for name, symbol in found
    )
    return [TableView(f"symbols of {assembly.name}", ("symbol", "value", "length", "line", "kind"), rows)]


def _line(session: DebugSession, words: list[str]) -> Sequence[View]:
    """The line of the source that made what is at an address."""
    at = _address(session, words)
    assembly = session.guest.assembly
    found = assembly.line_at(at) if assembly else None
    if found is None:
        raise UserError(f"no line of the source made what is at {at:06X}; disassemble shows it as instructions")
    return [TextView((f"{at:06X} is line {found.number}: {' '.join(found.source.split())}",))]


def _symbol(session: DebugSession, words: list[str]) -> Sequence[View]:
    at = _address(session, words)
    return [TextView((f"{at:06X} is {place_words(session, at) or 'at no label'}",))]


def _address(session: DebugSession, words: list[str]) -> int:
    return parse_address(session, words[0] if words else ".")


def _interruptions(session: DebugSession, words: list[str]) -> Sequence[View]:
    """Old and new PSWs in the guest's storage."""
    rows = tuple(
        (kind.value, *_placed_psw(session, kind.old_psw), *_placed_psw(session, kind.new_psw)) for kind in Class
    )
    columns = ("class", "old at", "old PSW", "new at", "new PSW")
    return [TableView(f"interruptions of {session.selected}", columns, rows)]


def _placed_psw(session: DebugSession, at: int) -> tuple[str, str]:
    return f"{at:02X}", session.guest_storage(at, 8).hex(" ", 4).upper()


def _display(session: DebugSession, words: list[str]) -> Sequence[View]:
    return [valued(session, each, how, number) for number, (how, each) in remembered(session).displayed.items()] or [
        TextView(("nothing is displayed at every stop; display/x $r5 begins it",))
    ]


TOPICS: dict[str, Topic] = {
    "all-registers": Topic(
        "general, control and floating-point registers", lambda s, w: [*_registers(s, []), *_all(s)]
    ),
    "breakpoints": Topic("breakpoints and how often each was met", _by("breakpoints"), "breakpoints"),
    "checkpoints": Topic("where the recording stands, and how long it is", _by("timeline"), "timeline"),
    "console": Topic("what is on the guest's console", _by("console"), "console"),
    "devices": Topic("the guest's devices, and what is behind them", _by("devices"), "devices"),
    "display": Topic("expressions that are shown at every stop", _display, "autodisplay"),
    "frame": Topic("where the session stands, and why it stopped", _by("status"), "status"),
    "guests": Topic("the guests: state, next instruction, traps", _by("guests"), "guests"),
    "interruptions": Topic("old and new PSW of each class of interruption", _interruptions),
    "line": Topic("the line of the source at an address: info line 200", _line),
    "log": Topic("the last entries of the journal", _by("log"), "log"),
    "program": Topic("where the session stands, and why it stopped", _by("status"), "status"),
    "psw": Topic("the PSW: guest, real, why", _by("psw"), "psw"),
    "registers": Topic("the registers; info registers r5 cr0 shows some", _registers, "registers"),
    "rules": Topic("how often each rule of CP fired", _by("counters"), "counters"),
    "signals": Topic("the same as interruptions", _interruptions),
    "source": Topic("the source around the next instruction", _by("list"), "list"),
    "symbol": Topic("the label at or before an address", _symbol),
    "symbols": Topic("the program's symbols; info symbols SV shows some", _symbols),
}
"""What info can be asked."""
_SHORT = {"b": "breakpoints", "r": "registers", "s": "frame", "f": "frame", "g": "guests", "d": "devices",
          "i": "interruptions", "threads": "guests", "inferiors": "guests", "variables": "symbols",
          "functions": "symbols"}  # fmt: skip


def _all(session: DebugSession) -> list[View]:
    return [valued(session, parse(f"$fpr{number}")) for number in (0, 2, 4, 6)]


def _parse_topic(session: DebugSession, text: str) -> str:
    """A topic, by any beginning of its name."""
    word = text.lower()
    if word in TOPICS or word in _SHORT:
        return _SHORT.get(word, word)
    found = [name for name in TOPICS if name.startswith(word)]
    if len(found) != 1:
        raise UserError(
            f'"{text[:40]}" is {"more than one" if found else "no"} topic of info: {", ".join(found or TOPICS)}'
        )
    return found[0]


def _topic_names(session: DebugSession) -> Iterable[str]:
    return [f"{name}\t{topic.summary}" for name, topic in TOPICS.items()]


def _word(session: DebugSession, text: str) -> str:
    return text


def _more(session: DebugSession, text: str) -> Iterable[str]:
    return places(session, text.rpartition(" ")[2])


@command(
    "info",
    Argument("TOPIC", _parse_topic, _topic_names, optional=True, kind="topic"),
    Argument("WORD", _word, many=True, kind="address or register", offer=_more),
    group="look",
    aliases=("i", "inf"),
    examples=(
        "info : what can be asked",
        "info registers : all registers; info registers r5 cr0 shows two",
        "info symbols S : the symbols that begin with S",
        "info line 200 : the line of the source that made what is at 200",
    ),
)
def info(session: DebugSession, topic: str | None, words: list[str]) -> Sequence[View]:
    """Look at something by its name in gdb: info registers, info psw, info breakpoints; alone it lists them all."""
    if topic is None:
        rows = tuple((name, each.summary, each.line or f"info {name}") for name, each in TOPICS.items())
        return [TableView("info TOPIC", ("topic", "shows", "the same as"), rows)]
    return TOPICS[topic].answer(session, words)
