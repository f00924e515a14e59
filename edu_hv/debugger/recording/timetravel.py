"""Time travel by checkpoint and exact re-execution.

A position is a number of units executed (`Machine.units`), with the inputs given there.  Checkpoints are taken every so
many units; going back restores one and runs forward.  There is no undo code anywhere.

What is kept of a step (where it ended, its mark, whose it was, the events in it) is entered when it happens for the
first time, so that it is the same however often one goes back and forth.
"""

from collections.abc import Callable, Set
from functools import partial

from edu_hv.debugger.recording import checkpoints
from edu_hv.debugger.recording.checkpoints import Checkpoints, most_of
from edu_hv.debugger.recording.journal import (
    GuestPSWsSwapped,
    InputGiven,
    Journal,
    ProgramTranslated,
    StatusStored,
    StatusTranslated,
)
from edu_hv.debugger.recording.runs import Boundaries, Runs
from edu_hv.debugger.system import Input, System
from edu_hv.hypervisor.commands import Answer
from edu_hv.hypervisor.decisions import ConsoleLine, DecisionCarriedOut, Decoded, KeepInterruption, SimulateIO
from edu_hv.hypervisor.io_blocks import IOBLOK
from edu_hv.hypervisor.vmblok import VMBLOK
from edu_hv.isa.codes import PSA, Class
from edu_hv.isa.errors import UserError
from edu_hv.machine.events import CCWExecuted, Event, InterruptionRecognized, PSWsSwapped, Waited

AT_ONCE = 1_000_000
"""Instructions that the engine executes before somebody's wish to stop is looked at."""
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
        start = system.machine.units
        self.journal = Journal(start)
        self.boundaries = Boundaries(start)
        self.marks = Runs()
        """One character a step: what it was, for the timeline."""
        self.whose = Runs()
        """Whose each step was: 0 for CP or a wait, else the number of the guest, from 1."""
        self.visited: dict[tuple[str, int], int] = {}
        """Guest and address of each instruction executed, and the position at which it first had been."""
        self._end = start
        """The last position recorded."""
        self._live = False
        """What happens now happens for the first time."""
        self._event_at = (start, 0)
        self._numbers: dict[str, int] = {}
        """Of the guests, from 1, in the order in which they first ran."""
        self._console_lines = 0
        self._checkpoints = Checkpoints(most_of(system.machine.storage.size))
        self._checkpoints.keep(start, system.state())
        self._effort = 0
        """What was done since the last checkpoint, or since the one that was restored: units, mostly."""
        self._observe()

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
        completed = self.boundaries.last_at(self.unit)
        return completed + (self.unit > self.boundaries[completed])

    @property
    def in_step(self) -> bool:
        """Whether a step is under way: a trap has been recognized and its last stage is still to come."""
        return self.boundaries[self.boundaries.last_at(self.unit)] != self.unit

    @property
    def total(self) -> int:
        """Steps recorded, the last one perhaps not to its end."""
        return len(self.boundaries) - 1 + (self._end > self.boundaries[-1])

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

    def advance(self) -> bool:
        """Execute one unit and take the inputs of the new position; False when nothing can happen any more."""
        if self.system.machine.units >= self._end:
            return self._record()
        if not self._again():
            return False
        self.journal.reached(self.system.machine.units)
        return True

    def _again(self) -> bool:
        """One unit that was executed before."""
        system = self.system
        machine = system.machine
        if not machine.advance():
            return False
        unit = machine.units
        for given in self.journal.inputs_at(unit):
            system.apply(given)
        self._spend(1)
        return True

    def _record(self) -> bool:
        """One unit for the first time."""
        system, journal, boundaries = self.system, self.journal, self.boundaries
        machine = system.machine
        before = machine.units
        starting = before == boundaries[-1]
        about = system.about_to_execute() if starting else None
        mark, who = self._state(about) if starting else ("w", 0)
        self._event_at, self._live = (before + 1, len(boundaries)), True
        entries = journal.count
        try:
            if not machine.advance():
                return False
        finally:
            self._live = False
        unit = self._end = machine.units
        journal.reached(unit)
        if starting:
            self.whose.append(who)
            recognized = machine.recognized
            if about is not None and (recognized is None or recognized.kind not in self.BY_ITSELF):
                self.visited.setdefault(about, unit)
        if machine.at_boundary:
            boundaries.append(unit)
            plain = starting and journal.count == entries
            self.marks.append(ord(mark if plain else self._mark_of_step(len(boundaries) - 1, mark)))
        self._spend(1)
        return True

    # ---- forwards, many instructions at once -------------------------------------------------------------------

    def run_compiled(self, limit: int, stops: Set[int]) -> int:
        """Up to `limit` instructions by the engine, to one of the `stops` or an input at most; how many were executed.

        0 when the next unit has to be done by `advance`.  Each is a step of its own; which addresses they were at is
        not noted in `visited`.
        """
        if not self.system.start_engine(stops):
            return 0
        unit = self.unit
        if unit < self._end:
            done = self._again_compiled(min(limit, self._end - unit))
        else:
            done = self._record_compiled(limit)
        if done:
            self.journal.reached(self.unit)
        return done

    def _again_compiled(self, limit: int) -> int:
        machine = self.system.machine
        done = machine.run_compiled(min(limit, self.journal.next_input(machine.units) - machine.units))
        if done:
            for given in self.journal.inputs_at(machine.units):
                self.system.apply(given)
            self._spend(1 + done // INSTRUCTIONS_A_UNIT)
        return done

    def _record_compiled(self, limit: int) -> int:
        machine = self.system.machine
        about = self.system.about_to_execute()
        if about is None or machine.units != self.boundaries[-1]:
            return 0
        mark, who = self._state(about)
        done = machine.run_compiled(limit)
        if done:
            self._end = machine.units
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
        return "." if self.system.psw_of(name).problem_state else "s", self._number(name)

    def _number(self, name: str) -> int:
        """The number that stands for a guest in `whose`; the last one for all that come after too many others."""
        return self._numbers.setdefault(name, min(len(self._numbers) + 1, _MOST_NUMBERS))

    def _mark_of_step(self, step: int, otherwise: str) -> str:
        events = [entry.event for entry in self.journal.of_step(step)]
        if any(isinstance(event, InterruptionRecognized) for event in events):
            return "T" if self.system.cp else "i"
        return "w" if any(isinstance(event, Waited) for event in events) else otherwise

    def _checkpoint(self) -> None:
        unit = self.unit
        self._checkpoints.keep(unit, self.system.state())
        self._effort = 0

    def _spend(self, effort: int) -> None:
        """Take a checkpoint when going back to here from the last one would take too long."""
        self._effort += effort
        if self._effort >= checkpoints.EVERY:
            self._checkpoint()

    # ---- inputs ----------------------------------------------------------------------------------------------

    def give(self, given: Input) -> list[str]:
        """An input at the present position.  What was recorded after it did not happen; its answer comes back.

        One that changes nothing, such as a question, or that CP refuses, is no input: the future stays.  Raises
        UserError, with nothing changed, when it cannot be given.
        """
        answer, changes = self._try(given)
        if changes:
            self._cut()
            self._event_at, self._live = (self.unit, self.step), True
            self._record_event(given.guest, InputGiven(given, tuple(answer.lines)))
            self.system.apply(given)
            self._live = False
            self.journal.inputs.setdefault(self.unit, []).append(given)
            self.journal.reached(self.unit)
            self._checkpoint()
        return answer.lines

    def _try(self, given: Input) -> tuple[Answer, bool]:
        """What comes of an input, and whether it is one; the machine is left as it is."""
        system = self.system
        before, compared = system.state(), system.comparable_with_vmblok_up_to_date()
        try:
            answer = system.apply(given)
            return answer, not answer.code and system.comparable_with_vmblok_up_to_date() != compared
        finally:
            system.restore(before)

    def _cut(self) -> None:
        """What was recorded behind the present position did not happen."""
        unit = self.unit
        self.journal.cut()
        steps, in_step = self.boundaries.last_at(unit) + 1, self.in_step
        self.boundaries.cut(steps)
        self.marks.cut(steps - 1)
        self.whose.cut(steps - 1 + in_step)
        self.visited = {place: first for place, first in self.visited.items() if first <= unit}
        self._end = unit
        self._checkpoints.cut(unit + (unit == self.start))
        self._console_lines = self.journal.count_of(ConsoleLine) if self.system.cp is None else 0

    # ---- backwards -------------------------------------------------------------------------------------------

    def goto(self, unit: int) -> None:
        """Go to a position of the recording."""
        machine = self.system.machine
        at, state = self._checkpoints.before(unit)
        if not at <= machine.units <= unit:
            self.system.restore(state)
            self._effort = 0
        if machine.engine is not None:
            machine.engine.stops = set()
        while machine.units < unit and (self._again_compiled(unit - machine.units) or self._again()):
            pass
        self.journal.went_to(machine.units)

    def last_position(
        self, stops: Set[int], matches: Callable[[], bool], start: int, stopped: Callable[[], bool]
    ) -> int | None:
        """The last position from `start` on and before the present one at which `matches()` is true, or None.

        It can be true only where the instruction address is one of the `stops`: the engine, where it takes part, looks
        at no other place.
        Stretches between checkpoints are executed again, latest first, until `stopped()`.  Whatever is found, the
        machine stands at the present position afterwards.
        """
        here = self.unit
        found = None
        for at, end, state in self._checkpoints.stretches(here, start):
            self.system.restore(state)
            self._effort = -(1 << 62)  # A search takes no checkpoints.
            found = self._last_match(stops, matches, (max(start, at), end), stopped)
            if found is not None or stopped():
                break
        self.system.restore(self._checkpoints.before(here)[1])
        self._effort = 0
        self.goto(here)
        return found

    def _last_match(
        self, stops: Set[int], matches: Callable[[], bool], stretch: tuple[int, int], stopped: Callable[[], bool]
    ) -> int | None:
        machine, (start, end) = self.system.machine, stretch
        if machine.engine is not None:
            machine.engine.stops = set(stops)
        found = None
        while machine.units < end and not stopped():
            if machine.units >= start and matches():
                found = machine.units
            if not (self._again_compiled(min(end - machine.units, AT_ONCE)) or self._again()):
                break
        return None if stopped() else found

    # ---- events ----------------------------------------------------------------------------------------------

    def _observe(self) -> None:
        """Hear of everything but stores, which are too many; also of what CP does to a guest as its machine."""
        machine = self.system.machine
        machine.observe(self._on_event)
        machine.storage.observer = None
        if self.system.cp is None:
            return
        self.system.cp.guest_observer = self._on_guest_event
        for vm in self.system.cp.vms:
            vm.cpu.observer = partial(self._on_guest_event, vm.vmuser)

    def _on_event(self, event: Event) -> None:
        if not self._live:
            return
        guest = getattr(event, "userid", "") or self.system.running
        if isinstance(event, Decoded):
            guest = self._guest_that_trapped()
        if isinstance(event, DecisionCarriedOut):
            self._note_translation(event)
        self._record_event(guest, event)
        if isinstance(event, PSWsSwapped) and event.kind is Class.INPUT_OUTPUT:
            csw = self.system.machine.cpu.load_real(PSA.CSW, 8)
            self._record_event(guest, StatusStored(csw))
        elif isinstance(event, CCWExecuted) and self.system.cp is None:
            self._note_console_lines()

    def _guest_that_trapped(self) -> str:
        """The guest whose registers CP saves; "" when the interruption came while CP waited."""
        last = self.journal.last(1, InterruptionRecognized)
        return last[0].guest if last else ""

    def _record_event(self, guest: str, event: Event) -> None:
        self.journal.record(*self._event_at, guest, event)

    def _on_guest_event(self, guest: str, event: Event) -> None:
        """What CP does as the guest's machine: swap its PSWs, interpret its channel programs."""
        if not self._live:
            return
        if isinstance(event, PSWsSwapped):
            event = GuestPSWsSwapped(event.kind, event.code, event.old, event.new)
        self._record_event(guest, event)

    def _note_translation(self, event: DecisionCarriedOut) -> None:
        """What CP keeps of a channel program it translated, or of a CSW it translated back."""
        decision = event.verdict.decision
        if not isinstance(decision, SimulateIO | KeepInterruption) or self.system.cp is None:
            return
        vm = self.system.cp.logged_on(event.userid if isinstance(decision, SimulateIO) else decision.userid)
        device = vm.devices.lookup(decision.device) if vm else None
        if vm is None or device is None or device.real is None:
            return
        if isinstance(decision, KeepInterruption) and device.vdevcsw is not None:
            real = self.system.machine.cpu.load_real(PSA.CSW, 8)
            self._record_event(vm.vmuser, StatusTranslated(device.address, real, device.vdevcsw.to_bytes()))
        elif isinstance(decision, SimulateIO) and _started(decision, vm):
            task = device.ioblok.task if isinstance(device.ioblok, IOBLOK) else None
            if task is not None:
                self._record_event(vm.vmuser, ProgramTranslated(device.address, device.real, task.ccws))

    def _note_console_lines(self) -> None:
        """On the bare machine nobody tells of console lines: see whether the CCW has written some."""
        guest = self.system.guests[0]
        lines = guest.console.lines
        for text in lines[self._console_lines :]:
            self._record_event(guest.name, ConsoleLine(guest.name, text, False))
        self._console_lines = len(lines)


def _started(decision: SimulateIO, vm: VMBLOK) -> bool:
    """Whether a channel program was started just now: condition code 0 of START I/O."""
    return decision.mnemonic in ("SIO", "SIOF") and vm.vmpsw.cc == 0
