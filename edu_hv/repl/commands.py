"""The commands of the prompt itself: scripts, assertions, what is said and how.  They work at the prompt only.

Each takes the `Runner` that reads the line in the place of a workbench.
"""

from typing import TYPE_CHECKING, Any

from edu_hv.debugger.commands.files import file_names
from edu_hv.debugger.commands.registry import Argument, command
from edu_hv.debugger.views import TextView, View
from edu_hv.isa.errors import UserError
from edu_hv.repl.asserting import check_console, check_expression, names
from edu_hv.repl.background import NOTHING_RUNS
from edu_hv.repl.report import Verbosity

if TYPE_CHECKING:
    from edu_hv.repl.runner import Runner

GROUP = "prompt"


def _text(_: Any, text: str) -> str:
    return text


def _at_prompt(face: Any, name: str) -> "Runner":
    """The runner.  Raises UserError in other faces, which have no scripts and no line to say again."""
    from edu_hv.repl.runner import Runner

    if not isinstance(face, Runner):
        raise UserError(f"{name} is a command of edu-hv repl and of its scripts")
    return face


def _one_of(*words: str) -> Any:
    def parse(_: Any, text: str) -> str:
        if text.lower() not in words:
            raise UserError(f'"{text}" is none of {", ".join(words)}')
        return text.lower()

    return parse


FILE = Argument("FILE", _text, kind="file", offer=lambda _, text: file_names(text))


@command("source", FILE, group=GROUP, tutor=True, examples=("source lab1.cmd : run the commands in lab1.cmd",))
def source(face: "Runner", name: str) -> None:
    """Run a file of commands, one a line; # begins a comment, a backslash at the end goes on in the next line.

    The first error ends it, unless the file says "on error continue".  A script may source another one; its name is
    taken from the folder of the script that names it.  From the shell: edu-hv run FILE.
    """
    _at_prompt(face, "source").scripts.source(name)


@command("stop", group=GROUP, tutor=True, examples=("stop : end a run that was begun with run &",))
def stop(face: "Runner") -> list[View]:
    """Stop the guest that runs while you type, after "run &"."""
    return [] if _at_prompt(face, "stop").background.stop() else [NOTHING_RUNS]


@command(
    "echo",
    Argument("on|off|TEXT", _text, lambda _: ("on", "off"), optional=True, default="", rest=True, kind="text"),
    group=GROUP,
    tutor=True,
    examples=("echo on : show each command of a script before it is run", "echo part two : show these words"),
)
def echo(face: "Runner", text: str) -> list[View]:
    """Show each line of a script before it is run (echo on), no longer (echo off), or show a text."""
    if text.lower() in ("on", "off"):
        _at_prompt(face, "echo").scripts.echo = text.lower() == "on"
        return []
    return [TextView((text,))]


@command(
    "on",
    Argument("error", _one_of("error"), lambda _: ("error",), kind="choice"),
    Argument("stop|continue", _one_of("stop", "continue"), lambda _: ("stop", "continue"), kind="choice"),
    group=GROUP,
    tutor=True,
    examples=("on error continue : a script tells its errors and goes on", "on error stop : the first one ends it"),
)
def on(face: "Runner", _: str, what: str) -> None:
    """What a script does after an error: stop (that is usual) or continue.

    It holds for the rest of the script and for those that it sources.  With errors the script has failed all the same.
    """
    _at_prompt(face, "on").scripts.on_error(what)


@command(
    "assert",
    Argument("EXPRESSION", _text, names, rest=True, kind="expression"),
    group=GROUP,
    tutor=True,
    aliases=("expect",),
    examples=(
        "assert R5 == 1F : fails, and says what is in it, when register 5 holds something else",
        'assert console "HELLO" : fails when no line of the console has these words',
    ),
)
def assert_(face: "Runner", text: str) -> None:
    """Fail, with what was seen, when an expression is not true, or when a console has not typed some words.

    In a script that is an error with file and line: scripts test programs.  assert console GUEST "WORDS" names the
    guest.  In an expression = means the same as ==.
    """
    if check_console(face.session, text):
        return
    check_expression(face.session, text)


@command("say", group=GROUP, tutor=True, examples=("say : the last step again, in a sentence",))
def say(face: "Runner") -> list[View]:
    """Say the sentence of the last step or run once more."""
    runner = _at_prompt(face, "say")
    return [TextView((runner.screen.sentence or "Nothing has been stepped or run yet.",))]


@command(
    "verbosity",
    Argument(
        "terse|normal|spoken",
        _one_of(*(each.value for each in Verbosity)),
        lambda _: (each.value for each in Verbosity),
        optional=True,
        kind="choice",
    ),
    group=GROUP,
    tutor=True,
    examples=("verbosity spoken : one sentence a step", "verbosity normal : also what changed and what comes next"),
)
def verbosity(face: "Runner", word: str | None = None) -> list[View]:
    """How much is said: terse (a step is one sentence), normal, spoken (and every view is sentences to listen to)."""
    screen = _at_prompt(face, "verbosity").screen
    if word is not None:
        screen.verbosity = Verbosity(word)
    return [TextView((f"verbosity is {screen.verbosity.value}",))]
