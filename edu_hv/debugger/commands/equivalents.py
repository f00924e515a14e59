"""How the same is said in gdb's words and in CP's: the table, and a line of one dialect in the other."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from edu_hv.debugger.examining import parse_shape
from edu_hv.debugger.expressions import SIZES
from edu_hv.isa.errors import UserError


@dataclass(frozen=True, slots=True)
class Pair:
    """The same in both dialects.  `exact`: both show, or leave behind, the same values."""

    what: str
    gdb: str
    cp: str
    exact: bool = True


PAIRS = (
    Pair("the PSW", "print $psw", "DISPLAY PSW"),
    Pair("one register", "print/x $r5", "DISPLAY G5"),
    Pair("all registers", "info registers", "DISPLAY G", exact=False),
    Pair("a control register", "print/x $cr0", "DISPLAY X0"),
    Pair("a floating-point register", "print/x $fpr2", "DISPLAY Y2"),
    Pair("storage", "x/8xw 200", "DISPLAY 200.20"),
    Pair("set a register", "set $r5 = 1F", "STORE G5 1F"),
    Pair("set a word", "set [200] = 1F", "STORE 200 1F"),
    Pair("set bytes", "set storage 200 = 0A05", "STORE S200 0A05"),
    Pair("set the PSW", "set psw = 0004000000000206", "STORE PSW 00040000 00000206"),
    Pair("go on", "continue", "BEGIN", exact=False),
    Pair("stop at an address, CP once", "break 206", "ADSTOP 206", exact=False),
    Pair("the INTERRUPT key", "key", "EXTERNAL"),
    Pair("devices", "info devices", "QUERY VIRTUAL", exact=False),
    Pair("guests", "info guests", "QUERY NAMES", exact=False),
    Pair("the next trap, CP all of them", "trap", "TRACE ALL", exact=False),
)
"""The table of help dialects.  A test runs both sides of each exact pair and compares what they show or leave."""

Translate = Callable[[re.Match[str]], str]
_FIXED = {
    "continue": "BEGIN", "run": "BEGIN", "key": "EXTERNAL", "info registers": "DISPLAY G", "registers": "DISPLAY G",
    "info devices": "QUERY VIRTUAL", "devices": "QUERY VIRTUAL", "info guests": "QUERY NAMES",
    "guests": "QUERY NAMES", "psw": "DISPLAY PSW", "info psw": "DISPLAY PSW", "trap": "TRACE ALL",
    "storestatus": "STORE STATUS",
}  # fmt: skip
_FIXED_CP = {"BEGIN": "continue", "EXTERNAL": "key", "DISPLAY G": "info registers", "DISPLAY": "info registers",
             "DISPLAY PSW": "print $psw", "QUERY VIRTUAL": "info devices", "QUERY NAMES": "info guests",
             "TRACE ALL": "trap", "STORE STATUS": "storestatus"}  # fmt: skip
_REGISTER = r"\$?(?:gpr|gr|g|r)([0-9a-f]{1,2})"
_TO_CP: tuple[tuple[str, Translate], ...] = (
    (rf"print(?: */\w+)? {_REGISTER}", lambda found: f"DISPLAY G{found[1].upper()}"),
    (r"print(?: */\w+)? \$?cr([0-9]{1,2})", lambda found: f"DISPLAY X{found[1]}"),
    (r"print(?: */\w+)? \$?fpr([0246])", lambda found: f"DISPLAY Y{found[1]}"),
    (r"print(?: */\w+)? \$?psw", lambda found: "DISPLAY PSW"),
    (r"examine(?: /(\w+))? ([0-9][0-9a-f]*)", lambda found: _display(found[1] or "", found[2])),
    (r"storage ([0-9][0-9a-f]*)(?: ([0-9]+))?", lambda found: f"DISPLAY {found[1].upper()}.{int(found[2] or 64):X}"),
    (rf"set {_REGISTER} *= *([0-9a-f]{{1,8}})", lambda found: f"STORE G{found[1].upper()} {found[2].upper()}"),
    (r"set \$?cr([0-9]{1,2}) *= *([0-9a-f]{1,8})", lambda found: f"STORE X{found[1]} {found[2].upper()}"),
    (r"set storage ([0-9][0-9a-f]*) *= *([0-9a-f]+)", lambda found: f"STORE S{found[1].upper()} {found[2].upper()}"),
    (r"set \[([0-9][0-9a-f]*)\] *= *([0-9a-f]{1,8})", lambda found: f"STORE {found[1].upper()} {found[2].upper()}"),
    (r"set \$?psw *= *([0-9a-f]{8}) ?([0-9a-f]{8})", lambda found: f"STORE PSW {found[1]} {found[2]}".upper()),
    (r"break ([0-9][0-9a-f]*)", lambda found: f"ADSTOP {found[1].upper()}"),
    (r"tbreak ([0-9][0-9a-f]*)", lambda found: f"ADSTOP {found[1].upper()}"),
    (r"until ([0-9][0-9a-f]*)", lambda found: f"ADSTOP {found[1].upper()}, then BEGIN"),
)  # fmt: skip
_TO_GDB: tuple[tuple[str, Translate], ...] = (
    (r"DISPLAY G([0-9A-F]{1,2})", lambda found: f"print/x $r{found[1].lower()}"),
    (r"DISPLAY X([0-9]{1,2})", lambda found: f"print/x $cr{found[1]}"),
    (r"DISPLAY Y([0246])", lambda found: f"print/x $fpr{found[1]}"),
    (r"DISPLAY L?([0-9][0-9A-F]*)\.([0-9A-F]+)", lambda found: f"x/{max(-(-int(found[2], 16) // 4), 1)}xw {found[1]}"),
    (r"DISPLAY L?([0-9][0-9A-F]*)", lambda found: f"x/4xw {int(found[1], 16) & -16:X}"),
    (r"DISPLAY T([0-9][0-9A-F]*)\.([0-9A-F]+)", lambda found: f"storage {found[1]} {int(found[2], 16)}"),
    (r"STORE G([0-9A-F]{1,2}) ([0-9A-F]{1,8})", lambda found: f"set $r{found[1].lower()} = {found[2]}"),
    (r"STORE X([0-9]{1,2}) ([0-9A-F]{1,8})", lambda found: f"set $cr{found[1]} = {found[2]}"),
    (r"STORE S([0-9A-F]+) ([0-9A-F ]+)", lambda found: f"set storage {found[1]} = {found[2]}"),
    (r"STORE L?([0-9][0-9A-F]*) ([0-9A-F]{1,8})", lambda found: f"set [{found[1]}] = {found[2]}"),
    (r"STORE PSW ([0-9A-F]{8}) ([0-9A-F]{8})", lambda found: f"set psw = {found[1]}{found[2]}"),
    (r"ADSTOP ([0-9A-F]+)", lambda found: f"break {found[1]}"),
)


def _display(shape: str, address: str) -> str:
    try:
        wanted = parse_shape(shape)
    except UserError:
        return ""
    length = wanted.count * SIZES[wanted.unit]
    return "" if wanted.how in "is" else f"DISPLAY {'T' if wanted.how == 'c' else ''}{address.upper()}.{length:X}"


def in_cp(line: str) -> str:
    """A line of the debugger's (its command's full name, then the operands) in CP's words; "" where CP has none."""
    plain = " ".join(line.split())
    return _FIXED.get(plain.lower()) or _translated(_TO_CP, plain, re.IGNORECASE)


def in_gdb(line: str) -> str:
    """A line of CP's (the command's full name, then the operands) in gdb's words; "" where there are none."""
    plain = " ".join(line.upper().split())
    return _FIXED_CP.get(plain) or _translated(_TO_GDB, plain)


def _translated(table: tuple[tuple[str, Translate], ...], line: str, flags: int = 0) -> str:
    for pattern, translate in table:
        if found := re.fullmatch(pattern, line, flags):
            return translate(found)
    return ""
