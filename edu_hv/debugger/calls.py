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
    linked: bool
    """By an instruction, not by an interruption."""

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
        return Call(guest, old.problem_state, before.instruction_address, old.instruction_address, unit, linked=False)
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
    return Call(guest, before.problem_state, at, back, unit, linked=True)


class Depth:
    """How many calls from one place have not returned yet."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.calls = 1

    def returned(self, system: System) -> bool:
        """Note where the guest stands now; whether the call has returned."""
        if self.call.linked and self.call.about(system, self.call.site):
            self.calls += 1
        elif self.call.about(system, self.call.back):
            self.calls -= 1
        return self.calls == 0

    def places(self) -> set[int]:
        """The addresses that have to be looked at."""
        return {self.call.site, self.call.back} if self.call.linked else {self.call.back}


# ---- backwards ------------------------------------------------------------------------------------------------------


def call_returned_from(recording: Recording, guest: str, stopped: Callable[[], bool]) -> int | None:
    """The position of the call whose return has led to the present position, or None where none has."""
    system = recording.system
    about = system.about_to_execute()
    if about is None or about[0] != guest:
        return None
    state = system.psw_of(guest).problem_state
    interrupted = _interrupted_at(recording, guest, about[1], state)
    for length in (4, 2):
        site = about[1] - length & MASK_24
        if _links_at(system, site, length):
            called = _matching(recording, Call(guest, state, site, about[1], 0, linked=True), stopped)
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


def _links_at(system: System, address: int, length: int) -> bool:
    """Whether a linking instruction of that length is at an address of the guest that runs."""
    try:
        code: int = system.machine.cpu.examine(address, 1)[0]
    except ProgramInterruption:
        return False
    return _LINKING.get(code) == length


@dataclass
class _Visits(Probe):
    """Positions at which the guest is about to make the call, or has just returned from it."""

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


def _matching(recording: Recording, call: Call, stopped: Callable[[], bool]) -> int | None:
    """The position of the call that the return to the present position belongs to."""
    depth, end, probe = 1, recording.unit - 1, _Visits(call)
    while end > recording.start and not stopped():
        visits = positions(recording, probe, 16, end, None, stopped)
        for unit in reversed(visits):
            depth += -1 if unit in probe.sites else 1
            if not depth:
                return unit
        if not visits:
            return None
        end = visits[0] - 1
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
        for index in range(len(self.calls) - 1, -1, -1):
            if self.calls[index].left(system):
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
            found[entry.unit] = Call(guest, old.problem_state, at, at, unit, linked=False)
    return found
