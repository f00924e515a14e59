"""What moves the paper: the carriage tape of a 1403 and the forms control buffer of a 3211.

GA24-3073 *1403 Printer* "Carriage Control Tape"; GA24-3543 *3211 Printer and 3811 Control Unit* "Forms Control Buffer".
"""

from collections.abc import Mapping

from edu_hv.isa.errors import UserError

FORM_LINES = 66
CARRIAGE_TAPE = {1: 1, 2: 7, 3: 13, 4: 19, 5: 25, 6: 31, 7: 37, 8: 43, 9: 63, 10: 49, 11: 55, 12: 61}
"""The line of the form at which each channel of the standard carriage tape has its hole."""
CHANNELS = range(1, 13)

FORMS_LENGTH = 180
"""Bytes of a forms control buffer, one a line."""
_LAST_LINE = 0x10
_MOST_CHANNELS = 30
"""Channel codes in a forms control buffer, besides one at the last line."""

CarriageTape = tuple[frozenset[int], ...]
"""The channels that have a hole at each line of the form, the first line first."""


def carriage_tape(holes: Mapping[int, int], lines: int = FORM_LINES) -> CarriageTape:
    """The tape that has a hole of each channel at a line, lines counting from 1.

    Raises UserError for a line that is not on the form.
    """
    for channel, line in holes.items():
        if channel not in CHANNELS or not 1 <= line <= lines:
            raise UserError(f"channel {channel} at line {line}: channels are 1 to 12, and the form has {lines} lines")
    return tuple(frozenset(c for c, line in holes.items() if line == number) for number in range(1, lines + 1))


def forms_buffer(holes: Mapping[int, int], lines: int = FORM_LINES) -> bytes:
    """What LOAD FORMS CONTROL BUFFER takes for a tape with at most one hole a line: a byte a line."""
    data = bytearray(lines)
    for channel, line in holes.items():
        data[line - 1] = channel
    data[-1] |= _LAST_LINE
    return bytes(data)


def margin(data: bytes) -> tuple[int, bytes]:
    """The positions by which lines are shifted, to the left if negative, and the bytes of the lines.

    A first byte with bit 0 on is the print position index: bits 3-7, from 1, bit 1 for a shift to the left.
    """
    if not data or not data[0] & 0x80:
        return 0, data
    index = data[0] & 0x1F
    return (-index if data[0] & 0x40 else max(index - 1, 0)), data[1:]


def tape(data: bytes) -> CarriageTape | None:
    """The channels at each line, or None if the last line is not marked, or a channel is none.

    The mark on the first line means eight lines an inch.
    """
    lines: list[frozenset[int]] = []
    for number, value in enumerate(data[:FORMS_LENGTH]):
        channel = value & ~_LAST_LINE
        if channel not in (0, *CHANNELS):
            return None
        lines.append(frozenset([channel] if channel else []))
        if value & _LAST_LINE and number:
            return tuple(lines) if sum(map(len, lines[:-1])) <= _MOST_CHANNELS else None
    return None
