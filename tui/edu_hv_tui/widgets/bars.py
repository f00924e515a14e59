"""The rows without a frame: status, timeline, footer, and the notice in a terminal that is too small."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from textual import events
from textual.message import Message

from edu_hv.debugger.views import StatusView, TimelineView
from edu_hv_tui.keys import footer_rows
from edu_hv_tui.text.notice import notice_rows
from edu_hv_tui.text.rows import Row
from edu_hv_tui.text.status import status_row
from edu_hv_tui.text.timeline import step_under, timeline_row
from edu_hv_tui.widgets.rows import Rows


class StatusRow(Rows):
    """The top row."""

    ground = "bar"

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.view: StatusView | None = None
        self.lesson = ""
        self.running = False

    def show(self, view: StatusView, lesson: str) -> None:
        """A new state of the machine."""
        self.view, self.lesson = view, lesson
        self.update_rows()

    def show_running(self, running: bool, step: int | None = None) -> None:
        """A long command has begun, has come to a step, or has ended."""
        self.running = running
        if self.view and step is not None:
            self.view = replace(self.view, step=step, total=max(step, self.view.total))
        self.update_rows()

    def make_rows(self, width: int, height: int) -> Sequence[Row]:
        return [status_row(self.view, width, self.lesson, self.running)] if self.view else []


class TimelineRow(Rows):
    """The recording in one row."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.view: TimelineView | None = None

    @dataclass
    class Chosen(Message):
        """A place in the row was clicked."""

        step: int

    def on_click(self, event: events.Click) -> None:
        step = step_under(self.view, event.x) if self.view else None
        if step is not None:
            self.post_message(self.Chosen(step))

    def show(self, view: TimelineView) -> None:
        """A new place in the recording."""
        self.view = view
        self.update_rows()

    def make_rows(self, width: int, height: int) -> Sequence[Row]:
        return [timeline_row(self.view, width)] if self.view else []


class Footer(Rows):
    """Keys that can be pressed now."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.typing = False
        self.running = False
        self.typed = ""

    def show(self, *, typing: bool | None = None, running: bool | None = None, typed: str = "") -> None:
        """What the keys mean has changed, or a guest has typed a line where it is not in sight."""
        self.typing = self.typing if typing is None else typing
        self.running = self.running if running is None else running
        self.typed = typed
        self.update_rows()

    def make_rows(self, width: int, height: int) -> Sequence[Row]:
        return footer_rows(width, height, self.typing, self.running, self.typed)


class Notice(Rows):
    """Stands in for everything when the terminal is too small."""

    def make_rows(self, width: int, height: int) -> Sequence[Row]:
        return notice_rows(self.app.size.width, self.app.size.height)
