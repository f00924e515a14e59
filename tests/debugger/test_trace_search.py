"""Searching the recording: what a filter means, by the log's own words; there and back; listing page by page."""

import re

import pytest

from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.start import RealMachine
from edu_hv.debugger.text import as_lines
from edu_hv.debugger.tracing.filters import parse_filter
from edu_hv.debugger.tracing.search import trace, trace_before
from edu_hv.debugger.views import Layer, LogEntry
from edu_hv.isa.errors import UserError
from tests.debugger.walk import differences, everything, loaded, run_line

EVERYTHING = 10**9
TRAPS = r"^(program|external|input/output|supervisor call)\b"


@pytest.fixture(scope="module")
def two() -> DebugSession:
    """Two guests, one of them assisted, with console output and an input; stands at the end."""
    session = DebugSession()
    session.load(["kernel", "second"], True, RealMachine())
    session.give("cp", "SET ASSIST ON", guest="SECOND")
    session.run(limit=2500)
    session.give("enter", "HELLO KERNEL", guest="KERNEL")
    session.run(limit=200)
    return session


@pytest.fixture(scope="module")
def log(two) -> list[LogEntry]:
    return list(two.log(EVERYTHING).entries)


def _text(pattern: str) -> "re.Pattern[str]":
    return re.compile(pattern, re.IGNORECASE)


@pytest.mark.parametrize(
    ("words", "pattern"),
    [
        pytest.param("program", r"^program: ", id="program"),
        pytest.param("program 2", r"^program: privileged operation", id="program-by-code"),
        pytest.param("program 11", r"^program: page translation", id="codes-are-hexadecimal"),
        pytest.param("svc", r"^supervisor call \d+ at", id="svc"),
        pytest.param("SVC 1", r"^supervisor call 1 at", id="svc-by-number"),
        pytest.param("external", r"^external: ", id="external"),
        pytest.param("external 80", r"^external: interval timer$", id="external-by-code"),
        pytest.param("trap", TRAPS, id="trap"),
        pytest.param("SSM", r"^program: .* at \w+ SSM|^the assist did SSM", id="instruction"),
        pytest.param("op lpsw", r"^program: .* at \w+ LPSW|^the assist did LPSW", id="op"),
        pytest.param("PRV-2", r"rule PRV-2:", id="rule"),
        pytest.param("rule prv", r"rule PRV-\d+:", id="family-of-rules"),
        pytest.param("decision", r"^(CP,|so) rule ", id="decision"),
        pytest.param("dispatch", r"^CP dispatched|^CP waits, PSW", id="dispatch"),
        pytest.param("ccw", r"^device \w+: (CCW|no CCW)", id="ccw"),
        pytest.param("ccw 009", r"^device 009: CCW", id="ccw-by-device"),
        pytest.param("console", r"^(CP|console): ", id="console"),
        pytest.param("console 5,050", r"^(CP|console): .*5,050", id="console-with-text"),
        pytest.param('console "TASK A WITH"', r"^(CP|console): .*TASK A WITH", id="console-with-quoted-text"),
        pytest.param("input", r"^you: ", id="input"),
        pytest.param("assist", r"^the assist (did|left) ", id="assist"),
        pytest.param("psw", r"old PSW \w+ \w+ to \w+, new PSW", id="psw"),
        pytest.param("text svc", r"svc", id="text-that-is-a-word"),
        pytest.param('"svc"', r"svc", id="quoted"),
        pytest.param("residual", r"residual", id="text"),
    ],
)
def test_a_filter_means_what_the_log_says(two, log, words, pattern):
    expected = [entry for entry in log if _text(pattern).search(entry.text)]
    assert expected, "the recording has none of these"
    assert list(trace(two, words, count=EVERYTHING).entries) == expected


def test_not_excludes_what_stands_behind_it(two, log):
    expected = [entry for entry in log if not _text(rf"^(CP,|so) rule |{TRAPS}").search(entry.text)]
    assert list(trace(two, "not decision not trap", count=EVERYTHING).entries) == expected


@pytest.mark.parametrize(
    ("words", "pattern"),
    [
        pytest.param("wait", r"^waited ", id="wait"),
        pytest.param("io", r"^(input/output|start I/O|device|CSW)", id="io"),
        pytest.param("io 009", r"^(input/output.* 009|start I/O on 009|device 009)", id="io-of-a-device"),
        pytest.param("trap", r"^(program|external|input/output|supervisor call)\b", id="trap"),
    ],
)
def test_on_the_bare_machine_too(words, pattern):
    session = loaded("kernel bare")
    session.run(limit=300)
    expected = [entry for entry in session.log(EVERYTHING).entries if _text(pattern).search(entry.text)]
    assert expected, "the recording has none of these"
    assert list(trace(session, words, count=EVERYTHING).entries) == expected


@pytest.mark.parametrize(
    ("words", "guest", "pattern"),
    [
        pytest.param("KERNEL", "KERNEL", "", id="guest"),
        pytest.param("guest second", "SECOND", "", id="guest-in-small-letters"),
        pytest.param("svc second", "SECOND", "^supervisor call", id="both"),
        pytest.param("console second", "SECOND", "^(CP|console): ", id="console-of-a-guest"),
        pytest.param("second svc 1", "SECOND", "^supervisor call 1 ", id="in-any-order"),
        pytest.param("SSM KERNEL not assist", "KERNEL", "^program: .* at .* SSM", id="instruction-of-a-guest"),
    ],
)
def test_all_words_must_hold(two, log, words, guest, pattern):
    expected = [entry for entry in log if entry.guest == guest and _text(pattern).search(entry.text)]
    assert list(trace(two, words, count=EVERYTHING).entries) == expected


def test_a_device_is_found_in_everything_that_concerns_it(two):
    texts = [entry.text for entry in trace(two, "io 009", count=EVERYTHING).entries]
    kinds = {re.sub(r"[^a-zA-Z]+", " ", text)[:12] for text in texts}
    assert all("009" in text or "rule" in text or "guest" in text for text in texts)
    assert len(kinds) > 3
    assert not any(text.startswith("device 181") for text in texts)


@pytest.mark.parametrize("words", ["svc 1", "decision KERNEL", "console", "PRV-2 second", "external", "input"])
def test_findback_meets_what_find_has_met_in_reverse(two, words):
    here = two.recording.unit
    units = sorted({two.journal.entry(place).unit for place in _places(two, words)})
    try:
        two.goto(0)
        forward = _walk(two, words, backwards=False)
        two.recording.goto(here)
        backward = _walk(two, words, backwards=True)
    finally:
        two._changes.goto(here)
    assert forward[:40] == units[:40]
    assert backward[:40] == [unit for unit in reversed(units) if unit < here][:40]


def _places(session: DebugSession, words: str) -> list[int]:
    matches = parse_filter(session, words).matches
    return [place for place, entry in enumerate(session.journal.entries) if matches(entry.event, entry.guest)]


def _walk(session: DebugSession, words: str, backwards: bool) -> list[int]:
    """The positions that the first 40 searches come to."""
    found: list[int] = []
    while len(found) < 40:
        try:
            session.find(words if not found else "", backwards)
        except UserError:
            break
        found.append(session.recording.unit)
    return found


def test_find_says_what_it_found_and_where(two):
    here = two.recording.unit
    try:
        (stop,) = run_line(two, 'findback console "A: 1 + 2"')
        assert stop.reason == "found: console: A: 1 + 2 + ... + 100 =  5,050"
        assert stop.step < two.total
        run_line(two, "findback svc 1")
        assert two.stop_reason.startswith("trap: supervisor call 1 at")
        assert two.recording.unit == two.journal.entries[-1].unit
    finally:
        two._changes.goto(here)


@pytest.mark.parametrize("line", ["find svc 99", "findback NOSUCHWORD", "find svc 1"])
def test_what_is_not_there_is_said_and_nothing_moves(two, line):
    before = everything(two)
    with pytest.raises(UserError, match=r"nothing (before|after) step .* matches: "):
        run_line(two, line)
    assert differences(everything(two), before) == []


def test_the_known_future_is_searched_too(two):
    here = two.recording.unit
    try:
        two.goto(100)
        view = trace(two, "input")
        assert (view.entries, view.before, view.after) == ((), 0, len(_inputs(two)))
        run_line(two, "find input KERNEL")
        assert two.journal.entries[-1].event.input.text == "HELLO KERNEL"
    finally:
        two._changes.goto(here)


def _inputs(session: DebugSession) -> list[object]:
    return list(session.journal.inputs.values())


def test_pages_put_together_are_the_whole_list(two, log):
    pages = [trace(two, "decision", count=50)]
    while pages[-1].before:
        pages.append(trace_before(two))
    expected = [entry for entry in log if entry.layer is Layer.CP and _text("^(CP,|so) rule").search(entry.text)]
    assert [entry for page in reversed(pages) for entry in page.entries] == expected
    assert [page.before + page.after + len(page.entries) for page in pages] == [len(expected)] * len(pages)
    assert {len(page.entries) for page in pages[:-1]} == {50}


def test_a_part_of_the_recording_is_listed(two, log):
    (view,) = run_line(two, f"trace {two.total - 300} {two.total - 200} 1000")
    assert list(view.entries) == [e for e in log if two.total - 300 <= e.step <= two.total - 200]
    assert (view.first, view.last, view.step) == (two.total - 300, two.total - 200, two.step_number)


def test_the_list_says_how_many_more_there_are(two):
    (view,) = run_line(two, "trace svc 1")
    assert len(view.entries) == min(20, len(_places(two, "svc 1")))
    (first,) = run_line(two, "trace 3 decision")
    assert f"{first.before:,} more before them (trace more lists those)" in as_lines(first)
    assert as_lines(trace(two, "svc 99"))[0].startswith("no events that match svc 99 in steps 0 to")


def test_searching_and_listing_change_nothing(two):
    before = two.system.comparable(), two.recording.unit, two.total
    for line in ("trace", "trace svc", "trace more", "trace 1 500 KERNEL"):
        try:
            run_line(two, line)
        except UserError:
            assert line == "trace more"
    assert (two.system.comparable(), two.recording.unit, two.total) == before
