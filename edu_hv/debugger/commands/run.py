"""Commands that move through the recording, forwards and backwards."""

from edu_hv.debugger.breakpoints import StopAt
from edu_hv.debugger.commands.arguments import STEP_WORDS, address, count, parse_number, parse_step
from edu_hv.debugger.commands.registry import Argument, command
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.views import StopView
from edu_hv.isa.errors import UserError


@command("step", count(), group="run", aliases=("s", "si"), keys="s", repeats=True)
def step(session: DebugSession, n: int) -> StopView:
    """Execute the next instruction, or COUNT of them; a trap under way is finished first.

    An instruction that traps is one step with all that CP does about it.  With a guest selected by hand, only that
    guest's steps count; others run in between.
    """
    return session.step(n)


@command("back", count(), group="run", aliases=("S", "bs"), keys="S", repeats=True)
def back(session: DebugSession, n: int) -> StopView:
    """Undo the last step, or COUNT of them, exactly; inside a trap, undo the part of it done so far.

    What was given from outside after a step, such as a command to CP, is undone with that step.  With a guest selected
    by hand only its steps are counted, and those of others in between are undone besides.
    """
    return session.back(n)


@command("stage", count(), group="run", aliases=("x",), keys="x", repeats=True)
def stage(session: DebugSession, n: int) -> StopView:
    """Do the next stage inside a trap: guest, hardware, decode, rule, do, run.

    Outside a trap it executes one instruction, and stops at the first stage if that traps.
    """
    return session.stage(n)


@command("unstage", count(), group="run", aliases=("X",), keys="X", repeats=True)
def unstage(session: DebugSession, n: int) -> StopView:
    """Undo the last stage, or COUNT of them."""
    return session.unstage(n)


@command("trap", group="run", aliases=("t",), keys="t", repeats=True)
def trap(session: DebugSession) -> StopView:
    """Run until the next trap (any interruption), and stop at its first stage."""
    return session.run(StopAt.TRAP)


@command("untrap", group="run", aliases=("T",), keys="T", repeats=True)
def untrap(session: DebugSession) -> StopView:
    """Go back to the first stage of the trap before."""
    return session.run_back(StopAt.TRAP)


@command("decision", group="run", aliases=("dec",), repeats=True)
def decision(session: DebugSession) -> StopView:
    """Run until CP has decided something: the stage "rule" of the next trap, or a delivery."""
    return session.run(StopAt.DECISION)


@command("undecision", group="run", aliases=("undec",), repeats=True)
def undecision(session: DebugSession) -> StopView:
    """Go back to the decision of CP before."""
    return session.run_back(StopAt.DECISION)


@command(
    "run",
    Argument("STEPS", parse_number, optional=True),
    group="run",
    aliases=("c", "continue"),
    keys="c",
    repeats=True,
)
def run(session: DebugSession, steps: int | None) -> StopView:
    """Run until a breakpoint, or until nothing can go on.

    It also stops, so that no loop lasts for ever, after some millions of steps; run again goes on, and "run 100000000"
    runs so many at most, those of all guests counted whoever is selected.  Ctrl-C stops it before.
    """
    return session.run(limit=steps)


@command("runback", group="run", aliases=("C", "rc"), keys="C", repeats=True)
def runback(session: DebugSession) -> StopView:
    """Run backwards to the last breakpoint that was passed, or to the start of the recording."""
    return session.run_back()


@command("until", address(), group="run", aliases=("u",), keys="u", repeats=True)
def until(session: DebugSession, at: int) -> StopView:
    """Run until the instruction at ADDRESS is about to be executed."""
    if at % 2:
        raise UserError(f"{at:06X} is odd; an instruction is at an even address")
    return session.run(address=at)


@command("output", group="run", aliases=("o",), keys="o", repeats=True)
def output(session: DebugSession) -> StopView:
    """Run until a line appears on a console."""
    return session.run(StopAt.OUTPUT)


@command("unoutput", group="run", aliases=("O",), keys="O", repeats=True)
def unoutput(session: DebugSession) -> StopView:
    """Go back to where the console line before appeared."""
    return session.run_back(StopAt.OUTPUT)


@command(
    "goto",
    Argument("STEP", parse_step, lambda session: STEP_WORDS, kind="step"),
    group="run",
    aliases=("g",),
    examples=("goto 1204 : to step 1204", "goto 50% : to the middle of what is recorded", "goto -100 : 100 steps back"),
)
def goto(session: DebugSession, n: int) -> StopView:
    """Go to a step of the recording; 0 is the state that was loaded.

    STEP may also be start or end, a part of what is recorded such as 50%, or +100 and -100 from here.
    """
    return session.goto(n)
