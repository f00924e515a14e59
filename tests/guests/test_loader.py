"""The IPL loader on the bare machine: what it loads, and where it stops (on Hercules: test_on_hercules)."""

import pytest

from edu_hv.asm.assembler import assemble
from edu_hv.asm.deck import CARD, bootable
from edu_hv.guests import catalog
from edu_hv.isa.codes import CCWFlag

HELLO = catalog.GUESTS["hello"]


def text_of(image) -> bytes:
    return b"".join(part.data for part in image if part.address >= catalog.loader().address_of("LOADER"))


def ends_at(ipl, deck: bytes, size: int = 0x10000) -> str:
    return ipl(deck, size=size).run().psw


def test_every_card_of_the_loader_is_read_by_its_own_ccw():
    """As many chained CCWs as cards: CCW1 reads the first, CCW2 transfers to the others, which stand on it."""
    loader = catalog.loader()
    text = text_of(loader.image)
    cards = -(-len(text) // CARD)
    ccws = [text[at : at + 8] for at in range(0, 8 * (cards - 1), 8)]
    assert [int.from_bytes(ccw[1:4], "big") for ccw in ccws] == [
        loader.address_of("LOADER") + CARD * number for number in range(1, cards)
    ]
    assert [bool(ccw[4] & CCWFlag.CHAIN_COMMAND) for ccw in ccws] == [True] * (cards - 2) + [False]
    assert 8 * (cards - 1) == loader.address_of("ENTRY") - loader.address_of("LOADER")


def test_loader_and_its_areas_end_below_64k():
    [section] = catalog.loader().sections
    assert section.length <= 0x10000


def test_program_is_in_storage_as_assembled(ipl):
    run = ipl(HELLO.deck()).run(lambda machine: machine.cpu.psw.instruction_address == HELLO.assembly().entry)
    for part in HELLO.assembly().image:
        assert run.machine.storage.read(part.address, len(part.data)) == part.data
    assert run.psw[:8] == "00000000"


def test_program_may_bring_its_new_psws(ipl):
    """The loader itself waits for I/O interruptions, and puts back the I/O new PSW that the program loads."""
    source = """\
LOW      START X'58'
         DC    5X'00020000000ABCDE'
BEGIN    LPSW  X'78'
         END   BEGIN
"""
    assert ends_at(ipl, bootable(catalog.loader(), assemble(source))) == "00020000 000ABCDE"


@pytest.mark.parametrize(
    ("start", "wait"),
    [pytest.param(0xFC00 - 8, "00001234", id="just-below"), pytest.param(0xFC00, "0000BAD4", id="overlay")],
)
def test_program_must_end_where_the_loader_begins(ipl, start, wait):
    source = f"""\
PROGRAM  START X'1000'
BEGIN    BALR  12,0
         USING *,12
         L     2,=A(LAST)
         LPSW  0(2)
         LTORG
         ORG   PROGRAM+{start}-X'1000'
LAST     DC    X'0002000000001234'
         END   BEGIN
"""
    assert ends_at(ipl, bootable(catalog.loader(), assemble(source))) == f"00020000 {wait}"


CARDS = [HELLO.deck()[at : at + CARD] for at in range(0, len(HELLO.deck()), CARD)]


def card(kind: str, **fields: int) -> bytes:
    """An object card; `length` is its columns 11-12."""
    image = bytearray((b"\x02" + kind.encode("cp037")).ljust(CARD, b"\x40"))
    image[10:12] = fields.get("length", 0).to_bytes(2, "big")
    return bytes(image)


@pytest.mark.parametrize(
    ("cards", "code"),
    [
        pytest.param([*CARDS[:-1], card("RLD"), CARDS[-1]], "BAD0", id="card-of-another-kind"),
        pytest.param([*CARDS[:-1], bytes(CARD), CARDS[-1]], "BAD0", id="no-object-card"),
        pytest.param([*CARDS[:-1], card("TXT", length=57), CARDS[-1]], "BAD0", id="too-much-text"),
        pytest.param([*CARDS[:-1], card("TXT", length=0), CARDS[-1]], "BAD0", id="no-text"),
        pytest.param(CARDS[:-1], "BAD2", id="no-end-card"),
    ],
)
def test_damaged_deck_stops_the_loader(ipl, cards, code):
    assert ends_at(ipl, b"".join(cards)) == f"00020000 0000{code}"
