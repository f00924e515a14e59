"""QUERY: what the system and the virtual machine have (DMKCFC, DMKCQG, DMKCQP).  CP Command Reference "QUERY"."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from edu_hv.hypervisor.commands.assist import assist_words
from edu_hv.hypervisor.commands.options import value
from edu_hv.hypervisor.commands.registry import (
    ANY,
    Answer,
    CommandError,
    abbreviates,
    command,
    device_address,
    hexadecimal,
    operand,
)
from edu_hv.hypervisor.commands.spool_query import describe, describe_console, destination, query_files, query_spool
from edu_hv.hypervisor.disconnected import terminal_of
from edu_hv.hypervisor.spooling.devices import SpooledOutput, SpooledReader
from edu_hv.hypervisor.time_of_day import clock, cpu_time, time_of_day
from edu_hv.hypervisor.virtual_configuration import (
    coupled_to,
    dedicated_to,
    linked_by,
    links,
    real_model,
    real_word,
    word_for,
)
from edu_hv.hypervisor.virtual_devices import VDEVBLOK, VDEVFLAG, DeviceClass
from edu_hv.hypervisor.vmblok import OtherStatus, ProcessStatus, TimerLevel
from edu_hv.machine.subchannel import ChannelType

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK

Question = Callable[["ControlProgram", "VMBLOK", list[str]], list[str]]
_SECOND = 1_000_000
_USUAL_PRIORITY = "64"


@command("Query", ANY, looks=True)
def query(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """Query what: Virtual, SET, TIMe, FILes, Users, Names, Reader, PRinter, PUnch, LINks, TERMinal, LOGmsg, userid;
    class A: PRIORity userid; class B: SYstem raddr, DAsd, TApes.
    """
    what = operand(words, 0, "CQG")
    for name, classes, question in QUESTIONS:
        if abbreviates(what, name) and (not classes or set(classes) & set(vm.vmcls)):
            if name in _ALONE and len(words) > 1:
                raise CommandError("CQG", 3, f"INVALID OPTION - {words[1]}")
            return Answer(question(cp, vm, words[1:]))
    other = cp.logged_on(what)
    if other is None:
        raise CommandError("CQG", 45, f"{what} NOT LOGGED ON")
    return Answer([_user(other)])


# ---- users -----------------------------------------------------------------------------------------------------------


def _user(vm: "VMBLOK") -> str:
    return f"{vm.vmuser:8} - {terminal_of(vm)}".rstrip(" -")


def _names(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> list[str]:
    """QUERY Names: everybody who is logged on, with his terminal."""
    return [", ".join(map(_user, cp.vms))]


def _users(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> list[str]:
    """QUERY Users [userid]: how many there are."""
    if words:
        other = cp.logged_on(words[0])
        if other is None:
            raise CommandError("CQG", 45, f"{words[0]} NOT LOGGED ON")
        return [_user(other)]
    return [f"{len(cp.vms):03} USERS, 000 DIALED, 000 NET"]


def _time(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> list[str]:
    """QUERY TIMe: the time of day, and what the session has used."""
    connected = clock((cp.machine.clocks.now - vm.logged_on_at) // _SECOND)
    used = f"VIRTCPU= {cpu_time(vm.vmvtime)} TOTCPU= {cpu_time(vm.vmttime)}"
    return [f"TIME IS {time_of_day(cp.machine.clocks.tod)}", f"CONNECT= {connected} {used}"]


def _log_message(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> list[str]:
    """QUERY LOGmsg."""
    lines = cp.logmsg[1]
    return [f"* {line}" for line in lines] if lines else ["THERE IS NO LOGMSG DATA"]


# ---- the machine -----------------------------------------------------------------------------------------------------


def _set(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> list[str]:
    """QUERY SET: the options of SET."""

    def on(condition: object) -> str:
        return "ON " if condition else "OFF"

    counting = vm.vmtlevel & (TimerLevel.TIMER | TimerLevel.REAL)
    timer = "REAL" if counting & TimerLevel.REAL else on(counting)
    status = vm.vmpstat
    run, isam = on(vm.vmostat & OtherStatus.CFRUN), on(status & ProcessStatus.ISAM)
    return [
        f"MSG {value(vm, 'MSG'):3}, WNG {value(vm, 'WNG'):3}, EMSG {value(vm, 'EMSG'):4}, "
        f"ACNT {value(vm, 'ACNT'):3}, RUN {run}",
        f"LINEDIT {value(vm, 'LINEDIT'):3}, TIMER {timer}, ISAM {isam}, ECMODE {on(vm.ecmode)}",
        f"{assist_words(cp, vm)}, PAGEX {on(status & ProcessStatus.PAGEX)}, AUTOPOLL {value(vm, 'AUTOPOLL')}",
        f"IMSG {value(vm, 'IMSG'):3}, SMSG {value(vm, 'SMSG')}, AFFINITY {value(vm, 'AFFINITY')}",
    ]


def _virtual(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> list[str]:
    """QUERY Virtual [ALL | STORage | CHANnels | class | vaddr]."""
    what = words[0] if words else "ALL"
    storage = [f"STORAGE = {vm.vmsize // 1024:05}K"]
    channels = [f"CHANNELS = {'BMX' if vm.devices.channels is ChannelType.BLOCK_MULTIPLEXER else 'SEL'}"]
    if abbreviates(what, "STORage"):
        return storage
    if abbreviates(what, "CHANnels"):
        return channels
    if what == "ALL":
        return [*storage, *channels, *(line for vdev in vm.devices.values() for line in _device(cp, vm, vdev))]
    found = [vdev for vdev in vm.devices.values() if _is_meant(what, vdev)]
    if not found:
        return _no_such_device(what)
    return [line for vdev in found for line in _device(cp, vm, vdev)]


_CLASSES = {"CONSole": "CONS", "DASD": "DASD", "TAPes": "TAPE", "GRAF": "GRAF", "UR": "", "CTCA": "CTCA"}
_UNIT_RECORD = ("RDR", "PUN", "PRT")


def _is_meant(what: str, vdev: VDEVBLOK) -> bool:
    word = word_for(vdev)
    if what == "UR":
        return word in _UNIT_RECORD
    named = any(abbreviates(what, name) and word == mine for name, mine in _CLASSES.items())
    return named or what == word or what.zfill(3) == f"{vdev.address:03X}"


def _no_such_device(what: str) -> list[str]:
    if what in _UNIT_RECORD or any(abbreviates(what, name) for name in _CLASSES):
        return []
    try:
        hexadecimal(what, 3)
    except ValueError:
        raise CommandError("CQG", 3, f"INVALID OPTION - {what}") from None
    raise CommandError("CQG", 40, f"DEVICE {what} DOES NOT EXIST")


def _device(cp: "ControlProgram", vm: "VMBLOK", vdev: VDEVBLOK) -> list[str]:
    """The line or lines of one device."""
    if isinstance(vdev.device, SpooledReader | SpooledOutput):
        return [describe(vdev), *destination(vdev.device.options, vdev.address)]
    word, at = word_for(vdev), f"{vdev.address:03X}"
    if vdev.vdevtypc & DeviceClass.TERM:
        spool = cp.spool.console_as_it_is(vm.vmuser, vdev.address)
        where = terminal_of(vm) or "THE TERMINAL"
        return [f"CONS {at} ON {where}  {'TERM START' if spool.started else 'TERM STOP'}", describe_console(spool)]
    if vdev.minidisk and vdev.real is not None:
        return [_disk(cp, vdev)]
    if vdev.dedicated and vdev.real is not None:
        return [f"{word:4} {at} ON DEV {vdev.real:03X}{' R/O' if vdev.vdevflag & VDEVFLAG.READ_ONLY else ''}"]
    other = coupled_to(cp, vdev)
    coupled = f"COUPLED TO {other[0].vmuser:8} {other[1].address:03X}" if other else "NOT COUPLED"
    return [f"{word:4} {at} {coupled if word == 'CTCA' else ''}".rstrip()]


def _disk(cp: "ControlProgram", vdev: VDEVBLOK) -> str:
    volume = cp.volumes.at(vdev.real or 0)
    name = "(TEMP)" if vdev.vdevflag & VDEVFLAG.TEMPORARY else volume.volser if volume else "??????"
    access = "R/O" if vdev.vdevflag & VDEVFLAG.READ_ONLY else "R/W"
    return f"DASD {vdev.address:03X} {vdev.model} {name:6} {access}   {vdev.bnd:03} CYL"


def _links(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> list[str]:
    """QUERY LINks vaddr: who else has the minidisk."""
    address = device_address(operand(words, 0, "CQG"), "CQG")
    vdev = vm.devices.lookup(address)
    if vdev is None:
        raise CommandError("CQG", 40, f"DEVICE {words[0]} DOES NOT EXIST")
    mine = next((link for link in links(cp) if (link.userid, link.address) == (vm.vmuser, address)), None)
    if mine is None:
        raise CommandError("CQG", 6, f"INVALID DEVICE TYPE - {words[0]}")
    same = [link for link in links(cp) if link.extent == mine.extent]
    return [", ".join(f"{link.userid} {link.address:03X} {'R/O' if link.read_only else 'R/W'}" for link in same)]


def _terminal(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> list[str]:
    """QUERY TERMinal: how what is typed is edited.  This terminal edits its lines by itself."""
    return ["LINEND OFF, LINEDEL OFF, CHARDEL OFF, ESCAPE OFF", "LINESIZE OFF, MODE CP"]


# ---- the system ------------------------------------------------------------------------------------------------------


def _real_line(cp: "ControlProgram", address: int) -> str:
    """One real device: whose it is, or which volume CP has there."""
    word, owner = real_word(cp, address), dedicated_to(cp, address)
    if owner is not None:
        return f"{word:4} {address:03X} ATTACHED TO {owner[0].vmuser:8} {owner[1].address:03X}"
    volume = cp.volumes.at(address)
    if address == cp.paging.device:
        return f"{word:4} {address:03X} CP SYSTEM {volume.volser if volume else ''} PAGING".rstrip()
    if volume is not None:
        return f"{word:4} {address:03X} CP SYSTEM {volume.volser:6} {len(linked_by(cp, address)):03}"
    return f"{word:4} {address:03X} FREE"


def _real(word: str) -> Question:
    """QUERY DAsd, QUERY TApes [raddr]: all real devices of a class, or one."""

    def question(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> list[str]:
        found = [at for at in sorted(cp.machine.channels.devices) if real_word(cp, at) == word]
        if words:
            address = device_address(words[0], "CQP")
            if address not in found:
                raise CommandError("CQP", 40, f"DEVICE {words[0]} DOES NOT EXIST")
            found = [address]
        return [_real_line(cp, at) for at in found] or [f"NO {word} DEVICES"]

    return question


def _system(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> list[str]:
    """QUERY SYstem raddr: who uses a volume of CP's."""
    address = device_address(operand(words, 0, "CQP"), "CQP")
    if not real_model(cp, address):
        raise CommandError("CQP", 40, f"DEVICE {words[0]} DOES NOT EXIST")
    users = [f"{user.vmuser} {v.address:03X}" for user in linked_by(cp, address) for v in user.devices.values()
             if v.real == address]  # fmt: skip
    return [_real_line(cp, address), *([", ".join(users)] if users else [])]


def _priority(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> list[str]:
    """QUERY PRIORity userid."""
    userid = operand(words, 0, "CQP")
    other = cp.logged_on(userid)
    if other is None:
        raise CommandError("CQP", 45, f"{userid} NOT LOGGED ON")
    return [f"{other.vmuser:8} PRIORITY = {other.settings.get('PRIORITY', _USUAL_PRIORITY)}"]


def _spool(queue: str) -> Question:
    return lambda cp, vm, words: query_spool(cp, vm, queue, words)


QUESTIONS: tuple[tuple[str, str, Question], ...] = (
    ("TIMe", ANY, _time),
    ("SET", ANY, _set),
    ("Virtual", "G", _virtual),
    ("FILes", "GD", query_files),
    ("Reader", "GD", _spool("RDR")),
    ("RDR", "GD", _spool("RDR")),
    ("PRinter", "GD", _spool("PRT")),
    ("PRT", "GD", _spool("PRT")),
    ("PUnch", "GD", _spool("PUN")),
    ("LINks", "G", _links),
    ("TERMinal", ANY, _terminal),
    ("LOGmsg", ANY, _log_message),
    ("Names", ANY, _names),
    ("Users", ANY, _users),
    ("PRIORity", "A", _priority),
    ("SYstem", "B", _system),
    ("DAsd", "B", _real("DASD")),
    ("TApes", "B", _real("TAPE")),
)
"""What QUERY understands: name with its shortest abbreviation, privilege classes, and who answers."""
_ALONE = frozenset({"TIMe", "SET", "TERMinal", "LOGmsg", "Names"})
"""Those that take no operand."""
