"""Inputs from outside: part of the recording, given again in their places, and the beginning of another future."""

import pytest

from edu_hv.debugger import moving
from edu_hv.debugger.recording.journal import InputGiven
from edu_hv.debugger.session import DebugSession
from edu_hv.hypervisor.decisions import ConsoleLine
from edu_hv.isa.errors import UserError
from edu_hv.machine.events import InterruptionRecognized
from tests.debugger.walk import differences, everything, loaded, run_line

ECHO = """ECHO     START 0
         USING ECHO,0
         ORG   ECHO+X'48'
         DC    A(READ)
         ORG   ECHO+X'50'
         DC    X'7FFFFFFF'
         ORG   ECHO+X'58'
         DC    X'00000000',A(KEY)
         ORG   ECHO+X'78'
         DC    X'00000000',A(IO)
         ORG   ECHO+X'200'
BEGIN    SIO   9
         LPSW  WAIT
IO       CLI   X'44',X'0C'
         BNE   BEGIN
         CLC   72(4),=A(READ)
         BNE   AGAIN
         MVC   72(4),=A(WRITE)
         B     BEGIN
AGAIN    MVC   72(4),=A(READ)
         B     BEGIN
KEY      MVI   KEYS,1
         LPSW  24
         DS    0D
WAIT     DC    X'FF020000',A(0)
READ     CCW   10,LINE,X'20',20
WRITE    CCW   9,LINE,X'20',5
KEYS     DC    X'00'
LINE     DC    CL20' '
         END   BEGIN
"""


def echo(under_cp: bool) -> DebugSession:
    session = DebugSession()
    session.load_source(ECHO, "echo", under_cp)
    return session


def _inputs(session: DebugSession) -> list[str]:
    events = [entry.event for entry in session.journal.entries]
    return [f"{e.input.kind} {e.input.text}".strip() for e in events if isinstance(e, InputGiven)]


def _typed(session: DebugSession) -> tuple[str, ...]:
    """What the program has typed on its console, without CP's lines."""
    return tuple(session.guest.own_console_lines())


def _outline(session: DebugSession) -> tuple[object, ...]:
    """All that a cut must leave consistent."""
    recording = session.recording
    return (
        list(recording.boundaries), bytes(recording.marks), bytes(recording.whose), recording.visited,
        list(session.journal.entries), recording.total,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _short_runs(monkeypatch):
    monkeypatch.setattr(moving, "RUN_LIMIT", 20_000)


UNDER_CP = pytest.mark.parametrize("under_cp", [False, True], ids=["bare", "cp"])


@UNDER_CP
def test_a_line_entered_is_read_by_the_program_and_appears_on_the_console(under_cp):
    session = echo(under_cp)
    session.run()
    assert _typed(session) == ()
    session.give("enter", "HELLO")
    session.run()
    assert _typed(session) == ("HELLO",)
    assert _inputs(session) == ["enter HELLO"]


@UNDER_CP
@pytest.mark.parametrize("at_step", [0, 1, 2])
def test_an_input_is_given_once_however_often_one_goes_over_its_position(under_cp, at_step):
    session = echo(under_cp)
    session.goto(0)
    session.step(at_step) if at_step else None
    session.give("enter", "FIRST")
    session.give("enter", "SECON")
    session.give("key")
    session.run()
    end, outline = everything(session), _outline(session)
    for back in (lambda: session.goto(0), lambda: session.back(), lambda: session.unstage(9), session.run_back):
        back()
        session.run()
        assert differences(everything(session), end) == []
        assert _outline(session) == outline


@UNDER_CP
def test_an_input_is_a_step_that_back_undoes_and_step_gives_again(under_cp):
    session = echo(under_cp)
    session.goto(0)
    without = everything(session)
    session.give("enter", "FIRST")
    with_input = everything(session)
    assert (session.step_number, session.in_step) == (1, False)
    session.run()
    session.goto(1)
    assert differences(everything(session), with_input) == []
    session.back()
    assert differences(everything(session), without) == []
    session.step()
    assert differences(everything(session), with_input) == []


@UNDER_CP
def test_an_input_in_the_past_begins_a_branch_whose_future_is_another_one(under_cp):
    session, fresh = echo(under_cp), echo(under_cp)
    session.run()
    fresh.run()
    waiting = fresh.step_number - 1  # The read has been started; FIRST is given a step later.
    session.give("enter", "FIRST")
    session.run()
    assert _typed(session) == ("FIRST",)
    for one in (session, fresh):
        one.goto(waiting)
        one.give("enter", "OTHER")
    assert (session.total, _outline(session)) == (session.step_number, _outline(fresh))
    session.run()
    fresh.run()
    assert differences(everything(session), everything(fresh)) == []
    assert (_outline(session), _inputs(session)) == (_outline(fresh), ["enter OTHER"])
    assert _typed(session) == ("OTHER",)


@pytest.mark.parametrize("stages", range(1, 6))
def test_an_input_while_a_trap_is_under_way_begins_a_branch_and_replays_in_its_place(stages):
    session, fresh = loaded("kernel under CP"), loaded("kernel under CP")
    session.run()
    for one in (session, fresh):
        one.goto(1496)
        one.step()
        one.stage(stages)
        one.give("key")
    assert (session.in_step, _outline(session)) == (True, _outline(fresh))
    here = everything(session)
    session.run()
    end, outline = everything(session), _outline(session)
    session.goto(1496)
    session.step()
    session.stage(stages + 1)  # The input is a stage as well.
    assert differences(everything(session), here) == []
    session.run()
    assert differences(everything(session), end) == []
    fresh.run()
    assert (_outline(session), _outline(fresh)) == (outline, outline)


def test_an_input_and_the_lines_it_brings_are_in_the_journal_once_and_in_the_log_as_yours():
    session = echo(under_cp=True)
    session.run()
    session.give("cp", "stop")
    session.give("cp", "begin")
    session.give("enter", "HELLO")
    session.run()
    for _ in range(3):
        session.goto(0)
        session.run()
    lines = [entry.event.text for entry in session.journal.entries if isinstance(entry.event, ConsoleLine)]
    assert (_inputs(session), lines) == (["cp stop", "cp begin", "enter HELLO"], ["HELLO"])
    assert [(e.layer.value, e.text) for e in session.log(10_000).entries if e.text.startswith("you")] == [
        ("you", "you: cp stop"),
        ("you", "you: cp begin"),
        ("you", "you: enter HELLO"),
    ]


@pytest.mark.parametrize(
    "question",
    [
        "display psw",
        "display g",
        "display 200-21F",
        "query names",
        "query virtual",
        "begin -1",
        "store g5 x",
        "nonsense",
    ],
)
def test_a_question_to_cp_and_what_it_refuses_are_no_input_and_leave_the_future(question):
    session = loaded("kernel under CP")
    session.run()
    session.goto(1718)
    before, outline = everything(session), _outline(session)
    assert run_line(session, f"cp {question}")
    assert (differences(everything(session), before), _outline(session)) == ([], outline)


@pytest.mark.parametrize("stages", range(6))
def test_cp_displays_what_the_guest_has_wherever_it_really_is(stages):
    session = loaded("kernel under CP")
    session.step(1)
    if stages:
        session.stage(stages)
    registers = session.guest_registers()
    shown = [word for line in session.give("cp", "display g") for word in line.split("= ")[1].split()]
    assert shown == [f"{value:08X}" for value in registers]
    assert session.give("cp", "display psw") == [f"PSW = {session.guest_psw()}"]


@pytest.mark.parametrize("stages", range(6))
def test_a_register_stored_by_the_operator_is_the_guests_from_then_on(stages):
    session = loaded("kernel under CP")
    session.step(1)
    if stages:
        session.stage(stages)
    session.give("cp", "store g5 12345678")
    assert session.guest_gr(5) == 0x12345678
    session.step(3)
    assert session.guest_gr(5) == 0x12345678


def test_a_guest_that_the_operator_stops_runs_no_more_until_begin():
    session = loaded("kernel under CP")
    session.give("cp", "stop")
    at = session.guest_psw().instruction_address
    session.run()
    assert (session.guest_psw().instruction_address, session.status().guest_state) == (at, "CP")
    assert session.stop_reason == "every guest has stopped in CP mode; cp begin lets one go on"
    session.give("cp", "begin")
    session.step()
    session.step()
    assert session.guest_psw().instruction_address == at + 6


def test_the_key_is_an_external_interruption_bare_and_under_cp():
    for under_cp in (False, True):
        session = echo(under_cp)
        session.run()
        session.give("key")
        session.run()
        assert session.guest_storage(session.address_of("KEYS"), 1) == b"\1"


def test_an_input_that_cannot_be_given_changes_nothing():
    session = echo(under_cp=False)
    session.run()
    session.goto(1)
    before, outline = everything(session), _outline(session)
    with pytest.raises(UserError, match="the bare machine has no CP"):
        session.give("cp", "begin")
    assert (differences(everything(session), before), _outline(session)) == ([], outline)


def test_the_marks_of_the_timeline_are_those_of_the_new_future():
    session, fresh = loaded("kernel under CP"), loaded("kernel under CP")
    session.step()
    session.stage(3)
    session.back()
    assert [type(e.event) for e in session.journal.of_step(session.step_number + 1)] == []
    for one in (session, fresh):
        one.goto(1497) if one is session else one.step()
        one.give("cp", "store s206 18001800")  # LR 0,0 where the SSM was: no trap any more.
        one.step(3)
    assert session.recording.marks == fresh.recording.marks
    assert not any(isinstance(e.event, InterruptionRecognized) for e in session.journal.of_step(1498))
