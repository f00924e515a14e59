"""Every lesson: the start fails its check, the solution passes it, and its text says what is so."""

import re
import textwrap
from pathlib import Path

import pytest

from edu_hv.debugger.commands.registry import REGISTRY
from edu_hv.tutor.checks import Prediction
from edu_hv.tutor.library import Library, lessons_directory
from edu_hv.tutor.page import page_lines
from edu_hv.tutor.workbench import Workbench

LESSONS = Library.open(lessons_directory()).entries
FACT = re.compile(r"#: *(?P<what>[^=]+?) *= *(?P<value>.+?) *")
NUMBER = re.compile(r"\b[0-9A-F]{6,8}\b")

WRITING = [entry for entry in LESSONS if (entry.folder / "solution.asm").exists()]
each_lesson = pytest.mark.parametrize("entry", LESSONS, ids=lambda entry: entry.folder.name)

each_lesson_that_writes_code = pytest.mark.parametrize("entry", WRITING, ids=lambda entry: entry.folder.name)


def shown(session, what: str) -> str:
    """The value that a line `#: WHAT = VALUE` of solution.cmd speaks of, as the screen shows it."""

    def address(word: str) -> int:
        base, _, offset = word.partition("+")
        return int(base, 16) if base.isdigit() else session.address_of(base) + int(offset or 0)

    def words(data: bytes) -> str:
        return " ".join(data[n : n + 4].hex().upper() for n in range(0, len(data), 4))

    kind, *rest = what.split()
    match kind, rest:
        case "register", [number]:
            return f"{session.guest_gr(int(number)):08X}"
        case "word", [place]:
            return words(session.guest_storage(address(place), 4))
        case "storage", [place, length]:
            return words(session.guest_storage(address(place), int(length)))
        case "address", [label]:
            return f"{session.address_of(label):06X}"
        case "psw", ["address"]:
            return f"{session.guest_psw().instruction_address:06X}"
        case "cc", []:
            return str(session.guest_psw().cc)
        case "step", []:
            return str(session.step_number)
        case "guest", ["mask"]:
            return f"{session.guest_psw().system_mask:02X}"
        case "real", ["mask"]:
            return f"{session.real_psw().system_mask:02X}"
        case "real", ["psw", "address"]:
            return f"{session.real_psw().instruction_address:08X}"
        case "guest", ["psw"]:
            return str(session.guest_psw())
        case "real", ["psw"]:
            return str(session.real_psw())
        case "console", [number]:
            return session.console().lines[int(number) - 1]
        case _:
            raise AssertionError(f"no such fact: {what}")


def follow(workbench: Workbench, folder: Path) -> list[tuple[str, str, str]]:
    """Run solution.cmd through the registry; the facts that stand between its commands, as (what, said, shown)."""
    facts = []
    for line in (folder / "solution.cmd").read_text().splitlines():
        fact = FACT.fullmatch(line)
        if fact:
            facts.append((fact["what"], fact["value"], shown(workbench.session, fact["what"])))
        elif line.strip() and not line.startswith("#"):
            workbench.execute(line)
    return facts


def commands_named(text: str) -> set[str]:
    """First words of what stands between backquotes and looks like a command line, or follows the word type."""
    quoted = re.findall(r"`([a-z]{2,})(?: [^`]*)?`", text)
    return {*quoted, *re.findall(r"\b[Tt]ype ([a-z]{2,})", text)}


def all_texts(entry) -> str:
    return "\n".join((entry.folder / part).read_text() for part in ("lesson.md", "lesson.toml"))


@each_lesson
def test_start_fails_and_no_goal_holds_at_step_0(entry, tmp_path):
    workbench = Workbench.open(entry.name, tmp_path)
    workbench.execute("check")
    assert [goal.number for goal in workbench.lesson_view().goals if goal.done] == []


@each_lesson
def test_every_open_goal_says_what_was_seen_and_expected_and_where_to_look(entry, tmp_path):
    workbench = Workbench.open(entry.name, tmp_path)
    for goal in workbench.lesson.checked(workbench.session):
        assert "" not in (goal.seen, goal.expected, goal.look)


@each_lesson
def test_solution_passes(entry, tmp_path):
    workbench = Workbench.open(entry.name, tmp_path)
    follow(workbench, entry.folder)
    assert [goal.text for goal in workbench.lesson_view().goals if not goal.done] == []
    assert workbench.lesson_view().done


@each_lesson
def test_each_command_reaches_one_goal_at_most_and_in_the_order_of_the_page(entry, tmp_path):
    """The page turns with each goal: what stands about the next one has to be read first."""
    workbench = Workbench.open(entry.name, tmp_path)
    order: list[int] = []
    for line in entry.read().solution:
        workbench.execute(line)
        new = [goal.number for goal in workbench.lesson_view().goals if goal.done and goal.number not in order]
        assert len(new) <= 1, line
        order += new
    assert order == sorted(order)


@each_lesson
def test_each_goal_has_its_paragraph_in_order(entry):
    numbers = re.findall(r"^\*\*(\d+)\.\*\*", (entry.folder / "lesson.md").read_text(), re.MULTILINE)
    assert [int(number) for number in numbers] == list(range(1, len(entry.read().goals) + 1))


@each_lesson
def test_what_is_said_of_a_prediction_fits_into_two_rows_of_78_columns(entry):
    for goal in entry.read().goals:
        if isinstance(goal.check, Prediction):
            for word in goal.check.words:
                said = f"Goal 2 reached: NOT SO. You said {word}, the machine shows 00000000. {goal.check.remark(word)}"
                assert len(textwrap.wrap(said, 78)) <= 2


@each_lesson
def test_solution_is_needed_to_its_last_command_that_moves(entry, tmp_path):
    workbench = Workbench.open(entry.name, tmp_path)
    *before, _ = entry.read().solution
    for line in before:
        workbench.execute(line)
    assert not workbench.lesson_view().done


@each_lesson_that_writes_code
def test_solution_commands_make_the_solution_program(entry, tmp_path):
    solution = entry.folder / "solution.asm"
    workbench = Workbench.open(entry.name, tmp_path)
    follow(workbench, entry.folder)
    assert workbench.copy().text() == solution.read_text()


@each_lesson_that_writes_code
def test_the_solution_program_alone_reaches_the_goals_that_write_code(entry, tmp_path):
    solution = entry.folder / "solution.asm"
    workbench = Workbench.open(entry.name, tmp_path)
    workbench.execute("edit")
    workbench.copy().path.write_text(solution.read_text())
    workbench.execute("reload")
    workbench.execute("run")
    written = [goal.id for goal in entry.read().goals if goal.kind in ("modify", "make")]
    assert written
    assert set(written) <= workbench.lesson.done


@each_lesson
def test_the_start_program_alone_does_not_reach_them(entry, tmp_path):
    workbench = Workbench.open(entry.name, tmp_path)
    workbench.execute("run")
    written = {goal.id for goal in entry.read().goals if goal.kind in ("modify", "make")}
    assert not written & workbench.lesson.done


@each_lesson
def test_what_the_text_says_is_what_the_machine_shows(entry, tmp_path):
    facts = follow(Workbench.open(entry.name, tmp_path), entry.folder)
    assert [(what, seen) for what, _, seen in facts] == [(what, said) for what, said, _ in facts]


@each_lesson
def test_every_value_in_the_text_is_asserted(entry, tmp_path):
    facts = follow(Workbench.open(entry.name, tmp_path), entry.folder)
    asserted = {int(number, 16) for _, said, _ in facts for number in NUMBER.findall(said)}
    text = (entry.folder / "lesson.md").read_text()
    assert [number for number in NUMBER.findall(text) if int(number, 16) not in asserted] == []


@each_lesson
def test_every_fact_stands_in_the_text(entry):
    text = " ".join(page_lines((entry.folder / "lesson.md").read_text(), 1000))
    said = [
        fact["value"]
        for line in (entry.folder / "solution.cmd").read_text().splitlines()
        if (fact := FACT.fullmatch(line))
    ]
    assert [value for value in said if value not in text] == []


@each_lesson
def test_text_is_narrow_and_can_be_laid_out_for_a_pane(entry):
    text = (entry.folder / "lesson.md").read_text()
    assert [line for line in text.splitlines() if len(line) > 76] == []
    assert [line for line in page_lines(text, 34) if len(line) > 34] == []


@each_lesson
def test_every_command_named_exists(entry):
    names = {word for command in REGISTRY.commands.values() for word in (command.name, *command.aliases)}
    assert commands_named(all_texts(entry)) - names == set()


@each_lesson
def test_every_key_named_runs_the_command_it_stands_beside(entry):
    pairs = re.findall(r"`([a-z]{2,})[^`]*`\s+\((?:in\s+the\s+screen:\s+)?the\s+key\s+`(.)`\)", all_texts(entry))
    assert pairs
    assert [pair for pair in pairs if pair[1] not in REGISTRY.find(pair[0]).keys] == []


@each_lesson
def test_every_command_of_the_solution_is_explained_in_the_text_or_the_hints(entry):
    lesson = entry.read()
    assert {line.split()[0] for line in lesson.solution} - commands_named(all_texts(entry)) == set()
    assert all(goal.hints[-1] for goal in lesson.goals)
