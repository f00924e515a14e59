"""Spooled unit record devices: what a guest's channel programs do, and what becomes of its cards and lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edu_hv.devices.card_image import Deck
from edu_hv.hypervisor.decisions import decide
from edu_hv.hypervisor.spooling.catalog import SPOOLED, spooled_device
from edu_hv.hypervisor.spooling.files import LINK, TAG, records
from edu_hv.hypervisor.spooling.queues import MOST_SPOOLIDS
from edu_hv.hypervisor.spooling.rules import CLOSE_RULES, FULL_RULES, READER_RULES, Closing, ReaderState
from edu_hv.hypervisor.spooling.space import PAGE
from edu_hv.isa.errors import UserError
from tests.hypervisor.spool_scene import PUNCH_CARD, READ_CARD, SLI, Scene, card, channel_program, status

# ---- punching and reading ------------------------------------------------------------------------------------------


def test_cards_punched_to_a_user_are_read_by_him_as_they_were():
    """[2.6 Defaults] PUNCH NOHOLD CLASS A COPY 01, READER CLASS * EOF NOCONT."""
    scene = Scene()
    scene.a.cp("SPOOL PUNCH TO B")
    scene.a.punches("ONE", "TWO")
    assert scene.b.reads(1) == ["02"], "the file is not there before CLOSE"
    assert scene.a.cp("CLOSE PUNCH") == ["PUN FILE 0001  TO  B        COPY 01 NOHOLD"]
    assert scene.told == [("B", "RDR FILE 0001 FROM A        COPY 01 NOHOLD")]
    assert scene.arrived == [1]
    assert scene.b.reads(4) == ["ONE", "TWO", "0D", "02"]
    assert scene.files("RDR") == []


@given(st.lists(st.binary(min_size=80, max_size=80), min_size=1, max_size=120))
def test_any_cards_are_read_as_they_were_punched(cards):
    scene = Scene()
    scene.a.cp("SPOOL PUNCH TO B")
    for data in cards:
        channel_program(scene.a.punch, (PUNCH_CARD, data))
    scene.a.cp("CLOSE PUNCH")
    read = [channel_program(scene.b.reader, (READ_CARD, 80))[1][0] for _ in cards]
    assert read == [data.rstrip(b"\x40").ljust(80, b"\x40") for data in cards] == cards


def test_one_channel_program_punches_and_reads_a_whole_file():
    """[2.6 Each SIO] CP interprets the chain itself; unit exception ends it at its place."""
    scene = Scene()
    scene.a.cp("SPOOL PUNCH TO *")
    csw, _ = channel_program(scene.a.punch, *((PUNCH_CARD, card(f"CARD {n}")) for n in range(5)))
    assert (csw.address, csw.unit_status, csw.residual) == (40, 0x0C, 0)
    scene.a.cp("CLOSE 00D")
    csw, areas = channel_program(scene.a.reader, *((READ_CARD, 80) for _ in range(8)), flags=SLI)
    assert (csw.address, csw.unit_status, csw.residual) == (48, 0x0D, 80)
    assert areas[:5] == [card(f"CARD {n}") for n in range(5)]


def test_punching_opens_a_file_whose_first_record_is_a_tag():
    """[2.6 Open] NOP, TIC and 136 blanks come before the first record; a reader does not see them."""
    scene = Scene()
    assert scene.spool.space.free == 64
    scene.a.punches("ONE", "TWO")
    assert scene.spool.space.free == 63
    scene.a.cp("CLOSE PUNCH")
    (sfblok,) = scene.spool.files("PUN")
    buffer = scene.spool.space.read(sfblok.pages[0])
    first, second = LINK + 16 + TAG, LINK + 16 + TAG + 24
    assert buffer[:LINK].hex(" ", 4) == "00000000 00000000 00000000 00000003"
    assert buffer[LINK : LINK + 16].hex(" ", 4) == "03000020 60000088 080000a8 00000000"
    assert buffer[LINK + 16 : first] == b"\x40" * TAG
    assert buffer[first:second].hex(" ", 4) == "010000b8 60000003 080000c0 00000000 d6d5c500 00000000"
    assert buffer[second : second + 24].hex(" ", 4) == "010000d0 20000003 080000d8 00000000 e3e6d600 00000000"
    assert buffer[second + 24 :] == bytes(PAGE - second - 24), "the chain ends with the last record"
    assert scene.spool.cards(sfblok) == [card("ONE"), card("TWO")]


def test_page_buffers_of_a_file_are_linked_both_ways():
    scene = Scene()
    scene.a.punches(*(f"{n:078}X" for n in range(100)))
    scene.a.cp("CLOSE PUNCH")
    (sfblok,) = scene.spool.files("PUN")
    links = [scene.spool.space.read(page)[:8].hex(" ", 4) for page in sfblok.pages]
    assert sfblok.pages == (1, 2, 3)
    assert links == ["00000002 00000000", "00000003 00000001", "00000000 00000002"]
    assert len(records(scene.spool.space.read(3))) + sum(len(records(scene.spool.space.read(n))) for n in (1, 2)) == 101
    assert [data[:78] for data in scene.spool.cards(sfblok)] == [f"{n:078}".encode("cp037") for n in range(100)]


def test_a_file_of_several_buffers_is_read_to_its_end():
    scene = Scene()
    texts = [f"{n:078}" for n in range(100)]
    scene.deck("A", *texts)
    assert scene.a.reads(101) == [*texts, "0D"]


def test_what_one_punches_to_oneself_is_told_once():
    scene = Scene()
    scene.a.cp("SPOOL PUNCH TO *")
    scene.a.punches("ONE")
    assert scene.a.cp("CLOSE PUNCH") == ["PUN FILE 0001  TO  A        COPY 01 NOHOLD"]
    assert (scene.told, scene.arrived) == ([], [1])


# ---- what a reader does at the end ---------------------------------------------------------------------------------

ENDS = [
    pytest.param("EOF NOCONT", ["ONE", "TWO", "0D", "THREE", "0D", "02"], id="a unit exception a file"),
    pytest.param("NOEOF NOCONT", ["ONE", "TWO", "02", "THREE", "02", "02"], id="intervention required a file"),
    pytest.param("EOF CONT", ["ONE", "TWO", "THREE", "0D", "02", "02"], id="all files are one"),
    pytest.param("NOEOF CONT", ["ONE", "TWO", "THREE", "02", "02", "02"], id="all files, physical end"),
]


@pytest.mark.parametrize(("options", "read"), ENDS)
def test_end_of_file_is_told_as_the_reader_is_spooled(options, read):
    """[2.6 End of file] EOF: unit exception.  NOEOF: unit check.  CONT: goes on to the next file."""
    scene = Scene()
    scene.deck("A", "ONE", "TWO")
    scene.deck("A", "THREE")
    scene.a.cp(f"SPOOL READER {options}")
    assert scene.a.reads(6) == read
    assert scene.files("RDR") == []
    assert scene.spool.space.free == 64


def test_an_empty_reader_gives_unit_check_and_device_end_when_a_file_arrives():
    """[2.6 Reader empty] Sense intervention required; `on_arrival` is CP's cue for device end."""
    scene = Scene()
    assert status(scene.a.reader, READ_CARD) == "0200 40"
    assert channel_program(scene.a.reader, (0x04, 1))[1] == [b"\x40"]
    assert scene.arrived == []
    spoolid = scene.deck("A", "ONE")
    assert scene.arrived == [spoolid]
    (sfblok,) = scene.spool.files("RDR")
    assert (scene.a.reader.takes(sfblok), scene.b.reader.takes(sfblok)) == (True, False)
    assert scene.a.reads(1) == ["ONE"]


def test_a_reader_that_is_busy_with_a_file_or_not_ready_takes_none():
    scene = Scene()
    scene.deck("A", "ONE")
    scene.deck("A", "TWO")
    first, second = scene.spool.files("RDR")
    assert scene.a.reader.takes(second)
    scene.a.reads(1)
    assert not scene.a.reader.takes(second)
    scene.a.cp("CLOSE READER")
    scene.a.reader.stop()
    assert not scene.a.reader.takes(second)
    assert not scene.b.reader.takes(first)


CLASSES = [
    pytest.param("*", ["FIRST", "0D", "SECOND", "0D", "02"], id="any"),
    pytest.param("A", ["FIRST", "0D", "02"], id="first"),
    pytest.param("B", ["SECOND", "0D", "02"], id="second"),
    pytest.param("C", ["02"], id="none of them"),
]


@pytest.mark.parametrize(("sfbclas", "read"), CLASSES)
def test_a_reader_takes_the_files_of_its_class(sfbclas, read):
    """[2.6 Class match] Files of other classes are as if they were not there."""
    scene = Scene()
    scene.deck("A", "FIRST", sfbclas="A")
    scene.deck("A", "SECOND", sfbclas="B")
    scene.a.cp(f"SPOOL READER CLASS {sfbclas}")
    assert scene.a.reads(len(read)) == read


KEPT = [
    pytest.param("NOHOLD NOCONT", [], id="purged"),
    pytest.param("HOLD NOCONT", ["A 1 A"], id="HOLD keeps it"),
    pytest.param("HOLD CONT", ["A 1 A HOLD"], id="HOLD and CONT: in user hold status"),
]


@pytest.mark.parametrize(("options", "files"), KEPT)
def test_a_file_that_was_read_is_purged_or_kept(options, files):
    scene = Scene()
    scene.deck("A", "ONE")
    scene.a.cp(f"SPOOL READER {options}")
    assert scene.a.reads(2) == ["ONE", "0D"]
    assert scene.files("RDR") == files


CLOSED = [
    pytest.param("CLOSE READER", [], ["02"], id="purged"),
    pytest.param("CLOSE READER HOLD", ["A 1 A"], ["ONE"], id="HOLD: it begins anew"),
]


@pytest.mark.parametrize(("command", "files", "read"), CLOSED)
def test_closing_a_reader_gives_up_the_file_in_it(command, files, read):
    scene = Scene()
    scene.deck("A", "ONE", "TWO")
    assert scene.a.reads(1) == ["ONE"]
    assert scene.a.cp(command) == []
    assert scene.files("RDR") == files
    assert scene.a.reads(1) == read


def test_a_file_in_one_reader_is_not_taken_by_another():
    scene = Scene()
    scene.deck("A", "ONE", "TWO")
    other = spooled_device("3505", scene.spool, "A", 0x01C)
    assert scene.a.reads(1) == ["ONE"]
    assert status(other, READ_CARD) == "0200 40"
    assert scene.a.reads(1) == ["TWO"]


def test_a_card_stays_under_read_without_feed():
    scene = Scene()
    scene.deck("A", "ONE", "TWO")
    _, areas = channel_program(scene.a.reader, (0xC2, 80), (0xC2, 80), (0x23, 1), (0xC2, 80), flags=SLI)
    assert (areas[0], areas[1], areas[3]) == (card("ONE"), card("ONE"), card("TWO"))


def test_a_print_file_can_be_read_without_its_paper_motion():
    scene = Scene()
    scene.a.cp("SPOOL PRINTER TO B")
    channel_program(scene.a.printer, (0x8B, 1), (0x09, b"\xd6\xd5\xc5".ljust(132, b"\x40")), (0x0B, 1), flags=SLI)
    scene.a.cp("CLOSE PRINTER")
    assert scene.spool.files("RDR")[0].sfbrecno == 1
    csw, (line,) = channel_program(scene.b.reader, (READ_CARD, 132))
    assert (csw.unit_status, csw.channel_status) == (0x0C, 0)
    assert line == "ONE".encode("cp037").ljust(132, b"\x40")


REFUSED = [
    pytest.param("2540R", 0x01, id="reader: write"),
    pytest.param("3505", 0x22, id="reader: column binary"),
    pytest.param("2540P", 0x09, id="punch: punch feed read"),
    pytest.param("3525", 0x21, id="punch: column binary"),
    pytest.param("2540P", 0x02, id="punch: read"),
    pytest.param("1403", 0x63, id="1403: load FCB"),
    pytest.param("1403", 0x0F, id="1403: no command"),
    pytest.param("3211", 0xF3, id="3211: load UCS with folding"),
]


@pytest.mark.parametrize(("model", "command"), REFUSED)
def test_what_a_spooled_device_has_not_is_rejected(model, command):
    scene = Scene()
    device = spooled_device(model, scene.spool, "A", 0x01F)
    assert status(device, command) == "0200 80"
    assert scene.spool.space.free == 64, "no file was opened"


@pytest.mark.parametrize("model", sorted(SPOOLED))
def test_no_operation_and_sense_open_no_file(model):
    scene = Scene()
    device = spooled_device(model, scene.spool, "A", 0x01F)
    length = device.sense_length
    assert status(device, 0x03) == "0C00 00"
    assert status(device, 0x04, length) == "0C00 00"
    assert scene.spool.space.free == 64


@pytest.mark.parametrize("model", sorted(SPOOLED))
def test_a_device_after_notready_asks_for_intervention(model):
    scene = Scene()
    device = spooled_device(model, scene.spool, "A", 0x01F)
    device.stop()
    assert status(device, READ_CARD if device.kind == "RDR" else PUNCH_CARD) == "0200 40"
    assert scene.spool.space.free == 64
    assert device.make_ready() == 0x04


@pytest.mark.parametrize(
    ("model", "command", "length", "expected"),
    [
        pytest.param("2540P", 0x01, 80, "0C00 00", id="punch 80"),
        pytest.param("2540P", 0x01, 60, "0C40 00", id="punch fewer"),
        pytest.param("2540P", 0x01, 90, "0C40 00", id="punch more"),
        pytest.param("1403", 0x09, 132, "0C00 00", id="print 132"),
        pytest.param("1403", 0x09, 100, "0C40 00", id="print fewer"),
    ],
)
def test_length_is_checked_as_on_the_machine(model, command, length, expected):
    scene = Scene()
    device = spooled_device(model, scene.spool, "A", 0x01F)
    assert status(device, command, length, flags=0) == expected


# ---- full ----------------------------------------------------------------------------------------------------------


def test_spool_full_stops_the_device_that_wants_more_and_nobody_else():
    """[2.6 Each SIO] Spool full: unit check, intervention required; what was written is closed, nothing is lost."""
    scene = Scene(pages=3)
    scene.b.punches("MINE")
    noted = []
    scene.spool.note = lambda userid, verdict: noted.append((userid, verdict.rule.id))
    csw, _ = channel_program(scene.a.punch, *((PUNCH_CARD, card(f"{n:079}X")) for n in range(200)))
    assert (int(csw.unit_status), scene.a.punch.sense[0]) == (0x02, 0x40)
    (kept,) = scene.spool.files("PUN")
    assert csw.address == 8 * (kept.sfbrecno + 1), "the CSW is that of the card that was not punched"
    assert scene.spool.cards(kept) == [card(f"{n:079}X") for n in range(kept.sfbrecno)]
    assert scene.told == [("A", "DMKVSP427I PUN 00D SYSTEM SPOOL SPACE FULL; FILE 0001 CLOSED")]
    assert noted == [("A", "SPL-FULL-CLOSE"), ("A", "SPL-CLO-REAL")]
    scene.b.punches("ALSO MINE")
    assert scene.b.cp("CLOSE PUNCH HOLD") == ["PUN FILE 0002  FOR B        COPY 01 HOLD"]
    assert scene.spool.cards(scene.spool.files("PUN", "B")[0]) == [card("MINE"), card("ALSO MINE")]


def test_after_a_purge_the_next_command_goes_on_in_another_file():
    scene = Scene(pages=1)
    scene.b.punches("MINE")
    assert status(scene.a.punch, PUNCH_CARD) == "0200 40"
    assert scene.told == [("A", "DMKVSP427I PUN 00D SYSTEM SPOOL SPACE FULL; NO FILE OPENED")]
    scene.b.cp("CLOSE PUNCH PURGE")
    assert status(scene.a.punch, PUNCH_CARD) == "0C00 00"


def test_a_deck_that_has_no_room_is_not_read_at_all():
    scene = Scene(pages=1)
    with pytest.raises(UserError, match="spool space is full"):
        scene.deck("A", *(f"{n:079}X" for n in range(60)))
    assert (scene.spool.space.free, scene.files("RDR"), scene.told) == (1, [], [])


def test_buffers_are_cleared_when_they_are_taken():
    scene = Scene(pages=1)
    scene.a.punches("SECRET")
    scene.a.cp("CLOSE PUNCH PURGE")
    number = scene.spool.space.take()
    assert scene.spool.space.read(number) == bytes(PAGE)


# ---- spoolids, logoff, the real reader -----------------------------------------------------------------------------


def test_spoolids_start_again_after_9900_and_pass_over_those_in_use():
    scene = Scene()
    first = scene.deck("A", "ONE")
    for _ in range(MOST_SPOOLIDS - 1):
        scene.a.punches("X")
        scene.a.cp("CLOSE PUNCH")
        scene.a.cp("PURGE PUNCH ALL")
    assert (first, scene.deck("A", "TWO"), scene.deck("A", "THREE")) == (1, 2, 3)


def test_logoff_closes_output_and_keeps_what_was_not_read_to_its_end():
    scene = Scene()
    scene.deck("A", "ONE", "TWO")
    scene.a.reads(1)
    scene.a.cp("SPOOL PUNCH TO B")
    scene.a.cp("SPOOL PRINTER CONT")
    scene.a.punches("FOR B")
    scene.a.prints("LINE")
    scene.told.clear()
    for device in (scene.a.reader, scene.a.punch, scene.a.printer):
        device.log_off()
    assert scene.files("RDR") == ["A 1 A", "B 2 A"]
    assert scene.files("PRT") == ["A 3 A"]
    assert scene.told == [
        ("B", "RDR FILE 0002 FROM A        COPY 01 NOHOLD"),
        ("A", "PUN FILE 0002  TO  B        COPY 01 NOHOLD"),
    ]


DECKS = [
    pytest.param("ID B", "B 1 A", "", id="ID"),
    pytest.param("USERID B CLASS Q", "B 1 Q", "", id="USERID and class"),
    pytest.param("ID B CLASS Q NAME MY DECK", "B 1 Q", "MY DECK", id="name"),
]


@pytest.mark.parametrize(("identification", "file", "name"), DECKS)
def test_real_reader_gives_a_deck_to_the_user_on_its_id_card(identification, file, name):
    scene = Scene()
    sfblok = scene.spool.read_deck(Deck("d", (card(identification), card("ONE"))))
    assert scene.files("RDR") == [file]
    assert f"{sfblok.sfbfname} {sfblok.sfbftype}".strip() == name
    assert scene.b.reads(2) == ["ONE", "0D"]


@pytest.mark.parametrize("identification", ["ONE", "ID", "ID TOOLONGNAME", "ID B CLASS", "ID B WHAT"])
def test_real_reader_refuses_a_deck_without_an_id_card(identification):
    scene = Scene()
    with pytest.raises(UserError, match="ID CARD MISSING OR INVALID"):
        scene.spool.read_deck(Deck("d", (card(identification), card("ONE"))))
    assert scene.files("RDR") == []


# ---- rules and checkpoints -----------------------------------------------------------------------------------------


def test_each_decision_is_noted_with_its_rule():
    scene = Scene()
    noted = []
    scene.spool.note = lambda userid, verdict: noted.append((userid, verdict.rule.id, str(verdict.decision)))
    scene.a.cp("SPOOL PUNCH TO B")
    scene.a.punches("ONE")
    scene.a.cp("CLOSE PUNCH")
    scene.b.reads(3)
    assert noted == [
        ("A", "SPL-CLO-TO", "another user's reader"),
        ("B", "SPL-RDR-OPEN", "goes on with the first card of the next file"),
        ("B", "SPL-RDR-EOF", "unit exception"),
        ("B", "SPL-RDR-EMPTY", "unit check, intervention required"),
    ]


SITUATIONS = [
    pytest.param(READER_RULES, ReaderState(False, False, True, True), "SPL-RDR-OPEN", id="a file waits"),
    pytest.param(READER_RULES, ReaderState(False, True, True, False), "SPL-RDR-EMPTY", id="none waits"),
    pytest.param(READER_RULES, ReaderState(True, True, True, True), "SPL-RDR-CONT", id="read to its end: CONT"),
    pytest.param(READER_RULES, ReaderState(True, True, True, False), "SPL-RDR-EOF", id="CONT and no other file"),
    pytest.param(READER_RULES, ReaderState(True, False, True, True), "SPL-RDR-EOF", id="EOF NOCONT"),
    pytest.param(READER_RULES, ReaderState(True, False, False, True), "SPL-RDR-NOEOF", id="NOEOF NOCONT"),
    pytest.param(CLOSE_RULES, Closing(5, True, "B", "", True), "SPL-CLO-PURGE", id="purge before all"),
    pytest.param(CLOSE_RULES, Closing(0, False, "B", "", True), "SPL-CLO-CONT", id="CONT"),
    pytest.param(CLOSE_RULES, Closing(0, False, "B", "", False), "SPL-CLO-EMPTY", id="no record"),
    pytest.param(CLOSE_RULES, Closing(1, False, "B", "", False), "SPL-CLO-TO", id="TO"),
    pytest.param(CLOSE_RULES, Closing(1, False, "", "B", False), "SPL-CLO-FOR", id="FOR"),
    pytest.param(CLOSE_RULES, Closing(1, False, "", "", False), "SPL-CLO-REAL", id="OFF"),
    pytest.param(FULL_RULES, 1, "SPL-FULL-CLOSE", id="full, with records"),
    pytest.param(FULL_RULES, 0, "SPL-FULL-REFUSE", id="full, without"),
]


@pytest.mark.parametrize(("rules", "situation", "rule"), SITUATIONS)
def test_the_first_rule_that_applies_decides(rules, situation, rule):
    assert decide(rules, situation).rule.id == rule


def test_every_rule_decides_in_some_situation():
    ids = [rule.id for rule in (*READER_RULES, *CLOSE_RULES, *FULL_RULES)]
    assert sorted(set(ids)) == sorted(ids)
    assert {row.values[2] for row in SITUATIONS} == set(ids)


def test_going_back_to_a_checkpoint_and_forward_again_gives_the_same():
    scene = Scene()
    scene.deck("A", *(f"CARD {n}" for n in range(60)))
    scene.a.cp("SPOOL CONSOLE START TO B")
    scene.spool.console("A").line("BEFORE")
    scene.a.punches("ONE")
    scene.a.reads(50)
    devices = (scene.a.reader, scene.a.punch, scene.a.printer)

    def goes_on():
        scene.told.clear()
        scene.a.punches("TWO", *(f"{n:079}" for n in range(60)))
        scene.a.prints("A LINE")
        scene.spool.console("A").line("AFTER")
        read = scene.a.reads(12)
        lines = [scene.a.cp(f"CLOSE {what} HOLD") for what in ("PUNCH", "PRINTER", "CONSOLE")]
        scene.a.cp("SPOOL PUNCH TO B CLASS Q")
        state = scene.spool.state(), [device.state() for device in devices]
        return read, lines, list(scene.told), state, [scene.spool.text(s) for s in scene.spool.files("PUN")]

    saved = scene.spool.state(), [device.state() for device in devices]
    first = goes_on()
    scene.spool.restore(saved[0])
    for device, state in zip(devices, saved[1], strict=True):
        device.restore(state)
    assert (scene.spool.state(), [device.state() for device in devices]) == saved
    assert goes_on() == first


def test_a_checkpoint_shares_what_has_not_changed():
    scene = Scene()
    scene.deck("A", "ONE")
    first = scene.spool.space.state()
    assert scene.spool.space.state() is first
    scene.deck("A", "TWO")
    second = scene.spool.space.state()
    assert second is not first
    assert second[0] is first[0]
