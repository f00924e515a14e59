"""The lesson pane: the page, then the goals with their ticks, the hints, and the keys that go with them."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate

from edu_hv.debugger.views import GoalView, LessonView
from edu_hv_tui.text.rows import Row, Span, plain, row, wrap

ITEM = re.compile(r"([-*]|\d+\.) ")
NO_LESSON = "no lesson is open: type   : lesson 1"


def lesson_title(view: LessonView | None) -> str:
    """The title of the pane."""
    if view is None:
        return "5 lesson"
    return f"5 lesson {view.number}  {view.title}" + ("  done" if view.done else "")


def lesson_short(view: LessonView | None) -> str:
    """For the status row: "lesson 1 goals 2/3"."""
    if view is None:
        return ""
    return f"lesson {view.number} goals {done(view)}/{len(view.goals)}"


def done(view: LessonView) -> int:
    """Goals reached."""
    return sum(goal.done for goal in view.goals)


def lesson_rows(view: LessonView | None, width: int, further: bool = True) -> list[Row]:
    """Everything, from the page to the keys."""
    if view is None:
        return [row((NO_LESSON, "quiet"))]
    return [*page_rows(view.page, width), row(), *goal_rows(view, width, further)]


def goal_rows(view: LessonView, width: int, further: bool = True) -> list[Row]:
    """Goals, hints and keys: what the student looks for while working.  `further`: there is a lesson after it."""
    rows = [row((f"Goals  {done(view)} of {len(view.goals)} done", "heading"))]
    current = next((goal for goal in view.goals if not goal.done), None)
    for goal in view.goals:
        rows += _goal(goal, goal is current, width)
    for number, hint in enumerate(view.hints, 1):
        rows += wrap([(f"hint {number}: ", "heading"), *_inline(hint)], width, indent="  ")
    if all_done(view):
        rows += _end(further, width)
    keys = [("k", "key"), (" check  ", "text"), ("h", "key"), (f" hint ({view.hints_left} left)  ", "text")]
    keys += [("a", "key"), (" answer  ", "text"), ("r", "key"), (" restart  ", "text")]
    keys += [("]", "key"), (" next", "text")] if further else []
    return [*rows, *wrap(keys, width)]


def all_done(view: LessonView) -> bool:
    """Whether every goal is reached."""
    return all(goal.done for goal in view.goals)


def _end(further: bool, width: int) -> list[Row]:
    onward: list[Span] = [("  ", "text"), ("]", "key"), (" opens the next one.", "text")] if further else []
    return wrap([("Lesson done: every goal is reached.", "done"), *onward], width)


def current_goal_rows(view: LessonView, width: int, further: bool = True) -> list[Row]:
    """The goal to reach next, for where there is no room for all."""
    current = next((goal for goal in view.goals if not goal.done), None)
    if current is None:
        return _end(further, width)
    return _goal(current, True, width)


def current_goal(view: LessonView | None) -> int:
    """Number of the goal to reach next; 0 when none is reached yet, or all are: the page is then read from its top."""
    if view is None or not done(view):
        return 0
    return next((goal.number for goal in view.goals if not goal.done), 0)


def paragraph_row(view: LessonView, number: int, width: int) -> int:
    """Where the page's numbered paragraph about a goal begins; 0 when there is none."""
    starts = (n for n, line in enumerate(page_rows(view.page, width)) if plain(line).startswith(f"{number}. "))
    return next(starts, 0)


def moved_row(page: tuple[str, ...], at: int, old: int, new: int) -> int:
    """For a page laid out `old` columns wide and read from row `at`: the row of that paragraph, `new` columns wide."""
    before, after = _starts(page_blocks(page, old)), _starts(page_blocks(page, new))
    if at >= before[-1]:
        return after[-1] + at - before[-1]
    block = bisect_right(before, at) - 1
    return min(after[block] + at - before[block], max(after[block], after[block + 1] - 1))


def _starts(blocks: Sequence[Sequence[Row]]) -> list[int]:
    """The row in which each block begins, and the one after the last."""
    return [0, *accumulate(map(len, blocks))]


def _goal(goal: GoalView, current: bool, width: int) -> list[Row]:
    """What was seen and expected is said by `check`, not here: the pane is for working, with the end in sight."""
    mark, role = ("[x]", "done") if goal.done else ("[>]", "now") if current else ("[ ]", "text")
    return wrap([(f"{mark} {goal.number} ", role), *_inline(goal.text, role)], width, indent="      ")


@lru_cache(maxsize=8)
def page_rows(page: tuple[str, ...], width: int) -> list[Row]:
    """The page: paragraphs and list items flow to the width, programs and commands keep their columns."""
    return [line for block in page_blocks(page, width) for line in block]


def page_blocks(page: tuple[str, ...], width: int) -> list[list[Row]]:
    """The page in pieces that are the same at every width: paragraphs, list items, lines kept as they are, blanks."""
    blocks: list[list[Row]] = []
    block: list[str] = []
    for line in [*page, ""]:
        if block and _begins(line, block):
            blocks.append(_paragraph(block, width))
            block = []
        if _verbatim(line) and not block:
            blocks.append([row((line.rstrip(), "key"))])
        elif line.strip():
            block.append(line)
        elif blocks and blocks[-1] != [row()]:
            blocks.append([row()])
    return blocks[:-1] if blocks and blocks[-1] == [row()] else blocks


def _verbatim(line: str) -> bool:
    """Indented, and not the further lines of a list item."""
    return line.startswith("  ") and bool(line.strip())


def _begins(line: str, block: Sequence[str]) -> bool:
    """Whether a line does not belong to the paragraph or list item before it."""
    return not line.strip() or bool(ITEM.match(line)) or (_verbatim(line) and not ITEM.match(block[0]))


def _paragraph(lines: Sequence[str], width: int) -> list[Row]:
    text = " ".join(line.strip() for line in lines)
    item = ITEM.match(text)
    return wrap(_inline(text), width, indent=" " * len(item.group()) if item else "")


def _inline(text: str, role: str = "text") -> list[Span]:
    """`code` and **strong** words in their roles, without their marks."""
    spans: list[Span] = []
    for part in re.split(r"(`[^`]+`|\*\*[^*]+\*\*)", text):
        if part.startswith("`") and part.endswith("`") and len(part) > 2:
            spans.append((part[1:-1], "key"))
        elif part.startswith("**") and part.endswith("**") and len(part) > 4:
            spans.append((part[2:-2], "heading"))
        elif part:
            spans.append((part, role))
    return spans
