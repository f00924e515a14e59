"""The VM assist, instruction by instruction.  GA22-7074; reference 5.1 and 5.2."""

import pytest

from edu_hv.isa.codes import PIC, Class
from edu_hv.isa.errors import UserError
from edu_hv.machine.assist import CR6, MICBLOK, VALIDATION, Count
from edu_hv.machine.events import AssistDeclined, AssistHandled
from edu_hv.machine.machine import Architecture, Machine
from edu_hv.machine.psw import PSW
from tests.machine.assist_scene import (
    CODE,
    CRS,
    DATA,
    FORMAT_4K_64K,
    SEGMENTS,
    SHADOW_PAGES,
    SWAP,
    VMPSW,
    build,
    control,
    frame,
    real,
    vmpsw,
)

EC, BC = {"ec_mode": True}, {"ec_mode": False}
G2 = {2: DATA}
SSM, STNSM, STOSM, LPSW, SVC = "80002000", "AC{0}2000", "AD{0}2000", "82002000", "0A05"
STCTL, LCTL, LRA = "B6{0}2000", "B7{0}2000", "B1102000"
IPK, SPKA, ISK, SSK, RRB = "B20B0000", "B20A2000", "0912", "0812", "B2132000"
NEW_EC, NEW_BC = "032D200000004000", "FF2500001A004000"
"""PSWs: EC, masks on, key 2, problem state off, CC 2 (EC) or 1 (BC), address X'4000'."""


def outcome(machine):
    """What a guest instruction changed, beside storage."""
    psw = machine.cpu.psw
    return vmpsw(machine), psw.instruction_address, psw.key, psw.cc, psw.program_mask


def live(before, address, key=0, cc=0, program_mask=0):
    return before, address, key, cc, program_mask


# ---- what it does ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "scene", "virtual_psw"),
    [
        pytest.param(SSM, {"guest": {DATA: "03"}}, "0308000000001000", id="SSM enables, nothing pending"),
        pytest.param(SSM, {"guest": {DATA: "00"}, "psw": {"system_mask": 3}, "micpend": True}, "0008000000001000",
                     id="SSM disables although something is pending"),
        pytest.param(SSM, {"guest": {DATA: "06"}, "psw": {"system_mask": 4}, "micpend": False}, "0608000000001000",
                     id="SSM with DAT on before and after"),
        pytest.param(SSM, {"guest": {DATA: "FE"}, "psw": BC}, "fe00000000001000", id="SSM in BC mode, ECMODE on"),
        pytest.param(SSM, {"guest": {DATA: "FF"}, "psw": BC, "ecmode": False}, "ff00000000001000",
                     id="SSM without ECMODE"),
        pytest.param(SSM, {"guest": {DATA: "03"}, "real_cr": {0: 0x40800000}}, "0308000000001000",
                     id="SSM: the real suppression bit means nothing"),
        pytest.param(SSM, {"guest": {DATA: "03"}, "on": CR6.SYSTEM_360}, "0308000000001000", id="SSM is System/360"),
    ],
)  # fmt: skip
def test_ssm_replaces_the_virtual_mask(code, scene, virtual_psw):
    """[5.2 SSM] The operand byte becomes bits 0-7 of the virtual PSW; the real mask stays."""
    machine = build(code, gr=G2, **scene)
    assert machine.advance()
    assert machine.recognized is None
    assert outcome(machine) == live(virtual_psw, CODE + 4)
    assert (machine.cpu.psw.system_mask, machine.storage.key(real(DATA))) == (7, 4)
    assert machine.assist.counts == {"SSM": Count(1, 1)}


@pytest.mark.parametrize(
    ("row", "code", "scene", "virtual_psw", "stored"),
    [
        pytest.param("STNSM", STNSM.format("02"), {"psw": {"system_mask": 3}, "micpend": True}, "02", "03",
                     id="STNSM: fewer masks, whatever is pending"),
        pytest.param("STNSM", STNSM.format("04"), {"psw": {"system_mask": 7}}, "04", "07", id="STNSM keeps DAT"),
        pytest.param("STNSM", STNSM.format("00"), {"psw": {"system_mask": 0xFF} | BC}, "00", "ff", id="STNSM, BC"),
        pytest.param("STOSM", STOSM.format("03"), {"psw": {"system_mask": 1}}, "03", "01", id="STOSM enables"),
        pytest.param("STOSM", STOSM.format("01"), {"psw": {"system_mask": 1}, "micpend": True}, "01", "01",
                     id="STOSM: pending, but nothing is turned on"),
        pytest.param("STOSM", STOSM.format("04"), {"psw": {"system_mask": 4}, "micpend": True}, "04", "04",
                     id="STOSM: DAT is on already"),
        pytest.param("STOSM", STOSM.format("80"), {"psw": {"system_mask": 1} | BC}, "81", "01", id="STOSM, BC"),
    ],
)  # fmt: skip
def test_mask_is_stored_and_then_changed(row, code, scene, virtual_psw, stored):
    """[5.2 STNSM] [5.2 STOSM] The old virtual mask goes to the guest's byte; the virtual PSW gets the new one."""
    machine = build(code, gr=G2, guest={DATA: "AA"}, **scene)
    assert machine.advance()
    assert machine.recognized is None
    assert vmpsw(machine)[:2] == virtual_psw
    assert machine.storage.read(real(DATA), 1).hex() == stored
    assert machine.assist.counts == {row: Count(1, 1)}
    assert machine.storage.key(real(DATA)) & 6 == 6


@pytest.mark.parametrize(
    ("scene", "new", "expected", "problem"),
    [
        pytest.param({}, NEW_EC, live(NEW_EC.lower(), 0x4000, 2, 2, 0), True, id="EC, to problem state"),
        pytest.param({}, "0328120000004000", live("0328120000004000", 0x4000, 2, 1, 2), False, id="EC, supervisor"),
        pytest.param({"psw": {"system_mask": 3}, "micpend": True}, "0328000000004000",
                     live("0328000000004000", 0x4000, 2), False, id="EC: masks were on already"),
        pytest.param({"psw": {"system_mask": 4}}, "0528000000004000", live("0528000000004000", 0x4000, 2), False,
                     id="EC: DAT stays on"),
        pytest.param({"psw": BC}, "ff25abcd5a004000", live("ff25abcd5a004000", 0x4000, 2, 1, 10), True, id="BC"),
        pytest.param({"psw": {"system_mask": 0xFF} | BC, "micpend": True}, "7f25000000004000",
                     live("7f25000000004000", 0x4000, 2), True, id="BC: masks were on already"),
    ],
)  # fmt: skip
def test_lpsw_replaces_the_virtual_psw(scene, new, expected, problem):
    """[5.2 LPSW] Masks and modes in real storage, the rest in the real PSW, bit 15 in control register 6."""
    machine = build(LPSW, gr=G2, guest={DATA: new}, **scene)
    assert machine.advance()
    assert machine.recognized is None
    assert outcome(machine) == expected
    assert bool(machine.cpu.cr[6] & CR6.VIRTUAL_PROBLEM_STATE) is problem
    running = machine.cpu.psw
    assert (running.system_mask, running.ec_mode, running.problem_state, running.wait) == (7, True, True, False)


@pytest.mark.parametrize(
    ("scene", "code", "old", "interruption_code"),
    [
        pytest.param({"psw": {"system_mask": 3, "cc": 2, "program_mask": 5, "key": 7}}, SVC,
                     "0378250000001002", "00020005", id="EC"),
        pytest.param({"psw": {"system_mask": 3, "problem_state": True}}, SVC, "0309000000001002", "00020005",
                     id="EC, virtual problem state"),
        pytest.param({"psw": {"system_mask": 0xE0, "cc": 2, "program_mask": 5, "key": 7} | BC}, SVC,
                     "e070000565001002", "00000000", id="BC: code and ILC in the old PSW"),
        pytest.param({"gr": {2: DATA, 4: 0xFF}, "psw": BC, "guest": {DATA: "0A40"}}, "44402000",
                     "000000ff80001004", "00000000", id="executed: ILC 2"),
        pytest.param({"psw": {"system_mask": 3, "problem_state": True}, "on": CR6.SYSTEM_360}, SVC,
                     "0309000000001002", "00020005", id="System/360 only"),
    ],
)  # fmt: skip
def test_svc_swaps_the_psws_in_guest_page_0(scene, code, old, interruption_code):
    """[5.2 SVC] Old PSW to guest X'20', code to X'88' in EC mode, the PSW at X'60' becomes the virtual PSW."""
    ec = scene["psw"].get("ec_mode", True)
    new = NEW_EC if ec else NEW_BC
    guest = {0x60: new, **scene.pop("guest", {})}
    machine = build(code, guest=guest, **scene)
    assert machine.advance()
    assert machine.recognized is None
    assert machine.storage.read(real(0x20), 8).hex() == old
    assert machine.storage.read(real(0x88), 4).hex() == interruption_code
    assert outcome(machine) == live(new.lower(), 0x4000, 2, 2 if ec else 1, 0 if ec else 10)
    assert bool(machine.cpu.cr[6] & CR6.VIRTUAL_PROBLEM_STATE) is True
    assert machine.storage.key(frame(0)) == 0
    assert machine.storage.read(Class.SVC.old_psw, 8) == bytes(8)


def test_svc_17_is_not_taken_for_a_page_translation_exception():
    """[5.2 SVC] Code X'11' is that of an exception only in a program interruption."""
    machine = build("0A11", guest={0x60: NEW_EC})
    assert machine.advance()
    assert (machine.recognized, machine.cpu.psw.instruction_address) == (None, 0x4000)
    assert machine.assist.counts == {"SVC": Count(1, 1)}


@pytest.mark.parametrize(
    ("registers", "scene", "stored"),
    [
        pytest.param("02", {"cr": {0: 0x408000E0, 1: 0xF0, 2: 0xFF000000}}, "408000e0 000000f0 ff000000", id="0 to 2"),
        pytest.param("F0", {"cr": {15: 0x1C0}}, "000001c0 008000e0", id="wraparound"),
        pytest.param("00", {"ecmode": False, "cr": {0: 0xE0}, "psw": BC}, "000000e0 aaaaaaaa", id="without ECMODE"),
    ],
)
def test_stctl_stores_the_virtual_registers(registers, scene, stored):
    """[5.2 STCTL] Never the real registers."""
    machine = build(STCTL.format(registers), gr=G2, guest={DATA: "AA" * 12}, **scene)
    assert machine.advance()
    assert machine.recognized is None
    expected = bytes.fromhex(stored)
    assert machine.storage.read(real(DATA), len(expected)) == expected


@pytest.mark.parametrize(
    ("registers", "operand", "scene", "loaded"),
    [
        pytest.param("00", "008000A0", {}, {0: 0x008000A0}, id="CR0: other masks"),
        pytest.param("00", "008000E1", {"micpend": True}, {0: 0x008000E1}, id="CR0: pending, PSW masks external"),
        pytest.param("00", "00800060", {"micpend": True, "psw": {"system_mask": 1}}, {0: 0x00800060},
                     id="CR0: pending, masks only turned off"),
        pytest.param("01", "008000E0 00004000", {"cr": {1: 0x4000}}, {0: 0x008000E0, 1: 0x4000}, id="CR1 unchanged"),
        pytest.param("22", "80000000", {"micpend": True, "psw": {"system_mask": 2}}, {2: 0x80000000},
                     id="CR2: pending, masks only turned off"),
        pytest.param("22", "80000000", {"cr": {2: 0}, "psw": {"system_mask": 2}}, {2: 0x80000000}, id="CR2: enables"),
        pytest.param("22", "80000000", {"cr": {2: 0}, "micpend": True, "psw": {"system_mask": 1}}, {2: 0x80000000},
                     id="CR2: pending, PSW masks I/O"),
        pytest.param("66", "C0001000", {}, {6: 0xC0001000}, id="CR6: the virtual one"),
        pytest.param("CF", "00000001 00000002 C2000000 00000200", {},
                     {12: 1, 13: 2, 14: 0xC2000000, 15: 0x200}, id="CR12 to 15"),
        pytest.param("00", "000000A0", {"ecmode": False, "cr": {0: 0xE0}, "psw": BC}, {0: 0xA0}, id="without ECMODE"),
    ],
)  # fmt: skip
def test_lctl_loads_virtual_registers_without_effect(registers, operand, scene, loaded):
    """[5.2 LCTL] The real registers stay as they are."""
    machine = build(LCTL.format(registers), gr=G2, guest={DATA: operand}, **scene)
    before = list(machine.cpu.cr)
    assert machine.advance()
    assert machine.recognized is None
    assert {number: control(machine, number) for number in loaded} == loaded
    assert machine.cpu.cr == before
    assert machine.storage.key(real(DATA)) == 4


GUEST_TABLES = {
    0x8000: "F0009000 00000001 10009000 0F009000 F000A000",
    0x9000: "0070 0008 0006 0050",
}
"""Segment table at X'8000': full, invalid, short, bad format, table in page 10; page table: 7, invalid, bad, 5."""


@pytest.mark.parametrize(
    ("address", "cc", "result"),
    [
        pytest.param(0x000123, 0, 0x7123, id="translated"),
        pytest.param(0x003FFF, 0, 0x5FFF, id="translated, another page"),
        pytest.param(0x010000, 1, 0x8004, id="segment-table entry invalid"),
        pytest.param(0x001000, 2, 0x9002, id="page-table entry invalid"),
        pytest.param(0x022000, 3, 0x9004, id="page table too short"),
        pytest.param(0x100000, 3, 0x8040, id="segment table too short"),
    ],
)
@pytest.mark.parametrize("mask", [0, 4], ids=["DAT off", "DAT on"])
def test_lra_walks_the_guests_tables(address, cc, result, mask):
    """[5.2 LRA] The result is guest-real, the tables are found through the real ones."""
    machine = build(LRA, gr={2: address}, guest=GUEST_TABLES, cr={1: 0x8000}, psw={"system_mask": mask, "cc": 3 - cc})
    assert machine.advance()
    assert machine.recognized is None
    assert (machine.cpu.psw.cc, machine.cpu.gr[1]) == (cc, result)


def test_ipk_and_spka_use_the_key_of_both_psws():
    """[5.2 IPK, SPKA] IPK reads the virtual key; SPKA sets it, and the key under which the guest really runs."""
    machine = build(IPK + SPKA, gr={2: 0xABCDEFFF}, psw={"key": 9})
    assert machine.advance()
    assert machine.cpu.gr[2] == 0xABCDEF90
    machine.cpu.gr[2] = 0x50
    assert machine.advance()
    assert machine.recognized is None
    assert outcome(machine) == live("0058000000001000", CODE + 8, 5)
    assert machine.assist.counts == {"IPK": Count(1, 1), "SPKA": Count(1, 1)}


@pytest.mark.parametrize(
    ("scene", "inserted"),
    [
        pytest.param({"keys": {DATA: (0x78, 0x78)}}, 0x78, id="as the guest set it"),
        pytest.param({"keys": {DATA: (0x78, 0x7E)}}, 0x7E, id="real reference and change"),
        pytest.param({"keys": {DATA: (0x74, 0x72)}}, 0x76, id="virtual reference, real change"),
        pytest.param({"keys": {DATA: (0x7C, 0x76)}, "psw": BC}, 0x78, id="BC: no reference, no change"),
        pytest.param({"keys": {DATA + 0x800: (0x36, 0x30)}, "gr": {1: 0xFFFFFFFF, 2: DATA + 0x800}}, 0x36,
                     id="second half of the page"),
        pytest.param({"keys": {DATA: (0x5C, 0x0E)}, "pages_out": [2]}, 0x5C, id="page out: only what the table has"),
    ],
)  # fmt: skip
def test_isk_inserts_the_key_as_the_guest_sees_it(scene, inserted):
    """[5.2 ISK, SSK, RRB] ISK."""
    machine = build(ISK, **{"gr": {1: 0xFFFFFFFF, 2: DATA}} | scene)
    assert machine.advance()
    assert machine.recognized is None
    assert machine.cpu.gr[1] == 0xFFFFFF00 | inserted


@pytest.mark.parametrize(
    ("address", "before", "swap_entry"),
    [
        pytest.param(DATA, (0x00, 0x06), "0c004a00", id="first half: both bits backed up"),
        pytest.param(DATA, (0x12, 0x14), "08004a00", id="first half: only reference"),
        pytest.param(DATA + 0x800, (0x00, 0x02), "0100004a", id="second half: only change"),
    ],
)
def test_ssk_sets_both_keys_and_backs_up_what_was_recorded(address, before, swap_entry):
    """[5.2 ISK, SSK, RRB] SSK: reference and change of the frame are kept for the control program."""
    machine = build(SSK, gr={1: 0x4B, 2: address}, keys={address: before})
    assert machine.advance()
    assert machine.recognized is None
    assert machine.storage.read(SWAP + 16, 4).hex() == swap_entry
    assert machine.storage.key(real(address)) == 0x48


@pytest.mark.parametrize(
    ("before", "cc", "swap_entry", "key"),
    [
        pytest.param((0x30, 0x30), 0, "00003000", 0x30, id="neither"),
        pytest.param((0x32, 0x30), 1, "00003200", 0x30, id="virtual change"),
        pytest.param((0x30, 0x34), 2, "08003000", 0x30, id="real reference"),
        pytest.param((0x34, 0x32), 3, "04003000", 0x32, id="virtual reference, real change"),
    ],
)
def test_rrb_resets_the_reference_bit_the_guest_sees(before, cc, swap_entry, key):
    """[5.2 ISK, SSK, RRB] RRB: CC by reference and change before."""
    machine = build(RRB, gr=G2, keys={DATA: before}, psw={"cc": 3 - cc})
    assert machine.advance()
    assert machine.recognized is None
    assert machine.cpu.psw.cc == cc
    assert machine.storage.read(SWAP + 16, 4).hex() == swap_entry
    assert machine.storage.key(real(DATA)) == key


def test_rrb_of_a_page_that_is_out_uses_the_swap_table_alone():
    """[5.2 ISK, SSK, RRB] RRB needs no frame."""
    machine = build(RRB, gr=G2, keys={DATA: (0x36, 0x00)}, pages_out=[2])
    assert machine.advance()
    assert (machine.recognized, machine.cpu.psw.cc) == (None, 3)
    assert machine.storage.read(SWAP + 16, 4).hex() == "00003200"


# ---- shadow tables ---------------------------------------------------------------------------------------------------

DAT_ON = {"system_mask": 4}
VIRTUAL_CODE = {0x8000: "F0009000", 0x9000: "0010 0020 0008 0070"}
"""Guest-virtual pages 0, 1 and 3 are guest pages 1, 2 and 7; page 2 is invalid."""


def shadow(code, address=0, **scene):
    psw = DAT_ON | {"instruction_address": address} | scene.pop("psw", {})
    guest = VIRTUAL_CODE | scene.pop("guest", {})
    return build(code, shadow=True, cr={1: 0x8000} | scene.pop("cr", {}), guest=guest, psw=psw, **scene)


def shadow_entries(machine):
    return machine.storage.read(SHADOW_PAGES, 8).hex(" ", 2)


@pytest.mark.parametrize("problem_state", [False, True], ids=["virtual supervisor state", "virtual problem state"])
def test_valid_guest_entries_make_shadow_entries_valid_without_a_trap(problem_state):
    """[5.2 shadow page-table validation] Instruction and operand are in pages of which the shadow table has nothing."""
    machine = shadow("58102000", gr={2: 0x3008}, guest={0x7008: "12345678"}, psw={"problem_state": problem_state})
    assert machine.advance()
    assert machine.recognized is None
    assert machine.cpu.gr[1] == 0x12345678
    code, operand = (f"{frame(page) >> 8:04x}" for page in (1, 7))
    assert shadow_entries(machine) == f"{code} 000c 000c {operand}"
    assert machine.assist.counts == {VALIDATION: Count(2, 2)}
    assert machine.instructions == 1


def test_operand_of_an_assisted_instruction_gets_its_shadow_entry_too():
    """[5.2 shadow page-table validation] SSM, with nothing of its operand in the shadow table."""
    machine = shadow("80003000", gr={3: 0x3000}, guest={0x1000: "80003000", 0x7000: "06"})
    assert machine.advance()
    assert machine.recognized is None
    assert vmpsw(machine)[:2] == "06"
    assert machine.assist.counts == {VALIDATION: Count(2, 2), "SSM": Count(1, 1)}


def test_shadow_entry_of_a_2k_page_has_the_half_of_the_frame():
    """[5.2 shadow page-table validation] A guest may have 2K pages; real ones are 4K."""
    guest = {0x8000: "F0009000", 0x9000: "0000 0078 0010", 0x7808: "12345678"}
    machine = build("58102000", gr={2: 0x0808}, shadow=True, cr={0: 0x004000E0, 1: 0x8000}, psw=DAT_ON, guest=guest)
    machine.cpu.psw.instruction_address = 0x1000
    assert machine.advance()
    assert machine.recognized is None
    assert machine.cpu.gr[1] == 0x12345678
    assert machine.storage.read(SHADOW_PAGES + 2, 2).hex() == f"{frame(7) + 0x800 >> 8:04x}"


@pytest.mark.parametrize(
    ("scene", "why"),
    [
        pytest.param({"gr": {2: 0x2000}}, "the guest's own table has no valid entry", id="guest entry invalid"),
        pytest.param({"gr": {2: 0x3000}, "pages_out": [7]}, "guest-real 007000 is not in real storage", id="page out"),
        pytest.param({"gr": {2: 0x3000}, "pages_out": [9]}, "guest-real 009006 is not in real storage",
                     id="guest page table out"),
        pytest.param({"gr": {2: 0x3000}, "guest": {0x9006: "0072"}}, "translation specification exception of an "
                     "operand or a table", id="guest entry of bad format"),
        pytest.param({"gr": {2: 0x3000}, "guest": {0x9006: "0FF0"}}, "guest-real 0FF000 is not in real storage",
                     id="guest entry beyond the guest's storage"),
        pytest.param({"gr": {2: 0x3000}, "psw": {"system_mask": 0}}, "the guest's own DAT is off: the tables are no "
                     "shadow tables", id="DAT off"),
        pytest.param({"gr": {2: 0x3000}, "micrseg": SEGMENTS | 2}, "a page of the guest is more than a real page",
                     id="real pages of 2K"),
        pytest.param({"gr": {2: 0x3000}, "shadow_entry": 0x10000000}, "the shadow table has no such entry",
                     id="shadow page table too short"),
        pytest.param({"gr": {2: 0x3000}, "real_cr": {0: FORMAT_4K_64K}, "cr": {0: 0x004000E0}},
                     "the shadow tables are of another format", id="format changed"),
    ],
)  # fmt: skip
def test_page_translation_exception_otherwise_is_the_control_programs(scene, why):
    """[5.2 shadow page-table validation] Anything else leads to the interruption, and no entry changes."""
    events = []
    machines = [shadow("58102000", installed=installed, **dict(scene)) for installed in (True, False)]
    for machine in machines:  # The instruction's own page is not in question.
        machine.storage.write(SHADOW_PAGES, (frame(1) >> 8).to_bytes(2, "big"))
    machines[0].observe(events.append)
    assert machines[0].advance()
    machines[0].observe(None)
    assert machines[1].advance()
    assert machines[0].recognized == machines[1].recognized
    assert machines[0].recognized.code == PIC.PAGE_TRANSLATION
    assert [event.why for event in events if isinstance(event, AssistDeclined)] == [why]
    assert without_counts(machines[0]) == without_counts(machines[1])


def test_shadow_tables_are_left_alone_unless_control_register_6_permits_it():
    """[5.1 bit 5] Validation is allowed by a bit of its own."""
    machine = shadow("58102000", gr={2: 0x3008})
    machine.cpu.cr[6] &= ~CR6.SHADOW_TABLES
    assert machine.advance()
    assert machine.recognized.code == PIC.PAGE_TRANSLATION
    assert machine.assist.counts == {}


# ---- what it leaves to the control program ---------------------------------------------------------------------------


def without_counts(machine):
    """The whole state but for the assist's counts."""
    state = machine.state()
    return {name: getattr(state, name) for name in state.__dataclass_fields__ if name != "assist"}


PENDING = "a pending interruption may become allowed"
DECLINED = [
    # SSM
    pytest.param(SSM, {"cr": {0: 0x408000E0}}, "virtual control register 0 suppresses SSM", id="SSM suppressed"),
    pytest.param(SSM, {"guest": {DATA: "43"}}, "DAT or PER of the virtual PSW would change", id="SSM, PER"),
    pytest.param(SSM, {"guest": {DATA: "07"}}, "DAT or PER of the virtual PSW would change", id="SSM, DAT"),
    pytest.param(SSM, {"guest": {DATA: "80"}}, "bits would be on that EC mode reserves", id="SSM, reserved bit"),
    pytest.param(SSM, {"guest": {DATA: "01"}, "micpend": True}, PENDING, id="SSM, pending, EC"),
    pytest.param(SSM, {"guest": {DATA: "40"}, "micpend": True, "psw": BC}, PENDING, id="SSM, pending, BC"),
    pytest.param(SSM, {"gr": {2: 0x10000}}, "segment translation exception of an operand or a table", id="SSM, access"),
    pytest.param(SSM, {"pages_out": [2]}, "page translation exception of an operand or a table", id="SSM, page out"),
    pytest.param(SSM, {"keys": {DATA: (0x18, 0x18)}, "psw": {"key": 2}},
                 "protection exception of an operand or a table", id="SSM, protected"),
    # STNSM, STOSM
    pytest.param(STNSM.format("03"), {"psw": {"system_mask": 4}}, "DAT or PER of the virtual PSW would change",
                 id="STNSM, DAT"),
    pytest.param(STNSM.format("00"), {"keys": {DATA: (0x10, 0x10)}, "psw": {"key": 2}},
                 "protection exception of an operand or a table", id="STNSM, protected"),
    pytest.param(STOSM.format("04"), {}, "DAT or PER of the virtual PSW would change", id="STOSM, DAT"),
    pytest.param(STOSM.format("08"), {}, "bits would be on that EC mode reserves", id="STOSM, reserved bit"),
    pytest.param(STOSM.format("02"), {"micpend": True, "psw": {"system_mask": 1}}, PENDING, id="STOSM, pending"),
    # LPSW
    pytest.param(LPSW, {"gr": {2: DATA + 4}}, "the operand is not on a doubleword boundary", id="LPSW, alignment"),
    pytest.param(LPSW, {"guest": {DATA: "0000000000004000"}}, "the new PSW is of the other mode", id="LPSW, EC to BC"),
    pytest.param(LPSW, {"psw": BC, "guest": {DATA: NEW_EC}}, "the new PSW is of the other mode", id="LPSW, BC to EC"),
    pytest.param(LPSW, {"guest": {DATA: "040C000000004000"}}, "DAT or PER of the virtual PSW would change",
                 id="LPSW, DAT"),
    pytest.param(LPSW, {"guest": {DATA: "400C000000004000"}}, "PER is on", id="LPSW, new PSW with PER"),
    pytest.param(LPSW, {"guest": {DATA: NEW_EC}, "psw": {"system_mask": 0x40}}, "PER is on", id="LPSW, old with PER"),
    pytest.param(LPSW, {"guest": {DATA: "000E000000004000"}}, "the new PSW waits", id="LPSW, wait"),
    pytest.param(LPSW, {"guest": {DATA: "000C000100004000"}}, "the new PSW has bits on that must be zero",
                 id="LPSW, format"),
    pytest.param(LPSW, {"guest": {DATA: "000C800000004000"}}, "the new PSW has bits on that must be zero",
                 id="LPSW, bit 16"),
    pytest.param(LPSW, {"guest": {DATA: "000C000000004001"}}, "the new instruction address is odd", id="LPSW, odd"),
    pytest.param(LPSW, {"guest": {DATA: NEW_EC}, "micpend": True}, PENDING, id="LPSW, pending, EC"),
    pytest.param(LPSW, {"guest": {DATA: NEW_BC}, "micpend": True, "psw": BC}, PENDING, id="LPSW, pending, BC"),
    pytest.param(LPSW, {"pages_out": [2]}, "page translation exception of an operand or a table", id="LPSW, page out"),
    # SVC
    pytest.param("0A4C", {}, "SVC 76 records errors, which CP does itself", id="SVC 76"),
    pytest.param(SVC, {"pages_out": [0]}, "guest-real 000060 is not in real storage", id="SVC, page 0 out"),
    pytest.param(SVC, {"guest": {0x60: "000E000000004000"}}, "the new PSW waits", id="SVC, wait"),
    pytest.param(SVC, {"guest": {0x60: "0000000000004000"}}, "the new PSW is of the other mode", id="SVC, mode"),
    pytest.param(SVC, {"guest": {0x60: NEW_EC}, "micpend": True}, PENDING, id="SVC, pending"),
    # STCTL, LCTL
    pytest.param(STCTL.format("00"), {"gr": {2: DATA + 2}}, "the operand is not on a word boundary",
                 id="STCTL, alignment"),
    pytest.param(STCTL.format("01"), {"ecmode": False, "psw": BC}, "a machine without ECMODE has control register 0 "
                 "only", id="STCTL without ECMODE"),
    pytest.param(STCTL.format("0F"), {"gr": {2: 0x2FE0}, "pages_out": [3]}, "page translation exception of an operand "
                 "or a table", id="STCTL, second page out"),
    pytest.param(LCTL.format("00"), {"gr": {2: DATA + 1}}, "the operand is not on a word boundary",
                 id="LCTL, alignment"),
    pytest.param(LCTL.format("11"), {"ecmode": False, "psw": BC}, "a machine without ECMODE has control register 0 "
                 "only", id="LCTL without ECMODE"),
    pytest.param(LCTL.format("00"), {"guest": {DATA: "004000E0"}}, "the first half of control register 0 would change",
                 id="LCTL, CR0 format"),
    pytest.param(LCTL.format("00"), {"guest": {DATA: "008008E0"}, "micpend": True, "psw": {"system_mask": 1}}, PENDING,
                 id="LCTL, CR0, pending"),
    pytest.param(LCTL.format("11"), {"guest": {DATA: "00008000"}}, "control register 1 would change, and with it the "
                 "shadow tables", id="LCTL, CR1"),
    pytest.param(LCTL.format("22"), {"guest": {DATA: "FFFFFFFF"}, "cr": {2: 0}, "micpend": True,
                                     "psw": {"system_mask": 2}}, PENDING, id="LCTL, CR2, pending"),
    *(pytest.param(LCTL.format(f"{n:X}{n:X}"), {}, f"control register {n} has an effect in the real machine",
                   id=f"LCTL, CR{n}") for n in (3, 4, 5, 7, 8, 9, 10, 11)),
    pytest.param(LCTL.format("28"), {"guest": {DATA: "00" * 28}}, "control register 3 has an effect in the real "
                 "machine", id="LCTL: a range with one that is not for the assist"),
    # LRA
    pytest.param(LRA, {"psw": BC}, "the virtual PSW is of BC mode", id="LRA, BC"),
    pytest.param(LRA, {"gr": {2: 0}, "guest": GUEST_TABLES, "cr": {1: 0x8000}, "pages_out": [8]},
                 "guest-real 008000 is not in real storage", id="LRA, segment table out"),
    pytest.param(LRA, {"gr": {2: 0x40000}, "guest": GUEST_TABLES, "cr": {1: 0x8000}, "pages_out": [10]},
                 "guest-real 00A000 is not in real storage", id="LRA, page table out"),
    pytest.param(LRA, {"gr": {2: 0x30000}, "guest": GUEST_TABLES, "cr": {1: 0x8000}},
                 "translation specification exception of an operand or a table", id="LRA, segment entry format"),
    pytest.param(LRA, {"gr": {2: 0x2000}, "guest": GUEST_TABLES, "cr": {1: 0x8000}},
                 "translation specification exception of an operand or a table", id="LRA, page entry format"),
    pytest.param(LRA, {"cr": {0: 0xE0, 1: 0x8000}}, "translation specification exception of an operand or a table",
                 id="LRA, CR0 format"),
    # keys
    pytest.param(ISK, {"gr": {2: DATA + 1}}, "bits 28-31 of the address are not zeros", id="ISK, address"),
    pytest.param(ISK, {"gr": {2: 0x10000}}, "there is no such guest storage", id="ISK beyond the guest's storage"),
    pytest.param(ISK, {"micrseg": 0x3002}, "the real tables have 2K pages, and no swap tables", id="ISK, 2K pages"),
    pytest.param(SSK, {"gr": {2: DATA + 8}}, "bits 28-31 of the address are not zeros", id="SSK, address"),
    pytest.param(SSK, {"pages_out": [2]}, "the page is not in real storage", id="SSK, page out"),
    pytest.param(RRB, {"gr": {2: 0x20000}}, "there is no such guest storage", id="RRB beyond the guest's storage"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "scene", "why"), DECLINED)
def test_declined_instruction_traps_exactly_as_without_the_assist(code, scene, why):
    """[5.2 common] Nothing at all has changed: registers, storage, keys, TLB; the interruption is the same."""
    events = []
    scene = {"gr": G2} | scene
    assisted, plain = build(code, **scene), build(code, installed=False, **scene)
    assisted.observe(events.append)
    assert assisted.advance()
    assisted.observe(None)
    assert plain.advance()
    assert [event.why for event in events if isinstance(event, AssistDeclined)] == [why]
    assert assisted.recognized is not None
    assert without_counts(assisted) == without_counts(plain)
    (count,) = assisted.assist.counts.values()
    assert count == Count(1, 0)


PRIVILEGED = {
    "SSM": SSM, "STNSM": STNSM.format("00"), "STOSM": STOSM.format("00"), "LPSW": LPSW, "STCTL": STCTL.format("00"),
    "LCTL": LCTL.format("66"), "LRA": LRA, "IPK": IPK, "SPKA": SPKA, "ISK": ISK, "SSK": SSK, "RRB": RRB,
}  # fmt: skip
SYSTEM_360 = {"SSM", "LPSW", "ISK", "SSK"}


def gates():
    for name, code in PRIVILEGED.items():
        yield pytest.param(code, {"off": CR6.VM_ASSIST}, id=f"{name}: bit 0 off")
        yield pytest.param(code, {"psw": {"problem_state": True}}, id=f"{name}: bit 1, virtual problem state")
        if name not in SYSTEM_360:
            yield pytest.param(code, {"on": CR6.SYSTEM_360}, id=f"{name}: bit 3, System/360 only")
    for name in ("ISK", "SSK", "RRB"):
        yield pytest.param(PRIVILEGED[name], {"on": CR6.NO_STORAGE_KEYS}, id=f"{name}: bit 2, no storage keys")
    yield pytest.param(SVC, {"off": CR6.VM_ASSIST}, id="SVC: bit 0 off")
    yield pytest.param(SVC, {"on": CR6.NO_SVC}, id="SVC: bit 4, no SVC")


@pytest.mark.parametrize(("code", "scene"), list(gates()))
def test_control_register_6_says_what_is_assisted(code, scene):
    """[5.1 CR6] What it does not permit is not even asked."""
    scene = {"gr": G2, "guest": {DATA: "0308000000004000", 0x60: "0308000000004000"}} | scene
    assisted, plain = build(code, **scene), build(code, installed=False, **scene)
    assert assisted.advance()
    assert plain.advance()
    assert assisted.recognized is not None
    assert without_counts(assisted) == without_counts(plain)
    assert assisted.assist.counts == {}


@pytest.mark.parametrize("name", sorted(PRIVILEGED))
def test_the_same_instruction_is_assisted_when_nothing_forbids_it(name):
    """[5.2 common] The cases above decline for the reason given, and for no other."""
    scene = {"gr": G2, "guest": {DATA: "0308000000004000"}, "cr": {1: 0x8000}}
    if name == "SSM":
        scene["guest"] = {DATA: "03"}
    if name == "LRA":
        scene["gr"], scene["guest"] = {2: 0}, GUEST_TABLES
    machine = build(PRIVILEGED[name], **scene)
    assert machine.advance()
    assert machine.recognized is None
    assert machine.assist.counts == {name: Count(1, 1)}


@pytest.mark.parametrize("code", ["83120000", "9C00000E", "B2020000", "B20D0000", "AE000000", "B2080000"])
def test_other_privileged_instructions_are_the_control_programs(code):
    """[5.2 common] DIAGNOSE, SIO, STIDP, PTLB, SIGP and SPT are not assisted."""
    machine = build(code)
    assert machine.advance()
    assert machine.recognized.code == PIC.PRIVILEGED_OPERATION
    assert machine.assist.counts == {}


@pytest.mark.parametrize("code", [LPSW, SVC], ids=["LPSW", "SVC"])
def test_real_per_leaves_new_psws_to_the_control_program(code):
    """[5.2 LPSW] [5.2 SVC] A control program that traces by PER has to see them."""
    machine = build(code, gr=G2, guest={DATA: NEW_EC, 0x60: NEW_EC}, per=True)
    assert machine.advance()
    assert machine.recognized is not None
    (count,) = machine.assist.counts.values()
    assert count == Count(1, 0)


def test_assisted_instruction_is_recorded_by_real_per_like_any_other():
    """[5.2 STNSM] The store and the fetch are the instruction's, not the virtual PSW's."""
    events = {9: 0x60000000, 10: DATA, 11: DATA}
    machine = build(STNSM.format("00"), gr=G2, per=True, real_cr=events)
    assert machine.advance()
    found = machine.recognized
    assert (found.code, found.per.code, found.per.address) == (PIC.PER_EVENT, 0x20, CODE)
    assert machine.assist.counts == {"STNSM": Count(1, 1)}


def test_privileged_instruction_under_execute_is_assisted():
    """[5.2 common] The condition is that the CPU attempts to execute it."""
    machine = build("44002000", gr=G2, guest={DATA: "80002008", DATA + 8: "03"})
    assert machine.advance()
    assert machine.recognized is None
    assert outcome(machine) == live("0308000000001000", CODE + 4)


def test_supervisor_state_is_the_control_programs_own():
    """[5.2 common] In real supervisor state nothing is assisted: SVC interrupts, SSM is executed."""
    machine = build(SSM + SVC, gr=G2, guest={DATA: "07"})
    machine.cpu.psw.problem_state = False
    assert machine.advance()
    assert (machine.recognized, machine.cpu.psw.system_mask) == (None, 7)
    assert machine.advance()
    assert machine.recognized.kind is Class.SVC
    assert machine.assist.counts == {}


@pytest.mark.parametrize(
    "block",
    [
        pytest.param({"micblok": 0xFFFFF8}, id="MICBLOK"),
        pytest.param({"micvpsw": 0xFFFFF8}, id="VMPSW"),
        pytest.param({"miccreg": 0xFFFFF8}, id="control registers"),
        pytest.param({"micrseg": 0xFFFFC0}, id="segment table"),
    ],
)
@pytest.mark.parametrize("code", [SSM, LPSW, SVC, STCTL.format("00"), LCTL.format("00"), LRA, SPKA, IPK, ISK])
def test_block_outside_real_storage_leads_to_the_trap(code, block):
    """[5.1 MICBLOK] A control program's mistake never changes the guest: at worst every instruction traps."""
    machines = []
    for installed in (True, False):
        machine = build(code, installed=installed, gr=G2, guest={DATA: NEW_EC, 0x60: NEW_EC})
        fields = {"micrseg": 0x3000, "miccreg": CRS, "micvpsw": VMPSW, "ecmode": True} | block
        machine.cpu.cr[6] = machine.cpu.cr[6] & ~CR6.MICBLOK | fields.pop("micblok", 0x2000)
        machine.storage.write(0x2000, MICBLOK(**fields).to_bytes())
        assert machine.advance()
        machines.append(machine)
    assert machines[0].recognized is None or without_counts(machines[0]) == without_counts(machines[1])


# ---- the machine's option --------------------------------------------------------------------------------------------


def test_blocks_keep_their_published_layout():
    """[5.1 MICBLOK] 24 bytes."""
    block = MICBLOK(0x00012340, 0x2200, 0x2100, True, True, 0x2300, 0x10050, 0x80000000)
    assert block.to_bytes().hex(" ", 4) == "00012340 80002200 80002100 00002300 00010050 80000000"
    assert MICBLOK.from_bytes(block.to_bytes()) == block


def test_observer_is_told_what_the_assist_did():
    """[5.2 common] The virtual PSW before and after, whole."""
    events = []
    machine = build(SSM, gr=G2, guest={DATA: "03"}, psw={"key": 4, "cc": 1})
    machine.observe(events.append)
    assert machine.advance()
    handled = [event for event in events if isinstance(event, AssistHandled)]
    before, after = bytes.fromhex("0048100000001000"), bytes.fromhex("0348100000001004")
    assert handled == [AssistHandled("SSM", bytes.fromhex(SSM), CODE, before, after)]


def test_checkpoint_has_the_counts():
    """[5.1 CR6] Going back and forward again gives the same."""
    machine = build(SSM * 3, gr=G2, guest={DATA: "03"})
    machine.advance()
    saved = machine.state()
    machine.advance()
    after = machine.state()
    machine.restore(saved)
    assert machine.assist.counts == {"SSM": Count(1, 1)}
    machine.advance()
    assert machine.state() == after
    assert machine.assist.counts == {"SSM": Count(2, 2)}


def test_system_360_has_no_assist():
    with pytest.raises(UserError, match="a System/360 cannot have the VM assist"):
        Machine(0x10000, Architecture.S360).install_assist()


def test_machine_has_none_unless_it_is_installed():
    assert Machine(0x10000).assist is None
    machine = build(SSM, installed=False, gr=G2, guest={DATA: "03"})
    assert machine.advance()
    assert machine.recognized.code == PIC.PRIVILEGED_OPERATION
    assert PSW.from_bytes(machine.storage.read(VMPSW, 8)).system_mask == 0
