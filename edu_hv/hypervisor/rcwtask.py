"""RCWTASK: a translated channel program, and its CSW made back (DMKUNT).  SY20-0886 "CCW Translation".

What CP must know of a program while the real channel executes it and when it has ended.  All of it is plain values that
never change, so that checkpoints share it.  Read next: `ccw_translation`, which builds it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntFlag
from typing import TYPE_CHECKING

from edu_hv.isa.codes import MASK_24, CCWFlag, ChannelStatus
from edu_hv.machine.ccw import CSW
from edu_hv.machine.storage import BLOCK

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.virtual_devices import VDEVBLOK
    from edu_hv.hypervisor.vmblok import VMBLOK

CCW_LENGTH = 8
FENCE = bytes(2 * CCW_LENGTH)
"""Two invalid CCWs behind each run: for chaining, and for chaining with status modifier."""
LONG_SENSE = 24
FORMAT_4 = 0x40
"""Sense byte 7: bytes 8 to 12 say the place of a data check."""
FILE_PROTECTED = 0x04
"""Sense byte 1."""
TIC, RECALIBRATE, READ_HOME_ADDRESS = 0x08, 0x13, 0x1A
GIVE_SENSE = frozenset({0x04, 0x94, 0xB4})
"""SENSE, RELEASE and RESERVE: all of them give the sense bytes."""
STAYS = -1
"""Instead of a cylinder: the arm is not moved."""


class RCWCTL(IntFlag):
    """The control byte that VM/370 keeps in the unused byte of a real CCW, here beside it."""

    LOCKED = 0x80
    """The pages of its data are locked."""
    GENERATED = 0x40
    """CP made it: it has no counterpart in the guest's program."""
    ADDRESSES = 0x20
    """It reads a home address, record zero or sense bytes: the cylinder is un-relocated in the end."""
    RELOCATED = 0x10
    """Its argument holds a cylinder number, which CP has relocated."""
    INVALID = 0x02
    """CP refuses it."""
    PROTECTED = 0x100
    """Not VM/370's: the guest's key does not permit to fetch it or its argument."""
    READ_ONLY = 0x200
    """Not VM/370's: it would write on a read-only disk."""


NO_CONTROL = RCWCTL(0)


@dataclass(frozen=True)
class TranslatedCCW:
    """One CCW of the guest and the real one made of it."""

    guest_address: int
    real_address: int
    guest: bytes
    real: bytes
    idaws: tuple[int, ...] = ()
    control: RCWCTL = NO_CONTROL
    rule: str = ""
    """Id of the rule for commands of a disk that made it what it is; empty when it was only copied."""
    place: tuple[int, int] | None = None
    """Virtual cylinder and head to which it moves the arm of a minidisk; STAYS for a head of the same cylinder."""

    def places(self, length: int) -> list[int]:
        """The absolute addresses of the first bytes of its data area."""
        if not self.idaws:
            start = int.from_bytes(self.real[1:4], "big")
            return list(range(start, start + length))
        found: list[int] = []
        for idaw in self.idaws:
            found += range(idaw, min(idaw // BLOCK * BLOCK + BLOCK, idaw + length - len(found)))
        return found


@dataclass(frozen=True)
class CCWRun:
    """CCWs that follow one another in the guest's storage, and so in the copy: a status modifier skips the same."""

    guest_address: int
    real_address: int
    length: int
    """In bytes, without the fence."""

    def contains(self, real_address: int) -> bool:
        """Whether a CCW of the run or of its fence is there."""
        return 0 <= real_address - self.real_address < self.length + len(FENCE)


@dataclass(frozen=True)
class GeneratedCCW:
    """A CCW of CP's own (RCWCTL 40)."""

    real_address: int
    real: bytes
    owner: int
    """The guest's address of the CCW on whose behalf it is there."""


@dataclass(frozen=True)
class RCWTASK:
    """A translated channel program: where it is in real storage, and its CCWs in the order of chaining."""

    piece: int | None
    """Real address of the piece of free storage; None when CP has answered the program itself."""
    real_address: int
    """Real address of the first CCW: what the real CAW names."""
    vcaw: int
    """The guest's address of its first CCW."""
    key: int
    """Protection key of the guest's CAW."""
    ccws: tuple[TranslatedCCW, ...] = ()
    runs: tuple[CCWRun, ...] = ()
    generated: tuple[GeneratedCCW, ...] = ()
    frames: tuple[int, ...] = ()
    """The locked page frames."""
    resets_sense: bool = True
    """Whether a command of it resets the sense data, those that CP keeps included."""
    answered: CSW | None = None
    """The guest's CSW when nothing is left for the real device to do."""

    @property
    def caw(self) -> int:
        """The real CAW, 32 bits."""
        return self.key << 28 | self.real_address

    # ---- addresses -------------------------------------------------------------------------------------------

    def guest_address_of(self, real_address: int) -> int:
        """The guest's address of the CCW behind a real address that a CSW names (the last CCW plus 8)."""
        last = real_address - CCW_LENGTH
        for generated in self.generated:
            if generated.real_address == last:
                return generated.owner + CCW_LENGTH & MASK_24
        run = next((run for run in self.runs if run.contains(last)), None)
        return self.vcaw if run is None else run.guest_address + real_address - run.real_address & MASK_24

    def untranslate(self, csw: CSW) -> CSW:
        """The CSW in the guest's addresses; status and residual count are the device's.

        A program check that CP has put where the guest's key does not permit a fetch is a protection check.  A SEEK
        that stands for RECALIBRATE leaves the count of that, which moves no data.
        """
        status = csw.channel_status
        last = self._ccw_at(csw.address - CCW_LENGTH)
        if last is not None and last.control & RCWCTL.PROTECTED and status & ChannelStatus.PROGRAM_CHECK:
            status = status & ~ChannelStatus.PROGRAM_CHECK | ChannelStatus.PROTECTION_CHECK
        residual = csw.residual
        if last is not None and last.guest[0] == RECALIBRATE != last.real[0]:
            residual = int.from_bytes(last.guest[6:8], "big")
        address = self.guest_address_of(csw.address)
        return replace(csw, address=address, channel_status=status, residual=residual)

    def status(self, text: bytes) -> bytes:
        """The two status bytes that the real SIO stored with condition code 1, as the guest gets them."""
        csw = CSW.from_bytes(bytes([0, *(self.real_address + CCW_LENGTH).to_bytes(3, "big"), *text, 0, 0]))
        return self.untranslate(csw).status_bytes()

    def _ccw_at(self, real_address: int) -> TranslatedCCW | None:
        return next((ccw for ccw in self.ccws if ccw.real_address == real_address), None)

    # ---- the end of the operation ----------------------------------------------------------------------------

    def ended(self, cp: "ControlProgram", vm: "VMBLOK", vdev: "VDEVBLOK", csw: CSW) -> CSW:
        """The real operation has ended with this CSW: what CP does for a minidisk, and the guest's CSW.

        The pages are still locked.  Home addresses and records zero that were read get the virtual cylinder numbers.
        """
        guest = self.untranslate(csw)
        for ccw in self._executed(guest):
            if ccw.place is not None:
                cylinder, head = ccw.place
                vdev.posn = (vdev.posn >> 16 if cylinder == STAYS else cylinder) << 16 | head
            if ccw.control & RCWCTL.ADDRESSES:
                self._unrelocate(cp, vdev, ccw, guest)
        return guest

    def _unrelocate(self, cp: "ControlProgram", vdev: "VDEVBLOK", ccw: TranslatedCCW, csw: CSW) -> None:
        """Put the minidisk's cylinder into what a command has read, as far as it has been read."""
        storage, places = cp.machine.storage, self._data_places(ccw, csw)
        found = b"".join(storage.read(place, 1) for place in places)
        for place, old, new in zip(places, found, unrelocated(vdev, ccw.guest[0], found), strict=False):
            if old != new:
                storage.write(place, bytes([new]))

    def _data_places(self, ccw: TranslatedCCW, csw: CSW) -> list[int]:
        """The absolute addresses of the first bytes that a command has read, through data chaining."""
        places: list[int] = []
        current: TranslatedCCW | None = ccw
        while current is not None and len(places) < LONG_SENSE:
            count = int.from_bytes(current.guest[6:8], "big")
            if current.guest_address + CCW_LENGTH == csw.address:
                return (places + current.places(count - csw.residual))[:LONG_SENSE]
            places += current.places(min(count, LONG_SENSE))
            current = self._chained_to(current)
        return places[:LONG_SENSE]

    def _chained_to(self, ccw: TranslatedCCW) -> TranslatedCCW | None:
        """The CCW to which data are chained, through a TIC if there is one."""
        if not ccw.guest[4] & CCWFlag.CHAIN_DATA:
            return None
        found = self._of_guest(ccw.guest_address + CCW_LENGTH)
        if found is not None and found.guest[0] & 0x0F == TIC:
            found = self._of_guest(int.from_bytes(found.guest[1:4], "big"))
        return found

    def _of_guest(self, address: int) -> TranslatedCCW | None:
        return next((ccw for ccw in self.ccws if ccw.guest_address == address), None)

    def _executed(self, csw: CSW) -> Iterator[TranslatedCCW]:
        """The CCWs up to the last one, in the order of chaining.  What was skipped or repeated is not known."""
        for ccw in self.ccws:
            yield ccw
            if ccw.guest_address + CCW_LENGTH == csw.address:
                return

    def sense(self, vdev: "VDEVBLOK", csw: CSW, sense: bytes) -> bytes:
        """What CP keeps of the real device's sense bytes after a unit check with this real CSW.

        The cylinder is the minidisk's; where CP has refused to write, the bytes say file protected.
        """
        last = self._ccw_at(csw.address - CCW_LENGTH)
        if last is not None and last.control & RCWCTL.READ_ONLY:
            sense = sense[:1] + bytes([sense[1] | FILE_PROTECTED]) + sense[2:]
        return virtual_sense(vdev, sense)

    def release(self, cp: "ControlProgram") -> None:
        """The operation is over: unlock the pages, give the piece of free storage back."""
        for frame in self.frames:
            cp.paging.unlock(frame)
        if self.piece is not None:
            cp.free_storage.free(self.piece)


# ---- cylinder numbers that the device gave -------------------------------------------------------------------------


def unrelocated(vdev: "VDEVBLOK", command: int, found: bytes) -> bytes:
    """The first bytes that SENSE, READ HOME ADDRESS (FCCHH) or READ RECORD ZERO (CCHHR) gave, for the guest.

    Of half a number it is known that the arm was on the minidisk, and where.
    """
    if command in GIVE_SENSE:
        return virtual_sense(vdev, found.ljust(LONG_SENSE, b"\0"))[: len(found)]
    at = 1 if command & 0x1F == READ_HOME_ADDRESS else 0
    number = found[at : at + 2]
    real = (vdev.posn >> 16) + vdev.reln if len(number) == 1 else int.from_bytes(number, "big")
    if not vdev.reln <= real < vdev.reln + vdev.bnd or number != real.to_bytes(2, "big")[: len(number)]:
        return found
    return found[:at] + (real - vdev.reln).to_bytes(2, "big")[: len(number)] + found[at + 2 :]


def virtual_sense(vdev: "VDEVBLOK", sense: bytes) -> bytes:
    """Sense bytes of a 3830 or its like with the minidisk's cylinder: bytes 5 and 6, with format 4 also 8 and 9."""
    if len(sense) != LONG_SENSE or not vdev.reln:
        return sense
    low, high, found = sense[5], sense[6], bytearray(sense)
    for shift, bits in ((5, 0x60), (6, 0x40)):
        cylinder = (high & bits) >> shift << 8 | low
        if (high & 0x20 and shift == 6) or not 0 <= cylinder - vdev.reln < vdev.bnd:
            continue
        cylinder -= vdev.reln
        found[5], found[6] = cylinder & 0xFF, high & ~bits | cylinder >> 8 << shift
        break
    place = int.from_bytes(sense[8:10], "big") - vdev.reln
    if sense[7] & 0xF0 == FORMAT_4 and 0 <= place < vdev.bnd:
        found[8:10] = place.to_bytes(2, "big")
    return bytes(found)
