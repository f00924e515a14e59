"""DC, DS and literals: object code, lengths, alignment."""

import pytest

from edu_hv.asm.assembler import Text, assemble


def image(source: str) -> str:
    return b"".join(text.data for text in assemble(source).image).hex().upper()


@pytest.mark.parametrize(
    ("operand", "expected"),
    [
        ("C'HELLO'", "C8C5D3D3D6"),
        ("C'IT''S'", "C9E37DE2"),
        ("C'A&&B'", "C150C2"),
        ("CL4'AB'", "C1C24040"),
        ("CL2'ABC'", "C1C2"),
        ("3C'*'", "5C5C5C"),
        ("C'a,b'", "816B82"),
        ("X'0A'", "0A"),
        ("X'ABC'", "0ABC"),
        ("XL4'FF'", "000000FF"),
        ("XL1'1234'", "34"),
        ("2X'C1,C2C3'", "C1C2C3C1C2C3"),
        ("B'1010'", "0A"),
        ("B'101010101'", "0155"),
        ("F'1'", "00000001"),
        ("F'-1'", "FFFFFFFF"),
        ("F'1,2,+3'", "000000010000000200000003"),
        ("2F'7'", "0000000700000007"),
        ("FL3'-2'", "FFFFFE"),
        ("F'-2147483648'", "80000000"),
        ("H'32767,-32768'", "7FFF8000"),
        ("P'123'", "123C"),
        ("P'-12,+3'", "012D3C"),
        ("PL3'1.5'", "00015C"),
        ("Z'123'", "F1F2C3"),
        ("ZL3'-1'", "F0F0D1"),
        ("A(0)", "00000000"),
        ("A(X'FFFFFFFF')", "FFFFFFFF"),
        ("A(-1)", "FFFFFFFF"),
        ("AL3(256)", "000100"),
        ("AL1(1,2,3)", "010203"),
        ("Y(4660)", "1234"),
        ("S(4095(13))", "DFFF"),
        ("S(16)", "0010"),
        ("A((5-2)*4)", "0000000C"),
        ("A(7/2,-7/2,7/0)", "00000003FFFFFFFD00000000"),
        ("A(C'AB')", "0000C1C2"),
        ("A(B'11'+X'F0')", "000000F3"),
        # GA22-7000 appendix "Floating-Point Numbers": 1 is 1/16 x 16, -15.5 is -.F8 x 16, 0.1 repeats 1999...
        ("E'1'", "41100000"),
        ("E'-15.5'", "C1F80000"),
        ("D'0.1'", "401999999999999A"),
        ("E'1E2'", "42640000"),
        ("E'0'", "00000000"),
        ("D'-0'", "0000000000000000"),
        ("L'1'", "41100000000000003300000000000000"),
    ],
)
def test_constant(operand, expected):
    assert image(f" DC {operand}\n") == expected


@pytest.mark.parametrize(
    ("operand", "address", "length", "end"),
    [
        pytest.param("C", 1, 1, 2, id="C"),
        pytest.param("CL80", 1, 80, 81, id="CL80"),
        pytest.param("0CL80", 1, 80, 1, id="0CL80"),
        pytest.param("3F", 4, 4, 16, id="3F"),
        pytest.param("0F", 4, 4, 4, id="0F"),
        pytest.param("0D", 8, 8, 8, id="0D"),
        pytest.param("D", 8, 8, 16, id="D"),
        pytest.param("H", 2, 2, 4, id="H"),
        pytest.param("FL3", 1, 3, 4, id="an explicit length is not aligned"),
        pytest.param("(2*4)XL(L'BYTE+1)", 1, 2, 17, id="expressions"),
        pytest.param("CL(L'BYTE)", 1, 1, 2, id="length attribute"),
        pytest.param("C,F,X", 1, 1, 9, id="several operands"),
        pytest.param("CL300", 1, 300, 301, id="areas may be longer than constants"),
        pytest.param("F'1,2'", 4, 4, 12, id="values count, their code does not"),
    ],
)
def test_area(operand, address, length, end):
    assembly = assemble(f"K CSECT\nBYTE DC X'00'\nAREA DS {operand}\nEND EQU *\n")
    area = assembly.symbols["AREA"]
    assert (area.value, area.length, assembly.symbols["END"].value) == (address, length, end)
    assert assembly.image == (Text(0, b"\x00"),)


def test_operands_of_one_dc_are_aligned_with_zeros():
    assert image(" DC X'FF',F'1',C'A',H'2'\n") == "FF00000000000001C1000002"


def test_location_counter_moves_with_the_values_of_an_address_constant():
    assert image("K START 256\n DC A(*,*),2A(*)\n") == "000001000000010400000108" + "0000010C"


def test_literals_are_pooled_by_size_without_duplicates():
    assembly = assemble(
        "K CSECT\n USING *,12\n L 1,=F'1'\n L 2,=F'1'\n IC 3,=X'0A'\n LD 4,=D'1'\n LH 5,=H'2'\n LTORG\n L 1,=F'1'\n"
    )
    literals = [(line.address, line.source.strip(), line.length) for line in assembly.listing if "  =" in line.source]
    assert literals == [
        (0x18, "=D'1'", 8), (0x20, "=F'1'", 4), (0x24, "=H'2'", 2), (0x26, "=X'0A'", 1), (0x30, "=F'1'", 4),
    ]  # fmt: skip
    assert assembly.listing[-2].object_code.hex().upper() == "5810C030"


def test_literals_with_the_location_counter_are_not_shared():
    assembly = assemble("K CSECT\n USING *,12\n L 1,=A(*)\n L 1,=A(*)\n")
    assert assembly.image[0].data.hex().upper() == "5810C0085810C00C" + "0000000000000004"


def test_literals_at_the_end_go_behind_the_first_control_section():
    assembly = assemble("A CSECT\n USING *,12\n L 1,=F'9'\nB CSECT\n DC F'1'\n END\n")
    assert assembly.image == (
        Text(0, bytes.fromhex("5810C008")),
        Text(8, bytes.fromhex("00000009")),
        Text(16, b"\0\0\0\1"),
    )
