"""The commands on closed spool files: PURGE, ORDER, CHANGE, TRANSFER (DMKCSU, DMKCSV).

GC20-1820; class D users may name another user's files, or those of the whole SYSTEM: GC20-1806.
"""

from typing import TYPE_CHECKING, Any

from edu_hv.hypervisor.commands.registry import Answer, command
from edu_hv.hypervisor.commands.spool_operands import Operands, closed, counted, userid
from edu_hv.hypervisor.spooling.files import READER

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK


@command("PURge", classes="GD")
def purge(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """PURge [userid | SYSTEM] {Reader | Printer | PUnch} {ALL | CLass c | spoolid} ...: the files are gone."""
    operands = Operands(words, "CSU")
    owner = operands.owner(cp, vm)
    queue = operands.queue()
    files = closed(operands.several(cp, queue, owner))
    cp.spool.purge(queue, files)
    return Answer([counted(files, "PURGED")])


@command("ORDer", classes="GD")
def order(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """ORDer [userid | SYSTEM] {Reader | Printer | PUnch} {CLass c | spoolid} ...: these come first, in this order."""
    operands = Operands(words, "CSU")
    owner = operands.owner(cp, vm)
    queue = operands.queue()
    files = closed(operands.several(cp, queue, owner))
    cp.spool.order(queue, files)
    return Answer([counted(files, "ORDERED")])


@command("CHange", classes="GD")
def change(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """CHange [userid | SYSTEM] {Reader | Printer | PUnch} {ALL | CLass c | spoolid} options.

    Options: CLass c, COpy nn, HOld or NOHold, DIst code, NAme fn [ft] or dsname.
    """
    operands = Operands(words, "CSU")
    owner = operands.owner(cp, vm)
    queue = operands.queue()
    files = closed(operands.files(cp, queue, owner))
    changes = _changes(operands)
    for sfblok in files:
        cp.spool.change(queue, sfblok, **changes)
    return Answer([counted(files, "CHANGED")])


def _changes(operands: Operands) -> dict[str, Any]:
    """The attributes that CHANGE sets, by the names of SFBLOK.  Raises CommandError, 026E when there are none."""
    if not operands:
        raise operands.error(26, "OPERAND MISSING OR INVALID")
    changes: dict[str, Any] = {}
    while operands:
        if operands.take("CLass"):
            changes["sfbclas"] = operands.sfbclas()
        elif operands.take("COpy"):
            changes["sfbcopy"] = operands.copies()
        elif operands.take("HOld"):
            changes["sfbuhold"] = True
        elif operands.take("NOHold"):
            changes["sfbuhold"] = False
        elif operands.take("DIst"):
            changes["sfbdist"] = operands.distribution()
        elif operands.take("NAme"):
            changes["sfbfname"], changes["sfbftype"] = operands.name()
        else:
            raise operands.error(3, f"INVALID OPTION - {operands.next()}")
    return changes


@command("TRANsfer", classes="GD")
def transfer(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """TRANsfer [Reader] {ALL | CLass c | spoolid} ... {To | FRom} userid: give reader files away, or take them back.

    A class D user may put a userid, or SYSTEM, in front: whose files are transferred.
    """
    operands = Operands(words, "CSV")
    selection, direction = Operands(operands.words[:-2], "CSV"), Operands(operands.words[-2:], "CSV")
    owner: str | None = vm.vmuser
    if "D" in vm.vmcls and not _selects(selection):
        owner = selection.owner(cp, vm)
    selection.take("Reader", "RDR")
    if direction.take("To"):
        new = userid(cp, vm, direction.next(), "CSV")
        files = selection.several(cp, READER, owner)
    elif direction.take("FRom"):
        new, other = vm.vmuser, userid(cp, vm, direction.next(), "CSV")
        files = [sfblok for sfblok in selection.several(cp, READER, other) if sfblok.sfborig == vm.vmuser]
    else:
        raise direction.error(26, "OPERAND MISSING OR INVALID")
    moved = closed(files)
    for sfblok in moved:
        cp.spool.transfer(sfblok, new)
    return Answer([counted(moved, "TRANSFERRED")])


def _selects(operands: Operands) -> bool:
    """Whether the next word says which files, so that no userid stands in front."""
    word = operands.words[0] if operands else ""
    return word == "ALL" or word.isdecimal() or word.startswith("CL")
