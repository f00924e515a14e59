"""A session with a lesson: ticks, answers, hints, the student's copy, restarts."""

import shutil
from dataclasses import replace

import pytest

from edu_hv.debugger.views import LessonView, TableView, TextView
from edu_hv.isa.errors import UserError
from edu_hv.tutor import library
from edu_hv.tutor.checks import Check, Finding
from edu_hv.tutor.lesson import LessonRun
from edu_hv.tutor.progress import FILE
from edu_hv.tutor.workbench import Workbench


@pytest.fixture
def workbench(tmp_path):
    return Workbench.open("1", tmp_path)


def said(views) -> str:
    return "\n".join(line for view in views if isinstance(view, TextView) for line in view.lines)


def ticks(workbench) -> list[int]:
    return [goal.number for goal in workbench.lesson_view().goals if goal.done]


# ---- opening ---------------------------------------------------------------------------------------------------


def test_opens_on_lesson_1_at_first(tmp_path):
    assert Workbench.open(progress_directory=tmp_path).lesson_view().number == 1


def test_opens_where_the_student_left_with_the_ticks(workbench, tmp_path):
    workbench.execute("step 4")
    workbench.execute("lesson 2")
    workbench.execute("step 3")
    again = Workbench.open(progress_directory=tmp_path)
    assert again.lesson_view().number == 2
    assert ticks(again) == [1]
    again.execute("previous")
    assert (again.lesson_view().number, ticks(again)) == (1, [1])
    assert again.session.step_number == 0


def test_an_unknown_lesson_is_said(tmp_path):
    with pytest.raises(UserError, match='there is no lesson "99"'):
        Workbench.open("99", tmp_path)


def test_damaged_progress_is_told_at_the_start(tmp_path):
    (tmp_path / FILE).write_text("not json")
    workbench = Workbench.open(progress_directory=tmp_path)
    assert said(workbench.take_messages()).startswith("The progress file was damaged; it was set aside as ")
    assert workbench.take_messages() == []


def test_a_broken_lesson_does_not_keep_the_program_from_starting(tmp_path, broken_library):
    workbench = Workbench.open(progress_directory=tmp_path)
    assert workbench.lesson_view().number == 2
    assert "lesson 01-meet-the-machine: lesson.md is missing" in said(workbench.take_messages())
    (table,) = workbench.execute("lessons")
    assert "lesson.md is missing" in table.rows[0][2]
    assert table.rows[1][0] == ">"


@pytest.fixture
def broken_library(tmp_path, monkeypatch):
    copy = tmp_path / "lessons"
    shutil.copytree(library.lessons_directory(), copy)
    (copy / "01-meet-the-machine" / "lesson.md").unlink()
    monkeypatch.setattr(library, "lessons_directory", lambda: copy)


# ---- goals -----------------------------------------------------------------------------------------------------


def test_a_reached_goal_is_told_and_ticked_at_once(workbench):
    views = workbench.execute("step 4")
    assert "Goal 1 reached: Step to the instruction at LOOP." in said(views)
    assert ticks(workbench) == [1]
    assert "Goal 1" not in said(workbench.execute("step"))


def test_a_tick_stays_when_the_student_goes_back(workbench):
    workbench.execute("step 4")
    workbench.execute("back 4")
    assert ticks(workbench) == [1]


def test_a_goal_waits_for_a_later_command_than_the_one_before_it(workbench):
    lesson = workbench.lesson.lesson
    holding = Check(lambda evidence: Finding(True))
    run = LessonRun(replace(lesson, goals=tuple(replace(goal, check=holding) for goal in lesson.goals[:2])))
    first, second = ([goal.id for goal, _ in run.newly_reached(workbench.session)] for _ in range(2))
    assert (first, second) == (["loop"], ["first-sum"])


def test_another_program_in_the_machine_does_not_disturb_the_lesson(workbench):
    workbench.execute("load bare kernel")
    workbench.execute("step")
    assert ticks(workbench) == []


def finish(workbench) -> str:
    return [said(workbench.execute(line)) for line in workbench.lesson.lesson.solution][-1]


@pytest.mark.parametrize(
    ("lesson", "follows"),
    [
        pytest.param("1", "next opens lesson 2", id="first"),
        pytest.param("3", "it is the last one so far; lessons lists all", id="last"),
    ],
)
def test_the_end_says_what_was_learned_and_what_follows(tmp_path, lesson, follows):
    workbench = Workbench.open(lesson, tmp_path)
    done, learned, now = finish(workbench).splitlines()[-3:]
    assert done.endswith("is done.")
    assert now == f"Now: {follows}."
    assert learned == workbench.lesson.lesson.learned
    assert "so that is why" in learned
    with pytest.raises(UserError) as raised:
        workbench.execute("hint")
    assert str(raised.value) == f"every goal of lesson {lesson} is reached; {follows}"


def test_check_says_seen_expected_and_where_to_look(workbench):
    workbench.execute("step")
    (view,) = workbench.execute("check")
    assert view.lines[:4] == (
        "[ ] 1 Step to the instruction at LOOP.",
        "      seen      the next instruction is at 001002",
        "      expected  the next instruction at LOOP, 00100C",
        "      look at   the line marked > in the code; `code`",
    )


def test_goals_lists_all_with_ticks(workbench):
    workbench.execute("step 4")
    (view,) = workbench.execute("goals")
    assert [line[:6] for line in view.lines] == ["[x] 1 "] + [f"[ ] {n} " for n in range(2, 8)]


# ---- questions -------------------------------------------------------------------------------------------------


def test_a_prediction_is_compared_after_the_step(workbench):
    workbench.execute("step 4")
    assert said(workbench.execute("answer 10")) == "Your prediction: 10.  Now step and see."
    assert ticks(workbench) == [1]
    first, *_ = said(workbench.execute("step")).splitlines()
    assert first.startswith("Goal 2 reached: NOT SO. You said 10, the machine shows 0000000A. Registers show")
    assert ticks(workbench) == [1, 2]


def test_a_right_prediction_is_said(workbench):
    workbench.execute("step 4")
    workbench.execute("answer X'0A'")
    assert "Goal 2 reached: RIGHT. You said A, the machine shows 0000000A." in said(workbench.execute("step"))


def test_a_prediction_that_is_reached_at_once_is_compared_when_its_moment_comes(tmp_path):
    workbench = Workbench.open("3", tmp_path)
    workbench.execute("step")
    assert "Your prediction: FE.  You will see." in said(workbench.execute("answer FE"))
    assert ticks(workbench) == [1, 2]
    assert "prediction" not in said(workbench.execute("stage 4"))
    assert "Your prediction of goal 2: NOT SO. You said FE, the machine shows 07." in said(workbench.execute("stage 2"))
    assert "prediction" not in said(workbench.execute("psw"))


@pytest.mark.parametrize(
    ("commands", "says"),
    [
        pytest.param(["step 4", "step"], "back (key S) goes there", id="one-step"),
        pytest.param(["step 4", "step 3"], "back 3 goes there", id="three-steps"),
        pytest.param(["step 5"], "back (key S) goes there", id="never-seen"),
    ],
)
def test_an_answer_after_the_moment_of_a_prediction_is_told_so(workbench, commands, says):
    for line in commands:
        workbench.execute(line)
    with pytest.raises(UserError) as raised:
        workbench.execute("answer 12")
    assert str(raised.value) == f"goal 2 wants its answer before the step; {says}"


def test_an_answer_in_the_middle_of_the_trap_is_too_late_as_well(tmp_path):
    workbench = Workbench.open("3", tmp_path)
    workbench.execute("step")
    workbench.execute("stage 2")
    with pytest.raises(UserError, match="goal 2 wants its answer before the step; back"):
        workbench.execute("answer 07")


def test_a_word_that_is_not_offered_goes_to_the_first_question_of_the_page(workbench):
    workbench.execute("step 4")
    workbench.execute("answer A")
    workbench.execute("step")
    with pytest.raises(UserError, match="goal 3 takes zero, negative, positive or overflow"):
        workbench.execute("answer 12")


@pytest.mark.parametrize(
    ("before", "line", "says"),
    [
        pytest.param("step 1", "answer 2 A", "goal 2 asks from another place: the next instruction is", id="place"),
        pytest.param(
            "step 1", "answer 10", "goal 2 asks from another place: the next instruction is", id="not-another"
        ),
        pytest.param("step 4", "answer 2 maybe", 'goal 2 takes A or 10, not "maybe"', id="word"),
        pytest.param("step 4", "answer 1 A", "goal 1 asks nothing now; open questions: goal 2, 3, 4", id="no-question"),
        pytest.param("step 4", "answer", "answer needs a word", id="nothing"),
    ],
)
def test_an_answer_that_cannot_be_taken_says_why(workbench, before, line, says):
    workbench.execute(before)
    with pytest.raises(UserError) as raised:
        workbench.execute(line)
    assert says in str(raised.value)


def test_a_word_goes_to_the_question_that_offers_it(workbench):
    workbench.execute("step 5")
    workbench.execute("answer positive")
    workbench.execute("answer 4 1e")
    assert ticks(workbench) == [3, 4]


def test_a_wrong_answer_names_the_misunderstanding_and_can_be_mended(workbench):
    workbench.execute("step 5")
    assert said(workbench.execute("answer 3 zero")) == "Not zero. That would be CC 0."
    assert 3 not in ticks(workbench)
    assert said(workbench.execute("answer 3 Positive")).startswith("positive is right.")
    assert 3 in ticks(workbench)


# ---- hints -----------------------------------------------------------------------------------------------------


def test_hints_climb_a_ladder_and_end_with_the_solution(workbench):
    rungs = [said(workbench.execute("hint")) for _ in range(3)]
    assert len(set(rungs)) == 3
    assert workbench.lesson_view().hints == tuple(rungs)
    assert workbench.lesson_view().hints_left == 0
    assert "solution shows" in said(workbench.execute("hint"))
    assert said(workbench.execute("solution")).startswith("step 4\nanswer A")
    assert ticks(workbench) == []


def test_a_new_goal_has_a_ladder_of_its_own(workbench):
    workbench.execute("hint")
    workbench.execute("step 4")
    assert workbench.lesson_view().hints == ()
    assert workbench.lesson_view().hints_left == 3


# ---- moving between lessons ------------------------------------------------------------------------------------


def test_next_and_previous_open_the_neighbours(workbench):
    (view,) = workbench.execute("next")
    assert isinstance(view, LessonView)
    assert view.number == 2
    assert workbench.execute("previous")[0].number == 1
    with pytest.raises(UserError, match="lesson 1 is the first one"):
        workbench.execute("previous")


def test_lessons_shows_how_far_one_is(workbench):
    workbench.execute("step 4")
    (table,) = workbench.execute("lessons")
    assert isinstance(table, TableView)
    assert table.rows[0] == (">", "1", "Meet the machine", "20", "1 of 7")


# ---- the student's program -------------------------------------------------------------------------------------


def test_edit_changes_one_line_of_the_copy_and_loads_it(workbench):
    workbench.execute("step 4")
    original = workbench.copy().original.read_text()
    workbench.execute("edit 7 LA 4,5")
    assert workbench.session.step_number == 0
    assert workbench.copy().text().splitlines()[6] == "         LA    4,5            register 4: how many are left"
    assert workbench.copy().original.read_text() == original


def test_a_line_keeps_its_label(workbench):
    workbench.execute("edit 9 A 3,0(,2)")
    workbench.execute("edit 12 STORE ST 3,SUM")
    lines = workbench.copy().text().splitlines()
    assert lines[8] == "LOOP     A     3,0(,2)        add the number register 2 points to"
    assert lines[11] == "STORE    ST    3,SUM          keep the sum"


def test_a_program_that_does_not_assemble_leaves_the_old_one_loaded(workbench):
    workbench.execute("step 4")
    with pytest.raises(UserError) as raised:
        workbench.execute("edit 7 LA 4,NOWHERE")
    assert "start.asm:7:" in str(raised.value)
    assert str(raised.value).splitlines()[-2:] == [
        "Line 7 of your copy is changed; the program from before stays loaded.",
        "restart source takes all your changes back.",
    ]
    assert workbench.session.step_number == 4
    assert "NOWHERE" in workbench.copy().text()


def test_a_copy_that_does_not_assemble_is_kept_and_told_at_the_next_start(workbench, tmp_path):
    with pytest.raises(UserError):
        workbench.execute("edit 7 LA 4,NOWHERE")
    again = Workbench.open(progress_directory=tmp_path)
    assert "Your copy does not assemble; the lesson's own program is loaded." in said(again.take_messages())
    assert "NOWHERE" in again.copy().text()


def test_what_does_not_assemble_is_told_in_lines(workbench):
    with pytest.raises(UserError):
        workbench.execute("edit 7 XX")
    views = workbench.execute("restart")
    lines = [line for view in views if isinstance(view, TextView) for line in view.lines]
    assert len(lines) > 3
    assert [line for line in lines if len(line.splitlines()) != 1] == []
    assert lines[-1] == "restart source takes all your changes back."


def test_the_copy_survives_a_restart_and_is_what_is_loaded(workbench, tmp_path):
    workbench.execute("edit 7 LA 4,5")
    again = Workbench.open(progress_directory=tmp_path)
    again.execute("run")
    assert 7 in ticks(again)


def test_edit_never_overwrites_the_copy(workbench):
    workbench.execute("edit")
    workbench.copy().path.write_text("mine\n")
    assert "mine" in said(workbench.execute("edit"))
    workbench.execute("restart")
    assert workbench.copy().text() == "mine\n"


def test_restart_source_puts_the_program_back_and_keeps_mine(workbench):
    workbench.execute("edit 7 LA 4,5")
    mine = workbench.copy().text()
    workbench.execute("restart source")
    copy = workbench.copy()
    assert copy.text() == copy.original.read_text()
    assert copy.path.with_name("start.1.asm").read_text() == mine


@pytest.mark.parametrize("line", ["edit 99 LA 4,5", "edit 0 LA 4,5", "edit seven", "edit 7"])
def test_edit_says_what_it_takes(workbench, line):
    with pytest.raises(UserError, match="edit"):
        workbench.execute(line)


# ---- restart ---------------------------------------------------------------------------------------------------


def test_restart_resets_machine_and_lesson_and_keeps_ticks(workbench):
    workbench.execute("step 4")
    workbench.execute("answer A")
    workbench.execute("hint")
    workbench.execute("restart")
    assert workbench.session.step_number == 0
    assert workbench.lesson.answers == {}
    assert workbench.lesson_view().hints == ()
    assert ticks(workbench) == [1]


def test_restart_goals_takes_the_ticks_too(workbench, tmp_path):
    workbench.execute("step 4")
    workbench.execute("restart goals")
    assert ticks(workbench) == []
    assert ticks(Workbench.open(progress_directory=tmp_path)) == []


def test_restart_takes_nothing_else(workbench):
    with pytest.raises(UserError, match='restart takes source or goals, not "all"'):
        workbench.execute("restart all")


# ---- command lines ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("line", ["step 4", "  step 4 ", ":step 4", ": step 4"])
def test_blanks_and_a_colon_in_front_are_no_part_of_a_command(workbench, line):
    workbench.execute(line)
    assert workbench.session.step_number == 4


@pytest.mark.parametrize("line", ["", "   ", ":"])
def test_an_empty_line_does_nothing(workbench, line):
    assert workbench.execute(line) == []


# ---- completion ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        pytest.param("les", {"lesson", "lessons"}, id="command"),
        pytest.param("lesson two", {"two-modes"}, id="lesson"),
        pytest.param("restart so", {"source"}, id="restart"),
    ],
)
def test_words_are_completed(workbench, line, offered):
    assert {completion.text for completion in workbench.complete(line)} == offered


def test_another_program_reaches_no_goal_of_the_lesson(tmp_path):
    """A program of the student's own with the lesson's labels is not the lesson's program."""
    other = tmp_path / "other.asm"
    other.write_text("LOOP     BALR  12,0\n         BCR   15,12\nSUM      DC    F'150'\n         END   LOOP\n")
    bench = Workbench.open("1", tmp_path / "progress")
    bench.execute(f"load bare {other}")
    bench.execute("step")
    assert not any(goal.done for goal in bench.lesson_view().goals)
    bench.execute("restart")
    bench.execute("step 4")
    assert [goal.number for goal in bench.lesson_view().goals if goal.done] == [1]


def test_with_a_lesson_open_a_command_that_leaves_nobody_logged_on_is_answered_like_any_other(workbench):
    for line in ("load cp hello", "cp logoff", "step", "log", "status", "guests"):
        assert workbench.execute(line) != []
    assert workbench.session.selected == ""
    assert [move.command for move in workbench.lesson.moves][-3:] == ["log", "status", "guests"]
