"""The law of time travel: what is at a position does not depend on the way that led there.

Positions are compared unit by unit, so inside every trap as well, over several checkpoints.
"""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edu_hv.debugger import moving
from edu_hv.debugger.breakpoints import StopAt
from edu_hv.debugger.recording import checkpoints
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.start import RealMachine
from tests.debugger.walk import LOADS, differences, everything, forwards_only, loaded, run_line, with_users

UNITS = 220
WALK = 80
_VERBS = {
    "step": lambda session, n: session.step(n),
    "back": lambda session, n: session.back(n),
    "stage": lambda session, n: session.stage(n),
    "unstage": lambda session, n: session.unstage(n),
    "trap": lambda session, n: session.run(StopAt.TRAP),
    "untrap": lambda session, n: session.run_back(StopAt.TRAP),
    "decision": lambda session, n: session.run(StopAt.DECISION),
    "undecision": lambda session, n: session.run_back(StopAt.DECISION),
    "output": lambda session, n: session.run(StopAt.OUTPUT),
    "unoutput": lambda session, n: session.run_back(StopAt.OUTPUT),
    "run": lambda session, n: session.run(),
    "runback": lambda session, n: session.run_back(),
    "goto": lambda session, n: session.goto(n * 37 % (len(session.recording.boundaries))),
}


@pytest.fixture
def _short_runs(monkeypatch):
    monkeypatch.setattr(moving, "RUN_LIMIT", 3_000)


def _verbs(session: DebugSession) -> list[str]:
    return [verb for verb in _VERBS if session.system.cp is not None or "decision" not in verb]


def _breakpoints(session: DebugSession) -> None:
    for label in ("SETKEY", "SAY", "SVCINT"):
        session.breakpoints.add(session.address_of(label), label)


@pytest.mark.parametrize("load", LOADS)
def test_any_walk_of_verbs_leads_to_what_going_forwards_only_leads_to(load):
    straight, walking = loaded(load), loaded(load)
    _breakpoints(straight)
    _breakpoints(walking)
    first = straight.step_number
    expected = forwards_only(straight, UNITS)
    choose = random.Random(7)
    compared = 0
    for _ in range(WALK):
        verb, count = choose.choice(_verbs(walking)), choose.choice((1, 1, 1, 2, 3, 11, 40))
        _VERBS[verb](walking, count)
        if walking.recording.unit in expected:
            compared += 1
            assert differences(everything(walking), expected[walking.recording.unit]) == [], (verb, count)
        if walking.step_number > straight.step_number:
            walking.goto(choose.randrange(first, straight.step_number))
    assert compared > WALK // 3


@pytest.mark.parametrize("load", LOADS)
def test_every_position_is_the_same_when_come_to_by_unstage_and_by_goto(load):
    session = loaded(load)
    start = session.recording.unit
    expected = forwards_only(session, 100)
    for unit in sorted(expected, reverse=True)[1:]:
        session.unstage()
        assert differences(everything(session), expected[unit]) == []
    assert session.recording.unit == start
    for unit in random.Random(1).sample(sorted(expected), 15):
        session.unstage(10**12)
        session.stage(unit - session.recording.unit)
        assert differences(everything(session), expected[unit]) == []


def test_thinned_checkpoints_change_nothing_but_the_time_it_takes(monkeypatch):
    monkeypatch.setattr(checkpoints, "MOST", 6)
    monkeypatch.setattr(checkpoints, "EVERY", 8)
    monkeypatch.setattr(checkpoints, "LEAST", 6)
    session = loaded("kernel under CP")
    expected = forwards_only(session, 150)
    for unit in random.Random(2).sample(sorted(expected), 50):
        session.recording.goto(unit)
        assert session.system.comparable() == expected[unit]["state"]
    assert len(session.recording.checkpoints) <= 6


@pytest.mark.parametrize("apart", [1, 128, 10**6])
def test_checkpoints_are_thinned_however_close_together_they_are(apart):
    kept = checkpoints.Checkpoints(60)
    for number in range(500):
        kept.keep(number * apart, number)
    assert len(kept) <= 60
    assert [kept.before(number * apart)[1] for number in (0, *range(490, 500))] == [0, *range(490, 500)]


@pytest.mark.parametrize(
    ("size", "most"),
    [pytest.param(1 << 18, 600, id="256K"), pytest.param(1 << 20, 512, id="1M"), pytest.param(1 << 24, 48, id="16M")],
)
def test_fewer_checkpoints_are_kept_of_a_larger_machine(size, most):
    assert checkpoints.most_of(size) == most


PAIRS = [
    pytest.param(lambda s: s.step(), lambda s: s.back(), id="step-back"),
    pytest.param(lambda s: s.step(7), lambda s: s.back(7), id="step-back-7"),
    pytest.param(lambda s: s.stage(), lambda s: s.unstage(), id="stage-unstage"),
    pytest.param(lambda s: s.stage(5), lambda s: s.unstage(5), id="stage-unstage-5"),
]


@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize(("forwards", "backwards"), PAIRS)
def test_a_verb_and_its_reverse_undo_each_other_from_every_complete_step(load, forwards, backwards):
    session = loaded(load)
    for _ in range(16):
        here, unit = everything(session), session.recording.unit
        forwards(session)
        there, far = everything(session), session.recording.unit
        backwards(session)
        assert (session.recording.unit, differences(everything(session), here)) == (unit, [])
        forwards(session)
        assert (session.recording.unit, differences(everything(session), there)) == (far, [])


@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize("to", [StopAt.TRAP, StopAt.DECISION, StopAt.OUTPUT, StopAt.BREAKPOINT])
def test_running_back_finds_the_stops_of_running_in_reverse_order(load, to):
    session = loaded(load)
    if to is StopAt.DECISION and session.system.cp is None:
        pytest.skip("the bare machine decides nothing")
    if to is StopAt.BREAKPOINT:
        _breakpoints(session)
    stops = []
    for _ in range(12):
        session.run(to)
        stops.append((session.recording.unit, everything(session)))
    for unit, expected in reversed(stops[:-1]):
        session.run_back(to)
        assert (session.recording.unit, differences(everything(session), expected)) == (unit, [])


@pytest.mark.parametrize("guest", ["KERNEL", "SECOND"])
def test_with_a_guest_pinned_back_undoes_what_step_did_with_the_others_in_between(guest):
    session = loaded("two guests")
    session.select(guest)
    session.step()
    positions = [session.recording.unit]
    for count in (1, 2, 400, 1, 300):
        session.step(count)
        positions.append(session.recording.unit)
    for count, unit in zip((300, 1, 400, 2, 1), reversed(positions[:-1]), strict=True):
        session.back(count)
        assert session.recording.unit == unit


# ---- users who come and go -------------------------------------------------------------------------------------------

SCRIPT = (
    (0, "logon anna apple"), (2, "deck hello anna"), (1, "cp ipl 00c"), (40, "logon bert bear"),
    (3, "cp link anna 191 191 rr readpw"), (2, "cp couple 5c1 to anna 5c0"), (1, "deck hello bert"), (4, "cp ipl 00c"),
    (60, "cp define reader 01c"), (1, "cp spool 00c class b"), (2, "cp detach 191"), (9, "select anna"),
    (1, "cp msg bert hello"), (5, "cp logoff"), (50, "cp logoff"), (3, "logon anna apple"),
)  # fmt: skip
"""Steps to go before each command."""


def _play(session: DebugSession) -> list[tuple[int, dict[str, object]]]:
    """Positions at which a command was given or a step done, and what there was to see there."""
    seen = []
    for steps, line in SCRIPT:
        for _ in range(steps):
            session.stage()
            seen.append((session.recording.unit, everything(session)))
        run_line(session, line)
        seen.append((session.recording.unit, everything(session)))
    return seen


def test_users_who_log_on_link_couple_and_log_off_are_the_same_forwards_and_backwards():
    first, second = with_users(), with_users()
    seen = _play(first)
    assert seen == _play(second)
    last = dict(seen)
    first.select("auto")
    for unit in [*sorted(last, reverse=True), *random.Random(3).sample(sorted(last), 20)]:
        first.recording.goto(unit)
        assert first.system.comparable() == last[unit]["state"]
        names = [view.guest for view in last[unit]["consoles"]]
        assert [guest.name for guest in first.system.guests] == names
        assert [first.console(name) for name in names] == last[unit]["consoles"]


@pytest.mark.parametrize("assist", [False, True], ids=["traps", "assist"])
def test_a_system_that_pages_and_has_shadow_tables_comes_back_exactly(assist):
    session = DebugSession()
    session.load(["twospace", "kernel"], True, RealMachine(128 * 1024, assist))
    session.run(limit=10_000)
    expected = {}
    for _ in range(60):
        session.run(limit=97)
        session.stage(2)
        expected[session.recording.unit] = session.system.comparable()
    fired = {rule for _, rule, _ in session.system.cp.counts}
    assert fired >= {"PTR-2", "IO-3", "VAT-6"}
    for unit in random.Random(5).sample(sorted(expected), 25):
        session.recording.goto(unit)
        assert session.system.comparable() == expected[unit]


# ---- random programs ------------------------------------------------------------------------------------------------

_LINES = (
    "LR 1,2", "AR 2,3", "A 3,X", "ST 4,X", "L 5,Y", "LA 6,1(6)", "MVC X(8),Y", "CLI X,5", "BC 8,*+8", "LTR 2,2",
    "SVC 3", "SSM ON", "SSM OFF", "STOSM X,1", "SIO 9", "TIO 9", "DC X'0000'", "L 7,0(8)", "MVI TIMER+3,0",
    "SSK 1,9", "STIDP Y", "DIAG", "LPSW GO", "EX 1,MOVE", "D 2,X", "LCTL 0,0,C0", "XI X,255", "BCTR 8,0",
)  # fmt: skip


def _program(lines: list[str]) -> str:
    body = "\n".join(f"         {line}" for line in lines).replace("DIAG", "DC X'83120000'")
    return f"""T        START 0
         USING T,0
         ORG   T+X'48'
         DC    A(CHAIN)
         ORG   T+X'50'
TIMER    DC    F'3'
         ORG   T+X'58'
         DC    X'00000000',A(EXT)
         DC    X'00000000',A(SVCI)
         DC    X'00000000',A(PGM)
         DC    X'00020000',A(0)
         DC    X'00000000',A(IO)
         ORG   T+X'200'
BEGIN    DS    0H
{body}
NEXT     B     BEGIN
EXT      LPSW  24
SVCI     LPSW  32
PGM      LPSW  40
IO       LPSW  56
MOVE     MVC   X(1),Y
         DS    0D
X        DC    D'0'
Y        DC    X'0000000700001234'
GO       DC    X'FF010000',A(NEXT)
CHAIN    CCW   9,Y,X'20',3
C0       DC    X'000000E0'
ON       DC    X'FF'
OFF      DC    X'00'
         END   BEGIN
"""


@pytest.mark.usefixtures("_short_runs")
@settings(max_examples=18, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    lines=st.lists(st.sampled_from(_LINES), min_size=1, max_size=12),
    under_cp=st.booleans(),
    walk=st.lists(st.tuples(st.sampled_from(sorted(_VERBS)), st.integers(1, 9)), max_size=14),
)
def test_any_walk_through_a_random_program_leads_to_what_going_forwards_only_leads_to(lines, under_cp, walk):
    straight, walking = DebugSession(), DebugSession()
    straight.load_source(_program(lines), "random", under_cp)
    walking.load_source(_program(lines), "random", under_cp)
    expected = forwards_only(straight, 60)
    for verb, count in walk:
        if verb in _verbs(walking):
            _VERBS[verb](walking, count)
        if walking.recording.unit in expected:
            assert differences(everything(walking), expected[walking.recording.unit]) == []
