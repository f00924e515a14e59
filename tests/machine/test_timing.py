"""The clocks, in machine time.  GA22-7000 "Timing Facilities"."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edu_hv.isa.codes import Class
from edu_hv.machine.timing import Clocks, timer_units

TIMER = 0x80  # The interval timer in CR0; 07F1 with X'1000' in GR1 is a branch to itself.


def timer(machine):
    return int.from_bytes(machine.storage.read(0x50, 4), "big", signed=True)


def run_for(machine, microseconds):
    end = machine.clocks.now + microseconds
    while machine.clocks.now < end:
        machine.advance()


@given(st.integers(0, 10**12))
def test_bit_23_of_the_interval_timer_counts_300_times_a_second(seconds):
    assert timer_units(seconds * 1_000_000) == seconds * 300 * 256


def test_interval_timer_counts_down_while_instructions_execute(boot):
    machine = boot("07F1", gr={1: 0x1000}, storage={0x50: "00010000"})
    run_for(machine, 10_000)
    assert timer(machine) == 0x10000 - 3 * 256


def test_interval_timer_is_pending_when_it_becomes_negative_and_waits_for_both_masks(boot, interrupt):
    machine = boot("07F1", gr={1: 0x1000}, cr={0: 0}, system_mask=1, storage={0x50: "00000000"})
    run_for(machine, 14)
    assert (timer(machine), machine.interval_timer_pending) == (-1, True)
    machine.cpu.cr[0] = TIMER
    machine.cpu.psw.system_mask = 0
    machine.advance()
    assert machine.recognized is None
    machine.cpu.psw.system_mask = 1
    assert interrupt(machine).kind is Class.EXTERNAL
    assert not machine.interval_timer_pending


def test_interval_timer_that_is_negative_already_does_not_interrupt(boot):
    machine = boot("07F1", gr={1: 0x1000}, cr={0: TIMER}, system_mask=1, storage={0x50: "FFFFFFFF"})
    run_for(machine, 1000)
    assert not machine.interval_timer_pending
    assert timer(machine) == -1 - timer_units(1000)


def test_store_clock_gives_later_values_each_time(boot):
    """Bit 51 is a microsecond, and an instruction takes one."""
    machine = boot("B2052000 B2052008", gr={2: 0x2000})
    for _ in range(2):
        machine.advance()
    first, second = (int.from_bytes(machine.storage.read(0x2000 + at, 8), "big") for at in (0, 8))
    assert second - first == 1 << 12


def test_clock_comparator_interrupts_when_the_clock_has_passed_it(boot, interrupt):
    machine = boot("07F1", gr={1: 0x1000}, cr={0: 0x800}, system_mask=1)
    machine.clocks.clock_comparator = machine.clocks.tod + (100 << 12)
    assert interrupt(machine, 200).code == 0x1004
    assert machine.clocks.now == 101


def test_clock_comparator_of_all_ones_never_ends_a_wait(boot):
    machine = boot("07F1", cr={0: 0x800}, system_mask=1)
    machine.clocks.clock_comparator = 0xFFFFFFFFFFFFF000
    machine.cpu.psw.wait = True
    assert machine.dead
    assert not machine.advance()
    assert machine.clocks.now == 0


def test_cpu_timer_interrupts_when_negative_and_again_until_it_is_set(boot, interrupt):
    machine = boot("07F1", gr={1: 0x1000}, cr={0: 0x400}, system_mask=1)
    machine.clocks.cpu_timer = 50 << 12
    assert interrupt(machine, 200).code == 0x1005
    assert machine.clocks.now == 51
    assert machine.clocks.cpu_timer_pending


@pytest.mark.parametrize("value", [0, 1 << 12, (1 << 63) - 1, 1 << 63, (1 << 64) - 1])
def test_cpu_timer_keeps_its_value_and_sign(value):
    clocks = Clocks(now=12345)
    clocks.cpu_timer = value
    assert clocks.cpu_timer == value
    assert clocks.cpu_timer_pending == bool(value >> 63)


def test_set_clock_moves_the_clock_and_not_machine_time(boot):
    """SCK 0(2); STCK 8(2)."""
    machine = boot("B2042000 B2052008", gr={2: 0x2000}, storage={0x2000: "1234567890000000"})
    for _ in range(2):
        machine.advance()
    assert machine.storage.read(0x2008, 8).hex() == "1234567890001000"
    assert machine.clocks.now == 2


def test_wait_passes_time_without_instructions(boot, interrupt):
    machine = boot("", wait=True, system_mask=1, cr={0: 0x800})
    machine.clocks.clock_comparator = machine.clocks.tod + (1_000_000 << 12)
    interrupt(machine)
    assert (machine.clocks.now, machine.instructions) == (1_000_001, 0)


@pytest.mark.parametrize(
    ("set_and_store", "stored"),
    [
        pytest.param("B2042000 B2052008", 0x123456789ABCD000 + (1 << 12), id="SCK-STCK"),
        pytest.param("B2062000 B2072008", 0x123456789ABCD000, id="SCKC-STCKC"),
        pytest.param("B2082000 B2092008", 0x123456789ABCD000 - (1 << 12), id="SPT-STPT"),
    ],
)
def test_clocks_have_no_bits_to_the_right_of_the_microsecond(boot, set_and_store, stored):
    """Bits 52-63 of the operand are ignored, and zeros when the clock is stored, one instruction later."""
    machine = boot(set_and_store, gr={2: 0x2000}, storage={0x2000: "123456789ABCDEF0"})
    machine.advance()
    machine.advance()
    assert machine.storage.read(0x2008, 8) == stored.to_bytes(8, "big")
