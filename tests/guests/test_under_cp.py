"""The guests that test CP, under CP: each writes what it writes on a machine of its own, also with the assist."""

from dataclasses import dataclass

import pytest

from edu_hv.devices.catalog import DEVICE_TYPES
from edu_hv.guests.catalog import GUESTS
from edu_hv.hypervisor.commands import run_command
from edu_hv.hypervisor.control_program import ControlProgram
from edu_hv.hypervisor.minidisks import Extent, Volume
from edu_hv.hypervisor.paging_area import make_paging_volume
from edu_hv.hypervisor.virtual_configuration import add_minidisk, add_spooled
from edu_hv.hypervisor.virtual_devices import VDEVFLAG
from edu_hv.hypervisor.vmblok import VMBLOK
from edu_hv.machine.machine import Machine
from edu_hv.machine.storage import FRAME
from tests.guests import test_busy as busy
from tests.guests import test_hostile as hostile
from tests.guests import test_kernel as kernel
from tests.guests import test_twospace as twospace
from tests.guests.conftest import ipl
from tests.hypervisor.bench import CARD, READER, Bench, bench, cp_lines, own_lines

PUNCH, DISK, PACK = 0x00D, 0x191, 0x391
ASSIST = pytest.mark.parametrize("assist", [False, True], ids=["", "assist"])


@dataclass
class Ran:
    """A guest that has come to its end."""

    made: Bench
    vm: VMBLOK

    @property
    def lines(self) -> list[str]:
        return own_lines(self.vm)

    @property
    def psw(self) -> str:
        return self.vm.vmpsw.to_bytes().hex(" ", 4).upper()


def machine(assist=False):
    made = bench()
    if assist:
        made.machine.install_assist()
    return made


def load(made, name, userid):
    """The guest's deck in its reader, and IPL."""
    vm = made.log_on(userid, GUESTS[name].ecmode, GUESTS[name].tape())
    if name == "busy":
        give_punch_and_tape(made, vm)
    if name in ("busy", "hostile"):
        give_disk(made, vm)
    deck = GUESTS[name].deck()
    made.cp.spool.add_deck(userid, [deck[at : at + CARD] for at in range(0, len(deck), CARD)])
    made.cp.ipl(vm, READER)
    return vm


def give_punch_and_tape(made, vm):
    """A punch, and a blank tape with a ring."""
    channels = made.machine.channels
    add_spooled(made.cp, vm, PUNCH, "3525")
    tape = vm.devices.lookup(0x181).real
    channels.detach(tape)
    channels.attach(tape, DEVICE_TYPES["3420"].make(b"", vm.vmuser, ("new", "ring")))


def give_disk(made, vm):
    """Cylinders 5 to 14 of a real pack as disk 191."""
    number = len(made.cp.vms) - 1
    pack = PACK + number
    made.machine.channels.attach(pack, DEVICE_TYPES["3330"].make(b"", f"PACK{number:02}", ("new",)))
    volume = Volume(f"PACK{number:02}", pack, "3330", 404)
    add_minidisk(vm, DISK, volume, Extent(volume.volser, 5, 10), VDEVFLAG(0), vm.vmuser)


def give_devices(made, vm):
    """A punch, a tape and a disk."""
    give_punch_and_tape(made, vm)
    give_disk(made, vm)


def run(name, assist=False):
    made = machine(assist)
    vm = load(made, name, "GUEST")
    made.run()
    return Ran(made, vm)


@ASSIST
def test_guest_with_virtual_storage_of_its_own(assist):
    """[1.5] Shadow tables in all four formats, two address spaces, demand paging in the guest, a stale entry."""
    ran = run("twospace", assist)
    assert (ran.lines, ran.psw) == (twospace.LINES, twospace.ALL_IS_WELL)


@ASSIST
def test_guest_that_keeps_its_devices_busy(assist):
    """[2.4] Chains on spooled devices, the console, a dedicated tape and a minidisk, all at the same time."""
    ran = run("busy", assist)
    assert (ran.lines, ran.psw) == (busy.LINES, busy.ALL_IS_WELL)


@ASSIST
def test_guest_that_tries_to_get_out(assist):
    """[1.4] [2.4-5] [3] It gets what the real machine would give; for DIAGNOSE, what CP says it gives."""
    ran = run("hostile", assist)
    assert [result for result in hostile.attempts(ran.lines) if not result[1].startswith("OK")] == []
    assert (ran.lines[-1], ran.psw) == (hostile.NONE_WRONG, "00020000 00000000")
    assert len(hostile.attempts(ran.lines)) == hostile.ATTEMPTS + hostile.UNDER_CP


def test_attempts_end_at_the_same_address_as_on_the_real_machine():
    """[1.4 common] Line by line, but for instructions that no virtual machine has."""
    mine, real = run("hostile").lines, ipl(GUESTS["hostile"].deck()).run().lines
    others = {"SIGP", "STPX", "STAP"}
    assert {line[:40].rstrip() for line, other in zip(mine, real[:-1], strict=False) if line != other} == others


def messages(ran):
    """The texts of the messages that the guest sent to itself."""
    start = f"MSG FROM {ran.vm.vmuser:8}:"
    return [" ".join(line.split(start)[1].split()) for line in cp_lines(ran.vm) if start in line]


@ASSIST
def test_kernel_that_asks_cp_by_diagnose(assist):
    """[3 X'08'] [3 X'20'] Its lines are the kernel's, as messages; it takes fewer traps than the kernel."""
    ran = run("parakernel", assist)
    assert (messages(ran), ran.psw) == ([" ".join(line.split()) for line in kernel.LINES], kernel.END_OF_THE_DAY)
    assert ran.vm.traps < run("kernel", assist).vm.traps


SETS = [["twospace", "hostile"], ["busy", "twospace", "busy"], ["kernel", "hostile", "busy"]]


@pytest.mark.parametrize("names", SETS, ids="+".join)
def test_guests_beside_each_other_write_what_each_writes_alone(names):
    made = machine()
    vms = [load(made, name, f"{name.upper()[:7]}{number}") for number, name in enumerate(names)]
    made.run()
    assert [own_lines(vm) for vm in vms] == [run(name).lines for name in names]


# ---- less real storage than the guests have -------------------------------------------------------------------------

FEW_FRAMES = 8
PAGING = 0x150


def small_machine():
    """A machine whose guests have to share a few frames, with a volume that their pages go to."""
    made = bench()
    real = made.cp.free_storage.end + FEW_FRAMES * FRAME
    machine = Machine(real)
    made = Bench(machine, ControlProgram(machine))
    machine.channels.attach(PAGING, make_paging_volume(4, "3330"))
    made.cp.paging.attach_area(PAGING)
    return made


def test_guests_that_cp_pages_write_what_each_writes_alone():
    """[1.5 steal] [2.4-2] Frames are stolen from shadow tables and between channel programs; none stays locked."""
    names = ["twospace", "busy", "hostile"]
    made = small_machine()
    vms = [load(made, name, f"G{number}") for number, name in enumerate(names)]
    stolen = []
    made.cp.paging.on_steal, told = (
        lambda storage, page: (stolen.append(page), told(storage, page)),
        made.cp.paging.on_steal,
    )
    made.run()
    assert [own_lines(vm) for vm in vms] == [run(name).lines for name in names]
    assert len(stolen) > 20
    core = made.cp.paging.core
    assert [core[core.frame(number)].locks for number in range(len(core))] == [0] * len(core)


# ---- logged off in the middle ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("units", [9_000, 14_000, 20_000, 33_000])
def test_guest_logged_off_while_its_devices_work_disturbs_nobody(units):
    """[4.3 LOGOFF] Nothing of it is left behind, and the other guest loses nothing."""
    made = machine()
    leaving, staying = load(made, "busy", "LEAVES"), load(made, "twospace", "STAYS")
    for _ in range(units):
        made.machine.advance()
    made.settle()
    made.cp.logoff(leaving)
    made.run()
    core = made.cp.paging.core
    entries = [core[core.frame(number)] for number in range(len(core))]
    assert [entry for entry in entries if entry.locks or entry.owner is leaving.storage] == []
    assert own_lines(staying) == twospace.LINES


# ---- traced ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["twospace", "busy", "hostile"])
def test_guest_that_is_traced_writes_the_same(name):
    """[4.4 TRACE] With RUN every event is told, and the guest does not notice."""
    made = machine()
    vm = load(made, name, "TRACED")
    assert run_command(made.cp, vm, "TRACE PRIV SVC PROG EXT I/O SIO CCW CSW RUN").lines == ["TRACE STARTED"]
    made.run()
    assert own_lines(vm) == run(name).lines
    assert len(cp_lines(vm)) > 100
