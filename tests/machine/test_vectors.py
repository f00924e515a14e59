"""Cases frozen with Hercules' outcomes (`python -m tools.conformance --freeze`), replayed without Hercules."""

from collections import Counter
from pathlib import Path

import pytest

from edu_hv.machine.instructions.registry import SEMANTICS
from tools.cases import NOT_COMPARED
from tools.conformance import ALL
from tools.hercules import WHOLE, Case, Outcome
from tools.known import excuse
from tools.outcomes import differences, run_on_ours
from tools.vectors import frozen, read_vectors, thawed

FOLDER = Path(__file__).parent / "vectors"
DISAGREEING = {"STCK", "STCKC", "STPT", "TB"}
"""Hercules' clocks are the host's, and it clears 2K of TEST BLOCK's 4K: only what is refused is the same."""


@pytest.fixture(scope="module")
def vectors() -> dict[str, list[tuple[Case, Outcome]]]:
    """By mnemonic; EXECUTE with all its targets."""
    found: dict[str, list[tuple[Case, Outcome]]] = {}
    for vector in read_vectors(FOLDER / "instructions.json.gz"):
        found.setdefault(vector[0].name.split()[0], []).append(vector)
    return found


@pytest.mark.parametrize("mnemonic", ALL)
def test_instruction_has_the_recorded_outcome(vectors, mnemonic):
    """Registers, CC, storage, keys, interruption with all it stores, ILC and old PSW, all at once."""
    mine = vectors[mnemonic]
    assert [found for case, outcome in mine if (found := differences(case, run_on_ours(case), outcome))] == []


def test_every_installed_instruction_has_vectors(vectors):
    assert {name for name in SEMANTICS if len(vectors.get(name, [])) < 30} == set(NOT_COMPARED)


def test_every_installed_instruction_is_compared_or_named_with_the_reason():
    assert set(ALL) ^ set(NOT_COMPARED) == set(SEMANTICS)
    assert all(len(reason) > 20 for reason in NOT_COMPARED.values())


def test_vectors_of_every_instruction_show_completion(vectors):
    """But for those that Hercules does otherwise: DIAGNOSE and clocks."""
    completed = {name for name, mine in vectors.items() for _, outcome in mine if outcome.kind.name == "SVC"}
    assert set(ALL) - completed == DISAGREEING | {"DIAG"}


def test_vectors_cover_the_modes(vectors):
    """Translation, program-event recording, either state, either PSW format, wrap-around of real storage."""
    counts = Counter(
        mode
        for mine in vectors.values()
        for case, _ in mine
        for mode, on in {
            "DAT": case.psw[1] & 8 and case.psw[0] & 4,
            "PER": case.psw[1] & 8 and case.psw[0] & 0x40,
            "problem": case.psw[1] & 1,
            "BC": not case.psw[1] & 8,
            "whole": case.size == WHOLE,
        }.items()
        if on
    )
    assert {mode for mode, count in counts.items() if count > 100} == {"DAT", "PER", "problem", "BC", "whole"}


def test_known_differences_are_all_that_differs_in_the_cases_that_show_them():
    for case, theirs in read_vectors(FOLDER / "known.json.gz"):
        ours = run_on_ours(case)
        found = differences(case, ours, theirs)
        assert found
        assert excuse(case, ours, theirs, found)[0] == {}, case.name


def test_vector_survives_freezing(vectors):
    for case, outcome in (mine[0] for mine in vectors.values()):
        assert thawed(frozen(case, outcome)) == (case, outcome)
