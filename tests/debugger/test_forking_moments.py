"""What differs between two moments of a recording, and between two of its branches."""

import pytest

from edu_hv.debugger.forking.views import MomentsView
from edu_hv.debugger.session import DebugSession
from edu_hv.isa.errors import UserError
from tests.debugger.walk import run_line, with_users


def diff(session: DebugSession, operands: str) -> MomentsView:
    (view,) = run_line(session, f"diff {operands}")
    assert isinstance(view, MomentsView)
    return view


def places(view: MomentsView) -> dict[str, tuple[str, str]]:
    return {one.place: (one.left, one.right) for one in view.differences}


@pytest.fixture(scope="module")
def kernel() -> DebugSession:
    """KERNEL some steps behind its entry; looked at only."""
    session = DebugSession()
    session.load(["kernel"], under_cp=True)
    run_line(session, "mark entry")
    session.step(11)
    return session


def test_every_register_that_is_told_is_what_it_was_at_both_steps(kernel):
    found = places(diff(kernel, "entry"))
    now, here = kernel.guest_registers(), kernel.step_number
    kernel.back(11)
    before = kernel.guest_registers()
    kernel.step(11)
    told = {n for n in range(16) if f"GR{n}" in found}
    assert told == {n for n in range(16) if before[n] != now[n]}
    assert {n: tuple(int(value, 16) for value in found[f"GR{n}"]) for n in told} == {
        n: (before[n], now[n]) for n in told
    }
    assert kernel.step_number == here


def test_storage_that_differs_is_told_as_a_range_with_both_contents(kernel):
    assert places(diff(kernel, "entry entry")) == {}
    start = kernel.step_number - 11
    found = places(diff(kernel, f"{start} {start + 1}"))
    assert found["storage 000058 to 00007F"][0] == "00000000 00000000 00000000 00000000 and 24 bytes more"
    assert found["PSW instruction address"] == ("000200", "000206")


def test_fields_of_the_vmblok_are_told_by_their_names(kernel):
    blocks = {one.place: (one.left, one.right) for one in diff(kernel, "entry").blocks}
    assert blocks["VMPXINT"] == ("0080", "none")
    assert blocks["VMPEND"] == ("EXT", "none")


def test_the_order_of_the_steps_is_that_of_the_words(kernel):
    forwards, backwards = places(diff(kernel, "entry here")), places(diff(kernel, "here entry"))
    assert {place: (right, left) for place, (left, right) in forwards.items()} == backwards


@pytest.mark.parametrize("under_cp", [True, False])
def test_two_branches_differ_in_what_was_done_otherwise_and_its_consequences(under_cp):
    session = DebugSession()
    session.load(["kernel"], under_cp)
    session.step(40)
    session.back(20)
    run_line(session, "set $r9 = 1234")
    session.step(10)
    before = session.system.comparable(), session.recording.unit, session.recording.branch, session.recording.total
    view = diff(session, "branch main")
    assert places(view)["GR9"][0] == "00001234"
    assert view.event.startswith(before[2])
    assert "you: alter G9 00001234" in view.event
    ends = diff(session, "branch main ends")
    assert (ends.left, ends.right) != (view.left, view.right)
    assert (
        session.system.comparable(),
        session.recording.unit,
        session.recording.branch,
        session.recording.total,
    ) == before
    run_line(session, "branch main")
    back = diff(session, f"branch {before[2]}")
    assert back.left.startswith("main, step")


def test_a_branch_is_the_same_as_itself_where_nothing_is_done_otherwise():
    session = DebugSession()
    session.load(["kernel"], under_cp=True)
    session.step(30)
    session.recording.branch_off("other", "nothing")
    view = diff(session, "branch main")
    assert (view.differences, view.blocks, view.event) == ((), (), "the same events are on both")


def test_a_guest_that_was_not_logged_on_then_is_said():
    session = with_users()
    run_line(session, "logon anna apple noipl")
    session.step(2)
    with pytest.raises(UserError, match="ANNA is not logged on at step 0"):
        diff(session, "start")


@pytest.mark.parametrize(
    ("operands", "sentence"),
    [
        ("branch main", "main is the branch you are on"),
        ("branch nothing", 'there is no other branch "nothing"'),
        ("branch", "needs the name of a branch"),
        ("1 2 3", "one or two steps"),
        ("99999999", "is not in the recording"),
    ],
)
def test_what_is_no_moment_is_refused(kernel, operands, sentence):
    with pytest.raises(UserError) as error:
        diff(kernel, operands)
    assert sentence in str(error.value)
