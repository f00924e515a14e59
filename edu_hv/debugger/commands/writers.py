"""Commands that ask who wrote something, and follow the answer backwards."""

from collections.abc import Iterable

from edu_hv.debugger import writers as looking
from edu_hv.debugger.commands.arguments import MOST, parse_number, short
from edu_hv.debugger.commands.locations import offered, parse_location
from edu_hv.debugger.commands.registry import Argument, command
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.views import StopView
from edu_hv.debugger.writers.trail import DEEPEST, trail_of
from edu_hv.debugger.writers.views import ChainView, WritersView, WriterView
from edu_hv.isa.errors import UserError

USUAL_COUNT = 20
MOST_LISTED = 1000


def _where(name: str = "WHAT") -> Argument:
    return Argument(name, parse_location, rest=True, kind="what can be written", offer=_offered)


def _offered(session: DebugSession, text: str) -> Iterable[str]:
    try:
        return offered(session, text)
    except UserError:
        return []


def _counted(session: DebugSession, text: str, most: int) -> tuple[looking.Location, int | None]:
    """A location and a count behind it: gr5 50.  Behind an address alone the number is the count, too."""
    words = text.split()
    count = int(words[-1]) if len(words) > 1 and words[-1].isdecimal() and len(words[-1]) < 13 else None
    if count is None or words[-2].lower() in ("real", "key", "pte", "own", "shadow", "device"):
        return parse_location(session, text), None
    if not 1 <= count <= most:
        raise UserError(f'"{short(words[-1])}" is not a number from 1 to {most}')
    return parse_location(session, " ".join(words[:-1])), count


def _location_and_count(session: DebugSession, text: str) -> tuple[looking.Location, int]:
    location, count = _counted(session, text, MOST_LISTED)
    return location, count or USUAL_COUNT


def _location_and_depth(session: DebugSession, text: str) -> tuple[looking.Location, int]:
    location, depth = _counted(session, text, MOST_LISTED)
    return location, depth or DEEPEST


@command(
    "who",
    _where(),
    group="look",
    aliases=("w",),
    keys="w",
    examples=(
        "who gr5 : the last instruction that wrote register 5, and what the value was made of",
        "who 600.8 : the last store into 8 bytes at 600",
        "who psw.key : what changed the key of the guest's PSW",
        "who gr5 of SECOND : of another guest",
        "who real gr5 : of the real machine: CP's dispatching counts there",
    ),
)
def who(session: DebugSession, location: looking.Location) -> WriterView:
    """Who wrote this last: a register, a PSW field, storage, a key, a page-table entry, a field of a block of CP.

    The answer names the step, the layer (guest instruction, hardware, CP with its rule, channel with its CCW, you), the
    value before and after, and numbered operands that the value was made of: follow 1 asks for the first of them.

    WHAT is gr5, fpr2, cr0; psw.cc, psw.mask, psw.io, psw.external, psw.key, psw.state, psw.wait, psw.mode, psw.pm,
    psw.dat, psw.mc, psw.per, psw.ia, or psw for its first 16 bits; an address or a label: 4 bytes there, or as many as
    are said: 600.8 (hexadecimal, as in CP's DISPLAY) or 600 8 (decimal); key 600; pte 600 (CP's page-table entry of
    that page), pte shadow 600, pte own 600; timer, comparator, cputimer, tod; vmblok vmpstat; device 009 vdevstat;
    cp slice. Behind it "of SECOND", or before it "SECOND:", names a guest; "real" the real machine.

    A write of the same value counts for general and floating-point registers and storage, and each setting of the
    condition code; of the instruction address (psw.ia) what led elsewhere than to the next instruction; of anything
    else a change. A guest's register is what the guest sees: that CP copies it between the
    VMBLOK and the real CPU is no write, nor that a page is paged out and in.
    """
    return looking.who(session, location)


@command(
    "writers",
    Argument("WHAT [COUNT]", _location_and_count, rest=True, kind="what can be written", offer=_offered),
    group="look",
    examples=(
        "writers gr5 : the last 20 writes of register 5",
        "writers 600.8 100 : the last 100 stores into 8 bytes at 600",
    ),
)
def writers(session: DebugSession, what: tuple[looking.Location, int]) -> WritersView:
    """The last writes of something, oldest first, as a table; 20, or COUNT of them.

    WHAT is as for who. jump N goes to one of them.
    """
    return looking.writers(session, *what)


def _which(session: DebugSession, text: str) -> int | looking.Location:
    if text.isdecimal() and len(text) <= 2:
        return int(text)
    return parse_location(session, text)


def _operands(session: DebugSession, text: str) -> Iterable[str]:
    try:
        answers = trail_of(session).answers
    except UserError:
        return []
    write = answers[-1].write if answers else None
    numbered = [f"{n}\t{one.words}" for n, one in enumerate(write.operands, 1)] if write else []
    return [*([] if " " in text else numbered), *_offered(session, text)]


@command(
    "follow",
    Argument("N", _which, rest=True, kind="operand or what can be written", offer=_operands, optional=True, default=1),
    group="look",
    keys="f",
    examples=(
        "follow 2 : who wrote the second operand of the last answer, before that step",
        "follow gr12 : who wrote register 12 before that step",
    ),
)
def follow(session: DebugSession, which: int | looking.Location) -> WriterView:
    """Go on backwards from the last answer of who: who wrote its operand N, as it was just before that step.

    In the place of a number stands anything that who takes, such as gr12. The trail shows how you came there; unfollow
    goes back to the answer before. The session stays at its step.
    """
    return looking.follow(session, which)


@command("unfollow", group="look", keys="F", examples=("unfollow : back to the answer that you followed from",))
def unfollow(session: DebugSession) -> WriterView:
    """Back to the answer before the last follow."""
    return looking.unfollow(session)


@command(
    "chain",
    Argument("WHAT [DEPTH]", _location_and_depth, rest=True, kind="what can be written", offer=_offered),
    group="look",
    examples=("chain gr5 : from which storage it was loaded, who stored that, and so on to where it was computed",),
)
def chain(session: DebugSession, what: tuple[looking.Location, int]) -> ChainView:
    """Where a value came from: copies are followed backwards, load, store and move, until it was computed or began.

    WHAT is as for who; at most DEPTH links are followed, 20 if nothing is said.  Then follow goes on from the last.
    """
    return looking.chain(session, *what)


def _jump_number(session: DebugSession, text: str) -> int:
    number = parse_number(session, text)
    return min(number, MOST)


@command(
    "jump",
    Argument("N", _jump_number, optional=True, kind="number in the list"),
    group="look",
    keys="j",
    examples=(
        "jump : to where the write that was named last was just done",
        "jump 3 : to the third of the writes that were listed",
    ),
)
def jump(session: DebugSession, number: int | None) -> StopView:
    """Go to the write that was named last, or to write N of the last list: just behind it, even within a trap.

    back or unstage then shows what was before it. unjump returns to where you were.
    """
    return session.jump_to_write(number)


@command("unjump", group="look", keys="J", examples=("unjump : back to where you jumped from",))
def unjump(session: DebugSession) -> StopView:
    """Return to where you were before the last jump."""
    return session.unjump()
