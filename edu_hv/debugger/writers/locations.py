"""What can be written: a register, a PSW field, bytes of storage, a key, a clock, a field of a block of CP.

A location is a plain value; `value` reads it where the machine stands and changes nothing.  A guest's register is in
the real CPU while it runs and in its VMBLOK while it does not: the guest's value is what counts here.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edu_hv.debugger import believed
from edu_hv.debugger.psw_fields import FIELDS
from edu_hv.debugger.recording.plain import plain
from edu_hv.isa.codes import Key
from edu_hv.machine.psw import PSW
from edu_hv.machine.storage import FRAME

if TYPE_CHECKING:
    from edu_hv.debugger.system import Guest, System
    from edu_hv.hypervisor.vmblok import VMBLOK

REAL = ""
"""In the place of a guest's name: the real machine."""
PROTECTION = int(Key.ACCESS_CONTROL | Key.FETCH_PROTECTION)


def vm_of(system: "System", name: str) -> "VMBLOK | None":
    """The virtual machine of that name, if it is logged on."""
    return system.cp.logged_on(name) if system.cp is not None and name else None


@dataclass(frozen=True)
class Location:
    """Something that can be written.  `owner`: the guest whose it is, or REAL."""

    owner: str

    @property
    def name(self) -> str:
        """What it is called: "GR5"."""
        raise NotImplementedError

    @property
    def spelled(self) -> str:
        """The words of a command that name it."""
        raise NotImplementedError

    def value(self, system: "System") -> Any:
        """What it has now: a plain value; None while there is no such thing."""
        raise NotImplementedError

    def show(self, value: Any) -> str:
        """A value of it in text."""
        return "not there" if value is None else str(value)


@dataclass(frozen=True)
class RegisterLocation(Location):
    """A register.  `file`: "GR", "FPR", "CR"; floating-point registers are 0, 2, 4, 6."""

    file: str
    number: int

    @property
    def name(self) -> str:
        """What it is called."""
        return f"{self.file}{self.number}"

    @property
    def spelled(self) -> str:
        """The words of a command that name it."""
        return self.name.lower()

    @property
    def index(self) -> int:
        """Its place in the list."""
        return self.number >> 1 if self.file == "FPR" else self.number

    def value(self, system: "System") -> int | None:
        """What it has now."""
        if not self.owner:
            return files(system.machine.cpu)[self.file][self.index]
        guest = system.find(self.owner)
        return None if guest is None else _believed(system, guest, self.file)[self.index]

    def show(self, value: int | None) -> str:
        """A value of it in text."""
        return "not there" if value is None else f"{value:0{16 if self.file == 'FPR' else 8}X}"


def files(cpu: Any) -> dict[str, list[int]]:
    """The registers of a CPU."""
    return {"GR": cpu.gr, "FPR": cpu.fpr, "CR": cpu.cr}


def _believed(system: "System", guest: "Guest", file: str) -> list[int]:
    if file == "GR":
        return believed.registers(system, guest)
    if file == "CR":
        return believed.control_registers(system, guest)
    running = guest.vm is None or guest.name == system.running
    return list(system.machine.cpu.fpr if running or guest.vm is None else guest.vm.vmfprs)


@dataclass(frozen=True)
class PswLocation(Location):
    """A field of the PSW, by a name of `psw_fields`."""

    field: str

    @property
    def name(self) -> str:
        """What it is called."""
        return FIELDS[self.field].title

    @property
    def spelled(self) -> str:
        """The words of a command that name it."""
        return f"psw.{self.field}"

    def value(self, system: "System") -> int | None:
        """What it has now."""
        psw = self.psw(system)
        return None if psw is None else FIELDS[self.field].of(psw)

    def psw(self, system: "System") -> PSW | None:
        """The PSW that it is a field of."""
        if not self.owner:
            return system.machine.cpu.psw
        guest = system.find(self.owner)
        return None if guest is None else believed.psw(system, guest)

    def show(self, value: int | None) -> str:
        """A value of it in text."""
        return "not there" if value is None else FIELDS[self.field].show(value)


@dataclass(frozen=True)
class StorageLocation(Location):
    """Bytes of storage: of a guest by guest-real address, of the real machine by absolute address.

    `pieces`: address and length of each, in order: neighbours of a program that translates need not be neighbours
    here.  No piece goes on in another page.
    """

    pieces: tuple[tuple[int, int], ...]
    words: str
    """How it was asked for: "000600.4"."""
    changes: bool = False
    """A store of the same value does not count."""
    title: str = ""
    """What it is, if it is not just storage."""
    command: str = ""
    """How it is spelled in a command; "" for its address."""

    @property
    def name(self) -> str:
        """What it is called."""
        return self.title or f"storage {self.words}"

    @property
    def spelled(self) -> str:
        """The words of a command that name it."""
        return self.command or (self.words if self.owner else f"real {self.words}")

    @property
    def length(self) -> int:
        """In bytes."""
        return sum(length for _, length in self.pieces)

    def value(self, system: "System") -> bytes | None:
        """What it has now."""
        found = [self._piece(system, at, length) for at, length in self.pieces]
        return None if None in found else b"".join(each for each in found if each is not None)

    def _piece(self, system: "System", at: int, length: int) -> bytes | None:
        vm = vm_of(system, self.owner)
        if vm is None:
            return system.machine.storage.read(at, length) if not self.owner or system.cp is None else None
        return vm.peek(at, length) or None

    def frame(self, system: "System", at: int) -> int | None:
        """The absolute address of the page or frame that an address is in now; None while it is out."""
        vm = vm_of(system, self.owner)
        if vm is None:
            return at & -FRAME if not self.owner or system.cp is None else None
        return vm.storage.frame_of(at // FRAME) if vm.storage.addressable(at) else None

    def show(self, value: bytes | None) -> str:
        """A value of it in text."""
        if value is None:
            return "not there"
        text = value[:32].hex(" ", 4).upper() if len(value) % 4 == 0 else value[:32].hex().upper()
        return text if len(value) <= 32 else f"{text} and {len(value) - 32} more bytes"


@dataclass(frozen=True)
class KeyLocation(Location):
    """The storage key of a 2K block, without the reference and change bits, which every access sets.

    `address`: guest-real, or absolute.
    """

    address: int

    @property
    def name(self) -> str:
        """What it is called."""
        return f"the storage key of {self.address & -2048:06X}"

    @property
    def spelled(self) -> str:
        """The words of a command that name it."""
        return f"key {'' if self.owner else 'real '}{self.address:06X}"

    def value(self, system: "System") -> int | None:
        """What it has now."""
        vm = vm_of(system, self.owner)
        if vm is not None:
            return vm.storage.peek_key(self.address) & PROTECTION if vm.storage.addressable(self.address) else None
        if self.owner and system.cp is not None:
            return None
        return system.machine.storage.key(self.address) & PROTECTION

    def show(self, value: int | None) -> str:
        """A value of it in text."""
        if value is None:
            return "not there"
        return f"{value:02X}, access control {value >> 4:X}{', fetch protected' if value & 8 else ''}"


CLOCKS = {"comparator": "the clock comparator", "cputimer": "the CPU timer", "tod": "the TOD clock"}
"""Clocks that can be set."""


@dataclass(frozen=True)
class ClockLocation(Location):
    """What a clock was set to: it goes on by itself, which is no write."""

    clock: str

    @property
    def name(self) -> str:
        """What it is called."""
        return CLOCKS[self.clock]

    @property
    def spelled(self) -> str:
        """The words of a command that name it."""
        return self.clock

    def value(self, system: "System") -> int | None:
        """What it has now."""
        vm = vm_of(system, self.owner)
        if vm is None and self.owner and system.cp is not None:
            return None
        clocks = vm.clocks if vm is not None else system.machine.clocks
        names = {"comparator": "clock_comparator", "cputimer": "cpu_timer_zero", "tod": "tod_at_zero"}
        found: int = getattr(clocks, names[self.clock])
        return found

    def show(self, value: int | None) -> str:
        """A value of it in text."""
        return "not there" if value is None else f"setting {value & (1 << 64) - 1:016X}"


@dataclass(frozen=True)
class BlockLocation(Location):
    """A field of a block of CP: of a guest's VMBLOK, of one of its devices, or of CP itself.  A change counts."""

    block: str
    """ "vmblok", "device 009" or "cp"."""
    path: str
    """Attributes from there, with dots."""

    @property
    def name(self) -> str:
        """What it is called."""
        title = {"vmblok": "VMBLOK", "cp": "CP"}.get(self.block, f"the VDEVBLOK of {self.block}")
        return f"{self.path.upper() if self.block == 'vmblok' else self.path} in {title}"

    @property
    def spelled(self) -> str:
        """The words of a command that name it."""
        return f"{self.block} {self.path}"

    def value(self, system: "System") -> Any:
        """What it has now."""
        root = self.root(system)
        return None if root is None else follow(root, self.path)[1]

    def root(self, system: "System") -> Any:
        """The block; None while it is not there."""
        if self.block == "cp":
            return system.cp
        vm = vm_of(system, self.owner)
        if vm is None or self.block == "vmblok":
            return vm
        return vm.devices.lookup(int(self.block.split()[1], 16))

    def show(self, value: Any) -> str:
        """A value of it in text."""
        return "not there" if value is None else shown(value)


def follow(root: Any, path: str) -> tuple[bool, Any]:
    """Whether there is an attribute of that path, and its value made plain."""
    value = root
    for name in path.split("."):
        if name.startswith("_") or not hasattr(value, name):
            return False, None
        value = getattr(value, name)
    return not callable(value), _readable(value)


def _readable(value: Any) -> Any:
    if isinstance(value, PSW):
        return value.to_bytes()
    found = plain(value)
    return repr(value) if value is not None and found is None else found


def shown(value: Any) -> str:
    """A plain value in text, cut where it is very long."""
    text = _shown(value)
    return text if len(text) <= 100 else f"{text[:97]}..."


def _shown(value: Any) -> str:
    if isinstance(value, bytes):
        return value.hex(" ", 4).upper() or "empty"
    if isinstance(value, str):
        return value or "empty"
    if isinstance(value, tuple | list):
        return f"({', '.join(map(_shown, value))})" if value else "empty"
    if hasattr(value, "name") and hasattr(value, "value"):
        return f"{value!r}".partition(": ")[0].lstrip("<") if value else "0"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:X}" if value >= 0 else str(value)
    return str(value)
