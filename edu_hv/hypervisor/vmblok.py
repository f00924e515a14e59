"""One virtual machine: VMBLOK, ECBLOK and XINTBLOK.  SY20-0886 "VMBLOK" and SY20-0884 *Data Areas and Control Blocks*.

The names and bits are VM/370's.  The virtual CPU is in `virtual_cpu`, the virtual devices in `virtual_devices`, the
guest's pages in `paging`.
"""

from copy import deepcopy
from dataclasses import dataclass, field
from enum import IntFlag
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from edu_hv.hypervisor.virtual_cpu import VirtualCPU
from edu_hv.isa.codes import PIC, Key
from edu_hv.machine.dat import walk
from edu_hv.machine.interruptions import Interruption, ProgramInterruption
from edu_hv.machine.psw import PSW
from edu_hv.machine.storage import BLOCK
from edu_hv.machine.timing import Clocks

if TYPE_CHECKING:
    from edu_hv.hypervisor.shadow import ShadowTables
    from edu_hv.hypervisor.virtual_devices import VirtualDevices
    from edu_hv.hypervisor.virtual_storage import VirtualStorage


class RunStatus(IntFlag):
    """VMRSTAT: why the machine does not run.  All but PSWAIT and IDLE are a "CP wait"."""

    CFWAIT = 0x80
    """In console function (CP) mode."""
    PGWAIT = 0x40
    """For a page."""
    IOWAIT = 0x20
    """For a real operation to be started, or a synchronous one to end."""
    PSWAIT = 0x10
    """The virtual PSW has its wait bit on."""
    EXWAIT = 0x08
    """The simulation of an instruction is not complete."""
    LOGON = 0x04
    LOGOFF = 0x02
    IDLE = 0x01


CP_WAIT = ~(RunStatus.PSWAIT | RunStatus.IDLE) & 0xFF
"""The bits of VMRSTAT with which the machine is not dispatched, whatever its PSW."""


class DispatchStatus(IntFlag):
    """VMDSTAT."""

    DSP = 0x80
    """Its state is in the real registers."""
    TSEND = 0x40
    """The time slice has ended."""
    QSEND = 0x20
    """The in-queue slice has ended."""
    TIO = 0x10
    RUN = 0x08
    """Runnable."""
    INQ = 0x04
    ELIG = 0x02
    DSPCH = 0x01


class OtherStatus(IntFlag):
    """VMOSTAT."""

    SYSOP = 0x80
    """The system operator."""
    SHR = 0x40
    """Uses shared segments."""
    SLEEP = 0x20
    DISC = 0x10
    """Disconnected."""
    CFRUN = 0x08
    """SET RUN ON: it goes on running while its operator is in CP mode."""
    VIRCF = 0x04
    CF = 0x02
    """In CP mode."""
    KILL = 0x01


class ProcessStatus(IntFlag):
    """VMPSTAT: what the machine is."""

    ISAM = 0x80
    V370R = 0x40
    """SET ECMODE ON: extended control mode and all control registers."""
    RPAGE = 0x20
    REAL = 0x10
    NOTRAN = 0x08
    NSHR = 0x04
    ACCT = 0x02
    PAGEX = 0x01
    """Pseudo page faults."""


class ExtendedStatus(IntFlag):
    """VMESTAT."""

    SHADT = 0x80
    """Shadow tables exist."""
    PERCM = 0x40
    """The virtual PSW has PER on."""
    BADCR0 = 0x20
    """The translation format in the virtual CR0 is none of the four."""
    MICSVC = 0x10
    EXTCM = 0x08
    """The virtual PSW is in extended control mode."""
    NEWCR0 = 0x04
    INVSEG = 0x02
    INVPAG = 0x01
    """Shadow page tables are to be invalidated before the machine runs."""


class TraceControl(IntFlag):
    """VMTRCTL: what TRACE is on for."""

    PER = 0x80
    SVC = 0x40
    PRG = 0x20
    IO = 0x10
    EXT = 0x08
    PRIV = 0x04
    SIO = 0x02
    BRANCH = 0x01
    """Taken branches, or every instruction."""


class QueueLevel(IntFlag):
    """VMQLEVEL."""

    Q1 = 0x80
    COMP = 0x40
    """Compute-bound: four times the slice."""
    HIPRI = 0x20
    LOPRI = 0x10


class TimerLevel(IntFlag):
    """VMTLEVEL."""

    TIMER = 0x80
    """SET TIMER ON: the interval timer counts the machine's own time."""
    REAL = 0x40
    """SET TIMER REAL: and its waits."""
    CPU = 0x20
    """The CPU timer is in use."""


class Pending(IntFlag):
    """VMPEND: what is pending for the machine."""

    DEFSTK = 0x80
    PER = 0x40
    PRG = 0x20
    SVC = 0x10
    PSEUDO = 0x08
    """A pseudo page fault."""
    IO = 0x02
    EXT = 0x01


@dataclass
class ECBLOK:
    """What a machine with ECMODE ON has besides: the other control registers, shadow tables, clocks.

    The virtual control registers are those of the virtual CPU, the clock comparator and the CPU timer are in the
    virtual clocks: `VirtualCPU.cr` and `VMBLOK.clocks`.
    """

    shadow: "ShadowTables"
    comparator_seen: bool = False
    """The clock comparator's condition was made pending since it was last set."""


@dataclass
class XINTBLOK:
    """A pending external interruption.

    The chain is in the order of `sort`; blocks of one sort have their codes ORed.
    """

    sort: int
    code: int
    mask: int
    """The bit of the virtual CR0 that allows it."""
    parameter: int = 0


@dataclass
class TerminalLine:
    """A line on a guest's terminal, from the guest's console or from CP."""

    text: str
    cp: bool


VMState = tuple["VMBLOK", dict[str, Any], Any, Any, Any, Any, Any]
"""A checkpoint of a virtual machine, with the machine that it is of."""


@dataclass(eq=False)
class VMBLOK:
    """A logged-on virtual machine."""

    vmuser: str
    """Userid."""
    storage: "VirtualStorage"
    """Its pages."""
    cpu: VirtualCPU
    devices: "VirtualDevices"
    clocks: Clocks
    """Time as it sees it: the TOD clock of the real machine, its own CPU timer and clock comparator."""
    vmcls: str = "G"
    """Privilege classes."""
    vmaccnt: str = ""
    vmdist: str = ""
    ecblok: ECBLOK | None = None
    vmrstat: RunStatus = field(default_factory=partial(RunStatus, 0))
    vmdstat: DispatchStatus = field(default_factory=partial(DispatchStatus, 0))
    vmostat: OtherStatus = field(default_factory=partial(OtherStatus, 0))
    vmpstat: ProcessStatus = field(default_factory=partial(ProcessStatus, 0))
    vmestat: ExtendedStatus = field(default_factory=partial(ExtendedStatus, 0))
    vmtrctl: TraceControl = field(default_factory=partial(TraceControl, 0))
    vmqlevel: QueueLevel = QueueLevel.Q1
    vmtlevel: TimerLevel = TimerLevel.TIMER
    vmpend: Pending = field(default_factory=partial(Pending, 0))
    vminst: bytes = b""
    """The instruction being simulated."""
    vmpxint: list[XINTBLOK] = field(default_factory=list)
    pending_program: Interruption | None = None
    """A program interruption that waits: PER behind an SVC."""
    pages_wanted: tuple[int, ...] = ()
    """Pages it waits for (PGWAIT)."""
    pages_told: tuple[int, ...] = ()
    """With PAGEX: pages on their way that a pseudo page fault was given for."""
    pages_arrived: tuple[int, ...] = ()
    """Those of them that have come; the guest gets a second pseudo page fault for each, one by one."""
    waiting_since: int | None = None
    """Machine time at which a wait began that its timers count (SET TIMER REAL)."""
    terminal: list[TerminalLine] = field(default_factory=list)
    vmtimer: int = 0
    """Interval-timer units that were not taken off the timer in storage yet, as its page was out."""
    vmvtime: int = 0
    """Microseconds of machine time that it ran."""
    vmttime: int = 0
    """The same with what CP did for it."""
    sio_count: int = 0
    """Start I/O operations (INDICATE USER)."""
    logged_on_at: int = 0
    """Machine time."""
    quantum: int = 0
    """Interval-timer units of the dispatch slice that are left."""
    queue_left: int = 0
    """Microseconds of the in-queue slice that are left."""
    resets: int = 0
    """Times it was reset: a DIAGNOSE that has led to one has no results."""
    traps: int = 0
    """Times CP got control from this guest."""
    program_loops: int = 0
    """How often in a row the first instruction of the guest's program-interruption routine has failed."""
    external_loops: int = 0
    """How often in a row an external interruption has found its successor allowed by its own new PSW."""
    vmadstop: tuple[int, bytes] | None = None
    """Guest-real address at which ADSTOP put an SVC X'B3', and the two bytes that were there."""
    cp_per: tuple[int, int, int] | None = None
    """Control registers 9 to 11 with which CP itself records program events of the machine (TRACE, PER)."""
    vmgprs_before: tuple[int, ...] = ()
    """The general registers when it was dispatched, while CP records the fetch of every instruction; else empty."""
    settings: dict[str, str] = field(default_factory=dict)
    """What SET and TERMINAL say, where no bit of a status byte does: EMSG, MSG, WNG, IMSG, LINEDIT, ..."""
    extra: dict[str, Any] = field(default_factory=dict)
    """What other parts of CP keep with a machine (traces, VMCF, the assist), by name; plain values."""

    _noted: tuple[bool, bool, bool, bool] | None = None
    """What the status bytes say already of the virtual PSW and of pending I/O."""

    PLAIN: ClassVar[tuple[str, ...]] = (
        "vmcls", "vmaccnt", "vmdist", "vmrstat", "vmdstat", "vmostat", "vmpstat", "vmestat", "vmtrctl", "vmqlevel",
        "vmtlevel", "vmpend", "vminst", "vmtimer", "vmvtime", "vmttime", "sio_count", "logged_on_at", "quantum",
        "queue_left", "traps", "resets", "program_loops", "external_loops", "pending_program",
        "pages_wanted", "pages_told", "pages_arrived", "waiting_since", "cp_per", "vmadstop", "vmgprs_before",
    )  # fmt: skip
    """Immutable fields: a checkpoint keeps them as they are."""
    COPIED: ClassVar[tuple[str, ...]] = ("vmpxint", "settings", "extra")
    """Fields that a checkpoint copies."""

    # ---- what the machine is ---------------------------------------------------------------------------------

    @property
    def vmsize(self) -> int:
        """Guest storage in bytes."""
        return self.storage.size

    @property
    def vmseg(self) -> int:
        """Real CR1 while the guest's own DAT is off: the segment table from guest-real to real."""
        return self.storage.vmseg

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

    @property
    def ecmode(self) -> bool:
        """ECMODE ON: the guest may use EC mode and all control registers."""
        return self.ecblok is not None

    @property
    def shadow(self) -> "ShadowTables | None":
        """Its shadow tables, if it can have any."""
        return self.ecblok.shadow if self.ecblok else None

    @property
    def translating(self) -> bool:
        """The guest's own DAT is on."""
        return self.vmpsw.dat and self.ecmode

    # ---- states ----------------------------------------------------------------------------------------------

    @property
    def cf(self) -> bool:
        """Stopped in CP mode until BEGIN.  With SET RUN ON the operator can be in CP mode (VMOSTAT CF) without that."""
        return bool(self.vmrstat & RunStatus.CFWAIT)

    @cf.setter
    def cf(self, on: bool) -> None:
        if on:
            self.vmostat |= OtherStatus.CF
            self.vmrstat |= RunStatus.CFWAIT
        else:
            self.vmostat &= ~OtherStatus.CF
            self.vmrstat &= ~RunStatus.CFWAIT

    @property
    def cp_wait(self) -> bool:
        """It is not to be dispatched, whatever its PSW says."""
        return bool(self.vmrstat & CP_WAIT)

    def begin_wait(self, why: RunStatus) -> None:
        """CP has something to do before it goes on."""
        self.vmrstat |= why

    def end_wait(self, why: RunStatus) -> None:
        """CP has done it."""
        self.vmrstat &= ~why

    def note_psw(self) -> None:
        """Bring the bits of status bytes that follow from the virtual PSW up to date."""
        psw, io = self.vmpsw, bool(self.devices.vmioint)
        now = psw.ec_mode, psw.per, psw.wait, io
        if now == self._noted:
            return
        self._noted = now
        both = ExtendedStatus.EXTCM | ExtendedStatus.PERCM
        mode = ExtendedStatus.EXTCM * psw.ec_mode | ExtendedStatus.PERCM * psw.per
        self.vmestat = self.vmestat & ~both | ExtendedStatus(mode)
        self.vmrstat = self.vmrstat | RunStatus.PSWAIT if psw.wait else self.vmrstat & ~RunStatus.PSWAIT
        self.vmpend = self.vmpend | Pending.IO if io else self.vmpend & ~Pending.IO

    # ---- interruptions ---------------------------------------------------------------------------------------

    def queue_external(self, code: int, mask: int, parameter: int = 0) -> None:
        """Make an external interruption pending; blocks of the same mask bit have their codes ORed.

        Timer and key share one sort, so that they can come together, before the others in the order of their codes.
        """
        sort = 0 if code < 0x100 else code
        for block in self.vmpxint:
            if block.mask == mask and block.sort == sort and (sort == 0 or not parameter):
                block.code |= code
                return
        self.vmpxint.append(XINTBLOK(sort, code, mask, parameter))
        self.vmpxint.sort(key=lambda block: block.sort)
        self.vmpend |= Pending.EXT

    def withdraw_external(self, mask: int) -> None:
        """The condition behind a pending external interruption is gone."""
        self.vmpxint = [block for block in self.vmpxint if block.mask != mask]
        if not self.vmpxint:
            self.vmpend &= ~Pending.EXT

    # ---- looking: changes nothing ----------------------------------------------------------------------------

    def peek(self, address: int, length: int) -> bytes:
        """Guest-real storage wherever it is, in a frame or paged out; b"" outside the guest's storage."""
        return self.storage.peek(address, length) if address + length <= self.vmsize else b""

    def peek_logical(self, address: int, length: int) -> bytes:
        """Guest storage by logical address, through the guest's own tables when its DAT is on; b"" if it is not there.

        Within one page of the guest's.
        """
        real = self.guest_real(address)
        return b"" if real is None else self.peek(real, length)

    def guest_real(self, address: int) -> int | None:
        """The guest-real address of a logical one, through the guest's own tables when its DAT is on; None for none."""
        if not self.translating:
            return address
        try:
            return walk(address, self.cpu.cr[0], self.cpu.cr[1], self.peek_or_addressing).real
        except ProgramInterruption:
            return None

    def peek_or_addressing(self, address: int, length: int) -> bytes:
        """The same as `peek`, for a walk through tables.  Raises ADDRESSING outside the guest's storage."""
        found = self.peek(address, length)
        if not found:
            raise ProgramInterruption(PIC.ADDRESSING)
        return found

    # ---- checkpoint ------------------------------------------------------------------------------------------

    def state(self) -> VMState:
        """A checkpoint."""
        plain = {name: getattr(self, name) for name in self.PLAIN}
        plain |= {name: deepcopy(getattr(self, name)) for name in self.COPIED}
        ecblok = self.ecblok
        extended = None if ecblok is None else (ecblok, ecblok.shadow.state(), ecblok.comparator_seen)
        where = self.storage, tuple(self.terminal)
        return self, plain, self.cpu.state(), self.devices.state(), self.clocks.state(), extended, where

    def restore(self, state: VMState) -> None:
        """Go back to a checkpoint."""
        _, plain, cpu, devices, clocks, extended, (self.storage, lines) = state
        for name in self.PLAIN:
            setattr(self, name, plain[name])
        self._noted = None
        for name in self.COPIED:
            setattr(self, name, deepcopy(plain[name]))
        self.cpu.pages = self.storage
        self.cpu.restore(cpu)
        self.devices.restore(devices)
        self.clocks.restore(clocks)
        self.terminal[:] = lines
        self.ecblok = None
        if extended is not None:
            self.ecblok, shadow, self.ecblok.comparator_seen = extended[0], extended[1], extended[2]
            self.ecblok.shadow.restore(shadow)


def waits(vm: VMBLOK) -> str:
    """The names of the CP waits in VMRSTAT."""
    return wait_names(vm.vmrstat)


def wait_names(status: int) -> str:
    """The names of the CP waits among some bits of VMRSTAT."""
    return " ".join(bit.name for bit in RunStatus if bit & status & CP_WAIT and bit.name)


def keys_of(vm: VMBLOK) -> bytes:
    """The storage keys as the guest sees them, one a 2K block.  Looks, and changes nothing."""
    return bytes(vm.storage.peek_key(at) for at in range(0, vm.vmsize, BLOCK))


def changed_keys(vm: VMBLOK, before: bytes) -> list[tuple[int, int, int]]:
    """Guest address, old and new key of each 2K block whose key, but for R and C, is not what it was."""
    now = keys_of(vm)
    protection = int(Key.ACCESS_CONTROL | Key.FETCH_PROTECTION)
    both = enumerate(zip(before, now, strict=False))
    return [(n * BLOCK, old, new) for n, (old, new) in both if (old ^ new) & protection]
