"""What the spool commands have in common: device types, which files are meant, operands.  GC20-1820."""

from typing import TYPE_CHECKING

from edu_hv.hypervisor.commands.registry import CommandError, abbreviates, device_address
from edu_hv.hypervisor.spooling.devices import SpooledOutput, SpooledReader
from edu_hv.hypervisor.spooling.files import PRINTER, PUNCH, READER, SFBLOK
from edu_hv.hypervisor.spooling.options import ANY_CLASS
from edu_hv.hypervisor.spooling.printers import ConsoleSpool
from edu_hv.hypervisor.spooling.queues import MOST_SPOOLIDS

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK

_TYPES = {
    "Reader": READER,
    "RDR": READER,
    "Printer": PRINTER,
    "PRT": PRINTER,
    "PUnch": PUNCH,
    "PUN": PUNCH,
    "PCH": PUNCH,
}
SYSTEM = "SYSTEM"
_USUAL_CONSOLE = 0x009

Output = SpooledOutput | ConsoleSpool
Target = SpooledReader | Output


class Operands:
    """The words of a command, taken one by one.  `module` stands in the messages."""

    def __init__(self, words: list[str], module: str) -> None:
        self.words = list(words)
        self.module = module

    def __bool__(self) -> bool:
        return bool(self.words)

    def error(self, number: int, text: str) -> CommandError:
        """One of CP's messages."""
        return CommandError(self.module, number, text)

    def next(self, number: int = 26, missing: str = "OPERAND MISSING OR INVALID") -> str:
        """The next word.  Raises CommandError, 026E by default, when there is none."""
        if not self.words:
            raise self.error(number, missing)
        return self.words.pop(0)

    def take(self, *names: str) -> bool:
        """Whether the next word abbreviates one of these, capitals being the shortest form; it is taken then."""
        if not self.words or not any(abbreviates(self.words[0], name) for name in names):
            return False
        self.words.pop(0)
        return True

    def sfbclas(self, any_too: bool = False) -> str:
        """A class: one letter or digit, "*" where all can be meant.  Raises CommandError 028E."""
        word = self.next(28, "CLASS MISSING OR INVALID")
        if len(word) == 1 and word.isascii() and (word.isalnum() or (any_too and word == ANY_CLASS)):
            return word
        raise self.error(28, "CLASS MISSING OR INVALID")

    def spoolid(self) -> int:
        """A spoolid.  Raises CommandError 027E, or 008E for what is none."""
        word = self.next(27, "SPOOLID MISSING OR INVALID")
        if word.isascii() and word.isdecimal() and len(word) <= 4 and 1 <= int(word) <= MOST_SPOOLIDS:
            return int(word)
        raise self.error(8, f"INVALID SPOOLID - {word}")

    def copies(self) -> int:
        """A number of copies, 1 to 99.  Raises CommandError 030E."""
        word = self.next(30, "COPIES MISSING OR INVALID")
        if word.isascii() and word.isdecimal() and len(word) <= 2 and int(word):
            return int(word)
        raise self.error(30, "COPIES MISSING OR INVALID")

    def name(self) -> tuple[str, str]:
        """A filename and filetype, or a data set name: what is left of the line.  Raises CommandError 029E."""
        names, self.words = self.words, []
        if len(names) == 1 and len(names[0]) <= 24:
            return names[0], ""
        if len(names) == 2 and all(len(word) <= 8 for word in names):
            return names[0], names[1]
        raise self.error(29, "FILENAME MISSING OR INVALID")

    def distribution(self) -> str:
        """A distribution code of at most eight characters.  Raises CommandError 032E."""
        word = self.next(32, "DIST CODE MISSING OR INVALID")
        if len(word) > 8:
            raise self.error(32, "DIST CODE MISSING OR INVALID")
        return word

    def queue(self) -> str:
        """Reader, printer or punch.  Raises CommandError 035E."""
        queue = _queue(self.next(35, "DEVICE TYPE MISSING OR INVALID"))
        if queue is None:
            raise self.error(35, "DEVICE TYPE MISSING OR INVALID")
        return queue

    # ---- devices ---------------------------------------------------------------------------------------------

    def targets(self, cp: "ControlProgram", vm: "VMBLOK") -> list[Target]:
        """The virtual devices that a type or an address names.  Raises CommandError 022E, 006E or 040E."""
        word = self.next(22, "VADDR MISSING OR INVALID")
        if abbreviates(word, "CONsole"):
            return [console_of(cp, vm)]
        kind = _queue(word)
        if kind is None:
            return [self._at(cp, vm, device_address(word, self.module))]
        return [device for device in spooled(vm) if device.kind == kind]

    def _at(self, cp: "ControlProgram", vm: "VMBLOK", address: int) -> Target:
        vdev = vm.devices.get(address)
        if vdev is None:
            raise self.error(40, f"DEV {address:03X} DOES NOT EXIST")
        if vdev is vm.devices.console():
            return console_of(cp, vm)
        if isinstance(vdev.device, SpooledReader | SpooledOutput):
            return vdev.device
        raise self.error(6, f"INVALID DEVICE TYPE - {address:03X}")

    # ---- files -----------------------------------------------------------------------------------------------

    def owner(self, cp: "ControlProgram", vm: "VMBLOK") -> str | None:
        """Whose files are meant: the user's own; a class D user may name another in front, or SYSTEM: all (None)."""
        if not self.words or "D" not in vm.vmcls or _queue(self.words[0]):
            return vm.vmuser
        word = self.next()
        return None if word == SYSTEM else userid(cp, vm, word, self.module)

    def files(self, cp: "ControlProgram", queue: str, owner: str | None) -> list[SFBLOK]:
        """The files that ALL, CLASS c or a spoolid names, in their order.

        Raises CommandError 042E for a spoolid that the user has not.
        """
        mine = cp.spool.files(queue, owner)
        if self.take("ALL"):
            return mine
        if self.take("CLass"):
            sfbclas = self.sfbclas()
            return [sfblok for sfblok in mine if sfblok.sfbclas == sfbclas]
        spoolid = self.spoolid()
        found = [sfblok for sfblok in mine if sfblok.sfbfilid == spoolid]
        if not found:
            raise self.error(42, f"SPOOLID {spoolid:04} DOES NOT EXIST")
        return found

    def several(self, cp: "ControlProgram", queue: str, owner: str | None) -> list[SFBLOK]:
        """The files that one or more such operands name, in that order, each once."""
        found = self.files(cp, queue, owner)
        while self:
            found += [sfblok for sfblok in self.files(cp, queue, owner) if sfblok not in found]
        return found


def _queue(word: str) -> str | None:
    return next((queue for name, queue in _TYPES.items() if abbreviates(word, name)), None)


def closed(files: list[SFBLOK]) -> list[SFBLOK]:
    """Without the files that a reader has open: no command touches those."""
    return [sfblok for sfblok in files if not sfblok.sfbinuse]


def spooled(vm: "VMBLOK") -> list[SpooledReader | SpooledOutput]:
    """A virtual machine's spooled unit record devices, in the order of their addresses."""
    devices = (vdev.device for vdev in vm.devices.values())
    return [device for device in devices if isinstance(device, SpooledReader | SpooledOutput)]


def console_of(cp: "ControlProgram", vm: "VMBLOK") -> ConsoleSpool:
    """A virtual machine's console file."""
    vdev = vm.devices.console()
    return cp.spool.console(vm.vmuser, vdev.address if vdev else _USUAL_CONSOLE)


def userid(cp: "ControlProgram", vm: "VMBLOK", word: str, module: str) -> str:
    """A userid, "*" being one's own.  Raises CommandError 007E, or 053E for one that CP does not know."""
    if word == "*":
        return vm.vmuser
    if len(word) > 8:
        raise CommandError(module, 7, f"INVALID USERID - {word}")
    if not known(cp, word):
        raise CommandError(module, 53, f"{word} NOT IN CP DIRECTORY")
    return word


def known(cp: "ControlProgram", word: str) -> bool:
    """Whether CP knows a user: he is logged on, or in the directory."""
    return any(vm.vmuser == word for vm in cp.vms) or cp.directory.find(word) is not None


def counted(files: list[SFBLOK], done: str) -> str:
    """The answer of a command on files: "0002 FILES PURGED"."""
    count = f"{len(files):04}" if files else "NO"
    return f"{count} FILE{'' if len(files) == 1 else 'S'} {done}"
