"""The commands of a disk's control unit: codes, the file mask, and what must precede a command in its chain.

GA26-1592 "Commands"; A26-5988 "2841 Commands".  Read next: `disk`.
"""

from collections.abc import Mapping
from enum import Enum, IntEnum, auto
from typing import NamedTuple

MULTI_TRACK = 0x80
"""Command bit 0: at the index go on with the next head."""
EQUAL, HIGH = 0x20, 0x40
"""Bits of a search command: what satisfies it."""

INHIBIT_FIRST_RECORDS, INHIBIT_WRITE, INHIBIT_FORMAT, PERMIT_WRITE = 0x00, 0x40, 0x80, 0xC0
WRITE_CONTROL = 0xC0
"""File mask bits 0-1: no home address and record zero; nothing; no format writes; anything may be written."""
PERMIT_SEEKS, PERMIT_CYLINDER_SEEKS, PERMIT_HEAD_SEEKS, INHIBIT_SEEKS = 0x00, 0x08, 0x10, 0x18
SEEK_CONTROL = 0x18
"""File mask bits 3-4: SEEK; SEEK CYLINDER; SEEK HEAD and multi-track at most; none of them."""

ADDRESS_LENGTH = 6
"""BBCCHH."""
ANY_SECTOR = 0xFF


class Command(IntEnum):
    """Command codes without the multi-track bit."""

    READ_IPL = 0x02
    READ_DATA = 0x06
    READ_KEY_DATA = 0x0E
    READ_COUNT = 0x12
    READ_RECORD_ZERO = 0x16
    READ_HOME_ADDRESS = 0x1A
    READ_COUNT_KEY_DATA = 0x1E
    READ_SECTOR = 0x22
    READ_BUFFERED_LOG = 0xA4
    SEEK = 0x07
    SEEK_CYLINDER = 0x0B
    SPACE_COUNT = 0x0F
    RECALIBRATE = 0x13
    RESTORE = 0x17
    SEEK_HEAD = 0x1B
    SET_FILE_MASK = 0x1F
    SET_SECTOR = 0x23
    SEARCH_HOME_ADDRESS = 0x39
    SEARCH_ID_EQUAL = 0x31
    SEARCH_ID_HIGH = 0x51
    SEARCH_ID_EQUAL_HIGH = 0x71
    SEARCH_KEY_EQUAL = 0x29
    SEARCH_KEY_HIGH = 0x49
    SEARCH_KEY_EQUAL_HIGH = 0x69
    WRITE_SPECIAL = 0x01
    WRITE_DATA = 0x05
    WRITE_KEY_DATA = 0x0D
    ERASE = 0x11
    WRITE_RECORD_ZERO = 0x15
    WRITE_HOME_ADDRESS = 0x19
    WRITE_COUNT_KEY_DATA = 0x1D
    RELEASE = 0x94
    RESERVE = 0xB4


class Area(IntEnum):
    """What of the current record has passed under the head; DATA of record -1 is the home address."""

    COUNT = 1
    KEY = 2
    DATA = 3


class Found(Enum):
    """What the last command of a chain has found or written, in full, so that a write command may follow."""

    NOTHING = auto()
    HOME_ADDRESS = auto()
    ANOTHER_HOME_ADDRESS = auto()
    """A search for a home address has failed."""
    IDENTIFIER = auto()
    KEY = auto()
    FORMATTED = auto()


class WriteRule(NamedTuple):
    """When a write command is accepted."""

    after: frozenset[Found]
    masks: frozenset[int]
    areas: frozenset[Area] = frozenset(Area)


RECORD_FOUND = frozenset({Found.IDENTIFIER, Found.KEY})
_FORMAT_RULE = WriteRule(RECORD_FOUND | {Found.FORMATTED}, frozenset({INHIBIT_FIRST_RECORDS, PERMIT_WRITE}))
_UPDATE_MASKS = frozenset({INHIBIT_FIRST_RECORDS, INHIBIT_FORMAT, PERMIT_WRITE})
WRITE_RULES: Mapping[int, WriteRule] = {
    Command.WRITE_HOME_ADDRESS: WriteRule(frozenset(Found), frozenset({PERMIT_WRITE})),
    Command.WRITE_RECORD_ZERO: WriteRule(frozenset({Found.HOME_ADDRESS}), frozenset({PERMIT_WRITE})),
    Command.WRITE_COUNT_KEY_DATA: _FORMAT_RULE,
    Command.WRITE_SPECIAL: _FORMAT_RULE,
    Command.ERASE: _FORMAT_RULE,
    Command.WRITE_DATA: WriteRule(RECORD_FOUND, _UPDATE_MASKS, frozenset({Area.COUNT, Area.KEY})),
    Command.WRITE_KEY_DATA: WriteRule(frozenset({Found.IDENTIFIER}), _UPDATE_MASKS, frozenset({Area.COUNT})),
}
"""GA26-1592 "Write Commands": the command that must precede, and the file mask."""
STILL_FOUND: Mapping[int, frozenset[Found]] = {
    Command.READ_DATA: RECORD_FOUND,
    Command.WRITE_DATA: RECORD_FOUND,
    Command.READ_KEY_DATA: frozenset({Found.IDENTIFIER}),
    Command.WRITE_KEY_DATA: frozenset({Found.IDENTIFIER}),
    Command.SEARCH_HOME_ADDRESS: frozenset({Found.ANOTHER_HOME_ADDRESS}),
}
"""What may stand between a search and a format write."""
MASK_FIRST = frozenset({Command.SET_FILE_MASK, Command.READ_IPL, Command.RESERVE, Command.RELEASE})
"""Refused when a SET FILE MASK precedes them in the chain."""
SEEK_PERMITTED: Mapping[int, frozenset[int]] = {
    Command.SEEK: frozenset({PERMIT_SEEKS}),
    Command.RECALIBRATE: frozenset({PERMIT_SEEKS}),
    Command.SEEK_CYLINDER: frozenset({PERMIT_SEEKS, PERMIT_CYLINDER_SEEKS}),
    Command.SEEK_HEAD: frozenset({PERMIT_SEEKS, PERMIT_CYLINDER_SEEKS, PERMIT_HEAD_SEEKS}),
}
COUNTS_INDEX = frozenset({Command.READ_COUNT, Command.READ_SECTOR, 0x31, 0x51, 0x71, 0x29, 0x49, 0x69})
"""Single-track commands between which index points are counted: they read neither home address nor data."""
NO_WAY = frozenset({Command.RESERVE, Command.RELEASE, Command.READ_SECTOR, Command.READ_BUFFERED_LOG})
"""These wait for nothing on the disk."""
