"""Extended mnemonics, and which operands of an operation are written in source.

GC33-4010 "Branching with Extended Mnemonic Codes".  Used by the assembler and, the other way, by the disassembler.
"""

from dataclasses import dataclass

from edu_hv.isa.formats import Operand, Register, StorageOperand
from edu_hv.isa.table import BY_MNEMONIC, Operation

MASKS = {
    "": 15, "E": 8, "NE": 7, "H": 2, "NH": 13, "L": 4, "NL": 11,
    "Z": 8, "NZ": 7, "P": 2, "NP": 13, "M": 4, "NM": 11, "O": 1, "NO": 14,
}  # fmt: skip
"""The mask a condition stands for: after a compare E H L, after arithmetic Z P M O."""

_IMMEDIATE_IGNORED = frozenset({"TS"})
"""In the table SI operations, but written with the storage operand only."""


@dataclass(frozen=True)
class Extended:
    """A mnemonic that stands for a BC or BCR with a fixed mask."""

    mnemonic: str
    operation: Operation
    mask: int


def _extended() -> dict[str, Extended]:
    branch, branch_register = BY_MNEMONIC["BC"], BY_MNEMONIC["BCR"]
    rows = [Extended("NOP", branch, 0), Extended("NOPR", branch_register, 0)]
    for condition, mask in MASKS.items():
        rows.append(Extended(f"B{condition}", branch, mask))
        rows.append(Extended(f"B{condition}R", branch_register, mask))
    return {row.mnemonic: row for row in rows}


EXTENDED = _extended()

_BY_MASK: dict[tuple[str, int], str] = {}
for _row in EXTENDED.values():
    _BY_MASK.setdefault((_row.operation.mnemonic, _row.mask), _row.mnemonic)


def extended_mnemonic(operation: Operation, mask: int) -> str | None:
    """The extended mnemonic of a BC or BCR with this mask, in the words of a compare (BE, not BZ); or None."""
    return _BY_MASK.get((operation.mnemonic, mask))


def written_operands(operation: Operation) -> tuple[Operand, ...]:
    """The operands as they are written in source; the others are zero."""
    operands = operation.format.operands
    return operands[:1] if operation.mnemonic in _IMMEDIATE_IGNORED else operands


def syntax(operands: tuple[Operand, ...]) -> str:
    """How operands are written: "R1,D2(X2,B2)"."""
    return ",".join(operand.name if isinstance(operand, Register) else _storage(operand) for operand in operands)


def _storage(operand: StorageOperand) -> str:
    number = operand.number
    if operand.index_bit is not None:
        return f"D{number}(X{number},B{number})"
    if operand.length_bit is not None:
        return f"D{number}(L{number},B{number})"
    if operand.register_bit is not None:
        return f"D{number}(R{number},B{number})"
    return f"D{number}(B{number})"
