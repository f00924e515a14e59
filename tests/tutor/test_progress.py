"""The record of a student: kept across restarts, repaired when damaged, never lost."""

import pytest

from edu_hv.tutor.progress import FILE, Progress


def test_progress_survives_a_restart(tmp_path):
    progress = Progress.open(tmp_path)
    progress.opened("first")
    progress.goal_reached("first", "a")
    progress.goal_reached("first", "a")
    progress.note("hint", "first", "b", rung=1)
    again = Progress.open(tmp_path)
    assert again.reached == {"first": ["a"]}
    assert again.current == "first"
    assert again.take_notices() == []
    assert (tmp_path / FILE).read_text().count('"reached"') == 1


def test_goals_can_be_forgotten_and_the_record_stays(tmp_path):
    progress = Progress.open(tmp_path)
    progress.goal_reached("first", "a")
    progress.forgotten("first")
    assert Progress.open(tmp_path).reached == {}
    assert '"reached"' in (tmp_path / FILE).read_text()


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(b'{"event": "reached", "les', id="cut-short"),
        pytest.param(b"\xff\xfe\x00garbage\n", id="not-text"),
        pytest.param(b"[1, 2]\n", id="not-an-event"),
        pytest.param(b'{"event": "reached", "lesson": "first"}\n', id="no-goal"),
        pytest.param(b'{"event": 5, "lesson": "first"}\n', id="wrong-type"),
    ],
)
def test_a_damaged_file_is_set_aside_and_what_can_be_read_stays(tmp_path, damage):
    Progress.open(tmp_path).goal_reached("first", "a")
    file = tmp_path / FILE
    whole = file.read_bytes() + damage
    file.write_bytes(whole)
    progress = Progress.open(tmp_path)
    aside = tmp_path / (FILE + ".damaged")
    assert progress.reached == {"first": ["a"]}
    assert progress.take_notices() == [
        f"The progress file was damaged; it was set aside as {aside}, and what could be read of it (1 line) is kept."
    ]
    assert aside.read_bytes() == whole
    progress.goal_reached("first", "b")
    assert Progress.open(tmp_path).reached == {"first": ["a", "b"]}


def test_a_second_damage_does_not_overwrite_the_first(tmp_path):
    for text in (b"one", b"two"):
        (tmp_path / FILE).write_bytes(text)
        Progress.open(tmp_path)
    asides = sorted(tmp_path.glob(FILE + ".damaged*"))
    assert [path.read_bytes() for path in asides] == [b"one", b"two"]


def test_a_place_that_cannot_be_written_is_told_once_and_lessons_go_on(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a directory")
    progress = Progress.open(blocked)
    progress.goal_reached("first", "a")
    progress.goal_reached("first", "b")
    (notice,) = progress.take_notices()
    assert notice.startswith("Progress cannot be ")
    assert progress.reached == {"first": ["a", "b"]}
