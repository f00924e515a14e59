"""Translating bytes by a table of 256.  GA22-7000 "General Instructions"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edu_hv.isa.codes import MASK_24
from edu_hv.machine.instructions.registry import executes

if TYPE_CHECKING:
    from edu_hv.machine.cpu import CPU


@executes("TR")
def translate(cpu: CPU, length: int, first: int, table: int) -> None:
    """TRANSLATE.  GA22-7000 "Translate".  Each byte of the first operand is replaced by the table's entry for it.

    Byte by byte from the left.  Only the entries that are used need be accessible; all are checked first.
    """
    cpu.check_store(first, length)
    arguments = cpu.load_bytes(first, length)
    entries = [cpu.load1(table + argument & MASK_24) for argument in arguments]
    result = bytearray()
    for argument, entry in zip(arguments, entries, strict=True):
        translated = table + argument - first & MASK_24
        result.append(result[translated] if translated < len(result) else entry)
    cpu.store_bytes(first, bytes(result))


@executes("TRT")
def translate_and_test(cpu: CPU, length: int, first: int, table: int) -> None:
    """TRANSLATE AND TEST.  GA22-7000 "Translate and Test".  Looks for a byte whose table entry is not zero.

    CC 0 none; 1 found before the last byte; 2 found at the last.  Its address goes to bits 8-31 of GR1, the entry to
    bits 24-31 of GR2.
    """
    for position in range(length):
        address = first + position & MASK_24
        entry = cpu.load1(table + cpu.load1(address) & MASK_24)
        if entry:
            cpu.gr[1] = cpu.gr[1] & 0xFF000000 | address
            cpu.gr[2] = cpu.gr[2] & 0xFFFFFF00 | entry
            cpu.psw.cc = 1 if position < length - 1 else 2
            return
    cpu.psw.cc = 0
