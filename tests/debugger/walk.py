"""A session as one value, to compare two ways of coming to a position; and small helpers to drive one."""

from collections.abc import Callable
from dataclasses import replace

import edu_hv.debugger.commands  # noqa: F401 - fills the registry
from edu_hv.debugger.breakpoints import StopAt
from edu_hv.debugger.commands.registry import REGISTRY
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.views import View

LOADS = {
    "kernel bare": (["kernel"], False),
    "kernel under CP": (["kernel"], True),
    "two guests": (["kernel", "second"], True),
}


def loaded(name: str) -> DebugSession:
    session = DebugSession()
    programs, under_cp = LOADS[name]
    session.load(programs, under_cp)
    return session


def everything(session: DebugSession) -> dict[str, object]:
    """State, marks and all views but what says how one came here: the stop reason and the length of the recording."""
    status, timeline = session.status(), session.timeline(10**9)
    return {
        "state": session.system.comparable(),
        "before": session.before,
        "stored": session.stored,
        "executed": session.executed,
        "status": replace(status, stop="", total=0),
        "code": session.code(),
        "registers": session.registers(),
        "psw": session.psw(),
        "xray": session.xray(),
        "decisions": session.decisions(5),
        "storage": session.storage(),
        "log": session.log(60),
        "consoles": [session.console(guest.name) for guest in session.system.guests],
        "timeline": (timeline.marks[: session.step_number - session.in_step], timeline.step),
    }


def differences(found: dict[str, object], expected: dict[str, object]) -> list[str]:
    return [name for name in expected if found[name] != expected[name]]


def forwards_only(session: DebugSession, units: int) -> dict[int, dict[str, object]]:
    """Everything at each position of the next so many units, reached stage by stage and never by going back."""
    found = {session.recording.unit: everything(session)}
    for _ in range(units):
        session.stage()
        if session.recording.unit in found:
            break
        found[session.recording.unit] = everything(session)
    return found


def run_line(session: DebugSession, line: str) -> list[View]:
    return REGISTRY.execute(session, line)


def trap_where(session: DebugSession, matches: Callable[[str], bool]) -> None:
    """Run to the first stage of the next trap that is described so."""
    for _ in range(20_000):
        if matches(session.run(StopAt.TRAP).reason):
            return
    raise AssertionError("no such trap")
