"""Cases frozen with Hercules' outcomes (`tools/conformance.py --freeze`), replayed without Hercules."""

from collections import Counter
from pathlib import Path

import pytest

from tools.cases import COMPARABLE
from tools.conformance import differences, frozen, read_vectors, run_on_ours, thawed
from tools.hercules import Case, Outcome

VECTORS = sorted((Path(__file__).parent / "vectors").glob("*.json.gz"))


@pytest.fixture(scope="module")
def vectors() -> list[tuple[Case, Outcome]]:
    return [vector for path in VECTORS for vector in read_vectors(path)]


@pytest.mark.parametrize("mnemonic", COMPARABLE)
def test_instruction_has_the_recorded_outcome(vectors, mnemonic):
    """Registers, CC, storage, keys, interruption, ILC and old PSW, all at once."""
    mine = [vector for vector in vectors if vector[0].name.split()[0] == mnemonic]
    assert [found for case, outcome in mine if (found := differences(case, run_on_ours(case), outcome))] == []


def test_every_installed_instruction_has_vectors(vectors):
    counts = Counter(case.name.split()[0] for case, _ in vectors)
    few = {mnemonic for mnemonic in COMPARABLE if counts[mnemonic] < 10}
    assert few == {"STCK", "STCKC", "STPT", "STIDP"}  # Hercules' clocks and CPU are its own.


def test_vector_survives_freezing(vectors):
    case, outcome = vectors[0]
    assert thawed(frozen(case, outcome)) == (case, outcome)
