"""Count-key-data tracks and their records, and the models of disk storage that hold them.

In an image of Hercules a track is its home address (5 bytes: flag, CCHH), record zero, the other records (count CCHHR,
KL, DL; key; data), and 8 bytes X'FF'.  Read next: `ckd_image`, a whole volume.
"""

from collections.abc import Sequence
from dataclasses import dataclass

HOME_ADDRESS = 5
COUNT = 8
END_OF_TRACK = b"\xff" * COUNT
OVERFLOWS = 0x80
"""In the first byte of a count: the record goes on in the first record of the next track."""


# ---- models --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Model:
    """What one model of disk storage can hold, and how fast it was.  From the component descriptions' summaries."""

    name: str
    """The machine type: "3330"."""
    number: int
    """The model of that type: 1, 11."""
    code: int
    """How the image's header says the type."""
    cylinders: int
    alternates: int
    heads: int
    track_size: int
    """Bytes an image gives a track."""
    capacity: int
    """Bytes for the records after record zero, each with its overhead."""
    overhead: int
    last_overhead: int
    """That of the last record of a track."""
    key_overhead: int
    sectors: int
    """Sectors of rotational position sensing; 0 without it."""
    rotation: int
    """Microseconds of one rotation."""
    seek_shortest: int
    seek_longest: int
    """Microseconds to the next cylinder, and across all of them."""
    tolerance: tuple[int, int] = (1, 1)
    """A field that is not in the last record takes so much more."""

    def space(self, record: "Record") -> int:
        """Bytes of capacity that a record takes which is not the last."""
        numerator, denominator = self.tolerance
        return record.length * numerator // denominator + self.overhead + self._key_overhead(record)

    def last_space(self, record: "Record") -> int:
        """Bytes of capacity that the last record takes."""
        return record.length + self.last_overhead + self._key_overhead(record)

    def _key_overhead(self, record: "Record") -> int:
        return self.key_overhead if record.key else 0

    def fits(self, records: Sequence["Record"], image_size: int) -> bool:
        """Whether a track can hold these records, record zero first; standard record zero costs nothing."""
        image = HOME_ADDRESS + sum(COUNT + record.length for record in records) + COUNT
        if image > image_size:
            return False
        extra = max(0, records[0].length - 8) if records else 0
        others = records[1:]
        used = sum(self.space(record) for record in others[:-1]) + extra
        return used + (self.last_space(others[-1]) if others else 0) <= self.capacity


# fmt: off
MODELS = (
    Model("2311", 1, 0x11, 200, 3, 10, 4096, 3625, 61, 0, 20, 0, 25_000, 30_000, 145_000, (537, 512)),
    Model("2314", 1, 0x14, 200, 3, 20, 7680, 7294, 101, 0, 45, 0, 25_000, 25_000, 130_000, (2137, 2048)),
    Model("3330", 1, 0x30, 404, 7, 19, 13312, 13165, 135, 135, 56, 128, 16_700, 10_000, 55_000),
    Model("3330", 11, 0x30, 808, 7, 19, 13312, 13165, 135, 135, 56, 128, 16_700, 10_000, 55_000),
    Model("3340", 35, 0x40, 348, 1, 12, 8704, 8535, 167, 167, 75, 64, 20_200, 10_000, 50_000),
    Model("3340", 70, 0x40, 696, 2, 12, 8704, 8535, 167, 167, 75, 64, 20_200, 10_000, 50_000),
    Model("3350", 1, 0x50, 555, 5, 30, 19456, 19254, 185, 185, 82, 128, 16_700, 10_000, 50_000),
)
# fmt: on


def model_of(name: str, cylinders: int) -> Model | None:
    """The smallest model of a type that has so many cylinders, alternate ones counted."""
    fitting = (model for model in MODELS if model.name == name and cylinders <= model.cylinders + model.alternates)
    return next(fitting, None)


# ---- tracks --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it stands on the track."""

    count: bytes
    """8 bytes: CCHHR, KL, DL."""
    key: bytes = b""
    data: bytes = b""

    @property
    def identifier(self) -> bytes:
        """CCHHR, 5 bytes, as the channel sees it."""
        return self.channel_count[:5]

    @property
    def channel_count(self) -> bytes:
        """The count without the image's mark of an overflow record."""
        return bytes([self.count[0] & ~OVERFLOWS]) + self.count[1:]

    @property
    def overflows(self) -> bool:
        """Whether the record goes on in the first record of the next track."""
        return bool(self.count[0] & OVERFLOWS)

    @property
    def length(self) -> int:
        """Bytes of key and data."""
        return len(self.key) + len(self.data)

    def to_bytes(self) -> bytes:
        """Count, key and data."""
        return self.count + self.key + self.data


@dataclass(frozen=True, slots=True)
class Track:
    """A track taken apart."""

    home: bytes
    """The home address, 5 bytes: flag, CCHH.  Shorter when nothing on the track can be read."""
    records: tuple[Record, ...]
    """Record zero first."""
    unreadable: bytes = b""
    """What stands where the next count or the end of the track is expected, when it cannot be either."""

    @classmethod
    def from_bytes(cls, image: bytes) -> "Track":
        """Take a track's image apart, as far as it can be read."""
        records: list[Record] = []
        at = HOME_ADDRESS
        while image[at : at + COUNT] != END_OF_TRACK:
            key = at + COUNT
            if key > len(image):
                return cls(image[:HOME_ADDRESS], tuple(records), image[at:] or END_OF_TRACK[:1])
            data = key + image[at + 5]
            end = data + int.from_bytes(image[at + 6 : key], "big")
            if end + COUNT > len(image):
                return cls(image[:HOME_ADDRESS], tuple(records), image[at:])
            records.append(Record(image[at:key], image[key:data], image[data:end]))
            at = end
        return cls(image[:HOME_ADDRESS], tuple(records))

    def to_bytes(self, size: int) -> bytes:
        """The image of the track, padded to `size` bytes."""
        records = b"".join(record.to_bytes() for record in self.records)
        return (self.home + records + (self.unreadable or END_OF_TRACK)).ljust(size, b"\0")[:size]


UNREADABLE = Track(b"", (), END_OF_TRACK)
"""A track of which not even the home address can be read."""


def formatted_track(cylinder: int, head: int, records: Sequence[Record] = ()) -> Track:
    """A track with its home address, standard record zero and these records."""
    address = cylinder.to_bytes(2, "big") + head.to_bytes(2, "big")
    zero = Record(address + bytes([0, 0, 0, 8]), data=bytes(8))
    return Track(b"\0" + address, (zero, *records))
