"""Tape images in the format of SIMH, `.tap`.

SIMH magtape representation and handling.  An image is a sequence of records and markers, each beginning with a word
of 4 bytes, little-endian.  Its first four bits are a class, the other 28 a length n.  Class 0 is a record, or with no
length a tape mark; class 8 a record that cannot be read without error; class 7 and class F are markers of one word,
among them the erase gap and the end of the medium; the other classes are records that a machine does not see.  A record
has its n bytes of data, one more if n is odd, and the word once more.
"""

from collections.abc import Iterable

from edu_hv.devices.tape_blocks import BadBlock, Block, Gap
from edu_hv.isa.errors import UserError

WORD = 4
TAPE_MARK = 0x00000000
END_OF_MEDIUM = 0xFFFFFFFF
ERASE_GAP = 0xFFFFFFFE
HALF_GAP = 0xFFFEFFFF
"""What is left of a gap when a record was written over its first half: 2 bytes, then whole gap markers."""

_GOOD, _BAD = 0x0, 0x8
_MARKERS = (0x7, 0xF)
_BAD_RECORD = 0x80000000
_LENGTH = 0x0FFFFFFF


def read_tap(data: bytes, name: str) -> list[Block]:
    """The blocks of an image.  Raises UserError, with the offset, for a damaged or truncated one.

    Some programs write the format without the byte that makes a length even; that is read as well.
    """
    try:
        return _Reader(data, name, padded=True).blocks()
    except UserError:
        try:
            return _Reader(data, name, padded=False).blocks()
        except UserError:
            pass
        raise


class _Reader:
    """One reading of an image, from its beginning to its end."""

    def __init__(self, data: bytes, name: str, padded: bool) -> None:
        self._data, self._name, self._padded = data, name, padded
        self._at = 0
        self._gap = bytearray()
        self._blocks: list[Block] = []

    def blocks(self) -> list[Block]:
        """All blocks before the end of the medium."""
        while self._at < len(self._data):
            word = self._word(self._at, "record length")
            if word == END_OF_MEDIUM:
                break
            if word == TAPE_MARK:
                self._found(None, WORD)
            elif word >> 28 in _MARKERS:
                self._skip(WORD if word != HALF_GAP else WORD // 2)
            else:
                self._record(word)
        self._end_gap()
        return self._blocks

    def _record(self, word: int) -> None:
        length = word & _LENGTH
        data = self._data[self._at + WORD : self._at + WORD + length]
        whole = WORD + length + (length & 1 if self._padded else 0) + WORD
        if len(data) < length:
            raise self._damaged(f"record length at byte {self._at} is {length}, but the image ends after {len(data)}")
        behind = self._word(self._at + whole - WORD, "record length")
        if behind != word:
            raise self._damaged(f"record at byte {self._at} has the length {word:08X} before it and {behind:08X} after")
        if word >> 28 == _GOOD:
            self._found(data, whole)
        elif word >> 28 == _BAD:
            self._found(BadBlock(data), whole)
        else:
            self._skip(whole)

    def _word(self, at: int, what: str) -> int:
        text = self._data[at : at + WORD]
        if len(text) < WORD:
            raise self._damaged(f"{what} at byte {at} is cut short: {len(text)} of {WORD} bytes are there")
        return int.from_bytes(text, "little")

    def _found(self, block: Block, length: int) -> None:
        self._end_gap()
        self._blocks.append(block)
        self._at += length

    def _skip(self, length: int) -> None:
        self._gap += self._data[self._at : self._at + length]
        self._at += length

    def _end_gap(self) -> None:
        if self._gap:
            self._blocks.append(Gap(bytes(self._gap)))
            self._gap.clear()

    def _damaged(self, problem: str) -> UserError:
        return UserError(f"tape image {self._name}: the {problem}; the image is damaged there")


def tap_image(blocks: Iterable[Block]) -> bytes:
    """The image of a tape with these blocks, None for a tape mark."""
    image = bytearray()
    for block in blocks:
        match block:
            case None:
                image += _word(TAPE_MARK)
            case Gap(text):
                image += text
            case BadBlock(data):
                image += _record(data, _BAD_RECORD)
            case _:
                image += _record(block, 0)
    return bytes(image + _word(END_OF_MEDIUM))


def _record(data: bytes, flag: int) -> bytes:
    word = _word(flag | len(data))
    return word + data + bytes(len(data) & 1) + word


def _word(value: int) -> bytes:
    return value.to_bytes(WORD, "little")
