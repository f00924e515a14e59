"""What a person finds who tries to break it: each of these was a traceback, a hang, or a wrong answer once."""

import pytest

from edu_hv.debugger.commands.registry import REGISTRY
from edu_hv.debugger.text.lines import as_lines
from edu_hv.isa.errors import UserError
from tests.debugger.walk import loaded, run_line

HUGE = "9" * 5000
LONG = "x" * 3000
FACTORS = "*".join(["0xFFFFFFFFFFFFFFFF"] * 100)
NO_PSW = """         START X'1000'
BEGIN    BALR  12,0
         USING *,12
         XC    104(8),104
         DC    X'0000'
         END   BEGIN
"""
WILD = """         START X'1000'
BEGIN    BALR  12,0
         USING *,12
         LA    4,8
         LA    2,TABLE
         SR    3,3
LOOP     ST    3,0(,2)
WRONG    SH    2,=H'4'
         BCT   4,LOOP
TABLE    DC    F'1,2,3'
         END   BEGIN
"""


@pytest.fixture(scope="module")
def hello():
    return loaded("kernel under CP")


@pytest.mark.parametrize(
    "line",
    [
        pytest.param('mark ""', id="a mark without a name"),
        pytest.param('branch main ""', id="a branch without a name"),
        pytest.param(f"print {HUGE}", id="a number of five thousand digits"),
        pytest.param(f"autodisplay {HUGE}", id="the same, shown at every stop"),
        pytest.param(f"break if R5 == {HUGE}", id="the same in a condition"),
        pytest.param("print " + "1+" * 3000 + "1", id="three thousand operators"),
        pytest.param(f"print 1 << ({FACTORS})", id="a shift by an astronomical number"),
    ],
)
def test_an_operand_that_cannot_be_meant_is_refused(hello, line):
    with pytest.raises(UserError) as error:
        run_line(hello, line)
    assert 0 < len(str(error.value)) < 300


def test_a_value_with_more_digits_than_python_prints_is_shown_in_hexadecimal(hello):
    (view,) = run_line(hello, "print " + "*".join(["0xFFFFFFFFFFFFFFFF"] * 120))
    assert view.words == f"{0xFFFFFFFFFFFFFFFF**120:X}"


def complaint(session, line):
    """What is said against a line; "" where nothing is."""
    try:
        run_line(session, line)
    except UserError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", sorted(c for c, one in REGISTRY.commands.items() if not one.tutor and c != "quit"))
def test_a_word_of_three_thousand_letters_is_not_said_again(hello, name):
    assert len(complaint(hello, f"{name} {LONG}")) < 400


def test_an_empty_word_is_a_word_too(hello):
    assert complaint(hello, 'why ""').startswith('"" is neither a guest nor a rule')


@pytest.mark.parametrize("line", [f"over {HUGE}", f"unover {HUGE}"])
def test_stepping_over_ends_where_nothing_can_go_on(line):
    session = loaded("kernel under CP")
    run_line(session, "goto start" if line.startswith("un") else "run")
    here = session.recording.unit
    run_line(session, line)
    assert session.recording.unit == here


def test_a_run_into_interruptions_without_end_stops_by_itself(tmp_path):
    (tmp_path / "nopsw.asm").write_text(NO_PSW)
    session = loaded("kernel bare")
    run_line(session, f"load bare {tmp_path / 'nopsw.asm'}")
    before = session.step_number
    (view,) = run_line(session, "run")
    assert session.step_number - before == 10_000
    assert "the same interruption comes again and again" in view.reason


def test_the_cause_of_an_overwritten_instruction_is_who_made_the_address_not_the_value(tmp_path):
    (tmp_path / "wild.asm").write_text(WILD)
    session = loaded("kernel bare")
    run_line(session, f"load bare {tmp_path / 'wild.asm'}")
    run_line(session, "run")
    said = " ".join(" ".join(as_lines(view, 10_000)) for view in run_line(session, "cause"))
    assert "comes from SH 2,=H'4'" in said
    assert "SR 3,3" not in said


def test_counting_hits_can_be_interrupted_and_is_done_the_next_time():
    session = loaded("kernel under CP")
    run_line(session, "run")
    begun = session.begin_search

    def begin_and_be_stopped() -> None:
        begun()
        session.interrupt()

    session.begin_search = begin_and_be_stopped
    (view,) = run_line(session, "watch psw cc")
    assert view.breakpoints[0].hits is None
    session.begin_search = begun
    (view,) = run_line(session, "breakpoints")
    assert view.breakpoints[0].hits > 100


def test_more_branches_than_anybody_makes_can_be_saved(tmp_path):
    session = loaded("kernel bare")
    run_line(session, "goto 5")
    for value in range(210):
        run_line(session, f"set $r5 = {value:X}")
        run_line(session, "goto 5")
    assert len(session.recording.branches) > 200
    run_line(session, f"save {tmp_path / 'many.rec'}")
    assert (tmp_path / "many.rec").stat().st_size > 1000


def test_apropos_finds_words_not_letters_within_words(hello):
    names = {entry.name for view in run_line(hello, "apropos who") for entry in getattr(view, "entries", ())}
    assert {"who", "follow"} <= names
    assert "watch" not in names
    assert "over" in {e.name for e in run_line(hello, "apropos subroutine")[0].entries}
    assert "break" in {e.name for e in run_line(hello, "apropos conditional")[0].entries}
