"""Kinds of places that have a verb of their own: the next trap, decision of CP, or console output."""

from enum import Enum

from edu_hv.hypervisor.decisions import ConsoleLine, DecisionTaken
from edu_hv.machine.events import Event, InterruptionRecognized


class StopAt(Enum):
    """Kinds of places a run goes to; the value is used in messages."""

    BREAKPOINT = "breakpoint"
    TRAP = "trap"
    DECISION = "decision of CP"
    OUTPUT = "console output"

    @property
    def plural(self) -> str:
        """For "no more traps"."""
        return {StopAt.OUTPUT: "console output", StopAt.DECISION: "decisions of CP"}.get(self, f"{self.value}s")

    def matches(self, event: Event) -> bool:
        """Whether an event is of this kind."""
        kind = _EVENTS.get(self)
        within = isinstance(event, DecisionTaken) and event.within
        return kind is not None and isinstance(event, kind) and not within


_EVENTS: dict[StopAt, type] = {
    StopAt.TRAP: InterruptionRecognized,
    StopAt.DECISION: DecisionTaken,
    StopAt.OUTPUT: ConsoleLine,
}
