"""Views of the recording as a whole.  Their texts are in `text.tracing`."""

from dataclasses import dataclass

from edu_hv.debugger.views import LogEntry, View


@dataclass(frozen=True, slots=True)
class TraceView(View):
    """Events of the recording, oldest first, and how many more match."""

    filter: str
    """The words they were asked for by; "" for all events."""
    entries: tuple[LogEntry, ...]
    first: int
    """First and last step that were looked at."""
    last: int
    before: int
    """So many more match before the first of them,"""
    after: int
    """and behind the last, the known future included."""
    step: int
    """Where the session stands."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Steps in a row that are of the same kind."""

    first: int
    last: int
    mark: str
    """As in the timeline."""
    words: str


@dataclass(frozen=True, slots=True)
class StretchesView(View):
    """The recording, or a part of it, as stretches in words."""

    first: int
    last: int
    step: int
    total: int
    bucket: int
    """So many steps were looked at together; 1 where every step is told exactly."""
    stretches: tuple[Stretch, ...]
