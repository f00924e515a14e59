"""INDICATE: how busy the system and a user are (DMKTHI).  CP Command Reference "INDICATE".

The figures are those that CP keeps; nothing is smoothed over time as VM/370 does.
"""

from typing import TYPE_CHECKING

from edu_hv.hypervisor.commands.registry import Answer, CommandError, abbreviates, command
from edu_hv.hypervisor.scheduler import state_of
from edu_hv.hypervisor.time_of_day import cpu_time
from edu_hv.hypervisor.vmblok import QueueLevel, RunStatus

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK

_OPERATORS = "E"


@command("INDicate", "GE", looks=True)
def indicate(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """INDicate [LOAD | USER [userid | *]]; class E: Queues, I/O, PAGing, FAVored."""
    what = words[0] if words else "LOAD"
    if abbreviates(what, "Load"):
        return Answer(_load(cp))
    if abbreviates(what, "USer"):
        return Answer(_user(_named(cp, vm, words[1:])))
    for name, question in (("Queues", _queues), ("I/O", _io), ("PAGing", _paging), ("FAVored", _favored)):
        if abbreviates(what, name) and _OPERATORS in vm.vmcls:
            return Answer(question(cp))
    raise CommandError("THI", 3, f"INVALID OPTION - {what}")


def _load(cp: "ControlProgram") -> list[str]:
    """How much of the machine's time guests and CP for them have used, and of its storage."""
    now = max(cp.machine.clocks.now, 1)
    busy = min(sum(vm.vmttime for vm in cp.vms) * 100 // now, 100)
    resident = sum(vm.storage.resident for vm in cp.vms) * 100 // max(len(cp.paging.core), 1)
    queues = f"Q1-{len(cp.scheduler.q1):02} Q2-{len(cp.scheduler.q2):02}"
    return [f"CPU-{busy:03}% APU-000% {queues} STORAGE-{resident:03}% RATIO-1.0"]


def _named(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> "VMBLOK":
    """The user asked about: others than oneself for class E only."""
    if not words or words[0] in ("*", vm.vmuser):
        return vm
    found = cp.logged_on(words[0]) if _OPERATORS in vm.vmcls else None
    if found is None:
        raise CommandError("THI", 45, f"{words[0]} NOT LOGGED ON")
    return found


def _user(vm: "VMBLOK") -> list[str]:
    """Pages in real storage and paging operations, processor time, operations started."""
    pages = vm.storage
    return [
        f"PAGES: RES-{pages.resident:04} WS-{pages.resident:04} READS={pages.page_reads:06} "
        f"WRITES={pages.page_writes:06}",
        f"VTIME={cpu_time(vm.vmvtime)} TTIME={cpu_time(vm.vmttime)} SIO={vm.sio_count:06}",
    ]


def _queues(cp: "ControlProgram") -> list[str]:
    """INDICATE Queues: who is in a queue, and in which state (GC20-1807 "Scheduling")."""
    lines = []
    for vm in cp.scheduler.in_queue:
        number, words = state_of(vm).value
        lines.append(f"{vm.vmuser:8} {'Q1' if number < 3 else 'Q2'} {number} {vm.storage.resident:03} {words.upper()}")
    return lines or ["NO USERS IN QUEUE"]


def _favored(cp: "ControlProgram") -> list[str]:
    """INDICATE FAVored: the machines that SET FAVORED puts before others."""
    return [vm.vmuser for vm in cp.vms if vm.vmqlevel & QueueLevel.HIPRI] or ["NO FAVORED USERS"]


def _io(cp: "ControlProgram") -> list[str]:
    """INDICATE I/O: who waits for the start or the end of an operation, and on which real device."""
    waiting = [vm for vm in cp.vms if vm.vmrstat & RunStatus.IOWAIT or any(v.ioblok for v in vm.devices.values())]
    lines = []
    for vm in waiting:
        busy = [f"{v.real:03X}" for v in vm.devices.values() if v.ioblok is not None and v.real is not None]
        lines.append(f"{vm.vmuser:8} {' '.join(busy) or '---'}")
    return lines or ["NO USERS IN I/O WAIT"]


def _paging(cp: "ControlProgram") -> list[str]:
    """INDICATE PAGing: who waits for a page."""
    waiting = [vm for vm in cp.vms if vm.vmrstat & RunStatus.PGWAIT]
    return [f"{vm.vmuser:8} {vm.storage.resident:03}:{vm.storage.pages:03}" for vm in waiting] or [
        "NO USERS IN PAGEWAIT"
    ]
