"""The top line."""

from typing import TYPE_CHECKING

from edu_hv.debugger import explain
from edu_hv.debugger.system import Guest
from edu_hv.debugger.viewing.registers import state_word
from edu_hv.debugger.viewing.trap import stage_title
from edu_hv.debugger.views import StatusView
from edu_hv.hypervisor.disconnected import disconnected
from edu_hv.hypervisor.vmblok import VMBLOK, DispatchStatus, QueueLevel, RunStatus
from edu_hv.machine.events import InterruptionRecognized
from edu_hv.machine.psw import PSW

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession


def status(session: "DebugSession") -> StatusView:
    """Which guest, where, why it stopped, in which states."""
    system = session.system
    return StatusView(
        guest=session.selected,
        guests=tuple(guest.name for guest in system.guests),
        step=session.step_number,
        total=session.total,
        stop=session.stop_reason,
        guest_state=_guest_state(session, session.guest) if session.selected else "-",
        real_state=_state(system.machine.cpu.psw),
        running=_running(session),
        stage=stage_title(session),
        microseconds=system.machine.clocks.now,
        branch=session.recording.branch,
    )


def state_words(psw: PSW, vm: VMBLOK | None) -> str:
    """What a guest does, in words: "page wait", "CP mode, disconnected", "supervisor"."""
    waits = [words for bit, words in _WAITS.items() if vm is not None and vm.vmrstat & bit]
    state = ["wait" if psw.wait else "problem" if psw.problem_state else "supervisor"]
    away = ["disconnected"] if vm is not None and disconnected(vm) else []
    return ", ".join((waits or state) + away)


_WAITS = {
    RunStatus.CFWAIT: "CP mode",
    RunStatus.PGWAIT: "page wait",
    RunStatus.IOWAIT: "waits for its I/O to begin",
    RunStatus.EXWAIT: "waits for CP",
    RunStatus.LOGOFF: "being logged off",
}


def queue_word(vm: VMBLOK) -> str:
    """The scheduler's queue that a guest is in: "Q1", "Q2", or "idle"."""
    if not vm.vmdstat & DispatchStatus.INQ:
        return "idle"
    return "Q1" if vm.vmqlevel & QueueLevel.Q1 else "Q2"


def _guest_state(session: "DebugSession", guest: Guest) -> str:
    if guest.vm is not None and guest.vm.cf:
        return "CP"
    return _state(session.system.psw_of(guest.name))


def _state(psw: PSW) -> str:
    return "WAIT" if psw.wait else state_word(psw)


def _running(session: "DebugSession") -> str:
    cp = session.system.cp
    if cp is not None and cp.busy:
        return "CP"
    return "wait" if session.system.machine.cpu.psw.wait else session.running() or "wait"


def stage_reason(session: "DebugSession") -> str:
    """What the last step or stage was about, when it was a trap's; else ""."""
    entries = session.journal.of_step(session.step_number)
    trap = next((entry for entry in entries if isinstance(entry.event, InterruptionRecognized)), None)
    if trap is None:
        return ""
    assert isinstance(trap.event, InterruptionRecognized)
    title = stage_title(session)
    words = explain.trap_words(trap.event, session.assembly_of(trap.guest))
    return f"trap: {words}" + (f" (stage {title})" if title else "")
