"""Transcripts in a document: lines "cp> COMMAND" and what follows them, as the command line shows it."""

from types import SimpleNamespace

from edu_hv.debugger.commands.registry import REGISTRY
from edu_hv.debugger.session import DebugSession
from edu_hv.isa.errors import UserError
from edu_hv.repl.report import look, report

PROMPT = "cp> "
WIDTH = 79


def blocks(document: str) -> list[list[str]]:
    """The lines of each indented or fenced block that has a prompt in it."""
    found: list[list[str]] = []
    for part in document.split("```")[1::2]:
        lines = part.split("\n")[1:-1]
        if any(line.startswith(PROMPT) for line in lines):
            found.append(lines)
    return found


def commands(lines: list[str]) -> list[str]:
    """What was typed in a transcript."""
    return [line.removeprefix(PROMPT) for line in lines if line.startswith(PROMPT)]


def said(session: DebugSession, command: str) -> list[str]:
    """What the command line shows after a command."""
    workbench = SimpleNamespace(session=session, lesson=None)
    before = look(workbench)
    try:
        views = REGISTRY.execute(workbench, command)
    except UserError as error:
        return str(error).splitlines()
    return [line for block in report(workbench, before, views, WIDTH) for line in block.lines]


def played(session: DebugSession, lines: list[str]) -> list[str]:
    """The transcript as it is when its commands are given now; "..." stands for what is left out of it."""
    shown: list[str] = []
    for command in commands(lines):
        shown += [PROMPT + command, *said(session, command)]
    return shown
