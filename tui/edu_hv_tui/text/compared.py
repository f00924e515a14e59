"""Values as the guest sees them, as they are in the machine, and why they differ: the columns of panes 2 and 4."""

from collections.abc import Sequence

from edu_hv.debugger.views import ComparedValue
from edu_hv_tui.text.rows import Row, row, wrap

NARROW = 50
"""Columns up to which every blank counts."""

SHORT = {"program mask": "pgm mask", "machine check": "mach chk"}
"""Names for narrow panes."""


def compared_rows(values: Sequence[ComparedValue], width: int, header: bool, wrapped: bool = False) -> list[Row]:
    """Four columns.  `*` follows what the last step changed.  With `wrapped`, a long reason takes more rows."""
    if width < NARROW:
        cells = [_cells(value, "*", SHORT.get(value.name, value.name)) for value in values]
    else:
        cells = [_cells(value, " *", value.name) for value in values]
    heads = ("", "GUEST", "REAL") if header else ("", "", "")
    gaps = (1, 1, 1) if width < NARROW else (1, 2, 2)
    columns = zip(heads, *cells, strict=True)
    name, guest, real = (max(map(len, column)) + gap for column, gap in zip(columns, gaps, strict=True))
    rows = [row((f"{'':{name}}{'GUEST':<{guest}}{'REAL':<{real}}WHY", "quiet"))] if header else []
    for value, texts in zip(values, cells, strict=True):
        rows += _rows(value, texts, (name, guest, real), width, wrapped)
    return rows


def _cells(value: ComparedValue, mark: str, name: str) -> tuple[str, str, str]:
    return name, value.guest + mark * value.changed, value.real + mark * value.real_changed


def _rows(
    value: ComparedValue, texts: tuple[str, str, str], widths: tuple[int, int, int], width: int, wrapped: bool
) -> list[Row]:
    roles = ("quiet", "written" if value.changed else "guest", "written" if value.real_changed else "real")
    left = row(*((f"{text:<{size}}", role) for text, size, role in zip(texts, widths, roles, strict=True)))
    why = value.why or ("differs" if value.differs else "same")
    role = "differs" if value.differs else "quiet"
    room = width - sum(widths)
    if not wrapped or len(why) <= room or room < 12:
        return [row(*left, (why, role))]
    first, *more = wrap([(why, role)], room)
    return [row(*left, *first), *(row((" " * (width - room), "text"), *line) for line in more)]
