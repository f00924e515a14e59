"""A word that stays."""

from collections.abc import Sequence

from edu_hv_tui.text.rows import Row, row
from edu_hv_tui.widgets.rows import Rows


class Label(Rows):
    """One row of text, given once."""

    def __init__(self, text: str, *, id: str) -> None:
        super().__init__(id=id)
        self._text = text

    def make_rows(self, width: int, height: int) -> Sequence[Row]:
        return [row((self._text, "heading"))]
