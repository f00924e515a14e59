"""Interruptions, states and blocks, as the rows of the specification say; `test_audit` goes on with pages and waits."""

import pytest

from edu_hv.hypervisor.commands.registry import run_command
from edu_hv.hypervisor.decisions import Deliver, Dispatched, Reflect
from edu_hv.hypervisor.vmblok import DispatchStatus, ProcessStatus, RunStatus
from edu_hv.isa.codes import CR0, PSA, Class, External, UnitStatus
from edu_hv.machine.psw import PSW
from tests.hypervisor.bench import (
    CODE,
    CONSOLE,
    HANDLER,
    SIZE,
    TAPE,
    bench,
    cp_lines,
    guest,
)


def command(made, vm, line):
    return run_command(made.cp, vm, line)


# ---- interruptions --------------------------------------------------------------------------------------------------


def pending_of_every_kind(vm, cp):
    vm.queue_external(External.INTERRUPT_KEY, CR0.INTERRUPT_KEY_MASK)
    vm.queue_external(External.INTERVAL_TIMER, CR0.INTERVAL_TIMER_MASK)
    vm.queue_external(0x4001, CR0.VMCF_MASK)
    cp.vio.present(vm, TAPE, UnitStatus.DEVICE_END)
    cp.vio.present(vm, CONSOLE, UnitStatus.ATTENTION)


@pytest.mark.parametrize("ec", [False, True])
def test_pending_interruptions_come_in_the_documented_order(ec):
    """[1.6 ORDER] [1.6 EXT-1] Program-event recording behind the SVC, external, I/O by channel, then the wait bit."""
    made, vm = guest(ecmode=True)
    made.stop()
    enabled = {"system_mask": 0x43 if ec else 0xFF, "ec_mode": ec}
    for kind in (Class.EXTERNAL, Class.INPUT_OUTPUT, Class.PROGRAM):
        vm.cpu.store_real(kind.new_psw, PSW(instruction_address=HANDLER + kind.old_psw * 16, ec_mode=ec).to_bytes())
        vm.cpu.store_real(HANDLER + kind.old_psw * 16, bytes.fromhex(f"820000{kind.old_psw:02X}"))
    vm.cpu.store_real(Class.SVC.new_psw, PSW(wait=True, instruction_address=0x700, **enabled).to_bytes())
    vm.cpu.cr[0], vm.cpu.cr[9], vm.cpu.cr[11] = 0xFFFF, 0x40000000, CODE + 1
    events = made.watch()
    pending_of_every_kind(vm, made.cp)
    made.start(vm, "0A05", system_mask=0x40 if ec else 0, ec_mode=ec)
    made.run()
    delivered = [v.decision.interruption for v in made.verdicts(events) if isinstance(v.decision, Reflect | Deliver)]
    came = [(each.kind, each.code) for each in delivered if each.code != 2]
    assert came == [
        (Class.SVC, 5),
        *([(Class.PROGRAM, 0x80)] if ec else []),
        (Class.EXTERNAL, 0xC0),
        (Class.EXTERNAL, 0x4001),
        (Class.INPUT_OUTPUT, CONSOLE),
        (Class.INPUT_OUTPUT, TAPE),
    ]
    assert vm.vmpsw.wait
    assert not vm.cf


@pytest.mark.parametrize(
    ("psw", "ecmode", "outcome"),
    [
        pytest.param(
            "0008000000000A00", False, "DMKDSP451W CP ENTERED; INVALID PSW '00080000 00000A00'", id="EC without ECMODE"
        ),
        pytest.param("8008000000000A00", True, Class.PROGRAM, id="bits of an EC PSW that must be zero"),
        pytest.param("0000000000000A01", True, Class.PROGRAM, id="odd address"),
        pytest.param("0000000000020000", True, Class.PROGRAM, id="address beyond storage"),
        pytest.param(
            "0002000000000012", True, "DMKDSP450W CP ENTERED; DISABLED WAIT PSW '00020000 00000012'", id="disabled wait"
        ),
    ],
)
def test_a_new_psw_is_checked(psw, ecmode, outcome):
    """[1.6 PSWCHK] [1.8 wait with all of I/O and external off] What the guest loads by LPSW."""
    made, vm = guest(ecmode=ecmode)
    made.stop()
    vm.cpu.store_real(0x700, bytes.fromhex(psw))
    vm.cpu.store_real(Class.PROGRAM.new_psw, PSW(ec_mode=ecmode, instruction_address=HANDLER).to_bytes())
    made.start(vm, "82000700", ec_mode=ecmode)
    made.steps(2).stop()
    if outcome is Class.PROGRAM:
        code = {"8": 6, "1": 6, "0": 5}["8" if psw[0] == "8" else psw[-1]]
        found = (
            vm.peek(0x8C, 4)[3] if vm.peek(Class.PROGRAM.old_psw, 8)[1] & 8 else vm.peek(Class.PROGRAM.old_psw, 8)[3]
        )
        assert (vm.vmpsw.instruction_address, found) == (HANDLER, code)
    else:
        assert cp_lines(vm)[-2:] == [outcome, "CP"]
        assert vm.cf


def test_a_program_interruption_routine_that_fails_at_once_stops_the_machine():
    """[1.6 PGM-2] 453W: the interruption's address is that of the program new PSW, again."""
    made, vm = guest("0000")
    made.run()
    assert cp_lines(vm)[-2:] == ["DMKPRG453W CP ENTERED; PROGRAM INTERRUPT LOOP '00000000 00000000'", "CP"]


@pytest.mark.parametrize(
    ("psw", "old", "code"),
    [
        pytest.param(PSW(cc=2, program_mask=5, problem_state=True), "0001007765000A02", "00000000", id="BC"),
        pytest.param(PSW(ec_mode=True, cc=2, program_mask=5), "0008250000000A02", "00020077", id="EC"),
    ],
)
def test_an_svc_swaps_psws_in_the_guests_page_0(psw, old, code):
    """[1.6 SVC-4] The old PSW with code and length, or these at X'88'; real page 0 stays CP's."""
    made, vm = guest(ecmode=True)
    made.stop()
    vm.cpu.store_real(Class.SVC.new_psw, PSW(ec_mode=psw.ec_mode, instruction_address=HANDLER).to_bytes())
    vm.cpu.store_real(CODE, bytes.fromhex("0A77"))
    psw.instruction_address = CODE
    vm.cpu.load_psw(psw)
    vm.cf = False
    made.cp.wake(vm)
    real = made.machine.cpu.load_real(Class.SVC.new_psw, 8)
    made.steps().stop()
    assert vm.peek(Class.SVC.old_psw, 8).hex().upper() == old
    assert vm.peek(0x88, 4).hex() == code
    assert vm.vmpsw.instruction_address == HANDLER
    assert made.machine.cpu.load_real(Class.SVC.new_psw, 8) == real


# ---- states, blocks, registers --------------------------------------------------------------------------------------


def test_cp_runs_with_dat_off_and_disabled_and_one_place_gives_the_machine_to_a_guest():
    """[1.1 5] [1.1 6] The new PSWs: supervisor, DAT off, disabled; a guest's PSW comes from the dispatcher alone."""
    made, vm = guest("1A11")
    for kind in Class:
        new = PSW.from_bytes(made.machine.cpu.load_real(kind.new_psw, 8))
        assert (new.problem_state, new.dat, new.external_mask, new.io_enabled()) == (False, False, False, False)
    events = made.watch()
    made.settle()
    dispatched = [PSW.from_bytes(event.real_psw) for event in events if isinstance(event, Dispatched)]
    assert [psw.problem_state for psw in dispatched] == [True]
    assert made.cp.running_vm is vm


def test_the_blocks_of_a_machine_are_what_its_state_says():
    """[1.2 VMQFPNT; 1.2 VMPNT; 1.2 VMSEG; 1.2 VMSIZE; 1.2 VMPSTAT; 1.2 VMPSW; 1.2 VMGPRS; 1.2 VMUSER]."""
    made = bench()
    first, second = made.log_on("A", ecmode=True), made.log_on("B")
    assert made.cp.vms == [first, second]
    assert (first.vmuser, first.vmsize) == ("A", SIZE)
    assert bool(first.vmpstat & ProcessStatus.V370R), not second.vmpstat & ProcessStatus.V370R
    made.start(first, "1A56", cc=0)
    first.vmgprs[5], first.vmgprs[6] = 1, 2
    made.start(second, "1A56")
    assert made.cp.scheduler.in_queue == [first, second]
    assert all(vm.vmdstat & DispatchStatus.INQ for vm in made.cp.vms)
    made.settle()
    assert made.machine.cpu.cr[1] == first.vmseg
    assert made.machine.cpu.gr[5:7] == [1, 2]
    made.machine.advance()
    made.stop()
    assert first.vmgprs[5] == 3
    assert (first.vmpsw.instruction_address, first.vmpsw.cc) == (CODE + 2, 2)


def test_a_machines_channels_are_found_by_index():
    """[1.2 VMCHSTRT; 1.2 VMTERM; 1.2 VMIOACTV; 1.3 Channels/devices] By VMCHTBL; no real address."""
    made, vm = guest()
    made.stop()
    devices = vm.devices
    assert [devices.vmchtbl[channel] >= 0 for channel in range(3)] == [True, True, False]
    tape = devices.lookup(TAPE)
    assert tape is not None
    assert (tape.address, tape.real) == (TAPE, 0x281)
    assert devices.lookup(0x281) is None
    console = devices.console()
    assert console is not None
    assert console.address == CONSOLE
    assert devices.vmioactv == 0
    vm.cpu.store_real(PSA.CAW, bytes.fromhex("00000500"))
    vm.cpu.store_real(0x500, bytes.fromhex("0A00200020000010"))
    made.start(vm, "9C000009")
    made.steps()
    assert devices.vmioactv == 0x8000


@pytest.mark.parametrize("mask", [0, 0x80000000, 0xFFFFFFFF])
def test_the_guests_registers_are_real_and_its_channel_masks_are_not(mask):
    """[1.3 GPR, FPR; 1.3 CR2 (channel masks)] CR2 is in the ECBLOK; the real one has all channels on."""
    made, vm = guest("1A11", ecmode=True)
    made.stop()
    vm.cpu.cr[2], vm.vmgprs[7], vm.vmfprs[2] = mask, 0x1234, 0x41100000 << 32
    made.cp.wake(vm)
    made.settle()
    real = made.machine.cpu
    assert (real.cr[2], real.gr[7], real.fpr[2]) == (0xFFFFFFFF, 0x1234, 0x41100000 << 32)


def test_when_nobody_can_run_the_real_machine_waits():
    """[1.8 no VM runnable at all] Enabled for I/O and external; the guest that waits is in no queue."""
    made, vm = guest("82000700")
    vm.cpu.store_real(0x700, bytes.fromhex("FF02000000000000"))
    made.until(lambda: made.cp.running_vm is None and not made.cp.busy)
    real = made.machine.cpu.psw
    assert (real.wait, real.io_enabled(), real.external_mask, real.problem_state) == (True, True, True, False)
    assert made.cp.scheduler.in_queue == []
    assert vm.vmrstat & RunStatus.IDLE


def test_a_guest_that_knows_of_cp_closes_its_printer_by_command():
    """[1.11 No double work] STIDP says FF; DIAGNOSE X'08' CLOSE makes the file, without anybody at the terminal."""
    made, vm = guest()
    made.stop()
    vm.cpu.store_real(0x800, "CLOSE PRT".encode("cp037"))
    vm.cpu.store_real(PSA.CAW, bytes.fromhex("00000500"))
    vm.cpu.store_real(0x500, bytes.fromhex("0900200020000010"))
    vm.vmgprs[2], vm.vmgprs[4] = 0x800, 9
    made.start(vm, "B2020700" + "9C00000E" + "83240008")
    made.steps(3).stop()
    assert vm.peek(0x700, 1) == b"\xff"
    assert vm.vmgprs[4] == 0
    assert command(made, vm, "QUERY FILES").lines[0].split(",")[1] != "  NO PRT"
