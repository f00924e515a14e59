"""CP's side of the VM assist: what it puts into real storage for a guest, and takes from there when it is back.

While an assisted guest runs, its virtual PSW and control registers are in a block of CP's free storage, where the
machine reads and changes them (`edu_hv.machine.assist`): the masks and modes of the VMBLOK are then not up to date.
SY20-0886 "Virtual Machine Assist", GC20-1807 "Virtual Machine Assist Feature".
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from edu_hv.isa.codes import MASK_24
from edu_hv.machine.assist import CR6, MICBLOK
from edu_hv.machine.psw import PSW

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK
    from edu_hv.machine.cpu import CPU

_VMPSW, _CRS, _LENGTH = 0x20, 0x40, 0x80
"""Within a guest's block: the virtual PSW, and the virtual control registers; the MICBLOK is at its begin."""


@dataclass(frozen=True)
class AssistSettings:
    """What a guest's operator has said by SET ASSIST, and where its block is."""

    on: bool = True
    svc: bool = True
    block: int = 0
    """Real address; 0 while it has none."""


@dataclass(frozen=True)
class FlagRule:
    """When a bit of control register 6 is one for a guest that is dispatched."""

    flag: CR6
    question: str
    why: str
    source: str
    applies: Callable[["ControlProgram", "VMBLOK"], bool]


def _absent(cp: "ControlProgram", vm: "VMBLOK") -> bool:
    return not cp.assist.available or not cp.assist.system


def _off(cp: "ControlProgram", vm: "VMBLOK") -> bool:
    return not cp.assist.settings(vm).on


def _traced(cp: "ControlProgram", vm: "VMBLOK") -> bool:
    return vm.cp_per is not None or cp.tracing.needs_traps(vm)


def _no_svc(cp: "ControlProgram", vm: "VMBLOK") -> bool:
    return not cp.assist.settings(vm).svc or vm.vmadstop is not None or 0 in vm.storage.shared


SUSPENDED: tuple[FlagRule, ...] = (
    FlagRule(
        CR6.VM_ASSIST,
        "does the real machine not have the assist, or did the operator turn it off (SET SASSIST OFF)?",
        "there is nothing that could help",
        'SY20-0886 "Virtual Machine Assist"',
        _absent,
    ),
    FlagRule(
        CR6.VM_ASSIST,
        "did the guest's own operator turn it off (SET ASSIST OFF)?",
        "the guest is to trap for everything",
        'GC20-1807 "SET ASSIST"',
        _off,
    ),
    FlagRule(
        CR6.VM_ASSIST,
        "does CP trace what the assist would do without CP: SVC, PRIV, BRANCH, INSTRUCT, ALL, or by PER?",
        "what does not trap cannot be traced",
        'GC20-1807 "TRACE"',
        _traced,
    ),
)
"""Any of these leaves bit 0 off; then nothing is assisted."""

FLAGS: tuple[FlagRule, ...] = (
    FlagRule(
        CR6.VIRTUAL_PROBLEM_STATE,
        "is the guest in virtual problem state?",
        "its privileged instructions are exceptions there, which CP reflects",
        'SY20-0886 "Control Register 6"',
        lambda cp, vm: vm.vmpsw.problem_state,
    ),
    FlagRule(
        CR6.NO_STORAGE_KEYS,
        "does the guest use shared segments?",
        "the key of a shared page is not one guest's to change",
        'SY20-0886 "Control Register 6"',
        lambda cp, vm: bool(vm.storage.shared),
    ),
    FlagRule(
        CR6.NO_SVC,
        "are supervisor calls to come to CP: SET ASSIST NOSVC, an ADSTOP, which is one, or a page 0 that is shared?",
        "CP has to see the SVC that it put into the guest's program, and who stores into a page that is not only his",
        'GC20-1807 "SET ASSIST"',
        _no_svc,
    ),
    FlagRule(
        CR6.SHADOW_TABLES,
        "does the guest run on its shadow tables?",
        "an entry that is missing may be filled without CP",
        'SY20-0886 "Dispatching"',
        lambda cp, vm: vm.translating,
    ),
)
"""The other bits that CP sets."""


class Assist:
    """The assist in CP: `cp.assist`."""

    def __init__(self, cp: "ControlProgram") -> None:
        self.cp = cp
        self.system = True
        """SET SASSIST: the assist may be used."""
        self.on_at_logon = True
        """Whether a guest has it on before anybody gives SET ASSIST; it does not change while CP runs."""

    @property
    def available(self) -> bool:
        """Whether the real machine has it."""
        return self.cp.machine.assist is not None

    def settings(self, vm: "VMBLOK") -> AssistSettings:
        """The guest's settings."""
        found = vm.extra.get("assist")
        return found if isinstance(found, AssistSettings) else AssistSettings(self.on_at_logon)

    def vmmicro(self, vm: "VMBLOK") -> CR6:
        """Bits 0-7 of control register 6 for a guest that is to be dispatched.  Decides; changes nothing."""
        if any(rule.applies(self.cp, vm) for rule in SUSPENDED):
            return CR6(0)
        flags = CR6.VM_ASSIST
        for rule in FLAGS:
            if rule.applies(self.cp, vm):
                flags |= rule.flag
        return flags

    def load(self, vm: "VMBLOK") -> None:
        """The guest is dispatched: fill its block and load control register 6.  SY20-0886 "Dispatching"."""
        flags, real = self.vmmicro(vm), self.cp.real
        block = self._block(vm) if flags else 0
        if not block:
            real.cr[6] = 0
            return
        self._fill(vm, block)
        frame = vm.storage.frame_of(0)
        if frame is not None and not flags & CR6.NO_SVC:
            self.cp.paging.core.mark_changed(frame)  # An assisted SVC stores there, and no change bit tells of it.
        real.cr[6] = flags | block

    def _block(self, vm: "VMBLOK") -> int:
        """The real address of the guest's block, or 0 when there is no free storage for one."""
        settings = self.settings(vm)
        if not settings.block:
            try:
                settings = replace(settings, block=self.cp.free_storage.get(_LENGTH))
            except MemoryError:
                return 0
            vm.extra["assist"] = settings
        return settings.block

    def _fill(self, vm: "VMBLOK", block: int) -> None:
        pending = bool(vm.vmpxint) or vm.devices.vmioint != 0 or vm.pending_program is not None
        pending = pending or bool(vm.pages_arrived)
        micblok = MICBLOK(vm.vmseg, block + _CRS, block + _VMPSW, vm.ecmode, pending)
        registers = b"".join(value.to_bytes(4, "big") for value in vm.cpu.cr)
        text = micblok.to_bytes().ljust(_VMPSW, b"\0") + vm.vmpsw.to_bytes().ljust(_CRS - _VMPSW, b"\0") + registers
        if self.cp.real.load_real(block, _LENGTH) != text:
            self.cp.real.store_real(block, text)

    def release(self, vm: "VMBLOK") -> None:
        """The guest logs off, and its block is free."""
        settings = self.settings(vm)
        if settings.block:
            self.cp.free_storage.free(settings.block)
            vm.extra["assist"] = replace(settings, block=0)

    # ---- SET -------------------------------------------------------------------------------------------------

    def set(self, vm: "VMBLOK", *, on: bool | None = None, svc: bool | None = None) -> None:
        """SET ASSIST: change what is given."""
        settings = self.settings(vm)
        on = settings.on if on is None else on
        vm.extra["assist"] = replace(settings, on=on, svc=settings.svc if svc is None else svc)

    # ---- checkpoint ------------------------------------------------------------------------------------------

    def state(self) -> bool:
        """A checkpoint; the rest is kept in the VMBLOKs and in real storage."""
        return self.system

    def restore(self, state: bool) -> None:
        """Go back to a checkpoint."""
        self.system = state


def assisted(real: "CPU") -> MICBLOK | None:
    """The MICBLOK of the guest that was dispatched last, if it is assisted."""
    if not real.cr[6] & CR6.VM_ASSIST:
        return None
    return MICBLOK.from_bytes(real.load_real(real.cr[6] & CR6.MICBLOK, MICBLOK.SIZE))


def read_back(real: "CPU", vm: "VMBLOK") -> None:
    """CP is back: masks and modes of the virtual PSW, and the control registers, as the machine has left them."""
    micblok = assisted(real)
    if micblok is not None:
        vm.cpu.load_psw(vm.cpu.decode_psw(real.load_real(micblok.micvpsw, 8)))
        vm.cpu.cr[:] = _registers(real, vm, micblok)


def virtual_psw(real: "CPU", vm: "VMBLOK") -> PSW:
    """The virtual PSW of the guest that has the machine, by looking; address, CC, program mask and key are stale."""
    micblok = assisted(real)
    if micblok is None:
        return vm.vmpsw.copy()
    psw = vm.cpu.decode_psw(real.load_real(micblok.micvpsw, 8))
    psw.interruption_code = psw.ilc = 0
    return psw


def control_registers(real: "CPU", vm: "VMBLOK") -> list[int]:
    """The virtual control registers of the guest that has the machine, by looking."""
    micblok = assisted(real)
    return list(vm.cpu.cr) if micblok is None else _registers(real, vm, micblok)


def _registers(real: "CPU", vm: "VMBLOK", micblok: MICBLOK) -> list[int]:
    count = 16 if micblok.ecmode else 1
    text = real.load_real(micblok.miccreg & MASK_24, 4 * count)
    found = [int.from_bytes(text[at : at + 4], "big") for at in range(0, 4 * count, 4)]
    return [*found, *vm.cpu.cr[count:]]
