"""The kernel that asks CP by DIAGNOSE: on the bare machine it says so, and its tasks are the kernel's."""

import pytest

from edu_hv.guests import catalog

KERNEL, PARAKERNEL = catalog.GUESTS["kernel"], catalog.GUESTS["parakernel"]


def test_it_needs_cp(ipl):
    run = ipl(PARAKERNEL.deck(), PARAKERNEL.tape()).run()
    assert (run.lines, run.psw) == (["PARAKERNEL: I CANNOT BE WITHOUT CP"], "00020000 0000DE00")


@pytest.mark.parametrize(
    ("first", "last"),
    [
        pytest.param("*  The dispatcher.", "*  Supervisor call.", id="dispatcher"),
        pytest.param("*  External interruption", "*  Input/output.", id="external and program interruptions"),
        pytest.param("*        Task control blocks", "         END ", id="control blocks and tasks"),
    ],
)
def test_it_is_the_kernel_but_for_services_and_output(first, last):
    parts = []
    for guest in (KERNEL, PARAKERNEL):
        text = guest.source.read_text()
        start = text.index(first)
        end = text.index(last, start) if last in text[start:] else text.index("*  Output.", start)
        parts.append(text[start:end])
    assert parts[0] == parts[1]
