"""Disk volumes, and the images in which Hercules keeps them.

An image begins with 512 bytes: an identifier, then the number of heads and the bytes a track (4 bytes each,
little-endian), a code for the device type, the number of the file in its series.  In a `CKD_P370` image the tracks
follow, all padded to the same size.  A `CKD_C370` image holds compressed tracks, found by two levels of tables.

A volume is never taken apart as a whole: a track is, when it is used.  Read next: `disk_unit`, the drive.
"""

import bz2
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from mmap import mmap
from typing import Protocol

from edu_hv.devices.ckd_track import (
    COUNT,
    HOME_ADDRESS,
    MODELS,
    UNREADABLE,
    Model,
    Record,
    Track,
    formatted_track,
    model_of,
)
from edu_hv.isa.errors import UserError

HEADER = 512
UNCOMPRESSED, COMPRESSED = b"CKD_P370", b"CKD_C370"
SHORTEST_TRACK, LONGEST_TRACK = HOME_ADDRESS + 3 * COUNT, 0x10000
COMPRESSED_HEADER = 512
"""The second header of a compressed image; the table of tables follows."""
BIG_ENDIAN = 0x02
TABLE_ENTRIES = 256
TABLE_ENTRY = 8
NO_TABLE = 0xFFFFFFFF
CHUNK = 128
"""Tracks that share one tuple of changes."""
CACHE = 64
"""Tracks kept taken apart."""

Medium = bytes | memoryview | mmap


# ---- where tracks come from ----------------------------------------------------------------------------------------


class _Source(Protocol):
    """Where the tracks of a volume come from that nothing has been written to."""

    def image_of(self, number: int) -> bytes | None:
        """The bytes of a track, None when they cannot be had."""


class _Uncompressed:
    """Tracks one after another."""

    def __init__(self, data: memoryview, track_size: int) -> None:
        self.data, self.track_size = data, track_size

    def image_of(self, number: int) -> bytes | None:
        """The bytes of a track."""
        start = HEADER + number * self.track_size
        return bytes(self.data[start : start + self.track_size])


class _Compressed:
    """Tracks each compressed by itself; `places` has offset and length, or 0 and the format of a track left out."""

    def __init__(self, data: memoryview, places: Sequence[tuple[int, int]], heads: int, track_size: int) -> None:
        self.data, self.places, self.heads, self.track_size = data, places, heads, track_size

    def image_of(self, number: int) -> bytes | None:
        """The bytes of a track, None when they cannot be expanded or are those of another track."""
        start, length = self.places[number]
        cylinder, head = divmod(number, self.heads)
        if not start:
            return _left_out(cylinder, head, length)
        image = _expand(bytes(self.data[start : start + length]), self.track_size)
        address = cylinder.to_bytes(2, "big") + head.to_bytes(2, "big")
        return image if image is not None and image[1:HOME_ADDRESS] == address else None


class _Blank:
    """The tracks of a volume as it is after initialization."""

    def __init__(self, volser: str, heads: int) -> None:
        self.volser, self.heads = volser, heads

    def image_of(self, number: int) -> bytes | None:
        """The bytes of a track: the first has IPL records and volume label, the others record zero only."""
        records = _label_records(self.volser) if not number and self.volser else ()
        return formatted_track(*divmod(number, self.heads), records).to_bytes(0x1000)


def _left_out(cylinder: int, head: int, form: int) -> bytes:
    """A track that a compressed image leaves out: form 0 has an end-of-file record, the others record zero only."""
    end_of_file = Record(cylinder.to_bytes(2, "big") + head.to_bytes(2, "big") + bytes([1, 0, 0, 0]))
    return formatted_track(cylinder, head, () if form else (end_of_file,)).to_bytes(COUNT * COUNT)


def _expand(stored: bytes, limit: int) -> bytes | None:
    """Undo the compression that the first byte names; at most `limit` bytes are looked at."""
    home, rest = b"\0" + stored[1:HOME_ADDRESS], stored[HOME_ADDRESS:]
    try:
        match stored[0]:
            case 0:
                return home + rest[:limit]
            case 1:
                return home + zlib.decompressobj().decompress(rest, limit)
            case 2:
                return home + bz2.BZ2Decompressor().decompress(rest, limit)
    except (zlib.error, OSError, EOFError):
        pass
    return None


# ---- a volume ------------------------------------------------------------------------------------------------------


class _Cache:
    """The tracks used last, taken apart; nothing depends on what is in it."""

    def __init__(self, source: _Source) -> None:
        self.source = source
        self.tracks: dict[int, Track] = {}

    def track(self, number: int) -> Track:
        """The track as it was before anything was written to it."""
        track = self.tracks.get(number)
        if track is None:
            if len(self.tracks) == CACHE:
                self.tracks.clear()
            image = self.source.image_of(number)
            track = self.tracks[number] = UNREADABLE if image is None else Track.from_bytes(image)
        return track


Changes = tuple[tuple[Track | None, ...] | None, ...]


@dataclass(frozen=True)
class DiskImage:
    """A volume: where its tracks come from, and the tracks written since.

    It never changes: writing gives another volume that shares all but the track, so that each is a checkpoint.
    """

    name: str
    model: Model
    cylinders: int
    track_size: int
    _original: _Cache
    _changes: Changes

    @classmethod
    def from_bytes(cls, data: Medium, name: str) -> "DiskImage":
        """The volume in an image, compressed or not; `data` is kept, and must not change.

        Raises UserError, with the offset, for a damaged or truncated image, as far as the headers and tables show it.
        """
        view = memoryview(data)
        _check_header(view, name)
        if bytes(view[:8]) == COMPRESSED:
            return _compressed_volume(view, name)
        track_size = _word(view, 12)
        heads = _model_in(view).heads
        cylinders, rest = divmod(len(view) - HEADER, heads * track_size)
        if rest or not cylinders:
            problem = f"{rest} bytes of cylinder {cylinders}" if rest else "the header"
            size = heads * track_size
            raise _damaged(name, len(view), f"ends after {problem}, but a cylinder has {size} bytes: it is cut short")
        model = _checked_model(view, cylinders, name)
        return cls._new(name, model, cylinders, track_size, _Uncompressed(view, track_size))

    @classmethod
    def _new(cls, name: str, model: Model, cylinders: int, track_size: int, source: _Source) -> "DiskImage":
        chunks = -(-cylinders * model.heads // CHUNK)
        return cls(name, model, cylinders, track_size, _Cache(source), (None,) * chunks)

    @property
    def changed(self) -> bool:
        """Whether anything has been written."""
        return any(self._changes)

    @property
    def tracks(self) -> int:
        """How many tracks there are; number 0 is cylinder 0, head 0."""
        return self.cylinders * self.model.heads

    def track(self, number: int) -> Track:
        """A track, taken apart."""
        chunk = self._changes[number // CHUNK]
        changed = chunk and chunk[number % CHUNK]
        return changed or self._original.track(number)

    def with_track(self, number: int, track: Track) -> "DiskImage":
        """The volume with one track written."""
        at, within = divmod(number, CHUNK)
        chunk = self._changes[at] or (None,) * CHUNK
        chunk = (*chunk[:within], track, *chunk[within + 1 :])
        return replace(self, _changes=(*self._changes[:at], chunk, *self._changes[at + 1 :]))

    def chunks(self) -> Iterator[bytes]:
        """The volume as an uncompressed image, piece by piece: the header, then the tracks."""
        fields = struct.pack("<IIBBH", self.model.heads, self.track_size, self.model.code, 0, 0)
        yield (UNCOMPRESSED + fields).ljust(HEADER, b"\0")
        for number in range(self.tracks):
            chunk = self._changes[number // CHUNK]
            changed = chunk and chunk[number % CHUNK]
            image = None if changed else self._original.source.image_of(number)
            yield image.ljust(self.track_size, b"\0")[: self.track_size] if image else self._written(number)

    def _written(self, number: int) -> bytes:
        return self.track(number).to_bytes(self.track_size)

    def to_bytes(self) -> bytes:
        """The whole volume as an uncompressed image."""
        return b"".join(self.chunks())


def blank_volume(name: str, volser: str, cylinders: int) -> DiskImage:
    """A volume of a type ("3330") as `dasdinit` makes it: IPL records, volume label, and tracks with record zero only.

    `volser`: 1 to 6 characters, or none for a volume without IPL records and label.  Raises UserError for a type that
    is not known, a volume serial that is too long, and a number of cylinders that the type does not have.
    """
    model = model_of(name, cylinders)
    if model is None or cylinders < 1:
        raise UserError(f"there is no {name} with {cylinders} cylinders: {_known()}")
    if len(volser) > 6 or not volser.isascii():
        raise UserError(f"the volume serial {volser!r} is not valid: 1 to 6 letters and digits were expected")
    source = _Blank(volser.upper(), model.heads)
    return DiskImage._new(f"{volser or 'unlabelled'} volume", model, cylinders, model.track_size, source)


def _known() -> str:
    ends = {model.name: model.cylinders + model.alternates for model in MODELS}
    return "known are " + ", ".join(f"{name} (1 to {cylinders})" for name, cylinders in ends.items())


def _label_records(volser: str) -> tuple[Record, ...]:
    """Track 0: an IPL program that loads a wait PSW with code 00000F, and the label VOL1."""
    program = bytes.fromhex("000600000000000F 0300000000000001 0000000000000000")
    label = f"VOL1{volser:6}".encode("cp037") + bytes.fromhex("40 0000000101") + f"{'':25}".encode("cp037")
    label += f"{'HERCULES':39}".encode("cp037")
    contents = (("IPL1", program), ("IPL2", bytes(144)), ("VOL1", label))
    return tuple(_keyed(number, key.encode("cp037"), data) for number, (key, data) in enumerate(contents, 1))


def _keyed(number: int, key: bytes, data: bytes) -> Record:
    return Record(bytes([0, 0, 0, 0, number, len(key)]) + len(data).to_bytes(2, "big"), key, data)


# ---- checking an image ---------------------------------------------------------------------------------------------


def _word(view: memoryview, at: int) -> int:
    return int.from_bytes(view[at : at + 4], "little")


def _model_in(view: memoryview) -> Model:
    """The first model of the type that the header names; the header has been checked."""
    return next(model for model in MODELS if model.code == view[16])


def _check_header(view: memoryview, name: str) -> None:
    """The first 512 bytes of either kind of image."""
    if len(view) < HEADER:
        raise _damaged(name, len(view), f"ends, but a header of {HEADER} bytes was expected")
    if bytes(view[:8]) not in (UNCOMPRESSED, COMPRESSED):
        raise _damaged(name, 0, "does not have CKD_P370 or CKD_C370: it is not a disk image, or of a kind not known")
    model = next((model for model in MODELS if model.code == view[16]), None)
    if model is None:
        raise _damaged(name, 16, f"names the type X'{view[16]:02X}', but {_known()}")
    if _word(view, 8) != model.heads:
        raise _damaged(name, 8, f"says {_word(view, 8)} heads, but a {model.name} has {model.heads}")
    if not SHORTEST_TRACK <= _word(view, 12) <= LONGEST_TRACK:
        raise _damaged(name, 12, f"says {_word(view, 12)} bytes a track, which no {model.name} has")
    if view[17]:
        raise _damaged(name, 17, f"says that this is file {view[17]} of a volume in several files; make one of them")


def _checked_model(view: memoryview, cylinders: int, name: str) -> Model:
    model_type = _model_in(view).name
    model = model_of(model_type, cylinders)
    if model is None:
        raise _damaged(name, len(view), f"ends after {cylinders} cylinders, which no {model_type} has: {_known()}")
    return model


def _compressed_volume(view: memoryview, name: str) -> DiskImage:
    """The volume in a compressed image: the second header and the tables are checked, no track is expanded."""
    start = HEADER + COMPRESSED_HEADER
    if len(view) < start:
        raise _damaged(name, len(view), f"ends, but headers of {start} bytes were expected")
    order = ">" if view[HEADER + 3] & BIG_ENDIAN else "<"
    tables, entries = struct.unpack_from(f"{order}II", view, HEADER + 4)
    cylinders = _word(view, HEADER + 40)
    model = _checked_model(view, cylinders, name) if cylinders else _model_in(view)
    needed = -(-cylinders * model.heads // TABLE_ENTRIES)
    if not cylinders or entries != TABLE_ENTRIES or tables < needed:
        problem = f"says {tables} tables of {entries} entries for {cylinders} cylinders of {model.heads} tracks"
        raise _damaged(name, HEADER + 4, f"{problem}, which does not agree")
    if start + 4 * tables > len(view):
        raise _damaged(name, start, f"begins a table of {tables} words, but the image ends within it")
    offsets = struct.unpack_from(f"{order}{needed}I", view, start)
    places = _places(view, name, order, offsets)[: cylinders * model.heads]
    track_size = _word(view, 12)
    source = _Compressed(view, places, model.heads, track_size)
    return DiskImage._new(name, model, cylinders, track_size, source)


def _places(view: memoryview, name: str, order: str, offsets: Sequence[int]) -> list[tuple[int, int]]:
    """Offset and length of each track; 0 and a format for those left out."""
    places: list[tuple[int, int]] = []
    for number, offset in enumerate(offsets):
        if offset in (0, NO_TABLE):
            places += [(0, view[HEADER + 44])] * TABLE_ENTRIES
            continue
        if offset + TABLE_ENTRIES * TABLE_ENTRY > len(view):
            at = HEADER + COMPRESSED_HEADER + 4 * number
            raise _damaged(name, at, f"says that a table is at byte {offset}, which is not within the image")
        places += _table(view, name, order, offset)
    return places


def _table(view: memoryview, name: str, order: str, offset: int) -> Iterator[tuple[int, int]]:
    """The entries of one table."""
    table = view[offset : offset + TABLE_ENTRIES * TABLE_ENTRY]
    for number, (start, length, _) in enumerate(struct.iter_unpack(f"{order}IHH", table)):
        if start and (length < HOME_ADDRESS or start + length > len(view)):
            at = offset + number * TABLE_ENTRY
            raise _damaged(name, at, f"says that a track is {length} bytes at byte {start}, which cannot be")
        yield start, length


def _damaged(name: str, at: int, problem: str) -> UserError:
    return UserError(f"disk image {name}: byte {at} {problem}")
