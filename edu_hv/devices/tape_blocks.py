"""What is recorded on a tape: blocks, tape marks and gaps, in a sequence that is cheap to write to and to keep.

Read next: `tape_image`, the formats in which a tape is stored in a file.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class BadBlock:
    """A block that cannot be read without a data check, and the bytes that are delivered all the same."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of tape without a block, as long as its text in a SIMH image, which is all that keeps it.

    The text may also be a record or marker of that format that is none of the machine's business.
    """

    text: bytes = b""


Block = bytes | BadBlock | Gap | None
"""A block of at least 1 byte, a bad one, a gap, or None for a tape mark."""

FAN_BITS = 5
FAN = 1 << FAN_BITS


@dataclass(frozen=True, slots=True)
class Recording:
    """The blocks of a tape in order.  It never changes; a version with another block shares nearly all with it.

    The blocks are the leaves of a tree of tuples, 32 to a node, so writing makes one new node a level.  A node at
    `height` 0 holds blocks, one above it holds nodes.
    """

    size: int
    root: tuple[Any, ...]
    height: int

    @classmethod
    def of(cls, blocks: Iterable[Block]) -> "Recording":
        """These blocks."""
        level: tuple[Any, ...] = tuple(blocks)
        size, height = len(level), 0
        while len(level) > FAN:
            level = tuple(level[first : first + FAN] for first in range(0, len(level), FAN))
            height += 1
        return cls(size, level, height)

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[Block]:
        return (self[at] for at in range(self.size))

    def __getitem__(self, at: int) -> Block:
        """The block with so many blocks before it."""
        if not 0 <= at < self.size:
            raise IndexError(at)
        node: Any = self.root
        for level in range(self.height, -1, -1):
            node = node[at >> FAN_BITS * level & FAN - 1]
        block: Block = node
        return block

    def recorded(self, at: int, block: Block) -> "Recording":
        """As it is after a block has been written behind the first `at` ones: whatever was there is erased."""
        root, height = self.root, self.height
        if at == 1 << FAN_BITS * (height + 1):
            root, height = (root,), height + 1
        return Recording(at + 1, _written(root, height, at, block), height)


def _written(node: tuple[Any, ...], height: int, at: int, block: Block) -> tuple[Any, ...]:
    """The node with the block as its last one, at index `at` among the blocks below it."""
    if not height:
        return (*node[:at], block)
    slot = at >> FAN_BITS * height
    below = node[slot] if slot < len(node) else ()
    return (*node[:slot], _written(below, height - 1, at & (1 << FAN_BITS * height) - 1, block))
