"""A disk's control unit and drive without their commands: the track under the head, file mask, time, checkpoint.

The control unit follows the track: it knows which area of which record has passed (the *orientation*), for as long as
one chain of commands lasts.  A chain begins at the index, wherever the disk really is, so that all runs are the same.

Read next: `disk`, the commands.
"""

from collections.abc import Iterator
from typing import Any, ClassVar

from edu_hv.devices.ckd_image import DiskImage
from edu_hv.devices.ckd_track import HOME_ADDRESS, Model, Record, Track
from edu_hv.devices.device import CONTROL_MICROSECONDS, NO_OP, SENSE, IODevice
from edu_hv.devices.disk_commands import (
    COUNTS_INDEX,
    INHIBIT_SEEKS,
    MASK_FIRST,
    MULTI_TRACK,
    NO_WAY,
    SEEK_CONTROL,
    STILL_FOUND,
    WRITE_CONTROL,
    WRITE_RULES,
    Area,
    Command,
    Found,
)
from edu_hv.devices.disk_sense import READ_INCOMPLETE, WRITE_INCOMPLETE, Failure
from edu_hv.isa.codes import UnitStatus
from edu_hv.isa.errors import UserError
from edu_hv.machine.ccw import ENDING, NO_STATUS
from edu_hv.machine.channel_program import Transfer

SCALE = 100
"""So many times as fast as the real drives."""


class CommandFailed(Exception):
    """The command in progress ends with unit check."""

    def __init__(self, failure: Failure, incomplete: int = 0) -> None:
        super().__init__(failure.name)
        self.failure, self.incomplete = failure, incomplete


class DiskUnit(IODevice):
    """A drive with a volume mounted on it, if any, and its control unit.

    `address` is the drive's address on its control unit, for the sense bytes.
    """

    burst: ClassVar[bool] = True
    invalid_mask_bits: ClassVar[int] = 0x27

    def __init__(self, volume: DiskImage | None = None, address: int = 0) -> None:
        super().__init__()
        self.address = address & 7
        self.volume: DiskImage | None = None
        self.started = True
        """The operator has not stopped the drive."""
        self.cylinder = self.head = 0
        self.record, self.passed = -1, Area.DATA
        """The orientation: how far the current record has passed."""
        self.file_mask = 0
        self.mask_set = False
        self.found = Found.NOTHING
        self.index_points = 0
        self.arrival = 0
        """Microseconds the arm needs from the last channel end to its device end."""
        if volume is not None:
            self.mount(volume)

    # ---- operator --------------------------------------------------------------------------------------------

    @property
    def ready(self) -> bool:
        """A volume is mounted, and the drive runs."""
        return self.volume is not None and self.started

    def mount(self, volume: DiskImage) -> UnitStatus:
        """Put a volume on and start the drive.  Returns what it has to say (`Channels.present`): device end.

        Raises UserError for a volume of another type.
        """
        if volume.model.name != self.model:
            raise UserError(f"{volume.name} is a {volume.model.name} volume: it does not fit a {self.model} drive")
        was_ready = self.ready
        self.volume, self.started = volume, True
        self.cylinder = self.head = 0
        self.begin()
        return NO_STATUS if was_ready else UnitStatus.DEVICE_END

    def unmount(self) -> DiskImage | None:
        """Take the volume off: what there was, with all that has been written."""
        volume, self.volume = self.volume, None
        return volume

    def stop(self) -> UnitStatus:
        """Stop the drive; it is not ready."""
        self.started = False
        return NO_STATUS

    def make_ready(self) -> UnitStatus:
        """Start the drive again: device end when it has become ready."""
        was_ready, self.started = self.ready, True
        self.cylinder = self.head = 0
        return UnitStatus.DEVICE_END if self.ready and not was_ready else NO_STATUS

    def image(self) -> bytes:
        """The volume as it is now, as an uncompressed image.  Raises UserError without one."""
        if self.volume is None:
            raise UserError(f"there is no disk pack on the {self.model}; mount one first")
        return self.volume.to_bytes()

    # ---- one command -----------------------------------------------------------------------------------------

    def begin(self) -> None:
        """A chain begins: the file mask permits seeks and all writes but home address and record zero.

        GA26-1592 "Set File Mask".  The control unit is not oriented.
        """
        self.file_mask, self.mask_set = 0, False
        self.found = Found.NOTHING
        self.index_points = 0
        self._to_index()

    def reset(self) -> None:
        """The arm stays where it is."""
        super().reset()
        self.begin()

    def start(self, command: int) -> UnitStatus:
        """The initial status: unit check alone when the command, or its place in the chain, is not valid."""
        if command in (NO_OP, SENSE):
            self.found, self.index_points = Found.NOTHING, 0
            return super().start(command)
        failure = self._refusal(command)
        if failure is not None:
            self.found = Found.NOTHING
            return self.fail(failure)
        try:
            return super().start(command)
        except CommandFailed as failed:
            return self.fail(failed.failure)

    def execute(self, command: int, transfer: Transfer) -> UnitStatus:
        """Carry a command out; the ending status."""
        if command not in COUNTS_INDEX:
            self.index_points = 0
        if self.found not in STILL_FOUND.get(command & ~MULTI_TRACK, ()):
            self.found = Found.NOTHING
        try:
            return super().execute(command, transfer)
        except CommandFailed as failed:
            self.found = Found.NOTHING
            return ENDING | self.fail(failed.failure, failed.incomplete)

    def _refusal(self, command: int) -> Failure | None:
        """Why a command is not even accepted."""
        if command not in self.commands and command not in self.immediate_commands:
            return Failure.INVALID_COMMAND
        if not self.ready:
            return Failure.INTERVENTION_REQUIRED
        if command in MASK_FIRST and self.mask_set:
            return Failure.INVALID_SEQUENCE
        rule = WRITE_RULES.get(command)
        if rule is None:
            return None
        if self.found not in rule.after or self.passed not in rule.areas:
            return Failure.INVALID_SEQUENCE
        return None if self.file_mask & WRITE_CONTROL in rule.masks else Failure.WRITE_INHIBITED

    def fail(self, failure: Failure, incomplete: int = 0) -> UnitStatus:
        """Keep the sense bytes of a failure: unit check."""
        self.sense = self._sense_bytes(failure, incomplete)
        return UnitStatus.UNIT_CHECK

    def _sense_bytes(self, failure: Failure | None, incomplete: int = 0) -> bytes:
        """The sense data of a failure, or of none, as this control unit gives it."""
        raise NotImplementedError

    def transfer_sense(self, transfer: Transfer) -> UnitStatus:
        """SENSE, command X'04': why the last unit check was, and where the drive is."""
        transfer.to_storage(self.sense if any(self.sense) else self._sense_bytes(None))
        return ENDING

    # ---- the track under the head ----------------------------------------------------------------------------

    @property
    def _mounted(self) -> DiskImage:
        """The volume; `_refusal` lets no command pass without one."""
        if self.volume is None:
            raise CommandFailed(Failure.INTERVENTION_REQUIRED)
        return self.volume

    @property
    def _track_number(self) -> int:
        return self.cylinder * self._mounted.model.heads + self.head

    def _track(self) -> Track:
        """The track under the head; its home address has been read."""
        track = self._mounted.track(self._track_number)
        if len(track.home) < HOME_ADDRESS:
            raise CommandFailed(Failure.HOME_ADDRESS_UNREADABLE)
        return track

    def _to_index(self) -> None:
        self.record, self.passed = -1, Area.DATA

    def _next_track(self, incomplete: int = 0) -> None:
        """Go on with the next head.  GA26-1592 "Multiple Track (M-T) Operation"."""
        if self.file_mask & SEEK_CONTROL == INHIBIT_SEEKS:
            raise CommandFailed(Failure.FILE_PROTECTED, incomplete)
        if self.head + 1 == self._mounted.model.heads:
            raise CommandFailed(Failure.END_OF_CYLINDER, incomplete)
        self.head += 1
        self._to_index()

    def _pass_index(self, command: int) -> None:
        """The index passes; at the second time in a chain, with nothing read between, the record is not there."""
        if command & MULTI_TRACK:
            return self._next_track()
        self.index_points += 1
        if self.index_points > 1:
            raise CommandFailed(Failure.NO_RECORD_FOUND)
        return self._to_index()

    def _next_count(self, command: int, record_zero: bool = False) -> Record:
        """Read the next count area, of record zero only if asked to; the orientation is behind it."""
        while True:
            track = self._track()
            self.record, self.passed = self.record + 1, Area.COUNT
            if self.record < len(track.records):
                if self.record or record_zero:
                    return track.records[self.record]
            elif track.unreadable:
                raise CommandFailed(Failure.COUNT_UNREADABLE)
            else:
                self._pass_index(command)

    def _this_or_next(self, command: int, areas: tuple[Area, ...]) -> Record:
        """The current record when only these of its areas have passed, otherwise the next one."""
        if self.passed in areas:
            return self._track().records[self.record]
        return self._next_count(command)

    def _further_segments(self, record: Record, command: int) -> Iterator[Record]:
        """The rest of an overflow record: the first record on each further track.  GA26-1592 "Record Overflow"."""
        while record.overflows:
            self._next_track(WRITE_INCOMPLETE if command & 0x03 == 0x01 else READ_INCOMPLETE)
            record = self._next_count(command & ~MULTI_TRACK)
            self.passed = Area.DATA
            yield record

    def _rewrite(self, record: Record) -> None:
        """Write over the current record; its areas keep their lengths."""
        track = self._track()
        records = (*track.records[: self.record], record, *track.records[self.record + 1 :])
        self._write_track(Track(track.home, records, track.unreadable))

    def _write_track(self, track: Track) -> None:
        self.volume = self._mounted.with_track(self._track_number, track)

    # ---- time ------------------------------------------------------------------------------------------------

    def motion(self, command: int, count: int) -> int:
        """The way to the record, and the data; nothing when the operator has just taken the volume off."""
        if command & 0x03 == 0x03 or command in NO_WAY or self.volume is None:
            return CONTROL_MICROSECONDS
        model = self.volume.model
        arm = self._travel(0) if command == Command.READ_IPL else 0
        return arm + (self._latency(model) + model.rotation * count // model.capacity) // SCALE

    def _latency(self, model: Model) -> int:
        """Half a rotation when not oriented, otherwise the part that a record takes; real microseconds."""
        if self.record < 0:
            return model.rotation // 2
        records = self._mounted.track(self._track_number).records
        return model.rotation // max(2, len(records)) if self.passed is Area.DATA else 0

    def _travel(self, cylinder: int) -> int:
        """Microseconds in which the arm gets to a cylinder."""
        distance = abs(cylinder - self.cylinder)
        if not distance:
            return 0
        model = self._mounted.model
        longer = (model.seek_longest - model.seek_shortest) * (distance - 1) // (model.cylinders - 2)
        return (model.seek_shortest + longer) // SCALE

    def working(self, command: int, count: int) -> int:
        """The rest of the arm's way, or the sector's."""
        return self.arrival

    # ---- checkpoint ------------------------------------------------------------------------------------------

    def contents(self) -> Any:
        """The volume, which shares all tracks not written since with other checkpoints, and where the drive is."""
        chain = self.record, self.passed, self.file_mask, self.mask_set, self.found, self.index_points
        return self.volume, self.started, self.cylinder, self.head, self.arrival, chain

    def restore_contents(self, contents: Any) -> None:
        """The reverse of `contents`."""
        self.volume, self.started, self.cylinder, self.head, self.arrival, chain = contents
        self.record, self.passed, self.file_mask, self.mask_set, self.found, self.index_points = chain
