"""What a disk's control unit keeps for SENSE when it ends a command with unit check.

The 2841 and the 2314 give 6 bytes (A26-5988 "Sense Information"), the 3830 and its like 24 (GA26-1592 "Sense Bytes"),
where byte 7 has the format of bytes 8 to 23 and a message.
"""

from enum import Enum
from typing import NamedTuple

from edu_hv.isa.codes import Sense

SHORT_SENSE, LONG_SENSE = 6, 24

SEEK_CHECK = 0x01
"""Sense byte 0, 2841 only."""
DATA_CHECK_IN_COUNT, INVALID_SEQUENCE, MISSING_ADDRESS_MARKER = 0x80, 0x10, 0x02
"""Sense byte 1, 2841 only."""
TRACK_OVERRUN, END_OF_CYLINDER, NO_RECORD_FOUND, FILE_PROTECTED, OVERFLOW_INCOMPLETE = 0x40, 0x20, 0x08, 0x04, 0x01
"""Sense byte 1 of both; the 3830 calls the first invalid track format, and the last operation incomplete."""

_FORMAT_4 = 0x40
_REJECT = Sense.COMMAND_REJECT

READ_INCOMPLETE, WRITE_INCOMPLETE = 0x06, 0x05
"""What an overflow record has left incomplete."""


class _Row(NamedTuple):
    """Bytes 0 and 1 of the 2841; bytes 0, 1 and 7 of the 3830."""

    short: tuple[int, int]
    long: tuple[int, int, int]


class Failure(Enum):
    """Why a command ends with unit check."""

    INVALID_COMMAND = _Row((_REJECT, 0), (_REJECT, 0, 1))
    INVALID_SEQUENCE = _Row((_REJECT, INVALID_SEQUENCE), (_REJECT, 0, 2))
    TOO_SHORT = _Row((_REJECT | SEEK_CHECK, 0), (_REJECT, 0, 3))
    """The count is less than the command needs."""
    SEEK_ADDRESS = _Row((_REJECT | SEEK_CHECK, 0), (_REJECT, 0, 4))
    """No such cylinder or head."""
    ARGUMENT = _Row((_REJECT, 0), (_REJECT, 0, 4))
    """A file mask, sector or count that is not valid."""
    WRITE_INHIBITED = _Row((_REJECT, FILE_PROTECTED), (_REJECT, 0, 2))
    """The file mask does not permit this command to write."""
    INTERVENTION_REQUIRED = _Row((Sense.INTERVENTION_REQUIRED, 0), (Sense.INTERVENTION_REQUIRED, 0, 0))
    FILE_PROTECTED = _Row((0, FILE_PROTECTED), (0, FILE_PROTECTED, 0))
    """The file mask does not permit this seek or change of heads."""
    END_OF_CYLINDER = _Row((0, END_OF_CYLINDER), (0, END_OF_CYLINDER, 0))
    NO_RECORD_FOUND = _Row((0, NO_RECORD_FOUND), (0, NO_RECORD_FOUND, 0))
    TRACK_OVERRUN = _Row((0, TRACK_OVERRUN), (0, TRACK_OVERRUN, 0))
    HOME_ADDRESS_UNREADABLE = _Row((Sense.DATA_CHECK, MISSING_ADDRESS_MARKER), (Sense.DATA_CHECK, 0, _FORMAT_4 | 4))
    COUNT_UNREADABLE = _Row((Sense.DATA_CHECK, DATA_CHECK_IN_COUNT), (Sense.DATA_CHECK, 0, _FORMAT_4 | 1))


class Place(NamedTuple):
    """Where the drive is, for the sense bytes that say so."""

    drive: int
    """Byte 4 of the 3830: the drive's physical address."""
    cylinder: int
    head: int
    record: int
    cylinder_shift: int
    """Where in byte 6 the high bits of the cylinder begin."""
    model: int = 0
    """Byte 2 of a 3340: which data module."""


def short_sense(failure: Failure | None, drive_status: int, incomplete: int) -> bytes:
    """The 6 bytes of the 2841; `drive_status` is byte 3.  None: there was no failure.

    `incomplete`: the operation that an overflow record has left incomplete, which is byte 5, or 0.
    """
    first, second = failure.value.short if failure else (0, 0)
    end_of_cylinder = 0x04 if failure is Failure.END_OF_CYLINDER else 0
    second |= OVERFLOW_INCOMPLETE if incomplete else 0
    return bytes([first, second, 0, drive_status | end_of_cylinder, 0, incomplete])


def long_sense(failure: Failure | None, place: Place, incomplete: int) -> bytes:
    """The 24 bytes of the 3830.  None: there was no failure.  `incomplete` is byte 3, as it is byte 5 of the 2841."""
    first, second, message = failure.value.long if failure else (0, 0, 0)
    high = (place.cylinder >> 8) << place.cylinder_shift | place.head
    second |= OVERFLOW_INCOMPLETE if incomplete else 0
    cylinder = place.cylinder & 0xFF
    sense = bytes([first, second, place.model, incomplete, place.drive, cylinder, high, message])
    if message & 0xF0 == _FORMAT_4:
        sense += place.cylinder.to_bytes(2, "big") + place.head.to_bytes(2, "big") + bytes([place.record])
    return sense.ljust(LONG_SENSE, b"\0")
