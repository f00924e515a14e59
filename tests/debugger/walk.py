"""A session as one value, to compare two ways of coming to a position; and small helpers to drive one."""

from collections.abc import Callable
from dataclasses import replace

import edu_hv.debugger.commands  # noqa: F401 - fills the registry
from edu_hv.debugger.breakpoints import StopAt
from edu_hv.debugger.commands.registry import REGISTRY
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.start import RealMachine
from edu_hv.debugger.views import View
from edu_hv.hypervisor.directory import parse

LOADS = {
    "kernel bare": (["kernel"], False),
    "kernel under CP": (["kernel"], True),
    "two guests": (["kernel", "second"], True),
}


USERS = """DIRECTORY 130 3330 SYSPAG
USER ANNA APPLE 128K 1M G
CONSOLE 009 3215
SPOOL 00C 2540 READER *
SPOOL 00D 2540 PUNCH A
MDISK 191 3330 10 20 USERS1 MR READPW WRITEPW
SPECIAL 5C0 CTCA
USER BERT BEAR 128K 1M G
CONSOLE 009 3215
SPOOL 00C 2540 READER *
SPECIAL 5C1 CTCA
"""


def loaded(name: str) -> DebugSession:
    session = DebugSession()
    programs, under_cp = LOADS[name]
    session.load(programs, under_cp)
    return session


def with_users() -> DebugSession:
    """CP on a small real machine with a directory of two users and a volume; nobody is logged on."""
    session = DebugSession()
    run_line(session, "attach 330 3330 USERS1 new")
    session.start_cp(parse(USERS, "the directory"), session.configuration, RealMachine(192 * 1024))
    return session


def everything(session: DebugSession) -> dict[str, object]:
    """State, marks and all views but what says how one came here: the stop reason and the length of the recording."""
    status, timeline = session.status(), session.timeline(10**9)
    of_guest = _of_guest(session) if session.selected else {}
    return of_guest | {
        "state": session.system.comparable(),
        "before": session.before,
        "stored": session.stored,
        "executed": session.executed,
        "status": replace(status, stop="", total=0, branch=""),
        "xray": session.xray(),
        "decisions": session.decisions(5),
        "log": session.log(60),
        "consoles": [session.console(guest.name) for guest in session.system.guests],
        "timeline": (timeline.marks[: session.step_number - session.in_step], timeline.step),
    }


def _of_guest(session: DebugSession) -> dict[str, object]:
    """What there is to see of the selected guest, as long as anybody is logged on."""
    return {
        "code": session.code(),
        "registers": session.registers(),
        "psw": session.psw(),
        "storage": session.storage(),
    }


def differences(found: dict[str, object], expected: dict[str, object]) -> list[str]:
    return [name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name)]


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
