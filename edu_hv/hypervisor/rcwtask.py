"""RCWTASK: a translated channel program, and its CSW made back (DMKUNT).  SY20-0886 "CCW Translation".

What CP must know of a program while the real channel executes it and when it has ended.  All of it is plain values that
never change, so that checkpoints share it.  Read next: `ccw_translation`, which builds it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntFlag
from typing import TYPE_CHECKING

from edu_hv.isa.codes import MASK_24, ChannelStatus
from edu_hv.machine.ccw import CSW

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
STAYS = -1
"""Instead of a cylinder: the arm is not moved."""


class RCWCTL(IntFlag):
    """The control byte that VM/370 keeps in the unused byte of a real CCW, here beside it."""

    LOCKED = 0x80
    """The pages of its data are locked."""
    GENERATED = 0x40
    """CP made it: it has no counterpart in the guest's program."""
    ADDRESSES = 0x20
    """It reads a home address or record zero: the cylinder is un-relocated when the operation has ended."""
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
    """Whether its first command resets the sense data, those that CP keeps included."""
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

        A program check that CP has put where the guest's key does not permit a fetch is a protection check.
        """
        status = csw.channel_status
        last = self._ccw_at(csw.address - CCW_LENGTH)
        if last is not None and last.control & RCWCTL.PROTECTED and status & ChannelStatus.PROGRAM_CHECK:
            status = status & ~ChannelStatus.PROGRAM_CHECK | ChannelStatus.PROTECTION_CHECK
        return replace(csw, address=self.guest_address_of(csw.address), channel_status=status)

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
            if ccw.control & RCWCTL.ADDRESSES:
                moved = int.from_bytes(ccw.real[6:8], "big")
                last = ccw.guest_address + CCW_LENGTH == guest.address
                _unrelocate_area(cp, vdev, ccw, moved - guest.residual if last else moved)
            if ccw.place is not None:
                cylinder, head = ccw.place
                vdev.posn = (vdev.posn >> 16 if cylinder == STAYS else cylinder) << 16 | head
        return guest

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


def _unrelocate_area(cp: "ControlProgram", vdev: "VDEVBLOK", ccw: TranslatedCCW, moved: int) -> None:
    """Two bytes of a home address (FCCHH) or of a count (CCHHR), when they have been read and name the minidisk."""
    offset = 1 if ccw.guest[0] & 0x1F == 0x1A else 0
    if moved < offset + 2:
        return
    places = [_byte_address(ccw, offset + at) for at in range(2)]
    storage = cp.machine.storage
    cylinder = storage.read(places[0], 1)[0] << 8 | storage.read(places[1], 1)[0]
    if not vdev.reln <= cylinder < vdev.reln + vdev.bnd:
        return
    for place, byte in zip(places, (cylinder - vdev.reln).to_bytes(2, "big"), strict=True):
        storage.write(place, bytes([byte]))


def _byte_address(ccw: TranslatedCCW, offset: int) -> int:
    """The absolute address of a byte of the data area."""
    at = int.from_bytes(ccw.real[1:4], "big")
    if not ccw.idaws:
        return at + offset
    first = 2048 - ccw.idaws[0] % 2048
    return ccw.idaws[0] + offset if offset < first else ccw.idaws[1] + offset - first


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
