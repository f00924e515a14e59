"""The tape drive and AWS tape images."""

import re
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edu_hv.devices.tape import AwsTape, TapeDrive, aws_image
from edu_hv.isa.codes import UnitStatus
from edu_hv.isa.errors import UserError
from edu_hv.machine.ccw import CCW, NO_STATUS
from edu_hv.machine.channel_program import AbsoluteStorage, ChannelProgram
from edu_hv.machine.storage import Storage

BLOCKS = (b"VOL1", None, b"FIRST", b"SECOND", None, None)
READ, BACKWARD, REWIND, UNLOAD = 0x02, 0x0C, 0x07, 0x0F
BSB, BSF, FSB, FSF = 0x27, 0x2F, 0x37, 0x3F
COUNT = 8


def run(drive, command, flags=0x20, count=COUNT):
    """One CCW; the CSW's status and residual in hexadecimal, and the data area."""
    storage = Storage(0x4000)
    at = 0x2000 + (count - 1 if command == BACKWARD else 0)
    storage.write(0x1000, CCW(command, at, flags, count).to_bytes())
    program = ChannelProgram(drive, AbsoluteStorage(storage))
    going = program.start(bytes.fromhex("00001000"))
    while going:
        going = program.step()
    return program.csw.to_bytes()[4:].hex(" ", 2).upper(), storage.read(0x2000, count).strip(b"\0")


def sense(drive):
    status, _ = run(drive, 0x04, count=24)
    assert status == "0C00 0000"
    storage = Storage(0x4000)
    storage.write(0x1000, CCW(0x04, 0x2000, 0, 24).to_bytes())
    program = ChannelProgram(drive, AbsoluteStorage(storage))
    program.start(bytes.fromhex("00001000"))
    program.step()
    return storage.read(0x2000, 2).hex().upper()


@pytest.fixture
def drive():
    return TapeDrive(AwsTape.from_bytes(aws_image(BLOCKS), "test"))


# ---- commands ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "command", "status", "data", "position"),
    [
        pytest.param(0, READ, "0C00 0004", b"VOL1", 1, id="read"),
        pytest.param(1, READ, "0D00 0008", b"", 2, id="read-tape-mark"),
        pytest.param(6, READ, "0E00 0008", b"", 6, id="read-blank-tape"),
        pytest.param(1, BACKWARD, "0C00 0004", b"VOL1", 0, id="read-backward"),
        pytest.param(2, BACKWARD, "0D00 0008", b"", 1, id="read-backward-tape-mark"),
        pytest.param(0, BACKWARD, "0E00 0008", b"", 0, id="read-backward-at-load-point"),
        pytest.param(0, FSB, "0C00 0008", b"", 1, id="forward-block"),
        pytest.param(1, FSB, "0D00 0008", b"", 2, id="forward-block-tape-mark"),
        pytest.param(3, BSB, "0C00 0008", b"", 2, id="back-block"),
        pytest.param(2, BSB, "0D00 0008", b"", 1, id="back-block-tape-mark"),
        pytest.param(0, BSB, "0E00 0008", b"", 0, id="back-block-at-load-point"),
        pytest.param(2, FSF, "0C00 0008", b"", 5, id="forward-file"),
        pytest.param(6, FSF, "0E00 0008", b"", 6, id="forward-file-blank-tape"),
        pytest.param(4, BSF, "0C00 0008", b"", 1, id="back-file"),
        pytest.param(1, BSF, "0E00 0008", b"", 0, id="back-file-to-load-point"),
        pytest.param(4, REWIND, "0C00 0008", b"", 0, id="rewind"),
        pytest.param(4, 0xC3, "0C00 0008", b"", 4, id="mode-set"),
    ],
)
def test_tape_commands(drive, before, command, status, data, position):
    drive.position = before
    result, area = run(drive, command)
    assert (result, area.strip(b"\0"), drive.position) == (status, data, position)


@pytest.mark.parametrize(
    ("command", "count", "flags", "status"),
    [
        pytest.param(READ, 4, 0, "0C00 0000", id="exact"),
        pytest.param(READ, 8, 0, "0C40 0004", id="short-block"),
        pytest.param(READ, 3, 0, "0C40 0000", id="long-block"),
        pytest.param(FSB, 1, 0, "0C00 0001", id="control-commands-have-no-length"),
    ],
)
def test_incorrect_length_comes_from_the_channel(drive, command, count, flags, status):
    assert run(drive, command, flags, count)[0] == status


@pytest.mark.parametrize(
    ("position", "command", "first_bytes"),
    [
        pytest.param(0, None, "004A", id="load-point"),
        pytest.param(1, None, "0042", id="ready-and-file-protected"),
        pytest.param(1, 0x01, "8042", id="write"),
        pytest.param(1, 0x1F, "8042", id="write-tape-mark"),
        pytest.param(1, 0x17, "8042", id="erase-gap"),
        pytest.param(1, 0x97, "8042", id="data-security-erase"),
        pytest.param(0, BSB, "004A", id="backward-at-load-point"),
        pytest.param(6, READ, "0842", id="blank-tape"),
        pytest.param(1, UNLOAD, "0020", id="unloaded"),
    ],
)
def test_sense(drive, position, command, first_bytes):
    drive.position = position
    if command is not None:
        run(drive, command)
    assert sense(drive) == first_bytes


@pytest.mark.parametrize("command", [0x01, 0x1F, 0x17, 0x97])
def test_drive_refuses_to_write(drive, command):
    assert run(drive, command)[0] == "0200 0008"
    assert drive.tape.blocks == BLOCKS


def test_drive_without_a_tape_needs_somebody(drive):
    assert run(drive, UNLOAD)[0] == "0C00 0008"
    assert run(drive, READ)[0] == "0200 0008"
    assert sense(drive) == "4020"
    assert drive.mount(AwsTape("other", (b"X",))) == UnitStatus.DEVICE_END
    assert drive.mount(AwsTape("third", (b"Y",))) == NO_STATUS
    assert run(drive, READ) == ("0C00 0007", b"Y")


def test_restored_checkpoint_goes_on_the_same_way(drive):
    commands = [READ, READ, FSB, 0x01, BACKWARD, UNLOAD, READ]
    for before in range(len(commands)):
        checkpoint = drive.state()
        first = [run(drive, command) for command in commands[before:]]
        after = drive.state()
        drive.restore(checkpoint)
        assert [run(drive, command) for command in commands[before:]] == first
        assert drive.state() == after
        drive.restore(checkpoint)
        run(drive, commands[before])


# ---- images --------------------------------------------------------------------------------------------------------


def test_image_is_what_the_format_says():
    assert aws_image([b"ABC", None, b"DE"]).hex(" ") == (
        "03 00 00 00 a0 00 41 42 43 00 00 03 00 40 00 02 00 00 00 a0 00 44 45"
    )
    assert aws_image([b"ABCDE"], chunk=3).hex(" ") == "03 00 00 00 80 00 41 42 43 02 00 03 00 20 00 44 45"


@given(
    st.lists(st.none() | st.binary(min_size=1, max_size=40), min_size=1),
    st.integers(min_value=1, max_value=50),
)
def test_image_gives_back_its_blocks(blocks, chunk):
    assert AwsTape.from_bytes(aws_image(blocks, chunk), "test").blocks == tuple(blocks)


def test_block_longer_than_a_chunk():
    block = bytes(range(256)) * 300
    assert AwsTape.from_bytes(aws_image([block]), "test").blocks == (block,)


def test_block_of_no_bytes_is_no_block():
    with pytest.raises(ValueError, match="at least 1 byte"):
        aws_image([b""])


def header(length, previous, flags):
    return length.to_bytes(2, "little") + previous.to_bytes(2, "little") + bytes([flags, 0])


AT_4102 = header(4096, 0, 0xA0) + bytes(4096)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        pytest.param(b"", "is empty: expected a block header of 6 bytes at its start", id="empty"),
        pytest.param(
            AT_4102 + header(80, 80, 0xA0) + bytes(80),
            "the block header at byte 4102 says the previous block had 80 bytes, but it had 4096", id="previous-length",
        ),
        pytest.param(AT_4102 + b"\x00\x00\x00", "the block header at byte 4102 is cut short: 3 of 6 bytes are there",
                     id="header-cut-short"),
        pytest.param(
            AT_4102 + header(80, 4096, 0xA0) + bytes(79),
            "the block header at byte 4102 says the block has 80 bytes, but the image ends after 79", id="data-short",
        ),
        pytest.param(
            AT_4102 + header(80, 4096, 0xA5) + bytes(80),
            "the block header at byte 4102 has flags X'A5', but only X'A0', X'80', X'00', X'20' and X'40' are known",
            id="flags",
        ),
        pytest.param(
            AT_4102 + header(80, 4096, 0x20) + bytes(80),
            "the block header at byte 4102 continues a block that never began", id="continuation",
        ),
        pytest.param(
            header(2, 0, 0x80) + b"AB" + header(2, 2, 0xA0) + b"CD",
            "the block header at byte 8 starts a block, but the one before it has no end", id="no-end",
        ),
        pytest.param(
            header(2, 0, 0x80) + b"AB" + header(0, 2, 0x40),
            "the block header at byte 8 marks a tape mark, but the block before it has no end", id="no-end-tape-mark",
        ),
        pytest.param(
            header(2, 0, 0x80) + b"AB",
            "the block header at byte 0 is not the last of its block, but the image ends after it", id="no-end-at-all",
        ),
        pytest.param(
            header(2, 0, 0x40) + b"AB",
            "the block header at byte 0 marks a tape mark, but 2 bytes follow where none are expected", id="tape-mark",
        ),
        pytest.param(
            header(0, 0, 0xA0), "the block header at byte 0 says the block has 0 bytes, but a block has at least 1",
            id="no-bytes",
        ),
    ],
)  # fmt: skip
def test_damaged_image_is_refused_in_one_sentence(image, message):
    with pytest.raises(UserError) as caught:
        AwsTape.from_bytes(image, "backup.aws")
    ending = "" if not image else "; the image is damaged there"
    assert str(caught.value) == f"tape image backup.aws{'' if not image else ':'} {message}{ending}"


@given(st.data())
def test_any_damage_is_read_or_refused(data):
    image = bytearray(aws_image([b"A" * 20, b"B" * 10, None, b"C" * 30], chunk=16))
    at = data.draw(st.integers(0, len(image) - 1))
    image[at] = data.draw(st.integers(0, 255))
    refusal = refusal_of(bytes(image))
    assert refusal is None or re.fullmatch(r"tape image test: the block header at byte \d+ .* damaged there", refusal)


def refusal_of(image):
    try:
        AwsTape.from_bytes(image, "test")
    except UserError as error:
        return str(error)
    return None


@pytest.mark.hercules
@pytest.mark.skipif(shutil.which("tapemap") is None, reason="Hercules is not installed")
def test_hercules_reads_our_image(tmp_path):
    image = tmp_path / "test.aws"
    image.write_bytes(aws_image([b"A" * 80, b"B" * 4096, b"B" * 4096, None, b"C" * 80, None, None]))
    output = subprocess.run(["tapemap", image], capture_output=True, text=True, check=True, timeout=60).stdout
    files = re.findall(r"File (\d+): Blocks=(\d+), block size min=(\d+), max=(\d+)", output)
    assert files[:2] == [("1", "3", "80", "4096"), ("2", "1", "80", "80")]


@pytest.mark.hercules
@pytest.mark.skipif(shutil.which("hetinit") is None, reason="Hercules is not installed")
def test_we_read_an_image_by_hercules(tmp_path):
    image = tmp_path / "labelled.aws"
    subprocess.run(["hetinit", "-d", image, "VOL001", "OWNER"], capture_output=True, check=True, timeout=60)
    blocks = AwsTape.from_bytes(image.read_bytes(), "labelled.aws").blocks
    assert [block and block[:10].decode("cp037") for block in blocks] == ["VOL1VOL001", "HDR1000000", None]
