"""Consoles, driven through channel programs of their own, and by their keys."""

from types import SimpleNamespace

import pytest

from edu_hv.devices.console import Console, Console1052
from edu_hv.isa.codes import UnitStatus
from edu_hv.machine.ccw import CCW, NO_STATUS
from edu_hv.machine.channel import Channels
from edu_hv.machine.channel_program import AbsoluteStorage, ChannelProgram
from edu_hv.machine.storage import Storage
from edu_hv.machine.timing import Clocks

SLI = 0x20
NORMAL = "0C00"
CONSOLES = pytest.mark.parametrize("model", [Console, Console1052], ids=lambda model: model.model)


def run(device, command, data=b"", count=None, flags=SLI):
    """One CCW; the unit and channel status in hexadecimal and the bytes that came into storage."""
    storage = Storage(0x4000)
    storage.write(0x2000, data.ljust(1, b"\0"))
    count = count or max(len(data), 1)
    storage.write(0x1000, CCW(command, 0x2000, flags, count).to_bytes())
    program = ChannelProgram(device, AbsoluteStorage(storage))
    going = program.start(bytes.fromhex("00001000"))
    while going:
        going = program.step()
    return program.csw.status_bytes().hex().upper(), storage.read(0x2000, count - program.csw.residual)


def ebcdic(text):
    return text.encode("cp037")


def sense(device):
    status, data = run(device, 0x04, count=1)
    assert status == NORMAL
    return data.hex().upper()


@CONSOLES
@pytest.mark.parametrize(
    ("writes", "lines", "partial"),
    [
        pytest.param([(0x09, "ONE"), (0x09, "TWO")], ["ONE", "TWO"], "", id="new-line"),
        pytest.param([(0x01, "ENTER "), (0x01, "NAME:")], [], "ENTER NAME:", id="no-new-line"),
        pytest.param([(0x01, "ONE "), (0x09, "LINE"), (0x01, "X")], ["ONE LINE"], "X", id="mixed"),
        pytest.param([(0x01, "ONE\x85TWO\x85THREE")], ["ONE", "TWO"], "THREE", id="new-line-in-the-data"),
    ],
)
def test_console_prints(model, writes, lines, partial):
    console = model()
    for command, text in writes:
        assert run(console, command, ebcdic(text), flags=0)[0] == NORMAL
    assert (console.lines, console.partial) == (lines, partial)
    assert console.image().decode() == "".join(f"{line}\n" for line in lines) + partial


@CONSOLES
@pytest.mark.parametrize(
    ("line", "count", "flags", "status", "data"),
    [
        pytest.param("yes", 80, SLI, NORMAL, ebcdic("yes"), id="short"),
        pytest.param("yes", 80, 0, "0C40", ebcdic("yes"), id="short-without-sli"),
        pytest.param("yes", 3, 0, NORMAL, ebcdic("yes"), id="exact"),
        pytest.param("", 80, SLI, NORMAL, b"", id="empty"),
        pytest.param("123456", 4, SLI, NORMAL, ebcdic("1234"), id="cut-at-the-count"),
        pytest.param("123456", 4, 0, "0C40", ebcdic("1234"), id="cut-without-sli"),
        pytest.param("a→b", 80, SLI, NORMAL, ebcdic("a?b"), id="no-such-character"),
    ],
)
def test_console_reads_a_line_as_it_was_typed(model, line, count, flags, status, data):
    console = model()
    assert console.waiting_for_input(0x0A)
    console.enter(line)
    assert not console.waiting_for_input(0x0A)
    assert run(console, 0x0A, count=count, flags=flags) == (status, data)
    assert console.waiting_for_input(0x0A)
    assert not console.waiting_for_input(0x09)


@CONSOLES
def test_cancel_ends_a_read_with_unit_exception(model):
    console = model()
    console.cancel("mistak")
    assert not console.waiting_for_input(0x0A)
    assert run(console, 0x0A, count=80) == ("0D00", ebcdic("mistak"))
    assert console.waiting_for_input(0x0A)


@CONSOLES
def test_alarm_is_immediate(model):
    console = model()
    assert console.immediate(0x0B)
    assert run(console, 0x0B)[0] == NORMAL
    assert console.alarms == 1


@CONSOLES
def test_console_takes_these_commands_and_no_others(model):
    console = model()
    taken = [command for command in range(256) if command & 0x0F not in (0, 8) and console.start(command) != 0x02]
    assert taken == [0x01, 0x03, 0x04, 0x09, 0x0A, 0x0B]
    assert run(console, 0x02)[0] == "0200"
    assert sense(console) == "80"


@CONSOLES
def test_console_that_is_not_ready_needs_an_intervention(model):
    console = model()
    assert console.stop() == NO_STATUS
    assert console.request() == NO_STATUS
    assert [run(console, command)[0] for command in (0x09, 0x0A, 0x0B)] == ["0200"] * 3
    assert sense(console) == "40"
    assert console.make_ready() == UnitStatus.DEVICE_END
    assert console.make_ready() == NO_STATUS
    assert console.request() == UnitStatus.ATTENTION
    assert run(console, 0x09, ebcdic("X"))[0] == NORMAL
    assert sense(console) == "00"


class Low:
    """Low storage for the channels: the CAW and the CSW."""

    def __init__(self):
        self.words = {0x48: bytes.fromhex("00001000")}

    def load_real(self, address, length):
        return self.words[address]

    def store_real(self, address, data):
        self.words[address] = data


@pytest.mark.parametrize(
    ("press", "csw"),
    [
        pytest.param(lambda console: console.enter("OK"), "00001008 0C00004E", id="end"),
        pytest.param(lambda console: console.cancel(), "00001008 0D000050", id="cancel"),
        pytest.param(lambda console: console.stop(), "00001008 0E000050", id="not-ready"),
    ],
)
def test_read_that_waits_is_ended_by_a_key(press, csw):
    storage, clocks = Storage(0x4000), Clocks()
    channels, console, low = Channels(storage, clocks), Console(), Low()
    channels.attach(0x009, console)
    storage.write(0x1000, CCW(0x0A, 0x2000, SLI, 80).to_bytes())
    assert channels.start_io(low, 0x009) == 0
    clocks.now += 1_000_000
    channels.advance()
    assert channels.awaits_input(0x009)
    press(console)
    channels.advance()
    assert channels.test_io(low, 0x009) == 1
    assert low.words[0x40].hex(" ", 4).upper() == csw


def test_checkpoint_goes_on_the_same_way():
    console = Console()
    console.enter("one")
    console.cancel("two")
    commands = [(0x01, "ENTER:"), (0x0A, ""), (0x09, "OK"), (0x55, ""), (0x0A, ""), (0x0B, "")]

    def go(some):
        return [run(console, command, ebcdic(text)) for command, text in some]

    for before in range(len(commands)):
        console = Console()
        console.enter("one")
        console.cancel("two")
        go(commands[:before])
        checkpoint = console.state()
        hash(checkpoint)
        first = SimpleNamespace(results=go(commands[before:]), state=console.state())
        console.restore(checkpoint)
        assert console.state() == checkpoint
        assert go(commands[before:]) == first.results
        assert console.state() == first.state
