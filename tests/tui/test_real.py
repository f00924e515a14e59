"""The screen over the real machine: bound commands exist, lesson 1 opens, a trap can be gone through and back."""

import re

import pytest

from edu_hv.debugger.commands.registry import REGISTRY
from edu_hv.tutor.workbench import Workbench
from edu_hv_tui.keys import KEYS
from tests.tui.conftest import main_screen, opened, painted_by, screen_text, settled

LOW, HIGH = (80, 24), (120, 40)


@pytest.fixture
def kernel(tmp_path):
    """Lesson 3: the kernel as a guest, before its first instruction."""
    return Workbench.open("3", progress_directory=tmp_path)


async def press(pilot, *keys):
    await pilot.press(*keys)
    await settled(pilot)


@pytest.mark.parametrize("key", [key for key in KEYS if key.line or "ask" in key.action], ids=lambda key: key.name)
def test_every_bound_command_is_in_the_registry(key, tmp_path):
    Workbench.open("1", progress_directory=tmp_path)
    begun = key.words if key.line else re.findall(r"'(.*)'", key.action)[0]
    word = begun.split()[0]
    assert word in REGISTRY.commands


async def test_the_program_opens_on_lesson_1(tmp_path):
    async with opened(Workbench.open(progress_directory=tmp_path), LOW) as pilot:
        text = screen_text(pilot)
        assert "[5 lesson 1  Meet the machine]" in text
        await press(pilot, "s")
        assert re.search(r"> 00\w{4}", screen_text(pilot))
        assert "step 1/1" in screen_text(pilot)


@pytest.mark.parametrize("size", [LOW, HIGH])
async def test_a_trap_is_shown_whole_and_undone_exactly(kernel, size):
    async with opened(kernel, size) as pilot:
        await press(pilot, "escape", "s", "3")
        screen = main_screen(pilot)
        before = {pane: list(screen.panes[pane]._shown) for pane in "14"}
        await press(pilot, "s")
        text = screen_text(pilot)
        assert "SSM" in text
        assert "TRAP 02" in text
        assert re.search(r"rule +YES PRV-2", text)
        assert re.search(r"do +guest mask 00 -> FE", text)
        assert re.search(r"mask +FE ?\* +07", text)
        assert "simulate SSM, guest mask 00 to FE, real mask unchanged, 07" in " ".join(text.replace("│", "").split())
        await press(pilot, "S")
        assert screen.code.view == kernel.session.code(screen.code.wanted_rows)
        marks = [re.sub(r"[.]", " ", "".join(text for text, _ in line)) for line in before["1"]]
        again = [re.sub(r"[.]", " ", "".join(text for text, _ in line)) for line in screen.code._shown]
        assert [line[3:24] for line in marks] == [line[3:24] for line in again]
        assert re.search(r"mask +00  +07", screen_text(pilot))


async def test_stages_go_forth_and_back(kernel):
    async with opened(kernel, HIGH) as pilot:
        await press(pilot, "t")
        titles = []
        for key in ("x", "x", "x", "x", "X", "X"):
            titles.append(re.findall(r">(\d \w+)", screen_text(pilot))[-1])
            await press(pilot, key)
        assert titles == ["1 guest", "2 hardware", "3 decode", "4 rule", "5 do", "4 rule"]


async def test_a_step_of_the_machine_paints_only_what_changed(kernel):
    async with opened(kernel, HIGH) as pilot:
        await press(pilot, "s", "s")
        painted, changed = await painted_by(pilot, "s")
        assert 0 < painted <= changed + 4


async def test_run_shows_the_guests_console(kernel):
    async with opened(kernel, HIGH) as pilot:
        await press(pilot, "c")
        text = screen_text(pilot)
        assert "[9 console of KERNEL]" in text
        assert "nothing printed yet" not in text
        assert "every guest has stopped" in text


async def test_unknown_commands_are_told_in_a_sentence(kernel):
    async with opened(kernel, HIGH) as pilot:
        await press(pilot, "colon", *"stpe", "enter")
        assert '! there is no command "stpe"; did you mean "step"?' in screen_text(pilot)
