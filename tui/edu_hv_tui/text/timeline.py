"""The recording as one row of marks, with the place where the machine is now."""

from edu_hv.debugger.views import TimelineView
from edu_hv_tui.text.rows import Row, fit, row

LEGEND = "s supervisor  . problem  T trap  i interruption  C CP  w wait  u you"


def timeline_width(width: int) -> int:
    """Columns for marks in a row of `width` columns: what the words around them leave."""
    return max(10, width - len("time ||") - len(" 9999999 "))


def timeline_row(view: TimelineView, width: int) -> Row:
    """`|>|` would move the marks, so the mark of the current step itself becomes `>`."""
    marks, at = view.marks, view.position
    if 0 <= at < len(marks):
        shown = row((marks[:at], "quiet"), (">", "cursor"), (marks[at + 1 :], "quiet"))
    else:
        shown = row((marks, "quiet"))
    return fit(row(("time", "heading"), ("|", "border"), *shown, ("|", "border"), f" {view.step}"), width)
