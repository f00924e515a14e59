"""Storage of the real machine beside the guest's: where the hardware stored the old PSW, and where it did not."""

import pytest

from edu_hv.debugger import DebugSession
from edu_hv.debugger.breakpoints import StopAt
from edu_hv.debugger.views import StorageView
from edu_hv.isa.errors import UserError


@pytest.fixture
def swapped() -> DebugSession:
    """The kernel under CP, at its first SSM, with the PSWs just swapped by the hardware."""
    session = DebugSession()
    session.load(["kernel"], under_cp=True)
    session.run(StopAt.TRAP)
    session.stage()
    return session


def words(view: StorageView, address: int) -> str:
    row = next(row for row in view.rows if row.address <= address < row.address + 16)
    return " ".join(row.words[(address - row.address) // 4 : (address - row.address) // 4 + 2])


def test_the_old_psw_of_a_trap_is_in_real_storage_and_not_in_the_guests(swapped):
    real, guest = swapped.real_storage(0x28, 8), swapped.storage(0x28, 8)
    assert (real.guest, words(real, 0x28)) == ("real", "070D0000 0000020A")
    assert (guest.guest, words(guest, 0x28)) == ("KERNEL", "00000000 00000000")
    assert real.rows[0].changed >= set(range(8, 16))
    assert guest.rows[0].changed == frozenset()


def test_guest_storage_is_the_same_bytes_at_its_real_address(swapped):
    [row] = swapped.storage(0x200, 16).rows
    [there] = swapped.real_storage(row.real, 16).rows
    assert (there.words, there.text, there.address) == (row.words, row.text, there.real)


def test_real_storage_ends_where_the_machine_does(swapped):
    assert len(swapped.real_storage(0xFFFF8, 64).rows) == 1
    with pytest.raises(UserError, match="100000 is past the end of real storage; its last byte is at 0FFFFF"):
        swapped.real_storage(0x100000)
