"""Machine checks, check-stop and store status.  GA22-7000 "Machine-Check Handling"."""

import pytest

from edu_hv.isa.codes import Class
from edu_hv.machine.machine import Machine
from edu_hv.machine.machine_check import Failure
from edu_hv.machine.psw import PSW

HANDLER = 0x3000


def boot(machine_check_mask, cr14=0xC2000000, wait=False):
    machine = Machine(0x10000)
    machine.storage.write(0x1000, bytes.fromhex("0700" * 8))
    machine.storage.write(Class.MACHINE_CHECK.new_psw, PSW(instruction_address=HANDLER).to_bytes())
    machine.cpu.cr[14] = cr14
    machine.cpu.gr[:] = range(0x100, 0x110)
    machine.cpu.fpr[:] = [1, 2, 3, 4]
    machine.cpu.load_psw(PSW(machine_check_mask=machine_check_mask, wait=wait, instruction_address=0x1000))
    return machine


def taken(machine):
    return [machine.advance() for _ in range(2)] == [True, True] and machine.cpu.psw.instruction_address == HANDLER


@pytest.mark.parametrize(
    ("failure", "bit"),
    [
        (Failure.SYSTEM_DAMAGE, 0),
        (Failure.INSTRUCTION_PROCESSING_DAMAGE, 1),
        (Failure.SYSTEM_RECOVERY, 2),
        (Failure.TIMER_DAMAGE, 3),
        (Failure.EXTERNAL_DAMAGE, 5),
        (Failure.WARNING, 8),
    ],
)
def test_allowed_failure_interrupts_and_stores_code_and_registers(failure, bit):
    machine = boot(True, cr14=0xFFFFFFFF)
    machine.present_failure(failure)
    assert taken(machine)
    low = machine.storage.read(0, 0x200)
    assert PSW.from_bytes(low[0x30:0x38]).instruction_address == 0x1000
    assert int.from_bytes(low[0xE8:0xEC], "big") >> 31 - bit & 1
    assert low[0x180:0x1C0] == b"".join(number.to_bytes(4, "big") for number in range(0x100, 0x110))
    assert low[0x160:0x180] == b"".join(number.to_bytes(8, "big") for number in (1, 2, 3, 4))
    assert machine.failure is None


def test_storage_error_names_the_failing_address():
    machine = boot(True)
    machine.present_failure(Failure.INSTRUCTION_PROCESSING_DAMAGE, 0x4800)
    assert taken(machine)
    code = int.from_bytes(machine.storage.read(0xE8, 8), "big")
    assert (code >> 47 & 1, code >> 39 & 1) == (1, 1), "storage error uncorrected, failing address valid"
    assert machine.storage.read(0xF8, 4).hex() == "00004800"


@pytest.mark.parametrize(
    ("mask", "cr14", "failure"),
    [
        pytest.param(False, 0xFFFFFFFF, Failure.WARNING, id="PSW bit 13 off"),
        pytest.param(True, 0xC2000000, Failure.WARNING, id="CR14 bit 7 off"),
        pytest.param(True, 0xC0000000, Failure.EXTERNAL_DAMAGE, id="CR14 bit 6 off"),
        pytest.param(False, 0x40000000, Failure.SYSTEM_DAMAGE, id="exigent, check-stop control off"),
    ],
)
def test_failure_that_is_not_allowed_stays_pending(mask, cr14, failure):
    machine = boot(mask, cr14)
    machine.present_failure(failure)
    assert machine.advance()
    assert (machine.recognized, machine.failure, machine.cpu.psw.instruction_address) == (None, (failure, None), 0x1002)


def test_exigent_failure_with_machine_checks_masked_stops_the_cpu():
    machine = boot(False)
    machine.present_failure(Failure.SYSTEM_DAMAGE)
    assert (machine.advance(), machine.dead, machine.run(10)) == (False, True, 0)
    saved = machine.state()
    other = boot(False)
    other.restore(saved)
    assert not other.advance()


def test_failure_ends_a_wait():
    machine = boot(True, wait=True)
    machine.present_failure(Failure.SYSTEM_DAMAGE)
    assert taken(machine)


def test_store_status_stores_where_the_manual_says():
    machine = boot(True)
    machine.cpu.prefix = 0x2000
    machine.clocks.clock_comparator = 0x0102030405060708
    machine.store_status()
    low = machine.storage.read(0, 0x200)
    assert low[0xE0:0xE8].hex() == "0102030405060708"
    assert PSW.from_bytes(low[0x100:0x108]).instruction_address == 0x1000
    assert low[0x108:0x10C].hex() == "00002000"
    assert low[0x1C0:0x200] == b"".join(value.to_bytes(4, "big") for value in machine.cpu.cr)
