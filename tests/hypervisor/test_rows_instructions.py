"""Privileged instructions of a guest, each as CP answers it: what only a virtual machine shows.

That the registers, storage and condition code are those of a bare machine is shown in `test_simulation`.
"""

import pytest

from edu_hv.hypervisor.decisions import Hypercall, Reflect, Simulate, SimulateIO
from edu_hv.hypervisor.timer_requests import TRQBLOK
from edu_hv.hypervisor.vmblok import ExtendedStatus, TimerLevel
from edu_hv.isa.codes import CR0, PIC, PSA, External
from edu_hv.isa.table import OPERATIONS
from edu_hv.machine.machine import Machine
from edu_hv.machine.psw import PSW
from edu_hv.machine.storage import FRAME
from tests.hypervisor.bench import CODE, HANDLER, SIZE, instruction
from tests.hypervisor.rows_scene import AREA, prepared, stopped
from tests.hypervisor.test_invariants import paging_bench
from tests.hypervisor.twins import Start, execute

SEGMENTS, PAGES = 0x4000, 0x5000
FORMAT = 0x00800000
"""Control register 0: 4K pages, 64K segments."""
PROBLEM = PSW(problem_state=True)


def program_code(vm):
    """The code in a BC-mode program old PSW."""
    return PIC(vm.peek(0x2A, 2)[1])


# ---- the whole table -----------------------------------------------------------------------------------------------

BY_CP = {
    Simulate: [
        "SSK",
        "ISK",
        "RRB",
        "SSM",
        "LPSW",
        "STNSM",
        "STOSM",
        "LRA",
        "STIDP",
        "SCK",
        "SCKC",
        "STCKC",
        "SPT",
        "STPT",
        "SPKA",
        "IPK",
        "PTLB",
        "STCTL",
        "LCTL",
    ],
    SimulateIO: ["SIO", "SIOF", "TIO", "CLRIO", "HIO", "HDV", "TCH", "STIDC"],
    Hypercall: ["DIAG"],
}
"""The list in SY20-0886 "Privileged Instruction Simulation"; EX leads to these, CS and CDS are in the machine."""
DECIDED = {mnemonic: kind for kind, mnemonics in BY_CP.items() for mnemonic in mnemonics}


def _encoded(row):
    text = instruction(row.mnemonic, base=2)
    return text + "0000" if text[0] >= "C" else text


TRAPPING = [row for row in OPERATIONS if row.privileged or row.semiprivileged]


@pytest.mark.parametrize("row", TRAPPING, ids=lambda row: row.mnemonic)
def test_each_privileged_instruction_finds_its_rule(row):
    """[1.4] In virtual supervisor state: simulated, I/O, DIAGNOSE, or one that a virtual machine does not have."""
    made, vm = prepared(_encoded(row), ec_mode=True)
    events = made.watch()
    made.steps()
    verdict = made.verdicts(events)[0]
    expected = DECIDED.get(row.mnemonic, Reflect)
    assert type(verdict.decision) is expected
    if expected is Reflect:
        assert verdict.decision.interruption.code == PIC.OPERATION
        assert vm.peek(0x8E, 2) == bytes([0, PIC.OPERATION])
    else:
        assert verdict.rule.id == "PRV-2"


def test_the_list_of_the_manual_is_in_the_instruction_table():
    """Otherwise the test above would leave one of them out."""
    assert set(DECIDED) <= {row.mnemonic for row in TRAPPING}


# ---- PSW -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "status"),
    [
        pytest.param("0008000000003000", ExtendedStatus.EXTCM, id="EC mode"),
        pytest.param("4008000000003000", ExtendedStatus.EXTCM | ExtendedStatus.PERCM, id="EC mode with PER"),
        pytest.param("0000000000003000", ExtendedStatus(0), id="BC mode"),
    ],
)
def test_lpsw_notes_the_mode_of_the_new_psw(text, status):
    """[1.4 LPSW; 1.2 VMESTAT] EXTCM and PERCM follow the virtual PSW."""
    _, vm = stopped("82002000", storage={AREA: text})
    assert str(vm.vmpsw).replace(" ", "").lower() == text
    assert vm.vmestat & (ExtendedStatus.EXTCM | ExtendedStatus.PERCM) == status


def test_lpsw_with_dat_makes_the_first_shadow_tables():
    """[1.4 LPSW; 1.2 VMESTAT] SHADT; real CR1 is the shadow table, neither the guest's nor VMSEG."""
    tables = {SEGMENTS: "F0005000", PAGES: "0000001000200030", 0x3000: "47F03000"}
    made, vm = prepared("82002000", tables | {AREA: "0408000000003000"}, cr={0: FORMAT | 0xE0, 1: SEGMENTS})
    made.settle()
    assert not vm.vmestat & ExtendedStatus.SHADT
    made.steps()
    assert vm.vmestat & ExtendedStatus.SHADT
    assert made.machine.cpu.cr[1] not in (SEGMENTS, vm.vmseg)
    assert vm.cpu.cr[1] == SEGMENTS


@pytest.mark.parametrize("displacement", [1, 2, 4])
def test_lpsw_operand_that_is_not_on_a_doubleword_is_a_specification_exception(displacement):
    """[1.4 LPSW] The virtual PSW is the old one; nothing was loaded."""
    _, vm = stopped(f"82002{displacement:03X}", storage={AREA: "FF" * 16})
    assert program_code(vm) is PIC.SPECIFICATION
    assert vm.vmpsw.instruction_address == HANDLER


def test_lpsw_that_enables_lets_what_is_pending_in():
    """[1.4 LPSW] The new PSW is the old PSW of the external interruption."""
    made, vm = prepared("82002000", {AREA: "0100000000003456"})
    vm.queue_external(External.INTERRUPT_KEY, CR0.INTERRUPT_KEY_MASK)
    made.steps()
    made.stop()
    assert vm.peek(0x18, 8).hex() == "0100004000003456"


def test_ssm_that_is_suppressed_is_the_guests_special_operation():
    """[1.4 SSM] Virtual CR0 bit 1; the mask stays as it was."""
    _, vm = stopped("80002000", storage={AREA: "FF"}, cr={0: 0x400000E0})
    assert program_code(vm) is PIC.SPECIAL_OPERATION
    assert PSW.from_bytes(vm.peek(0x28, 8)).system_mask == 0


@pytest.mark.parametrize(("mask", "ok"), [("43", True), ("02", True), ("80", False), ("18", False)])
def test_ssm_of_a_guest_in_ec_mode_may_turn_on_four_bits_only(mask, ok):
    """[1.4 SSM] Bits other than 1, 5, 6, 7 are a specification exception."""
    _, vm = stopped("80002000", storage={AREA: mask}, ec_mode=True)
    assert (vm.peek(0x8E, 2) != b"\0\6") is ok
    assert vm.vmpsw.instruction_address == (CODE + 4 if ok else HANDLER)


def test_stnsm_stores_the_virtual_mask_and_turns_bits_off():
    """[1.4 STNSM] Never the real mask, X'07'."""
    made, vm = stopped("AC0F2000", system_mask=0x3C)
    assert (vm.peek(AREA, 1), vm.vmpsw.system_mask) == (b"\x3c", 0x0C)
    assert made.machine.cpu.load_real(0x330, 1) == b"\x07"


def test_stosm_lets_what_is_pending_in():
    """[1.4 STOSM] The mask that is stored is the one before; the key's interruption is taken at once."""
    made, vm = prepared("AD012000", system_mask=0x40)
    vm.queue_external(External.INTERRUPT_KEY, CR0.INTERRUPT_KEY_MASK)
    made.steps()
    made.stop()
    assert vm.peek(AREA, 1) == b"\x40"
    assert vm.peek(0x18, 8).hex() == f"41000040{CODE + 4:08x}"


def test_spka_is_the_key_of_the_real_psw_at_the_next_dispatch():
    """[1.4 SPKA; 1.3 PSW key, CC, program mask, IA] And so protection is the machine's own."""
    made, vm = prepared("B20A0070" + "50F02000", {AREA: "00000000"})
    vm.storage.set_key(AREA, 0x60)
    made.steps()
    assert (vm.vmpsw.key, made.machine.cpu.psw.key) == (7, 7)
    made.steps()
    made.stop()
    assert program_code(vm) is PIC.PROTECTION


def test_ipk_gives_the_virtual_key():
    """[1.4 IPK] Bits 24 to 27 of general register 2, zeros behind them; the rest stays."""
    _, vm = stopped("B20B0000", gr={2: 0x123456FF}, key=9)
    assert f"{vm.vmgprs[2]:08X}" == "12345690"


# ---- control registers -----------------------------------------------------------------------------------------------


def test_lctl_of_masks_lets_what_is_pending_in():
    """[1.4 LCTL; 1.3 CR0] The virtual PSW is enabled already, the mask in virtual CR0 was not."""
    made, vm = prepared("B7002000", {AREA: "00000040"}, cr={0: 0}, system_mask=0x01)
    vm.queue_external(External.INTERRUPT_KEY, CR0.INTERRUPT_KEY_MASK)
    made.settle()
    assert vm.vmpxint
    made.steps()
    made.stop()
    assert vm.peek(0x18, 8).hex() == f"01000040{CODE + 4:08x}"
    assert vm.vmpxint == []


def test_lctl_of_register_6_is_kept_and_never_loaded():
    """[1.4 LCTL] What the guest has in CR6 does not govern the assist of its real machine; STCTL gives it back."""
    made, vm = stopped("B7662000" + "B6662010", 2, storage={AREA: "FFFFFFF8"})
    assert vm.peek(AREA + 16, 4).hex() == "fffffff8"
    assert made.machine.cpu.cr[6] != 0xFFFFFFF8


def test_lctl_operand_that_is_not_on_a_word_is_a_specification_exception():
    """[1.4 LCTL; 1.4 STCTL] And of STCTL too; no control register is changed, nothing is stored."""
    for code in ("B7002002", "B6002002"):
        _, vm = stopped(code, storage={AREA: "11" * 8}, cr={0: 0xE0})
        assert program_code(vm) is PIC.SPECIFICATION
        assert (vm.cpu.cr[0], vm.peek(AREA, 8)) == (0xE0, b"\x11" * 8)


def test_lra_gives_guest_real_addresses_of_the_worked_example():
    """[1.4 LRA] Page X'12' is guest-real page 5; the frame that it really is in does not show."""
    storage = {SEGMENTS: "F0005000" * 2, PAGES: "0000 0000 0050"}
    _, vm = stopped("B1102345", storage=storage, gr={2: 0x012000}, cr={0: FORMAT, 1: SEGMENTS})
    assert (f"{vm.vmgprs[1]:06X}", vm.vmpsw.cc) == ("005345", 0)
    assert vm.cpu.absolute(0x5345) != 0x5345


def test_lra_pages_the_guests_tables_in():
    """[1.4 LRA] CP reads them through VMSEG; they were on the paging volume."""
    made = paging_bench(0x10000 + 9 * FRAME)
    vm = made.start(made.log_on(ecmode=True), "B1102345")
    for address, text in {SEGMENTS: "F0005000" * 2, PAGES: "000000000050"}.items():
        vm.cpu.store_real(address, bytes.fromhex(text))
    vm.vmgprs[2], vm.cpu.cr[0], vm.cpu.cr[1] = 0x012000, FORMAT, SEGMENTS
    made.cp.paging.hold_none()
    other = made.log_on("B")
    for page in range(12):
        other.cpu.store_real(page * FRAME, b"\1")
        made.cp.paging.hold_none()
    assert [vm.storage.frame_of(page) for page in (4, 5)] == [None, None]
    made.until(lambda: vm.vmgprs[1] != 0)
    assert (f"{vm.vmgprs[1]:06X}", vm.storage.page_reads >= 2) == ("005345", True)


# ---- clocks ----------------------------------------------------------------------------------------------------------


def _bare(code, storage, steps):
    """A machine of its own after so many instructions."""
    machine = Machine(SIZE)
    machine.cpu.store_real(CODE, bytes.fromhex(code))
    for address, text in storage.items():
        machine.cpu.store_real(address, bytes.fromhex(text))
    machine.cpu.gr[2] = AREA
    machine.cpu.load_psw(PSW(instruction_address=CODE))
    for _ in range(steps):
        machine.advance()
    return machine


def test_cpu_timer_of_a_guest_counts_its_own_instructions():
    """[1.4 SPT; 1.4 STPT; 1.3 CPU timer, clock comparator] As on a bare machine, though CP took time at each trap."""
    code, storage = "B2082000" + "1800" * 5 + "B2092008", {AREA: "0000000012345000"}
    machine = _bare(code, storage, 7)
    _, vm = stopped(code, 7, storage=storage)
    assert vm.peek(AREA + 8, 8) == machine.cpu.load_real(AREA + 8, 8) != bytes(8)
    assert vm.vmtlevel & TimerLevel.CPU


def test_cpu_timer_set_negative_interrupts_the_guest():
    """[1.4 SPT] External 1005, when the virtual PSW and CR0 allow it."""
    made, vm = prepared("B2082000", {AREA: "FF" * 8}, cr={0: 0x400}, system_mask=0x01, ec_mode=True)
    made.steps()
    assert vm.peek(PSA.EXTERNAL_CODE, 2).hex() == "1005"


def test_clock_comparator_is_a_timer_request_and_then_external_1004():
    """[1.4 SCKC; 1.9 CPU timer/clock comp] A TRQBLOK for that TOD; the guest waits until then."""
    made, vm = prepared("B2062000" + "82002008", {AREA + 8: "010A000000000000"}, cr={0: 0x800}, ec_mode=True)
    due = made.machine.clocks.now + 5_000
    vm.cpu.store_real(AREA, (made.machine.clocks.tod_at_zero + (due << 12) - 1).to_bytes(8, "big"))
    made.steps()
    assert made.cp.requests.queue == (TRQBLOK(due, "A", "CLOCK_COMPARATOR"),)
    made.until(lambda: vm.peek(PSA.EXTERNAL_CODE, 2) != bytes(2))
    assert vm.peek(PSA.EXTERNAL_CODE, 2).hex() == "1004"
    assert made.machine.clocks.now >= due
    assert made.cp.requests.queue == ()


def test_stckc_stores_the_guests_comparator_and_not_cps():
    """[1.4 STCKC] The real one is set for CP's first timer request."""
    text = "81FFFFFFFFFFF000"
    made, vm = stopped("B2062000" + "B2072008", 2, storage={AREA: text})
    assert vm.peek(AREA + 8, 8).hex().upper() == text
    assert f"{made.machine.clocks.clock_comparator:016X}" != text


def test_stck_does_not_trap_and_stores_the_real_clock():
    """[1.4 STCK; 1.3 TOD clock] CC 0; CP hears nothing of it."""
    made, vm = prepared("B2052000", {AREA: "00"}, cc=3)
    made.settle()
    events, before = made.watch(), made.machine.clocks.tod
    made.machine.advance()
    stored, after = int.from_bytes(vm.peek(AREA, 8), "big"), made.machine.clocks.tod
    assert before <= stored <= after
    assert before < after
    assert made.machine.cpu.psw.cc == 0
    assert (vm.traps, made.verdicts(events)) == (0, [])


# ---- DIAGNOSE, EXECUTE -----------------------------------------------------------------------------------------------


def test_diagnose_code_is_the_effective_address():
    """[1.4 DIAG] Base and displacement: X'40' in GR3 and X'20' are X'60', the size of storage."""
    _, vm = stopped("83503020", gr={3: 0x40})
    assert vm.vmgprs[5] == SIZE


def test_execute_of_a_privileged_instruction_is_simulated_with_its_modified_byte():
    """[1.4 EX; 1.2 VMINST] The second byte is ORed with that of GR5: LCTL 0,0 becomes LCTL 2,2, as VMINST shows."""
    _, vm = stopped("44500400", storage={0x400: "B7002000", AREA: "12345678"}, gr={5: 0xFFFFFF22}, cr={0: 0xE0})
    assert (vm.cpu.cr[2], vm.cpu.cr[0]) == (0x12345678, 0xE0)
    assert vm.vmpsw.instruction_address == CODE + 4
    assert vm.vminst.hex().upper() == "B7222000"
    assert vm.peek(0x400, 4).hex().upper() == "B7002000"


def test_execute_of_another_instruction_does_not_trap():
    """[1.4 EX] CP sees EXECUTE only when its target is privileged."""
    _, vm = stopped("44500400", storage={0x400: "1800"}, gr={5: 0x67, 7: 0x77777777})
    assert (vm.vmgprs[6], vm.traps) == (0x77777777, 0)


@pytest.mark.parametrize("target", ["80002000", "9C000181", "83240060", "B20D0000", "B7002000"])
def test_execute_of_a_privileged_instruction_in_virtual_problem_state_is_reflected(target):
    """[1.4 EX] The address and length are those of EXECUTE, as on a machine of one's own."""
    twins = execute(Start("44000400", PROBLEM, gr={2: AREA}, storage={0x400: target}))
    assert twins.guest.difference(twins.bare) == []
    assert program_code(twins.vm) is PIC.PRIVILEGED_OPERATION
    assert twins.vm.peek(0x28, 8)[5:] == (CODE + 4).to_bytes(3, "big")


# ---- which state decides ---------------------------------------------------------------------------------------------

SAMPLE = {
    "LPSW": "82002000", "SSM": "80002000", "STNSM": "AC002000", "STOSM": "AD002000", "LCTL": "B7002000",
    "STCTL": "B6002000", "LRA": "B1102000", "SPT": "B2082000", "SIO": "9C000181", "DIAG": "83240060",
}  # fmt: skip


@pytest.mark.parametrize("mnemonic", SAMPLE)
def test_the_problem_bit_of_the_virtual_psw_decides(mnemonic):
    """[1.1 2; 1.1 3; 1.6 PGM-1] The real one is on in both; CP simulates, or reflects code 0002."""
    decisions = []
    for problem in (False, True):
        made, _vm = prepared(SAMPLE[mnemonic], problem_state=problem)
        made.settle()
        assert made.machine.cpu.psw.problem_state
        events = made.watch()
        made.steps()
        decisions.append(made.verdicts(events)[0])
    simulated, reflected = decisions
    assert simulated.rule.id == "PRV-2"
    assert type(simulated.decision) is DECIDED[mnemonic]
    assert reflected.rule.id == "PRV-1"
    assert reflected.decision.interruption.code == PIC.PRIVILEGED_OPERATION
