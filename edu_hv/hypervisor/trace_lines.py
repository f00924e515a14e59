"""The lines of TRACE and PER: an instruction with its text and its operands' addresses.  CP Command Reference "TRACE".

Operands' addresses are computed from the registers as they are after the instruction, as CP finds them.
"""

from typing import TYPE_CHECKING

from edu_hv.isa.formats import Format
from edu_hv.isa.table import operation
from edu_hv.machine.instructions.registry import base_displacement, indexed

if TYPE_CHECKING:
    from edu_hv.hypervisor.vmblok import VMBLOK


def mnemonic_of(text: bytes) -> str:
    """The mnemonic, or ??? for what is no instruction."""
    row = operation(text) if text else None
    return row.mnemonic if row else "???"


def operand_addresses(vm: "VMBLOK", text: bytes) -> list[int]:
    """The addresses of the operands in storage, in the order of the instruction's fields."""
    row = operation(text) if text else None
    if row is None:
        return []
    if row.format in (Format.RX, Format.RX_F, Format.RX_MASK):
        return [indexed(vm.cpu, text)]
    if len(text) == 6:
        return [base_displacement(vm.cpu, text, 2), base_displacement(vm.cpu, text, 4)]
    if len(text) == 2 or row.format in (Format.RRE, Format.RRE_ONE):
        return []
    return [base_displacement(vm.cpu, text, 2)]


def instruction_line(vm: "VMBLOK", address: int, text: bytes) -> str:
    """Address, mnemonic, text and operand addresses, without what goes before and after."""
    operands = " ".join(f"{at:06X}" for at in operand_addresses(vm, text))
    return f"{address:06X} {mnemonic_of(text):5} {text.hex().upper():8} {operands}".rstrip()
