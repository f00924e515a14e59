"""Words of CP's: its commands with what they do, and what may stand behind each of them."""

from collections.abc import Callable, Iterable
from functools import cache

from edu_hv.debugger.session import DebugSession
from edu_hv.hypervisor.commands.query import QUESTIONS
from edu_hv.hypervisor.commands.registry import COMMANDS, CPCommand
from edu_hv.hypervisor.commands.settings import SETTINGS
from edu_hv.hypervisor.vmblok import VMBLOK
from edu_hv.isa.errors import UserError


def first_of(word: str) -> CPCommand | None:
    """The command of CP that a word abbreviates, whoever may give it."""
    return next((each for each in COMMANDS if each.matches(word)), None)


@cache
def cp_names() -> tuple[str, ...]:
    """The names of CP's commands, in small letters."""
    return tuple(sorted({each.name.lower() for each in COMMANDS}))


def summary_of(cp_command: CPCommand) -> str:
    """The first line of a CP command's description."""
    return (cp_command.function.__doc__ or "").strip().partition("\n")[0]


@cache
def _commands() -> tuple[str, ...]:
    """CP's commands, each with its abbreviation and what it does."""
    known: dict[str, str] = {}
    for each in COMMANDS:
        known.setdefault(each.name.lower(), f"{_abbreviation(each.name)}{summary_of(each)}")
    return tuple(f"{name}\t{description}" for name, description in sorted(known.items()))


def cp_words(session: DebugSession) -> Iterable[str]:
    """CP's commands, each with its abbreviation and what it does."""
    return _commands()


def _abbreviation(name: str) -> str:
    """The shortest form of a command, in brackets: "(Q) "."""
    short_form = "".join(letter for letter in name if not letter.islower())
    return f"({short_form}) " if short_form != name.upper() else ""


def offered(session: DebugSession, text: str) -> Iterable[str]:
    """What may stand at the end of a line for CP: one of its commands, or an operand of the one that is there."""
    head, blank, rest = text.lstrip().partition(" ")
    if not blank:
        return _commands()
    found = first_of(head)
    words = _OPERANDS.get(found.function.__name__) if found is not None else None
    return words(session, rest.split()[: -1 if rest[-1:].strip() else None]) if words else ()


# ---- operands, by the name of CP's function --------------------------------------------------------------------------

Words = Callable[[DebugSession, list[str]], Iterable[str]]


def _display(session: DebugSession, before: list[str]) -> Iterable[str]:
    registers = (f"g{n}\tgeneral register {n}" for n in range(16))
    return ("psw\tthe PSW", "g\tall general registers", *registers, "x\tcontrol registers",
            "y\tfloating-point registers", "caw\tthe channel-address word", "csw\tthe channel-status word",
            "k\tall storage keys", "t0-ff\tstorage with its characters", "0-ff\tstorage")  # fmt: skip


def _store(session: DebugSession, before: list[str]) -> Iterable[str]:
    if before:
        return ()
    registers = (f"g{n}\tgeneral register {n}: then words" for n in range(16))
    return ("psw\tthe PSW: then one word or two", *registers, "x0\tcontrol register 0: then words",
            "y0\tfloating-point register 0", "status\tthe machine's status, to 0D8 and behind")  # fmt: skip


def _query(session: DebugSession, before: list[str]) -> Iterable[str]:
    asked = (f"{name.lower()}\t{_about(answer)}" for name, _, answer in QUESTIONS)
    return () if before else (*asked, *_users(session, before))


def _about(answer: Callable[..., object]) -> str:
    return (answer.__doc__ or "a question to CP").strip().partition("\n")[0]


def _set(session: DebugSession, before: list[str]) -> Iterable[str]:
    if len(before) == 1:
        return ("on", "off")
    return () if before else tuple(setting.name.lower() for setting in SETTINGS)


def _trace(session: DebugSession, before: list[str]) -> Iterable[str]:
    events = ("svc", "program", "external", "i/o", "priv", "sio", "ccw", "branch", "instruct", "csw")
    first = ("all\tevery event", "end\tno more of them") if not before else ()
    return (*first, *events, *(("run", "norun", "off", "printer", "terminal", "both") if before else ()))


def _per(session: DebugSession, before: list[str]) -> Iterable[str]:
    events = (*(f"g{n}\tregister {n} is changed" for n in range(16)), "branch", "greg", "ifetch", "mask", "pagetrace",
              "store\tstorage is changed")  # fmt: skip
    controls = ("end", "clear", "query", "save", "get", "dump") if not before else ()
    return (*events, *controls, *(("range", "off", "cmd", "skip", "step", "run", "norun") if before else ()))


def _devices(session: DebugSession, before: list[str]) -> Iterable[str]:
    vm = _guest_vm(session)
    return () if before or vm is None else tuple(f"{address:03X}" for address in sorted(vm.devices))


def _guest_vm(session: DebugSession) -> VMBLOK | None:
    try:
        return session.guest.vm
    except UserError:
        return None


def _users(session: DebugSession, before: list[str]) -> Iterable[str]:
    try:
        cp = session.system.cp
    except UserError:
        return ()
    return tuple(f"{vm.vmuser}\ta user" for vm in cp.vms) if cp is not None and not before else ()


def _listed(*words: str) -> Words:
    return lambda session, before: () if before else words


_SPOOLED = ("reader", "printer", "punch", "console", "00C", "00D", "00E")

_OPERANDS: dict[str, Words] = {
    "display": _display, "store": _store, "query": _query, "set_command": _set, "trace": _trace, "per": _per,
    "adstop": _listed("off\tno stop"), "system": _listed("reset", "clear", "restart"), "ipl": _devices,
    "ready": _devices, "not_ready": _devices, "reset": _devices, "request": _devices,
    "rewind": _devices, "detach": _devices, "message": _users, "warning": _users, "smsg": _users,
    "link": _users, "force": _users, "autolog_command": _users,
    "indicate": _listed("load", "user"),
    "close": _listed(*_SPOOLED), "spool": _listed(*_SPOOLED), "purge": _listed("reader", "printer", "punch", "all"),
    "order": _listed("reader", "printer", "punch"), "change": _listed("reader", "printer", "punch"),
    "transfer": _listed("reader", "printer", "punch"), "logoff_command": _listed("hold"), "disconn": _listed("hold"),
    "define": _listed("storage", "channels", "console", "ctca"), "tag": _listed("dev", "file", "query"),
}  # fmt: skip
