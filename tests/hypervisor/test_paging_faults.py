"""Paging when something fails, and what is given back.  The oracle for contents is what was stored."""

import pytest

from edu_hv.devices.ckd_image import blank_volume
from edu_hv.hypervisor.free_storage import FreeStorage
from edu_hv.hypervisor.paging import Paging, PagingAreaFull, PagingError
from edu_hv.hypervisor.paging_queue import MOST_TRIES
from edu_hv.isa.codes import UnitStatus
from edu_hv.machine.machine import Machine
from edu_hv.machine.storage import FRAME
from tests.hypervisor.paging_rig import DEVICE, FREE, Rig, rig

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
