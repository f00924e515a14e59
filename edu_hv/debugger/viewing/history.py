"""The log: entries of the journal in words."""

from typing import TYPE_CHECKING

from edu_hv.debugger import explain
from edu_hv.debugger.recording.journal import Entry, InputGiven, StatusStored
from edu_hv.debugger.views import Layer, LogEntry, LogView
from edu_hv.hypervisor.decisions import ConsoleLine
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

_CACHED = 2000


class LogWords:
    """Entries of the journal in words, kept by their place in it: a log is shown after every step."""

    def __init__(self) -> None:
        self._known: dict[int, LogEntry] = {}

    def forget(self, place: int) -> None:
        """The entries from a place on are no more."""
        self._known = {at: entry for at, entry in self._known.items() if at < place}

    def view(self, session: "DebugSession", count: int) -> LogView:
        """The last entries of the journal."""
        journal = session.journal
        if len(self._known) > _CACHED:
            self._known.clear()
        first = max(journal.count - count, 0)
        return LogView(tuple(self._entry(session, place) for place in range(first, journal.count)))

    def _entry(self, session: "DebugSession", place: int) -> LogEntry:
        known = self._known.get(place)
        if known is None:
            known = self._known[place] = in_words(session, session.journal.entry(place))
        return known


def in_words(session: "DebugSession", entry: Entry) -> LogEntry:
    """An entry of the journal: its step, whose doing it was, and words."""
    words = explain.entry_words(entry, session.assembly_of(entry.guest))
    return LogEntry(entry.step, layer_of(entry.event), words, entry.guest)


def layer_of(event: Event) -> Layer:
    """Whose doing an event is."""
    match event:
        case InterruptionRecognized() | ConsoleLine(cp=False):
            return Layer.GUEST
        case PSWsSwapped() | Waited() | StatusStored() | AssistHandled() | AssistDeclined():
            return Layer.HARDWARE
        case CCWExecuted() | IOStarted():
            return Layer.CHANNEL
        case InputGiven():
            return Layer.USER
        case _:
            return Layer.CP
