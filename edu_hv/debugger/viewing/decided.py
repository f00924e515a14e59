"""CP's decisions, latest or by guest and rule, each with those that were made while it was carried out."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby, islice
from operator import attrgetter
from typing import TYPE_CHECKING

from edu_hv.debugger.recording.journal import Entry
from edu_hv.debugger.viewing.registers import psw_fields
from edu_hv.debugger.viewing.trap import rule_views
from edu_hv.debugger.views import DecisionView, EffectView
from edu_hv.hypervisor.decisions import DecisionCarriedOut, DecisionTaken, Dispatched, KeepInterruption
from edu_hv.machine.psw import PSW

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession


@dataclass
class Decided:
    """A decision: by itself, or with what followed from it in the same step."""

    step: int
    taken: DecisionTaken
    within: list[DecisionTaken] = field(default_factory=list)
    done: DecisionCarriedOut | None = None
    behind: list[Entry] = field(default_factory=list)
    """The entries of the step behind what was done."""

    def concerns(self, guest: str) -> bool:
        """Whether it is about the guest: "" for any."""
        decision = self.taken.verdict.decision
        owner = decision.userid if isinstance(decision, KeepInterruption) else ""
        return not guest or guest in (self.taken.userid, owner)

    def follows(self, rule: str) -> bool:
        """Whether it, or one within it, is by a rule that is meant: "" for any."""
        return not rule or any(means(rule, each.verdict.rule.id) for each in (self.taken, *self.within))


def means(word: str, rule: str) -> bool:
    """Whether a word names a rule: its id, or the beginning of it up to a hyphen or into its letters."""
    word, rule = word.upper(), rule.upper()
    if word == rule or rule.startswith(f"{word}-"):
        return True
    return bool(word) and rule.startswith(word) and not word[-1].isdigit()


def decisions(session: "DebugSession", count: int, guest: str, rule: str) -> list[DecisionView]:
    """The last decisions, oldest first; with a guest selected by hand, those about it unless another one is named."""
    about = guest or ("" if session.follow else session.selected)
    found = (one for one in _backwards(session) if one.concerns(about) and one.follows(rule))
    return [_view(one) for one in reversed(list(islice(found, count)))]


def _backwards(session: "DebugSession") -> Iterator[Decided]:
    """From the latest to the first."""
    for _, entries in groupby(session.journal.backwards(), attrgetter("step")):
        yield from reversed(_of_step(list(entries)[::-1]))


def _of_step(entries: list[Entry]) -> list[Decided]:
    """In the order in which they were made.  What a command decides is by itself."""
    found: list[Decided] = []
    under_way: Decided | None = None
    for place, entry in enumerate(entries):
        event = entry.event
        if isinstance(event, DecisionTaken) and event.within and under_way is not None:
            under_way.within.append(event)
        elif isinstance(event, DecisionTaken):
            found.append(Decided(entry.step, event))
            under_way = None if event.within else found[-1]
        elif isinstance(event, DecisionCarriedOut) and under_way is not None:
            under_way.done, under_way.behind = event, entries[place + 1 :]
            under_way = None
    return found


def _view(decided: Decided) -> DecisionView:
    within = tuple(_taken(decided.step, event, "") for event in decided.within)
    trap = decided.taken.trap.words if decided.taken.trap else "a command" if decided.taken.within else "dispatching"
    return _taken(decided.step, decided.taken, trap, _effects(decided), within)


def _taken(
    step: int,
    event: DecisionTaken,
    trap: str,
    effects: tuple[EffectView, ...] = (),
    within: tuple[DecisionView, ...] = (),
) -> DecisionView:
    verdict = event.verdict
    if event.mnemonic:
        trap += f" ({event.mnemonic})"
    rules = rule_views(verdict)
    return DecisionView(step, event.userid, trap, rules, str(verdict.decision), verdict.why, effects, within)


def _effects(decided: Decided) -> tuple[EffectView, ...]:
    """What carrying the decision out changed, as far as that is in the past."""
    if decided.done is None:
        return ()
    real = _real_fields(decided.behind, decided.done.userid)
    return tuple(EffectView(e.name, e.before, e.after, real.get(e.name, "")) for e in decided.done.effects)


def _real_fields(behind: list[Entry], userid: str) -> dict[str, str]:
    """Fields of the real PSW with which the guest was dispatched after the decision; none if another one was."""
    for entry in behind:
        if isinstance(entry.event, Dispatched):
            return psw_fields(PSW.from_bytes(entry.event.real_psw)) if entry.event.userid == userid else {}
    return {}
