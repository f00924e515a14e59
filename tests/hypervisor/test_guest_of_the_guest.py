"""MINICP as a guest of CP, and its guest as guest of the guest: shadow tables, and everything simulated twice.

What MINICP does on the bare machine: `tests/guests/test_minicp.py`.
"""

from collections.abc import Callable

import pytest

from edu_hv.asm.deck import bootable
from edu_hv.devices.card import CARD
from edu_hv.guests import catalog
from edu_hv.guests.catalog import GUESTS
from edu_hv.hypervisor.control_program import FREE_STORAGE, ControlProgram
from edu_hv.hypervisor.decisions import DecisionCarriedOut, Dispatched
from edu_hv.hypervisor.paging_area import make_paging_volume
from edu_hv.hypervisor.vmblok import VMBLOK
from edu_hv.machine.machine import Machine
from edu_hv.machine.storage import FRAME
from tests.guests import test_busy as busy
from tests.guests.conftest import ipl
from tests.guests.test_diagnostics import GOOD
from tests.guests.test_diagnostics import deck as diagnostic
from tests.guests.test_minicp import CARDS, KEYED_STORE, START, START_TAPE, program
from tests.guests.test_minicp import address as in_minicp
from tests.guests.test_under_cp import give_devices
from tests.hypervisor.bench import READER, Bench, bare, bench, cp_lines, own_lines
from tests.hypervisor.invariants import locks, problems

KERNEL = bare("kernel")
PAGING = 0x150
OLD_PSWS = range(0x18, 0x40, 8)


def start(made: Bench, deck: bytes, devices: Callable[[Bench, VMBLOK], None] | None = None) -> VMBLOK:
    """A guest with MINICP and the deck behind it in its reader, just IPLed; `devices` gives it others than usual."""
    vm = made.log_on("A", ecmode=True, tape=GUESTS["kernel"].tape())
    if devices is not None:
        devices(made, vm)
    cards = CARDS + deck
    made.cp.spool.add_deck("A", [cards[at : at + CARD] for at in range(0, len(cards), CARD)])
    made.cp.ipl(vm, READER)
    return vm


def third_level(vm: VMBLOK, address: int, length: int) -> bytes:
    """From the storage of MINICP's guest, within a page that MINICP's own page table says is there."""
    entry = int.from_bytes(vm.cpu.load_real(in_minicp("PAGETAB") + 2 * (address // FRAME), 2), "big")
    assert not entry & 0x0008
    return vm.cpu.load_real((entry & 0xFFF0) << 8 | address % FRAME, length)


@pytest.mark.parametrize("assist", [False, True], ids=["", "assist"])
def test_kernel_as_guest_of_the_guest_prints_what_it_prints_alone(assist):
    """[1.1-3] The same deck as on the bare machine; MINICP stops as its guest does, and CP tells it."""
    made = bench()
    if assist:
        made.machine.install_assist()
    vm = made.ipl("minicp", "A")
    made.run()
    assert own_lines(vm) == KERNEL
    assert cp_lines(vm) == ["DMKDSP450W CP ENTERED; DISABLED WAIT PSW '00020000 0000E0D0'", "CP"]


def test_real_machine_has_cps_psw_and_cps_tables_at_each_level():
    """[1.3 PSW mode bits] [1.5] Real CR1 is never the segment table that MINICP has made."""
    made = bench()
    vm = start(made, GUESTS["hello"].deck())
    seen = set()
    machine = made.machine
    while not machine.dead:
        machine.advance()
        psw = machine.cpu.psw
        if made.cp.running_vm is vm and machine.at_boundary and not psw.wait:
            level = 3 if vm.vmpsw.dat else 2
            own_table = machine.cpu.cr[1] & 0xFFFFFF == in_minicp("SEGTAB")
            seen.add((level, psw.ec_mode, psw.dat, psw.problem_state, psw.system_mask & 3, own_table))
    assert seen == {(level, True, True, True, 3, False) for level in (2, 3)}
    assert own_lines(vm) == bare("hello")


def test_diagnostic_of_the_cpu_finds_nothing_wrong_at_the_third_level():
    """[1.6] Interruptions, protection, masks and the interval timer."""
    made = bench()
    vm = start(made, diagnostic("cpu"))
    made.run()
    assert str(vm.vmpsw) == GOOD


def test_channel_programs_of_busy_devices_are_translated_twice():
    """[2.4] Lists of addresses of lists of addresses; a minidisk, a tape, spooled paper and cards at once."""
    made = bench()
    vm = start(made, GUESTS["busy"].deck(), give_devices)
    made.run()
    assert (own_lines(vm), vm.vmpsw.to_bytes().hex(" ", 4).upper()) == (busy.LINES, busy.ALL_IS_WELL)


@pytest.mark.parametrize(
    ("code", "data"),
    [
        pytest.param("LPSW PROBLEM; PROB: SSM ZERO", "", id="privileged-in-problem-state"),
        pytest.param("L 1,=F'65536'; L 2,0(1)", "", id="addressing"),
        pytest.param(KEYED_STORE.format("30", "ST 0,KEYED"), "", id="protection"),
        pytest.param("LA 1,X'3E'; LA 2,KEYED; SSK 1,2; ISK 3,2; SVC 7", "", id="keys"),
        pytest.param("L 1,=F'8190'; MVC 0(4,1),AND; BR 1", "AND: STNSM OLD,X'00'", id="instruction-across-a-page"),
        pytest.param(START, "CCWS: CCW X'09',X'FFFE',X'20',4", id="data-across-the-end"),
        pytest.param(START_TAPE, "CCWS: CCW X'02',X'17F0',X'60',100; CCW X'0C',X'2810',X'20',99", id="read-backward"),
    ],
)
def test_program_ends_at_the_third_level_as_on_a_machine_of_its_own(code, data):
    """[1.4] [1.5] [2.4] Registers, old PSWs and last PSW; two translations of each address and of each CCW."""
    deck = bootable(catalog.loader(), program(code, data))
    alone = ipl(deck, GUESTS["kernel"].tape()).run()
    made = bench()
    vm = start(made, deck)
    made.run()
    registers = vm.cpu.load_real(in_minicp("VMGPRS"), 64)
    assert [registers[at : at + 4].hex() for at in range(0, 64, 4)] == [f"{gr:08x}" for gr in alone.machine.cpu.gr]
    for at in OLD_PSWS:
        assert third_level(vm, at, 8) == alone.machine.storage.read(at, 8)
    assert (str(vm.vmpsw), own_lines(vm)) == (alone.psw, alone.lines)


def few_frames(count: int) -> Bench:
    """CP in a machine with so many frames for guests, and a paging volume."""
    machine = Machine(FREE_STORAGE[1] + count * FRAME)
    machine.channels.attach(PAGING, make_paging_volume(4))
    made = Bench(machine, ControlProgram(machine))
    made.cp.paging.attach_area(PAGING)
    return made


@pytest.mark.parametrize(
    ("frames", "names"),
    [
        pytest.param(14, ["minicp", "kernel", "minicp"], id="14-frames"),
        pytest.param(10, ["minicp", "kernel", "minicp"], id="10-frames"),
        pytest.param(10, ["kernel"] * 4, id="kernels-whose-page-0-is-out-while-a-task-spins"),
    ],
)
def test_pages_of_guests_come_and_go_beneath_them(frames, names):
    """[1.5] [1.9 Update] A frame that is stolen is in no shadow table any more, and no interval timer stands still."""
    made = few_frames(frames)
    guests = [made.ipl(name, f"USER{number}") for number, name in enumerate(names)]
    made.machine.run(300_000)
    assert made.machine.dead
    assert [own_lines(vm) for vm in guests] == [KERNEL] * len(names)


def test_what_must_hold_of_cp_holds_while_a_guests_tables_lose_their_frames():
    """[1.1 1] [1.5 CP steals a frame] After each decision and dispatch."""
    made = few_frames(9)
    vm = made.ipl("minicp", "A")
    found: list[str] = []

    def look(event: object) -> None:
        if isinstance(event, DecisionCarriedOut | Dispatched):
            found.extend(problems(made.cp))

    made.machine.observe(look)
    made.run()
    assert (found, locks(made.cp), own_lines(vm)) == ([], [], KERNEL)
