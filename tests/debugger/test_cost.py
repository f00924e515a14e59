"""The cost meter against other counts: the machine's and CP's own counters, an observer of a machine nobody records."""

from collections import Counter

import pytest

from edu_hv.debugger.cost_comparison import compare_assist
from edu_hv.debugger.costs import Costs, cost_between, cost_view
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.start import RealMachine, under_cp
from edu_hv.debugger.text import as_lines
from edu_hv.debugger.text.costs import sentences
from edu_hv.guests import catalog
from edu_hv.hypervisor.decisions import DecisionTaken
from edu_hv.isa.codes import Class
from edu_hv.isa.errors import UserError
from edu_hv.isa.table import operation
from edu_hv.machine.events import AssistHandled, InterruptionRecognized
from tests.debugger.walk import differences, everything, loaded, run_line

WAYS = {
    "two guests": (["kernel", "second"], True, RealMachine()),
    "assist": (["kernel"], True, RealMachine(assist=True)),
    "paging": (["kernel", "busy"], True, RealMachine(128 * 1024)),
    "DAT": (["twospace"], True, RealMachine(assist=True)),
    "CP as a guest": (["minicp"], True, RealMachine()),
    "bare": (["kernel"], False, RealMachine()),
}
STEPS = 1000


@pytest.fixture(scope="module", params=WAYS)
def session(request) -> DebugSession:
    session = DebugSession()
    programs, cp, real = WAYS[request.param]
    session.load(programs, cp, real)
    session.run(limit=STEPS)
    return session


def counters(session: DebugSession, step: int) -> tuple[int, int, Counter, Counter]:
    """What the machine and CP themselves have counted by a step: instructions, time, traps by guest, rules."""
    session.goto(step)
    machine, cp = session.system.machine, session.system.cp
    traps = Counter({vm.vmuser: vm.traps for vm in cp.vms}) if cp else Counter()
    rules: Counter = Counter()
    for (guest, rule, _), times in cp.counts.items() if cp else ():
        rules[guest, rule] += times
    return machine.instructions, machine.clocks.now, traps, rules


@pytest.mark.parametrize("part", [(0, 1), (0.3, 0.7), (0.7, 0.7)], ids=["all", "middle", "nothing"])
def test_counts_are_those_of_the_machine_and_of_cp(session, part):
    here = session.step_number
    first, last = (int(here * share) for share in part)
    before = everything(session)
    costs = cost_between(session, first, last)
    assert differences(everything(session), before) == []
    start, end = counters(session, first), counters(session, last)
    session.goto(here)
    assert costs.instructions == end[0] - start[0]
    assert costs.microseconds == end[1] - start[1]
    decided = Counter({(name, rule): n for name, cost in costs.guests.items()
                       for rule, n in (cost.rules + cost.within).items()})  # fmt: skip
    assert decided == end[3] - start[3]


def test_counts_of_two_parts_are_those_of_the_whole(session):
    total = session.total
    halves = [cost_between(session, 0, total // 2), cost_between(session, total // 2, total)]
    whole, sums = cost_between(session, 0, total), halves[0].of("")
    sums.add(halves[1].of(""))
    assert sums == whole.of("")
    assert sum(half.microseconds for half in halves) == whole.microseconds
    assert sum(half.cp_microseconds for half in halves) == whole.cp_microseconds


class Independent:
    """A machine that nobody records, with an observer that counts by guest."""

    def __init__(self, programs: list[str], real: RealMachine, instructions: int) -> None:
        self.system = under_cp([catalog.find(name) for name in programs], real)
        self.executed: Counter = Counter()
        self.traps: Counter = Counter()
        self.trapped: Counter = Counter()
        self.assisted: Counter = Counter()
        self.rules: Counter = Counter()
        machine = self.system.machine
        machine.observe(self.hear)
        while machine.instructions < instructions or not machine.at_boundary:
            guest, before = self.system.running, machine.instructions
            machine.advance()
            self.executed[guest] += machine.instructions - before

    def hear(self, event: object) -> None:
        guest = self.system.running
        if isinstance(event, InterruptionRecognized) and event.kind in (Class.PROGRAM, Class.SVC):
            self.traps[guest] += 1
            row = operation(event.text) if event.text else None  # Its page may be out.
            if row is not None:
                self.trapped[guest, row.mnemonic] += 1
        elif isinstance(event, AssistHandled):
            self.assisted[guest, event.mnemonic] += 1
        elif isinstance(event, DecisionTaken) and not event.within:
            self.rules[event.userid, event.verdict.rule.id] += 1


@pytest.mark.parametrize("way", ["two guests", "assist", "DAT"])
def test_counts_are_those_of_an_observer_of_a_machine_that_is_not_recorded(way):
    programs, _, real = WAYS[way]
    session = DebugSession()
    session.load(programs, True, real)
    session.run(limit=500)
    costs = cost_between(session, 0, session.total)
    other = Independent(programs, real, costs.instructions)
    guests = costs.guests
    assert {name: cost.instructions for name, cost in guests.items()} == {
        name: number for name, number in other.executed.items() if name
    }
    assert {name: cost.traps for name, cost in guests.items()} == dict(other.traps)
    assert _pairs(costs, "mnemonics") == dict(other.trapped)
    assert _pairs(costs, "assisted") == dict(other.assisted)
    assert _pairs(costs, "rules") == {key: times for key, times in other.rules.items() if key[0]}


def _pairs(costs: Costs, what: str) -> dict[tuple[str, str], int]:
    return {(name, key): times for name, cost in costs.guests.items() for key, times in getattr(cost, what).items()}


LOOP = """
         BALR  12,0
         USING *,12
         LA    2,10
LOOP     SSM   MASK
         BCT   2,LOOP
         LPSW  STOP
MASK     DC    X'00'
STOP     DC    0D'0',X'000A000000000000'
         END
"""


def test_a_program_whose_costs_can_be_told_by_hand():
    """Two instructions, ten times SSM and BCT, one LPSW: 23 instructions, of which SSM and LPSW trap: 11."""
    session = DebugSession()
    session.load_source(LOOP, "loop", under_cp=True)
    session.run()
    cost = cost_between(session, 0, session.total).of("LOOP")
    assert (cost.instructions, cost.traps, cost.interrupted) == (23, 11, 0)
    assert dict(cost.mnemonics) == {"SSM": 10, "LPSW": 1}
    assert dict(cost.classes) == {"privileged operation": 11}
    assert cost.rules["PRV-2"] == 11
    assert cost.per_trap == 23 / 11


def test_counting_inside_a_trap_counts_what_is_done():
    session = loaded("kernel under CP")
    session.goto(1406 - 1)
    while not session.in_step:
        session.stage()
    session.stage()
    before = everything(session)
    costs = cost_between(session, 0, session.step_number)
    assert costs.instructions == session.system.machine.instructions
    assert differences(everything(session), before) == []


def test_an_interruption_in_the_place_of_an_instruction_is_no_instruction():
    session = loaded("kernel bare")
    session.run(limit=2000)
    cost = cost_between(session, 0, session.total).of("bare")
    assert cost.interrupted > 5
    assert cost.instructions == session.system.machine.instructions
    assert cost.instructions + cost.interrupted <= session.total


PER = """
PER      START X'200'
         BALR  12,0
         USING *,12
         MVC   X'68'(8,0),PGMNEW
         MVC   X'60'(8,0),SVCNEW
         LCTL  9,11,CRS
         LPSW  GO
GOON     LR    1,1
         SVC   5
         LR    2,2
         LPSW  STOP
BACK     LPSW  X'28'
SBACK    LPSW  X'20'
CRS      DC    X'4000000000000000',X'00FFFFFF'
GO       DC    0D'0',X'40080000',A(GOON)
PGMNEW   DC    X'00080000',A(BACK)
SVCNEW   DC    X'00080000',A(SBACK)
STOP     DC    0D'0',X'000A000000000000'
BADWAIT  DC    0D'0',X'800A000000000000'
         END
"""
"""Program events of instruction fetching at 216 to 21C; the one of SVC is taken by itself, behind the call."""


@pytest.mark.parametrize(
    ("stop", "steps", "instructions", "by_themselves"),
    [
        pytest.param("STOP", 15, 14, 1, id="program event behind a supervisor call"),
        pytest.param("BADWAIT", 40, 39, 1, id="invalid PSW with the wait bit"),
    ],
)
def test_steps_that_are_no_instruction_though_they_look_like_one_and_the_reverse(
    stop, steps, instructions, by_themselves
):
    session = DebugSession()
    session.load_source(PER.replace("LPSW  STOP", f"LPSW  {stop}"), "per")
    session.run(limit=steps)
    cost = cost_between(session, 0, session.total).of("bare")
    assert session.total == steps
    assert cost.instructions == instructions == session.system.machine.instructions
    assert cost.interrupted == by_themselves
    assert cost.mnemonics == {"LR": 2, "SVC": 1, "LPSW": 1}


# ---- compared ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("assist", [False, True], ids=["without", "with"])
def test_comparing_finds_what_the_other_machine_does(assist):
    """The same program loaded on a machine with the assist the other way from the start is the oracle."""
    session, other = DebugSession(), DebugSession()
    session.load(["kernel"], True, RealMachine(assist=assist))
    other.load(["kernel"], True, RealMachine(assist=not assist))
    session.run(limit=400)
    before = everything(session)
    view = compare_assist(session, "KERNEL", 0, session.total)
    assert differences(everything(session), before) == []
    assert view.recorded_with is assist
    mine = (view.without if assist else view.with_assist).of("KERNEL")
    while other.system.machine.instructions < view.recorded.instructions or other.recording.in_step:
        other.recording.advance()
    theirs = cost_between(other, 0, other.total).of("KERNEL")
    assert (mine.instructions, mine.traps, mine.mnemonics, mine.assisted) == (
        theirs.instructions, theirs.traps, theirs.mnemonics, theirs.assisted,
    )  # fmt: skip
    assert view.with_assist.of("KERNEL").traps < view.without.of("KERNEL").traps


def test_comparing_leaves_no_branch_behind():
    session = loaded("kernel under CP")
    run_line(session, "cost compare assist since 1000")
    assert session.recording.branches == {}
    assert session.recording.branch == "main"
    assert session.journal.inputs == {}


def test_what_was_given_from_outside_cannot_be_compared_but_what_came_behind_it_can():
    session = loaded("kernel under CP")
    session.give("enter", "HELLO")
    session.run(limit=100)
    with pytest.raises(UserError, match=r"at step 1497 something was given from outside.* since 1497 compares"):
        run_line(session, "cost compare assist")
    (view,) = run_line(session, "cost compare assist since 1497")
    assert view.with_assist.of("KERNEL").assisted.total() > 0


# ---- words ---------------------------------------------------------------------------------------------------------


def test_the_sentence_says_how_many_instructions_there_are_for_each_trap():
    session = DebugSession()
    session.load_source(LOOP, "loop", under_cp=True)
    session.run()
    said = list(sentences(cost_view(session, "", 0, session.total)))
    assert said[0] == "LOOP executed 23 instructions and trapped 11 times: one trap each 2.1 instructions"
    assert said[2] == "11 of the traps are by instructions that the VM assist can do: cost compare assist"


def test_the_command_takes_a_guest_and_a_part():
    session = loaded("two guests")
    (view,) = run_line(session, "cost kernel since 1000 until 2000")
    assert (view.guest, view.costs.first, view.costs.last) == ("KERNEL", 1000, 2000)
    assert as_lines(view)[0] == "cost of KERNEL, steps 1,000 to 2,000 of 2,374"


def test_the_bare_machine_has_nothing_to_compare():
    with pytest.raises(UserError, match="load cp kernel"):
        run_line(loaded("kernel bare"), "cost compare assist")
