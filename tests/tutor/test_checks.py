"""The words of check.py: each says what it saw, what it expected and where to look."""

import pytest

from edu_hv.debugger.session import DebugSession
from edu_hv.tutor.checks import (
    Evidence,
    Move,
    after,
    all_of,
    answered,
    any_of,
    asked,
    canonical,
    condition_code,
    outcome,
    predicted,
    problem_state,
    reached,
    register,
    same_console,
    storage,
    trap_taken,
    under_way,
    waiting,
    went_back,
    word,
)

PROGRAM = """\
T        START X'100'
BEGIN    BALR  12,0
         USING *,12
         LA    1,5
HERE     LTR   1,1
         SVC   7
         DC    X'0000'
DATA     DC    F'1,2'
         END   BEGIN
"""


@pytest.fixture
def session():
    session = DebugSession()
    session.load_source(PROGRAM, "t.asm")
    return session


@pytest.fixture
def evidence(session):
    return Evidence(session)


@pytest.mark.parametrize(
    ("given", "same"),
    [
        pytest.param("X'0A'", "a", id="assembler"),
        pytest.param("0x0a", "0000000A", id="zeros"),
        pytest.param("00", "0", id="zero"),
        pytest.param("0000 1030", "1030", id="blank"),
        pytest.param("Positive", "positive", id="case"),
    ],
)
def test_answers_that_mean_the_same_agree(given, same):
    assert canonical(given) == canonical(same)


def test_other_answers_differ():
    assert canonical("A") != canonical("10")


def test_reached_names_both_addresses(session, evidence):
    finding = reached("HERE").find(evidence)
    assert (finding.done, finding.seen) == (False, "the next instruction is at 000100")
    assert finding.expected == "the next instruction at HERE, 000106"
    session.step(2)
    assert reached("HERE").find(evidence).done
    assert reached("BEGIN+6").find(evidence).done
    assert reached(0x106).find(evidence).done


def test_values_are_compared_and_shown_as_on_the_screen(session, evidence):
    finding = (register(1) == 5).find(evidence)
    assert (finding.seen, finding.expected) == ("register 1 is 00000000", "register 1 00000005")
    session.step(3)
    assert (register(1) == 5).find(evidence).done
    assert (register(1) != 4).find(evidence).done
    assert (condition_code() == 2).find(evidence).done
    assert (word("DATA", 1) == 2).find(evidence).done
    assert (storage("DATA", 4) == bytes([0, 0, 0, 1])).find(evidence).done


def test_both_of_two_and_one_of_two(evidence):
    yes, no = reached("BEGIN"), reached("HERE")
    assert all_of(yes, yes).find(evidence).done
    assert not (yes & no).find(evidence).done
    assert (yes | no).find(evidence).done
    assert not any_of(no, no).find(evidence).done
    assert (yes & no).find(evidence).seen == no.find(evidence).seen


def test_look_says_where(evidence):
    assert reached("HERE").look("pane 1").find(evidence).look == "pane 1"


def test_a_trap_is_seen_when_taken_and_in_its_own_step_only(session, evidence):
    svc, svc_now = trap_taken("supervisor call", 7), trap_taken("supervisor call", 7, last=True)
    session.step(3)
    assert not svc.find(evidence).done
    session.stage()
    assert under_way(reached("HERE") | problem_state(False)).find(evidence).done
    assert reached("HERE").find(evidence).seen == "a trap is under way"
    session.stage()
    assert svc.find(evidence).done
    assert svc_now.find(evidence).done
    session.step()
    assert svc.find(evidence).done
    assert not svc_now.find(evidence).done
    session.goto(3)
    assert not svc.find(evidence).done


def test_asked_looks_at_the_full_name_and_the_line(session):
    evidence = Evidence(session, moves=[Move("storage", "m data", 0, 0)])
    assert asked("storage", about="DATA").find(evidence).done
    assert not asked("storage", about="BEGIN").find(evidence).done
    assert asked("psw").find(evidence).expected == "`psw`"


def test_asked_here_forgets_what_was_asked_before_the_machine_moved(session):
    here = asked("storage", about="DATA", here=True)
    look, step = Move("storage", "storage data", 1, 1), Move("step", "s", 1, 2)
    assert here.find(Evidence(session, moves=[step, look, Move("psw", "psw", 1, 1)])).done
    assert not here.find(Evidence(session, moves=[look, step])).done


def test_after_needs_goals_of_earlier_commands(session):
    assert after("a").find(Evidence(session, done=frozenset("ab"))).done
    assert after("a", "c").find(Evidence(session, done=frozenset("ab"))).seen == "a goal before this one is open"


def test_undoing_a_part_of_a_trap_is_no_step_back(session):
    finding = went_back(reached("BEGIN")).find(Evidence(session, moves=[Move("back", "S", 1, 0, in_trap=True)]))
    assert (finding.done, finding.seen) == (False, "only a part of a trap was undone")


def test_going_back_counts_only_as_the_last_move(session):
    there = went_back(reached("BEGIN"))
    back, forth = Move("back", "S", 2, 0), Move("step", "s", 0, 1)
    assert there.find(Evidence(session, moves=[forth, back, Move("psw", "psw", 0, 0)])).done
    assert not there.find(Evidence(session, moves=[back, forth])).done
    assert not there.find(Evidence(session)).done
    assert not went_back(reached("HERE")).find(Evidence(session, moves=[back])).done


def test_a_question_says_where_it_can_be_answered_and_then_what_with(session):
    question = answered(register(1), when=reached("HERE"), words=("4", "5"))
    finding = question.find(Evidence(session, goal="g"))
    assert finding.seen == "no answer yet; the next instruction is at 000100"
    session.step(2)
    assert question.find(Evidence(session, goal="g")).expected == "`answer` and one of: 4, 5"
    assert question.find(Evidence(session, goal="g", answers={"g": "5"})).done
    assert not question.find(Evidence(session, goal="g", answers={"g": "4"})).done


def test_a_prediction_waits_for_the_moment_and_is_compared_with_the_machine(session):
    question = predicted(
        register(1), when=reached("BEGIN"), until=reached("HERE"), words=("5", "6"), wrong={"6": "One too many."}
    )
    evidence = Evidence(session, goal="g", answers={"g": "6"})
    assert not question.find(evidence).done
    session.step(2)
    finding = question.find(evidence)
    assert finding.done
    assert finding.note == "NOT SO. You said 6, the machine shows 00000005. One too many."
    right = question.find(Evidence(session, goal="g", answers={"g": "5"}))
    assert right.note == "RIGHT. You said 5, the machine shows 00000005."


def test_a_prediction_at_once_is_reached_by_the_answer(session):
    question = predicted(register(1), when=reached("BEGIN"), until=reached("HERE"), words=("5", "6"), at_once=True)
    assert not question.find(Evidence(session, goal="g")).done
    finding = question.find(Evidence(session, goal="g", answers={"g": "6"}))
    assert (finding.done, finding.note) == (True, "")


def test_an_outcome_is_a_word(evidence):
    assert outcome(waiting(), "stop", "go").text(evidence) == "go"


@pytest.mark.parametrize(
    ("consoles", "done"),
    [
        pytest.param({}, False, id="none"),
        pytest.param({"cp": ("A",)}, False, id="guest-only"),
        pytest.param({"cp": ("A",), "bare": ()}, False, id="nothing-printed"),
        pytest.param({"cp": ("A", "CP"), "bare": ("A",)}, True, id="same-then-messages-of-cp"),
        pytest.param({"cp": ("B",), "bare": ("A",)}, False, id="different"),
    ],
)
def test_consoles_are_compared(session, consoles, done):
    assert same_console().find(Evidence(session, consoles=consoles)).done == done
