"""TRACE: each event with its line, and what the guest does behind it.  CP Command Reference "TRACE"."""

import pytest

from edu_hv.guests.catalog import GUESTS
from edu_hv.hypervisor.commands import run_command
from edu_hv.hypervisor.vmblok import TraceControl
from tests.hypervisor.bench import (
    CODE,
    HANDLER,
    bench,
    cp_lines,
    guest,
    own_lines,
    visible_guest,
)
from tests.hypervisor.printed import printed

HANDLERS = dict.fromkeys((88, 96, 104, 120), f"{HANDLER:016X}")
TRAP = "82003010" + "00" * 12 + f"{CODE:016X}"
"""The guest's handler: LPSW to the beginning again."""


def traced(code, *commands, storage=(), ecmode=False, tape=None, units=14, **psw):
    """What CP writes while a guest runs so long; it goes on behind each stop."""
    made, vm = guest(code, ecmode=ecmode, tape=tape, **psw)
    for address, text in {**HANDLERS, HANDLER: TRAP, **dict(storage)}.items():
        vm.cpu.store_real(address, bytes.fromhex(text))
    vm.vmgprs[3] = HANDLER
    for line in commands:
        assert run_command(made.cp, vm, line).code == 0
    for _ in range(units):
        if vm.cf:
            run_command(made.cp, vm, "BEGIN")
        made.steps()
    made.stop()
    return made, vm


LOADS = {0x800: "0000000000000A00"}
EVENTS = [
    pytest.param("0A05", "SVC", {}, "*** 000A02 SVC   0005 ==> 003000", id="SVC"),
    pytest.param("0000", "PROGRAM", {}, "*** 000A02 PROG  0001 ==> 003000", id="PROGRAM"),
    pytest.param("80000800", "PRIV", {0x800: "00"}, "... 000A00 SSM   80000800 00", id="PRIV, SSM"),
    pytest.param("AC000800", "PRIV", {}, "... 000A00 STNSM AC000800 00", id="PRIV, STNSM"),
    pytest.param("82000800", "PRIV", LOADS, "... 000A00 LPSW  82000800 00000000 00000A00", id="PRIV, LPSW"),
    pytest.param("8323000C", "PRIV", {}, "... 000A00 DIAG  8323000C", id="PRIV, DIAGNOSE"),
    pytest.param("9D000181", "SIO", {}, "I/O 000A00 TIO   9D000181 TAPE 181 CC 0 TAPE 281", id="SIO"),
    pytest.param("9D000999", "SIO", {}, "I/O 000A00 TIO   9D000999 ---- 999 CC 3", id="SIO, no device"),
    pytest.param("47F03000", "BRANCH", {}, "    000A00 BC    47F03000 003000 ==> 003000", id="BRANCH"),
    pytest.param(
        "44000A10",
        "BR",
        {0xA10: "47F03000"},
        "    000A00 EX    44000A10 000A10 BC    47F03000 003000 ==> 003000",
        id="BRANCH by EX",
    ),
    pytest.param("41200001", "INSTRUCT", {}, "    000A00 LA    41200001 000001", id="INSTRUCT"),
    pytest.param("0A05", "INST", {}, "    000A00 SVC   0A05", id="INSTRUCT, SVC"),
]


@pytest.mark.parametrize(("code", "event", "storage", "line"), EVENTS)
def test_event_has_its_line_and_the_guest_stands_behind_it(code, event, storage, line):
    """[4.2 TRACE] [4.4] Each event's line; without RUN the guest is in CP mode behind it, so that BEGIN is a step."""
    _, vm = traced(code, f"TRACE {event}", storage=storage, tape=GUESTS["kernel"].tape(), units=1)
    assert cp_lines(vm) == [line, "CP"]
    assert vm.cf


def test_external_and_io_interruptions_have_their_lines():
    """[4.4 EXTernal] [4.4 I/O] Address, kind, code, and where the guest goes on."""
    still = {0x58: "FE00000000003000"}
    _, vm = traced("47F00A00", "TRACE EXT I/O RUN", "EXTERNAL", "READY 00C", storage=still, system_mask=0xFF, units=4)
    assert cp_lines(vm) == ["*** 000A00 EXT   0040 ==> 003000", "*** 003000 I/O   000C ==> 003000"]


def test_csw_is_shown_with_the_io_interruption_it_belongs_to():
    """[4.4 CSW] With I/O."""
    _, vm = traced("47F00A00", "TRACE I/O CSW RUN", "READY 00C", system_mask=0xFF, units=3)
    assert cp_lines(vm) == ["*** 000A00 I/O   000C ==> 003000  CSW 00000000 04000000"]


def test_ccws_are_shown_beside_cps_own():
    """[4.4 CCW] With SIO: CAW, then the guest's CCW at its address and CP's at its own."""
    storage = {0x48: "00004000", 0x4000: "0200500020000050"}
    made, vm = traced("9C000181", "TRACE SIO CCW", storage=storage, tape=GUESTS["kernel"].tape(), units=1)
    lines = cp_lines(vm)
    assert lines[:2] == ["I/O 000A00 SIO   9C000181 TAPE 181 CC 0 TAPE 281", "    CAW 00004000"]
    assert lines[2].startswith("    CCW 004000 02005000 20000050   ")
    real_address, first, second = lines[2].split()[-3:]
    assert (first[:2], second) == ("02", "20000050")
    assert made.cp.real.load_real(int(real_address, 16), 8).hex(" ", 4).upper() == f"{first} {second}"
    assert int(first[2:], 16) == vm.storage.frame_of(5)


def test_spooled_devices_and_the_console_are_not_traced_by_sio():
    """[4.4 SIO] SIO, TIO, HIO, TCH to non-spooled, non-console devices."""
    _, vm = traced("9D00000C" + "9D000009" + "9D00000E", "TRACE SIO", units=3)
    assert cp_lines(vm) == []


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("47F00A04" + "07000700", id="to the next instruction"),
        pytest.param("47F00A00", id="to itself"),
        pytest.param("47000A08", id="not taken"),
    ],
)
def test_branch_that_goes_nowhere_else_is_not_traced(code):
    """[4.4 BRanch] Taken branches, but not one to the next instruction or to itself."""
    _, vm = traced(code, "TRACE BRANCH", units=3)
    assert cp_lines(vm) == []


def test_begin_is_a_step_while_every_instruction_is_traced():
    """[4.4 INSTruct] NORUN: BEGIN executes one instruction."""
    made, vm = guest("41200001" * 5 + "47F00A00")
    run_command(made.cp, vm, "TRACE INSTRUCT")
    for number in range(1, 6):
        made.until(lambda: vm.cf)
        assert vm.vmpsw.instruction_address == CODE + 4 * number
        run_command(made.cp, vm, "BEGIN")


def test_all_is_everything_but_the_details():
    """[4.4 ALL] All except the CCW and CSW detail lines; each thing once, in the order in which it happens."""
    _, vm = traced("80000800" + "0A05", "TRACE ALL RUN", storage={0x800: "00"}, units=4)
    assert cp_lines(vm)[:6] == [
        "... 000A00 SSM   80000800 00",
        "    000A00 SSM   80000800 000800",
        "    000A04 SVC   0A05",
        "*** 000A06 SVC   0005 ==> 003000",
        "... 003000 LPSW  82003010 00000000 00000A00",
        "    003000 LPSW  82003010 003010 ==> 000A00",
    ]


def test_printer_takes_the_lines_and_the_guest_runs_on():
    """[4.4 PRINter] RUN is assumed, and neither RUN nor NORUN can be given; CLOSE gives the lines."""
    made, vm = traced("0A05", "TRACE SVC PRINTER", units=3)
    assert (cp_lines(vm), vm.cf) == ([], False)
    assert printed(made, vm) == ["*** 000A02 SVC   0005 ==> 003000"] * 2
    assert run_command(made.cp, vm, "TRACE SVC PRINTER NORUN").lines == ["DMKTRA003E INVALID OPTION - NORUN"]


def test_both_writes_on_the_terminal_too():
    """[4.4 BOTH] Terminal and printer."""
    _, vm = traced("0A05", "TRACE SVC BOTH RUN", units=1)
    assert cp_lines(vm) == ["*** 000A02 SVC   0005 ==> 003000"]


@pytest.mark.parametrize(
    ("lines", "answers", "control"),
    [
        pytest.param(["TRACE SVC"], [["TRACE STARTED"]], TraceControl.SVC, id="started"),
        pytest.param(
            ["TRACE SVC", "TRACE PROG"], [["TRACE STARTED"], []], TraceControl.SVC | TraceControl.PRG, id="more"
        ),
        pytest.param(["TR SVC PROG", "TR SVC OFF"], [["TRACE STARTED"], []], TraceControl.PRG, id="one off"),
        pytest.param(["TR SVC", "TR SVC OFF"], [["TRACE STARTED"], ["TRACE ENDED"]], TraceControl(0), id="last off"),
        pytest.param(["TR ALL", "TRACE END"], [["TRACE STARTED"], ["TRACE ENDED"]], TraceControl(0), id="END"),
        pytest.param(["TRACE NONSENSE"], [["DMKTRA003E INVALID OPTION - NONSENSE"]], TraceControl(0), id="no event"),
        pytest.param(["TRACE SVC X"], [["DMKTRA003E INVALID OPTION - X"]], TraceControl(0), id="no option"),
        pytest.param(["TRACE"], [["DMKTRA026E OPERAND MISSING OR INVALID"]], TraceControl(0), id="nothing"),
    ],
)
def test_trace_command_answers_and_sets_vmtrctl(lines, answers, control):
    """[1.2 VMTRCTL] What TRACE is on for; [4.4 END] stops, prints TRACE ENDED."""
    made, vm = guest("0A05")
    assert [run_command(made.cp, vm, line).lines for line in lines] == answers
    assert vm.vmtrctl == control


def test_every_bit_of_vmtrctl_is_its_events():
    """[1.2 VMTRCTL] 40 SVC, 20 PRG, 10 I/O, 08 EXT, 04 PRIV, 02 SIO, 01 branch or instruction; 80 PER."""
    made, vm = guest("0A05")
    bits = {"SVC": 0x40, "PROG": 0x20, "I/O": 0x10, "EXT": 0x08, "PRIV": 0x04, "SIO": 0x02, "BRANCH": 1, "INSTRUCT": 1}
    for event, bit in bits.items():
        run_command(made.cp, vm, f"TRACE {event}")
        assert vm.vmtrctl == bit
        run_command(made.cp, vm, "TRACE END")
    run_command(made.cp, vm, "PER IFETCH")
    assert vm.vmtrctl == 0x80


def test_norun_has_no_effect_behind_the_diagnose_that_gave_the_command():
    """[4.4 PRIV] If DIAGNOSE X'08' is traced, the guest does not stop."""
    _, vm = traced("83200008", "TRACE PRIV", units=1)
    assert (cp_lines(vm), vm.cf) == (["... 000A00 DIAG  83200008"], False)


def test_trace_goes_on_after_an_ipl():
    """[4.4] TRACE is CP's, not the guest's: a reset leaves it on."""
    made, vm = guest("0A05")
    run_command(made.cp, vm, "TRACE SVC")
    run_command(made.cp, vm, "SYSTEM RESET")
    assert vm.vmtrctl == TraceControl.SVC


def test_instruction_whose_page_is_out_is_traced_once():
    """[4.4 INSTruct] It was nullified when the page was out; CP's line comes when it has been executed."""
    made, vm = guest("58205000" + "47F00A04")
    vm.vmgprs[5] = 0x5000
    made.cp.paging.release_pages(vm.storage, 5, 5)
    run_command(made.cp, vm, "TRACE INSTRUCT RUN")
    made.steps(4)
    made.stop()
    assert [line for line in cp_lines(vm) if " L  " in line] == ["    000A00 L     58205000 005000"]


# ---- the guest does not notice ---------------------------------------------------------------------------------------


HOW = ["TRACE ALL RUN", "TRACE INSTRUCT PRINTER", "PER IFETCH RUN", "PER GREG RUN SKIP 50", "PER STORE 0- RUN"]


@pytest.mark.parametrize("how", HOW)
def test_traced_guest_ends_as_it_does_untraced(how):
    """[4.4] [4.5] CP's PER is in the real machine only; the guest's storage, registers and output are the same."""
    ends = []
    for command in ("", how):
        made = bench()
        vm = made.ipl("hello", "A")
        if command:
            run_command(made.cp, vm, command)
        made.run()
        ends.append((own_lines(vm), visible_guest(vm)))
    assert ends[0][0] == ends[1][0] != []
    assert ends[0][1].difference(ends[1][1]) == []


@pytest.mark.parametrize("how", ["TRACE SVC PROG EXT I/O PRIV SIO RUN", "PER STORE 0- RUN SKIP 9999"])
def test_traced_kernel_writes_what_it_writes_untraced(how):
    """[4.4] [4.5] The kernel's own lines and its last registers; what a device takes of real time is not traced."""
    ends = []
    for command in ("", how):
        made = bench()
        vm = made.ipl("kernel", "A")
        if command:
            run_command(made.cp, vm, command)
        made.run()
        ends.append((own_lines(vm), list(vm.vmgprs), list(vm.cpu.cr), str(vm.vmpsw)))
    assert ends[0] == ends[1]
    assert len(ends[0][0]) > 10


def test_trace_does_not_show_in_the_guests_control_registers_and_psw():
    """[1.3 PSW PER bit] On in the real PSW while CP records; the virtual PSW and CR9 to CR11 stay the guest's."""
    made, vm = guest("47F00A00", ecmode=True)
    run_command(made.cp, vm, "TRACE INSTRUCT RUN")
    made.settle()
    assert (made.machine.cpu.psw.per, made.machine.cpu.cr[9] >> 24) == (True, 0x40)
    assert (vm.vmpsw.per, vm.cpu.cr[9:12]) == (False, [0, 0, 0])
    run_command(made.cp, vm, "TRACE END")
    made.settle()
    assert (made.machine.cpu.psw.per, made.machine.cpu.cr[9]) == (False, 0)
