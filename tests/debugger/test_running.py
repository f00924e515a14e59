"""Where runs stop, forwards and backwards, and what they say."""

import pytest

from edu_hv.debugger import moving
from edu_hv.debugger.breakpoints import Breakpoint, Breakpoints, StopAt
from edu_hv.debugger.moving import AT_START, YOU_STOPPED
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.stops.what import AtAddress
from tests.debugger.walk import differences, everything, loaded, run_line

LOOP = """LOOP     START 0
         USING LOOP,0
         ORG   LOOP+X'200'
BEGIN    LA    1,1(1)
NEVER    EQU   LOOP+X'300'
         B     BEGIN
         END   BEGIN
"""
DEAD = "disabled wait, PSW 00020000 0000E0D0: the machine has stopped"
STOPPED = "every guest has stopped in CP mode; cp begin lets one go on"


def test_a_run_stops_before_the_instruction_under_a_breakpoint_and_counts_the_hit():
    session = loaded("kernel bare")
    run_line(session, "break SETKEY")
    reasons = [session.run().reason for _ in range(3)]
    assert reasons == ["breakpoint 1 at SETKEY"] * 3
    assert [(b.number, b.label, b.hits) for b in session.breakpoint_list().breakpoints] == [(1, "SETKEY", 3)]
    assert session.guest_psw().instruction_address == session.address_of("SETKEY")


def test_a_breakpoint_set_twice_is_taken_away_and_its_number_is_not_used_again():
    session = loaded("kernel bare")
    for line in ("break SETKEY", "break SETKEY", "break SAY"):
        (view,) = run_line(session, line)
    assert [(b.number, b.label) for b in view.breakpoints] == [(2, "SAY")]


def test_a_search_for_traps_also_stops_at_breakpoints_in_both_directions():
    session = loaded("kernel bare")
    session.run(StopAt.TRAP)
    first = session.recording.unit
    session.run(StopAt.TRAP)
    second = session.recording.unit
    session.goto(session.step_number - 5)
    session.breakpoints.add(session.guest_psw().instruction_address, "")
    between = session.recording.unit
    session.recording.goto(second)
    assert first < between < second
    assert (session.run_back(StopAt.TRAP).reason.split(" at ")[0], session.recording.unit) == ("back", between)
    session.run_back(StopAt.TRAP)
    assert session.recording.unit == first
    assert (session.run(StopAt.TRAP).reason.split(" at ")[0], session.recording.unit) == ("breakpoint 1", between)


def test_with_a_guest_pinned_only_what_concerns_it_stops_a_run():
    session = loaded("two guests")
    session.select("SECOND")
    session.breakpoints.add(session.address_of("SAY"), "SAY")
    for _ in range(3):
        assert session.run().reason == "breakpoint 1 at SAY"
        assert session.running() == "SECOND"
    stops = [session.recording.unit]
    session.run()
    session.run_back()
    assert session.recording.unit == stops[0]
    for to in (StopAt.TRAP, StopAt.DECISION, StopAt.OUTPUT):
        session.breakpoints = Breakpoints()
        session.run(to)
        here = session.recording.unit
        assert session.journal.entry(session.journal.count - 1).guest == "SECOND"
        session.run(to)
        session.run_back(to)
        assert session.recording.unit == here


@pytest.mark.parametrize(
    ("load", "line", "reason"),
    [
        pytest.param("kernel bare", "run", DEAD, id="bare run"),
        pytest.param("kernel bare", "step", DEAD, id="bare step"),
        pytest.param("kernel bare", "stage", DEAD, id="bare stage"),
        pytest.param("kernel bare", "step 3", DEAD, id="bare steps"),
        pytest.param("kernel bare", "trap", f"no more traps: {DEAD}", id="bare trap"),
        pytest.param("kernel bare", "output", f"no more console output: {DEAD}", id="bare output"),
        pytest.param("kernel bare", "until 300", f"000300 was not reached: {DEAD}", id="bare until"),
        pytest.param("kernel under CP", "run", STOPPED, id="cp run"),
        pytest.param("kernel under CP", "decision", f"no more decisions of CP: {STOPPED}", id="cp decision"),
        pytest.param("two guests", "trap", f"no more traps: {STOPPED}", id="two trap"),
    ],
)
def test_at_the_end_every_verb_says_why_nothing_goes_on_and_moves_nothing(load, line, reason):
    session = loaded(load)
    session.run()
    end = everything(session)
    for _ in range(2):
        (view,) = run_line(session, line)
        assert (view.reason, session.stop_reason, view.step == view.total) == (reason, reason, True)
        assert differences(everything(session), end) == []


@pytest.mark.parametrize("line", ["back", "back 5", "unstage", "runback", "untrap", "unoutput"])
@pytest.mark.parametrize("load", ["kernel bare", "kernel under CP"])
def test_at_the_start_every_reverse_verb_says_so(load, line):
    session = loaded(load)
    session.goto(0)
    assert [view.reason for view in run_line(session, line)] == [AT_START]
    assert (session.step_number, session.executed, session.before) == (0, ("", 0, b""), {})


def test_going_back_to_what_never_was_leads_to_the_start():
    session = loaded("kernel bare")
    session.goto(3)
    reasons = [run_line(session, line)[0].reason for line in ("unoutput", "step 3", "runback", "step 3", "untrap")]
    assert reasons[0::2] == [
        f"no console output before; {AT_START}", f"no breakpoint before; {AT_START}", f"no trap before; {AT_START}",
    ]  # fmt: skip


def test_a_program_in_a_loop_is_stopped_in_the_end(monkeypatch):
    monkeypatch.setattr(moving, "RUN_LIMIT", 1_000)
    session = DebugSession()
    session.load_source(LOOP, "loop")
    for line in ("run", "until NEVER", "trap", "step 5000"):
        (view,) = run_line(session, line)
        assert view.reason == "1,000 steps without a stop; run goes on"
    assert session.step_number == 4_000


class _Interrupting(Breakpoints):
    """As if somebody pressed the key as soon as the search has begun."""

    session: DebugSession

    @property
    def enabled(self) -> list[Breakpoint]:
        self.session.interrupt()
        return [Breakpoint(1, AtAddress.of(2))]


@pytest.mark.parametrize("load", ["kernel bare", "two guests"])
@pytest.mark.parametrize("line", ["runback", "untrap", "run", "trap"])
def test_an_interrupted_run_says_so_and_an_interrupted_search_backwards_moves_nothing(load, line):
    session = loaded(load)
    session.step(700)
    breakpoints = _Interrupting()
    breakpoints.session = session
    session.breakpoints = breakpoints
    before = everything(session)
    (view,) = run_line(session, line)
    assert view.reason == YOU_STOPPED
    session.breakpoints = Breakpoints()
    assert differences(everything(session), before) == []


def test_a_search_that_finds_nothing_leaves_the_machine_at_a_definite_place():
    session = loaded("kernel under CP")
    session.breakpoints.add(0x3000, "")
    session.step(300)
    assert (session.run_back().reason, session.step_number) == (f"no breakpoint before; {AT_START}", 0)


def test_a_pinned_guest_that_has_stopped_is_not_waited_for():
    session = loaded("two guests")
    session.select("SECOND")
    session.give("cp", "stop")
    session.select("auto")
    session.step(3)
    session.select("SECOND")
    assert session.step().reason == "SECOND has stopped in CP mode; cp begin lets it go on"


def test_a_step_under_way_cannot_be_gone_to():
    session = loaded("kernel under CP")
    session.run(StopAt.TRAP)
    session.stage()
    with pytest.raises(Exception, match="step 1498 is not complete yet: step finishes it"):
        run_line(session, "goto 1498")


POLL = """
POLL     START X'1000'
         BALR  12,0
         USING *,12
         ST    12,72
         LA    1,READ
         ST    1,72
         SIO   9
AGAIN    TIO   9
         BC    7,AGAIN
READ     CCW   10,READ,X'20',1
         END
"""


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        pytest.param(POLL, "the console at 009 waits for a line: enter types one", id="polls the console"),
        pytest.param(
            "L START X'1000'\n DC H'0'\n END", "the same interruption comes again and again: program", id="trap"
        ),
        pytest.param("L START X'1000'\n BALR 12,0\n USING *,12\n B *\n END", "run goes on", id="loop"),
    ],
)
def test_run_that_does_not_end_tells_what_the_program_does(source, hint, monkeypatch):
    monkeypatch.setattr(moving, "RUN_LIMIT", 1_000)
    session = DebugSession()
    session.load_source(source, "loop")
    assert hint in session.run().reason
