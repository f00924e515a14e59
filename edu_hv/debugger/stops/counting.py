"""How often a stop was met up to a position, and which of the times it is met are ignored."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from edu_hv.debugger.recording.search import never, positions
from edu_hv.debugger.stops.probe import Ignored, Looked, StopsProbe
from edu_hv.debugger.stops.stop import Breakpoint
from edu_hv.debugger.stops.what import OnEvent

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession

ALL = 1 << 62
FARTHEST = 1_000_000
"""Units that are executed again one by one for a log; what is before them is not looked at."""
COUNTED = 50_000
"""Units that are executed again to count: each of them may be a hit.  Farther off it is not known."""


def met(
    session: "DebugSession", stop: Breakpoint, start: int, end: int, stopped: Callable[[], bool] = never
) -> list[int]:
    """Positions behind `start`, up to `end`, at which a stop is met, whoever is pinned."""
    if end <= start:
        return []
    with session.everybody():
        if isinstance(stop.what, OnEvent) and stop.condition is None:
            return _in_journal(session, stop.what, start, end)
        probe = StopsProbe(session, [Looked(stop.what.seer(session), stop)])
        with probe.installed():
            return positions(session.recording, probe, ALL, end, start, stopped)


def _in_journal(session: "DebugSession", what: OnEvent, start: int, end: int) -> list[int]:
    journal = session.journal
    places = range(journal.place_at(start + 1), journal.place_at(end + 1))
    found = (place for place in journal.matching(places, what.may_be) if what.is_at(journal, place))
    return list(dict.fromkeys(journal.entry(place).unit for place in found))


def ignored(session: "DebugSession", stop: Breakpoint) -> Ignored:
    """What a stop ignores, as far as it is known at the present position."""
    recording = session.recording
    since = stop.since if stop.history is recording.history else recording.start
    known = met(session, stop, since, recording.unit, lambda: session.interrupted)[: stop.ignore]
    return Ignored(since, stop.ignore, known)


def hits(session: "DebugSession", stop: Breakpoint) -> int | None:
    """How often a stop was met from the start of the recording to the present position.

    None where that would take too long to find out, or somebody stopped it (`interrupt`).
    """
    counted, recording = stop.counted, session.recording
    if counted.history is not recording.history:
        counted.history, counted.unit, counted.hits = recording.history, recording.start, 0
    first, last = sorted((counted.unit, recording.unit))
    if last - first > COUNTED and not (isinstance(stop.what, OnEvent) and stop.condition is None):
        return None
    change = len(met(session, stop, first, last, lambda: session.interrupted))
    if session.interrupted:
        return None
    counted.hits += change if recording.unit >= counted.unit else -change
    counted.unit = recording.unit
    return counted.hits


def counted_to(session: "DebugSession", looked: list[Looked], start: int) -> None:
    """A run has come from `start` to the present position: what its stops met on the way needs no search."""
    recording = session.recording
    for each in looked:
        if each.stop is None:
            continue
        counted = each.stop.counted
        if counted.history is not recording.history and start == recording.start:
            counted.history, counted.unit, counted.hits = recording.history, start, 0
        if counted.history is recording.history and counted.unit == start and session.follow:
            counted.unit, counted.hits = recording.unit, counted.hits + each.met
