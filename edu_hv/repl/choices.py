"""Choices by number, for those who have no menu: "select ?" lists what can follow, then a number takes one."""

from collections.abc import Callable

from edu_hv.debugger.commands.registry import Completion
from edu_hv.isa.errors import UserError

MOST = 40
"""Choices that are listed at most."""


class Choices:
    """What was offered last, by number."""

    def __init__(self, complete: Callable[[str], list[Completion]], say: Callable[[str], None]) -> None:
        self._complete = complete
        self._say = say
        self._offered: list[str] = []

    def meant(self, line: str) -> str:
        """The line to run: a number stands for what was offered under it; "" where something was only listed."""
        offered, self._offered = self._offered, []
        if line.isdecimal() and line.isascii() and offered:
            if 1 <= int(line) <= len(offered):
                return self._taken(offered[int(line) - 1])
            self._offered = offered
            self._say(f"There is no choice {line}; give a number from 1 to {len(offered)}.")
            return ""
        if line != "?" and not line.endswith(" ?"):
            return line
        return "" if self._list(line[:-1]) else line

    def _taken(self, line: str) -> str:
        self._say(line)
        return line

    def _list(self, begun: str) -> bool:
        """Say what can follow; False where nothing is known of it."""
        try:
            words = self._complete(begun)
        except UserError:
            words = []
        if not words or not begun.strip():
            return False
        head = begun[: len(begun) - len(begun.rpartition(" ")[2])]
        self._offered = [f"{head}{word.text}" for word in words[:MOST]]
        for number, word in enumerate(words[:MOST], 1):
            self._say(f"{number}: {word.text}{f', {word.description}' if word.description else ''}")
        more = f"{len(words) - MOST} more are not listed. " if len(words) > MOST else ""
        self._say(f"{more}Type a number to run one of them.")
        return True
