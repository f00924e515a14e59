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
        self.added = 0
        """Entries since the start, those no longer kept included."""
        self._unread = 0
        """So many of the last entries are being read, from their beginning; 0 once the user has scrolled."""

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
        self.scrolled = self._unread = 0
        self.added += len(rows)
        self.view = (*(self.view or ()), *rows)[-KEPT:]

    def content(self, view: tuple[Row, ...], width: int, height: int) -> Sequence[Row]:
        return [line for each in view for line in _wrapped(each, width)]

    def read_from(self, entries: int) -> None:
        """Scroll so that the last `entries` are read from their beginning, whatever size the pane has or is given."""
        self._unread = entries
        self.update_rows()

    def _window(self, rows: Sequence[Row], room: int) -> tuple[Sequence[Row], str]:
        if self._unread:
            last = self.content((self.view or ())[-self._unread :], max(1, self.size.width - 2), room)
            self.scrolled = max(0, len(last) - room)
        return super()._window(rows, room)

    def action_move(self, rows: int) -> None:
        self._unread = 0
        super().action_move(rows)

    def last(self, rows: int) -> Sequence[Row]:
        """The last few entries."""
        return (self.view or ())[-rows:]


@lru_cache(maxsize=2 * KEPT)
def _wrapped(entry: Row, width: int) -> Sequence[Row]:
    return wrap(entry, width, indent="  ") or [entry]


BETWEEN = (" : ", "quiet")
"""Between a command and its answer where they share a row."""


def in_one(entries: Sequence[Row], width: int, height: int) -> list[Row]:
    """The command and a long answer behind it, flowing over `height` rows; the answer alone where it needs them all."""
    parts = [(*(BETWEEN,) * bool(n), *entry) for n, entry in enumerate(entries)]
    flow = [(re.sub(" {2,}", " ", re.sub(" {2,}$", "", text)), role) for part in parts for text, role in part]
    rows = wrap(flow, width)
    if len(rows) <= height:
        return rows
    return flowing(entries[1:], width, height)


def flowing(entries: Sequence[Row], width: int, height: int) -> list[Row]:
    """Entries one behind the other as far as they go; a mark says that there is more."""
    flow = [span for n, entry in enumerate(entries) for span in ((" " * bool(n), "text"), *entry)]
    rows = wrap(row(*flow), width)
    if len(rows) <= height:
        return rows
    return [*rows[: height - 1], between(rows[height - 1], MORE, width)]


class EchoRows(Rows):
    """The last command and its answer.  Of a longer answer: how it begins, and that there is more.

    What the lesson says comes first: it is not said anywhere else.
    """

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._entries: Sequence[Row] = ()
        self._said: Sequence[Row] = ()

    def show(self, entries: Sequence[Row], said: Sequence[Row] = ()) -> None:
        """The command and all that it answered; `said`: the newest words of the lesson among that."""
        self._entries, self._said = entries, said
        self.update_rows()

    def make_rows(self, width: int, height: int) -> Sequence[Row]:
        entries = self._entries
        if self._said:
            return flowing(self._said, width, height)
        if len(entries) <= height:
            wide = any(length(entry) > width for entry in entries)
            return (in_one if len(entries) > 1 else flowing)(entries, width, height) if wide else entries
        return [*entries[1:height], between(entries[height], MORE, width)]
