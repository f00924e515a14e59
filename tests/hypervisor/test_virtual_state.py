"""Virtual and real state of a guest: what the VMBLOK has, and what the CPU has while it runs.  SY20-0886 "VMBLOK"."""

import pytest

from edu_hv.hypervisor import dispatch
from edu_hv.hypervisor.commands import run_command
from edu_hv.hypervisor.control_program import RUNPSW
from edu_hv.hypervisor.decisions import Hypercall, Reflect, Simulate, SimulateIO
from edu_hv.hypervisor.program import Trap, on_interruption
from edu_hv.hypervisor.simulate import SIMULATED
from edu_hv.hypervisor.vmblok import ExtendedStatus, Pending, RunStatus
from edu_hv.isa.codes import CR0, MASK_32, PIC, Class
from edu_hv.isa.table import OPERATIONS
from edu_hv.machine.interruptions import Ending, Interruption
from edu_hv.machine.psw import PSW
from tests.hypervisor.bench import CODE, HANDLER, SIZE, bench, guest

LOOP = "47F00A00"
REAL_PSW = 0x070D
"""EC mode, DAT, I/O and external, machine check, problem state; key 0."""

# ---- 1.1 states ------------------------------------------------------------------------------------------------------

VIRTUAL_PSWS = [
    pytest.param({}, id="supervisor, disabled"),
    pytest.param({"problem_state": True, "system_mask": 0xFF}, id="problem, enabled"),
    pytest.param({"ec_mode": True, "system_mask": 0x03}, id="EC mode"),
    pytest.param({"ec_mode": True, "system_mask": 0x40}, id="EC mode, PER"),
]


@pytest.mark.parametrize("psw", VIRTUAL_PSWS)
def test_guest_is_dispatched_in_real_problem_state_whatever_it_believes(psw):
    """[1.1-1] [1.3 PSW mode bits] [1.3 PSW system mask] [1.7-5] The guest's mask is its own."""
    made, vm = guest(LOOP, ecmode=True, **psw)
    made.settle()
    real = made.machine.cpu.psw
    per = 0x4000 if psw.get("system_mask") == 0x40 else 0
    assert real.to_bytes()[:2].hex() == f"{REAL_PSW | per:04x}"
    assert made.machine.cpu.load_real(RUNPSW, 2).hex() == f"{REAL_PSW | per:04x}"
    assert (vm.vmpsw.system_mask, vm.vmpsw.problem_state) == (
        psw.get("system_mask", 0),
        psw.get("problem_state", False),
    )


@pytest.mark.parametrize(
    ("problem", "rule"), [(False, "PRV-2"), (True, "PRV-1")], ids=["virtual supervisor state", "virtual problem state"]
)
def test_bit_15_of_the_virtual_psw_decides_between_simulation_and_reflection(problem, rule):
    """[1.1-2] [1.1-3] Trap in virtual supervisor state: simulate; in virtual problem state: reflect code 0002."""
    made, vm = guest("80000800", problem_state=problem)
    vm.cpu.store_real(0x68, bytes.fromhex(f"{HANDLER:016X}"))
    events = made.watch()
    made.steps()
    made.stop()
    assert [verdict.rule.id for verdict in made.verdicts(events)] == [rule]
    assert vm.peek(0x2A, 2).hex() == ("0002" if problem else "0000")


def test_cp_runs_with_dat_off_and_disabled():
    """[1.1-5] The new PSWs of the real machine: EC mode, DAT off, supervisor state, no I/O, no external."""
    made, _ = guest("80000800")
    for kind in Class:
        psw = PSW.from_bytes(made.machine.cpu.load_real(kind.new_psw, 8))
        assert (psw.ec_mode, psw.system_mask, psw.problem_state, psw.wait) == (True, 0, False, False)


def test_every_interruption_that_stops_a_guest_leads_through_the_dispatcher(monkeypatch):
    """[1.1-6] One exit from CP into a guest: the real PSW and registers are built in one place."""
    made, vm = guest("80000800" + "0A05")
    vm.cpu.store_real(0x60, bytes.fromhex(f"{HANDLER:016X}"))
    built = []
    real = dispatch.real_psw_for
    monkeypatch.setattr(dispatch, "real_psw_for", lambda vm: built.append(vm.vmuser) or real(vm))
    made.settle()
    traps = vm.traps
    made.steps(2)
    assert len(built) == vm.traps - traps + 1


# ---- 1.2, 1.3 --------------------------------------------------------------------------------------------------------


def test_what_a_psw_has_of_the_guests_own_is_copied_there_and_back():
    """[1.3 PSW key, CC, program mask, IA] [1.2 VMPSW] In the real PSW while running; back in VMPSW at a trap."""
    made, vm = guest("1A22" + "0A00", cc=3, program_mask=0xA, key=0)
    vm.vmgprs[2] = 0
    made.settle()
    real = made.machine.cpu.psw
    assert (real.cc, real.program_mask, real.instruction_address) == (3, 0xA, CODE)
    made.machine.advance()
    made.stop()
    assert (vm.vmpsw.cc, vm.vmpsw.instruction_address) == (0, CODE + 2)


def test_registers_are_the_guests_own_in_the_machine_and_in_the_vmblok_when_it_does_not_run():
    """[1.3 GPR, FPR] [1.2 VMGPRS/VMFPRS]"""
    made, vm = guest("41220001" + LOOP)
    vm.vmgprs[:], vm.vmfprs[:] = range(100, 116), range(4)
    made.settle()
    assert (list(made.machine.cpu.gr), list(made.machine.cpu.fpr)) == (list(range(100, 116)), [0, 1, 2, 3])
    made.machine.advance()
    made.stop()
    assert vm.vmgprs[2] == 103


def test_control_registers_0_to_2_are_cps_while_the_guests_dat_is_off():
    """[1.3 CR0] [1.3 CR1] [1.3 CR2] [1.2 VMSEG] [1.7-6] CP's CR0, VMSEG, all channels."""
    made, vm = guest(LOOP, ecmode=True)
    vm.cpu.cr[0], vm.cpu.cr[1], vm.cpu.cr[2] = 0, 0x5000, 0
    made.settle()
    real = made.machine.cpu.cr
    assert (real[0], real[1], real[2]) == (dispatch.RUN_CR0, vm.vmseg, MASK_32)
    assert real[0] & CR0.INTERVAL_TIMER_MASK
    assert vm.cpu.cr[:3] == [0, 0x5000, 0]


@pytest.mark.parametrize("ecmode", [True, False])
def test_monitor_masks_and_per_controls_act_natively_with_ecmode_only(ecmode):
    """[1.3 CR4-CR13] [1.7-9] CR8 and CR9 to CR11 from the ECBLOK."""
    made, vm = guest(LOOP, ecmode=ecmode)
    vm.cpu.cr[8:12] = [0x8000, 0x40000000, 0x100, 0x200]
    made.settle()
    assert made.machine.cpu.cr[8:12] == ([0x8000, 0x40000000, 0x100, 0x200] if ecmode else [0] * 4)


def test_low_storage_of_the_guest_is_a_page_like_any_other():
    """[1.3 Guest page 0] [1.3 Guest storage 0..VMSIZE] Hardware never stores there; CP does."""
    made, vm = guest("0A05")
    vm.cpu.store_real(0x60, bytes.fromhex(f"{HANDLER:016X}"))
    before = made.machine.cpu.load_real(0x60, 8)
    made.steps()
    made.stop()
    assert vm.peek(0x20, 8).hex() == f"0000000540{CODE + 2:06x}"
    assert vm.storage.frame_of(0) != 0
    assert (vm.vmsize, made.machine.cpu.load_real(0x60, 8)) == (SIZE, before)


def test_fields_of_a_machine_at_logon():
    """[1.2 VMSIZE] [1.2 VMUSER/VMACCNT/VMDIST] [1.2 VMPNT] [1.2 VMECEXT / VMVCR0] One VMBLOK a machine, in a ring."""
    made = bench()
    first, second = made.log_on("ANNE"), made.log_on("BILL", ecmode=True)
    assert ([vm.vmuser for vm in made.cp.vms], first.vmsize) == (["ANNE", "BILL"], SIZE)
    assert (first.ecblok is None, second.ecblok is not None, first.cpu.cr[0]) == (True, True, 0xE0)
    assert (first.vmaccnt, first.vmdist, first.vmcls) == ("", "", "G")


def test_vminst_is_the_instruction_being_simulated():
    """[1.2 VMINST] Through EXECUTE too, with R1's byte ORed in."""
    made, vm = guest("44300A10" + LOOP)
    vm.cpu.store_real(0xA10, bytes.fromhex("B20B0000"))
    made.steps()
    assert vm.vminst.hex() == "b20b0000"


@pytest.mark.parametrize(("ec", "per"), [(False, False), (True, False), (True, True)])
def test_vmestat_follows_the_virtual_psw(ec, per):
    """[1.2 VMESTAT] 08 EXTCM: the virtual PSW is EC; 40 PERCM: it has PER on."""
    made, vm = guest(LOOP, ecmode=True, ec_mode=ec, system_mask=0x40 if per else 0)
    made.settle()
    assert (bool(vm.vmestat & ExtendedStatus.EXTCM), bool(vm.vmestat & ExtendedStatus.PERCM)) == (ec, per)


def test_vmpend_says_what_is_pending():
    """[1.2 VMPEND] 01 EXT, 02 I/O; off when they have been taken."""
    made, vm = guest(LOOP)
    run_command(made.cp, vm, "EXTERNAL")
    run_command(made.cp, vm, "READY 00C")
    made.settle()
    assert vm.vmpend == Pending.EXT | Pending.IO
    for new in (0x58, 0x78):
        vm.cpu.store_real(new, bytes.fromhex(f"FF000000{CODE:08X}"))
    run_command(made.cp, vm, "STORE PSW FF000000 A00")
    made.steps(3)
    assert vm.vmpend == Pending(0)


def test_cp_wait_is_every_reason_in_vmrstat_but_pswait_and_idle():
    """[1.2 VMRSTAT] With any of the other bits the machine is not dispatched, whatever its PSW says."""
    _, vm = guest(LOOP)
    vm.begin_wait(RunStatus.PSWAIT | RunStatus.IDLE)
    assert not vm.cp_wait
    for bit in set(RunStatus) - {RunStatus.PSWAIT, RunStatus.IDLE}:
        vm.vmrstat = RunStatus(0)
        vm.begin_wait(bit)
        assert vm.cp_wait


# ---- 1.4 -------------------------------------------------------------------------------------------------------------

PRIVILEGED = sorted((row for row in OPERATIONS if row.privileged), key=lambda row: row.mnemonic)
ABSENT = {"SIGP", "SPX", "STPX", "STAP", "RDD", "WRD"}
"""Reflected as operation exceptions: a virtual machine is a uniprocessor, without direct control."""


def _text(row) -> bytes:
    return row.code.to_bytes(2, "big") + bytes(2) if row.two_byte else bytes([row.code]) + bytes(3)


def _trap(vm, row) -> Trap:
    text = _text(row)
    text = text[:2] if row.format.name == "RR" else text
    why = Interruption(Class.PROGRAM, PIC.PRIVILEGED_OPERATION, len(text) >> 1, CODE, text, Ending.SUPPRESSION)
    return Trap(vm, why, text)


@pytest.mark.parametrize("row", PRIVILEGED, ids=lambda row: row.mnemonic)
def test_every_privileged_instruction_has_a_rule_in_both_states(row):
    """[1.4 Common path] The instruction table is walked: simulated, or reflected as one that the machine has not."""
    _, vm = guest("", ecmode=True)
    decided = on_interruption(_trap(vm, row)).decision
    if row.mnemonic == "DIAG":
        assert isinstance(decided, Hypercall)
    elif isinstance(decided, Reflect):
        assert (decided.interruption.code, row.mnemonic in SIMULATED) == (PIC.OPERATION, False)
    else:
        assert isinstance(decided, Simulate | SimulateIO)
        assert decided.mnemonic == row.mnemonic
    vm.vmpsw.problem_state = True
    verdict = on_interruption(_trap(vm, row))
    assert isinstance(verdict.decision, Reflect)
    expected = PIC.OPERATION if verdict.rule.id == "PRG-3" else PIC.PRIVILEGED_OPERATION
    assert verdict.decision.interruption.code == expected


@pytest.mark.parametrize("mnemonic", sorted(ABSENT & {row.mnemonic for row in PRIVILEGED}))
def test_instruction_of_several_processors_or_direct_control_is_an_operation_exception(mnemonic):
    """[1.4 SIGP AE, SPX B210, STPX B211, STAP B212] [1.4 RDD/WRD 85/84] As a uniprocessor would."""
    _, vm = guest("", ecmode=True)
    row = next(row for row in PRIVILEGED if row.mnemonic == mnemonic)
    decided = on_interruption(_trap(vm, row)).decision
    assert isinstance(decided, Reflect)
    assert decided.interruption.code == PIC.OPERATION


def test_stck_is_not_privileged_and_does_not_trap():
    """[1.4 STCK B205] [1.9 TOD]"""
    made, vm = guest("B2050800" + LOOP)
    made.settle()
    traps = vm.traps
    made.machine.advance()
    made.stop()
    assert (vm.traps, vm.vmpsw.cc) == (traps, 0)


def test_worked_example_1_ssm_enables_a_pending_external_interruption():
    """[1.4 SSM 80] The table of the reference, moment by moment; the real mask never changes."""
    made, vm = guest("")
    vm.cpu.store_real(0x1000, bytes.fromhex("80000200"))
    vm.cpu.store_real(0x200, b"\xff")
    vm.cpu.store_real(0x58, bytes.fromhex(f"{HANDLER:016X}"))
    vm.queue_external(0x80, 0x80)
    made.start(vm, "", instruction_address=0x1000)
    made.settle()
    assert made.machine.cpu.psw.to_bytes().hex() == "070d000000001000"
    made.steps()
    assert vm.peek(0x18, 8).hex() == "ff00008000001004"
    assert made.machine.cpu.load_real(0x28, 8).hex() == "070d000000001004"
    assert made.machine.cpu.load_real(0x8C, 4).hex() == "00040002"
    assert made.machine.cpu.psw.to_bytes().hex() == f"070d0000{HANDLER:08x}"


def test_worked_example_2_the_protected_register_is_the_guests():
    """[1.4 STCTL B6] Never shadow CR0/CR1 or CP's."""
    made, vm = guest("B6110300" + LOOP, ecmode=True)
    vm.cpu.cr[1] = 0x00012000
    made.steps()
    assert made.machine.cpu.cr[1] != 0x00012000
    assert vm.peek(0x300, 4).hex() == "00012000"


# ---- 1.6 ORDER, PSWCHK -----------------------------------------------------------------------------------------------


def test_pending_interruptions_come_in_the_documented_order():
    """[1.6 ORDER] Program (PER, pseudo page fault), external, I/O, then the wait bit, then run."""
    ids = [rule.id for rule in dispatch.BEFORE_RUNNING]
    order = ["DSP-10", "DSP-5", "DSP-6", "DSP-7", "DSP-9"]
    assert [one for one in ids if one in order] == order


def test_external_comes_before_io_and_both_before_the_wait():
    """[1.6 EXT-2] [1.6 IO-2] [1.6 IO-3] The old PSWs show it: I/O's is external's new one."""
    made, vm = guest("82000800")
    vm.cpu.store_real(0x800, bytes.fromhex("FF02000000000A00"))
    vm.cpu.store_real(0x58, bytes.fromhex(f"FE000000{HANDLER:08X}"))
    vm.cpu.store_real(0x78, bytes.fromhex(f"00000000{HANDLER:08X}"))
    run_command(made.cp, vm, "EXTERNAL")
    run_command(made.cp, vm, "READY 00C")
    made.steps()
    assert vm.peek(0x18, 8).hex() == "ff02004000000a00"
    assert vm.peek(0x38, 8).hex() == f"fe00000c{HANDLER:08x}"


@pytest.mark.parametrize(("mask", "cr0", "delivered"), [(0x01, 0x40, True), (0x00, 0x40, False), (0x01, 0x80, False)])
def test_external_needs_bit_7_and_the_mask_in_cr0(mask, cr0, delivered):
    """[1.6 EXT-2] VMPSW bit 7 and (block mask AND virtual CR0) not zero."""
    made, vm = guest(LOOP, ecmode=True, system_mask=mask)
    vm.cpu.cr[0] = cr0
    vm.queue_external(0x40, 0x40)
    made.cp.wake(vm)
    made.settle()
    assert (vm.vmpxint == []) == delivered


CHANNELS = [
    pytest.param(False, 0xFE, 0, 0x0, True, id="BC, channel 0"),
    pytest.param(False, 0x7E, MASK_32, 0x0, False, id="BC, channel 0 masked"),
    pytest.param(False, 0x02, 0, 0x7, False, id="BC with ECMODE, channel 7 needs CR2"),
    pytest.param(False, 0x02, MASK_32, 0x7, True, id="BC with ECMODE, channel 7"),
    pytest.param(True, 0x02, 0x80000000, 0x0, True, id="EC, CR2"),
    pytest.param(True, 0x02, 0x40000000, 0x0, False, id="EC, not in CR2"),
    pytest.param(True, 0x00, MASK_32, 0x0, False, id="EC, PSW bit 6 off"),
]


@pytest.mark.parametrize(("ec", "mask", "cr2", "channel", "delivered"), CHANNELS)
def test_io_needs_its_channels_mask(ec, mask, cr2, channel, delivered):
    """[1.6 IO-2] BC: PSW bits 0-5; bit 6 and CR2 for the rest with ECMODE.  EC: PSW bit 6 and CR2."""
    made, vm = guest(LOOP, ecmode=True, ec_mode=ec, system_mask=mask)
    vm.cpu.cr[2] = cr2
    address = channel << 8 | 0x0C
    if channel:
        run_command(made.cp, vm, f"DEFINE 00C AS {address:03X}")
        vm.cpu.cr[2] = cr2
        vm.vmpsw.system_mask = mask
    made.cp.vio.present(vm, address, 0x04)
    assert (made.cp.vio.pending(vm) == address) == delivered
