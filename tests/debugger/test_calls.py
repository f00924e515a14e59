"""Over and out, and their reverses: what a call is, when it has returned, and that the reverse leads back."""

import pytest

from edu_hv.debugger.session import DebugSession
from tests.debugger.walk import LOADS, loaded

FACTORIAL = """FACT     START 0
         USING FACT,0
         ORG   FACT+X'60'
         DC    X'00040000',A(SVCINT)
         ORG   FACT+X'200'
BEGIN    LA    13,STACK
         LA    1,5
         LA    2,1
         BAL   14,TIMES       calls itself five times
DONE     SVC   7
BEHIND   LA    3,3
         BAL   14,EMPTY
LOOP     BCT   3,LOOP         a loop, begun where a call returns to
         BAL   14,BYBASE
         BALR  5,0            links, and branches nowhere
THERE    DC    X'8200',S(HALT)
TIMES    ST    14,0(13)
         LA    13,4(13)
         MR    4,2
         BCTR  1,0
         LTR   1,1
         BZ    RETURN
INNER    BAL   14,TIMES
RETURN   S     13,=F'4'
         L     14,0(13)
         BR    14
EMPTY    BR    14
BYBASE   B     0(,14)
SVCINT   LA    6,1
         BAL   7,INSIDE
         LPSW  X'20'
INSIDE   BR    7
         LTORG
         DS    0D
HALT     DC    X'0002000000000BAD'
STACK    DS    20F
         END   BEGIN
"""


def factorial(under_cp: bool = False) -> DebugSession:
    session = DebugSession()
    session.load_source(FACTORIAL, "fact", under_cp)
    return session


def at(session: DebugSession, label: str) -> DebugSession:
    session.run(address=session.address_of(label))
    return session


def stands_at(session: DebugSession) -> int:
    return session.guest_psw().instruction_address


BOTH = pytest.mark.parametrize("under_cp", [False, True], ids=["bare", "cp"])


@BOTH
def test_over_a_call_that_calls_itself_ends_behind_the_outermost_call(under_cp):
    session = factorial(under_cp)
    session.step(3)
    assert (session.over().reason, stands_at(session)) == (
        f"reached {session.address_of('DONE'):06X}",
        session.address_of("DONE"),
    )
    assert session.guest_gr(1) == 0


@BOTH
@pytest.mark.parametrize(
    ("label", "behind"), [("DONE", "BEHIND"), ("INNER", "RETURN"), ("THERE", None), ("BEGIN", None), ("LOOP", "LOOP")]
)
def test_over_runs_what_is_called_and_nothing_else(under_cp, label, behind):
    session, stepped = at(factorial(under_cp), label), at(factorial(under_cp), label)
    session.over()
    stepped.step()
    assert stands_at(session) == (session.address_of(behind) if behind else stands_at(stepped))


RETURNS = {0x07, 0x82, 0x47}
"""Operation codes of BCR, LPSW and BC: over one of them may leave a routine, and then unover passes over all of it."""


@BOTH
def test_unover_leads_back_to_where_over_came_from_and_over_what_it_left(under_cp):
    session = factorial(under_cp)
    compared = 0
    while not session.system.machine.dead:
        here, code = session.recording.unit, session.guest_storage(stands_at(session), 1)[0]
        session.over()
        there = session.recording.unit
        session.unover()
        if code in RETURNS:
            assert session.recording.unit <= here
        else:
            compared += 1
            assert session.recording.unit == here
        session.over()
        assert session.recording.unit == there
        session.recording.goto(here)
        session.step()
    assert compared > 40


@pytest.mark.parametrize("load", LOADS)
def test_unover_leads_back_in_a_guest_with_interruptions_and_tasks(load):
    session = loaded(load)
    session.run(limit=330)
    compared = 0
    for _ in range(60):
        here, psw = session.recording.unit, session.guest_psw()
        code = session.guest_storage(psw.instruction_address, 1)[0]
        ended = session.over().reason
        there = session.recording.unit
        if "CP mode" in ended:  # What was called has never returned: it was a program being loaded.
            session.recording.goto(here)
            session.step()
            continue
        session.unover()
        assert session.recording.unit <= here
        compared += session.recording.unit == here
        if session.recording.unit != here:
            assert code in RETURNS or psw.wait
        session.over()
        assert session.recording.unit == there
        session.recording.goto(here)
        session.step()
    assert compared > 30


@BOTH
@pytest.mark.parametrize(
    ("inside", "outside", "call"), [("EMPTY", "LOOP", 12), ("INSIDE", None, None), ("BYBASE", None, None)]
)
def test_out_ends_behind_the_call_and_unout_is_back_at_it(under_cp, inside, outside, call):
    session = at(factorial(under_cp), inside)
    session.unout()
    site, unit = stands_at(session), session.recording.unit
    session.step()
    assert stands_at(session) == session.address_of(inside)
    session.out()
    assert stands_at(session) == site + 4
    if outside:
        assert stands_at(session) == session.address_of(outside)
    session.unover()
    assert session.recording.unit == unit


@BOTH
def test_out_of_a_routine_for_an_interruption_is_where_the_program_goes_on(under_cp):
    session = at(factorial(under_cp), "SVCINT")
    session.out()
    assert stands_at(session) == session.address_of("BEHIND")


@BOTH
def test_each_out_leaves_one_call_of_those_within_each_other(under_cp):
    session = factorial(under_cp)
    for _ in range(3):
        at(session, "TIMES")
    ends = []
    for _ in range(3):
        session.out()
        ends.append(stands_at(session))
    assert ends == [session.address_of(label) for label in ("RETURN", "RETURN", "DONE")]
    assert session.out().reason == "nothing was called that has not returned"


def test_a_breakpoint_on_the_way_stops_over():
    session = factorial()
    session.step(3)
    session.breakpoints.add(session.address_of("RETURN"), "RETURN")
    assert session.over(5).reason == "breakpoint 1 at RETURN"


def test_since_leads_back_to_the_last_time_an_instruction_was_next():
    session = at(factorial(), "DONE")
    visits = []
    while stands_at(session) != session.address_of("BEGIN"):
        session.run_back(address=session.address_of("TIMES"))
        if session.recording.unit == session.recording.start:
            break
        visits.append(session.guest_gr(1))
    assert visits == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("verb", ["over", "unover", "out", "unout"])
def test_moving_over_calls_leaves_the_recording_as_any_way_leaves_it(verb):
    session = at(factorial(), "RETURN")
    session.run()
    end = session.recording.end
    session.goto(session.step_number // 2)
    getattr(session, verb)()
    assert session.recording.end == end
