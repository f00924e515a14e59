"""Two long sequences of a recording, kept by stretches in which nothing remarkable happens.

A guest that runs for millions of instructions between two traps costs as little as one that runs for ten.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterator


class Boundaries:
    """The position at which each step was complete, in order; step 0 is the start of the recording.

    A stretch is a number of steps of one unit each: plain instructions.
    """

    def __init__(self, start: int) -> None:
        self._steps, self._units = array("Q", [0]), array("Q", [start])
        """First step of each stretch, and its position."""
        self._count = 1
        self.last = start
        """The position of the last step."""

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, step: int) -> int:
        if step < 0:
            step += self._count
        if not 0 <= step < self._count:
            raise IndexError(step)
        stretch = bisect_right(self._steps, step) - 1
        return self._units[stretch] + step - self._steps[stretch]

    def __iter__(self) -> Iterator[int]:
        return (self[step] for step in range(self._count))

    def append(self, unit: int) -> None:
        """One more step, complete at a position behind the last."""
        if unit != self.last + 1:
            self._steps.append(self._count)
            self._units.append(unit)
        self._count += 1
        self.last = unit

    def extend(self, steps: int) -> None:
        """So many more steps of one unit each."""
        self._count += steps
        self.last += steps

    def last_at(self, unit: int) -> int:
        """The last step that was complete at a position; the position is not before the start."""
        stretch = bisect_right(self._units, unit) - 1
        after = self._steps[stretch + 1] if stretch + 1 < len(self._steps) else self._count
        return min(self._steps[stretch] + unit - self._units[stretch], after - 1)

    def copy(self) -> "Boundaries":
        """Another one with the same steps."""
        new = Boundaries(0)
        new._steps, new._units, new._count, new.last = self._steps[:], self._units[:], self._count, self.last
        return new

    def cut(self, count: int) -> None:
        """Keep the first `count`, at least one."""
        stretches = bisect_right(self._steps, count - 1)
        del self._steps[stretches:], self._units[stretches:]
        self._count = count
        self.last = self[-1]


class Runs:
    """A sequence of small numbers in which the same one often comes many times in a row."""

    def __init__(self) -> None:
        self._starts, self._values = array("Q"), bytearray()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> int:
        if index < 0:
            index += self._count
        if not 0 <= index < self._count:
            raise IndexError(index)
        return self._values[bisect_right(self._starts, index) - 1]

    def __iter__(self) -> Iterator[int]:
        ends = [*self._starts[1:], self._count] if self._starts else []
        for value, start, end in zip(self._values, self._starts, ends, strict=True):
            for _ in range(start, end):
                yield value

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Runs):
            return NotImplemented
        mine, others = (self._starts, self._values, self._count), (other._starts, other._values, other._count)
        return mine == others

    __hash__ = None  # type: ignore[assignment]

    def append(self, value: int, times: int = 1) -> None:
        """Add a value so many times."""
        if not self._values or self._values[-1] != value:
            self._starts.append(self._count)
            self._values.append(value)
        self._count += times

    def copy(self) -> "Runs":
        """Another one with the same values."""
        new = Runs()
        new._starts, new._values, new._count = self._starts[:], self._values[:], self._count
        return new

    def cut(self, count: int) -> None:
        """Keep the first `count`."""
        if count < self._count:
            runs = bisect_right(self._starts, count - 1) if count else 0
            del self._starts[runs:], self._values[runs:]
            self._count = count

    def stretches(self, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """Each run of a value from `start` to before `end`: the value, its first index, the one behind its last."""
        end = min(end, self._count)
        run = max(bisect_right(self._starts, start) - 1, 0)
        while start < end:
            after = self._starts[run + 1] if run + 1 < len(self._starts) else end
            yield self._values[run], start, min(after, end)
            start, run = after, run + 1

    def between(self, start: int, end: int) -> bytes:
        """The values from `start` to before `end`, each run of them once."""
        if start >= min(end, self._count):
            return b""
        return bytes(self._values[bisect_right(self._starts, start) - 1 : bisect_right(self._starts, end - 1)])
