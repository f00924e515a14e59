"""One virtual machine: VMBLOK, its virtual CPU and its devices.  SY20-0886 "VMBLOK" and SY20-0884.

The names are VM/370's.  The virtual CPU is a CPU like the real one whose "real" addresses are the guest's: what an
instruction does to it is what the instruction's one definition says.
"""

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, ClassVar

from edu_hv.hypervisor.paging import CP_CR0
from edu_hv.isa.codes import MASK_32, PIC, PSA, Class, Key
from edu_hv.machine.ccw import CSW
from edu_hv.machine.channel import Channels
from edu_hv.machine.channel_program import Device
from edu_hv.machine.cpu import CPU
from edu_hv.machine.dat import walk
from edu_hv.machine.interruptions import Ending, ProgramInterruption
from edu_hv.machine.psw import ADDRESS_SPACE_CONTROL, PSW
from edu_hv.machine.storage import BLOCK, BLOCK_SHIFT
from edu_hv.machine.timing import Clocks

VIRTUAL_CPU_ID = bytes.fromhex("FF 001370 0158 0000")
"""STIDP in a virtual machine: version X'FF' says "under VM".  SY20-0886 "Virtual CPU Identification"."""


class VirtualCPU(CPU):
    """The CPU the guest believes it has.  A real address here is the guest's; VMSEG's tables lead to the frames."""

    def __init__(self, real: CPU, clocks: Clocks, size: int, vmseg: int) -> None:
        super().__init__(real.storage, clocks)
        self.real = real
        self.size = size
        self.vmseg = vmseg
        self.identification = VIRTUAL_CPU_ID

    def decode_psw(self, text: bytes) -> PSW:
        """As on a machine without dual address spaces: bit 16 of an EC-mode PSW must be zero."""
        psw = super().decode_psw(text)
        if psw.secondary_space:
            psw.secondary_space = False
            psw.unassigned |= ADDRESS_SPACE_CONTROL
        return psw

    def to_real(self, address: int) -> int:
        """As on the machine; an operand beyond the guest's storage ends the instruction as it does there."""
        real = super().to_real(address)
        if real >= self.size:
            raise ProgramInterruption(PIC.ADDRESSING, Ending.TERMINATION)
        return real

    def absolute(self, real: int) -> int:
        """The address in the real machine of a guest-real address; ADDRESSING beyond the guest's storage."""
        if real >= self.size:
            raise ProgramInterruption(PIC.ADDRESSING, Ending.SUPPRESSION)
        found = walk(real, CP_CR0, self.vmseg, self.real.load_real)
        assert found.real is not None, "every page of the guest is resident"
        return self.real.absolute(found.real)

    def load_real(self, real: int, length: int) -> bytes:
        """Fetch by guest-real address, without protection, block by block: neighbours need not be so in storage."""
        pieces = [self.storage.read(self.absolute(at), size) for at, size in _blocks(real, length)]
        return b"".join(pieces)

    def store_real(self, real: int, data: bytes) -> None:
        """Store by guest-real address, without protection; nothing is stored when part of it lies outside."""
        pieces = [(self.absolute(at), at - real, size) for at, size in _blocks(real, len(data))]
        for absolute, offset, size in pieces:
            self.storage.write(absolute, data[offset : offset + size])


def _blocks(address: int, length: int) -> list[tuple[int, int]]:
    """Cut a piece of storage at 2K boundaries: (address, length) of each part."""
    parts: list[tuple[int, int]] = []
    while length > 0:
        size = min(length, BLOCK - address % BLOCK)
        parts.append((address, size))
        address, length = address + size, length - size
    return parts


@dataclass
class XINTBLOK:
    """A pending external interruption: its code and the CR0 bit that allows it."""

    code: int
    mask: int


@dataclass
class VDEVBLOK:
    """One virtual device.

    Either CP interprets its channel programs itself (`virtual`: console, reader, printer), or it is dedicated: the
    guest's channel programs are translated and started on the real device at `real`.
    """

    address: int
    device_class: str
    virtual: bool
    real: int | None = None
    busy: bool = False
    """Dedicated: an operation was started on the real device."""
    pending: CSW | None = None
    """Dedicated: an ending CSW, in guest addresses, that the guest has not taken yet."""
    task: Any = None
    """Dedicated: the RCWTASK of the operation in progress."""


@dataclass
class TerminalLine:
    """A line on a guest's terminal, from the guest's console or from CP."""

    text: str
    cp: bool


@dataclass(frozen=True)
class VMState:
    """A checkpoint of a virtual machine."""

    plain: dict[str, Any]
    cpu: Any
    channels: Any
    clocks: Any


@dataclass
class VMBLOK:
    """A logged-on virtual machine."""

    vmuser: str
    """Userid."""
    vmsize: int
    """Guest storage in bytes."""
    vmseg: int
    """Real CR1 while the guest's own DAT is off: the segment table from guest-real to real."""
    cpu: VirtualCPU
    channels: Channels
    """The virtual channels with the devices whose channel programs CP interprets."""
    clocks: Clocks
    ecmode: bool = False
    """ECMODE ON: the guest may use EC mode and all control registers."""
    vminst: bytes = b""
    """The instruction being simulated."""
    cf: bool = False
    """CP mode (VMOSTAT CF): the guest is stopped until BEGIN."""
    quantum: int = 0
    """Interval-timer units of the time slice that are left."""
    vmpxint: list[XINTBLOK] = field(default_factory=list)
    vmdevs: dict[int, VDEVBLOK] = field(default_factory=dict)
    terminal: list[TerminalLine] = field(default_factory=list)
    console_lines_seen: int = 0
    traps: int = 0
    """Times CP got control from this guest."""
    program_loops: int = 0
    """How often in a row the first instruction of the guest's program-interruption routine has failed."""

    PLAIN: ClassVar[tuple[str, ...]] = (
        "vminst", "cf", "quantum", "vmpxint", "vmdevs", "terminal", "console_lines_seen", "traps", "program_loops",
    )  # fmt: skip
    """Fields that a checkpoint copies as they are; the others have a `state` of their own or never change."""

    def state(self) -> "VMState":
        """A checkpoint."""
        plain = {name: getattr(self, name) for name in self.PLAIN}
        return VMState(deepcopy(plain), self.cpu.state(), self.channels.state(), self.clocks.state())

    def restore(self, state: "VMState") -> None:
        """Go back to a checkpoint."""
        for name, value in deepcopy(state.plain).items():
            setattr(self, name, value)
        self.cpu.restore(state.cpu)
        self.channels.restore(state.channels)
        self.clocks.restore(state.clocks)

    @property
    def vmpsw(self) -> PSW:
        """The virtual PSW.  While the guest runs, its address, CC, program mask and key are in the real PSW."""
        return self.cpu.psw

    @property
    def vmgprs(self) -> list[int]:
        """The guest's general registers while it does not run."""
        return self.cpu.gr

    @property
    def vmfprs(self) -> list[int]:
        """The guest's floating-point registers while it does not run."""
        return self.cpu.fpr

    def queue_external(self, code: int, mask: int) -> None:
        """Make an external interruption pending; blocks of the same mask bit have their codes ORed."""
        for block in self.vmpxint:
            if block.mask == mask:
                block.code |= code
                return
        self.vmpxint.append(XINTBLOK(code, mask))

    def console(self) -> Device | None:
        """The virtual console device."""
        found = [d.address for d in self.vmdevs.values() if d.device_class == "TERM"]
        return self.channels.devices.get(found[0]) if found else None


def summary(vm: VMBLOK) -> dict[str, str]:
    """The virtual machine's state by name, as text: what effects are computed from."""
    psw = vm.vmpsw
    values = {
        "mask": f"{psw.system_mask:02X}",
        "key": f"{psw.key:X}",
        "mode": "EC" if psw.ec_mode else "BC",
        "wait": "yes" if psw.wait else "no",
        "state": "PROB" if psw.problem_state else "SUP",
        "CC": str(psw.cc),
        "program mask": f"{psw.program_mask:X}",
        "address": f"{psw.instruction_address:06X}",
        "CP mode": "yes" if vm.cf else "no",
        "pending external": " ".join(f"{block.code:04X}" for block in vm.vmpxint) or "none",
        "pending I/O": " ".join(f"{d.address:03X}" for d in vm.vmdevs.values() if d.pending) or "none",
        "I/O under way": " ".join(f"{d.address:03X}" for d in vm.vmdevs.values() if d.busy) or "none",
        "CSW": _words(vm.cpu.load_real(PSA.CSW, 8)),
    }
    for kind in (Class.EXTERNAL, Class.SVC, Class.PROGRAM, Class.INPUT_OUTPUT):
        values[f"{kind.value} old PSW"] = _words(vm.cpu.load_real(kind.old_psw, 8))
    values |= {f"GR{n}": f"{value & MASK_32:08X}" for n, value in enumerate(vm.vmgprs)}
    values |= {f"CR{n}": f"{value & MASK_32:08X}" for n, value in enumerate(vm.cpu.cr)}
    return values


def changed_keys(vm: VMBLOK, before: bytes) -> list[tuple[int, int, int]]:
    """Guest address, old and new key of each 2K block whose key, but for R and C, is not what it was.

    `before` holds the real storage's keys as they were.
    """
    now = vm.cpu.storage.keys
    if now == before:
        return []
    protection = int(Key.ACCESS_CONTROL | Key.FETCH_PROTECTION)
    blocks = {n for n, key in enumerate(before) if (key ^ now[n]) & protection}
    if not blocks:
        return []
    places = ((address, vm.cpu.absolute(address) >> BLOCK_SHIFT) for address in range(0, vm.vmsize, BLOCK))
    return [(address, before[block], now[block]) for address, block in places if block in blocks]


def _words(text: bytes) -> str:
    return text.hex(" ", 4).upper()
