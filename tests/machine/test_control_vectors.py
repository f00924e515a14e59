"""Cases of address spaces and keys (`tools/cases_control.py`) frozen with Hercules' outcomes.

Made anew by `python -m tools.conformance --freeze FILE --only ...` with the instructions of CONTROL.
"""

import shutil
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from tools.cases_control import CONTROL, make_control_case
from tools.conformance import Tally, compare_batch, differences, read_vectors, run_on_ours
from tools.hercules import Hercules

VECTORS = Path(__file__).parent / "vectors/control.json.gz"


@pytest.fixture(scope="module")
def vectors():
    return read_vectors(VECTORS)


@pytest.mark.parametrize("mnemonic", CONTROL)
def test_instruction_has_the_recorded_outcome(vectors, mnemonic):
    """Registers, control registers, address space, CC, storage, keys, interruption and its identification."""
    mine = [vector for vector in vectors if vector[0].name == mnemonic]
    assert [found for case, outcome in mine if (found := differences(case, run_on_ours(case), outcome))] == []


def test_every_instruction_has_vectors(vectors):
    counts = Counter(case.name for case, _ in vectors)
    few = {mnemonic for mnemonic in CONTROL if counts[mnemonic] < 12}
    assert few == {"TB"}  # Hercules clears 2K of the 4K.


@pytest.mark.hercules
@pytest.mark.skipif(shutil.which("hercules") is None, reason="Hercules is not installed")
def test_fresh_cases_differ_only_where_it_is_known():
    cases = [make_control_case(Random(f"{name} {number}"), name) for name in CONTROL for number in range(5)]
    tally = Tally()
    with Hercules() as hercules:
        compare_batch(cases, hercules, tally, show=1)
    assert (tally.compared + tally.unwatched, dict(tally.by_instruction)) == (len(cases), {})
