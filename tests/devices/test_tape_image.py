"""Tape images: AWS, HET and SIMH's format, read, written, damaged, and exchanged with Hercules' tools."""

import bz2
import re
import shutil
import subprocess
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edu_hv.devices.tape import Tape, aws_image
from edu_hv.devices.tape_aws import read_aws
from edu_hv.devices.tape_blocks import FAN, BadBlock, Gap, Recording
from edu_hv.devices.tape_image import FULL_REEL, TapeFormat, blank_tape, read_tape, write_image
from edu_hv.devices.tape_tap import read_tap, tap_image
from edu_hv.isa.errors import UserError

BLOCKS = (b"A" * 80, None, b"\xe5\xd6\xd3\xf1" * 1000, b"ODD", None, None)
PLAIN = st.lists(st.none() | st.binary(min_size=1, max_size=40) | st.just(b"ALIKE" * 50), min_size=1)
GAP = b"\xfe\xff\xff\xff"


def header(length, previous, flags, more=0):
    return length.to_bytes(2, "little") + previous.to_bytes(2, "little") + bytes([flags, more])


def word(value):
    return value.to_bytes(4, "little")


# ---- what the formats say ------------------------------------------------------------------------------------------


def test_aws_image_is_what_the_format_says():
    assert aws_image([b"ABC", None, b"DE"]).hex(" ") == (
        "03 00 00 00 a0 00 41 42 43 00 00 03 00 40 00 02 00 00 00 a0 00 44 45"
    )
    assert aws_image([b"ABCDE"], chunk=3).hex(" ") == "03 00 00 00 80 00 41 42 43 02 00 03 00 20 00 44 45"


@pytest.mark.parametrize(
    ("tape_format", "flags", "compress"),
    [
        pytest.param(TapeFormat.HET, 0xA1, zlib.compress, id="zlib"),
        pytest.param(TapeFormat.HET_BZIP2, 0xA2, bz2.compress, id="bzip2"),
    ],
)
def test_het_image_is_aws_with_blocks_compressed_where_that_makes_them_shorter(tape_format, flags, compress):
    block = b"SAME" * 100
    packed = compress(block, 4)
    image = write_image(Tape.of("test", [block, b"X"]), tape_format)
    assert image == header(len(packed), 0, flags) + packed + header(1, len(packed), 0xA0) + b"X"


def test_tap_image_is_what_the_format_says():
    blocks = [b"ABC", None, BadBlock(b"DE"), Gap(GAP)]
    image = word(3) + b"ABC\0" + word(3) + word(0) + word(0x80000002) + b"DE" + word(0x80000002) + GAP + b"\xff" * 4
    assert tap_image(blocks) == image
    assert read_tap(image, "test") == blocks


@pytest.mark.parametrize(
    ("image", "blocks"),
    [
        pytest.param(word(1) + b"A\0" + word(1), [b"A"], id="end-of-file-is-end-of-medium"),
        pytest.param(b"\xff\xff\xff\xffrest", [], id="nothing-behind-the-end-of-medium"),
        pytest.param(word(3) + b"ABC" + word(3) + word(0), [b"ABC", None], id="length-not-made-even"),
        pytest.param(b"\xff\xff" + GAP + word(0), [Gap(b"\xff\xff" + GAP), None], id="half-gap"),
        pytest.param(
            word(0x10000002) + b"PR" + word(0x10000002) + word(0x70000000) + word(0),
            [Gap(word(0x10000002) + b"PR" + word(0x10000002) + word(0x70000000)), None],
            id="private-record-and-marker",
        ),
        pytest.param(word(0x80000000) * 2, [BadBlock(b"")], id="bad-record-without-data"),
    ],
)
def test_tap_reader_takes_what_the_format_allows(image, blocks):
    tape = read_tape(image, "test")
    assert (list(tape.blocks), tape.format) == (blocks, TapeFormat.TAP)


def test_block_compressed_by_tape_hardware_is_read():
    packed = zlib.compress(b"SAME" * 100)
    tape = read_tape(header(len(packed), 0, 0xA0, 0x80) + packed, "test")
    assert (list(tape.blocks), tape.format) == ([b"SAME" * 100], TapeFormat.HET)


# ---- there and back ------------------------------------------------------------------------------------------------


@given(PLAIN, st.sampled_from(TapeFormat))
def test_image_gives_back_its_blocks_and_its_format(blocks, tape_format):
    image = write_image(Tape.of("test", blocks), tape_format)
    tape = read_tape(image, "test")
    assert list(tape.blocks) == blocks
    assert tape.image() == image
    compressed = any(block is not None and len(block) > 100 for block in blocks)
    assert tape.format is (tape_format if compressed or tape_format is TapeFormat.TAP else TapeFormat.AWS)


@given(
    st.lists(
        st.none()
        | st.binary(min_size=1, max_size=40)
        | st.builds(BadBlock, st.binary(max_size=9))
        | st.integers(1, 3).map(lambda n: Gap(GAP * n)),
    ).filter(lambda blocks: not any(isinstance(a, Gap) and isinstance(b, Gap) for a, b in zip(blocks, blocks[1:])))  # noqa: B905, RUF007
)
def test_tap_image_keeps_gaps_and_errors(blocks):
    assert read_tap(tap_image(blocks), "test") == blocks


@given(st.lists(st.none() | st.binary(min_size=1, max_size=40), min_size=1), st.integers(min_value=1, max_value=50))
def test_aws_chunks_of_any_size_are_put_together(blocks, chunk):
    assert list(Tape.from_bytes(aws_image(blocks, chunk), "test").blocks) == blocks


def test_block_longer_than_a_chunk():
    block = bytes(range(256)) * 300
    for tape_format in TapeFormat:
        assert list(read_tape(write_image(Tape.of("test", [block, None]), tape_format), "test").blocks) == [block, None]


def test_block_of_no_bytes_is_no_block():
    with pytest.raises(ValueError, match="at least 1 byte"):
        aws_image([b""])


def test_aws_leaves_out_gaps_and_keeps_the_data_of_bad_blocks():
    assert read_aws(aws_image([b"A", Gap(GAP), BadBlock(b"B"), BadBlock(b"")]), "test") == ([b"A", b"B"], 0)


def test_blank_tape_has_nothing_on_it_and_can_be_written_on():
    for tape_format in TapeFormat:
        tape = blank_tape("new", tape_format)
        assert (len(tape.blocks), tape.write_enabled, tape.capacity) == (0, True, FULL_REEL)
        assert tape.image() == (b"\xff" * 4 if tape_format is TapeFormat.TAP else b"")
        written = tape.recorded(0, b"SAME" * 100)
        assert read_tape(written.image(), "new").format is tape_format
        assert (len(tape.blocks), list(written.blocks)) == (0, [b"SAME" * 100])


def test_ring_is_a_matter_of_the_reel():
    tape = Tape.from_bytes(aws_image(BLOCKS), "test")
    assert (tape.write_enabled, tape.with_ring().write_enabled, tape.with_ring(False).write_enabled) == (0, 1, 0)


# ---- the sequence of blocks ----------------------------------------------------------------------------------------


@given(st.integers(0, 3 * FAN), st.lists(st.tuples(st.integers(0, 1 << 20), st.binary(min_size=1, max_size=2))))
def test_recording_is_a_list_that_is_cut_where_it_is_written(size, writes):
    plain = [bytes([number % 256, number >> 8]) for number in range(size * FAN // 2)]
    recording = Recording.of(plain)
    for at, block in writes:
        at %= len(plain) + 1
        before = list(recording)
        plain, recorded = [*plain[:at], block], recording.recorded(at, block)
        assert (list(recorded), list(recording)) == (plain, before)
        recording = recorded
    assert len(recording) == len(plain)
    for outside in (-1, len(plain)):
        with pytest.raises(IndexError):
            recording[outside]


# ---- damage --------------------------------------------------------------------------------------------------------

AT_4102 = header(4096, 0, 0xA0) + bytes(4096)
SHORT_ZLIB = zlib.compress(bytes(400))[:-6]
BOMB = zlib.compress(bytes(65_536))


@pytest.mark.parametrize(
    ("image", "message"),
    [
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
            AT_4102 + header(80, 4096, 0xA4) + bytes(80),
            "the block header at byte 4102 has flags X'A4', but only X'40' is known (a tape mark) and X'00', X'20',"
            " X'80' and X'A0', with X'01' for zlib or X'02' for bzip2", id="flags",
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
        pytest.param(
            header(2, 0, 0x81) + b"AB" + header(2, 2, 0x20) + b"CD",
            "the block header at byte 8 continues a block that is compressed in another way", id="compression-changes",
        ),
        pytest.param(
            AT_4102 + header(len(SHORT_ZLIB), 4096, 0xA1) + SHORT_ZLIB,
            f"the block header at byte 4102 says the block is compressed by zlib, but its {len(SHORT_ZLIB)} bytes"
            " cannot be decompressed", id="zlib-cut-short",
        ),
        pytest.param(
            header(5, 0, 0xA2) + b"BZh9X", "the block header at byte 0 says the block is compressed by bzip2, but its"
            " 5 bytes cannot be decompressed", id="bzip2",
        ),
        pytest.param(
            header(len(BOMB), 0, 0xA1) + BOMB, "the block header at byte 0 says the block is compressed by zlib, but"
            f" its {len(BOMB)} bytes cannot be decompressed", id="more-than-a-block-may-have",
        ),
        pytest.param(word(2) + b"AB" + word(2) + b"\x02\0", "the record length at byte 10 is cut short: 2 of 4 bytes"
                     " are there", id="tap-length-cut-short"),
        pytest.param(word(0) + word(0x0FFFFFFF) + b"AB", "the record length at byte 4 is 268435455, but the image ends"
                     " after 2", id="tap-huge-length"),
        pytest.param(word(2) + b"AB" + word(3), "the record at byte 0 has the length 00000002 before it and 00000003"
                     " after", id="tap-lengths-differ"),
        pytest.param(word(2) + b"AB", "the record length at byte 6 is cut short: 0 of 4 bytes are there",
                     id="tap-no-length-behind"),
    ],
)  # fmt: skip
def test_damaged_image_is_refused_in_one_sentence(image, message):
    with pytest.raises(UserError) as caught:
        read_tape(image, "backup")
    assert str(caught.value) == f"tape image backup: {message}; the image is damaged there"


def test_empty_image_is_refused():
    with pytest.raises(
        UserError, match=r"tape image new\.aws is empty: expected a block header of 6 bytes at its start; a blank"
    ):
        read_tape(b"", "new.aws")


IMAGES = [write_image(Tape.of("test", [b"A" * 200, b"B" * 11, None, b"C" * 30]), kind) for kind in TapeFormat]
IMAGES.append(aws_image([b"A" * 20, b"B" * 10, None, b"C" * 30], chunk=16))
REFUSAL = re.compile(r"tape image test: the (block header|record|record length) at byte \d+ .* damaged there")


@settings(max_examples=400)
@given(st.sampled_from(IMAGES), st.data())
def test_any_damage_is_read_or_refused(image, data):
    damaged = bytearray(image)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(image) - 1))
        damaged[at] = data.draw(st.integers(0, 255))
    damaged = damaged[: data.draw(st.integers(1, len(image)))]
    refusal = refusal_of(bytes(damaged))
    assert refusal is None or REFUSAL.fullmatch(refusal)


@given(st.binary(min_size=1, max_size=60))
def test_any_file_is_read_or_refused(data):
    refusal = refusal_of(data)
    assert refusal is None or REFUSAL.fullmatch(refusal)


def refusal_of(image):
    try:
        read_tape(image, "test")
    except UserError as error:
        return str(error)
    return None


# ---- Hercules' tools -----------------------------------------------------------------------------------------------


def tool(*arguments):
    """What a tool of Hercules prints."""
    if shutil.which(arguments[0]) is None:
        pytest.skip("Hercules is not installed")
    return subprocess.run(arguments, capture_output=True, encoding="latin-1", check=True, timeout=60).stdout


@pytest.mark.hercules
@pytest.mark.parametrize("tape_format", [TapeFormat.AWS, TapeFormat.HET, TapeFormat.HET_BZIP2], ids=lambda f: f.value)
def test_hercules_maps_our_image(tmp_path, tape_format):
    image = tmp_path / "test.tape"
    tape = Tape.of("test", [b"A" * 80, b"B" * 4096, b"B" * 4096, None, b"C" * 80, None, None])
    image.write_bytes(write_image(tape, tape_format))
    output = tool("hetmap", "-f", image)
    found = [re.findall(rf"{name} +: +(\d+)", output) for name in ("Uncompressed bytes", "Blocks")]
    assert found == [["8272", "80", "0", "8352"], ["3", "1", "0", "4"]], "two files, an empty one, and all together"


@pytest.mark.hercules
def test_tapemap_reads_our_aws_image(tmp_path):
    image = tmp_path / "test.aws"
    image.write_bytes(aws_image([b"A" * 80, b"B" * 4096, b"B" * 4096, None, b"C" * 80, None, None]))
    files = re.findall(r"File (\d+): Blocks=(\d+), block size min=(\d+), max=(\d+)", tool("tapemap", image))
    assert files[:2] == [("1", "3", "80", "4096"), ("2", "1", "80", "80")]


@pytest.mark.hercules
@pytest.mark.parametrize("options", [["-d"], []], ids=["aws", "het"])
def test_we_read_a_tape_initialized_by_hercules(tmp_path, options):
    image = tmp_path / "labelled"
    tool("hetinit", *options, image, "VOL001", "OWNER")
    blocks = read_tape(image.read_bytes(), "labelled").blocks
    assert [block and block[:10].decode("cp037") for block in blocks] == ["VOL1VOL001", "HDR1000000", None]


@pytest.mark.hercules
@pytest.mark.parametrize(
    ("option", "tape_format"),
    [
        pytest.param("-d", TapeFormat.AWS, id="aws"),
        pytest.param("-z", TapeFormat.HET, id="zlib"),
        pytest.param("-b", TapeFormat.HET_BZIP2, id="bzip2"),
        pytest.param("-s", TapeFormat.AWS, id="aws-in-chunks-of-4096"),
    ],
)
@pytest.mark.parametrize("source", [TapeFormat.AWS, TapeFormat.HET, TapeFormat.HET_BZIP2], ids=lambda f: f.value)
def test_hercules_rewrites_our_image_and_we_would_write_the_same(tmp_path, source, option, tape_format):
    blocks = [b"A" * 80, bytes(range(256)) * 100, None, b"C" * 200, b"D", None, None]
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    ours.write_bytes(write_image(Tape.of("test", blocks), source))
    tool("hetupd", option, ours, theirs)
    tape = read_tape(theirs.read_bytes(), "theirs")
    assert (list(tape.blocks), tape.format) == (blocks, tape_format)
    if option != "-s":
        assert tape.image() == theirs.read_bytes()
