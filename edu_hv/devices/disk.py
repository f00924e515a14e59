"""Disk drives with their control units: 2311 (2841), 2314, 3330, 3340 and 3350 (3830).

A26-5988 (2841), GA26-1592 (3830 and 3330) and GA26-1638 (3350) describe the commands.  What stands behind them is in
`disk_unit`, the volume in `ckd_image`, the sense bytes in `disk_sense`.
"""

from typing import ClassVar

from edu_hv.devices.ckd_image import DiskImage
from edu_hv.devices.ckd_track import COUNT, END_OF_TRACK, HOME_ADDRESS, OVERFLOWS, Record, Track
from edu_hv.devices.device import Commands, ImmediateCommands
from edu_hv.devices.disk_commands import (
    ADDRESS_LENGTH,
    ANY_SECTOR,
    EQUAL,
    HIGH,
    MULTI_TRACK,
    SEEK_CONTROL,
    SEEK_PERMITTED,
    Area,
    Command,
    Found,
)
from edu_hv.devices.disk_sense import LONG_SENSE, SHORT_SENSE, Failure, Place, long_sense, short_sense
from edu_hv.devices.disk_unit import SCALE, CommandFailed, DiskUnit
from edu_hv.isa.codes import UnitStatus
from edu_hv.machine.ccw import ENDING
from edu_hv.machine.channel_program import Transfer


def _with_multi_track(commands: Commands) -> Commands:
    """The same commands with and without the multi-track bit."""
    return {command | bit: method for bit in (0, MULTI_TRACK) for command, method in commands.items()}


class DiskDrive(DiskUnit):
    """The commands that all the drives have; the subclasses are what can be attached."""

    # ---- control commands ------------------------------------------------------------------------------------

    def seek(self, transfer: Transfer) -> UnitStatus:
        """SEEK, SEEK CYLINDER, commands X'07' and X'0B': to a cylinder and head.  Device end when the arm is there."""
        return self._seek(transfer, head_only=False)

    def seek_head(self, transfer: Transfer) -> UnitStatus:
        """SEEK HEAD, command X'1B': to another head; the cylinder in the address is not looked at."""
        return self._seek(transfer, head_only=True)

    def _seek(self, transfer: Transfer, head_only: bool) -> UnitStatus:
        """The address is BBCCHH; BB is zero."""
        self._check_seek(transfer.command)
        address = transfer.from_storage(ADDRESS_LENGTH)
        if len(address) < ADDRESS_LENGTH:
            raise CommandFailed(Failure.TOO_SHORT)
        bin_number, cylinder, head = (int.from_bytes(address[at : at + 2], "big") for at in (0, 2, 4))
        if head_only:
            cylinder = self.cylinder
        if bin_number or cylinder >= self._mounted.cylinders or head >= self._mounted.model.heads:
            raise CommandFailed(Failure.SEEK_ADDRESS)
        return self._move(cylinder, head)

    def _check_seek(self, command: int) -> None:
        if self.file_mask & SEEK_CONTROL not in SEEK_PERMITTED[command]:
            raise CommandFailed(Failure.FILE_PROTECTED)

    def _move(self, cylinder: int, head: int) -> UnitStatus:
        """Move the arm: channel end alone when it has a way to go."""
        self.arrival = self._travel(cylinder)
        self.cylinder, self.head = cylinder, head
        self._to_index()
        return UnitStatus.CHANNEL_END if self.arrival else ENDING

    def recalibrate(self) -> UnitStatus:
        """RECALIBRATE, command X'13': to cylinder 0, head 0."""
        self._check_seek(Command.RECALIBRATE)
        self.found, self.index_points = Found.NOTHING, 0
        return self._move(0, 0)

    def restore_arm(self) -> UnitStatus:
        """RESTORE, command X'17': for the data cell; a disk takes it for NO-OP."""
        self.found, self.index_points = Found.NOTHING, 0
        return ENDING

    def set_file_mask(self, transfer: Transfer) -> UnitStatus:
        """SET FILE MASK, command X'1F': one byte, valid to the end of the chain."""
        mask = transfer.from_storage(1)
        if not mask:
            raise CommandFailed(Failure.TOO_SHORT)
        if mask[0] & self.invalid_mask_bits:
            raise CommandFailed(Failure.ARGUMENT)
        self.file_mask, self.mask_set = mask[0], True
        return ENDING

    def set_sector(self, transfer: Transfer) -> UnitStatus:
        """SET SECTOR, command X'23': device end when the sector comes; the next count area is the first behind it."""
        sector = transfer.from_storage(1)
        if not sector:
            raise CommandFailed(Failure.TOO_SHORT)
        if sector[0] == ANY_SECTOR:
            return ENDING
        model = self._mounted.model
        if sector[0] >= model.sectors:
            raise CommandFailed(Failure.ARGUMENT)
        sectors = self._sectors()
        self.record, self.passed = sum(at < sector[0] for at in sectors) - 1, Area.DATA
        self.arrival = model.rotation * sector[0] // model.sectors // SCALE
        return UnitStatus.CHANNEL_END if self.arrival else ENDING

    def read_sector(self, transfer: Transfer) -> UnitStatus:
        """READ SECTOR, command X'22': where the current record begins."""
        sectors = self._sectors()
        transfer.to_storage(bytes([sectors[self.record] if 0 <= self.record < len(sectors) else 0]))
        return ENDING

    def _sectors(self) -> list[int]:
        """The sector in which each record of the track begins; record zero is in sector 0."""
        model = self._mounted.model
        sectors, used = [], 0
        for number, record in enumerate(self._track().records):
            sectors.append(min(used * model.sectors // (model.capacity + 2 * model.overhead), model.sectors - 1))
            used += model.space(record) if number else 2 * model.overhead
        return sectors

    def space_count(self, transfer: Transfer) -> UnitStatus:
        """SPACE COUNT, command X'0F': pass the next count area.  The lengths given are not needed: it can be read."""
        transfer.from_storage(3)
        self._next_count(transfer.command, record_zero=True)
        return ENDING

    def reserve(self, transfer: Transfer) -> UnitStatus:
        """DEVICE RESERVE and RELEASE, commands X'B4' and X'94': there is no other channel; otherwise as SENSE."""
        return self.transfer_sense(transfer)

    def read_buffered_log(self, transfer: Transfer) -> UnitStatus:
        """READ AND RESET BUFFERED LOG, command X'A4': 24 bytes; there is never anything to count."""
        transfer.to_storage(bytes(LONG_SENSE))
        return ENDING

    # ---- search commands -------------------------------------------------------------------------------------

    def search_home_address(self, transfer: Transfer) -> UnitStatus:
        """SEARCH HOME ADDRESS EQUAL, command X'39': CCHH, 4 bytes.  Status modifier when equal.

        No record is found when the search before this one has already seen the home address.
        """
        if transfer.command & MULTI_TRACK:
            self._next_track()
        elif self.found is Found.ANOTHER_HOME_ADDRESS:
            raise CommandFailed(Failure.NO_RECORD_FOUND)
        self._to_index()
        home = self._track().home[1:]
        argument = transfer.from_storage(len(home))
        if home[: len(argument)] != argument:
            self.found = Found.NOTHING if transfer.command & MULTI_TRACK else Found.ANOTHER_HOME_ADDRESS
            return ENDING
        self.found = Found.HOME_ADDRESS if argument == home else Found.NOTHING
        return ENDING | UnitStatus.STATUS_MODIFIER

    def search_identifier(self, transfer: Transfer) -> UnitStatus:
        """SEARCH ID EQUAL, HIGH, EQUAL OR HIGH, commands X'31', X'51', X'71': CCHHR of the next record, zero too."""
        identifier = self._next_count(transfer.command, record_zero=True).identifier
        return self._compare(transfer, identifier, Found.IDENTIFIER)

    def search_key(self, transfer: Transfer) -> UnitStatus:
        """SEARCH KEY EQUAL, HIGH, EQUAL OR HIGH, commands X'29', X'49', X'69': of a record whose count has passed.

        A record without a key satisfies no search.
        """
        key = self._this_or_next(transfer.command, (Area.COUNT,)).key
        self.passed = Area.KEY
        return self._compare(transfer, key, Found.KEY) if key else ENDING

    def _compare(self, transfer: Transfer, field: bytes, found: Found) -> UnitStatus:
        """As many bytes as there are of both.  Status modifier when the field satisfies the search."""
        argument = transfer.from_storage(len(field))
        compared = field[: len(argument)]
        equal, high = compared == argument, compared > argument
        if equal and argument == field and transfer.command & (EQUAL | HIGH) == EQUAL:
            self.found = found
        satisfied = (equal and transfer.command & EQUAL) or (high and transfer.command & HIGH)
        return ENDING | UnitStatus.STATUS_MODIFIER if satisfied else ENDING

    # ---- read commands ---------------------------------------------------------------------------------------

    def read_ipl(self, transfer: Transfer) -> UnitStatus:
        """READ IPL, command X'02': the data of the first record after record zero on cylinder 0, head 0."""
        self._move(0, 0)
        return self.read_data(transfer)

    def read_home_address(self, transfer: Transfer) -> UnitStatus:
        """READ HOME ADDRESS, command X'1A': flag and CCHH, 5 bytes."""
        if transfer.command & MULTI_TRACK:
            self._next_track()
        self._to_index()
        transfer.to_storage(self._track().home)
        return ENDING

    def read_record_zero(self, transfer: Transfer) -> UnitStatus:
        """READ RECORD ZERO, command X'16': its count, key and data."""
        if transfer.command & MULTI_TRACK:
            self._next_track()
        self._to_index()
        return self._transfer_record(transfer, self._next_count(transfer.command & ~MULTI_TRACK, record_zero=True))

    def read_count(self, transfer: Transfer) -> UnitStatus:
        """READ COUNT, command X'12': the next one but record zero's."""
        transfer.to_storage(self._next_count(transfer.command).channel_count)
        return ENDING

    def read_data(self, transfer: Transfer) -> UnitStatus:
        """READ DATA, command X'06': of the current record when its data has not passed.  Unit exception: no data."""
        record = self._this_or_next(transfer.command, (Area.COUNT, Area.KEY))
        return self._transfer(transfer, record, record.data)

    def read_key_data(self, transfer: Transfer) -> UnitStatus:
        """READ KEY AND DATA, command X'0E': of the current record when only its count has passed."""
        record = self._this_or_next(transfer.command, (Area.COUNT,))
        return self._transfer(transfer, record, record.key + record.data)

    def read_count_key_data(self, transfer: Transfer) -> UnitStatus:
        """READ COUNT, KEY AND DATA, command X'1E': the next record but record zero."""
        return self._transfer_record(transfer, self._next_count(transfer.command))

    def _transfer_record(self, transfer: Transfer, record: Record) -> UnitStatus:
        return self._transfer(transfer, record, record.channel_count + record.key + record.data)

    def _transfer(self, transfer: Transfer, record: Record, area: bytes) -> UnitStatus:
        """Give areas of a record to the channel, with what overflows.  Unit exception when the last has no data."""
        self.passed = Area.DATA
        transfer.to_storage(area)
        for segment in self._further_segments(record, transfer.command):
            record = segment
            transfer.to_storage(record.data)
        return ENDING if record.data else ENDING | UnitStatus.UNIT_EXCEPTION

    # ---- write commands --------------------------------------------------------------------------------------

    def write_data(self, transfer: Transfer) -> UnitStatus:
        """WRITE DATA, command X'05': over the data of the record found; zeros fill it up."""
        return self._update(transfer, with_key=False)

    def write_key_data(self, transfer: Transfer) -> UnitStatus:
        """WRITE KEY AND DATA, command X'0D': over both of the record found."""
        return self._update(transfer, with_key=True)

    def _update(self, transfer: Transfer, with_key: bool) -> UnitStatus:
        """Unit exception, and nothing written, for an end-of-file record."""
        record = self._track().records[self.record]
        self.passed = Area.DATA
        if not record.data:
            return ENDING | UnitStatus.UNIT_EXCEPTION
        key = _take(transfer, len(record.key)) if with_key else record.key
        self._rewrite(Record(record.count, key, _take(transfer, len(record.data))))
        for segment in self._further_segments(record, transfer.command):
            self._rewrite(Record(segment.count, segment.key, _take(transfer, len(segment.data))))
        return ENDING

    def write_home_address(self, transfer: Transfer) -> UnitStatus:
        """WRITE HOME ADDRESS, command X'19': flag and CCHH; the rest of the track is erased."""
        self._write_track(Track(_take(transfer, HOME_ADDRESS), ()))
        self._to_index()
        self.found = Found.HOME_ADDRESS
        return ENDING

    def write_record_zero(self, transfer: Transfer) -> UnitStatus:
        """WRITE RECORD ZERO, command X'15': count, key and data; the rest of the track is erased."""
        return self._format(transfer)

    def write_count_key_data(self, transfer: Transfer) -> UnitStatus:
        """WRITE COUNT, KEY AND DATA, command X'1D': a new record behind the current one; the rest is erased."""
        return self._format(transfer)

    def write_special(self, transfer: Transfer) -> UnitStatus:
        """WRITE SPECIAL COUNT, KEY AND DATA, command X'01': a record that goes on on the next track."""
        return self._format(transfer, OVERFLOWS)

    def _format(self, transfer: Transfer, mark: int = 0) -> UnitStatus:
        """Track overrun, and nothing written, when the record does not fit any more."""
        records, count = self._room_for(transfer)
        count = bytes([count[0] | mark]) + count[1:]
        new = Record(count, _take(transfer, count[5]), _take(transfer, int.from_bytes(count[6:], "big")))
        self._write_track(Track(self._track().home, (*records, new)))
        self.record, self.passed = len(records), Area.DATA
        self.found = Found.FORMATTED
        return ENDING

    def erase(self, transfer: Transfer) -> UnitStatus:
        """ERASE, command X'11': takes a record as WRITE COUNT, KEY AND DATA does, and erases the rest of the track."""
        records, count = self._room_for(transfer)
        _take(transfer, count[5] + int.from_bytes(count[6:], "big"))
        self._write_track(Track(self._track().home, records))
        self.passed = Area.DATA
        return ENDING

    def _room_for(self, transfer: Transfer) -> tuple[tuple[Record, ...], bytes]:
        """The records up to the current one, and the count of a further one that fits behind them."""
        count = _take(transfer, COUNT)
        if count == END_OF_TRACK:
            raise CommandFailed(Failure.ARGUMENT)
        records = self._track().records[: self.record + 1]
        record = Record(count, bytes(count[5]), bytes(int.from_bytes(count[6:], "big")))
        if not self._mounted.model.fits((*records, record), self._mounted.track_size):
            raise CommandFailed(Failure.TRACK_OVERRUN)
        return records, count

    # ---- tables ----------------------------------------------------------------------------------------------

    commands: ClassVar[Commands] = {
        Command.SEEK: seek,
        Command.SEEK_CYLINDER: seek,
        Command.SEEK_HEAD: seek_head,
        Command.SET_FILE_MASK: set_file_mask,
        Command.READ_IPL: read_ipl,
        Command.WRITE_HOME_ADDRESS: write_home_address,
        Command.WRITE_RECORD_ZERO: write_record_zero,
        Command.WRITE_COUNT_KEY_DATA: write_count_key_data,
        Command.WRITE_SPECIAL: write_special,
        Command.WRITE_DATA: write_data,
        Command.WRITE_KEY_DATA: write_key_data,
        Command.ERASE: erase,
        Command.RESERVE: reserve,
        Command.RELEASE: reserve,
        **_with_multi_track(
            {
                Command.SEARCH_HOME_ADDRESS: search_home_address,
                Command.SEARCH_ID_EQUAL: search_identifier,
                Command.SEARCH_ID_HIGH: search_identifier,
                Command.SEARCH_ID_EQUAL_HIGH: search_identifier,
                Command.SEARCH_KEY_EQUAL: search_key,
                Command.SEARCH_KEY_HIGH: search_key,
                Command.SEARCH_KEY_EQUAL_HIGH: search_key,
                Command.READ_HOME_ADDRESS: read_home_address,
                Command.READ_RECORD_ZERO: read_record_zero,
                Command.READ_COUNT: read_count,
                Command.READ_DATA: read_data,
                Command.READ_KEY_DATA: read_key_data,
                Command.READ_COUNT_KEY_DATA: read_count_key_data,
            }
        ),
    }
    immediate_commands: ClassVar[ImmediateCommands] = {Command.RECALIBRATE: recalibrate, Command.RESTORE: restore_arm}


def _take(transfer: Transfer, length: int) -> bytes:
    """Take an area from the channel; zeros fill what it does not give."""
    return (transfer.from_storage(length) if length else b"").ljust(length, b"\0")


class _Drive2841(DiskDrive):
    """A drive behind a 2841, or one with a control unit like it: no sectors, and 6 sense bytes."""

    sense_length: ClassVar[int] = SHORT_SENSE
    drive_status: ClassVar[int] = 0x40
    """Sense byte 3 when nothing is wrong."""

    def _sense_bytes(self, failure: Failure | None, incomplete: int = 0) -> bytes:
        return short_sense(failure, self.drive_status, incomplete)


class _Drive3830(DiskDrive):
    """A drive behind a 3830 or one of its successors: sectors, a log, and 24 sense bytes."""

    sense_length: ClassVar[int] = LONG_SENSE
    invalid_mask_bits: ClassVar[int] = 0x20
    commands: ClassVar[Commands] = {
        **DiskDrive.commands,
        Command.SPACE_COUNT: DiskDrive.space_count,
        Command.READ_SECTOR: DiskDrive.read_sector,
        Command.SET_SECTOR: DiskDrive.set_sector,
        Command.READ_BUFFERED_LOG: DiskDrive.read_buffered_log,
    }

    def _sense_bytes(self, failure: Failure | None, incomplete: int = 0) -> bytes:
        return long_sense(failure, self._place(), incomplete)

    def _place(self) -> Place:
        """The drive is one bit in byte 4."""
        return Place(0x80 >> self.address, self.cylinder, self.head, max(0, self.record), 5, self._data_module())

    def _data_module(self) -> int:
        return 0


class Disk2311(_Drive2841):
    """2311 disk storage drive: 200 cylinders of 10 tracks, 3625 bytes each."""

    model: ClassVar[str] = "2311"
    drive_status: ClassVar[int] = 0xC8


class Disk2314(_Drive2841):
    """2314 direct access storage facility: 200 cylinders of 20 tracks, 7294 bytes each."""

    model: ClassVar[str] = "2314"


class Disk3330(_Drive3830):
    """3330 disk storage, models 1 and 11: 404 or 808 cylinders of 19 tracks, 13030 bytes each."""

    model: ClassVar[str] = "3330"

    def _place(self) -> Place:
        """Byte 4 has the drive's address and its complement."""
        drive = (~self.address & 7) << 3 | self.address
        shift = 5 if self.volume and self.volume.model.number == 11 else 6
        return super()._place()._replace(drive=drive, cylinder_shift=shift)


class Disk3340(_Drive3830):
    """3340 direct access storage: 348 or 696 cylinders of 12 tracks, 8368 bytes each."""

    model: ClassVar[str] = "3340"

    def _data_module(self) -> int:
        """Byte 2: sectors are there, and which data module it is."""
        return 0x80 | (2 if self.volume and self.volume.model.number == 70 else 1)


class Disk3350(_Drive3830):
    """3350 direct access storage: 555 cylinders of 30 tracks, 19069 bytes each."""

    model: ClassVar[str] = "3350"


DRIVES = {drive.model: drive for drive in (Disk2311, Disk2314, Disk3330, Disk3340, Disk3350)}
"""The drives by machine type."""


def drive_for(volume: DiskImage, address: int = 0) -> DiskDrive:
    """A drive of the volume's type with the volume on it."""
    return DRIVES[volume.model.name](volume, address)
