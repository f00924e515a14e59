"""The base of all we paint: fixed rows, each painted only when its text or roles changed.

A widget that is shown a new view makes all its rows anew (cheap: tuples), compares them with those on the screen, and
asks Textual to paint the rows that differ.  Nothing in that path looks up widgets, changes styles or asks for a layout.
"""

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from edu_hv_tui.text.rows import ROLES, Row, fit


class Rows(Widget):
    """Rows of spans.  A subclass says what they are in `make_rows`."""

    COMPONENT_CLASSES = {f"role--{role}" for role in ROLES}
    ALLOW_SELECT = False
    ground = "text"
    """The role of blanks that fill a row."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._shown: list[Row] = []
        self._strips: dict[Row, Strip] = {}
        self._role_styles: dict[str, Style] = {}
        self.painted = 0
        """Rows painted since the start, for the tests that count them."""

    def make_rows(self, width: int, height: int) -> Sequence[Row]:
        """The rows to show now, at most `height`."""
        raise NotImplementedError

    def update_rows(self) -> None:
        """Ask for painting of the rows that changed."""
        width, height = self.size
        if not width or not height:
            return
        rows = [fit(line, width, self.ground) for line in self.make_rows(width, height)[:height]]
        rows += [fit((), width, self.ground)] * (height - len(rows))
        old, self._shown = self._shown, rows
        if len(old) != height:
            self.refresh()
        else:
            changed = [Region(0, y, width, 1) for y in range(height) if rows[y] != old[y]]
            if changed:
                self.refresh(*changed)

    def render_line(self, y: int) -> Strip:
        """One row, from the cache where it was painted before."""
        self.painted += 1
        line = self._shown[y] if y < len(self._shown) else fit((), self.size.width, self.ground)
        strip = self._strips.get(line)
        if strip is None:
            if len(self._strips) > 2000:
                self._strips.clear()
            strip = Strip([Segment(text, self._style(role)) for text, role in line], self.size.width)
            self._strips[line] = strip
        return strip

    def _style(self, role: str) -> Style:
        if role not in self._role_styles:
            self._role_styles[role] = self.get_component_rich_style(f"role--{role}")
        return self._role_styles[role]

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._role_styles.clear()
        self._strips.clear()

    def on_resize(self, event: events.Resize) -> None:
        self._shown = []
        self._strips.clear()
        self.update_rows()
