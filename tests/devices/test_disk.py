"""The disk drives: every command of a 3830 and of a 2841, as whole channel programs.

A chain is written as a line: commands in hexadecimal, each with its argument or count, as in
"07:000000010002 31:0001000203 TIC:-1 06/80": SEEK, SEARCH ID EQUAL in a loop, READ DATA of 80 bytes.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edu_hv.asm.assembler import assemble
from edu_hv.devices.ckd_image import DiskImage, blank_volume
from edu_hv.devices.ckd_track import Record, Track, formatted_track
from edu_hv.devices.disk import DRIVES, Disk3330, drive_for
from edu_hv.isa.codes import UnitStatus
from edu_hv.isa.errors import UserError
from edu_hv.machine.ccw import CCW, CSW, ENDING
from edu_hv.machine.channel_program import AbsoluteStorage, ChannelProgram
from edu_hv.machine.machine import Machine
from edu_hv.machine.psw import PSW
from edu_hv.machine.storage import Storage

CHAIN, ARGUMENTS, AREA = 0x1000, 0x2000, 0x4000
CYLINDERS = 4
TRACK = 19 + 2
"""Cylinder 1, head 2, where the records are."""
TO_TRACK = "07:000000010002"
FOUND_R2 = f"{TO_TRACK} 1F:C0 31:0001000202 TIC:-1"


def record(number, key=b"", data=b"", cylinder=1, head=2):
    return Record(bytes([0, cylinder, 0, head, number, len(key)]) + len(data).to_bytes(2, "big"), key, data)


R1 = record(1, b"AAAA", b"FIRST")
R2 = record(2, b"CCCC", b"SECOND")
R3 = record(3, b"", b"THIRD")
R4 = record(4)
R5 = record(5, b"EEEE", b"FIFTH")
RECORDS = (R1, R2, R3, R4, R5)


def volume(name="3330"):
    heads = {"2311": 10, "2314": 20, "3330": 19, "3340": 12, "3350": 30}[name]
    blank = blank_volume(name, "TEST01", CYLINDERS)
    return blank.with_track(heads + 2, formatted_track(1, 2, RECORDS))


@pytest.fixture
def drive():
    return Disk3330(volume(), address=2)


def ccws_of(line):
    """The CCWs of a chain, and what goes to the argument area."""
    ccws, arguments, area = [], b"", AREA
    for number, word in enumerate(line.split()):
        command, _, argument = word.partition(":")
        if command == "TIC":
            ccws.append(CCW(0x08, CHAIN + 8 * (number + int(argument)), 0, 1))
            continue
        flags = 0x60 if number + 1 < len(line.split()) else 0x20
        if argument:
            data = bytes.fromhex(argument)
            ccws.append(CCW(int(command, 16), ARGUMENTS + len(arguments), flags, len(data)))
            arguments += data
        else:
            command, _, count = command.partition("/")
            ccws.append(CCW(int(command, 16), area, flags, int(count or 1)))
            area += int(count or 1)
    return ccws, arguments


def start(drive, line):
    """A channel program that has been started, its storage, and whether it goes on."""
    ccws, arguments = ccws_of(line)
    storage = Storage(0x20000)
    storage.write(CHAIN, b"".join(ccw.to_bytes() for ccw in ccws))
    storage.write(ARGUMENTS, arguments)
    program = ChannelProgram(drive, AbsoluteStorage(storage))
    return program, storage, program.start(CHAIN.to_bytes(4, "big"))


def run(drive, line):
    """Status, CCW that was the last, and what was read."""
    program, storage, going = start(drive, line)
    for _ in range(500):
        if not going:
            break
        going = program.step()
    assert program.csw, "the chain does not end"
    status = program.csw.status_bytes().hex().upper()
    length = sum(ccw.count for ccw in ccws_of(line)[0] if ccw.address >= AREA)
    return status, (program.csw.address - CHAIN) // 8 - 1, storage.read(AREA, length) if length else b""


def data_of(drive, line):
    status, _, data = run(drive, line)
    assert status == "0C00", drive.sense.hex()
    return data.rstrip(b"\0")


def failure(drive, line):
    """Number of the CCW that failed, and the first eight sense bytes."""
    status, last, _ = run(drive, line)
    assert UnitStatus.UNIT_CHECK & int(status[:2], 16), status
    return last, sense(drive)


def sense(drive):
    length = drive.sense_length
    return run(drive, f"04/{length}")[2][:8].hex(" ").upper()


def written(drive, number=TRACK):
    return drive.volume.track(number).records[1:]


# ---- reading -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("06/9", b"FIRST", id="read-data-of-the-next-record"),
        pytest.param("0E/20", b"AAAAFIRST", id="read-key-and-data"),
        pytest.param("1E/20", R1.to_bytes(), id="read-count-key-and-data"),
        pytest.param("12/8", R1.count, id="read-count"),
        pytest.param("12/8 06/9", R1.count + b"FIRST", id="read-count-then-its-data"),
        pytest.param("12/8 0E/9", R1.count + b"AAAAFIRST", id="read-count-then-its-key-and-data"),
        pytest.param("06/5 06/9", b"FIRSTSECOND", id="read-data-twice-reads-two-records"),
        pytest.param("12/8 12/8", R1.count + R2.count, id="read-count-twice-reads-two-counts"),
        pytest.param("16/16", bytes.fromhex("0001000200000008"), id="read-record-zero"),
        pytest.param("16/16 06/9", bytes.fromhex("0001000200000008") + bytes(8) + b"FIRST", id="r0-then-r1"),
        pytest.param("1A/5", bytes.fromhex("0000010002"), id="read-home-address"),
        pytest.param("1A/5 12/8", bytes.fromhex("0000010002") + R1.count, id="count-behind-home-address-skips-r0"),
        pytest.param("31:0001000203 TIC:-1 06/9", b"THIRD", id="search-id-equal"),
        pytest.param("31:0001000200 TIC:-1 06/9", b"", id="search-id-finds-record-zero"),
        pytest.param("51:0001000202 TIC:-1 06/9", b"THIRD", id="search-id-high"),
        pytest.param("71:0001000202 TIC:-1 06/9", b"SECOND", id="search-id-equal-or-high"),
        pytest.param("31:000100 TIC:-1 12/8", R1.count, id="search-id-with-a-short-argument"),
        pytest.param("29:43434343 TIC:-1 06/9", b"SECOND", id="search-key-equal"),
        pytest.param("49:43434343 TIC:-1 06/9", b"FIFTH", id="search-key-high"),
        pytest.param("69:42424242 TIC:-1 06/9", b"SECOND", id="search-key-equal-or-high"),
        pytest.param("29:4343 TIC:-1 06/9", b"SECOND", id="search-key-with-a-short-argument"),
        pytest.param("31:0001000202 TIC:-1 29:43434343 TIC:-1 06/9", b"SECOND", id="search-key-of-the-record-found"),
        pytest.param("39:00010002 TIC:-1 06/9", b"FIRST", id="search-home-address"),
        pytest.param("31:0001000203 TIC:-1 31:0001000201 TIC:-1 06/9", b"FIRST", id="search-goes-on-behind-the-index"),
        pytest.param("0F:000000 06/9", b"", id="space-count-passes-record-zero"),
        pytest.param("39:00010002 TIC:-1 12/8 0F:040006 0E/20", R1.count + b"CCCCSECOND", id="space-count-passes-one"),
    ],
)
def test_reading_commands_take_the_area_that_the_orientation_says(drive, line, expected):
    assert data_of(drive, f"{TO_TRACK} {line}") == expected.rstrip(b"\0")


@pytest.mark.parametrize(
    ("line", "status"),
    [
        pytest.param("31:0001000204 TIC:-1 06/9", "0D00", id="read-data"),
        pytest.param("31:0001000204 TIC:-1 0E/9", "0D00", id="read-key-and-data"),
        pytest.param("31:0001000203 TIC:-1 1E/9", "0D00", id="read-count-key-and-data"),
        pytest.param("1F:C0 31:0001000204 TIC:-1 05:FFFF", "0D00", id="write-data"),
    ],
)
def test_record_without_data_is_end_of_file_unit_exception(drive, line, status):
    assert run(drive, f"{TO_TRACK} {line}")[0] == status
    assert written(drive) == RECORDS


def test_read_ipl_reads_the_first_record_of_the_volume_from_anywhere(drive):
    run(drive, TO_TRACK)
    assert data_of(drive, "02/24") == bytes.fromhex("000600000000000F0300000000000001")
    assert (drive.cylinder, drive.head) == (0, 0)


def test_multi_track_goes_on_with_the_next_head():
    image = volume().with_track(TRACK + 1, formatted_track(1, 3, (record(7, b"ZZ", b"NEXT", head=3),)))
    drive = Disk3330(image)
    assert data_of(drive, f"{TO_TRACK} 9A/5") == bytes.fromhex("0000010003")
    assert data_of(drive, f"{TO_TRACK} 96/8") == bytes.fromhex("0001000300000008")
    assert data_of(drive, f"{TO_TRACK} A9:5A5A TIC:-1 06/9") == b"NEXT"
    assert data_of(drive, f"{TO_TRACK} B1:0001000307 TIC:-1 06/9") == b"NEXT"
    assert data_of(drive, f"{TO_TRACK} B9:00010003 TIC:-1 06/9") == b"NEXT"
    assert data_of(drive, f"{TO_TRACK} 31:0001000205 TIC:-1 06/5 86/9") == b"FIFTHNEXT"


def test_record_overflows_to_the_next_track():
    first = Record(bytes([0x80, *R1.count[1:]]), R1.key, R1.data)
    image = volume().with_track(TRACK, formatted_track(1, 2, (first,)))
    drive = Disk3330(image.with_track(TRACK + 1, formatted_track(1, 3, (record(1, b"", b"+MORE", head=3),))))
    assert data_of(drive, f"{TO_TRACK} 1E/40") == R1.to_bytes() + b"+MORE"
    assert data_of(drive, f"{TO_TRACK} 31:0001000201 TIC:-1 06/40") == b"FIRST+MORE"
    run(drive, f"{TO_TRACK} 1F:C0 31:0001000201 TIC:-1 05:{b'abcdeFGHIJ'.hex()}")
    assert data_of(drive, f"{TO_TRACK} 06/40") == b"abcdeFGHIJ"
    assert failure(drive, f"{TO_TRACK} 1F:18 06/40") == (2, "00 05 00 06 38 01 02 00")
    assert failure(drive, f"{TO_TRACK} 1F:D8 31:0001000201 TIC:-1 05:E1") == (4, "00 05 00 05 38 01 02 00")


# ---- control -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "cylinder", "head"),
    [
        pytest.param("07:000000030012", 3, 18, id="seek"),
        pytest.param("0B:000000030012", 3, 18, id="seek-cylinder"),
        pytest.param("07:000000030012 1B:000000630004", 3, 4, id="seek-head-leaves-the-cylinder"),
        pytest.param("07:000000030012 13", 0, 0, id="recalibrate"),
        pytest.param("07:000000030012 17", 3, 18, id="restore-does-nothing"),
        pytest.param("07:000000030012 03", 3, 18, id="no-operation"),
    ],
)
def test_seeks_move_the_arm_which_stays_for_the_next_chain(drive, line, cylinder, head):
    run(drive, line)
    assert (drive.cylinder, drive.head) == (cylinder, head)
    home = bytes([0, 0, cylinder, 0, head]).rstrip(b"\0")
    assert data_of(drive, "1A/5") == home


def test_seek_gives_channel_end_first_and_device_end_when_the_arm_has_arrived(drive):
    program, _, _ = start(drive, TO_TRACK)
    assert not program.step()
    assert (program.csw.unit_status, program.device_working) == (UnitStatus.CHANNEL_END, 100)
    assert drive.finish(0x07) == UnitStatus.DEVICE_END
    assert run(drive, TO_TRACK)[0] == "0C00", "the arm is there already"


def test_seek_takes_the_longer_the_farther_it_is():
    drive = drive_for(blank_volume("3330", "", 404))
    times = []
    for cylinder in (1, 2, 103, 0, 403):
        program, _, _ = start(drive, f"07:0000{cylinder:04X}0000")
        program.step()
        times.append(program.device_working)
    assert times == [100, 100, 211, 214, 550], "a hundredth of 10 to 55 ms"


def test_recalibrate_is_immediate_and_set_sector_waits_for_the_disk(drive):
    run(drive, TO_TRACK)
    program, _, going = start(drive, "13")
    assert (going, program.csw.unit_status) == (False, UnitStatus.CHANNEL_END)
    program, _, _ = start(drive, f"{TO_TRACK} 23:40")
    while program.step():
        pass
    assert (program.csw.unit_status, program.device_working) == (UnitStatus.CHANNEL_END, 83)


def test_set_sector_lets_the_records_before_it_pass(drive):
    run(drive, f"{TO_TRACK} 1E/20")
    sectors = [run(drive, f"{TO_TRACK} 31:000100020{number} TIC:-1 22")[2][0] for number in range(6)]
    assert sectors == [0, 2, 4, 6, 7, 9]
    assert data_of(drive, f"{TO_TRACK} 23:04 06/9") == b"SECOND"
    assert data_of(drive, f"{TO_TRACK} 23:FF 06/9") == b"FIRST"
    assert data_of(drive, f"{TO_TRACK} 23:7F 31:0001000205 TIC:-1 06/9") == b"FIFTH"


def test_the_file_mask_and_the_orientation_last_for_one_chain(drive):
    assert data_of(drive, f"{TO_TRACK} 06/5") == b"FIRST"
    assert data_of(drive, "06/5") == b"FIRST"
    run(drive, f"{TO_TRACK} 1F:58 06/5")
    assert run(drive, TO_TRACK)[0] == "0C00"


@pytest.mark.parametrize(
    ("line", "data"),
    [
        pytest.param("B4/24", "00 00 00 00 2A 01 02", id="reserve-gives-the-sense-bytes"),
        pytest.param("94/24", "00 00 00 00 2A 01 02", id="release-gives-the-sense-bytes"),
        pytest.param("A4/24", "", id="the-log-is-empty"),
    ],
)
def test_device_reserve_release_and_log(drive, line, data):
    run(drive, TO_TRACK)
    assert run(drive, line) == ("0C00", 0, bytes.fromhex(data).ljust(24, b"\0"))


# ---- writing -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "records"),
    [
        pytest.param("05:E1E2E3E4E5E6", (R1, record(2, b"CCCC", b"\xe1\xe2\xe3\xe4\xe5\xe6"), *RECORDS[2:]), id="data"),
        pytest.param("05:E1", (R1, record(2, b"CCCC", b"\xe1" + bytes(5)), *RECORDS[2:]), id="zeros-fill-data"),
        pytest.param(
            "0D:E1E2E3E4E5", (R1, record(2, b"\xe1\xe2\xe3\xe4", b"\xe5" + bytes(5)), *RECORDS[2:]), id="key-and-data"
        ),
        pytest.param("1D:00010002090100026BE1E2", (R1, R2, record(9, b"k", b"\xe1\xe2")), id="count-key-and-data"),
        pytest.param("1D:000100020901000A6BE1", (R1, R2, record(9, b"k", b"\xe1" + bytes(9))), id="zeros-fill-record"),
        pytest.param("1D:0001000209000000", (R1, R2, record(9)), id="end-of-file-record"),
        pytest.param(
            "1D:0001000209000001E1 1D:000100020A000001E2",
            (R1, R2, record(9, b"", b"\xe1"), record(10, b"", b"\xe2")),
            id="two-records",
        ),
        pytest.param("11:0001000203000005", (R1, R2), id="erase"),
        pytest.param("06/9 1D:0001000209000001E1", (R1, R2, record(9, b"", b"\xe1")), id="behind-a-read"),
        pytest.param(
            "01:0001000209000001E1",
            (R1, R2, Record(bytes.fromhex("8001000209000001"), b"", b"\xe1")),
            id="special-count-key-and-data",
        ),
    ],
)
def test_writing_behind_a_search_that_has_found_record_2(drive, line, records):
    assert run(drive, f"{FOUND_R2} {line}")[0] == "0C00"
    assert written(drive) == records


def test_search_key_equal_allows_write_data(drive):
    assert run(drive, f"{TO_TRACK} 29:45454545 TIC:-1 05:E1E2E3E4E5")[0] == "0C00"
    assert written(drive)[4].data == b"\xe1\xe2\xe3\xe4\xe5"


def test_record_zero_and_home_address_begin_a_track_anew(drive):
    run(drive, f"{TO_TRACK} 1F:C0 39:00010002 TIC:-1 15:00010002000000080102030405060708 1D:0001000201000001E1")
    assert written(drive) == (record(1, b"", b"\xe1"),)
    assert data_of(drive, f"{TO_TRACK} 16/16") == bytes.fromhex("00010002000000080102030405060708")
    run(drive, f"{TO_TRACK} 1F:C0 19:0200010002 15:0001000200000000")
    assert drive.volume.track(TRACK) == Track(bytes.fromhex("0200010002"), (record(0),))


def test_the_track_holds_what_the_manual_says(drive):
    """GA26-1592 "Track Capacity": 13,030 bytes in one record; 135 more for each, and 56 with a key."""
    write = f"{TO_TRACK} 1F:C0 31:0001000200 TIC:-1"
    assert run(drive, f"{write} 1D:00010002010032E6")[0] == "0C00"
    assert failure(drive, f"{write} 1D:00010002010032E7") == (4, "00 40 00 00 2A 01 02 00")
    assert written(drive)[0].length == 13030, "the record that does not fit is not written"
    assert run(drive, f"{write} 1D:0001000201043200 1D:0001000202000023")[0] == "0C00"
    assert run(drive, f"{write} 1D:0001000201043200 1D:0001000202000024")[0] == "0E00"


# ---- unit check ----------------------------------------------------------------------------------------------------

HERE = "2A 01 02"
"""Sense bytes 4 to 6 of drive 2 at cylinder 1, head 2."""


@pytest.mark.parametrize(
    ("line", "ccw", "expected"),
    [
        pytest.param("43", 1, f"80 00 00 00 {HERE} 01", id="invalid-command"),
        pytest.param("E4/7", 1, f"80 00 00 00 {HERE} 01", id="sense-id-is-not-known"),
        pytest.param("05:E1", 1, f"80 00 00 00 {HERE} 02", id="write-data-without-search"),
        pytest.param("1D:0001000209000000", 1, f"80 00 00 00 {HERE} 02", id="format-write-without-search"),
        pytest.param("31:0001000202 TIC:-1 0E/9 05:E1", 4, f"80 00 00 00 {HERE} 02", id="write-data-behind-the-data"),
        pytest.param("29:41414141 TIC:-1 0D:E1", 3, f"80 00 00 00 {HERE} 02", id="write-key-behind-search-key"),
        pytest.param("51:0001000202 TIC:-1 05:E1", 3, f"80 00 00 00 {HERE} 02", id="write-behind-search-high"),
        pytest.param("31:00010002 TIC:-1 05:E1", 3, f"80 00 00 00 {HERE} 02", id="write-behind-short-search"),
        pytest.param("31:0001000202 TIC:-1 03 05:E1", 4, f"80 00 00 00 {HERE} 02", id="no-operation-between"),
        pytest.param("15:0001000200000000", 1, f"80 00 00 00 {HERE} 02", id="record-zero-without-home-address"),
        pytest.param("39:00010002 TIC:-1 15:00", 3, f"80 00 00 00 {HERE} 02", id="record-zero-not-in-the-mask"),
        pytest.param("1F:40 31:0001000202 TIC:-1 05:E1", 4, f"80 00 00 00 {HERE} 02", id="mask-inhibits-writing"),
        pytest.param("1F:80 31:0001000202 TIC:-1 1D:E1", 4, f"80 00 00 00 {HERE} 02", id="mask-inhibits-format"),
        pytest.param("19:0000010002", 1, f"80 00 00 00 {HERE} 02", id="home-address-not-in-the-mask"),
        pytest.param("1F:C0 1F:C0", 2, f"80 00 00 00 {HERE} 02", id="second-file-mask"),
        pytest.param("1F:C0 02/24", 2, f"80 00 00 00 {HERE} 02", id="read-ipl-behind-file-mask"),
        pytest.param("1F:20", 1, f"80 00 00 00 {HERE} 04", id="invalid-mask"),
        pytest.param("23:80", 1, f"80 00 00 00 {HERE} 04", id="invalid-sector"),
        pytest.param("07:0000000100", 1, f"80 00 00 00 {HERE} 03", id="short-seek"),
        pytest.param("07:000000040000", 1, f"80 00 00 00 {HERE} 04", id="no-such-cylinder"),
        pytest.param("07:000000000013", 1, f"80 00 00 00 {HERE} 04", id="no-such-head"),
        pytest.param("1B:000000000013", 1, f"80 00 00 00 {HERE} 04", id="no-such-head-of-seek-head"),
        pytest.param("07:000100000000", 1, f"80 00 00 00 {HERE} 04", id="no-such-bin"),
        pytest.param("1F:C0 31:0001000202 TIC:-1 1D:FFFFFFFFFFFFFFFF", 4, f"80 00 00 00 {HERE} 04", id="count-of-ff"),
        pytest.param("1F:08 07:000000000000", 2, f"00 04 00 00 {HERE} 00", id="mask-inhibits-seek"),
        pytest.param("1F:08 13", 2, f"00 04 00 00 {HERE} 00", id="mask-inhibits-recalibrate"),
        pytest.param("1F:10 0B:000000000000", 2, f"00 04 00 00 {HERE} 00", id="mask-inhibits-seek-cylinder"),
        pytest.param("1F:18 1B:000000000000", 2, f"00 04 00 00 {HERE} 00", id="mask-inhibits-seek-head"),
        pytest.param("1F:18 9A/5", 2, f"00 04 00 00 {HERE} 00", id="mask-inhibits-multi-track"),
        pytest.param("31:0001000209 TIC:-1", 1, f"00 08 00 00 {HERE} 00", id="no-record-found-by-id"),
        pytest.param("29:99 TIC:-1", 1, f"00 08 00 00 {HERE} 00", id="no-record-found-by-key"),
        pytest.param("39:00010003 TIC:-1", 1, f"00 08 00 00 {HERE} 00", id="home-address-not-found"),
        pytest.param("07:000000030000 06/9", 2, "00 08 00 00 2A 03 00 00", id="track-without-records"),
        pytest.param("B1:FFFFFFFFFF TIC:-1", 1, "00 20 00 00 2A 01 12 00", id="end-of-cylinder"),
    ],
)
def test_unit_check_and_sense(drive, line, ccw, expected):
    assert failure(drive, f"{TO_TRACK} {line}") == (ccw, expected)
    assert written(drive) == RECORDS


def test_two_index_points_end_a_search_unless_something_was_read_between(drive):
    first, second, third = (f"31:000100020{number} TIC:-1" for number in (5, 2, 1))
    assert failure(drive, f"{TO_TRACK} {first} {second} {third}")[0] == 5
    assert data_of(drive, f"{TO_TRACK} {first} {second} 06/6 {third} 06/5") == b"SECONDFIRST"


@pytest.mark.parametrize(
    ("name", "line", "expected"),
    [
        pytest.param("2314", "43", "80 00 00 40 00 00", id="2314-invalid-command"),
        pytest.param("2311", "43", "80 00 00 C8 00 00", id="2311-invalid-command"),
        pytest.param("2314", "23:00", "80 00 00 40 00 00", id="2314-has-no-sectors"),
        pytest.param("2314", "A4/24", "80 00 00 40 00 00", id="2314-has-no-log"),
        pytest.param("2314", "05:E1", "80 10 00 40 00 00", id="2314-invalid-sequence"),
        pytest.param("2314", "07:000000040000", "81 00 00 40 00 00", id="2314-seek-check"),
        pytest.param("2314", "1F:40 31:0001000202 TIC:-1 05:E1", "80 04 00 40 00 00", id="2314-write-inhibited"),
        pytest.param("2314", "1F:08 07:000000000000", "00 04 00 40 00 00", id="2314-file-protected"),
        pytest.param("2314", "1F:01", "80 00 00 40 00 00", id="2314-invalid-mask"),
        pytest.param("2314", "31:0001000209 TIC:-1", "00 08 00 40 00 00", id="2314-no-record-found"),
        pytest.param("2314", "B1:FFFFFFFFFF TIC:-1", "00 20 00 44 00 00", id="2314-end-of-cylinder"),
        pytest.param("3340", "43", "80 00 81 00 20 01 02 01", id="3340"),
        pytest.param("3350", "43", "80 00 00 00 20 01 02 01", id="3350"),
    ],
)
def test_sense_of_the_other_control_units(name, line, expected):
    drive = DRIVES[name](volume(name), address=2)
    assert failure(drive, f"{TO_TRACK} {line}")[1] == expected


@pytest.mark.parametrize(("cylinders", "expected"), [(404, "40"), (808, "20")])
def test_high_cylinder_bit_of_the_3330_models(cylinders, expected):
    drive = drive_for(blank_volume("3330", "", cylinders))
    assert failure(drive, "07:000001000000 43")[1] == f"80 00 00 00 38 00 {expected} 01"


def test_sense_says_where_the_drive_is_when_nothing_was_wrong(drive):
    run(drive, TO_TRACK)
    assert sense(drive) == f"00 00 00 00 {HERE} 00"


# ---- damage --------------------------------------------------------------------------------------------------------

BAD_COUNT = Track(bytes.fromhex("0000010002"), (record(0), R1), bytes.fromhex("0001000202FF7FFF"))


@pytest.mark.parametrize(
    ("track", "line", "expected"),
    [
        pytest.param(Track(b"", (), b"?"), "1A/5", "08 00 00 00 38 01 02 44", id="no-home-address"),
        pytest.param(BAD_COUNT, "31:0001000203 TIC:-1 06/9", "08 00 00 00 38 01 02 41", id="bad-count"),
    ],
)
def test_track_that_cannot_be_read_is_a_data_check(track, line, expected):
    drive = Disk3330(volume().with_track(TRACK, track))
    assert failure(drive, f"{TO_TRACK} {line}")[1] == expected


def test_records_before_the_damage_can_be_read_and_written_and_a_format_write_mends_the_track():
    drive = Disk3330(volume().with_track(TRACK, BAD_COUNT))
    assert data_of(drive, f"{TO_TRACK} 06/9") == b"FIRST"
    run(drive, f"{TO_TRACK} 1F:C0 31:0001000201 TIC:-1 05:{b'MENDS'.hex()}")
    assert Track.from_bytes(drive.volume.to_bytes()[512 + TRACK * 13312 :][:13312]).unreadable
    run(drive, f"{TO_TRACK} 1F:C0 31:0001000201 TIC:-1 1D:0001000202000001E1")
    assert written(drive) == (record(1, b"AAAA", b"MENDS"), record(2, b"", b"\xe1"))


@given(st.binary(max_size=60), st.binary(max_size=60), st.data())
def test_no_track_whatever_is_on_it_makes_a_drive_do_anything_but_end(first, second, data):
    image = first + data.draw(st.sampled_from([b"", b"\xff" * 8])) + second
    drive = Disk3330(volume().with_track(TRACK, Track.from_bytes(image)))
    commands = ["1A/5", "16/30", "12/8", "06/90", "0E/90", "1E/90", "92/8", "86/9", "9E/9", "31:0001000202 TIC:-1"]
    commands += ["29:4343 TIC:-1", "A9:4343 TIC:-1", "05:E1", "0D:E1", "1D:0001000209000001E1", "11:0001000209000001"]
    line = " ".join(data.draw(st.lists(st.sampled_from(commands), min_size=1, max_size=6)))
    parts = f"{TO_TRACK} 1F:C0 {line}"
    status = int(run(drive, parts)[0][:2], 16)
    assert status & ENDING == ENDING or status & UnitStatus.UNIT_CHECK


# ---- the operator; checkpoints -------------------------------------------------------------------------------------


def test_drive_without_a_volume_or_stopped_needs_intervention(drive):
    for unready in (Disk3330(), drive):
        unready.stop()
        assert run(unready, "06/9")[0] == "0200"
        assert sense(unready)[:5] == "40 00"
    assert drive.make_ready() == UnitStatus.DEVICE_END
    assert drive.make_ready() == UnitStatus(0)
    assert data_of(drive, f"{TO_TRACK} 06/9") == b"FIRST"
    taken = drive.unmount()
    with pytest.raises(UserError, match="there is no disk pack on the 3330; mount one first"):
        drive.image()
    assert (drive.ready, drive.mount(taken)) == (False, UnitStatus.DEVICE_END)


def test_volume_of_another_type_does_not_fit():
    with pytest.raises(UserError, match="is a 2314 volume: it does not fit a 3330 drive"):
        Disk3330(volume("2314"))


def test_checkpoint_holds_everything_and_shares_the_volume(drive):
    program, _, _ = start(drive, f"{FOUND_R2} 05:E1E2E3E4E5E6 31:0001000205 TIC:-1 05:E1E2E3E4E5")
    for _ in range(6):
        program.step()
    saved, place = drive.state(), program.state()
    endings = []
    for _ in range(2):
        drive.restore(saved)
        program.restore(place)
        while program.step():
            pass
        endings.append((program.csw, drive.state()))
    assert endings[0] == endings[1]
    assert isinstance(endings[0][0], CSW)
    drive.restore(saved)
    assert written(drive) == RECORDS
    chunks = drive.volume.with_track(0, formatted_track(0, 0))
    assert sum(a is not b for a, b in zip(chunks._changes, drive.volume._changes, strict=True)) == 1


def test_writing_does_not_change_the_image_it_came_from(drive):
    before = drive.volume
    run(drive, f"{FOUND_R2} 05:E1E2E3E4E5E6")
    assert before.track(TRACK).records[1:] == RECORDS
    again = DiskImage.from_bytes(drive.image(), "again")
    assert again.track(TRACK) == drive.volume.track(TRACK)
    assert again.to_bytes() == drive.image()


# ---- in a machine --------------------------------------------------------------------------------------------------

SEEKING = """
SEEKING  START X'1000'
         BALR  12,0
         USING *,12
         LA    2,SAVED
         MVC   120(8),IONEW
         MVC   72(4),=A(CHAIN)
         SIO   X'150'
         BALR  3,0
WAIT     LPSW  ENABLED
ARRIVED  MVC   0(8,2),64
         LA    2,8(,2)
         C     2,=A(SAVED+16)
         BL    WAIT
         LPSW  DONE
ENABLED  DC    0D'0',X'FE02000000000000'
IONEW    DC    0D'0',X'00000000',A(ARRIVED)
DONE     DC    0D'0',X'000200000000C0DE'
CHAIN    DC    0D'0',X'07',AL3(ADDRESS),X'00000006'
ADDRESS  DC    X'000000020001'
SAVED    DC    2D'0'
         LTORG
         END
"""


def test_stand_alone_seek_interrupts_at_channel_end_and_at_device_end(drive):
    program = assemble(SEEKING, "seeking")
    machine = Machine(0x10000)
    machine.channels.attach(0x150, drive)
    for text in program.image:
        machine.storage.write(text.address, bytes(text.data))
    machine.cpu.load_psw(PSW.from_bytes(bytes.fromhex("0000000000001000")))
    for _ in range(1000):
        if not machine.advance():
            break
    assert machine.cpu.psw.instruction_address == 0xC0DE
    saved = machine.storage.read(program.address_of("SAVED"), 16)
    assert [saved[at + 4 : at + 6].hex() for at in (0, 8)] == ["0800", "0400"]
    assert (drive.cylinder, drive.head) == (2, 1)


def test_write_with_data_chaining_takes_count_key_and_data_from_three_places(drive):
    pieces = (R2.count, b"KKKK", b"FRESH!")
    ccws = [CCW(0x07, 0x2000, 0x40, 6), CCW(0x31, 0x2008, 0x40, 5), CCW(0x08, CHAIN + 8, 0, 1)]
    ccws += [CCW(0x1D, 0x2010, 0x80, 8), CCW(0, 0x2020, 0x80, 4), CCW(0, 0x2030, 0, 6)]
    storage = Storage(0x4000)
    storage.write(CHAIN, b"".join(ccw.to_bytes() for ccw in ccws))
    storage.write(0x2000, bytes.fromhex("0000000100020000 0001000201"))
    for address, piece in zip((0x2010, 0x2020, 0x2030), pieces, strict=True):
        storage.write(address, piece)
    program = ChannelProgram(drive, AbsoluteStorage(storage))
    program.start(CHAIN.to_bytes(4, "big"))
    while program.step():
        pass
    assert program.csw.status_bytes().hex() == "0c00"
    assert written(drive) == (R1, Record(*pieces))
