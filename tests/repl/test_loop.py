"""The prompt, driven through a pipe as by fingers."""

import contextlib
import signal
import sys
import textwrap
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from edu_hv.debugger.views import StatusView, StopView
from edu_hv.isa.errors import UserError
from edu_hv.repl import app, runner
from edu_hv.repl.completion import CommandCompleter
from edu_hv.repl.files import open_history
from edu_hv.repl.loop import WELCOME, Loop, again
from edu_hv.repl.prompt import PromptReader, fitted, linear_reader, toolbar
from edu_hv.repl.render import Screen
from edu_hv.repl.runner import Outcome, Runner
from tests.repl.fake import LESSON

CTRL_C, CTRL_D, CTRL_R, UP, TAB, RIGHT = "\x03", "\x04", "\x12", "\x1b[A", "\t", "\x1b[C"


ALONE = StatusView("A", ("A",), 0, 3, "one step done", "SUP", "SUP", "A", "", 0)


@pytest.fixture
def typed(workbench, capsys):
    """Type keys at a prompt, then leave; what was printed comes back."""

    def type_keys(keys: str, history=None) -> str:
        with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
            pipe.send_text(keys + CTRL_D)
            made = Runner(workbench, Screen(colour=False))
            Loop(made, PromptReader(workbench, history or InMemoryHistory(), made.background)).run()
        return capsys.readouterr().out

    return type_keys


def test_a_line_is_run_and_shown(typed, workbench):
    assert typed("step\r") == (
        "step 1, LA, R1 00000005\n"
        "changed: R1 00000005\n"
        "next   > 001004  80000010               SSM   16\n"
        "lesson: Goal 1 reached: step once\n"
    )
    assert workbench.lines == ["step"]


def test_ctrl_d_leaves_and_saves(typed, workbench):
    assert (typed(""), workbench.saved) == ("", 1)


def test_quit_leaves_and_saves(typed, workbench):
    typed("quit\rstep\r")
    assert (workbench.lines, workbench.saved) == ([], 1)


@pytest.mark.parametrize(
    ("keys", "lines"),
    [
        pytest.param("step\r\r\r", ["step", "step", "step"], id="step"),
        pytest.param("ste\r\r", ["ste", "ste"], id="prefix"),
        pytest.param("step\rback\r\r", ["step", "back", "back"], id="the-last-one"),
        pytest.param("\r\r", [], id="nothing-yet"),
        pytest.param("step\rregisters\r\r", ["step", "registers"], id="not-after-another-command"),
        pytest.param("load x\r\r", ["load x"], id="load-is-no-step"),
        pytest.param("step\rstep\rstep\rstep\r\r", ["step"] * 4, id="not-after-an-error"),
        pytest.param("# words\r", [], id="comment"),
    ],
)
def test_empty_line_repeats_the_last_step(typed, workbench, keys, lines):
    typed(keys)
    assert workbench.lines == lines


@pytest.mark.parametrize(
    ("line", "line_again"),
    [
        pytest.param("step 5", "step 5", id="with-its-operands"),
        pytest.param("x/8xw 2000", "x/8xw", id="what-goes-on-keeps-its-format"),
        pytest.param("examine 2000", "examine", id="what-goes-on-without-one"),
    ],
)
def test_the_line_that_does_it_again(line, line_again):
    assert again(line, runner.command_of(line)) == line_again


def test_enter_on_a_chosen_completion_takes_it_and_a_second_one_runs_it(workbench, capsys):
    """Completions come by themselves while typing, so each key waits until the last one has shown its effect."""
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()) as session:

        def fingers():
            pipe.send_text("registe")
            wait_for(lambda: session.app.current_buffer.complete_state)
            pipe.send_text(TAB)
            wait_for(lambda: session.app.current_buffer.text == "registers")
            pipe.send_text("\r")
            wait_for(lambda: session.app.current_buffer.complete_state is None)
            seen.append(list(workbench.lines))
            pipe.send_text("\r" + CTRL_D)

        seen = []
        thread = threading.Thread(target=fingers)
        thread.start()
        Loop(Runner(workbench, Screen(colour=False)), PromptReader(workbench, InMemoryHistory())).run()
        thread.join()
    assert (seen, workbench.lines) == ([[]], ["registers"])


@pytest.mark.parametrize(
    ("line", "words"),
    [
        pytest.param("registe", [("registers", -7)], id="command"),
        pytest.param("regX", [], id="none"),
        pytest.param("nonsense ", [], id="operand-of-no-command"),
    ],
)
def test_completions_take_the_place_of_the_word_begun(workbench, line, words):
    found = CommandCompleter(workbench).get_completions(Document(line), CompleteEvent())
    assert [(word.text, word.start_position) for word in found] == words


def test_completer_offers_nothing_where_nothing_is_loaded(workbench, monkeypatch):
    def refuse(line):
        raise UserError("nothing is loaded")

    monkeypatch.setattr(workbench, "complete", refuse)
    assert list(CommandCompleter(workbench).get_completions(Document("goto "), CompleteEvent())) == []


def test_history_is_kept_from_one_sitting_to_the_next(typed, workbench, home):
    typed("registers\r", open_history()[0])
    typed(UP + "\r", open_history()[0])
    typed(f"{CTRL_R}regis\r\r", open_history()[0])
    typed(f"reg{RIGHT}\r", open_history()[0])
    assert workbench.lines[:3] == ["registers"] * 3
    assert "+registers" in (home / "state/edu-hv/history").read_text()


def test_history_that_cannot_be_kept_is_one_sentence(home):
    (home / "state").write_text("a file where a folder should be")
    history, problem = open_history()
    history.store_string("step")
    assert isinstance(history, InMemoryHistory)
    assert problem.startswith("The history of commands will not be kept: ")
    assert problem.count("\n") == 0


def test_history_that_breaks_later_loses_nothing_else(typed, workbench, home):
    history, problem = open_history()
    path = Path(history.filename)
    path.unlink()
    path.mkdir()
    typed("step\rback\r", history)
    assert (problem, workbench.lines) == ("", ["step", "back"])


def test_ctrl_c_drops_the_line(typed, workbench):
    typed(f"load{CTRL_C}step\r")
    assert workbench.lines == ["step"]


def test_ctrl_c_interrupts_a_running_guest_only(typed, workbench):
    out = typed("run\rstep\r")
    assert out.startswith("step 1, interrupted by you\n")
    assert workbench.lines == ["run", "step"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


class Seen(Screen):
    """Tells when something was shown."""

    def __init__(self):
        super().__init__(colour=False)
        self.shown = threading.Event()

    def show_views(self, views):
        views = list(views)
        super().show_views(views)
        if views:
            self.shown.set()


def test_lines_of_a_guest_are_shown_while_it_runs_and_not_again(workbench, monkeypatch, capsys):
    def run(rest):
        workbench.session.step_number = 2
        workbench.session.happens()
        assert screen.shown.wait(30)
        seen.append(capsys.readouterr().out)
        return [StopView(2, 2, "step", "step 2, stopped")]

    seen, screen = [], Seen()
    monkeypatch.setattr(runner, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(workbench, "do_run", run)
    monkeypatch.setattr(workbench.session, "status", lambda: ALONE)
    assert Runner(workbench, screen).run("run") is Outcome.DONE
    assert seen == ["A| READY\n"]
    out = capsys.readouterr().out
    assert out.startswith("step 2, stopped\n")
    assert "READY" not in out


def test_while_no_guest_types_nothing_is_shown(workbench, monkeypatch, capsys):
    monkeypatch.setattr(runner, "LOOK_SECONDS", 0.001)
    monkeypatch.setattr(workbench, "do_run", lambda rest: time.sleep(0.1) or [])
    Runner(workbench, Screen(colour=False)).run("run")
    assert capsys.readouterr().out == ""


def test_a_reader_that_goes_away_during_a_run_is_found_out_at_its_end(workbench, monkeypatch):
    class Closed(Seen):
        def show_views(self, views):
            if list(views):
                self.shown.set()
                raise BrokenPipeError

        def show(self, blocks, enough=None):
            raise BrokenPipeError

    def run(rest):
        workbench.session.step_number = 2
        workbench.session.happens()
        assert screen.shown.wait(30)
        return []

    screen = Closed()
    monkeypatch.setattr(runner, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(workbench, "do_run", run)
    monkeypatch.setattr(workbench.session, "status", lambda: ALONE)
    with pytest.raises(BrokenPipeError):
        Runner(workbench, screen).run("run")


def test_mistake_is_one_sentence_and_the_prompt_goes_on(typed, workbench):
    out = typed("lod\rstep\r")
    assert out.startswith('there is no command "lod"; did you mean "load"')
    assert "; help lists them all\nstep 1" in out


def test_defect_is_one_sentence_and_the_prompt_goes_on(typed, workbench):
    out = typed("xray\rstep\r")
    assert out.startswith("edu-hv itself failed (ZeroDivisionError) at: xray; the details are in")
    assert "Traceback" not in out
    assert workbench.lines == ["xray", "step"]


@pytest.mark.parametrize("error", [UserError("the disk is full"), OSError("the disk is full"), ValueError("oops")])
def test_work_that_cannot_be_saved_is_said(workbench, monkeypatch, capsys, error):
    def refuse():
        raise error

    monkeypatch.setattr(workbench, "save", refuse)
    assert Loop(Runner(workbench, Screen(colour=False)), _ended).run() == 1
    out = capsys.readouterr().out
    assert "could not be saved: the disk is full" in out or "edu-hv itself failed (ValueError) at: save" in out


def test_work_is_saved_when_the_terminal_goes_away(workbench):
    def hang_up():
        signal.raise_signal(signal.SIGHUP)

    with pytest.raises(SystemExit):
        Loop(Runner(workbench, Screen(colour=False)), hang_up).run()
    assert workbench.saved == 1
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_DFL


def test_welcome_shows_help_and_the_lesson(workbench, capsys):
    workbench.messages = workbench.do_load("progress")
    Loop(Runner(workbench, Screen(colour=False)), _ended).welcome()
    assert capsys.readouterr().out == (
        f"{_wrapped(WELCOME)}\n"
        "loaded progress\n"
        "lesson 3: the same kernel as a guest\n"
        "Step, and watch.\n"
        "goals\n"
        "[open] 1. step once\n"
        "[open] 2. see the trap\n"
    )


def test_toolbar_says_where_we_are(workbench):
    assert toolbar(workbench) == ("A | step 0 of 3 | one step done | guest SUP, real PROB", "goal 1: step once")
    workbench.execute("step")
    assert toolbar(workbench) == ("A | step 1 of 3 | one step done | guest SUP, real PROB", "goal 2: see the trap")
    workbench.lesson = replace(LESSON, goals=(), done=True)
    assert toolbar(workbench)[1] == "lesson 3 is done"


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        pytest.param(("A | step 1", "goal 1"), "A | step 1 | goal 1", id="one-row"),
        pytest.param(("A | step 1", ""), "A | step 1", id="no-lesson"),
        pytest.param(("A | step 1 of 1000", "goal 1"), "A | step 1 of 1000\ngoal 1", id="two-rows"),
        pytest.param(("A | step 1 of 1,000,000", "goal 1"), "A | step 1 of 1,...\ngoal 1", id="cut"),
    ],
)
def test_toolbar_takes_two_rows_where_one_is_too_short(parts, text):
    assert fitted(parts, 19) == [("", text)]


def test_toolbar_with_nothing_loaded(workbench, monkeypatch):
    def nothing():
        raise UserError("nothing is loaded")

    workbench.lesson = None
    monkeypatch.setattr(workbench.session, "status", nothing)
    assert toolbar(workbench) == ("nothing loaded", "")


def test_linear_mode_reads_plain_lines_and_repeats_nothing(workbench, monkeypatch, capsys):
    monkeypatch.setattr("builtins.input", iter_input(["step", "", "registers"]))
    loop = Loop(Runner(workbench, Screen(colour=False)), linear_reader, repeats=False)
    assert loop.run() == 0
    assert workbench.lines == ["step", "registers"]
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize("linear", [True, False])
def test_edu_hv_repl_on_a_terminal_converses(workbench, monkeypatch, capsys, linear):
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", iter_input(["step"]))
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
        pipe.send_text("step\r" + CTRL_D)
        assert app.main(["repl", *(["--linear"] if linear else [])]) == 0
    out = capsys.readouterr().out
    assert out.startswith("edu-hv ")
    assert "lesson 3: the same kernel as a guest" in out
    assert (workbench.lines, workbench.saved) == (["step"], 1)


def wait_for(condition) -> None:
    for _ in range(1000):
        with contextlib.suppress(AttributeError):  # no application runs yet
            if condition():
                return
        time.sleep(0.01)
    raise AssertionError("the prompt did not answer")


def iter_input(lines: list[str]):
    left = list(lines)

    def read(prompt: str) -> str:
        if not left:
            raise EOFError
        return left.pop(0)

    return read


def _ended() -> str:
    raise EOFError


def _wrapped(sentence: str) -> str:
    return "\n".join(textwrap.wrap(sentence, 79))
