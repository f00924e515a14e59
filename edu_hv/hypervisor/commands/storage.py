"""Commands that show and change a virtual machine's registers and storage (DMKCDS, DMKCDB).  CP Command Reference."""

from typing import TYPE_CHECKING

from edu_hv.hypervisor.commands.registry import Answer, CommandError, command, hexadecimal

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK


@command("Display", looks=True)
def display(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """Display Psw | G | X | hexloc[-hexloc]: the virtual machine's registers or storage.

    Without ECMODE it has control register 0 only.
    """
    what = words[0] if words else "G"
    if "PSW".startswith(what):
        return Answer([f"PSW = {vm.vmpsw}"])
    if what == "G":
        return Answer(_registers("GPR", vm.vmgprs))
    if what == "X":
        return Answer(_registers("ECR", vm.cpu.cr) if vm.ecmode else [f"ECR  0 = {vm.cpu.cr[0]:08X}"])
    return _display_storage(vm, what)


def _registers(name: str, values: list[int]) -> list[str]:
    return [f"{name} {n:2} = " + " ".join(f"{value:08X}" for value in values[n : n + 4]) for n in range(0, 16, 4)]


def _display_storage(vm: "VMBLOK", what: str) -> Answer:
    first, _, last = what.partition("-")
    try:
        start = hexadecimal(first) & ~15
        end = hexadecimal(last) if last else start
    except ValueError:
        raise CommandError("CFM", 3, f"INVALID OPTION - {what}") from None
    if end >= vm.vmsize or start > end:
        raise CommandError("CDB", 160, f"HEXLOC {last or first} EXCEEDS STORAGE")
    lines = []
    for at in range(start, min(end, start + 4096) + 1, 16):
        text = vm.peek(at, 16).hex().upper()
        lines.append(f"{at:06X}  " + " ".join(text[n : n + 8] for n in range(0, 32, 8)))
    return Answer(lines)


@command("STore")
def store(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """STore Shexloc hexdata... | Greg hexword... | Psw [hexword] hexword: change the virtual machine's state."""
    if len(words) < 2:
        raise CommandError("CDS", 26, "OPERAND MISSING OR INVALID")
    try:
        _store(vm, words[0], words[1:])
    except ValueError:
        raise CommandError("CDS", 5, f"INVALID HEXDATA - {' '.join(words[1:])}") from None
    cp.wake(vm)
    return Answer(["STORE COMPLETE"])


def _store(vm: "VMBLOK", what: str, data: list[str]) -> None:
    if what[0] == "G" and what[1:].isdigit():
        first = int(what[1:])
        if first + len(data) > 16:
            raise CommandError("CDS", 10, f"INVALID REGISTER - {what}")
        vm.vmgprs[first : first + len(data)] = [hexadecimal(word) for word in data]
    elif "PSW".startswith(what):
        _store_psw(vm, [hexadecimal(word) for word in data])
    else:
        _store_bytes(vm, what, bytes.fromhex("".join(data)))


def _store_bytes(vm: "VMBLOK", what: str, image: bytes) -> None:
    address = hexadecimal(what.removeprefix("S"))
    if address + len(image) > vm.vmsize:
        raise CommandError("CDS", 160, f"HEXLOC {what} EXCEEDS STORAGE")
    vm.cpu.store_real(address, image)


def _store_psw(vm: "VMBLOK", words: list[int]) -> None:
    """One word is the right half, two are the whole PSW."""
    if len(words) > 2:
        raise CommandError("CDS", 26, "OPERAND MISSING OR INVALID")
    text = b"".join(word.to_bytes(4, "big") for word in words)
    vm.cpu.load_psw(vm.cpu.decode_psw(vm.vmpsw.to_bytes()[: 8 - len(text)] + text))
