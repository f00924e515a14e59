"""PER of the operator, and the guest's own program-event recording.  CP HELP "PER"; GA22-7000 "PER"."""

import pytest

from edu_hv.hypervisor.commands import run_command
from edu_hv.hypervisor.per_traces import Kind
from edu_hv.isa.codes import PIC
from edu_hv.machine.per import PERCode
from edu_hv.machine.psw import PSW
from tests.hypervisor.bench import CODE, HANDLER, cp_lines, guest
from tests.hypervisor.printed import printed
from tests.hypervisor.twins import Start, execute

PROGRAM = "41200005" + "50200300" + "92403001" + "D20703000308" + "1A22" + "47F00A00"
"""LA 2,5; ST 2,X'300'; MVI 1(3),X'40'; MVC X'300'(8),X'308'; AR 2,2; B."""


def seen(*lines, code=PROGRAM, units=9, storage=(), **psw):
    """What CP writes about a guest that runs so long behind these commands."""
    made, vm = guest(code, **psw)
    vm.vmgprs[3] = 0x4000
    for address, text in dict(storage).items():
        vm.cpu.store_real(address, bytes.fromhex(text))
    for line in lines:
        assert run_command(made.cp, vm, line).code == 0, line
    for _ in range(units):
        if vm.cf:
            run_command(made.cp, vm, "BEGIN")
        made.steps()
    made.stop()
    return made, vm


def lines_of(*lines, **how):
    return cp_lines(seen(*lines, **how)[1])


TYPES = [
    pytest.param(
        "PER IFETCH RUN", [">000A00 LA    41200005 000005 CC=0", " 000A04 ST    50200300 000300 CC=0"], id="Ifetch"
    ),
    pytest.param("PER I 92 RUN", ["000A08 MVI   92403001 004001 CC=0"], id="Ifetch with data"),
    pytest.param(
        "PER STORE 300-303 RUN",
        [">000A04 ST    50200300 000300 CC=0 *STORE*", ">000A0C MVC   D20703000308 000300 000308 CC=0 *STORE*"],
        id="STore range",
    ),
    pytest.param("PER STORE 4001 40 RUN", [">000A08 MVI   92403001 004001 CC=0 *STORE*"], id="STore data"),
    pytest.param("PER STORE 4001 41 RUN", [], id="STore other data"),
    pytest.param("PER G2 RUN", [">000A00 LA    41200005 000005 CC=0", "G2=00000005"], id="Greg n"),
    pytest.param("PER G2 A RUN", [">000A12 AR    1A22 CC=2", "G2=0000000A"], id="Greg n, value"),
    pytest.param(
        "PER GREG RUN",
        [">000A00 LA    41200005 000005 CC=0", "G2=00000005", ">000A12 AR    1A22     CC=2", "G2=0000000A"],
        id="Greg",
    ),
    pytest.param("PER G5 RUN", [], id="Greg that does not change"),
    pytest.param("PER BRANCH RUN", [">000A14 BC    47F00A00 000A00 CC=2 ==> 000A00"], id="Branch"),
    pytest.param("PER BRANCH A00-A03 RUN", [">000A14 BC    47F00A00 000A00 CC=2 ==> 000A00"], id="Branch into"),
    pytest.param("PER BRANCH A04-A08 RUN", [], id="Branch not into"),
    pytest.param(
        "PER MASK 4001 40 RUN", [">000A08 MVI   92403001 004001 CC=0 *STORE*", "DATA AT 004001=40"], id="Mask"
    ),
    pytest.param("PER MASK 4001 80 RUN", [], id="Mask, other bits"),
    pytest.param("PER IFETCH RANGE A08-A0B RUN", ["000A08 MVI   92403001 004001 CC=0"], id="Range"),
    pytest.param("PER IFETCH R A08 R A00 RUN", [">000A00 LA    41200005 000005 CC=0"], id="two ranges"),
]


@pytest.mark.parametrize(("line", "expected"), TYPES)
def test_each_type_sees_its_events_and_no_others(line, expected):
    """[4.2 PER] [4.5 types] With range, data, register and mask; the line is in the manual's shape."""
    found = lines_of(line)
    squeezed = [" ".join(text.split()) for text in found]
    assert squeezed[: len(expected)] == [" ".join(text.split()) for text in expected]
    if not expected:
        assert found == []


def test_pagetrace_shows_that_control_moved_to_another_block():
    """[4.5 PAgetrace] With time stamp."""
    _, vm = seen("PER PAGETRACE 1000 RUN", code="47F03000", storage={0x4000: "4700000047F00A00"}, units=7)
    lines = cp_lines(vm)
    assert [line.split()[1] for line in lines][:4] == ["000A00", "004000", "000A00", "004000"]
    assert all(line.startswith("*PGT* ") and len(line.split()[2]) == 16 for line in lines)


def test_branch_with_range_shows_the_last_five_branches():
    """[4.5 Branch range] A traceback, rows with a colon."""
    code = "47F00A04" + "47F00A08" + "47F00A0C" + "47F00A10" + "47F00A14" + "47F00A18" + "47F03000"
    lines = lines_of("PER BRANCH 4000 RUN", code=code, units=12, storage={0x4000: "47F00A00"})
    assert lines[:5] == [f":{at:06X} ==> {at + 4:06X}" for at in range(0xA04, 0xA18, 4)]
    assert lines[5].startswith(" 000A18")
    assert lines[5].endswith("==> 004000")


def test_execute_is_shown_with_its_target():
    """[4.5] EX, the low-order byte of its register, and the target as it stands in storage."""
    lines = lines_of("PER STORE 300 RUN", code="44400A10", storage={0xA10: "D20003000308"}, units=1)
    assert lines == [">000A00 EX    44400A10 00 000A10 MVC   D20003000308 000300 000308 CC=0 *STORE*"]


# ---- options -------------------------------------------------------------------------------------------------------


def test_norun_stops_behind_each_line():
    """[4.5 NORun] The default: STEP 1; the stop comes after the instruction completed."""
    made, vm = guest(PROGRAM)
    run_command(made.cp, vm, "PER IFETCH")
    made.until(lambda: vm.cf)
    assert cp_lines(vm) == [">000A00 LA    41200005 000005 CC=0", "CP"]
    assert (vm.vmgprs[2], vm.vmpsw.instruction_address) == (5, CODE + 4)


def test_step_stops_after_so_many_lines():
    """[4.5 STEp]"""
    made, vm = guest(PROGRAM)
    run_command(made.cp, vm, "PER IFETCH STEP 3")
    made.until(lambda: vm.cf)
    assert len(cp_lines(vm)) == 4
    assert vm.vmpsw.instruction_address == CODE + 12


def test_skip_shows_one_in_n_plus_one():
    """[4.5 SKip]"""
    lines = lines_of("PER IFETCH SKIP 2 RUN", units=10)
    assert [line.split()[0].lstrip(">") for line in lines] == ["000A08", "000A14", "000A08"]


def test_commands_run_on_the_event():
    """[4.5 CMd] What they answer is on the terminal; several, with a semicolon between."""
    lines = lines_of("PER STORE 4001 RUN CMD DISPLAY G2; QUERY USERS", units=4)
    assert lines[1:] == ["GPR  2 =  00000005", "001 USERS, 000 DIALED, 000 NET"]


def test_print_puts_the_lines_on_the_virtual_printer():
    """[4.5 PRint] [4.5 NOTerminal]"""
    made, vm = seen("PER STORE 300-303 RUN PRINT NOTERMINAL", units=2)
    assert cp_lines(vm) == []
    assert printed(made, vm) == [">000A04 ST    50200300 000300 CC=0 *STORE*"]


# ---- controls ------------------------------------------------------------------------------------------------------

MERGING = [
    pytest.param(["PER STORE 250-2FF", "PER STORE 300-310"], ["STORE 250:310 TERMINAL"], id="adjacent"),
    pytest.param(["PER STORE 250-300", "PER STORE 280-310"], ["STORE 250:310 TERMINAL"], id="overlapping"),
    pytest.param(["PER ST 250-260", "PER ST 280"], ["STORE 250:260 TERMINAL", "STORE 280 TERMINAL"], id="apart"),
    pytest.param(
        ["PER STORE 250", "PER STORE 251 RUN"], ["STORE 250 TERMINAL", "STORE 251 RUN TERMINAL"], id="options"
    ),
    pytest.param(["PER STORE 250 RANGE 70-75"], ["STORE 250 RANGE 70:75 TERMINAL"], id="RANGE"),
    pytest.param(["PER B I G5"], ["BRANCH TERMINAL", "IFETCH TERMINAL", "GREG5 TERMINAL"], id="several types"),
    pytest.param(["PER IFETCH", "PER IFETCH"], ["IFETCH TERMINAL"], id="twice the same"),
    pytest.param(["PER B I", "PER I OFF"], ["BRANCH TERMINAL"], id="one type off"),
    pytest.param(["PER B", "PER CLEAR"], ["NO TRACE ELEMENTS"], id="cleared"),
    pytest.param(["PER STORE 100.10"], ["STORE 100:10F TERMINAL"], id="length"),
    pytest.param(["PER STORE -20"], ["STORE 0:20 TERMINAL"], id="from 0"),
    pytest.param(["PER STORE 20-"], ["STORE 20:FFFFFF TERMINAL"], id="to the end"),
]


@pytest.mark.parametrize(("lines", "expected"), MERGING)
def test_query_shows_the_elements_merged(lines, expected):
    """[4.5 merging] [4.5 Query] Same type, options and data with ranges that overlap or touch are one element."""
    made, vm = guest(PROGRAM)
    for line in lines:
        assert run_command(made.cp, vm, line).code == 0
    assert run_command(made.cp, vm, "PER QUERY").lines == expected


def test_range_that_wraps_round():
    """[4.5 ranges] If b < a."""
    lines = lines_of("PER STORE FFFF00-400 RUN", units=5)
    assert [line.split()[0] for line in lines] == [">000A04", "000A0C"]


def test_save_get_and_clear_keep_elements_under_a_name():
    """[4.5 SAve] [4.5 GET] [4.5 Clear] [4.5 ENd]"""
    made, vm = guest(PROGRAM)

    def per(text):
        return run_command(made.cp, vm, f"PER {text}").lines

    per("STORE 300")
    assert per("SAVE ONE") == []
    assert per("CLEAR") == ["*PER TRAPS CLEARED*"]
    assert (per("QUERY"), per("QUERY *"), per("QUERY ONE")) == (["NO TRACE ELEMENTS"], ["ONE"], ["STORE 300 TERMINAL"])
    assert per("GET TWO") == ["TRACE SET DOES NOT EXIST"]
    assert per("GET ONE") == []
    assert per("QUERY") == ["STORE 300 TERMINAL"]
    assert (per("CLEAR ONE"), per("CLEAR ONE")) == ([], ["TRACE SET DOES NOT EXIST"])
    assert per("END") == ["*PER TRAPS CLEARED*"]
    assert (vm.cp_per, per("QUERY"), per("QUERY *")) == (None, ["NO TRACE ELEMENTS"], ["TRACE SET DOES NOT EXIST"])


def test_dump_shows_the_last_six_branches_with_counts():
    """[4.5 Dump] `4 TIMES`."""
    made, vm = seen("PER BRANCH SKIP 99 RUN", code="41220001" + "46100A00" + "47F03000", units=14)
    vm.cf = True
    lines = run_command(made.cp, vm, "PER DUMP").lines
    assert lines == ["000A04 ==> 000A00 6 TIMES"]


ERRORS = [
    ("PER", "DMKPER026E OPERAND MISSING OR INVALID"),
    ("PER NONSENSE", "DMKPER003E INVALID OPTION - NONSENSE"),
    ("PER G16", "DMKPER010E INVALID REGISTER - G16"),
    ("PER STORE", "DMKPER026E OPERAND MISSING OR INVALID"),
    ("PER STORE XYZ", "DMKPER004E INVALID HEXLOC - XYZ"),
    ("PER MASK 100 X", "DMKPER005E INVALID HEXDATA - X"),
    ("PER I SKIP X", "DMKPER026E OPERAND MISSING OR INVALID"),
    ("PER PAGETRACE XK", "DMKPER026E OPERAND MISSING OR INVALID"),
    ("PER RUN", "DMKPER026E OPERAND MISSING OR INVALID"),
]


@pytest.mark.parametrize(("line", "message"), ERRORS)
def test_operand_in_error(line, message):
    """[4.5] CP's message, and no element."""
    made, vm = guest(PROGRAM)
    assert run_command(made.cp, vm, line).lines == [message]
    assert vm.cp_per is None


def test_letters_of_the_types_are_the_manuals():
    """[4.5 heartbeat] Every 10 000 hits with nothing to show: the type's letter."""
    assert [kind.value for kind in Kind] == ["B", "G", "I", "M", "P", "S"]
    made, vm = guest("47F00A00")
    run_command(made.cp, vm, "PER IFETCH SKIP 99999 RUN")
    made.until(lambda: bool(cp_lines(vm)))
    assert (cp_lines(vm), made.machine.instructions) == (["* I"], 10_000)


# ---- the guest's own PER -------------------------------------------------------------------------------------------

FETCH, STORE, REGISTER = 0x40000000, 0x20000000, 0x1000FFFF
OWN = [
    pytest.param("41200005", {9: FETCH}, id="fetch"),
    pytest.param("50200300", {9: STORE}, id="store"),
    pytest.param("41200005", {9: REGISTER}, id="register"),
    pytest.param("0000", {9: FETCH}, id="fetch, with a program interruption"),
    pytest.param("B20B0000", {9: FETCH}, id="fetch of a simulated instruction"),
    pytest.param("B20B0000", {9: REGISTER}, id="simulated: IPK alters GR 2"),
    pytest.param("AC000300", {9: STORE | FETCH}, id="simulated: STNSM stores"),
    pytest.param("B6010300", {9: STORE}, id="simulated: STCTL stores"),
    pytest.param("B6010300", {9: STORE, 10: 0x304, 11: 0x304}, id="simulated: STCTL stores into the range"),
    pytest.param("B6010300", {9: STORE, 10: 0x308, 11: 0x30C}, id="simulated: STCTL does not store there"),
    pytest.param("80000801", {9: FETCH}, id="simulated: SSM fails"),
    pytest.param("82000801", {9: FETCH}, id="simulated: LPSW fails"),
    pytest.param("0000", {9: STORE}, id="not what was asked for"),
]


@pytest.mark.parametrize(("code", "registers"), OWN)
def test_guests_own_program_events_are_those_of_the_machine(code, registers):
    """[1.3 CR4-CR13] [1.3 PSW PER bit] CR9 to CR11 act natively, and simulated instructions make their events too.

    The bare machine with the same registers is the oracle: old PSW, code, PER code and address in low storage.
    """
    controls = {10: 0, 11: 0xFFFFFF, **registers}
    twins = execute(Start(code, PSW(system_mask=0x40, ec_mode=True), cr=controls))
    assert twins.guest.difference(twins.bare) == []


def test_program_event_follows_the_supervisor_call_as_on_the_machine():
    """[1.2 VMPEND PER] SVC first; the event waits and is taken before the first instruction of the SVC routine."""
    made, vm = guest("0A05", ecmode=True, ec_mode=True, system_mask=0x40)
    vm.cpu.cr[9:12] = [FETCH, 0, 0xFFFFFF]
    vm.cpu.store_real(0x60, bytes.fromhex(f"00080000{HANDLER:08X}"))
    vm.cpu.store_real(0x68, bytes.fromhex(f"00080000{HANDLER + 0x100:08X}"))
    made.steps()
    made.stop()
    assert vm.peek(0x20, 8).hex() == "4008000000000a02"
    assert vm.peek(0x28, 8).hex() == f"00080000{HANDLER:08x}"
    assert vm.peek(0x8E, 2) == PIC.PER_EVENT.to_bytes(2, "big")
    assert (vm.peek(0x96, 1)[0], vm.peek(0x99, 3)) == (PERCode.INSTRUCTION_FETCHING, CODE.to_bytes(3, "big"))
    assert (vm.vmpsw.instruction_address, int(vm.vmpend) & 0x40) == (HANDLER + 0x100, 0)


def test_cps_per_takes_the_place_of_the_guests_own():
    """[4.5 hardware] CP-owned PER sets real CR9-11: mutually exclusive; afterwards the guest's act again."""
    made, vm = guest("47F00A00", ecmode=True, ec_mode=True, system_mask=0x40)
    vm.cpu.cr[9:12] = [STORE, 0x100, 0x200]
    made.settle()
    assert made.machine.cpu.cr[9:12] == [STORE, 0x100, 0x200]
    run_command(made.cp, vm, "PER IFETCH RUN")
    made.settle()
    assert made.machine.cpu.cr[9:12] == [FETCH, 0, 0xFFFFFF]
    run_command(made.cp, vm, "PER END")
    made.settle()
    assert made.machine.cpu.cr[9:12] == vm.cpu.cr[9:12] == [STORE, 0x100, 0x200]


def test_program_events_survive_a_checkpoint():
    """[4.5] What PER remembers is plain values in the VMBLOK."""
    made, vm = guest(PROGRAM)
    run_command(made.cp, vm, "PER GREG RUN")
    made.steps(3)
    saved, terminal = made.machine.state(), made.cp.state()
    made.steps(8)
    first = cp_lines(vm)
    made.machine.restore(saved)
    made.cp.restore(terminal)
    made.steps(8)
    assert cp_lines(vm) == first


@pytest.mark.parametrize("event", ["0A05", "0000", "80000300", "41200005"], ids=["SVC", "program", "priv", "plain"])
@pytest.mark.parametrize("command", ["STORE S300 C1", "DISPLAY G0", "SYSTEM RESET", "PER END"])
def test_commands_may_change_the_machine_whatever_the_instruction_was(event, command):
    """[4.5 CMd] With a supervisor call, an exception, a simulated instruction: the command is run once, after it."""
    made, vm = guest(event)
    for new in (0x60, 0x68):
        vm.cpu.store_real(new, bytes.fromhex(f"{HANDLER:016X}"))
    run_command(made.cp, vm, f"PER IFETCH RANGE A00 RUN CMD {command}")
    made.steps()
    made.stop()
    if command == "STORE S300 C1":
        assert vm.peek(0x300, 1) == b"\xc1"
    if command == "SYSTEM RESET":
        assert (vm.cf, str(vm.vmpsw), vm.vmgprs) == (True, "00000000 00000000", [0] * 16)
    else:
        expected = HANDLER if event in ("0A05", "0000") else CODE + 4
        assert vm.vmpsw.instruction_address == expected
    assert vm.cp_per is None if command == "PER END" else vm.cp_per is not None
