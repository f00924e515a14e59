"""The REPL on the real machine, as a script: lessons, a trap, both kinds of output, files that are no programs."""

import re
from pathlib import Path

import pytest

from edu_hv.repl.app import main

LESSONS = sorted((Path(__file__).parents[2] / "lessons").glob("*/solution.cmd"))


@pytest.fixture
def typed(capsys):
    """Run command lines; what was printed comes back."""

    def run(*lines: str) -> str:
        code = main(["repl", *(word for line in lines for word in ("-c", line))])
        out, err = capsys.readouterr()
        assert (code, err) == (0, "")
        return out

    return run


@pytest.mark.parametrize("commands", LESSONS, ids=lambda path: path.parent.name)
def test_every_lesson_can_be_done_here(commands, piped, capsys):
    number = int(commands.parent.name[:2])
    piped(commands.read_bytes())
    assert main(["repl", "--lesson", str(number)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert re.search(rf"Lesson {number}, .* is done", " ".join(out.split()))


def test_stepping_a_guest_over_its_first_ssm_shows_the_whole_trap(typed):
    """The real interruption with both PSWs, the rule that fired and the one that did not, both masks, the dispatch."""
    shown = typed("load cp kernel", "step", "step").splitlines()
    for pattern in (
        r"trap x-ray: KERNEL step \d+: program: privileged operation at 000206 SSM",
        r"  2 hardware  done     program interruption, code 0002, .*",
        r" +old PSW 070D0000 0000020A -> real 000028",
        r" +new PSW .* <- real 000068.*",
        r"  4 rule      done     PRV-2 fired: .*",
        r"  no   PRV-1: guest in virtual problem state\? it would: reflect.*",
        r"  yes  PRV-2: virtual supervisor state.*",
        r"  6 run       done     dispatch KERNEL at 00020A",
        r"mask     \*FE       07      differs: .*",
        r"next   > 00020A .*",
    ):
        assert [line for line in shown if re.fullmatch(pattern, line)] != [], pattern


@pytest.mark.parametrize(
    "there_and_back",
    [
        pytest.param(("step", "back"), id="step"),
        pytest.param(("stage 4", "back"), id="back-out-of-the-middle"),
        pytest.param(("stage 3", "unstage 3"), id="stages"),
        pytest.param(("trap", "step 2", "back 2"), id="two-traps"),
    ],
)
def test_going_back_undoes_exactly_that(typed, there_and_back):
    """From the first SSM over it and back: registers, PSW, storage and journal are what they were."""

    def looked(*before: str) -> str:
        shown = typed(*before, "registers", "psw", "storage 0 512", "log 9").removeprefix(typed(*before))
        return shown.replace("<", " ")  # what the last step read is not kept

    begin = ("load cp kernel", "step")
    assert looked(*begin, *there_and_back) == looked(*begin)


def test_stages_of_a_trap_are_shown_one_by_one(typed):
    stages = []
    for line in typed("load cp kernel", "step", *["stage"] * 6).splitlines():
        found = re.match(r"> (\d) (\w+) +now", line)
        stages += [found.groups()] if found else []
    assert stages == [("1", "guest"), ("2", "hardware"), ("3", "decode"), ("4", "rule"), ("5", "do")]


def test_a_guest_types_the_same_bare_and_under_cp_and_its_name_stands_before_it(typed):
    def typed_by(guest: str, where: str) -> list[str]:
        return [line for line in typed(f"load {where} hello", "run").splitlines() if line.startswith(f"{guest}|")]

    assert typed_by("bare", "bare") == ["bare| HELLO FROM A PROGRAM WITHOUT AN OPERATING SYSTEM"]
    assert typed_by("HELLO", "cp")[0] == "HELLO| HELLO FROM A PROGRAM WITHOUT AN OPERATING SYSTEM"


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        pytest.param("bad.asm", b" LX 1,2\n END\n", 'bad.asm:1:2: unknown operation "LX"', id="assembly"),
        pytest.param("not.asm", b"\xff\xfe", "is not text", id="no-text"),
        pytest.param("empty.deck", b"", "deck empty.deck is empty", id="empty-deck"),
        pytest.param("short.deck", b"abc", "short.deck is a text file; expected a deck: cards", id="short-deck"),
        pytest.param("my.txt", b"x", "no guest is called", id="no-program"),
    ],
)
@pytest.mark.parametrize("way", ["argument", "command"])
def test_file_that_is_no_program_is_said_with_where(tmp_path, capsys, name, content, sentence, way):
    path = tmp_path / name
    path.write_bytes(content)
    arguments = [str(path), "-c", "status"] if way == "argument" else ["-c", f'load bare "{path}"']
    assert main(["repl", *arguments]) == 1
    out, err = capsys.readouterr()
    assert sentence in err
    assert err.startswith("edu-hv: ")
    assert "Traceback" not in out + err


def test_completion_offers_live_labels_and_guests():
    from edu_hv.tutor.workbench import Workbench

    workbench = Workbench.open(lesson="1")
    assert [word.text for word in workbench.complete("until LO")] == ["LOOP"]
    assert [word.text for word in workbench.complete("load bare ker")] == ["kernel"]
