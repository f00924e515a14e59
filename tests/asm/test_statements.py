"""Assembler instructions: sections, base registers, ORG, EQU, CNOP, CCW, END; fields, continuation, comments."""

import pytest

from edu_hv.asm.assembler import Symbol, Text, assemble
from edu_hv.isa.errors import UserError


def image(source: str) -> str:
    return b"".join(text.data for text in assemble(source).image).hex().upper()


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("5", 5), ("X'FF'", 255), ("B'101'", 5), ("C'A'", 0xC1), ("C'''A'", 0x7DC1), ("2+3*4", 14), ("(2+3)*4", 20),
        ("-1+2", 1), ("7/2", 3), ("9/0", 0), ("B-A", 4), ("(B-A)/2", 2), ("L'A", 4), ("L'A*2", 8), ("B+8-A", 12),
        ("LATER*2", 14), ("*-A", 16), ("2*(*-A)", 32), ("-(2-5)", 3),
    ],
)  # fmt: skip
def test_absolute_expression(expression, value):
    symbol = assemble(f"K START 80\nA DS F\nB DS CL12\nX EQU {expression}\nLATER EQU 7\n").symbols["X"]
    assert (symbol.value, symbol.relocatable, symbol.section) == (value, False, None)


def test_symbols_have_value_length_section_and_line():
    assembly = assemble("K START X'100'\nR1 EQU 1\nA DS CL9\nB EQU A+2\nC EQU *,4\nD DSECT\nE DS H\n")
    assert assembly.symbols == {
        "K": Symbol(0x100, 1, True, "K", 1, True),
        "R1": Symbol(1, 1, False, None, 2, False),
        "A": Symbol(0x100, 9, True, "K", 3, True),
        "B": Symbol(0x102, 9, True, "K", 4, False),
        "C": Symbol(0x109, 4, True, "K", 5, False),
        "D": Symbol(0, 1, True, "D", 6, True),
        "E": Symbol(0, 2, True, "D", 7, True),
    }


def test_equates_may_refer_forward_to_each_other():
    symbols = assemble("K CSECT\nSIZE EQU LAST-K\nTWICE EQU 2*SIZE\nLAST EQU END\n DS CL7\nEND EQU *\n").symbols
    assert [symbols[name].value for name in ("SIZE", "TWICE", "LAST")] == [7, 14, 7]


@pytest.mark.parametrize(
    ("using", "expected"),
    [
        pytest.param("USING K,12", "5810C010", id="base"),
        pytest.param("USING K+8,12", "5810C008", id="base inside the section"),
        pytest.param("USING K,12\n USING K+8,11", "5810B008", id="smallest displacement"),
        pytest.param("USING K,11\n USING K,12", "5810C010", id="highest register"),
        pytest.param("USING K,12\n USING K+4,12", "5810C00C", id="the last USING of a register"),
        pytest.param("USING K-4096,12,11", "5810B010", id="second register 4096 further"),
        pytest.param("USING K,12\n USING K,13\n DROP 13", "5810C010", id="DROP"),
        pytest.param("USING K,0", "58100110", id="register 0 contains zero"),
    ],
)
def test_base_register_and_displacement(using, expected):
    assert image(f"K START X'100'\n {using}\n L 1,DATA\n ORG K+16\nDATA DC F'0'\n").startswith(expected)


def test_fields_of_a_dummy_section_are_reached_through_its_own_using():
    source = (
        "K CSECT\n USING BLOCK,5\n L 1,SECOND\n MVC NAME,SECOND\nBLOCK DSECT\nFIRST DS F\nSECOND DS F\nNAME DS CL4\n"
    )
    assembly = assemble(source)
    assert assembly.image == (Text(0, bytes.fromhex("58105004D20350085004")),)
    assert assembly.line_at(4) == assembly.listing[3]


def test_control_sections_follow_each_other_on_doublewords_and_may_be_resumed():
    assembly = assemble("A START X'200'\n DC C'1'\nB CSECT\n DC C'2'\nA CSECT\n DC C'3'\n DC A(B)\n")
    assert [(part.name, part.origin, part.length) for part in assembly.sections] == [("A", 0x200, 8), ("B", 0x208, 1)]
    assert assembly.image == (Text(0x200, bytes.fromhex("F1F3000000000208F2")),)


def test_org_overlays_and_returns_to_the_end():
    assembly = assemble("K CSECT\nA DC XL8'0'\n ORG A+2\n DC X'FF'\n ORG\nB DC X'EE'\n")
    assert assembly.image == (Text(0, bytes.fromhex("0000FF0000000000EE")),)
    assert assembly.address_of("B") == 8


@pytest.mark.parametrize(
    ("operands", "before", "expected"),
    [
        ("0,4", 1, "0700"),
        ("2,4", 1, ""),
        ("0,8", 1, "070007000700"),
        ("6,8", 1, "07000700"),
        ("4,8", 3, "070007000700"),
    ],
)
def test_cnop_fills_with_no_operations(operands, before, expected):
    start = "0700" * before
    assert image(f"K CSECT\n DC {before}X'0700'\n CNOP {operands}\n") == start + expected


def test_channel_command_word_is_aligned_and_24_bits_wide():
    assert image("K START 8\n DC X'FF'\nP CCW X'09',DATA,X'60',L'DATA\n CCW0 3,0,B'100000',1\nDATA DS CL80\n") == (
        "FF00000000000000" + "0900002060000050" + "0300000020000001"
    )


@pytest.mark.parametrize(
    ("end", "entry"),
    [("", 0x100), (" END", 0x100), (" END GO", 0x102), (" END GO+2", 0x104), (" END 80", 80), (" END , GO", 0x100)],
)
def test_entry_point(end, entry):
    assert assemble(f"K START X'100'\n BR 14\nGO BR 14\n{end}\n").entry == entry


def test_listing_control_and_comments_generate_nothing():
    source = "* one\n.* two\n\n TITLE 'it''s'\nNAME TITLE 'x'\n"
    source += " PRINT NOGEN\n SPACE 3\n EJECT\n ENTRY K\nK CSECT\n BR 14 * now\n"
    assert image(source) == "07FE"


CONTINUED = f"""\
         {"DC    C'ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZ ":<62}X
               END'
         {"LM    14,12,       first operands":<62}-00010000
               12(13)       the third
"""


def test_statements_continue_in_column_16():
    assert image(CONTINUED).endswith("40C5D5C4" + "0098ECD00C")


def test_label_and_line_lookup():
    assembly = assemble("K START 16\nA BR 14\nSAME EQU A\nB DS CL8\n DC F'1'\nR EQU 18\n")
    assert [assembly.label_at(at) for at in (16, 17, 18, 26)] == ["K", None, "B", None]
    assert [assembly.nearest_label(at) for at in (15, 17, 31, 32)] == [None, ("K", 1), ("B", 13), None]
    lines = [line and line.number for line in map(assembly.line_at, (15, 16, 17, 18, 25, 26, 28, 31, 32))]
    assert lines == [None, 2, 2, 4, 4, None, 5, 5, None]


def test_a_line_that_generates_code_covers_an_area():
    assembly = assemble("K CSECT\nBUFFER DS CL8\n ORG BUFFER+2\n DC X'1122'\n ORG\n ORG BUFFER\nALL DS CL8\n")
    assert [line and line.number for line in map(assembly.line_at, range(9))] == [7, 7, 4, 4, 7, 7, 7, 7, None]


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ("LOPO", "k.asm has no symbol LOPO; did you mean LOOP?"),
        ("field", "FIELD is a field of DSECT D, not an address"),
    ],
)
def test_address_of_an_unknown_label(label, message):
    assembly = assemble("K CSECT\nLOOP BR 14\nD DSECT\nFIELD DS F\n", "k.asm")
    with pytest.raises(UserError) as error:
        assembly.address_of(label)
    assert str(error.value) == message


def test_card_with_only_a_sequence_number_is_a_blank_line():
    found = assemble(" " * 72 + "00010000\n         LA    1,2\n         END\n")
    assert [text.data for text in found.image] == [bytes.fromhex("41100002")]
