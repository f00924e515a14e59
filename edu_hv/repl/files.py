"""What the REPL keeps on disk: the history of commands, and a log of our own defects."""

import traceback
from collections.abc import Iterable
from datetime import datetime

from platformdirs import user_log_path, user_state_path
from prompt_toolkit.history import FileHistory, History, InMemoryHistory


class KeptHistory(FileHistory):
    """A history file.  When it can no longer be written, commands are remembered until the end of the program."""

    def store_string(self, string: str) -> None:
        """Append one command."""
        try:
            super().store_string(string)
        except OSError:
            return

    def load_history_strings(self) -> Iterable[str]:
        """All commands, newest first."""
        try:
            return super().load_history_strings()
        except OSError:
            return []


def open_history() -> tuple[History, str]:
    """The history, and "" or one sentence that says why it will not be kept."""
    path = user_state_path("edu-hv", appauthor=False) / "history"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab"):
            pass
    except OSError as error:
        return InMemoryHistory(), f"The history of commands will not be kept: {path}: {error.strerror or error}."
    return KeptHistory(path), ""


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
