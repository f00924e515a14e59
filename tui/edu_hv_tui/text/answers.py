"""What a command answered, for the commands pane: in fewer words where another pane shows it better."""

from collections.abc import Sequence

from edu_hv.debugger.text import as_lines
from edu_hv.debugger.views import BreakpointsView, LessonView, StopView, TextView, TimelineView, View
from edu_hv_tui.text.console import breakpoints_line, stop_line
from edu_hv_tui.text.timeline import timeline_line

FROM_THE_LESSON = "lesson"
"""Title of what the lesson says by itself; shown without it."""


def answer_lines(line: str, view: View, width: int) -> Sequence[str]:
    """The lines for a view that a command line returned; not all of them are broken to `width` columns."""
    match view:
        case StopView():
            return [stop_line(view)]
        case LessonView():
            return [f"lesson {view.number}: {view.title} (pane 5)"]
        case BreakpointsView():
            return [breakpoints_line(view)]
        case TimelineView() if "zoom" in line.split():
            return [timeline_line(view)]
        case _:
            return view.lines if from_the_lesson(view) and isinstance(view, TextView) else as_lines(view, width)


def from_the_lesson(view: View) -> bool:
    """Whether the lesson says it by itself."""
    return isinstance(view, TextView) and view.title == FROM_THE_LESSON
