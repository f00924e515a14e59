"""The trap x-ray of each kind of interruption, DIAGNOSE and virtual I/O, bare, under CP and with the assist.

Each row names where a trap is (`xray_scenes`), and says the titles of its stages and what must be said in them.
"""

import pytest

from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.views import StageState, XrayView
from edu_hv.isa.codes import PIC, Class
from tests.debugger.walk import run_line
from tests.debugger.xray_scenes import CODES, SETTINGS, scene

P, S, E, IO = Class.PROGRAM, Class.SVC, Class.EXTERNAL, Class.INPUT_OUTPUT
SIX = ("guest", "hardware", "decode", "rule", "do", "run")
EIGHT = ("guest", "hardware", "decode", "rule", "do", "then", "do", "run")
TWO = ("program", "hardware")
ASSIST = ("guest", "assist", "run")
DELIVERY = ("rule", "do", "run")

BARE = [
    *(("checks, bare", P, code, (), TWO, (words, "the swap changes", "the handler at", "begins with LPSW 40"))
      for code, words in (
          (1, "program: operation"), (2, "in problem state"), (3, "program: execute"), (5, "program: addressing"),
          (6, "program: specification"), (7, "program: data"), (8, "program: fixed-point overflow"),
          (9, "program: fixed-point divide"), (10, "program: decimal overflow"), (12, "program: exponent overflow"),
          (13, "program: exponent underflow"), (14, "program: significance"), (15, "program: floating point divide"),
      )),
    ("kernel, bare", P, 4, (), TWO, ("program: protection", "state problem -> supervisor")),
    ("kernel, bare", S, 1, (), TWO, ("it asks for an interruption, in any state", "begins with")),
    ("kernel, bare", E, 0x80, (), TWO, ("external: interval timer, before the instruction at", "EXTINT")),
    ("kernel, bare", IO, None, (), TWO, ("device 009", "CSW")),
    ("externals, bare", E, 0x40, (), TWO, ("external: interrupt key",)),
    ("externals, bare", IO, None, (), TWO, ("device 009", "attention")),
    ("externals, bare", S, 76, (), TWO, ("SVC 76 issued at",)),
    ("externals, bare", Class.MACHINE_CHECK, None, (), TWO, ("machine check", "the swap changes")),
    ("externals, bare", Class.RESTART, None, (), TWO, ("restart", "new PSW 00000000 00000204 <- 000000 (OVER)")),
    ("timers, bare", E, 0x1004, (), TWO, ("external: clock comparator", "mode EC")),
    ("PER, bare", P, 0x80, (), TWO, ("per event", "mode EC")),
]  # fmt: skip

TO_GUEST = ("-> guest 000028", "the swap changes", "the handler at")
PROGRAM = [
    *(("checks", P, code, ("PRG-2",), SIX, (words, "is it the guest's own doing?", "reflect", *TO_GUEST))
      for code, words in (
          (1, "program: operation"), (3, "program: execute"), (6, "program: specification"), (7, "program: data"),
          (8, "program: fixed-point overflow"), (9, "program: fixed-point divide"), (10, "program: decimal overflow"),
          (12, "program: exponent overflow"), (13, "program: exponent underflow"), (14, "program: significance"),
          (15, "program: floating point divide"),
      )),
    ("checks", P, PIC.SEGMENT_TRANSLATION, ("PRG-1",), SIX,
     ("address 6B2800, which has no translation", "reflect code 0005", *TO_GUEST)),
    ("checks", P, 2, ("PRV-1", "SSM"), SIX, ("guest in virtual problem state?", "YES -> reflect code 0002", *TO_GUEST)),
    ("hostile", P, 2, ("PRV-3", "SIGP"), SIX, ("PRV-2", "   no (", "PRV-3", "YES ->", "-> guest 000028")),
    ("kernel", P, 4, ("PRG-2",), SIX, ("program: protection", "ST", *TO_GUEST)),
    ("hostile", P, PIC.MONITOR_EVENT, ("PRG-2",), SIX, ("monitor event", "-> guest 000028")),
    ("PER", P, PIC.PER_EVENT, ("PER-2",), SIX, ("program event", "-> guest 000028")),
]  # fmt: skip

PRIVILEGED = [
    ("instructions", P, 2, ("PRV-2", mnemonic), titles, ("YES -> do it to the virtual machine", *words))
    for mnemonic, titles, words in (
        ("SSM", SIX, ("operand 00033C = FF", "guest mask 00 -> FF, real stays 07")),
        ("STIDP", SIX, ("guest storage 0002", "-> FF")),
        ("STCTL", SIX, ("guest storage 0002",)), ("STNSM", SIX, ("guest storage 0002",)),
        ("STOSM", SIX, ("operand 0002",)),
        ("SPT", SIX, ("operand 000", "guest CPU timer")), ("SCKC", SIX, ("operand 000", "guest clock comparator")),
        ("SCK", SIX, ("operand",)), ("IPK", SIX, ("op B2 = IPK",)),
        ("SPKA", SIX, ("key 0",)), ("ISK", SIX, ("block 000800",)), ("SSK", SIX, ("block 000800, key",)),
        ("RRB", SIX, ("block 000800",)), ("LRA", SIX, ("op B1 = LRA, Load real address",)),
        ("PTLB", SIX, ("its shadow tables are empty",)),
    )
]  # fmt: skip
PRIVILEGED += [
    ("timers", P, 2, ("PRV-2", "LCTL"), SIX, ("operand",)),
    ("kernel", P, 2, ("PRV-2", "LPSW", "DSP-6"), EIGHT,
     ("is an I/O interruption pending", "-> guest 000038", "guest CSW")),
    ("kernel", P, 2, ("PRV-2", "STOSM", "DSP-5"), EIGHT,
     ("is an external interruption pending", "-> guest 000018", "begins with TM EXTOPSW+3,INTTIMER")),
    ("kernel", P, 2, ("PRV-2", "LPSW", "DSP-7"), EIGHT,
     ("does the guest wait for what can never come?", "CP ENTERED; DISABLED WAIT PSW", "no guest can run")),
    ("hostile", P, 2, ("PRV-2", "LPSW", "DSP-3"), EIGHT,
     ("does the new PSW have bits on that must be zero?", "YES ->")),
]  # fmt: skip

TRANSLATION = [
    ("twospace", P, PIC.PAGE_TRANSLATION, ("PTR-2",), SIX,
     ("which has no translation", "YES -> bring the page in", "out -> in the frame at")),
    ("twospace", P, PIC.SEGMENT_TRANSLATION, ("VAT-6",), SIX, ("shadow entry for", "a page table, all invalid")),
    ("twospace", P, PIC.PAGE_TRANSLATION, ("VAT-7",), SIX, ("shadow entry for", "invalid -> the frame at")),
    ("twospace", P, PIC.SEGMENT_TRANSLATION, ("VAT-2",), SIX, ("reflect code 0010", *TO_GUEST)),
    ("twospace", P, PIC.PAGE_TRANSLATION, ("VAT-3",), SIX, ("reflect code 0011", *TO_GUEST)),
    ("twospace", P, PIC.SEGMENT_TRANSLATION, ("VAT-4",), SIX, ("reflect code 0012", *TO_GUEST)),
    ("hostile", P, PIC.SEGMENT_TRANSLATION, ("VAT-5",), SIX,
     ("do the guest's tables lead outside its storage?", "PGMINT")),
    ("twospace", P, PIC.PAGE_TRANSLATION, ("VAT-1",), SIX, ("bring the page in", "YES ->")),
]  # fmt: skip

CALLS = [
    ("kernel", S, 1, ("SVC-1",), SIX, ("op 0A = SVC", "-> guest 000020", "(SVCINT)", "state problem -> supervisor")),
    ("externals", S, 76, ("SVC-1",), SIX, ("-> guest 000020",)),
    ("externals", S, 0xB3, ("SVC-0",), SIX, ("CP writes to T: ADSTOP AT 0002C4", "no guest can run")),
    ("kernel", E, 0x80, ("EXT-1",), SIX, ("end the guest's time slice", "its time slice is over")),
    ("kernel", E, 0x80, ("EXT-1", "DSP-5"), EIGHT, ("-> guest 000018", "EXTINT")),
    ("externals", "delivery", 0, ("DSP-5",), DELIVERY, ("is an external interruption pending", "0040 -> none")),
    ("externals", "delivery", 0, ("DSP-6",), DELIVERY, ("is an I/O interruption pending", "pending I/O 009 -> none")),
    ("timers", P, 2, ("PRV-2", "LPSW", "DSP-5"), EIGHT, ("-> guest 000018", "is an external", "begins with LPSW 24")),
]  # fmt: skip

INPUT_OUTPUT = [
    *(("instructions", P, 2, (mnemonic, *rules), SIX, words) for mnemonic, rules, words in (
        ("SIO", ("SIO-6",), ("device 009, CAW 0000", "interpret the channel program", "CP did CCW 09", "none -> 009")),
        ("TIO", ("TIO-4",), ("device 009", "TIO-4", "YES ->")), ("TIO", ("TIO-3",), ("device 009", "TIO-3")),
        ("HIO", ("HIO-5",), ("device 009", "HIO-5")), ("HDV", ("HDV-6",), ("device 009", "HDV-6")),
        ("TCH", ("TCH-4",), ("device 009", "TCH-4")), ("STIDC", ("IDC-2",), ("IDC-2", "guest storage 0000A8")),
        ("CLRIO", ("TIO-4",), ("device 009",)), ("SIOF", ("SIO-6",), ("device 00E", "CAW")),
        ("SIO", ("SIO-8", "IOS-6"),
         ("device 181", "translate the channel program", "has the operation ended at once?", "CP did CCW 09")),
        ("SIO", ("SIO-1",), ("device FFF", "SIO-1", "guest CC")),
    )),
    ("kernel", P, 2, ("SIO", "SIO-8"), SIX, ("CCWs of 181 copied", "guest 00", " real 0")),
    ("kernel", IO, None, ("IO-1", "IOS-18", "DSP-6"), EIGHT,
     ("device 281, while no guest ran", "real CSW", "guest CSW", "pending at 181", "-> guest 000038")),
    ("hostile", IO, None, ("IO-4",), None, ("device",)),
    ("instructions", IO, None, ("IO-4",), SIX, ("device 281",)),
    ("twospace", P, 2, ("PRV-2", "RRB"), SIX, ("block",)),
]  # fmt: skip

DIAGNOSES = [
    ("diagnose", P, 2, ("PRV-2", "DIAG"), SIX,
     ("op 83 = DIAG, Diagnose", "code X'00', GR2 = 00001160", "guest storage 001160")),
    *(("hostile", P, 2, ("DIAG", rule), None, ("code X'", rule, "GR"))
      for rule in ("DGD-1", "DGD-2", "GIO-1", "GIO-5", "CFG-1", "VMC-1", "VMC-2", "VMC-3")),
]  # fmt: skip

ASSISTED = [
    ("kernel, assist", "assist", mnemonic, (), ASSIST, (words, "CP was not told of it", "the guest goes on"))
    for mnemonic, words in (
        ("LCTL", "the microcode did LCTL"), ("LPSW", "mask"), ("STNSM", "mask"), ("SSK", "the microcode did SSK"),
        ("SVC", "without the assist it would interrupt"),
    )
]  # fmt: skip
ASSISTED += [
    ("twospace, assist", "assist", "shadow-table validation", (), ASSIST, ("it filled the shadow entry",)),
    ("twospace, assist", "assist", "LRA", (), ASSIST, ("the microcode did LRA",)),
    ("kernel, assist", P, 2, ("declined",), None, ("the VM assist was asked first, and left",)),
]

NESTED = [
    ("minicp", P, PIC.PAGE_TRANSLATION, ("VAT-7",), SIX, ("shadow entry for",)),
    ("minicp", P, 2, ("PRV-1", "SIO"), SIX, ("-> guest 000028",)),
    ("minicp", P, 2, ("PRV-1", "LPSW"), SIX, ("-> guest 000028",)),
]

ROWS = [*BARE, *PROGRAM, *PRIVILEGED, *TRANSLATION, *CALLS, *INPUT_OUTPUT, *DIAGNOSES, *ASSISTED, *NESTED]


def _name(row: tuple[object, ...]) -> str:
    where, kind, code, rules, *_ = row
    return " ".join(str(getattr(word, "value", word)) for word in (where, kind, code, *rules) if word is not None)


def _text(view: XrayView) -> str:
    return "\n".join([view.title, *(line for stage in view.stages for line in (*stage.lines, *stage.details))])


def _at_the_end(row: tuple[object, ...]) -> tuple[DebugSession, int]:
    """The session of a row's scene, at the end of the step with its trap."""
    where, kind, code, rules, *_ = row
    found = scene(where)
    unit = found.where(kind, code, *rules)
    found.session.recording.goto(unit)
    return found.session, unit


@pytest.mark.parametrize("row", ROWS, ids=_name)
def test_an_x_ray_says_what_each_stage_did(row):
    *_, titles, words = row
    session, _ = _at_the_end(row)
    view = session.xray()
    assert titles is None or tuple(stage.title for stage in view.stages) == titles
    assert [stage.title for stage in view.stages if not stage.lines] == []
    assert [words for words in words if words not in _text(view)] == [], _text(view)
    assert not view.in_progress


@pytest.mark.parametrize("row", ROWS, ids=_name)
def test_an_x_ray_is_the_same_stage_by_stage_forwards_and_backwards(row):
    session, end = _at_the_end(row)
    recording = session.recording
    start = recording.start_of_step(end)
    recording.goto(start)
    seen = {}
    while recording.unit < end:
        recording.advance()
        seen[recording.unit] = session.xray()
    for unit in sorted(seen, reverse=True):
        recording.goto(unit)
        assert session.xray() == seen[unit]
    for unit, view in seen.items():
        now = [stage.number for stage in view.stages if stage.state is StageState.NOW]
        done = [stage.number for stage in view.stages if stage.state is StageState.DONE]
        to_come = [stage for stage in view.stages if stage.state is StageState.TO_COME]
        assert now == ([unit - start] if unit < end else [])
        assert len(done) == (unit - start - 1 if unit < end else len(view.stages))
        assert all(not stage.lines and not stage.details for stage in to_come)


def test_every_diagnose_code_has_an_x_ray_that_names_the_code_and_its_registers():
    session = scene("diagnoses").session
    seen = {}
    session.recording.goto(session.recording.start)
    while session.recording.advance():
        view = session.xray()
        if not session.in_step and "op 83 = DIAG, Diagnose" in _text(view):
            code = _text(view).partition("code X'")[2].partition("'")[0]
            seen[int(code, 16)] = [stage.title for stage in view.stages if not stage.lines], view.stages[-1].title
    assert seen == dict.fromkeys(CODES, ([], "run"))


@pytest.mark.parametrize("name", ["kernel", "kernel, bare", "kernel, assist"])
def test_next_and_previous_x_ray_stage_stop_at_the_same_positions(name):
    session = DebugSession()
    setting = SETTINGS[name]
    session.load([setting.name], setting.cp)
    forwards = []
    for _ in range(40):
        run_line(session, "xnext")
        forwards.append((session.recording.unit, session.xray()))
    assert len({unit for unit, _ in forwards}) == 40
    backwards = [forwards.pop()]
    for expected in reversed(forwards):
        run_line(session, "xback")
        assert (session.recording.unit, session.xray()) == expected
        backwards.append(expected)
    for expected in reversed(backwards[:-1]):
        run_line(session, "xnext")
        assert (session.recording.unit, session.xray()) == expected


def test_an_x_ray_of_an_earlier_trap_is_the_one_it_had_then():
    session = DebugSession()
    session.load(["kernel"], under_cp=True)
    earlier = []
    for _ in range(4):
        run_line(session, "trap")
        run_line(session, "step")
        earlier.append(session.xray())
    unit, total, state = session.recording.unit, session.total, session.system.comparable()
    found = [run_line(session, f"xray {count}")[0] for count in (4, 3, 2, 1)]
    assert found == earlier
    assert (session.recording.unit, session.total, session.system.comparable()) == (unit, total, state)
    run_line(session, "goto 0")
    assert run_line(session, "xray")[0].stages == ()


def test_what_a_simulated_instruction_stores_in_the_guest_is_told():
    session, _ = _at_the_end(("instructions", P, 2, ("PRV-2", "STIDP"), SIX, ()))
    (line,) = [line for stage in session.xray().stages for line in stage.lines if "guest storage" in line]
    address = int(line.split()[2], 16)
    assert line.endswith(session.guest_storage(address, 8).hex(" ", 4).upper())
