"""Pane 5: the lesson.  The page scrolls; where there is room, the goals stay in sight below it, or the current one.

When a goal is reached, the page turns to the paragraph about the next one.
"""

from collections.abc import Sequence

from edu_hv.debugger.views import LessonView
from edu_hv_tui.text.lesson import (
    all_done,
    current_goal,
    current_goal_rows,
    done,
    goal_rows,
    lesson_rows,
    lesson_title,
    moved_row,
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
    further = True
    """There is a lesson after this one."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._laid_out = 0
        """Columns for which `scrolled` counts rows."""
        self._turn = False
        """The page is to be turned to the paragraph about the current goal as soon as it is drawn."""
        self._to_end = False
        """It is to be turned to the goals."""

    def show(self, view: LessonView | None) -> None:
        if view and (self.view is None or self._place(view) != self._place(self.view)):
            same = self.view is not None and view.name == self.view.name
            self._to_end = same and all_done(view)
            self._turn = not self._to_end
        super().show(view)

    @staticmethod
    def _place(view: LessonView) -> tuple[str, int, bool]:
        """What the student is at: a lesson and its goal."""
        return view.name, current_goal(view), all_done(view)

    def title(self) -> str:
        return lesson_title(self.view)

    def note(self) -> str:
        if self.view is None:
            return ""
        goals = f"goals {done(self.view)}/{len(self.view.goals)}"
        return goals if self.has_class("-alone") else f"{goals}  z zooms"

    def content(self, view: LessonView, width: int, height: int) -> Sequence[Row]:
        self._turn_page(view, width)
        return lesson_rows(view, width, self.further)

    def _turn_page(self, view: LessonView, width: int) -> None:
        """Only now are the columns known: a pane out of sight has none."""
        if self._turn:
            self.scrolled = paragraph_row(view, current_goal(view), width)
        elif self._to_end:
            self.scrolled = len(lesson_rows(view, width))
        elif self._laid_out and self._laid_out != width:
            self.scrolled = moved_row(view.page, self.scrolled, self._laid_out, width)
        self._turn = self._to_end = False
        self._laid_out = width

    def to_goals(self) -> None:
        """Scroll to the goals."""
        self._turn, self._to_end = False, True
        self.update_rows()

    def _window(self, rows: Sequence[Row], room: int) -> tuple[Sequence[Row], str]:
        width = max(1, self.size.width - 2)
        if self.view is None or room < PINNED_FROM or len(rows) <= room:
            return super()._window(rows, room)
        goals = goal_rows(self.view, width, self.further)
        if len(goals) > room // 2:
            goals = current_goal_rows(self.view, width, self.further)
            visible, where = super()._window(rows, room - len(goals) - 1)
        else:
            visible, where = super()._window(page_rows(self.view.page, width), room - len(goals) - 1)
        blank = [row()] * (room - len(goals) - len(visible))
        return [*visible, *blank, *goals], where.replace("rows ", "")
