"""Commands that load, start, stop and reset a virtual machine (DMKCFM, DMKCFP, DMKCFG).  CP Command Reference."""

from typing import TYPE_CHECKING

from edu_hv.hypervisor.commands.registry import (
    Answer,
    CommandError,
    abbreviates,
    command,
    hexadecimal,
    is_decimal,
    operand,
)
from edu_hv.hypervisor.commands.saved_systems import load_saved_system
from edu_hv.hypervisor.timer_requests import Request
from edu_hv.hypervisor.vmblok import OtherStatus
from edu_hv.isa.codes import CR0, Class, External
from edu_hv.isa.errors import UserError
from edu_hv.machine.storage import BLOCK

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK

_PARAMETER_LENGTH = 64
"""Bytes of PARM that fit into the 16 general registers."""
_UNITS = {"SEC": 1, "MIN": 60, "HRS": 3600}
_SECOND = 1_000_000


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
    go_on(cp, vm)
    return Answer()


def go_on(cp: "ControlProgram", vm: "VMBLOK") -> None:
    """Leave CP mode; a SLEEP is over."""
    vm.vmostat &= ~OtherStatus.SLEEP
    cp.requests.cancel(vm.vmuser, Request.SLEEP)
    vm.cf = False
    cp.wake(vm)


@command("IPL", keeps_case=True)
def ipl(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """IPL {vaddr [cylno] | sysname} [CLear] [NOCLear] [STOP] [PARM text]: load a system, and run it."""
    name, *rest = [operand(words, 0, "CFG").upper(), *words[1:]]
    parameter = ""
    for at, word in enumerate(rest):
        if word.upper() == "PARM":
            parameter, rest = " ".join(rest[at + 1 :]), rest[:at]
            break
    cylinder, clear, stopped = _ipl_options([word.upper() for word in rest])
    image = _parameter(parameter)
    device = _ipl_device(cp, vm, name)
    vm.cf = True  # The machine is reset; it runs again when it has been loaded.
    if clear:
        _clear(cp, vm)
    if device is None:
        load_saved_system(cp, vm, name)
    else:
        _load(cp, vm, device, cylinder)
    for register, at in enumerate(range(0, len(image), 4)):
        vm.vmgprs[register] = int.from_bytes(image[at : at + 4].ljust(4, b"\x40"), "big")
    if not stopped:
        go_on(cp, vm)
    return Answer()


def _ipl_device(cp: "ControlProgram", vm: "VMBLOK", name: str) -> int | None:
    """The address of a device of the machine's, None for the name of a saved system.  Nothing is changed yet."""
    try:
        address = hexadecimal(name, 3)
    except ValueError:
        if cp.named_systems.saved(name) is None:
            raise CommandError("CFG", 44, f"{name} SYSTEM DOES NOT EXIST") from None
        return None
    if address not in vm.devices:
        raise CommandError("CFG", 40, f"DEVICE {name} DOES NOT EXIST")
    return address


def _ipl_options(words: list[str]) -> tuple[int | None, bool, bool]:
    """Cylinder, and whether to clear and to stop."""
    cylinder, clear, stopped = None, False, False
    for word in words:
        if abbreviates(word, "CLear"):
            clear = True
        elif word == "STOP":
            stopped = True
        elif is_decimal(word) and cylinder is None:
            cylinder = int(word)
        elif not abbreviates(word, "NOCLear"):
            raise CommandError("CFG", 3, f"INVALID OPTION - {word}")
    return cylinder, clear, stopped


def _load(cp: "ControlProgram", vm: "VMBLOK", address: int, cylinder: int | None) -> None:
    """From a device."""
    cp.reset(vm)
    try:
        cp.vio.ipl(vm, address, cylinder)
    except UserError as error:
        raise CommandError("VMI", 232, f"IPL {address:03X} FAILED; {str(error).upper()}") from None


def _parameter(text: str) -> bytes:
    """PARM: up to 64 characters, for the general registers from register 0 on."""
    image = text.encode("cp037", errors="replace")
    if len(image) > _PARAMETER_LENGTH:
        raise CommandError("CFG", 26, "OPERAND MISSING OR INVALID")
    return image


def _clear(cp: "ControlProgram", vm: "VMBLOK") -> None:
    """Virtual system reset, with storage and keys zero."""
    cp.reset(vm)
    cp.named_systems.purge_all(vm)
    cp.paging.release_pages(vm.storage, 0, vm.storage.pages - 1)
    for address in range(0, vm.vmsize, BLOCK):
        vm.storage.set_key(address, 0)


@command("SYStem")
def system(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """SYStem {CLEAR | RESET | RESTART}: the keys of that name on a machine."""
    what = operand(words, 0, "CFP")
    if what == "CLEAR":
        _clear(cp, vm)
        vm.cf = True
        return Answer(["STORAGE CLEARED - SYSTEM RESET"])
    if what == "RESET":
        cp.reset(vm)
        vm.cf = True
        return Answer(["SYSTEM RESET"])
    if what != "RESTART":
        raise CommandError("CFP", 3, f"INVALID OPTION - {what}")
    _restart(cp, vm)
    return Answer()


def _restart(cp: "ControlProgram", vm: "VMBLOK") -> None:
    """PSW restart: the PSW goes to location 8, the new one comes from location 0."""
    vm.cpu.store_real(Class.RESTART.old_psw, vm.vmpsw.to_bytes())
    vm.cpu.load_psw(vm.cpu.decode_psw(vm.cpu.load_real(Class.RESTART.new_psw, 8)))
    vm.note_psw()
    go_on(cp, vm)


@command("EXTernal")
def external(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """EXTernal [code]: make an external interruption pending, that of the interrupt key (40) by default."""
    try:
        code = hexadecimal(words[0], 4) if words else int(External.INTERRUPT_KEY)
    except ValueError:
        raise CommandError("CPB", 3, f"INVALID OPTION - {words[0]}") from None
    mask = _EXTERNAL_MASKS.get(code, 0)
    if 0 < code <= 0xFF and not mask:
        mask = CR0.EXTERNAL_SIGNAL_MASK
    if not mask:
        raise CommandError("CPB", 3, f"INVALID OPTION - {words[0]}")
    vm.queue_external(code, mask)
    cp.wake(vm)
    return Answer()


_EXTERNAL_MASKS = {
    int(External.INTERRUPT_KEY): CR0.INTERRUPT_KEY_MASK,
    int(External.INTERVAL_TIMER): CR0.INTERVAL_TIMER_MASK,
}
"""By code; the other codes up to FF are external signals."""


@command("SLeep")
def sleep(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """SLeep [nn [SEC | MIN | HRS]]: the machine stops until the time is over, or BEGIN or ATTN."""
    if words:
        unit = words[1] if len(words) > 1 else "MIN"
        if not is_decimal(words[0]) or unit not in _UNITS or not 0 < int(words[0]) < 100:
            raise CommandError("CPB", 26, "OPERAND MISSING OR INVALID")
        due = cp.machine.clocks.now + int(words[0]) * _UNITS[unit] * _SECOND
        cp.on_request[Request.SLEEP] = go_on
        cp.requests.set(due, vm.vmuser, Request.SLEEP)
    else:
        cp.requests.cancel(vm.vmuser, Request.SLEEP)
    vm.vmostat |= OtherStatus.SLEEP
    vm.cf = True
    return Answer()


@command("STOP")
def stop(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """STOP, not of VM/370 in this form: put the guest into CP mode, as its attention key would.

    With SET RUN ON its operator is in CP mode, and the machine goes on.
    """
    if vm.vmostat & OtherStatus.CFRUN and not vm.cf:
        vm.vmostat |= OtherStatus.CF
    else:
        vm.cf = True
    return Answer()
