"""Files that a person names: read whole, and only what can be read to an end."""

from pathlib import Path
from stat import S_ISDIR, S_ISREG

from edu_hv.isa.errors import UserError

PROGRAM = 16 * 1024 * 1024
"""Bytes of the largest source or deck that is read."""
MEDIUM = 1024 * 1024 * 1024
"""Bytes of the largest tape or disk image that is read."""


def read_file(path: Path, most: int) -> bytes:
    """The contents.  Raises UserError for what cannot be read, is no plain file, or has more than `most` bytes."""
    try:
        found = path.stat()
        if not S_ISREG(found.st_mode) and not S_ISDIR(found.st_mode):
            raise UserError(f"{path} is not a plain file: a pipe or a device may never end; copy it to a file first")
        if found.st_size > most:
            raise UserError(f"{path} has {found.st_size:,} bytes; the largest that is read here has {most:,}")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = str(getattr(error, "strerror", None) or error).lower()
        raise UserError(f"{path} cannot be read: {reason}") from error
