"""Where everything is in the linear memory that compiled code works in.

The state area holds what one call of compiled code takes and gives back.  The storage of the machine comes last, so
that the addresses do not depend on its size.
"""

import struct

from edu_hv.isa.formats import instruction_length
from edu_hv.machine.cpu import BLOCKS, MAP_SLOTS
from edu_hv.machine.storage import LINE_SHIFT, MAXIMUM

PAGE = 65536
"""Bytes in a page of WebAssembly memory."""

REGISTERS = 0
"""16 words."""
ADDRESS = 64
"""Instruction address, a word."""
CODE = 68
"""Condition code, a word."""
PROGRAM_MASK = 72
"""A word."""
REASON = 76
"""Why compiled code returned, a word: `Reason`."""
BUDGET = 80
"""Instructions left, 64 bits."""
FETCH_MAP = 88
"""Address of the fetch map in use, a word."""
STORE_MAP = 92
"""Address of the store map in use, a word."""
THRESHOLD = 96
"""After so many branches to a place it is hot, a word."""
STOPPING = 100
"""Not zero: look at every instruction for the mark of a stop, a word."""
PLACE = 104
"""Absolute address of a place that has become hot, a word."""
FLOATING_REGISTERS = 112
"""4 doublewords."""
WATCHED = 144
"""The first of the watched bytes of storage, and the one behind the last, two words."""
STATE = struct.Struct("<16I4Iq5I4x4Q")
"""The state area from REGISTERS to FLOATING_REGISTERS."""

LENGTHS = 256
"""Instruction length by first byte, 256 bytes."""
MAPS = PAGE
"""The slots of access maps: for each the fetch map and the store map."""
MAP = 4 * BLOCKS
LINES = MAPS + 2 * MAP * MAP_SLOTS
"""The flags of lines."""
PLACES = LINES + (MAXIMUM >> LINE_SHIFT)
"""A halfword for each halfword of storage: how often it was branched to, or FIRST_REGION plus the region there."""
STORAGE = PLACES + MAXIMUM
"""Main storage."""

FIRST_REGION = 0x8000
STOP = 0x7FFF
"""In place of a count: compiled code stops here."""

LENGTH_TABLE = bytes(instruction_length(first) for first in range(256))


def pages(size: int) -> int:
    """Pages of memory for a machine with `size` bytes of storage, and a little room behind for reading ahead."""
    return (STORAGE + size) // PAGE + 1
