"""A small, fixed part of `tools.fuzz`: CPU, interpreter and regions have the same state after any number of units."""

import pytest

from edu_hv.engine import artifact, interpreter, tiers
from tools.fuzz import Tally, check_program


@pytest.mark.parametrize("seed", range(20))
def test_engine_and_cpu_agree(seed):
    tally = Tally()
    assert check_program(seed, tally) == []
    assert tally.units > 20


def test_regions_are_made_of_the_programs():
    tally = Tally()
    for seed in range(5):
        check_program(seed, tally)
    assert tally.regions > 10
    assert min(tally.compiled.values()) > tally.units // 4


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        pytest.param("i64.extend16_s", "i64.extend8_s", id="halfwords are extended like bytes"),
        pytest.param("i64.clz", "i64.ctz", id="floating-point numbers are not normalized"),
    ],
)
def test_planted_defect_is_found(monkeypatch, right, wrong):
    """The comparison compares."""
    build = interpreter.build
    monkeypatch.setattr(interpreter, "build", lambda: build().replace(right, wrong))
    monkeypatch.setattr(artifact, "load", lambda compiler: tiers.wasmtime.Module(compiler, artifact.made()))
    tiers.shared.cache_clear()
    try:
        assert any(check_program(seed, Tally(), (tiers.NEVER,)) for seed in range(20))
    finally:
        tiers.shared.cache_clear()


def test_program_that_waits_for_ever_ends_and_is_compared_all_the_same():
    """Of seed 900013 a stored PSW becomes a wait that nothing ends."""
    tally = Tally()
    assert check_program(900013, tally) == []
    assert tally.programs == 1
