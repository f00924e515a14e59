"""Values that can be watched: registers, fields of the PSW, storage keys; and who sees them change.

A *change* is seen at the end of the unit that made it, whoever did: an instruction, an interruption, CP, a channel.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edu_hv.debugger import believed
from edu_hv.debugger.psw_fields import FIELDS
from edu_hv.debugger.stops.seeing import EVERYBODY, Hit, Seer, Unit
from edu_hv.debugger.stops.what import BREAKPOINT, WATCHPOINT, What
from edu_hv.debugger.system import Guest, System
from edu_hv.debugger.writers.may_write import CONDITION_CODE, FLOATING, GENERAL, PROGRAM_MASK, left_to_cpu
from edu_hv.isa.errors import UserError
from edu_hv.machine.psw import PSW

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession

_SLOW_FIELDS = ("ia", "psw")
"""Fields of the PSW that every instruction changes."""
_LEFT_FIELDS = {"cc": CONDITION_CODE, "pm": PROGRAM_MASK}
"""Those that some instructions change which the engine executes; the others are changed where it is not."""
REAL = "real "


class Source:
    """Where a value is; `guest` is whose, "" the real machine."""

    guest: str
    compiled = True
    """Whether the value only changes where the engine is not, but for the instructions in `left`."""

    @property
    def left(self) -> bytes | None:
        """The instructions that the engine has to leave alone: see `Seer.left`."""
        return None

    def read(self, system: System) -> int | None:
        """The value; None where there is none, as of a guest who is not logged on."""
        raise NotImplementedError

    def shown(self, value: int) -> str:
        """The value in hexadecimal, as wide as it is."""
        raise NotImplementedError

    def seer(self, what: "Watched") -> Seer:
        """Who recognizes that it changes."""
        return ChangeSeer(what)


@dataclass(frozen=True)
class Register(Source):
    """A general, control or floating-point register."""

    file: str
    """ "gr", "cr" or "fpr"."""
    number: int
    guest: str

    @property
    def left(self) -> bytes | None:
        """Those that may write it; control registers are written by privileged instructions and CP only."""
        return None if self.file == "cr" else left_to_cpu(GENERAL if self.file == "gr" else FLOATING, self.number)

    def read(self, system: System) -> int | None:
        """The value."""
        found = _registers(system, self.file, self.guest)
        index = self.number >> 1 if self.file == "fpr" else self.number
        return None if found is None else found[index]

    def shown(self, value: int) -> str:
        """8 digits, or 16."""
        return f"{value:016X}" if self.file == "fpr" else f"{value:08X}"

    def seer(self, what: "Watched") -> Seer:
        """One that notes writes of the same value, too."""
        return _RegisterSeer(what, self) if self.file == "gr" else ChangeSeer(what)


def _registers(system: System, file: str, name: str) -> list[int] | None:
    cpu = system.machine.cpu
    if not name:
        return {"gr": cpu.gr, "cr": cpu.cr, "fpr": cpu.fpr}[file]
    guest = system.find(name)
    if guest is None:
        return None
    match file:
        case "gr":
            return believed.registers(system, guest)
        case "cr":
            return believed.control_registers(system, guest)
    return cpu.fpr if guest.vm is None or name == system.running else guest.vm.vmfprs


@dataclass(frozen=True)
class Field(Source):
    """A field of the PSW: see `psw_fields.FIELDS`."""

    name: str
    guest: str

    @property
    def compiled(self) -> bool:  # type: ignore[override]
        """Masks and states are changed by privileged instructions and interruptions only."""
        return self.name not in _SLOW_FIELDS

    @property
    def left(self) -> bytes | None:
        """Those that may set it."""
        return left_to_cpu(_LEFT_FIELDS[self.name]) if self.name in _LEFT_FIELDS else None

    def read(self, system: System) -> int | None:
        """The value."""
        psw = _psw(system, self.guest)
        return None if psw is None else FIELDS[self.name].of(psw)

    def shown(self, value: int) -> str:
        """In hexadecimal; a bit in words."""
        return FIELDS[self.name].words[value] if FIELDS[self.name].most == 1 else f"{value:X}"


def _psw(system: System, name: str) -> PSW | None:
    if not name:
        return system.machine.cpu.psw
    guest = system.find(name)
    return None if guest is None else believed.psw(system, guest)


@dataclass(frozen=True)
class StorageKey(Source):
    """The storage key of the 2K block at an address, with its reference and change bits."""

    address: int
    guest: str

    def read(self, system: System) -> int | None:
        """The key: access control, F, R, C."""
        machine = system.machine
        guest: Guest | None = system.find(self.guest) if self.guest else None
        if self.guest and guest is None:
            return None
        if guest is not None and guest.vm is not None:
            return guest.vm.storage.key(self.address) if self.address < guest.vm.vmsize else None
        absolute = machine.cpu.absolute(self.address)
        return machine.storage.key(absolute) if absolute < machine.storage.size else None

    def shown(self, value: int) -> str:
        """2 digits."""
        return f"{value:02X}"


# ---- seeing values change --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Watched(What):
    """A value is written, changes, or becomes another one.

    With `mask` only its bits count.  With neither `becomes` nor `mask` nor `changes`, a write of the value that is
    there already counts as well, where writes are seen: of storage and of general registers.
    """

    source: Source
    becomes: int | None = None
    mask: int | None = None
    changes: bool = False
    breakpoint: bool = False
    """It is called a breakpoint: on a field of the PSW."""

    @property
    def kind(self) -> str:  # type: ignore[override]
        """What it is called."""
        return BREAKPOINT if self.breakpoint else WATCHPOINT

    @property
    def writes_count(self) -> bool:
        """Whether a write of the same value counts."""
        return self.becomes is None and self.mask is None and not self.changes

    def seer(self, session: "DebugSession") -> Seer:
        """Who recognizes it."""
        return self.source.seer(self)


class ChangeSeer(Seer):
    """Compares the value after each unit with the one before."""

    def __init__(self, what: Watched) -> None:
        self.what, self.source = what, what.source
        self.compiled, self.left = what.source.compiled, what.source.left
        self.last: int | None = None

    def begin(self, system: System) -> None:
        """What it is now."""
        self.last = self.source.read(system)

    def saw(self, system: System, unit: Unit) -> Hit | None:
        """A change, or a write."""
        if unit.done.compiled and self.compiled:
            return None
        old, self.last = self.last, self.source.read(system)
        if old is None or self.last is None or not (self._counts(old, self.last) or self._written(system, unit)):
            return None
        shown = self.source.shown
        return Hit(self.source.guest or EVERYBODY, self.said(unit), shown(old), shown(self.last))

    def said(self, unit: Unit) -> str:
        """What there is to say besides old and new value."""
        return ""

    def _counts(self, old: int, new: int) -> bool:
        mask = -1 if self.what.mask is None else self.what.mask
        becomes = self.what.becomes
        return (old ^ new) & mask != 0 and (becomes is None or new & mask == becomes)

    def _written(self, system: System, unit: Unit) -> bool:
        return self.what.writes_count and self.written(system, unit)

    def written(self, system: System, unit: Unit) -> bool:
        """Whether it was written, be it with the same value."""
        return False


class _RegisterSeer(ChangeSeer):
    def __init__(self, what: Watched, register: Register) -> None:
        super().__init__(what)
        self._register = register
        self.wants_registers = what.writes_count

    def written(self, system: System, unit: Unit) -> bool:
        """By an instruction of the guest; what CP or an interruption puts there counts when it changes."""
        register, about = self._register, unit.about
        mine = about is not None and register.guest in (EVERYBODY, about[0])
        recognized = system.machine.recognized
        instead = recognized is not None and not recognized.text
        return mine and not instead and register.number in unit.written


def value_of_field(name: str, word: str, number: Callable[[str], int]) -> int:
    """The value of a PSW field that a word means: "problem" of the state, else a number.  Raises UserError."""
    found = [value for value, meant in enumerate(FIELDS[name].words) if meant.startswith(word.lower())]
    if len(found) == 1:
        return found[0]
    value = number(word)
    if value < 0:
        raise UserError(f'"{word[:40]}" is negative; a field of the PSW is not')
    return value
