"""The timeline: what its characters say, zooming, rows of guests, the same in words, and going to a place in it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.text import as_lines
from edu_hv.debugger.tracing.timeline import BY_REMARKABLENESS, MOST_STRETCHES, stretches
from edu_hv.isa.codes import Class
from edu_hv.isa.errors import UserError
from edu_hv.machine.events import InterruptionRecognized
from tests.debugger.walk import loaded, run_line

STEPS = 2600


@pytest.fixture(scope="module")
def two() -> DebugSession:
    """Two guests, far enough for both to have run; an input near the end.  The tests only look."""
    session = loaded("two guests")
    session.run(limit=STEPS)
    session.give("enter", "HELLO")
    session.step(20)
    return session


def step_by_step(session: DebugSession) -> str:
    return session.timeline(10**9).marks


def test_a_character_says_what_its_step_was(two):
    marks = step_by_step(two)
    assert len(marks) == two.total
    for step, mark in enumerate(marks, 1):
        assert mark in _possible(two, step), f"step {step}"


def _possible(session: DebugSession, step: int) -> str:
    """By the log's words, which are made from the events alone."""
    events = [entry.event for entry in session.journal.of_step(step)]
    kinds = [event.kind for event in events if isinstance(event, InterruptionRecognized)]
    names = {type(event).__name__ for event in events}
    if "InputGiven" in names:
        return "u"
    if kinds:
        return "T" if set(kinds) & {Class.PROGRAM, Class.SVC} else "i"
    return "w" if "Waited" in names else "C" if "Dispatched" in names else "s."


def test_state_and_owner_of_a_plain_step_are_those_before_it():
    session = loaded("two guests")
    session.run(limit=400)
    line, start = session.timeline(10**9, guests=True), session.total - 300
    session.goto(start)
    for step in range(start + 1, session.total + 1):
        running, problem = session.running(), session.running() and session.guest_psw(session.running()).problem_state
        session.step()
        if line.marks[step - 1] in "s.":
            assert line.marks[step - 1] == (".s"[not problem]), f"step {step}"
        ran = [row.guest for row in line.rows if row.marks[step - 1] != "-"]
        assert ran == ([running] if running else []), f"step {step}"


@settings(max_examples=60, deadline=None)
@given(width=st.integers(1, 200), data=st.data())
def test_a_bucket_shows_the_most_remarkable_of_its_steps(two, width, data):
    first = data.draw(st.integers(1, two.total))
    last = data.draw(st.integers(first, two.total))
    marks, view = step_by_step(two), two.timeline(width, (first, last))
    size = view.bucket
    pieces = [marks[at : min(at + size, last)] for at in range(first - 1, last, size)]
    assert view.marks == "".join(min(piece, key=BY_REMARKABLENESS.index) for piece in pieces)
    assert len(view.marks) <= width
    inside = first <= two.step_number <= last
    assert view.position == ((two.step_number - first) // size if inside else -1)


@settings(max_examples=30, deadline=None)
@given(width=st.integers(1, 200))
def test_a_row_shows_the_most_remarkable_its_guest_did(two, width):
    exact, view = two.timeline(10**9, guests=True), two.timeline(width, guests=True)
    order = f"{BY_REMARKABLENESS}-"
    for fine, coarse in zip(exact.rows, view.rows, strict=True):
        pieces = [fine.marks[at : at + view.bucket] for at in range(0, len(fine.marks), view.bucket)]
        expected = [min(piece, key=order.index) for piece in pieces]
        found = [mark.replace("T", "i") for mark in coarse.marks]  # T or i of a guest is not told apart in a bucket
        assert found == [mark.replace("T", "i") for mark in expected]
        assert coarse.steps == fine.steps == sum(mark != "-" for mark in fine.marks)


def test_words_tell_each_step_once_and_as_the_characters_do(two):
    marks = step_by_step(two)
    view = stretches(two, (two.total - 60, two.total))
    assert view.bucket == 1
    assert "".join(s.mark * (s.last - s.first + 1) for s in view.stretches) == marks[two.total - 61 :]
    assert [s.last + 1 for s in view.stretches[:-1]] == [s.first for s in view.stretches[1:]]
    assert any(s.words == "input by you, you: enter HELLO" for s in view.stretches)


def test_words_of_much_take_steps_together(two):
    view = stretches(two)
    assert len(view.stretches) <= MOST_STRETCHES
    assert (view.stretches[0].first, view.stretches[-1].last) == (1, two.total)
    assert f"{view.bucket:,} steps are taken together" in " ".join(as_lines(view))
    assert "traps to CP, the first program: privileged operation" in view.stretches[0].words


def test_zoom_shows_a_part_around_the_present():
    session = loaded("kernel under CP")
    everything = session.timeline()
    run_line(session, "goto 700")
    views = [run_line(session, "timeline zoom in")[0] for _ in range(6)]
    spans = [view.last - view.first + 1 for view in views]
    assert spans == [max(session.total // 4**n, 16) for n in range(1, 5)] + [16, 16]
    assert all(view.first <= 700 <= view.last and view.zoomed for view in views)
    session.goto(1)
    assert (session.timeline().first, session.timeline().position) == (1, 0)
    run_line(session, "timeline zoom out")
    assert session.timeline().last == 64
    run_line(session, "timeline zoom all")
    assert session.timeline().marks == everything.marks


def test_a_new_recording_can_be_shorter_than_what_is_zoomed_to():
    session = loaded("kernel under CP")
    run_line(session, "timeline zoom in")
    session.load_source("  LR 1,2\n  LR 2,3\n", "short")
    session.step(2)
    assert session.timeline().marks == "ss"


def test_names_of_moments_stand_in_the_timeline(two):
    two.recording.history.named["READY"] = two.recording.position_of_step(1500)
    try:
        view = two.timeline(72)
        assert [(pin.name, pin.step, pin.index) for pin in view.pins] == [("READY", 1500, 1499 // view.bucket)]
        assert "marks: READY at step 1,500" in as_lines(view)
        assert two.timeline(72, (1, 100)).pins == ()
        assert run_line(two, "timeline READY end") == [two.timeline(72, (1500, two.total))]
    finally:
        del two.recording.history.named["READY"]


def test_the_legend_lists_what_occurs():
    session = loaded("kernel bare")
    session.run(limit=60)
    lines = as_lines(session.timeline())
    used = {part.split()[0] for part in lines[-1].split(", ")}
    assert used == set(session.timeline().marks)


def test_looking_at_the_timeline_changes_nothing(two):
    before = two.system.comparable(), two.recording.unit, two.total
    for line in ("timeline", "timeline guests", "timeline words", "timeline 1 100", "timeline words 1 100"):
        run_line(two, line)
    assert (two.system.comparable(), two.recording.unit, two.total) == before


@pytest.mark.parametrize(
    ("word", "step"),
    [
        pytest.param("0%", 0, id="0%"),
        pytest.param("50%", 748, id="50%"),
        pytest.param("100%", 1496, id="100%"),
        pytest.param("start", 0, id="start"),
        pytest.param("END", 1496, id="end"),
        pytest.param("here", 1000, id="here"),
        pytest.param("+100", 1100, id="forward"),
        pytest.param("-1,000", 0, id="back"),
    ],
)
def test_goto_takes_places(word, step):
    session = _at_1000()
    run_line(session, f"goto {word}")
    assert session.step_number == step


_KEPT: list[DebugSession] = []


def _at_1000() -> DebugSession:
    if not _KEPT:
        _KEPT.append(loaded("kernel under CP"))
        assert _KEPT[0].total == 1496
    _KEPT[0].goto(1000)
    return _KEPT[0]


@pytest.mark.parametrize("word", ["-1001", "+497", "101%", "x%", "--1", "+", "%"])
def test_goto_refuses_places_that_are_not(word):
    with pytest.raises(UserError, match=r"recording|step number"):
        run_line(_at_1000(), f"goto {word}")


def test_goto_a_moment_by_its_name():
    session = _at_1000()
    session.recording.history.named["HALF"] = session.recording.position_of_step(748)
    run_line(session, "goto HALF")
    assert session.step_number == 748
