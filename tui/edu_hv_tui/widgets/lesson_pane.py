"""Pane 5: the lesson.  The page scrolls; where there is room, the goals stay in sight below it, or the current one.

When a goal is reached, the page turns to the paragraph about the next one.
"""

from collections.abc import Sequence

from edu_hv.debugger.views import LessonView
from edu_hv_tui.text.lesson import (
    current_goal,
    current_goal_rows,
    done,
    goal_rows,
    lesson_rows,
    lesson_title,
    page_rows,
    paragraph_row,
)
from edu_hv_tui.text.rows import Row, row
from edu_hv_tui.widgets.pane import Pane

PINNED_FROM = 11
"""Rows inside the pane from which the goals stay in sight."""


class LessonPane(Pane[LessonView]):
    """Page, goals, hints."""

    number, name_shown = "5", "lesson"

    def show(self, view: LessonView | None) -> None:
        if view and (self.view is None or self._place(view) != self._place(self.view)):
            self.scrolled = paragraph_row(view, current_goal(view), max(1, self.size.width - 2))
        super().show(view)

    @staticmethod
    def _place(view: LessonView) -> tuple[str, int]:
        """What the student is at: a lesson and its goal."""
        return view.name, current_goal(view)

    def title(self) -> str:
        return lesson_title(self.view)

    def note(self) -> str:
        if self.view is None:
            return ""
        goals = f"goals {done(self.view)}/{len(self.view.goals)}"
        return goals if self.has_class("-alone") else f"{goals}  z zooms"

    def content(self, view: LessonView, width: int, height: int) -> Sequence[Row]:
        return lesson_rows(view, width)

    def to_goals(self) -> None:
        """Scroll to the goals."""
        self.scrolled = 0
        self.action_move(100000)

    def _window(self, rows: Sequence[Row], room: int) -> tuple[Sequence[Row], str]:
        width = max(1, self.size.width - 2)
        if self.view is None or room < PINNED_FROM or len(rows) <= room:
            return super()._window(rows, room)
        goals = goal_rows(self.view, width)
        if len(goals) > room // 2:
            goals = current_goal_rows(self.view, width)
            visible, where = super()._window(rows, room - len(goals) - 1)
        else:
            visible, where = super()._window(page_rows(self.view.page, width), room - len(goals) - 1)
        blank = [row()] * (room - len(goals) - len(visible))
        return [*visible, *blank, *goals], where.replace("rows ", "")
