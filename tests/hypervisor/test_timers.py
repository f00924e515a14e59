"""The timers of a virtual machine, with the bare machine as oracle where there is one.  GC20-1807 "Interval Timer"."""

import pytest

from edu_hv.hypervisor.commands import run_command
from edu_hv.hypervisor.scheduler import QUANTUM
from edu_hv.hypervisor.timer_requests import Request, TimerRequests
from edu_hv.hypervisor.vmblok import TimerLevel
from edu_hv.isa.codes import MASK_64, PSA
from edu_hv.machine.machine import Machine
from edu_hv.machine.psw import PSW
from tests.hypervisor.bench import CODE, HANDLER, SIZE, bench, cp_lines, guest

LOOP = "47F00A00"
WAIT_EXTERNAL = {0x800: "0102000000000000"}
ALL_TIMERS = 0xCE0
"""Control register 0: clock comparator, CPU timer, interval timer, interrupt key, external signal."""


def timer(vm) -> int:
    return int.from_bytes(vm.peek(PSA.INTERVAL_TIMER, 4), "big", signed=True)


def set_timer(vm, value) -> None:
    vm.cpu.store_real(PSA.INTERVAL_TIMER, (value & 0xFFFFFFFF).to_bytes(4, "big"))


def until_instructions(made, count):
    made.until(lambda: made.machine.instructions >= count)
    made.stop()


# ---- interval timer ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("setting", "moves"), [("OFF", False), ("ON", True), ("REAL", True)])
def test_interval_timer_moves_while_the_guest_runs_unless_it_is_off(setting, moves):
    """[1.9 Interval timer unit; SET TIMER OFF / ON / REAL] 76 800 a second of its own time; OFF: never moves."""
    made, vm = guest(LOOP)
    run_command(made.cp, vm, f"SET TIMER {setting}")
    set_timer(vm, 100_000)
    until_instructions(made, 10_000)
    assert timer(vm) == 100_000 - (10_000 * 48 // 625 if moves else 0)


@pytest.mark.parametrize(
    ("setting", "bits"),
    [("OFF", TimerLevel(0)), ("ON", TimerLevel.TIMER), ("REAL", TimerLevel.TIMER | TimerLevel.REAL)],
)
def test_set_timer_is_in_vmtlevel(setting, bits):
    """[1.2 VMTLEVEL] 80 TIMER ON, 40 TIMER REAL."""
    made, vm = guest(LOOP)
    run_command(made.cp, vm, f"SET TIMER {setting}")
    assert vm.vmtlevel == bits


def test_timer_on_counts_its_own_guest_and_nobody_else():
    """[1.9 SET TIMER OFF / ON / REAL] ON: virtual CPU time: what another guest and CP take is not counted."""
    made = bench()
    first, second = (made.start(made.log_on(name), "B20B0000" + LOOP) for name in ("A", "B"))
    for vm in (first, second):
        set_timer(vm, 1 << 20)
    until_instructions(made, 6_000)
    used = [(1 << 20) - timer(vm) for vm in (first, second)]
    own = [vm.vmvtime * 48 // 625 for vm in (first, second)]
    assert all(abs(one - other) <= 60 for one, other in zip(used, own, strict=True))
    assert first.vmttime > first.vmvtime


def waiting(setting, value, mask=ALL_TIMERS, ecmode=False):
    made, vm = guest("82000800", ecmode=ecmode)
    for address, text in WAIT_EXTERNAL.items():
        vm.cpu.store_real(address, bytes.fromhex(text))
    vm.cpu.store_real(0x58, bytes.fromhex(f"{HANDLER:016X}"))
    vm.cpu.store_real(HANDLER, bytes.fromhex("47F03000"))
    vm.vmgprs[3] = HANDLER
    vm.cpu.cr[0] = mask
    set_timer(vm, value)
    run_command(made.cp, vm, f"SET TIMER {setting}")
    return made, vm


def test_timer_real_counts_the_wait_and_ends_it():
    """[1.9 SET TIMER OFF / ON / REAL] REAL: also while the guest is in virtual wait."""
    made, vm = waiting("REAL", 768)
    made.until(lambda: vm.vmpsw.instruction_address == HANDLER)
    assert vm.peek(0x18, 8).hex() == "0102008000000000"
    assert abs(made.machine.clocks.now - 10_000) < 300


@pytest.mark.parametrize("setting", ["ON", "OFF"])
def test_wait_for_a_timer_that_stands_still_is_a_disabled_wait(setting):
    """[1.8 wait enabled for external only] No TIMER REAL and no comparator or CPU timer outstanding: 450W."""
    made, vm = waiting(setting, 768)
    made.run()
    assert cp_lines(vm)[0].startswith("DMKDSP450W CP ENTERED; DISABLED WAIT PSW")


def test_units_wait_in_vmtimer_while_page_0_is_out():
    """[1.2 VMTIMER] [1.9 Update] The residue; it is taken off when page 0 is in, and crossing zero interrupts."""
    made, vm = guest("41220001" + LOOP)
    set_timer(vm, 1000)
    made.cp.paging.release_pages(vm.storage, 1, 1)
    made.steps(200)
    frame = vm.storage.frame_of(0)
    made.stop()
    vm.vmtimer = 20
    made.cp.timers.count_interval_timer(vm, 5)
    assert frame is not None
    assert vm.vmtimer == 0


def test_page_0_that_is_out_keeps_the_units_until_it_is_in(monkeypatch):
    """[1.9 Update] Else accumulated in VMTIMER and applied later."""
    made, vm = guest(LOOP)
    set_timer(vm, 1000)
    made.steps(10)
    made.stop()
    before = timer(vm)
    real = vm.storage.frame_of
    monkeypatch.setattr(vm.storage, "frame_of", lambda page: None if page == 0 else real(page))
    made.cp.timers.count_interval_timer(vm, 7)
    made.cp.timers.count_interval_timer(vm, 4)
    assert vm.vmtimer == 11
    monkeypatch.undo()
    assert timer(vm) == before
    assert made.cp.timers.interval_timer_ready(vm)
    assert (vm.vmtimer, timer(vm)) == (0, before - 11)


@pytest.mark.parametrize(("before", "units", "pends"), [(5, 5, False), (5, 6, True), (-1, 9, False), (0, 1, True)])
def test_crossing_from_plus_to_minus_makes_code_0080_pending(before, units, pends):
    """[1.9 Update] XINTBLOK code X'0080', mask CR0 bit 24."""
    made, vm = guest(LOOP)
    set_timer(vm, before)
    made.cp.timers.count_interval_timer(vm, units)
    assert [(block.code, block.mask) for block in vm.vmpxint] == ([(0x80, 0x80)] if pends else [])
    assert bool(int(vm.vmpend) & 0x01) == pends


def test_real_timer_at_x50_holds_the_slice():
    """[1.3 Interval timer] [1.7-3] Real X'50' is CP's time slice; four times as long for a compute-bound guest."""
    made, vm = guest("07000700" + LOOP)
    made.settle()
    real = int.from_bytes(made.machine.cpu.load_real(PSA.INTERVAL_TIMER, 4), "big")
    made.until(lambda: bool(int(vm.vmqlevel) & 0x40))
    made.until(lambda: made.machine.at_boundary and vm.quantum == 4 * QUANTUM)
    assert real == QUANTUM


# ---- CPU timer and clock comparator ----------------------------------------------------------------------------------


HANDLE = f"00080000{HANDLER:08X}"
SET_ALL = (
    "B2080820"  # SPT X'820'
    "B2060828"  # SCKC X'828'
    "80000830"  # SSM X'830': external on
    "47F00A0C"
)
ORDERS = [
    pytest.param("0000000000050000", 300, id="CPU timer before the comparator"),
    pytest.param("0000000000200000", 100, id="comparator before the CPU timer"),
]


RECORD = (
    "D20140000086"  # MVC 0(2,4),X'86': the code behind those before
    "41440002"  # LA 4,2(4)
    "95050087"  # CLI X'87',X'05'
    "4780301A"  # BE to SPT
    "B2060848"  # SCKC never
    "47F0301E"
    "B2080840"  # SPT far off
    "82000018"  # LPSW old
)
CODES = 0x900


def begin(cpu, cpu_timer, comparator):
    """The program that sets both timers and lets them interrupt, and the handler that records the codes."""
    storage = {
        0x58: HANDLE, HANDLER: RECORD, CODE: SET_ALL, 0x820: cpu_timer, 0x830: "01", 0x840: "3FFFFFFFFFFFFFFF",
        0x848: "FFFFFFFFFFFFFFFF", 0x828: f"{cpu.clocks.tod + (comparator << 12):016X}",
    }  # fmt: skip
    for address, text in storage.items():
        cpu.store_real(address, bytes.fromhex(text))
    cpu.cr[0], cpu.gr[3], cpu.gr[4] = 0xC00, HANDLER, CODES


@pytest.mark.parametrize(("cpu_timer", "comparator"), ORDERS)
def test_guest_alone_sees_the_order_of_timer_interruptions_that_the_machine_gives(cpu_timer, comparator):
    """[1.4 SPT B208] [1.4 SCKC B206] [1.9 CPU timer/clock comp] External 1005 when negative, 1004 when passed.

    The handler sets the timer far off that has interrupted, and goes back; the bare machine is the oracle.
    """
    machine, (made, vm) = Machine(SIZE), guest("", ecmode=True)
    for cpu in (machine.cpu, vm.cpu):
        begin(cpu, cpu_timer, comparator)
    machine.cpu.load_psw(PSW(ec_mode=True, instruction_address=CODE))
    made.start(vm, "B2080820", ec_mode=True)
    while machine.instructions < 1500:
        machine.advance()
    until_instructions(made, 1500)
    codes = machine.cpu.load_real(CODES, 8).hex()
    assert sorted([codes[:4], codes[4:8]]) == ["1004", "1005"]
    assert codes[8:] == "0" * 8
    assert vm.peek(CODES, 8).hex() == codes


@pytest.mark.parametrize("mnemonic", ["SPT", "STPT", "SCKC", "STCKC"])
def test_timer_instruction_without_ecmode_is_an_operation_exception(mnemonic):
    """[1.4 STPT B209] [1.4 STCKC B207] Needs ECMODE, else not simulated."""
    code = {"SCKC": "B206", "STCKC": "B207", "SPT": "B208", "STPT": "B209"}[mnemonic]
    made, vm = guest(f"{code}0800")
    made.steps()
    made.stop()
    assert vm.peek(0x2A, 2).hex() == "0001"


def test_spt_turns_the_cpu_timer_bit_on_and_stpt_gives_the_guests_own_time():
    """[1.2 VMTLEVEL] 20 CPU timer in use; what CP takes for the simulation is not in it."""
    made, vm = guest("B2080820" + "41200001" * 3 + "B2090828" + LOOP, ecmode=True)
    vm.cpu.store_real(0x820, (1 << 40).to_bytes(8, "big"))
    made.steps(6)
    made.stop()
    left = int.from_bytes(vm.peek(0x828, 8), "big")
    assert (1 << 40) - left == 4 << 12
    assert bool(vm.vmtlevel & TimerLevel.CPU)


def test_negative_cpu_timer_lasts_until_it_is_set():
    """[1.4 SPT B208] Negative: 1005 queued; a positive value withdraws it."""
    made, vm = guest("B2080820" + "B2080828" + LOOP, ecmode=True)
    vm.cpu.store_real(0x820, (MASK_64).to_bytes(8, "big") + (1 << 40).to_bytes(8, "big"))
    made.steps(1)
    made.stop()
    assert [block.code for block in vm.vmpxint] == [0x1005]
    made.steps(1)
    made.stop()
    assert vm.vmpxint == []


def test_comparator_ends_a_wait_at_its_time():
    """[1.4 SCKC B206] A TRQBLOK for that TOD; with ECMODE a wait enabled for external only is no disabled wait."""
    made, vm = guest("B2060820" + "82000800", ecmode=True)
    vm.cpu.store_real(0x800, bytes.fromhex("010A000000000000"))
    vm.cpu.store_real(0x58, bytes.fromhex(HANDLE))
    vm.cpu.store_real(HANDLER, bytes.fromhex("47F03000"))
    vm.vmgprs[3] = HANDLER
    vm.cpu.cr[0] = ALL_TIMERS
    due = made.machine.clocks.tod + (50_000 << 12)
    vm.cpu.store_real(0x820, due.to_bytes(8, "big"))
    made.until(lambda: vm.vmpsw.instruction_address == HANDLER)
    assert vm.peek(0x86, 2).hex() == "1004"
    assert 0 <= (made.machine.clocks.tod - due) >> 12 < 200


@pytest.mark.parametrize("timer_set", ["SPT", "SCKC"])
def test_external_new_psw_that_allows_the_lasting_condition_again_is_a_loop(timer_set):
    """[1.6 EXT-3] The condition lasts, and the new PSW is enabled for the same: DMKDSP452W."""
    code = "B2080820" if timer_set == "SPT" else "B2060828"
    made, vm = guest(code + "80000830" + LOOP, ecmode=True, ec_mode=True)
    vm.cpu.store_real(0x820, MASK_64.to_bytes(8, "big") + (1).to_bytes(8, "big") + b"\x01")
    vm.cpu.store_real(0x58, bytes.fromhex(f"01080000{HANDLER:08X}"))
    vm.cpu.cr[0] = ALL_TIMERS
    made.run()
    assert cp_lines(vm)[0].startswith("DMKDSP452W CP ENTERED; EXTERNAL INTERRUPT LOOP")


def test_all_guests_and_the_machine_see_one_tod_clock():
    """[1.9 TOD] [1.3 TOD clock] STCK is native."""
    made = bench()
    clocks = []
    for name in "AB":
        vm = made.start(made.log_on(name), "B2050800" + "47F00A04")
        made.steps(2)
        made.stop()
        clocks.append(int.from_bytes(vm.peek(0x800, 8), "big"))
        vm.cf = True
    assert made.machine.clocks.tod_at_zero < clocks[0] < clocks[1] <= made.machine.clocks.tod


def test_cps_own_clocks_are_in_the_real_comparator():
    """[1.3 CPU timer, clock comparator] CP's own (slice, timer queue)."""
    made, vm = guest("B2060820" + LOOP, ecmode=True)
    vm.cpu.store_real(0x820, (made.machine.clocks.tod + (1 << 30)).to_bytes(8, "big"))
    made.steps(2)
    (request,) = made.cp.requests.queue
    assert (request.userid, request.what) == ("A", Request.CLOCK_COMPARATOR.name)
    assert made.machine.clocks.clock_comparator == made.machine.clocks.tod_at_zero + (request.due << 12) - 1


def test_timer_requests_are_taken_in_the_order_of_time_one_of_a_kind():
    """[1.2 TRQBLOK] One request of each kind a machine; the earliest first."""
    requests = TimerRequests()
    requests.set(30, "A", Request.SLEEP)
    requests.set(20, "B", Request.SLEEP)
    requests.set(10, "A", Request.SLEEP)
    requests.set(15, "A", Request.CLOCK_COMPARATOR)
    assert [(r.due, r.userid) for r in requests.take_due(15)] == [(10, "A"), (15, "A")]
    requests.cancel("B")
    assert requests.next_due is None
