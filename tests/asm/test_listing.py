"""The listing as text, and the lexers that colour source and listings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pygments.token import Comment, Error, Keyword, Name, Number, String

from edu_hv.asm.assembler import assemble
from edu_hv.asm.highlight import AssemblerLexer, ListingLexer
from edu_hv.asm.listing import listing_text

SOURCE = """\
* Adds one, for as long as it takes to fill the line up to its end, which is cut here
KERNEL   START X'1000'
R1       EQU   1
         USING *,12
LOOP     A     R1,=F'1'
         SSM   MASK                 privileged
         B     LOOP
MASK     DC    X'FF',C'IT''S',8X'0'
D        DSECT
FIELD    DS    F
         END   LOOP
"""

LISTING = """\
   LOC  OBJECT CODE      STMT SOURCE STATEMENT
                           1 * Adds one, for as long as it takes to fill the li
001000                     2 KERNEL   START X'1000'
00000001                   3 R1       EQU   1
                           4          USING *,12
001000 5A10 C020           5 LOOP     A     R1,=F'1'
001004 8000 C00C           6          SSM   MASK                 privileged
001008 47F0 C000           7          B     LOOP
00100C FFC9E37DE2000000    8 MASK     DC    X'FF',C'IT''S',8X'0'
000000                     9 D        DSECT
000000                    10 FIELD    DS    F
                          11          END   LOOP
001020 00000001                             =F'1'

SYMBOL    LEN    VALUE  DEFN
D           1 00000000     9
FIELD       4 00000000    10
KERNEL      1 00001000     2
LOOP        4 00001000     5
MASK        1 0000100C     8
R1          1 00000001     3
"""


def test_listing_has_location_object_code_statement_and_source():
    assert listing_text(assemble(SOURCE)) == LISTING


def test_listing_without_a_width_cuts_nothing():
    assert "fill the line up to its end, which is cut here" in listing_text(assemble(SOURCE), width=None)


@pytest.mark.parametrize(
    ("lexer", "text"), [(AssemblerLexer(), SOURCE), (ListingLexer(), LISTING)], ids=["source", "listing"]
)
def test_words_are_coloured_by_what_they_are(lexer, text):
    tokens = list(lexer.get_tokens(text))
    assert {kind: word for kind, word in tokens if kind is Keyword.Reserved} == {Keyword.Reserved: "SSM"}
    expected = {
        (Name.Label, "LOOP"), (Keyword.Declaration, "USING"), (Keyword, "A"), (Number.Hex, "X'1000'"),
        (String, "C'IT''S'"), (Name, "MASK"), (Keyword, "B"),
    }  # fmt: skip
    assert expected <= set(tokens)
    assert any(kind is Comment and "privileged" in word for kind, word in tokens)
    assert not [word for kind, word in tokens if kind is Error]


def test_unknown_operation_stands_out():
    assert (Error, "MVZZ") in list(AssemblerLexer().get_tokens(" MVZZ 1,2\n"))


@given(st.text(max_size=200))
def test_colouring_keeps_the_text(text):
    for lexer in (AssemblerLexer(stripnl=False, ensurenl=False), ListingLexer(stripnl=False, ensurenl=False)):
        plain = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
        assert "".join(word for _, word in lexer.get_tokens(plain)) == plain
