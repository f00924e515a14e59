"""The recording as a line of characters, one for each bucket of steps, and as stretches in words.

What a step was is kept run by run: nothing here looks at steps one by one, however long the recording is.  Step n has
the index n - 1 in what the recording keeps of steps.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from edu_hv.debugger import explain
from edu_hv.debugger.recording.journal import InputGiven
from edu_hv.debugger.tracing.views import Stretch, StretchesView
from edu_hv.debugger.views import TimelinePin, TimelineRow, TimelineView
from edu_hv.isa.codes import Class
from edu_hv.isa.errors import UserError
from edu_hv.machine.events import Event, InterruptionRecognized, Waited

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession

WIDTH = 72
ZOOM = 4
"""Zooming in shows a quarter of the steps."""
LEAST = 16
"""Steps that are still shown when zoomed in as far as it goes."""
MOST_STRETCHES = 40
"""When there are more, steps are taken together."""
BY_REMARKABLENESS = "uTiCws."
_WORDS = {
    "u": "input by you",
    "T": "trap to CP",
    "i": "interruption",
    "C": "CP",
    "w": "wait",
    "s": "supervisor state",
    ".": "problem state",
}
_PLURAL = {"u": "inputs by you", "T": "traps to CP", "i": "interruptions"}
_ABSENT = "-"
"""In the row of a guest: it did not have the CPU."""
NO_MARKS: Mapping[str, int] = MappingProxyType({})


@dataclass
class Zoom:
    """How much of the recording the timeline shows: 0 for all, else so many steps around the present one."""

    steps: int = 0

    def closer(self, total: int) -> None:
        """A quarter of what is shown."""
        self.steps = max((self.steps or total) // ZOOM, LEAST)

    def farther(self, total: int) -> None:
        """Four times what is shown."""
        self.steps = self.steps * ZOOM
        if self.steps >= total:
            self.steps = 0

    def window(self, step: int, total: int) -> tuple[int, int]:
        """First and last step that are shown."""
        if not self.steps or self.steps >= total:
            return 1, total
        first = min(max(step - self.steps // 2, 1), total - self.steps + 1)
        return first, first + self.steps - 1


def timeline(
    session: "DebugSession", width: int = WIDTH, window: tuple[int, int] | None = None, guests: bool = False
) -> TimelineView:
    """The recording in at most `width` characters; a bucket shows the most remarkable thing in it.

    `window` is the first and the last step to show, by default what is zoomed to; `guests` adds a row for each guest.
    """
    line = _Line(session)
    count, step = len(line.marks), session.step_number
    zoomed = window is None and bool(session.zoom.steps)
    first, last = window or session.zoom.window(step, count)
    last = min(last, count)
    bucket = max(-(-(last - first + 1) // max(width, 1)), 1)
    buckets = [(at, min(at + bucket, last)) for at in range(first - 1, last, bucket)]
    shown = "".join(line.mark(*each) for each in buckets)
    if window is None:  # A step under way has no mark yet: it stands at the end.
        position = max(min((max(step, 1) - first) // bucket, len(shown) - 1), 0)
    else:
        position = (max(step, 1) - first) // bucket if first <= max(step, 1) <= last else -1
    return TimelineView(
        shown,
        position,
        step,
        session.total,
        first=first,
        last=last,
        bucket=bucket,
        zoomed=zoomed,
        rows=tuple(line.rows(buckets)) if guests else (),
        pins=tuple(_pins(session.named_steps(), first, last, bucket)),
    )


def _pins(named: Mapping[str, int], first: int, last: int, bucket: int) -> Iterator[TimelinePin]:
    for name, step in sorted(named.items(), key=lambda pair: (pair[1], pair[0])):
        if first <= max(step, 1) <= last:
            yield TimelinePin(name, step, (max(step, 1) - first) // bucket)


def window_of(session: "DebugSession", first: int, last: int) -> tuple[int, int]:
    """A part of the recording that a person asked for.  Raises UserError for one that is not there."""
    total = session.total
    if first > last:
        raise UserError(f"step {first} is after step {last}: give the earlier one first")
    if first > total:
        raise UserError(f"step {first} is not in the recording, which goes from 0 to {total}")
    return max(first, 1), max(min(last, total), 1)


class _Line:
    """What the steps of a recording were."""

    def __init__(self, session: "DebugSession") -> None:
        self.session = session
        self.recording = session.recording
        self.marks = self.recording.marks

    def mark(self, start: int, end: int) -> str:
        """The most remarkable thing in the steps with the indices from `start` to before `end`."""
        top = _top(self._raw(start, end))
        if top == "T" and not self._any(_guest_trapped, start, end):
            return "i"  # CP had them all from a device or a clock.
        if top == "w" and self.recording.system.cp is not None and not self._any(_waited, start, end):
            return "C"
        return top

    def _any(self, matches: Callable[[Event, str], bool], start: int, end: int) -> bool:
        journal = self.recording.journal
        return any(True for _ in journal.matching(journal.places(start + 1, end), matches))

    # ---- guests ----------------------------------------------------------------------------------------------

    def rows(self, buckets: list[tuple[int, int]]) -> Iterator[TimelineRow]:
        """For each guest that had the CPU: what it did in each bucket."""
        whose, owners = self.recording.whose, self.recording.owners()
        shown = [self._as_in_line(self._guests_of(start, end), start, end) for start, end in buckets]
        steps = dict.fromkeys(owners, 0)
        for number, start, end in whose.stretches(buckets[0][0], buckets[-1][1]) if buckets else ():
            if number in steps:
                steps[number] += end - start
        for number, name in owners.items():
            if steps[number]:
                yield TimelineRow(name, "".join(each.get(number, _ABSENT) for each in shown), steps[number])

    def _as_in_line(self, found: dict[int, str], start: int, end: int) -> dict[int, str]:
        """Where no guest trapped, what gave CP the machine is an interruption in the rows, too."""
        by_itself = "T" in found.values() and self.mark(start, end) == "i"
        return {number: "i" if by_itself and mark == "T" else mark for number, mark in found.items()}

    def _guests_of(self, start: int, end: int) -> dict[int, str]:
        """The guests that had the CPU in a bucket, each with the most remarkable thing it did."""
        present = set(self.recording.whose.between(start, end)) - {0}
        if not present:
            return {}
        top = _top(self._raw(start, end).replace("u", "").replace("w", ""))
        best: dict[int, str] = {}
        for number, first, behind in self.recording.whose.stretches(start, end):
            if number and best.get(number) != top:
                best[number] = _top(self._raw(first, behind) + best.get(number, "."))
                if len(best) == len(present) and set(best.values()) == {top}:
                    break
        return best

    def _raw(self, start: int, end: int) -> str:
        return self.marks.between(start, end).decode()

    # ---- words -----------------------------------------------------------------------------------------------

    def stretches(self, first: int, last: int) -> tuple[int, list[Stretch]]:
        """The steps from `first` to `last` as stretches, and how many steps were taken together."""
        start, bucket = first - 1, 1
        if len(self.marks.between(start, last)) > MOST_STRETCHES:
            bucket = -(-(last - start) // MOST_STRETCHES)
            pieces = [(at, min(at + bucket, last)) for at in range(start, last, bucket)]
        else:
            pieces = [(begin, end) for _, begin, end in self.marks.stretches(start, last)]
        found: list[tuple[str, int, int]] = []
        for begin, end in pieces:
            mark = self.mark(begin, end)
            if found and found[-1][0] == mark:
                begin = found.pop()[1]
            found.append((mark, begin, end))
        told = [Stretch(begin + 1, end, mark, self._words(mark, begin, end)) for mark, begin, end in found]
        return bucket, told

    def _words(self, mark: str, start: int, end: int) -> str:
        """What a stretch was; of interruptions and inputs how many, and the first in its own words."""
        if mark in "sw.C":
            return _WORDS[mark] + self._whose(start, end)
        journal = self.recording.journal
        places = list(journal.matching(journal.places(start + 1, end), _is_input if mark == "u" else _interrupted))
        if not places:
            return _WORDS[mark]
        first, many = self._entry_words(places[0]), len(places)
        return f"{_WORDS[mark]}, {first}" if many == 1 else f"{many:,} {_PLURAL[mark]}, the first {first}"

    def _entry_words(self, place: int) -> str:
        entry = self.recording.journal.entry(place)
        return explain.entry_words(entry, self.session.assembly_of(entry.guest))

    def _whose(self, start: int, end: int) -> str:
        owners = self.recording.owners()
        if self.recording.system.cp is None:
            return ""
        names = [owners[number] for number in sorted(set(self.recording.whose.between(start, end)) - {0})]
        return f" of {' and '.join(names)}" if names else ""


def stretches(session: "DebugSession", window: tuple[int, int] | None = None) -> StretchesView:
    """The recording as stretches in words: "steps 1 to 2,375, supervisor state"."""
    line = _Line(session)
    count = len(line.marks)
    first, last = window or session.zoom.window(session.step_number, count)
    last = min(last, count)
    bucket, found = line.stretches(first, last) if count else (1, [])
    return StretchesView(first, last, session.step_number, session.total, bucket, tuple(found))


def _top(marks: str) -> str:
    """The most remarkable of some marks, of which there is one at least."""
    return next(mark for mark in BY_REMARKABLENESS if mark in marks)


# ---- what the events of a bucket are asked -------------------------------------------------------------------------


def _guest_trapped(event: Event, guest: str) -> bool:
    """An instruction of a guest led to an interruption."""
    return isinstance(event, InterruptionRecognized) and event.kind in (Class.PROGRAM, Class.SVC)


def _interrupted(event: Event, guest: str) -> bool:
    return isinstance(event, InterruptionRecognized)


def _waited(event: Event, guest: str) -> bool:
    return isinstance(event, Waited)


def _is_input(event: Event, guest: str) -> bool:
    return isinstance(event, InputGiven)
