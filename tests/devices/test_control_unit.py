"""Tape drives at neighbouring addresses share a control unit.  GA22-7000 "Control Unit End", "Busy"."""

import pytest

from edu_hv.devices.tape import TapeDrive2401
from edu_hv.devices.tape_image import Tape
from edu_hv.isa.codes import PSA
from edu_hv.machine.ccw import CCW
from edu_hv.machine.machine import Machine
from edu_hv.machine.psw import PSW

FIRST, SECOND, ELSEWHERE = 0x180, 0x181, 0x188
WRITE_TAPE_MARK, REWIND, NO_OP = 0x1F, 0x07, 0x03
STARTED, STORED = 0, 1
CONTROL_UNIT_BUSY, DEVICE_BUSY = "5000", "1000"


class Bench:
    """A machine with three drives, a tape that may be written on each."""

    def __init__(self, shared=True):
        self.machine = Machine(0x10000)
        self.channels = self.machine.channels
        self.channels.control_units = shared
        for address in (FIRST, SECOND, ELSEWHERE):
            self.channels.attach(address, TapeDrive2401(Tape.of("t", [b"X" * 80, b"Y"]).with_ring()))

    def start(self, address, command):
        self.machine.storage.write(0x1000, CCW(command, 0x2000, 0x20, 1).to_bytes())
        self.machine.storage.write(PSA.CAW, (0x1000).to_bytes(4, "big"))
        return self.channels.start_io(self.machine.cpu, address), self.status()

    def test(self, address):
        return self.channels.test_io(self.machine.cpu, address), self.status()

    def status(self):
        return self.machine.storage.read(PSA.CSW + 4, 2).hex()

    def interruption(self):
        """Let time pass until a device wants to interrupt; its address and status."""
        psw = PSW(system_mask=0xFF)
        while (address := self.channels.pending(psw, 0xFFFFFFFF)) is None:
            self.machine.clocks.now = self.channels.next_event
            self.channels.advance()
        self.channels.accept(self.machine.cpu, address)
        return address, self.status()


@pytest.fixture
def bench():
    return Bench()


def test_other_drive_is_told_that_the_control_unit_is_busy_until_device_end(bench):
    assert bench.start(FIRST, WRITE_TAPE_MARK) == (STORED, "0800")
    assert bench.start(SECOND, NO_OP) == (STORED, CONTROL_UNIT_BUSY)
    assert bench.test(SECOND) == (STORED, CONTROL_UNIT_BUSY)
    assert bench.test(FIRST) == (STORED, DEVICE_BUSY)
    assert bench.interruption() == (FIRST, "2400"), "device end, with the control-unit end that is owed"
    assert bench.test(SECOND)[0] == 0


def test_control_unit_end_is_not_given_to_who_has_not_asked(bench):
    bench.start(FIRST, WRITE_TAPE_MARK)
    assert bench.interruption() == (FIRST, "0400")


def test_rewinding_leaves_the_control_unit_free(bench):
    bench.start(FIRST, 0x3F)
    bench.interruption()
    bench.test(FIRST)
    assert bench.start(FIRST, REWIND) == (STORED, "0800")
    assert bench.start(SECOND, NO_OP) == (STORED, "0c00")


def test_drive_on_another_control_unit_is_not_concerned(bench):
    bench.start(FIRST, WRITE_TAPE_MARK)
    assert bench.start(ELSEWHERE, NO_OP) == (STORED, "0c00")


def test_without_shared_control_units_each_drive_has_its_own():
    bench = Bench(shared=False)
    bench.start(FIRST, WRITE_TAPE_MARK)
    assert bench.start(SECOND, NO_OP) == (STORED, "0c00")


def test_checkpoint_keeps_what_is_owed(bench):
    bench.start(FIRST, WRITE_TAPE_MARK)
    bench.test(SECOND)
    saved = bench.channels.state(), bench.machine.clocks.now
    assert bench.interruption() == (FIRST, "2400")
    bench.channels.restore(saved[0])
    bench.machine.clocks.now = saved[1]
    assert bench.interruption() == (FIRST, "2400")
