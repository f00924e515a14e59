"""What docs/PYTHON.md shows is what its examples print."""

import io
import re
from contextlib import redirect_stdout
from pathlib import Path
from typing import NamedTuple

from edu_hv.debugger import DebugSession

DOCUMENT = (Path(__file__).parents[2] / "docs" / "PYTHON.md").read_text(encoding="utf-8")
_EXAMPLE = re.compile(r"```python\n(.*?)```\n(?:\n```text\n(.*?)```\n)?", re.DOTALL)
_METHOD = re.compile(r"`(?:\w+\.)?([a-z]\w*)\(")


class Example(NamedTuple):
    code: str
    printed: str


def examples() -> list[Example]:
    """Each block of Python, and the text below it."""
    return [Example(found[1], found[2] or "") for found in _EXAMPLE.finditer(DOCUMENT)]


def test_every_example_of_the_document_prints_what_stands_below_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for example in examples():
        printed = io.StringIO()
        with redirect_stdout(printed):
            exec(compile(example.code, "docs/PYTHON.md", "exec"), names)
        assert printed.getvalue() == example.printed, example.code


def test_every_block_of_the_document_is_one_that_is_compared():
    assert DOCUMENT.count("```python\n") == len(examples())
    assert DOCUMENT.count("```text\n") == sum(bool(example.printed) for example in examples())


def test_every_method_that_the_document_names_is_one_of_the_session():
    named = {name for name in _METHOD.findall(re.sub("```.*?```", "", DOCUMENT, flags=re.DOTALL)) if name != "print"}
    assert named
    assert [name for name in sorted(named) if not hasattr(DebugSession, name) and name != "help"] == []
