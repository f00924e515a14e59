"""Values as the guest sees them, as they are in the machine, and why they differ: the columns of panes 2 and 4."""

from collections.abc import Sequence

from edu_hv.debugger.views import ComparedValue
from edu_hv_tui.text.rows import Row, row, wrap

NARROW = 50
"""Columns up to which every blank counts."""

SHORT = {"program mask": "prog mask", "machine check": "mach check"}


def compared_rows(values: Sequence[ComparedValue], width: int, header: bool, wrapped: bool = False) -> list[Row]:
    """Four columns.  `*` follows what the last step changed.  With `wrapped`, a long reason takes more rows."""
    name, guest, real = _widths(values, header, gap=1 if width < NARROW else 2)
    rows = []
    if header:
        rows.append(row((f"{'':{name}}{'GUEST':<{guest}}{'REAL':<{real}}WHY", "quiet")))
    for value in values:
        rows += _rows(value, (name, guest, real), width, wrapped)
    return rows


def _widths(values: Sequence[ComparedValue], header: bool, gap: int) -> tuple[int, int, int]:
    name = max((len(_name(value)) for value in values), default=3) + 1
    guest = max([len("GUEST" * header), *(len(value.guest + _mark(value.changed)) for value in values)])
    real = max([len("REAL" * header), *(len(value.real + _mark(value.real_changed)) for value in values)])
    return name, guest + gap, real + gap


def _name(value: ComparedValue) -> str:
    return SHORT.get(value.name, value.name)


def _rows(value: ComparedValue, widths: tuple[int, int, int], width: int, wrapped: bool) -> list[Row]:
    name, guest, real = widths
    left = row(
        (f"{_name(value):<{name}}", "quiet"),
        (f"{value.guest + _mark(value.changed):<{guest}}", "written" if value.changed else "guest"),
        (f"{value.real + _mark(value.real_changed):<{real}}", "written" if value.real_changed else "real"),
    )
    why = value.why or ("differs" if value.differs else "same")
    role = "differs" if value.differs else "quiet"
    room = width - name - guest - real
    if not wrapped or len(why) <= room or room < 12:
        return [row(*left, (why, role))]
    first, *more = wrap([(why, role)], room)
    return [row(*left, *first), *(row((" " * (width - room), "text"), *line) for line in more)]


def _mark(changed: bool) -> str:
    return " *" if changed else ""
