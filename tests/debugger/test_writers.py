"""Who wrote this: what can be named, whose doing it was, what it was made of, and the way backwards."""

from pathlib import Path

import pytest

from edu_hv.debugger import DebugSession
from edu_hv.debugger.commands.locations import parse_location
from edu_hv.debugger.commands.registry import REGISTRY
from edu_hv.debugger.text import as_lines
from edu_hv.debugger.views import Layer
from edu_hv.debugger.writers.views import ChainView, WritersView, WriterView
from edu_hv.isa.errors import UserError

BADCCW = str(Path(__file__).parents[2] / "docs" / "examples" / "badccw.asm")


def _loaded(line: str, steps: int) -> DebugSession:
    session = DebugSession()
    REGISTRY.execute(session, line)
    session.run(limit=steps)
    return session


@pytest.fixture(scope="module")
def bare() -> DebugSession:
    return _loaded("load bare kernel", 1000)


@pytest.fixture(scope="module")
def under_cp() -> DebugSession:
    return _loaded("load cp kernel", 1000)


@pytest.fixture(scope="module")
def broken() -> DebugSession:
    return _loaded(f"load bare {BADCCW}", 10_000)


def _one(session: DebugSession, line: str) -> WriterView:
    (view,) = REGISTRY.execute(session, line)
    assert isinstance(view, WriterView)
    return view


@pytest.mark.parametrize(
    ("words", "name", "spelled"),
    [
        ("gr5", "GR5", "gr5"),
        ("R5", "GR5", "gr5"),
        ("fpr2", "FPR2", "fpr2"),
        ("cr0", "CR0", "cr0"),
        ("psw.cc", "the condition code", "psw.cc"),
        ("psw problem", "the problem-state bit", "psw.state"),
        ("ia", "the instruction address", "psw.ia"),
        ("600", "storage 000600.4", "000600.4"),
        ("600.10", "storage 000600.10", "000600.10"),
        ("600 16", "storage 000600.10", "000600.10"),
        ("RUNPSW+4.2", "storage 0004E4.2", "0004E4.2"),
        ("real 330.8", "storage 000330.8", "real 000330.8"),
        ("real gr5", "GR5", "gr5"),
        ("key 2000", "the storage key of 002000", "key 002000"),
        ("timer", "the interval timer", "timer"),
        ("comparator", "the clock comparator", "comparator"),
        ("pte 2000", "CP's page-table entry of 002000 for KERNEL", "pte 002000"),
        ("vmblok VMPSTAT", "VMPSTAT in VMBLOK", "vmblok vmpstat"),
        ("device 9 vdevstat", "vdevstat in the VDEVBLOK of device 009", "device 009 vdevstat"),
        ("cp slice", "slice in CP", "cp slice"),
        ("gr5 of kernel", "GR5", "gr5"),
        ("KERNEL:gr5", "GR5", "gr5"),
    ],
)
def test_each_kind_of_location_has_a_name(under_cp, words, name, spelled):
    location = parse_location(under_cp, words)
    assert (location.name, location.spelled) == (name, spelled)


@pytest.mark.parametrize(
    ("words", "layer", "brief"),
    [
        ("gr5", Layer.GUEST, "the instruction LM R0,R15,TCBGRS at 00027A (line 124 of kernel)"),
        ("psw.key", Layer.GUEST, "the instruction LPSW RUNPSW at 00027E (line 125 of kernel)"),
        ("timer", Layer.HARDWARE, "the interval timer, which counted down"),
        ("20", Layer.HARDWARE, "a hardware interruption, supervisor call"),
        ("40", Layer.HARDWARE, "a hardware interruption, input/output: device 009: it stored the CSW"),
        ("FD6C", Layer.CHANNEL, "the channel, for the CCW at 00FCF0, device 00C"),
        ("key 2000", Layer.GUEST, "the instruction SSK R1,R2"),
    ],
)
def test_on_the_bare_machine_each_layer_is_told(bare, words, layer, brief):
    view = _one(bare, f"who {words}")
    assert view.layer is layer
    assert view.by.startswith(brief)


@pytest.mark.parametrize(
    ("words", "layer", "by", "detail"),
    [
        ("gr5", Layer.GUEST, "the instruction LM R0,R15,TCBGRS", ""),
        ("psw.key", Layer.CP, "CP, simulating an instruction of KERNEL, LPSW RUNPSW", "rule PRV-2"),
        (
            "20",
            Layer.CP,
            "CP, reflecting an interruption to KERNEL, and so did what the hardware would do",
            "rule SVC-1",
        ),
        ("40", Layer.CP, "CP, carrying out: deliver input/output: device 181", "rule DSP-6"),
        ("FD6C", Layer.CP, "CP, interpreting the CCW at 00FCF0, device 00C", "device 00C: CCW 0200FD48"),
        ("timer", Layer.CP, "CP, which took the time that KERNEL has run off", ""),
        ("real gr3", Layer.CP, "CP, dispatching", ""),
        ("pte 2000", Layer.CP, "CP, carrying out: bring page 002 in", "rule PTR-2"),
        ("key 2000", Layer.CP, "CP, simulating an instruction of KERNEL, SSK R1,R2", "rule PRV-2"),
    ],
)
def test_under_cp_each_layer_is_told_with_its_rule(under_cp, words, layer, by, detail):
    view = _one(under_cp, f"who {words}")
    assert view.layer is layer
    assert view.by.startswith(by)
    assert any(each.startswith(detail) for each in view.details) or not detail


def test_the_vm_assist_is_hardware():
    session = _loaded("load cp assist kernel", 800)
    view = _one(session, "who psw.key")
    assert view.layer is Layer.HARDWARE
    assert view.by.startswith("the VM assist, which did LPSW RUNPSW")


def test_an_input_is_yours():
    session = _loaded("load cp kernel", 10)
    session.give("cp", "store g5 77")
    view = _one(session, "who gr5")
    assert (view.layer, view.new) == (Layer.USER, "00000077")
    assert view.by == "you, by an input for KERNEL: cp store g5 77"


def test_what_nobody_wrote_is_from_the_beginning(bare):
    view = _one(bare, "who 3F000")
    assert view.step is None
    assert view.remark == "it has been 00000000 since the recording began (step 0): no step has written it"


def test_the_operands_lead_backwards_and_back(broken):
    first = _one(broken, "who WRITE.1")
    assert (first.step, first.old, first.new) == (861, "09", "40")
    assert [operand.text for operand in first.operands] == [
        "storage 0010C5.1 = 40",
        "GR5 = 0000000A",
        "GR6 = 000010BA (part of an address)",
        "GR12 = 40001002 (part of an address)",
    ]
    assert [operand.copied for operand in first.operands] == [True, False, False, False]
    second = _one(broken, "follow 2")
    assert second.by == "the instruction LTR R5,R5 at 001012 (line 26 of badccw)"
    third = _one(broken, "follow")
    assert third.trail == ("storage 0010A0.1, step 861 MVC", "GR5, step 857 LTR", "GR5, step 856 IC")
    assert _one(broken, "follow gr12").by.startswith("the instruction BALR R12,0")
    assert _one(broken, "unfollow") == third
    assert _one(broken, "unfollow") == second
    assert _one(broken, "unfollow") == first
    with pytest.raises(UserError, match="there is no answer before this one"):
        REGISTRY.execute(broken, "unfollow")


def test_copies_are_followed_to_where_the_value_came_from(broken):
    (view,) = REGISTRY.execute(broken, "chain gr5")
    assert isinstance(view, ChainView)
    assert [(link.location, link.step) for link in view.links] == [
        ("GR5", 857),
        ("GR5", 856),
        ("storage 0010BA.1", 711),
        ("storage 00FD72.1", 678),
    ]
    assert view.end == "it came from device 00C there"
    (short,) = REGISTRY.execute(broken, "chain gr5 2")
    assert isinstance(short, ChainView)
    assert short.end == "2 links were followed; chain with a larger number goes on"


def test_the_writes_are_listed_and_can_be_gone_to(broken):
    here = broken.recording.unit
    (view,) = REGISTRY.execute(broken, "writers WRITE.1")
    assert isinstance(view, WritersView)
    assert [(row.step, row.old, row.new) for row in view.rows] == [(711, "00", "09"), (861, "09", "40")]
    assert not view.more
    assert broken.jump_to_write(1).step == 711
    assert broken.guest_storage(0x10A0, 1) == b"\x09"
    broken.unstage()
    assert broken.guest_storage(0x10A0, 1) == b"\x00"
    broken.unjump()
    assert broken.recording.unit == here
    (last,) = REGISTRY.execute(broken, "writers WRITE.1 1")
    assert isinstance(last, WritersView)
    assert ([row.step for row in last.rows], last.more) == ([861], True)


@pytest.mark.parametrize(
    ("word", "title", "digits"), [("csw", "the CSW", 16), ("caw", "the CAW", 8), ("timer", "the interval timer", 8)]
)
def test_what_has_its_place_in_low_storage_has_a_name_where_the_program_has_not_taken_it(word, title, digits):
    session = DebugSession()
    session.load_source("         START X'1000'\nBEGIN    BR 14\n         END BEGIN\n", "short")
    location = parse_location(session, word)
    assert (location.name, len(location.show(location.value(session.system)).replace(" ", ""))) == (title, digits)


def test_a_search_starts_where_one_is():
    session = _loaded(f"load bare {BADCCW}", 10_000)
    session.goto(860)
    assert _one(session, "who WRITE.1").step == 711


@pytest.mark.parametrize(
    "line", ["who gr5", "who 20.8", "writers psw.cc 3", "chain gr3", "who pte 2000", "who real gr3"]
)
def test_looking_for_writers_changes_nothing(under_cp, line):
    before = under_cp.system.comparable(), under_cp.recording.unit, under_cp.total, under_cp.stop_reason
    REGISTRY.execute(under_cp, line)
    assert (under_cp.system.comparable(), under_cp.recording.unit, under_cp.total, under_cp.stop_reason) == before


def test_a_search_can_be_stopped(under_cp, monkeypatch):
    monkeypatch.setattr(DebugSession, "interrupted", property(lambda self: True))
    with pytest.raises(UserError, match="you stopped the search"):
        REGISTRY.execute(under_cp, "who 3F000")


def test_what_can_be_written_is_offered(under_cp):
    def offered(line: str) -> list[str]:
        return [found.text for found in REGISTRY.complete(under_cp, line)]

    assert "psw.cc" in offered("who psw.")
    assert "RUNPSW" in offered("who RUN")
    assert "vmpstat" in offered("who vmblok vmps")
    assert offered("who device 00") == ["009", "00C", "00D", "00E"]
    assert "KERNEL" in offered("who gr5 of ")


def test_the_text_of_an_answer_says_everything_in_words(broken):
    (view,) = REGISTRY.execute(broken, "who WRITE.1")
    assert as_lines(view) == [
        "storage 0010A0.1: last written at step 861, by the instruction MVC",
        "  148(11,12),1(6) (by EX) at 001022",
        "  09 -> 40; layer: guest",
        "  made of:",
        "    1 storage 0010C5.1 = 40, of which it is a copy",
        "    2 GR5 = 0000000A",
        "    3 GR6 = 000010BA (part of an address)",
        "    4 GR12 = 40001002 (part of an address)",
        "  next: goto 861, jump, follow 1 to 4",
    ]
