"""`cause`: the last failure, and the chain back to the step that made it inevitable."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from edu_hv.debugger import believed
from edu_hv.debugger.explain import dead_words, statement
from edu_hv.debugger.explaining.blame import Blame, Tracer, linked
from edu_hv.debugger.explaining.failures import (
    MOST,
    NO_FAILURES,
    Trouble,
    first_like,
    io_failure,
    program_troubles,
    scene,
)
from edu_hv.debugger.explaining.history import Moment, became, condition_code_setter, last_branch
from edu_hv.debugger.explaining.io_causes import io_blame, io_words
from edu_hv.debugger.explaining.program_causes import Case, blame
from edu_hv.debugger.explaining.traps import standing_at
from edu_hv.debugger.explaining.views import CauseLink, CauseView
from edu_hv.debugger.recording.journal import Entry, GuestPSWsSwapped
from edu_hv.debugger.system import System
from edu_hv.hypervisor.decisions import DecisionTaken, EnterConsoleFunction
from edu_hv.isa.codes import Class
from edu_hv.isa.errors import UserError
from edu_hv.machine.events import InterruptionRecognized, PSWsSwapped

if TYPE_CHECKING:
    from edu_hv.debugger.recording.timetravel import Recording
    from edu_hv.debugger.session import DebugSession

_LOOP = 12
"""Steps between two program interruptions that belong to one loop."""
_HANDLING = 24
"""Steps from an interruption to the wait that its handler loads."""
_RECENT = 400
"""Steps within which failed input or output may be why a program stopped by itself."""
_WAIT = 0x02
"""Of the second byte of a PSW, in both modes."""
LOOP_WORDS = "the same interruption comes again and again"
"""Of the reason of a stop."""
NONE = "nothing has failed so far: no program interruption, no disabled wait, no refused input or output"


def cause(session: "DebugSession") -> CauseView:
    """The last failure of the selected guest and what made it inevitable.

    Looks only.  Raises UserError when nothing has failed, or nothing is loaded.
    """
    guest, machine = session.selected, session.system.machine
    if machine.check_stopped or (session.system.cp and session.system.cp.abended) or not session.system.guests:
        return CauseView(guest, dead_words(session.system), ())
    if _stands(session, guest):
        return _of_wait(session, guest)
    troubles = [trouble for trouble in program_troubles(session, guest) if trouble.pic not in NO_FAILURES]
    refused = io_failure(session, guest)
    if troubles and (refused is None or refused.unit <= troubles[0].before):
        return _of_troubles(session, troubles)
    if refused is not None:
        return _of_io(session, guest, refused)
    under_way = "; step finishes the trap that is under way, and then cause looks at it" if session.in_step else ""
    raise UserError(NONE + under_way)


def short_cause(session: "DebugSession") -> str:
    """For the sentence of a stop: "because ...; goto 811" where the guest has failed and cannot go on, else ""."""
    if not session.system.guests or not (LOOP_WORDS in session.stop_reason or _stands(session, session.selected)):
        return ""
    recording = session.recording
    where = recording.branch, recording.unit, recording.total, session.selected
    known = _KNOWN.get(recording)
    if known is None or known[0] != where:
        known = _KNOWN[recording] = where, _short(session)
    return known[1]


_KNOWN: "WeakKeyDictionary[Recording, tuple[tuple[str, int, int, str], str]]" = WeakKeyDictionary()
"""What was said at the position where a recording was asked about last: a stop there says it again."""


def _short(session: "DebugSession") -> str:
    try:
        found = cause(session)
    except UserError:
        return ""
    return "" if found.planned else found.short


def _stands(session: "DebugSession", guest: str) -> bool:
    """Whether the guest stands in a wait that nothing ends, or CP has stopped it for what it did."""
    vm = session.system.guest(guest).vm
    if vm is None:
        psw = session.guest_psw(guest)
        return session.system.machine.dead and psw.wait and not psw.enabled_for_something
    return vm.cf and _stopped_by(session, guest) is not None


def _stopped_by(session: "DebugSession", guest: str) -> Entry | None:
    """The decision by which CP has stopped a guest."""
    return session.journal.last_where(
        lambda e: (
            isinstance(e.event, DecisionTaken)
            and e.event.userid == guest
            and isinstance(e.event.verdict.decision, EnterConsoleFunction)
        )
    )


# ---- program interruptions -------------------------------------------------------------------------------------------


def _of_troubles(session: "DebugSession", troubles: list[Trouble]) -> CauseView:
    """Of the last one, or of the first of a loop of them."""
    first, count = _first_of_loop(session, troubles)
    words = f"step {first.step:,}: {trouble_words(session, first)}"
    if count > 1:
        times = f"{'more than ' if count >= MOST else ''}{count:,} times"
        again = f"{trouble_words(session, troubles[0])} again and again, {times}"
        words = f"{again}; the first time in step {first.step:,}"
        words += "" if first.pic == troubles[0].pic else f", as {first.pic.words}"
    found = _blame(session, first)
    extra = _handler_words(session, first) if count > 1 else []
    fix = "; ".join(part for part in (found.fix, _HANDLER_FIX if extra else "") if part)
    return CauseView(first.guest, words, (*extra, *found.links), fix, what=trouble_words(session, first))


_HANDLER_FIX = "and give the program new PSW at 000068 a handler before anything can interrupt"


def _first_of_loop(session: "DebugSession", troubles: list[Trouble]) -> tuple[Trouble, int]:
    """The first of a row of program interruptions that follow each other closely, and how many there are.

    A row is one whose handler fails: the next interruption is in its first instructions, or the same one again.
    """
    first, count = troubles[0], 1
    for earlier in troubles[1:]:
        same = earlier.address == first.address and earlier.code == first.code
        handled = _handler(session, earlier) == first.address
        if first.step - earlier.step > _LOOP or not (same or handled):
            break
        first, count = earlier, count + 1
    if count < MOST:
        return first, count
    start = first_like(session, first)
    before = [t for t in program_troubles(session, first.guest, start.before) if t.pic not in NO_FAILURES]
    return _first_of_loop(session, [start, *before])[0], count


def _handler(session: "DebugSession", trouble: Trouble) -> int | None:
    """Where the program interruption took the guest."""
    new = _new_psw(session, trouble)
    return int.from_bytes(new[5:], "big") if new else None


def _new_psw(session: "DebugSession", trouble: Trouble) -> bytes:
    for entry in session.journal.of_step(trouble.step):
        event = entry.event
        if isinstance(event, _kind_of_swap(session)) and event.kind is Class.PROGRAM:
            return event.new
    return b""


def _kind_of_swap(session: "DebugSession") -> type[PSWsSwapped] | type[GuestPSWsSwapped]:
    """Which event tells that the program's PSWs were swapped: the machine's own, or CP's for a guest."""
    return PSWsSwapped if session.system.cp is None else GuestPSWsSwapped


def _handler_words(session: "DebugSession", trouble: Trouble) -> list[CauseLink]:
    new = _new_psw(session, trouble)
    if not new:
        return []
    zero = " is all zeros, nobody has set it" if not any(new) else f" is {new.hex(' ', 4).upper()}"
    return [CauseLink(f"the program new PSW at 000068{zero}: its handler fails itself", trouble.step)]


def trouble_words(session: "DebugSession", trouble: Trouble) -> str:
    """ "operation exception at 000240 L 3,0(2)"."""
    if not trouble.text:
        return f"{trouble.pic.words} exception before the instruction at {trouble.address:06X}"
    what = statement(session.assembly_of(trouble.guest), trouble.text, trouble.address)
    return f"{trouble.pic.words} exception at {trouble.address:06X} {what}"


def _blame(session: "DebugSession", trouble: Trouble) -> Blame:
    tracer = Tracer(session, trouble.guest)
    return blame(Case(trouble, scene(session, trouble.guest, trouble.before, trouble.text), tracer))


# ---- a wait that nothing ends ----------------------------------------------------------------------------------------


def _of_wait(session: "DebugSession", guest: str) -> CauseView:
    failure = _wait_words(session, guest)
    found = became(session, guest, _waits(guest), session.recording.unit)
    troubles = [t for t in program_troubles(session, guest) if t.pic not in NO_FAILURES]
    if "INVALID PSW" in failure:
        return _invalid(session, guest, failure)
    if found is None or _stopped_for_loop(session, guest):
        return replace(_of_troubles(session, troubles), failure=failure) if troubles else CauseView(guest, failure, ())
    if _swap_in(session, guest, found.step):
        return _by_new_psw(session, guest, failure, found, troubles)
    return _by_itself(session, guest, failure, found, troubles)


def _invalid(session: "DebugSession", guest: str, failure: str) -> CauseView:
    """CP has stopped a guest without ECMODE that loaded an EC-mode PSW."""
    stopped = _stopped_by(session, guest)
    assert stopped is not None
    entries = session.journal.of_step(stopped.step)
    trap = next((e for e in entries if isinstance(e.event, InterruptionRecognized)), None)
    words = "a PSW with bit 12 on (EC mode) was loaded, and the virtual machine has no ECMODE"
    if trap is not None and isinstance(trap.event, InterruptionRecognized) and trap.event.text:
        by = statement(session.assembly_of(guest), trap.event.text, trap.event.instruction_address)
        words += f": by {by} at {trap.event.instruction_address:06X}"
    link = CauseLink(f"{words} in step {stopped.step}", stopped.step)
    fix = "load a BC-mode PSW (bit 12 off), or give the guest ECMODE: cp set ecmode on"
    return CauseView(guest, failure, (link,), fix)


def _wait_words(session: "DebugSession", guest: str) -> str:
    stopped = _stopped_by(session, guest)
    if stopped is not None and isinstance(stopped.event, DecisionTaken):
        return f"{stopped.event.verdict.decision}"
    return f"disabled wait, PSW {session.guest_psw(guest)}"


def _stopped_for_loop(session: "DebugSession", guest: str) -> bool:
    return "LOOP" in _wait_words(session, guest)


def _waits(name: str) -> Callable[[System], bool]:
    def waits(system: System) -> bool:
        guest = system.find(name)
        return guest is not None and believed.psw(system, guest).wait

    return waits


def _swap_in(session: "DebugSession", guest: str, step: int) -> PSWsSwapped | GuestPSWsSwapped | None:
    """The swap of the guest's PSWs in a step that loaded a wait; CP may swap another guest's in the same step."""
    kind = _kind_of_swap(session)
    events = [entry.event for entry in session.journal.of_step(step) if entry.guest in (guest, "")]
    return next((event for event in reversed(events) if isinstance(event, kind) and event.new[1] & _WAIT), None)


def _by_new_psw(session: "DebugSession", guest: str, failure: str, found: Moment, troubles: list[Trouble]) -> CauseView:
    """An interruption has loaded the wait: its new PSW is one, whether by intention or not."""
    swap = _swap_in(session, guest, found.step)
    assert swap is not None
    at = swap.kind.new_psw
    link = CauseLink(
        f"the {swap.kind.value} interruption in step {found.step} loaded that PSW from {at:06X}", found.step
    )
    if swap.kind is Class.PROGRAM and troubles and troubles[0].step == found.step:
        trouble = troubles[0]
        why = CauseLink(f"{trouble_words(session, trouble)} in step {trouble.step}", trouble.step)
        found_out = _blame(session, trouble)
        what = trouble_words(session, trouble)
        return CauseView(guest, failure, (link, why, *found_out.links), found_out.fix, what=what)
    fix = f"the new PSW at {at:06X} must lead to a handler, with bit 14 off"
    return CauseView(guest, failure, (link,), fix)


def _by_itself(session: "DebugSession", guest: str, failure: str, found: Moment, troubles: list[Trouble]) -> CauseView:
    """The program has loaded the wait: because of an interruption it handled, of failed I/O, or on purpose."""
    link = linked(found, f"the program loaded that PSW itself: {found.words}")
    if troubles and found.step - troubles[0].step < _HANDLING and _unreturned(session, troubles[0], found):
        first, _ = _first_of_loop(session, troubles)
        why = CauseLink(
            f"{trouble_words(session, first)} in step {first.step} led to the handler that did it", first.step
        )
        blamed = _blame(session, first)
        what = trouble_words(session, first)
        return CauseView(guest, failure, (link, why, *blamed.links), blamed.fix, what=what)
    refused = io_failure(session, guest)
    branch = _decided_by(session, guest, found)
    if refused is not None and found.step - refused.step < _RECENT:
        blamed = io_blame(session, guest, refused)
        what = io_words(session, guest, refused).partition(": ")[2]
        why = CauseLink(f"{what} in step {refused.step}", refused.step)
        return CauseView(guest, failure, (link, *branch, why, *blamed.links), blamed.fix, what=what)
    return CauseView(guest, failure, (link, *branch), "if it is meant to end so, nothing is wrong", planned=True)


def _unreturned(session: "DebugSession", trouble: Trouble, end: Moment) -> bool:
    """Whether the program did not go back, behind an interruption, to where it came from."""
    old = trouble.address + len(trouble.text)
    if old == _handler(session, trouble):
        return True  # The handler stands behind the instruction: being there says nothing.
    kind = _kind_of_swap(session)
    for entry in session.journal.backwards(end.unit):
        if entry.step <= trouble.step:
            break
        if isinstance(entry.event, kind) and entry.guest in (trouble.guest, ""):
            address = int.from_bytes(entry.event.old[5:], "big")
            if address == old:
                return False
    return not _was_at(session, trouble, old, end)


def _was_at(session: "DebugSession", trouble: Trouble, address: int, end: Moment) -> bool:
    """Whether the guest was about to execute at an address again, between an interruption and a later moment."""
    name = trouble.guest

    def there(system: System) -> bool:
        return system.about_to_execute() == (name, address)

    since = session.recording.boundaries[trouble.step]
    return became(session, name, there, end.unit, privileged=False, since=since) is not None


def _decided_by(session: "DebugSession", guest: str, found: Moment) -> list[CauseLink]:
    """The conditional branch that led there, and what set its condition code."""
    branch = last_branch(session, guest, found.unit - 1)
    if branch is None or branch.mnemonic not in ("BC", "BCR") or branch.text[1] >> 4 == 15:
        return []
    with standing_at(session, branch.unit - 1):
        cc = session.guest_psw(guest).cc
    setter = condition_code_setter(session, guest, branch.unit - 1)
    by = f", which {setter.instruction} set in step {setter.step}" if setter else ""
    words = f"{branch.instruction} was taken in step {branch.step}, the condition code being {cc}{by}"
    return [CauseLink(words, branch.step)]


# ---- input and output ------------------------------------------------------------------------------------------------


def _of_io(session: "DebugSession", guest: str, entry: Entry) -> CauseView:
    found = io_blame(session, guest, entry)
    return CauseView(guest, io_words(session, guest, entry), found.links, found.fix)
