"""Pygments lexers: System/370 assembler source and listings.

Both know the operations from `edu_hv.isa.table`, so an unknown operation stands out while it is typed.
"""

import re
from collections.abc import Iterator
from typing import ClassVar

from pygments.lexer import Lexer, RegexLexer, default
from pygments.token import (
    Comment,
    Error,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Text,
    Token,
    Whitespace,
    _TokenType,
)

from edu_hv.asm.first_pass import DIRECTIVES
from edu_hv.asm.listing import OBJECT_COLUMN, SOURCE_COLUMN, STATEMENT_COLUMN
from edu_hv.asm.mnemonics import EXTENDED
from edu_hv.isa.table import BY_MNEMONIC, OPERATIONS

_PRIVILEGED = {row.mnemonic for row in OPERATIONS if row.privileged}


def _words(names: set[str]) -> str:
    return rf"(?:{'|'.join(sorted(names, key=len, reverse=True))})(?![^ \n])"


class AssemblerLexer(RegexLexer):
    """Assembler source; a privileged operation has a token of its own, `Keyword.Reserved`."""

    name = "System/370 assembler"
    aliases: ClassVar[list[str]] = ["s370"]
    filenames: ClassVar[list[str]] = ["*.asm"]
    flags = re.IGNORECASE
    tokens: ClassVar[dict[str, list[object]]] = {
        "root": [
            (r"\.?\*[^\n]*\n?", Comment),
            (r"[ \t]*\n", Whitespace),
            (r"[A-Z$#@][A-Z0-9$#@]*(?=[ \n])", Name.Label, "operation"),
            (r"[^ \n]+", Error, "operation"),
            default("operation"),
        ],
        "operation": [
            (r"\n", Whitespace, "#pop"),
            (r" +", Whitespace),
            (r"=[^\n]*", String),  # a literal in a listing
            (_words(_PRIVILEGED), Keyword.Reserved, "before-operands"),
            (_words(set(BY_MNEMONIC) - _PRIVILEGED | set(EXTENDED)), Keyword, "before-operands"),
            (_words(set(DIRECTIVES)), Keyword.Declaration, "before-operands"),
            (r"[^ \n]+", Error, "before-operands"),
        ],
        "before-operands": [
            (r" +", Whitespace, ("#pop", "operands")),
            (r"\n", Whitespace, "#pop:2"),
        ],
        "operands": [
            (r"\n", Whitespace, "#pop:2"),
            (r" +[^\n]*", Comment),
            (r"(?<![A-Z0-9$#@])L'(?=[A-Z$#@*])", Operator.Word),
            (r"(?<![A-Z$#@])[0-9]*([XBFHEDLPZ])(L[0-9]+)?'[^'\n]*'", Number.Hex),
            (r"(?<![A-Z$#@])[0-9]*C(L[0-9]+)?'(?:[^'\n]|'')*'", String),
            (r"'(?:[^'\n]|'')*'?", String),
            (r"[0-9]+", Number.Integer),
            (r"[A-Z$#@][A-Z0-9$#@]*", Name),
            (r"[-+*/=]", Operator),
            (r"[(),]", Punctuation),
            (r"[^\n]", Text),
        ],
    }


class ListingLexer(Lexer):
    """A listing as `edu_hv.asm.listing` writes it: location, object code, statement number, then source."""

    name = "System/370 assembler listing"
    aliases: ClassVar[list[str]] = ["s370-listing"]
    filenames: ClassVar[list[str]] = ["*.lst"]

    def get_tokens_unprocessed(self, text: str) -> Iterator[tuple[int, _TokenType, str]]:
        """The columns of each line; the source column goes to `AssemblerLexer`."""
        source = AssemblerLexer()
        at = 0
        for line in text.splitlines(keepends=True):
            if not _LISTING_LINE.match(line):
                yield at, Token.Generic.Heading if line.startswith(("   LOC ", "SYMBOL ")) else Text, line
            else:
                for start, end, kind in _columns(line):
                    yield at + start, kind, line[start:end]
                for index, token, value in source.get_tokens_unprocessed(line[SOURCE_COLUMN:]):
                    yield at + SOURCE_COLUMN + index, token, value
            at += len(line)


def _columns(line: str) -> tuple[tuple[int, int, _TokenType], ...]:
    """The columns before the source; the value of an EQU is one digit wider than a location."""
    object_column = OBJECT_COLUMN if line[OBJECT_COLUMN - 1] == " " else OBJECT_COLUMN + 1
    return (
        (0, object_column, Number.Hex),
        (object_column, STATEMENT_COLUMN, String.Other),
        (STATEMENT_COLUMN, min(SOURCE_COLUMN, len(line)), Name.Constant),
    )


_LISTING_LINE = re.compile(rf"(?=[0-9A-F]{{6}}|[ ]{{7}})[0-9A-F ]{{{STATEMENT_COLUMN}}}[ 0-9]{{5}}")
