"""Words of the architecture, bit by bit: GA22-7000 is the oracle."""

import pytest

from edu_hv.debugger.explaining import bits, table_bits
from edu_hv.debugger.explaining.views import BitsView
from edu_hv.debugger.session import DebugSession
from edu_hv.devices.card import CardReader
from edu_hv.isa.codes import PIC, Class, External
from edu_hv.isa.errors import UserError
from tests.debugger.walk import run_line


def rows(view: BitsView) -> dict[str, tuple[str, str]]:
    """Value and meaning by the bits."""
    return {row.bits: (row.value, row.meaning) for row in view.rows}


def value_of(view: BitsView, name: str) -> str:
    return next(row.value for row in view.rows if row.name == name)


PSWS = [
    ("FF17A00580001234", "BC", {"8-11": "1", "12": "0", "13": "1", "14": "1", "15": "1", "16-31": "A005", "32-33": "2",
                                "34-35": "0", "36-39": "0000", "40-63": "001234"}),
    ("FE000000F5ABCDEE", "BC", {"0": "1", "6": "1", "7": "0", "32-33": "3", "34-35": "3", "36-39": "0101",
                                "40-63": "ABCDEE"}),
    ("470D2A0000012334", "EC", {"1": "1", "5": "1", "6": "1", "7": "1", "12": "1", "15": "1", "18-19": "2",
                                "20-23": "1010", "24-39": "0000", "40-63": "012334"}),
    ("B808C0FF00000000", "EC", {"0": "1", "2-4": "111", "16": "1", "17": "1", "24-39": "FF00"}),
]  # fmt: skip


@pytest.mark.parametrize(("digits", "mode", "expected"), PSWS)
def test_each_field_of_a_psw_in_its_mode(digits, mode, expected):
    view = bits.psw(bytes.fromhex(digits))
    assert mode in view.title
    assert {at: rows(view)[at][0] for at in expected} == expected


def test_the_bits_of_a_psw_are_named_without_a_gap():
    for digits in ("0000000000000000", "0008000000000000"):
        covered: list[int] = []
        for row in bits.psw(bytes.fromhex(digits)).rows:
            first, _, last = row.bits.partition("-")
            covered += range(int(first), int(last or first) + 1)
        assert covered == list(range(64))


@pytest.mark.parametrize(
    ("digits", "remark"),
    [("0002000000000BAD", "a disabled wait"), ("8008000000000000", "it is not valid")],
)
def test_a_psw_that_stops_the_machine_or_is_not_valid_says_so(digits, remark):
    assert bits.psw(bytes.fromhex(digits)).remarks[0].startswith(remark)


def test_a_ccw_is_taken_apart_as_its_device_takes_it():
    view = bits.ccw(bytes.fromhex("0201234560000050"), CardReader())
    found = rows(view)
    assert found["0-7"] == ("02", "READ, FEED AND SELECT STACKER, of a 3505")
    assert found["8-31"][0] == "012345"
    assert [found[str(n)][0] for n in range(32, 38)] == ["0", "1", "1", "0", "0", "0"]
    assert found["48-63"] == ("0050", "80 bytes")


@pytest.mark.parametrize(
    ("command", "words"),
    [(0x02, "read"), (0x01, "write"), (0x07, "control"), (0x04, "sense: "), (0x0C, "read backward"),
     (0x03, "no operation"),
     (0x08, "transfer in channel"), (0x00, "not a valid command"), (0x50, "not a valid command"),
     (0xF8, "transfer in")],
)  # fmt: skip
def test_a_command_code_tells_its_kind(command, words):
    assert bits.command_words(command).startswith(words)


def test_a_command_that_the_device_does_not_know_says_command_reject():
    assert bits.command_words(0x01, CardReader()).endswith("a 3505 does not know it: command reject")


def test_a_csw_names_each_status_bit_and_the_last_ccw():
    view = bits.csw(bytes.fromhex("3000030C0E404321"))
    found = rows(view)
    assert found["8-31"] == ("00030C", "the last CCW used is at 000304, 8 bytes before")
    assert [n for n in range(32, 48) if found[str(n)][0] == "1"] == [36, 37, 38, 41]
    assert found["48-63"][0] == "4321"
    assert found["0-3"][0] == "3"


def test_a_caw_off_its_boundary_is_a_program_check():
    assert rows(bits.caw(bytes.fromhex("F0000004")))["8-31"][1].startswith("program check")
    assert rows(bits.caw(bytes.fromhex("F0000008")))["8-31"][1] == "of the first CCW, absolute"


# CR0 bits 8-12 select the format; a page-table entry then has its bits in other places.
FOUR_K, TWO_K = 0b10000 << 19, 0b01000 << 19
PAGES = [
    pytest.param(FOUR_K, 0x1230, "123000", {"0-11": "123", "12": "0", "13-14": "0"}, id="4K"),
    pytest.param(FOUR_K, 0x1238, None, {"0-11": "123", "12": "1", "13-14": "0"}, id="4K invalid"),
    pytest.param(FOUR_K, 0x1236, "123000", {"0-11": "123", "12": "0", "13-14": "11"}, id="4K not zero"),
    pytest.param(TWO_K, 0x1238, "123800", {"0-12": "247", "13": "0", "14": "0"}, id="2K"),
    pytest.param(TWO_K, 0x123C, None, {"0-12": "247", "13": "1", "14": "0"}, id="2K invalid"),
]


@pytest.mark.parametrize(("cr0", "entry", "real", "expected"), PAGES)
def test_a_page_table_entry_is_read_by_the_format_in_control_register_0(cr0, entry, real, expected):
    found = rows(table_bits.page_entry(entry, cr0))
    assert {at: found[at][0] for at in expected} == expected
    where = f"the page is at real {real}" if real else "of no meaning: the entry is invalid"
    assert where in [meaning for _, meaning in found.values()]


def test_a_segment_table_entry_counts_the_pages_that_have_entries():
    found = rows(table_bits.segment_entry(0xF0001001, FOUR_K))
    assert found["0-3"] == ("F", "16 sixteenths of a segment: 16 pages have entries")
    assert found["8-28"][0] == "001000"
    assert found["31"] == ("1", "segment-translation exception, code 0010")
    assert rows(table_bits.segment_entry(0x70001000, 0b10010 << 19))["0-3"][1].endswith("128 pages have entries")


def test_a_table_entry_without_a_format_is_refused():
    with pytest.raises(UserError, match="bits 8-12"):
        table_bits.page_entry(0, 0)


@pytest.mark.parametrize(
    ("number", "value", "bit", "meaning"),
    [
        (0, 0x00800000, "8-12", "4K pages, 64K segments"),
        (0, 0x00500000, "8-12", "2K pages, 1M segments"),
        (0, 0x00000080, "24", "allowed"),
        (0, 0x40000000, "1", "SSM is a special-operation exception"),
        (1, 0x03001000, "0-7", "64 entries"),
        (2, 0x80000000, "0-31", "channels 0 may interrupt"),
        (8, 0x00008001, "16-31", "monitor classes 0, 15 interrupt"),
        (9, 0x20000000, "2", "is recorded"),
        (14, 0x01000000, "7", "warnings interrupt"),
        (12, 0x00000000, "0-31", "nothing uses it"),
    ],
)
def test_each_control_register_says_what_its_bits_do(number, value, bit, meaning):
    assert rows(table_bits.control_register(number, value))[bit][1].startswith(meaning)


@pytest.mark.parametrize("code", list(PIC))
def test_every_program_interruption_code_has_a_name_and_says_when_it_occurs(code):
    view = bits.code(Class.PROGRAM, code)
    assert value_of(view, "name") == code.words
    assert len(next(row.meaning for row in view.rows if row.name == "when")) > 10


def test_a_program_event_that_came_with_another_code_is_told_apart():
    view = bits.code(Class.PROGRAM, 0x85)
    assert value_of(view, "name") == "addressing"
    assert view.remarks == ("with it came a program event (PER), X'80'",)


@pytest.mark.parametrize("code", [0x40, 0x80, 0xC0, 0x1004, 0x1005, 0x1201, 0x1202, 0x4001])
def test_external_codes_are_named(code):
    assert bits.code(Class.EXTERNAL, code).value == f"{code:04X}"
    if code in set(External):
        assert value_of(bits.code(Class.EXTERNAL, code), "name")


def test_a_storage_key_has_four_fields():
    assert [row.value for row in bits.storage_key(0x3E).rows] == ["3", "1", "1", "1"]
    assert [row.value for row in bits.storage_key(0xF0).rows] == ["F", "0", "0", "0"]


def test_under_cp_the_guests_and_the_real_word_are_shown_where_they_differ():
    session = DebugSession()
    session.load(["kernel"], True)
    assert [view.title for view in run_line(session, "explain psw")] == [
        "PSW of KERNEL, BC mode",
        "PSW of the real machine, EC mode",
    ]
    assert [view.title for view in run_line(session, "explain cr 0")] == [
        "control register 0 of KERNEL",
        "control register 0 of the real machine",
    ]


def test_the_tables_of_a_guest_that_translates_and_the_shadow_tables_are_both_shown():
    session = DebugSession()
    session.load(["twospace"], True)
    for _ in range(4_000):
        session.recording.advance()
        if session.running() and session.guest_psw().dat and not session.in_step:
            break
    address = session.guest_psw().instruction_address
    before = session.system.comparable()
    (own,) = run_line(session, f"explain pte {address:X}")
    assert session.system.comparable() == before
    assert own.title.startswith(f"page-table entry for {address:06X}")
    assert rows(own)["12"][0] == "0"
    assert own.remarks[0].startswith("the shadow table, by which the machine translates: the segment-table entry for ")
    session.step(3)
    own, shadow = run_line(session, f"explain pte {address:X}")
    assert shadow.title.startswith("the shadow table, page-table entry")
    assert len(run_line(session, f"explain ste {address:X}")) == 2


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("explain pte X'0FF0'", "page-table entry, "),
        ("explain ste X'F0001000'", "segment-table entry, "),
        ("explain psw 0002000000000BAD", "PSW, BC mode"),
        ("explain psw X'00020000' X'00000BAD'", "PSW, BC mode"),
        ("explain ccw 0900030020000010", "CCW"),
        ("explain ccw 09000300 20000010 009", "CCW"),
        ("explain ccw 300 009", "CCW at 000300 for device 009"),
        ("explain code 5", "program interruption code"),
        ("explain code svc 8", "supervisor call interruption code"),
        ("explain code io 00C", "input/output interruption code"),
        ("explain cr 2", "control register 2"),
        ("explain tod 8000000000000000", "TOD clock"),
    ],
)
def test_digits_can_be_given_in_place_of_what_is_there(line, title):
    session = DebugSession()
    session.load(["twospace"])
    for _ in range(20_000):
        if session.guest_control_registers()[0] & 0x00F80000:
            break
        session.recording.advance()
    (view,) = run_line(session, line)
    assert view.title.startswith(title)
