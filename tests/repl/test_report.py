"""What is shown after a command besides its views."""

import pytest

from edu_hv.debugger.views import ConsoleView, StopView
from edu_hv.isa.errors import UserError
from edu_hv.repl.report import consoles, report
from tests.repl.fake import FakeWorkbench


def after(step: int, before: int = 0) -> dict[str, tuple[str, ...]]:
    bench = FakeWorkbench()
    bench.session.step_number = before
    seen = consoles(bench)
    bench.session.step_number = step
    return {block.kind: block.lines for block in report(bench, seen, [bench.session.stop()], 79)}


def test_output_of_every_guest_is_shown_with_its_name():
    bench = FakeWorkbench()
    seen = consoles(bench)
    bench.session.step_number = 3
    shown = [block.lines for block in report(bench, seen, [], 79)]
    assert shown == [("A| READY", "A| TASK 1"), ("B| HELLO",)]


def test_output_is_not_shown_again_on_the_way_back():
    assert "ConsoleView" not in after(2, before=3)


@pytest.mark.parametrize(
    "before",
    [
        pytest.param([], id="guest-is-new"),
        pytest.param([ConsoleView("A", ("OTHER",))], id="another-past"),
        pytest.param([ConsoleView("A", ("READY", "TASK 1"))], id="nothing-new"),
    ],
)
def test_no_output_where_there_is_none_to_add(before):
    bench = FakeWorkbench()
    bench.session.step_number = 3
    assert report(bench, before, [], 79) == []


def test_trap_and_what_it_changed_are_shown_at_the_trap_only():
    assert {"XrayView", "changed"} <= after(2).keys()
    assert not {"XrayView", "changed"} & after(3).keys()


def test_x_ray_is_not_shown_twice():
    bench = FakeWorkbench()
    bench.session.step_number = 2
    views = [bench.session.stop(), bench.session.xray()]
    kinds = [block.kind for block in report(bench, consoles(bench), views, 79)]
    assert kinds.count("XrayView") == 1


def test_nothing_comes_next_at_the_end():
    assert "next" not in after(3)
    assert after(1)["next"] == ("next   > 001004  80000010               SSM   16",)


def test_command_that_moves_nothing_shows_its_views_only():
    bench = FakeWorkbench()
    bench.session.step_number = 2
    assert [block.kind for block in report(bench, consoles(bench), [bench.session.psw()], 79)] == ["PswView"]


def test_nothing_loaded_is_no_error(monkeypatch):
    def nothing(*_):
        raise UserError("nothing is loaded")

    bench = FakeWorkbench()
    for view in ("status", "code", "console"):
        monkeypatch.setattr(bench.session, view, nothing)
    stop = StopView(0, 0, "unloaded", "nothing is loaded any more")
    assert [block.kind for block in report(bench, consoles(bench), [stop], 79)] == ["StopView"]
