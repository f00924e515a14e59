"""The scan of a guest's channel program: what the chain at a CAW consists of, and how each CCW may be reached.

SY20-0886 "CCW Translation": the CCWs are copied as long as chaining goes on; each place to which a TIC leads begins a
new run.  Read next: `minidisk_ccw`, what CP makes of a disk's commands, and `ccw_translation`, which builds the copy.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from edu_hv.hypervisor.rcwtask import CCW_LENGTH
from edu_hv.isa.codes import MASK_24, CCWFlag, Key
from edu_hv.machine.ccw import CCW
from edu_hv.machine.storage import BLOCK

if TYPE_CHECKING:
    from edu_hv.hypervisor.vmblok import VMBLOK

LONGEST_CHAIN = 1024
"""CCWs that CP copies of one chain; the fence is behind them.  VM/370's limit is the storage it can get."""
READ_BACKWARD = 0x0C
IDAW_LENGTH = 4


class Use(Enum):
    """How a CCW is reached: as a command, or by data chaining from a command that moves data in one way."""

    COMMAND = "command"
    OUTPUT = "data chaining of a write, control or search command"
    INPUT = "data chaining of a read or sense command"
    BACKWARD = "data chaining of a read backward command"
    SKIPPED = "data chaining of a command whose data CP lets nobody have"


Place = tuple[int, Use]
"""Address of a CCW in the guest's storage, and how it is reached there."""


def chained_use(command: int) -> Use:
    """Which way data move in the CCWs that are data-chained to a command."""
    if command & 0x0F == READ_BACKWARD:
        return Use.BACKWARD
    return Use.OUTPUT if command & 0x01 else Use.INPUT


class Refused(Enum):
    """Why CP cannot have something of the guest's storage: what the channel would find."""

    ADDRESSING = "not in the guest's storage"
    PROTECTION = "protected against the key in the CAW"


@dataclass(frozen=True)
class GuestArea:
    """The guest's storage as a channel program may use it: guest-real addresses, the CAW's key.

    CP reads CCWs, lists of IDAWs and arguments with it.  Pages that are out are brought in.
    """

    vm: "VMBLOK"
    key: int

    def holds(self, address: int) -> bool:
        """Whether an address is in the guest's storage, or in a segment that it shares."""
        return address >= 0 and self.vm.storage.addressable(address)

    def fetch(self, address: int, length: int) -> bytes | Refused:
        """`length` bytes within a 2K block."""
        if not self.holds(address) or not self.holds(address + length - 1):
            return Refused.ADDRESSING
        if self.key:
            storage_key = self.vm.storage.key(address)
            if storage_key & Key.FETCH_PROTECTION and storage_key >> 4 != self.key:
                return Refused.PROTECTION
        return self.vm.cpu.load_real(address, length)

    def ccw(self, address: int) -> CCW | Refused:
        """A CCW."""
        found = Refused.ADDRESSING if address % CCW_LENGTH else self.fetch(address, CCW_LENGTH)
        return found if isinstance(found, Refused) else CCW.from_bytes(found)

    def starts(self, ccw: CCW, backward: bool) -> list[int | Refused]:
        """The guest's address of the first byte that is moved in each 2K block of a data area, IDAWs or not.

        The list ends with the first word of the guest's own list that cannot be used.
        """
        if ccw.flags & CCWFlag.INDIRECT_DATA_ADDRESS:
            return self._listed(ccw, backward)
        room = _room(ccw.address, backward)
        if backward:
            return [ccw.address, *range(ccw.address - room, ccw.address - ccw.count, -BLOCK)]
        return [ccw.address, *range(ccw.address + room, ccw.address + ccw.count, BLOCK)]

    def _listed(self, ccw: CCW, backward: bool) -> list[int | Refused]:
        """The guest's IDAWs, as many as the count needs."""
        words: list[int | Refused] = []
        left, at, first = ccw.count, ccw.address, BLOCK - 1 if backward else 0
        while left > 0:
            found = Refused.ADDRESSING if at % IDAW_LENGTH else self.fetch(at, IDAW_LENGTH)
            if isinstance(found, Refused):
                return [*words, found]
            word = int.from_bytes(found, "big")
            if word > MASK_24 or (words and word % BLOCK != first):
                return [*words, Refused.ADDRESSING]
            words.append(word)
            left -= _room(word, backward)
            at += IDAW_LENGTH
        return words

    def argument(self, ccw: CCW, length: int) -> bytes | Refused:
        """The first bytes of a data area: `length`, or as many as the count says."""
        data, length = b"", min(length, ccw.count)
        for start in self.starts(ccw, backward=False):
            if len(data) == length:
                break
            room = 0 if isinstance(start, Refused) else min(_room(start, backward=False), length - len(data))
            piece = start if isinstance(start, Refused) else self.fetch(start, room)
            if isinstance(piece, Refused):
                return piece
            data += piece
        return data


def _room(address: int, backward: bool) -> int:
    """Bytes from `address` to the end (backward: the beginning) of its 2K block."""
    return address % BLOCK + 1 if backward else BLOCK - address % BLOCK


@dataclass
class Chain:
    """The guest's CCWs that were found, in the order of chaining, and how each is reached."""

    start: int
    area: GuestArea
    chained: Callable[[CCW], Use] = field(default=lambda ccw: chained_use(ccw.command))
    """How the CCWs behind a command that chains data are reached."""
    ccws: dict[int, CCW] = field(default_factory=dict)
    uses: dict[int, dict[Use, None]] = field(default_factory=dict)
    protected: dict[int, None] = field(default_factory=dict)
    """Addresses of CCWs that the guest's key does not permit to fetch."""

    def scan(self) -> "Chain":
        """Follow the chain through CC, CD, TIC and status modifier, until all is seen."""
        pending: list[Place] = [(self.start, Use.COMMAND)]
        seen: set[Place] = set()
        while pending:
            place = pending.pop()
            if place not in seen:
                seen.add(place)
                pending += reversed(self._visit(*place))
        return self

    def _visit(self, address: int, use: Use) -> list[Place]:
        ccw = self._copy(address)
        if ccw is None:
            return []
        self.uses[address].setdefault(use)
        return self.successors(address, use)

    def _copy(self, address: int) -> CCW | None:
        """The CCW there, copied when it is met first; None for one that cannot be had."""
        if address not in self.ccws:
            found = self.area.ccw(address) if len(self.ccws) < LONGEST_CHAIN else Refused.ADDRESSING
            if found is Refused.ADDRESSING:
                return None
            if found is Refused.PROTECTION:
                self.protected.setdefault(address)
                found = CCW(0, 0, 0, 0)
            assert isinstance(found, CCW)
            self.ccws[address], self.uses[address] = found, {}
        return self.ccws[address]

    def successors(self, address: int, use: Use) -> list[Place]:
        """Where the channel may go from a CCW that was copied, the next one first."""
        ccw = self.ccws[address]
        if ccw.transfer_in_channel:
            return [(ccw.address, use)]
        if ccw.chains_data:
            return [(address + CCW_LENGTH, self.chained(ccw) if use is Use.COMMAND else use)]
        if not ccw.chains_command:
            return []
        skipped = [(address + 2 * CCW_LENGTH, Use.COMMAND)] if self._skips(ccw, use) else []
        return [(address + CCW_LENGTH, Use.COMMAND), *skipped]

    def _skips(self, ccw: CCW, use: Use) -> bool:
        """Whether the device may answer with status modifier: to a search, and to one whose argument is chained."""
        return use is Use.OUTPUT or (use is Use.COMMAND and searches(ccw.command))


def searches(command: int) -> bool:
    """Whether a command of a disk is a search, which answers with status modifier when it has found."""
    return command & 0x1F in (0x09, 0x11, 0x19) and bool(command & 0x60)
