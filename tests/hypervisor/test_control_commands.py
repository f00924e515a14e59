"""Commands that load, start, stop and reset a machine, and the keys of its devices.  CP Command Reference."""

import pytest

from edu_hv.devices.card import CARD
from edu_hv.guests.catalog import GUESTS
from edu_hv.hypervisor.commands import run_command
from edu_hv.hypervisor.decisions import AbendCP
from edu_hv.hypervisor.vmblok import OtherStatus, RunStatus
from edu_hv.isa.codes import PIC, Class
from edu_hv.machine.interruptions import Ending, Interruption
from edu_hv.machine.psw import PSW
from tests.hypervisor.bench import CODE, CONSOLE, HANDLER, READER, TAPE, bench, cp_lines, csw, guest
from tests.hypervisor.users_scene import pass_time, scene

LOOP = "47F00A00"
COUNT = "41220001" + LOOP
MINUTE = 60_000_000


def deck(code="47F00020", psw="0000000000000018"):
    """A card that IPL reads: PSW, a CCW that reads nothing more, and code at X'18'."""
    text = bytes.fromhex(psw) + bytes.fromhex("0300000020000001") + bytes(8)
    return text + bytes(CARD - len(text))


def loadable(made, psw="0000000000003000"):
    """A guest with a deck in its reader whose only card is its IPL record."""
    vm = made.log_on()
    made.cp.spool.add_deck("A", [deck(psw=psw)])
    return vm


# ---- IPL -------------------------------------------------------------------------------------------------------------


def test_ipl_resets_loads_and_runs():
    """[1.12 IPL vaddr] [4.2 IPL] [1.12 Device address of IPL] The PSW at 0 is loaded, the device's address at 2."""
    made = bench()
    vm = loadable(made)
    vm.vmgprs[5], vm.cpu.cr[0] = 77, 0
    assert run_command(made.cp, vm, "IPL C").lines == []
    assert (vm.cf, vm.vmpsw.instruction_address, vm.vmgprs[5]) == (False, 0x3000, 0)
    assert vm.peek(2, 2).hex() == "000c"


def test_ipl_stop_loads_and_does_not_run():
    """[1.12 IPL vaddr] STOP: halts before the first instruction."""
    made = bench()
    vm = loadable(made)
    run_command(made.cp, vm, "IPL 00C STOP")
    assert (vm.cf, vm.vmpsw.instruction_address) == (True, 0x3000)


@pytest.mark.parametrize(("option", "left"), [("CLEAR", 0), ("CL", 0), ("", 0xC1), ("NOCLEAR", 0xC1)])
def test_ipl_clear_zeroes_storage(option, left):
    """[1.12 IPL vaddr] CLEAR zeroes storage; otherwise it stays."""
    made = bench()
    vm = loadable(made)
    vm.cpu.store_real(0x5000, b"\xc1")
    run_command(made.cp, vm, f"IPL 00C {option} STOP")
    assert vm.peek(0x5000, 1)[0] == left


def test_ipl_parm_is_in_the_general_registers():
    """[1.12 IPL vaddr] PARM: up to 64 bytes, from register 0, blanks behind; small letters stay."""
    made = bench()
    vm = loadable(made)
    run_command(made.cp, vm, "ipl 00c stop parm AUTO cr=x")
    image = b"".join(value.to_bytes(4, "big") for value in vm.vmgprs)
    assert image == "AUTO cr=x".encode("cp037").ljust(12, b"\x40") + bytes(52)


IPL_ERRORS = [
    pytest.param("IPL", "DMKCFG026E OPERAND MISSING OR INVALID", id="nothing"),
    pytest.param("IPL 999", "DMKCFG040E DEVICE 999 DOES NOT EXIST", id="no device"),
    pytest.param("IPL CMS", "DMKCFG044E CMS SYSTEM DOES NOT EXIST", id="no system"),
    pytest.param("IPL 00C NONSENSE", "DMKCFG003E INVALID OPTION - NONSENSE", id="no option"),
    pytest.param(f"IPL 00C PARM {'X' * 65}", "DMKCFG026E OPERAND MISSING OR INVALID", id="PARM too long"),
    pytest.param("IPL 999 CLEAR", "DMKCFG040E DEVICE 999 DOES NOT EXIST", id="CLEAR, no device"),
]


@pytest.mark.parametrize(("line", "message"), IPL_ERRORS)
def test_ipl_in_error_changes_nothing(line, message):
    """[4.2 IPL] What is wrong is said before anything is reset or cleared."""
    made, vm = guest(COUNT)
    made.steps(9)
    before = vm.resets
    assert run_command(made.cp, vm, line).lines == [message]
    assert (vm.resets, vm.cf, vm.peek(CODE, 8).hex()) == (before, False, COUNT.lower())


def test_ipl_that_finds_nothing_to_load_leaves_a_reset_machine_in_cp_mode():
    """[4.2 IPL] It is reset by then, and does not run from nowhere."""
    made, vm = guest(COUNT)
    made.steps(5)
    (line,) = run_command(made.cp, vm, "IPL 00C").lines
    assert line.startswith("DMKVMI232E IPL 00C FAILED; ")
    assert (vm.cf, str(vm.vmpsw)) == (True, "00000000 00000000")


@pytest.mark.parametrize("ry", [0, 4])
def test_ipl_by_the_guest_itself_leaves_the_loaded_psw_and_registers(ry):
    """[1.12 IPL vaddr] By DIAGNOSE X'08': nothing of the DIAGNOSE is in the registers or the PSW afterwards."""
    made, vm = guest(f"832{ry:X}0008" + LOOP)
    made.cp.spool.add_deck("A", [deck()])
    vm.cpu.store_real(0x900, "IPL C".encode("cp037"))
    vm.vmgprs[2], vm.vmgprs[ry], vm.vmpsw.cc = 0x900, 5, 3
    made.steps()
    made.stop()
    assert (vm.vmgprs, vm.cf) == ([0] * 16, False)
    assert vm.vmpsw.cc == 0
    assert vm.vmpsw.instruction_address < CODE


# ---- SYSTEM, BEGIN, STOP ---------------------------------------------------------------------------------------------


def _dirty():
    made, vm = guest(COUNT, tape=None)
    made.steps(5)
    vm.queue_external(0x40, 0x40)
    made.cp.vio.present(vm, READER, 0x04)
    vm.cpu.store_real(0x5000, b"\xc1")
    vm.storage.set_key(0x5000, 0x30)
    return made, vm


SYSTEM = [
    ("SYSTEM RESET", "SYSTEM RESET", 0xC1, 0x30),
    ("SYSTEM CLEAR", "STORAGE CLEARED - SYSTEM RESET", 0, 0),
    ("SYS CLEAR", "STORAGE CLEARED - SYSTEM RESET", 0, 0),
]


@pytest.mark.parametrize(("line", "answer", "byte", "key"), SYSTEM)
def test_system_reset_and_clear(line, answer, byte, key):
    """[1.12 SYSTEM RESET / CLEAR / RESTART] [4.2 SYStem] Pending interruptions gone, CRs default; CLEAR more."""
    made, vm = _dirty()
    assert run_command(made.cp, vm, line).lines == [answer]
    assert (vm.vmpxint, vm.devices.vmioint, vm.cf) == ([], 0, True)
    assert (vm.vmgprs, vm.cpu.cr[0], vm.vmtimer) == ([0] * 16, 0xE0, 0)
    assert (vm.peek(0x5000, 1)[0], vm.storage.peek_key(0x5000) & 0xF8) == (byte, key)


def test_system_restart_is_psw_restart():
    """[1.12 SYSTEM RESET / CLEAR / RESTART] Store the PSW at 8, load from 0; and run."""
    made, vm = guest(COUNT)
    vm.cpu.store_real(0, bytes.fromhex(f"{HANDLER:016X}"))
    made.steps(2)
    run_command(made.cp, vm, "SYSTEM RESTART")
    made.stop()
    assert (vm.peek(8, 8).hex(), vm.vmpsw.instruction_address) == (f"{CODE:016x}", HANDLER)
    assert not vm.cf


def test_begin_runs_from_the_psw_or_from_an_address():
    """[4.2 Begin] [1.2 VMRSTAT CFWAIT] [1.2 VMOSTAT CF] Leaves CP mode."""
    made, vm = guest(COUNT)
    vm.cf = True
    assert (bool(vm.vmrstat & RunStatus.CFWAIT), bool(vm.vmostat & OtherStatus.CF)) == (True, True)
    run_command(made.cp, vm, "BEGIN A04")
    assert (vm.vmrstat & RunStatus.CFWAIT, vm.vmostat & OtherStatus.CF) == (0, 0)
    made.steps()
    made.stop()
    assert (vm.vmpsw.instruction_address, vm.vmgprs[2]) == (CODE, 0)


def test_with_run_on_the_machine_goes_on_while_its_operator_is_in_cp_mode():
    """[4.2 SET RUN] [1.2 VMOSTAT CFRUN] The attention key stops nothing; a disabled wait does."""
    made, vm = guest(COUNT)
    run_command(made.cp, vm, "SET RUN ON")
    assert bool(vm.vmostat & OtherStatus.CFRUN)
    run_command(made.cp, vm, "STOP")
    made.steps(20)
    made.stop()
    assert (vm.cf, bool(vm.vmostat & OtherStatus.CF), vm.vmgprs[2] >= 9) == (False, True, True)
    vm.vmpsw.wait = True
    made.run()
    assert vm.cf
    run_command(made.cp, vm, "SET RUN OFF")
    run_command(made.cp, vm, "BEGIN A00")
    run_command(made.cp, vm, "STOP")
    made.run()
    assert vm.cf


# ---- EXTERNAL, SLEEP, attention --------------------------------------------------------------------------------------

EXTERNALS = [("EXTERNAL", 0x40, 0x40), ("EXT 40", 0x40, 0x40), ("EXT 80", 0x80, 0x80), ("EXT 2", 0x02, 0x20)]


@pytest.mark.parametrize(("line", "code", "mask"), EXTERNALS)
def test_external_makes_its_code_pending_under_its_mask(line, code, mask):
    """[4.2 EXTernal] [1.2 XINTBLOK] [1.2 VMPXINT] Interrupt key, interval timer, or an external signal."""
    made, vm = guest(LOOP)
    assert run_command(made.cp, vm, line).lines == []
    assert [(block.code, block.mask) for block in vm.vmpxint] == [(code, mask)]


def test_key_and_timer_arrive_together():
    """[1.2 XINTBLOK] Blocks of the same key have their codes ORed: one interruption, code 00C0."""
    made, vm = guest(LOOP, system_mask=1)
    vm.cf = True
    run_command(made.cp, vm, "EXT 40")
    run_command(made.cp, vm, "EXT 80")
    run_command(made.cp, vm, "BEGIN")
    made.stop()
    assert (vm.peek(0x1A, 2).hex(), vm.vmpxint) == ("00c0", [])


def test_sleep_ends_at_its_time():
    """[4.2 SLeep] nn MIN by default; [1.2 VMOSTAT SLEEP]."""
    made = scene()
    vm = made.logon("ANNE")
    made.start(vm, COUNT)
    assert made.command(vm, "SLEEP 2").lines == []
    assert (vm.cf, bool(vm.vmostat & OtherStatus.SLEEP)) == (True, True)
    made.until(lambda: not vm.cf)
    assert not vm.vmostat & OtherStatus.SLEEP
    assert 0 <= made.machine.clocks.now - 2 * MINUTE < 1000


def test_sleep_that_was_ended_does_not_end_again():
    """[4.2 SLeep] BEGIN or ATTN wakes; the old request is forgotten, and a later stop stays one."""
    made = scene()
    vm = made.logon("ANNE")
    made.start(vm, COUNT)
    made.command(vm, "SLEEP 30 SEC")
    made.command(vm, "ATTN")
    assert not vm.cf
    made.command(vm, "STOP")
    pass_time(made, MINUTE)
    assert vm.cf


@pytest.mark.parametrize("line", ["SLEEP 0", "SLEEP 100", "SLEEP X", "SLEEP 5 DAYS", "SLEEP \u00b2"])
def test_sleep_operand_in_error(line):
    """[4.2 SLeep]"""
    made, vm = guest(LOOP)
    assert run_command(made.cp, vm, line).lines == ["DMKCPB026E OPERAND MISSING OR INVALID"]
    assert not vm.cf


@pytest.mark.parametrize("line", ["ATTN", "REQUEST", "REQ"])
def test_attention_of_the_console_is_pending(line):
    """[4.2 ATTN] [4.2 REQuest] Attention to the console."""
    made, vm = guest(LOOP, system_mask=0x80)
    vm.cpu.store_real(0x78, bytes.fromhex(f"{CODE:016X}"))
    made.steps(2)
    assert run_command(made.cp, vm, line).lines == []
    made.settle()
    assert (csw(vm), vm.peek(0x3A, 2).hex()) == ("00000000 80000000", "0009")


# ---- READY, NOTREADY, RESET, REWIND ----------------------------------------------------------------------------------


@pytest.mark.parametrize("device", ["00C", "00E", "009"])
def test_device_that_is_not_ready_has_intervention_required_until_ready(device):
    """[4.2 NOTReady] [4.2 READY] Spooled device or console; READY gives a device end."""
    made, vm = guest(LOOP)
    vm.cf = True
    address = int(device, 16)
    vm.cpu.store_real(0x48, bytes.fromhex("00004000"))
    vm.cpu.store_real(0x4000, bytes.fromhex("0200500020000001" if address == READER else "0100500020000001"))
    assert run_command(made.cp, vm, f"NOTREADY {device}").lines == []
    made.cp.vio.simulate(vm, "SIO", address)
    assert (vm.vmpsw.cc, csw(vm)) == (1, "00000000 02000000")
    vm.cpu.store_real(0x4000, bytes.fromhex("0400500020000001"))
    made.cp.vio.simulate(vm, "SIO", address)
    made.cp.vio.simulate(vm, "TIO", address)
    assert vm.peek(0x5000, 1)[0] & 0x40
    assert run_command(made.cp, vm, f"READY {device}").lines == []
    made.cp.vio.simulate(vm, "TIO", address)
    assert (vm.vmpsw.cc, csw(vm)) == (1, "00000000 04000000")
    made.cp.vio.simulate(vm, "TIO", address)
    assert vm.vmpsw.cc == 0


def test_read_that_waits_for_the_keyboard_ends_when_the_console_is_not_ready():
    """[4.2 NOTReady] Unit check, intervention required."""
    made, vm = guest("9C000009" + "47F00A04")
    vm.cpu.store_real(0x48, bytes.fromhex("00004000"))
    vm.cpu.store_real(0x4000, bytes.fromhex("0A00500020000050"))
    made.steps(2)
    assert vm.devices[CONSOLE].program is not None
    run_command(made.cp, vm, "NOTREADY 009")
    made.stop()
    assert vm.devices[CONSOLE].program is None
    made.cp.vio.simulate(vm, "TIO", CONSOLE)
    assert csw(vm).split()[1].startswith("0E") or csw(vm).split()[1].startswith("02")


def test_ready_interrupts_with_device_end():
    """[4.2 READY] [1.6 IO-3] [1.2 VMIOINT] Device-end interrupt: at once when the PSW allows it."""
    made, vm = guest(LOOP, system_mask=0xFF)
    vm.cpu.store_real(0x78, bytes.fromhex(f"{CODE:016X}"))
    run_command(made.cp, vm, "READY 00C")
    made.settle()
    assert (csw(vm), vm.peek(0x38, 4).hex(), vm.devices.vmioint) == ("00000000 04000000", "ff00000c", 0)


def test_reset_of_a_device_clears_what_was_pending():
    """[4.2 RESet] Pending interrupts."""
    made, vm = guest(LOOP)
    run_command(made.cp, vm, "READY 00C")
    assert vm.devices.vmioint == 0x8000
    made.steps(2)
    assert int(vm.vmpend) & 0x02
    assert run_command(made.cp, vm, "RESET 00C").lines == ["DEVICE RESET"]
    assert (vm.devices.vmioint, vm.devices[READER].vdevcsw) == (0, None)


def test_rewind_rewinds_the_dedicated_drive_and_the_guest_hears_nothing():
    """[4.2 REWind] "REWIND COMPLETE"; the next read is of the first block again, and CP's storage is given back."""
    made, vm = guest("9C000181" + LOOP, tape=GUESTS["kernel"].tape())
    vm.cpu.store_real(0x48, bytes.fromhex("00004000"))
    vm.cpu.store_real(0x4000, bytes.fromhex("0200500020000050"))
    free, blocks = dict(made.cp.free_storage.taken), []
    for _ in range(2):
        vm.cpu.store_real(0x5000, bytes(80))
        run_command(made.cp, vm, "BEGIN A00")
        made.until(lambda: bool(vm.devices.vmioint))
        made.cp.vio.simulate(vm, "TIO", TAPE)
        blocks.append(vm.peek(0x5000, 80))
        vm.cf = True
        assert run_command(made.cp, vm, "REWIND 181").lines == ["REWIND COMPLETE"]
        made.run()
        assert (vm.devices.vmioint, made.cp.free_storage.taken) == (0, free)
    assert blocks[0] == blocks[1] != bytes(80)


DEVICE_ERRORS = [
    ("READY", "DMKCPB026E OPERAND MISSING OR INVALID"),
    ("READY XYZ", "DMKCPB022E VADDR MISSING OR INVALID - XYZ"),
    ("READY 999", "DMKCPB040E DEVICE 999 DOES NOT EXIST"),
    ("NOTREADY 181", "DMKCPB006E INVALID DEVICE TYPE - 181"),
    ("RESET 999", "DMKCPB040E DEVICE 999 DOES NOT EXIST"),
    ("REWIND 00C", "DMKCPB006E INVALID DEVICE TYPE - 00C"),
    ("ATTN 009", "DMKCPB003E INVALID OPTION - 009"),
    ("EXTERNAL XYZ", "DMKCPB003E INVALID OPTION - XYZ"),
    ("SYSTEM", "DMKCFP026E OPERAND MISSING OR INVALID"),
    ("SYSTEM NONSENSE", "DMKCFP003E INVALID OPTION - NONSENSE"),
]


@pytest.mark.parametrize(("line", "message"), DEVICE_ERRORS)
def test_operand_in_error(line, message):
    """[4.7] Module, number, severity."""
    made, vm = guest(LOOP)
    assert run_command(made.cp, vm, line).lines == [message]


# ---- CP itself fails -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("someone", [True, False], ids=["a guest logged on", "nobody logged on"])
def test_program_check_in_real_supervisor_state_ends_cp(someone):
    """[1.1-4] A program check while the real PSW says supervisor is an error in CP: CP ABEND PRGnnn, and it stops."""
    made = bench()
    vm = made.log_on() if someone else None
    made.settle()
    events = made.watch()
    made.machine.cpu.load_psw(PSW(ec_mode=True, instruction_address=0x1300))
    made.cp.interruption(made.machine, Interruption(Class.PROGRAM, PIC.ADDRESSING, 2, 0x1300, b"", Ending.SUPPRESSION))
    made.run()
    psw = made.machine.cpu.psw
    assert (made.cp.abended, psw.wait, psw.system_mask, made.cp.running) == ("PRG005", True, 0, None)
    if vm is not None:
        assert cp_lines(vm) == ["CP ABEND PRG005"]
        (verdict,) = made.verdicts(events)
        assert (verdict.rule.id, verdict.decision) == ("PRG-0", AbendCP("PRG005"))
        run_command(made.cp, vm, "BEGIN")
        made.run()
        assert made.cp.running is None


def test_program_check_of_a_guest_is_never_one_of_cps():
    """[1.1-1] [1.6 PGM-1] A guest runs in real problem state whatever it believes: its mistakes are its own."""
    made, vm = guest("0000")
    made.steps()
    made.stop()
    assert made.cp.abended == ""
    assert vm.peek(0x2A, 2).hex() == "0001"
