"""The command console: each command as it was run, by hand or by key, and what it answered."""

import re
from collections.abc import Iterable

from edu_hv.debugger.views import BreakpointsView
from edu_hv_tui.text.rows import Row, row

PROMPT = "cp> "
KEY_COLUMN = 24
REACHED = re.compile(r"Goal \d+ reached|Lesson \d+, .* is done")


def echo_row(line: str, key: str = "") -> Row:
    """A command as if typed; the key that ran it, where one did, stands behind it."""
    if not key:
        return row((PROMPT, "quiet"), (line, "echo"))
    return row((PROMPT, "quiet"), (f"{line:<{KEY_COLUMN - len(PROMPT)}}", "echo"), (f" ( {key} )", "quiet"))


def answer_rows(lines: Iterable[str]) -> list[Row]:
    """What a command answered."""
    return [row((line, "done" if REACHED.match(line) else "text")) for line in lines]


def breakpoints_line(view: BreakpointsView) -> str:
    """All breakpoints in one row, the newest first."""
    newest = sorted(view.breakpoints, key=lambda each: -each.number)
    words = [f"{each.number} at {each.address:06X} {each.label}".rstrip() for each in newest]
    return f"breakpoints: {', '.join(words)}" if words else "no breakpoints"


def error_row(sentence: str) -> Row:
    """What went wrong, marked by a word and not by its colour alone."""
    return row(("! ", "error"), (sentence, "error"))
