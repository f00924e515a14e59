"""The command line: completion from the registry, and the commands typed before."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual import events
from textual.binding import Binding
from textual.message import Message
from textual.widgets import Input

from edu_hv.debugger.commands.registry import Completion


class Prompt(Input):
    """A line of input without a frame."""

    BINDINGS = [
        Binding("tab", "complete", "complete", show=False),
        Binding("up", "recall(-1)", "earlier command", show=False),
        Binding("down", "recall(1)", "later command", show=False),
        Binding("pageup", "screen.scroll_commands(-1)", "read back", show=False),
        Binding("pagedown", "screen.scroll_commands(1)", "read on", show=False),
    ]

    @dataclass
    class Choices(Message):
        """More than one word could stand here."""

        words: Sequence[Completion]

    @dataclass
    class Typing(Message):
        """The command line has got the focus, or lost it."""

        typing: bool

    def __init__(self, complete: Callable[[str], Sequence[Completion]], *, id: str) -> None:
        super().__init__(id=id, compact=True, select_on_focus=False)
        self.cursor_blink = False
        self._complete = complete
        self._history: list[str] = []
        self._at = 0
        """Place in the history; its length is the line being typed."""
        self._draft = ""

    def take(self) -> str:
        """The line typed, which then belongs to the history; the prompt is empty again."""
        line = self.value.strip()
        self.value = ""
        if line and line not in self._history[-1:]:
            self._history.append(line)
        self._at = len(self._history)
        return line

    def action_complete(self) -> None:
        before, after = self.value[: self.cursor_position], self.value[self.cursor_position :]
        choices = self._complete(before)
        if not choices:
            return
        begun = before[before.rfind(" ") + 1 :]
        word = choices[0].text + " " if len(choices) == 1 else _begin_of([c.text for c in choices])
        if len(word) > len(begun):
            self.value = before[: len(before) - len(begun)] + word + after.lstrip()
            self.cursor_position = len(before) - len(begun) + len(word)
        elif len(choices) > 1:
            self.post_message(self.Choices(choices))

    def action_recall(self, by: int) -> None:
        at = self._at + by
        if not 0 <= at <= len(self._history):
            return
        if self._at == len(self._history):
            self._draft = self.value
        self._at = at
        self.value = self._history[at] if at < len(self._history) else self._draft
        self.cursor_position = len(self.value)

    def on_focus(self, event: events.Focus) -> None:
        self.post_message(self.Typing(True))

    def on_blur(self, event: events.Blur) -> None:
        self.post_message(self.Typing(False))


def _begin_of(words: Sequence[str]) -> str:
    """What all words begin with."""
    first, last = min(words), max(words)
    same = next((at for at, char in enumerate(first) if last[at : at + 1] != char), len(first))
    return first[:same]
