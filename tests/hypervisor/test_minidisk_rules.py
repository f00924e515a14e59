"""What CP makes of the commands for a minidisk, one by one: seeks, home addresses, read-only disks, sense bytes."""

from dataclasses import replace

import pytest

from edu_hv.hypervisor.minidisk_ccw import COPY, DASDTBL, RULES
from edu_hv.hypervisor.rcwtask import virtual_sense
from edu_hv.isa.codes import CCWFlag
from edu_hv.machine.ccw import CCW
from tests.hypervisor.ccw_rig import REAL_ADDRESS, Program, interruptions, start
from tests.hypervisor.minidisk_rig import (
    AREA,
    ARGUMENTS,
    CASES,
    CC,
    CD,
    CHAIN,
    FOUND_R2,
    IDA,
    RECORDS,
    RELN,
    SLI,
    TO_TRACK,
    WRITABLE_R2,
    bare,
    line,
    minidisk,
    same,
)

# ---- what CP makes of a command ------------------------------------------------------------------------------------


def made(text, its=None, **more):
    """The translated CCWs of a chain, by their place in it."""
    its = its or minidisk()
    task = its.translate(line(text, **more))
    return its, sorted(task.ccws, key=lambda ccw: ccw.guest_address)


def argument(its, ccw, length=6):
    return its.machine.storage.read(int.from_bytes(ccw.real[1:4], "big"), length).hex()


@pytest.mark.parametrize(
    ("text", "at", "rule", "real", "own"),
    [
        pytest.param(TO_TRACK, 0, "DASD-SEEK", "0720000006", "000000060002", id="seek"),
        pytest.param("07:000000030000", 0, "DASD-SEEKOUT", "0720000006", "0000ffff0000", id="seek behind the end"),
        pytest.param("0B:000000020000", 0, "DASD-SEEK", "0b20000006", "000000070000", id="seek cylinder"),
        pytest.param("13 03", 0, "DASD-RECAL", "0760000006", "000000050000", id="recalibrate"),
        pytest.param("1F:C0", 0, "DASD-MASK", "1f20000001", "00", id="file mask"),
        pytest.param("1F:98", 0, "DASD-MASK", "1f20000001", "98", id="file mask that CP may leave"),
        pytest.param(f"{TO_TRACK} 31:0001000200", 1, "DASD-SCHR0", "3120000005", "0006000200", id="search record 0"),
        pytest.param(f"{TO_TRACK} B9:00020002", 1, "DASD-SCHHA", "b920000004", "00070002", id="search home address"),
        pytest.param(f"{TO_TRACK} 15/16", 1, "DASD-WRR0", "1630000010", None, id="write record 0"),
        pytest.param(f"{TO_TRACK} 19/5", 1, "DASD-WRHA", "fd20000005", None, id="write home address"),
        pytest.param(f"{TO_TRACK} 1A/5", 1, "DASD-RDHA", "1a20000005", None, id="read home address"),
        pytest.param(f"{TO_TRACK} 43/5", 1, "DASD-UNKNOWN", "fd20000005", None, id="unknown"),
        pytest.param(f"{TO_TRACK} 06/5", 1, "DASD-COPY", "0620000005", None, id="read data"),
        pytest.param(f"{TO_TRACK} 1B:000000000002", 1, "DASD-SEEKHD", "1b20000006", None, id="seek head"),
    ],
)
def test_command_becomes_what_its_rule_says(text, at, rule, real, own):
    """[2.4-9] [2.4-10] [2.4-12] [2.4-14] Command, flags and count; and CP's copy of the argument."""
    its, ccws = made(text)
    ccw = ccws[at]
    assert (ccw.rule, (ccw.real[:1] + ccw.real[4:5] + ccw.real[5:]).hex()) == (rule, real)
    if own is not None:
        assert argument(its, ccw, len(own) // 2) == own


def test_every_rule_has_a_chain_to_which_it_applies():
    """And what it says is there to be read."""
    read_only = {"vdevflag": 0x80}
    short = minidisk("2314")
    texts = (*CASES.values(), f"{TO_TRACK} 15/16 19/5", "13 03", "02/24")
    found = {ccw.rule for text in texts for ccw in made(text)[1]}
    found |= {ccw.rule for ccw in made(f"{FOUND_R2} 05:00", minidisk(**read_only))[1]}
    found |= {ccw.rule for ccw in made(f"{TO_TRACK} 19:0000010002", short)[1]}
    found |= {ccw.rule for ccw in made("07/1", storage={CHAIN: CCW(0x07, AREA, CD, 3).to_bytes()})[1]}
    assert found - {""} == {rule.id for rule in DASDTBL}
    assert len(RULES) == len(DASDTBL)
    for rule in DASDTBL:
        assert all((rule.question.endswith("?"), rule.then, rule.why, rule.source))


def test_dedicated_disk_is_not_relocated():
    """[2.7 Dedicated] Only the addresses of the data are translated."""
    its = minidisk(vdevstat=0x01)
    _, ccws = made(f"{TO_TRACK} 1F:C0 39:00010002 15/16 19/5 1A/5 43/1", its)
    for ccw in ccws:
        assert (ccw.rule, ccw.real[:1], ccw.real[4:]) == (
            COPY.id,
            ccw.guest[:1],
            ccw.guest[4:5] + b"\0" + ccw.guest[6:],
        )


# ---- seeks ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("model", "sense"), [("2314", "8100"), ("3330", "8000"), ("3340", "8000"), ("3350", "8000")])
def test_seek_outside_ends_with_seek_check(model, sense):
    """[2.4-9] [2.9 CP-caused] Unit check; command reject, and seek check where the control unit has the bit."""
    its = minidisk(model)
    seen = its.run(line("07:000000030000 06/5"))
    assert seen.csws == ("00004008 0e000000",)
    assert its.vdev.sense[:2].hex() == sense


def test_seek_argument_cannot_be_changed_once_the_program_runs():
    """[2.4-9] Nor the channel program."""
    its = minidisk()
    task = its.translate(line(f"{TO_TRACK} 12/8"))
    for at in (ARGUMENTS, CHAIN, CHAIN + 8):
        its.cpu.store_real(at, bytes.fromhex("0000000000000000"))
    start(its.machine, REAL_ADDRESS, task.caw)
    list(interruptions(its.machine))
    assert its.cpu.load_real(AREA, 8) == RECORDS[0].count


def test_seek_argument_that_the_key_protects_is_not_fetched():
    """[2.4-19] And does not become fetchable by a change of the storage key later."""
    program = replace(line(f"{TO_TRACK} 03"), caw=0x10000000 | CHAIN, keys={ARGUMENTS // 2048: 0x28})
    alone, its = bare(), minidisk()
    assert alone.run(program).difference(its.run(program)) == []
    task = its.translate(program)
    its.machine.storage.keys[its.cpu.absolute(ARGUMENTS) // 2048] = 0
    start(its.machine, REAL_ADDRESS, task.caw)
    its.device.cylinder = 77
    assert [csw.unit_status.value for csw in interruptions(its.machine)] == [0x0E]
    assert its.device.cylinder == 77


@pytest.mark.parametrize("first", [1, 2, 3])
def test_data_chained_seek_with_a_count_of_less_than_4_is_refused(first):
    """[2.4 restrictions] "Not consistent with data security": the cylinder would come from what CP does not look at."""
    its = minidisk()
    chain = {CHAIN: CCW(0x07, ARGUMENTS, CD, first), CHAIN + 8: CCW(0, ARGUMENTS + first, CC, 6 - first),
             CHAIN + 16: CCW(0x12, AREA, 0, 8)}  # fmt: skip
    seen = its.run(Program({at: ccw.to_bytes() for at, ccw in chain.items()} | {ARGUMENTS: b"\0\0\0\1\0\2"}))
    assert (seen.cc, seen.status, its.vdev.sense[:1].hex()) == (1, "0200", "80")


@pytest.mark.parametrize("first", [4, 5])
def test_data_chained_seek_whose_cylinder_is_in_the_first_ccw_works(first):
    chain = {CHAIN: CCW(0x07, ARGUMENTS, CD, first), CHAIN + 8: CCW(0, ARGUMENTS + first, CC, 6 - first),
             CHAIN + 16: CCW(0x12, AREA, 0, 8)}  # fmt: skip
    program = Program({at: ccw.to_bytes() for at, ccw in chain.items()} | {ARGUMENTS: b"\0\0\0\1\0\2"})
    assert same(program) == []


def test_seek_argument_by_idaws():
    """[2.4-4] [2.4-9] In two pieces."""
    ccws = CCW(0x07, ARGUMENTS, CC | IDA, 6).to_bytes() + CCW(0x12, AREA, 0, 8).to_bytes()
    storage = {CHAIN: ccws, ARGUMENTS: bytes.fromhex("000057FD 00008000".replace(" ", "")), 0x57FD: b"\0\0\0",
               0x8000: b"\1\0\2"}  # fmt: skip
    assert same(Program(storage)) == []


def test_program_without_a_seek_finds_the_arm_where_the_guests_last_one_left_it():
    """[2.4 restrictions] CP seeks first: somebody else has moved the shared arm meanwhile."""
    its = minidisk()
    its.run(line(f"{FOUND_R2} 06/6"))
    assert its.vdev.posn == 1 << 16 | 2
    its.device.cylinder, its.device.head = 1, 1
    assert its.run(line("12/8")).csws == ("00004008 0c000000",)
    assert its.cpu.load_real(AREA, 8) == RECORDS[0].count
    assert (its.device.cylinder, its.device.head) == (RELN + 1, 2)


def test_error_of_cps_own_seek_is_that_of_the_guests_first_ccw():
    """[2.4 CSW] The 40 flag: what CP has made counts for the CCW that it was made for."""
    its = minidisk()
    its.device.stop()
    its.task = task = its.translate(line("12/8 12/8"))
    assert [generated.owner for generated in task.generated] == [CHAIN, CHAIN]
    assert start(its.machine, REAL_ADDRESS, task.caw) == (1, b"\2\0")
    assert task.guest_address_of(task.real_address + 8) == CHAIN + 8


@pytest.mark.parametrize("text", ["03", "04/24", "1F:40", "17 03"])
def test_program_that_does_not_use_the_arm_is_not_preceded_by_a_seek(text):
    its = minidisk()
    assert its.translate(line(text)).generated == ()


def test_place_of_the_arm_follows_seek_head_and_recalibrate():
    its = minidisk()
    places = []
    for text in (TO_TRACK, f"{TO_TRACK} 1B:000000000005", "13 03", "07:000000020003 06/5", "07:000000090000 06/5"):
        its.run(line(text))
        places.append(divmod(its.vdev.posn, 0x10000))
    assert places == [(1, 2), (1, 5), (0, 0), (2, 3), (2, 3)]


# ---- CP's own CCWs -------------------------------------------------------------------------------------------------


def test_read_ipl_with_tics_around_it():
    """[2.4-6] A TIC to the CCW for which CP has several, and one behind it: no TIC leads to a TIC."""
    ccws = [CCW(0x03, 0, CC, 1), CCW(0x08, CHAIN + 24, 0, 0), CCW(0, 0, 0, 0), CCW(0x02, AREA, CC | SLI, 24),
            CCW(0x08, CHAIN + 48, 0, 0), CCW(0, 0, 0, 0), CCW(0x1A, AREA + 32, 0, 5)]  # fmt: skip
    assert same(Program({CHAIN + 8 * n: ccw.to_bytes() for n, ccw in enumerate(ccws)})) == []


@pytest.mark.parametrize(
    "behind", [CCW(0x08, CHAIN + 16, 0, 0), CCW(0x08, 0x20000, 0, 0), CCW(0x08, CHAIN + 4, 0, 0), CCW(0, 0, 0, 0)],
    ids=["TIC to a TIC", "TIC out of storage", "TIC to half a CCW", "not a CCW"],
)  # fmt: skip
def test_error_behind_read_ipl_is_where_it_is_on_the_machine(behind):
    """[2.4 CSW] [2.4-5]"""
    ccws = [CCW(0x02, AREA, CC | SLI, 24), behind, CCW(0x08, CHAIN, 0, 0)]
    assert same(Program({CHAIN + 8 * n: ccw.to_bytes() for n, ccw in enumerate(ccws)})) == []


def test_read_ipl_with_data_chaining_and_pci():
    pci = CCWFlag.PROGRAM_CONTROLLED_INTERRUPTION
    ccws = [CCW(0x02, AREA, CD | pci, 10), CCW(0, AREA + 0x800, CC | SLI | pci, 14), CCW(0x1A, AREA + 32, 0, 5)]
    assert same(Program({CHAIN + 8 * n: ccw.to_bytes() for n, ccw in enumerate(ccws)})) == []


# ---- home addresses and records zero -------------------------------------------------------------------------------


@pytest.mark.parametrize("area", [0x6000, 0x6FFE, 0x6FFF, 0x67FE], ids=hex)
@pytest.mark.parametrize("text", ["1A/5", "16/16", "9A/5", "96/16"])
def test_home_address_and_record_zero_are_read_with_the_minidisks_cylinder(text, area):
    """[2.4-11] Also where the number crosses a page."""
    program = line(f"{TO_TRACK} {text}")
    ccw = CCW.from_bytes(program.storage[CHAIN + 8])
    program.storage[CHAIN + 8] = replace(ccw, address=area).to_bytes()
    assert same(program) == []


def test_what_was_not_read_is_not_changed():
    """[2.4-11] The chain ends before; the guest's storage happens to hold the real cylinder number."""
    text = bytes.fromhex("0000060002")
    its = minidisk()
    its.run(line(f"{TO_TRACK} 31:0001000299 TIC:-1 1A/5", storage={AREA: text}))
    assert its.cpu.load_real(AREA, 5) == text


@pytest.mark.parametrize("model", ["3330", "3340", "3350"])
def test_record_zero_is_not_written_on_a_minidisk(model):
    """[2.4-12] It is read and skipped instead, and a format write behind it may be an invalid sequence."""
    its = minidisk(model)
    before = its.device.volume
    home = f"{TO_TRACK} 1F:C0 39:00010002 TIC:-1"
    seen = its.run(line(f"{home} 15:00010002000000080000000000000000"))
    assert seen.csws == ("00004028 0c000000",)
    seen = its.run(line(f"{home} 15:00010002000000080000000000000000 1D:0001000201000000"))
    assert (seen.csws, its.vdev.sense[0]) == (("00004030 02000008",), 0x80)
    assert [its.device.volume.track(n) for n in range(before.tracks)] == [before.track(n) for n in range(before.tracks)]


def test_record_zero_in_data_chained_pieces_is_not_read_into_the_guests_storage():
    """[2.4-12] All pieces are skipped."""
    its = minidisk()
    ccws = [CCW(0x07, ARGUMENTS, CC, 6), CCW(0x1F, ARGUMENTS + 8, CC, 1), CCW(0x39, ARGUMENTS + 2, CC, 4),
            CCW(0x08, CHAIN + 16, 0, 0), CCW(0x15, AREA, CD, 8), CCW(0, AREA + 8, 0, 8)]  # fmt: skip
    storage = {CHAIN + 8 * n: ccw.to_bytes() for n, ccw in enumerate(ccws)}
    its.run(Program(storage | {ARGUMENTS: bytes.fromhex("0000000100020000C0"), AREA: b"\xaa" * 16}))
    assert its.cpu.load_real(AREA, 16) == b"\xaa" * 16


def test_home_address_is_not_written_on_a_minidisk():
    """[2.4-12] Command reject."""
    its = minidisk()
    seen = its.run(line(f"{TO_TRACK} 1F:C0 19:0000010002"))
    assert (seen.csws, its.vdev.sense[0]) == (("00004018 02000005",), 0x80)


@pytest.mark.parametrize("model", ["2311", "2314"])
def test_track_of_a_2314_is_formatted_in_a_minidisk(model):
    """[2.4-12] Alternate tracks of a 2314 are in the minidisk, and home addresses may be written there."""
    text = f"{TO_TRACK} 1F:C0 39:00010002 TIC:-1 15:00010002000000080000000000000000 1D:0001000201000002ABCD"
    assert same(line(text), line(f"{TO_TRACK} 1F:C0 19:0000010002"), line(f"{TO_TRACK} 1A/5 16/16"), model=model) == []


def test_home_address_with_another_minidisks_cylinder_is_not_written():
    its = minidisk("2314")
    assert its.run(line(f"{TO_TRACK} 1F:C0 19:0000030002")).csws == ("00004018 02000005",)


# ---- read only -----------------------------------------------------------------------------------------------------

WRITE_LINES = {
    "write data": f"{FOUND_R2} 05:E6D9",
    "write key and data": f"{FOUND_R2} 0D:E6D9",
    "write count, key and data": f"{WRITABLE_R2} 1D:00010002030000021234",
    "write special": f"{WRITABLE_R2} 01:00010002030000021234",
    "erase": f"{WRITABLE_R2} 11:00010002030000021234",
    "write record 0": f"{TO_TRACK} 1F:C0 39:00010002 TIC:-1 15:00010002000000080000000000000000",
    "write home address": f"{TO_TRACK} 1F:C0 19:0000010002",
}


@pytest.mark.parametrize("vdevstat", [0x00, 0x01], ids=["minidisk", "dedicated"])
@pytest.mark.parametrize("model", ["3330", "2314"])
@pytest.mark.parametrize("text", WRITE_LINES.values(), ids=WRITE_LINES.keys())
def test_write_on_a_read_only_disk_is_rejected(text, model, vdevstat):
    """[2.4-13] [2.9 CP-caused] When its turn comes: unit check; command reject and file protected."""
    reln = 0 if vdevstat else RELN
    its = minidisk(model, reln, vdevflag=0x80, vdevstat=vdevstat)
    before = its.device.volume
    program = line(text)
    seen = its.run(program)
    last = max(at for at in program.storage if CHAIN <= at < ARGUMENTS)
    count = int.from_bytes(program.storage[last][6:], "big")
    assert seen.csws == (f"00{last + 8:06x} 0200{count:04x}",)
    assert (its.vdev.sense[0], its.vdev.sense[1] & 0x04) == (0x80, 0x04)
    assert its.device.volume is before


def test_read_only_disk_can_be_read():
    """[2.4-13] Also with a file mask that permits writing, which is narrowed."""
    its = minidisk(vdevflag=0x80)
    assert its.run(line(f"{WRITABLE_R2} 06/6")).csws == ("00004028 0c000000",)
    assert its.device.file_mask == 0x40


# ---- sense ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reln", "sense", "found"),
    [
        pytest.param(5, "000800003806020000000000000000000000000000000000", "01 02", id="3330"),
        pytest.param(300, "00080000382d420000000000000000000000000000000000", "01 02", id="3330, over 256"),
        pytest.param(600, "000800003859420000000000000000000000000000000000", "01 02", id="3330-11, over 512"),
        pytest.param(300, "00080000802d220000000000000000000000000000000000", "01 02", id="3350, over 256"),
        pytest.param(5, "000800003803020000000000000000000000000000000000", "03 02", id="not in the minidisk"),
    ],
)
def test_sense_bytes_name_the_minidisks_cylinder(reln, sense, found):
    """CP-made: whether VM/370 did it is not known.  Bytes 5 and 6; the cylinder's high bits depend on the model."""
    its = minidisk(reln=reln)
    assert virtual_sense(its.vdev, bytes.fromhex(sense))[5:7].hex(" ") == found


def test_place_of_a_data_check_is_the_minidisks():
    """Format 4: bytes 8 to 12 have it too."""
    its = minidisk()
    sense = bytes.fromhex("080000003806024100060002" + "03").ljust(24, b"\0")
    assert virtual_sense(its.vdev, sense).hex().startswith("08000000380102410001000203")
