"""ADSTOP: SVC X'B3' in the place of an instruction.  CP Command Reference "ADSTOP"; SY20-0886 "SVC Interruption"."""

import pytest

from edu_hv.hypervisor.commands import run_command
from edu_hv.isa.codes import Class
from tests.hypervisor.bench import CODE, HANDLER, bench, cp_lines, guest

LOOP = "41220001" * 3 + "47F00A00"
STOP = "0AB3"


def planted(address="A04", code=LOOP, **psw):
    made, vm = guest(code, **psw)
    assert run_command(made.cp, vm, f"ADSTOP {address}").lines == []
    return made, vm


def test_guest_stands_at_the_instruction_which_is_back_in_its_place():
    """[1.6 SVC-1] [4.2 ADSTOP] On hit: the instruction restored, the message, CP mode; nothing of it executed."""
    made, vm = planted()
    made.until(lambda: vm.cf)
    assert cp_lines(vm) == ["ADSTOP AT 000A04", "CP"]
    assert (vm.vmpsw.instruction_address, vm.vmgprs[2], vm.vmadstop) == (CODE + 4, 1, None)
    assert vm.peek(CODE, 16).hex().upper() == LOOP


def test_begin_executes_the_instruction_and_the_stop_does_not_come_again():
    """[4.2 ADSTOP] Removed by the hit."""
    made, vm = planted()
    made.until(lambda: vm.cf)
    run_command(made.cp, vm, "BEGIN")
    made.steps(20)
    made.stop()
    assert (vm.cf, vm.vmgprs[2] >= 10) == (False, True)


def test_guest_and_display_see_the_supervisor_call_in_storage():
    """[1.2 VMADSTOP] As on VM/370 it is really in guest storage; VMADSTOP has what was there."""
    made, vm = planted()
    assert vm.vmadstop == (CODE + 4, bytes.fromhex("4122"))
    assert run_command(made.cp, vm, "DISPLAY A00").lines[0].split()[2] == f"{STOP}0001"


@pytest.mark.parametrize(
    "line",
    ["ADSTOP OFF", "SYSTEM RESET", "ADSTOP A08", "SET ECMODE ON"],
)
def test_it_is_removed_by(line):
    """[4.2 ADSTOP] OFF, RESET, another ADSTOP: one at a time."""
    made, vm = planted()
    run_command(made.cp, vm, line)
    assert vm.peek(CODE + 4, 4).hex().upper() == "41220001"
    assert (vm.vmadstop is None) == (line != "ADSTOP A08")


def test_it_is_removed_by_ipl():
    """[4.2 ADSTOP] IPL."""
    made = bench()
    vm = made.ipl("hello", "A")
    run_command(made.cp, vm, "ADSTOP F000")
    before = vm.vmadstop
    run_command(made.cp, vm, "IPL 00C")
    assert (before is not None, vm.vmadstop) == (True, None)


def test_what_the_guest_has_stored_over_it_stays():
    """[4.2 ADSTOP] At an address that was overwritten there is nothing to hit, and OFF puts nothing back."""
    made, vm = planted("A08", "D2030A080A10" + "0700" + "41220001" + "47F00A08" + "41220005")
    made.steps(4)
    made.stop()
    assert vm.vmgprs[2] == 5
    run_command(made.cp, vm, "ADSTOP OFF")
    assert vm.peek(CODE + 8, 4).hex().upper() == "41220005"


def test_executed_it_is_the_guests_own_supervisor_call():
    """[1.6 SVC-1] The address of the SVC is that of EXECUTE, so VM/370 reflects SVC 179."""
    made, vm = planted("A10", "44000A10" + "47F00A00" + "07000700" + "07000700" + "41220001")
    vm.cpu.store_real(Class.SVC.new_psw, bytes.fromhex(f"{HANDLER:016X}"))
    made.steps()
    made.stop()
    assert (vm.vmpsw.instruction_address, vm.peek(0x20, 8).hex()) == (HANDLER, "000000b380000a04")


def test_svc_b3_of_the_guest_itself_is_no_stop():
    """[1.6 SVC-1] Only at the ADSTOP's address."""
    made, vm = planted("A04", "0AB3" + "0700" + "41220001")
    vm.cpu.store_real(0x60, bytes.fromhex(f"{HANDLER:016X}"))
    made.steps()
    made.stop()
    assert (vm.cf, vm.vmpsw.instruction_address) == (False, HANDLER)


def test_address_is_guest_real_while_the_guest_translates():
    """[4.2 ADSTOP] The guest comes to it by another logical address."""
    made, vm = guest("", ecmode=True)
    vm.cpu.cr[0], vm.cpu.cr[1] = vm.cpu.cr[0] | 0x00800000, 0x00005000
    store = vm.cpu.store_real
    store(0x5000, bytes.fromhex("F0006000"))
    store(0x6000, bytes.fromhex("00000010003000400050006000700080"))
    store(0x6004, bytes.fromhex("0030"))
    store(0x3000, bytes.fromhex("41220001" + "41220001" + "07FE"))
    made.start(vm, "", system_mask=0x04, ec_mode=True, instruction_address=0x2000)
    run_command(made.cp, vm, "ADSTOP 3004")
    made.until(lambda: vm.cf)
    assert cp_lines(vm) == ["ADSTOP AT 003004", "CP"]
    assert (vm.vmpsw.instruction_address, vm.vmgprs[2]) == (0x2004, 1)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("ADSTOP", "DMKCFD026E OPERAND MISSING OR INVALID"),
        ("ADSTOP XYZ", "DMKCFD004E INVALID HEXLOC - XYZ"),
        ("ADSTOP A01", "DMKCFD004E INVALID HEXLOC - A01"),
        ("ADSTOP 10000", "DMKCFD160E HEXLOC 10000 EXCEEDS STORAGE"),
    ],
)
def test_operand_in_error(line, message):
    """[4.2 ADSTOP] Errors; nothing is planted."""
    made, vm = guest(LOOP)
    assert run_command(made.cp, vm, line).lines == [message]
    assert vm.vmadstop is None


def test_stop_under_trace_shows_no_instruction_that_was_not_executed():
    """[4.2 ADSTOP] With TRACE INSTRUCT the SVC is not the guest's, and has no line."""
    made, vm = planted()
    run_command(made.cp, vm, "TRACE INSTRUCT RUN")
    made.until(lambda: vm.cf)
    assert cp_lines(vm) == ["    000A00 LA    41220001 000001", "ADSTOP AT 000A04", "CP"]
