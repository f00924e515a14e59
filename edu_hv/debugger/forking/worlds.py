"""Other worlds in which the same guest goes on from the same moment: bare, virtual, with the assist, without a rule.

A world makes the course that is compared with the present one.  It is made where the session is aside, so that what it
does to the session's own machine is undone behind it.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager as Context
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from edu_hv.debugger.forking.carrying import to_bare, to_virtual
from edu_hv.debugger.forking.course import Course, Happening
from edu_hv.debugger.system import Input, System
from edu_hv.hypervisor import decisions, dispatch, io_rules, ios_rules, minidisks, named_segments, program, vmcf_rules
from edu_hv.hypervisor.control_program import ControlProgram
from edu_hv.hypervisor.diagnose import disk_chain, named_segment, synchronous_io
from edu_hv.hypervisor.spooling import rules as spool_rules
from edu_hv.isa.codes import PIC
from edu_hv.isa.errors import UserError
from edu_hv.isa.formats import instruction_length
from edu_hv.machine.interruptions import ProgramInterruption, SupervisorCall

_RULES = (
    program, dispatch, io_rules, ios_rules, synchronous_io, disk_chain, minidisks, named_segment, named_segments,
    vmcf_rules, spool_rules,
)  # fmt: skip
"""Where CP's tables of rules are."""
NO_CP = "this is the bare machine: there is no CP; try load cp kernel, or whatif virtual"


@dataclass
class Made:
    """The course of another world."""

    course: Course
    notes: list[str] = field(default_factory=list)


Make = Callable[[System, str, Callable[[], bool]], Made]


@dataclass(frozen=True)
class World:
    """Another world.  `make(system, guest, halted)` makes its course; `around` is entered while it goes on."""

    title: str
    make: Make
    steps: int = 1
    """Steps that are taken when nobody says how many."""
    most: int | None = None
    """Steps that can be taken at most; None: as many as you like."""
    around: Callable[[], Context[None]] = nullcontext
    settles: bool = True
    """A trap under way is finished first, on both sides."""
    shares: bool = True
    """It goes on in the session's own system."""
    real: bool = False
    """What differs in the real machine is the point of it."""
    alike: bool = False
    """Both machines are right: what they may differ in is known, and said."""
    rule: str = ""
    """The rule that CP is to do without."""


# ---- another machine ------------------------------------------------------------------------------------------------


def bare() -> World:
    """The guest has a machine of its own."""

    def make(system: System, guest: str, halted: Callable[[], bool]) -> Made:
        carried = to_bare(system, system.guest(guest))
        return Made(Course(carried.system, carried.guest, halted), carried.notes)

    return World("on a bare machine", make, shares=False, alike=True)


def virtual(assist: bool = False) -> World:
    """The bare machine's program is a guest of CP."""

    def make(system: System, guest: str, halted: Callable[[], bool]) -> Made:
        carried = to_virtual(system, assist)
        return Made(Course(carried.system, carried.guest, halted), carried.notes)

    return World("under CP with the VM assist" if assist else "under CP", make, shares=False, alike=True)


# ---- the same machine, with something else given or set -------------------------------------------------------------


def given(title: str, kind: str, text: str = "", steps: int = 20, alike: bool = False) -> World:
    """Something is given from outside at this moment."""

    def make(system: System, guest: str, halted: Callable[[], bool]) -> Made:
        answer = system.apply(Input(kind, guest, text))
        if answer.code:
            raise UserError(f"that cannot be given here: {' '.join(answer.lines)}")
        return Made(Course(system, guest, halted))

    return World(title, make, steps, alike=alike)


def assist(system: System, guest: str, on: bool) -> World:
    """The guest has the VM assist, or has it not."""
    cp = _require_cp(system)
    vm = system.guest(guest).vm
    if vm is not None and cp.assist.settings(vm).on is on and cp.assist.available:
        other = "unassisted" if on else "assist"
        raise UserError(
            f"{guest} {'has the VM assist' if on else 'goes without the VM assist'} already: whatif {other}"
        )
    return given(
        f"{'with' if on else 'without'} the VM assist", "cp", f"SET ASSIST {'ON' if on else 'OFF'}", 1, alike=True
    )


# ---- CP decides otherwise -------------------------------------------------------------------------------------------


def without_rule(system: System, rule: str) -> World:
    """CP decides as if that rule never fired: the next one of its table that applies does.

    Raises UserError on the bare machine, and for a rule that CP has not.
    """
    _require_cp(system)
    rule = rule.upper()
    if rule not in known_rules():
        family = rule.partition("-")[0] + "-"
        near = [one for one in known_rules() if one.startswith(family)] or sorted(
            {one.partition("-")[0] + "-1" for one in known_rules()}
        )
        raise UserError(f'CP has no rule "{rule[:20]}"; it has {", ".join(near[:12])}, ...')

    def make(system: System, guest: str, halted: Callable[[], bool]) -> Made:
        return Made(Course(system, guest, halted))

    return World(f"without rule {rule}", make, around=lambda: decisions.without(rule), settles=False, rule=rule)


@cache
def known_rules() -> tuple[str, ...]:
    """The ids of all rules of CP's tables, in their order."""
    found: list[str] = []
    for module in _RULES:
        for value in vars(module).values():
            found += [rule.id for rule in _rules_in(value)]
    return tuple(dict.fromkeys(found))


def _rules_in(value: object) -> Iterator[decisions.Rule[Any]]:
    """The rules of a table, or of a dictionary of tables."""
    if isinstance(value, decisions.Rule):
        yield value
    elif isinstance(value, dict | tuple):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _rules_in(one) if isinstance(one, tuple | decisions.Rule) else ()


def _require_cp(system: System) -> ControlProgram:
    if system.cp is None:
        raise UserError(NO_CP)
    return system.cp


# ---- an instruction that does not trap ------------------------------------------------------------------------------


def untrapped(system: System) -> World:
    """The guest is in real supervisor state for one instruction: it does to the real machine what it wants."""
    _require_cp(system)
    return World("in real supervisor state", _first_by(_execute_untrapped), most=1, real=True)


def ignored(system: System) -> World:
    """The machine does nothing instead of trapping, as some machines do with what problem state may not do."""
    _require_cp(system)
    return World("ignored in problem state", _first_by(_ignore), most=1, real=True)


def _first_by(execute: Callable[[ControlProgram], Happening]) -> Make:
    def make(system: System, guest: str, halted: Callable[[], bool]) -> Made:
        cp = _require_cp(system)
        _come_to_run(system, cp, guest)
        return Made(Once(system, guest, execute))

    return make


def _come_to_run(system: System, cp: ControlProgram, guest: str) -> None:
    if cp.running != guest or not system.machine.at_boundary or system.machine.cpu.psw.wait:
        raise UserError(f"{guest} does not have the real CPU here: step until it is about to execute an instruction")


class Once(Course):
    """One instruction that is executed in another way."""

    def __init__(self, system: System, guest: str, execute: Callable[[ControlProgram], Happening]) -> None:
        super().__init__(system, guest)
        self._execute = execute

    def next(self) -> Happening | None:
        """That instruction; nothing behind it would mean anything."""
        if self.taken:
            self.ended = "CP would have lost the real machine here"
            return None
        self.taken += 1
        return self._execute(_require_cp(self.system))


def _execute_untrapped(cp: ControlProgram) -> Happening:
    cpu = cp.machine.cpu
    at, how = cpu.psw.instruction_address, "executed in real supervisor state, without a trap"
    cpu.psw.problem_state = False
    try:
        cpu.execute_next()
    except SupervisorCall as call:
        how = f"supervisor call {call.code}: it traps in supervisor state, too"
    except ProgramInterruption as condition:
        name = PIC(condition.code).name.replace("_", " ").lower()
        how = f"executed in real supervisor state, and the real machine finds an exception: {name}"
    finally:
        cpu.ilc = 0
    return Happening(at, cpu.instruction_text, how)


def _ignore(cp: ControlProgram) -> Happening:
    cpu = cp.machine.cpu
    at = cpu.psw.instruction_address
    text = cpu.fetch_instruction(at)
    cpu.psw.instruction_address = at + instruction_length(text[0]) & 0xFFFFFF
    return Happening(at, text, "nothing done, and no trap")
