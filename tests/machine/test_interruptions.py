"""PSW swap, codes, endings, priorities, wait.  GA22-7000 "Interruptions"."""

import pytest

from edu_hv.isa.codes import PIC, Class, External
from edu_hv.machine.interruptions import Ending, Interruption, swap_psws
from edu_hv.machine.machine import Machine
from edu_hv.machine.psw import PSW

TIMER, KEY, COMPARATOR, CPU_TIMER = 0x80, 0x40, 0x800, 0x400


@pytest.mark.parametrize(
    ("kind", "code", "ilc", "old", "new", "fields"),
    [
        pytest.param(Class.RESTART, 0, 0, 0x08, 0x00, {}, id="restart"),
        pytest.param(Class.EXTERNAL, 0x1005, 0, 0x18, 0x58, {0x86: "1005"}, id="external"),
        pytest.param(Class.SVC, 0xC8, 1, 0x20, 0x60, {0x88: "000200C8"}, id="svc"),
        pytest.param(Class.PROGRAM, 0x0A, 3, 0x28, 0x68, {0x8C: "0006000A"}, id="program"),
        pytest.param(Class.MACHINE_CHECK, 0, 0, 0x30, 0x70, {}, id="machine-check"),
        pytest.param(Class.INPUT_OUTPUT, 0x181, 0, 0x38, 0x78, {0xBA: "0181"}, id="input-output"),
    ],
)
@pytest.mark.parametrize("ec_mode", [False, True], ids=["BC", "EC"])
def test_swap_stores_old_psw_and_code_and_loads_new_psw(kind, code, ilc, old, new, fields, ec_mode):
    machine = Machine(0x10000)
    before = PSW(0x03, 5, ec_mode, True, False, True, 2, 9, 0x123456)
    machine.cpu.load_psw(before.copy())
    machine.storage.write(new, PSW(ec_mode=True, instruction_address=0x4000).to_bytes())
    swap_psws(machine.cpu, Interruption(kind, code, ilc, 0x123450))
    stored = PSW.from_bytes(machine.storage.read(old, 8))
    in_psw = (0, 0) if ec_mode else (code, ilc)
    assert (stored.interruption_code, stored.ilc) == in_psw
    stored.interruption_code = stored.ilc = 0
    assert stored == before
    assert machine.cpu.psw == PSW(ec_mode=True, instruction_address=0x4000)
    expected = bytearray(0x100 - 0x80)
    for address, text in fields.items() if ec_mode else ():
        expected[address - 0x80 : address - 0x80 + len(text) // 2] = bytes.fromhex(text)
    assert machine.storage.read(0x80, 0x80) == bytes(expected)


@pytest.mark.parametrize(
    ("code", "gr", "pic", "ending", "address", "ilc", "after"),
    [
        pytest.param("1A12", {1: 0x7FFFFFFF, 2: 1}, PIC.FIXED_POINT_OVERFLOW, Ending.COMPLETION, 0x1002, 1,
                     {1: 0x80000000}, id="completion-result-stored"),
        pytest.param("1D24", {2: 5, 3: 7}, PIC.FIXED_POINT_DIVIDE, Ending.SUPPRESSION, 0x1002, 1,
                     {2: 5, 3: 7}, id="suppression-divide"),
        pytest.param("0000", {}, PIC.OPERATION, Ending.SUPPRESSION, 0x1002, 1, {}, id="suppression-operation"),
        pytest.param("BA240001", {}, PIC.SPECIFICATION, Ending.SUPPRESSION, 0x1004, 2, {}, id="suppression-alignment"),
        pytest.param("D20020003000", {2: 0xFFFFFF, 3: 0xFFFFFF}, PIC.ADDRESSING, Ending.TERMINATION, 0x1006, 3,
                     {}, id="termination-addressing"),
        pytest.param("44003000", {3: 0x20000}, PIC.ADDRESSING, Ending.SUPPRESSION, 0x1004, 2, {}, id="no-target"),
        pytest.param("44000001", {}, PIC.SPECIFICATION, Ending.SUPPRESSION, 0x1004, 2, {}, id="odd-execute-target"),
        pytest.param("44003000", {3: 0x1000}, PIC.EXECUTE, Ending.SUPPRESSION, 0x1004, 2, {}, id="execute-of-execute"),
    ],
)  # fmt: skip
def test_ending_decides_where_the_old_psw_points(boot, interrupt, old_psw, code, gr, pic, ending, address, ilc, after):
    machine = boot(code, gr=gr, program_mask=8)
    found = interrupt(machine)
    old = old_psw(machine, Class.PROGRAM)
    assert (found.code, found.ending, old.instruction_address, old.ilc) == (pic, ending, address, ilc)
    assert {number: machine.cpu.gr[number] for number in after} == after


def test_nullification_leaves_the_instruction_address_at_the_instruction(boot, interrupt, old_psw):
    """The page of the operand is invalid; the code's page is mapped to itself."""
    tables = {0x4000: "F0005000", 0x5000: "00000010" + "0008" * 14}
    machine = boot("58102345", gr={2: 0x7000}, ec_mode=True, system_mask=4, cr={0: 0x800000, 1: 0x4000}, storage=tables)
    found = interrupt(machine)
    assert (found.code, found.ending) == (PIC.PAGE_TRANSLATION, Ending.NULLIFICATION)
    assert old_psw(machine, Class.PROGRAM).instruction_address == 0x1000
    assert machine.storage.read(0x8C, 8).hex() == "00040011" + "00007345"


@pytest.mark.parametrize(
    ("code", "gr", "ilc", "address"),
    [
        pytest.param("82003000", {3: 0x2000}, 0, 0x5000, id="LPSW-ILC-0-address-as-loaded"),
        pytest.param("80003010", {3: 0x2000}, 2, 0x1004, id="SSM-ILC-2-completed"),
        pytest.param("AD803020", {3: 0x2000}, 2, 0x1004, id="STOSM-ILC-2-completed"),
    ],
)
def test_reserved_bit_in_ec_psw_is_a_specification_exception_at_once(boot, interrupt, old_psw, code, gr, ilc, address):
    """The wait bit of the PSW that LPSW loads makes no difference."""
    storage = {0x2000: "800A000000005000", 0x2010: "80"}
    machine = boot(code, gr=gr, storage=storage, ec_mode=True)
    found = interrupt(machine)
    old = old_psw(machine, Class.PROGRAM)
    assert (found.code, machine.storage.read(0x8D, 1)[0], old.instruction_address) == (
        PIC.SPECIFICATION,
        ilc * 2,
        address,
    )
    assert old.unassigned == 0x80 << 56


def test_invalid_psw_comes_before_a_pending_interruption(boot, interrupt):
    machine = boot("82003000", gr={3: 0x2000}, cr={0: KEY}, storage={0x2000: "8109000000005000"})
    machine.press_interrupt_key()
    assert interrupt(machine).code == PIC.SPECIFICATION


def test_odd_instruction_address_is_found_when_the_instruction_is_fetched(boot, interrupt, old_psw):
    machine = boot("07FE", gr={14: 0x2001})
    found = interrupt(machine)
    old = old_psw(machine, Class.PROGRAM)
    assert (found.code, old.instruction_address - 2 * old.ilc) == (PIC.SPECIFICATION, 0x2001)


@pytest.mark.parametrize(
    ("pending", "masks", "codes"),
    [
        pytest.param({"timer", "key"}, TIMER | KEY, [0xC0], id="timer-and-key-together"),
        pytest.param({"timer", "key"}, KEY, [0x40], id="only-what-is-enabled"),
        pytest.param({"timer", "comparator"}, TIMER | COMPARATOR, [0x80, 0x1004], id="timer-before-comparator"),
        pytest.param({"key", "cpu timer"}, KEY | CPU_TIMER, [0x40, 0x1005], id="key-before-cpu-timer"),
        pytest.param({"comparator", "cpu timer"}, COMPARATOR | CPU_TIMER, [0x1004, 0x1004], id="comparator-stays"),
        pytest.param({"timer"}, KEY, [], id="none-enabled"),
    ],
)
def test_priority_of_external_interruptions(boot, pending, masks, codes):
    machine = boot("0700" * 8, cr={0: masks}, system_mask=1)
    machine.storage.write(Class.EXTERNAL.new_psw, PSW(0x01, instruction_address=0x1004).to_bytes())
    machine.interval_timer_pending = "timer" in pending
    machine.interrupt_key_pending = "key" in pending
    machine.clocks.clock_comparator = 0 if "comparator" in pending else (1 << 64) - 1
    machine.clocks.cpu_timer = (1 << 64) - 1 if "cpu timer" in pending else 1 << 62
    seen = []
    for _ in range(4):
        machine.advance()
        if machine.recognized:
            seen.append(machine.recognized.code)
    assert seen == codes


def test_external_old_psw_points_at_the_next_instruction(boot, interrupt, old_psw):
    machine = boot("07000700", cr={0: KEY}, system_mask=1)
    machine.advance()
    machine.press_interrupt_key()
    assert interrupt(machine).code == External.INTERRUPT_KEY
    assert old_psw(machine, Class.EXTERNAL) == PSW(1, interruption_code=0x40, instruction_address=0x1002)


def test_restart_key_swaps_psws_even_in_a_disabled_wait(boot, old_psw):
    machine = boot("0000", wait=True)
    assert machine.dead
    assert not machine.advance()
    machine.press_restart_key()
    machine.advance()
    assert old_psw(machine, Class.RESTART) == PSW(wait=True, instruction_address=0x1000)
    assert machine.cpu.psw == PSW(instruction_address=0x3000)


def test_enabled_wait_lasts_until_the_interval_timer_interrupts(boot, interrupt):
    machine = boot("", wait=True, system_mask=1, cr={0: TIMER}, storage={0x50: "00000100"})
    assert not machine.dead
    assert interrupt(machine).code == External.INTERVAL_TIMER
    assert machine.clocks.now == -(-(256 + 1) * 625 // 48)


def test_supervisor_call_by_execute_has_the_length_of_execute(boot, interrupt, old_psw):
    machine = boot("44103000", gr={1: 0x05, 3: 0x2000}, storage={0x2000: "0A00"})
    found = interrupt(machine)
    assert (found.kind, found.code, found.ilc) == (Class.SVC, 5, 2)
    assert old_psw(machine, Class.SVC).instruction_address == 0x1004


@pytest.mark.parametrize("ec_mode", [False, True], ids=["BC", "EC"])
def test_monitor_event_stores_class_and_code_in_both_modes(boot, interrupt, ec_mode):
    machine = boot("AF053ABC", gr={3: 0xFF100000}, cr={8: 0x8000 >> 5}, ec_mode=ec_mode)
    assert interrupt(machine).code == PIC.MONITOR_EVENT
    assert machine.storage.read(0x94, 2).hex() == "0005"
    assert machine.storage.read(0x9C, 4).hex() == "00100abc"
