"""The examples for teachers do what they say."""

import json
import sys
from collections import Counter
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

import pytest

from edu_hv.debugger import DebugSession, UserError

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
LESSON = Path(__file__).parents[2] / "lessons" / "01-meet-the-machine"


@pytest.fixture(scope="module")
def plots() -> SimpleNamespace:
    return SimpleNamespace(**run_path(str(EXAMPLES / "traps_by_rule.py")))


@pytest.fixture(scope="module")
def grading() -> SimpleNamespace:
    return SimpleNamespace(**run_path(str(EXAMPLES / "grade.py")))


@pytest.fixture(scope="module")
def counts(plots) -> dict[str, Counter[str]]:
    return plots.counted("kernel")


# ---- traps by rule ---------------------------------------------------------------------------------------------------


def test_every_trap_of_the_run_is_counted_under_one_rule(plots, counts):
    for name, assist in ((plots.WITHOUT, False), (plots.WITH, True)):
        session = DebugSession()
        session.load_cp("kernel", assist=assist)
        session.run()
        assert counts[name].total() == len(session.traps())
        fired = session.rules_fired()
        assert {rule: fired[rule] for rule in counts[name]} == counts[name]


def test_heights_of_the_bars_are_the_counters(plots, counts):
    pytest.importorskip("matplotlib")
    (axes,) = plots.figure("kernel", counts).axes
    rules = [label.get_text() for label in axes.get_xticklabels()]
    drawn = {
        bars.get_label(): {rule: bar.get_height() for rule, bar in zip(rules, bars, strict=True) if bar.get_height()}
        for bars in axes.containers
    }
    assert drawn == {f"{name}: {times.total()} traps": dict(times) for name, times in counts.items()}
    assert rules[0] == "PRV-2"


@pytest.mark.parametrize(
    ("name", "begins"), [("traps.png", b"\x89PNG"), ("traps.svg", b"<?xml"), ("traps.pdf", b"%PDF")]
)
def test_picture_is_written_in_the_format_its_name_ends_in_and_is_the_same_each_time(
    plots, counts, tmp_path, name, begins
):
    pytest.importorskip("matplotlib")
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        plots.save(plots.figure("kernel", counts), tmp_path / folder / name)
    assert (tmp_path / "a" / name).read_bytes().startswith(begins)
    assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_without_matplotlib_one_sentence_says_how_to_get_it(plots, counts, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(UserError, match=r'^this picture needs matplotlib; pip install "edu-hv\[plots\]" brings it$'):
        plots.figure("kernel", counts)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param(["kernel", "--to", "traps.gif"], "traps.gif has to end in .png, .svg or .pdf", id="format"),
        pytest.param(["nothing"], "no guest is called nothing", id="program"),
    ],
)
def test_wrong_operands_are_answered_with_a_sentence(plots, capsys, arguments, sentence):
    with pytest.raises(SystemExit) as ended:
        plots.main(arguments)
    assert ended.value.code
    assert sentence in capsys.readouterr().err


# ---- grading ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def answers(tmp_path_factory) -> Path:
    """Three students' programs, one of which does not assemble, and two recordings that were saved half-way."""
    directory = tmp_path_factory.mktemp("answers")
    (directory / "anna.asm").write_text((LESSON / "solution.asm").read_text())
    (directory / "bert.asm").write_text((LESSON / "start.asm").read_text())
    (directory / "carl.asm").write_text("         MVZZ  A,B\n         END\n")
    for name, source in (("dora.rec", "solution.asm"), ("emil.rec", "start.asm")):
        session = DebugSession()
        session.load_bare(LESSON / source)
        session.until("LOOP")
        session.save(directory / name)
    (directory / "fritz.asm").write_text(
        "A        START X'1000'\nB        BALR  12,0\n         USING *,12\nC        B     C\n"
    )
    return directory


def test_programs_and_recordings_are_graded_against_a_goal(grading, answers):
    found = {one.name: (one.right, one.remark) for one in grading.grades(answers, grading.sum_of_table, steps=5_000)}
    assert {name: right for name, (right, _) in found.items() if right} == {"anna.asm": True, "dora.rec": True}
    assert {name: remark for name, (right, remark) in found.items() if not right} == {
        "bert.asm": "SUM is 100, not 150",
        "carl.asm": 'carl.asm:1:10: unknown operation "MVZZ"; did you mean MVZ?',
        "emil.rec": "SUM is 100, not 150",
        "fritz.asm": "it has not come to an end within 5,000 steps",
    }


def test_goal_may_be_a_file_of_python(grading, answers, tmp_path, capsys):
    goal = tmp_path / "goal.py"
    goal.write_text("def goal(session):\n    assert session.guest_gr(4) == 0, 'the loop is not done'\n")
    with pytest.raises(SystemExit) as ended:
        grading.main([str(answers), "--goal", str(goal), "--steps", "5000"])
    assert ended.value.code == 1
    assert capsys.readouterr().out.splitlines()[-1] == "4 of 6 are right"


# ---- the notebook ----------------------------------------------------------------------------------------------------


def test_notebook_runs_from_above_and_keeps_no_results(monkeypatch, plots, counts):
    matplotlib = pytest.importorskip("matplotlib")
    monkeypatch.setitem(matplotlib.rcParams, "backend", "Agg")
    cells = json.loads((EXAMPLES / "traps.ipynb").read_text(encoding="utf-8"))["cells"]
    names: dict[str, object] = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            exec("".join(cell["source"]), names)
    assert (names["without"], names["with_assist"]) == (counts[plots.WITHOUT], counts[plots.WITH])
