"""A mistake in a source: line, column, what was found and what was expected; never another exception."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edu_hv.asm.assembler import Assembly, AssemblyError, assemble
from edu_hv.isa.errors import UserError


def mistakes(source: str) -> list[tuple[int, int, str]]:
    with pytest.raises(AssemblyError) as error:
        assemble(source, "k.asm")
    return [(mistake.line, mistake.column, mistake.message) for mistake in error.value.errors]


def test_error_shows_file_line_column_source_and_caret():
    with pytest.raises(UserError) as error:
        assemble("KERNEL   CSECT\n         MVZZ  A,B\nA        L     1,LOOPX\n", "kernel.asm")
    assert str(error.value) == (
        'kernel.asm:2:10: unknown operation "MVZZ"; did you mean MVZ?\n'
        "             MVZZ  A,B\n"
        "             ^\n"
        "kernel.asm:3:18: symbol LOOPX is not defined\n"
        "    A        L     1,LOOPX\n"
        "                     ^"
    )


STATEMENTS = [
    ("AR 1", 6, "found 1 operand; expected R1,R2"),
    ("AR", 4, "found no operands; expected R1,R2"),
    ("AR 1,2,3", 9, "found 3 operands; expected R1,R2"),
    ("AR 1,16", 7, "found 16 for R2, general register; expected 0 to 15"),
    ("AR 1,K", 7, "found K, a location in storage; expected an absolute number for R2, general register"),
    ("LR 1,-1", 7, "found -1 for R2, general register; expected 0 to 15"),
    ("SVC 256", 6, "found 256 for I, immediate data; expected 0 to 255"),
    ("MVI 0(1),C'AB'", 11, "found 49602 for I2, immediate data; expected 0 to 255"),
    ("MVI 0(1,2),1", 9, 'found ",2)"; expected ")" at the end of D1(B1)'),
    ("L 1,0(1,2,3)", 11, 'found ",3)"; expected ")" at the end of D2(X2,B2)'),
    ("L 1,0(1,2)X", 12, 'found "X"; expected a comma or a blank after D2(X2,B2)'),
    ("L 1,0(16)", 8, "found 16 for X2; expected a register, 0 to 15"),
    ("L 1,0(,16)", 9, "found 16 for B2; expected a register, 0 to 15"),
    ("L 1,4096(2)", 6, "displacement 4096 does not fit 12 bits (0 to 4095) and no USING covers 4096"),
    ("L 1,4096(,2)", 6, "displacement 4096 does not fit 12 bits; expected 0 to 4095"),
    ("L 1,-1(,2)", 6, "displacement -1 does not fit 12 bits; expected 0 to 4095"),
    ("L 1,K(,2)", 6, "found K, a location, beside a base register; expected a displacement 0 to 4095 (as in K-K)"),
    ("L 1,K", 6, "no USING covers K; expected a base register for CSECT K (USING before this statement)"),
    ("L 1,D", 6, "no USING covers D; expected a base register for DSECT D (USING before this statement)"),
    ("L 1,K+D", 6, "found K+D, which is no location in one section; expected a location or a displacement"),
    ("L 1,", 6, "found the end of the operand; expected a number, a symbol, * or an expression in parentheses"),
    ("L 1,é", 6, 'found "é"; expected a number, a symbol, * or an expression in parentheses'),
    ("L 1,²", 6, 'found "²"; expected a number, a symbol, * or an expression in parentheses'),
    ("L 1,=F'1'+4", 11, 'found "+4"; expected a comma or a blank after the constant'),
    ("L 1,4+=F'1'", 8, "found \"=F'1'\"; expected a number, a symbol, * or an expression in parentheses"),
    ("L 1,=0F'1'", 6, "found a literal of no length; expected a duplication factor of 1 or more"),
    ("MVC 0(257,1),0(2)", 8, "found the length 257; expected 1 to 256"),
    ("MVC BIG-D(,3),0(2)", 12, "length attribute 300 does not fit; expected an explicit length, 1 to 256"),
    ("AP 0(17,1),0(2)", 7, "found the length 17; expected 1 to 16"),
    ("MVCK 0,0(2),3", 8, "found no register; expected D1(R1,B1)"),
    ("LA 1,K*2", 8, "found * beside a location in storage; expected absolute numbers on both sides"),
    ("LA 1,99999999999", 7, "found a number of more than 32 bits; expected -2147483648 to 4294967295"),
    ("LA 1,X'1G'", 10, "found \"G\" in X'...'; expected hexadecimal digits"),
    ("LA 1,X''", 9, "found 0 digits; expected 1 to 8 hexadecimal digits"),
    ("LA 1,C'ABCDE'", 9, "found 5 characters; expected 1 to 4 in a character term"),
    ("LA 1,C'A", 8, "found a string that does not end; expected a closing apostrophe"),
    ("LA 1,(2+3", 11, 'found the end of the operand; expected ")" to close the expression'),
    ("LA 1," + "(" * 21 + "1" + ")" * 21, 27, "found more than 20 nested parentheses; expected a simpler expression"),
    ("DC", 4, "found no operand; expected a constant, as in F'0'"),
    ("DS", 4, "found no operand; expected a constant, as in 0F or CL80"),
    ("DC Q'1'", 5, "found \"Q'1'\"; expected a type of constant, one of C X B F H E D L P Z A V Y S"),
    ("DC F", 5, "found no value; expected one, as in F'0' (DS reserves storage)"),
    ("DC F''", 7, "found an empty value; expected one, as in F'0'"),
    ("DC F'X'", 7, 'found "X"; expected a whole number of at most 20 digits'),
    ("DC H'1,32768'", 9, "found 32768; expected -32768 to 32767, which is what 2 bytes hold"),
    ("DC AL1(256)", 9, "found 256; expected -128 to 255, which is what 1 bytes hold"),
    ("DC PL1'12'", 9, "found 2 digits; expected at most 1, which is what the length holds"),
    ("DC P'1A'", 7, 'found "1A"; expected a decimal number of at most 31 digits'),
    ("DC C'€'", 7, 'found "€", which EBCDIC (code page 037) does not have; expected another character'),
    ("DC FL9'1'", 7, "found the length 9; expected 1 to 8 for type F"),
    ("DC BL.3'1'", 7, "found \".3'1'\"; expected a length in bytes after L (bit lengths are not supported)"),
    ("DC A", 5, "found no value; expected one, as in A(0) (DS reserves storage)"),
    ("DC A()", 7, "found no value; expected an expression, as in A(0)"),
    ("DC A(1", 6, 'found a "(" that is not closed; expected ")" at the end of the constant'),
    ("DC A'1'", 6, "found \"'1'\"; expected a length or a value, as in A(0)"),
    ("DC F(1)", 6, "found \"(1)\"; expected a length or a value, as in F'0'"),
    ("DC D'1E99'", 7, 'found "1E99"; expected a number between 16**-65 and 16**63'),
    ("DC V(NOWHERE+1)", 7, "symbol NOWHERE is not defined"),
    ("DC (-1)F'1'", 5, "found the duplication factor -1; expected 0 to 16777216"),
    ("DC 2000000X'00'", 5, "found 2000000 bytes; expected at most 1048576 in one operand"),
    ("DC 4097A(*)", 5, "found 4097 address constants with *; expected at most 4096 in one operand"),
    ("DS 999999999C", 5, "found the duplication factor 999999999; expected 0 to 16777216"),
    ("DS 9999999CL60000", 5, "found 599999940000 bytes; expected at most 16777216 in one operand"),
    ("DS (LATER)C", 6, "symbol LATER is not defined before this statement"),
    ("DS 4194100F", 2, "location 16777600 is beyond storage"),
    ("ORG K-1", 6, "found a location 1 bytes before the section; expected one inside it"),
    ("ORG 80", 6, "found 80, which is no location in K; expected one, as in ORG K+80"),
    ("ORG D", 6, "found D, which is no location in K; expected one, as in ORG K+8"),
    ("USING K", 9, "found no register; expected USING base,register,..."),
    ("USING K,16", 10, "found register 16; expected 0 to 15"),
    ("DROP 3", 7, "found register 3, which is no base register here; expected one of a USING"),
    ("CCW 2,K,0", 11, "found 3 operands; expected four: command,data address,flags,count"),
    ("CCW 2,K,0,65536", 12, "found 65536 for the count; expected 0 to 65535"),
    ("CNOP 1,4", 7, "found CNOP 1,4; expected 0,4 2,4 0,8 2,8 4,8 or 6,8"),
    ("EQU 5", 2, "found EQU without a name; expected one in column 1"),
    ("DSECT", 2, "found DSECT without a name; expected one in column 1"),
    ("START 0", 2, "found START after the program has begun; expected it first"),
    ("EXTRN", 7, "found no name; expected EXTRN name,..."),
    ("EXTRN K", 8, "symbol K is already defined in line 1; expected another name"),
    ("EXTRN 1X", 8, 'found "1X" as a name; expected 1 to 8 letters and digits'),
    ("ENTRY NOWHERE", 8, "symbol NOWHERE is not defined"),
    ("ENTRY D", 8, "found D, which is no location in a control section; expected one"),
    ("ENTRY LATER", 8, "found LATER, which is no location in a control section; expected one"),
    ("MACRO", 2, "found MACRO; expected an instruction (there is no macro language here)"),
    ("END D", 6, "found no location of this program; expected the entry point"),
    ("EJECTT", 2, 'unknown operation "EJECTT"; did you mean EJECT?'),
    ("Öl 1,2", 2, 'unknown operation "ÖL"; did you mean L?'),
]


@pytest.mark.parametrize(("statement", "column", "message"), STATEMENTS, ids=[row[0][:30] for row in STATEMENTS])
def test_mistake_in_a_statement(statement, column, message):
    before = "K CSECT\n DS CL1200\nD DSECT\nBIG DS CL300\nK CSECT\n"
    after = "" if statement.startswith("END") else "\nLATER EQU 5\n"
    (mistake,) = mistakes(f"{before} {statement}{after}")
    assert (mistake[:2], mistake[2][: len(message)]) == ((6, column), message)


NOTHING = (1, 1, "found no statement; expected an instruction or a constant")
CONTINUED = (
    'found "X" in column 72, which continues the statement; expected a blank there,'
    " or a next line whose columns 1 to 15 are blank"
)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("", [NOTHING], id="empty"),
        pytest.param("* only\n\n", [NOTHING], id="comment"),
        pytest.param(
            "A EQU 1\nA EQU 2\n", [(2, 1, "symbol A is already defined in line 1; expected another name")], id="twice"
        ),
        pytest.param(
            "LONGLABEL BR 14\n",
            [(1, 1, 'found "LONGLABEL" as a name; expected 1 to 8 letters and digits, the first a letter, $, # or @')],
            id="long name",
        ),
        pytest.param("LABEL\n", [(1, 1, "found only a name, LABEL; expected an operation after it")], id="name only"),
        pytest.param(
            "A EQU B\nB EQU C\nC EQU A\nD EQU C\nE EQU NONE\n",
            [
                (1, 7, "found A, whose value depends on itself; expected a value that can be computed"),
                (2, 7, "found B, whose value depends on itself; expected a value that can be computed"),
                (3, 7, "found C, whose value depends on itself; expected a value that can be computed"),
                (5, 7, "symbol NONE is not defined"),
            ],
            id="circle of equates",
        ),
        pytest.param(
            " BR 14\n END\n BR 14\n",
            [(3, 2, "found a statement after END; expected the end of the source")],
            id="after END",
        ),
        pytest.param(
            "K CSECT\n BR 14\nK DSECT\n",
            [(3, 1, "found K as both CSECT and DSECT; expected a name of its own for each")],
            id="both",
        ),
        pytest.param("X USING 0,1\n", [(1, 1, "found the name X; USING takes none")], id="no name"),
        pytest.param(
            f"{' BR 14':<71}X\nA BR 14\n",
            [(1, 72, CONTINUED)],
            id="continuation",
        ),
        pytest.param(
            f"{' LM 1,2,':<71}X\n{'':15}OOPS(3)\n",
            [(2, 16, "symbol OOPS is not defined")],
            id="second line of a statement",
        ),
        pytest.param("\tBRR 14\n", [(1, 9, 'unknown operation "BRR"; did you mean BR?')], id="tab"),
    ],
)
def test_mistake_in_a_source(source, expected):
    assert mistakes(source) == expected


def test_a_label_of_a_wrong_statement_is_still_defined():
    assert [
        line
        for line, _, _ in mistakes("K CSECT\n USING *,12\nA BAD 1\nB DC F'x'\nC EQU 1/K\n LA 1,A\n LA 1,B\n LA 1,C\n")
    ] == [3, 4, 5]


def test_a_section_cannot_be_larger_than_storage():
    ((line, column, message),) = mistakes("A CSECT\n DS CL40000\n DS 16000000C\nB CSECT\n DS 16000000C\n")
    assert (line, column, message) == (5, 1, "found 32040000 bytes in all; expected at most 16777216")


WORDS = st.sampled_from([
    "K", "A", "B", "R1", "1", "0", "12", "4095", "99999999", "X'F'", "C'A B'", "C''", "=F'1'", "=A(*)", "(", ")", ",",
    "*", "+", "-", "/", "'", "''", "L'", "L'A", "=C'", "DC", "DS", "EQU", "ORG", "USING", "DROP", "CCW", "LTORG",
    "CSECT", "DSECT", "END", "START", "MVC", "L", "LA", "BR", "F'1'", "3CL5", "0D", "A(K)", "AL3(", "X'", "P'-1'",
    "E'1E9'", "S(A)", "((", "))", "&", "é", "€", ".", "=", "\0", "#",
])  # fmt: skip
STATEMENT = st.builds(
    lambda label, words, glue: label + " " + glue.join(words),
    st.sampled_from(["", "A", "B", "K", "ß", "*"]),
    st.lists(WORDS, max_size=6),
    st.sampled_from([" ", ",", ""]),
)
OPERATION = st.sampled_from(["DC", "DS", "EQU", "ORG", "USING", "DROP", "CCW", "CNOP", "MVC", "L", "LA", "END"])
TYPED = st.builds(
    lambda label, op, words: f"{label} {op} {''.join(words)}",
    st.sampled_from(["", "A", "B"]),
    OPERATION,
    st.lists(WORDS, max_size=6),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(STATEMENT | TYPED | st.text(max_size=90), max_size=8))
@example([" DC " + "9" * 5000 + "F'1'"])
@example([" DC F'" + "9" * 5000 + "'"])
@example([" LA 1," + "9" * 5000])
@example([" LA 1," + "-" * 5000 + "1"])
@example([" LA 1," + "(" * 5000])
@example([" DC A" + "(" * 5000])
@example(["A EQU B*B", "B EQU A*A"])
@example(["K CSECT", " DC 1048576X'00'", " ORG K", " DC 1048576X'00'"])
@example([" DC 262144A(*)"])
def test_any_text_is_assembled_or_refused_with_positions(lines):
    source = "\n".join(lines)
    result = assemble_or_refuse(source)
    if isinstance(result, Assembly):
        assert all(0 <= text.address < text.end <= 1 << 24 for text in result.image)
    else:
        count = max(1, len(source.split("\n")))
        assert result.errors
        assert all(1 <= mistake.line <= count and mistake.column >= 1 for mistake in result.errors)


def assemble_or_refuse(source: str) -> Assembly | AssemblyError:
    try:
        return assemble(source)
    except AssemblyError as error:
        return error
