"""The transcripts of the documents: plays their commands again, and puts in what is answered now.

    python -m tools.transcripts [--check] [FILE...]

A transcript is a fenced block without a language whose first line begins with "cp> ".  Blocks are played one after the
other at one prompt; a block whose first command loads something begins with a new one, so that such groups stand by
themselves.  A line "..." in an answer stands for one or more lines that the document leaves out.  A fenced block below
a line that ends in "`NAME`:" is a file of that name, there for the commands; so are the programs in docs/examples.
With --check nothing is written: what differs is named, and the exit code is 1.  Read a changed document before it is
kept: a transcript is there to be right, not only to be the same.
"""

import argparse
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import chdir, contextmanager, redirect_stdout
from dataclasses import dataclass
from difflib import SequenceMatcher
from io import StringIO
from pathlib import Path

from edu_hv.debugger.session import DebugSession
from edu_hv.repl.outcome import Outcome
from edu_hv.repl.render import Screen
from edu_hv.repl.runner import Runner
from edu_hv.tutor.library import Library
from edu_hv.tutor.progress import Progress
from edu_hv.tutor.workbench import Workbench

ROOT = Path(__file__).parent.parent
EXAMPLES = Path("docs", "examples")
PROMPT = "cp> "
LEFT_OUT = "..."
LOADS = ("load ", "attach ", "machine ")
"""What begins a group of blocks: nothing that was there before is needed."""
_FENCE = "```"
_NAMED = re.compile(r"`([\w.-]+)`:$")


@dataclass(frozen=True)
class Exchange:
    """A command of a transcript, the answer that the document has, and where that answer begins, from 0."""

    command: str
    answer: tuple[str, ...]
    at: int


@dataclass(frozen=True)
class Difference:
    """An answer that is not what the document has."""

    exchange: Exchange
    found: tuple[str, ...]

    @property
    def corrected(self) -> list[str]:
        """What the document should have, with the same parts left out if that can be."""
        cut = cut_as(self.exchange.answer, self.found)
        return cut if agrees(cut, self.found) else list(self.found)


# ---- reading ---------------------------------------------------------------------------------------------------------


def _fenced(lines: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """Each fenced block: what stands behind the fence, and its lines as begin and end."""
    opened: tuple[str, int] | None = None
    for number, line in enumerate(lines):
        if not line.startswith(_FENCE):
            continue
        if opened is None:
            opened = line.removeprefix(_FENCE).strip(), number + 1
        else:
            yield *opened, number
            opened = None


def files(lines: Sequence[str]) -> dict[str, str]:
    """The files that a document shows, by name."""
    found = {}
    for _, begin, end in _fenced(lines):
        above = [line for line in lines[: begin - 1] if line.strip()]
        if above and (name := _NAMED.search(above[-1])):
            found[name[1]] = "\n".join(lines[begin:end]) + "\n"
    return found


def blocks(lines: Sequence[str]) -> list[list[Exchange]]:
    """The transcripts of a document."""
    return [
        _exchanges(lines, begin, end)
        for language, begin, end in _fenced(lines)
        if not language and lines[begin:end] and lines[begin].startswith(PROMPT)
    ]


def _exchanges(lines: Sequence[str], begin: int, end: int) -> list[Exchange]:
    starts = [number for number in range(begin, end) if lines[number].startswith(PROMPT)]
    return [
        Exchange(lines[at].removeprefix(PROMPT), tuple(lines[at + 1 : until]), at + 1)
        for at, until in zip(starts, [*starts[1:], end], strict=True)
    ]


def groups(lines: Sequence[str]) -> list[list[Exchange]]:
    """The exchanges of the document, in groups that can each be played by themselves."""
    found: list[list[Exchange]] = []
    for block in blocks(lines):
        if not found or block[0].command.startswith(LOADS):
            found.append([])
        found[-1] += block
    return found


# ---- playing ---------------------------------------------------------------------------------------------------------


@contextmanager
def desk(shown: dict[str, str]) -> Iterator[Path]:
    """A folder with the files of a document and the examples, in which one works meanwhile."""
    with tempfile.TemporaryDirectory() as name, chdir(name):
        shutil.copytree(ROOT / EXAMPLES, EXAMPLES)
        for file, text in shown.items():
            Path(file).write_text(text, encoding="utf-8")
        yield Path(name)


class Prompt:
    """A prompt with nothing loaded, whose answers are as on paper."""

    def __init__(self, folder: Path) -> None:
        workbench = Workbench(DebugSession(), Library.open(), Progress.open(folder / "progress"))
        self._runner = Runner(workbench, Screen(colour=False))

    def answer(self, line: str) -> tuple[str, ...]:
        """What is shown after a line, or what was wrong with it."""
        with redirect_stdout(StringIO()) as shown:
            if self._runner.run(line) is Outcome.FAILED:
                self._runner.screen.say(self._runner.error, "error")
        return tuple(each.rstrip() for each in shown.getvalue().splitlines())


def differences(group: Iterable[Exchange], shown: dict[str, str]) -> list[Difference]:
    """Play a group of a document that shows these files; the answers that are not what it has."""
    with desk(shown) as folder:
        prompt = Prompt(folder)
        answered = [(exchange, prompt.answer(exchange.command)) for exchange in group]
    return [Difference(exchange, found) for exchange, found in answered if not agrees(exchange.answer, found)]


# ---- comparing -------------------------------------------------------------------------------------------------------


def _parts(answer: Sequence[str]) -> list[list[str]]:
    """The lines between those that stand for others."""
    parts: list[list[str]] = [[]]
    for line in answer:
        if line.strip() == LEFT_OUT:
            parts.append([])
        else:
            parts[-1].append(line)
    return parts


def agrees(answer: Sequence[str], found: Sequence[str]) -> bool:
    """Whether an answer is what was found, each "..." standing for one or more lines."""
    first, *others = _parts(answer)
    if not others:
        return first == list(found)
    *middle, last = others
    at, end = len(first), len(found) - len(last)
    if list(found[:at]) != first or (last and list(found[end:]) != last):
        return False
    for part in middle:
        at = next((n for n in range(at + 1, end) if list(found[n : n + len(part)]) == part), end) + len(part)
    return at < end


def cut_as(answer: Sequence[str], found: Sequence[str]) -> list[str]:
    """What was found, with the parts left out that the answer leaves out, as nearly as can be told."""
    first, *others = _parts(answer)
    if not others:
        return list(found)
    cuts = [line for line in answer if line.strip() == LEFT_OUT]
    at = _nearest(first[-1], found, 0) + 1 if first else 0
    shown = list(found[:at])
    for cut, part in zip(cuts, others, strict=True):
        if not part:
            return [*shown, cut]
        begin = _nearest(part[0], found, at + 1)
        at = len(found) if part is others[-1] else _nearest(part[-1], found, begin) + 1
        shown += [cut, *found[begin:at]]
    return shown


def _nearest(line: str, found: Sequence[str], begin: int) -> int:
    """The line from `begin` on that is most like this one."""
    return max(
        range(min(begin, len(found) - 1), len(found)),
        key=lambda n: (SequenceMatcher(None, line, found[n]).ratio(), -n),
        default=0,
    )


# ---- documents -------------------------------------------------------------------------------------------------------


def documents() -> list[Path]:
    """All documents of the repository that have transcripts."""
    every = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return [path for path in every if blocks(path.read_text(encoding="utf-8").splitlines())]


def stale(path: Path) -> list[Difference]:
    """The answers of a document that are not what is answered now, in order."""
    lines = path.read_text(encoding="utf-8").splitlines()
    shown = files(lines)
    return [each for group in groups(lines) for each in differences(group, shown)]


def bring_up_to_date(path: Path, found: Iterable[Difference]) -> None:
    """Write the right answers into a document."""
    lines = path.read_text(encoding="utf-8").splitlines()
    for each in sorted(found, key=lambda each: -each.exchange.at):
        at = each.exchange.at
        lines[at : at + len(each.exchange.answer)] = each.corrected
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> int:
    """Check the documents, or bring them up to date."""
    parser = argparse.ArgumentParser(prog="python -m tools.transcripts", description="Play the transcripts again.")
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="all documents that have any, if none")
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if an answer differs")
    options = parser.parse_args(argv)
    any_found = False
    for path in [path.resolve() for path in options.files] or documents():
        found = stale(path)
        any_found = any_found or bool(found)
        for each in found:
            print(f"{os.path.relpath(path)}:{each.exchange.at}: {each.exchange.command}")
        if found and not options.check:
            bring_up_to_date(path, found)
    return 1 if options.check and any_found else 0


if __name__ == "__main__":
    sys.exit(main())
