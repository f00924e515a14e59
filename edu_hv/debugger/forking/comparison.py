"""A guest's course from the present moment, beside its course in another world: what differs first, and at the end."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from edu_hv.debugger.forking.carrying import finish, settle
from edu_hv.debugger.forking.course import Course, Happening
from edu_hv.debugger.forking.expected import expected, io_under_way
from edu_hv.debugger.forking.real import real_differences, real_moment
from edu_hv.debugger.forking.views import FirstDifference, ForkView, StepPair
from edu_hv.debugger.forking.visible import Moment, clock_differences, differences
from edu_hv.debugger.forking.worlds import Made, Once, World
from edu_hv.debugger.system import System
from edu_hv.hypervisor.control_program import Stage
from edu_hv.hypervisor.stages import TRAP_MICROSECONDS
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


@dataclass(frozen=True)
class StretchEnd:
    """A course at a moment that it can be taken up from again."""

    taken: int
    state: Any
    moment: Moment
    ended: str


@dataclass
class Lane:
    """One of the two courses, and what was seen of it."""

    course: Course
    start: Moment
    steps: list[Step] = field(default_factory=list)
    stops: list["StretchEnd"] = field(default_factory=list)
    """The start, and the ends of stretches."""
    offset: int = 0
    """Steps taken before the first of `steps`."""
    figures: tuple[int, ...] = ()
    """What had been counted at the start: see `_figures`."""

    @property
    def last(self) -> Moment:
        """What the guest could see last."""
        return self.steps[-1].after if self.steps else self.start


def fork(session: "DebugSession", world: World, extent: Extent, real: bool = False) -> ForkView:
    """Compare the present course with that of another world.  Afterwards the session stands where it stood.

    Within a trap both begin where its step began: it is the trap that is compared.  Raises UserError where the other
    world cannot be made, and when nobody is logged on.
    """
    steps = _steps(world, extent)
    guest = session.guest.name
    session.begin_search()
    with session.recording.searching():
        system, halted, within = session.system, _halted(session), session.in_step
        if within:  # What is asked about is the trap under way.
            session.recording.goto(session.recording.start_of_step(session.recording.unit))
        if world.settles:
            settle(system)
            if not world.shares:
                finish(system, session.guest)
        state = system.state()
        own = Course(system, guest, halted)
        own.recorded = dict(session.journal.inputs)
        if extent.trap and world.most is None:
            steps = _steps_to_trap(own)
            system.restore(state)
        made = _make(world, session, halted)
        made.notes[:0] = ["the trap under way is taken from its beginning"] * within
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
        system.restore(state)
        self.title = _title(system, own.name)

    def compare(self, steps: int, extent: Extent, real: bool, at: int) -> ForkView:
        """Run both, find the first difference, and look at the ends."""
        stop = _Stop(extent.until)
        left = self._run(self.own, self.state, steps, stop)
        left_end = self._look(left, real)
        self._pass_inputs_on()
        with self.world.around():
            right = self._run(self.made.course, self.other_state, steps, stop)
            right_end = self._look(right, real)
        taken, ended = (self.own.taken, self.made.course.taken), (self.own.ended, self.made.course.ended)
        at_once = tuple(differences(left.start, right.start))
        each = max(taken) <= EACH
        if left.stops:
            left, right = self._nearer(left, right, stop)
        first = first_difference(left, right)
        found = tuple(differences(left_end.moment, right_end.moment))
        return ForkView(
            self.own.name,
            at,
            self.title,
            self.world.title,
            taken,
            _compared(each, first is not None),
            tuple(_shown(left, right, first.number if first else None)),
            at_once,
            _told(first, left, right, self.world),
            found,
            tuple(clock_differences(left_end.moment, right_end.moment)),
            ended,
            _costs(left_end, right_end, self.world.rule) if any(taken) else (),
            tuple(real_differences(left_end.real, right_end.real)) if real and self.world.shares else None,
            tuple(self.made.notes),
        )

    # ---- running ---------------------------------------------------------------------------------------------

    def _run(self, course: Course, state: Any, steps: int, stop: "_Stop") -> Lane:
        course.system.restore(state)
        _require_there(course)
        figures = _figures(course, self.world.rule)
        lane = Lane(course, course.now(), figures=(figures[0] + _dispatch_before(course), *figures[1:]))
        _run_lane(lane, steps, max(steps // STRETCHES, EACH), stop)
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

    def _look(self, lane: Lane, real: bool) -> "_End":
        course, system = lane.course, lane.course.system
        _require_there(course)
        moment = course.now(media=True)
        if not isinstance(course, Once):
            course.give_back()  # So that both are looked at, and paid for, when the guest has the real machine.
        counted = zip(lane.figures, _figures(course, self.world.rule), strict=True)
        figures = tuple(now - before for before, now in counted)
        return _End(moment, real_moment(system, course.name) if real else None, figures)

    def _nearer(self, left: Lane, right: Lane, stop: "_Stop") -> tuple[Lane, Lane]:
        """Each step of the first stretch at whose end the two are not the same; nothing when there is none."""
        index = _parted(left, right)
        if index is None:
            return Lane(left.course, left.start), Lane(right.course, right.start)
        ends = left.stops[min(index, len(left.stops) - 1)].taken, right.stops[min(index, len(right.stops) - 1)].taken
        steps = max(ends) - left.stops[index - 1].taken
        near_left = self._again(left, index - 1, steps, stop)
        with self.world.around():
            near_right = self._again(right, index - 1, steps, stop)
        return (near_left, near_right) if steps <= EACH else self._nearer(near_left, near_right, stop)

    def _again(self, lane: Lane, begin: int, steps: int, stop: "_Stop") -> Lane:
        """A stretch of a course again: each step of it, or smaller stretches."""
        from_here = lane.stops[begin]
        course = lane.course
        course.system.restore(from_here.state)
        course.taken, course.ended = from_here.taken, from_here.ended
        near = Lane(course, from_here.moment, offset=from_here.taken)
        _run_lane(near, steps, max(steps // STRETCHES, EACH), stop)
        return near


def _parted(left: Lane, right: Lane) -> int | None:
    """The number of the first end of a stretch at which what differs is not what differed before it."""
    both = list(zip(left.stops, right.stops, strict=False))
    if max(len(left.stops), len(right.stops)) == 2 and max(left.stops[-1].taken, right.stops[-1].taken) <= EACH:
        return 1  # So few steps can be looked at one by one.
    before = list(differences(left.start, right.start))
    for number, (mine, other) in enumerate(both[1:], 1):
        now = list(differences(mine.moment, other.moment))
        if now != before or mine.taken != other.taken:
            return number
    return len(both) if len(left.stops) != len(right.stops) else None


@dataclass(frozen=True)
class _End:
    """A course at its end."""

    moment: Moment
    real: Any
    figures: tuple[int, ...]


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


def _run_lane(lane: Lane, steps: int, length: int, stop: _Stop) -> None:
    """So many steps: each of them, or, of many, stretches of that length."""
    if steps <= EACH:
        _run_each(lane, steps, stop)
    else:
        _run_in_stretches(lane, steps, length, stop)


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


def _run_in_stretches(lane: Lane, steps: int, length: int, stop: _Stop) -> None:
    """Compiled where it can be; what the guest can see at the end of each stretch."""
    course, start = lane.course, lane.course.taken
    course.system.start_engine(stop.addresses())
    lane.stops.append(StretchEnd(start, course.system.state(), lane.start, course.ended))
    while course.taken - start < steps and not course.ended:
        reached = _run_stretch(course, min(length, steps - (course.taken - start)), stop)
        moment = course.now(lane.stops[-1].moment)
        lane.stops.append(StretchEnd(course.taken, course.system.state(), moment, course.ended))
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
    busy, gr = False, left.start.gr
    for number, mine, other, same in pairs_of(left, right):
        before, busy = busy, bool(mine and mine.busy) or bool(other and other.busy)
        if same:
            gr = mine.after.gr if mine is not None else gr
            continue
        happenings = mine.happening if mine else None, other.happening if other else None
        found = tuple(differences(mine.after, other.after)) if mine and other else ()
        told = next(one for one in happenings if one is not None)
        why = expected(*happenings, found, before or busy, gr)
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


def _compared(each: bool, parted: bool) -> str:
    if each:
        return "each step"
    return "the ends of stretches, and each step of the one where they part" if parted else "the ends of stretches"


def _title(system: System, guest: str) -> str:
    """What the present course is."""
    vm = system.guest(guest).vm
    if system.cp is None or vm is None:
        return "on the bare machine"
    return "under CP with the VM assist" if system.cp.assist.settings(vm).on else "under CP"


def _require_there(course: Course) -> None:
    if all(guest.name != course.name for guest in course.system.guests):
        raise UserError(f"{course.name} is not logged on there any more, so there is nothing to compare")


def _dispatch_before(course: Course) -> int:
    """Microseconds of the dispatch that an input has left CP to do, which is no part of the course."""
    cp = course.system.cp
    pending = cp is not None and cp.work.stage is Stage.DISPATCH and cp.work.interruption is None
    return TRAP_MICROSECONDS if pending else 0


def _figures(course: Course, rule: str) -> tuple[int, ...]:
    """Machine time, how often CP got control from the guest, and how often a rule that is asked about has fired."""
    cp, vm = course.system.cp, course.guest.vm
    traps = vm.traps if vm is not None else 0
    fired = sum(number for (_, name, _), number in cp.counts.items() if name == rule) if cp is not None else 0
    return course.system.machine.clocks.now, traps, fired


def _costs(left: _End, right: _End, rule: str) -> tuple[tuple[str, int, int], ...]:
    """What each side has cost; what is the same on both is not told, but for a rule that is asked about."""
    names = ("machine time, in microseconds", "times CP got control from it", f"times rule {rule} fired")
    rows = zip(names, left.figures, right.figures, strict=True)
    return tuple((name, mine, other) for name, mine, other in rows if mine != other or (rule and name is names[2]))
