"""A small, fixed part of `tools.fuzz_cp`: nothing breaks, nobody else notices, every future is the same again."""

import pytest

from edu_hv.hypervisor.virtual_storage import VirtualStorage
from edu_hv.machine.timing import Clocks
from tools.fuzz_cp import check_scene, script
from tools.fuzz_cp_twins import Tally, check_twins

SHORT = 6
"""Actions of a scene that are played here."""
SCENES = (4, 3108)


@pytest.mark.parametrize("seed", SCENES)
def test_scenes_of_random_guests_and_commands_keep_what_must_hold(seed):
    """[1.1 1; 1.3 PSW mode bits; 1.3 Guest storage 0..VMSIZE] After each decision, and for those who do nothing."""
    tally = Tally()
    assert check_scene(seed, tally, script(seed)[:SHORT]) == []
    assert tally.units > 300


@pytest.mark.parametrize("seed", range(6000, 6004))
def test_a_program_ends_under_cp_as_on_a_machine_of_its_own(seed):
    """[1.3 Guest page 0 (PSWs, CSW, CAW, timer)] Alone, assisted, traced, beside another guest, with few frames."""
    tally = Tally()
    assert check_twins(seed, tally) == []
    assert tally.twins + tally.skipped == 1


def test_a_planted_defect_is_found_in_a_program(monkeypatch):
    """The comparison compares: storage keys are not kept while a page is in real storage."""
    monkeypatch.setattr(VirtualStorage, "keep_key", lambda *_: None)
    assert any(check_twins(seed, Tally(), ("plain",)) for seed in range(6000, 6005))


def test_a_planted_defect_is_found_in_a_scene(monkeypatch):
    """A checkpoint that forgets the virtual clocks."""
    monkeypatch.setattr(Clocks, "restore", lambda *_: None)
    assert any(check_scene(seed, Tally(), script(seed)[:SHORT]) for seed in SCENES)
