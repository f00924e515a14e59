"""Virtual machines with devices of every kind, whose I/O instructions are simulated one by one; and a bare machine.

The guests stay in CP mode, so that nothing runs but the real channels and CP.
"""

from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

from edu_hv.devices.card import CARD, CardReader
from edu_hv.devices.console import Console
from edu_hv.devices.device import Commands, IODevice
from edu_hv.devices.printer import Printer
from edu_hv.devices.tape import Tape, TapeDrive, aws_image
from edu_hv.hypervisor.control_program import ControlProgram
from edu_hv.hypervisor.decisions import DecisionTaken, Verdict
from edu_hv.hypervisor.virtual_console import VirtualConsole
from edu_hv.hypervisor.virtual_devices import VDEVBLOK, VDEVSTAT, DeviceClass
from edu_hv.hypervisor.vmblok import VMBLOK
from edu_hv.isa.codes import PSA, Sense, UnitStatus
from edu_hv.machine.ccw import ENDING
from edu_hv.machine.machine import Machine
from edu_hv.machine.psw import PSW

SIZE = 0x10000
REAL_SIZE = 0x80000
CONSOLE, READER, PRINTER, TAPE, OTHER_TAPE, DISK = 0x009, 0x00C, 0x00E, 0x181, 0x182, 0x191
REAL_TAPE, REAL_DISK = 0x281, 0x330
AT = 0x4000
"""Where channel programs are put."""
DATA = 0x5000
CARDS = [bytes([0x40 + n]) * CARD for n in range(3)]
BLOCKS = [b"FIRST BLOCK".ljust(80), b"SECOND BLOCK".ljust(80), None, b"BEHIND THE MARK".ljust(80)]
ENABLED = PSW(0xFE)
ENOUGH = 20_000


def ccw(command: int, address: int = DATA, count: int = 80, flags: str = "") -> bytes:
    """A CCW; flags: D chain data, C chain command, L suppress length indication, S skip, P interruption."""
    bits = {"D": 0x80, "C": 0x40, "L": 0x20, "S": 0x10, "P": 0x08}
    value = sum(bits[flag] for flag in flags)
    return bytes([command]) + address.to_bytes(3, "big") + bytes([value, 0]) + count.to_bytes(2, "big")


def tic(address: int) -> bytes:
    return bytes([0x08]) + address.to_bytes(3, "big") + bytes(4)


@dataclass
class Seen:
    """What an I/O instruction gave: the condition code, and the CSW as it is in storage afterwards."""

    cc: int
    csw: str

    def __str__(self) -> str:
        return f"CC {self.cc} CSW {self.csw}"


@dataclass
class Scene:
    """A machine under CP."""

    machine: Machine = field(default_factory=lambda: Machine(REAL_SIZE))
    cp: ControlProgram = field(init=False)
    events: list[object] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cp = ControlProgram(self.machine)

    def log_on(self, userid: str = "A", ecmode: bool = False) -> VMBLOK:
        """A virtual machine with a console."""
        vm = self.cp.logon(userid, SIZE, ecmode)
        console = VirtualConsole(partial(self.cp.write_terminal, vm, cp=False))
        vm.devices.add(VDEVBLOK(CONSOLE, DeviceClass.TERM, model="3215", device=console))
        return vm

    def dedicate(self, vm: VMBLOK, address: int, real: int, device: IODevice) -> VDEVBLOK:
        """A real device for this guest alone."""
        self.machine.channels.attach(real, device)
        vdev = VDEVBLOK(address, DeviceClass.TAPE, model=device.model, real=real, vdevstat=VDEVSTAT.DEDICATED)
        vm.devices.add(vdev)
        return vdev

    def play(self, vm: VMBLOK, address: int, device: IODevice, kind: DeviceClass = DeviceClass.URI) -> VDEVBLOK:
        """A device that CP plays."""
        vdev = VDEVBLOK(address, kind, model=device.model, device=device)
        vm.devices.add(vdev)
        return vdev

    def put(self, vm: VMBLOK, *ccws: bytes, at: int = AT) -> None:
        """A channel program in the guest's storage, and the CAW."""
        vm.cpu.store_real(at, b"".join(ccws))
        vm.cpu.store_real(PSA.CAW, at.to_bytes(4, "big"))

    def issue(self, vm: VMBLOK, mnemonic: str, address: int) -> Seen:
        """An I/O instruction."""
        vm.cpu.store_real(PSA.CSW, bytes(8))
        self.cp.vio.simulate(vm, mnemonic, address)
        return Seen(vm.vmpsw.cc, csw(vm))

    def start(self, vm: VMBLOK, address: int, *ccws: bytes) -> Seen:
        """SIO of this program."""
        self.put(vm, *ccws)
        return self.issue(vm, "SIO", address)

    def settle(self) -> "Scene":
        """Until the real machine has nothing to do."""
        for _ in range(ENOUGH):
            if self.machine.dead or not self.machine.advance():
                return self
        raise AssertionError("it goes on and on")

    def answer(self) -> None:
        """CP does what it has to do at once: no time passes on the real machine."""
        machine = self.machine
        while (
            machine.handler.busy or machine.recognized or machine.channels.pending(machine.cpu.psw, machine.cpu.cr[2])
        ):
            machine.advance()

    def interruptions(self, vm: VMBLOK) -> list[str]:
        """Let the real machine finish, and take all the guest's interruptions: device and CSW of each."""
        self.settle()
        vm.vmpsw.system_mask = 0xFE
        taken = []
        while (address := self.cp.vio.pending(vm)) is not None:
            self.cp.vio.accept(vm, address)
            taken.append(f"{address:03X} {csw(vm)}")
        return taken

    def watch(self) -> "Scene":
        self.machine.observe(self.events.append)
        return self

    def verdicts(self) -> list[Verdict]:
        return [event.verdict for event in self.events if isinstance(event, DecisionTaken)]


def csw(vm: VMBLOK) -> str:
    """The CSW in the guest's storage."""
    return vm.cpu.load_real(PSA.CSW, 8).hex(" ", 4).upper()


def scene() -> tuple[Scene, VMBLOK]:
    """One guest with a console, a reader with cards, a printer, and two tape drives that are dedicated."""
    made = Scene()
    vm = made.log_on()
    made.play(vm, READER, reader())
    made.play(vm, PRINTER, Printer(), DeviceClass.URO)
    made.dedicate(vm, TAPE, REAL_TAPE, tape())
    made.dedicate(vm, OTHER_TAPE, REAL_TAPE + 1, tape())
    return made, vm


def reader() -> CardReader:
    device = CardReader()
    device.load(CARDS)
    return device


def tape() -> TapeDrive:
    return TapeDrive(Tape.from_bytes(aws_image(BLOCKS), "test"))


class Bare:
    """The same devices on a machine of their own, which is idle: its channels carry the instructions out."""

    def __init__(self) -> None:
        self.machine = Machine(SIZE)
        self.cpu, self.channels = self.machine.cpu, self.machine.channels
        for address, device in (
            (CONSOLE, Console()),
            (READER, reader()),
            (TAPE, tape()),
            (OTHER_TAPE, tape()),
        ):
            self.channels.attach(address, device)

    def issue(self, mnemonic: str, address: int) -> Seen:
        self.cpu.store_real(PSA.CSW, bytes(8))
        methods = {
            "SIO": self.channels.start_io,
            "SIOF": self.channels.start_io_fast_release,
            "TIO": self.channels.test_io,
            "CLRIO": self.channels.clear_io,
            "HIO": self.channels.halt_io,
            "HDV": self.channels.halt_device,
        }
        if mnemonic == "TCH":
            cc = self.channels.test_channel(address)
        elif mnemonic == "STIDC":
            cc = self.channels.store_channel_id(self.cpu, address)
        else:
            cc = methods[mnemonic](self.cpu, address)
        return Seen(cc, self.cpu.load_real(PSA.CSW, 8).hex(" ", 4).upper())

    def settle(self) -> None:
        while self.channels.next_event is not None:
            self.machine.clocks.now = max(self.machine.clocks.now, self.channels.next_event)
            self.channels.advance()

    def interruption(self) -> str:
        address = self.channels.pending(ENABLED, 0xFFFFFFFF)
        if address is None:
            return ""
        self.channels.accept(self.cpu, address)
        return f"{address:03X} {self.cpu.load_real(PSA.CSW, 8).hex(' ', 4).upper()}"


class FailingDevice(IODevice):
    """READ X'02' gives 4 bytes; the one with the number `fails_at` (from 1) ends as told instead."""

    model = "TEST"
    burst = True
    sense_length = 4

    def __init__(self, fails_at: int = 0, status: UnitStatus = UnitStatus.UNIT_CHECK, sense: int = 0) -> None:
        super().__init__()
        self.fails_at, self.status, self.why = fails_at, status, sense
        self.reads = 0
        self.is_ready = True

    @property
    def ready(self) -> bool:
        return self.is_ready

    def read(self, transfer) -> UnitStatus:
        self.reads += 1
        if self.reads == self.fails_at:
            return ENDING | self.unit_check(self.why or Sense.EQUIPMENT_CHECK, 0xAB, self.reads)
        transfer.to_storage(bytes([self.reads]) * 4)
        return ENDING

    def seek(self, transfer) -> UnitStatus:
        transfer.from_storage()
        return UnitStatus.CHANNEL_END

    def motion(self, command: int, count: int) -> int:
        return 100

    def contents(self):
        return self.reads, self.is_ready

    def restore_contents(self, contents) -> None:
        self.reads, self.is_ready = contents

    commands: ClassVar[Commands] = {0x02: read, 0x07: seek}
