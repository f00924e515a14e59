"""A reel of tape, and the files it comes from and goes to: AWS, HET and SIMH's format.

Which of them a file is in is seen from what is in it, whatever its name.  Read next: `tape`, the drives.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum

from edu_hv.devices.tape_aws import BZIP2, HEADER, UNCOMPRESSED, ZLIB, aws_image, looks_like_aws, read_aws
from edu_hv.devices.tape_blocks import Block, Recording
from edu_hv.devices.tape_tap import read_tap, tap_image
from edu_hv.isa.errors import UserError

FULL_REEL = 2_400 * 12 * 1_600
"""Bytes from the load point to the reflector near the end: 2400 feet at 1600 bytes per inch, gaps not counted."""


class TapeFormat(Enum):
    """A file format of tape images."""

    AWS = "aws"
    HET = "het"
    """Compressed by zlib."""
    HET_BZIP2 = "het-bzip2"
    TAP = "tap"


_METHODS = {TapeFormat.AWS: UNCOMPRESSED, TapeFormat.HET: ZLIB, TapeFormat.HET_BZIP2: BZIP2}
_FORMATS = {method: tape_format for tape_format, method in _METHODS.items()}


@dataclass(frozen=True)
class Tape:
    """A reel of tape as it is now.  It never changes: writing makes another, which shares what is the same."""

    name: str
    blocks: Recording
    format: TapeFormat = TapeFormat.AWS
    """The format it came in, and is given back in."""
    write_enabled: bool = False
    """Whether the ring is in the reel.  Without it the tape is file protected."""
    capacity: int = FULL_REEL
    """Bytes of tape, gaps between blocks included, from the load point to the reflector that marks the end."""

    @classmethod
    def from_bytes(cls, data: bytes, name: str) -> "Tape":
        """The tape in an image, file protected.  Raises UserError, with the offset, for a damaged or truncated one."""
        return read_tape(data, name)

    @classmethod
    def of(cls, name: str, blocks: Iterable[Block], tape_format: TapeFormat = TapeFormat.AWS) -> "Tape":
        """A tape with these blocks, file protected."""
        return cls(name, Recording.of(blocks), tape_format)

    def with_ring(self, write_enabled: bool = True) -> "Tape":
        """The same reel, with the ring put in or taken out."""
        return replace(self, write_enabled=write_enabled)

    def recorded(self, at: int, block: Block) -> "Tape":
        """The tape after a block was written behind the first `at` ones, which erases the rest."""
        return replace(self, blocks=self.blocks.recorded(at, block))

    def image(self) -> bytes:
        """The file, in the format the tape came in."""
        return write_image(self, self.format)


def read_tape(data: bytes, name: str) -> Tape:
    """The tape in an image of any format.  Raises UserError, with the offset, for a damaged or truncated one."""
    if not data:
        expected = f"expected a block header of {HEADER} bytes at its start"
        raise UserError(f"tape image {name} is empty: {expected}; a blank tape is attached with the option new")
    first, second = (_read_aws, _read_tap) if looks_like_aws(data) else (_read_tap, _read_aws)
    try:
        return first(data, name)
    except UserError:
        try:
            return second(data, name)
        except UserError:
            pass
        raise


def write_image(tape: Tape, tape_format: TapeFormat) -> bytes:
    """The tape as a file of that format."""
    if tape_format is TapeFormat.TAP:
        return tap_image(tape.blocks)
    return aws_image(tape.blocks, method=_METHODS[tape_format])


def blank_tape(name: str, tape_format: TapeFormat = TapeFormat.AWS, capacity: int = FULL_REEL) -> Tape:
    """A new reel with nothing on it, and with its ring."""
    return Tape(name, Recording.of(()), tape_format, write_enabled=True, capacity=capacity)


def _read_aws(data: bytes, name: str) -> Tape:
    blocks, method = read_aws(data, name)
    return Tape.of(name, blocks, _FORMATS[method])


def _read_tap(data: bytes, name: str) -> Tape:
    return Tape.of(name, read_tap(data, name), TapeFormat.TAP)
