"""What the REPL shows after a command besides its own views: guest output, the trap, what changed, what comes next."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

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
from edu_hv.tutor.workbench import Workbench


@dataclass(frozen=True)
class Before:
    """What the report compares with afterwards; empty while nothing is loaded."""

    consoles: tuple[ConsoleView, ...] = ()
    xray: XrayView | None = None


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
        return Before(_consoles(workbench), session.xray())
    except UserError:  # nothing is loaded
        return Before()


def block(view: View, width: int) -> Block:
    """A view as lines."""
    return Block(type(view).__name__, tuple(as_lines(view, width)), getattr(view, "lexer", ""))


def report(workbench: Workbench, before: Before, views: Sequence[View], width: int) -> list[Block]:
    """All that is shown after a command, in order.  Only a command that moved the machine gets more than its views."""
    blocks = _output(before.consoles, workbench, width)
    for view in views:
        blocks.append(block(view, width))
        if isinstance(view, StopView):
            with suppress(UserError):  # nothing is loaded any more: there is nothing to show
                blocks += _moved(workbench, before.xray, view, width)
    return blocks


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
    words += [f"{value.name} {value.guest}" for value in values if not value.differs and value.name != "address"]
    return [block(TextView((f"changed: {', '.join(words)}",)), width)] if words else []


def _next(workbench: Workbench, width: int) -> list[Block]:
    """The instruction that will be executed, if one will."""
    session = workbench.session
    code, state = session.code(), session.status().guest_state
    if code.current is None or state in ("WAIT", "CP"):
        return []
    first, *others = code_line(code.lines[code.current], width - 5)
    return [Block("next", (f"next {first}", *(f"     {line}" for line in others)))]


def _output(before: Sequence[ConsoleView], workbench: Workbench, width: int) -> list[Block]:
    """The lines that guests typed meanwhile; none of a guest that is new, or that went back in time."""
    seen = {view.guest: view.lines for view in before}
    now = _consoles(workbench) if seen else ()
    fresh = [view for view in now if view.guest in seen and view.lines[: len(seen[view.guest])] == seen[view.guest]]
    added = [ConsoleView(view.guest, view.lines[len(seen[view.guest]) :]) for view in fresh]
    return [block(view, width) for view in added if view.lines]


def _consoles(workbench: Workbench) -> tuple[ConsoleView, ...]:
    session = workbench.session
    return tuple(session.console(guest) for guest in session.status().guests)
