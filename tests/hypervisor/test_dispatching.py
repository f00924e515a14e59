"""Slices, waits, timers, and the ways into CP mode."""

import pytest

from edu_hv.guests.catalog import GUESTS
from edu_hv.hypervisor.scheduler import QUANTUM
from edu_hv.isa.codes import PSA
from edu_hv.isa.errors import UserError
from edu_hv.machine.psw import PSW
from edu_hv.machine.timing import timer_units
from tests.hypervisor.bench import CODE, READER, TAPE, bench, cp_lines, guest, own_lines

LOOP = "47F00A00"
"""A branch to X'A00', where the guest's code is."""


def timer(cpu):
    return int.from_bytes(cpu.load_real(PSA.INTERVAL_TIMER, 4), "big", signed=True)


# ---- CP mode -------------------------------------------------------------------------------------------------------

INTO_CP_MODE = [
    pytest.param("82000800", {0x800: "000200000000E0D0"}, False, "DMKDSP450W CP ENTERED; DISABLED WAIT PSW", id="450W"),
    pytest.param(
        "82000800", {0x800: "0102000000000012"}, False, "DMKDSP450W CP ENTERED; DISABLED WAIT PSW", id="timer"
    ),
    pytest.param("82000800", {0x800: "0008000000001000"}, False, "DMKDSP451W CP ENTERED; INVALID PSW", id="451W"),
    pytest.param("0000", {0x68: "0000000000000A00"}, False, "DMKPRG453W CP ENTERED; PROGRAM INTERRUPT LOOP", id="453W"),
    pytest.param("0000", {0x68: "0000000000FFFFFF"}, False, "DMKPRG453W CP ENTERED; PROGRAM INTERRUPT LOOP", id="odd"),
    pytest.param("0000", {0x68: "0000000000010000"}, False, "DMKPRG453W CP ENTERED; PROGRAM INTERRUPT LOOP", id="far"),
    pytest.param(
        "0000",
        {0x68: "0000000000003000", 0x3000: "82000801"},
        False,
        "DMKPRG453W CP ENTERED; PROGRAM INTERRUPT LOOP",
        id="453W, simulated instruction fails",
    ),
    pytest.param(
        "0000",
        {0x68: "0001000000003000", 0x3000: "80000800"},
        False,
        "DMKPRG453W CP ENTERED; PROGRAM INTERRUPT LOOP",
        id="453W, privileged instruction in problem state",
    ),
    pytest.param(
        "0000",
        {0x68: "8808000000003000"},
        True,
        "DMKPRG453W CP ENTERED; PROGRAM INTERRUPT LOOP",
        id="453W, program new PSW has reserved bits",
    ),
]


@pytest.mark.parametrize(("code", "storage", "ecmode", "message"), INTO_CP_MODE)
def test_guest_that_cannot_go_on_is_in_cp_mode_with_the_message(code, storage, ecmode, message):
    """[1.6 PGM-2; PSWCHK; 1.8 wait with all of I/O and external off] The message, its PSW, CP; nothing of it runs."""
    made, vm = guest(code, ecmode)
    for address, text in storage.items():
        vm.cpu.store_real(address, bytes.fromhex(text))
    made.run()
    assert vm.cf
    assert cp_lines(vm) == [f"{message} '{vm.vmpsw}'", "CP"]


def test_psw_of_the_disabled_wait_is_the_message():
    made, vm = guest("82000800")
    vm.cpu.store_real(0x800, bytes.fromhex("000200000000E0D0"))
    made.run()
    assert cp_lines(vm)[0] == "DMKDSP450W CP ENTERED; DISABLED WAIT PSW '00020000 0000E0D0'"


def test_routine_that_fails_once_in_its_first_instruction_is_no_loop():
    """[1.6 PGM-2] The second time round it succeeds, because the instruction there is another one by then."""
    made, vm = guest("0000")
    vm.cpu.store_real(0x68, bytes.fromhex("0000000000000A00"))
    made.steps()
    assert vm.program_loops == 1
    vm.cpu.store_real(CODE, bytes.fromhex("0700" + LOOP))
    made.steps(1)
    made.machine.advance()
    assert not vm.cf


def test_wait_enabled_for_io_is_no_end():
    made, vm = guest("82000800")
    vm.cpu.store_real(0x800, bytes.fromhex("FE02000000000000"))
    made.run()
    assert not vm.cf
    assert made.machine.cpu.psw.wait
    assert made.cp.running is None


# ---- slices and timers ---------------------------------------------------------------------------------------------


def test_real_timer_holds_the_slice_and_the_guests_timer_is_its_own():
    """[1.3 Interval timer X'50'] Real X'50' is QUANTUM; guest X'50' is in the guest's page 0."""
    made, vm = guest("07000700")
    vm.cpu.store_real(PSA.INTERVAL_TIMER, (1000).to_bytes(4, "big"))
    made.settle()
    assert timer(made.machine.cpu) == QUANTUM
    assert timer(vm.cpu) == 1000


def test_what_the_slice_loses_the_guests_timer_loses():
    """SET TIMER ON: virtual time only, brought up to date whenever CP gets control."""
    made, vm = guest(LOOP)
    vm.cpu.store_real(PSA.INTERVAL_TIMER, (1000).to_bytes(4, "big"))
    made.steps(500)
    made.stop()
    assert (vm.quantum, timer(vm.cpu)) == (QUANTUM - 38, 1000 - 38)  # 500 microseconds are 38.4 units


def test_slices_take_turns_and_each_guest_gets_its_time():
    made = bench()
    first, second = (made.start(made.log_on(name), LOOP) for name in ("A", "B"))
    for vm in (first, second):
        vm.cpu.store_real(PSA.INTERVAL_TIMER, (1 << 20).to_bytes(4, "big"))
    events = made.watch()
    made.until(lambda: made.machine.instructions > 20_000)
    made.stop()
    used = [(1 << 20) - timer(vm.cpu) for vm in (first, second)]
    assert abs(used[0] - used[1]) <= QUANTUM + 1
    rules = [verdict.rule.id for verdict in made.verdicts(events)]
    assert set(rules) == {"EXT-1"}
    assert len(rules) >= 20


def test_slice_that_ends_while_another_interruption_is_taken_ends_all_the_same():
    """The trap comes first; the slice is ended before the guest goes on, and the late signal ends no other slice."""
    made = bench()
    first, second = (made.start(made.log_on(name), "B20D0000" + LOOP) for name in ("A", "B"))
    made.settle()
    made.machine.cpu.store_real(PSA.INTERVAL_TIMER, bytes(4))
    made.cp.slice = 0
    clocks = made.machine.clocks
    while timer_units(clocks.now + 1) == timer_units(clocks.now):
        clocks.now += 1
    events = made.watch()
    made.steps()
    assert made.machine.interval_timer_pending
    assert [verdict.rule.id for verdict in made.verdicts(events)] == ["PRV-2", "DSP-8"]
    assert made.cp.running == second.vmuser
    made.steps()
    assert [verdict.rule.id for verdict in made.verdicts(events)][2:] == ["EXT-2"]
    assert made.cp.running == second.vmuser
    assert second.quantum > 0
    assert first.quantum == 0


def test_timer_that_crosses_zero_interrupts_the_guest_once():
    """[1.9 Update] External 0080, with the bit of CR0 and that of the PSW."""
    made, vm = guest(LOOP, system_mask=0x01)
    vm.cpu.store_real(0x58, PSW(instruction_address=CODE).to_bytes())
    vm.cpu.store_real(PSA.INTERVAL_TIMER, (10).to_bytes(4, "big"))
    events = made.watch()
    made.until(lambda: made.machine.instructions > 5000)
    delivered = [v.rule.id for v in made.verdicts(events)].count("DSP-5")
    assert delivered == 1
    assert vm.cpu.load_real(0x18, 4).hex() == "01000080"


def test_guests_registers_survive_another_guest():
    """[1.2 VMGPRS; 1.3 GPR, FPR] GRs, FPRs, condition code, program mask: each guest finds its own again."""
    made = bench()
    for name, value in (("A", 0x11111111), ("B", 0x22222222)):
        vm = made.start(made.log_on(name), LOOP, cc=value & 3, program_mask=value & 15)
        vm.vmgprs[:] = [value + n for n in range(16)]
        vm.vmfprs[:] = [value << 32 | n for n in range(4)]
    made.until(lambda: made.machine.instructions > 5000)
    made.stop()
    for name, value in (("A", 0x11111111), ("B", 0x22222222)):
        vm = made.cp.vm(name)
        assert vm.vmgprs == [value + n for n in range(16)]
        assert vm.vmfprs == [value << 32 | n for n in range(4)]
        assert (vm.vmpsw.cc, vm.vmpsw.program_mask) == (value & 3, value & 15)


def test_two_guests_with_the_same_addresses_never_share_a_translation():
    """The TLB knows the segment table: after both have run the same loop, each load has found its own storage."""
    made = bench()
    load = "58200A10" + LOOP
    for name, value in (("A", "AAAAAAAA"), ("B", "BBBBBBBB")):
        vm = made.start(made.log_on(name), load)
        vm.cpu.store_real(0xA10, bytes.fromhex(value))
    made.until(lambda: made.machine.instructions > 5000)
    made.stop()
    assert [f"{made.cp.vm(name).vmgprs[2]:08X}" for name in "AB"] == ["AAAAAAAA", "BBBBBBBB"]


# ---- virtual devices -----------------------------------------------------------------------------------------------


def console_program(lines):
    """A chain of writes of one byte, and its last CCW alone."""
    return "0900900040000001" * (lines - 1) + "0900900020000001"


def test_long_channel_program_on_the_console_ends_although_its_guest_waits():
    """More CCWs than CP interprets in one go; the real machine's wait is ended by the timer until it is done."""
    made, vm = guest("9C000009" + "82000800")
    vm.cpu.store_real(0x48, bytes.fromhex("00004000"))
    vm.cpu.store_real(0x4000, bytes.fromhex(console_program(1000)))
    vm.cpu.store_real(0x800, bytes.fromhex("FE02000000000000"))
    vm.cpu.store_real(0x78, bytes.fromhex("000200000000E0D0"))
    made.run()
    assert len(own_lines(vm)) == 1000
    assert vm.cpu.load_real(0x40, 8).hex(" ", 4) == "00005f40 0c000000"
    assert vm.cf


def test_channel_program_without_end_costs_its_guest_and_not_the_others():
    made, bad = guest("9C000009" + "47F00A04")
    bad.cpu.store_real(0x48, bytes.fromhex("00004000"))
    bad.cpu.store_real(0x4000, bytes.fromhex("0300000040000001" + "0800400000000000"))
    made.steps(3)
    other = made.ipl("hello", "OTHER")
    made.until(lambda: other.cf)
    assert own_lines(other) == ["HELLO FROM A PROGRAM WITHOUT AN OPERATING SYSTEM"]


def test_attention_from_the_terminal_reaches_a_guest_that_runs():
    """CP gets the machine at once, and the guest its interruption, if its PSW allows that."""
    made, vm = guest(LOOP, system_mask=0x80)
    made.steps(3)
    made.cp.console_input(vm, "")
    made.settle()
    assert vm.cpu.load_real(0x38, 4).hex() == "80000009"
    assert vm.cpu.load_real(0x40, 8).hex(" ", 4) == "00000000 80000000"


# ---- IPL -----------------------------------------------------------------------------------------------------------


def test_reset_ends_what_was_in_progress_and_forgets_what_was_pending():
    made = bench()
    vm = made.log_on(tape=GUESTS["kernel"].tape())
    tables = dict(made.cp.free_storage.taken)
    made.start(vm, "9C000181")
    vm.cpu.store_real(0x48, bytes.fromhex("00004000"))
    vm.cpu.store_real(0x4000, bytes.fromhex("0200500020000050"))
    vm.queue_external(0x40, 0x40)
    made.steps()
    device = vm.devices[TAPE]
    assert device.ioblok is not None
    with pytest.raises(UserError):
        made.cp.ipl(vm, READER)
    assert (device.ioblok, device.vdevcsw, vm.vmpxint) == (None, None, [])
    assert made.cp.free_storage.taken == tables
    assert not made.machine.channels.active
