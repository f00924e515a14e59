"""A course of events: one guest's machine from some moment on, told in what the guest itself can tell apart.

What a guest does is an instruction or an interruption that it gets.  What only CP does (a page brought in, a shadow
entry filled, the end of a time slice, another guest's turn) is none of the guest's steps, so that the same program on a
bare machine and under CP goes step beside step.
"""

from collections.abc import Callable
from dataclasses import dataclass

from edu_hv.debugger import explain
from edu_hv.debugger.forking.visible import Moment, moment
from edu_hv.debugger.system import Guest, Input, System
from edu_hv.hypervisor.control_program import ControlProgram, Stage
from edu_hv.hypervisor.decisions import (
    Deliver,
    EnterConsoleFunction,
    Hypercall,
    PseudoPageFault,
    Reflect,
    Simulate,
    SimulateIO,
    Verdict,
)
from edu_hv.hypervisor.vmblok import VMBLOK
from edu_hv.isa.codes import Class
from edu_hv.isa.errors import UserError
from edu_hv.isa.table import operation
from edu_hv.machine.interruptions import Interruption

MOST_UNITS = 100_000
"""Units within which a guest must come to its next step."""
_INSTRUCTIONS = (Reflect, Simulate, SimulateIO, Hypercall)
"""Decisions that end an instruction of the guest, which hears of it."""
_BY_THEMSELVES = (Deliver, PseudoPageFault)
SVC = 0x0A


@dataclass(frozen=True, slots=True)
class Happening:
    """One step of a guest."""

    address: int
    """Of its instruction, or where it was interrupted."""
    text: bytes
    """The instruction; b"" for an interruption that came by itself."""
    how: str
    """Who has done it: "executed directly", "PRV-2: simulate SSM", "machine check"..."""
    rule: str = ""
    """CP's rule, if CP decided."""
    why: str = ""
    """And its reason."""

    @property
    def instruction(self) -> str:
        """The instruction in words, "interruption" for one that came by itself."""
        return explain.instruction(self.text, self.address) if self.text else "interruption"

    @property
    def mnemonic(self) -> str:
        """Of the instruction, "" for none."""
        found = operation(self.text) if len(self.text) >= 2 else None
        return found.mnemonic if found else ""


@dataclass(frozen=True, slots=True)
class Taken:
    """A step, and what the guest could see behind it."""

    happening: Happening
    after: Moment


class Course:
    """One guest of a system, driven step by step.  Nobody records it; what drives it puts the system back."""

    def __init__(self, system: System, guest: str, halted: Callable[[], bool] = lambda: False) -> None:
        self.system = system
        self.name = guest
        self.ended = ""
        """Why there is no next step; "" while there may be one."""
        self.taken = 0
        """Steps."""
        self.inputs: list[tuple[int, Input]] = []
        """What is given from outside, each with the number of steps taken before it."""
        self.recorded: dict[int, Input] = {}
        """What was given from outside when this course was recorded, by the unit."""
        self.given: list[tuple[int, Input]] = []
        """What of that was come to, each with the number of steps taken before it."""
        self._halted = halted
        self._done: Happening | None = None
        """An instruction that CP has carried out, but for a wait."""
        self._at: int | None = None
        """Where the instruction was that trapped."""

    @property
    def guest(self) -> Guest:
        """The guest.  Raises UserError when it is not there any more."""
        return self.system.guest(self.name)

    def now(self, before: Moment | None = None, media: bool = False) -> Moment:
        """What it can see now."""
        return moment(self.system, self.guest, before, media)

    def next(self) -> Happening | None:
        """Its next step; None at the end, with the reason in `ended`."""
        limit = self.system.machine.units + MOST_UNITS
        self._look_for_a_halt()
        self._give_inputs()
        while not self.ended:
            found = self._unit()
            if found is not None:
                self.taken += 1
                return found
            if self.system.machine.units >= limit:
                self.ended = f"{self.name} does not come to its next step within {MOST_UNITS:,} stages"
            self._look_for_a_halt()
        return None

    def _look_for_a_halt(self) -> None:
        if self._halted():
            self.ended = self.ended or "you stopped it"

    def run_some(self, limit: int) -> None:
        """At most so many steps, of which nothing is kept: those that the engine does at once, or else one."""
        self._look_for_a_halt()
        done = 0 if self.ended else self._run_compiled(limit)
        self.taken += done
        if not done:
            self.next()

    def give_back(self) -> None:
        """CP, which has carried out the last step, gives the real machine back to a guest, if it can."""
        machine = self.system.machine
        limit = machine.units + MOST_UNITS
        try:
            while not self.ended and not machine.at_boundary and machine.units < limit and machine.advance():
                pass
        except Exception as error:  # noqa: BLE001 - as in a step.
            self.ended = f"CP itself fails: {_failure_words(error)}"

    def _run_compiled(self, limit: int) -> int:
        machine = self.system.machine
        if self.system.running != self.name or not machine.at_boundary or machine.cpu.psw.wait:
            return 0
        room = [unit - machine.units for unit in self.recorded if unit >= machine.units]
        room += [number - self.taken for number, _ in self.inputs if number >= self.taken]
        return machine.run_compiled(min([limit, *room]))

    # ---- inputs ----------------------------------------------------------------------------------------------

    def _give_inputs(self) -> None:
        for number, given in self.inputs:
            if number == self.taken:
                self._apply(given)

    def _apply(self, given: Input) -> None:
        machine = self.system.machine
        unit = machine.units
        self.system.apply(given)
        machine.units = unit + 1

    def _recorded_input(self) -> bool:
        """Give what was given here when it was recorded."""
        given = self.recorded.get(self.system.machine.units)
        if given is None:
            return False
        if (self.taken, given) not in self.given:
            self.given.append((self.taken, given))
        self._apply(given)
        return True

    # ---- one unit --------------------------------------------------------------------------------------------

    def _unit(self) -> Happening | None:
        try:
            if self._recorded_input():
                return None
            cp = self.system.cp
            return self._bare_unit() if cp is None else self._unit_under(cp)
        except UserError as error:
            self.ended = str(error)
        except Exception as error:  # noqa: BLE001 - CP made to decide otherwise may fail in any way: that is the answer.
            self.ended = f"CP itself fails: {_failure_words(error)}"
        return None

    def _bare_unit(self) -> Happening | None:
        """On the bare machine a step is an instruction, or an interruption when it is taken."""
        machine = self.system.machine
        interruption, at = machine.recognized, machine.cpu.psw.instruction_address
        starting, count = machine.at_boundary, machine.instructions
        if not machine.advance():
            self.ended = explain.dead_words(self.system)
            return None
        if interruption is not None:
            return _interrupted(interruption, self._take_at())
        if not starting or machine.instructions == count:
            return None
        if machine.recognized is not None:
            self._at = at
            return None
        return Happening(at, machine.cpu.instruction_text, "executed")

    def _take_at(self) -> int | None:
        """Where the instruction was that has led to an interruption; None when none has."""
        at, self._at = self._at, None
        return at

    def _unit_under(self, cp: ControlProgram) -> Happening | None:
        """Under CP it is an instruction that the real CPU executed, or a decision that CP has carried out."""
        machine, vm = self.system.machine, cp.logged_on(self.name)
        if vm is None or vm.cf:
            self.ended = (
                f"{self.name} is not logged on any more" if vm is None else f"{self.name} is stopped in CP mode"
            )
            return None
        mine, at = machine.at_boundary and cp.running_vm is vm, machine.cpu.psw.instruction_address
        count = machine.instructions
        carried_out = cp.work.verdict if cp.work.stage is Stage.DO and cp.work.subject is vm else None
        trapped_at = cp.work.trap.interruption.instruction_address if carried_out and cp.work.trap else -1
        if not machine.advance():
            self.ended = explain.dead_words(self.system)
            return None
        if mine and machine.instructions != count and machine.recognized is None:
            return _executed(at, machine.cpu.instruction_text)
        if carried_out is not None:
            self._note(cp, vm, carried_out, trapped_at)
        return self._take_done(vm)

    def _note(self, cp: ControlProgram, vm: VMBLOK, verdict: Verdict, at: int) -> None:
        decision = verdict.decision
        if isinstance(decision, EnterConsoleFunction) or (vm.cf and not isinstance(decision, _INSTRUCTIONS)):
            self.ended = f"{self.name} is stopped in CP mode: {verdict.why}"
            return
        if not isinstance(decision, _INSTRUCTIONS + _BY_THEMSELVES):
            return
        by_itself = isinstance(decision, _BY_THEMSELVES) or at < 0
        where = decision.interruption.instruction_address if isinstance(decision, Deliver | Reflect) and at < 0 else at
        how = f"{verdict.rule.id}: {decision}"
        self._done = Happening(where, b"" if by_itself else vm.vminst, how, verdict.rule.id, verdict.why)

    def _take_done(self, vm: VMBLOK) -> Happening | None:
        """The step that CP has carried out, when the guest does not wait for the rest of it."""
        if self._done is None or (vm.cp_wait and not vm.cf):
            return None
        done, self._done = self._done, None
        return done


def _executed(at: int, text: bytes) -> Happening:
    """The real CPU executed it: what it would not in problem state, the VM assist did."""
    found = operation(text) if len(text) >= 2 else None
    assisted = text[:1] == bytes([SVC]) or bool(found and found.privileged)
    return Happening(at, text, "done by the VM assist" if assisted else "executed directly")


def _interrupted(interruption: Interruption, at: int | None) -> Happening:
    """An instruction that has led to an interruption, which the machine has taken; or one by itself."""
    by_itself = interruption.kind not in (Class.PROGRAM, Class.SVC) or at is None
    where = interruption.instruction_address
    return Happening(where, b"" if by_itself else interruption.text, f"interruption: {interruption.words}")


def _failure_words(error: Exception) -> str:
    """What was wrong, in words that need no knowledge of how CP is written."""
    if isinstance(error, AssertionError):
        no_rule = "last rule" in str(error)
        return "it has no other rule for this case" if no_rule else "it finds itself where it can never come to be"
    return f"it comes to what cannot be ({type(error).__name__}: {error})"
