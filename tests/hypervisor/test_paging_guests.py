"""Whole guests under CP with far too few page frames.  The oracle is what they write on a machine of their own."""

from functools import cache
from typing import Any

import pytest

from edu_hv.hypervisor.control_program import ControlProgram
from edu_hv.hypervisor.paging_area import make_paging_volume
from edu_hv.machine.machine import Machine
from edu_hv.machine.storage import FRAME
from tests.hypervisor import bench
from tests.hypervisor.bench import Bench, own_lines
from tests.hypervisor.paging_rig import DEVICE, FREE, Rig

bare = cache(bench.bare)
FULL = "DMKPGT400I SYSTEM TEMP SPACE FULL"
ERRORS = "DMKPAG415E CONTINUOUS PAGING ERRORS FROM DASD 150"


def paged(frames: int) -> Bench:
    """A machine with so many page frames and a paging volume, under CP."""
    machine = Machine(FREE[1] + frames * FRAME)
    machine.channels.attach(DEVICE, make_paging_volume(4))
    cp = ControlProgram(machine)
    cp.paging.attach_area(DEVICE)
    return Bench(machine, cp)


def check(made: Bench) -> None:
    """The invariants of `Rig.check`."""
    drive: Any = made.machine.channels.devices[DEVICE]
    Rig(made.machine, made.cp.free_storage, made.cp.paging, drive).check()


@pytest.mark.parametrize(
    ("name", "guests", "frames"),
    [
        pytest.param("kernel", 4, 10, id="four-kernels"),
        pytest.param("second", 3, 9, id="two-with-tapes"),
        pytest.param("twospace", 1, 12, id="a-guest-with-its-own-pages"),
        pytest.param("minicp", 2, 12, id="CP-under-CP"),
    ],
)
def test_a_guest_does_not_notice_that_its_pages_come_and_go(name: str, guests: int, frames: int) -> None:
    """[1.3 Guest storage 0..VMSIZE] more guest storage than real storage, guests with their own DAT among them."""
    made = paged(frames)
    vms = [made.ipl(name, f"USER{number}") for number in range(guests)]
    while not made.machine.dead:
        made.machine.run(2000)
        check(made)
    assert [own_lines(vm) for vm in vms] == [bare(name)] * guests
    assert all(vm.storage.steals for vm in vms)
    assert sum(vm.vmsize for vm in vms) >= guests * 0x10000 > frames * FRAME


def test_a_full_paging_area_stops_guests_with_a_message_and_they_can_go_on() -> None:
    """Paging area full: no contents are lost; when one has logged off, BEGIN lets the others finish."""
    made = paged(10)
    assert made.cp.paging.area is not None
    made.cp.paging.area.slots = 0
    vms = [made.ipl("kernel", f"USER{number}") for number in range(4)]
    made.run()
    check(made)
    stopped = [vm for vm in vms if any(line.text.startswith(FULL) for line in vm.terminal)]
    assert 0 < len(stopped) < 4
    for vm in vms:
        if vm not in stopped:
            assert own_lines(vm) == bare("kernel")
            made.cp.logoff(vm)
    for vm in stopped:
        begin(made, vm)
        made.run()
        assert own_lines(vm) == bare("kernel")
        made.cp.logoff(vm)
    assert len(made.cp.paging.core.free) == 10


def test_guests_stopped_by_paging_errors_can_go_on_when_the_device_works_again() -> None:
    """A unit check that stays: the guests that need pages are stopped with CP's message, and lose nothing."""
    made = paged(10)
    vms = [made.ipl("kernel", f"USER{number}") for number in range(4)]
    drive: Any = made.machine.channels.devices[DEVICE]
    made.until(lambda: vms[0].storage.page_reads > 3)
    drive.stop()
    made.run()
    check(made)
    stopped = [vm for vm in vms if any(line.text.startswith(ERRORS) for line in vm.terminal)]
    assert stopped
    made.machine.channels.present(DEVICE, drive.make_ready())
    for vm in stopped:
        begin(made, vm)
    made.run()
    assert [own_lines(vm) for vm in vms] == [bare("kernel")] * 4


def begin(made: Bench, vm: Any) -> None:
    """The operator's BEGIN."""
    vm.cf = False
    made.cp.wake(vm)


def test_a_guest_logged_off_while_its_page_is_on_its_way() -> None:
    """A guest logged off while its I/O runs: the others go on as if it had never been."""
    made = paged(9)
    vms = [made.ipl("kernel", f"USER{number}") for number in range(3)]
    made.until(lambda: made.cp.paging.waiting(vms[0].storage))
    made.cp.logoff(vms[0])
    check(made)
    made.run()
    check(made)
    assert [own_lines(vm) for vm in vms[1:]] == [bare("kernel")] * 2


def test_going_back_in_the_midst_of_paging_gives_the_same_again() -> None:
    made = paged(9)
    vms = [made.ipl("kernel", f"USER{number}") for number in range(3)]
    made.until(lambda: made.cp.paging.waiting(vms[1].storage))
    machine, cp = made.machine.state(), made.cp.state()
    ends = []
    for _ in range(2):
        made.run()
        storage = bytes(made.machine.storage.data), bytes(made.machine.storage.keys)
        ends.append((storage, made.machine.clocks.state(), [own_lines(vm) for vm in vms], made.cp.paging.state()))
        made.machine.restore(machine)
        made.cp.restore(cp)
    assert ends[0] == ends[1]
