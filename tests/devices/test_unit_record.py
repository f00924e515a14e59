"""Console, card reader and printer, driven through channel programs of their own."""

from types import SimpleNamespace

import pytest

from edu_hv.devices.card import CardReader
from edu_hv.devices.console import Console
from edu_hv.devices.device import IODevice, printable
from edu_hv.devices.printer import FORM_FEED, Printer, control_command, write_command
from edu_hv.devices.tape import TapeDrive
from edu_hv.isa.codes import UnitStatus
from edu_hv.isa.errors import UserError
from edu_hv.machine.ccw import CCW, NO_STATUS
from edu_hv.machine.channel_program import AbsoluteStorage, ChannelProgram
from edu_hv.machine.storage import Storage

SLI = 0x20
NORMAL = "0C00"


def run(device, command, data=b"", count=None):
    """One CCW with SLI; the unit and channel status in hexadecimal and the bytes that came into storage."""
    storage = Storage(0x4000)
    storage.write(0x2000, data.ljust(1, b"\0"))
    count = count or max(len(data), 1)
    storage.write(0x1000, CCW(command, 0x2000, SLI, count).to_bytes())
    program = ChannelProgram(device, AbsoluteStorage(storage))
    going = program.start(bytes.fromhex("00001000"))
    while going:
        going = program.step()
    moved = count - program.csw.residual
    return program.csw.status_bytes().hex().upper(), storage.read(0x2000, moved)


def ebcdic(text):
    return text.encode("cp037")


def card(text):
    return ebcdic(text.ljust(80))


def sense(device):
    status, data = run(device, 0x04, count=device.sense_length)
    assert status == NORMAL
    return data.hex().upper()


# ---- every device --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("device", [Console, CardReader, Printer, TapeDrive])
def test_command_that_is_not_in_the_table_is_rejected(device):
    device = device()
    assert run(device, 0x55) == ("0200", b"")
    assert sense(device)[:2] == "80"
    assert sense(device)[:2] == "80", "sense and no-op leave the sense data"
    assert run(device, 0x03)[0] == NORMAL
    assert sense(device)[:2] == "80"


@pytest.mark.parametrize("device", [Console, CardReader, Printer, TapeDrive])
def test_fresh_device_has_nothing_to_sense(device):
    assert sense(device())[:2] == "00"


def test_next_command_resets_sense():
    console = Console()
    run(console, 0x55)
    run(console, 0x09, ebcdic("X"))
    assert sense(console) == "00"


def test_every_command_takes_time():
    for device in (Console(), CardReader(), Printer(), TapeDrive()):
        for command in (*device.commands, *device.immediate_commands, 0x03, 0x04):
            assert device.duration(command, 80) > 0


@pytest.mark.parametrize(
    ("data", "text"),
    [
        pytest.param(ebcdic("Hello, wörld 1/2"), "Hello, wörld 1/2", id="graphics"),
        pytest.param(bytes([0x00, 0x0D, 0x25, 0x3F, 0x41, 0xFF]), "......", id="controls"),
    ],
)
def test_ebcdic_without_a_graphic_is_a_period(data, text):
    assert printable(data) == text


def test_base_device_knows_only_sense_and_no_op():
    device = IODevice()
    assert (run(device, 0x03)[0], run(device, 0x02)[0], sense(device)) == (NORMAL, "0200", "80")


# ---- console -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("writes", "lines", "partial"),
    [
        pytest.param([(0x09, "ONE"), (0x09, "TWO")], ["ONE", "TWO"], "", id="new-line"),
        pytest.param([(0x01, "ENTER "), (0x01, "NAME:")], [], "ENTER NAME:", id="no-new-line"),
        pytest.param([(0x01, "ONE "), (0x09, "LINE"), (0x01, "X")], ["ONE LINE"], "X", id="mixed"),
        pytest.param([(0x01, "ONE\x85TWO\x85THREE")], ["ONE", "TWO"], "THREE", id="new-line-in-the-data"),
    ],
)
def test_console_prints(writes, lines, partial):
    console = Console()
    for command, text in writes:
        assert run(console, command, ebcdic(text))[0] == NORMAL
    assert (console.lines, console.partial) == (lines, partial)


@pytest.mark.parametrize(
    ("line", "count", "status", "data"),
    [
        pytest.param("yes", 80, NORMAL, ebcdic("yes"), id="short"),
        pytest.param("", 80, NORMAL, b"", id="empty"),
        pytest.param("123456", 4, NORMAL, ebcdic("1234"), id="cut-at-the-count"),
        pytest.param("a→b", 80, NORMAL, ebcdic("a?b"), id="no-such-character"),
    ],
)
def test_console_reads_a_line_as_it_was_typed(line, count, status, data):
    console = Console()
    assert console.waiting_for_input(0x0A)
    console.enter(line)
    assert not console.waiting_for_input(0x0A)
    assert run(console, 0x0A, count=count) == (status, data)
    assert console.waiting_for_input(0x0A)
    assert not console.waiting_for_input(0x09)


def test_console_alarm_is_immediate():
    console = Console()
    assert console.immediate(0x0B)
    assert run(console, 0x0B)[0] == NORMAL
    assert console.alarms == 1


# ---- card reader ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [0x02, 0x42, 0x82])
def test_reader_reads_and_feeds_into_any_stacker(command):
    reader = CardReader()
    reader.load([card("ONE"), card("TWO")])
    assert run(reader, command, count=80) == (NORMAL, card("ONE"))
    assert run(reader, command, count=80) == (NORMAL, card("TWO"))
    assert reader.stacked == 2


def test_reader_reads_without_feeding():
    reader = CardReader()
    reader.load([card("ONE"), card("TWO")])
    assert run(reader, 0xC2, count=80) == (NORMAL, card("ONE"))
    assert run(reader, 0xC2, count=80) == (NORMAL, card("ONE"))
    assert run(reader, 0x23) == (NORMAL, b"")
    assert run(reader, 0xC2, count=80) == (NORMAL, card("TWO"))


@pytest.mark.parametrize(
    ("end_of_file_key", "statuses"),
    [
        pytest.param(True, [NORMAL, "0D00", "0200", "0200"], id="end-of-file-once-then-intervention"),
        pytest.param(False, [NORMAL, "0200", "0200"], id="intervention"),
    ],
)
@pytest.mark.parametrize("command", [0x02, 0x63])
def test_reader_after_the_last_card(command, end_of_file_key, statuses):
    reader = CardReader()
    reader.end_of_file_key = end_of_file_key
    reader.load([card("LAST")])
    assert [run(reader, command)[0] for _ in statuses] == statuses
    assert sense(reader) == "40"


def test_reader_says_device_end_when_it_becomes_ready():
    reader = CardReader()
    assert run(reader, 0x02)[0] == "0200"
    assert reader.load([]) == NO_STATUS
    assert reader.load([card("ONE")]) == UnitStatus.DEVICE_END
    assert reader.load([card("TWO")]) == NO_STATUS
    assert run(reader, 0x02, count=80) == (NORMAL, card("ONE"))


def test_reader_refuses_what_is_not_a_card():
    reader = CardReader()
    with pytest.raises(UserError, match=r"^card 2 has 79 columns: a card has 80$"):
        reader.load([card("ONE"), bytes(79)])
    assert not reader.hopper


# ---- printer -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("commands", "lines", "current", "line"),
    [
        pytest.param([(0x09, "ONE"), (0x09, "TWO")], ["ONE", "TWO"], "", 3, id="space-1"),
        pytest.param([(0x11, "ONE"), (0x19, "TWO")], ["ONE", "", "TWO", "", ""], "", 6, id="space-2-and-3"),
        pytest.param([(0x01, "A B"), (0x09, " X ")], ["AXB"], "", 2, id="overprint"),
        pytest.param([(0x01, "ONE")], [], "ONE", 1, id="no-space"),
        pytest.param([(0x01, "ONE"), (0x0B, ""), (0x13, "")], ["ONE", "", ""], "", 4, id="space-without-printing"),
        pytest.param([(0x89, "ONE"), (0x09, "TWO")], ["ONE", FORM_FEED, "TWO"], "", 2, id="skip-to-channel-1"),
        pytest.param([(0x8B, ""), (0x09, "ONE")], ["ONE"], "", 2, id="already-at-channel-1"),
        pytest.param([(0x09, "ONE"), (0x8B, "")], ["ONE", FORM_FEED], "", 1, id="skip-without-printing"),
        pytest.param([(0x91, "ONE")], ["ONE", *[""] * 5], "", 7, id="skip-to-channel-2"),
        pytest.param([(0x93, ""), (0x93, "")], [""] * 6, "", 7, id="already-at-channel-2"),
        pytest.param([(0x93, ""), (0x91, "X")], [*[""] * 6, "X", FORM_FEED, *[""] * 6], "", 7, id="to-the-next-form"),
    ],
)
def test_printer_moves_the_paper(commands, lines, current, line):
    printer = Printer()
    for command, text in commands:
        assert run(printer, command, ebcdic(text))[0] == NORMAL
    assert (printer.lines, printer.current, printer.line) == (lines, current, line)


def test_printer_command_codes():
    assert [write_command(space=n) for n in range(4)] == [0x01, 0x09, 0x11, 0x19]
    assert [control_command(space=n) for n in (1, 2, 3)] == [0x0B, 0x13, 0x1B]
    assert (write_command(channel=1), write_command(channel=12)) == (0x89, 0xE1)
    assert (control_command(channel=1), control_command(channel=12)) == (0x8B, 0xE3)


def test_printer_takes_132_characters():
    printer = Printer()
    assert run(printer, 0x09, ebcdic("X" * 140)) == (NORMAL, ebcdic("X" * 132))
    assert printer.lines == ["X" * 132]


def test_printer_says_unit_exception_at_channel_12():
    printer = Printer()
    statuses = [run(printer, 0x09, ebcdic("X"))[0] for _ in range(66)]
    assert statuses == [NORMAL] * 59 + ["0D00"] + [NORMAL] * 6
    assert printer.lines == [*["X"] * 66, FORM_FEED]


@pytest.mark.parametrize("command", [0x63, 0xF3, 0xFB, 0x73, 0x7B, 0xEB])
def test_printer_accepts_buffer_commands(command):
    printer = Printer()
    assert run(printer, command, bytes(64))[0] == NORMAL
    assert printer.lines == []


# ---- checkpoints ---------------------------------------------------------------------------------------------------


def console_at_work():
    console = Console()
    console.enter("one")
    console.enter("two")
    return console, [(0x01, "ENTER:"), (0x0A, ""), (0x09, "OK"), (0x55, ""), (0x0A, ""), (0x0B, "")]


def reader_at_work():
    reader = CardReader()
    reader.load([card("ONE"), card("TWO")])
    return reader, [(0xC2, ""), (0x02, ""), (0x02, ""), (0x02, ""), (0x02, "")]


def printer_at_work():
    return Printer(), [(0x01, "A"), (0x89, "B"), (0x55, ""), (0x19, "C"), (0x91, "D")]


@pytest.mark.parametrize("build", [console_at_work, reader_at_work, printer_at_work])
@pytest.mark.parametrize("before", range(5))
def test_restored_checkpoint_goes_on_the_same_way(build, before):
    device, commands = build()

    def go(some):
        return [run(device, command, ebcdic(text)) for command, text in some]

    go(commands[:before])
    checkpoint = device.state()
    hash(checkpoint)  # plain and immutable through and through
    first = SimpleNamespace(results=go(commands[before:]), state=device.state())
    device.restore(checkpoint)
    assert device.state() == checkpoint
    assert go(commands[before:]) == first.results
    assert device.state() == first.state
