"""The TN3270 server: its negotiation, many terminals, bad ones, and a real emulator as the oracle of the display."""

import random
import socket
import struct
from contextlib import suppress

import pytest

from edu_hv.devices.display import Display
from edu_hv.devices.display_buffer import encode_address
from edu_hv.isa.errors import UserError
from edu_hv.machine.ccw import CCW
from edu_hv.machine.channel_program import AbsoluteStorage, ChannelProgram
from edu_hv.machine.storage import Storage
from edu_hv.repl import tn3270
from edu_hv.repl.telnet import LONGEST_RECORD, ProtocolError, Telnet, framed
from edu_hv.repl.tn3270 import DisplayServer
from tests.repl.terminal import needs_s3270, terminals, until  # noqa: F401

ASKED = bytes.fromhex("FFFD18")
NAMED = bytes.fromhex("FFFA1801FFF0")
RECORDS = bytes.fromhex("FFFD19 FFFB19 FFFD00 FFFB00")
AGREES = bytes.fromhex("FFFB18")
TERMINAL = bytes.fromhex("FFFA1800") + b"IBM-3278-2" + bytes.fromhex("FFF0")
AGREES_TO_RECORDS = bytes.fromhex("FFFB19 FFFD19 FFFB00 FFFD00")
HELLO = b"\xf5\xc3" + "HELLO".encode("cp037")


def talk(*said):
    """A connection that has received all that: it, the records, and the answers."""
    telnet = Telnet()
    answers = [telnet.take_replies()]
    records = []
    for data in said:
        records += telnet.receive(data)
        answers.append(telnet.take_replies())
    return telnet, records, answers


# ---- telnet, without sockets ---------------------------------------------------------------------------------------


def test_negotiation_asks_for_type_records_and_binary():
    telnet, records, answers = talk(AGREES, TERMINAL, AGREES_TO_RECORDS)
    assert answers == [ASKED, NAMED, RECORDS, b""]
    assert (telnet.ready, telnet.terminal_type, records) == (True, "IBM-3278-2", [])


def test_negotiation_may_come_byte_by_byte():
    telnet, records, _ = talk(*[bytes([b]) for b in AGREES + TERMINAL + AGREES_TO_RECORDS + framed(b"\x7d\x40\xff")])
    assert (telnet.ready, records) == (True, [b"\x7d\x40\xff"])


@pytest.mark.parametrize(
    ("said", "records"),
    [
        pytest.param(b"\x7d\x40\x40\xff\xef", [b"\x7d\x40\x40"], id="one"),
        pytest.param(b"\x6d\xff\xef\x6c\xff\xef", [b"\x6d", b"\x6c"], id="two"),
        pytest.param(b"\x7d\xff\xff\xff\xef", [b"\x7d\xff"], id="255 is doubled"),
        pytest.param(b"\xff\xef\xff\xef", [], id="empty"),
        pytest.param(b"\x7d\xff\xf1\x40\xff\xef", [b"\x7d\x40"], id="no-operation within"),
        pytest.param(b"\x7d\x40", [], id="not complete"),
    ],
)
def test_records(said, records):
    assert talk(AGREES, TERMINAL, AGREES_TO_RECORDS, said)[1] == records


def test_what_is_sent_is_framed():
    assert framed(b"\xf5\xff\x40") == b"\xf5\xff\xff\x40\xff\xef"


def test_other_options_are_refused_once():
    answers = talk(AGREES, bytes.fromhex("FFFB1F"), bytes.fromhex("FFFB1F FFFD28 FFFE28 FFFC1F"))[2]
    assert answers[2:] == [bytes.fromhex("FFFE1F"), bytes.fromhex("FFFC28")]


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(bytes.fromhex("FFFC18"), id="no terminal type"),
        pytest.param(AGREES + TERMINAL.replace(b"IBM-3278-2", b"VT100"), id="another terminal"),
        pytest.param(AGREES + TERMINAL + bytes.fromhex("FFFC19"), id="no end of record"),
        pytest.param(bytes.fromhex("FFFA18") + b"x" * 1000, id="type without end"),
        pytest.param(bytes.fromhex("FFFB63") * 200, id="options without end"),
        pytest.param(AGREES + TERMINAL + AGREES_TO_RECORDS + b"\x7d" * (LONGEST_RECORD + 1), id="record without end"),
    ],
)
def test_terminal_that_is_none_is_given_up(said):
    with pytest.raises(ProtocolError):
        talk(said)


@pytest.mark.parametrize("seed", range(20))
def test_random_bytes_give_records_or_an_end(seed):
    noise = random.Random(seed)
    data = bytes(
        noise.choice([255, 255, 240, 250, 251, 253, 24, 25, 0, 0x7D, noise.randrange(256)]) for _ in range(3000)
    )
    telnet = Telnet()
    try:
        kept = b"".join(telnet.receive(data))
    except ProtocolError:
        kept = b""
    assert len(kept) <= len(data)
    assert len(telnet.take_replies()) < 1000


# ---- the server ----------------------------------------------------------------------------------------------------


@pytest.fixture
def server():
    made = DisplayServer([0x0C0, 0x0C1], 0)
    yield made
    made.close()


class Client:
    """A terminal of a few lines."""

    def __init__(self, server, terminal_type=b"IBM-3278-2"):
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        self.received = b""
        self.expect(ASKED)
        self.send(AGREES)
        self.expect(NAMED)
        self.send(TERMINAL.replace(b"IBM-3278-2", terminal_type))
        self.expect(RECORDS)
        self.send(AGREES_TO_RECORDS)

    def send(self, data):
        self.socket.sendall(data)

    def expect(self, data):
        """Exactly this comes next."""
        while len(self.received) < len(data):
            more = self.socket.recv(4096)
            assert more, (self.received, data)
            self.received += more
        got, self.received = self.received[: len(data)], self.received[len(data) :]
        assert got == data

    def rest(self):
        """All that comes until the end of the connection."""
        found = self.received
        try:
            while more := self.socket.recv(4096):
                found += more
        except ConnectionResetError:
            pass
        return found


def taken(server, count):
    """The next inputs, when there are so many."""
    inputs = []

    def enough():
        inputs.extend(server.take_inputs())
        return len(inputs) >= count

    assert until(enough), inputs
    return inputs


def taken_until(server, last):
    """The inputs up to one that has to come."""
    inputs = []

    def there():
        inputs.extend(server.take_inputs())
        return last in inputs

    assert until(there), inputs
    return inputs


def test_terminals_get_the_first_free_display_and_records_go_both_ways(server):
    first = Client(server)
    assert taken(server, 1) == [(0x0C0, b"")]
    second = Client(server)
    assert taken(server, 1) == [(0x0C1, b"")]
    assert server.connected() == {0x0C0, 0x0C1}
    server.show(0x0C1, HELLO)
    server.show(0x0C0, b"\xf1\xff")
    second.expect(framed(HELLO))
    first.expect(framed(b"\xf1\xff"))
    second.send(framed(b"\x7d\x40\x40"))
    assert taken(server, 1) == [(0x0C1, b"\x7d\x40\x40")]
    first.socket.close()
    assert taken(server, 1) == [(0x0C0, None)]
    assert server.connected() == {0x0C1}
    third = Client(server)
    assert (taken(server, 1), third.received) == ([(0x0C0, b"")], b"")


@pytest.mark.parametrize(("name", "address"), [(b"0C1", 0x0C1), (b"0c1", 0x0C1), (b"00C0", 0x0C0)])
def test_terminal_may_ask_for_a_display(server, name, address):
    client = Client(server, b"IBM-3279-2-E@" + name)
    assert (taken(server, 1), client.received) == ([(address, b"")], b"")


@pytest.mark.parametrize(
    ("terminal_type", "before"),
    [pytest.param(b"IBM-3278-2@0CF", 0, id="not there"), pytest.param(b"IBM-3278-2", 2, id="none free")],
)
def test_terminal_without_a_display_is_told_so_and_let_go(server, terminal_type, before, monkeypatch):
    monkeypatch.setattr(tn3270, "LAST_WORDS_SECONDS", 0.1)
    others = [Client(server) for _ in range(before)]
    assert until(lambda: len(server.connected()) == len(others))
    assert "No display is free".encode("cp037") in Client(server, terminal_type).rest()
    assert len(server.connected()) == before


def test_somebody_with_something_else_is_told_what_to_use(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as other:
        other.sendall(bytes.fromhex("FFFC18"))
        said = b"".join(iter(lambda: other.recv(4096), b""))
    assert said.endswith(b"Connect with a 3270 emulator: c3270, x3270 or s3270\r\n")


def test_display_that_is_gone_loses_its_terminal(server):
    client = Client(server)
    taken(server, 1)
    server.offer([0x0C1])
    assert client.rest() == b""
    assert taken(server, 1) == [(0x0C0, None)]


def test_listens_on_loopback_only(server):
    assert server._listener.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize("port", ["taken", 70000], ids=["in use", "no port"])
def test_port_that_cannot_be_had_is_one_sentence(server, port):
    with pytest.raises(UserError, match=r"^port \d+ cannot be used: .*; serve 0 takes any that is free$"):
        DisplayServer([0x0C0], server.port if port == "taken" else port)


def test_close_ends_all_connections_and_frees_the_port(server):
    client = Client(server)
    server.close()
    assert client.rest() == b""
    DisplayServer([0x0C0], server.port).close()


def test_terminal_that_takes_nothing_is_let_go(server):
    client = Client(server)
    taken(server, 1)
    for _ in range(400):
        server.show(0x0C0, bytes(65536))
    assert (taken(server, 1), client.received) == ([(0x0C0, None)], b"")


def test_keys_that_nobody_takes_are_dropped_in_the_end(server):
    client = Client(server)
    taken(server, 1)
    client.send(framed(b"\x7d") * 1000)
    client.socket.shutdown(socket.SHUT_WR)
    assert until(lambda: not server.connected())
    assert server.take_inputs() == [(0x0C0, b"\x7d")] * 64 + [(0x0C0, None)]


def _reset(client):
    """End the connection in the hardest way there is."""
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.socket.close()


HOSTILE = {
    "random": lambda c: c.send(random.Random(1).randbytes(50_000)),
    "record without end": lambda c: c.send(b"\x7d" * 100_000),
    "half a record, then gone": lambda c: (c.send(b"\x7d\x40"), _reset(c)),
    "half a command, then gone": lambda c: (c.send(b"\xff"), _reset(c)),
    "gone at once": _reset,
    "options": lambda c: c.send(bytes.fromhex("FFFD63 FFFB64") * 5000),
}


@pytest.mark.parametrize("attack", HOSTILE.values(), ids=HOSTILE)
def test_hostile_terminal_harms_nobody_else(server, attack):
    good = Client(server)
    taken(server, 1)
    bad = Client(server)
    taken_until(server, (0x0C1, b""))
    with suppress(OSError):  # the server has ended it already
        attack(bad)
    bad.socket.close()
    taken_until(server, (0x0C1, None))
    server.show(0x0C0, HELLO)
    good.expect(framed(HELLO))
    good.send(framed(b"\x7d\x40\x40"))
    taken_until(server, (0x0C0, b"\x7d\x40\x40"))


# ---- a real emulator: what the model of the display says, it shows -------------------------------------------------


class Station:
    """A display whose programs are random, and its terminal."""

    def __init__(self, server, terminal):
        self.server, self.terminal = server, terminal
        self.display = Display()
        self.display.connect()
        self.storage = Storage(0x10000)
        self.shown = 0

    def run(self, commands):
        for n, (command, data) in enumerate(commands):
            flags = 0x20 | (0x40 if n < len(commands) - 1 else 0)
            address = 0x2000 * (n + 1)
            self.storage.write(address, data)
            self.storage.write(0x1000 + 8 * n, CCW(command, address, flags, len(data)).to_bytes())
        program = ChannelProgram(self.display, AbsoluteStorage(self.storage))
        going = program.start(bytes.fromhex("00001000"))
        while going:
            going = program.step()
        return self.storage.read(address, len(data) - program.csw.residual)

    def update(self):
        for stream in self.display.updates(self.shown):
            self.server.show(0x0C0, stream)
        self.shown = self.display.written

    def seen(self):
        """What the terminal holds."""
        return self.terminal.buffer()

    def model(self):
        screen = self.display.screen
        attributes = bytes(1 + (a & 0x3F) if a else 0 for a in screen.attributes)
        return screen.characters, attributes, screen.cursor


@pytest.fixture
def station(server, terminals):  # noqa: F811
    terminal = terminals(server.port)
    assert taken(server, 1) == [(0x0C0, b"")]
    server.show(0x0C0, b"\xf5\xc3\x1d\x40\x13")
    terminal.do("Ascii()")  # s3270 takes its first action only when there is something to type into
    return Station(server, terminal)


def address(noise, multiple=1):
    near = noise.choice([0, 1, 79, 80, 1917, 1918, 1919, noise.randrange(1920), noise.randrange(160)])
    return encode_address(near // multiple * multiple)


def random_stream(noise):
    """Orders and characters that are valid on every model.

    At PROGRAM TAB s3270 takes fields without a position for none, stays where the only unprotected field begins, and
    forgets in which field it is.  So attributes stand at multiples of 4, and addresses before these orders.
    """
    stream = bytearray()
    for _ in range(noise.randrange(1, 25)):
        match noise.randrange(9):
            case 0 | 1:
                stream += b"\x11" + address(noise)
            case 2 | 3:
                attribute = noise.choice([0x40, 0x60, 0xC1, 0x61, 0x4C, 0x50, 0xF0, 0xC8])
                stream += b"\x11" + address(noise, 4) + bytes([0x1D, attribute])
            case 4:
                stream += b"\x13"
            case 5:
                stream += b"\x11" + address(noise, 4)[:1] + b"\xc2" + noise.choice([b"\x05", b"\xc1\x05"])
            case 6:
                stream += b"\x3c" + address(noise) + noise.choice([b"\0", b"\xc1", b"\x5c"])
            case 7:
                stream += b"\x11" + address(noise) + b"\x12" + address(noise)
            case 8:
                stream += noise.choice(["A", "HELLO", "3270", "\0", "A\0B", " "]).encode("cp037")
    return bytes(stream)


@needs_s3270
@pytest.mark.parametrize("seed", range(2))
def test_random_programs_show_what_the_model_says(station, seed):
    noise = random.Random(seed)
    for number in range(25):
        commands = []
        for _ in range(noise.randrange(1, 4)):
            command = noise.choice([0x05, 0x01, 0x01, 0x01, 0x0F])
            commands.append((command, bytes([noise.choice([0xC3, 0xC2, 0xC0, 0xC1])]) + random_stream(noise)))
        station.run(commands)
        station.update()
        assert until(lambda: station.seen() == station.model(), 3), (seed, number, [c[1].hex() for c in commands])
        if number % 5 == 0:
            station.server.show(0x0C0, b"\xf5\xc2")
            station.server.show(0x0C0, station.display.refresh())
            assert until(lambda: station.seen() == station.model(), 3), (seed, number, "refresh")


FORM = "C3 11404A 1D40 13" + "00" * 20 + "1D60 1D50" + "00" * 8 + "1D60 115D7D 1D40"
"""Fields at 11 and 33, and one that begins on the last line and goes on in the first."""


@needs_s3270
def test_what_is_typed_is_in_the_model_as_on_the_screen(station):
    terminal, display = station.terminal, station.display
    station.run([(0x05, bytes.fromhex(FORM))])
    station.update()
    assert until(lambda: station.seen() == station.model())
    for action in ('String("Hello, world")', "Tab()", 'String("42")', "Tab()", 'String("all round")', "Enter()"):
        terminal.do(action)
    [(_, typed)] = taken(station.server, 1)
    display.key(typed)
    assert terminal.buffer() == station.model()
    assert display.text()[0].startswith("l round    Hello, world")
    station.run([(0x01, b"\xc2")])
    station.update()
    for action in ("Wait(Unlock)", "Clear()"):
        terminal.do(action)
    assert taken(station.server, 1) == [(0x0C0, b"\x6d")]
    display.key(b"\x6d")
    assert terminal.buffer() == station.model()
