"""Commands that load programs."""

from pathlib import Path

from edu_hv.debugger.commands.arguments import choice, parse_word, program_names
from edu_hv.debugger.commands.registry import Argument, command
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.views import StopView, TextView
from edu_hv.isa.errors import UserError


@command(
    "load",
    Argument("bare|cp", choice("bare", "cp"), lambda session: ("bare", "cp")),
    Argument("PROGRAM", parse_word, program_names, many=True),
    group="machine",
    aliases=("ipl",),
)
def load(session: DebugSession, where: str, programs: list[str]) -> StopView:
    """Load a program: "load bare kernel" on the machine itself, "load cp kernel" or "load cp kernel second" under CP.

    PROGRAM is a guest of the catalog, or a file ending in .asm (assembled) or .deck (card images).  It is IPLed from
    the card reader and stops at its first instruction.
    """
    if not programs:
        raise UserError(f"load {where} needs a program; there are {', '.join(program_names(session))}")
    return session.load(programs, under_cp=where == "cp")


@command("reset", group="machine")
def reset(session: DebugSession) -> StopView:
    """Load the same programs again from the start; breakpoints stay."""
    system = session.system
    return session.load_programs([guest.program for guest in system.guests], system.cp is not None)


@command("mount", Argument("FILE", parse_word, rest=True), group="machine")
def mount(session: DebugSession, name: str) -> TextView:
    """Put a tape on the drive of the selected guest (181 to the guest): FILE is an AWS tape image, as Hercules uses.

    The tape that was there is taken off.  The tape is file protected: guests read it and cannot write.
    """
    _ = session.system  # Nothing loaded is to be said before anything about the file.
    path = Path(name.strip('"')).expanduser()
    try:
        image = path.read_bytes()
    except OSError as error:
        raise UserError(f"the tape image {path} cannot be read: {error.strerror or error}") from error
    answer = session.give("mount", path.name, image)
    return TextView((f"{path.name} is on the tape drive of {session.selected}", *answer))


@command("key", group="machine")
def key(session: DebugSession) -> TextView:
    """Press the INTERRUPT key: an external interruption for the selected guest."""
    answer = session.give("key")
    return TextView((f"you pressed the interrupt key of {session.selected}", *answer))
