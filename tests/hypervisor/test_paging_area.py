"""The paging volume, and CP's free storage."""

from random import Random

import pytest

from edu_hv.devices.card import CardReader
from edu_hv.devices.ckd_image import blank_volume
from edu_hv.devices.disk import drive_for
from edu_hv.hypervisor.free_storage import FreeStorage
from edu_hv.hypervisor.paging import Paging
from edu_hv.hypervisor.paging_area import make_paging_volume, slots_on_track
from edu_hv.isa.errors import UserError
from edu_hv.machine.machine import Machine
from edu_hv.machine.storage import FRAME
from tests.hypervisor.paging_rig import FREE, rig

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
