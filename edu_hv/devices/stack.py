"""What a device only ever adds to: lines of paper, punched cards.

A checkpoint of it costs nothing, however long it is: a stack never changes, and a longer one shares what is in it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")

CHUNK = 128
"""Items that are copied at most when one is added."""


@dataclass(frozen=True, slots=True)
class Stack(Generic[Item]):
    """Items in the order in which they were added; `with_item` gives a new stack."""

    full: tuple[tuple[Item, ...], ...] = ()
    """Chunks of CHUNK items."""
    rest: tuple[Item, ...] = ()
    """The last items, fewer than CHUNK."""

    @classmethod
    def of(cls, items: Iterable[Item]) -> "Stack[Item]":
        """A stack of these items."""
        everything = tuple(items)
        whole = len(everything) // CHUNK * CHUNK
        full = tuple(everything[at : at + CHUNK] for at in range(0, whole, CHUNK))
        return cls(full, everything[whole:])

    def with_item(self, item: Item) -> "Stack[Item]":
        """The stack with one more item."""
        rest = (*self.rest, item)
        return Stack(self.full, rest) if len(rest) < CHUNK else Stack((*self.full, rest), ())

    def __iter__(self) -> Iterator[Item]:
        for chunk in self.full:
            yield from chunk
        yield from self.rest

    def __len__(self) -> int:
        return len(self.full) * CHUNK + len(self.rest)
