"""What is shown of a trap: whole views, stage by stage, forwards and backwards."""

import pytest

from edu_hv.debugger.breakpoints import StopAt
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.views import EffectView, Layer, LogEntry, RuleView, StageState, StatusView
from tests.debugger.walk import everything, loaded, run_line, trap_where

STAGES = ("guest", "hardware", "decode", "rule", "do", "run")
GUEST_OLD, GUEST_NEW = "00000000 00000206", "FE000000 0000020A"
REAL, TRAPPED, CP_PSW = "070D0000 00000206", "070D0000 0000020A", "000C0000 00001300"
SAME = "same"
CP_RUNS = "CP's own PSW"

XRAY_LINES = (
    ("SSM CHANNELS issued at 000206", "it is privileged, and the real PSW is in problem state"),
    (
        "program interruption, code 0002, ILC 4 bytes",
        "old PSW 070D0000 0000020A -> real 000028",
        "new PSW 000C0000 00001300 <- real 000068 (DMKPRGIN)",
    ),
    ("op 80 = SSM, Set system mask", "operand 000573 = FE"),
    (
        "PRV-1 guest in virtual problem state?",
        "   no (if yes: reflect code 0002 into the guest)",
        "PRV-2 virtual supervisor state, and CP knows the instruction?",
        "   YES -> do it to the virtual machine",
    ),
    ("guest mask 00 -> FE, real stays 07",),
    ("dispatch KERNEL at 00020A", "real PSW 070D0000 0000020A"),
)
RULES = (
    RuleView(
        "PRV-1", "guest in virtual problem state?", False, "reflect code 0002 into the guest",
        'SY20-0886 "Privileged Instruction Simulation"',
    ),
    RuleView(
        "PRV-2", "virtual supervisor state, and CP knows the instruction?", True, "do it to the virtual machine",
        'SY20-0886 "Privileged Instruction Simulation"',
    ),
)  # fmt: skip
WHY = "virtual supervisor state: CP acts as the machine would, on the guest's values and not on the real ones"
LOG = (
    LogEntry(1498, Layer.GUEST, "program: privileged operation at 000206 SSM CHANNELS", "KERNEL"),
    LogEntry(1498, Layer.HARDWARE, f"old PSW {TRAPPED} to 000028, new PSW {CP_PSW} from 000068", "KERNEL"),
    LogEntry(1498, Layer.CP, "CP fetched SSM, operand 000573 = FE", "KERNEL"),
    LogEntry(1498, Layer.CP, "CP, rule PRV-2: simulate SSM", "KERNEL"),
    LogEntry(1498, Layer.CP, "guest mask 00 -> FE", "KERNEL"),
    LogEntry(1498, Layer.CP, f"CP dispatched KERNEL, PSW {TRAPPED}", "KERNEL"),
)
# By stage: guest PSW, real PSW, and of the fields that differ or changed: guest, real, why, changed, real changed.
CP_FIELDS = {
    "mode": ("BC", "EC", CP_RUNS, False, False),
    "machine check": ("off", "on", CP_RUNS, False, False),
}
AFTER_SWAP = {**CP_FIELDS, "address": ("00020A", "001300", CP_RUNS, False, False)}
RUNNING = {
    "state": ("SUP", "PROB", "so that privileged ones trap", False, False),
    "mode": ("BC", "EC", "translation needs EC mode", False, False),
    "DAT": ("off", "on", "CP maps the guest's storage", False, False),
    "external": ("off", "on", "for the end of a time slice", False, False),
    "machine check": ("off", "on", "machine checks are CP's", False, False),
}
PSWS = (
    (
        GUEST_OLD[:-3] + "20A",
        TRAPPED,
        {
            **RUNNING,
            "mask": ("00", "07", "EC: DAT, I/O, external on", False, False),
            "I/O": ("off", "on", "CP hears of every device", False, False),
            "address": ("00020A", "00020A", SAME, True, True),
        },
    ),
    (
        GUEST_OLD[:-3] + "20A",
        CP_PSW,
        {
            **AFTER_SWAP,
            "mask": ("00", "00", CP_RUNS, False, True),
            "state": ("SUP", "SUP", CP_RUNS, False, True),
            "address": ("00020A", "001300", CP_RUNS, False, True),
            "DAT": ("off", "off", CP_RUNS, False, True),
            "I/O": ("off", "off", CP_RUNS, False, True),
            "external": ("off", "off", CP_RUNS, False, True),
        },
    ),
    (GUEST_OLD[:-3] + "20A", CP_PSW, AFTER_SWAP),
    (GUEST_OLD[:-3] + "20A", CP_PSW, AFTER_SWAP),
    (
        GUEST_NEW,
        CP_PSW,
        {
            **AFTER_SWAP,
            "mask": ("FE", "00", CP_RUNS, True, False),
            "I/O": ("on", "off", CP_RUNS, True, False),
        },
    ),
    (
        GUEST_NEW,
        TRAPPED,
        {
            **RUNNING,
            "mask": ("FE", "07", "EC: DAT, I/O, external on", True, False),
            "I/O": ("on", "on", SAME, True, False),
            "address": ("00020A", "00020A", SAME, True, True),
        },
    ),
)  # fmt: skip
STATES = (("SUP", "PROB", "KERNEL"), *[("SUP", "SUP", "CP")] * 4, ("SUP", "PROB", "KERNEL"))
TRAP = "trap: program: privileged operation at 000206 SSM CHANNELS"


def _fields(session: DebugSession) -> dict[str, tuple[object, ...]]:
    return {
        v.name: (v.guest, v.real, v.why, v.changed, v.real_changed)
        for v in session.psw().fields
        if v.differs or v.changed or v.real_changed
    }


def _check_stage(session: DebugSession, stage: int) -> None:
    """All views at stage 1 to 6 of the trap."""
    done = stage == 6
    guest_psw, real_psw, fields = PSWS[stage - 1]
    psw = session.psw()
    assert (psw.guest, psw.guest_psw, psw.real_psw, _fields(session)) == ("KERNEL", guest_psw, real_psw, fields)
    xray = session.xray()
    assert (xray.title, xray.in_progress) == (f"KERNEL step 1498: {TRAP.removeprefix('trap: ')}", not done)
    states = (
        [StageState.DONE] * 6
        if done
        else [
            StageState.DONE if n < stage else StageState.NOW if n == stage else StageState.TO_COME for n in range(1, 7)
        ]
    )
    assert [(s.number, s.title, s.state, s.lines) for s in xray.stages] == [
        (n, STAGES[n - 1], states[n - 1], XRAY_LINES[n - 1] if n <= stage else ()) for n in range(1, 7)
    ]
    assert (xray.rules, xray.why) == ((RULES, WHY) if stage >= 4 else ((), ""))
    assert session.log(stage).entries == LOG[:stage]
    code = session.code(8)
    (trapped,) = [line for line in code.lines if line.trap]
    assert (trapped.address, trapped.note, trapped.current, trapped.executed) == (0x206, "TRAP 02", not done, True)
    assert (code.current, code.lines[code.current].address) == (1, 0x206) if not done else (2, 0x20A)
    guest_state, real_state, running = STATES[stage - 1]
    status = session.status()
    assert status == StatusView(
        "KERNEL", ("KERNEL",), 1498, status.total, session.stop_reason, guest_state, real_state, running,
        "" if done else STAGES[stage - 1], status.microseconds,
    )  # fmt: skip


def test_the_first_ssm_of_the_kernel_stage_by_stage_and_back_again():
    session = loaded("kernel under CP")
    run_line(session, "trap")
    assert session.stop_reason == TRAP
    _check_stage(session, 1)
    for stage in range(2, 7):
        run_line(session, "stage")
        assert session.stop_reason == (TRAP if stage == 6 else f"{TRAP} (stage {STAGES[stage - 1]})")
        _check_stage(session, stage)
    for stage in range(5, 0, -1):
        run_line(session, "unstage")
        assert session.stop_reason == "back one stage"
        _check_stage(session, stage)


def test_the_decision_about_the_first_ssm_names_the_effect_and_the_real_value():
    session = loaded("kernel under CP")
    session.step(2)
    (view,) = session.decisions()
    assert (view.step, view.guest, view.trap, view.decision, view.why, view.rules) == (
        1498, "KERNEL", "program: privileged operation (SSM)", "simulate SSM", WHY, RULES,
    )  # fmt: skip
    assert view.effects == (EffectView("mask", "00", "FE", "07"),)
    session.unstage(2)
    assert session.decisions()[0].effects == ()


def _stage_lines(session: DebugSession) -> dict[str, tuple[str, ...]]:
    """Lines by title; a title that comes twice is numbered."""
    found: dict[str, tuple[str, ...]] = {}
    for stage in session.xray().stages:
        title = stage.title if stage.title not in found else f"{stage.title} {stage.number}"
        found[title] = stage.lines
    return found


def test_a_load_psw_on_the_bare_machine_changes_the_one_psw_there_is():
    session = loaded("kernel bare")
    session.run(address=session.address_of("RESUME"))
    view = session.step(3)
    assert view.sentence.endswith("LPSW RUNPSW, mask FF, problem state, key 1")
    assert all(field.why == SAME and not field.differs for field in session.psw().fields)
    assert [f.name for f in session.psw().fields if f.changed] == ["mask", "state", "address", "key", "I/O", "external"]
    assert session.xray().stages == () or not session.xray().in_progress


def test_an_svc_on_the_bare_machine_is_two_stages_and_names_the_routine_it_continues_in():
    session = loaded("kernel bare")
    trap_where(session, lambda reason: "SVC 1" in reason)
    title = session.xray().title
    assert [(s.title, s.state) for s in session.xray().stages] == [
        ("program", StageState.NOW),
        ("hardware", StageState.TO_COME),
    ]
    session.stage()
    old, new, at = session.guest_storage(0x20, 8), session.guest_storage(0x60, 8), session.address_of("SVCINT")
    assert (session.xray().title, session.xray().in_progress) == (title, False)
    assert session.xray().stages[1].lines == (
        "supervisor call interruption, code 0001, ILC 2 bytes",
        f"old PSW {old.hex(' ', 4).upper()} -> 000020",
        f"new PSW {new.hex(' ', 4).upper()} <- 000060 (SVCINT)",
    )
    assert (session.guest_psw().instruction_address, session.code(3).lines[1].label) == (at, "SVCINT")


def test_an_io_interruption_on_the_bare_machine_shows_its_csw():
    session = loaded("kernel bare")
    trap_where(session, lambda reason: "device 009" in reason)
    session.stage()
    csw = session.guest_storage(0x40, 8).hex(" ", 4).upper()
    assert session.xray().stages[1].lines[3:] == (f"CSW {csw} -> 000040", "   channel end, device end")


def test_an_svc_under_cp_is_reflected_by_way_of_the_guests_own_low_storage():
    session = loaded("kernel under CP")
    trap_where(session, lambda reason: "SVC 1" in reason)
    before = session.guest_psw()
    session.step()
    old, new = session.guest_storage(0x20, 8).hex(" ", 4).upper(), session.guest_storage(0x60, 8).hex(" ", 4).upper()
    lines = _stage_lines(session)
    assert list(lines) == list(STAGES)
    assert lines["do"][:4] == (
        f"old PSW {old} -> guest 000020",
        f"new PSW {new} <- guest 000060 (SVCINT)",
        "guest mask FF -> 00, real stays 07",
        "guest key 1 -> 0",
    )
    assert (before.problem_state, session.guest_psw().problem_state, session.real_psw().problem_state) == (
        True, False, True,
    )  # fmt: skip
    assert session.guest_psw().instruction_address == session.address_of("SVCINT")


def test_a_tape_sio_shows_each_ccw_beside_its_translation_and_the_end_both_csws():
    session = loaded("kernel under CP")
    trap_where(session, lambda reason: "SIO" in reason and session.guest_gr(2) == 0x181)
    assert session.guest_gr(2) == 0x181
    session.step()
    do = _stage_lines(session)["do"]
    assert list(do[:2]) == ["SIO-8 is it a real device, or a part of one?",
                      "   YES -> translate the channel program and queue it for the real device"]  # fmt: skip
    do = do[do.index("CCWs of 181 copied for the real 281:") :]
    pairs = list(zip(do[1::2], do[2::2], strict=False))
    assert len(pairs) >= 2
    assert {pair[0].split()[2][:2] for pair in pairs} == {"07", "02"}
    for guest, real in pairs[:2]:
        name, guest_at, guest_ccw, _ = guest.split()
        _, real_at, real_ccw, _ = real.split()
        assert name == "guest"
        assert session.guest_storage(int(guest_at, 16), 4).hex().upper() == guest_ccw
        assert session.system.machine.cpu.load_real(int(real_at, 16), 4).hex().upper() == real_ccw
        if int(guest_ccw[:2], 16) & 3 != 3:  # A control command that moves no data keeps its address.
            assert session.real_address(int(guest_ccw[2:], 16)) == int(real_ccw[2:], 16)
    trap_where(session, lambda reason: "device 281" in reason)
    assert session.xray().stages[0].lines == ("input/output: device 281, while no guest ran",)
    session.stage(4)
    real = session.system.machine.cpu.load_real(0x40, 8)
    do = [line for line in _stage_lines(session)["do"] if "CSW" in line]
    assert do[0] == f"real CSW  {real.hex(' ', 4).upper()}: channel end, device end"
    guest = do[1].removeprefix("guest CSW ").removesuffix(", pending at 181")
    session.step()
    assert session.guest_storage(0x40, 8).hex(" ", 4).upper() == guest
    assert guest[8:] == real.hex(" ", 4).upper()[8:]
    assert list(_stage_lines(session)) == [*STAGES[:5], "then", "do 7", "run"]


def test_views_of_two_guests_tell_who_has_the_cpu():
    session = loaded("two guests")
    trap_where(session, lambda reason: "interval timer" in reason)
    while session.running() != "SECOND":
        session.step()
    assert (session.selected, session.status().running) == ("SECOND", "SECOND")
    session.select("KERNEL")
    assert (session.status().guest, session.status().running) == ("KERNEL", "SECOND")
    kernel = session.system.guest("KERNEL").vm
    assert kernel is not None
    assert session.psw().guest_psw == str(kernel.vmpsw)
    assert [int(r.value, 16) for r in session.registers().general] == kernel.vmgprs
    assert {f.why for f in session.psw().fields if f.differs} == {"SECOND has the CPU"}
    assert {v.name: v.why for v in session.registers().control if v.differs} == {
        "CR0": "CP's table format and masks",
        "CR1": "CP's table for SECOND",
    }
    session.step()
    assert session.recording.whose[-1] in (0, 1)
    session.select("auto")
    assert session.selected == session.running()


def test_the_reason_why_fields_differ_is_true_of_what_the_machine_is_doing():
    session = loaded("kernel under CP")
    whys = set()
    for _ in range(400):
        session.stage()
        status, found = session.status(), {f.why for f in session.psw().fields if f.differs}
        whys |= found
        assert all(len(why) <= 28 for why in found)
        expected = {
            "CP": found <= {"CP's own PSW"},
            "wait": found <= {"CP waits: no guest can run"},
            "KERNEL": not found & {"CP's own PSW", "CP waits: no guest can run"},
        }
        assert expected[status.running], (status, found)
    session.run()
    assert {f.why for f in session.psw().fields if f.differs} == {"in CP mode: does not run"}
    trap_wait = loaded("kernel under CP")
    while trap_wait.status().running != "wait":
        trap_wait.step()
    assert {f.why for f in trap_wait.psw().fields if f.differs} == {"CP waits: no guest can run"}


@pytest.mark.parametrize("load", [["kernel"], ["second"], ["hello"], ["diagnose"]])
def test_the_guests_console_is_the_same_bare_and_under_cp(load):
    bare, guest = DebugSession(), DebugSession()
    bare.load(load)
    guest.load(load, under_cp=True)
    bare.run()
    guest.run()
    if load == ["diagnose"]:
        assert guest.console().lines  # It asks CP, and there is none on the bare machine.
        return
    assert bare.console().lines
    assert bare.system.guests[0].own_console_lines() == guest.system.guests[0].own_console_lines()


def test_two_guests_at_once_print_what_each_prints_alone():
    both = loaded("two guests")
    both.run()
    for name in ("kernel", "second"):
        alone = DebugSession()
        alone.load([name])
        alone.run()
        assert both.system.guest(name).own_console_lines() == alone.system.guests[0].own_console_lines()


def test_going_back_from_the_end_takes_the_console_lines_back_one_by_one():
    session = loaded("kernel under CP")
    lines = []
    while session.run(StopAt.OUTPUT).reason.startswith("console output"):
        lines.append(session.console().lines)
    session.run()
    for expected in reversed(lines):
        session.run_back(StopAt.OUTPUT)
        assert session.console().lines == expected
    assert everything(session)["consoles"][0].lines == lines[0]


def test_the_x_ray_of_a_page_fault_says_where_the_page_is_now():
    session = loaded("kernel under CP")
    session.goto(0)
    for _ in range(2000):
        session.run(StopAt.DECISION)
        if session.decisions(1)[0].decision == "bring page 001 in":
            break
    session.stage()
    (view,) = session.decisions(1, rule="PTR")
    frame = session.guest.vm.storage.frame_of(1)
    assert [(e.name, e.before, e.after) for e in view.effects] == [
        ("page 001 of KERNEL", "out", f"in the frame at {frame:06X}")
    ]
    assert _stage_lines(session)["do"] == (f"page 001 of KERNEL out -> in the frame at {frame:06X}",)


def test_the_x_ray_of_a_shadow_table_entry_joins_the_two_translations():
    session = DebugSession()
    session.load(["twospace"], under_cp=True)
    session.run(limit=7000)
    seen = set()
    for _ in range(200):
        session.run(StopAt.DECISION)
        session.stage()
        for view in session.decisions(1, rule="VAT"):
            seen |= {e.after.split(" at ")[0] for e in view.effects if e.name.startswith("shadow entry for ")}
    assert seen == {"a page table, all invalid", "the frame"}


def test_what_cp_writes_while_it_carries_a_decision_out_is_in_the_x_ray():
    session = loaded("kernel under CP")
    session.give("cp", "adstop 206")
    session.run(limit=1000)
    assert "CP writes to KERNEL: ADSTOP AT 000206" in _stage_lines(session)["do"]
