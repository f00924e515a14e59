"""The card reader: a 3505, whose commands the reader of a 2540 shares.  GA21-9124 *3505 Card Reader*."""

from collections import deque
from collections.abc import Iterable
from typing import Any, ClassVar

from edu_hv.devices.device import Commands, IODevice
from edu_hv.isa.codes import UnitStatus
from edu_hv.isa.errors import UserError
from edu_hv.machine.ccw import ENDING, NO_STATUS
from edu_hv.machine.channel_program import Transfer

CARD = 80
"""Columns of a card, and bytes of its image."""

READ_AND_FEED = (0x02, 0x42, 0x82)
"""READ, FEED AND SELECT STACKER, a code for each stacker."""
READ = 0xC2
FEED = (0x23, 0x63, 0xA3)
"""FEED AND SELECT STACKER."""

CARD_MICROSECONDS = 500
"""A hundredth of the time that a card takes at 1200 a minute."""


class CardReader(IODevice):
    """The cards in the hopper, the next one first; each is 80 bytes.

    With the END OF FILE key on, the read after the last card ends with unit exception, once; without it, and after
    that, the reader is not ready: unit check, intervention required.
    """

    def __init__(self) -> None:
        super().__init__()
        self.hopper: deque[bytes] = deque()
        self.stacked = 0
        """Cards that went into a stacker."""
        self.end_of_file_key = True
        self.end_of_file = False
        """The last card was fed, and no read has been told."""

    @property
    def ready(self) -> bool:
        """There is a card, or an end of file to tell."""
        return bool(self.hopper) or self.end_of_file

    def load(self, cards: Iterable[bytes]) -> UnitStatus:
        """Put cards into the hopper behind those that are there.

        Returns what the reader has to say (`Channels.present`): device end when it has become ready.  Raises UserError
        for a card that is not 80 bytes; then no card was put in.
        """
        added = list(cards)
        for number, card in enumerate(added, 1):
            if len(card) != CARD:
                raise UserError(f"card {number} has {len(card)} columns: a card has {CARD}")
        was_ready = self.ready
        self.hopper.extend(added)
        if added:
            self.end_of_file = False
        return UnitStatus.DEVICE_END if self.ready and not was_ready else NO_STATUS

    def motion(self, command: int, count: int) -> int:
        """A card cycle."""
        return CARD_MICROSECONDS

    def read_and_feed(self, transfer: Transfer) -> UnitStatus:
        """READ, FEED AND SELECT STACKER, commands X'02', X'42', X'82': one card, 80 bytes."""
        status = self.read(transfer)
        if self.hopper:
            self._feed()
        return status

    def read(self, transfer: Transfer) -> UnitStatus:
        """READ, command X'C2': the card stays where it is, to be read again or fed."""
        if not self.hopper:
            return self._tell_end_of_file()
        transfer.to_storage(self.hopper[0])
        return ENDING

    def feed(self, _transfer: Transfer) -> UnitStatus:
        """FEED AND SELECT STACKER, commands X'23', X'63', X'A3'."""
        if not self.hopper:
            return self._tell_end_of_file()
        self._feed()
        return ENDING

    def _feed(self) -> None:
        self.hopper.popleft()
        self.stacked += 1
        self.end_of_file = self.end_of_file_key and not self.hopper

    def _tell_end_of_file(self) -> UnitStatus:
        self.end_of_file = False
        return ENDING | UnitStatus.UNIT_EXCEPTION

    def contents(self) -> Any:
        """Hopper, stacker and the end-of-file switch."""
        return tuple(self.hopper), self.stacked, self.end_of_file_key, self.end_of_file

    def restore_contents(self, contents: Any) -> None:
        """The reverse of `contents`."""
        hopper, self.stacked, self.end_of_file_key, self.end_of_file = contents
        self.hopper = deque(hopper)

    commands: ClassVar[Commands] = (
        {READ: read} | dict.fromkeys(READ_AND_FEED, read_and_feed) | dict.fromkeys(FEED, feed)
    )
