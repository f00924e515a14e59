"""Answers and the way through them: who wrote it, who wrote what that was made of, and so on backwards.

A session has one `Trail`.  It holds for the branch and recording on which it was made.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edu_hv.debugger.writers.evidence import Write, write_at
from edu_hv.debugger.writers.finding import writes
from edu_hv.debugger.writers.locations import Location
from edu_hv.debugger.writers.operands import ADDRESS
from edu_hv.debugger.writers.views import ChainView, MadeOfView, WriteRow, WritersView, WriterView
from edu_hv.isa.errors import UserError

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession

DEEPEST = 20
"""Links of a chain that are followed, if nothing else is said."""


@dataclass(frozen=True)
class Answer:
    """What was asked, up to which position, and what was found: None when nobody wrote it."""

    location: Location
    end: int
    write: Write | None
    value: str
    """At `end`."""


@dataclass
class Trail:
    """What was asked last, and what was followed to come there."""

    answers: list[Answer] = field(default_factory=list)
    """From the first question to the last answer."""
    listed: list[int] = field(default_factory=list)
    """Positions of the writes that were listed last, or of the one that was named last."""
    whose: object = None
    """The course of events that the answers are about."""
    came_from: list[int] = field(default_factory=list)
    """Positions from which one jumped."""

    def of(self, session: "DebugSession") -> "Trail":
        """The trail, emptied when another course of events is looked at now."""
        if self.whose is not session.recording.history:
            self.answers, self.listed, self.came_from = [], [], []
            self.whose = session.recording.history
        return self


def trail_of(session: "DebugSession") -> Trail:
    """The session's trail."""
    return session.trail.of(session)


# ---- asking ----------------------------------------------------------------------------------------------------------


def ask(session: "DebugSession", location: Location, end: int) -> Answer:
    """Who wrote a location last, up to a position."""
    session.begin_search()
    found = writes(session.recording, location, 1, end, lambda: session.interrupted)
    if session.interrupted and not found:
        raise UserError("you stopped the search; nothing was found by then")
    write = write_at(session, location, found[0]) if found else None
    value = location.show(write.new) if write else location.show(location.value(session.system))
    return Answer(location, end, write, value)


def who(session: "DebugSession", location: Location) -> WriterView:
    """Who wrote it last before the present position.  The answer can be followed."""
    trail = trail_of(session)
    trail.answers = [ask(session, location, session.recording.unit)]
    return _shown(session, trail)


def follow(session: "DebugSession", which: int | Location) -> WriterView:
    """Who wrote an operand of the last answer, by its number, or anything else as it was just before that write."""
    trail = trail_of(session)
    if not trail.answers:
        raise UserError("there is no answer to follow yet; ask first: who gr5")
    write = trail.answers[-1].write
    if write is None:
        raise UserError(
            f"nobody wrote {trail.answers[-1].location.name}, so there is nothing to follow; unfollow goes back"
        )
    location = _operand(write, which) if isinstance(which, int) else which
    trail.answers.append(ask(session, location, write.unit - 1))
    return _shown(session, trail)


def _operand(write: Write, number: int) -> Location:
    if not write.operands:
        raise UserError(f"the {write.brief} at step {write.step:,} has no operands to follow; follow gr5 names one")
    if not 1 <= number <= len(write.operands):
        count = len(write.operands)
        raise UserError(f"there is no operand {number}; the answer has {f'1 to {count}' if count > 1 else 'only 1'}")
    return write.operands[number - 1].location


def unfollow(session: "DebugSession") -> WriterView:
    """Back to the answer before."""
    trail = trail_of(session)
    if len(trail.answers) < 2:
        raise UserError(
            "there is no answer before this one; who asks anew" if trail.answers else "nothing was asked yet"
        )
    trail.answers.pop()
    return _shown(session, trail)


def chain(session: "DebugSession", location: Location, deepest: int = DEEPEST) -> ChainView:
    """Follow copies backwards until a value was computed of several, came from outside, or was never written."""
    trail = trail_of(session)
    trail.answers = [ask(session, location, session.recording.unit)]
    while len(trail.answers) < deepest:
        write = trail.answers[-1].write
        if write is None or write.made_of.source is None:
            break
        trail.answers.append(ask(session, write.made_of.source.location, write.unit - 1))
    trail.listed = [answer.write.unit for answer in trail.answers if answer.write][:1]
    links = tuple(_view(session, answer, ()) for answer in trail.answers)
    return ChainView(location.name, _whose(session, location), links, _end(trail.answers[-1], deepest))


def _end(last: Answer, deepest: int) -> str:
    write = last.write
    if write is None:
        return "it is from the beginning of the recording"
    if write.made_of.source is not None:
        return f"{deepest} links were followed; chain with a larger number goes on"
    if write.part:
        return "only a part of it was written there; writers lists who wrote the rest"
    values = [one for one in write.operands if one.role != ADDRESS]
    if len(values) > 1:
        return f"it was made of {len(values)} operands there; follow 1, follow 2 ... ask for each"
    if write.brief.startswith("device "):
        return f"it came from {write.brief} there"
    return "it begins there"


def writers(session: "DebugSession", location: Location, count: int) -> WritersView:
    """The last `count` writes, oldest first."""
    session.begin_search()
    found = writes(session.recording, location, count + 1, stopped=lambda: session.interrupted)
    trail = trail_of(session)
    trail.listed = found[-count:]
    rows = tuple(_row(number, write_at(session, location, unit)) for number, unit in enumerate(trail.listed, 1))
    stopped = "you stopped the search: there may be others before" if session.interrupted else ""
    remark = stopped or ("" if rows else _up_to_here(session))
    return WritersView(location.name, _whose(session, location), rows, len(found) > count, remark)


def _up_to_here(session: "DebugSession") -> str:
    """That the recording goes on behind the present position, if it does."""
    here, total = session.step_number, session.total
    return "" if here >= total else f"that is up to step {here:,} of {total:,}; watchlog finds later ones, too"


def _row(number: int, write: Write) -> WriteRow:
    show = write.location.show
    return WriteRow(number, write.step, write.layer, write.by, show(write.old), show(write.new))


# ---- going there -----------------------------------------------------------------------------------------------------


def target_of_jump(session: "DebugSession", number: int | None) -> int:
    """The position behind the write that was named last, or behind one of those that were listed."""
    trail = trail_of(session)
    if not trail.listed:
        raise UserError("there is no write to jump to yet; ask first: who gr5, or writers gr5")
    if number is not None and number > len(trail.listed):
        raise UserError(f"there is no write {number} in the last list; it has {len(trail.listed)}")
    trail.came_from.append(session.recording.unit)
    return trail.listed[-1 if number is None else number - 1]


def target_of_return(session: "DebugSession") -> int:
    """The position from which one jumped last."""
    trail = trail_of(session)
    if not trail.came_from:
        raise UserError("you have not jumped from anywhere; jump goes to a write that was named")
    return trail.came_from.pop()


# ---- in words --------------------------------------------------------------------------------------------------------


def _shown(session: "DebugSession", trail: Trail) -> WriterView:
    """The last answer, and how one came there."""
    last = trail.answers[-1]
    if last.write is not None:
        trail.listed = [last.write.unit]
    crumbs = tuple(map(_crumb, trail.answers)) if len(trail.answers) > 1 else ()
    return _view(session, last, crumbs)


def _crumb(answer: Answer) -> str:
    """One answer in a few words: "GR5, step 900 L"."""
    write = answer.write
    return f"{answer.location.name}, {f'step {write.step:,} {write.brief}' if write else 'never written'}"


def _whose(session: "DebugSession", location: Location) -> str:
    if session.system.cp is None or (not location.owner and location.spelled.startswith("pte ")):
        return ""  # The name of an entry in CP's tables says for whom it is.
    return location.owner or "the real machine"


def _view(session: "DebugSession", answer: Answer, trail: tuple[str, ...]) -> WriterView:
    write, location = answer.write, answer.location
    guest = _whose(session, location)
    step = session.recording.boundaries.last_at(answer.end - 1) + 1 if answer.end > session.recording.start else 0
    if write is None:
        remark = f"it has been {answer.value} since the recording began (step 0): no step has written it"
        remark += f"; {later}" if (later := _up_to_here(session)) and answer.end >= session.recording.unit else ""
        return WriterView(location.name, guest, step, None, None, "", "", answer.value, trail=trail, remark=remark)
    operands = tuple(
        MadeOfView(number, one.words, one is write.made_of.source) for number, one in enumerate(write.operands, 1)
    )
    old, new = location.show(write.old), location.show(write.new)
    remark = "" if write.at_boundary else "it was within the step: jump goes exactly there, goto to the end of the step"
    return WriterView(
        location.name, guest, step, write.step, write.layer, write.by, old, new, write.details, operands, trail, remark
    )
