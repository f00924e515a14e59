"""run and runback: to the next position at which anything stops, or to the last one before."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edu_hv.debugger.explain import arrival_words, dead_words, entry_words
from edu_hv.debugger.recording.journal import Entry
from edu_hv.debugger.recording.search import Done, Execution, positions
from edu_hv.debugger.recording.timetravel import AT_ONCE
from edu_hv.debugger.stops.counting import counted_to, ignored
from edu_hv.debugger.stops.kinds import StopAt
from edu_hv.debugger.stops.probe import Found, Looked, StopsProbe, concerns
from edu_hv.debugger.stops.seeing import NOWHERE, Hit, Seer
from edu_hv.debugger.stops.stop import Breakpoint
from edu_hv.debugger.stops.what import AtAddress, EventSeer, OnEvent
from edu_hv.hypervisor.decisions import DecisionTaken
from edu_hv.isa.codes import Class
from edu_hv.machine.events import InterruptionRecognized

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession


YOU_STOPPED = "you stopped the run"
LOOK_EVERY = 10_000
"""Steps after which a run looks whether it goes round and round."""
_ROUNDS = 16
_NEAR = (1024, 16_384)
"""So many units before the present are searched first."""


@dataclass(frozen=True)
class Sought:
    """What a run goes to, besides the stops that are set."""

    to: StopAt = StopAt.BREAKPOINT
    address: int | None = None
    seer: Seer | None = None
    """Who recognizes it, when it is something else."""
    words: str = ""
    """What there is to say then, when it is not that an address was reached."""

    def looked(self, session: "DebugSession") -> list[Looked]:
        """Who looks for it."""
        found = []
        if self.event is not None:
            found.append(Looked(self.event.seer(session)))
        if self.address is not None:
            found.append(Looked(AtAddress.of(self.address).seer(session)))
        if self.seer is not None:
            found.append(Looked(self.seer))
        return found

    @property
    def event(self) -> OnEvent | None:
        """What happens, if it is that."""
        to = self.to
        return None if to is StopAt.BREAKPOINT else OnEvent("", "", "", lambda event, guest: to.matches(event))


@dataclass
class Limits:
    """When a run ends by itself."""

    compiled_after: int
    """Steps after which the engine takes part."""
    limit: int | None
    """Steps; None for `effort`."""
    effort: int
    """Steps, those of the engine weighed by `factor`."""
    factor: int


@dataclass
class Run:
    """A run forwards that is under way."""

    session: "DebugSession"
    sought: Sought
    limits: Limits
    steps: int = 0
    spent: int = 0
    _look_at: int = LOOK_EVERY

    def go(self) -> str:
        """Run; why it stopped, or "" when it ended by itself."""
        session = self.session
        looked = [*self.sought.looked(session), *_stops(session, forwards=True)]
        if not looked:
            return self._run_on()
        probe = StopsProbe(session, looked, forwards=True)
        start = session.recording.unit
        probe.begin(session.system)
        try:
            return self._run(probe)
        finally:
            counted_to(session, looked, start)

    def _run(self, probe: StopsProbe) -> str:
        session, system = self.session, self.session.system
        execution = Execution(session.recording, probe)
        with probe.installed(), execution.watching():
            while self._more():
                if session.interrupted:
                    return YOU_STOPPED
                probe.compiled = probe.engine and self.steps >= self.limits.compiled_after
                done = execution.advance(self._at_once(), new=True)
                if done is None:
                    return nothing_more(session, self.sought)
                self._count(done, system.machine.at_boundary)
                if probe.saw(system, done):
                    return stop_words(session, probe.found, done.after, self.sought)
                if self._goes_round():
                    return ""
        return ""

    def _run_on(self) -> str:
        """The same where nothing but the end can stop it, which needs no probe."""
        session, recording, machine = self.session, self.session.recording, self.session.system.machine
        while self._more():
            if session.interrupted:
                return YOU_STOPPED
            ready = self.steps >= self.limits.compiled_after and machine.at_boundary
            ready = ready and session.system.start_engine(NOWHERE)
            compiled = recording.run_compiled(self._at_once()) if ready else 0
            if not compiled and not recording.advance():
                return nothing_more(session, self.sought)
            if machine.at_boundary:
                self.steps += compiled or 1
                self.spent += 1 + compiled // self.limits.factor
                if self._goes_round():
                    return ""
        return ""

    def _goes_round(self) -> bool:
        """Now and then: whether a run without a limit can have no other end, so that nobody waits for that."""
        if self.limits.limit is not None or self.spent < self._look_at:
            return False
        self._look_at = self.spent + LOOK_EVERY
        return interrupts_for_ever(self.session)

    def _more(self) -> bool:
        limit = self.limits.limit
        return self.spent < self.limits.effort if limit is None else self.steps < limit

    def _at_once(self) -> int:
        limit = self.limits.limit
        return AT_ONCE if limit is None else min(AT_ONCE, limit - self.steps)

    def _count(self, done: Done, at_boundary: bool) -> None:
        if not at_boundary:
            return
        executed = done.after - done.before if done.compiled else 0
        self.steps += executed or 1
        self.spent += 1 + executed // self.limits.factor


def interrupts_for_ever(session: "DebugSession") -> bool:
    """Whether a program interruption on the bare machine causes itself, with nothing enabled that could end it.

    Its new PSW leads to what cannot be executed: nothing is executed any more, only PSWs are swapped.
    """
    if session.system.cp is not None or session.system.machine.cpu.psw.enabled_for_something:
        return False
    last = session.journal.last(_ROUNDS, InterruptionRecognized)
    step = session.recording.step
    return [entry.step for entry in last] == list(range(step - _ROUNDS + 1, step + 1)) and all(
        isinstance(each.event, InterruptionRecognized)
        and each.event.kind is Class.PROGRAM
        and each.event == last[0].event
        for each in last
    )


def _stops(session: "DebugSession", forwards: bool) -> list[Looked]:
    """The stops that are enabled, each with who recognizes it and what it ignores."""
    return [
        Looked(stop.what.seer(session), stop, ignored(session, stop) if stop.ignore else None)
        for stop in session.breakpoints.enabled
    ]


# ---- backwards -------------------------------------------------------------------------------------------------------


@dataclass
class Back:
    """A search backwards: what is in the journal is found there, the rest by executing again."""

    session: "DebugSession"
    sought: Sought

    def __post_init__(self) -> None:
        session = self.session
        everything = [*self.sought.looked(session), *_stops(session, forwards=False)]
        self._in_journal = [each for each in everything if _by_journal(each)]
        self._to_execute = [each for each in everything if not _by_journal(each)]
        self.found: list[Found] = []

    def find(self) -> int | None:
        """The last position before the present one at which anything stops; what stopped is in `found`."""
        recording = self.session.recording
        known = self._last_in_journal()
        unit = self._execute(recording.start if known is None else known - 1, recording.unit - 1)
        unit = known if unit is None else unit
        if unit is not None:
            self.found = [*self._of_journal(unit), *self.found]
        return unit

    def words(self, unit: int) -> str:
        """Why it stopped at a position, where the machine stands now."""
        words = stop_words(self.session, self.found, unit, self.sought)
        return f"back: {words}" if self.found[0].looked.stop is None else f"back at {words}"

    def _execute(self, start: int, end: int) -> int | None:
        if not self._to_execute or start >= end:
            return None
        session = self.session
        probe = StopsProbe(session, self._to_execute)
        found: list[int] = []
        with probe.installed():
            for size in (*_NEAR, end - start):  # A loop may have met it a million times: the last one is near then.
                first = max(end - size, start)
                found = positions(session.recording, probe, 1, end, first, lambda: session.interrupted)
                if found or first == start or session.interrupted:
                    break
                end = first
        self.found = probe.found if found else []
        return found[-1] if found else None

    def _last_in_journal(self) -> int | None:
        """The position of the last entry that stops."""
        session, journal = self.session, self.session.journal
        kinds = [(each, each.seer.what) for each in self._in_journal if isinstance(each.seer, EventSeer)]

        def may_stop(event: object, guest: str) -> bool:
            return concerns(session, guest, real=False) and any(what.may_be(event, guest) for _, what in kinds)

        before = range(journal.place_at(session.recording.unit) - 1, -1, -1)
        for place in journal.matching(before, may_stop) if kinds else ():
            unit = journal.entry(place).unit
            if any(what.is_at(journal, place) and _counts(each, unit) for each, what in kinds):
                return unit
        return None

    def _of_journal(self, unit: int) -> list[Found]:
        """What stops at a position by what the journal has of it."""
        session, found = self.session, []
        for each in self._in_journal:
            assert isinstance(each.seer, EventSeer)
            entry = each.seer.what.found(session.journal, unit)
            if entry is not None and concerns(session, entry.guest, real=False) and _counts(each, unit):
                found.append(Found(each, Hit(entry.guest)))
        return found


def _by_journal(looked: Looked) -> bool:
    return isinstance(looked.seer, EventSeer) and (looked.stop is None or looked.stop.condition is None)


def _counts(looked: Looked, unit: int) -> bool:
    return looked.ignored is None or not looked.ignored.ignores(unit, new=False)


# ---- in words --------------------------------------------------------------------------------------------------------


def nothing_more(session: "DebugSession", sought: Sought) -> str:
    """Why a run that did not find what it looked for has come to an end."""
    dead = dead_words(session.system)
    if sought.address is not None:
        return f"{sought.address:06X} was not reached: {dead}"
    return dead if sought.to is StopAt.BREAKPOINT else f"no more {sought.to.plural}: {dead}"


def stop_words(session: "DebugSession", found: list[Found], unit: int, sought: Sought) -> str:
    """Why a run has stopped: everything that stops at the position.  It is called where the machine stands there."""
    stops = [each for each in found if each.looked.stop is not None]
    words = [_words_of_stop(session, each.looked.stop, each.hit, unit) for each in stops if each.looked.stop]
    if len(found) > len(stops):
        words = [*_words_of_sought(session, unit, sought, bool(words)), *words]
    arrived(session, [each.looked.stop for each in stops if each.looked.stop])
    return " and ".join(words)


def _words_of_sought(session: "DebugSession", unit: int, sought: Sought, others: bool) -> list[str]:
    """What the run looked for; an address that has a breakpoint is named by that."""
    entry = sought.event.found(session.journal, unit) if sought.event else None
    if entry is not None:
        return [arrival_words(entry, session.assembly_of(entry.guest))]
    if sought.words:
        return [sought.words]
    return [] if others else [f"reached {session.system.machine.cpu.psw.instruction_address:06X}"]


def _words_of_stop(session: "DebugSession", stop: Breakpoint, hit: Hit, unit: int) -> str:
    said = hit.detail
    if isinstance(stop.what, OnEvent) and not said:
        entry = stop.what.found(session.journal, unit)
        said = _entry_words(session, entry) if entry else ""
    if hit.old or hit.new:
        change = f"{hit.old} -> {hit.new}" if hit.old else f"it is {hit.new}"
        said = f"{change} {said}".strip() if hit.old else f"{said}, {change}"
    return f"{stop.words}: {said}" if said else stop.words


def _entry_words(session: "DebugSession", entry: Entry) -> str:
    assembly = session.assembly_of(entry.guest)
    if isinstance(entry.event, InterruptionRecognized | DecisionTaken):
        return arrival_words(entry, assembly).removeprefix("trap: ")
    return entry_words(entry, assembly)


def arrived(session: "DebugSession", stops: list[Breakpoint]) -> None:
    """A run has stopped at stops: the temporary ones go, and their commands are to be carried out."""
    session.arrived = [command for stop in stops for command in stop.commands]
    for stop in stops:
        if stop.temporary:
            session.breakpoints.by_number.pop(stop.number, None)
