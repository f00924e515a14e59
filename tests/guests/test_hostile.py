"""The guest that tries to get out: on the bare machine each attempt gets what GA22-7000 says."""

import pytest

from edu_hv.guests import catalog

HOSTILE = catalog.GUESTS["hostile"]
HELLO = "HOSTILE: WHAT THE MACHINE DOES ABOUT"
NONE_WRONG = "HOSTILE: ATTEMPTS THAT WENT WRONG:   0"
OF_THE_TAPE = 21
ATTEMPTS = 133
"""On the real machine, with a tape drive."""
UNDER_CP = 48
"""More of them under CP, with a disk."""


def attempts(lines):
    """What was tried, and whether the machine did what it should."""
    return [(line[:40].rstrip(), line[41:]) for line in lines[1:-1]]


@pytest.mark.parametrize("size", [0x10000, 0x40000], ids="X'{:X}'".format)
def test_every_attempt_gets_what_the_manual_says(ipl, size):
    run = ipl(HOSTILE.deck(), size=size).run()
    assert (run.lines[0], run.lines[-1], run.psw) == (HELLO, NONE_WRONG, "00020000 00000000")
    tried = attempts(run.lines)
    assert {result.split()[0] for _, result in tried} == {"OK"}
    assert len({name for name, _ in tried}) == len(tried) == ATTEMPTS


def test_attempts_at_the_tape_need_a_drive(ipl):
    run = ipl(HOSTILE.deck(), drive=False).run()
    assert [name for name, _ in attempts(run.lines) if name.startswith("181")] == []
    assert (len(attempts(run.lines)), run.lines[-1]) == (ATTEMPTS - OF_THE_TAPE, NONE_WRONG)


def test_diagnose_is_tried_under_cp_only(ipl):
    assert not any("DIAGNOSE" in line for line in ipl(HOSTILE.deck()).run().lines)


def test_what_goes_wrong_is_told_and_counted(ipl):
    """A real machine that says it is CP's is found out: it executes STPX, and knows no DIAGNOSE."""
    run = ipl(HOSTILE.deck())
    run.machine.cpu.identification = b"\xff" + run.machine.cpu.identification[1:]
    run.run()
    wrong = {name: result for name, result in attempts(run.lines) if not result.startswith("OK")}
    assert wrong["STPX"] == "WRONG: 0000 INSTEAD OF 0001"
    assert wrong["SPX BEYOND STORAGE"] == "WRONG: 0005 INSTEAD OF 0001   8"
    assert wrong["X'60', MY STORAGE"] == "WRONG: 0006 INSTEAD OF 0000   4"
    assert run.psw == f"00020000 {len(wrong):08X}"
    assert run.lines[-1] == f"HOSTILE: ATTEMPTS THAT WENT WRONG:{len(wrong):4}"
