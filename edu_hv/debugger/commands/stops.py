"""Commands that manage stops: conditions, counts, commands, sets of them; and the watch log."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from edu_hv.debugger.commands.arguments import breakpoint_numbers, parse_number, parse_word, short
from edu_hv.debugger.commands.registry import REGISTRY, Argument, command, split
from edu_hv.debugger.commands.stop_operands import (
    Request,
    offer_break,
    offer_watch,
    parse_break,
    parse_condition,
    parse_watch,
)
from edu_hv.debugger.expressions import Expression
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.stops.events import KINDS
from edu_hv.debugger.stops.setting import ignore_times, set_condition
from edu_hv.debugger.stops.stop import Breakpoint
from edu_hv.debugger.stops.watchlog import WatchLogView, watch_log
from edu_hv.debugger.views import BreakpointsView, StopView, TextView, View
from edu_hv.isa.errors import UserError

_MOST_ROUNDS = 1000
"""Stops whose commands let the run go on, before somebody is asked."""
_LOGGED = 20


def _parse_stop(session: DebugSession, text: str) -> int:
    """The number of a stop; "last" is the one set last."""
    if text.lower() == "last":
        if not session.breakpoints.by_number:
            raise UserError("there is no breakpoint; none is set")
        return max(session.breakpoints.by_number)
    return parse_number(session, text)


def _parse_stops(session: DebugSession, text: str) -> list[int]:
    """The number of a stop, or all of them."""
    if text.lower() == "all":
        return list(session.breakpoints.by_number)
    number = _parse_stop(session, text)
    session.breakpoints.get(number)
    return [number]


def _numbers(session: DebugSession) -> Iterable[str]:
    return [*breakpoint_numbers(session), "last\tthe one set last"]


def _numbers_or_all(session: DebugSession) -> Iterable[str]:
    return [*_numbers(session), "all\tall of them"]


_ONE = Argument("NUMBER", _parse_stop, _numbers, kind="number of a stop")
_SOME = Argument("NUMBER", _parse_stops, _numbers_or_all, kind="number of a stop")


# ---- one stop, or all ------------------------------------------------------------------------------------------------


@command(
    "delete",
    _SOME,
    group="breakpoints",
    aliases=("del",),
    examples=("delete 2 : take breakpoint 2 away; delete all takes all", "delete last : the one set last"),
)
def delete(session: DebugSession, numbers: list[int]) -> BreakpointsView:
    """Take breakpoint or watchpoint NUMBER away; "all" takes all of them."""
    for number in numbers:
        session.breakpoints.delete(number)
    return session.breakpoint_list()


@command(
    "enable",
    _SOME,
    group="breakpoints",
    examples=("enable 2 : breakpoint 2 stops runs again", "enable all : all of them do"),
)
def enable(session: DebugSession, numbers: list[int]) -> BreakpointsView:
    """Have breakpoint NUMBER stop runs again."""
    return _set_enabled(session, numbers, True)


@command(
    "disable",
    _SOME,
    group="breakpoints",
    examples=("disable 2 : breakpoint 2 stops nothing until enable 2", "disable all : none does"),
)
def disable(session: DebugSession, numbers: list[int]) -> BreakpointsView:
    """Keep breakpoint NUMBER, but have it stop nothing; it is counted nevertheless."""
    return _set_enabled(session, numbers, False)


def _set_enabled(session: DebugSession, numbers: list[int], on: bool) -> BreakpointsView:
    for number in numbers:
        session.breakpoints.get(number).enabled = on
    return session.breakpoint_list()


def _times(session: DebugSession, text: str) -> int:
    return 0 if text == "0" else parse_number(session, text)


@command(
    "ignore",
    _ONE,
    Argument("COUNT", _times, None, True, 1, kind="count"),
    group="breakpoints",
    aliases=("skip",),
    examples=("ignore 2 5 : the next five times that breakpoint 2 is met do not stop",
              "skip last : the next time that the one set last is met",
              "ignore last 0 : every time stops again"),
)  # fmt: skip
def ignore(session: DebugSession, number: int, times: int) -> BreakpointsView:
    """The next COUNT times that breakpoint NUMBER is met do not stop, counted from the present position on.

    It is about these places of the recording: going back and forth over them stops at none of them, either way.
    """
    ignore_times(session, session.breakpoints.get(number), times)
    return session.breakpoint_list()


def _parse_condition(session: DebugSession, text: str) -> tuple[int, Expression | None]:
    word, _, rest = text.strip().partition(" ")
    number = _parse_stop(session, word)
    session.breakpoints.get(number)
    return number, parse_condition(rest) if rest.strip() else None


@command(
    "condition",
    Argument("NUMBER [EXPRESSION]", _parse_condition, _numbers, rest=True, kind="condition"),
    group="breakpoints",
    examples=("condition 2 R5 == 1F : breakpoint 2 stops only where register 5 is 1F",
              "condition last : the one set last stops everywhere again"),
)  # fmt: skip
def condition(session: DebugSession, given: tuple[int, Expression | None]) -> BreakpointsView:
    """Have breakpoint NUMBER stop only where EXPRESSION is true of the guest concerned; without it, everywhere.

    Where the expression has no value, the run stops and says so.
    """
    number, expression = given
    set_condition(session.breakpoints.get(number), expression)
    return session.breakpoint_list()


@command(
    "commands",
    _ONE,
    Argument("COMMAND", parse_word, many=True, kind="command line"),
    group="breakpoints",
    examples=(
        'commands 2 "xray" "print R5" : at breakpoint 2, show these',
        'commands 2 "print R5" run : show register 5 each time, and go on',
        "commands last : nothing any more",
    ),
)
def attach_commands(session: DebugSession, number: int, lines: list[str]) -> BreakpointsView:
    """Carry command lines out whenever breakpoint NUMBER has stopped a run; quotation marks keep a line together.

    One that runs or runs back lets the run go on; what is behind it is left out.
    """
    for line in lines:
        REGISTRY.find(line.split()[0] if line.split() else "")
    session.breakpoints.get(number).commands = tuple(lines)
    return session.breakpoint_list()


@command(
    "breakpoints",
    group="breakpoints",
    examples=("breakpoints : all that stops runs, and how often each was met up to here",),
)
def breakpoints(session: DebugSession) -> BreakpointsView:
    """All breakpoints and watchpoints, and how often each was met from the start of the recording to here."""
    return session.breakpoint_list()


# ---- sets ------------------------------------------------------------------------------------------------------------

_PARTS = ("save", "load", "list", "commands")


def _parse_part(session: DebugSession, text: str) -> str:
    found = [part for part in _PARTS if part.startswith(text.lower())]
    if len(found) != 1:
        raise UserError(f'"{short(text)}" is none of {", ".join(_PARTS)}')
    return found[0]


def _saved(session: DebugSession) -> Iterable[str]:
    return [f"{name}\t{len(lines)} command lines" for name, lines in session.breakpoints.saved.items()]


@command(
    "stops",
    Argument("WHAT", _parse_part, lambda session: _PARTS, optional=True, default="list", kind="choice"),
    Argument("NAME", parse_word, _saved, optional=True, kind="name"),
    group="breakpoints",
    examples=(
        "stops save io : keep all stops under the name io",
        "stops load io : put those in the place of the ones that are set",
        "stops list : the sets there are",
        "stops commands : the command lines that set again what is set",
    ),
)
def stops(session: DebugSession, part: str, name: str | None) -> Sequence[View]:
    """Keep sets of breakpoints and watchpoints under names, for as long as the session lasts, and take them back."""
    if part in ("save", "load") and name is None:
        raise UserError(f"stops {part} needs a name: stops {part} io")
    if part in ("list", "commands") and name is not None:
        raise UserError(f'stops {part} does not take "{short(name)}"')
    return _STOPS[part](session, name or "")


def _save(session: DebugSession, name: str) -> Sequence[View]:
    lines = session.breakpoints.lines()
    session.breakpoints.saved[name] = tuple(lines)
    return [
        TextView((f"{_number_of(session.breakpoints.by_number)} kept as {name}; stops load {name} sets them again",))
    ]


def _load(session: DebugSession, name: str) -> Sequence[View]:
    saved = session.breakpoints.saved
    if name not in saved:
        known = f"there are: {', '.join(saved)}" if saved else "none was saved"
        raise UserError(f'no stops were saved as "{short(name)}"; {known}')
    kept, line = dict(session.breakpoints.by_number), ""
    session.breakpoints.by_number.clear()
    try:
        for line in saved[name]:
            REGISTRY.execute(session, line)
    except UserError as error:
        session.breakpoints.by_number = kept
        raise UserError(f'stops load {name}: "{short(line)}" cannot be done here: {error}') from None
    return [session.breakpoint_list()]


def _list(session: DebugSession, name: str) -> Sequence[View]:
    saved = session.breakpoints.saved
    lines = tuple(f"{each}: {', '.join(lines) or 'no stops'}" for each, lines in saved.items())
    return [TextView(lines or ("no stops were saved; stops save NAME keeps those that are set",))]


def _commands(session: DebugSession, name: str) -> Sequence[View]:
    lines = session.breakpoints.lines()
    return [TextView(tuple(lines) or ("no breakpoints",))]


def _number_of(stops: dict[int, Breakpoint]) -> str:
    return "1 stop is" if len(stops) == 1 else f"{len(stops)} stops are"


_STOPS: dict[str, Callable[[DebugSession, str], Sequence[View]]] = {
    "save": _save, "load": _load, "list": _list, "commands": _commands,
}  # fmt: skip


# ---- the watch log ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _LogRequest:
    """What a line of watchlog asks for."""

    logged: Request | None = None
    deleted: tuple[int, ...] = ()
    count: int = _LOGGED


_AS_BREAK = (*KINDS, "privileged", "privilege", "when", "if")


def _parse_log(session: DebugSession, text: str) -> _LogRequest:
    words = split(text)
    match words[:1]:
        case ["show"]:
            return _LogRequest(count=parse_number(session, words[1]) if len(words) == 2 else _only("show", words, 1))
        case ["delete"]:
            return _LogRequest(deleted=_logs(session, words))
        case ["at"]:
            return _LogRequest(_logged(parse_break(session, f"   {text[text.index('at') + 2 :]}")))
        case [word] if word in _AS_BREAK:
            return _LogRequest(_logged(parse_break(session, text)))
    return _LogRequest(_logged(parse_watch(session, text)))


def _only(verb: str, words: list[str], most: int) -> int:
    if len(words) > most:
        raise UserError(f'watchlog {verb} does not take "{short(words[most])}"')
    return _LOGGED


def _logged(request: Request) -> Request:
    if request.what is None:
        raise UserError("watchlog at needs an address: watchlog at LOOP")
    if request.ignore or request.temporary:
        raise UserError("a log stops nothing: it takes no count and is not temporary")
    return request


def _logs(session: DebugSession, words: list[str]) -> tuple[int, ...]:
    if len(words) != 2:
        raise UserError("watchlog delete takes a number, or all: watchlog delete 1")
    if words[1] == "all":
        return tuple(session.logged)
    number = parse_number(session, words[1])
    if number not in session.logged:
        known = ", ".join(map(str, session.logged)) or "none"
        raise UserError(f"there is no log {number}; there is {known}")
    return (number,)


def _offer_log(session: DebugSession, text: str) -> Iterable[str]:
    words = text.split()
    if len(words) < 2 and not text.endswith(" "):
        own = ("show\tthe last times: show 100", "delete\ta log by its number, or all", "at\tan instruction: at LOOP")
        return [*own, *offer_watch(session, text), *(f"{word}\t{kind.summary}" for word, kind in KINDS.items())]
    if words[0] == "delete":
        return [*(f"{number}\t{stop.what.words}" for number, stop in session.logged.items()), "all"]
    return offer_break(session, text) if words[0] in _AS_BREAK else offer_watch(session, text)


@command(
    "watchlog",
    Argument("WHAT", _parse_log, None, True, _LogRequest(), rest=True, kind="watched", offer=_offer_log),
    group="breakpoints",
    aliases=("wl",),
    examples=(
        "watchlog R5 : log every write of register 5, without stopping, and show the last ones",
        "watchlog 2000.8 changes : every change of eight bytes",
        "watchlog at LOOP if R5 > 10 : every time that LOOP is come to with more than 10 in register 5",
        "watchlog svc 5 : every SVC 5; what break takes, of what happens",
        "watchlog show 200 : the last 200 times of all that is logged, in the whole recording",
        "watchlog delete 1 : log that no more; all: nothing",
    ),
)
def watchlog(session: DebugSession, asked: _LogRequest) -> WatchLogView:
    """Log without stopping: step, who did it, the instruction, and the old and new value, each time something is met.

    The operands are those of watch, or of break for what happens.  Alone it shows the last ones.  The recording is
    searched when the log is shown, past and known future, so nothing is missing whenever it was set; of what the engine
    cannot help with, such as registers, the last million of units are looked at.
    """
    for number in asked.deleted:
        del session.logged[number]
    request = asked.logged
    if request is not None and request.what is not None:
        number = max(session.logged, default=0) + 1
        new = Breakpoint(number, request.what, session.selected, request.condition)
        session.logged[number] = new
    return watch_log(session, asked.count)


# ---- commands of a stop ----------------------------------------------------------------------------------------------


def _carry_out(context: Any, line: str, views: Sequence[View]) -> Iterable[View]:
    """What the commands of the stops show at which a run has stopped; those that run go on to the next stop."""
    session = getattr(context, "session", context)
    if not isinstance(session, DebugSession) or not session.arrived:
        return []
    if not any(isinstance(view, StopView) and view.reason == session.stop_reason for view in views):
        return []
    if session.carrying_out:
        return []  # The commands of a stop have run to another one: they see to it themselves.
    session.carrying_out = True
    try:
        return list(_rounds(context, session))
    finally:
        session.carrying_out = False
        session.arrived = []


def _rounds(context: Any, session: DebugSession) -> Iterable[View]:
    for _ in range(_MOST_ROUNDS):
        lines, session.arrived = session.arrived, []
        for line in lines:
            shown = REGISTRY.execute(context, line)
            ran = any(isinstance(view, StopView) for view in shown)
            # One that has run to a stop with commands, too, is not worth a word of its own.
            yield from (view for view in shown if not (session.arrived and isinstance(view, StopView)))
            if ran:
                break
        if not session.arrived:
            return
    yield TextView((f"commands of stops have let the run go on {_MOST_ROUNDS:,} times; run goes on",))


REGISTRY.after.append(_carry_out)
