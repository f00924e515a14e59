"""Two moments of one recording, or of two branches of it: what differs for the guest, and in CP's blocks for it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Flag
from typing import TYPE_CHECKING, Any

from edu_hv.debugger import explain
from edu_hv.debugger.forking.views import MomentsView
from edu_hv.debugger.forking.visible import Difference, Moment, clock_differences, differences, moment
from edu_hv.debugger.recording.history import History
from edu_hv.debugger.recording.journal import Entry
from edu_hv.isa.errors import UserError

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession

_NOT_TOLD = frozenset({"vmgprs_before", "vmvtime", "vmttime", "quantum", "queue_left", "waiting_since"})
"""Fields of the VMBLOK that change with every step, or are of this simulator."""


@dataclass(frozen=True)
class Seen:
    """A guest at a position."""

    moment: Moment
    block: dict[str, str]
    """Fields of its VMBLOK by name; empty on the bare machine."""


def compare_steps(session: "DebugSession", first: int, last: int) -> MomentsView:
    """What differs behind two steps of this recording, for the selected guest.

    Raises UserError for a step that was not recorded, and when the guest was not logged on at one of them.
    """
    recording, name = session.recording, session.guest.name
    units = [_position(session, step) for step in (first, last)]
    with recording.searching():
        seen = []
        for unit, step in zip(units, (first, last), strict=True):
            recording.goto(unit)
            seen.append(_seen(session, name, f"at step {step:,}"))
    titles = f"step {first:,}", f"step {last:,}"
    return _view("two moments of the recording", name, titles, seen)


def _position(session: "DebugSession", step: int) -> int:
    recording = session.recording
    return recording.unit if step == recording.step else recording.position_of_step(step)


def compare_branches(session: "DebugSession", name: str, at_ends: bool = False) -> MomentsView:
    """This branch and another one: the first event that differs, and what differs at this step, or at their ends.

    Where the other branch is shorter, it is looked at at its end.  Raises UserError for an unknown branch.
    """
    recording, guest = session.recording, session.guest.name
    here, other = recording.history, recording.branches.get(name)
    if other is None:
        known = ", ".join(sorted(recording.branches)) or "no other"
        raise UserError(f'there is no other branch "{name}"; there are: {known}' if name != here.name else
                        f"{name} is the branch you are on: name another one, of {known}")  # fmt: skip
    units = (here.end, other.end) if at_ends else (recording.unit, _beside(here, other, recording.unit))
    seen = [_seen_in(session, *where, guest) for where in zip((here, other), units, strict=True)]
    titles = [f"{each.name}, step {each.step_at(unit):,}" for each, unit in zip((here, other), units, strict=True)]
    return _view(f"branches {here.name} and {name}", guest, titles, seen, _first_event(session, here, other))


def _beside(here: History, other: History, unit: int) -> int:
    """The position on another branch at which as many steps are done; what was given from outside is not counted.

    The end of a branch that is shorter.
    """
    fork = min(other.fork if other.parent == here.name else here.fork if here.parent == other.name else 0, unit)
    done = here.step_at(unit) - _inputs(here, fork, unit)
    step = done
    while step < len(other.boundaries) and step != done + _inputs(other, fork, other.boundaries[step]):
        step += 1
    return other.boundaries[step] if step < len(other.boundaries) else other.end


def _inputs(history: History, first: int, end: int) -> int:
    """What was given from outside between two positions."""
    return sum(first <= unit < end for unit in history.journal.inputs)


def _seen_in(session: "DebugSession", history: History, unit: int, guest: str) -> Seen:
    """The guest at a position of a branch, which is looked at as if it were the present one."""
    recording = session.recording
    with recording.aside():
        recording.history = history.fork_at(unit, history.name, "")
        recording.system.restore(recording.checkpoints.before(unit)[1])
        recording.goto(unit)
        return _seen(session, guest, f"on branch {history.name}")


def _seen(session: "DebugSession", name: str, where: str) -> Seen:
    system = session.system
    found = system.find(name)
    if found is None:
        raise UserError(f"{name} is not logged on {where}")
    vm = found.vm
    block = {} if vm is None else {field: _words(getattr(vm, field)) for field in vm.PLAIN if field not in _NOT_TOLD}
    if vm is not None:
        block["vmpxint"] = " ".join(f"{one.code:04X}" for one in vm.vmpxint) or "none"
        block |= {f"vdevblok {at:03X}": _device(one) for at, one in vm.devices.items()}
    return Seen(moment(system, found, media=True), block)


def _device(vdev: Any) -> str:
    csw = vdev.vdevcsw
    return f"{vdev.vdevstat.name or 'nothing'}" + (f", CSW {csw.to_bytes().hex(' ', 4).upper()}" if csw else "")


def _words(value: object) -> str:
    """A field as a person reads it: names of the bits that are on, bytes in hexadecimal."""
    if isinstance(value, Flag):
        return value.name or "none"
    if isinstance(value, bytes):
        return value.hex().upper() or "none"
    if value is None or value == ():
        return "none"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _view(title: str, guest: str, titles: Sequence[str], seen: Sequence[Seen], event: str = "") -> MomentsView:
    (left, right), (mine, other) = titles, seen
    plain = [*differences(mine.moment, other.moment)]
    found = [Difference(one.place, one.left, one.right) for one in plain]
    found += list(clock_differences(mine.moment, other.moment))
    return MomentsView(title, guest, left, right, tuple(found), tuple(_blocks(mine.block, other.block)), event)


def _blocks(left: dict[str, str], right: dict[str, str]) -> Iterator[Difference]:
    for name in dict.fromkeys([*left, *right]):
        mine, other = left.get(name, "not there"), right.get(name, "not there")
        if mine != other:
            yield Difference(name.upper(), mine, other)


# ---- events ---------------------------------------------------------------------------------------------------------


def _first_event(session: "DebugSession", here: History, other: History) -> str:
    """The first event behind the fork that is on one branch only, in words."""
    fork = other.fork if other.parent == here.name else here.fork if here.parent == other.name else 0
    mine, theirs = (_entries(history, fork) for history in (here, other))
    for one, another in zip(mine, theirs, strict=False):
        if (one.guest, one.event) != (another.guest, another.event):
            return _both(session, here, one, other, another)
    if len(mine) == len(theirs):
        return "the same events are on both"
    longer, left = (here, mine) if len(mine) > len(theirs) else (other, theirs)
    return f"{longer.name} alone goes on: {_entry_words(session, left[min(len(mine), len(theirs))])}"


MOST_EVENTS = 20_000


def _entries(history: History, fork: int) -> list[Entry]:
    journal = history.journal
    first = journal.place_at(fork + 1)
    return journal.between(first, min(journal.known, first + MOST_EVENTS))


def _both(session: "DebugSession", here: History, one: Entry, other: History, another: Entry) -> str:
    return f"{here.name}: {_entry_words(session, one)}; {other.name}: {_entry_words(session, another)}"


def _entry_words(session: "DebugSession", entry: Entry) -> str:
    words = explain.entry_words(entry, session.assembly_of(entry.guest))
    return f"step {entry.step:,}, {entry.guest + ': ' if entry.guest else ''}{words}"
