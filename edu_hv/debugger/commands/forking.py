"""Fork and compare: the same guest from here in another world, and two moments of the recording."""

import re
from collections.abc import Callable, Iterable

from edu_hv.debugger.commands.alter import operands_of_store
from edu_hv.debugger.commands.arguments import (
    STEP_WORDS,
    labels,
    parse_address,
    parse_number,
    parse_step,
    parse_word,
    rule_ids,
    short,
)
from edu_hv.debugger.commands.registry import Argument, command
from edu_hv.debugger.forking import Extent, compare_branches, compare_steps, fork, worlds
from edu_hv.debugger.forking.views import ForkView, MomentsView
from edu_hv.debugger.session import DebugSession
from edu_hv.isa.errors import UserError

_EXTENT = re.compile(r"(?:^|\s+)(?:for\s+(\S+)|until\s+(\S+))$", re.IGNORECASE)
_REAL = re.compile(r"\s+real$", re.IGNORECASE)
WORLDS = {
    "bare": "the guest on a machine of its own",
    "virtual": "the bare machine's program as a guest of CP; virtual assist: with the VM assist",
    "assist": "with the VM assist (SET ASSIST ON)",
    "unassisted": "without the VM assist",
    "rule": "as if CP had not this rule: rule PRV-2",
    "untrapped": "the instruction in real supervisor state, so that it does not trap",
    "ignored": "the machine does nothing instead of trapping",
    "enter": "a line at the console: enter GO",
    "cp": "a CP command: cp set timer off",
    "key": "the INTERRUPT key",
    "set": "another value: set $r5 = 1F",
}
_USAGE = f"whatif needs a world: {', '.join(WORLDS)}"


def _words(session: DebugSession, text: str) -> Iterable[str]:
    words = text.split()
    last = words[-1].lower() if words and text.endswith(" ") else words[-2].lower() if len(words) > 1 else ""
    if last == "rule":
        return rule_ids(session)
    if last == "until":
        return [*labels(session), "end\tto the end of both", "trap\tto the next trap"]
    if len(words) > 1 or text.endswith(" "):
        return ["for\tso many steps", "until\tan address, trap or end", "real\twhat differs in the real machine"]
    return [f"{name}\t{meaning}" for name, meaning in WORLDS.items()]


@command(
    "whatif",
    Argument("WORLD [for N | until ADDRESS|trap|end] [real]", parse_word, rest=True, kind="world", offer=_words),
    group="hypervisor",
    keys="=",
    examples=(
        "whatif bare : the next step of the guest on a machine of its own",
        "whatif bare for 1000 : the next thousand",
        "whatif virtual : the bare machine's next step as that of a guest of CP",
        "whatif assist until trap : up to the next trap, with the VM assist",
        "whatif rule PRV-2 : as if CP had not this rule",
        "whatif untrapped : the next instruction, if it did not trap",
        "whatif set $r5 = 1F for 50 : with another value",
        "whatif enter GO until end : with a line at the console, up to the end",
    ),
)
def whatif(session: DebugSession, text: str) -> ForkView:
    """Run the guest from here in another WORLD, beside its course as it is: the first difference, and all of them.

    WORLD is bare, virtual, virtual assist, assist, unassisted, rule ID, untrapped, ignored, enter TEXT, cp COMMAND, key
    or set PLACE = VALUE.

    A step here is one of the guest: an instruction, or an interruption that it gets.  "for" says how many, up to
    1,000,000; "until" an address at which both stop, the next trap, or the end of both.  With "real" you see what
    differs in the real machine, too.  Within a trap (stage) both begin before its instruction.

    It happens aside: afterwards you are where you were, and nothing of it is in the recording.  A bare machine and a
    virtual one that show no difference are what virtualization is for; what may differ and why is said with it.
    """
    real = bool(_REAL.search(text))
    text = _REAL.sub("", text)
    found = _EXTENT.search(text)
    extent = _extent(session, found) if found else Extent()
    return fork(session, _world(session, text[: found.start()] if found else text), extent, real)


def _extent(session: DebugSession, found: re.Match[str]) -> Extent:
    count, until = found[1], found[2]
    if count:
        return Extent(steps=parse_number(session, count))
    if until.lower() in ("end", "trap"):
        return Extent(end=until.lower() == "end", trap=until.lower() == "trap")
    return Extent(until=parse_address(session, until))


def _world(session: DebugSession, text: str) -> worlds.World:
    """The world that a text names.  Raises UserError for an unknown one."""
    word, _, rest = text.strip().partition(" ")
    rest = rest.strip()
    name = next((name for name in WORLDS if name == word.lower()), None)
    if name is None:
        raise UserError(f'"{short(word)}" is no world: {", ".join(WORLDS)}' if word else _USAGE)
    if name in _TAKING_TEXT:
        if not rest:
            raise UserError(f"whatif {name} needs something behind it: {WORLDS[name]}")
        return _TAKING_TEXT[name](session, rest)
    if rest and (name, rest.lower()) != ("virtual", "assist"):
        raise UserError(f'whatif {name} does not take "{short(rest)}"; for N, until ADDRESS and real may follow')
    return _plain(session, name, bool(rest))


def _plain(session: DebugSession, name: str, assist: bool) -> worlds.World:
    system, guest = session.system, session.guest.name
    match name:
        case "bare":
            return worlds.bare()
        case "virtual":
            return worlds.virtual(assist)
        case "assist" | "unassisted":
            return worlds.assist(system, guest, name == "assist")
        case "untrapped":
            return worlds.untrapped(system)
        case "ignored":
            return worlds.ignored(system)
        case _:
            return worlds.given("with the INTERRUPT key pressed", "key")


def _rule(session: DebugSession, text: str) -> worlds.World:
    word, _, rest = text.partition(" ")
    if rest.strip().lower() not in ("", "off"):
        raise UserError(f'whatif rule {short(word)} does not take "{short(rest)}"; it is as if CP had not this rule')
    return worlds.without_rule(session.system, word)


def _enter(session: DebugSession, text: str) -> worlds.World:
    return worlds.given(f'with "{short(text)}" entered', "enter", text)


def _cp(session: DebugSession, text: str) -> worlds.World:
    return worlds.given(f"with CP command {short(text.upper())}", "cp", text)


def _set(session: DebugSession, text: str) -> worlds.World:
    return worlds.given(f"with {short(text)}", "alter", operands_of_store(session, text))


_TAKING_TEXT: dict[str, Callable[[DebugSession, str], worlds.World]] = {
    "rule": _rule,
    "enter": _enter,
    "cp": _cp,
    "set": _set,
}


# ---- two moments ----------------------------------------------------------------------------------------------------


def _moments(session: DebugSession, text: str) -> Iterable[str]:
    words = text.split()
    if words[:1] == ["branch"]:
        return [*sorted(session.recording.branches), "ends\tat the ends of both"] if session.loaded else []
    marks = session.named_steps() if session.loaded else {}
    return [*marks, *STEP_WORDS, "branch\tanother branch of the recording"]


@command(
    "diff",
    Argument("STEP [STEP] | branch NAME [ends]", parse_word, rest=True, kind="step", offer=_moments),
    group="look",
    examples=(
        "diff 100 : what is not as it was at step 100",
        "diff before after : between two marks",
        "diff -10 : the last ten steps",
        "diff branch main : this branch and the branch main, behind as many steps",
        "diff branch main ends : the same at the ends of both",
    ),
)
def diff(session: DebugSession, text: str) -> MomentsView:
    """What differs for the selected guest between two moments: registers, PSW, storage, keys, console, CP's blocks.

    With one STEP (a number, a mark, start, end, 50%, -100) it is compared with the present moment.  "branch NAME"
    compares with another branch of the recording behind as many steps, or at the ends of both, and names the first
    event that is not the same.  Nothing moves.
    """
    words = text.split()
    if words[0].lower() == "branch":
        if len(words) not in (2, 3) or (len(words) == 3 and words[2].lower() != "ends"):
            raise UserError("diff branch needs the name of a branch, and perhaps ends: diff branch main ends")
        return compare_branches(session, words[1], at_ends=len(words) == 3)
    if len(words) > 2:
        raise UserError(f'diff takes one or two steps, not "{short(text)}"')
    steps = [parse_step(session, word) for word in words]
    return compare_steps(session, *(steps if len(steps) == 2 else [steps[0], session.step_number]))
