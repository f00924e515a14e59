"""What a stop can be set on: values that say themselves in words and as a command, and make who recognizes them."""

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edu_hv.debugger.expressions import Expression
from edu_hv.debugger.recording.journal import Entry, Journal
from edu_hv.debugger.stops.seeing import EVERYBODY, Hit, Seer, Unit
from edu_hv.debugger.system import System
from edu_hv.isa.codes import MASK_24
from edu_hv.isa.errors import UserError
from edu_hv.isa.table import BY_MNEMONIC, Operation, operation
from edu_hv.machine.events import Event
from edu_hv.machine.interruptions import ProgramInterruption

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edu_hv.debugger.session import DebugSession

_EX = BY_MNEMONIC["EX"].code
BREAKPOINT, WATCHPOINT = "breakpoint", "watchpoint"


@dataclass(frozen=True)
class What:
    """Something to stop at."""

    words: str
    """As it stands behind "breakpoint 3": "at LOOP", "on SVC 5"."""
    line: str
    """The command that sets it, without its options: "break LOOP"."""
    guest: str
    """Whose it must be; "" for anybody's."""

    kind = BREAKPOINT

    def seer(self, session: "DebugSession") -> Seer:
        """Who recognizes it."""
        raise NotImplementedError


# ---- instructions about to be executed -------------------------------------------------------------------------------


@dataclass(frozen=True)
class AtAddress(What):
    """The instruction at an address is next, in any guest or in one."""

    address: int
    label: str = ""

    @classmethod
    def of(cls, address: int, label: str = "", guest: str = "") -> "AtAddress":
        """The same for an address that may have a label."""
        name = label or f"{address:06X}"
        return cls(f"at {name}", f"break {label or f'{address:X}'}", guest, address, label)

    def seer(self, session: "DebugSession") -> Seer:
        """Who recognizes it."""
        return _AddressSeer(self)


class _AddressSeer(Seer):
    def __init__(self, what: AtAddress) -> None:
        self.guest, self.addresses = what.guest, frozenset((what.address,))

    def saw(self, system: System, unit: Unit) -> Hit | None:
        about = system.about_to_execute()
        if about is None or about[1] not in self.addresses or self.guest not in ("", about[0]):
            return None
        return Hit(about[0])


@dataclass(frozen=True)
class Privileged(What):
    """A privileged instruction is next, whether it is going to trap or not."""

    mnemonic: str = ""
    """Which; "" for any."""

    def seer(self, session: "DebugSession") -> Seer:
        """Who recognizes it."""
        return _PrivilegedSeer(self)


class _PrivilegedSeer(Seer):
    """The engine leaves privileged instructions alone, so that it stops before each of them."""

    def __init__(self, what: Privileged) -> None:
        self._what = what

    def saw(self, system: System, unit: Unit) -> Hit | None:
        about = system.about_to_execute()
        if about is None or self._what.guest not in ("", about[0]):
            return None
        row = operation_at(system, about[1])
        if row is None or not row.privileged or self._what.mnemonic not in ("", row.mnemonic):
            return None
        return Hit(about[0], f"{row.mnemonic} at {about[1]:06X}")


def operation_at(system: System, address: int) -> Operation | None:
    """What the CPU would find at a logical address, of EXECUTE its target; None for nothing that can be fetched."""
    cpu = system.machine.cpu
    known = dict(cpu.tlb.entries) if cpu.psw.dat else None
    try:
        text = cpu.examine(address, 2)
        if text[0] != _EX:
            return operation(text)
        return operation(_target(system, text + cpu.examine(address + 2 & MASK_24, 2)))
    except ProgramInterruption:
        return None
    finally:
        if known is not None:
            cpu.tlb.entries = known


def _target(system: System, text: bytes) -> bytes:
    """The first two bytes of what EXECUTE executes, the second as register R1 changes it."""
    gr = system.machine.cpu.gr
    register, index, base = text[1] >> 4, text[1] & 15, text[2] >> 4
    at = int.from_bytes(text[2:], "big") & 0xFFF
    at += (gr[index] if index else 0) + (gr[base] if base else 0)
    target = system.machine.cpu.examine(at & MASK_24, 2)
    return bytes((target[0], target[1] | (gr[register] & 0xFF if register else 0)))


# ---- what happens ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OnEvent(What):
    """The journal has something: found there at once."""

    matches: Callable[[Event, str], bool]
    """Of an event and the guest it concerns; it depends on nothing else."""
    confirms: Callable[[Journal, int], bool] | None = None
    """Looks at what is before a place of the journal, where that matters."""

    def is_at(self, journal: Journal, place: int) -> bool:
        """Whether the entry at a place of the journal is one."""
        entry = journal.entry(place)
        return self.may_be(entry.event, entry.guest) and (self.confirms is None or self.confirms(journal, place))

    def may_be(self, event: Event, guest: str) -> bool:
        """Whether an event is one, as far as it tells by itself."""
        return self.guest in ("", guest) and self.matches(event, guest)

    def found(self, journal: Journal, unit: int) -> Entry | None:
        """The last entry of a unit that is one."""
        places = range(journal.place_at(unit + 1) - 1, journal.place_at(unit) - 1, -1)
        place = next((place for place in places if self.is_at(journal, place)), None)
        return None if place is None else journal.entry(place)

    def seer(self, session: "DebugSession") -> Seer:
        """Who recognizes it."""
        return EventSeer(self, session.journal)


class EventSeer(Seer):
    """What happens, happens where the engine is not."""

    wants_events = True

    def __init__(self, what: OnEvent, journal: Journal) -> None:
        self.what, self._journal = what, journal

    def saw(self, system: System, unit: Unit) -> Hit | None:
        """An entry of this unit; what it is in words is said when the run has stopped."""
        entry = self.what.found(self._journal, unit.done.after)
        return None if entry is None else Hit(entry.guest)


# ---- expressions -----------------------------------------------------------------------------------------------------


@contextmanager
def looking_at(session: "DebugSession", guest: str) -> "Iterator[None]":
    """Expressions are about that guest within, whichever is selected."""
    with session.looking_at(guest):
        yield


def is_true(session: "DebugSession", expression: Expression, guest: str) -> bool:
    """Whether an expression is true of a guest.  Raises UserError where it has no value."""
    with looking_at(session, guest):
        return bool(expression.value(session))


@dataclass(frozen=True)
class BecomesTrue(What):
    """An expression about a guest is true, and was not one unit before."""

    expression: Expression

    def seer(self, session: "DebugSession") -> Seer:
        """Who recognizes it."""
        return _ExpressionSeer(self, session)


class _ExpressionSeer(Seer):
    compiled = False

    def __init__(self, what: BecomesTrue, session: "DebugSession") -> None:
        self._what, self._session, self._was = what, session, False

    def _is(self) -> bool:
        try:
            return is_true(self._session, self._what.expression, self._what.guest)
        except UserError:
            return False

    def begin(self, system: System) -> None:
        self._was = self._is()

    def saw(self, system: System, unit: Unit) -> Hit | None:
        before, self._was = self._was, self._is()
        return Hit(self._what.guest or EVERYBODY) if self._was and not before else None
