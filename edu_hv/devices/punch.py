"""Card punches: the 3525, and the punch of a 2540.

GA21-9124 *3504/3505 Card Reader and 3525 Card Punch*; Y24-3503 *2821 Control Unit Maintenance Diagrams* for the 2540.
"""

from typing import Any, ClassVar

from edu_hv.devices.card_image import CARD, CardForm, text_file
from edu_hv.devices.device import Commands
from edu_hv.devices.stack import Stack
from edu_hv.devices.unit_record import BUFFER_MICROSECONDS, UnitRecordDevice
from edu_hv.isa.codes import UnitStatus
from edu_hv.machine.channel_program import Transfer

WRITE_AND_FEED = (0x01, 0x41, 0x81)
"""WRITE, FEED AND SELECT STACKER, a code for each stacker."""

CARD_MICROSECONDS = 2_000
"""A hundredth of the time that a card takes at 300 a minute."""


class CardPunch(UnitRecordDevice):
    """A 3525 that punches blank cards, of which there are always enough, and never makes a mistake.

    The features that read or print cards and data mode 2 (column binary) are not installed, so it feeds no card that
    it does not punch.
    """

    model: ClassVar[str] = "3525"
    sense_length: ClassVar[int] = 4

    def __init__(self) -> None:
        super().__init__()
        self._punched: Stack[tuple[int, bytes]] = Stack()

    @property
    def cards(self) -> list[bytes]:
        """The cards punched so far, 80 bytes each."""
        return [card for _, card in self._punched]

    def stacker(self, number: int) -> list[bytes]:
        """The cards in a stacker, 0 to 2."""
        return [card for stacker, card in self._punched if stacker == number]

    def image(self, form: CardForm = CardForm.EBCDIC) -> bytes:
        """The file of the cards punched so far."""
        return text_file(self.cards) if form is CardForm.TEXT else b"".join(self.cards)

    def motion(self, command: int, count: int) -> int:
        """The buffer is filled."""
        return BUFFER_MICROSECONDS

    def working(self, command: int, count: int) -> int:
        """A card cycle, from channel end to device end."""
        return CARD_MICROSECONDS

    def write(self, transfer: Transfer) -> UnitStatus:
        """WRITE, FEED AND SELECT STACKER: 80 columns, blank behind the data.  Channel end when they are there."""
        card = self.take(transfer, CARD)
        self._punched = self._punched.with_item((transfer.command >> 6, card))
        return UnitStatus.CHANNEL_END

    def contents(self) -> Any:
        """The cards, which are shared, and the STOP key."""
        return self._punched, self.stopped

    def restore_contents(self, contents: Any) -> None:
        """The reverse of `contents`."""
        self._punched, self.stopped = contents

    commands: ClassVar[Commands] = dict.fromkeys(WRITE_AND_FEED, write)


class CardPunch2540(CardPunch):
    """The punch of a 2540 behind a 2821; the same commands."""

    model: ClassVar[str] = "2540P"
    sense_length: ClassVar[int] = 1
