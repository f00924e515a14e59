"""The cost meter as lines of text: sentences first, then the tables that they are made of."""

from collections import Counter
from collections.abc import Iterator

from edu_hv.debugger.cost_comparison import CostComparisonView
from edu_hv.debugger.costs import Costs, CostView, GuestCost
from edu_hv.debugger.text.lines import lines_of, table, wrap

MOST_ROWS = 12
"""Rows of a table; what is rarer is summed up in a last one."""


@lines_of.register
def _cost(view: CostView, width: int) -> list[str]:
    costs, sums = view.costs, view.costs.of(view.guest)
    whose = view.guest or ("all guests" if costs.under_cp else "the bare machine")
    lines = wrap(f"cost of {whose}, steps {costs.first:,} to {costs.last:,} of {view.total:,}", width)
    for text in sentences(view):
        lines += wrap(text, width, "", "  ")
    if not view.guest and len(costs.guests) > 1:
        lines += table(_GUEST_COLUMNS, [_guest_row(cost) for cost in costs.guests.values()], width)
    lines += _times(("interruption", "times"), sums.classes, width)
    lines += _instructions(sums, width)
    return lines + _rules(sums, width)


@lines_of.register
def _comparison(view: CostComparisonView, width: int) -> list[str]:
    costs = view.recorded
    lines = wrap(f"steps {costs.first:,} to {costs.last:,}, of {view.guest or 'all guests'}, and the same again", width)
    without, with_assist = view.without.of(view.guest), view.with_assist.of(view.guest)
    lines += table(("", "without the assist", "with it"), _compared(view, without, with_assist), width)
    less, now, before = without.traps - with_assist.traps, with_assist.traps, without.traps
    share = f", {100 * less / before:.0f} per cent" if before and less > 0 else ""
    lines += wrap(f"with the VM assist {now:,} traps in place of {before:,}: {_fewer(less)}{share}", width, "", "  ")
    executed = "without it" if view.recorded_with else "with it"
    lines += wrap(f"what happens {executed} was executed aside: you are where you were", width, "", "  ")
    ended = f"{view.why_ended} there before as many instructions had been executed" if view.why_ended else ""
    return lines + (wrap(ended, width, "", "  ") if ended else [])


def _compared(view: CostComparisonView, without: GuestCost, with_assist: GuestCost) -> list[tuple[str, str, str]]:
    pairs = [
        ("instructions", without.instructions, with_assist.instructions),
        ("traps", without.traps, with_assist.traps),
        ("decisions of CP", without.decisions, with_assist.decisions),
        ("done by the assist", without.assisted.total(), with_assist.assisted.total()),
        ("CP's microseconds", view.without.cp_microseconds, view.with_assist.cp_microseconds),
        ("all microseconds", view.without.microseconds, view.with_assist.microseconds),
    ]
    return [(what, f"{one:,}", f"{other:,}") for what, one, other in pairs]


def _fewer(less: int) -> str:
    return f"{less:,} fewer" if less > 0 else f"{-less:,} more" if less else "as many"


def sentences(view: CostView) -> Iterator[str]:
    """What the numbers say."""
    costs = view.costs
    for name, cost in costs.guests.items():
        if view.guest in ("", name):
            yield from _of_guest(name, cost, costs)
    yield _time(costs)


def _of_guest(name: str, cost: GuestCost, costs: Costs) -> Iterator[str]:
    who = "the program on the bare machine" if name == "bare" else name
    trapped = f"trapped {_often(cost.traps)}" if costs.under_cp else f"{cost.traps:,} of them led to an interruption"
    ratio = "" if cost.per_trap is None else f": {_one_each(cost.per_trap, costs.under_cp)}"
    yield f"{who} executed {_count(cost.instructions, 'instruction')} and {trapped}{ratio}"
    if not costs.under_cp:
        return
    decided = f"CP decided {_often(cost.decisions)} about it"
    yield f"{decided}, and {_often(cost.within.total())} more within these decisions" if cost.within else decided
    if cost.assisted:
        done = cost.assisted.total()
        without = cost.instructions / (cost.traps + done)
        yield (
            f"the VM assist did {done:,} without CP; each would have been a trap, so without it there would be one "
            f"each {without:,.1f} instructions"
        )
    elif cost.assistable:
        yield f"{cost.assistable:,} of the traps are by instructions that the VM assist can do: cost compare assist"


def _one_each(instructions: float, under_cp: bool) -> str:
    return f"one {'trap' if under_cp else 'interruption'} each {instructions:,.1f} instructions"


def _time(costs: Costs) -> str:
    parts = [("the guests' instructions" if costs.under_cp else "its instructions", costs.guest_microseconds)]
    parts += [("CP", costs.cp_microseconds)] if costs.under_cp or costs.cp_microseconds else []
    parts += [("waiting", costs.waited)] if costs.waited else []
    shares = ", ".join(f"{what} {time:,}{_share(time, costs.microseconds)}" for what, time in parts)
    saved = f"; the VM assist saved CP {costs.saved_microseconds:,} at least" if costs.saved_microseconds else ""
    return f"machine time {costs.microseconds:,} microseconds: {shares}{saved}"


def _share(part: int, whole: int) -> str:
    return f" ({100 * part / whole:.0f} per cent)" if whole else ""


_GUEST_COLUMNS = ("guest", "instructions", "traps", "one each", "interrupted", "decisions", "by the assist")


def _guest_row(cost: GuestCost) -> tuple[str, ...]:
    ratio = "-" if cost.per_trap is None else f"{cost.per_trap:,.1f}"
    counts = (cost.interrupted, cost.decisions, cost.assisted.total())
    return (cost.guest, f"{cost.instructions:,}", f"{cost.traps:,}", ratio, *(f"{count:,}" for count in counts))


def _instructions(sums: GuestCost, width: int) -> list[str]:
    """The instructions that trapped, and those that the assist was asked for."""
    if not sums.assisted and not sums.declined:
        return _times(("instruction that trapped", "times"), sums.mnemonics, width)
    asked = sums.assisted + sums.declined
    names = _by_number(sums.mnemonics + sums.assisted + asked)
    rows = [(n, f"{sums.mnemonics[n]:,}", f"{sums.assisted[n]:,}", f"{sums.declined[n]:,}") for n in names]
    return table(("instruction", "trapped", "done by the assist", "left to CP by it"), rows[:MOST_ROWS], width)


def _rules(sums: GuestCost, width: int) -> list[str]:
    names = _by_number(sums.rules + sums.within)
    rows = [(rule, f"{sums.rules[rule]:,}", f"{sums.within[rule]:,}") for rule in names[:MOST_ROWS]]
    if len(names) > MOST_ROWS:
        rest = names[MOST_ROWS:]
        decided, within = (sum(counts[rule] for rule in rest) for counts in (sums.rules, sums.within))
        rows.append((f"{len(rest)} others", f"{decided:,}", f"{within:,}"))
    if not rows:
        return []
    if not sums.within:
        return table(("rule of CP", "decided"), [row[:2] for row in rows], width)
    return table(("rule of CP", "decided", "within another decision"), rows, width)


def _times(columns: tuple[str, str], counts: "Counter[str]", width: int) -> list[str]:
    names = _by_number(counts)
    rows = [(name, f"{counts[name]:,}") for name in names[:MOST_ROWS]]
    if len(names) > MOST_ROWS:
        rows.append((f"{len(names) - MOST_ROWS} others", f"{sum(counts[name] for name in names[MOST_ROWS:]):,}"))
    return table(columns, rows, width) if rows else []


def _by_number(counts: "Counter[str]") -> list[str]:
    """The most frequent first; those as frequent by name."""
    return sorted(counts, key=lambda name: (-counts[name], name))


def _count(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number:,} {what}s"


def _often(number: int) -> str:
    return "once" if number == 1 else f"{number:,} times"
