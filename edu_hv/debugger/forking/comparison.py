"""A guest's course from the present moment, beside its course in another world: what differs first, and at the end."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from edu_hv.debugger.forking.carrying import settle
from edu_hv.debugger.forking.course import Course, Happening
from edu_hv.debugger.forking.expected import expected, io_under_way
from edu_hv.debugger.forking.real import real_differences, real_moment
from edu_hv.debugger.forking.views import FirstDifference, ForkView, StepPair
from edu_hv.debugger.forking.visible import Moment, clock_differences, differences
from edu_hv.debugger.forking.worlds import Made, Once, World
from edu_hv.debugger.system import System
from edu_hv.isa.errors import UserError

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession

EACH = 1_000
"""So many steps are compared one by one; of more, ends of stretches are compared first."""
STRETCHES = 50
MOST_STEPS = 1_000_000
SHOWN_BEFORE, SHOWN_AT_MOST = 4, 12
"""Pairs of steps that are shown before the first difference, and in all."""
_ANYWHERE = ("enter", "key", "alter")
"""Inputs that a bare machine and a virtual one take alike."""
_EFFECTS = 3
"""Places that a step has changed which are told of it."""


@dataclass(frozen=True)
class Extent:
    """How far both courses go: so many steps, to where the guest is about to execute an address, to the end of the next
    step for which the present course needs CP or an interruption, or to their end."""

    steps: int | None = None
    until: int | None = None
    trap: bool = False
    end: bool = False


@dataclass
class Step:
    """A step that was taken, what the guest could see behind it, and whether I/O was under way by then."""

    happening: Happening
    after: Moment
    busy: bool


@dataclass
class Lane:
    """One of the two courses, and what was seen of it."""

    course: Course
    start: Moment
    steps: list[Step] = field(default_factory=list)
    stops: list[tuple[int, Any, Moment, str]] = field(default_factory=list)
    """Ends of stretches: steps taken, the system's state, what the guest can see, and why it ended if it has."""
    offset: int = 0
    """Steps taken before the first of `steps`."""

    @property
    def last(self) -> Moment:
        """What the guest could see last."""
        return self.steps[-1].after if self.steps else self.start


def fork(session: "DebugSession", world: World, extent: Extent, real: bool = False) -> ForkView:
    """Compare the present course with that of another world.  Afterwards the session stands where it stood.

    Raises UserError where the other world cannot be made, and when nobody is logged on.
    """
    steps = _steps(world, extent)
    guest = session.guest.name
    session.begin_search()
    with session.recording.searching():
        system, state = session.system, session.system.state()
        halted = _halted(session)
        if world.settles:
            settle(system, session.guest)
            state = system.state()
        own = Course(system, guest, halted)
        own.recorded = dict(session.journal.inputs)
        if extent.trap and world.most is None:
            steps = _steps_to_trap(own)
            system.restore(state)
        made = _make(world, session, halted)
        pair = _Pair(system, state, own, made, world)
        return pair.compare(steps, extent, real or world.real, session.step_number)


def _steps(world: World, extent: Extent) -> int:
    if extent.steps is not None and world.most is not None and extent.steps > world.most:
        raise UserError(f"{world.title}, only one step can be taken: the real machine is CP's no more behind it")
    if extent.until is not None or extent.end:
        return world.most or MOST_STEPS
    steps = extent.steps or world.steps
    if steps > MOST_STEPS:
        raise UserError(f"{steps:,} steps are too many; {MOST_STEPS:,} can be compared at most")
    return steps


def _steps_to_trap(own: Course) -> int:
    """Steps up to the next one that is not simply executed, that one counted."""
    while own.taken < MOST_STEPS and (happening := own.next()) is not None:
        if happening.rule or not happening.text or happening.how.startswith("interruption"):
            break
    steps, own.taken, own.ended = max(own.taken, 1), 0, ""
    return steps


def _halted(session: "DebugSession") -> Callable[[], bool]:
    return lambda: session.interrupted


def _make(world: World, session: "DebugSession", halted: Callable[[], bool]) -> Made:
    with world.around():
        return world.make(session.system, session.guest.name, halted)


class _Pair:
    """The two courses.  Where they share a system, they go on in turns, each from a state of it."""

    def __init__(self, system: System, state: Any, own: Course, made: Made, world: World) -> None:
        self.system, self.own, self.made, self.world = system, own, made, world
        self.other_state = made.course.system.state()
        self.state = state

    def compare(self, steps: int, extent: Extent, real: bool, at: int) -> ForkView:
        """Run both, find the first difference, and look at the ends."""
        stop = _Stop(extent.until)
        each = steps <= EACH
        left = self._run(self.own, self.state, steps, stop, each)
        left_end = self._look(self.own, real)
        self._pass_inputs_on()
        with self.world.around():
            right = self._run(self.made.course, self.other_state, steps, stop, each)
            right_end = self._look(self.made.course, real)
        taken, ended = (self.own.taken, self.made.course.taken), (self.own.ended, self.made.course.ended)
        at_once = tuple(differences(left.start, right.start))
        if not each:
            left, right = self._nearer(left, right, stop)
            each = max(taken) <= EACH
        first = first_difference(left, right)
        found = tuple(differences(left_end.moment, right_end.moment))
        return ForkView(
            self.own.name,
            at,
            "under CP" if self.system.cp is not None else "on the bare machine",
            self.world.title,
            taken,
            "each step" if each else "the ends of stretches, and each step of the one where they part",
            tuple(_shown(left, right, first.number if first else None)),
            at_once,
            _told(first, left, right, self.world),
            found,
            tuple(clock_differences(left_end.moment, right_end.moment)),
            ended,
            _costs(left_end, right_end),
            tuple(real_differences(left_end.real, right_end.real)) if real and self.world.shares else None,
            tuple(self.made.notes),
        )

    # ---- running ---------------------------------------------------------------------------------------------

    def _run(self, course: Course, state: Any, steps: int, stop: "_Stop", each: bool) -> Lane:
        course.system.restore(state)
        lane = Lane(course, course.now())
        if each:
            _run_each(lane, steps, stop)
        else:
            _run_in_stretches(lane, steps, stop)
        return lane

    def _pass_inputs_on(self) -> None:
        """What was given in the recording behind this moment is given in the other world behind the same step."""
        other = self.made.course
        for number, given in self.own.given:
            if self.world.shares or given.kind in _ANYWHERE:
                other.inputs.append(
                    (number, replace(given, guest=other.name if not self.world.shares else given.guest))
                )
            else:
                self.made.notes.append(f"the input behind step {number} ({given.kind} {given.text}) is not given there")

    def _look(self, course: Course, real: bool) -> "_End":
        system = course.system
        vm = course.guest.vm if any(guest.name == course.name for guest in system.guests) else None
        at = course.now(media=True) if vm is not None or system.cp is None else None
        if at is None:
            raise UserError(f"{course.name} is not logged on there any more, so there is nothing to compare")
        while real and not isinstance(course, Once) and not system.machine.at_boundary and system.machine.advance():
            pass  # CP gives the machine back, so that both are looked at while the guest has it.
        figures = (vm.traps if vm is not None else 0, system.machine.clocks.now)
        return _End(at, real_moment(system, course.name) if real else None, figures)

    def _nearer(self, left: Lane, right: Lane, stop: "_Stop") -> tuple[Lane, Lane]:
        """Each step of the first stretch at whose end the two are not the same."""
        both = list(zip(left.stops, right.stops, strict=False))
        index = next((n for n, (mine, other) in enumerate(both) if not mine[2].same_as(other[2])), None)
        if max(left.course.taken, right.course.taken) <= EACH:
            index = len(both) - 1
        if index is None:
            return Lane(left.course, left.start), Lane(right.course, right.start)
        begin = index - 1
        near_left = self._again(left, begin, both[index][0][0], stop)
        with self.world.around():
            near_right = self._again(right, begin, both[index][1][0], stop)
        if len(near_left.steps) or len(near_right.steps):
            return near_left, near_right
        return self._nearer(near_left, near_right, stop)

    def _again(self, lane: Lane, begin: int, end: int, stop: "_Stop") -> Lane:
        """A stretch of a course again: each step of it, or smaller stretches."""
        taken, state, at, _ = lane.stops[begin]
        course = lane.course
        course.system.restore(state)
        course.taken, course.ended = taken, ""
        near = Lane(course, at, offset=taken)
        steps = end - taken
        if steps <= EACH:
            _run_each(near, steps, stop)
        else:
            _run_in_stretches(near, steps, stop)
        return near


@dataclass(frozen=True)
class _End:
    """A course at its end."""

    moment: Moment
    real: Any
    figures: tuple[int, int]


@dataclass(frozen=True)
class _Stop:
    """Where a course stops by itself."""

    address: int | None

    def reached(self, course: Course) -> bool:
        """Whether the guest is about to execute the instruction there."""
        return self.address is not None and course.system.about_to_execute() == (course.name, self.address)

    def addresses(self) -> set[int]:
        """For the engine."""
        return set() if self.address is None else {self.address}


def _run_each(lane: Lane, steps: int, stop: _Stop) -> None:
    """Every step, with what the guest can see behind it."""
    course = lane.course
    while len(lane.steps) < steps:
        happening = course.next()
        if happening is None:
            break
        lane.steps.append(Step(happening, course.now(lane.last), io_under_way(course.system)))
        if stop.reached(course):
            break


def _run_in_stretches(lane: Lane, steps: int, stop: _Stop) -> None:
    """Compiled where it can be; what the guest can see at the end of each stretch."""
    course, start = lane.course, lane.course.taken
    length = max(steps // STRETCHES, EACH)
    course.system.start_engine(stop.addresses())
    lane.stops.append((start, course.system.state(), lane.start, ""))
    while course.taken - start < steps and not course.ended:
        reached = _run_stretch(course, min(length, steps - (course.taken - start)), stop)
        lane.stops.append((course.taken, course.system.state(), course.now(lane.stops[-1][2]), course.ended))
        if reached:
            break


def _run_stretch(course: Course, steps: int, stop: _Stop) -> bool:
    """So many steps; whether it has come to where it is to stop."""
    end = course.taken + steps
    while course.taken < end and not course.ended:
        course.run_some(end - course.taken)
        if stop.reached(course):
            return True
    return False


# ---- what differs ---------------------------------------------------------------------------------------------------


Pair = tuple[int, Step | None, Step | None, bool]


def pairs_of(left: Lane, right: Lane) -> list[Pair]:
    """Both steps of each number, and whether they are the same for the guest.

    They are when it can see no difference behind them.  When it could before the first one, they are when they do the
    same: the same instruction, and what it has changed is the same afterwards.
    """
    alike = left.start.same_as(right.start)
    found: list[Pair] = []
    before: tuple[Moment, Moment] | None = left.start, right.start
    for number, (mine, other) in enumerate(zip_longest(left.steps, right.steps), left.offset + 1):
        same = False
        if mine is not None and other is not None:
            same = mine.after.same_as(other.after) if alike else _go_alike(mine, other, before)
            before = mine.after, other.after
        found.append((number, mine, other, same))
    return found


def _go_alike(left: Step, right: Step, before: tuple[Moment, Moment] | None) -> bool:
    if (left.happening.address, left.happening.text) != (right.happening.address, right.happening.text):
        return False
    changed = [
        [(one.place, one.right) for one in differences(was, step.after)]
        for was, step in zip(before or (left.after, right.after), (left, right), strict=True)
    ]
    return changed[0] == changed[1]


def first_difference(left: Lane, right: Lane) -> FirstDifference | None:
    """The first step that is not the same for the guest."""
    busy = False
    for number, mine, other, same in pairs_of(left, right):
        before, busy = busy, bool(mine and mine.busy) or bool(other and other.busy)
        if same:
            continue
        happenings = mine.happening if mine else None, other.happening if other else None
        found = tuple(differences(mine.after, other.after)) if mine and other else ()
        told = next(one for one in happenings if one is not None)
        why = expected(*happenings, found, before or busy)
        return FirstDifference(number, f"{told.address:06X} {told.instruction}", found, "", why)
    return None


def _told(first: FirstDifference | None, left: Lane, right: Lane, world: World) -> FirstDifference | None:
    """With the reason: what CP decided on each side."""
    if first is None:
        return first
    index = first.number - 1 - left.offset
    parts = []
    for lane, title in ((left, ""), (right, f"{world.title}: ")):
        if index < len(lane.steps):
            happening = lane.steps[index].happening
            parts.append(title + happening.how + (f" ({happening.why})" if happening.why else ""))
        else:
            parts.append(title + (lane.course.ended or "no such step"))
    if len(parts) == 2 and parts[1] == f"{world.title}: {parts[0]}":
        parts = [f"on both: {parts[0]}"]
    expects = first.expected if world.alike else ""
    return FirstDifference(first.number, first.instruction, first.differences, "; ".join(parts), expects)


def _shown(left: Lane, right: Lane, first: int | None) -> list[StepPair]:
    """The pairs around the first difference, or those at the beginning."""
    pairs, begin = pairs_of(left, right), 0
    if first is not None:
        at = next((index for index, pair in enumerate(pairs) if pair[0] == first), 0)
        begin = max(at - SHOWN_BEFORE, 0)
    found = []
    for index in range(begin, min(begin + SHOWN_AT_MOST, len(pairs))):
        number, _, _, same = pairs[index]
        sides = [_side(lane, index) for lane in (left, right)]
        (how, name, effects), (other_how, other_name, other_effects) = sides
        found.append(StepPair(number, how, other_how, name, other_name, effects, other_effects, same))
    return found


def _side(lane: Lane, index: int) -> tuple[str, str, tuple[str, ...]]:
    """Who did a step, which it was, and what it has changed that the guest can see."""
    if index >= len(lane.steps):
        return "", "", ()
    step, before = lane.steps[index], lane.steps[index - 1].after if index else lane.start
    changed = [one for one in differences(before, step.after) if one.place != "PSW instruction address"]
    effects = [f"{one.place} {one.left} becomes {one.right}" for one in changed[:_EFFECTS]]
    if len(changed) > _EFFECTS:
        effects.append(f"{len(changed) - _EFFECTS} more")
    name = f"{step.happening.address:06X} {step.happening.instruction}"
    return step.happening.how, name, tuple(effects)


def _costs(left: _End, right: _End) -> tuple[tuple[str, int, int], ...]:
    pairs = zip(("times CP got control from it, since logon", "machine time, in microseconds"), left.figures,
                right.figures, strict=True)  # fmt: skip
    return tuple((name, mine, other) for name, mine, other in pairs if mine != other)
