"""DebugSession: the only door through which faces, lessons and scripts look at a machine and drive it.

Forward and backward verbs come in pairs.  A *step* is an instruction, or an interruption with all that follows from
it; a *stage* is one part of a trap.  Views are made by `viewing`, sentences by `explain`.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from edu_hv.asm.assembler import Assembly
from edu_hv.debugger import viewing, xraying
from edu_hv.debugger.believed import GuestState
from edu_hv.debugger.breakpoints import Breakpoint, Breakpoints, StopAt
from edu_hv.debugger.configuration import DEFAULT_SIZE, Configuration
from edu_hv.debugger.explain import dead_words, loop_words, stop_sentence
from edu_hv.debugger.explaining.causes import short_cause
from edu_hv.debugger.looking import Looking
from edu_hv.debugger.recording.changes import Changes
from edu_hv.debugger.recording.journal import Journal
from edu_hv.debugger.recording.timetravel import Recording
from edu_hv.debugger.start import USUAL, RealMachine, bare, configured, under_cp, with_directory
from edu_hv.debugger.stops.running import YOU_STOPPED, Back, Limits, Run, Sought
from edu_hv.debugger.system import UNKNOWN, Guest, Input, Program, System, from_source
from edu_hv.debugger.tracing.search import Tracing, found_words
from edu_hv.debugger.tracing.timeline import Zoom
from edu_hv.debugger.views import (
    StopView,
)
from edu_hv.guests import catalog
from edu_hv.hypervisor.decisions import Dispatched
from edu_hv.hypervisor.directory import Directory
from edu_hv.isa.errors import UserError
from edu_hv.machine.events import StorageStored
from edu_hv.machine.machine import Architecture

RUN_LIMIT = 2_000_000
"""Steps after which a run stops by itself, so that a guest in a loop does not run for ever."""
COMPILED_AFTER = 20_000
"""Steps of a run after which the engine takes part: what is shorter is done before it has started."""
COMPILED_FACTOR = 1_000
"""Instructions of the engine that count as one step towards RUN_LIMIT, since they take its time."""
_LOAD_LIMIT = 200_000
"""Steps within which a deck must have brought its program to its entry."""

NOTHING_LOADED = "nothing is loaded; try: load bare kernel, or load cp kernel"
AT_START = "this is the start of the recording"


class DebugSession(Looking):
    """One debugging session.  Nothing is loaded at first; every method says so with a UserError until something is."""

    def __init__(self) -> None:
        self._recording: Recording | None = None
        self._made: Callable[[], System] | None = None
        """How what is loaded was made: reset makes it again."""
        self.configuration = Configuration.new(Architecture.S370, DEFAULT_SIZE)
        """The machine that `ipl` builds."""
        self.saved: set[Path] = set()
        """Files that were written with what was on a device."""
        self.zoom = Zoom()
        """How much of the recording the timeline shows."""
        self.tracing = Tracing()
        """What was searched for, and which files were exported."""
        self._noted: Changes | None = None
        self.breakpoints = Breakpoints()
        """Breakpoints and watchpoints."""
        self.logged: dict[int, Breakpoint] = {}
        """What is logged without stopping, by number."""
        self.arrived: list[str] = []
        """Command lines of the stops at which the last run stopped."""
        self.follow = True
        """The views go over to whichever guest runs."""
        self.stop_reason = "nothing is loaded"
        self._pinned = ""
        self._wanted = ""
        """The guest that was selected when he went: he is selected again where he is logged on."""
        self._interrupted = False
        self._words = viewing.LogWords()

    # ---- loading ---------------------------------------------------------------------------------------------

    def load(self, programs: Sequence[str], under_cp: bool = False, real: RealMachine = USUAL) -> StopView:
        """Load programs by catalog name or path: one on the bare machine, or several as guests of CP on a `real` one.

        A program on a deck is IPLed and run up to its entry; that part of the recording can be gone back to.  Raises
        UserError, with what was loaded before still there, when a program cannot be loaded.
        """
        return self.load_programs([catalog.find(name) for name in programs], under_cp, real)

    def load_source(self, source: str, name: str, under_cp: bool = False) -> StopView:
        """Assemble a source text and load it.  Raises AssemblyError for what does not assemble."""
        return self.load_programs([from_source(source, name)], under_cp)

    def load_programs(self, programs: Sequence[Program], to_cp: bool = False, real: RealMachine = USUAL) -> StopView:
        """Load programs already found."""
        if not to_cp and len(programs) != 1:
            raise UserError("the bare machine takes one program; load several under CP")
        self._begin(lambda: under_cp(programs, real) if to_cp else bare(programs[0]))
        return self._run_to_entry()

    def start_cp(self, directory: Directory, plan: Configuration, real: RealMachine, operator: bool = True) -> StopView:
        """Start CP on the machine of a configuration, with a directory; users then log on.

        Raises UserError, with what was loaded before still there, when it cannot be started.
        """
        self._begin(lambda: with_directory(directory, plan, real, operator))
        self.recording.advance()  # The first dispatch.
        guests = " and ".join(guest.name for guest in self.system.guests) or "nobody"
        return self._found_out(f"CP is started; {guests} is logged on")

    def again(self) -> StopView:
        """Load the same once more, from its start."""
        if self._made is None:
            raise UserError(NOTHING_LOADED)
        self._begin(self._made)
        return self._run_to_entry()

    def ipl(self, device: int) -> StopView:
        """Build the machine that is configured and load it from a device.

        Raises UserError, with what was loaded before still there, when it cannot be loaded.
        """
        plan = self.configuration
        self._begin(lambda: configured(plan, device))
        stopped = f", and stopped at once: {dead_words(self.system)}" if self.system.machine.dead else ""
        return self._found_out(f"loaded from device {device:03X}{stopped}")

    def _begin(self, make: Callable[[], System]) -> None:
        self._recording, self._made = Recording(make()), make
        self._noted = Changes(self._recording)
        self._words = viewing.LogWords()
        self.follow, self._pinned, self._wanted = True, "", ""

    def _run_to_entry(self) -> StopView:
        """Run a program that came on a deck up to its entry; of several guests the first."""
        if self.system.cp is not None:
            self.recording.advance()  # The first dispatch.
        if not self.system.guests:
            return self._found_out("nobody is logged on")
        guest = self.system.guests[0]
        if guest.program is UNKNOWN:
            return self._found_out("CP is started")
        if guest.program.deck() is None or guest.assembly is None:
            return self._found_out(f"{guest.program.name} is loaded")
        entry = guest.name, guest.assembly.entry
        for _ in range(_LOAD_LIMIT):
            if self.system.about_to_execute() == entry:
                return self._found_out(f"{guest.program.name} is loaded and stands at its entry")
            if not self.recording.advance():
                break
        return self._found_out(f"{guest.program.name} is loaded but did not reach its entry {entry[1]:06X}")

    @property
    def recording(self) -> Recording:
        """The recording.  Raises UserError when nothing is loaded."""
        if self._recording is None:
            raise UserError(NOTHING_LOADED)
        return self._recording

    @property
    def loaded(self) -> bool:
        """Whether anything is loaded."""
        return self._recording is not None

    @property
    def system(self) -> System:
        """What is loaded.  Raises UserError when nothing is."""
        return self.recording.system

    @property
    def journal(self) -> Journal:
        """What happened, and every input.  Raises UserError when nothing is loaded."""
        return self.recording.journal

    # ---- position --------------------------------------------------------------------------------------------

    @property
    def step_number(self) -> int:
        """Steps executed, counting the one under way."""
        return self.recording.step

    @property
    def total(self) -> int:
        """Steps recorded, counting one that was not recorded to its end."""
        return self.recording.total

    @property
    def in_step(self) -> bool:
        """Whether a trap is under way."""
        return self.recording.in_step

    # ---- what the last step or stage changed -------------------------------------------------------------------

    @property
    def _changes(self) -> Changes:
        if self._noted is None:
            raise UserError(NOTHING_LOADED)
        return self._noted

    @property
    def before(self) -> dict[str, GuestState]:
        """Each guest before the last step, or before the last stage inside a trap; empty at the start."""
        return self._changes.before

    @property
    def stored(self) -> list[StorageStored]:
        """What the last step stored, or the last stage inside a trap; real addresses."""
        return self._changes.stored

    @property
    def stored_by_program(self) -> list[StorageStored]:
        """The same without what an interval timer stored."""
        return [one for one in self._changes.stored if one not in self._changes.by_timer]

    @property
    def executed(self) -> tuple[str, int, bytes]:
        """Guest, address and text of the last step's instruction; b"" for an interruption that came by itself."""
        return self._changes.executed

    def visited(self, guest: str, address: int) -> bool:
        """Whether the guest has executed the instruction at the address by now.  The engine's are not noted."""
        return self.recording.visited.get((guest, address), self.recording.unit + 1) <= self.recording.unit

    # ---- guests ----------------------------------------------------------------------------------------------

    @property
    def selected(self) -> str:
        """Name of the guest the views show: the one selected, else the one that runs or ran last; "" for nobody."""
        if self._recording is None:
            return ""
        if self._pinned:
            return self._pinned
        return self.running() or self._ran_last()

    def _ran_last(self) -> str:
        names = [guest.name for guest in self.system.guests]
        entry = self.journal.last_where(lambda entry: isinstance(entry.event, Dispatched) and entry.guest in names)
        return entry.guest if entry else next(iter(names), "")

    @property
    def guest(self) -> Guest:
        """The selected guest."""
        return self.system.guest(self.selected)

    def select(self, name: str) -> None:
        """Show one guest, whoever runs, and step that one; "auto" follows whichever runs."""
        self._wanted = ""
        if name.lower() == "auto":
            self.follow, self._pinned = True, ""
        else:
            self._pinned, self.follow = self.system.guest(name).name, False

    @property
    def pinned(self) -> str:
        """Name of the guest that was selected by hand; "" when the views follow whichever runs."""
        return self._pinned

    @contextmanager
    def looking_at(self, name: str) -> Iterator[None]:
        """Inside, what is looked at is of the guest of that name, whichever is selected."""
        pinned, self._pinned = self._pinned, name
        try:
            yield
        finally:
            self._pinned = pinned

    @contextmanager
    def everybody(self) -> Iterator[None]:
        """Inside, no guest is selected by hand."""
        pinned, follow = self._pinned, self.follow
        self._pinned, self.follow = "", True
        try:
            yield
        finally:
            self._pinned, self.follow = pinned, follow

    def running(self) -> str:
        """Name of the guest that has the real CPU, or "" while CP has it or it waits."""
        return self.system.running

    def assembly_of(self, name: str) -> Assembly | None:
        """The assembly of the guest of that name; None when there is none, or no such guest."""
        return next((guest.assembly for guest in self.system.guests if guest.name == name), None)

    # ---- forwards, a step or a stage at a time -----------------------------------------------------------------

    def step(self, count: int = 1) -> StopView:
        """Execute `count` steps, of the selected guest when one is pinned; finishes a trap under way first."""
        self._interrupted = False
        start, limit = self.recording.unit, self.recording.step + RUN_LIMIT
        for left in range(min(count, RUN_LIMIT), 0, -1):
            reason = self._step_selected(last=left == 1, limit=limit)
            if reason:
                return self._found_out(reason, idle=self.recording.unit == start)
        return self._stopped("step") if count <= RUN_LIMIT else self._found_out(_limit_words(RUN_LIMIT))

    def _step_selected(self, last: bool, limit: int) -> str:
        """One step, after those of other guests than the pinned one; why it could not be done, or ""."""
        while True:
            mine = self.follow or self.running() in ("", self._pinned)
            if self._interrupted:
                return YOU_STOPPED
            if not mine and self.guest.vm and self.guest.vm.cf:
                return f"{self._pinned} has stopped in CP mode; cp begin lets it go on"
            if self.recording.step >= limit:
                return _limit_words(RUN_LIMIT)
            if not self._one_step(self._changes.advance if last and mine else self.recording.advance):
                return dead_words(self.system)
            if mine:
                return ""

    def _one_step(self, advance: Callable[[], bool]) -> bool:
        """One step, or the rest of the one under way."""
        if not advance():
            return False
        while self.recording.in_step:
            if not advance():
                break
        return True

    def stage(self, count: int = 1) -> StopView:
        """One stage inside a trap; outside a trap, the same as a step that stops at the first stage of a trap."""
        if count == 1:
            done = self._changes.advance()
            return self._stopped(self._stage_words() if done else dead_words(self.system), idle=not done)
        self._interrupted = False
        for _ in range(min(count, RUN_LIMIT)):
            if self._interrupted:
                return self._found_out(YOU_STOPPED)
            if not self.recording.advance():
                return self._found_out(dead_words(self.system))
        return self._found_out(self._stage_words() if count <= RUN_LIMIT else _limit_words(RUN_LIMIT))

    def _stage_words(self) -> str:
        return "stage" if self.in_step else "step"

    # ---- backwards, a step or a stage at a time ----------------------------------------------------------------

    def back(self, count: int = 1) -> StopView:
        """Undo `count` steps, or first the part of a trap that is under way; of the selected guest if one is pinned."""
        return self._go(self.recording.boundary_back(count, self._pinned or None), "back")

    def unstage(self, count: int = 1) -> StopView:
        """Undo `count` stages."""
        reason = "back one stage" if count == 1 else f"back {count:,} stages"
        return self._go(max(self.recording.unit - count, self.recording.start), reason)

    def next_xray_stage(self) -> StopView:
        """The next stage of a trap, with all instructions between two traps passed over."""
        return xraying.forwards(self)

    def previous_xray_stage(self) -> StopView:
        """The stage of a trap before this one: the exact reverse of `next_xray_stage`."""
        return xraying.backwards(self)

    def goto(self, step: int) -> StopView:
        """Go to the moment at which a step of the recording was complete."""
        unit = self.recording.position_of_step(step)
        return self._at(unit, f"goto {step}")

    def goto_mark(self, name: str) -> StopView:
        """Go to a position that was given a name, exactly, also inside a trap.  Raises UserError for an unknown one."""
        unit = self.recording.history.named.get(name)
        if unit is None:
            raise UserError(f'there is no mark "{name}"; marks lists them')
        return self._at(unit, f"at mark {name}")

    def find(self, words: str, backwards: bool = False) -> StopView:
        """Go to the next event of the recording that the words describe, or to the last one before.

        "" searches for what was searched for last.  Raises UserError, with nothing changed, when there is none.
        """
        entry = self.tracing.find(self, words, backwards)
        return self._at(entry.unit, found_words(self, entry))

    def _go(self, unit: int, reason: str) -> StopView:
        """Go back to a position."""
        if self.recording.unit == self.recording.start:
            return self._stopped(AT_START)
        return self._at(unit, reason)

    def _at(self, unit: int, reason: str) -> StopView:
        self._changes.goto(unit)
        return self._stopped(reason)

    # ---- running ---------------------------------------------------------------------------------------------

    @property
    def interrupted(self) -> bool:
        """Whether somebody wants the run that is under way to stop."""
        return self._interrupted

    def interrupt(self) -> None:
        """Stop a run that is under way in another thread, at the next step."""
        self._interrupted = True

    def run(
        self,
        to: StopAt = StopAt.BREAKPOINT,
        address: int | None = None,
        compiled_after: int = COMPILED_AFTER,
        limit: int | None = None,
    ) -> StopView:
        """Run until something of that kind happens, a breakpoint is met, `address` is reached or all has stopped.

        With a guest selected by hand, only what concerns that guest stops the run.  After `compiled_after` steps the
        engine takes part.  It ends after `limit` steps; without one, after so many that a guest must be in a loop.
        """
        self._require_cp(to)
        self._interrupted, self.arrived = False, []
        start = self.recording.unit
        run = Run(self, Sought(to, address), Limits(compiled_after, limit, RUN_LIMIT, COMPILED_FACTOR))
        reason = run.go() or f"{_limit_words(run.steps)}{loop_words(self.system, self.journal, self.recording.step)}"
        return self._found_out(reason, idle=self.recording.unit == start)

    def _require_cp(self, to: StopAt) -> None:
        if to is StopAt.DECISION and self.system.cp is None:
            raise UserError("this is the bare machine: there is no CP that decides; try load cp kernel")

    def run_back(self, to: StopAt = StopAt.BREAKPOINT) -> StopView:
        """Go back to the last thing of that kind before the present position, or to a stop if one comes first."""
        self._require_cp(to)
        self._interrupted, self.arrived = False, []
        recording = self.recording
        if recording.unit == recording.start:
            return self._stopped(AT_START)
        back = Back(self, Sought(to))
        unit = back.find()
        if self._interrupted:
            return self._found_out(YOU_STOPPED)
        if unit is None:
            return self._at(recording.start, f"no {to.value} before; {AT_START}")
        self._changes.goto(unit)
        return self._stopped(back.words(unit))

    # ---- stopping --------------------------------------------------------------------------------------------

    def _found_out(self, reason: str, idle: bool = False) -> StopView:
        """Stop where nobody noted what the last step changed."""
        self._changes.find_out()
        return self._stopped(reason, idle)

    def _stopped(self, reason: str, idle: bool = False) -> StopView:
        """A stop for that reason; `idle` when the command has not executed anything."""
        gone = self._let_go()
        gone = f"; {gone}" if gone else ""
        self.stop_reason = self._stop_reason(reason) + gone
        sentence = f"step {self.step_number}, {self.stop_reason}" if idle else stop_sentence(self)
        because = short_cause(self)
        sentence += f"; {because}" if because else ""
        return StopView(self.step_number, self.total, self.stop_reason, sentence)

    def _let_go(self) -> str:
        """A guest that was selected and is not logged on here is selected no more; what to say of it, or "".

        It is selected again where it is logged on, unless another one was selected meanwhile.
        """
        names, gone = [guest.name for guest in self.system.guests], self._pinned
        if not gone and self._wanted in names:
            self.follow, self._pinned, self._wanted = False, self._wanted, ""
        if not gone or gone in names:
            return ""
        self.follow, self._pinned, self._wanted = True, "", gone
        return self._gone_words([gone])

    def _gone_words(self, gone: Sequence[str]) -> str:
        """Who is not logged on any more, and whom the views show now."""
        if not gone:
            return ""
        rest = f" now; {self.selected} is selected" if self.selected else " now, nor is anybody else"
        return f"{' and '.join(gone)} {'is' if len(gone) == 1 else 'are'} not logged on{rest}"

    def _stop_reason(self, reason: str) -> str:
        """A step that ran into a trap is better named by the trap."""
        if reason not in ("step", "stage"):
            return reason
        return viewing.stage_reason(self) or reason

    def stop_view(self, reason: str) -> StopView:
        """A stop that no execution led to."""
        return self._stopped(reason)

    # ---- inputs ----------------------------------------------------------------------------------------------

    def give(
        self, kind: str, text: str = "", data: bytes = b"", device: int = 0, guest: str | None = None
    ) -> list[str]:
        """An input for the selected guest, or for a user by name: see `Input` for the kinds; what there is to say.

        Given in the past, it begins another future.  Raises UserError, with nothing changed, if it cannot be given.
        """
        answer, remarks = self.give_and_remark(kind, text, data, device, guest)
        return [*answer, *remarks]

    def give_and_remark(
        self, kind: str, text: str = "", data: bytes = b"", device: int = 0, guest: str | None = None
    ) -> tuple[list[str], list[str]]:
        """The same: what CP answers, and what the debugger has to say besides."""
        recording, there = self.recording, [guest.name for guest in self.system.guests]
        unit, branch = recording.unit, recording.branch
        answer = recording.give(Input(kind, self.selected if guest is None else guest, text, data, device))
        if recording.unit != unit:
            self._noticed_another_past()
        now = [guest.name for guest in self.system.guests]
        left = self._gone_words([name for name in there if name not in now])
        self.stop_reason = left or self.stop_reason
        return answer, [*filter(None, [left, _forked_words(branch, recording.branch)])]

    def _noticed_another_past(self) -> None:
        """What was recorded is not what it was: another branch, or an input at its end."""
        self._words = viewing.LogWords()
        self._changes.find_out()
        self._let_go()

    # ---- branches --------------------------------------------------------------------------------------------

    def switch_branch(self, name: str) -> StopView:
        """Go over to another course of events, where it was left.  Raises UserError for an unknown name."""
        self.recording.switch(name)
        self._noticed_another_past()
        return self._stopped(f"on branch {name}")


def _forked_words(before: str, now: str) -> str:
    """What to say when an input has begun another course of events; "" when it has not."""
    return f"another future begins here: {now}; branch {before} goes back to the other" if now != before else ""


def _limit_words(steps: int) -> str:
    return f"{steps:,} steps without a stop; run goes on"
