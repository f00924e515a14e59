"""What is said in place of the panes when the terminal is too small for them."""

from edu_hv_tui.text.rows import Row, wrap

LEAST = (80, 24)
"""Columns and rows that the panes need."""


def notice_rows(width: int, height: int) -> list[Row]:
    """One clear line; in a very narrow terminal it takes more rows."""
    needed = "{}x{}".format(*LEAST)
    words = f"this terminal is {width}x{height}; edu-hv needs {needed}: enlarge it, or run edu-hv repl"
    return wrap([(words, "text")], max(1, width))[: max(1, height)]
