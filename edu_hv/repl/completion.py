"""Words to complete a command line with, from the registry behind the workbench."""

from collections.abc import Callable, Iterable
from typing import Protocol

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from edu_hv.debugger.commands import registry
from edu_hv.isa.errors import UserError
from edu_hv.repl.background import FREE


class Completes(Protocol):
    """What can complete a line: a workbench."""

    def complete(self, line: str) -> list[registry.Completion]:
        """Words that can stand where the line ends."""


class CommandCompleter(Completer):
    """Offers command names, then live values of each operand, with what they are.

    It takes less than 10 milliseconds, as `make bench` shows, and so needs no thread.  While a guest runs in the
    background (`busy`) the machine is not looked at: only the commands that can be given then are offered.
    """

    def __init__(self, source: Completes, busy: Callable[[], bool] = lambda: False) -> None:
        self._source = source
        self._busy = busy

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """The words for the text before the cursor; each takes the place of the word begun there."""
        line = document.text_before_cursor
        begun = len(line.rpartition(" ")[2])
        for word in self._words(line):
            yield Completion(word.text, -begun, display_meta=word.description)

    def _words(self, line: str) -> list[registry.Completion]:
        if self._busy():
            return [registry.Completion(name) for name in sorted(FREE) if " " not in line and name.startswith(line)]
        try:
            return self._source.complete(line)
        except UserError:
            return []
