"""Object code to the assembler's own words, driven by the table of operations.

Assembling the text gives the same bytes, except where the machine ignores bits that source cannot express
(`Disassembled.exact`).  The inverse is `encoder`.
"""

from dataclasses import dataclass

from edu_hv.asm.mnemonics import extended_mnemonic, written_operands
from edu_hv.isa.formats import Field, Format, Operand, Register, StorageOperand, field, instruction_length
from edu_hv.isa.table import Operation, operation


@dataclass(frozen=True)
class Disassembled:
    """One instruction in words, or a DC where the bytes are none.

    `exact` is False when the instruction has bits that the machine ignores and the text does not show.
    """

    address: int
    length: int
    mnemonic: str
    operands: str
    object_code: bytes
    operation: Operation | None
    exact: bool

    @property
    def text(self) -> str:
        """Mnemonic and operands in the columns of source."""
        return f"{self.mnemonic:<5} {self.operands}".rstrip()


def disassemble(text: bytes, address: int) -> Disassembled:
    """The first instruction of `text`, which holds at least one byte and stands at `address`."""
    code = bytes(text[: instruction_length(text[0])])
    found = operation(code) if len(code) > 1 else None
    if found is None or len(code) < found.format.length:
        return Disassembled(address, len(code), "DC", f"X'{code.hex().upper()}'", code, None, True)
    mnemonic, operands = _shortest(found, code)
    words = ",".join(_operand(operand, code, found) for operand in operands)
    exact = _covered(found, code) == int.from_bytes(code, "big")
    return Disassembled(address, len(code), mnemonic, words, code, found, exact)


def _shortest(found: Operation, code: bytes) -> tuple[str, tuple[Operand, ...]]:
    """The mnemonic, an extended one for a branch on condition where there is one, and the operands to write."""
    operands = written_operands(found)
    if found.format in (Format.RR_MASK, Format.RX_MASK):
        extended = extended_mnemonic(found, field(code, 8, 4))
        if extended:
            return extended, operands[1:]
    return found.mnemonic, operands


def _operand(operand: Operand, code: bytes, found: Operation) -> str:
    if isinstance(operand, StorageOperand):
        return _storage(operand, code)
    value = field(code, operand.bit, operand.width)
    if operand.field is Field.IMMEDIATE and operand.width == 8 and found.format is Format.SI:
        return f"X'{value:02X}'"
    if operand.field is Field.MASK and found.format is Format.RS_MASK:
        return f"B'{value:04b}'"
    return str(value)


def _storage(operand: StorageOperand, code: bytes) -> str:
    base = field(code, operand.base_bit, 4)
    displacement = field(code, operand.displacement_bit, 12)
    qualifier = _qualifier(operand, code)
    if base:
        return f"{displacement}({qualifier}{base})"
    return f"{displacement}({qualifier.rstrip(',')})" if qualifier.rstrip(",") else str(displacement)


def _qualifier(operand: StorageOperand, code: bytes) -> str:
    """What stands before the base register: index (left out when zero), length or first register, with a comma."""
    if operand.index_bit is not None:
        index = field(code, operand.index_bit, 4)
        return f"{index or ''},"
    if operand.length_bit is not None:
        return f"{field(code, operand.length_bit, operand.length_width) + 1},"
    if operand.register_bit is not None:
        return f"{field(code, operand.register_bit, 4)},"
    return ""


def _covered(found: Operation, code: bytes) -> int:
    """The instruction with only the bits that its text tells: operation code and written operands."""
    bits = len(code) * 8
    mask = (0xFFFF << bits - 16) if found.two_byte else 0xFF << bits - 8
    for operand in written_operands(found):
        for bit, width in _fields(operand):
            mask |= ((1 << width) - 1) << bits - bit - width
    known = int.from_bytes(code, "big") & mask
    prefix = 16 if found.two_byte else 8
    below = (1 << bits - prefix) - 1
    return found.code << bits - prefix | known & below


def _fields(operand: Operand) -> list[tuple[int, int]]:
    """Position and width of the fields that an operand is written with."""
    if isinstance(operand, Register):
        return [(operand.bit, operand.width)]
    fields = [(operand.base_bit, 16)]
    if operand.index_bit is not None:
        fields.append((operand.index_bit, 4))
    if operand.length_bit is not None:
        fields.append((operand.length_bit, operand.length_width))
    if operand.register_bit is not None:
        fields.append((operand.register_bit, 4))
    return fields
