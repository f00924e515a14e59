"""A fake workbench behind `edu-hv`, in a home directory of its own."""

import io
import sys

import pytest

from edu_hv.repl import runner, serve  # noqa: F401  their commands are in the registry before a test lists it
from edu_hv.tutor.workbench import Workbench
from tests.repl.fake import FakeWorkbench


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Nothing of the person who runs the tests is read or written."""
    for name, folder in {"HOME": "", "XDG_STATE_HOME": "state", "XDG_DATA_HOME": "data", "XDG_CACHE_HOME": "c"}.items():
        monkeypatch.setenv(name, str(tmp_path / folder))
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    return tmp_path


@pytest.fixture
def workbench(monkeypatch):
    """The workbench that `edu-hv` will open."""
    fake = FakeWorkbench()
    monkeypatch.setattr(Workbench, "open", lambda lesson=None, progress_directory=None: fake)
    return fake


@pytest.fixture
def piped(monkeypatch):
    """Make standard input a pipe with this text in it."""

    def put(text: str | bytes) -> None:
        data = text if isinstance(text, bytes) else text.encode()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))

    return put
