"""Dynamic address translation.  GA22-7000 "Dynamic Address Translation"."""

import pytest

from edu_hv.isa.codes import PIC
from edu_hv.machine.dat import FORMATS, TranslationLookasideBuffer, walk
from edu_hv.machine.interruptions import ProgramInterruption

SEGMENT_TABLE, PAGE_TABLE = 0x4000, 0x6000


class Tables:
    """Tables in a small real storage: one segment, one page of it mapped."""

    def __init__(self, bits, address, real, *, segment=None, page=None, length=0xFF):
        self.layout = FORMATS[bits]
        self.storage = bytearray(0x8000)
        number = address >> self.layout.segment_shift
        index = (address >> self.layout.page_shift) % self.layout.pages_in_segment
        self.segment_entry = SEGMENT_TABLE + number * 4
        self.page_entry = PAGE_TABLE + index * 2
        entry = 0xF0000000 | PAGE_TABLE if segment is None else segment
        self.storage[self.segment_entry : self.segment_entry + 4] = entry.to_bytes(4, "big")
        frame = (real >> 8 & self.layout.frame_mask) if page is None else page
        self.storage[self.page_entry : self.page_entry + 2] = frame.to_bytes(2, "big")
        self.cr0, self.cr1 = bits << 19, length << 24 | SEGMENT_TABLE
        self.fetches = 0

    def fetch(self, real, length):
        self.fetches += 1
        if real + length > len(self.storage):
            raise ProgramInterruption(PIC.ADDRESSING)
        return bytes(self.storage[real : real + length])

    def walk(self, address):
        return walk(address, self.cr0, self.cr1, self.fetch)


@pytest.mark.parametrize(
    ("bits", "address", "real"),
    [
        pytest.param(0b01000, 0x12FFFF, 0x7F7FF, id="2K-pages-64K-segments"),
        pytest.param(0b01010, 0xF00800, 0x80000, id="2K-pages-1M-segments"),
        pytest.param(0b10000, 0xFFF123, 0x3123, id="4K-pages-64K-segments"),
        pytest.param(0b10010, 0x2FE001, 0xFFF001, id="4K-pages-1M-segments"),
    ],
)
def test_each_format_finds_the_entries_and_keeps_the_byte_index(bits, address, real):
    tables = Tables(bits, address, real)
    found = tables.walk(address)
    assert (found.real, found.fault) == (real, None)
    assert (found.segment_entry_address, found.page_entry_address) == (tables.segment_entry, tables.page_entry)


@pytest.mark.parametrize("bits", sorted(set(range(32)) - set(FORMATS)))
def test_any_other_format_is_a_translation_specification_exception(bits):
    with pytest.raises(ProgramInterruption) as caught:
        walk(0, bits << 19, SEGMENT_TABLE, lambda real, length: bytes(length))
    assert caught.value.code == PIC.TRANSLATION_SPECIFICATION


@pytest.mark.parametrize(
    ("changes", "fault", "too_short"),
    [
        pytest.param({"segment": 1}, PIC.SEGMENT_TRANSLATION, False, id="segment-invalid"),
        pytest.param({"page": 0x0008}, PIC.PAGE_TRANSLATION, False, id="page-invalid"),
        pytest.param({"length": 0}, PIC.SEGMENT_TRANSLATION, True, id="beyond-segment-table"),
        pytest.param({"segment": 0x70000000 | PAGE_TABLE}, PIC.PAGE_TRANSLATION, True, id="beyond-page-table"),
        pytest.param({"segment": 0x80000000 | PAGE_TABLE}, None, False, id="last-page-of-a-shorter-table"),
    ],
)
def test_faults_of_a_walk(changes, fault, too_short):
    """Page 8 of 16 of segment X'12', in 4K pages and 64K segments."""
    found = Tables(0b10000, 0x128000, 0x3000, **changes).walk(0x128000)
    assert (found.fault, found.length_exceeded) == (fault, too_short)


@pytest.mark.parametrize(
    ("bits", "sixteenths", "first_beyond"),
    [(0b01000, 0, 0x1000), (0b01000, 13, 0xE000), (0b01010, 3, 0x40000), (0b10000, 7, 0x8000), (0b10010, 13, 0xE0000)],
)
def test_page_table_length_counts_sixteenths_of_the_longest_table(bits, sixteenths, first_beyond):
    for address, too_short in ((first_beyond - 1, False), (first_beyond, True)):
        tables = Tables(bits, address, 0x3000, segment=sixteenths << 28 | PAGE_TABLE)
        assert tables.walk(address).length_exceeded is too_short


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"segment": 0xF1000000 | PAGE_TABLE}, PIC.TRANSLATION_SPECIFICATION, id="segment-bits-4-7"),
        pytest.param({"page": 0x0032}, PIC.TRANSLATION_SPECIFICATION, id="page-bits-13-14"),
        pytest.param({"segment": 0xF000FFF8}, PIC.ADDRESSING, id="page-table-outside-storage"),
    ],
)
def test_exceptions_of_a_walk(changes, code):
    with pytest.raises(ProgramInterruption) as caught:
        Tables(0b10000, 0x128000, 0x3000, **changes).walk(0x128000)
    assert caught.value.code == code


def test_invalid_entry_is_not_looked_at_further():
    """A page-table entry that is invalid may hold anything."""
    assert Tables(0b10000, 0, 0, page=0x000E).walk(0).fault == PIC.PAGE_TRANSLATION
    assert Tables(0b10000, 0, 0, segment=0x0F000001).walk(0).fault == PIC.SEGMENT_TRANSLATION


def test_tlb_serves_a_stale_translation_until_purged():
    tables, tlb = Tables(0b10000, 0x1000, 0x3000), TranslationLookasideBuffer()
    translate = lambda: tlb.translate(0x1004, tables.cr0, tables.cr1, tables.fetch)  # noqa: E731
    assert translate() == 0x3004
    tables.storage[tables.page_entry : tables.page_entry + 2] = b"\0\x50"
    assert translate() == 0x3004
    tlb.purge()
    assert translate() == 0x5004
    assert tables.fetches == 4


def test_tlb_entry_belongs_to_its_segment_table():
    tables, tlb = Tables(0b10000, 0x1000, 0x3000), TranslationLookasideBuffer()
    tlb.translate(0x1000, tables.cr0, tables.cr1, tables.fetch)
    with pytest.raises(ProgramInterruption) as caught:
        tlb.translate(0x1000, tables.cr0, 0x5000, lambda real, length: b"\0\0\0\1"[:length])
    assert (caught.value.code, caught.value.address) == (PIC.SEGMENT_TRANSLATION, 0x1000)


def test_program_sees_the_old_page_until_it_purges_the_tlb(boot):
    """L 1,0(2); ST 4,0(3) puts a new page-table entry in place; L 5,0(2); PTLB; L 6,0(2)."""
    machine = boot(
        "58102000 40403000 58502000 B20D0000 58602000",
        gr={2: 0x2000, 3: 0x4002 + 2, 4: 0x0080},
        cr={0: 0x800000, 1: 0x5000},
        ec_mode=True,
        system_mask=4,
        storage={
            0x5000: "F0004000",
            0x4000: "0000 0010 0070 0030 0040 0050",
            0x7000: "11111111",
            0x8000: "22222222",
        },
    )
    for _ in range(5):
        machine.advance()
    assert [machine.cpu.gr[number] for number in (1, 5, 6)] == [0x11111111, 0x11111111, 0x22222222]


def test_control_registers_0_and_1_take_effect_without_a_purge(boot):
    """LCTL 1,1,0(3) changes the address space; the code's page is the same in both."""
    machine = boot(
        "58102000 B7113000 58502000",
        gr={2: 0x2000, 3: 0x3000},
        cr={0: 0x800000, 1: 0x5000},
        ec_mode=True,
        system_mask=4,
        storage={
            0x3000: "00005100",
            0x5000: "F0004000",
            0x5100: "F0004100",
            0x4000: "0000 0010 0070 0030",
            0x4100: "0000 0010 0080 0030",
            0x7000: "11111111",
            0x8000: "22222222",
        },
    )
    for _ in range(3):
        machine.advance()
    assert (machine.cpu.gr[1], machine.cpu.gr[5]) == (0x11111111, 0x22222222)


SPACES = {0x5000: "F0004000", 0x5100: "F0004100", 0x4000: "0000 0010 0070 0030", 0x4100: "0000 0010 0080 0030"}
"""Two spaces: page 2 is real 7000 in the one, 8000 in the other; each has page 3."""
CONTENTS = {0x7000: "11111111", 0x8000: "22222222"}


def spaces(boot, code, storage=None, **psw):
    psw = {"ec_mode": True, "system_mask": 4} | psw
    contents = SPACES | CONTENTS | (storage or {})
    return boot(code, gr={2: 0x2000, 3: 0x3000}, cr={0: 0x04800000, 1: 0x5000, 7: 0x5100}, storage=contents, **psw)


@pytest.mark.parametrize(
    ("entries", "loaded"),
    [
        pytest.param(("F0004000", "F0004100"), [0x11111111, 0x22222222], id="private"),
        pytest.param(("F0004002", "F0004102"), [0x11111111, 0x11111111], id="common"),
    ],
)
def test_translation_of_a_common_segment_serves_the_other_space(boot, entries, loaded):
    """L 5,0(2); SAC 256; L 6,0(2), with segment-table entries that claim what is not so."""
    machine = spaces(boot, "58502000 B2190100 58602000", dict(zip((0x5000, 0x5100), entries, strict=True)))
    for _ in range(3):
        machine.advance()
    assert [machine.cpu.gr[5], machine.cpu.gr[6]] == loaded


def test_invalidated_page_is_no_longer_translated(boot, interrupt):
    """L 5,0(2); IPTE 4,2; L 6,0(2)."""
    machine = spaces(boot, "58502000 B2210042 58602000")
    machine.cpu.gr[4] = 0xFF004007  # Only bits 8-28 are used.
    machine.advance()
    assert (interrupt(machine).code, machine.storage.read(0x4004, 2).hex()) == (PIC.PAGE_TRANSLATION, "0078")


@pytest.mark.parametrize("bits", sorted(FORMATS))
def test_ipte_sets_the_invalid_bit_of_the_format(boot, bits):
    layout = FORMATS[bits]
    index = layout.pages_in_segment - 1
    machine = boot("B2210042", gr={2: 0xFFFFFFFF, 4: 0x4000}, cr={0: bits << 19})
    machine.advance()
    entry = int.from_bytes(machine.storage.read(0x4000 + 2 * index, 2), "big")
    assert (entry, any(machine.storage.read(0x4000, 2 * index))) == (layout.invalid_bit, False)


@pytest.mark.parametrize(
    ("psw", "real"),
    [
        pytest.param({}, 0x7000, id="primary"),
        pytest.param({"secondary_space": True}, 0x8000, id="secondary"),
        pytest.param({"system_mask": 0}, 0x7000, id="primary-DAT-off"),
        pytest.param({"secondary_space": True, "system_mask": 0}, 0x8000, id="secondary-DAT-off"),
        pytest.param({"ec_mode": False, "system_mask": 0}, 0x7000, id="BC"),
    ],
)
def test_lra_follows_the_address_space_control_whether_dat_is_on_or_not(boot, psw, real):
    """LRA 5,0(2)."""
    machine = spaces(boot, "B1502000", **psw)
    machine.advance()
    assert (machine.cpu.gr[5], machine.cpu.psw.cc) == (real, 0)


def test_page_table_wraps_around_at_16_mib():
    """The last byte of storage is not looked at: the entry behind it is at real 4."""
    fetched = []

    def fetch(real, length):
        fetched.append(real)
        return 0xF0FFFFF8.to_bytes(4, "big") if length == 4 else b"\0\x30"

    assert walk(0x6000, 0b10000 << 19, 0x1000, fetch).real == 0x3000
    assert fetched == [0x1000, 4]
