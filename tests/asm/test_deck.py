"""Object decks: the cards byte by byte, decks that are empty or cut short, decks to IPL from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edu_hv.asm.assembler import assemble
from edu_hv.asm.deck import bootable, punch, read_deck
from edu_hv.isa.errors import UserError

PROGRAM = assemble("KERNEL START X'1000'\n BR 14\n DS CL6\nGO DC 60X'C1'\n END GO\n", "kernel.asm")


def e(text: str) -> bytes:
    """EBCDIC."""
    return text.encode("cp037")


def blanks(count: int) -> bytes:
    return e(" " * count)


def test_deck_has_esd_txt_and_end_cards():
    assert read_deck(punch(PROGRAM), "deck") == [
        b"\x02" + e("ESD") + blanks(6) + b"\x00\x10" + blanks(2) + b"\x00\x01"
        + e("KERNEL  ") + b"\x00\x00\x10\x00\x40\x00\x00\x44" + blanks(40) + e("KERN0001"),
        b"\x02" + e("TXT") + blanks(1) + b"\x00\x10\x00" + blanks(2) + b"\x00\x02" + blanks(2) + b"\x00\x01"
        + b"\x07\xfe" + blanks(54) + e("KERN0002"),
        b"\x02" + e("TXT") + blanks(1) + b"\x00\x10\x08" + blanks(2) + b"\x00\x38" + blanks(2) + b"\x00\x01"
        + b"\xc1" * 56 + e("KERN0003"),
        b"\x02" + e("TXT") + blanks(1) + b"\x00\x10\x40" + blanks(2) + b"\x00\x04" + blanks(2) + b"\x00\x01"
        + b"\xc1" * 4 + blanks(52) + e("KERN0004"),
        b"\x02" + e("END") + blanks(1) + b"\x00\x10\x08" + blanks(6) + b"\x00\x01" + blanks(56)
        + e("KERN0005"),
    ]  # fmt: skip


def test_each_control_section_has_its_item_and_its_text():
    program = assemble(
        "A CSECT\n DC C'1'\nB CSECT\n DC C'2'\nC CSECT\n DC C'3'\nE CSECT\n DC C'4'\nX DSECT\n DS F\n END E\n"
    )
    cards = read_deck(punch(program), "deck")
    assert [card[1:4].decode("cp037") for card in cards] == ["ESD", "ESD", "TXT", "TXT", "TXT", "TXT", "END"]
    assert [(int.from_bytes(card[10:12], "big"), card[15]) for card in cards] == [
        (48, 1), (16, 4), (1, 1), (1, 2), (1, 3), (1, 4), (0x4040, 4),
    ]  # fmt: skip


@given(st.binary(min_size=1, max_size=300), st.integers(0, 0xFFFF))
def test_loading_the_cards_gives_the_image(data, origin):
    program = assemble(f"K START {origin}\n" + "".join(f" DC X'{byte:02X}'\n" for byte in data))
    storage = {}
    for card in read_deck(punch(program), "deck"):
        if card[1:4] == e("TXT"):
            address, count = int.from_bytes(card[5:8], "big"), int.from_bytes(card[10:12], "big")
            storage.update(enumerate(card[16 : 16 + count], address))
    assert storage == dict(enumerate(data, program.origin))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(b"", "deck K is empty; expected cards of 80 bytes", id="empty"),
        pytest.param(bytes(12), "deck K is cut short in card 1: 12 of 80 bytes; punch it again", id="one card"),
        pytest.param(bytes(36 * 80 + 79), "deck K is cut short in card 37: 79 of 80 bytes; punch it again", id="last"),
    ],
)
def test_deck_that_is_no_whole_number_of_cards(data, message):
    with pytest.raises(UserError) as error:
        read_deck(data, "K")
    assert str(error.value) == message


LOADER = """\
IPL      DC    X'0008000000000050'
         CCW   X'02',LOADER,X'60',80
         CCW   X'02',LOADER+80,X'20',80
         ORG   IPL+80
LOADER   BALR  12,0
         DC    80X'EE'
         DS    CL20
         DC    X'FF'
         END   LOADER
"""


def test_bootable_deck_is_ipl_card_loader_and_object_deck():
    deck = bootable(assemble(LOADER), PROGRAM)
    body = bytes.fromhex("05C0") + b"\xee" * 80 + bytes(20) + b"\xff"
    ipl = bytes.fromhex("00080000000000500200005060000050020000A020000050")
    assert deck == ipl.ljust(80, b"\0") + body.ljust(160, b"\0") + punch(PROGRAM)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param(
            "IPL      DC", " START 8\nIPL DC", "begins at X'8'; a loader for IPL must begin at 0", id="origin"
        ),
        pytest.param("LOADER", "LOAD", "has no symbol LOADER; did you mean LOAD?", id="no label"),
        pytest.param(
            "         CCW   X'02',LOADER,X'60',80\n",
            "         DS    D\n",
            "has no IPL PSW, CCW1 and CCW2 at 0; expected 24 bytes there",
            id="no CCW1",
        ),
        pytest.param(
            "         ORG   IPL+80\n",
            "         ORG   IPL+80\n         DC    10C'X'\n",
            "has code at X'50' that no card holds; expected it after LOADER",
            id="code between the first card and LOADER",
        ),
        pytest.param(
            LOADER,
            "LOADER DC 40C'X'\n",
            "has LOADER at X'0', within the IPL PSW and CCWs; expected X'18' or up",
            id="too low",
        ),
    ],
)
def test_loader_that_cannot_be_ipled(old, new, message):
    with pytest.raises(UserError) as error:
        bootable(assemble(LOADER.replace(old, new), "loader"), PROGRAM)
    assert str(error.value) == f"loader {message}"
