"""Disk images: what Hercules' format says, lazily read, damaged in every way, and written back."""

import bz2
import re
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edu_hv.devices.ckd_image import DiskImage, blank_volume
from edu_hv.devices.ckd_track import END_OF_TRACK, MODELS, Record, Track, formatted_track
from edu_hv.devices.disk import drive_for
from edu_hv.isa.errors import UserError
from edu_hv.machine.channel_program import AbsoluteStorage, ChannelProgram
from edu_hv.machine.machine import Machine
from edu_hv.machine.storage import Storage

CYLINDERS = 2
TRACK_SIZE = 4096
IMAGE = blank_volume("2311", "TEST01", CYLINDERS).to_bytes()


def at(offset, data, image=IMAGE):
    """The image with some bytes replaced."""
    return image[:offset] + data + image[offset + len(data) :]


def compressed(order="<", expand=b"\0\1\2", null_format=0, holes=()):
    """IMAGE as a CKD_C370 image; its tracks take turns with the ways to compress in `expand`."""
    ways = {0: bytes, 1: zlib.compress, 2: bz2.compress}
    body, entries = bytearray(), []
    start = 1024 + 4 + 2048
    for number in range(CYLINDERS * 10):
        track = IMAGE[512 + number * TRACK_SIZE :][:TRACK_SIZE]
        way = expand[number % len(expand)]
        stored = b"" if number in holes else bytes([way]) + track[1:5] + ways[way](track[5:])
        entries.append((start + len(body), len(stored), len(stored)) if stored else (0, null_format, 0))
        body += stored
    table = b"".join(struct.pack(f"{order}IHH", *entry) for entry in entries).ljust(2048, b"\0")
    second = bytes([0, 3, 1, 0x40 | (2 if order == ">" else 0)]) + struct.pack(f"{order}II", 1, 256)
    second = second.ljust(40, b"\0") + struct.pack("<I", CYLINDERS) + bytes([null_format])
    tables = struct.pack(f"{order}I", 1028)
    return b"CKD_C370" + IMAGE[8:512] + second.ljust(512, b"\0") + tables + table + bytes(body)


# ---- volumes -------------------------------------------------------------------------------------------------------


def test_blank_volume_has_ipl_records_label_and_record_zero_on_each_track():
    volume = blank_volume("3330", "work01", 404)
    first = volume.track(0)
    assert [record.key.decode("cp037") for record in first.records] == ["", "IPL1", "IPL2", "VOL1"]
    assert first.records[3].data.decode("cp037").startswith("VOL1WORK01 ")
    assert volume.track(403 * 19 + 18) == formatted_track(403, 18)
    assert blank_volume("3330", "", 1).track(0) == formatted_track(0, 0)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: f"{model.name}-{model.number}")
def test_image_written_is_read_again(model):
    volume = blank_volume(model.name, "TEST01", model.cylinders if model.number > 1 else 3)
    assert volume.model is model or model.number == 1
    image = b"".join(next(chunks) for chunks in [volume.chunks()] for _ in range(1 + 3 * model.heads))
    again = DiskImage.from_bytes(image, "again")
    assert (again.model.name, again.cylinders, again.track_size) == (model.name, 3, model.track_size)
    assert again.to_bytes() == image


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(("3380", "A", 5), "there is no 3380 with 5 cylinders: known are 2311 (1 to 203)", id="type"),
        pytest.param(("3330", "A", 816), "there is no 3330 with 816 cylinders", id="too-many-cylinders"),
        pytest.param(("3330", "A", 0), "there is no 3330 with 0 cylinders", id="no-cylinders"),
        pytest.param(("3330", "SEVENCH", 5), "the volume serial 'SEVENCH' is not valid", id="serial"),
    ],
)
def test_volume_that_cannot_be_is_refused(arguments, message):
    with pytest.raises(UserError, match="^" + re.escape(message)):
        blank_volume(*arguments)


def test_tracks_are_taken_apart_only_when_used():
    volume = DiskImage.from_bytes(memoryview(IMAGE), "lazy")
    assert volume._original.tracks == {}
    volume.track(3)
    assert list(volume._original.tracks) == [3]
    assert not volume.changed


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 19), st.binary(max_size=9)), max_size=12))
def test_writing_tracks_is_like_writing_to_a_list_and_versions_do_not_disturb_each_other(writes):
    volume = DiskImage.from_bytes(IMAGE, "versions")
    model = [volume.track(number) for number in range(20)]
    versions = [(volume, tuple(model))]
    for number, data in writes:
        track = formatted_track(
            number // 10, number % 10, (Record(bytes(6) + len(data).to_bytes(2, "big"), b"", data),)
        )
        volume = volume.with_track(number, track)
        model[number] = track
        versions.append((volume, tuple(model)))
    for version, tracks in versions:
        assert tuple(version.track(number) for number in range(20)) == tracks
        again = DiskImage.from_bytes(version.to_bytes(), "again")
        assert tuple(again.track(number) for number in range(20)) == tracks


# ---- compressed ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [pytest.param("<", id="little-endian"), pytest.param(">", id="big-endian")])
@pytest.mark.parametrize("expand", [b"\0", b"\1", b"\2", b"\2\1\0"], ids=["stored", "zlib", "bzip2", "mixed"])
def test_compressed_image_holds_the_same_volume(order, expand):
    volume = DiskImage.from_bytes(compressed(order, expand), "compressed")
    assert (volume.model.name, volume.cylinders) == ("2311", CYLINDERS)
    assert volume.to_bytes() == IMAGE


@pytest.mark.parametrize(("null_format", "records"), [(0, 2), (1, 1), (2, 1)])
def test_track_left_out_of_a_compressed_image_is_a_formatted_one(null_format, records):
    volume = DiskImage.from_bytes(compressed(null_format=null_format, holes=(13,)), "holes")
    assert [len(volume.track(number).records) for number in (12, 13, 14)] == [1, records, 1]
    assert volume.track(13).home == bytes.fromhex("0000010003")


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda image: at(-200, b"\x55" * 150, image), id="compressed-data"),
        pytest.param(lambda image: image.replace(b"\x02\x00\x01\x00\x09", b"\x02\x00\x01\x00\x08"), id="home-address"),
        pytest.param(lambda image: image.replace(b"\x02\x00\x01\x00\x09", b"\x07\x00\x01\x00\x09"), id="compression"),
    ],
)
def test_compressed_track_that_cannot_be_expanded_has_no_home_address(damage):
    volume = DiskImage.from_bytes(damage(compressed(expand=b"\2")), "damaged")
    assert len(volume.track(19).home) < 5
    assert volume.track(12) == formatted_track(1, 2)


# ---- damage --------------------------------------------------------------------------------------------------------

SMALL = compressed()


@pytest.mark.parametrize(
    ("image", "message"),
    [
        pytest.param(b"", "byte 0 ends, but a header of 512 bytes was expected", id="empty"),
        pytest.param(IMAGE[:100], "byte 100 ends, but a header of 512 bytes was expected", id="cut-in-header"),
        pytest.param(at(0, b"CKD_S370"), "byte 0 does not have CKD_P370 or CKD_C370", id="another-kind"),
        pytest.param(at(8, b"\x0b"), "byte 8 says 11 heads, but a 2311 has 10", id="heads"),
        pytest.param(at(12, b"\x05\0\0\0"), "byte 12 says 5 bytes a track, which no 2311 has", id="track-size"),
        pytest.param(at(16, b"\x80"), "byte 16 names the type X'80', but known are 2311", id="type"),
        pytest.param(at(17, b"\x02"), "byte 17 says that this is file 2 of a volume in several", id="several-files"),
        pytest.param(IMAGE[:-1], "byte 82431 ends after 40959 bytes of cylinder 1, but a cylinder has 40960", id="cut"),
        pytest.param(IMAGE[:512], "byte 512 ends after the header, but a cylinder has 40960 bytes", id="no-track"),
        pytest.param(
            IMAGE + IMAGE[-40960:] * 202, "byte 8356352 ends after 204 cylinders, which no 2311 has", id="too-long"
        ),
        pytest.param(SMALL[:700], "byte 700 ends, but headers of 1024 bytes were expected", id="cut-in-second-header"),
        pytest.param(at(516, b"\0", SMALL), "byte 516 says 0 tables of 256 entries for 2 cylinders", id="no-tables"),
        pytest.param(at(520, b"\1", SMALL), "byte 516 says 1 tables of 257 entries", id="table-size"),
        pytest.param(at(552, b"\0", SMALL), "byte 516 says 1 tables of 256 entries for 0 cylinders", id="no-cylinders"),
        pytest.param(at(518, b"\1", SMALL), "byte 1024 begins a table of 65537 words, but the image", id="many-tables"),
        pytest.param(at(1024, b"\xf0\xff", SMALL), "byte 1024 says that a table is at byte 65520", id="table-place"),
        pytest.param(at(1028, b"\0\0\1", SMALL), "byte 1028 says that a track is 4096 bytes at byte 65536", id="place"),
        pytest.param(
            at(1032, b"\1\0", SMALL), "byte 1028 says that a track is 1 bytes at byte 3076", id="track-length"
        ),
    ],
)
def test_damaged_image_is_refused_with_the_offset(image, message):
    with pytest.raises(UserError, match="^" + re.escape(f"disk image disk.ckd: {message}")):
        DiskImage.from_bytes(image, "disk.ckd")


@pytest.mark.parametrize(
    ("image", "records", "unreadable"),
    [
        pytest.param(bytes(5) + END_OF_TRACK, 0, 0, id="home-address-only"),
        pytest.param(bytes(5), 0, 1, id="no-end"),
        pytest.param(bytes(5) + bytes(8), 0, 8, id="one-count-and-no-end"),
        pytest.param(bytes(5) + bytes(16), 1, 8, id="two-counts-and-no-end"),
        pytest.param(bytes(5) + bytes(6) + b"\0\1" + bytes(1) + END_OF_TRACK, 1, 0, id="record"),
        pytest.param(bytes(5) + bytes(6) + b"\0\2" + bytes(1) + END_OF_TRACK, 0, 17, id="record-over-the-end"),
        pytest.param(bytes(5) + bytes(6) + b"\xff\xfe" + bytes(100), 0, 108, id="data-length-past-the-track"),
        pytest.param(bytes(5) + bytes(5) + b"\xff\0\0" + bytes(100), 0, 108, id="key-length-past-the-track"),
        pytest.param(bytes(3), 0, 1, id="cut-in-home-address"),
    ],
)
def test_track_is_taken_apart_as_far_as_it_can_be_read(image, records, unreadable):
    track = Track.from_bytes(image)
    assert (len(track.records), len(track.unreadable)) == (records, unreadable)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_track_that_is_written_back_as_it_was(image):
    track = Track.from_bytes(image)
    assert track.to_bytes(len(image)) == image or not track.unreadable
    assert Track.from_bytes(track.to_bytes(400)).records[: len(track.records)] == track.records


def opened(image):
    """The volume, or the words with which it is refused."""
    try:
        return DiskImage.from_bytes(image, "damaged")
    except UserError as error:
        return str(error)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([IMAGE, SMALL]),
    st.lists(st.tuples(st.integers(0, 3300), st.binary(min_size=1, max_size=6)), max_size=6),
    st.one_of(st.none(), st.integers(0, 3500)),
)
def test_damage_anywhere_is_refused_or_ends_with_a_status(image, damage, length):
    for offset, data in damage:
        image = at(offset, data, image)
    volume = opened(image if length is None else image[:length])
    if isinstance(volume, str):
        assert re.match(r"disk image damaged: byte \d+ ", volume)
        return
    assert len(volume.to_bytes()) == 512 + volume.tracks * volume.track_size
    drive = drive_for(volume)
    storage = Storage(0x4000)
    storage.write(0x800, bytes.fromhex("0200100060001000 1200100060000008 9E00100060001000 0600100020001000"))
    program = ChannelProgram(drive, AbsoluteStorage(storage))
    going = program.start(bytes.fromhex("00000800"))
    for _ in range(20):
        going = going and program.step()
    assert program.ended


# ---- loading from disk ---------------------------------------------------------------------------------------------

MARK = 0x1000
PROGRAM = bytes.fromhex("58100200 50100210 82000208".replace(" ", ""))
"""L 1,X'200'; ST 1,X'210'; LPSW X'208'."""
LOADED = (PROGRAM.ljust(0x100, b"\0")) + bytes.fromhex("CAFEBABE 00000000 000A0000 0000C0DE")


def bootable_volume(name="3330"):
    """IPL1 reads IPL2, a chain that seeks to cylinder 1, head 1 and reads the program found there."""
    first = bytes.fromhex("0000000000000100 0600070060000040 0800070000000000")
    second = bytes.fromhex("0700072060000006 3100072260000005 0800070800000000 0600010020000110")
    second += bytes.fromhex("000000010001 01")
    records = (
        Record(bytes.fromhex("0000000001000018"), b"", first),
        Record(bytes.fromhex("0000000002000027"), b"", second),
    )
    volume = blank_volume(name, "BOOT01", 2).with_track(0, formatted_track(0, 0, records))
    heads = volume.model.heads
    program = Record(bytes.fromhex("0001000101000110"), b"", LOADED)
    return volume.with_track(heads + 1, formatted_track(1, 1, (program,)))


@pytest.mark.parametrize("name", ["2311", "2314", "3330", "3340", "3350"])
def test_machine_loads_from_disk_through_a_chain_that_seeks(name):
    machine = Machine(0x10000)
    machine.channels.attach(0x150, drive_for(bootable_volume(name)))
    machine.load(0x150)
    while machine.advance():
        pass
    assert machine.cpu.psw.instruction_address == 0x00C0DE
    assert machine.storage.read(0x210, 4) == bytes.fromhex("CAFEBABE")


def test_loading_from_a_blank_volume_comes_to_the_wait_of_its_label():
    machine = Machine(0x10000)
    machine.channels.attach(0x150, drive_for(blank_volume("3330", "TEST01", 1)))
    machine.load(0x150)
    assert (machine.cpu.psw.wait, machine.cpu.psw.instruction_address) == (True, 0x0F)


def test_loading_from_an_empty_drive_or_a_volume_without_records_says_so():
    machine = Machine(0x10000)
    machine.channels.attach(0x150, drive_for(blank_volume("3330", "", 1)))
    with pytest.raises(UserError, match="loading from device 150 failed: unit check"):
        machine.load(0x150)
