"""Whatever guests do, what must hold of CP holds after each decision; and nothing is left behind."""

import pytest

from edu_hv.guests.catalog import GUESTS
from edu_hv.hypervisor.control_program import ControlProgram
from edu_hv.hypervisor.decisions import DecisionCarriedOut, Dispatched
from edu_hv.hypervisor.logon import log_off
from edu_hv.hypervisor.paging_area import make_paging_volume
from edu_hv.machine.machine import Machine
from edu_hv.machine.storage import FRAME
from tests.hypervisor.bench import Bench, own_lines
from tests.hypervisor.invariants import frames_of, locks, problems

PAGING = 0x130
MIXES = [
    pytest.param(("kernel",), 0x80000, id="one guest with room"),
    pytest.param(("kernel", "second", "kernel"), 0x80000, id="three guests"),
    pytest.param(("kernel", "second", "hello"), 0x10000 + 9 * FRAME, id="three guests in 9 frames"),
]


def paging_bench(size: int = 0x80000) -> Bench:
    """A machine with a paging volume; frames begin at 64K."""
    machine = Machine(size)
    machine.channels.attach(PAGING, make_paging_volume(8))
    cp = ControlProgram(machine)
    cp.paging.attach_area(PAGING)
    return Bench(machine, cp)


def _check(made: Bench) -> list[str]:
    """Run to the end; what did not hold after some decision or dispatch."""
    found: list[str] = []

    def look(event: object) -> None:
        if isinstance(event, DecisionCarriedOut | Dispatched) and not found:
            found.extend(problems(made.cp))

    made.machine.observe(look)
    made.run()
    return found


@pytest.mark.parametrize(("names", "size"), MIXES)
def test_what_must_hold_holds_after_each_decision(names, size):
    """[1.1 1; 1.3 PSW mode bits] EC, DAT on, problem state, enabled; each frame is one guest's."""
    made = paging_bench(size)
    vms = [made.ipl(name, f"USER{n}") for n, name in enumerate(names)]
    assert _check(made) == []
    assert locks(made.cp) == []
    assert all(own_lines(vm) for vm in vms)


@pytest.mark.parametrize(("names", "size"), MIXES[1:])
def test_guests_write_the_same_however_little_real_storage_there_is(names, size):
    """[1.3 Guest storage 0..VMSIZE] More guest storage than real storage: the guests see no difference."""
    wide, narrow = paging_bench(), paging_bench(size)
    for made in (wide, narrow):
        for number, name in enumerate(names):
            made.ipl(name, f"USER{number}")
        made.run()
    lines = [[own_lines(vm) for vm in made.cp.vms] for made in (wide, narrow)]
    assert lines[0] == lines[1]
    assert size == 0x80000 or sum(vm.storage.page_reads for vm in narrow.cp.vms) > 0


@pytest.mark.parametrize("after", [0, 500, 2_000, 5_000, 9_000])
def test_a_guest_that_logs_off_leaves_nothing_behind(after):
    """[4.3 LOGOFF] Frames, slots, free storage, locks, queues and requests are as before it came."""
    made = paging_bench(0x10000 + 20 * FRAME)
    stays = made.ipl("second", "STAYS")
    free = dict(made.cp.free_storage.taken)
    goes = made.ipl("kernel", "GOES")
    for _ in range(after):
        made.machine.advance()
    log_off(made.cp, goes)
    made.run()
    assert locks(made.cp) == []
    assert made.cp.logged_on("GOES") is None
    assert {r.userid for r in made.cp.requests.queue} <= {"STAYS"}
    assert made.cp.scheduler.in_queue == []
    assert dict(made.cp.free_storage.taken) == free
    mine = set(frames_of(stays.storage).values())
    core = made.cp.paging.core
    owned = {f for f in range(core.first, core.first + len(core) * FRAME, FRAME) if core[f].owner is not None}
    assert owned == mine
    alone = paging_bench(0x10000 + 20 * FRAME)
    vm = alone.ipl("second", "STAYS")
    alone.run()
    assert own_lines(stays) == own_lines(vm)


def test_no_storage_outside_a_guests_frames_changes_while_it_runs():
    """[1.3 Guest page 0 (PSWs, CSW, CAW, timer)] An instruction of a guest reaches its own frames and nothing else."""
    made = paging_bench()
    vm = made.ipl("kernel", "A")
    quiet = made.ipl("hello", "B")
    quiet.cf = True
    strange: list[int] = []
    stored: list[tuple[int, int]] = []
    made.machine.storage.observer = lambda event: stored.append((event.absolute, len(event.new)))
    for _ in range(12_000):
        running = made.cp.running_vm
        stored.clear()
        if not made.machine.advance():
            break
        if running is vm and made.cp.running_vm is vm and made.machine.recognized is None:
            allowed = set(frames_of(vm.storage).values()) | {0}  # 0: the real interval timer.
            strange += [at for at, _ in stored if at // FRAME * FRAME not in allowed]
    assert strange == []
    assert own_lines(vm)


def test_the_same_start_gives_the_same_events_to_the_byte():
    """Determinism: two runs of three guests that page tell an observer exactly the same."""
    told: list[list[str]] = []
    for _ in range(2):
        made = paging_bench(0x10000 + 9 * FRAME)
        for number, name in enumerate(("kernel", "second", "hello")):
            made.ipl(name, f"USER{number}")
        events: list[str] = []
        made.machine.observe(lambda event, into=events: into.append(repr(event)))
        made.run()
        told.append(events)
    assert told[0] == told[1]
    assert len(told[0]) > 5_000


@pytest.mark.parametrize("name", sorted(set(GUESTS) - {"minicp"}))
def test_every_guest_of_the_catalogue_keeps_what_must_hold(name):
    """Each guest, with the storage and the mode that it wants."""
    made = paging_bench(0x100000)
    made.ipl(name, "A")
    assert _check(made) == []
    assert locks(made.cp) == []
