"""The lines of a recording's file: JSON objects, each with a checksum over itself and all lines before it.

The first says the format, which edu-hv wrote it, and how many lines there are.  Nothing of the machine it was written
on is in it: no path, no name of a person, no time of day.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from zlib import crc32

from edu_hv import __version__
from edu_hv.isa.errors import UserError

FORMAT = 1
"""Goes up when an older edu-hv could not read what this one writes."""
MAGIC = "edu-hv recording"
MADE_BY = f"edu-hv {__version__}"
MOST_BYTES = 64 << 20
"""Of a file."""
MOST_LINES = 200_000

Record = dict[str, Any]
Upgrade = Callable[[Sequence[Record]], list[Record]]

UPGRADES: dict[int, Upgrade] = {}
"""What makes the records of the next format of those of an older one, header and all."""

_SUMMED = re.compile(rb'(\{.*),"sum":"([0-9a-f]{8})"\}', re.DOTALL)
_LONGEST_NUMBER = 18
"""Digits of a number in a line: any more are no position and no length."""


class Damaged(UserError):
    """A file that says something that no recording says; the place comes first."""


class Unusable(UserError):
    """A file that is in order, but needs what this edu-hv has not."""


# ---- writing ---------------------------------------------------------------------------------------------------------


def encoded(records: Sequence[Record]) -> bytes:
    """A file with these records behind the header."""
    header = {MAGIC: FORMAT, "made by": MADE_BY, "lines": len(records) + 1}
    lines: list[bytes] = []
    total = 0
    for record in (header, *records):
        body = json.dumps(record, separators=(",", ":"))[:-1].encode("ascii")
        total = crc32(body, total)
        lines.append(body + b',"sum":"%08x"}\n' % total)
    return b"".join(lines)


def is_recording(start: bytes) -> bool:
    """Whether a file that begins so is a recording, be it a damaged one or one of another format."""
    return start.startswith(b'{"%s":' % MAGIC.encode())


# ---- reading ---------------------------------------------------------------------------------------------------------


def decoded(data: bytes, name: str) -> tuple[str, list[Record]]:
    """Who made the file `name` with these contents, and its records, in this format.

    Raises UserError for what is no recording and for a newer format, Damaged with the place of a damage.
    """
    lines = [line.removesuffix(b"\r") for line in data.split(b"\n")]
    if not is_recording(lines[0]):
        raise UserError(f"{name} is not a recording of edu-hv: save writes one")
    if lines[-1] == b"":
        lines.pop()
    header = _header(lines[0], name)
    if len(lines) > MOST_LINES:
        raise Damaged(f"{name} has {len(lines):,} lines; a recording has {MOST_LINES:,} at most")
    records = _records(lines, header["lines"], name)
    for older in range(header[MAGIC], FORMAT):
        records = UPGRADES[older](records)
    return header["made by"], records[1:]


def _header(line: bytes, name: str) -> Record:
    """The first line, when it is of a format that can be read."""
    header = _parsed(line, 1, name)
    written, made_by, lines = header.get(MAGIC), header.get("made by"), header.get("lines")
    if not isinstance(written, int) or not isinstance(made_by, str) or not 0 < len(made_by) < 100:
        raise Damaged(f"{name} is damaged: line 1 does not say who made it in which format")
    if written > FORMAT:
        raise UserError(
            f"{name} is a recording of format {written}, made by {_printable(made_by)}; this is edu-hv {__version__}, "
            f"which reads format {FORMAT} and older ones: open it with a newer edu-hv"
        )
    if isinstance(lines, bool) or not isinstance(lines, int) or written not in (*UPGRADES, FORMAT):
        raise Damaged(f"{name} is damaged: line 1 names a format or a number of lines that there cannot be")
    return {**header, "made by": _printable(made_by)}


def _records(lines: Sequence[bytes], expected: int, name: str) -> list[Record]:
    """All lines, the header too.  Raises Damaged where one is not what was written."""
    records: list[Record] = []
    total = 0
    for number, line in enumerate(lines, 1):
        if number > expected:
            raise Damaged(f"{name} is damaged: line {number} stands behind the end, which is line {expected}")
        found = _SUMMED.fullmatch(line)
        total = crc32(found[1], total) if found else total
        if found is None or int(found[2], 16) != total:
            raise _damaged(line, number, expected, name, last=number == len(lines))
        records.append(_parsed(line, number, name))
    if len(records) < expected:
        raise Damaged(f"{name} is damaged: the file ends after line {len(records)} of {expected}")
    return records


def _damaged(line: bytes, number: int, expected: int, name: str, last: bool) -> Damaged:
    """What is wrong with a line whose checksum does not fit."""
    if (last and number < expected) or (last and not line.endswith(b"}")):
        return Damaged(f"{name} is damaged: the file ends within line {number} of {expected}")
    try:
        _parsed(line, number, name)
    except Damaged as error:
        return error
    return Damaged(f"{name} is damaged: line {number} has been changed or moved: its checksum does not fit")


def _parsed(line: bytes, number: int, name: str) -> Record:
    """The object that a line is.  Raises Damaged with line and column."""
    strange = next((at for at, byte in enumerate(line) if not 32 <= byte < 127), None)
    if strange is not None:
        raise Damaged(f"{name} is damaged: line {number}, column {strange + 1}: a byte X'{line[strange]:02X}' in text")
    try:
        found = json.loads(line, parse_float=_no_number, parse_constant=_no_number, parse_int=_integer)
    except json.JSONDecodeError as error:
        said = error.msg[:1].lower() + error.msg[1:]
        raise Damaged(f"{name} is damaged: line {number}, column {error.colno}: {said}") from None
    except (ValueError, RecursionError):
        raise Damaged(f"{name} is damaged: line {number} has a value that no recording has") from None
    if not isinstance(found, dict):
        raise Damaged(f"{name} is damaged: line {number} is no object of names and values")
    return found


def _integer(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise ValueError(text)
    return int(text)


def _no_number(text: str) -> None:
    raise ValueError(text)


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)


# ---- what a record says ----------------------------------------------------------------------------------------------


class Fields:
    """The values of a record, each looked at before it is used.  Every method raises Damaged with the line."""

    def __init__(self, record: Any, place: str) -> None:
        self.place = place
        """ "lab.rec is damaged: line 7"."""
        if not isinstance(record, dict):
            raise Damaged(f"{place} has something else where names and values should be")
        self._values = record

    def wrong(self, words: str) -> Damaged:
        """What is wrong in this line."""
        return Damaged(f"{self.place}: {words}")

    def _get(self, name: str) -> Any:
        if name not in self._values:
            raise self.wrong(f'"{name}" is missing')
        return self._values[name]

    def has(self, name: str) -> bool:
        """Whether there is a value that is not null."""
        return self._values.get(name) is not None

    def text(self, name: str, most: int = 200) -> str:
        """A text of so many letters at most."""
        value = self._get(name)
        if not isinstance(value, str) or len(value) > most:
            raise self.wrong(f'"{name}" is no text of at most {most:,} letters')
        return value

    def number(self, name: str, least: int, most: int) -> int:
        """A whole number."""
        value = self._get(name)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise self.wrong(f'"{name}" is no number from {least:,} to {most:,}')
        return value

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self._get(name)
        if not isinstance(value, bool):
            raise self.wrong(f'"{name}" is neither true nor false')
        return value

    def array(self, name: str, most: int) -> list[Any]:
        """A list of so many at most."""
        value = self._get(name)
        if not isinstance(value, list) or len(value) > most:
            raise self.wrong(f'"{name}" is no list of at most {most:,}')
        return value

    def texts(self, name: str, most: int, longest: int = 2000) -> tuple[str, ...]:
        """A list of texts."""
        found = self.array(name, most)
        if not all(isinstance(each, str) and len(each) <= longest for each in found):
            raise self.wrong(f'"{name}" is no list of texts of at most {longest:,} letters')
        return tuple(found)

    def numbers(self, name: str, most: int) -> list[int]:
        """A list of whole numbers from 0 on."""
        found = self.array(name, most)
        if not all(isinstance(each, int) and not isinstance(each, bool) and each >= 0 for each in found):
            raise self.wrong(f'"{name}" is no list of numbers')
        return found

    def within(self, name: str) -> "Fields":
        """Names and values within the line."""
        return Fields(self._get(name), f'{self.place}, "{name}"')

    def each_of(self, name: str, most: int) -> Iterable["Fields"]:
        """A list of them."""
        return [Fields(each, f'{self.place}, "{name}"') for each in self.array(name, most)]

    def items(self, most: int) -> dict[str, int]:
        """All values, numbers from 0 on by their names."""
        found = self._values
        if len(found) > most or not all(_is_count(each) for each in found.values()):
            raise self.wrong(f"no {most:,} numbers at most with names")
        return dict(found)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
