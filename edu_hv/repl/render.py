"""Blocks on the screen, plain or with colour.  Colour only repeats what the words and marks say."""

import re
import shutil
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache
from itertools import groupby

from prompt_toolkit import print_formatted_text
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.output import Output
from prompt_toolkit.styles import Style
from pygments.lexer import Lexer

from edu_hv.asm.highlight import AssemblerLexer, ListingLexer
from edu_hv.debugger.views import TextView, View
from edu_hv.repl.report import STAGE, Block, Verbosity, block

PAPER = 79
"""Columns of what does not go to a terminal."""
AT_ONCE = 200
"""Lines that are written before one asks again whether that is enough."""

# Only the terminal's own colours, so that its light or dark theme decides; nothing is told by colour alone.
STYLE = Style.from_dict(
    {
        "error": "ansired bold",
        "heading": "bold",
        "now": "bold",
        "trap": "ansired bold",
        "changed": "bold underline",
        "differs": "ansimagenta bold",
        "yes": "ansigreen bold",
        "console": "ansigreen",
        "goal": "ansigreen bold",
        "pygments.keyword": "bold",
        "pygments.keyword.reserved": "ansired bold",
        "pygments.keyword.declaration": "ansiblue bold",
        "pygments.name.label": "ansimagenta",
        "pygments.literal.number": "ansiblue",
        "pygments.literal.string": "ansigreen",
        "pygments.comment": "italic",
        "pygments.error": "ansired underline",
        "pygments.generic.heading": "bold",
        # the line being typed, and what stands around it
        "pygments.name.builtin": "ansicyan",
        "auto-suggestion": "ansibrightblack italic dim",
        "completion-menu": "noreverse ansiblack bg:ansigray",
        "completion-menu.completion.current": "noreverse ansiwhite bg:ansiblack bold",
        "completion-menu.meta.completion": "ansiblack bg:ansigray italic",
        "completion-menu.meta.completion.current": "ansiwhite bg:ansiblack italic",
        "scrollbar.background": "bg:ansigray",
        "scrollbar.button": "bg:ansibrightblack",
        "bottom-toolbar": "reverse",
        "bottom-toolbar.running": "reverse bold",
    }
)

Rule = tuple[str, str]
MARKS: tuple[Rule, ...] = ((r"\*\S+( [0-9A-F]{8}\b)?", "class:changed"), (r"\bdiffers\b", "class:differs"))
RULES: dict[str, tuple[Rule, ...]] = {
    "ConsoleView": ((r".+", "class:console"),),
    "error": ((r".+", "class:error"),),
    "TextView": ((r"\bgoal \d+ reached:.*|\blesson \d+, .*, is done\.", "class:goal"),),
    "StopView": ((r"\btrap\b", "class:trap"),),
    "XrayView": ((r"^> .*", "class:now"), (r"^  yes", "class:yes"), (r"^trap x-ray.*", "class:heading")),
    "LessonView": (
        (r"^(#|lesson \d+:).*", "class:heading"),
        (r"^\[done\]", "class:yes"),
        (r"^\[open\]", "class:differs"),
    ),
}
CODE = re.compile(r"(next )?(?P<marks>[B ][!. ][> ]) [0-9A-F]{6}  ([0-9A-F]{13,}|[0-9A-F ]{12})  ")
"""The beginning of a line of code, as `text.code_line` makes it."""
CODE_KINDS = ("CodeView", "next")

Fragment = tuple[str, str]


class Screen:
    """Where blocks and sentences go: the terminal, in colour, or any stream, in plain lines."""

    def __init__(self, colour: bool, output: Output | None = None, verbosity: Verbosity = Verbosity.NORMAL) -> None:
        self._colour = colour
        self._output = output
        self._one_at_a_time = threading.Lock()
        self.verbosity = verbosity
        self.sentence = ""
        """What a command that moved the machine said last."""

    @property
    def width(self) -> int:
        """Columns to use."""
        if not (sys.stdout.isatty() or self._output):
            return PAPER
        return max(shutil.get_terminal_size().columns - 1, 39)

    def show(self, blocks: Iterable[Block], enough: Callable[[], bool] = lambda: False) -> None:
        """Print blocks, one below the other, until it is `enough`; from any thread, above a prompt if there is one."""
        with self._one_at_a_time:
            for one in blocks:
                if one.kind == "StopView":
                    self.sentence = " ".join(line.strip() for line in one.lines)
                elif one.kind == STAGE:
                    self.sentence += f" {one.lines[0]}"
                for at in range(0, len(one.lines), AT_ONCE):
                    if enough():
                        return
                    self._print(replace(one, lines=one.lines[at : at + AT_ONCE]))

    def _print(self, block: Block) -> None:
        if not self._colour:
            print("\n".join(block.lines), flush=True)
            return
        whole = [fragment for line in painted(block) for fragment in (*line, ("", "\n"))]
        print_formatted_text(
            FormattedText(whole), style=STYLE, output=self._output, include_default_pygments_style=False, end=""
        )

    def show_views(self, views: Iterable[View]) -> None:
        """Print views."""
        self.show(block(view, self.width, self.verbosity) for view in views)

    def fresh_line(self) -> None:
        """Begin a new line after the ^C that a terminal shows."""
        if sys.stdout.isatty():
            print()

    def mark(self, column: int) -> None:
        """A caret under a column of the line above, where that is a line of a terminal."""
        if sys.stdout.isatty() and column < self.width:
            self.show([Block("error", (" " * column + "^",))])

    def say(self, sentence: str, kind: str = "sentence") -> None:
        """Print a sentence."""
        said = TextView(tuple(sentence.splitlines()))
        self.show([replace(block(said, self.width, self.verbosity), kind=kind)])


def painted(block: Block) -> Iterator[list[Fragment]]:
    """Each line of the block as pieces with a style."""
    lexer = _lexer(block.lexer)
    for line in block.lines:
        if lexer:
            yield _lexed(line, lexer)
        elif block.kind in CODE_KINDS and (code := CODE.match(line)):
            yield [*_code_head(code), *_lexed(line[code.end() :], AssemblerLexer())]
        else:
            yield _ruled(line, RULES.get(block.kind, ()) + (() if block.kind == "ConsoleView" else MARKS))


def _code_head(code: re.Match[str]) -> list[Fragment]:
    marks = code["marks"]
    style = "class:trap" if "!" in marks else "class:now" if ">" in marks else ""
    return [(style, code.group())]


def _lexed(line: str, lexer: Lexer) -> list[Fragment]:
    """A line coloured by a lexer; lexers see and give one line at a time, always with its end."""
    tokens = lexer.get_tokens_unprocessed(line + "\n")
    pieces = [("class:pygments" + str(token).removeprefix("Token").lower(), text) for _, token, text in tokens]
    return [(style, text.rstrip("\n")) for style, text in pieces if text != "\n"]


def _ruled(line: str, rules: Iterable[Rule]) -> list[Fragment]:
    """A line coloured by patterns; the first rule that matches a character has it."""
    styles = [""] * len(line)
    for pattern, style in rules:
        for match in _compiled(pattern)(line):
            for i in range(*match.span()):
                styles[i] = styles[i] or style
    runs = groupby(zip(styles, line, strict=True), key=lambda pair: pair[0])
    return [(style, "".join(character for _, character in run)) for style, run in runs]


@cache
def _compiled(pattern: str) -> Callable[[str], Iterator[re.Match[str]]]:
    return re.compile(pattern, re.IGNORECASE).finditer


@cache
def _lexer(name: str) -> Lexer | None:
    """The lexer a view asks for: "s370" for source, "s370-listing" for listings."""
    for lexer in (AssemblerLexer, ListingLexer):
        if name and name in (lexer.name, *lexer.aliases, lexer.__name__):
            return lexer()
    return None
