"""The `edu-hv` command: arguments, and which face to start.  Read next: `loop` and `runner`."""

import argparse
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TextIO

from edu_hv import __version__
from edu_hv.isa.errors import UserError
from edu_hv.repl.complaints import FULL, complain, is_full

if TYPE_CHECKING:
    from edu_hv.repl.runner import Runner
    from edu_hv.tutor.workbench import Workbench

HELP = """\
usage: edu-hv [tui [PROGRAM] | repl [PROGRAM] | run SCRIPT] [options]
See how a hypervisor works: a System/370 under a VM/370-style control program,
stepped forwards and backwards, with lessons.

  edu-hv                full screen, at the lesson where you left off
  edu-hv repl           the same commands, line by line
  edu-hv repl my.asm    assemble and load a program of your own
  edu-hv repl lab.rec   open a recording that save has written
  edu-hv repl -c "load bare kernel" -c step     run commands and end
  edu-hv run lab.cmd    run a file of commands, with nothing loaded at first

  --lesson N         begin with lesson N
  -c COMMAND         run COMMAND in the repl and end; may be given many times
  -i, --interactive  go on at the prompt when the script is done
  -x                 show each command of the script before it is run
  --linear           for screen readers: nothing is redrawn, a sentence a step
  --version, -h, --help

Commands from -c, a script or a pipe (edu-hv repl <lab.cmd) stop at the first
error or false assertion with exit code 1; 2 means a wrong command line, 130
interrupted.  What CP answers, its error messages too, is no such error.
Inside, help lists all commands; help source is about scripts.
"""


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError in place of printing and ending the program."""
        raise UsageError(f"{message}; edu-hv --help shows what can be given")


class UsageError(UserError):
    """The command line itself is wrong; exit code 2, as is the custom."""


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """The arguments.  Raises UsageError with one sentence."""
    parser = Parser(prog="edu-hv", add_help=False, allow_abbrev=False)
    parser.add_argument("face", nargs="?", default="tui")
    parser.add_argument("program", nargs="?")
    parser.add_argument("--lesson", metavar="N")
    parser.add_argument("-c", dest="commands", metavar="COMMAND", action="append")
    parser.add_argument("-i", "--interactive", action="store_true")
    parser.add_argument("-x", dest="echo", action="store_true")
    parser.add_argument("--linear", action="store_true")
    parser.add_argument("--version", action="store_true")
    parser.add_argument("-h", "--help", action="store_true")
    options = parser.parse_intermixed_args(argv)
    _check(options)
    return options


def _check(options: argparse.Namespace) -> None:
    """The arguments agree with each other.  Raises UsageError."""
    face = options.face
    if face not in ("tui", "repl", "run"):
        wanted = (
            f"to run a script write edu-hv run {face}"
            if face.endswith(".cmd")
            else (f"to load a program write edu-hv repl {face}")
        )
        raise UsageError(f'"{face}" is neither tui nor repl nor run; {wanted}')
    if face == "tui" and (options.commands or options.linear):
        raise UsageError("-c and --linear belong to edu-hv repl")
    if face == "run" and options.program is None:
        raise UsageError("edu-hv run needs a file of commands: edu-hv run lab.cmd, or - for standard input")
    if face == "run" and options.commands:
        raise UsageError("-c belongs to edu-hv repl; edu-hv run takes a file of commands")
    if face != "run" and (options.interactive or options.echo):
        raise UsageError("-i and -x belong to edu-hv run")


def main(argv: Sequence[str] | None = None) -> int:
    """The `edu-hv` command.  Exit code: 0; 1 after an error; 2 for a command line that is wrong."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        _forgive(stream)
    try:
        return _start(parse(argv))
    except UserError as error:
        return _fail(str(error), 2 if isinstance(error, UsageError) else 1)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output, `head` say, has gone
        return 1
    except Exception as error:  # noqa: BLE001  a defect of ours: one sentence, and the traceback in a file
        if is_full(error):
            return _fail(FULL, 1)
        from edu_hv.repl.files import log_defect

        return _fail(log_defect(error, "start"), 1)
    finally:
        _flush_or_discard()


def _flush_or_discard() -> None:
    """Write what is still to be written; when nobody can read it any more, let it go without a word."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _start(options: argparse.Namespace) -> int:
    if options.help:
        print(HELP, end="")
        return 0
    if options.version:
        print(f"edu-hv {__version__}")
        return 0
    if options.face == "run":
        return start_script(options)
    _check_program(options.program)
    return start_screen(options) if options.face == "tui" else start_repl(options)


def start_screen(options: argparse.Namespace) -> int:
    """The full screen.  Raises UserError where there is no terminal for it."""
    missing = screen_missing(sys.stdin, sys.stdout, os.environ.get("TERM", ""))
    if missing:
        raise UserError(f"the full screen needs a terminal, but {missing}; edu-hv repl has the same commands")
    try:
        from edu_hv_tui.app import run
    except ModuleNotFoundError as error:
        raise UserError(f"the full screen needs {error.name}, which is not installed; edu-hv repl works") from error

    def open_workbench() -> "Workbench":
        workbench = _open(options)
        if options.program:
            workbench.execute(_load_line(options.program))
        workbench.keeps_session = True
        return workbench

    return run(open_workbench)


def screen_missing(stdin: TextIO, stdout: TextIO, term: str) -> str:
    """Why there can be no full screen here, or ""."""
    if not stdout.isatty():
        return "standard output is not one"
    if not stdin.isatty():
        return "standard input is not one"
    return f"TERM is {term or 'not set'}" if term in ("", "dumb", "unknown") and os.name == "posix" else ""


def start_repl(options: argparse.Namespace) -> int:
    """The command line, or commands from -c or a pipe.  Raises UserError when lesson or program cannot be opened."""
    from edu_hv.repl.script import finish

    workbench = _open(options)
    if options.commands is None and sys.stdin.isatty():
        return _converse(_runner(workbench, options), options)
    lines, what = (options.commands, "command") if options.commands is not None else (sys.stdin, "line")
    runner = _runner(workbench, options, plain=True)
    runner.screen.show_views(workbench.take_messages())
    _load(runner, options.program)
    code = finish(runner.scripts, runner.scripts.play(lines, what))
    workbench.save()
    return code


def start_script(options: argparse.Namespace) -> int:
    """A file of commands; then, when it is to be interactive and has not quit, the prompt.

    Raises UserError when the file cannot be read.
    """
    from edu_hv.repl.outcome import Outcome
    from edu_hv.repl.script import finish

    if options.interactive and (not sys.stdin.isatty() or options.program == "-"):
        raise UsageError("--interactive needs a terminal to type on")
    runner = _runner(_open_for_script(options), options, plain=not options.interactive)
    runner.scripts.echo = options.echo
    runner.scripts.complain = complain
    runner.screen.show_views(runner.workbench.take_messages())
    outcome = (
        runner.scripts.play(sys.stdin, "line")
        if options.program == "-"
        else (runner.scripts.play_file(options.program))
    )
    code = finish(runner.scripts, outcome)
    if options.interactive and outcome is not Outcome.QUIT:
        return _converse(runner, options, greets=False)
    runner.workbench.save()
    return code


def _runner(workbench: "Workbench", options: argparse.Namespace, plain: bool = False) -> "Runner":
    """What runs lines, and shows what comes of them: in colour at a prompt that has it, else `plain`."""
    from edu_hv.repl.render import Screen
    from edu_hv.repl.report import Verbosity
    from edu_hv.repl.runner import Runner

    verbosity = Verbosity.SPOKEN if options.linear else Verbosity.NORMAL
    return Runner(workbench, Screen(not plain and _colour(options.linear), verbosity=verbosity))


def _open(options: argparse.Namespace) -> "Workbench":
    from edu_hv.tutor.workbench import Workbench

    workbench = Workbench.open(lesson=options.lesson)
    if options.program and options.lesson is None:
        workbench.lesson = None  # a program of one's own reaches no goals
    return workbench


def _open_for_script(options: argparse.Namespace) -> "Workbench":
    """A workbench with nothing loaded: what a script does must not depend on where the student left."""
    from edu_hv.debugger.session import DebugSession
    from edu_hv.tutor.library import Library
    from edu_hv.tutor.progress import Progress
    from edu_hv.tutor.workbench import Workbench

    if options.lesson is not None:
        return Workbench.open(lesson=options.lesson)
    return Workbench(DebugSession(), Library.open(), Progress.open(None))


def _converse(runner: "Runner", options: argparse.Namespace, greets: bool = True) -> int:
    from edu_hv.repl.choices import Choices
    from edu_hv.repl.files import open_history
    from edu_hv.repl.loop import Loop
    from edu_hv.repl.prompt import PromptReader, is_dumb, linear_reader

    problem = ""
    if options.linear:
        choices = Choices(runner.workbench.complete, runner.screen.say)
        loop = Loop(runner, linear_reader, repeats=False, choices=choices)
    elif is_dumb():
        loop = Loop(runner, linear_reader)
    else:
        history, problem = open_history()
        loop = Loop(runner, PromptReader(runner.workbench, history, runner.background))
    runner.workbench.keeps_session = True
    if greets:
        loop.welcome(where=options.program is None or options.lesson is not None)
    if problem:
        runner.screen.say(problem, "error")
    if options.face == "repl":
        _load(runner, options.program)
    return loop.run()


def _load(runner: "Runner", program: str | None) -> None:
    """Load a program of the person's own.  Raises UserError when it cannot be."""
    from edu_hv.repl.runner import Outcome

    if program is not None and runner.run(_load_line(program)) is Outcome.FAILED:
        raise UserError(runner.error)


def _load_line(program: str) -> str:
    from edu_hv.debugger.files.opening import is_recording_file

    return f'open "{program}"' if is_recording_file(Path(program)) else f'load bare "{program}"'


def _colour(linear: bool) -> bool:
    """Whether to use colour: only on a terminal that has it, for a person who has not asked for none."""
    plain = linear or os.environ.get("NO_COLOR") or os.environ.get("TERM") in ("dumb", "unknown")
    return sys.stdout.isatty() and not plain


def _check_program(program: str | None) -> None:
    """A program file must be there before anything starts."""
    if program is None:
        return
    try:
        with Path(program).open("rb"):
            pass
    except OSError as error:
        raise UserError(f"{program} cannot be read: {(error.strerror or str(error)).lower()}") from error


def _forgive(stream: TextIO) -> None:
    """Bytes that are no text, and characters a terminal does not have, are replaced, never a traceback."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")


def _fail(sentence: str, code: int) -> int:
    complain(sentence)
    return code
