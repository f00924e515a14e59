"""The screen over the sample workbench, at any size."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.pilot import Pilot

from edu_hv_tui.app import EduHvApp
from edu_hv_tui.screens.main import MainScreen
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
