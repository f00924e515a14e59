"""Machine instructions: operands as written to the bytes of the instruction, driven by `edu_hv.isa.formats`.

GC33-4010 "Machine Instruction Statements", "Addressing".  Read next: `second_pass`.
"""

from dataclasses import dataclass
from typing import Protocol

from edu_hv.asm.diagnostics import Mistake, shortened
from edu_hv.asm.expressions import Reader, Scope, Value, absolute, expression
from edu_hv.asm.mnemonics import syntax, written_operands
from edu_hv.asm.source import split_operands
from edu_hv.isa.formats import Field, Register, StorageOperand
from edu_hv.isa.table import Operation

MOST_DISPLACEMENT = 4095


class CodeScope(Scope, Protocol):
    """What the operands of an instruction may refer to."""

    def base_and_displacement(self, value: Value, at: int, written: str) -> tuple[int, int]:
        """Base register and displacement of a location, from the USINGs in effect."""

    def literal(self, text: str, at: int) -> Value:
        """The location of a literal, written with its equals sign."""


@dataclass(frozen=True)
class _Address:
    """A storage operand: `qualifier` is its index, length or first register."""

    base: int
    displacement: int
    qualifier: int


class _Code:
    """An instruction under construction; bit 0 is leftmost."""

    def __init__(self, length: int) -> None:
        self.length = length
        self.bits = 0

    def put(self, value: int, bit: int, width: int) -> None:
        self.bits |= value << (self.length * 8 - bit - width)


def encode(operation: Operation, mask: int | None, text: str, start: int, scope: CodeScope) -> bytes:
    """The object code of an instruction whose operands begin at `text[start]`; `mask` is an extended mnemonic's."""
    code = _Code(operation.format.length)
    code.put(operation.code, 0, 16 if operation.two_byte else 8)
    wanted = written_operands(operation)
    if mask is not None:
        code.put(mask, 8, 4)
        wanted = wanted[1:]
    written = split_operands(text, start) if wanted else []
    if len(written) != len(wanted):
        at = written[len(wanted)][0] if len(written) > len(wanted) else len(text)
        count = "no operands" if not written else f"{len(written)} operand{'s'[: len(written) - 1]}"
        raise Mistake(f"found {count}; expected {syntax(wanted)}", at)
    for operand, (first, end) in zip(wanted, written, strict=True):
        reader = Reader(text, first, end)
        if isinstance(operand, Register):
            code.put(_field(reader, operand, scope), operand.bit, operand.width)
        else:
            _put_storage(code, operand, _storage(reader, operand, scope))
    return code.bits.to_bytes(code.length, "big")


def _field(reader: Reader, operand: Register, scope: CodeScope) -> int:
    """A register, a mask or immediate data."""
    at, most = reader.at, (1 << operand.width) - 1
    what = operand.field.value if operand.field is not Field.IMMEDIATE else "immediate data"
    number = absolute(reader, scope, f"{operand.name}, {what}")
    reader.finish("a comma or a blank after the operand")
    if not 0 <= number <= most:
        raise Mistake(f"found {number} for {operand.name}, {what}; expected 0 to {most}", at)
    return number


def _storage(reader: Reader, operand: StorageOperand, scope: CodeScope) -> _Address:
    at = reader.at
    if reader.peek() == "=":
        value = scope.literal(reader.text[at : reader.end], at)
        reader.at = reader.end
    else:
        value = expression(reader, scope)
    written = reader.text[at : reader.at]
    first, base, first_at = _parenthesized(reader, operand, scope)
    if base is None:
        base, displacement = scope.base_and_displacement(value, at, shortened(written))
    else:
        displacement = _explicit_displacement(value, at, written)
    return _Address(base, displacement, _qualifier(first, first_at, operand, value))


def _explicit_displacement(value: Value, at: int, written: str) -> int:
    if not value.absolute:
        message = f"found {written}, a location, beside a base register; expected a displacement 0 to 4095"
        raise Mistake(f"{message} (as in {written}-{value.section or 'SECTION'})", at)
    if not 0 <= value.number <= MOST_DISPLACEMENT:
        raise Mistake(f"displacement {value.number} does not fit 12 bits; expected 0 to {MOST_DISPLACEMENT}", at)
    return value.number


def _parenthesized(reader: Reader, operand: StorageOperand, scope: CodeScope) -> tuple[int | None, int | None, int]:
    """What stands in parentheses: (qualifier, base, where the qualifier stands); either may be left out."""
    shape = syntax((operand,))
    opening = reader.at
    if not reader.accept("("):
        reader.finish(f"a comma or a blank after {shape}")
        return None, None, opening
    qualified = "," in shape
    first_at, first, base = reader.at, None, None
    if qualified and reader.peek() != ",":
        first = absolute(reader, scope, shape[shape.index("(") + 1 : shape.index(",")])
    if not qualified or reader.accept(","):
        base = _register(reader, scope, f"B{operand.number}")
    reader.require(")", f"at the end of {shape}")
    reader.finish(f"a comma or a blank after {shape}")
    return first, base, first_at


def _register(reader: Reader, scope: CodeScope, name: str) -> int:
    at = reader.at
    number = absolute(reader, scope, f"{name}, a base register")
    return _check_register(number, name, at)


def _check_register(number: int, name: str, at: int) -> int:
    if not 0 <= number <= 15:
        raise Mistake(f"found {number} for {name}; expected a register, 0 to 15", at)
    return number


def _qualifier(written: int | None, at: int, operand: StorageOperand, value: Value) -> int:
    """The value of the field beside base and displacement, as it stands in the instruction."""
    if operand.index_bit is not None:
        return _check_register(written or 0, f"X{operand.number}", at)
    if operand.register_bit is not None:
        if written is None:
            raise Mistake(f"found no register; expected {syntax((operand,))}", at)
        return _check_register(written, f"R{operand.number}", at)
    if operand.length_bit is None:
        return 0
    most = 1 << operand.length_width
    if written is None and not 1 <= value.length <= most:
        raise Mistake(f"length attribute {value.length} does not fit; expected an explicit length, 1 to {most}", at)
    if written is not None and not 0 <= written <= most:
        raise Mistake(f"found the length {written}; expected 1 to {most}", at)
    return max((value.length if written is None else written) - 1, 0)


def _put_storage(code: _Code, operand: StorageOperand, address: _Address) -> None:
    code.put(address.base, operand.base_bit, 4)
    code.put(address.displacement, operand.displacement_bit, 12)
    if operand.index_bit is not None:
        code.put(address.qualifier, operand.index_bit, 4)
    elif operand.length_bit is not None:
        code.put(address.qualifier, operand.length_bit, operand.length_width)
    elif operand.register_bit is not None:
        code.put(address.qualifier, operand.register_bit, 4)
