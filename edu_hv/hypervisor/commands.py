"""CP's commands, for a guest's operator and for DIAGNOSE X'08' (DMKCFM).  CP Command Reference for General Users.

Capital letters in a name are its shortest abbreviation.  An error is CP's message: module, number, severity.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edu_hv.isa.codes import CR0, External

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK


@dataclass
class Answer:
    """What a command answered: lines, and the return code (0, or the number of the error message)."""

    lines: list[str] = field(default_factory=list)
    code: int = 0


Function = Callable[["ControlProgram", "VMBLOK", list[str]], Answer]


@dataclass(frozen=True)
class CPCommand:
    """`name` as the manual prints it, capitals being the shortest abbreviation."""

    name: str
    function: Function
    interrupts: bool = False
    """Whether CP takes the machine from the guest that runs, to look at all guests anew."""

    def matches(self, word: str) -> bool:
        """Whether `word` abbreviates this command."""
        shortest = sum(letter.isupper() for letter in self.name)
        return len(word) >= shortest and self.name.upper().startswith(word.upper())


def run_command(cp: "ControlProgram", vm: "VMBLOK", line: str) -> Answer:
    """Run one line; a leading CP is optional."""
    words = line.split()
    if words and words[0].upper() == "CP" and len(words) > 1:
        words = words[1:]
    if not words:
        return Answer()
    found = next((c for c in COMMANDS if c.matches(words[0])), None)
    if found is None:
        return Answer([f"DMKCFM001E ?CP: {words[0].upper()}"], 1)
    if found.interrupts:
        cp.interrupt_running()
    with cp.registers_in_vmblok():
        return found.function(cp, vm, [word.upper() for word in words[1:]])


def _hexadecimal(text: str) -> int:
    """A number of hexadecimal digits only, unlike what `int` accepts.  Raises ValueError."""
    if not re.fullmatch("[0-9A-F]{1,8}", text):
        raise ValueError(text)
    return int(text, 16)


def _invalid(option: str) -> Answer:
    return Answer([f"DMKCFM003E INVALID OPTION - {option}"], 3)


def begin(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """Begin [hexloc]: leave CP mode and go on, at an address if one is given."""
    if words:
        try:
            address = _hexadecimal(words[0])
        except ValueError:
            return Answer([f"DMKCFD004E INVALID HEXLOC - {words[0]}"], 4)
        if address >= vm.vmsize:
            return Answer([f"DMKCFD160E HEXLOC {words[0]} EXCEEDS STORAGE"], 160)
        vm.vmpsw.instruction_address = address
        vm.vmpsw.wait = False
    vm.cf = False
    cp.dispatch_again()
    return Answer()


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
        start = _hexadecimal(first) & ~15
        end = _hexadecimal(last) if last else start
    except ValueError:
        return _invalid(what)
    if end >= vm.vmsize or start > end:
        return Answer([f"DMKCDB160E HEXLOC {last or first} EXCEEDS STORAGE"], 160)
    lines = []
    for at in range(start, min(end, start + 4096) + 1, 16):
        text = vm.cpu.load_real(at, 16).hex().upper()
        lines.append(f"{at:06X}  " + " ".join(text[n : n + 8] for n in range(0, 32, 8)))
    return Answer(lines)


def external(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """EXTernal [code]: make an external interruption pending, that of the interrupt key by default."""
    if words and words[0] != "40":
        return _invalid(words[0])
    vm.queue_external(External.INTERRUPT_KEY, CR0.INTERRUPT_KEY_MASK)
    cp.dispatch_again()
    return Answer()


def query(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """Query Names | Time | Virtual [STORage | ALL]: who is logged on, machine time, what the machine has."""
    what = words[0] if words else ""
    if what and "NAMES".startswith(what):
        return Answer([", ".join(f"{other.vmuser} - {_state(other)}" for other in cp.vms)])
    if what and "TIME".startswith(what):
        return Answer([f"TIME IS {vm.clocks.now} MICROSECONDS SINCE POWER-ON"])
    if what and "VIRTUAL".startswith(what):
        return Answer(_virtual(vm, words[1:]))
    return Answer(["DMKCFC026E OPERAND MISSING OR INVALID"], 26)


def _state(vm: "VMBLOK") -> str:
    return "CP" if vm.cf else "WAIT" if vm.vmpsw.wait else "RUN"


def _virtual(vm: "VMBLOK", words: list[str]) -> list[str]:
    lines = [f"STORAGE = {vm.vmsize // 1024:05}K"]
    if words and "STORAGE".startswith(words[0]) and len(words[0]) > 3:
        return lines
    names = {"TERM": "CONS", "URI": "RDR ", "URO": "PRT ", "TAPE": "TAPE"}
    for device in sorted(vm.vmdevs.values(), key=lambda d: d.address):
        where = "ON CP" if device.virtual else f"ON DEV {device.real:03X}"
        lines.append(f"{names[device.device_class]} {device.address:03X} {where}")
    return lines


def store(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """STore Shexloc hexdata... | Greg hexword... | Psw [hexword] hexword: change the virtual machine's state."""
    if len(words) < 2:
        return Answer(["DMKCDS026E OPERAND MISSING OR INVALID"], 26)
    try:
        return _store(vm, words[0], words[1:])
    except ValueError:
        return Answer([f"DMKCDS005E INVALID HEXDATA - {' '.join(words[1:])}"], 5)


def _store(vm: "VMBLOK", what: str, data: list[str]) -> Answer:
    if what[0] == "G" and what[1:].isdigit():
        first = int(what[1:])
        if first + len(data) > 16:
            return Answer([f"DMKCDS010E INVALID REGISTER - {what}"], 10)
        vm.vmgprs[first : first + len(data)] = [_hexadecimal(word) for word in data]
        return Answer(["STORE COMPLETE"])
    if "PSW".startswith(what):
        return _store_psw(vm, [_hexadecimal(word) for word in data])
    address = _hexadecimal(what.removeprefix("S"))
    image = bytes.fromhex("".join(data))
    if address + len(image) > vm.vmsize:
        return Answer([f"DMKCDS160E HEXLOC {what} EXCEEDS STORAGE"], 160)
    vm.cpu.store_real(address, image)
    return Answer(["STORE COMPLETE"])


def _store_psw(vm: "VMBLOK", words: list[int]) -> Answer:
    """One word is the right half, two are the whole PSW."""
    if len(words) > 2:
        return Answer(["DMKCDS026E OPERAND MISSING OR INVALID"], 26)
    text = b"".join(word.to_bytes(4, "big") for word in words)
    vm.cpu.load_psw(vm.cpu.decode_psw(vm.vmpsw.to_bytes()[: 8 - len(text)] + text))
    return Answer(["STORE COMPLETE"])


def attention(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """STOP, not of VM/370 in this form: put the guest into CP mode, as its attention key would."""
    vm.cf = True
    cp.dispatch_again()
    return Answer()


COMMANDS: tuple[CPCommand, ...] = (
    CPCommand("Begin", begin, interrupts=True),
    CPCommand("Display", display),
    CPCommand("EXTernal", external, interrupts=True),
    CPCommand("Query", query),
    CPCommand("STore", store, interrupts=True),
    CPCommand("STOP", attention, interrupts=True),
)
"""What CP understands."""
