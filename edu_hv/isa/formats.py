"""Instruction formats: where the fields of an instruction are, and the order in which its operands are written.

GA22-7000 "Instruction Formats".  Bit 0 is the leftmost bit of the instruction.  Read next: `table`.
"""

from dataclasses import dataclass
from enum import Enum


class Field(Enum):
    """What a 4-bit or 8-bit field of an instruction means."""

    GENERAL_REGISTER = "general register"
    FLOATING_POINT_REGISTER = "floating-point register"
    CONTROL_REGISTER = "control register"
    MASK = "mask"
    IMMEDIATE = "immediate"


@dataclass(frozen=True)
class Register:
    """An operand that is one field of the instruction: a register, a mask or immediate data."""

    name: str
    bit: int
    width: int = 4
    field: Field = Field.GENERAL_REGISTER


@dataclass(frozen=True)
class StorageOperand:
    """An operand D(B), D(X,B), D(L,B) or D(R,B).  Positions are bits; the displacement follows the base field."""

    number: int
    base_bit: int
    index_bit: int | None = None
    length_bit: int | None = None
    length_width: int = 0
    register_bit: int | None = None
    """First register inside the parentheses, as in MVCK D1(R1,B1),D2(B2),R3."""

    @property
    def displacement_bit(self) -> int:
        """Position of the 12-bit displacement."""
        return self.base_bit + 4


Operand = Register | StorageOperand


@dataclass(frozen=True)
class FormatSpec:
    """One format: the length of the instruction in bytes and its operands in the order they are written.

    The function that executes an instruction takes the operands in the same order: a `Register` as its field's value,
    a `StorageOperand` as an effective address (24 bits), preceded by its length in bytes (1 to 256) or its register
    number when it has one.
    """

    length: int
    operands: tuple[Operand, ...]


def _r(name: str, bit: int, field: Field = Field.GENERAL_REGISTER) -> Register:
    return Register(name, bit, 4, field)


_R1, _R2, _R3 = _r("R1", 8), _r("R2", 12), _r("R3", 12)
_F1, _F2 = _r("R1", 8, Field.FLOATING_POINT_REGISTER), _r("R2", 12, Field.FLOATING_POINT_REGISTER)
_C1, _C3 = _r("R1", 8, Field.CONTROL_REGISTER), _r("R3", 12, Field.CONTROL_REGISTER)
_M1, _M3 = _r("M1", 8, Field.MASK), _r("M3", 12, Field.MASK)
_I = Register("I", 8, 8, Field.IMMEDIATE)
_I2 = Register("I2", 8, 8, Field.IMMEDIATE)
_I3 = Register("I3", 12, 4, Field.IMMEDIATE)
_D2_X2_B2 = StorageOperand(2, base_bit=16, index_bit=12)
_D2_B2 = StorageOperand(2, base_bit=16)
_D1_B1 = StorageOperand(1, base_bit=16)
_SECOND_OF_SS = StorageOperand(2, base_bit=32)


class Format(Enum):
    """The formats of System/370, split where the operands are written differently."""

    RR = FormatSpec(2, (_R1, _R2))
    RR_F = FormatSpec(2, (_F1, _F2))
    RR_MASK = FormatSpec(2, (_M1, _R2))
    RR_ONE = FormatSpec(2, (_R1,))
    RR_SVC = FormatSpec(2, (_I,))
    RRE = FormatSpec(4, (_r("R1", 24), _r("R2", 28)))
    RRE_ONE = FormatSpec(4, (_r("R1", 24),))
    RX = FormatSpec(4, (_R1, _D2_X2_B2))
    RX_F = FormatSpec(4, (_F1, _D2_X2_B2))
    RX_MASK = FormatSpec(4, (_M1, _D2_X2_B2))
    RS = FormatSpec(4, (_R1, _R3, _D2_B2))
    RS_CONTROL = FormatSpec(4, (_C1, _C3, _D2_B2))
    RS_MASK = FormatSpec(4, (_R1, _M3, _D2_B2))
    RS_SHIFT = FormatSpec(4, (_R1, _D2_B2))
    SI = FormatSpec(4, (_D1_B1, _I2))
    S = FormatSpec(4, (_D2_B2,))
    S_NONE = FormatSpec(4, ())
    SS = FormatSpec(6, (StorageOperand(1, base_bit=16, length_bit=8, length_width=8), _SECOND_OF_SS))
    SS_TWO = FormatSpec(
        6,
        (
            StorageOperand(1, base_bit=16, length_bit=8, length_width=4),
            StorageOperand(2, base_bit=32, length_bit=12, length_width=4),
        ),
    )
    SS_ROUND = FormatSpec(6, (StorageOperand(1, base_bit=16, length_bit=8, length_width=4), _SECOND_OF_SS, _I3))
    SS_KEY = FormatSpec(6, (StorageOperand(1, base_bit=16, register_bit=8), _SECOND_OF_SS, _R3))
    SSE = FormatSpec(6, (_D1_B1, _SECOND_OF_SS))

    @property
    def length(self) -> int:
        """Length of the instruction in bytes: 2, 4 or 6."""
        return self.value.length

    @property
    def operands(self) -> tuple[Operand, ...]:
        """The operands, in the order they are written."""
        return self.value.operands


def instruction_length(first_byte: int) -> int:
    """Length in bytes of the instruction that starts with this byte.  GA22-7000 "Instruction Length"."""
    return (2, 4, 4, 6)[first_byte >> 6]


def field(text: bytes, bit: int, width: int) -> int:
    """The `width` bits of `text` that start at `bit`, as an unsigned number."""
    whole = int.from_bytes(text, "big")
    return whole >> (len(text) * 8 - bit - width) & ((1 << width) - 1)
