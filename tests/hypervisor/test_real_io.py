"""Real operations: queues, sense bytes, errors in the middle of a chain, and guests that go away (DMKIOS)."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edu_hv.devices.ckd_image import blank_volume
from edu_hv.devices.disk import Disk3330
from edu_hv.hypervisor.io_blocks import IOBLOK, Phase
from edu_hv.hypervisor.paging_area import make_paging_volume
from edu_hv.hypervisor.virtual_devices import VDEVBLOK, VDEVFLAG, DeviceClass
from edu_hv.hypervisor.vmblok import RunStatus
from edu_hv.isa.codes import CR0, Sense, UnitStatus
from edu_hv.machine.machine import Machine
from edu_hv.machine.subchannel import ChannelType
from tests.hypervisor.io_scene import (
    AT,
    DATA,
    DISK,
    REAL_DISK,
    REAL_TAPE,
    TAPE,
    FailingDevice,
    Scene,
    Seen,
    ccw,
    tape,
    tic,
)

READ = ccw(0x02, count=4, flags="L")
SENSE = ccw(0x04, DATA + 0x100, count=4)
END = f"{AT + 8:08X} 0C000000"


def chain(reads):
    """So many reads of 4 bytes, one behind the other."""
    return [ccw(0x02, DATA + 4 * n, 4, "C" if n + 1 < reads else "") for n in range(reads)]


def failing(**arguments):
    """A guest with a test device at 181."""
    made = Scene()
    vm = made.log_on()
    device = FailingDevice(**arguments)
    made.dedicate(vm, TAPE, REAL_TAPE, device)
    return made, vm, device


def disk_guests(*userids, cylinders=20):
    """Guests with a minidisk each, one behind the other on one real volume."""
    made = Scene()
    made.machine.channels.attach(REAL_DISK, Disk3330(blank_volume("3330", "VM0001", 100)))
    guests = []
    for n, userid in enumerate(userids):
        vm = made.log_on(userid)
        place = {"reln": n * cylinders, "bnd": cylinders}
        vm.devices.add(VDEVBLOK(DISK, DeviceClass.DASD, model="3330", real=REAL_DISK, **place))
        guests.append(vm)
    return made, guests


def seek(vm, cylinder, at=0x5F00):
    """SEEK to a cylinder of the guest's, head 0."""
    vm.cpu.store_real(at, bytes(2) + cylinder.to_bytes(2, "big") + bytes(2))
    return ccw(0x07, at, 6)


def nothing_left(made, free):
    """Whether nothing is queued, active, taken or locked."""
    busy = [rdev for rdev in made.cp.ios.rdevs.values() if rdev.active or rdev.queue or rdev.sensing]
    return not busy and made.cp.free_storage.state() == free and not locked(made)


def locked(made):
    """Page frames with a lock."""
    core = made.cp.paging.core
    return [n for n in range(len(core)) if core[core.frame(n)].locks]


# ---- errors in the middle of a chain ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sense", "fails_at"),
    [
        pytest.param(Sense.EQUIPMENT_CHECK, 3, id="equipment-check"),
        pytest.param(Sense.DATA_CHECK, 1, id="data-check-at-once"),
        pytest.param(Sense.INTERVENTION_REQUIRED, 5, id="not-ready"),
    ],
)
def test_an_error_in_the_middle_of_a_chain_is_the_guests(sense, fails_at):
    """[2.3-8] [2.4-8] The CSW names the CCW that failed; SENSE is answered from CP's copy."""
    made, vm, device = failing(fails_at=fails_at, sense=sense)
    free = made.cp.free_storage.state()
    assert made.start(vm, TAPE, *chain(6)).cc == 0
    assert made.interruptions(vm) == [f"181 {AT + 8 * fails_at:08X} 0E400004"]
    assert vm.cpu.load_real(DATA, 24) == b"".join(bytes([n + 1]) * 4 for n in range(fails_at - 1)).ljust(24, b"\0")
    assert vm.devices[TAPE].vdevflag & VDEVFLAG.SENSE
    device.sense = bytes(4)
    assert made.start(vm, TAPE, SENSE).cc == 0
    assert made.interruptions(vm) == [f"181 {END}"]
    assert vm.cpu.load_real(DATA + 0x100, 4) == bytes([sense, 0xAB, fails_at, 0])
    assert nothing_left(made, free)


def test_a_device_that_is_not_ready_gives_unit_check_with_start_io_and_its_sense_at_once():
    """[2.3-7] [2.3-8] Initial status with CC 1; the guest waits until CP has the sense bytes."""
    made, vm, device = failing()
    device.is_ready = False
    assert made.start(vm, TAPE, READ) == Seen(1, "00000000 02000000")
    assert vm.vmrstat & RunStatus.IOWAIT
    made.settle()
    assert not vm.vmrstat & RunStatus.IOWAIT
    device.sense = bytes(4)
    made.start(vm, TAPE, SENSE)
    assert made.interruptions(vm) == [f"181 {END}"]
    assert vm.cpu.load_real(DATA + 0x100, 1)[0] == Sense.INTERVENTION_REQUIRED


def test_a_command_that_resets_the_sense_data_resets_the_copy():
    """[2.4-8] The next SENSE is answered by the real device, which has nothing to say."""
    made, vm, _ = failing(fails_at=1)
    made.start(vm, TAPE, READ)
    made.interruptions(vm)
    made.start(vm, TAPE, READ)
    assert made.interruptions(vm) == [f"181 {END}"]
    assert not vm.devices[TAPE].vdevflag & VDEVFLAG.SENSE
    made.start(vm, TAPE, SENSE)
    made.interruptions(vm)
    assert vm.cpu.load_real(DATA + 0x100, 4) == bytes(4)


def test_a_damaged_tape_block_is_a_data_check_of_the_guest():
    """[2.3-8] The drive's own sense bytes, of a block that cannot be read."""
    made = Scene()
    vm = made.log_on()
    drive = tape()
    made.dedicate(vm, TAPE, REAL_TAPE, drive)
    made.start(vm, TAPE, ccw(0x02, count=80, flags="C"), ccw(0xFF, flags="L"))
    assert made.interruptions(vm) == [f"181 {AT + 16:08X} 02000050"]
    made.start(vm, TAPE, SENSE)
    made.interruptions(vm)
    assert vm.cpu.load_real(DATA + 0x100, 1)[0] == Sense.COMMAND_REJECT


# ---- queues ----------------------------------------------------------------------------------------------------------


def test_a_device_that_another_guest_uses_only_means_later():
    """[2.3-7] Both SIOs give CC 0; the second is queued and ends by itself."""
    made, (first, second) = disk_guests("A", "B")
    for vm in (first, second):
        assert made.start(vm, DISK, seek(vm, 3)).cc == 0
    rdev = made.cp.ios.rdev(REAL_DISK)
    assert (rdev.active.vm, [ioblok.vm for ioblok in rdev.queue]) == (first, [second])
    assert [made.issue(vm, "TIO", DISK).cc for vm in (first, second)] == [2, 2]
    ended = [made.interruptions(vm) for vm in (first, second)]
    assert ended == [[f"191 {AT + 8:08X} 08000000", "191 00000000 04000000"]] * 2


def test_seeks_are_ordered_as_an_elevator_goes():
    """[2.3-7] The arm serves the cylinders ahead of it first, then turns."""
    made, guests = disk_guests("A", "B", "C", "D", "E")
    order = []
    cylinders = (10, 5, 0, 15, 2)  # Real: 10, 25, 40, 75, 82.
    made.cp.ios.rdev(REAL_DISK).cylinder = 30
    blocker, *others = guests[2], guests[3], guests[1], guests[0], guests[4]
    for vm in (blocker, *others):
        made.start(vm, DISK, seek(vm, cylinders[guests.index(vm)]))
    ended = made.cp.vio.ended

    def note(ioblok, csw):
        order.append(ioblok.vm.vmuser)
        ended(ioblok, csw)

    made.cp.vio.ended = note
    made.settle()
    assert order == ["C", "D", "E", "B", "A"]


def test_a_busy_real_channel_only_means_later():
    """[2.3-7] Two guests' devices on one real channel: neither sees the other."""
    made = Scene()
    guests = [made.log_on(userid) for userid in ("A", "B")]
    for n, vm in enumerate(guests):
        made.dedicate(vm, TAPE, REAL_TAPE + n, FailingDevice())
    assert made.start(guests[0], TAPE, READ).cc == 0
    assert made.issue(guests[1], "TIO", TAPE).cc == 0
    assert made.start(guests[1], TAPE, READ).cc == 0
    assert [made.cp.ios.rdev(REAL_TAPE + n).queue == [] for n in (0, 1)] == [True, False]
    assert [made.interruptions(vm) for vm in guests] == [[f"181 {END}"]] * 2


def test_halt_io_of_an_operation_that_cp_has_not_started_takes_it_off_the_queue():
    """[2.3-9] [1.4 HIO] It ends as if halted; the other guest's goes on."""
    made, (first, second) = disk_guests("A", "B")
    free = made.cp.free_storage.state()
    for vm in (first, second):
        made.start(vm, DISK, seek(vm, 3))
    assert made.issue(second, "HIO", DISK).cc == 2
    assert made.cp.ios.rdev(REAL_DISK).queue == []
    assert made.interruptions(second) == [f"191 {AT + 8:08X} 0C000006"]
    assert len(made.interruptions(first)) == 2
    assert nothing_left(made, free)


def test_halt_io_of_a_running_operation_halts_the_real_device():
    """[1.4 HIO] No more CCWs of an endless chain are executed."""
    made, vm, device = failing()
    made.start(vm, TAPE, ccw(0x02, count=4, flags="C"), tic(AT))
    for _ in range(20):
        made.machine.advance()
    assert device.reads > 2
    assert made.issue(vm, "HDV", TAPE).cc == 2
    reads = device.reads
    (end,) = made.interruptions(vm)
    assert (device.reads, end[:17]) == (reads, f"181 {AT + 8:08X} 0C40")


def test_clear_io_of_a_queued_operation_takes_it_off_the_queue():
    """[1.4 CLRIO] CC 1; the device is free at once."""
    made, (first, second) = disk_guests("A", "B")
    free = made.cp.free_storage.state()
    second.cpu.cr[0] |= 0x80000000
    for vm in (first, second):
        made.start(vm, DISK, seek(vm, 3))
    assert made.issue(second, "CLRIO", DISK) == Seen(1, f"{AT + 8:08X} 00000006")
    assert made.issue(second, "TIO", DISK).cc == 0
    made.settle()
    assert made.interruptions(second) == []
    assert nothing_left(made, free)


def test_a_real_device_that_is_gone_gives_condition_code_3():
    """[2.3-7] Not operational, with nothing left behind."""
    made, vm, _ = failing()
    free = made.cp.free_storage.state()
    made.machine.channels.detach(REAL_TAPE)
    assert made.start(vm, TAPE, READ).cc == 3
    assert made.issue(vm, "TIO", TAPE).cc == 3
    assert nothing_left(made, free)


def test_a_queued_operation_whose_device_is_detached_meanwhile_ends_with_deferred_condition_code_3():
    """[2.3-7] The guest was told that it was accepted."""
    made, (first, second) = disk_guests("A", "B")
    for vm in (first, second):
        made.start(vm, DISK, seek(vm, 3))
    made.machine.channels.detach(REAL_DISK)
    made.cp.ios.rdev(REAL_DISK).active = None
    made.cp.ios.start_waiting()
    assert made.interruptions(second) == ["191 03000000 00000000"]


def test_an_operation_that_was_queued_and_then_refused_ends_with_an_interruption():
    """[2.3-7] The guest was told CC 0; unit check and sense bytes come later."""
    made = Scene()
    guests = [made.log_on(userid) for userid in ("A", "B")]
    devices = [FailingDevice(), FailingDevice()]
    for n, (vm, device) in enumerate(zip(guests, devices, strict=True)):
        made.dedicate(vm, TAPE, REAL_TAPE + n, device)
    devices[1].is_ready = False
    assert [made.start(vm, TAPE, READ).cc for vm in guests] == [0, 0]
    assert made.interruptions(guests[1]) == [f"181 {AT + 8:08X} 02000004"]
    assert guests[1].devices[TAPE].sense[0] == Sense.INTERVENTION_REQUIRED
    assert made.interruptions(guests[0]) == [f"181 {END}"]


def test_clear_io_of_an_operation_whose_real_end_is_pending_frees_the_device():
    """[1.4 CLRIO] Nothing waits for an interruption that CLEAR I/O has taken."""
    made, vm, _ = failing()
    vm.cpu.cr[0] |= 0x80000000
    made.start(vm, TAPE, READ)
    channels = made.machine.channels
    made.machine.clocks.now = channels.next_event
    channels.advance()
    assert made.issue(vm, "CLRIO", TAPE) == Seen(1, END)
    assert made.cp.ios.rdev(REAL_TAPE).active is None
    assert made.start(vm, TAPE, READ).cc == 0
    assert made.interruptions(vm) == [f"181 {END}"]


# ---- guests that go away ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["logoff", "detach", "reset"])
def test_a_guest_that_goes_away_while_its_io_runs_leaves_nothing_behind(how):
    """[2.3-9] [4.3 LOGOFF] Locks and copy are given back, the late interruption is nobody's, the others go on."""
    made, (first, second, third) = disk_guests("A", "B", "C")
    free = made.cp.free_storage.state()
    for vm in (first, second, third):
        assert made.start(vm, DISK, seek(vm, 3)).cc == 0
    if how == "logoff":
        made.cp.vio.logoff(first)
    elif how == "detach":
        made.cp.vio.detach(first, DISK)
    else:
        made.cp.vio.reset(first)
    assert made.cp.ios.owner(REAL_DISK) == (None, 0, "halted")
    for vm in (second, third):
        assert made.interruptions(vm) == [f"191 {AT + 8:08X} 08000000", "191 00000000 04000000"]
    assert first.devices.vmioint == 0
    assert nothing_left(made, free)


def test_logging_off_with_io_in_progress_gives_storage_back_to_cp():
    """[4.3 LOGOFF] The whole of CP: other guests' operations on the same device go on."""
    made, (first, second) = disk_guests("A", "B")
    made.settle()
    for vm in (first, second):
        made.start(vm, DISK, seek(vm, 3))
    made.cp.logoff(first)
    assert made.interruptions(second) == [f"191 {AT + 8:08X} 08000000", "191 00000000 04000000"]
    assert not locked(made)


def test_a_dedicated_device_is_reset_when_its_guest_goes_away():
    """[4.3 DETACH] Nothing runs there any more, and nothing comes from it."""
    made, vm, device = failing()
    made.start(vm, TAPE, ccw(0x02, count=4, flags="C"), tic(AT))
    made.cp.vio.detach(vm, TAPE)
    reads = device.reads
    made.settle()
    assert (device.reads, made.cp.ios.owner(REAL_TAPE)[2]) == (reads, "")


def test_a_guest_that_goes_away_while_cp_reads_its_sense_bytes():
    """[2.3-8] The SENSE ends, its storage is given back, the next operation is started."""
    made, vm, _ = failing(fails_at=1)
    free = made.cp.free_storage.state()
    made.start(vm, TAPE, READ)
    while made.cp.ios.rdev(REAL_TAPE).sensing == 0:
        made.machine.advance()
    made.cp.ios.abandon(vm.devices[TAPE])
    made.settle()
    assert nothing_left(made, free)


# ---- interruptions that nobody waits for -----------------------------------------------------------------------------


def test_device_end_of_a_dedicated_device_made_ready_is_its_guests():
    """[2.7 Dedicated] And nobody's when no guest has it."""
    made, vm, _ = failing()
    made.machine.channels.present(REAL_TAPE, UnitStatus.DEVICE_END)
    assert made.interruptions(vm) == ["181 00000000 04000000"]
    made.cp.vio.detach(vm, TAPE)
    made.machine.channels.present(REAL_TAPE, UnitStatus.DEVICE_END)
    assert made.interruptions(vm) == []


def test_status_that_comes_with_busy_at_start_io_is_told_and_the_operation_is_started():
    """[2.3-7] The real device end was pending when CP started the guest's program."""
    made, vm, _ = failing()
    made.machine.channels.present(REAL_TAPE, UnitStatus.DEVICE_END)
    assert made.start(vm, TAPE, READ).cc == 0
    assert made.interruptions(vm) == [f"181 {END}", "181 00000000 04000000"]


def test_the_interruption_of_a_device_without_a_guest_is_nobodys():
    """[1.6 IO-1] It changes nothing."""
    made = Scene()
    made.machine.channels.attach(REAL_TAPE, tape())
    made.machine.channels.present(REAL_TAPE, UnitStatus.ATTENTION)
    made.settle()
    assert made.cp.ios.owner(REAL_TAPE) == (None, 0, "")


# ---- operations that CP itself starts --------------------------------------------------------------------------------


@pytest.mark.parametrize(("fails_at", "status"), [(0, "0C00"), (1, "0E40")])
def test_an_operation_for_a_diagnose_is_told_to_who_started_it(fails_at, status):
    """[3 X'20'] With the sense bytes after a unit check."""
    made, vm, _ = failing(fails_at=fails_at)
    at = made.cp.free_storage.get(64)
    made.cp.real.store_real(at, ccw(0x02, at + 8, count=4))
    told = []
    made.cp.on_completion["diagnose"] = lambda cp, ioblok, csw: told.append((ioblok, csw))
    ioblok = IOBLOK("diagnose", REAL_TAPE, at, vm, vm.devices[TAPE], data=("anything",))
    assert made.cp.ios.queue(ioblok) == 0
    assert made.interruptions(vm) == []
    ((whose, csw),) = told
    assert (whose, csw.status_bytes().hex().upper(), ioblok.phase) == (ioblok, status, Phase.DONE)
    assert ioblok.sense[:3] == (bytes([Sense.EQUIPMENT_CHECK, 0xAB, 1]) if fails_at else b"")


# ---- checkpoints -----------------------------------------------------------------------------------------------------


def test_going_back_and_forward_again_with_queued_operations_gives_the_same():
    """Active, queued, sensing: the same order and the same bytes."""
    made, guests = disk_guests("A", "B", "C")
    for vm in guests:
        made.start(vm, DISK, seek(vm, 3), READ)
    for _ in range(3):
        made.machine.advance()
    saved = made.machine.state(), made.cp.state()
    first = [made.interruptions(vm) for vm in guests], made.machine.storage.read(0, made.machine.storage.size)
    made.machine.restore(saved[0])
    made.cp.restore(saved[1])
    again = [made.interruptions(vm) for vm in guests], made.machine.storage.read(0, made.machine.storage.size)
    assert again == first


# ---- pages -----------------------------------------------------------------------------------------------------------


def test_a_page_that_is_out_is_brought_and_stays_while_the_channel_uses_it():
    """[2.4-2] [2.3-9] Two guests in fewer frames than they have pages; a lock goes when the operation has ended."""
    made = Scene(Machine(0x26000))
    made.machine.channels.attach(0x150, make_paging_volume(3))
    made.cp.paging.attach_area(0x150)
    first, second = made.log_on("A"), made.log_on("B")
    made.dedicate(first, TAPE, REAL_TAPE, FailingDevice())
    for vm in (first, second):
        touch(vm)
    assert first.storage.frame_of(DATA >> 12) is None
    made.start(first, TAPE, *chain(3))
    assert locked(made) != []
    touch(second)
    assert first.storage.frame_of(DATA >> 12) is not None
    assert made.interruptions(first) == [f"181 {AT + 24:08X} 0C000000"]
    assert locked(made) == []
    assert first.peek(DATA, 12) == b"\1\1\1\1\2\2\2\2\3\3\3\3"


def touch(vm):
    """Store into every page."""
    for page in range(0, vm.vmsize, 4096):
        vm.cpu.store_real(page + 0xFF0, vm.vmuser.encode())


# ---- whatever happens ------------------------------------------------------------------------------------------------

ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(
            ["seek", "read", "fail", "SIOF", "HIO", "HDV", "CLRIO", "TIO", "take", "reset", "attention", "wait"]
        ),
        st.sampled_from([0, 1, 2]),
        st.sampled_from([DISK, TAPE]),
        st.integers(1, 12),
    ),
    max_size=25,
)


@settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(ACTIONS, st.booleans())
def test_whatever_guests_do_nothing_is_left_behind_and_no_device_hangs(actions, multiplexing):
    """[2.3-7] [2.3-9] Shared volume, one real channel for all; in the end every device is free and no page locked."""
    made, guests = disk_guests("A", "B", "C")
    free = made.cp.free_storage.state()
    for n, vm in enumerate(guests):
        made.dedicate(vm, TAPE, 0x333 + n, FailingDevice(fails_at=3))
        vm.cpu.cr[0] = CR0.BLOCK_MULTIPLEXING if multiplexing else 0
        vm.devices.define_channels(ChannelType.BLOCK_MULTIPLEXER if multiplexing else ChannelType.SELECTOR)
    for what, who, address, count in actions:
        do(made, guests[who], what, address, count)
    for vm in guests:
        made.interruptions(vm)
    assert nothing_left(made, free)
    for vm in guests:
        assert [made.issue(vm, "TIO", address).cc for address in (DISK, TAPE)] == [0, 0]
        assert not vm.vmrstat & RunStatus.IOWAIT


def do(made, vm, what, address, count):
    """One thing that a guest does, or that happens, when CP has done what it was at: CP runs disabled."""
    made.answer()
    programs = {
        "seek": [seek(vm, count, 0x5F00)] if address == DISK else [ccw(0x07, count=6)],
        "read": [READ] * 1 if address == DISK else chain(count),
        "fail": [ccw(0xFF, flags="L")],
    }
    if what in programs:
        if not vm.vmrstat & RunStatus.IOWAIT:
            made.start(vm, address, *programs[what])
    elif what == "wait":
        for _ in range(count):
            made.machine.advance()
    elif what == "take":
        made.interruptions(vm)
    elif what == "reset":
        made.cp.vio.reset_device(vm, address)
    elif what == "attention":
        made.machine.channels.present(vm.devices[address].real, UnitStatus.ATTENTION)
    elif not vm.vmrstat & RunStatus.IOWAIT:
        made.put(vm, READ)
        made.issue(vm, what, address)
