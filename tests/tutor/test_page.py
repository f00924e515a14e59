"""The text of a lesson for any width."""

import pytest

from edu_hv.tutor.page import page_lines


@pytest.mark.parametrize(
    ("markdown", "width", "lines"),
    [
        pytest.param("# Two words", 20, ("Two words",), id="heading"),
        pytest.param("one two\nthree", 20, ("one two three",), id="paragraph-joined"),
        pytest.param("one two\nthree", 9, ("one two", "three"), id="paragraph-wrapped"),
        pytest.param("one\n\ntwo", 20, ("one", "", "two"), id="empty-line-kept"),
        pytest.param("- one two three\n- four", 9, ("- one two", "  three", "- four"), id="list-hangs"),
        pytest.param("1. one two\n2. four", 8, ("1. one", "   two", "2. four"), id="numbered"),
        pytest.param("code\n0002. So", 40, ("code 0002. So",), id="number-in-paragraph"),
        pytest.param("with code 28. So", 12, ("with", "code 28. So"), id="no-line-like-an-item"),
        pytest.param("**8.** one\ntwo", 8, ("8. one", "   two"), id="goal-hangs"),
        pytest.param("look:\n\n    LA    4,5   x\n", 8, ("look:", "", "  LA    4,5   x"), id="program-kept"),
        pytest.param("type `step 4` now", 10, ("type", "`step 4`", "now"), id="command-on-one-line"),
        pytest.param("**1.** the *PSW* is", 40, ("1. the PSW is",), id="emphasis-dropped"),
        pytest.param("`L 1,0` * `LA`", 40, ("`L 1,0` * `LA`",), id="asterisk-alone"),
        pytest.param("", 40, (), id="empty"),
    ],
)
def test_page_is_laid_out(markdown, width, lines):
    assert page_lines(markdown, width) == lines


def test_a_command_longer_than_the_line_is_broken():
    assert max(map(len, page_lines("`edit 24 SVC 2 and more words`", 10))) <= 10
