"""DebugSession: the only door through which faces, lessons and scripts look at a machine and drive it.

Forward and backward verbs come in pairs.  A *step* is an instruction, or an interruption with all that follows from
it; a *stage* is one part of a trap.  Views are made by `viewing`, sentences by `explain`.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edu_hv.asm.assembler import Assembly
from edu_hv.debugger import viewing
from edu_hv.debugger.breakpoints import Breakpoints, StopAt
from edu_hv.debugger.explain import stop_sentence, trap_words
from edu_hv.debugger.journal import Journal
from edu_hv.debugger.system import BARE, Guest, Input, Program, System, bare, from_source, under_cp
from edu_hv.debugger.timetravel import Recording
from edu_hv.debugger.views import (
    BreakpointsView,
    BreakpointView,
    CodeView,
    ConsoleView,
    DecisionView,
    LogView,
    PswView,
    RegistersView,
    StatusView,
    StopView,
    StorageView,
    TimelineView,
    XrayView,
)
from edu_hv.guests import catalog
from edu_hv.hypervisor.control_program import Stage
from edu_hv.hypervisor.decisions import ConsoleLine, DecisionTaken
from edu_hv.isa.codes import MASK_24, Class
from edu_hv.isa.errors import UserError
from edu_hv.machine.events import CCWExecuted, Event, InterruptionRecognized, StorageStored, Waited
from edu_hv.machine.interruptions import ProgramInterruption
from edu_hv.machine.psw import PSW

RUN_LIMIT = 2_000_000
"""Steps after which a run stops by itself, so that a guest in a loop does not run for ever."""
_LOAD_LIMIT = 200_000
"""Steps within which a deck must have brought its program to its entry."""


@dataclass(frozen=True)
class GuestState:
    """Registers of a guest as they were, to mark what has changed since."""

    gr: tuple[int, ...]
    cr: tuple[int, ...]
    psw: PSW
    real_psw: PSW


class DebugSession:
    """One debugging session.  Nothing is loaded at first; every method says so with a UserError until something is."""

    def __init__(self) -> None:
        self._system: System | None = None
        self.journal = Journal()
        self.breakpoints = Breakpoints()
        self.selected = BARE
        """Name of the guest the views show."""
        self.follow = True
        """The views go over to whichever guest runs."""
        self.stop_reason = "nothing is loaded"
        self.stored: list[StorageStored] = []
        """What the last step or stage stored, real addresses."""
        self.before: dict[str, GuestState] = {}
        """Each guest before the last step or stage."""
        self.visited: set[tuple[str, int]] = set()
        """Guest and address of every instruction executed in the recording."""
        self.marks = bytearray()
        """One character a step, for the timeline."""
        self.executed: tuple[str, int, bytes] = ("", 0, b"")
        """Guest, address and text of the instruction the last step executed; b"" for an interruption."""
        self._interrupted = False
        self._step_mark = ""
        self._now: Callable[[], int] = lambda: 0

    # ---- loading ---------------------------------------------------------------------------------------------

    def load(self, programs: Sequence[str], under_cp: bool = False) -> StopView:
        """Load programs by catalog name or path: one on the bare machine, or up to three as guests of CP.

        A program on a deck is IPLed and run up to its entry; that part of the recording can be gone back to.  Raises
        UserError, with what was loaded before still there, when a program cannot be loaded.
        """
        return self.load_programs([catalog.find(name) for name in programs], under_cp)

    def load_source(self, source: str, name: str, under_cp: bool = False) -> StopView:
        """Assemble a source text and load it.  Raises AssemblyError for what does not assemble."""
        return self.load_programs([from_source(source, name)], under_cp)

    def load_programs(self, programs: Sequence[Program], to_cp: bool = False) -> StopView:
        """Load programs already found."""
        if not to_cp and len(programs) != 1:
            raise UserError("the bare machine takes one program; load several under CP")
        system = under_cp(programs) if to_cp else bare(programs[0])
        self._install(system)
        return self._run_to_entry()

    def _install(self, system: System) -> None:
        self._system = system
        self.journal = Journal(present=system.machine.units)
        self._recording = Recording(system, self.journal)
        self.visited, self.marks = set(), bytearray()
        self.selected, self.follow = system.guests[0].name, True
        self.stored, self.before = [], {}
        self.executed = ("", 0, b"")
        system.machine.observe(self._on_event)
        self._now = lambda: system.machine.units + 1
        self._remember()

    def _run_to_entry(self) -> StopView:
        """Run a program that came on a deck up to its entry, in every guest that has one."""
        if self.system.cp is not None:
            self._advance()  # The first dispatch.
        guest = self.system.guests[0]
        assembly = guest.assembly
        if guest.program.deck() is None or assembly is None:
            return self._stopped(f"{guest.program.name} is loaded")
        entry = assembly.entry
        for _ in range(_LOAD_LIMIT):
            if self._about_to_execute() == (guest.name, entry):
                return self._stopped(f"{guest.program.name} is loaded and stands at its entry")
            if not self._step():
                break
        return self._stopped(f"{guest.program.name} is loaded but did not reach its entry {entry:06X}")

    @property
    def system(self) -> System:
        """What is loaded.  Raises UserError when nothing is."""
        if self._system is None:
            raise UserError("nothing is loaded; try: load bare kernel, or load cp kernel")
        return self._system

    @property
    def recording(self) -> Recording:
        """The recording.  Raises UserError when nothing is loaded."""
        _ = self.system
        return self._recording

    # ---- position --------------------------------------------------------------------------------------------

    @property
    def step_number(self) -> int:
        """Steps executed, counting the one under way."""
        return self.recording.step

    @property
    def total(self) -> int:
        """Steps recorded."""
        return max(self.recording.total, self.recording.step)

    @property
    def in_step(self) -> bool:
        """Whether a trap is under way."""
        return self.recording.in_step

    # ---- guests ----------------------------------------------------------------------------------------------

    @property
    def guest(self) -> Guest:
        """The selected guest."""
        return self.system.guest(self.selected)

    def select(self, name: str) -> None:
        """Show one guest, whoever runs, and step that one; "auto" follows whichever runs."""
        if name.lower() == "auto":
            self.follow = True
            self._follow_running()
        else:
            self.selected, self.follow = self.system.guest(name).name, False

    def running(self) -> str:
        """Name of the guest that has the real CPU, or "" while CP has it or it waits."""
        cp = self.system.cp
        if cp is None:
            return BARE
        return cp.running or ""

    def _follow_running(self) -> None:
        if self.follow and self.running():
            self.selected = self.running()

    def _about_to_execute(self) -> tuple[str, int] | None:
        """Guest and address of the instruction that the next unit executes, or None if it does something else."""
        machine = self.system.machine
        if not machine.at_boundary or machine.cpu.psw.wait or not self.running():
            return None
        return self.running(), machine.cpu.psw.instruction_address

    # ---- raw values, for checks and views --------------------------------------------------------------------

    def real_psw(self) -> PSW:
        """The PSW in the real CPU."""
        return self.system.machine.cpu.psw.copy()

    def guest_psw(self, name: str | None = None) -> PSW:
        """The PSW as the guest believes it to be; while it runs, address, CC and so on come from the real one."""
        guest = self.system.guest(name) if name else self.guest
        if guest.vm is None:
            return self.real_psw()
        psw = guest.vm.vmpsw.copy()
        source = self._live_psw(guest)
        if source is not None:
            psw.instruction_address, psw.cc = source.instruction_address, source.cc
            psw.program_mask, psw.key = source.program_mask, source.key
        return psw

    def _live_psw(self, guest: Guest) -> PSW | None:
        """Where the guest's address and CC really are while its VMBLOK is not up to date."""
        cp, cpu = self.system.cp, self.system.machine.cpu
        if cp is None or cp.running != guest.name:
            return None
        if cp.work.stage is Stage.DECODE and cp.work.interruption is not None:
            return PSW.from_bytes(cpu.load_real(cp.work.interruption.kind.old_psw, 8))
        return cpu.psw

    def guest_registers(self, name: str | None = None) -> list[int]:
        """The guest's 16 general registers."""
        guest = self.system.guest(name) if name else self.guest
        if guest.vm is None or guest.name == self.running():
            return list(self.system.machine.cpu.gr)
        return list(guest.vm.vmgprs)

    def guest_gr(self, number: int) -> int:
        """One general register of the selected guest."""
        return self.guest_registers()[number]

    def guest_control_registers(self, name: str | None = None) -> list[int]:
        """The guest's 16 control registers as it believes them to be."""
        guest = self.system.guest(name) if name else self.guest
        return list(guest.vm.cpu.cr if guest.vm else self.system.machine.cpu.cr)

    def guest_storage(self, address: int, length: int) -> bytes:
        """Bytes of the selected guest's storage.  Raises UserError outside it."""
        cpu = self.guest.vm.cpu if self.guest.vm else self.system.machine.cpu
        try:
            return cpu.load_real(address, length)
        except ProgramInterruption:
            raise UserError(f"{address:06X} is outside the guest's storage of {self.storage_size():X} bytes") from None

    def storage_size(self) -> int:
        """Bytes of storage the selected guest has."""
        return self.guest.vm.vmsize if self.guest.vm else self.system.machine.storage.size

    def real_address(self, address: int) -> int | None:
        """The real address behind an address of the selected guest, or None outside its storage."""
        if address >= self.storage_size():
            return None
        return self.guest.vm.cpu.absolute(address) if self.guest.vm else address

    def address_of(self, label: str) -> int:
        """The address of a label of the selected guest's program.  Raises UserError for an unknown one."""
        assembly = self.guest.assembly
        if assembly is None:
            raise UserError(f'{self.guest.program.name} came without source, so it has no label "{label}"')
        return assembly.address_of(label) & MASK_24

    # ---- executing -------------------------------------------------------------------------------------------

    def _on_event(self, event: Event) -> None:
        if isinstance(event, StorageStored):
            self.stored.append(event)
            return
        guest = getattr(event, "userid", "") or self.running()
        self.journal.record(self._now(), self._recording_step(), guest, event)
        if isinstance(event, InterruptionRecognized) and self._step_mark != "T":
            self._step_mark = "T" if self.system.cp else "i"
        elif isinstance(event, Waited):
            self._step_mark = "w"
        elif isinstance(event, CCWExecuted):
            self._console_event()

    def _recording_step(self) -> int:
        """The step an event of the unit under way belongs to."""
        recording = self._recording
        completed = bisect_right(recording.boundaries, self._now() - 1) - 1
        return completed + 1

    def _console_event(self) -> None:
        """On the bare machine nobody tells of console lines: see whether the CCW has written one."""
        guest = self.system.guests[0]
        if guest.vm is None:
            told = len([e for e in self.journal.seen if isinstance(e.event, ConsoleLine)])
            for text in guest.console.lines[told:]:
                self.journal.record(self._now(), self._recording_step(), guest.name, ConsoleLine(BARE, text, False))

    def _remember(self) -> None:
        """Start collecting what the next step or stage changes."""
        self.stored = []
        real = self.real_psw()
        self.before = {
            guest.name: GuestState(
                tuple(self.guest_registers(guest.name)),
                tuple(self.guest_control_registers(guest.name)),
                self.guest_psw(guest.name),
                real,
            )
            for guest in self.system.guests
        }

    def _advance(self) -> bool:
        """One unit."""
        about = self._about_to_execute()
        fresh = self._recording.unit >= self._recording.boundaries[-1]
        mark = self._state_mark()
        if not self._recording.advance():
            return False
        self._note_executed(about)
        if fresh and self._recording.boundaries[-1] == self._recording.unit:
            self.marks.extend((self._step_mark or mark).encode())
            self._step_mark = ""
        return True

    def _note_executed(self, about: tuple[str, int] | None) -> None:
        """The unit executed an instruction, unless an interruption came first."""
        cpu = self.system.machine.cpu
        recognized = self.system.machine.recognized
        if about is None or (recognized is not None and recognized.kind in (Class.EXTERNAL, Class.INPUT_OUTPUT)):
            if self.system.machine.at_boundary or recognized is not None:
                self.executed = ("", 0, b"")
            return
        self.visited.add(about)
        self.executed = (*about, cpu.instruction_text)

    def _state_mark(self) -> str:
        running = self.running()
        if not running:
            return "w"
        psw = self.system.guest(running).vm
        problem = psw.vmpsw.problem_state if psw else self.system.machine.cpu.psw.problem_state
        return "." if problem else "s"

    def _step(self) -> bool:
        """One step, or the rest of the one under way."""
        self._remember()
        if not self._advance():
            return False
        while not self.system.machine.at_boundary:
            if not self._advance():
                break
        return True

    def step(self, count: int = 1) -> StopView:
        """Execute `count` steps, of the selected guest when one is pinned; finishes a trap under way first."""
        for _ in range(count):
            if not self._step_selected():
                return self._stopped(self._dead_reason())
        return self._stopped("step")

    def _step_selected(self) -> bool:
        """One step, and while another guest than the pinned one runs, its steps as well."""
        for _ in range(RUN_LIMIT):
            mine = self.follow or self.running() in ("", self.selected)
            if not self._step():
                return False
            if mine or self._interrupted:
                return True
        return True

    def stage(self, count: int = 1) -> StopView:
        """One stage inside a trap; outside a trap, the same as a step that stops at the first stage of a trap."""
        for _ in range(count):
            self._remember()
            if not self._advance():
                return self._stopped(self._dead_reason())
        return self._stopped("stage" if self.in_step else "step")

    def back(self, count: int = 1) -> StopView:
        """Undo `count` steps, or first the part of a trap that is under way."""
        recording = self.recording
        unit = recording.unit
        if unit == recording.boundaries[0]:
            return self._stopped("this is the start of the recording")
        for _ in range(count):
            unit = recording.start_of_step(unit)
        return self._go(unit, "back")

    def unstage(self, count: int = 1) -> StopView:
        """Undo `count` stages."""
        recording = self.recording
        if recording.unit == recording.boundaries[0]:
            return self._stopped("this is the start of the recording")
        return self._go(max(recording.unit - count, recording.boundaries[0]), "back one stage")

    def goto(self, step: int) -> StopView:
        """Go to the moment at which a step of the recording was complete."""
        return self._go(self.recording.position_of_step(step), f"goto {step}")

    def _go(self, unit: int, reason: str) -> StopView:
        """Go to a position, marking what the step (or stage, inside a trap) before it changed."""
        recording = self.recording
        start = recording.start_of_step(unit) if unit in recording.boundaries else max(unit - 1, 0)
        recording.goto(unit, self._remember, max(start, recording.boundaries[0]))
        return self._stopped(reason)

    # ---- running ---------------------------------------------------------------------------------------------

    def interrupt(self) -> None:
        """Stop a run that is under way in another thread, at the next step."""
        self._interrupted = True

    def run(self, to: StopAt = StopAt.BREAKPOINT, address: int | None = None) -> StopView:
        """Run until something of that kind happens, a breakpoint is met, `address` is reached or all has stopped."""
        self._interrupted = False
        start = self.recording.step
        while self.recording.step - start < RUN_LIMIT:
            if self._interrupted:
                return self._stopped("you stopped the run")
            if self.system.machine.at_boundary:
                self._remember()
            before = self.recording.unit
            if not self._advance():
                return self._stopped(self._dead_reason())
            reason = self._arrived(to, before) or self._at_stop_address(address)
            if reason:
                return self._stopped(reason)
        return self._stopped(f"{RUN_LIMIT:,} steps without a stop; run goes on")

    def _arrived(self, to: StopAt, unit: int) -> str:
        """Why to stop here, if what happened behind `unit` is what the run is looking for."""
        found = [entry.event for entry in self.journal.after(unit) if _is(to, entry.event)]
        return self._reason(to, found[-1]) if found else ""

    def assembly_of(self, name: str) -> Assembly | None:
        """The assembly of the guest of that name; None when there is none, or no such guest."""
        return next((guest.assembly for guest in self.system.guests if guest.name == name), None)

    def _reason(self, to: StopAt, event: Event) -> str:
        match event:
            case InterruptionRecognized():
                return f"trap: {trap_words(event, self.assembly_of(self.running()))}"
            case DecisionTaken():
                return f"CP decided for {event.userid}: {event.verdict.decision}"
            case ConsoleLine():
                return f"console output of {event.userid}"
            case _:
                return to.value

    def _at_stop_address(self, address: int | None) -> str:
        about = self._about_to_execute()
        if about is None or (not self.follow and about[0] != self.selected):
            return ""
        if about[1] == address:
            return f"reached {address:06X}"
        found = self.breakpoints.at(about[1])
        if found is None:
            return ""
        found.hits += 1
        return f"breakpoint {found.number} at {found.label or f'{found.address:06X}'}"

    def run_back(self, to: StopAt = StopAt.BREAKPOINT) -> StopView:
        """Go back to the last thing of that kind before the present position."""
        recording = self.recording
        here = recording.unit
        if to is StopAt.BREAKPOINT:
            found = self._breakpoint_back()
        else:
            found = self.journal.before(here, lambda event: _is(to, event))
        if found is None:
            return self._go(recording.boundaries[0], f"no {to.value} before; this is the start of the recording")
        view = self._go(found, f"back at {to.value}")
        reason = "" if to is StopAt.BREAKPOINT else self._arrived(to, found - 1)
        return self._stopped(f"back: {reason}") if reason else view

    def _breakpoint_back(self) -> int | None:
        """The last position at which an instruction under a breakpoint was about to be executed."""

        def matches() -> bool:
            about = self._about_to_execute()
            return about is not None and self.breakpoints.at(about[1]) is not None

        machine = self.system.machine
        machine.observe(None)
        found = self.recording.positions_back(matches)
        machine.observe(self._on_event)
        return found

    def _dead_reason(self) -> str:
        """Why nothing happens any more."""
        system = self.system
        if system.cp is None:
            psw = system.machine.cpu.psw
            if not psw.enabled_for_something:
                return f"disabled wait, PSW {psw}: the machine has stopped"
            return "the machine waits for an interruption that nothing will bring"
        if all(guest.vm and guest.vm.cf for guest in system.guests):
            return "every guest has stopped in CP mode; cp begin lets one go on"
        return "no guest can run: they wait for something that must come from outside"

    def _stopped(self, reason: str) -> StopView:
        self._follow_running()
        self.stop_reason = self._stop_reason(reason)
        return StopView(self.step_number, self.total, self.stop_reason, stop_sentence(self))

    def _stop_reason(self, reason: str) -> str:
        """A step that ran into a trap is better named by the trap."""
        if reason not in ("step", "stage"):
            return reason
        return viewing.stage_reason(self) or reason

    # ---- inputs ----------------------------------------------------------------------------------------------

    def give(self, kind: str, text: str = "") -> list[str]:
        """An input for the selected guest: "enter" a console line, "cp" a command, "key" the interrupt key.

        Given in the past, it begins another future.  Raises UserError, with nothing changed, if it cannot be given.
        """
        recording = self.recording
        self._remember()
        self._now = lambda: self.system.machine.units
        try:
            answer = recording.give(Input(kind, self.selected, text))
        finally:
            self._now = lambda: self.system.machine.units + 1
        del self.marks[recording.total :]
        return answer

    def stop_view(self, reason: str) -> StopView:
        """A stop that no execution led to."""
        return self._stopped(reason)

    # ---- views -----------------------------------------------------------------------------------------------

    def status(self) -> StatusView:
        """The top line."""
        return viewing.status(self)

    def code(self, rows: int = 40) -> CodeView:
        """Code of the selected guest around its next instruction."""
        return viewing.code(self, rows)

    def registers(self) -> RegistersView:
        """General and control registers of the selected guest."""
        return viewing.registers(self)

    def psw(self) -> PswView:
        """The PSW: guest, real, why."""
        return viewing.psw(self)

    def xray(self) -> XrayView:
        """The trap under way, or the last one."""
        return viewing.xray(self)

    def decisions(self, count: int = 1) -> list[DecisionView]:
        """The last `count` decisions of CP, oldest first."""
        return viewing.decisions(self, count)

    def console(self, name: str | None = None) -> ConsoleView:
        """The terminal of a guest, the selected one by default."""
        guest = self.system.guest(name) if name else self.guest
        return ConsoleView(guest.name, tuple(guest.console_lines()))

    def storage(self, address: int | None = None, length: int = 64) -> StorageView:
        """Storage of the selected guest; by default around what the last step stored."""
        return viewing.storage(self, address, length)

    def log(self, count: int = 50) -> LogView:
        """The last entries of the journal, in words."""
        return viewing.log(self, count)

    def timeline(self, width: int = 72) -> TimelineView:
        """The recording as one line."""
        return viewing.timeline(self, width)

    def breakpoint_list(self) -> BreakpointsView:
        """All breakpoints."""
        found = sorted(self.breakpoints.by_number.values(), key=lambda b: b.number)
        return BreakpointsView(tuple(BreakpointView(b.number, b.address, b.label, b.hits) for b in found))


def _is(to: StopAt, event: Event) -> bool:
    match to:
        case StopAt.TRAP:
            return isinstance(event, InterruptionRecognized)
        case StopAt.DECISION:
            return isinstance(event, DecisionTaken)
        case StopAt.OUTPUT:
            return isinstance(event, ConsoleLine)
        case _:
            return False

