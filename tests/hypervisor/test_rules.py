"""CP's rules, a row each: which one fires, which were asked, and what it decides.  Deciding changes nothing."""

import pytest

from edu_hv.hypervisor.decisions import (
    AbendCP,
    Deliver,
    EndTimeSlice,
    EnterConsoleFunction,
    FillShadow,
    Hypercall,
    Ignore,
    KeepInterruption,
    PageIn,
    PagingDone,
    PseudoPageFault,
    QueueExternal,
    Reflect,
    Run,
    ServeDevice,
    Simulate,
    SimulateIO,
    TimerRequestsDue,
    TraceStop,
)
from edu_hv.hypervisor.dispatch import BEFORE_RUNNING, before_running, candidate
from edu_hv.hypervisor.program import ALL_RULES, Trap, on_interruption
from edu_hv.hypervisor.shadow import Meaning, ShadowFault
from edu_hv.hypervisor.vmblok import ProcessStatus
from edu_hv.isa.codes import CR0, PIC, Class, External, UnitStatus
from edu_hv.machine.interruptions import Ending, Interruption
from edu_hv.machine.psw import PSW
from tests.hypervisor.bench import TAPE, guest

AT = 0x1000
SUPERVISOR, PROBLEM = PSW(), PSW(problem_state=True)


def program(code, text="", ending=Ending.SUPPRESSION, address=None):
    return Interruption(Class.PROGRAM, code, len(text) // 4, AT, bytes.fromhex(text), ending, address)


PRIVILEGED_SSM = program(PIC.PRIVILEGED_OPERATION, "80002000")
BEYOND = program(PIC.SEGMENT_TRANSLATION, "58403000", Ending.NULLIFICATION, 0x10000)
ADDRESSING = Interruption(Class.PROGRAM, PIC.ADDRESSING, 2, AT, bytes.fromhex("58403000"), Ending.TERMINATION)
SVC = Interruption(Class.SVC, 5, 1, AT, bytes.fromhex("0A05"))
TIMER = Interruption(Class.EXTERNAL, External.INTERVAL_TIMER, instruction_address=AT)
KEY = Interruption(Class.EXTERNAL, External.INTERRUPT_KEY, instruction_address=AT)
RESTART = Interruption(Class.RESTART, 0, instruction_address=AT)
IO = Interruption(Class.INPUT_OUTPUT, 0x281, instruction_address=AT)
OVERFLOW = program(PIC.FIXED_POINT_OVERFLOW, "1A45", Ending.COMPLETION)


OUT = program(PIC.PAGE_TRANSLATION, "58403000", Ending.NULLIFICATION, 0x4ABC)
PER = program(PIC.PER_EVENT, "1A45", Ending.COMPLETION)
COMPARATOR = Interruption(Class.EXTERNAL, External.CLOCK_COMPARATOR, instruction_address=AT)
CPU_TIMER = Interruption(Class.EXTERNAL, External.CPU_TIMER, instruction_address=AT)


def translation(code, ending=Ending.NULLIFICATION, address=0x4ABC):
    return Reflect(program(code, "58403000", ending, address))


VAT = ["VAT-1", "VAT-2", "VAT-3", "VAT-4", "VAT-5", "VAT-6", "VAT-7"]
FAULTS = [
    ShadowFault(meaning, 0x4ABC, 7)
    for meaning in (
        Meaning.PAGE_OUT,
        Meaning.GUEST_SEGMENT,
        Meaning.GUEST_PAGE,
        Meaning.SPECIFICATION,
        Meaning.ADDRESSING,
        Meaning.FILL_SEGMENT,
        Meaning.FILL_PAGE,
    )
]
SHADOWS = [
    PageIn(7),
    translation(PIC.SEGMENT_TRANSLATION),
    translation(PIC.PAGE_TRANSLATION),
    translation(PIC.TRANSLATION_SPECIFICATION, Ending.SUPPRESSION, None),
    translation(PIC.ADDRESSING, Ending.TERMINATION, None),
    FillShadow(0x4ABC, True),
    FillShadow(0x4ABC, False),
]


def case(name, psw, interruption, text, fired, others, decision, **more):
    return pytest.param(psw, interruption, text, fired, others, decision, more, id=name)


INTERRUPTIONS = [
    case("PRG-0", SUPERVISOR, OVERFLOW, "1A45", "PRG-0", [], AbendCP("PRG008"), supervisor=True),
    case("PRV-1", PROBLEM, PRIVILEGED_SSM, "80002000", "PRV-1", ["PRV-2"], Reflect(PRIVILEGED_SSM)),
    case(
        "PRV-1 whatever the instruction",
        PROBLEM,
        program(PIC.PRIVILEGED_OPERATION, "83000060"),
        "83000060",
        "PRV-1",
        ["PRV-2"],
        Reflect(program(PIC.PRIVILEGED_OPERATION, "83000060")),
    ),
    case(
        "PRV-2 simulated",
        SUPERVISOR,
        PRIVILEGED_SSM,
        "80002000",
        "PRV-2",
        ["PRV-1"],
        Simulate("SSM", bytes.fromhex("80002000")),
    ),
    case(
        "PRV-2 input/output",
        SUPERVISOR,
        program(PIC.PRIVILEGED_OPERATION, "9C000181"),
        "9C000181",
        "PRV-2",
        ["PRV-1"],
        SimulateIO("SIO", bytes.fromhex("9C000181"), 0x181),
    ),
    case(
        "PRV-2 DIAGNOSE",
        SUPERVISOR,
        program(PIC.PRIVILEGED_OPERATION, "83240060"),
        "83240060",
        "PRV-2",
        ["PRV-1"],
        Hypercall(0x60, bytes.fromhex("83240060")),
    ),
    case(
        "PRV-3",
        SUPERVISOR,
        program(PIC.PRIVILEGED_OPERATION, "B2102000"),
        "B2102000",
        "PRV-3",
        ["PRV-1", "PRV-2"],
        Reflect(program(PIC.OPERATION, "B2102000")),
    ),
    case("PRG-1", SUPERVISOR, BEYOND, "58403000", "PRG-1", ["PTR-1"], Reflect(ADDRESSING)),
    case("PTR-1", PSW(0x02, ec_mode=True), OUT, "58403000", "PTR-1", ["PRG-1"], PseudoPageFault(0x4ABC), pagex=True),
    case("PTR-2", SUPERVISOR, OUT, "58403000", "PTR-2", ["PRG-1", "PTR-1"], PageIn(4)),
    case("PTR-2 PAGEX, but BC mode", SUPERVISOR, OUT, "", "PTR-2", ["PRG-1", "PTR-1"], PageIn(4), pagex=True),
    *(
        case(rule, PSW(0x04, ec_mode=True), OUT, "58403000", rule, VAT[:n] or VAT[1:2], decision, fault=fault)
        for n, (rule, fault, decision) in enumerate(zip(VAT, FAULTS, SHADOWS, strict=True))
    ),
    case("PER-1", SUPERVISOR, PER, "1A45", "PER-1", ["PER-2"], TraceStop("program event", b"\x1a\x45"), per=True),
    case("PER-2", SUPERVISOR, PER, "1A45", "PER-2", ["PER-1"], Reflect(PER)),
    case("PRG-2", SUPERVISOR, OVERFLOW, "1A45", "PRG-2", [], Reflect(OVERFLOW)),
    case("PRG-2 problem state", PROBLEM, OVERFLOW, "1A45", "PRG-2", [], Reflect(OVERFLOW)),
    case(
        "PRG-3 semiprivileged, in virtual problem state",
        PROBLEM,
        program(PIC.SPECIAL_OPERATION, "B2190000"),
        "B2190000",
        "PRG-3",
        [],
        Reflect(program(PIC.OPERATION, "B2190000")),
    ),
    case(
        "PRG-3 semiprivileged, in virtual supervisor state",
        SUPERVISOR,
        program(PIC.PRIVILEGED_OPERATION, "B2260010"),
        "B2260010",
        "PRG-3",
        [],
        Reflect(program(PIC.OPERATION, "B2260010")),
    ),
    case("SVC-1", PROBLEM, SVC, "0A05", "SVC-1", ["SVC-2"], Reflect(SVC)),
    case("SVC-1 supervisor state", SUPERVISOR, SVC, "0A05", "SVC-1", ["SVC-2"], Reflect(SVC)),
    case("SVC-2", SUPERVISOR, SVC, "", "SVC-2", ["SVC-1"], Ignore(), waiting=True),
    case("EXT-1", PROBLEM, TIMER, "", "EXT-1", ["EXT-2"], EndTimeSlice(), quantum=-1),
    case("EXT-2 slice goes on", PROBLEM, TIMER, "", "EXT-2", ["EXT-1"], Ignore(), quantum=5),
    case("EXT-2 machine was waiting", PROBLEM, TIMER, "", "EXT-2", ["EXT-1"], Ignore(), quantum=-1, waiting=True),
    case("EXT-4", PROBLEM, COMPARATOR, "", "EXT-4", ["EXT-1", "EXT-2"], TimerRequestsDue()),
    case("EXT-5", PROBLEM, CPU_TIMER, "", "EXT-5", ["EXT-1", "EXT-2", "EXT-4"], QueueExternal(0x1005, 0x400)),
    case("EXT-3", PROBLEM, KEY, "", "EXT-3", ["EXT-1", "EXT-2", "EXT-4", "EXT-5"], Ignore(), quantum=-1),
    case("EXT-3 restart", PROBLEM, RESTART, "", "EXT-3", ["EXT-1", "EXT-2", "EXT-4", "EXT-5"], Ignore()),
    case("SVC-0", PROBLEM, SVC, "0A05", "SVC-0", ["SVC-1"], TraceStop("ADSTOP"), adstop=True),
    case("SVC-1 another SVC of a guest with ADSTOP", PROBLEM, SVC, "0A05", "SVC-1", ["SVC-0"], Reflect(SVC), set=True),
    case("IO-1", PROBLEM, IO, "", "IO-1", ["IO-3"], KeepInterruption("A", TAPE), owned=True),
    case("IO-3", PROBLEM, IO, "", "IO-3", ["IO-1"], PagingDone(), purpose="paging"),
    case("IO-4", PROBLEM, IO, "", "IO-4", ["IO-1", "IO-3"], ServeDevice(0x281), purpose="sense"),
    case("IO-2", PROBLEM, IO, "", "IO-2", ["IO-1", "IO-3", "IO-4"], Ignore()),
]


@pytest.mark.parametrize(("psw", "interruption", "text", "fired", "others", "decision", "more"), INTERRUPTIONS)
def test_interruption_leads_to_the_rule_and_decision(psw, interruption, text, fired, others, decision, more):
    """[1.1 3; 1.6 PGM-1; EXT-1; IO-1] Which rules were asked, and that asking changes nothing."""
    made, vm = guest()
    vm.cpu.load_psw(psw.copy())
    vm.quantum = more.get("quantum", 0)
    vm.vmgprs[3] = 0x10000
    made.cp.set_ecmode(vm, True)
    vm.vmpstat |= ProcessStatus.PAGEX if more.get("pagex") else 0
    vm.cp_per = (0, 0, 0) if more.get("per") else None
    vm.vmadstop = (AT, b"") if more.get("adstop") or more.get("set") else None
    owner = (vm, TAPE) if more.get("owned") else (None, 0)
    before = made.machine.state(), made.cp.state()
    rest = more.get("waiting", False), more.get("purpose", ""), more.get("fault"), more.get("adstop", False)
    rest = *rest, more.get("supervisor", False)
    verdict = on_interruption(Trap(vm, interruption, bytes.fromhex(text), *owner, *rest))
    assert (verdict.rule.id, verdict.decision) == (fired, decision)
    assert [rule.id for rule in verdict.tried if not rule.fired] == others
    assert verdict.why
    assert (made.machine.state(), made.cp.state()) == before


def _pend_key(vm):
    vm.queue_external(External.INTERRUPT_KEY, CR0.INTERRUPT_KEY_MASK)


def _pend_both(vm):
    _pend_key(vm)
    vm.queue_external(External.INTERVAL_TIMER, CR0.INTERVAL_TIMER_MASK)


def _mask_timer(vm):
    _pend_both(vm)
    vm.cpu.cr[0] = CR0.INTERRUPT_KEY_MASK


def _pend_tape(vm):
    vm.devices[TAPE].present(UnitStatus.DEVICE_END)
    vm.devices.note(vm.devices[TAPE])


def _pend_all(vm):
    _pend_key(vm)
    _pend_tape(vm)


def _mask_channel_1(vm):
    _pend_tape(vm)
    vm.cpu.cr[2] = 0


def external(code):
    return Deliver(Interruption(Class.EXTERNAL, code, instruction_address=AT))


TAPE_INTERRUPTION = Deliver(Interruption(Class.INPUT_OUTPUT, TAPE, instruction_address=AT))
EARLY = Reflect(Interruption(Class.PROGRAM, PIC.SPECIFICATION, 0, AT, b"", Ending.SUPPRESSION))
LOOP = EnterConsoleFunction("DMKPRG453W CP ENTERED; PROGRAM INTERRUPT LOOP")
EXTERNAL_LOOP = EnterConsoleFunction("DMKDSP452W CP ENTERED; EXTERNAL INTERRUPT LOOP")
DISABLED = EnterConsoleFunction("DMKDSP450W CP ENTERED; DISABLED WAIT PSW")
NOTHING = Run("A")

GUESTS = [
    pytest.param(
        PSW(ec_mode=True),
        None,
        {"ecmode": False},
        "DSP-1",
        EnterConsoleFunction("DMKDSP451W CP ENTERED; INVALID PSW"),
        id="DSP-1",
    ),
    pytest.param(PSW(), None, {"program_loops": 2}, "DSP-2", LOOP, id="DSP-2"),
    pytest.param(PSW(), None, {"program_loops": 1}, "DSP-9", NOTHING, id="DSP-2 not yet"),
    pytest.param(PSW(ec_mode=True, unassigned=1 << 63), _pend_all, {}, "DSP-3", EARLY, id="DSP-3 comes before all"),
    pytest.param(PSW(0x01), _pend_key, {"external_loops": 2}, "DSP-4", EXTERNAL_LOOP, id="DSP-4"),
    pytest.param(PSW(0x01), _pend_key, {"external_loops": 1}, "DSP-5", external(0x40), id="DSP-4 not yet"),
    pytest.param(PSW(0x01), _pend_key, {"pending_program": PER}, "DSP-10", Reflect(PER), id="DSP-10 before external"),
    pytest.param(PSW(0x04, ec_mode=True), None, {}, "DSP-9", NOTHING, id="DSP-9 virtual DAT"),
    pytest.param(PSW(0x41), _pend_all, {}, "DSP-5", external(0x40), id="DSP-5 external before I/O"),
    pytest.param(PSW(0x03, ec_mode=True), _pend_all, {}, "DSP-5", external(0x40), id="DSP-5 EC"),
    pytest.param(PSW(0x01), _pend_both, {}, "DSP-5", external(0xC0), id="DSP-5 timer and key together"),
    pytest.param(PSW(0x01), _mask_timer, {}, "DSP-5", external(0x40), id="DSP-5 CR0 masks the timer"),
    pytest.param(PSW(0x01, wait=True), _pend_key, {}, "DSP-5", external(0x40), id="DSP-5 ends a wait"),
    pytest.param(PSW(0x40), _pend_all, {}, "DSP-6", TAPE_INTERRUPTION, id="DSP-6 BC channel 1"),
    pytest.param(PSW(0x02, ec_mode=True), _pend_all, {}, "DSP-6", TAPE_INTERRUPTION, id="DSP-6 EC"),
    pytest.param(PSW(0x02, ec_mode=True), _mask_channel_1, {}, "DSP-9", NOTHING, id="DSP-6 CR2 masks the channel"),
    pytest.param(PSW(0xBE), _pend_all, {}, "DSP-9", NOTHING, id="DSP-6 BC mask of another channel"),
    pytest.param(PSW(wait=True), _pend_all, {}, "DSP-7", DISABLED, id="DSP-7"),
    pytest.param(PSW(0x01, wait=True), None, {}, "DSP-7", DISABLED, id="DSP-7 external alone cannot come"),
    pytest.param(PSW(), None, {"quantum": -1}, "DSP-8", EndTimeSlice(), id="DSP-8"),
    pytest.param(PSW(0x01), _pend_key, {"quantum": -1}, "DSP-5", external(0x40), id="DSP-8 comes after delivery"),
    pytest.param(PSW(), _pend_all, {"quantum": 1}, "DSP-9", NOTHING, id="DSP-9"),
]


@pytest.mark.parametrize(("psw", "prepare", "fields", "fired", "decision"), GUESTS)
def test_dispatcher_asks_its_rules_in_order(psw, prepare, fields, fired, decision):
    """[1.6 ORDER; EXT-2; IO-2; PSWCHK] And nothing is changed by it."""
    made, vm = guest(ecmode=True)
    vm.cpu.load_psw(psw.copy())
    vm.vmpsw.instruction_address = AT
    for name, value in fields.items():
        if name != "ecmode":
            setattr(vm, name, value)
    made.cp.set_ecmode(vm, fields.get("ecmode", True))
    if prepare:
        prepare(vm)
    before = made.machine.state(), made.cp.state()
    verdict = before_running(candidate(made.cp, vm))
    assert (verdict.rule.id, verdict.decision) == (fired, decision)
    asked = [rule.id for rule in BEFORE_RUNNING]
    expected = asked[: asked.index(fired) + 1] if fired != asked[0] else asked[:2]
    assert [rule.id for rule in verdict.tried] == expected
    assert (made.machine.state(), made.cp.state()) == before


def test_every_rule_fires_in_some_row():
    fired = {row.values[3] for row in (*INTERRUPTIONS, *GUESTS)}
    assert fired == {rule.id for rule in (*ALL_RULES, *BEFORE_RUNNING)}


def test_rules_have_ids_of_their_own_and_say_all_there_is_to_say():
    rules = [*ALL_RULES, *BEFORE_RUNNING]
    assert len({rule.id for rule in rules}) == len(rules)
    assert [rule.id for rule in rules if not (rule.source and rule.then and rule.question.endswith("?"))] == []
