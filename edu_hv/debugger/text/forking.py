"""Forks and two moments as lines of text."""

from collections.abc import Iterable, Sequence

from edu_hv.debugger.forking.views import FirstDifference, ForkView, MomentsView, StepPair
from edu_hv.debugger.forking.visible import Difference
from edu_hv.debugger.text.lines import lines_of, table, wrap

MOST_PLACES = 24
"""Places that are listed; of the others the number is told."""


@lines_of.register
def _fork(view: ForkView, width: int) -> list[str]:
    lines = wrap(f"{view.guest} from step {view.step:,}: {view.left}, and {view.right}", width, "", "  ")
    for note in view.notes:
        lines += wrap(f"note: {note}", width, "", "  ")
    if view.at_once:
        lines += _places("at once", view.at_once, view.left, view.right, width)
    for pair in view.pairs:
        lines += _pair(pair, view, width)
    lines += _outcome(view, width)
    if view.first is not None or view.at_once:
        lines += _places("at the end", view.differences, view.left, view.right, width)
    if view.clocks:
        names = ", ".join(one.place for one in view.clocks)
        lines += wrap(f"the clocks do not agree, as is to be expected: {names}", width, "", "  ")
    for name, left, right in view.costs:
        lines += wrap(f"{name}: {left:,} {view.left}, {right:,} {view.right}", width, "", "  ")
    if view.real is not None:
        lines += _places("in the real machine", view.real, view.left, view.right, width)
    return [*lines, *wrap("it was executed aside: you are where you were", width, "", "  ")]


def _pair(pair: StepPair, view: ForkView, width: int) -> list[str]:
    """A step: what is the same on both sides is said once."""
    both = pair.left_instruction == pair.right_instruction
    heading = pair.left_instruction if both else "not the same on both sides"
    lines = wrap(
        f"step {pair.number:,}: {heading}{'' if pair.same or not both else '; here they differ'}", width, "", "  "
    )
    effects = both and pair.left_effects == pair.right_effects
    if effects and pair.left == pair.right:
        return lines + wrap("; ".join((f"both: {pair.left}", *pair.left_effects)), width, "  ", "    ")
    for title, instruction, how, changed in (
        (view.left, pair.left_instruction, pair.left, pair.left_effects),
        (view.right, pair.right_instruction, pair.right, pair.right_effects),
    ):
        words = (f"{instruction}: " if instruction and not both else "") + (how or "no such step")
        lines += wrap("; ".join((f"{title}: {words}", *(() if effects else changed))), width, "  ", "    ")
    return lines + (
        wrap("; ".join(("both", *pair.left_effects)), width, "  ", "    ") if effects and pair.left_effects else []
    )


def _outcome(view: ForkView, width: int) -> list[str]:
    lines = []
    for title, taken, ended in zip((view.left, view.right), view.taken, view.ended, strict=True):
        if ended:
            lines += wrap(f"{title}: ended after {_steps(taken)}: {ended}", width, "", "  ")
    if not any(view.taken):
        return [*lines, "there was no step to compare"]
    if view.first is None:
        least = _steps(min(view.taken))
        what = "every step goes alike" if view.at_once else "the guest cannot tell"
        return lines + wrap(f"no difference in {least}: {what} ({view.compared} compared)", width, "", "  ")
    return lines + _first(view.first, view, width)


def _steps(number: int) -> str:
    return f"{number:,} step{'' if number == 1 else 's'}"


def _first(first: FirstDifference, view: ForkView, width: int) -> list[str]:
    lines = wrap(f"the first difference is at step {first.number:,}, {first.instruction}", width, "", "  ")
    lines += wrap(f"why: {first.why}", width, "  ", "    ")
    if first.expected:
        lines += wrap(f"to be expected: {first.expected}", width, "  ", "    ")
    return lines + _places("", first.differences, view.left, view.right, width)


def _places(when: str, found: Sequence[Difference], left: str, right: str, width: int) -> list[str]:
    """What differs, place by place."""
    if not found:
        return wrap(f"nothing differs {when}".rstrip(), width, "", "  ")
    lines = wrap(f"what differs {when}:".replace(" :", ":"), width, "", "  ")
    lines += table(("place", left, right), list(_rows(found)), width)
    if len(found) > MOST_PLACES:
        lines.append(f"and {len(found) - MOST_PLACES:,} places more")
    return lines


def _rows(found: Iterable[Difference]) -> Iterable[tuple[str, str, str]]:
    for one in list(found)[:MOST_PLACES]:
        yield one.place, one.left, one.right + (f"; {one.expected}" if one.expected else "")


@lines_of.register
def _moments(view: MomentsView, width: int) -> list[str]:
    lines = wrap(f"{view.guest}, {view.title}: {view.left} and {view.right}", width, "", "  ")
    if view.event:
        lines += wrap(f"the first event that is not the same: {view.event}", width, "", "  ")
    lines += _places("that the guest can see", view.differences, view.left, view.right, width)
    if view.blocks:
        lines += _places("in CP's blocks for it", view.blocks, view.left, view.right, width)
    return lines
