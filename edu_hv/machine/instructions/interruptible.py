"""The interruptible instructions.  GA22-7000 "Interruptible Instructions".

One execution does one unit of operation, which ends at the next 2K boundary of either operand.  While the operation is
not finished the instruction address is put back, so that an interruption may come between two units.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edu_hv.isa.codes import MASK_24
from edu_hv.machine.instructions.conditions import compare_code, require_even
from edu_hv.machine.instructions.registry import executes
from edu_hv.machine.storage import BLOCK

if TYPE_CHECKING:
    from edu_hv.machine.cpu import CPU


class LongOperand:
    """An operand described by an even-odd pair: the address in the even register, the length left in the odd one."""

    def __init__(self, cpu: CPU, register: int) -> None:
        self.cpu, self.register = cpu, register
        self.address, self.length = cpu.gr[register] & MASK_24, cpu.gr[register + 1] & MASK_24
        self.high_byte = cpu.gr[register + 1] >> 24
        """Bits 0-7 of the odd register: of the second operand, the padding byte."""

    @property
    def room(self) -> int:
        """Bytes up to the next 2K boundary or the end of the operand."""
        return min(self.length, BLOCK - self.address % BLOCK)

    def fetch(self, count: int, padding: int) -> bytes:
        """The next bytes; padding when the operand is exhausted."""
        return self.cpu.load_bytes(self.address, count) if self.length else bytes([padding]) * count

    def advance(self, count: int) -> None:
        """Step over bytes processed.  Bits 0-7 of the even register become zeros, whatever the count."""
        step = count if self.length else 0
        self.cpu.gr[self.register] = self.address + step & MASK_24
        self.cpu.gr[self.register + 1] = self.high_byte << 24 | self.length - step


def unit_of_operation(first: LongOperand, second: LongOperand) -> int:
    """Bytes that one unit processes: no operand that has bytes left crosses a 2K boundary."""
    return min((operand.room for operand in (first, second) if operand.length), default=0)


def repeat(cpu: CPU) -> None:
    """Put the instruction address back: the next unit of operation follows, unless an interruption comes first.

    That is no branch: PER sees none.
    """
    cpu.psw.instruction_address = cpu.psw.instruction_address - 2 * cpu.ilc & MASK_24


@executes("MVCL")
def move_long(cpu: CPU, r1: int, r2: int) -> None:
    """MOVE LONG.  GA22-7000 "Move Long".  CC 0 lengths equal, 1 first shorter, 2 first longer, 3 destructive overlap.

    R1 and R2 are even.  A first operand that is longer is filled with the padding byte.
    """
    require_even(r1 | r2)
    first, second = LongOperand(cpu, r1), LongOperand(cpu, r2)
    destructive = 0 < (first.address - second.address & MASK_24) < min(first.length, second.length)
    count = 0 if destructive or not first.length else unit_of_operation(first, second)
    if count:
        cpu.check_store(first.address, count)
        cpu.store_bytes(first.address, second.fetch(count, second.high_byte))
    first.advance(count)
    second.advance(count)
    if destructive:
        cpu.psw.cc = 3
    elif count < first.length:
        repeat(cpu)
    else:
        cpu.psw.cc = compare_code(first.length, second.length)


@executes("CLCL")
def compare_logical_long(cpu: CPU, r1: int, r2: int) -> None:
    """COMPARE LOGICAL LONG.  GA22-7000 "Compare Logical Long".  CC 0 equal, 1 first low, 2 first high.

    R1 and R2 are even.  The shorter operand is extended with the padding byte.  When unequal, the registers designate
    the unequal bytes.
    """
    require_even(r1 | r2)
    first, second = LongOperand(cpu, r1), LongOperand(cpu, r2)
    count = unit_of_operation(first, second)
    left, right = first.fetch(count, second.high_byte), second.fetch(count, second.high_byte)
    same = next((position for position in range(count) if left[position] != right[position]), count)
    first.advance(same)
    second.advance(same)
    if same < count:
        cpu.psw.cc = compare_code(left[same], right[same])
    elif count < max(first.length, second.length):
        repeat(cpu)
    else:
        cpu.psw.cc = 0
