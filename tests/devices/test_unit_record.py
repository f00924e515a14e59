"""Card readers, punches and printers, driven through channel programs of their own."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edu_hv.devices.card import CardReader, CardReader2501, CardReader2540
from edu_hv.devices.card_image import CardForm
from edu_hv.devices.carriage import CARRIAGE_TAPE, carriage_tape, forms_buffer
from edu_hv.devices.console import Console
from edu_hv.devices.device import IODevice, printable
from edu_hv.devices.printer import FORM_FEED, Printer, control_command, write_command
from edu_hv.devices.printer_3211 import Printer3211
from edu_hv.devices.punch import CardPunch, CardPunch2540
from edu_hv.devices.stack import CHUNK, Stack
from edu_hv.devices.tape import TapeDrive
from edu_hv.isa.codes import UnitStatus
from edu_hv.isa.errors import UserError
from edu_hv.machine.ccw import CCW, NO_STATUS
from edu_hv.machine.channel_program import AbsoluteStorage, ChannelProgram
from edu_hv.machine.storage import Storage

CHAIN, SLI = 0x40, 0x20
NORMAL = "0C00"
SPLIT = "0800 04"
"""Channel end, and device end by itself later."""


def run(device, *commands, data=b"", count=None, flags=SLI):
    """A chain of CCWs with one area; the unit and channel status in hexadecimal and the bytes that came into storage.

    Behind the status of channel end stands what comes with device end.
    """
    storage = Storage(0x4000)
    storage.write(0x2000, data.ljust(1, b"\0"))
    count = count or max(len(data), 1)
    for place, command in enumerate(commands):
        chain = CHAIN if place < len(commands) - 1 else 0
        storage.write(0x1000 + 8 * place, CCW(command, 0x2000, flags | chain, count).to_bytes())
    program = ChannelProgram(device, AbsoluteStorage(storage))
    device.begin()
    going = program.start(bytes.fromhex("00001000"))
    while going:
        going = program.step()
    status = program.csw.status_bytes().hex().upper()
    if program.device_working:
        status += f" {int(device.finish(program.command)):02X}"
    return status, storage.read(0x2000, count - program.csw.residual)


def ebcdic(text):
    return text.encode("cp037")


def card(text):
    return ebcdic(text.ljust(80))


def sense(device):
    status, data = run(device, 0x04, count=device.sense_length)
    assert status == NORMAL
    return data.hex().upper()


# ---- every device --------------------------------------------------------------------------------------------------

READERS = [CardReader, CardReader2540, CardReader2501]
PUNCHES = [CardPunch, CardPunch2540]
PRINTERS = [Printer, Printer3211]
UNIT_RECORD = [*READERS, *PUNCHES, *PRINTERS]


def started(model):
    """A device that is ready."""
    device = model()
    if isinstance(device, CardReader):
        device.load([card("ONE"), card("TWO")])
    return device


def name(model):
    return getattr(model, "model", None)


@pytest.mark.parametrize("model", [Console, *UNIT_RECORD], ids=name)
def test_command_that_is_not_in_the_table_is_rejected(model):
    device = started(model)
    assert run(device, 0x57) == ("0200", b"")
    assert sense(device)[:2] == "80"
    assert sense(device)[:2] == "80", "sense and no-op leave the sense data"
    assert run(device, 0x03)[0] == NORMAL
    assert sense(device)[:2] == "80"


@pytest.mark.parametrize("model", [Console, *UNIT_RECORD], ids=name)
def test_device_that_is_ready_has_nothing_to_sense(model):
    device = started(model)
    assert sense(device) == "00" * device.sense_length


@pytest.mark.parametrize("model", UNIT_RECORD, ids=name)
@pytest.mark.parametrize("command", [0x01, 0x02, 0x03])
def test_stopped_device_needs_an_intervention_until_it_is_started(model, command):
    device = started(model)
    assert device.stop() == NO_STATUS
    known = command in device.commands or command == 0x03
    assert run(device, command, count=80) == ("0200", b"")
    assert sense(device)[:2] == ("40" if known else "C0")
    assert device.test() == UnitStatus.UNIT_CHECK
    assert device.make_ready() == UnitStatus.DEVICE_END
    assert device.make_ready() == NO_STATUS
    assert sense(device)[:2] == ("00" if known else "80"), "the bit shows what is so when it is sensed"
    assert device.test() == NO_STATUS


def test_next_command_resets_sense():
    punch = CardPunch2540()
    run(punch, 0x55)
    run(punch, 0x01, data=ebcdic("X"))
    assert sense(punch) == "00"


@pytest.mark.parametrize("model", [Console, *UNIT_RECORD, TapeDrive], ids=name)
def test_every_command_takes_time(model):
    device = model()
    for command in (*device.commands, *device.immediate_commands, 0x03, 0x04):
        assert device.duration(command, 80) > 0
        assert device.working(command, 80) > 0


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


@given(st.lists(st.integers(), max_size=3 * CHUNK))
def test_stack_is_a_sequence_that_keeps_what_it_was(items):
    stacks = [Stack()]
    for item in items:
        stacks.append(stacks[-1].with_item(item))
    assert [list(stack) for stack in stacks[:: CHUNK // 2]] == [
        items[: n * (CHUNK // 2)] for n in range(len(stacks[:: CHUNK // 2]))
    ]
    assert (len(stacks[-1]), stacks[-1]) == (len(items), Stack.of(items))


# ---- card readers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [CardReader, CardReader2540], ids=name)
@pytest.mark.parametrize(("command", "stacker"), [(0x02, 0), (0x42, 1), (0x82, 2)])
def test_reader_reads_and_feeds_into_any_stacker(model, command, stacker):
    reader = started(model)
    assert run(reader, command, count=80, flags=0) == (SPLIT, card("ONE"))
    assert run(reader, command, count=80, flags=0) == (SPLIT, card("TWO"))
    assert (reader.stacked, reader.stackers[stacker], reader.hopper) == (2, 2, ())


@pytest.mark.parametrize("model", READERS, ids=name)
@pytest.mark.parametrize(("count", "moved"), [(40, 40), (100, 80)])
def test_count_that_is_not_80_is_incorrect_length(model, count, moved):
    ending = "0C40" if model is CardReader2501 else "0840 04"
    assert run(started(model), 0x02, count=count, flags=0) == (ending, card("ONE")[:moved])


@pytest.mark.parametrize("model", [CardReader, CardReader2540], ids=name)
def test_reader_reads_without_feeding_and_feeds_without_reading(model):
    reader = started(model)
    assert run(reader, 0xC2, count=80) == (NORMAL, card("ONE"))
    assert run(reader, 0x23) == (SPLIT, b"")
    assert run(reader, 0xC2, count=80) == (NORMAL, card("TWO"))
    assert run(reader, 0xA3) == (SPLIT, b"")
    assert reader.stackers == (1, 0, 1)


def test_chain_goes_on_at_device_end():
    reader = started(CardReader)
    assert run(reader, 0xC2, 0x23, 0x42, count=80) == (SPLIT, card("TWO"))
    assert reader.stackers == (1, 1, 0)


def test_3505_reads_a_card_again_and_feeds_one_unread():
    reader = started(CardReader)
    assert run(reader, 0xC2, count=80) == run(reader, 0xC2, count=80) == (NORMAL, card("ONE"))
    assert run(reader, 0x63) == (SPLIT, b"")
    assert run(reader, 0x63) == (SPLIT, b"")
    assert reader.stackers == (0, 2, 0)


def test_2540_wants_a_card_to_be_read_once_and_then_fed():
    reader = started(CardReader2540)
    assert run(reader, 0x23) == ("0200", b"")
    assert sense(reader) == "80", "a feed without a read"
    assert run(reader, 0xC2, count=80) == (NORMAL, card("ONE"))
    assert run(reader, 0xC2, count=80) == ("0E00", card("ONE"))
    assert sense(reader) == "02", "unusual command sequence"
    assert run(reader, 0x02, count=80) == ("0A00 04", card("ONE"))
    assert sense(reader) == "02"
    assert run(reader, 0x02, count=80) == (SPLIT, card("TWO"))


def test_2501_has_no_buffer_and_no_stackers_to_select():
    reader = started(CardReader2501)
    assert run(reader, 0x02, count=80) == (NORMAL, card("ONE"))
    assert [run(reader, command)[0] for command in (0x42, 0xC2, 0x23)] == ["0200"] * 3
    assert reader.stackers == (1, 0, 0)


@pytest.mark.parametrize(("model", "end"), [(CardReader, "0D00"), (CardReader2501, "0D00"), (CardReader2540, "0100")])
def test_end_of_file_is_told_once_and_then_the_reader_is_not_ready(model, end):
    reader = model()
    reader.load([card("LAST")])
    assert run(reader, 0x02)[0] in (SPLIT, NORMAL)
    assert [run(reader, 0x02)[0] for _ in range(3)] == [end, "0200", "0200"]
    assert sense(reader)[:2] == "40"


def test_3505_tells_a_feed_of_the_end_of_file_too():
    reader = CardReader()
    reader.load([card("LAST")])
    assert [run(reader, 0x63)[0] for _ in range(3)] == [SPLIT, "0D00", "0200"]
    assert sense(reader) == "40100000", "the command may be tried again"


@pytest.mark.parametrize("model", READERS, ids=name)
def test_without_the_end_of_file_key_the_reader_is_not_ready_behind_the_last_card(model):
    reader = model()
    reader.end_of_file_key = False
    reader.load([card("LAST")])
    assert run(reader, 0x02)[0] in (SPLIT, NORMAL)
    assert run(reader, 0x02)[0] == "0200"
    assert reader.press_end_of_file() == UnitStatus.DEVICE_END
    assert run(reader, 0x02)[0] in ("0D00", "0100")


@pytest.mark.parametrize("model", READERS, ids=name)
def test_reader_says_device_end_when_it_becomes_ready(model):
    reader = model()
    assert run(reader, 0x02)[0] == "0200"
    assert reader.load([]) == NO_STATUS
    assert reader.load([card("ONE")]) == UnitStatus.DEVICE_END
    assert reader.load([card("TWO")]) == NO_STATUS
    assert run(reader, 0x02, count=80)[1] == card("ONE")
    assert run(reader, 0x02, count=80)[1] == card("TWO")


def test_reader_refuses_what_is_not_a_card():
    reader = CardReader()
    with pytest.raises(UserError, match=r"^card 2 has 79 columns: a card has 80$"):
        reader.load([card("ONE"), bytes(79)])
    assert not reader.hopper


# ---- card punches --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", PUNCHES, ids=name)
def test_punch_punches_into_any_stacker(model):
    punch = model()
    for command, text in ((0x01, "ONE"), (0x41, "TWO"), (0x81, "THREE"), (0x01, "FOUR")):
        assert run(punch, command, data=ebcdic(text))[0] == SPLIT
    assert punch.cards == [card("ONE"), card("TWO"), card("THREE"), card("FOUR")]
    assert [punch.stacker(number) for number in range(3)] == [
        [card("ONE"), card("FOUR")],
        [card("TWO")],
        [card("THREE")],
    ]
    assert punch.image() == b"".join(punch.cards)
    assert punch.image(CardForm.TEXT) == b"ONE\nTWO\nTHREE\nFOUR\n"


@pytest.mark.parametrize("model", PUNCHES, ids=name)
@pytest.mark.parametrize(("length", "status"), [(79, "0840 04"), (80, SPLIT), (81, "0840 04")])
def test_card_that_is_not_80_bytes_is_incorrect_length(model, length, status):
    punch = model()
    assert run(punch, 0x01, data=b"\xc1" * length, flags=0)[0] == status
    assert punch.cards == [(b"\xc1" * length)[:80].ljust(80, b"\x40")]


@pytest.mark.parametrize("model", PUNCHES, ids=name)
@pytest.mark.parametrize("command", [0xC1, 0x21, 0x09, 0x23, 0x02, 0x0C, 0x08 | 0x03])
def test_punch_rejects_what_its_features_would_do(model, command):
    punch = model()
    assert run(punch, command) == ("0200", b"")
    assert (sense(punch)[:2], punch.cards) == ("80", [])


# ---- printers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", PRINTERS, ids=name)
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
        pytest.param([(0x01, "ONE"), (0x8B, "")], ["ONE", FORM_FEED], "", 1, id="at-channel-1-with-a-line-written"),
        pytest.param([(0x09, "ONE"), (0x8B, "")], ["ONE", FORM_FEED], "", 1, id="skip-without-printing"),
        pytest.param([(0x91, "ONE")], ["ONE", *[""] * 5], "", 7, id="skip-to-channel-2"),
        pytest.param([(0x93, ""), (0x93, "")], [""] * 6, "", 7, id="already-at-channel-2"),
        pytest.param([(0x93, ""), (0x91, "X")], [*[""] * 6, "X", FORM_FEED, *[""] * 6], "", 7, id="to-the-next-form"),
        pytest.param([(0x09, "A\0\tB")], ["A  B"], "", 2, id="no-graphic-is-a-blank"),
    ],
)
def test_printer_moves_the_paper(model, commands, lines, current, line):
    printer = model()
    for command, text in commands:
        assert run(printer, command, data=ebcdic(text))[0] == SPLIT
    assert (printer.lines, printer.current, printer.line) == (lines, current, line)


def test_printer_command_codes():
    assert [write_command(space=n) for n in range(4)] == [0x01, 0x09, 0x11, 0x19]
    assert [control_command(space=n) for n in (1, 2, 3)] == [0x0B, 0x13, 0x1B]
    assert (write_command(channel=1), write_command(channel=12)) == (0x89, 0xE1)
    assert (control_command(channel=1), control_command(channel=12)) == (0x8B, 0xE3)


VALID = {*range(0x01, 0x20, 8), *range(0x0B, 0x20, 8), *range(0x89, 0xE2, 8), *range(0x8B, 0xE4, 8)}


def test_1403_takes_the_commands_of_the_2821_and_no_others():
    diagnostic = {command | 4 for command in VALID if command & 3 == 1}
    valid = {*VALID, *diagnostic, 0x02, 0x06, 0xEB, 0xF3, 0xFB, 0x73, 0x7B, 0x03, 0x04}
    assert {*Printer.commands, *Printer.immediate_commands, 0x03, 0x04} == valid


def test_3211_takes_the_commands_of_the_3811_and_no_others():
    valid = {*VALID, 0x02, 0x05, 0x06, 0x07, 0x0A, 0x12, 0x23, 0x43, 0x63, 0x6B, 0x73, 0x7B, 0x83, 0xFB, 0x03, 0x04}
    assert {*Printer3211.commands, *Printer3211.immediate_commands, 0x03, 0x04} == valid


@pytest.mark.parametrize(("length", "status"), [(131, "0840 04"), (132, SPLIT), (133, "0840 04")])
def test_line_that_is_not_132_characters_is_incorrect_length(length, status):
    printer = Printer()
    assert run(printer, 0x09, data=ebcdic("X" * length), flags=0) == (status, ebcdic("X" * min(length, 132)))
    assert printer.lines == ["X" * min(length, 132)]


@pytest.mark.parametrize("model", PRINTERS, ids=name)
def test_channels_9_and_12_are_sensed_while_the_paper_spaces(model):
    printer = model()
    statuses = [run(printer, 0x09, data=ebcdic("X"))[0] for _ in range(66)]
    assert statuses == [*[SPLIT] * 59, "0800 05", SPLIT, "0800 06", *[SPLIT] * 4]
    assert printer.lines == [*["X"] * 66, FORM_FEED]


@pytest.mark.parametrize("model", PRINTERS, ids=name)
@pytest.mark.parametrize(
    ("commands", "status", "found"),
    [
        pytest.param([0xDB, 0x1B, 0x1B], "0800 05", "00", id="spaced-to-12"),
        pytest.param([0xDB, 0x1B, 0x1B, 0x1B], "0800 06", "01", id="spaced-past-9"),
        pytest.param([0xDB, 0x8B], SPLIT, "00", id="skipped-past-both"),
        pytest.param([0xE3], SPLIT, "00", id="skipped-to-12"),
        pytest.param([0xE3, 0xCB], SPLIT, "00", id="skipped-to-9"),
    ],
)
def test_what_a_carriage_motion_senses(model, commands, status, found):
    printer = model()
    assert [run(printer, command)[0] for command in commands][-1] == status
    assert sense(printer)[:2] == found


def test_1403_has_one_sense_byte_after_channel_9():
    printer = Printer()
    assert run(printer, 0xDB)[0] == SPLIT
    assert [run(printer, 0x1B)[0] for _ in range(3)][-1] == "0800 06"
    assert run(printer, 0x04, count=2, flags=0) == ("0C40", b"\x01"), "a byte is left of the count of 2"
    assert run(printer, 0x04, count=1, flags=0) == (NORMAL, b"\x01")


def test_unit_check_at_device_end_stops_the_chain():
    printer = Printer()
    run(printer, 0xDB, 0x1B)
    assert run(printer, 0x1B, 0x0B, 0x0B) == ("0500", b""), "channel 12: device end and unit exception"
    assert printer.line == 61


def test_1403_runs_away_when_its_tape_has_no_such_channel():
    printer = Printer()
    printer.mount_tape({1: 1, 12: 60})
    assert run(printer, 0x91, data=ebcdic("X"))[0] == "0800 06"
    assert (sense(printer), printer.lines) == ("40", ["X", FORM_FEED, FORM_FEED])
    assert run(printer, 0x09)[0] == "0200"
    assert printer.make_ready() == UnitStatus.DEVICE_END


@pytest.mark.parametrize("command", [0xF3, 0xFB])
def test_1403_loads_its_character_set_only_behind_gate_load(command):
    printer = Printer()
    assert run(printer, command, data=bytes(240))[0] == "0200"
    assert sense(printer) == "80"
    assert run(printer, 0xEB, command, data=bytes(240), flags=0)[0] == SPLIT
    assert run(printer, 0xEB)[0] == NORMAL
    assert run(printer, command, data=bytes(240))[0] == "0200", "another chain"
    run(printer, 0x09, data=ebcdic("Small"))
    assert printer.lines == ["SMALL" if command == 0xF3 else "Small"]


def test_diagnostic_write_fills_the_buffer_and_prints_nothing():
    printer = Printer()
    assert run(printer, 0x0D, data=ebcdic("TEST"))[0] == NORMAL
    assert run(printer, 0x02, count=132) == (NORMAL, ebcdic("TEST".ljust(132)))
    assert run(printer, 0x06, count=132) == (NORMAL, b"\x04" * 132)
    assert (printer.lines, printer.current) == ([], "")


def test_image_keeps_overprints_and_forms():
    printer = Printer()
    for command, text in ((0x01, "A_B"), (0x09, "_X"), (0x89, "LAST"), (0x01, "ON FORM 2")):
        run(printer, command, data=ebcdic(text))
    assert printer.image() == b"A_B\r_X\nLAST\n\fON FORM 2"


FORMS = forms_buffer({1: 1, 2: 4, 12: 6}, 8)


def test_3211_moves_the_paper_as_its_forms_control_buffer_says():
    printer = Printer3211()
    run(printer, 0x09, data=ebcdic("X"))
    assert run(printer, 0x63, data=FORMS, flags=0)[0] == SPLIT
    assert (printer.line, printer.tape) == (1, carriage_tape({1: 1, 2: 4, 12: 6}, 8))
    assert run(printer, 0x93)[0] == SPLIT
    assert run(printer, 0x13)[0] == "0800 05"
    assert run(printer, 0x8B)[0] == SPLIT
    assert printer.lines == ["X", *[""] * 5, FORM_FEED]


def test_load_of_forms_never_has_incorrect_length():
    assert run(Printer3211(), 0x63, data=FORMS.ljust(180, b"\0"), flags=0)[0] == SPLIT


@pytest.mark.parametrize(
    "forms",
    [
        pytest.param(FORMS[:-1], id="no-last-line"),
        pytest.param(b"\x0d" + FORMS[1:], id="channel-13"),
        pytest.param(b"\x20" + FORMS[1:], id="a-bit-that-is-none"),
        pytest.param(bytes([1] * 31) + b"\x10", id="31-channels-before-the-last-line"),
        pytest.param(bytes(180) + b"\x10", id="181-lines"),
    ],
)
def test_3211_refuses_what_is_no_forms_control_buffer(forms):
    printer = Printer3211()
    assert run(printer, 0x63, data=forms)[0] == "0E00"
    assert (sense(printer), printer.tape) == ("020000000000", carriage_tape(CARRIAGE_TAPE))


def test_forms_with_30_channels_and_one_at_the_last_line_are_taken():
    assert run(Printer3211(), 0x63, data=bytes([1] * 30) + b"\x12")[0] == SPLIT


@pytest.mark.parametrize(("index", "line"), [(0x81, "ABCD"), (0x83, "  ABCD"), (0xC2, "CD")])
def test_print_position_index_shifts_the_lines(index, line):
    printer = Printer3211()
    run(printer, 0x63, data=bytes([index]) + FORMS)
    run(printer, 0x09, data=ebcdic("ABCD"))
    assert printer.lines == [line]


def test_3211_skip_to_a_channel_without_a_line_is_a_line_position_check():
    printer = Printer3211()
    run(printer, 0x63, data=FORMS)
    assert run(printer, 0xE9 - 0x10)[0] == "0800 06"
    assert sense(printer) == "181000000000"
    assert run(printer, 0x09)[0] == SPLIT


def test_3211_shows_its_buffers_behind_the_diagnostic_gate():
    printer = Printer3211()
    run(printer, 0x63, data=FORMS)
    assert run(printer, 0x12, count=180)[0] == "0200"
    assert run(printer, 0x07, 0x12, count=180) == (NORMAL, FORMS.ljust(180, b"\0"))
    assert run(printer, 0x07, 0x06, count=1) == (NORMAL, b"\x40"), "line 1"
    assert run(printer, 0x0B, 0x07, 0x06, count=1) == (NORMAL, b"\xc0"), "line 2"
    letters = bytes(range(256)) * 2
    assert run(printer, 0xFB, data=letters[:500])[0] == "0E00"
    assert sense(printer)[:2] == "02"
    assert run(printer, 0xFB, data=letters)[0] == SPLIT
    assert run(printer, 0x07, 0x0A, count=512) == (NORMAL, letters)


def test_3211_folds_and_unfolds():
    printer = Printer3211()
    for command in (0x43, 0x09, 0x23, 0x09):
        run(printer, command, data=ebcdic("Small"))
    assert printer.lines == ["SMALL", "Small"]


def test_carriage_tape_must_fit_the_form():
    with pytest.raises(UserError, match=r"^channel 2 at line 67: channels are 1 to 12, and the form has 66 lines$"):
        carriage_tape({2: 67})
    with pytest.raises(UserError, match=r"^channel 13 at line 1:"):
        carriage_tape({13: 1})


# ---- checkpoints ---------------------------------------------------------------------------------------------------


def reader_at_work(model):
    reader = model()
    reader.load([card("ONE"), card("TWO")])
    return reader, [(0xC2, ""), (0x02, ""), (0x02, ""), (0x02, ""), (0x02, "")]


def punch_at_work(model):
    return model(), [(0x01, "A"), (0x81, "B"), (0x55, ""), (0x41, "C"), (0x03, "")]


def printer_at_work(model):
    return model(), [(0x01, "A"), (0x89, "B"), (0x55, ""), (0x43, ""), (0x91, "D")]


@pytest.mark.parametrize(
    ("build", "model"),
    [
        *((reader_at_work, model) for model in READERS),
        *((punch_at_work, model) for model in PUNCHES),
        *((printer_at_work, model) for model in PRINTERS),
    ],
    ids=lambda value: name(value),
)
@pytest.mark.parametrize("before", range(5))
def test_restored_checkpoint_goes_on_the_same_way(build, model, before):
    device, commands = build(model)

    def go(some):
        return [run(device, command, data=ebcdic(text)) for command, text in some]

    go(commands[:before])
    checkpoint = device.state()
    hash(checkpoint)  # plain and immutable through and through
    first = SimpleNamespace(results=go(commands[before:]), state=device.state())
    device.restore(checkpoint)
    assert device.state() == checkpoint
    assert go(commands[before:]) == first.results
    assert device.state() == first.state


@pytest.mark.parametrize("model", UNIT_RECORD, ids=name)
def test_checkpoint_shares_the_medium(model):
    device = started(model)
    if not isinstance(device, CardReader):
        for _ in range(2 * CHUNK):
            run(device, 0x01 if isinstance(device, CardPunch) else 0x0B, data=b"\xc1")
    first, second = device.state()[1], device.state()[1]

    def shared(one, other):
        if one is other:
            return True
        return isinstance(one, tuple) and len(one) == len(other) < 10 and all(map(shared, one, other))

    assert shared(first, second)
