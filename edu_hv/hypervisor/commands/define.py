"""DEFINE: change what a virtual machine has until it is logged off (DMKDEF).  CP Command Reference "DEFINE"."""

from typing import TYPE_CHECKING

from edu_hv.hypervisor import virtual_configuration as configuration
from edu_hv.hypervisor.commands.device_operands import without
from edu_hv.hypervisor.commands.registry import Answer, CommandError, abbreviates, command, device_address
from edu_hv.hypervisor.directory_statements import CYLINDERS, StatementError, storage_size
from edu_hv.hypervisor.disconnected import terminal_needed
from edu_hv.isa.errors import UserError
from edu_hv.machine.subchannel import ChannelType

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.virtual_devices import VDEVBLOK
    from edu_hv.hypervisor.vmblok import VMBLOK

_CHANNELS = {"SEL": ChannelType.SELECTOR, "BMX": ChannelType.BLOCK_MULTIPLEXER}
_SPOOLED = {"RDR": "2540R", "Reader": "2540R", "PUN": "2540P", "PUNch": "2540P", "PRT": "1403", "PRinter": "1403"}
_MODELS = ("2501", "3505", "3525", "1403", "1443", "3203", "3211")
"""Unit record types that may be given as such."""


@command("DEFine")
def define(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """DEFine STORage [As] size | CHANNELs [As] SEL | BMX | type [As] vaddr [CYL n] | vaddr1 [As] vaddr2."""
    if not words:
        raise _missing()
    what, operands = words[0], without(words[1:], "As")
    if abbreviates(what, "STORage"):
        return _storage(cp, vm, operands)
    if abbreviates(what, "CHANnels"):
        return _channels(cp, vm, operands)
    return Answer([_device(cp, vm, what, operands)])


def _missing() -> CommandError:
    return CommandError("DEF", 26, "OPERAND MISSING OR INVALID")


def _storage(cp: "ControlProgram", vm: "VMBLOK", operands: list[str]) -> Answer:
    """The size, at most what the directory allows.  The machine is reset, and stops in CP mode."""
    word = operands[0] if operands else ""
    try:
        size = storage_size(word)
    except StatementError:
        raise CommandError("DEH", 25, f"STORAGE MISSING OR INVALID - {word}".removesuffix(" - ")) from None
    entry = cp.directory.find(vm.vmuser)
    try:
        if entry is not None and size > entry.user.maximum:
            raise CommandError("DEH", 94, "STORAGE EXCEEDS ALLOWED MAXIMUM")
        configuration.redefine_storage(cp, vm, size)
    except UserError:
        raise CommandError("DEH", 94, "STORAGE EXCEEDS ALLOWED MAXIMUM") from None
    return Answer([f"STORAGE = {size // 1024:05}K"])


def _channels(cp: "ControlProgram", vm: "VMBLOK", operands: list[str]) -> Answer:
    """How all channels but channel 0 work.  The machine is reset, and stops in CP mode."""
    if not operands or operands[0] not in _CHANNELS:
        raise _missing()
    cp.reset(vm)
    vm.cf = True
    terminal_needed(cp, vm)
    vm.devices.define_channels(_CHANNELS[operands[0]])
    return Answer([f"CHANNELS = {operands[0]}"])


def _device(cp: "ControlProgram", vm: "VMBLOK", what: str, operands: list[str]) -> str:
    """A new device, or another address for one that is there."""
    if not operands:
        raise CommandError("DEF", 22, "VADDR MISSING OR INVALID")
    address = device_address(operands[0], "DEF")
    if not configuration.address_allowed(vm, address):
        raise CommandError("DEF", 22, f"VADDR MISSING OR INVALID - {operands[0]}")
    disk = what[1:] if what[:1] == "T" and what[1:] in CYLINDERS else ""
    try:
        if disk:
            return _temporary(cp, vm, disk, address, operands[1:])
        vdev = _made(cp, vm, what, address)
    except UserError:
        raise CommandError("DEF", 92, f"DEV {address:03X} ALREADY DEFINED") from None
    return f"{configuration.word_for(vdev)} {vdev.address:03X} DEFINED"


def _made(cp: "ControlProgram", vm: "VMBLOK", what: str, address: int) -> "VDEVBLOK":
    spooled = next((model for name, model in _SPOOLED.items() if abbreviates(what, name)), "")
    if what in _MODELS or spooled:
        return configuration.add_spooled(cp, vm, address, what if what in _MODELS else spooled)
    if abbreviates(what, "CONSole") or what in ("3215", "1052"):
        if vm.devices.console() is not None:
            raise CommandError("DEF", 92, "CONSOLE ALREADY DEFINED")
        return configuration.add_console(cp, vm, address, what if what == "1052" else "3215")
    if what == "CTCA":
        return configuration.add_adapter(cp, vm, address)
    if what in ("GRAF", "3270"):
        return configuration.add_display(vm, address)
    return _renumbered(cp, vm, what, address)


def _renumbered(cp: "ControlProgram", vm: "VMBLOK", what: str, address: int) -> "VDEVBLOK":
    """Raises CommandError 003E for a word that is neither a type nor an address, 040E when there is no such device."""
    try:
        former = device_address(what, "DEF")
    except CommandError:
        raise CommandError("DEF", 3, f"INVALID OPTION - {what}") from None
    if former not in vm.devices:
        raise CommandError("DEF", 40, f"DEV {former:03X} DOES NOT EXIST")
    return configuration.renumber(cp, vm, former, address)


def _temporary(cp: "ControlProgram", vm: "VMBLOK", model: str, address: int, operands: list[str]) -> str:
    """Cylinders from the T-disk space, as the last user has left them."""
    if len(operands) != 2 or operands[0] != "CYL" or not operands[1].isdecimal() or not int(operands[1]):
        raise _missing()
    if address in vm.devices:
        raise CommandError("DEF", 92, f"DEV {address:03X} ALREADY DEFINED")
    cylinders = int(operands[1])
    if configuration.add_temporary(cp, vm, address, model, cylinders) is None:
        raise CommandError("DEF", 91, f"DASD {address:03X} NOT DEFINED; TEMP SPACE NOT AVAILABLE")
    return f"DASD {address:03X} DEFINED {cylinders:03} CYL"
