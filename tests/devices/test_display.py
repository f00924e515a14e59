"""The 3270 display: its data streams, by the tables of GA27-2749, through channel programs of its own."""

import random

import pytest

from edu_hv.devices.display import Display
from edu_hv.devices.display_buffer import decode_address, encode_address
from edu_hv.isa.codes import UnitStatus
from edu_hv.machine.ccw import CCW, NO_STATUS
from edu_hv.machine.channel_program import AbsoluteStorage, ChannelProgram
from edu_hv.machine.storage import Storage

CC, SLI = 0x40, 0x20
WRITE, READ_BUFFER, NO_OP, SENSE, ERASE_WRITE, READ_MODIFIED, SELECT, ERASE_UNPROTECTED = 1, 2, 3, 4, 5, 6, 0x0B, 0x0F
NORMAL = "0C00"
FREE, FREE_MODIFIED, GUARDED, GUARDED_MODIFIED, HIDDEN = 0x40, 0xC1, 0x60, 0x61, 0x4C
"""Field attributes: unprotected, the same modified, protected, the same modified, unprotected and not displayed."""
ENTER, PF1, PA1, PA2, PA3, CLEAR, PEN = 0x7D, 0xF1, 0x6C, 0x6E, 0x6B, 0x6D, 0x7E
ZERO = "4040"
"""The address of the first position."""


def hexa(text):
    """Bytes written as hexadecimal digits, with characters between quotation marks: "11 4040 'AB'"."""
    parts = text.split("'")
    return b"".join(bytes.fromhex(p) if n % 2 == 0 else p.encode("cp037") for n, p in enumerate(parts))


class Rig:
    """A display that is on, and storage for channel programs."""

    def __init__(self, connected=True):
        self.display = Display()
        if connected:
            assert self.display.connect() == UnitStatus.DEVICE_END
        self.storage = Storage(0x10000)

    def chain(self, *commands):
        """Commands as (code, data) or (code, count): final status in hexadecimal, residual count, what was read."""
        for n, (command, what) in enumerate(commands):
            address, flags = 0x2000 * (n + 1), SLI | (CC if n < len(commands) - 1 else 0)
            count = what if isinstance(what, int) else max(len(what), 1)
            self.storage.write(address, bytes(count) if isinstance(what, int) else what.ljust(1, b"\0"))
            self.storage.write(0x1000 + 8 * n, CCW(command, address, flags, count).to_bytes())
        program = ChannelProgram(self.display, AbsoluteStorage(self.storage))
        going = program.start(bytes.fromhex("00001000"))
        while going:
            going = program.step()
        csw = program.csw
        return csw.status_bytes().hex().upper(), csw.residual, self.storage.read(address, count - csw.residual)

    def write(self, text, command=ERASE_WRITE, wcc=0xC3):
        """The write control character C3 restores the keyboard and resets the tags."""
        return self.chain((command, bytes([wcc]) + hexa(text)))

    def read(self, command=READ_MODIFIED, count=0x1FFF):
        status, _, data = self.chain((command, count))
        assert status == NORMAL
        return data

    def sense(self):
        return self.chain((SENSE, 1))[2].hex()

    def key(self, text):
        return self.display.key(hexa(text))

    def shown(self):
        """What is on the screen without blank lines, as line number and text."""
        return {n: line.rstrip() for n, line in enumerate(self.display.text()) if line.strip()}


@pytest.fixture
def rig():
    return Rig()


# ---- addresses -----------------------------------------------------------------------------------------------------

# Of GA27-2749, "Buffer Address I/O Interface Codes": line and column from 1, and the code.
ADDRESSES = [
    pytest.param(0, "4040", id="first"),
    pytest.param(1, "40C1", id="second"),
    pytest.param(9, "40C9", id="9"),
    pytest.param(10, "404A", id="10"),
    pytest.param(32, "4060", id="32"),
    pytest.param(33, "4061", id="33"),
    pytest.param(42, "406A", id="42"),
    pytest.param(48, "40F0", id="48"),
    pytest.param(63, "407F", id="63"),
    pytest.param(64, "C140", id="64"),
    pytest.param(79, "C14F", id="end of line 1"),
    pytest.param(80, "C150", id="line 2"),
    pytest.param(160, "C260", id="line 3"),
    pytest.param(800, "4C60", id="line 11"),
    pytest.param(1840, "5CF0", id="line 24"),
    pytest.param(1919, "5D7F", id="last"),
]


@pytest.mark.parametrize(("position", "code"), ADDRESSES)
def test_address_is_two_graphic_characters_of_six_bits(position, code):
    assert encode_address(position).hex().upper() == code
    assert decode_address(bytes.fromhex(code)) == position


def test_every_position_has_an_address_of_its_own():
    codes = [encode_address(position) for position in range(1920)]
    assert [decode_address(code) for code in codes] == list(range(1920))
    assert all(byte >= 0x40 for code in codes for byte in code)


@pytest.mark.parametrize(
    ("code", "position"),
    [
        pytest.param("0000", 0, id="14 bits, first"),
        pytest.param("077F", 1919, id="14 bits, last"),
        pytest.param("0780", None, id="14 bits, off the screen"),
        pytest.param("5E40", None, id="12 bits, off the screen"),
        pytest.param("FFFF", None, id="12 bits, highest"),
        pytest.param("C100", 64, id="only six bits count in the second byte"),
        pytest.param("8040", None, id="reserved"),
        pytest.param("40", None, id="one byte"),
        pytest.param("", None, id="none"),
    ],
)
def test_address_forms(code, position):
    assert decode_address(bytes.fromhex(code)) == position


# ---- orders --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        pytest.param("'AB'", {0: "AB"}, id="characters from the beginning"),
        pytest.param("11C150 'AB'", {1: "AB"}, id="SBA"),
        pytest.param("110050 'AB'", {1: "AB"}, id="SBA 14 bits"),
        pytest.param("115D7F 'AB'", {0: "B", 23: " " * 79 + "A"}, id="wrap"),
        pytest.param("1D60 'AB'", {0: " AB"}, id="SF takes a position"),
        pytest.param("1D4C 'AB'", {}, id="SF not displayed"),
        pytest.param("1D4C 'AB' 1D40 'CD'", {0: "    CD"}, id="not displayed up to the next field"),
        pytest.param("115D7F 1D4C 'AB' 1D40 'C'", {0: "   C"}, id="a field goes on in the first line"),
        pytest.param("3C40C5 'X'", {0: "XXXXX"}, id="RA"),
        pytest.param("3C40C5 'X' 'Y'", {0: "XXXXXY"}, id="RA leaves the address"),
        pytest.param("'ABCD' 1140C1 3C40C3 00", {0: "A  D"}, id="RA null"),
        pytest.param("3C4040 '-'", dict.fromkeys(range(24), "-" * 80), id="RA everywhere"),
        pytest.param("115D7E 3C40C2 'X'", {0: "XX", 23: " " * 78 + "XX"}, id="RA wraps"),
        pytest.param("1D4C 114040 3C40C5 '-' 'A'", {0: "-----A"}, id="RA wipes fields"),
        pytest.param("'ABCD' 114040 1240C2 'X'", {0: "  XD"}, id="EUA without fields"),
        pytest.param("1D60'AB'1D40'CD'1D60'EF' 114040 12404A 'Z'", {0: " AB    EF Z"}, id="EUA, fields"),
        pytest.param("1D40'AB'1D60'CD' 1140C2 1240C2", {0: "    CD"}, id="EUA everywhere, from within a field"),
        pytest.param("1D60'AB'1D40'CD' 114040 05 'X'", {0: " AB XD"}, id="PT to the next field"),
        pytest.param("1D60'AB'1D40'CD' 1140C1 'X' 05 'Y'", {0: " X  YD"}, id="PT behind a character clears"),
        pytest.param("1D60'AB'1D40'CD' 1140C1 05 'Y'", {0: " AB YD"}, id="PT behind an order does not"),
        pytest.param("1D40'AB'1D40'CD' 114040 05 'Y'", {0: " YB CD"}, id="PT on an attribute"),
        pytest.param("1D40'AB' 1140C2 05 'Y'", {0: "YAB"}, id="PT without a next field goes to the beginning"),
        pytest.param("'AB' 1D40'CD' 11404A 'X' 05 05 'Y'", {0: "   YD     X"}, id="PT PT behind a character"),
        pytest.param("'AB' 1D40'CD' 11404A 05 05 'Y'", {0: "AB YD"}, id="PT PT behind an order"),
        pytest.param("'A' 1C 'B' 1E 'C' 15 19 0C 0D 3F 'D'", {0: "A.B.C.....D"}, id="format controls are characters"),
        pytest.param("'A' 08C5 'B'", {0: "A-B"}, id="GE"),
        pytest.param("3C40C3 08C5", {0: "---"}, id="RA with GE"),
        pytest.param("28 41F2 'A' 280000 'B'", {0: "AB"}, id="SA means nothing"),
        pytest.param("29 02 C04C 42F2 'AB'", {}, id="SFE: the field attribute"),
        pytest.param("29 00 'AB'", {0: " AB"}, id="SFE without pairs"),
        pytest.param("1D40 'AB' 114040 2C 01 C04C 'X'", {}, id="MF changes the attribute"),
        pytest.param("1D4C 'AB' 114040 2C 01 42F1 'X'", {}, id="MF leaves the field attribute"),
    ],
)  # fmt: skip
def test_order_changes_the_screen(rig, stream, expected):
    assert rig.write(stream)[0] == NORMAL
    assert rig.shown() == expected


@pytest.mark.parametrize(
    ("stream", "residual"),
    [
        pytest.param("11", 0, id="SBA alone"),
        pytest.param("1140", 0, id="SBA and half an address"),
        pytest.param("115E40 'XYZ'", 3, id="SBA off the screen"),
        pytest.param("118000 'XYZ'", 3, id="SBA reserved"),
        pytest.param("125E40 'XYZ'", 3, id="EUA off the screen"),
        pytest.param("3C5E40 'XYZ'", 3, id="RA off the screen"),
        pytest.param("3C40C5", 0, id="RA without a character"),
        pytest.param("3C40C5 11 'XYZ'", 3, id="RA of an order"),
        pytest.param("1D", 0, id="SF alone"),
        pytest.param("04 'XYZ'", 3, id="unknown order"),
        pytest.param("2902 C040", 0, id="SFE not complete"),
        pytest.param("2C01 C040 'XYZ'", 3, id="MF where no field begins"),
    ],
)
def test_bad_order_is_an_operation_check_and_what_came_before_is_done(rig, stream, residual):
    rig.key(f"{ENTER:X} {ZERO}")
    assert rig.write(f"'AB' {stream}")[:2] == ("0E00", residual)
    assert rig.sense() == "01"
    assert rig.shown() == {0: "AB"}
    assert rig.display.screen.locked, "the keyboard is not restored"


@pytest.mark.parametrize(
    ("stream", "cursor"),
    [
        pytest.param("'AB'", 0, id="characters do not move it"),
        pytest.param("'AB' 13 'CD'", 2, id="IC"),
        pytest.param("115D7F 13", 1919, id="last"),
        pytest.param("13 115D7F 13 1140C4 13", 4, id="the last one counts"),
    ],
)
def test_cursor(rig, stream, cursor):
    rig.write("115D7E 13")
    rig.write(stream)
    assert rig.display.screen.cursor == cursor


def test_write_goes_on_from_the_cursor_and_keeps_what_is_there(rig):
    rig.write("'ABCD' 1140C1 13")
    assert rig.write("'X'", WRITE)[0] == NORMAL
    assert rig.shown() == {0: "AXCD"}
    assert rig.display.screen.cursor == 1


def test_write_without_any_data_does_what_the_control_character_says(rig):
    rig.write("1D60'A'1DC1'B'")
    rig.key(f"{ENTER:X} {ZERO}")
    assert rig.write("", WRITE, wcc=0xC3)[:2] == (NORMAL, 0)
    assert not rig.display.screen.locked
    assert rig.read() == hexa("60" + ZERO)


@pytest.mark.parametrize("command", [ERASE_WRITE, 0x0D], ids=["erase/write", "erase/write alternate"])
def test_erase_write_begins_with_an_empty_buffer(rig, command):
    rig.write("'ABCD' 115D7F 13")
    rig.write("1140C5 'X'", command)
    assert rig.shown() == {0: "     X"}
    assert rig.display.screen.cursor == 0


@pytest.mark.parametrize(
    ("wcc", "locked", "alarms", "tags"),
    [
        pytest.param(0xC0, True, 0, True, id="none"),
        pytest.param(0xC1, True, 0, False, id="reset"),
        pytest.param(0xC2, False, 0, True, id="restore"),
        pytest.param(0xC4, True, 1, True, id="alarm"),
        pytest.param(0xC8, True, 0, True, id="start print"),
        pytest.param(0x07, False, 1, False, id="all"),
    ],
)
def test_write_control_character(rig, wcc, locked, alarms, tags):
    rig.write("1DC1'A'")
    rig.key(f"{ENTER:X} {ZERO}")
    rig.write("", WRITE, wcc)
    screen = rig.display.screen
    assert (screen.locked, rig.display.alarms, screen.attributes[0] == 0xC1) == (locked, alarms, tags)
    assert rig.read()[0] == (ENTER if locked else 0x60), "restoring the keyboard resets the identification"


# ---- reading -------------------------------------------------------------------------------------------------------


def test_read_buffer_gives_every_position(rig):
    rig.write("1D60'A'1D40 00'B' 1140C2 13")
    data = rig.read(READ_BUFFER)
    assert data[:11] == hexa("60 40C2 1D60 'A' 1D40 00 'B' 00")
    assert len(data) == 3 + 1920 + 2


def test_attribute_is_read_as_a_graphic_character(rig):
    rig.write("1D00 1D20 1D3D")
    assert rig.read(READ_BUFFER)[3:9] == hexa("1D40 1D60 1D7D")


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        pytest.param("1D60'A'1D40'B'1D60", "", id="nothing modified"),
        pytest.param("1D60'A'1DC1'B'1D60", "1140C3 'B'", id="one field"),
        pytest.param("1DC1 00'A'0000'B'00 1D60", "1140C1 'AB'", id="without nulls"),
        pytest.param("1DC1 1D60", "1140C1", id="no position"),
        pytest.param("1DC1 0000 1D60", "1140C1", id="nulls alone"),
        pytest.param("1DC1'A'1D61'B'1D40'C'1DC1'D'1D60", "1140C1'A'1140C3'B'1140C7'D'", id="protected ones, too"),
        pytest.param("'AB' 115D7F 1DC1 11C150 1D60", "114040 'AB'", id="behind the last position"),
        pytest.param("'AB' 1DC1'C' 11C150 1D40 115D7E 1DC1 'D'", "1140C3'C' 115D7F 'DAB'", id="last and first line"),
        pytest.param("'A' 1DC1 'B'", "1140C2 'BA'", id="one field all round"),
        pytest.param("00 'A' 00 11C150 'B'", "'AB'", id="without fields"),
        pytest.param("", "", id="empty"),
    ],
)
def test_read_modified(rig, stream, expected):
    rig.write(stream + "114040 13", wcc=0xC2)
    assert rig.read() == hexa("60" + ZERO + expected)


@pytest.mark.parametrize("aid", [PA1, PA2, PA3, CLEAR], ids=["PA1", "PA2", "PA3", "CLEAR"])
def test_short_read_gives_the_identification_alone(rig, aid):
    rig.write("1DC1'A'", wcc=0xC2)
    assert rig.key(f"{aid:X}") == UnitStatus.ATTENTION
    assert rig.read() == bytes([aid])
    assert rig.shown() == ({} if aid == CLEAR else {0: " A"})
    assert rig.read(READ_BUFFER)[:1] == bytes([aid]), "READ BUFFER is never short"


def test_selector_pen_gives_addresses_without_data(rig):
    rig.write("1D40'A'1D40'B'")
    assert rig.key(f"{PEN:X} 40C2 1140C3") == UnitStatus.ATTENTION
    assert rig.read() == hexa(f"{PEN:X} 40C2 1140C3")
    assert rig.shown() == {0: " A B"}


def test_reads_leave_the_tags(rig):
    rig.write("1DC1'A'", wcc=0xC2)
    assert rig.read() == rig.read() == hexa("60" + ZERO + "1140C1 'A'")


# ---- chains --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("commands", "expected"),
    [
        pytest.param([(ERASE_WRITE, "C3 'AB'"), (WRITE, "C3 'CD'")], {0: "ABCD"}, id="write goes on"),
        pytest.param([(WRITE, "C3 11C150"), (WRITE, "C3 'CD'")], {1: "CD"}, id="address alone"),
        pytest.param([(WRITE, "C3 'AB'"), (NO_OP, ""), (WRITE, "C3 'CD'")], {0: "CD"}, id="no-op: from the cursor"),
        pytest.param([(WRITE, "C3 'AB'"), (ERASE_WRITE, "C3 'CD'")], {0: "CD"}, id="erase"),
    ],
)
def test_chained_write_goes_on_where_the_command_before_it_ended(rig, commands, expected):
    assert rig.chain(*[(code, hexa(text)) for code, text in commands])[0] == NORMAL
    assert rig.shown() == expected


def test_chained_read_buffer_begins_at_the_buffer_address(rig):
    rig.write("'ABCDEFGH'")
    assert rig.chain((WRITE, hexa("C3 1140C4")), (READ_BUFFER, 5)) == (NORMAL, 0, hexa("60" + ZERO + "'EF'"))
    assert rig.chain((READ_BUFFER, 5), (READ_BUFFER, 5)) == (NORMAL, 0, hexa("60" + ZERO + "'CD'"))
    assert rig.chain((READ_BUFFER, 5)) == (NORMAL, 0, hexa("60" + ZERO + "'AB'"))


def test_chained_read_modified_looks_for_fields_from_the_buffer_address_on(rig):
    rig.write("1DC1'A'1DC1'B'", wcc=0xC2)
    assert rig.chain((WRITE, hexa("C2 1140C1")), (READ_MODIFIED, 99))[2] == hexa("60" + ZERO + "1140C3 'B'")


# ---- control commands and status -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stream", "shown", "cursor"),
    [
        pytest.param("1D60'A'1DC1'B'1D61'C'", {0: " A   C"}, 3, id="fields"),
        pytest.param("1D61'A'1D61'B'", {0: " A B"}, 0, id="all protected"),
        pytest.param("'ABC'", {}, 0, id="no fields"),
    ],
)
def test_erase_all_unprotected(rig, stream, shown, cursor):
    rig.write(stream + "115D7F 13", wcc=0xC2)
    rig.key(f"{ENTER:X} 5D7F")
    assert rig.chain((ERASE_UNPROTECTED, 1))[0] == "0800"
    screen = rig.display.screen
    assert (rig.shown(), screen.cursor, screen.locked, screen.aid) == (shown, cursor, False, 0x60)
    tags = [a for a in screen.attributes if a & 1]
    assert tags == [0x61] * stream.count("1D61"), "the tags of protected fields stay"


@pytest.mark.parametrize("command", [SELECT, ERASE_UNPROTECTED], ids=["select", "erase all unprotected"])
def test_immediate_command_gives_channel_end_at_once_and_device_end_later(rig, command):
    assert rig.display.start(command) == UnitStatus.CHANNEL_END
    assert rig.display.working(command, 1) > 0
    assert rig.display.finish(command) == UnitStatus.DEVICE_END
    assert rig.chain((command, 1), (WRITE, hexa("C3 'A'"))) == (NORMAL, 0, hexa("C3 'A'"))


@pytest.mark.parametrize("command", [0x0E, 0x11, 0x1B, 0x09, 0xE4, 0x0A], ids=lambda code: f"{code:02X}")
def test_command_the_3272_does_not_have_is_rejected(rig, command):
    assert rig.chain((command, 1))[0] == "0200"
    assert rig.sense() == "80"


@pytest.mark.parametrize("command", [1, 2, 3, 5, 6, 0x0B, 0x0D, 0x0F], ids=lambda code: f"{code:02X}")
def test_without_a_terminal_every_command_needs_intervention(command):
    rig = Rig(connected=False)
    assert rig.chain((command, 1))[0] == "0200"
    assert rig.sense() == "40"
    assert rig.display.written == 0


def test_power_on_is_device_end_and_an_empty_screen(rig):
    rig.write("'A' 13")
    rig.key(f"{ENTER:X} {ZERO}")
    assert rig.display.connect() == NO_STATUS, "it is on"
    assert rig.display.disconnect() == NO_STATUS
    assert rig.key(f"{ENTER:X} {ZERO}") == NO_STATUS
    assert not rig.display.ready
    assert rig.display.connect() == UnitStatus.DEVICE_END
    assert rig.shown() == {}
    assert rig.read() == hexa("60" + ZERO)


# ---- the operator --------------------------------------------------------------------------------------------------

FORM = "1D60 'NAME' 1D40 0000000000 1D60 'AGE' 1D50 0000 1D60 1140C6 13"
"""Two fields that can be filled in, at 6 and at 16."""


def test_enter_brings_in_the_fields_and_locks_the_keyboard(rig):
    rig.write(FORM)
    assert rig.key(f"{ENTER:X} 40D2 1140C6 'ADA' 114050 '36'") == UnitStatus.ATTENTION
    assert rig.shown() == {0: " NAME ADA   AGE 36"}
    assert (rig.display.screen.cursor, rig.display.screen.locked) == (18, True)
    assert rig.read() == hexa(f"{ENTER:X} 40D2 1140C6 'ADA' 114050 '36'")


@pytest.mark.parametrize(
    ("stream", "read"),
    [
        pytest.param("1140C6 'AB'", "1140C6 'AB'", id="shorter than before"),
        pytest.param("1140C6", "1140C6", id="made empty"),
        pytest.param("1140C6 'ABCDEFGHIJ'", "1140C6 'ABCDE'", id="longer than the field"),
        pytest.param("1140C1 'XXXX'", "", id="protected"),
        pytest.param("115E40 'X' 1140C6 'Y'", "1140C6 'Y'", id="off the screen"),
        pytest.param("114040 'X'", "", id="an attribute"),
        pytest.param("'X'", "", id="no address"),
        pytest.param("11 1140", "", id="cut short"),
        pytest.param("1140C6 'A' 28 41F2 'B' 08C1 01 02 'C'", "1140C6 'AB-C'", id="orders of later models"),
        pytest.param("110006 'A' 110010 '1'", "1140C6 'A' 114050 '1'", id="14 bits"),
    ],
)
def test_what_a_terminal_sends_is_taken_as_far_as_it_is_valid(rig, stream, read):
    rig.write(FORM)
    rig.key(f"{ENTER:X} 40C6 1140C6 'OLD'")
    rig.write("", WRITE, wcc=0xC3)
    assert rig.key(f"{PF1:X} 40C6 {stream}") == UnitStatus.ATTENTION
    assert rig.read() == hexa(f"{PF1:X} 40C6 {read}")
    assert rig.display.text()[0].startswith(" NAME ")


def test_without_fields_all_that_is_typed_comes_in(rig):
    rig.write("'OLD'")
    rig.key(f"{ENTER:X} 40C5 'HELLO'")
    assert rig.shown() == {0: "HELLO"}
    assert rig.read() == hexa(f"{ENTER:X} 40C5 'HELLO'")


@pytest.mark.parametrize(
    "stream", ["", "88 0000", "00", "FF"], ids=["nothing", "structured field", "zero", "no key at all"]
)
def test_what_begins_with_no_key_is_ignored(rig, stream):
    rig.write(FORM)
    before = rig.display.state()
    assert rig.key(stream) == NO_STATUS
    assert rig.display.state() == before


def test_a_second_key_before_the_program_answers_counts(rig):
    rig.key(f"{ENTER:X} {ZERO}")
    assert rig.key(f"{PF1:X} 40C1") == UnitStatus.ATTENTION
    assert rig.read() == hexa(f"{PF1:X} 40C1")


@pytest.mark.parametrize("seed", range(40))
def test_any_bytes_from_program_and_terminal_leave_a_screen_that_can_be_shown(rig, seed):
    noise = random.Random(seed)
    orders = [0x11, 0x1D, 0x13, 0x05, 0x3C, 0x12, 0x28, 0x29, 0x2C, 0x08, 0, 0x40, 0x5D, 0xC1]
    for _ in range(20):
        data = bytes(noise.choice([*orders, noise.randrange(256)]) for _ in range(noise.randrange(60)))
        status, _, _ = rig.chain((noise.choice([WRITE, WRITE, ERASE_WRITE]), b"\xc3" + data))
        assert status in (NORMAL, "0E00")
        rig.display.key(bytes([noise.choice([ENTER, PF1, PEN, PA1])]) + data[::-1])
        screen = rig.display.screen
        assert (len(screen.characters), len(screen.attributes), len(rig.display.text())) == (1920, 1920, 24)
        assert 0 <= screen.cursor < 1920
        assert not any(c and a for c, a in zip(screen.characters, screen.attributes, strict=True))
        shown = replayed([rig.display.refresh()])
        assert (shown.characters, shown.attributes, shown.cursor) == (
            screen.characters,
            screen.attributes,
            screen.cursor,
        )
        assert len(rig.read(READ_BUFFER)) == 3 + 1920 + sum(map(bool, screen.attributes))
        rig.read()


def test_screen_is_saved_as_text(rig):
    rig.write("'AB' 11C150 1D60 'C'")
    assert rig.display.image() == b"AB\n C\n" + b"\n" * 22


# ---- what a terminal is sent ---------------------------------------------------------------------------------------


def replayed(streams):
    """A display that was sent outbound data streams, as a terminal is."""
    other = Rig()
    commands = {0xF1: WRITE, 0xF5: ERASE_WRITE, 0x6F: ERASE_UNPROTECTED}
    for stream in streams:
        other.chain((commands[stream[0]], stream[1:]))
    return other.display.screen


PROGRAM = [
    (ERASE_WRITE, "C3" + "1D60 'NAME' 1D40 0000000000 1D60 13"),
    (WRITE, "C0 115D7F 1D61 'AB' 114C60 0000 'C' 00"),
    (WRITE, "C2 13 3C4C60 '.'"),
    (ERASE_UNPROTECTED, "00"),
    (WRITE, "C0 114040 05 'Q' 05"),
]


def test_refresh_and_updates_make_the_same_screen(rig):
    for command, text in PROGRAM:
        rig.chain((command, hexa(text)))
        assert replayed([rig.display.refresh()]) == rig.display.screen
        assert replayed(rig.display.updates(0)) == rig.display.screen
    assert rig.display.written == 1 + len(PROGRAM)
    assert rig.display.updates(rig.display.written) == []
    assert len(rig.display.updates(rig.display.written - 2)) == 2


def test_chained_writes_and_bad_ones_are_sent_as_far_as_they_went(rig):
    rig.chain((ERASE_WRITE, hexa("C3 'AB'")), (WRITE, hexa("C3 'CD'")))
    rig.write("'E' 115E40 'F'", WRITE)
    assert rig.shown() == {0: "EBCD"}
    assert replayed(rig.display.updates(0)) == rig.display.screen


@pytest.mark.parametrize("since", [-1, 0, 99], ids=["long ago", "too many writes ago", "another future"])
def test_terminal_that_missed_too_much_gets_a_refresh(rig, since):
    for _ in range(20):
        rig.write("'X' 13", WRITE)
    assert rig.display.updates(since) == [rig.display.refresh()]


def test_keyboard_that_is_locked_stays_locked_after_a_refresh(rig):
    rig.key(f"{ENTER:X} {ZERO}")
    assert rig.display.refresh()[1] & 0x02 == 0
    rig.write("")
    assert rig.display.refresh()[1] & 0x02


# ---- checkpoints ---------------------------------------------------------------------------------------------------


def test_checkpoint_brings_back_the_earlier_screen(rig):
    rig.write(FORM)
    rig.key(f"{ENTER:X} 40D2 1140C6 'ADA'")
    before, shown = rig.display.state(), rig.shown()
    rig.write("'LATER'")
    rig.display.disconnect()
    rig.display.restore(before)
    assert (rig.shown(), rig.display.state()) == (shown, before)
    assert rig.read() == hexa(f"{ENTER:X} 40D2 1140C6 'ADA'")


def test_checkpoint_shares_what_has_not_changed(rig):
    rig.write(FORM)
    first, second = rig.display.contents(), rig.display.contents()
    rig.read()
    assert all(a is b is c for a, b, c in zip(first[1:3], second[1:3], rig.display.contents()[1:3], strict=True))
