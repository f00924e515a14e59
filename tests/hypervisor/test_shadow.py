"""Shadow tables.  The oracle is the machine itself, without CP, its real storage what the guest takes for real."""

from dataclasses import dataclass, field
from random import Random

import pytest

from edu_hv.hypervisor.paging import CP_CR0, PagingFailure
from edu_hv.hypervisor.shadow import Meaning, ShadowTables
from edu_hv.hypervisor.virtual_cpu import VirtualCPU
from edu_hv.hypervisor.vmblok import ExtendedStatus
from edu_hv.isa.codes import PIC
from edu_hv.machine.cpu import CPU
from edu_hv.machine.dat import FORMATS, TableFormat
from edu_hv.machine.interruptions import ProgramInterruption
from edu_hv.machine.machine import Machine
from edu_hv.machine.psw import PSW
from edu_hv.machine.storage import FRAME
from tests.hypervisor.paging_rig import PAGES, Rig, rig

SEGMENTS = 0x1000
"""Guest-real address of the guest's segment table."""
TABLES = 0x2000
"""Of its first page table."""
DATA = 0x8000
FORMAT_IDS = {0b01000: "2K-64K", 0b01010: "2K-1M", 0b10000: "4K-64K", 0b10010: "4K-1M"}
ALL_FORMATS = pytest.mark.parametrize("code", FORMATS, ids=FORMAT_IDS.get)
TRANSLATION = {PIC.SEGMENT_TRANSLATION: 0x10, PIC.PAGE_TRANSLATION: 0x11, PIC.TRANSLATION_SPECIFICATION: 0x12}
REFLECTED = {
    Meaning.GUEST_SEGMENT: PIC.SEGMENT_TRANSLATION,
    Meaning.GUEST_PAGE: PIC.PAGE_TRANSLATION,
    Meaning.SPECIFICATION: PIC.TRANSLATION_SPECIFICATION,
    Meaning.ADDRESSING: PIC.ADDRESSING,
}


@dataclass
class Status:
    """What `prepare` needs of a VMBLOK."""

    vmestat: ExtendedStatus = ExtendedStatus.INVPAG


@dataclass
class Translating:
    """A guest with its DAT on, run by the real machine with shadow tables, as CP's rules would have it."""

    made: Rig
    cpu: VirtualCPU
    shadow: ShadowTables
    status: Status = field(default_factory=Status)
    faults: list[Meaning] = field(default_factory=list)

    @property
    def real(self) -> CPU:
        """The real CPU."""
        return self.made.machine.cpu

    def access(self, address: int, value: int | None = None, key: int = 0) -> int | PIC:
        """Load a byte, or store one; the byte, or the exception that the guest gets."""
        self.faults.clear()
        for _ in range(20):
            self.dispatch(key)
            try:
                return byte_access(self.real, address, value)
            except ProgramInterruption as condition:
                if condition.code not in TRANSLATION:
                    return PIC(condition.code)
                reflected = self.act(address)
                if reflected is not None:
                    return reflected
        raise AssertionError("the same exception again and again")

    def dispatch(self, key: int = 0) -> None:
        """What CP does before the guest runs."""
        self.made.paging.hold_none()
        self.shadow.prepare(self.status)  # type: ignore[arg-type]
        self.real.cr[0], self.real.cr[1] = self.shadow.cr0, self.shadow.cr1
        self.real.load_psw(PSW(ec_mode=True, system_mask=0x07, problem_state=True, key=key))

    def act(self, address: int) -> PIC | None:
        """What CP does about a translation exception; the exception that is the guest's, or None to try again."""
        fault = self.shadow.examine(address)
        self.faults.append(fault.meaning)
        match fault.meaning:
            case Meaning.PAGE_OUT:
                self.made.paging.bring(self.cpu.pages, fault.page)
            case Meaning.FILL_SEGMENT:
                self.shadow.fill_segment(address)
            case Meaning.FILL_PAGE:
                self.shadow.fill_page(address)
        return REFLECTED.get(fault.meaning)

    def purge(self) -> None:
        """PTLB of the guest."""
        self.shadow.recopy_segments()

    def store(self, real: int, value: int, length: int) -> None:
        """Store at a guest-real address."""
        self.cpu.store_real(real, value.to_bytes(length, "big"))


def byte_access(cpu: CPU, address: int, value: int | None) -> int:
    """Load or store a byte at a logical address."""
    if value is None:
        return cpu.load1(address)
    cpu.store1(address, value)
    return value


def translating(code: int = 0b10000, frames: int = 20, made: Rig | None = None) -> Translating:
    """A guest with tables of the format; see `build_tables`."""
    made = made or rig(frames)
    cpu = made.guest()
    cpu.cr[0] = code << 19
    cpu.cr[1] = SEGMENTS
    guest = Translating(made, cpu, ShadowTables(made.machine.cpu, made.free, cpu.pages, cpu))
    build_tables(guest, FORMATS[code])
    return guest


def build_tables(guest: Translating, layout: TableFormat) -> None:
    """Segment 0 maps its first 8 pages onto DATA in reverse; each of these has its number in its first byte."""
    size = 1 << layout.page_shift
    for segment in range(16):
        guest.store(SEGMENTS + segment * 4, 0xF0000000 | TABLES if segment == 0 else 1, 4)
    for page in range(layout.pages_in_segment):
        entry = DATA + (7 - page) * size >> 8 if page < 8 else layout.invalid_bit
        guest.store(TABLES + page * 2, entry, 2)
    for page in range(8):
        guest.store(DATA + page * size, 0x70 + page, 1)


# ---- against the machine ---------------------------------------------------------------------------------------------


def random_entries(layout: TableFormat, random: Random) -> dict[int, bytes]:
    """Tables with all that can be wrong with them, by guest-real address."""
    written: dict[int, bytes] = {}
    for segment in range(16):
        origin = TABLES + random.randrange(4) * layout.pages_in_segment * 2
        entry = random.randrange(16) << 28 | origin
        if random.random() < 0.2:
            entry |= random.choice([0x00000001, 0x01000000, 0x00000002, 0x00F00000])
        written[SEGMENTS + segment * 4] = entry.to_bytes(4, "big")
    for number in range(4 * layout.pages_in_segment):
        frame = random.randrange(DATA >> layout.page_shift, (PAGES * FRAME >> layout.page_shift) + 2)
        entry = frame << layout.page_shift >> 8
        if random.random() < 0.2:
            entry |= random.choice([layout.invalid_bit, layout.zero_bits, 0x0001, layout.invalid_bit | 2])
        written[TABLES + number * 2] = (entry & 0xFFFF).to_bytes(2, "big")
    return written


@ALL_FORMATS
@pytest.mark.parametrize("seed", range(3))
def test_a_guest_with_its_own_tables_gets_what_the_machine_would_give(code: int, seed: int) -> None:
    """[1.5 reference → real segment exception] loads, stores, exceptions and keys, in 20 frames for 64 pages."""
    random, layout = Random(seed), FORMATS[code]
    guest, machine = translating(code), Machine(PAGES * FRAME)
    bare, size = machine.cpu, PAGES * FRAME
    bare.cr[0] = guest.cpu.cr[0]
    bare.cr[1] = guest.cpu.cr[1] = random.choice([0, 3, 255]) << 24 | SEGMENTS
    machine.storage.write(0, guest.cpu.pages.peek(0, size))
    outcomes = set()
    for turn in range(250):
        if turn % 50 == 0:
            for at, text in random_entries(layout, random).items():
                machine.storage.write(at, text)
                guest.cpu.store_real(at, text)
            bare.tlb.purge()
            bare.forget_mappings()
            guest.purge()
        address = random.randrange(20) << layout.segment_shift | random.randrange(1 << layout.segment_shift)
        address &= 0xFFFFFF
        if random.random() < 0.7:
            address &= (4 << layout.page_shift) - 1 | 3 << layout.segment_shift
        value = random.choice([None, random.randrange(256)])
        bare.load_psw(PSW(ec_mode=True, system_mask=0x07, problem_state=True))
        try:
            expected = byte_access(bare, address, value)
        except ProgramInterruption as condition:
            expected = PIC(condition.code)
        assert guest.access(address, value) == expected
        outcomes.add(expected if isinstance(expected, PIC) else "done")
        guest.made.check()
    assert guest.cpu.pages.peek(0, size) == bytes(machine.storage.data)
    assert [guest.cpu.pages.key(at) for at in range(0, size, 2048)] == list(machine.storage.keys)
    assert guest.cpu.pages.steals > 20
    assert {"done", PIC.SEGMENT_TRANSLATION, PIC.PAGE_TRANSLATION} < outcomes


@pytest.mark.parametrize(
    ("at", "entry", "address", "expected"),
    [
        pytest.param(SEGMENTS, "F0002001", 0, PIC.SEGMENT_TRANSLATION, id="segment-invalid"),
        pytest.param(SEGMENTS, "F1002000", 0, PIC.TRANSLATION_SPECIFICATION, id="segment-entry-bits"),
        pytest.param(SEGMENTS, "F0F00000", 0, PIC.ADDRESSING, id="page-table-outside-storage"),
        pytest.param(SEGMENTS, "00002000", 0x1000, PIC.PAGE_TRANSLATION, id="page-table-too-short"),
        pytest.param(SEGMENTS, "F0002000", 0x100000, PIC.SEGMENT_TRANSLATION, id="segment-table-too-short"),
        pytest.param(TABLES, "0088", 0, PIC.PAGE_TRANSLATION, id="page-invalid"),
        pytest.param(TABLES, "0084", 0, PIC.TRANSLATION_SPECIFICATION, id="page-entry-bits"),
        pytest.param(TABLES, "FFF0", 0, PIC.ADDRESSING, id="page-outside-storage"),
        pytest.param(TABLES, "0090", 0x123, 0x00, id="valid"),
    ],
)
def test_what_a_translation_exception_means(at: int, entry: str, address: int, expected: int | PIC) -> None:
    """[1.5 → real page exception] GA22-7000 "Translation Process", 4K pages, 64K segments."""
    guest = translating()
    guest.cpu.store_real(at, bytes.fromhex(entry))
    assert guest.access(address) == expected


# ---- life of an entry ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("length", "segments"), [(0, 16), (2, 48), (255, 256)])
def test_with_dat_on_for_the_first_time_there_is_a_table_without_entries(length: int, segments: int) -> None:
    """[1.5 guest PSW first loaded with DAT on] as long as the guest's, all entries invalid; CR0 of both."""
    guest = translating(code=0b01000)
    guest.cpu.cr[1] = length << 24 | SEGMENTS
    assert not guest.shadow.exist
    guest.dispatch()
    assert guest.status.vmestat == ExtendedStatus.SHADT
    assert guest.shadow.cr0 == CP_CR0 & ~0xF80000 | 0b01000 << 19
    assert guest.shadow.cr1 >> 24 == segments // 16 - 1
    assert guest.real.load_real(guest.shadow.cr1 & 0xFFFFFF, segments * 4) == b"\0\0\0\1" * segments


@ALL_FORMATS
def test_entries_are_made_when_they_are_needed(code: int) -> None:
    """[1.5 reference → real segment exception] first the segment entry with a page table, then the page entry."""
    guest, size = translating(code), 1 << FORMATS[code].page_shift
    assert guest.access(0) == 0x77
    assert guest.faults == [Meaning.FILL_SEGMENT, Meaning.FILL_PAGE]
    assert guest.access(size) == 0x76
    assert guest.faults == [Meaning.FILL_PAGE]
    assert guest.access(1) == 0
    assert guest.faults == []


def test_worked_example_of_three_levels() -> None:
    """The example of section 1.4: third level 012345 is second level 005345 is first level: the frame of page 5."""
    guest = translating()
    guest.store(SEGMENTS + 4, 0xF0000000 | TABLES + 0x20, 4)
    guest.store(TABLES + 0x20 + 2 * 2, 0x0050, 2)
    guest.store(0x5345, 0xAB, 1)
    assert guest.access(0x12345) == 0xAB
    frame = guest.cpu.pages.frame_of(5)
    assert frame is not None
    assert guest.real.tlb.translate(0x12345, guest.shadow.cr0, guest.shadow.cr1, guest.real.load_real) == frame | 0x345


def test_invalid_to_valid_works_at_once() -> None:
    """[1.5 guest edits its PTE without PTLB] the next fault reads the guest's entry anew."""
    guest = translating()
    assert guest.access(0x8000) == PIC.PAGE_TRANSLATION
    guest.store(TABLES + 8 * 2, DATA >> 8, 2)
    assert guest.access(0x8000) == 0x70


@pytest.mark.parametrize("entry", ["0008", "0080"], ids=["made-invalid", "another-page"])
def test_a_stale_entry_lives_until_ptlb(entry: str) -> None:
    """[1.5 guest edits its PTE without PTLB] [1.4 PTLB] exactly as the machine's TLB permits, then the new one."""
    guest = translating()
    assert guest.access(0) == 0x77
    guest.cpu.store_real(TABLES, bytes.fromhex(entry))
    assert guest.access(0) == 0x77, "stale"
    guest.purge()
    assert guest.access(0) == (PIC.PAGE_TRANSLATION if entry == "0008" else 0x70)


def test_ptlb_recopies_the_segment_table() -> None:
    """[1.5 guest PTLB, LCTL CR1] an entry the guest has made invalid is invalid, the others keep their page tables."""
    guest = translating()
    guest.store(SEGMENTS + 4, 0xF0000000 | TABLES, 4)
    for address in (0, 0x10000):
        assert guest.access(address) == 0x77
    taken = dict(guest.made.free.taken)
    guest.store(SEGMENTS, 1, 4)
    assert guest.access(0) == 0x77, "stale"
    guest.purge()
    assert [guest.shadow.segment_filled(address) for address in (0, 0x10000)] == [False, True]
    assert guest.access(0) == PIC.SEGMENT_TRANSLATION
    assert guest.access(0x10000) == 0x77
    assert guest.faults == [Meaning.FILL_PAGE]
    assert guest.made.free.taken == taken


def test_another_segment_table_is_another_address_space() -> None:
    """[1.5 guest PTLB, LCTL CR1] LCTL of CR1: the same address leads elsewhere at once; a longer table too."""
    guest = translating()
    other = SEGMENTS + 0x100
    for segment in range(64):
        guest.store(other + segment * 4, 0xF0000000 | TABLES + 0x100, 4)
    guest.store(TABLES + 0x100, DATA >> 8, 2)
    assert guest.access(0) == 0x77
    guest.cpu.cr[1] = 3 << 24 | other
    guest.shadow.recopy_segments()
    assert guest.access(0) == 0x70
    assert guest.access(0x3F0000) == 0x70
    guest.cpu.cr[1] = SEGMENTS
    guest.shadow.recopy_segments()
    assert guest.access(0) == 0x77
    assert guest.access(0x3F0000) == PIC.SEGMENT_TRANSLATION


def test_another_format_makes_new_tables() -> None:
    """[1.5 guest LCTL CR0] the tables are freed and built anew when the format changes, and only then."""
    guest = translating()
    assert guest.access(0) == 0x77
    cr1 = guest.shadow.cr1
    guest.cpu.cr[0] |= 0xE0
    assert guest.access(0) == 0x77
    assert guest.shadow.cr1 == cr1
    guest.cpu.cr[0] = 0b01000 << 19
    assert guest.access(0) == 0x77
    assert guest.faults == [Meaning.FILL_SEGMENT, Meaning.FILL_PAGE]
    assert guest.shadow.cr0 == CP_CR0 & ~0xF80000 | 0b01000 << 19


@pytest.mark.parametrize("code", [0, 0b11000, 0b10001, 0b01011, 0b11111])
def test_a_format_that_does_not_exist(code: int) -> None:
    """[1.5 bad CR0 format] every access is a translation-specification exception, until it is set right."""
    guest = translating()
    assert guest.access(0) == 0x77
    guest.cpu.cr[0] = code << 19
    assert guest.access(0) == PIC.TRANSLATION_SPECIFICATION
    assert guest.status.vmestat & ExtendedStatus.BADCR0
    guest.shadow.recopy_segments()
    guest.cpu.cr[0] = 0b10000 << 19
    assert guest.access(0) == 0x77
    assert guest.status.vmestat == ExtendedStatus.SHADT


def test_a_stolen_frame_is_in_no_shadow_table_any_more() -> None:
    """[1.5 CP steals a frame] the next use of the page brings it, and another guest's data are never seen."""
    guest = translating(frames=10)
    other = guest.made.guest()
    assert guest.access(0) == 0x77
    frame = guest.cpu.pages.frame_of(DATA + 7 * FRAME >> 12)
    guest.made.touch(other, *range(30), store=True)
    assert frame in [other.pages.frame_of(page) for page in range(30)]
    assert guest.cpu.pages.frames_lost
    assert guest.access(0) == 0x77
    assert Meaning.PAGE_OUT in guest.faults


def test_a_table_of_the_guest_that_is_out_is_brought() -> None:
    """[1.5 → real page exception] CP reads the guest's tables through VMSEG, and pages them in."""
    guest = translating(frames=10)
    guest.made.touch(guest.made.guest(), *range(30), store=True)
    before = guest.made.paging.state()
    assert guest.shadow.examine(0).meaning is Meaning.PAGE_OUT
    assert guest.made.paging.state() == before, "examining brings nothing"
    assert guest.access(0) == 0x77
    fault = Meaning.PAGE_OUT
    assert guest.faults == [fault, Meaning.FILL_SEGMENT, fault, fault, Meaning.FILL_PAGE]


def test_dat_off_and_on_again_keeps_the_tables() -> None:
    """[1.5 LPSW/SSM DAT off] they are there for the next time."""
    guest = translating()
    assert guest.access(0) == 0x77
    guest.real.cr[0], guest.real.cr[1] = CP_CR0, guest.cpu.vmseg
    guest.real.load_psw(PSW(ec_mode=True, system_mask=0x07, problem_state=True))
    assert guest.real.load1(DATA) == 0x70
    assert guest.access(0) == 0x77
    assert guest.faults == []


def test_reference_and_change_of_translated_accesses_are_the_guests() -> None:
    """[1.3 Storage keys] the machine records them in the frame, where the guest's ISK finds them."""
    guest = translating()
    guest.access(0)
    guest.access(FRAME, 5)
    assert guest.cpu.pages.key(DATA + 7 * FRAME) == 0x04
    assert guest.cpu.pages.key(DATA + 6 * FRAME) == 0x06


def test_protection_is_that_of_the_guests_keys() -> None:
    guest = translating()
    guest.cpu.pages.set_key(DATA + 7 * FRAME, 0x38)
    assert guest.access(0, 1, key=4) == PIC.PROTECTION
    assert guest.access(0, key=4) == PIC.PROTECTION
    assert guest.access(0, 1, key=3) == 1


# ---- isolation -------------------------------------------------------------------------------------------------------


def test_a_common_segment_of_one_guest_is_not_seen_by_another() -> None:
    """The bit for common segments is not in shadow tables: the machine's TLB would let others use the entry."""
    first = translating()
    second = translating(made=first.made)
    for guest in (first, second):
        guest.store(SEGMENTS, 0xF0000002 | TABLES, 4)
    first.store(DATA + 7 * FRAME, 0x11, 1)
    second.store(DATA + 7 * FRAME, 0x22, 1)
    assert [guest.access(0) for guest in (first, second, first, second)] == [0x11, 0x22, 0x11, 0x22]


def test_tables_that_were_freed_leave_nothing_in_the_tlb() -> None:
    """Another guest's tables may be at the same place, with the same designation."""
    first = translating()
    second = translating(made=first.made)
    second.store(DATA + 7 * FRAME, 0x22, 1)
    assert first.access(0) == 0x77
    cr1 = first.shadow.cr1
    first.shadow.free()
    second.dispatch()
    assert second.shadow.cr1 == cr1
    assert second.access(0) == 0x22


@ALL_FORMATS
def test_a_guest_that_uses_all_of_its_address_space_cannot_use_up_free_storage(code: int) -> None:
    """A CR1 of the greatest length, every segment used: the tables stay within 24 bits of address."""
    guest = translating(code, frames=64)
    layout = FORMATS[code]
    guest.cpu.cr[1] = 0xFF000000 | SEGMENTS
    segments = 1 << 24 - layout.segment_shift
    for segment in range(segments):
        guest.store(SEGMENTS + segment * 4, 0xF0000000 | TABLES, 4)
    before = sum(guest.made.free.taken.values())
    for segment in range(segments):
        assert guest.access(segment << layout.segment_shift) == 0x77
    assert sum(guest.made.free.taken.values()) - before <= 17 * 1024
    guest.shadow.free()
    assert sum(guest.made.free.taken.values()) == before


def test_without_room_a_shadow_page_table_is_used_again() -> None:
    """Free storage is used up: another segment's table is taken, which costs faults and nothing else."""
    guest = translating(frames=10)
    for segment in range(4):
        guest.store(SEGMENTS + segment * 4, 0xF0000000 | TABLES, 4)
    assert guest.access(0) == 0x77
    use_up(guest.made)
    for segment in (1, 0, 2, 3, 0):
        assert guest.access(segment << 16 | FRAME) == 0x76


def test_without_any_room_the_guest_gets_a_message() -> None:
    guest = translating(frames=10)
    use_up(guest.made)
    with pytest.raises(PagingFailure, match="NO FREE STORAGE"):
        guest.dispatch()
    guest.made.free.free(max(guest.made.free.taken))
    guest.dispatch()
    with pytest.raises(PagingFailure, match="NO FREE STORAGE"):
        guest.shadow.fill_segment(0)


def use_up(made: Rig) -> None:
    """Take all of CP's free storage."""
    made.paging.hold_none()
    while made.piece(64) is not None:
        pass


# ---- checkpoints -----------------------------------------------------------------------------------------------------


def test_a_stale_entry_comes_back_with_a_checkpoint() -> None:
    guest = translating()
    assert guest.access(0) == 0x77
    guest.cpu.store_real(TABLES, bytes.fromhex("0080"))
    machine, shadow = guest.made.state(), guest.shadow.state()
    guest.purge()
    assert guest.access(0) == 0x70
    guest.cpu.cr[0] = 0b01000 << 19
    guest.access(0)
    guest.cpu.cr[0] = 0b10000 << 19
    guest.made.restore(machine)
    guest.shadow.restore(shadow)
    assert guest.access(0) == 0x77, "stale again"
    assert guest.shadow.state() == shadow
