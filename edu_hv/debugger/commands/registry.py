"""One registry behind keys, REPL, scripts and lessons: a command takes the session and arguments and returns views.

A command never prints.  Which command a word means is found in this order:

1. an exact name or alias; small and capital letters are the same but for aliases of one letter, of which the capital
   is the reverse: "s" and "S";
2. the only name that begins with the word, as in gdb, or else the only alias;
3. nothing: several are listed, and of an unknown word the nearest ones are named.

Before that a line may be rewritten (`rewrites`): x/8xw is another command than x, and a line may be CP's.  Words to
complete a line with are found in `completing`.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from edu_hv.debugger.commands.nearest import nearest
from edu_hv.debugger.views import View
from edu_hv.isa.errors import UserError

Result = View | Sequence[View] | None
Complete = Callable[[Any], Iterable[str]]
Offer = Callable[[Any, str], Iterable[str]]
Rewrite = Callable[[Any, str], str]
After = Callable[[Any, str, Sequence[View]], Iterable[View]]


class CommandError(UserError):
    """A command line that cannot be carried out as it is written.  One sentence, and where the trouble is."""

    def __init__(self, sentence: str, column: int | None = None, length: int = 1) -> None:
        super().__init__(sentence)
        self.column = column
        """Where in the line, from 0, the word that is wrong begins; None where no single word is."""
        self.length = length
        """Letters that are wrong."""


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
    offer: Offer | None = None
    """For operands whose words depend on those before: `offer(context, text)` lists what may stand at the end of the
    operand's text, with a tabulator and what it means, as `complete` does.  Only the last word is named."""


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
    again: str = ""
    """The line that does it again, where that is not the line given: "examine" goes on behind what it showed."""

    @property
    def usage(self) -> str:
        """The command line: "step [COUNT]"."""
        return " ".join([self.name, *(_usage(argument) for argument in self.arguments)])

    @property
    def help(self) -> str:
        """The whole docstring of the function."""
        return (self.function.__doc__ or "").strip()


def _usage(argument: Argument) -> str:
    """ "[COUNT]", "PROGRAM...", "ADDRESS"; a name that has its brackets keeps them."""
    if argument.optional and not argument.name.startswith("["):
        return f"[{argument.name}]"
    return f"{argument.name}..." if argument.many else argument.name


class Completion(NamedTuple):
    """A word that can stand at the end of the line, in the place of what follows its last blank; and what it is."""

    text: str
    description: str = ""


@dataclass
class Registry:
    """All commands by name."""

    commands: dict[str, Command] = field(default_factory=dict)
    rewrites: list[Rewrite] = field(default_factory=list)
    """Each takes the context and a line, and gives the line that is meant: the same, or one in other words."""
    after: list[After] = field(default_factory=list)
    """What is shown besides, behind the views of each line: expressions that are displayed at every stop."""
    more_words: list[Callable[[], Iterable[str]]] = field(default_factory=list)
    """Words that begin a line and are no command here, such as CP's: an unknown word may be near to one of them."""
    _words: dict[str, Command] = field(default_factory=dict)

    def add(self, command: Command) -> None:
        """Enter a command; names and aliases must be unique."""
        for word in (command.name, *command.aliases):
            if word in self._words:
                raise ValueError(f"two commands are called {word}")
        self.commands[command.name] = command
        self._words |= dict.fromkeys((command.name, *command.aliases), command)

    # ---- which command ---------------------------------------------------------------------------------------

    def find(self, word: str) -> Command:
        """The command that a word names, also one with a format behind it (x/8xw).

        Raises CommandError for an unknown or ambiguous word.
        """
        word = self._rewritten(None, word).partition(" ")[0]
        exact = self.named(word)
        if exact:
            return exact
        word = word.lower()
        matches = self.beginning(word)
        if len(matches) == 1:
            return matches[0]
        if matches:
            names = ", ".join(c.name for c in matches)
            raise CommandError(f'"{word}" could be {names}; type one more letter', 0, len(word))
        raise CommandError(
            f'there is no command "{_short(word)}"{self._nearest(word)}; help lists them all', 0, len(word)
        )

    def named(self, word: str) -> Command | None:
        """The command that has exactly this name or alias."""
        return self._words.get(word) or self._words.get(word.lower())

    def beginning(self, word: str) -> list[Command]:
        """The commands whose names begin so; if there are none, those with an alias that does."""
        found = [c for name, c in sorted(self.commands.items()) if name.startswith(word)]
        if found or not word:
            return found
        aliases = {c.name: c for alias, c in self._words.items() if alias.startswith(word)}
        return [aliases[name] for name in sorted(aliases)]

    def _nearest(self, word: str) -> str:
        words = [*self._words, *(one.lower() for more in self.more_words for one in more())]
        near = " or ".join(f'"{each}"' for each in nearest(word, words))
        return f"; did you mean {near}?" if near else ""

    def _rewritten(self, context: Any, line: str) -> str:
        """The line that is meant.  Without a context it is looked at only as to which command it is."""
        for rewrite in self.rewrites:
            line = rewrite(context, line)
        return line

    # ---- carrying out ----------------------------------------------------------------------------------------

    def execute(self, context: Any, line: str) -> list[View]:
        """Run one command line.  `context` is a session, or a workbench that has one as `session`.

        Raises CommandError, with one sentence and the place, when the line or the command cannot be carried out.
        """
        try:
            meant = self._rewritten(context, line)
        except UserError as error:
            raise _brief(error, line) from None
        try:
            views = self._execute(context, meant)
        except CommandError as error:
            raise _brief(error if meant == line else located(error, line), line) from None
        except UserError as error:
            raise _brief(located(error, line), line) from error
        more = [view for after in self.after for view in after(context, line, views)]
        return [*views, *more]

    def _execute(self, context: Any, line: str) -> list[View]:
        text = line.lstrip()
        start = len(line) - len(text)
        word, _, rest = text.rstrip().partition(" ")
        command = self.find(word)
        session = getattr(context, "session", context)
        target = context if command.tutor else session
        column = start + len(word) + 1 + len(rest) - len(rest.lstrip())
        values = self._values(command, session, rest.strip(), column)
        result = command.function(target, *values)
        if result is None:
            return []
        return list(result) if isinstance(result, Sequence) else [result]

    def _values(self, command: Command, session: Any, rest: str, column: int = 0) -> list[Any]:
        if any(a.rest for a in command.arguments):
            return [
                _parsed(command, a, session, (column, rest)) if rest else self._default(command, a)
                for a in command.arguments
            ]
        words = placed(rest, column)
        values: list[Any] = []
        for argument in command.arguments:
            if argument.many:
                values.append([_parsed(command, argument, session, word) for word in words])
                words = []
            elif words:
                values.append(_parsed(command, argument, session, words.pop(0)))
            else:
                values.append(self._default(command, argument))
        if words:
            at, word = words[0]
            raise CommandError(f'{command.name} does not take "{word}"; usage: {command.usage}', at, len(word))
        return values

    @staticmethod
    def _default(command: Command, argument: Argument) -> Any:
        if not argument.optional:
            raise CommandError(f"{command.name} needs {argument.name}; usage: {command.usage}")
        return argument.default

    def complete(self, context: Any, line: str) -> list[Completion]:
        """Words that can stand where the line ends: command names, then each operand's live values."""
        from edu_hv.debugger.commands.completing import completions

        return completions(self, context, line)

    def of_line(self, line: str) -> Command:
        """The command that a whole line is carried out by.  Raises CommandError for an unknown or ambiguous word."""
        return self.find(self._rewritten(None, line).split()[0])

    def meant(self, context: Any, line: str) -> str:
        """The line as it is carried out: "examine /8xw 2000" for "x/8xw 2000"."""
        return self._rewritten(context, line)


def _parsed(command: Command, argument: Argument, session: Any, placed_word: tuple[int, str]) -> Any:
    """The value of an operand.  Raises CommandError with the place of what is wrong, and where there is help."""
    column, word = placed_word
    try:
        return argument.parse(session, word)
    except UserError as error:  # That of an expression knows where in the operand it is.
        within, length = getattr(error, "column", None), getattr(error, "length", 1)
        at, length = (column, max(len(word), 1)) if within is None else (column + within, length)
        raise CommandError(_helpful(command, word, str(error)), at, length) from None


def _helpful(command: Command, word: str, sentence: str) -> str:
    """What is wrong with an operand, and where it is explained; other complaints are left as they are."""
    wrong = _short(word) in sentence and "help " not in sentence and "\n" not in sentence
    return f"{sentence}; see help {command.name}" if wrong else sentence


_LONG = 60
_QUOTED = re.compile(r'"([^"]+)"')


def located(error: UserError, line: str) -> UserError:
    """The same complaint with the place of the word it quotes, where the line has that word behind the command."""
    behind = len(line) - len(line.lstrip().partition(" ")[2])
    within = getattr(error, "within", "")
    if within and within in line:  # An expression that has no value now knows where in it the trouble is.
        return CommandError(str(error), line.rindex(within) + getattr(error, "column", 0), getattr(error, "length", 1))
    for word in _QUOTED.findall(str(error)):
        at = line.lower().find(word.lower(), behind)
        if at >= 0:
            return _same(error, at, len(word))
    return _same(error, None, 1)


def _brief(error: UserError, line: str) -> UserError:
    """The same complaint, in which no word of the line is longer than can be read."""
    sentence = brief = str(error)
    for word in (each for text in (line, line.upper()) for each in text.split() if len(each) > _LONG):
        brief = brief.replace(word, _short(word))
    if brief == sentence or type(error) not in (UserError, CommandError):
        return error
    return CommandError(brief, getattr(error, "column", None), getattr(error, "length", 1))


def _same(error: UserError, column: int | None, length: int) -> UserError:
    """A complaint of another kind (such as of the assembler) stays what it is."""
    return CommandError(str(error), column, length) if type(error) in (UserError, CommandError) else error


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}..."


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
    again: str = "",
    registry: Registry = REGISTRY,
) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
    """Enter the function into the registry; the first line of its docstring is the summary."""

    def register(function: Callable[..., Result]) -> Callable[..., Result]:
        summary = (function.__doc__ or "").strip().partition("\n")[0]
        flags = examples, repeats, again
        registry.add(Command(name, function, group, arguments, summary, aliases, keys, tutor, *flags))
        return function

    return register


_WORD = re.compile(r'"([^"]*)"|(\S+)')


def split(text: str) -> list[str]:
    """Words of a command line; double quotes keep words together (single ones belong to X'0A')."""
    return [word for _, word in placed(text)]


def placed(text: str, column: int = 0) -> list[tuple[int, str]]:
    """The same words, each with its column."""
    if text.count('"') % 2:
        raise CommandError(f"a quotation mark is not closed in: {_short(text)}", column + text.rindex('"'))
    found = _WORD.finditer(text)
    return [(column + each.start(), each[2] if each[2] is not None else each[1]) for each in found]
