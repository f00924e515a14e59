"""A few fresh channel programs against Hercules itself; `python -m tools.channel_chains` runs as many as one likes."""

import shutil
from random import Random

import pytest

from edu_hv.devices.tape import aws_image
from tools.channel_chains import BLOCKS, Maker, run_here, run_there


@pytest.mark.hercules
@pytest.mark.skipif(shutil.which("hercules") is None, reason="Hercules is not installed")
def test_fresh_chains_end_as_on_hercules():
    chains = [Maker(Random(f"test {number}")).chain() for number in range(200)]
    image = aws_image([*BLOCKS, None])
    here = [run_here(chain, image) for chain in chains]
    there = run_there(chains, image)
    different = [number for number, mine in enumerate(here) if mine.differs(there[number])]
    assert different == []
    assert len({(outcome.status, outcome.channel_status) for outcome in here}) > 5
