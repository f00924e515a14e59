"""STORE: a virtual machine's registers and storage are changed (DMKCDS).  CP Command Reference "STORE"."""

from typing import TYPE_CHECKING

from edu_hv.hypervisor.commands.registry import Answer, CommandError, abbreviates, command, hexadecimal, is_decimal
from edu_hv.hypervisor.simulate import control_registers_changed
from edu_hv.isa.codes import PSA

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK

_REGISTERS = 16


@command("STore")
def store(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """STore [L]hexloc word ... | Shexloc string | {G | X | Y}reg word ... | Psw [word1] word2 | STATUS.

    Words are of up to eight hexadecimal digits, right-justified, on a fullword; a string is stored byte by byte.
    """
    if abbreviates(words[0] if words else "", "STATUS") and len(words) == 1:
        store_status(vm)
        return Answer(["STORE COMPLETE"])
    if len(words) < 2:
        raise CommandError("CDS", 26, "OPERAND MISSING OR INVALID")
    try:
        _store(cp, vm, words[0], words[1:])
    except ValueError:
        raise CommandError("CDS", 5, f"INVALID HEXDATA - {' '.join(words[1:])}") from None
    vm.note_psw()
    cp.wake(vm)
    return Answer(["STORE COMPLETE"])


def _store(cp: "ControlProgram", vm: "VMBLOK", what: str, data: list[str]) -> None:
    if abbreviates(what, "Psw"):
        _store_psw(vm, [hexadecimal(word) for word in data])
    elif what[0] in "GXY":
        _store_registers(vm, what, data)
    elif what[0] == "S":
        _store_storage(cp, vm, what, what[1:], bytes.fromhex("".join(data)))
    else:
        image = b"".join(hexadecimal(word).to_bytes(4, "big") for word in data)
        _store_storage(cp, vm, what, what.removeprefix("L"), image, boundary=4)


def _store_registers(vm: "VMBLOK", what: str, data: list[str]) -> None:
    first = _register(what)
    if what[0] == "Y":
        _store_floating(vm, what, first, data)
        return
    values = [hexadecimal(word) for word in data]
    if first + len(values) > (1 if what[0] == "X" and not vm.ecmode else _REGISTERS):
        raise CommandError("CDS", 10, f"INVALID REGISTER - {what}")
    if what[0] == "G":
        vm.vmgprs[first : first + len(values)] = values
        return
    before = list(vm.cpu.cr)
    vm.cpu.cr[first : first + len(values)] = values
    if vm.ecmode:
        control_registers_changed(vm, before)


def _register(what: str) -> int:
    try:
        number = int(what[1:]) if is_decimal(what[1:]) else hexadecimal(what[1:], 1)
    except ValueError:
        raise CommandError("CDS", 10, f"INVALID REGISTER - {what}") from None
    if number >= _REGISTERS:
        raise CommandError("CDS", 10, f"INVALID REGISTER - {what}")
    return number


def _store_floating(vm: "VMBLOK", what: str, first: int, data: list[str]) -> None:
    """One register of 64 bits: one word is its left half, two are both."""
    if first not in (0, 2, 4, 6) or len(data) > 2:
        raise CommandError("CDS", 10, f"INVALID REGISTER - {what}")
    words = [hexadecimal(word) for word in data] + [vm.vmfprs[first >> 1] & 0xFFFFFFFF]
    vm.vmfprs[first >> 1] = words[0] << 32 | words[1]


def _store_storage(cp: "ControlProgram", vm: "VMBLOK", what: str, place: str, image: bytes, boundary: int = 1) -> None:
    """What is shared with other machines becomes a copy of the machine's own first."""
    try:
        address = hexadecimal(place, 6) & -boundary
    except ValueError:
        raise CommandError("CDS", 4, f"INVALID HEXLOC - {what}") from None
    if not vm.storage.contains(address, len(image)):
        raise CommandError("CDS", 160, f"HEXLOC {place} EXCEEDS STORAGE")
    cp.named_systems.unshare_area(vm, address, len(image))
    vm.cpu.store_real(address, image)


def _store_psw(vm: "VMBLOK", words: list[int]) -> None:
    """One word is the right half, two are the whole PSW."""
    if len(words) > 2:
        raise CommandError("CDS", 26, "OPERAND MISSING OR INVALID")
    text = b"".join(word.to_bytes(4, "big") for word in words)
    vm.cpu.load_psw(vm.cpu.decode_psw(vm.vmpsw.to_bytes()[: 8 - len(text)] + text))


def store_status(vm: "VMBLOK") -> None:
    """STORE STATUS: the machine's registers and clocks to guest-real 216 to 511.  GA22-7000 "Store Status"."""
    cpu, put = vm.cpu, vm.cpu.store_real
    put(PSA.STATUS_CPU_TIMER, cpu.clocks.cpu_timer.to_bytes(8, "big"))
    put(PSA.STATUS_CLOCK_COMPARATOR, cpu.clocks.clock_comparator.to_bytes(8, "big"))
    put(PSA.STATUS_PSW, vm.vmpsw.to_bytes())
    put(PSA.STATUS_FPR, b"".join(value.to_bytes(8, "big") for value in vm.vmfprs))
    put(PSA.STATUS_GR, b"".join(value.to_bytes(4, "big") for value in vm.vmgprs))
    put(PSA.STATUS_CR, b"".join(value.to_bytes(4, "big") for value in cpu.cr))
