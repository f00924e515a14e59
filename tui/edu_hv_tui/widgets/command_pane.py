"""Pane 8: commands and their answers, and the two rows that stand for it where there is no room for the pane."""

from collections.abc import Iterable, Sequence

from edu_hv_tui.text.console import answer_rows, echo_row, error_row
from edu_hv_tui.text.rows import Row, wrap
from edu_hv_tui.widgets.pane import Pane
from edu_hv_tui.widgets.rows import Rows

KEPT = 400
"""Rows of the past that can be scrolled back to."""


class CommandPane(Pane[tuple[Row, ...]]):
    """Every command that was run, by hand or by key, and its answer."""

    number, name_shown, tail = "8", "commands", True

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.view = ()

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
        return [line for each in view for line in (wrap(each, width, indent="  ") or [each])]

    def from_the_end(self, entries: int) -> None:
        """Scroll so that the last `entries` are read from their beginning."""
        width, room = max(1, self.size.width - 2), max(1, self.size.height - 2)
        rows = self.content((self.view or ())[-entries:], width, 0)
        self.scrolled = max(0, len(rows) - room)

    def last(self, rows: int) -> Sequence[Row]:
        """The last few rows."""
        return (self.view or ())[-rows:]


class EchoRows(Rows):
    """The last command and its answer."""

    def __init__(self, commands: CommandPane, *, id: str) -> None:
        super().__init__(id=id)
        self._commands = commands

    def make_rows(self, width: int, height: int) -> Sequence[Row]:
        return self._commands.last(height)
