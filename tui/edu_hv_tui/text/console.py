"""The command console: each command as it was run, by hand or by key, and what it answered."""

import re
from collections.abc import Iterable
from dataclasses import replace

from edu_hv.debugger.text import as_lines
from edu_hv.debugger.views import BreakpointsView, BreakpointView, StopView
from edu_hv_tui.text.rows import Row, row

PROMPT = "cp> "
KEY_COLUMN = 24
UNBROKEN = 100_000
"""Columns of a line that is broken later, where its pane ends."""
REACHED = re.compile(r"Goal \d+ reached|Lesson \d+, .* is done")


def echo_row(line: str, key: str = "") -> Row:
    """A command as if typed; the key that ran it, where one did, stands behind it."""
    if not key:
        return row((PROMPT, "quiet"), (line, "echo"))
    return row((PROMPT, "quiet"), (f"{line:<{KEY_COLUMN - len(PROMPT)}}", "echo"), (f" ( {key} )", "quiet"))


def answer_rows(lines: Iterable[str]) -> list[Row]:
    """What a command answered."""
    return [row((line, "done" if REACHED.match(line) else "text")) for line in lines]


def stop_line(view: StopView) -> str:
    """Why it stopped, where the sentence does not say so by itself, and the sentence.

    The position in the recording is in the status row; so is the stage of a trap.
    """
    reason = "step" if view.reason.startswith("trap: ") else view.reason
    sentence, *why = as_lines(replace(view, total=view.step, reason=reason), UNBROKEN)
    return "; ".join([*why, sentence])


def _where(stop: BreakpointView) -> str:
    """Its address and label; what it is set on, where that is something else."""
    return stop.what if stop.address is None else f"at {stop.address:06X} {stop.label}".rstrip()


def breakpoints_line(view: BreakpointsView) -> str:
    """All breakpoints in one row, the newest first."""
    newest = sorted(view.breakpoints, key=lambda each: -each.number)
    words = [f"{each.number} {_where(each)}{'' if each.enabled else ' (off)'}" for each in newest]
    return f"breakpoints: {', '.join(words)}" if words else "no breakpoints"


def error_row(sentence: str) -> Row:
    """What went wrong, marked by a word and not by its colour alone."""
    return row(("! ", "error"), (sentence, "error"))
