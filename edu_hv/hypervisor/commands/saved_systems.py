"""SAVESYS and the system name table (DMKCFG, DMKSNT).  GC20-1806 *Operator's Guide*, GC20-1807 "Saved Systems"."""

from typing import TYPE_CHECKING

from edu_hv.hypervisor.commands.registry import Answer, CommandError, command, hexadecimal, operand
from edu_hv.hypervisor.named_segments import load_named_system
from edu_hv.hypervisor.virtual_storage import PAGES_IN_SEGMENT
from edu_hv.isa.errors import UserError

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK

SHARED, EXCLUSIVE = "SR", "EW"
"""How pages are used: shared and read-only, or each machine's own."""


@command("SAVESYS", classes="E")
def savesys(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """SAVESYS name: keep the machine's pages, keys and registers as they are now under a name of the table."""
    name = operand(words, 0, "CFG")
    try:
        cp.named_systems.save(vm, name)
    except KeyError:
        raise does_not_exist(name) from None
    except UserError as error:
        raise CommandError("CFG", 170, str(error).upper()) from None
    return Answer(["SYSTEM SAVED"])


@command("DEFSYS", classes="E")
def defsys(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """DEFSYS name page[-page] {SR | EW} ... [nnnnnK]: make an entry of the table; pages are hexadecimal.

    VM/370 has no such command: the entries are NAMESYS macros, and a new one needs a new CP.
    """
    name, rest, size = operand(words, 0, "CFG"), words[1:], 0
    if rest and rest[-1].endswith("K") and rest[-1][:-1].isdigit():
        size = int(rest.pop()[:-1]) * 1024
    if not rest or len(rest) % 2 or not set(rest[1::2]) <= {SHARED, EXCLUSIVE}:
        raise CommandError("CFG", 26, "OPERAND MISSING OR INVALID")
    ranges = [(_pages(text), kind) for text, kind in zip(rest[::2], rest[1::2], strict=True)]
    pages = [page for found, _ in ranges for page in found]
    shared = {page // PAGES_IN_SEGMENT for found, kind in ranges if kind == SHARED for page in found}
    try:
        cp.named_systems.define(name, pages, shared, size)
    except UserError as error:
        raise CommandError("CFG", 26, f"OPERAND MISSING OR INVALID; {str(error).upper()}") from None
    return Answer()


def _pages(text: str) -> range:
    """Page numbers: "20-2F".  Raises CommandError 026E."""
    first, _, last = text.partition("-")
    try:
        return range(hexadecimal(first, 3), hexadecimal(last or first, 3) + 1)
    except ValueError:
        raise CommandError("CFG", 26, "OPERAND MISSING OR INVALID") from None


def does_not_exist(name: str) -> CommandError:
    """The message for a name that is not in the table."""
    return CommandError("CFG", 44, f"{name} SYSTEM DOES NOT EXIST")


def load_saved_system(cp: "ControlProgram", vm: "VMBLOK", name: str) -> None:
    """IPL name.  Raises CommandError."""
    if cp.named_systems.saved(name) is None:
        raise does_not_exist(name)
    try:
        load_named_system(cp, vm, name)
    except UserError as error:
        raise CommandError("CFG", 170, str(error).upper()) from None
