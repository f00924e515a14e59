"""The states of CP and of virtual machines: who has the real machine, what a VMBLOK says, what is virtual, what real.

The names are those of SY20-0884 "VMBLOK".
"""

import pytest

from edu_hv.devices.tape import aws_image
from edu_hv.hypervisor.control_program import ENTRY_POINTS, RUNPSW
from edu_hv.hypervisor.decisions import Dispatched
from edu_hv.hypervisor.dispatch import real_psw_for
from edu_hv.hypervisor.logon import log_off
from edu_hv.hypervisor.paging import CP_CR0
from edu_hv.hypervisor.vmblok import CP_WAIT, OtherStatus, ProcessStatus, RunStatus
from edu_hv.isa.codes import CR0, MASK_32, PIC, PSA, External
from edu_hv.machine.dat import walk
from edu_hv.machine.storage import FRAME
from tests.hypervisor.bench import CODE, CONSOLE, HANDLER, SIZE, TAPE, bench, own_lines
from tests.hypervisor.rows_scene import AREA, WAIT_FOR_IO, page_out, prepared, stopped, store
from tests.hypervisor.test_invariants import paging_bench
from tests.hypervisor.users_scene import pass_time, scene

LOOP = "47F00A00"
IMAGE = aws_image([b"\x11" * 80] * 4)


# ---- 1.1 states ------------------------------------------------------------------------------------------------------


def test_cp_runs_with_dat_off_and_disabled_and_guests_are_entered_in_one_place_only():
    """[1.1 5; 1.1 6] Real addresses, no interruptions; whatever came, the dispatcher built RUNPSW and loaded that."""
    made = bench()
    vm = made.ipl("kernel", "A")
    events = made.watch()
    entries = {address for _, address in ENTRY_POINTS.values()}
    cps, entered, was_busy = set(), 0, True
    for _ in range(6_000):
        psw, busy = made.machine.cpu.psw, made.cp.busy
        if busy:
            cps.add((psw.ec_mode, psw.dat, psw.system_mask, psw.problem_state, psw.wait))
            assert psw.instruction_address in entries | {0} or psw.wait
        elif was_busy:
            entered += 1
            assert made.machine.cpu.load_real(RUNPSW, 8) == psw.to_bytes()
            assert psw.wait or psw == real_psw_for(vm)
        was_busy = busy
        made.machine.advance()
    assert (True, False, 0, False, False) in cps
    assert {state[1:4] for state in cps if not state[4]} == {(False, 0, False)}
    assert entered == sum(isinstance(event, Dispatched) for event in events) > 100


# ---- 1.2 VMBLOK: chains, storage, devices ----------------------------------------------------------------------------


def test_machines_are_in_the_ring_from_logon_to_logoff():
    """[1.2 VMPNT] In the order of logon; the others stay in it."""
    made = bench()
    a, b, c = (made.log_on(userid) for userid in "ABC")
    assert made.cp.vms == [a, b, c]
    log_off(made.cp, b)
    assert made.cp.vms == [a, c]
    again = made.cp.logon("B", SIZE)
    assert made.cp.vms == [a, c, again]


def test_set_ecmode_gives_the_machine_an_ecblok_and_takes_it():
    """[1.2 VMECEXT; 1.2 VMPSTAT] V370R; with it all control registers, without it the virtual CR0 alone."""
    made = scene()
    vm = made.logon("ANNE")
    assert (vm.ecblok, vm.vmpstat & ProcessStatus.V370R) == (None, 0)
    made.command(vm, "SET ECMODE ON")
    assert vm.vmpstat & ProcessStatus.V370R
    loads = "B70F2000" + "B60F2040"
    values = "".join(f"{0x11110000 + n:08X}" for n in range(1, 16))
    for expected in ("000000E0" + values, "000000E0" + "00" * 60):
        store(vm, {AREA: "000000E0" + values})
        vm.vmgprs[2] = AREA
        made.start(vm, loads)
        made.steps(2)
        assert vm.peek(AREA + 64, 64).hex().upper() == expected
        made.command(vm, "SET ECMODE OFF")
    assert (vm.ecblok, vm.vmpstat & ProcessStatus.V370R) == (None, 0)


def test_vmseg_is_real_control_register_1_and_leads_to_the_guests_own_frames():
    """[1.2 VMSEG; 1.3 CR1; 1.3 CR0] Each guest's own table, in the format of CP; walked here as the machine does."""
    made = bench()
    vms = [made.start(made.log_on(name), LOOP) for name in "AB"]
    real, seen = made.machine.cpu, {}
    for vm in vms:
        made.until(lambda vm=vm: made.cp.running == vm.vmuser)
        assert (real.cr[1], real.cr[0] & CR0.TRANSLATION_FORMAT) == (vm.vmseg, CP_CR0 & CR0.TRANSLATION_FORMAT)
        seen[vm.vmuser] = walk(CODE, real.cr[0], real.cr[1], real.load_real).real
        assert seen[vm.vmuser] == vm.storage.frame_of(0) + CODE
        assert walk(SIZE, real.cr[0], real.cr[1], real.load_real).fault is PIC.SEGMENT_TRANSLATION
    assert seen["A"] != seen["B"]


@pytest.mark.parametrize("size", ["64K", "128K"])
def test_storage_ends_at_vmsize(size):
    """[1.2 VMSIZE] DEFINE STORAGE: DIAGNOSE X'60' says it, and beyond it is an addressing exception."""
    made = scene()
    vm = made.logon("ANNE")
    made.command(vm, f"DEFINE STORAGE {size}")
    expected = int(size[:-1]) * 1024
    store(vm, {0x68: f"{HANDLER:016X}"})
    vm.vmgprs[2] = expected
    store(vm, {0x900: "00000004"})
    made.start(vm, "83400060" + "5B200900" + "58520000" + "5A200900" + "58520000")
    made.until(lambda: vm.peek(0x28, 8) != bytes(8))
    made.stop()
    assert (vm.vmsize, vm.vmgprs[4]) == (expected, expected)
    assert vm.peek(0x28, 8).hex() == f"00000005{0xA0000000 + CODE + 20:08x}"


def test_vmioactv_shows_the_channel_while_its_operation_goes_on():
    """[1.2 VMIOACTV] Channel 1 is bit 1; from SIO to the end, for the machine whose operation it is."""
    made = bench()
    idle, vm = made.log_on("IDLE", tape=IMAGE), made.log_on("A", tape=IMAGE)
    store(vm, {PSA.CAW: "00004000", 0x4000: "0200500020000050", **WAIT_FOR_IO, 0x78: f"{HANDLER:016X}"})
    store(vm, {HANDLER: "47F03000"})
    made.start(vm, "9C000181" + "82000800")
    vm.vmgprs[3] = HANDLER
    seen = {vm.devices.vmioactv}
    for _ in range(400):
        made.machine.advance()
        seen.add(vm.devices.vmioactv)
        assert idle.devices.vmioactv == 0
    assert seen == {0, 0x4000}
    assert vm.devices.vmioactv == 0
    assert vm.peek(0x5000, 80) == b"\x11" * 80


def test_what_the_guest_writes_on_its_virtual_console_is_on_its_own_terminal():
    """[1.2 VMTERM] The console device's address is the guest's; nobody else's terminal has the line."""
    made = bench()
    vms = [made.log_on(name) for name in "AB"]
    for vm, text in zip(vms, ("ALPHA", "BETA "), strict=True):
        store(vm, {PSA.CAW: "00004000", 0x4000: "0900500020000005", **WAIT_FOR_IO, 0x78: "0002000000000ABC"})
        vm.cpu.store_real(0x5000, text.encode("cp037"))
        made.start(vm, f"9C000{CONSOLE:03X}" + "82000800")
    made.run()
    assert [vm.devices.console().address for vm in vms] == [CONSOLE, CONSOLE]
    assert [own_lines(vm) for vm in vms] == [["ALPHA"], ["BETA "]]


def test_user_account_and_distribution_are_those_of_the_directory():
    """[1.2 VMUSER] ACCOUNT 101 BIN7; without the statement both are the userid; DIAGNOSE X'00' names the user."""
    made = scene()
    found = {}
    for userid in ("ANNE", "MAINT"):
        vm = made.logon(userid)
        vm.vmgprs[2], vm.vmgprs[4] = AREA, 40
        made.start(vm, "83240000")
        made.steps()
        made.stop()
        vm.cf = True
        name = vm.peek(AREA + 16, 8).decode("cp037").rstrip()
        found[name] = vm.vmaccnt, vm.vmdist
    assert found == {"ANNE": ("101", "BIN7"), "MAINT": ("MAINT", "MAINT")}


# ---- 1.2 VMBLOK: status bytes ----------------------------------------------------------------------------------------


def _statuses(made, vm, steps=600):
    """All bits of VMRSTAT that are on at some time, and whether the guest ran with one that is a CP wait."""
    seen, wrong = RunStatus(0), []
    for _ in range(steps):
        if vm in made.cp.vms:
            seen |= vm.vmrstat
        if made.cp.running_vm is vm and vm.cp_wait:
            wrong.append(vm.vmrstat)
        if not made.machine.advance():
            break
    return seen, wrong


def page_wait():
    made = paging_bench(0x10000 + 9 * FRAME)
    vm = made.start(made.log_on(), "58505000" + "47F00A04")
    store(vm, {0x5000: "12345678"})
    made.cp.paging.hold_none()
    page_out(made, vm, 5)
    vm.vmgprs[5] = 0x5000
    return made, vm, lambda: vm.vmgprs[5] == 0x12345678 or made.machine.cpu.gr[5] == 0x12345678


def diagnose_wait():
    made = bench()
    vm = made.log_on(tape=IMAGE)
    store(vm, {0x4000: "0200500020000050"})
    vm.vmgprs[2], vm.vmgprs[4] = TAPE, 0x4000
    made.start(vm, "83240020" + LOOP.replace("A00", "A04"))
    return made, vm, lambda: vm.peek(0x5000, 4) == b"\x11" * 4


def unit_check_wait():
    made = bench()
    vm = made.log_on()
    store(vm, {PSA.CAW: "00004000", 0x4000: "0200500020000050"})
    made.start(vm, "9C000181" + "47F00A04")
    return made, vm, lambda: vm.peek(PSA.CSW + 4, 1) == b"\x02"


def wait_bit():
    made, vm = prepared("82000800", WAIT_FOR_IO)
    return made, vm, lambda: vm.vmpsw.wait


WAITS = [
    pytest.param(page_wait, RunStatus.PGWAIT, id="PGWAIT"),
    pytest.param(diagnose_wait, RunStatus.EXWAIT, id="EXWAIT"),
    pytest.param(unit_check_wait, RunStatus.IOWAIT, id="IOWAIT"),
    pytest.param(wait_bit, RunStatus.PSWAIT | RunStatus.IDLE, id="PSWAIT, IDLE"),
]


@pytest.mark.parametrize(("begin", "bits"), WAITS)
def test_run_status_says_what_the_machine_waits_for(begin, bits):
    """[1.2 VMRSTAT] On while it waits for it, off when that has come; with a CP wait it is never dispatched."""
    made, vm, done = begin()
    assert not vm.vmrstat & bits
    seen, wrong = _statuses(made, vm)
    assert done()
    assert (seen & ~RunStatus.IDLE | bits & RunStatus.IDLE, wrong) == (bits, [])
    assert vm.vmrstat & CP_WAIT == 0


def test_cp_mode_is_a_wait_and_logoff_another():
    """[1.2 VMRSTAT; 1.2 VMOSTAT] CFWAIT and CF from STOP to BEGIN; LOGOFF and KILL when the guest itself gives it."""
    made = scene()
    vm = made.logon("ANNE")
    command = "LOGOFF".encode("cp037").hex()
    store(vm, {0x900: command})
    vm.vmgprs[2], vm.vmgprs[4] = 0x900, 6
    made.start(vm, "07000700" + "83240008")
    made.steps()
    made.command(vm, "STOP")
    assert (vm.vmrstat & RunStatus.CFWAIT, vm.vmostat & OtherStatus.CF) == (RunStatus.CFWAIT, OtherStatus.CF)
    made.command(vm, "BEGIN")
    assert (vm.vmrstat & RunStatus.CFWAIT, vm.vmostat & OtherStatus.CF) == (0, 0)
    seen, wrong = _statuses(made, vm)
    assert (seen & CP_WAIT, wrong) == (RunStatus.LOGOFF, [])
    assert vm.vmostat & OtherStatus.KILL
    assert vm not in made.cp.vms


OTHERS = [
    pytest.param("SET RUN ON", "SET RUN OFF", OtherStatus.CFRUN, id="CFRUN"),
    pytest.param("SLEEP 10 SEC", None, OtherStatus.SLEEP, id="SLEEP"),
    pytest.param("DISCONN", "LOGON ANNE APW", OtherStatus.DISC, id="DISC"),
]


@pytest.mark.parametrize(("on", "off", "bit"), OTHERS)
def test_other_status_follows_the_commands(on, off, bit):
    """[1.2 VMOSTAT] SLEEP ends by itself."""
    made = scene()
    vm = made.logon("ANNE")
    made.start(vm, LOOP)
    assert not vm.vmostat & bit
    made.command(vm, on)
    assert vm.vmostat & bit
    if off is None:
        pass_time(made, 10_000_000)
    elif off.startswith("LOGON"):
        assert made.logon("ANNE") is vm
    else:
        made.command(vm, off)
    assert not vm.vmostat & bit


def test_the_system_operator_is_marked():
    """[1.2 VMOSTAT] SYSOP: the user OPERATOR, and nobody else."""
    made = scene()
    marked = {name: bool(made.logon(name).vmostat & OtherStatus.SYSOP) for name in ("OPERATOR", "ANNE")}
    assert marked == {"OPERATOR": True, "ANNE": False}


def test_process_status_follows_the_directory_and_set():
    """[1.2 VMPSTAT] OPTION ECMODE ISAM ACCT; SET PAGEX and ISAM; a reset turns PAGEX off."""
    made = scene()
    vm = made.logon("BILL")
    directory = ProcessStatus.V370R | ProcessStatus.ISAM | ProcessStatus.ACCT
    assert vm.vmpstat == directory
    made.command(vm, "SET PAGEX ON")
    assert vm.vmpstat == directory | ProcessStatus.PAGEX
    made.command(vm, "SET ISAM OFF")
    made.command(vm, "SYSTEM RESET")
    assert vm.vmpstat == directory & ~ProcessStatus.ISAM


# ---- 1.2 VMBLOK: what the guest's program has ------------------------------------------------------------------------


def test_virtual_psw_and_registers_are_complete_when_the_guest_has_stopped():
    """[1.2 VMPSW; 1.2 VMGPRS; 1.3 GPR, FPR; 1.3 PSW key, CC, program mask, IA] While it runs they are the real ones."""
    made, vm = prepared("1A12" + "2A02" + "0700", system_mask=0xBE, key=0, problem_state=True, program_mask=0x6)
    vm.vmgprs[1:3] = [0xFFFFFFFF, 2]
    vm.vmfprs[0], vm.vmfprs[1] = 0x4110000000000000, 0x4120000000000000
    made.steps(2)
    real = made.machine.cpu
    assert (real.gr[1], real.fpr[0], real.psw.cc) == (1, 0x4130000000000000, 2)
    assert (real.psw.instruction_address, real.psw.program_mask) == (CODE + 4, 6)
    assert real.psw.to_bytes()[:2].hex() == "070d"
    made.stop()
    assert str(vm.vmpsw) == f"BE010000 26{CODE + 4:06X}"
    assert (vm.vmgprs[1], vm.vmfprs[0]) == (1, 0x4130000000000000)


def test_virtual_cpu_time_is_the_guests_own():
    """[1.2 VMTIMER] VMVTIME: a microsecond an instruction; VMTTIME: with what CP took for it."""
    made, vm = prepared("B20B0000" + LOOP)
    made.steps(200)
    made.stop()
    assert vm.vmvtime == made.machine.instructions == 200
    assert vm.vmttime > vm.vmvtime + 100 * 10


EXTERNALS = {
    External.CPU_TIMER: CR0.CPU_TIMER_MASK,
    External.INTERRUPT_KEY: CR0.INTERRUPT_KEY_MASK,
    External.CLOCK_COMPARATOR: CR0.CLOCK_COMPARATOR_MASK,
    External.INTERVAL_TIMER: CR0.INTERVAL_TIMER_MASK,
}


def test_pending_external_interruptions_are_in_the_order_of_their_keys():
    """[1.2 VMPXINT] Whatever came first: timer and key, 1004, 1005; the first two together, with their codes ORed."""
    made, vm = prepared("80000900", {0x900: "01"}, cr={0: 0xFFFF}, ecmode=True)
    made.settle()
    for code, mask in EXTERNALS.items():
        vm.queue_external(code, mask)
    assert [block.sort for block in vm.vmpxint] == [0, 0, 0x1004, 0x1005]
    made.steps()
    assert vm.peek(0x1A, 2).hex() == "00c0"
    assert [(block.code, block.mask) for block in vm.vmpxint] == [(0x1004, 0x800), (0x1005, 0x400)]


def test_blocks_of_the_same_key_and_mask_have_their_codes_ored():
    """[1.2 VMPXINT] External signals 2 and 4 are one interruption."""
    made, vm = prepared("80000900", {0x900: "01"}, cr={0: 0xFFFF})
    made.settle()
    for code in (0x20, 0x08):
        vm.queue_external(code, CR0.EXTERNAL_SIGNAL_MASK)
    made.steps()
    assert (vm.peek(0x1A, 2).hex(), vm.vmpxint) == ("0028", [])


# ---- 1.3 virtual and real --------------------------------------------------------------------------------------------


def test_channel_masks_of_the_guest_are_never_the_real_ones():
    """[1.3 CR2 (channel masks)] The guest masks channel 0 off and hears nothing; the real CR2 has all on."""
    made, vm = prepared("B7222000" + "47F00A04", {AREA: "7FFFFFFF"}, system_mask=0x02, ec_mode=True)
    made.steps()
    made.cp.console_input(vm, "")
    made.steps(3)
    assert (vm.cpu.cr[2], made.machine.cpu.cr[2]) == (0x7FFFFFFF, MASK_32)
    assert vm.devices.vmioint == 0x8000
    assert vm.peek(PSA.IO_ADDRESS, 2) == bytes(2)
    vm.cpu.cr[2] = MASK_32
    made.cp.wake(vm)
    made.settle()
    assert vm.peek(PSA.IO_ADDRESS, 2).hex() == f"{CONSOLE:04x}"


def test_the_same_virtual_device_is_another_real_one_for_each_guest():
    """[1.3 Channels/devices] 181 is drive 281 and drive 282; the real addresses are no devices of the guests."""
    made = bench()
    vms = [made.log_on(name, tape=aws_image([text])) for name, text in (("A", b"\xaa" * 8), ("B", b"\xbb" * 8))]
    for vm in vms:
        store(vm, {PSA.CAW: "00004000", 0x4000: "0200500020000008", **WAIT_FOR_IO, 0x78: f"{CODE + 8:016X}"})
        made.start(vm, "9C000181" + "82000800" + "9D000281" + "82000808")
        store(vm, {0x808: "0002000000000ABC"})
    made.run()
    assert [vm.peek(0x5000, 2).hex() for vm in vms] == ["aaaa", "bbbb"]
    assert [vm.devices[TAPE].real for vm in vms] == [0x281, 0x282]
    assert [vm.vmpsw.instruction_address for vm in vms] == [0xABC, 0xABC]
    _, vm = stopped("9D000281")
    assert vm.vmpsw.cc == 3


def test_cpu_id_says_under_cp_and_has_the_serial_number_of_the_directory():
    """[1.3 CPU id; 1.4 STIDP] Version X'FF'; OPTION CPUID ABCDEF, else the real serial number; the model is real."""
    made = scene()
    found = []
    for userid in ("BILL", "ANNE"):
        vm = made.logon(userid)
        made.start(vm, "B2020800")
        made.steps()
        made.stop()
        vm.cf = True
        found.append(vm.peek(0x800, 8).hex().upper())
    real = made.machine.cpu.identification.hex().upper()
    assert found == ["FFABCDEF" + real[8:], "FF" + real[2:]]
