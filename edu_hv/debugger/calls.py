"""Calls and returns, on a machine that has no stack: what over and out go by, both ways.

A call is an instruction that leaves the address of the next one in a register and branches (BAL, BALR, BAS, BASR), or
an interruption that the guest itself takes (SVC, a program check, I/O): the old PSW says where it goes on.  It has
returned when the guest is about to execute the instruction there, in the same state, as often as it was called there.
A guest's kernel is left, besides, with any program that it lets go on.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from edu_hv.debugger.recording.journal import Entry, GuestPSWsSwapped
from edu_hv.debugger.recording.search import Done, Probe, execute, positions
from edu_hv.debugger.recording.timetravel import Recording
from edu_hv.debugger.stops.seeing import Hit, Seer, Unit
from edu_hv.debugger.system import System
from edu_hv.isa.codes import MASK_24
from edu_hv.isa.table import BY_MNEMONIC
from edu_hv.machine.events import PSWsSwapped
from edu_hv.machine.interruptions import ProgramInterruption
from edu_hv.machine.psw import PSW

FARTHEST = 1 << 18
"""Units in which `out` looks for the call it is in."""
_NEAREST = 1 << 10
_LINKING = {BY_MNEMONIC[name].code: length for name, length in (("BAL", 4), ("BALR", 2), ("BAS", 4), ("BASR", 2))}
"""Lengths of the linking instructions by operation code."""
_BC, _BCR, _LPSW = (bytes((BY_MNEMONIC[name].code,)) for name in ("BC", "BCR", "LPSW"))


@dataclass(frozen=True)
class Call:
    """One call: of which guest, in which state, from where, and where it returns to.  Logical addresses."""

    guest: str
    problem_state: bool
    site: int
    """The instruction that called, or was interrupted."""
    back: int
    unit: int
    """The position at which the call was about to be made."""
    register: int | None = None
    """The register that the instruction has left the address in; None for an interruption."""

    @property
    def linked(self) -> bool:
        """Whether an instruction called, not an interruption."""
        return self.register is not None

    def about(self, system: System, address: int) -> bool:
        """Whether the guest is about to execute the instruction at an address, in the state of the call."""
        return (
            system.about_to_execute() == (self.guest, address)
            and system.psw_of(self.guest).problem_state == self.problem_state
        )

    def left(self, system: System) -> bool:
        """Whether the guest is out of it: it has returned, or its kernel has let some program go on."""
        if self.linked or not self.problem_state:
            return self.about(system, self.back)
        about = system.about_to_execute()
        return about is not None and about[0] == self.guest and system.psw_of(self.guest).problem_state


def call_made(system: System, guest: str, before: PSW, unit: int, entries: list[Entry]) -> Call | None:
    """The call that a step of a guest was, or None.

    `before`: its PSW before the step, `unit` the position then; `entries` what the journal has of the step.
    """
    swapped = [
        entry.event
        for entry in entries
        if isinstance(entry.event, GuestPSWsSwapped | PSWsSwapped) and _own(system, entry, guest)
    ]
    if swapped:
        old = PSW.from_bytes(swapped[0].old)
        return Call(guest, old.problem_state, before.instruction_address, old.instruction_address, unit)
    return linked_from(system, guest, before, unit)


def _own(system: System, entry: Entry, guest: str) -> bool:
    """Whether an exchange of PSWs is the guest's own, not the real machine's under CP."""
    return system.cp is None or (isinstance(entry.event, GuestPSWsSwapped) and entry.guest == guest)


def linked_from(system: System, guest: str, before: PSW, unit: int) -> Call | None:
    """The call by a linking instruction that the last unit was, or None."""
    text = system.machine.cpu.instruction_text
    length = _LINKING.get(text[0], 0) if text else 0
    at = before.instruction_address
    back = at + length & MASK_24
    if not length or system.machine.cpu.psw.instruction_address == back or (length == 2 and not text[1] & 15):
        return None
    return Call(guest, before.problem_state, at, back, unit, text[1] >> 4)


class Depth:
    """How many calls from one place have not returned yet.

    `leaving`: one is inside already, and a guest's kernel need not return to the program it interrupted.
    """

    def __init__(self, recording: Recording, call: Call, leaving: bool = False) -> None:
        self.call = call
        self.calls = 1
        self._recording = recording
        self._leaving = leaving

    def returned(self, done: Done) -> bool:
        """Note where the guest stands now; whether the call has returned."""
        system, call = self._recording.system, self.call
        if not call.linked:
            return call.left(system) if self._leaving else call.about(system, call.back)
        if call.about(system, call.site):
            self.calls += 1
        elif call.about(system, call.back) and _returns_to(came_by(self._recording, done), call.register):
            self.calls -= 1
        return self.calls == 0

    @property
    def places(self) -> frozenset[int]:
        """The addresses that have to be looked at; none where the guest can leave to anywhere."""
        if self.call.linked:
            return frozenset((self.call.site, self.call.back))
        return frozenset() if self._leaving and self.call.problem_state else frozenset((self.call.back,))


class ReturnSeer(Seer):
    """Recognizes that a call has returned."""

    def __init__(self, depth: Depth) -> None:
        self._depth = depth
        self.addresses = depth.places
        self.returned = False

    def saw(self, system: System, unit: Unit) -> Hit | None:
        """Whether it has."""
        self.returned = self._depth.returned(unit.done)
        return Hit(self._depth.call.guest) if self.returned else None


# ---- backwards ------------------------------------------------------------------------------------------------------


def call_returned_from(recording: Recording, guest: str, stopped: Callable[[], bool]) -> int | None:
    """The position of the call whose return has led to the present position, or None where none has."""
    system = recording.system
    about = system.about_to_execute()
    if about is None or about[0] != guest:
        return None
    state, text = system.psw_of(guest).problem_state, _last_instruction(recording, guest)
    interrupted = _interrupted_at(recording, guest, about[1], state) if text[:1] == _LPSW else None
    for length in (4, 2):
        site = about[1] - length & MASK_24
        register = _link_register(system, site, length)
        if _returns_to(text, register):
            called = _matching(recording, Call(guest, state, site, about[1], 0, register), stopped)
            return max((unit for unit in (called, interrupted) if unit is not None), default=None)
    return interrupted


def _interrupted_at(recording: Recording, guest: str, address: int, problem_state: bool) -> int | None:
    """The position before the last step in which the guest was interrupted there."""
    for entry in recording.journal.backwards():
        if isinstance(entry.event, GuestPSWsSwapped | PSWsSwapped) and _own(recording.system, entry, guest):
            old = PSW.from_bytes(entry.event.old)
            if (old.instruction_address, old.problem_state) == (address, problem_state):
                return recording.boundaries[entry.step - 1]
    return None


def _link_register(system: System, address: int, length: int) -> int | None:
    """The register that a linking instruction of that length at an address sets; None where there is none."""
    try:
        text = system.machine.cpu.examine(address, 2)
    except ProgramInterruption:
        return None
    return text[1] >> 4 if _LINKING.get(text[0]) == length else None


def _returns_to(text: bytes, link: int | None) -> bool:
    """Whether an instruction can be the return of a call that has left its address in a register.

    Any branch to what a register holds may be; a branch to a place in the program only if it goes by that register.
    """
    if link is None:
        return False
    return text[:1] == _BCR or (text[:1] == _BC and link in (text[1] & 15, text[2] >> 4))


def came_by(recording: Recording, done: Done) -> bytes:
    """The instruction that has led to where the machine stands."""
    if not done.compiled:
        return recording.system.machine.cpu.instruction_text
    return _instruction_at(recording, done.after - 1)


def _instruction_at(recording: Recording, unit: int) -> bytes:
    """The instruction that is executed at a position; b"" for anything else."""
    with recording.searching():
        recording.goto(unit)
        about = recording.system.about_to_execute()
        try:
            return recording.system.machine.cpu.fetch_instruction(about[1]) if about else b""
        except ProgramInterruption:
            return b""


def _last_instruction(recording: Recording, guest: str) -> bytes:
    """The instruction that a guest has executed last, whoever has had the CPU since."""
    number, step = recording.history.numbers.get(guest), recording.step
    while step and recording.whose[step - 1] != number:
        step -= 1
    return _instruction_at(recording, recording.boundaries[step - 1]) if step else b""


@dataclass
class _Visits(Probe):
    """Positions at which the guest is about to make the call, or has just returned from it."""

    recording: Recording
    call: Call
    sites: set[int] = field(default_factory=set)
    """Those at which it is about to make it."""

    def places(self, system: System) -> set[int]:
        """Both places."""
        return {self.call.site, self.call.back}

    def saw(self, system: System, done: Done) -> bool:
        """Whether it stands at one of them."""
        address = system.machine.cpu.psw.instruction_address
        if address not in (self.call.site, self.call.back) or not self.call.about(system, address):
            return False
        if address == self.call.site:
            self.sites.add(done.after)
            return True
        return _returns_to(came_by(self.recording, done), self.call.register)


def _matching(recording: Recording, call: Call, stopped: Callable[[], bool]) -> int | None:
    """The position of the call that the return to the present position belongs to.

    Calls and returns are nested; a return without a call is that of an earlier one.
    """
    most, probe = 16, _Visits(recording, call)
    while not stopped():
        visits = positions(recording, probe, most, recording.unit - 1, None, stopped)
        open_calls: list[int] = []
        for unit in visits:
            if unit in probe.sites:
                open_calls.append(unit)
            elif open_calls:
                open_calls.pop()
        if open_calls or len(visits) < most:
            return open_calls[-1] if open_calls else None
        most *= 4
    return None


# ---- the call one is in ---------------------------------------------------------------------------------------------


@dataclass
class _Stack(Probe):
    """Follows a guest's calls and returns; `calls` are those that have not returned."""

    guest: str
    interruptions: dict[int, Call]
    """Those of the guest by the position at which it had been interrupted."""
    calls: list[Call] = field(default_factory=list)
    compiled = False

    def begin(self, system: System) -> None:
        """Nothing is known of what was called before."""
        about = system.about_to_execute()
        self._mine = about is not None and about[0] == self.guest
        if self._mine:
            self._before = system.psw_of(self.guest).copy()
            self._before.instruction_address = system.machine.cpu.psw.instruction_address

    def saw(self, system: System, done: Done) -> bool:
        """Never a find: `calls` is what is wanted."""
        call = self.interruptions.get(done.after)
        if call is None and self._mine and system.machine.recognized is None:
            call = linked_from(system, self.guest, self._before, done.before)
        if call is not None:
            self.calls.append(call)
        self._return(system)
        self.begin(system)
        return False

    def _return(self, system: System) -> None:
        text = system.machine.cpu.instruction_text
        for index in range(len(self.calls) - 1, -1, -1):
            call = self.calls[index]
            if call.left(system) and (not call.linked or _returns_to(text, call.register)):
                del self.calls[index:]
                return


def innermost(recording: Recording, guest: str, stopped: Callable[[], bool]) -> Call | None:
    """The call that the guest is in: the last one that has not returned, within `FARTHEST` units; None without one."""
    near, here = _NEAREST, recording.unit
    while not stopped():
        start = max(here - near, recording.start)
        stack = _Stack(guest, _interruptions(recording, guest, start))
        execute(recording, stack, start, here, stopped)
        if stack.calls:
            return stack.calls[-1]
        if start == recording.start or near >= FARTHEST:
            return None
        near *= 4
    return None


def _interruptions(recording: Recording, guest: str, start: int) -> dict[int, Call]:
    """The guest's interruptions behind a position, as calls."""
    found: dict[int, Call] = {}
    for entry in recording.journal.after(start):
        if isinstance(entry.event, GuestPSWsSwapped | PSWsSwapped) and _own(recording.system, entry, guest):
            old = PSW.from_bytes(entry.event.old)
            at, unit = old.instruction_address, recording.boundaries[entry.step - 1]
            found[entry.unit] = Call(guest, old.problem_state, at, at, unit)
    return found
