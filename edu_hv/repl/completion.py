"""Words to complete a command line with, from the registry behind the workbench."""

from collections.abc import Iterable
from typing import Protocol

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from edu_hv.debugger.commands import registry
from edu_hv.isa.errors import UserError


class Completes(Protocol):
    """What can complete a line: a workbench."""

    def complete(self, line: str) -> list[registry.Completion]:
        """Words that can stand where the line ends."""


class CommandCompleter(Completer):
    """Offers command names, then live values of each operand, with what they are."""

    def __init__(self, source: Completes) -> None:
        self._source = source

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """The words for the text before the cursor; each takes the place of the word begun there."""
        line = document.text_before_cursor
        begun = len(line.rpartition(" ")[2])
        try:
            words = self._source.complete(line)
        except UserError:
            return
        for word in words:
            yield Completion(word.text, -begun, display_meta=word.description)
