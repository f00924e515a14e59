"""Source lines to statements: name, operation and operand fields, remarks, continuation.

GC33-4010 "Assembler Language Coding Conventions": a statement stands in columns 1-71; a character in column 72
continues it in column 16 of the next line; columns 73-80 are not read.  Read next: `expressions`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from edu_hv.asm.diagnostics import Mistake

END_COLUMN = 71
CONTINUE_COLUMN = 16
SYMBOL = re.compile(r"[A-Za-z$#@][A-Za-z0-9$#@]*")
_SYMBOL_START = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz$#@")
_SYMBOL_CHARACTERS = _SYMBOL_START | frozenset("0123456789")
_FIELDS = re.compile(r"(?P<label>[^ ]*) +(?P<operation>[^ ]+)( +(?=[^ ]))?")


@dataclass(frozen=True)
class Piece:
    """Where a part of a statement's text stands: offset in the text, line and column in the source (from 1)."""

    at: int
    line: int
    column: int


@dataclass(frozen=True)
class Statement:
    """One statement.  `text` ends with the operands; a comment or an empty line has no operation.

    `text` leaves out remarks and the columns that are not read; `pieces` leads from an offset in it to the source.
    """

    lines: tuple[str, ...]
    text: str
    pieces: tuple[Piece, ...]
    label: str = ""
    operation: str = ""
    operation_at: int = 0
    operands_at: int = 0
    mistake: Mistake | None = None

    @property
    def line(self) -> int:
        """Number of the statement's first line."""
        return self.pieces[0].line

    @property
    def operands(self) -> str:
        """The operand field, without remarks."""
        return self.text[self.operands_at :]

    def position(self, at: int) -> tuple[int, int, str]:
        """Line, column and source line of an offset in `text`."""
        piece = next(piece for piece in reversed(self.pieces) if piece.at <= max(at, 0))
        return piece.line, piece.column + max(at, 0) - piece.at, self.lines[piece.line - self.line]


def statements(source: str) -> Iterator[Statement]:
    """The statements of a source file, comments and empty lines included."""
    lines = [line.rstrip("\r").expandtabs() for line in source.removeprefix("\ufeff").split("\n")]
    if lines and not lines[-1]:
        lines.pop()
    number = 0
    while number < len(lines):
        last = _last_line(lines, number)
        yield _statement(lines[number : last + 1], number + 1)
        number = last + 1


def is_comment(line: str) -> bool:
    """Whether a line is a comment: `*` (or `.*`) in column 1, or nothing at all."""
    return not line.strip() or line.startswith(("*", ".*"))


def _continued(line: str) -> bool:
    return len(line) > END_COLUMN and line[END_COLUMN] != " "


def _last_line(lines: list[str], first: int) -> int:
    if is_comment(lines[first]):
        return first
    last = first
    while _continued(lines[last]) and last + 1 < len(lines) and not lines[last + 1][: CONTINUE_COLUMN - 1].strip():
        last += 1
    return last


def _statement(lines: list[str], number: int) -> Statement:
    here = Piece(0, number, 1)
    if is_comment(lines[0]):
        return Statement(tuple(lines), "", (here,))
    body = lines[0][:END_COLUMN]
    fields = _FIELDS.match(body.rstrip() + " ")
    if fields is None:
        label = next(iter(body.split()), "")
        if not label:
            return Statement(tuple(lines), "", (here,))
        mistake = Mistake(f"found only a name, {label}; expected an operation after it", 0)
        return Statement(tuple(lines), label, (here,), label=label, mistake=mistake)
    text, pieces = _operands(lines, number, fields.end())
    continuation = None
    if _continued(lines[-1]):
        pieces.append(Piece(len(text) + 1, number + len(lines) - 1, END_COLUMN + 1))
        continuation = _bad_continuation(lines[-1][END_COLUMN], len(text) + 1)
    return Statement(
        tuple(lines),
        text,
        tuple(pieces),
        fields["label"].upper(),
        fields["operation"].upper(),
        fields.start("operation"),
        min(fields.end(), len(text)),
        continuation,
    )


def _bad_continuation(found: str, at: int) -> Mistake:
    """The last line of a statement asks for another one."""
    return Mistake(
        f'found "{found}" in column 72, which continues the statement; expected a blank there,'
        " or a next line whose columns 1 to 15 are blank",
        at,
    )


def _operands(lines: list[str], number: int, start: int) -> tuple[str, list[Piece]]:
    """The text up to the end of the operands, over all lines of the statement, and where its pieces stand."""
    pieces = [Piece(0, number, 1)]
    text = lines[0][:END_COLUMN]
    if len(lines) == 1:
        text = text.rstrip()
    end, quoted = operands_end(text, start, False)
    kept = text[:end]
    for offset, line in enumerate(lines[1:], 1):
        if end < len(text) and not kept.endswith(","):
            break
        pieces.append(Piece(len(kept), number + offset, CONTINUE_COLUMN))
        part = line[CONTINUE_COLUMN - 1 : END_COLUMN]
        text = kept + (part if offset + 1 < len(lines) else part.rstrip())
        end, quoted = operands_end(text, len(kept), quoted)
        kept = text[:end]
    return kept, pieces


def operands_end(text: str, at: int, quoted: bool) -> tuple[int, bool]:
    """Offset of the first blank outside apostrophes, or the end; and whether an apostrophe is still open there."""
    while at < len(text):
        if text[at] == "'" and (quoted or opens_string(text, at)):
            quoted = not quoted
        elif text[at] == " " and not quoted:
            return at, False
        at += 1
    return at, quoted


def opens_string(text: str, at: int) -> bool:
    """Whether the apostrophe at `at` opens a string; it does not in a length attribute, L'NAME or L'*."""
    if at < 1 or text[at - 1] not in "Ll" or (at > 1 and text[at - 2] in _SYMBOL_CHARACTERS):
        return True
    following = text[at + 1 : at + 2]
    return following not in _SYMBOL_START and following != "*"


def split_operands(text: str, start: int, end: int | None = None) -> list[tuple[int, int]]:
    """Start and end of each operand in `text[start:end]`: separated by commas outside parentheses and apostrophes."""
    end = len(text) if end is None else end
    if start >= end:
        return []
    operands, depth, quoted, first = [], 0, False, start
    for at in range(start, end):
        character = text[at]
        if character == "'" and (quoted or opens_string(text, at)):
            quoted = not quoted
        elif quoted:
            continue
        elif character == "," and depth <= 0:
            operands.append((first, at))
            first = at + 1
        else:
            depth += (character == "(") - (character == ")")
    return [*operands, (first, end)]
