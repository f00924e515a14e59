"""The tape drives: every command's status, sense bytes, data and place on the tape.

The status is written as "channel end status + device end status" in hexadecimal: 0C is channel end with device end,
"08+04" channel end and later device end, "08+25" channel end and then control unit end, device end, unit exception.
"""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edu_hv.devices.tape import Tape, TapeDrive, TapeDrive2401, TapeDrive2415
from edu_hv.devices.tape_blocks import BadBlock, Gap
from edu_hv.devices.tape_image import TapeFormat, blank_tape, read_tape
from edu_hv.isa.codes import PSA, UnitStatus
from edu_hv.isa.errors import UserError
from edu_hv.machine.ccw import CCW, NO_STATUS
from edu_hv.machine.channel_program import AbsoluteStorage, ChannelProgram
from edu_hv.machine.machine import Machine
from edu_hv.machine.psw import PSW
from edu_hv.machine.storage import Storage

BLOCKS = (b"VOL1", None, b"FIRST", b"SECOND", None, None)
WRITE, READ, NOP, SENSE, REWIND, DMS, BACKWARD, UNLOAD = 0x01, 0x02, 0x03, 0x04, 0x07, 0x0B, 0x0C, 0x0F
ERG, TIE, WTM, BSB, BSF, FSB, FSF, LWR, DSE = 0x17, 0x1B, 0x1F, 0x27, 0x2F, 0x37, 0x3F, 0x8B, 0x97
RESERVE, RELEASE = 0xF4, 0xD4
COUNT = 8
SLI, CHAIN = 0x20, 0x40
DRIVES = (TapeDrive, TapeDrive2401, TapeDrive2415)


def run(drive, command, count=COUNT, flags=SLI, data=b"", then=()):
    """A chain of CCWs on one area; status, channel status and residual in hexadecimal, and the area."""
    storage = Storage(0x4000)
    storage.write(0x2000, data)
    commands = (command, *then)
    for place, code in enumerate(commands):
        at = 0x2000 + (count - 1 if code == BACKWARD else 0)
        chain = CHAIN if place < len(commands) - 1 else 0
        storage.write(0x1000 + 8 * place, CCW(code, at, flags | chain, count).to_bytes())
    drive.begin()
    program = ChannelProgram(drive, AbsoluteStorage(storage))
    going = program.start(bytes.fromhex("00001000"))
    while going:
        going = program.step()
    csw = program.csw
    status = f"{csw.unit_status:02X}"
    if program.device_working:
        status += f"+{drive.finish(program.command):02X}"
    return f"{status} {csw.channel_status:02X} {csw.residual}", storage.read(0x2000, count).strip(b"\0")


def sense(drive):
    """What SENSE gives, in hexadecimal."""
    storage = Storage(0x4000)
    storage.write(0x1000, CCW(SENSE, 0x2000, 0, drive.sense_length).to_bytes())
    program = ChannelProgram(drive, AbsoluteStorage(storage))
    program.start(bytes.fromhex("00001000"))
    program.step()
    assert program.csw.to_bytes()[4:].hex() == "0c000000"
    return storage.read(0x2000, drive.sense_length).hex(" ").upper()


def on(blocks, kind=TapeDrive, **features):
    return kind(Tape.of("test", blocks).with_ring(), **features)


def blocks_of(drive):
    return tuple(drive.tape.blocks)


def to(drive, position):
    """Space forward until so many blocks and marks are behind the head."""
    while drive.position < position:
        run(drive, FSB)


@pytest.fixture(params=DRIVES, ids=lambda kind: kind.model)
def drive(request):
    return on(BLOCKS, request.param)


# ---- status, data and motion ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "command", "status", "data", "position"),
    [
        pytest.param(0, READ, "0C 00 4", b"VOL1", 1, id="read"),
        pytest.param(1, READ, "0D 00 8", b"", 2, id="read-tape-mark"),
        pytest.param(6, READ, "0E 00 8", b"", 6, id="read-blank-tape"),
        pytest.param(1, BACKWARD, "0C 00 4", b"VOL1", 0, id="read-backward"),
        pytest.param(2, BACKWARD, "0D 00 8", b"", 1, id="read-backward-tape-mark"),
        pytest.param(0, BACKWARD, "0E 00 8", b"", 0, id="read-backward-at-load-point"),
        pytest.param(0, FSB, "08+04 00 8", b"", 1, id="forward-block"),
        pytest.param(1, FSB, "08+25 00 8", b"", 2, id="forward-block-tape-mark"),
        pytest.param(6, FSB, "08+26 00 8", b"", 6, id="forward-block-blank-tape"),
        pytest.param(3, BSB, "08+04 00 8", b"", 2, id="back-block"),
        pytest.param(2, BSB, "08+25 00 8", b"", 1, id="back-block-tape-mark"),
        pytest.param(0, BSB, "08+26 00 8", b"", 0, id="back-block-at-load-point"),
        pytest.param(0, BSF, "08+26 00 8", b"", 0, id="back-file-at-load-point"),
        pytest.param(2, FSF, "08+04 00 8", b"", 5, id="forward-file"),
        pytest.param(6, FSF, "08+26 00 8", b"", 6, id="forward-file-blank-tape"),
        pytest.param(4, BSF, "08+04 00 8", b"", 1, id="back-file"),
        pytest.param(1, BSF, "08+26 00 8", b"", 0, id="back-file-to-load-point"),
        pytest.param(4, REWIND, "08+04 00 8", b"", 0, id="rewind"),
        pytest.param(0, REWIND, "08+04 00 8", b"", 0, id="rewind-at-load-point"),
        pytest.param(4, UNLOAD, "08+26 00 8", b"", 0, id="rewind-unload"),
        pytest.param(4, NOP, "0C 00 8", b"", 4, id="no-op"),
        pytest.param(4, 0xC3, "0C 00 8", b"", 4, id="mode-set-nine-tracks"),
        pytest.param(4, 0x93, "0C 00 8", b"", 4, id="mode-set-seven-tracks"),
        pytest.param(4, TIE, "0C 00 7", b"", 4, id="request-track-in-error"),
        pytest.param(6, WTM, "08+04 00 8", b"", 7, id="write-tape-mark"),
        pytest.param(6, ERG, "08+04 00 8", b"", 7, id="erase-gap"),
        pytest.param(6, 0x06, "02 00 8", b"", 6, id="no-command-of-a-drive"),
    ],
)
def test_command_gives_its_status_data_and_motion(drive, before, command, status, data, position):
    to(drive, before)
    result, area = run(drive, command)
    assert (result, area, drive.position) == (status, data, position)


@pytest.mark.parametrize(
    ("command", "count", "flags", "status"),
    [
        pytest.param(READ, 4, 0, "0C 00 0", id="exact"),
        pytest.param(READ, 8, 0, "0C 40 4", id="short-block"),
        pytest.param(READ, 3, 0, "0C 40 0", id="long-block"),
        pytest.param(BACKWARD, 3, 0, "0C 40 0", id="long-block-backward"),
        pytest.param(FSB, 1, 0, "08+04 00 1", id="control-commands-have-no-length"),
        pytest.param(TIE, 1, 0, "0C 00 0", id="one-byte-of-track-in-error"),
        pytest.param(TIE, 2, 0, "0C 40 1", id="more-than-one-byte-of-track-in-error"),
    ],
)
def test_incorrect_length_comes_from_the_channel(drive, command, count, flags, status):
    if command == BACKWARD:
        run(drive, FSB)
    assert run(drive, command, count, flags)[0] == status


def test_read_backward_stores_a_block_as_it_was_written(drive):
    to(drive, 4)
    assert run(drive, BACKWARD) == ("0C 00 2", b"SECOND")
    assert run(drive, BACKWARD, count=3) == ("0C 00 0", b"RST")


def test_backspacing_stops_before_the_first_block_and_only_the_next_one_reaches_the_load_point(drive):
    run(drive, FSB)
    assert run(drive, BSB)[0] == "08+04 00 8"
    assert sense(drive).startswith("00 40")
    assert run(drive, BSB)[0] == "08+26 00 8"
    assert sense(drive).startswith("00 48")
    assert run(drive, BSB)[0] == "08+26 00 8"
    assert run(drive, READ) == ("0C 00 4", b"VOL1")


def test_chained_command_begins_at_device_end_of_the_one_before(drive):
    assert run(drive, FSB, then=(FSF, READ)) == ("0C 00 3", b"FIRST")
    assert run(drive, REWIND, then=(FSB, FSB)) == ("08+25 00 8", b"")
    assert run(drive, REWIND, then=(FSB, READ)) == ("0D 00 8", b"")
    assert run(drive, BSB, then=(READ,))[0] == "25 00 8"
    assert run(drive, FSF, then=(READ,)) == ("0C 00 3", b"FIRST")


# ---- writing -------------------------------------------------------------------------------------------------------


def test_writing_replaces_the_rest_of_the_tape(drive):
    run(drive, FSF)
    assert run(drive, WRITE, count=3, data=b"NEW") == ("0C 00 0", b"NEW")
    assert run(drive, WTM)[0] == "08+04 00 8"
    assert blocks_of(drive) == (b"VOL1", None, b"NEW", None)
    run(drive, BSF)
    assert run(drive, BACKWARD) == ("0C 00 5", b"NEW")


def test_block_is_written_in_the_length_of_the_data_chain(drive):
    storage = Storage(0x4000)
    storage.write(0x2000, b"ABCDEFGH")
    storage.write(0x1000, CCW(WRITE, 0x2000, 0x80, 5).to_bytes() + CCW(0, 0x2006, 0, 2).to_bytes())
    program = ChannelProgram(drive, AbsoluteStorage(storage))
    program.start(bytes.fromhex("00001000"))
    program.step()
    assert (blocks_of(drive), program.csw.to_bytes()[4:].hex()) == ((b"ABCDEGH",), "0c000000")


def test_write_without_a_byte_leaves_the_tape_alone_and_says_word_count_zero(drive):
    storage = Storage(0x4000)
    storage.write(0x1000, CCW(WRITE, 0x5000, 0, 8).to_bytes())
    program = ChannelProgram(drive, AbsoluteStorage(storage))
    program.start(bytes.fromhex("00001000"))
    program.step()
    assert program.csw.to_bytes()[4:].hex() == "0e200008"
    assert (blocks_of(drive), sense(drive)[:5]) == (BLOCKS, "02 48")


def test_erased_gap_is_passed_over_in_both_directions(drive):
    to(drive, 4)
    for command in (BSB, ERG, ERG):
        run(drive, command)
    run(drive, WRITE, count=5, data=b"AGAIN")
    assert blocks_of(drive)[:3] == BLOCKS[:3]
    assert run(drive, BACKWARD) == ("0C 00 3", b"AGAIN")
    assert run(drive, BACKWARD) == ("0C 00 3", b"FIRST")
    assert run(drive, FSB, then=(READ,)) == ("0C 00 3", b"AGAIN")
    assert list(Tape.from_bytes(drive.image(), "again").blocks) == [*BLOCKS[:3], b"AGAIN"]


def test_data_security_erase_clears_the_tape_when_it_is_chained_to_erase_gap():
    drive = on(BLOCKS)
    to(drive, 3)
    assert run(drive, DSE)[0] == "02 00 8"
    assert sense(drive).startswith("80 44" if drive.writing else "80 40")
    assert run(drive, ERG, then=(NOP, DSE))[0] == "02 00 8"
    assert run(drive, BSB, then=(ERG, DSE))[0] == "08+04 00 8"
    assert list(read_tape(drive.image(), "erased").blocks) == list(BLOCKS[:2])
    assert run(drive, WTM)[0] == "08+25 00 8", "it stops at the end of the tape"


@pytest.mark.parametrize("kind", DRIVES, ids=lambda kind: kind.model)
@pytest.mark.parametrize(
    ("command", "status"),
    [
        pytest.param(WRITE, "0D 00 0", id="write"),
        pytest.param(WTM, "08+25 00 8", id="write-tape-mark"),
        pytest.param(ERG, "08+25 00 8", id="erase-gap"),
    ],
)
def test_writing_past_the_end_of_tape_is_a_unit_exception_and_is_done(kind, command, status):
    drive = kind(blank_tape("short", capacity=2000))
    assert run(drive, WRITE, data=b"12345678")[0] == "0C 00 0"
    run(drive, WRITE, data=b"12345678")
    assert run(drive, WRITE, data=b"12345678")[0] == "0D 00 0"
    assert run(drive, command, data=b"12345678")[0] == status
    assert len(drive.tape.blocks) == 4
    if kind is TapeDrive:
        assert sense(drive)[12:14] == "20", "tape indicate"
    for space in (BSB, BSB, BSB):
        run(drive, space)
    assert run(drive, WRITE, data=b"12345678")[0] == "0C 00 0", "before the reflector again"


def test_reading_past_the_end_of_tape_is_no_exception():
    drive = TapeDrive(Tape.of("short", [b"12345678"] * 9))
    drive.mount(blank_tape("short", capacity=10))
    for _ in range(3):
        run(drive, WRITE, data=b"12345678")
    run(drive, REWIND)
    assert [run(drive, READ)[0] for _ in range(4)] == ["0C 00 0"] * 3 + ["0E 00 8"]


def test_tape_ends_for_good_25_feet_past_the_reflector():
    drive = TapeDrive(blank_tape("short", capacity=10))
    drive.distance = 10 + 25 * 12 * 1600
    assert run(drive, WRITE, data=b"12345678")[0] == "0E 00 0"
    assert (len(drive.tape.blocks), sense(drive)[:2]) == (0, "10")


# ---- sense ---------------------------------------------------------------------------------------------------------

TAIL = "00 00 00 00 00 80 01 00 01 00 00 FF FF 00 00 00"


@pytest.mark.parametrize(
    ("before", "command", "of_3420", "of_2401"),
    [
        pytest.param(0, None, "00 48 00 04 00 C0 03 00 " + TAIL, "00 48 03 00 00 00", id="load-point"),
        pytest.param(1, None, "00 40 00 04 00 C0 03 00 " + TAIL, "00 40 03 00 00 00", id="ready"),
        pytest.param(1, WRITE, "00 44 00 04 00 C0 03 00 " + TAIL, "00 44 03 00 00 00", id="write-status"),
        pytest.param(1, BSB, "00 40 00 06 00 C0 03 00 " + TAIL, "00 40 03 02 00 00", id="backward"),
        pytest.param(0, BSB, "00 48 00 06 00 C0 03 00 " + TAIL, "00 48 03 02 00 00", id="backward-at-load-point"),
        pytest.param(1, BSF, "00 48 00 06 00 C0 03 00 " + TAIL, "00 48 03 02 00 00", id="backward-to-load-point"),
        pytest.param(1, 0x06, "80 40 00 04 00 C0 03 00 " + TAIL, "80 40 03 00 00 00", id="command-reject"),
        pytest.param(6, READ, "10 40 00 04 40 C0 03 60 " + TAIL, "10 40 03 00 40 00", id="off-the-reel"),
        pytest.param(1, UNLOAD, "40 22 00 04 00 C0 03 00 " + TAIL, "40 22 03 00 00 00", id="unloaded"),
        pytest.param(1, 0xCB, "00 40 00 00 00 C0 13 00 " + TAIL, "00 40 03 00 00 00", id="not-set-to-1600"),
    ],
)
def test_sense_bytes(before, command, of_3420, of_2401):
    for kind, expected in ((TapeDrive, of_3420), (TapeDrive2401, of_2401), (TapeDrive2415, of_2401)):
        drive = on(BLOCKS, kind)
        to(drive, before)
        if command is not None:
            run(drive, command)
        assert sense(drive) == expected


@pytest.mark.parametrize(
    ("block", "first_byte", "second_byte", "fourth_byte"),
    [
        pytest.param(BadBlock(b"A BAD BLOCK OF 20 B."), "08", "40", "C4", id="data-check"),
        pytest.param(BadBlock(b"NOISE"), "08", "C0", "C4", id="noise"),
        pytest.param(BadBlock(b""), "08", "C0", "C4", id="nothing-but-noise"),
    ],
)
def test_bad_block_is_delivered_with_a_data_check(block, first_byte, second_byte, fourth_byte):
    drive = on([block, None])
    assert run(drive, READ, count=20) == (f"0E 00 {20 - len(block.data)}", block.data)
    assert sense(drive).split()[:4] == [first_byte, second_byte, "00", fourth_byte]
    assert run(drive, BACKWARD, count=20) == (f"0E 00 {20 - len(block.data)}", block.data)
    assert run(drive, FSB)[0] == "08+04 00 8", "spacing does not look at the data"


def test_sense_lasts_until_a_command_other_than_sense_and_no_op(drive):
    run(drive, 0x06)
    for _ in range(2):
        assert sense(drive).startswith("80")
        run(drive, NOP)
    run(drive, 0xC3)
    assert sense(drive).startswith("00")


def test_sense_gives_as_many_bytes_as_the_program_asks_for(drive):
    assert run(drive, SENSE, count=2, flags=0) == ("0C 40 0", b"\x48")


# ---- file protection, readiness, the operator ----------------------------------------------------------------------


@pytest.mark.parametrize("command", [WRITE, WTM, ERG])
def test_tape_without_its_ring_cannot_be_written_to(drive, command):
    drive.mount(drive.tape.with_ring(False))
    assert not drive.write_enabled
    assert run(drive, command)[0] == "02 00 8"
    assert sense(drive).startswith("80 4A")
    assert blocks_of(drive) == BLOCKS
    assert run(drive, READ) == ("0C 00 4", b"VOL1")


@pytest.mark.parametrize("command", [READ, BACKWARD, WRITE, WTM, FSB, REWIND, UNLOAD, NOP, 0xC3])
def test_drive_without_a_tape_needs_somebody(drive, command):
    drive.unmount()
    assert run(drive, command)[0] == "02 00 8"
    assert sense(drive).startswith("40 22")
    assert drive.test() == UnitStatus.UNIT_CHECK


@pytest.mark.parametrize("command", [DMS, LWR, RESERVE, RELEASE])
def test_control_unit_of_a_3420_does_not_need_a_tape_for_what_moves_none(command):
    assert run(TapeDrive(two_channel_switch=True), command)[0].startswith("0C 00")


def test_unloaded_drive_tells_when_it_is_ready_again(drive):
    run(drive, UNLOAD)
    assert (drive.ready, drive.tape) == (False, None)
    assert drive.mount(Tape.of("other", [b"X"])) == UnitStatus.DEVICE_END
    assert drive.mount(Tape.of("third", [b"Y"])) == NO_STATUS
    assert run(drive, READ) == ("0C 00 7", b"Y")


def test_stopped_drive_goes_on_where_it_was_when_it_is_started(drive):
    run(drive, READ)
    assert (drive.stop(), drive.ready) == (NO_STATUS, False)
    assert run(drive, READ)[0] == "02 00 8"
    assert (drive.make_ready(), drive.make_ready()) == (UnitStatus.DEVICE_END, NO_STATUS)
    assert run(drive, READ)[0] == "0D 00 8"


@pytest.mark.parametrize("command", [FSB, FSF, REWIND, WTM, UNLOAD])
def test_tape_taken_off_while_it_moves_is_an_equipment_check(drive, command):
    drive.begin()
    assert drive.start(command) == UnitStatus.CHANNEL_END
    drive.unmount()
    assert f"{drive.finish(command):02X}" == "26"
    assert sense(drive).startswith("10 22")


def test_image_is_there_while_the_tape_is_mounted_and_after_it_was_unloaded():
    drive = TapeDrive(blank_tape("new", TapeFormat.TAP))
    run(drive, WRITE, count=3, data=b"NEW")
    written = drive.image()
    run(drive, UNLOAD)
    assert drive.image() == written == bytes.fromhex("03000000 4E455700 03000000 FFFFFFFF")
    with pytest.raises(UserError, match="there is no tape on the 3420, and none has been; mount one first"):
        TapeDrive().image()


# ---- features and the commands of one control unit ----------------------------------------------------------------


@pytest.mark.parametrize("command", [DSE, LWR, RESERVE, RELEASE, 0xD3])
def test_2803_knows_no_command_of_the_3803(command):
    for kind in (TapeDrive2401, TapeDrive2415):
        assert run(on(BLOCKS, kind), command)[0] == "02 00 8"


@pytest.mark.parametrize(
    ("features", "command", "status"),
    [
        pytest.param({}, 0x93, "0C", id="converter-mode-on-nine-tracks"),
        pytest.param({"seven_track": True}, 0x93, "0C", id="converter-mode"),
        pytest.param({"seven_track": True, "data_converter": False}, 0x93, "0E", id="no-converter"),
        pytest.param({"seven_track": True, "data_converter": False}, 0xA3, "0C", id="mode-without-converter"),
        pytest.param({"two_channel_switch": True}, RESERVE, "0C", id="reserve"),
        pytest.param({}, RESERVE, "02", id="reserve-without-switch"),
        pytest.param({}, LWR, "0C", id="loop-write-to-read"),
        pytest.param({}, DMS, "0C", id="diagnostic-mode-set"),
    ],
)
def test_features_decide_which_commands_are_accepted(features, command, status):
    assert run(on(BLOCKS, **features), command)[0].split()[0] == status


def test_seven_track_drive_says_so():
    assert sense(on(BLOCKS, seven_track=True)).startswith("00 58 00 04 00 C0 83")
    assert sense(on(BLOCKS, TapeDrive2401, seven_track=True)).startswith("00 58")


def test_sense_reserve_must_be_first_in_its_chain():
    drive = on(BLOCKS, two_channel_switch=True)
    assert run(drive, NOP, then=(RESERVE,))[0].startswith("02")
    assert run(drive, RESERVE)[0].startswith("0C")


def test_loop_write_to_read_takes_the_data_and_leaves_the_tape_alone():
    drive = on(BLOCKS)
    assert run(drive, LWR, data=b"12345678")[0] == "0C 00 0"
    assert (blocks_of(drive), drive.at_load_point, sense(drive)[12:14]) == (BLOCKS, True, "04")


@pytest.mark.parametrize(
    ("command", "status", "position"),
    [
        pytest.param(READ, 0x0C, 3, id="read-passes-the-block"),
        pytest.param(BACKWARD, 0x0D, 1, id="read-backward-passes-the-mark"),
        pytest.param(WRITE, 0x0E, 2, id="nothing-is-written"),
        pytest.param(TIE, 0x0C, 2, id="no-motion"),
    ],
)
def test_halted_command_moves_the_tape_but_no_data(drive, command, status, position):
    to(drive, 2)
    assert (drive.start(command), drive.halt(command), drive.position) == (NO_STATUS, status, position)
    assert blocks_of(drive) == BLOCKS


def test_reset_forgets_sense_and_mode_and_leaves_the_tape(drive):
    to(drive, 2)
    run(drive, 0xCB)
    run(drive, 0x06)
    drive.reset()
    assert (sense(drive)[:5], drive.density, drive.position) == ("00 40", 1600, 2)


@pytest.mark.parametrize(
    ("command", "position"),
    [
        pytest.param(REWIND, 0, id="rewind"),
        pytest.param(UNLOAD, 0, id="unload"),
        pytest.param(FSB, 2, id="space"),
        pytest.param(WTM, 2, id="write"),
    ],
)
def test_reset_stops_any_motion_but_a_rewind(drive, command, position):
    to(drive, 2)
    drive.begin()
    drive.start(command)
    drive.reset()
    assert (drive.position, drive.ready, drive.sense) == (position, command != UNLOAD, bytes(drive.sense_length))
    assert list(read_tape(drive.image(), "test").blocks) == list(BLOCKS)


# ---- time and checkpoints ------------------------------------------------------------------------------------------


def test_rewind_takes_longer_than_a_block_and_nothing_at_the_load_point(drive):
    assert drive.working(REWIND, 1) == drive.working(FSB, 1) == drive.working(UNLOAD, 1)
    run(drive, FSB)
    assert drive.working(FSB, 1) < drive.working(FSF, 1) < drive.working(REWIND, 1)
    assert drive.duration(READ, 80_000) > drive.duration(READ, 80)


@given(st.lists(st.sampled_from([READ, FSB, FSF, BSB, BSF, BACKWARD, WRITE, WTM, ERG, 0xCB, UNLOAD]), max_size=12))
def test_restored_checkpoint_goes_on_the_same_way(commands):
    drive = on(BLOCKS)
    for before in range(len(commands)):
        checkpoint = drive.state()
        first = [run(drive, command, data=b"WRITTEN!") for command in commands[before:]]
        after = drive.state()
        drive.restore(checkpoint)
        assert [run(drive, command, data=b"WRITTEN!") for command in commands[before:]] == first
        assert drive.state() == after
        drive.restore(checkpoint)
        run(drive, commands[before], data=b"WRITTEN!")


def nodes(recording):
    """All nodes of the tree by identity; kept alive by the recording."""
    level, found = [recording.root], {id(recording.root)}
    for _ in range(recording.height):
        level = [child for node in level for child in node]
        found |= {id(node) for node in level}
    return found


def test_checkpoint_shares_all_but_one_node_a_level_however_long_the_tape_is():
    drive = TapeDrive(Tape.of("long", [b"80 BYTES" * 10] * 40_000).with_ring())
    drive.position = 30_000
    kept = [drive.state()]
    for _ in range(100):
        drive.start(WTM)
        drive.finish(WTM)
        kept.append(drive.state())
    recordings = [contents[0].blocks for _sense, contents in kept]
    for old, new in pairwise(recordings):
        assert new.height == 3
        assert len(nodes(new) - nodes(old)) <= new.height + 1
    drive.restore(kept[0])
    assert len(drive.tape.blocks) == 40_000


def test_reading_and_spacing_make_nothing_new():
    drive = on(BLOCKS)
    before = drive.contents()[0]
    for command in (READ, FSB, BSB, FSF, BSF, REWIND, BACKWARD):
        run(drive, command)
        assert drive.contents()[0] is before


ACTIONS = st.sampled_from([READ, BACKWARD, FSB, FSF, BSB, BSF, REWIND, WTM, ERG, WRITE])


@given(st.lists(st.tuples(ACTIONS, st.binary(min_size=1, max_size=8)), max_size=40))
def test_drive_moves_and_writes_as_a_plain_list_does(steps):
    """The model is a Python list of blocks and marks, and a place in it."""
    drive, tape, at = TapeDrive(blank_tape("model")), [], 0
    for command, data in steps:
        _status, area = run(drive, command, count=len(data), data=data if command == WRITE else b"")
        if command in (READ, FSB):
            if at < len(tape):
                got, at = tape[at], at + 1
                assert command != READ or area == (got or b"")[: len(data)].strip(b"\0")
        elif command in (BACKWARD, BSB):
            at = max(0, at - 1)
        elif command == FSF:
            at = next((place + 1 for place in range(at, len(tape)) if tape[place] is None), len(tape))
        elif command == BSF:
            at = next((place for place in range(at - 1, -1, -1) if tape[place] is None), 0)
        elif command == REWIND:
            at = 0
        else:
            new = [] if command == ERG else [None if command == WTM else data]
            tape, at = tape[:at] + new, at + len(new)
        behind = [block for block in blocks_of(drive)[: drive.position] if not isinstance(block, Gap)]
        assert behind == tape[:at]
    assert [block for block in blocks_of(drive) if not isinstance(block, Gap)] == tape


# ---- on a channel --------------------------------------------------------------------------------------------------


class Bench:
    """A drive on a channel: START I/O, TEST I/O and interruptions, each with the CSW that it stores."""

    ADDRESS = 0x181

    def __init__(self, drive):
        self.machine, self.drive = Machine(0x10000), drive
        self.channels = self.machine.channels
        self.channels.attach(self.ADDRESS, drive)

    def load_real(self, real, length):
        return self.machine.storage.read(real, length)

    def store_real(self, real, data):
        self.machine.storage.write(real, data)

    def start(self, *commands):
        for place, command in enumerate(commands):
            flags = SLI | (CHAIN if place < len(commands) - 1 else 0)
            self.store_real(0x1000 + 8 * place, CCW(command, 0x2000, flags, 8).to_bytes())
        self.store_real(PSA.CAW, bytes.fromhex("00001000"))
        return self.result(self.channels.start_io)

    def test(self):
        return self.result(self.channels.test_io)

    def result(self, instruction):
        self.store_real(PSA.CSW, bytes(8))
        cc = instruction(self, self.ADDRESS)
        return f"CC{cc} {self.load_real(PSA.CSW, 8).hex(' ', 4).upper()}" if cc == 1 else f"CC{cc}"

    def interruption(self):
        """Let time pass until one is pending, and take it; the CSW."""
        while self.channels.pending(PSW(system_mask=0xFF), 0) is None:
            assert self.channels.next_event is not None, "no interruption comes"
            self.machine.clocks.now = self.channels.next_event
            self.channels.advance()
        self.store_real(PSA.CSW, bytes(8))
        self.channels.accept(self, self.ADDRESS)
        return self.load_real(PSA.CSW, 8).hex(" ", 4).upper()


@pytest.fixture
def bench():
    return Bench(on(BLOCKS))


NOTHING_LEFT, BUSY, NOT_READY = "CC0", "CC1 00000000 10000000", "CC1 00000000 02000000"


@pytest.mark.parametrize(
    ("before", "command", "device_end"),
    [
        pytest.param(2, FSB, "04", id="block"),
        pytest.param(1, FSB, "25", id="tape-mark"),
        pytest.param(2, REWIND, "04", id="rewind"),
        pytest.param(2, UNLOAD, "26", id="unload"),
        pytest.param(2, WTM, "04", id="write-tape-mark"),
    ],
)
def test_motion_ends_with_channel_end_at_start_io_and_device_end_in_an_interruption(bench, before, command, device_end):
    to(bench.drive, before)
    assert bench.start(command) == "CC1 00000000 08000000"
    assert (bench.test(), bench.start(NOP)) == (BUSY, BUSY)
    assert bench.interruption() == f"00000000 {device_end}000000"
    assert bench.test() == (NOT_READY if command == UNLOAD else NOTHING_LEFT)


def test_data_command_ends_in_one_interruption(bench):
    assert bench.start(READ) == NOTHING_LEFT
    assert bench.test() == "CC2"
    assert bench.interruption() == "00001008 0C000004"
    assert bench.test() == NOTHING_LEFT


def test_chain_of_motions_ends_in_one_interruption_with_what_stopped_it(bench):
    assert bench.start(FSF, FSB, FSB, BSF, READ) == NOTHING_LEFT
    assert bench.interruption() == "00001028 0D000008"
    assert bench.start(REWIND, FSB, FSB, READ) == NOTHING_LEFT
    assert bench.interruption() == "00001018 25000008", "the tape mark ends the chain"
    assert bench.start(READ, REWIND) == NOTHING_LEFT
    assert bench.interruption() == "00001010 08000008", "device end comes at the load point"
    assert bench.interruption() == "00000000 04000000"


def test_program_is_loaded_from_a_tape():
    psw = bytes.fromhex("0002000000001234")
    first = psw + CCW(READ, 0x3000, SLI, 80).to_bytes() + bytes(8)
    bench = Bench(on([first, b"THE PROGRAM", None]))
    bench.machine.load(Bench.ADDRESS)
    assert bench.machine.cpu.psw.instruction_address == 0x1234
    assert bench.load_real(0x3000, 11) == b"THE PROGRAM"
