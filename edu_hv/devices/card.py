"""Card readers: the 3505, the reader of a 2540, the 2501.

GA21-9124 *3504/3505 Card Reader and 3525 Card Punch*; Y24-3503 *2821 Control Unit Maintenance Diagrams* for the 2540.
The cards come from `card_image`.
"""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from edu_hv.devices.card_image import CARD
from edu_hv.devices.device import Commands, ImmediateCommands
from edu_hv.devices.unit_record import BUFFER_MICROSECONDS, UnitRecordDevice
from edu_hv.isa.codes import Sense, UnitStatus
from edu_hv.isa.errors import UserError
from edu_hv.machine.ccw import ENDING
from edu_hv.machine.channel_program import Transfer

READ_AND_FEED = (0x02, 0x42, 0x82)
"""READ, FEED AND SELECT STACKER, a code for each stacker."""
READ = 0xC2
FEED = (0x23, 0x63, 0xA3)
"""FEED AND SELECT STACKER."""
STACKERS = 3

CARD_MICROSECONDS = 500
"""A hundredth of the time that a card takes at 1200 a minute."""
SLOWER_CARD_MICROSECONDS = 600
"""The same at 1000 a minute."""

UNUSUAL_COMMAND_SEQUENCE = 0x02
"""Sense byte 0 of a 2540: the card was read before, and nothing has fed it."""
RETRY_WHEN_READY = 0x10
"""Sense byte 1 of a 3505: the command may be given again when the intervention is over."""


def _feeding(stacker: int) -> "Callable[[CardReader], UnitStatus]":
    """FEED AND SELECT STACKER for one stacker."""
    return lambda reader: reader.feed(stacker)


class CardReader(UnitRecordDevice):
    """A 3505.  The cards in the hopper, the next one first, are in the reader's buffer before a command asks for them.

    With the END OF FILE key on, the read after the last card ends with unit exception, once; without it, and after
    that, the reader is not ready: unit check, intervention required.  Data mode 2 (column binary) is not installed.
    """

    model: ClassVar[str] = "3505"
    sense_length: ClassVar[int] = 4
    card_microseconds: ClassVar[int] = CARD_MICROSECONDS

    def __init__(self) -> None:
        super().__init__()
        self._cards: tuple[bytes, ...] = ()
        self._next = 0
        self.stackers = (0,) * STACKERS
        """Cards that went into each stacker."""
        self.end_of_file_key = True
        self.end_of_file = False
        """The last card was fed, and no read has been told."""

    @property
    def hopper(self) -> tuple[bytes, ...]:
        """The cards that have not been fed."""
        return self._cards[self._next :]

    @property
    def stacked(self) -> int:
        """Cards that went into a stacker."""
        return sum(self.stackers)

    @property
    def ready(self) -> bool:
        """Started, and there is a card, or an end of file to tell."""
        return not self.stopped and (self._next < len(self._cards) or self.end_of_file)

    def load(self, cards: Iterable[bytes]) -> UnitStatus:
        """Put cards, or a `Deck`, into the hopper behind those that are there, and press START.

        Returns what the reader has to say (`Channels.present`): device end when it has become ready.  Raises UserError
        for a card that is not 80 bytes; then no card was put in.
        """
        added = tuple(cards)
        for number, card in enumerate(added, 1):
            if len(card) != CARD:
                raise UserError(f"card {number} has {len(card)} columns: a card has {CARD}")
        was_ready = self.ready
        if added:
            self._cards, self._next = (*self.hopper, *added), 0
            self.end_of_file = self.stopped = False
        return self.became_ready(was_ready)

    def press_end_of_file(self) -> UnitStatus:
        """The operator presses END OF FILE.  With an empty hopper the next read is told at once."""
        was_ready = self.ready
        self.end_of_file_key = True
        self.end_of_file = self._next == len(self._cards)
        return self.became_ready(was_ready)

    # ---- time ------------------------------------------------------------------------------------------------

    def motion(self, command: int, count: int) -> int:
        """The buffer is there already."""
        return BUFFER_MICROSECONDS

    def working(self, command: int, count: int) -> int:
        """A card cycle, from channel end to device end."""
        return self.card_microseconds

    # ---- commands --------------------------------------------------------------------------------------------

    def read_and_feed(self, transfer: Transfer) -> UnitStatus:
        """READ, FEED AND SELECT STACKER, commands X'02', X'42', X'82': one card, 80 bytes, then the card moves."""
        if self.end_of_file:
            return self._tell_end_of_file()
        transfer.to_storage(self._cards[self._next])
        self._feed(transfer.command >> 6)
        return UnitStatus.CHANNEL_END

    def read(self, transfer: Transfer) -> UnitStatus:
        """READ ONLY, command X'C2': the card stays where it is, to be read again or fed.  Channel and device end."""
        if self.end_of_file:
            return self._tell_end_of_file()
        transfer.to_storage(self._cards[self._next])
        return ENDING

    def feed(self, stacker: int) -> UnitStatus:
        """FEED AND SELECT STACKER, commands X'23', X'63', X'A3'.  Channel end "at initial selection"."""
        if self.end_of_file:
            return self._tell_end_of_file()
        self._feed(stacker)
        return UnitStatus.CHANNEL_END

    def unit_check(self, *sense: int) -> UnitStatus:
        """A 3505 says in its second byte that the command may be tried again."""
        if self.sense_length > 1 and sense == (Sense.INTERVENTION_REQUIRED,):
            return super().unit_check(*sense, RETRY_WHEN_READY)
        return super().unit_check(*sense)

    def _feed(self, stacker: int) -> None:
        if self._next == len(self._cards):
            return
        self._next += 1
        self.stackers = tuple(count + (number == stacker) for number, count in enumerate(self.stackers))
        self.end_of_file = self.end_of_file_key and self._next == len(self._cards)

    def _tell_end_of_file(self) -> UnitStatus:
        self.end_of_file = False
        return ENDING | UnitStatus.UNIT_EXCEPTION

    def contents(self) -> Any:
        """Hopper, stackers and the keys; the cards themselves are shared."""
        return self._cards, self._next, self.stackers, self.end_of_file_key, self.end_of_file, self.stopped

    def restore_contents(self, contents: Any) -> None:
        """The reverse of `contents`."""
        self._cards, self._next, self.stackers, self.end_of_file_key, self.end_of_file, self.stopped = contents

    commands: ClassVar[Commands] = {READ: read} | dict.fromkeys(READ_AND_FEED, read_and_feed)
    immediate_commands: ClassVar[ImmediateCommands] = {code: _feeding(code >> 6) for code in FEED}


class CardReader2540(CardReader):
    """The reader of a 2540 behind a 2821.  It wants READ ONLY and FEED to take turns, and tells the end of file early.

    Y24-3503 "Reader-Punch Error Circuits": command reject for "two consecutive feeds without an intervening read",
    and an unusual command sequence for two reads of a card.
    """

    model: ClassVar[str] = "2540R"
    sense_length: ClassVar[int] = 1
    card_microseconds: ClassVar[int] = SLOWER_CARD_MICROSECONDS

    def __init__(self) -> None:
        super().__init__()
        self.buffer_read = False
        """The card in the buffer has been transferred."""

    def start(self, command: int) -> UnitStatus:
        """The initial status.  A read at the end of the file ends here, with unit exception alone."""
        status = super().start(command)
        if status or not self.end_of_file or command not in self.commands:
            return status
        self.end_of_file = False
        return UnitStatus.UNIT_EXCEPTION

    def read_and_feed(self, transfer: Transfer) -> UnitStatus:
        """As in a 3505; unit check with channel end for a card that was read before.  The card is fed all the same."""
        before = self.buffer_read
        return self._check_sequence(super().read_and_feed(transfer), before)

    def read(self, transfer: Transfer) -> UnitStatus:
        """As in a 3505; unit check for a card that was read before."""
        before, self.buffer_read = self.buffer_read, True
        return self._check_sequence(super().read(transfer), before)

    def feed(self, stacker: int) -> UnitStatus:
        """As in a 3505; command reject when the card in the buffer has not been read."""
        return super().feed(stacker) if self.buffer_read else self.unit_check(Sense.COMMAND_REJECT)

    def _check_sequence(self, status: UnitStatus, before: bool) -> UnitStatus:
        return status | self.unit_check(UNUSUAL_COMMAND_SEQUENCE) if before else status

    def _feed(self, stacker: int) -> None:
        super()._feed(stacker)
        self.buffer_read = False

    def contents(self) -> Any:
        """The buffer, too."""
        return self.buffer_read, super().contents()

    def restore_contents(self, contents: Any) -> None:
        """The reverse of `contents`."""
        self.buffer_read, rest = contents
        super().restore_contents(rest)

    commands: ClassVar[Commands] = {READ: read} | dict.fromkeys(READ_AND_FEED, read_and_feed)


class CardReader2501(CardReader):
    """A 2501: one stacker, no buffer, so that a card is fed while it is read, and channel and device end together."""

    model: ClassVar[str] = "2501"
    sense_length: ClassVar[int] = 1
    card_microseconds: ClassVar[int] = SLOWER_CARD_MICROSECONDS

    def motion(self, command: int, count: int) -> int:
        """A card cycle."""
        return self.card_microseconds

    def read_and_feed(self, transfer: Transfer) -> UnitStatus:
        """READ, command X'02'."""
        return super().read_and_feed(transfer) | UnitStatus.DEVICE_END

    commands: ClassVar[Commands] = {READ_AND_FEED[0]: read_and_feed}
    immediate_commands: ClassVar[ImmediateCommands] = {}
