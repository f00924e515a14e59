"""Names of files as a person gives them."""

from pathlib import Path

from edu_hv.isa.errors import UserError

_LONGEST = 1000


def file_path(path: Path) -> Path:
    """The path that is meant.  Raises UserError for a name that no file has."""
    if len(str(path)) > _LONGEST:
        raise UserError(f"{str(path)[:40]}... is too long for the name of a file")
    return path.expanduser()
