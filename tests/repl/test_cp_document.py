"""What docs/CP.md shows is what happens."""

from pathlib import Path

import pytest

from edu_hv.debugger.session import DebugSession
from tests.repl.transcripts import PROMPT, blocks, commands, said

DOCUMENT = (Path(__file__).parents[2] / "docs" / "CP.md").read_text(encoding="utf-8")
LEFT_OUT = ["..."]


def _answers(lines: list[str]) -> list[list[str]]:
    """What the document has below each command of a block."""
    found: list[list[str]] = []
    for line in lines:
        if line.startswith(PROMPT):
            found.append([])
        else:
            found[-1].append(line)
    return found


def _sessions() -> list[list[list[str]]]:
    """The blocks, in groups that begin with loading something: each can be played by itself."""
    groups: list[list[list[str]]] = []
    for block in blocks(DOCUMENT):
        if commands(block)[0].startswith(("load", "attach")):
            groups.append([])
        groups[-1].append(block)
    return groups


def _expected(answer: list[str], found: list[str]) -> list[str]:
    """What the document has, with what it leaves out put in."""
    if answer[-1:] == LEFT_OUT:
        return [*answer[:-1], *found[len(answer) - 1 :]]
    if answer[:1] == LEFT_OUT:
        return [*found[: len(found) - len(answer) + 1], *answer[1:]]
    return answer


@pytest.mark.parametrize("group", _sessions(), ids=lambda group: commands(group[0])[0])
def test_every_transcript_of_the_document_is_what_is_shown_now(group, tmp_path, monkeypatch):
    (directory,) = [part for part in DOCUMENT.split("```") if part.startswith("\nDIRECTORY")]
    (tmp_path / "my.direct").write_text(directory.lstrip("\n"))
    monkeypatch.chdir(tmp_path)
    session = DebugSession()
    for block in group:
        for command, answer in zip(commands(block), _answers(block), strict=True):
            found = said(session, command)
            assert found == _expected(answer, found), command
