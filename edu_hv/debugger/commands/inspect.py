"""Commands that look and change nothing."""

from edu_hv.asm.listing import listing_text
from edu_hv.debugger.commands.arguments import address, count, guest_names, parse_number, parse_real_address, parse_word
from edu_hv.debugger.commands.registry import Argument, command
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.views import (
    CodeView,
    ConsoleView,
    LogView,
    PswView,
    RegistersView,
    StatusView,
    StorageView,
    TableView,
    TextView,
)
from edu_hv.isa.errors import UserError


@command("status", group="look", aliases=("where", "stat"), examples=("status : guest, step, stop reason",))
def status(session: DebugSession) -> StatusView:
    """Where the session stands: guest, step, why it stopped, guest's and real state."""
    return session.status()


@command(
    "registers",
    group="look",
    aliases=("r", "reg", "regs"),
    keys="2",
    examples=("registers : all of them; info registers r5 shows one",),
)
def registers(session: DebugSession) -> RegistersView:
    """General registers of the guest, the condition code, and control registers guest / real / why."""
    return session.registers()


@command("psw", group="look", keys="4", examples=("psw : field by field, guest and real",))
def psw(session: DebugSession) -> PswView:
    """The PSW field by field: as the guest believes it, as it really is, and why they differ."""
    return session.psw()


@command(
    "code",
    count("ROWS", 16),
    group="look",
    keys="1",
    examples=(
        "code : around the next instruction",
        "code 30 : thirty rows",
    ),
)
def code(session: DebugSession, rows: int) -> CodeView:
    """Code of the guest around its next instruction."""
    return session.code(rows)


@command(
    "storage",
    address(optional=True),
    Argument("LENGTH", parse_number, None, True, 64, kind="count"),
    group="look",
    aliases=("m", "stor"),
    keys="6",
    examples=(
        "storage 200 : 64 bytes from 200 on",
        "storage START 16 : 16 bytes at a label",
        "storage R1 : what register 1 points at",
    ),
)
def storage(session: DebugSession, at: int | None, length: int) -> StorageView:
    """Guest storage at ADDRESS (LENGTH bytes, decimal), with the real address behind it and its storage key.

    ADDRESS is hexadecimal, a label, label+hex, R5 for what register 5 points at, or "." for the next instruction.
    """
    return session.storage(at, length)


@command(
    "real",
    Argument("ADDRESS", parse_real_address, kind="real address"),
    Argument("LENGTH", parse_number, None, True, 64, kind="count"),
    group="look",
    examples=("real 28 : the real old program PSW",),
)
def real(session: DebugSession, at: int, length: int) -> StorageView:
    """Storage of the real machine at a real ADDRESS (hexadecimal), CP's own included: "real 28" is the real old PSW."""
    return session.real_storage(at, length)


@command(
    "console",
    Argument("GUEST", parse_word, guest_names, True, kind="guest"),
    group="look",
    keys="9",
    examples=("console : the selected guest's",),
    aliases=("con",),
)
def console(session: DebugSession, name: str | None) -> ConsoleView:
    """The console of the guest, or of another one."""
    return session.console(name)


@command(
    "log",
    count("COUNT", 20),
    group="look",
    keys="7",
    examples=(
        "log : the last 20 events",
        "log 100 : the last hundred",
    ),
)
def log(session: DebugSession, n: int) -> LogView:
    """The last COUNT entries of the journal: traps, decisions, I/O, console lines."""
    return session.log(n)


@command("listing", group="look", examples=("listing : the assembler's listing of the guest's program",))
def listing(session: DebugSession) -> TextView:
    """The assembler listing of the guest's program."""
    assembly = session.guest.assembly
    if assembly is None:
        raise UserError(f"{session.guest.program.name} came on a deck without source; code shows a disassembly")
    return TextView(tuple(listing_text(assembly).splitlines()), f"listing of {assembly.name}", "s370-listing")


@command(
    "devices", group="look", examples=("devices : the guest's devices, and what each really is",), aliases=("dev",)
)
def devices(session: DebugSession) -> TableView:
    """The guest's devices, and what each is in the real machine: a real device, a part of a disk, a spool file."""
    return session.devices()
