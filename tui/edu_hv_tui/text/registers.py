"""The registers pane: general registers in two columns, the condition code, control registers guest / real / why."""

from edu_hv.debugger.views import RegistersView, RegisterValue
from edu_hv_tui.text.compared import compared_rows
from edu_hv_tui.text.rows import Row, row

LEGEND = "*written <read"


def registers_rows(view: RegistersView, width: int, height: int, only_differing: bool = False) -> list[Row]:
    """All rows; the pane shows the first `height` and scrolls to the rest."""
    half = (len(view.general) + 1) // 2
    rows = [
        row(*_cell(left), ("  ", "text"), *(_cell(view.general[i + half]) if i + half < len(view.general) else ()))
        for i, left in enumerate(view.general[:half])
    ]
    if height > half:
        rows.append(row((view.condition_code, "heading")))
    control = [value for value in view.control if value.differs or not only_differing]
    if control and height > half + 2:
        rows += compared_rows(control, width, header=True)
    elif control:
        rows += [row(), *compared_rows(control, width, header=True)]
    if only_differing and not control:
        rows.append(row(("control registers: all the same", "quiet")))
    return rows


def _cell(register: RegisterValue) -> Row:
    mark = "*" if register.changed else "<" if register.read else " "
    role = "written" if register.changed else "read" if register.read else "text"
    return row((f"{register.name:<4}", "quiet"), (f"{mark}{register.value}", role))
