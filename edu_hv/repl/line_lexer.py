"""Colours of the line being typed.  The tokens are pygments', so that `render.STYLE` is the one table of colours."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, cast

from prompt_toolkit.lexers import PygmentsLexer, SyncFromStart
from pygments.lexer import Lexer
from pygments.token import Comment, Error, Keyword, Name, Number, String, Text, Whitespace, _TokenType

from edu_hv.asm.highlight import AssemblerLexer
from edu_hv.debugger.commands.cp_words import first_of
from edu_hv.debugger.commands.registry import REGISTRY, Command
from edu_hv.isa.errors import UserError

Piece = tuple[int, _TokenType, str]
Words = Callable[[], Iterable[str]]

_OPERAND = re.compile(
    r"""(?P<blank>\s+)
    |(?P<string>"[^"\n]*"?|\b[CE]'[^'\n]*'?)
    |(?P<hex>\b[XB]'[0-9A-F]*'?|\b0x[0-9A-F]+\b)
    |(?P<register>(?:GR|CR|FR|R|G)(?:1[0-5]|[0-9A-F])(?![\w$\#@])|\b(?:psw|tod|cpu|vm)\.\w+)
    |(?P<word>[A-Za-z$\#@_][\w$\#@-]*)
    |(?P<number>[0-9][0-9A-F,]*\b)
    |(?P<other>[^\n])""",
    re.IGNORECASE | re.VERBOSE,
)
_KINDS: dict[str | None, _TokenType] = {
    "blank": Whitespace,
    "string": String,
    "hex": Number.Hex,
    "register": Name.Builtin,
    "number": Number,
}
_HEX_WORD = re.compile("[0-9A-F]{1,8}", re.IGNORECASE)
_TO_CP = ("cp", "#cp")


def _no_words() -> Iterable[str]:
    return ()


class CommandLexer(Lexer):
    """A command line: the command, its operands, CP's words; what begins no command is an error."""

    name = "debugger command"

    def __init__(self, words: Words = _no_words, **options: Any) -> None:
        super().__init__(**options)
        self._words = words
        """Labels and guests there are, in capitals."""

    def get_tokens_unprocessed(self, text: str) -> Iterator[Piece]:
        """The tokens of the lines, each with its place."""
        at = 0
        for line in text.splitlines(keepends=True):
            for token, piece in self._pieces(line):
                if piece:
                    yield at, token, piece
                at += len(piece)

    def _pieces(self, line: str) -> Iterator[tuple[_TokenType, str]]:
        head = line.lstrip()
        yield Whitespace, line[: len(line) - len(head)]
        if head.startswith("#") and not head.lower().startswith("#cp"):
            yield Comment, head
            return
        word = re.split(r"\s", head, maxsplit=1)[0]
        rest = head[len(word) :]
        command = meant(head)
        if command and command.name == "cp" and word.lower() not in _TO_CP:  # CP's own words need no cp
            yield Keyword.Declaration, word
            yield from self._operands(rest)
            return
        yield command_token(word, typing=not rest.strip("\n")), word
        if command and command.name == "edit":
            yield from _statement(rest)
        elif command and command.name == "cp":
            yield from self._to_cp(rest)
        else:
            yield from self._operands(rest)

    def _to_cp(self, rest: str) -> Iterator[tuple[_TokenType, str]]:
        found = re.match(r"(\s*)(\S*)", rest)
        assert found is not None
        yield Whitespace, found[1]
        yield (Keyword.Declaration if found[2] and first_of(found[2]) else Text), found[2]
        yield from self._operands(rest[found.end() :])

    def _operands(self, rest: str) -> Iterator[tuple[_TokenType, str]]:
        known = {word.upper() for word in self._words()}
        for found in _OPERAND.finditer(rest):
            piece = found.group()
            if found.lastgroup != "word":
                yield _KINDS.get(found.lastgroup, Text), piece
            elif piece.upper() in known:
                yield Name.Label, piece
            else:
                yield (Number if _HEX_WORD.fullmatch(piece) and re.search("[0-9]", piece) else Text), piece


def command_token(word: str, typing: bool = False) -> _TokenType:
    """The token of a command's word: a keyword, plain while it can become one, an error where it cannot."""
    if not word:
        return Text
    if meant(word):
        return Keyword
    words = (*REGISTRY.commands, *(each for more in REGISTRY.more_words for each in more()))
    begun = any(each.lower().startswith(word.lower()) for each in words)
    return Text if typing and begun else Error


def meant(line: str) -> Command | None:
    """The command that a line means, be it in CP's words; None where there is none."""
    try:
        return REGISTRY.of_line(line)
    except (UserError, IndexError):
        return None


def _statement(rest: str) -> Iterator[tuple[_TokenType, str]]:
    """The operands of `edit`: a line number, and assembler."""
    found = re.match(r"\s*[0-9]*\s*", rest)
    assert found is not None
    yield Number, found.group()
    statement = rest[found.end() :]
    if statement.strip():
        for at, token, piece in AssemblerLexer().get_tokens_unprocessed(" " + statement):
            yield token, piece[1:] if at == 0 else piece


def prompt_lexer(words: Words) -> PygmentsLexer:
    """The lexer for the prompt; `words` gives the labels and guests there are."""
    made = cast(type[Lexer], partial(CommandLexer, words=words))
    return PygmentsLexer(made, syntax_sync=SyncFromStart())
