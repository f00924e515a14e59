"""The loader for object modules: what it joins, and where it stops.  GNU as and ld are the oracles where installed."""

import shutil
import struct

import pytest

from edu_hv.asm.assembler import assemble
from edu_hv.asm.deck import CARD, loader_cards, punch
from edu_hv.asm.object_deck import loadable
from edu_hv.devices.card import CardReader
from edu_hv.devices.console import Console
from edu_hv.devices.tape import Tape, TapeDrive
from edu_hv.guests import catalog
from edu_hv.machine.machine import Architecture, Machine
from tests.guests.conftest import Run
from tests.guests.modules import (
    CM,
    ER,
    LD,
    PC,
    SD,
    TOOLS,
    WX,
    again,
    card,
    e,
    end,
    esd,
    gnu_object,
    item,
    linked,
    module_of,
    reference,
    rld,
    txt,
)

SIZE = 0x10000
AT = 0x1000
"""Where the first section goes."""
LOADER = loader_cards(catalog.object_loader())
RETURN = bytes.fromhex("07FE")
RETURNED = "00020000 0000E0D0"
BOTH = pytest.mark.parametrize("architecture", list(Architecture), ids=lambda architecture: architecture.name)


def boot(deck: bytes, architecture=Architecture.S370, *, size=SIZE, reader=0x00C, console=0x009) -> Run:
    """A machine that has just been IPLed from a deck."""
    machine, printer, hopper = Machine(size, architecture), Console(), CardReader()
    hopper.load([deck[at : at + CARD] for at in range(0, len(deck), CARD)])
    machine.channels.attach(reader, hopper)
    if console is not None:
        machine.channels.attach(console, printer)
    machine.load(reader)
    return Run(machine, printer)


def aws(deck: bytes) -> bytes:
    """The AWS image of a tape of card images with a tape mark behind them."""
    blocks = [deck[at : at + CARD] for at in range(0, len(deck), CARD)]
    image = b"".join(
        struct.pack("<HH", CARD, CARD if number else 0) + b"\xa0\x00" + block for number, block in enumerate(blocks)
    )
    return image + struct.pack("<HH", 0, CARD) + b"\x40\x00"


def loaded(*cards: bytes, architecture=Architecture.S370) -> Machine:
    """A machine with a program that returned at once."""
    run = boot(LOADER + b"".join(cards), architecture).run()
    assert (run.lines, run.psw) == ([], RETURNED)
    return run.machine


def words(machine: Machine, address: int, count: int = 1) -> list[int]:
    return list(struct.unpack(f">{count}I", machine.storage.read(address, 4 * count)))


MAIN = (esd(1, item("MAIN", SD, 0, 2)), txt(1, 0, RETURN))
"""A module that returns, without its END card."""


# --- where sections and symbols go ---


@BOTH
def test_sections_follow_each_other_on_doublewords(architecture):
    machine = loaded(
        *MAIN, end(),
        esd(1, item("A", SD, 0, 9), item("", PC, 0x10, 4)), txt(1, 8, b"\xaa"), txt(2, 0x10, b"\xbb" * 4), end(),
        esd(7, item("B", SD, 0, 1)), txt(7, 0, b"\xcc"), end(),
        architecture=architecture,
    )  # fmt: skip
    assert machine.storage.read(AT, 2) == RETURN
    assert machine.storage.read(AT + 0x10, 1) == b"\xaa"
    assert machine.storage.read(AT + 0x18, 4) == b"\xbb" * 4
    assert machine.storage.read(AT + 0x20, 1) == b"\xcc"


def test_a_module_assembled_for_an_address_goes_there_with_all_its_sections():
    machine = loaded(
        esd(1, item("MAIN", SD, 0x2000, 2), item("NEXT", SD, 0x2008, 4)),
        txt(1, 0x2000, RETURN), txt(2, 0x2008, b"\xdd" * 4), rld(reference(2, 2, 0x0C, 0x2008)), end(),
    )  # fmt: skip
    assert machine.storage.read(0x2000, 2) == RETURN
    assert words(machine, 0x2008) == [0xDDDDDDDD]


def test_slc_says_where_the_next_section_goes():
    text = txt(1, 0x2000, RETURN), txt(1, 0x2004, bytes.fromhex("00002004"))
    machine = loaded(
        card("SLC", c7=e("003008")),
        esd(1, item("MAIN", SD, 0x2000, 8)), *text, rld(reference(1, 1, 0x0C, 0x2004)), end(1, 0x2000),
    )  # fmt: skip
    assert machine.storage.read(0x3008, 2) == RETURN
    assert words(machine, 0x300C) == [0x300C]


def test_a_program_may_bring_its_new_psws():
    """The loader itself waits for I/O interruptions, and puts back the I/O new PSW that the program loads."""
    source = "LOW START X'58'\n DC 5X'00020000000ABCDE'\nBEGIN LPSW X'78'\n END BEGIN\n"
    for deck in (punch(assemble(source)), card("SLC", c7=e("000058")) + punch(assemble(source))):
        assert boot(LOADER + deck).run().psw == "00020000 000ABCDE"


def test_length_on_the_end_card_counts_for_a_section_without_one():
    machine = loaded(
        esd(1, item("MAIN", SD)), txt(1, 0, RETURN), end(length=0x40),
        esd(1, item("B", SD)), txt(1, 0, b"\xbb" * 12), end(),
        esd(1, item("C", SD, 0, 1)), txt(1, 0, b"\xcc"), end(),
    )  # fmt: skip
    assert machine.storage.read(AT + 0x40, 12) == b"\xbb" * 12
    assert machine.storage.read(AT + 0x50, 1) == b"\xcc"


def test_a_common_area_is_as_long_as_the_longest_and_behind_everything():
    pointer = reference(2, 1, 0x0C, 4)
    machine = loaded(
        esd(1, item("MAIN", SD, 0, 8), item("POOL", CM, 0, 8), item("", CM, 0, 4)),
        txt(1, 0, RETURN + bytes(6)), rld(pointer), end(),
        esd(1, item("B", SD, 0, 8), item("POOL", CM, 0x100, 16), item("", CM, 0, 4)),
        txt(1, 0, bytes.fromhex("00000000 00000104")), rld(pointer, reference(3, 1, 0x0C, 0)), end(),
    )  # fmt: skip
    assert words(machine, AT + 4) == [AT + 0x10]
    assert words(machine, AT + 8, 2) == [AT + 0x20, AT + 0x10 + 4]


def test_a_section_stands_for_a_common_area_of_its_name():
    machine = loaded(
        esd(1, item("MAIN", SD, 0, 8), item("POOL", CM, 0, 16)),
        txt(1, 0, RETURN + bytes(6)), rld(reference(2, 1, 0x0C, 4)), end(),
        esd(1, item("POOL", SD, 0, 8)), txt(1, 0, b"\xaa" * 8), end(),
        esd(1, item("LAST", SD, 0, 1)), txt(1, 0, b"\xbb"), end(),
    )  # fmt: skip
    assert words(machine, AT + 4) == [AT + 8]
    assert machine.storage.read(AT + 0x18, 1) == b"\xbb"


@pytest.mark.parametrize("first", [WX, ER], ids=["weak", "strong"])
@pytest.mark.parametrize("before", [True, False], ids=["defined-before", "defined-behind"])
def test_references_between_modules(first, before):
    definition = (
        esd(1, item("SUB", SD, 0, 8)), esd(0x4040, item("TABLE", LD, 4, 1)), txt(1, 0, b"\x07\xfe" * 4), end(),
    )  # fmt: skip
    use = (
        esd(1, item("MAIN", SD, 0, 16), item("SUB", first), item("TABLE", ER)), txt(1, 0, RETURN + bytes(14)),
        txt(1, 8, bytes.fromhex("00000000 00000003")),
        rld(reference(2, 1, 0x1C, 8), reference(3, 1, 0x0C, 12)), end(1),
    )  # fmt: skip
    machine = loaded(*(definition + use if before else use + definition))
    main, sub = (AT + 8, AT) if before else (AT, AT + 0x10)
    assert words(machine, main + 8, 2) == [sub, sub + 4 + 3]


def test_a_weak_reference_may_stay_undefined():
    machine = loaded(
        esd(1, item("MAIN", SD, 0, 12), item("NONE", WX)), txt(1, 0, RETURN + bytes(2) + b"\0\0\0\5\0\0\0\5"),
        rld(reference(2, 1, 0x0C, 4), reference(2, 1, 0x1C, 8)), end(),
    )  # fmt: skip
    assert words(machine, AT + 4, 2) == [5, 0]


# --- address constants ---

CONTENT = bytes.fromhex("00000000 11223344 01020304 00000100 FFFFFFFF")
RELOCATIONS = [
    pytest.param([reference(1, 1, 0x0C, 4)], {4: "11224344"}, id="four bytes"),
    pytest.param([reference(1, 1, 0x08, 5)], {4: "11224344"}, id="three bytes"),
    pytest.param([reference(1, 1, 0x04, 6)], {4: "11224344"}, id="two bytes"),
    pytest.param([reference(1, 1, 0x00, 7)], {4: "11223344"}, id="one byte: the low one of 1000"),
    pytest.param([reference(1, 1, 0x0E, 4)], {4: "11222344"}, id="minus"),
    pytest.param([reference(1, 1, 0x0C, 5)], {4: "11223354", 8: "01020304"}, id="not on a boundary"),
    pytest.param([reference(1, 1, 0x0C, 16)], {16: "00000FFF"}, id="carry out"),
    pytest.param([reference(1, 1, 0x0C, 4), reference(1, 1, 0x0E, 4)], {4: "11223344"}, id="plus and minus"),
    pytest.param([reference(2, 1, 0x0C, 4), reference(1, 1, 0x0E, 4)], {4: "1122335C"}, id="distance of sections"),
    pytest.param([reference(1, 1, 0x0D, 4), again(0x0D, 8), again(0x0C, 12)],
                 {4: "11224344", 8: "01021304", 12: "00001100"}, id="same ESDIDs"),
    pytest.param([reference(1, 1, 0x0D, 4), again(0x0C, 8), reference(2, 1, 0x08, 13)],
                 {4: "11224344", 8: "01021304", 12: "00001118"}, id="other ESDIDs behind the same"),
    pytest.param([reference(2, 1, 0x1C, 4)], {4: "00001018"}, id="V constant: the address itself"),
]  # fmt: skip


@BOTH
@pytest.mark.parametrize(("items", "expected"), RELOCATIONS)
def test_address_constants(items, expected, architecture):
    """Sections at 1000 and 1018.  The program is at the beginning."""
    machine = loaded(
        esd(1, item("MAIN", SD, 0, 20), item("B", SD, 0, 4)), txt(1, 0, CONTENT), txt(1, 0, RETURN), rld(*items), end(),
        architecture=architecture,
    )  # fmt: skip
    after = bytearray(RETURN + CONTENT[2:])
    for at, value in expected.items():
        after[at : at + 4] = bytes.fromhex(value)
    assert machine.storage.read(AT, 20).hex() == after.hex()


def test_the_manuals_example_of_an_rld_card():
    """ "RLD Record Format": entries 1 and 2 share their ESDIDs, position 2 and relocation 4; 3 is in section 3."""
    columns = bytes.fromhex("00040002 0D000100 0C000104 00010003 0C000800")
    machine = loaded(
        esd(1, item("MAIN", SD, 0, 2), item("TWO", SD, 0, 0x108), item("THREE", SD, 0, 0x804)),
        esd(4, item("FOUR", SD, 0, 4)), txt(1, 0, RETURN),
        txt(2, 0x100, bytes(8)), txt(3, 0x800, bytes(4)), rld(columns), end(),
    )  # fmt: skip
    two, three = AT + 8, AT + 0x110
    four = three + 0x808
    assert words(machine, two + 0x100, 2) == [four, four]
    assert words(machine, three + 0x800) == [AT]


def test_rep_cards_replace_halfwords():
    machine = loaded(
        *MAIN[:1], esd(2, item("B", SD, 0x100, 24)), *MAIN[1:], txt(2, 0x100, b"\xee" * 24),
        card("REP", c7=e("000102"), c14=e("002"), c17=e("1234,ABCD LOOK")),
        card("REP", c7=e("000000"), c17=e("07FE")),
        card("REP", c7=e("000102"), c14=e("002"), c17=e(",".join(["0FF0"] * 11))), end(),
    )  # fmt: skip
    assert machine.storage.read(AT + 8, 24) == b"\xee" * 2 + b"\x0f\xf0" * 11


# --- the start ---


def start(code: int) -> bytes:
    """A program that loads a PSW with this address: BALR 5,0; LPSW 6(5); the PSW."""
    return bytes.fromhex("0550 82005006") + bytes(2) + bytes.fromhex("00020000") + code.to_bytes(4, "big")


THREE = (esd(1, item("A", SD, 0, 16), item("B", SD, 0x10, 16), item("OUT", ER)), esd(0x4040, item("MID", LD, 0x10, 2)),
         txt(1, 0, start(0xA)), txt(2, 0x10, start(0xB)))  # fmt: skip
OUT = (esd(1, item("OUT", SD, 0, 16)), txt(1, 0, start(0xC)))


@pytest.mark.parametrize(
    ("cards", "code"),
    [
        pytest.param([*THREE, end(), *OUT, end()], 0xA, id="nobody says: the first section"),
        pytest.param([*THREE, card("END", c33=e("15741SC103 020122005")), *OUT, end()], 0xA, id="assembler's name"),
        pytest.param([*THREE, end(2, 0x10), *OUT, end()], 0xB, id="END: address and ESDID"),
        pytest.param([*THREE, end(name="MID"), *OUT, end()], 0xB, id="END: symbol"),
        pytest.param([*THREE, end(name="OUT"), *OUT, end()], 0xC, id="END: symbol of a later module"),
        pytest.param([*THREE, end(3), *OUT, end()], 0xC, id="END: ESDID of a reference"),
        pytest.param([*THREE, end(2, 0x10), *OUT, end(1)], 0xB, id="the first END decides"),
        pytest.param([*THREE, end(), *OUT, end(1)], 0xC, id="a later END"),
        pytest.param([*THREE, end(1), *OUT, end(), card("LDT", c17=e("OUT"))], 0xC, id="LDT decides at last"),
        pytest.param([*THREE, end(), *OUT, end(), card("LDT"), bytes(CARD)], 0xA, id="data behind LDT"),
        pytest.param([*THREE, card("END", c6=b"\0\0\0"), *OUT, end()], 0xA, id="END: address without ESDID"),
    ],
)
def test_entry_point(cards, code):
    run = boot(LOADER + b"".join(cards)).run()
    assert (run.lines, run.psw) == ([], f"00020000 {code:08X}")


@BOTH
@pytest.mark.parametrize("size", [0x4000, SIZE, 0x100000], ids=hex)
def test_registers_at_the_start(architecture, size):
    """STM 0,15 where the loader says the save area is."""
    keep = bytes.fromhex("900FD000 07FE")
    run = boot(LOADER + esd(1, item("A", SD, 0, 6)) + txt(1, 0, keep) + end(), architecture, size=size).run()
    assert run.psw == RETURNED
    registers = words(run.machine, run.machine.cpu.gr[13], 16)
    top = size - 0x2000
    assert (registers[0], registers[1], registers[15]) == (0, 0, AT)
    assert top <= registers[13] <= size - 72
    assert top <= registers[14] & 0xFFFFFF < size


def test_the_end_of_storage_may_be_the_end_of_addresses():
    run = boot(LOADER + b"".join(MAIN) + end(), size=1 << 24).run()
    assert (run.psw, run.machine.cpu.gr[13] >> 12) == (RETURNED, 0xFFE)


@pytest.mark.parametrize("device", [0x00C, 0x01A, 0x20C])
def test_the_loader_reads_on_where_ipl_came_from(device):
    assert boot(LOADER + b"".join(MAIN) + end(), reader=device).run().psw == RETURNED


@BOTH
def test_a_tape_of_card_images(architecture):
    machine = Machine(SIZE, architecture)
    machine.channels.attach(0x181, TapeDrive(Tape.from_bytes(aws(LOADER + b"".join(MAIN) + end()), "test")))
    machine.load(0x181)
    assert Run(machine, Console()).run().psw == RETURNED


# --- what is wrong ---

SHORT = esd(1, item("MAIN", SD, 0, 2))
BAD = "WRONG CARD                   CARD0000"
WRONG = [
    pytest.param([bytes(CARD)], "BAD0", BAD + "1", id="no object card"),
    pytest.param([*MAIN, bytes(CARD)], "BAD0", BAD + "3", id="no object card in a module"),
    pytest.param([card("XYZ")], "BAD0", BAD + "1", id="another kind"),
    pytest.param([txt(1, 0, RETURN)], "BAD0", BAD + "1", id="text first"),
    pytest.param([*MAIN, txt(2, 0, RETURN)], "BAD0", BAD + "3", id="text of no section"),
    pytest.param([*MAIN, txt(0, 0, RETURN)], "BAD0", BAD + "3", id="ESDID 0"),
    pytest.param([*MAIN, txt(512, 0, RETURN)], "BAD0", BAD + "3", id="ESDID 512"),
    pytest.param([*MAIN, txt(1, 1, RETURN)], "BAD0", BAD + "3", id="text behind its section"),
    pytest.param([esd(1, item("MAIN", SD, 8, 8)), txt(1, 7, RETURN)], "BAD0", BAD + "2", id="text before its section"),
    pytest.param([esd(1, item("A", SD), item("B", SD)), txt(1, 0, b"A")], "BAD0", BAD + "2", id="length unknown"),
    pytest.param([*MAIN, txt(1, 0, b"")], "BAD0", BAD + "3", id="no text"),
    pytest.param([*MAIN, card("TXT", c11=b"\0\x39")], "BAD0", BAD + "3", id="57 bytes of text"),
    pytest.param([SHORT, esd(1, item("B", SD, 0, 2))], "BAD0", BAD + "2", id="ESDID twice"),
    pytest.param([card("ESD", c11=b"\0\x08", c15=b"\0\1")], "BAD0", BAD + "1", id="half an ESD item"),
    pytest.param([card("ESD", c11=b"\0\x40", c15=b"\0\1")], "BAD0", BAD + "1", id="four ESD items"),
    pytest.param([esd(1, item("Q", 6))], "BAD0", BAD + "1", id="pseudo register"),
    pytest.param([SHORT, esd(2, item("B", ER)), txt(2, 0, b"\0")], "BAD0", BAD + "3", id="text of a reference"),
    pytest.param([*MAIN, rld(reference(2, 1, 0, 0))], "BAD0", BAD + "3", id="RLD without symbol"),
    pytest.param([*MAIN, rld(reference(1, 2, 0, 0))], "BAD0", BAD + "3", id="RLD without section"),
    pytest.param([*MAIN, rld(reference(1, 1, 4, 1))], "BAD0", BAD + "3", id="RLD behind its section"),
    pytest.param([*MAIN, rld(reference(1, 1, 0x20, 0))], "BAD0", BAD + "3", id="Q constant"),
    pytest.param([*MAIN, rld(reference(1, 1, 0, 0)[:6])], "BAD0", BAD + "3", id="half an RLD item"),
    pytest.param([*MAIN, end(2)], "BAD0", BAD + "3", id="entry point in no section"),
    pytest.param([*MAIN, esd(0x4040, item("B", LD, 0, 2)), end()], "BAD0", BAD + "4", id="LD in no section"),
    pytest.param([*MAIN, card("REP", c7=e("00000G"), c17=e("0000"))], "BAD0", BAD + "3", id="REP: no digit"),
    pytest.param([*MAIN, card("REP", c7=e("000000"), c17=e("0000,"))], "BAD0", BAD + "3", id="REP: comma at last"),
    pytest.param([*MAIN, card("LDT")], "BAD0", BAD + "3", id="LDT in a module"),
    pytest.param([card("SLC")], "BAD0", BAD + "1", id="SLC without address"),
    pytest.param([*MAIN], "BAD2", "NO CARD                      CARD00003", id="no END card"),
    pytest.param([], "BADC", "NO PROGRAM", id="nothing"),
    pytest.param([card("LDT")], "BADC", "NO PROGRAM", id="only LDT"),
    pytest.param([esd(1, item("A", SD, 0, 0xD000))], "BAD4", "NO STORAGE                   CARD00001", id="too long"),
    pytest.param([esd(1, item("A", SD, 0xFFF000, 8))], "BAD4", "NO STORAGE                   CARD00001", id="too high"),
    pytest.param([SHORT, esd(2, item("P", CM, 0, 0xD000)), end()], "BAD4", "NO STORAGE", id="common too long"),
    pytest.param([*MAIN, end(), esd(1, item("B", SD, 0xFF8, 9))], "BAD4",
                 "OVERLAPS SECTION    MAIN     CARD00004", id="sections overlap"),
    pytest.param([*MAIN, end(), *MAIN], "BADA", "NAME DEFINED TWICE  MAIN     CARD00004", id="section twice"),
    pytest.param([*MAIN, esd(0x4040, item("MAIN", LD, 0, 1))], "BADA",
                 "NAME DEFINED TWICE  MAIN     CARD00003", id="entry symbol like a section"),
    pytest.param([*MAIN, end(name="ABSENT")], "BAD8", "UNDEFINED NAME      ABSENT", id="entry point undefined"),
]  # fmt: skip


@pytest.mark.parametrize(("cards", "code", "line"), WRONG)
def test_the_loader_says_what_is_wrong_and_waits(cards, code, line):
    run = boot(LOADER + b"".join(cards)).run()
    assert (run.psw, [text.rstrip() for text in run.lines]) == (f"00020000 0000{code}", ["OBJECT LOADER: " + line])


def test_every_undefined_name_is_told():
    cards = esd(1, item("A", SD, 0, 8), item("ONE", ER), item("TWO", WX)), esd(4, item("THREE", ER)), end()
    run = boot(LOADER + b"".join(cards)).run()
    assert (run.psw, [line.split() for line in run.lines]) == (
        "00020000 0000BAD8", [["OBJECT", "LOADER:", "UNDEFINED", "NAME", name] for name in ("ONE", "THREE")],
    )  # fmt: skip


@pytest.mark.parametrize(("console", "lines"), [(0x01F, 1), (None, 0)], ids=["01F", "none"])
def test_message_goes_to_a_console_that_is_there(console, lines):
    run = boot(LOADER + bytes(CARD), console=console).run()
    assert (run.psw, len(run.lines)) == ("00020000 0000BAD0", lines)


def test_storage_must_have_room_for_the_loader():
    run = boot(LOADER + b"".join(MAIN) + end(), size=0x3000).run()
    assert (run.psw, run.lines[0].split()[2:4]) == ("00020000 0000BAD4", ["NO", "STORAGE"])


def test_the_symbol_table_must_not_run_into_the_program():
    names = [esd(3 * at + 1, *(item(f"X{at}{kind}", ER) for kind in "ABC")) for at in range(1, 170)]
    room = esd(1, item("A", SD, 0, 0xE000 - AT - 0x100))
    run = boot(LOADER + room + b"".join(names)).run()
    assert run.psw == "00020000 0000BAD4"


# --- other assemblers ---

GNU = pytest.mark.skipif(not all(map(shutil.which, TOOLS)), reason="binutils-s390x-linux-gnu is not installed")

# Three numbers are added in another module, and the sum goes into a common area.
MAIN_S = """
        .text
        .globl  main
main:   balr    12,0
base:   l       15,vsub-base(12)
        lr      11,14
        l       2,vlist-base(12)
        la      3,3
        balr    14,15
        l       4,vpool-base(12)
        st      2,8(4)
        lr      14,11
        br      14
        .align  4
vsub:   .long   sub
vlist:  .long   list
vpool:  .long   pool
none:   .long   absent
        .data
list:   .long   100, 20, 3
where:  .long   list, where+2, sub+4, table-8, pool+60
half:   .short  list
        .weak   absent
        .comm   pool,64,8
"""
SUB_S = """
        .text
        .long   0x11111111
        .globl  sub, table
sub:    balr    10,0
here:   slr     5,5
next:   al      5,0(2)
        la      2,4(2)
        bct     3,next-here(10)
        lr      2,5
        br      14
        .align  4
table:  .long   table, main, sub
        .data
        .long   pool+4
        .bss
        .space  24
"""


@GNU
@BOTH
def test_code_of_gnu_as_is_in_storage_as_gnu_ld_links_it(tmp_path, architecture):
    paths = [tmp_path / "main.o", tmp_path / "sub.o"]
    objects = [gnu_object(source, path) for source, path in zip((MAIN_S, SUB_S), paths, strict=True)]
    storage, symbols = linked(paths, tmp_path / "all", AT)
    deck = loadable(catalog.object_loader(), b"".join(map(module_of, objects)), "gnu.obj")
    run = boot(deck, architecture).run(lambda machine: machine.cpu.psw.instruction_address == symbols["main"])
    pool = symbols["pool"]
    assert run.machine.storage.read(AT, pool - AT) == storage[: pool - AT]
    run.run()
    assert (run.psw, words(run.machine, pool + 8)) == (RETURNED, [123])


ONE = """\
MAIN     CSECT
         EXTRN TABLE
         WXTRN ABSENT
BEGIN    BALR  12,0
         USING *,12
         L     15,=V(SUB)
         LR    11,14
         BALR  14,15
         LR    14,11
         BR    14
WHERE    DC    A(BEGIN,TABLE+8,*),AL3(BEGIN),AL1(LAST-BEGIN),2A(TABLE)
         CCW   X'01',WHERE,0,4
         DC    A(ABSENT,OTHER-MAIN,-TABLE),Y(WHERE)
         LTORG
LAST     DS    F
OTHER    CSECT
         DC    A(LAST,OTHER)
         END   BEGIN
"""
TWO = """\
SUB      CSECT
         ENTRY TABLE
         USING SUB,15
         L     5,=A(TABLE)
         BR    14
TABLE    DC    A(TABLE,BACK)
BACK     EQU   *-4
         DC    3V(MAIN)
         LTORG
         END
"""


@BOTH
def test_modules_of_our_assembler_are_joined_as_one_source_would_be(architecture):
    """The same statements in one source for the address, without EXTRN and V constants, give the same storage."""
    sections = ONE[: ONE.index("         END")] + TWO[: TWO.index("         END")]
    sections = sections.replace("         EXTRN TABLE\n         WXTRN ABSENT\n", "ABSENT   EQU   0\n")
    whole = assemble(f"         START {AT}\n{sections}         END\n")
    machine = loaded(punch(assemble(ONE)), punch(assemble(TWO)), architecture=architecture)
    assert {text.address: text.data.hex() for text in whole.image} == {
        text.address: machine.storage.read(text.address, len(text.data)).hex() for text in whole.image
    }


def test_every_card_of_the_loader_is_read_by_its_own_ccw():
    loader = catalog.object_loader()
    cards = len(LOADER) // CARD - 1
    text = LOADER[CARD:]
    ccws = [text[at : at + 8] for at in range(0, 8 * (cards - 1), 8)]
    start = loader.address_of("LOADER")
    assert [ccw.hex() for ccw in ccws] == [
        f"02{start + CARD * number:06x}{'60' if number < cards - 1 else '20'}000050" for number in range(1, cards)
    ]
    assert loader.address_of("ENTRY") == start + 8 * (cards - 1)
    assert loader.address_of("LAST") - start <= 0x1000
