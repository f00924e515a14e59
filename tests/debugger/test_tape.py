"""A tape put on a guest's drive is an input like any other: part of the recording, undone by going back."""

import pytest

import edu_hv.debugger.commands  # noqa: F401  (fills the registry)
from edu_hv.debugger import DebugSession
from edu_hv.debugger.commands.registry import REGISTRY
from edu_hv.devices.tape import aws_image
from edu_hv.isa.errors import UserError

BLOCKS = [text.ljust(80).encode("cp037") for text in ("VOL1OTHERS", "A TAPE THAT A PERSON HAS MOUNTED")]


def _mounted(session):
    """The tape on the guest's drive."""
    return session.system.machine.channels.devices[0x281].tape


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "other tape.aws"
    path.write_bytes(aws_image([*BLOCKS, None, None]))
    return path


@pytest.mark.parametrize("where", ["bare", "cp"])
def test_kernel_reads_the_tape_that_was_mounted_and_not_the_one_it_came_with(image, where):
    session = DebugSession()
    REGISTRY.execute(session, f"load {where} kernel")
    REGISTRY.execute(session, f"mount {image}")
    session.run()
    lines = session.guest.own_console_lines()
    assert any("A TAPE THAT A PERSON HAS MOUNTED" in line for line in lines)
    assert not any("UNDER KEY 1" in line for line in lines)


def test_going_back_puts_the_old_tape_on_again_and_going_on_mounts_the_new_one(image):
    session = DebugSession()
    session.load(["kernel"], under_cp=True)
    session.step(3)
    old = _mounted(session)
    REGISTRY.execute(session, f"mount {image}")
    new = _mounted(session)
    session.step(2)
    session.back(3)
    assert _mounted(session) == old
    session.step(2)
    assert _mounted(session) == new != old


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(aws_image(BLOCKS)[:60], "other.aws", id="cut short"),
        pytest.param(b"\x50\x00\x63\x00\xa0\x00" + bytes(80), "byte 0", id="damaged block header"),
    ],
)
def test_damaged_image_is_refused_with_its_place_and_the_old_tape_stays(tmp_path, data, sentence):
    path = tmp_path / "other.aws"
    path.write_bytes(data)
    session = DebugSession()
    session.load(["kernel"])
    before = session.system.comparable()
    with pytest.raises(UserError, match=sentence):
        REGISTRY.execute(session, f"mount {path}")
    assert session.system.comparable() == before


def test_image_that_cannot_be_read_is_one_sentence(tmp_path):
    session = DebugSession()
    session.load(["kernel"])
    with pytest.raises(UserError, match="cannot be read: no such file"):
        REGISTRY.execute(session, f"mount {tmp_path}/missing.aws")
