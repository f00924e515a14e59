"""Files of cards: text and EBCDIC images, told apart, read and written."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edu_hv.devices.card import CardReader
from edu_hv.devices.card_image import CARD, CardForm, Deck, detect, text_file
from edu_hv.isa.errors import UserError


def card(text):
    return text.encode("cp037").ljust(CARD, b"\x40")


OBJECT_CARD = b"\x02" + card("ESD")[:79]


@pytest.mark.parametrize(
    ("data", "cards"),
    [
        pytest.param(b"ONE\nTWO\n", ["ONE", "TWO"], id="lines"),
        pytest.param(b"ONE\r\nTWO\r\n", ["ONE", "TWO"], id="carriage-returns"),
        pytest.param(b"ONE\nTWO", ["ONE", "TWO"], id="no-end-of-the-last-line"),
        pytest.param(b"ONE\n\nTHREE\n", ["ONE", "", "THREE"], id="blank-card"),
        pytest.param(b"A\tB\n", ["A       B"], id="tabulator"),
        pytest.param("\ufeffZÜRICH\n".encode(), ["ZÜRICH"], id="byte-order-mark-and-umlaut"),
        pytest.param(b"ONE\n\x1a\0\0", ["ONE"], id="end-of-file-character"),
        pytest.param(b"X" * 80 + b"   \n", ["X" * 80], id="blanks-behind-column-80"),
    ],
)
def test_text_lines_are_cards(data, cards):
    assert detect(data) is CardForm.TEXT
    assert Deck.from_bytes(data, "a").cards == tuple(map(card, cards))


@pytest.mark.parametrize("form", [None, CardForm.EBCDIC])
def test_images_of_80_bytes_are_cards(form):
    deck = Deck.from_bytes(OBJECT_CARD + card("END"), "a", form)
    assert (deck.cards, deck.image()) == ((OBJECT_CARD, card("END")), OBJECT_CARD + card("END"))


def test_form_that_is_given_is_not_looked_for():
    blanks = b"\x40" * 80
    assert Deck.from_bytes(blanks, "a").cards == (card("@" * 80),), "as text it is 80 commercial ats"
    assert Deck.from_bytes(blanks, "a", CardForm.EBCDIC).cards == (card(""),)


@pytest.mark.parametrize(
    ("data", "form", "message"),
    [
        pytest.param(
            b"\x1aX", None, "deck a is empty: expected lines of text or EBCDIC images of 80 bytes", id="ends-at-once"
        ),
        pytest.param(b"", None, "deck a is empty: expected lines of text or EBCDIC images of 80 bytes", id="empty"),
        pytest.param(
            b"SHORT\n" + b"X" * 81, None, "deck a: line 2 has 81 characters, but a card has 80 columns", id="long-line"
        ),
        pytest.param(
            "ONE\nA→B\n".encode(),
            None,
            "deck a: line 2, column 2: '→' is not in EBCDIC code page 037; replace it",
            id="no-such-character",
        ),
        pytest.param(
            OBJECT_CARD + b"\xc1" * 30,
            None,
            "deck a is neither lines of text nor EBCDIC images of 80 bytes: it has 110 bytes, and card 2 would have "
            "30 of them",
            id="odd-bytes",
        ),
        pytest.param(
            OBJECT_CARD + b"\xc1" * 30,
            CardForm.EBCDIC,
            "deck a is cut short in card 2: 30 of 80 bytes; punch it again",
            id="cut-short",
        ),
        pytest.param(
            b"ONE\n\xc1\xc2",
            CardForm.TEXT,
            "deck a: byte 4 is X'C1', which is no UTF-8 text; expected lines of text",
            id="no-text",
        ),
    ],
)
def test_what_is_no_deck_is_named_with_the_place(data, form, message):
    with pytest.raises(UserError) as found:
        Deck.from_bytes(data, "a", form)
    assert str(found.value) == message


@given(st.binary(max_size=400), st.sampled_from([None, *CardForm]))
def test_any_bytes_are_a_deck_or_a_clear_refusal(data, form):
    try:
        deck = Deck.from_bytes(data, "the name", form)
    except UserError as error:
        refusal = str(error)
    else:
        refusal = ""
        assert deck.cards
        assert all(len(card) == CARD for card in deck.cards)
    assert refusal.startswith("deck the name") or not refusal


@given(st.lists(st.text(st.characters(codec="cp037", exclude_categories=["C", "Z"]), max_size=CARD), min_size=1))
def test_text_becomes_cards_and_cards_the_same_text(lines):
    data = "".join(f"{line}\n" for line in lines).encode()
    assert Deck.from_bytes(data, "a", CardForm.TEXT).text() == data


@given(st.lists(st.binary(min_size=CARD, max_size=CARD), min_size=1, max_size=5))
def test_images_become_cards_and_cards_the_same_image(cards):
    assert Deck.from_bytes(b"".join(cards), "a", CardForm.EBCDIC).image() == b"".join(cards)


def test_random_bytes_are_hardly_ever_taken_for_text():
    chance = random.Random(1)
    assert {detect(chance.randbytes(80)) for _ in range(1000)} == {CardForm.EBCDIC}


def test_what_has_no_graphic_is_a_period_in_a_text_file():
    assert text_file([b"\x00\xc1\x15" + b"\x40" * 77]) == b".A.\n"


def test_reader_takes_decks_one_behind_the_other():
    reader = CardReader()
    reader.load(Deck.from_bytes(b"ONE\n", "a"))
    reader.load(Deck.from_bytes(OBJECT_CARD, "b"))
    assert reader.hopper == (card("ONE"), OBJECT_CARD)
