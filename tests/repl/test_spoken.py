"""The linear mode: every view as sentences, every command without a single control character."""

import re

import pytest

from edu_hv.debugger import views
from edu_hv.debugger.commands.registry import REGISTRY
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.text import as_lines
from edu_hv.repl.choices import Choices
from edu_hv.repl.loop import Loop
from edu_hv.repl.prompt import linear_reader
from edu_hv.repl.render import Screen
from edu_hv.repl.report import Verbosity
from edu_hv.repl.runner import Runner, progress
from edu_hv.repl.spoken import paragraphs, plain, said, spoken
from edu_hv.tutor.library import Library
from edu_hv.tutor.progress import Progress
from edu_hv.tutor.workbench import Workbench
from tests.debugger.test_text import CASES
from tests.repl.test_loop import iter_input

ELSEWHERE = {"serve", "quit"}
"""Commands that are not run here: one waits for terminals, one leaves."""
MOST_STEPS = 3000
"""From so many steps on what is loaded is loaded anew, so that no command takes long."""
LAYOUT = re.compile(r"[^\x20-\x7e]|  |^ | $")


@pytest.mark.parametrize("view", [pytest.param(case.values[0], id=case.id) for case in CASES])
def test_a_spoken_view_has_no_layout_and_lacks_no_word_of_its_text(view):
    lines = spoken(view)
    assert [line for line in lines if LAYOUT.search(line)] == []
    if type(view) in said.registry:
        return  # said in other words; tested below
    words = re.findall(r"\w{2,}", " ".join(plain(line) for line in as_lines(view, 10_000)))
    assert [word for word in words if word not in " ".join(lines)] == []


@pytest.mark.parametrize(
    ("view", "lines"),
    [
        pytest.param(views.StopView(3, 9, "back", "step 3, back"), ["step 3, back; at step 3 of 9."], id="stop"),
        pytest.param(views.ConsoleView("A", ("HI", "")), ["A types: HI", "A types: an empty line"], id="console"),
        pytest.param(
            views.StorageView(
                "A", (views.StorageRow(0x100, None, ("00C8C900",), ".HI.", frozenset({1, 2, 3})),), "key 0"
            ),
            ["storage of A, key 0", "000100, absent: 00C8C900, characters HI, changed: 000101 to 000103"],
            id="storage",
        ),
        pytest.param(
            views.TimelineView("ssT.", 3, 4, 4),
            ["timeline: step 4 of 4", "2 supervisor, then 1 trap to CP, then 1 problem (now here)"],
            id="timeline",
        ),
        pytest.param(
            views.CodeView("A", (views.CodeLine(0x10, "0A01", "SVC   1", "X", True, True, True, True, "SVC 1"),), 0),
            ["code of A", "000010 X SVC 1, next to be executed, breakpoint, trap taken here, executed before, SVC 1"],
            id="code",
        ),
        pytest.param(
            views.RegistersView("A", (views.RegisterValue("R1", "00000005", True, True),), "CC 0 zero", ()),
            ["general registers of A", "R1 00000005 changed read", "condition code: CC 0 zero"],
            id="registers",
        ),
        pytest.param(
            views.TableView("guests", ("name", "state"), (("> A", "wait"), ("B", "run"))),
            ["guests", "name selected A, state wait", "name B, state run"],
            id="table",
        ),
    ],
)
def test_views_in_sentences(view, lines):
    assert spoken(view) == lines


def test_marks_are_words():
    assert plain("[x] 1 *00FF -> 07  `step`") == "done: 1 changed 00FF to 07 step"


def test_a_page_is_a_paragraph_a_line():
    page = ("One", "two.", "", "1. First", "   more", "2. Second", "", "  LA 1,5", "  ST 1,X", "", "End")
    assert paragraphs(page) == ["One two.", "1. First more", "2. Second", "  LA 1,5", "  ST 1,X", "End"]


def test_tables_for_the_eye_stay_tables():
    view = views.TableView("t", ("a", "b"), (("1", "2"),))
    spoken(view)
    assert as_lines(view) == ["t", "a  b", "1  2"]


# ---- the mode --------------------------------------------------------------------------------------------------------


@pytest.fixture
def bench(home):
    """A workbench with nothing loaded."""
    return Workbench(DebugSession(), Library.open(), Progress.open(None))


@pytest.fixture
def linear(bench, monkeypatch, capsys):
    """Type lines in linear mode; what is written."""

    def type_lines(*lines):
        monkeypatch.setattr("builtins.input", iter_input(list(lines)))
        runner = Runner(bench, Screen(colour=False, verbosity=Verbosity.SPOKEN))
        choices = Choices(bench.complete, runner.screen.say)
        assert Loop(runner, linear_reader, repeats=False, choices=choices).run() == 0
        return capsys.readouterr().out

    return type_lines


def test_a_step_is_one_sentence_and_say_says_it_again(linear):
    out = linear("load cp kernel", "step", "", "say", "stage", "stage", "say").splitlines()
    assert out[1] == out[2] == "step 1497, KERNEL 000200 MVC NEWPSWS(40),HANDLERS, stored 000400000000031C."
    assert out[4].startswith("stage 1 guest, now: SSM CHANNELS issued at 000206; ")
    assert out[7] == " ".join(out[5:7])
    assert len(out) == 8


def test_say_before_anything_happened(linear):
    assert linear("say") == "Nothing has been stepped or run yet.\n"


@pytest.mark.parametrize(("word", "lines"), [("terse", 1), ("normal", 2), ("spoken", 1)])
def test_verbosity_says_how_much_a_step_tells(linear, word, lines):
    out = linear("load cp kernel", f"verbosity {word}", "verbosity", "step").partition(f"verbosity is {word}\n" * 2)[2]
    assert len(re.findall("(?m)^(step|next)", out)) == lines


def test_a_question_mark_lists_choices_and_a_number_takes_one(linear):
    out = linear("load cp kernel second", "select ?", "2", "7", "select ?", "9", "select nobody ?", "status ?")
    assert "1: KERNEL" in out
    assert "2: SECOND" in out
    assert "Type a number to run one of them.\nselect SECOND\n" in out
    assert 'there is no command "7"' in out
    assert "There is no choice 9; give a number from 1 to" in out


def test_a_whole_lesson_can_be_worked_on(linear, monkeypatch):
    out = linear("lesson 2", "step 3", "answer 1", "step", "hint", "check", "goals", "lessons", "solution")
    assert "Your prediction: 1. Now step and see." in out
    assert "lesson: Goal 1 reached: Step to the instruction at ENTER, 00100E." in out or "Goal 1 reached" in out
    assert re.search(r"(?m)^open: \d", out)
    assert [line for line in out.splitlines() if LAYOUT.search(line)] == []


def test_a_listener_is_told_how_far_a_long_run_has_come(bench):
    assert progress(bench) == "Still at it."
    bench.session.load(["hello"])
    bench.session.step(3)
    assert re.fullmatch(r"Still running, at step \d+; Ctrl-C stops it\.", progress(bench))


def test_every_command_is_linear(bench, monkeypatch, tmp_path, capsys):
    """Without operands and as its first example: no control character, nothing said by layout, no defect of ours."""
    monkeypatch.chdir(tmp_path)
    runner = Runner(bench, Screen(colour=False, verbosity=Verbosity.SPOKEN))
    wrong, tried = [], 0
    for command in sorted(REGISTRY.commands.values(), key=lambda each: each.group != "run"):  # while nothing stops it
        if command.name in ELSEWHERE:
            continue
        if bench.session.selected != "KERNEL" or bench.session.total > MOST_STEPS:
            bench.session.load(["kernel"], under_cp=True)
        for line in (command.name, *(example.partition(" : ")[0] for example in command.examples[:1])):
            runner.error = ""
            runner.run(line)
            out, tried = capsys.readouterr().out, tried + 1
            wrong += [
                (line, each) for each in [*out.splitlines(), runner.error] if re.search("[\x1b\r]|itself fail", each)
            ]
            wrong += [(line, each) for each in out.splitlines() if LAYOUT.search(each)]
    assert (wrong, tried > len(REGISTRY.commands)) == ([], True)
