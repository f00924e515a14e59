"""The table of what VM/370's CP has, row by row: each is tested or said to be missing."""

import ast

import pytest

from tools.cp_rows import (
    ALSO,
    DOCUMENT,
    MISSING,
    OTHERWISE,
    ROWS,
    SECTIONS,
    Named,
    all_named,
    by_row,
    document,
    naming_tests,
    unknown,
)
from tools.cp_rows import without_a_test as rows_without_a_test

KEYS = {(row.section, row.name) for row in ROWS}


def test_every_row_has_a_test_or_is_said_to_be_missing():
    """A and B: all of them are in the table."""
    assert [f"{row.section} {row.name}" for row in rows_without_a_test()] == []


def test_no_test_names_a_row_that_does_not_exist():
    """In the sections of the table: a name that is not there is a slip of the pen."""
    assert [f"{named.test}: [{named.section} {named.row}]" for named in unknown()] == []


def test_name_of_a_row_is_that_of_one_row():
    """IPL alone would be two; who names a row must not mark another one as tested."""
    rows: dict[Named, list[str]] = {}
    for named in all_named():
        of_section = [row.key[1] for row in ROWS if row.section == named.section]
        rows[named] = [name for name in of_section if (name + " ").startswith(named.row + " ")]
    assert {f"[{named.section} {named.row}]": found for named, found in rows.items() if len(found) > 1} == {}


@pytest.mark.parametrize("notes", [OTHERWISE, MISSING], ids=["OTHERWISE", "MISSING"])
def test_notes_are_about_rows_of_the_table_and_say_something(notes):
    """A row that is said to be missing has no test: then it is not missing."""
    assert set(notes) <= KEYS
    assert [key for key, note in notes.items() if len(note.split()) < 4] == []
    assert not set(MISSING) & {(row.section, row.name) for row, names in by_row().items() if names}


def test_table_is_in_order_and_without_doubles():
    """Each section is named once, has rows, and its rows are A or B."""
    assert len(KEYS) == len(ROWS)
    assert list(dict.fromkeys(row.section for row in ROWS)) == list(SECTIONS)
    assert {row.priority for row in ROWS} == {"A", "B"}
    assert set(ALSO) <= set(SECTIONS)


@pytest.mark.parametrize(
    ("docstring", "expected"),
    [
        pytest.param("[1.4 LPSW] words", [("1.4", "LPSW")], id="one"),
        pytest.param("[1.4 SIO; HIO; 2.3 1] words", [("1.4", "SIO"), ("1.4", "HIO"), ("2.3", "1")], id="several"),
        pytest.param("[2.4-6] [3 X'18'] words", [("2.4", "6"), ("3", "X 18")], id="two brackets"),
        pytest.param("words [1.4 LPSW]", [], id="not at the beginning"),
    ],
)
def test_names_are_read_from_the_beginning_of_a_docstring(docstring, expected, tmp_path):
    """A bracket later on is part of the text."""
    text = ast.unparse(ast.parse(f"def test_it():\n    {docstring!r}\n"))
    (tmp_path / "test_one.py").write_text(text, "utf-8")
    assert [(named.section, named.row) for named in naming_tests(tmp_path, tmp_path)] == expected


def test_document_is_what_the_tool_writes():
    """`python -m tools.cp_rows` after adding tests that name rows."""
    assert DOCUMENT.read_text("utf-8") == document()
