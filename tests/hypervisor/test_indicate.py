"""INDICATE.  CP Command Reference "INDICATE"."""

import re

import pytest

from edu_hv.hypervisor.commands import run_command
from edu_hv.hypervisor.vmblok import RunStatus
from tests.hypervisor.bench import bench, guest

LOOP = "47F00A00"


def test_load_is_one_line():
    """[4.2 INDicate LOAD] CPU, APU, the two queues, storage, ratio."""
    made, vm = guest(LOOP)
    made.steps(500)
    (line,) = run_command(made.cp, vm, "INDICATE").lines
    assert re.fullmatch(r"CPU-\d{3}% APU-000% Q1-01 Q2-00 STORAGE-\d{3}% RATIO-1\.0", line)
    assert run_command(made.cp, vm, "IND LOAD").lines == [line]
    assert int(line[4:7]) == vm.vmttime * 100 // made.machine.clocks.now > 0


def test_user_is_two_lines_of_figures_that_cp_keeps():
    """[4.2 INDicate USER] [1.2 VMTIMER, VMVTIME VMTTIME] Pages, paging, times, operations started."""
    made, vm = guest("9D000009" + LOOP)
    made.steps(2000)
    made.stop()
    first, second = run_command(made.cp, vm, "INDICATE USER").lines
    assert first.startswith(f"PAGES: RES-{vm.storage.resident:04} WS-")
    assert "READS=" in first
    assert "WRITES=" in first
    assert re.match(r"VTIME=\S+ TTIME=\S+ SIO=000000", second)
    assert 1900 < vm.vmvtime < vm.vmttime


def test_queues_shows_who_is_in_which_state():
    """[4.2 INDicate QUEUES] [1.10 State] Class E."""
    made = bench()
    vms = [made.start(made.log_on(name), LOOP) for name in "AB"]
    vms[1].begin_wait(RunStatus.PGWAIT)
    vms[0].vmcls = "E"
    lines = run_command(made.cp, vms[0], "IND QUEUES").lines
    assert [line.split()[:3] for line in lines] == [["A", "Q1", "1"], ["B", "Q1", "2"]]
    assert run_command(made.cp, vms[0], "IND PAGING").lines == [f"B        {vms[1].storage.resident:03}:016"]


EMPTY = [
    ("IND I/O", ["NO USERS IN I/O WAIT"]),
    ("IND PAG", ["NO USERS IN PAGEWAIT"]),
    ("IND FAV", ["NO FAVORED USERS"]),
]


@pytest.mark.parametrize(("line", "lines"), EMPTY)
def test_nobody(line, lines):
    """[4.2 INDicate I/O] [4.2 INDicate PAGING] [4.2 INDicate FAVORED]"""
    made, vm = guest(LOOP)
    vm.vmcls = "E"
    assert run_command(made.cp, vm, line).lines == lines


def test_favored_users_are_named():
    """[4.2 INDicate FAVORED]"""
    made, vm = guest(LOOP)
    vm.vmcls = "AE"
    run_command(made.cp, vm, "SET FAVORED A")
    assert run_command(made.cp, vm, "IND FAVORED").lines == ["A"]


@pytest.mark.parametrize("line", ["IND QUEUES", "IND I/O", "IND PAGING", "IND NONSENSE"])
def test_what_is_class_es_is_unknown_to_a_general_user(line):
    """[4.2 INDicate]"""
    made, vm = guest(LOOP)
    assert run_command(made.cp, vm, line).lines == [f"DMKTHI003E INVALID OPTION - {line.split()[1]}"]


def test_another_user_is_class_es():
    """[4.2 INDicate USER]"""
    made = bench()
    first, second = (made.log_on(name) for name in "AB")
    assert run_command(made.cp, first, "IND USER B").lines == ["DMKTHI045E B NOT LOGGED ON"]
    first.vmcls = "E"
    assert len(run_command(made.cp, first, "IND USER B").lines) == 2
    assert second.vmuser == "B"
