"""Minidisks: real volumes, extents of them, who may link to one and how (DMKLNK).

CP Command Reference for General Users, "LINK"; VM/370 Planning and System Generation Guide, "MDISK".  CP looks at the
other links to a minidisk when a link is made, and never again: nothing but that keeps two writers apart.  Two
minidisks are the same when they have the same extent, so that those which only overlap do not know of each other.

Nothing is kept here.  Who has which links follows from the virtual devices there are, and what is free in a T-disk
area from the temporary disks among them: what a user gives back at logoff cannot be forgotten.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from edu_hv.devices.ckd_image import DiskImage
from edu_hv.devices.disk_unit import DiskUnit
from edu_hv.hypervisor.decisions import GrantLink, RefuseLink, Rule, Verdict, decide
from edu_hv.isa.errors import UserError
from edu_hv.machine.channel_program import Device

EVERYBODY = "ALL"
"""The password that means: none is needed."""


class LinkMode(Enum):
    """An access mode: the access wanted first, and the one taken when that cannot be had."""

    R = "read, if nobody writes"
    RR = "read"
    W = "write, if nobody has it, else nothing"
    WR = "write, if nobody has it, else read"
    M = "write, if nobody writes, else nothing"
    MR = "write, if nobody writes, else read"
    MW = "write"


# ---- where minidisks are -------------------------------------------------------------------------------------------


@dataclass(frozen=True, order=True)
class Extent:
    """Whole cylinders of a real volume."""

    volser: str
    start: int
    cylinders: int

    @property
    def end(self) -> int:
        """The last cylinder."""
        return self.start + self.cylinders - 1

    def overlaps(self, other: "Extent") -> bool:
        """Whether the two share a cylinder."""
        return self.volser == other.volser and self.start <= other.end and other.start <= self.end

    def __str__(self) -> str:
        return f"{self.volser} {self.start:03}-{self.end:03}"


@dataclass(frozen=True)
class Volume:
    """A real volume that CP may use for minidisks: where it is mounted, what it is."""

    volser: str
    address: int
    device_type: str
    cylinders: int


@dataclass(frozen=True)
class Volumes:
    """The volumes attached to CP, and the extents that temporary disks are taken from."""

    volumes: tuple[Volume, ...] = ()
    temporary: tuple[Extent, ...] = ()

    def find(self, volser: str) -> Volume | None:
        """The volume of that serial, None when it is not mounted."""
        return next((volume for volume in self.volumes if volume.volser == volser), None)

    def at(self, address: int) -> Volume | None:
        """The volume on the drive at that real address."""
        return next((volume for volume in self.volumes if volume.address == address), None)

    def with_volume(self, volume: Volume) -> "Volumes":
        """As ATTACH TO SYSTEM makes it.  Raises UserError when the serial or the drive is there already."""
        for there in self.volumes:
            if volume.volser == there.volser or volume.address == there.address:
                raise UserError(f"volume {there.volser} is attached to the system already, at {there.address:03X}")
        return Volumes((*self.volumes, volume), self.temporary)

    def without(self, address: int) -> "Volumes":
        """As DETACH FROM SYSTEM makes it; temporary disks are not taken from the volume any more."""
        left = tuple(volume for volume in self.volumes if volume.address != address)
        there = {volume.volser for volume in left}
        return Volumes(left, tuple(extent for extent in self.temporary if extent.volser in there))

    def temporary_extent(self, device_type: str, cylinders: int, taken: Sequence[Extent]) -> Extent | None:
        """Room for a temporary disk of that type, first fit, None when there is none.

        Nothing is written to it: it holds what its last owner left (reference 7.2-7).
        """
        for area in self.temporary:
            volume = self.find(area.volser)
            if volume is None or volume.device_type != device_type:
                continue
            start = _first_fit(area, cylinders, taken)
            if start is not None:
                return Extent(area.volser, start, cylinders)
        return None

    def with_temporary(self, areas: Iterable[Extent]) -> "Volumes":
        """With other areas for temporary disks.  VM/370 keeps them in the allocation map of each volume (TDSK)."""
        return replace(self, temporary=tuple(areas))


def volume_on(address: int, device: Device) -> Volume | None:
    """The volume on the drive at a real address; None when it is no drive, or there is no volume with a label."""
    if not isinstance(device, DiskUnit) or device.volume is None:
        return None
    image = device.volume
    volser = serial_of(image)
    return Volume(volser, address, image.model.name, image.cylinders) if volser else None


def serial_of(image: DiskImage) -> str:
    """The volume serial in the label, the record of the first track that begins with VOL1; empty without one."""
    records = (record.data.decode("cp037") for record in image.track(0).records)
    return next((data[4:10].strip() for data in records if data.startswith("VOL1")), "")


def mounted(devices: Mapping[int, Device]) -> Volumes:
    """The volumes on the real drives; of two with one serial, that on the drive with the lower address."""
    found: dict[str, Volume] = {}
    for address in sorted(devices):
        volume = volume_on(address, devices[address])
        if volume is not None:
            found.setdefault(volume.volser, volume)
    return Volumes(tuple(found.values()))


def _first_fit(area: Extent, cylinders: int, taken: Iterable[Extent]) -> int | None:
    """The first cylinder of so many free ones in a row."""
    start = area.start
    for extent in sorted(extent for extent in taken if extent.overlaps(area)):
        if extent.start - start >= cylinders:
            break
        start = max(start, extent.end + 1)
    return start if start + cylinders - 1 <= area.end else None


# ---- links ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Link:
    """A link that a user has: his virtual device, and what it leads to."""

    userid: str
    address: int
    extent: Extent
    read_only: bool


@dataclass(frozen=True)
class LinkTarget:
    """The minidisk that is wanted, as its owner's entry in the directory has it."""

    device_type: str
    extent: Extent
    read_password: str = ""
    write_password: str = ""
    multiple_password: str = ""


@dataclass(frozen=True)
class LinkRequest:
    """All that is known when a link is asked for."""

    owner: str
    owner_address: int
    address: int
    """Where the asker wants it."""
    mode: LinkMode
    target: LinkTarget | None
    """None: the directory has no such minidisk."""
    volume: Volume | None
    """None: the volume is not mounted."""
    links: tuple[Link, ...] = ()
    """All links there are, to this minidisk and to others."""
    authorized: bool = False
    """The directory gives the link, or the asker owns the minidisk: no password is asked for."""
    password: str | None = None
    """None: none was given."""
    address_taken: bool = False
    """The asker has a device at that address."""

    @property
    def name(self) -> str:
        """How a message names what is wanted."""
        return f"{self.owner} {self.owner_address:03X}"

    @property
    def others(self) -> tuple[Link, ...]:
        """The links to this very minidisk."""
        return tuple(link for link in self.links if self.target and link.extent == self.target.extent)

    @property
    def writers(self) -> tuple[Link, ...]:
        """Those of them that may write."""
        return tuple(link for link in self.others if not link.read_only)

    @property
    def readers(self) -> tuple[Link, ...]:
        """Those of them that may only read."""
        return tuple(link for link in self.others if link.read_only)

    @property
    def needed_password(self) -> str:
        """The directory's password for the access wanted first; empty: none is given, so no link is."""
        if self.target is None:
            return ""
        passwords = {"R": self.target.read_password, "W": self.target.write_password}
        return passwords.get(self.mode.name[0], self.target.multiple_password)


def who(links: Sequence[Link]) -> str:
    """The holders of links, as messages name them: a userid, or how many there are."""
    return links[0].userid if len(links) == 1 else f"{len(links):03} USERS"


def who_has_it(request: LinkRequest) -> str:
    """The links there are, as messages name them: writers first."""
    parts = [("R/W BY ", request.writers), ("R/O BY ", request.readers)]
    return "; ".join(name + who(links) for name, links in parts if links)


@dataclass(frozen=True)
class _NotLinked:
    """Makes the decision not to link, with CP's message."""

    number: int
    reason: str

    def __call__(self, request: LinkRequest) -> RefuseLink:
        return RefuseLink(self.number, f"{request.name} NOT LINKED; {self.reason}")


_PASSWORD = {"R": (111, "READ"), "W": (112, "WRITE"), "M": (113, "MULT")}


def _no_password(request: LinkRequest) -> RefuseLink:
    number, name = _PASSWORD[request.mode.name[0]]
    return RefuseLink(number, f"{request.name} NOT LINKED; NO {name} PASSWORD")


def _in_use(request: LinkRequest) -> RefuseLink:
    """104E, 105E and 106E: readers, writers, both."""
    number = 106 if request.writers and request.readers else 105 if request.writers else 104
    return RefuseLink(number, f"{request.name} NOT LINKED; {who_has_it(request)}")


def _read(_request: LinkRequest) -> GrantLink:
    return GrantLink(read_only=True)


def _write(_request: LinkRequest) -> GrantLink:
    return GrantLink(read_only=False)


_SOURCE = 'CP Command Reference "LINK"'

LINK_RULES: tuple[Rule[LinkRequest], ...] = (
    Rule(
        "LNK-1",
        "has the asker a device at the address already?",
        "refuse, message 110E",
        "one virtual address is one device",
        _SOURCE,
        lambda request: request.address_taken,
        lambda request: RefuseLink(110, f"{request.name} NOT LINKED; DASD {request.address:03X} ALREADY DEFINED"),
    ),
    Rule(
        "LNK-2",
        "has the owner's entry in the directory no such minidisk?",
        "refuse, message 107E",
        "what can be linked to is what the directory gives the owner, be he logged on or not",
        _SOURCE,
        lambda request: request.target is None,
        _NotLinked(107, "NOT IN CP DIRECTORY"),
    ),
    Rule(
        "LNK-3",
        "is a password needed for which the directory has none?",
        "refuse, message 111E, 112E or 113E",
        "the owner has given no password for this kind of access: nobody else gets it",
        _SOURCE,
        lambda request: not request.authorized and not request.needed_password,
        _no_password,
    ),
    Rule(
        "LNK-4",
        "is the password wrong, or missing?",
        "refuse, message 114E",
        "the password given is not the directory's for this kind of access, and that is not ALL",
        _SOURCE,
        lambda request: not request.authorized and request.needed_password not in (EVERYBODY, request.password),
        _NotLinked(114, "MODE OR PASSWORD INCORRECT"),
    ),
    Rule(
        "LNK-5",
        "is the volume not mounted?",
        "refuse, message 108E",
        lambda request: f"no drive of CP's has volume {request.target.extent.volser if request.target else ''}",
        _SOURCE,
        lambda request: request.volume is None,
        lambda request: RefuseLink(
            108,
            f"{request.name} NOT LINKED; VOLID {request.target.extent.volser if request.target else ''} NOT MOUNTED",
        ),
    ),
    Rule(
        "LNK-6",
        "is the volume of another type than the directory says, or too small?",
        "refuse, message 109E",
        "the extent in the directory cannot be on this volume",
        _SOURCE,
        lambda request: not _fits(request),
        _NotLinked(109, "INVALID DEVICE TYPE"),
    ),
    Rule(
        "LNK-7",
        "is the mode MW?",
        "link, read and write",
        "MW asks for nothing: with another writer there, they will overwrite each other's data",
        _SOURCE,
        lambda request: request.mode is LinkMode.MW,
        _write,
    ),
    Rule(
        "LNK-8",
        "is the mode RR?",
        "link, read only",
        "RR is given whoever has the minidisk: what is read may be half written",
        _SOURCE,
        lambda request: request.mode is LinkMode.RR,
        _read,
    ),
    Rule(
        "LNK-9",
        "is the mode R, and does nobody write?",
        "link, read only",
        "nobody has write access at this moment",
        _SOURCE,
        lambda request: request.mode is LinkMode.R and not request.writers,
        _read,
    ),
    Rule(
        "LNK-10",
        "is the mode W or WR, and has nobody a link?",
        "link, read and write",
        "the minidisk is nobody else's at this moment",
        _SOURCE,
        lambda request: request.mode in (LinkMode.W, LinkMode.WR) and not request.others,
        _write,
    ),
    Rule(
        "LNK-11",
        "is the mode M or MR, and does nobody write?",
        "link, read and write",
        "there is no writer; readers may see changes half made",
        _SOURCE,
        lambda request: request.mode in (LinkMode.M, LinkMode.MR) and not request.writers,
        _write,
    ),
    Rule(
        "LNK-12",
        "does the mode end in R: is read access good enough?",
        "link, read only",
        "write access cannot be had, and the mode's second letter takes read access instead",
        _SOURCE,
        lambda request: request.mode in (LinkMode.WR, LinkMode.MR),
        _read,
    ),
    Rule(
        "LNK-13",
        "is what is wanted in use?",
        "refuse, message 104E, 105E or 106E",
        lambda request: f"the minidisk is {who_has_it(request)}",
        _SOURCE,
        lambda request: True,
        _in_use,
    ),
)


def _fits(request: LinkRequest) -> bool:
    target, volume = request.target, request.volume
    if target is None or volume is None:
        return False
    return volume.device_type == target.device_type and target.extent.end < volume.cylinders


def decide_link(request: LinkRequest) -> Verdict:
    """Whether the link is made, and how: GrantLink or RefuseLink.  Changes nothing."""
    return decide(LINK_RULES, request)


def linked_line(request: LinkRequest, read_only: bool) -> str:
    """CP's answer when the link is made: the access, and who else has the minidisk."""
    others = who_has_it(request)
    return f"DASD {request.address:03X} LINKED {'R/O' if read_only else 'R/W'}" + (f"; {others}" if others else "")
