"""The device types by name: each makes the device that its name says, with what is put on it."""

from itertools import islice
from typing import Any

import pytest

from edu_hv.devices.catalog import DEVICE_TYPES, DeviceType, Medium
from edu_hv.devices.ckd_image import blank_volume
from edu_hv.devices.ckd_track import MODELS, Model
from edu_hv.devices.tape_image import Tape, blank_tape
from edu_hv.isa.errors import UserError

TYPES = [pytest.param(device_type, id=name) for name, device_type in DEVICE_TYPES.items()]
READERS = ("2540R", "3505", "2501")
DISKS = tuple(name for name, device_type in DEVICE_TYPES.items() if device_type.medium is Medium.DISK)
TAPES = tuple(name for name, device_type in DEVICE_TYPES.items() if device_type.medium is Medium.TAPE)
WITHOUT_A_FILE = tuple(name for name in DEVICE_TYPES if name not in (*READERS, *DISKS, *TAPES))
RANDOM_BYTES = bytes(range(256)) * 3 + b"\xff"


def made(name: str, *arguments: Any) -> Any:
    return DEVICE_TYPES[name].make(*arguments)


def model_named(name: str) -> Model:
    """The first model of a type: the 3330-1 for 3330."""
    return next(model for model in MODELS if name in (f"{model.name}-{model.number}", model.name))


# ---- without a medium ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("device_type", TYPES)
def test_a_type_makes_a_device_of_its_model(device_type: DeviceType) -> None:
    assert device_type.make().model == device_type.name.removesuffix("-11")


@pytest.mark.parametrize("device_type", TYPES)
def test_a_new_device_is_not_ready_when_the_operator_must_first_put_something_in(device_type: DeviceType) -> None:
    waits = device_type.name == "3270"  # For a terminal that connects to it.
    assert device_type.make().ready is (device_type.name in WITHOUT_A_FILE and not waits)


@pytest.mark.parametrize("device_type", TYPES)
def test_the_state_of_one_device_restores_another_of_its_type(device_type: DeviceType) -> None:
    device, other = device_type.make(), device_type.make()
    other.restore(device.state())
    assert other.state() == device.state()


def test_the_two_ends_of_an_adapter_know_each_other() -> None:
    end = made("CTCA")
    assert end.other.other is end


# ---- with a medium -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", READERS)
def test_a_reader_gets_a_deck(name: str) -> None:
    assert made(name, b"// JOB\n", "a.txt").hopper == ("// JOB".ljust(80).encode("cp037"),)


def test_a_deck_is_of_the_form_that_is_said() -> None:
    as_text, as_images = b"A" * 79 + b"\n", b"A" * 80
    assert made("3505", as_text, "a", ("ebcdic",)).hopper == (as_text,)
    assert made("3505", as_images, "a", ("text",)).hopper == (("A" * 80).encode("cp037"),)


@pytest.mark.parametrize(("options", "key"), [((), True), (("noeof",), False)])
def test_the_end_of_file_key_is_on_unless_it_is_said_not_to_be(options: tuple[str, ...], key: bool) -> None:
    assert made("2540R", b"A\n", "a", options).end_of_file_key is key


@pytest.mark.parametrize("name", TAPES)
@pytest.mark.parametrize(("options", "ring"), [((), False), (("ring",), True)])
def test_a_tape_drive_gets_a_reel_with_its_ring_when_that_is_said(
    name: str, options: tuple[str, ...], ring: bool
) -> None:
    image = Tape.of("a", (b"block", None)).image()
    drive = made(name, image, "a.aws", options)
    assert (drive.ready, drive.tape.image(), drive.write_enabled) == (True, image, ring)


@pytest.mark.parametrize("name", TAPES)
def test_a_new_tape_is_blank_and_can_be_written(name: str) -> None:
    drive = made(name, b"", "SCRATCH", ("new",))
    assert drive.tape == blank_tape("SCRATCH")
    assert drive.write_enabled


@pytest.mark.parametrize("name", DISKS)
def test_a_new_volume_has_the_size_and_the_serial_that_are_said(name: str) -> None:
    volume = made(name, b"", "VOL001", ("new",)).volume
    model = model_named(name)
    assert (volume.model, volume.cylinders) == (model, model.cylinders)
    assert "VOL1VOL001".encode("cp037") in next(islice(volume.chunks(), 1, None))


def test_a_disk_drive_gets_a_volume() -> None:
    image = blank_volume("2311", "VOL001", 2).to_bytes()
    drive = made("2311", image, "vol001.ckd")
    assert (drive.ready, drive.volume.to_bytes()) == (True, image)


@pytest.mark.parametrize("name", DISKS)
def test_the_description_of_a_disk_says_the_tracks_of_its_model(name: str) -> None:
    model = model_named(name)
    assert f"{model.cylinders} " in DEVICE_TYPES[name].description
    assert f"of {model.heads} tracks" in DEVICE_TYPES[name].description


# ---- what cannot be ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*READERS, *TAPES, *DISKS])
@pytest.mark.parametrize("data", [b"", RANDOM_BYTES], ids=["empty", "random"])
def test_a_file_that_is_none_of_the_devices_is_refused_by_its_name(name: str, data: bytes) -> None:
    with pytest.raises(UserError, match=r"odd\.bin"):
        made(name, data, "odd.bin")


@pytest.mark.parametrize("name", WITHOUT_A_FILE)
def test_a_device_that_takes_no_file_refuses_one(name: str) -> None:
    with pytest.raises(UserError, match=r"odd\.bin cannot be put on a"):
        made(name, b"A", "odd.bin")


@pytest.mark.parametrize("device_type", TYPES)
def test_an_option_that_is_none_is_refused(device_type: DeviceType) -> None:
    with pytest.raises(UserError, match=f"rign is no option of a {device_type.name}: there are"):
        device_type.make(b"", "", ("rign",))


@pytest.mark.parametrize("name", [*TAPES, *DISKS])
def test_a_file_with_something_in_it_is_not_new(name: str) -> None:
    with pytest.raises(UserError, match="full is not empty, so it is not new"):
        made(name, b"A", "full", ("new",))


def test_a_volume_of_another_type_does_not_fit() -> None:
    image = blank_volume("2311", "VOL001", 1).to_bytes()
    with pytest.raises(UserError, match="vol001 is a 2311 volume: it does not fit a 3350 drive"):
        made("3350", image, "vol001")
