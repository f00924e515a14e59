"""A checkpoint of CP and the machine, taken anywhere, leads to the same future."""

from edu_hv.hypervisor.control_program import Stage
from tests.hypervisor.bench import bench


def snapshot(made):
    return made.machine.state(), made.cp.state()


def restore(made, saved):
    machine, cp = saved
    made.machine.restore(machine)
    made.cp.restore(cp)


def future(made, units):
    for _ in range(units):
        if not made.machine.advance():
            break
    return snapshot(made), [line.text for vm in made.cp.vms for line in vm.terminal]


def two_kernels():
    made = bench()
    made.ipl("kernel", "A")
    made.ipl("second", "B")
    return made


def at_first(made, reached):
    made.until(lambda: reached())
    return snapshot(made)


def test_restored_state_is_the_state_that_was_saved():
    made = two_kernels()
    for _ in range(40):
        future(made, 97)
        saved = snapshot(made)
        restore(made, saved)
        assert snapshot(made) == saved


def test_every_stage_of_a_trap_continues_identically():
    """Recognized, decode, rule, carry out, dispatch: for traps all along the run."""
    made = two_kernels()
    stages = set()
    for _ in range(60):
        future(made, 41)
        saved = snapshot(made)
        stages.add((made.cp.work.stage, made.machine.recognized is not None))
        first = future(made, 60)
        restore(made, saved)
        assert future(made, 60) == first
        restore(made, saved)
    assert {stage for stage, _ in stages} == set(Stage)
    assert (Stage.NONE, True) in stages


def test_channel_program_in_progress_continues_identically():
    """The copy in free storage, the real channel, and the guest's busy device."""
    made = two_kernels()
    saved = at_first(made, lambda: made.cp.vm("A").devices[0x181].ioblok is not None)
    first = future(made, 3000)
    restore(made, saved)
    assert made.cp.vm("A").devices[0x181].ioblok.task is not None
    assert future(made, 3000) == first


def test_going_back_and_forth_changes_nothing_at_the_end():
    made = two_kernels()
    start = snapshot(made)
    end = future(made, 100_000)
    restore(made, start)
    assert future(made, 100_000) == end
