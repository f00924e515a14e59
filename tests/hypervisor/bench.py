"""Machines for tests of CP: under CP with guests that have console, reader, printer and tape drive; and a bare one."""

from collections.abc import Callable
from dataclasses import dataclass

from edu_hv.devices.card import CARD, CardReader
from edu_hv.devices.console import Console
from edu_hv.devices.printer import Printer
from edu_hv.devices.tape import Tape, TapeDrive
from edu_hv.guests.catalog import GUESTS
from edu_hv.hypervisor.control_program import ControlProgram
from edu_hv.hypervisor.decisions import DecisionCarriedOut, DecisionTaken, Verdict
from edu_hv.hypervisor.virtual_configuration import add_console, add_spooled, dedicate
from edu_hv.hypervisor.vmblok import VMBLOK, keys_of
from edu_hv.isa.codes import PSA
from edu_hv.isa.table import BY_MNEMONIC
from edu_hv.machine.machine import Machine
from edu_hv.machine.psw import PSW

SIZE = 0x10000
"""Bytes of storage of a bare machine and of a guest."""
REAL_SIZE = 0x80000
CONSOLE, READER, PRINTER, TAPE = 0x009, 0x00C, 0x00E, 0x181
FIRST_REAL_TAPE = 0x281
CODE = 0x0A00
"""Where `Bench.start` puts a guest's instructions."""
HANDLER = 0x3000
"""Where a guest's program new PSW leads: SVC 99, then a disabled wait is up to the test."""
ENOUGH = 400_000


@dataclass
class Bench:
    """A machine under CP."""

    machine: Machine
    cp: ControlProgram

    def log_on(self, userid: str = "A", ecmode: bool = False, tape: bytes | None = None) -> VMBLOK:
        """A virtual machine with a console, a printer, an empty reader, and a tape drive that is dedicated to it."""
        vm = self.cp.logon(userid, SIZE, ecmode)
        add_console(self.cp, vm, CONSOLE, "3215")
        add_spooled(self.cp, vm, READER, "2540R")
        add_spooled(self.cp, vm, PRINTER, "1403")
        real = FIRST_REAL_TAPE + len(self.cp.vms) - 1
        self.machine.channels.attach(real, TapeDrive(None if tape is None else Tape.from_bytes(tape, userid)))
        dedicate(self.cp, vm, TAPE, real)
        return vm

    def ipl(self, name: str, userid: str) -> VMBLOK:
        """A guest of the catalog, IPLed from its deck."""
        vm = self.log_on(userid, GUESTS[name].ecmode, GUESTS[name].tape())
        deck = GUESTS[name].deck()
        self.cp.spool.add_deck(userid, [deck[at : at + CARD] for at in range(0, len(deck), CARD)])
        self.cp.ipl(vm, READER)
        return vm

    def start(self, vm: VMBLOK, code: str = "", **psw: object) -> VMBLOK:
        """Put instructions at CODE, and the guest there, running."""
        vm.cpu.store_real(CODE, bytes.fromhex(code))
        psw.setdefault("instruction_address", CODE)
        vm.cpu.load_psw(PSW(**psw))
        vm.cf = False
        self.cp.wake(vm)
        return vm

    def until(self, condition: Callable[[], bool]) -> "Bench":
        for _ in range(ENOUGH):
            if condition():
                return self
            if not self.machine.advance():
                break
        assert condition(), "it never came to that"
        return self

    def settle(self) -> "Bench":
        """Until CP has nothing to do: a guest runs, or the machine waits."""
        return self.until(lambda: self.machine.at_boundary)

    def steps(self, count: int = 1) -> "Bench":
        """So many whole steps, CP's work for them included."""
        self.settle()
        for _ in range(count):
            self.machine.advance()
            self.settle()
        return self

    def run(self) -> "Bench":
        """Until nothing happens any more."""
        return self.until(lambda: self.machine.dead)

    def watch(self) -> list[object]:
        """The events from now on."""
        events: list[object] = []
        self.machine.observe(events.append)
        return events

    def verdicts(self, events: list[object]) -> list[Verdict]:
        return [event.verdict for event in events if isinstance(event, DecisionTaken)]

    def carried_out(self, events: list[object]) -> list[DecisionCarriedOut]:
        return [event for event in events if isinstance(event, DecisionCarriedOut)]

    def stop(self) -> None:
        """Bring the registers of the guest that runs into its VMBLOK."""
        self.settle()
        self.cp.interrupt_running()


def bench() -> Bench:
    """A machine with CP and nobody logged on."""
    machine = Machine(REAL_SIZE)
    return Bench(machine, ControlProgram(machine))


def guest(code: str = "", ecmode: bool = False, tape: bytes | None = None, **psw: object) -> tuple[Bench, VMBLOK]:
    """One guest, about to execute `code`."""
    made = bench()
    vm = made.log_on(ecmode=ecmode, tape=tape)
    return made, made.start(vm, code, **psw)


def bare(name: str) -> list[str]:
    """What a guest of the catalog writes on the console of a machine of its own."""
    machine, console, reader, drive = Machine(SIZE), Console(), CardReader(), TapeDrive()
    deck, tape = GUESTS[name].deck(), GUESTS[name].tape()
    reader.load([deck[at : at + CARD] for at in range(0, len(deck), CARD)])
    if tape is not None:
        drive.mount(Tape.from_bytes(tape, name))
    for address, device in ((CONSOLE, console), (READER, reader), (PRINTER, Printer()), (TAPE, drive)):
        machine.channels.attach(address, device)
    machine.load(READER)
    while not machine.dead:
        machine.advance()
    return list(console.lines)


def own_lines(vm: VMBLOK) -> list[str]:
    """What the guest itself wrote on its terminal."""
    return [line.text for line in vm.terminal if not line.cp]


def cp_lines(vm: VMBLOK) -> list[str]:
    """What CP wrote there."""
    return [line.text for line in vm.terminal if line.cp]


def instruction(mnemonic: str, r1: int = 0, r2: int = 0, base: int = 0, displacement: int = 0) -> str:
    """The instruction as hexadecimal text; `r1` and `r2` together are the I field of an SI instruction."""
    row = BY_MNEMONIC[mnemonic]
    if row.two_byte:
        return f"{row.code:04X}" + f"{base:X}{displacement:03X}"
    text = f"{row.code:02X}{r1:X}{r2:X}"
    return text if row.code < 0x40 else text + f"{base:X}{displacement:03X}"


def csw(vm: VMBLOK) -> str:
    """The guest's CSW."""
    return vm.peek(PSA.CSW, 8).hex(" ", 4).upper()


@dataclass
class Visible:
    """All that a program can see of its machine; the interval timer is left out."""

    psw: str
    gr: list[int]
    fpr: list[int]
    cr: list[int]
    storage: bytes
    keys: bytes

    def difference(self, other: "Visible") -> list[str]:
        """The fields that differ, in words short enough for an assertion."""
        found = [
            f"{name}: {getattr(self, name)} / {getattr(other, name)}"
            for name in ("psw", "gr", "fpr", "cr")
            if getattr(self, name) != getattr(other, name)
        ]
        for name, unit in (("storage", 8), ("keys", 1)):
            mine, its = getattr(self, name), getattr(other, name)
            if mine == its:
                continue
            for at in range(0, len(mine), unit):
                if mine[at : at + unit] != its[at : at + unit]:
                    found.append(f"{name} {at:X}: {mine[at : at + unit].hex()} / {its[at : at + unit].hex()}")
        return found


def visible_bare(machine: Machine) -> Visible:
    cpu = machine.cpu
    storage = bytearray(machine.storage.data)
    storage[PSA.INTERVAL_TIMER : PSA.INTERVAL_TIMER + 4] = bytes(4)
    return Visible(str(cpu.psw), list(cpu.gr), list(cpu.fpr), list(cpu.cr), bytes(storage), bytes(machine.storage.keys))


def visible_guest(vm: VMBLOK) -> Visible:
    """Of a guest that does not run."""
    storage = bytearray(vm.peek(0, vm.vmsize))
    storage[PSA.INTERVAL_TIMER : PSA.INTERVAL_TIMER + 4] = bytes(4)
    keys = keys_of(vm)
    return Visible(str(vm.vmpsw), list(vm.vmgprs), list(vm.vmfprs), list(vm.cpu.cr), bytes(storage), keys)
