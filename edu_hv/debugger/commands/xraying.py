"""The trap x-ray: looking at it, and going through it stage by stage in both directions."""

from edu_hv.debugger.commands.arguments import count
from edu_hv.debugger.commands.registry import command
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.views import StopView, XrayView


@command(
    "xray",
    count("TRAP"),
    group="look",
    keys="3",
    examples=("xray : the last trap, stage by stage", "xray 2 : the trap before that one"),
)
def xray(session: DebugSession, which: int) -> XrayView:
    """The trap under way, or the last one, stage by stage, with the rules that were tried.

    "xray 2" is the one before, and so on; one stays where one is.  Where the VM assist did an instruction, so that
    there was no trap, that is shown in its place.  With a guest selected by hand, only its traps count.
    """
    return session.xray(which)


@command(
    "xnext",
    group="run",
    repeats=True,
    examples=("xnext : the next stage of a trap, past all instructions in between",),
)
def xnext(session: DebugSession) -> StopView:
    """Go to the next stage of a trap: inside a trap the next one, else the first one of the next trap.

    What is executed between two traps is passed over; stage stops at each instruction of it.
    """
    return session.next_xray_stage()


@command(
    "xback",
    group="run",
    repeats=True,
    examples=("xback : the stage of a trap before this one",),
)
def xback(session: DebugSession) -> StopView:
    """Go back to the stage of a trap before: inside a trap the one before, else the last one of the trap before."""
    return session.previous_xray_stage()
