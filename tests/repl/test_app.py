"""The `edu-hv` command: its arguments, its exit codes, and scripts."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edu_hv import __version__
from edu_hv.isa.errors import UserError
from edu_hv.repl import app
from edu_hv.repl.app import main
from edu_hv.tutor.workbench import Workbench

TRANSCRIPT = """\
step 1, LA, R1 00000005
changed: R1 00000005
next   > 001004  80000010               SSM   16
lesson: Goal 1 reached: step once
A| READY
step 2, SSM, trap privileged operation, simulated, guest mask 00, real mask
  unchanged, 07
trap x-ray: SSM at 001004 (finished)
  1 guest     done     words on guest
  2 hardware  done     words on hardware
  3 rule      done     P2 fired: simulate
  4 do        done     words on do
  5 run       done     words on run
rules tried
  yes  P2: guest in supervisor state? then: simulate (DMKPRV)
  no   P1: guest in problem state? it would: reflect code 0002 (DMKPRG)
why: virtual supervisor state
       guest   real  why
mask  *00      07    differs: CP's own
next   > 001008  0A01                   SVC   1  ; SVC 1
step 1, LA, R1 00000005
at step 1 of 3
changed: R1 00000005
next   > 001004  80000010               SSM   16
"""


def test_script_steps_over_a_trap_and_back(workbench, capsys):
    assert main(["repl", "-c", "step", "-c", "ste", "-c", "back"]) == 0
    assert capsys.readouterr() == (TRANSCRIPT, "")
    assert workbench.saved == 1


def test_pipe_is_a_script_too(workbench, capsys, piped):
    piped("# a comment\n\n  step\nste\nback\nquit\nstep\n")
    assert main(["repl"]) == 0
    assert capsys.readouterr() == (TRANSCRIPT, "")


def test_empty_pipe_does_nothing(workbench, capsys, piped):
    piped("")
    assert main(["repl"]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("argv", "code", "sentence"),
    [
        pytest.param(["nonsense"], 2, '"nonsense" is neither tui nor repl', id="face"),
        pytest.param(["my.asm"], 2, "to load a program write edu-hv repl my.asm", id="program-without-face"),
        pytest.param(["--colour"], 2, "unrecognized arguments: --colour", id="option"),
        pytest.param(["repl", "a", "b"], 2, "unrecognized arguments: b", id="two-programs"),
        pytest.param(["repl", "--lesson"], 2, "argument --lesson: expected one argument", id="lesson-missing"),
        pytest.param(["-c", "step"], 2, "-c and --linear belong to edu-hv repl", id="command-without-repl"),
        pytest.param(["repl", "absent.asm"], 1, "absent.asm cannot be read: no such file", id="no-file"),
        pytest.param(["repl", "."], 1, ". cannot be read: is a directory", id="directory"),
        pytest.param(["tui"], 1, "the full screen needs a terminal, but standard output is not one", id="tui"),
        pytest.param([], 1, "edu-hv repl has the same commands", id="default-is-tui"),
    ],
)
def test_wrong_command_line_gets_one_sentence(workbench, capsys, argv, code, sentence):
    assert main(argv) == code
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("edu-hv: ")
    assert sentence in err


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        pytest.param("stepp", 'there is no command "stepp"; did you mean "step"', id="unknown"),
        pytest.param("qzx", 'there is no command "qzx"; help lists them all', id="nothing-near"),
        pytest.param("sto", '"sto" could be stop, ', id="ambiguous"),
        pytest.param('goto "5', 'a quotation mark is not closed in: "5', id="quote"),
        pytest.param("lod\x1b[2J", 'there is no command "lod.[2j"', id="control-characters"),
        pytest.param("xray", "edu-hv itself failed (ZeroDivisionError) at: xray; the details are in ", id="defect"),
    ],
)
def test_bad_line_ends_a_script_with_one_sentence(workbench, capsys, line, sentence):
    assert main(["repl", "-c", "step", "-c", line, "-c", "step"]) == 1
    out, err = capsys.readouterr()
    assert err.startswith(f"edu-hv: command 2, {line}: ".replace("\x1b", "."))
    assert sentence in err
    assert err.count("\n") == 1
    assert "Traceback" not in out + err
    assert workbench.session.step_number == 1


def test_script_error_names_the_line_of_the_pipe(workbench, capsys, piped):
    piped("step\n\nlod x\n")
    assert main(["repl"]) == 1
    err = capsys.readouterr().err
    assert err.startswith('edu-hv: line 3, lod x: there is no command "lod"; did you mean "load"')
    assert err.count("\n") == 1


def test_bytes_that_are_no_text_are_no_traceback(workbench, capsys, piped):
    piped(b"\xff\xfe\x00\n")
    assert main(["repl"]) == 1
    assert "there is no command" in capsys.readouterr().err


def test_defect_is_logged_with_its_traceback(workbench, capsys):
    main(["repl", "-c", "xray"])
    path = re.search(r"the details are in (.*)\.\n", capsys.readouterr().err)[1]
    with open(path, encoding="utf-8") as log:
        assert "ZeroDivisionError: a defect" in log.read()


def test_defect_without_a_log_file_is_still_one_sentence(workbench, capsys, home):
    (home / "state").write_text("a file where a folder should be")
    assert main(["repl", "-c", "xray"]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_ctrl_c_stops_the_guest_and_then_the_script(workbench, capsys):
    before = signal.getsignal(signal.SIGINT)
    assert main(["repl", "-c", "run", "-c", "step"]) == 130
    out, err = capsys.readouterr()
    assert "step 1, interrupted by you" in out
    assert err == "edu-hv: command 1, run: interrupted\n"
    assert (workbench.session.interrupted, workbench.lines) == (3, ["run"])
    assert signal.getsignal(signal.SIGINT) is before


def test_program_is_loaded_first(workbench, tmp_path, capsys):
    program = tmp_path / "my own.asm"
    program.write_text(" END\n")
    assert main(["repl", str(program), "-c", "step"]) == 0
    assert workbench.lines == [f'load bare "{program}"', "step"]
    assert workbench.lesson is None


@pytest.mark.parametrize("argv", [["repl", "--lesson", "2", "-c", "step"], ["--lesson", "2", "repl", "-c", "step"]])
def test_lesson_is_handed_on(workbench, monkeypatch, argv):
    asked = []
    monkeypatch.setattr(Workbench, "open", lambda lesson=None, **_: asked.append(lesson) or workbench)
    assert main(argv) == 0
    assert asked == ["2"]


def test_lesson_that_does_not_exist_is_one_sentence(monkeypatch, capsys):
    def refuse(lesson=None, **_):
        raise UserError("there is no lesson 99; lessons lists them")

    monkeypatch.setattr(Workbench, "open", refuse)
    assert main(["repl", "--lesson", "99", "-c", "step"]) == 1
    assert capsys.readouterr() == ("", "edu-hv: there is no lesson 99; lessons lists them\n")


def test_defect_at_start_is_one_sentence(monkeypatch, capsys):
    monkeypatch.setattr(Workbench, "open", lambda **_: 1 / 0)
    assert main(["repl", "-c", "step"]) == 1
    assert "edu-hv itself failed (ZeroDivisionError) at: start; the details are in" in capsys.readouterr().err


def test_messages_at_the_start_are_shown(workbench, capsys):
    workbench.messages = [workbench.do_load("progress")[0]]
    assert main(["repl", "-c", "registers"]) == 0
    assert capsys.readouterr().out.startswith("loaded progress\ngeneral registers of A\n")


@pytest.mark.parametrize("argv", [["--help"], ["-h"], ["repl", "--help"]])
def test_help_shows_both_faces_and_fits_the_screen(capsys, argv):
    assert main(argv) == 0
    lines = capsys.readouterr().out.splitlines()
    assert (len(lines) <= 24, max(map(len, lines)) < 80) == (True, True)
    assert {"edu-hv", "edu-hv repl"} <= {re.split(r"\s{2,}", line.strip())[0] for line in lines}


def test_an_error_message_of_cp_is_an_answer_and_no_error_of_the_script_and_the_help_says_so(capsys):
    assert main(["repl", "-c", "load cp hello", "-c", "cp xyzzy", "-c", "cp query users"]) == 0
    said = capsys.readouterr().out
    assert "CP for HELLO: DMKCFM001E ?CP: XYZZY" in said
    assert "CP for HELLO: 001 USERS" in said
    main(["--help"])
    assert "its error messages too, is no such error" in capsys.readouterr().out


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"edu-hv {__version__}\n"


class Terminal:
    def __init__(self, terminal: bool) -> None:
        self.isatty = lambda: terminal


@pytest.mark.parametrize(
    ("stdin", "stdout", "term", "why"),
    [
        pytest.param(True, True, "xterm", "", id="fine"),
        pytest.param(True, False, "xterm", "standard output is not one", id="output"),
        pytest.param(False, True, "xterm", "standard input is not one", id="input"),
        pytest.param(True, True, "dumb", "TERM is dumb", id="dumb"),
        pytest.param(True, True, "", "TERM is not set", id="no-term"),
    ],
)
def test_where_a_full_screen_cannot_be(stdin, stdout, term, why):
    assert app.screen_missing(Terminal(stdin), Terminal(stdout), term) == why


def test_full_screen_gets_lesson_and_program(workbench, monkeypatch, tmp_path):
    calls, asked = [], []
    monkeypatch.setattr(Workbench, "open", lambda lesson=None, **_: asked.append(lesson) or workbench)
    screen = type(sys)("edu_hv_tui.app")
    screen.run = lambda open_workbench: calls.append(open_workbench()) or 0
    monkeypatch.setitem(sys.modules, "edu_hv_tui.app", screen)
    monkeypatch.setattr(app, "screen_missing", lambda *_: "")
    program = tmp_path / "my.asm"
    program.write_text(" END\n")
    assert main(["tui", str(program), "--lesson", "2"]) == 0
    assert (calls, asked, workbench.lines) == ([workbench], ["2"], [f'load bare "{program}"'])


def test_full_screen_that_is_not_installed_is_one_sentence(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "edu_hv_tui.app", None)
    monkeypatch.setattr(app, "screen_missing", lambda *_: "")
    assert main([]) == 1
    assert "the full screen needs edu_hv_tui.app, which is not installed" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_output_that_finds_no_space_is_told_in_a_sentence():
    with open("/dev/full", "w", encoding="utf-8") as full:
        command = [sys.executable, "-m", "edu_hv", "repl", "-c", "load bare kernel"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, "no space is left where it goes" in done.stderr) == (1, True)
    assert "Traceback" not in done.stderr
