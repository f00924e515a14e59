"""The commands about commands.  What they list is the registry itself, so help cannot grow old."""

from edu_hv.debugger.commands.arguments import short
from edu_hv.debugger.commands.registry import REGISTRY, Argument, Command, command
from edu_hv.debugger.views import HelpEntry, HelpView, TextView
from edu_hv.hypervisor.commands.registry import COMMANDS
from edu_hv.isa.errors import UserError
from edu_hv.isa.table import BY_MNEMONIC, Operation
from edu_hv.machine.instructions.registry import SEMANTICS

MARKS = (
    "> next to be executed, or the stage of a trap that was done last",
    "! a trap was taken here by the last step",
    ". executed before",
    "B breakpoint",
    "* changed by the last step or stage",
    "< read by the last step",
    "same, differs: whether the guest is shown what is really in the machine",
)
HINT = ("help COMMAND says more; help marks explains the marks; apropos WORD searches.",)


def _word(session: object, text: str) -> str:
    return text.strip()


def _topics(session: object) -> list[str]:
    return sorted({*REGISTRY.commands, *(c.group for c in REGISTRY.commands.values()), "marks"})


@command("help", Argument("TOPIC", _word, _topics, optional=True, default="", rest=True), group="help", aliases=("?",))
def help_(session: object, topic: str) -> HelpView | TextView:
    """List all commands, or explain a command, a group of commands, the marks, or an instruction.

    "help step" explains one command, "help look" lists a group, "help marks" explains > ! . B * and <, "help MVCL"
    tells what an instruction does; of "help S", a command too, say "help instruction S".  "help cp query" is about a
    command of CP.
    """
    if not topic:
        return HelpView(tuple(_entry(c) for c in _by_group()), HINT)
    if topic.lower() == "marks":
        return TextView(MARKS, "marks")
    word, _, rest = topic.partition(" ")
    if word.lower() in ("cp", "#cp") and rest:
        return _cp_command(rest)
    if row := _instruction(topic):
        return TextView(tuple(_instruction_lines(row)), row.mnemonic)
    group = tuple(_entry(c) for c in _by_group() if c.group == topic.lower())
    if group and topic.lower() not in REGISTRY.commands:
        return HelpView(group, HINT)
    return _about(REGISTRY.find(topic), group)


@command("apropos", Argument("WORD", _word, rest=True), group="help")
def apropos(session: object, word: str) -> HelpView:
    """List the commands whose name or help speaks of a word."""
    word = word.lower()
    found = tuple(_entry(c) for c in _by_group() if word in " ".join((c.name, *c.aliases, c.group, c.help)).lower())
    if not found:
        raise UserError(f'no command speaks of "{word}"; help lists them all')
    return HelpView(found)


@command("quit", group="help", aliases=("q", "exit"))
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
    also = [f"Also: {', '.join(command.aliases)}"] if command.aliases else []
    others = [entry.name for entry in group if entry.name != command.name]
    related = [f"In the same group: {', '.join(others)}"] if others else []
    known = [f"Its commands: {_cp_names()}; help cp COMMAND is about one."] if command.name == "cp" else []
    return HelpView((_entry(command),), (*(p for p in paragraphs if p), *known, *also, *related))


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
