"""Colour on top of the text: the characters stay the same, the pieces have a style."""

import pytest
from prompt_toolkit.data_structures import Size
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output

from edu_hv.debugger.views import CodeLine, CodeView, ConsoleView, StopView, TextView
from edu_hv.repl.render import Screen, painted
from edu_hv.repl.report import Block, block
from tests.repl.fake import FakeSession, FakeWorkbench


def views():
    session = FakeSession()
    session.step_number = 2
    listing = TextView(("000000 0A01               1 GO       SVC   1",), "listing", "s370-listing")
    return [
        *(session.status(), session.code(), session.registers(), session.psw(), session.xray(), session.console()),
        *(session.stop(), listing, FakeWorkbench().lesson_view(), TextView(("GO  SVC  1", "* comment"), "", "s370")),
        TextView(("Goal 1 reached: step once",), "lesson"),
    ]


@pytest.mark.parametrize("view", views(), ids=lambda view: type(view).__name__)
def test_colour_changes_no_character(view):
    one = block(view, 79)
    assert ["".join(text for _, text in line) for line in painted(one)] == list(one.lines)


def styles(one: Block, number: int) -> dict[str, str]:
    return {text.strip(): style for style, text in list(painted(one))[number] if style}


def test_operation_and_marks_of_a_line_of_code_are_styled():
    line = CodeLine(0x1004, "80000010", "SSM   16", "GO", trap=True, current=True)
    found = styles(block(CodeView("A", (line,), 0), 79), 1)
    assert found["!> 001004  80000010"] == "class:trap"
    assert found["GO"] == "class:pygments.name.label"
    assert found["SSM"] == "class:pygments.keyword.reserved"


def test_next_line_is_styled_as_code():
    assert styles(Block("next", ("next   > 001004  80000010               SSM   16",)), 0)["SSM"].endswith("reserved")


@pytest.mark.parametrize(
    ("one", "text", "style"),
    [
        pytest.param(Block("changed", ("mask  *00  07  differs: CP's",)), "*00", "class:changed", id="changed"),
        pytest.param(Block("changed", ("mask  *00  07  differs: CP's",)), "differs", "class:differs", id="differs"),
        pytest.param(block(ConsoleView("A", ("*READY",)), 79), "A| *READY", "class:console", id="console"),
        pytest.param(block(StopView(1, 2, "trap", "step"), 79), "trap", "class:trap", id="trap"),
        pytest.param(Block("error", ("no",)), "no", "class:error", id="error"),
        pytest.param(Block("TextView", ("goal 2 reached: x",)), "goal 2 reached: x", "class:goal", id="goal"),
    ],
)
def test_words_and_marks_are_styled(one, text, style):
    found = {text.strip(): style for line in painted(one) for style, text in line if style}
    assert found[text] == style


class Terminal:
    """What Vt100_Output writes to."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return -1


def test_colour_reaches_a_terminal():
    terminal = Terminal()
    output = Vt100_Output(terminal, lambda: Size(24, 80), default_color_depth=ColorDepth.DEPTH_4_BIT)
    Screen(colour=True, output=output).say("a mistake", "error")
    assert "\x1b[0;31;1m" in terminal.text
    assert "a mistake" in terminal.text


def test_without_colour_there_is_no_escape(capsys):
    Screen(colour=False).show_views(views())
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "trap x-ray: SSM at 001004" in out


def test_several_lines_of_one_error_stay_lines(capsys):
    Screen(colour=False).say("line 3: LX is no operation\nthe old program stays\x1b[2J", "error")
    assert capsys.readouterr().out == "line 3: LX is no operation\nthe old program stays.[2J\n"
