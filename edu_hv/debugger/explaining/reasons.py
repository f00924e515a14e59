"""Why the hardware interrupts an instruction: the architecture's reason, with the values that make it so.

GA22-7000 "Program Interruption".  For the real machine; `cpu` is the one that found the condition.
"""

from edu_hv.debugger.explaining.operands import ALIGNED, Place, odd_registers, places
from edu_hv.isa.codes import PIC, Key
from edu_hv.isa.table import operation
from edu_hv.machine.cpu import CPU
from edu_hv.machine.interruptions import Interruption, ProgramInterruption
from edu_hv.machine.storage import BLOCK_SHIFT

WHEN: dict[PIC, str] = {
    PIC.OPERATION: "the operation code is assigned to no instruction of this machine",
    PIC.PRIVILEGED_OPERATION: "a privileged instruction in the problem state (PSW bit 15 is 1)",
    PIC.EXECUTE: "the target of EXECUTE is another EXECUTE",
    PIC.PROTECTION: "the PSW key is not 0 and does not match the storage key of the operand",
    PIC.ADDRESSING: "the address is outside the installed storage",
    PIC.SPECIFICATION: "an odd instruction address, an odd register of a pair, an operand off its boundary, "
    "or PSW bits that must be zero",
    PIC.DATA: "a digit or sign code of a packed decimal operand is not valid, or operands overlap wrongly",
    PIC.FIXED_POINT_OVERFLOW: "the result does not fit, and the program mask allows it (PSW program mask bit 0)",
    PIC.FIXED_POINT_DIVIDE: "the divisor is zero, or the quotient does not fit into a register",
    PIC.DECIMAL_OVERFLOW: "the decimal result does not fit, and the program mask allows it (program mask bit 1)",
    PIC.DECIMAL_DIVIDE: "the decimal divisor is zero, or the quotient does not fit",
    PIC.EXPONENT_OVERFLOW: "the characteristic of a floating-point result is over 127",
    PIC.EXPONENT_UNDERFLOW: "the characteristic is less than 0, and the program mask allows it (program mask bit 2)",
    PIC.SIGNIFICANCE: "the fraction of a sum is zero, and the program mask allows it (program mask bit 3)",
    PIC.FLOATING_POINT_DIVIDE: "the fraction of a floating-point divisor is zero",
    PIC.SEGMENT_TRANSLATION: "the segment-table entry is invalid, or the table is too short",
    PIC.PAGE_TRANSLATION: "the page-table entry is invalid, or the table is too short: a page fault",
    PIC.TRANSLATION_SPECIFICATION: "CR0 bits 8-12 name no format, or a table entry has bits on that must be zero",
    PIC.SPECIAL_OPERATION: "SSM while CR0 bit 1 suppresses it, or an instruction without the DAT or control it needs",
    PIC.PSEUDO_PAGE_FAULT: "VM/370 only: a page of a guest with SET PAGEX ON is out, or has come",
    PIC.ASN_TRANSLATION_SPECIFICATION: "an ASN table entry has bits on that must be zero",
    PIC.SPACE_SWITCH_EVENT: "the primary address space changed and one of the two asks to hear of it",
    PIC.PC_TRANSLATION_SPECIFICATION: "a linkage- or entry-table entry has bits on that must be zero",
    PIC.AFX_TRANSLATION: "the ASN-first-table entry is invalid",
    PIC.ASX_TRANSLATION: "the ASN-second-table entry is invalid",
    PIC.LX_TRANSLATION: "the linkage-table entry is invalid or outside the table",
    PIC.EX_TRANSLATION: "the entry-table entry is outside the table",
    PIC.PRIMARY_AUTHORITY: "the authority table does not permit this primary address space",
    PIC.SECONDARY_AUTHORITY: "the authority table does not permit this secondary address space",
    PIC.MONITOR_EVENT: "MONITOR CALL of a class that CR8 allows",
    PIC.PER_EVENT: "program-event recording: PSW bit 1 and CR9 ask for it",
}
"""When each program interruption occurs."""


def reason(cpu: CPU, found: Interruption, text: bytes, gr: list[int]) -> str:
    """Why the machine found this program interruption, with values."""
    match found.code:
        case PIC.OPERATION:
            return f"operation code {text[:2].hex().upper()} is no instruction of this machine"
        case PIC.PRIVILEGED_OPERATION:
            return "it is privileged, and PSW bit 15 is 1, the problem state"
        case PIC.PROTECTION:
            return _protection(cpu, text, gr)
        case PIC.ADDRESSING:
            return _addressing(cpu, found, text, gr)
        case PIC.SPECIFICATION:
            return specification(cpu, found, text, gr)
        case PIC.PAGE_TRANSLATION | PIC.SEGMENT_TRANSLATION:
            return _translation(found)
        case _:
            return WHEN[PIC(found.code)]


def _translation(found: Interruption) -> str:
    address = (found.translation_address or 0) & 0xFFFFFF
    what = "page" if found.code == PIC.PAGE_TRANSLATION else "segment"
    return f"the {what}-table entry for {address:06X} is invalid, or the table is too short"


def protected_place(cpu: CPU, text: bytes, gr: list[int]) -> tuple[Place, int] | None:
    """The operand that the PSW key may not touch, and the storage key there.  Looks by way of the CPU: undo it."""
    if not cpu.psw.key:
        return None
    for place in places(gr, text):
        if place.length:
            for end in (place.address, place.last):
                key = key_of(cpu, end)
                if key is not None and key >> 4 != cpu.psw.key and (place.stored or key & Key.FETCH_PROTECTION):
                    return place, key
    return None


def key_of(cpu: CPU, address: int) -> int | None:
    """The storage key behind a logical address; None where the address leads nowhere.  Undo what it does."""
    absolute = absolute_of(cpu, address)
    return None if absolute is None else cpu.storage.keys[absolute >> BLOCK_SHIFT]


def absolute_of(cpu: CPU, address: int) -> int | None:
    """The absolute address behind a logical one, or None.  It may fill the TLB: undo it."""
    try:
        absolute = cpu.absolute(cpu.to_real(address))
    except ProgramInterruption:
        return None
    return absolute if absolute < cpu.storage.size else None


def _protection(cpu: CPU, text: bytes, gr: list[int]) -> str:
    found = protected_place(cpu, text, gr)
    if found is None:
        return f"the PSW key {cpu.psw.key:X} may not touch the instruction or an operand"
    place, key = found
    verb = "store into" if place.stored else "fetch from"
    where = f"{place.name} at {place.address:06X} has storage key {key >> 4:X}"
    return f"{where}, and PSW key {cpu.psw.key:X} may not {verb} it"


def outside_place(size: int, text: bytes, gr: list[int]) -> Place | None:
    """The operand that reaches past the storage of `size` bytes."""
    found = [place for place in places(gr, text) if place.length]
    return next((p for p in found if p.address >= size or p.address + p.length > size), None)


def _addressing(cpu: CPU, found: Interruption, text: bytes, gr: list[int]) -> str:
    size = cpu.storage.size
    place = outside_place(size, text, gr)
    if place is not None:
        return f"{place.name} is at {place.address:06X}, past the last byte of storage, {size - 1:06X}"
    if found.instruction_address >= size:
        return (
            f"the instruction address {found.instruction_address:06X} is past the last byte of storage, {size - 1:06X}"
        )
    return WHEN[PIC.ADDRESSING]


def specification(cpu: CPU, found: Interruption, text: bytes, gr: list[int]) -> str:
    """Why it is a specification exception."""
    if found.instruction_address & 1:
        return f"the instruction address {found.instruction_address:06X} is odd"
    if not text:
        return "the PSW has bits on that must be zero in EC mode"
    row = operation(text)
    odd = odd_registers(text)
    if odd:
        return f"register {odd[0]} is odd, where the even register of a pair must be named"
    boundary = ALIGNED.get(row.mnemonic, 0) if row else 0
    for place in places(gr, text):
        if boundary and place.address % boundary:
            return f"{place.name} is at {place.address:06X}, which is not on a boundary of {boundary} bytes"
    if row and row.mnemonic == "EX" and places(gr, text)[0].address & 1:
        return f"the target of EXECUTE is at the odd address {places(gr, text)[0].address:06X}"
    if row and row.mnemonic in ("SSK", "ISK") and gr[text[1] & 15] & 15:
        return (
            f"GR{text[1] & 15} {gr[text[1] & 15]:08X} has bits 28-31 on, which must be zero in the address of a block"
        )
    if row and row.mnemonic in ("MP", "DP"):
        return "operand 2 is longer than 8 bytes, or not shorter than operand 1"
    if row and row.mnemonic in ("SSM", "STNSM", "STOSM", "LPSW"):
        return "it turns PSW bits on that must be zero in EC mode"
    return WHEN[PIC.SPECIFICATION]
