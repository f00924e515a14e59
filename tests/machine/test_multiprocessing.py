"""Signals of the only CPU to itself, channel sets, direct control.  GA22-7000 "CPU Signaling and Response"."""

import pytest

from edu_hv.isa.codes import CR0, PIC, PSA, Class, External
from edu_hv.machine.machine import Architecture, Machine

EXTERNAL_CALL, EMERGENCY = "AE130002", "AE130003"


@pytest.mark.parametrize(
    ("cpu_address", "order", "cc", "status"),
    [
        pytest.param(0, 1, 0, 0x55, id="sense"),
        pytest.param(0, 4, 0, 0x55, id="start"),
        pytest.param(1, 1, 3, 0x55, id="no-such-CPU"),
        pytest.param(0, 0, 1, 0x02, id="order-0"),
        pytest.param(0, 0xFF, 1, 0x02, id="order-FF"),
        pytest.param(0, 0x101, 0, 0x55, id="order-is-the-last-byte"),
    ],
)
def test_order_to_a_cpu(boot, cpu_address, order, cc, status):
    """SIGP 1,3,order."""
    machine = boot(f"AE130{order:03X}", gr={1: 0x55, 3: 0xFFFF0000 | cpu_address}, cc=2)
    machine.advance()
    assert (machine.cpu.psw.cc, machine.cpu.gr[1]) == (cc, status)


@pytest.mark.parametrize(
    ("code", "mask", "interruption"),
    [
        pytest.param(EXTERNAL_CALL, CR0.EXTERNAL_CALL_MASK, External.EXTERNAL_CALL, id="external-call"),
        pytest.param(EMERGENCY, CR0.EMERGENCY_SIGNAL_MASK, External.EMERGENCY_SIGNAL, id="emergency-signal"),
    ],
)
def test_signal_interrupts_once_its_mask_allows_it(boot, interrupt, old_psw, code, mask, interruption):
    """SIGP; LR 0,0; LCTL 0,0,0(2)."""
    machine = boot(
        f"{code} 1800 B7002000",
        gr={2: 0x2000},
        cr={0: ~mask & 0xFFFFFFFF},
        storage={0x2000: f"{mask:08X}", PSA.SIGNALLING_CPU: "FFFF"},
        ec_mode=True,
        system_mask=1,
    )
    found = interrupt(machine)
    assert (found.kind, found.code, machine.cpu.signals) == (Class.EXTERNAL, interruption, 0)
    assert machine.storage.read(PSA.SIGNALLING_CPU, 4) == b"\0\0" + interruption.to_bytes(2, "big")
    assert old_psw(machine, found.kind).instruction_address == 0x100A


def test_second_external_call_finds_the_first_pending(boot):
    """SIGP, SIGP, and SIGP sense."""
    machine = boot(f"{EXTERNAL_CALL} {EXTERNAL_CALL} AE130001", gr={1: 0})
    codes = []
    for _ in range(3):
        machine.advance()
        codes.append((machine.cpu.psw.cc, machine.cpu.gr[1]))
    assert codes == [(0, 0), (1, 0x80), (1, 0x80)]


def test_emergency_signal_comes_before_external_call_and_each_once(boot, interrupt):
    machine = boot(
        f"{EXTERNAL_CALL} {EMERGENCY} 0000", cr={0: CR0.EMERGENCY_SIGNAL_MASK | CR0.EXTERNAL_CALL_MASK}, ec_mode=True
    )
    machine.advance()
    machine.advance()
    for signal in (External.EMERGENCY_SIGNAL, External.EXTERNAL_CALL):
        machine.cpu.set_system_mask(1)
        assert interrupt(machine).code == signal
    assert machine.cpu.signals == 0


def test_pending_signal_is_part_of_a_checkpoint(boot):
    machine = boot(EXTERNAL_CALL)
    machine.advance()
    state = machine.state()
    machine.cpu.reset()
    assert machine.cpu.signals == 0
    machine.restore(state)
    assert machine.cpu.signals == CR0.EXTERNAL_CALL_MASK


@pytest.mark.parametrize(("code", "cc"), [("B2000000", 0), ("B2000001", 3), ("B2010001", 3)])
def test_channel_set_of_this_cpu_is_connected_and_there_is_no_other(boot, code, cc):
    machine = boot(code, cc=2)
    machine.advance()
    assert machine.cpu.psw.cc == cc


def system360(code):
    machine = Machine(0x10000, Architecture.S360)
    machine.storage.write(0x1000, bytes.fromhex(code))
    machine.storage.write(0x2000, b"\xc1")
    machine.cpu.gr[2] = 0x2000
    machine.cpu.load_psw(machine.cpu.decode_psw((0x1000).to_bytes(8, "big")))
    machine.advance()
    return machine


def test_system360_writes_a_byte_out_directly_and_keeps_it():
    machine = system360("84552000")
    state = machine.state()
    machine.cpu.reset()
    machine.restore(state)
    assert (machine.recognized, machine.cpu.direct_out) == (None, 0xC1)


def test_system360_reads_zeros_from_lines_that_nothing_drives():
    machine = system360("85552000")
    assert (machine.recognized, machine.storage.read(0x2000, 1)) == (None, b"\0")


@pytest.mark.parametrize("code", ["84552000", "85552000"], ids=["WRD", "RDD"])
def test_system370_has_no_direct_control(boot, interrupt, code):
    assert interrupt(boot(code)).code == PIC.OPERATION
