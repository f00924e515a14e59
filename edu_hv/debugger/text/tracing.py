"""The recording as a whole as lines of text: its timeline, stretches of it, its events."""

from collections.abc import Iterator

from edu_hv.debugger.text.lines import lines_of, table, wrap
from edu_hv.debugger.tracing.views import Stretch, StretchesView, TraceView
from edu_hv.debugger.views import TimelineView

TIMELINE_MARKS = {
    "s": "supervisor",
    ".": "problem",
    "T": "trap to CP",
    "C": "CP",
    "i": "interruption",
    "w": "wait",
    "u": "input by you",
    "-": "does not run",
}
_ALL = "all"
_NOW = "^ now"


@lines_of.register
def _timeline(view: TimelineView, width: int) -> list[str]:
    lines = wrap(f"timeline: step {view.step:,} of {view.total:,}{_scale(view)}", width)
    names = [_ALL, *(row.guest for row in view.rows)] if view.rows else [""]
    size = max(map(len, names)) + 1 if view.rows else 0
    room = max(width - size, 1)
    for start in range(0, len(view.marks), room):
        for name, marks in zip(names, (view.marks, *(row.marks for row in view.rows)), strict=True):
            lines.append(f"{name:<{size}}{marks[start : start + room]}")
            if marks is view.marks and start <= view.position < start + room:
                at = " " * (size + view.position - start)
                lines.append(at + (_NOW if len(at + _NOW) <= width else "^"))
    used = set(view.marks).union(*(row.marks for row in view.rows))
    legend = ", ".join(f"{mark} {meaning}" for mark, meaning in TIMELINE_MARKS.items() if mark in used)
    for text in (*filter(None, [legend]), *_remarks(view)):
        lines += wrap(text, width, "", "  ")
    return lines


def _scale(view: TimelineView) -> str:
    if not view.last:
        return ""
    each = "one step a character" if view.bucket == 1 else f"{view.bucket:,} steps a character"
    around = ", around the present one" if view.zoomed else ""
    part = (view.first, view.last) != (1, view.total)
    return f"; shown are steps {view.first:,} to {view.last:,}{around}, {each}" if part else f", {each}"


def _remarks(view: TimelineView) -> Iterator[str]:
    """Where the present is when it is not shown, who had the CPU, which moments have names."""
    if view.position < 0:
        yield f"step {view.step:,}, where you are, is {'before' if view.step < view.first else 'behind'} these"
    for row in view.rows:
        yield f"{row.guest} had the CPU in {_steps(row.steps)}"
    if view.pins:
        yield f"marks: {', '.join(f'{pin.name} at step {pin.step:,}' for pin in view.pins)}"


def _steps(count: int) -> str:
    return "1 step" if count == 1 else f"{count:,} steps"


@lines_of.register
def _stretches(view: StretchesView, width: int) -> list[str]:
    together = f"; {view.bucket:,} steps are taken together" if view.bucket > 1 else ""
    lines = wrap(f"steps {view.first:,} to {view.last:,} of {view.total:,}{together}", width)
    for each in view.stretches:
        lines += wrap(_stretch(each), width, "", "  ")
    return [*lines, *wrap(f"you are at step {view.step:,}", width)]


def _stretch(each: Stretch) -> str:
    return f"{_steps_words(each.first, each.last)}: {each.words}"


def _steps_words(first: int, last: int) -> str:
    return f"step {first:,}" if first == last else f"steps {first:,} to {last:,}"


@lines_of.register
def _trace(view: TraceView, width: int) -> list[str]:
    what = f" that match {view.filter}" if view.filter else ""
    where = f"in steps {view.first:,} to {view.last:,}"
    if not view.entries:
        return wrap(f"no events{what} {where}; {_more(view)}".removesuffix("; "), width)
    lines = wrap(f"events{what}, {where}", width)
    rows = [(f"{entry.step:,}", entry.layer.value, entry.guest, entry.text) for entry in view.entries]
    lines += table(("step", "who", "guest", "what"), rows, width)
    return lines + (wrap(_more(view), width) if _more(view) else [])


def _more(view: TraceView) -> str:
    before = f"{view.before:,} more before them (trace more lists those)" if view.before else ""
    after = f"{view.after:,} more after them" if view.after else ""
    return ", ".join(filter(None, (before, after)))
