"""The text of a lesson, laid out again for any width.

A page is plain Markdown: headings, paragraphs, lists, and indented lines that keep their form (programs, commands).
"""

import re
import textwrap
from collections.abc import Iterable, Iterator
from functools import lru_cache

WIDTH = 76
_LIST_ITEM = re.compile(r"(?P<mark>[-*]|\d+\.) +")
_EMPHASIS = re.compile(r"(\*{1,2})(?=\S)([^*`]*[^*`\s])\1|(`[^`]*`)")
"""Words between asterisks, or a command, which is left alone."""
_VERBATIM = "    "


@lru_cache(maxsize=32)
def page_lines(markdown: str, width: int = WIDTH) -> tuple[str, ...]:
    """The lines of a page at most `width` columns wide; only indented lines may be longer."""
    lines: list[str] = []
    for block in _blocks(markdown.splitlines()):
        lines.extend(_laid_out(block, max(width, 8)))
    while lines and not lines[-1]:
        lines.pop()
    return tuple(lines)


def _blocks(lines: Iterable[str]) -> Iterator[list[str]]:
    """Runs of lines that belong together: a paragraph, a list item, a heading, an empty or an indented line."""
    block: list[str] = []
    for line in lines:
        alone = not line.strip() or _is_verbatim(line, block) or line.startswith("#")
        if block and (alone or (_LIST_ITEM.match(line) and _LIST_ITEM.match(block[0]))):
            yield block
            block = []
        if alone:
            yield [line]
        else:
            block.append(line)
    if block:
        yield block


def _is_verbatim(line: str, block: list[str]) -> bool:
    return line.startswith(_VERBATIM) and not block


def _laid_out(block: list[str], width: int) -> list[str]:
    first = block[0]
    if first.startswith(_VERBATIM):
        return [first[2:].rstrip()]
    text = _EMPHASIS.sub(r"\2\3", " ".join(line.strip() for line in block))
    if not text:
        return [""]
    if first.startswith("#"):
        return _wrap(text.lstrip("# "), width, "", "")
    item = _LIST_ITEM.match(text)
    if item is None:
        return _wrap(text, width, "", "")
    mark = item["mark"] + " "
    return _wrap(text[item.end() :], width, mark, " " * len(mark))


def _wrap(text: str, width: int, first: str, further: str) -> list[str]:
    """Words into lines; what stands between backquotes is a command and stays on one line where it fits."""
    glued = re.sub(r"`[^`]*`", lambda match: _glue(match[0], width - len(further)), text)
    glued = re.sub(r" (?=\d+\. )", "\0", glued)  # no line may begin like a list item that is none
    wrapped = textwrap.wrap(
        glued, width, initial_indent=first, subsequent_indent=further, break_on_hyphens=False, break_long_words=False
    )
    return [line.replace("\0", " ") for line in wrapped]


def _glue(command: str, width: int) -> str:
    return command.replace(" ", "\0") if len(command) <= width else command
