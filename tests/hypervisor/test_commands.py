"""CP's commands, at the terminal and while the guest runs."""

import pytest

from edu_hv.hypervisor.commands import run_command
from edu_hv.hypervisor.commands.registry import COMMANDS
from edu_hv.hypervisor.control_program import Stage
from edu_hv.machine.psw import PSW
from tests.hypervisor.bench import bench, cp_lines, guest

LOOP = "47F00A00"


def answer(line, ecmode=False):
    made = bench()
    vm = made.log_on(ecmode=ecmode)
    vm.vmgprs[:] = range(0x10, 0x20)
    vm.cpu.store_real(0x100, bytes(range(16)))
    before = made.machine.state().storage, vm.state()
    result = run_command(made.cp, vm, line)
    if result.code:
        assert (made.machine.state().storage, vm.state()) == before, "a command in error has changed something"
    return result


ANSWERS = [
    pytest.param("", [], 0, id="nothing"),
    pytest.param("cp query names", ["A"], 0, id="CP before it, small letters"),
    pytest.param("Q N", ["A"], 0, id="shortest"),
    pytest.param("NONSENSE", ["DMKCFM001E ?CP: NONSENSE"], 1, id="unknown"),
    pytest.param("BEGINNING", ["DMKCFM001E ?CP: BEGINNING"], 1, id="more than the name"),
    pytest.param("EX", ["DMKCFM001E ?CP: EX"], 1, id="less than the abbreviation"),
    pytest.param("BEGIN XYZ", ["DMKCFD004E INVALID HEXLOC - XYZ"], 4, id="BEGIN no address"),
    pytest.param("BEGIN -5", ["DMKCFD004E INVALID HEXLOC - -5"], 4, id="BEGIN negative"),
    pytest.param("BEGIN 1_0", ["DMKCFD004E INVALID HEXLOC - 1_0"], 4, id="BEGIN not hexadecimal"),
    pytest.param("BEGIN 10000", ["DMKCFD160E HEXLOC 10000 EXCEEDS STORAGE"], 160, id="BEGIN beyond storage"),
    pytest.param("DISPLAY PSW", ["PSW = 00000000 00000000"], 0, id="DISPLAY PSW"),
    pytest.param("D 100", ["000100  00010203 04050607 08090A0B 0C0D0E0F"], 0, id="DISPLAY storage"),
    pytest.param("D 100-0", ["DMKCDB009E INVALID RANGE - 100-0"], 9, id="DISPLAY backward"),
    pytest.param("D FFF8-10000", ["DMKCDB160E HEXLOC 10000 EXCEEDS STORAGE"], 160, id="DISPLAY beyond storage"),
    pytest.param("D 0X10", ["DMKCDB004E INVALID HEXLOC - 0X10"], 4, id="DISPLAY with a prefix"),
    pytest.param("D X", ["ECR  0 =  000000E0"], 0, id="DISPLAY X without ECMODE"),
    pytest.param("STORE", ["DMKCDS026E OPERAND MISSING OR INVALID"], 26, id="STORE nothing"),
    pytest.param("STORE S100", ["DMKCDS026E OPERAND MISSING OR INVALID"], 26, id="STORE no data"),
    pytest.param("STORE S100 1", ["DMKCDS005E INVALID HEXDATA - 1"], 5, id="STORE half a byte"),
    pytest.param("STORE SFFFF 0102", ["DMKCDS160E HEXLOC FFFF EXCEEDS STORAGE"], 160, id="STORE beyond storage"),
    pytest.param("STORE G15 1 2", ["DMKCDS010E INVALID REGISTER - G15"], 10, id="STORE past GR 15"),
    pytest.param("STORE G1 -1", ["DMKCDS005E INVALID HEXDATA - -1"], 5, id="STORE negative"),
    pytest.param("STORE G1 123456789", ["DMKCDS005E INVALID HEXDATA - 123456789"], 5, id="STORE too long"),
    pytest.param("STORE PSW 1 2 3", ["DMKCDS026E OPERAND MISSING OR INVALID"], 26, id="STORE PSW of three words"),
    pytest.param("EXTERNAL 0", ["DMKCPB003E INVALID OPTION - 0"], 3, id="EXTERNAL no code"),
    pytest.param("QUERY", ["DMKCQG026E OPERAND MISSING OR INVALID"], 26, id="QUERY nothing"),
    pytest.param("QUERY WEATHER", ["DMKCQG045E WEATHER NOT LOGGED ON"], 45, id="QUERY what CP does not know"),
    pytest.param("QUERY VIRTUAL STORAGE", ["STORAGE = 00064K"], 0, id="QUERY STORAGE"),
]


@pytest.mark.parametrize(("line", "lines", "code"), ANSWERS)
def test_command_answers(line, lines, code):
    """Lines and return code; a command in error changes nothing."""
    result = answer(line)
    assert (result.lines, result.code) == (lines, code)


def test_display_shows_registers_four_to_a_line():
    assert answer("DISPLAY G").lines[1] == "GPR  4 =  00000014 00000015 00000016 00000017"
    assert len(answer("DISPLAY X", ecmode=True).lines) == 4


@pytest.mark.parametrize(
    ("line", "psw"),
    [("STORE PSW 00000200", "00020000 00000200"), ("ST P FE000000 00000300", "FE000000 00000300")],
)
def test_store_psw_takes_the_right_half_or_the_whole(line, psw):
    made = bench()
    vm = made.log_on()
    vm.cpu.load_psw(PSW(wait=True))
    assert run_command(made.cp, vm, line).lines == ["STORE COMPLETE"]
    assert str(vm.vmpsw) == psw


def test_every_command_says_its_syntax():
    assert [command.name for command in COMMANDS if not command.function.__doc__] == []


# ---- a guest that runs, or traps -----------------------------------------------------------------------------------


def running():
    made, vm = guest("41220001" + "47F00A00")
    made.steps(20)
    return made, vm


def test_display_shows_a_running_guest_as_it_is_now_and_does_not_disturb_it():
    made, vm = running()
    count = made.machine.cpu.gr[2]
    assert run_command(made.cp, vm, "DISPLAY G").lines[0].split()[5] == f"{count:08X}"
    assert made.cp.running == vm.vmuser
    assert made.cp.work.stage is Stage.NONE


def test_store_into_a_running_guests_register_is_what_it_goes_on_with():
    made, vm = running()
    run_command(made.cp, vm, "STORE G2 1000")
    made.steps(2)
    made.stop()
    assert vm.vmgprs[2] in (0x1001, 0x1002)


@pytest.mark.parametrize("units", range(6))
def test_store_counts_at_every_stage_of_a_trap(units):
    """Recognized, taken, decoded, decided, carried out: the register and the address hold what was stored."""
    made, vm = guest("B20D0000" + LOOP)
    made.settle()
    for _ in range(units):
        made.machine.advance()
    run_command(made.cp, vm, "STORE G7 12345678")
    run_command(made.cp, vm, "BEGIN 4000")
    made.stop()
    assert (vm.vmgprs[7], vm.vmpsw.instruction_address) == (0x12345678, 0x4000)


def test_stop_takes_effect_at_once_and_begin_goes_on():
    made, vm = running()
    run_command(made.cp, vm, "STOP")
    made.run()
    assert vm.cf
    count = vm.vmgprs[2]
    run_command(made.cp, vm, "BEGIN")
    made.steps(10)
    made.stop()
    assert vm.vmgprs[2] == count + 5


def test_begin_after_a_disabled_wait_needs_an_address():
    made, vm = guest("82000800")
    vm.cpu.store_real(0x800, bytes.fromhex("0002000000000012"))
    made.run()
    run_command(made.cp, vm, "BEGIN")
    made.run()
    assert len(cp_lines(vm)) == 4
    run_command(made.cp, vm, "BEGIN A00")
    made.settle()
    assert made.cp.running == vm.vmuser


def test_external_interrupts_the_guest_with_the_interrupt_key():
    """At once when its PSW allows it; the old PSW says code 0040."""
    made, vm = guest(LOOP, system_mask=0x01)
    made.steps(3)
    run_command(made.cp, vm, "EXTERNAL")
    made.settle()
    assert vm.cpu.load_real(0x18, 8).hex(" ", 4) == "01000040 00000a00"
    assert vm.vmpxint == []


def test_external_stays_pending_while_it_is_masked_and_twice_is_once():
    made, vm = guest(LOOP)
    run_command(made.cp, vm, "EXT")
    run_command(made.cp, vm, "EXT 40")
    made.steps(100)
    assert [(block.code, block.mask) for block in vm.vmpxint] == [(0x40, 0x40)]
    vm.cf = True
    vm.vmpsw.system_mask = 0x01
    run_command(made.cp, vm, "BEGIN")
    made.settle()
    assert vm.vmpxint == []


def test_command_for_a_guest_that_waits_for_its_turn_leaves_the_running_one_alone():
    made = bench()
    first, second = (made.start(made.log_on(name), LOOP) for name in ("A", "B"))
    made.steps(3)
    run_command(made.cp, second, "STORE G3 33")
    made.settle()
    assert (made.cp.running, second.vmgprs[3], made.machine.cpu.gr[3]) == (first.vmuser, 0x33, 0)
