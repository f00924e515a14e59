"""Checkpoints of a recording: dense near the present position, sparse in the distance, some hundreds at most."""

from bisect import bisect_left, bisect_right
from typing import Any

EVERY = 96
"""Units between checkpoints, or what the engine does in their time.  Unchanged frames of storage are shared."""
MOST = 600
"""When there are more, they are thinned."""
LEAST = 48
"""So many are kept however large the machine is."""
_ROOM = 1 << 29
"""Bytes of storage contents that checkpoints may hold when all of them differ in every frame."""


def most_of(size: int) -> int:
    """How many checkpoints to keep of a machine with `size` bytes of storage."""
    return max(LEAST, min(MOST, _ROOM // size))


class Checkpoints:
    """States by position, in order, at most `most`.  The first is never dropped."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._near = most // 6
        """So many on each side of the present position are not dropped."""
        self._units: list[int] = []
        self._states: list[Any] = []
        self._cell = EVERY
        """In the distance one checkpoint is kept in each stretch of so many units."""

    def __len__(self) -> int:
        return len(self._units)

    def copy(self) -> "Checkpoints":
        """Another one with the same states, which are shared."""
        new = Checkpoints(self._most)
        new._units, new._states, new._cell = self._units[:], self._states[:], self._cell
        return new

    def before(self, unit: int) -> tuple[int, Any]:
        """The last one at or before a position."""
        index = bisect_right(self._units, unit) - 1
        return self._units[index], self._states[index]

    def keep(self, unit: int, state: Any) -> None:
        """Add one, or replace the one at that position."""
        index = bisect_left(self._units, unit)
        if index < len(self._units) and self._units[index] == unit:
            self._states[index] = state
            return
        self._units.insert(index, unit)
        self._states.insert(index, state)
        while len(self._units) > self._most:
            self._thin(bisect_left(self._units, unit))

    def cut(self, unit: int) -> None:
        """Drop those from a position on."""
        index = bisect_left(self._units, unit)
        del self._units[index:], self._states[index:]

    def stretches(self, end: int, start: int) -> list[tuple[int, int, Any]]:
        """From the latest to the earliest: first and last position of each stretch from `start` to `end`, and the
        state at its first, which may lie before `start`."""
        if end <= start:
            return []
        last = bisect_left(self._units, end) - 1
        first = max(bisect_right(self._units, start) - 1, 0)
        ends = [*self._units[first + 1 : last + 1], end]
        found = zip(self._units[first : last + 1], ends, self._states[first : last + 1], strict=True)
        return list(found)[::-1]

    def _thin(self, present: int) -> None:
        """Drop some of those that are far from the one with the index `present`."""
        cells: set[int] = set()
        kept: list[int] = []
        for index, unit in enumerate(self._units):
            cell = unit // self._cell
            if abs(index - present) <= self._near or cell not in cells or not index:
                kept.append(index)
            cells.add(cell)
        if len(kept) > self._most * 3 // 4:
            self._cell *= 2
        self._units = [self._units[index] for index in kept]
        self._states = [self._states[index] for index in kept]
