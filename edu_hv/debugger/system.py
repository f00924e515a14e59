"""What is loaded: a machine, bare or under CP, with its guests, devices and programs.  `start` builds it.

Everything that happens in it follows from the programs and from the inputs of `apply`; `state` and `restore` are exact.
"""

from collections.abc import Set
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from edu_hv.asm.assembler import Assembly, assemble
from edu_hv.debugger.altering import alter
from edu_hv.debugger.listing_index import ListingIndex
from edu_hv.debugger.recording.plain import plain
from edu_hv.devices.card_image import CARD
from edu_hv.devices.catalog import put_on
from edu_hv.devices.console import Console
from edu_hv.devices.device import IODevice
from edu_hv.devices.display import Display
from edu_hv.devices.tape import Tape, TapeDrive
from edu_hv.engine import make_engine
from edu_hv.hypervisor.assist import assisted, virtual_psw
from edu_hv.hypervisor.commands import Answer, run_command
from edu_hv.hypervisor.commands.registry import CommandError
from edu_hv.hypervisor.commands.users import at_terminal
from edu_hv.hypervisor.control_program import ControlProgram, Stage
from edu_hv.hypervisor.vmblok import VMBLOK
from edu_hv.isa.codes import UnitStatus
from edu_hv.isa.errors import UserError
from edu_hv.machine.machine import Architecture, Machine
from edu_hv.machine.machine_check import Failure
from edu_hv.machine.psw import PSW

BARE = "bare"
"""What the guest is called when there is no CP: the program has the machine to itself."""
CONSOLE, TAPE = 0x009, 0x181
"""Device addresses of a program's console and tape drive, bare and as a guest."""


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
    text: str | None = None
    """The source; a recording can be kept in a file only with it."""

    def assembly(self) -> Assembly:
        """The assembled source."""
        return self.assembled

    def source_text(self) -> str | None:
        """The source that was assembled."""
        return self.text

    def deck(self) -> None:
        """It comes on no deck."""

    def tape(self) -> None:
        """It has no tape."""


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


UNKNOWN = LoadedFrom("-", 0)
"""What a user runs of whom nobody knows what he has loaded."""
NOBODY = "nobody is logged on; logon USERID PASSWORD logs a user on"


def from_source(source: str, name: str) -> SourceProgram:
    """Assemble a source text.  Raises AssemblyError for what does not assemble."""
    return SourceProgram(name, assemble(source, name), source)


INPUTS = {
    "enter": "a line at the console",
    "cp": "a CP command",
    "logon": "a user who comes to a terminal: userid, password, perhaps NOIPL",
    "deck": "cards for the reader of a user",
    "key": "the INTERRUPT key",
    "mount": "a tape on the drive of a guest",
    "medium": "cards, a tape or a pack on a device of the bare machine",
    "request": "the REQUEST key of a console of the bare machine",
    "restart": "the RESTART key of the bare machine",
    "store status": "the STORE STATUS key of the bare machine",
    "failure": "something in the bare machine fails",
    "terminal": "a key of a display of the bare machine, or its power",
    "alter": "registers, storage, a storage key or the PSW changed by hand",
}
"""The kinds of inputs."""
NOT_UNDER_CP = {
    "medium": "mount with an address is for the bare machine; under CP mount my.aws puts a tape on a guest's drive",
    "request": "REQUEST is a key of the bare machine; under CP give cp attn",
    "restart": "RESTART is a key of the bare machine; under CP give cp system restart",
    "store status": "STORE STATUS is a key of the bare machine; under CP give cp store status",
    "failure": "fail is for the bare machine; under CP the real machine is CP's",
    "terminal": "a display is for the bare machine; under CP the real machine is CP's",
}
"""What an operator of the bare machine does, and what to do in its place where CP has the machine."""
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
    Of a terminal: what it sent.  Of a deck: its cards, 80 bytes each."""
    device: int = 0
    """The device, where the input is for one."""


@dataclass
class Guest:
    """A guest as the debugger knows it; on the bare machine there is one, called BARE."""

    name: str
    program: Program
    vm: VMBLOK | None
    console: Console = field(default_factory=Console)
    """The bare machine's; under CP the guest's terminal is in its VMBLOK."""
    console_address: int = CONSOLE
    tape_address: int = TAPE
    """Of its tape drive as the guest sees it."""

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
        if self.vm is not None:
            return [line.text for line in self.vm.terminal if not line.cp]
        return list(self.console.lines)


class System:
    """A machine with what was loaded into it.  Build one with `bare` or `under_cp`."""

    def __init__(self, machine: Machine, cp: ControlProgram | None, guests: list[Guest]) -> None:
        self.machine = machine
        self.cp = cp
        self._known = {guest.name: guest for guest in guests}
        self._engine_wanted = machine.architecture is Architecture.S370
        """An engine has not been asked for yet."""

    @property
    def guests(self) -> list[Guest]:
        """The guests there are now: users log on and off."""
        if self.cp is None:
            return list(self._known.values())
        return [self._guest_of(vm) for vm in self.cp.vms]

    def _guest_of(self, vm: VMBLOK) -> Guest:
        known = self._known.get(vm.vmuser)
        if known is None or known.vm is not vm:
            known = Guest(vm.vmuser, known.program if known else UNKNOWN, vm)
            self._known[vm.vmuser] = known
        return known

    @property
    def running(self) -> str:
        """Name of the guest that has the real CPU, or "" while CP has it or it waits."""
        return BARE if self.cp is None else self.cp.running or ""

    def in_problem_state(self, name: str) -> bool:
        """Whether a guest believes itself in problem state; of the one that runs this is known without a copy."""
        vm = self.cp.running_vm if self.cp is not None else None
        if vm is not None and vm.vmuser == name and self.cp is not None and assisted(self.cp.real) is None:
            return vm.vmpsw.problem_state
        return self.psw_of(name).problem_state

    def psw_of(self, name: str) -> PSW:
        """The PSW as the guest believes it to be; while it runs, only its masks and states are up to date there."""
        if self.cp is None:
            return self.machine.cpu.psw
        vm = self.cp.logged_on(name)
        if vm is None:
            raise UserError(f'there is no guest "{name}"')
        return virtual_psw(self.cp.real, vm) if self.cp.running_vm is vm else vm.vmpsw

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

    def put_deck(self, userid: str, program: Program) -> None:
        """The user is going to load that program, perhaps after a LOGON: its listing is shown where storage agrees."""
        vm = self.cp.logged_on(userid) if self.cp is not None else None
        self._known[userid] = Guest(userid, program, vm)

    def listings(self) -> dict[str, Program]:
        """The programs that are known, by the userid of who loads them, or BARE."""
        return {name: guest.program for name, guest in self._known.items() if guest.program is not UNKNOWN}

    def find(self, name: str) -> Guest | None:
        """The guest of exactly that name; None while he is not logged on."""
        return next((guest for guest in self.guests if guest.name == name), None)

    def guest(self, name: str) -> Guest:
        """The guest of that name (any case).  Raises UserError for an unknown one."""
        guests = self.guests
        if not guests:
            raise UserError(NOBODY)
        for wanted in (name, name.upper(), name.lower()):
            for guest in guests:
                if guest.name == wanted:
                    return guest
        names = ", ".join(guest.name for guest in guests)
        raise UserError(f'there is no guest "{name}"; loaded: {names}')

    # ---- inputs ----------------------------------------------------------------------------------------------

    def apply(self, given: Input) -> Answer:
        """Give an input to the machine now; what CP answers comes back."""
        match given.kind:
            case "enter":
                self._enter(self.guest(given.guest), given.text)
            case "cp":
                return self._cp_command(self.guest(given.guest), given.text)
            case "key":
                self._press_key(self.guest(given.guest))
            case "mount":
                self._mount(self.guest(given.guest), Tape.from_bytes(given.data, given.text))
            case "logon":
                return self._log_on(given.text)
            case "deck":
                return self._put_deck(given)
            case "alter":
                return Answer(alter(self, self.guest(given.guest), given.text))
            case _:
                self._operate(given)
        return Answer()

    def _operate(self, given: Input) -> None:
        """What an operator does at the bare machine itself, which is CP's business when CP runs on it."""
        if self.cp is not None:
            raise UserError(NOT_UNDER_CP[given.kind])
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
                machine.present_failure(_failure(given.text))

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
        if self.cp is not None and guest.vm is not None:
            self.cp.console_input(guest.vm, text)
            return
        channels, address = self.machine.channels, guest.console_address
        if address not in channels.devices:
            raise UserError("the machine has no console to enter a line at: attach one, such as attach 009 3215")
        awaited = channels.awaits_input(address)
        guest.console.enter(text)
        if not awaited:
            channels.present(address, UnitStatus.ATTENTION)

    def _cp_command(self, guest: Guest, text: str) -> Answer:
        if self.cp is None or guest.vm is None:
            raise UserError("the bare machine has no CP to give a command to; load the program under CP first")
        vm, before = guest.vm, len(guest.vm.terminal)
        answer = run_command(self.cp, vm, text)
        if vm not in self.cp.vms:  # His terminal goes with him: its last lines are the answer.
            return Answer([line.text for line in vm.terminal[before:]] + answer.lines, answer.code)
        return answer

    def _log_on(self, text: str) -> Answer:
        """A user at a terminal that nobody has used: what appears on it, or why he may not."""
        cp = self._require_cp("users log on to CP; try load cp kernel, or system")
        try:
            with cp.console_function():
                vm = at_terminal(cp, text.upper().split(), "")
        except CommandError as error:
            return Answer([error.line], error.number)
        return Answer([line.text for line in vm.terminal])

    def _put_deck(self, given: Input) -> Answer:
        """Cards for a user's reader: the real reader reads them, and CP spools them."""
        cp = self._require_cp("its card reader takes cards by mount; try load cp kernel")
        if cp.directory.find(given.guest) is None:
            raise UserError(f"there is no user {given.guest} in the directory")
        cards = [given.data[at : at + CARD] for at in range(0, len(given.data), CARD)]
        with cp.console_function():
            sfblok = cp.spool.add_deck(given.guest, cards)
        return Answer([f"spool file {sfblok.sfbfilid:04}, {sfblok.sfbrecno} cards, in the reader of {given.guest}"])

    def _require_cp(self, why: str) -> ControlProgram:
        if self.cp is None:
            raise UserError(f"this is the bare machine: {why}")
        return self.cp

    def _press_key(self, guest: Guest) -> None:
        if self.cp is not None and guest.vm is not None:
            run_command(self.cp, guest.vm, "EXTERNAL")
        else:
            self.machine.press_interrupt_key()

    def _mount(self, guest: Guest, tape: Tape) -> None:
        """A tape on the guest's drive; a drive that was empty tells that it has become ready."""
        address = self._real_tape(guest)
        drive = self.machine.channels.devices.get(address)
        if not isinstance(drive, TapeDrive):
            raise UserError(f"{guest.name} has no tape drive {guest.tape_address:03X} to mount a tape on")
        status = drive.mount(tape)
        if status:
            self.machine.channels.present(address, status)

    def _real_tape(self, guest: Guest) -> int:
        """The real address of the guest's tape drive, -1 when it has none."""
        if guest.vm is None:
            return guest.tape_address
        vdev = guest.vm.devices.lookup(guest.tape_address)
        return -1 if vdev is None or vdev.real is None else vdev.real

    # ---- the engine ------------------------------------------------------------------------------------------

    def start_engine(self, stops: Set[int]) -> bool:
        """Have compiled code execute instructions, but none at the addresses `stops`; whether that can be.

        It cannot where the package for it is missing, and for a System/360.
        """
        machine = self.machine
        if machine.engine is not None and not stops and not machine.engine.stops:
            return True
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

    def comparable(self) -> Any:
        """The same as values that are equal when two moments are, in this system or in another one."""
        return plain(self.state())

    def comparable_with_vmblok_up_to_date(self) -> Any:
        """The same, as it would be after CP had looked at a guest that runs."""
        if self.cp is None:
            return self.comparable()
        before = self.state()
        with self.cp.registers_in_vmblok():
            pass
        found = self.comparable()
        self.restore(before)
        return found

    def restore(self, state: Any) -> None:
        """Go back to a checkpoint."""
        machine, cp = state
        self.machine.restore(machine)
        if self.cp:
            self.cp.restore(cp)


def _failure(words: str) -> Failure:
    """What fails, by its words.  Raises UserError for anything else."""
    found = next((each for each in Failure if each.name == words.upper().replace(" ", "_").replace("-", "_")), None)
    if found is None:
        raise UserError(f'"{words}" is nothing that can fail; there are {", ".join(each.words for each in Failure)}')
    return found


def live_psw(cp: ControlProgram, vm: VMBLOK) -> PSW | None:
    """Where the guest's address, CC, program mask and key really are while its VMBLOK is not up to date, or None.

    Its general registers are in the real CPU at the same times.
    """
    if cp.running_vm is not vm:
        return None
    if cp.work.stage is Stage.DECODE and cp.work.interruption is not None:
        return PSW.from_bytes(cp.real.load_real(cp.work.interruption.kind.old_psw, 8))
    return cp.real.psw
