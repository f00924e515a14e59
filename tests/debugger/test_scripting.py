"""The session as scripts use it: conditions in Python, plain values, what has not happened, inputs, stops, text."""

import re
import signal
from collections import Counter
from contextlib import suppress
from html import escape
from inspect import getdoc, isfunction
from itertools import pairwise

import pytest

from edu_hv import debugger
from edu_hv.debugger import (
    AssemblyError,
    DebugSession,
    DecisionTaken,
    InputGiven,
    InterruptionRecognized,
    StopView,
    UserError,
    Views,
    from_source,
)
from edu_hv.debugger.commands import registry
from edu_hv.debugger.session import DebugSession as TheSession
from edu_hv.debugger.text import as_lines
from edu_hv.devices.catalog import DEVICE_TYPES
from edu_hv.guests import catalog

COUNTS = """
COUNTS   START 0
         DS    4D
         DC    3D'0'                   old PSWs
         ORG   COUNTS+X'60'
         DC    X'00000000',A(CALLED)   SVC new PSW
         DC    X'00020000',A(X'BAD')   program
         ORG   COUNTS+X'200'
BEGIN    BALR  12,0
         USING *,12
         LA    3,6
LOOP     SSM   MASK
         SVC   7
         LA    5,1(,5)
         BCT   3,LOOP
         LPSW  STOP
CALLED   LA    6,2(,6)
         LPSW  X'20'
MASK     DC    X'00'
STOP     DC    0D'0',X'0002000000000000'
SUM      DC    F'7'
         END   BEGIN
"""


def loaded(under_cp: bool) -> DebugSession:
    session = DebugSession()
    session.load_source(COUNTS, "counts", under_cp)
    return session


@pytest.fixture(scope="module")
def kernel() -> DebugSession:
    """The kernel under CP, run to its end; tests only look."""
    session = DebugSession()
    session.load_cp("kernel")
    session.run()
    return session


# ---- conditions in Python --------------------------------------------------------------------------------------------

CONDITIONS = {
    "register": lambda session: session.guest_gr(5) % 2 == 1,
    "problem state": lambda session: session.real_psw().problem_state,
    "address": lambda session: session.next_address() == session.place("CALLED"),
    "what happened": lambda session: len(session.traps()) % 5 == 0,
    "never": lambda session: False,
}


def _true_at(session: DebugSession, condition, stages: bool) -> dict[int, bool]:
    """By brute force, in small steps from the start: at each position looked at, whether the condition is true."""
    session.goto(0)
    found = {}
    while session.stage().step is not None:
        unit = session.recording.unit
        if unit in found:
            return found
        if stages or not session.in_step:
            found[unit] = bool(condition(session))
    raise AssertionError


@pytest.mark.parametrize("under_cp", [False, True], ids=["bare", "cp"])
@pytest.mark.parametrize("stages", [False, True], ids=["steps", "stages"])
@pytest.mark.parametrize("name", CONDITIONS)
def test_run_until_and_its_reverse_go_to_the_nearest_positions_where_the_condition_is_true(name, stages, under_cp):
    session, condition = loaded(under_cp), CONDITIONS[name]
    found = _true_at(session, condition, stages)
    units, start, end = list(found), session.recording.start, max(found)
    for unit in [start, *units[:: max(len(units) // 8, 1)], end]:
        behind = next((one for one in units if one > unit and found[one]), end)
        before = next((one for one in reversed(units) if one < unit and found[one]), start)
        session.recording.goto(unit)
        session.run_until(condition, stages=stages)
        assert session.recording.unit == behind
        session.recording.goto(unit)
        session.run_back_until(condition, stages=stages)
        assert session.recording.unit == before


@pytest.mark.parametrize("under_cp", [False, True], ids=["bare", "cp"])
def test_condition_at_an_address_is_the_same_as_one_that_looks_at_the_address(under_cp):
    session = loaded(under_cp)
    there = session.place("LOOP")

    def anywhere(session):
        return session.next_address() == there and session.guest_gr(3) == 2

    slow = session.run_until(anywhere)
    session.goto(0)
    assert session.run_until(lambda session: session.guest_gr(3) == 2, at="LOOP") == slow
    session.run()
    assert session.run_back_until(lambda session: session.guest_gr(3) == 2, at=["LOOP", "BEGIN"]).step == slow.step


def test_run_until_stops_at_a_breakpoint_and_after_a_limit():
    session = loaded(True)
    stop = session.break_at("CALLED")
    assert "breakpoint 1" in session.run_until(lambda session: False).reason
    session.delete_stop(stop)
    here = session.step_number
    session.run_until(lambda session: False, limit=3)
    assert session.step_number == here + 3


def test_what_a_condition_raises_ends_the_run_where_it_was_raised():
    session = loaded(True)

    def fails(session):
        assert session.guest_gr(5) < 3
        return False

    with pytest.raises(AssertionError):
        session.run_until(fails)
    assert session.guest_gr(5) == 3
    assert not session.in_step
    session.run()
    end = session.system.comparable()
    with pytest.raises(AssertionError):
        session.run_back_until(fails)
    assert session.system.comparable() == end


@pytest.mark.parametrize("move", [lambda session: session.step(), lambda session: session.change("$r5", 9)])
def test_condition_that_does_more_than_look_is_refused(move):
    with pytest.raises(UserError, match="may only look"):
        loaded(True).run_until(move)


# ---- asking changes nothing ------------------------------------------------------------------------------------------

QUESTIONS = {
    "value": lambda session: session.value("$r5 + [SUM]"),
    "guest_word": lambda session: session.guest_word("SUM"),
    "guest_key": lambda session: session.guest_key("SUM"),
    "real_bytes": lambda session: session.real_bytes(0, 256),
    "next_instruction": lambda session: session.next_instruction(),
    "console_lines": lambda session: session.console_lines(own=True),
    "can_go_on": lambda session: session.can_go_on,
    "events": lambda session: session.events(),
    "traps": lambda session: session.traps(),
    "decisions_taken": lambda session: session.decisions_taken(),
    "rules_fired": lambda session: session.rules_fired(),
    "cost": lambda session: session.cost(),
    "compare_assist": lambda session: session.compare_assist(),
    "who": lambda session: session.who("gr5"),
    "writers": lambda session: session.writers("gr5"),
    "explain": lambda session: session.explain(),
    "query": lambda session: session.cp_command("query virtual"),
    "shown": lambda session: (repr(session), session._repr_html_(), session.branch_names(), session.guest_names()),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_asking_changes_neither_the_machine_nor_the_recording(question):
    session = loaded(True)
    session.run_until(lambda session: session.guest_gr(5) == 2)
    session.stage(2)
    before = session.system.comparable(), session.recording.unit, session.total, len(session.journal.entries)
    QUESTIONS[question](session)
    assert (session.system.comparable(), session.recording.unit, session.total, len(session.journal.entries)) == before


def test_values_are_those_of_the_program():
    session = loaded(True)
    session.run()
    assert session.guest_gr(5) == session.value("$r5") == 6
    assert session.value("$r6 * 2") == 24
    assert session.guest_word("SUM") == session.guest_word(session.place("SUM")) == 7
    assert session.guest_names() == ["COUNTS"]
    assert not session.can_go_on
    session.back()
    assert session.next_instruction().startswith("LPSW STOP")
    assert session.can_go_on
    assert session.change("key SUM", 0x50) == session.guest_key("SUM") == 0x50


# ---- what happened ---------------------------------------------------------------------------------------------------


def test_traps_and_decisions_are_those_that_the_program_makes():
    session = loaded(True)
    session.run()
    traps = Counter(trap.mnemonic for trap in session.traps())
    assert traps == {"SSM": 6, "SVC": 6, "LPSW": 7}
    assert {trap.guest for trap in session.traps()} == {"COUNTS"}
    assert [trap.code for trap in session.traps() if trap.kind == "supervisor call"] == [7] * 6
    assert session.instructions_trapped() == {"LPSW": 7, "SSM": 6, "SVC": 6}
    asked = [one for one in session.decisions_taken() if one.trap]
    assert Counter(one.mnemonic for one in asked) == traps
    assert [one.rule for one in session.decisions_taken(rule="svc")] == ["SVC-1"] * 6
    assert session.costs().of("COUNTS").traps == 19


def test_counts_of_cp_are_the_decisions_in_the_journal(kernel):
    kernel_at_load = DebugSession()
    kernel_at_load.load_cp("kernel")
    kernel_at_load.goto(0)
    before = Counter(kernel_at_load.rules_fired())
    assert before + Counter(one.rule for one in kernel.decisions_taken()) == kernel.rules_fired()
    assert before.total() + len(kernel.events(DecisionTaken)) == sum(kernel.rules_fired().values())


def test_what_happened_ends_at_the_present_position():
    session = loaded(True)
    session.run()
    every = session.traps()
    for step in range(0, session.total, 7):
        session.goto(step)
        assert session.traps() == [trap for trap in every if trap.step <= step]
    session.run()
    first, last = every[3].step, every[8].step
    assert session.traps(first=first, last=last) == every[3:9]
    assert session.traps("NOBODY") == []


def test_bare_machine_has_traps_and_no_rules():
    session = loaded(False)
    session.run()
    assert Counter(trap.kind for trap in session.traps()) == {"supervisor call": 6}
    assert session.decisions_taken() == []
    with pytest.raises(UserError, match="bare machine"):
        session.rules_fired()


# ---- what has not happened -------------------------------------------------------------------------------------------


def _load_another_aside(session: DebugSession) -> None:
    with suppress(RuntimeError), session.aside() as trial:
        trial.load_bare("hello")
        trial.run()
        assert trial.console_lines() == ["HELLO FROM A PROGRAM WITHOUT AN OPERATING SYSTEM"]
        raise RuntimeError


@pytest.mark.parametrize("under_cp", [False, True], ids=["bare", "cp"])
def test_what_is_done_aside_has_not_happened(under_cp):
    session = loaded(under_cp)
    session.run()
    session.goto(20)
    session.stage()
    stop = session.break_at("CALLED")
    session.mark("before")
    session.who("gr5")

    def everything():
        shown = [
            str(view) for view in (session.status(), session.xray(), session.registers(), session.breakpoint_list())
        ]
        asked = session.trail.answers[-1].location, list(session.trail.listed)
        recording = session.recording
        kept = (
            recording.unit,
            recording.total,
            session.branch_names(),
            session.named_steps(),
            len(session.journal.inputs),
        )
        return session.system.comparable(), shown, asked, kept, session.stop_reason, session.stored, session.executed

    before, recipe = everything(), session.recipe
    with session.aside() as trial:
        assert trial is session
        trial.change("$r3", 2)
        trial.delete_stop(stop)
        trial.break_at("LOOP", temporary=True)
        trial.run()
        trial.mark("there")
        trial.who("gr6")
        trial.run()
        assert trial.guest_gr(3) in (0, 1, 2)
    assert everything() == before
    _load_another_aside(session)
    assert everything() == before
    assert session.recipe is recipe
    session.back(5)
    session.run()
    assert session.breakpoints.get(stop.number).hits


# ---- commands, inputs, stops -----------------------------------------------------------------------------------------


def test_execute_carries_out_what_the_prompt_would():
    session = loaded(True)
    (stop,) = session.execute("step 3")
    assert isinstance(stop, StopView)
    assert str(stop) == "\n".join(as_lines(stop))
    assert session.execute("  # a comment") == session.execute("") == Views()
    views = session.execute_all(["step", "", "why"])
    assert isinstance(views, Views)
    assert str(views) == "\n".join(map(str, views))
    with pytest.raises(UserError, match=r'^line 2: there is no command "stpe"'):
        session.execute_all("step\nstpe\nstep")


def test_commands_about_lessons_are_refused():
    import edu_hv.tutor.commands  # noqa: F401 - enters them

    about_lessons = [command.name for command in registry.REGISTRY.commands.values() if command.tutor]
    assert about_lessons
    for name in about_lessons:
        with pytest.raises(UserError, match="lesson"):
            loaded(True).execute(name)


def test_each_way_to_give_something_is_an_input_of_the_recording():
    session = DebugSession()
    session.load_bare("kernel")
    session.enter("HELLO")
    session.press_key()
    session.mount_tape(catalog.find("second").tape(), "second")
    session.put_on(0x00C, b"ONE CARD\n", "cards")
    assert session.change("$r5", 0x1F) == 0x1F
    assert session.change("psw.cc", 2) == 2
    assert session.change("key 2000", 0xF0) == 0xF0
    session.store("HELLO", b"\x01\x02")
    assert session.guest_storage(session.place("HELLO"), 2) == b"\x01\x02"
    given = [entry.event.input.kind for entry in session.events(InputGiven)]
    assert given == ["enter", "key", "mount", "medium", "alter", "alter", "alter", "alter"]
    session.store("HELLO", b"\x01\x02")
    assert len(session.events(InputGiven)) == len(given)


def test_tape_may_be_a_list_of_blocks():
    session = DebugSession()
    session.load_bare("kernel")
    session.mount_tape([b"\xc1\xc2", None, b"\xc3"], "mine")
    (given,) = session.events(InputGiven)
    assert given.event.input.data == b"\2\0\0\0\xa0\0\xc1\xc2" + b"\0\0\2\0\x40\0" + b"\1\0\0\0\xa0\0\xc3"


DIRECTORY = """DIRECTORY 130 3330 SYSPAG
USER ANNA APPLE 256K 1M G
  CONSOLE 009 3215
  SPOOL 00C 2540 READER *
"""


def test_system_with_a_directory_is_started_and_used():
    session = DebugSession()
    session.new_machine(512 * 1024)
    session.start_system(DIRECTORY)
    assert session.guest_names() == []
    session.logon("anna", "apple")
    assert session.selected == "ANNA"
    session.put_deck("hello", "anna")
    session.cp_command("ipl 00c")
    session.run()
    assert session.console_lines(own=True) == ["HELLO FROM A PROGRAM WITHOUT AN OPERATING SYSTEM"]
    with pytest.raises(UserError, match="no user"):
        session.put_deck("hello", "bert")


def test_machine_of_ones_own_is_loaded_from_a_device():
    session = DebugSession()
    session.new_machine(256 * 1024)
    plan = session.attach(0x00C, "3505", catalog.find("hello").deck(), "hello.deck")
    assert plan.attachments[0x00C].type is DEVICE_TYPES["3505"]
    session.attach(0x181, "3420", b"", "MYTAPE", "new")
    assert 0x181 not in session.detach(0x181).attachments
    session.ipl(0x00C)
    session.run()
    assert session.console_lines() == ["HELLO FROM A PROGRAM WITHOUT AN OPERATING SYSTEM"]


def test_stops_are_set_and_deleted_as_objects():
    session = loaded(True)
    first = session.break_at("CALLED", condition="R6 == 4", temporary=True)
    second = session.break_on("svc 7")
    third = session.watch("R5 becomes 2")
    assert [repr(stop) for stop in (first, second, third)] == [
        "<breakpoint 1 at CALLED>",
        "<breakpoint 2 on SVC 7>",
        "<watchpoint 3 on R5 of COUNTS becomes 2>",
    ]
    session.delete_stop(second)
    assert session.run().reason.startswith("watchpoint 3")
    assert session.run().reason == "breakpoint 1 at CALLED"
    assert session.guest_gr(6) == 4
    session.delete_stops()
    with pytest.raises(UserError, match="no breakpoint 3"):
        session.delete_stop(third)


def test_until_and_since_take_labels_and_are_reverses():
    session = loaded(True)
    steps = []
    while session.until("CALLED").reason and session.reached("CALLED"):
        steps.append(session.step_number)
    assert len(steps) == 6
    for step in reversed(steps):
        session.since("CALLED")
        assert session.step_number == step
    assert all(first < second for first, second in pairwise(steps))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        pytest.param(lambda s: s.load_cp("nothing"), "no guest is called nothing", id="program"),
        pytest.param(lambda s: s.load_cp(), "CP can run 1 to", id="no-program"),
        pytest.param(lambda s: s.load_cp("kernel", real_size=100_001), "multiple of 4,096", id="real-size"),
        pytest.param(lambda s: s.load_cp("kernel", real_size=4096), "128K", id="real-size-small"),
        pytest.param(lambda s: s.load_bare("no.asm"), "no.asm cannot be read", id="file"),
        pytest.param(lambda s: s.load_source(" XX 1\n", "x"), "unknown operation", id="source"),
        pytest.param(lambda s: s.start_system("USER\n"), "the directory", id="directory"),
        pytest.param(lambda s: s.until("NOWHERE"), "NOWHERE", id="label"),
        pytest.param(lambda s: s.until(0x201), "odd", id="odd"),
        pytest.param(lambda s: s.break_at(1 << 24), "24 bits", id="address"),
        pytest.param(lambda s: s.value("$r5 +"), "the expression ends", id="expression"),
        pytest.param(lambda s: s.guest_word(0xFFFFFE), "outside", id="storage"),
        pytest.param(lambda s: s.guest_key(0xFFFFFE), "outside", id="key"),
        pytest.param(lambda s: s.real_bytes(0xFFFFFE, 4), "outside", id="real"),
        pytest.param(lambda s: s.change("$r16", 1), "r16", id="register"),
        pytest.param(lambda s: s.change("$r5", 1 << 32), "fit", id="value"),
        pytest.param(lambda s: s.store("SUM", b""), "0 bytes", id="nothing"),
        pytest.param(lambda s: s.mount_tape(b"no tape"), "tape", id="tape"),
        pytest.param(lambda s: s.put_deck(from_source(COUNTS, "counts"), "COUNTS"), "no deck", id="deck"),
        pytest.param(lambda s: s.mark("12"), "cannot be a name", id="mark"),
        pytest.param(lambda s: s.goto_mark("x"), 'no mark "x"', id="no-mark"),
        pytest.param(lambda s: s.who("nonsense of it"), "it", id="who"),
        pytest.param(lambda s: s.switch_branch("x"), 'no branch "x"', id="branch"),
        pytest.param(lambda s: s.enter("x", guest="NOBODY"), "NOBODY", id="guest"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(wrong, sentence):
    session = loaded(True)
    session.step(5)
    before, step = session.system.comparable(), session.step_number
    with pytest.raises(UserError, match=re.escape(sentence)):
        wrong(session)
    assert session.system.comparable() == before
    assert (session.step_number, session.total) == (step, step)


def test_assembly_error_is_a_user_error():
    assert issubclass(AssemblyError, UserError)


# ---- interrupting, text, documentation -------------------------------------------------------------------------------


def test_ctrl_c_stops_a_run_between_two_steps_and_is_raised_behind_it():
    session = loaded(True)
    before = signal.getsignal(signal.SIGINT)

    def press(session):
        if session.guest_gr(5) == 3:
            signal.raise_signal(signal.SIGINT)
        return False

    def run() -> None:
        with session.interruptible():
            assert session.run_until(press).reason == "you stopped the run"
            assert session.guest_gr(5) == 3

    with pytest.raises(KeyboardInterrupt):
        run()
    assert signal.getsignal(signal.SIGINT) is before
    session.run()
    assert session.guest_gr(5) == 6


def test_views_and_sessions_show_their_text_in_a_notebook():
    session = DebugSession()
    assert repr(session) == "<DebugSession: nothing is loaded>"
    session = loaded(True)
    view = session.code()
    assert view._repr_html_() == f"<pre>{escape(str(view))}</pre>"
    assert repr(session) == f"<DebugSession: COUNTS, step 1 of 1, stopped: {session.stop_reason}>"
    assert str(session.status()).splitlines()[0] in session._repr_html_()
    with session as same:
        assert same is session


def test_every_public_method_of_the_session_has_a_docstring():
    without = [
        name
        for name in dir(TheSession)
        if not name.startswith("_")
        and (isfunction(getattr(TheSession, name)) or isinstance(getattr(TheSession, name), property))
        and not getdoc(getattr(TheSession, name))
    ]
    assert without == []


def test_package_exports_what_it_says():
    assert all(hasattr(debugger, name) for name in debugger.__all__)
    assert sorted(debugger.__all__) == debugger.__all__
    assert InterruptionRecognized.__name__ in debugger.__all__
