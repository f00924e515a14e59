"""One registry behind keys, REPL, scripts and lessons: a command takes the session and arguments and returns views.

A command never prints.  Words are matched by unique prefix, as in gdb; an exact name or alias always wins.  Small and
capital letters are the same but for aliases of one letter: the capital is the reverse, "s" and "S".
"""

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from edu_hv.debugger.views import View
from edu_hv.isa.errors import UserError

Result = View | Sequence[View] | None
Complete = Callable[[Any], Iterable[str]]


@dataclass(frozen=True)
class Argument:
    """One operand of a command.  `parse(context, text)` makes its value or raises UserError; `complete(context)`
    lists words to offer, each perhaps with a tabulator and what it means."""

    name: str
    parse: Callable[[Any, str], Any]
    complete: Complete | None = None
    optional: bool = False
    default: Any = None
    rest: bool = False
    """Takes all that is left of the line, unparsed."""
    many: bool = False
    """Takes any number of further words; its value is a list."""
    kind: str = "word"
    """What it is, in a word or two, for help and completion: "address", "count", "guest", "rule"."""


@dataclass(frozen=True)
class Command:
    """A command: what it is called, what it takes, what it does."""

    name: str
    function: Callable[..., Result]
    group: str
    arguments: tuple[Argument, ...]
    summary: str
    aliases: tuple[str, ...] = ()
    keys: str = ""
    """Keys that run it in the screen, for help: "s"."""
    tutor: bool = False
    """Takes the workbench (session and lesson) in place of the session alone."""
    examples: tuple[str, ...] = ()
    """Whole command lines, each with what it does behind " : ": "step 5 : five steps"."""
    repeats: bool = False
    """An empty line at the prompt does it again."""

    @property
    def usage(self) -> str:
        """The command line: "step [COUNT]"."""
        words = [f"[{a.name}]" if a.optional else f"{a.name}..." if a.many else a.name for a in self.arguments]
        return " ".join([self.name, *words])

    @property
    def help(self) -> str:
        """The whole docstring of the function."""
        return (self.function.__doc__ or "").strip()


@dataclass(frozen=True)
class Completion:
    """A word that can stand at the end of the line, and what it is."""

    text: str
    description: str = ""


@dataclass
class Registry:
    """All commands by name."""

    commands: dict[str, Command] = field(default_factory=dict)

    def add(self, command: Command) -> None:
        """Enter a command; names and aliases must be unique."""
        for word in (command.name, *command.aliases):
            if self._exact(word):
                raise ValueError(f"two commands are called {word}")
        self.commands[command.name] = command

    def find(self, word: str) -> Command:
        """The command that a word names.  Raises UserError for an unknown or ambiguous word."""
        exact = self.named(word)
        if exact:
            return exact
        word = word.lower()
        matches = [c for name, c in sorted(self.commands.items()) if name.startswith(word)]
        if len(matches) == 1:
            return matches[0]
        if matches:
            names = ", ".join(c.name for c in matches)
            raise UserError(f'"{word}" could be {names}; type one more letter')
        raise UserError(f'there is no command "{word}"{self._nearest(word)}; help lists them all')

    def named(self, word: str) -> Command | None:
        """The command that has exactly this name or alias."""
        return self._exact(word) or self._exact(word.lower())

    def _exact(self, word: str) -> Command | None:
        if word in self.commands:
            return self.commands[word]
        return next((c for c in self.commands.values() if word in c.aliases), None)

    def _nearest(self, word: str) -> str:
        words = [w for c in self.commands.values() for w in (c.name, *c.aliases)]
        near = difflib.get_close_matches(word, words, n=1)
        return f'; did you mean "{near[0]}"?' if near else ""

    def execute(self, context: Any, line: str) -> list[View]:
        """Run one command line.  `context` is a session, or a workbench that has one as `session`.

        Raises UserError with one sentence when the line or the command cannot be carried out.
        """
        word, _, rest = line.strip().partition(" ")
        command = self.find(word)
        session = getattr(context, "session", context)
        target = context if command.tutor else session
        values = self._values(command, session, rest.strip())
        result = command.function(target, *values)
        if result is None:
            return []
        return list(result) if isinstance(result, Sequence) else [result]

    def _values(self, command: Command, session: Any, rest: str) -> list[Any]:
        if any(a.rest for a in command.arguments):
            return [a.parse(session, rest) if rest else self._default(command, a) for a in command.arguments]
        words = split(rest)
        values: list[Any] = []
        for argument in command.arguments:
            if argument.many:
                values.append([argument.parse(session, w) for w in words])
                words = []
            elif words:
                values.append(argument.parse(session, words.pop(0)))
            else:
                values.append(self._default(command, argument))
        if words:
            raise UserError(f'{command.name} does not take "{words[0]}"; usage: {command.usage}')
        return values

    @staticmethod
    def _default(command: Command, argument: Argument) -> Any:
        if not argument.optional:
            raise UserError(f"{command.name} needs {argument.name}; usage: {command.usage}")
        return argument.default

    def complete(self, context: Any, line: str) -> list[Completion]:
        """Words that can stand where the line ends: command names, then each operand's live values."""
        head, blank, rest = line.lstrip().partition(" ")
        if not blank:
            return [
                Completion(name, c.summary)
                for name, c in sorted(self.commands.items())
                if name.startswith(head.lower())
            ]
        try:
            command = self.find(head)
        except UserError:
            return []
        return self._complete_argument(command, context, rest)

    @staticmethod
    def _complete_argument(command: Command, context: Any, rest: str) -> list[Completion]:
        done, _, begun = rest.rpartition(" ")
        index = len(done.split())
        arguments = command.arguments
        if not arguments:
            return []
        argument = arguments[min(index, len(arguments) - 1)]
        if index >= len(arguments) and not (argument.many or argument.rest):
            return []
        if argument.complete is None:
            return []
        target = context if command.tutor else getattr(context, "session", context)
        known = f"{done} " if argument.rest and done else ""
        return [
            Completion(words[len(known) :], description or argument.name)
            for words, _, description in (found.partition("\t") for found in argument.complete(target))
            if words.lower().startswith((known + begun).lower())
        ]


REGISTRY = Registry()


def command(
    name: str,
    *arguments: Argument,
    group: str,
    aliases: tuple[str, ...] = (),
    keys: str = "",
    tutor: bool = False,
    examples: tuple[str, ...] = (),
    repeats: bool = False,
    registry: Registry = REGISTRY,
) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
    """Enter the function into the registry; the first line of its docstring is the summary."""

    def register(function: Callable[..., Result]) -> Callable[..., Result]:
        summary = (function.__doc__ or "").strip().partition("\n")[0]
        registry.add(Command(name, function, group, arguments, summary, aliases, keys, tutor, examples, repeats))
        return function

    return register


def split(text: str) -> list[str]:
    """Words of a command line; double quotes keep words together (single ones belong to X'0A')."""
    if text.count('"') % 2:
        raise UserError(f"a quotation mark is not closed in: {text}")
    return [quoted or plain for quoted, plain in re.findall(r'"([^"]*)"|(\S+)', text)]
