"""Files of recordings that are damaged, older, newer or hostile: a sentence with the place, or the same recording."""

import json
import re
from base64 import b64encode
from pathlib import Path
from zlib import compress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edu_hv.debugger.files import format as files
from edu_hv.debugger.files import opening
from edu_hv.debugger.files.format import FORMAT, UPGRADES, decoded, encoded
from edu_hv.debugger.files.opening import read_session
from edu_hv.debugger.files.saving import recorded
from edu_hv.debugger.session import DebugSession
from edu_hv.isa.errors import UserError
from tests.debugger.test_inputs import ECHO
from tests.debugger.test_recordings import lines, outline

FROZEN = Path(__file__).parent / "recordings"
"""Files that older versions have written.  They are never written again."""


@pytest.fixture(scope="module")
def saved() -> bytes:
    """A small recording with a branch, marks and stops."""
    session = DebugSession()
    session.load_source(ECHO, "echo")
    lines(session, "run", "mark waits", "enter ONE", "run", "break AGAIN", "goto 3", "enter TWO", "key", "run")
    return recorded(session)


def records_of(data: bytes) -> list[dict[str, object]]:
    """Its records, without the checksums."""
    return [{key: value for key, value in each.items() if key != "sum"} for each in decoded(data, "lab.rec")[1]]


def opened(data: bytes, folder: Path, partly: bool = False) -> DebugSession:
    path = folder / "lab.rec"
    path.write_bytes(data)
    session = DebugSession()
    session.open(path, partly)
    return session


def refused(data: bytes, folder: Path) -> str:
    """Why a file is not opened; what was loaded is still there."""
    session = DebugSession()
    session.load_source(" LA 1,1\n", "there")
    before = outline(session)
    (folder / "lab.rec").write_bytes(data)
    with pytest.raises(UserError) as raised:
        session.open(folder / "lab.rec")
    assert outline(session) == before
    return str(raised.value)


# ---- versions --------------------------------------------------------------------------------------------------------


def test_a_recording_of_format_1_opens_for_ever():
    session = DebugSession()
    session.open(FROZEN / "format-1-bare.rec")
    assert (session.recording.branch, sorted(session.recording.branches)) == ("branch1", ["main"])
    assert session.breakpoints.lines() == ["break AGAIN"]
    assert list(session.logged) == [1]
    assert session.named_steps() == {"waits": 6}
    inputs = {unit: (each.kind, each.text) for unit, each in session.journal.inputs.items()}
    assert list(inputs.values()) == [("enter", "OTHER"), ("key", "")]
    session.goto(session.total)
    assert session.guest.own_console_lines() == ["OTHER"]
    session.switch_branch("main")
    session.goto(session.total)
    assert session.guest.own_console_lines() == ["FIRST"]


def test_a_recording_of_format_1_with_users_opens_for_ever():
    session = DebugSession()
    session.open(FROZEN / "format-1-users.rec")
    assert [guest.name for guest in session.system.guests] == ["ANNA", "BERT"]
    assert session.system.guest("ANNA").console_lines()[-1] == "MSG FROM BERT    :  hi"
    assert [each.kind for each in session.journal.inputs.values()] == [
        "logon", "deck", "deck", "cp", "enter", "logon", "cp"
    ]  # fmt: skip
    assert session.system.listings()["ANNA"].name == "echo"


def test_a_newer_format_is_refused_and_says_who_made_it(saved, tmp_path):
    newer = saved.replace(
        b'"edu-hv recording":1,"made by":"edu-hv 0.1.0"', b'"edu-hv recording":7,"made by":"edu-hv 3.1"'
    )
    assert refused(newer, tmp_path) == (
        "lab.rec is a recording of format 7, made by edu-hv 3.1; this is edu-hv 0.1.0, which reads format 1 and older "
        "ones: open it with a newer edu-hv"
    )


def test_an_older_format_is_upgraded_step_by_step(saved, tmp_path, monkeypatch):
    """As if format 0 had called the position otherwise."""
    older = [dict(each) for each in records_of(saved)]
    older[-1]["unit"] = older[-1].pop("position")
    monkeypatch.setattr(files, "FORMAT", 0)
    data = encoded(older)
    monkeypatch.setattr(files, "FORMAT", FORMAT)
    assert "names a format" in refused(data, tmp_path)
    monkeypatch.setitem(UPGRADES, 0, lambda records: [*records[:-1], {**records[-1], "position": records[-1]["unit"]}])
    assert outline(opened(data, tmp_path)) == outline(opened(saved, tmp_path))


# ---- other behaviour -------------------------------------------------------------------------------------------------


def test_a_recording_that_happens_otherwise_here_says_where_and_opens_partly(saved, tmp_path, monkeypatch):
    """The made-up other version had another state from the first input on."""
    changed = records_of(saved)
    main = next(each for each in changed if each["line"] == "branch" and each["name"] == "main")
    at = min(unit for unit, _ in main["inputs"])
    same = [each for each in main["digests"] if each[0] <= at]
    main["digests"] = [[*each[:2], each[2] if each in same else "0" * 16, each[3]] for each in main["digests"]]
    first_other = next(each for each in main["digests"] if each not in same)
    said = refused(encoded(changed), tmp_path)
    assert said == (
        f"lab.rec was made by edu-hv 0.1.0, as this is, but here something else happens behind step {same[-1][1]} of "
        f"branch main, found at step {first_other[1]}: the state is another one; open lab.rec partly opens what is the "
        "same"
    )
    part = opened(encoded(changed), tmp_path, partly=True)
    part.switch_branch("main")
    assert part.recording.end == same[-1][0]
    assert (part.file, "as far as it is the same" in part.stop_reason) == (None, False)


def test_a_digest_of_what_this_program_keeps_inside_counts_only_in_the_version_that_made_it(saved, tmp_path):
    changed = records_of(saved)
    for each in changed:
        if each["line"] == "branch":
            each["digests"] = [[*digest[:3], "0" * 16] for digest in each["digests"]]
    assert "from step 0 on" in refused(encoded(changed), tmp_path)
    assert outline(_by_another_version(changed, tmp_path)) == outline(opened(saved, tmp_path))


def _by_another_version(records: list[dict[str, object]], folder: Path) -> DebugSession:
    before, files.MADE_BY = files.MADE_BY, "edu-hv 0.0.5"
    try:
        data = encoded(records)
    finally:
        files.MADE_BY = before
    return opened(data, folder)


def test_a_program_of_the_catalog_that_has_changed_is_not_played(tmp_path):
    session = DebugSession()
    session.load(["hello"])
    changed = records_of(recorded(session))
    changed[0]["digest"] = "0" * 16
    assert "with another version of the program hello: from step 0 on" in refused(encoded(changed), tmp_path)
    changed[0]["catalog"] = "goodbye"
    assert "needs the program goodbye, which this edu-hv has not" in refused(encoded(changed), tmp_path)


# ---- damage ----------------------------------------------------------------------------------------------------------


def test_every_byte_that_is_changed_is_noticed_with_its_line(saved):
    """Every position of the file, each with another byte: one that no text has, or a digit for a digit."""
    starts = [match.end() for match in re.finditer(b"\n", saved)]
    for at in range(len(saved)):
        other = b"1" if saved[at : at + 1] == b"0" else b"0" if saved[at : at + 1].isdigit() else b"\x01"
        said = _said(saved[:at] + other + saved[at + 1 :])
        line = sum(start <= at for start in starts) + 1
        assert re.search(
            rf"line ({line}|{line + 1})\b|is not a recording|is a recording of format|ends (after|within)", said
        ), (at, said)


def _said(data: bytes) -> str:
    """What is said of a file that cannot be read; "" for one that can."""
    try:
        read_session(data, "lab.rec")
    except UserError as error:
        return str(error)
    return ""


def test_every_place_at_which_a_file_can_be_cut_is_noticed(saved):
    whole = read_session(saved, "lab.rec")
    for at in range(len(saved)):
        said = _said(saved[:at])
        if at == len(saved) - 1:  # Only the last line end is missing: nothing is lost.
            assert read_session(saved[:at], "lab.rec").branches == whole.branches
        else:
            assert re.search(
                r"the file ends (after|within) line \d+ of \d+$|is not a recording|is damaged: line 1\b", said
            ), (at, said)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_bytes_and_lines_that_are_changed_lost_doubled_or_moved_are_noticed(saved, data):
    changed = bytearray(saved)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(changed)))
        length = data.draw(st.integers(0, 40))
        new = data.draw(st.binary(max_size=8) | st.sampled_from([bytes(changed[:at][-30:]), b"\n", b'","', b"{}"]))
        changed[at : at + length] = new
    same = bytes(changed).replace(b"\r\n", b"\n").rstrip(b"\n") == saved.rstrip(b"\n")
    assert same or _said(bytes(changed)) != ""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(lambda d: b"", "lab.rec is not a recording of edu-hv: save writes one", id="empty"),
        pytest.param(lambda d: ECHO.encode(), "is not a recording of edu-hv: save writes one", id="a program"),
        pytest.param(lambda d: b"\0" * 5000, "is not a recording of edu-hv: save writes one", id="zeros"),
        pytest.param(lambda d: _line(d, 4, lambda t: t.replace(b":", b";", 1)),
                     "line 4, column 8: expecting ':' delimiter", id="no JSON"),
        pytest.param(lambda d: _line(d, 4, lambda t: t.replace(b"0", b"3", 1)),
                     "line 4 has been changed or moved: its checksum does not fit", id="a digit"),
        pytest.param(lambda d: _line(d, 3, lambda t: b""), "line 3, column 1: expecting value", id="a line lost"),
        pytest.param(lambda d: d[: d.index(b'"line":"input"') + 5],
                     r"the file ends within line \d+ of \d+$", id="cut within a line"),
        pytest.param(lambda d: b"\n".join(d.split(b"\n")[:4]) + b"\n",
                     r"the file ends after line 4 of \d+$", id="cut after a line"),
        pytest.param(lambda d: d + b"{}\n", r"line \d+ stands behind the end, which is line \d+", id="more"),
        pytest.param(lambda d: _line(d, 3, lambda t: t[:9] + b"\xff" + t[10:]),
                     "line 3, column 10: a byte X'FF' in text", id="a byte"),
    ],
)  # fmt: skip
def test_a_damaged_file_is_refused_with_the_place_of_the_damage(saved, tmp_path, change, said):
    assert re.search(said, refused(change(saved), tmp_path))


def _line(data: bytes, number: int, change) -> bytes:
    found = data.split(b"\n")
    found[number - 1] = change(found[number - 1])
    return b"\n".join(found)


def test_a_file_that_a_mail_program_gave_other_line_ends_still_opens(saved, tmp_path):
    assert outline(opened(saved.replace(b"\n", b"\r\n"), tmp_path)) == outline(opened(saved, tmp_path))


# ---- files that somebody made with right checksums -------------------------------------------------------------------

BOMB = b64encode(compress(b"\0" * 10_000_000)).decode()
DEEP = b"[" * 100_000


def _with(which: str, **values: object):
    """A change of the first record of that kind."""

    def change(records: list[dict[str, object]]) -> None:
        next(each for each in records if each["line"] == which).update(values)

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(_with("contents", data=BOMB), "does not unpack to the", id="bomb"),
        pytest.param(_with("contents", data=BOMB, length=1 << 40), '"length" is no number', id="bomb with its length"),
        pytest.param(_with("contents", data="%%"), "cannot be unpacked", id="no base 64"),
        pytest.param(_with("contents", data=b64encode(b"abc").decode()), "cannot be unpacked", id="not compressed"),
        pytest.param(_with("branch", end=10**17), '"end" is no number from 0 to 1,000,000,000', id="endless"),
        pytest.param(_with("branch", end=-1), '"end" is no number', id="negative"),
        pytest.param(_with("branch", inputs=[[5, 0], [5, 0]]), '"inputs" are no positions in order', id="order"),
        pytest.param(_with("branch", inputs=[[5, 99]]), '"inputs" are no positions in order', id="no such input"),
        pytest.param(_with("branch", marks={"m": 10**8}), '"marks" has a position behind the end', id="mark"),
        pytest.param(_with("branch", digests=[]), '"digests" are not in order', id="nothing to compare"),
        pytest.param(_with("input", kind="exec"), '"exec" is no kind of input', id="kind"),
        pytest.param(_with("input", kind="cp", text="x" * 20_000), '"text" is no text of at most', id="long"),
        pytest.param(_with("made", how="import os"), '"import os" is no way to make a system', id="made"),
        pytest.param(_with("made", program=9), '"program" is no number from 0 to 0', id="program"),
        pytest.param(_with("stop", lines=["export /tmp/x.txt"]), "is nothing that a recording may bring", id="stop"),
        pytest.param(_with("stop", lines=["break AGAIN", 'commands last "load bare hello"']),
                     "is nothing that a recording may bring along", id="commands"),
        pytest.param(_with("stop", lines=["break AGAIN", 'commands last "save x" "open y"']),
                     "is nothing that a recording may bring along", id="files"),
        pytest.param(_with("here", branch="nowhere"), "there is no such branch", id="branch"),
        pytest.param(_with("here", line="there"), '"there" is no line that can stand here', id="line"),
        pytest.param(lambda records: records.append(records[-1]), '"here" is no line that can stand here', id="twice"),
        pytest.param(lambda records: records.pop(), "does not say where the session stood", id="no end"),
    ],
)  # fmt: skip
def test_a_hostile_file_is_refused_before_anything_is_executed(saved, tmp_path, monkeypatch, change, said):
    records = records_of(saved)
    change(records)
    monkeypatch.setattr(opening, "Rebuilding", None)
    assert re.search(re.escape(said), refused(encoded(records), tmp_path))


def test_a_line_with_brackets_within_brackets_does_not_end_the_program(saved, tmp_path):
    found = saved.split(b"\n")
    found[2] = b'{"line":' + DEEP
    assert "line 3" in refused(b"\n".join(found), tmp_path)


def test_an_input_that_cannot_be_given_is_named(saved, tmp_path):
    records = records_of(saved)
    _with("input", kind="logon")(records)
    assert "cannot be given: this is the bare machine" in refused(encoded(records), tmp_path)
    _with("input", kind="failure", text="everything")(records)
    assert 'cannot be given: "everything" is nothing that can fail' in refused(encoded(records), tmp_path)


def test_the_first_lines_of_a_file_say_what_it_is(saved):
    head, first = (json.loads(line) for line in saved.split(b"\n")[:2])
    assert list(head) == ["edu-hv recording", "made by", "lines", "sum"]
    assert first["line"] == "contents"
