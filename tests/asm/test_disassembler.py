"""The disassembler: the assembler's inverse, and how operands are written."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edu_hv.asm.assembler import assemble
from edu_hv.asm.disassembler import disassemble
from edu_hv.asm.mnemonics import written_operands
from edu_hv.isa.formats import Register
from edu_hv.isa.table import OPERATIONS, Operation


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("1812", "LR    1,2"),
        ("07FE", "BR    14"),
        ("0700", "NOPR  0"),
        ("0783", "BER   3"),
        ("0733", "BCR   3,3"),
        ("4780C010", "BE    16(,12)"),
        ("47F0000A", "B     10"),
        ("4730C010", "BC    3,16(,12)"),
        ("58100050", "L     1,80"),
        ("58120050", "L     1,80(2)"),
        ("58102050", "L     1,80(,2)"),
        ("58123050", "L     1,80(2,3)"),
        ("90ECD00C", "STM   14,12,12(13)"),
        ("89700003", "SLL   7,3"),
        ("BF371001", "ICM   3,B'0111',1(9)".replace("(9)", "(1)")),
        ("9240C000", "MVI   0(12),X'40'"),
        ("93001000", "TS    0(1)"),
        ("0ACA", "SVC   202"),
        ("82000068", "LPSW  104"),
        ("B20D0000", "PTLB"),
        ("9C00000E", "SIO   14"),
        ("D204C036C02A", "MVC   54(5,12),42(12)"),
        ("D2000000C02A", "MVC   0(1),42(12)"),
        ("F2F71000C02A", "PACK  0(16,1),42(8,12)"),
        ("F0411000003E", "SRP   0(5,1),62,1"),
        ("D912C000D001", "MVCK  0(1,12),1(13),2"),
        ("B2290012", "ISKE  1,2"),
        ("0000", "DC    X'0000'"),
        ("FF0102030405", "DC    X'FF0102030405'"),
        ("58", "DC    X'58'"),
        ("D2011000", "DC    X'D2011000'"),
        ("B2", "DC    X'B2'"),
        ("B2FF0000", "DC    X'B2FF0000'"),
    ],
)
def test_instruction_in_words(code, text):
    data = bytes.fromhex(code)
    found = disassemble(data, 0x1000)
    assert (found.text, found.length, found.object_code, found.address, found.exact) == (
        text,
        len(data),
        data,
        0x1000,
        True,
    )


def test_only_the_first_instruction_is_taken():
    assert disassemble(bytes.fromhex("181207FE"), 0).length == 2


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("82FF0068", "LPSW  104"),
        ("B20D1234", "PTLB"),
        ("9C020000", "RIO   0"),
        ("9C040000", "SIO   0"),
        ("891F0003", "SLL   1,3"),
    ],
)
def test_bits_that_the_machine_ignores_are_reported(code, text):
    found = disassemble(bytes.fromhex(code), 0)
    assert (found.text, found.exact) == (text, code == "9C020000")


def instruction(row: Operation, bits: int) -> bytes:
    """An instruction whose written fields have random bits."""
    length = row.format.length * 8
    fields = 0
    for operand in written_operands(row):
        if isinstance(operand, Register):
            places = [(operand.bit, operand.width)]
        else:
            extra = [(operand.index_bit, 4), (operand.register_bit, 4), (operand.length_bit, operand.length_width)]
            places = [(operand.base_bit, 16), *((bit, width) for bit, width in extra if bit is not None)]
        for bit, width in places:
            fields |= ((1 << width) - 1) << (length - bit - width)
    code = row.code << (length - (16 if row.two_byte else 8))
    return (code | bits & fields).to_bytes(length // 8, "big")


@pytest.mark.parametrize("row", OPERATIONS, ids=lambda row: row.mnemonic)
@settings(max_examples=25, deadline=None)
@given(bits=st.integers(0, (1 << 48) - 1))
def test_assembling_the_text_gives_the_same_bytes(row, bits):
    code = instruction(row, bits)
    found = disassemble(code, 0)
    assert (found.operation, found.exact) == (row, True)
    assert assemble(f" {found.text}\n").image[0].data == code


@settings(max_examples=300, deadline=None)
@given(st.binary(min_size=1, max_size=8))
def test_text_marked_exact_is_the_inverse_for_any_bytes(data):
    found = disassemble(data, 0)
    code = assemble(f" {found.text}\n").image[0].data
    assert found.object_code == data[: found.length]
    assert (code == found.object_code) is found.exact
