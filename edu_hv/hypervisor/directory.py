"""The directory: who may log on, with which virtual machine (DMKDIR, DMKUDR).

VM/370 Planning and System Generation Guide, "The Directory Program".  A text file of statements, one a line; USER
begins an entry.  Nothing checks that minidisks do not overlap: `overlaps` is the tool that does.  Read next:
`directory_statements`, the statements; `logon`, which builds the machine that an entry describes.
"""

from dataclasses import dataclass, field, replace

from edu_hv.hypervisor.directory_statements import (
    NOLOG,
    Account,
    Device,
    DirectoryStatement,
    Ipl,
    Minidisk,
    Options,
    Statement,
    StatementError,
    UserStatement,
    is_user_statement,
    read_statement,
)
from edu_hv.hypervisor.minidisks import Extent, LinkTarget
from edu_hv.isa.errors import UserError

TDSK = "$TDSK$"
"""The userid whose minidisks are the space for temporary disks."""
MOST_ERRORS = 10
"""Errors that are reported together."""


@dataclass(frozen=True)
class UserEntry:
    """One user's entry."""

    user: UserStatement
    account: Account = field(default_factory=Account)
    options: Options = field(default_factory=Options)
    ipl: Ipl | None = None
    devices: tuple[Device, ...] = ()
    """In the order of the statements."""

    @property
    def userid(self) -> str:
        """The userid."""
        return self.user.userid

    @property
    def may_log_on(self) -> bool:
        """Whether there is a password: an entry with NOLOG only owns minidisks, or marks cylinders as used."""
        return self.user.password != NOLOG

    @property
    def distribution(self) -> str:
        """The distribution word: the userid, when the entry has none."""
        return self.account.distribution or self.userid

    def minidisk(self, address: int) -> Minidisk | None:
        """The minidisk at that virtual address, None when there is none."""
        return next((d for d in self.devices if isinstance(d, Minidisk) and d.address == address), None)

    def link_target(self, address: int) -> LinkTarget | None:
        """The minidisk there, as one who links to it sees it."""
        disk = self.minidisk(address)
        if disk is None:
            return None
        passwords = disk.read_password, disk.write_password, disk.multiple_password
        return LinkTarget(disk.device_type, disk.extent, *passwords)


@dataclass(frozen=True)
class Directory:
    """All entries, by userid."""

    volume: DirectoryStatement | None = None
    users: tuple[UserEntry, ...] = ()
    text: str = field(default="", repr=False, compare=False)
    """What it was read from."""
    name: str = field(default="", repr=False, compare=False)
    """Of the file it was read from."""
    _by_userid: dict[str, UserEntry] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_userid", {entry.userid: entry for entry in self.users})

    def find(self, userid: str) -> UserEntry | None:
        """A user's entry, None when the directory has none."""
        return self._by_userid.get(userid)

    @property
    def temporary_areas(self) -> tuple[Extent, ...]:
        """Where temporary disks are taken from: the minidisks of the user $TDSK$.

        In VM/370 each volume's allocation map says it, and such an entry only keeps other minidisks away.
        """
        owner = self.find(TDSK)
        return tuple(disk.extent for disk in owner.devices if isinstance(disk, Minidisk)) if owner else ()


# ---- reading -------------------------------------------------------------------------------------------------------


@dataclass
class _Reader:
    """What has been read so far."""

    volume: DirectoryStatement | None = None
    users: list[UserEntry] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)
    """Where each userid's USER statement is."""
    skipping: bool = False
    """The last USER statement was in error: what follows it belongs to nobody, and is only read."""

    def take(self, statement: Statement, line: int) -> None:
        """Put one more statement in its place.  Raises StatementError when it may not stand there."""
        if isinstance(statement, DirectoryStatement):
            self._take_directory(statement)
        elif self.volume is None:
            raise StatementError("the first statement must be DIRECTORY")
        elif isinstance(statement, UserStatement):
            self._take_user(statement, line)
        elif self.users and not self.skipping:
            self.users[-1] = _with(self.users[-1], statement)
        elif not self.skipping:
            raise StatementError("a USER statement must come first")

    def _take_directory(self, statement: DirectoryStatement) -> None:
        if self.volume is not None:
            raise StatementError("there may be one DIRECTORY statement only, the first")
        self.volume = statement

    def _take_user(self, statement: UserStatement, line: int) -> None:
        earlier = self.lines.setdefault(statement.userid, line)
        if earlier != line:
            raise StatementError(f"user {statement.userid} has an entry already, in line {earlier}")
        self.users.append(UserEntry(statement))
        self.skipping = False

    def failed(self, line: str) -> None:
        """A statement was in error."""
        self.skipping = self.skipping or is_user_statement(line)


def _with(entry: UserEntry, statement: Statement) -> UserEntry:
    """The entry with one more of the statements that follow USER."""
    match statement:
        case Account() | Options() | Ipl() if entry.devices:
            raise StatementError("ACCOUNT, OPTION and IPL must stand before the user's first device")
        case Account():
            return replace(entry, account=statement)
        case Options():
            return replace(entry, options=entry.options.joined(statement))
        case Ipl():
            return replace(entry, ipl=statement)
        case DirectoryStatement() | UserStatement():
            raise AssertionError("they are not part of an entry")
    if any(device.address == statement.address for device in entry.devices):
        raise StatementError(f"user {entry.userid} has a device {statement.address:03X} already")
    return replace(entry, devices=(*entry.devices, statement))


def parse(text: str, name: str) -> Directory:
    """The directory in a text; `name` is the file's, for messages.

    Raises UserError with up to ten errors, each on a line of its own with the number of its line in the file.
    """
    reader = _Reader()
    errors: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            statement = read_statement(line)
            if statement is not None:
                reader.take(statement, number)
        except StatementError as error:
            errors.append(f"{name}, line {number}: {error}")
            reader.failed(line)
            if reader.volume is None:
                break
    if not errors and reader.volume is None:
        errors.append(f"{name}: there is no DIRECTORY statement")
    if errors:
        raise UserError("\n".join(_first(errors)))
    return Directory(reader.volume, tuple(reader.users), text, name)


def _first(errors: list[str]) -> list[str]:
    left = len(errors) - MOST_ERRORS
    return errors if left <= 0 else [*errors[:MOST_ERRORS], f"and {left} more"]


# ---- the check that the directory program does not make ------------------------------------------------------------


def overlaps(directory: Directory) -> list[str]:
    """A line for each two minidisks that share a cylinder; two that are the same share all."""
    disks = sorted(
        (disk.extent, entry.userid, disk.address)
        for entry in directory.users
        for disk in entry.devices
        if isinstance(disk, Minidisk)
    )
    found = []
    for index, (extent, userid, address) in enumerate(disks):
        for other, other_userid, other_address in disks[index + 1 :]:
            if not extent.overlaps(other):
                break
            found.append(f"{userid} {address:03X} ({extent}) overlaps {other_userid} {other_address:03X} ({other})")
    return found
