"""The cost meter's command."""

from collections.abc import Iterable

from edu_hv.debugger.commands.arguments import STEP_WORDS, guest_names, parse_step, parse_word, short
from edu_hv.debugger.commands.registry import Argument, command
from edu_hv.debugger.cost_comparison import CostComparisonView, compare_assist
from edu_hv.debugger.costs import CostView, cost_view
from edu_hv.debugger.session import DebugSession
from edu_hv.isa.errors import UserError


def _words(session: DebugSession, text: str) -> Iterable[str]:
    last = text.split()[-1].lower() if text.split() and text.endswith(" ") else ""
    if last in ("since", "until"):
        return STEP_WORDS
    return [
        *guest_names(session),
        "since\tbehind this step only",
        "until\tup to this step, not to here",
        "compare assist",
    ]


@command(
    "cost",
    Argument(
        "[compare assist] [GUEST] [since STEP] [until STEP]",
        parse_word,
        None,
        True,
        "",
        True,
        kind="guest, steps",
        offer=_words,
    ),
    group="hypervisor",
    examples=(
        "cost : from the start up to here, all guests",
        "cost KERNEL since 1000 : of one guest, behind step 1,000",
        "cost since 1000 until 2000 : a part of the recording",
        "cost compare assist : the same with the VM assist turned on, or off if it was on",
    ),
)
def cost(session: DebugSession, text: str) -> CostView | CostComparisonView:
    """What virtualization costs: instructions of the guests against traps and decisions of CP.

    The traps are counted by class and by instruction, the decisions by rule; what the VM assist did without CP is told
    apart.  Machine time is divided into what the guests' instructions took, CP's own and waiting.  It counts from the
    start, or from the step behind "since", up to here, or to the step behind "until".

    "cost compare assist" executes the same number of instructions again aside, with the VM assist turned on, or off if
    it was on, and shows both; with "since" from a later step than the start.
    """
    words = text.split()
    compares = [word.lower() for word in words[:2]] == ["compare", "assist"]
    guest, first, last = _asked(session, words[2:] if compares else words)
    if first > last:
        raise UserError(f"step {first} is after step {last}, up to which is counted: give an earlier one")
    if compares:
        return compare_assist(session, guest, first, last)
    return cost_view(session, guest, first, last)


def _asked(session: DebugSession, words: list[str]) -> tuple[str, int, int]:
    """The guest, "" for all; the step behind which to count, and the last one."""
    names = list(dict.fromkeys([*session.journal.guest_names(), *guest_names(session)]))
    left, guest, first, last = list(words), "", 0, session.step_number
    while left:
        word = left.pop(0)
        if word.lower() in ("since", "until"):
            if not left:
                raise UserError(f"{word} needs a step behind it, such as {word} 1000")
            step = parse_step(session, left.pop(0))
            first, last = (step, last) if word.lower() == "since" else (first, step)
            continue
        known = next((name for name in names if name.upper() == word.upper()), "")
        if guest or not known:
            raise UserError(f'"{short(word)}" is no guest of the recording; there is {", ".join(names) or "nobody"}')
        guest = known
    return guest, first, last
