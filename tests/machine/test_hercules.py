"""A few fresh cases against Hercules itself; `python -m tools.conformance` runs as many as one likes."""

import shutil
from random import Random

import pytest

from tools.cases import COMPARABLE, make_case
from tools.conformance import Tally, compare_batch
from tools.hercules import Hercules


@pytest.mark.hercules
@pytest.mark.skipif(shutil.which("hercules") is None, reason="Hercules is not installed")
def test_fresh_cases_differ_only_where_it_is_known():
    cases = [make_case(Random(f"{name} {number}"), name) for name in COMPARABLE for number in range(5)]
    tally = Tally()
    with Hercules() as hercules:
        compare_batch(cases, hercules, tally, show=1)
    assert (tally.compared, dict(tally.by_instruction)) == (len(cases), {})
