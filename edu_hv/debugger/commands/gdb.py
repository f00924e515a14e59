"""gdb's short names for looking: x/8xw, print, list, disassemble, expressions displayed at every stop."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from edu_hv.debugger import expression_names, viewing
from edu_hv.debugger.commands.arguments import address, count, labels, parse_number
from edu_hv.debugger.commands.registry import REGISTRY, Argument, command
from edu_hv.debugger.examining import ExaminedView, Shape, ValueView, examine, parse_shape, valued
from edu_hv.debugger.expressions import Expression, ExpressionError, parse
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.views import CodeView, StopView, TableView, TextView, View
from edu_hv.isa.codes import MASK_24
from edu_hv.isa.errors import UserError

SLASHED = {"x": "examine", "examine": "examine", "print": "print", "p": "print", "display": "autodisplay",
           "autodisplay": "autodisplay"}  # fmt: skip
"""Words that take a format behind a slash, and the commands they are then."""
_HERE = "."
"""The next instruction, as an address."""


def _formats(context: Any, line: str) -> str:
    """x/8xw, print/d; and x with an address, which is another command than x, the next stage of a trap."""
    head, _, rest = line.strip().partition(" ")
    word, slash, shape = head.partition("/")
    if slash and word.lower() in SLASHED and word != "X":
        return f"{SLASHED[word.lower()]} /{shape} {rest}".rstrip()
    if head == "next" and context is not None and (rest.strip() or not _has_a_lesson(context)):
        return f"over {rest}".rstrip()  # Where a lesson is open, next alone opens the next one.
    if head == "x" and rest.strip() and not _is_count(rest.strip()):
        return f"examine {rest}"
    return line


def _has_a_lesson(context: Any) -> bool:
    """Whether a lesson is open: a session alone has none, only the name of the one its recording was made in."""
    return not isinstance(context, DebugSession) and getattr(context, "lesson", None) is not None


def _is_count(text: str) -> bool:
    """Whether x is to do so many stages: a single digit.  All else is an address."""
    return len(text) == 1 and text.isascii() and text.isdigit()


REGISTRY.rewrites.append(_formats)


@dataclass
class Remembered:
    """What x goes on from, and what is displayed at every stop."""

    shape: Shape = field(default_factory=Shape)
    after: int | None = None
    displayed: dict[int, tuple[str, Expression]] = field(default_factory=dict)
    """By number: the format's letter, or "", and the expression."""
    last_number: int = 0


_remembered: WeakKeyDictionary[DebugSession, Remembered] = WeakKeyDictionary()


def remembered(session: DebugSession) -> Remembered:
    """What is remembered for a session."""
    return _remembered.setdefault(session, Remembered())


# ---- operands --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Formatted:
    """A format, "" where none was given, and the expression behind it, if there is one."""

    shape: str
    expression: Expression | None


def parse_expression(session: DebugSession, text: str) -> Expression:
    """An expression: see `expressions`."""
    return parse(text)


def parse_formatted(session: DebugSession, text: str) -> Formatted:
    """A format, an expression, or both.  Raises UserError, with the place, for what is neither."""
    shape, _, rest = text.partition(" ") if text.startswith("/") else ("", "", text)
    if shape:
        parse_shape(shape)
    skipped = len(text) - len(rest.lstrip())
    rest = rest.strip()
    if rest == _HERE:
        rest = "$pc"
    try:
        return Formatted(shape, parse(rest) if rest else None)
    except ExpressionError as error:
        raise ExpressionError(str(error), error.column + skipped, error.length) from None


def expression_words(session: DebugSession, text: str) -> Iterable[str]:
    """What an expression can have behind its last operator: registers and fields, then labels."""
    begun = text.rpartition(" ")[2]
    at = max((begun.rfind(sign) for sign in "+-*&|^<>=!~([,"), default=-1) + 1
    before, name = begun[:at], begun[at:].lower()
    sure = name.startswith("$") or not name
    for word in expression_names.offered(session):
        yield before + (word if sure else word.removeprefix("$"))
    for word in labels(session):
        if word.lower().startswith(name):
            yield before + word


def expression_operand(name: str = "EXPRESSION", optional: bool = False) -> Argument:
    """An expression, to the end of the line."""
    return Argument(name, parse_expression, None, optional, rest=True, kind="expression", offer=expression_words)


def _formatted(name: str) -> Argument:
    kind = "expression"
    return Argument(name, parse_formatted, None, True, Formatted("", None), True, kind=kind, offer=expression_words)


# ---- storage ---------------------------------------------------------------------------------------------------------


@command(
    "examine",
    _formatted("/FORMAT ADDRESS"),
    group="look",
    examples=(
        "x/8xw 200 : eight words in hexadecimal",
        "x/4i $pc : the next four instructions",
        "x/s *28 & FFFFFF : the characters that the word at 28 points at",
        "examine : go on behind what was shown last, in the same format",
    ),
    repeats=True,
    again="examine",
)
def examine_(session: DebugSession, what: Formatted) -> ExaminedView:
    """Storage of the guest in a format: x/8xw 2000.  Without an address it goes on behind what it showed last.

    The format is a count, then x (hexadecimal), d u (decimal with and without sign), t (binary), o (octal), c and s
    (EBCDIC characters and text), a (addresses) or i (instructions), then the unit: b byte, h halfword, w word,
    g doubleword.  What is left out is as it was the last time.

    The address is an expression: a hexadecimal number, a label, $r5+8, *28; "." is the next instruction.  x alone, or
    with one digit, is stage: the next stage of a trap.
    """
    known = remembered(session)
    shape = parse_shape(what.shape, known.shape) if what.shape else Shape(1, known.shape.how, known.shape.unit)
    if what.expression is not None:
        at = what.expression.value(session) & MASK_24
    else:
        at = known.after if known.after is not None else session.guest_psw().instruction_address
    view = examine(session, at, shape)
    known.shape, known.after = shape, view.after
    return view


@command(
    "disassemble",
    address(optional=True),
    count("COUNT", 10),
    group="look",
    aliases=("dis", "disas"),
    examples=("disassemble . 4 : four instructions from the next one on",),
)
def disassemble(session: DebugSession, at: int | None, n: int) -> ExaminedView:
    """COUNT instructions from ADDRESS on as they are in storage now; without ADDRESS, from the next one on."""
    start = session.guest_psw().instruction_address if at is None else at
    if start % 2:
        raise UserError(f"{start:06X} is odd; an instruction is at an even address")
    return examine(session, start, Shape(min(n, 4096), "i"))


@command(
    "list",
    address(optional=True),
    count("ROWS", 16),
    group="look",
    aliases=("l",),
    examples=("list START : the source around START", "list . 30 : thirty rows around the next instruction"),
)
def list_(session: DebugSession, at: int | None, rows: int) -> CodeView:
    """The source of the program around ADDRESS, or around the next instruction; a disassembly where there is none."""
    return viewing.code(session, rows, at)


# ---- values ----------------------------------------------------------------------------------------------------------


@command(
    "print",
    _formatted("/FORMAT EXPRESSION"),
    group="look",
    aliases=("p",),
    examples=(
        "print $r5 : register 5, hexadecimal and decimal",
        "p/d $r5 + 1 : decimal, with sign",
        "p/t psw.mask : binary",
        "p [200].h == 0A05 : whether the halfword at 200 is that",
    ),
)
def print_(session: DebugSession, what: Formatted) -> ValueView:
    """What an expression is now: registers, PSW fields, labels, storage, and what is computed of them.

    print/d shows it in decimal with sign, /u without, /x in hexadecimal, /t in binary, /o in octal, /c as characters,
    /a as an address with its label.  help expressions tells what can be written.
    """
    if what.expression is None:
        raise UserError("print needs EXPRESSION; usage: print/FORMAT EXPRESSION")
    return valued(session, what.expression, _letter(what.shape))


def _letter(shape: str) -> str:
    """The letter of a format that is for one value."""
    letters = [letter for letter in shape.removeprefix("/").lower() if letter.isalpha() and letter not in "bhwg"]
    if letters and letters[0] in "is":
        raise UserError(f'a value is not shown as "{letters[0]}": x/{letters[0]} shows storage so')
    return letters[0] if letters else ""


@command(
    "autodisplay",
    _formatted("/FORMAT EXPRESSION"),
    group="look",
    examples=("display/x $r5 : show register 5 at every stop", "autodisplay : what is shown at every stop"),
)
def autodisplay(session: DebugSession, what: Formatted) -> ValueView | TableView:
    """Show an expression now and at every stop, as gdb's display does: display/x $r5, with a slash.

    Without a slash DISPLAY is CP's: it shows once.  undisplay takes expressions away; without an operand they are
    listed.
    """
    known = remembered(session)
    if what.expression is None:
        rows = tuple((str(n), how or "-", each.text) for n, (how, each) in known.displayed.items())
        return TableView("shown at every stop", ("number", "format", "expression"), rows)
    how = _letter(what.shape)
    view = valued(session, what.expression, how, known.last_number + 1)
    known.last_number += 1
    known.displayed[known.last_number] = how, what.expression
    return view


def _displayed(session: DebugSession) -> list[str]:
    return [f"{number}\t{each.text}" for number, (_, each) in remembered(session).displayed.items()]


@command(
    "undisplay",
    Argument("NUMBER", parse_number, _displayed, optional=True, kind="display"),
    group="look",
    examples=("undisplay : show nothing any more at every stop",),
)
def undisplay(session: DebugSession, number: int | None) -> TextView:
    """Show expression NUMBER no more at every stop; without NUMBER, none of them."""
    known = remembered(session).displayed
    if number is None:
        known.clear()
        return TextView(("nothing is shown at every stop any more",))
    if number not in known:
        raise UserError(f"there is no expression {number} that is shown at every stop; autodisplay lists them")
    _, gone = known.pop(number)
    return TextView((f"{gone.text} is not shown any more",))


def _at_every_stop(context: Any, line: str, views: Sequence[View]) -> list[View]:
    """The expressions that are displayed, behind a stop."""
    session = getattr(context, "session", context)
    if not isinstance(session, DebugSession) or not any(isinstance(view, StopView) for view in views):
        return []
    return [_shown(session, number) for number in remembered(session).displayed]


def _shown(session: DebugSession, number: int) -> View:
    how, expression = remembered(session).displayed[number]
    try:
        return valued(session, expression, how, number)
    except UserError as error:
        return TextView((f"{number} {expression.text}: {error}",))


REGISTRY.after.append(_at_every_stop)
