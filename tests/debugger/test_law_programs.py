"""The law of time travel for random programs and random inputs: some here, thousands by `make fuzz-law`."""

from random import Random

import pytest

from edu_hv.debugger.system import Input
from tools.law import branch_violations, compiled_violations, violations
from tools.law_programs import LOADINGS, UNITS, loaded, plain, scene


def _violations(make, units, every):
    return violations(lambda: make()[0], units, Random(1), make()[1], jumps=8, every=every)


@pytest.mark.parametrize("seed", range(6))
def test_a_random_program_on_the_bare_machine_with_keys(seed):
    assert _violations(lambda: plain(seed), UNITS, every=1) == []


@pytest.mark.parametrize("seed", range(2))
def test_a_random_program_by_compiled_code(seed):
    pytest.importorskip("wasmtime", reason="without it there is no compiled code")
    assert compiled_violations(lambda: plain(seed)[0], 900, Random(seed), jumps=4) == []


@pytest.mark.parametrize("name", LOADINGS)
def test_our_guests_with_commands_lines_keys_and_logoffs(name):
    assert _violations(lambda: loaded(name, 1), UNITS, every=29) == []


@pytest.mark.parametrize("seed", range(4))
def test_random_guests_with_random_commands_under_cp(seed):
    assert _violations(lambda: scene(seed), UNITS, every=29) == []


@pytest.mark.parametrize(
    ("name", "given"),
    [
        pytest.param("kernel, bare", Input("key", "bare"), id="key, bare"),
        pytest.param("kernel, bare", Input("enter", "bare", "HELLO"), id="line, bare"),
        pytest.param("kernel in 128K", Input("cp", "KERNEL", "store g5 77"), id="store"),
        pytest.param("two guests", Input("cp", "SECOND", "logoff"), id="logoff"),
        pytest.param("minicp with assist", Input("cp", "MINICP", "set assist off"), id="assist"),
        pytest.param("hostile", Input("cp", "HOSTILE", "external"), id="external"),
    ],
)
def test_both_branches_after_an_input_in_the_past(name, given):
    assert branch_violations(lambda: loaded(name, 2)[0], 120, Random(2), given, every=9) == []
