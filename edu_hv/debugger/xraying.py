"""The x-ray as a granularity of stepping of its own: from the first stage of a trap to its last, then to the next one.

Forwards and backwards it stops at the same positions: each at which a stage of a trap has just been done.  Instructions
between two traps are passed over.
"""

from typing import TYPE_CHECKING

from edu_hv.debugger.breakpoints import StopAt
from edu_hv.debugger.recording.journal import Entry
from edu_hv.debugger.viewing.trap import concerns
from edu_hv.debugger.views import StopView
from edu_hv.machine.events import InterruptionRecognized

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession


def forwards(session: "DebugSession") -> StopView:
    """The next stage of the trap under way; outside one, run to the first stage of the next trap."""
    trap = _last(session)
    if session.in_step and trap is not None and trap.step == session.step_number:
        return session.stage()
    return session.run(StopAt.TRAP)


def backwards(session: "DebugSession") -> StopView:
    """The stage before; before the first one, and outside a trap, go back to the last stage of the trap before."""
    recording = session.recording
    trap = _last(session)
    if trap is not None and trap.step == session.step_number and recording.unit > trap.unit:
        return session.unstage()
    before = _last(session, trap.unit if trap is not None and trap.unit == recording.unit else None)
    if before is None:
        return session.run_back(StopAt.TRAP)
    end = recording.boundaries[before.step]
    return session._at(end, "back at the last stage of the trap before")


def _last(session: "DebugSession", before: int | None = None) -> Entry | None:
    """The last trap up to the present position, or before one; with a guest selected by hand, of his."""
    return session.journal.last_where(
        lambda entry: isinstance(entry.event, InterruptionRecognized) and concerns(session, entry), before
    )
