"""Demand paging: frames, stealing, the paging device, storage keys.  The oracle for contents is a bytearray."""

from collections.abc import Iterator
from random import Random

import pytest

from edu_hv.devices.card import CardReader
from edu_hv.devices.ckd_image import blank_volume
from edu_hv.devices.disk import drive_for
from edu_hv.hypervisor import storage_keys
from edu_hv.hypervisor.core_table import CORTABLE, HELD_AT_LEAST
from edu_hv.hypervisor.free_storage import FreeStorage
from edu_hv.hypervisor.paging import CP_CR0, Paging, PagingAreaFull, PagingError, VirtualStorage
from edu_hv.hypervisor.paging_area import make_paging_volume, slots_on_track
from edu_hv.hypervisor.paging_queue import MOST_TRIES
from edu_hv.isa.codes import PIC, Key, UnitStatus
from edu_hv.isa.errors import UserError
from edu_hv.machine.ccw import CSW
from edu_hv.machine.cpu import CPU, find_entry
from edu_hv.machine.dat import walk
from edu_hv.machine.events import CCWExecuted
from edu_hv.machine.interruptions import ProgramInterruption
from edu_hv.machine.machine import Machine
from edu_hv.machine.psw import PSW
from edu_hv.machine.storage import FRAME
from edu_hv.machine.timing import Clocks
from tests.hypervisor.paging_rig import DEVICE, FREE, PAGES, Rig, rig

# ---- contents --------------------------------------------------------------------------------------------------------


def use_at_random(made: Rig, seed: int, accesses: int, contents: list[bytearray]) -> list[bytes]:
    """Loads and stores of all guests, checked against `contents`; the loaded values."""
    random, loaded = Random(seed), []
    for _ in range(accesses):
        number = random.randrange(len(made.guests))
        cpu, expected = made.guests[number], contents[number]
        at = random.randrange(cpu.size - 8)
        if random.random() < 0.5:
            data = random.randbytes(8)
            cpu.store_real(at, data)
            expected[at : at + 8] = data
        else:
            loaded.append(cpu.load_real(at, 8))
            assert loaded[-1] == expected[at : at + 8]
        if random.random() < 0.3:
            made.paging.hold_none()
        made.check()
    return loaded


def test_every_guest_keeps_its_contents_with_far_more_storage_than_frames() -> None:
    """[1.3 Guest storage 0..VMSIZE] 128 pages of two guests in 10 frames."""
    made = rig(frames=10)
    contents = [bytearray(made.guest().size) for _ in range(2)]
    use_at_random(made, 1, 400, contents)
    for cpu, expected in zip(made.guests, contents, strict=True):
        assert cpu.pages.peek(0, cpu.size) == expected
        assert cpu.load_real(0, cpu.size) == expected
        assert cpu.pages.page_reads > 20
        assert cpu.pages.page_writes > 20


def test_new_storage_has_no_frames_and_is_zero() -> None:
    made = rig()
    pages = made.guest().pages
    assert pages.resident == 0
    assert len(made.paging.core.free) == 10
    assert pages.peek(0, pages.size) == bytes(pages.size)
    assert [pages.key(at) for at in range(0, pages.size, 2048)] == [0] * (2 * PAGES)


@pytest.mark.parametrize("size", [0, -4096, 4095, 0x1800, 0x1001000])
def test_a_size_that_is_no_multiple_of_4k_up_to_16m_is_refused(size: int) -> None:
    made = rig()
    with pytest.raises(UserError, match="multiple of 4K up to 16M"):
        made.paging.build(size)
    assert made.paging.storages == []


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        pytest.param(0x01000, None, id="resident"),
        pytest.param(0x02000, PIC.PAGE_TRANSLATION, id="not-resident"),
        pytest.param(0x13000, PIC.PAGE_TRANSLATION, id="past-its-size-in-the-last-segment"),
        pytest.param(0x20000, PIC.SEGMENT_TRANSLATION, id="past-its-last-segment"),
        pytest.param(0x400000, PIC.SEGMENT_TRANSLATION, id="past-the-table"),
    ],
)
def test_the_machine_translates_with_the_guests_tables_in_real_storage(address: int, fault: PIC | None) -> None:
    """[1.3 CR1] VMSEG leads the machine's own DAT to the frames."""
    made = rig()
    cpu = made.guest(pages=0x13)
    made.touch(cpu, 1, store=True)
    found = walk(address, CP_CR0, cpu.vmseg, made.machine.cpu.load_real)
    assert found.fault == fault
    assert found.real == (None if fault else cpu.pages.frame_of(1))


def test_looking_changes_nothing() -> None:
    made = rig(frames=4)
    cpu = made.guest()
    made.touch(cpu, *range(12), store=True)
    before = made.state()
    assert cpu.pages.peek(0, 12 * FRAME)[::FRAME] == bytes(range(1, 13))
    assert cpu.pages.peek(5 * FRAME - 1, 2) == b"\0\6"
    assert [cpu.pages.peek_key(page * FRAME) for page in range(12)] == [0] * 12
    assert made.state() == before
    with pytest.raises(ProgramInterruption) as raised:
        cpu.pages.peek(cpu.size - 1, 2)
    assert raised.value.code == PIC.ADDRESSING


# ---- stealing --------------------------------------------------------------------------------------------------------


def test_a_page_that_was_used_gets_a_second_chance() -> None:
    """Real Storage Management: the scan resets reference bits, and steals what was not used since."""
    made = rig(frames=3)
    cpu = made.guest()
    made.touch(cpu, 0, 1, 2)
    made.touch(cpu, 3)  # The scan takes all their chances, and takes page 0.
    assert [cpu.pages.frame_of(page) is not None for page in range(4)] == [False, True, True, True]
    block = (cpu.pages.frame_of(1) or 0) // 2048
    made.machine.storage.keys[block] |= Key.REFERENCE
    made.touch(cpu, 4)
    assert [cpu.pages.frame_of(page) is not None for page in range(5)] == [False, True, False, True, True]


def test_only_changed_pages_are_written() -> None:
    made = rig(frames=2)
    cpu = made.guest()
    made.touch(cpu, 0, 1, store=True)
    made.touch(cpu, 2, 3)
    assert (cpu.pages.page_writes, cpu.pages.page_reads) == (2, 0)
    made.touch(cpu, 0, 1, 2, 3)  # Zero pages that nobody changed need no slot.
    assert (cpu.pages.page_writes, cpu.pages.page_reads) == (2, 2)
    assert made.paging.area is not None
    assert made.paging.area.slots_in_use == 2
    made.touch(cpu, 0, store=True)
    made.touch(cpu, 4, 5)
    assert cpu.pages.page_writes == 3
    assert made.paging.area.slots_in_use == 2, "a page keeps its slot"


def test_what_the_guest_changed_by_itself_is_written() -> None:
    made = rig(frames=1)
    cpu = made.guest()
    made.touch(cpu, 0)
    frame = cpu.pages.frame_of(0) or 0
    made.machine.storage.write(frame, b"\7")
    made.machine.storage.keys[frame // 2048] |= Key.CHANGE  # As the machine does.
    made.touch(cpu, 1)
    assert cpu.pages.page_writes == 1
    assert cpu.load_real(0, 1) == b"\7"


def test_a_stolen_frame_is_in_no_table_and_in_no_tlb_any_more() -> None:
    """[1.5 CP steals a frame] the entry is invalid, the TLB and resolved accesses are purged, CP is told."""
    made = rig(frames=1)
    cpu, real, told = made.guest(), made.machine.cpu, []
    made.paging.on_steal = lambda storage, page: told.append((storage, page))
    made.touch(cpu, 0, store=True)
    real.cr[0], real.cr[1] = CP_CR0, cpu.vmseg
    real.load_psw(PSW(ec_mode=True, system_mask=0x04, problem_state=True))
    assert real.load1(0) == 1
    assert real.tlb.entries
    made.touch(cpu, 1)
    assert told == [(cpu.pages, 0)]
    assert cpu.pages.frames_lost
    assert real.tlb.entries == {}
    with pytest.raises(ProgramInterruption) as raised:
        real.load1(0)
    assert raised.value.code == PIC.PAGE_TRANSLATION


def test_locked_frames_stay() -> None:
    """[2.4-2] a page that a channel program uses is locked in its frame."""
    made = rig(frames=3)
    cpu = made.guest()
    frames = [made.paging.lock(cpu.pages, page) for page in (0, 1)]
    made.paging.lock(cpu.pages, 1)
    made.touch(cpu, *range(2, 20), store=True)
    assert [cpu.pages.frame_of(page) for page in (0, 1)] == frames
    assert cpu.pages.locked == 2
    for frame in (*frames, frames[1]):
        made.paging.unlock(frame)
    assert cpu.pages.locked == 0
    made.touch(cpu, *range(2, 20))
    assert [cpu.pages.frame_of(page) for page in (0, 1)] == [None, None]


def test_no_guest_can_lock_so_many_pages_that_others_cannot_run() -> None:
    """[2.4-2] what a channel program would lock beyond that is refused; the other guests have frames."""
    made = rig(frames=40)
    hostile, other = made.guest(), made.guest()
    frames = []
    with pytest.raises(PagingAreaFull, match="TOO MANY PAGES ARE LOCKED"):
        frames.extend(made.paging.lock(hostile.pages, page) for page in range(PAGES))
    made.paging.lock(hostile.pages, 0)
    made.paging.hold_none()
    made.touch(other, *range(20), store=True)
    assert made.first_bytes(other, 20) == bytes(range(1, 21))
    assert made.paging.core.unlocked == 10
    assert hostile.pages.locked == 30


def test_what_cp_has_touched_stays_until_the_next_dispatch() -> None:
    made = rig(frames=10)
    cpu = made.guest()
    held = [made.paging.bring(cpu.pages, page) for page in range(HELD_AT_LEAST)]
    for page in range(HELD_AT_LEAST, 30):
        made.paging.start_page_in(cpu.pages, page)
    assert [cpu.pages.frame_of(page) for page in range(HELD_AT_LEAST)] == held
    made.paging.hold_none()
    for page in range(30, 50):
        made.paging.start_page_in(cpu.pages, page)
    assert [cpu.pages.frame_of(page) for page in range(HELD_AT_LEAST)] == [None] * HELD_AT_LEAST


def test_one_operation_of_cp_may_touch_more_pages_than_there_are_frames() -> None:
    made = rig(frames=10)
    cpu = made.guest()
    for page in range(PAGES):  # All in one dispatch.
        cpu.store_real(page * FRAME, bytes([page]))
    assert cpu.load_real(0, cpu.size)[::FRAME] == bytes(range(PAGES))


# ---- paging I/O ------------------------------------------------------------------------------------------------------


def test_cp_pages_with_its_own_channel_programs() -> None:
    """A changed page goes out and another comes in: seek, search, TIC, write; seek, search, TIC, read."""
    made = rig(frames=1)
    cpu, seen = made.guest(), []
    made.touch(cpu, 0, 1, store=True)
    made.machine.observe(lambda event: seen.append(event) if isinstance(event, CCWExecuted) else None)
    made.touch(cpu, 0)
    commands = [event.ccw[0] for event in seen if event.ccw[0] & 0x0F != 8]
    ends = [command for command in commands if command not in (0x07, 0x31)]
    assert commands[:2] == [0x07, 0x31]
    assert ends == [0x05, 0x06]
    frame = cpu.pages.frame_of(0) or 0
    assert {int.from_bytes(e.ccw[1:4], "big") for e in seen if e.ccw[0] in (5, 6)} == {frame}


def test_a_guests_page_fault_waits_for_the_interruption() -> None:
    """[1.4 trap] a fault starts paging I/O and CP goes on; the page is there when the device has interrupted."""
    made = rig(frames=2)
    cpu = made.guest()
    made.touch(cpu, *range(5), store=True)
    start = made.machine.clocks.now
    assert not made.paging.start_page_in(cpu.pages, 0)
    assert not made.paging.start_page_in(cpu.pages, 0), "the same page again is one request"
    assert made.paging.waiting(cpu.pages)
    assert made.machine.clocks.now == start, "CP does not wait"
    arrived = made.interruption() + made.interruption()  # The write of a changed page, then the read.
    assert arrived == [(cpu.pages, 0)]
    assert made.machine.clocks.now > start
    assert not made.paging.waiting(cpu.pages)
    assert made.paging.start_page_in(cpu.pages, 0)
    assert cpu.load_real(0, 1) == b"\1"


def test_a_zero_page_needs_no_io() -> None:
    made = rig()
    cpu = made.guest()
    assert made.paging.start_page_in(cpu.pages, 3)
    assert made.machine.channels.next_event is None


def test_faults_are_served_first_come_first_served() -> None:
    made = rig(frames=4)
    first, second = made.guest(), made.guest()
    for cpu in made.guests:
        made.touch(cpu, *range(6), store=True)
    assert not made.paging.start_page_in(first.pages, 0)
    assert not made.paging.start_page_in(second.pages, 0)
    assert not made.paging.start_page_in(first.pages, 1)
    arrived: list[tuple[VirtualStorage, int]] = []
    while len(arrived) < 3:
        arrived += made.interruption()
        made.check()
    assert arrived == [(first.pages, 0), (second.pages, 0), (first.pages, 1)]


def test_a_page_on_its_way_out_comes_back_as_it_was() -> None:
    made = rig(frames=2)
    cpu = made.guest()
    made.touch(cpu, 0, 1, 2, store=True)
    out = next(page for page in range(3) if cpu.pages.frame_of(page) is None)
    assert not made.paging.start_page_in(cpu.pages, out)
    victim = next(page for page in range(3) if page != out and cpu.pages.frame_of(page) is None)
    assert cpu.pages.peek(victim * FRAME, 1) == bytes([victim + 1]), "looking finds it on its way"
    assert cpu.load_real(victim * FRAME, 1) == bytes([victim + 1])
    assert made.paging.take_finished() == [(cpu.pages, out)]


def test_an_interruption_that_cp_has_used_already_is_not_used_twice() -> None:
    """The device's interruption was taken, and before CP has looked at it, CP itself needs the same page."""
    made = rig(frames=1)
    cpu = made.guest()
    made.touch(cpu, 0, store=True)
    made.touch(cpu, 1)
    made.touch(cpu, 2, store=True)
    assert not made.paging.start_page_in(cpu.pages, 0)
    made.wait()
    made.machine.channels.accept(made.machine.cpu, DEVICE)
    csw = made.csw()
    assert cpu.load_real(0, 1) == b"\1"
    assert made.csw() == csw, "CP leaves the CSW in its place"
    assert made.paging.interruption(csw) == [(cpu.pages, 0)]
    made.check()


def test_an_interruption_that_cp_has_used_does_not_end_the_next_operation() -> None:
    """Another page is under way when CP comes to look at the interruption of the first."""
    made = rig(frames=4)
    cpu = made.guest()
    made.touch(cpu, *range(8), store=True)
    made.touch(cpu, 10, 11, 12, 13)  # All that was changed is in slots.
    assert not made.paging.start_page_in(cpu.pages, 0)
    assert not made.paging.start_page_in(cpu.pages, 1)
    made.wait()
    made.machine.channels.accept(made.machine.cpu, DEVICE)
    csw = made.csw()
    assert cpu.load_real(0, 1) == b"\1"
    assert made.paging.interruption(csw) == [(cpu.pages, 0)]
    assert made.interruption() == [(cpu.pages, 1)]
    assert cpu.load_real(FRAME, 1) == b"\2"


def test_paging_io_leaves_the_csw_of_another_device_alone() -> None:
    made = rig(frames=1)
    cpu = made.guest()
    made.machine.cpu.store_real(0x40, bytes.fromhex("0000123408000007"))
    made.touch(cpu, 0, 1, 0, store=True)
    assert cpu.pages.page_reads == 1
    assert made.machine.cpu.load_real(0x40, 8).hex() == "0000123408000007"


def test_an_unsolicited_interruption_of_the_paging_device_is_ignored() -> None:
    made = rig(frames=1)
    cpu = made.guest()
    made.touch(cpu, 0, 1, store=True)
    assert not made.paging.start_page_in(cpu.pages, 0)
    assert made.paging.interruption(CSW(unit_status=UnitStatus.DEVICE_END)) == []
    assert made.interruption() + made.interruption() == [(cpu.pages, 0)]


def test_status_that_the_device_has_pending_does_not_stop_paging() -> None:
    made = rig(frames=1)
    cpu = made.guest()
    made.machine.channels.present(DEVICE, UnitStatus.DEVICE_END)
    made.touch(cpu, 0, 1, 0, store=True)
    assert cpu.load_real(FRAME, 1) == b"\2"


# ---- faults ----------------------------------------------------------------------------------------------------------


def test_a_full_paging_area_stops_the_guest_that_needs_it_and_loses_nothing() -> None:
    """Paging area full: CP's message, and every page of both guests is what it was."""
    made = rig(frames=10, cylinders=2)
    assert made.paging.area is not None
    made.paging.area.slots = 4
    contents = [bytearray(made.guest().size) for _ in range(2)]
    messages = []
    for page in range(10):
        for number, cpu in enumerate(made.guests):
            try:
                cpu.store_real(page * FRAME, bytes([page + 1]))
                contents[number][page * FRAME] = page + 1
            except PagingAreaFull as message:
                messages.append(str(message))
            made.paging.hold_none()
            made.check()
    assert messages == ["DMKPGT400I SYSTEM TEMP SPACE FULL"] * (20 - 10 - 4)
    for cpu, expected in zip(made.guests, contents, strict=True):
        assert cpu.pages.peek(0, cpu.size) == expected
    made.paging.release(made.guests[1].pages)
    made.touch(made.guests[0], *range(10), store=True)


def test_without_a_paging_area_the_frames_are_all_there_is() -> None:
    machine = Machine(FREE[1] + 2 * FRAME)
    paging = Paging(machine.cpu, machine.channels, FreeStorage(*FREE), FREE[1], machine.storage.size)
    storage = paging.build(4 * FRAME)
    for page in (0, 1):
        paging.core.mark_changed(paging.bring(storage, page))
    paging.hold_none()
    with pytest.raises(PagingAreaFull, match="DMKPGT400I"):
        paging.start_page_in(storage, 2)


class Unreliable:
    """Make the next operations of a drive end with unit check."""

    def __init__(self, made: Rig, failures: int) -> None:
        self.left, self.execute = failures, made.drive.execute
        made.drive.execute = self.fail  # type: ignore[method-assign]

    def fail(self, command: int, transfer: object) -> UnitStatus:
        """Read and write fail, and move nothing."""
        if command in (5, 6) and self.left:
            self.left -= 1
            return UnitStatus.CHANNEL_END | UnitStatus.DEVICE_END | UnitStatus.UNIT_CHECK
        return self.execute(command, transfer)  # type: ignore[arg-type]


@pytest.mark.parametrize("failures", [1, MOST_TRIES - 1])
def test_an_error_that_goes_away_is_not_noticed(failures: int) -> None:
    made = rig(frames=1)
    cpu = made.guest()
    made.touch(cpu, 0, 1, store=True)
    unreliable = Unreliable(made, failures)
    made.touch(cpu, 0)
    assert unreliable.left == 0
    assert cpu.load_real(0, 1) == b"\1"


def test_an_error_in_writing_stops_the_guest_that_wanted_the_frame_and_loses_nothing() -> None:
    """A unit check that stays: the page that could not be written keeps its frame."""
    made = rig(frames=1)
    owner, other = made.guest(), made.guest()
    made.touch(owner, 0, store=True)
    Unreliable(made, MOST_TRIES)
    with pytest.raises(PagingError, match="DMKPAG415E CONTINUOUS PAGING ERRORS FROM DASD 150"):
        other.load_real(0, 1)
    made.check()
    made.paging.hold_none()
    assert owner.pages.frame_of(0) is not None
    assert owner.load_real(0, 1) == b"\1"
    made.paging.hold_none()
    assert other.load_real(0, 1) == b"\0"
    made.paging.hold_none()
    assert owner.load_real(0, 1) == b"\1"


def test_an_error_in_reading_stops_the_guest_whose_page_it_is() -> None:
    made = rig(frames=2)
    cpu = made.guest()
    made.touch(cpu, 0, 1, 2, store=True)
    made.touch(cpu, 3, 4)
    Unreliable(made, MOST_TRIES)
    assert not made.paging.start_page_in(cpu.pages, 0)
    for _ in range(MOST_TRIES):
        assert made.interruption() == []
    assert made.paging.take_failed() == [(cpu.pages, 0, "DMKPAG415E CONTINUOUS PAGING ERRORS FROM DASD 150")]
    assert made.paging.take_failed() == []
    assert not made.paging.waiting(cpu.pages)
    made.check()
    assert cpu.load_real(0, 1) == b"\1", "the page is still in its slot"


def test_while_the_drive_is_not_ready_only_pages_in_slots_cannot_be_had() -> None:
    made = rig(frames=2)
    cpu = made.guest()
    made.touch(cpu, 0, 1, 2, store=True)
    made.touch(cpu, 3, 4)
    made.drive.stop()
    assert made.paging.start_page_in(cpu.pages, 5), "a page of zeros can be had"
    with pytest.raises(PagingError, match="DMKPAG415E"):
        made.paging.start_page_in(cpu.pages, 0)
    made.check()
    made.machine.channels.present(DEVICE, made.drive.make_ready())
    assert cpu.load_real(0, 1) == b"\1"


def test_a_volume_that_is_not_formatted_gives_paging_errors() -> None:
    made = rig(frames=1)
    made.drive.volume = blank_volume("3330", "NOTFMT", 4)
    cpu = made.guest()
    made.touch(cpu, 0, store=True)
    with pytest.raises(PagingError, match="DMKPAG415E"):
        cpu.load_real(FRAME, 1)
    assert cpu.load_real(0, 1) == b"\1"


def test_a_paging_device_that_was_detached_gives_paging_errors() -> None:
    made = rig(frames=1)
    cpu = made.guest()
    made.touch(cpu, 0, store=True)
    made.machine.channels.detach(DEVICE)
    with pytest.raises(PagingError, match="DMKPAG415E"):
        cpu.load_real(FRAME, 1)
    assert cpu.load_real(0, 1) == b"\1"


# ---- giving back -----------------------------------------------------------------------------------------------------


def test_logoff_gives_everything_back() -> None:
    made = rig(frames=4)
    assert made.paging.area is not None
    taken, free = dict(made.free.taken), sorted(made.paging.core.free)
    for cpu in (made.guest(), made.guest()):
        made.touch(cpu, *range(9), store=True)
    for cpu in made.guests:
        made.paging.release(cpu.pages)
    assert made.free.taken == taken
    assert sorted(made.paging.core.free) == free
    assert made.paging.area.slots_in_use == 0
    assert made.paging.storages == []


def test_a_frame_locked_at_logoff_is_free_when_it_is_unlocked() -> None:
    made = rig(frames=4)
    cpu = made.guest()
    frame = made.paging.lock(cpu.pages, 0)
    made.paging.release(cpu.pages)
    assert frame not in made.paging.core.free
    other = made.guest()
    made.touch(other, *range(9), store=True)
    assert frame not in [other.pages.frame_of(page) for page in range(9)]
    made.paging.unlock(frame)
    assert frame in made.paging.core.free


def test_a_page_released_while_it_cannot_be_written_does_not_come_back() -> None:
    """[3 X'10'] its frame goes to nobody but the free list."""
    made = rig(frames=1)
    cpu = made.guest()
    made.touch(cpu, 0, store=True)
    Unreliable(made, MOST_TRIES)
    assert not made.paging.start_page_in(cpu.pages, 1)
    cpu.pages.release_pages(0, 0)
    for _ in range(MOST_TRIES):
        made.interruption()
    assert cpu.pages.frame_of(0) is None
    assert cpu.pages.peek(0, 1) == b"\0"
    assert len(made.paging.core.free) == 1
    made.check()


@pytest.mark.parametrize("interruptions", [0, 1], ids=["while-writing", "while-reading"])
def test_logoff_while_its_page_is_on_its_way(interruptions: int) -> None:
    """A guest logged off while its I/O runs: the frame is free when the device has done with it."""
    made = rig(frames=2)
    cpu, other = made.guest(), made.guest()
    made.touch(cpu, 0, 1, 2, store=True)
    assert not made.paging.start_page_in(cpu.pages, 0)
    for _ in range(interruptions):
        made.interruption()
    made.paging.release(cpu.pages)
    made.check()
    assert made.interruption() == []
    made.check()
    made.touch(other, *range(5), store=True)
    assert made.first_bytes(other, 5) == bytes(range(1, 6))
    made.paging.release(other.pages)
    assert len(made.paging.core.free) == 2
    assert made.paging.area is not None
    assert made.paging.area.slots_in_use == 0


def test_released_pages_are_zero_and_have_neither_frame_nor_slot() -> None:
    """[3 X'10'] release pages."""
    made = rig(frames=4)
    assert made.paging.area is not None
    cpu = made.guest()
    made.touch(cpu, *range(8), store=True)
    locked = made.paging.lock(cpu.pages, 5)
    cpu.pages.set_key(2 * FRAME, 0x30)
    used = made.paging.area.slots_in_use
    cpu.pages.release_pages(1, 6)
    assert cpu.pages.peek(0, 8 * FRAME)[::FRAME] == bytes([1, 0, 0, 0, 0, 0, 0, 8])
    assert [cpu.pages.frame_of(page) for page in range(1, 7)] == [None] * 4 + [locked, None]
    assert cpu.pages.key(2 * FRAME) == 0x30
    assert made.paging.area.slots_in_use < used
    made.check()


# ---- storage keys ----------------------------------------------------------------------------------------------------


def bare(keys: list[int], ec_mode: bool) -> CPU:
    """A machine without CP, of the guest's size, with these keys."""
    machine = Machine(PAGES * FRAME)
    machine.storage.keys[: len(keys)] = bytes(keys)
    machine.cpu.load_psw(PSW(ec_mode=ec_mode))
    return machine.cpu


def outcome(cpu: CPU, text: bytes, execute: object = None) -> tuple[object, ...]:
    """What an instruction about keys leaves: GR1, CC, and the exception."""
    entry = find_entry(text)
    assert entry is not None
    try:
        if execute is None:
            entry[2](cpu, *entry[1](cpu, text))
        else:
            storage_keys.simulate(cpu, text)  # type: ignore[arg-type]
    except ProgramInterruption as condition:
        return cpu.gr[1], cpu.psw.cc, condition.code, condition.ending
    return cpu.gr[1], cpu.psw.cc, None, None


OUT, IN, SCANNED = "out", "resident", "reference reset by CP"


@pytest.mark.parametrize("where", [OUT, IN, SCANNED])
@pytest.mark.parametrize("ec_mode", [False, True], ids=["BC", "EC"])
@pytest.mark.parametrize(
    ("name", "code"),
    [
        pytest.param("SSK", "0812", id="1.4-SSK"),
        pytest.param("ISK", "0912", id="1.4-ISK"),
        pytest.param("RRB", "B2132000", id="1.4-RRB"),
    ],
)
def test_key_instructions_do_to_a_guests_keys_what_they_do_to_the_machines(
    name: str, code: str, ec_mode: bool, where: str
) -> None:
    """[1.4 SSK] [1.4 ISK] [1.4 RRB] the machine's own instructions are the oracle, wherever the page is."""
    for address in (0x1000, 0x1800, 0x1808, PAGES * FRAME):
        for key in (0x00, 0x36, 0xFC, 0x5A):
            for operand in (0x00, 0xE6, 0xFFFFFF18):
                made = rig(frames=2)
                guest = made.guest()
                guest.load_psw(PSW(ec_mode=ec_mode))
                place(made, where, key)
                machine = bare([0, 0, key, key], ec_mode)
                for cpu in (machine, guest):
                    cpu.gr[1], cpu.gr[2] = operand, address
                text = bytes.fromhex(code)
                assert outcome(guest, text, "guest") == outcome(machine, text)
                found = [guest.pages.key(at) for at in range(0, guest.size, 2048)]
                assert found == list(machine.storage.keys)
                assert (guest.pages.frame_of(1) is None) == (where == OUT), "no page is brought"
                if where == SCANNED:
                    made.touch(guest, 2, 3, store=True)  # The page goes out, with its keys.
                    assert guest.pages.frame_of(1) is None
                    assert [guest.pages.key(at) for at in (0x1000, 0x1800)] == list(machine.storage.keys[2:4])


def place(made: Rig, where: str, key: int) -> None:
    """Page 1 of the guest where the test wants it, both its keys as given."""
    guest, keys = made.guests[0], made.machine.storage.keys
    made.touch(guest, 1, store=True)
    if where == OUT:
        for half in (0, 1):
            guest.pages.set_key(FRAME + half * 2048, key)
        made.touch(guest, 2, 3, store=True)
        return
    block = (guest.pages.frame_of(1) or 0) // 2048
    for half in (0, 1):
        guest.pages.set_key(FRAME + half * 2048, key & 0xF8)
        keys[block + half] |= key & 0x06  # As the machine sets them.
    if where == SCANNED:
        made.touch(guest, 2)
        made.paging.frames._second_chance(block * 2048, made.paging.core[block * 2048])
        assert not (keys[block] | keys[block + 1]) & Key.REFERENCE


def test_the_swap_table_is_where_the_vm_assist_looks_for_it() -> None:
    """[1.3 Storage keys] [5.2 ISK, SSK, RRB] the word before the page table leads to entries of 8 bytes."""
    made = rig(frames=2)
    cpu, load = made.guest(), made.machine.cpu.load_real
    cpu.pages.set_key(0x11000, 0x36)
    cpu.pages.set_key(0x11800, 0x58)
    made.touch(cpu, 0x11, 1, 2, store=True)
    segment_entry = int.from_bytes(load((cpu.vmseg & 0xFFFFFF) + 4, 4), "big")
    swap_table = int.from_bytes(load((segment_entry & 0xFFFFF8) - 4, 4), "big")
    assert load(swap_table + 1 * 8, 8).hex(" ") == "00 00 36 58 00 01 01 00", "flags, keys, cylinder 1, page 1"


def test_a_guest_that_resets_its_change_bit_loses_no_data() -> None:
    """[1.3 Storage keys] SSK with C off, then the page is stolen: CP has its own note of the change."""
    made = rig(frames=1)
    cpu = made.guest()
    made.touch(cpu, 0)
    frame = cpu.pages.frame_of(0) or 0
    made.machine.storage.write(frame, b"\7")
    made.machine.storage.keys[frame // 2048] = Key.REFERENCE | Key.CHANGE
    cpu.pages.set_key(0, 0x00)
    assert cpu.pages.key(0) == 0
    made.touch(cpu, 1)
    assert cpu.load_real(0, 1) == b"\7"


def test_reference_and_change_are_kept_when_a_frame_is_taken_at_once() -> None:
    """[1.3 Storage keys] for CP's free storage a frame is taken without a second chance."""
    made = rig(frames=2)
    cpu = made.guest()
    made.touch(cpu, 0)
    frame = cpu.pages.frame_of(0) or 0
    made.machine.storage.keys[frame // 2048] = Key.REFERENCE | Key.CHANGE
    assert made.paging.write_out(frame)
    assert (cpu.pages.key(0), cpu.pages.key(0x800)) == (0x06, 0)


def test_a_change_that_the_guest_made_up_is_written_once() -> None:
    """[1.3 Storage keys] SSK with C on is the guest's own; what it reset is noted until the page was written."""
    made = rig(frames=1)
    cpu = made.guest()
    made.touch(cpu, 0, store=True)
    made.machine.storage.keys[(cpu.pages.frame_of(0) or 0) // 2048] = Key.REFERENCE | Key.CHANGE
    cpu.pages.set_key(0, 0x06)
    for page in (1, 0, 2, 0, 3):
        made.touch(cpu, page)
    assert cpu.pages.page_writes == 1
    assert cpu.pages.key(0) == 0x06


def test_a_guest_that_resets_reference_bits_does_not_mislead_page_replacement() -> None:
    """[1.4 RRB] the page was used, although the guest does not see it any more."""
    made = rig(frames=2)
    cpu, keys = made.guest(), made.machine.storage.keys
    made.touch(cpu, 0, 1)
    made.touch(cpu, 2)  # Takes all chances, and the frame of page 0.
    made.touch(cpu, 3)  # And that of page 1.
    made.touch(cpu, 4)
    resident = [page for page in range(5) if cpu.pages.frame_of(page) is not None]
    first = resident[0]
    keys[(cpu.pages.frame_of(first) or 0) // 2048] |= Key.REFERENCE
    for page in resident:
        frame = cpu.pages.frame_of(page) or 0
        made.paging.core[frame] = CORTABLE(cpu.pages, page)
    assert cpu.pages.reset_reference(first * FRAME) == 2
    made.touch(cpu, 5)
    assert cpu.pages.frame_of(first) is not None
    assert cpu.pages.frame_of(resident[1]) is None


def test_paging_in_and_out_does_not_show_in_the_guests_keys() -> None:
    """[1.3 Storage keys] the channel's own references and changes are CP's business."""
    made = rig(frames=2)
    cpu = made.guest()
    made.touch(cpu, 0, store=True)
    cpu.pages.set_key(0, 0x74)
    cpu.pages.set_key(0x800, 0x8A)
    for page in (1, 2, 0, 3, 4, 0):
        made.touch(cpu, page, store=page != 0)
        assert (cpu.pages.key(0), cpu.pages.key(0x800)) == (0x74, 0x8A)
    frame = cpu.pages.frame_of(0) or 0
    assert made.machine.storage.keys[frame // 2048] & 0xF8 == 0x70, "protection is in the real key"


# ---- CP's free storage -----------------------------------------------------------------------------------------------


def test_pieces_of_free_storage_do_not_overlap_and_come_back() -> None:
    free, random = FreeStorage(0x2000, 0x4000), Random(3)
    pieces: dict[int, int] = {}
    for _ in range(2000):
        if pieces and random.random() < 0.5:
            at = random.choice(sorted(pieces))
            del pieces[at]
            free.free(at)
            continue
        length = random.randrange(1, 700)
        try:
            at = free.get(length)
        except MemoryError:
            continue
        assert at % 64 == 0
        assert at >= 0x2000
        assert at + length <= 0x4000
        assert all(at + length <= other or other + size <= at for other, size in pieces.items())
        pieces[at] = length
    for at in sorted(pieces):
        free.free(at)
    assert free.get(0x2000) == 0x2000


def test_free_storage_grows_by_frames_and_gives_them_back() -> None:
    """DMKFRE takes page frames when its own storage is used up; contents of pages that had them are kept."""
    made = rig(frames=20)
    cpu = made.guest()
    made.touch(cpu, *range(30), store=True)
    made.free.get(FREE[1] - FREE[0] - 0x2000)
    pieces = [made.free.get(0x3000)]  # Three frames next to each other.
    while (piece := made.piece(0x800)) is not None:
        pieces.append(piece)
    frames = {piece & -FRAME for piece in pieces if piece >= FREE[1]}
    assert sum(made.paging.core[frame].free_storage for frame in map(made.paging.core.frame, range(20))) == 10
    assert not frames & {cpu.pages.frame_of(page) for page in range(30)}
    assert cpu.load_real(0, 30 * FRAME)[::FRAME] == bytes(range(1, 31))
    made.check()
    for piece in pieces:
        made.free.free(piece)
    made.paging.release(cpu.pages)
    assert len(made.paging.core.free) == 20


def test_a_guest_that_does_not_fit_into_free_storage_is_refused_and_takes_nothing() -> None:
    made = rig(frames=10)
    made.free.get(FREE[1] - FREE[0] - 0x400)
    taken = dict(made.free.taken)
    with pytest.raises(UserError, match="does not fit"):
        made.paging.build(0x1000000)
    assert made.free.taken == taken


# ---- the volume ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("model", "slots"), [("3330", 3), ("3350", 4), ("3340", 2), ("2314", 1)])
def test_slots_on_a_track(model: str, slots: int) -> None:
    """GC20-1813, pages to a cylinder: 57 on a 3330, 120 on a 3350, 24 on a 3340."""
    assert slots_on_track(blank_volume(model, "", 2).model) == slots


@pytest.mark.parametrize("model", ["3330", "3350", "3340", "2314"])
def test_pages_on_every_model_with_room_for_them(model: str) -> None:
    made = rig(frames=2, model=model)
    cpu = made.guest()
    made.touch(cpu, *range(20), store=True)
    assert made.first_bytes(cpu, 20) == bytes(range(1, 21))


def test_the_label_of_a_paging_volume_is_kept() -> None:
    assert b"SYSPAG".decode().encode("cp037") in make_paging_volume(2).volume.track(0).to_bytes(0x1000)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("address", "message"),
    [
        pytest.param(0x00C, "00C is no disk drive", id="no-disk"),
        pytest.param(0x160, "160 is no disk drive", id="nothing"),
        pytest.param(0x151, "no volume is mounted on 151", id="no-volume"),
        pytest.param(0x152, "the volume on 152 has no room", id="one-cylinder"),
        pytest.param(0x153, "pages are kept on 150 already", id="second"),
    ],
)
def test_a_device_that_cannot_hold_pages_is_refused(address: int, message: str) -> None:
    machine = Machine(FREE[1] + 4 * FRAME)
    paging = Paging(machine.cpu, machine.channels, FreeStorage(*FREE), FREE[1], machine.storage.size)
    machine.channels.attach(0x00C, CardReader())
    machine.channels.attach(0x150, make_paging_volume(2))
    empty = make_paging_volume(2)
    empty.unmount()
    machine.channels.attach(0x151, empty)
    machine.channels.attach(0x152, drive_for(blank_volume("3330", "SMALL", 1)))
    if address == 0x153:
        paging.attach_area(0x150)
    with pytest.raises(UserError, match=message):
        paging.attach_area(address)


@pytest.mark.parametrize(("cylinders", "model"), [(1, "3330"), (5, "2311"), (900, "3330")])
def test_a_paging_volume_that_cannot_be_made_is_refused(cylinders: int, model: str) -> None:
    with pytest.raises(UserError):
        make_paging_volume(cylinders, model)


# ---- checkpoints -----------------------------------------------------------------------------------------------------


def test_going_back_and_forward_again_gives_the_same_to_the_byte() -> None:
    made = rig(frames=10)
    contents = [bytearray(made.guest().size) for _ in range(2)]
    use_at_random(made, 5, 60, contents)
    assert not made.paging.start_page_in(made.guests[0].pages, next(out_pages(made)))
    before, saved = made.state(), [bytes(text) for text in contents]
    first = use_at_random(made, 6, 150, contents)
    end = made.state()
    made.paging.release(made.guests[1].pages)
    made.guest()
    made.restore(before)
    assert made.state() == before
    assert use_at_random(Rig(made.machine, made.free, made.paging, made.drive, made.guests[:2]), 6, 150, [
        bytearray(text) for text in saved
    ]) == first  # fmt: skip
    assert made.state() == end


def out_pages(made: Rig) -> Iterator[int]:
    """Pages of the first guest that are in slots only."""
    pages = made.guests[0].pages
    return (n for n in range(pages.pages) if pages.frame_of(n) is None and pages.slot(n) is not None)


def test_a_checkpoint_shares_what_has_not_changed() -> None:
    made = rig()
    cpu = made.guest()
    made.touch(cpu, 0, store=True)
    first, second = made.paging.state(), made.paging.state()
    assert first.core.entries is second.core.entries
    assert made.free.state() is made.free.state()


def test_the_clock_of_the_guest_is_not_the_machines() -> None:
    made = rig(frames=1)
    cpu = made.guest()
    cpu.clocks = Clocks()
    made.touch(cpu, 0, 1, store=True)
    assert cpu.clocks.now == 0
