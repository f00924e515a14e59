"""The lines of TRACE and PER: an instruction with its text and its operands' addresses.  CP Command Reference "TRACE".

Operands' addresses are computed from the registers as they were before the instruction if CP hears of every
instruction, else from what they are after it, as CP finds them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from edu_hv.isa.formats import Format
from edu_hv.isa.table import operation
from edu_hv.machine.instructions.registry import base_displacement, indexed

if TYPE_CHECKING:
    from edu_hv.hypervisor.vmblok import VMBLOK

_EXECUTE, _EXECUTE_LENGTH = b"\x44", 4


def mnemonic_of(text: bytes) -> str:
    """The mnemonic, or ??? for what is no instruction."""
    row = operation(text) if text else None
    return row.mnemonic if row else "???"


def operand_addresses(vm: "VMBLOK", text: bytes) -> list[int]:
    """The addresses of the operands in storage, in the order of the instruction's fields."""
    with _registers_before(vm):
        return _operand_addresses(vm, text)


@contextmanager
def _registers_before(vm: "VMBLOK") -> Iterator[None]:
    """With the general registers that the instruction began with, if they are known."""
    registers = vm.cpu.gr
    vm.cpu.gr = list(vm.vmgprs_before) or registers
    try:
        yield
    finally:
        vm.cpu.gr = registers


def _operand_addresses(vm: "VMBLOK", text: bytes) -> list[int]:
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


def length_at(vm: "VMBLOK", address: int, text: bytes) -> int:
    """Bytes of the instruction at an address: `text`, or the EXECUTE that has led to it."""
    return len(_execute_at(vm, address, text) or text)


def _execute_at(vm: "VMBLOK", address: int, text: bytes) -> bytes:
    """The EXECUTE at the address, if it was one that executed `text`, else b""."""
    found = vm.peek_logical(address, _EXECUTE_LENGTH)
    return found if found[:1] == _EXECUTE and text[:1] != _EXECUTE else b""


def instruction_line(vm: "VMBLOK", address: int, text: bytes) -> str:
    """Address, mnemonic, text and operand addresses, without what goes before and after.

    With EXECUTE, its own text, the low-order byte of its R1 register unless that is register 0, the address of its
    target, and the target as it is in storage.
    """
    execute = _execute_at(vm, address, text)
    if execute:
        register, target = execute[1] >> 4, operand_addresses(vm, execute)[0]
        modifier = f"{vm.vmgprs[register] & 0xFF:02X} " if register else ""
        stored = vm.peek_logical(target, len(text)) or text
        operands = " ".join(f"{at:06X}" for at in operand_addresses(vm, stored))
        begin = f"{address:06X} EX    {execute.hex().upper()} {modifier}{target:06X}"
        return f"{begin} {mnemonic_of(stored):5} {stored.hex().upper():8} {operands}".rstrip()
    operands = " ".join(f"{at:06X}" for at in operand_addresses(vm, text))
    return f"{address:06X} {mnemonic_of(text):5} {text.hex().upper():8} {operands}".rstrip()
