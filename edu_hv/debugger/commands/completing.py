"""Words to complete a command line with: names of commands, then of each operand the values it can have now.

Nothing here executes anything or changes the session, and nothing takes long: what is made of a program's symbols is
made once.  A face shows the words; the same core serves the prompt and the screen.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from edu_hv.debugger.commands.registry import Argument, Command, Completion
from edu_hv.isa.errors import UserError

if TYPE_CHECKING:
    from edu_hv.debugger.commands.registry import Registry

MOST = 1000
"""Words offered at most: nobody reads on."""


def completions(registry: "Registry", context: Any, line: str) -> list[Completion]:
    """Words that can stand where the line ends."""
    head, blank, _ = line.lstrip().partition(" ")
    if not blank:
        return _commands(registry, head)
    try:
        meant = registry.meant(context, line)
        word, _, rest = meant.lstrip().partition(" ")
        return _operands(registry.find(word), context, rest)
    except UserError:
        return []


def _commands(registry: "Registry", head: str) -> list[Completion]:
    """Names, then aliases of more than a letter that do not begin as their command does, then CP's words."""
    begun, commands = head.lower(), registry.commands
    found = [Completion(name, c.summary) for name, c in sorted(commands.items()) if name.startswith(begun)]
    aliases = sorted((alias, c) for c in commands.values() for alias in c.aliases if len(alias) > 1 and alias.isalpha())
    found += [
        Completion(alias, f"{c.name}: {c.summary}")
        for alias, c in aliases
        if alias.lower().startswith(begun) and not c.name.startswith(alias)
    ]
    if head and (head.isupper() or not found):
        found += _other_words(registry, head, {word.text for word in found})
    return found


def _other_words(registry: "Registry", head: str, known: set[str]) -> list[Completion]:
    """Words of CP's, in capital letters where they are typed so."""
    words = sorted({word for more in registry.more_words for word in more() if word.lower() not in known})
    written = [word.upper() if head.isupper() else word.lower() for word in words]
    return [Completion(word, "a command of CP") for word in written if word.lower().startswith(head.lower())]


def _operands(command: Command, context: Any, rest: str) -> list[Completion]:
    argument, text = _argument_at_end(command, rest)
    if argument is None:
        return []
    target = context if command.tutor else getattr(context, "session", context)
    words = islice(_offered(argument, target, text), MOST)
    return [Completion(word, description or argument.name) for word, description in words]


def _argument_at_end(command: Command, rest: str) -> tuple[Argument | None, str]:
    """The operand that the end of the text belongs to, and what has been typed of it: of one that takes the rest of
    the line, or any number of words, all of that."""
    rest = rest.lstrip()
    arguments = command.arguments
    for index, argument in enumerate(arguments):
        if argument.rest or argument.many:
            return argument, rest
        end = _end_of_word(rest)
        if end == len(rest):
            return argument, rest
        rest = rest[end:].lstrip()
        if index == len(arguments) - 1:
            return None, rest
    return None, rest


def _end_of_word(text: str) -> int:
    """Where the first word ends; quotation marks keep words together."""
    if text.startswith('"'):
        closing = text.find('"', 1)
        return len(text) if closing < 0 else closing + 1
    at = text.find(" ")
    return len(text) if at < 0 else at


def _offered(argument: Argument, target: Any, text: str) -> Iterator[tuple[str, str]]:
    """Words for the end of an operand's text that begin as it does, with what they mean."""
    if argument.offer is not None:
        begun = text.rpartition(" ")[2].lower()
        quoted = '"' in text  # What is offered then is only the rest of a name.
        yield from _taken_apart(argument.offer(target, text), "" if quoted else begun)
        return
    if argument.complete is None:
        return
    done, _, begun = text.rpartition(" ")
    known = f"{done} " if argument.rest and done else ""
    for words, said in _taken_apart(argument.complete(target), (known + begun).lower()):
        yield words[len(known) :], said


def _taken_apart(words: Iterable[str], begun: str) -> Iterator[tuple[str, str]]:
    """Those that begin so, and what they mean."""
    for word in words:
        if word.lower().startswith(begun) or (word.startswith('"') and word[1:].lower().startswith(begun)):
            text, _, description = word.partition("\t")
            yield text, description
