"""The law of time travel for every instruction there is: bare, as a System/360, and in a guest of CP.

Forwards, back unit by unit, forwards again, and by jumps over many checkpoints and over none: bit by bit the same.
"""

from random import Random

import pytest

from edu_hv.isa.table import OPERATIONS, operation
from edu_hv.machine.instructions.registry import SEMANTICS
from tools.law import violations
from tools.law_instructions import EVERY, ON_S360, UNITS, UNITS_OF_GUEST, Host, bare, bare_360

ROWS = {row.mnemonic: row for row in OPERATIONS}
FORMATS = sorted({row.format.name for row in OPERATIONS})


def _of_format(name, mnemonics=EVERY):
    return [mnemonic for mnemonic in mnemonics if ROWS[mnemonic].format.name == name]


@pytest.fixture(scope="module")
def hosts():
    """CP with a guest, without the assist and with it."""
    return Host(), Host(assist=True)


def test_no_instruction_is_missing():
    every = [mnemonic for name in FORMATS for mnemonic in _of_format(name)]
    assert len(every) == len(set(every)) == len(OPERATIONS)
    assert set(every) >= set(SEMANTICS)
    assert set(ON_S360) >= {"RDD", "WRD", "AP", "ADR", "SSK", "SIO"}


def _broken(make, mnemonics, number, units, every=1):
    return {
        f"{mnemonic} {number}": found[:2]
        for mnemonic in mnemonics
        if (found := violations(lambda: make(mnemonic, number), units, Random(mnemonic), jumps=3, every=every))  # noqa: B023
    }


@pytest.mark.parametrize("name", FORMATS)
def test_an_instruction_can_be_done_and_undone_on_the_bare_machine(name):
    assert _broken(bare, _of_format(name), 0, UNITS) == {}
    assert _broken(bare, _of_format(name), 1, UNITS) == {}


@pytest.mark.parametrize("name", [name for name in FORMATS if _of_format(name, ON_S360)])
def test_an_instruction_can_be_done_and_undone_on_a_system_360(name):
    assert _broken(bare_360, _of_format(name, ON_S360), 0, UNITS) == {}


@pytest.mark.parametrize("name", FORMATS)
def test_an_instruction_can_be_done_and_undone_in_a_guest_whose_pages_are_out(name, hosts):
    mnemonics = _of_format(name)
    for number, host in enumerate(hosts):  # In the supervisor state without the assist, in the problem state with it.
        assert _broken(host.about_to, mnemonics[number::2], number, UNITS_OF_GUEST, every=8) == {}


def _executed(system):
    """Mnemonics of what is executed, or interrupted, in the units that are compared."""
    machine, found = system.machine, set()
    end = machine.units + UNITS_OF_GUEST
    while machine.units < end and machine.advance():
        text = machine.recognized.text if machine.recognized else machine.cpu.instruction_text
        found.add(row.mnemonic if text and (row := operation(text)) else "")
    return found


def test_what_is_compared_of_a_guest_has_the_instruction_in_it_and_pages_that_come(hosts):
    missing, fired = set(EVERY), set()
    for number, host in enumerate(hosts):
        for mnemonic in EVERY:
            found = _executed(host.about_to(mnemonic, number)) if mnemonic in missing else set()
            missing -= {mnemonic} & found
        fired |= {rule for _, rule, _ in host.cp.counts}
    assert missing <= {"MVCK"}  # Its cases have keys that interrupt the EXECUTE before.
    assert fired & {"PTR-2", "IO-3"}


def test_the_law_notices_a_checkpoint_that_is_not_exact(monkeypatch):
    exact = type(bare("AR", 0)).restore

    def nearly(self, state):
        exact(self, state)
        self.machine.cpu.psw.cc ^= 1

    monkeypatch.setattr(type(bare("AR", 0)), "restore", nearly)
    assert violations(lambda: bare("AR", 0), UNITS, Random(1))
