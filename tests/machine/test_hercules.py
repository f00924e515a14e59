"""A few fresh cases and programs against Hercules itself; `make conformance` runs as many as one likes."""

import shutil
from dataclasses import replace

import pytest

from tools.conformance import ALL, Tally, Work, compare_batch, do
from tools.hercules import Case, Hercules, Outcome
from tools.outcomes import outcome_of, run_on_ours
from tools.sequences import Program, make_program, minimized, run_programs

pytestmark = [
    pytest.mark.hercules,
    pytest.mark.skipif(shutil.which("hercules") is None, reason="Hercules is not installed"),
]
STOP = bytes.fromhex("0AFF")


def test_fresh_cases_differ_only_where_it_is_known():
    tally = do(Work("fresh", tuple(ALL), cases=4, programs=0, show=1, part=0, of=1))
    assert (tally.compared + tally.unwatched, tally.by_instruction) == (4 * len(ALL), {})


def test_fresh_programs_do_not_differ():
    seen = run_programs("fresh", range(40))
    assert (seen.programs + seen.discarded, seen.different, seen.reports) == (40, 0, [])
    assert seen.programs > 20


def test_wrong_result_of_ours_is_reported(monkeypatch):
    monkeypatch.setattr("tools.conformance.run_on_ours", wrong_machine)
    tally = Tally()
    with Hercules() as hercules:
        compare_batch(
            [Case(psw=bytes.fromhex("0000000000002000"), storage=((0x2000, STOP),), name="SVC")],
            hercules,
            tally,
            show=1,
        )
    assert tally.by_instruction == {"SVC": 1}
    assert "gr3: 1 / 0" in tally.reports[0]


def test_program_that_differs_is_cut_down_to_what_matters(monkeypatch):
    """Beside the instructions that set it nothing is left of a program when our machine has a wrong register 3."""
    monkeypatch.setattr("tools.sequences.outcome_of", wrong_register)
    program = make_program("fresh", 0)
    with Hercules() as hercules:
        smaller, found = minimized(program, hercules)
    assert found.keys() == {"gr3"}
    assert isinstance(smaller, Program)
    assert sum(map(bool, smaller.slots)) <= 1


def wrong_register(machine, case, kind) -> Outcome:
    """Register 3 has one bit wrong."""
    right = outcome_of(machine, case, kind)
    return replace(right, gr=(*right.gr[:3], right.gr[3] ^ 1, *right.gr[4:]))


def wrong_machine(case: Case) -> Outcome:
    """Register 3 is never 0."""
    right = run_on_ours(case)
    return replace(right, gr=(*right.gr[:3], 1, *right.gr[4:]))
