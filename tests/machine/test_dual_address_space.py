"""Dual address spaces, where Hercules is no witness; `test_vectors.py` has the rest.

GA22-7000 "Dual-Address-Space Control", "ASN Translation", "PC-Number Translation".
"""

import pytest

from edu_hv.isa.codes import PIC, PSA, Class
from edu_hv.machine.asn import PRIMARY_AUTHORITY, SECONDARY_AUTHORITY, AddressSpace, authorized, translate_asn
from edu_hv.machine.interruptions import Ending, ProgramInterruption

CODE, DATA, TARGET = 0x1000, 0x2000, 0x1800
PRIMARY, SECONDARY, THIRD = 0x0041, 0x0042, 0x0083
FIRST_TABLE, SECOND_TABLE, OTHER_SECOND_TABLE, AUTHORITY, LINKAGE, ENTRIES = (
    0x8000,
    0x9000,
    0x9400,
    0x9C00,
    0xA000,
    0xA400,
)
SEGMENTS = {PRIMARY: 0xB000, SECONDARY: 0xB100, THIRD: 0xB200}
FRAMES = {PRIMARY: 0x2000, SECONDARY: 0x4000, THIRD: 0x6000}
CONTENTS = {PRIMARY: "11111111", SECONDARY: "22222222", THIRD: "33333333"}
LINKAGE_DESIGNATION = 0x80000000 | LINKAGE
KEY_MASK = 0x8040
INDEX = 7
"""Authorization index of each space; a program starts with index 0.  Both have both authorities over every space."""


def tables(third_designation=None):
    """Real storage: three spaces with page 1 in common and page 2 of their own, and all that leads to them."""
    storage = {FIRST_TABLE + 4: f"{SECOND_TABLE:08X}", FIRST_TABLE + 8: f"{OTHER_SECOND_TABLE:08X}", TARGET: "0AFE"}
    for number, (asn, segments) in enumerate(SEGMENTS.items()):
        pages = 0xB400 + 0x100 * number
        storage[segments] = f"F0{pages:06X}"
        storage[pages] = f"0000 0010 {FRAMES[asn] >> 8:04X} 0008"
        storage[FRAMES[asn]] = CONTENTS[asn]
        designation = third_designation if asn == THIRD and third_designation is not None else segments
        table = SECOND_TABLE if asn >> 6 == 1 else OTHER_SECOND_TABLE
        storage[table + 16 * (asn & 63)] = (
            f"{AUTHORITY:08X} {INDEX:04X} 0000 {designation:08X} {LINKAGE_DESIGNATION:08X}"
        )
    storage[AUTHORITY] = "C003 0000"
    storage[LINKAGE] = f"{ENTRIES:08X}"
    storage[ENTRIES] = f"FFFF 0000 {TARGET:08X} 12345678 0F0F 0000"
    storage[ENTRIES + 16] = f"FFFF {THIRD:04X} {TARGET | 1:08X} 12345678 0F0F 0000"
    return storage


@pytest.fixture
def spaces(boot):
    """A machine with DAT on, its primary and secondary space and authority over both; keywords as of `boot`."""

    def make(code, *, cr=None, gr=None, storage=None, third_designation=None, **psw):
        registers = {
            0: 0x0C800000,
            1: SEGMENTS[PRIMARY],
            3: KEY_MASK << 16 | SECONDARY,
            4: PRIMARY,
            5: LINKAGE_DESIGNATION,
            7: SEGMENTS[SECONDARY],
            14: 0xC2080000 | FIRST_TABLE >> 12,
        }
        contents = tables(third_designation) | (storage or {})
        psw = {"ec_mode": True, "system_mask": 4} | psw
        return boot(code, gr={2: DATA, **(gr or {})}, cr=registers | (cr or {}), storage=contents, **psw)

    return make


# ---- which space an address means --------------------------------------------------------------------------------


def test_operands_follow_the_address_space_control(spaces):
    """L 5,0(2); SAC 256; L 6,0(2); SAC 0; L 7,0(2)."""
    machine = spaces("58502000 B2190100 58602000 B2190000 58702000")
    for _ in range(5):
        machine.advance()
    assert [machine.cpu.gr[number] for number in (5, 6, 7)] == [0x11111111, 0x22222222, 0x11111111]


def test_secondary_space_without_dat_means_nothing(boot):
    machine = boot("58502000", ec_mode=True, secondary_space=True, gr={2: DATA}, storage={DATA: "11111111"})
    machine.advance()
    assert machine.cpu.gr[5] == 0x11111111


def test_old_psw_and_lpsw_carry_the_address_space_control(spaces, interrupt, old_psw):
    """SAC 256; SVC 1."""
    machine = spaces("B2190100 0A01")
    assert old_psw(machine, interrupt(machine).kind).secondary_space
    assert not machine.cpu.psw.secondary_space


def test_translation_exception_address_tells_the_secondary_table(spaces, interrupt):
    machine = spaces("58502000", gr={2: 0x3008}, secondary_space=True)
    assert interrupt(machine).code == PIC.PAGE_TRANSLATION
    stored = int.from_bytes(machine.storage.read(PSA.TRANSLATION_EXCEPTION_ADDRESS, 4), "big")
    assert stored & 0xFFFFF000 == 0x80003000


def test_new_secondary_designation_takes_effect_at_once(spaces):
    """SSAR 3; SAC 256; L 6,0(2): the third space, not a translation kept of the second."""
    machine = spaces("B2190100 58502000 B2250030 58602000", gr={3: THIRD})
    for _ in range(4):
        machine.advance()
    assert (machine.cpu.gr[5], machine.cpu.gr[6]) == (0x22222222, 0x33333333)
    assert (machine.cpu.cr[3], machine.cpu.cr[7]) == (KEY_MASK << 16 | THIRD, SEGMENTS[THIRD])


# ---- moves -------------------------------------------------------------------------------------------------------


def test_move_to_primary_leaves_key_and_space_as_they_were(spaces):
    """MVCP 0(4,2),0(2),6, then L 5,0(2) with the PSW's own key."""
    machine = spaces("DA4620002000 58502000", gr={4: 4, 6: 0x90})
    machine.storage.keys[FRAMES[SECONDARY] >> 11] = 0x98
    machine.advance()
    machine.advance()
    assert (machine.cpu.gr[5], machine.cpu.psw.cc, machine.cpu.psw.key) == (0x22222222, 0, 0)
    assert not machine.cpu.psw.secondary_space


def test_move_refused_by_the_secondary_key_changes_nothing(spaces, interrupt, old_psw):
    machine = spaces("DA4620002000", gr={4: 4, 6: 0x90})
    machine.storage.keys[FRAMES[SECONDARY] >> 11] = 0x88
    found = interrupt(machine)
    old = old_psw(machine, found.kind)
    assert (found.code, old.key, old.secondary_space) == (PIC.PROTECTION, 0, False)
    assert machine.storage.read(FRAMES[PRIMARY], 4).hex() == CONTENTS[PRIMARY]


@pytest.mark.parametrize(
    ("code", "event"),
    [
        pytest.param("DA4620002000", True, id="MVCP"),
        pytest.param("DB4620002000", True, id="MVCS"),
        pytest.param("D94620002000", True, id="MVCK"),
        pytest.param("DB4620082000", False, id="MVCS-elsewhere"),
    ],
)
def test_storage_alteration_is_recorded_by_virtual_address_in_either_space(spaces, code, event):
    """GA22-7000 "Storage Alteration": 4 bytes stored, the designated area is 2000-2003."""
    machine = spaces(code, gr={4: 4, 6: 0}, cr={9: 0x20000000, 10: DATA, 11: DATA + 3}, system_mask=0x44)
    machine.advance()
    assert (machine.recognized is not None and machine.recognized.code == PIC.PER_EVENT) is event


# ---- the space-switch event --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "gr", "return_key_mask"),
    [
        pytest.param("B2180001", {}, KEY_MASK | 0x0F0F, id="PROGRAM-CALL"),
        pytest.param("B2280056", {5: 0xFFFF0000 | THIRD, 6: TARGET | 1}, KEY_MASK, id="PROGRAM-TRANSFER"),
    ],
)
@pytest.mark.parametrize(
    ("old", "new", "identification"),
    [
        pytest.param(0, 1, 0x00000000 | PRIMARY, id="by-the-new-space"),
        pytest.param(1, 0, 0x80000000 | PRIMARY, id="by-the-old-space"),
        pytest.param(1, 1, 0x80000000 | PRIMARY, id="by-both"),
    ],
)
def test_space_switch_event_comes_after_the_switch(
    spaces, interrupt, old_psw, code, gr, return_key_mask, old, new, identification
):
    machine = spaces(code, gr=gr, cr={1: SEGMENTS[PRIMARY] | old}, third_designation=SEGMENTS[THIRD] | new)
    found = interrupt(machine)
    assert (found.code, found.ending, found.ilc) == (PIC.SPACE_SWITCH_EVENT, Ending.COMPLETION, 2)
    assert machine.storage.read(PSA.TRANSLATION_EXCEPTION_ADDRESS, 4) == identification.to_bytes(4, "big")
    old_state = old_psw(machine, Class.PROGRAM)
    assert (old_state.instruction_address, old_state.problem_state) == (TARGET, True)
    cr = machine.cpu.cr
    assert (cr[1], cr[4], cr[5]) == (SEGMENTS[THIRD] | new, INDEX << 16 | THIRD, LINKAGE_DESIGNATION)
    assert cr[3] >> 16 == return_key_mask


def test_space_that_is_not_switched_has_no_event(spaces):
    """PROGRAM CALL to current primary."""
    machine = spaces("B2180000", cr={1: SEGMENTS[PRIMARY] | 1})
    machine.advance()
    assert (machine.recognized, machine.cpu.psw.instruction_address) == (None, TARGET)


def test_lasp_tells_the_event_by_condition_code_and_loads_nothing(spaces):
    """LASP 0(2),4: the translation of the primary ASN is forced."""
    machine = spaces(
        "E50020000004",
        cr={1: SEGMENTS[PRIMARY] | 1},
        storage={FRAMES[PRIMARY]: f"FFFF {SECONDARY:04X} 0001 {PRIMARY:04X}"},
    )
    before = machine.cpu.cr[:]
    machine.advance()
    assert (machine.cpu.psw.cc, machine.cpu.cr) == (3, before)


# ---- a call and its return ---------------------------------------------------------------------------------------


def test_program_transfer_returns_from_a_program_call(spaces):
    """PC 1 to the third space; there PT 3,14."""
    machine = spaces("B2180001", problem_state=True, cr={3: KEY_MASK << 16 | SECONDARY}, storage={TARGET: "B228003E"})
    machine.advance()
    cr, gr = machine.cpu.cr, machine.cpu.gr
    assert (gr[3], gr[4], gr[14]) == (KEY_MASK << 16 | PRIMARY, 0x12345678, CODE + 4 | 1)
    assert (cr[1], cr[3] & 0xFFFF, cr[4], cr[7]) == (SEGMENTS[THIRD], PRIMARY, INDEX << 16 | THIRD, SEGMENTS[PRIMARY])
    machine.advance()
    assert machine.recognized is None
    assert (cr[1], cr[7]) == (SEGMENTS[PRIMARY], SEGMENTS[PRIMARY])
    assert (cr[3], cr[4]) == (KEY_MASK << 16 | PRIMARY, INDEX << 16 | PRIMARY)
    assert (machine.cpu.psw.instruction_address, machine.cpu.psw.problem_state) == (CODE + 4, True)


# ---- tables ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bit", range(128))
def test_asn_second_table_entry_must_have_zeros_in_its_reserved_bits(bit):
    """Bits 1-7, 30, 31, 60-63 and 97-103; bit 0 is the invalid bit."""
    entry = (1 << 127 - bit).to_bytes(16, "big")
    storage = {(0x3000, 4): b"\0\0\x40\0", (0x4000, 16): entry}
    reserved = {*range(1, 8), 30, 31, *range(60, 64), *range(97, 104)}
    expected = PIC.ASX_TRANSLATION if bit == 0 else PIC.ASN_TRANSLATION_SPECIFICATION if bit in reserved else None
    assert code_of(lambda: translate_asn(0, 3, lambda real, length: storage[real, length])) == expected


@pytest.mark.parametrize("bit", range(32))
def test_asn_first_table_entry_must_have_zeros_in_its_reserved_bits(bit):
    entry = (1 << 31 - bit).to_bytes(4, "big")
    reserved = {*range(1, 8), *range(28, 32)}
    expected = PIC.AFX_TRANSLATION if bit == 0 else PIC.ASN_TRANSLATION_SPECIFICATION if bit in reserved else None
    assert code_of(lambda: translate_asn(0, 3, lambda real, length: entry if length == 4 else bytes(16))) == expected


def code_of(call):
    try:
        call()
    except ProgramInterruption as condition:
        return condition.code
    return None


@pytest.mark.parametrize(
    ("index", "byte", "authorities"),
    [
        pytest.param(0, 0b10_00_00_00, (True, False), id="first"),
        pytest.param(1, 0b00_01_00_00, (False, True), id="second"),
        pytest.param(7, 0b00_00_00_11, (True, True), id="last-of-its-byte"),
        pytest.param(15, 0xFF, (True, True), id="last-within-the-table"),
        pytest.param(16, 0xFF, (False, False), id="beyond-the-table"),
    ],
)
def test_authority_has_two_bits_an_index(index, byte, authorities):
    """A table of 4 bytes: 16 indexes."""
    space = AddressSpace(0x5000, 0, 0, 0, 0)
    fetch = lambda real, length: bytes([byte if real == 0x5000 + index // 4 else 0])  # noqa: E731
    found = tuple(authorized(space, index, authority, fetch) for authority in (PRIMARY_AUTHORITY, SECONDARY_AUTHORITY))
    assert found == authorities


@pytest.mark.parametrize("bit", range(8))
def test_linkage_table_entry_must_have_zeros_in_its_reserved_bits(spaces, interrupt, bit):
    """Bits 1-7; bit 0 is the invalid bit."""
    machine = spaces("B2180000", storage={LINKAGE: f"{1 << 31 - bit | ENTRIES:08X}"})
    assert interrupt(machine).code == (PIC.PC_TRANSLATION_SPECIFICATION if bit else PIC.LX_TRANSLATION)


@pytest.mark.parametrize("bit", range(8))
def test_entry_table_entry_must_have_zeros_before_its_address(spaces, interrupt, bit):
    """Bits 32-39."""
    machine = spaces("B2180000", storage={ENTRIES + 4: f"{1 << 31 - bit | TARGET:08X}"})
    assert interrupt(machine).code == PIC.PC_TRANSLATION_SPECIFICATION
