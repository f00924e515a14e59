"""DISPLAY, STORE and DUMP.  CP Command Reference "DISPLAY", "STORE", "DUMP"."""

import pytest

from edu_hv.hypervisor.commands import run_command
from edu_hv.isa.codes import PSA
from edu_hv.machine.psw import PSW
from tests.hypervisor.bench import bench, guest
from tests.hypervisor.printed import printed

TEXT = "D5C5E600C1D3C9D4" + "00" * 8


def stopped(ecmode=False):
    made = bench()
    vm = made.log_on(ecmode=ecmode)
    vm.vmgprs[:] = range(0x10, 0x20)
    vm.vmfprs[:] = [0x4110000000000000 + n for n in range(4)]
    vm.cpu.store_real(0x1000, bytes.fromhex(TEXT))
    vm.cpu.store_real(PSA.CSW, bytes.fromhex("0000400808000000" + "00004000"))
    vm.cpu.load_psw(PSW(machine_check_mask=True, problem_state=True, instruction_address=0x12A46))
    vm.storage.set_key(0, 0xF0)
    vm.storage.set_key(0x800, 0xF0)
    return made, vm


SHOWN = [
    pytest.param("DISPLAY PSW", ["PSW = 00050000 00012A46"], id="Psw"),
    pytest.param("D P", ["PSW = 00050000 00012A46"], id="P"),
    pytest.param("D CAW", ["CAW = 00004000"], id="CAW"),
    pytest.param("D CSW", ["CSW = 00004008 08000000"], id="CSW"),
    pytest.param("D G0-3", ["GPR  0 =  00000010 00000011 00000012 00000013"], id="Greg-n"),
    pytest.param("D G14", ["GPR 14 =  0000001E"], id="Greg"),
    pytest.param("D GE", ["GPR 14 =  0000001E"], id="Greg hexadecimal"),
    pytest.param("D G14-END", ["GPR 14 =  0000001E 0000001F"], id="G to END"),
    pytest.param("D G4.2", ["GPR  4 =  00000014 00000015"], id="G count"),
    pytest.param("D Y2", ["FPR 2 =  4110000000000001"], id="Y"),
    pytest.param("D X0", ["ECR  0 =  000000E0"], id="X"),
    pytest.param("DISPLAY T1000", ["001000  D5C5E600 C1D3C9D4 00000000 00000000  *NEW.ALIM........*"], id="T"),
    pytest.param("D L1000", ["001000  D5C5E600 C1D3C9D4 00000000 00000000"], id="L"),
    pytest.param("D 1005", ["001000  D5C5E600 C1D3C9D4 00000000 00000000"], id="16-byte aligned"),
    pytest.param("D 1000.11", ["001000  D5C5E600 C1D3C9D4 00000000 00000000",
                                "001010  00000000 00000000 00000000 00000000"], id="bytecount"),
    pytest.param("DISPLAY K0", ["000000 TO 0007FF KEY = F0"], id="K"),
    pytest.param("D K0-17FF", ["000000 TO 000FFF KEY = F0", "001000 TO 0017FF KEY = 00"], id="K range"),
    pytest.param("D G1 PSW", ["GPR  1 =  00000011", "PSW = 00050000 00012A46"], id="several"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "lines"), SHOWN)
def test_display_shows(line, lines):
    """[4.2 Display] Rows of 4 words, 16-byte aligned; T adds characters, K keys; G, Y, X, Psw, CAW, CSW."""
    made, vm = stopped()
    assert run_command(made.cp, vm, line).lines == lines


def test_display_of_control_registers_needs_ecmode_for_more_than_register_0():
    """[1.2 ECBLOK] Without ECMODE there is virtual CR0 only."""
    for ecmode, rows in ((False, 1), (True, 4)):
        made, vm = stopped(ecmode)
        assert len(run_command(made.cp, vm, "DISPLAY X").lines) == rows


def test_to_the_end_of_storage():
    """[4.2 Display] END, and an open range."""
    made, vm = stopped()
    assert run_command(made.cp, vm, "D FFF0-END").lines == run_command(made.cp, vm, "D FFF0-").lines
    assert len(run_command(made.cp, vm, "D FFE0-END").lines) == 2


def test_display_brings_no_page_in_and_sets_no_reference_bit():
    """[4.2 Display] To look changes nothing: storage that is out is shown from where it is."""
    made, vm = guest("47F00A00")
    made.steps(5)
    before = made.machine.state().storage, vm.storage.resident
    run_command(made.cp, vm, "DISPLAY 0-END")
    run_command(made.cp, vm, "DISPLAY K0-END")
    assert (made.machine.state().storage, vm.storage.resident) == before


DISPLAY_ERRORS = [
    ("D XYZ", "DMKCDB010E INVALID REGISTER - XYZ"),
    ("D QQ", "DMKCDB004E INVALID HEXLOC - QQ"),
    ("D G16", "DMKCDB010E INVALID REGISTER - G16"),
    ("D G5-2", "DMKCDB010E INVALID REGISTER - G5-2"),
    ("D 10000", "DMKCDB160E HEXLOC 10000 EXCEEDS STORAGE"),
    ("D 20-10", "DMKCDB009E INVALID RANGE - 20-10"),
    ("D 0-FFFFFFF", "DMKCDB004E INVALID HEXLOC - 0-FFFFFFF"),
]


@pytest.mark.parametrize(("line", "message"), DISPLAY_ERRORS)
def test_display_operand_in_error(line, message):
    """[4.2 Display] [4.7]"""
    made, vm = stopped()
    assert run_command(made.cp, vm, line).lines == [message]


# ---- STORE -----------------------------------------------------------------------------------------------------------

STORED = [
    pytest.param("STORE 2000 1 2", "D 2000.8", "002000  00000001 00000002 00000000 00000000", id="words"),
    pytest.param("STORE L2002 ABCD", "D 2000", "002000  0000ABCD 00000000 00000000 00000000", id="L, on a fullword"),
    pytest.param("STORE S2001 01 0203", "D 2000", "002000  00010203 00000000 00000000 00000000", id="string"),
    pytest.param("STORE G5 1 2", "D G5.2", "GPR  5 =  00000001 00000002", id="G"),
    pytest.param("STORE Y2 41100000 1", "D Y2", "FPR 2 =  4110000000000001", id="Y, two words"),
    pytest.param("STORE Y2 42", "D Y2", "FPR 2 =  0000004200000001", id="Y, left half"),
    pytest.param("STORE X0 C0", "D X0", "ECR  0 =  000000C0", id="X"),
    pytest.param("STORE PSW 1000", "D PSW", "PSW = 00050000 00001000", id="PSW, right half"),
    pytest.param("STORE PSW FF000000 1000", "D PSW", "PSW = FF000000 00001000", id="PSW"),
]


@pytest.mark.parametrize(("line", "display", "shown"), STORED)
def test_store_changes_what_display_then_shows(line, display, shown):
    """[4.2 STore] Words, strings, registers, PSW; "STORE COMPLETE"."""
    made, vm = stopped()
    assert run_command(made.cp, vm, line).lines == ["STORE COMPLETE"]
    assert run_command(made.cp, vm, display).lines == [shown]


def test_store_status_is_in_low_storage():
    """[4.2 STore STATUS] CPU timer, comparator, PSW, FPRs, GPRs, CRs at the machine's own places."""
    made, vm = stopped(ecmode=True)
    vm.clocks.clock_comparator = 0x1122334455667788
    assert run_command(made.cp, vm, "STORE STATUS").lines == ["STORE COMPLETE"]
    assert vm.peek(0xE0, 8).hex() == "1122334455667788"
    assert vm.peek(0x100, 8).hex() == "0005000000012a46"
    assert vm.peek(0x160, 32) == b"".join(value.to_bytes(8, "big") for value in vm.vmfprs)
    assert vm.peek(0x180, 64) == b"".join(value.to_bytes(4, "big") for value in range(0x10, 0x20))
    assert vm.peek(0x1C0, 4).hex() == "000000e0"


def test_storing_control_register_1_makes_the_shadow_tables_follow():
    """[1.5] [4.2 STore X] As LCTL would."""
    made, vm = stopped(ecmode=True)
    called = []
    vm.shadow.recopy_segments = lambda: called.append(True)
    run_command(made.cp, vm, "STORE X1 5000")
    assert (vm.cpu.cr[1], called) == (0x5000, [True])


STORE_ERRORS = [
    ("STORE Y1 5", "DMKCDS010E INVALID REGISTER - Y1"),
    ("STORE Y2 1 2 3", "DMKCDS010E INVALID REGISTER - Y2"),
    ("STORE X1 5", "DMKCDS010E INVALID REGISTER - X1"),
    ("STORE G 5", "DMKCDS010E INVALID REGISTER - G"),
    ("STORE 10000 5", "DMKCDS160E HEXLOC 10000 EXCEEDS STORAGE"),
    ("STORE FFFC 5 6", "DMKCDS160E HEXLOC FFFC EXCEEDS STORAGE"),
    ("STORE QQ 5", "DMKCDS004E INVALID HEXLOC - QQ"),
    ("STORE 100 QQ", "DMKCDS005E INVALID HEXDATA - QQ"),
]


@pytest.mark.parametrize(("line", "message"), STORE_ERRORS)
def test_store_operand_in_error_changes_nothing(line, message):
    """[4.2 STore] [4.7]"""
    made, vm = stopped()
    before = vm.peek(0, vm.vmsize), list(vm.vmgprs), list(vm.vmfprs), list(vm.cpu.cr)
    assert run_command(made.cp, vm, line).lines == [message]
    assert (vm.peek(0, vm.vmsize), list(vm.vmgprs), list(vm.vmfprs), list(vm.cpu.cr)) == before


# ---- DUMP ------------------------------------------------------------------------------------------------------------


def test_dump_prints_heading_registers_and_storage():
    """[4.2 DUMP] As DISPLAY but to the virtual printer, plus registers; `*text` heading."""
    made, vm = stopped()
    assert run_command(made.cp, vm, "dump 1000-103F *My heading").lines == ["COMMAND COMPLETE"]
    lines = printed(made, vm)
    assert lines[:2] == ["My heading", "PSW = 00050000 00012A46"]
    assert lines[2] == "GPR  0 =  00000010 00000011 00000012 00000013"
    assert lines[-2].startswith("001000  D5C5E600 C1D3C9D4")
    assert lines[-2].endswith("*NEW.ALIM........................*")


def test_dump_needs_a_printer():
    """[4.2 DUMP]"""
    made, vm = stopped()
    run_command(made.cp, vm, "DETACH 00E")
    assert run_command(made.cp, vm, "DUMP 0").lines == ["DMKCDM040E DEVICE PRT DOES NOT EXIST"]


@pytest.mark.parametrize("what", ["Y1", "Y8", "Y15"])
def test_a_floating_point_register_that_there_is_not_is_refused(what):
    made, vm = guest()
    assert run_command(made.cp, vm, f"DISPLAY {what}").lines == [f"DMKCDB010E INVALID REGISTER - {what}"]
