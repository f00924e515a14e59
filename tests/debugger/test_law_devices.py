"""The law of time travel for every command of every device: bare, and under CP spooled, dedicated or a minidisk.

Each program has halts, tests and waits at random places, so that positions lie inside channel programs.
"""

from collections import defaultdict
from functools import partial
from random import Random

import pytest

from edu_hv.debugger.recording.timetravel import Recording
from edu_hv.devices.catalog import DEVICE_TYPES
from edu_hv.devices.ctca import Kind, kind
from edu_hv.isa.codes import UnitStatus
from edu_hv.machine.events import CCWExecuted
from tools import law_devices
from tools.law import violations
from tools.law_devices import CTCA_COMMANDS, INVALID, UNDER_CP, UNITS, UNITS_OF_GUEST, VARIANTS, table, virtual_table

SAME_TABLE = {"3330-11": "3330", "2415": "2401"}
"""Types whose commands are another's: fuzz_law does them, too."""
KINDS = [name for name in DEVICE_TYPES if name not in SAME_TABLE]
LEFT_OUT = (
    *("dedicated 2401", "dedicated 3340", "dedicated 2314", "dedicated 3211", "dedicated 3330", "dedicated 3505"),
    *("dedicated 3525", "minidisk 2314", "minidisk 3350"),
)
"""They differ little from others: fuzz_law does them, too."""
GUESTS = [name for name in UNDER_CP if name not in LEFT_OUT]
FAIL = {
    INVALID: "no device has it",
    0x24: "no command of an adapter",
    0xF4: "only with a two-channel switch",
    0xD4: "only with a two-channel switch",
}


def test_every_type_of_device_is_there_and_its_whole_table_of_commands():
    assert {*KINDS, *SAME_TABLE} == set(DEVICE_TYPES)
    for name, other in SAME_TABLE.items():
        assert table(name) == table(other)
    for name, made in ((name, DEVICE_TYPES[name].make()) for name in DEVICE_TYPES):
        assert set(table(name)) >= {*made.commands, *made.immediate_commands}
    assert {kind(command) for command in CTCA_COMMANDS} == set(Kind)


@pytest.mark.parametrize("name", KINDS)
def test_a_command_can_be_done_and_undone_on_the_bare_machine(name):
    broken = {}
    for number, command in enumerate(table(name)):
        variant = (number + len(name)) % VARIANTS
        make = partial(law_devices.bare, name, command, variant)
        found = violations(lambda: make()[0], UNITS, Random(number), make()[1], jumps=3)  # noqa: B023
        if found:
            broken[f"{command:02X}, variant {variant}"] = found[:2]
    assert broken == {}


@pytest.mark.parametrize("name", GUESTS)
def test_a_command_can_be_done_and_undone_in_a_guest(name):
    broken = {}
    for number, command in enumerate(virtual_table(name)):
        variant = (number + len(name)) % VARIANTS
        make = partial(law_devices.guest, name, command, variant, assist=number % 2 == 1)
        if found := violations(make, UNITS_OF_GUEST, Random(number), jumps=3, every=15):
            broken[f"{command:02X}, variant {variant}"] = found[:2]
    assert broken == {}


@pytest.fixture(scope="module")
def endings() -> dict[int, set[int]]:
    """By command, the unit status it has ended with on any of the types, in all variants."""
    found: dict[int, set[int]] = defaultdict(set)
    for name in KINDS:
        for command in table(name):
            for variant in range(VARIANTS):
                recording = Recording(law_devices.bare(name, command, variant)[0])
                while recording.unit < UNITS and recording.advance():
                    pass
                for event in recording.journal.different(CCWExecuted):
                    if event.ccw[:1] == bytes([command]):
                        found[command].add(event.unit_status)
    return found


def test_every_command_is_carried_out_and_all_but_those_that_no_device_has_succeed(endings):
    codes = {command for name in KINDS for command in table(name)}
    assert set(endings) == codes
    failing = {code for code, found in endings.items() if all(unit & UnitStatus.UNIT_CHECK for unit in found)}
    assert failing == set(FAIL)


def test_errors_are_met_too(endings):
    every = set().union(*endings.values())
    assert any(unit & UnitStatus.UNIT_CHECK for unit in every)
    assert any(unit & UnitStatus.UNIT_EXCEPTION for unit in every)
    assert any(unit & UnitStatus.DEVICE_END == 0 and unit & UnitStatus.CHANNEL_END for unit in every)
