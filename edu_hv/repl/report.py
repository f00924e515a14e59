"""What the REPL shows after a command besides its own views: guest output, the trap, what changed, what comes next."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from edu_hv.debugger.text import as_lines, code_line, compared
from edu_hv.debugger.views import CodeView, ConsoleView, RegistersView, StopView, TextView, View, XrayView
from edu_hv.isa.errors import UserError
from edu_hv.tutor.workbench import Workbench


@dataclass(frozen=True)
class Block:
    """Lines that belong together.  `kind` is the name of the view they are made of, or a word of this module."""

    kind: str
    lines: tuple[str, ...]
    lexer: str = ""


def consoles(workbench: Workbench) -> list[ConsoleView]:
    """Every guest's console; none while nothing is loaded."""
    session = workbench.session
    try:
        return [session.console(guest) for guest in session.status().guests]
    except UserError:
        return []


def block(view: View, width: int) -> Block:
    """A view as lines."""
    return Block(type(view).__name__, tuple(as_lines(view, width)), getattr(view, "lexer", ""))


def report(workbench: Workbench, before: Sequence[ConsoleView], views: Sequence[View], width: int) -> list[Block]:
    """All that is shown after a command, in order.  Only a command that moved the machine gets more than its views.

    `before`: the consoles before the command.
    """
    blocks = _output(before, consoles(workbench), width)
    for view in views:
        blocks.append(block(view, width))
        if isinstance(view, StopView):
            with suppress(UserError):  # nothing is loaded any more: there is nothing to show
                blocks += _moved(workbench, views, width)
    return blocks


def _moved(workbench: Workbench, views: Sequence[View], width: int) -> list[Block]:
    session = workbench.session
    code, registers = session.code(), session.registers()
    shown = _changed_registers(registers, width)
    xray = session.xray()
    trapped = xray.in_progress or any(line.trap for line in code.lines)
    if trapped and xray.stages and not any(isinstance(view, XrayView) for view in views):
        shown.append(block(xray, width))
    values = [v for v in (*session.psw().fields, *registers.control) if v.changed or v.real_changed]
    if values:
        shown.append(Block("changed", tuple(compared(values, width))))
    return shown + _next(code, width)


def _changed_registers(view: RegistersView, width: int) -> list[Block]:
    changed = ", ".join(f"{register.name} {register.value}" for register in view.general if register.changed)
    return [Block("registers", tuple(as_lines(TextView((f"changed: {changed}",)), width)))] if changed else []


def _next(code: CodeView, width: int) -> list[Block]:
    if code.current is None:
        return []
    first, *others = code_line(code.lines[code.current], width - 5)
    return [Block("next", (f"next {first}", *(f"     {line}" for line in others)))]


def _output(before: Sequence[ConsoleView], now: Sequence[ConsoleView], width: int) -> list[Block]:
    """The lines that guests typed meanwhile; none of a guest that is new, or that went back in time."""
    seen = {view.guest: view.lines for view in before}
    fresh = [view for view in now if view.guest in seen and view.lines[: len(seen[view.guest])] == seen[view.guest]]
    added = [ConsoleView(view.guest, view.lines[len(seen[view.guest]) :]) for view in fresh]
    return [block(view, width) for view in added if view.lines]
