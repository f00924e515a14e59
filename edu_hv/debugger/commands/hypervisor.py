"""Commands about CP and its guests."""

from dataclasses import dataclass

from edu_hv.debugger import viewing
from edu_hv.debugger.commands.arguments import (
    guest_names,
    parse_number,
    parse_word,
    rule_ids,
    short,
)
from edu_hv.debugger.commands.cp_words import offered
from edu_hv.debugger.commands.registry import Argument, command
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.system import NOBODY
from edu_hv.debugger.viewing.decided import means
from edu_hv.debugger.views import DecisionView, StatusView, TableView, TextView
from edu_hv.hypervisor.control_program import ControlProgram
from edu_hv.isa.errors import UserError


def _cp(session: DebugSession) -> ControlProgram:
    cp = session.system.cp
    if cp is None:
        raise UserError("this is the bare machine: there is no CP that decides; try load cp kernel")
    return cp


@dataclass
class _Asked:
    """What why is to show."""

    count: int = 1
    guest: str = ""
    rule: str = ""


def _why_words(session: DebugSession) -> list[str]:
    return [*guest_names(session), *rule_ids(session), "rule"]


@command(
    "why",
    Argument("[COUNT|GUEST|RULE]", parse_word, _why_words, many=True, kind="rule"),
    group="hypervisor",
    aliases=("y",),
    keys="y",
    examples=(
        "why : the last decision of CP, and the rule that fired",
        "why 5 : the last five",
        "why PRV : the last one by any of the rules PRV-1, PRV-2, ...",
    ),
)
def why(session: DebugSession, words: list[str]) -> list[DecisionView]:
    """The last COUNT decisions of CP: what trapped, the rule that fired and those that did not, the reason.

    Each rule names the manual and heading it follows.  "why 5 KERNEL" shows the last five about a guest, "why 3 PRV-2"
    those by a rule, "why 10 VAT" those by any of the rules VAT-1, VAT-2 and so on.  Below a decision stand those that
    followed from it, such as what START I/O found in the virtual device.
    """
    cp = _cp(session)
    asked = _asked(session, cp, words)
    found = session.decisions(asked.count, asked.guest, asked.rule)
    if not found and (asked.guest or asked.rule):
        raise UserError(f"no decision so far is about {' and '.join(filter(None, (asked.guest, asked.rule.upper())))}")
    if not found:
        raise UserError("CP has not decided anything yet; trap runs to the next trap")
    return found


def _asked(session: DebugSession, cp: ControlProgram, words: list[str]) -> _Asked:
    """A word is a number, a guest, or a rule that has fired; after "rule" it is a rule whatever else it may be."""
    asked, users = _Asked(0), {userid for userid, _, _ in cp.counts} | set(guest_names(session))
    left = list(words)
    while left:
        word = left.pop(0)
        named = word.lower() == "rule" and bool(left)
        if not named and not asked.count and word[:1].isdecimal():
            asked.count = parse_number(session, word)
        elif not named and not asked.guest and word.upper() in users:
            asked.guest = word.upper()
        elif not asked.rule:
            asked.rule = _rule(cp, left.pop(0) if named else word)
        else:
            raise UserError(f'why takes one count, one guest and one rule: "{short(word)}" is one too many')
    asked.count = asked.count or 1
    return asked


def _rule(cp: ControlProgram, word: str) -> str:
    if not any(means(word, rule) for _, rule, _ in cp.counts):
        raise UserError(f'"{short(word)}" is neither a guest nor a rule that has fired; counters shows both')
    return word


@command(
    "counters",
    Argument("GUEST", parse_word, guest_names, optional=True, default="", kind="guest"),
    group="hypervisor",
    aliases=("counts",),
    examples=("counters : how often each rule fired, and each guest trapped",),
)
def counters(session: DebugSession, name: str) -> list[TableView]:
    """How often each rule of CP fired, each instruction trapped, and each guest; what the VM assist did without CP.

    With GUEST, only what is about that guest.  Going back in time counts back, too.
    """
    cp = _cp(session)
    return viewing.counters(session, cp, session.system.guest(name).name if name else "")


@command("guests", group="hypervisor", examples=("guests : all guests, and what each of them does",))
def guests(session: DebugSession) -> TableView:
    """The guests: state, next instruction, queue of CP's scheduler, how often each has trapped."""
    rows = tuple(_row(session, guest.name) for guest in session.system.guests)
    return TableView("guests", ("name", "program", "state", "next", "storage", "queue", "traps"), rows)


def _row(session: DebugSession, name: str) -> tuple[str, ...]:
    guest = session.system.guest(name)
    psw, vm = session.guest_psw(name), guest.vm
    state = viewing.state_words(psw, vm)
    size = vm.vmsize if vm else session.system.machine.storage.size
    marks = ("> " if name == session.selected else "  ") + name
    queue, traps = (viewing.queue_word(vm), str(vm.traps)) if vm else ("-", "-")
    return marks, guest.program.name, state, f"{psw.instruction_address:06X}", f"{size // 1024}K", queue, traps


def _names_and_auto(session: DebugSession) -> list[str]:
    return [*guest_names(session), "auto"]


@command(
    "select",
    Argument("GUEST", parse_word, _names_and_auto, True, kind="guest"),
    group="hypervisor",
    aliases=("v",),
    keys="v",
    examples=(
        "select : the next guest",
        "select auto : whichever runs",
    ),
)
def select(session: DebugSession, name: str | None) -> StatusView:
    """Show GUEST and step that one; "auto" follows whichever runs; without a name, the next guest.

    While a guest is selected, step executes until that guest has done a step, and runs stop only for what concerns it:
    its breakpoints, its traps, decisions about it, its console lines.
    """
    session.select(name or _next(session))
    return session.status()


def _next(session: DebugSession) -> str:
    names = [guest.name for guest in session.system.guests]
    if not names:
        raise UserError(NOBODY)
    return names[(names.index(session.selected) + 1) % len(names)]


@command(
    "cp",
    Argument("COMMAND", parse_word, rest=True, kind="cp command", offer=offered),
    group="hypervisor",
    aliases=("#cp",),
    examples=(
        "cp query names : who is logged on",
        "cp display psw : the guest's PSW",
        "cp external : the guest's INTERRUPT key",
    ),
)
def cp(session: DebugSession, line: str) -> list[TextView]:
    """Give CP a command as the selected guest's operator would: begin, display psw, query virtual, store, ...

    It is an outside input: it is part of the recording, and given in the past it begins another future.
    """
    who = session.selected
    answer, remarks = session.give_and_remark("cp", line)
    return answered(answer, remarks, f"CP for {who}")


def answered(answer: list[str], remarks: list[str], title: str) -> list[TextView]:
    """CP's answer under its title, and what the debugger says besides, apart from it."""
    return [TextView(tuple(answer), title), *([TextView(tuple(remarks))] if remarks else [])]


@command(
    "enter",
    Argument("LINE", parse_word, rest=True, kind="text"),
    group="hypervisor",
    examples=("enter HELLO : type HELLO at the guest's console",),
)
def enter(session: DebugSession, line: str) -> TextView:
    """Type LINE on the selected guest's console keyboard."""
    answer = session.give("enter", line)
    return TextView((f"entered at the console of {session.selected}: {line}", *answer))
