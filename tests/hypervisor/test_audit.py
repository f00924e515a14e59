"""The specification gone through row by row against the running program: what nobody had looked at between rooms."""

import pytest

from edu_hv.hypervisor.commands.registry import run_command
from edu_hv.hypervisor.disconnected import GRACE
from edu_hv.hypervisor.logon import disconnect, log_off
from edu_hv.hypervisor.paging_area import PagingAreaFull
from edu_hv.hypervisor.timer_requests import Request
from edu_hv.hypervisor.vmblok import OtherStatus, Pending, ProcessStatus, RunStatus
from edu_hv.isa.codes import CR0, PSA, Class, External
from edu_hv.machine.psw import PSW
from edu_hv.machine.storage import FRAME
from tests.hypervisor.bench import (
    CODE,
    HANDLER,
    READER,
    SIZE,
    cp_lines,
    guest,
    own_lines,
    visible_bare,
    visible_guest,
)
from tests.hypervisor.invariants import problems
from tests.hypervisor.test_invariants import paging_bench
from tests.hypervisor.twins import Start, _bare, _one_step, _psw, _set

FRAMES = 0x10000 + 40 * FRAME


def command(made, vm, line):
    return run_command(made.cp, vm, line)


def steal(made, vm, *pages):
    """Write pages of a guest out; all it has, if none is named."""
    for page in pages or range(vm.storage.pages):
        frame = vm.storage.frame_of(page)
        made.cp.paging.hold_none()
        if frame is not None:
            assert made.cp.paging.write_out(frame)


def paged(ecmode=True):
    """A guest with all of its pages, one of which has contents and is out: page 5."""
    made = paging_bench(FRAMES)
    vm = made.log_on(ecmode=ecmode)
    for page in range(vm.storage.pages):
        made.cp.paging.bring(vm.storage, page)
    vm.cpu.store_real(0x5000, bytes.fromhex("00000000 00000B00"))
    steal(made, vm, 5)
    vm.vmgprs[5], vm.vmgprs[6], vm.vmgprs[12] = 0x5000, 0x6000, CODE
    return made, vm


# ---- instructions while pages are out -------------------------------------------------------------------------------

SEGMENTS, PAGES = 0x8000, 0x8100
DAT = {
    "cr": {0: 0x008000E0, 1: SEGMENTS, 9: 0x20000000, 10: 0, 11: 0xFFFFFF},
    "storage": {
        SEGMENTS: "F0008100" + "00000001" * 15,
        PAGES: "".join(f"{page << 4:04X}" for page in range(7))
        + "0078"
        + "".join(f"{p << 4:04X}" for p in range(8, 16)),
    },
}
"""The guest's own tables: each page is where it was, but page 7 is invalid."""
BASES = {4: 0x4FFA, 5: 0x5FFC, 6: 0x6FF8, 8: 0x1FFC, 9: 0x2000}
DAT_ON, PER_ON = PSW(0x04, ec_mode=True), PSW(0x40, ec_mode=True)
WITH_PAGES_OUT = [
    pytest.param(Start("D20740005000", gr=BASES, storage={0x5FFC: "C1C2C3C4C5C6C7C8"}), id="MVC, both across pages"),
    pytest.param(Start("FA7340005000", gr=BASES, storage={0x5FFC: "0123456C", 0x4FFA: "000000000001000C"}), id="AP"),
    pytest.param(Start("DC0750004000", gr=BASES, storage={0x5FFC: "0001020304050607"}), id="TR"),
    pytest.param(Start("44084000", gr=BASES, at=0x1FFE, storage={0x4FFA: "D20350006000"}), id="EX across pages of MVC"),
    pytest.param(Start("0E46", gr={4: 0x2FF0, 5: 0x3000, 6: 0xA800, 7: 0x3000}, at=0x1FFE), id="MVCL of 12K"),
    pytest.param(Start("0F46", gr={4: 0x2FF0, 5: 0x3000, 6: 0xA800, 7: 0x2000}), id="CLCL"),
    pytest.param(
        Start("0E46", DAT_ON, {4: 0x5FF0, 5: 0x3000, 6: 0xA800, 7: 0x3000}, **DAT), id="MVCL, a page of its own out"
    ),
    pytest.param(Start("98084000", DAT_ON, BASES, **DAT), id="LM, own DAT"),
    pytest.param(Start("B1506100", DAT_ON, BASES, **DAT), id="LRA of a page that it has not"),
    pytest.param(Start("82004006", gr=BASES, storage={0x5000: "0008000000003456"}), id="LPSW"),
    pytest.param(Start("B7CE4006", gr=BASES, storage={0x5000: "000000010000000200000003"}), id="LCTL"),
    pytest.param(Start("0A77", at=0x1FFE), id="SVC"),
    pytest.param(Start("0A77", PER_ON, cr={9: 0x40000000, 10: 0, 11: 0xFFFFFF}, at=0x1FFE), id="SVC recorded by PER"),
    pytest.param(Start("D20750004000", PSW(0x44, ec_mode=True), BASES, **DAT), id="MVC recorded by PER, own DAT"),
    pytest.param(Start("D20760005000", PSW(0x44, ec_mode=True), BASES, **DAT), id="MVC into a page that it has not"),
    pytest.param(
        Start("90074000", PSW(0x40, ec_mode=True, key=3), BASES, cr=DAT["cr"], keys={9: 0x30}), id="STM, protected"
    ),
]


@pytest.mark.parametrize("start", WITH_PAGES_OUT)
def test_an_instruction_gives_the_same_when_every_page_is_out_as_on_a_bare_machine(start):
    """[1.3 Guest storage 0..VMSIZE] [1.6 SVC-3] Operands, tables, instruction and page 0 come one by one."""
    machine = _bare(start)
    while machine.cpu.psw.instruction_address == start.at:
        _one_step(machine)
    while machine.per_pending is not None or not machine.at_boundary:
        machine.advance()
    made = paging_bench(FRAMES)
    vm = made.cp.logon("A", SIZE, start.ecmode)
    for page in range(vm.storage.pages):
        made.cp.paging.bring(vm.storage, page)
    _set(start, vm.cpu)
    for block, key in start.keys.items():
        vm.storage.set_key(block * 2048, key)
    steal(made, vm)
    vm.cpu.load_psw(_psw(start))
    vm.cf = False
    made.cp.wake(vm)
    made.steps().stop()
    while vm.cp_wait or vm.vmpsw.instruction_address == start.at:
        made.steps().stop()
    assert visible_bare(machine).difference(visible_guest(vm)) == []
    assert vm.storage.page_reads > 0
    assert problems(made.cp) == []


def test_start_io_by_a_guest_that_translates_takes_real_addresses():
    """[2.3 4] [2.4 2] CAW and CCWs are guest-real, not virtual; GA22-7000 "Channel-Address Word"."""
    made, vm = guest(ecmode=True)
    made.stop()
    pages = [page << 4 for page in range(16)]
    pages[0], pages[2] = 0x0A0, 0x090
    for address, text in {
        SEGMENTS: "F0008100" + "00000001" * 15,
        PAGES: "".join(f"{entry:04X}" for entry in pages),
        0x2000: "C1C1",
        0x9000: "C2C2",
        PSA.CAW: "00000500",
        0x500: "0900200020000002",
    }.items():
        vm.cpu.store_real(address, bytes.fromhex(text))
    vm.cpu.cr[0], vm.cpu.cr[1] = DAT["cr"][0], SEGMENTS
    vm.cpu.store_real(0xAA00, bytes.fromhex("9C000009"))
    made.start(vm, system_mask=4, ec_mode=True)
    made.until(lambda: bool(own_lines(vm)))
    assert own_lines(vm) == ["AA"]


# ---- pseudo page faults ---------------------------------------------------------------------------------------------


def handshaking(code):
    """A guest with PAGEX on, pages 5 and 6 out; its handler notes address and code at GR2, and goes on."""
    made, vm = paged()
    vm.cpu.store_real(0x6000, bytes.fromhex("11223344"))
    steal(made, vm, 6)
    vm.vmpstat |= ProcessStatus.PAGEX
    vm.cpu.store_real(Class.PROGRAM.new_psw, PSW(ec_mode=True, instruction_address=HANDLER).to_bytes())
    note = "D20320000090 D2012004008E 41202008 91800090 4710F024 5870002C 41770004 5070002C 82000028"
    vm.cpu.store_real(HANDLER, bytes.fromhex(note))
    vm.vmgprs[2], vm.vmgprs[15] = 0x4000, HANDLER
    made.start(vm, code.replace(" ", ""), system_mask=0x02, ec_mode=True)
    for _ in range(20_000):
        made.machine.advance()
    made.stop()
    return vm, [vm.peek(0x4000 + 8 * n, 6).hex() for n in range(5)]


def test_each_page_that_has_come_gives_a_second_pseudo_page_fault():
    """[1.11 Pseudo page faults] Two pages come while the guest is disabled for I/O: it hears of both, in order."""
    disabled = "AC00C800 41900FFF 4690C010 AD02C800"
    vm, noted = handshaking(f"58405000 58406000 {disabled} 47F0C018")
    assert noted == ["000050000014", "000060000014", "800050000014", "800060000014", "000000000000"]
    assert not vm.vmpend & Pending.PSEUDO


def test_an_ordinary_page_wait_does_not_lose_a_pseudo_page_fault():
    """[1.11 Pseudo page faults] The guest is told of page 5, then waits for page 6, disabled; page 5 is told again."""
    vm, noted = handshaking("58405000 AC00C800 58406000 AD02C800 47F0C010")
    assert noted == ["000050000014", "800050000014", *["000000000000"] * 3]
    assert vm.vmgprs[4] == 0x11223344


def test_a_reset_forgets_pages_that_were_told():
    """[1.12 SYSTEM RESET / CLEAR / RESTART] No pseudo page fault comes to the system that is loaded next."""
    made, vm = paged()
    vm.vmpstat |= ProcessStatus.PAGEX
    made.start(vm, "58405000", system_mask=0x02, ec_mode=True)
    made.until(lambda: vm.pages_told == (5,))
    command(made, vm, "SYSTEM RESET")
    made.run()
    assert (vm.pages_told, vm.pages_arrived, vm.pending_program) == ((), (), None)


# ---- commands at any moment -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "SYSTEM CLEAR",
        "SYSTEM RESET",
        "DEFINE STORAGE 128K",
        "DEFINE STORAGE 32K",
        "SET ECMODE OFF",
        "DEFINE CHANNELS BMX",
    ],
)
def test_a_reset_ends_the_wait_for_a_page(line):
    """[4.2 SYSTEM] [4.3 DEFINE] The machine that waited for a page runs again after BEGIN."""
    made, vm = paged()
    made.start(vm, "58405000")
    made.until(lambda: bool(vm.vmrstat & RunStatus.PGWAIT))
    assert command(made, vm, line).code == 0
    assert not vm.vmrstat & RunStatus.PGWAIT
    vm.cpu.store_real(CODE, bytes.fromhex("1A11 47F0C000"))
    vm.vmgprs[12] = CODE
    command(made, vm, f"BEGIN {CODE:X}")
    made.steps(4).stop()
    assert vm.vmpsw.instruction_address in (CODE, CODE + 2)


def console_function(text):
    """DIAGNOSE X'08' with the text at X'800'."""

    def make(made, vm):
        vm.cpu.store_real(0x800, text.encode("cp037"))
        vm.vmgprs[2], vm.vmgprs[4] = 0x800, len(text)
        return "83240008 47F0C000"

    return make


def typed(text):
    def make(made, vm):
        vm.cpu.store_real(CODE, bytes.fromhex("1A11 1A11 1A11 47F0C000"))
        command(made, vm, text)
        return ""

    return make


@pytest.mark.parametrize(
    ("make", "forced"),
    [
        pytest.param(typed("ADSTOP A02"), True, id="ADSTOP"),
        pytest.param(typed("TRACE INSTRUCT"), True, id="TRACE"),
        pytest.param(typed("PER IFETCH"), True, id="PER"),
        pytest.param(console_function("STOP"), True, id="STOP by DIAGNOSE"),
        pytest.param(console_function("SYSTEM RESET"), True, id="SYSTEM RESET by DIAGNOSE"),
        pytest.param(console_function("SLEEP"), False, id="SLEEP by DIAGNOSE"),
    ],
)
def test_a_disconnected_machine_that_stops_in_cp_mode_is_logged_off_after_15_minutes(make, forced):
    """[4.3 DISCONN] However it came to stop; one that sleeps wanted to."""
    made, vm = guest()
    made.stop()
    code = make(made, vm)
    vm.vmgprs[12] = CODE
    made.start(vm, code.replace(" ", ""))
    disconnect(made.cp, vm)
    assert made.cp.requests.queue == ()
    made.until(lambda: vm.cf).settle()
    due = [
        request.due - made.machine.clocks.now
        for request in made.cp.requests.queue
        if request.what == Request.FORCE.name
    ]
    assert len(due) == forced
    assert all(GRACE - 1_000 < left <= GRACE for left in due)


# ---- a page that cannot be had --------------------------------------------------------------------------------------

GO_ON = "47F0C100"
NO_ROOM = [
    pytest.param("82005000", 5, {}, CODE + 0x100, None, id="LPSW, its operand"),
    pytest.param("0A77", 0, {}, HANDLER, Class.SVC, id="SVC, page 0"),
    pytest.param("0A77", 0, {"ec_mode": True}, HANDLER, Class.SVC, id="SVC in EC mode, page 0"),
    pytest.param("1A66", 0, {"program_mask": 8}, HANDLER, Class.PROGRAM, id="an instruction that has ended"),
    pytest.param("0000", 0, {}, HANDLER, Class.PROGRAM, id="an instruction that was suppressed"),
    pytest.param(GO_ON, 0, {"system_mask": 1}, HANDLER, Class.EXTERNAL, id="an external interruption"),
]


@pytest.mark.parametrize(("code", "page", "psw", "to", "kind"), NO_ROOM)
def test_begin_goes_on_with_what_could_not_be_done_for_want_of_a_page(monkeypatch, code, page, psw, to, kind):
    """[1.6 PGM-1] [1.6 EXT-2] Paging area full: neither an instruction nor an interruption is lost."""
    made, vm = paged()
    vm.cpu.store_real(CODE + 0x1000, bytes.fromhex(code + GO_ON))
    vm.cpu.store_real(CODE + 0x100, bytes.fromhex(GO_ON))
    for each in Class:
        vm.cpu.store_real(each.new_psw, PSW(instruction_address=HANDLER).to_bytes())
    vm.cpu.store_real(HANDLER, bytes.fromhex("47F0F000"))
    vm.vmgprs[6], vm.vmgprs[15], vm.cpu.cr[0] = 0x7FFFFFFF, HANDLER, int(CR0.INTERRUPT_KEY_MASK)
    steal(made, vm, 0, 5)
    if kind is Class.EXTERNAL:
        vm.queue_external(External.INTERRUPT_KEY, CR0.INTERRUPT_KEY_MASK)
    bring = made.cp.paging.bring

    def full(storage, number):
        if number == page and storage.frame_of(number) is None:
            raise PagingAreaFull("CP ENTERED; PAGING AREA FULL")
        return bring(storage, number)

    with monkeypatch.context() as patched:
        patched.setattr(made.cp.paging, "bring", full)
        made.start(vm, instruction_address=CODE + 0x1000, **psw)
        for _ in range(2):
            made.until(lambda: vm.cf).settle()
            assert cp_lines(vm)[-2].startswith("CP ENTERED; PAGING AREA FULL")
            command(made, vm, "BEGIN")
        made.until(lambda: vm.cf).settle()
    command(made, vm, "BEGIN")
    made.until(lambda: made.cp.running_vm is vm and made.machine.cpu.psw.instruction_address == to)
    olds = {each for each in Class if any(vm.peek(each.old_psw, 8))}
    assert olds == ({kind} if kind else set())
    assert kind is not Class.PROGRAM or vm.vmgprs[6] in (0xFFFFFFFE, 0x7FFFFFFF)


# ---- timers across a wait -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "lines", "ends"),
    [
        pytest.param("REAL", [""], 13_653_428, id="nothing happens"),
        pytest.param("REAL", ["SET MSG OFF", "SET MSG ON"], 13_653_428, id="CP looks at the machine twice"),
        pytest.param("ON", ["SET TIMER REAL"], 18_653_428, id="REAL five seconds later"),
    ],
)
def test_a_wait_is_counted_once_and_as_the_timer_was_set(mode, lines, ends):
    """[1.9 SET TIMER OFF / ON / REAL] X'100000' units, whoever looks at the machine while it waits."""
    made, vm = guest()
    made.stop()
    command(made, vm, f"SET TIMER {mode}")
    for address, text in {0x50: "00100000", 0x58: "0002000000000077", 0x5F0: "FF02000000000000"}.items():
        vm.cpu.store_real(address, bytes.fromhex(text))
    made.start(vm, "820005F0").cpu.cr[0] |= CR0.INTERVAL_TIMER_MASK
    made.until(lambda: vm.waiting_since is not None).settle()
    for line in lines:
        made.machine.clocks.now += 5_000_000
        if line:
            command(made, vm, line)
        made.settle()
    made.run()
    assert vm.vmpsw.instruction_address == 0x77
    assert made.machine.clocks.now == pytest.approx(ends, abs=20)
    assert vm.peek(PSA.INTERVAL_TIMER, 4).hex() == "ffffffff"


def test_units_that_were_owed_when_the_wait_began_are_not_waited_for():
    """[1.9 Update] Page 0 was out: what VMTIMER holds is taken off the timer before its end is asked for."""
    made = paging_bench(FRAMES)
    vm = made.log_on()
    command(made, vm, "SET TIMER REAL")
    vm.cpu.store_real(PSA.INTERVAL_TIMER, bytes.fromhex("00001000"))
    vm.cpu.cr[0] |= CR0.INTERVAL_TIMER_MASK
    vm.cpu.load_psw(PSW(1, wait=True))
    vm.vmtimer = 0x800
    steal(made, vm, 0)
    made.cp.timers.begin_wait(vm)
    assert (vm.vmtimer, vm.peek(PSA.INTERVAL_TIMER, 4).hex()) == (0, "00000800")
    (request,) = made.cp.requests.queue
    assert request.due - vm.waiting_since == pytest.approx(0x800 * 1_000_000 / 76_800, abs=20)


def test_the_interval_timer_drops_bit_23_three_hundred_times_a_second():
    """[1.9 Interval timer unit] The low unit is 13.02 microseconds: 76,800 a second."""
    made, vm = guest("47F0C000")
    made.stop()
    vm.vmgprs[12] = CODE
    vm.cpu.store_real(PSA.INTERVAL_TIMER, bytes.fromhex("00400000"))
    made.start(vm)
    made.until(lambda: vm.vmvtime >= 10_000).stop()
    used = 0x400000 - int.from_bytes(vm.peek(PSA.INTERVAL_TIMER, 4), "big")
    assert used == pytest.approx(vm.vmvtime * 76_800 / 1_000_000, abs=2)


def test_who_logs_off_while_a_page_comes_leaves_no_wait_behind():
    """[4.3 LOGOFF] The page that comes later is nobody's."""
    made, vm = paged()
    other = made.log_on("B")
    made.start(other, "47F0C000").vmgprs[12] = CODE
    made.start(vm, "58405000")
    made.until(lambda: bool(vm.vmrstat & RunStatus.PGWAIT))
    log_off(made.cp, vm)
    made.steps(50)
    assert made.cp.vms == [other]
    assert problems(made.cp) == []
    assert made.cp.paging.queue.finished == []
    assert not other.vmostat & OtherStatus.CF
    assert READER in other.devices
