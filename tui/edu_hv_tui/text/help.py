"""The help: every key from the key table, every command from the registry, the marks."""

from collections.abc import Sequence

from edu_hv.debugger.views import HelpEntry
from edu_hv_tui.keys import ALSO, KEYS, Key
from edu_hv_tui.text.rows import Row, row, wrap
from edu_hv_tui.text.timeline import LEGEND

MARKS = (
    ("> . ! B", "in the code: the instruction to come, executed, trap taken here, breakpoint"),
    ("* <", "written, read by the last step"),
    ("timeline", LEGEND),
)
WORDS = 22


def help_rows(entries: Sequence[HelpEntry], width: int) -> list[Row]:
    """Everything, to scroll through."""
    rows = [row(("Keys (a capital letter goes the other way)", "heading"))]
    for key in KEYS:
        rows += _entry(_shown(key), _words(key), width)
    rows += [row(), row(("Marks", "heading"))]
    for mark, words in MARKS:
        rows += _entry(mark, words, width)
    for group in dict.fromkeys(entry.group for entry in entries):
        rows += [row(), row((f"Commands: {group}", "heading"))]
        for entry in (each for each in entries if each.group == group):
            rows += _entry(entry.usage, entry.summary, width)
    return rows


def _shown(key: Key) -> str:
    others = [ALSO.get(each, each.upper()) for each in key.keys[1:] if each in ALSO or each[1:].isdigit()]
    return " ".join([key.shown, *others])


def _words(key: Key) -> str:
    return f"{key.summary}  (runs: {key.words})" if key.line else key.summary


def _entry(name: str, words: str, width: int) -> list[Row]:
    left = row((f"  {name:<{WORDS - 3}} ", "key"))
    if len(name) > WORDS - 3:
        return [left, *wrap([(" " * WORDS, "text"), (words, "text")], width, indent=" " * WORDS)]
    first, *more = wrap([(words, "text")], max(20, width - WORDS)) or [row()]
    return [row(*left, *first), *(row(" " * WORDS, *line) for line in more)]
