"""ATTACH, DETACH and COUPLE: real devices to users, devices away from them, two adapters together (DMKVDB, DMKDIA).

CP Command Reference for General Users; GC20-1806 *Operator's Guide* for what class B may do.
"""

from typing import TYPE_CHECKING

from edu_hv.hypervisor import logon
from edu_hv.hypervisor import virtual_configuration as configuration
from edu_hv.hypervisor.commands.device_operands import without
from edu_hv.hypervisor.commands.registry import Answer, CommandError, abbreviates, command, device_address, hexadecimal
from edu_hv.hypervisor.minidisks import Volume, volume_on
from edu_hv.hypervisor.virtual_ctca import couple as couple_ends
from edu_hv.hypervisor.virtual_ctca import end_of
from edu_hv.isa.errors import UserError

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.virtual_devices import VDEVBLOK
    from edu_hv.hypervisor.vmblok import VMBLOK

SYSTEM = "SYSTEM"


# ---- ATTACH --------------------------------------------------------------------------------------------------------


@command("ATTach", classes="B")
def attach(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """ATTach raddr [To] userid [As] vaddr [R/O]: a real device for one user; or raddr [To] SYSTEM [As] volid."""
    real = _real(cp, words, "VDA")
    left = without(words[1:], "To")
    if not left:
        raise CommandError("VDA", 20, "USERID MISSING OR INVALID")
    to, left = left[0], without(left[1:], "As")
    if to == SYSTEM:
        return _attach_to_system(cp, real, left)
    return _attach_to_user(cp, vm, real, vm.vmuser if to == "*" else to, left)


def _real(cp: "ControlProgram", words: list[str], module: str) -> int:
    """The real device that comes first.  Raises CommandError 021E or 040E."""
    try:
        real = hexadecimal(words[0] if words else "", 3)
    except ValueError:
        raise CommandError(module, 21, "RADDR MISSING OR INVALID") from None
    if real not in cp.machine.channels.devices:
        raise CommandError(module, 40, f"DEV {real:03X} DOES NOT EXIST")
    return real


def _attach_to_user(cp: "ControlProgram", vm: "VMBLOK", real: int, userid: str, left: list[str]) -> Answer:
    user = cp.logged_on(userid)
    if user is None:
        raise CommandError("VDA", 45, f"{userid} NOT LOGGED ON")
    if not left:
        raise CommandError("VDA", 22, "VADDR MISSING OR INVALID")
    address = device_address(left[0], "VDA")
    if not configuration.address_allowed(user, address):
        raise CommandError("VDA", 22, f"VADDR MISSING OR INVALID - {left[0]}")
    if left[1:] and left[1] not in ("R", "R/O"):
        raise CommandError("VDA", 3, f"INVALID OPTION - {left[1]}")
    _see_that_it_is_free(cp, real)
    if address in user.devices:
        raise CommandError("VDA", 128, f"{userid} {address:03X} ALREADY DEFINED")
    configuration.dedicate(cp, user, address, real, read_only=bool(left[1:]))
    word = configuration.real_word(cp, real)
    if user is not vm:
        cp.write_terminal(user, f"{word} {address:03X} ATTACHED")
    return Answer([f"{word} {real:03X} ATTACHED TO {userid} {address:03X}"])


def _see_that_it_is_free(cp: "ControlProgram", real: int) -> None:
    """Raises CommandError when a user has the device, or minidisks on it, or CP needs it."""
    word, owner, users = (
        configuration.real_word(cp, real),
        configuration.dedicated_to(cp, real),
        configuration.linked_by(cp, real),
    )
    if owner is not None:
        holder = f"{owner[0].vmuser} {owner[1].address:03X}"
        raise CommandError("VDA", 122, f"{word} {real:03X} ALREADY ATTACHED TO {holder}")
    if configuration.cp_owned(cp, real):
        raise CommandError("VDA", 123, f"{word} {real:03X} CP OWNED")
    if users:
        raise CommandError("VDA", 124, f"{word} {real:03X} IN USE BY {len(users):03} USERS")


def _attach_to_system(cp: "ControlProgram", real: int, left: list[str]) -> Answer:
    """The volume on a drive may be used for minidisks.  Its label must be what the operator says."""
    word = configuration.real_word(cp, real)
    if not left:
        raise CommandError("VDA", 26, "OPERAND MISSING OR INVALID")
    volume = volume_on(real, cp.machine.channels.devices[real])
    if volume is None or volume.volser != left[0]:
        raise CommandError("VDA", 127, f"{word} {real:03X} VOLID NOT {left[0]}")
    _see_that_it_is_free(cp, real)
    _attach_volume(cp, volume)
    return Answer([f"{word} {real:03X} ATTACHED TO {SYSTEM} {volume.volser}"])


def _attach_volume(cp: "ControlProgram", volume: Volume) -> None:
    there = cp.volumes.find(volume.volser)
    if there is not None:
        raise CommandError("VDA", 129, f"{SYSTEM} VOLID {volume.volser} ALREADY ATTACHED")
    former = cp.volumes.without(volume.address) if cp.volumes.at(volume.address) else cp.volumes
    temporary = cp.directory.temporary_areas
    cp.volumes = former.with_volume(volume).with_temporary(temporary)


# ---- DETACH --------------------------------------------------------------------------------------------------------


@command("DETach", classes="BG")
def detach(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """DETach vaddr [vaddr...] | vaddr-vaddr: devices of one's own.  Class B: DETach raddr [From] userid | SYSTEM.

    Of several devices, those that are not there are told of, and the others are gone.
    """
    if "B" in vm.vmcls and len(words) > 1 and _names_user(cp, words):
        return _detach_real(cp, vm, _real(cp, words, "VDD"), words[-1])
    addresses = _addresses(vm, words)
    if len(addresses) == 1:
        return Answer([_detach_one(cp, vm, addresses[0])])
    return _detach_several(cp, vm, addresses)


def _names_user(cp: "ControlProgram", words: list[str]) -> bool:
    """Whether the operands are of the class B form: FROM says it, or a userid that is no address."""
    last = words[-1]
    return abbreviates(words[1], "From") or last in (SYSTEM, "*") or cp.logged_on(last) is not None


def _addresses(vm: "VMBLOK", words: list[str]) -> list[int]:
    """The addresses that are meant; of a range, those where there is a device."""
    if not words:
        raise CommandError("VDD", 22, "VADDR MISSING OR INVALID")
    if len(words) > 1 or "-" not in words[0]:
        return [device_address(word, "VDD") for word in words]
    first, last = (device_address(word, "VDD") for word in words[0].split("-", 1))
    found = [address for address in vm.devices if first <= address <= last]
    if not found:
        raise CommandError("VDD", 40, f"DEV {words[0]} DOES NOT EXIST")
    return found


def _detach_several(cp: "ControlProgram", vm: "VMBLOK", addresses: list[int]) -> Answer:
    done, errors, code = [], [], 0
    for address in addresses:
        try:
            _detach_one(cp, vm, address)
            done.append(f"{address:03X}")
        except CommandError as error:
            errors.append(error.line)
            code = error.number
    return Answer([*errors, *([f"{' '.join(done)} DETACHED"] if done else [])], code)


def _detach_one(cp: "ControlProgram", vm: "VMBLOK", address: int) -> str:
    """One device is gone.  The operator hears of a real one that is free.  Raises CommandError 040E."""
    vdev = vm.devices.lookup(address)
    if vdev is None:
        raise CommandError("VDD", 40, f"DEV {address:03X} DOES NOT EXIST")
    word = configuration.word_for(vdev)
    configuration.release(cp, vm, vdev.address)
    if vdev.dedicated:
        logon.tell_operator(cp, f"{word} {vdev.real:03X} DETACHED BY {vm.vmuser}")
    return f"{word} {vdev.address:03X} DETACHED"


def _detach_real(cp: "ControlProgram", vm: "VMBLOK", real: int, userid: str) -> Answer:
    """Class B: a real device is taken away from whoever has it."""
    word = configuration.real_word(cp, real)
    if userid == SYSTEM:
        return _detach_from_system(cp, real)
    user = vm if userid == "*" else cp.logged_on(userid)
    if user is None:
        raise CommandError("VDD", 45, f"{userid} NOT LOGGED ON")
    owner = configuration.dedicated_to(cp, real)
    if owner is None or owner[0] is not user:
        raise CommandError("VDD", 121, f"{word} {real:03X} NOT ATTACHED TO {user.vmuser}")
    address = owner[1].address
    configuration.release(cp, user, address)
    if user is not vm:
        cp.write_terminal(user, f"{word} {address:03X} DETACHED BY OPERATOR")
    return Answer([f"{word} {real:03X} DETACHED FROM {user.vmuser} {address:03X}"])


def _detach_from_system(cp: "ControlProgram", real: int) -> Answer:
    """The volume is not used for minidisks any more.  Raises CommandError while somebody has one, or CP pages there."""
    word, volume, users = configuration.real_word(cp, real), cp.volumes.at(real), configuration.linked_by(cp, real)
    if volume is None:
        raise CommandError("VDD", 121, f"{word} {real:03X} NOT ATTACHED TO {SYSTEM}")
    if configuration.cp_owned(cp, real):
        raise CommandError("VDD", 123, f"{word} {real:03X} CP OWNED")
    if users:
        raise CommandError("VDD", 124, f"{word} {real:03X} IN USE BY {len(users):03} USERS")
    cp.volumes = cp.volumes.without(real)
    return Answer([f"{word} {real:03X} DETACHED FROM {SYSTEM} {volume.volser}"])


# ---- COUPLE --------------------------------------------------------------------------------------------------------


@command("COUPLE")
def couple(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """COUPLE vaddr1 [To] userid vaddr2: a channel-to-channel adapter of one's own with another user's."""
    mine = _adapter(vm, words[0] if words else "", "")
    left = without(words[1:], "To")
    userid = left[0] if left else ""
    if not userid:
        raise CommandError("DIA", 20, "USERID MISSING OR INVALID")
    other = vm if userid == "*" else cp.logged_on(userid)
    if other is None:
        raise CommandError("DIA", 45, f"{userid} NOT LOGGED ON")
    its = _adapter(other, left[1] if len(left) > 1 else "", f"{other.vmuser} ")
    configuration.drop(cp, vm, mine)
    configuration.drop(cp, other, its)
    try:
        couple_ends(cp, vm, mine.address, other, its.address)
    except UserError:
        raise CommandError("DIA", 6, f"INVALID DEVICE TYPE - {other.vmuser} {its.address:03X}") from None
    if other is not vm:
        cp.write_terminal(other, f"CTCA {its.address:03X} COUPLE BY {vm.vmuser} {mine.address:03X}")
    return Answer([f"CTCA {mine.address:03X} COUPLED TO {other.vmuser} {its.address:03X}"])


def _adapter(vm: "VMBLOK", word: str, whose: str) -> "VDEVBLOK":
    """An adapter by its address.  Raises CommandError 022E, 040E or 006E."""
    if not word:
        raise CommandError("DIA", 22, "VADDR MISSING OR INVALID")
    vdev = vm.devices.lookup(device_address(word, "DIA"))
    if vdev is None:
        raise CommandError("DIA", 40, f"DEV {whose}{word} DOES NOT EXIST")
    if end_of(vdev) is None:
        raise CommandError("DIA", 6, f"INVALID DEVICE TYPE - {whose}{word}")
    return vdev
