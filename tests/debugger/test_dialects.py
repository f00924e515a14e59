"""gdb's words and CP's, on the bare machine and under CP: whose a line is, and that both say the same."""

import re

import pytest

from edu_hv.debugger.commands.dialect import in_other_words, is_cps
from edu_hv.debugger.commands.equivalents import PAIRS
from edu_hv.debugger.commands.registry import REGISTRY
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.text import as_lines
from edu_hv.isa.errors import UserError
from tests.debugger.walk import differences, everything, loaded, run_line

LOADS = ("kernel bare", "kernel under CP")


def told(session, line):
    return [text for view in run_line(session, line) for text in as_lines(view)]


@pytest.fixture(scope="module", params=LOADS)
def looked_at(request):
    session = loaded(request.param)
    session.step(60)
    return session


# ---- whose a line is -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "cp begin", "#cp query names", "TRACE PRIV", "TR ALL", "SET ECMODE ON", "D PSW", "B", "Q V", "QUERY NAMES",
        "RESET 00C", "ATTACH 181", "query names", "external", "ready 00c", "per g5", "per end",
        "q names", "set ecmode on", "set assist off", "d 200.20", "d g5", "d t0-20", "system reset", "tr priv",
        "DISPLAY", "MSG ANNA HI", "ADSTOP 200", "ST G5 1", "EXT", "IPL 00C", "quer virtual", "ind user",
    ],
)  # fmt: skip
def test_a_line_is_cps(line):
    assert is_cps(line)


@pytest.mark.parametrize(
    "line",
    [
        "step", "s", "S", "C", "X", "x 3", "b", "break 200", "q", "d", "d psw", "display psw", "store g5 1",
        "trace svc", "begin", "set $r5 = 1", "set ecmode = 1", "system my.direct", "reset", "reset 1",
        "logon anna apple", "LOGON ANNA APPLE",
        "m", "st", "ipl 00c", "request", "print 1", "stepp", "GUESTS", "UNTRAP", "", "cp",
    ],
)  # fmt: skip
def test_a_line_is_the_debuggers(line):
    assert not is_cps(line)


@pytest.mark.parametrize(
    ("line", "bare", "under_cp"),
    [
        ("EXTERNAL", "key", "cp EXTERNAL"),
        ("external 40", "key", "cp external 40"),
        ("REQUEST 009", "request 009", "cp REQUEST 009"),
        ("SYSTEM RESTART", "restartkey", "cp SYSTEM RESTART"),
        ("IPL 00C", "ipl 00C", "cp IPL 00C"),
        ("Q V", "devices", "cp Q V"),
        ("QUERY NAMES", "cp QUERY NAMES", "cp QUERY NAMES"),
        ("D G5", "display G5", "display G5"),
        ("B 200", "begin 200", "begin 200"),
        ("x/8xw 200", "examine /8xw 200", "examine /8xw 200"),
        ("p/d 1", "print /d 1", "print /d 1"),
        ("display/x $r5", "autodisplay /x $r5", "autodisplay /x $r5"),
        ("x 5", "x 5", "x 5"),
        ("TRACE PRIV", "break privileged", "cp TRACE PRIV"),
        ("tr svc", "break svc", "cp tr svc"),
        ("PER G5", "watch $r5", "cp PER G5"),
        ("per st 200", "watch 200", "cp per st 200"),
        ("next", "over", "over"),
        ("next 3", "over 3", "over 3"),
        ("x 28", "examine 28", "examine 28"),
        ("x", "x", "x"),
        ("X 2", "X 2", "X 2"),
        ("trap", "trap", "trap"),
    ],
)
def test_a_line_is_carried_out_as(line, bare, under_cp):
    assert [REGISTRY.meant(loaded(load), line) for load in LOADS] == [bare, under_cp]


@pytest.mark.parametrize(
    "line", ["TRACE CCW", "TRACE END", "PER BR", "SYSTEM RESET", "QUERY NAMES", "SPOOL PUNCH HOLD"]
)
def test_what_the_bare_machine_has_not_is_said_in_one_sentence(line):
    session = loaded("kernel bare")
    before = everything(session)
    with pytest.raises(UserError) as error:
        run_line(session, line)
    assert "bare machine" in str(error.value)
    assert differences(everything(session), before) == []


# ---- the same in both ------------------------------------------------------------------------------------------------

EXACT = [pair for pair in PAIRS if pair.exact]
SHOW = [pair for pair in EXACT if pair.cp.startswith("DISPLAY")]
CHANGE = [pair for pair in EXACT if pair.cp.startswith(("STORE", "EXTERNAL"))]


def halves(words):
    """Doublewords that are written in one piece, as two."""
    return [half for word in words for half in re.findall(".{8}", word)]


@pytest.mark.parametrize("pair", SHOW, ids=lambda pair: pair.what)
def test_what_both_dialects_show_is_the_same(looked_at, pair):
    shown = [re.findall(r"\b(?:[0-9A-F]{8}){1,2}\b", " ".join(told(looked_at, line))) for line in (pair.gdb, pair.cp)]
    assert halves(shown[0])
    assert halves(shown[0]) == halves(shown[1])


@pytest.mark.parametrize("pair", CHANGE, ids=lambda pair: pair.what)
@pytest.mark.parametrize("load", LOADS)
def test_what_both_dialects_change_is_the_same(load, pair):
    states = []
    for line in (pair.gdb, pair.cp):
        session = loaded(load)
        session.step(20)
        before = session.system.comparable()
        run_line(session, line)
        states.append((before, session.system.comparable()))
    assert states[0] == states[1]
    assert states[0][0] != states[0][1]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.what)
def test_each_side_of_a_pair_is_translated_into_the_other(pair):
    name, words = in_other_words(pair.gdb)
    assert (name, words) == ("CP", pair.cp)
    name, words = in_other_words(pair.cp)
    assert (name, words) == ("gdb", pair.gdb)


@pytest.mark.parametrize(
    "line", ["x/3i 200", "step", "p $r5 + 1", "cp query time", "TRACE CCW", "set psw.cc = 1", "help"]
)
def test_what_the_other_dialect_has_not_is_not_translated(line):
    assert in_other_words(line)[1] == ""


@pytest.mark.parametrize(
    ("setting", "line", "shown"),
    [
        ("both", "x/8xw 200", ["CP: DISPLAY 200.20"]),
        ("cp", "x/8xw 200", ["CP: DISPLAY 200.20"]),
        ("gdb", "x/8xw 200", []),
        ("gdb", "DISPLAY G5", ["gdb: print/x $r5"]),
        ("both", "D G5", ["gdb: print/x $r5"]),
        ("cp", "D G5", []),
        ("off", "D G5", []),
        ("both", "status", []),
    ],
)
def test_each_dialect_shows_the_other_on_request(setting, line, shown):
    session = loaded("kernel bare")
    run_line(session, f"dialect {setting}")
    lines = told(session, line)
    assert [line for line in lines if line.startswith(("CP:", "gdb:"))] == shown


# ---- address stop and begin ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("load", LOADS)
def test_adstop_and_begin_stop_at_the_address(load):
    session = loaded(load)
    run_line(session, "ADSTOP 22C")
    run_line(session, "BEGIN")
    assert session.guest_psw().instruction_address == 0x22C


def test_begin_with_an_address_goes_on_there():
    session = loaded("kernel bare")
    session.step(20)
    step = session.step_number
    run_line(session, "ADSTOP 20A")
    run_line(session, "B 206")
    assert session.guest_psw().instruction_address == 0x20A
    assert session.step_number - step <= 2  # The input, and the instruction at 206.


def test_displaying_in_either_dialect_changes_nothing(looked_at):
    before = everything(looked_at), looked_at.recording.unit, looked_at.total
    for line in ("D", "D PSW", "D G X Y", "D T200.80", "D K0-END", "x/64xw 0", "x/20i 200", "x/3s 300", "p [200].g",
                 "info", "info registers r5", "info symbols", "info interruptions", "info all-registers", "list START",
                 "disassemble", "info line", "info symbol 204", "D CAW CSW"):  # fmt: skip
        assert run_line(looked_at, line)
    assert differences(everything(looked_at), before[0]) == []
    assert (looked_at.recording.unit, looked_at.total) == before[1:]


def test_an_expression_is_displayed_at_every_stop_until_it_is_taken_away():
    session = DebugSession()
    run_line(session, "load bare kernel")
    run_line(session, "display/x $pc")
    run_line(session, "display/d step")
    assert [line for line in told(session, "step") if line[0] in "12"] == [
        "1 $pc: 00000206",
        f"2 step: {session.total}",
    ]
    assert [line for line in told(session, "back") if line[0] in "12"][:1] == ["1 $pc: 00000200"]
    run_line(session, "undisplay 1")
    assert [line for line in told(session, "step") if line[0] in "12"] == [f"2 step: {session.step_number}"]
    run_line(session, "undisplay")
    assert [line for line in told(session, "step") if line[0] in "12"] == []


def test_x_goes_on_behind_what_it_showed_in_the_same_format():
    session = loaded("kernel bare")
    first, second = (run_line(session, line)[0] for line in ("x/6xh 200", "x/6xh"))
    assert [row.address for row in (*first.rows, *second.rows)] == [0x200, 0x20C]
    assert run_line(session, "examine")[0].rows[0].address == 0x218
    assert run_line(session, "examine")[0].shape.unit == "h"
