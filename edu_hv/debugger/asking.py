"""What a script asks a session for: plain values, events as objects, counts, and the answers of the debugger.

Nothing here changes what is loaded, nor the position.  `looking` has the views of the panes and more plain values.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edu_hv.debugger import writers
from edu_hv.debugger.cost_comparison import CostComparisonView, compare_assist
from edu_hv.debugger.costs import Costs, CostView, cost_view
from edu_hv.debugger.expression_names import real_bytes
from edu_hv.debugger.expressions import parse
from edu_hv.debugger.moving import Moving
from edu_hv.debugger.recording.journal import Entry
from edu_hv.debugger.viewing.decided import means
from edu_hv.hypervisor.decisions import DecisionTaken
from edu_hv.isa.codes import MASK_24
from edu_hv.isa.errors import UserError
from edu_hv.isa.table import operation
from edu_hv.machine.events import InterruptionRecognized
from edu_hv.machine.interruptions import Interruption

if TYPE_CHECKING:
    from edu_hv.debugger.writers.locations import Location
    from edu_hv.debugger.writers.views import ChainView, WritersView, WriterView

Kinds = type | tuple[type, ...]


@dataclass(frozen=True, slots=True)
class Trap:
    """An interruption that was recognized: of a program, by a supervisor call, or one that came by itself."""

    step: int
    guest: str
    """Who ran; "bare" on the bare machine, "" while CP waited."""
    kind: str
    """Its class: "program", "supervisor call", "external", "input/output", "machine check", "restart"."""
    words: str
    """"program: privileged operation", "supervisor call 4", "external: interval timer"."""
    mnemonic: str
    """Of the instruction that trapped; "" where no instruction did."""
    address: int
    """Logical address of that instruction, or of the next one."""
    code: int
    """The interruption code."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A decision of CP.  `session.decisions` has the same at length, with the rules that did not fire."""

    step: int
    guest: str
    trap: str
    """The interruption that it answers, in words; "" where it answers none: dispatching, a command."""
    rule: str
    """Id of the rule that fired: "PRV-2"."""
    decision: str
    """"simulate SSM"."""
    why: str
    mnemonic: str
    """Of the instruction that it is about, "" for none."""
    within: bool
    """It was made while another decision was carried out."""


class Asking(Moving):
    """The part of a session that answers scripts."""

    # ---- plain values ----------------------------------------------------------------------------------------

    def value(self, expression: str) -> int:
        """What an expression is now, of the selected guest: "$r5", "psw.cc", "[2000].h", "SUM + 4 * R3".

        Numbers in it are hexadecimal, as in `print`; unsigned, but for what "-" makes.  Raises UserError where it has
        no value, and with the column for what is no expression.
        """
        return parse(expression).value(self._session)

    def guest_word(self, address: int | str) -> int:
        """The word (4 bytes, unsigned) at an address or label of the selected guest.  Raises UserError outside it."""
        return int.from_bytes(self.guest_storage(self.place(address), 4), "big")

    def guest_key(self, address: int | str) -> int:
        """The storage key of an address of the selected guest: ACC 4 bits, F, R, C, and a 0.  Raises UserError."""
        at, guest = self.place(address), self.guest
        if at >= self.storage_size():
            raise UserError(f"{at:06X} is outside the guest's storage of {self.storage_size():X} bytes")
        return guest.vm.storage.peek_key(at) if guest.vm else self.system.machine.storage.key(at)

    def real_bytes(self, address: int, length: int) -> bytes:
        """Bytes of the storage of the real machine.  Raises UserError outside it."""
        return real_bytes(self._session, address, length)

    def place(self, address: int | str) -> int:
        """An address of the selected guest from a number, a label, or an expression: "LOOP", "LOOP+6", "R5", "2000".

        Raises UserError for an unknown label and for what is past the guest's storage.
        """
        at = address if isinstance(address, int) else self.value(address)
        if not 0 <= at <= MASK_24:
            raise UserError(f"{at:X} is no address: addresses have 24 bits")
        return at

    def next_address(self) -> int:
        """Address of the instruction that the selected guest executes next."""
        return self.guest_psw().instruction_address

    def next_instruction(self) -> str:
        """The selected guest's next instruction, as its source has it: "SSM MASK"; "" where there is none."""
        view = self.code(1)
        return "" if view.current is None else " ".join(view.lines[view.current].source.split())

    def console_lines(self, guest: str | None = None, own: bool = False) -> list[str]:
        """What a guest's terminal shows, oldest first; `own`: only what the guest has written, without CP's lines."""
        found = self._named(guest)
        return found.own_console_lines() if own else found.console_lines()

    def guest_names(self) -> list[str]:
        """The guests that are there now; ["bare"] for the bare machine."""
        return [guest.name for guest in self.system.guests]

    @property
    def microseconds(self) -> int:
        """Machine time since the machine was switched on."""
        return self.system.machine.clocks.now

    @property
    def can_go_on(self) -> bool:
        """Whether anything can happen; not while the machine waits disabled, or every guest is stopped in CP mode."""
        with self.recording.searching():
            return self.recording.again()

    # ---- what happened ---------------------------------------------------------------------------------------

    def events(
        self, kind: Kinds | None = None, guest: str = "", first: int = 0, last: int | None = None
    ) -> list[Entry]:
        """What happened up to the present position, oldest first: entries with `step`, `guest` and `event`.

        `kind` is a type of events such as `DecisionTaken`, or a tuple of some; `guest` whose; `first` and `last` steps.
        """
        journal, kinds = self.journal, object if kind is None else kind
        places = journal.places(first, self.step_number if last is None else last)
        past = range(places.start, min(places.stop, journal.count))
        found = journal.matching(past, lambda event, whose: guest in ("", whose) and isinstance(event, kinds))
        return [journal.entry(place) for place in found]

    def traps(self, guest: str = "", first: int = 0, last: int | None = None) -> list[Trap]:
        """The interruptions up to the present position, oldest first: of a guest, or of all; of some steps only."""
        return [_trap(entry) for entry in self.events(InterruptionRecognized, guest, first, last)]

    def decisions_taken(self, guest: str = "", rule: str = "", first: int = 0, last: int | None = None) -> list[Taken]:
        """CP's decisions up to the present position, oldest first, those within others too; [] on the bare machine.

        `rule` is an id, "PRV-2", or that of a family, "PRV".
        """
        taken = (_taken(entry) for entry in self.events(DecisionTaken, "", first, last))
        return [one for one in taken if guest in ("", one.guest) and (not rule or means(rule, one.rule))]

    # ---- counts ----------------------------------------------------------------------------------------------

    def rules_fired(self, guest: str = "") -> dict[str, int]:
        """How often each rule of CP fired up to here, the most frequent first; of one guest, or of all.

        Decisions within others are counted too, and those before step 0, when the guests were loaded.  Raises UserError
        on the bare machine.
        """
        return _most_frequent_first((rule, times) for rule, _, times in self._counts(guest))

    def instructions_trapped(self, guest: str = "") -> dict[str, int]:
        """How often CP was asked for each instruction up to here, by mnemonic, the most frequent first.

        Raises UserError on the bare machine.
        """
        return _most_frequent_first((name, times) for _, name, times in self._counts(guest) if name)

    def _counts(self, guest: str) -> list[tuple[str, str, int]]:
        cp = self.system.cp
        if cp is None:
            raise UserError("this is the bare machine: there is no CP that decides; try load_cp")
        return [(rule, name, times) for (user, rule, name), times in cp.counts.items() if guest in ("", user)]

    def cost(self, guest: str = "", first: int = 0, last: int | None = None) -> CostView:
        """What virtualization cost in the steps behind `first` up to `last`, by default from the start up to here.

        `cost().costs` is the numbers: `Costs`, with `of(guest)` for one guest or the sum: instructions, traps, and
        Counters by class of interruption, by instruction and by rule.  Raises UserError for steps not recorded.
        """
        return cost_view(self._session, guest, first, self.step_number if last is None else last)

    def costs(self, first: int = 0, last: int | None = None) -> Costs:
        """The numbers of `cost`.  Times are machine time in microseconds."""
        return self.cost("", first, last).costs

    def compare_assist(self, guest: str = "", first: int = 0, last: int | None = None) -> CostComparisonView:
        """The costs with and without the VM assist: as many instructions are executed the other way, aside.

        Raises UserError on the bare machine, and when something was given from outside in these steps.
        """
        return compare_assist(self._session, guest, first, self.step_number if last is None else last)

    # ---- who wrote this --------------------------------------------------------------------------------------

    def who(self, what: str) -> "WriterView":
        """Who wrote this last: "gr5", "psw.cc", "600.8", "SUM", "key 600", "vmblok vmpstat", "gr5 of SECOND".

        The view has `step` (None: nobody has), `layer`, `by`, `old`, `new` and the `operands` that the value was made
        of.  Raises UserError for what is no place, or cannot be written.
        """
        return writers.who(self._session, self._location(what))

    def writers(self, what: str, count: int = 20) -> "WritersView":
        """The last `count` writes of something, oldest first, as `rows` with `step`, `layer`, `by`, `old`, `new`."""
        return writers.writers(self._session, self._location(what), count)

    def follow_operand(self, which: int | str = 1) -> "WriterView":
        """Who wrote an operand of the last answer of `who`, by its number from 1, or anything else, before that."""
        return writers.follow(self._session, which if isinstance(which, int) else self._location(which))

    def chain(self, what: str, deepest: int = 20) -> "ChainView":
        """Where a value came from: copies followed backwards until it was computed, came from outside, or began."""
        return writers.chain(self._session, self._location(what), deepest)

    def _location(self, what: str) -> "Location":
        from edu_hv.debugger.commands.locations import parse_location

        return parse_location(self._session, what)

    # ---- names in the recording ------------------------------------------------------------------------------

    @property
    def branch(self) -> str:
        """Name of the course of events one is on: "main" until something is given in the past."""
        return self.recording.branch

    def branch_names(self) -> list[str]:
        """All courses of events, the present one first."""
        return [self.recording.branch, *sorted(self.recording.branches)]


def _trap(entry: Entry) -> Trap:
    event = entry.event
    assert isinstance(event, InterruptionRecognized)
    row = operation(event.text) if event.text else None
    words = Interruption(event.kind, event.code).words
    mnemonic, code = row.mnemonic if row else "", int(event.code)
    return Trap(entry.step, entry.guest, event.kind.value, words, mnemonic, event.instruction_address, code)


def _taken(entry: Entry) -> Taken:
    event = entry.event
    assert isinstance(event, DecisionTaken)
    verdict = event.verdict
    trap, rule = event.trap.words if event.trap else "", verdict.rule.id
    decision, why = str(verdict.decision), verdict.why
    return Taken(entry.step, event.userid, trap, rule, decision, why, event.mnemonic, event.within)


def _most_frequent_first(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Sums by name; those as frequent by name."""
    times = Counter[str]()
    for name, number in pairs:
        times[name] += number
    return dict(sorted(times.items(), key=lambda pair: (-pair[1], pair[0])))
