"""The guests by compiled code: interrupted, translated and protected as by the CPU."""

import pytest

from edu_hv.guests.catalog import GUESTS
from tests.guests import test_hostile as hostile
from tests.guests import test_kernel as kernel
from tests.guests import test_twospace as twospace

pytest.importorskip("wasmtime")

from edu_hv.engine.tiers import NEVER, Engine

ENOUGH = 400_000


@pytest.mark.parametrize("threshold", [NEVER, 4], ids=["interpreter", "regions"])
@pytest.mark.parametrize(
    ("name", "last", "psw"),
    [
        pytest.param("twospace", twospace.LINES[-1], twospace.ALL_IS_WELL, id="twospace"),
        pytest.param("hostile", hostile.NONE_WRONG, "00020000 00000000", id="hostile"),
        pytest.param("kernel", kernel.LINES[-1], kernel.END_OF_THE_DAY, id="kernel"),
    ],
)
def test_guest_runs_the_same_by_compiled_code(ipl, name, last, psw, threshold):
    guest = GUESTS[name]
    plain = ipl(guest.deck(), guest.tape()).run()
    run = ipl(guest.deck(), guest.tape())
    run.machine.engine = Engine(run.machine.cpu, threshold)
    run.machine.run(ENOUGH)
    assert (run.lines, run.psw) == (plain.lines, plain.psw)
    assert (run.lines[-1], run.psw) == (last, psw)
    assert run.machine.instructions == plain.machine.instructions
