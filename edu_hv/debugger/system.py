"""What is loaded: a machine, bare or under CP, with its guests, devices and programs.

Everything that happens in it follows from the programs and from the inputs of `apply`; `state` and `restore` are exact.
"""

from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from edu_hv.asm.assembler import Assembly, assemble
from edu_hv.asm.deck import read_deck
from edu_hv.debugger.configuration import Configuration
from edu_hv.debugger.listing_index import ListingIndex
from edu_hv.devices.card import CardReader
from edu_hv.devices.catalog import put_on
from edu_hv.devices.console import Console
from edu_hv.devices.device import IODevice
from edu_hv.devices.display import Display
from edu_hv.devices.printer import Printer
from edu_hv.devices.tape import Tape, TapeDrive
from edu_hv.engine import make_engine
from edu_hv.hypervisor.commands import Answer, run_command
from edu_hv.hypervisor.control_program import ControlProgram, Stage
from edu_hv.hypervisor.vmblok import VMBLOK
from edu_hv.isa.codes import UnitStatus
from edu_hv.isa.errors import UserError
from edu_hv.machine.machine import Architecture, Machine
from edu_hv.machine.machine_check import Failure
from edu_hv.machine.psw import PSW

BARE = "bare"
"""What the guest is called when there is no CP: the program has the machine to itself."""

GUEST_SIZE = 256 * 1024
"""Bytes of storage of the bare machine, and of each virtual machine."""
REAL_SIZE = 1024 * 1024
"""Bytes of real storage under CP."""

CONSOLE, READER, PRINTER, TAPE = 0x009, 0x00C, 0x00E, 0x181
"""Device addresses a program finds, bare and as a guest."""
FIRST_REAL_TAPE = 0x281
"""Under CP the guests' tape drives are at 281, 282, ... in the real machine."""
MOST_GUESTS = 3
"""What fits into REAL_SIZE beside CP."""


class Program(Protocol):
    """What can be loaded: a guest of the catalog, or a user's source or deck."""

    @property
    def name(self) -> str:
        """A short name; the userid under CP is made of it."""

    def assembly(self) -> Assembly | None:
        """The assembled source, for the code pane; None for a deck without one."""

    def deck(self) -> bytes | None:
        """Card images to IPL from, or None: the assembled text is put into storage as it is."""

    def tape(self) -> bytes | None:
        """An AWS tape image for drive 181, or None: nothing is mounted."""


@dataclass(frozen=True)
class SourceProgram:
    """A program given as source text: assembled, and put into storage without an IPL."""

    name: str
    assembled: Assembly

    def assembly(self) -> Assembly:
        """The assembled source."""
        return self.assembled

    def deck(self) -> None:
        """It comes on no deck."""

    def tape(self) -> None:
        """It has no tape."""


def from_source(source: str, name: str) -> SourceProgram:
    """Assemble a source text.  Raises AssemblyError for what does not assemble."""
    return SourceProgram(name, assemble(source, name))


INPUTS = {
    "enter": "a line at the console",
    "cp": "a CP command",
    "key": "the INTERRUPT key",
    "mount": "a tape on the drive of a guest",
    "medium": "cards, a tape or a pack on a device of the bare machine",
    "request": "the REQUEST key of a console of the bare machine",
    "restart": "the RESTART key of the bare machine",
    "store status": "the STORE STATUS key of the bare machine",
    "failure": "something in the bare machine fails",
    "terminal": "a key of a display of the bare machine, or its power",
}
"""The kinds of inputs."""
TERMINAL_OFF = "off"
"""The text of the input that a terminal has gone; without data any other says that one has come."""


@dataclass(frozen=True)
class Input:
    """Something from outside that the machine will react to."""

    kind: str
    """One of INPUTS."""
    guest: str
    text: str = ""
    """The line or command; of a medium, its name and then the options, a line each; of a failure, what fails; of a
    terminal, what was done there."""
    data: bytes = b""
    """Of a medium: the contents of the file.  They are part of the recording, whatever becomes of the file.
    Of a terminal: what it sent."""
    device: int = 0
    """The device, where the input is for one."""


@dataclass
class Guest:
    """A guest as the debugger knows it; on the bare machine there is one, called BARE."""

    name: str
    program: Program
    console: Console
    vm: VMBLOK | None
    tape: TapeDrive
    real_tape: int
    """Address of its tape drive in the real machine."""
    console_address: int = CONSOLE

    @cached_property
    def assembly(self) -> Assembly | None:
        """Its program's assembly."""
        return self.program.assembly()

    @cached_property
    def index(self) -> ListingIndex:
        """Its program's statements by address."""
        return ListingIndex(self.assembly)

    def console_lines(self) -> list[str]:
        """What its terminal shows, oldest first."""
        if self.vm is not None:
            return [line.text for line in self.vm.terminal]
        return list(self.console.lines)

    def own_console_lines(self) -> list[str]:
        """What the program itself has written to its console, without CP's messages."""
        return list(self.console.lines)


class System:
    """A machine with what was loaded into it.  Build one with `bare` or `under_cp`."""

    def __init__(self, machine: Machine, cp: ControlProgram | None, guests: list[Guest]) -> None:
        self.machine = machine
        self.cp = cp
        self.guests = guests
        self._by_name = {guest.name: guest for guest in guests}
        self._engine_wanted = machine.architecture is Architecture.S370
        """An engine has not been asked for yet."""

    @property
    def running(self) -> str:
        """Name of the guest that has the real CPU, or "" while CP has it or it waits."""
        return BARE if self.cp is None else self.cp.running or ""

    def psw_of(self, name: str) -> PSW:
        """The PSW as the guest believes it to be; while it runs, only its masks and states are up to date there."""
        vm = self._by_name[name].vm
        return self.machine.cpu.psw if vm is None else vm.vmpsw

    def about_to_execute(self) -> tuple[str, int] | None:
        """Guest and address of the instruction that the next unit executes, or None if it does something else.

        An interruption that is pending may still come first.
        """
        machine = self.machine
        psw = machine.cpu.psw
        if psw.wait or not machine.at_boundary:
            return None
        running = self.running
        return (running, psw.instruction_address) if running else None

    def guest(self, name: str) -> Guest:
        """The guest of that name (any case).  Raises UserError for an unknown one."""
        guest = self._by_name.get(name) or self._by_name.get(name.upper()) or self._by_name.get(name.lower())
        if guest is not None:
            return guest
        names = ", ".join(guest.name for guest in self.guests)
        raise UserError(f'there is no guest "{name}"; loaded: {names}')

    # ---- inputs ----------------------------------------------------------------------------------------------

    def apply(self, given: Input) -> Answer:
        """Give an input to the machine now; what CP answers comes back."""
        guest = self.guest(given.guest)
        match given.kind:
            case "enter":
                self._enter(guest, given.text)
            case "cp":
                return self._cp_command(guest, given.text)
            case "key":
                self._press_key(guest)
            case "mount":
                self._mount(guest, Tape.from_bytes(given.data, given.text))
            case _:
                self._operate(given)
        return Answer()

    def _operate(self, given: Input) -> None:
        """What an operator does at the bare machine itself, which is CP's business when CP runs on it."""
        if self.cp is not None:
            raise UserError(f"{INPUTS[given.kind]}: that is for the bare machine; under CP the real machine is CP's")
        machine = self.machine
        match given.kind:
            case "medium":
                self._put(given)
            case "request":
                self._request(given)
            case "terminal":
                self._at_terminal(given)
            case "restart":
                machine.press_restart_key()
            case "store status":
                machine.store_status()
            case "failure":
                machine.present_failure(Failure[given.text.upper().replace(" ", "_").replace("-", "_")])

    def _put(self, given: Input) -> None:
        """A medium on a device that is attached; the device may have become ready."""
        device = self.machine.channels.devices.get(given.device)
        if not isinstance(device, IODevice):
            raise UserError(f"there is no device {given.device:03X}; configuration shows what is attached")
        name, *options = given.text.split("\n")
        status = put_on(device, given.data, name, tuple(options))
        if status:
            self.machine.channels.present(given.device, status)

    def _request(self, given: Input) -> None:
        """The REQUEST key of a console: that of the machine's operator, unless another one is named."""
        address = given.device or self.guest(given.guest).console_address
        console = self.machine.channels.devices.get(address)
        if not isinstance(console, Console):
            raise UserError(f"there is no console {address:03X}; configuration shows what is attached")
        if status := console.request():
            self.machine.channels.present(address, status)

    def _at_terminal(self, given: Input) -> None:
        """A terminal of a display has come or gone, or a key was pressed there."""
        display = self.machine.channels.devices.get(given.device)
        if not isinstance(display, Display):
            raise UserError(f"there is no display {given.device:03X}; configuration shows what is attached")
        if given.data:
            status = display.key(given.data)
        else:
            status = display.disconnect() if given.text == TERMINAL_OFF else display.connect()
        if status:
            self.machine.channels.present(given.device, status)

    def _enter(self, guest: Guest, text: str) -> None:
        """A line at the keyboard: it ends a read that waits for it, else it asks for attention."""
        channels = guest.vm.channels if guest.vm else self.machine.channels
        address = guest.console_address
        if self.cp is None and address not in channels.devices:
            raise UserError("the machine has no console to enter a line at: attach one, such as attach 009 3215")
        awaited = channels.awaits_input(address)
        guest.console.enter(text)
        if not awaited:
            channels.present(address, UnitStatus.ATTENTION)
        if self.cp is not None and guest.vm is not None:
            self.cp.console_input(guest.vm)

    def _cp_command(self, guest: Guest, text: str) -> Answer:
        if self.cp is None or guest.vm is None:
            raise UserError("the bare machine has no CP to give a command to; load the program under CP first")
        return run_command(self.cp, guest.vm, text)

    def _press_key(self, guest: Guest) -> None:
        if self.cp is not None and guest.vm is not None:
            run_command(self.cp, guest.vm, "EXTERNAL")
        else:
            self.machine.press_interrupt_key()

    def _mount(self, guest: Guest, tape: Tape) -> None:
        """A tape on the guest's drive; a drive that was empty tells that it has become ready."""
        status = guest.tape.mount(tape)
        if status:
            self.machine.channels.present(guest.real_tape, status)

    # ---- the engine ------------------------------------------------------------------------------------------

    def start_engine(self, stops: Set[int]) -> bool:
        """Have compiled code execute instructions, but none at the addresses `stops`; whether that can be.

        It cannot where the package for it is missing, and for a System/360.
        """
        machine = self.machine
        if machine.engine is None and self._engine_wanted:
            self._engine_wanted = False
            machine.engine = make_engine(machine.cpu)
        if machine.engine is None:
            return False
        machine.engine.stops = set(stops)
        return True

    # ---- checkpoint ------------------------------------------------------------------------------------------

    def state(self) -> Any:
        """A checkpoint."""
        return self.machine.state(), self.cp.state() if self.cp else None

    def state_with_vmblok_up_to_date(self) -> Any:
        """The same, as it would be after CP had looked at a guest that runs: what two moments are compared by."""
        if self.cp is None:
            return self.state()
        before = self.state()
        with self.cp.registers_in_vmblok():
            pass
        found = self.state()
        self.restore(before)
        return found

    def restore(self, state: Any) -> None:
        """Go back to a checkpoint."""
        machine, cp = state
        self.machine.restore(machine)
        if self.cp:
            self.cp.restore(cp)


def live_psw(cp: ControlProgram, vm: VMBLOK) -> PSW | None:
    """Where the guest's address, CC, program mask and key really are while its VMBLOK is not up to date, or None.

    Its general registers are in the real CPU at the same times.
    """
    if cp.running != vm.vmuser:
        return None
    if cp.work.stage is Stage.DECODE and cp.work.interruption is not None:
        return PSW.from_bytes(cp.real.load_real(cp.work.interruption.kind.old_psw, 8))
    return cp.real.psw


def bare(program: Program) -> System:
    """The bare machine with the program loaded.  Raises UserError for what cannot be loaded."""
    machine = Machine(GUEST_SIZE)
    console, tape = Console(), TapeDrive(_tape(program))
    for address, device in ((CONSOLE, console), (READER, _reader(program)), (PRINTER, Printer()), (TAPE, tape)):
        machine.channels.attach(address, device)
    if program.deck() is not None:
        with _naming_the_deck(program):
            machine.load(READER)
    else:
        machine.cpu.load_psw(_put_into_storage(program, machine.cpu.store_real))
    return System(machine, None, [Guest(BARE, program, console, None, tape, TAPE)])


@dataclass(frozen=True)
class LoadedFrom:
    """What an operator loaded from a device: nobody knows what it is."""

    name: str
    device: int

    def assembly(self) -> None:
        """There is no source."""

    def deck(self) -> None:
        """It is on the device."""

    def tape(self) -> None:
        """It is on the device."""


def configured(configuration: Configuration, device: int) -> System:
    """The bare machine of a configuration, loaded from a device.  Raises UserError when that cannot be done."""
    machine = configuration.build()
    machine.load(device)
    attached = sorted(machine.channels.devices.items())
    by_age = [(address, machine.channels.devices[address]) for address in configuration.attachments]
    # The operator sits at the console that was attached last: one at 01F is meant to be used, and 009 was just there.
    consoles = [(address, found) for address, found in reversed(by_age) if isinstance(found, Console)]
    tapes = [(address, found) for address, found in attached if isinstance(found, TapeDrive)]
    console_address, console = consoles[0] if consoles else (CONSOLE, Console())
    tape_address, tape = tapes[0] if tapes else (TAPE, TapeDrive())
    program = LoadedFrom(f"what {device:03X} loaded", device)
    return System(machine, None, [Guest(BARE, program, console, None, tape, tape_address, console_address)])


def under_cp(programs: Sequence[Program]) -> System:
    """The programs as guests of CP, one virtual machine each.  Raises UserError for what cannot be loaded."""
    if not 1 <= len(programs) <= MOST_GUESTS:
        raise UserError(f"CP can run 1 to {MOST_GUESTS} guests here, not {len(programs)}")
    machine = Machine(REAL_SIZE)
    cp = ControlProgram(machine)
    guests: list[Guest] = []
    for number, program in enumerate(programs):
        guests.append(_log_on(cp, program, _userid(program.name, guests), FIRST_REAL_TAPE + number))
    return System(machine, cp, guests)


def _log_on(cp: ControlProgram, program: Program, userid: str, real_tape: int) -> Guest:
    vm = cp.logon(userid, GUEST_SIZE)
    console, tape = Console(), TapeDrive(_tape(program))
    cp.define(vm, CONSOLE, "TERM", console)
    cp.define(vm, READER, "URI", _reader(program))
    cp.define(vm, PRINTER, "URO", Printer())
    cp.machine.channels.attach(real_tape, tape)
    cp.attach(vm, TAPE, "TAPE", real_tape)
    if program.deck() is not None:
        with _naming_the_deck(program):
            cp.ipl(vm, READER)
    else:
        vm.cpu.load_psw(_put_into_storage(program, vm.cpu.store_real))
        vm.cf = False
    return Guest(userid, program, console, vm, tape, real_tape)


def _userid(name: str, taken: list[Guest]) -> str:
    base = "".join(letter for letter in name.upper() if letter.isalnum())[:7] or "GUEST"
    if base not in [guest.name for guest in taken]:
        return base
    return next(f"{base}{n}" for n in range(2, 10) if f"{base}{n}" not in [guest.name for guest in taken])


@contextmanager
def _naming_the_deck(program: Program) -> Iterator[None]:
    """Name the deck that cannot be loaded from; the channel knows only the device and the CCW."""
    try:
        yield
    except UserError as error:
        raise UserError(f"deck {program.name} does not begin with a loader that works: {error}") from None


def _reader(program: Program) -> CardReader:
    reader = CardReader()
    deck = program.deck()
    if deck is not None:
        reader.load(read_deck(deck, program.name))
    return reader


def _tape(program: Program) -> Tape | None:
    image = program.tape()
    return None if image is None else Tape.from_bytes(image, f"the tape of {program.name}")


class _StoreReal(Protocol):
    def __call__(self, real: int, data: bytes) -> None: ...


def _put_into_storage(program: Program, store: _StoreReal) -> PSW:
    """Store the assembled text as it is; the PSW that starts it: BC mode, disabled, supervisor state, at its entry."""
    assembly = program.assembly()
    if assembly is None:
        raise UserError(f"{program.name} has neither a deck nor assembled text, so there is nothing to load")
    for text in assembly.image:
        if text.address + len(text.data) > GUEST_SIZE:
            raise UserError(
                f"{assembly.name} assembles text at {text.address:06X}, past the end of storage at {GUEST_SIZE:06X}"
            )
        store(text.address, text.data)
    return PSW(instruction_address=assembly.entry)
