"""The keys of the prompt, what it remembers, and a guest that runs while one types."""

import signal
import threading

import pytest
from prompt_toolkit.application import Application, create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import to_plain_text
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.views import StopView
from edu_hv.repl.background import FREE
from edu_hv.repl.completion import CommandCompleter
from edu_hv.repl.files import MOST_KEPT, KeptHistory, SessionHistory, is_remembered, open_history
from edu_hv.repl.loop import Loop
from edu_hv.repl.prompt import PromptReader, branch_words, is_dumb, known_words
from edu_hv.repl.render import Screen
from edu_hv.repl.runner import NOT_SHOWN, Outcome, Runner
from tests.repl.test_loop import CTRL_C, CTRL_D, RIGHT, TAB, UP, wait_for

ESCAPE = "\x1b"


class Sitting:
    """A prompt with fingers in a thread of their own: each waits until the last has shown its effect."""

    def __init__(self, workbench, pipe, session, history=None):
        self.workbench, self.send = workbench, pipe.send_text
        self.runner = Runner(workbench, Screen(colour=False))
        self.reader = PromptReader(workbench, history or InMemoryHistory(), self.runner.background)
        self._session = session

    @property
    def buffer(self):
        return self._session.app.current_buffer

    @property
    def bar(self):
        return to_plain_text(self.reader._toolbar())

    def play(self, fingers):
        """Play with these fingers to the end."""
        failed, over = [], threading.Event()

        def work():
            try:
                fingers(self)
            except BaseException as error:  # noqa: BLE001  it belongs to the test
                failed.append(error)
            finally:
                self.workbench.released.set()
                while not over.wait(0.2):  # a key may be lost between two prompts
                    self.send(CTRL_C + CTRL_D)

        thread = threading.Thread(target=work)
        thread.start()
        try:
            Loop(self.runner, self.reader).run()
        finally:
            over.set()
        thread.join()
        assert not failed, failed


@pytest.fixture
def sitting(workbench, monkeypatch, capsys):
    """Type at a prompt whose `run` goes on until it is interrupted, or until `released`."""
    workbench.released, workbench.runs = threading.Event(), threading.Event()

    def run(rest):
        workbench.session.interrupted = 0
        workbench.runs.set()
        wait_for(lambda: workbench.session.interrupted or workbench.released.is_set())
        return [StopView(1, 1, "you stopped the run", "step 1, you stopped the run")]

    monkeypatch.setattr(workbench, "do_run", run)
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()) as session:
        yield Sitting(workbench, pipe, session)


def test_while_a_guest_runs_the_prompt_takes_what_needs_no_machine_and_stop_stops_it(sitting, workbench, capsys):
    def fingers(at):
        at.send("run &\r")
        assert workbench.runs.wait(10)
        wait_for(lambda: at.bar.startswith("running: run, step 0"))
        at.send("registers\rhelp marks\rstop\r")
        wait_for(lambda: not at.runner.background.line)
        at.send("registers\r")
        wait_for(lambda: workbench.lines[-1] == "registers")

    sitting.play(fingers)
    out = capsys.readouterr().out
    said = [
        'the guest is running ("run", step 0); stop stops it',
        "> next to be executed",
        "step 1, you stopped the run",
        "general registers of A",
    ]
    assert [out.index(words) for words in said] == sorted(out.index(words) for words in said)
    assert workbench.lines == ["run", "help marks", "registers"]


def test_ctrl_c_stops_the_guest_in_the_background_and_keeps_the_line(sitting, workbench):
    def fingers(at):
        at.send("run &\r")
        assert workbench.runs.wait(10)
        wait_for(lambda: at.bar.startswith("running"))
        at.send("regis")
        wait_for(lambda: at.buffer.text == "regis")
        at.send(CTRL_C)
        wait_for(lambda: not at.runner.background.line)
        seen.append((at.buffer.text, at.bar.split(" | ")[0]))
        at.send(CTRL_C)
        wait_for(lambda: at.buffer.text == "")

    seen = []
    sitting.play(fingers)
    assert seen == [("regis", "A")]


def test_leaving_stops_the_guest_in_the_background_and_saves(sitting, workbench):
    def fingers(at):
        at.send("run &\r")
        assert workbench.runs.wait(10)
        wait_for(lambda: at.bar.startswith("running"))
        at.send(CTRL_D)
        wait_for(lambda: workbench.saved)

    sitting.play(fingers)
    assert (workbench.saved, sitting.runner.background.line) == (1, "")


def test_only_what_runs_the_machine_goes_on_in_the_background(sitting, workbench, capsys):

    def fingers(at):
        at.send("load x &\rstop\rregisters\r")
        wait_for(lambda: workbench.lines[-1:] == ["registers"])

    sitting.play(fingers)
    assert "Nothing is running; run & runs the guest while you type." in capsys.readouterr().out
    with pytest.raises(Exception, match="only what runs the machine goes on while you type"):
        sitting.runner.run_on("registers")


def test_while_a_guest_runs_only_commands_that_need_no_machine_are_offered(workbench, monkeypatch):
    monkeypatch.setattr(workbench, "complete", lambda line: pytest.fail("the machine is looked at"))
    completer = CommandCompleter(workbench, busy=lambda: True)

    def words(line):
        return [word.text for word in completer.get_completions(Document(line), CompleteEvent())]

    assert (words(""), words("s"), words("select ")) == (sorted(FREE), ["say", "stop"], [])


def test_escape_closes_the_menu_and_keeps_what_was_typed(sitting):
    def fingers(at):
        at.send("registe")
        wait_for(lambda: at.buffer.complete_state)
        at.send(TAB)
        wait_for(lambda: at.buffer.text == "registers")
        at.send(ESCAPE)
        wait_for(lambda: not at.buffer.complete_state)
        seen.append(at.buffer.text)

    seen = []
    sitting.play(fingers)
    assert seen == ["registe"]


def test_ctrl_z_gives_the_terminal_back_to_the_shell(sitting, monkeypatch):
    """Of a program that leads its session, as in the tests on a terminal, the system ignores it."""
    suspended = threading.Event()
    monkeypatch.setattr(Application, "suspend_to_background", lambda self: suspended.set())

    def fingers(at):
        at.send("\x1a")
        assert suspended.wait(10)

    sitting.play(fingers)


def test_lines_that_are_pasted_together_are_run_one_after_the_other(sitting, workbench):
    def fingers(at):
        at.send("\x1b[200~step\n# words\nback\nlod\n\x1b[201~\r")
        wait_for(lambda: workbench.lines == ["step", "back"])

    sitting.play(fingers)
    assert workbench.lines == ["step", "back"]


def test_labels_and_guests_are_known_to_the_colours_of_the_line():
    session = DebugSession()
    assert known_words(session) == []
    session.load(["kernel"], under_cp=True)
    assert {"START", "SVCINT", "KERNEL"} <= set(known_words(session))


def test_the_branch_of_history_is_named_while_there_are_several(workbench):
    assert branch_words(workbench) == ""
    workbench.session.recording.branches["other"] = object()
    assert branch_words(workbench) == " on main"


# ---- Ctrl-C ----------------------------------------------------------------------------------------------------------


def test_ctrl_c_while_much_is_shown_stops_the_showing_and_says_so(workbench, monkeypatch, capsys):
    class Slow(Screen):
        def _print(self, block):
            super()._print(block)
            signal.raise_signal(signal.SIGINT)

    assert Runner(workbench, Slow(colour=False)).run("help marks") is Outcome.INTERRUPTED
    assert capsys.readouterr().out.endswith(f"{NOT_SHOWN}\n")


# ---- history ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "kept"),
    [("step", True), ("stpe", True), ("answer positive", False), ("answ 3 FE", False), (" step", False), ("  ", False)],
)
def test_answers_to_lessons_and_lines_that_begin_with_a_blank_are_not_remembered(home, line, kept):
    assert is_remembered(line) == kept
    for history in (SessionHistory(), open_history()[0]):
        history.append_string(line)
        assert history.get_strings() == [line] * kept


def test_the_same_line_twice_is_remembered_once(sitting, workbench, home):
    history = open_history()[0]
    sitting.reader = PromptReader(workbench, history)

    def fingers(at):
        at.send("step\rstep\rback\rback\rstep\r")
        wait_for(lambda: len(workbench.lines) == 5)

    sitting.play(fingers)
    assert history.get_strings() == ["step", "back", "step"]


def test_what_was_typed_before_is_suggested_and_taken_by_the_arrow(sitting, workbench):
    history = InMemoryHistory(["goto 12"])
    sitting.reader = PromptReader(workbench, history)

    def fingers(at):
        wait_for(lambda: history._loaded)
        at.send("got")
        wait_for(lambda: at.buffer.suggestion and at.buffer.suggestion.text == "o 12")
        at.send(RIGHT)
        wait_for(lambda: at.buffer.text == "goto 12")
        at.send(CTRL_C)
        wait_for(lambda: at.buffer.text == "")
        wait_for(lambda: at.buffer.text == "goto 12" or at.send(UP))  # earlier lines come in beside the prompt

    sitting.play(fingers)


def test_history_is_shortened_to_its_newest_when_it_has_grown_too_long(home):
    history = open_history()[0]
    with open(history.filename, "a") as file:
        file.writelines(f"\n# time\n+step {n}\n" for n in range(2 * MOST_KEPT))
    kept = list(open_history()[0].load_history_strings())
    assert (len(kept), kept[0], kept[-1]) == (MOST_KEPT, f"step {2 * MOST_KEPT - 1}", f"step {MOST_KEPT}")


def test_broken_history_is_read_as_far_as_it_can_be(home):
    history = open_history()[0]
    with open(history.filename, "wb") as file:
        file.write(b"\xff\xfe\n# x\n+step\n\0\0rubbish\n+back\n")
    assert list(open_history()[0].load_history_strings())[-1:] == ["step"]
    assert isinstance(open_history()[0], KeptHistory)


@pytest.mark.parametrize("term", ["", "dumb", "unknown", "xterm"])
def test_dumb_terminals_get_plain_lines(monkeypatch, term):
    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr("sys.stdin", type("Terminal", (), {"isatty": lambda self: True})())
    assert is_dumb() == (term != "xterm")
