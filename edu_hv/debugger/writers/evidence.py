"""One write: whose doing it was, what the value was made of, and how to go there.

The unit is executed once more under watch, with `accesses.observe`; which rule of CP was at work is in the journal.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edu_hv.debugger.explain import ccw_words, statement
from edu_hv.debugger.recording.accesses import Accesses, observe
from edu_hv.debugger.recording.journal import Entry, GuestPSWsSwapped, ProgramTranslated
from edu_hv.debugger.system import Input
from edu_hv.debugger.views import Layer
from edu_hv.debugger.writers.locations import REAL, Location, PswLocation, StorageLocation
from edu_hv.debugger.writers.operands import NOTHING, MadeOf, Operand, of_instruction, of_simulation, of_storage
from edu_hv.hypervisor.decisions import DecisionCarriedOut, DecisionTaken, Reflect, Simulate, SimulateIO
from edu_hv.hypervisor.rcwtask import TranslatedCCW
from edu_hv.hypervisor.stages import Stage
from edu_hv.isa.codes import PSA, Class
from edu_hv.machine.events import Actor, AssistHandled, CCWExecuted, PSWsSwapped, StorageStored
from edu_hv.machine.interruptions import Interruption
from edu_hv.machine.storage import FRAME

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession


@dataclass(frozen=True)
class Write:
    """A write of a location.  `unit`: the position behind it."""

    location: Location
    unit: int
    step: int
    layer: Layer
    by: str
    """Who did it, in words that begin a line."""
    brief: str
    """The same in a word or two: "MVC", "CP simulating LPSW", "channel read"."""
    details: tuple[str, ...]
    old: Any
    new: Any
    made_of: MadeOf
    part: bool
    """Only a part of it was written."""
    at_boundary: bool
    """Whether `goto` with the number of the step leads to the position behind it."""

    @property
    def operands(self) -> tuple[Operand, ...]:
        """What the value was made of."""
        return self.made_of.operands


@dataclass(frozen=True)
class _Author:
    layer: Layer
    by: str
    brief: str
    details: tuple[str, ...] = ()
    made_of: MadeOf = NOTHING


def write_at(session: "DebugSession", location: Location, unit: int) -> Write:
    """What the unit that led to a position did to a location."""
    recording, system = session.recording, session.system
    with recording.searching():
        recording.goto(unit - 1)
        scene = _Scene(session, location, unit)
        scene.watch()
        author = scene.author()
        at_boundary = system.machine.at_boundary
    step = recording.boundaries.last_at(unit - 1) + 1
    return Write(
        location,
        unit,
        step,
        author.layer,
        author.by,
        author.brief,
        (*author.details, *filter(None, [scene.part])),
        scene.old,
        scene.new,
        author.made_of,
        bool(scene.part),
        at_boundary,
    )


class _Scene:
    """The unit in question, while the machine stands there."""

    def __init__(self, session: "DebugSession", location: Location, unit: int) -> None:
        self.session, self.location, self.unit = session, location, unit
        self.system = session.system
        journal = session.journal
        self.entries: list[Entry] = journal.between(journal.place_at(unit), journal.place_at(unit + 1))
        self.given: Input | None = session.recording.input_next
        cp = self.system.cp
        self.stage = cp.work.stage if cp else Stage.NONE
        self.taken = self._decision()
        self.simulated = self._simulated()
        self.part = ""
        """What to say where only a part of it was written."""
        self.old: Any = None
        self.new: Any = None
        self.accesses: Accesses | None = None

    @property
    def owner(self) -> str:
        """Whose the location is."""
        return self.location.owner

    def watch(self) -> None:
        """Execute the unit."""
        self.old = self.location.value(self.system)
        self._before = self._low_storage()
        self.accesses = observe(self.system, self.session.recording.again)
        self.new = self.location.value(self.system)

    def _low_storage(self) -> dict[Class, MadeOf]:
        """The new PSWs, before an interruption loads one of them."""
        if not isinstance(self.location, PswLocation) or self.given is not None:
            return {}
        return {kind: of_storage(self.system, self.owner, kind.new_psw, 8) for kind in Class}

    # ---- whose doing -------------------------------------------------------------------------------------------

    def author(self) -> _Author:
        """Whose doing it was."""
        accesses = self.accesses
        if self.given is not None:
            return self._user(self.given)
        if accesses is None:
            return _Author(Layer.HARDWARE, "nothing that can be told", "nothing")
        if isinstance(self.location, StorageLocation):
            stored = self._stores(accesses)
            if stored is not None:
                return self._storer(stored, accesses)
        if accesses.text:
            return self._instruction(accesses)
        if self.system.cp is not None and self.stage is not Stage.NONE:
            return self._control_program()
        return self._hardware(accesses)

    def _user(self, given: Input) -> _Author:
        words = " ".join(f"{given.kind} {given.text}".split("\n")[0].split())
        whom = f" for {given.guest}" if given.guest and self.system.cp is not None else ""
        return _Author(Layer.USER, f"you, by an input{whom}: {words}", f"you: {words[:24]}")

    def _stores(self, accesses: Accesses) -> StorageStored | None:
        """The last store into the bytes."""
        places = self._places()
        hits = [one for one in accesses.stored if _overlaps(one, places)]
        if not hits:
            return None
        found = {at for one in hits for at in range(one.absolute, one.absolute + len(one.new))} & places
        if len(found) < len(places):
            self.part = f"it wrote {len(found)} of the {len(places)} bytes"
        return hits[-1]

    def _places(self) -> set[int]:
        """The absolute addresses of the bytes."""
        location, places = self.location, set[int]()
        assert isinstance(location, StorageLocation)
        for at, length in location.pieces:
            frame = location.frame(self.system, at)
            if frame is not None:
                places.update(range(frame + at % FRAME, frame + at % FRAME + length))
        return places

    def _storer(self, stored: StorageStored, accesses: Accesses) -> _Author:
        match stored.actor:
            case Actor.CHANNEL:
                return self._channel(stored)
            case Actor.TIMER:
                return _Author(Layer.HARDWARE, "the interval timer, which counted down", "interval timer")
            case Actor.INTERRUPTION:
                return self._hardware(accesses)
            case Actor.INSTRUCTION | Actor.ASSIST if accesses.text:
                return self._instruction(accesses)
            case _ if self.system.cp is not None:
                return self._control_program()
        return self._hardware(accesses)

    # ---- instructions ------------------------------------------------------------------------------------------

    def _instruction(self, accesses: Accesses) -> _Author:
        text = self._statement(accesses.guest, accesses.address, accesses.text)
        made_of = of_instruction(self.system, accesses.guest, self.location, accesses)
        assisted = next((event for event in accesses.events if isinstance(event, AssistHandled)), None)
        if assisted is not None:
            by = f"the VM assist, which did {text} for {accesses.guest} without CP"
            return _Author(Layer.HARDWARE, by, f"VM assist {assisted.mnemonic}", made_of=made_of)
        whose = "" if self.system.cp is None else f" of {accesses.guest}"
        return _Author(Layer.GUEST, f"the instruction {text}{whose}", accesses.mnemonic, made_of=made_of)

    def _statement(self, guest: str, address: int, text: bytes) -> str:
        assembly = self.session.assembly_of(guest)
        line = assembly.line_at(address) if assembly else None
        agrees = line is not None and line.address == address and line.object_code == text
        number = f" (line {line.number} of {self.session.system.guest(guest).program.name})" if agrees and line else ""
        return f"{statement(assembly, text, address)} at {address:06X}{number}"

    # ---- the hardware ------------------------------------------------------------------------------------------

    def _hardware(self, accesses: Accesses) -> _Author:
        swap = next((event for event in accesses.events if isinstance(event, PSWsSwapped)), None)
        if swap is None:
            return _Author(Layer.HARDWARE, "the machine itself", "machine")
        kind = Interruption(swap.kind, swap.code).words
        made_of = self._before.get(swap.kind, MadeOf())
        csw = isinstance(self.location, StorageLocation) and self.location.pieces[0][0] // 8 == PSA.CSW // 8
        what = "it stored the CSW" if csw else "the old PSW was stored and the new one loaded"
        by = f"a hardware interruption, {kind}: {what}"
        return _Author(Layer.HARDWARE, by, f"{swap.kind.value} interruption", made_of=made_of)

    def _channel(self, stored: StorageStored) -> _Author:
        executed = [event for event in self._events() if isinstance(event, CCWExecuted)]
        found = next((event for event in reversed(executed) if _covers(event, stored.absolute)), None)
        found = found or next(reversed(executed), None)
        if found is None:
            return _Author(Layer.CHANNEL, "a channel", "channel")
        by = f"the channel, for the CCW at {found.address:06X}"
        return self._by_ccw(Layer.CHANNEL, by, found, self._made_for(found))

    def _by_ccw(self, layer: Layer, by: str, event: CCWExecuted, guest: TranslatedCCW | None = None) -> _Author:
        details = [ccw_words(event)]
        owner, address = self.owner if self.system.cp is None else REAL, event.address
        if guest is not None:
            owner, address = self.owner, guest.guest_address
            details.append(f"CP made that CCW of the guest's {guest.guest.hex(' ', 4).upper()} at {address:06X}")
        made_of = MadeOf(of_storage(self.system, owner, address, 8).operands)
        return _Author(layer, f"{by}, device {event.device:03X}", f"device {event.device:03X}", tuple(details), made_of)

    def _made_for(self, event: CCWExecuted) -> TranslatedCCW | None:
        """The guest's CCW that CP made a real one of."""
        journal = self.session.journal
        for index in range(journal.place_at(self.unit + 1) - 1, -1, -1):
            found = journal.entry(index)
            if isinstance(found.event, ProgramTranslated) and found.guest == self.owner:
                ccws = found.event.ccws
                return next((one for one in ccws if one.real_address == event.address), None)
        return None

    def _events(self) -> list[object]:
        return [entry.event for entry in self.entries]

    # ---- CP ----------------------------------------------------------------------------------------------------

    def _decision(self) -> DecisionTaken | None:
        """What CP has decided last, in the same step."""
        journal, step = self.session.journal, self.session.recording.boundaries.last_at(self.unit - 1) + 1
        places = range(journal.place_at(self.unit + 1) - 1, -1, -1)
        for entry in map(journal.entry, places):
            if entry.step != step:
                return None
            if isinstance(entry.event, DecisionTaken) and not (entry.event.within and entry.unit == self.unit):
                return entry.event
        return None

    def _simulated(self) -> MadeOf:
        taken, cp = self.taken, self.system.cp
        if taken is None or cp is None or self.stage is not Stage.DO or not self.owner:
            return MadeOf()
        decision = taken.verdict.decision
        if isinstance(decision, Simulate | SimulateIO):
            return of_simulation(self.system, taken.userid, decision.text, self.location)
        return MadeOf()

    def _control_program(self) -> _Author:
        executed = [event for event in self._events() if isinstance(event, CCWExecuted)]
        swapped = next((event for event in self._events() if isinstance(event, GuestPSWsSwapped)), None)
        details, made_of = self._rule_details(), self.simulated
        if isinstance(self.location, StorageLocation) and executed and self.owner:
            covering = [event for event in executed if _covers(event, self.location.pieces[0][0])]
            if covering:
                by = f"CP, interpreting the CCW at {covering[-1].address:06X}"
                author = self._by_guest_ccw(by, covering[-1])
                return _Author(Layer.CP, author.by, author.brief, (*author.details, *details), author.made_of)
        words, brief = self._stage_words()
        if swapped is not None and self.owner:
            kind = Interruption(swapped.kind, swapped.code).words
            words += f", and so did what the hardware would do for {kind}"
            details = (*details, "the old PSW to the guest's low storage, the new one from there")
            made_of = self._before.get(swapped.kind, made_of)
        return _Author(Layer.CP, words, brief, details, made_of)

    def _by_guest_ccw(self, by: str, event: CCWExecuted) -> _Author:
        made_of = MadeOf(of_storage(self.system, self.owner, event.address, 8).operands)
        return _Author(
            Layer.CP, f"{by}, device {event.device:03X}", f"device {event.device:03X}", (ccw_words(event),), made_of
        )

    def _is_timer(self) -> bool:
        location = self.location
        return isinstance(location, StorageLocation) and location.pieces[0][0] // 8 == PSA.INTERVAL_TIMER // 8

    def _decides(self) -> bool:
        """Whether something was decided in this unit."""
        return any(isinstance(event, DecisionTaken) for event in self._events())

    def _rule_details(self) -> tuple[str, ...]:
        """The rule that was at work; none where CP only saves, decodes and dispatches."""
        if self.taken is None or (self.stage is not Stage.DO and not self._decides()):
            return ()
        verdict = self.taken.verdict
        return (f"rule {verdict.rule.id}: {verdict.rule.question} Yes: {verdict.decision}", f"why: {verdict.why}")

    def _stage_words(self) -> tuple[str, str]:
        """What CP was at."""
        taken = self.taken
        if self.stage is Stage.DECODE and self._is_timer():
            return f"CP, which took the time that {self.owner} has run off its interval timer", "CP counting time"
        if self.stage is Stage.DISPATCH and not self._decides():
            return "CP, dispatching: it loads what the guest has into the real CPU", "CP dispatching"
        if taken is None or self.stage in (Stage.DECODE, Stage.RULE):
            return f"CP, stage {self.stage.value}", f"CP: {self.stage.value}"
        decision = taken.verdict.decision
        if isinstance(decision, Simulate | SimulateIO) and self.stage is Stage.DO:
            trap = taken.trap
            at = f", {self._statement(taken.userid, trap.instruction_address, trap.text)}" if trap and trap.text else ""
            return f"CP, simulating an instruction of {taken.userid}{at}", f"CP simulating {decision.mnemonic}"
        if isinstance(decision, Reflect):
            return f"CP, reflecting an interruption to {taken.userid}", "CP reflecting"
        carried = any(isinstance(event, DecisionCarriedOut) for event in self._events())
        doing = f"carrying out: {decision}" if carried or self.stage is Stage.DO else self.stage.value
        return f"CP, {doing}", f"CP: {doing}"[:40]


def _overlaps(stored: StorageStored, places: set[int]) -> bool:
    return not places.isdisjoint(range(stored.absolute, stored.absolute + len(stored.new)))


def _covers(event: CCWExecuted, address: int) -> bool:
    """Whether an address is in the data area of a CCW without indirect addressing."""
    if len(event.ccw) < 8:
        return False
    start, count = int.from_bytes(event.ccw[1:4], "big"), int.from_bytes(event.ccw[6:8], "big")
    return start <= address < start + count
