"""A recording as one saw it: each input, what consoles showed behind it, the marks and the stops, in their order."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edu_hv.debugger.recording.journal import InputGiven
from edu_hv.debugger.recording.search import positions
from edu_hv.debugger.stops.counting import FARTHEST
from edu_hv.debugger.stops.probe import Found, Looked, StopsProbe
from edu_hv.debugger.stops.seeing import Unit
from edu_hv.debugger.system import Input, System
from edu_hv.debugger.views import StopView, View
from edu_hv.hypervisor.decisions import ConsoleLine
from edu_hv.isa.errors import UserError

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession

_MOST_STOPS = 200
"""Times that stops are met which are shown."""
INPUT, CONSOLE, MARK, STOP = "input", "console", "mark", "stop"


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that a person would have seen or done."""

    unit: int
    """The position at which it had happened."""
    step: int
    kind: str
    """INPUT, CONSOLE, MARK or STOP."""
    guest: str
    """Whose, "" for the machine."""
    words: str


@dataclass(frozen=True, slots=True)
class ReplayView(View):
    """What happened between two steps of a branch, as a person would have seen it."""

    branch: str
    first: int
    last: int
    total: int
    moments: tuple[Moment, ...]


def replay(session: "DebugSession", unit: int) -> tuple[ReplayView, StopView]:
    """Go from where one is, which is an earlier position, to a later one of the recording; what is seen on the way."""
    recording = session.recording
    here = recording.unit
    first, last = recording.step_at(here), recording.step_at(unit)
    moments = tuple(each for each in _moments(session, here) if here < each.unit <= unit)
    view = ReplayView(recording.branch, first, last, recording.total, moments)
    session.begin_search()
    return view, session._at(unit, f"replayed to step {last}")


def next_input(session: "DebugSession") -> int:
    """The position behind the next input of the branch, or its end.  Raises UserError at the end."""
    recording = session.recording
    if recording.unit >= recording.end:
        raise UserError("this is the end of the recording: replay plays all of it from the start")
    return min(recording.journal.next_input(recording.unit) + 1, recording.end)


def previous_input(session: "DebugSession") -> int:
    """The position before the last input behind one, or the start.  Raises UserError at the start."""
    recording = session.recording
    if recording.unit <= recording.start:
        raise UserError("this is the start of the recording")
    return max((unit for unit in recording.journal.inputs if unit < recording.unit), default=recording.start)


def _moments(session: "DebugSession", start: int) -> list[Moment]:
    """In order; a stop stands behind what led to it."""
    order = {INPUT: 0, CONSOLE: 1, STOP: 2, MARK: 3}
    found = [*_of_journal(session), *_marks(session), *_stops(session, start)]
    return sorted(found, key=lambda moment: (moment.unit, order[moment.kind]))


def _of_journal(session: "DebugSession") -> Iterator[Moment]:
    journal = session.journal
    for place in journal.matching(range(journal.known), lambda event, _: isinstance(event, InputGiven | ConsoleLine)):
        entry = journal.entry(place)
        event = entry.event
        if isinstance(event, InputGiven):
            answer = "".join(f"\n{line}" for line in event.answer)
            yield Moment(entry.unit, entry.step, INPUT, entry.guest, f"{input_words(event.input)}{answer}")
        elif isinstance(event, ConsoleLine):
            yield Moment(entry.unit, entry.step, CONSOLE, event.userid or entry.guest, event.text)


_WORDS = {
    "enter": 'entered "{text}"', "cp": "gave CP the command {text}", "logon": "logged on: {text}",
    "deck": "put the deck {text} into the reader", "key": "pressed the INTERRUPT key",
    "mount": "mounted the tape {text}",
    "medium": "put {text} on {device:03X}", "request": "pressed REQUEST", "restart": "pressed RESTART",
    "store status": "pressed STORE STATUS", "failure": "let fail: {text}", "terminal": "terminal {device:03X}: {text}",
    "alter": "changed {text}",
}  # fmt: skip


def input_words(given: Input) -> str:
    """What somebody did, in words; of a logon without the password."""
    text = given.text.partition("\n")[0]
    if given.kind == "logon":
        text = text.split()[0] if text.split() else ""
    if given.kind == "terminal" and not text:
        text = f"{len(given.data)} bytes sent" if given.data else "came"
    return _WORDS.get(given.kind, "{kind} {text}").format(kind=given.kind, text=text, device=given.device)


def _marks(session: "DebugSession") -> Iterator[Moment]:
    recording = session.recording
    for name, unit in sorted(recording.history.named.items()):
        yield Moment(unit, recording.step_at(unit), MARK, "", name)


def _stops(session: "DebugSession", start: int) -> list[Moment]:
    """Where the stops that are enabled are met: found by executing the recording again."""
    recording, stops = session.recording, session.breakpoints.enabled
    if not stops:
        return []
    probe = StopsProbe(session, [Looked(stop.what.seer(session), stop) for stop in stops])
    found: list[Moment] = []

    def note(system: System, unit: Unit, met: list[Found]) -> None:
        for each in met:
            if each.looked.stop is not None:
                guest = unit.about[0] if unit.about else each.hit.guest
                at = recording.unit
                found.append(Moment(at, recording.step_at(at), STOP, guest, each.looked.stop.words))

    probe.on_found = note
    first = start if probe.engine else max(start, recording.end - FARTHEST)
    with session.everybody(), probe.installed():
        known = positions(recording, probe, _MOST_STOPS, recording.end, first, lambda: session.interrupted)
    return [moment for moment in found if moment.unit in set(known)]
