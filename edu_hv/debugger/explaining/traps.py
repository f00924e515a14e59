"""`explain trap`: why the current instruction traps, or the last one did, as a chain; `explain branch`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from edu_hv.debugger.explaining.ahead import look_ahead, undone
from edu_hv.debugger.explaining.history import FARTHEST, became, last_branch
from edu_hv.debugger.explaining.instruction import explain
from edu_hv.debugger.explaining.operands import BRANCHES
from edu_hv.debugger.explaining.views import ExplainView
from edu_hv.debugger.recording.journal import Entry
from edu_hv.debugger.system import System
from edu_hv.isa.codes import PIC, Class
from edu_hv.isa.errors import UserError
from edu_hv.isa.table import operation
from edu_hv.machine.events import InterruptionRecognized
from edu_hv.machine.interruptions import ProgramInterruption

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession


@contextmanager
def standing_at(session: "DebugSession", unit: int) -> Iterator[None]:
    """As it was at a position of the recording; back at the present one behind it."""
    here = session.recording.unit
    session.recording.goto(unit)
    try:
        yield
    finally:
        session.recording.goto(here)


def trap(session: "DebugSession") -> ExplainView:
    """Why the next instruction traps; if it does not, why the last one did that has.  UserError when none has."""
    if not session.in_step and not session.system.machine.dead:
        outcome = look_ahead(session.system)
        if outcome.recognized is not None:
            return _with_origin(session, explain(session), outcome.recognized.kind, outcome.recognized.code)
    last = last_trap(session)
    if last is None:
        raise UserError("nothing has trapped so far, and the next instruction does not; trap runs to the next one")
    assert isinstance(last.event, InterruptionRecognized)
    with standing_at(session, last.unit - 1):
        view = _with_origin(session, explain(session), last.event.kind, last.event.code)
    return replace(view, title=f"the last trap, in step {last.step}: {view.title}")


def last_trap(session: "DebugSession") -> Entry | None:
    """The entry of the last interruption, of the selected guest when it was selected by hand."""
    return session.journal.last_where(
        lambda e: isinstance(e.event, InterruptionRecognized) and (session.follow or e.guest == session.selected)
    )


def _with_origin(session: "DebugSession", view: ExplainView, kind: Class, code: int) -> ExplainView:
    """Of a privileged operation also why the PSW is in the problem state."""
    if kind is not Class.PROGRAM or code != PIC.PRIVILEGED_OPERATION:
        return view
    return replace(view, sentences=(view.sentences[0], *_origin(session, view.guest), *view.sentences[1:]))


def _origin(session: "DebugSession", guest: str) -> list[str]:
    real = [_REAL_STATE] if session.system.cp is not None else []
    if not session.guest_psw(guest).problem_state:
        return [*real, f"{guest} believes to be in supervisor state, so this is CP's trap and not the guest's error"]

    def in_problem_state(system: System) -> bool:
        known = any(one.name == guest for one in system.guests)
        return known and system.psw_of(guest).problem_state

    found = became(session, guest, in_problem_state, session.recording.unit)
    by = "so from the start"
    if found is not None:
        by = f"set by {found.instruction} in step {found.step}; goto {max(found.step - 1, 0)}"
    return [*real, f"{guest} is in problem state itself: bit 15 of its PSW is 1, {by}"]


_REAL_STATE = "the real PSW has bit 15 on because CP's dispatcher builds it so for every guest"


def branch(session: "DebugSession") -> ExplainView:
    """Whether the next instruction branches and why; if it is no branch, the branch that led here."""
    view = explain(session)
    mnemonic = _next_mnemonic(session)
    if mnemonic in BRANCHES:
        words = [s for s in view.sentences if "branch" in s]
        return replace(view, sentences=tuple(words) or view.sentences)
    found = last_branch(session, session.selected, session.recording.unit)
    if found is None:
        raise UserError(f"the next instruction is no branch, and none was taken in the last {FARTHEST:,} steps")
    with standing_at(session, found.unit - 1):
        view = explain(session)
    words = [s for s in view.sentences if "branch" in s] or list(view.sentences[:1])
    title = f"the last branch taken, in step {found.step}: {view.title}"
    return replace(view, title=title, sentences=(*words, f"goto {max(found.step - 1, 0)} goes there"))


def _next_mnemonic(session: "DebugSession") -> str:
    about = session.system.about_to_execute()
    if about is None:
        return ""
    with undone(session.system):
        try:
            text = session.system.machine.cpu.examine(about[1], 2)
        except ProgramInterruption:
            return ""
    row = operation(text)
    return row.mnemonic if row else ""
