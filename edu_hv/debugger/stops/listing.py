"""All stops of a session, as a view."""

from typing import TYPE_CHECKING

from edu_hv.debugger.stops.counting import hits
from edu_hv.debugger.stops.stop import Breakpoint
from edu_hv.debugger.views import BreakpointsView, BreakpointView

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession


def stop_list(session: "DebugSession") -> BreakpointsView:
    """All breakpoints and watchpoints by number, and how often each was met up to here."""
    session.begin_search()
    stops = sorted(session.breakpoints.by_number.values(), key=lambda stop: stop.number)
    return BreakpointsView(tuple(_view(session, stop) for stop in stops))


def _view(session: "DebugSession", stop: Breakpoint) -> BreakpointView:
    return BreakpointView(
        stop.number,
        stop.address,
        stop.label,
        hits(session, stop) if session.loaded else 0,
        stop.what.kind,
        stop.what.words,
        stop.enabled,
        stop.condition.text if stop.condition else "",
        tuple(_options(session, stop)),
        stop.commands,
        stop.set_at,
    )


def _options(session: "DebugSession", stop: Breakpoint) -> list[str]:
    found = [f"of {stop.what.guest}"] if stop.what.guest and stop.address is not None else []
    if stop.ignore:
        times = "once" if stop.ignore == 1 else f"{stop.ignore:,} times"
        found.append(f"ignored {times} behind step {_since(session, stop):,}")
    return [*found, "temporary"] if stop.temporary else found


def _since(session: "DebugSession", stop: Breakpoint) -> int:
    """The step behind which it is ignored."""
    if not session.loaded or stop.history is not session.recording.history:
        return 0
    return session.recording.boundaries.last_at(stop.since)
