"""STORE for every machine: registers, storage, keys and the PSW are changed by hand, as the operator of a machine does.

Under CP a guest is changed by CP's own STORE.  The bare machine is changed by its operator's manual controls, which are
given the same operands.  GA22-7000 "Manual Operation", "Address-Compare Controls" and those behind it.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from edu_hv.hypervisor.commands.registry import CommandError
from edu_hv.hypervisor.commands.storage import display as cp_display
from edu_hv.hypervisor.commands.store import store as cp_store
from edu_hv.hypervisor.control_program import ControlProgram
from edu_hv.hypervisor.vmblok import VMBLOK
from edu_hv.isa.errors import UserError
from edu_hv.machine.cpu import CPU
from edu_hv.machine.interruptions import ProgramInterruption
from edu_hv.machine.machine import Machine
from edu_hv.machine.psw import PSW
from edu_hv.machine.storage import BLOCK

if TYPE_CHECKING:
    from edu_hv.debugger.system import Guest, System

KEY = "KEY"
"""The first word of what changes a storage key, which STORE cannot: address and two digits follow."""


def alter(system: "System", guest: "Guest", text: str) -> list[str]:
    """Change the guest, or the bare machine: operands of CP's STORE, or KEY hexloc key.  What CP answers.

    Raises UserError, perhaps after a part of it was done, where it cannot be: the caller restores.
    """
    words = text.upper().split()
    try:
        if words[:1] == [KEY]:
            return _set_key(system, guest, int(words[1], 16), int(words[2], 16))
        if guest.vm is not None and system.cp is not None:
            return _store_under_cp(system.cp, guest.vm, words)
        return _store_bare(system.machine, words)
    except (CommandError, ProgramInterruption) as error:
        said = error.line.partition(" ")[2].lower() if isinstance(error, CommandError) else "it is outside storage"
        raise UserError(f"that cannot be stored: {said}") from None


def shown(machine: Machine, words: list[str]) -> list[str]:
    """What CP's DISPLAY would show of the bare machine.  Raises UserError in CP's words."""
    seen = cast(VMBLOK, _BareMachine(machine))
    try:
        return cp_display(cast(ControlProgram, None), seen, [word.upper() for word in words]).lines
    except CommandError as error:
        raise UserError(error.line.partition(" ")[2].lower()) from None


def _store_under_cp(cp: ControlProgram, vm: VMBLOK, words: list[str]) -> list[str]:
    """Whatever the user's privilege classes: the debugger's person is no user of CP."""
    with cp.console_function(vm):
        return cp_store(cp, vm, words).lines


def _store_bare(machine: Machine, words: list[str]) -> list[str]:
    if words[:1] and words[0][:1] == "X":
        _store_control(machine.cpu, words[0], words[1:])
        return []
    seen = _BareMachine(machine)
    cp_store(cast(ControlProgram, seen), cast(VMBLOK, seen), words)
    return []


def _store_control(cpu: CPU, what: str, data: list[str]) -> None:
    """As LOAD CONTROL does it."""
    try:
        first, values = int(what[1:]), [int(word, 16) for word in data]
    except ValueError:
        raise UserError(f"{what} {' '.join(data)} is no control register with words of up to 8 digits") from None
    if first + len(values) > len(cpu.cr) or max(values, default=-1) not in range(1 << 32):
        raise UserError(f"{what} {' '.join(data)} is no control register with words of up to 8 digits")
    cpu.cr[first : first + len(values)] = values
    cpu.change_context()


def _set_key(system: "System", guest: "Guest", address: int, key: int) -> list[str]:
    if guest.vm is None or system.cp is None:
        memory = system.machine.storage
        if address >= memory.size:
            raise UserError(f"{address:06X} is past the end of storage")
        memory.set_key(address // BLOCK, key & 0xFE)
        return []
    if not guest.vm.storage.contains(address, 1):
        raise UserError(f"{address:06X} is past the end of the guest's storage")
    with system.cp.console_function(guest.vm):
        guest.vm.storage.set_key(address, key)
    return ["KEY STORED"]


# ---- the bare machine, as CP's commands see a virtual one ------------------------------------------------------------


@dataclass
class _BareMachine:
    """The bare machine behind the names that CP's DISPLAY and STORE use of a VMBLOK, and of CP."""

    machine: Machine
    ecmode = True

    @property
    def cpu(self) -> CPU:
        return self.machine.cpu

    @property
    def vmpsw(self) -> PSW:
        return self.machine.cpu.psw

    @property
    def vmgprs(self) -> list[int]:
        return self.machine.cpu.gr

    @property
    def vmfprs(self) -> list[int]:
        return self.machine.cpu.fpr

    @property
    def vmsize(self) -> int:
        return self.machine.storage.size

    @property
    def storage(self) -> "_BareMachine":
        return self

    @property
    def named_systems(self) -> "_BareMachine":
        return self

    def contains(self, address: int, length: int) -> bool:
        return address >= 0 and address + length <= self.vmsize

    def peek(self, address: int, length: int) -> bytes:
        return self.machine.cpu.load_real(address, length) if self.contains(address, length) else b""

    def peek_key(self, address: int) -> int:
        return self.machine.storage.key(address)

    def unshare_area(self, *_: Any) -> None:
        """Nobody shares the bare machine."""

    def note_psw(self) -> None:
        """There is no VMBLOK to bring up to date."""

    def wake(self, _: Any) -> None:
        """It is not dispatched: it sees by itself that it can go on."""
