"""Mistakes in a source file: `Mistake` while a statement is read, `AssemblyError` with all of them for the user."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from edu_hv.isa.errors import UserError


class Mistake(Exception):
    """A mistake in one statement; `at` is the offset in the statement's text where it was noticed."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.message = message
        self.at = at


class UndefinedSymbol(Mistake):
    """A symbol without a definition, or, in the first pass, without one so far."""

    def __init__(self, message: str, at: int, symbol: str) -> None:
        super().__init__(message, at)
        self.symbol = symbol


@dataclass(frozen=True, order=True)
class Diagnostic:
    """One mistake: line and column count from 1; `source` is the line as it was written."""

    line: int
    column: int
    message: str
    source: str

    def text(self, name: str) -> str:
        """Three lines: file:line:column: message, the source line, a caret under the column."""
        return f"{name}:{self.line}:{self.column}: {self.message}\n    {self.source}\n    {' ' * (self.column - 1)}^"


class AssemblyError(UserError):
    """Everything that is wrong with one source file, in the order of the lines."""

    def __init__(self, name: str, errors: Iterable[Diagnostic]) -> None:
        self.name = name
        self.errors = tuple(sorted(set(errors)))
        super().__init__("\n".join(error.text(name) for error in self.errors))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """ "; did you mean MVZ?" when a known word is close to `word`, else nothing."""
    close = get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def shortened(text: str, limit: int = 24) -> str:
    """`text` cut to `limit` characters, for a message."""
    return text if len(text) <= limit else text[: limit - 3] + "..."
