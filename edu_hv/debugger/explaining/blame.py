"""Following a value back to where it came from: a register to its last writer, through copies, to what computed it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edu_hv.debugger.explaining.failures import Scene, scene
from edu_hv.debugger.explaining.history import Moment, arrival, register_writer, storage_writer
from edu_hv.debugger.explaining.operands import BRANCHES, Place
from edu_hv.debugger.explaining.views import CauseLink
from edu_hv.isa.codes import MASK_24
from edu_hv.isa.table import operation

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession

_HALFWORD = 2
"""Of an instruction, where its operation code is."""
_SETS_BASE = ("BALR", "BASR", "BAL", "BAS")
MOST_COPIES = 5
"""Copies that are followed."""
NEVER_LOADED = "load the register before it is used; a base register gets its value from BALR, LA or L"
CHECK_SOURCE = "correct the statement that gives the value its start"


@dataclass(frozen=True)
class Blame:
    """The links of a chain, and the fix where one is certain."""

    links: tuple[CauseLink, ...]
    fix: str = ""


RAN_ON = "execution ran on into"


def in_sequence(found: Moment, target: int) -> bool:
    """Whether an address was come to because it is that of the next instruction."""
    return bool(found.text) and found.address + len(found.text) == target and found.mnemonic not in _GOES_ELSEWHERE


_GOES_ELSEWHERE = BRANCHES | {"LPSW", "SVC"}


def linked(found: Moment, words: str) -> CauseLink:
    """A link that names the step of a moment."""
    return CauseLink(f"{words} in step {found.step}", found.step)


class Tracer:
    """Follows values of one guest of a session back in time."""

    def __init__(self, session: "DebugSession", guest: str) -> None:
        self.session, self.guest = session, guest

    # ---- registers and storage -------------------------------------------------------------------------------

    def register(self, number: int, before: int, value: int, left: int = MOST_COPIES) -> Blame:
        """Where the value of a general register at a position comes from."""
        found = register_writer(self.session, self.guest, number, before)
        if found is None:
            words = f"GR{number} = {value:08X} is what it was from the start: nothing has loaded it"
            return Blame((CauseLink(words),), NEVER_LOADED)
        stage = scene(self.session, self.guest, found.unit - 1, found.text) if found.text else None
        match found.mnemonic:
            case "LR" | "LTR" if left and stage:
                source = found.text[1] & 15
                link = linked(found, f"GR{number} = {value:08X} was copied from GR{source} by {found.words}")
                return _joined(link, self.register(source, found.unit - 1, stage.gr[source], left - 1))
            case "L" | "LM" | "LH" | "ICM" if left and stage and stage.places:
                return self._loaded(found, stage, number, value, left)
        return Blame((linked(found, f"GR{number} = {value:08X} comes from {found.words}"),))

    def _loaded(self, found: Moment, stage: Scene, number: int, value: int, left: int) -> Blame:
        place, absolute, _ = stage.places[0]
        offset = ((number - (found.text[1] >> 4)) & 15) * 4 if found.mnemonic == "LM" else 0
        length = 4 if found.mnemonic == "LM" else place.length
        at = place.address + offset & MASK_24
        link = linked(found, f"GR{number} = {value:08X} was loaded from {self.named(at)} by {found.words}")
        if absolute is None:
            return Blame((link,))
        return _joined(link, self.storage(at, absolute + offset, length, found.unit - 1, left - 1))

    def storage(self, address: int, absolute: int, length: int, before: int, left: int = MOST_COPIES) -> Blame:
        """Where the contents of storage at a position come from; `address` is the guest's."""
        found = storage_writer(self.session, self.guest, address, absolute, length, before)
        if found is None or self._by_the_loader(found):
            words = f"{self.named(address)} holds that since the program was loaded{self._source(address)}"
            return Blame((CauseLink(words),))
        row = operation(found.text) if found.text else None
        link = linked(found, f"{self.named(address)} was stored by {found.words}")
        if row is None or not left:
            return Blame((link,))
        stage = scene(self.session, self.guest, found.unit - 1, found.text)
        if row.mnemonic in ("ST", "STM"):
            number = self._stored_register(found, stage, address)
            return _joined(link, self.register(number, found.unit - 1, stage.gr[number], left - 1))
        if row.mnemonic == "MVC" and len(stage.places) == 2:
            return self._moved(link, stage, address, length, found.unit - 1, left)
        return Blame((link,))

    def overwritten(self, address: int, absolute: int, before: int) -> Blame:
        """Who stored over an instruction, and where the address comes from that led there; `address` is the guest's.

        The value is of no interest: none would have been right.
        """
        found = storage_writer(self.session, self.guest, address, absolute, _HALFWORD, before)
        if found is None or not found.text or self._by_the_loader(found):
            return self.storage(address, absolute, _HALFWORD, before)
        link = linked(found, f"{self.named(address)} was stored by {found.words}")
        stage = scene(self.session, self.guest, found.unit - 1, found.text)
        place = next((place for place, _, _ in stage.places if place.stored and place.registers), None)
        if place is None or self._by_base_register(place, stage, found.unit - 1):
            return Blame((link,))
        return Blame((link, *self.place(place, stage, found.unit - 1).links))

    def _by_base_register(self, place: Place, stage: Scene, before: int) -> bool:
        """Whether the address is that of the statement, since its register is the base of the program."""
        number = max(place.registers, key=lambda register: stage.gr[register] & MASK_24)
        found = register_writer(self.session, self.guest, number, before)
        return found is not None and found.mnemonic in _SETS_BASE

    def _stored_register(self, found: Moment, stage: Scene, address: int) -> int:
        first = found.text[1] >> 4
        if found.mnemonic == "ST" or not stage.places:
            return first
        return first + ((address - stage.places[0][0].address) // 4) & 15

    def _moved(self, link: CauseLink, stage: Scene, address: int, length: int, before: int, left: int) -> Blame:
        (to, _, _), (source, absolute, _) = stage.places
        offset = address - to.address
        if absolute is None or not 0 <= offset < source.length:
            return Blame((link,))
        return _joined(link, self.storage(source.address + offset, absolute + offset, length, before, left - 1))

    def _by_the_loader(self, found: Moment) -> bool:
        """Whether it was the program's being loaded: by a channel before it ran, or by our loader."""
        assembly = self.session.assembly_of(self.guest)
        if not found.text or assembly is None:
            return False
        return assembly.line_at(found.address) is None and found.step < self._entered()

    def _entered(self) -> int:
        """The step at which the program was first at its entry; 0 when it began there."""
        assembly, recording = self.session.assembly_of(self.guest), self.session.recording
        at = recording.visited.get((self.guest, assembly.entry)) if assembly else None
        return recording.boundaries.last_at(at) if at is not None else 0

    def _source(self, address: int) -> str:
        """The statement that defined a place: ": FIELD DC F'0'"."""
        assembly = self.session.assembly_of(self.guest)
        line = assembly.line_at(address) if assembly else None
        return f": {' '.join(line.source.split()[:3])}" if line is not None and line.source.strip() else ""

    def named(self, address: int) -> str:
        """An address with its label: "000300 (COUNT)"."""
        assembly = self.session.assembly_of(self.guest)
        label = assembly.label_at(address) if assembly else None
        return f"{address:06X} ({label})" if label else f"{address:06X}"

    # ---- addresses -------------------------------------------------------------------------------------------

    def place(self, place: Place, stage: Scene, before: int) -> Blame:
        """Where the address of an operand comes from: the register that contributes most."""
        if not place.registers:
            return Blame((), "the address is written in the instruction itself: correct it, or give it a base register")
        number = max(place.registers, key=lambda register: stage.gr[register] & MASK_24)
        return self.register(number, before, stage.gr[number])

    def arrival(self, address: int, before: int) -> Blame:
        """How execution came to an address: the jump, and where its target comes from."""
        found = arrival(self.session, self.guest, address, before)
        if found is None:
            return Blame(())
        if in_sequence(found, address):
            return Blame((linked(found, f"{RAN_ON} {self.named(address)} from {found.words}"),))
        link = linked(found, f"execution came to {self.named(address)} by {found.words}")
        if not found.text or found.mnemonic in ("SVC", "LPSW") or "interruption" in found.words:
            return Blame((link,))
        stage = scene(self.session, self.guest, found.unit - 1, found.text)
        if len(found.text) == 2:
            number = found.text[1] & 15
            return _joined(link, self.register(number, found.unit - 1, stage.gr[number]))
        if stage.places and max((stage.gr[n] & MASK_24 for n in stage.places[0][0].registers), default=0) > 0xFFF:
            return _joined(link, self.place(stage.places[0][0], stage, found.unit - 1))
        return Blame((link,))


def _joined(link: CauseLink, rest: Blame) -> Blame:
    return Blame((link, *rest.links), rest.fix)
