"""Cases frozen with Hercules' outcomes (see tests/machine/test_vectors.py), executed by compiled code."""

from contextlib import suppress
from pathlib import Path

import pytest

from edu_hv.engine.interpreter import COMPILED
from edu_hv.engine.tiers import NEVER, Engine
from edu_hv.machine.interruptions import ProgramInterruption
from edu_hv.machine.machine import Machine
from tools import outcomes
from tools.outcomes import differences, run_on_ours
from tools.vectors import read_vectors

VECTORS = Path(__file__).parents[1] / "machine/vectors/instructions.json.gz"


class CompiledMachine(Machine):
    """Resolves every access it can before the first unit, so that compiled code need not leave for that.

    Reference and change bits therefore mean nothing here; the random programs of `tools.fuzz` compare them.
    """

    made_regions = False
    compiled = regions = 0
    """Over all machines: instructions executed by compiled code, and regions made."""

    def advance(self) -> bool:
        """One unit, by the engine where that is possible."""
        if self.engine is None:
            self.engine = Engine(self.cpu, NEVER)
            self.run_compiled(0)  # Watches the interval timer, which drops what is resolved.
            if self.made_regions:
                with suppress(ProgramInterruption):
                    self.engine.compile_at(self.cpu.fetchable(self.cpu.psw.instruction_address))
            self.resolve()
        done = self.run_compiled(1)
        CompiledMachine.compiled += done
        CompiledMachine.regions += self.engine.compiled
        return bool(done) or super().advance()

    def resolve(self) -> None:
        """Resolve every accessible block of those that cases use."""
        keys = bytes(self.storage.keys)
        end = self.storage.size
        for block in (*range(0, 0x10000, 2048), *range(end - 0x2000, end, 2048)):
            for access in (self.cpu.fetchable, self.cpu.storable):
                with suppress(ProgramInterruption):
                    access(block)
        self.storage.keys[:] = keys


@pytest.fixture(scope="module")
def vectors():
    return read_vectors(VECTORS)


@pytest.mark.parametrize(
    ("regions", "cases"), [pytest.param(False, 20, id="interpreter"), pytest.param(True, 5, id="regions")]
)
@pytest.mark.parametrize("mnemonic", sorted(row.mnemonic for row in COMPILED.values()))
def test_compiled_instruction_has_the_recorded_outcome(vectors, mnemonic, regions, cases, monkeypatch):
    monkeypatch.setattr(outcomes, "Machine", CompiledMachine)
    monkeypatch.setattr(CompiledMachine, "made_regions", regions)
    mine = [vector for vector in vectors if vector[0].name.split()[0] == mnemonic][:cases]
    assert mine
    before = CompiledMachine.compiled, CompiledMachine.regions
    for case, outcome in mine:
        found = differences(case, run_on_ours(case), outcome)
        assert {name: values for name, values in found.items() if not name.startswith("key")} == {}, case.name
    assert CompiledMachine.compiled > before[0]
    assert (CompiledMachine.regions > before[1]) == regions
