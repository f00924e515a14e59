"""The recording as one row of marks, with the place where the machine is now."""

from edu_hv.debugger.views import TimelineView
from edu_hv_tui.text.rows import Row, Span, fit, row

HEAD, PIN = "time", "'"
LEGEND = "s supervisor  . problem  T trap  i interruption  C CP  w wait  u you  ' mark"


def timeline_width(width: int) -> int:
    """Columns for marks in a row of `width` columns: what the words around them leave."""
    return max(10, width - len("time ||") - len(" 9999999 "))


def timeline_row(view: TimelineView, width: int) -> Row:
    """The character of the current step itself becomes `>`, as nothing may move; that of a moment with a name `'`."""
    special: dict[int, Span] = {pin.index: (PIN, "key") for pin in view.pins}
    special[view.position] = (">", "cursor")
    spans, done = list[Span](), 0
    for at in sorted(at for at in special if 0 <= at < len(view.marks)):
        spans += [(view.marks[done:at], "quiet"), special[at]]
        done = at + 1
    shown = row(*spans, (view.marks[done:], "quiet"))
    return fit(row((HEAD, "heading"), ("|", "border"), *shown, ("|", "border"), f" {view.step}"), width)


def step_under(view: TimelineView, column: int) -> int | None:
    """The first step that the character in a column of the row stands for."""
    at = column - len(HEAD) - 1
    return min(view.first + at * view.bucket, view.total) if 0 <= at < len(view.marks) else None


def timeline_line(view: TimelineView) -> str:
    """What of the recording the row shows."""
    each = "one step" if view.bucket == 1 else f"{view.bucket:,} steps"
    return f"the timeline shows steps {view.first:,} to {view.last:,} of {view.total:,}, {each} a character"
