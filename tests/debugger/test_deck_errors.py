"""A deck that cannot be loaded from is named, not only the channel program that failed."""

from pathlib import Path

import pytest

from edu_hv.debugger.start import bare, under_cp
from edu_hv.debugger.system import System
from edu_hv.guests import catalog
from edu_hv.isa.errors import UserError


def guest_of_cp(program: catalog.Guest) -> System:
    return under_cp([program])


@pytest.mark.parametrize("load", [bare, guest_of_cp])
@pytest.mark.parametrize(
    "cards",
    [
        pytest.param(bytes(range(256)) * 5, id="no-loader"),
        pytest.param(bytes.fromhex("000C000000001000 0200100020000050").ljust(80, b"\0"), id="no-second-card"),
    ],
)
def test_a_deck_that_cannot_be_loaded_from_is_named(load, cards: bytes, tmp_path: Path) -> None:
    path = tmp_path / "odd.deck"
    path.write_bytes(cards)
    with pytest.raises(UserError, match="deck odd does not begin with a loader that works"):
        load(catalog.find(str(path)))
