"""What CP reflects arrives in the guest as on a machine of its own: old PSW, codes, new PSW."""

from dataclasses import replace

import pytest

from edu_hv.isa.codes import PIC, Class
from edu_hv.isa.table import OPERATIONS
from edu_hv.machine.cpu import find_entry
from edu_hv.machine.psw import PSW
from tests.hypervisor.bench import CODE, HANDLER, instruction
from tests.hypervisor.twins import Start, execute

AREA = 0x2000
PROBLEM = PSW(problem_state=True)
PRIVILEGED = [row for row in OPERATIONS if row.privileged]


def encoded(row):
    text = instruction(row.mnemonic, 2, 4, 2)
    return text + "4000" if row.code >> 8 == 0xE5 else text


def installed(row):
    return find_entry(bytes.fromhex(encoded(row))) is not None


@pytest.mark.parametrize("ec_mode", [False, True], ids=["BC", "EC"])
@pytest.mark.parametrize("row", PRIVILEGED, ids=lambda row: row.mnemonic)
def test_privileged_instruction_in_virtual_problem_state_is_the_guests_own_interruption(row, ec_mode):
    """[1.1 3; 1.6 PGM-1] Code 2 where the machine has it, 1 where it has not; the old PSW is that of a bare machine."""
    psw = PSW(key=3, ec_mode=ec_mode, problem_state=True, cc=2, program_mask=5)
    twins = execute(Start(encoded(row), psw, {2: AREA, 4: AREA}))
    assert twins.guest.difference(twins.bare) == []
    code, length = (2 if installed(row) else 1), len(encoded(row)) // 2
    old = PSW.from_bytes(twins.vm.cpu.load_real(0x28, 8))
    assert (old.problem_state, old.key, old.cc, old.instruction_address) == (True, 3, 2, CODE + length)
    stored = twins.vm.cpu.load_real(0x8C, 4).hex() if ec_mode else f"{old.ilc * 2:04x}{old.interruption_code:04x}"
    assert stored == f"{length:04x}{code:04x}"
    assert twins.vm.vmpsw.instruction_address == HANDLER


def start(code, **given):
    fields = {"gr": {2: AREA, 3: 0x10000, 4: 0x7FFFFFFF, 5: 0, 6: 0x2001}, "storage": {AREA: "0C" * 16}, **given}
    return Start(code, **{"psw": PROBLEM, **fields})


OVERFLOW = PSW(problem_state=True, program_mask=0x8, cc=1)
CAUSES = [
    pytest.param(start("0000"), PIC.OPERATION, 1, id="operation"),
    pytest.param(start("44002000", storage={AREA: "0A05"}, gr={2: AREA}), None, 2, id="EX of SVC"),
    pytest.param(start("44000400", storage={0x400: "44000400"}), PIC.EXECUTE, 2, id="execute"),
    pytest.param(start("44000401", storage={0x400: "44000400"}), PIC.SPECIFICATION, 2, id="EX of odd address"),
    pytest.param(start("44003000"), PIC.ADDRESSING, 2, id="EX of target beyond storage"),
    pytest.param(start("50402000", psw=PSW(key=1, problem_state=True)), PIC.PROTECTION, 2, id="store protection"),
    pytest.param(
        start("58402000", psw=PSW(key=1, problem_state=True), keys={4: 0x28}), PIC.PROTECTION, 2, id="fetch protection"
    ),
    pytest.param(start("58403000"), PIC.ADDRESSING, 2, id="operand beyond storage"),
    pytest.param(start("5840FFFE", gr={15: 0xF000}), PIC.ADDRESSING, 2, id="operand crosses the end of storage"),
    pytest.param(start("5040FFFE", gr={15: 0xF000, 4: 1}), PIC.ADDRESSING, 2, id="store crosses the end of storage"),
    pytest.param(start("D2FF200030F0"), PIC.ADDRESSING, 3, id="six-byte instruction, operand beyond storage"),
    pytest.param(start("5840", at=0xFFFE), PIC.ADDRESSING, 1, id="instruction crosses the end of storage"),
    pytest.param(start("1C34"), PIC.SPECIFICATION, 1, id="odd register"),
    pytest.param(start("4F402000", storage={AREA: "FF" * 8}), PIC.DATA, 2, id="data"),
    pytest.param(
        start("5A402000", psw=OVERFLOW, storage={AREA: "00000001"}), PIC.FIXED_POINT_OVERFLOW, 2, id="overflow"
    ),
    pytest.param(start("1D45"), PIC.FIXED_POINT_DIVIDE, 1, id="fixed-point divide"),
    pytest.param(start("FD10200020F0", storage={AREA: "001C", 0x20F0: "0C"}), None, 3, id="decimal divide"),
    pytest.param(
        start("FA002000200F", storage={AREA: "9C", 0x200F: "1C"}, psw=PSW(problem_state=True, program_mask=4)),
        None,
        3,
        id="decimal overflow",
    ),
    pytest.param(start("80002000", psw=PSW(), cr={0: 0x400000E0}), PIC.SPECIAL_OPERATION, 2, id="SSM suppressed"),
    pytest.param(start("AF05F123", cr={8: 0xFFFF}, gr={15: 0x4000}), PIC.MONITOR_EVENT, 2, id="monitor event"),
    pytest.param(start("0E24", gr={2: AREA, 3: 8, 4: 0x10000, 5: 8}), PIC.ADDRESSING, 1, id="MVCL from beyond storage"),
]


@pytest.mark.parametrize("ec_mode", [False, True], ids=["BC", "EC"])
@pytest.mark.parametrize(("given", "code", "ilc"), CAUSES)
def test_program_interruption_of_a_guest_is_that_of_the_machine(given, code, ilc, ec_mode):
    """[1.6 PGM-1] Whatever the condition: every byte, register and key that the guest can look at is the same."""
    twins = execute(replace(given, psw=replace(given.psw, ec_mode=ec_mode)))
    assert twins.guest.difference(twins.bare) == []
    assert twins.vm.vmpsw.instruction_address == HANDLER
    if code is not None and not ec_mode:
        old = PSW.from_bytes(twins.vm.cpu.load_real(Class.PROGRAM.old_psw, 8))
        assert (old.interruption_code, old.ilc) == (code, ilc)


@pytest.mark.parametrize("at", [0x1001, 0x10000, 0xFFFFFE, 0x2000FF], ids=hex)
def test_branch_to_where_no_instruction_can_be_fetched(at):
    """[1.6 PSWCHK] Odd: specification.  Beyond storage: addressing, though the real machine saw a segment exception."""
    twins = execute(Start("07F2", PROBLEM, {2: at}))
    assert twins.guest.difference(twins.bare) == []
    twins.machine.advance()
    while not twins.machine.at_boundary:
        twins.machine.advance()
    twins.bench.steps()
    twins.bench.stop()
    old = twins.vm.cpu.load_real(0x28, 8)
    assert old == twins.machine.cpu.load_real(0x28, 8)
    assert old[3] == (PIC.SPECIFICATION if at & 1 else PIC.ADDRESSING)


@pytest.mark.parametrize("number", [0, 1, 76, 179, 255])
@pytest.mark.parametrize("psw", [PSW(), PROBLEM, PSW(ec_mode=True), PSW(ec_mode=True, problem_state=True)], ids=str)
def test_svc_goes_to_the_guests_own_supervisor(number, psw):
    """[1.6 SVC-4] BC: code and ILC in the old PSW; EC: at X'88'."""
    twins = execute(Start(f"0A{number:02X}", psw))
    assert twins.guest.difference(twins.bare) == []
    assert twins.vm.vmpsw.instruction_address == HANDLER


@pytest.mark.parametrize("text", ["8808000000001000", "0008000100001000", "000800000F001000"], ids=str)
def test_psw_with_reserved_bits_is_found_before_it_is_used(text):
    """[1.6 PSWCHK; 1.4 LPSW] LPSW loads it; the specification exception has ILC 0, the bits are in the old PSW."""
    twins = execute(Start("82000800", storage={0x800: text}))
    assert twins.guest.difference(twins.bare) == []
    assert twins.vm.cpu.load_real(0x8C, 4).hex() == "00000006"
