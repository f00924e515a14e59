"""The screen over the sample workbench, at any size."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.pilot import Pilot

from edu_hv_tui.app import EduHvApp
from edu_hv_tui.screens.main import MainScreen
from edu_hv_tui.widgets.rows import Rows
from tests.tui.samples import FakeWorkbench


def main_screen(pilot: Pilot) -> MainScreen:
    screen = pilot.app.screen
    assert isinstance(screen, MainScreen)
    return screen


def screen_text(pilot: Pilot) -> str:
    """What is on the screen, rows ended by blanks left out."""
    lines = pilot.app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in lines)


@asynccontextmanager
async def opened(workbench: object, size: tuple[int, int]) -> AsyncIterator[Pilot]:
    """The program over a workbench, after its first frame."""
    app = EduHvApp(workbench)
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        yield pilot
        await settled(pilot)


async def settled(pilot: Pilot) -> None:
    """Until commands in threads are over and everything is painted."""
    await pilot.pause()
    while len(pilot.app.workers):
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same terminal for every test, whatever the one it is run from."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.fixture
def workbench() -> FakeWorkbench:
    return FakeWorkbench()


async def painted_by(pilot: Pilot, key: str) -> tuple[int, int]:
    """Rows painted, and rows that have changed, by a key."""
    rows = list(pilot.app.screen.query(Rows))
    before = {widget.id: (list(widget._shown), widget.painted) for widget in rows}
    await pilot.press(key)
    await settled(pilot)
    changed = sum(old != new for widget in rows for old, new in zip(before[widget.id][0], widget._shown, strict=True))
    return sum(widget.painted - before[widget.id][1] for widget in rows), changed
