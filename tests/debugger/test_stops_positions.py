"""Where stops stop, by an oracle: units are executed one by one, and the definition of each kind is asked of each.

run goes to these positions, runback to the same in reverse order, with compiled code and without.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from edu_hv.debugger import believed
from edu_hv.debugger.recording.journal import GuestPSWsSwapped
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.start import RealMachine
from edu_hv.hypervisor.decisions import ConsoleLine, DecisionTaken, Dispatched
from edu_hv.isa.codes import Class
from edu_hv.machine.events import (
    AssistHandled,
    CCWExecuted,
    InterruptionRecognized,
    IOStarted,
    PSWsSwapped,
    StorageStored,
)
from tests.debugger.walk import run_line

UNITS = 330
LOADS = {
    "bare": (["kernel"], False, RealMachine()),
    "cp": (["kernel"], True, RealMachine()),
    "assist": (["kernel"], True, RealMachine(assist=True)),
    "two": (["kernel", "second"], True, RealMachine()),
}
SETKEY, SVCINT = 0x21A, 0x282
"""Addresses in the kernel: a test compares them with its listing."""


@dataclass
class Moment:
    """What there is to know of a position and the unit that led to it."""

    about: tuple[str, int] | None
    psw: dict[str, object]
    real: object
    gr: dict[str, list[int]]
    cr: dict[str, list[int]]
    bytes: dict[str, bytes]
    keys: dict[str, int]
    frames: dict[str, int | None]
    text: bytes
    events: list[tuple[str, object]] = field(default_factory=list)
    stored: list[StorageStored] = field(default_factory=list)


def _moment(session: DebugSession) -> Moment:
    system = session.system
    about = system.about_to_execute()
    guests = system.guests
    try:
        text = system.machine.cpu.examine(about[1], 2) if about else b""
    except Exception:  # noqa: BLE001 - whatever: nothing can be fetched there.
        text = b""
    return Moment(
        about,
        {g.name: believed.psw(system, g) for g in guests},
        system.machine.cpu.psw.copy(),
        {g.name: believed.registers(system, g) for g in guests},
        {g.name: believed.control_registers(system, g) for g in guests},
        {g.name: believed.storage(system, g, 0, 4096) for g in guests},
        {g.name: g.vm.storage.key(0x1000) if g.vm else system.machine.storage.key(0x1000) for g in guests},
        {g.name: believed.real_address(system, g, 0) for g in guests},
        text,
    )


@dataclass
class Walked:
    """A session that has come to the end of the units, and the moments it came by."""

    session: DebugSession
    start: int
    moments: dict[int, Moment]

    @property
    def main(self) -> str:
        """The first guest."""
        return self.session.system.guests[0].name


def _walk(load: str) -> Walked:
    session = DebugSession()
    session.load(*LOADS[load])
    recording, start = session.recording, session.recording.unit
    moments = {start: _moment(session)}
    for _ in range(UNITS):
        stored: list[StorageStored] = []
        session.system.machine.storage.observer = stored.append
        recording.advance()
        session.system.machine.storage.observer = None
        moment = moments[recording.unit] = _moment(session)
        moment.stored = stored
        first = recording.journal.place_at(recording.unit)
        moment.events = [(e.guest, e.event) for e in recording.journal.between(first, recording.journal.count)]
    session.recording.goto(start)
    return Walked(session, start, moments)


_walked: dict[str, Walked] = {}


@pytest.fixture
def walked(request) -> Walked:
    if request.param not in _walked:
        _walked[request.param] = _walk(request.param)
    found = _walked[request.param]
    found.session.breakpoints.by_number.clear()
    found.session.select("auto")
    return found


Sees = Callable[[Moment, Moment, str], bool]


def _changed(get: Callable[[Moment, str], object]) -> Sees:
    return lambda before, after, guest: get(before, guest) != get(after, guest)


def _event(matches: Callable[[str, object], bool]) -> Sees:
    return lambda before, after, guest: any(matches(*each) for each in after.events)


def _is(type_: type, **fields: object) -> Callable[[str, object], bool]:
    return lambda guest, event: isinstance(event, type_) and all(getattr(event, n) == v for n, v in fields.items())


def _stored_at(first: int, end: int) -> Sees:
    def sees(before: Moment, after: Moment, guest: str) -> bool:
        if before.bytes[guest][first:end] != after.bytes[guest][first:end]:
            return True
        frame = before.frames[guest]
        if frame is None or frame != after.frames[guest]:
            return False
        return any(s.absolute < frame + end and frame + first < s.absolute + len(s.new) for s in after.stored)

    return sees


_PRIVILEGED = (0x80, 0x82, 0x83, 0x84, 0x85, 0x08, 0x09, 0xAC, 0xAD, 0xB6, 0xB7, 0x9C, 0x9D, 0x9E, 0x9F, 0xB1, 0xAE)
CASES = {
    "break SETKEY": lambda b, a, g: a.about is not None and a.about[1] == SETKEY,
    "break SVCINT": lambda b, a, g: a.about is not None and a.about[1] == SVCINT,
    "break SETKEY of {main}": lambda b, a, g: a.about == (g, SETKEY),
    "break SETKEY if R2 > 3000": lambda b, a, g: a.about is not None and a.about[1] == SETKEY
    and a.gr[a.about[0]][2] > 0x3000,
    "break trap": _event(_is(InterruptionRecognized)),
    "break trap if psw.key == 0": lambda b, a, g: any(
        isinstance(e, InterruptionRecognized) and a.psw[who or g].key == 0 for who, e in a.events),
    "break program": _event(_is(InterruptionRecognized, kind=Class.PROGRAM)),
    "break trap program 2": _event(_is(InterruptionRecognized, kind=Class.PROGRAM, code=2)),
    "break trap svc": _event(lambda g, e: _is(InterruptionRecognized, kind=Class.SVC)(g, e)
                             or _is(AssistHandled, mnemonic="SVC")(g, e)),
    "break io": _event(_is(InterruptionRecognized, kind=Class.INPUT_OUTPUT)),
    "break privileged": lambda b, a, g: a.about is not None and a.text[:1] != b"" and a.text[0] in _PRIVILEGED,
    "break privileged SSK": lambda b, a, g: a.about is not None and a.text[:1] == b"\x08",
    "break output": _event(_is(ConsoleLine)),
    "break output task": _event(lambda g, e: isinstance(e, ConsoleLine) and "task" in e.text.lower()),
    "break device 009 ccw": _event(_is(CCWExecuted, device=9)),
    "break psw key": _changed(lambda m, g: m.psw[g].key),
    "break psw mask": _changed(lambda m, g: m.psw[g].system_mask),
    "break psw cc": _changed(lambda m, g: m.psw[g].cc),
    "break psw cc becomes 2": lambda b, a, g: b.psw[g].cc != a.psw[g].cc == 2,
    "break psw wait": _changed(lambda m, g: m.psw[g].wait),
    "break privilege": _changed(lambda m, g: m.psw[g].problem_state),
    "break real privilege": _changed(lambda m, g: m.real.problem_state),
    "break real psw mask": _changed(lambda m, g: m.real.system_mask),
    "break if R1 > R2": lambda b, a, g: a.gr[g][1] > a.gr[g][2] and not b.gr[g][1] > b.gr[g][2],
    "break when psw.ia = SETKEY": lambda b, a, g: (
        b.psw[g].instruction_address != a.psw[g].instruction_address == SETKEY),
    "watch R1 changes": _changed(lambda m, g: m.gr[g][1]),
    "watch R2 mask FF": _changed(lambda m, g: m.gr[g][2] & 0xFF),
    "watch R0 becomes 0": lambda b, a, g: b.gr[g][0] != a.gr[g][0] == 0,
    "watch $cr0": _changed(lambda m, g: m.cr[g][0]),
    "watch key 1000": _changed(lambda m, g: m.keys[g]),
    "watch 20.8": _stored_at(0x20, 0x28),
    "watch 50": _stored_at(0x50, 0x54),
    "watch 400.512": _stored_at(0x400, 0x600),
    "watch 400.512 changes": _changed(lambda m, g: m.bytes[g][0x400:0x600]),
}  # fmt: skip
ONLY_CP = {
    "break rule PRV": _event(lambda g, e: isinstance(e, DecisionTaken) and e.verdict.rule.id.startswith("PRV-")),
    "break decision": _event(lambda g, e: isinstance(e, DecisionTaken) and not e.within),
    "break cp": _event(lambda g, e: g != "" and isinstance(e, PSWsSwapped)),
    "break device 009 end": _event(lambda g, e: isinstance(e, GuestPSWsSwapped | InterruptionRecognized)
                                   and e.kind is Class.INPUT_OUTPUT and e.code == 9),
}  # fmt: skip
ONLY_BARE = {
    "break device 009 start": _event(_is(IOStarted, device=9)),
    "break device 009": _event(lambda g, e: _is(IOStarted, device=9)(g, e) or _is(CCWExecuted, device=9)(g, e)
                               or _is(InterruptionRecognized, kind=Class.INPUT_OUTPUT, code=9)(g, e)),
}  # fmt: skip
OTHERS = {
    "assist": ("break trap", "break trap svc", "break privileged", "break psw key", "break psw mask", "break privilege",
               "watch R1 changes", "watch $cr0", "watch key 1000", "watch 20.8", "break rule PRV"),
    "two": ("break SETKEY", "break SETKEY of {main}", "watch R1 changes"),
}  # fmt: skip
"""Lines that are tried there: what the assist does otherwise, what concerns one guest of two."""
TABLE = [
    pytest.param(load, line, sees, id=f"{load}: {line}")
    for load in LOADS
    for line, sees in (CASES | (ONLY_BARE if load == "bare" else ONLY_CP)).items()
    if load in ("bare", "cp") or line in OTHERS[load]
]


def _expected(walked: Walked, sees: Sees) -> list[int]:
    moments, guest = walked.moments, walked.main
    units = sorted(moments)
    return [unit for unit in units[1:] if sees(moments[unit - 1], moments[unit], guest)]


def _forwards(session: DebugSession, start: int, end: int, compiled_after: int) -> list[int]:
    session.recording.goto(start)
    found = []
    while True:
        session.run(
            compiled_after=compiled_after, limit=max(1, session.recording.boundaries.last_at(end) - session.step_number)
        )
        if session.recording.unit >= end and session.recording.unit not in found and not _stopped(session):
            return found
        if session.recording.unit > end:
            return found
        if _stopped(session):
            found.append(session.recording.unit)
        elif session.recording.unit >= end:
            return found


def _stopped(session: DebugSession) -> bool:
    return "point " in session.stop_reason


def _backwards(session: DebugSession, start: int, end: int) -> list[int]:
    session.recording.goto(end)
    found = []
    while True:
        session.run_back()
        if session.recording.unit <= start:
            return found
        found.append(session.recording.unit)


@pytest.mark.parametrize(("walked", "line", "sees"), TABLE, indirect=["walked"])
def test_runs_stop_at_the_positions_that_the_definition_says_in_both_directions(walked, line, sees):
    session = walked.session
    end = max(walked.moments)
    session.recording.goto(walked.start)
    run_line(session, line.format(main=walked.main))
    expected = _expected(walked, sees)
    assert _backwards(session, walked.start, end) == [unit for unit in reversed(expected) if unit < end]
    complete = session.recording.boundaries[session.recording.boundaries.last_at(end)]
    in_time = [unit for unit in expected if unit <= complete]
    assert [unit for unit in _forwards(session, walked.start, end, 0) if unit <= complete] == in_time
    session.recording.goto(end)
    (stop,) = session.breakpoint_list().breakpoints
    session.recording.goto(walked.start)
    (before,) = session.breakpoint_list().breakpoints
    assert stop.hits - before.hits == len(expected)


@pytest.mark.parametrize("load", LOADS)
def test_most_kinds_have_something_to_stop_at(load):
    walked = _walked.setdefault(load, _walk(load))
    cases = CASES | (ONLY_BARE if load == "bare" else ONLY_CP)
    empty = {line for line, sees in cases.items() if not _expected(walked, sees)}
    assert len(empty) < 8, empty


@pytest.mark.parametrize("walked", ["bare", "cp"], indirect=True)
def test_several_stops_together_stop_at_the_positions_of_each(walked):
    session, end = walked.session, max(walked.moments)
    lines = ("break SETKEY", "watch R1 changes", "break psw key", "watch 400.512", "break trap svc", "watch key 1000")
    session.recording.goto(walked.start)
    for line in lines:
        run_line(session, line)
    expected = sorted({unit for line in lines for unit in _expected(walked, CASES[line])})
    assert _backwards(session, walked.start, end) == [unit for unit in reversed(expected) if unit < end]
    last = session.recording.boundaries[session.recording.boundaries.last_at(end)]
    assert _forwards(session, walked.start, end, 0) == [unit for unit in expected if unit <= last]
    assert _forwards(session, walked.start, end, 10**9) == [unit for unit in expected if unit <= last]


@pytest.mark.parametrize("walked", ["two"], indirect=True)
def test_a_guest_that_gets_the_cpu_is_one_that_did_not_have_it_before(walked):
    session, end = walked.session, max(walked.moments)
    run_line(session, "break guest SECOND")
    journal = session.journal
    dispatched = [e for e in journal.between(0, journal.place_at(end + 1)) if isinstance(e.event, Dispatched)]
    expected = [b.unit for a, b in pairwise(dispatched) if b.event.userid == "SECOND" != a.event.userid]
    found = _backwards(session, session.recording.start, end)
    assert found == [unit for unit in reversed(expected) if unit < end]
    assert found
