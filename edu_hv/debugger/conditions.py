"""Python functions as what a run goes to: run on until one is true of the session, or back to where it was."""

from collections.abc import Callable, Set
from typing import TYPE_CHECKING

from edu_hv.debugger.stops.seeing import EVERYBODY, NOWHERE, Hit, Seer, Unit
from edu_hv.isa.errors import UserError

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession
    from edu_hv.debugger.system import System

Condition = Callable[["DebugSession"], object]
"""Asked of the session at a position; what it answers is taken as true or false."""


class ConditionSeer(Seer):
    """Sees that a function is true of a session, at the ends of steps, or also at each stage inside traps.

    With addresses it is asked only where one of those instructions is next, and the engine may execute what is between.
    """

    def __init__(self, session: "DebugSession", condition: Condition, addresses: Set[int], stages: bool) -> None:
        self._session, self._condition, self._stages = session, condition, stages
        self.addresses = frozenset(addresses) or NOWHERE
        self.compiled = bool(addresses)

    def saw(self, system: "System", unit: Unit) -> Hit | None:
        """Whether the function is true here."""
        session, here = self._session, system.machine.units
        if session.in_step and not self._stages:
            return None
        if self.addresses and not self._about_to_execute(system):
            return None
        # A search backwards executes again without the journal: what the function reads there must be of this moment.
        session.journal.went_to(here)
        found = bool(self._condition(session))
        if system.machine.units != here:
            raise UserError("a condition may only look: this one has moved the session, or given it an input")
        return Hit(EVERYBODY) if found else None

    def _about_to_execute(self, system: "System") -> bool:
        about = system.about_to_execute()
        return about is not None and about[1] in self.addresses
