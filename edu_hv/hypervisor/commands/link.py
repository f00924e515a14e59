"""LINK: another user's minidisk, or one more address for one's own (DMKLNK).  CP Command Reference "LINK"."""

from typing import TYPE_CHECKING

from edu_hv.hypervisor import virtual_configuration as configuration
from edu_hv.hypervisor.commands.device_operands import without
from edu_hv.hypervisor.commands.registry import Answer, CommandError, command, device_address
from edu_hv.hypervisor.decisions import RefuseLink
from edu_hv.hypervisor.minidisks import LinkMode, linked_line
from edu_hv.hypervisor.virtual_devices import VDEVFLAG

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK


WRONG_PASSWORD = 114
MOST_ATTEMPTS = 10
"""So many wrong passwords, and LINK is refused until the user has logged off."""
ATTEMPTS = "wrong LINK passwords"
"""Where VMBLOK.extra counts them."""


@command("LINK")
def link(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """LINK [To] userid vaddr1 [As] vaddr2 [mode] [[PASS=] password].

    Without a mode: R, and for a minidisk of one's own that of the directory.  A password that is needed and not given
    is not asked for.
    """
    if vm.extra.get(ATTEMPTS, 0) >= MOST_ATTEMPTS:
        raise CommandError("LNK", 115, "LINK INVALID; EXCESSIVE INCORRECT PASSWORDS")
    left = without(words, "To")
    owner, owner_address = _owner(vm, left)
    address = _address(vm, left)
    if cp.directory.find(owner) is None:
        raise CommandError("LNK", 53, f"{owner} NOT IN CP DIRECTORY")
    mode = LinkMode[left.pop(0)] if left and left[0] in LinkMode.__members__ else _usual(cp, vm, owner, owner_address)
    password = _password(left)
    own = owner == vm.vmuser
    request = configuration.link_request(cp, vm, owner, owner_address, address, mode, authorized=own, password=password)
    vdev = configuration.make_link(cp, vm, request)
    if isinstance(vdev, RefuseLink):
        raise _refused(vm, vdev)
    return Answer([linked_line(request, bool(vdev.vdevflag & VDEVFLAG.READ_ONLY))])


def _refused(vm: "VMBLOK", refusal: RefuseLink) -> CommandError:
    """CP's message; wrong passwords are counted, and there is an end to trying."""
    if refusal.number == WRONG_PASSWORD:
        vm.extra[ATTEMPTS] = vm.extra.get(ATTEMPTS, 0) + 1
    return CommandError("LNK", refusal.number, refusal.text)


def _owner(vm: "VMBLOK", left: list[str]) -> tuple[str, int]:
    """Whose minidisk, and which.  Raises CommandError 020E or 022E."""
    if not left or len(left[0]) > 8:
        raise CommandError("LNK", 20, "USERID MISSING OR INVALID")
    userid = left.pop(0)
    if not left:
        raise CommandError("LNK", 22, "VADDR MISSING OR INVALID")
    return vm.vmuser if userid == "*" else userid, device_address(left.pop(0), "LNK")


def _address(vm: "VMBLOK", left: list[str]) -> int:
    """Where it is to be.  Raises CommandError 022E; without ECMODE for an address above 5FF, too."""
    left[:] = without(left, "As")
    if not left:
        raise CommandError("LNK", 22, "VADDR MISSING OR INVALID")
    word = left.pop(0)
    address = device_address(word, "LNK")
    if not configuration.address_allowed(vm, address):
        raise CommandError("LNK", 22, f"VADDR MISSING OR INVALID - {word}")
    return address


def _usual(cp: "ControlProgram", vm: "VMBLOK", owner: str, owner_address: int) -> LinkMode:
    entry = cp.directory.find(owner) if owner == vm.vmuser else None
    disk = entry.minidisk(owner_address) if entry else None
    return disk.mode if disk else LinkMode.R


def _password(left: list[str]) -> str | None:
    """The password, with or without PASS= in front; None when there is none.  Raises CommandError 003E."""
    if left and left[0].startswith("PASS="):
        left[0] = left[0].removeprefix("PASS=")
        left[:] = [word for word in left if word]
    if len(left) > 1:
        raise CommandError("LNK", 3, f"INVALID OPTION - {left[1]}")
    return left[0] if left else None
