"""What a value was made of: the operands of the instruction, the CCW, the new PSW."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edu_hv.debugger.recording.accesses import Accesses, Fetched, RegisterAccess
from edu_hv.debugger.writers.addressing import of_absolute, of_guest
from edu_hv.debugger.writers.locations import Location, PswLocation, RegisterLocation, StorageLocation
from edu_hv.isa.codes import MASK_24
from edu_hv.isa.formats import Field, Register, StorageOperand
from edu_hv.isa.table import operation
from edu_hv.machine.storage import FRAME

if TYPE_CHECKING:
    from edu_hv.debugger.system import System

VALUE, ADDRESS = "value", "address"
"""What an operand is for: it is in the result, or it says where the others are."""


@dataclass(frozen=True)
class Operand:
    """Something that was read, and what it was then."""

    location: Location
    value: Any
    role: str = VALUE

    @property
    def words(self) -> str:
        """ "GR3 = 00000200 (address)"."""
        about = " (part of an address)" if self.role == ADDRESS else ""
        return f"{self.location.name} = {self.location.show(self.value)}{about}"


@dataclass(frozen=True)
class MadeOf:
    """The operands, and the one it is a mere copy of, if it is one."""

    operands: tuple[Operand, ...] = ()
    source: Operand | None = None


NOTHING = MadeOf()
_FLOATING_STORES = ("STD", "STE")
_MULTIPLE = ("LM", "LCTL")
_SAME_REGISTER = ("LR", "LTR", "LDR", "LTDR", "LER", "LTER")
_LOADS = ("L", "LM", "LD", "LE", "IC", "ICM", "LH", "LCTL")
_STORES = ("ST", "STM", "STC", "STH", "STCM", "STCTL", *_FLOATING_STORES)
_MOVES = ("MVC", "MVCIN", "MVCL")


def of_instruction(system: "System", owner: str, target: Location, accesses: Accesses) -> MadeOf:
    """What an instruction of a guest made `target` of."""
    places = _storage_operands(system, owner, accesses)
    addressing = _address_registers(accesses.text)
    registers = [_register(owner, one, addressing) for one in accesses.registers if one.read and one.file != "CR"]
    relevant = _relevant(target, accesses, registers)
    linked = isinstance(target, RegisterLocation) and accesses.mnemonic in ("BALR", "BAL")  # It is in the register.
    tested = linked or (accesses.tests_condition_code and not accesses.mnemonic.startswith("BAL"))
    code = [Operand(PswLocation(owner, "cc"), accesses.before.cc)] if tested else []
    source = _copied(system, owner, target, accesses)
    first = [source] if source is not None else []
    if source is not None and accesses.mnemonic in _MULTIPLE:
        places = []
    rest = [one for one in (*relevant, *places, *code) if source is None or _differs(one, source)]
    return MadeOf((*first, *rest), source)


def _differs(one: Operand, source: Operand) -> bool:
    """Whether an operand is not the one that was copied, nor storage around it."""
    if one.role == ADDRESS or not isinstance(one.location, StorageLocation):
        return one.location != source.location or one.role == ADDRESS
    if not isinstance(source.location, StorageLocation):
        return True
    start, end = one.location.pieces[0][0], one.location.pieces[0][0] + one.location.length
    return not start <= source.location.pieces[0][0] < end


def _relevant(target: Location, accesses: Accesses, registers: list[Operand]) -> list[Operand]:
    """Without the registers that a multiple store put elsewhere."""
    if accesses.mnemonic in ("STM", "STCTL"):
        return [one for one in registers if one.role == ADDRESS]
    return registers


def _register(owner: str, one: RegisterAccess, addressing: set[int]) -> Operand:
    role = ADDRESS if one.file == "GR" and one.number in addressing else VALUE
    return Operand(RegisterLocation(owner, one.file, one.number), one.old, role)


def _address_registers(text: bytes) -> set[int]:
    """The registers that are named as base or index only, where that makes an address of storage."""
    row = operation(text)
    if row is None or row.mnemonic == "LA" or "SHIFT" in row.format.name:
        return set()
    based: set[int] = set()
    for operand in row.format.operands:
        if isinstance(operand, StorageOperand):
            bits = [operand.base_bit, *([operand.index_bit] if operand.index_bit is not None else [])]
            based |= {_nibble(text, bit) for bit in bits} - {0}
    named = [one for one in row.format.operands if isinstance(one, Register)]
    data = {_nibble(text, one.bit) for one in named if one.field is Field.GENERAL_REGISTER and one.width == 4}
    written_only = row.mnemonic in _LOADS or row.mnemonic in ("LA",)
    return based if written_only else based - data


def _nibble(text: bytes, bit: int) -> int:
    return text[bit >> 3] >> 4 if bit % 8 == 0 else text[bit >> 3] & 15


def _storage_operands(system: "System", owner: str, accesses: Accesses) -> list[Operand]:
    """Where it fetched."""
    found = []
    for one in accesses.fetched:
        if one.data:
            location = of_absolute(system, owner, one.absolute, len(one.data), one.address)
            found.append(Operand(location, one.data))
    return found


# ---- copies ----------------------------------------------------------------------------------------------------------


def _copied(system: "System", owner: str, target: Location, accesses: Accesses) -> Operand | None:
    """The one operand that the value is a copy of; None when it was computed, or is of several."""
    mnemonic, text = accesses.mnemonic, accesses.text
    if mnemonic in _SAME_REGISTER and isinstance(target, RegisterLocation):
        number = text[1] & 15
        return next((_plain(owner, one) for one in accesses.registers if one.number == number and one.read), None)
    if mnemonic in _LOADS and isinstance(target, RegisterLocation) and accesses.fetched:
        return _loaded(system, owner, target, accesses)
    if mnemonic in _STORES and isinstance(target, StorageLocation):
        return _stored_register(system, owner, target, accesses)
    if mnemonic in _MOVES and isinstance(target, StorageLocation):
        return _moved(system, owner, target, accesses)
    return None


def _plain(owner: str, one: RegisterAccess) -> Operand:
    return Operand(RegisterLocation(owner, one.file, one.number), one.old)


def _loaded(system: "System", owner: str, target: RegisterLocation, accesses: Accesses) -> Operand | None:
    one, text = accesses.fetched[0], accesses.text
    if accesses.mnemonic in _MULTIPLE:
        return _part(system, owner, one, (target.number - (text[1] >> 4) & 15) * 4, 4)
    if accesses.mnemonic == "ICM" and text[1] & 15 != 15:
        return None
    if accesses.mnemonic == "IC" and any(a.number == target.number and a.new > 0xFF for a in accesses.registers):
        return None  # Three bytes are what they were.
    return _part(system, owner, one, 0, 1 if accesses.mnemonic == "IC" else len(one.data))


def _part(system: "System", owner: str, one: Fetched, offset: int, length: int) -> Operand | None:
    """A part of what was fetched; None where it goes on in another frame."""
    absolute = one.absolute + offset
    if (absolute + length - 1) // FRAME != one.absolute // FRAME:
        return None
    data = one.data[offset : offset + length]
    if len(data) < length:  # Of several words only the first is noted; what fetches those stores nothing.
        data = system.machine.storage.read(absolute, length)
    return Operand(of_absolute(system, owner, absolute, length, one.address + offset), data)


def _stored_register(system: "System", owner: str, target: StorageLocation, accesses: Accesses) -> Operand | None:
    """The register from which all of the bytes came."""
    number, offset = accesses.text[1] >> 4, _offset(system, target, accesses)
    if offset is None or offset + target.length > sum(len(one.new) for one in accesses.stored):
        return None
    if accesses.mnemonic in ("STM", "STCTL"):
        if offset % 4 + target.length > 4:
            return None
        number = number + offset // 4 & 15
    file = "FPR" if accesses.mnemonic in _FLOATING_STORES else "CR" if accesses.mnemonic == "STCTL" else "GR"
    return next((_plain(owner, one) for one in accesses.registers if (one.file, one.number) == (file, number)), None)


def _offset(system: "System", target: StorageLocation, accesses: Accesses) -> int | None:
    """How far behind the first byte stored the target begins; None where it begins before it."""
    if not accesses.stored or len(target.pieces) != 1:
        return None
    frame = target.frame(system, target.pieces[0][0])
    if frame is None:
        return None
    offset = frame + target.pieces[0][0] % FRAME - accesses.stored[0].absolute
    return offset if offset >= 0 else None


def _moved(system: "System", owner: str, target: StorageLocation, accesses: Accesses) -> Operand | None:
    """The bytes that were moved there, where those are all of the target."""
    offset, sources = _offset(system, target, accesses), accesses.fetched
    if offset is None or not sources or accesses.mnemonic != "MVC":
        return None
    length = sum(len(one.new) for one in accesses.stored)
    if offset + target.length > length:
        return None
    return _part(system, owner, sources[-1], offset, target.length)


# ---- what CP simulates, what the hardware does -----------------------------------------------------------------------

_FETCHES = {"LPSW": 8, "SSM": 1, "SCK": 8, "SCKC": 8, "SPT": 8, "SPX": 4, "STNSM": 0, "STOSM": 0}
"""Bytes that privileged instructions fetch from storage."""
_CAW = 0x48


def of_simulation(system: "System", owner: str, text: bytes, target: Location) -> MadeOf:
    """What CP made `target` of when it simulated an instruction: it stands before that."""
    row, vm = operation(text), system.cp.logged_on(owner) if system.cp else None
    if row is None or vm is None:
        return MadeOf()
    registers = [Operand(RegisterLocation(owner, "GR", n), vm.vmgprs[n]) for n in _named_registers(text)]
    length, at = _FETCHES.get(row.mnemonic, 0), _effective(text, vm.vmgprs)
    if row.mnemonic == "LCTL":
        length = 4 * ((text[1] - (text[1] >> 4) & 15) + 1)
        if isinstance(target, RegisterLocation):
            at, length = at + 4 * (target.number - (text[1] >> 4) & 15), 4
    if row.mnemonic in ("SIO", "SIOF"):
        at, length = _CAW, 4
    real = vm.guest_real(at) if length else None
    data = vm.peek(real, length) if real is not None else b""
    if not data or real is None:
        return MadeOf(tuple(registers))
    place = Operand(of_guest(system, owner, real, length), data)
    copied = place if row.mnemonic in ("LPSW", "SSM", "LCTL") else None
    based = tuple(Operand(one.location, one.value, ADDRESS) for one in registers)
    return MadeOf((place, *based), copied)


def _named_registers(text: bytes) -> list[int]:
    """Registers in the fields of an instruction, the base registers last."""
    row = operation(text)
    if row is None:
        return []
    found: list[int] = []
    for operand in row.format.operands:
        if isinstance(operand, Register) and operand.field is Field.GENERAL_REGISTER and operand.width == 4:
            found.append(_nibble(text, operand.bit))
        elif isinstance(operand, StorageOperand) and _nibble(text, operand.base_bit):
            found.append(_nibble(text, operand.base_bit))
    return list(dict.fromkeys(found))


def _effective(text: bytes, registers: list[int]) -> int:
    if len(text) < 4:
        return 0
    base = text[2] >> 4
    return (int.from_bytes(text[2:4], "big") & 0xFFF) + (registers[base] if base else 0) & MASK_24


def of_storage(system: "System", owner: str, address: int, length: int) -> MadeOf:
    """A copy of bytes at a real address of a guest, such as a new PSW; the machine stands before that."""
    place = of_guest(system, owner, address, length)
    copied = Operand(place, place.value(system))
    return MadeOf((copied,), copied)
