"""Setting and changing stops.  Nothing here is an input: stops are no part of the recording."""

from dataclasses import replace
from typing import TYPE_CHECKING

from edu_hv.debugger.expressions import Expression
from edu_hv.debugger.stops.stop import Breakpoint, Counted
from edu_hv.debugger.stops.what import AtAddress, What

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession


def set_stop(
    session: "DebugSession",
    what: What | None,
    condition: Expression | None = None,
    ignore: int = 0,
    temporary: bool = False,
) -> Breakpoint:
    """A new stop; without `what` at the next instruction."""
    new = session.breakpoints.put(what or here(session))
    new.condition, new.temporary = condition, temporary
    new.home, new.set_at = session.selected, session.step_number
    ignore_times(session, new, ignore)
    return new


def here(session: "DebugSession") -> AtAddress:
    """The next instruction of the selected guest."""
    at, assembly = session.guest_psw().instruction_address, session.guest.assembly
    return AtAddress.of(at, (assembly.label_at(at) or "") if assembly else "")


def ignore_times(session: "DebugSession", stop: Breakpoint, times: int) -> None:
    """The next so many times that a stop is met behind the present position do not stop."""
    stop.ignore = times
    stop.history, stop.since = session.recording.history, session.recording.unit


def set_condition(stop: Breakpoint, condition: Expression | None) -> None:
    """Stop only where an expression is true; None: everywhere.  How often it was met is counted anew."""
    stop.condition, stop.counted = condition, Counted()


def without_state(stop: Breakpoint) -> Breakpoint:
    """A copy of a stop that nothing is known of yet."""
    return replace(stop, counted=Counted())
