"""The part of CP's disks that holds spool files: page buffers of 4096 bytes.  GC20-1806 "Spool Buffers".

A buffer never changes once it is written, so a checkpoint shares it.
"""

PAGE = 4096
"""Bytes of a page buffer."""
DEFAULT_PAGES = 512


class SpoolFull(Exception):
    """No page buffer is free: somebody has to purge a file, or to print it."""


class SpoolSpace:
    """Page buffers by number, which stands for the place on disk (SFBSTART and the links in the buffers)."""

    def __init__(self, size: int = DEFAULT_PAGES) -> None:
        self._pages: list[bytes | None] = [None] * size
        self._saved: tuple[bytes | None, ...] | None = None
        """The checkpoint, as long as nothing has changed."""

    @property
    def size(self) -> int:
        """Page buffers in all."""
        return len(self._pages)

    @property
    def free(self) -> int:
        """Page buffers that no file has."""
        return self._pages.count(None)

    def take(self) -> int:
        """The lowest free buffer, cleared, numbered from 1.  Raises SpoolFull."""
        if None not in self._pages:
            raise SpoolFull
        index = self._pages.index(None)
        self._pages[index], self._saved = bytes(PAGE), None
        return index + 1

    def read(self, number: int) -> bytes:
        """The contents of a buffer that a file has."""
        data = self._pages[number - 1]
        assert data is not None, "a spool file names its own buffers only"
        return data

    def write(self, number: int, data: bytes) -> None:
        """Write a buffer that a file has."""
        assert len(data) == PAGE
        self._pages[number - 1], self._saved = data, None

    def release(self, numbers: tuple[int, ...]) -> None:
        """Give a file's buffers back."""
        for number in numbers:
            self._pages[number - 1] = None
        self._saved = None

    def state(self) -> tuple[bytes | None, ...]:
        """A checkpoint: the buffers themselves, shared."""
        if self._saved is None:
            self._saved = tuple(self._pages)
        return self._saved

    def restore(self, state: tuple[bytes | None, ...]) -> None:
        """Go back to a checkpoint."""
        self._pages, self._saved = list(state), state
