"""Timers and clocks: the guest's, and what the real ones are used for.  SY20-0886 "Timer Management"."""

from typing import TYPE_CHECKING

from edu_hv.debugger import believed, explain
from edu_hv.debugger.comparing.sides import NONE, SAME, Sides, plural, same
from edu_hv.debugger.views import ComparedValue
from edu_hv.hypervisor.timer_requests import Request
from edu_hv.hypervisor.vmblok import VMBLOK, TimerLevel
from edu_hv.isa.codes import MASK_64, PSA

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession
    from edu_hv.hypervisor.control_program import ControlProgram

INTERVAL, TOD, COMPARATOR, CPU_TIMER = "interval timer", "TOD clock", "comparator", "CPU timer"


def values(session: "DebugSession") -> list[ComparedValue]:
    """Interval timer, TOD clock, clock comparator and CPU timer."""
    sides = Sides.of(session)
    vm, cp, real = sides.vm, sides.cp, sides.machine.clocks
    there = sides.cpu.load_real(PSA.INTERVAL_TIMER, 4).hex().upper()
    if vm is None or cp is None:
        if sides.system_360:
            return [same(INTERVAL, there)]
        pairs = {TOD: real.tod, COMPARATOR: real.clock_comparator, CPU_TIMER: real.cpu_timer}
        return [same(INTERVAL, there), *(same(name, f"{value:016X}") for name, value in pairs.items())]
    return [_interval(cp, vm, there), _tod(cp, vm), _comparator(cp, vm), _cpu_timer(cp, vm)]


# ---- interval timer --------------------------------------------------------------------------------------------------


def _interval(cp: "ControlProgram", vm: VMBLOK, real: str) -> ComparedValue:
    mine = vm.peek(PSA.INTERVAL_TIMER, 4).hex().upper()
    words = "; ".join((_in_page_0(vm), _counts(cp, vm), _slice(cp)))
    why = SAME if mine == real else "real: CP's time slice"
    return ComparedValue(INTERVAL, mine, real, why, sentence=words)


def _in_page_0(vm: VMBLOK) -> str:
    frame, at = vm.storage.frame_of(0), int(PSA.INTERVAL_TIMER)
    where = "which is out" if frame is None else f"real {frame + at:06X}"
    owed = f", {plural(vm.vmtimer, 'unit')} wait in VMTIMER to be taken off" if vm.vmtimer else ""
    return f"the guest's is at {at:06X} of its page 0, {where}{owed}"


def _counts(cp: "ControlProgram", vm: VMBLOK) -> str:
    """SET TIMER.  GC20-1807 "Interval Timer"."""
    if vm.vmtlevel & TimerLevel.REAL:
        return "it counts what the guest runs and waits (SET TIMER REAL)"
    if vm.vmtlevel & TimerLevel.TIMER:
        when = ", and is brought up to date when CP gets control" if cp.running_vm is vm else ""
        return f"it counts what the guest runs{when}"
    return "it stands still (SET TIMER OFF)"


def _slice(cp: "ControlProgram") -> str:
    left = int.from_bytes(cp.real.load_real(PSA.INTERVAL_TIMER, 4), "big", signed=True)
    if cp.running_vm is not None:
        return f"the real one has {plural(left, 'unit')} left of the time slice of {cp.running} (EXT-1)"
    return f"the real one is CP's and has {plural(left, 'unit')} left"


# ---- the clocks ------------------------------------------------------------------------------------------------------


def _tod(cp: "ControlProgram", vm: VMBLOK) -> ComparedValue:
    real = cp.machine.clocks
    mine = vm.clocks.tod_at_zero + (real.now << 12) & MASK_64
    words = "there is one for all: STORE CLOCK is not privileged, and SET CLOCK of a guest finds it secure"
    why = SAME if mine == real.tod else "another time of day"
    return ComparedValue(TOD, f"{mine:016X}", f"{real.tod:016X}", why, sentence=words)


def _comparator(cp: "ControlProgram", vm: VMBLOK) -> ComparedValue:
    real = cp.machine.clocks.clock_comparator
    mine, own = _own(vm, vm.clocks.clock_comparator)
    why = explain.why_clock("comparator", mine == f"{real:016X}", cp.running_vm is vm)
    return ComparedValue(COMPARATOR, mine, f"{real:016X}", why, sentence=f"{own}; {_next_request(cp)}")


def _next_request(cp: "ControlProgram") -> str:
    """What the real comparator was set to: the first TRQBLOK.  SY20-0886 "Timer Request Queue"."""
    if not cp.requests.queue:
        return "the real one is at its maximum, as CP's timer-request queue is empty"
    first = cp.requests.queue[0]
    count, what = plural(len(cp.requests.queue), "timer request"), Request[first.what].value
    return f"the real one is for the first of CP's {count}: {what}, {first.userid}"


def _cpu_timer(cp: "ControlProgram", vm: VMBLOK) -> ComparedValue:
    real, runs = cp.machine.clocks.cpu_timer, cp.running_vm is vm
    used = bool(vm.vmtlevel & TimerLevel.CPU)
    mine, own = _own(vm, believed.cpu_timer(cp, vm))
    why = explain.why_clock("CPU timer", mine == f"{real:016X}", runs)
    return ComparedValue(CPU_TIMER, mine, f"{real:016X}", why, sentence=f"{own}{_use(vm, used, runs)}")


def _own(vm: VMBLOK, value: int) -> tuple[str, str]:
    """The guest's value, and where it is; without ECMODE there is none."""
    if not vm.ecmode:
        return NONE, "without ECMODE the guest has none"
    return f"{value:016X}", "the guest's is in its ECBLOK"


def _use(vm: VMBLOK, used: bool, runs: bool) -> str:
    if not vm.ecmode:
        return "; the real one is CP's"
    if not used:
        return "; the guest has not set it (SPT) since its reset, so the real one does not count for it"
    return "; it counts in the real one while the guest runs (EXT-5)" + ("" if runs else ", and now stands")
