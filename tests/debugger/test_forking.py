"""Fork and compare: the same guest from the same moment in another world."""

from collections.abc import Iterator

import pytest

from edu_hv.debugger.commands.registry import REGISTRY
from edu_hv.debugger.forking import Extent, fork, worlds
from edu_hv.debugger.forking.comparison import EACH
from edu_hv.debugger.forking.views import ForkView
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.start import USUAL
from edu_hv.debugger.system import Guest
from edu_hv.debugger.text import as_lines
from edu_hv.hypervisor import decisions
from edu_hv.hypervisor.directory import parse
from edu_hv.isa.codes import PSA
from edu_hv.isa.errors import UserError
from tests.debugger.walk import run_line

LOOP = 2_000
PROGRAM = f"""
LONG     CSECT
         BALR  15,0
         USING *,15
         L     5,COUNT
LOOP     LA    6,1(,6)
         BCT   5,LOOP
         STIDP SAVE
         L     7,SAVE
         LPSW  DEAD
COUNT    DC    F'{LOOP}'
SAVE     DC    D'0'
DEAD     DC    X'0002000000000EED'
         END
"""
STIDP_AT = 2 + 2 * LOOP + 1
"""The step at which it stores the CPU's identification: BALR, L, the loop."""


def session_of(*names: str, under_cp: bool = True, steps: int = 0) -> DebugSession:
    session = DebugSession()
    session.load(names, under_cp)
    if steps:
        session.step(steps)
    return session


def fork_of(session: DebugSession, line: str) -> ForkView:
    (view,) = run_line(session, f"whatif {line}")
    assert isinstance(view, ForkView)
    return view


def as_it_is(session: DebugSession) -> tuple[object, ...]:
    """The machine, and all that is kept of the recording and the session."""
    recording, journal = session.recording, session.journal
    history = recording.history
    return (
        session.system.comparable(),
        (recording.unit, recording.total, recording.end, recording.branch, sorted(recording.branches)),
        (journal.count, journal.known, dict(journal.inputs), dict(history.named), len(recording.visited)),
        (session.stop_reason, session.breakpoint_list(), session.selected, session.follow, session.before),
        (session.status(), session.log(20), session.xray()),
    )


# ---- nothing has happened -------------------------------------------------------------------------------------------

LINES = (
    "whatif bare for 12",
    "whatif assist for 12",
    "whatif untrapped",
    "whatif ignored",
    "whatif rule PRV-2",
    "whatif rule SVC-1 for 3",
    "whatif rule DSP-9",
    "whatif rule VAT-7 for 2",
    "whatif enter HELLO for 5",
    "whatif cp external for 5",
    "whatif set $r3 = 7 for 5",
    "whatif key for 3 real",
    "diff start",
    "diff -5",
)


@pytest.mark.parametrize(
    "names", [("kernel", "second"), ("twospace",), ("hostile",), ("busy",), ("minicp",), ("diagnose",)], ids=str
)
def test_whatever_is_compared_the_session_is_bit_for_bit_where_it_was(names):
    session = session_of(*names, steps=3)
    run_line(session, "break 200")
    for moves in (("step 300", "stage 2"), ("back 40",)):  # Perhaps inside a trap; then with a known future.
        for move in moves:
            run_line(session, move)
        before = as_it_is(session)
        for line in LINES:
            try:
                views = run_line(session, line)
            except UserError:
                views = []  # Not every world can be made at every moment.
            assert all(as_lines(view) for view in views)
        assert as_it_is(session) == before


def test_a_rule_that_was_suspended_fires_again_behind_it():
    session = session_of("kernel", steps=1)
    fork_of(session, "rule PRV-2")
    with pytest.raises(ZeroDivisionError), decisions.without("PRV-2"):
        1 / 0  # noqa: B018 - whatever ends it.
    session.step()
    assert session.decisions()[-1].rule == "PRV-2"


# ---- what virtualization promises -----------------------------------------------------------------------------------

SUPPORTED = ("kernel", "hello", "twospace", "busy", "hostile", "minicp")
"""Guests of the catalog that ask nothing of CP."""


def forks(session: DebugSession, world: worlds.World, moments: int, between: int, steps: int) -> Iterator[ForkView]:
    """From so many moments of a run; where I/O is under way there is none."""
    for _ in range(moments):
        try:
            yield fork(session, world, Extent(steps=steps))
        except UserError as error:
            if "I/O is under way" not in str(error) and "stopped in CP mode" not in str(error):
                raise
        session.step(between)


def unexpected(views: Iterator[ForkView]) -> tuple[list[object], int]:
    """First differences that no documentation explains, and how many steps were alike."""
    found, alike = [], 0
    for view in views:
        alike += min(view.taken) if view.first is None else view.first.number - 1
        if view.first is not None and not view.first.expected:
            found.append((view.step, view.first))
    return found, alike


@pytest.mark.parametrize("name", SUPPORTED)
def test_a_guest_sees_no_difference_between_cp_and_a_machine_of_its_own(name):
    found, alike = unexpected(forks(session_of(name), worlds.bare(), 3, 500, 60))
    assert found == []
    assert alike >= 12


@pytest.mark.parametrize("name", SUPPORTED)
def test_a_program_of_the_bare_machine_sees_no_difference_under_cp(name):
    found, alike = unexpected(forks(session_of(name, under_cp=False), worlds.virtual(), 3, 450, 60))
    assert found == []
    assert alike >= 12


@pytest.mark.parametrize("name", SUPPORTED)
def test_a_guest_sees_no_difference_with_the_vm_assist(name):
    session = session_of(name)
    world = worlds.assist(session.system, session.selected, on=True)
    found, alike = unexpected(forks(session, world, 3, 500, 60))
    assert found == []
    assert alike >= 12


def test_what_is_expected_of_two_machines_is_said_with_its_reason():
    view = fork_of(session_of("hostile"), "bare for 40")
    assert view.first.instruction.split()[1] == "STIDP"
    assert view.first.expected == "a virtual CPU says so: CP stores version code X'FF'"
    assert [one.place for one in view.first.differences] == ["storage 000528"]


def test_a_whole_run_writes_the_same_lines_and_reads_the_same_tape():
    view = fork_of(session_of("kernel"), "bare until end")
    assert not [one for one in view.differences if one.place.startswith(("console", "device", "GR", "CR", "PSW"))]
    assert "stopped in CP mode" in view.ended[0]
    assert "disabled wait" in view.ended[1]


# ---- what is carried ------------------------------------------------------------------------------------------------


def test_what_is_pending_is_carried_to_the_other_machine():
    session = session_of("kernel", steps=2)
    run_line(session, "key")
    view = fork_of(session, "bare for 30")
    assert view.first is None
    (there,) = run_line(session, "whatif set $r9 = 0 for 1")
    assert there.guest == "KERNEL"


def test_a_dedicated_tape_stands_where_it_stood_and_a_spooled_deck_goes_on_there():
    session = session_of("kernel", steps=2_000)
    view = fork_of(session, "bare for 100")
    assert [one.place for one in view.differences if one.place.startswith("device")] == []
    assert all("181" not in note and "00C" not in note for note in view.notes)


def test_pages_that_are_out_are_carried_and_stay_out():
    session = DebugSession()
    run_line(session, "load cp real 128K minicp kernel busy twospace second")
    session.step(6_700)
    owner = next(guest.name for guest in session.system.guests if pages_out(guest))
    session.select(owner)
    before = as_it_is(session)
    view = fork_of(session, "bare for 60")
    assert view.first is None or view.first.expected
    assert as_it_is(session) == before
    assert pages_out(session.guest)


def pages_out(guest: Guest) -> list[int]:
    """Pages of the guest that are in CP's paging area."""
    pages = guest.vm.storage
    return [n for n in range(pages.pages) if pages.frame_of(n) is None and pages.slot(n) is not None]


def test_io_under_way_is_refused_with_the_device():
    session = session_of("kernel", steps=1)
    for _ in range(4_000):
        session.step()
        vm = session.guest.vm
        if vm is not None and any(vdev.running for vdev in vm.devices.values()):
            break
    with pytest.raises(UserError, match=r"I/O is under way on device 181, .*: step until it has ended"):
        fork_of(session, "bare")


def test_what_cannot_be_carried_is_said():
    session = DebugSession()
    run_line(session, "attach 330 3330 USERS1 new")
    users = "DIRECTORY 130 3330 SYSPAG\nUSER ANNA APPLE 128K 1M G\nCONSOLE 009 3215\nMDISK 191 3330 10 20 USERS1 MR\n"
    session.start_cp(parse(users, "the directory"), session.configuration, USUAL)
    for line in ("logon anna apple noipl", "cp store s1000 05f007ff", "cp store psw 0 1000", "cp begin", "step 5"):
        run_line(session, line)
    view = fork_of(session, "bare for 5")
    assert any(note.startswith("device 191 is not there on the bare machine: a minidisk") for note in view.notes)
    assert view.first is None


# ---- CP decides otherwise, or is not asked --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def at_ssm() -> DebugSession:
    """KERNEL is about to execute SSM, which traps."""
    return session_of("kernel", steps=1)


def test_without_a_rule_the_next_one_of_its_table_decides(at_ssm):
    view = fork_of(at_ssm, "rule PRV-2")
    assert (view.first.number, view.pairs[0].left, view.pairs[0].right) == (
        1,
        "PRV-2: simulate SSM",
        "PRV-3: reflect program: operation",
    )
    assert "without rule PRV-2: PRV-3" in view.first.why
    assert ("times rule PRV-2 fired", 1, 0) in view.costs
    assert view.first.expected == ""


@pytest.mark.parametrize("extent", ["for 2", "for 2 real"])
def test_a_cp_that_has_no_rule_left_fails_and_that_is_said(extent):
    session = session_of("kernel", steps=1)
    view = fork_of(session, f"rule DSP-9 {extent}")
    assert view.ended[1] == "CP itself fails: it has no other rule for this case"
    assert (view.ended[0], view.taken) == ("", (2, 1))


def test_the_decision_of_a_trap_under_way_can_be_made_otherwise(at_ssm):
    session = session_of("kernel", steps=1)
    session.stage(2)
    assert session.in_step
    view = fork_of(session, "rule PRV-2")
    assert view.pairs[0].right == "PRV-3: reflect program: operation"


def test_an_instruction_that_did_not_trap_would_change_what_is_cps(at_ssm):
    view = fork_of(at_ssm, "untrapped")
    places = {one.place: (one.left, one.right) for one in view.real}
    assert places["real PSW mask"] == ("07", "FE")
    assert places["real PSW problem state"] == ("1", "0")
    assert {one.place: (one.left, one.right) for one in view.differences} == {"PSW mask": ("FE", "00")}


def test_an_instruction_that_is_ignored_leaves_the_guest_without_its_effect(at_ssm):
    view = fork_of(at_ssm, "ignored")
    assert {one.place: (one.left, one.right) for one in view.differences} == {"PSW mask": ("FE", "00")}


def test_the_assist_spares_traps_and_machine_time(at_ssm):
    costs = {name: figures for name, *figures in fork_of(at_ssm, "assist for 300").costs}
    before, after = costs["times CP got control from it"]
    assert after < before
    assert costs["machine time, in microseconds"][1] < costs["machine time, in microseconds"][0]


# ---- another value, another input -----------------------------------------------------------------------------------


def test_another_value_is_followed_until_it_matters(at_ssm):
    view = fork_of(at_ssm, "set psw.cc = 3 for 10")
    assert [(one.place, one.left, one.right) for one in view.at_once] == [("PSW condition code", "0", "3")]
    assert (view.first.number, [one.place for one in view.first.differences]) == (4, ["storage 00001C"])


def test_another_value_that_is_overwritten_makes_every_step_go_alike(at_ssm):
    view = fork_of(at_ssm, "set $r2 = 5 for 30")
    assert [one.place for one in view.at_once] == ["GR2"]
    assert view.first is None or view.first.number == 11
    assert view.differences == ()


def test_what_was_given_later_in_the_recording_is_given_in_both_worlds():
    session = session_of("kernel", steps=20)
    run_line(session, "set $r9 = 1234")
    session.step(20)
    session.back(30)
    for line in ("bare for 30", "assist for 30"):
        view = fork_of(session, line)
        assert (view.first, view.differences) == (None, ())


# ---- how far --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("under_cp", [True, False])
def test_in_a_long_run_the_first_step_that_differs_is_found(under_cp):
    session = DebugSession()
    session.load_source(PROGRAM, "LONG", under_cp)
    start = session.journal.count
    view = fork_of(session, f"{'bare' if under_cp else 'virtual'} until end")
    assert STIDP_AT > 2 * EACH
    taken = view.first.number
    assert taken == STIDP_AT - (session.guest_psw().instruction_address != 0)
    assert view.first.instruction.split()[1] == "STIDP"
    assert [one.place for one in view.differences] == ["GR7", f"storage {PSA_FREE:06X}"]
    assert (session.journal.count, view.taken[0]) == (start, view.taken[1])


PSA_FREE = 0x20
"""Where SAVE is."""


def test_both_stop_at_an_address_however_many_steps_it_takes(at_ssm):
    view = fork_of(at_ssm, "bare until 21A")
    assert view.taken == (11, 11)
    assert view.pairs[-1].left_instruction.split()[0] == "000216"
    assert view.first is None


def test_until_trap_is_one_step_at_an_instruction_that_traps(at_ssm):
    assert fork_of(at_ssm, "assist until trap").taken == (1, 1)


def test_the_present_course_is_what_then_happens():
    session = session_of("twospace")
    view = fork_of(session, "assist for 12")
    addresses = [int(pair.left_instruction.split()[0], 16) for pair in view.pairs]
    assert addresses[0] == session.guest_psw().instruction_address
    assert len(addresses) == 12
    session.step(1)
    assert addresses[1] == session.guest_psw().instruction_address


# ---- refusals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        pytest.param("virtual", "this is under CP already; whatif bare", id="virtual-under-cp"),
        pytest.param("unassisted", "goes without the VM assist already: whatif assist", id="unassisted"),
        pytest.param("untrapped for 2", "only one step can be taken", id="untrapped-for-2"),
        pytest.param("rule XYZ-1", 'CP has no rule "XYZ-1"', id="no-such-rule"),
        pytest.param("rule PRV-77", "it has PRV-1, PRV-2, PRV-3", id="rule-of-a-family"),
        pytest.param("bare for 2,000,000", "1,000,000 can be compared at most", id="too-many"),
        pytest.param("cp logoff", "KERNEL is not logged on there any more", id="logged-off"),
        pytest.param("cp nonsense", "that cannot be given here", id="refused-by-cp"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(at_ssm, line, sentence):
    before = as_it_is(at_ssm)
    with pytest.raises(UserError) as error:
        fork_of(at_ssm, line)
    assert sentence in str(error.value)
    assert as_it_is(at_ssm) == before


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("bare", "this is the bare machine already; whatif virtual"),
        ("assist", "there is no CP"),
        ("rule PRV-2", "there is no CP"),
        ("untrapped", "there is no CP"),
    ],
)
def test_the_bare_machine_has_no_cp_to_do_without(line, sentence):
    with pytest.raises(UserError, match=sentence):
        fork_of(session_of("hello", under_cp=False), line)


def test_a_guest_that_is_stopped_in_cp_mode_is_not_carried():
    session = session_of("hello")
    run_line(session, "run")
    with pytest.raises(UserError, match="HELLO is stopped in CP mode"):
        fork_of(session, "bare")


def test_the_words_that_can_follow_are_offered(at_ssm):
    offered = {
        line: [one.text for one in REGISTRY.complete(at_ssm, line)] for line in ("whatif ", "whatif rule ", "diff ")
    }
    assert {"bare", "virtual", "untrapped", "set"} <= set(offered["whatif "])
    assert "PRV-2" in offered["whatif rule "]
    assert {"start", "branch"} <= set(offered["diff "])


def test_the_interval_timers_word_is_a_clock_and_no_difference():
    view = fork_of(session_of("kernel", steps=1), "bare for 50")
    assert view.first is None
    assert all(f"{PSA.INTERVAL_TIMER:06X}" not in one.place for one in view.differences)


def test_somebody_who_stops_it_is_told_how_far_it_came(monkeypatch):
    session = session_of("kernel", steps=1)
    before = as_it_is(session)
    monkeypatch.setattr(session, "begin_search", session.interrupt)
    view = fork_of(session, "bare until end")
    assert (view.ended, view.taken) == (("you stopped it", "you stopped it"), (0, 0))
    session._interrupted = False
    assert as_it_is(session) == before
