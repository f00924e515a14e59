"""A stop: what it is set on, with its condition, count and commands."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edu_hv.debugger.expressions import Expression
from edu_hv.debugger.stops.what import AtAddress, What
from edu_hv.debugger.system import BARE
from edu_hv.isa.errors import UserError

if TYPE_CHECKING:
    from edu_hv.debugger.recording.history import History


@dataclass
class Counted:
    """How often a stop was met from the start of the recording up to a position.

    So it is the same at a position, however one came there.  It is counted in passing, or by a search when it is asked
    for."""

    history: "History | None" = None
    unit: int = 0
    hits: int = 0

    def forget(self) -> None:
        """It has to be counted anew."""
        self.history = None


@dataclass
class Breakpoint:
    """A stop of a session, a breakpoint or a watchpoint."""

    number: int
    what: What
    home: str = ""
    """The guest that was selected when it was set: conditions are about it where nobody is concerned."""
    condition: Expression | None = None
    """It stops only where this is true of the guest concerned."""
    ignore: int = 0
    """So many times that it is met behind `since` it does not stop."""
    since: int = 0
    """A position in `history`."""
    history: "History | None" = None
    temporary: bool = False
    """It is deleted when it has stopped a run."""
    enabled: bool = True
    commands: tuple[str, ...] = ()
    """Command lines that are carried out when it has stopped a run."""
    set_at: int = 0
    """The step at which it was set."""
    counted: Counted = field(default_factory=Counted)

    def __repr__(self) -> str:
        return f"<{self.words}>"

    @property
    def hits(self) -> int:
        """How often it was met, from the start of the recording to where it was counted last."""
        return self.counted.hits

    @property
    def address(self) -> int | None:
        """Of the instruction, if it is set on one."""
        return self.what.address if isinstance(self.what, AtAddress) else None

    @property
    def label(self) -> str:
        """Of the instruction, "" if it has none."""
        return self.what.label if isinstance(self.what, AtAddress) else ""

    @property
    def name(self) -> str:
        """ "breakpoint 3"."""
        return f"{self.what.kind} {self.number}"

    @property
    def words(self) -> str:
        """As a reason for a stop."""
        return f"{self.name} {self.what.words}"

    @property
    def plain(self) -> bool:
        """Whether it is an address and nothing else."""
        options = self.condition, self.ignore, self.temporary, self.commands, self.what.guest
        return self.address is not None and not any(options)

    def lines(self, last: str = "last") -> Iterable[str]:
        """The command lines that set it again."""
        yield " ".join(filter(None, (self.what.line, *self._options())))
        if self.commands:
            yield f"commands {last} " + " ".join(f'"{each}"' for each in self.commands)
        if not self.enabled:
            yield f"disable {last}"

    def _options(self) -> Iterable[str]:
        if self.what.guest not in ("", BARE):
            yield f"of {self.what.guest}"
        if self.condition is not None:
            yield f"if {self.condition.text}"
        if self.ignore:
            yield f"count {self.ignore + 1}"
        if self.temporary:
            yield "temporary"


@dataclass
class Breakpoints:
    """All stops of a session, by number; and sets of them that were given names."""

    by_number: dict[int, Breakpoint] = field(default_factory=dict)
    saved: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The command lines that set those of each set."""
    _next: int = 1

    def add(self, address: int, label: str) -> Breakpoint:
        """A new breakpoint at an address, in any guest; the one already there if there is one."""
        return self.at(address) or self.put(AtAddress.of(address, label))

    def put(self, what: What) -> Breakpoint:
        """A new stop."""
        new = Breakpoint(self._next, what)
        self.by_number[self._next] = new
        self._next += 1
        return new

    def get(self, number: int) -> Breakpoint:
        """The stop of that number.  Raises UserError when there is none."""
        if number not in self.by_number:
            known = ", ".join(map(str, self.by_number))
            numbers = f"set are: {known}" if known else "none is set"
            raise UserError(f"there is no breakpoint {number}; {numbers}")
        return self.by_number[number]

    def delete(self, number: int) -> None:
        """Remove one.  Raises UserError when there is none of that number."""
        self.get(number)
        del self.by_number[number]

    def at(self, address: int) -> Breakpoint | None:
        """The first breakpoint at an address."""
        return next((b for b in self.by_number.values() if b.address == address), None)

    @property
    def enabled(self) -> list[Breakpoint]:
        """Those that stop runs, in the order in which they were set."""
        return [stop for stop in self.by_number.values() if stop.enabled]

    def addresses(self) -> set[int]:
        """Where breakpoints are that stop runs."""
        return {stop.address for stop in self.enabled if stop.address is not None}

    def lines(self) -> list[str]:
        """The command lines that set all of them again."""
        return [line for stop in self.by_number.values() for line in stop.lines()]
