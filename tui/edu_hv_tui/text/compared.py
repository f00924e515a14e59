"""Values as the guest sees them, as they are in the machine, and why they differ: the columns of panes 2 and 4."""

from collections.abc import Sequence

from edu_hv.debugger.views import ComparedValue
from edu_hv_tui.text.rows import Row, length, row, wrap

NARROW = 54
"""Columns up to which every blank counts."""

SHORT = {"program mask": "pmask", "machine check": "mchk", "external": "ext", "address": "addr"}
"""Names for narrow panes."""

SHORT_VALUE = 4
"""In a narrow pane longer values than this do not widen their column: in their row they push the reason aside."""


def compared_rows(
    values: Sequence[ComparedValue], width: int, header: bool, wrapped: bool = False, pointed: str = ""
) -> list[Row]:
    """Four columns.  `*` follows what the last step changed.  With `wrapped`, a long reason takes more rows, once.

    `pointed`: the name that is under the cursor.
    """
    if width < NARROW:
        cells = [_cells(value, "*", " ", SHORT.get(value.name, value.name)) for value in values]
    else:
        cells = [_cells(value, " *", "", value.name) for value in values]
    name, guest, real = _narrow(values, header) if width < NARROW else _wide(cells, header)
    rows = [row((f"{'':{name}}{'GUEST':<{guest}}{'REAL':<{real}}WHY", "quiet"))] if header else []
    told: set[str] = set()
    for value, texts in zip(values, cells, strict=True):
        found = _rows(value, texts, (name, guest, real), width, wrapped and value.why not in told)
        rows += [_marked(found[0], name - 1), *found[1:]] if value.name == pointed else found
        told.add(value.why)
    return rows


def _marked(line: Row, columns: int) -> Row:
    """The row with its name, which takes so many columns, under the cursor."""
    (name, role), *rest = line
    return row((name[:columns], "cursor"), (name[columns:], role), *rest)


def _wide(cells: Sequence[tuple[str, str, str]], header: bool) -> tuple[int, int, int]:
    heads = ("", "GUEST", "REAL") if header else ("", "", "")
    name, guest, real = (max(map(len, column)) for column in zip(heads, *cells, strict=True))
    return name + 1, guest + 2, real + 2


def _narrow(values: Sequence[ComparedValue], header: bool) -> tuple[int, int, int]:
    """The column of the marks is the gap between the columns, so that the reasons have the room."""
    name = max(len(SHORT.get(value.name, value.name)) for value in values)
    texts = [text for value in values for text in (value.guest, value.real)]
    size = SHORT_VALUE if any(len(text) <= SHORT_VALUE for text in texts) else max(map(len, texts))
    return name + 1, max(size, len("GUEST") * header) + 1, size + 2


def _cells(value: ComparedValue, mark: str, none: str, name: str) -> tuple[str, str, str]:
    guest, real = mark if value.changed else none, mark if value.real_changed else none
    return name, value.guest + guest, value.real + real


def _rows(
    value: ComparedValue, texts: tuple[str, str, str], widths: tuple[int, int, int], width: int, wrapped: bool
) -> list[Row]:
    roles = ("quiet", "written" if value.changed else "guest", "written" if value.real_changed else "real")
    texts = texts[0], texts[1], texts[2].ljust(widths[2] - 1) + " "
    left = row(*((f"{text:<{size}}", role) for text, size, role in zip(texts, widths, roles, strict=True)))
    why = value.why or ("differs" if value.differs else "same")
    role = "differs" if value.differs else "quiet"
    room = width - length(left)
    if not wrapped or len(why) <= room or room < 12:
        return [row(*left, (why, role))]
    first, *more = wrap([(why, role)], room)
    return [row(*left, *first), *(row((" " * (width - room), "text"), *line) for line in more)]
