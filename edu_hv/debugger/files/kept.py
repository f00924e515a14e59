"""What a file keeps of a session, as plain values: `saving` makes it, `rebuilding` makes a session of it again."""

from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256

from edu_hv.asm.assembler import Assembly, assemble
from edu_hv.debugger.files.digest import digest_of
from edu_hv.debugger.recipes import Recipe
from edu_hv.debugger.system import Input, Program
from edu_hv.guests.catalog import GUESTS

MOST_UNITS = 10**9
"""Positions of a recording that is kept."""


@dataclass(frozen=True)
class KeptProgram:
    """A program that is not of the catalog: its source, or its cards, or both."""

    name: str
    source_name: str
    """Of its file, without folders."""
    source: str | None
    cards: bytes | None
    tape_image: bytes | None
    ecmode: bool
    """It needs OPTION ECMODE under CP."""

    @cached_property
    def _assembly(self) -> Assembly | None:
        return None if self.source is None else assemble(self.source, self.source_name)

    def assembly(self) -> Assembly | None:
        """The assembled source, None for a deck without one.  Raises AssemblyError."""
        return self._assembly

    def source_text(self) -> str | None:
        """The source that was assembled."""
        return self.source

    def deck(self) -> bytes | None:
        """The cards to IPL from; None for a program that is put into storage."""
        return self.cards

    def tape(self) -> bytes | None:
        """The AWS image of its tape."""
        return self.tape_image


def is_of_catalog(program: Program) -> bool:
    """Whether every edu-hv has it, though perhaps another version of it."""
    return GUESTS.get(program.name) is program


def digest_of_program(program: Program) -> str:
    """The same for two versions of edu-hv when the program is."""
    assembly = program.assembly()
    image = tuple((text.address, text.data) for text in assembly.image) if assembly else ()
    entry = assembly.entry if assembly else 0
    return digest_of((image, entry, program.deck(), program.tape(), bool(getattr(program, "ecmode", False))))


@dataclass(frozen=True)
class Digest:
    """Of the state at a position, and the step that was then complete or under way."""

    unit: int
    step: int
    seen: str
    """Of what the architecture shows: compared by every version."""
    state: str
    """Of the whole state: compared by the version that made the file."""


@dataclass(frozen=True)
class KeptBranch:
    """One course of events: all inputs from the start on by their positions, and how far it goes."""

    name: str
    end: int
    parent: str
    fork: int
    because: str
    stood_at: int
    inputs: dict[int, Input]
    marks: dict[str, int]
    digests: tuple[Digest, ...]
    """In order; of a branch that left another, those behind the fork."""

    def shared(self, other: "KeptBranch") -> int:
        """The position up to which this branch and another one are the same."""
        different = [unit for unit in self.inputs.keys() | other.inputs.keys() if self._differs(other, unit)]
        return min([self.end, other.end, *different])

    def _differs(self, other: "KeptBranch", unit: int) -> bool:
        return self.inputs.get(unit) != other.inputs.get(unit)


@dataclass(frozen=True)
class KeptStop:
    """Command lines that set a stop; positions and branch from which on what it ignores is counted."""

    lines: tuple[str, ...]
    since: int = 0
    branch: str = ""
    home: str = ""


@dataclass
class KeptSession:
    """All that is kept."""

    made_by: str
    recipe: Recipe
    branches: list[KeptBranch]
    here: str
    """The present branch."""
    position: int
    selected: str = ""
    lesson: str = ""
    stops: list[KeptStop] = field(default_factory=list)
    logs: list[KeptStop] = field(default_factory=list)
    sets: dict[str, tuple[str, ...]] = field(default_factory=dict)
    listings: dict[str, Program] = field(default_factory=dict)
    """Programs by the userids of those who load them."""


def key_of(data: bytes) -> str:
    """By which equal contents are found."""
    return sha256(data).hexdigest()
