"""How what is loaded was made: a plain value from which the same system can be made again, here or from a file."""

from dataclasses import dataclass
from typing import Protocol

from edu_hv.debugger.configuration import Configuration
from edu_hv.debugger.start import RealMachine, bare, configured, under_cp, with_directory
from edu_hv.debugger.system import Program, System
from edu_hv.hypervisor.directory import Directory


class Recipe(Protocol):
    """What was loaded."""

    def make(self) -> System:
        """A new system, the same each time.  Raises UserError for what cannot be loaded."""


@dataclass(frozen=True)
class OnTheMachine:
    """A program on the bare machine."""

    program: Program

    def make(self) -> System:
        """The bare machine with the program."""
        return bare(self.program)


@dataclass(frozen=True)
class AsGuests:
    """Programs as guests of CP."""

    programs: tuple[Program, ...]
    real: RealMachine

    def make(self) -> System:
        """CP with a virtual machine for each program."""
        return under_cp(self.programs, self.real)


@dataclass(frozen=True)
class WithDirectory:
    """CP with the users of a directory, on a configured machine."""

    directory: Directory
    plan: Configuration
    real: RealMachine
    operator: bool

    def make(self) -> System:
        """CP, started; the operator is logged on if he is to be."""
        return with_directory(self.directory, self.plan, self.real, self.operator)


@dataclass(frozen=True)
class Loaded:
    """A configured machine, loaded from one of its devices."""

    plan: Configuration
    device: int

    def make(self) -> System:
        """The machine after its IPL."""
        return configured(self.plan, self.device)
