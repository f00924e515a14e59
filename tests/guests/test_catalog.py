"""The catalogue: every guest can be read, punched and given its tape; a user's mistake is one clear sentence."""

import importlib.util
from pathlib import Path

import pytest

from edu_hv.asm.assembler import assemble
from edu_hv.asm.deck import CARD, punch
from edu_hv.asm.diagnostics import AssemblyError
from edu_hv.asm.listing import listing_text
from edu_hv.devices.tape import Tape
from edu_hv.guests import catalog
from edu_hv.isa.errors import UserError

CHECKOUT = Path(__file__).parent.parent.parent
EVERY_GUEST = pytest.mark.parametrize("guest", catalog.GUESTS.values(), ids=lambda guest: guest.name)


@EVERY_GUEST
def test_deck_is_whole_cards_and_is_punched_once(guest):
    deck = guest.deck()
    program = deck.removesuffix(guest.data_cards())
    assert len(deck) % CARD == len(program) % CARD == 0
    assert deck is guest.deck()
    assert program[-CARD:][:4] == b"\x02" + "END".encode("cp037")


@EVERY_GUEST
def test_listing_shows_every_source_line_whole(guest):
    source = guest.source.read_text(encoding="ascii").splitlines()
    assert max(map(len, source)) <= 71
    listing = listing_text(guest.assembly(), width=None)
    assert all(line.rstrip() in listing for line in source)


@EVERY_GUEST
def test_program_needs_at_most_32k(guest):
    assert max(part.end for part in guest.assembly().image) <= 0x8000


def test_hello_and_diagnose_on_the_bare_machine(ipl):
    for name, line in [
        ("hello", "HELLO FROM A PROGRAM WITHOUT AN OPERATING SYSTEM"),
        ("diagnose", "THIS MACHINE IS REAL: ITS VERSION IS NOT X'FF'"),
    ]:
        run = ipl(catalog.GUESTS[name].deck()).run()
        assert (run.lines, run.psw) == ([line], "00020000 0000E0D0")


def media() -> dict[str, list[str]]:
    """What tools/make_guest_media.py says is on the tapes, and its way to write them."""
    spec = importlib.util.spec_from_file_location("make_guest_media", CHECKOUT / "tools" / "make_guest_media.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {name: module.image(texts) for name, texts in module.TAPES.items()}


def test_tapes_are_what_the_tool_writes():
    stored = {path.name: path.read_bytes() for path in catalog.FOLDER.glob("*.aws")}
    assert stored == media()


@pytest.mark.parametrize("name", ["kernel", "second"])
def test_blocks_of_a_tape_differ_in_length_and_fit(name):
    *blocks, mark, end = Tape.from_bytes(catalog.GUESTS[name].tape(), name).blocks
    lengths = [len(block) for block in blocks]
    assert (mark, end) == (None, None)
    assert len(set(lengths)) == len(lengths)
    assert max(lengths) <= 120 - len("A: ")


def test_a_name_is_found_in_either_case():
    assert catalog.find("KERNEL") is catalog.GUESTS["kernel"]


PROGRAM = "MINE     START X'1000'\nBEGIN    BR    14\n         END   BEGIN\n"


def test_a_users_program_is_assembled(source_file):
    guest = catalog.find(source_file("mine.asm", PROGRAM))
    assert (guest.name, guest.tape()) == ("mine", None)
    assert guest.assembly().entry == 0x1000
    assert len(guest.deck()) % CARD == 0


def test_a_changed_program_is_assembled_again(source_file):
    first = catalog.find(source_file("mine.asm", PROGRAM)).deck()
    assert catalog.find(source_file("mine.asm", PROGRAM.replace("1000", "2000"))).deck() != first


def test_a_users_deck_is_taken_as_it_is(source_file):
    deck = catalog.GUESTS["hello"].deck()
    guest = catalog.find(source_file("mine.deck", deck))
    assert (guest.deck(), guest.assembly()) == (deck, None)


@pytest.mark.parametrize("name", ["a.deck", "a.obj", "A.OBJ"])
def test_a_deck_of_object_modules_gets_a_loader(source_file, ipl, name):
    """The second one loads the PSW of a wait, at the address that the first one has of it."""
    first = " EXTRN PSW\n BALR 1,0\n USING *,1\n L 2,=A(PSW)\n LPSW 0(2)\n"
    second = " DS D\n ENTRY PSW\nPSW DC X'0002000000ABCDEF'\n"
    modules = b"".join(punch(assemble(source)) for source in (first, second))
    guest = catalog.find(source_file(name, modules))
    assert guest.assembly() is None
    assert ipl(guest.deck()).run().psw == "00020000 00ABCDEF"


def test_a_program_that_needs_another_module_is_refused(source_file):
    with pytest.raises(UserError, match=r"^mine\.asm:2: SUB is not defined; expected"):
        catalog.find(source_file("mine.asm", "MINE     CSECT\n         DC    V(SUB)\n"))


def test_mistakes_in_a_users_program_name_the_line(source_file):
    with pytest.raises(AssemblyError, match=r"mine\.asm:2:10: .*BQ"):
        catalog.find(source_file("mine.asm", "MINE     START X'1000'\n         BQ    14\n         END\n"))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("kernal", "no guest is called kernal; .*kernel, .*did you mean kernel", id="nearly-a-name"),
        pytest.param("zzz", "no guest is called zzz; there are kernel, second, hello, diagnose, .*and", id="no-name"),
        pytest.param("none/such.asm", "none/such.asm cannot be read: no such file", id="no-file"),
    ],
)
def test_what_is_not_there(name, words):
    with pytest.raises(UserError, match=words):
        catalog.find(name)


HELLO = catalog.GUESTS["hello"].deck()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        pytest.param("a.deck", b"", "deck a.deck is empty", id="empty"),
        pytest.param("a.deck", HELLO[:-1], "deck a.deck is cut short in card 10: 79 of 80", id="part-of-a-card"),
        pytest.param("a.deck", HELLO[:-CARD], "deck a.deck is cut short: its last card, number 9", id="no-end-card"),
        pytest.param("a.deck", HELLO[-2 * CARD :], "card 1 of a.deck is damaged: TXT is the first", id="no-esd"),
        pytest.param("a.obj", b"MAIN     CSECT\n", "a.obj is a text file; expected a deck", id="text"),
        pytest.param("a.asm", b"\xc1\xc2", "a.asm is not text: byte 0", id="not-text"),
    ],
)
def test_a_damaged_file_is_one_sentence(source_file, name, content, words):
    with pytest.raises(UserError, match=words) as raised:
        catalog.find(source_file(name, content))
    assert "\n" not in str(raised.value)


def test_program_that_would_overlay_the_loader_is_refused_with_its_place(tmp_path):
    path = tmp_path / "high.asm"
    path.write_text("HIGH     START X'FBFC'\nBEGIN    DC    2F'1'\n         END   BEGIN\n")
    with pytest.raises(UserError, match=r"high.asm:2: text at 00FC00 would overlay the loader, which lies at 00FC00"):
        catalog.find(str(path))
