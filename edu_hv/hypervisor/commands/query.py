"""QUERY: what the system and the virtual machine have (DMKCFC, DMKCQG).  CP Command Reference "QUERY"."""

from typing import TYPE_CHECKING

from edu_hv.hypervisor.commands.registry import Answer, CommandError, command

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK


@command("Query", looks=True)
def query(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """Query Names | Time | Virtual [STORage | ALL]: who is logged on, machine time, what the machine has."""
    what = words[0] if words else ""
    if what and "NAMES".startswith(what):
        return Answer([", ".join(f"{other.vmuser} - {_state(other)}" for other in cp.vms)])
    if what and "TIME".startswith(what):
        return Answer([f"TIME IS {vm.clocks.now} MICROSECONDS SINCE POWER-ON"])
    if what and "VIRTUAL".startswith(what):
        return Answer(_virtual(vm, words[1:]))
    raise CommandError("CFC", 26, "OPERAND MISSING OR INVALID")


def _state(vm: "VMBLOK") -> str:
    return "CP" if vm.cf else "WAIT" if vm.vmpsw.wait else "RUN"


def _virtual(vm: "VMBLOK", words: list[str]) -> list[str]:
    lines = [f"STORAGE = {vm.vmsize // 1024:05}K"]
    if words and "STORAGE".startswith(words[0]) and len(words[0]) > 3:
        return lines
    return lines
