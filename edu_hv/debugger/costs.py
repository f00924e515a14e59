"""What virtualization costs: instructions of guests against traps and decisions of CP, exactly counted.

Everything is counted from what the recording keeps of each step and from its journal, between any two steps; machine
time is read at both ends, by going there and back.  Nothing is estimated but what the VM assist has saved.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edu_hv.debugger.recording.timetravel import Recording
from edu_hv.debugger.views import View
from edu_hv.hypervisor.decisions import DecisionTaken
from edu_hv.hypervisor.stages import TRAP_MICROSECONDS
from edu_hv.isa.codes import PIC, Class
from edu_hv.isa.table import operation
from edu_hv.machine.assist_instructions import ASSISTED
from edu_hv.machine.events import AssistDeclined, AssistHandled, Event, InterruptionRecognized, Waited
from edu_hv.machine.interruptions import Interruption
from edu_hv.machine.timing import INSTRUCTION_MICROSECONDS

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession

_INSTEAD = (Class.EXTERNAL, Class.INPUT_OUTPUT, Class.MACHINE_CHECK, Class.RESTART)
"""Interruptions that come in the place of an instruction."""


@dataclass(slots=True)
class GuestCost:
    """What one guest did and what it was interrupted for."""

    guest: str
    instructions: int = 0
    """Instructions begun, those that trapped and those that the assist did included."""
    traps: int = 0
    """Of these, the ones that led to an interruption."""
    interrupted: int = 0
    """Interruptions that came by themselves while it ran."""
    classes: Counter[str] = field(default_factory=Counter)
    """All these interruptions: "privileged operation", "supervisor call", "external", "input/output"."""
    mnemonics: Counter[str] = field(default_factory=Counter)
    """The instructions that trapped."""
    rules: Counter[str] = field(default_factory=Counter)
    """CP's decisions about this guest by the rule that fired, those within another decision excepted."""
    within: Counter[str] = field(default_factory=Counter)
    """Decisions within another one."""
    assisted: Counter[str] = field(default_factory=Counter)
    """What the VM assist did without CP."""
    declined: Counter[str] = field(default_factory=Counter)
    """What the VM assist was asked for and left to CP."""

    def add(self, other: "GuestCost") -> None:
        """Add the counts of another one."""
        self.instructions += other.instructions
        self.traps += other.traps
        self.interrupted += other.interrupted
        self.classes += other.classes
        self.mnemonics += other.mnemonics
        self.rules += other.rules
        self.within += other.within
        self.assisted += other.assisted
        self.declined += other.declined

    def event_behind_call(self, event: InterruptionRecognized) -> None:
        """A program event that was counted as a trap has come by itself, behind the supervisor call."""
        self.traps -= 1
        self.interrupted += 1
        row = operation(event.text)
        if row is not None:
            self.mnemonics -= Counter({row.mnemonic: 1})

    @property
    def per_trap(self) -> float | None:
        """Instructions for each trap; None without a trap."""
        return self.instructions / self.traps if self.traps else None

    @property
    def assistable(self) -> int:
        """Traps of instructions that the VM assist knows, and supervisor calls: the most it could have done."""
        return sum(number for mnemonic, number in self.mnemonics.items() if mnemonic in ASSISTED)

    @property
    def decisions(self) -> int:
        """CP's decisions about this guest."""
        return self.rules.total()


@dataclass(frozen=True, slots=True)
class Costs:
    """What happened between two moments of a recording.  Times are machine time in microseconds."""

    first: int
    """The steps behind this one,"""
    last: int
    """up to this one."""
    guests: dict[str, GuestCost]
    """By name, in the order of the alphabet; the bare machine's program is one, too."""
    microseconds: int
    """All of the time."""
    waited: int
    """While no guest could run."""
    under_cp: bool

    def of(self, guest: str) -> GuestCost:
        """The counts of one guest, or the sums of all for ""."""
        whole = GuestCost(guest)
        for name, cost in self.guests.items():
            if guest in ("", name):
                whole.add(cost)
        return whole

    @property
    def instructions(self) -> int:
        """Of all guests."""
        return sum(cost.instructions for cost in self.guests.values())

    @property
    def guest_microseconds(self) -> int:
        """The time that instructions of guests took."""
        return self.instructions * INSTRUCTION_MICROSECONDS

    @property
    def cp_microseconds(self) -> int:
        """What is left: CP's own time."""
        return self.microseconds - self.waited - self.guest_microseconds

    @property
    def saved_microseconds(self) -> int:
        """What CP would have needed at least for what the VM assist did: one dispatch each."""
        return sum(cost.assisted.total() for cost in self.guests.values()) * TRAP_MICROSECONDS


@dataclass(frozen=True, slots=True)
class CostView(View):
    """The costs of a part of the recording, of one guest or of all for ""."""

    costs: Costs
    guest: str
    total: int
    """Steps in the whole recording."""


def cost_between(session: "DebugSession", first: int, last: int) -> Costs:
    """What happened in the steps behind `first` up to `last`, which may be the one under way.

    Raises UserError for steps that are not recorded.  The session stays where it is.
    """
    recording = session.recording
    begin, end = recording.position_of_step(first), _position(session, last)
    journal = recording.journal
    places = range(journal.place_at(begin + 1), journal.place_at(end + 1))
    counted = _Counted(recording)
    counted.steps(first, last)
    for event, guest, times in journal.tally(places):
        counted.event(event, guest, times)
    counted.not_executed(places)
    clock = clock_at(recording, end) - clock_at(recording, begin)
    guests = {name: counted.guests[name] for name in sorted(counted.guests)}
    return Costs(first, last, guests, clock, counted.waited, recording.system.cp is not None)


def cost_view(session: "DebugSession", guest: str, first: int, last: int) -> CostView:
    """The same to show."""
    costs = cost_between(session, first, last)
    if guest and guest not in costs.guests:
        costs.guests[guest] = GuestCost(guest)
    return CostView(costs, guest, session.total)


def _position(session: "DebugSession", step: int) -> int:
    """The position of a step; of the one under way it is the present one."""
    if step == session.step_number and session.in_step:
        return session.recording.unit
    return session.recording.position_of_step(step)


def clock_at(recording: Recording, unit: int) -> int:
    """Machine time at a position of the recording, in microseconds."""
    clocks = recording.system.machine.clocks
    if recording.unit == unit:
        return clocks.now
    with recording.searching():
        recording.goto(unit)
        return clocks.now


class _Counted:
    """Counts by guest."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self.guests: dict[str, GuestCost] = {}
        self.waited = 0

    def of(self, name: str) -> GuestCost:
        """The counts of one guest."""
        return self.guests.setdefault(name, GuestCost(name))

    def steps(self, first: int, last: int) -> None:
        """Each step of a guest is an instruction, for the moment."""
        owners = self._recording.owners()
        for number, start, end in self._recording.whose.stretches(first, last):
            if number:
                self.of(owners[number]).instructions += end - start

    def event(self, event: Event, guest: str, times: int) -> None:
        """So many events like this one."""
        match event:
            case InterruptionRecognized() if guest:
                self._interruption(event, self.of(guest), times)
            case DecisionTaken() if event.userid:
                rules = self.of(event.userid).within if event.within else self.of(event.userid).rules
                rules[event.verdict.rule.id] += times
            case AssistHandled():
                self.of(guest).assisted[event.mnemonic] += times
            case AssistDeclined():
                self.of(guest).declined[event.mnemonic] += times
            case Waited(start, end):
                self.waited += (end - start) * times

    @staticmethod
    def _interruption(event: InterruptionRecognized, cost: GuestCost, times: int) -> None:
        if event.kind in _INSTEAD:
            cost.interrupted += times
            cost.classes[event.kind.value] += times
            return
        cost.traps += times
        words = Interruption(event.kind, event.code).words if event.kind is Class.PROGRAM else event.kind.value
        cost.classes[words.removeprefix("program: ")] += times
        row = operation(event.text) if event.text else None
        if row is not None:
            cost.mnemonics[row.mnemonic] += times

    def not_executed(self, places: range) -> None:
        """Take away the steps in which an interruption came in the place of an instruction; add the reverse."""
        journal, whose = self._recording.journal, self._recording.whose
        for place in journal.matching(places, _may_be_no_instruction):
            entry = journal.entry(place)
            assert isinstance(entry.event, InterruptionRecognized)
            ran, cost = whose[entry.step - 1] != 0, self.of(entry.guest)
            if entry.event.kind in _INSTEAD:
                cost.instructions -= ran
            elif self._follows_call(place, entry.event):
                cost.instructions -= ran
                cost.event_behind_call(entry.event)
            elif not ran:  # An invalid PSW with the wait bit: nobody seemed to be about to execute anything.
                cost.instructions += 1

    def _follows_call(self, place: int, event: InterruptionRecognized) -> bool:
        """A program event that was recorded with a supervisor call, and is taken by itself before the next one."""
        if event.kind is not Class.PROGRAM or event.code != PIC.PER_EVENT:
            return False
        journal = self._recording.journal
        step = journal.entry(place).step
        before = (journal.entry(n).event for n in journal.places(step - 1, step - 1))
        return any(
            isinstance(one, InterruptionRecognized)
            and one.kind is Class.SVC
            and one.instruction_address == event.instruction_address
            for one in before
        )


_RARE = (PIC.PER_EVENT, PIC.SPECIFICATION)


def _may_be_no_instruction(event: Event, guest: str) -> bool:
    """Whether the step of an interruption may be no instruction though a guest ran, or one though nobody did."""
    if not isinstance(event, InterruptionRecognized) or not guest:
        return False
    return event.kind in _INSTEAD or (event.kind is Class.PROGRAM and event.code in _RARE)
