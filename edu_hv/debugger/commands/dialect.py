"""CP's words typed as they are, and each dialect in the words of the other.

Whose a line is, is decided here, by one rule:

1. cp or #cp in front: CP's.
2. A word in CAPITALS that CP knows, by its VM/370 abbreviation, is CP's: TRACE PRIV, SET ECMODE ON, D PSW, B.  But a
   single capital that is the reverse of a small letter stays the debugger's (S, C, T, X, O), and so does LOGON.
3. A word that names a command of the debugger is the debugger's, unless that command takes no operands and there are
   some (q virtual), or the operands are CP's own (set ecmode on, system reset, d 200.20).
4. A full name of a CP command is CP's, in small letters too (begin, query names), then an abbreviation that begins no
   command of the debugger.

DISPLAY, STORE, ADSTOP and BEGIN are commands of the debugger as well, so that they work on the bare machine.
"""

import re
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from edu_hv.debugger.altering import shown
from edu_hv.debugger.breakpoints import Breakpoint
from edu_hv.debugger.commands.arguments import choice, parse_word
from edu_hv.debugger.commands.cp_words import cp_names, first_of, offered
from edu_hv.debugger.commands.equivalents import in_cp, in_gdb
from edu_hv.debugger.commands.registry import REGISTRY, Argument, CommandError, command
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.views import StopView, TextView, View
from edu_hv.hypervisor.commands.registry import CPCommand, abbreviates
from edu_hv.hypervisor.commands.settings import SETTINGS
from edu_hv.isa.errors import UserError

_NEVER = ("logon", "login")
"""Words of CP's that are always the debugger's: who sits at a terminal of the guest is logged on."""
_ALONE = ("reset",)
"""Words that in small letters are the debugger's even with operands: it loads everything again."""
_BOTH = ("display", "store", "begin", "adstop")
"""CP's commands that are the debugger's as well."""
_PLACE = re.compile("[TLKtlk]?[0-9][0-9A-Fa-f]*([-:.][0-9A-Fa-f]+|[-:.](END|end))?|[GXYgxy][0-9A-Fa-f]{1,2}")
"""What DISPLAY shows and differs has nothing of: storage, a register."""
_OF_SYSTEM = ("reset", "clear", "restart")


def is_cps(line: str) -> bool:
    """Whether a line is CP's: see the rule above."""
    head, _, rest = line.strip().partition(" ")
    rest = rest.strip()
    if head.lower() in ("cp", "#cp"):
        return bool(rest)
    found = first_of(head)
    if found is None or found.name.lower() in _NEVER:
        return False
    mine = REGISTRY.named(head)
    if head.isupper():
        return not (mine is not None and len(head) == 1 and head in mine.aliases)
    if mine is not None:
        bare_word = not mine.arguments and mine.name not in _ALONE
        return bool(rest) and (bare_word or _operands_are_cps(mine.name, rest))
    if head.lower() in cp_names():
        return True
    beginning = REGISTRY.beginning(head.lower())
    if len(beginning) == 1:
        return bool(rest) and not beginning[0].arguments
    return bool(rest) or not beginning


def _operands_are_cps(name: str, rest: str) -> bool:
    first = rest.split()[0]
    if name == "set":
        return "=" not in rest and any(abbreviates(first, setting.name) for setting in SETTINGS)
    if name == "differs":
        return _PLACE.fullmatch(first) is not None
    return name == "system" and first.lower() in _OF_SYSTEM


def _to_cp(context: Any, line: str) -> str:
    """The line that the debugger carries out for one of CP's."""
    head, _, rest = line.strip().partition(" ")
    found = first_of(head)
    if head.lower() in ("cp", "#cp") or found is None or not is_cps(line):
        return line
    name = found.name.lower()
    if name in _BOTH:
        return f"{name} {rest}".rstrip()
    session = getattr(context, "session", context)
    if isinstance(session, DebugSession) and session.loaded and session.system.cp is None:
        return _bare(found, rest.strip(), line)
    return f"cp {line.strip()}"


def _bare(found: CPCommand, rest: str, line: str) -> str:
    """What does on the bare machine what a command of CP does to a virtual one; else CP's line, which says why not."""
    first = (rest.split() or [""])[0]
    match found.function.__name__:
        case "external" if first in ("", "40"):
            return "key"
        case "attention" | "request":
            return f"request {rest}".rstrip()
        case "ipl":
            return f"ipl {rest}".rstrip()
        case "system" if abbreviates(first, "RESTART"):
            return "restartkey"
        case "system":
            raise CommandError("SYSTEM RESET is CP's; on the bare machine reset loads the same program again")
        case "query" if abbreviates(first, "Virtual"):
            return "devices"
        case "trace" | "per":
            return _stop(line.split()[0].upper(), rest)
    return f"cp {line.strip()}"


_TRACED = {"SVC": "svc", "PROgram": "program", "EXTernal": "external", "I/O": "io", "PRIV": "privileged", "ALL": "trap",
           "SIO": "privileged SIO"}  # fmt: skip
"""Events of TRACE that a breakpoint of the debugger stops at."""


def _stop(word: str, rest: str) -> str:
    """The stop that does on the bare machine what TRACE and PER do to a guest of CP; else a sentence."""
    first, _, more = rest.upper().partition(" ")
    if word.startswith("TR"):
        kind = next((kind for name, kind in _TRACED.items() if abbreviates(first, name)), "")
        if kind and not more:
            return f"break {kind}"
    elif re.fullmatch("G(REG)?([0-9]|1[0-5])", first) and not more:
        return f"watch $r{first.lstrip('GRE')}"
    elif abbreviates(first, "STore") and re.fullmatch("[0-9A-F]{1,6}", more):
        return f"watch {more}"
    known = "TRACE SVC, PROG, EXT, I/O, PRIV, SIO or ALL, PER G5 and PER ST 200"
    raise CommandError(f"{word} {rest} is CP's; on the bare machine there are {known}; delete takes stops away")


REGISTRY.rewrites.append(_to_cp)
REGISTRY.more_words.append(cp_names)


# ---- CP's commands that work on the bare machine, too ----------------------------------------------------------------


@command(
    "display",
    Argument(
        "WHAT", parse_word, None, True, "G", True, kind="cp operand", offer=lambda s, t: offered(s, f"display {t}")
    ),
    group="look",
    examples=(
        "DISPLAY PSW : the PSW",
        "DISPLAY G5 : general register 5; G all of them, X control registers, Y floating-point ones",
        "D 200.20 : 20 bytes, hexadecimal, from 200 on; T200.20 with their characters, K200 the storage key",
    ),
)
def display(session: DebugSession, what: str) -> TextView:
    """CP's DISPLAY of the selected guest, or of the bare machine in the same form: registers, PSW, storage, keys.

    Addresses are hexadecimal and no labels.  D is short for it.  With a format it is gdb's display, which shows an
    expression at every stop: display/x $r5.
    """
    if session.system.cp is None:
        try:
            return TextView(tuple(shown(session.system.machine, what.split())), "the bare machine")
        except UserError as error:
            raise UserError(f'DISPLAY does not understand "{what[:40]}": {error}; try help display') from None
    lines = session.give("cp", f"DISPLAY {what}")
    if lines and lines[0].startswith("DMKCDB"):
        said = lines[0].partition(" ")[2].lower()
        raise UserError(f'DISPLAY does not understand "{what[:40]}": {said}; try help display')
    return TextView(tuple(lines), f"CP for {session.selected}")


@command(
    "store",
    Argument("WHAT DATA", parse_word, rest=True, kind="cp operand", offer=lambda s, t: offered(s, f"store {t}")),
    group="machine",
    aliases=("st",),
    examples=(
        "STORE G5 1F : general register 5",
        "ST S200 0A05 : bytes from 200 on",
        "STORE PSW 00000000 00000200 : the PSW",
    ),
)
def store(session: DebugSession, what: str) -> TextView:
    """CP's STORE for the selected guest, or the bare machine's: registers, storage, the PSW.

    G, X or Y and a number is a register, S and an address a string of bytes, an address alone words.  It is an outside
    input, as with set, which does the same in gdb's words.
    """
    if session.system.cp is not None:
        lines = session.give("cp", f"STORE {what}")
        if lines and lines[0].startswith("DMK"):
            raise UserError(
                f'STORE does not understand "{what[:40]}": {lines[0].partition(" ")[2].lower()}; try help store'
            )
        return TextView(tuple(lines), f"CP for {session.selected}")
    kind = "store status" if what.upper() == "STATUS" else "alter"
    return TextView((*session.give(kind, what), "STORE COMPLETE"), "the bare machine")


@command(
    "begin",
    Argument("HEXLOC", parse_word, optional=True, default="", kind="hexadecimal address"),
    group="run",
    examples=(
        "BEGIN : go on",
        "B : the same",
    ),
)
def begin(session: DebugSession, at: str) -> list[View]:
    """CP's BEGIN: the guest leaves CP mode and runs; on the bare machine the machine runs.  It stops as run does.

    HEXLOC, a hexadecimal address, is where it goes on.  "cp begin" gives CP the command without running.
    """
    shown_first: list[View] = []
    guest = session.guest
    if session.system.cp is None:
        if at:
            session.give("alter", f"PSW {_moved(session, at)}")
    elif at or (guest.vm is not None and guest.vm.cf):
        answer = session.give("cp", f"BEGIN {at}".rstrip())
        if answer and answer[0].startswith("DMK"):
            raise UserError(f'BEGIN does not understand "{at[:40]}": {answer[0].partition(" ")[2].lower()}')
        shown_first = [TextView(tuple(answer), f"CP for {session.selected}")] if answer else []
    stop: StopView = session.run()
    return [*shown_first, stop]


def _moved(session: DebugSession, at: str) -> str:
    """The words of the machine's PSW with another instruction address."""
    try:
        address = int(at, 16)
    except ValueError:
        address = -1
    if not 0 <= address < session.storage_size():
        raise UserError(f'"{at[:40]}" is no address in storage: BEGIN takes a hexadecimal one')
    psw = session.guest_psw()
    psw.instruction_address = address
    return str(psw)


@command(
    "adstop",
    Argument("HEXLOC|OFF", parse_word, lambda session: ("off",), kind="cp operand"),
    group="breakpoints",
    examples=(
        "ADSTOP 204 : stop when the instruction at 204 is next; BEGIN runs to it",
        "ADSTOP OFF : no stop any more",
    ),
)
def adstop(session: DebugSession, where: str) -> list[View]:
    """CP's ADSTOP: stop the guest once when it comes to an instruction; on the bare machine a breakpoint does it.

    Under CP it is an input to CP, which tells the guest's operator; the guest is in CP mode then, until BEGIN.
    """
    if session.system.cp is not None:
        answer = session.give("cp", f"ADSTOP {where}")
        if answer and answer[0].startswith("DMK"):
            raise UserError(f'ADSTOP does not understand "{where[:40]}": {answer[0].partition(" ")[2].lower()}')
        return [TextView((*answer, f"ADSTOP {where.upper()} is set"), f"CP for {session.selected}")]
    if where.lower() == "off":
        _take_away(session)
        return [session.breakpoint_list()]
    return REGISTRY.execute(session, f"{'tbreak' if 'tbreak' in REGISTRY.commands else 'break'} {where}")


def _take_away(session: DebugSession) -> None:
    """ADSTOP knows one address only: the last one given."""
    stops: dict[int, Breakpoint] = session.breakpoints.by_number
    if not stops:
        raise UserError("there is no address stop; ADSTOP 204 sets one")
    session.breakpoints.delete(max(stops))


# ---- each dialect in the words of the other --------------------------------------------------------------------------

_shown: WeakKeyDictionary[DebugSession, str] = WeakKeyDictionary()
SETTINGS_OF_DIALECT = {
    "gdb": "behind a line of CP's: how gdb says it",
    "cp": "behind a line of gdb's: how CP says it",
    "both": "behind each line how the other dialect says it",
    "off": "nothing is shown",
}


@command(
    "dialect",
    Argument(
        "gdb|cp|both|off",
        choice(*SETTINGS_OF_DIALECT),
        lambda session: [f"{word}\t{said}" for word, said in SETTINGS_OF_DIALECT.items()],
        optional=True,
        kind="choice",
    ),
    group="help",
    examples=("dialect both : show how the other dialect says it", "dialect : which is shown", "dialect off : nothing"),
)
def dialect(session: DebugSession, which: str | None) -> TextView:
    """Show behind each line how the other dialect says the same: gdb for lines of CP's, cp for those of gdb's, or both.

    Without an operand it tells what is shown.  help dialects has them side by side, and the rule for words that both
    have.
    """
    if which is not None:
        _shown[session] = which
    now = _shown.get(session, "off")
    return TextView((f"dialect {now}: {SETTINGS_OF_DIALECT[now]}",))


def in_other_words(line: str) -> tuple[str, str]:
    """The other dialect ("CP" or "gdb") and the line in its words, "" where it has none."""
    head, _, rest = line.strip().partition(" ")
    if head.lower() in ("cp", "#cp"):
        head, _, rest = rest.strip().partition(" ")
        found = first_of(head)
        return "gdb", in_gdb(f"{found.name.upper()} {rest}") if found else ""
    found = first_of(head)
    if found is not None and (is_cps(line) or (found.name.lower() in _BOTH and "/" not in head)):
        return "gdb", in_gdb(f"{found.name.upper()} {rest}")
    meant = REGISTRY.meant(None, line)
    word, _, operands = meant.partition(" ")
    return "CP", in_cp(f"{REGISTRY.find(word).name} {operands}")


def _in_other_words(context: Any, line: str, views: Sequence[View]) -> list[View]:
    session = getattr(context, "session", context)
    wanted = _shown.get(session, "off") if isinstance(session, DebugSession) else "off"
    if wanted == "off":
        return []
    name, words = in_other_words(line)
    return [TextView((f"{name}: {words}",))] if words and wanted in ("both", name.lower()) else []


REGISTRY.after.append(_in_other_words)
