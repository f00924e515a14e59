"""What made a program interruption inevitable: for each condition, which operand is to blame and where it came from.

Called with the machine standing at the present; everything about the past is looked up by position.
"""

from collections.abc import Callable
from dataclasses import dataclass

from edu_hv.debugger import believed
from edu_hv.debugger.explaining.blame import RAN_ON, Blame, Tracer, linked
from edu_hv.debugger.explaining.failures import Scene, Trouble
from edu_hv.debugger.explaining.history import Moment, became
from edu_hv.debugger.explaining.operands import ALIGNED, EXECUTE, Place, odd_registers
from edu_hv.debugger.explaining.views import CauseLink
from edu_hv.debugger.recording.journal import GuestPSWsSwapped
from edu_hv.debugger.system import System
from edu_hv.isa.codes import PIC, Key
from edu_hv.isa.table import operation
from edu_hv.machine.events import PSWsSwapped
from edu_hv.machine.psw import PSW
from edu_hv.machine.storage import BLOCK_SHIFT


@dataclass(frozen=True)
class Case:
    """A program interruption, what the guest looked like before it, and who can follow values."""

    trouble: Trouble
    scene: Scene
    tracer: Tracer

    @property
    def mnemonic(self) -> str:
        """Of the instruction, "" without one."""
        row = operation(self.trouble.text) if len(self.trouble.text) >= 2 else None
        return row.mnemonic if row else ""

    @property
    def here(self) -> CauseLink:
        """The failing instruction as the root of its own failure."""
        return self.link("the instruction itself asks for it")

    def link(self, words: str) -> CauseLink:
        """A link that names the failing step."""
        return CauseLink(f"{words} in step {self.trouble.step}", self.trouble.step)

    def psw_became(self, question: Callable[[PSW], bool]) -> Moment | None:
        """When the guest's PSW last came to be so."""
        name = self.trouble.guest

        def asked(system: System) -> bool:
            guest = system.find(name)
            return guest is not None and question(believed.psw(system, guest))

        return became(self.tracer.session, name, asked, self.trouble.before)


def blame(case: Case) -> Blame:
    """The chain behind a program interruption."""
    return _BLAME.get(case.trouble.pic, _itself)(case)


def _itself(case: Case) -> Blame:
    return Blame((case.here,))


# ---- by condition ----------------------------------------------------------------------------------------------------


def _operation(case: Case) -> Blame:
    """Data executed, code overwritten, or a wild jump."""
    address, tracer = case.trouble.address, case.tracer
    assembly = tracer.session.assembly_of(case.trouble.guest)
    line = assembly.line_at(address) if assembly else None
    if line is not None and line.instruction and not case.trouble.text.startswith(line.object_code[:2]):
        absolute = _instruction_absolute(case)
        overwritten = tracer.overwritten(address, absolute, case.trouble.before) if absolute is not None else Blame(())
        return Blame(
            overwritten.links, f"the instruction {line.source.split()[0]} was overwritten: keep data out of code"
        )
    found = tracer.arrival(address, case.trouble.before)
    if assembly is not None and address == assembly.entry and not found.links:
        words = f"the program begins at {tracer.named(address)}, and what is there is no instruction"
        return Blame((case.link(words),), "begin with code, or name the first instruction in END")
    if not _jumped(found):
        return Blame(found.links, _DATA_IN_CODE)
    return _new_psw_zero(case, found)


def _jumped(found: Blame) -> bool:
    """Whether a branch or an interruption has led there."""
    return bool(found.links) and not found.links[0].sentence.startswith(RAN_ON)


_DATA_IN_CODE = "end the code with a branch or LPSW: what follows it is data, or LTORG stands among code"


def _instruction_absolute(case: Case) -> int | None:
    session = case.tracer.session
    if session.guest.vm is None:
        return case.trouble.address
    return session.real_address(case.trouble.address)


def _new_psw_zero(case: Case, found: Blame) -> Blame:
    """A jump to 0 by a new PSW that is all zeros."""
    step = found.links[0].step if found.links else None
    if case.trouble.address or step is None:
        return found
    events = [entry.event for entry in case.tracer.session.journal.of_step(step)]
    swap = next((e for e in reversed(events) if isinstance(e, PSWsSwapped | GuestPSWsSwapped) and not any(e.new)), None)
    if swap is None:
        return found
    at, kind = swap.kind.new_psw, swap.kind.value
    words = f"the {kind} interruption in step {step} took its new PSW from {at:06X}, all zeros: never set"
    link = CauseLink(words, step)
    return Blame((found.links[0], link), f"set the new PSW at {at:06X} before the first {kind} interruption")


def _privileged(case: Case) -> Blame:
    found = case.psw_became(lambda psw: psw.problem_state)
    fix = "ask the supervisor by SVC, or load a PSW with bit 15 off: X'0000...', not X'0001...'"
    if found is None:
        return Blame((CauseLink("PSW bit 15 is 1, the problem state, since the start"),), fix)
    return Blame((linked(found, f"PSW bit 15 is 1, the problem state: set by {found.words}"),), fix)


def _execute(case: Case) -> Blame:
    return Blame((case.link("the target of EXECUTE is another EXECUTE"),), "execute the inner instruction directly")


def _outside(case: Case) -> Place | None:
    size = case.scene.size
    found = [place for place, _, _ in case.scene.places if place.length]
    return next((p for p in found if p.address >= size or p.address + p.length > size), None)


def _addressing(case: Case) -> Blame:
    place = _outside(case)
    if place is None:
        if case.trouble.address >= case.scene.size:
            return case.tracer.arrival(case.trouble.address, case.trouble.before)
        return Blame((case.here,))
    words = f"{place.name} is at {place.address:06X} ({place.computed}), and storage ends at {case.scene.size - 1:06X}"
    found = case.tracer.place(place, case.scene, case.trouble.before)
    return Blame((case.link(words), *found.links), found.fix)


def _protected(case: Case) -> tuple[Place, int] | None:
    """The operand that the key may not touch, with its storage key."""
    key = case.scene.psw.key
    for place, absolute, there in case.scene.places:
        if not place.length or absolute is None or there is None or there >> 4 == key:
            continue
        if place.stored or there & Key.FETCH_PROTECTION:
            return place, there
    return None


def _protection(case: Case) -> Blame:
    """Of the PSW key, the storage key and the address, what came last made it inevitable."""
    key, wrong = case.scene.psw.key, _protected(case)
    if wrong is None:
        return case.tracer.arrival(case.trouble.address, case.trouble.before)
    place, there = wrong
    named = case.tracer.named(place.address)
    first = case.link(f"{place.name} at {named} has storage key {there >> 4:X}, the PSW key is {key:X}")
    address = case.tracer.place(place, case.scene, case.trouble.before)
    if not _in_program(case, place.address) and address.links:
        return Blame((first, *address.links), "the address leads outside the program: correct the register")
    links = sorted(_keys_set(case, place.address, there >> 4), key=lambda link: link.step or 0)
    return Blame((first, *links), "give the block the key of the PSW (SSK), or run with the block's key")


def _keys_set(case: Case, address: int, storage_key: int) -> list[CauseLink]:
    """Who set the storage key of a guest-real address, and who the PSW key."""
    key, links = case.scene.psw.key, list[CauseLink]()
    session, guest = case.tracer.session, case.trouble.guest

    def has_it(system: System) -> bool:
        vm = next((one.vm for one in system.guests if one.name == guest), None)
        found = system.machine.storage.keys[address >> BLOCK_SHIFT] if vm is None else vm.storage.peek_key(address)
        return found >> 4 == storage_key

    if storage_key and not case.scene.psw.dat:
        found = became(session, guest, has_it, case.trouble.before)
        links += [linked(found, f"storage key {storage_key:X} was set by {found.words}")] if found else []
    found = case.psw_became(lambda psw: psw.key == key)
    return [*links, linked(found, f"PSW key {key:X} was set by {found.words}")] if found is not None else links


def _in_program(case: Case, address: int) -> bool:
    assembly = case.tracer.session.assembly_of(case.trouble.guest)
    if assembly is None:
        return False
    return assembly.line_at(address) is not None or assembly.label_at(address) is not None


def _specification(case: Case) -> Blame:
    address, text = case.trouble.address, case.trouble.text
    if address & 1:
        found = case.tracer.arrival(address, case.trouble.before)
        first = case.link(f"the instruction address {address:06X} is odd")
        return Blame((first, *found.links), "a branch address must be even: branch to the label of an instruction")
    if not text:
        return _invalid_psw(case)
    odd = odd_registers(text)
    if odd:
        fix = f"name the even register of the pair, {odd[0] - 1}"
        return Blame((case.link(f"{case.mnemonic} names register {odd[0]}, and a pair begins with an even one"),), fix)
    return _misaligned(case)


def _invalid_psw(case: Case) -> Blame:
    found = case.psw_became(lambda psw: bool(psw.unassigned))
    fix = "in EC mode PSW bits 0, 2-4, 17 and 24-39 must be zero"
    if found is None:
        return Blame((case.link("the PSW that was loaded has bits on that must be zero in EC mode"),), fix)
    return Blame((linked(found, f"a PSW with bits that must be zero was loaded by {found.words}"),), fix)


def _misaligned(case: Case) -> Blame:
    boundary = ALIGNED.get(case.mnemonic, 2 if case.trouble.text[0] == EXECUTE else 0)
    for place, _, _ in case.scene.places:
        if boundary and place.address % boundary:
            words = f"{place.name} is at {case.tracer.named(place.address)}, off a boundary of {boundary} bytes"
            found = case.tracer.place(place, case.scene, case.trouble.before)
            letter = {8: "D", 4: "F"}.get(boundary, "H")
            fix = f"put it on a boundary: DS 0{letter} before it"
            return Blame((case.link(words), *(found.links if not _in_program(case, place.address) else ())), fix)
    return Blame((case.here,))


# ---- data ------------------------------------------------------------------------------------------------------------

_PACKED_SECOND = frozenset(("AP", "SP", "ZAP", "CP", "MP", "DP", "ED", "EDMK", "CVB"))
_PACKED_FIRST = frozenset(("AP", "SP", "CP", "MP", "DP", "SRP"))


def _not_packed(field: bytes) -> bool:
    digits = field.hex()
    return not digits[:-1].isdecimal() or digits[-1:] not in "abcdef"


def _data(case: Case) -> Blame:
    """The operand whose digits are not valid: who put them there."""
    for index, (place, absolute, _) in enumerate(case.scene.places):
        number = 2 if case.mnemonic == "CVB" else index + 1
        wanted = _PACKED_SECOND if number == 2 else _PACKED_FIRST
        field = case.scene.contents[index]
        if case.mnemonic not in wanted or absolute is None or not _not_packed(field):
            continue
        words = (
            f"{place.name} at {case.tracer.named(place.address)} is {field.hex().upper()}, which is not packed decimal"
        )
        found = case.tracer.storage(place.address, absolute, place.length, case.trouble.before)
        return Blame((case.link(words), *found.links), _packed_fix(field))
    return Blame((case.here,))


def _packed_fix(field: bytes) -> str:
    if all(byte >> 4 == 15 for byte in field[:-1]) and len(field) > 1:
        return "the field holds zoned digits: PACK it into another field first"
    if not any(field):
        return "the field was never given a value: it needs a sign, such as DC P'0' or ZAP of a packed zero"
    return "give the field packed digits and a sign: PACK, CVD or ZAP it first"


# ---- arithmetic ------------------------------------------------------------------------------------------------------


def _overflow(case: Case) -> Blame:
    number = case.trouble.text[1] >> 4
    return case.tracer.register(number, case.trouble.before, case.scene.gr[number])


def _divide(case: Case) -> Blame:
    """A zero divisor, or an even register that is not the sign of the odd one."""
    if case.mnemonic not in ("D", "DR"):
        return Blame((case.here,))
    text, gr = case.trouble.text, case.scene.gr
    if case.mnemonic == "DR":
        divisor = gr[text[1] & 15]
        if not divisor:
            found = case.tracer.register(text[1] & 15, case.trouble.before, divisor)
            return Blame((case.link(f"the divisor GR{text[1] & 15} is zero"), *found.links), _TEST_FIRST)
    else:
        place, absolute, _ = case.scene.places[0]
        if absolute is not None and not any(case.scene.contents[0]):
            found = case.tracer.storage(place.address, absolute, 4, case.trouble.before)
            return Blame(
                (case.link(f"the divisor at {case.tracer.named(place.address)} is zero"), *found.links), _TEST_FIRST
            )
    even = text[1] >> 4
    found = case.tracer.register(even, case.trouble.before, gr[even])
    dividend = f"GR{even}, GR{even + 1} = {gr[even]:08X} {gr[even + 1]:08X}"
    words = f"the dividend {dividend} is too large: the quotient does not fit"
    fix = f"make GR{even} the sign of GR{even + 1} first: load GR{even}, then SRDA {even},32"
    return Blame((case.link(words), *found.links), fix)


_TEST_FIRST = "test the divisor for zero before dividing"


def _decimal_divide(case: Case) -> Blame:
    place, absolute, _ = case.scene.places[1]
    if absolute is None or case.scene.contents[1].hex()[:-1].strip("0"):
        return Blame((case.link("the quotient does not fit into the first operand"),), "make operand 1 longer")
    found = case.tracer.storage(place.address, absolute, place.length, case.trouble.before)
    return Blame((case.link(f"the divisor at {case.tracer.named(place.address)} is zero"), *found.links), _TEST_FIRST)


def _decimal_overflow(case: Case) -> Blame:
    return Blame(
        (case.link("the result has more digits than operand 1 has room for"),), "make operand 1 longer, or SPM"
    )


# ---- translation -----------------------------------------------------------------------------------------------------


def _translation(case: Case) -> Blame:
    place = next((place for place, absolute, _ in case.scene.places if absolute is None), None)
    if place is None:
        return case.tracer.arrival(case.trouble.address, case.trouble.before)
    what = "page" if case.trouble.pic is PIC.PAGE_TRANSLATION else "segment"
    first = case.link(f"the {what}-table entry for {place.name} at {place.address:06X} is invalid")
    found = case.tracer.place(place, case.scene, case.trouble.before)
    return Blame(
        (first, *found.links), f"explain pte {place.address:06X} shows the entry; make it valid, or correct the address"
    )


def _special(case: Case) -> Blame:
    return Blame((case.link("CR0 or the PSW does not allow the instruction"),), "explain cr 0 shows the bits")


_BLAME: dict[PIC, Callable[[Case], Blame]] = {
    PIC.OPERATION: _operation,
    PIC.PRIVILEGED_OPERATION: _privileged,
    PIC.EXECUTE: _execute,
    PIC.PROTECTION: _protection,
    PIC.ADDRESSING: _addressing,
    PIC.SPECIFICATION: _specification,
    PIC.DATA: _data,
    PIC.FIXED_POINT_OVERFLOW: _overflow,
    PIC.FIXED_POINT_DIVIDE: _divide,
    PIC.DECIMAL_OVERFLOW: _decimal_overflow,
    PIC.DECIMAL_DIVIDE: _decimal_divide,
    PIC.SEGMENT_TRANSLATION: _translation,
    PIC.PAGE_TRANSLATION: _translation,
    PIC.SPECIAL_OPERATION: _special,
}
"""By condition: what traces it."""
