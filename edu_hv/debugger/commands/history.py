"""Marks in the recording, and the branches of its history."""

from edu_hv.debugger.commands.arguments import parse_word, short
from edu_hv.debugger.commands.registry import Argument, command
from edu_hv.debugger.recording.history import History
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.views import StopView, TableView, TextView
from edu_hv.isa.errors import UserError

_NUMERALS = "0123456789+-"
_RESERVED = ("start", "end", "here", "from", "to")


def _marks(session: DebugSession) -> list[str]:
    return sorted(session.recording.history.named) if session.loaded else []


def _new_name(session: DebugSession, text: str) -> str:
    """A name for a place: a word that cannot be taken for a step number."""
    if not text.strip():
        raise UserError("a name needs at least one letter")
    if text[0] in _NUMERALS or text.lower() in _RESERVED or text.endswith("%"):
        raise UserError(f'"{short(text)}" cannot be a name here: it would be taken for a step; begin with a letter')
    return text


def _branch_names(session: DebugSession) -> list[str]:
    return sorted([session.recording.branch, *session.recording.branches]) if session.loaded else []


@command(
    "mark",
    Argument("NAME", _new_name, kind="name"),
    group="run",
    keys="m",
    examples=("mark before : this position is called before; goto before comes back to it",),
)
def mark(session: DebugSession, name: str) -> TextView:
    """Give the present position a NAME; "goto NAME" comes back to it, also to a place inside a trap.

    A name that is there already is moved.  Marks belong to the branch of the recording they were made on, and to those
    that leave it later.
    """
    session.recording.history.named[name] = session.recording.unit
    return TextView((f"{name} is step {session.step_number}{_within(session)}; goto {name} comes back",))


def _within(session: DebugSession) -> str:
    return ", inside the trap" if session.in_step else ""


@command("marks", group="run", examples=("marks : all names and their steps",))
def marks(session: DebugSession) -> TableView:
    """The positions that have names, in order."""
    recording = session.recording
    named = sorted(recording.history.named.items(), key=lambda item: (item[1], item[0]))
    here = recording.unit
    rows = tuple((name, f"{recording.step_at(unit):,}", "here" if unit == here else "") for name, unit in named)
    return TableView("marks" if rows else "no marks; mark NAME makes one", ("name", "step", ""), rows)


@command(
    "unmark",
    Argument("NAME", parse_word, _marks, kind="mark"),
    group="run",
    examples=("unmark before : the name is free again",),
)
def unmark(session: DebugSession, name: str) -> TextView:
    """Take the NAME from a position; the position stays where it is."""
    if session.recording.history.named.pop(name, None) is None:
        known = ", ".join(_marks(session)) or "none"
        raise UserError(f'there is no mark "{short(name)}"; there are: {known}')
    return TextView((f"{name} is no mark any more",))


@command("branches", group="run", examples=("branches : the courses of events, and where each left another",))
def branches(session: DebugSession) -> TableView:
    """The courses of events of this recording: the present one, and those that were left for another.

    A branch begins where something is given from outside in the past: a line, a command to CP, a changed register.
    """
    return _table(session)


def _table(session: DebugSession) -> TableView:
    recording = session.recording
    every = sorted([recording.history, *recording.branches.values()], key=lambda each: (each.fork, each.name))
    rows = tuple(_branch_row(session, each) for each in every)
    return TableView("branches", ("", "branch", "steps", "begins", "because", "stands at"), rows)


def _branch_row(session: DebugSession, each: History) -> tuple[str, ...]:
    here = each is session.recording.history
    stands = session.recording.unit if here else each.stood_at
    begins = f"step {each.step_at(each.fork):,} of {each.parent}" if each.parent else "at the start"
    step = f"step {each.step_at(stands):,}"
    return ">" if here else "", each.name, f"{each.total:,}", begins, each.because or "-", step


@command(
    "branch",
    Argument("NAME", parse_word, _branch_names, kind="branch"),
    Argument("NEW", _new_name, optional=True, kind="name"),
    group="run",
    examples=("branch main : go over to the branch main, where it was left", "branch branch1 tape : call it tape"),
)
def branch(session: DebugSession, name: str, new: str | None) -> StopView | TableView:
    """Go over to the branch NAME of the recording, where it was left; or call it NEW.

    Nothing is lost by it: the branch that is left stays as it is, and "branches" lists them all.
    """
    if new is not None:
        session.recording.rename_branch(name, new)
        return _table(session)
    return session.switch_branch(name)


@command(
    "unbranch",
    Argument("NAME", parse_word, _branch_names, kind="branch"),
    group="run",
    examples=("unbranch branch1 : forget that course of events",),
)
def unbranch(session: DebugSession, name: str) -> TableView:
    """Forget the branch NAME: the one thing here that cannot be undone.  The present branch cannot be forgotten."""
    session.recording.delete_branch(name)
    return _table(session)
