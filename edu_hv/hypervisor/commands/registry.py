"""CP's commands: how one is defined, found and run (DMKCFM, DMKCFC).  CP Command Reference, "Command Language".

A command is defined once, by a function with `@command`; a guest's operator, DIAGNOSE X'08', the console functions of
TRACE and PER and the debugger all come to it through `run_command`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edu_hv.hypervisor.paging_area import PagingFailure

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK

_NO_PAGE = 400
"""Return code of a command that cannot have a page.  Invented."""

ANY = ""
"""The privilege class of commands that everybody may give."""


@dataclass
class Answer:
    """What a command answered: lines, and the return code (0, or the number of the error message)."""

    lines: list[str] = field(default_factory=list)
    code: int = 0


class CommandError(Exception):
    """CP refuses a command with a message: module (3 letters behind DMK), number, severity and text."""

    def __init__(self, module: str, number: int, text: str, severity: str = "E") -> None:
        super().__init__(text)
        self.number = number
        self.line = f"DMK{module}{number:03}{severity} {text}"


Function = Callable[["ControlProgram", "VMBLOK", list[str]], Answer]


@dataclass(frozen=True)
class CPCommand:
    """`name` as the manual prints it, capitals being the shortest abbreviation; `classes` the privilege classes."""

    name: str
    function: Function
    classes: str = ANY
    keeps_case: bool = False
    """The operands are given to the function as they were typed."""
    looks: bool = False
    """It only looks: CP need not take the machine from the guest that runs."""

    def matches(self, word: str) -> bool:
        """Whether `word` abbreviates this command."""
        return abbreviates(word, self.name)

    def allowed(self, classes: str) -> bool:
        """Whether a user of these privilege classes may give it."""
        return not self.classes or bool(set(self.classes) & set(classes))


COMMANDS: list[CPCommand] = []
"""What CP understands, in the order of definition: the first that matches is taken."""


def command(
    name: str, classes: str = "G", keeps_case: bool = False, looks: bool = False
) -> Callable[[Function], Function]:
    """Define a command."""

    def define(function: Function) -> Function:
        COMMANDS.append(CPCommand(name, function, classes, keeps_case, looks))
        return function

    return define


def abbreviates(word: str, name: str) -> bool:
    """Whether `word` is an abbreviation of `name`, whose capitals are the shortest one: "Q" and "QUE" of "Query"."""
    shortest = sum(not letter.islower() for letter in name)
    return len(word) >= shortest and name.upper().startswith(word.upper())


def find(word: str, classes: str) -> CPCommand | None:
    """The command a user of these classes means, or None."""
    return next((c for c in COMMANDS if c.matches(word) and c.allowed(classes)), None)


def run_command(cp: "ControlProgram", vm: "VMBLOK", line: str) -> Answer:
    """Run one line for a virtual machine; CP or #CP in front is optional.

    A command that the user's classes do not allow is as unknown as one that does not exist.
    """
    words = line.split()
    if words and words[0].upper() in ("CP", "#CP") and len(words) > 1:
        words = words[1:]
    if not words:
        return Answer()
    found = find(words[0], vm.vmcls)
    if found is None:
        return Answer(edited(vm, f"DMKCFM001E ?CP: {words[0].upper()}"), 1)
    operands = words[1:] if found.keeps_case else [word.upper() for word in words[1:]]
    try:
        with cp.registers_in_vmblok() if found.looks else cp.console_function(vm):
            return found.function(cp, vm, operands)
    except CommandError as error:
        return Answer(edited(vm, error.line), error.number)
    except PagingFailure as failure:  # A page of the guest's that the command needs cannot be had.
        return Answer(edited(vm, str(failure)), _NO_PAGE)


_MESSAGE = re.compile(r"(DMK[A-Z]{3}\d{3}[A-Z]) ")
"""A message begins with module, number and severity."""


def edited(vm: "VMBLOK", line: str) -> list[str]:
    """A message as SET EMSG wants it: ON all of it, CODE its number, TEXT its text, OFF nothing."""
    found = _MESSAGE.match(line)
    emsg = vm.settings.get("EMSG", "ON")
    if found is None or emsg == "ON":
        return [line]
    return {"CODE": [found.group(1)], "TEXT": [line[found.end() :]]}.get(emsg, [])


def is_decimal(text: str) -> bool:
    """Whether it is a number of a few decimal digits; `str.isdigit` takes digits that CP's terminals have not."""
    return re.fullmatch("[0-9]{1,9}", text) is not None


# ---- operands ------------------------------------------------------------------------------------------------------


def hexadecimal(text: str, most: int = 8) -> int:
    """A number of hexadecimal digits only, unlike what `int` accepts.  Raises ValueError."""
    if not re.fullmatch(f"[0-9A-F]{{1,{most}}}", text):
        raise ValueError(text)
    return int(text, 16)


def device_address(text: str, module: str) -> int:
    """A virtual or real device address of one to three hexadecimal digits.  Raises CommandError 022E."""
    try:
        return hexadecimal(text, 3)
    except ValueError:
        raise CommandError(module, 22, f"VADDR MISSING OR INVALID - {text}") from None


def operand(words: list[str], index: int, module: str) -> str:
    """An operand that there must be.  Raises CommandError 026E."""
    if index >= len(words):
        raise CommandError(module, 26, "OPERAND MISSING OR INVALID")
    return words[index]
