"""Lesson folders: found in order, and each missing or malformed part named."""

import shutil

import pytest

from edu_hv.isa.errors import UserError
from edu_hv.tutor import library
from edu_hv.tutor.library import Library, lessons_directory

FOLDER = "07-sample"
PARTS = {
    "lesson.md": "# Sample\n\nText.\n",
    "lesson.toml": """\
format = 1
title = "Sample"
minutes = 5
learned = "that is why"
program = "start.asm"
mode = "bare"
sources = ["a manual"]
[[goal]]
id = "guess"
kind = "predict"
text = "Guess."
hints = ["one", "two", "three"]
[[goal]]
id = "write"
kind = "modify"
text = "Write."
hints = ["one", "two", "three"]
""",
    "check.py": """\
from edu_hv.tutor.checks import Goal, predicted, reached, register
GOALS = [
    Goal("guess", predicted(register(1), when=reached("A"), until=reached("B"), words=("1", "2"))),
    Goal("write", register(1) == 2),
]
""",
    "solution.cmd": "step\n",
    "start.asm": " START 0\n",
    "solution.asm": " START 0\n",
}


@pytest.fixture
def lessons(tmp_path):
    folder = tmp_path / FOLDER
    folder.mkdir()
    for part, text in PARTS.items():
        (folder / part).write_text(text)
    return tmp_path


def complaint(lessons) -> str:
    with pytest.raises(UserError) as raised:
        Library.open(lessons).find("7").read()
    return str(raised.value)


def test_a_whole_folder_is_read(lessons):
    lesson = Library.open(lessons).find("sample").read()
    assert (lesson.number, lesson.name, lesson.title, lesson.minutes) == (7, "sample", "Sample", 5)
    assert [goal.id for goal in lesson.goals] == ["guess", "write"]
    assert lesson.solution == ("step",)


@pytest.mark.parametrize("part", PARTS)
def test_a_missing_part_is_named(lessons, part):
    (lessons / FOLDER / part).unlink()
    assert complaint(lessons).startswith(f"lesson {FOLDER}: {part} is missing; expected ")


@pytest.mark.parametrize("part", PARTS)
def test_an_empty_part_is_named(lessons, part):
    (lessons / FOLDER / part).write_text("\n")
    assert complaint(lessons).startswith(f"lesson {FOLDER}: {part} is empty; expected ")


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_is_not_text_is_named(lessons, part):
    (lessons / FOLDER / part).write_bytes(b"\xff\xfe\xff")
    assert complaint(lessons).startswith(f"lesson {FOLDER}: {part} cannot be read (")


@pytest.mark.parametrize(
    ("part", "old", "new", "says"),
    [
        pytest.param("lesson.toml", "format = 1", "format = ", "lesson.toml is not TOML", id="toml"),
        pytest.param("lesson.toml", "format = 1", "format = 2", "has format 2; expected format = 1", id="format"),
        pytest.param("lesson.toml", 'title = "Sample"', "", "has no title", id="title"),
        pytest.param("lesson.toml", "minutes = 5", 'minutes = "5"', "has no minutes", id="minutes"),
        pytest.param("lesson.toml", 'learned = "that is why"', "", "has no learned", id="learned"),
        pytest.param("lesson.toml", 'mode = "bare"', 'mode = "x"', 'has mode "x"; expected "bare" or "cp"', id="mode"),
        pytest.param("lesson.toml", 'program = "start.asm"', 'program = "go.asm"', "go.asm is missing", id="program"),
        pytest.param("lesson.toml", 'program = "start.asm"', 'program = "kernel"', 'program "kernel"', id="no-code"),
        pytest.param("lesson.toml", '["a manual"]', "[5]", "something else than text in sources", id="sources"),
        pytest.param("lesson.toml", '"modify"', '"paint"', 'has kind "paint" in goal write', id="kind"),
        pytest.param("lesson.toml", '"modify"', '"predict"', "expected predict for predicted", id="predict-kind"),
        pytest.param("lesson.toml", '"two", "three"', '"two"', "has 2 different hints in goal guess", id="two-hints"),
        pytest.param("lesson.toml", '"two", "three"', '"two", "two"', "has 2 different hints", id="same-hints"),
        pytest.param("lesson.toml", '"two", "three"', '"two", " "', "something else than text", id="empty-hint"),
        pytest.param("lesson.toml", 'text = "Guess."', "", "has no text in goal guess", id="goal-text"),
        pytest.param("lesson.toml", 'id = "write"', 'id = "right"', "check.py has the goals guess, write", id="ids"),
        pytest.param("check.py", "GOALS = [", "GOALS = (", "check.py is not Python (line", id="syntax"),
        pytest.param("check.py", "GOALS =", "goals =", "check.py has no list GOALS", id="no-goals"),
        pytest.param("check.py", "GOALS = [", "GOALS = [1,", "check.py has no list GOALS", id="wrong-goals"),
        pytest.param("check.py", "GOALS =", "X = 1 // 0\nGOALS =", "check.py fails (ZeroDivisionError", id="fails"),
        pytest.param("check.py", "GOALS =", "import os\nGOALS =", "check.py imports os in line 2", id="import"),
        pytest.param("check.py", "GOALS =", "from os import x\nGOALS =", "imports os in line 2", id="import-from"),
        pytest.param("check.py", "GOALS =", "open('x')\nGOALS =", "check.py uses open in line 2", id="open"),
        pytest.param("check.py", "GOALS =", "().__class__\nGOALS =", "uses __class__ in line 2", id="insides"),
        pytest.param("solution.cmd", "step", "# step", "solution.cmd holds only comments", id="solution"),
    ],
)
def test_a_malformed_part_is_named(lessons, part, old, new, says):
    file = lessons / FOLDER / part
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    sentence = complaint(lessons)
    assert sentence.startswith(f"lesson {FOLDER}: ")
    assert says in sentence
    assert "expected" in sentence


def test_a_lesson_without_a_prediction_says_why(lessons):
    file = lessons / FOLDER / "lesson.toml"
    file.write_text(file.read_text().replace('"predict"', '"run"'))
    check = lessons / FOLDER / "check.py"
    check.write_text(
        "from edu_hv.tutor.checks import Goal, reached\n"
        "GOALS = [Goal('guess', reached(1)), Goal('write', reached(2))]\n"
    )
    assert "has no goal of kind predict" in complaint(lessons)
    file.write_text('no_prediction = "the sample predicts nothing"\n' + file.read_text())
    assert Library.open(lessons).find("7").read().title == "Sample"


def test_other_lessons_are_not_affected(lessons):
    shutil.copytree(lessons / FOLDER, lessons / "08-other")
    (lessons / FOLDER / "lesson.md").unlink()
    assert Library.open(lessons).find("8").read().name == "other"


def test_reading_leaves_nothing_behind(lessons):
    Library.open(lessons).find("7").read()
    assert sorted(path.name for path in (lessons / FOLDER).iterdir()) == sorted(PARTS)


def test_folders_that_are_no_lessons_are_left_alone(lessons):
    (lessons / "notes").mkdir()
    assert [entry.folder.name for entry in Library.open(lessons).entries] == [FOLDER]


def test_a_directory_without_lessons_is_said(tmp_path):
    with pytest.raises(UserError, match=r"no lessons in .*; expected folders named like 01-meet-the-machine"):
        Library.open(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("word", "says"),
    [
        pytest.param("9", 'there is no lesson "9"; there are 7, 8; lessons shows their titles', id="number"),
        pytest.param("sa", '"sa" could be 07-sample, 08-salt', id="ambiguous"),
    ],
)
def test_a_lesson_that_is_not_there(lessons, word, says):
    shutil.copytree(lessons / FOLDER, lessons / "08-salt")
    with pytest.raises(UserError) as raised:
        Library.open(lessons).find(word)
    assert str(raised.value) == says


def test_installed_lessons_come_before_the_checkouts(tmp_path, monkeypatch):
    package = tmp_path / "edu_hv"
    monkeypatch.setattr(library, "__file__", str(package / "tutor" / "library.py"))
    assert lessons_directory() == tmp_path / "lessons"
    (package / "_lessons").mkdir(parents=True)
    assert lessons_directory() == package / "_lessons"


def test_our_lessons_are_numbered_without_gaps():
    numbers = [entry.number for entry in Library.open(lessons_directory()).entries]
    assert numbers == list(range(1, len(numbers) + 1))
