"""Scripts: files of commands, what ends them, what they assert, and what is said of their errors."""

import io
import sys

import pytest

from edu_hv.debugger.session import DebugSession
from edu_hv.isa.errors import UserError
from edu_hv.repl import app
from edu_hv.repl.app import main
from edu_hv.repl.asserting import check_console, check_expression
from edu_hv.repl.render import Screen
from edu_hv.repl.runner import Outcome, Runner
from edu_hv.repl.script import MOST_DEEP, logical_lines


@pytest.fixture
def script(tmp_path, workbench, monkeypatch):
    """Write scripts, and have `edu-hv run` find the fake workbench."""
    monkeypatch.setattr(app, "_open_for_script", lambda options: workbench)

    def write(**texts):
        paths = {}
        for name, text in texts.items():
            path = tmp_path / f"{name.replace('__', '/')}.cmd"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
            paths[name] = str(path)
        return next(iter(paths.values()))

    return write


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param("step\n  back  \n", [(1, "step"), (2, "back")], id="stripped"),
        pytest.param("# a\n\n   # b\nstep\n", [(4, "step")], id="comments-and-blank-lines"),
        pytest.param("cp \\\n  query \\\n users\nstep", [(1, "cp query users"), (4, "step")], id="goes-on"),
        pytest.param("step \\", [(1, "step")], id="goes-on-at-the-end"),
        pytest.param("step \\\n# no comment here\n", [(1, "step # no comment here")], id="comment-within-a-line"),
        pytest.param("#cp query\n", [(1, "#cp query")], id="cp-with-a-sign"),
        pytest.param("", [], id="empty"),
    ],
)
def test_lines_of_a_script(text, lines):
    assert list(logical_lines(text.splitlines())) == lines


def test_script_runs_its_lines_and_saves(script, workbench, capsys):
    assert main(["run", script(lab="# lab\nstep\nste\nback\nquit\nstep\n")]) == 0
    assert (workbench.lines, workbench.saved) == (["step", "ste", "back"], 1)
    assert "\x1b" not in capsys.readouterr().out


def test_each_line_is_shown_before_it_is_run_when_asked(script, capsys):
    main(["run", script(lab="echo one\necho off\necho two\necho on\necho three\n"), "-x"])
    assert capsys.readouterr().out == "> echo one\none\n> echo off\ntwo\n> echo three\nthree\n"


@pytest.mark.parametrize(
    ("texts", "code", "sentence"),
    [
        pytest.param({"lab": "step\n\nlod x\n"}, 1, "{}/lab.cmd line 3, lod x: there is no command", id="error"),
        pytest.param({"lab": "goto \\\n x\nstep"}, 1, "{}/lab.cmd line 1, goto x: ", id="a-line-that-goes-on"),
        pytest.param(
            {"lab": "source sub/b.cmd\n", "sub__b": "step\nsource c.cmd", "sub__c": "lod"},
            1,
            "{}/lab.cmd line 1, source sub/b.cmd: sub/b.cmd line 2, source c.cmd: c.cmd line 1, lod: there is no",
            id="scripts-within-scripts-are-found-beside-each-other",
        ),
        pytest.param(
            {"lab": "source b.cmd\n", "b": "\nsource lab.cmd"},
            1,
            "{}/lab.cmd line 1, source b.cmd: b.cmd line 2, source lab.cmd: lab.cmd is being run already, "
            "and stands at line 1",
            id="circle",
        ),
        pytest.param({"lab": "source none.cmd\n"}, 1, "none.cmd cannot be read: no such file or", id="no-file"),
        pytest.param({"lab": "source .\n"}, 1, ". cannot be read: is a directory", id="directory"),
        pytest.param({"lab": "source\n"}, 1, "source needs FILE", id="no-name"),
        pytest.param({"lab": "on error perhaps\n"}, 1, '"perhaps" is none of stop, continue', id="on-error"),
        pytest.param({"lab": "run &\n"}, 1, "a script waits for its commands", id="background"),
    ],
)
def test_wrong_script_is_one_sentence_with_file_and_line(script, tmp_path, capsys, texts, code, sentence):
    path = script(**texts)
    assert main(["run", path]) == code
    err = capsys.readouterr().err
    assert sentence.format(tmp_path) in err
    assert (err.count("\n"), err.startswith("edu-hv: ")) == (1, True)


def test_scripts_too_deep_within_each_other_are_refused(script, capsys):
    last = MOST_DEEP
    first = script(**{f"s{n}": f"source s{n + 1}.cmd" for n in range(last)}, **{f"s{last}": "step"})
    assert main(["run", first]) == 1
    assert (
        f"s{last}.cmd would be script number {last + 1} within each other; that is too deep" in capsys.readouterr().err
    )


def test_what_is_no_text_is_no_script(script, tmp_path, capsys):
    (tmp_path / "x.cmd").write_bytes(b"\x7fELF\0\0")
    assert main(["run", str(tmp_path / "x.cmd")]) == 1
    script(a="")
    assert capsys.readouterr().err.endswith("x.cmd is not a file of commands\n")


def test_script_that_goes_on_after_errors_tells_each_and_has_failed(script, workbench, capsys):
    assert main(["run", script(lab="on error continue\nlod\nstep\nlod 2\nback\n")]) == 1
    err = capsys.readouterr().err.splitlines()
    assert [line.split(":")[1].rpartition("/")[2] for line in err] == ["lab.cmd line 2, lod", "lab.cmd line 4, lod 2"]
    assert workbench.lines == ["step", "back"]


def test_going_on_after_errors_ends_with_the_script_that_said_so(script, workbench, capsys):
    path = script(lab="source b.cmd\nlod\nstep\n", b="on error continue\nlod\nstep")
    assert main(["run", path]) == 1
    assert workbench.lines == ["step"]
    assert capsys.readouterr().err.count("\n") == 2


def test_on_error_is_for_scripts_only(workbench):
    runner = Runner(workbench, Screen(colour=False))
    assert runner.run("on error continue") is Outcome.FAILED
    assert runner.error == "on error is for scripts; at the prompt an error ends nothing"


def test_quit_in_a_sourced_script_leaves(script, workbench):
    assert main(["run", script(lab="source b.cmd\nstep\n", b="quit\n")]) == 0
    assert workbench.lines == []


def test_interrupted_script_ends_with_code_130(script, workbench, capsys):
    assert main(["run", script(lab="source b.cmd\nstep\n", b="run\nstep")]) == 130
    assert workbench.lines == ["run"]
    assert capsys.readouterr().err.rstrip().endswith("lab.cmd line 1, source b.cmd: interrupted")


def test_standard_input_is_a_script_too(script, workbench, piped):
    script(a="")
    piped("step\nback\n")
    assert main(["run", "-"]) == 0
    assert workbench.lines == ["step", "back"]


def test_source_at_the_prompt_says_how_many_failed(script, workbench, capsys):
    path = script(lab="on error continue\nlod\nlod\nstep")
    runner = Runner(workbench, Screen(colour=False))
    assert runner.run(f'source "{path}"') is Outcome.FAILED
    assert runner.error == f"{path}: 2 commands failed"
    assert runner.run("echo on") is Outcome.DONE


@pytest.mark.parametrize(("typed", "lines"), [("step\r", ["back", "step"]), ("", ["back"])])
def test_interactive_script_goes_on_at_the_prompt_in_the_same_session(script, workbench, monkeypatch, typed, lines):
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    left = typed.split()

    def read(prompt):
        if not left:
            raise EOFError
        return left.pop(0)

    monkeypatch.setattr("builtins.input", read)
    assert main(["run", script(lab="back\nlod\nstep"), "-i", "--linear"]) == 0
    assert (workbench.lines, workbench.saved) == (lines, 1)


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        pytest.param(["run"], "edu-hv run needs a file of commands", id="no-script"),
        pytest.param(["lab.cmd"], "to run a script write edu-hv run lab.cmd", id="without-run"),
        pytest.param(["run", "a", "-c", "step"], "-c belongs to edu-hv repl", id="commands"),
        pytest.param(["repl", "-x"], "-i and -x belong to edu-hv run", id="echo"),
        pytest.param(["run", "a.cmd", "-i"], "--interactive needs a terminal", id="no-terminal"),
    ],
)
def test_wrong_command_line_for_scripts(workbench, capsys, monkeypatch, argv, sentence):
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert main(argv) == 2
    assert sentence in capsys.readouterr().err


# ---- assertions, of a real machine ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def session():
    """HELLO at the end of its run."""
    session = DebugSession()
    session.load(["hello"])
    session.run()
    return session


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        pytest.param("R0 == 0 && step > 0", "", id="true"),
        pytest.param("R0 = 0", "", id="one-equals-sign"),
        pytest.param('guest = "bare"', "", id="name"),
        pytest.param("step <= 0", r"step <= 0 is not true: step is 0000\w+", id="seen"),
        pytest.param("R0 == R0 + 1", r"R0 == R0 \+ 1 is not true: R0 is (\w+) and R0 \+ 1 is \w+", id="both-sides"),
        pytest.param("0 == 1", "0 == 1 is not true", id="numbers-say-themselves"),
        pytest.param("0 && 1", "0 && 1 is not true", id="no-comparison"),
        pytest.param("R0 ==", "the expression ends where a value is wanted", id="unfinished"),
    ],
)
def test_assertion_says_what_was_seen(session, text, seen):
    if not seen:
        check_expression(session, text)
        return
    with pytest.raises(UserError, match=f"^{seen}"):
        check_expression(session, text)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        pytest.param('console "HELLO', "", id="open-quote"),
        pytest.param('console bare "HELLO"', "", id="guest"),
        pytest.param('console "GOODBYE"', 'the console of bare has no "GOODBYE"; its last line is: HELLO', id="other"),
        pytest.param('console NOBODY "HELLO"', 'there is no guest "NOBODY"', id="nobody"),
    ],
)
def test_assertion_about_a_console(session, text, seen):
    if not seen:
        assert check_console(session, text) or text.count('"') == 1
        return
    with pytest.raises(UserError) as caught:
        check_console(session, text)
    assert str(caught.value).startswith(seen)


def test_assertion_changes_nothing(session):
    before = session.system.comparable(), session.recording.unit, session.total
    for text in ("R0 == 0 || 1", "[200].g == 0 || 1", "psw.cc < 4"):
        check_expression(session, text)
    check_console(session, 'console "HELLO"')
    assert (session.system.comparable(), session.recording.unit, session.total) == before
