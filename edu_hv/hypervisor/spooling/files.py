"""What a spool file is: an SFBLOK, and page buffers that hold channel programs.  SY20-0884 "SFBLOK", "SPLINK".

A page buffer holds the data "and all CCWs necessary for operating the unit record devices" (GC20-1806): for each record
a CCW, a TIC to the next record, and the data without the blanks at their end.  The first record of a file is its tag,
under a no-operation CCW.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from edu_hv.devices.card_image import BLANK, CODE_PAGE
from edu_hv.devices.device import NO_OP
from edu_hv.hypervisor.spooling.space import PAGE, SpoolSpace
from edu_hv.isa.codes import CCWFlag
from edu_hv.machine.ccw import CCW

READER, PRINTER, PUNCH, CONSOLE = "RDR", "PRT", "PUN", "CON"
"""SFBTYPE: the device on which a file was made.  The first three are also the queues that closed files wait in."""
QUEUES = (READER, PRINTER, PUNCH)

TAG = 136
"""Bytes of the tag record."""
LINK = 16
"""Bytes of SPLINK at the start of a buffer: next buffer, buffer before, unused, number of records."""

_TIC = 0x08
_FLAGS = int(CCWFlag.CHAIN_COMMAND | CCWFlag.SUPPRESS_LENGTH_INDICATION)


@dataclass(frozen=True, slots=True)
class SFBLOK:
    """A closed spool file.  The names are those of SY20-0884 "SFBLOK"."""

    sfbfilid: int
    """Spoolid, 1 to 9900."""
    sfbuser: str
    """The user that the file belongs to."""
    sfborig: str
    """The user that made it."""
    sfbtype: str
    """The device on which it was made: RDR (real cards), PRT, PUN, CON."""
    sfbclas: str
    sfbrecno: int
    """Cards or lines: neither the tag nor paper motion alone counts."""
    sfbrecsz: int
    """Bytes of the longest record."""
    pages: tuple[int, ...]
    """Page buffers, from SFBSTART to SFBLAST."""
    created: int
    """TOD clock, 64 bits, when it was closed (SFBDATE, SFBTIME)."""
    sfbcopy: int = 1
    sfbdist: str = ""
    sfbfname: str = ""
    """Filename, or a data set name of up to 24 characters; then there is no filetype."""
    sfbftype: str = ""
    sfbuhold: bool = False
    """In user hold status: neither printed nor read until CHANGE ... NOHOLD."""
    sfbinuse: bool = False
    """Some reader has begun to read it."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record of a page buffer: the command that made it, and its data; None for paper motion alone."""

    command: int
    data: bytes | None


@lru_cache(maxsize=256)
def records(buffer: bytes) -> tuple[Record, ...]:
    """The records of a page buffer, the tag among them if it is a file's first."""
    found: list[Record] = []
    at = LINK
    for _ in range(int.from_bytes(buffer[12:LINK], "big")):
        ccw, tic = CCW.from_bytes(buffer[at : at + 8]), CCW.from_bytes(buffer[at + 8 : at + 16])
        has_data = tic.address > at + 16
        found.append(Record(ccw.command, buffer[at + 16 : at + 16 + ccw.count] if has_data else None))
        at = tic.address
    return tuple(found)


def file_records(space: SpoolSpace, pages: tuple[int, ...]) -> Iterator[Record]:
    """The records of a closed file, in order, without the tag."""
    for number, page in enumerate(pages):
        yield from records(space.read(page))[0 if number else 1 :]


def tag_of(buffer: bytes) -> str:
    """The tag in a file's first page buffer, without the blanks at its end."""
    return (records(buffer)[0].data or b"").decode(CODE_PAGE).rstrip()


def with_tag(buffer: bytes, text: str) -> bytes:
    """A file's first page buffer with another tag."""
    at = LINK + 16
    return buffer[:at] + tag_data(text) + buffer[at + TAG :]


def tag_data(text: str) -> bytes:
    """The data of a tag record; what is no EBCDIC character becomes a question mark's code."""
    return text.encode(CODE_PAGE, errors="replace")[:TAG].ljust(TAG, BLANK)


class OutputFile:
    """A file that an output device is making (VSPLCTL): the buffer it fills, and those that are full."""

    LONGEST: ClassVar[int] = 16 + 160
    """Bytes that the longest record of any device takes in a buffer, with its CCW and TIC, and a skip before it."""

    def __init__(self, space: SpoolSpace) -> None:
        """Open a file, whose first record is a blank tag.  Raises SpoolFull."""
        self._space = space
        self.pages: tuple[int, ...] = (space.take(),)
        self.records = 0
        """SFBRECNO so far."""
        self.longest = 0
        self._buffer = b""
        """What is in the buffer behind SPLINK."""
        self._last = 0
        self._count = 0
        self._put(NO_OP, tag_data(""))

    def make_room(self) -> None:
        """See that one more record will fit, whatever it is; take another page buffer if need be.  Raises SpoolFull.

        A command is refused before it moves data rather than in its middle.
        """
        if LINK + len(self._buffer) + self.LONGEST <= PAGE:
            return
        number = self._space.take()
        self._write(next_page=number)
        self.pages = (*self.pages, number)
        self._buffer, self._count = b"", 0

    def add(self, command: int, data: bytes | None = None, width: int = 0) -> None:
        """Copy a CCW and its data into the buffer, where `make_room` has seen that there is room.

        Blanks at the end are left out; a reader gives them back, up to the longest record's `width`.
        """
        self._put(command, None if data is None else data.rstrip(BLANK) or BLANK)
        self.records += data is not None
        self.longest = max(self.longest, width)

    def finish(self) -> None:
        """Write the last buffer: the file is complete."""
        self._write(next_page=0)

    def abandon(self) -> None:
        """The file is not wanted: its buffers are free again."""
        self._space.release(self.pages)

    def _put(self, command: int, data: bytes | None) -> None:
        at = LINK + len(self._buffer)
        padded = b"" if data is None else data + bytes(-len(data) % 8)
        ccw = CCW(command, at + 16, _FLAGS, 1 if data is None else len(data))
        tic = CCW(_TIC, at + 16 + len(padded), 0, 0)
        self._last = len(self._buffer)
        self._buffer += ccw.to_bytes() + tic.to_bytes() + padded
        self._count += 1

    def _write(self, next_page: int) -> None:
        """Put SPLINK before the records, and end the chain at the last of them."""
        before = self.pages[-2] if len(self.pages) > 1 else 0
        link = b"".join(word.to_bytes(4, "big") for word in (next_page, before, 0, self._count))
        ended = bytearray(self._buffer)
        ended[self._last + 4] &= ~int(CCWFlag.CHAIN_COMMAND)
        self._space.write(self.pages[-1], (link + ended).ljust(PAGE, b"\0"))

    def state(self) -> tuple[tuple[int, ...], int, int, bytes, int, int]:
        """A checkpoint; the full buffers are the spool space's."""
        return self.pages, self.records, self.longest, self._buffer, self._last, self._count

    @classmethod
    def from_state(cls, space: SpoolSpace, state: tuple[tuple[int, ...], int, int, bytes, int, int]) -> "OutputFile":
        """The file as it was at a checkpoint."""
        file = cls.__new__(cls)
        file._space = space
        file.pages, file.records, file.longest, file._buffer, file._last, file._count = state
        return file
