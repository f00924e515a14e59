"""Translating bytes by a table of 256.  GA22-7000 "General Instructions"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edu_hv.isa.codes import MASK_24
from edu_hv.machine.instructions.fields import scan_field, store_field
from edu_hv.machine.instructions.registry import executes

if TYPE_CHECKING:
    from edu_hv.machine.cpu import CPU


@executes("TR")
def translate(cpu: CPU, length: int, first: int, table: int) -> None:
    """TRANSLATE.  GA22-7000 "Translate".  Each byte of the first operand is replaced by the table's entry for it.

    Byte by byte from the left.  Only the entries that are used need be accessible; all are checked first.
    """
    target, entries = store_field(cpu, first, length), scan_field(cpu, table, 256)
    for position in range(length):
        entries.check(target.get(position))
    for position in range(length):
        target.put(position, entries.get(target.get(position)))
    target.finish()


@executes("TRT")
def translate_and_test(cpu: CPU, length: int, first: int, table: int) -> None:
    """TRANSLATE AND TEST.  GA22-7000 "Translate and Test".  Looks for a byte whose table entry is not zero.

    CC 0 none; 1 found before the last byte; 2 found at the last.  Its address goes to bits 8-31 of GR1, the entry to
    bits 24-31 of GR2.
    """
    arguments, entries = scan_field(cpu, first, length), scan_field(cpu, table, 256)
    entry, found = 0, 0
    for position in range(length):
        entry, found = entries.get(arguments.get(position)), position
        if entry:
            break
    if entry:
        cpu.gr[1] = cpu.gr[1] & 0xFF000000 | first + found & MASK_24
        cpu.gr[2] = cpu.gr[2] & 0xFFFFFF00 | entry
    cpu.psw.cc = 0 if entry == 0 else 1 if found < length - 1 else 2
