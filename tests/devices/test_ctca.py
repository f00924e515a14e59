"""The channel-to-channel adapter: two programs on two channels of one machine, and what each is told."""

import pytest

from edu_hv.devices.ctca import CTCAPair, Kind, kind
from edu_hv.isa.codes import PSA, UnitStatus
from edu_hv.machine.ccw import CCW, CSW
from edu_hv.machine.channel import Channels
from edu_hv.machine.psw import PSW
from edu_hv.machine.storage import Storage
from edu_hv.machine.timing import Clocks

CD, CHAIN, SLI = 0x80, 0x40, 0x20
WRITE, READ, CONTROL, NO_OP, SENSE, SENSE_COMMAND_BYTE, READ_BACKWARD = 0x01, 0x02, 0x07, 0x03, 0x04, 0x14, 0x0C
WRITE_END_OF_FILE, SET_EXTENDED_MODE, SET_BASIC_MODE = 0x81, 0xC3, 0x43
ONE, TWO = 0x140, 0x250
PROGRAMS = {ONE: 0x1000, TWO: 0x1400}
AREAS = {ONE: 0x2000, TWO: 0x2800}
STARTED, STORED = 0, 1
ATTENTION, BUSY_ATTENTION, NORMAL = "8000", "9000", "0C00"


class Adapter:
    """Two ends on one machine.  `start` says what START I/O answers, `ends` what comes as interruptions."""

    def __init__(self):
        self.storage, self.clocks = Storage(0x4000), Clocks()
        self.channels = Channels(self.storage, self.clocks)
        self.words = {PSA.CAW: b""}
        pair = CTCAPair()
        for address, end in zip((ONE, TWO), pair.ends(), strict=True):
            self.channels.attach(address, end)
            end.connect(self.channels, address)
        self.devices = pair.ends()

    def load_real(self, address, length):
        return self.words[address]

    def store_real(self, address, data):
        self.words[address] = data

    def start(self, address, *commands, count=8, flags=SLI, data=b""):
        """START I/O of a chain; its condition code, or the unit status that it stores."""
        self.storage.write(AREAS[address], data.ljust(64, b"\xcc"))
        for place, command in enumerate(commands):
            chain = CHAIN if place < len(commands) - 1 else 0
            ccw = CCW(command, AREAS[address] + (count - 1 if command == READ_BACKWARD else 0), flags | chain, count)
            self.storage.write(PROGRAMS[address] + 8 * place, ccw.to_bytes())
        self.words = {PSA.CAW: PROGRAMS[address].to_bytes(4, "big")}
        cc = self.channels.start_io(self, address)
        return self.words[PSA.CSW + 4].hex() if cc == STORED else cc

    def ends(self):
        """All interruptions that come now: device, status, residual count."""
        found = []
        while self.channels.next_event is not None:
            self.clocks.now = max(self.clocks.now, self.channels.next_event)
            self.channels.advance()
        enabled = PSW.from_bytes(bytes.fromhex("FF00000000000000"))
        while (address := self.channels.pending(enabled, 0xFFFFFFFF)) is not None:
            self.channels.accept(self, address)
            csw = CSW.from_bytes(self.words[PSA.CSW])
            found.append((address, csw.status_bytes().hex().upper(), csw.residual))
        return found

    def data(self, address, length):
        return self.storage.read(AREAS[address], length)


@pytest.fixture
def adapter():
    return Adapter()


def test_every_command_byte_has_a_kind():
    kinds = {command: kind(command) for command in range(256)}
    assert {command & 0x0F for command in kinds if kinds[command] is Kind.WRITE} == {0x01, 0x05, 0x09, 0x0D}
    assert {command & 0x0F for command in kinds if kinds[command] is Kind.READ} == {0x02, 0x06, 0x0A, 0x0E, 0x0C}
    assert {command & 0x07 for command in kinds if kinds[command] is Kind.CONTROL} == {0x07}
    assert {command for command in kinds if kinds[command] is Kind.SENSE_COMMAND_BYTE} == {*range(0x14, 0x100, 0x20)}
    assert {command & 0x07 for command in kinds if kinds[command] is Kind.NO_OPERATION} == {0x03}
    assert kinds[SENSE] is Kind.SENSE


@pytest.mark.parametrize(("writer", "reader"), [(ONE, TWO), (TWO, ONE)])
@pytest.mark.parametrize("first", ["write", "read"])
def test_a_write_meets_a_read_whichever_comes_first(adapter, writer, reader, first):
    starts = [(writer, WRITE, b"MESSAGE!"), (reader, READ, b"")]
    for number, (address, command, data) in enumerate(starts if first == "write" else starts[::-1]):
        assert adapter.start(address, command, data=data, flags=0) == STARTED
        if not number:
            other = reader if address == writer else writer
            assert adapter.ends() == [(other, ATTENTION, 0)], "the other side is told that one waits"
            assert adapter.channels.awaits_input(address)
    assert adapter.ends() == [(ONE, NORMAL, 0), (TWO, NORMAL, 0)]
    assert adapter.data(reader, 10) == b"MESSAGE!\xcc\xcc"


def test_read_backward_stores_from_the_end(adapter):
    adapter.start(ONE, WRITE, data=b"BACKWARD")
    adapter.ends()
    assert adapter.start(TWO, READ_BACKWARD) == STARTED
    adapter.ends()
    assert adapter.data(TWO, 8) == b"DRAWKCAB"


@pytest.mark.parametrize(
    ("written", "read", "flags", "ends"),
    [
        pytest.param(8, 12, SLI, [(ONE, NORMAL, 0), (TWO, NORMAL, 4)], id="read-has-more-room"),
        pytest.param(8, 12, 0, [(ONE, NORMAL, 0), (TWO, "0C40", 4)], id="read-has-more-room-without-sli"),
        pytest.param(12, 8, SLI, [(ONE, NORMAL, 4), (TWO, NORMAL, 0)], id="write-has-more"),
        pytest.param(12, 8, 0, [(ONE, "0C40", 4), (TWO, NORMAL, 0)], id="write-has-more-without-sli"),
    ],
)
def test_the_shorter_count_ends_both(adapter, written, read, flags, ends):
    adapter.start(ONE, WRITE, count=written, flags=flags, data=b"0123456789AB")
    adapter.ends()
    adapter.start(TWO, READ, count=read, flags=flags)
    assert adapter.ends() == ends
    assert adapter.data(TWO, 12) == b"0123456789AB"[: min(written, read)].ljust(12, b"\xcc")


def test_a_read_with_data_chaining_takes_all(adapter):
    adapter.start(ONE, WRITE, count=12, flags=0, data=b"0123456789AB")
    adapter.ends()
    adapter.storage.write(PROGRAMS[TWO], CCW(READ, AREAS[TWO], CD, 4).to_bytes())
    adapter.storage.write(PROGRAMS[TWO] + 8, CCW(READ, AREAS[TWO] + 16, 0, 8).to_bytes())
    adapter.words = {PSA.CAW: PROGRAMS[TWO].to_bytes(4, "big")}
    assert adapter.channels.start_io(adapter, TWO) == STARTED
    assert adapter.ends() == [(ONE, NORMAL, 0), (TWO, NORMAL, 0)]
    assert (adapter.data(TWO, 4), adapter.storage.read(AREAS[TWO] + 16, 8)) == (b"0123", b"456789AB")


def test_control_waits_for_sense_command_byte(adapter):
    assert adapter.start(ONE, 0x3F) == STARTED
    assert adapter.ends() == [(TWO, ATTENTION, 0)]
    assert adapter.start(TWO, SENSE_COMMAND_BYTE, count=1, flags=0) == STARTED
    assert adapter.ends() == [(ONE, NORMAL, 8), (TWO, NORMAL, 0)]
    assert adapter.data(TWO, 1) == b"\x3f"


@pytest.mark.parametrize(("waiting", "byte"), [(WRITE, 0x01), (READ, 0x02), (0x0A, 0x0A), (None, 0x00)])
def test_sense_command_byte_shows_what_the_other_side_waits_with_and_ends_only_control(adapter, waiting, byte):
    if waiting is not None:
        adapter.start(ONE, waiting)
        adapter.ends()
    assert adapter.start(TWO, SENSE_COMMAND_BYTE, count=1) == STARTED
    assert adapter.ends() == [(TWO, NORMAL, 0)]
    assert adapter.data(TWO, 1) == bytes([byte])
    assert adapter.channels.awaits_input(ONE) is (waiting is not None)


@pytest.mark.parametrize(
    ("waiting", "command"),
    [
        *((WRITE, command) for command in (WRITE, CONTROL, NO_OP)),
        *((READ, command) for command in (READ, READ_BACKWARD, CONTROL, NO_OP)),
        *((CONTROL, command) for command in (READ, WRITE, CONTROL, NO_OP)),
    ],
)
def test_what_does_not_go_with_the_waiting_command_is_answered_by_busy_and_attention(adapter, waiting, command):
    adapter.start(ONE, waiting)
    assert adapter.ends() == [(TWO, ATTENTION, 0)]
    assert adapter.start(TWO, command) == BUSY_ATTENTION
    assert adapter.ends() == []
    assert adapter.channels.awaits_input(ONE)


def test_attention_that_was_not_taken_answers_the_next_command(adapter):
    adapter.start(ONE, WRITE)
    assert adapter.start(TWO, READ) == BUSY_ATTENTION
    assert adapter.start(TWO, READ) == STARTED
    assert adapter.ends() == [(ONE, NORMAL, 0), (TWO, NORMAL, 0)]


def test_idle_adapter_does_no_operation_at_once_and_knows_no_other_command(adapter):
    assert adapter.start(ONE, NO_OP) == "0c00"
    assert adapter.start(ONE, 0x24) == "0200"
    assert adapter.start(ONE, SENSE, count=1) == STARTED
    assert adapter.ends() == [(ONE, NORMAL, 0)]
    assert adapter.data(ONE, 1) == b"\x80"


def test_chains_on_both_sides_meet_command_by_command(adapter):
    adapter.start(ONE, CONTROL, WRITE, READ, data=b"QUESTION")
    assert adapter.ends() == [(TWO, ATTENTION, 0)]
    adapter.storage.write(AREAS[TWO], bytes(64))
    assert adapter.start(TWO, SENSE_COMMAND_BYTE, READ, WRITE) == STARTED
    assert [(address, status) for address, status, _ in adapter.ends()] == [(ONE, NORMAL), (TWO, NORMAL)]
    assert adapter.data(ONE, 8) == adapter.data(TWO, 8) == b"QUESTION"


@pytest.mark.parametrize("first", ["write", "read"])
def test_end_of_file_is_a_unit_exception_of_the_read_in_extended_mode(adapter, first):
    assert adapter.start(ONE, SET_EXTENDED_MODE) == "0c00"
    if first == "write":
        assert adapter.start(ONE, WRITE_END_OF_FILE) == "0c00"
        assert adapter.start(TWO, READ) == "0d00"
    else:
        adapter.start(TWO, READ)
        adapter.ends()
        assert adapter.start(ONE, WRITE_END_OF_FILE) == "0c00"
        assert adapter.ends() == [(TWO, "0D00", 8)]
    assert adapter.start(TWO, READ) == STARTED, "it is told once"


def test_end_of_file_bit_means_nothing_in_basic_mode(adapter):
    adapter.start(ONE, SET_EXTENDED_MODE)
    assert adapter.start(TWO, SET_BASIC_MODE) == "0c00"
    assert adapter.start(ONE, WRITE_END_OF_FILE, data=b"12345678") == STARTED
    adapter.ends()
    adapter.start(TWO, READ)
    assert adapter.ends() == [(ONE, NORMAL, 0), (TWO, NORMAL, 0)]


def test_halt_ends_the_waiting(adapter):
    adapter.start(ONE, WRITE)
    adapter.ends()
    adapter.channels.halt_device(adapter, ONE)
    assert [address for address, _, _ in adapter.ends()] == [ONE]
    assert adapter.start(TWO, WRITE) == STARTED, "nothing waits there any more"


def test_reset_ends_the_waiting(adapter):
    adapter.start(ONE, CONTROL)
    adapter.channels.reset()
    assert adapter.start(TWO, NO_OP) == "0c00"


@pytest.mark.parametrize("moment", range(4))
def test_checkpoint_of_both_ends_goes_on_the_same_way(moment):
    def script(adapter, places):
        steps = [
            lambda: adapter.start(ONE, CONTROL, WRITE, data=b"MESSAGE!"),
            adapter.ends,
            lambda: adapter.start(TWO, SENSE_COMMAND_BYTE, READ),
            adapter.ends,
        ]
        return [steps[place]() for place in places]

    adapter = Adapter()
    script(adapter, range(moment))
    devices = [device.state() for device in adapter.devices]
    checkpoint, storage, now = adapter.channels.state(), adapter.storage.read(0, 0x4000), adapter.clocks.now
    hash(tuple(devices))
    first = script(adapter, range(moment, 4))
    adapter.channels.restore(checkpoint)
    adapter.storage.write(0, storage)
    adapter.clocks.now = now
    assert [device.state() for device in adapter.devices] == devices
    assert script(adapter, range(moment, 4)) == first
    assert adapter.data(TWO, 8) == b"MESSAGE!"


def test_an_end_that_is_not_connected_still_works():
    one, two = CTCAPair().ends()
    assert (one.start(WRITE), two.start(READ), one.waiting_for_input(WRITE)) == (0, 0, False)
    assert two.start(NO_OP) == UnitStatus.BUSY | UnitStatus.ATTENTION
