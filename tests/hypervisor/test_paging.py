"""Demand paging: frames, stealing, the paging device.  The oracle for contents is a bytearray."""

from collections.abc import Iterator
from random import Random

import pytest

from edu_hv.hypervisor.core_table import HELD_AT_LEAST
from edu_hv.hypervisor.paging import CP_CR0, PagingAreaFull, VirtualStorage
from edu_hv.isa.codes import PIC, Key, UnitStatus
from edu_hv.isa.errors import UserError
from edu_hv.machine.ccw import CSW
from edu_hv.machine.dat import walk
from edu_hv.machine.events import CCWExecuted
from edu_hv.machine.interruptions import ProgramInterruption
from edu_hv.machine.psw import PSW
from edu_hv.machine.storage import FRAME
from edu_hv.machine.timing import Clocks
from tests.hypervisor.paging_rig import DEVICE, PAGES, Rig, rig

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
    frames: list[int] = []
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
