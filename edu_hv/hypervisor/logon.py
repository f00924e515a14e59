"""LOGON, LOGOFF and DISCONNECT: a user's virtual machine comes, goes, and goes on without its terminal.

CP Command Reference for General Users, "LOGON", "LOGOFF", "DISCONN"; SY20-0886 "DMKLOG", "DMKUSO".  The machine is what
the user's entry in the directory says.  Read next: `virtual_configuration`, which gives it its devices.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from edu_hv.hypervisor.commands.registry import CommandError
from edu_hv.hypervisor.decisions import RefuseLink
from edu_hv.hypervisor.directory import Directory, UserEntry
from edu_hv.hypervisor.directory_statements import (
    Console,
    Dedicate,
    Device,
    DirectoryLink,
    Minidisk,
    Special,
    Spool,
    TemporaryDisk,
)
from edu_hv.hypervisor.disconnected import TERMINAL, disconnected, terminal_needed, terminal_of, waits_for_terminal
from edu_hv.hypervisor.minidisks import LinkRequest, linked_line, mounted
from edu_hv.hypervisor.time_of_day import clock, cpu_time, time_of_day
from edu_hv.hypervisor.timer_requests import Request
from edu_hv.hypervisor.virtual_configuration import (
    add_adapter,
    add_console,
    add_display,
    add_spooled,
    add_temporary,
    address_allowed,
    available,
    dedicate,
    link_request,
    make_link,
    release,
)
from edu_hv.hypervisor.virtual_devices import VDEVFLAG
from edu_hv.hypervisor.vmblok import OtherStatus, ProcessStatus, RunStatus, TimerLevel
from edu_hv.isa.errors import UserError
from edu_hv.machine.subchannel import ChannelType

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK

OPERATOR = "OPERATOR"
"""The userid of the system operator (SYSOPER)."""
MOST_USERS = 100
"""So many users may be logged on at a time."""
FORCED_BY = "forced by"
"""Where VMBLOK.extra has who logs the machine off as soon as CP comes to it; empty when it does so itself."""


def take_directory(cp: "ControlProgram", directory: Directory) -> None:
    """CP is started with a directory: the volumes that are mounted are attached to the system."""
    cp.directory = directory
    volumes = mounted(cp.machine.channels.devices)
    cp.volumes = volumes.with_temporary(directory.temporary_areas)


# ---- who -----------------------------------------------------------------------------------------------------------


def operator(cp: "ControlProgram") -> "VMBLOK | None":
    """The system operator, if he is logged on."""
    return next((vm for vm in cp.vms if vm.vmostat & OtherStatus.SYSOP), None)


def tell_operator(cp: "ControlProgram", text: str) -> None:
    """A line for the system operator, with the time."""
    vm = operator(cp)
    if vm is not None:
        cp.write_terminal(vm, f"{time_of_day(cp.machine.clocks.tod).time} {text}")


def _tell_users(cp: "ControlProgram", vm: "VMBLOK", what: str, more: str = "") -> None:
    """Who has come or gone, and how many there are now."""
    where = f"{terminal_of(vm)} " if terminal_of(vm) else ""
    tell_operator(cp, f"{where}{what} {vm.vmuser:8} USERS = {len(cp.vms):03}{more}")


# ---- LOGON ---------------------------------------------------------------------------------------------------------


def log_on(cp: "ControlProgram", userid: str, password: str | None, ipl: bool = True, terminal: str = "") -> "VMBLOK":
    """LOGON userid password [NOIPL] at a terminal: the machine is built, or a disconnected one gets its terminal again.

    Raises CommandError with CP's message when the user may not log on.
    """
    entry = _identified(cp, userid, password, "LOG")
    there = cp.logged_on(userid)
    if there is not None and not disconnected(there):
        raise CommandError("LOG", 54, f"ALREADY LOGGED ON {terminal_of(there)}".rstrip())
    if there is not None:
        return _reconnect(cp, there, terminal)
    vm = _build(cp, entry)
    vm.extra[TERMINAL] = terminal
    for line in (f"LOGON AT {time_of_day(cp.machine.clocks.tod)}", *log_message(cp)):
        cp.write_terminal(vm, line)
    _tell_users(cp, vm, "LOGON AS")
    if ipl:
        automatic_ipl(cp, vm, entry)
    return vm


def log_message(cp: "ControlProgram") -> list[str]:
    """What the operator has to say to everybody who logs on, and since when; nothing if there is nothing."""
    changed, lines = cp.logmsg
    return [f"LOGMSG - {time_of_day(changed)}", *(f"* {line}" for line in lines)] if lines else []


def autolog(cp: "ControlProgram", userid: str, password: str | None) -> "VMBLOK":
    """AUTOLOG userid password: the machine is built and loaded, and runs disconnected."""
    entry = _identified(cp, userid, password, "ALG")
    if cp.logged_on(userid) is not None:
        raise CommandError("ALG", 54, f"{userid} ALREADY LOGGED ON")
    vm = _build(cp, entry)
    vm.vmostat |= OtherStatus.DISC
    tell_operator(cp, f"AUTO LOGON   ***   {userid:8} USERS = {len(cp.vms):03}")
    automatic_ipl(cp, vm, entry)
    terminal_needed(cp, vm)
    return vm


def _identified(cp: "ControlProgram", userid: str, password: str | None, module: str) -> UserEntry:
    """The entry of a user who has given his password.  053E for who is not in the directory, or has NOLOG there."""
    entry = cp.directory.find(userid)
    if entry is None or not entry.may_log_on:
        raise CommandError(module, 53, f"{userid} NOT IN CP DIRECTORY")
    if password != entry.user.password:
        raise CommandError(module, 50, "PASSWORD INCORRECT - REINITIATE LOGON PROCEDURE")
    return entry


def _reconnect(cp: "ControlProgram", vm: "VMBLOK", terminal: str) -> "VMBLOK":
    """The terminal is there again.  The machine stops in CP mode, until BEGIN."""
    vm.vmostat &= ~OtherStatus.DISC
    vm.extra[TERMINAL] = terminal
    cp.requests.cancel(vm.vmuser, Request.FORCE)
    vm.cf = True
    cp.write_terminal(vm, f"RECONNECTED AT {time_of_day(cp.machine.clocks.tod)}")
    _tell_users(cp, vm, "RECONNECT")
    return vm


def _build(cp: "ControlProgram", entry: UserEntry) -> "VMBLOK":
    """The virtual machine that the entry describes, in CP mode."""
    if len(cp.vms) >= MOST_USERS:
        raise CommandError("LOG", 52, "MAXIMUM USERS EXCEEDED")
    cp.on_request[Request.FORCE] = time_is_up
    try:
        vm = cp.logon(entry.userid, entry.user.storage, entry.options.ecmode)
    except UserError:  # There is no room for another one's tables.
        raise CommandError("LOG", 52, "MAXIMUM USERS EXCEEDED") from None
    _set_options(cp, vm, entry)
    if entry.userid == OPERATOR:
        vm.vmostat |= OtherStatus.SYSOP
    for device in entry.devices:
        _add_device(cp, vm, device)
    return vm


def _set_options(cp: "ControlProgram", vm: "VMBLOK", entry: UserEntry) -> None:
    """What USER, ACCOUNT and OPTION say."""
    options = entry.options
    vm.vmcls = entry.user.classes
    vm.vmaccnt, vm.vmdist = entry.account.number or entry.userid, entry.distribution
    if options.realtimer:
        vm.vmtlevel |= TimerLevel.REAL
    if options.bmx:
        vm.devices.define_channels(ChannelType.BLOCK_MULTIPLEXER)
    if options.isam:
        vm.vmpstat |= ProcessStatus.ISAM
    if options.acct:
        vm.vmpstat |= ProcessStatus.ACCT
    if options.svcoff:
        cp.assist.set(vm, svc=False)
    if options.cpuid:
        serial = bytes.fromhex(options.cpuid)
        vm.cpu.identification = vm.cpu.identification[:1] + serial + vm.cpu.identification[4:]


def automatic_ipl(cp: "ControlProgram", vm: "VMBLOK", entry: UserEntry) -> None:
    """What the entry's IPL statement names is loaded, as if the user had typed the command."""
    from edu_hv.hypervisor.commands import run_command

    if entry.ipl is None:
        return
    parameters = f" PARM {entry.ipl.parameters}" if entry.ipl.parameters else ""
    for line in run_command(cp, vm, f"IPL {entry.ipl.system}{parameters}").lines:
        cp.write_terminal(vm, line)


# ---- the devices of the entry --------------------------------------------------------------------------------------


def _add_device(cp: "ControlProgram", vm: "VMBLOK", device: Device) -> None:
    """Give the machine a device of its entry.  One that cannot be had is told of, and the machine comes without it."""
    try:
        if not address_allowed(vm, device.address):
            raise CommandError("LOG", 22, f"VADDR MISSING OR INVALID - {device.address:03X}")
        _define(cp, vm, device)
    except CommandError as error:
        cp.write_terminal(vm, error.line)
    except UserError:
        cp.write_terminal(vm, f"DMKLOG092E DEV {device.address:03X} ALREADY DEFINED")


def _define(cp: "ControlProgram", vm: "VMBLOK", device: Device) -> None:
    match device:
        case Minidisk():
            _own_minidisk(cp, vm, device)
        case DirectoryLink():
            request = link_request(cp, vm, device.userid, device.owner_address, device.address, device.mode)
            _link(cp, vm, request)
        case TemporaryDisk():
            if add_temporary(cp, vm, device.address, device.device_type, device.cylinders) is None:
                raise CommandError("LOG", 91, f"DASD {device.address:03X} NOT DEFINED; TEMP SPACE NOT AVAILABLE")
        case Dedicate():
            _dedicate(cp, vm, device)
        case Console():
            add_console(cp, vm, device.address, device.device_type)
            spooled = cp.spool.console(vm.vmuser, device.address)
            spooled.options = replace(spooled.options, sfbclas=device.spool_class, dist=vm.vmdist)
        case Spool():
            add_spooled(cp, vm, device.address, device.device_type, device.spool_class)
        case Special():
            _special(cp, vm, device)


def _own_minidisk(cp: "ControlProgram", vm: "VMBLOK", disk: Minidisk) -> None:
    request = link_request(cp, vm, vm.vmuser, disk.address, disk.address, disk.mode)
    _link(cp, vm, request)
    if disk.reserve:
        vm.devices[disk.address].vdevflag |= VDEVFLAG.RESERVE


def _link(cp: "ControlProgram", vm: "VMBLOK", request: LinkRequest) -> None:
    """A link that the directory gives.  The user is told when he shares the minidisk with a writer, or is one."""
    vdev = make_link(cp, vm, request)
    if isinstance(vdev, RefuseLink):
        raise CommandError("LNK", vdev.number, vdev.text)
    read_only = bool(vdev.vdevflag & VDEVFLAG.READ_ONLY)
    if request.writers or (request.readers and not read_only):
        cp.write_terminal(vm, linked_line(request, read_only))


def _dedicate(cp: "ControlProgram", vm: "VMBLOK", device: Dedicate) -> None:
    """DEDICATE: the device, or the drive with the volume, must be nobody else's."""
    volume = cp.volumes.find(device.volser) if device.real is None else None
    real = volume.address if volume else device.real
    if real is None:
        raise CommandError("LOG", 108, f"DEV {device.address:03X} NOT DEFINED; VOLID {device.volser} NOT MOUNTED")
    if not available(cp, real):
        raise CommandError("LOG", 90, f"DEV {device.address:03X} NOT DEFINED; DEV {real:03X} NOT AVAILABLE")
    dedicate(cp, vm, device.address, real, device.read_only)


def _special(cp: "ControlProgram", vm: "VMBLOK", device: Special) -> None:
    if device.kind == "CTCA":
        add_adapter(cp, vm, device.address)
    elif device.kind == "3270":
        add_display(vm, device.address)
    else:
        raise CommandError("LOG", 6, f"INVALID DEVICE TYPE - {device.address:03X}")


# ---- LOGOFF --------------------------------------------------------------------------------------------------------


def log_off(cp: "ControlProgram", vm: "VMBLOK", forced_by: str = "") -> None:
    """LOGOFF, or FORCE by somebody.

    A machine that CP is just simulating, as when it gives LOGOFF by a DIAGNOSE, is stopped, and gone when that is done.
    """
    if not cp.simulating(vm):
        _leave(cp, vm, forced_by)
        return
    vm.vmostat |= OtherStatus.KILL
    vm.extra[FORCED_BY] = forced_by
    vm.begin_wait(RunStatus.LOGOFF)
    cp.requests.set(cp.machine.clocks.now, vm.vmuser, Request.FORCE)


def _leave(cp: "ControlProgram", vm: "VMBLOK", forced_by: str) -> None:
    """The user is told, and all that the machine had is given back."""
    for line in _parting_lines(cp, vm, forced_by):
        cp.write_terminal(vm, line)
    for address in list(vm.devices):
        release(cp, vm, address)
    cp.spool.drop_console(vm.vmuser)
    cp.logoff(vm)
    _tell_users(cp, vm, "LOGOFF AS", f" FORCED BY {forced_by}" if forced_by else "")


def _parting_lines(cp: "ControlProgram", vm: "VMBLOK", forced_by: str) -> list[str]:
    """How long the user was there, what processor time he used; and when he left, or was made to."""
    now = cp.machine.clocks
    connected = clock((now.now - vm.logged_on_at) // 1_000_000)
    by = f" BY {forced_by}" if forced_by else ""
    return [
        f"CONNECT= {connected} VIRTCPU= {cpu_time(vm.vmvtime)} TOTCPU= {cpu_time(vm.vmttime)}",
        f"LOGOFF AT {time_of_day(now.tod)}{by}",
    ]


# ---- DISCONNECT ----------------------------------------------------------------------------------------------------


def disconnect(cp: "ControlProgram", vm: "VMBLOK") -> str:
    """DISCONN: the machine goes on without its terminal.  What the user is told."""
    _tell_users(cp, vm, "DISCONNECT")
    vm.vmostat |= OtherStatus.DISC
    terminal_needed(cp, vm)
    return f"DISCONNECT AT {time_of_day(cp.machine.clocks.tod)}"


def time_is_up(cp: "ControlProgram", vm: "VMBLOK") -> None:
    """The 15 minutes are over; or the machine has given LOGOFF, or was forced, while CP was simulating it."""
    if vm.vmostat & OtherStatus.KILL or (disconnected(vm) and waits_for_terminal(vm)):
        _leave(cp, vm, str(vm.extra.get(FORCED_BY, "")))
