"""Every view as text: the whole text of one of each, and no line wider than asked, with nothing lost."""

import string
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edu_hv.debugger import views
from edu_hv.debugger.text import as_lines, code_line, console_lines
from edu_hv.debugger.views import ComparedValue
from tests.debugger import texts_of_answers, texts_of_views
from tests.debugger.texts_of_views import MASK

CASES = [*texts_of_views.CASES, *texts_of_answers.CASES]


@pytest.mark.parametrize(("view", "text"), CASES)
def test_whole_text_of_a_view(view, text):
    assert as_lines(view) == text.strip("\n").split("\n")


def test_every_view_has_a_case():
    shown = {type(case.values[0]).__name__ for case in CASES}
    assert shown == {kind.__name__ for kind in views.View.__subclasses__()}


@pytest.mark.parametrize("width", [20, 24, 33, 40, 60, 79, 200])
@pytest.mark.parametrize(("view", "text"), CASES)
def test_lines_are_wrapped_not_cut(view, text, width):
    """Every word of the text at 79 columns is there at any width, though a long one may be broken."""
    lines = as_lines(view, width)
    assert [line for line in lines if len(line) > width] == []
    if isinstance(view, views.TimelineView | views.ConsoleView):
        return
    shown = "".join("".join(lines).split())
    headings = {"guest", "real", "why", "step", "who", "what", "number", "address", "hits", "label", "type", "state"}
    words = [word for word in text.split() if word not in headings]
    assert [word for word in words if word not in shown and f"{word}," not in shown] == []


WORDS = st.text(string.ascii_letters + string.digits + " :,()'", max_size=120)


@given(name=WORDS, guest=WORDS, real=WORDS, why=WORDS, width=st.integers(20, 140))
def test_no_line_of_a_table_is_too_wide(name, guest, real, why, width):
    value = ComparedValue(name, guest, real, why, changed=True)
    lines = as_lines(views.PswView("A", "0", "0", (value, MASK, replace(MASK, why=why))), width)
    assert max(map(len, lines)) <= width
    shown = "".join("".join(lines).split())
    assert all(text in shown for text in ("".join(value.split()) for value in (name, guest, real)))


@given(line=st.text(max_size=300), width=st.integers(20, 140))
def test_console_lines_are_complete_and_command_no_terminal(line, width):
    lines = console_lines("VM1", (line,), width)
    assert [shown for shown in lines if not shown.isprintable() or len(shown) > width] == []
    assert "".join(shown[5:] for shown in lines) == "".join(c if c.isprintable() else "." for c in line)


def test_a_long_console_line_goes_on_marked():
    assert console_lines("VM1", ("0123456789" * 3,), 25) == ["VM1| 01234567890123456789", "VM1+ 0123456789"]


def test_control_characters_from_a_guest_are_shown_as_in_a_dump():
    assert as_lines(views.ConsoleView("A", ("\x1b[2Jgone\x07",))) == ["A| .[2Jgone."]


def test_code_line_alone():
    line = views.CodeLine(0x400, "0A04", "SVC   4", current=True, note="SVC 4")
    assert code_line(line) == ["  > 000400  0A04                   SVC   4  ; SVC 4"]


def test_a_comment_moves_near_before_anything_is_wrapped():
    line = views.CodeLine(0x400, "0A04", "         SVC   4           give up the processor")
    assert code_line(line, 79) == ["    000400  0A04                   SVC   4           give up the processor"]
    assert code_line(line, 66) == ["    000400  0A04                   SVC   4  give up the processor"]
    quoted = views.CodeLine(0x400, "0A04", "         CLC   0(9),=C'A     B'")
    assert "=C'A     B'" in code_line(quoted, 60)[0] + code_line(quoted, 60)[-1]


def test_long_timeline_is_folded_and_says_where_now_is():
    lines = as_lines(views.TimelineView("." * 50 + "T" + "s" * 9, 50, 51, 60), 40)
    assert lines[1:4] == ["." * 40, "." * 10 + "T" + "s" * 9, " " * 10 + "^ now"]


def test_what_is_no_view_is_refused():
    with pytest.raises(TypeError, match="no text for int"):
        as_lines(5)
