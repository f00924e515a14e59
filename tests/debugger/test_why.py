"""The last decisions of CP, by guest and by rule; what followed from them; counters that go back with time."""

import pytest

from edu_hv.debugger.breakpoints import StopAt
from edu_hv.hypervisor.decisions import DecisionTaken
from tests.debugger.walk import loaded, run_line


@pytest.fixture(scope="module")
def session():
    found = loaded("two guests")
    for _ in range(400):
        found.run(StopAt.TRAP)
    return found


def _fired(view):
    return next(rule.rule for rule in view.rules if rule.fired)


@pytest.mark.parametrize(
    ("words", "guests", "rules"),
    [
        pytest.param("5 KERNEL", {"KERNEL"}, None, id="count and guest"),
        pytest.param("SECOND 5", {"SECOND"}, None, id="guest and count"),
        pytest.param("3 PRV-2", None, {"PRV-2"}, id="a rule"),
        pytest.param("5 prv", None, {"PRV-1", "PRV-2"}, id="a group of rules"),
        pytest.param("5 rule DSP second", {"SECOND"}, {"DSP-5", "DSP-6", "DSP-7"}, id="rule said to be one"),
    ],
)
def test_why_shows_the_last_decisions_about_a_guest_and_by_a_rule(session, words, guests, rules):
    shown = run_line(session, f"why {words}")
    assert len(shown) == int(next(word for word in words.split() if word.isdecimal()))
    assert guests is None or {view.guest for view in shown} <= guests
    assert rules is None or {_fired(view) for view in shown} <= rules
    assert [view.step for view in shown] == sorted(view.step for view in shown)


def test_what_follows_from_a_decision_stands_below_it(session):
    for view in run_line(session, "why 4 SIO-6"):
        assert (view.decision.split()[:2], _fired(view.within[0])) == (["simulate", "SIO"], "SIO-6")
        assert all(each.why and each.trap == "" for each in view.within)


def test_every_decision_is_shown_once_by_itself_or_within_another(session):
    taken = [entry.event for entry in session.journal.entries if isinstance(entry.event, DecisionTaken)]
    shown = session.decisions(10**6)
    assert len(shown) + sum(len(view.within) for view in shown) == len(taken)


def test_counters_agree_with_the_decisions_and_go_back_with_time(session):
    rules, instructions, guests = run_line(session, "counters")[:3]
    taken = [entry.event for entry in session.journal.entries if isinstance(entry.event, DecisionTaken)]
    counted = {row[0]: int(row[1].replace(",", "")) for row in rules.rows}
    before = {"SPL-RDR-OPEN": 2}  # The IPLs, before anybody looked.
    assert sum(counted.values()) - sum(before.values()) == len(taken)
    assert dict(row[:2] for row in instructions.rows)["SIO"] == str(sum(event.mnemonic == "SIO" for event in taken))
    traps = {row[0]: row[1] for row in guests.rows}
    assert traps == {guest.name: str(guest.vm.traps) for guest in session.system.guests}
    session.back(500)
    earlier = run_line(session, "counters")
    session.step(500)
    assert earlier[0] != rules
    assert run_line(session, "counters")[:3] == [rules, instructions, guests]


def test_counters_of_one_guest_are_those_of_all_less_the_others(session):
    def of(guest):
        return {row[0]: int(row[1].replace(",", "")) for row in run_line(session, f"counters {guest}")[0].rows}

    both, one, other = of(""), of("kernel"), of("SECOND")
    assert both == {rule: one.get(rule, 0) + other.get(rule, 0) for rule in both}


def test_what_the_assist_does_is_counted_where_it_is_on():
    session = loaded("kernel under CP")
    assert all("assist" not in view.title for view in run_line(session, "counters"))
    run_line(session, "load cp assist kernel")
    session.run(limit=3000)
    table = run_line(session, "counters")[-1]
    assert table.title == "the VM assist, all guests"
    assert any(int(done.replace(",", "")) > 0 for _, _, done in table.rows)
    assert session.system.machine.assist is not None
