"""The specification gone through row by row against the running program: what nobody had looked at between rooms."""

import pytest

from edu_hv.hypervisor.commands.registry import run_command
from edu_hv.hypervisor.decisions import Deliver, Dispatched, Reflect
from edu_hv.hypervisor.disconnected import GRACE
from edu_hv.hypervisor.logon import disconnect, log_off
from edu_hv.hypervisor.paging_area import PagingAreaFull
from edu_hv.hypervisor.timer_requests import Request
from edu_hv.hypervisor.vmblok import DispatchStatus, OtherStatus, Pending, ProcessStatus, RunStatus
from edu_hv.isa.codes import CR0, PSA, Class, External, UnitStatus
from edu_hv.machine.psw import PSW
from edu_hv.machine.storage import FRAME
from tests.hypervisor.bench import (
    CODE,
    CONSOLE,
    HANDLER,
    READER,
    SIZE,
    TAPE,
    bench,
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
    assert request.due - made.machine.clocks.now == pytest.approx(0x800 * 1_000_000 / 76_800, abs=20)


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
