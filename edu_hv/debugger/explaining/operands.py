"""The operands of an instruction with their values: registers, effective addresses, lengths.

GA22-7000 "Address Generation" and the descriptions of the instructions.
"""

from dataclasses import dataclass

from edu_hv.isa.codes import MASK_24
from edu_hv.isa.formats import Field, Register, StorageOperand, field
from edu_hv.isa.table import Operation, operation
from edu_hv.machine.cpu import CPU
from edu_hv.machine.interruptions import ProgramInterruption

EXECUTE = 0x44

_LENGTHS = {
    **dict.fromkeys(("AH", "CH", "LH", "MH", "SH", "STH", "STAP"), 2),
    **dict.fromkeys(("IC", "STC", "SSM", "TS", "RDD", "WRD"), 1),
    **dict.fromkeys(("CVB", "CVD", "CDS", "LPSW", "STIDP", "STCK", "SCK", "SCKC", "STCKC", "SPT", "STPT", "LASP"), 8),
    **dict.fromkeys(("LD", "STD", "AD", "SD", "AW", "SW", "CD", "MD", "DD", "MXD"), 8),
    **dict.fromkeys(("CS", "SPX", "STPX"), 4),
    **dict.fromkeys(("EX", "LA", "LRA", "BC", "BAL", "BAS", "BCT", "BXH", "BXLE", "MC", "SLA", "SLDA", "SLL", "SLDL",
                     "SRA", "SRDA", "SRL", "SRDL", "DIAG", "SIGP", "RRB", "SPKA", "SAC", "PC", "CONCS", "DISCS",
                     "SIO", "SIOF", "TIO", "CLRIO", "HIO", "HDV", "TCH", "STIDC", "CLRCH", "RIO", "TPROT"), 0),
}  # fmt: skip
"""Bytes of the storage operand by mnemonic where its format does not tell; 0: the address itself is the operand."""
BRANCHES = frozenset(("BC", "BAL", "BAS", "BCT", "BXH", "BXLE", "BCR", "BALR", "BASR", "BCTR"))
SHIFTS = frozenset(("SLA", "SLDA", "SLL", "SLDL", "SRA", "SRDA", "SRL", "SRDL"))
IO = frozenset(("SIO", "SIOF", "TIO", "CLRIO", "HIO", "HDV", "TCH", "STIDC", "CLRCH", "RIO"))
_MASKED = frozenset(("ICM", "STCM", "CLM"))
_STORES = frozenset((
    "ST", "STH", "STC", "STCM", "STM", "STE", "STD", "CVD", "MVI", "NI", "OI", "XI", "TS", "STCK", "STCKC", "STPT",
    "STIDP", "STPX", "STAP", "STCTL", "STNSM", "STOSM", "CS", "CDS", "RDD", "MVC", "MVCIN", "MVN", "MVZ", "NC", "OC",
    "XC", "TR", "ED", "EDMK", "MVO", "PACK", "UNPK", "AP", "SP", "ZAP", "MP", "DP", "SRP", "MVCK", "MVCP", "MVCS",
))  # fmt: skip
"""Instructions whose first storage operand, or only one, is stored into."""
ALIGNED = {
    **dict.fromkeys(("LPSW", "SCK", "SCKC", "STCKC", "SPT", "STPT", "STIDP", "CDS", "LASP"), 8),
    **dict.fromkeys(("CS", "LCTL", "STCTL", "SPX", "STPX"), 4),
    "STAP": 2,
}
"""Instructions whose storage operand has to be on a boundary, whatever else need not be on a System/370."""
EVEN_FIRST = frozenset((
    "M", "MR", "D", "DR", "SLDA", "SRDA", "SLDL", "SRDL", "MVCL", "CLCL", "CDS",
))  # fmt: skip
"""Instructions whose register operands name the even one of a pair; the last three also by the other one."""
_BOTH_EVEN = frozenset(("MVCL", "CLCL", "CDS"))


@dataclass(frozen=True)
class Place:
    """A storage operand: `address` is logical, 24 bits; `length` 0 means that the address itself is what counts."""

    name: str
    computed: str
    address: int
    length: int
    stored: bool
    registers: tuple[int, ...]
    """General registers the address comes from."""

    @property
    def last(self) -> int:
        """The address of its last byte."""
        return self.address + max(self.length, 1) - 1 & MASK_24


def target_of_execute(cpu: CPU, text: bytes) -> bytes:
    """What EXECUTE executes, modified; b"" when it cannot be fetched.  Looks by way of the CPU: undo it."""
    address = _storage(cpu.gr, text, operation_of(text), operation_of(text).format.operands[1]).address  # type: ignore[arg-type]
    try:
        found = cpu.fetch_instruction(address)
    except ProgramInterruption:
        return b""
    r1 = text[1] >> 4
    return bytes((found[0], found[1] | cpu.gr[r1] & 0xFF)) + found[2:] if r1 else found


def operation_of(text: bytes) -> Operation:
    """The row of an instruction that has one."""
    row = operation(text)
    assert row is not None
    return row


def places(gr: list[int], text: bytes) -> list[Place]:
    """The storage operands of a complete instruction, from the general registers."""
    row = operation(text) if len(text) >= 2 else None
    if row is None or len(text) != row.format.length:
        return []
    found = [_storage(gr, text, row, o) for o in row.format.operands if isinstance(o, StorageOperand)]
    return found or _long_operands(gr, text, row)


def _storage(gr: list[int], text: bytes, row: Operation, operand: StorageOperand) -> Place:
    base = field(text, operand.base_bit, 4)
    index = field(text, operand.index_bit, 4) if operand.index_bit is not None else 0
    displacement = field(text, operand.displacement_bit, 12)
    registers = tuple(register for register in (base, index) if register)
    address = sum(gr[register] for register in registers) + displacement & MASK_24
    parts = [f"GR{register} {gr[register]:08X}" for register in registers]
    computed = " + ".join([*parts, f"displacement {displacement:03X}"]) + f" = {address:06X}"
    stored = row.mnemonic in _STORES and operand.number == (2 if operand.index_bit is not None else _only(row))
    return Place(_name(row, operand), computed, address, _length(gr, text, row, operand), stored, registers)


def _only(row: Operation) -> int:
    """The number of the first storage operand."""
    return min(o.number for o in row.format.operands if isinstance(o, StorageOperand))


def _name(row: Operation, operand: StorageOperand) -> str:
    if row.mnemonic in BRANCHES:
        return "branch address"
    if row.mnemonic in SHIFTS:
        return "shift amount"
    if row.mnemonic in IO:
        return "device address"
    return f"operand {operand.number}"


def _length(gr: list[int], text: bytes, row: Operation, operand: StorageOperand) -> int:
    if operand.length_bit is not None:
        return field(text, operand.length_bit, operand.length_width) + 1
    name = row.mnemonic
    if operand.register_bit is not None or (name in ("MVCK", "MVCP", "MVCS")):
        return min(gr[text[1] >> 4], 256)
    if name in _LENGTHS:
        return _LENGTHS[name]
    if name in ("LM", "STM", "LCTL", "STCTL"):
        return ((text[1] & 15) - (text[1] >> 4) & 15) * 4 + 4
    if name in _MASKED:
        return (text[1] & 15).bit_count()
    if name in ("TR", "TRT"):
        return 256
    if name == "SRP":
        return 0
    if text[0] >> 6 == 3:
        return text[1] + 1
    return 1 if row.format.name == "SI" else 4


def _long_operands(gr: list[int], text: bytes, row: Operation) -> list[Place]:
    """The fields of MVCL and CLCL, whose addresses and lengths are in registers."""
    if row.mnemonic not in ("MVCL", "CLCL"):
        return []
    found = []
    for number, register in ((1, text[1] >> 4), (2, text[1] & 15)):
        address, length = gr[register] & MASK_24, gr[register | 1] & MASK_24
        computed = f"GR{register} {gr[register]:08X} = {address:06X}, length GR{register | 1} = {length:06X}"
        stored = row.mnemonic == "MVCL" and number == 1
        found.append(Place(f"operand {number}", computed, address, length, stored, (register, register | 1)))
    return found


def register_fields(text: bytes) -> list[tuple[str, Field, int]]:
    """Name, kind and number of the operands that are fields of the instruction."""
    row = operation(text) if len(text) >= 2 else None
    if row is None or len(text) != row.format.length:
        return []
    found = [o for o in row.format.operands if isinstance(o, Register)]
    return [(o.name, o.field, field(text, o.bit, o.width)) for o in found]


def odd_registers(text: bytes) -> list[int]:
    """The odd registers that the instruction names where it has to be an even one."""
    row = operation(text)
    if row is None or row.mnemonic not in EVEN_FIRST:
        return []
    numbers = [n for _, kind, n in register_fields(text) if kind is Field.GENERAL_REGISTER]
    return [n for n in (numbers if row.mnemonic in _BOTH_EVEN else numbers[:1]) if n & 1]


_LOAD_ONE = frozenset((
    "L", "LA", "LH", "LR", "LTR", "LCR", "LPR", "LNR", "A", "AR", "AH", "AL", "ALR", "S", "SR", "SH", "SL", "SLR",
    "N", "NR", "O", "OR", "X", "XR", "BAL", "BALR", "BAS", "BASR", "BCT", "BCTR", "BXH", "BXLE", "CVB", "IC", "ICM",
    "LRA", "MH", "SLA", "SLL", "SRA", "SRL", "CS", "ISK", "ISKE", "IVSK", "EPAR", "ESAR", "IAC", "SIGP", "TB",
))  # fmt: skip
_LOAD_PAIR = frozenset(("M", "MR", "D", "DR", "SLDA", "SLDL", "SRDA", "SRDL", "CDS"))


def registers_written(text: bytes) -> frozenset[int]:
    """The general registers that an instruction writes, be it the same value again."""
    row = operation(text) if len(text) >= 2 else None
    if row is None or len(text) < 2:
        return frozenset()
    r1 = text[3] >> 4 if row.format.name.startswith("RRE") and len(text) == 4 else text[1] >> 4
    match row.mnemonic:
        case "LM":
            return frozenset(n & 15 for n in range(r1, r1 + ((text[1] & 15) - r1 & 15) + 1))
        case "MVCL" | "CLCL":
            return frozenset((r1, r1 | 1, text[1] & 15, text[1] & 15 | 1))
        case "TRT":
            return frozenset((1, 2))
        case "EDMK":
            return frozenset((1,))
        case "IPK":
            return frozenset((2,))
        case name if name in _LOAD_PAIR:
            return frozenset((r1, r1 | 1))
        case name if name in _LOAD_ONE:
            return frozenset((r1,))
    return frozenset()


def registers_between(text: bytes) -> list[int]:
    """The general registers of LM and STM, all of them; [] for other instructions."""
    row = operation(text) if len(text) >= 2 else None
    return _range(text) if row is not None and row.mnemonic in ("LM", "STM") else []


def control_registers_named(text: bytes) -> list[int]:
    """The control registers of LCTL and STCTL, all of them; [] for other instructions."""
    row = operation(text) if len(text) >= 2 else None
    return _range(text) if row is not None and row.mnemonic in ("LCTL", "STCTL") else []


def _range(text: bytes) -> list[int]:
    first, last = text[1] >> 4, text[1] & 15
    return [first + n & 15 for n in range((last - first & 15) + 1)]
