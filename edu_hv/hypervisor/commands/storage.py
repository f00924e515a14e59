"""DISPLAY and DUMP: a virtual machine's registers and storage (DMKCDB, DMKCDM).  CP Command Reference "DISPLAY".

Addresses are guest-real: the guest's own translation is not applied.  To look brings no page in.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from edu_hv.hypervisor.commands.registry import Answer, CommandError, abbreviates, command, hexadecimal, is_decimal
from edu_hv.hypervisor.virtual_printer import print_line, printer_of
from edu_hv.isa.codes import PSA
from edu_hv.machine.storage import BLOCK

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK

_FLOATING = (0, 2, 4, 6)
"""Numbers of the floating-point registers."""
_ROW = 16
_DUMP_ROW = 32
_MOST = 0x10000
"""Bytes that one DISPLAY shows at most, so that a slip does not fill the terminal; DUMP has no limit."""


@command("Display", looks=True)
def display(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """Display what ...: [T | L | K]hexloc[{- | :}{hexloc2 | END}][.bytecount], Greg[-reg], Y, X, Psw, CAW, CSW.

    T shows the characters beside the words, K the storage keys.
    """
    lines: list[str] = []
    for what in words or ["G"]:
        lines += _display_one(vm, what)
    return Answer(lines)


def _display_one(vm: "VMBLOK", what: str) -> list[str]:
    if abbreviates(what, "Psw"):
        return [f"PSW = {vm.vmpsw}"]
    if what in ("CAW", "CSW"):
        at, length = (PSA.CAW, 4) if what == "CAW" else (PSA.CSW, 8)
        return [f"{what} = {vm.peek(at, length).hex(' ', 4).upper()}"]
    if what[0] in "GXY":
        return _registers(vm, what)
    return _display_storage(vm, what)


def _registers(vm: "VMBLOK", what: str) -> list[str]:
    """General (G), control (X) or floating-point (Y) registers: reg, reg-reg2, reg:reg2, reg.count; END is the last.

    Numbers are decimal, or one hexadecimal digit.
    """
    mark = next((mark for mark in "-:." if mark in what), "-")
    first, dash, last = what[1:].partition(mark)
    try:
        start = _register(first) if first else 0
        if last in ("", "END"):
            end = 15 if dash or not first else start
        else:
            end = start + int(last) - 1 if mark == "." else _register(last)
    except ValueError:
        raise CommandError("CDB", 10, f"INVALID REGISTER - {what}") from None
    if not 0 <= start <= end <= 15:
        raise CommandError("CDB", 10, f"INVALID REGISTER - {what}")
    if what[0] == "Y":
        if dash == "" and first and start not in _FLOATING:
            raise CommandError("CDB", 10, f"INVALID REGISTER - {what}")
        return [f"FPR {n} =  {vm.vmfprs[n >> 1]:016X}" for n in _FLOATING if start <= n <= end]
    if what[0] == "X" and not vm.ecmode:
        end = 0
    name, values = ("GPR", vm.vmgprs) if what[0] == "G" else ("ECR", vm.cpu.cr)
    return list(_rows(name, values, start, end))


def _register(text: str) -> int:
    """A register number: decimal, or one hexadecimal digit.  Raises ValueError."""
    return int(text) if is_decimal(text) else hexadecimal(text, 1)


def _rows(name: str, values: list[int], start: int, end: int) -> Iterator[str]:
    for n in range(start, end + 1, 4):
        row = values[n : min(n + 4, end + 1)]
        yield f"{name} {n:2} =  " + " ".join(f"{value:08X}" for value in row)


# ---- storage ---------------------------------------------------------------------------------------------------------


def storage_range(vm: "VMBLOK", text: str, module: str) -> tuple[int, int]:
    """First and last address of hexloc, hexloc-hexloc2, hexloc:hexloc2, hexloc.bytecount; END is the end of storage."""
    mark = next((mark for mark in "-:." if mark in text), "-")
    first, found, last = text.partition(mark)
    try:
        start = hexadecimal(first or "0", 6)
        if not found:
            end = start
        elif last in ("", "END"):
            end = vm.vmsize - 1
        else:
            end = start + hexadecimal(last, 6) - 1 if mark == "." else hexadecimal(last, 6)
    except ValueError:
        raise CommandError(module, 4, f"INVALID HEXLOC - {text}") from None
    if end >= vm.vmsize:
        raise CommandError(module, 160, f"HEXLOC {(last if found and mark != '.' else '') or first} EXCEEDS STORAGE")
    if end < start:
        raise CommandError(module, 9, f"INVALID RANGE - {text}")
    return start, end


def _display_storage(vm: "VMBLOK", what: str) -> list[str]:
    kind = what[0] if what[0] in "TLKN" else ""
    start, end = storage_range(vm, what[len(kind) :], "CDB")
    if kind == "K":
        return list(_keys(vm, start, end))
    if end - start >= _MOST:
        raise CommandError("CDB", 9, f"INVALID RANGE - {what}")
    return [_row(vm, at, kind == "T") for at in range(start & -_ROW, end + 1, _ROW)]


def _row(vm: "VMBLOK", at: int, translated: bool = False, width: int = _ROW) -> str:
    image = vm.peek(at, width)
    words = image.hex(" ", 4).upper()
    return f"{at:06X}  {words}" + (f"  *{printable(image)}*" if translated else "")


def printable(image: bytes) -> str:
    """EBCDIC as characters; a full stop for what cannot be printed."""
    text = image.decode("cp037")
    return "".join(letter if letter.isprintable() and letter.isascii() else "." for letter in text)


def _keys(vm: "VMBLOK", start: int, end: int) -> Iterator[str]:
    """Blocks with the same key, one line."""
    first = start & -BLOCK
    for at in range(first, end + 1, BLOCK):
        key, following = vm.storage.peek_key(at), at + BLOCK
        if following > end or vm.storage.peek_key(following) != key:
            yield f"{first:06X} TO {following - 1:06X} KEY = {key:02X}"
            first = following


# ---- DUMP ------------------------------------------------------------------------------------------------------------


@command("DUMP", keeps_case=True)
def dump(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """DUMP [hexloc[-hexloc2]] ... [*text]: registers and storage to the virtual printer, the text as heading."""
    heading = ""
    for at, word in enumerate(words):
        if word.startswith("*"):
            heading, words = " ".join(words[at:])[1:], words[:at]
            break
    ranges = [storage_range(vm, word.upper().lstrip("TL"), "CDM") for word in words] or [(0, vm.vmsize - 1)]
    printer = printer_of(vm)
    if printer is None:
        raise CommandError("CDM", 40, "DEVICE PRT DOES NOT EXIST")
    for line in _dump_lines(vm, heading, ranges):
        if not print_line(printer, line):
            return Answer()
    return Answer(["COMMAND COMPLETE"])


def _dump_lines(vm: "VMBLOK", heading: str, ranges: list[tuple[int, int]]) -> Iterator[str]:
    """The heading, the registers, and rows of 32 bytes with their characters; equal rows are left out."""
    yield heading
    yield f"PSW = {vm.vmpsw}"
    for name, values in (("GPR", vm.vmgprs), ("ECR", vm.cpu.cr if vm.ecmode else vm.cpu.cr[:1])):
        yield from _rows(name, values, 0, len(values) - 1)
    yield from (f"FPR {n * 2} =  {value:016X}" for n, value in enumerate(vm.vmfprs))
    for start, end in ranges:
        before = b""
        for at in range(start & -_DUMP_ROW, end + 1, _DUMP_ROW):
            image = vm.peek(at, _DUMP_ROW)
            if image != before:
                yield _row(vm, at, True, _DUMP_ROW)
            before = image
