"""Segments of 64K that guests share: one set of frames, no guest sees what another has altered.

GC20-1807 "Shared Segment Protection".
"""

import pytest

from edu_hv.hypervisor.paging import CP_CR0, SharedSegment
from edu_hv.hypervisor.virtual_cpu import VirtualCPU
from edu_hv.isa.codes import PIC
from edu_hv.isa.errors import UserError
from edu_hv.machine.interruptions import ProgramInterruption
from edu_hv.machine.psw import PSW
from edu_hv.machine.storage import FRAME
from tests.hypervisor.paging_rig import Rig, rig

SEGMENT = 0x10000
CONTENTS = b"".join(bytes([page + 0xA0]) * FRAME for page in range(15)) + bytes(FRAME)
INSIDE, BEYOND = 2, 0x30
"""Segment numbers within the guest's storage and past it."""


def shared(made: Rig, segment: int, guests: int = 2) -> SharedSegment:
    """Guests that share a segment."""
    found = made.paging.define_segment("CMS", CONTENTS, bytes([0xF0] * 32))
    for _ in range(guests):
        made.paging.attach_segment(made.guest().pages, segment, found)
    made.paging.hold_none()
    return found


def run(made: Rig, cpu: VirtualCPU, address: int, value: int | None = None) -> int:
    """A guest loads or stores a byte, on the real machine, its pages brought as it needs them."""
    real = made.machine.cpu
    real.cr[0], real.cr[1] = CP_CR0, cpu.vmseg
    real.load_psw(PSW(ec_mode=True, system_mask=0x07, problem_state=True))
    made.paging.hold_none()
    if cpu.pages.frame_of(address // FRAME) is None:
        made.paging.bring(cpu.pages, address // FRAME)
    if value is None:
        return real.load1(address)
    real.store1(address, value)
    return value


@pytest.mark.parametrize("segment", [INSIDE, BEYOND], ids=["inside", "beyond-storage"])
def test_guests_see_the_same_frames(segment: int) -> None:
    """[1.2 VMOSTAT SHR] the same real page table serves both."""
    made = rig(frames=30)
    shared(made, segment)
    base = segment * SEGMENT
    for page in range(16):
        assert [run(made, cpu, base + page * FRAME) for cpu in made.guests] == [CONTENTS[page * FRAME]] * 2
    first, second = (cpu.pages for cpu in made.guests)
    frames = [first.frame_of(base // FRAME + page) for page in range(16)]
    assert None not in frames
    assert [second.frame_of(base // FRAME + page) for page in range(16)] == frames
    assert first.peek(base, SEGMENT) == CONTENTS
    assert first.key(base) & 0xF0 == 0xF0
    made.check()


def test_another_guest_does_not_see_it() -> None:
    made = rig(frames=30)
    shared(made, INSIDE)
    shared_beyond = made.paging.define_segment("OTHER", CONTENTS)
    other = made.guest()
    assert other.load_real(INSIDE * SEGMENT, 1) == b"\0"
    with pytest.raises(ProgramInterruption) as raised:
        other.load_real(BEYOND * SEGMENT, 1)
    assert raised.value.code == PIC.ADDRESSING
    made.paging.attach_segment(other.pages, BEYOND, shared_beyond)
    assert other.load_real(BEYOND * SEGMENT, 1) == b"\xa0"


def test_shared_pages_are_paged_without_being_written() -> None:
    made = rig(frames=10)
    segment = shared(made, INSIDE)
    writes = segment.page_writes
    for cpu in made.guests * 2:
        assert [run(made, cpu, INSIDE * SEGMENT + page * FRAME) for page in range(15)] == list(CONTENTS[:-FRAME:FRAME])
    assert segment.page_writes == writes == 15
    assert segment.page_reads > 15
    assert segment.steals > 15
    assert made.guests[0].pages.frames_lost, "their shadow tables may name the frames"


def test_an_altered_page_is_found_and_comes_back_as_it_was() -> None:
    """[1.5] changed bits of shared pages are looked at when CP switches away from a guest."""
    made = rig(frames=30)
    shared(made, INSIDE)
    first, second = made.guests
    address = INSIDE * SEGMENT + 3 * FRAME
    assert run(made, second, address) == 0xA3
    assert made.paging.shared_changed(first.pages) == []
    run(made, first, address, 0x55)
    assert made.paging.shared_changed(first.pages) == [address // FRAME]
    made.paging.refresh_shared(first.pages, address // FRAME)
    assert made.paging.shared_changed(first.pages) == []
    assert [run(made, cpu, address) for cpu in made.guests] == [0xA3, 0xA3]
    made.check()


def test_an_altered_page_is_not_stolen_before_cp_has_seen_it() -> None:
    made = rig(frames=10)
    shared(made, INSIDE)
    first, second = made.guests
    address = INSIDE * SEGMENT + 3 * FRAME
    run(made, first, address, 0x55)
    made.touch(second, *range(30), store=True)
    assert made.paging.shared_changed(first.pages) == [address // FRAME]


@pytest.mark.parametrize("segment", [INSIDE, BEYOND], ids=["inside", "beyond-storage"])
def test_a_private_copy_is_the_guests_own(segment: int) -> None:
    """[1.5] unsharing: the guest that altered the segment keeps it as it is, the others get it as it was saved."""
    made = rig(frames=12)
    shared(made, segment)
    first, second = made.guests
    address = segment * SEGMENT + 3 * FRAME
    run(made, first, address, 0x55)
    made.paging.unshare(first.pages, segment)
    assert run(made, first, address) == 0x55
    assert run(made, first, address + 1) == 0xA3
    assert run(made, second, address) == 0xA3
    run(made, first, address, 0x66)
    assert made.paging.shared_changed(first.pages) == []
    made.touch(second, *range(30), store=True)
    assert run(made, first, address) == 0x66
    first.pages.set_key(address, 0x30)
    assert first.pages.key(address) == 0x30
    assert second.pages.key(address) & 0xF0 == 0xF0
    made.check()


def test_a_guest_cannot_set_the_key_of_a_shared_page() -> None:
    made = rig(frames=30)
    shared(made, INSIDE)
    first, second = made.guests
    first.pages.set_key(INSIDE * SEGMENT, 0x10)
    assert second.pages.key(INSIDE * SEGMENT) & 0xF8 == 0xF0


def test_logoff_leaves_the_segment_to_the_others_and_releases_private_copies() -> None:
    made = rig(frames=12)
    segment = shared(made, INSIDE)
    first, second = made.guests
    run(made, first, INSIDE * SEGMENT, 0x55)
    made.paging.unshare(first.pages, INSIDE)
    made.paging.release(first.pages)
    assert made.paging.storages == [segment, second.pages]
    assert run(made, second, INSIDE * SEGMENT) == 0xA0
    made.paging.release(second.pages)
    made.paging.release(segment)
    assert len(made.paging.core.free) == 12
    assert made.paging.area is not None
    assert made.paging.area.slots_in_use == 0


def test_detaching_gives_the_guest_zeros_again_and_purges() -> None:
    made = rig(frames=30)
    shared(made, INSIDE)
    shared(made, BEYOND, guests=0)
    first = made.guests[0]
    assert run(made, first, INSIDE * SEGMENT) == 0xA0
    made.paging.detach_segment(first.pages, INSIDE)
    assert made.machine.cpu.tlb.entries == {}
    assert run(made, first, INSIDE * SEGMENT) == 0


def test_the_guests_own_pages_under_a_segment_are_released() -> None:
    made = rig(frames=30)
    cpu = made.guest()
    made.touch(cpu, *range(INSIDE * 16, INSIDE * 16 + 4), store=True)
    shared(made, INSIDE, guests=0)
    made.paging.attach_segment(cpu.pages, INSIDE, made.paging.define_segment("CMS", CONTENTS))
    assert cpu.pages.resident == 0
    made.paging.lock(cpu.pages, 0)
    with pytest.raises(UserError, match="in use by a channel program"):
        made.paging.attach_segment(cpu.pages, 0, made.paging.define_segment("CMS", CONTENTS))
    made.check()


def test_without_room_in_the_paging_area_nothing_is_shared() -> None:
    made = rig()
    assert made.paging.area is not None
    made.paging.area.slots = 14
    with pytest.raises(UserError, match="no room for it in the paging area"):
        made.paging.define_segment("CMS", CONTENTS)
    assert made.paging.storages == []


def test_a_checkpoint_has_who_shares_what() -> None:
    made = rig(frames=12)
    shared(made, BEYOND)
    first, second = made.guests
    run(made, first, BEYOND * SEGMENT, 0x55)
    before = made.state()
    made.paging.unshare(first.pages, BEYOND)
    made.paging.detach_segment(second.pages, BEYOND)
    made.touch(second, *range(20), store=True)
    made.restore(before)
    assert made.state() == before
    assert [run(made, cpu, BEYOND * SEGMENT) for cpu in made.guests] == [0x55, 0x55]
    made.check()
