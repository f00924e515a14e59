"""A 3420 tape drive that reads AWS-format tape images, and the image format.

An AWS image is a sequence of chunks.  Each begins with a header of 6 bytes: length of the chunk and of the chunk
before it (2 bytes each, little-endian), then flags: X'80' first and X'20' last chunk of a block, X'40' tape mark.  The
sixth byte is not used.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from edu_hv.devices.device import Commands, ImmediateCommands, IODevice
from edu_hv.isa.codes import Sense, UnitStatus
from edu_hv.isa.errors import UserError
from edu_hv.machine.ccw import ENDING, NO_STATUS
from edu_hv.machine.channel_program import Transfer

HEADER = 6
LONGEST_CHUNK = 65_535
FIRST_CHUNK, TAPE_MARK, LAST_CHUNK = 0x80, 0x40, 0x20

WRITE = 0x01
READ = 0x02
READ_BACKWARD = 0x0C
REWIND = 0x07
REWIND_UNLOAD = 0x0F
ERASE_GAP = 0x17
WRITE_TAPE_MARK = 0x1F
BACKSPACE_BLOCK = 0x27
BACKSPACE_FILE = 0x2F
FORWARD_SPACE_BLOCK = 0x37
FORWARD_SPACE_FILE = 0x3F
DATA_SECURITY_ERASE = 0x97
MODE_SETS = (
    *(0x13, 0x23, 0x2B, 0x33, 0x3B, 0x53, 0x63, 0x6B, 0x73, 0x7B, 0x93, 0xA3, 0xAB, 0xB3, 0xBB),  # seven tracks
    *(0xC3, 0xCB, 0xD3),  # nine tracks: 1600, 800 and 6250 bytes per inch
)

UNIT_STATUS_A, UNIT_STATUS_B, LOAD_POINT, FILE_PROTECT = 0x40, 0x20, 0x08, 0x02
"""Sense byte 1: ready; not ready; standing at the load point; no write-enable ring."""

START_MICROSECONDS = 50
BYTES_A_MICROSECOND = 20
FILE_MICROSECONDS = 5_000
REWIND_MICROSECONDS = 10_000
"""Invented figures, a hundredth of what a drive with 200 inches a second at 1600 bytes per inch might take."""


@dataclass(frozen=True)
class AwsTape:
    """A tape image taken apart: its blocks in order, None for a tape mark."""

    name: str
    blocks: tuple[bytes | None, ...]

    @classmethod
    def from_bytes(cls, data: bytes, name: str) -> "AwsTape":
        """Parse an image.  Raises UserError, with the offset, for a damaged or truncated one."""
        if not data:
            raise UserError(f"tape image {name} is empty: expected a block header of {HEADER} bytes at its start")
        blocks: list[bytes | None] = []
        parts: list[bytes] | None = None
        at = 0
        for at, flags, chunk in _chunks(data, name):
            _check_flags(name, at, flags, len(chunk), inside=parts is not None)
            if flags == TAPE_MARK:
                blocks.append(None)
                continue
            parts = [chunk] if parts is None else [*parts, chunk]
            if flags & LAST_CHUNK:
                blocks.append(b"".join(parts))
                parts = None
        if parts is not None:
            raise _damaged(name, at, "is not the last of its block, but the image ends after it")
        return cls(name, tuple(blocks))


def _chunks(data: bytes, name: str) -> Iterator[tuple[int, int, bytes]]:
    """Offset of the header, flags and data of each chunk, the lengths checked."""
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
        yield at, header[4], chunk
        at += HEADER + length
        previous = length


def _check_flags(name: str, at: int, flags: int, length: int, inside: bool) -> None:
    """The flags of a chunk must be a tape mark, or fit what came before."""
    if flags == TAPE_MARK:
        if length:
            raise _damaged(name, at, f"marks a tape mark, but {length} bytes follow where none are expected")
        if inside:
            raise _damaged(name, at, "marks a tape mark, but the block before it has no end")
    elif flags & ~(FIRST_CHUNK | LAST_CHUNK):
        raise _damaged(name, at, f"has flags X'{flags:02X}', but only X'A0', X'80', X'00', X'20' and X'40' are known")
    elif bool(flags & FIRST_CHUNK) is inside:
        problem = "starts a block, but the one before it has no end" if inside else "continues a block that never began"
        raise _damaged(name, at, problem)
    elif not length:
        raise _damaged(name, at, "says the block has 0 bytes, but a block has at least 1")


def _damaged(name: str, at: int, problem: str) -> UserError:
    return UserError(f"tape image {name}: the block header at byte {at} {problem}; the image is damaged there")


def aws_image(blocks: Sequence[bytes | None], chunk: int = LONGEST_CHUNK) -> bytes:
    """The AWS image of a tape with these blocks, None for a tape mark; long blocks are split into chunks."""
    image = bytearray()
    previous = 0
    for flags, data in _pieces(blocks, chunk):
        image += len(data).to_bytes(2, "little") + previous.to_bytes(2, "little") + bytes([flags, 0]) + data
        previous = len(data)
    return bytes(image)


def _pieces(blocks: Sequence[bytes | None], chunk: int) -> Iterator[tuple[int, bytes]]:
    for block in blocks:
        if block is None:
            yield TAPE_MARK, b""
            continue
        if not block:
            raise ValueError("a tape block has at least 1 byte")
        for at in range(0, len(block), chunk):
            first = 0 if at else FIRST_CHUNK
            last = LAST_CHUNK if at + chunk >= len(block) else 0
            yield first | last, block[at : at + chunk]


class TapeDrive(IODevice):
    """A drive, and the tape mounted on it, if any.  It reads only: every tape is file protected.

    `position` counts the blocks and tape marks between the load point and the head.
    """

    sense_length: ClassVar[int] = 24

    def __init__(self, tape: AwsTape | None = None) -> None:
        super().__init__()
        self.tape = tape
        self.position = 0

    @property
    def ready(self) -> bool:
        """A tape is mounted."""
        return self.tape is not None

    def mount(self, tape: AwsTape) -> UnitStatus:
        """Put a tape on, at its load point.  Returns what the drive has to say (`Channels.present`): device end."""
        was_ready = self.ready
        self.tape, self.position = tape, 0
        return NO_STATUS if was_ready else UnitStatus.DEVICE_END

    def motion(self, command: int, count: int) -> int:
        """Start time and data, a file, or the whole tape."""
        if command in (REWIND, REWIND_UNLOAD):
            return REWIND_MICROSECONDS if self.position else START_MICROSECONDS
        if command in (BACKSPACE_FILE, FORWARD_SPACE_FILE):
            return FILE_MICROSECONDS
        return START_MICROSECONDS + count // BYTES_A_MICROSECOND

    # ---- commands --------------------------------------------------------------------------------------------

    def read(self, transfer: Transfer) -> UnitStatus:
        """READ, command X'02': the next block.  Unit exception at a tape mark."""
        return self._forward(transfer)

    def read_backward(self, transfer: Transfer) -> UnitStatus:
        """READ BACKWARD, command X'0C': the block before, last byte first.  Unit exception at a tape mark."""
        return self._backward(transfer)

    def forward_space_block(self, _transfer: Transfer) -> UnitStatus:
        """FORWARD SPACE BLOCK, command X'37': as READ, without data."""
        return self._forward(None)

    def backspace_block(self, _transfer: Transfer) -> UnitStatus:
        """BACKSPACE BLOCK, command X'27': as READ BACKWARD, without data."""
        return self._backward(None)

    def forward_space_file(self, _transfer: Transfer) -> UnitStatus:
        """FORWARD SPACE FILE, command X'3F': until a tape mark has passed."""
        status = ENDING
        while status == ENDING:
            status = self._forward(None)
        return _found_tape_mark(status)

    def backspace_file(self, _transfer: Transfer) -> UnitStatus:
        """BACKSPACE FILE, command X'2F': until a tape mark has passed the other way."""
        status = ENDING
        while status == ENDING:
            status = self._backward(None)
        return _found_tape_mark(status)

    def rewind(self, _transfer: Transfer) -> UnitStatus:
        """REWIND, command X'07': to the load point."""
        self.position = 0
        return ENDING

    def rewind_unload(self, _transfer: Transfer) -> UnitStatus:
        """REWIND AND UNLOAD, command X'0F': the tape comes off, and the drive is not ready."""
        self.tape, self.position = None, 0
        return ENDING

    def set_mode(self) -> UnitStatus:
        """MODE SET: an image has no density."""
        return ENDING

    def refuse_to_write(self) -> UnitStatus:
        """WRITE, WRITE TAPE MARK and the erasing commands: command reject, file protect."""
        return self.unit_check(Sense.COMMAND_REJECT, FILE_PROTECT)

    def transfer_sense(self, transfer: Transfer) -> UnitStatus:
        """SENSE, command X'04': 24 bytes, with the state of the drive in byte 1."""
        transfer.to_storage(bytes([self.sense[0], self.sense[1] | self._drive_status()]) + self.sense[2:])
        return ENDING

    # ---- motion ----------------------------------------------------------------------------------------------

    def _forward(self, transfer: Transfer | None) -> UnitStatus:
        """Pass the next block.  Behind the last one there is blank tape: unit check, data check."""
        if self.tape is None or self.position == len(self.tape.blocks):
            return ENDING | self.unit_check(Sense.DATA_CHECK)
        block = self.tape.blocks[self.position]
        self.position += 1
        return _deliver(block, transfer)

    def _backward(self, transfer: Transfer | None) -> UnitStatus:
        """Pass the block before.  Unit check when the tape stands at its load point, as sense byte 1 then says."""
        if self.tape is None or not self.position:
            return ENDING | self.unit_check(0, LOAD_POINT)
        self.position -= 1
        block = self.tape.blocks[self.position]
        return _deliver(block and block[::-1], transfer)

    def _drive_status(self) -> int:
        if not self.ready:
            return UNIT_STATUS_B
        return UNIT_STATUS_A | FILE_PROTECT | (0 if self.position else LOAD_POINT)

    def contents(self) -> Any:
        """The tape, which never changes, and its position."""
        return self.tape, self.position

    def restore_contents(self, contents: Any) -> None:
        """The reverse of `contents`."""
        self.tape, self.position = contents

    commands: ClassVar[Commands] = {
        READ: read,
        READ_BACKWARD: read_backward,
        REWIND: rewind,
        REWIND_UNLOAD: rewind_unload,
        BACKSPACE_BLOCK: backspace_block,
        BACKSPACE_FILE: backspace_file,
        FORWARD_SPACE_BLOCK: forward_space_block,
        FORWARD_SPACE_FILE: forward_space_file,
    }
    immediate_commands: ClassVar[ImmediateCommands] = dict.fromkeys(
        (WRITE, WRITE_TAPE_MARK, ERASE_GAP, DATA_SECURITY_ERASE), refuse_to_write
    ) | dict.fromkeys(MODE_SETS, set_mode)


def _deliver(block: bytes | None, transfer: Transfer | None) -> UnitStatus:
    """Give a block to the channel, if it wants it; unit exception for a tape mark."""
    if block is None:
        return ENDING | UnitStatus.UNIT_EXCEPTION
    if transfer is not None:
        transfer.to_storage(block)
    return ENDING


def _found_tape_mark(status: UnitStatus) -> UnitStatus:
    """The end of a file command: a tape mark was what it looked for, no exception."""
    return status & ~UnitStatus.UNIT_EXCEPTION
