"""Machine instructions: object code by format, by operand shape, and in a program computed by hand."""

import pytest

from edu_hv.asm.assembler import Assembly, Text, assemble


def code(source: str) -> str:
    """The object code of a source as hexadecimal digits, segments joined."""
    return b"".join(text.data for text in assemble(source).image).hex().upper()


PROGRAM = """\
* A program with a base register, literals and a channel program.
KERNEL   START X'1000'
R1       EQU   1
         BALR  12,0                base register
         USING *,12
LOOP     L     R1,=F'5'
         A     R1,ONE
         MVC   BUFFER(5),=C'HELLO'
         CLI   BUFFER,C'H'
         BNE   LOOP
         LA    2,BUFFER+4(R1)
         SIO   0(R1)
         BR    14
         LTORG
ONE      DC    F'1'
BUFFER   DS    CL8
READ     CCW   X'02',BUFFER,X'20',L'BUFFER
         END   LOOP
"""

BY_HAND = [
    (0x1000, "05C0"),
    (0x1002, "5810C026"),  # the pool is at 1028, the base is 1002
    (0x1006, "5A10C032"),
    (0x100A, "D204C036C02A"),
    (0x1010, "95C8C036"),
    (0x1014, "4770C000"),
    (0x1018, "4121C03A"),
    (0x101C, "9C001000"),
    (0x1020, "07FE"),
    (0x1028, "00000005"),
    (0x102C, "C8C5D3D3D6"),
    (0x1034, "00000001"),
    (0x1040, "0200103820000008"),
]


def test_program_is_assembled_as_computed_by_hand():
    assembly = assemble(PROGRAM, "sanity.asm")
    generated = [(line.address, line.object_code.hex().upper()) for line in assembly.listing if line.object_code]
    assert generated == BY_HAND
    assert (assembly.origin, assembly.entry) == (0x1000, 0x1002)
    assert [(text.address, text.end) for text in assembly.image] == [
        (0x1000, 0x1022), (0x1028, 0x1038), (0x1040, 0x1048)
    ]  # fmt: skip


FROM_GNU_AS = [
    # Computed with GNU as 2.40, -m31 -mesa, for s390.
    ("LR 3,12", "183C"),
    ("BCR 7,14", "077E"),
    ("BALR 14,15", "05EF"),
    ("SPM 5", "0450"),
    ("SVC 202", "0ACA"),
    ("LTDR 2,4", "2224"),
    ("AER 0,6", "3A06"),
    ("L 1,4095(2,3)", "58123FFF"),
    ("STC 15,0(0,13)", "42F0D000"),
    ("BC 8,16(0,12)", "4780C010"),
    ("BAS 14,100(0,12)", "4DE0C064"),
    ("LE 4,8(1,2)", "78412008"),
    ("LRA 1,0(2,3)", "B1123000"),
    ("STM 14,12,12(13)", "90ECD00C"),
    ("CS 4,5,0(6)", "BA456000"),
    ("ICM 3,7,1(9)", "BF379001"),
    ("LCTL 0,15,64(0)", "B70F0040"),
    ("SLL 7,31(0)", "8970001F"),
    ("SRDA 8,2(1)", "8E801002"),
    ("MVI 0(1),255", "92FF1000"),
    ("STOSM 80(0),3", "AD030050"),
    ("TM 7(10),128", "9180A007"),
    ("LPSW 104(0)", "82000068"),
    ("SSM 17(5)", "80005011"),
    ("STCK 8(11)", "B205B008"),
    ("SPX 4(0)", "B2100004"),
    ("PTLB", "B20D0000"),
    ("IPK", "B20B0000"),
    ("MVC 0(256,1),4095(2)", "D2FF10002FFF"),
    ("TR 3(16,5),0(6)", "DC0F50036000"),
    ("CLC 1(1,2),3(4)", "D50020014003"),
    ("AP 0(16,1),8(1,2)", "FAF010002008"),
    ("UNPK 0(7,13),5(3,12)", "F362D000C005"),
    ("SRP 2(5,3),62(0),5", "F0453002003E"),
    ("MVCK 1(2,3),4(5),6", "D92630015004"),
    ("TPROT 0(1),48(2)", "E50110002030"),
    ("ISKE 1,2", "B2290012"),
    ("IPTE 3,4", "B2210034"),
    ("EPAR 9", "B2260090"),
    ("CLCL 2,4", "0F24"),
    ("EX 1,6(0,15)", "4410F006"),
    ("SIGP 1,2,6(0)", "AE120006"),
]


@pytest.mark.parametrize(("source", "expected"), FROM_GNU_AS, ids=[row[0] for row in FROM_GNU_AS])
def test_instruction_has_the_object_code_of_another_assembler(source, expected):
    assert code(f" {source}\n") == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("SIO 14", "9C00000E"),
        ("SIOF 0(1)", "9C011000"),
        ("TIO 0(3)", "9D003000"),
        ("CLRIO 0(3)", "9D013000"),
        ("HIO 0(3)", "9E003000"),
        ("HDV 0(3)", "9E013000"),
        ("TCH 0(3)", "9F003000"),
        ("STIDC 0(3)", "B2033000"),
        ("SSK 1,2", "0812"),
        ("ISK 1,2", "0912"),
        ("RRB 0(1)", "B2131000"),
        ("TS 0(1)", "93001000"),
        ("DIAG 1,2,X'24'", "83120024"),
    ],
)
def test_instruction_of_system_370_only(source, expected):
    """Those that the other assembler does not know.  GA22-7000 appendix "Lists of Instructions"."""
    assert code(f" {source}\n") == expected


@pytest.mark.parametrize(
    ("operand", "expected"),
    [
        pytest.param("80", "58100050", id="absolute, no base"),
        pytest.param("4(2)", "58120004", id="D(X): index, not base"),
        pytest.param("4(,2)", "58102004", id="D(,B)"),
        pytest.param("4(2,3)", "58123004", id="D(X,B)"),
        pytest.param("HERE", "5810C000", id="implicit"),
        pytest.param("HERE+8(5)", "5815C008", id="implicit, index"),
        pytest.param("*", "5810C000", id="location counter"),
        pytest.param("4*(2+3)(,7)", "58107014", id="expression, base"),
        pytest.param("FIELD-DUMMY(,7)", "58107004", id="difference as displacement"),
    ],
)
def test_storage_operand_of_an_rx_instruction(operand, expected):
    source = f"K CSECT\n USING *,12\nHERE L 1,{operand}\nDUMMY DSECT\n DS F\nFIELD DS F\n"
    assert code(source) == expected


@pytest.mark.parametrize(
    ("operands", "expected"),
    [
        pytest.param("AREA,OTHER", "D207C006C00E", id="length attribute of the first operand"),
        pytest.param("AREA(3),OTHER", "D202C006C00E", id="explicit length"),
        pytest.param("AREA+1(L'AREA-1),OTHER", "D206C007C00E", id="length by expression"),
        pytest.param("0(5,1),4(2)", "D20410002004", id="D(L,B)"),
        pytest.param("0(,1),4(2)", "D20010002004", id="D(,B): length of the displacement's term"),
        pytest.param("0(4),4", "D20300000004", id="D(L) at an absolute address"),
        pytest.param("AREA(0),0(3)", "D200C0063000", id="length 0 for EX"),
    ],
)
def test_storage_operands_of_an_ss_instruction(operands, expected):
    source = f"K CSECT\n USING *,12\n MVC {operands}\nAREA DS CL8\nOTHER DS CL9\n"
    assert code(source) == expected


def test_two_lengths_come_from_the_length_attributes():
    assert code("K CSECT\n USING *,12\n PACK A,B\nA DS CL8\nB DS CL5\n") == "F274C006C00E"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("B 8(,1)", "47F01008"), ("BR 14", "07FE"), ("NOP 0", "47000000"), ("NOPR 0", "0700"),
        ("BE 8", "47800008"), ("BNE 8", "47700008"), ("BH 8", "47200008"), ("BNH 8", "47D00008"),
        ("BL 8", "47400008"), ("BNL 8", "47B00008"), ("BZ 8", "47800008"), ("BNZ 8", "47700008"),
        ("BP 8", "47200008"), ("BNP 8", "47D00008"), ("BM 8", "47400008"), ("BNM 8", "47B00008"),
        ("BO 8", "47100008"), ("BNO 8", "47E00008"),
        ("BER 3", "0783"), ("BNER 3", "0773"), ("BHR 3", "0723"), ("BNHR 3", "07D3"), ("BLR 3", "0743"),
        ("BNLR 3", "07B3"), ("BZR 3", "0783"), ("BNZR 3", "0773"), ("BPR 3", "0723"), ("BNPR 3", "07D3"),
        ("BMR 3", "0743"), ("BNMR 3", "07B3"), ("BOR 3", "0713"), ("BNOR 3", "07E3"),
    ],
)  # fmt: skip
def test_extended_mnemonic(source, expected):
    assert code(f" {source}\n") == expected


def test_instructions_stand_on_halfword_boundaries():
    assembly = assemble("K CSECT\n DC X'FF'\nNEXT BR 14\n")
    assert assembly.image == (Text(0, bytes.fromhex("FF0007FE")),)
    assert assembly.address_of("next") == 2


def test_operations_without_operands_take_remarks():
    assert code(" PTLB after the page tables\n IPK , key\n") == "B20D0000B20B0000"


def test_lower_case_is_the_same_outside_characters():
    upper: Assembly = assemble("K CSECT\n USING K,12\nA MVC A(2),=C'ab'\n")
    lower: Assembly = assemble("k csect\n using k,12\na mvc a(2),=c'ab'\n")
    assert upper.image == lower.image
    assert upper.symbols == lower.symbols
