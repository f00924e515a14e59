"""What CP makes of the commands for a disk, one at a time: DASDTBL for minidisks, DEDDTBL for dedicated ones (DMKCCW).

SY20-0886 "CCW Translation"; VM/370 Planning and System Generation Guide, "VM/370 Restrictions".  On a minidisk cylinder
0 is the real cylinder VDEVRELN, and nothing leads beyond the VDEVBND cylinders: where the arm goes is CP's decision,
taken when the program is started, from a copy of the argument that the guest cannot reach any more.

Home addresses and records zero hold real cylinder numbers.  The other records have in their counts what their writer
put there, which for a guest is the minidisk's number: nothing is to be done about these.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from edu_hv.devices.disk_commands import (
    ADDRESS_LENGTH,
    INHIBIT_WRITE,
    MULTI_TRACK,
    PERMIT_WRITE,
    WRITE_CONTROL,
    Command,
)
from edu_hv.hypervisor.ccw_scan import Chain, GuestArea, Refused, Use, chained_use
from edu_hv.hypervisor.rcwtask import GIVE_SENSE, NO_CONTROL, RCWCTL, STAYS
from edu_hv.isa.codes import CCWFlag
from edu_hv.machine.ccw import CCW

if TYPE_CHECKING:
    from edu_hv.hypervisor.virtual_devices import VDEVBLOK

NO_OP, SENSE = 0x03, 0x04
REJECTED = 0xFD
"""A write command that no control unit has: unit check with command reject when its turn comes."""
NO_CYLINDER = 0xFFFF
"""Beyond every volume: the control unit's seek check, or command reject, when the turn of the SEEK comes."""
LONGEST_COPY = 256
"""Bytes of a record zero that CP copies."""

_PLANNING = "Planning and System Generation Guide, VM/370 Restrictions"
_LOGIC = "SY20-0886 CCW Translation"
_CHAINING = CCWFlag.CHAIN_COMMAND | CCWFlag.PROGRAM_CONTROLLED_INTERRUPTION

SEEKS = frozenset({Command.SEEK, Command.SEEK_CYLINDER})
SEARCH_IDS = frozenset({Command.SEARCH_ID_EQUAL, Command.SEARCH_ID_HIGH, Command.SEARCH_ID_EQUAL_HIGH})
SEARCH_KEYS = frozenset({Command.SEARCH_KEY_EQUAL, Command.SEARCH_KEY_HIGH, Command.SEARCH_KEY_EQUAL_HIGH})
WRITES = frozenset({0x01, 0x05, 0x0D, 0x11, 0x15, 0x19, 0x1D})
MULTI_TRACK_COMMANDS = SEARCH_IDS | SEARCH_KEYS | {
    Command.SEARCH_HOME_ADDRESS, Command.READ_DATA, Command.READ_KEY_DATA, Command.READ_COUNT,
    Command.READ_RECORD_ZERO, Command.READ_HOME_ADDRESS, Command.READ_COUNT_KEY_DATA,
}  # fmt: skip
POSITIONING = SEEKS | {Command.RECALIBRATE, Command.READ_IPL}
"""The arm is where they put it, whatever was before."""
WITHOUT_MEDIUM = frozenset(
    {NO_OP, SENSE, Command.RESTORE, Command.SET_FILE_MASK, Command.RESERVE, Command.RELEASE, Command.READ_BUFFERED_LOG}
)
"""It does not matter to them where the arm is."""
SHORT_CONTROL_UNITS = frozenset({"2311", "2314", "2319"})
"""Models on which home addresses may be written in a minidisk: their alternate tracks are in the minidisk itself."""


@dataclass(frozen=True)
class Plan:
    """What becomes of one CCW, before its addresses are translated."""

    ccw: CCW
    """Command, flags and count of the real CCW; the guest's data address."""
    own: bytes | None = None
    """CP's copy of the data, which the real CCW gets instead of the guest's."""
    before: "tuple[Plan, ...]" = ()
    """CCWs of CP's own that come before it."""
    control: RCWCTL = NO_CONTROL
    place: tuple[int, int] | None = None
    """Where it moves the arm: virtual cylinder and head."""
    rule: str = ""


@dataclass(frozen=True)
class DiskCommand:
    """A CCW of a guest for a disk, as the rules see it."""

    vdev: "VDEVBLOK"
    ccw: CCW
    area: GuestArea

    @property
    def command(self) -> int:
        """The command without the multi-track bit, where it has one."""
        single = self.ccw.command & ~MULTI_TRACK
        return single if single in MULTI_TRACK_COMMANDS else self.ccw.command

    @property
    def chains_data(self) -> bool:
        """Whether the CCW chains data."""
        return self.ccw.chains_data

    @property
    def short(self) -> bool:
        """Whether the control unit is a 2841 or 2314."""
        return self.vdev.model[:4] in SHORT_CONTROL_UNITS

    @property
    def read_only(self) -> bool:
        """Whether the guest has only read access."""
        return bool(self.vdev.vdevflag & 0x80)

    def argument(self, length: int) -> bytes | Refused:
        """The first bytes of the guest's data."""
        return self.area.argument(self.ccw, length)

    def cylinder(self) -> int:
        """The virtual cylinder in a seek address; -1 when it is not all there."""
        found = self.argument(4)
        return -1 if isinstance(found, Refused) or len(found) < 4 else int.from_bytes(found[2:4], "big")

    def outside(self) -> bool:
        """Whether a seek address leads out of the minidisk."""
        return self.cylinder() >= self.vdev.bnd

    def plan(self, command: int | None = None, flags: int | None = None, own: bytes | None = None) -> Plan:
        """The CCW with something changed; without, as it is."""
        ccw = self.ccw
        if flags is None:
            flags = ccw.flags if own is None else ccw.flags & ~CCWFlag.INDIRECT_DATA_ADDRESS
        return Plan(CCW(ccw.command if command is None else command, ccw.address, flags, ccw.count), own)

    def relocated(self, at: int, length: int) -> Plan:
        """With a copy of its argument, in which the cylinder number at offset `at` is the real one.

        An argument that the channel will not be able to fetch stays the guest's: the channel reports it.
        """
        found = self.argument(length)
        if isinstance(found, Refused):
            return replace(self.plan(), control=RCWCTL.RELOCATED)
        cylinder = int.from_bytes(found[at : at + 2], "big")
        real = NO_CYLINDER if cylinder >= self.vdev.bnd else cylinder + self.vdev.reln
        own = found[:at] + real.to_bytes(2, "big") + found[at + 2 :] if len(found) >= at + 2 else found
        return replace(self.plan(own=own), control=RCWCTL.RELOCATED)


@dataclass(frozen=True)
class CommandRule:
    """One question CP asks about a command for a disk, and what it makes of it when the answer is yes."""

    id: str
    question: str
    then: str
    why: str
    source: str
    applies: Callable[[DiskCommand], bool]
    plan: Callable[[DiskCommand], Plan]


# ---- what is made of a command -------------------------------------------------------------------------------------


def _rejected(command: DiskCommand) -> Plan:
    return replace(command.plan(command=REJECTED), control=RCWCTL.INVALID)


def _read_only(command: DiskCommand) -> Plan:
    return replace(command.plan(command=REJECTED), control=RCWCTL.INVALID | RCWCTL.READ_ONLY)


def _seek(command: DiskCommand) -> Plan:
    """SEEK to the real cylinder, or to one that no volume has."""
    plan, cylinder, found = command.relocated(2, ADDRESS_LENGTH), command.cylinder(), command.argument(ADDRESS_LENGTH)
    if isinstance(found, Refused) or not 0 <= cylinder < command.vdev.bnd:
        return plan
    return replace(plan, place=(cylinder, int.from_bytes(found[4:6], "big")))


def _seek_head(command: DiskCommand) -> Plan:
    found = command.argument(ADDRESS_LENGTH)
    if isinstance(found, Refused) or len(found) < ADDRESS_LENGTH:
        return command.plan()
    return replace(command.plan(), place=(STAYS, int.from_bytes(found[4:6], "big")))


def seek_to(vdev: "VDEVBLOK", cylinder: int, head: int, flags: int) -> Plan:
    """A SEEK of CP's own to a cylinder of the minidisk."""
    own = bytes(2) + (vdev.reln + cylinder).to_bytes(2, "big") + head.to_bytes(2, "big")
    flags |= CCWFlag.SUPPRESS_LENGTH_INDICATION
    return Plan(CCW(Command.SEEK, 0, flags, ADDRESS_LENGTH), own, place=(cylinder, head))


def _recalibrate(command: DiskCommand) -> Plan:
    """Not an immediate command any more: a refusal comes with channel end and device end."""
    ccw = command.ccw
    flags = ccw.flags & (CCWFlag.PROGRAM_CONTROLLED_INTERRUPTION if ccw.chains_data else _CHAINING)
    return replace(seek_to(command.vdev, 0, 0, flags), control=RCWCTL.RELOCATED)


def _read_ipl(command: DiskCommand) -> Plan:
    """READ DATA of the first record of the minidisk's cylinder 0, head 0."""
    seek = seek_to(command.vdev, 0, 0, CCWFlag.CHAIN_COMMAND)
    return replace(command.plan(command=Command.READ_DATA), before=(seek,), place=(0, 0), control=RCWCTL.RELOCATED)


def _file_mask(command: DiskCommand) -> Plan:
    """The guest's mask, narrowed: nothing is written on a read-only disk, and no home address on most minidisks."""
    found = command.argument(1)
    if isinstance(found, Refused):
        return replace(command.plan(), control=RCWCTL.RELOCATED)
    mask = found[0]
    if command.read_only:
        mask = mask & ~WRITE_CONTROL | INHIBIT_WRITE
    elif mask & WRITE_CONTROL == PERMIT_WRITE and not command.short:
        mask &= ~WRITE_CONTROL
    return command.plan(own=bytes([mask]))


def _read_addresses(command: DiskCommand) -> Plan:
    return replace(command.plan(), control=RCWCTL.ADDRESSES)


def _read_record_zero(command: DiskCommand) -> Plan:
    flags = command.ccw.flags & ~CCWFlag.INDIRECT_DATA_ADDRESS | CCWFlag.SKIP
    return command.plan(command=Command.READ_RECORD_ZERO, flags=flags)


def _write_addresses(command: DiskCommand) -> Plan:
    return command.relocated(1 if command.command == Command.WRITE_HOME_ADDRESS else 0, LONGEST_COPY)


def _may_write_addresses(command: DiskCommand) -> bool:
    """On a 2311 or 2314, within the minidisk, and all of it in one short piece, so that CP can copy it."""
    if not command.short or command.chains_data or command.ccw.count > LONGEST_COPY:
        return False
    at = 1 if command.command == Command.WRITE_HOME_ADDRESS else 0
    found = command.argument(at + 2)
    return isinstance(found, bytes) and int.from_bytes(found[at : at + 2], "big") < command.vdev.bnd


def _of(*commands: int) -> Callable[[DiskCommand], bool]:
    return lambda command: command.command in commands


# ---- the tables ----------------------------------------------------------------------------------------------------

READ_ONLY = CommandRule(
    "DASD-RDO",
    "would it write on a disk that the guest may only read (VDEVFLAG 80)?",
    "a command that is rejected; sense: command reject, file protected",
    "the guest has read access only; the disk may be somebody else's",
    f"{_LOGIC}; CP Command Reference, LINK",
    lambda command: command.command in WRITES and command.read_only,
    _read_only,
)
COPY = CommandRule(
    "DASD-COPY",
    "does the control unit know the command?",
    "the same command",
    "it moves no arm and names no cylinder",
    _LOGIC,
    lambda command: True,
    lambda command: command.plan(),
)

DASDTBL: Sequence[CommandRule] = (
    READ_ONLY,
    CommandRule(
        "DASD-SEEKCD",
        "is it a SEEK that chains data with a count of less than 4?",
        "a command that is rejected",
        "the cylinder would come from a CCW that CP does not look at: not consistent with data security",
        _PLANNING,
        lambda command: command.command in SEEKS and command.chains_data and command.ccw.count < 4,
        _rejected,
    ),
    CommandRule(
        "DASD-SEEKOUT",
        "is it a SEEK to a cylinder that the minidisk does not have (VDEVBND)?",
        "a SEEK to a cylinder that no volume has: seek check, or command reject",
        "the cylinder is not the guest's; on the machine a seek beyond the volume ends like this",
        "VM/370 Operator's Guide, IBCDASDI (seek check behind the end of a minidisk)",
        lambda command: command.command in SEEKS and command.outside(),
        _seek,
    ),
    CommandRule(
        "DASD-SEEK",
        "is it a SEEK?",
        "a SEEK to the cylinder plus VDEVRELN, with CP's copy of the argument",
        "cylinder 0 of the minidisk is another one of the volume, and the copy cannot be changed any more",
        _LOGIC,
        _of(*SEEKS),
        _seek,
    ),
    CommandRule(
        "DASD-SEEKHD",
        "is it a SEEK HEAD?",
        "the same command",
        "the arm stays, and all heads of a cylinder belong to the minidisk",
        _LOGIC,
        _of(Command.SEEK_HEAD),
        _seek_head,
    ),
    CommandRule(
        "DASD-RECAL",
        "is it a RECALIBRATE, and cylinder 0 not the minidisk's?",
        "a SEEK to the cylinder VDEVRELN, head 0",
        "the real command goes to the volume's cylinder 0",
        _LOGIC,
        lambda command: command.command == Command.RECALIBRATE and bool(command.vdev.reln),
        _recalibrate,
    ),
    CommandRule(
        "DASD-RDIPL",
        "is it a READ IPL, and cylinder 0 not the minidisk's?",
        "a SEEK of CP's own to the cylinder VDEVRELN, then READ DATA",
        "the real command goes to the volume's cylinder 0",
        _LOGIC,
        lambda command: command.command == Command.READ_IPL and bool(command.vdev.reln),
        _read_ipl,
    ),
    CommandRule(
        "DASD-MASK",
        "is it a SET FILE MASK?",
        "the same with CP's copy of the mask: no more writing than the guest may do",
        "the mask guards what CP's other rules guard, in the control unit itself",
        _LOGIC,
        _of(Command.SET_FILE_MASK),
        _file_mask,
    ),
    CommandRule(
        "DASD-SCHR0",
        "is it a SEARCH ID for record 0?",
        "the same with CP's copy of the argument and the real cylinder number",
        "record zero holds real numbers; records that a guest has written hold its own",
        f"{_PLANNING} (search ID argument with record 0)",
        lambda command: command.command in SEARCH_IDS and not command.chains_data and _record(command) == 0,
        lambda command: command.relocated(0, 5),
    ),
    CommandRule(
        "DASD-SCHHA",
        "is it a SEARCH HOME ADDRESS?",
        "the same with CP's copy of the argument and the real cylinder number",
        "home addresses hold real numbers",
        _LOGIC,
        lambda command: command.command == Command.SEARCH_HOME_ADDRESS and not command.chains_data,
        lambda command: command.relocated(0, 4),
    ),
    CommandRule(
        "DASD-RDHA",
        "does it read a home address or record zero, which hold real cylinder numbers?",
        "the same; in the end the number in the guest's storage is made the minidisk's",
        "the guest must not see where its cylinders are",
        f"{_PLANNING} (read home address with the skip bit off)",
        lambda command: command.command in (Command.READ_HOME_ADDRESS, Command.READ_RECORD_ZERO) and _moves(command),
        _read_addresses,
    ),
    CommandRule(
        "DASD-SENSE",
        "does it give sense bytes that say where the arm is?",
        "the same; in the end the cylinder in the guest's storage is made the minidisk's",
        "the guest must not see where its cylinders are",
        "a decision of this CP",
        lambda command: command.command in GIVE_SENSE and not command.short and _moves(command),
        _read_addresses,
    ),
    CommandRule(
        "DASD-WRADR",
        "does it write a home address or record zero in a minidisk of a 2311 or 2314?",
        "the same with CP's copy of the data and the real cylinder number",
        "alternate tracks are assigned in the minidisk itself there",
        "Planning and System Generation Guide, Minidisks (alternate tracks)",
        lambda command: (
            _of(Command.WRITE_HOME_ADDRESS, Command.WRITE_RECORD_ZERO)(command) and _may_write_addresses(command)
        ),
        _write_addresses,
    ),
    CommandRule(
        "DASD-WRR0",
        "is it a WRITE RECORD ZERO?",
        "READ RECORD ZERO with the skip flag",
        "it could lead to an alternate track outside the minidisk; what follows may be an invalid sequence",
        f"{_PLANNING} (write record R0 on a nondedicated 3330, 3340, 3350)",
        _of(Command.WRITE_RECORD_ZERO),
        _read_record_zero,
    ),
    CommandRule(
        "DASD-WRHA",
        "is it a WRITE HOME ADDRESS?",
        "a command that is rejected",
        "it could lead to an alternate track outside the minidisk",
        _PLANNING,
        _of(Command.WRITE_HOME_ADDRESS),
        _rejected,
    ),
    CommandRule(
        "DASD-UNKNOWN",
        "is it a command that CP does not know?",
        "a command that is rejected",
        "CP cannot tell where it would lead",
        _LOGIC,
        lambda command: command.command not in KNOWN and bool(command.ccw.command & 0x0F),
        _rejected,
    ),
    COPY,
)
"""Minidisks.  The first rule that applies decides."""

DEDDTBL: Sequence[CommandRule] = (READ_ONLY, COPY)
"""Dedicated disks: the whole volume is the guest's."""

RULES: Mapping[str, CommandRule] = {rule.id: rule for rule in DASDTBL}
"""By id, for explanations: `TranslatedCCW.rule` names one."""

KNOWN: frozenset[int] = frozenset(Command) | {NO_OP, SENSE}


def _record(command: DiskCommand) -> int:
    """The record number of a search argument; -1 when the argument has none."""
    found = command.argument(5)
    return found[4] if isinstance(found, bytes) and len(found) == 5 else -1


def _moves(command: DiskCommand) -> bool:
    return bool(command.vdev.reln) and not command.ccw.flags & CCWFlag.SKIP


# ---- for the translation -------------------------------------------------------------------------------------------


def plan_for(vdev: "VDEVBLOK", area: GuestArea, ccw: CCW) -> Plan:
    """What CP makes of a command for this device; one that the channel refuses anyway stays as it is."""
    if not vdev.vdevtypc & 0x04 or ccw.transfer_in_channel or not ccw.command & 0x0F or not ccw.count:
        return Plan(ccw)
    command = DiskCommand(vdev, ccw, area)
    rule = next(rule for rule in (DEDDTBL if vdev.vdevstat & 0x01 else DASDTBL) if rule.applies(command))
    return replace(rule.plan(command), rule=rule.id)


def chained_behind(vdev: "VDEVBLOK", ccw: CCW) -> Use:
    """How the CCWs are reached that are data-chained to a command, which may not be the guest's any more."""
    minidisk = vdev.vdevtypc & 0x04 and not vdev.vdevstat & 0x01
    if minidisk and ccw.command == Command.WRITE_RECORD_ZERO:
        return Use.SKIPPED
    return chained_use(ccw.command)


def needs_seek(vdev: "VDEVBLOK", chain: Chain) -> bool:
    """Whether the program of a minidisk relies on where the arm is: CP seeks first.

    Another virtual machine may have moved it.  Planning and System Generation Guide, "VM/370 Restrictions".
    """
    if not vdev.vdevtypc & 0x04 or vdev.vdevstat & 0x01:
        return False
    pending, seen = [(chain.start, Use.COMMAND)], set()
    while pending:
        place = pending.pop()
        ccw = chain.ccws.get(place[0])
        if ccw is None or place in seen:
            continue
        seen.add(place)
        if place[1] is Use.COMMAND and not ccw.transfer_in_channel and ccw.command not in WITHOUT_MEDIUM:
            if ccw.command not in POSITIONING:
                return True
            continue
        pending += chain.successors(*place)
    return False
