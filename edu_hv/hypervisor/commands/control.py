"""Commands that start, stop and interrupt a virtual machine (DMKCFM, DMKCFP).  CP Command Reference."""

from typing import TYPE_CHECKING

from edu_hv.hypervisor.commands.registry import Answer, CommandError, command, hexadecimal
from edu_hv.isa.codes import CR0, External

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK


@command("Begin")
def begin(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """Begin [hexloc]: leave CP mode and go on, at an address if one is given."""
    if words:
        try:
            address = hexadecimal(words[0])
        except ValueError:
            raise CommandError("CFD", 4, f"INVALID HEXLOC - {words[0]}") from None
        if address >= vm.vmsize:
            raise CommandError("CFD", 160, f"HEXLOC {words[0]} EXCEEDS STORAGE")
        vm.vmpsw.instruction_address = address
        vm.vmpsw.wait = False
    vm.cf = False
    cp.wake(vm)
    return Answer()


@command("EXTernal")
def external(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """EXTernal [code]: make an external interruption pending, that of the interrupt key by default."""
    if words and words[0] != "40":
        raise CommandError("CFM", 3, f"INVALID OPTION - {words[0]}")
    vm.queue_external(External.INTERRUPT_KEY, CR0.INTERRUPT_KEY_MASK)
    cp.wake(vm)
    return Answer()


@command("STOP")
def stop(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """STOP, not of VM/370 in this form: put the guest into CP mode, as its attention key would."""
    vm.cf = True
    return Answer()
