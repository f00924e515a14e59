"""The registers pane: general registers in two columns, the condition code, control registers guest / real / why."""

from itertools import zip_longest

from edu_hv.debugger.views import RegistersView, RegisterValue
from edu_hv_tui.text.compared import compared_rows
from edu_hv_tui.text.rows import Row, row

LEGEND = "*written <read"


def registers_rows(
    view: RegistersView, width: int, height: int, only_differing: bool = False, pointed: str = ""
) -> list[Row]:
    """All rows; the pane shows the first `height` and scrolls to the rest.  `pointed`: what is under the cursor."""
    half = (len(view.general) + 1) // 2
    cells = [_cell(register, pointed) for register in view.general]
    rows = [row(*left, ("  ", "text"), *right) for left, right in zip_longest(cells[:half], cells[half:], fillvalue=())]
    if height > half:
        rows.append(row((view.condition_code, "heading")))
    control = [value for value in view.control if value.differs or not only_differing]
    if control and height > half + 2:
        rows += compared_rows(control, width, header=True, pointed=pointed)
    elif control:
        rows += [row(), *compared_rows(control, width, header=True, pointed=pointed)]
    if only_differing and not control:
        rows.append(row(("control registers: all the same", "quiet")))
    return rows


def _cell(register: RegisterValue, pointed: str) -> Row:
    mark = "*" if register.changed else "<" if register.read else " "
    role = "written" if register.changed else "read" if register.read else "text"
    name = "cursor" if register.name == pointed else "quiet"
    return row((f"{register.name:<4}", name), (f"{mark}{register.value}", role))
