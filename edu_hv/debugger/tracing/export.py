"""A trace written to a file: as text, as JSON lines, or as a page for a browser.

Only the file that is named is written, and one that is there already only when it is an export of this session or when
the word replace was given.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edu_hv.debugger.tracing.export_html import html_lines
from edu_hv.debugger.tracing.filters import Filter, parse_filter
from edu_hv.debugger.tracing.instructions import MOST_STEPS, elsewhere, steps_of
from edu_hv.debugger.tracing.records import FORMAT, VERSION, Record, kind_and_fields
from edu_hv.debugger.viewing.history import in_words
from edu_hv.isa.errors import UserError

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession


@dataclass(frozen=True, slots=True)
class Heading:
    """What an exported trace is of."""

    of: str
    """"events" or "steps"."""
    guests: tuple[str, ...]
    first: int
    last: int
    total: int
    filter: str = ""

    @property
    def words(self) -> str:
        """In a sentence."""
        what = f" that match {self.filter}" if self.filter else ""
        who = " and ".join(self.guests) or "nobody"
        return f"{self.of}{what} of {who}, steps {self.first:,} to {self.last:,} of {self.total:,}"

    def plain(self) -> dict[str, object]:
        """The first line of a JSON-lines file."""
        steps = {"from_step": self.first, "to_step": self.last, "total_steps": self.total}
        return {
            "format": FORMAT, "version": VERSION, "of": self.of, "guests": list(self.guests), **steps,
            "filter": self.filter,
        }  # fmt: skip


Write = Callable[[Heading, Iterable[Record]], Iterator[str]]


def export_events(
    session: "DebugSession",
    path: Path,
    words: str = "",
    window: tuple[int, int] | None = None,
    replace: bool = False,
) -> int:
    """Write the events that the words describe, of some steps or of all that is recorded; how many there were.

    The name ends in .txt, .jsonl or .html.  Raises UserError when the file cannot be written, or is another's.
    """
    wanted = parse_filter(session, words)
    first, last = window or (0, session.total)
    heading = Heading("events", _guests(session), first, last, session.total, wanted.words)
    return _export(session, path, heading, _events(session, wanted, first, last), replace)


def export_steps(session: "DebugSession", path: Path, window: tuple[int, int], replace: bool = False) -> int:
    """Write each step of the recording from one to another, executed again: its instruction and what it changed.

    The session stands afterwards where it stood.
    """
    first, last = window
    if last - first >= MOST_STEPS:
        raise UserError(f"steps {first:,} to {last:,} are too many; give {MOST_STEPS:,} at most")
    heading = Heading("steps", _guests(session), first, last, session.total)
    with elsewhere(session):
        return _export(session, path, heading, steps_of(session, first, last), replace)


def _guests(session: "DebugSession") -> tuple[str, ...]:
    return tuple(guest.name for guest in session.system.guests)


def _events(session: "DebugSession", wanted: Filter, first: int, last: int) -> Iterator[Record]:
    journal = session.journal
    for place in journal.matching(journal.places(first, last), wanted.matches):
        entry = journal.entry(place)
        told = in_words(session, entry)
        yield Record(entry.step, entry.unit, entry.guest, told.layer, *kind_and_fields(entry.event), told.text)


# ---- files -----------------------------------------------------------------------------------------------------------


def _export(session: "DebugSession", path: Path, heading: Heading, records: Iterable[Record], replace: bool) -> int:
    write, name = _FORMATS.get(path.suffix.lower()), _short(path)
    if write is None:
        raise UserError(f"{name} says no format: give a name ending in {', '.join(FORMATS[:-1])} or {FORMATS[-1]}")
    counted = _Counted(records)
    try:
        if path.exists() and not (replace and path.is_file()) and path.resolve() not in session.tracing.exported:
            raise UserError(f"{name} is there already, and export has not written it: give another name or add replace")
        with path.open("w", encoding="utf-8", newline="\n") as file:
            session.tracing.exported.add(path.resolve())
            file.writelines(f"{line}\n" for line in write(heading, counted))
    except OSError as error:
        raise UserError(f"{name} cannot be written: {(error.strerror or str(error)).lower()}") from error
    return counted.count


def _short(path: Path) -> str:
    """A path as a message names it."""
    name = str(path)
    return name if len(name) <= _LONGEST else f"...{name[-_LONGEST:]}"


_LONGEST = 100


class _Counted:
    """Passes records on and counts them."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._records = records
        self.count = 0

    def __iter__(self) -> Iterator[Record]:
        for record in self._records:
            self.count += 1
            yield record


def text_lines(heading: Heading, records: Iterable[Record]) -> Iterator[str]:
    """One line for each record: step, whose doing, guest, words."""
    yield f"trace of {heading.words}"
    yield f"{'step':>10}  {'who':<8}  {'guest':<8}  what"
    for each in records:
        yield f"{each.step:>10}  {each.layer.value:<8}  {each.guest:<8}  {_printable(each.words)}"


def json_lines(heading: Heading, records: Iterable[Record]) -> Iterator[str]:
    """A line that says what the file is, then an object for each record."""
    yield json.dumps(heading.plain())
    for each in records:
        yield json.dumps(each.plain())


def _printable(words: str) -> str:
    return words if words.isprintable() else "".join(c if c.isprintable() else "." for c in words)


def _html(heading: Heading, records: Iterable[Record]) -> Iterator[str]:
    return html_lines(heading.words, records)


_FORMATS: dict[str, Write] = {".txt": text_lines, ".jsonl": json_lines, ".html": _html}
FORMATS = tuple(_FORMATS)
"""Endings of the names of exported files."""
