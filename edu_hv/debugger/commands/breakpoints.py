"""Commands for breakpoints."""

from edu_hv.debugger.commands.arguments import address, parse_number
from edu_hv.debugger.commands.registry import Argument, command
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.views import BreakpointsView
from edu_hv.isa.errors import UserError


@command("break", address(optional=True), group="breakpoints", aliases=("b",), keys="b")
def set_breakpoint(session: DebugSession, at: int | None) -> BreakpointsView:
    """Stop whenever the instruction at ADDRESS is about to be executed; without ADDRESS, at the next instruction.

    At an address that has a breakpoint already, the breakpoint is taken away.
    """
    if at is None:
        at = session.guest_psw().instruction_address
    if at % 2:
        raise UserError(f"{at:06X} is odd; an instruction is at an even address")
    old = session.breakpoints.at(at)
    if old is not None:
        session.breakpoints.delete(old.number)
    else:
        assembly = session.guest.assembly
        session.breakpoints.add(at, (assembly.label_at(at) or "") if assembly else "")
    return session.breakpoint_list()


def _numbers(session: DebugSession) -> list[str]:
    return [str(number) for number in session.breakpoints.by_number]


@command("delete", Argument("NUMBER", parse_number, _numbers), group="breakpoints", aliases=("del",))
def delete(session: DebugSession, number: int) -> BreakpointsView:
    """Take breakpoint NUMBER away."""
    session.breakpoints.delete(number)
    return session.breakpoint_list()


@command("breakpoints", group="breakpoints")
def breakpoints(session: DebugSession) -> BreakpointsView:
    """All breakpoints, and how often each has stopped a run."""
    return session.breakpoint_list()
