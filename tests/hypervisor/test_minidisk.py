"""Minidisks: a guest's channel programs on some cylinders of a real volume.

The oracle is the same program on a bare machine with a small volume of its own, which the minidisk is a copy of: home
addresses and records zero have other cylinder numbers there, and other people's cylinders are around it.

A chain is written as a line: commands in hexadecimal, each with its argument or count, as in
"07:000000010002 31:0001000203 TIC:-1 06/80": SEEK, SEARCH ID EQUAL in a loop, READ DATA of 80 bytes.
"""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edu_hv.devices.ckd_image import blank_volume
from edu_hv.devices.ckd_track import Record, formatted_track
from edu_hv.devices.disk import drive_for
from edu_hv.hypervisor.minidisk_ccw import COPY, DASDTBL, RULES
from edu_hv.hypervisor.rcwtask import RCWCTL, virtual_sense
from edu_hv.isa.codes import CCWFlag
from edu_hv.machine.ccw import CCW
from tests.hypervisor.ccw_rig import (
    FREE,
    REAL_ADDRESS,
    REAL_SIZE,
    Bare,
    DoesNotEnd,
    Guest,
    Program,
    extent,
    interruptions,
    minidisk_volume,
    outside,
    start,
)
from tools.disk_chains import CHAIN as RANDOM_CHAIN
from tools.disk_chains import Chains

CHAIN, ARGUMENTS, AREA = 0x4000, 0x5000, 0x6000
CYLINDERS, RELN = 3, 5
CC, SLI, CD, SKIP, IDA = (
    CCWFlag.CHAIN_COMMAND,
    CCWFlag.SUPPRESS_LENGTH_INDICATION,
    CCWFlag.CHAIN_DATA,
    CCWFlag.SKIP,
    CCWFlag.INDIRECT_DATA_ADDRESS,
)
TO_TRACK = "07:000000010002"
SENSE = Program({CHAIN: bytes.fromhex("0400700020000018")}, CHAIN)


def record(number, data, key=b"", cylinder=1, head=2):
    count = bytes([0, cylinder, 0, head, number, len(key)]) + len(data).to_bytes(2, "big")
    return Record(count, key, data)


RECORDS = (record(1, b"FIRST", b"AAAA"), record(2, b"SECOND", b"CCCC"), record(3, b"THIRD"), record(4, b""))


def volume(model="3330"):
    blank = blank_volume(model, "TEST01", CYLINDERS)
    return blank.with_track(blank.model.heads + 2, formatted_track(1, 2, RECORDS))


def line(text, **more):
    """A chain at CHAIN: "07:argument", "06/count", "06+count" without SLI, "TIC:-1"; "!" behind it ends the chain.

    Arguments are put one behind the other at ARGUMENTS, data go to AREA.
    """
    storage, arguments, words = {}, ARGUMENTS, text.split()
    for number, word in enumerate(words):
        at, flags = CHAIN + 8 * number, CC | SLI if number < len(words) - 1 else SLI
        code, _, rest = word.partition(":")
        if code == "TIC":
            ccw = CCW(0x08, CHAIN + 8 * (number + int(rest)), 0, 1)
        elif rest:
            storage[arguments] = bytes.fromhex(rest)
            ccw = CCW(int(code, 16), arguments, flags, len(rest) // 2)
            arguments += 16
        else:
            code, _, count = word.partition("/")
            ccw = CCW(int(code, 16), AREA, flags, int(count or "1"))
        storage[at] = ccw.to_bytes()
    return Program(storage | more.get("storage", {}), more.get("caw", CHAIN))


def minidisk(model="3330", reln=RELN, small=None, **vdev):
    small = small or volume(model)
    drive = drive_for(minidisk_volume(small, reln) if reln else small)
    return Guest(drive, **({"vdevstat": 0, "reln": reln, "bnd": CYLINDERS} | vdev))


def bare(model="3330", small=None):
    return Bare(drive_for(small or volume(model)))


def same(*programs, model="3330", reln=RELN):
    """What differs between the small volume and the minidisk: what the programs see, and the tracks at the end."""
    alone, its = bare(model), minidisk(model, reln)
    others = outside(its.device.volume, reln, CYLINDERS)
    found = [text for one in programs for text in alone.run(one).difference(its.run(one))]
    tracks = [alone.device.volume.track(number) for number in range(alone.device.volume.tracks)]
    found += [f"track {n}" for n, t in enumerate(extent(its.device.volume, reln, CYLINDERS)) if t != tracks[n]]
    return found + ["other tracks"] * (others != outside(its.device.volume, reln, CYLINDERS))


# ---- what the guest sees -------------------------------------------------------------------------------------------

FOUND_R2 = f"{TO_TRACK} 31:0001000202 TIC:-1"
WRITABLE_R2 = f"{TO_TRACK} 1F:C0 31:0001000202 TIC:-1"
CASES = {
    "seek and read": f"{FOUND_R2} 06/6",
    "seek cylinder": "0B:000000010002 31:0001000202 TIC:-1 06/6",
    "seek to the last cylinder": "07:000000020000 1A/5",
    "seek behind the last cylinder": "07:000000030000 06/6",
    "seek far behind": "07:0000FFFF0000 06/6",
    "seek to a head that is not there": "07:0000000100FF 06/6",
    "seek with bin number": "07:000100010002 06/6",
    "seek with 5 bytes": "07:0000000100 06/6",
    "seek with 3 bytes": "07:000000 06/6",
    "seek with more bytes": "07:00000001000200000000 06/6",
    "seek head": f"{TO_TRACK} 1B:000000000003 1A/5",
    "seek head, other cylinder in the address": f"{TO_TRACK} 1B:000000FF0002 31:0001000202 TIC:-1 06/6",
    "two seeks": f"07:000000020001 {FOUND_R2} 06/6",
    "search on every track of the cylinder": "07:000000010000 B1:0001000203 TIC:-1 06/5",
    "search to the end of the cylinder": "07:000000010000 B1:0001000299 TIC:-1 06/5",
    "multi-track read to the end of the cylinder": "07:000000020012 86/5 86/5",
    "search key": f"{TO_TRACK} 29:C3C3C3C3 TIC:-1 06/6",
    "search record 0": f"{TO_TRACK} 31:0001000200 TIC:-1 06/8",
    "search home address": f"{TO_TRACK} 39:00010002 TIC:-1 12/8",
    "search home address, not equal": f"{TO_TRACK} 39:00020002 03 06/6",
    "read home address": f"{TO_TRACK} 1A/5",
    "read home address, some bytes": f"{TO_TRACK} 1A/2",
    "read record 0": f"{TO_TRACK} 16/16",
    "read record 0, skipped": f"{TO_TRACK} 16/16 03",
    "read home address, record 0 and counts": f"{TO_TRACK} 1A/5 16/16 12/8 12/8 06/6",
    "read count": f"{TO_TRACK} 12/8",
    "set file mask": f"{TO_TRACK} 1F:80 31:0001000202 TIC:-1 06/6",
    "set file mask, writing permitted": f"{WRITABLE_R2} 05:E6D9C9E3C5D5",
    "set file mask, writing inhibited": f"{TO_TRACK} 1F:40 31:0001000202 TIC:-1 05:E6D9C9E3C5D5",
    "set file mask, seeks inhibited": f"{TO_TRACK} 1F:18 07:000000020000 06/6",
    "set file mask, reserved bits": f"{TO_TRACK} 1F:20 06/6",
    "set file mask twice": f"{TO_TRACK} 1F:80 1F:80 06/6",
    "write": f"{FOUND_R2} 05:E6D9C9E3C5D5",
    "write count, key and data": f"{WRITABLE_R2} 1D:00010002030000021234",
    "write with the file mask as it is": f"{FOUND_R2} 1D:00010002030000021234",
    "write without a search": f"{TO_TRACK} 05:E6D9C9E3C5D5",
    "no record found": f"{TO_TRACK} 31:0001000209 TIC:-1 06/6",
    "unknown command": f"{TO_TRACK} 43",
    "no-op": "03",
    "no-op first": f"03 {FOUND_R2} 06/6",
    "sense": "04/24",
    "restore": "17",
    "reserve": f"{TO_TRACK} B4/24 06/6",
    "chain of control commands": f"{TO_TRACK} 17 03 17",
    "seek alone": TO_TRACK,
    "set sector": f"{TO_TRACK} 23:00 31:0001000202 TIC:-1 22/1",
}


@pytest.mark.parametrize("text", CASES.values(), ids=CASES.keys())
@pytest.mark.parametrize("model", ["3330", "2314"])
def test_minidisk_is_as_a_small_volume(model, text):
    """[2.4-7] [2.4-9] [2.4-10] [2.4-11] [2.4-15] [2.5 Definition] CSWs, data, what is written, and sense bytes."""
    assert same(line(text), SENSE, line(f"{TO_TRACK} 06/5"), model=model) == []


@pytest.mark.parametrize("text", CASES.values(), ids=CASES.keys())
def test_minidisk_under_a_key_is_as_a_small_volume(text):
    """[2.4-19] CP's copies can be fetched under any key, and what the guest may not store into stays as it is."""
    keys = {AREA // 2048: 0x30, 0x7000 // 2048: 0x30}
    assert same(*(replace(line(text, caw=0x30000000 | CHAIN), keys=keys) for _ in range(2))) == []
    assert same(line(text, caw=0x40000000 | CHAIN)) == []


@pytest.mark.parametrize("text", ["13 06/5", f"{TO_TRACK} 13 06/5", f"{TO_TRACK} 13 1A/5", "13 03", "02/24 03", "02/24",
                                  f"{TO_TRACK} 02/24 1A/5"])  # fmt: skip
def test_recalibrate_and_read_ipl_go_to_the_minidisks_cylinder_0(text):
    """[2.4-9] Not to the volume's, where the real commands would go."""
    assert same(line(text), SENSE) == []


def test_recalibrate_alone_ends_by_an_interruption():
    """A difference: on the machine it is immediate, and SIO already stores its channel end."""
    seen = minidisk().run(line("13"))
    assert (seen.cc, seen.csws) == (0, ("00004008 08000001", "00000000 04000000"))


@pytest.mark.parametrize("model", ["3330", "2314", "3350"])
def test_whole_volume_as_a_minidisk_is_as_the_volume(model):
    """Cylinder 0 is cylinder 0."""
    programs = [line(text) for text in CASES.values()]
    assert same(*programs, model=model, reln=0) == []


def searches_high(chain):
    """Real numbers in records zero, virtual ones in the others: VM/370 cannot make high and low right for both.

    The same with an argument that stops before the record number.
    """
    kinds = [(ccw.command & 0x7F, ccw.count) for ccw in chain.ccws]
    return any(kind in (0x51, 0x71) or (kind == 0x31 and count < 5) for kind, count in kinds)


@pytest.mark.parametrize(
    ("model", "reln", "number"), [("3330", RELN, 120), ("3330", 300, 40), ("3330", 600, 40), ("2314", 7, 120),
                                  ("2311", 9, 60), ("3350", 300, 40), ("3330", 0, 80)])  # fmt: skip
def test_random_chains_do_the_same_as_on_a_small_volume(model, reln, number):
    """[2.5 Definition] Each on what the one before has left; with the sense bytes after each unit check."""
    small = blank_volume(model, "TEST01", CYLINDERS)
    alone, its = bare(model, small), minidisk(model, reln, small)
    others = outside(its.device.volume, reln, CYLINDERS)
    written = (0x15, 0x19) if model >= "3330" else ()
    for chain in Chains(reln + number, small.model.heads, CYLINDERS, model >= "3330").chains(number):
        if searches_high(chain) or any(ccw.command in written for ccw in chain.ccws):
            continue
        program = Program(dict(chain.storage) | {RANDOM_CHAIN + 8 * len(chain.ccws): bytes(64)}, RANDOM_CHAIN)
        seen = alone.run(program)
        assert seen.difference(its.run(program)) == []
        if "02" in (seen.status[:2], seen.csws[0][9:11] if seen.csws else ""):
            assert alone.run(SENSE).difference(its.run(SENSE)) == []
    tracks = [alone.device.volume.track(n) for n in range(alone.device.volume.tracks)]
    assert extent(its.device.volume, reln, CYLINDERS) == tracks
    assert outside(its.device.volume, reln, CYLINDERS) == others


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
        pytest.param("13 03", 0, "DASD-RECAL", "0760000007", "000000050000", id="recalibrate"),
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


# ---- security ------------------------------------------------------------------------------------------------------

ANY_COMMAND = st.one_of(
    st.sampled_from([0x07, 0x0B, 0x13, 0x1B, 0x1F, 0x02, 0x08, 0x15, 0x19, 0x1D, 0x05, 0x31, 0x39, 0x1A, 0x16, 0x06]),
    st.integers(0, 0xFF),
)
"""The commands that could do harm most often, and all others."""
ANY_ADDRESS = st.one_of(
    st.sampled_from([CHAIN, CHAIN + 8, CHAIN + 16, CHAIN + 24, ARGUMENTS, ARGUMENTS + 2, ARGUMENTS + 16, AREA]),
    st.sampled_from([0, FREE[0], 0xFFFE, 0x10000, REAL_SIZE - 0x2000, 0xFFFFFF]),
)
ANY_CCW = st.builds(
    CCW, ANY_COMMAND, ANY_ADDRESS,
    st.sampled_from([0x40, 0x40, 0x60, 0x60, 0x60, 0xA0, 0x80, 0x64, 0x70, 0x20, 0x48, 0x00]),
    st.sampled_from([1, 4, 5, 6, 6, 6, 8, 16, 100, 0x1001, 0xFFFF, 0]),
)  # fmt: skip
ARGUMENT = st.sampled_from(["000000010002", "000000000000", "000000030000", "00000009000200", "0000FFFB0000",
                            "0001000100", "C0C0C0C0C0C0", "00005000", "0005000000", "000800010100001000"])  # fmt: skip


def guarded(its):
    """What no guest may change: other cylinders, and real storage that is neither its own nor CP's copy."""
    storage = bytearray(its.machine.storage.data)
    for frame in its.frames.frames:
        storage[frame : frame + 0x1000] = bytes(0x1000)
    storage[FREE[0] : FREE[1]] = bytes(FREE[1] - FREE[0])
    storage[0:0x200] = bytes(0x200)
    return bytes(storage), outside(its.device.volume, RELN, CYLINDERS)


@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    st.lists(ANY_CCW, min_size=1, max_size=8), st.lists(ARGUMENT, min_size=4, max_size=4), st.sampled_from([0, 0x80]),
    st.sampled_from(["3330", "2314"]),
)  # fmt: skip
def test_no_channel_program_gets_out_of_the_minidisk_or_of_the_guests_storage(ccws, arguments, vdevflag, model):
    """[2.5 security] Programs of hostile guests; the arm, too, ends in the minidisk."""
    its = minidisk(model, vdevflag=vdevflag)
    its.device.cylinder = 1
    storage = {CHAIN: b"".join(ccw.to_bytes() for ccw in ccws) + bytes(16)}
    storage |= {ARGUMENTS + 16 * n: bytes.fromhex(text) for n, text in enumerate(arguments)}
    its.prepare(Program(storage))
    before, inside = guarded(its), extent(its.device.volume, RELN, CYLINDERS)
    for _ in range(2):
        try:
            its.run(Program({}))
        except DoesNotEnd:
            its.machine.channels.reset_device(REAL_ADDRESS)
            its.task.release(its.cp)
        assert guarded(its) == before
        assert not vdevflag or extent(its.device.volume, RELN, CYLINDERS) == inside
    assert its.device.cylinder == 1 or RELN <= its.device.cylinder < RELN + CYLINDERS


def test_seek_that_is_also_reached_by_data_chaining_does_not_run():
    """CP's copy of the argument would be the area into which the guest reads."""
    its = minidisk()
    ccws = [CCW(0x03, 0, CC, 1), CCW(0x06, AREA, CD, 8), CCW(0x07, ARGUMENTS, CC | SLI, 6), CCW(0x08, CHAIN + 16, 0, 0)]
    task = its.translate(Program({CHAIN + 8 * n: ccw.to_bytes() for n, ccw in enumerate(ccws)}))
    assert [ccw.control & RCWCTL.INVALID for ccw in task.ccws] == [0, 0, RCWCTL.INVALID, 0]


def test_hostile_chains_are_not_all_refused():
    """The property above would prove little otherwise."""
    endings: Counter[str] = Counter()
    for text in CASES.values():
        seen = minidisk().run(line(text))
        endings["good" if not seen.csws or "0c00" in seen.csws[0] else "refused"] += 1
    assert endings["good"] > 20
