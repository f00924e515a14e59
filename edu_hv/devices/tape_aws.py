"""Tape images in the AWS format, and in HET, which is AWS with compressed blocks.

An image is a sequence of chunks.  Each begins with a header of 6 bytes: length of the chunk and of the chunk before it
(2 bytes each, little-endian), then two bytes of flags.  In the first, X'80' is the first and X'20' the last chunk of a
block, X'40' a tape mark, X'01' a block compressed by zlib, X'02' one by bzip2.  In the second, X'80' is zlib again, as
one maker's hardware writes it.  A block is compressed as a whole and then cut into chunks.
"""

import bz2
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from edu_hv.devices.tape_blocks import BadBlock, Block, Gap
from edu_hv.isa.errors import UserError

HEADER = 6
LONGEST_CHUNK = 65_535
LONGEST_COMPRESSED = 65_535
"""Bytes of a block that may be compressed; a longer one has come from elsewhere, and is stored as it is."""
FIRST_CHUNK, TAPE_MARK, LAST_CHUNK = 0x80, 0x40, 0x20
UNCOMPRESSED, ZLIB, BZIP2 = 0x00, 0x01, 0x02
ZLIB_BY_HARDWARE = 0x80
"""In the second byte of flags."""

_LEVEL = 4
"""How hard Hercules tries to compress unless it is told: the same here, so that the images are the same."""
_METHODS = {ZLIB: "zlib", BZIP2: "bzip2"}


class _Chunk(NamedTuple):
    at: int
    """Offset of its header."""
    flags: int
    method: int
    data: bytes


def looks_like_aws(data: bytes) -> bool:
    """Whether the image begins with a header that fits: nothing before it, a tape mark or the first of a block."""
    if len(data) < HEADER or data[2:4] != b"\0\0":
        return False
    return data[4] == TAPE_MARK or data[4] & ~(LAST_CHUNK | ZLIB | BZIP2) == FIRST_CHUNK


def read_aws(data: bytes, name: str) -> tuple[list[Block], int]:
    """The blocks of an image, and how it is compressed.  Raises UserError, with the offset, for a damaged one."""
    blocks: list[Block] = []
    open_chunks: list[_Chunk] = []
    compression = UNCOMPRESSED
    for chunk in _chunks(data, name):
        _check_flags(name, chunk, open_chunks)
        compression = max(compression, chunk.method)
        if chunk.flags & TAPE_MARK:
            blocks.append(None)
            continue
        open_chunks.append(chunk)
        if chunk.flags & LAST_CHUNK:
            blocks.append(_block(name, open_chunks))
            open_chunks = []
    if open_chunks:
        raise _damaged(name, open_chunks[-1].at, "is not the last of its block, but the image ends after it")
    return blocks, compression


def aws_image(blocks: Iterable[Block], chunk: int = LONGEST_CHUNK, method: int = UNCOMPRESSED) -> bytes:
    """The image of a tape with these blocks, None for a tape mark; long blocks are split into chunks.

    The format knows neither gaps nor errors: gaps are left out, and of a bad block the data is kept.
    """
    image = bytearray()
    previous = 0
    for flags, data in _pieces(blocks, chunk, method):
        image += len(data).to_bytes(2, "little") + previous.to_bytes(2, "little") + bytes([flags, 0]) + data
        previous = len(data)
    return bytes(image)


# ---- reading -------------------------------------------------------------------------------------------------------


def _chunks(data: bytes, name: str) -> Iterator[_Chunk]:
    """The chunks, their lengths checked."""
    at = previous = 0
    while at < len(data):
        header = data[at : at + HEADER]
        if len(header) < HEADER:
            raise _damaged(name, at, f"is cut short: {len(header)} of {HEADER} bytes are there")
        length, before = int.from_bytes(header[:2], "little"), int.from_bytes(header[2:4], "little")
        if before != previous:
            raise _damaged(name, at, f"says the previous block had {before} bytes, but it had {previous}")
        chunk = data[at + HEADER : at + HEADER + length]
        if len(chunk) < length:
            raise _damaged(name, at, f"says the block has {length} bytes, but the image ends after {len(chunk)}")
        by_hardware = ZLIB if header[5] & ZLIB_BY_HARDWARE else 0
        yield _Chunk(at, header[4], header[4] & 0x03 | by_hardware, chunk)
        at += HEADER + length
        previous = length


def _check_flags(name: str, chunk: _Chunk, before: list[_Chunk]) -> None:
    """The flags of a chunk must be a tape mark, or fit what came before in its block."""
    problem = _problem_of_tape_mark(chunk, before) if chunk.flags == TAPE_MARK else _problem_of_block(chunk, before)
    if problem:
        raise _damaged(name, chunk.at, problem)


def _problem_of_tape_mark(chunk: _Chunk, before: list[_Chunk]) -> str:
    if chunk.data:
        return f"marks a tape mark, but {len(chunk.data)} bytes follow where none are expected"
    return "marks a tape mark, but the block before it has no end" if before else ""


def _problem_of_block(chunk: _Chunk, before: list[_Chunk]) -> str:
    if chunk.flags & ~(FIRST_CHUNK | LAST_CHUNK | ZLIB | BZIP2) or chunk.method == ZLIB | BZIP2:
        return (
            f"has flags X'{chunk.flags:02X}', but only X'40' is known (a tape mark) and X'00', X'20', X'80' and X'A0',"
            " with X'01' for zlib or X'02' for bzip2"
        )
    if bool(chunk.flags & FIRST_CHUNK) is bool(before):
        return "starts a block, but the one before it has no end" if before else "continues a block that never began"
    if before and before[0].method != chunk.method:
        return "continues a block that is compressed in another way"
    return "" if chunk.data else "says the block has 0 bytes, but a block has at least 1"


def _block(name: str, chunks: list[_Chunk]) -> bytes:
    """The data of one block, from all its chunks."""
    first = chunks[0]
    data = b"".join(chunk.data for chunk in chunks)
    if not first.method:
        return data
    block = _decompressed(data, first.method)
    if not block:
        method = _METHODS[first.method]
        problem = f"says the block is compressed by {method}, but its {len(data)} bytes cannot be decompressed"
        raise _damaged(name, first.at, problem)
    return block


def _decompressed(data: bytes, method: int) -> bytes:
    """The block, or nothing if the data is damaged or makes more than a block may have."""
    decompressor = zlib.decompressobj() if method == ZLIB else bz2.BZ2Decompressor()
    try:
        block = decompressor.decompress(data, LONGEST_COMPRESSED + 1)
    except (zlib.error, OSError, ValueError):
        return b""
    return block if decompressor.eof and len(block) <= LONGEST_COMPRESSED else b""


def _damaged(name: str, at: int, problem: str) -> UserError:
    return UserError(f"tape image {name}: the block header at byte {at} {problem}; the image is damaged there")


# ---- writing -------------------------------------------------------------------------------------------------------


def _pieces(blocks: Iterable[Block], chunk: int, method: int) -> Iterator[tuple[int, bytes]]:
    """Flags and data of each chunk."""
    for block in blocks:
        if block is None:
            yield TAPE_MARK, b""
        elif isinstance(block, BadBlock):
            yield from _chunks_of(block.data, chunk, method) if block.data else ()
        elif not isinstance(block, Gap):
            yield from _chunks_of(block, chunk, method)


def _chunks_of(block: bytes, chunk: int, method: int) -> Iterator[tuple[int, bytes]]:
    if not block:
        raise ValueError("a tape block has at least 1 byte")
    compressed = _compressed(block, method)
    used, data = (method, compressed) if len(compressed) < len(block) else (UNCOMPRESSED, block)
    for at in range(0, len(data), chunk):
        first = 0 if at else FIRST_CHUNK
        last = LAST_CHUNK if at + chunk >= len(data) else 0
        yield first | last | used, data[at : at + chunk]


def _compressed(block: bytes, method: int) -> bytes:
    if method == UNCOMPRESSED or len(block) > LONGEST_COMPRESSED:
        return block
    compress: Callable[[bytes, int], bytes] = zlib.compress if method == ZLIB else bz2.compress
    return compress(block, _LEVEL)
