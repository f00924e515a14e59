"""The same guests from the same moment with the VM assist turned on in place of off, or off in place of on.

It is executed aside: afterwards nothing of it has happened.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edu_hv.debugger.costs import Costs, cost_between
from edu_hv.debugger.system import Input
from edu_hv.debugger.views import View
from edu_hv.hypervisor.control_program import ControlProgram
from edu_hv.isa.errors import UserError

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession

MOST_INSTRUCTIONS = 2_000_000
"""So many are executed the other way at most."""
_COMPILED_AFTER = 20_000
"""Steps after which the engine takes part."""


@dataclass(frozen=True, slots=True)
class CostComparisonView(View):
    """The costs of the same number of instructions without the VM assist and with it."""

    without: Costs
    with_assist: Costs
    recorded_with: bool
    """What is recorded had the assist; the other one was executed aside."""
    guest: str
    """The guest that is looked at, "" for all."""
    why_ended: str
    """Why the other way came to its end before it had executed as many instructions; "" when it had."""

    @property
    def recorded(self) -> Costs:
        """Of the two, what is recorded."""
        return self.with_assist if self.recorded_with else self.without


def compare_assist(session: "DebugSession", guest: str, first: int, last: int) -> CostComparisonView:
    """Execute aside from step `first` as many instructions as up to `last`, with the assist the other way.

    Raises UserError on the bare machine, and when something was given from outside in these steps.
    """
    recording, cp = session.recording, session.system.cp
    if cp is None:
        raise UserError("this is the bare machine: there is no CP that the VM assist could spare; try load cp kernel")
    recorded = cost_between(session, first, last)
    if recorded.instructions > MOST_INSTRUCTIONS:
        raise UserError(
            f"{recorded.instructions:,} instructions are too many to compare; give a later step behind since"
        )
    begin = recording.position_of_step(first)
    _no_inputs(session, begin, recording.position_of_step(last) if last < recording.step else recording.unit)
    with recording.aside():
        recording.goto(begin)
        had_it = _turn(session, cp)
        start = recording.step
        why = _run(session, recorded.instructions)
        other = cost_between(session, start, recording.step)
    without, with_assist = (other, recorded) if had_it else (recorded, other)
    return CostComparisonView(without, with_assist, had_it, guest, why)


def _no_inputs(session: "DebugSession", begin: int, end: int) -> None:
    """Raises UserError when something was given from outside: there is no telling when the other way would get it."""
    given = [unit for unit in session.journal.inputs if begin <= unit < end]
    if given:
        step = session.recording.step_at(max(given) + 1)
        raise UserError(
            f"at step {step} something was given from outside, which cannot be given again at the same time; "
            f"cost compare assist since {step} compares what came behind it"
        )


def _turn(session: "DebugSession", cp: ControlProgram) -> bool:
    """Turn the assist off for all guests if one of them has it, else on; whether one had it."""
    had_it = any(cp.assist.settings(vm).on for vm in cp.vms)
    for vm in list(cp.vms):
        session.recording.give(Input("cp", vm.vmuser, f"SET ASSIST {'OFF' if had_it else 'ON'}"))
    return had_it


def _run(session: "DebugSession", instructions: int) -> str:
    """Execute so many instructions and the rest of a trap; why it ended before, or ""."""
    recording, machine = session.recording, session.system.machine
    end, steps = machine.instructions + instructions, 0
    session._interrupted = False
    while machine.instructions < end:
        if session.interrupted:
            return "you stopped it"
        left = end - machine.instructions
        ready = steps >= _COMPILED_AFTER and session.system.start_engine(set())
        if not (ready and recording.run_compiled(left)) and not recording.advance():
            return "nothing more could happen"
        steps += 1
    while recording.in_step and recording.advance():
        pass
    return ""
