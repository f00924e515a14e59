"""The watch log: what runs would have stopped at, without stopping.

It is computed over the recording when it is looked at, so it is complete whenever the log was set, and the same from
wherever one looks.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edu_hv.debugger.explain import arrival_words, entry_words, statement
from edu_hv.debugger.recording.search import positions
from edu_hv.debugger.stops.counting import FARTHEST
from edu_hv.debugger.stops.probe import Found, Looked, StopsProbe
from edu_hv.debugger.stops.seeing import Unit
from edu_hv.debugger.stops.stop import Breakpoint
from edu_hv.debugger.stops.what import OnEvent
from edu_hv.debugger.system import System
from edu_hv.debugger.viewing.history import layer_of
from edu_hv.debugger.views import Layer, View
from edu_hv.hypervisor.decisions import DecisionTaken
from edu_hv.isa.errors import UserError
from edu_hv.machine.events import Actor, InterruptionRecognized

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession

MOST = 10_000
"""Lines that are shown at most."""
_ACTORS = {
    Actor.INSTRUCTION: Layer.GUEST,
    Actor.INTERRUPTION: Layer.HARDWARE,
    Actor.TIMER: Layer.HARDWARE,
    Actor.CHANNEL: Layer.CHANNEL,
    Actor.ASSIST: Layer.HARDWARE,
    Actor.CONTROL_PROGRAM: Layer.CP,
    Actor.OPERATOR: Layer.USER,
}


@dataclass(frozen=True, slots=True)
class LoggedView:
    """One time that something logged was met."""

    step: int
    log: int
    layer: Layer
    guest: str
    """Whose instruction it was, or whom it concerns."""
    instruction: str
    """"012334 ST 5,SUM"; "" where it was none."""
    what: str
    """"R5 of KERNEL: 00000001 -> 00000002"."""
    unit: int


@dataclass(frozen=True, slots=True)
class WatchLogView(View):
    """What was logged, oldest first; with nothing logged, what is."""

    logs: tuple[str, ...]
    """What is logged: "1, on R5 of KERNEL"."""
    entries: tuple[LoggedView, ...]
    more: bool
    """There may be more before the first entry."""
    first: int = 0
    """The recording was looked at from this step on."""
    last: int = 0
    """To this one."""


def watch_log(session: "DebugSession", count: int) -> WatchLogView:
    """The last `count` times, in the whole recording, that anything logged was met.  Raises UserError for too many."""
    if count > MOST:
        raise UserError(f"{count:,} lines are too many; {MOST:,} can be shown")
    stops, recording = list(session.logged.values()), session.recording
    said = tuple(f"{stop.number}, {stop.what.words}" for stop in stops)
    if not stops:
        return WatchLogView(said, (), False)
    probe = StopsProbe(session, [Looked(stop.what.seer(session), stop) for stop in stops])
    rows: list[LoggedView] = []
    probe.on_found = lambda system, unit, found: rows.extend(_rows(session, system, unit, found))
    start = recording.start if probe.engine else max(recording.start, recording.end - FARTHEST)
    with session.everybody(), probe.installed():
        found = positions(recording, probe, count, recording.end, start, lambda: session.interrupted)
    shown = sorted((row for row in rows if row.unit in set(found)), key=lambda row: (row.unit, row.log))
    first = recording.boundaries.last_at(start)
    more = len(found) >= count or start > recording.start
    return WatchLogView(said, tuple(shown), more, first, recording.total)


def _rows(session: "DebugSession", system: System, unit: Unit, found: list[Found]) -> list[LoggedView]:
    """One row for each log that was met; the machine stands there."""
    text = _text(system, unit)
    at = f"{unit.about[1]:06X} " if unit.about else ""
    guest = unit.about[0] if unit.about and text else ""
    instruction = at + statement(session.assembly_of(guest), text, unit.about[1]) if text and unit.about else ""
    rows = []
    for each in found:
        stop = each.looked.stop
        assert stop is not None
        layer, what = _layer_and_words(session, unit, each, stop, bool(text))
        rows.append(
            LoggedView(
                session.recording.step, stop.number, layer, guest or each.hit.guest, instruction, what, unit.done.after
            )
        )
    return rows


def _text(system: System, unit: Unit) -> bytes:
    """The instruction that the unit executed; b"" for none."""
    recognized = system.machine.recognized
    if unit.about is None or unit.done.compiled:
        return b""
    return system.machine.cpu.instruction_text if recognized is None else recognized.text


def _layer_and_words(
    session: "DebugSession", unit: Unit, each: Found, stop: Breakpoint, executed: bool
) -> tuple[Layer, str]:
    hit, name = each.hit, stop.what.words.removeprefix("on ")
    if isinstance(stop.what, OnEvent):
        entry = stop.what.found(session.journal, unit.done.after)
        if entry is not None:
            interruption = isinstance(entry.event, InterruptionRecognized | DecisionTaken)
            words = arrival_words if interruption else entry_words
            return layer_of(entry.event), words(entry, session.assembly_of(entry.guest))
    change = f": {hit.old} -> {hit.new}" if hit.old else f": {hit.detail}" if hit.detail else ""
    by_actor = [actor for actor in Actor if hit.detail == f"by the {actor.value}"]
    layer = _ACTORS[by_actor[0]] if by_actor else Layer.GUEST if executed else _not_executed(session, unit)
    return layer, f"{name}{change}"


def _not_executed(session: "DebugSession", unit: Unit) -> Layer:
    """Whose doing a unit was that executed no instruction."""
    if unit.done.after - 1 in session.journal.inputs:
        return Layer.USER
    return Layer.CP if session.system.cp is not None else Layer.HARDWARE
