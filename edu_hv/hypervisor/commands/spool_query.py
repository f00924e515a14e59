"""What QUERY says of spool files and spooled devices (DMKCQG).  GC20-1820 "QUERY"; for class D, GC20-1806."""

from typing import TYPE_CHECKING

from edu_hv.hypervisor.commands.spool_operands import Operands, known
from edu_hv.hypervisor.spooling.devices import SpooledOutput, SpooledReader
from edu_hv.hypervisor.spooling.files import QUEUES, SFBLOK
from edu_hv.hypervisor.spooling.options import SpoolOptions
from edu_hv.hypervisor.spooling.printers import ConsoleSpool
from edu_hv.hypervisor.time_of_day import time_of_day

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.virtual_devices import VDEVBLOK
    from edu_hv.hypervisor.vmblok import VMBLOK

_BASIC = "FILE CLASS RECDS  CPY HOLD"
_DETAIL = "DATE  TIME     NAME      TYPE      DIST"


def query_files(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> list[str]:
    """QUERY FILES [userid]: how many spool files a user has.  Only class D users may name one."""
    operands = Operands(words, "CQG")
    owner = operands.owner(cp, vm)
    if operands:
        raise operands.error(3, f"INVALID OPTION - {operands.next()}")
    counts = ((queue, len(cp.spool.files(queue, owner))) for queue in QUEUES)
    return ["FILES:   " + ", ".join(f"{f'{count:03}' if count else ' NO'} {queue}" for queue, count in counts)]


def query_spool(cp: "ControlProgram", vm: "VMBLOK", queue: str, words: list[str]) -> list[str]:
    """QUERY {Reader | Printer | PUnch} [ALL | CLass c | spoolid]: a user's files; date and name with ALL or a spoolid.

    `queue` is RDR, PRT or PUN.  A class D user is shown all users' files, or those of the userid he names.
    """
    operands = Operands(words, "CQG")
    owner = None if "D" in vm.vmcls else vm.vmuser
    if owner is None and operands and known(cp, operands.words[0]):
        owner = operands.next()
    detail = bool(operands) and not operands.words[0].startswith("CL")
    files = operands.files(cp, queue, owner) if operands else cp.spool.files(queue, owner)
    if operands:
        raise operands.error(3, f"INVALID OPTION - {operands.next()}")
    if not files:
        return [f"NO {queue} FILES"]
    return [_title(owner is None, detail), *(_line(sfblok, owner is None, detail) for sfblok in files)]


def _title(owners: bool, detail: bool) -> str:
    """GC20-1806 "QUERY READER": ORIGINID stands first where the files are one user's."""
    basic = f"{'OWNERID ' if owners else 'ORIGINID'} {_BASIC}"
    return f"{basic} {_DETAIL}" if detail else basic


def _line(sfblok: SFBLOK, owners: bool, detail: bool) -> str:
    user = sfblok.sfbuser if owners else sfblok.sfborig
    kind = f"{sfblok.sfbclas} {sfblok.sfbtype}"
    hold = "USER" if sfblok.sfbuhold else "NONE"
    basic = f"{user:8} {sfblok.sfbfilid:04} {kind} {sfblok.sfbrecno:06} {sfblok.sfbcopy:03} {hold}"
    if not detail:
        return basic
    when = time_of_day(sfblok.created)
    name = f"{sfblok.sfbfname:10}{sfblok.sfbftype:10}"[:20]
    return f"{basic} {when.date[:5]} {when.time} {name}{sfblok.sfbdist}".rstrip()


def describe(vdev: "VDEVBLOK") -> str:
    """The line of a spooled device in QUERY VIRTUAL: type, address, class and options."""
    device = vdev.device
    assert isinstance(device, SpooledReader | SpooledOutput)
    options = device.options
    reader = "  EOF  " if options.eof else " NOEOF "
    what = reader if isinstance(device, SpooledReader) else f"COPY {options.copies:02}"
    ready = "READY" if device.ready else "NOTREADY"
    return f"{device.kind:4} {vdev.address:03X} {_flags(options)} {what}    {ready}"


def destination(options: SpoolOptions, address: int) -> list[str]:
    """The line that follows in QUERY VIRTUAL for output that goes to another user, or in his name; else none."""
    if not (options.to or options.for_user):
        return []
    way = f"TO  {options.to}" if options.to else f"FOR {options.for_user}"
    return [f"     {address:03X} {way}"]


def describe_console(console: ConsoleSpool) -> str:
    """The line that follows a console's in QUERY VIRTUAL: its options as a spooled device."""
    options = console.options
    return f"     {console.address:03X} {_flags(options)} COPY {options.copies:02}    READY"


def _flags(options: SpoolOptions) -> str:
    cont, hold = "CONT" if options.cont else "NOCONT", "HOLD" if options.hold else "NOHOLD"
    return f"CL {options.sfbclas} {cont:6} {hold:6}"
