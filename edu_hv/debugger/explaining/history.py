"""Who made something what it is: the last unit of the recording that wrote a register, storage, a field, the CC.

The one place that searches.  A search executes stretches of the recording again (`recording.search`) and leaves the
machine where it stands.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edu_hv.debugger import believed
from edu_hv.debugger.explain import statement
from edu_hv.debugger.explaining.operands import BRANCHES
from edu_hv.debugger.recording.journal import Entry, GuestPSWsSwapped, InputGiven
from edu_hv.debugger.recording.search import Done, Probe, positions
from edu_hv.debugger.system import System
from edu_hv.debugger.writers.addressing import of_absolute, of_guest
from edu_hv.debugger.writers.finding import writes
from edu_hv.debugger.writers.locations import Location, PswLocation, RegisterLocation
from edu_hv.hypervisor.decisions import DecisionCarriedOut, Simulate, SimulateIO
from edu_hv.isa.codes import Class
from edu_hv.isa.table import operation
from edu_hv.machine.events import CCWExecuted, InterruptionRecognized, PSWsSwapped
from edu_hv.machine.interruptions import Ending

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession

FARTHEST = 50_000
"""Units that are looked through one at a time before a search gives up."""


@dataclass(frozen=True)
class Moment:
    """What one unit did, and whose doing it was."""

    unit: int
    """The position behind it."""
    step: int
    guest: str
    address: int
    """Of the instruction; 0 without one."""
    text: bytes
    """The instruction concerned, of EXECUTE its target; b"" without one."""
    words: str
    """ "LPSW TASK at 000240", "rule PRV-2 for LPSW TASK at 000240", "the channel, CCW at 000300"."""

    @property
    def instruction(self) -> str:
        """The same without what CP had to do with it: "LPSW TASK at 000240"."""
        return self.words.partition(", which")[0]

    @property
    def mnemonic(self) -> str:
        """Of the instruction, "" without one."""
        row = operation(self.text) if len(self.text) >= 2 else None
        return row.mnemonic if row else ""


class _EachUnit(Probe):
    """Looks at every unit: at what was about to be executed, and at what came of it."""

    compiled = False

    def __init__(self, system: System, guest: str) -> None:
        self.guest = guest
        self._about: tuple[str, int] | None = None

    def begin(self, system: System) -> None:
        """Note what comes first."""
        self._about = system.about_to_execute()
        self.note(system)

    def note(self, system: System) -> None:
        """Note what is to be compared behind the next unit."""

    def saw(self, system: System, done: Done) -> bool:
        """Ask, then note anew."""
        about, self._about = None if done.compiled else self._about, system.about_to_execute()
        text = _executed(system) if about is not None and about[0] == self.guest else b""
        found = self.found(system, about[1] if about else 0, text)
        self.note(system)
        return found

    def found(self, system: System, address: int, text: bytes) -> bool:
        """Whether the unit is the one; `text` is the guest's instruction that it executed, b"" without one."""
        raise NotImplementedError


def _executed(system: System) -> bytes:
    """The instruction that the last unit executed to its end; b"" when it was interrupted before."""
    recognized = system.machine.recognized
    if recognized is None:
        return system.machine.cpu.instruction_text
    return recognized.text if recognized.kind is Class.SVC or recognized.ending is Ending.COMPLETION else b""


class _Became(_EachUnit):
    """A question about the state has come to be answered with yes.

    `compiled`: about what privileged instructions and interruptions alone can change.
    """

    def __init__(self, system: System, guest: str, question: Callable[[System], bool], compiled: bool) -> None:
        super().__init__(system, guest)
        self.compiled = compiled
        self.question, self.was = question, False

    def note(self, system: System) -> None:
        self.was = self.question(system)

    def found(self, system: System, address: int, text: bytes) -> bool:
        return not self.was and self.question(system)


class _Branched(_EachUnit):
    def found(self, system: System, address: int, text: bytes) -> bool:
        row = operation(text) if len(text) >= 2 else None
        return (
            row is not None
            and row.mnemonic in BRANCHES
            and system.about_to_execute() != (self.guest, address + len(text))
        )


# ---- the searches ----------------------------------------------------------------------------------------------------


def register_writer(session: "DebugSession", guest: str, number: int, before: int) -> Moment | None:
    """The last unit up to position `before` in which a general register of the guest was written; None: at no time."""
    return _written(session, RegisterLocation(guest, "GR", number), before)


def became(
    session: "DebugSession",
    guest: str,
    question: Callable[[System], bool],
    before: int,
    privileged: bool = True,
    since: int | None = None,
) -> Moment | None:
    """The last unit up to a position, and behind `since`, in which the answer became yes; None: it was so before.

    `privileged`: only privileged instructions and interruptions can change the answer, so the engine may take part.
    """
    return _last(session, _Became(session.system, guest, question, privileged), before, since)


def condition_code_setter(session: "DebugSession", guest: str, before: int) -> Moment | None:
    """The last unit up to a position that set the guest's condition code, be it to what it was."""
    return _written(session, PswLocation(guest, "cc"), before)


def arrival(session: "DebugSession", guest: str, target: int, before: int) -> Moment | None:
    """The last unit up to a position with which the guest's instruction address came to be this one."""

    def there(system: System) -> bool:
        found = system.find(guest)
        return found is not None and believed.psw(system, found).instruction_address == target

    return became(session, guest, there, before, privileged=False)


def last_branch(session: "DebugSession", guest: str, before: int) -> Moment | None:
    """The last branch instruction of the guest that was taken."""
    return _last(session, _Branched(session.system, guest), before)


def storage_writer(
    session: "DebugSession", guest: str, address: int, absolute: int, length: int, before: int
) -> Moment | None:
    """The last unit up to a position that stored into storage there; None: nobody has since the start.

    `address` is the guest's, `absolute` where it was then; a page of a guest may be elsewhere meanwhile.
    """
    system = session.system
    by_address = system.cp is not None and not session.guest_psw(guest).dat
    make = of_guest(system, guest, address, length) if by_address else of_absolute(system, guest, absolute, length)
    return _written(session, make, before)


def _written(session: "DebugSession", location: Location, before: int) -> Moment | None:
    found = writes(session.recording, location, end=before) if before > session.recording.start else []
    return moment(session, found[0]) if found else None


def _last(session: "DebugSession", probe: _EachUnit, before: int, since: int | None = None) -> Moment | None:
    start = session.recording.start if since is None else since
    start = start if probe.compiled else max(start, before - FARTHEST)
    found = positions(session.recording, probe, end=before, start=start) if before > start else []
    return moment(session, found[0]) if found else None


# ---- what a unit did -------------------------------------------------------------------------------------------------


class _What(_EachUnit):
    """Notes the instruction of the last unit looked at."""

    def __init__(self) -> None:
        self.guest, self.instruction = "", ("", 0, b"")
        self._about = None

    def saw(self, system: System, done: Done) -> bool:
        about, self._about = self._about, system.about_to_execute()
        recognized = system.machine.recognized
        self.instruction = "", 0, b""
        if about is not None and (recognized is None or recognized.text):
            self.instruction = (*about, recognized.text if recognized else system.machine.cpu.instruction_text)
        return False


def moment(session: "DebugSession", unit: int) -> Moment:
    """What the unit that led to a position did, in words."""
    recording = session.recording
    what = _What()
    positions(recording, what, end=unit, start=unit - 1)
    step = recording.boundaries.last_at(unit - 1) + 1
    entries = [entry for entry in session.journal.of_step(step) if entry.unit <= unit]
    guest, address, text = what.instruction
    if text:
        return Moment(unit, step, guest, address, text, _instruction_words(session, guest, address, text))
    return _of_trap(session, unit, step, entries)


def _instruction_words(session: "DebugSession", guest: str, address: int, text: bytes) -> str:
    return f"{statement(session.assembly_of(guest), text, address)} at {address:06X}"


def _of_trap(session: "DebugSession", unit: int, step: int, entries: list[Entry]) -> Moment:
    """A stage of a trap, or something that came by itself."""
    trap = next((e for e in entries if isinstance(e.event, InterruptionRecognized)), None)
    guest, address, text, instruction = "", 0, b"", ""
    if trap is not None and isinstance(trap.event, InterruptionRecognized):
        guest, address, text = trap.guest, trap.event.instruction_address, trap.event.text
        instruction = _instruction_words(session, guest, address, text) if text else ""
    words = next((found for e in reversed(entries) if e.unit == unit and (found := _event_words(e, instruction))), "")
    if not words.startswith(instruction):
        text = b""  # It was not the instruction that did it.
    return Moment(unit, step, guest, address, text, words or instruction or f"step {step}")


def _event_words(entry: Entry, instruction: str) -> str:
    match entry.event:
        case CCWExecuted(device, address):
            return f"the channel, CCW at {address:06X} for device {device:03X}"
        case DecisionCarriedOut() as event:
            rule = f"CP's rule {event.verdict.rule.id}: {event.verdict.decision}"
            by = isinstance(event.verdict.decision, Simulate | SimulateIO)
            return f"{instruction}, which CP simulated by rule {event.verdict.rule.id}" if by and instruction else rule
        case PSWsSwapped(kind, _, _, _) | GuestPSWsSwapped(kind, _, _, _):
            return f"the {kind.value} interruption, by its new PSW at {kind.new_psw:06X}"
        case InputGiven(given):
            return f"your {given.kind} {given.text}".rstrip()
    return ""
