"""Names of files to complete a line with: those that begin as what is typed, and no others are looked at."""

from collections.abc import Iterable
from pathlib import Path

_MOST = 200
"""Names of one directory that are offered."""


def file_names(text: str) -> Iterable[str]:
    """Paths for the end of an operand's text; a name with blanks gets quotation marks.

    What is offered takes the place of what follows the last blank typed, so of a name that is begun in quotation marks
    only the rest is offered.
    """
    typed, quoted = _begun(text)
    start, _, begun = typed.rpartition("/")
    directory = Path(f"{start}/" if "/" in typed else ".").expanduser()
    prefix = f"{start}/" if "/" in typed else ""
    cut = len(typed.rpartition(" ")[0]) + 1 if " " in typed else 0
    for name, is_directory in _entries(directory, begun):
        path = f"{prefix}{name}{'/' if is_directory else ''}"
        if quoted:
            whole = path if is_directory else f'{path}"'
            yield f"{whole[cut:] if cut else chr(34) + whole}\t{'a directory' if is_directory else 'a file'}"
        else:
            word = f'"{path}{"" if is_directory else chr(34)}' if " " in path else path
            yield f"{word}\t{'a directory' if is_directory else 'a file'}"


def _begun(text: str) -> tuple[str, bool]:
    """What is typed of the last name, and whether it is in quotation marks."""
    if text.count('"') % 2:
        return text.rpartition('"')[2], True
    return text.rpartition(" ")[2], False


def _entries(directory: Path, begun: str) -> list[tuple[str, bool]]:
    """Names in a directory that begin so, in order; those that begin with a full stop only when asked for."""
    try:
        found = [entry for entry in directory.iterdir() if entry.name.startswith(begun)]
        shown = sorted(entry.name for entry in found if begun.startswith(".") or not entry.name.startswith("."))
        return [(name, (directory / name).is_dir()) for name in shown[:_MOST]]
    except (OSError, ValueError):
        return []
