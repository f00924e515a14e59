"""The machine: CPU, storage, channels and clocks, and the order in which things happen.

`advance` does one unit: recognize a condition, take an interruption, let the interruption handler do one further
stage, or execute one instruction.  A *step* is what a person calls one: an instruction, or an interruption with all
that follows from it.  Everything is deterministic; the only inputs are the devices' and the interrupt key.
"""

from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Protocol

from edu_hv.isa.codes import CR0, PIC, PSA, Class, External
from edu_hv.isa.errors import UserError
from edu_hv.machine.assist import AssistState, VMAssist
from edu_hv.machine.channel import Channels
from edu_hv.machine.cpu import CPU
from edu_hv.machine.events import Actor, InterruptionRecognized, Observer, Waited
from edu_hv.machine.interruptions import (
    ArchitectedHandler,
    Ending,
    Interruption,
    InterruptionHandler,
    ProgramInterruption,
    SupervisorCall,
)
from edu_hv.machine.machine_check import CHECK_STOP_CONTROL, Failure, store_machine_check, store_status
from edu_hv.machine.per import Recorder
from edu_hv.machine.storage import FETCH_WATCHED, LINE_SHIFT, STORE_WATCHED, Storage
from edu_hv.machine.system360 import System360CPU
from edu_hv.machine.timing import INSTRUCTION_MICROSECONDS, Clocks, timer_units

_FOREVER = 1 << 62

SIGNALS: dict[int, int] = {
    External.EMERGENCY_SIGNAL: CR0.EMERGENCY_SIGNAL_MASK,
    External.EXTERNAL_CALL: CR0.EXTERNAL_CALL_MASK,
}
"""What one CPU signals to another, in the order of priority, and the mask that allows it."""


class Architecture(Enum):
    """What the machine is; the value is its name."""

    S360 = "System/360"
    S370 = "System/370"


_CPUS = {Architecture.S360: System360CPU, Architecture.S370: CPU}


class Engine(Protocol):
    """What executes instructions faster than one at a time: compiled code."""

    stops: set[int]
    """Logical addresses of instructions that are not executed."""

    def run(self, limit: int) -> int:
        """Execute at most `limit` instructions; how many were.

        The CPU's state is then exact.  Fewer are executed before an instruction that has to be left to `CPU`, and
        before one at a place where the engine was told to stop.
        """


@dataclass(frozen=True)
class MachineState:
    """A checkpoint of everything but the interruption handler."""

    storage: Any
    cpu: Any
    clocks: Any
    channels: Any
    recognized: Interruption | None
    per_pending: Interruption | None
    failure: tuple[Failure, int | None] | None
    check_stopped: bool
    timer_pending: bool
    key_pending: bool
    counts: tuple[int, int, int]
    assist: AssistState | None


class Machine:
    """A System/370 with `size` bytes of main storage, or a System/360."""

    def __init__(self, size: int, architecture: Architecture = Architecture.S370) -> None:
        self.architecture = architecture
        self.storage = Storage(size)
        self.clocks = Clocks()
        self.cpu = _CPUS[architecture](self.storage, self.clocks)
        self.channels = Channels(self.storage, self.clocks)
        self.channels.configure(system_360=architecture is Architecture.S360)
        self.cpu.channels = self.channels
        self.handler: InterruptionHandler = ArchitectedHandler()
        self.recognized: Interruption | None = None
        """An interruption found by the last unit and not yet taken."""
        self.per_pending: Interruption | None = None
        """A program event recorded with a supervisor call, which is taken first."""
        self.failure: tuple[Failure, int | None] | None = None
        """A machine check that is pending, with the failing storage address."""
        self.check_stopped = False
        self.interval_timer_pending = False
        self.interrupt_key_pending = False
        self.units = 0
        """Calls of `advance` that did something: the position in time travel."""
        self.steps = 0
        """Instructions and interruptions begun."""
        self.instructions = 0
        """Instructions begun."""
        self.observer: Observer | None = None
        self.engine: Engine | None = None
        """Used by `run`; `advance` never needs it.  A System/360 has none: its operands have to be aligned."""
        self.assist: VMAssist | None = None
        """An option: see `install_assist`."""
        self._watched_prefix = -1
        """The prefix for which compiled code leaves the interval timer alone."""

    def observe(self, observer: Observer | None) -> None:
        """Tell `observer` every event from now on; None to stop."""
        self.observer = observer
        self.cpu.observer = self.storage.observer = self.channels.observer = observer

    def install_assist(self) -> None:
        """Fit the machine with the VM assist, which a control program turns on by control register 6.

        Raises UserError for a System/360, which has no such register.
        """
        if self.architecture is Architecture.S360:
            raise UserError("a System/360 cannot have the VM assist: it has no control register 6")
        self.assist = self.assist or VMAssist(self.cpu)

    # ---- one unit --------------------------------------------------------------------------------------------

    @property
    def at_boundary(self) -> bool:
        """Whether the last step is complete: the next unit starts another."""
        return self.recognized is None and not self.handler.busy

    @property
    def dead(self) -> bool:
        """Whether nothing can ever happen again by itself: a wait with nothing that could end it."""
        psw = self.cpu.psw
        if self.check_stopped:
            return True
        waiting = self.at_boundary and psw.wait and not psw.unassigned
        return waiting and self.per_pending is None and self._wait_ends_at() is None and self._pending() is None

    def advance(self) -> bool:
        """Do one unit; False when the machine is in a wait that nothing will end."""
        if self.check_stopped:
            return False
        done = self._one_unit()
        self.storage.actor = Actor.OPERATOR
        self.units += done
        return done

    def _one_unit(self) -> bool:
        if self.recognized is not None:
            self._take(self.recognized)
            return True
        self.storage.actor = Actor.CONTROL_PROGRAM
        return self.handler.advance(self) or self._begin_step()

    def run(self, limit: int) -> int:
        """Do up to `limit` units; fewer when the machine comes to a wait that nothing will end.  How many were done."""
        start = self.units
        end = start + limit
        while self.units < end:
            self.run_compiled(end - self.units)
            # What ended a run of the engine, be it an instruction or an event, is for `advance`.
            if self.units < end and not self.advance():
                break
        return self.units - start

    def run_compiled(self, limit: int) -> int:
        """Execute up to `limit` instructions by the engine, each of them a whole step and a unit; how many were.

        0 when there is no engine or the next unit is for `advance`: it may be an interruption, a stage, a wait, or an
        instruction that is not compiled.  An observer is told nothing of them.
        """
        if self.engine is None or not self._may_run_compiled():
            return 0
        if self._watched_prefix != self.cpu.prefix:
            self._watch_interval_timer()
        budget = min(limit, self._quiet_time())
        done = self.engine.run(budget) if budget > 0 else 0
        if done:
            self.units += done
            self.steps += done
            self.instructions += done
            self._pass_time(done * INSTRUCTION_MICROSECONDS)
        return done

    def _may_run_compiled(self) -> bool:
        psw = self.cpu.psw
        usual = self.at_boundary and not (psw.wait or psw.unassigned or psw.per or self.check_stopped)
        return usual and self.per_pending is None and self._pending() is None

    def _watch_interval_timer(self) -> None:
        """Compiled code must leave the word at real 80 alone: it is brought up to date only between its runs."""
        self.storage.set_flags(self.cpu.absolute(PSA.INTERVAL_TIMER) >> LINE_SHIFT, FETCH_WATCHED | STORE_WATCHED)
        self._watched_prefix = self.cpu.prefix

    def _quiet_time(self) -> int:
        """Instructions that can be executed before the channels or the clocks have to be looked at again."""
        now = self.clocks.now
        events = self._clock_events() if self.cpu.psw.external_mask else []
        due = self.channels.next_event
        if due is not None:
            events.append(due)
        return (min(events) - now) // INSTRUCTION_MICROSECONDS if events else _FOREVER

    def _take(self, interruption: Interruption) -> None:
        self.recognized = None
        self.storage.actor = Actor.INTERRUPTION
        if interruption.kind is Class.INPUT_OUTPUT:
            self.channels.accept(self.cpu, interruption.code)
        elif interruption.kind is Class.EXTERNAL:
            self._clear_external(interruption.code)
        elif interruption.kind is Class.MACHINE_CHECK and self.failure is not None:
            failure, failing_address = self.failure
            store_machine_check(self.cpu, failure.code(failing_address), failing_address or 0)
            self.failure = None
        self.handler.interruption(self, interruption)

    def take_recognized(self) -> None:
        """Take the interruption that was recognized, as the next unit would."""
        if self.recognized is not None:
            self._take(self.recognized)

    def _begin_step(self) -> bool:
        transferred = self.channels.advance()
        interruption = self.per_pending or self._pending()
        if interruption is not None:
            self._recognize(interruption)
        elif self.cpu.psw.wait and not self.cpu.psw.unassigned:
            if not transferred and not self._wait():
                return False
        else:
            self._execute()
        self.steps += 1
        return True

    def _recognize(self, interruption: Interruption) -> None:
        self.recognized = interruption
        if interruption is self.per_pending:
            self.per_pending = None
        if self.observer:
            i = interruption
            self.observer(InterruptionRecognized(i.kind, i.code, i.ilc, i.instruction_address, i.text))

    def _execute(self) -> None:
        """One instruction; a program interruption or SVC is recognized and taken by the next unit."""
        cpu = self.cpu
        start = cpu.psw.instruction_address
        self.storage.actor = Actor.INSTRUCTION
        self.instructions += 1
        interruption = self._execute_recorded(start) if cpu.psw.per else self._interruption_of_next(start)
        if interruption is not None:
            self._recognize(interruption)
        cpu.ilc = 0  # It is the interruption's now.  Compiled code has none: so checkpoints are the same.
        self._pass_time(INSTRUCTION_MICROSECONDS)

    def _interruption_of_next(self, start: int) -> Interruption | None:
        """Execute the instruction at `start`; the interruption it leads to, unless the VM assist does it for a guest.

        When the assist has validated a shadow-table entry, the instruction is executed again.
        """
        found = self._attempt(start)
        while found is not None and self._assisted(found):
            if found.code != PIC.PAGE_TRANSLATION or found.kind is not Class.PROGRAM:
                return None
            found = self._attempt(start)
        return found

    def _assisted(self, found: Interruption) -> bool:
        """Whether the VM assist does what would be an interruption."""
        self.storage.actor = Actor.ASSIST
        handled = self.assist is not None and self.assist.handles(found)
        self.storage.actor = Actor.INSTRUCTION
        return handled

    def _attempt(self, start: int) -> Interruption | None:
        cpu = self.cpu
        try:
            cpu.execute_next()
        except SupervisorCall as call:
            return Interruption(Class.SVC, call.code, cpu.ilc, start, cpu.instruction_text)
        except ProgramInterruption as condition:
            return program_interruption(condition, cpu.ilc, start, cpu.instruction_text)
        return None

    def _execute_recorded(self, start: int) -> Interruption | None:
        """Execute an instruction under PER.  The event joins a program interruption, and follows a supervisor call.

        GA22-7000 "Program-Event Recording", "Priority of Indication".
        """
        cpu, recorder = self.cpu, Recorder(self.cpu)
        with recorder.watching():
            found = self._interruption_of_next(start)
        event = recorder.event(completed=found is None or found.ending in (None, Ending.COMPLETION))
        if event is None:
            return found
        if found is not None and found.kind is Class.PROGRAM:
            return replace(found, per=event)
        alone = Interruption(Class.PROGRAM, PIC.PER_EVENT, cpu.ilc, start, cpu.instruction_text, per=event)
        if found is None:
            return alone
        self.per_pending = alone
        return found

    # ---- time ------------------------------------------------------------------------------------------------

    def _pass_time(self, microseconds: int) -> None:
        """Let machine time pass; the interval timer at real 80 counts down with it."""
        clocks = self.clocks
        before = timer_units(clocks.now)
        clocks.now += microseconds
        units = timer_units(clocks.now) - before
        if units:
            self._count_interval_timer(units)

    def _count_interval_timer(self, units: int) -> None:
        old = int.from_bytes(self.cpu.load_real(PSA.INTERVAL_TIMER, 4), "big", signed=True)
        new = old - units
        if old >= 0 > new:
            self.interval_timer_pending = True
        self.storage.actor = Actor.TIMER
        self.cpu.store_real(PSA.INTERVAL_TIMER, (new & 0xFFFFFFFF).to_bytes(4, "big"))

    def pass_control_program_time(self, microseconds: int) -> None:
        """Time a control program written outside the machine has spent; the interval timer stands still."""
        self.clocks.now += microseconds

    def _wait(self) -> bool:
        """Move machine time to the next event of a wait; False when there is none."""
        end = self._wait_ends_at()
        if end is None:
            return False
        start = self.clocks.now
        self._pass_time(max(end - start, INSTRUCTION_MICROSECONDS))
        if self.observer:
            self.observer(Waited(start, self.clocks.now))
        return True

    def _wait_ends_at(self) -> int | None:
        """Machine time of the next event that can end a wait, or None."""
        times: list[int] = []
        if self.channels.next_event is not None:
            times.append(self.channels.next_event)
        if self.cpu.psw.external_mask:
            times.extend(self._clock_events())
        return min(times, default=None)

    def _clock_events(self) -> list[int]:
        cr0, clocks = self.cpu.cr[0], self.clocks
        times: list[int] = []
        if cr0 & CR0.INTERVAL_TIMER_MASK:
            left = int.from_bytes(self.cpu.load_real(PSA.INTERVAL_TIMER, 4), "big", signed=True)
            if left >= 0:
                times.append(_time_of_unit(timer_units(clocks.now) + left + 1))
        if cr0 & CR0.CLOCK_COMPARATOR_MASK and clocks.comparator_passed_at is not None:
            times.append(clocks.comparator_passed_at)
        if cr0 & CR0.CPU_TIMER_MASK:
            times.append((clocks.cpu_timer_zero >> 12) + 1)
        return times

    # ---- pending interruptions -------------------------------------------------------------------------------

    def _pending(self) -> Interruption | None:
        """The interruption to be taken now: machine check, external, I/O.  GA22-7000 "Priority of Interruptions"."""
        psw = self.cpu.psw
        if self.failure is not None and psw.machine_check_mask and self.failure[0].allowed(self.cpu.cr[14]):
            return Interruption(Class.MACHINE_CHECK, 0, instruction_address=psw.instruction_address)
        if psw.unassigned:
            return None  # The invalid PSW comes first: a specification exception, found by execution.
        if psw.external_mask:
            code = self._external_code()
            if code is not None:
                return Interruption(Class.EXTERNAL, code, instruction_address=psw.instruction_address)
        if psw.io_enabled():
            device = self.channels.pending(psw, self.cpu.cr[2])
            if device is not None:
                return Interruption(Class.INPUT_OUTPUT, device, instruction_address=psw.instruction_address)
        return None

    def _external_code(self) -> int | None:
        """The code of the external interruption that comes first.  GA22-7000 "External Interruption"."""
        cr0, clocks = self.cpu.cr[0], self.clocks
        code = 0
        if self.interval_timer_pending and cr0 & CR0.INTERVAL_TIMER_MASK:
            code |= External.INTERVAL_TIMER
        if self.interrupt_key_pending and cr0 & CR0.INTERRUPT_KEY_MASK:
            code |= External.INTERRUPT_KEY
        if code:
            return code
        for signal, mask in SIGNALS.items():
            if self.cpu.signals & cr0 & mask:
                return signal
        if cr0 & CR0.CLOCK_COMPARATOR_MASK and clocks.comparator_pending:
            return External.CLOCK_COMPARATOR
        if cr0 & CR0.CPU_TIMER_MASK and clocks.cpu_timer_pending:
            return External.CPU_TIMER
        return None

    def _clear_external(self, code: int) -> None:
        if code < 0x100:
            self.interval_timer_pending &= not code & External.INTERVAL_TIMER
            self.interrupt_key_pending &= not code & External.INTERRUPT_KEY
        self.cpu.signals &= ~SIGNALS.get(code, 0)

    # ---- operator --------------------------------------------------------------------------------------------

    def press_interrupt_key(self) -> None:
        """The INTERRUPT key of the console."""
        self.interrupt_key_pending = True

    def present_failure(self, failure: Failure, failing_address: int | None = None) -> None:
        """Something in the machine fails: a machine check, at once or when it is allowed, or the check-stop state."""
        while not self.at_boundary:
            self.advance()
        self.failure = failure, failing_address
        if failure.exigent and not self.cpu.psw.machine_check_mask and self.cpu.cr[14] & CHECK_STOP_CONTROL:
            self.check_stopped = True

    def store_status(self) -> None:
        """The operator's STORE STATUS; a step that has begun is finished first."""
        while not self.at_boundary:
            self.advance()
        store_status(self.cpu)

    def press_restart_key(self) -> None:
        """The RESTART key: an interruption that nothing masks, taken next; a step that has begun is finished first."""
        while not self.at_boundary:
            self.advance()
        self._recognize(Interruption(Class.RESTART, 0, instruction_address=self.cpu.psw.instruction_address))

    def load(self, device: int) -> None:
        """Initial program loading from a device.  GA22-7000 "Initial Program Loading".

        Raises UserError when the device is not there, has nothing to read, or the PSW it loads is invalid.
        """
        self.cpu.reset()
        self.recognized = self.per_pending = self.failure = None
        self.interval_timer_pending = self.interrupt_key_pending = self.check_stopped = False
        self.channels.initial_program_load(device)
        psw = self.cpu.decode_psw(self.cpu.load_real(0, 8))
        # In BC mode the device address takes the place of the interruption code, and what was loaded to 0BA stays.
        self.cpu.store_real(PSA.IO_ADDRESS if psw.ec_mode else 2, device.to_bytes(2, "big"))
        self.cpu.load_psw(psw)

    # ---- checkpoint ------------------------------------------------------------------------------------------

    def state(self) -> MachineState:
        """A checkpoint."""
        return MachineState(
            self.storage.state(),
            self.cpu.state(),
            self.clocks.state(),
            self.channels.state(),
            self.recognized,
            self.per_pending,
            self.failure,
            self.check_stopped,
            self.interval_timer_pending,
            self.interrupt_key_pending,
            (self.units, self.steps, self.instructions),
            self.assist.state() if self.assist else None,
        )

    def restore(self, state: MachineState) -> None:
        """Go back to a checkpoint."""
        self.storage.restore(state.storage)
        self.cpu.restore(state.cpu)
        self.clocks.restore(state.clocks)
        self.channels.restore(state.channels)
        self.recognized, self.per_pending = state.recognized, state.per_pending
        self.failure, self.check_stopped = state.failure, state.check_stopped
        self.interval_timer_pending, self.interrupt_key_pending = state.timer_pending, state.key_pending
        self.units, self.steps, self.instructions = state.counts
        if self.assist is not None:
            self.assist.restore(state.assist or ())


def program_interruption(
    condition: ProgramInterruption, ilc: int, instruction_address: int, text: bytes
) -> Interruption:
    """The interruption that a condition raised by an instruction leads to."""
    return Interruption(
        Class.PROGRAM,
        PIC(condition.code),
        ilc,
        instruction_address,
        text,
        condition.ending,
        condition.address,
        condition.monitor_class,
        condition.monitor_code,
    )


def _time_of_unit(unit: int) -> int:
    """The first microsecond at which so many interval-timer units have passed."""
    return -(-unit * 625 // 48)
