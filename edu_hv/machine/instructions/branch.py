"""Branching, and EXECUTE.  GA22-7000 "General Instructions"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edu_hv.isa.codes import MASK_32, PIC
from edu_hv.isa.table import BY_MNEMONIC
from edu_hv.machine.instructions.conditions import selects, signed
from edu_hv.machine.instructions.registry import executes
from edu_hv.machine.interruptions import Ending, ProgramInterruption

if TYPE_CHECKING:
    from edu_hv.machine.cpu import CPU


EXECUTE = BY_MNEMONIC["EX"].code


@executes("BCR")
def branch_on_condition_register(cpu: CPU, m1: int, r2: int) -> None:
    """BRANCH ON CONDITION (RR).  GA22-7000 "Branch on Condition".  R2 = 0: no branch."""
    if r2 and selects(m1, cpu.psw.cc):
        cpu.branch(cpu.gr[r2])


@executes("BC")
def branch_on_condition(cpu: CPU, m1: int, address: int) -> None:
    """BRANCH ON CONDITION (RX).  GA22-7000 "Branch on Condition".  The leftmost mask bit belongs to CC 0."""
    if selects(m1, cpu.psw.cc):
        cpu.branch(address)


@executes("BALR")
def branch_and_link_register(cpu: CPU, r1: int, r2: int) -> None:
    """BRANCH AND LINK (RR).  GA22-7000 "Branch and Link".  R2 = 0: no branch; R2 is read before R1 is loaded."""
    target = cpu.gr[r2]
    cpu.gr[r1] = cpu.link_information()
    if r2:
        cpu.branch(target)


@executes("BAL")
def branch_and_link(cpu: CPU, r1: int, address: int) -> None:
    """BRANCH AND LINK (RX).  GA22-7000 "Branch and Link".  Links ILC, CC, program mask and instruction address."""
    cpu.gr[r1] = cpu.link_information()
    cpu.branch(address)


@executes("BASR")
def branch_and_save_register(cpu: CPU, r1: int, r2: int) -> None:
    """BRANCH AND SAVE (RR).  GA22-7000 "Branch and Save".  R2 = 0: no branch; R2 is read before R1 is loaded."""
    target = cpu.gr[r2]
    cpu.gr[r1] = cpu.psw.instruction_address
    if r2:
        cpu.branch(target)


@executes("BAS")
def branch_and_save(cpu: CPU, r1: int, address: int) -> None:
    """BRANCH AND SAVE (RX).  GA22-7000 "Branch and Save".  Saves the instruction address under eight zeros."""
    cpu.gr[r1] = cpu.psw.instruction_address
    cpu.branch(address)


@executes("BCTR")
def branch_on_count_register(cpu: CPU, r1: int, r2: int) -> None:
    """BRANCH ON COUNT (RR).  GA22-7000 "Branch on Count".  R2 = 0: count only; R2 is read before R1 is counted."""
    target = cpu.gr[r2]
    count = cpu.gr[r1] - 1 & MASK_32
    cpu.gr[r1] = count
    if r2 and count:
        cpu.branch(target)


@executes("BCT")
def branch_on_count(cpu: CPU, r1: int, address: int) -> None:
    """BRANCH ON COUNT (RX).  GA22-7000 "Branch on Count".  Branch unless the count becomes zero."""
    count = cpu.gr[r1] - 1 & MASK_32
    cpu.gr[r1] = count
    if count:
        cpu.branch(address)


@executes("BXH")
def branch_on_index_high(cpu: CPU, r1: int, r3: int, address: int) -> None:
    """BRANCH ON INDEX HIGH.  GA22-7000 "Branch on Index High"."""
    if index_is_high(cpu, r1, r3):
        cpu.branch(address)


@executes("BXLE")
def branch_on_index_low_or_equal(cpu: CPU, r1: int, r3: int, address: int) -> None:
    """BRANCH ON INDEX LOW OR EQUAL.  GA22-7000 "Branch on Index Low or Equal"."""
    if not index_is_high(cpu, r1, r3):
        cpu.branch(address)


def index_is_high(cpu: CPU, r1: int, r3: int) -> bool:
    """Add the increment in R3 to the index in R1; whether the sum exceeds the comparand in the odd register of R3.

    The comparand is the value before the addition, even when R1 holds it.
    """
    comparand = signed(cpu.gr[r3 | 1])
    total = cpu.gr[r1] + cpu.gr[r3] & MASK_32
    cpu.gr[r1] = total
    return signed(total) > comparand


@executes("EX")
def execute(cpu: CPU, r1: int, address: int) -> None:
    """EXECUTE.  GA22-7000 "Execute".  The target with its second byte ORed with the last byte of R1, unless R1 is 0.

    SPECIFICATION for an odd target address, EXECUTE when the target is another EXECUTE; both suppressed.  The ILC and
    the instruction address stay those of EXECUTE.
    """
    cpu.execute_target = address
    text = cpu.fetch_instruction(address)
    if text[0] == EXECUTE:
        raise ProgramInterruption(PIC.EXECUTE, Ending.SUPPRESSION)
    if r1:
        text = bytes((text[0], text[1] | cpu.gr[r1] & 0xFF)) + text[2:]
    cpu.instruction_text = text
    cpu.perform(text)
