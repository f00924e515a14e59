"""Commands that set stops: break, watch and the like.  `stops` has those that manage them."""

from edu_hv.debugger.commands.registry import Argument, command
from edu_hv.debugger.commands.stop_operands import (
    Request,
    offer_break,
    offer_watch,
    parse_break,
    parse_read,
    parse_watch,
)
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.stops.setting import set_stop
from edu_hv.debugger.stops.what import AtAddress
from edu_hv.debugger.views import BreakpointsView

_BREAK = Argument("WHERE", parse_break, None, True, rest=True, kind="stop", offer=offer_break)


@command(
    "break",
    _BREAK,
    group="breakpoints",
    aliases=("b",),
    keys="b",
    examples=(
        "break LOOP : before the instruction at LOOP; again, and it is taken away",
        "break LOOP if R5 == 1F : only where register 5 is 1F",
        "break LOOP count 3 of KERNEL : the third time behind here, and from then on, in KERNEL",
        "break if [2000] > F'100' : when that becomes true; break when R5 = 1F",
        "break trap : any interruption; break trap program 4, break svc 5, break external 1004, break io 009",
        "break privileged SSM : before each SSM, whether it traps or not",
        "break rule PRV-2 : CP decides by that rule; break rule PRV by any of the family",
        "break psw mask : the guest's system mask changes; break psw cc becomes 2, break real psw key",
        "break privilege : the guest goes from supervisor to problem state or back",
        "break device 009 start : SIO to a device; ccw each CCW, end the interruption, without a word all of them",
        "break guest KERNEL : the guest gets the CPU; break cp, break decision, break page fault, break output HELLO",
    ),
)
def set_breakpoint(session: DebugSession, request: Request | None) -> BreakpointsView:
    """Stop before the instruction at an address or label, or when something happens.  b is short for it.

    Without operands it is at the next instruction.  An address that has a breakpoint already loses it.  The words in
    the examples go before labels that are written in small letters; LABEL in capitals is the label.

    Options, in any order: "if EXPRESSION" makes it conditional: it stops only where that is true of the guest
    concerned; "count N" the Nth time behind the present position and from then on; "temporary" once; "of GUEST" only in
    that guest.

    What belongs to a machine (PSW fields, expressions) is of the guest that is selected when the stop is set, or of the
    one named behind "of".  What happens stops in every guest; with one selected by hand, only what concerns that one.

    Stops are the same forwards and backwards: run goes to the next, runback to the one before.
    """
    request = request or Request(None)
    if request.what is None or isinstance(request.what, AtAddress):
        at = session.guest_psw().instruction_address if request.what is None else request.what.address
        old = session.breakpoints.at(at)
        if old is not None and old.plain and request.plain:
            session.breakpoints.delete(old.number)
            return session.breakpoint_list()
    set_stop(session, request.what, request.condition, request.ignore, request.temporary)
    return session.breakpoint_list()


@command(
    "tbreak",
    _BREAK,
    group="breakpoints",
    aliases=("tb",),
    examples=("tbreak SAY : stop there once", "tbreak svc 5 : at the next SVC 5"),
)
def set_temporary(session: DebugSession, request: Request | None) -> BreakpointsView:
    """A breakpoint that is deleted when it has stopped a run: as break with "temporary"."""
    request = request or Request(None)
    set_stop(session, request.what, request.condition, request.ignore, True)
    return session.breakpoint_list()


def _watch(name: str) -> Argument:
    parse = {"watch": parse_watch, "rwatch": parse_read(False), "awatch": parse_read(True)}[name]
    return Argument("WHAT", parse, None, rest=True, kind="watched", offer=offer_watch)


@command(
    "watch",
    _watch("watch"),
    group="breakpoints",
    examples=(
        "watch 2000.8 : eight bytes at 2000 are written; .b .h .w .g are 1, 2, 4, 8 bytes, without it 4",
        "watch R5 : register 5 is written; watch CR0, watch FPR2, watch psw cc, watch key 2000",
        "watch SUM becomes 64 : the word at SUM becomes 64",
        "watch R5 mask FF becomes 1F : its last byte becomes 1F",
        "watch real 80 : the word at 80 of the real machine",
    ),
)
def watch(session: DebugSession, request: Request) -> BreakpointsView:
    """Stop when storage, a register, a PSW field or a storage key is written, by whoever: guest, CP, channel, timer.

    A write of the value that is there already counts, of storage and of general registers.  "changes" stops only where
    the value is another one afterwards, "becomes VALUE" where it is that one and was not, "mask HEX" looks at some bits
    only.  Control and floating-point registers, PSW fields and keys are seen when they change.

    It stops behind the unit that wrote.  Storage of a guest is followed when CP moves the page; bringing the page in is
    no write.  Registers cost time: the engine cannot take part in a run that watches one.
    """
    assert request.what is not None
    set_stop(session, request.what, request.condition, request.ignore, request.temporary)
    return session.breakpoint_list()


@command(
    "rwatch",
    _watch("rwatch"),
    group="breakpoints",
    examples=("rwatch 2000.8 : an instruction fetches an operand from there",),
)
def watch_reads(session: DebugSession, request: Request) -> BreakpointsView:
    """Stop when an instruction reads storage as an operand.

    What channels and CP read is not seen, nor are instructions that are fetched.
    """
    return watch(session, request)  # type: ignore[return-value]


@command(
    "awatch",
    _watch("awatch"),
    group="breakpoints",
    examples=("awatch 2000.8 : an instruction reads it, or anybody writes it",),
)
def watch_accesses(session: DebugSession, request: Request) -> BreakpointsView:
    """Stop when an instruction reads storage as an operand, or anybody writes it: rwatch and watch in one."""
    return watch(session, request)  # type: ignore[return-value]
