"""Commands that move through the recording, forwards and backwards."""

from edu_hv.debugger.breakpoints import StopAt
from edu_hv.debugger.commands.arguments import STEP_WORDS, address, count, parse_number, parse_step
from edu_hv.debugger.commands.registry import Argument, command
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.views import StopView
from edu_hv.isa.errors import UserError


@command(
    "step",
    count(),
    group="run",
    aliases=("s", "si", "stepi"),
    keys="s",
    repeats=True,
    examples=(
        "step : one instruction",
        "step 5 : five of them",
    ),
)
def step(session: DebugSession, n: int) -> StopView:
    """Execute the next instruction, or COUNT of them; a trap under way is finished first.

    An instruction that traps is one step with all that CP does about it.  With a guest selected by hand, only that
    guest's steps count; others run in between.
    """
    return session.step(n)


@command(
    "back",
    count(),
    group="run",
    aliases=("S", "bs", "rs", "rsi", "reverse-step", "reverse-stepi"),
    keys="S",
    repeats=True,
    examples=(
        "back : undo the last step",
        "back 5 : the last five",
    ),
)
def back(session: DebugSession, n: int) -> StopView:
    """Undo the last step, or COUNT of them, exactly; inside a trap, undo the part of it done so far.

    What was given from outside, such as a command to CP, is a step like others.  With a guest selected by hand only its
    steps are counted, and those of others in between are undone besides.
    """
    return session.back(n)


@command(
    "stage",
    count(),
    group="run",
    aliases=("x",),
    keys="x",
    repeats=True,
    examples=(
        "stage : the next stage of a trap",
        "x 3 : three stages",
    ),
)
def stage(session: DebugSession, n: int) -> StopView:
    """Do the next stage inside a trap: guest, hardware, decode, rule, do, run.

    Outside a trap it executes one instruction, and stops at the first stage if that traps.
    """
    return session.stage(n)


@command(
    "unstage",
    count(),
    group="run",
    aliases=("X",),
    keys="X",
    repeats=True,
    examples=(
        "unstage : undo the last stage",
        "unstage 2 : the last two",
    ),
)
def unstage(session: DebugSession, n: int) -> StopView:
    """Undo the last stage, or COUNT of them."""
    return session.unstage(n)


@command(
    "trap",
    group="run",
    aliases=("t",),
    keys="t",
    repeats=True,
    examples=("trap : run to the next interruption of any kind",),
)
def trap(session: DebugSession) -> StopView:
    """Run until the next trap (any interruption), and stop at its first stage."""
    return session.run(StopAt.TRAP)


@command(
    "untrap",
    group="run",
    aliases=("T",),
    keys="T",
    repeats=True,
    examples=("untrap : back to the first stage of the trap before",),
)
def untrap(session: DebugSession) -> StopView:
    """Go back to the first stage of the trap before."""
    return session.run_back(StopAt.TRAP)


@command(
    "decision", group="run", aliases=("dec",), repeats=True, examples=("decision : run to the next decision of CP",)
)
def decision(session: DebugSession) -> StopView:
    """Run until CP has decided something: the stage "rule" of the next trap, or a delivery."""
    return session.run(StopAt.DECISION)


@command(
    "undecision", group="run", aliases=("undec",), repeats=True, examples=("undecision : back to the decision before",)
)
def undecision(session: DebugSession) -> StopView:
    """Go back to the decision of CP before."""
    return session.run_back(StopAt.DECISION)


@command(
    "run",
    Argument("STEPS", parse_number, optional=True, kind="count"),
    group="run",
    aliases=("c", "cont", "continue"),
    keys="c",
    repeats=True,
    examples=(
        "run : until something stops it",
        "run 100000 : so many steps at most",
    ),
)
def run(session: DebugSession, steps: int | None) -> StopView:
    """Run until a breakpoint, or until nothing can go on.

    It also stops, so that no loop lasts for ever, after some millions of steps; run again goes on, and "run 100000000"
    runs so many at most, those of all guests counted whoever is selected.  Ctrl-C stops it before.
    """
    return session.run(limit=steps)


@command(
    "runback",
    group="run",
    aliases=("C", "rc", "reverse-continue"),
    keys="C",
    repeats=True,
    examples=("runback : to the last breakpoint that was passed, or to the start",),
)
def runback(session: DebugSession) -> StopView:
    """Run backwards to the last breakpoint that was passed, or to the start of the recording."""
    return session.run_back()


@command(
    "until",
    address(),
    group="run",
    aliases=("u", "advance"),
    keys="u",
    repeats=True,
    examples=(
        "until 206 : until the instruction at 206 is next",
        "until START+6 : the same, by its label",
    ),
)
def until(session: DebugSession, at: int) -> StopView:
    """Run until the instruction at ADDRESS is about to be executed."""
    if at % 2:
        raise UserError(f"{at:06X} is odd; an instruction is at an even address")
    return session.run(address=at)


@command(
    "output",
    group="run",
    keys="p",
    repeats=True,
    examples=("output : until a line appears on a console",),
)
def output(session: DebugSession) -> StopView:
    """Run until a line appears on a console."""
    return session.run(StopAt.OUTPUT)


@command(
    "unoutput",
    group="run",
    keys="P",
    repeats=True,
    examples=("unoutput : back to where the line before appeared",),
)
def unoutput(session: DebugSession) -> StopView:
    """Go back to where the console line before appeared."""
    return session.run_back(StopAt.OUTPUT)


def _place(session: DebugSession, text: str) -> int | str:
    """A mark by its name, or a step."""
    return text if text in session.recording.history.named else parse_step(session, text)


def _places(session: DebugSession) -> list[str]:
    return [*(session.recording.history.named if session.loaded else ()), *STEP_WORDS]


@command(
    "goto",
    Argument("STEP", _place, _places, kind="step"),
    group="run",
    aliases=("g",),
    keys="' < >",
    examples=("goto 1204 : to step 1204", "goto 50% : to the middle of what is recorded", "goto -100 : 100 steps back"),
)
def goto(session: DebugSession, place: int | str) -> StopView:
    """Go to a step of the recording; 0 is the state that was loaded.

    STEP may also be start or end, a part of what is recorded such as 50%, +100 and -100 from here, or a mark.
    """
    return session.goto_mark(place) if isinstance(place, str) else session.goto(place)
