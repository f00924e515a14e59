"""Questions that a demanding teacher asks of the debugger, where a plausible wrong answer was once given."""

import pytest

from edu_hv.debugger.commands.registry import REGISTRY
from edu_hv.debugger.explaining.causes import cause
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.text import as_lines
from edu_hv.isa.errors import UserError
from tests.debugger.walk import run_line


def said(session: DebugSession, line: str) -> str:
    """What a line of the prompt answers, in one line."""
    return " ".join(
        " ".join(" ".join(as_lines(view, 10_000)).split()) for view in REGISTRY.execute(session, line) or ()
    )


@pytest.fixture(scope="module")
def kernel():
    """The kernel under CP, within the trap of its SSM."""
    session = DebugSession()
    session.load_cp("kernel")
    session.next_trap()
    return session


@pytest.fixture(scope="module")
def twospace():
    """A guest that translates addresses itself, with its DAT on."""
    session = DebugSession()
    session.load_cp("twospace")
    run_line(session, "break psw dat becomes 1 count 3")
    session.run()
    return session


def test_the_wait_of_one_guest_is_not_blamed_on_an_interruption_of_another_in_the_same_step():
    session = DebugSession()
    session.load_cp("kernel", "second")
    session.select("SECOND")
    session.run()
    assert "loaded that PSW itself: LPSW ENDOFDAY" in cause(session).links[0].sentence


@pytest.mark.parametrize("stages", range(5), ids=lambda n: f"after {n} stages")
@pytest.mark.parametrize("world", ["bare", "assist", "rule PRV-2", "untrapped"])
def test_within_a_trap_what_is_compared_is_that_trap_and_not_the_next_one(kernel, stages, world):
    kernel.goto(1497)
    kernel.next_trap()
    if stages:
        kernel.stage(stages)
    before = kernel.recording.unit, kernel.system.comparable()
    assert "step 1: 000206 SSM" in said(kernel, f"whatif {world}")
    assert (kernel.recording.unit, kernel.system.comparable()) == before


def test_where_neither_world_can_go_a_step_nothing_is_claimed_to_be_alike():
    session = DebugSession()
    session.load_cp("hello")
    session.run()
    text = said(session, "whatif assist")
    assert "there was no step to compare" in text
    assert "no difference" not in text
    assert "machine time" not in text


@pytest.mark.parametrize("whose", ["own", "shadow", "cp"])
def test_a_page_table_entry_is_explained_from_whose_table_it_is_asked(twospace, whose):
    at = "guest-real" if whose == "own" else "real"
    text = said(twospace, f"explain pte {whose} 1000")
    place = text.partition(", at ")[2][:6]
    assert f"page-table entry 1 at {at} {place}" in said(twospace, "address 1000")
    assert ("the page is at guest-real" in text) == (whose == "own")


def test_the_tables_of_a_guest_that_does_not_run_are_explained_too():
    session = DebugSession()
    session.load_cp("kernel", "second")
    session.select("SECOND")
    assert session.running() == "KERNEL"
    text = said(session, "explain pte 1000")
    assert text.startswith("CP's table, page-table entry for 001000")


def test_only_the_link_register_of_a_call_is_made_of_the_condition_code():
    session = DebugSession()
    session.load_bare("kernel")
    session.until("SAY")
    assert "condition code" not in said(session, "who psw.ia")
    assert "the condition code = 1" in said(session, "who gr14")


def test_a_label_that_is_called_as_a_register_is_not_set_as_one(kernel):
    with pytest.raises(UserError, match=r"cr0 is a label here: set \$cr0 sets the register"):
        run_line(kernel, "set cr0 = 5")


@pytest.mark.parametrize("line", ["break *20A", "break *0x20A", "tbreak *START+A", "until *20A"])
def test_an_address_behind_a_star_is_that_address_as_in_gdb(line):
    session = DebugSession()
    session.load_bare("kernel")
    run_line(session, line)
    if not line.startswith("until"):
        session.run(limit=1000)
    assert session.next_address() == 0x20A


@pytest.mark.parametrize("rule", ["NOSUCH", "PRV-99", "XX"])
def test_a_stop_on_a_rule_that_cp_has_not_is_refused(kernel, rule):
    with pytest.raises(UserError, match="CP has no rule"):
        run_line(kernel, f"break rule {rule}")


@pytest.mark.parametrize("rule", ["PRV", "prv-2", "DGD-16", "CFG-1", "SPL-RDR-OPEN"])
def test_a_stop_on_any_rule_or_family_of_rules_is_taken(rule):
    session = DebugSession()
    session.load_cp("kernel")
    assert f"rule {rule.upper()}" in said(session, f"break rule {rule}")


def test_a_loop_that_goes_round_a_privileged_instruction_some_times_is_no_failure():
    session = DebugSession()
    session.load_cp("kernel")
    run_line(session, "cp trace priv run")
    assert "again and again" not in said(session, "run 60")


def test_that_nothing_has_written_it_is_said_of_the_steps_up_to_here_where_others_follow():
    session = DebugSession()
    session.load_bare("kernel")
    session.run(limit=100)
    session.goto(10)
    for line in ("who cr0", "writers cr0"):
        assert "that is up to step 10 of 2,475; watchlog finds later ones, too" in said(session, line)
    session.goto(session.total)
    for line in ("who fpr6", "writers fpr6"):
        assert "up to step" not in said(session, line)


def test_what_break_calls_a_page_fault_find_and_trace_find_by_the_same_words(twospace):
    run_line(twospace, "findback page fault")
    event = twospace.system.machine.recognized
    assert event is not None
    assert event.code in (0x10, 0x11)
    assert "page translation" in said(twospace, "trace 1 page fault")
    assert "page translation" not in said(twospace, "trace 40 not page fault trap")
