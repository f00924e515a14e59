"""Object modules: the cards of references between modules byte by byte, and damaged decks of others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edu_hv.asm.__main__ import main
from edu_hv.asm.assembler import assemble
from edu_hv.asm.deck import CARD, bootable, punch, read_deck
from edu_hv.asm.object_deck import check_modules, loadable, refuse_other_files
from edu_hv.guests import catalog
from edu_hv.isa.errors import UserError
from tests.guests.modules import ER, LD, SD, again, card, e, end, esd, item, reference, rld, txt

SOURCE = """\
MAIN     START X'1000'
         EXTRN TABLE
         WXTRN MAYBE
         ENTRY GO,MAIN
GO       BR    14
         DC    V(SUB),AL3(GO),2AL2(TABLE),A(GO-MAIN,NEXT-MAIN)
         DC    A(MAYBE-8)
         CCW   X'01',GO,0,1
NEXT     CSECT
         DC    A(MAIN,-2)
HOLES    DSECT
         DC    A(MAIN)
         END   GO
"""


def test_module_has_its_references_and_entry_points():
    cards = read_deck(punch(assemble(SOURCE)), "deck")
    kinds = [image[1:4].decode("cp037") for image in cards]
    assert kinds == ["ESD", "ESD", "ESD", "TXT", "TXT", "RLD", "RLD", "END"]
    blank = e("   ")
    assert [image[:72] for image in cards[:3]] == [
        esd(1, item("MAIN", SD, 0x1000, 0x28), item("NEXT", SD, 0x1028, 8), item("TABLE", ER)[:13] + blank)[:72],
        esd(4, item("MAYBE", 0x0A)[:13] + blank, item("SUB", ER)[:13] + blank)[:72],
        esd(0x4040, item("GO", LD, 0x1000, 1))[:72],
    ]
    assert [image[:72] for image in cards[-3:-1]] == [
        rld(
            reference(5, 1, 0x1C, 0x1004), reference(1, 1, 0x08, 0x1008), reference(3, 1, 0x04, 0x100B),
            reference(3, 1, 0x04, 0x100D), reference(1, 1, 0x0E, 0x1014), reference(2, 1, 0x0C, 0x1014),
            reference(4, 1, 0x0C, 0x1018),
        )[:72],
        rld(reference(1, 1, 0x08, 0x1021), reference(1, 2, 0x0C, 0x1028))[:72],
    ]  # fmt: skip
    assert cards[-1][:72] == end(1, 0x1000)[:72]


def test_punched_modules_are_not_damaged():
    cards = read_deck(punch(assemble(SOURCE)) * 3, "deck")
    assert check_modules(cards, "deck") == len(cards)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        pytest.param(" DC V(SUB)\n", "a.asm:1: SUB is not defined; expected every symbol", id="V constant"),
        pytest.param(" BR 14\n EXTRN X\n", "a.asm:2: X is not defined; expected every symbol", id="EXTRN"),
    ],
)
def test_program_that_is_loaded_alone_needs_all_its_symbols(source, message):
    with pytest.raises(UserError) as error:
        bootable(catalog.loader(), assemble(source, "a.asm"))
    assert str(error.value).startswith(message)


def test_program_that_is_loaded_alone_has_no_rld_cards():
    """Its addresses are those it is assembled for."""
    deck = read_deck(bootable(catalog.loader(), assemble("K START 64\n DC A(K)\n END\n")), "deck")
    assert [image[1:4].decode("cp037") for image in deck[-3:]] == ["ESD", "TXT", "END"]


MAIN = esd(1, item("MAIN", SD, 0x100, 8), item("SUB", ER))
TEXT = txt(1, 0x100, bytes(8))
DAMAGED = [
    pytest.param([TEXT], 1, "TXT is the first card of a module, expected ESD", id="no ESD"),
    pytest.param([MAIN, bytes(CARD)], 2, "its first byte is X'00', expected X'02' within a module", id="first byte"),
    pytest.param([MAIN, card("TXX")], 2,
                 'its kind is "TXX", expected one of SYM ESD TXT RLD REP END SLC LDT', id="kind"),
    pytest.param([MAIN, b"\x02\x00\xff\x0a" + bytes(76)], 2, 'its kind is "???", expected one of', id="unprintable"),
    pytest.param([MAIN, card("LDT")], 2, "LDT stands within a module, expected it before or behind one", id="LDT"),
    pytest.param([card("SLC", c7=e("00100X"))], 1,
                 'columns 7-12 are "00100X", expected the address in 6 hexadecimal digits', id="SLC"),
    pytest.param([card("ESD", c11=b"\0\x11", c15=b"\0\1")], 1,
                 "columns 11-12 say 17 bytes of ESD items, expected a multiple of 16", id="part of an item"),
    pytest.param([card("ESD")], 1, "columns 11-12 say 16448 bytes, expected 16 to 48", id="no item"),
    pytest.param([esd(0, item("A", SD))], 1, "the ESDID is 0, expected 1 to 511", id="ESDID 0"),
    pytest.param([esd(511, item("A", SD), item("B", SD))], 1, "the ESDID is 512, expected 1 to 511", id="ESDID 512"),
    pytest.param([MAIN, esd(2, item("A", SD))], 2, "the ESDID 2 is there already", id="ESDID twice"),
    pytest.param([esd(1, item("A", 6))], 1, "the type of an ESD item is X'06', expected SD, LD, ER", id="type"),
    pytest.param([MAIN, txt(3, 0x100, b"A")], 2, "it goes into the section with ESDID 3, which no ESD", id="section"),
    pytest.param([MAIN, txt(2, 0x100, b"A")], 2, "it goes into the section with ESDID 2, which no ESD", id="into ER"),
    pytest.param([MAIN, txt(1, 0x101, bytes(8))], 2,
                 "it has 8 bytes at 000101, outside of its section, which has 8 at 000100", id="behind"),
    pytest.param([esd(1, item("A", SD), item("B", SD)), txt(1, 0, b"A")], 2,
                 "it has 1 bytes at 000000, outside of its section, which has 0 at 000000", id="length unknown"),
    pytest.param([MAIN, txt(1, 0xFF, bytes(8))], 2, "it has 8 bytes at 0000FF, outside of its section", id="before"),
    pytest.param([MAIN, card("TXT", c11=b"\0\x39")], 2, "columns 11-12 say 57 bytes, expected 1 to 56", id="57 bytes"),
    pytest.param([MAIN, TEXT, rld(reference(4, 1, 0, 0x100))], 3,
                 "an address constant moves with the ESDID 4, which no ESD card has", id="relocation"),
    pytest.param([MAIN, rld(reference(2, 1, 0x0C, 0x105))], 2, "it has 4 bytes at 000105, outside", id="constant"),
    pytest.param([MAIN, rld(reference(2, 1, 0x2C, 0x100))], 2,
                 "the flags of an address constant are X'2C', expected type A or V, 1 to 4 bytes", id="Q constant"),
    pytest.param([MAIN, rld(reference(2, 1, 0x0D, 0x100), again(0x0C, 0x104)[:2])], 2,
                 "columns 11-12 say 10 bytes of RLD items, but the last item is not whole", id="part of RLD"),
    pytest.param([MAIN, card("REP", c7=e("000100"), c17=e("12G4"))], 2, 'columns 17-20 are "12G4"', id="REP"),
    pytest.param([MAIN, card("REP", c7=e("000100"), c17=e("1234;5678"))], 2, "column 21 is not blank", id="REP comma"),
    pytest.param([MAIN, end(3, 0)], 2, "the entry point is in the section with ESDID 3, which no ESD", id="entry"),
    pytest.param([MAIN, esd(0x4040, item("E", LD, 0, 2)), end()], 3,
                 "it ends a module with an entry symbol, on card 2, in a section that no ESD card has", id="LD"),
    pytest.param([MAIN, end(), MAIN, bytes(CARD)], 4, "its first byte is X'00'", id="second module"),
]  # fmt: skip


@pytest.mark.parametrize(("cards", "number", "message"), DAMAGED)
def test_damaged_card_is_told_with_its_number(cards, number, message):
    with pytest.raises(UserError) as error:
        loadable(catalog.object_loader(), b"".join(cards), "a.obj")
    assert str(error.value).startswith(f"card {number} of a.obj is damaged: {message}")


def test_deck_without_its_last_end_card():
    with pytest.raises(UserError, match=r"^deck a.obj is cut short: its last card, number 3, is not the program's END"):
        loadable(catalog.object_loader(), MAIN + end() + MAIN, "a.obj")


@pytest.mark.parametrize(
    ("cards", "loaded"),
    [
        pytest.param([MAIN, end()], [MAIN, end(), card("LDT")], id="modules"),
        pytest.param([MAIN, end(), card("LDT")], [MAIN, end(), card("LDT")], id="LDT is there"),
        pytest.param([MAIN, end(), e("DATA".ljust(80))], [MAIN, end(), card("LDT"), e("DATA".ljust(80))], id="data"),
    ],
)
def test_loader_stands_before_the_modules_and_ldt_behind(cards, loaded):
    deck = loadable(catalog.object_loader(), b"".join(cards), "a.obj")
    assert read_deck(deck, "a")[-len(loaded) :] == loaded
    assert deck[0] == 0
    assert e("OBJECT LOADER") in deck


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(b"\x7fELF\x01\x02", "a.obj is an ELF file; expected an object deck", id="ELF"),
        pytest.param(b"MAIN     CSECT\n", "a.obj is a text file; expected a deck: cards of 80 bytes", id="source"),
        pytest.param(b"02C5E2C4 " * 40, "a.obj is a text file; expected a deck: cards of 80 bytes", id="hexadecimal"),
    ],
)
def test_file_of_another_kind(data, message):
    with pytest.raises(UserError) as error:
        refuse_other_files(data, "a.obj")
    assert str(error.value).startswith(message)


GOOD = punch(assemble(SOURCE))


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_any_damaged_byte_is_taken_or_told(at, byte):
    """Nothing but `UserError` comes of it, and that names the file."""
    deck = GOOD[:at] + bytes([byte]) + GOOD[at + 1 :]
    message, cards = None, 0
    try:
        cards = check_modules(read_deck(deck, "a.obj"), "a.obj")
    except UserError as error:
        message = str(error)
    assert cards in (0, len(deck) // CARD) if message is None else "a.obj" in message


def test_command_punches_a_module(tmp_path, capsys):
    source, deck = tmp_path / "a.asm", tmp_path / "a.obj"
    source.write_text(SOURCE)
    assert main([str(source), str(deck)]) == 0
    assert deck.read_bytes() == GOOD
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b" BQ 14\n", "a.asm:1:2: unknown operation", id="mistake"),
        pytest.param(b"\xc1\xc2", "a.asm is not text: byte 0 is not UTF-8", id="no text"),
        pytest.param(None, "a.asm cannot be read or written: no such file or directory", id="no file"),
    ],
)
def test_command_says_what_is_wrong(tmp_path, capsys, content, message):
    source, deck = tmp_path / "a.asm", tmp_path / "a.obj"
    if content is not None:
        source.write_bytes(content)
    assert main([str(source), str(deck)]) == 1
    assert message in capsys.readouterr().err
    assert not deck.exists()


def test_command_needs_a_source_and_a_deck(capsys):
    assert main(["a.asm"]) == 1
    assert capsys.readouterr().err == "usage: python -m edu_hv.asm SOURCE.asm DECK.obj\n"
