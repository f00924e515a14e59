"""The storage keys of guests, wherever their pages are.  The oracle is the machine itself."""

import pytest

from edu_hv.hypervisor import storage_keys
from edu_hv.hypervisor.core_table import CORTABLE
from edu_hv.isa.codes import Key
from edu_hv.machine.cpu import CPU, find_entry
from edu_hv.machine.interruptions import ProgramInterruption
from edu_hv.machine.machine import Machine
from edu_hv.machine.psw import PSW
from edu_hv.machine.storage import FRAME
from tests.hypervisor.paging_rig import PAGES, Rig, rig

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


@pytest.mark.parametrize("which", [0, 1])
def test_a_guest_that_resets_reference_bits_does_not_mislead_page_replacement(which: int) -> None:
    """[1.4 RRB] the page was used, although the guest does not see it any more."""
    made = rig(frames=2)
    cpu, keys = made.guest(), made.machine.storage.keys
    made.touch(cpu, 0, 1)
    made.touch(cpu, 2)  # Takes all chances, and the frame of page 0.
    made.touch(cpu, 3)  # And that of page 1.
    made.touch(cpu, 4)
    resident = [page for page in range(5) if cpu.pages.frame_of(page) is not None]
    first, second = resident[which], resident[1 - which]
    keys[(cpu.pages.frame_of(first) or 0) // 2048] |= Key.REFERENCE
    for page in resident:
        frame = cpu.pages.frame_of(page) or 0
        made.paging.core[frame] = CORTABLE(cpu.pages, page)
    assert cpu.pages.reset_reference(first * FRAME) == 2
    made.touch(cpu, 5)
    assert cpu.pages.frame_of(first) is not None
    assert cpu.pages.frame_of(second) is None


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
