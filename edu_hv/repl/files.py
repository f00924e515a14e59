"""What the REPL keeps on disk: the history of commands, and a log of our own defects."""

import os
import traceback
from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from pathlib import Path

from platformdirs import user_log_path, user_state_path
from prompt_toolkit.history import FileHistory, History, InMemoryHistory

from edu_hv.debugger.commands.registry import REGISTRY
from edu_hv.isa.errors import UserError

MOST_KEPT = 5000
"""Commands in the history file; from twice as many on the oldest are dropped when it is opened."""
UNRECORDED = ("answer",)
"""Commands that are not remembered: what one answered a lesson must not answer it again."""


def is_remembered(line: str) -> bool:
    """Whether a line belongs into the history: no answer to a lesson, and nothing that begins with a blank."""
    if not line.strip() or line[:1].isspace():
        return False
    try:
        return REGISTRY.find(line.split()[0]).name not in UNRECORDED
    except UserError:
        return True  # a mistake can be mended from there


class SessionHistory(InMemoryHistory):
    """A history that ends with the program."""

    def append_string(self, string: str) -> None:
        """Remember one command, if it is to be remembered."""
        if is_remembered(string):
            super().append_string(string)


class KeptHistory(FileHistory):
    """A history file.  When it can no longer be written, commands are remembered until the end of the program."""

    def append_string(self, string: str) -> None:
        """Remember one command, if it is to be remembered."""
        if is_remembered(string):
            super().append_string(string)

    def store_string(self, string: str) -> None:
        """Append one command."""
        try:
            super().store_string(string)
        except OSError:
            return

    def load_history_strings(self) -> Iterable[str]:
        """The newest commands, newest first."""
        try:
            return list(islice(super().load_history_strings(), MOST_KEPT))
        except OSError:
            return []

    def shorten(self) -> None:
        """Drop the oldest commands of a file that has grown to twice of what is kept."""
        path = Path(os.fsdecode(self.filename))
        commands = list(super().load_history_strings())
        if len(commands) < 2 * MOST_KEPT:
            return
        shorter = path.with_suffix(".new")
        kept = [f"\n# shortened\n{_entry(command)}" for command in reversed(commands[:MOST_KEPT])]
        shorter.write_text("".join(kept), encoding="utf-8", errors="replace")
        shorter.replace(path)


def _entry(command: str) -> str:
    return "".join(f"+{line}\n" for line in command.split("\n"))


def open_history() -> tuple[History, str]:
    """The history, and "" or one sentence that says why it will not be kept."""
    path = user_state_path("edu-hv", appauthor=False) / "history"
    history = KeptHistory(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab"):
            pass
        history.shorten()
    except OSError as error:
        reason = error.strerror or error
        return SessionHistory(), f"The history of commands will not be kept: {path}: {str(reason).lower()}."
    return history, ""


def log_defect(error: BaseException, doing: str) -> str:
    """Write the traceback of a defect of ours to the log file; one sentence that says where it is."""
    path = user_log_path("edu-hv", appauthor=False) / "edu-hv-repl.log"
    what = f"edu-hv itself failed ({type(error).__name__}) at: {doing}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8", errors="replace") as log:
            log.write(f"{datetime.now().isoformat(' ', 'seconds')}  {doing}\n")
            log.writelines(traceback.format_exception(error))
            log.write("\n")
    except OSError:
        return f"{what}; the log file {path} cannot be written."
    return f"{what}; the details are in {path}."
