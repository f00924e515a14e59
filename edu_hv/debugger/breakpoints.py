"""Breakpoints and what a run can go to: see `stops`, where they are made."""

from edu_hv.debugger.stops.kinds import StopAt
from edu_hv.debugger.stops.stop import Breakpoint, Breakpoints

__all__ = ["Breakpoint", "Breakpoints", "StopAt"]
