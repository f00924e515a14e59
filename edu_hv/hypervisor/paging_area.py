"""The paging area: page slots on a real disk volume, and CP's own channel programs that move pages (DMKPAG).

A slot is a record of 4096 bytes on a volume that has been formatted with them, as DMKFMT does.  Cylinder 0 holds the
volume's label and the allocation map, so the slots begin on cylinder 1.  SY20-0886 "Paging I/O", "DASD Storage
Management".
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import count

from edu_hv.devices.ckd_image import DiskImage, blank_volume
from edu_hv.devices.ckd_track import Model, Record, formatted_track
from edu_hv.devices.disk import DiskDrive, drive_for
from edu_hv.hypervisor.free_storage import FreeStorage
from edu_hv.isa.codes import PSA, CCWFlag, UnitStatus
from edu_hv.isa.errors import UserError
from edu_hv.machine.ccw import CCW, CSW, ENDING
from edu_hv.machine.channel import BUSY, CSW_STORED, STARTED, Channels
from edu_hv.machine.cpu import CPU
from edu_hv.machine.storage import FRAME

FIRST_CYLINDER = 1
SEEK, SEARCH_ID_EQUAL, TIC, READ_DATA, WRITE_DATA = 0x07, 0x31, 0x08, 0x06, 0x05
"""Commands."""
SEEK_ARGUMENT = 8
"""Bytes: BBCCHHR, and one to fill up.  The search argument, CCHHR, is part of it."""
PROGRAM = SEEK_ARGUMENT + 4 * 8
STARTS = 100
"""So often CP tries to start the device while the channel or the device is busy."""


class PagingFailure(Exception):
    """A guest's page cannot be had; the text is CP's message for the guest's console."""


class PagingAreaFull(PagingFailure):
    """No frame can be stolen: every page would have to be written, and the paging area is full."""


class PagingError(PagingFailure):
    """The paging device does not move the page."""


# ---- the volume ----------------------------------------------------------------------------------------------------


def slots_on_track(model: Model) -> int:
    """How many records of 4096 bytes a track holds: 3 on a 3330, 4 on a 3350."""
    record = Record(bytes(8), data=bytes(FRAME))
    room = next(n for n in count(1) if model.capacity < (n - 1) * model.space(record) + model.last_space(record))
    return room - 1


@cache
def paging_volume(cylinders: int, model: str = "3330", volser: str = "SYSPAG") -> DiskImage:
    """A volume with page slots on all of its cylinders but the first.  Raises UserError for a model without room.

    A volume never changes, writing makes another one, so all who ask get the same.
    """
    volume = blank_volume(model, volser, cylinders)
    slots = slots_on_track(volume.model)
    if not slots or cylinders <= FIRST_CYLINDER:
        raise UserError(f"{cylinders} cylinders of a {model} have no room for pages: give 2 or more of another model")
    heads, page = volume.model.heads, bytes(FRAME)
    for number in range(FIRST_CYLINDER * heads, cylinders * heads):
        cylinder, head = divmod(number, heads)
        address = cylinder.to_bytes(2, "big") + head.to_bytes(2, "big")
        records = [Record(address + bytes([n, 0]) + FRAME.to_bytes(2, "big"), data=page) for n in range(1, slots + 1)]
        volume = volume.with_track(number, formatted_track(cylinder, head, records))
    return volume


def make_paging_volume(cylinders: int, model: str = "3330") -> DiskDrive:
    """A drive with a volume SYSPAG on it, formatted for paging."""
    return drive_for(paging_volume(cylinders, model))


# ---- slots and I/O -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SlotAddress:
    """Where a slot is on the volume."""

    cylinder: int
    head: int
    record: int

    def to_bytes(self) -> bytes:
        """The argument of seek and search: BBCCHHR."""
        parts = ((0, 2), (self.cylinder, 2), (self.head, 2), (self.record, 1))
        return b"".join(value.to_bytes(length, "big") for value, length in parts)

    def __str__(self) -> str:
        return f"cylinder {self.cylinder}, head {self.head}, record {self.record}"


class PagingArea:
    """The slots of the volume on a real device, and the one channel program that CP has for them.

    Slots are numbered from 0.  Raises UserError when the device is no disk with a volume that has room for pages.
    """

    def __init__(self, real: CPU, channels: Channels, free_storage: FreeStorage, device: int) -> None:
        self.real, self.channels, self.device = real, channels, device
        volume = self._volume(device)
        self.heads, self.on_track = volume.model.heads, slots_on_track(volume.model)
        self.slots = (volume.cylinders - FIRST_CYLINDER) * self.heads * self.on_track
        if self.slots <= 0:
            raise UserError(f"the volume on {device:03X} has no room for pages: mount one made for paging")
        self.program = free_storage.get(PROGRAM)
        self.allocated = 0
        """One bit for each slot, the lowest for slot 0: on when it belongs to a page."""

    def _volume(self, device: int) -> DiskImage:
        drive = self.channels.devices.get(device)
        if not isinstance(drive, DiskDrive):
            raise UserError(f"{device:03X} is no disk drive, so pages cannot be kept there: {self.channels.attached}")
        if drive.volume is None:
            raise UserError(f"no volume is mounted on {device:03X}: mount one made for paging")
        return drive.volume

    @property
    def slots_in_use(self) -> int:
        """How many slots belong to pages."""
        return self.allocated.bit_count()

    @property
    def full(self) -> bool:
        """Whether no slot is left."""
        return self.slots_in_use >= self.slots

    def allocate(self) -> int:
        """The lowest free slot, which is taken; there must be one."""
        slot = (~self.allocated & self.allocated + 1).bit_length() - 1
        assert slot < self.slots, "nobody asks for a slot of an area that is full"
        self.allocated |= 1 << slot
        return slot

    def release(self, slot: int) -> None:
        """The slot is free again."""
        self.allocated &= ~(1 << slot)

    def place_of(self, slot: int) -> tuple[int, int]:
        """Cylinder of a slot and its number there, from 1: how the SWPTABLE has it."""
        cylinder, page = divmod(slot, self.heads * self.on_track)
        return cylinder + FIRST_CYLINDER, page + 1

    def slot_of(self, cylinder: int, page: int) -> int:
        """The reverse of `place_of`."""
        return (cylinder - FIRST_CYLINDER) * self.heads * self.on_track + page - 1

    def address(self, slot: int) -> SlotAddress:
        """Where the slot is."""
        track, record = divmod(slot, self.on_track)
        cylinder, head = divmod(track, self.heads)
        return SlotAddress(cylinder + FIRST_CYLINDER, head, record + 1)

    def contents(self, slot: int) -> bytes:
        """What is in a slot, for somebody who only looks; zeros when nobody can read it."""
        place, drive = self.address(slot), self.channels.devices.get(self.device)
        volume = drive.volume if isinstance(drive, DiskDrive) else None
        if volume is None:
            return bytes(FRAME)
        records = volume.track(place.cylinder * self.heads + place.head).records
        data = next((record.data for record in records if record.identifier[4] == place.record), b"")
        return data.ljust(FRAME, b"\0")[:FRAME]

    # ---- channel programs ------------------------------------------------------------------------------------

    def start(self, slot: int, frame: int, write: bool) -> bool:
        """Start to move a page between a slot and a frame; False when the device does not take it."""
        at, chain = self.program + SEEK_ARGUMENT, CCWFlag.CHAIN_COMMAND
        ccws = (
            CCW(SEEK, self.program, chain, 6),
            CCW(SEARCH_ID_EQUAL, self.program + 2, chain, 5),
            CCW(TIC, at + 8, 0, 0),
            CCW(WRITE_DATA if write else READ_DATA, frame, 0, FRAME),
        )
        argument = self.address(slot).to_bytes().ljust(SEEK_ARGUMENT, b"\0")
        self.real.store_real(self.program, argument + b"".join(ccw.to_bytes() for ccw in ccws))
        with self._csw_kept():
            self.real.store_real(PSA.CAW, at.to_bytes(4, "big"))
            return self._start()

    def _start(self) -> bool:
        """START I/O, again and again while the channel or the device is busy with something that will end."""
        for _ in range(STARTS):
            cc = self.channels.start_io(self.real, self.device, multiplexing=True)
            if cc == STARTED:
                return True
            status = UnitStatus(self.real.load_real(PSA.CSW + 4, 1)[0]) if cc == CSW_STORED else UnitStatus.BUSY
            if cc not in (CSW_STORED, BUSY) or UnitStatus.BUSY not in status:
                return False
            pending = status is not UnitStatus.BUSY or self.channels.test_io(self.real, self.device) == CSW_STORED
            if not pending and not self._pass_time():
                return False
        return False

    def _pass_time(self) -> bool:
        """Let machine time pass until a channel has something to do; False when none ever will."""
        due = self.channels.next_event
        if due is None:
            return False
        clocks = self.channels.clocks
        clocks.now = max(clocks.now, due)
        self.channels.advance()
        return True

    def await_end(self) -> tuple[CSW | None, bool]:
        """Let machine time pass until CP's channel program has ended; its CSW, None when it never will.

        When the interruption has been taken already, its CSW is in real storage and the device has nothing to say: the
        second value is then true.
        """
        with self._csw_kept() as before:
            while True:
                cc = self.channels.test_io(self.real, self.device)
                if cc == CSW_STORED:
                    csw = CSW.from_bytes(self.real.load_real(PSA.CSW, 8))
                    if self.is_ours(csw):
                        return csw, False
                elif cc != BUSY:
                    taken = self.is_ours(before)
                    return before if taken else None, taken
                elif not self._pass_time():
                    return None, False

    def is_ours(self, csw: CSW) -> bool:
        """Whether a CSW is about CP's channel program."""
        return self.program < csw.address <= self.program + PROGRAM + 8

    def succeeded(self, csw: CSW | None) -> bool:
        """Whether a page was moved without any error."""
        end = self.program + PROGRAM
        return csw is not None and csw.address == end and csw.unit_status == ENDING and not csw.channel_status

    @contextmanager
    def _csw_kept(self) -> Iterator[CSW]:
        """Leave the CSW in real storage as it is: it may be that of an interruption CP is just busy with."""
        kept = self.real.load_real(PSA.CSW, 8)
        yield CSW.from_bytes(kept)
        self.real.store_real(PSA.CSW, kept)
