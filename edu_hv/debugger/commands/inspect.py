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
    XrayView,
)
from edu_hv.isa.errors import UserError


@command("status", group="look", aliases=("where",))
def status(session: DebugSession) -> StatusView:
    """Where the session stands: guest, step, why it stopped, guest's and real state."""
    return session.status()


@command("registers", group="look", aliases=("r", "regs"), keys="2")
def registers(session: DebugSession) -> RegistersView:
    """General registers of the guest, the condition code, and control registers guest / real / why."""
    return session.registers()


@command("psw", group="look", keys="4")
def psw(session: DebugSession) -> PswView:
    """The PSW field by field: as the guest believes it, as it really is, and why they differ."""
    return session.psw()


@command("xray", group="look", keys="3")
def xray(session: DebugSession) -> XrayView:
    """The trap under way, or the last one, stage by stage, with the rules that were tried."""
    return session.xray()


@command("code", count("ROWS", 16), group="look", keys="1")
def code(session: DebugSession, rows: int) -> CodeView:
    """Code of the guest around its next instruction."""
    return session.code(rows)


@command(
    "storage",
    address(optional=True),
    Argument("LENGTH", parse_number, None, True, 64),
    group="look",
    aliases=("m",),
    keys="6",
)
def storage(session: DebugSession, at: int | None, length: int) -> StorageView:
    """Guest storage at ADDRESS (LENGTH bytes, decimal), with the real address behind it and its storage key.

    ADDRESS is hexadecimal, a label, label+hex, R5 for what register 5 points at, or "." for the next instruction.
    """
    return session.storage(at, length)


@command(
    "real",
    Argument("ADDRESS", parse_real_address),
    Argument("LENGTH", parse_number, None, True, 64),
    group="look",
)
def real(session: DebugSession, at: int, length: int) -> StorageView:
    """Storage of the real machine at a real ADDRESS (hexadecimal), CP's own included: "real 28" is the real old PSW."""
    return session.real_storage(at, length)


@command("console", Argument("GUEST", parse_word, guest_names, True), group="look", keys="9")
def console(session: DebugSession, name: str | None) -> ConsoleView:
    """The console of the guest, or of another one."""
    return session.console(name)


@command("log", count("COUNT", 20), group="look", keys="7")
def log(session: DebugSession, n: int) -> LogView:
    """The last COUNT entries of the journal: traps, decisions, I/O, console lines."""
    return session.log(n)


@command("listing", group="look")
def listing(session: DebugSession) -> TextView:
    """The assembler listing of the guest's program."""
    assembly = session.guest.assembly
    if assembly is None:
        raise UserError(f"{session.guest.program.name} came on a deck without source; code shows a disassembly")
    return TextView(tuple(listing_text(assembly).splitlines()), f"listing of {assembly.name}", "s370-listing")


@command("devices", group="look")
def devices(session: DebugSession) -> TableView:
    """The guest's devices, and what each is in the real machine: a real device, a part of a disk, a spool file."""
    return session.devices()
