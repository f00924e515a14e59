"""Pane 8: commands and their answers, and the two rows that stand for it where there is no room for the pane."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from edu_hv_tui.text.console import answer_rows, echo_row, error_row
from edu_hv_tui.text.rows import Row, between, length, row, wrap
from edu_hv_tui.widgets.pane import Pane
from edu_hv_tui.widgets.rows import Rows

MORE = row("  ", ("8", "key"), (" reads on", "quiet"))
KEPT = 400
"""Rows of the past that can be scrolled back to."""


class CommandPane(Pane[tuple[Row, ...]]):
    """Every command that was run, by hand or by key, and its answer."""

    number, name_shown, tail = "8", "commands", True

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.view = ()
        self._unread = 0

    def echo(self, line: str, key: str = "") -> None:
        """A command as it is run."""
        self._append([echo_row(line, key)])

    def answer(self, lines: Iterable[str]) -> None:
        """What it answered."""
        self._append(answer_rows(lines))

    def error(self, sentence: str) -> None:
        """Why it was not carried out."""
        self._append([error_row(sentence)])

    def _append(self, rows: Sequence[Row]) -> None:
        self.scrolled = 0
        self.view = (*(self.view or ()), *rows)[-KEPT:]

    def content(self, view: tuple[Row, ...], width: int, height: int) -> Sequence[Row]:
        return [line for each in view for line in _wrapped(each, width)]

    def read_from(self, entries: int) -> None:
        """Scroll so that the last `entries` are read from their beginning, as soon as the pane has its size."""
        self._unread = entries
        self.update_rows()

    def _window(self, rows: Sequence[Row], room: int) -> tuple[Sequence[Row], str]:
        if self._unread:
            last = self.content((self.view or ())[-self._unread :], max(1, self.size.width - 2), room)
            self.scrolled, self._unread = max(0, len(last) - room), 0
        return super()._window(rows, room)

    def last(self, rows: int) -> Sequence[Row]:
        """The last few entries."""
        return (self.view or ())[-rows:]


@lru_cache(maxsize=2 * KEPT)
def _wrapped(entry: Row, width: int) -> Sequence[Row]:
    return wrap(entry, width, indent="  ") or [entry]


def in_one(entries: Sequence[Row], width: int, height: int) -> list[Row]:
    """The command and a long answer behind it, flowing over `height` rows."""
    flow = [(re.sub(" {2,}", " ", text), role) for entry in entries for text, role in (*entry, ("  ", "text"))]
    rows = wrap(flow, width)
    if len(rows) <= height:
        return rows
    return [*rows[: height - 1], row(*rows[height - 1], " ", *rows[height])]


class EchoRows(Rows):
    """The last command and its answer.  Of a longer answer: how it begins, and that there is more."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._entries: Sequence[Row] = ()

    def show(self, entries: Sequence[Row]) -> None:
        """The command and all that it answered."""
        self._entries = entries
        self.update_rows()

    def make_rows(self, width: int, height: int) -> Sequence[Row]:
        entries = self._entries
        if len(entries) <= height:
            wide = any(length(entry) > width for entry in entries)
            return in_one(entries, width, height) if wide else entries
        return [*entries[1:height], between(entries[height], MORE, width)]
