"""The disks against Hercules and its tools: images in both directions, loading, and random channel programs."""

import re
import shutil
import subprocess

import pytest

from edu_hv.devices.ckd_image import DiskImage, blank_volume
from edu_hv.devices.ckd_track import MODELS, Record, formatted_track
from edu_hv.devices.disk import drive_for
from edu_hv.machine.ccw import CCW
from tools.disk_chains import AREA, ARGUMENTS, CC, DEVICE, SLI, Chain, Chains, compare, describe, run_on_ours
from tools.hercules import Hercules

pytestmark = [
    pytest.mark.hercules,
    pytest.mark.skipif(shutil.which("dasdinit") is None, reason="Hercules is not installed"),
]

HEADS = {model.name: model.heads for model in MODELS}


def tool(folder, *command):
    """The output of one of Hercules' tools."""
    finished = subprocess.run(command, cwd=folder, capture_output=True, check=True)
    return (finished.stdout + finished.stderr).decode("latin-1")


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("serial", ["TEST01", "abc", None])
def test_blank_volume_is_what_dasdinit_makes(tmp_path, name, serial):
    options = (["blank.ckd", name, serial] if serial else ["-r", "blank.ckd", name]) + ["3"]
    tool(tmp_path, "dasdinit", *options)
    assert blank_volume(name, serial or "", 3).to_bytes() == (tmp_path / "blank.ckd").read_bytes()


@pytest.fixture
def loaded(tmp_path):
    """A volume with a VTOC and two data sets, made by dasdload."""
    cards = "".join(f"{text:80}" for text in ("FIRST CARD", "SECOND CARD", "THIRD CARD"))
    (tmp_path / "cards").write_bytes(cards.encode("cp037"))
    control = "WORK01 3330 4\nSYSVTOC VTOC TRK 5\nUSER.CARDS SEQ cards TRK 2 0 0 PS F 80 80 0\n"
    (tmp_path / "control").write_text(control + "USER.LIB EMPTY CYL 1 1 5 PO FB 80 800 0\n")
    tool(tmp_path, "dasdload", "control", "work.ckd")
    return tmp_path


@pytest.mark.parametrize("option", ["-z", "-bz2", "-0"])
def test_compressed_image_is_read_as_the_volume_it_was_made_from(loaded, option):
    tool(loaded, "dasdcopy", "-q", option, "work.ckd", "work.cckd")
    volume = DiskImage.from_bytes((loaded / "work.cckd").read_bytes(), "work.cckd")
    plain = DiskImage.from_bytes((loaded / "work.ckd").read_bytes(), "work.ckd")
    assert [volume.track(number) for number in range(plain.tracks)] == [
        plain.track(number) for number in range(plain.tracks)
    ]
    (loaded / "again.ckd").write_bytes(volume.to_bytes())
    assert "USER.CARDS" in tool(loaded, "dasdls", "again.ckd")


def test_empty_compressed_volume_is_read(tmp_path):
    tool(tmp_path, "dasdinit", "-z", "empty.cckd", "3330", "TEST01", "40")
    tool(tmp_path, "dasdcopy", "-q", "empty.cckd", "empty.ckd")
    volume = DiskImage.from_bytes((tmp_path / "empty.cckd").read_bytes(), "empty.cckd")
    assert volume.to_bytes() == (tmp_path / "empty.ckd").read_bytes()


def test_what_a_drive_has_written_is_read_by_the_tools(loaded):
    drive = drive_for(DiskImage.from_bytes((loaded / "work.ckd").read_bytes(), "work.ckd"))
    track = next(
        n for n in range(drive.volume.tracks) if "FIRST".encode("cp037") in drive.volume.track(n).to_bytes(999)
    )
    cylinder, head = divmod(track, 19)
    seek = bytes([0, 0, 0, cylinder, 0, head])
    card = f"{'WRITTEN BY A CHANNEL PROGRAM':80}".encode("cp037")
    ccws = (
        CCW(0x07, ARGUMENTS, CC, 6),
        CCW(0x31, ARGUMENTS + 8, CC, 5),
        CCW(0x08, 0x3008, 0, 1),
        CCW(0x06, AREA, CC | SLI, 80),
        CCW(0x31, ARGUMENTS + 16, CC, 5),
        CCW(0x08, 0x3020, 0, 1),
        CCW(0x05, ARGUMENTS + 24, 0, 80),
    )
    patches = ((ARGUMENTS, seek), (ARGUMENTS + 8, seek[2:] + b"\1"), (ARGUMENTS + 16, seek[2:] + b"\2"))
    outcome = run_on_ours(drive, Chain(ccws, (*patches, (ARGUMENTS + 24, card))))
    assert outcome.data[:80].decode("cp037").rstrip() == "FIRST CARD"
    (loaded / "ours.ckd").write_bytes(drive.image())
    listing = tool(loaded, "dasdls", "ours.ckd")
    assert re.findall(r"^(?:USER|ours)\S+", listing, re.MULTILINE) == ["ours.ckd:", "USER.CARDS", "USER.LIB"]
    tool(loaded, "dasdseq", "ours.ckd", "USER.CARDS")
    cards = (loaded / "USER.CARDS").read_bytes().decode("cp037")
    assert [cards[at : at + 80].rstrip() for at in (0, 80, 160)] == [
        "FIRST CARD",
        "WRITTEN BY A CHANNEL PROGRAM",
        "THIRD CARD",
    ]


def test_hercules_loads_from_our_volume(tmp_path):
    """The same volume as in test_disk_image, where our machine loads from it."""
    first = bytes.fromhex("0000000000000100 0600070060000040 0800070000000000")
    second = bytes.fromhex("0700072060000006 3100072260000005 0800070800000000 0600010020000110 000000010001 01")
    program = bytes.fromhex("58100200 50100210 82000208").ljust(0x100, b"\0")
    records = (
        Record(bytes.fromhex("0000000001000018"), b"", first),
        Record(bytes.fromhex("0000000002000027"), b"", second),
    )
    volume = blank_volume("3330", "BOOT01", 2).with_track(0, formatted_track(0, 0, records))
    data = program + bytes.fromhex("CAFEBABE 00000000 000A0000 0000C0DE")
    volume = volume.with_track(20, formatted_track(1, 1, (Record(bytes.fromhex("0001000101000110"), b"", data),)))
    (tmp_path / "boot.ckd").write_bytes(volume.to_bytes())
    with Hercules() as hercules:
        hercules._command(f"attach {DEVICE:04X} 3330 {tmp_path / 'boot.ckd'}")
        hercules._command(f"ipl {DEVICE:X}")
        found, _ = hercules._expect(r"PSW=000A0000 ..00C0DE", 10, 0)
        assert found, hercules.log[-5:]


@pytest.mark.parametrize("name", ["2311", "3330"])
def test_random_chains_end_as_on_hercules(name):
    report = compare(Chains(2024, HEADS[name], 3, name == "3330").chains(200), name)
    different = [f"{describe(chain)}\n{our}\n{their}" for chain, our, their in report.different]
    assert (different, report.tracks) == ([], [])
    assert len(report.endings) > 5
