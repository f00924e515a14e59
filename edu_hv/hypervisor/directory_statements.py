"""The statements of the directory, each as a value, and how the operands of each are read (DMKDIR).

VM/370 Planning and System Generation Guide, "Directory Control Statements".  Operands are positional; what follows the
last possible operand is ignored, as the directory program does.  Read next: `directory`, what a file of them makes.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from string import ascii_uppercase
from typing import Any

from edu_hv.devices.ckd_track import MODELS
from edu_hv.hypervisor.minidisks import Extent, LinkMode

LAST_COLUMN = 71
"""Columns behind this one hold sequence numbers and are not looked at."""
K = 1024
SMALLEST_STORAGE, LARGEST_STORAGE = 8 * K, 16 * K * K
DEFAULT_STORAGE, DEFAULT_MAXIMUM = 128 * K, 1024 * K
FRAME = 4 * K
TEMPORARY = "T-DISK"
NOLOG = "NOLOG"

SAME_AS = {"2319": "2314", "3333": "3330", "3344": "3340"}
"""Machine types that are to be given as another one, or that a program cannot tell from it."""
CYLINDERS = {model.name: max(m.cylinders for m in MODELS if m.name == model.name) for model in MODELS}
"""Disk types, and the cylinders that the largest model of each has."""
CONSOLES = ("1052", "3210", "3215")
READERS, PUNCHES, PRINTERS = ("2501", "2540", "3505"), ("2540", "3525"), ("1403", "1443", "3203", "3211")
SPECIALS = ("CTCA", "TIMER", "3270", "IBM", "TELE", "2701", "2702", "2703")


class StatementError(Exception):
    """An operand is not what the statement wants.  The text says what was expected."""


# ---- statements ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DirectoryStatement:
    """DIRECTORY: the volume that the directory itself is kept on.  Ours is a text file, and this only names it."""

    address: int
    device_type: str
    volser: str


@dataclass(frozen=True)
class UserStatement:
    """USER: who may log on, and with what.  Sizes in bytes."""

    userid: str
    password: str
    storage: int = DEFAULT_STORAGE
    maximum: int = DEFAULT_MAXIMUM
    classes: str = "G"
    priority: int = 64


@dataclass(frozen=True)
class Account:
    """ACCOUNT: the account number, and the word on the separator pages of printed output."""

    number: str = ""
    distribution: str = ""


@dataclass(frozen=True)
class Options:
    """OPTION: what the virtual machine has beyond the common one."""

    realtimer: bool = False
    ecmode: bool = False
    isam: bool = False
    virtual_real: bool = False
    acct: bool = False
    svcoff: bool = False
    bmx: bool = False
    cpuid: str = ""
    """Six hexadecimal digits: the serial number that STIDP stores."""
    affinity: int | None = None

    def joined(self, other: "Options") -> "Options":
        """These and those of another OPTION statement."""
        given = {field.name: getattr(other, field.name) for field in fields(other)}
        defaults = {field.name: field.default for field in fields(other)}
        return replace(self, **{name: value for name, value in given.items() if value != defaults[name]})


@dataclass(frozen=True)
class Ipl:
    """IPL: what is loaded when the user has logged on, a device or a saved system."""

    system: str
    parameters: str = ""


@dataclass(frozen=True)
class Minidisk:
    """MDISK: whole cylinders, `start` and on, of a real volume.  An empty password is none: no such link is given."""

    address: int
    device_type: str
    start: int
    cylinders: int
    volser: str
    mode: LinkMode = LinkMode.W
    reserve: bool = False
    """The mode ended in V: CP simulates reserve and release among those who share it."""
    read_password: str = ""
    write_password: str = ""
    multiple_password: str = ""

    @property
    def extent(self) -> Extent:
        """Where it is."""
        return Extent(self.volser, self.start, self.cylinders)


@dataclass(frozen=True)
class TemporaryDisk:
    """MDISK with T-DISK: cylinders from a pool, for as long as the user is logged on."""

    address: int
    device_type: str
    cylinders: int


@dataclass(frozen=True)
class DirectoryLink:
    """LINK: another user's minidisk, from logon on and without a password."""

    userid: str
    owner_address: int
    address: int
    mode: LinkMode = LinkMode.R


@dataclass(frozen=True)
class Dedicate:
    """DEDICATE: a real device, given by its address or by the volume on it, for this user alone."""

    address: int
    real: int | None
    volser: str = ""
    read_only: bool = False


@dataclass(frozen=True)
class Console:
    """CONSOLE: the virtual machine's console, and the spooling class of what it prints."""

    address: int
    device_type: str
    spool_class: str = "T"


@dataclass(frozen=True)
class Spool:
    """SPOOL: a unit record device that CP keeps files for.  `device_type` as the device tables have it: 2540R."""

    address: int
    device_type: str
    kind: str
    """RDR, PUN or PRT."""
    spool_class: str


@dataclass(frozen=True)
class Special:
    """SPECIAL: a device that CP makes itself or that a line or screen may DIAL."""

    address: int
    kind: str


Device = Minidisk | TemporaryDisk | DirectoryLink | Dedicate | Console | Spool | Special
Statement = DirectoryStatement | UserStatement | Account | Options | Ipl | Device


# ---- operands ------------------------------------------------------------------------------------------------------


class Operands:
    """The operands of one statement, taken from left to right."""

    def __init__(self, words: list[str]) -> None:
        self.words = words

    def optional(self) -> str:
        """The next operand, empty when there is none."""
        return self.words.pop(0) if self.words else ""

    def required(self, expected: str) -> str:
        """The next operand, which must be there."""
        word = self.optional()
        if not word:
            raise StatementError(f"{expected} is missing")
        return word

    def address(self, expected: str = "a device address") -> int:
        """One to three hexadecimal digits."""
        word = self.required(expected)
        if not is_address(word):
            raise StatementError(f"{expected} of one to three hexadecimal digits was expected, not {word}")
        return int(word, 16)

    def name(self, expected: str, most: int = 8) -> str:
        """A word of at most so many characters."""
        word = self.required(expected)
        if len(word) > most:
            raise StatementError(f"{expected} of at most {most} characters was expected, not {word}")
        return word

    def decimal(self, expected: str, low: int, high: int) -> int:
        """A decimal number within bounds."""
        word = self.required(expected)
        if not (word.isascii() and word.isdigit() and low <= int(word) <= high):
            raise StatementError(f"{expected} from {low} to {high} was expected, not {word}")
        return int(word)

    def one_of(self, expected: str, choices: Iterable[str]) -> str:
        """One of some words."""
        word = self.required(expected)
        if word not in choices:
            raise StatementError(f"{expected} ({', '.join(choices)}) was expected, not {word}")
        return word

    def storage(self, expected: str, default: int) -> int:
        """A size, nnnnnK or nnM, rounded up to whole pages; the default when it is not given."""
        word = self.optional()
        return storage_size(word, expected) if word else default

    def disk_type(self) -> str:
        """A disk type; what is the same to a program becomes the same."""
        word = self.required("a disk type")
        device_type = SAME_AS.get(word, word)
        if device_type not in CYLINDERS:
            raise StatementError(f"a disk type ({', '.join(CYLINDERS)}) was expected, not {word}")
        return device_type

    def spool_class(self, default: str, others: str = "") -> str:
        """A spooling class, A to Z or 0 to 9."""
        word = self.optional() or default
        if not (re.fullmatch("[A-Z0-9]", word) or word in others):
            raise StatementError(f"a spooling class, one letter or digit, was expected, not {word}")
        return word


def is_address(word: str) -> bool:
    """Whether a word can be a device address."""
    return bool(re.fullmatch("[0-9A-F]{1,3}", word))


def storage_size(word: str, expected: str = "a storage size") -> int:
    """Bytes of nnnnnK or nnM, rounded up to whole pages.  Raises StatementError unless 8K to 16M."""
    match = re.fullmatch("([0-9]{1,5})([KM])", word)
    size = int(match[1]) * (K if match[2] == "K" else K * K) if match else 0
    if not SMALLEST_STORAGE <= size <= LARGEST_STORAGE:
        raise StatementError(f"{expected} from 8K to 16M, as in 512K or 2M, was expected, not {word}")
    return -(-size // FRAME) * FRAME


def abbreviated(word: str, name: str) -> bool:
    """Whether a word is `name` or cut short; the capitals that `name` begins with are the shortest form."""
    shortest = len(name) - len(name.lstrip(ascii_uppercase))
    return len(word) >= shortest and name.upper().startswith(word)


# ---- one reader a statement ----------------------------------------------------------------------------------------


def _directory(operands: Operands) -> DirectoryStatement:
    return DirectoryStatement(operands.address(), operands.disk_type(), operands.name("a volume serial", 6))


def _user(operands: Operands) -> UserStatement:
    userid, password = operands.name("a userid"), operands.name("a password")
    storage = operands.storage("a storage size", DEFAULT_STORAGE)
    maximum = operands.storage("a maximum storage size", max(DEFAULT_MAXIMUM, storage))
    if maximum < storage:
        raise StatementError("the maximum storage size must not be less than the storage size")
    classes = operands.optional() or "G"
    if not re.fullmatch("[A-H]{1,8}", classes):
        raise StatementError(f"privilege classes, letters from A to H, were expected, not {classes}")
    priority = operands.decimal("a priority", 0, 99) if operands.words else 64
    return UserStatement(userid, password, storage, maximum, classes, priority)


def _account(operands: Operands) -> Account:
    number = operands.name("an account number")
    return Account(number, operands.name("a distribution word") if operands.words else "")


_FLAGS = {
    "Realtimer": "realtimer",
    "Ecmode": "ecmode",
    "Isam": "isam",
    "Virt=real": "virtual_real",
    "Acct": "acct",
    "Svcoff": "svcoff",
    "BMX": "bmx",
}


def _options(operands: Operands) -> Options:
    """The only statement whose operands are not positional."""
    given: dict[str, Any] = {}
    while operands.words:
        word = operands.required("an option")
        flag = next((field for name, field in _FLAGS.items() if abbreviated(word, name)), None)
        if flag:
            given[flag] = True
        elif word == "CPUID":
            given["cpuid"] = _cpuid(operands)
        elif abbreviated(word, "AFFinity"):
            given["affinity"] = operands.decimal("a processor address", 0, 63)
        else:
            known = ", ".join([*(name.upper() for name in _FLAGS), "CPUID bbbbbb", "AFFINITY nn"])
            raise StatementError(f"{word} is no option; there are {known}")
    return Options(**given)


def _cpuid(operands: Operands) -> str:
    serial = operands.required("a processor serial number")
    if not re.fullmatch("[0-9A-F]{1,6}", serial):
        raise StatementError(f"a serial number of up to six hexadecimal digits was expected, not {serial}")
    return serial.rjust(6, "0")


def _ipl(operands: Operands) -> Ipl:
    system = operands.name("a device address or the name of a saved system")
    if operands.words[:1] == ["PARM"]:
        return Ipl(system, " ".join(operands.words[1:]))
    return Ipl(system)


def _minidisk(operands: Operands) -> Minidisk | TemporaryDisk:
    address, device_type = operands.address(), operands.disk_type()
    cylinders = CYLINDERS[device_type]
    if operands.words[:1] == [TEMPORARY]:
        operands.required(TEMPORARY)
        return TemporaryDisk(address, device_type, operands.decimal("a number of cylinders", 1, cylinders))
    start = operands.decimal(f"{TEMPORARY} or the first cylinder", 0, cylinders - 1)
    length = operands.decimal("a number of cylinders", 1, cylinders - start)
    volser = operands.name("a volume serial", 6)
    mode, reserve = _mode(operands.optional() or "W")
    passwords = [operands.name("a password") if operands.words else "" for _ in range(3)]
    return Minidisk(address, device_type, start, length, volser, mode, reserve, *passwords)


def _mode(word: str) -> tuple[LinkMode, bool]:
    """An access mode, and whether V follows it."""
    name = word.removesuffix("V")
    if name not in LinkMode.__members__:
        raise StatementError(f"an access mode ({', '.join(LinkMode.__members__)}) was expected, not {word}")
    return LinkMode[name], name != word


def _link(operands: Operands) -> DirectoryLink:
    userid, owner_address = operands.name("a userid"), operands.address("the owner's device address")
    address = operands.address("a device address") if operands.words else owner_address
    return DirectoryLink(userid, owner_address, address, _mode(operands.optional() or "R")[0])


def _dedicate(operands: Operands) -> Dedicate:
    """A real address, or a volume serial; VOLID before one that could be an address."""
    address = operands.address()
    word = operands.required("a real device address or a volume serial")
    if word == "VOLID" or not is_address(word):
        volser = operands.name("a volume serial", 6) if word == "VOLID" else word
        if len(volser) > 6:
            raise StatementError(f"a real device address or a volume serial was expected, not {volser}")
        return Dedicate(address, None, volser, operands.optional() in ("R", "R/O"))
    return Dedicate(address, int(word, 16), "", operands.optional() in ("R", "R/O"))


def _console(operands: Operands) -> Console:
    return Console(operands.address(), operands.one_of("a console type", CONSOLES), operands.spool_class("T"))


def _spool(operands: Operands) -> Spool:
    address = operands.address()
    known = sorted({*READERS, *PUNCHES, *PRINTERS})
    device_type = operands.one_of("a unit record type", known)
    kind = _spool_kind(device_type, operands)
    suffix = {"RDR": "R", "PUN": "P"}[kind] if device_type == "2540" else ""
    default = "*" if kind == "RDR" else "A"
    return Spool(address, device_type + suffix, kind, operands.spool_class(default, "*" if kind == "RDR" else ""))


def _spool_kind(device_type: str, operands: Operands) -> str:
    """READER or PUNCH must follow a 2540, and may follow a type that is one of them only."""
    word = operands.words[0] if operands.words else ""
    said = next((k for k, name in (("RDR", "REader"), ("PUN", "PUnch")) if abbreviated(word, name)), "")
    if said:
        operands.required(word)
    possible = [k for k, types in (("RDR", READERS), ("PUN", PUNCHES), ("PRT", PRINTERS)) if device_type in types]
    if said and said not in possible:
        raise StatementError(f"a {device_type} is no {word}")
    if not said and len(possible) > 1:
        raise StatementError(f"READER or PUNCH was expected after {device_type}")
    return said or possible[0]


def _special(operands: Operands) -> Special:
    return Special(operands.address(), operands.one_of("a special device", SPECIALS))


READERS_BY_NAME: dict[str, Callable[[Operands], Statement]] = {
    "DIRectory": _directory,
    "User": _user,
    "ACCount": _account,
    "Option": _options,
    "Ipl": _ipl,
    "Mdisk": _minidisk,
    "Link": _link,
    "DEDicate": _dedicate,
    "Console": _console,
    "Spool": _spool,
    "SPEcial": _special,
}
"""The statements; capitals are the shortest form."""


def is_user_statement(line: str) -> bool:
    """Whether a line begins an entry, be it in error or not."""
    words = line[:LAST_COLUMN].upper().split()
    return bool(words) and abbreviated(words[0], "User")


def read_statement(line: str) -> Statement | None:
    """The statement on a line; None for a blank line and a comment.  Raises StatementError."""
    words = line[:LAST_COLUMN].upper().split()
    if not words or words[0].startswith("*"):
        return None
    reader = next((reader for name, reader in READERS_BY_NAME.items() if abbreviated(words[0], name)), None)
    if reader is None:
        known = ", ".join(name.upper() for name in READERS_BY_NAME)
        raise StatementError(f"{words[0]} is no statement of the directory; there are {known}")
    return reader(Operands(words[1:]))
