"""The channel program of DIAGNOSE X'18': what form it must have (DMKDGD).  GC20-1807 "Standard DASD I/O".

For each record: SEEK, or SEEK HEAD, or none when the arm stays; SET SECTOR, or none; SEARCH ID; a TIC back to that;
READ or WRITE DATA.  All but the last are command-chained.  The chain is looked through CCW by CCW before anything is
started; each CCW is asked the same questions, and the first answer that is not good is the guest's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from edu_hv.devices.disk_commands import Command
from edu_hv.hypervisor.decisions import AnswerDiagnose, Rule, Verdict, decide
from edu_hv.hypervisor.virtual_devices import VDEVBLOK, VDEVFLAG
from edu_hv.isa.codes import MASK_24
from edu_hv.machine.ccw import CCW

if TYPE_CHECKING:
    from edu_hv.hypervisor.vmblok import VMBLOK

LONGEST = 2048
"""Bytes of a record."""
MOST_RECORDS = 15
_SET_SECTOR, _READ, _WRITE = 0x23, 0x06, 0x05
_CYLINDER = slice(2, 4)
_CCW = 8
_TIC_BACK = 8


class Part(Enum):
    """What a CCW is in the standard form, and how many bytes its argument has."""

    SEEK = "seek"
    SEEK_HEAD = "seek head"
    SECTOR = "set sector"
    SEARCH = "search"
    TIC = "transfer back to the search"
    DATA = "read or write"
    MISPLACED = "not in its place"


_COMMANDS = {
    Command.SEEK: Part.SEEK,
    Command.SEEK_HEAD: Part.SEEK_HEAD,
    _SET_SECTOR: Part.SECTOR,
    Command.SEARCH_ID_EQUAL: Part.SEARCH,
}
_ARGUMENTS = {Part.SEEK: 6, Part.SEEK_HEAD: 6, Part.SECTOR: 1, Part.SEARCH: 5}
_FOLLOWS = {
    Part.SEEK: (Part.SECTOR, Part.SEARCH),
    Part.SEEK_HEAD: (Part.SECTOR, Part.SEARCH),
    Part.SECTOR: (Part.SEARCH,),
    Part.SEARCH: (Part.TIC,),
    Part.TIC: (Part.DATA,),
    Part.DATA: (Part.SEEK, Part.SEEK_HEAD, Part.SECTOR, Part.SEARCH),
}


@dataclass(frozen=True)
class Link:
    """One CCW of the chain, with what is asked about it."""

    vm: "VMBLOK"
    vdev: VDEVBLOK
    ccw: CCW
    part: Part
    first: int | None
    """The cylinder of the first seek, from the second on."""
    record: int
    """Which read or write this is, or is for; from 1."""
    records: int
    """How many the guest has announced in register 15."""

    @property
    def argument_inside(self) -> bool:
        """Whether the argument of a seek or search is in the guest's storage."""
        length = _ARGUMENTS.get(self.part)
        return length is None or self.vm.storage.contains(self.ccw.address, length)

    @property
    def cylinder(self) -> int | None:
        """The cylinder to which it seeks."""
        if self.part not in (Part.SEEK, Part.SEEK_HEAD):
            return None
        return int.from_bytes(self.vm.cpu.load_real(self.ccw.address, 6)[_CYLINDER], "big")

    @property
    def outside_disk(self) -> bool:
        """Whether it seeks past the last cylinder of a minidisk; of a whole volume the device knows."""
        cylinder = self.cylinder if self.part is Part.SEEK else None
        return cylinder is not None and self.vdev.minidisk and cylinder >= self.vdev.bnd

    @property
    def leaves_cylinder(self) -> bool:
        """Whether the head of another cylinder is meant than that of the first seek."""
        return self.first is not None and self.cylinder not in (None, self.first)

    @property
    def misplaced(self) -> bool:
        """Whether it is not what the form has in this place."""
        if self.part is Part.DATA:
            return self.ccw.command not in (_READ, _WRITE) or self.ccw.chains_data
        chained = self.part is Part.TIC or self.ccw.chains_command
        return self.part is Part.MISPLACED or not chained

    @property
    def data(self) -> bool:
        """Whether it moves a record."""
        return self.part is Part.DATA


def links(vm: "VMBLOK", vdev: VDEVBLOK, address: int, records: int) -> Iterator[Link]:
    """The chain's CCWs, up to the one that is not chained.  Raises ADDRESSING for a CCW outside the guest's storage.

    Whoever takes them stops at the first with which something is wrong, so that the chain cannot be endless.
    """
    expected: tuple[Part, ...] = (Part.SEEK,)
    first: int | None = None
    record = 1
    while True:
        ccw = CCW.from_bytes(vm.cpu.load_real(address, _CCW))
        link = Link(vm, vdev, ccw, _part(ccw, address, expected), first, record, records)
        yield link
        first = link.cylinder if first is None else first
        if link.data:
            record += 1
        if link.data and not ccw.chains_command:
            return
        expected, address = _FOLLOWS[link.part], address + _CCW & MASK_24


def _part(ccw: CCW, address: int, expected: tuple[Part, ...]) -> Part:
    if ccw.transfer_in_channel:
        found = Part.TIC if ccw.address == address - _TIC_BACK else Part.MISPLACED
    else:
        found = _COMMANDS.get(ccw.command, Part.DATA)
    return found if found in expected else Part.MISPLACED


_SOURCE = "GC20-1807 \"DIAGNOSE Code X'18'\""


CHAIN: tuple[Rule[Link], ...] = (
    Rule(
        "DGD-7",
        "does a seek, a search or a set sector take its argument from outside the guest's storage?",
        "condition code 2, return code 6",
        "there is nothing at that address of the virtual machine",
        _SOURCE,
        lambda link: not link.argument_inside,
        lambda link: AnswerDiagnose(2, 6),
    ),
    Rule(
        "DGD-8",
        "does it seek past the last cylinder of the minidisk?",
        "condition code 1, return code 4",
        "the minidisk has fewer cylinders; what is behind it belongs to somebody else",
        _SOURCE,
        lambda link: link.outside_disk,
        lambda link: AnswerDiagnose(1, 4),
    ),
    Rule(
        "DGD-9",
        "does it seek a head on another cylinder than the first seek?",
        "condition code 2, return code 12",
        "the whole chain works on one cylinder, so that one position of the arm serves all of it",
        _SOURCE,
        lambda link: link.leaves_cylinder,
        lambda link: AnswerDiagnose(2, 12),
    ),
    Rule(
        "DGD-10",
        "is it not what the standard form has in this place?",
        "condition code 2, return code 7",
        "seek, set sector, search, TIC and then READ DATA or WRITE DATA, command-chained: anything else is refused",
        _SOURCE,
        lambda link: link.misplaced,
        lambda link: AnswerDiagnose(2, 7),
    ),
    Rule(
        "DGD-11",
        "is it a read or write more than register 15 says?",
        "condition code 2, return code 11",
        "the guest has said how many records the chain moves, and CP counts more",
        _SOURCE,
        lambda link: link.data and link.record > link.records,
        lambda link: AnswerDiagnose(2, 11),
    ),
    Rule(
        "DGD-12",
        "does it move no bytes?",
        "condition code 2, return code 8",
        "a count of zero is no record",
        _SOURCE,
        lambda link: link.data and link.ccw.count == 0,
        lambda link: AnswerDiagnose(2, 8),
    ),
    Rule(
        "DGD-13",
        "does it move more than 2048 bytes?",
        "condition code 2, return code 9",
        "this fast way is for the records of CMS, which are not longer",
        _SOURCE,
        lambda link: link.data and link.ccw.count > LONGEST,
        lambda link: AnswerDiagnose(2, 9),
    ),
    Rule(
        "DGD-14",
        "is the area for the data outside the guest's storage?",
        "condition code 2, return code 10",
        "there is nothing at that address of the virtual machine",
        _SOURCE,
        lambda link: link.data and not link.vm.storage.contains(link.ccw.address, link.ccw.count),
        lambda link: AnswerDiagnose(2, 10),
    ),
    Rule(
        "DGD-15",
        "does it write on a disk that is read-only for this guest?",
        "condition code 1, return code 3",
        "the link or the directory gives read access only",
        _SOURCE,
        lambda link: link.data and link.ccw.command == _WRITE and bool(link.vdev.vdevflag & VDEVFLAG.READ_ONLY),
        lambda link: AnswerDiagnose(1, 3),
    ),
    Rule(
        "DGD-16",
        "is nothing wrong with it?",
        "look at the next CCW, or start the chain",
        "the CCW is as the standard form wants it",
        _SOURCE,
        lambda link: True,
        lambda link: AnswerDiagnose(),
    ),
)
"""What is asked of each CCW, in this order."""


def examine(vm: "VMBLOK", vdev: VDEVBLOK, address: int, records: int) -> Verdict:
    """Look through a chain: what is wrong with it, or that nothing is.  Raises ADDRESSING; changes nothing."""
    verdicts = (decide(CHAIN, link) for link in links(vm, vdev, address, records))
    verdict = next(verdicts)
    while verdict.decision == AnswerDiagnose() and (following := next(verdicts, None)) is not None:
        verdict = following
    return verdict
