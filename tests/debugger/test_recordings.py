"""Recordings in files: what was saved is there again, bit for bit, whatever was loaded and given."""

import re
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from zlib import decompress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edu_hv.debugger.files.format import decoded
from edu_hv.debugger.files.opening import is_recording_file
from edu_hv.debugger.files.saving import recorded
from edu_hv.debugger.recording.runs import Runs
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.start import RealMachine
from edu_hv.debugger.system import INPUTS, Input
from edu_hv.hypervisor.directory import parse
from edu_hv.isa.errors import UserError
from edu_hv.tutor.library import Library
from edu_hv.tutor.progress import Progress
from edu_hv.tutor.workbench import Workbench
from tests.debugger.test_inputs import ECHO
from tests.debugger.walk import USERS, loaded, run_line, with_users

SOURCE = " LA 1,1\n LA 2,2\n SVC 1\n LA 3,3\n"


def lines(session: DebugSession, *given: str) -> DebugSession:
    for line in given:
        run_line(session, line)
    return session


def _bare(tmp_path: Path) -> DebugSession:
    return lines(loaded("kernel bare"), "run 3000", "enter HELLO", "run 500")


def _program_of_ones_own(tmp_path: Path) -> DebugSession:
    path = tmp_path / "mine.asm"
    path.write_text(ECHO)
    return lines(DebugSession(), f"load bare {path}", "run", "enter FIRST", "key", "run", "enter AGAIN", "run 5")


def _source(tmp_path: Path) -> DebugSession:
    session = DebugSession()
    session.load_source(SOURCE, "mine", under_cp=True)
    return lines(session, "step 3", "set $r5 = 1F", "store 2000 C1C2", "step 2")


def _just_loaded(tmp_path: Path) -> DebugSession:
    session = DebugSession()
    session.load_source(SOURCE, "mine")
    return session


def _deck(tmp_path: Path) -> DebugSession:
    from edu_hv.guests.catalog import GUESTS

    path = tmp_path / "cards.deck"
    path.write_bytes(GUESTS["hello"].deck())
    return lines(DebugSession(), f"load cp real 192K assist {path} kernel", "run 300", "stage 3")


def _users(tmp_path: Path) -> DebugSession:
    cards, tape = tmp_path / "data.txt", Path(__file__).parents[2] / "edu_hv/guests/welcome.aws"
    cards.write_text("ONE CARD\nANOTHER\n")
    session = lines(
        with_users(), "logon ANNA APPLE", f"deck {cards} BERT", "deck hello ANNA", "cp ipl 00c", "run 400",
        "logon BERT BEAR", "cp q rdr all", "cp msg anna hi", "step 20", "select ANNA",
    )  # fmt: skip
    assert tape.exists()
    return session


def _tape_under_cp(tmp_path: Path) -> DebugSession:
    tape = Path(__file__).parents[2] / "edu_hv/guests/second.aws"
    return lines(loaded("kernel under CP"), "run 900", f"mount {tape}", "run 50", "cp adstop 2c4", "run 3000")


def _configured(tmp_path: Path) -> DebugSession:
    from edu_hv.guests.catalog import GUESTS

    deck, tape = tmp_path / "boot.deck", Path(__file__).parents[2] / "edu_hv/guests/welcome.aws"
    deck.write_bytes(GUESTS["kernel"].deck())
    return lines(
        DebugSession(), "machine s370 512K", f"attach 00C 3505 {deck}", f"attach 181 3420 {tape} ring",
        "attach 330 3330 PACK01 new", "attach 00E 1403", "attach 5C0 CTCA", "attach 5C1 CTCA", "attach 060 3270",
        "channel 1 selector", "ipl 00C", "run 1500", "request", "storestatus", "fail timer damage", "restartkey",
        f"mount 181 {tape}", "run 100",
    )  # fmt: skip


def _terminal(tmp_path: Path) -> DebugSession:
    session = _configured(tmp_path)
    session.give("terminal", "on", device=0x060)
    session.give("terminal", data=b"\x7d\x40\x40", device=0x060)
    session.give("terminal", "off", device=0x060)
    return session


def _branches(tmp_path: Path) -> DebugSession:
    return lines(
        loaded("two guests"), "mark a", "run 1500", "enter HI", "run 100", "goto 2600", "enter LO", "run 70", "mark b",
        "goto 2500", "cp adstop 300", "run 20", "stage 2", "branch main left", "branch left", "goto 2450",
    )  # fmt: skip


SESSIONS: dict[str, Callable[[Path], DebugSession]] = {
    "bare": _bare, "just loaded": _just_loaded, "a program of one's own": _program_of_ones_own,
    "source under CP, altered": _source,
    "a deck, with assist and little storage": _deck, "users of a directory": _users, "a tape under CP": _tape_under_cp,
    "a machine of one's own": _configured, "a terminal": _terminal, "branches": _branches,
}  # fmt: skip


def outline(session: DebugSession) -> object:
    """All that a file has to keep."""
    recording = session.recording
    every = {each.name: each for each in (recording.history, *recording.branches.values())}
    return {
        "state": session.system.comparable(), "unit": recording.unit, "branch": recording.branch,
        "listings": {name: program.name for name, program in session.system.listings().items()},
        "stops": session.breakpoints.lines(), "pinned": session.pinned, "lesson": session.lesson,
        "branches": {
            name: (each.end, each.parent, each.fork, each.because, each.named, list(each.boundaries),
                   _runs(each.marks), _runs(each.whose), each.journal.inputs, each.total)
            for name, each in every.items()
        },
        "stands": {name: each.stood_at for name, each in recording.branches.items()},
    }  # fmt: skip


def _runs(runs: Runs) -> bytes:
    return bytes(runs) if len(runs) else b""


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> dict[str, DebugSession]:
    """A session of each, that is only looked at and saved."""
    return {name: make(tmp_path_factory.mktemp("made")) for name, make in SESSIONS.items()}


@pytest.fixture(scope="module")
def files(made) -> dict[str, bytes]:
    """A file of each."""
    return {name: recorded(session) for name, session in made.items()}


@pytest.mark.parametrize("name", SESSIONS)
def test_a_recording_that_was_saved_opens_as_it_was(made, name, tmp_path):
    session, opened = made[name], DebugSession()
    before = outline(session)
    run_line(session, f"save {tmp_path / 'lab.rec'}")
    assert outline(session) == before
    run_line(opened, f"open {tmp_path / 'lab.rec'}")
    assert outline(opened) == before
    assert list(opened.journal.entries) == list(session.journal.entries)


def test_what_was_opened_goes_on_as_what_was_saved(tmp_path):
    session, opened = _users(tmp_path), DebugSession()
    session.save(tmp_path / "lab.rec")
    opened.open(tmp_path / "lab.rec")
    for line in ("run 300", "back 7", "enter HI", "reset", "logon ANNA APPLE"):
        for one in (session, opened):
            run_line(one, line)
        assert outline(opened) == outline(session)


def test_every_kind_of_input_is_in_a_recording_that_is_tried(made):
    found = set()
    for session in made.values():
        recording = session.recording
        for history in (recording.history, *recording.branches.values()):
            found |= {given.kind for given in history.journal.inputs.values()}
    assert found == set(INPUTS)


def test_what_was_opened_can_be_saved_and_opened_once_more(made, files, tmp_path):
    first, second, third = made["branches"], DebugSession(), DebugSession()
    (tmp_path / "1.rec").write_bytes(files["branches"])
    second.open(tmp_path / "1.rec")
    second.save(tmp_path / "2.rec")
    third.open(tmp_path / "2.rec")
    assert outline(third) == outline(first)


def test_stops_logs_and_sets_of_stops_come_along(tmp_path):
    session, opened = loaded("two guests"), DebugSession()
    lines(
        session, "break START", "break trap svc 5 of KERNEL if R5 == 1", "watch R5 of SECOND", "stops save all",
        "break svc 1 count 3", 'commands last "print R5" run', "disable 1", "watchlog at START", "watchlog R5",
        "watchlog svc 1 of SECOND",
    )  # fmt: skip
    session.save(tmp_path / "lab.rec")
    opened.open(tmp_path / "lab.rec")
    assert opened.breakpoints.lines() == session.breakpoints.lines()
    assert opened.breakpoints.saved == session.breakpoints.saved
    assert [stop.what.words for stop in opened.logged.values()] == [s.what.words for s in session.logged.values()]
    assert opened.run().reason == session.run().reason


def test_a_command_of_a_stop_that_does_more_than_look_and_run_is_left_out(tmp_path):
    session, opened = loaded("kernel bare"), DebugSession()
    lines(session, "break START", 'commands last "export /tmp/never.txt"')
    session.save(tmp_path / "lab.rec")
    opened.open(tmp_path / "lab.rec")
    assert opened.breakpoints.lines() == [line for line in session.breakpoints.lines() if "export" not in line]


WORDS = st.sampled_from(
    ["step 7", "stage 3", "back 5", "run 90", "goto 30%", "goto 100%", "enter A", "enter B", "key", "cp q time",
     "cp adstop 300", "cp begin", "set $r5 = 1F", "store 3000 FF", "mark m", "trap", "untrap", "runback"]
)  # fmt: skip


@settings(max_examples=8, deadline=None)
@given(st.lists(WORDS, max_size=10), st.sampled_from(["kernel bare", "two guests"]))
def test_whatever_was_done_is_the_same_at_every_position_when_it_is_opened(done, name):
    session, opened = loaded(name), DebugSession()
    for line in done:
        try:
            run_line(session, line)
        except UserError:
            continue
    folder = Path(_folder())
    session.save(folder / "w.rec", replace=True)
    opened.open(folder / "w.rec")
    assert outline(opened) == outline(session)
    for branch in sorted([session.recording.branch, *session.recording.branches]):
        for one in (session, opened):
            one.switch_branch(branch)
        end = session.recording.end
        for unit in {session.recording.start, end // 3, end // 2, end - 1, end} - {-1}:
            for one in (session, opened):
                one.recording.goto(max(unit, one.recording.start))
            assert opened.system.comparable() == session.system.comparable()


def _folder() -> str:
    global _made
    if not _made:
        import tempfile

        _made = tempfile.mkdtemp()
    return _made


_made = ""


# ---- files -----------------------------------------------------------------------------------------------------------


def test_a_recording_says_nothing_of_the_machine_it_was_made_on(files, tmp_path):
    for data in files.values():
        _, records = decoded(data, "lab.rec")
        contents = [decompress(b64decode(each["data"])) for each in records if each["line"] == "contents"]
        for folder in (tmp_path.parents[1], Path(__file__).parents[2]):
            assert str(folder) not in repr(records)
            assert not any(str(folder).encode() in each for each in contents)


def test_a_recording_is_the_same_file_whenever_it_is_saved(tmp_path):
    assert recorded(_users(tmp_path)) == recorded(_users(tmp_path))


def test_a_recording_is_small(files):
    """A few hundred bytes for each input or branch; decks and tapes are as large as they are when they are packed."""
    assert [name for name, data in files.items() if len(data) > 12_000] == []


def test_save_without_a_name_writes_the_file_that_was_opened_or_saved(tmp_path):
    session, opened = loaded("kernel bare"), DebugSession()
    with pytest.raises(UserError, match="needs the name of a file"):
        run_line(session, "save")
    lines(session, f"save {tmp_path / 'lab.rec'}", "run 10", "save")
    lines(opened, f"open {tmp_path / 'lab.rec'}", "run 10", "save")
    assert opened.total == session.total + 10
    with pytest.raises(UserError, match="there already"):
        run_line(loaded("kernel bare"), f"save {tmp_path / 'lab.rec'}")


def test_what_open_would_refuse_is_not_written(tmp_path):
    session = loaded("kernel bare")
    run_line(session, f"enter {'x' * 20_000}")
    with pytest.raises(UserError, match='cannot be kept in a file: "text" is no text of at most 10,000 letters'):
        session.save(tmp_path / "lab.rec")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_begins_as_a_recording_is_known_as_one(files, tmp_path):
    (tmp_path / "1").write_bytes(files["bare"])
    (tmp_path / "2.rec").write_text(SOURCE)
    assert [is_recording_file(tmp_path / name) for name in ("1", "2.rec", "none")] == [True, False, False]


@pytest.mark.parametrize("made", ["a file", "a folder", "nowhere", "another recording"])
def test_save_leaves_what_is_there_already_and_loses_nothing(made, tmp_path):
    session, path = loaded("kernel bare"), tmp_path / "lab.rec"
    other = recorded(loaded("kernel bare"))
    if made == "nowhere":
        path = tmp_path / "none" / "lab.rec"
    elif made == "a folder":
        path.mkdir()
    else:
        path.write_bytes(b"mine" if made == "a file" else other)
    before = outline(session)
    with pytest.raises(UserError, match=r"is there already|is no file|cannot be written"):
        run_line(session, f"save {path}")
    assert outline(session) == before
    assert [each.name for each in tmp_path.iterdir()] == ([] if made == "nowhere" else ["lab.rec"])
    if path.is_file():
        run_line(session, f"save {path} replace")
        DebugSession().open(path)


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    session, path = loaded("kernel bare"), tmp_path / "lab.rec"
    session.save(path)
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    run_line(session, "run 5")
    with pytest.raises(UserError, match="no space left on device; nothing is lost"):
        session.save(path)
    assert (path.read_bytes(), list(tmp_path.iterdir())) == (before, [path])


def test_an_open_that_is_stopped_leaves_what_was_loaded(tmp_path, monkeypatch):
    session, there = loaded("kernel bare"), loaded("kernel bare")
    session.save(tmp_path / "lab.rec")
    before = outline(there)
    monkeypatch.setattr(DebugSession, "interrupted", property(lambda self: True))
    with pytest.raises(UserError, match=r"you stopped it: lab\.rec is not opened"):
        there.open(tmp_path / "lab.rec")
    assert outline(there) == before


def test_a_directory_is_kept_as_its_text(tmp_path):
    session = DebugSession()
    session.start_cp(parse(USERS.replace("MDISK", "*MDISK"), "d"), session.configuration, RealMachine(192 * 1024))
    assert b"ANNA" not in recorded(session), "it is packed"
    session.save(tmp_path / "lab.rec")
    opened = DebugSession()
    opened.open(tmp_path / "lab.rec")
    run_line(opened, "logon ANNA APPLE")
    assert [guest.name for guest in opened.system.guests] == ["ANNA"]


# ---- replay, script --------------------------------------------------------------------------------------------------


def test_replay_shows_inputs_consoles_marks_and_stops_in_order():
    session = DebugSession()
    session.load_source(ECHO, "echo")
    lines(session, "mark begin", "run", "enter FIRST", "run", "break AGAIN")
    view, stop = run_line(session, "replay")
    told = [(each.kind, each.words) for each in view.moments]
    assert told == [("input", 'entered "FIRST"'), ("console", "FIRST"), ("stop", "breakpoint 1 at 000234 AGAIN")] or (
        [kind for kind, _ in told] == ["input", "console", "stop"]
        and told[:2] == [("input", 'entered "FIRST"'), ("console", "FIRST")]
    )
    assert session.recording.unit == session.recording.end
    assert stop.step == session.total


def test_replay_next_goes_from_input_to_input_and_previous_back():
    session = DebugSession()
    session.load_source(ECHO, "echo")
    lines(session, "run", "enter ONE", "run", "enter TWO", "run", "goto 0")
    units = []
    for _ in range(3):
        run_line(session, "replay next")
        units.append(session.recording.unit)
    inputs = sorted(session.journal.inputs)
    assert units == [inputs[0] + 1, inputs[1] + 1, session.recording.end]
    with pytest.raises(UserError, match="end of the recording"):
        run_line(session, "replay next")
    for unit in (inputs[1], inputs[0], session.recording.start):
        run_line(session, "replay previous")
        assert session.recording.unit == unit


def test_replay_of_a_file_opens_it_at_its_start(tmp_path):
    session, opened = loaded("kernel bare"), DebugSession()
    lines(session, "enter A", f"save {tmp_path / 'lab.rec'}")
    said, _ = run_line(opened, f"replay {tmp_path / 'lab.rec'}")
    assert said.lines == ("lab.rec is open", "1 input; replay next goes to the next, replay plays all")
    assert (opened.step_number, opened.total) == (0, session.total)


def test_a_script_has_what_was_typed_and_errors_and_branches_as_comments(tmp_path):
    workbench = _workbench(tmp_path)
    for line in ("load bare kernel", "step 10", "step x", "enter A", "goto 3", "enter B"):
        try:
            workbench.execute(line)
        except UserError:
            continue
    workbench.execute(f"script {tmp_path / 'lab.cmd'}")
    text = (tmp_path / "lab.cmd").read_text().splitlines()
    assert [line for line in text if not line.startswith("#")] == [
        "load bare kernel", "step 10", "enter A", "goto 3", "enter B"
    ]  # fmt: skip
    assert [re.sub(":.*", "", line) for line in text if line.startswith("#")] == [
        "# step x",
        "# on branch branch1 from here on",
    ]
    again = _workbench(tmp_path)
    for line in text:
        if not line.startswith("#"):
            again.execute(line)
    assert outline(again.session) == outline(workbench.session)


def test_what_was_done_when_a_face_was_left_is_opened_as_the_last(tmp_path):
    for leaves in (False, True):
        first, second = _workbench(tmp_path), _workbench(tmp_path)
        first.keeps_session = leaves
        for line in ("load bare kernel", "step 10", "enter A"):
            first.execute(line)
        first.save()
        if leaves:
            second.execute("open last")
            assert outline(second.session) == outline(first.session)
            assert second.session.file is None
        else:
            with pytest.raises(UserError, match="no session is kept yet"):
                second.execute("open last")


def test_a_recording_of_a_lesson_opens_with_its_page(tmp_path):
    first, second = _workbench(tmp_path), _workbench(tmp_path)
    for line in ("lesson 2", "step 3", f"save {tmp_path / 'lab.rec'}"):
        first.execute(line)
    second.execute(f"open {tmp_path / 'lab.rec'}")
    assert first.lesson is not None
    assert second.lesson is not None
    assert second.lesson.lesson.name == first.lesson.lesson.name == second.session.lesson
    assert outline(second.session) == outline(first.session)


def _workbench(folder: Path) -> Workbench:
    return Workbench(DebugSession(), Library.open(), Progress.open(folder))


def test_inputs_that_are_the_same_are_kept_once(tmp_path):
    session = DebugSession()
    session.load_source(ECHO, "echo")
    for _ in range(5):
        lines(session, "run", "enter SAME")
    data = recorded(session)
    assert data.count(b'"line":"input"') == 1
    assert set(session.journal.inputs.values()) == {Input("enter", "bare", "SAME")}
