"""What is shown after a command besides its views."""

from dataclasses import replace

import pytest

from edu_hv.debugger.recording.journal import Journal
from edu_hv.debugger.views import ConsoleView, StageState, StageView, StopView, XrayView
from edu_hv.hypervisor.decisions import ConsoleLine
from edu_hv.isa.errors import UserError
from edu_hv.repl.report import Before, Block, look, output, report
from tests.repl.fake import RULES, FakeWorkbench


def moved(step: int, before: int = 0) -> list[Block]:
    bench = FakeWorkbench()
    bench.session.step_number = before
    seen = look(bench)
    bench.session.step_number = step
    return report(bench, seen, [bench.session.stop()], 79)


def kinds(blocks: list[Block]) -> list[str]:
    return [block.kind for block in blocks]


def test_output_of_every_guest_is_shown_with_its_name_above_the_rest():
    shown = [block.lines for block in moved(3)]
    assert shown[:2] == [("A| READY", "A| TASK 1"), ("B| HELLO",)]


@pytest.mark.parametrize(
    "before",
    [
        pytest.param(Before(), id="nothing-was-loaded"),
        pytest.param(Before((ConsoleView("C", ()),)), id="guest-is-new"),
        pytest.param(Before((ConsoleView("A", ("OTHER",)),)), id="another-past"),
        pytest.param(Before((ConsoleView("A", ("READY", "TASK 1")),)), id="nothing-new"),
        pytest.param(Before((ConsoleView("A", ("READY", "TASK 1", "TASK 2")),)), id="went-back"),
    ],
)
def test_no_output_where_there_is_none_to_add(before):
    bench = FakeWorkbench()
    bench.session.step_number = 3
    assert report(bench, before, [], 79) == []


def both(entries: int) -> tuple[FakeWorkbench, Before]:
    """A has typed two lines and B one; of their places in the journal so many are known: A, B, A."""
    bench = FakeWorkbench()
    seen = look(bench)
    bench.session.step_number = 3
    for unit, guest in enumerate("ABA"[:entries], 1):
        bench.session.journal.record(unit, unit, guest, ConsoleLine(guest, "", False))
        bench.session.journal.reached(unit)
    return bench, seen


@pytest.mark.parametrize("entries", range(4))
def test_lines_are_shown_once_and_in_their_order_whenever_one_looks(entries):
    bench, seen = both(entries)
    first, seen = output(bench, seen, over=False)
    assert sum(len(view.lines) for view in first) == entries
    assert output(bench, seen, over=False)[0] == []
    last, seen = output(bench, seen)
    lines = [(view.guest, line) for view in (*first, *last) for line in view.lines]
    in_order = [("A", "READY"), ("B", "HELLO"), ("A", "TASK 1")]
    assert lines == (in_order if entries > 1 else [in_order[0], in_order[2], in_order[1]])
    assert seen.consoles == (ConsoleView("A", ("READY", "TASK 1")), ConsoleView("B", ("HELLO",))) or entries < 3


def test_lines_of_a_guest_alone_are_shown_when_something_has_happened():
    bench = FakeWorkbench()
    seen = Before((ConsoleView("A", ()),), None, bench.session.journal)
    bench.session.step_number = 2
    assert output(bench, seen, over=False) == ([], seen)  # as while an input is being tried
    bench.session.happens()
    views, seen = output(bench, seen, over=False)
    assert views == [ConsoleView("A", ("READY",))]
    bench.session.step_number = 3
    assert output(bench, seen)[0] == [ConsoleView("A", ("TASK 1",))]


def test_no_lines_while_another_recording_begins():
    bench, seen = both(3)
    bench.session.journal = Journal()
    assert output(bench, seen, over=False) == ([], seen)


def test_trap_and_all_it_changed_are_shown_at_the_trap():
    assert kinds(moved(2)) == ["ConsoleView", "StopView", "XrayView", "changed", "next"]


def test_step_without_a_trap_shows_a_sentence_of_what_changed():
    assert [block.lines for block in moved(1)] == [
        ("step 1, LA, R1 00000005",),
        ("changed: R1 00000005",),
        ("next   > 001004  80000010               SSM   16",),
    ]


STAGES = tuple(StageView(n, f"stage{n}", StageState.DONE, (f"words {n}",)) for n in range(1, 6))


def at_stage(now: int, title: str = "SSM") -> XrayView:
    """The trap at stage `now`; the rules are known from stage 3 on."""
    states = (StageState.TO_COME, StageState.NOW, StageState.DONE)
    stages = tuple(replace(s, state=states[(s.number <= now) + (s.number < now)]) for s in STAGES)
    return XrayView(title, stages, RULES if now >= 3 else (), "it may" if now >= 3 else "", True)


@pytest.mark.parametrize(
    ("before", "now", "shown", "rules"),
    [
        pytest.param(None, at_stage(2), [1, 2, 3, 4, 5], False, id="into-the-trap"),
        pytest.param(at_stage(5, "SVC"), at_stage(1), [1, 2, 3, 4, 5], False, id="into-another-trap"),
        pytest.param(at_stage(2), at_stage(3), [3, 4, 5], True, id="one-stage"),
        pytest.param(at_stage(1), at_stage(4), [2, 3, 4, 5], True, id="three-stages"),
        pytest.param(at_stage(3), at_stage(4), [4, 5], False, id="rules-were-shown"),
        pytest.param(at_stage(4), at_stage(3), [3, 4, 5], False, id="one-stage-back"),
        pytest.param(at_stage(5), replace(at_stage(5), in_progress=False), [1, 2, 3, 4, 5], True, id="finished"),
    ],
)
def test_of_a_trap_under_way_only_what_is_new_is_shown(monkeypatch, before, now, shown, rules):
    bench = FakeWorkbench()
    monkeypatch.setattr(bench.session, "xray", lambda: now)
    stop = StopView(2, 2, "trap: privileged operation", "step 2")
    blocks = report(bench, Before((), before), [stop], 79)
    [xray] = [block.lines for block in blocks if block.kind == "XrayView"]
    assert [int(line[2]) for line in xray if line[2:3].isdigit()] == shown
    assert ("rules tried" in xray) == rules
    assert ("next" in kinds(blocks)) != now.in_progress


@pytest.mark.parametrize("state", ["WAIT", "CP"])
def test_nothing_comes_next_where_the_guest_has_stopped(monkeypatch, state):
    bench = FakeWorkbench()
    status = replace(bench.session.status(), guest_state=state)
    monkeypatch.setattr(bench.session, "status", lambda: status)
    assert "next" not in kinds(report(bench, Before(), [bench.session.stop()], 79))
    assert "next" not in kinds(moved(3))


def test_command_that_moves_nothing_shows_its_views_only():
    bench = FakeWorkbench()
    bench.session.step_number = 2
    assert kinds(report(bench, look(bench), [bench.session.psw()], 79)) == ["PswView"]


def test_nothing_loaded_is_no_error(monkeypatch):
    def nothing(*_):
        raise UserError("nothing is loaded")

    bench = FakeWorkbench()
    for view in ("status", "code", "console", "registers", "xray"):
        monkeypatch.setattr(bench.session, view, nothing)
    stop = StopView(0, 0, "unloaded", "nothing is loaded any more")
    assert look(bench) == Before()
    assert kinds(report(bench, look(bench), [stop], 79)) == ["StopView"]
