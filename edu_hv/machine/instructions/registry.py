"""Which function executes which operation, and how its operands are taken from the instruction.

An instruction's function takes the CPU and its operands in the order in which the assembler writes them; a storage
operand is an effective address (24 bits), preceded by its length in bytes where the format has one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from edu_hv.isa.codes import MASK_24
from edu_hv.isa.formats import Format
from edu_hv.isa.table import BY_MNEMONIC, Operation

if TYPE_CHECKING:
    from edu_hv.machine.cpu import CPU

Semantics = Callable[..., None]
OperandDecoder = Callable[["CPU", bytes], tuple[int, ...]]
Entry = tuple[Operation, OperandDecoder, Semantics]

SEMANTICS: dict[str, Semantics] = {}
"""By mnemonic."""


def executes(mnemonic: str) -> Callable[[Any], Any]:
    """Mark the function that executes an operation of the table."""

    def register(function: Semantics) -> Semantics:
        SEMANTICS[BY_MNEMONIC[mnemonic].mnemonic] = function
        return function

    return register


def installed(operation: Operation) -> Entry | None:
    """The operation with its decoder and function, or None when the facility is not installed."""
    function = SEMANTICS.get(operation.mnemonic)
    return None if function is None else (operation, DECODERS[operation.format], function)


def base_displacement(cpu: CPU, text: bytes, at: int) -> int:
    """The effective address of the base and displacement fields at byte `at`.  Base register 0 means no base."""
    base = text[at] >> 4
    displacement = (text[at] & 15) << 8 | text[at + 1]
    return (cpu.gr[base] + displacement & MASK_24) if base else displacement


def indexed(cpu: CPU, text: bytes) -> int:
    """The effective address of D2(X2,B2) in an RX instruction."""
    index = text[1] & 15
    address = base_displacement(cpu, text, 2)
    return (address + cpu.gr[index] & MASK_24) if index else address


DECODERS: dict[Format, OperandDecoder] = {
    Format.RR: lambda cpu, t: (t[1] >> 4, t[1] & 15),
    Format.RR_F: lambda cpu, t: (t[1] >> 4, t[1] & 15),
    Format.RR_MASK: lambda cpu, t: (t[1] >> 4, t[1] & 15),
    Format.RR_ONE: lambda cpu, t: (t[1] >> 4,),
    Format.RR_SVC: lambda cpu, t: (t[1],),
    Format.RRE: lambda cpu, t: (t[3] >> 4, t[3] & 15),
    Format.RRE_ONE: lambda cpu, t: (t[3] >> 4,),
    Format.RX: lambda cpu, t: (t[1] >> 4, indexed(cpu, t)),
    Format.RX_F: lambda cpu, t: (t[1] >> 4, indexed(cpu, t)),
    Format.RX_MASK: lambda cpu, t: (t[1] >> 4, indexed(cpu, t)),
    Format.RS: lambda cpu, t: (t[1] >> 4, t[1] & 15, base_displacement(cpu, t, 2)),
    Format.RS_CONTROL: lambda cpu, t: (t[1] >> 4, t[1] & 15, base_displacement(cpu, t, 2)),
    Format.RS_MASK: lambda cpu, t: (t[1] >> 4, t[1] & 15, base_displacement(cpu, t, 2)),
    Format.RS_SHIFT: lambda cpu, t: (t[1] >> 4, base_displacement(cpu, t, 2)),
    Format.SI: lambda cpu, t: (base_displacement(cpu, t, 2), t[1]),
    Format.S: lambda cpu, t: (base_displacement(cpu, t, 2),),
    Format.S_NONE: lambda cpu, t: (),
    Format.SS: lambda cpu, t: (t[1] + 1, base_displacement(cpu, t, 2), base_displacement(cpu, t, 4)),
    Format.SS_TWO: lambda cpu, t: (
        (t[1] >> 4) + 1,
        base_displacement(cpu, t, 2),
        (t[1] & 15) + 1,
        base_displacement(cpu, t, 4),
    ),
    Format.SS_ROUND: lambda cpu, t: (
        (t[1] >> 4) + 1,
        base_displacement(cpu, t, 2),
        base_displacement(cpu, t, 4),
        t[1] & 15,
    ),
    Format.SS_KEY: lambda cpu, t: (
        t[1] >> 4,
        base_displacement(cpu, t, 2),
        base_displacement(cpu, t, 4),
        t[1] & 15,
    ),
    Format.SSE: lambda cpu, t: (base_displacement(cpu, t, 2), base_displacement(cpu, t, 4)),
}
