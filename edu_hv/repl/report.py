"""What the REPL shows after a command besides its own views: guest output, the trap, what changed, what comes next."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum
from itertools import groupby
from operator import itemgetter

from edu_hv.debugger.breakpoints import StopAt
from edu_hv.debugger.files.replay import ReplayView
from edu_hv.debugger.recording.journal import Journal
from edu_hv.debugger.text import as_lines, code_line, compared
from edu_hv.debugger.views import (
    ComparedValue,
    ConsoleView,
    RegistersView,
    StageState,
    StopView,
    TextView,
    View,
    XrayView,
)
from edu_hv.isa.errors import UserError
from edu_hv.repl.spoken import spoken, stage_said
from edu_hv.tutor.workbench import Workbench

STAGE = "stage"
"""The kind of a block that is the sentence of a stage."""


class Verbosity(Enum):
    """How much is said after a command, and in which form."""

    TERSE = "terse"
    """After a step its sentence and nothing else."""
    NORMAL = "normal"
    """After a step also what changed, the trap, what comes next; tables are tables."""
    SPOKEN = "spoken"
    """One sentence a step, and every view as sentences to listen to."""


@dataclass(frozen=True)
class Before:
    """What the report compares with afterwards; empty while nothing is loaded."""

    consoles: tuple[ConsoleView, ...] = ()
    xray: XrayView | None = None
    journal: Journal | None = None
    entries: int = 0
    """Entries of the journal."""


@dataclass(frozen=True)
class Block:
    """Lines that belong together.  `kind` is the name of the view they are made of, or a word of this module."""

    kind: str
    lines: tuple[str, ...]
    lexer: str = ""


def look(workbench: Workbench) -> Before:
    """The state before a command."""
    session = workbench.session
    try:
        return Before(_consoles(workbench), session.xray(), session.journal, session.journal.count)
    except UserError:  # nothing is loaded
        return Before()


def block(view: View, width: int, verbosity: Verbosity = Verbosity.NORMAL) -> Block:
    """A view as lines."""
    lines = spoken(view) if verbosity is Verbosity.SPOKEN else as_lines(view, width)
    return Block(type(view).__name__, tuple(lines), getattr(view, "lexer", ""))


def report(
    workbench: Workbench,
    before: Before,
    views: Sequence[View],
    width: int,
    verbosity: Verbosity = Verbosity.NORMAL,
) -> list[Block]:
    """All that is shown after a command, in order.  Only a command that moved the machine gets more than its views."""
    typed = output(workbench, before)[0]
    if any(isinstance(view, ReplayView) for view in views):
        typed = []  # A replay tells what consoles showed in its place among the inputs.
    blocks = [block(view, width, verbosity) for view in typed]
    last = max((index for index, view in enumerate(views) if isinstance(view, StopView)), default=-1)
    for index, view in enumerate(views):
        blocks.append(block(view, width, verbosity))
        if index == last:  # The commands of a stop may have gone on from there: the machine is where the last one is.
            assert isinstance(view, StopView)
            with suppress(UserError):  # nothing is loaded any more: there is nothing to show
                match verbosity:
                    case Verbosity.NORMAL:
                        blocks += _moved(workbench, before.xray, view, width)
                    case Verbosity.SPOKEN:
                        blocks += _stage_now(workbench.session.xray(), width)
                    case Verbosity.TERSE:
                        pass
    return blocks


def _stage_now(xray: XrayView, width: int) -> list[Block]:
    """The stage of a trap under way that was done last, as a sentence."""
    now = [stage_said(stage) for stage in xray.stages if stage.state is StageState.NOW] if xray.in_progress else []
    return [replace(block(TextView((words,)), width, Verbosity.SPOKEN), kind=STAGE) for words in now]


def _moved(workbench: Workbench, before: XrayView | None, stop: StopView, width: int) -> list[Block]:
    """The trap, if the machine stands in one or has just done one; what changed; what comes next."""
    session = workbench.session
    registers, xray = session.registers(), session.xray()
    values = [v for v in (*session.psw().fields, *registers.control) if v.changed or v.real_changed]
    trapped = xray.in_progress or stop.reason.startswith("trap")
    shown = _changed(registers, [] if trapped else values, width)
    if trapped:
        shown.append(block(_news(before, xray), width))
    table = [value for value in values if trapped or value.differs]
    if table:
        shown.append(Block("changed", tuple(compared(table, width))))
    return shown if xray.in_progress else shown + _next(workbench, width)


def _news(before: XrayView | None, now: XrayView) -> XrayView:
    """Of a trap under way the stages done since `before`, and those to come; of a finished one, all."""
    if not now.in_progress:
        return now
    here, there = _reached(now), _reached(before) if before and before.title == now.title else 0
    seen = there if there < here else here - 1
    stages = tuple(stage for stage in now.stages if stage.number > seen)
    told = before is not None and before.title == now.title and before.rules == now.rules
    return replace(now, stages=stages, rules=() if told else now.rules, why="" if told else now.why)


def _reached(xray: XrayView) -> int:
    """The number of the stage done last."""
    return max((stage.number for stage in xray.stages if stage.state is not StageState.TO_COME), default=0)


def _changed(view: RegistersView, values: Sequence[ComparedValue], width: int) -> list[Block]:
    """Registers and PSW fields that changed, in a sentence; the address is in the line of what comes next."""
    words = [f"{register.name} {register.value}" for register in view.general if register.changed]
    fields = [value for value in values if value.changed and not value.differs and value.name != "address"]
    words += [f"{value.name} {value.guest}" for value in fields]
    return [block(TextView((f"changed: {', '.join(words)}",)), width)] if words else []


def _next(workbench: Workbench, width: int) -> list[Block]:
    """The instruction that will be executed, if one will."""
    session = workbench.session
    code, state = session.code(), session.status().guest_state
    if code.current is None or state in ("WAIT", "CP"):
        return []
    first, *others = code_line(code.lines[code.current], width - 5)
    return [Block("next", (f"next {first}", *(f"     {line}" for line in others)))]


def output(workbench: Workbench, before: Before, over: bool = True) -> tuple[list[ConsoleView], Before]:
    """The lines that guests typed meanwhile, in the order in which they came, and what has been seen with them.

    None of a guest that is new, or that went back in time.  While the command is not `over` a line may be held back
    until its place among those of other guests is known, so that what is shown does not depend on when one looks.
    """
    try:
        entries, order = _order(workbench, before)
        added = _added(workbench, before.consoles)
    except (UserError, LookupError):  # nothing is loaded, or something is just being loaded
        return [], before
    lines, taken = [], Counter[str]()
    if len(before.consoles) == 1 and entries > before.entries:  # a guest alone: no entry has to be looked at
        order = [guest for guest, typed in added.items() for _ in typed]
    for guest in order:
        if taken[guest] < len(added.get(guest, ())):
            lines.append((guest, added[guest][taken[guest]]))
            taken[guest] += 1
    if over:
        lines += [(guest, line) for guest, typed in added.items() for line in typed[taken[guest] :]]
    views = [ConsoleView(guest, tuple(line for _, line in run)) for guest, run in groupby(lines, itemgetter(0))]
    seen = [replace(v, lines=v.lines + added.get(v.guest, ())[: taken[v.guest]]) for v in before.consoles]
    return views, replace(before, consoles=tuple(seen), entries=entries)


def _order(workbench: Workbench, before: Before) -> tuple[int, list[str]]:
    """Entries of the journal by now, and the guests that typed a line since, once for each line."""
    journal = workbench.session.journal
    if journal is not before.journal:
        return before.entries, []
    now = journal.count
    if len(before.consoles) < 2:
        return now, []
    return now, [entry.guest for entry in journal.between(before.entries, now) if StopAt.OUTPUT.matches(entry.event)]


def _added(workbench: Workbench, before: Sequence[ConsoleView]) -> dict[str, tuple[str, ...]]:
    """The lines that were added to each console that is still there."""
    added = {}
    for seen in before:
        with suppress(UserError):
            now = workbench.session.console(seen.guest)
            if now.guest == seen.guest and now.lines[: len(seen.lines)] == seen.lines:
                added[seen.guest] = now.lines[len(seen.lines) :]
    return added


def _consoles(workbench: Workbench) -> tuple[ConsoleView, ...]:
    session = workbench.session
    return tuple(session.console(guest) for guest in session.status().guests)
