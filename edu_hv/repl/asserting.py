"""What `assert` looks at: expressions, and the lines on consoles.  A failure says what was seen instead."""

import re
from collections.abc import Iterable
from typing import Any

from edu_hv.debugger.expressions import Binary, Constant, Node, parse
from edu_hv.debugger.session import DebugSession
from edu_hv.isa.errors import UserError

_CONSOLE = re.compile(r'console\s+(?:([^\s"]+)\s+)?("?)([^"]+)\2', re.IGNORECASE)
_SINGLE = re.compile(r'"[^"]*"|[=!<>]=|<<|>>|=')
"""What is quoted, an operator of two signs, or the single = that is taken for ==."""
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
LAST_LINES = 3
"""Lines of a console that are told when it lacks some words."""


def names(session: Any) -> Iterable[str]:
    """What an assertion can begin with."""
    return ["console\twords on a console"]


def check_console(session: DebugSession, text: str) -> bool:
    """Whether this is about a console; then its lines have the words.  Raises UserError when they have not."""
    found = _CONSOLE.fullmatch(text.strip())
    if found is None:
        return False
    view = session.console(found[1]) if found[1] else session.console()
    words = found[3].strip()
    if not any(words in line for line in view.lines):
        raise UserError(f'the console of {view.guest} has no "{words}"; {_seen(view.lines)}')
    return True


def _seen(lines: tuple[str, ...]) -> str:
    if not lines:
        return "nothing was typed on it"
    last = " / ".join(line.strip() for line in lines[-LAST_LINES:])
    return f"its last line is: {last}" if len(lines) == 1 else f"its last lines are: {last}"


def check_expression(session: DebugSession, text: str) -> None:
    """The expression is true.  Raises UserError that says what is there instead, or what is wrong with it."""
    text = _SINGLE.sub(lambda found: found[0] if found[0] != "=" else "==", text)
    expression = parse(text)
    if not expression.value(session):
        raise UserError(f"{text} is not true{_sides(session, text, expression.root)}")


def _sides(session: DebugSession, text: str, root: Node) -> str:
    """The values of both sides of a comparison, but for one that says itself what it is: ": R5 is 0000001E"."""
    if not isinstance(root, Binary) or root.sign not in COMPARISONS:
        return ""
    sides = (text[: root.column], root.left), (text[root.column + len(root.sign) :], root.right)
    said = [f"{side.strip()} is {_shown(node, session)}" for side, node in sides if not isinstance(node, Constant)]
    said = [each for each in said if not re.fullmatch("([0-9A-F]+) is 0*\\1", each)]
    return f": {' and '.join(said)}" if said else ""


def _shown(node: Node, session: DebugSession) -> str:
    value = node.value(session)
    return f"{value:0{2 * node.width}X}" if isinstance(value, int) else f'"{value}"'
