"""SET: what a user says about the virtual machine, and an operator about the system (DMKCFS).

Each option is defined once, by a function with `@setting`; it takes the words behind its own name.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edu_hv.hypervisor.commands.registry import ANY, Answer, CommandError, Function, abbreviates, command, operand

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK


@dataclass(frozen=True)
class Setting:
    """`name` as the manual prints it, capitals being the shortest abbreviation; `classes` the privilege classes."""

    name: str
    function: Function
    classes: str


SETTINGS: list[Setting] = []
"""What SET understands."""


def setting(name: str, classes: str = "G") -> Callable[[Function], Function]:
    """Define an option of SET."""

    def define(function: Function) -> Function:
        SETTINGS.append(Setting(name, function, classes))
        return function

    return define


@command("SET", ANY)
def set_command(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """SET option ...: ECmode, TIMER ON | OFF | REAL, ASsist, PAGEX, RUN, ISAM, MSG, WNG, EMSG ON | OFF | CODE | TEXT,
    IMSG, ACNT, SMSG, LINEDit, AUTOpoll; class A: SASsist, FAVored userid, PRIORity userid nn; class B: LOGMSG text.

    An option that the user's classes do not allow is as unknown as one that does not exist.
    """
    name = operand(words, 0, "CFS")
    allowed = (found for found in SETTINGS if set(found.classes) & set(vm.vmcls))
    option = next((found for found in allowed if abbreviates(name, found.name)), None)
    if option is None:
        raise CommandError("CFS", 3, f"INVALID OPTION - {name}")
    return option.function(cp, vm, words[1:])
