"""Commands about users: who comes and goes, and what one tells another (DMKLOG, DMKUSO, DMKMSG, DMKALG, DMKDIA).

CP Command Reference for General Users; GC20-1806 *Operator's Guide* for those of classes A and B.
"""

from typing import TYPE_CHECKING

from edu_hv.devices.display import Display
from edu_hv.hypervisor import logon
from edu_hv.hypervisor.commands.registry import ANY, Answer, CommandError, abbreviates, command, device_address
from edu_hv.hypervisor.commands.settings import setting
from edu_hv.hypervisor.disconnected import disconnected
from edu_hv.hypervisor.time_of_day import time_of_day

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.virtual_devices import VDEVBLOK
    from edu_hv.hypervisor.vmblok import VMBLOK

OPERATORS = "AB"
"""The privilege classes that may speak to everybody, and warn."""


# ---- coming and going ----------------------------------------------------------------------------------------------


def at_terminal(cp: "ControlProgram", words: list[str], terminal: str) -> "VMBLOK":
    """The operands of LOGON, given at a terminal that nobody is using.  Raises CommandError."""
    userid = _userid(words, "LOG")
    rest = words[1:]
    password = rest.pop(0) if rest and not _logon_option(rest[0]) else None
    for word in rest:
        if not _logon_option(word):
            raise CommandError("LOG", 3, f"INVALID OPTION - {word}")
    return logon.log_on(
        cp, userid, password, ipl=not any(abbreviates(word, "Noipl") for word in rest), terminal=terminal
    )


def _logon_option(word: str) -> bool:
    """MASK, or NOIPL; typed in full they could be passwords, and VM/370 takes them for what they look like."""
    return abbreviates(word, "Mask") or abbreviates(word, "Noipl")


def _userid(words: list[str], module: str) -> str:
    """The userid that comes first.  Raises CommandError 020E."""
    if not words or len(words[0]) > 8:
        raise CommandError(module, 20, "USERID MISSING OR INVALID")
    return words[0]


def _hold(words: list[str], module: str) -> None:
    """HOLD, which is for telephone lines, and is taken and ignored.  Raises CommandError 003E for anything else."""
    for word in words:
        if not abbreviates(word, "HOld"):
            raise CommandError(module, 3, f"INVALID OPTION - {word}")


@command("LOGOUT", classes=ANY)
@command("LOGoff", classes=ANY)
def logoff_command(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """LOGoff [HOld]: the machine is gone; the user is told how long he was there and what time he used."""
    _hold(words, "USO")
    logon.log_off(cp, vm)
    return Answer()


@command("LOGIN", classes=ANY)
@command("LOGon", classes=ANY)
def logon_command(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """LOGon userid [password] [Mask] [Noipl]: build the user's machine, on a terminal of its own."""
    at_terminal(cp, words, "")
    return Answer()


@command("DISConn", classes=ANY)
def disconn(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """DISConn [HOld]: the machine goes on without its terminal."""
    _hold(words, "USO")
    return Answer([logon.disconnect(cp, vm)])


@command("FORCE", classes="A")
def force(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """FORCE userid: log another user off."""
    logon.log_off(cp, _logged_on(cp, _userid(words, "USO"), "USO"), forced_by=vm.vmuser)
    return Answer()


@command("AUTOLOG", classes=OPERATORS)
def autolog_command(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """AUTOLOG userid password: log a user on whose machine is loaded at once and runs disconnected."""
    userid = _userid(words, "ALG")
    logon.autolog(cp, userid, words[1] if len(words) > 1 else None)
    return Answer([f"AUTO LOGON   ***   {userid:8} USERS = {len(cp.vms):03}"])


def _logged_on(cp: "ControlProgram", userid: str, module: str) -> "VMBLOK":
    """A user's machine.  Raises CommandError 045E."""
    vm = cp.logged_on(userid)
    if vm is None:
        raise CommandError(module, 45, f"{userid} NOT LOGGED ON")
    return vm


@command("DIAL", classes=ANY)
def dial(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """DIAL userid [vaddr]: connect a terminal to a free display of a machine, which has its power on from then on."""
    other = _logged_on(cp, _userid(words, "DIA"), "DIA")
    address = device_address(words[1], "DIA") if len(words) > 1 else None
    free = (vdev for vdev in other.devices.values() if address in (None, vdev.address) and _dialable(vdev))
    vdev = next(free, None)
    if vdev is None:
        raise CommandError("DIA", 55, f"LINE(S) NOT AVAILABLE ON {other.vmuser}")
    assert isinstance(vdev.device, Display)
    cp.vio.present(other, vdev.address, vdev.device.connect())
    return Answer([f"DIALED TO {other.vmuser} {vdev.address:03X}"])


def _dialable(vdev: "VDEVBLOK") -> bool:
    return isinstance(vdev.device, Display) and not vdev.device.connected


# ---- messages ------------------------------------------------------------------------------------------------------


@command("MSG", classes=ANY, keeps_case=True)
@command("Message", classes=ANY, keeps_case=True)
def message(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """Message userid | * | ALL text: a text appears on another user's terminal.  ALL is for classes A and B."""
    return _send(cp, vm, words, "MSG")


@command("WNG", classes=OPERATORS, keeps_case=True)
@command("WARNing", classes=OPERATORS, keeps_case=True)
def warning(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """WARNing userid | * | ALL text: the same, for users who may have said SET MSG OFF."""
    return _send(cp, vm, words, "WNG")


def _send(cp: "ControlProgram", vm: "VMBLOK", words: list[str], kind: str) -> Answer:
    to = _userid(words, "MSG").upper()
    if len(words) < 2:
        raise CommandError("MSG", 26, "OPERAND MISSING OR INVALID")
    lines = [time_of_day(cp.machine.clocks.tod).time, f"{kind} FROM {vm.vmuser:8}:  {' '.join(words[1:])}"]
    if to == "ALL" and set(vm.vmcls) & set(OPERATORS):
        receivers = [other for other in cp.vms if other is not vm and not _deaf(other, kind)]
    else:
        receivers = [_receiver(cp, vm, to, kind)]
    for other in receivers:
        for line in lines:
            cp.write_terminal(other, line)
    return Answer()


def _receiver(cp: "ControlProgram", vm: "VMBLOK", to: str, kind: str) -> "VMBLOK":
    """Whom a message is for.  Raises CommandError 057W when he does not take it."""
    userid = {"*": vm.vmuser, "OP": logon.OPERATOR}.get(to, to)
    other = _logged_on(cp, userid, "MSG")
    deaf = _deaf(other, kind)
    if deaf:
        raise CommandError("MSG", 57, f"{userid} NOT RECEIVING; {deaf}", severity="W")
    return other


def _deaf(vm: "VMBLOK", kind: str) -> str:
    """Why a machine takes no messages of a kind, empty when it does."""
    if disconnected(vm):
        return "DISCONNECTED"
    return f"{kind} OFF" if vm.settings.get(kind) == "OFF" else ""


@setting("LOGMSG", classes="B")
def set_logmsg(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """SET LOGMSG text | NULL: one more line of what everybody is told at logon; or there is nothing to tell.

    VM/370 asks for the lines one by one.
    """
    if not words:
        raise CommandError("CFS", 26, "OPERAND MISSING OR INVALID")
    lines = () if words == ["NULL"] else (*cp.logmsg[1], " ".join(words))
    cp.logmsg = cp.machine.clocks.tod, lines
    return Answer()
