"""Channel programs of a guest under the whole CP: what it sees of them is what it would see on the machine.

The cases are those of `test_ccw_translation` and `minidisk_rig`; there only the translation is under test.
"""

import pytest

from edu_hv.devices.disk import drive_for
from edu_hv.devices.tape import TapeDrive
from edu_hv.hypervisor.virtual_devices import VDEVBLOK, VDEVSTAT, DeviceClass
from edu_hv.isa.codes import PSA, UnitStatus
from edu_hv.machine.storage import BLOCK
from tests.hypervisor import test_ccw_translation as tape_cases
from tests.hypervisor.bench import FIRST_REAL_TAPE, TAPE, guest
from tests.hypervisor.ccw_rig import ADDRESS, REAL_ADDRESS, SIZE, Bare, Program, Seen, extent, minidisk_volume, outside
from tests.hypervisor.io_scene import Scene, csw
from tests.hypervisor.minidisk_rig import AREA, CYLINDERS, RECORDS, RELN, SENSE, line, volume
from tests.hypervisor.minidisk_rig import CASES as DISK_CASES
from tests.hypervisor.test_ccw_translation import BLOCK as TAPE_BLOCK
from tests.hypervisor.test_ccw_translation import READ, TAPE_IMAGE, drive, program

SIO_AND_LOOP = "9C000181" + "47F00A04"


class Guest:
    """A virtual machine under CP with one device; takes each interruption when it comes."""

    def __init__(self, device, kind=DeviceClass.TAPE, **vdev) -> None:
        self.made, self.device = Scene(), device
        self.vm = self.made.log_on()
        self.made.machine.channels.attach(REAL_ADDRESS, device)
        fields = {"model": device.model, "real": REAL_ADDRESS, "vdevstat": VDEVSTAT.DEDICATED}
        self.vm.devices.add(VDEVBLOK(ADDRESS, kind, **(fields | vdev)))
        self.before = self.left()

    def left(self):
        """What an operation takes of CP, and must give back."""
        core = self.made.cp.paging.core
        locked = [n for n in range(len(core)) if core[core.frame(n)].locks]
        return dict(self.made.cp.free_storage.taken), locked

    def run(self, program: Program) -> Seen:
        """SIO, and all interruptions that come of it."""
        vm, cpu = self.vm, self.vm.cpu
        for address, data in program.storage.items():
            cpu.store_real(address, data)
        for block, key in program.keys.items():
            vm.storage.set_key(block * BLOCK, key)
        cpu.store_real(PSA.CAW, program.caw.to_bytes(4, "big"))
        seen = self.made.issue(vm, "SIO", ADDRESS)
        status = seen.csw[9:13].lower() if seen.cc == 1 else ""
        csws = tuple(self.interruptions())
        assert self.left() == self.before, "a frame stays locked, or the copy was not given back"
        keys = bytes(vm.storage.key(at) & 0xFA for at in range(0, SIZE, BLOCK))
        return Seen(seen.cc, status, csws, cpu.load_real(0x100, SIZE - 0x100), keys)

    def interruptions(self):
        self.vm.vmpsw.system_mask = 0xFE
        for _ in range(20_000):
            while (address := self.made.cp.vio.pending(self.vm)) is not None:
                self.made.cp.vio.accept(self.vm, address)
                yield csw(self.vm).lower()
            if self.made.machine.dead or not self.made.machine.advance():
                return
        raise AssertionError("it goes on and on")


@pytest.mark.parametrize("case", tape_cases.CASES.values(), ids=tape_cases.CASES.keys())
def test_guest_with_a_dedicated_tape_finds_what_it_would_find_on_the_machine(case):
    """[2.3-6] [2.3-7] [2.3-9] Condition code, CSWs in the guest's addresses, residual counts, data, sense bytes."""
    bare, its = Bare(drive()), Guest(drive())
    for one in (case, program(tape_cases.SENSE)):
        assert bare.run(one).difference(its.run(one)) == []


@pytest.mark.parametrize("text", DISK_CASES.values(), ids=DISK_CASES.keys())
def test_guest_with_a_minidisk_finds_what_it_would_find_on_a_volume(text):
    """[2.4-9] [2.5 Definition] The same with a real volume that others have a part of."""
    bare = Bare(drive_for(volume()))
    device = drive_for(minidisk_volume(volume(), RELN))
    its = Guest(device, DeviceClass.DASD, reln=RELN, bnd=CYLINDERS, vdevstat=VDEVSTAT(0))
    others = outside(device.volume, RELN, CYLINDERS)
    for one in (line(text), SENSE):
        assert bare.run(one).difference(its.run(one)) == []
    assert outside(device.volume, RELN, CYLINDERS) == others


# ---- two guests on one volume --------------------------------------------------------------------------------------


def neighbours():
    """Two guests with minidisks on one volume, the first like the small volume."""
    first = Guest(drive_for(minidisk_volume(volume(), RELN, behind=2 + CYLINDERS)), DeviceClass.DASD, **PLACE)
    second = first.made.log_on("B")
    second.devices.add(VDEVBLOK(ADDRESS, DeviceClass.DASD, model="3330", real=REAL_ADDRESS, **(PLACE | {"reln": 9})))
    its = object.__new__(Guest)
    its.made, its.vm, its.device = first.made, second, first.device
    first.before = its.before = first.left()
    return first, its


PLACE = {"reln": RELN, "bnd": CYLINDERS, "vdevstat": VDEVSTAT(0)}


def test_arm_is_where_each_guest_left_it():
    """[2.4 restrictions] A program without a SEEK reads its own cylinder, wherever the other has moved the arm."""
    first, second = neighbours()
    first.run(line("07:000000010002 12/8"))
    second.run(line("07:000000020001 1A/5"))
    seen = first.run(line("12/8"))
    assert seen.csws == ("00004008 0c000000",)
    assert first.vm.cpu.load_real(AREA, 8) == RECORDS[0].count
    second.run(line("1A/5"))
    assert second.vm.cpu.load_real(AREA, 5).hex() == "0000020001"


def test_sense_bytes_are_each_guests_own():
    """[2.3-8] [2.4-8] The other one uses the drive between the unit check and the SENSE."""
    first, second = neighbours()
    first.run(line("07:000000090002 12/8"))
    second.run(line("07:000000020001 31:0002000199 TIC:-1 06/5"))
    first.run(SENSE)
    second.run(SENSE)
    assert first.vm.cpu.load_real(0x7000, 2).hex() == "8000"
    assert second.vm.cpu.load_real(0x7000, 7).hex() == "00080000380201"


def test_writer_of_one_minidisk_does_not_change_the_other():
    """[2.5 Definition]"""
    first, second = neighbours()
    before = extent(first.device.volume, 9, CYLINDERS)
    first.run(line("07:000000020012 1F:C0 31:0002001200 TIC:-1 1D:00020012010000021234"))
    assert extent(first.device.volume, 9, CYLINDERS) == before
    assert extent(first.device.volume, RELN, CYLINDERS)[-1].records[1].data == b"\x12\x34"
    second.run(line("07:000000000000 1F:C0 31:0000000000 TIC:-1 1D:00000000010000021234"))
    assert extent(first.device.volume, RELN, CYLINDERS)[-1].records[1].data == b"\x12\x34"


# ---- with a guest that runs ----------------------------------------------------------------------------------------


def prepared(*ccws, code=SIO_AND_LOOP, tape=TAPE_IMAGE):
    made, vm = guest(code, tape=tape)
    vm.cpu.store_real(PSA.CAW, (0x4000).to_bytes(4, "big"))
    vm.cpu.store_real(0x4000, bytes.fromhex("".join(ccws)))
    return made, vm


def test_guest_cannot_change_the_program_once_it_runs():
    """[2.4 restrictions] Dynamically modified channel programs do not work: what runs is CP's copy."""
    made, vm = prepared(READ)
    made.steps()
    vm.cpu.store_real(0x4000, bytes(8))
    made.until(lambda: vm.devices[TAPE].vdevcsw is not None)
    assert vm.cpu.load_real(0x5000, 0x100) == TAPE_BLOCK[:0x100]


def test_second_status_before_the_first_is_taken_loses_neither():
    """A tape is mounted while the end of an operation is still pending for the guest."""
    made, vm = prepared("0200500020002000")
    made.steps()
    made.until(lambda: vm.devices[TAPE].vdevcsw is not None)
    made.settle()
    made.machine.channels.present(FIRST_REAL_TAPE, UnitStatus.ATTENTION)
    made.steps()
    taken = []
    while (address := vm.devices.interrupting(TAPE >> 8)) is not None:
        made.cp.vio.accept(vm, address)
        taken.append(csw(vm))
    assert taken == ["00004008 0C000C64", "00000000 80000000"]


def test_no_room_for_the_copy_is_a_busy_channel():
    """[2.3-6] CP does not fail, and the guest may try again."""
    made, _ = prepared(READ, code="9C000181" * 2)
    free = made.cp.free_storage
    get, free.get = free.get, no_room
    made.steps()
    assert made.machine.cpu.psw.cc == 2
    free.get = get
    made.steps()
    assert made.machine.cpu.psw.cc == 0


def no_room(length):
    raise MemoryError("CP's free storage is used up")


def test_drive_without_a_tape_answers_for_itself():
    its = Guest(TapeDrive())
    assert its.run(program(READ)).status == "0200"
