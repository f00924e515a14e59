"""Which command lines a file may bring along: those that set stops, and what only looks or runs the machine.

A recording may come from a stranger.  Nothing of it writes a file, loads anything or types at a machine.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from edu_hv.debugger.files.kept import KeptStop
from edu_hv.debugger.stops.stop import Breakpoint
from edu_hv.debugger.stops.what import AtAddress
from edu_hv.isa.errors import UserError

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession

_SETTING = frozenset(["break", "tbreak", "watch", "rwatch", "awatch", "disable"])
_LOOKING = "look"
_NOT_LOOKING = frozenset(["export", "follow", "unfollow", "jump", "unjump"])
"""Commands of that group that do more than look."""
_RUNNING = frozenset(["run", "runback", "step", "back", "stage", "unstage", "over", "unover", "out", "unout", "trap",
                      "untrap", "decision", "undecision", "output", "unoutput", "xnext", "xback"])  # fmt: skip
_Put = Callable[["DebugSession", KeptStop], None]
LONGEST = 1000
"""Letters of a command line of a file."""


def can_be_kept(line: str) -> bool:
    """Whether a command line sets a stop, and its commands only look and run."""
    from edu_hv.debugger.commands.registry import split

    word = line.partition(" ")[0]
    if word in _SETTING:
        return len(line) <= LONGEST
    try:
        words = split(line)
    except UserError:
        return False
    return word == "commands" and len(line) <= LONGEST and all(map(_only_looks, words[2:]))


def _only_looks(line: str) -> bool:
    from edu_hv.debugger.commands.registry import REGISTRY

    try:
        found = REGISTRY.of_line(line) if line.strip() else None
    except UserError:
        return False
    if found is None:
        return False
    return found.name in _RUNNING or (found.group == _LOOKING and found.name not in _NOT_LOOKING)


def log_operands(stop: Breakpoint) -> str:
    """The operands of watchlog that log what a stop is set on."""
    what = stop.what
    rest = what.line.partition(" ")[2]
    words = [f"at {rest}" if isinstance(what, AtAddress) else rest]
    if what.guest and what.guest != "bare":
        words.append(f"of {what.guest}")
    if stop.condition is not None:
        words.append(f"if {stop.condition.text}")
    return " ".join(words)


def set_again(session: "DebugSession", stops: list[KeptStop], logs: list[KeptStop]) -> list[str]:
    """Set the stops and logs of a file; what to say of those that cannot be set here."""
    said = []
    for one in stops:
        said += _carefully(session, one, _set)
    for one in logs:
        said += _carefully(session, one, _log)
    return said


def _carefully(session: "DebugSession", stop: KeptStop, put: _Put) -> list[str]:
    names = [guest.name for guest in session.system.guests]
    try:
        with session.looking_at(stop.home if stop.home in names else session.pinned):
            put(session, stop)
    except UserError as error:
        return [f'"{stop.lines[0]}" cannot be set here: {error}']
    return []


def _set(session: "DebugSession", stop: KeptStop) -> None:
    from edu_hv.debugger.commands.registry import REGISTRY

    before = set(session.breakpoints.by_number)
    for line in stop.lines:
        REGISTRY.execute(session, line)
    for number in session.breakpoints.by_number.keys() - before:
        new = session.breakpoints.by_number[number]
        new.since = stop.since
        history = session.recording.history
        every = {history.name: history, **session.recording.branches}
        new.history = every.get(stop.branch)


def _log(session: "DebugSession", stop: KeptStop) -> None:
    from edu_hv.debugger.commands.registry import REGISTRY

    request = REGISTRY.find("watchlog").arguments[0].parse(session, stop.lines[0]).logged
    if request is None or request.what is None:
        raise UserError("it logs nothing")
    number = max(session.logged, default=0) + 1
    session.logged[number] = Breakpoint(number, request.what, session.selected, request.condition)
