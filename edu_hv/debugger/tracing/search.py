"""Finding events of the recording, in the past and in the known future, and listing them."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from edu_hv.debugger.explain import arrival_words, entry_words
from edu_hv.debugger.recording.journal import Entry
from edu_hv.debugger.tracing.filters import Filter, parse_filter
from edu_hv.debugger.tracing.views import TraceView
from edu_hv.debugger.viewing.history import in_words
from edu_hv.isa.errors import UserError
from edu_hv.machine.events import InterruptionRecognized

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession

PAGE = 20
"""Events that a list shows unless more are asked for."""


@dataclass
class Listed:
    """A list that was shown: it goes on before its first event."""

    filter: Filter
    places: range
    """Where the events were looked for,"""
    steps: tuple[int, int]
    """which is in these steps."""
    first: int
    """The place of the first that was shown."""
    count: int


@dataclass
class Tracing:
    """What a session remembers of its searches and exports."""

    sought: str = ""
    """The words of the last search."""
    listed: Listed | None = None
    exported: set[Path] = field(default_factory=set)
    """Files that were written with a trace."""

    def find(self, session: "DebugSession", words: str, backwards: bool) -> Entry:
        """The next event that the words describe, behind or before the present position; "" repeats the last search.

        Raises UserError when there is none.
        """
        words = words.strip() or self.sought
        if not words:
            raise UserError("find needs to know what: find svc 5, find PRV-2, find console HELLO")
        wanted, journal, unit = parse_filter(session, words), session.journal, session.recording.unit
        before, after = range(journal.place_at(unit) - 1, -1, -1), range(journal.place_at(unit + 1), journal.known)
        place = next(journal.matching(before if backwards else after, wanted.matches), None)
        self.sought = words
        if place is None:
            raise UserError(_nothing_words(session, words, backwards))
        return journal.entry(place)


def _nothing_words(session: "DebugSession", words: str, backwards: bool) -> str:
    if backwards:
        return f"nothing before step {session.step_number} matches: {words}"
    return f"nothing after step {session.step_number} matches: {words}; what is recorded ends at step {session.total}"


def found_words(session: "DebugSession", entry: Entry) -> str:
    """What a search has found, as the reason of a stop."""
    assembly = session.assembly_of(entry.guest)
    if isinstance(entry.event, InterruptionRecognized):
        return arrival_words(entry, assembly)
    return f"found: {entry_words(entry, assembly)}"


def trace(
    session: "DebugSession", words: str = "", steps: tuple[int, int] | None = None, count: int = PAGE
) -> TraceView:
    """The last `count` events that the words describe: up to the present position, or in some steps."""
    wanted, journal = parse_filter(session, words), session.journal
    places = range(journal.count) if steps is None else journal.places(*steps)
    steps = steps or (0, session.step_number)
    session.tracing.listed = Listed(wanted, places, steps, places.stop, count)
    return trace_before(session)


def trace_before(session: "DebugSession") -> TraceView:
    """The events before those of the list that was shown last.  Raises UserError when there are none."""
    listed, journal = session.tracing.listed, session.journal
    if listed is None or listed.places.stop > journal.known:
        raise UserError("there is no list that could go on; trace shows the last events")
    found = list(journal.matching(listed.places, listed.filter.matches))
    end = next((n for n, place in enumerate(found) if place >= listed.first), len(found))
    shown = found[max(end - listed.count, 0) : end]
    listed.first = shown[0] if shown else listed.places.start
    entries = tuple(in_words(session, journal.entry(place)) for place in shown)
    everything = range(listed.places.stop, journal.known)
    later = sum(1 for _ in journal.matching(everything, listed.filter.matches))
    before, after = max(end - listed.count, 0), len(found) - end + later
    return TraceView(listed.filter.words, entries, *listed.steps, before, after, session.step_number)
