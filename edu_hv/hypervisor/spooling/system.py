"""The spool system as CP has it: the queues, the real unit record devices (DMKRSP), the users' console files."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from edu_hv.devices.card_image import CARD, CODE_PAGE, Deck
from edu_hv.hypervisor.spooling import paper
from edu_hv.hypervisor.spooling.files import READER, SFBLOK, OutputFile
from edu_hv.hypervisor.spooling.options import SpoolOptions
from edu_hv.hypervisor.spooling.printers import ConsoleSpool
from edu_hv.hypervisor.spooling.queues import Origin, SpoolFiles
from edu_hv.hypervisor.spooling.space import DEFAULT_PAGES, SpoolFull
from edu_hv.isa.errors import UserError

_PUNCH_COMMAND = 0x01


class SpoolSystem(SpoolFiles):
    """All of CP's spooling but the virtual devices, which belong to the virtual machines."""

    def __init__(self, pages: int = DEFAULT_PAGES, clock: Callable[[], int] = lambda: 0) -> None:
        super().__init__(pages, clock)
        self._consoles: dict[str, ConsoleSpool] = {}

    def console(self, userid: str, address: int = 0x009) -> ConsoleSpool:
        """A user's console file; it spools nothing until SPOOL CONSOLE START."""
        if userid not in self._consoles:
            self._consoles[userid] = ConsoleSpool(self, userid, address)
        return self._consoles[userid]

    def console_as_it_is(self, userid: str, address: int = 0x009) -> ConsoleSpool:
        """The same, to look at: nothing is kept of a console about which SPOOL CONSOLE has said nothing."""
        return self._consoles.get(userid) or ConsoleSpool(self, userid, address)

    def console_line(self, userid: str, text: str) -> bool:
        """A line appears on a user's console; whether it is to be seen on the terminal, too (TERM or NOTERM)."""
        console = self._consoles.get(userid)
        if console is None:
            return True
        console.line(text)
        return console.on_terminal or not console.started

    def drop_console(self, userid: str) -> None:
        """LOGOFF: the user's console file is closed, and what SPOOL CONSOLE said is forgotten."""
        console = self._consoles.pop(userid, None)
        if console is not None:
            console.log_off()

    # ---- the real reader -------------------------------------------------------------------------------------

    def add_deck(self, userid: str, cards: Iterable[bytes], options: SpoolOptions | None = None) -> SFBLOK:
        """Put cards of 80 bytes into a user's reader, as the real card reader does; the user is told nothing.

        Raises UserError when there is no room for them; then nothing was put in.
        """
        try:
            file = OutputFile(self.space)
        except SpoolFull:
            raise _no_room(userid) from None
        try:
            for card in cards:
                file.make_room()
                file.add(_PUNCH_COMMAND, card, CARD)
        except SpoolFull:
            file.abandon()
            raise _no_room(userid) from None
        file.finish()
        sfblok = self.made(file, Origin(userid, READER), options or SpoolOptions(), userid)
        self.append(READER, sfblok)
        self.arrived(sfblok, tell=False)
        return sfblok

    def read_deck(self, deck: Deck) -> SFBLOK:
        """The real card reader reads a deck whose first card is an ID card: it goes into that user's reader.

        GC20-1806 "Real Card Reader": ID (or USERID) in column 1, the userid, and optionally CLASS c and NAME fn ft.
        Raises UserError when the card is missing or not valid.
        """
        userid, options = _identification(deck.cards[0])
        return self.add_deck(userid, deck.cards[1:], options)

    # ---- the real printer and punch --------------------------------------------------------------------------

    def cards(self, sfblok: SFBLOK) -> list[bytes]:
        """The cards of a punch or reader file, 80 bytes each."""
        return paper.punched(self.space, sfblok)

    def text(self, sfblok: SFBLOK) -> bytes:
        """One copy of a file as text: what is on its cards, or on its paper with form feeds."""
        return paper.text(self.space, sfblok)

    # ---- checkpoint ------------------------------------------------------------------------------------------

    def state(self) -> Any:
        """A checkpoint: plain values, shared."""
        consoles = tuple((userid, file.address, file.state()) for userid, file in self._consoles.items())
        return super().state(), consoles

    def restore(self, state: Any) -> None:
        """Go back to a checkpoint."""
        files, consoles = state
        super().restore(files)
        self._consoles = {userid: self.console(userid, address) for userid, address, _ in consoles}
        for userid, _, saved in consoles:
            self._consoles[userid].restore(saved)


def _no_room(userid: str) -> UserError:
    return UserError(f"the spool space is full: the deck for {userid} was not read; purge some files")


def _identification(card: bytes) -> tuple[str, SpoolOptions]:
    words = card.decode(CODE_PAGE, errors="replace").upper().split()
    if len(words) < 2 or words[0] not in ("ID", "USERID") or len(words[1]) > 8:
        raise UserError("ID CARD MISSING OR INVALID: expected ID and a userid on the first card of the deck")
    options, rest = SpoolOptions(), words[2:]
    if rest[:1] == ["CLASS"] and len(rest) > 1 and len(rest[1]) == 1:
        options, rest = replace(options, sfbclas=rest[1]), rest[2:]
    if rest[:1] == ["NAME"] and len(rest) > 1:
        options, rest = replace(options, name=(rest[1][:12], rest[2][:12] if len(rest) > 2 else "")), rest[3:]
    if rest:
        raise UserError(f"ID CARD MISSING OR INVALID: {' '.join(rest)} is neither CLASS c nor NAME fn ft")
    return words[1], options
