"""Stops as a user sets them: what each line means, options, counts, conditions, commands, sets, the watch log."""

import pytest

from edu_hv.debugger.breakpoints import StopAt
from edu_hv.debugger.commands.registry import REGISTRY
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.text import as_lines
from edu_hv.debugger.views import Layer
from edu_hv.isa.errors import UserError
from tests.debugger.walk import loaded, run_line

COUNTING = """COUNTING START 0
         USING COUNTING,0
         ORG   COUNTING+X'200'
BEGIN    LA    1,10
         SR    2,2
LOOP     LA    2,1(2)
         ST    2,SUM
         MVI   SAME,5
         LA    3,7
AGAIN    BCT   1,LOOP
         MVC   TWO(8),SUM
         L     4,SUM
DONE     SVC   5
SUM      DS    F
SAME     DC    X'05'
         DS    0F
TWO      DS    D
         END   BEGIN
"""


def counting() -> DebugSession:
    session = DebugSession()
    session.load_source(COUNTING, "counting")
    return session


def do(session: DebugSession, *lines: str) -> None:
    for line in lines:
        run_line(session, line)


def stops(session: DebugSession, register: int = 2, most: int = 20) -> list[int]:
    """A register at each stop of run, until the SVC."""
    found = []
    while len(found) < most:
        session.run(limit=200)
        if "point " not in session.stop_reason:
            break
        found.append(session.guest_gr(register))
    return found


# ---- what lines mean -------------------------------------------------------------------------------------------------

WORDS = [
    ("break LOOP", "breakpoint 1 at LOOP"),
    ("break 206", "breakpoint 1 at LOOP"),
    ("break LOOP+4", "breakpoint 1 at 00020A"),
    ("break [20C] & 0 + 206", None),
    ("break trap", "breakpoint 1 on trap"),
    ("break trap program protection", "breakpoint 1 on program interruption 4, protection"),
    ("break program 11", "breakpoint 1 on program interruption 11, page translation"),
    ("break trap svc 5", "breakpoint 1 on SVC 5"),
    ("break svc X'0A'", "breakpoint 1 on SVC 10"),
    ("break trap external clock comparator", "breakpoint 1 on external interruption 1004"),
    ("break trap io 00C", "breakpoint 1 on I/O interruption of 00C"),
    ("break trap machine check", "breakpoint 1 on machine check"),
    ("break trap privileged lpsw", "breakpoint 1 on privileged-operation trap LPSW"),
    ("break privileged ssm", "breakpoint 1 on privileged instruction SSM"),
    ("break page fault", "breakpoint 1 on page fault"),
    ("break psw cc becomes 2", "breakpoint 1 on psw cc becomes 2"),
    ("break psw state becomes problem", "breakpoint 1 on psw state becomes 1"),
    ("break real psw key", "breakpoint 1 on real psw key"),
    ("break privilege", "breakpoint 1 on psw state"),
    ("break device 9 start", "breakpoint 1 on device 009 start"),
    ('break output "task a"', 'breakpoint 1 on output "task a"'),
    ("break when R2 = 5", "breakpoint 1 if R2 == 5"),
    ("watch SUM", "watchpoint 1 on SUM"),
    ("watch 400.h changes", "watchpoint 1 on 400.h changes"),
    ("watch R2 mask F becomes 3", "watchpoint 1 on R2 mask F becomes 3"),
    ("watch $cr0", "watchpoint 1 on CR0"),
    ("watch psw.mask", "watchpoint 1 on psw mask"),
    ("watch key 2000", "watchpoint 1 on key 2000"),
    ("watch real 400.8", "watchpoint 1 on real 400.8"),
    ("rwatch SUM", "watchpoint 1 on reading SUM"),
    ("awatch SUM", "watchpoint 1 on access to SUM"),
]


@pytest.fixture(scope="module")
def program() -> DebugSession:
    return counting()


@pytest.mark.parametrize(("line", "words"), WORDS, ids=[line for line, _ in WORDS])
def test_a_line_sets_a_stop_that_says_what_it_is_and_sets_it_again(program, line, words):
    for each in list(program.breakpoints.by_number):
        program.breakpoints.delete(each)
    program.breakpoints._next = 1
    do(program, line)
    (stop,) = program.breakpoints.by_number.values()
    assert words in (None, stop.words)
    (again,) = stop.lines()
    do(program, "delete all", again)
    (same,) = program.breakpoints.by_number.values()
    assert (same.what.words, list(same.lines())) == (stop.what.words, [again])


def test_an_address_can_be_an_expression():
    session = counting()
    do(session, "break LOOP + 4")
    assert [stop.address for stop in session.breakpoints.by_number.values()] == [0x20A]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        pytest.param("break trap nonsense", "is no class of trap", id="class"),
        pytest.param("break trap program 99", "there is no program interruption", id="code"),
        pytest.param("break trap program p", "more than one", id="ambiguous"),
        pytest.param("break svc 256", "go up to 255", id="svc"),
        pytest.param("break privileged LA", "is no privileged instruction", id="not privileged"),
        pytest.param("break rule PRV-1", "bare machine", id="rule without CP"),
        pytest.param("break guest X", "bare machine", id="guest without CP"),
        pytest.param("break psw nothing", "the PSW has no field", id="field"),
        pytest.param("break psw mask becomes", "is not understood", id="becomes nothing"),
        pytest.param("break device", "needs a device", id="device"),
        pytest.param("break device 9 middle", "is no part", id="part"),
        pytest.param("break LOOP if", "if needs an expression", id="no condition"),
        pytest.param("break LOOP if R2 ==", "a value", id="half a condition"),
        pytest.param("break LOOP count x", "not a number", id="count"),
        pytest.param("break LOOP of NOBODY", "no guest", id="guest"),
        pytest.param("break LOOP temporary now", "is not understood", id="option"),
        pytest.param("break 207", "odd", id="odd"),
        pytest.param("watch", "watch needs", id="watch nothing"),
        pytest.param("watch 400.0", "from 1 to", id="no bytes"),
        pytest.param("watch 3FFFE.8", "past the end", id="past the end"),
        pytest.param("watch R2 mask F0 becomes 1", "has bits", id="impossible"),
        pytest.param("watch 400.b becomes 100", "does not fit", id="too wide"),
        pytest.param("rwatch R2", "takes storage", id="read a register"),
        pytest.param("watch real 400 of bare", "leave out one", id="real of a guest"),
        pytest.param("ignore 7 1", "no breakpoint 7", id="no such stop"),
        pytest.param("condition 7 R2 == 1", "no breakpoint 7", id="condition of none"),
        pytest.param("commands 7 xray", "no breakpoint 7", id="commands of none"),
        pytest.param("delete last", "none is set", id="no last"),
        pytest.param("stops load x", "no stops were saved", id="no set"),
        pytest.param("stops save", "needs a name", id="no name"),
        pytest.param("watchlog delete 3", "there is no log 3", id="no log"),
        pytest.param("watchlog show 999999", "too many", id="too many lines"),
        pytest.param("watchlog R2 count 3", "a log stops nothing", id="log with a count"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence_and_sets_nothing(line, complaint):
    session = counting()
    with pytest.raises(UserError, match=complaint):
        run_line(session, line)
    assert (session.breakpoints.by_number, session.logged) == ({}, {})


# ---- writes, reads, changes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("compiled_after", [0, 10**9])
@pytest.mark.parametrize(
    ("line", "registers"),
    [
        pytest.param("watch SUM", [*range(1, 11)], id="write"),
        pytest.param("watch SAME.b", [*range(1, 11)], id="the same value is written"),
        pytest.param("watch SAME.b changes", [], id="nothing changes"),
        pytest.param("watch R3", [*range(1, 11)], id="a register is written with the same value"),
        pytest.param("watch R3 changes", [1], id="a register changes"),
        pytest.param("watch SUM becomes 7", [7], id="becomes"),
        pytest.param("watch R2 mask 3 becomes 0", [4, 8], id="mask becomes"),
        pytest.param("watch R2 mask 4", [4, 8], id="mask"),
        pytest.param("rwatch SUM", [10, 10], id="read by MVC and L"),
        pytest.param("rwatch SUM.1 if R4 == 0", [10], id="read of its first byte"),
        pytest.param("awatch SUM", [*range(1, 11), 10, 10], id="access"),
        pytest.param("break when R2 = 5", [5], id="becomes true"),
        pytest.param("break AGAIN if R2 > 8", [9, 10], id="condition"),
        pytest.param("break AGAIN count 8", [8, 9, 10], id="count"),
        pytest.param("break AGAIN if R2 >= 4 count 6 temporary", [9], id="all options"),
        pytest.param("tbreak AGAIN", [1], id="temporary"),
        pytest.param("break if R2 == 3 count 1", [3], id="expression with a count"),
    ],
)
def test_a_stop_stops_where_it_should_forwards_and_backwards(line, registers, compiled_after):
    session = counting()
    do(session, line)
    found, units = [], []
    for _ in range(30):
        session.run(compiled_after=compiled_after, limit=200)
        if "point " not in session.stop_reason:
            break
        found.append(session.guest_gr(2))
        units.append(session.recording.unit)
    assert found == registers
    if "tempor" not in line and "tbreak" not in line:
        back = []
        while session.run_back().reason.startswith("back at"):
            back.append(session.recording.unit)
        assert back == units[::-1]


def test_a_watchpoint_tells_old_and_new_value_and_whose_doing_it_was():
    session = counting()
    do(session, "watch SUM", "watch R2")
    reasons = [session.run().reason for _ in range(2)]
    assert reasons == [
        "watchpoint 2 on R2: 00000000 -> 00000000",
        "watchpoint 2 on R2: 00000000 -> 00000001",
    ]
    assert session.run().reason == "watchpoint 1 on SUM: 00000000 -> 00000001 by the instruction"


def test_every_stop_at_a_position_is_named():
    session = counting()
    do(session, "break LOOP+4", "watch R2 becomes 2", "break if R2 == 2")
    session.run()
    reason = session.run().reason
    assert (
        reason
        == "breakpoint 1 at 00020A and watchpoint 2 on R2 becomes 2: 00000001 -> 00000002 and breakpoint 3 if R2 == 2"
    )
    session.step(3)
    assert session.run_back().reason == f"back at {reason}"


def test_a_condition_without_a_value_stops_and_says_so():
    session = counting()
    do(session, "break AGAIN if [FFFFFF] == 1")
    assert "its condition has no value here" in session.run().reason


# ---- counts ----------------------------------------------------------------------------------------------------------


def test_hits_are_those_from_the_start_of_the_recording_to_here_however_one_came_here():
    session = counting()
    do(session, "break AGAIN")
    hits = []
    for _ in range(4):
        session.run()
        hits.append(session.breakpoint_list().breakpoints[0].hits)
    assert hits == [1, 2, 3, 4]
    for expected in (3, 2):
        session.run_back()
        assert session.breakpoint_list().breakpoints[0].hits == expected
    session.goto(session.total)
    assert session.breakpoint_list().breakpoints[0].hits == 4
    session.goto(0)
    assert session.breakpoint_list().breakpoints[0].hits == 0


def test_what_is_ignored_is_ignored_both_ways_and_nothing_before_it():
    session = counting()
    do(session, "break AGAIN", "run", "run", "ignore 1 3")
    assert session.guest_gr(2) == 2
    session.run()
    assert session.guest_gr(2) == 6
    session.run()
    back = []
    while session.run_back().reason.startswith("back at"):
        back.append(session.guest_gr(2))
    assert back == [6, 2, 1]
    do(session, "goto 0")
    assert stops(session) == [1, 2, 6, 7, 8, 9, 10]


def test_a_disabled_stop_stops_nothing_until_it_is_enabled():
    session = counting()
    do(session, "break AGAIN", "break DONE", "disable 1")
    session.run()
    assert session.stop_reason == "breakpoint 2 at DONE"
    assert [(each.enabled, each.hits) for each in session.breakpoint_list().breakpoints] == [(False, 10), (True, 1)]
    do(session, "enable all")
    assert session.run_back().reason == "back at breakpoint 1 at AGAIN"


def test_changing_stops_is_no_input_and_looking_at_them_moves_nothing():
    session = counting()
    session.step(20)
    before = session.system.comparable(), session.recording.unit, session.total, session.journal.known
    do(session, "break AGAIN if R2 > 1", "watch SUM", "rwatch SUM", "breakpoints", "watchlog R2", "watchlog show 5",
       "ignore 1 2", "stops save all", "stops load all", "commands last xray", "disable all", "delete all")  # fmt: skip
    assert (session.system.comparable(), session.recording.unit, session.total, session.journal.known) == before


# ---- toggling, sets, commands ----------------------------------------------------------------------------------------


def test_break_at_a_plain_breakpoint_takes_it_away_and_with_options_sets_another():
    session = counting()
    do(session, "break LOOP", "break LOOP if R2 == 1", "break LOOP")
    assert [stop.words for stop in session.breakpoints.by_number.values()] == ["breakpoint 2 at LOOP"]
    do(session, "break LOOP")
    assert [stop.plain for stop in session.breakpoints.by_number.values()] == [False, True]


def test_a_set_of_stops_comes_back_with_its_options():
    session = counting()
    do(session, "break AGAIN if R2 > 3 count 2", "watch SUM becomes 7", "disable last", "tbreak DONE",
       'commands last "print R2" registers', "stops save mine")  # fmt: skip
    lines = session.breakpoints.lines()
    do(session, "delete all", "break LOOP", "stops load mine")
    assert session.breakpoints.lines() == lines
    (view,) = run_line(session, "stops commands")
    assert view.lines == (
        "break AGAIN if R2 > 3 count 2",
        "watch SUM becomes 7",
        "disable last",
        "break DONE temporary",
        'commands last "print R2" "registers"',
    )


def test_a_set_that_does_not_fit_what_is_loaded_leaves_the_stops_as_they_are():
    session = loaded("kernel under CP")
    do(session, "break rule PRV", "stops save cp")
    session.load(["kernel"])
    do(session, "delete all", "break SAY")
    with pytest.raises(UserError, match="stops load cp"):
        run_line(session, "stops load cp")
    assert [stop.words for stop in session.breakpoints.by_number.values()] == ["breakpoint 2 at SAY"]


def test_commands_of_a_stop_are_carried_out_and_may_let_the_run_go_on():
    session = counting()
    do(session, "break AGAIN", 'commands 1 "print R2" run', "break DONE")
    shown = [line for view in run_line(session, "run") for line in as_lines(view, 100)]
    values = [line for line in shown if line.startswith("R2")]
    assert len(values) == 10
    assert session.stop_reason == "breakpoint 2 at DONE"
    assert [line for line in shown if "breakpoint 1" in line] == [line for line in shown[:4] if "breakpoint 1" in line]


def test_commands_that_would_go_on_for_ever_are_stopped(monkeypatch):
    monkeypatch.setattr("edu_hv.debugger.commands.stops._MOST_ROUNDS", 5)
    session = counting()
    do(session, "break AGAIN", "commands 1 run")
    views = run_line(session, "run")
    assert views[-1].lines == ("commands of stops have let the run go on 5 times; run goes on",)


def test_commands_are_not_carried_out_for_a_line_that_does_not_run():
    session = counting()
    do(session, "break AGAIN", 'commands 1 "print R2"')
    session.run()
    assert len(run_line(session, "status")) == 1


# ---- guests ----------------------------------------------------------------------------------------------------------


def test_what_belongs_to_a_machine_is_the_selected_guests_and_what_happens_is_everybodys():
    session = loaded("two guests")
    do(session, "select SECOND", "watch R1", "break psw mask of KERNEL", "break trap", "select auto")
    assert [(s.what.words, s.what.guest) for s in session.breakpoints.by_number.values()] == [
        ("on R1 of SECOND", "SECOND"),
        ("on psw mask of KERNEL", "KERNEL"),
        ("on trap", ""),
    ]


def test_with_a_guest_pinned_what_concerns_another_does_not_stop():
    session = loaded("two guests")
    do(session, "break trap", "break psw mask of KERNEL", "select SECOND")
    for _ in range(4):
        session.run()
        first = session.journal.entry(session.journal.count - 1)
        assert (session.stop_reason.partition(":")[0], first.guest) == ("breakpoint 1 on trap", "SECOND")
    units = [session.recording.unit]
    session.run()
    session.run_back()
    assert session.recording.unit == units[0]


def test_a_verb_and_a_stop_at_the_same_position_are_both_named():
    session = loaded("kernel under CP")
    do(session, "break trap privileged")
    session.run(StopAt.TRAP)
    assert session.stop_reason.startswith("trap: program: privileged operation")
    assert "breakpoint 1 on privileged-operation trap" in session.stop_reason


def test_stops_stay_when_the_program_is_loaded_again():
    session = counting()
    do(session, "break AGAIN count 3", "run", "reset")
    assert stops(session) == [3, 4, 5, 6, 7, 8, 9, 10]


# ---- the watch log ---------------------------------------------------------------------------------------------------


def test_the_watch_log_has_every_time_in_the_recording_whenever_it_was_set():
    session = counting()
    do(session, "break DONE", "run", "goto 12")
    (view,) = run_line(session, "watchlog SUM")
    assert [entry.what for entry in view.entries] == [f"SUM: {n - 1:08X} -> {n:08X}" for n in range(1, 11)]
    assert {(entry.layer, entry.guest, entry.instruction) for entry in view.entries} == {
        (Layer.GUEST, "bare", "00020A ST 2,SUM")
    }
    assert (session.step_number, view.more, view.last) == (12, False, session.total)
    do(session, "goto 0")
    (same,) = run_line(session, "watchlog show")
    assert same.entries == view.entries


def test_the_watch_log_shows_the_last_ones_of_all_logs_in_order():
    session = counting()
    do(session, "break DONE", "run", "watchlog SUM becomes 9", "watchlog at AGAIN if R2 > 8")
    (view,) = run_line(session, "watchlog show 2")
    assert [(entry.log, entry.step) for entry in view.entries] == [(2, 46), (2, 51)]
    assert view.more
    (view,) = run_line(session, "watchlog delete 2")
    assert [entry.what for entry in view.entries] == ["SUM becomes 9: 00000008 -> 00000009"]
    (view,) = run_line(session, "watchlog delete all")
    assert as_lines(view, 80) == ["nothing is logged; watchlog R5 logs what writes register 5"]


# ---- completion ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("break pri", "privileged"), ("break LO", "LOOP"), ("break trap pro", "program"),
        ("break program prot", "protection"),
        ("break privileged SS", "SSM"), ("break psw m", "mask"), ("break LOOP t", "temporary"), ("watch R1", "R10"),
        ("watch psw c", "cc"), ("watch SUM b", "becomes"), ("delete a", "all"), ("delete ", "1"),
        ("watchlog s", "show"),
        ("watchlog sv", "svc"), ("stops s", "save"),
    ],
)  # fmt: skip
def test_operands_of_stops_are_completed(line, word):
    session = counting()
    do(session, "break AGAIN")
    assert word in [each.text for each in REGISTRY.complete(session, line)]
