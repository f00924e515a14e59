"""Time travel by checkpoint and exact re-execution.

A position is a number of units executed (`Machine.units`); an input from outside is a unit, too.  Checkpoints are taken
every so many units; going back restores one and runs forward.  There is no undo code anywhere.

An input given in the past begins another course of events, a *branch*; the old one can be gone back to by its name.

What is kept of a step (where it ended, its mark, whose it was, the events in it) is entered when it happens for the
first time, so that it is the same however often one goes back and forth.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

from edu_hv.debugger.recording import checkpoints
from edu_hv.debugger.recording.checkpoints import Checkpoints
from edu_hv.debugger.recording.hearing import Hearing
from edu_hv.debugger.recording.history import History
from edu_hv.debugger.recording.journal import (
    InputGiven,
    Journal,
)
from edu_hv.debugger.recording.runs import Boundaries, Runs
from edu_hv.debugger.system import Input, System
from edu_hv.hypervisor.commands import Answer
from edu_hv.isa.codes import Class
from edu_hv.isa.errors import UserError
from edu_hv.machine.events import InterruptionRecognized, Waited

AT_ONCE = 1_000_000
"""Instructions that the engine executes before somebody's wish to stop is looked at."""
INPUT_MARK = "u"
_MOST_NUMBERS = 255
INSTRUCTIONS_A_UNIT = 1000
"""Instructions the engine executes in the time of one unit, roughly."""


class Recording:
    """The past of one system, and, after going back, its known future.

    `boundaries[n]` is the position at which step n was complete; step 0 is the state that was loaded.
    """

    BY_ITSELF = (Class.EXTERNAL, Class.INPUT_OUTPUT)
    """Interruptions that come in the place of an instruction."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.history = History.begin(system)
        """The present course of events."""
        self.branches: dict[str, History] = {}
        """The other courses by name."""
        self._hearing = Hearing(self)
        self._effort = 0
        """What was done since the last checkpoint, or since the one that was restored: units, mostly."""
        self._hearing.observe()

    # ---- what is kept of the present course ------------------------------------------------------------------

    @property
    def journal(self) -> Journal:
        """What happened, and every input."""
        return self.history.journal

    @property
    def boundaries(self) -> Boundaries:
        """`boundaries[n]` is the position at which step n was complete."""
        return self.history.boundaries

    @property
    def marks(self) -> Runs:
        """One character a step: what it was, for the timeline."""
        return self.history.marks

    @property
    def whose(self) -> Runs:
        """Whose each step was: 0 for CP, a wait or an input, else the number of the guest, from 1."""
        return self.history.whose

    @property
    def visited(self) -> dict[tuple[str, int], int]:
        """Guest and address of each instruction executed, and the position at which it first had been."""
        return self.history.visited

    @property
    def checkpoints(self) -> Checkpoints:
        """States by position."""
        return self.history.checkpoints

    @property
    def end(self) -> int:
        """The last position recorded."""
        return self.history.end

    # ---- position --------------------------------------------------------------------------------------------

    @property
    def unit(self) -> int:
        """The present position."""
        return self.system.machine.units

    @property
    def start(self) -> int:
        """The first position."""
        return self.boundaries[0]

    @property
    def step(self) -> int:
        """Steps complete, the one under way counted."""
        return self.step_at(self.unit)

    def step_at(self, unit: int) -> int:
        """Steps complete at a position, one under way counted."""
        return self.history.step_at(unit)

    @property
    def in_step(self) -> bool:
        """Whether a step is under way: a trap has been recognized and its last stage is still to come."""
        return self.boundaries[self.boundaries.last_at(self.unit)] != self.unit

    @property
    def total(self) -> int:
        """Steps recorded, the last one perhaps not to its end."""
        return self.history.total

    def position_of_step(self, step: int) -> int:
        """The position at which a step was complete.  Raises UserError for one that was not recorded."""
        if step == len(self.boundaries) and step == self.total:
            raise UserError(f"step {step} is not complete yet: step finishes it")
        if not 0 <= step < len(self.boundaries):
            raise UserError(f"step {step} is not in the recording, which goes from 0 to {self.total}")
        return self.boundaries[step]

    def start_of_step(self, unit: int) -> int:
        """The position at which the step that led to `unit` began."""
        return self.boundaries[self.boundaries.last_at(unit - 1)] if unit > self.start else self.start

    def boundary_back(self, count: int, guest: str | None = None) -> int:
        """Where one is after undoing `count` steps, those of one guest if it is named.

        The part done of a step under way counts as one.  With a guest named, steps of the others are undone besides,
        back to where that guest had just done one: the reverse of stepping that guest.
        """
        boundaries = self.boundaries
        step = boundaries.last_at(self.unit)
        if self.in_step:
            count -= 1
        if guest is None or not count:
            return boundaries[max(step - count, 0)]
        mine = (0, self._number(guest))
        while step and count:
            step -= 1
            count -= self.whose[step] in mine
        while step and self.whose[step - 1] not in mine:
            step -= 1
        return boundaries[step]

    # ---- forwards --------------------------------------------------------------------------------------------

    @property
    def input_next(self) -> Input | None:
        """The input that is the next unit, where it is known to be one."""
        return self.journal.inputs.get(self.unit)

    def advance(self) -> bool:
        """Execute one unit, or give the input that was given here; False when nothing can happen any more."""
        if self.unit >= self.end:
            return self._record()
        if not self.again():
            return False
        self.journal.reached(self.unit)
        return True

    def again(self) -> bool:
        """One unit that was executed before."""
        machine, inputs = self.system.machine, self.history.journal.inputs
        given = inputs.get(machine.units) if inputs else None
        if given is not None:
            self._apply(given)
        elif not machine.advance():
            return False
        self._spend(1)
        return True

    def _apply(self, given: Input) -> Answer:
        """An input is one unit, whatever the machine has to finish for it."""
        unit = self.unit
        answer = self.system.apply(given)
        self.system.machine.units = unit + 1
        return answer

    def _record(self) -> bool:
        """One unit for the first time."""
        system, history = self.system, self.history
        machine, journal = system.machine, history.journal
        before = machine.units
        starting = before == history.boundaries.last
        about = system.about_to_execute() if starting else None
        mark, who = self._state(about) if starting else ("w", 0)
        self._hearing.begin(before + 1, len(history.boundaries))
        entries = journal.count
        try:
            if not machine.advance():
                return False
        finally:
            self._hearing.live = False
        recognized = machine.recognized
        if about is not None and (recognized is None or recognized.kind not in self.BY_ITSELF):
            history.visited.setdefault(about, machine.units)
        told = journal.reached(machine.units) - entries
        self._recorded(starting, mark, who, plain=starting and not told)
        return True

    def _recorded(self, starting: bool, mark: str, who: int, plain: bool, complete: bool = False) -> None:
        """Keep what a unit was that was just done for the first time; `plain`: nothing is to be told of it.

        `complete`: it is a step of its own, though CP may have something to do now.
        """
        history, unit = self.history, self.unit
        history.end = unit
        if starting:
            history.whose.append(who)
        if complete or self.system.machine.at_boundary:
            history.boundaries.append(unit)
            history.marks.append(ord(mark if plain else self._mark_of_step(len(history.boundaries) - 1, mark)))
        self._spend(1)

    # ---- forwards, many instructions at once -------------------------------------------------------------------

    def run_compiled(self, limit: int) -> int:
        """Up to `limit` instructions by the engine, if it was started; to an input at most; how many were executed.

        0 when the next unit has to be done by `advance`.  Each is a step of its own; which addresses they were at is
        not noted in `visited`.
        """
        unit = self.unit
        if unit < self.end:
            done = self.again_compiled(min(limit, self.end - unit))
        else:
            done = self._record_compiled(limit)
        if done:
            self.journal.reached(self.unit)
        return done

    def again_compiled(self, limit: int) -> int:
        """Up to `limit` instructions that were executed before, by the engine; how many were."""
        machine = self.system.machine
        done = machine.run_compiled(min(limit, self.journal.next_input(machine.units) - machine.units))
        if done:
            self._spend(1 + done // INSTRUCTIONS_A_UNIT)
        return done

    def _record_compiled(self, limit: int) -> int:
        machine = self.system.machine
        about = self.system.about_to_execute()
        if about is None or machine.units != self.boundaries.last:
            return 0
        mark, who = self._state(about)
        done = machine.run_compiled(limit)
        if done:
            self.history.end = machine.units
            self.boundaries.extend(done)
            self.marks.append(ord(mark), done)
            self.whose.append(who, done)
            self._spend(1 + done // INSTRUCTIONS_A_UNIT)
        return done

    def _state(self, about: tuple[str, int] | None) -> tuple[str, int]:
        """Mark and owner of a step that is about to begin, as far as they are known then."""
        if about is None:
            return "w", 0
        name = about[0]
        return "." if self.system.in_problem_state(name) else "s", self._number(name)

    def owners(self) -> dict[int, str]:
        """The guests by the numbers that stand for them in `whose`."""
        return {number: name for name, number in self.history.numbers.items()}

    def _number(self, name: str) -> int:
        """The number that stands for a guest in `whose`; the last one for all that come after too many others."""
        numbers = self.history.numbers
        return numbers.setdefault(name, min(len(numbers) + 1, _MOST_NUMBERS))

    def _mark_of_step(self, step: int, otherwise: str) -> str:
        kinds = set(map(type, self.journal.events_of_step(step)))
        if InputGiven in kinds:
            return INPUT_MARK
        if InterruptionRecognized in kinds:
            return "T" if self.system.cp else "i"
        return "w" if Waited in kinds else otherwise

    def _checkpoint(self) -> None:
        unit = self.unit
        self.checkpoints.keep(unit, self.system.state())
        self._effort = 0

    def _spend(self, effort: int) -> None:
        """Take a checkpoint when going back to here from the last one would take too long."""
        self._effort += effort
        if self._effort >= checkpoints.EVERY:
            self._checkpoint()

    # ---- inputs ----------------------------------------------------------------------------------------------

    def give(self, given: Input) -> list[str]:
        """An input at the present position, which is a unit; its answer comes back.

        Where something was recorded after this position, another branch begins.  One that changes nothing, such as a
        question, or that CP refuses, is no input: there is no unit.  Raises UserError, with nothing changed, when it
        cannot be given.
        """
        answer, changes = self._try(given)
        if changes:
            if self.unit < self.end:
                self._fork(given)
            self._give(given, answer)
        return answer.lines

    def _give(self, given: Input, answer: Answer) -> None:
        unit, boundaries = self.unit, self.boundaries
        starting = unit == boundaries.last
        self._hearing.begin(unit + 1, len(boundaries))
        try:
            self._hearing.record(given.guest, InputGiven(given, tuple(answer.lines)))
            self._apply(given)
        finally:
            self._hearing.live = False
        self.journal.give(unit, given)
        self.journal.reached(self.unit)
        complete = starting and self.system.machine.recognized is None
        self._recorded(starting, INPUT_MARK, 0, plain=False, complete=complete)
        self._checkpoint()

    def enter(self, given: Input) -> None:
        """An input of a recording that was kept in a file, at the end of this one: a unit, whatever comes of it.

        Raises UserError, with nothing changed, when it cannot be given.
        """
        before = self.system.state()
        try:
            answer = self.system.apply(given)
        finally:
            self.system.restore(before)
        self._give(given, answer)

    def _try(self, given: Input) -> tuple[Answer, bool]:
        """What comes of an input, and whether it is one; the machine is left as it is."""
        system = self.system
        before, compared = system.state(), system.comparable_with_vmblok_up_to_date()
        try:
            answer = system.apply(given)
            return answer, not answer.code and system.comparable_with_vmblok_up_to_date() != compared
        finally:
            system.restore(before)

    # ---- branches --------------------------------------------------------------------------------------------

    @property
    def branch(self) -> str:
        """The name of the present course of events."""
        return self.history.name

    def _fork(self, given: Input) -> None:
        """Another course begins here; the one so far is kept."""
        self.branch_off(self._free_name(), f"{given.kind} {given.text}".strip().splitlines()[0])

    def branch_off(self, name: str, because: str) -> None:
        """Another course begins here under a name that is free; the one so far is kept."""
        new = self.history.fork_at(self.unit, name, because)
        self._leave()
        self.history = new
        self._hearing.live = False

    def _free_name(self) -> str:
        taken = {self.branch, *self.branches}
        return next(name for name in (f"branch{number}" for number in count(1)) if name not in taken)

    def _leave(self) -> None:
        self.history.stood_at = self.unit
        self.branches[self.branch] = self.history

    def switch(self, name: str) -> None:
        """Go over to another branch: to where one is, if that is before they parted, else to where it was left.

        Raises UserError for an unknown one.
        """
        if name == self.branch:
            return
        if name not in self.branches:
            known = ", ".join(sorted([self.branch, *self.branches]))
            raise UserError(f'there is no branch "{_short(name)}"; there are: {known}')
        self._leave()
        self.history = self.branches.pop(name)
        self._stand_at(self.history.stood_at)

    def rename_branch(self, old: str, new: str) -> None:
        """Call a branch otherwise.  Raises UserError for an unknown one and for a name that is taken."""
        if new in (self.branch, *self.branches):
            raise UserError(f'there is a branch "{new}" already')
        if old != self.branch and old not in self.branches:
            raise UserError(f'there is no branch "{_short(old)}"')
        kept = self.branches.pop(old, self.history)
        kept.name = new
        if kept is not self.history:
            self.branches[new] = kept
        for each in (self.history, *self.branches.values()):
            each.parent = new if each.parent == old else each.parent

    def delete_branch(self, name: str) -> None:
        """Forget a branch.  Raises UserError for the present one and for one that is not there."""
        if name == self.branch:
            raise UserError(f"{name} is the branch you are on: go over to another one first")
        if name not in self.branches:
            raise UserError(f'there is no branch "{_short(name)}"')
        del self.branches[name]

    def _stand_at(self, unit: int) -> None:
        """Be at a position, whatever the machine was before."""
        self.system.restore(self.checkpoints.before(unit)[1])
        self._effort = 0
        self.goto(unit)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """What is done inside has not happened: the machine, the recording and its branches are as before."""
        here, kept, branches = self.unit, self.history, dict(self.branches)
        self.history = kept.fork_at(here, kept.name, "")
        state = self.system.state()
        try:
            yield
        finally:
            self.history, self.branches = kept, branches
            self.system.restore(state)
            self._effort = 0
            self.journal.went_to(here)

    # ---- backwards -------------------------------------------------------------------------------------------

    def goto(self, unit: int) -> None:
        """Go to a position of the recording."""
        machine = self.system.machine
        at, state = self.checkpoints.before(unit)
        if not at <= machine.units <= unit:
            self.system.restore(state)
            self._effort = min(self._effort, 0)
        if machine.engine is not None:
            machine.engine.stops = set()
        with self._unobserved():
            while machine.units < unit and (self.again_compiled(unit - machine.units) or self.again()):
                pass
        self.journal.went_to(machine.units)

    @contextmanager
    def searching(self) -> Iterator[None]:
        """Inside, units are executed again wherever states are restored; afterwards one stands where one was."""
        here, state, effort = self.unit, self.system.state(), self._effort
        self._effort = -(1 << 62)  # A search takes no checkpoints.
        try:
            with self._unobserved():
                yield
        finally:
            self.system.restore(state)
            self._effort = effort
            self.journal.went_to(here)

    @contextmanager
    def _unobserved(self) -> Iterator[None]:
        """Nobody hears what happens inside: to tell it costs as much as to do it."""
        machine = self.system.machine
        heard, stores = machine.observer, machine.storage.observer
        machine.observe(None)
        try:
            yield
        finally:
            machine.observe(heard)
            machine.storage.observer = stores


def _short(name: str) -> str:
    """A name somebody typed, as a message repeats it."""
    return name if len(name) <= 40 else f"{name[:37]}..."
