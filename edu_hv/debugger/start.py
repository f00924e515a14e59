"""How a machine is set up and what runs in it: one bare machine, programs as guests of CP, CP with a directory."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Protocol

from edu_hv.asm.deck import read_deck
from edu_hv.debugger.configuration import Configuration
from edu_hv.debugger.system import BARE, CONSOLE, TAPE, Guest, LoadedFrom, Program, System
from edu_hv.devices.card import CardReader
from edu_hv.devices.console import Console
from edu_hv.devices.printer import Printer
from edu_hv.devices.tape import Tape, TapeDrive
from edu_hv.hypervisor.control_program import ControlProgram
from edu_hv.hypervisor.directory import Directory, parse
from edu_hv.hypervisor.logon import OPERATOR, log_on, take_directory
from edu_hv.hypervisor.paging_area import make_paging_volume
from edu_hv.isa.errors import UserError
from edu_hv.machine.machine import Architecture, Machine
from edu_hv.machine.psw import PSW

GUEST_SIZE = 256 * 1024
"""Bytes of storage of the bare machine, and of each virtual machine."""
REAL_SIZE = 1024 * 1024
"""Bytes of real storage under CP."""
LEAST_REAL_SIZE = 128 * 1024
"""CP has the first 64K; with less than this behind them it could not keep locked what it has to."""

READER, PUNCH, PRINTER = 0x00C, 0x00D, 0x00E
"""Device addresses a program finds, bare and as a guest."""
FIRST_REAL_TAPE = 0x281
"""Under CP the guests' tape drives are at 281, 282, ... in the real machine."""
MOST_GUESTS = 16
"""Tape drives at 281 to 290: one for each."""
PAGING_DEVICE = 0x130
PAGING_CYLINDERS = 20
"""Of the 3330 that CP pages to: slots for 57 pages on each but the first."""
_DIRECTORY = f"DIRECTORY {PAGING_DEVICE:03X} 3330 SYSPAG\n"
PASSWORD = "GUEST"
"""Of the users that are made for the programs."""


@dataclass(frozen=True)
class RealMachine:
    """What CP finds when it is started."""

    size: int = REAL_SIZE
    """Bytes of real storage."""
    assist: bool = False
    """Whether guests have the VM assist from the start; SET ASSIST changes it for one."""


USUAL = RealMachine()


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
    return System(machine, None, [Guest(BARE, program, None, console)])


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
    tape_address = tapes[0][0] if tapes else TAPE
    program = LoadedFrom(f"what {device:03X} loaded", device)
    return System(machine, None, [Guest(BARE, program, None, console, console_address, tape_address)])


def under_cp(programs: Sequence[Program], real: RealMachine = USUAL) -> System:
    """The programs as guests of CP, one virtual machine each.  Raises UserError for what cannot be loaded."""
    if not 1 <= len(programs) <= MOST_GUESTS:
        raise UserError(f"CP can run 1 to {MOST_GUESTS} guests here, not {len(programs)}")
    cp = _start_cp(_checked(real, Machine(real.size)), real)
    users: dict[str, Program] = {}
    for number, program in enumerate(programs):
        users[_userid(program.name, list(users))] = program
        cp.machine.channels.attach(FIRST_REAL_TAPE + number, TapeDrive(_tape(program)))
    take_directory(cp, parse(_DIRECTORY + "".join(map(_entry, users, count(), users.values())), "the directory"))
    return System(cp.machine, cp, [_log_on(cp, program, userid) for userid, program in users.items()])


def with_directory(
    directory: Directory, configuration: Configuration, real: RealMachine, operator: bool = True
) -> System:
    """CP on the configured machine, with a directory.  The operator is logged on if the directory has him.

    Raises UserError for a machine that CP cannot be started on.
    """
    if configuration.architecture is not Architecture.S370:
        raise UserError("CP needs a System/370; machine s370 1M begins one")
    machine = _checked(real, configuration.build(real.size))
    cp = _start_cp(machine, real)
    take_directory(cp, directory)
    entry = directory.find(OPERATOR)
    if operator and entry is not None and entry.may_log_on:
        log_on(cp, OPERATOR, entry.user.password)
    cp.dispatch_again()
    return System(machine, cp, [])


def _checked(real: RealMachine, machine: Machine) -> Machine:
    if real.size < LEAST_REAL_SIZE:
        raise UserError(f"CP needs {LEAST_REAL_SIZE // 1024}K of real storage at least, not {real.size // 1024}K")
    return machine


def _start_cp(machine: Machine, real: RealMachine) -> ControlProgram:
    """CP with its paging volume."""
    if PAGING_DEVICE in machine.channels.devices:
        raise UserError(f"device {PAGING_DEVICE:03X} is CP's paging volume: detach yours, or attach it elsewhere")
    machine.channels.attach(PAGING_DEVICE, make_paging_volume(PAGING_CYLINDERS))
    machine.install_assist()
    cp = ControlProgram(machine)
    cp.assist.on_at_logon = real.assist  # Unless asked for, a student is to see every trap, until SET ASSIST ON.
    cp.paging.attach_area(PAGING_DEVICE)
    return cp


def _entry(userid: str, number: int, program: Program) -> str:
    """The guest's entry in the directory."""
    size, options = GUEST_SIZE // 1024, "OPTION ECMODE\n" if getattr(program, "ecmode", False) else ""
    return (
        f"USER {userid} {PASSWORD} {size}K 16M G\n{options}"
        f"CONSOLE {CONSOLE:03X} 3215\nSPOOL {READER:03X} 2540 READER *\nSPOOL {PUNCH:03X} 2540 PUNCH A\n"
        f"SPOOL {PRINTER:03X} 1403 A\nDEDICATE {TAPE:03X} {FIRST_REAL_TAPE + number:03X}\n"
    )


def _log_on(cp: ControlProgram, program: Program, userid: str) -> Guest:
    vm = log_on(cp, userid, PASSWORD)
    deck = program.deck()
    if deck is not None:
        with _naming_the_deck(program):
            cp.spool.add_deck(userid, read_deck(deck, program.name))
            cp.ipl(vm, READER)
    else:
        vm.cpu.load_psw(_put_into_storage(program, vm.cpu.store_real))
        vm.cf = False
        cp.wake(vm)
    return Guest(userid, program, vm)


def _userid(name: str, taken: list[str]) -> str:
    base = "".join(letter for letter in name.upper() if letter.isalnum())[:7] or "GUEST"
    return next(name for name in (base, *(f"{base}{n}" for n in range(2, 100))) if name not in taken)


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
