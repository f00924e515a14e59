"""The list of commands to choose from: what is in it, what is found in it, and its rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edu_hv.debugger.commands.registry import REGISTRY, Command
from edu_hv_tui.keys import AT_ONCE, KEYS
from edu_hv_tui.runner import ELSEWHERE
from edu_hv_tui.text.rows import Row, fit, row

NOT_HERE = frozenset(("quit", *ELSEWHERE))
"""Commands of another face; leaving is an entry of the screen."""

FIRST = ("run", "look")
"""Groups whose commands are wanted most."""

NAME, KEY = 26, 7
"""Columns."""


@dataclass(frozen=True)
class Entry:
    """Something that can be chosen: a command, or what only the screen does."""

    name: str
    usage: str
    summary: str
    key: str = ""
    aliases: tuple[str, ...] = ()
    asks: bool = False
    """It needs operands: it goes to the command line, for them to be typed."""
    action: str = ""
    """The screen's action, where there is no command."""

    @property
    def words(self) -> str:
        """What enter does."""
        if self.asks:
            return f"enter: to the command line, to be completed: {self.usage}"
        return f"enter: {'the screen does it' if self.action else f'runs {self.name}'}"


def entries() -> list[Entry]:
    """The registry by groups, then the screen."""
    groups = list(dict.fromkeys((*FIRST, *(command.group for command in REGISTRY.commands.values()))))
    ordered = sorted(REGISTRY.commands.values(), key=lambda each: (groups.index(each.group), each.name))
    return [*(_command(each) for each in ordered if each.name not in NOT_HERE), *_of_the_screen()]


def _command(command: Command) -> Entry:
    begun = {key.line.split()[0] if key.line else key.action[5:-3]: key.shown for key in reversed(KEYS)}
    asks = any(not each.optional and not each.name.startswith("[") for each in command.arguments[:1])
    return Entry(command.name, command.usage, command.summary, begun.get(command.name, ""), command.aliases, asks)


def _of_the_screen() -> Iterator[Entry]:
    for key in KEYS:
        if key.action and not key.action.startswith((*AT_ONCE, "palette", "leave")):
            name = f"pane {key.shown}" if key.action.startswith("pane") else key.name
            yield Entry(name, name, key.summary, key.shown, action=key.action)


def found(every: Sequence[Entry], typed: str) -> list[Entry]:
    """The entries that the words typed are found in: all of them, or else as many as there are anywhere.

    Those come first whose names they begin.
    """
    words = typed.lower().split()
    ranked = [(_ranks(each, words), each) for each in every]
    most = max((len(ranks) for ranks, _ in ranked), default=0)
    best = [(sum(ranks), each) for ranks, each in ranked if len(ranks) == most and (ranks or not words)]
    return [each for _, each in sorted(best, key=lambda pair: pair[0])]


def _ranks(entry: Entry, words: Sequence[str]) -> list[int]:
    """For each word that is found how well it is found, 0 best."""
    return [rank for word in words if (rank := _rank(entry, word)) is not None]


def _rank(entry: Entry, word: str) -> int | None:
    name, summary = entry.name.lower(), entry.summary.lower()
    tests = (
        name == word,
        name.startswith(word),
        any(alias.lower().startswith(word) for alias in entry.aliases),
        word in name,
        any(each.startswith(word) for each in summary.split()),
        word in summary,
    )
    return next((rank for rank, holds in enumerate(tests) if holds), None)


def entry_row(entry: Entry, chosen: bool, width: int) -> Row:
    """Its mark, usage, key and summary in one row."""
    usage = entry.usage if len(entry.usage) <= NAME else entry.name
    if chosen:
        return fit(row((f"> {usage:<{NAME}} {entry.key:<{KEY}} {entry.summary}", "cursor")), width, "cursor")
    return row((f"  {usage:<{NAME}} ", "text"), (f"{entry.key:<{KEY}} ", "key"), (entry.summary, "quiet"))
