"""Commands that step over what is called, and out of it, in both directions."""

from edu_hv.debugger.commands.arguments import address, count
from edu_hv.debugger.commands.registry import command
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.views import StopView
from edu_hv.isa.errors import UserError


@command(
    "over",
    count(),
    group="run",
    aliases=("n", "ni", "nexti"),
    keys="n",
    examples=("over : one step, and all that it calls", "n 5 : five of them"),
    repeats=True,
)
def over(session: DebugSession, n: int) -> StopView:
    """One step, or COUNT of them; what an instruction calls, or an interruption leads to, is run until it returns.

    A call is BAL, BALR, BAS or BASR to a subroutine.  A breakpoint on the way stops it there.  gdb's next is the same,
    where no lesson is open: there next opens the next lesson.
    """
    return session.over(n)


@command(
    "unover",
    count(),
    group="run",
    aliases=("N", "rn", "rni", "reverse-next", "reverse-nexti"),
    keys="N",
    examples=("unover : back one step, or to the call that has just returned",),
    repeats=True,
)
def unover(session: DebugSession, n: int) -> StopView:
    """The reverse of over: back one step, or COUNT of them; behind a call that has returned, back to that call."""
    return session.unover(n)


@command(
    "out",
    group="run",
    aliases=("o", "fin", "finish"),
    keys="o",
    examples=("out : run until the routine, or the interruption's handler, returns",),
    repeats=True,
)
def out(session: DebugSession) -> StopView:
    """Run until the call that the guest is in has returned, or a stop is met on the way."""
    return session.out()


@command(
    "unout",
    group="run",
    aliases=("O", "rfin", "reverse-finish"),
    keys="O",
    examples=("unout : back to the call of the routine that the guest is in",),
    repeats=True,
)
def unout(session: DebugSession) -> StopView:
    """The reverse of out: go back to where the call was about to be made that the guest is in."""
    return session.unout()


@command(
    "since",
    address(),
    group="run",
    aliases=("U", "ununtil", "reverse-until"),
    keys="U",
    repeats=True,
    examples=("since 200 : back to where the instruction at 200 was about to be executed last",),
)
def since(session: DebugSession, at: int) -> StopView:
    """Go back to the last time the instruction at ADDRESS was about to be executed: the reverse of until."""
    if at % 2:
        raise UserError(f"{at:06X} is odd; an instruction is at an even address")
    return session.run_back(address=at)
