"""Commands about CP and its guests."""

from edu_hv.debugger.commands.arguments import count, guest_names, parse_word
from edu_hv.debugger.commands.registry import Argument, command
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.views import DecisionView, StatusView, TableView, TextView
from edu_hv.isa.errors import UserError


@command("why", count(), group="hypervisor", aliases=("w",), keys="w")
def why(session: DebugSession, n: int) -> list[DecisionView]:
    """The last COUNT decisions of CP: what trapped, the rule that fired and those that did not, the reason.

    Each rule names the manual and heading it follows.
    """
    if session.system.cp is None:
        raise UserError("this is the bare machine: there is no CP that decides; try load cp kernel")
    found = session.decisions(n)
    if not found:
        raise UserError("CP has not decided anything yet; trap runs to the next trap")
    return found


@command("guests", group="hypervisor")
def guests(session: DebugSession) -> TableView:
    """The guests: state, next instruction, how often each has trapped."""
    rows = tuple(_row(session, guest.name) for guest in session.system.guests)
    return TableView("guests", ("name", "program", "state", "next", "storage", "traps"), rows)


def _row(session: DebugSession, name: str) -> tuple[str, ...]:
    guest = session.system.guest(name)
    psw = session.guest_psw(name)
    state = "wait" if psw.wait else "problem" if psw.problem_state else "supervisor"
    if guest.vm and guest.vm.cf:
        state = "CP mode"
    size = guest.vm.vmsize if guest.vm else session.system.machine.storage.size
    marks = ("> " if name == session.selected else "  ") + name
    traps = str(guest.vm.traps) if guest.vm else "-"
    return marks, guest.program.name, state, f"{psw.instruction_address:06X}", f"{size // 1024}K", traps


def _names_and_auto(session: DebugSession) -> list[str]:
    return [*guest_names(session), "auto"]


@command("select", Argument("GUEST", parse_word, _names_and_auto, True), group="hypervisor", aliases=("v",), keys="v")
def select(session: DebugSession, name: str | None) -> StatusView:
    """Show GUEST and step that one; "auto" follows whichever runs; without a name, the next guest.

    While a guest is selected, step executes until that guest has done a step, and runs stop only for what concerns it:
    its breakpoints, its traps, decisions about it, its console lines.
    """
    session.select(name or _next(session))
    return session.status()


def _next(session: DebugSession) -> str:
    names = [guest.name for guest in session.system.guests]
    return names[(names.index(session.selected) + 1) % len(names)]


_CP_WORDS = ("begin", "display psw", "display g", "external", "query names", "query virtual", "stop", "store")


@command(
    "cp", Argument("COMMAND", parse_word, lambda session: _CP_WORDS, rest=True), group="hypervisor", aliases=("#cp",)
)
def cp(session: DebugSession, line: str) -> TextView:
    """Give CP a command as the selected guest's operator would: begin, display psw, query virtual, store, ...

    It is an outside input: it is part of the recording, and given in the past it begins another future.
    """
    return TextView(tuple(session.give("cp", line)), f"CP for {session.selected}")


@command("enter", Argument("LINE", parse_word, rest=True), group="hypervisor")
def enter(session: DebugSession, line: str) -> TextView:
    """Type LINE on the selected guest's console keyboard."""
    answer = session.give("enter", line)
    return TextView((f"entered at the console of {session.selected}: {line}", *answer))
