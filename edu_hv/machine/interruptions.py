"""Interruption classes, endings, and the PSW swap.  GA22-7000 "Interruptions"."""

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from edu_hv.isa.codes import PIC, PSA, Class, External
from edu_hv.machine.events import PSWsSwapped
from edu_hv.machine.per import PEREvent
from edu_hv.machine.psw import PSW

if TYPE_CHECKING:
    from edu_hv.machine.cpu import CPU
    from edu_hv.machine.machine import Machine


class Ending(Enum):
    """How an instruction ends when a program interruption is taken.  GA22-7000 "Types of Instruction Ending"."""

    COMPLETION = "completion"
    SUPPRESSION = "suppression"
    NULLIFICATION = "nullification"
    TERMINATION = "termination"


class ProgramInterruption(Exception):
    """A program-interruption condition.  Only the guest's instruction stream raises it, never a fault of ours.

    `address` is the translation-exception address of a translation exception; `monitor_class` and `monitor_code`
    belong to a monitor event.
    """

    def __init__(
        self,
        code: PIC,
        ending: Ending = Ending.SUPPRESSION,
        *,
        address: int | None = None,
        monitor_class: int = 0,
        monitor_code: int = 0,
    ) -> None:
        super().__init__(code, ending)
        self.code = code
        self.ending = ending
        self.address = address
        self.monitor_class = monitor_class
        self.monitor_code = monitor_code


class SupervisorCall(Exception):
    """SVC was executed; `code` is its I field."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Interruption:
    """An interruption that was recognized and is about to be taken."""

    kind: Class
    code: int
    """Program: PIC.  SVC: the I field.  External: the code.  I/O: the device address."""
    ilc: int = 0
    """Instruction-length code in halfwords, for program and SVC."""
    instruction_address: int = 0
    text: bytes = b""
    ending: Ending | None = None
    translation_address: int | None = None
    monitor_class: int = 0
    monitor_code: int = 0
    per: PEREvent | None = None
    """A program event recorded with it; alone, the code is PER_EVENT."""

    @property
    def stored_code(self) -> int:
        """The interruption code as it is stored: a program event adds its bit to the code of another condition."""
        return self.code | PIC.PER_EVENT if self.per else self.code

    @property
    def words(self) -> str:
        """The cause in words: "program: privileged operation", "supervisor call 5"."""
        match self.kind:
            case Class.PROGRAM:
                also = " and PER event" if self.per and self.code != PIC.PER_EVENT else ""
                return f"program: {PIC(self.code).words}{also}"
            case Class.SVC:
                return f"supervisor call {self.code}"
            case Class.EXTERNAL:
                return f"external: {external_words(self.code)}"
            case Class.INPUT_OUTPUT:
                return f"input/output: device {self.code:03X}"
            case _:
                return str(self.kind.value)


def external_words(code: int) -> str:
    """An external-interruption code in words; timer and key may arrive together."""
    if code & 0xFF00:
        return External(code).name.lower().replace("_", " ")
    names = [name for bit, name in ((0x80, "interval timer"), (0x40, "interrupt key")) if code & bit]
    return " and ".join(names) or f"code {code:04X}"


class InterruptionHandler(Protocol):
    """Who takes an interruption.  The default is the architecture; a control program takes it further, in stages."""

    def interruption(self, machine: "Machine", interruption: Interruption) -> None:
        """Take the interruption that was recognized."""

    def advance(self, machine: "Machine") -> bool:
        """Do one further stage of work, if there is any; say whether there was."""

    @property
    def busy(self) -> bool:
        """Whether `advance` has work to do."""


class ArchitectedHandler:
    """The bare machine: store the old PSW, load the new one, and that is all."""

    busy = False

    def interruption(self, machine: "Machine", interruption: Interruption) -> None:
        """Swap the PSWs."""
        swap_psws(machine.cpu, interruption)

    def advance(self, machine: "Machine") -> bool:
        """Nothing is left to do after the swap."""
        return False


class LowStorage(Protocol):
    """The first 4K of the storage an interruption is stored into: the machine's, or a guest's as CP sees it."""

    def store_real(self, real: int, data: bytes) -> None:
        """Store without protection."""

    def load_real(self, real: int, length: int) -> bytes:
        """Fetch without protection."""


def swap_psws(cpu: "CPU", interruption: Interruption) -> None:
    """Store the old PSW and the interruption's codes, load the new PSW.  GA22-7000 "Interruption Action"."""
    old = store_old_psw(cpu, cpu.psw, interruption)
    new = cpu.load_real(interruption.kind.new_psw, 8)
    if cpu.observer:
        cpu.observer(PSWsSwapped(interruption.kind, interruption.code, old, new))
    cpu.load_psw(cpu.decode_psw(new))


def store_old_psw(storage: LowStorage, psw: PSW, interruption: Interruption) -> bytes:
    """Store the old PSW and, in EC mode, the code fields; return the 8 bytes of the old PSW.

    In BC mode the code and ILC are part of the old PSW; in EC mode they have locations of their own.
    """
    old = psw.copy()
    if not psw.ec_mode:
        old.interruption_code, old.ilc = interruption.stored_code, interruption.ilc
    text = old.to_bytes()
    storage.store_real(interruption.kind.old_psw, text)
    if psw.ec_mode:
        _store_code(storage, interruption)
    _store_extras(storage, interruption)
    return text


def _store_code(storage: LowStorage, interruption: Interruption) -> None:
    """The EC-mode locations of the interruption code.  GA22-7000 "Assigned Main-Storage Locations"."""
    code = interruption.stored_code.to_bytes(2, "big")
    ilc = bytes([0, interruption.ilc << 1])
    match interruption.kind:
        case Class.EXTERNAL:
            storage.store_real(PSA.EXTERNAL_CODE, code)
        case Class.SVC:
            storage.store_real(PSA.SVC_ILC - 1, ilc + code)
        case Class.PROGRAM:
            storage.store_real(PSA.PROGRAM_ILC - 1, ilc + code)
        case Class.INPUT_OUTPUT:
            storage.store_real(PSA.IO_ADDRESS, code)


def _store_extras(storage: LowStorage, interruption: Interruption) -> None:
    """What a translation exception, a monitor event and a program event store besides, in either mode."""
    if interruption.per is not None:
        storage.store_real(PSA.PER_CODE, bytes([interruption.per.code, 0]))
        storage.store_real(PSA.PER_ADDRESS, interruption.per.address.to_bytes(4, "big"))
    if interruption.code in (External.EMERGENCY_SIGNAL, External.EXTERNAL_CALL):
        storage.store_real(PSA.SIGNALLING_CPU, bytes(2))  # The only CPU has the address 0.
    if interruption.translation_address is not None:
        storage.store_real(PSA.TRANSLATION_EXCEPTION_ADDRESS, interruption.translation_address.to_bytes(4, "big"))
    if interruption.kind is Class.PROGRAM and interruption.code & 0x7F == PIC.MONITOR_EVENT:
        storage.store_real(PSA.MONITOR_CLASS, interruption.monitor_class.to_bytes(2, "big"))
        storage.store_real(PSA.MONITOR_CODE, interruption.monitor_code.to_bytes(4, "big"))
