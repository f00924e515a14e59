"""What CP has before it when it decides about an interruption.  SY20-0886 "Program Interruption"."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from edu_hv.hypervisor.shadow import ShadowFault
from edu_hv.hypervisor.simulate import SIMULATED, WITH_ECMODE_ONLY
from edu_hv.hypervisor.vmblok import ProcessStatus
from edu_hv.isa.codes import MASK_24, PIC, PSA, Class, External
from edu_hv.isa.table import operation
from edu_hv.machine.instructions.registry import base_displacement
from edu_hv.machine.interruptions import Interruption

if TYPE_CHECKING:
    from edu_hv.hypervisor.vmblok import VMBLOK


@dataclass(frozen=True)
class Trap:
    """What CP has before it when it decides: the interruption, the guest, and the instruction fetched from it."""

    vm: "VMBLOK"
    interruption: Interruption
    text: bytes
    """The instruction, through EXECUTE if need be; empty when there is none."""
    owner: "VMBLOK | None" = None
    """I/O: the guest whose operation it belongs to."""
    owner_device: int = 0
    waiting: bool = False
    """The real machine was waiting: `vm` did not run, it only stands in."""
    purpose: str = ""
    """I/O: what CP started the operation for: "paging", "diagnose", a guest's own; "" nothing."""
    fault: "ShadowFault | None" = None
    """A translation exception while the guest's own DAT is on: what its tables say."""
    adstop: bool = False
    """The SVC that ADSTOP planted."""
    supervisor: bool = False
    """The real machine was in supervisor state: it was CP that was interrupted."""
    traced: "Interruption | None" = None
    """The same interruption with the program event that CP itself asked for of the privileged instruction."""

    @cached_property
    def mnemonic(self) -> str:
        """The instruction's mnemonic, or ""."""
        row = operation(self.text) if self.text else None
        return row.mnemonic if row else ""

    @property
    def facility_absent(self) -> bool:
        """Whether the instruction is a semiprivileged one that CP does not simulate: one of dual address spaces."""
        row = operation(self.text) if self.text else None
        return row is not None and row.semiprivileged and self.mnemonic not in SIMULATED

    @property
    def is_io(self) -> bool:
        """Whether the instruction is one of the I/O instructions that CP carries out."""
        return self.mnemonic in IO_INSTRUCTIONS

    @property
    def simulated(self) -> bool:
        """Whether CP simulates the instruction for this guest: those of the clocks need ECMODE."""
        return self.mnemonic in SIMULATED and (self.vm.ecmode or self.mnemonic not in WITH_ECMODE_ONLY)

    @property
    def operand_address(self) -> int:
        """The effective address of the D(B) operand of an S or RS instruction."""
        return base_displacement(self.vm.cpu, self.text, 2)

    @property
    def operand(self) -> str:
        """What the instruction is about, in words: "012310 = 00", as CP finds it in guest storage; "device 009".

        "" when there is nothing to be said.
        """
        special = operand_words(self)
        if special:
            return special
        row = operation(self.text) if self.text else None
        length = _OPERAND_LENGTHS.get(row.mnemonic) if row else None
        if length is None:
            return ""
        address = self.operand_address
        found = self.vm.peek_logical(address, length)
        return f"{address:06X} = {found.hex(' ', 4).upper()}" if found else f"{address:06X}, not in the guest's storage"

    @property
    def beyond_storage(self) -> bool:
        """A segment exception while the guest's own DAT is off: the address is past the guest's storage."""
        past = not self.vm.storage.addressable((self.interruption.translation_address or 0) & MASK_24)
        return self.interruption.code == PIC.SEGMENT_TRANSLATION or past

    @property
    def page(self) -> int:
        """The number of the guest's page that is not in real storage."""
        return ((self.interruption.translation_address or 0) & MASK_24) >> 12

    @property
    def wants_pseudo_page_fault(self) -> bool:
        """Whether the guest wants to hear of page faults of CP, and can now.  SY20-0886 "Pseudo Page Faults"."""
        psw = self.vm.vmpsw
        return bool(self.vm.vmpstat & ProcessStatus.PAGEX) and psw.ec_mode and psw.io_enabled()

    @property
    def timer_ran_out(self) -> bool:
        """The real interval timer has something to say."""
        external = self.interruption.kind is Class.EXTERNAL and self.interruption.code < 0x100
        return external and bool(self.interruption.code & External.INTERVAL_TIMER)

    def external(self, code: External) -> bool:
        """Whether it is the external interruption of that code."""
        return self.interruption.kind is Class.EXTERNAL and self.interruption.code == code


IO_INSTRUCTIONS = frozenset({"SIO", "SIOF", "TIO", "CLRIO", "HIO", "HDV", "TCH", "STIDC"})

_OPERAND_LENGTHS = (
    dict.fromkeys(("SSM", "STNSM", "STOSM"), 1)
    | dict.fromkeys(("LPSW", "SCK", "SPT", "STPT", "SCKC", "STCKC", "STIDP"), 8)
    | dict.fromkeys(("LCTL", "STCTL"), 4)
)
"""Bytes of the storage operand worth showing, by mnemonic."""


def operand_words(trap: Trap) -> str:
    """What an instruction without a storage operand is about: the device, the block, the registers it names; or "".

    Of a translation exception, the address that could not be translated.
    """
    if trap.interruption.kind is Class.PROGRAM and trap.interruption.code in _TRANSLATIONS:
        return f"address {trap.interruption.translation_address or 0:06X}, which has no translation"
    if trap.interruption.kind is not Class.PROGRAM or not trap.text:
        return ""
    gr, first, second = trap.vm.vmgprs, trap.text[1] >> 4, trap.text[1] & 15
    match trap.mnemonic:
        case "DIAG":
            code = trap.operand_address & 0xFFFF
            return f"code X'{code:02X}', GR{first} = {gr[first]:08X}, GR{second} = {gr[second]:08X}"
        case "SIO" | "SIOF":
            caw = trap.vm.peek_logical(PSA.CAW, 4) if not trap.vm.translating else None
            return f"device {trap.operand_address & 0xFFFF:03X}" + (f", CAW {caw.hex().upper()}" if caw else "")
        case "SSK":
            return f"block {gr[second] & MASK_24 & ~0x7FF:06X}, key {gr[first] & 0xFF:02X}"
        case "ISK":
            return f"block {gr[second] & MASK_24 & ~0x7FF:06X}"
        case "RRB":
            return f"block {trap.operand_address & ~0x7FF:06X}"
        case "SPKA":
            return f"key {trap.operand_address >> 4 & 15:X}"
        case mnemonic if mnemonic in IO_INSTRUCTIONS:
            return f"device {trap.operand_address & 0xFFFF:03X}"
    return ""


_TRANSLATIONS = (PIC.SEGMENT_TRANSLATION, PIC.PAGE_TRANSLATION, PIC.TRANSLATION_SPECIFICATION)
