"""What the documents show is what happens; and what plays their transcripts finds what does not."""

import pytest

from tools.transcripts import (
    LOADS,
    ROOT,
    Difference,
    Exchange,
    agrees,
    blocks,
    bring_up_to_date,
    cut_as,
    differences,
    documents,
    files,
    groups,
    main,
    stale,
)


def _lines(path):
    return path.read_text(encoding="utf-8").splitlines()


GROUPS = [
    pytest.param(group, files(_lines(path)), id=f"{path.name}-{group[0].at}-{group[0].command}")
    for path in documents()
    for group in groups(_lines(path))
]


@pytest.mark.parametrize(("group", "shown"), GROUPS)
def test_every_transcript_of_the_documents_is_what_is_shown_now(group, shown):
    assert [(each.exchange.command, list(each.found)) for each in differences(group, shown)] == []


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_transcripts_need_nothing_that_was_there_before(path):
    assert blocks(_lines(path))[0][0].command.startswith(LOADS)


@pytest.mark.parametrize("name", ["CP.md", "DEBUGGER.md"])
def test_documents_with_transcripts_are_found(name):
    assert ROOT / "docs" / name in documents()


# ---- what plays them -------------------------------------------------------------------------------------------------

PAGE = """\
In `lab.cmd`:

```
load bare hello
```

```text
cp> no transcript
```

```
cp> load bare hello
step 0, nothing
cp> nosuch
...
cp> source lab.cmd
...
```
"""


@pytest.fixture
def page(tmp_path):
    """A document with a wrong answer."""
    path = tmp_path / "page.md"
    path.write_text(PAGE)
    return path


def test_a_wrong_answer_is_found(page):
    assert [each.exchange.command for each in stale(page)] == ["load bare hello"]


def test_check_names_the_wrong_answer_and_writes_nothing(page, capsys):
    assert main(["--check", str(page)]) == 1
    assert capsys.readouterr().out.endswith("page.md:12: load bare hello\n")
    assert page.read_text() == PAGE


def test_a_document_that_was_brought_up_to_date_has_no_wrong_answer(page):
    assert main([str(page)]) == 0
    assert main(["--check", str(page)]) == 0
    assert page.read_text() != PAGE
    assert "step 0, nothing" not in page.read_text()
    assert page.read_text().count("...") == PAGE.count("...")


@pytest.mark.parametrize(
    ("answer", "agree"),
    [
        pytest.param("a b c d", True, id="the-same"),
        pytest.param("a b c", False, id="a-line-is-missing"),
        pytest.param("a b c x", False, id="another-line"),
        pytest.param("... c d", True, id="end"),
        pytest.param("a ...", True, id="beginning"),
        pytest.param("a ... d", True, id="both-ends"),
        pytest.param("... b ...", True, id="middle"),
        pytest.param("a ... c ...", True, id="two-cuts"),
        pytest.param("a b ... c d", False, id="nothing-is-left-out"),
        pytest.param("a b c d ...", False, id="nothing-is-left-out-at-the-end"),
        pytest.param("... x ...", False, id="not-there"),
        pytest.param("... c ... b ...", False, id="another-order"),
        pytest.param("...", True, id="everything"),
    ],
)
def test_three_dots_stand_for_one_or_more_lines(answer, agree):
    assert agrees(answer.split(), ["a", "b", "c", "d"]) is agree


@pytest.mark.parametrize(
    ("answer", "corrected"),
    [
        pytest.param("one two", "one too three four", id="no-cut"),
        pytest.param("one two ...", "one too ...", id="beginning"),
        pytest.param("... thre four", "... three four", id="end"),
        pytest.param("... thre ...", "... three ...", id="middle"),
        pytest.param("on ... fore", "one ... four", id="both-ends"),
    ],
)
def test_what_was_left_out_stays_left_out(answer, corrected):
    assert cut_as(answer.split(), ["one", "too", "three", "four"]) == corrected.split()


def test_dots_that_leave_nothing_out_go():
    assert Difference(Exchange("step", ("one", "..."), 0), ("one",)).corrected == ["one"]


def test_answers_are_put_in_where_they_belong(tmp_path):
    path = tmp_path / "page.md"
    path.write_text("```\ncp> load bare hello\nx\ny\n```\nbetween\n```\ncp> nosuch\nz\n```\nbelow\n")
    found = stale(path)
    bring_up_to_date(path, found)
    rest = path.read_text().split("```")
    assert (rest[2], rest[4]) == ("\nbetween\n", "\nbelow\n")
    assert [each.command for block in blocks(_lines(path)) for each in block] == ["load bare hello", "nosuch"]
