"""Explain: it says what the next step does because it has done it, and nothing has happened."""

import pytest

from edu_hv.debugger.explaining.instruction import explain
from edu_hv.debugger.explaining.views import BitsView, CauseView, ExplainView
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.text import as_lines
from edu_hv.isa.errors import UserError
from edu_hv.machine.events import StorageStored
from tests.debugger.walk import run_line

MOST_STEPS = {False: 34_000, True: 4_000}
"""Bare, more than any of the guests needs to its end; under CP a part of it, for the sake of time."""


def loaded(name: str, under_cp: bool) -> DebugSession:
    session = DebugSession()
    session.load([name], under_cp)
    return session


def program(source: str, under_cp: bool = False) -> DebugSession:
    session = DebugSession()
    session.load_source(source, "p", under_cp)
    return session


def advance_step(session: DebugSession) -> tuple[int, list[tuple[int, bytes, bytes]]]:
    """One step of the recording, with what it stored; how many units it had."""
    storage, stored = session.system.machine.storage, []
    storage.observer = lambda event: stored.append(event) if isinstance(event, StorageStored) else None
    units = session.recording.unit
    session.recording.advance()
    while session.recording.in_step and session.recording.advance():
        pass
    storage.observer = None
    return session.recording.unit - units, [(s.absolute, s.old, s.new) for s in stored]


@pytest.mark.parametrize("under_cp", [False, True], ids=["bare", "under CP"])
@pytest.mark.parametrize("name", ["kernel", "twospace", "hostile", "busy"])
def test_what_explain_predicts_of_every_instruction_of_a_guest_happens_and_predicting_changes_nothing(name, under_cp):
    session = loaded(name, under_cp)
    explained, machine = set(), session.system.machine
    for _ in range(MOST_STEPS[under_cp]):
        about = session.system.about_to_execute() or ("", -1)
        if about in explained and not machine.cpu.psw.wait:
            session.recording.advance()
            while session.recording.in_step:
                session.recording.advance()
            continue
        explained.add(about)
        before = session.system.comparable(), session.recording.unit, session.total, session.journal.count
        view = explain(session)
        assert (session.system.comparable(), session.recording.unit, session.total, session.journal.count) == before
        if machine.dead:
            assert view.prediction is None
            break
        running = session.running() or session.selected
        units, stored = advance_step(session)
        found = view.prediction
        assert found is not None
        assert (found.units, found.stores) == (units, tuple(stored))
        assert found.gr == tuple(session.guest_registers(running))
        assert found.cr == tuple(session.guest_control_registers(running))
        psw = session.guest_psw(running)
        assert (found.next_address, found.cc) == (psw.instruction_address, psw.cc)
    assert len(explained) > 30


def sentences(view: ExplainView) -> str:
    return " | ".join(view.sentences)


def test_ssm_under_cp_is_explained_from_the_real_problem_state_to_the_rule_and_the_guests_mask():
    session = loaded("kernel", True)
    session.step()
    view = explain(session)
    assert view.title == "000206 SSM CHANNELS: Set system mask, privileged"
    (operand,) = view.operands
    assert operand.computed == "displacement 573 = 000573"
    assert operand.before == "FE"
    said = sentences(view)
    for part in (
        "privileged operation",
        "PSW bit 15 is 1",
        "the guest is in supervisor state, but CP runs every guest in real problem state",
        "PRV-1 guest in virtual problem state? no",
        "PRV-2 virtual supervisor state, and CP knows the instruction? yes, so: simulate SSM",
        "guest mask 00 -> FE",
        "goes on at 00020A",
    ):
        assert part in said
    assert view.prediction is not None
    assert view.prediction.rules[0] == "PRV-2"


def test_ssm_bare_is_executed_without_a_trap():
    session = loaded("kernel", False)
    session.step()
    view = explain(session)
    assert view.sentences == ("system mask 00 becomes FE", "no trap; the next instruction is at 00020A")


CODE = "P  START X'1000'\n"
BRANCHES = [
    pytest.param(" BC 15,P+16", 0, "branches to 001010: mask 15 means always", id="always"),
    pytest.param(" NOP P+16", 0, "does not branch: mask 0 means never", id="never"),
    pytest.param(" BC 8,P+16", 0, "branches to 001010: the mask 8 selects CC 0, and the condition code is 0",
                 id="taken"),
    pytest.param(" BC 6,P+16", 0, "does not branch: the mask 6 selects CC 1 or 2, and the condition code is 0",
                 id="not"),
    pytest.param(" BCR 15,0", 0, "does not branch: register operand 0 means no branch", id="BCR 0"),
    pytest.param(" BCT 3,P+16", 2, "branches to 001010: GR3 00000002 - 1 = 00000001 is not zero", id="count"),
    pytest.param(" BCT 3,P+16", 1, "does not branch: GR3 00000001 - 1 = 00000000, the count is used up", id="used up"),
    pytest.param(" BCTR 3,0", 1, "does not branch, register operand 0: it only counts, GR3 00000001 - 1 = 00000000",
                 id="only counts"),
    pytest.param(" BXH 3,4,P+16", 5, "branches to 001010: index GR3 00000005 + increment GR4 00000000 = 00000005 is "
                 "higher than the comparand GR5 00000000", id="index high"),
    pytest.param(" BXLE 3,4,P+16", 5, "does not branch: index GR3 00000005 + increment GR4 00000000 = 00000005 is "
                 "higher than the comparand GR5 00000000", id="index not low"),
    pytest.param(" BAL 3,P+16", 0, "branches to 001010: always; the address of the next instruction goes into GR3",
                 id="link"),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "r3", "words"), BRANCHES)
def test_a_branch_is_explained_with_the_values_that_decide_it_and_goes_there(statement, r3, words):
    session = program(f"{CODE} USING P,15\n{statement}\n DC 20X'07'\n END P")
    session.system.machine.cpu.gr[15], session.system.machine.cpu.gr[3] = 0x1000, r3
    view = explain(session)
    assert view.sentences[0] == words
    assert view.prediction is not None
    assert (view.prediction.next_address == 0x1010) == words.startswith("branches")


def test_an_operand_shows_base_index_displacement_length_and_both_values():
    session = program(f"{CODE} ST 2,8(3,4)\n DC 40X'00'\n END P")
    gr = session.system.machine.cpu.gr
    gr[2], gr[3], gr[4] = 0xCAFE, 4, 0x1000
    operands = explain(session).operands
    place = operands[-1]
    assert [o.name for o in operands] == ["GR2", "operand 2"]
    assert place.computed in (
        "GR4 00001000 + GR3 00000004 + displacement 008 = 00100C",
        "GR3 00000004 + GR4 00001000 + displacement 008 = 00100C",
    )
    assert place.what == "4 bytes, storage key 0"
    assert (place.before, place.after) == ("00000000", "0000CAFE")


def test_execute_is_explained_with_what_it_executes():
    session = program(f"{CODE} USING P,15\n EX 1,TARGET\nTARGET MVC X'40'(1),0\n END P")
    session.system.machine.cpu.gr[15], session.system.machine.cpu.gr[1] = 0x1000, 3
    view = explain(session)
    assert "it executes MVC 64(4),0: Move characters, from 001004" in view.sentences


TRAPS = [
    pytest.param(" L 3,0(2)", {2: 0xF00000}, "operand 2 is at F00000, past the last byte of storage, 03FFFF",
                 id="addressing"),
    pytest.param(" D 3,0", {}, "register 3 is odd, where the even register of a pair must be named", id="odd pair"),
    pytest.param(" LPSW 4(0)", {}, "operand 2 is at 000004, which is not on a boundary of 8 bytes", id="boundary"),
    pytest.param(" DC X'0000'", {}, "operation code 0000 is no instruction of this machine", id="operation"),
    pytest.param(" SVC 9", {}, "SVC always interrupts: supervisor call 9", id="svc"),
]  # fmt: skip


@pytest.mark.parametrize("under_cp", [False, True], ids=["bare", "under CP"])
@pytest.mark.parametrize(("statement", "registers", "why"), TRAPS)
def test_a_trap_is_explained_with_the_values_that_cause_it(statement, registers, why, under_cp):
    session = program(f"{CODE}{statement}\n DC 20X'00'\n END P", under_cp)
    for number, value in registers.items():
        session.system.machine.cpu.gr[number] = value
    view = explain(session)
    if under_cp and "past the last byte" in why:
        assert "CP will ask: PRG-1" in sentences(view)
    elif under_cp and "boundary" in why:
        assert "simulate LPSW" in sentences(view)
        assert "program old PSW" in sentences(view)
    else:
        assert why in sentences(view)
    assert view.prediction is not None
    assert view.prediction.trap


def test_a_protection_exception_names_both_keys():
    session = program(f"{CODE} ST 2,X'800'\n END P")
    cpu = session.system.machine.cpu
    cpu.psw.key = 3
    cpu.storage.keys[1] = 0x50
    cpu.forget_mappings()
    assert "operand 2 at 000800 has storage key 5, and PSW key 3 may not store into it" in sentences(explain(session))


# ---- what is no instruction ------------------------------------------------------------------------------------------


def test_a_pending_interruption_comes_before_the_instruction():
    session = loaded("kernel", False)
    session.step(4)
    view = explain(session)
    assert view.title == "an interruption comes before the instruction at 000212: external: interval timer"
    assert "the old PSW goes to 000018, the new PSW comes from 000058: goes on at 00031C (EXTINT)" in view.sentences


def test_inside_a_trap_the_stages_that_are_left_are_explained():
    session = loaded("kernel", True)
    session.step()
    session.stage(2)
    view = explain(session)
    assert "4 stages are left of it" in view.title
    assert "guest mask 00 -> FE" in sentences(view)


def test_a_wait_says_what_can_end_it():
    session = loaded("hello", False)
    while not session.real_psw().wait:
        session.step()
    view = explain(session)
    assert view.title == "the machine waits"
    assert "what can end it is an I/O interruption" in sentences(view)


@pytest.mark.parametrize("under_cp", [False, True], ids=["bare", "under CP"])
def test_where_nothing_can_happen_explain_says_why(under_cp):
    session = loaded("hello", under_cp)
    session.run(limit=5_000)
    view = explain(session)
    assert view.prediction is None
    assert ("CP mode" if under_cp else "disabled wait") in view.title


def test_a_guest_selected_by_hand_that_does_not_run_says_who_does():
    session = DebugSession()
    session.load(["kernel", "second"], True)
    session.select("SECOND")
    if session.running() == "SECOND":
        session.select("KERNEL")
    assert "has the CPU" in explain(session).title


# ---- the command -----------------------------------------------------------------------------------------------------


def test_explain_trap_goes_from_the_hardware_to_the_guest_and_names_who_set_the_problem_state():
    source = f"{CODE} BALR 15,0\n USING *,15\n LPSW TASK\nGO SSM 0\n DS 0D\nTASK DC X'00010000',A(GO)\n END P"
    for under_cp in (False, True):
        session = program(source, under_cp)
        session.step(2)
        (view,) = run_line(session, "explain trap")
        assert isinstance(view, ExplainView)
        assert "is in problem state itself: bit 15 of its PSW is 1, set by LPSW TASK at 001002" in sentences(view)


def test_explain_trap_explains_the_last_one_when_the_next_instruction_does_not_trap():
    session = loaded("kernel", True)
    session.step(2)
    session.step(4)
    before = session.system.comparable(), session.recording.unit
    (view,) = run_line(session, "explain trap")
    assert (session.system.comparable(), session.recording.unit) == before
    assert view.title.startswith("the last trap, in step ")


@pytest.mark.parametrize(
    "line",
    ["explain", "e", "explain cc", "explain psw", "explain csw", "explain caw", "explain cr 0", "explain key 0",
     "explain tod", "explain ccw 300", "explain trap", "explain branch", "explain code program 5"],
)  # fmt: skip
@pytest.mark.parametrize("under_cp", [False, True], ids=["bare", "under CP"])
def test_explaining_changes_nothing_and_says_it_in_lines(line, under_cp):
    session = loaded("kernel", under_cp)
    session.step(6)
    before = session.system.comparable(), session.recording.unit, session.total, session.journal.count
    views = run_line(session, line)
    assert (session.system.comparable(), session.recording.unit, session.total, session.journal.count) == before
    assert all(isinstance(view, BitsView | ExplainView | CauseView) for view in views)
    assert all(len(text) <= 60 for view in views for text in as_lines(view, 60))


def test_explaining_with_nothing_loaded_says_so():
    with pytest.raises(UserError, match="nothing is loaded"):
        run_line(DebugSession(), "explain psw")
