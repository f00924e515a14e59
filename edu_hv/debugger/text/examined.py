"""Text of storage and values in a format."""

from edu_hv.debugger.examining import ExaminedView, ValueView
from edu_hv.debugger.text.lines import lines_of, wrap


@lines_of.register
def _examined(view: ExaminedView, width: int) -> list[str]:
    """An address, the label there, and the values."""
    places = [f"{row.address:06X}{f' <{row.label}>' if row.label else ''}:" for row in view.rows]
    column = min(max(len(place) for place in places), width // 2)
    return [
        line
        for place, row in zip(places, view.rows, strict=True)
        for line in wrap(" ".join(row.values), width, f"{place:<{column}} ")
    ]


@lines_of.register
def _value(view: ValueView, width: int) -> list[str]:
    """The expression and its value; in front the number of one that is displayed at every stop."""
    number = f"{view.number} " if view.number else ""
    return wrap(f"{number}{view.expression}: {view.words}", width, "", "  ")
