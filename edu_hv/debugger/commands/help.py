"""The commands about commands.  What they list is the registry itself, so help cannot grow old."""

import re
from collections.abc import Iterable

from edu_hv.debugger.commands.arguments import short
from edu_hv.debugger.commands.cp_words import cp_names, first_of, summary_of
from edu_hv.debugger.commands.nearest import nearest
from edu_hv.debugger.commands.registry import REGISTRY, Argument, Command, command
from edu_hv.debugger.commands.topics import TOPICS, is_topic, topic_lines, topic_list, topic_view, topics_with
from edu_hv.debugger.views import HelpEntry, HelpView, TableView, TextView, View
from edu_hv.hypervisor.commands.registry import COMMANDS
from edu_hv.isa.errors import UserError
from edu_hv.isa.table import BY_MNEMONIC, Operation
from edu_hv.machine.instructions.registry import SEMANTICS

HINT = ("help COMMAND says more; help topics lists topics; help marks explains the marks; apropos WORD searches.",)


def _word(session: object, text: str) -> str:
    return text.strip()


def _subjects(session: object, text: str) -> Iterable[str]:
    """What help can be about: behind "cp" a command of CP, behind "topic" a topic, behind "instruction" a mnemonic."""
    first, blank, _ = text.lower().partition(" ")
    if blank and first in ("cp", "#cp"):
        return [f"{name}\t{summary_of(found)}" for name in cp_names() if (found := first_of(name))]
    if blank and first == "topic":
        return TOPICS
    if blank:
        return sorted(BY_MNEMONIC) if first == "instruction" else ["travel"] if first == "time" else ()
    commands = [f"{name}\t{c.summary}" for name, c in sorted(REGISTRY.commands.items())]
    groups = {c.group for c in REGISTRY.commands.values()} - REGISTRY.commands.keys()
    topics = [topic for topic in TOPICS if topic not in REGISTRY.commands and " " not in topic]
    words = [f"{group}\ta group of commands" for group in sorted(groups)] + [f"{topic}\ta topic" for topic in topics]
    more = ("topics\tall topics", "topic\tthen a topic", "instruction\tthen a mnemonic", "time\ta topic: time travel")
    mnemonics = [f"{name}\t{row.name}" for name, row in sorted(BY_MNEMONIC.items())] if text else []
    return [*commands, *words, *more, *mnemonics]


@command(
    "help",
    Argument("TOPIC", _word, optional=True, default="", rest=True, kind="topic", offer=_subjects),
    group="help",
    aliases=("?", "h"),
    examples=(
        "help : all commands",
        "help step : one of them",
        "help topics : what else there is to read",
        "help MVCL : an instruction",
        "help cp query : a command of CP",
    ),
)
def help_(session: object, topic: str) -> HelpView | TextView | TableView | list[View]:
    """List all commands, or explain a command, a group of commands, a topic, the marks, or an instruction.

    "help step" explains one command, "help look" lists a group, "help marks" explains > ! . B * and <, "help MVCL"
    tells what an instruction does; of "help S", a command too, say "help instruction S".  "help cp query" is about a
    command of CP.  "help topics" lists the topics; of one that is a command too, say "help topic lessons".
    """
    if not topic:
        return HelpView(tuple(_entry(c) for c in _by_group()), HINT)
    word, _, rest = topic.partition(" ")
    if word.lower() == "topics" or (word.lower() == "topic" and not rest):
        return topic_list()
    if word.lower() == "topic":
        return _topic(rest.strip())
    if word.lower() in ("cp", "#cp") and rest:
        return _cp_command(rest)
    if row := _instruction(topic):
        return TextView(tuple(_instruction_lines(row)), row.mnemonic)
    if is_topic(topic) and REGISTRY.named(topic) is None:
        return topic_view(topic)
    group = tuple(_entry(c) for c in _by_group() if c.group == topic.lower())
    if group and topic.lower() not in REGISTRY.commands:
        return HelpView(group, HINT)
    if REGISTRY.named(word) is None and "/" not in word and word.lower() in cp_names():
        return _cp_command(topic)
    return _about(REGISTRY.find(topic), group)


def _topic(word: str) -> list[View]:
    if not is_topic(word):
        near = " or ".join(nearest(word, TOPICS))
        raise UserError(f'there is no topic "{short(word)}"{f"; did you mean {near}?" if near else ""}; help topics')
    return topic_view(word)


@command(
    "apropos",
    Argument("WORD", _word, rest=True, kind="text"),
    group="help",
    examples=("apropos timer : what speaks of timers", "apropos storage key : two words that stand together"),
)
def apropos(session: object, word: str) -> HelpView | list[View]:
    """List what speaks of a word: commands by name, help and examples, topics, commands of CP, and instructions."""
    word = word.lower()
    found = tuple(_entry(c) for c in _by_group() if _speaks_of(c, word))
    tables = [
        TableView(title, columns, tuple(rows))
        for title, columns, rows in (
            ("topics: help topic NAME", ("topic", "about"), topics_with(word)),
            ("commands of CP: help cp NAME", ("command", "what it does"), _cp_commands_with(word)),
            ("instructions: help NAME", ("instruction", "name"), _instructions_with(word)),
        )
        if rows
    ]
    if not found and not tables:
        raise UserError(f'no command speaks of "{word}"; help lists them all')
    commands: list[View] = [HelpView(found)] if found else []
    return [*commands, *tables]


def _speaks_of(one: Command, word: str) -> bool:
    """A name may have the word anywhere, "runback" for back; in a text it stands at the beginning of one.

    A short one is a word by itself: "whole" is not about who.
    """
    text = " ".join((one.group, one.help, *one.examples)).lower()
    end = r"s?(?!\w)" if len(word) <= _SHORT else ""
    found = re.search(rf"(?<!\w){re.escape(word)}{end}", text)
    return found is not None or word in " ".join((one.name, *one.aliases)).lower()


_SHORT = 3


def _cp_commands_with(word: str) -> list[tuple[str, str]]:
    texts = {each.name: each for each in COMMANDS}
    spoken = (each for each in texts.values() if word in f"{each.name} {each.function.__doc__}".lower())
    return sorted((each.name, summary_of(each)) for each in spoken)


def _instructions_with(word: str) -> list[tuple[str, str]]:
    """Instructions whose mnemonic is the word, or whose name has it; the whole texts would say too much."""
    rows = BY_MNEMONIC.values()
    return sorted((row.mnemonic, row.name) for row in rows if word == row.mnemonic.lower() or word in row.name.lower())


@command("quit", group="help", aliases=("q", "exit"), examples=("quit : leave",))
def quit_(session: object) -> TextView:
    """Leave; all that was reached is kept.

    At the prompt Ctrl-D does the same; in the screen it is the key q.
    """
    return TextView(("In the screen the key q leaves.",))  # prompt and scripts end before they get here


def _by_group() -> list[Command]:
    """All commands, groups in the order in which they were entered, names in order of the alphabet."""
    groups = list(dict.fromkeys(c.group for c in REGISTRY.commands.values()))
    return sorted(REGISTRY.commands.values(), key=lambda c: (groups.index(c.group), c.name))


def _entry(command: Command) -> HelpEntry:
    return HelpEntry(command.name, command.usage, command.summary, command.group, command.keys)


def _about(command: Command, group: tuple[HelpEntry, ...]) -> HelpView:
    """One command at length; the group of the same name, where there is one, is named too."""
    _, _, rest = command.help.partition("\n")
    paragraphs = [" ".join(paragraph.split()) for paragraph in rest.strip().split("\n\n")]
    kinds = [f"{each.name}: {_kind(each)}" for each in command.arguments]
    operands = [f"Operands: {'; '.join(kinds)}"] if kinds else []
    examples = ["Examples:", *(f"  {example}" for example in command.examples)] if command.examples else []
    also = [f"Also: {', '.join(command.aliases)}"] if command.aliases else []
    others = [entry.name for entry in group if entry.name != command.name]
    related = [f"In the same group: {', '.join(others)}"] if others else []
    known = [f"Its commands: {_cp_names()}; help cp COMMAND is about one."] if command.name == "cp" else []
    topic = topic_lines(command.name) if is_topic(command.name) else ()
    text = (*(p for p in paragraphs if p), *operands, *examples, *known, *also, *related, *topic)
    return HelpView((_entry(command),), text)


def _kind(argument: Argument) -> str:
    """What an operand is: its kind, and what is taken when it is left out."""
    usual = f", {argument.default} unless given" if isinstance(argument.default, int) and argument.default else ""
    return f"{argument.kind}{usual}"


def _cp_names() -> str:
    return ", ".join(sorted({each.name for each in COMMANDS}, key=str.lower))


def _cp_command(word: str) -> TextView:
    """A command of CP, by any abbreviation: how it is given, and who may give it."""
    found = next((each for each in COMMANDS if each.matches(word.split()[0])), None)
    if found is None:
        raise UserError(f'CP has no command "{short(word)}"; help cp lists them all')
    text = [line.strip() for line in (found.function.__doc__ or "").strip().splitlines()]
    who = f"for users of privilege class {' or '.join(found.classes)}" if found.classes else "for everybody"
    lines = (*text, "", f"{who}; the capitals of {found.name} are its shortest form")
    return TextView(lines, f"CP command {found.name}")


def _instruction(topic: str) -> Operation | None:
    """The instruction that a topic names; a word that is a command is none, unless it is said to be one."""
    kind, _, mnemonic = topic.upper().rpartition(" ")
    command = not kind and REGISTRY.named(topic)
    return None if command or kind not in ("", "INSTRUCTION") else BY_MNEMONIC.get(mnemonic)


def _instruction_lines(row: Operation) -> list[str]:
    """What the table says of an instruction, then what its function says."""
    state = "; privileged" if row.privileged else "; semiprivileged" if row.semiprivileged else ""
    fixed = f"X'{row.code:02X}', format {row.format.name}, {row.group.value}, {row.level.value}{state}"
    lines = [f"{row.mnemonic}  {row.name}", fixed, f"condition code: {row.condition_code.value}"]
    function = SEMANTICS.get(row.mnemonic)
    if function is None:
        return [*lines, "Only a System/360 has it here; to a System/370 it is an operation exception."]
    module = function.__module__.rpartition(".")[2]
    text = [line.strip() for line in (function.__doc__ or "").strip().splitlines()]
    return [*lines, "", *text, "", f"edu_hv/machine/instructions/{module}.py, {function.__name__}"]
