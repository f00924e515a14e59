"""The two queues, slices, and who is next.  GC20-1807 "Scheduling"; SY20-0886 "Dispatching"."""

import pytest

from edu_hv.hypervisor import dispatch
from edu_hv.hypervisor.commands import run_command
from edu_hv.hypervisor.scheduler import COMPUTE_BOUND, Q1_SLICE, Q2_SLICE, QUANTUM, Scheduler, State, state_of
from edu_hv.hypervisor.vmblok import DispatchStatus, QueueLevel, RunStatus
from tests.hypervisor.bench import bench, guest

LOOP = "47F00A00"
WAIT = "FE02000000000000"


def names(queue) -> str:
    return "".join(vm.vmuser for vm in queue)


def machines(userids="ABC"):
    made = bench()
    vms = [made.cp.logon(userid, 0x10000) for userid in userids]
    for vm in vms:
        vm.cf = False
    return made, vms


# ---- states and moves ------------------------------------------------------------------------------------------------


def test_machine_that_may_run_enters_q1_and_one_that_has_nothing_to_do_leaves():
    """[1.10 8→1] [1.10 1→8] [1.2 VMDSTAT INQ] [1.2 VMRSTAT IDLE] A wake-up puts it into Q1; idle is in neither."""
    _, (vm, *_) = machines()
    scheduler = Scheduler()
    assert state_of(vm) is State.IDLE
    scheduler.add(vm)
    assert (state_of(vm), names(scheduler.q1), vm.queue_left) == (State.Q1, "A", Q1_SLICE)
    assert (bool(vm.vmdstat & DispatchStatus.INQ), bool(vm.vmrstat & RunStatus.IDLE)) == (True, False)
    scheduler.drop(vm)
    assert (state_of(vm), scheduler.in_queue) == (State.IDLE, [])
    assert (bool(vm.vmdstat & DispatchStatus.INQ), bool(vm.vmrstat & RunStatus.IDLE)) == (False, True)


@pytest.mark.parametrize("why", [RunStatus.PGWAIT, RunStatus.IOWAIT, RunStatus.EXWAIT])
def test_page_or_sio_wait_is_the_second_state_of_each_queue(why):
    """[1.10 1→2] [1.10 5→6] [1.2 VMRSTAT PGWAIT IOWAIT EXWAIT] It stays in its queue, and is not dispatched."""
    _, (vm, *_) = machines()
    scheduler = Scheduler()
    scheduler.add(vm)
    for runs, waits in ((State.Q1, State.Q1_WAIT), (State.Q2, State.Q2_WAIT)):
        vm.begin_wait(why)
        assert (state_of(vm), scheduler.next(lambda vm: True)) == (waits, None)
        vm.end_wait(why)
        assert (state_of(vm), scheduler.next(lambda vm: True)) == (runs, vm)
        scheduler.charge(vm, Q1_SLICE)


def test_in_queue_slice_that_is_used_up_moves_it_to_q2_and_then_makes_it_compute_bound():
    """[1.10 1→5] [1.10 5→7→5] [1.2 VMQLEVEL] [1.2 VMDSTAT QSEND] COMP gets four times the dispatch slice."""
    _, (vm, *_) = machines()
    scheduler = Scheduler()
    scheduler.add(vm)
    scheduler.charge(vm, Q1_SLICE - 1)
    assert (vm.vmqlevel, vm.vmdstat & DispatchStatus.QSEND) == (QueueLevel.Q1, 0)
    scheduler.charge(vm, 1)
    assert (state_of(vm), vm.queue_left, names(scheduler.q2)) == (State.Q2, Q2_SLICE, "A")
    assert bool(vm.vmdstat & DispatchStatus.QSEND)
    assert (vm.vmqlevel, scheduler.slice_of(vm)) == (QueueLevel(0), QUANTUM)
    scheduler.charge(vm, Q2_SLICE)
    assert (vm.vmqlevel, scheduler.slice_of(vm)) == (QueueLevel.COMP, COMPUTE_BOUND * QUANTUM)


def test_machine_that_waited_is_interactive_again():
    """[1.10 5→1] Terminal I/O completed: out of Q2, and in by Q1."""
    _, (vm, *_) = machines()
    scheduler = Scheduler()
    scheduler.add(vm)
    scheduler.charge(vm, Q1_SLICE)
    scheduler.drop(vm)
    scheduler.add(vm)
    assert (state_of(vm), vm.vmqlevel) == (State.Q1, QueueLevel.Q1)


def test_q1_is_served_before_q2():
    """[1.10 slices] Q1 serves first."""
    _, (first, second, _) = machines()
    scheduler = Scheduler()
    for vm in (first, second):
        scheduler.add(vm)
    scheduler.charge(first, Q1_SLICE)
    assert scheduler.next(lambda vm: True) is second


def test_end_of_the_dispatch_slice_is_a_turn_for_the_next():
    """[1.7-3] [1.2 VMDSTAT TSEND] Behind the others of its queue; the bit is off when it runs again."""
    made = bench()
    first, second = (made.start(made.log_on(name), LOOP) for name in "AB")
    made.until(lambda: made.cp.running == "B")
    assert bool(first.vmdstat & DispatchStatus.TSEND)
    made.until(lambda: made.cp.running == "A")
    assert not first.vmdstat & DispatchStatus.TSEND
    assert second.vmdstat & DispatchStatus.INQ


def test_favored_machine_is_before_the_others_of_its_queue():
    """[1.2 VMQFPNT] [1.2 VMQLEVEL HIPRI] SET FAVORED; it stays before them when it enters again."""
    _, (first, second, third) = machines()
    scheduler = Scheduler()
    for vm in (first, second, third):
        scheduler.add(vm)
    scheduler.favor(third, True)
    assert names(scheduler.q1) == "CAB"
    scheduler.end_slice(first)
    scheduler.end_slice(third)
    assert names(scheduler.q1) == "CBA"
    scheduler.drop(third)
    scheduler.add(third)
    assert names(scheduler.q1) == "CBA"
    scheduler.favor(third, False)
    assert names(scheduler.q1) == "BAC"


def test_stopped_machine_is_dropped():
    """[1.10 1,5→8] In CP mode."""
    made, vm = guest(LOOP)
    made.steps(3)
    run_command(made.cp, vm, "STOP")
    made.settle()
    assert (state_of(vm), made.cp.scheduler.in_queue) == (State.IDLE, [])
    run_command(made.cp, vm, "BEGIN")
    assert state_of(vm) is State.Q1


def test_state_numbers_are_the_manuals():
    """[1.10 State] 1, 2, 5, 6, 8; the eligible states do not exist, as every machine that can run is in a queue."""
    assert [state.value[0] for state in State] == [1, 2, 5, 6, 8]


def test_running_machine_has_its_state_in_the_real_registers():
    """[1.2 VMDSTAT DSP] [1.2 VMDSTAT RUN] Status in real registers; runnable."""
    made, vm = guest(LOOP)
    made.settle()
    assert vm.vmdstat & (DispatchStatus.DSP | DispatchStatus.RUN) == DispatchStatus.DSP | DispatchStatus.RUN
    made.stop()
    assert not vm.vmdstat & DispatchStatus.DSP


# ---- fairness and cost -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [2, 3, 5])
def test_machines_that_compute_get_the_same_time(count):
    """[1.10] Round robin within a queue."""
    made = bench()
    vms = [made.start(made.log_on(name), LOOP) for name in "ABCDE"[:count]]
    made.until(lambda: made.machine.instructions > 15_000 * count)
    made.stop()
    used = [vm.vmvtime for vm in vms]
    slice_in_microseconds = COMPUTE_BOUND * QUANTUM * 625 // 48
    assert max(used) - min(used) <= slice_in_microseconds + Q1_SLICE


def _idle(made, userid):
    vm = made.log_on(userid)
    made.start(vm, "82000800")
    vm.cpu.store_real(0x800, bytes.fromhex(WAIT))
    return vm


def _looks(monkeypatch, idle):
    """How many guests the dispatcher looks at while one runs, beside so many that wait."""
    made = bench()
    vms = [_idle(made, f"I{n}") for n in range(idle)]
    made.until(lambda: all(state_of(vm) is State.IDLE for vm in vms))
    made.start(made.log_on("BUSY"), "B20B0000" + LOOP)
    made.steps(20)
    looked = []
    real = dispatch.wants_attention
    monkeypatch.setattr(dispatch, "wants_attention", lambda cp, vm: looked.append(vm.vmuser) or real(cp, vm))
    made.steps(200)
    monkeypatch.undo()
    return looked


def test_cost_of_a_dispatch_does_not_grow_with_the_guests_that_are_idle(monkeypatch):
    """[1.10] Looks are counted, not time: with six idle guests the dispatcher looks at the same ones as with none."""
    alone, beside = _looks(monkeypatch, 0), _looks(monkeypatch, 6)
    assert set(beside) == {"BUSY"}
    assert alone == beside


def test_in_wait_a_machine_has_its_wait_bit_in_vmrstat_and_never_in_the_real_psw():
    """[1.2 VMRSTAT PSWAIT] [1.3 PSW wait bit] [1.8 VMPSW wait bit] Marked, and not dispatched."""
    made = bench()
    vm = _idle(made, "A")
    made.run()
    assert bool(vm.vmrstat & RunStatus.PSWAIT)
    assert (made.cp.running, made.machine.cpu.psw.wait) == (None, True)
    other = made.start(made.log_on("B"), LOOP)
    made.settle()
    assert (made.cp.running, made.machine.cpu.psw.wait) == (other.vmuser, False)
