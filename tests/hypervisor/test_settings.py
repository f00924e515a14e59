"""SET.  CP Command Reference "SET"."""

import pytest

from edu_hv.hypervisor.commands import run_command
from edu_hv.hypervisor.vmblok import OtherStatus, ProcessStatus, QueueLevel
from tests.hypervisor.bench import bench, guest

LOOP = "47F00A00"

BITS = [
    ("PAGEX", "vmpstat", ProcessStatus.PAGEX),
    ("ISAM", "vmpstat", ProcessStatus.ISAM),
    ("RUN", "vmostat", OtherStatus.CFRUN),
]


@pytest.mark.parametrize(("option", "field", "bit"), BITS)
def test_option_is_a_bit_of_a_status_byte(option, field, bit):
    """[1.2 VMPSTAT] [1.2 VMOSTAT] [4.2 SET] PAGEX 01, ISAM 80 of VMPSTAT; RUN 08 of VMOSTAT."""
    made, vm = guest(LOOP)
    assert not getattr(vm, field) & bit
    run_command(made.cp, vm, f"SET {option} ON")
    assert getattr(vm, field) & bit
    run_command(made.cp, vm, f"SET {option} OFF")
    assert not getattr(vm, field) & bit


@pytest.mark.parametrize("option", ["MSG", "WNG", "IMSG", "ACNT", "SMSG", "LINEDIT", "AUTOPOLL", "EMSG"])
def test_option_of_the_terminal_is_kept(option):
    """[4.2 SET]"""
    made, vm = guest(LOOP)
    for word in ("OFF", "ON"):
        assert run_command(made.cp, vm, f"SET {option} {word}").lines == []
        assert vm.settings[option] == word


EMSG = [
    ("ON", ["DMKCFM001E ?CP: NONSENSE"]),
    ("CODE", ["DMKCFM001E"]),
    ("TEXT", ["?CP: NONSENSE"]),
    ("OFF", []),
]


@pytest.mark.parametrize(("setting", "lines"), EMSG)
def test_emsg_decides_what_is_printed_of_a_message(setting, lines):
    """[4.1] EMSG setting CODE/TEXT/ON/OFF; the return code is the same."""
    made, vm = guest(LOOP)
    run_command(made.cp, vm, f"SET EMSG {setting}")
    answer = run_command(made.cp, vm, "NONSENSE")
    assert (answer.lines, answer.code) == (lines, 1)


@pytest.mark.parametrize("on", [True, False])
def test_ecmode_is_an_implicit_reset(on):
    """[4.2 SET ECmode] [1.2 VMECEXT / VMVCR0] [1.2 VMPSTAT V370R] ECBLOK with ECMODE on; without, virtual CR0 only."""
    made = bench()
    vm = made.log_on(ecmode=not on)
    vm.vmgprs[4], vm.cpu.cr[0] = 44, 0
    vm.cf = False
    vm.queue_external(0x40, 0x40)
    run_command(made.cp, vm, f"SET ECMODE {'ON' if on else 'OFF'}")
    assert (vm.ecblok is not None, bool(vm.vmpstat & ProcessStatus.V370R)) == (on, on)
    assert (vm.vmgprs[4], vm.cpu.cr[0], vm.vmpxint, vm.cf) == (0, 0xE0, [], True)


def test_a_reset_turns_pagex_off():
    """[1.11 Pseudo page faults] IPL turns PAGEX off."""
    made, vm = guest(LOOP)
    run_command(made.cp, vm, "SET PAGEX ON")
    run_command(made.cp, vm, "SYSTEM RESET")
    assert not vm.vmpstat & ProcessStatus.PAGEX


def test_favored_and_priority_are_the_operators():
    """[4.2 SET class A] [1.2 VMQLEVEL] FAVORED is the HIPRI bit."""
    made, vm = guest(LOOP)
    assert run_command(made.cp, vm, "SET FAVORED A").lines == ["DMKCFS003E INVALID OPTION - FAVORED"]
    vm.vmcls = "AG"
    run_command(made.cp, vm, "SET FAVORED A")
    assert vm.vmqlevel & QueueLevel.HIPRI
    run_command(made.cp, vm, "SET FAVORED A OFF")
    assert not vm.vmqlevel & QueueLevel.HIPRI


ERRORS = [
    ("SET", "DMKCFS026E OPERAND MISSING OR INVALID"),
    ("SET NONSENSE ON", "DMKCFS003E INVALID OPTION - NONSENSE"),
    ("SET ECMODE", "DMKCFS026E OPERAND MISSING OR INVALID"),
    ("SET ECMODE MAYBE", "DMKCFS003E INVALID OPTION - MAYBE"),
    ("SET RUN ON OFF", "DMKCFS003E INVALID OPTION - OFF"),
    ("SET TIMER FAST", "DMKCFS003E INVALID OPTION - FAST"),
    ("SET EMSG LOUD", "DMKCFS003E INVALID OPTION - LOUD"),
    ("SET NOTRANS ON", "DMKCFS261E OPERATION NOT PERFORMED"),
]


@pytest.mark.parametrize(("line", "message"), ERRORS)
def test_operand_in_error(line, message):
    """[4.2 SET] [4.7] NOTRANS is for a V=R machine, and there is none."""
    made, vm = guest(LOOP)
    assert run_command(made.cp, vm, line).lines == [message]
    assert vm.settings == {}
