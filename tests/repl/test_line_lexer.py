"""Colours of the line being typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pygments.token import Comment, Error, Keyword, Name, Number, String, Text, Token

from edu_hv.repl import serve  # noqa: F401  fills the registry
from edu_hv.repl.line_lexer import CommandLexer, command_token, prompt_lexer
from edu_hv.repl.render import STYLE
from edu_hv.tutor import workbench  # noqa: F401  fills the registry

LEXER = CommandLexer(words=lambda: ["START", "KERNEL"])


def pieces(line):
    """What of a line has a token that is not plain text."""
    found = [(piece, token) for _, token, piece in LEXER.get_tokens_unprocessed(line)]
    return [(piece, token) for piece, token in found if token is not Text and piece.strip()]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("step 5", [("step", Keyword), ("5", Number)], id="command"),
        pytest.param("ste", [("ste", Keyword)], id="prefix"),
        pytest.param("S", [("S", Keyword)], id="alias"),
        pytest.param("sto", [], id="can-become-one"),
        pytest.param("sto ", [("sto", Error)], id="can-become-one-no-more"),
        pytest.param("sto 5", [("sto", Error), ("5", Number)], id="several"),
        pytest.param("nonsense", [("nonsense", Error)], id="unknown"),
        pytest.param("# words", [("# words", Comment)], id="comment"),
        pytest.param("until START+4", [("until", Keyword), ("START", Name.Label), ("4", Number)], id="label"),
        pytest.param("select kernel", [("select", Keyword), ("kernel", Name.Label)], id="guest"),
        pytest.param("storage X'2F' 8", [("storage", Keyword), ("X'2F'", Number.Hex), ("8", Number)], id="hex"),
        pytest.param("storage 2F0", [("storage", Keyword), ("2F0", Number)], id="address"),
        pytest.param("storage F2", [("storage", Keyword), ("F2", Number)], id="address-with-a-letter"),
        pytest.param("until RF", [("until", Keyword), ("RF", Name.Builtin)], id="register"),
        pytest.param('load bare "a b', [("load", Keyword), ('"a b', String)], id="quoted"),
        pytest.param("cp q users", [("cp", Keyword), ("q", Keyword.Declaration)], id="cp"),
        pytest.param("TRACE PRIV", [("TRACE", Keyword.Declaration)], id="cp-in-capitals"),
        pytest.param("q virtual", [("q", Keyword.Declaration)], id="what-the-operand-makes-one-of-cp"),
        pytest.param("q", [("q", Keyword)], id="quit"),
        pytest.param("x/8xw 2000", [("x/8xw", Keyword), ("2000", Number)], id="format"),
        pytest.param("cp xyzzy", [("cp", Keyword)], id="cp-unknown"),
        pytest.param(
            "edit 7 LPSW A",
            [("edit", Keyword), (" 7 ", Number), ("LPSW", Keyword.Reserved), ("A", Name)],
            id="edit",
        ),
    ],
)  # fmt: skip
def test_pieces_of_a_line(line, expected):
    assert pieces(line) == expected


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")))
def test_lexer_gives_every_character_of_any_text_in_order(text):
    at = 0
    for index, _, piece in LEXER.get_tokens_unprocessed(text):
        assert (index, piece) == (at, text[at : at + len(piece)])
        at += len(piece)
    assert at == len(text)


def test_every_token_of_a_line_is_in_the_one_table_of_colours():
    named = {name for names, _ in STYLE.class_names_and_attrs for name in names}
    for token in (Keyword, Keyword.Declaration, Name.Builtin, Name.Label, Number, String, Comment, Error):
        assert "pygments" + str(token).removeprefix(str(Token)).lower() in named


def test_a_word_is_an_error_only_where_it_can_become_no_command():
    assert (command_token("stepp", typing=True), command_token("sto", typing=True)) == (Error, Text)


def test_prompt_lexer_colours_lines_of_a_document():
    from prompt_toolkit.document import Document

    line = prompt_lexer(lambda: ["START"]).lex_document(Document("until START"))(0)
    assert [(style, text) for style, text in line if text.strip()] == [
        ("class:pygments.keyword", "until"),
        ("class:pygments.name.label", "START"),
    ]
